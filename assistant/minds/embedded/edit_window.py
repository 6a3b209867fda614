"""Periods of an edited plan: the one before, the same part of another year, the window to compare with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from assistant.minds.embedded.edit_parts import is_one_year
from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.temporal_words import UNITS
from assistant.minds.embedded.tokens import Token
from assistant.minds.embedded.wordlists import word_set
from tools.core.query.calendar import Calendar, add_months
from tools.core.query.metric_query import Comparison, EntityCondition, MetricQuery, PeriodUnit, TimeWindow

_DAY = dt.timedelta(days=1)
_YEAR_DAYS = 365
_SHORTER_THAN_A_YEAR = 364
_HALF_A_YEAR = 183
_WHOLE = frozenset({"only", "whole", "full", "entire", "far", "date", "ytd"})
"""With one of these a year is the year itself, not the same part of it."""
_BEFORE = frozenset({"previous", "prior", "preceding", "before", "earlier"})
_NEXT = word_set("after following next later")
_STEPS_BACK = word_set("before previous preceding earlier prior")
_POINTING = word_set("after before following one that later earlier")
_LAST_YEAR = (("last", "year"), ("previous", "year"), ("year", "before"), ("year", "earlier"), ("year", "ago"))
_YEAR_AGO = (("year", "ago"), ("year", "earlier"), ("year", "before", "that"), ("year", "previously"))
_PERIOD_UNITS: tuple[PeriodUnit, ...] = ("day", "week", "month", "quarter", "year")
_COMPARING = word_set("compare compared compares comparing comparison vs versus against than up down change changed grow grew")
_AROUND = word_set("and what about how the same for in that it one ones then ah oh ok now of a please was were is to do but show me did")


def window_of(query: MetricQuery) -> TimeWindow | None:
    """The days that the plan is about: its own window, else that of a condition on its entities."""
    return query.window or next((c.window for c in query.entity_conditions if c.window is not None), None)


def in_window(query: MetricQuery, window: TimeWindow) -> MetricQuery:
    """The plan about other days."""
    moved = query.model_copy(update={"entity_conditions": conditions_in(query, window)})
    return moved.model_copy(update={"window": window}) if query.window is not None or window_of(query) is None else moved


def conditions_in(query: MetricQuery, window: TimeWindow) -> tuple[EntityCondition, ...]:
    """The plan's conditions on entities, those of its days moved to other days."""
    old = window_of(query)
    return tuple(c.model_copy(update={"window": window}) if c.window == old and old is not None else c for c in query.entity_conditions)


def moved_along(tokens: Sequence[Token], previous: MetricQuery, calendar: Calendar) -> tuple[MetricQuery, str | None] | None:
    """ "and the month after that?", "the year before?": the plan before over the neighbouring period, and why that is doubtful."""
    words = [t.text for t in tokens if t.kind != "mark"]
    rest = [w for w in words if w not in _AROUND]
    units = [UNITS[w] for w in rest if w in UNITS]
    steps = [1 if w in _NEXT else -1 for w in rest if w in _NEXT | _STEPS_BACK]
    window = window_of(previous)
    if window is None or len(steps) != 1 or len(rest) - len(steps) - len(units) or len(units) > 1 or not set(words) & _POINTING:
        return None
    span = calendar.resolve(window)
    shifted = _neighbour(span.start, span.end, units[0] if units else span.unit, steps[0], calendar)
    if units == ["year"] and (span.end - span.start).days < _SHORTER_THAN_A_YEAR:
        shifted = _same_days(span.start, span.end, steps[0])
    doubt = None
    if units and shifted.start is not None and shifted.end is not None and shifted.start <= span.end and span.start <= shifted.end:
        shifted = _beside(span.start, span.end, units[0], steps[0])
        doubt = "The days before fit no calendar period, so I took those right beside them"
    return in_window(previous, shifted), doubt


def _same_days(start: dt.date, end: dt.date, years: int) -> TimeWindow:
    """ "May 2025 ... and the year before?": the same part of that year."""
    return TimeWindow(start=add_months(start, 12 * years), end=add_months(end + _DAY, 12 * years) - _DAY)


def _neighbour(start: dt.date, end: dt.date, unit: str | None, step: int, calendar: Calendar) -> TimeWindow:
    """The period of that unit just after (before) the days `start` to `end`; of equal length in days without a unit."""
    period = next((u for u in _PERIOD_UNITS if u == unit), None)
    if period is None:
        length = end - start + _DAY
        return TimeWindow(start=start + step * length, end=end + step * length)
    begin = calendar.period_start(end + _DAY if step > 0 else start - _DAY, period)
    return TimeWindow(start=begin, end=calendar.period_after(begin, period) - _DAY)


