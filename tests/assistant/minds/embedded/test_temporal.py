"""Time expressions: a table of phrasings, and windows that read back from every way of writing them."""

from __future__ import annotations

import calendar as months
import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.minds.embedded.temporal import TimePhrase, read_times
from assistant.minds.embedded.tokens import tokenize
from tools.core.query.calendar import Calendar
from tools.core.query.metric_query import Grain, TimeWindow
from tools.core.semantics.model import ModelSettings

AS_OF = dt.date(2024, 9, 18)
"""A Wednesday."""
CALENDAR = Calendar(ModelSettings(as_of=AS_OF), AS_OF)


def read(text: str) -> tuple[TimePhrase, ...]:
    return read_times(tokenize(text), CALENDAR)


def window(text: str) -> TimeWindow | None:
    phrases = read(text)
    assert len(phrases) == 1, phrases
    return phrases[0].window


def days(start: str, end: str | None) -> TimeWindow:
    return TimeWindow(start=dt.date.fromisoformat(start), end=dt.date.fromisoformat(end) if end else None)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("in March 2023", "2023-03-01", "2023-03-31"),
        ("in March", "2024-03-01", "2024-03-31"),
        ("in November", "2023-11-01", "2023-11-30"),
        ("Feb 2024", "2024-02-01", "2024-02-29"),
        ("on 5 May 2024", "2024-05-05", "2024-05-05"),
        ("on May 5th, 2024", "2024-05-05", "2024-05-05"),
        ("the 5th of May 2024", "2024-05-05", "2024-05-05"),
        ("2024-05-05", "2024-05-05", "2024-05-05"),
        ("5/3/2024", "2024-05-03", "2024-05-03"),
        ("2024-05", "2024-05-01", "2024-05-31"),
        ("Q2", "2024-04-01", "2024-06-30"),
        ("Q4", "2023-10-01", "2023-12-31"),
        ("the second quarter of 2023", "2023-04-01", "2023-06-30"),
        ("2023 Q1", "2023-01-01", "2023-03-31"),
        ("first half of 2023", "2023-01-01", "2023-06-30"),
        ("H2 2023", "2023-07-01", "2023-12-31"),
        ("in 2023", "2023-01-01", "2023-12-31"),
        ("from March to June 2023", "2023-03-01", "2023-06-30"),
        ("between 5 May and 3 June", "2024-05-05", "2024-06-03"),
        ("November to February 2024", "2023-11-01", "2024-02-29"),
        ("the day before yesterday", "2024-09-17", "2024-09-17"),
        ("last Friday", "2024-09-13", "2024-09-13"),
        ("the month before last", "2024-07-01", "2024-07-31"),
        ("the year before last", "2022-01-01", "2022-12-31"),
        ("the two weeks before 5 May", "2024-04-21", "2024-05-04"),
        ("the day after Christmas", "2023-12-26", "2023-12-26"),
        ("in the six weeks leading up to Christmas", "2023-11-13", "2023-12-24"),
        ("between Christmas and New Year", "2023-12-25", "2024-01-01"),
        ("from Easter to Halloween 2023", "2023-04-09", "2023-10-31"),
        ("Thanksgiving week", "2023-11-20", "2023-11-26"),
        ("the week of Black Friday 2022", "2022-11-21", "2022-11-27"),
        ("last Easter", "2024-03-31", "2024-03-31"),
        ("on 24 and 25 December", "2023-12-24", "2023-12-25"),
        ("from March 2023 to June", "2023-03-01", "2023-06-30"),
        ("from 5 to 12 March 2024", "2024-03-05", "2024-03-12"),
        ("March 5 to 12", "2024-03-05", "2024-03-12"),
        ("Jan-Mar 2024", "2024-01-01", "2024-03-31"),
        ("the week of July 4", "2024-07-01", "2024-07-07"),
        ("first week of March 2024", "2024-03-01", "2024-03-07"),
        ("last 10 days of Q2 2024", "2024-06-21", "2024-06-30"),
        ("first two months of 2024", "2024-01-01", "2024-02-29"),
        ("March last year", "2023-03-01", "2023-03-31"),
        ("yesterday", "2024-09-18", "2024-09-18"),
        ("the whole year", "2024-01-01", "2024-12-31"),
    ],
)
def test_reads_closed_windows(text: str, start: str, end: str) -> None:
    assert window(text) == days(start, end)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("since March", {"start": "2024-03-01"}),
        ("from 2023 onwards", {"start": "2023-01-01"}),
        ("after March 2024", {"start": "2024-04-01"}),
        ("before 5 May 2024", {"end": "2024-05-04"}),
        ("until the end of June 2024", {"end": "2024-06-30"}),
        ("up to June 2024", {"end": "2024-06-30"}),
        ("last month", {"period": "last", "unit": "month"}),
        ("the previous quarter", {"period": "last", "unit": "quarter"}),
        ("this year", {"period": "this", "unit": "year"}),
        ("year to date", {"period": "this", "unit": "year"}),
        ("ytd", {"period": "this", "unit": "year"}),
        ("so far this month", {"period": "this", "unit": "month"}),
        ("the last 6 weeks", {"last_n": 6, "unit": "week"}),
        ("past three months", {"last_n": 3, "unit": "month"}),
        ("the last 30 days", {"last_n": 30, "unit": "day"}),
        ("the last couple of weeks", {"last_n": 2, "unit": "week"}),
        ("last fiscal year", {"period": "last", "unit": "year", "fiscal": True}),
    ],
)
def test_reads_open_and_relative_windows(text: str, expected: dict[str, Any]) -> None:
    assert window(text) == TimeWindow.model_validate(expected)


