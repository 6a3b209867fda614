"""Named stretches of time, and the days that they are: the latest that has begun, where no year is said."""

from __future__ import annotations

import calendar as months
import datetime as dt
from dataclasses import dataclass, replace

from assistant.minds.embedded.occasions import day_of
from tools.core.query.calendar import Calendar, add_months
from tools.core.query.metric_query import TimeWindow

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Point:
    """A named stretch of time, perhaps without its year. A `window` is relative to today and complete as it is."""

    end: int
    """Index of the first token after it."""
    year: int | None = None
    month: int | None = None
    day: int | None = None
    quarter: int | None = None
    half: int | None = None
    week_of: bool = False
    """The week that holds the day, not the day."""
    week: int | None = None
    """ISO week number."""
    head: tuple[int, str] | None = None
    """(1, "week") = only the first week of it; negative = the last."""
    window: TimeWindow | None = None
    bare_day: int | None = None
    """A day number that takes its month from the other end of a range."""
    unit: str | None = None
    occasion: str | None = None
    """The rule of a day that has a name."""
    season: int | None = None
    """First month of a season of three."""
    running: bool = False
    """Of a season without a year: the one that has begun, over or not."""


@dataclass(frozen=True, kw_only=True)
class PointSpan:
    start: dt.date
    end: dt.date
    assumed: str = ""


class PointSpans:
    """Gives points their days."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar

    def span(self, point: Point) -> PointSpan:
        """First and last day. Without a year: the latest such point that has begun by the as-of day."""
        if point.window is not None:
            resolved = self._calendar.resolve(point.window)
            start, end = _head(resolved.start, resolved.end, point.head)
            return PointSpan(start=start, end=end)
        if point.year is not None:
            return self._span_in(point, point.year)
        as_of = self._calendar.as_of
        year = as_of.year
        if point.season is not None:
            spans = (self._span_in(point, year - back) for back in range(3))
            return next(s for s in spans if (s.start if point.running else s.end) <= as_of)
        span = self._span_in(point, year)
        if span.start > as_of:
            span = self._span_in(point, year - 1)
        return replace(span, assumed=str(span.start.year))

    def span_of_range(self, left: Point, right: Point) -> tuple[dt.date, dt.date, str] | None:
        """A range whose year may be stated once, at either end."""
        if left.bare_day is not None:
            left = replace(right, day=left.bare_day, bare_day=None)
        left_known = left.year is not None or left.window is not None
        right_known = right.year is not None or right.window is not None
        if right_known or not left_known:
            last = self.span(right)
            first = self.span(left) if left_known else self._span_in(left, last.end.year)
            if first.start > last.end and not left_known:
                first = self._span_in(left, last.end.year - 1)
        else:
            first = self.span(left)
            last = self._span_in(right, first.start.year)
            if last.end < first.start:
                last = self._span_in(right, first.start.year + 1)
        assumed = "" if left_known or right_known else str(last.end.year)
        return first.start, last.end, assumed

    def _span_in(self, point: Point, year: int) -> PointSpan:
        start, end = self._days(point, year)
        if point.week_of:
            start = self._calendar.period_start(start, "week")
            end = start + 6 * _DAY
        start, end = _head(start, end, point.head)
        said = f"{start:%B} {start.year if start.year != end.year else ''} to {end:%B %Y}".replace("  ", " ") if point.season else ""
        return PointSpan(start=start, end=end, assumed=said)

    def _days(self, point: Point, year: int) -> tuple[dt.date, dt.date]:
        if point.week is not None:
            start = self._calendar.period_start(dt.date.fromisocalendar(year, min(point.week, 52), 1), "week")
            return start, start + 6 * _DAY
        if point.occasion is not None:
            day = day_of(point.occasion, year)
            return day, day
        if point.month is not None:
            last = months.monthrange(year, point.month)[1]
            if point.day is not None:
                day = dt.date(year, point.month, min(point.day, last))
                return day, day
            return dt.date(year, point.month, 1), dt.date(year, point.month, last)
        if point.season is not None:
            start = dt.date(year, point.season, 1)
            start = start if start <= self._calendar.as_of else add_months(start, -12)  # "winter 2025" asked in the middle of it
            return start, add_months(start, 3) - _DAY
        if point.quarter is not None:
            return _months(year, 3 * point.quarter - 2, 3 * point.quarter)
        if point.half is not None:
            return _months(year, 6 * point.half - 5, 6 * point.half)
        return dt.date(year, 1, 1), dt.date(year, 12, 31)


def _months(year: int, first: int, last: int) -> tuple[dt.date, dt.date]:
    return dt.date(year, first, 1), dt.date(year, last, months.monthrange(year, last)[1])


def _head(start: dt.date, end: dt.date, head: tuple[int, str] | None) -> tuple[dt.date, dt.date]:
    """Only the first (or last) few units of a stretch; "half" is half of its days, the middle one in the first half."""
    if head is None:
        return start, end
    count, unit = head
    if unit == "half":
        middle = start + (end - start) // 2
        return (start, middle) if count > 0 else (middle + _DAY, end)
    if unit in ("day", "week"):
        days = abs(count) * (7 if unit == "week" else 1)
        return (start, min(end, start + (days - 1) * _DAY)) if count > 0 else (max(start, end - (days - 1) * _DAY), end)
    size = abs(count) * {"month": 1, "quarter": 3, "year": 12}[unit]
    if count > 0:
        index = start.year * 12 + start.month - 1 + size - 1
        return start, min(end, _months(index // 12, index % 12 + 1, index % 12 + 1)[1])
    index = end.year * 12 + end.month - size
    return max(start, dt.date(index // 12, index % 12 + 1, 1)), end
