"""The calendar convention, as a table: what is asked, on which as-of day, which days are meant."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from pydantic import ValidationError

from tools.core.contract import DateSpan
from tools.core.errors import QueryUnsupported
from tools.core.query import Calendar, TimeWindow
from tools.core.semantics.model import ModelSettings

END_OF_YEAR, MID_MARCH, END_OF_FEBRUARY = "2017-12-31", "2017-03-15", "2017-02-28"

WINDOWS: list[tuple[dict[str, Any], str, str, str]] = [
    ({"period": "last", "unit": "month"}, END_OF_YEAR, "2017-12-01", "2017-12-31"),
    ({"period": "last", "unit": "month"}, MID_MARCH, "2017-02-01", "2017-02-28"),
    ({"period": "last", "unit": "month"}, "2017-03-30", "2017-02-01", "2017-02-28"),
    ({"period": "last", "unit": "quarter"}, END_OF_YEAR, "2017-10-01", "2017-12-31"),
    ({"period": "last", "unit": "quarter"}, MID_MARCH, "2016-10-01", "2016-12-31"),
    ({"period": "last", "unit": "year"}, END_OF_YEAR, "2017-01-01", "2017-12-31"),
    ({"period": "last", "unit": "year"}, MID_MARCH, "2016-01-01", "2016-12-31"),
    ({"period": "last", "unit": "week"}, END_OF_YEAR, "2017-12-25", "2017-12-31"),
    ({"period": "last", "unit": "week"}, MID_MARCH, "2017-03-06", "2017-03-12"),
    ({"period": "last", "unit": "day"}, MID_MARCH, "2017-03-15", "2017-03-15"),
    ({"period": "this", "unit": "month"}, MID_MARCH, "2017-03-01", "2017-03-15"),
    ({"period": "this", "unit": "quarter"}, MID_MARCH, "2017-01-01", "2017-03-15"),
    ({"period": "this", "unit": "year"}, MID_MARCH, "2017-01-01", "2017-03-15"),
    ({"period": "this", "unit": "week"}, MID_MARCH, "2017-03-13", "2017-03-15"),
    ({"period": "this", "unit": "month"}, END_OF_FEBRUARY, "2017-02-01", "2017-02-28"),
    ({"period": "this", "unit": "year"}, END_OF_YEAR, "2017-01-01", "2017-12-31"),
    ({"period": "this", "unit": "day"}, MID_MARCH, "2017-03-15", "2017-03-15"),
    ({"last_n": 7, "unit": "day"}, MID_MARCH, "2017-03-09", "2017-03-15"),
    ({"last_n": 1, "unit": "day"}, MID_MARCH, "2017-03-15", "2017-03-15"),
    ({"last_n": 6, "unit": "week"}, END_OF_YEAR, "2017-11-20", "2017-12-31"),
    ({"last_n": 2, "unit": "week"}, MID_MARCH, "2017-02-27", "2017-03-12"),
    ({"last_n": 3, "unit": "month"}, END_OF_YEAR, "2017-10-01", "2017-12-31"),
    ({"last_n": 3, "unit": "month"}, MID_MARCH, "2016-12-01", "2017-02-28"),
    ({"last_n": 2, "unit": "quarter"}, MID_MARCH, "2016-07-01", "2016-12-31"),
    ({"last_n": 2, "unit": "year"}, END_OF_YEAR, "2016-01-01", "2017-12-31"),
    ({"period": "last", "unit": "month", "to_date": True}, MID_MARCH, "2017-02-01", "2017-02-15"),
    ({"period": "last", "unit": "month", "to_date": True}, "2017-03-30", "2017-02-01", "2017-02-28"),
    ({"period": "last", "unit": "year", "to_date": True}, MID_MARCH, "2016-01-01", "2016-03-14"),
    ({"start": "2017-03-01", "end": "2017-03-31"}, END_OF_YEAR, "2017-03-01", "2017-03-31"),
    ({"start": "2017-03-01"}, END_OF_YEAR, "2017-03-01", "2017-12-31"),
    ({"end": "2017-03-31"}, END_OF_YEAR, "0001-01-01", "2017-03-31"),
    ({"start": "2017-12-20", "end": "2018-01-10"}, END_OF_YEAR, "2017-12-20", "2017-12-31"),
    ({"start": "2018-02-01", "end": "2018-02-28"}, END_OF_YEAR, "2018-02-01", "2018-02-28"),
]


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def calendar(as_of: str, **settings: Any) -> Calendar:
    return Calendar(ModelSettings(**settings), day(as_of))


@pytest.mark.parametrize(("window", "as_of", "start", "end"), WINDOWS)
def test_a_window_means_exactly_these_days(window: dict[str, Any], as_of: str, start: str, end: str) -> None:
    span = calendar(as_of).resolve(TimeWindow.model_validate(window))
    assert (span.start, span.end) == (day(start), day(end))


def test_today_is_the_day_after_the_last_complete_one() -> None:
    assert calendar(END_OF_YEAR).today == dt.date(2018, 1, 1)


@pytest.mark.parametrize("unit", ["day", "week", "month", "quarter", "year"])
def test_a_period_that_today_opens_falls_back_to_that_of_the_last_day_and_says_so(unit: str) -> None:
    opens = {"week": "2017-12-31"}.get(unit, END_OF_YEAR)
    span = calendar(opens).resolve(TimeWindow.model_validate({"period": "this", "unit": unit}))
    assert span.end == day(opens)
    assert f"no day of this {unit} is in the data yet" in span.note


def test_a_window_past_the_data_says_where_the_data_ends() -> None:
    span = calendar(END_OF_YEAR).resolve(TimeWindow(start=day("2017-12-20"), end=day("2018-01-10")))
    assert span.note == "the data ends on 31 December 2017"


def test_a_window_before_the_data_says_where_it_starts() -> None:
    span = calendar(END_OF_YEAR, data_start=day("2017-01-01")).resolve(TimeWindow(start=day("2016-12-01"), end=day("2017-01-31")))
    assert span.note == "the data starts on 1 January 2017"


@pytest.mark.parametrize(
    ("window", "as_of", "start", "end"),
    [
        ({"period": "last", "unit": "year", "fiscal": True}, MID_MARCH, "2015-07-01", "2016-06-30"),
        ({"period": "this", "unit": "year", "fiscal": True}, MID_MARCH, "2016-07-01", "2017-03-15"),
        ({"period": "last", "unit": "quarter", "fiscal": True}, "2017-05-15", "2017-01-01", "2017-03-31"),
        ({"last_n": 2, "unit": "year", "fiscal": True}, "2017-08-15", "2015-07-01", "2017-06-30"),
    ],
)
def test_fiscal_years_start_in_the_month_of_the_settings(window: dict[str, Any], as_of: str, start: str, end: str) -> None:
    span = calendar(as_of, fiscal_year_start_month=7).resolve(TimeWindow.model_validate(window))
    assert (span.start, span.end) == (day(start), day(end))


def test_weeks_start_on_sunday_when_the_settings_say_so() -> None:
    span = calendar(MID_MARCH, week_starts_on="sunday").resolve(TimeWindow(period="last", unit="week"))
    assert (span.start, span.end) == (day("2017-03-05"), day("2017-03-11"))


@pytest.mark.parametrize(
    ("window", "as_of", "start", "end"),
    [
        ({"start": "2017-03-01", "end": "2017-03-31"}, END_OF_YEAR, "2017-02-01", "2017-02-28"),
        ({"start": "2017-01-01", "end": "2017-03-31"}, END_OF_YEAR, "2016-10-01", "2016-12-31"),
        ({"start": "2017-03-10", "end": "2017-03-19"}, END_OF_YEAR, "2017-02-28", "2017-03-09"),
        ({"period": "this", "unit": "month"}, MID_MARCH, "2017-02-01", "2017-02-15"),
        ({"period": "this", "unit": "year"}, MID_MARCH, "2016-01-01", "2016-03-14"),
        ({"period": "this", "unit": "week"}, MID_MARCH, "2017-03-06", "2017-03-08"),
        ({"last_n": 6, "unit": "week"}, END_OF_YEAR, "2017-10-09", "2017-11-19"),
        ({"last_n": 30, "unit": "day"}, MID_MARCH, "2017-01-15", "2017-02-13"),
    ],
)
def test_the_period_before_has_equal_length_or_equal_calendar_units(window: dict[str, Any], as_of: str, start: str, end: str) -> None:
    held = calendar(as_of)
    before = held.previous(held.resolve(TimeWindow.model_validate(window)))
    assert (before.start, before.end) == (day(start), day(end))


@pytest.mark.parametrize(
    ("window", "start", "end"),
    [
        ({"start": "2017-03-01", "end": "2017-03-31"}, "2016-03-01", "2016-03-31"),
        ({"start": "2017-02-01", "end": "2017-02-28"}, "2016-02-01", "2016-02-29"),
        ({"start": "2016-02-29", "end": "2016-02-29"}, "2015-02-28", "2015-02-28"),
        ({"period": "last", "unit": "week"}, "2016-12-26", "2017-01-01"),
    ],
)
def test_the_same_period_last_year_keeps_months_whole_and_weekdays_in_place(window: dict[str, Any], start: str, end: str) -> None:
    held = calendar(END_OF_YEAR)
    earlier = held.same_period_last_year(held.resolve(TimeWindow.model_validate(window)))
    assert (earlier.start, earlier.end) == (day(start), day(end))


def test_a_plain_span_of_days_can_be_moved_too() -> None:
    held = calendar(END_OF_YEAR)
    before = held.previous(DateSpan(start=day("2017-03-01"), end=day("2017-03-31")))
    assert before.label == "February 2017"


@pytest.mark.parametrize(
    ("start", "end", "label"),
    [
        ("2017-03-01", "2017-03-31", "March 2017"),
        ("2017-01-01", "2017-03-31", "Q1 2017"),
        ("2017-01-01", "2017-12-31", "2017"),
        ("2016-11-01", "2017-02-28", "November 2016 to February 2017"),
        ("2017-02-01", "2017-03-31", "February to March 2017"),
        ("2017-03-05", "2017-03-05", "5 March 2017"),
        ("2017-03-05", "2017-03-09", "5 to 9 March 2017"),
        ("2017-03-05", "2017-04-09", "5 March to 9 April 2017"),
        ("2016-12-30", "2017-01-02", "30 December 2016 to 2 January 2017"),
    ],
)
def test_a_window_is_named_by_its_days_alone(start: str, end: str, label: str) -> None:
    assert calendar(END_OF_YEAR).resolve(TimeWindow(start=day(start), end=day(end))).label == label


def test_relative_windows_need_a_last_day_of_the_data() -> None:
    with pytest.raises(QueryUnsupported, match="where its data ends"):
        Calendar(ModelSettings(), None).resolve(TimeWindow(period="last", unit="month"))


def test_a_window_has_exactly_one_form() -> None:
    with pytest.raises(ValidationError):
        TimeWindow.model_validate({"period": "last", "last_n": 3, "unit": "month"})


@pytest.mark.parametrize(
    "window", [{"last_n": 4000, "unit": "year"}, {"start": "9999-12-31", "end": "9999-12-31"}, {"start": "0001-01-02", "end": "9999-12-31"}]
)
def test_a_window_beyond_the_calendar_is_refused(window: dict[str, Any]) -> None:
    held = calendar(END_OF_YEAR)
    with pytest.raises(QueryUnsupported):
        held.previous(held.resolve(TimeWindow.model_validate(window)))


def test_a_window_without_a_start_has_no_period_before_it() -> None:
    held = calendar(END_OF_YEAR)
    for before in (held.previous, held.same_period_last_year):
        with pytest.raises(QueryUnsupported, match="nothing before it"):
            before(held.resolve(TimeWindow(end=day("2017-08-01"))))
