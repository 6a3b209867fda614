"""The closed word classes of English time expressions."""

from __future__ import annotations

from tools.core.query.metric_query import Grain

_MONTH_NAMES = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")
MONTHS: dict[str, int] = {name: number for number, name in enumerate(_MONTH_NAMES, start=1)}
MONTHS |= {name[:3]: number for name, number in list(MONTHS.items())} | {"sept": 9}

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WEEKDAY_OF: dict[str, str] = {form: day for day in WEEKDAYS for form in (day.lower(), day.lower() + "s")}
SHORT_WEEKDAY_OF: dict[str, str] = {form: day for day in WEEKDAYS for form in (day[:3].lower(), day[:4].lower(), day[:5].lower())} | {
    "tues": "Tuesday",
    "thurs": "Thursday",
    "thur": "Thursday",
}

UNITS: dict[str, str] = {form: unit for unit in ("day", "week", "month", "quarter", "year") for form in (unit, unit + "s")}
UNITS |= {"yr": "year", "yrs": "year", "wk": "week", "wks": "week", "mth": "month", "mths": "month", "qtr": "quarter", "qtrs": "quarter"}
GRAIN_ADVERBS: dict[str, Grain] = {
    "hourly": Grain.HOUR_OF_DAY,
    "daily": Grain.DAY,
    "weekly": Grain.WEEK,
    "monthly": Grain.MONTH,
    "quarterly": Grain.QUARTER,
    "yearly": Grain.YEAR,
    "annual": Grain.YEAR,
    "annually": Grain.YEAR,
}

ORDINALS: dict[str, int] = {"first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4}
PLACES: dict[str, int] = ORDINALS | {"fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10}
"""Places of a ranking: no quarter is the fifth."""

LAST = frozenset({"last", "past", "previous", "preceding", "prior", "recent", "trailing", "latest"})
THIS = frozenset({"this", "current"})
WHOLE = frozenset({"full", "complete", "entire", "whole", "calendar", "all", "completed", "most"})
"""Words between "last" and its unit that change nothing: "the last full month"."""

SINCE = (("since",), ("starting", "from"), ("starting", "in"), ("starting", "on"), ("starting",), ("beginning", "in"), ("from",))
AFTER = (("after",), ("later", "than"), ("following",))
BEFORE = (("before",), ("prior", "to"), ("earlier", "than"), ("ahead", "of"))
UNTIL = (
    ("until",),
    ("till",),
    ("til",),
    ("through",),
    ("thru",),
    ("up", "until"),
    ("up", "through"),
    ("up", "to"),
    ("by", "the", "end", "of"),
    ("as", "of"),
)
ONWARD = (("onwards",), ("onward",), ("on",), ("forward",))
TO = frozenset({"to", "until", "till", "til", "through", "thru"})
VERSUS = frozenset({"vs", "versus", "against"})

IN = frozenset({"in", "on", "during", "for", "of", "at", "within", "over", "throughout", "from", "into", "across"})
"""Prepositions that may open a time expression and then belong to it."""

SEASONS: dict[str, int] = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
"""First month of each season, by the northern meteorological convention; said in the reading."""
SEASON_AFTER = frozenset({"the", "and", "or", "than", "between", "since", "until", "before", "after", "with", "compared"})
"""Words besides prepositions after which one of these is the season, and no noun of the trade ("summer dresses")."""

PARTS_OF_DAY: dict[str, tuple[int, int]] = {
    "morning": (6, 11),
    "mornings": (6, 11),
    "afternoon": (12, 17),
    "afternoons": (12, 17),
    "evening": (18, 22),
    "evenings": (18, 22),
    "lunchtime": (12, 13),
}
"""Hours of the day, both included; said in the reading, so that nobody has to guess."""

CYCLES: tuple[tuple[tuple[str, ...], Grain], ...] = (
    (("day", "of", "the", "week"), Grain.DAY_OF_WEEK),
    (("days", "of", "the", "week"), Grain.DAY_OF_WEEK),
    (("day", "of", "week"), Grain.DAY_OF_WEEK),
    (("weekday",), Grain.DAY_OF_WEEK),
    (("weekdays",), Grain.DAY_OF_WEEK),
    (("hour", "of", "the", "day"), Grain.HOUR_OF_DAY),
    (("hours", "of", "the", "day"), Grain.HOUR_OF_DAY),
    (("hour", "of", "day"), Grain.HOUR_OF_DAY),
    (("time", "of", "the", "day"), Grain.HOUR_OF_DAY),
    (("time", "of", "day"), Grain.HOUR_OF_DAY),
    (("times", "of", "day"), Grain.HOUR_OF_DAY),
    (("hour",), Grain.HOUR_OF_DAY),
    (("hours",), Grain.HOUR_OF_DAY),
    (("month", "of", "the", "year"), Grain.MONTH_OF_YEAR),
    (("day", "of", "the", "month"), Grain.DAY_OF_MONTH),
)
