"""Bounds in words: "over 10k", "at least 5", "between 2 and 4", "3 or more", "$1.5k", "more than once"."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.minds.embedded.grammar.draft import Draft, Item
from tools.core.query.metric_query import Comparator

_BEFORE: tuple[tuple[tuple[str, ...], Comparator], ...] = (
    (("no", "more", "than"), "le"),
    (("not", "more", "than"), "le"),
    (("no", "less", "than"), "ge"),
    (("no", "fewer", "than"), "ge"),
    (("not", "less", "than"), "ge"),
    (("more", "than"), "gt"),
    (("greater", "than"), "gt"),
    (("higher", "than"), "gt"),
    (("larger", "than"), "gt"),
    (("bigger", "than"), "gt"),
    (("older", "than"), "gt"),
    (("longer", "than"), "gt"),
    (("in", "excess", "of"), "gt"),
    (("upwards", "of"), "ge"),
    (("over",), "gt"),
    (("above",), "gt"),
    (("exceeding",), "gt"),
    (("exceeds",), "gt"),
    (("exceed",), "gt"),
    (("exceeded",), "gt"),
    (("topped",), "gt"),
    (("beyond",), "gt"),
    ((">",), "gt"),
    (("at", "least"), "ge"),
    (("a", "minimum", "of"), "ge"),
    (("minimum", "of"), "ge"),
    (("minimum",), "ge"),
    ((">=",), "ge"),
    (("less", "than"), "lt"),
    (("fewer", "than"), "lt"),
    (("lower", "than"), "lt"),
    (("smaller", "than"), "lt"),
    (("younger", "than"), "lt"),
    (("under",), "lt"),
    (("below",), "lt"),
    (("<",), "lt"),
    (("at", "most"), "le"),
    (("a", "maximum", "of"), "le"),
    (("maximum", "of"), "le"),
    (("up", "to"), "le"),
    (("<=",), "le"),
    (("exactly",), "eq"),
    (("precisely",), "eq"),
    (("equal", "to"), "eq"),
    (("=",), "eq"),
    (("only",), "eq"),
)
_AFTER: tuple[tuple[tuple[str, ...], Comparator], ...] = (
    (("or", "more"), "ge"),
    (("or", "above"), "ge"),
    (("or", "over"), "ge"),
    (("or", "higher"), "ge"),
    (("or", "older"), "ge"),
    (("and", "up"), "ge"),
    (("and", "above"), "ge"),
    (("and", "over"), "ge"),
    (("plus",), "ge"),
    (("+",), "ge"),
    (("or", "less"), "le"),
    (("or", "fewer"), "le"),
    (("or", "below"), "le"),
    (("or", "under"), "le"),
    (("or", "younger"), "le"),
    (("and", "under"), "le"),
    (("and", "below"), "le"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """A comparator and its number; for "between" both ends, included."""

    op: Comparator
    value: float
    upper: float | None = None
    unit: str | None = None
    end: int
    """Index of the first item after it."""


def read_comparator(draft: Draft, at: int) -> tuple[Comparator | None, int]:
    """The comparator that begins at `at`, and the index after it."""
    for words, op in _BEFORE:
        if draft.phrase(at, words):
            return op, at + len(words)
    return None, at


def read_bound(draft: Draft, at: int) -> Bound | None:
    """The bound that begins at item `at`; a bare number is none, but "twice" is."""
    for words, op in _BEFORE:
        if draft.phrase(at, words):
            number_at = draft.skip(at + len(words), ("a", "of", "total", "only"))
            number = _number(draft, number_at)
            following = draft.item(number_at + 1)
            if number is None or (following is not None and following.time is not None and following.time.grain is not None):
                return None  # "over 4 weeks" is a stretch of time
            return _bound(op, number, number_at + 1)
    if draft.word(at) == "between":
        return _between(draft, at)
    number = _number(draft, at)
    if number is None or number.number is None:
        return None
    for words, op in _AFTER:
        if draft.phrase(at + 1, words):
            return _bound(op, number, at + 1 + len(words))
    return _bound("ge" if number.text in ("once",) else "eq", number, at + 1) if number.number.unit == "times" else None


def _number(draft: Draft, at: int) -> Item | None:
    item = draft.item(at)
    return item if item is not None and item.number is not None and item.number.unit != "ordinal" else None


def _bound(op: Comparator, item: Item, end: int) -> Bound:
    assert item.number is not None
    return Bound(op=op, value=item.number.value, unit=item.number.unit, end=end)


def _between(draft: Draft, at: int) -> Bound | None:
    low, high = _number(draft, at + 1), _number(draft, at + 3)
    if low is None or high is None or low.number is None or high.number is None or draft.word(at + 2) not in ("and", "to"):
        return None
    return Bound(op="ge", value=low.number.value, upper=high.number.value, unit=high.number.unit or low.number.unit, end=at + 4)
