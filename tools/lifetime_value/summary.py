"""From purchase days to what the models need of a customer: repeat purchases, time of the last, time observed, average spend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.core.customers import Orders

Floats = NDArray[np.float64]

DAYS_PER_UNIT = 7.0
"""The models count time in weeks."""
_MAX_ROWS = 40_000


@dataclass(frozen=True, kw_only=True)
class CustomerSummary:
    """One entry per customer with a purchase by the cut-off day."""

    customer: NDArray[np.int64]
    """Position in the customers of the orders."""
    x: Floats
    """Repeat purchase days: those after the first."""
    t_x: Floats
    """Weeks from the first to the last purchase."""
    T: Floats
    """Weeks from the first purchase to the cut-off day."""
    m: Floats
    """Average spend on repeat purchase days; 0 without any."""

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True, kw_only=True)
class WeightedRows:
    """Unique (x, t_x, T) and how many customers share each."""

    x: Floats
    t_x: Floats
    T: Floats
    weight: Floats


def summarise(orders: Orders, cut_off: int) -> CustomerSummary:
    """The customers who bought by day `cut_off` (days since 1970), from what was known that day."""
    known = orders.until(cut_off).by_day()
    starts, counts = known.spans()
    if len(starts) == 0:
        empty = np.zeros(0)
        return CustomerSummary(customer=np.zeros(0, dtype=np.int64), x=empty, t_x=empty, T=empty, m=empty)
    first = known.day[starts]
    last = known.day[starts + counts - 1]
    total = np.add.reduceat(known.amount, starts) - known.amount[starts]
    repeats = (counts - 1).astype(np.float64)
    return CustomerSummary(
        customer=known.customer[starts].astype(np.int64),
        x=repeats,
        t_x=(last - first) / DAYS_PER_UNIT,
        T=(cut_off - first) / DAYS_PER_UNIT,
        m=np.divide(total, repeats, out=np.zeros_like(total), where=repeats > 0),
    )


def weigh(customers: CustomerSummary) -> WeightedRows:
    """Equal rows together; when too many differ, days are put into bins, as narrow as keeps the rows under the limit.

    A likelihood over bins of a few days is indistinguishable from the exact one at the sizes where binning starts (models are fitted on
    hundreds of thousands of customers then), and costs seconds rather than a minute.
    """
    width = 1
    while True:
        bins = [np.rint(values * DAYS_PER_UNIT / width).astype(np.int64) for values in (customers.t_x, customers.T)]
        # One integer per row sorts an order of magnitude quicker than rows of three.
        span = int(bins[1].max(initial=0)) + 2
        key = (customers.x.astype(np.int64) * span + bins[0]) * span + bins[1]
        _, position, count = np.unique(key, return_inverse=True, return_counts=True)
        if len(count) <= _MAX_ROWS:
            means = [np.bincount(position, weights=values) / count for values in (customers.x, customers.t_x, customers.T)]
            return WeightedRows(x=means[0], t_x=means[1], T=means[2], weight=count.astype(np.float64))
        width *= 2