@pytest.mark.parametrize(
    ("text", "grain"),
    [
        ("monthly", Grain.MONTH),
        ("month by month", Grain.MONTH),
        ("day of the week", Grain.DAY_OF_WEEK),
        ("weekday", Grain.DAY_OF_WEEK),
        ("hour of the day", Grain.HOUR_OF_DAY),
        ("week", Grain.WEEK),
    ],
)
def test_reads_grains(text: str, grain: Grain) -> None:
    assert [p.grain for p in read(text)] == [grain]


@pytest.mark.parametrize(
    ("text", "grain", "op", "values"),
    [
        ("on Saturdays", Grain.DAY_OF_WEEK, "in", ("Saturday",)),
        ("on Monday and Tuesday", Grain.DAY_OF_WEEK, "in", ("Monday", "Tuesday")),
        ("after 6pm", Grain.HOUR_OF_DAY, "ge", (18,)),
        ("before noon", Grain.HOUR_OF_DAY, "lt", (12,)),
        ("between 6pm and 9pm", Grain.HOUR_OF_DAY, "between", (18, 20)),
        ("in the evening", Grain.HOUR_OF_DAY, "between", (18, 22)),
    ],
)
def test_reads_recurring_parts(text: str, grain: Grain, op: str, values: tuple[object, ...]) -> None:
    part = read(text)[0].part
    assert part is not None
    assert (part.grain, part.op, part.values) == (grain, op, values)


def test_may_is_a_month_only_where_a_month_can_stand() -> None:
    assert read("how may I see it") == ()
    assert window("in may") == days("2024-05-01", "2024-05-31")


def test_numbers_that_are_no_years_stay_numbers() -> None:
    assert read("over 2000 members") == ()
    assert read("between 1000 and 2000 dollars") == ()


def test_a_window_named_again_is_the_same_window() -> None:
    first, second = read("joined in May and paid in that month")
    assert first.window == second.window


def test_says_which_year_it_took() -> None:
    assert read("in March")[0].assumed == "2024"
    assert read("in March 2024")[0].assumed == ""