def _beside(start: dt.date, end: dt.date, unit: str, step: int) -> TimeWindow:
    """ "November ... and the week after": as long as the unit, right after (before) the days shown."""
    if unit in ("day", "week"):
        length = (7 if unit == "week" else 1) * _DAY
        return TimeWindow(start=end + _DAY, end=end + length) if step > 0 else TimeWindow(start=start - length, end=start - _DAY)
    months = {"month": 1, "quarter": 3, "year": 12}[unit]
    if step > 0:
        return TimeWindow(start=end + _DAY, end=add_months(end + _DAY, months) - _DAY)
    return TimeWindow(start=add_months(start, -months), end=start - _DAY)


def a_year_back(tokens: Sequence[Token], previous: MetricQuery, calendar: Calendar) -> MetricQuery | None:
    """ "and in the same quarter last year?", "a year earlier?": the plan before over the same days of the year before."""
    words = [t.text for t in tokens if t.kind != "mark"]
    window = window_of(previous)
    if window is None or set(words) & _COMPARING:
        return None
    rest = tuple(w for w in words if w not in _AROUND - {"same"})
    same = rest[:1] == ("same",) and rest[2:] in _LAST_YEAR
    ago = rest in _YEAR_AGO
    if not (ago or (same and (rest[1] in UNITS or rest[1] in ("period", "time", "days", "dates")))):
        return None
    span = calendar.resolve(window)
    if previous.comparison is not None or (span.end - span.start).days >= _SHORTER_THAN_A_YEAR:
        return None
    return in_window(previous, _same_days(span.start, span.end, -1))


def whole_period(previous: MetricQuery, unit: str, calendar: Calendar) -> MetricQuery | None:
    """ "the whole week": the period that holds the days of the plan before; None when it has none."""
    period = next((u for u in _PERIOD_UNITS if u == unit), None)
    if previous.window is None or period is None:
        return None
    start = calendar.period_start(calendar.resolve(previous.window).end, period)
    return previous.model_copy(update={"window": TimeWindow(start=start, end=calendar.period_after(start, period) - _DAY)})


def in_the_year_of(previous: MetricQuery, draft: Draft) -> None:
    """ "March 2025 ... and April?": a period without its year is that of the plan before, when that lies in one year."""
    window = window_of(previous)
    if window is None or draft.window is None or draft.window.start is None or draft.window.end is None:
        return
    assumed = [i.time for i in draft.items if i.time is not None and i.time.window == draft.window and i.time.assumed.isdigit()]
    span = draft.world.calendar.resolve(window)
    if not assumed or span.start.year != span.end.year or draft.window.start.year == span.start.year:
        return
    shift = 12 * (span.start.year - draft.window.start.year)
    moved = TimeWindow(start=add_months(draft.window.start, shift), end=add_months(draft.window.end + _DAY, shift) - _DAY)
    assert moved.start is not None
    if abs((moved.start - span.start).days) <= _HALF_A_YEAR and moved.start <= draft.world.calendar.as_of:
        draft.notes = [n for n in draft.notes if not n.startswith(f"took {assumed[0].assumed} as the year")]
        draft.notes.append(f"took {span.start.year} as the year, as in the question before")
        draft.window = moved


def same_part_of(new: TimeWindow, old: TimeWindow | None, words: Sequence[str], calendar: Calendar) -> TimeWindow | None:
    """ "March 2025 ... and in 2024?": the March of that year, where the window before was a part of one year."""
    if old is None or old.start is None or old.end is None or not is_one_year(new):
        return None
    if old.start.year != old.end.year or (old.end - old.start).days >= _YEAR_DAYS - 1 or _WHOLE & set(words):
        return None
    shift = (calendar.resolve(new).start.year - old.start.year) * 12
    moved = TimeWindow(start=add_months(old.start, shift), end=add_months(old.end + _DAY, shift) - _DAY)
    return moved if moved.start is not None and moved.start <= calendar.as_of else None


def against(new: TimeWindow, old: TimeWindow, words: Sequence[str], calendar: Calendar) -> Comparison:
    """The window to compare with: beside a month, "last year" is that month of the year before, "the previous month" the one before."""
    span, base = calendar.resolve(old), calendar.resolve(new)
    before = new.period == "last" and bool(_BEFORE & set(words))
    if is_one_year(new) and (span.end - span.start).days < _YEAR_DAYS - 1:
        if before or base.start.year in (span.start.year, span.start.year - 1):
            return Comparison(kind="same_period_last_year")
        return Comparison(kind="window", baseline=same_part_of(new, old, words, calendar) or new)
    if before or (base.start, base.end) == (span.start, span.end):
        return Comparison(kind="previous_period")
    return Comparison(kind="window", baseline=new)
