"""Bounds in words: "over 10k", "at least 5", "between 2 and 4", "3 or more", "$1.5k", "more than once", "above average", "top 10 %"."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from assistant.minds.embedded.grammar.draft import Draft, Item
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.wordlists import word_set
from tools.core.query.metric_query import Comparator, Grain

_BEFORE: tuple[tuple[tuple[str, ...], Comparator], ...] = (
    (("no", "more", "than"), "le"),
    (("no", "higher", "than"), "le"),
    (("not", "over"), "le"),
    (("not", "above"), "le"),
    (("not", "exceeding"), "le"),
    (("not", "under"), "ge"),
    (("not", "below"), "ge"),
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
    (("upward", "of"), "ge"),
    (("north", "of"), "gt"),
    (("better", "than"), "gt"),
    (("surpassing",), "gt"),
    (("surpassed",), "gt"),
    (("exceeds",), "gt"),
    (("over",), "gt"),
    (("above",), "gt"),
    (("exceeding",), "gt"),
    (("exceed",), "gt"),
    (("exceeded",), "gt"),
    (("topped",), "gt"),
    (("beyond",), "gt"),
    ((">",), "gt"),
    (("at", "least"), "ge"),
    (("a", "minimum", "of"), "ge"),
    (("minimum", "of"), "ge"),
    (("minimum",), "ge"),
    (("at", "minimum"), "ge"),
    ((">=",), "ge"),
    (("less", "than"), "lt"),
    (("fewer", "than"), "lt"),
    (("lower", "than"), "lt"),
    (("smaller", "than"), "lt"),
    (("shorter", "than"), "lt"),
    (("worse", "than"), "lt"),
    (("short", "of"), "lt"),
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
    (("just",), "eq"),
)
_AFTER: tuple[tuple[tuple[str, ...], Comparator], ...] = (
    (("or", "more"), "ge"),
    (("or", "above"), "ge"),
    (("or", "over"), "ge"),
    (("or", "higher"), "ge"),
    (("or", "greater"), "ge"),
    (("or", "upwards"), "ge"),
    (("and", "more"), "ge"),
    (("at", "least"), "ge"),
    (("minimum",), "ge"),
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
    (("or", "lower"), "le"),
    (("and", "less"), "le"),
    (("at", "most"), "le"),
    (("at", "the", "most"), "le"),
    (("maximum",), "le"),
    (("only",), "eq"),
)
_MIDDLES: dict[str, Literal["average", "median"]] = {"average": "average", "mean": "average", "norm": "average", "median": "median"}
_MULTIPLES = {"twice": 2.0, "double": 2.0, "triple": 3.0, "thrice": 3.0, "half": 0.5}
_OF_MIDDLE = word_set("the a an our its their overall of than as much many that chain whole company")
"""Words between a comparator and the average that it is set against."""
_TAIL_WORDS = word_set("of in for across among over all other others our the ones per group")
_TOP, _BOTTOM = word_set("top upper best highest"), word_set("bottom lower lowest worst")
_PARTS = {"quartile": 0.25, "quarter": 0.25, "third": 1 / 3, "half": 0.5, "decile": 0.1, "quintile": 0.2, "fifth": 0.2, "tenth": 0.1}
_WHERE = word_set("in on at by for from of during within per with without to")
_NAMED_RANGE = word_set("from within in the range of anywhere somewhere")


@dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """A comparator and its number; for "between" both ends, included."""

    op: Comparator
    value: float
    upper: float | None = None
    unit: str | None = None
    end: int
    """Index of the first item after it."""
    relative_to: Literal["average", "median"] | None = None
    """`value` is a multiple of this."""
    percentile: bool = False
    """`value` is a percentile."""


def read_comparator(draft: Draft, at: int) -> tuple[Comparator | None, int]:
    """The comparator that begins at `at`, and the index after it."""
    for words, op in _BEFORE:
        if draft.phrase(at, words):
            return op, at + len(words)
    return None, at


def comparator_behind(draft: Draft, at: int) -> tuple[Comparator | None, int]:
    """The comparator of "2 stars or less" that begins at `at`, and the index after it."""
    return next(((op, at + len(words)) for words, op in _AFTER if draft.phrase(at, words)), (None, at))


def read_bound(draft: Draft, at: int) -> Bound | None:
    """The bound that begins at item `at`; a bare number is none, but "twice" is."""
    op, after = read_comparator(draft, at)
    if op is not None:
        return bound_after(draft, op, after)
    if draft.phrase(at, ("a", "single")) and draft.word(at - 1) not in _WHERE:
        return Bound(op="eq", value=1, end=at + 2)  # "placed a single order"; "in a single order" says where
    ranged = _range(draft, at) or _top_part(draft, at)
    if ranged is not None:
        return ranged
    number = _number(draft, at)
    if number is None or number.number is None:
        return None
    for words, op in _AFTER:
        if draft.phrase(at + 1, words):
            return _bound(op, number, at + 1 + len(words))
    return _bound("ge" if number.text in ("once",) else "eq", number, at + 1) if number.number.unit == "times" else None


def bound_after(draft: Draft, op: Comparator, at: int) -> Bound | None:
    """What stands after a comparator: a number, or the average that it is set against."""
    relative = _relative(draft, op, at)
    if relative is not None:
        return relative
    number_at = draft.skip(at, ("a", "of", "total", "only"))
    number = _number(draft, number_at)
    following = draft.item(number_at + 1)
    stretch = following is not None and following.time is not None and following.time.grain is not None
    if number is None or (stretch and not _is_an_age(number, following)):
        return None  # "over 4 weeks" is a stretch of time
    return _bound(op, number, number_at + 1)


_AGES = (16, 110)


def _is_an_age(number: Item, unit: Item | None) -> bool:
    """ "older than 45 years": no data reaches as far back."""
    years = unit is not None and unit.time is not None and unit.time.grain is Grain.YEAR
    return years and number.number is not None and _AGES[0] <= number.number.value <= _AGES[1]


def _number(draft: Draft, at: int) -> Item | None:
    item = draft.item(at)
    return item if item is not None and item.number is not None and item.number.unit != "ordinal" else None


def _bound(op: Comparator, item: Item, end: int) -> Bound:
    assert item.number is not None
    return Bound(op=op, value=item.number.value, unit=item.number.unit, end=end)


def _range(draft: Draft, at: int) -> Bound | None:
    """ "between 2 and 4", "from 50 to 100", "50 - 100": both ends included."""
    begin = draft.skip(at, _NAMED_RANGE) if draft.word(at) in ("from", "within", "anywhere", "somewhere") else at
    between = draft.word(begin) == "between"
    begin += between
    low = _number(draft, begin)
    joined = low is not None and begin + 1 < len(draft.items) and draft.tokens[draft.items[begin + 1].start].joined
    high_at = begin + 1 if joined else begin + 2
    high = _number(draft, high_at)
    if low is None or high is None or low.number is None or high.number is None:
        return None
    joint = draft.word(begin + 1)
    if not joined and joint not in (("and", "to") if between else ("to", "through", "till")):
        return None
    if high.number.unit == "times" and low.number.unit not in (None, "times"):
        return None
    scale = high.number.value if high.number.value >= 1000 and low.number.value < 1000 and low.text.isdigit() else 0
    lower = low.number.value * 1000 if scale and "k" in high.text.split()[0] and not between else low.number.value
    return Bound(op="ge", value=lower, upper=high.number.value, unit=high.number.unit or low.number.unit, end=high_at + 1)


def _relative(draft: Draft, op: Comparator, at: int) -> Bound | None:
    """ "[more than] twice the average [customer]", "[above] the median", "[below] average"."""
    value = 1.0
    start = draft.skip(at, _OF_MIDDLE)
    number = _number(draft, start)
    if draft.word(start) in _MULTIPLES:
        value, start = _MULTIPLES[draft.word(start)], start + 1
    elif number is not None and number.number is not None and number.number.unit in ("times", "percent"):
        value, start = number.number.value, start + 1
    middle_at = draft.skip(start, _OF_MIDDLE)
    middle = _middle(draft, middle_at)
    if middle is None:
        return None
    bare = draft.word(at - 1) in ("above", "below") and middle_at == at  # "above average shops": the shops are what is asked for
    return Bound(op=op, value=value, end=middle_at + 1 if bare else _whose(draft, middle_at + 1), relative_to=middle)


def _middle(draft: Draft, at: int) -> Literal["average", "median"] | None:
    return _MIDDLES.get(draft.word(at))


def _whose(draft: Draft, at: int) -> int:
    """Index after "customer" in "the average customer", "of all stores" in "the average of all stores"."""
    noun = draft.skip(at, _TAIL_WORDS)
    item = draft.item(noun)
    if item is not None and item.has(Kind.DATASET, Kind.FIELD) and item.time is None:
        return noun + 1
    return at


def _top_part(draft: Draft, at: int) -> Bound | None:
    """ "in the top 10 %", "among the bottom quarter": a percentile of all."""
    if draft.word(at) not in ("in", "among", "within", "belong"):
        return None
    place = draft.skip(at + 1, ("in", "to", "the", "our"))
    word = draft.word(place)
    if word not in _TOP | _BOTTOM:
        return None
    item = draft.item(place + 1)
    if item is not None and item.number is not None and item.number.unit == "percent":
        part, end = item.number.value, place + 2
    elif draft.word(place + 1) in _PARTS:
        part, end = _PARTS[draft.word(place + 1)], place + 2
    else:
        return None
    top = word in _TOP
    value = round(100 * (1 - part if top else part), 6)
    return Bound(op="ge" if top else "le", value=value, end=end, percentile=True)


def negate(bound: Bound) -> Bound:
    """ "did not come more than 3 times" = at most 3 times."""
    return replace(bound, op=_OPPOSITE[bound.op])


def opposite_of(op: Comparator) -> Comparator:
    """The test that passes where this one fails."""
    return _OPPOSITE[op]


_OPPOSITE: dict[Comparator, Comparator] = {"gt": "le", "ge": "lt", "lt": "ge", "le": "gt", "eq": "ne", "ne": "eq"}
