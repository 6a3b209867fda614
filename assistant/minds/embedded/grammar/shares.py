"""Shares: "share of revenue by department", "what percentage of sales comes from private label", "revenue mix"."""

from __future__ import annotations

from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.lexicon import Kind
from tools.core.query.metric_query import DimensionRef, Filter, Measure, ShareOfTotal

_SHARE = frozenset({"share", "percentage", "percent", "proportion", "fraction", "contribution", "portion", "pct", "%", "shares", "mix"})
_AS_SHARE = (
    ("as", "a", "share", "of", "total"),
    ("as", "a", "percentage", "of", "total"),
    ("as", "percentage", "of", "total"),
    ("as", "a", "percent", "of", "total"),
    ("of", "the", "total"),
)
_SETTING = frozenset({"in", "at", "for", "within", "among", "during", "on"})
_CONTRIBUTE = (("contribute",), ("contributes",), ("contributed",), ("contributing",))


def read_share(draft: Draft) -> None:
    """Notes that shares of a total are asked for; whose, is settled once the dimensions are known."""
    for at in range(len(draft.items)):
        after = draft.match(at, _AS_SHARE)
        item = draft.item(at)
        if after == at and item is not None and item.text in _SHARE and not item.has(Kind.METRIC):
            after = at + 1 + (draft.word(at + 1) == "of")
            if draft.word(after) == "the" and draft.word(after + 1) == "total":
                after += 2
        if after > at:
            draft.claim(at, after, "share")
            draft.share = ShareOfTotal()
            return


def settle_share(draft: Draft) -> None:
    """Of the parts that the question splits by; or the part that a filter describes, against all of it."""
    if draft.share is None:
        return
    part = _part(draft)
    if part is not None and draft.measures:
        draft.share = None
        draft.filters.remove(part)
        draft.measures = [Measure(metric=m.metric, filters=(part,), as_share=True) if m.per is None else m for m in draft.measures]
        if draft.rank is not None and draft.rank.measure is not None:
            draft.rank.measure = draft.measures[0].column
        return
    if (draft.parts and not draft.dimensions) or not draft.dimensions:
        draft.doubts.append("a share of what is not said")
        return
    if len(draft.dimensions) == 2 and isinstance(draft.group_of_rank, DimensionRef):
        draft.share = ShareOfTotal(within=(draft.group_of_rank.field,))
    if draft.rank is not None and (draft.rank.n or 0) > 1:
        draft.doubts.append("the shares are shown one by one, not added up")


def _part(draft: Draft) -> Filter | None:
    """The filter whose part of the total is asked for: the one after "from" or "of"; one after "in" is the setting when parts are split."""
    split = {d.field for d in draft.dimensions if isinstance(d, DimensionRef)}
    candidates = [f for f in draft.filters if f.field not in split]
    if not draft.dimensions:
        return candidates[0] if candidates else None
    return next((f for f in candidates if _preposition(draft, f) not in _SETTING), None)


def _preposition(draft: Draft, test: Filter) -> str:
    at = draft.filter_at.get(test, 0) - 1
    while at >= 0 and draft.items[at].text in ("the", "our", "store", "a"):
        at -= 1
    return draft.items[at].text if at >= 0 else ""
