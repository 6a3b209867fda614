"""The ways to predict what customers will buy that the back-test lets compete: probability models, naive rules, and their mean.

Each sees only the orders up to the cut-off day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.core.customers import Orders
from tools.lifetime_value.purchasing import Dropout, PurchaseModel, expected_purchases, fit_purchases
from tools.lifetime_value.spending import SpendModel, expected_spend, fit_spend
from tools.lifetime_value.summary import DAYS_PER_UNIT, CustomerSummary, summarise, weigh

Floats = NDArray[np.float64]

NAIVE = ("last_window", "past_rate", "nothing")
LABELS = {
    "bg_nbd": "BG/NBD with Gamma-Gamma spend",
    "mbg_nbd": "MBG/NBD with Gamma-Gamma spend",
    "blend": "mean of MBG/NBD and the last window repeated",
    "last_window": "naive: the last window repeated",
    "past_rate": "naive: own past rate carried on",
    "nothing": "naive: nobody buys",
}
"""Name -> what it is called. Simpler ones win ties in this order from the end; `nothing` is shown, but cannot win."""


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Everything fitted on the orders up to one day."""

    cut_off: int
    customers: CustomerSummary
    purchases: Mapping[str, PurchaseModel]
    spend: SpendModel
    average_spend: Floats
    """Per customer: mean amount of all purchase days so far."""
    recent_purchases: Floats
    """Per customer: purchase days in the last window."""
    recent_spend: Floats
    window_days: int


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """Per customer of the fit, over the horizon."""

    purchases: Floats
    spend: Floats


def fit_all(orders: Orders, cut_off: int, window_days: int) -> Fit:
    """Fit what can be fitted by `cut_off`. Raises NeedsPerson (`too_few_customers`)."""
    customers = summarise(orders, cut_off)
    rows = weigh(customers)
    known = orders.until(cut_off).by_day()
    starts, counts = known.spans()
    total = np.add.reduceat(known.amount, starts) if len(starts) else np.zeros(0)
    recent = known.between(cut_off - window_days, cut_off)
    return Fit(
        cut_off=cut_off,
        customers=customers,
        purchases={kind.value: fit_purchases(rows, kind) for kind in Dropout},
        spend=fit_spend(customers),
        average_spend=total / np.maximum(counts, 1),
        recent_purchases=recent.counts()[customers.customer],
        recent_spend=recent.sums()[customers.customer],
        window_days=window_days,
    )


def predict(fit: Fit, candidate: str, horizon_days: float) -> Prediction:
    """What one candidate expects of every customer over the next `horizon_days`; amounts may not be negative."""
    if candidate == "nothing":
        return Prediction(purchases=np.zeros(len(fit.customers)), spend=np.zeros(len(fit.customers)))
    if candidate == "blend":
        model, naive = predict(fit, "mbg_nbd", horizon_days), predict(fit, "last_window", horizon_days)
        return Prediction(purchases=(model.purchases + naive.purchases) / 2, spend=(model.spend + naive.spend) / 2)
    if candidate == "last_window":
        scale = horizon_days / fit.window_days
        return Prediction(purchases=fit.recent_purchases * scale, spend=np.maximum(fit.recent_spend, 0.0) * scale)
    if candidate == "past_rate":
        # A customer observed for hours has no rate yet: half a day is the finest that days can tell.
        weeks = np.maximum(fit.customers.T, 0.5 / DAYS_PER_UNIT)
        purchases = fit.customers.x / weeks * (horizon_days / DAYS_PER_UNIT)
        return Prediction(purchases=purchases, spend=purchases * np.maximum(fit.average_spend, 0.0))
    purchases = expected_purchases(fit.purchases[candidate], fit.customers, horizon_days / DAYS_PER_UNIT)
    return Prediction(purchases=purchases, spend=purchases * expected_spend(fit.spend, fit.customers))
