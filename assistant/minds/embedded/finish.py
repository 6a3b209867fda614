"""From filled slots to the finished MetricQuery: what can be settled only when all readers are done."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from assistant.minds.embedded.grammar import contrast, ranking, times
from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.temporal import PartOfDate
from assistant.minds.embedded.values import key_field
from tools.core.query.metric_query import DimensionRef, Filter, Grain, ListingSpec, Measure, MetricQuery, Order, TopPerGroup
from tools.core.semantics.model import Datatype

NO_METRIC = "no metric of this warehouse is named"
UNKNOWN = "Unknown"
"""How an empty group is called unless the author says otherwise."""


def finished(draft: Draft) -> tuple[MetricQuery | None, str]:
    """The query, or why there is none: settles what depends on the whole, which is time fields, listing or split, order and limit."""
    if draft.pairs is not None:
        draft.dimensions, draft.measures, draft.rank = [], [], None
    if draft.judged and not draft.measures:
        return None, NO_METRIC
    _settle_subject(draft)
    if not _drop_counts_of_one(draft):
        return None, "each of them is one"
    move_window(draft)
    if draft.trend and not any(isinstance(d, Grain) for d in draft.dimensions):
        draft.dimensions.append(times.default_grain(draft))
    if not (draft.measures or draft.listing or draft.has_own_result):
        return None, NO_METRIC
    time_field = _lifecycle_time(draft) or time_field_of(draft, [m.metric for m in draft.measures])
    parts = [part_filter(draft, p, time_field) for p in draft.parts]
    apart = contrast.set_apart(draft, [*draft.filters, *(f for f in parts if f is not None)])
    dimensions = [named for d in draft.dimensions for named in _with_names(draft, dimension_ref(draft, d, time_field))]
    if any(d is None for d in dimensions) or any(f is None for f in parts):
        return None, "what is asked for has no date"
    filters: list[Filter | None] = [*apart]
    if draft.share is not None and draft.parts and not dimensions:
        hours = tuple(f for f in filters[len(draft.filters) :] if f is not None)
        draft.measures = [Measure(metric=draft.measures[0].metric, filters=hours, as_share=True)]
        draft.share, filters = None, filters[: len(draft.filters)]
    if draft.having and not draft.dimensions and draft.listing is None:
        draft.doubts.append("whose figures the limit is for is not said")
    _doubt_the_split(draft)
    order, limit, top = order_of(draft)
    series = any(isinstance(d, Grain) and not d.is_cyclic for d in draft.dimensions)
    if limit is not None and series and len(draft.dimensions) > 1:
        draft.doubts.append("the limit counts rows of this table, not what is ranked")
    _keep_top_percent(draft)
    if limit is not None or top is not None:
        filters += named_only(draft, [d for d in dimensions if d is not None])
    try:
        query = MetricQuery(
            metrics=tuple(draft.measures),
            dimensions=tuple(d for d in dimensions if d is not None),
            filters=tuple(dict.fromkeys(f for f in filters if f is not None)),
            entity_conditions=tuple(draft.entity_conditions),
            having=tuple(draft.having),
            window=draft.window,
            time_field=draft.time_field,
            comparison=draft.comparison,
            share=draft.share,
            growth=draft.growth,
            running_total=draft.running_total,
            moving_average=draft.moving_average,
            lifecycle=draft.lifecycle,
            cohort=draft.cohort,
            distribution=draft.distribution,
            concentration=draft.concentration,
            pairs=draft.pairs,
            listing=draft.listing,
            top_per_group=top,
            order=order,
            limit=limit or draft.pairs_limit,
            skip=draft.rank.skip if draft.rank is not None and limit is not None else 0,
        )
    except ValidationError as error:
        return None, str(error.errors()[0]["msg"])
    return query, ""


_MEASURED = (Datatype.INTEGER, Datatype.DECIMAL, Datatype.FLOAT)


def _doubt_the_split(draft: Draft) -> None:
    """A split into single rows of a fact, or into the one part that a condition leaves, is more likely misread than meant."""
    only = {f.field for f in draft.filters if f.op == "in" and len(f.values) == 1}
    for dimension in draft.dimensions:
        if not isinstance(dimension, DimensionRef) or dimension.grain is not None:
            continue
        dataset = draft.model.datasets[dimension.field.split(".")[0]]
        key = key_field(draft.model, dataset.name)
        if not dataset.is_entity and key is not None and key.id == dimension.field and draft.rank is None:
            draft.doubts.append(f"each {dataset.label} is a row of its own")
        elif dimension.field in only:
            draft.doubts.append(f"there is only one {draft.model.field(dimension.field).label} to split by")
        elif _is_ranked_by(draft, dimension):
            figure = draft.metric(draft.measures[0].metric).label
            draft.doubts.append(f"this ranks by {figure}, and not by {draft.model.field(dimension.field).label}")


def _is_ranked_by(draft: Draft, dimension: DimensionRef) -> bool:
    """ "Largest shop by floor area": a number that each ranked thing has is what it is ranked by, and no split."""
    field, noun = draft.model.field(dimension.field), draft.rank.noun if draft.rank is not None else None
    if not isinstance(noun, DimensionRef) or noun == dimension or noun.field.split(".")[0] != field.dataset:
        return False
    return bool(draft.measures) and field.datatype in _MEASURED and draft.key_of(field.dataset) != dimension


def _with_names(draft: Draft, dimension: DimensionRef | None) -> list[DimensionRef | None]:
    """The key of an entity with what people call its rows beside it."""
    dataset = draft.model.datasets[dimension.field.split(".")[0]] if dimension is not None else None
    key = key_field(draft.model, dataset.name) if dataset is not None and dataset.named_by else None
    if dimension is None or dataset is None or key is None or key.id != dimension.field:
        return [dimension]
    return [dimension, *(DimensionRef(field=f"{dataset.name}.{name}") for name in dataset.named_by)]


def named_only(draft: Draft, dimensions: Sequence[DimensionRef]) -> list[Filter]:
    """Nobody is no customer: where the author names the rows without an entity ("Online"), they are left out of its top n."""
    found: list[Filter] = []
    for dimension in dimensions:
        dataset = draft.model.datasets[dimension.field.split(".")[0]]
        facts = [f for m in draft.measures if (f := draft.world.fact(m.metric)) is not None]
        empty = draft.model.field(dimension.field).null_label != UNKNOWN
        if dataset.is_entity and empty and all(f != dataset.name for f in facts):
            found.append(Filter(field=dimension.field, op="not_null"))
    return found


def _keep_top_percent(draft: Draft) -> None:
    """ "the top 10 % of members": those at or above the 90th percentile."""
    rank = draft.rank
    if rank is not None and rank.percent is not None and not isinstance(rank.noun, DimensionRef):
        draft.doubts.append("the top percentage of what is not said")
    if draft.cohort is not None and rank is not None:
        draft.doubts.append("the cohorts are shown, not ranked")
    if rank is None or rank.percent is None or not draft.measures or not isinstance(rank.noun, DimensionRef):
        return
    by = rank.measure if rank.measure in draft.model.metrics else None
    draft.entity_conditions.append(ranking.top_part(draft, rank, rank.noun.field.split(".")[0], by or draft.measures[0].metric))


def _drop_counts_of_one(draft: Draft) -> bool:
    """Where each row is one customer, the number of customers is no figure: "who are our top 10 customers by revenue".

    False when nothing is left to show.
    """
    split = {d.field for d in draft.dimensions if isinstance(d, DimensionRef)}
    kept = [m for m in draft.measures if not _counts_the_rows(draft, m.metric, split)]
    lost = bool(draft.measures) and not kept
    draft.measures = kept
    return not lost


def _counts_the_rows(draft: Draft, metric: str, split: set[str]) -> bool:
    counted = draft.world.lexicon.counted_by(metric)
    key = key_field(draft.model, counted) if counted is not None else None
    return key is not None and key.id in split


def _settle_subject(draft: Draft) -> None:
    """ "Which stores sold ..." splits by store; "which customers never came" lists them."""
    subject = draft.subject
    if subject is None or draft.pairs is not None:
        return
    if draft.side_by_side and draft.rank is None:
        if subject.dimension not in draft.dimensions and isinstance(subject.dimension, DimensionRef) and subject.dataset != draft.customer:
            draft.dimensions.insert(0, subject.dimension)
            draft.doubts.append("both sides are shown; which of them is higher is for you to see")
        return
    if draft.measures or draft.dimensions:
        if subject.dimension not in draft.dimensions:
            draft.dimensions.insert(0, subject.dimension)
    elif subject.dataset is not None:
        names = draft.model.datasets[subject.dataset].named_by
        draft.listing = ListingSpec(entity=subject.dataset, fields=tuple(f"{subject.dataset}.{name}" for name in names))
    elif isinstance(subject.dimension, DimensionRef):
        draft.dimensions.insert(0, subject.dimension)


def move_window(draft: Draft) -> None:
    """A count of entities that pass a condition has no date of its own: the window is the condition's."""
    if draft.window is None or draft.dimensions or not draft.entity_conditions:
        return
    entities = {c.entity for c in draft.entity_conditions}
    counted = {draft.count_metric(e) for e in entities}
    if (draft.listing is not None or all(m.metric in counted for m in draft.measures)) and all(
        c.window is None for c in draft.entity_conditions
    ):
        dated = [c for c in draft.entity_conditions if draft.has_date(c)]
        draft.entity_conditions = [c.model_copy(update={"window": draft.window}) if c in dated else c for c in draft.entity_conditions]
        draft.window = None if dated else draft.window


