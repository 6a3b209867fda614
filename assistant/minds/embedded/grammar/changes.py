"""Change and accumulation: growth, "grew the most", running totals, moving averages."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from assistant.minds.embedded.grammar.draft import Draft, Rank
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.wordlists import word_set
from tools.core.query.metric_query import Comparison, Grain, Measure, MetricCondition, TimeWindow

_RATE_WORDS = frozenset(["growth", "grow", "grows", "grew", "grown", "growing"])
_UP = word_set(
    "increase increased increases increasing rise rose risen rising gain gains gained gaining improve improved improving improvement "
    "climbed climbing"
)
_DOWN = word_set(
    "decrease decreased decreases decreasing decline declined declines declining drop dropped drops dropping fall fell "
    "fallen falling shrink shrank shrunk shrinking declining decreasing slipped slipping"
)
_CHANGE = frozenset(["change", "changed", "changes", "changing"])
_GAP = frozenset(["variance", "difference", "gap", "delta", "swing"])
"""A change when two periods are its ends: "the difference between May and June"."""
_LOSE = frozenset({"lost", "lose", "losing"})
_GO = word_set("go goes going gone went come comes coming came")
_AGAINST = word_set("on from against versus vs compared with over")
_RUNNING = (
    ("running", "total", "of"),
    ("running", "total"),
    ("running", "sum", "of"),
    ("running", "sum"),
    ("cumulative", "total"),
    ("cumulative",),
    ("cumulatively",),
)
_AVERAGE = (("moving", "average", "of"), ("rolling", "average", "of"), ("moving", "average"), ("rolling", "average"), ("rolling", "mean"))
_MOST = frozenset({"most", "fastest", "biggest", "largest", "strongest", "highest"})
_SORTING = word_set("rank ranked ranking sort sorted sorting order ordered list")
_LEAST = frozenset({"least", "slowest", "smallest", "lowest", "weakest"})


def read_accumulation(draft: Draft) -> None:
    """running total of revenue by month; 3-month moving average"""
    for at in range(len(draft.items)):
        after = draft.match(at, _RUNNING)
        if after > at:
            draft.claim(at, after, "running total")
            draft.running_total = draft.trend = True
            return
        after = draft.match(at, _AVERAGE)
        if after > at:
            _moving_average(draft, at, after)
            return


def _moving_average(draft: Draft, at: int, after: int) -> None:
    begin, periods, grain = at, 3, None
    unit = draft.item(at - 1)
    if unit is not None and unit.time is not None and unit.time.grain is not None:
        begin, grain = at - 1, unit.time.grain
    number = draft.item(begin - 1)
    if number is not None and number.number is not None:
        begin, periods = begin - 1, int(number.number.value)
    draft.claim(begin, after, "moving average")
    draft.moving_average = max(2, periods)
    if grain is not None:
        draft.add_dimension(grain)
    draft.trend = True


def read_change(draft: Draft) -> None:
    """Notes that a change is asked for, and how it ranks; `settle_change` finds out against what."""
    if _up_or_down(draft):
        return
    for at, item in enumerate(draft.items):
        if not draft.free(at) or (item.mention is not None and item.has(Kind.METRIC)):
            continue
        word = item.text
        if word not in _RATE_WORDS | _UP | _DOWN | _CHANGE | _LOSE and not (word in _GAP and _between_periods(draft)):
            continue
        if word in _LOSE and not any(draft.word(i) in _MOST for i in range(at, len(draft.items))):
            continue
        after = at + 1 + (draft.word(at + 1) == "rate") + (draft.word(at + 1) == "in")
        _count_what_grows(draft, at - 1)
        draft.claim(at, after, "change")
        _claim_percentage(draft)
        draft.change = "change_rate" if word in _RATE_WORDS else "change"
        draft.moved = "down" if word in _DOWN | _LOSE else "" if word in _CHANGE | _GAP | {"growth"} else "up"
        _rank_of_change(draft, at, downwards=word in _DOWN | _LOSE)
        _ranked_by_change(draft, at)
        return


def _count_what_grows(draft: Draft, at: int) -> None:
    """The "customer" of "customer growth": their number grows, and no other figure."""
    item = draft.item(at)
    dataset = draft.dataset_at(at) if item is not None and at >= 0 and not item.has(Kind.METRIC) else None
    counted = draft.count_metric(dataset) if dataset is not None else None
    if counted is None or draft.measures or any(i.has(Kind.METRIC) for i in draft.items):
        return
    draft.measures.append(Measure(metric=counted))
    draft.claim(at, at + 1, "metric")


def _up_or_down(draft: Draft) -> bool:
    """ "are sales going up", "orders up or down on last year" """
    for at in range(len(draft.items)):
        word = draft.word(at)
        either = draft.phrase(at, ("up", "or", "down")) or draft.phrase(at, ("down", "or", "up"))
        goes = draft.word(at - 1) in _GO
        against = draft.word(at + 1) in _AGAINST
        if word not in ("up", "down") or not (either or goes or against):
            continue
        draft.change = "change"
        draft.moved = "" if either else word
        after = at + (3 if either else 1)
        draft.claim(at - goes, after, "change")
        _this_year(draft, after)
        return True
    return False


def _this_year(draft: Draft, at: int) -> None:
    """ "up on last year": this year so far against the same days of the last one, when no other period is named."""
    at = draft.skip(at, _AGAINST | {"the"})
    item = draft.item(at)
    window = item.time.window if item is not None and item.time is not None else None
    others = sum(1 for i in draft.items if i.time is not None and i.time.window is not None)
    if window is None or window.period != "last" or window.unit != "year" or others > 1:
        return
    begin = draft.back(at, _AGAINST | {"the"}) + 1
    draft.claim_free(begin, at + 1, "comparison")
    draft.window = window.model_copy(update={"period": "this"})
    draft.comparison = Comparison(kind="same_period_last_year")


def _between_periods(draft: Draft) -> bool:
    return any(item.time is not None and item.time.ends is not None and item.text.startswith("between") for item in draft.items)


def _claim_percentage(draft: Draft) -> None:
    """ "by what percentage did it grow": the change as a rate, not a share."""
    for at in range(len(draft.items)):
        if draft.word(at) in ("percentage", "percent", "%", "pct"):
            begin = at
            while draft.word(begin - 1) in ("by", "what", "how", "many", "much", "the"):
                begin -= 1
            draft.claim(begin, at + 1, "change")
            return


def _rank_of_change(draft: Draft, at: int, *, downwards: bool) -> None:
    around = [i for i in range(max(0, at - 2), min(len(draft.items), at + 4)) if draft.word(i) in _MOST | _LEAST]
    if not around:
        return
    least = draft.word(around[0]) in _LEAST
    begin = around[0] - (draft.word(around[0] - 1) == "the")
    draft.claim(begin, around[0] + 1, "ranking")
    draft.rank = Rank(direction="asc" if downwards != least else "desc", measure="change")


def _ranked_by_change(draft: Draft, at: int) -> None:
    """ "stores ranked by revenue growth", "rank the regions by growth in orders": what is ranked, and that its change ranks it."""
    figure = draft.item(at - 1)
    by = at - 1 - (figure is not None and figure.has(Kind.METRIC))
    sorting = next((i for i in range(by) if draft.word(i) in _SORTING), None)
    if draft.rank is not None or draft.word(by) != "by" or sorting is None:
        return
    nouns = [i for i in range(by) if draft.free(i) and draft.items[i].has(Kind.FIELD, Kind.DATASET) and draft.items[i].is_plural]
    noun = draft.dimension_at(nouns[0]) if len(nouns) == 1 else None
    if noun is None:
        return
    draft.claim(sorting, sorting + 1, "ranking")
    draft.claim(by, by + 1, "ranking")
    draft.claim(nouns[0], nouns[0] + 1, "ranking")
    for i in range(at + 1, len(draft.items) - 1):
        if draft.word(i + 1) == "first" and draft.word(i) in _MOST | {"best"}:
            draft.claim(i, i + 2, "ranking")
    draft.rank = Rank(direction="desc", measure="change", noun=noun)
    draft.add_dimension(noun)


def _more_than_before(draft: Draft) -> None:
    """ "which members spent more in May than in April": those whose figure went up."""
    words = {item.text for item in draft.items}
    if draft.rank is not None or not (draft.subject or draft.counted is not None) or not draft.measures or "than" not in words:
        return
    draft.moved = "down" if words & {"less", "fewer", "lower"} else "up" if words & {"more", "higher", "better"} else ""
    if draft.moved and draft.subject is not None:
        op: Literal["lt", "gt"] = "lt" if draft.moved == "down" else "gt"
        draft.having.append(MetricCondition(metric=f"{draft.measures[0].column}_change", op=op, value=0))


def _knows_last_year(draft: Draft) -> bool:
    """Whether the data reach back to the beginning of last year."""
    first = draft.model.settings.data_start or draft.world.values.first_day
    return first is not None and first <= dt.date(draft.world.calendar.as_of.year - 1, 1, 1)


def settle_change(draft: Draft) -> None:
    """Against the other window, along the series, or against the period before."""
    if draft.comparison is not None and draft.change is None:
        _more_than_before(draft)
    if draft.counted is not None and draft.comparison is not None and (draft.moved or len(draft.measures) > 1):
        draft.doubts.append("how many of them changed cannot be counted; these are the totals")
    if draft.change is None:
        return
    series = any(isinstance(d, Grain) and not d.is_cyclic for d in draft.dimensions)
    series = series or draft.trend
    if series and draft.window is None and draft.comparison is not None and draft.comparison.kind == "previous_period":
        draft.comparison = None  # Along a series, "the period before" is the row before.
    if draft.comparison is None and draft.window is None and draft.rank is not None and not series and _knows_last_year(draft):
        draft.window, draft.comparison = TimeWindow(period="this", unit="year"), Comparison(kind="same_period_last_year")
        draft.notes.append("this year so far is held against the same days of last year")
    if draft.comparison is None:
        if series or (draft.window is None and not draft.dimensions):
            draft.growth = draft.growth or "previous_row"
            draft.trend = draft.trend or not series
        elif draft.window is not None:
            year = draft.window.period == "this" and draft.window.unit == "year"  # Half a year that has passed grows against the same half.
            draft.comparison = Comparison(kind="same_period_last_year" if year else "previous_period")
        else:
            draft.doubts.append("no two periods to compare are named")
    if draft.rank is None and draft.subject is not None and draft.comparison is not None and draft.measures and draft.moved:
        limit = MetricCondition(metric=f"{draft.measures[0].column}_change", op="lt" if draft.moved == "down" else "gt", value=0)
        draft.having.append(limit)
    if draft.rank is not None and (draft.rank.measure == "change" or draft.comparison is not None):
        column = draft.measures[0].column if draft.measures else ""
        draft.rank.measure = f"{column}_{draft.change}"