WRITTEN_DAYS = (
    lambda d: d.isoformat(),
    lambda d: f"{d.day} {months.month_name[d.month]} {d.year}",
    lambda d: f"{months.month_name[d.month]} {d.day}, {d.year}",
    lambda d: f"{d.day}th of {months.month_abbr[d.month].lower()} {d.year}",
)
DAYS = st.dates(min_value=dt.date(2015, 1, 1), max_value=dt.date(2034, 12, 31))


@given(day=DAYS, write=st.sampled_from(WRITTEN_DAYS))
def test_a_day_reads_back_from_every_way_of_writing_it(day: dt.date, write: Any) -> None:
    assert window(f"income on {write(day)}") == TimeWindow(start=day, end=day)


@given(
    one=DAYS,
    other=DAYS,
    left=st.sampled_from(WRITTEN_DAYS),
    right=st.sampled_from(WRITTEN_DAYS),
    joint=st.sampled_from(["between {} and {}", "from {} to {}", "from {} until {}"]),
)
def test_a_range_reads_back_with_both_ends_included(one: dt.date, other: dt.date, left: Any, right: Any, joint: str) -> None:
    start, end = min(one, other), max(one, other)
    assert window("bookings " + joint.format(left(start), right(end))) == TimeWindow(start=start, end=end)


@given(first=st.integers(1, 12), last=st.integers(1, 12), year=st.integers(2016, 2034))
def test_a_range_of_months_may_state_its_year_once(first: int, last: int, year: int) -> None:
    read_window = window(f"from {months.month_name[first]} to {months.month_name[last]} {year}")
    start_year = year if first <= last else year - 1
    end = dt.date(year, last, months.monthrange(year, last)[1])
    assert read_window == TimeWindow(start=dt.date(start_year, first, 1), end=end)


@given(
    n=st.integers(1, 400),
    unit=st.sampled_from(["day", "week", "month", "quarter", "year"]),
    word=st.sampled_from(["last", "past", "previous"]),
)
def test_rolling_windows_read_back(n: int, unit: str, word: str) -> None:
    assert window(f"in the {word} {n} {unit}s") == TimeWindow(last_n=n, unit=unit)  # type: ignore[arg-type]


@given(st.text("0123456789 -/.,:abcdefgmnprstuvy", max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    read(text)


@pytest.mark.parametrize(
    ("text", "start"),
    [("since Easter", "2024-03-31"), ("since Black Friday", "2023-11-24"), ("since the beginning of the quarter", "2024-07-01")],
)
def test_a_day_with_a_name_opens_a_window(text: str, start: str) -> None:
    assert window(text) == days(start, None)


@pytest.mark.parametrize("text", ["on Christmas", "in the run-up to summer"])
def test_a_day_with_a_name_alone_is_left_to_the_calendar_of_the_data(text: str) -> None:
    assert read(text) == ()


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("in spring", "2024-03-01", "2024-05-31"),
        ("in the summer of 2023", "2023-06-01", "2023-08-31"),
        ("last summer", "2024-06-01", "2024-08-31"),
        ("in winter", "2023-12-01", "2024-02-29"),
        ("winter 2022", "2022-12-01", "2023-02-28"),
        ("this autumn", "2024-09-01", "2024-11-30"),
    ],
)
def test_a_season_is_three_whole_months_and_said(text: str, start: str, end: str) -> None:
    assert window(text) == days(start, end)
    assert " to " in read(text)[0].assumed


@pytest.mark.parametrize("text", ["summer dresses", "the spring sale", "sales fall", "in winter jackets"])
def test_a_season_that_names_goods_is_no_time(text: str) -> None:
    assert read(text) == ()


def test_a_season_that_the_data_has_a_name_for_is_left_to_it() -> None:
    phrases = read_times(tokenize("in spring 2023"), CALENDAR, lambda word: word == "spring")
    assert [p.window for p in phrases] == [days("2023-01-01", "2023-12-31")]
