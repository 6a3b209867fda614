"""Points in time as people name them: a day, a month, a quarter, "last week"; with or without the year."""

from __future__ import annotations

import calendar as months
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace

from assistant.minds.embedded import temporal_words as words
from assistant.minds.embedded.numbers import read_number
from assistant.minds.embedded.occasions import occasion_at
from assistant.minds.embedded.spans import Point, PointSpan, PointSpans
from assistant.minds.embedded.tokens import Token
from assistant.minds.embedded.wordlists import grammar_words, shape_words, word_set
from tools.core.query.calendar import Calendar, add_months
from tools.core.query.metric_query import PeriodUnit, TimeWindow

_DAY = dt.timedelta(days=1)
_YEARS_AROUND = 12
"""Bare four-digit numbers count as years only this near to the data."""
_UNITS: tuple[PeriodUnit, ...] = ("day", "week", "month", "quarter", "year")
_ONE_WEEKDAY = frozenset(day.lower() for day in words.WEEKDAYS)
_NO_YEAR_BEFORE = frozenset({"dollars", "dollar", "euros", "usd", "eur", "pounds", "bucks", "%", "percent", "units", "times", "or"})
_MAY_BEFORE = (
    words.IN
    | words.TO
    | words.LAST
    | words.THIS
    | word_set("since until before after between and vs versus by or than early mid late through compared with ,")
)


