"""The one place where a value becomes text: money, rates, counts, durations, dates with their grain.

`format_cell` is what surfaces call; the others are for sentences. Rounding is half up, as people do it by hand, and never
misleads: a value that is not zero is not shown as 0, a rate that is not whole is not shown as 100%.

A person may choose how numbers and short dates are written (`number_style`); long dates belong to sentences and stay English.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from tools.core.contract import Cell, Column, DateSpan

NOT_AVAILABLE = "n/a"
"""A metric without a value: nothing to compute it from."""
UNKNOWN = "Unknown"
"""A dimension without a value, when the model gives no label of its own."""

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LONG_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, kw_only=True)
class NumberStyle:
    """How figures and short dates are written."""

    label: str
    """An example of each, for a list to choose from."""
    thousands: str = ","
    decimal: str = "."
    day: str = ""
    """For `strftime`; empty = "3 Jul 2017"."""
    month: str = ""


STYLES = {
    "en": NumberStyle(label="1,234.50 · 3 Jul 2026"),
    "iso": NumberStyle(label="1,234.50 · 2026-07-03", day="%Y-%m-%d", month="%Y-%m"),
    "de": NumberStyle(label="1.234,50 · 03.07.2026", thousands=".", decimal=",", day="%d.%m.%Y", month="%m/%Y"),
    "fr": NumberStyle(label="1\u202f234,50 · 03/07/2026", thousands="\u202f", decimal=",", day="%d/%m/%Y", month="%m/%Y"),
}
_STYLE: ContextVar[NumberStyle] = ContextVar("number_style", default=STYLES["en"])


@contextmanager
def number_style(name: str) -> Iterator[None]:
    """Write numbers in this style (a key of `STYLES`, else English) in the block, also in threads that `asyncio.to_thread` begins there."""
    token = _STYLE.set(STYLES.get(name, STYLES["en"]))
    try:
        yield
    finally:
        _STYLE.reset(token)


_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "KRW": "₩"}
_NO_CENTS = frozenset({"JPY", "KRW"})
_MOST_DECIMALS = 8
_SCALES = ((Decimal(10) ** 12, "T"), (Decimal(10) ** 9, "B"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "K"))
_COMPACT_FROM = Decimal(10_000)
_PARTS_OF_TIME = {"second": 1, "minute": 60, "hour": 3600}
_SHORT_UNITS = {"second": "s", "minute": "min", "hour": "h", "day": "d", "week": "wk", "month": "mo", "year": "yr"}


def format_cell(value: Cell, column: Column, *, compact: bool = False, with_unit: bool = False) -> str:
    """The text of one value of a result.

    Args:
        compact: Three significant digits and K, M, B from 10,000 on: for axes and labels.
        with_unit: Counts get their unit ("1,234 visits"), for sentences; in tables the heading says it.
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return missing(column)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, dt.date):
        return format_period(value, column.grain)
    if isinstance(value, str):
        return value
    if column.grain is not None and "_of_" in column.grain:
        return format_part_of_date(int(value), column.grain)
    if column.role in ("dimension", "rank"):
        # A field of a list that is an amount, such as each customer's lifetime value, and not a number that names something.
        is_amount = column.unit is not None and isinstance(value, float)
        return _format_measure(value, _as_amount(column), compact=compact, with_unit=with_unit) if is_amount else _plain(value)
    return _format_measure(value, column, compact=compact, with_unit=with_unit)


def _as_amount(column: Column) -> Column:
    unit = column.unit or ""
    form = "rate" if unit == "share" else "money" if len(unit) == 3 and unit.isupper() else "number"
    return replace(column, role="metric", format=form)


def missing(column: Column) -> str:
    """What stands for no value: the field's own word for unknown, or "n/a" for a metric."""
    if column.role != "dimension":
        return NOT_AVAILABLE
    return column.null_label or UNKNOWN


def is_numeric(column: Column) -> bool:
    """Whether its values are amounts, to be aligned and added up, and not names or numbers that identify."""
    return column.type in ("integer", "number") and column.role not in ("dimension", "rank")


def heading(column: Column) -> str:
    """The column's title for people, with the unit when neither the cells nor the title say it."""
    label = column.label or column.name.replace("_", " ").replace(".", " ")
    title = label[:1].upper() + label[1:]
    shown_in_cells = column.format in ("money", "rate", "duration", "date", "text") or column.role in ("share", "change_rate", "rank")
    if column.unit and not shown_in_cells and column.unit.lower() not in title.lower() and is_numeric(column):
        return f"{title} ({column.unit})"
    return title


