"""Figures of an edited plan that follow from the one before: per customer, a part of it, divided by another."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.minds.embedded.edit_parts import is_plain
from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.lexicon import Kind
from tools.core.query.metric_query import DimensionRef, Measure
from tools.core.semantics.model import Metric

_COLUMN = re.compile(r"\b\w+\.\w+\b")


def per_customer(draft: Draft, shown: Sequence[Measure]) -> Measure | None:
    """ "per customer instead": of the figure before, what each one has on average; None when that is not asked, or means nothing."""
    per = draft.per
    if per is None or per != draft.customer or draft.measures or len(shown) != 1 or not is_plain(_undivided(shown[0])):
        return None
    world, metric = draft.world, shown[0].metric
    ratio = world.ratio_of(metric, per)
    if ratio is not None:
        return Measure(metric=ratio)
    if world.ratio(metric) is not None or not world.reaches(world.fact(metric), per):
        return None
    return Measure(metric=metric, per=per, aggregate="avg")


def take_single_rows(draft: Draft, shown: Sequence[Measure], *, per: bool, ranked: bool) -> None:
    """ "Per visit", "by visits": nobody wants one line for each row of a fact.

    After "per" the figure before is divided by their number; in a ranking they are what it is ranked by.
    """
    named = [d.field.split(".")[0] for d in draft.dimensions if isinstance(d, DimensionRef) and d == draft.key_of(d.field.split(".")[0])]
    dataset = draft.per or next(iter(named), None)
    dated = dataset is not None and draft.model.datasets[dataset].default_time is not None
    done = dated and draft.customer is not None and draft.world.reaches(str(dataset), draft.customer)  # An order, and not a campaign.
    counted = draft.count_metric(str(dataset)) if done else None
    if dataset is None or counted is None or draft.measures or len(shown) != 1 or not is_plain(_undivided(shown[0])) or not (per or ranked):
        return
    ratio = draft.world.ratio_of(shown[0].metric, dataset)
    divided = Measure(metric=ratio) if ratio is not None else Measure(metric=shown[0].metric, over=counted)
    draft.measures = [divided if per else Measure(metric=counted)]
    draft.dimensions = [d for d in draft.dimensions if d != draft.key_of(dataset)]
    draft.per = None


def _undivided(measure: Measure) -> Measure:
    """The revenue of "revenue per order": another divisor takes the place of the orders."""
    return measure.model_copy(update={"over": None, "as_share": False})


def take_part_of_figure(draft: Draft, shown: Sequence[Measure]) -> None:
    """ "Just the coupon discount" after the total discount: the figure of that part, and no condition on its rows."""
    if len(shown) != 1 or not is_plain(shown[0]) or draft.measures:
        return
    whole = _columns(draft.model.metrics[shown[0].metric])
    for at, item in enumerate(draft.items):
        named = item.mention.one(Kind.METRIC) if item.mention is not None and draft.claims[at] == "filter" else None
        part = _columns(draft.model.metrics[named.target]) if named is not None else set()
        kept = [f for f in draft.filters if f.field not in part]
        if named is not None and part and part < whole and len(kept) < len(draft.filters):
            draft.filters, draft.measures = kept, [Measure(metric=named.target)]
            return


def as_quotient(draft: Draft, shown: Sequence[Measure]) -> bool:
    """ "As a percentage of sales": the model's own metric for it takes the place of what is named; False when there is none.

    A whole of the same figure ("as a share of revenue" after revenue) is no figure of its own.
    """
    below = draft.measures
    if len(shown) != 1 or len(below) != 1 or not is_plain(shown[0]):
        return False
    if below[0].metric == shown[0].metric:
        draft.measures = []
        return True
    quotient = draft.world.quotient(shown[0].metric, below[0].metric)
    if quotient is not None:
        draft.measures = [Measure(metric=quotient)]
    return quotient is not None


def _columns(metric: Metric) -> set[str]:
    """The columns that the metric adds up."""
    return set(_COLUMN.findall(metric.expression))