def time_field_of(draft: Draft, metrics: Sequence[str]) -> str | None:
    """The date of the first metric: its own, else its fact's, else that of the fact it is counted through."""
    for name in metrics:
        metric = draft.metric(name)
        if metric.time_field is not None:
            return metric.time_field
        for dataset in (draft.world.fact(name), *metric.counted_through):
            default = draft.model.datasets[dataset].default_time if dataset is not None else None
            if default is not None:
                return default if "." in default else f"{dataset}.{default}"
    return None


def _lifecycle_time(draft: Draft) -> str | None:
    """New and returning are told apart by the date of the fact."""
    fact = draft.lifecycle.fact if draft.lifecycle is not None else None
    default = draft.model.datasets[fact].default_time if fact is not None else None
    return f"{fact}.{default}" if default is not None and "." not in default else default


def dimension_ref(draft: Draft, dimension: DimensionRef | Grain, time_field: str | None) -> DimensionRef | None:
    """The grouping as a field; a calendar unit becomes a grain of the measure's date (of its clock, for hours)."""
    if isinstance(dimension, DimensionRef):
        return dimension
    if dimension in (Grain.HOUR, Grain.HOUR_OF_DAY):
        time_field = _clock_field(draft, time_field)
    return DimensionRef(field=time_field, grain=dimension) if time_field is not None else None