def _format_measure(value: int | float, column: Column, *, compact: bool, with_unit: bool) -> str:
    signed = column.role in ("change", "change_rate")
    if column.role in ("share", "change_rate"):
        return format_rate(value, signed=signed)
    if column.format == "rate":
        # The difference of two rates is in percentage points; "+2%" would read as growth by a fiftieth.
        return format_points(value) if column.role == "change" else format_rate(value, decimals=column.decimals)
    if column.format == "money":
        return format_money(value, column.unit or "USD", decimals=column.decimals, compact=compact, signed=signed)
    if column.format == "duration":
        return format_duration(value, column.unit or "day", decimals=column.decimals, compact=compact, signed=signed)
    decimals = 0 if column.type == "integer" else column.decimals
    text = format_number(value, decimals=decimals, compact=compact, signed=signed)
    return f"{text} {_counted(column.unit, value)}" if with_unit and column.unit else text


def format_money(value: int | float, currency: str, *, decimals: int | None = None, compact: bool = False, signed: bool = False) -> str:
    """Money: "$1,234.50", "-€3.00", "CHF 12.00"; compact "$4.59M"."""
    cents = 0 if currency in _NO_CENTS else 2
    amount = abs(_exact(value))
    # Small change keeps its cents: "$12.30", never "$12.3".
    abbreviated = compact and (amount >= 1000 or amount == amount.to_integral_value())
    text = _compact(amount) if abbreviated else _fixed(amount, cents if decimals is None else decimals)
    symbol = _SYMBOLS.get(currency, f"{currency}\u00a0")
    return f"{_sign(value, signed)}{symbol}{text}"


def format_rate(value: int | float, *, decimals: int | None = None, signed: bool = False) -> str:
    """A share or rate of 1 in percent: 0.1234 -> "12.3%", 0.0004 -> "0.04%", 0.9996 -> "99.96%"; exactly 0 and 1 without decimals."""
    percent = abs(_exact(value)) * 100
    sign = _sign(value, signed)
    if percent in (0, 100):
        return f"{sign}{int(percent)}%"
    places = 1 if decimals is None else decimals
    while places < _MOST_DECIMALS and _round(percent, places) in (0, 100):
        places += 1
    rounded = _round(percent, places)
    if rounded in (0, 100):
        return f"{sign}<{Decimal(10) ** -_MOST_DECIMALS:f}%" if rounded == 0 else f"{sign}{'>' if percent > 100 else '<'}100%"
    return f"{sign}{_local(f'{rounded:,}')}%"


def format_points(value: int | float) -> str:
    """A difference of two rates in percentage points, with its sign: 0.012 -> "+1.2 pp"."""
    return f"{_sign(value, True)}{_fixed(abs(_exact(value)) * 100, 1)}\u00a0pp"


def format_number(value: int | float, *, decimals: int | None = None, compact: bool = False, signed: bool = False) -> str:
    """A plain number: "1,234", "12.35"; without `decimals`, whole numbers have none and others two (more where two would read as 0)."""
    amount = abs(_exact(value))
    if compact:
        return _sign(value, signed) + _compact(amount)
    places = decimals if decimals is not None else (0 if amount == amount.to_integral_value() else 2)
    return _sign(value, signed) + _fixed(amount, places)


def format_count(value: int, one: str, many: str | None = None) -> str:
    """A count with its noun: "1 visit", "1,234 visits"."""
    return f"{_local(f'{value:,}')} {one if value == 1 else many or one + 's'}"


def format_duration(value: int | float, unit: str, *, decimals: int | None = None, compact: bool = False, signed: bool = False) -> str:
    """A length of time: "12.3 days", "1 day"; from a minute on, seconds and minutes are split: "2 min 5 s"."""
    one = unit.rstrip("s") or unit
    amount, sign = abs(_exact(value)), _sign(value, signed)
    seconds = _PARTS_OF_TIME.get(one)
    if seconds is not None and one != "hour" and amount >= 60:
        return sign + _clock(int(_round(amount * seconds, 0)))
    if compact:
        return f"{sign}{_compact(amount)} {_SHORT_UNITS.get(one, one)}"
    whole = amount == amount.to_integral_value()
    text = _fixed(amount, decimals if decimals is not None else (0 if whole else 1))
    return f"{sign}{text} {one if text == '1' else one + 's'}"


def format_period(value: dt.date, grain: str | None = None) -> str:
    """The period that a date starts: "3 Jul 2017", "week of 3 Jul 2017", "Mar 2017", "Q2 2017", "2017", "3 Jul 2017, 14:00"."""
    if grain == "year":
        return str(value.year)
    if grain == "quarter":
        return f"Q{(value.month + 2) // 3} {value.year}"
    if grain == "month":
        pattern = _STYLE.get().month
        return value.strftime(pattern) if pattern else f"{MONTHS[value.month - 1]} {value.year}"
    if grain == "week":
        return f"week of {format_day(value)}"
    if isinstance(value, dt.datetime) and grain != "day":
        return f"{format_day(value)}, {value:%H:%M}"
    return format_day(value)


