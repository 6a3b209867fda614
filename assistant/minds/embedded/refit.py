"""Making an edited plan fit: another figure's own date, parts that it has not got, a row of the table before as a condition."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from assistant.minds.embedded.grammar.draft import World
from tools.core.contract import Finding
from tools.core.query.calendar import Calendar
from tools.core.query.metric_query import Filter, Grain, MetricQuery, PeriodUnit, TimeWindow
from tools.core.semantics.model import Field

_PERIODS: dict[str, PeriodUnit] = {"day": "day", "week": "week", "month": "month", "quarter": "quarter", "year": "year"}


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


def row_condition(previous: MetricQuery, row: int, finding: Finding | None, calendar: Calendar) -> Filter | TimeWindow | None:
    """The value (or the period) that one row of a table stands for, as a condition; None when there is no such row."""
    if finding is None or not finding.tool or not finding.tables:
        return None
    split = next((d for d in previous.dimensions if d.grain is None), previous.dimensions[0])
    table = finding.tables[0]
    at = next((i for i, c in enumerate(table.columns) if c.role == "dimension" and (c.grain is None) == (split.grain is None)), None)
    if at is None or row >= len(table.rows):
        return None
    value = table.rows[row][at]
    if split.grain is not None:
        return _period_of(value, split.grain, calendar)
    return (
        Filter(field=split.field, op="in", values=(value,))
        if isinstance(value, str | int | float)
        else Filter(field=split.field, op="is_null")
    )


def _period_of(value: object, grain: Grain, calendar: Calendar) -> TimeWindow | None:
    """The days of one row of a course over time; None for parts that come again (weekdays, hours)."""
    day = value.date() if isinstance(value, dt.datetime) else value
    unit = _PERIODS.get(grain.value)
    if unit is None or not isinstance(day, dt.date):
        return None
    start = calendar.period_start(day, unit)
    return TimeWindow(start=start, end=calendar.period_after(start, unit) - dt.timedelta(days=1))


def narrowed(query: MetricQuery, row: Filter | TimeWindow, world: World) -> MetricQuery:
    """The plan for that row alone: what its figures are restricted to, else what its people did."""
    if isinstance(row, TimeWindow):
        return query.model_copy(update={"window": row, "comparison": None})
    facts = [f for m in query.metrics if (f := world.fact(m.metric)) is not None]
    dataset = row.field.split(".")[0]
    if all(world.reaches(f, dataset) for f in facts or [query.listing.entity if query.listing is not None else dataset]):
        return query.model_copy(update={"filters": (*query.filters, row)})
    did = [c for c in query.entity_conditions if c.fact is not None and world.reaches(c.fact, dataset)]
    if len(did) != 1:
        return query.model_copy(update={"filters": (*query.filters, row)})
    of_people = all(world.lexicon.counted_by(m.metric) == did[0].entity for m in query.metrics)
    window = did[0].window or (query.window if of_people else None)  # Whom it is about is who did it then.
    done = did[0].model_copy(update={"filters": (*did[0].filters, row), "window": window})
    kept = tuple(done if c is did[0] else c for c in query.entity_conditions)
    return query.model_copy(update={"entity_conditions": kept, "window": None if of_people else query.window})
