"""A plan in the terms that the learner predicts: its shape, and the roles that its parts play."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tools.core.query.metric_query import EntityCondition, Filter, MetricQuery
from tools.core.semantics.model import SemanticModel

PLAIN = frozenset(
    {"single", "by_dimension", "cross_tab", "trend", "several_metrics", "exclusion", "either", "band", "compare_values", "listing"}
)
"""One family: they differ in what the words name (values, groupings, figures), not in how it is put together."""

_ROLE_SLOTS: dict[str, frozenset[str]] = {
    "limit": frozenset({"number.limit"}),
    "condition": frozenset({"number.threshold", "number.times", "metric.condition"}),
    "baseline": frozenset({"window.baseline"}),
    "within": frozenset({"dimension.within"}),
    "negation": frozenset({"value.excluded", "fact.absent"}),
    "split": frozenset({"dimension.group", "dimension.grain", "dimension.within"}),
}
ROLES = tuple(_ROLE_SLOTS)
"""What a plan can have beside its figure, whatever its shape: a limit, a condition on numbers, a second window to compare with, groups to
start afresh in, something left out or not done, a split."""
_SPLITTING = frozenset({"top", "bottom", "superlative", "listing", "growth_ranking", "by_dimension", "trend", "cross_tab"})


def roles_of_slots(slots: Iterable[str], shape: str) -> frozenset[str]:
    """The roles that an authored phrasing shows.

    Args:
        slots: `type.role` of its slots.
    """
    named = frozenset(slots)
    found = {role for role, kinds in _ROLE_SLOTS.items() if named & kinds}
    return frozenset(found | ({"split"} if shape in _SPLITTING else set()))


@dataclass(frozen=True, kw_only=True)
class PlanParts:
    """What a plan asks for, comparable with what the learner expects of the question."""

    shapes: frozenset[str]
    """Every shape that somebody may name it by."""
    roles: frozenset[str]
    metrics: tuple[str, ...]
    """Names of the figures shown and tested."""
    fields: tuple[str, ...]
    """`dataset.field` of the groupings that are no calendar units."""


def parts_of(query: MetricQuery, model: SemanticModel) -> PlanParts:
    """The parts of a plan."""
    found = set(_shapes(query, model))
    metrics = [*query.shown_metrics, *(c.metric for c in query.entity_conditions if c.metric)]
    return PlanParts(
        shapes=frozenset(found - PLAIN or PLAIN) | _said_by_metric(query, model) | _said_otherwise(query, model),
        roles=frozenset(_roles(query)),
        metrics=tuple(dict.fromkeys(m for m in metrics if m in model.metrics)),
        fields=tuple(d.field for d in query.dimensions if d.grain is None),
    )


def _said_by_metric(query: MetricQuery, model: SemanticModel) -> frozenset[str]:
    """Shapes that a metric's own definition holds: spend per customer, share of private label, customers who bought."""
    metrics = [model.metrics[m.metric] for m in query.metrics if m.metric in model.metrics]
    found: set[str] = set()
    if any("/" in m.expression or "AVG" in m.expression.upper() or m.inputs for m in metrics):
        found |= {"per_entity", "average_per_period", "share_part", "repeat_rate"}
    if any(m.counted_through for m in metrics):
        found |= {"existence"}
    return frozenset(found)


def _said_otherwise(query: MetricQuery, model: SemanticModel) -> frozenset[str]:
    """Shapes that a plain plan may be asked for as: a figure for each store, customers above an income, tickets about something."""
    found: set[str] = set()
    if any(model.datasets[d.field.partition(".")[0]].is_entity for d in query.dimensions if d.grain is None):
        found.add("per_entity")
    if any(_is_band(test, model) for test in query.filters):
        found |= {"at_least_times", "entity_threshold", "metric_threshold"}
    if _counts_texts(query, model):
        found.add("feedback")
    return frozenset(found)


def _counts_texts(query: MetricQuery, model: SemanticModel) -> bool:
    sources = model.settings.roles.feedback.sources if model.settings.roles.feedback is not None else ()
    expressions = [model.metrics[m.metric].expression for m in query.metrics if m.metric in model.metrics]
    return any(f"{source.dataset}." in expression for source in sources for expression in expressions)


def _shapes(query: MetricQuery, model: SemanticModel) -> Iterator[str]:
    yield from _whole_shapes(query)
    yield from _changes(query)
    yield from _measure_shapes(query)
    yield from _condition_shapes(query)
    yield from _ranking_shapes(query)
    yield from _plain_shapes(query, model)


def _whole_shapes(query: MetricQuery) -> Iterator[str]:
    if query.cohort is not None:
        yield from ("cohort", "repeat_rate")
    if query.distribution is not None:
        yield "distribution"
    if query.concentration is not None:
        yield "concentration"
    if query.pairs is not None:
        yield "pairs"
    if query.lifecycle is not None:
        yield "new_returning"
    if query.top_per_group is not None:
        yield "top_per_group"
    if query.running_total:
        yield "running_total"
    if query.moving_average is not None:
        yield "moving_average"
    if query.share is not None:
        yield from ("share_within",) if query.share.within else ("share_of_total", "share_part")


