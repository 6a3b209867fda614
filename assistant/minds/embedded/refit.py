"""Making an edited plan fit: another figure's own date, parts that it has not got, a row of the table before as a condition."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.minds.embedded.grammar.draft import World
from tools.core.contract import Finding
from tools.core.query.metric_query import Filter, MetricQuery
from tools.core.semantics.model import Field


def refitted(query: MetricQuery, world: World) -> tuple[MetricQuery, tuple[str, ...]] | None:
    """The plan with periods of its figure's own date and without what its figure does not reach, and the labels of that.

    None when the plan has no figure, or nothing would change.
    """
    facts = [f for m in query.metrics if (f := world.fact(m.metric)) is not None]
    if not facts:
        return None
    own = _date_of(query, world, facts[0])
    lost: list[str] = []
    dimensions = []
    for dimension in query.dimensions:
        field = world.model.field(dimension.field)
        if all(world.reaches(f, field.dataset) for f in facts):
            dimensions.append(dimension)
        elif field.is_time and own is not None:
            dimensions.append(dimension.model_copy(update={"field": own}))
        elif (like := _same_column(field, facts, world)) is not None:
            dimensions.append(dimension.model_copy(update={"field": like}))
        else:
            lost.append(field.label)
    filters = []
    for test in query.filters:
        field = world.model.field(test.field)
        if all(world.reaches(f, field.dataset) for f in facts):
            filters.append(test)
        elif field.is_time and test.grain is not None and own is not None:
            filters.append(test.model_copy(update={"field": own}))
        else:
            lost.append(field.label)
    fields = {d.field for d in dimensions}
    columns = {m.column for m in query.metrics}
    order = tuple(o for o in query.order if o.by in fields or any(o.by.startswith(c) for c in columns))
    made = query.model_copy(update={"dimensions": tuple(dimensions), "filters": tuple(filters), "order": order, "time_field": None})
    return (made, tuple(dict.fromkeys(lost))) if made != query else None


def _same_column(field: Field, facts: Sequence[str], world: World) -> str | None:
    """ "By device" of orders: the device of the order, where that of the web visit was named; None without just one of that name."""
    found = [
        other.id
        for other in world.model.fields()
        if other.name == field.name and other.is_dimension and all(world.reaches(fact, other.dataset) for fact in facts)
    ]
    return found[0] if len(found) == 1 else None


def _date_of(query: MetricQuery, world: World, fact: str) -> str | None:
    own = world.model.metrics[query.metrics[0].metric].time_field or world.model.datasets[fact].default_time
    return own if own is None or "." in own else f"{fact}.{own}"


def row_condition(previous: MetricQuery, row: int, finding: Finding | None) -> Filter | None:
    """The value that one row of a table stands for, as a condition; None when there is no such row."""
    if finding is None or not finding.tool or not finding.tables:
        return None
    split = next(d.field for d in previous.dimensions if d.grain is None)
    table = finding.tables[0]
    at = next((i for i, c in enumerate(table.columns) if c.role == "dimension" and c.grain is None), None)
    if at is None or row >= len(table.rows):
        return None
    value = table.rows[row][at]
    return Filter(field=split, op="in", values=(value,)) if isinstance(value, str | int | float) else Filter(field=split, op="is_null")
