"""What can be chosen about a build, checked before anything is written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from tools.core.errors import SetupProblem
from tools.warehouses.demo.truths import choose_truths

DEFAULT_END_DATE = dt.date(2026, 6, 30)
MIN_CUSTOMERS, MAX_CUSTOMERS = 100, 5_000_000
FIRST_END_DATE, LAST_END_DATE = dt.date(2005, 1, 1), dt.date(2100, 12, 31)


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large a warehouse is; the customers set everything that grows with them."""

    customers: int
    months: int
    stores: int
    products: int
    texts: int
    """Upper bound of stored feedback texts: they are embedded one by one later."""
    reviews_per_line: float


SIZES = {
    "small": Size(customers=2_000, months=24, stores=12, products=240, texts=6_000, reviews_per_line=0.075),
    "medium": Size(customers=50_000, months=36, stores=30, products=600, texts=20_000, reviews_per_line=0.060),
    "large": Size(customers=500_000, months=36, stores=80, products=1_500, texts=60_000, reviews_per_line=0.040),
}


@dataclass(frozen=True, kw_only=True)
class DemoOptions:
    """One build, complete."""

    size_name: str
    size: Size
    seed: int
    end_date: dt.date
    truths: frozenset[str]
    with_truth: bool
    """Write the truth file beside the warehouse."""
    parts: frozenset[str]
    """Subject areas to build; tests of one truth leave out what it does not need."""

    @property
    def customers(self) -> int:
        return self.size.customers

    def has(self, truth: str) -> bool:
        """Whether this truth is planted."""
        return truth in self.truths

    def wants(self, part: str) -> bool:
        return part in self.parts


PARTS = frozenset({"identity", "privacy", "sales", "behaviour", "service", "voice", "marketing", "texts", "stores"})


def read_options(
    *,
    size: str = "small",
    customers: int | str | None = None,
    seed: int | str = 1,
    end_date: dt.date | str = DEFAULT_END_DATE,
    without: Sequence[str] | str = (),
    only: Sequence[str] | str | None = None,
    truth: bool = True,
    parts: Sequence[str] | None = None,
) -> DemoOptions:
    """The options of a build, as given on a command line or by a caller.

    Raises:
        SetupProblem: a size, number, date or truth name that cannot be; the message says what can.
    """
    chosen = _size(size, customers)
    unknown = sorted(set(parts or ()) - PARTS)
    if unknown:
        raise SetupProblem(f"The demo has no part {', '.join(unknown)}.", try_instead=f"Choose from: {', '.join(sorted(PARTS))}.")
    return DemoOptions(
        size_name=size,
        size=chosen,
        seed=_whole_number("seed", seed, low=0, high=2**63 - 1),
        end_date=_end_date(end_date),
        truths=choose_truths(without=_names(without) or (), only=_names(only)),
        with_truth=truth,
        parts=PARTS if parts is None else frozenset(parts),
    )


def _size(name: str, customers: int | str | None) -> Size:
    if name not in SIZES:
        raise SetupProblem(f"There is no size {name!r}.", try_instead=f"Choose one of {', '.join(SIZES)}, or give a number of customers.")
    size = SIZES[name]
    if customers is None:
        return size
    count = _whole_number("customers", customers, low=MIN_CUSTOMERS, high=MAX_CUSTOMERS)
    return Size(
        customers=count,
        months=size.months,
        stores=size.stores,
        products=size.products,
        texts=size.texts,
        reviews_per_line=size.reviews_per_line,
    )


def _whole_number(name: str, value: object, *, low: int, high: int) -> int:
    try:
        number = int(str(value))
    except ValueError:
        number = low - 1
    if isinstance(value, bool) or not low <= number <= high:
        raise SetupProblem(
            f"{name} is {str(value)[:40]!r}, which is not possible.", try_instead=f"Give a whole number from {low:,} to {high:,}."
        )
    return number


def _end_date(value: dt.date | str) -> dt.date:
    try:
        day = value if isinstance(value, dt.date) else dt.date.fromisoformat(value)
    except ValueError:
        raise SetupProblem(
            f"The end date {str(value)[:40]!r} is not a date.", try_instead="Write it as year-month-day, such as 2026-06-30."
        ) from None
    if not FIRST_END_DATE <= day <= LAST_END_DATE:
        raise SetupProblem(f"The end date {day} is out of range.", try_instead=f"Choose a day from {FIRST_END_DATE} to {LAST_END_DATE}.")
    return day


def _names(value: Sequence[str] | str | None) -> tuple[str, ...] | None:
    if value is None:
        return None
    if isinstance(value, str):
        value = value.split(",")
    return tuple(name.strip() for name in value if name.strip())
