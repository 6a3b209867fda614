"""Days that are called by a name: Christmas, Easter, Thanksgiving. Their rules are data (`data/occasions.txt`), one day a year each."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from functools import cache

from assistant.minds.embedded.wordlists import phrase_lines

_RULE = re.compile(
    r"(?:(?P<month>\d\d)-(?P<day>\d\d)|(?P<easter>easter)|(?P<weekday>[a-z]{3})(?P<nth>\d)/(?P<of>\d\d?))(?P<shift>[+-]\d+)?"
)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = dt.timedelta(days=1)


@cache
def _rules() -> dict[tuple[str, ...], str]:
    lines = (line.partition(":") for line in phrase_lines("occasions"))
    return {tuple(name.split()): rule.strip() for name, _, rule in lines}


def occasion_at(word: Callable[[int], str], at: int) -> tuple[str, int] | None:
    """(rule, index after it) of the longest name that begins at `at`; None when none does."""
    found = [(len(name), rule) for name, rule in _rules().items() if all(word(at + k) == w for k, w in enumerate(name))]
    if not found:
        return None
    length, rule = max(found)
    return rule, at + length


def day_of(rule: str, year: int) -> dt.date:
    """The day in that year.

    Raises:
        ValueError: No such rule.
    """
    match = _RULE.fullmatch(rule)
    if match is None:
        raise ValueError(f"not a rule for a day: {rule!r}")
    if match["easter"]:
        day = easter_sunday(year)
    elif match["month"]:
        day = dt.date(year, int(match["month"]), int(match["day"]))
    else:
        first = dt.date(year, int(match["of"]), 1)
        day = first + ((_WEEKDAYS.index(match["weekday"]) - first.weekday()) % 7 + 7 * (int(match["nth"]) - 1)) * _DAY
    return day + int(match["shift"] or 0) * _DAY


def easter_sunday(year: int) -> dt.date:
    """Western Easter.

    Source:
        The anonymous Gregorian algorithm (Meeus, Astronomical Algorithms, chapter 8).
    """
    a, (b, c) = year % 19, divmod(year, 100)
    (d, e), g = divmod(b, 4), (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    lag = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * lag) // 451
    month, day = divmod(h + lag - 7 * m + 114, 31)
    return dt.date(year, month, day + 1)