def part_filter(draft: Draft, part: PartOfDate, time_field: str | None) -> Filter | None:
    field = time_field
    if part.grain is Grain.HOUR_OF_DAY:
        field = _clock_field(draft, time_field)
    return Filter(field=field, op=part.op, values=part.values, grain=part.grain) if field is not None else None


def _clock_field(draft: Draft, time_field: str | None) -> str | None:
    """A date with hours within reach of the measure's fact."""
    if time_field is None:
        return None
    if draft.model.field(time_field).datatype in (Datatype.DATETIME, Datatype.DATETIME_TZ):
        return time_field
    reachable = draft.world.graph.reachable(time_field.split(".")[0])
    for name in draft.model.datasets:
        for clock in draft.model.datasets[name].fields.values():
            if name in reachable and clock.datatype in (Datatype.DATETIME, Datatype.DATETIME_TZ):
                return clock.id
    return None


def order_of(draft: Draft) -> tuple[tuple[Order, ...], int | None, TopPerGroup | None]:
    rank = draft.rank
    if rank is None or not draft.measures:
        return (), None, None
    by = rank.measure or draft.measures[0].column
    direction = rank.sorted_by(draft.model.metrics.get(by))
    n = rank.n
    if n is None and rank.percent is None and draft.subject is not None and rank.noun is None:
        n = draft.subject.n or (None if draft.subject.plural else 1)
    group = draft.group_of_rank
    group_field = group.field if isinstance(group, DimensionRef) else time_field_of(draft, [m.metric for m in draft.measures])
    if group is not None and n is not None and group_field is not None:
        top = TopPerGroup(n=n, group=group_field, by=by, direction=direction)
        return (Order(by=group_field, direction="asc"), Order(by=by, direction=direction)), None, top
    return ((Order(by=by, direction=direction),) if draft.dimensions or draft.listing else ()), n, None
