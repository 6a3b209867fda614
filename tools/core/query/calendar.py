"""The calendar convention: what "last month" or "the last 6 weeks" are, as exact days.

`as_of` is the data's last complete day and today is the day after. `docs` and tests hold the convention as a table;
every window that leaves this module is a `Span` with both ends included.
"""

from __future__ import annotations

import calendar as months
import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from tools.core.contract import DateSpan
from tools.core.errors import QueryUnsupported
from tools.core.query.metric_query import PeriodUnit, TimeWindow
from tools.core.semantics.model import ModelSettings

BEGINNING = dt.date(1, 1, 1)
"""Start of a window that is open towards the past."""
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Span(DateSpan):
    """A window resolved to days, with what it was made from."""

    unit: PeriodUnit | None = None
    """The calendar unit it consists of; None for freely given days."""
    notes: tuple[str, ...] = ()
    """What the reader must be told: a fallback, or where the data ends."""

    @property
    def note(self) -> str:
        return "; ".join(self.notes)

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1


class Calendar:
    """Resolves windows against one as-of day.

    >>> Calendar(ModelSettings(), dt.date(2017, 12, 31)).resolve(TimeWindow(period="last", unit="month")).label
    'December 2017'
    """

    def __init__(self, settings: ModelSettings, as_of: dt.date | None) -> None:
        self._settings = settings
        self._as_of = as_of

    @property
    def as_of(self) -> dt.date:
        """The data's last complete day.

        Raises:
            QueryUnsupported: The model declares none and none was given.
        """
        if self._as_of is None:
            raise QueryUnsupported(
                "this model does not say where its data ends, so relative dates mean nothing",
                try_instead="give the window as dates, give --as-of, or set `as_of` in the semantic model",
            )
        return self._as_of

    @property
    def today(self) -> dt.date:
        return self.as_of + _DAY

    def resolve(self, window: TimeWindow) -> Span:
        """The days that the window means; days after the as-of day never count.

        Raises:
            QueryUnsupported: A relative window without an as-of day, or one that leaves the calendar.
        """
        with _within_the_calendar():
            return self._resolved(window)

    def _resolved(self, window: TimeWindow) -> Span:
        if window.last_n is not None:
            span = self._last_n(window.last_n, _unit(window), fiscal=window.fiscal)
        elif window.period == "this":
            span = self._this(_unit(window), fiscal=window.fiscal)
        elif window.period == "last":
            span = self._last(_unit(window), fiscal=window.fiscal, to_date=window.to_date)
        else:
            span = self._explicit(window)
        return self._within_data(replace(span, label=label_of(span)))

    def previous(self, span: DateSpan) -> Span:
        """The period of equal length just before: whole calendar units for calendar windows, else as many days."""
        with _within_the_calendar():
            return self._before(_closed(span))

    def _before(self, span: DateSpan) -> Span:
        unit = span.unit if isinstance(span, Span) else None
        count = _whole_months(span)
        if count is not None:
            start = add_months(span.start, -count)
            return self._plain(start, span.start - _DAY, unit)
        if unit in ("month", "quarter", "year"):
            return self._so_far_in_the_unit_before(span, unit)
        if unit == "week" and span.start.weekday() == self._first_weekday and (span.end - span.start).days < 6:
            return self._plain(span.start - 7 * _DAY, span.end - 7 * _DAY, unit)
        length = span.end - span.start + _DAY
        return self._plain(span.start - length, span.start - _DAY, unit)

    def same_period_last_year(self, span: DateSpan) -> Span:
        """The same days a year earlier; weeks keep their weekdays (52 weeks earlier)."""
        with _within_the_calendar():
            return self._a_year_before(_closed(span))

    def _a_year_before(self, span: DateSpan) -> Span:
        unit = span.unit if isinstance(span, Span) else None
        if unit == "week":
            return self._plain(span.start - 364 * _DAY, span.end - 364 * _DAY, unit)
        end = add_months(span.end + _DAY, -12) - _DAY
        return self._plain(add_months(span.start, -12), end, unit)

    def period_start(self, day: dt.date, unit: PeriodUnit, *, fiscal: bool = False) -> dt.date:
        """First day of the calendar period that holds `day`."""
        if unit == "day":
            return day
        if unit == "week":
            return day - ((day.weekday() - self._first_weekday) % 7) * _DAY
        first = self._settings.fiscal_year_start_month if fiscal else 1
        size = {"month": 1, "quarter": 3, "year": 12}[unit]
        return add_months(day.replace(day=1), -((day.month - first) % 12 % size))

    def period_after(self, start: dt.date, unit: PeriodUnit, count: int = 1) -> dt.date:
        """Start of the period `count` periods later (earlier when negative)."""
        if unit == "day":
            return start + count * _DAY
        if unit == "week":
            return start + 7 * count * _DAY
        return add_months(start, count * {"month": 1, "quarter": 3, "year": 12}[unit])

    @property
    def _first_weekday(self) -> int:
        return 6 if self._settings.week_starts_on == "sunday" else 0

    def _this(self, unit: PeriodUnit, *, fiscal: bool) -> Span:
        start = self.period_start(self.today, unit, fiscal=fiscal)
        if start <= self.as_of:
            return Span(start=start, end=self.as_of, unit=unit)
        start = self.period_start(self.as_of, unit, fiscal=fiscal)
        note = f"no day of this {unit} is in the data yet; showing the {unit} that ends on {long_date(self.as_of)}"
        return Span(start=start, end=self.as_of, unit=unit, notes=(note,))

    def _last(self, unit: PeriodUnit, *, fiscal: bool, to_date: bool) -> Span:
        this = self._this(unit, fiscal=fiscal) if to_date else None
        before = this.start if this else self.period_start(self.today, unit, fiscal=fiscal)
        start, end = self.period_after(before, unit, -1), before - _DAY
        if this is not None:
            end = min(end, start + (this.end - this.start))
        return Span(start=start, end=end, unit=unit, notes=this.notes if this else ())

    def _last_n(self, count: int, unit: PeriodUnit, *, fiscal: bool) -> Span:
        if unit == "day":
            return Span(start=self.as_of - (count - 1) * _DAY, end=self.as_of, unit=unit)
        today = self.period_start(self.today, unit, fiscal=fiscal)
        return Span(start=self.period_after(today, unit, -count), end=today - _DAY, unit=unit)

    def _explicit(self, window: TimeWindow) -> Span:
        end = window.end if window.end is not None else self.as_of
        return Span(start=window.start or BEGINNING, end=end)

    def _so_far_in_the_unit_before(self, span: DateSpan, unit: PeriodUnit) -> Span:
        before = self.period_after(span.start, unit, -1)
        return self._plain(before, min(before + (span.end - span.start), span.start - _DAY), unit)

    def _plain(self, start: dt.date, end: dt.date, unit: PeriodUnit | None) -> Span:
        span = Span(start=start, end=end, unit=unit)
        first = self._settings.data_start
        notes = (f"the data starts on {long_date(first)}",) if first and start < first else ()
        return replace(span, label=label_of(span), notes=notes)

    def _within_data(self, span: Span) -> Span:
        notes = list(span.notes)
        first = self._settings.data_start
        if first is not None and BEGINNING < span.start < first:
            notes.append(f"the data starts on {long_date(first)}")
        if self._as_of is not None and span.end > self._as_of:
            notes.append(f"the data ends on {long_date(self._as_of)}")
            if span.start <= self._as_of:
                span = replace(span, end=self._as_of)
        return replace(span, notes=tuple(notes))