def _changes(query: MetricQuery) -> Iterator[str]:
    ranked = bool(query.order) and any("_change" in o.by for o in query.order)
    if query.growth is not None:
        yield "growth"
    if query.comparison is not None:
        kinds = {"same_period_last_year": "year_on_year", "previous_period": "previous_period", "window": "compare_windows"}
        yield kinds[query.comparison.kind]
        yield "growth"
        if query.comparison.kind == "window":
            yield from ("previous_period", "year_on_year")
    if ranked:
        yield "growth_ranking"


def _measure_shapes(query: MetricQuery) -> Iterator[str]:
    for measure in query.metrics:
        if measure.per_grain is not None:
            yield "average_per_period"
        if measure.per is not None:
            yield "per_entity"
            if measure.aggregate in ("median", "percentile"):
                yield "percentile"
            if measure.aggregate in ("count", "share"):
                yield from ("entity_threshold", "at_least_times", "repeat_rate")
        if measure.as_share:
            yield "share_part"
            yield from (s for c in measure.entity_conditions for s in _condition_shape(c))
        elif measure.filters:
            yield from ("compare_values", "several_metrics")


def _condition_shapes(query: MetricQuery) -> Iterator[str]:
    conditions = query.entity_conditions
    kinds = [shape for c in conditions for shape in _condition_shape(c)]
    yield from kinds
    if "existence" in kinds and "absence" in kinds:
        yield from ("but_not", "only")
    if query.having:
        yield from ("metric_threshold", "entity_threshold", "at_least_times")
    if conditions and query.metrics and query.metrics[0].per is None and query.listing is None:
        yield from ("at_least_times",) if any(c.op in ("ge", "gt") and c.fact and c.value > 1 for c in conditions) else ()


def _condition_shape(condition: EntityCondition) -> Iterator[str]:
    if condition.metric is not None:
        yield "percentile" if condition.percentile else "entity_threshold"
        if condition.best is not None or condition.percentile:
            yield from ("top", "share_part")
    elif (condition.op, condition.value) == ("eq", 0) or condition.op in ("lt", "le"):
        yield "absence"
    elif condition.op == "ge" and condition.value == 1:
        yield from ("existence", "at_least_times")
    else:
        yield from ("at_least_times", "entity_threshold")


def _ranking_shapes(query: MetricQuery) -> Iterator[str]:
    if not query.order or query.top_per_group is not None:
        return
    yield "top" if query.order[0].direction == "desc" else "bottom"
    if query.limit == 1 or query.limit is None:
        yield from ("superlative", "top", "bottom")


def _plain_shapes(query: MetricQuery, model: SemanticModel) -> Iterator[str]:
    if query.listing is not None:
        yield "listing"
    grains = [d for d in query.dimensions if d.grain is not None]
    if grains:
        yield "trend"
    if len(query.dimensions) > 1:
        yield "cross_tab"
    elif any(d.grain is None or d.grain.is_cyclic for d in query.dimensions):
        yield "by_dimension"
    if len(query.metrics) > 1:
        yield "several_metrics"
    for test in query.filters:
        yield from _filter_shapes(test, query, model)
    if not query.dimensions and query.listing is None:
        yield "single"


def _filter_shapes(test: Filter, query: MetricQuery, model: SemanticModel) -> Iterator[str]:
    if test.op == "not_in":
        yield "exclusion"
    if _is_band(test, model):
        yield "band"
    if test.op == "in" and len(test.values) > 1:
        yield "compare_values" if any(d.field == test.field for d in query.dimensions) else "either"


def _is_band(test: Filter, model: SemanticModel) -> bool:
    return test.op in ("gt", "ge", "lt", "le", "between") or bool(model.field(test.field).order)


def _roles(query: MetricQuery) -> Iterator[str]:
    conditions = query.entity_conditions
    if (
        (query.limit or 0) > 1
        or (query.top_per_group and query.top_per_group.n > 1)
        or query.moving_average
        or any(c.best for c in conditions)
    ):
        yield "limit"
    if query.having or any(m.condition_op for m in query.metrics) or any(_is_numeric(c) for c in conditions):
        yield "condition"
    if query.comparison is not None and query.comparison.kind == "window":
        yield "baseline"
    if query.top_per_group is not None or (query.share is not None and query.share.within):
        yield "within"
    if any(f.op == "not_in" for f in query.filters) or any(c.fact and c.op == "eq" and c.value == 0 for c in conditions):
        yield "negation"
    if query.dimensions or query.listing is not None or any(m.per_grain for m in query.metrics):
        yield "split"


def _is_numeric(condition: EntityCondition) -> bool:
    return condition.value > 1 if condition.fact else not (condition.percentile or condition.best)
