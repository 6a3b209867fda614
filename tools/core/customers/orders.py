"""Orders as arrays: sorted by customer, then day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True, kw_only=True)
class Orders:
    """Every order of every customer. Build with `Orders.of`, which sorts."""

    customers: NDArray[Any]
    """Keys as the source has them; the position of a key is the customer's number."""
    customer: NDArray[np.int64]
    """Number of the customer, per order; ascending."""
    day: NDArray[np.int64]
    """Days since 1970-01-01, per order; ascending within a customer."""
    amount: NDArray[np.float64]

    @classmethod
    def of(cls, keys: Sequence[Any] | NDArray[Any], days: NDArray[np.int64], amounts: NDArray[np.float64]) -> Orders:
        """Orders from three columns of equal length in any order."""
        customers, customer = np.unique(np.asarray(keys), return_inverse=True)
        order = np.lexsort((days, customer))
        return cls(
            customers=customers,
            customer=customer[order].astype(np.int64),
            day=np.asarray(days, dtype=np.int64)[order],
            amount=np.asarray(amounts, dtype=np.float64)[order],
        )

    def __len__(self) -> int:
        return len(self.customer)

    @property
    def n_customers(self) -> int:
        return len(self.customers)

    @property
    def first_day(self) -> int:
        return int(self.day.min())

    @property
    def last_day(self) -> int:
        return int(self.day.max())

    def until(self, day: int) -> Orders:
        """What was known at the end of `day`; customer numbers stay."""
        return self._where(self.day <= day)

    def between(self, after: int, until: int) -> Orders:
        """Orders later than `after`, up to and including `until`."""
        return self._where((self.day > after) & (self.day <= until))

    def by_day(self) -> Orders:
        """One entry per customer and day, amounts summed: the purchase events of the models."""
        if len(self) == 0:
            return self
        new = np.ones(len(self), dtype=bool)
        new[1:] = (self.customer[1:] != self.customer[:-1]) | (self.day[1:] != self.day[:-1])
        starts = np.flatnonzero(new)
        return Orders(
            customers=self.customers,
            customer=self.customer[starts],
            day=self.day[starts],
            amount=np.add.reduceat(self.amount, starts),
        )

    def counts(self) -> NDArray[np.float64]:
        """Number of entries per customer number, 0 included."""
        return np.bincount(self.customer, minlength=self.n_customers).astype(np.float64)

    def sums(self) -> NDArray[np.float64]:
        """Sum of the amounts per customer number."""
        return np.bincount(self.customer, weights=self.amount, minlength=self.n_customers).astype(np.float64)

    def spans(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where each customer's entries start, and how many there are; customers without entries are left out."""
        if len(self) == 0:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        starts = np.flatnonzero(np.r_[True, self.customer[1:] != self.customer[:-1]])
        return starts.astype(np.int64), np.diff(np.r_[starts, len(self)]).astype(np.int64)

    def _where(self, chosen: NDArray[np.bool_]) -> Orders:
        return Orders(customers=self.customers, customer=self.customer[chosen], day=self.day[chosen], amount=self.amount[chosen])


def day_number(day: dt.date) -> int:
    """Days since 1970-01-01."""
    return (day - _EPOCH).days


def to_date(day: int) -> dt.date:
    return _EPOCH + dt.timedelta(days=int(day))
