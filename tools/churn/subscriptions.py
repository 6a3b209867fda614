"""Leaving with a contract: the last running subscription of a customer ends within the horizon."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tools.churn.features import Driver, Signals, Snapshot, take_snapshot
from tools.core.customers import Orders

STILL_RUNNING = np.iinfo(np.int64).max // 2
CONTRACT = Driver(name="contract", label="time as a subscriber")


@dataclass(frozen=True, kw_only=True)
class Subscriptions:
    """Columns of equal length, one entry per subscription; customers by their number in the orders."""

    customer: NDArray[np.int64]
    start: NDArray[np.int64]
    """First day, in days since 1970."""
    end: NDArray[np.int64]
    """Last day; `STILL_RUNNING` while it has none."""

    def running(self, day: int, n_customers: int) -> NDArray[np.bool_]:
        """Per customer number: whether a subscription runs beyond that day."""
        found = np.zeros(n_customers, dtype=bool)
        found[self.customer[(self.start <= day) & (self.end > day)]] = True
        return found

    def age(self, day: int, n_customers: int) -> NDArray[np.float64]:
        """Days since the first subscription that runs on that day began; 0 for who has none."""
        chosen = (self.start <= day) & (self.end > day)
        began = np.full(n_customers, day, dtype=np.int64)
        np.minimum.at(began, self.customer[chosen], self.start[chosen])
        return (day - began).astype(np.float64)


@dataclass(frozen=True, kw_only=True)
class SubscriptionEnds:
    """Everybody with a running subscription; subscribers who never ordered are not told apart by anything, and are left out."""

    orders: Orders
    subscriptions: Subscriptions
    horizon_days: int
    signals: Signals | None = None
    signal_drivers: tuple[Driver, ...] = ()

    @property
    def first_day(self) -> int:
        return max(self.orders.first_day, int(self.subscriptions.start.min()))

    @property
    def in_words(self) -> str:
        return f"subscription ended within {self.horizon_days} days"

    def take(self, day: int) -> Snapshot:
        n = self.orders.n_customers
        everybody = take_snapshot(
            self.orders, day, horizon_days=self.horizon_days, signals=self.signals, signal_drivers=self.signal_drivers, keep_inactive=True
        )
        chosen = self.subscriptions.running(day, n)[everybody.customer]
        age = self.subscriptions.age(day, n)[everybody.customer][chosen]
        return replace(
            everybody,
            customer=everybody.customer[chosen],
            matrix=np.column_stack([everybody.matrix[chosen], np.log1p(age)]),
            columns=(*everybody.columns, "log_subscription_age"),
            drivers=(*everybody.drivers, CONTRACT),
            driver_of=(*everybody.driver_of, len(everybody.drivers)),
            facts={**{name: values[chosen] for name, values in everybody.facts.items()}, "subscription_days": age},
        )

    def left(self, snapshot: Snapshot) -> NDArray[np.int64]:
        still = self.subscriptions.running(snapshot.day + self.horizon_days, self.orders.n_customers)
        return np.asarray(~still[snapshot.customer], dtype=np.int64)
