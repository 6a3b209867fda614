"""segments: sizes and habits of RFM segments and clusters, moves between segments, and segments of one's own."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from tools.core.contract import Check, Finding, Grade, Reading, Table, ToolContext
from tools.core.customers.scored import (
    Answered,
    as_number,
    ask,
    customer_key,
    customer_metric,
    plain_column,
    require_card,
    with_columns,
    with_dataset,
    with_metrics,
)
from tools.core.errors import NeedsPerson
from tools.core.query import DimensionRef, Filter, MetricQuery
from tools.core.query.calendar import long_date
from tools.core.semantics.model import Dataset, Datatype, Metric, MetricFormat, SemanticModel
from tools.core.semantics.model import Field as ModelField
from tools.core.semantics.trust import modelled_reason
from tools.segments.saved import delete_segment, find_saved, save_segment, saved_segments

_TABLE = "segments"


class SegmentsInput(BaseModel):
    """A question about groups of customers."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    show: Literal["rfm", "clusters", "migration", "saved"] = "rfm"
    """rfm: size, spend and orders of each RFM segment. clusters: the same for behavioural clusters, with their stability. migration: how
    many moved from which segment to which over a quarter. saved: a segment saved by name, or the list of them."""
    filters: tuple[Filter, ...] = ()
    """Which customers."""
    name: str | None = Field(default=None, max_length=60)
    """Of the saved segment to show."""
    day: dt.date | None = None
    """For migration: the end of the quarter; default the latest there is."""


class Segments:
    """Explains the segments of the intelligence layer, and those that people saved."""

    name: ClassVar[str] = "segments"
    summary: ClassVar[str] = "RFM segments and behavioural clusters, moves between them, and segments saved by name."
    input_model: ClassVar[type[BaseModel]] = SegmentsInput

    def run(self, arguments: SegmentsInput, context: ToolContext) -> Finding:
        """Answer from the segments of the last refresh.

        Raises:
            NeedsPerson: The segments have not been, or could not be, computed.
            UnknownName, QueryUnsupported: Filters or a name that do not exist or do not fit.
            NotAllowed: The asker's rights do not cover a field.
        """
        if arguments.show == "saved":
            return _one_saved(arguments, context) if arguments.name else _list(context, "Saved segments")
        card = require_card(context.warehouse, _TABLE)
        if arguments.show == "migration":
            return _migration(arguments, context, card)
        return _groups(arguments, context, card)


def _groups(arguments: SegmentsInput, context: ToolContext, card: dict[str, Any]) -> Finding:
    by_cluster = arguments.show == "clusters"
    if by_cluster and card["clusters"] is None:
        raise NeedsPerson(
            "There are too few customers for behavioural clusters.", try_instead="Ask for RFM segments.", code="too_few_customers"
        )
    model, metrics = _measured(context.warehouse.model, revenue_unit=context.warehouse.model.settings.currency)
    field = "segments.behaviour_cluster" if by_cluster else "segments.rfm_segment"
    known = Filter(field=field, op="not_null")
    dimension = DimensionRef(field=field)
    query = MetricQuery.model_validate(
        {
            "metrics": [m.name for m in metrics],
            "dimensions": [dimension],
            "filters": [*arguments.filters, known],
            "order": [{"by": "segment_customers"}],
            "share": {"metric": "segment_customers"},
        }
    )
    answered = ask(context, with_metrics(model, metrics), query)
    sentence = "Behavioural clusters, by size" if by_cluster else "RFM segments, by size"
    tables = [Table(title=sentence, columns=answered.columns, rows=answered.rows)]
    caveats = [f"Recency, frequency and spend over {card['window_days']} days up to {long_date(dt.date.fromisoformat(card['as_of']))}."]
    checks: tuple[Check, ...] = ()
    if by_cluster:
        chosen = card["clusters"]["chosen"]
        detail = (
            f"{chosen['k']} clusters; over resamples their adjusted Rand index is {chosen['stability']:.2f} (1 = the same each time), "
            f"silhouette {chosen['silhouette']:.2f}"
        )
        checks = (Check(name="clusters are stable", passed=bool(card["clusters"]["stable"]), detail=detail),)
        if not card["clusters"]["stable"]:
            caveats.append("Do not build on these clusters: they change when the customers are drawn again.")
    else:
        tables.append(_rules_table(card))
    return _finding(context, tuple(tables), sentence, answered, caveats, {"sizes": card["sizes"], "clusters": card["clusters"]}, checks)