class PointReader(PointSpans):
    """Reads points from tokens and gives them days."""

    def __init__(self, tokens: Sequence[Token], calendar: Calendar, is_stored: Callable[[str], bool] = lambda _: False) -> None:
        """
        Args:
            is_stored: Whether a word is a value of the data, so that a season of that name is meant by the data's own calendar.
        """
        super().__init__(calendar)
        self._tokens = tokens
        self._is_stored = is_stored

    def _word(self, at: int) -> str:
        return self._tokens[at].text if 0 <= at < len(self._tokens) and not self._tokens[at].quoted else ""

    def _joined(self, at: int) -> bool:
        return 0 <= at < len(self._tokens) and self._tokens[at].joined

    def read(self, at: int) -> Point | None:
        """The longest point that begins at `at`."""
        for form in (
            self._iso,
            self._part_of,
            self._beside,
            self._placed,
            self._last_weekday,
            self._season,
            self._relative,
            self._year_ending,
            self._week_of,
            self._quarter,
            self._month_first,
            self._day_first,
            self._year_only,
        ):
            point = form(at)
            if point is not None:
                return point
        return None

    def read_anchor(self, at: int) -> Point | None:
        """A point that bounds or places a window: also a day with a name ("since Easter"), which by itself is the calendar's own value."""
        return self.read(at) or self._occasion(at)

    def _occasion(self, at: int) -> Point | None:
        """Christmas; last Easter; Black Friday 2025"""
        begin = at + (self._word(at) in ("last", "this", "past"))
        found = occasion_at(self._word, begin)
        if found is None:
            return None
        rule, end = found
        if self._word(end) == "week":
            return self._trailing_year(Point(occasion=rule, end=end + 1, unit="week", week_of=True))
        return self._trailing_year(Point(occasion=rule, end=end, unit="day"))

    def _placed(self, at: int) -> Point | None:
        """last Christmas; Thanksgiving week"""
        point = self._occasion(at)
        return point if point is not None and (point.week_of or self._word(at) in ("last", "this", "past")) else None

    def _beside(self, at: int) -> Point | None:
        """the six weeks before Christmas; the day after 5 May; the day before yesterday; the year before last"""
        number = read_number(self._tokens, at)
        count, after = (int(number.value), number.end) if number is not None else (1, at)
        unit = next((u for u in _UNITS if u == words.UNITS.get(self._word(after))), None)
        side = self._word(after + 1)
        if unit is None or side not in ("before", "after", "following", "preceding", "prior", "leading") or not 1 <= count <= 400:
            return None
        begin = after + 2
        while self._word(begin) in ("to", "up", "the"):
            begin += 1
        if self._word(begin) == "last" and side == "before" and number is None and words.UNITS.get(self._word(begin + 1)) is None:
            start = self._calendar.period_after(self._calendar.period_start(self._calendar.today, unit), unit, -2)
            window = TimeWindow(start=start, end=self._calendar.period_after(start, unit) - _DAY)
            return Point(window=window, end=begin + 1, unit=unit)
        anchor = self.read_anchor(begin)
        if anchor is None or anchor.unit not in ("day", "week", "month"):
            return None
        span = self.span(anchor)
        earlier = side in ("before", "preceding", "prior", "leading")
        edge = (
            self._calendar.period_after(span.start, unit, -count) if earlier else self._calendar.period_after(span.end + _DAY, unit, count)
        )
        window = TimeWindow(start=edge, end=span.start - _DAY) if earlier else TimeWindow(start=span.end + _DAY, end=edge - _DAY)
        return Point(window=window, end=anchor.end, unit=unit if count == 1 else None)

    def _season(self, at: int) -> Point | None:
        """in spring; last summer; winter 2025; the autumn months: three whole months, by the convention of the northern weather services"""
        relative = self._word(at) if self._word(at) in words.LAST | words.THIS else ""
        begin = at + bool(relative)
        first = words.SEASONS.get(self._word(begin))
        if first is None or self._is_stored(self._word(begin)):
            return None
        after = begin + 1 + (self._word(begin + 1) in ("months", "season"))
        point = self._trailing_year(Point(season=first, end=after, unit="season", running=relative in words.THIS))
        before = self._word(at - 1)
        led = before in words.IN | words.VERSUS | words.SEASON_AFTER or relative
        following = self._word(point.end)
        alone = not following.isalpha() or following in grammar_words() | shape_words()
        return point if (led or point.year is not None) and (alone or relative) else None

    def _last_weekday(self, at: int) -> Point | None:
        """last Friday: the one before today"""
        if self._word(at) not in ("last", "past") or self._word(at + 1) not in _ONE_WEEKDAY or self._word(at + 2) in ("in", "of", "before"):
            return None
        back = (self._calendar.today.weekday() - words.WEEKDAYS.index(words.WEEKDAY_OF[self._word(at + 1)])) % 7 or 7
        day = self._calendar.today - back * _DAY
        return Point(window=TimeWindow(start=day, end=day), end=at + 2, unit="day")

    # -- absolute -------------------------------------------------------------------------------

    def _year(self, at: int) -> int | None:
        word = self._word(at)
        if len(word) != 4 or not word.isdigit() or self._word(at + 1) in _NO_YEAR_BEFORE:
            return None
        return int(word) if abs(int(word) - self._calendar.as_of.year) <= _YEARS_AROUND else None

    def _trailing_year(self, point: Point) -> Point:
        """March [of] 2017; Q2, 2017; March last year; '17 is not read."""
        at = point.end
        while self._word(at) in (",", "of", "in", "the"):
            at += 1
        year = self._year(at)
        if year is not None:
            return replace(point, year=year, end=at + 1)
        if self._word(at) in ("last", "previous", "this", "current") and self._word(at + 1) == "year":
            this_year = self._calendar.period_start(self._calendar.today - _DAY, "year").year
            if self._calendar.today.year != this_year and self._word(at) in words.THIS:
                return replace(point, year=this_year, end=at + 2)
            offset = 1 if self._word(at) in words.LAST else 0
            return replace(point, year=self._calendar.today.year - offset, end=at + 2)
        return point

    def _iso(self, at: int) -> Point | None:
        """2017-03-05, 2017-03, 3/5/2017, 2017 Q2"""
        year = self._year(at)
        first, second, third = self._word(at), self._word(at + 1), self._word(at + 2)
        if year is not None and second.isdigit() and len(second) == 2 and self._joined(at + 1) and 1 <= int(second) <= 12:
            if third.isdigit() and self._joined(at + 2) and 1 <= int(third) <= months.monthrange(year, int(second))[1]:
                return Point(year=year, month=int(second), day=int(third), end=at + 3, unit="day")
            return Point(year=year, month=int(second), end=at + 2, unit="month")
        if first.isdigit() and second.isdigit() and self._joined(at + 1) and self._joined(at + 2) and self._year(at + 2):
            one, two, year = int(first), int(second), int(third)
            month, day = (one, two) if one <= 12 else (two, one)
            if 1 <= month <= 12 and 1 <= day <= months.monthrange(year, month)[1]:
                return Point(year=year, month=month, day=day, end=at + 3, unit="day")
        if year is not None:
            quarter = self._quarter(at + 1)
            if quarter is not None and quarter.year is None:
                return replace(quarter, year=year)
        return None

    def _is_month(self, at: int) -> bool:
        word = self._word(at)
        if word not in words.MONTHS:
            return False
        if word not in ("may", "mar", "march", "sep", "dec"):
            return True
        following = self._word(at + 1)
        raw = self._tokens[at].raw
        return word != "may" or self._word(at - 1) in _MAY_BEFORE or following[:1].isdigit() or (raw == "May" and at > 0)

    def _day_number(self, at: int) -> int | None:
        number = read_number(self._tokens, at) if self._word(at)[:1].isdigit() else None
        if number is None or number.unit not in (None, "ordinal") or not 1 <= number.value <= 31 or number.end != at + 1:
            return None
        return int(number.value)

    def _month_first(self, at: int) -> Point | None:
        """March; March 5th, 2017; Mar 2017"""
        if not self._is_month(at):
            return None
        month = words.MONTHS[self._word(at)]
        after = at + 1 + (1 if self._word(at + 1) == "the" else 0)
        day = self._day_number(after)
        if day is not None and self._year(after) is None:
            return self._trailing_year(Point(month=month, day=day, end=after + 1, unit="day"))
        return self._trailing_year(Point(month=month, end=at + 1, unit="month"))

    def _day_first(self, at: int) -> Point | None:
        """5 March 2017; the 5th of March"""
        day = self._day_number(at)
        if day is None:
            return None
        after = at + 1
        while self._word(after) in ("of", "day"):
            after += 1
        if not self._is_month(after):
            return None
        return self._trailing_year(Point(month=words.MONTHS[self._word(after)], day=day, end=after + 1, unit="day"))

    def _quarter(self, at: int) -> Point | None:
        """Q2; second quarter [of 2017]; quarter 2; H1; first half"""
        word, following = self._word(at), self._word(at + 1)
        if len(word) == 2 and word[0] in "qh" and word[1] in "1234":
            number = int(word[1])
            if word[0] == "q":
                return self._trailing_year(Point(quarter=number, end=at + 1, unit="quarter"))
            return self._trailing_year(Point(half=number, end=at + 1, unit="half")) if number <= 2 else None
        ordinal = words.ORDINALS.get(word)
        if ordinal is not None and following in ("and", "vs", "versus", "or", "to", ",") and self._elliptic_quarter(at + 2):
            return Point(quarter=ordinal, end=at + 1, unit="quarter")
        if ordinal is not None and following in ("fiscal", "calendar", "financial") and self._word(at + 2) in ("quarter", "half"):
            ahead = self._quarter_after_adjective(at, ordinal)
            if ahead is not None:
                return ahead
        if ordinal is not None and following in ("quarter", "qtr"):
            return self._of_the_year(self._trailing_year(Point(quarter=ordinal, end=at + 2, unit="quarter")))
        if word in ("quarter", "qtr") and following in ("1", "2", "3", "4", "one", "two", "three", "four"):
            said = read_number(self._tokens, at + 1)
            return self._trailing_year(Point(quarter=int(said.value), end=at + 2, unit="quarter")) if said else None
        if ordinal is not None and ordinal <= 2 and following == "half":
            return self._half(Point(half=ordinal, end=at + 2, unit="half"))
        return None

    def _quarter_after_adjective(self, at: int, ordinal: int) -> Point | None:
        """ "the second fiscal quarter of 2017", where the fiscal year is the calendar year."""
        if self._calendar.period_start(self._calendar.as_of, "year", fiscal=True).month != 1 and self._word(at + 1) != "calendar":
            return None
        if self._word(at + 2) == "half":
            return self._half(Point(half=ordinal, end=at + 3, unit="half"))
        return self._of_the_year(self._trailing_year(Point(quarter=ordinal, end=at + 3, unit="quarter")))

    def _elliptic_quarter(self, at: int) -> bool:
        """ "the first and the fourth quarter": the noun comes once, at the end."""
        at += self._word(at) == "the"
        return self._word(at) in words.ORDINALS and self._word(at + 1) in ("quarter", "quarters", "qtr")

    def _half(self, point: Point) -> Point:
        """The half of a year, or of the month or quarter that follows ("first half of March")."""
        at = point.end + (1 if self._word(point.end) == "of" else 0)
        at += self._word(at) == "the"
        month = self._month_first(at) or (self._relative(at) if at > point.end else None)
        if month is not None and month.day is None and month.unit in ("month", "quarter"):
            return replace(month, head=(1 if point.half == 1 else -1, "half"), unit=None)
        return self._of_the_year(self._trailing_year(point))

    def _of_the_year(self, point: Point) -> Point:
        at = point.end
        for phrase in (("of", "the", "year"), ("of", "the", "calendar", "year")):
            if all(self._word(at + k) == w for k, w in enumerate(phrase)):
                return replace(point, end=at + len(phrase))
        return point

    def _year_only(self, at: int) -> Point | None:
        before = self._word(at - 1)
        glued = self._word(at)
        if glued[:2] in ("fy", "cy") and glued[2:].isdigit() and len(glued) == 6:
            return Point(year=int(glued[2:]), end=at + 1, unit="year")
        at += self._word(at) in ("year", "fy", "cy")
        year = self._year(at)
        if year is None or before in ("over", "than", "least", "top", "under", "above", "below", "first", "number", "exactly"):
            return None
        return Point(year=year, end=at + 1, unit="year")

    def _year_ending(self, at: int) -> Point | None:
        """the year ended 31 December 2024"""
        if self._word(at) != "year" or self._word(at + 1) not in ("ended", "ending"):
            return None
        day = self._day_first(at + 2) or self._month_first(at + 2) or self._iso(at + 2)
        if day is None or day.unit != "day":
            return None
        end = self.span(day).end
        start = add_months(end + _DAY, -12)
        return Point(window=TimeWindow(start=start, end=end), end=day.end, unit="year")

    def _week_of(self, at: int) -> Point | None:
        """week of July 4; week starting 3 July; week 27 [of 2017]"""
        if self._word(at) != "week":
            return None
        after = at + 1
        number = read_number(self._tokens, after) if self._word(after).isdigit() else None
        if number is not None and 1 <= number.value <= 53:
            return self._trailing_year(Point(week=int(number.value), end=number.end, unit="week"))
        if self._word(after) not in ("of", "starting", "beginning", "commencing", "containing", "from", "with", "including", "ending"):
            return None
        after += 1
        while self._word(after) in ("the", "on", "in", "with"):
            after += 1
        point = self._month_first(after) or self._day_first(after) or self._iso(after) or self._occasion(after)
        if point is None or (point.day is None and point.occasion is None):
            return None
        return replace(point, week_of=True, unit="week")

    def _part_of(self, at: int) -> Point | None:
        """first week of March; last 10 days of Q2; first two months of 2017"""
        word = self._word(at)
        sign = 1 if word in ("first", "opening") else -1 if word in ("last", "final", "closing") else 0
        if not sign:
            return None
        number = read_number(self._tokens, at + 1)
        count, after = (int(number.value), number.end) if number else (1, at + 1)
        unit = words.UNITS.get(self._word(after))
        if unit is None:
            return None
        if self._word(after + 1) != "of":
            several = number is not None and word == "first" and unit in ("month", "quarter")
            return self._trailing_year(Point(head=(count, unit), end=after + 1)) if several else None
        after += 2 + (self._word(after + 2) == "the")
        whole = self._quarter(after) or self._month_first(after) or self._year_only(after) or self._relative(after)
        if whole is None or whole.day is not None or (whole.window is not None and whole.window.period is None):
            return None
        return replace(whole, head=(sign * count, unit), unit=None)

    # -- relative to today ----------------------------------------------------------------------

    def _relative(self, at: int) -> Point | None:
        word = self._word(at)
        today = self._calendar.today
        whole_year = self._whole_year(at)
        if whole_year is not None:
            return whole_year
        if word in ("today", "yesterday"):
            day = today if word == "today" else today - _DAY
            return Point(window=TimeWindow(start=day, end=day), end=at + 1, unit="day")
        to_date = self._to_date(at)
        if to_date is not None:
            return to_date
        if word in words.LAST:
            return self._last(at)
        if word in words.THIS:
            after = at + 1
            while self._word(after) in words.WHOLE:
                after += 1
            unit, fiscal, end = self._calendar_unit(after)
            if unit is not None:
                end += 2 if (self._word(end), self._word(end + 1)) == ("so", "far") else 0
                return Point(window=TimeWindow(period="this", unit=unit, fiscal=fiscal), end=end, unit=unit)
            if self._is_month(at + 1):
                return self._month_first(at + 1)
        return self._rolling_after(at)

    def _whole_year(self, at: int) -> Point | None:
        """the whole year; all year: the year that the data ends in"""
        if (self._word(at) in ("whole", "entire", "full", "all") and self._word(at + 1) == "year") or (
            self._word(at) in ("during", "over", "across", "throughout") and (self._word(at + 1), self._word(at + 2)) == ("the", "year")
        ):
            end = at + (3 if self._word(at + 1) == "the" else 2)
            return self._trailing_year(Point(year=None, end=end, unit="year"))
        return None

    def _calendar_unit(self, at: int) -> tuple[PeriodUnit | None, bool, int]:
        fiscal = self._word(at) in ("fiscal", "financial")
        at += fiscal
        unit = words.UNITS.get(self._word(at))
        return unit, fiscal, at + 1  # type: ignore[return-value]

    def _last(self, at: int) -> Point | None:
        """last month; the past 6 weeks; last March"""
        after = at + 1
        while self._word(after) in words.WHOLE | words.LAST | {"of"}:
            after += 1
        number = read_number(self._tokens, after)
        couple = self._word(after) == "couple" and self._word(after + 1) == "of"
        if number is not None or couple:
            count, end = (int(number.value), number.end) if number else (2, after + 2)
            while self._word(end) in words.WHOLE:
                end += 1
            unit, fiscal, end = self._calendar_unit(end)
            if unit is None or not 1 <= count <= 4000:
                return None
            return Point(window=TimeWindow(last_n=count, unit=unit, fiscal=fiscal), end=end, unit=None)
        if self._word(after) == "fortnight":
            return Point(window=TimeWindow(last_n=14, unit="day"), end=after + 1, unit=None)
        unit, fiscal, end = self._calendar_unit(after)
        if unit is not None and self._word(end - 1) in (unit, "yr", "wk", "mth", "qtr"):
            if unit == "day":
                return Point(window=TimeWindow(last_n=1, unit="day"), end=end, unit="day")
            return Point(window=TimeWindow(period="last", unit=unit, fiscal=fiscal), end=end, unit=unit)
        if self._is_month(at + 1) and self._word(at) in ("last", "previous", "past"):
            return self._month_first(at + 1)
        return None

    def _rolling_after(self, at: int) -> Point | None:
        """6 weeks ago is not a window; "the 6 weeks before" neither: nothing yet but "N most recent months"."""
        number = read_number(self._tokens, at)
        if number is None or number.unit is not None:
            return None
        after = number.end
        if self._word(after) == "most":
            after += 1
        if self._word(after) not in words.LAST:
            return None
        unit, fiscal, end = self._calendar_unit(after + 1)
        if unit is None or not 1 <= number.value <= 4000:
            return None
        return Point(window=TimeWindow(last_n=int(number.value), unit=unit, fiscal=fiscal), end=end, unit=None)

    def _to_date(self, at: int) -> Point | None:
        """year to date; ytd; so far this year"""
        word = self._word(at)
        abbreviations: dict[str, PeriodUnit] = {"ytd": "year", "mtd": "month", "qtd": "quarter", "wtd": "week"}
        if word in abbreviations:
            return Point(window=TimeWindow(period="this", unit=abbreviations[word]), end=at + 1, unit=abbreviations[word])
        unit, fiscal, end = self._calendar_unit(at)
        if unit is not None and (self._word(end), self._word(end + 1)) in (("to", "date"), ("so", "far")):
            return Point(window=TimeWindow(period="this", unit=unit, fiscal=fiscal), end=end + 2, unit=unit)
        if (word, self._word(at + 1), self._word(at + 2)) == ("so", "far", "this"):
            unit, fiscal, end = self._calendar_unit(at + 3)
            if unit is not None:
                return Point(window=TimeWindow(period="this", unit=unit, fiscal=fiscal), end=end, unit=unit)
        return None

    # -- ends of ranges -------------------------------------------------------------------------

    def read_bare_day(self, at: int) -> Point | None:
        """The 5 of "5 to 12 March": only a day number."""
        day = self._day_number(at)
        return Point(bare_day=day, end=at + 1) if day is not None else None

    def read_day_after(self, at: int, left: Point) -> Point | None:
        """The 12 of "March 5 to 12": a day of the month that `left` named."""
        day = self._day_number(at)
        if day is None or left.day is None or left.month is None:
            return None
        return self._trailing_year(Point(month=left.month, day=day, end=at + 1, unit="day", year=left.year))


__all__ = ["Point", "PointReader", "PointSpan"]
