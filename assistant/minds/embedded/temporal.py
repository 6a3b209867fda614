"""Time expressions: what the question says about days, periods and recurring parts of them.

`read_times` runs over the tokens once, from left to right, longest reading first. It only *reads*; what "last month"
is in days is decided by `tools.core.query.calendar`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from assistant.minds.embedded import temporal_words as words
from assistant.minds.embedded.numbers import read_number
from assistant.minds.embedded.points import Point, PointReader
from assistant.minds.embedded.tokens import Token
from tools.core.query.calendar import Calendar
from tools.core.query.metric_query import Grain, TimeWindow

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class PartOfDate:
    """A recurring part of the date to filter by: Saturdays, after 18:00."""

    grain: Grain
    op: Literal["in", "not_in", "ge", "lt", "between"]
    values: tuple[int | str, ...]


@dataclass(frozen=True, kw_only=True)
class TimePhrase:
    """One time expression: tokens `start` to `end` (exclusive) and what they mean. Exactly one of the meanings is set."""

    start: int
    end: int
    window: TimeWindow | None = None
    unit: str | None = None
    """Calendar unit that the window names ("month" for "March"), for lists and comparisons."""
    grain: Grain | None = None
    """A period or recurring part to split by ("monthly", "day of the week")."""
    adverb: bool = False
    """The grain is said by a word that always splits ("monthly"); a bare noun ("month") waits for "by", "which" or "best"."""
    part: PartOfDate | None = None
    assumed: str = ""
    """What was filled in, to be said: "March as March 2017"."""
    ends: tuple[TimeWindow, TimeWindow] | None = None
    """Both ends of a range of equal units ("from Q1 to Q2"), for questions about the change between them."""


def read_times(tokens: Sequence[Token], calendar: Calendar, is_stored: Callable[[str], bool] = lambda _: False) -> tuple[TimePhrase, ...]:
    """Every time expression of the question, in order, without overlaps; `is_stored` tells the seasons that the data has a name for."""
    reader = _TimeReader(tokens, calendar, is_stored)
    phrases: list[TimePhrase] = []
    at = 0
    while at < len(tokens):
        phrase = (
            None
            if tokens[at].quoted
            else _same_window(tokens, at, phrases) or _ordinal_alone(tokens, at, phrases, reader) or reader.read(at)
        )
        if phrase is None:
            at += 1
            continue
        phrases.append(phrase)
        at = phrase.end
    return tuple(replace(p, window=_ALL) if _is_everything(p, calendar) else p for p in phrases)


_ALL = TimeWindow(start=dt.date(1, 1, 1))
"""All of time: `is_everything` tells it from a window that narrows."""


def is_everything(window: TimeWindow) -> bool:
    return window == _ALL


def _is_everything(phrase: TimePhrase, calendar: Calendar) -> bool:
    """ "all data up to" the as-of day leaves nothing out."""
    window = phrase.window
    if window is None or window.period is not None or window.last_n is not None or window.start is not None:
        return False
    return window.end is not None and window.end >= calendar.as_of


def _same_window(tokens: Sequence[Token], at: int, phrases: Sequence[TimePhrase]) -> TimePhrase | None:
    """ "in that time", "in the same month": the last window named."""
    texts = [t.text for t in tokens[at : at + 4]]
    if texts[:1] not in (["in"], ["during"], ["over"], ["within"]) or texts[1:2] not in (["that"], ["the"]):
        return None
    same = texts[1] == "the"
    noun = texts[3:4] if same else texts[2:3]
    if (same and texts[2:3] != ["same"]) or not noun or (noun[0] not in words.UNITS and noun[0] not in ("time", "period", "timeframe")):
        return None
    last = next((p for p in reversed(phrases) if p.window is not None), None)
    return replace(last, start=at, end=at + (4 if same else 3), assumed="") if last is not None else None


def _ordinal_alone(tokens: Sequence[Token], at: int, phrases: Sequence[TimePhrase], reader: _TimeReader) -> TimePhrase | None:
    """The "in the fourth" after "the first quarter of 2017": of the same unit and year."""
    place = at
    while place < len(tokens) and tokens[place].text in ("in", "during", "of", "from", "for", "the", "than"):
        place += 1
    if place == at or place >= len(tokens) or tokens[place].text not in words.ORDINALS or tokens[place - 1].text != "the":
        return None
    last = phrases[-1] if phrases else None
    unit = next((t.text for t in tokens[last.start : last.end] if t.text in ("quarter", "half")), None) if last is not None else None
    following = tokens[place + 1].text if place + 1 < len(tokens) else ""
    ends = not following or not following.isalpha() or following in ("and", "or", "but", "by", "of", "to", "one", "than")
    if last is None or unit is None or last.window is None or last.window.start is None or not ends:
        return None
    spelt = (*tokens[:place], tokens[place], replace(tokens[place], text=unit, kind="word"))
    year = replace(tokens[place], text=str(last.window.start.year), kind="number")
    full = _TimeReader((*spelt, year), reader.calendar).read(place)
    if full is None or full.window is None:
        return None
    begin = at + (tokens[at].text == "than")
    return replace(full, start=begin, end=place + 1 + (following == "one"), assumed="")


class _TimeReader:
    def __init__(self, tokens: Sequence[Token], calendar: Calendar, is_stored: Callable[[str], bool] = lambda _: False) -> None:
        self._tokens = tokens
        self._calendar = calendar
        self._points = PointReader(tokens, calendar, is_stored)
        self._forms: tuple[Callable[[int], TimePhrase | None], ...] = (
            self._between,
            self._from_to,
            self._open,
            self._closed,
            self._part_of_date,
            self._grain,
        )

    @property
    def calendar(self) -> Calendar:
        return self._calendar

    def read(self, at: int) -> TimePhrase | None:
        for form in self._forms:
            phrase = form(at)
            if phrase is not None:
                return phrase
        return None

    def _word(self, at: int) -> str:
        return self._tokens[at].text if 0 <= at < len(self._tokens) else ""

    def _skip(self, at: int, *allowed: str) -> int:
        while self._word(at) in allowed:
            at += 1
        return at

    def _after_any(self, at: int, openings: tuple[tuple[str, ...], ...]) -> int | None:
        """Index after the first opening that stands at `at`."""
        for opening in openings:
            if all(self._word(at + k) == word for k, word in enumerate(opening)):
                return at + len(opening)
        return None

    # -- windows with two ends ------------------------------------------------------------------

    def _between(self, at: int) -> TimePhrase | None:
        """between 5 May and 3 June"""
        if self._word(at) != "between":
            return None
        hours = self._hours(at + 1, at, frozenset({"and"}))
        return hours or self._range(at, at + 1, frozenset({"and"}))

    def _from_to(self, at: int) -> TimePhrase | None:
        """from March to June 2017; March - June"""
        begin = self._skip(at + 1, "the") if self._word(at) in words.IN | {"starting"} else at
        if self._word(at) == "from":
            hours = self._hours(begin, at, words.TO)
            if hours:
                return hours
        return self._range(at, begin, words.TO | {"-"})

    def _range(self, at: int, begin: int, joints: frozenset[str]) -> TimePhrase | None:
        left = self._points.read_anchor(self._skip(begin, "the")) or self._points.read_bare_day(begin)
        if left is None:
            return None
        adjacent = left.bare_day is not None and self._word(left.end) == "and" and self._follows(left.bare_day, left.end + 1)
        if self._word(left.end) in joints or adjacent:
            next_at = self._skip(left.end + 1, "the", "end", "of")
        elif "-" in joints and left.end < len(self._tokens) and self._tokens[left.end].joined:
            next_at = left.end
        else:
            return None
        right = self._points.read_anchor(next_at) or self._points.read_day_after(next_at, left)
        if right is None or (left.bare_day is not None and right.month is None):
            return None
        spans = self._points.span_of_range(left, right)
        if spans is None:
            return None
        start, end, assumed = spans
        if start > end:
            return None
        ends = self._ends(left, right, start, end) if left.unit == right.unit else None
        return TimePhrase(start=at, end=right.end, window=TimeWindow(start=start, end=end), assumed=assumed, ends=ends)

    def _follows(self, day: int, at: int) -> bool:
        """The 25 December of "24 and 25 December"."""
        point = self._points.read(at)
        return point is not None and point.day == day + 1

    def _ends(self, left: Point, right: Point, start: dt.date, end: dt.date) -> tuple[TimeWindow, TimeWindow] | None:
        """The first and the last unit of the range as windows of their own."""
        if left.unit not in ("month", "quarter", "half", "year") or right.window is not None or left.window is not None:
            return None
        first = self._points.span(replace(left, year=start.year))
        last = self._points.span(replace(right, year=end.year))
        return TimeWindow(start=first.start, end=first.end), TimeWindow(start=last.start, end=last.end)

    def _hours(self, begin: int, at: int, joints: frozenset[str]) -> TimePhrase | None:
        """between 6pm and 9pm: whole hours, the last one not included"""
        first = self._hour(begin)
        if first is None or self._word(begin + 1) not in joints:
            return None
        last = self._hour(begin + 2)
        if last is None or last <= first:
            return None
        return TimePhrase(start=at, end=begin + 3, part=PartOfDate(grain=Grain.HOUR_OF_DAY, op="between", values=(first, last - 1)))

    # -- windows with one end -------------------------------------------------------------------

    def _open(self, at: int) -> TimePhrase | None:
        """since March; before 5 May; until the end of June; after 6pm"""
        readers: tuple[tuple[tuple[tuple[str, ...], ...], Callable[[int, int], TimePhrase | None]], ...] = (
            (words.AFTER, self._after),
            (words.BEFORE, self._before),
            (words.UNTIL, self._until),
            (words.SINCE, self._since),
        )
        for openings, read in readers:
            after = self._after_any(at, openings)
            if after is not None and not self._tokens[at].joined:
                phrase = read(at, self._skip(after, "the", "start", "beginning", "end", "of"))
                if phrase is not None:
                    return phrase
        return None

    def _since(self, at: int, begin: int) -> TimePhrase | None:
        point = self._points.read_anchor(begin)
        if point is None:
            return self._since_unit(at, begin)
        onward = self._after_any(point.end, words.ONWARD)
        if self._word(at) == "from" and onward is None:
            return None
        span = self._points.span(point)
        return TimePhrase(start=at, end=onward or point.end, window=TimeWindow(start=span.start), assumed=span.assumed)

    def _since_unit(self, at: int, begin: int) -> TimePhrase | None:
        """since the beginning of the quarter: of the one that today is in"""
        unit = words.UNITS.get(self._word(begin))
        begins = {self._word(k) for k in range(at, begin)} & {"beginning", "start"}
        if unit is None or not begins or self._word(begin + 1) in ("before", "after", "of"):
            return None
        this = TimeWindow.model_validate({"period": "this", "unit": unit})
        return TimePhrase(start=at, end=begin + 1, window=TimeWindow(start=self._calendar.resolve(this).start), unit=unit)

    def _after(self, at: int, begin: int) -> TimePhrase | None:
        hour = self._hour(begin)
        if hour is not None:
            return TimePhrase(start=at, end=begin + 1, part=PartOfDate(grain=Grain.HOUR_OF_DAY, op="ge", values=(hour,)))
        point = self._points.read_anchor(begin)
        if point is None:
            return None
        span = self._points.span(point)
        return TimePhrase(start=at, end=point.end, window=TimeWindow(start=span.end + _DAY), assumed=span.assumed)

    def _before(self, at: int, begin: int) -> TimePhrase | None:
        hour = self._hour(begin)
        if hour is not None:
            return TimePhrase(start=at, end=begin + 1, part=PartOfDate(grain=Grain.HOUR_OF_DAY, op="lt", values=(hour,)))
        point = self._points.read_anchor(begin)
        if point is None:
            return None
        span = self._points.span(point)
        return TimePhrase(start=at, end=point.end, window=TimeWindow(end=span.start - _DAY), assumed=span.assumed)

    def _until(self, at: int, begin: int) -> TimePhrase | None:
        point = self._points.read_anchor(begin)
        if point is None:
            return None
        span = self._points.span(point)
        return TimePhrase(start=at, end=point.end, window=TimeWindow(end=span.end), assumed=span.assumed)

    # -- one point ------------------------------------------------------------------------------

    def _closed(self, at: int) -> TimePhrase | None:
        """in March 2017; last month; the last 6 weeks; week of July 4"""
        begin = self._skip(at + 1, "the", "of") if self._word(at) in words.IN else self._skip(at, "the")
        point = self._points.read(at) or self._points.read(begin)
        if point is None:
            return None
        if point.window is not None and point.head is None:
            return self._to_date_of(at, point) or TimePhrase(start=at, end=point.end, window=point.window, unit=point.unit)
        span = self._points.span(point)
        end = point.end + (1 if self._word(point.end) == "alone" else 0)
        return TimePhrase(start=at, end=end, window=TimeWindow(start=span.start, end=span.end), unit=point.unit, assumed=span.assumed)

    def _to_date_of(self, at: int, point: Point) -> TimePhrase | None:
        """year to date as at 30 September 2024"""
        after = self._after_any(point.end, (("as", "at"), ("as", "of"), ("to",), ("until",), ("on",)))
        day = self._points.read(after) if after is not None and point.window is not None and point.window.period == "this" else None
        unit = point.window.unit if point.window is not None else None
        if day is None or day.unit != "day" or unit is None:
            return None
        end = self._points.span(day).end
        return TimePhrase(start=at, end=day.end, window=TimeWindow(start=self._calendar.period_start(end, unit), end=end))

    # -- recurring parts and grains -------------------------------------------------------------

    def _hour(self, at: int) -> int | None:
        if not 0 <= at < len(self._tokens):
            return None
        token = self._tokens[at]
        if token.text == "noon":
            return 12
        if token.kind != "clock":
            return None
        digits = token.text.rstrip("apm")
        hour = int(digits.split(":")[0])
        if token.text.endswith("pm") and hour < 12:
            hour += 12
        if token.text.endswith("am") and hour == 12:
            hour = 0
        return hour if hour < 24 else None

    def _part_of_date(self, at: int) -> TimePhrase | None:
        """on Saturdays; in the evening; at 6pm"""
        begin = self._skip(at, "on", "in", "at", "from", "during", "the", "every", "each")
        word = self._word(begin)
        hour = self._hour(begin)
        if hour is not None:
            onward = self._after_any(begin + 1, (*words.ONWARD, ("and", "later"), ("or", "later")))
            op: Literal["ge", "in"] = "ge" if onward is not None else "in"
            return TimePhrase(start=at, end=onward or begin + 1, part=PartOfDate(grain=Grain.HOUR_OF_DAY, op=op, values=(hour,)))
        if word in words.PARTS_OF_DAY:
            first, last = words.PARTS_OF_DAY[word]
            part = PartOfDate(grain=Grain.HOUR_OF_DAY, op="between", values=(first, last))
            return TimePhrase(start=at, end=begin + 1, part=part, assumed=f"{first}:00 to {last}:59")
        days: list[str] = []
        end = begin
        while self._weekday(end):
            days.append(self._weekday(end) or "")
            end += 1
            if self._word(end) in ("and", "or", ",") and self._weekday(end + 1):
                end += 1
        if days:
            return TimePhrase(start=at, end=end, part=PartOfDate(grain=Grain.DAY_OF_WEEK, op="in", values=tuple(days)))
        return None

    def _weekday(self, at: int) -> str | None:
        word = self._word(at)
        if word in words.WEEKDAY_OF:
            return words.WEEKDAY_OF[word]
        if word in words.SHORT_WEEKDAY_OF and self._tokens[at].raw[:1].isupper():
            return words.SHORT_WEEKDAY_OF[word]
        return None

    def _grain(self, at: int) -> TimePhrase | None:
        """monthly; month by month; day of the week; (per) month"""
        word = self._word(at)
        if word in words.GRAIN_ADVERBS:
            return TimePhrase(start=at, end=at + 1, grain=words.GRAIN_ADVERBS[word], adverb=True)
        unit = words.UNITS.get(word)
        if unit and self._word(at + 1) in ("by", "on") and words.UNITS.get(self._word(at + 2)) == unit:
            return TimePhrase(start=at, end=at + 3, grain=Grain(unit), adverb=True)
        to_next = (
            word == "from" and self._word(at + 2) == "to" and words.UNITS.get(self._word(at + 3)) == words.UNITS.get(self._word(at + 1))
        )
        if to_next and words.UNITS.get(self._word(at + 1)):
            return TimePhrase(start=at, end=at + 4, grain=Grain(words.UNITS[self._word(at + 1)]), adverb=True)
        for cycle, grain in words.CYCLES:
            if all(self._word(at + k) == w for k, w in enumerate(cycle)):
                return TimePhrase(start=at, end=at + len(cycle), grain=grain)
        if word == "what" and self._word(at + 1) in ("time", "times") and self._word(at + 2) not in ("period", "frame"):
            of_day = self._after_any(at + 2, (("of", "the", "day"), ("of", "day"), ("in", "the", "day")))
            return TimePhrase(start=at, end=of_day or at + 2, grain=Grain.HOUR_OF_DAY, adverb=True)
        return TimePhrase(start=at, end=at + 1, grain=Grain(unit)) if unit else None


def shifted(phrase: TimePhrase, start: int, end: int) -> TimePhrase:
    """The same meaning over other tokens."""
    return replace(phrase, start=start, end=end)


__all__ = ["PartOfDate", "Point", "TimePhrase", "read_number", "read_times", "shifted"]