def axis_period(value: dt.date, grain: str | None, before: dt.date | None) -> tuple[str, str]:
    """The period on a time axis, after the label `before`: what changes, and the year where a new one begins ("Feb", "")."""
    year = "" if before is not None and before.year == value.year else str(value.year)
    if grain == "year":
        return str(value.year), ""
    if grain == "quarter":
        return f"Q{(value.month + 2) // 3}", year
    if grain == "month":
        return MONTHS[value.month - 1], year
    if isinstance(value, dt.datetime) and grain not in ("day", "week"):
        return f"{value.day} {MONTHS[value.month - 1]} {value:%H:%M}", year
    return f"{value.day} {MONTHS[value.month - 1]}", year


def format_day(value: dt.date, *, long: bool = False) -> str:
    """A date: "3 Jul 2017", or long: "3 July 2017"."""
    pattern = _STYLE.get().day
    if pattern and not long:
        return value.strftime(pattern)
    return f"{value.day} {(LONG_MONTHS if long else MONTHS)[value.month - 1]} {value.year}"


def format_span(span: DateSpan) -> str:
    """Both ends, once if they are one day: "1 Mar 2017 to 31 Mar 2017"."""
    if span.start == span.end:
        return format_day(span.start)
    return f"{format_day(span.start)} to {format_day(span.end)}"


def format_part_of_date(value: int, grain: str) -> str:
    """A part of a date that comes round again: "14:00", "Monday" (1 = Monday), "March", "Q2", "week 12"."""
    if grain == "hour_of_day":
        return f"{value:02d}:00"
    if grain == "day_of_week" and 1 <= value <= 7:
        return WEEKDAYS[value - 1]
    if grain == "month_of_year" and 1 <= value <= 12:
        return LONG_MONTHS[value - 1]
    if grain == "quarter_of_year":
        return f"Q{value}"
    if grain == "week_of_year":
        return f"week {value}"
    return str(value)


def _exact(value: int | float) -> Decimal:
    """The decimal number that a person sees: 2.675 is 2.675, not the double next to it."""
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def _sign(value: int | float, signed: bool) -> str:
    if value < 0:
        return "-"
    return "+" if signed and value > 0 else ""


def _round(amount: Decimal, places: int) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def _fixed(amount: Decimal, places: int) -> str:
    """`amount` >= 0 with thousands separators; two significant digits where `places` would make it 0."""
    rounded = _round(amount, places)
    if rounded == 0 and amount != 0:
        first_digit = -amount.adjusted()
        if first_digit > _MOST_DECIMALS:
            return _local(f"{amount:.1e}")
        rounded = _round(amount, first_digit + 1).normalize()
        return _local(f"{rounded:f}")
    return _local(f"{rounded:,}")


def _local(text: str) -> str:
    """A number with English separators, in the style of the moment."""
    style = _STYLE.get()
    return text if style.decimal == "." else text.translate({ord(","): style.thousands, ord("."): style.decimal})


def _compact(amount: Decimal) -> str:
    """Three significant digits: "4.59M", "12.3K", "1,234", "12.3", "0.0045"."""
    if amount == 0:
        return "0"
    amount = _significant(amount, 3) if not 1000 <= amount < _COMPACT_FROM else _round(amount, 0)
    if amount >= _COMPACT_FROM:
        for size, letter in _SCALES:
            if amount >= size:
                return _local(f"{(amount / size).normalize():f}{letter}")
    text = f"{amount:,.{max(0, _MOST_DECIMALS + 3)}f}"
    return _local(text.rstrip("0").rstrip("."))


def _significant(amount: Decimal, digits: int) -> Decimal:
    return _round(amount, digits - 1 - amount.adjusted())


def _clock(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    parts = [(hours, "h"), (minutes, "min"), (0 if hours else rest, "s")]
    return " ".join(f"{n:,} {unit}" for n, unit in parts if n)


def _plain(value: int | float) -> str:
    """A number that names something (a year, a store): no separators, no decimals that it does not have."""
    return str(int(value)) if float(value).is_integer() else repr(value)


def _counted(unit: str | None, value: int | float) -> str:
    """The unit of one or many: "1 visit", "2 visits"; units are stored in the plural."""
    unit = unit or ""
    if value == 1 and unit.endswith("s") and not unit.endswith("ss"):
        return f"{unit[:-3]}y" if unit.endswith("ies") else unit[:-1]
    return unit