def _rules_table(card: dict[str, Any]) -> Table:
    columns = tuple(plain_column(n, "string", n, role="dimension", form="text", own_words=True) for n in ("segment", "meaning"))
    return Table(title="What the segments mean", columns=columns, rows=tuple((r["name"], r["meaning"]) for r in card["rules"]))


def _measured(model: SemanticModel, *, revenue_unit: str) -> tuple[SemanticModel, list[Metric]]:
    columns = {"n_orders": Datatype.INTEGER, "spend": Datatype.FLOAT, "days_since_last_order": Datatype.INTEGER}
    fuller = with_columns(model, _TABLE, columns)
    people = model.datasets[str(model.settings.customer)].plural
    metrics = [
        Metric(name="segment_customers", expression=f"COUNT({customer_key(model)})", label=people, unit=people, decimals=0),
        customer_metric(
            fuller, "average_spend", "AVG", "segments.spend", label="average spend", unit=revenue_unit, kind=MetricFormat.MONEY
        ),
        customer_metric(fuller, "average_orders", "AVG", "segments.n_orders", label="average orders", decimals=1),
        customer_metric(
            fuller, "average_days_away", "AVG", "segments.days_since_last_order", label="average days since the last order", decimals=0
        ),
    ]
    return fuller, metrics


def _migration(arguments: SegmentsInput, context: ToolContext, card: dict[str, Any]) -> Finding:
    """Customers by the segment before and now; both in words, largest move first."""
    days = [dt.date.fromisoformat(day) for day in card["history_days"]][1:]
    if not days:
        raise NeedsPerson(
            "The history is too short to compare segments over time.",
            try_instead="It needs half a year of orders.",
            code="history_too_short",
        )
    day = max((d for d in days if arguments.day is None or d <= arguments.day), default=days[0])
    before = max(d for d in (dt.date.fromisoformat(text) for text in card["history_days"]) if d < day)
    model = _with_history(context.warehouse.model)
    people = model.datasets[str(model.settings.customer)].plural
    key = model.datasets[str(model.settings.customer)].primary_key[0]
    moved = Metric(name="moved_customers", expression=f"COUNT(DISTINCT segment_history.{key})", label=people, unit=people, decimals=0)
    query = MetricQuery.model_validate(
        {
            "metrics": ["moved_customers"],
            "dimensions": [{"field": "segment_history.segment_before"}, {"field": "segment_history.segment"}],
            "filters": [*arguments.filters, {"field": "segment_history.segmented_on", "op": "in", "values": [day.isoformat()]}],
            "order": [{"by": "moved_customers"}],
        }
    )
    answered = ask(context, with_metrics(model, [moved]), query)
    sentence = f"Moves between RFM segments from {before} to {day}"
    stayed = sum(as_number(r["moved_customers"]) for r in answered.records() if r["segment_before"] == r["segment"])
    counted = sum(as_number(r["moved_customers"]) for r in answered.records())
    caveats = [
        "'Absent' had no order in the year before that day. Fifths are cut anew each time, so a customer can move because others did."
    ]
    facts = {"stayed": int(stayed), "counted": int(counted), "from": before.isoformat(), "to": day.isoformat()}
    table = Table(title=sentence, columns=answered.columns, rows=answered.rows)
    return _finding(context, (table,), sentence, answered, caveats, facts)


def _with_history(model: SemanticModel) -> SemanticModel:
    """The model with the history as a fact, for this query only: as part of the document it would be one more way to count customers."""
    key = model.datasets[str(model.settings.customer)].primary_key[0]
    kinds = {key: Datatype.OPAQUE, "segmented_on": Datatype.DATE, "segment": Datatype.STRING, "segment_before": Datatype.STRING}
    labels = {"segment": "segment now", "segment_before": "segment before", "segmented_on": "day"}
    fields = {
        name: ModelField(dataset="segment_history", name=name, expression=name, datatype=kind, label=labels.get(name, name), plural=name)
        for name, kind in kinds.items()
    }
    history = Dataset(name="segment_history", source="intelligence.segment_history", fields=fields, label="move", plural="moves")
    return with_dataset(model, history, key)