@contextmanager
def _within_the_calendar() -> Iterator[None]:
    try:
        yield
    except (OverflowError, ValueError) as problem:
        raise QueryUnsupported("that window leaves the calendar", try_instead="give dates near those of the data") from problem


def _closed(span: DateSpan) -> DateSpan:
    """The span, unless it has no first day to count back from."""
    if span.start == BEGINNING:
        raise QueryUnsupported("a window without a first day has nothing before it", try_instead="give the window a start")
    return span


def add_months(day: dt.date, count: int) -> dt.date:
    """The same day of another month, or that month's last day when it is shorter."""
    index = day.year * 12 + day.month - 1 + count
    year, month = divmod(index, 12)
    return dt.date(year, month + 1, min(day.day, months.monthrange(year, month + 1)[1]))


def long_date(day: dt.date) -> str:
    """As in a sentence: "31 December 2017"."""
    return f"{day.day} {months.month_name[day.month]} {day.year}"


def label_of(span: DateSpan) -> str:
    """A window as a person says it, from its days alone: "March 2017", "Q1 2017", "2017", "1 to 15 March 2017"."""
    if span.start == BEGINNING:
        return f"up to {long_date(span.end)}"
    if span.start == span.end:
        return long_date(span.start)
    whole = _whole_months(span)
    if whole == 1:
        return f"{months.month_name[span.start.month]} {span.start.year}"
    if whole == 12 and span.start.month == 1:
        return str(span.start.year)
    if whole == 3 and span.start.month % 3 == 1:
        return f"Q{span.start.month // 3 + 1} {span.start.year}"
    if whole is not None:
        return f"{_month_of(span.start, span.end)} to {months.month_name[span.end.month]} {span.end.year}"
    if (span.start.year, span.start.month) == (span.end.year, span.end.month):
        return f"{span.start.day} to {long_date(span.end)}"
    if span.start.year == span.end.year:
        return f"{span.start.day} {months.month_name[span.start.month]} to {long_date(span.end)}"
    return f"{long_date(span.start)} to {long_date(span.end)}"


def _month_of(start: dt.date, end: dt.date) -> str:
    name = months.month_name[start.month]
    return name if start.year == end.year else f"{name} {start.year}"


def _whole_months(span: DateSpan) -> int | None:
    """How many complete calendar months the span is, or None."""
    after = span.end + _DAY
    if span.start.day != 1 or after.day != 1 or span.start == BEGINNING:
        return None
    return (after.year - span.start.year) * 12 + after.month - span.start.month


def _unit(window: TimeWindow) -> PeriodUnit:
    if window.unit is None:
        raise QueryUnsupported("a period needs a unit", try_instead="give unit: day, week, month, quarter or year")
    return window.unit
