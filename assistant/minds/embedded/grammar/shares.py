"""Shares: "share of revenue by department", "what percentage of sales comes from private label", "revenue mix"."""

from __future__ import annotations

from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.lexicon import Kind
from tools.core.query.metric_query import DimensionRef, ShareOfTotal

_SHARE = frozenset({"share", "percentage", "percent", "proportion", "fraction", "contribution", "portion", "pct", "%", "shares", "mix"})
_AS_SHARE = (("as", "a", "share", "of", "total"), ("as", "a", "percentage", "of", "total"), ("as", "percentage", "of", "total"), ("as", "a", "percent", "of", "total"), ("of", "the", "total"))
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
    """A share needs parts: a value filter alone is one of its field's values, so the field is split and the value marked."""
    if draft.share is None:
        return
    groups = [d for d in draft.dimensions if isinstance(d, DimensionRef)]
    if draft.dimensions:
        if len(groups) == 2 and draft.group_of_rank is not None:
            draft.share = ShareOfTotal(within=(draft.group_of_rank.field,))
        return
    parts = [f for f in draft.filters if f.op == "in" and f.grain is None]
    if not parts:
        draft.doubts.append("a share of what is not said")
        return
    part = parts[0]
    draft.filters.remove(part)
    draft.add_dimension(DimensionRef(field=part.field))
    wanted = " and ".join(str(v) for v in part.values)
    draft.notes.append(f"{wanted} is shown beside the other values, so that the shares add up")
