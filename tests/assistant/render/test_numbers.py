"""Tables of (value, text): how every figure reads, on every surface."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.render import numbers
from tools.core.contract import Column, DateSpan

MONEY = Column(name="revenue", type="number", unit="USD", role="metric", label="revenue", format="money")
RATE = Column(name="rate", type="number", unit="share", role="metric", label="redemption rate", format="rate")
COUNT = Column(name="visits", type="integer", unit="visits", role="metric", label="visits")
NUMBER = Column(name="ratio", type="number", role="metric", label="units per visit")
DAYS = Column(name="gap", type="number", unit="days", role="metric", label="time between visits", format="duration")
LISTED_CHANCE = Column(name="churn_probability", type="number", unit="share", role="dimension", label="churn probability")
LISTED_VALUE = Column(name="clv", type="number", unit="EUR", role="dimension", label="lifetime value")
LISTED_ORDERS = Column(name="expected_orders", type="number", unit="orders", role="dimension", label="expected orders")
STORE = Column(name="store", type="integer", label="store")
GROWTH = Column(name="growth", type="number", role="change_rate", label="change", format="rate")
MORE = Column(name="more", type="number", unit="USD", role="change", label="change", format="money")


@pytest.mark.parametrize(
    ("value", "column", "text"),
    [
        (1234.5, MONEY, "$1,234.50"),
        (4594621.27, MONEY, "$4,594,621.27"),
        (0, MONEY, "$0.00"),
        (-3, MONEY, "-$3.00"),
        (0.004, MONEY, "$0.004"),
        (2.675, MONEY, "$2.68"),
        (0.1234, RATE, "12.3%"),
        (0.0004, RATE, "0.04%"),
        (0.9996, RATE, "99.96%"),
        (0, RATE, "0%"),
        (1, RATE, "100%"),
        (1.5, RATE, "150.0%"),
        (25.5, RATE, "2,550.0%"),
        (1e-13, RATE, "<0.00000001%"),
        (1 - 1e-13, RATE, "<100%"),
        (1234567, COUNT, "1,234,567"),
        (1234567.0, COUNT, "1,234,567"),
        (2.0, NUMBER, "2"),
        (12.345, NUMBER, "12.35"),
        (0.00012345, NUMBER, "0.00012"),
        (1e-12, NUMBER, "1.0e-12"),
        (-0.5, NUMBER, "-0.50"),
        (12.34, DAYS, "12.3 days"),
        (1, DAYS, "1 day"),
        (367, STORE, "367"),
        (2017, STORE, "2017"),
        (0.959211087978, LISTED_CHANCE, "95.9%"),
        (1234.56789, LISTED_VALUE, "€1,234.57"),
        (12, LISTED_ORDERS, "12"),
        (1.259, LISTED_ORDERS, "1.26"),
        (0.123, GROWTH, "+12.3%"),
        (-0.123, GROWTH, "-12.3%"),
        (0, GROWTH, "0%"),
        (12, MORE, "+$12.00"),
        (-12, MORE, "-$12.00"),
        (None, MONEY, "n/a"),
        (math.nan, RATE, "n/a"),
        (math.inf, RATE, "n/a"),
        (None, STORE, "Unknown"),
        (None, Column(name="age", type="string", null_label="Not surveyed"), "Not surveyed"),
        (True, Column(name="is_member", type="boolean"), "Yes"),
        ("GROCERY", Column(name="department", type="string"), "GROCERY"),
    ],
)
def test_a_cell_reads(value, column, text):
    assert numbers.format_cell(value, column) == text


@pytest.mark.parametrize(
    ("value", "column", "text"),
    [
        (4594621.27, MONEY, "$4.59M"),
        (999_950, MONEY, "$1M"),
        (1_200_000_000, MONEY, "$1.2B"),
        (12_345, COUNT, "12.3K"),
        (9_999, COUNT, "9,999"),
        (1234.5, MONEY, "$1,235"),
        (999.9, MONEY, "$999.90"),
        (500, MONEY, "$500"),
        (12.3, MONEY, "$12.30"),
        (12.345, NUMBER, "12.3"),
        (0.004512, NUMBER, "0.00451"),
        (0, COUNT, "0"),
        (-250_000, MONEY, "-$250K"),
        (0.1234, RATE, "12.3%"),
        (12.34, DAYS, "12.3 d"),
    ],
)
def test_a_compact_cell_reads(value, column, text):
    assert numbers.format_cell(value, column, compact=True) == text


@pytest.mark.parametrize(
    ("value", "grain", "text"),
    [
        (dt.date(2017, 7, 3), None, "3 Jul 2017"),
        (dt.date(2017, 7, 3), "day", "3 Jul 2017"),
        (dt.date(2017, 7, 3), "week", "week of 3 Jul 2017"),
        (dt.date(2017, 3, 1), "month", "Mar 2017"),
        (dt.date(2017, 4, 1), "quarter", "Q2 2017"),
        (dt.date(2017, 1, 1), "year", "2017"),
        (dt.datetime(2017, 7, 3, 14, 0), "hour", "3 Jul 2017, 14:00"),
        (dt.datetime(2017, 7, 3, 14, 5), None, "3 Jul 2017, 14:05"),
        (dt.datetime(2017, 3, 1), "month", "Mar 2017"),
    ],
)
def test_a_date_says_the_period_it_starts(value, grain, text):
    assert numbers.format_cell(value, Column(name="d", type="date", format="date", grain=grain)) == text


@pytest.mark.parametrize(
    ("value", "grain", "text"),
    [
        (9, "hour_of_day", "09:00"),
        (1, "day_of_week", "Monday"),
        (12, "month_of_year", "December"),
        (2, "quarter_of_year", "Q2"),
        (7, "week_of_year", "week 7"),
        (31, "day_of_month", "31"),
        ("Monday", "day_of_week", "Monday"),
    ],
)
def test_a_recurring_part_of_a_date_has_its_name(value, grain, text):
    assert numbers.format_cell(value, Column(name="d", type="integer", grain=grain)) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (45, "seconds", "45 seconds"),
        (125, "seconds", "2 min 5 s"),
        (3725, "second", "1 h 2 min"),
        (90, "minutes", "1 h 30 min"),
        (1.5, "hours", "1.5 hours"),
        (0.04, "days", "0.04 days"),
        (0, "days", "0 days"),
        (-2, "weeks", "-2 weeks"),
    ],
)
def test_a_duration_reads(value, unit, text):
    assert numbers.format_duration(value, unit) == text


def test_a_difference_of_rates_is_in_percentage_points():
    column = Column(name="c", type="number", role="change", format="rate")
    assert numbers.format_cell(0.012, column) == "+1.2\u00a0pp"
    assert numbers.format_cell(-0.0001, column) == "-0.01\u00a0pp"


def test_other_currencies_keep_their_code_or_sign():
    assert numbers.format_money(12, "CHF") == "CHF\u00a012.00"
    assert numbers.format_money(1234, "JPY") == "¥1,234"
    assert numbers.format_money(-3.5, "EUR") == "-€3.50"


def test_a_unit_follows_a_count_in_a_sentence_and_stands_in_the_heading_of_a_table():
    baskets = Column(name="n", type="integer", unit="baskets", role="metric", label="visits")
    assert numbers.format_cell(1234, baskets, with_unit=True) == "1,234 baskets"
    assert numbers.format_cell(1, baskets, with_unit=True) == "1 basket"
    assert numbers.format_cell(1, Column(name="c", type="integer", unit="categories", role="metric"), with_unit=True) == "1 category"
    assert numbers.heading(baskets) == "Visits (baskets)"
    assert numbers.heading(COUNT) == "Visits"
    assert numbers.heading(MONEY) == "Revenue"
    assert numbers.heading(Column(name="ship_date", type="date")) == "Ship date"


def test_a_span_names_both_ends_or_the_one_day():
    march = DateSpan(start=dt.date(2017, 3, 1), end=dt.date(2017, 3, 31), label="March 2017")
    assert numbers.format_span(march) == "1 Mar 2017 to 31 Mar 2017"
    assert numbers.format_span(DateSpan(start=march.start, end=march.start)) == "1 Mar 2017"
    assert numbers.format_day(march.end, long=True) == "31 March 2017"


def test_counts_agree_with_their_noun():
    assert numbers.format_count(1, "row") == "1 row"
    assert numbers.format_count(2000, "row") == "2,000 rows"
    assert numbers.format_count(3, "category", "categories") == "3 categories"


@given(st.floats(min_value=-1e12, max_value=1e12, allow_nan=False).filter(lambda v: v == 0 or abs(v) > 1e-8))
def test_no_value_but_zero_reads_as_zero(value):
    for column in (MONEY, RATE, NUMBER, DAYS):
        for compact in (False, True):
            digits = {c for c in numbers.format_cell(value, column, compact=compact) if c.isdigit()}
            assert (digits <= {"0"}) == (value == 0)


@given(st.floats(min_value=0.01, max_value=1e12))
def test_the_text_of_an_amount_is_within_half_a_cent_of_it(value):
    text = numbers.format_money(value, "USD")
    assert abs(Decimal(text[1:].replace(",", "")) - Decimal(repr(value))) <= Decimal("0.005")


@given(st.floats(min_value=-1, max_value=2, allow_nan=False))
def test_only_a_whole_reads_as_100_percent(value):
    assert (numbers.format_rate(value) in ("100%", "100.0%", "-100%")) == (abs(value) == 1)


@given(st.floats(min_value=1e-6, max_value=1e14))
def test_a_compact_number_is_within_half_a_percent(value):
    text = numbers.format_number(value, compact=True)
    scale = {"K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}.get(text[-1], 1)
    shown = Decimal(text.rstrip("KMBT").replace(",", "")) * scale
    assert abs(shown - Decimal(repr(value))) <= Decimal(repr(value)) * Decimal("0.0051")


@pytest.mark.parametrize(
    ("style", "money", "rate", "day", "month", "compact"),
    [
        ("en", "$1,234.50", "12.3%", "3 Jul 2026", "Jul 2026", "$4.59M"),
        ("iso", "$1,234.50", "12.3%", "2026-07-03", "2026-07", "$4.59M"),
        ("de", "$1.234,50", "12,3%", "03.07.2026", "07/2026", "$4,59M"),
        ("fr", "$1\u202f234,50", "12,3%", "03/07/2026", "07/2026", "$4,59M"),
        ("unknown", "$1,234.50", "12.3%", "3 Jul 2026", "Jul 2026", "$4.59M"),
    ],
)
def test_a_person_may_choose_how_numbers_and_short_dates_are_written(style, money, rate, day, month, compact):
    with numbers.number_style(style):
        assert numbers.format_money(1234.5, "USD") == money
        assert numbers.format_rate(0.123) == rate
        assert numbers.format_day(dt.date(2026, 7, 3)) == day
        assert numbers.format_period(dt.date(2026, 7, 1), "month") == month
        assert numbers.format_money(4_594_621, "USD", compact=True) == compact
        assert numbers.format_day(dt.date(2026, 7, 3), long=True) == "3 July 2026"
    assert numbers.format_money(1234.5, "USD") == "$1,234.50"
