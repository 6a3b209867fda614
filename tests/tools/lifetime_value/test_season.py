"""What the calendar does to value."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from tools.core.customers import Orders, day_number
from tools.lifetime_value.season import season_of


def daily(first: dt.date, last: dt.date, *, december: float) -> Orders:
    """One order a day of 10, more in December."""
    days = np.arange(day_number(first), day_number(last) + 1)
    months = (np.datetime64(0, "D") + days).astype("datetime64[M]").astype(int) % 12
    return Orders.of(days % 7, days, np.where(months == 11, 10 * december, 10.0))


def test_two_years_give_an_index_for_the_months_ahead() -> None:
    orders = daily(dt.date(2014, 12, 1), dt.date(2016, 11, 30), december=2.0)
    found = season_of(orders, end=day_number(dt.date(2016, 11, 30)), horizon_days=31)
    assert found.measured
    assert found.factor == pytest.approx(2.0 / (1 + 31 / 365), rel=0.02)
    assert "December against an average year" in found.sentence


def test_one_year_gives_a_warning_and_no_index() -> None:
    orders = daily(dt.date(2016, 1, 1), dt.date(2016, 12, 31), december=3.0)
    found = season_of(orders, end=day_number(dt.date(2016, 12, 31)), horizon_days=31)
    assert (found.factor, found.measured) == (1.0, False)
    assert "last year January had" in found.sentence


def test_a_fourth_quarter_ahead_of_a_short_history_is_warned_of() -> None:
    orders = daily(dt.date(2011, 1, 1), dt.date(2011, 9, 30), december=1.0)
    found = season_of(orders, end=day_number(dt.date(2011, 9, 30)), horizon_days=91)
    assert found.sentence == "Only 273 days of history: no season can be seen, and October to December may differ from what came before."
