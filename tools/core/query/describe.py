"""Result columns and definitions, in the words and units of the model."""

from __future__ import annotations

from dataclasses import replace

from tools.core.contract import Column, Definition
from tools.core.query.metric_query import Grain, Measure
from tools.core.query.resolve import Dimension, Scope
from tools.core.semantics.model import Datatype, MetricFormat

_TYPES = {
    Datatype.INTEGER: "integer",
    Datatype.DECIMAL: "number",
    Datatype.FLOAT: "number",
    Datatype.BOOLEAN: "boolean",
    Datatype.DATE: "date",
    Datatype.DATETIME: "datetime",
    Datatype.DATETIME_TZ: "datetime",
}
_AGGREGATE_WORDS = {
    "avg": "average", "median": "median", "min": "lowest", "max": "highest", "sum": "total", "stddev": "standard deviation of",
}  # fmt: skip
_COMPARATOR_WORDS = {"gt": "over", "ge": "at least", "lt": "under", "le": "at most", "eq": "exactly", "ne": "other than"}


def dimension_column(dimension: Dimension) -> Column:
    """Heading, type and format of what the result is split by."""
    kind, shown = "string", "text"
    if dimension.is_series:
        kind, shown = ("datetime" if dimension.grain is Grain.HOUR else "date"), "date"
    elif dimension.grain is not None:
        kind = "string" if dimension.ordered_values else "integer"
        shown = "text" if dimension.ordered_values else "number"
    elif dimension.field is not None:
        kind = _TYPES.get(dimension.field.datatype, "string")
        shown = {"date": "date", "datetime": "date", "number": "number"}.get(kind, "text")
    return Column(
        name=dimension.column,
        type=kind,
        unit=dimension.field.unit if dimension.field else None,
        role="dimension",
        label=dimension.label,
        format=shown,
        grain=dimension.grain.value if dimension.is_series and dimension.grain else None,
        null_label=dimension.field.null_label if dimension.field else None,
    )


def measure_column(scope: Scope, measure: Measure) -> Column:
    """Heading, unit and format of a measure."""
    metric = scope.metric(measure.metric)
    column = Column(
        name=measure.column,
        type="number",
        unit=metric.unit or ("share" if metric.format is MetricFormat.RATE else None),
        role="metric",
        label=measure_label(scope, measure),
        format=metric.format.value,
        decimals=metric.decimals,
        metric=metric.name,
    )
    if measure.over is not None and not measure.as_share:
        money = ratio_format(scope, measure) == MetricFormat.MONEY.value
        return replace(column, format=ratio_format(scope, measure), unit=column.unit if money else None, decimals=2)
    if measure.as_share or measure.aggregate == "share":
        return replace(column, unit="share", role="share", format="rate", decimals=None)
    if measure.aggregate == "count" and measure.is_aggregated_again:
        plural = per_label(scope, measure)[1]
        return replace(column, type="integer", unit=plural, role="count", format="number", decimals=None)
    return column


def measure_label(scope: Scope, measure: Measure) -> str:
    """The measure in words, without its filters: "median revenue per household"."""
    metric = scope.metric(measure.metric)
    if measure.over is not None:
        return over_label(metric.label, scope.metric(measure.over).label, as_share=measure.as_share)
    if not measure.is_aggregated_again:
        return f"share of {metric.label}" if measure.as_share else metric.label
    one, several = per_label(scope, measure)
    if measure.aggregate in ("count", "share"):
        assert measure.condition_op is not None
        assert measure.condition_value is not None
        what = "number of" if measure.aggregate == "count" else "share of"
        return f"{what} {several} with {metric.label} {_COMPARATOR_WORDS[measure.condition_op]} {measure.condition_value:g}"
    if measure.aggregate == "percentile":
        return f"{measure.percentile:g}th percentile of {metric.label} per {one}"
    return f"{_AGGREGATE_WORDS[measure.aggregate or 'avg']} {metric.label} per {one}"


def over_label(top: str, below: str, *, as_share: bool) -> str:
    """ "revenue per visitor", "returned lines as share of orders"."""
    return f"{top} as share of {below}" if as_share else f"{top} per {_one_of(below)}"


def _one_of(several: str) -> str:
    """The label of a count, for one of them: "visitors" -> "visitor"."""
    if several.endswith("ies"):
        return f"{several[:-3]}y"
    if several.endswith(("sses", "xes", "ches", "shes")):
        return several[:-2]
    return several[:-1] if several.endswith("s") and not several.endswith("ss") else several


def ratio_format(scope: Scope, measure: Measure) -> str:
    """Money per something is money; money per money, and a number per something, are plain numbers."""
    top, below = scope.metric(measure.metric), scope.metric(measure.over or measure.metric)
    money = top.format is MetricFormat.MONEY and below.format is not MetricFormat.MONEY
    return (MetricFormat.MONEY if money else MetricFormat.NUMBER).value


def per_label(scope: Scope, measure: Measure) -> tuple[str, str]:
    """What a measure is computed for first, one and several: ("household", "households"), ("month", "months")."""
    if measure.per is not None:
        entity = scope.dataset(measure.per)
        return entity.label, entity.plural
    return str(measure.per_grain), f"{measure.per_grain}s"


def derived_column(base: Column, suffix: str) -> Column:
    """A column computed from a measure's: its share, change, running total ..."""
    named = replace(base, name=f"{base.name}_{suffix}", role=suffix)
    words = {
        "previous": f"{base.label} before",
        "change": f"change in {base.label}",
        "change_rate": f"change in {base.label}, relative",
        "share": f"share of {base.label}",
        "running": f"{base.label}, running total",
        "average": f"{base.label}, moving average",
    }
    named = replace(named, label=words[suffix])
    if suffix in ("share", "change_rate"):
        return replace(named, type="number", unit="share", format="rate", decimals=None)
    return named


def definitions_of(scope: Scope, metrics: tuple[str, ...], dimensions: tuple[Dimension, ...]) -> tuple[Definition, ...]:
    """Each metric and field used, once, in the author's words."""
    found: dict[str, Definition] = {}
    for name in metrics:
        metric = scope.metric(name)
        text = metric.description or metric.expression
        found[metric.name] = Definition(name=metric.name, label=metric.label, text=text)
        for given in metric.inputs:
            part = scope.metric(given.metric)
            found.setdefault(part.name, Definition(name=part.name, label=part.label, text=part.description or part.expression))
    for dimension in dimensions:
        if dimension.field is not None and dimension.field.description:
            field = dimension.field
            found.setdefault(field.id, Definition(name=field.id, label=field.label, text=field.description))
    return tuple(found.values())