def keep_segment(name: str, filters: tuple[Filter, ...], context: ToolContext, *, description: str = "") -> Finding:
    """Save a segment once its conditions have been seen to work. For a person's command: no mind reaches this.

    Raises:
        UnknownName, QueryUnsupported: A condition or the name does not fit.
        NotAllowed: The asker's rights do not cover a field.
    """
    size = _size(filters, context)
    today = context.as_of or context.warehouse.as_of
    segment = save_segment(context.warehouse, name, filters, description=description, today=today)
    sentence = f"Saved the segment '{segment.name}'"
    table = Table(title=sentence, columns=size.columns, rows=size.rows)
    caveats = ["It can be used by name in questions from the next start on, and at once in this tool."]
    return _finding(context, (table,), sentence, size, caveats, {"segment": segment.name})


def drop_segment(name: str, context: ToolContext) -> Finding:
    """Delete a saved segment and list the others. For a person's command, as `keep_segment`."""
    gone = delete_segment(context.warehouse, name)
    return _list(context, f"Deleted the segment '{gone.name}'")


def _one_saved(arguments: SegmentsInput, context: ToolContext) -> Finding:
    segment = find_saved(context.warehouse, arguments.name or "")
    size = _size((*segment.filters, *arguments.filters), context)
    sentence = f"The segment '{segment.name}'"
    table = Table(title=sentence, columns=size.columns, rows=size.rows)
    return _finding(context, (table,), sentence, size, [segment.description] if segment.description else [], {"segment": segment.name})


def _size(filters: tuple[Filter, ...], context: ToolContext) -> Answered:
    model = context.warehouse.model
    people = model.datasets[str(model.settings.customer)].plural
    count = Metric(name="segment_customers", expression=f"COUNT({customer_key(model)})", label=people, unit=people, decimals=0)
    return ask(context, with_metrics(model, [count]), MetricQuery(metrics=("segment_customers",), filters=filters))


def _list(context: ToolContext, sentence: str) -> Finding:
    columns = (
        plain_column("name", "string", "segment", role="dimension", form="text"),
        plain_column("conditions", "string", "conditions", role="dimension", form="text"),
        plain_column("saved_on", "date", "saved on", role="dimension", form="date"),
    )
    rows = tuple((s.name, "; ".join(_in_words(f) for f in s.filters), s.saved_on) for s in saved_segments(context.warehouse))
    return _finding(context, (Table(title=sentence, columns=columns, rows=rows),), sentence, None, [], {"saved": len(rows)})


def _in_words(condition: Filter) -> str:
    return f"{condition.field} {condition.op.replace('_', ' ')} {', '.join(map(str, condition.values))}".strip()


def _finding(
    context: ToolContext,
    tables: tuple[Table, ...],
    sentence: str,
    answered: Answered | None,
    caveats: list[str],
    facts: dict[str, Any],
    checks: tuple[Check, ...] = (),
) -> Finding:
    filters = answered.compiled.reading.filters if answered is not None else ()
    as_of = context.as_of or context.warehouse.as_of
    # A segment whose conditions name a score rests on a prediction.
    modelled = modelled_reason(context.warehouse.model, answered.tables, as_of) if answered is not None else None
    return Finding(
        tool=Segments.name,
        tables=tables,
        reading=Reading(sentence=sentence, filters=filters, as_of=context.as_of or context.warehouse.as_of),
        grade=Grade.MODELLED if modelled else Grade.GOVERNED,
        grade_reason=modelled.reason if modelled else "segments are rules over recorded orders, computed by the last refresh",
        sql=(answered.sql,) if answered is not None else (),
        checks=checks,
        caveats=(*(modelled.caveats if modelled else ()), *caveats),
        narrowed=answered.narrowed if answered is not None else (),
        as_of=context.as_of or context.warehouse.as_of,
        data_version=context.warehouse.data_version,
        facts=facts,
    )
