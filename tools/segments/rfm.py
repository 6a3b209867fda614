"""RFM segments: fifths of recency, frequency and spend by SQL, named by rules that a person can check."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tools.core.customers import Orders
from tools.core.errors import NeedsPerson

if TYPE_CHECKING:
    import duckdb

_SQL = Path(__file__).with_name("features.sql")
WINDOW_DAYS = 365
NEW_DAYS = 91
MIN_CUSTOMERS = 25
"""Five fifths of five."""


@dataclass(frozen=True, kw_only=True)
class SegmentRule:
    """One segment: the first rule that holds names the customer."""

    name: str
    rule: str
    """SQL over r (recency score), fm (mean of frequency and spend score, rounded up) and is_new."""
    meaning: str
    phrases: tuple[str, ...] = ()
    """Other names that people use."""


RULES = (
    SegmentRule(
        name="Champions", rule="r >= 4 AND fm >= 4", meaning="came lately, come often, spend much", phrases=("champion", "best customers")
    ),
    SegmentRule(
        name="Loyal", rule="r = 3 AND fm >= 4", meaning="come often and spend much, not among the latest", phrases=("loyal customers",)
    ),
    SegmentRule(
        name="Slipping away",
        rule="r <= 2 AND fm >= 4",
        meaning="came often and spent much, and have not come for a while",
        phrases=("cannot lose",),
    ),
    SegmentRule(
        name="Promising", rule="r >= 4 AND fm = 3", meaning="came lately, middling in frequency and spend", phrases=("potential loyalists",)
    ),
    SegmentRule(name="New", rule="r >= 4 AND fm <= 2 AND is_new", meaning="first order within 91 days", phrases=("new customers by RFM",)),
    SegmentRule(
        name="Occasional", rule="r >= 4 AND fm <= 2", meaning="came lately, seldom and for little", phrases=("occasional customers",)
    ),
    SegmentRule(name="Steady", rule="r = 3 AND fm = 3", meaning="middling in everything"),
    SegmentRule(name="Needs attention", rule="r = 3", meaning="middling recency, seldom and for little", phrases=("need attention",)),
    SegmentRule(name="Cooling off", rule="fm = 3", meaning="middling in frequency and spend, and have not come for a while"),
    SegmentRule(name="Hibernating", rule="TRUE", meaning="seldom, for little, and long ago", phrases=("dormant", "hibernating customers")),
)


@dataclass(frozen=True, kw_only=True)
class Rfm:
    """Columns of equal length, one entry per customer with an order in the window."""

    customer: NDArray[np.int64]
    """Number of the customer in the orders."""
    days_since_last_order: NDArray[np.int64]
    n_orders: NDArray[np.int64]
    spend: NDArray[np.float64]
    days_since_first_order: NDArray[np.int64]
    recency_score: NDArray[np.int64]
    frequency_score: NDArray[np.int64]
    monetary_score: NDArray[np.int64]
    segment: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.customer)


def rfm_of(connection: duckdb.DuckDBPyConnection, orders: Orders, as_of: int) -> Rfm:
    """The segments on day `as_of` (days since 1970) from orders up to it.

    Raises:
        NeedsPerson: Fewer than `MIN_CUSTOMERS` customers with an order in the year before (`too_few_customers`).
    """
    rows = {"customer": orders.customer, "day": orders.day, "amount": orders.amount}
    connection.register("order_rows", rows)
    try:
        scored = _SQL.read_text(encoding="utf-8")
        sql = f"WITH scored AS ({scored}) SELECT *, {_case()} AS segment FROM (SELECT *, {_INPUTS} FROM scored) ORDER BY customer"
        found: dict[str, Any] = connection.execute(sql, {"as_of": as_of, "days": WINDOW_DAYS}).fetchnumpy()
    finally:
        connection.unregister("order_rows")
    if len(found["customer"]) < MIN_CUSTOMERS:
        raise NeedsPerson(
            f"Only {len(found['customer'])} customers have an order in the year before; fifths need {MIN_CUSTOMERS}.",
            try_instead="Take a larger group of customers.",
            code="too_few_customers",
        )
    kept = {name: np.ma.getdata(found[name]) for name in Rfm.__dataclass_fields__}
    return Rfm(**kept)


_INPUTS = (
    "recency_score AS r, CAST(ceil((frequency_score + monetary_score) / 2.0) AS INTEGER) AS fm, "
    f"days_since_first_order <= {NEW_DAYS} AS is_new"
)


def _case() -> str:
    branches = " ".join(f"WHEN {rule.rule} THEN '{rule.name}'" for rule in RULES)
    return f"CASE {branches} END"
