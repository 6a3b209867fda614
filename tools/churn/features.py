"""What is known of customers on one day: windows of recency, frequency and spend in logarithms, and signals of the warehouse.

Everything is computed from orders and facts up to and including that day, so nothing of what is predicted leaks in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tools.core.customers import Orders

Floats = NDArray[np.float64]

WINDOW_SHARES = (0.3, 0.6, 1.0, 2.0)
"""Windows that look back, as multiples of the horizon."""
ACTIVE_HORIZONS = 4
"""Customers without an order for this many horizons (a year at least) have left long ago; predicting that is no use."""
_A_YEAR = 365


@dataclass(frozen=True, kw_only=True)
class Driver:
    """Something about a customer that people can act on or understand; one or more columns stand for it."""

    name: str
    label: str
    """As in a sentence: "days since the last order"."""
    signal: bool = False
    """A fact of the warehouse beside the orders; its single column has an effect of its own to report."""


RECENCY = Driver(name="recency", label="time since the last order")
FREQUENCY = Driver(name="frequency", label="number of recent orders")
SPEND = Driver(name="spend", label="recent spend")
TENURE = Driver(name="tenure", label="time as a customer")
ORDER_DRIVERS = (RECENCY, FREQUENCY, SPEND, TENURE)

Signals = Callable[[int], Mapping[str, Floats]]
"""Day -> signal name -> one value per customer number; called for every day that a snapshot is taken on."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Customers on one day, as a model sees them and as people read them."""

    day: int
    customer: NDArray[np.int64]
    """Customer numbers, ascending."""
    matrix: Floats
    columns: tuple[str, ...]
    drivers: tuple[Driver, ...]
    driver_of: tuple[int, ...]
    """Per column: position of its driver."""
    facts: Mapping[str, Floats]
    """Plain figures per customer for sentences and what-if: days_since_last_order, usual_gap_days, orders_recent, ..."""

    def __len__(self) -> int:
        return len(self.customer)


def take_snapshot(
    orders: Orders,
    day: int,
    *,
    horizon_days: int,
    signals: Signals | None = None,
    signal_drivers: Sequence[Driver] = (),
    keep_inactive: bool = False,
) -> Snapshot:
    """The customers who ordered by day `day` (days since 1970), without those who left long ago unless `keep_inactive`."""
    known = orders.until(day).by_day()
    starts, counts = known.spans()
    totals = np.add.reduceat(known.amount, starts) if len(known) else np.zeros(0)
    if not keep_inactive:
        active = day - known.day[starts + counts - 1] <= max(ACTIVE_HORIZONS * horizon_days, _A_YEAR)
        starts, counts, totals = starts[active], counts[active], totals[active]
    customer = known.customer[starts]
    first, last = known.day[starts], known.day[starts + counts - 1]
    since_last, tenure = (day - last).astype(np.float64), (day - first).astype(np.float64)
    gap = usual_gap(first, last, counts)
    columns: list[tuple[str, Driver, Floats]] = [
        ("log_days_since_last_order", RECENCY, np.log1p(since_last)),
        ("log_usual_gap", RECENCY, np.log1p(gap)),
        ("log_gaps_missed", RECENCY, np.log1p(since_last / np.maximum(gap, 1.0))),
        ("log_tenure", TENURE, np.log1p(tenure)),
        ("log_average_order", SPEND, np.log1p(np.maximum(totals / np.maximum(counts, 1), 0.0))),
    ]
    facts = {
        "days_since_last_order": since_last,
        "usual_gap_days": gap,
        "tenure_days": tenure,
        "n_orders": counts.astype(np.float64),
    }
    for share in WINDOW_SHARES:
        n, spent = _window(orders, customer, day, round(share * horizon_days))
        columns.append((f"log_orders_{_named(share)}", FREQUENCY, np.log1p(n)))
        columns.append((f"log_spend_{_named(share)}", SPEND, np.log1p(np.maximum(spent, 0.0))))
        facts[f"orders_{_named(share)}"], facts[f"spend_{_named(share)}"] = n, spent
    observed = signals(day) if signals is not None else {}
    for driver in signal_drivers:
        values = observed[driver.name][customer]
        columns.append((driver.name, driver, values))
        facts[driver.name] = values
    drivers = (*ORDER_DRIVERS, *signal_drivers)
    return Snapshot(
        day=day,
        customer=customer,
        matrix=np.column_stack([values for _, _, values in columns]) if len(customer) else np.zeros((0, len(columns))),
        columns=tuple(name for name, _, _ in columns),
        drivers=drivers,
        driver_of=tuple(drivers.index(driver) for _, driver, _ in columns),
        facts=facts,
    )


def _named(share: float) -> str:
    """0.3 -> "03h", 1.0 -> "1h": part of a column name."""
    return f"{share:g}h".replace(".", "")


def usual_gap(first: NDArray[np.int64], last: NDArray[np.int64], counts: NDArray[np.int64]) -> Floats:
    """Mean days between order days; for customers with one, the median of the others."""
    repeated = counts > 1
    gap = np.divide(last - first, counts - 1, out=np.zeros(len(counts)), where=repeated)
    typical = float(np.median(gap[repeated])) if repeated.any() else 30.0
    return np.where(repeated, gap, typical)


class Outcome(Protocol):
    """What is predicted: whom for, what was known of them on a day, and who left afterwards."""

    @property
    def horizon_days(self) -> int: ...

    @property
    def first_day(self) -> int:
        """Of the history, in days since 1970."""
        ...

    @property
    def in_words(self) -> str:
        """What leaving means: "no order within 91 days"."""
        ...

    def take(self, day: int) -> Snapshot:
        """Everybody who could leave, on that day."""
        ...

    def left(self, snapshot: Snapshot) -> NDArray[np.int64]:
        """1 for who left within the horizon after the snapshot, else 0."""
        ...


@dataclass(frozen=True, kw_only=True)
class NoOrder:
    """Leaving without a contract: no order within the horizon."""

    orders: Orders
    horizon_days: int
    signals: Signals | None = None
    signal_drivers: tuple[Driver, ...] = ()

    @property
    def first_day(self) -> int:
        return self.orders.first_day

    @property
    def in_words(self) -> str:
        return f"no order within {self.horizon_days} days"

    def take(self, day: int) -> Snapshot:
        return take_snapshot(self.orders, day, horizon_days=self.horizon_days, signals=self.signals, signal_drivers=self.signal_drivers)

    def left(self, snapshot: Snapshot) -> NDArray[np.int64]:
        later = self.orders.between(snapshot.day, snapshot.day + self.horizon_days)
        return np.asarray(later.counts()[snapshot.customer] == 0, dtype=np.int64)


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """An outcome whose snapshots are taken once a day: learning, testing and scoring look at the same days."""

    outcome: Outcome
    taken: dict[int, Snapshot] = field(default_factory=dict)

    @property
    def horizon_days(self) -> int:
        return self.outcome.horizon_days

    @property
    def first_day(self) -> int:
        return self.outcome.first_day

    @property
    def in_words(self) -> str:
        return self.outcome.in_words

    def take(self, day: int) -> Snapshot:
        if day not in self.taken:
            self.taken[day] = self.outcome.take(day)
        return self.taken[day]

    def left(self, snapshot: Snapshot) -> NDArray[np.int64]:
        return self.outcome.left(snapshot)


def _window(orders: Orders, customer: NDArray[np.int64], day: int, days: int) -> tuple[Floats, Floats]:
    chosen = orders.between(day - days, day).by_day()
    return chosen.counts()[customer], chosen.sums()[customer]
