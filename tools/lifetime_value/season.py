"""What the calendar does to value: an index by month when two years are known, a warning when they are not."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.core.customers import Orders, to_date

_YEAR = 365
_NOTABLE = 0.15
"""Months this far from the average of a year are worth a warning."""


@dataclass(frozen=True, kw_only=True)
class Season:
    """How a horizon's months compare with an average year."""

    factor: float
    """Multiplies every prediction; 1 without an index or over whole years."""
    measured: bool
    """Rests on two whole years or more."""
    sentence: str
    """What to tell the reader; empty when there is nothing to tell."""


def season_of(orders: Orders, *, end: int, horizon_days: int) -> Season:
    """The season of the `horizon_days` after `end`, as far as the history shows one."""
    known = orders.until(end)
    span = end - known.first_day + 1
    months = _months_ahead(end, horizon_days)
    if span < _YEAR:
        text = f"Only {span} days of history: no season can be seen, and {_named(months)} may differ from what came before."
        return Season(factor=1.0, measured=False, sentence=text)
    index = _index(known, end)
    share = sum(days * index[month - 1] for month, days in months.items()) / sum(months.values())
    if span < 2 * _YEAR:
        if abs(share - 1.0) < _NOTABLE and horizon_days < _YEAR:
            return Season(factor=1.0, measured=False, sentence="Less than two years of history, so no seasonal index is applied.")
        compared = f"{share:.0%} of an average stretch of the same length" if horizon_days < _YEAR else "only one full year"
        text = f"Season: less than two years of history, so no seasonal index is applied; last year {_named(months)} had {compared}."
        if horizon_days >= _YEAR:
            text = "Season: less than two years of history, so no seasonal index is applied and next year is taken to be like the past one."
        return Season(factor=1.0, measured=False, sentence=text)
    if abs(share - 1.0) < 0.02:
        return Season(factor=1.0, measured=True, sentence="")
    text = f"A seasonal index of {share:.2f} is applied: {_named(months)} against an average year, from {span // _YEAR} years of history."
    return Season(factor=float(share), measured=True, sentence=text)


def _index(known: Orders, end: int) -> NDArray[np.float64]:
    """Spend per day of each calendar month over the average of its year, averaged over the whole years before `end`."""
    years = (end - known.first_day + 1) // _YEAR
    age = end - known.day
    inside = age < years * _YEAR
    days, amounts, year = known.day[inside], known.amount[inside], age[inside] // _YEAR
    month = (np.datetime64(0, "D") + days).astype("datetime64[M]").astype(np.int64) % 12
    table = np.zeros((years, 12))
    np.add.at(table, (year, month), amounts)
    # Each year against itself, so that growth does not pass for season.
    per_year = table / np.maximum(table.sum(axis=1, keepdims=True), 1e-12)
    lengths = np.array([calendar.monthrange(2023, m)[1] for m in range(1, 13)]) / _YEAR
    return np.asarray(per_year.mean(axis=0) / lengths)


def _months_ahead(end: int, horizon_days: int) -> dict[int, int]:
    """Calendar month -> days of it within the horizon, in order of time."""
    found: dict[int, int] = {}
    for offset in range(1, min(horizon_days, _YEAR) + 1):
        month = to_date(end + offset).month
        found[month] = found.get(month, 0) + 1
    return found


def _named(months: dict[int, int]) -> str:
    names = [dt.date(2000, month, 1).strftime("%B") for month in months]
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
