"""What moves a prediction, in words of the business."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tools.churn.features import Driver

Floats = NDArray[np.float64]

SHOWN = 3
_ARTICLES = ("a", "an", "the")
LEAST_PUSH = 0.05
"""Smaller contributions to the log-odds are not worth a reason."""


def reasons(
    pushes: Floats, drivers: Sequence[Driver], facts: Mapping[str, Floats], *, horizon_days: int
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Per customer: the driver that raises the risk most (None when none does), and up to three reasons in one sentence.

    Args:
        pushes: Customers by drivers: what each adds to the log-odds against an average customer.
    """
    order = np.argsort(-np.abs(pushes), axis=1, kind="stable")[:, :SHOWN]
    top = np.argmax(pushes, axis=1)
    main: NDArray[np.object_] = np.array([drivers[d].label if pushes[i, d] > LEAST_PUSH else None for i, d in enumerate(top)], dtype=object)
    columns = {name: values.tolist() for name, values in facts.items()}
    said = np.empty(len(pushes), dtype=object)
    for i in range(len(pushes)):
        row = {name: values[i] for name, values in columns.items()}
        parts = [_reason(drivers[d], pushes[i, d], row, horizon_days) for d in order[i] if abs(pushes[i, d]) > LEAST_PUSH]
        said[i] = "; ".join(parts) if parts else "close to average in everything"
    return main, said


def _reason(driver: Driver, push: float, row: Mapping[str, float], horizon_days: int) -> str:
    return f"{_fact(driver, row, horizon_days)} ({'raises' if push > 0 else 'lowers'} the risk)"


def _fact(driver: Driver, row: Mapping[str, float], horizon_days: int) -> str:
    if driver.name == "recency":
        usual = f", usually every {_days(row['usual_gap_days'])}" if row["n_orders"] > 1 else ""
        return f"last order {_days(row['days_since_last_order'])} ago{usual}"
    if driver.name == "frequency":
        recent, before = row["orders_1h"], row["orders_2h"] - row["orders_1h"]
        orders = f"{_number(recent)} order{'' if recent == 1 else 's'}"
        return f"{orders} in the last {horizon_days} days, {_number(before)} in the {horizon_days} before"
    if driver.name == "spend":
        return f"spent {row['spend_1h']:,.0f} in the last {horizon_days} days"
    if driver.name == "tenure":
        return f"customer for {_days(row['tenure_days'])}"
    if driver.name == "contract":
        return f"subscriber for {_days(row['subscription_days'])}"
    return _counted(driver.label, row[driver.name])


def _counted(label: str, value: float) -> str:
    """ "a gift card", "no gift card", "an unresolved ticket: 3": what is one of a kind says by its article that it is there or not."""
    article, _, thing = label.partition(" ")
    if article in _ARTICLES and value in (0, 1):
        return label if value else f"no {thing}"
    return f"{label}: {_number(value)}"


def _days(value: float) -> str:
    return f"{value:,.0f} day{'' if round(value) == 1 else 's'}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() or value >= 10 else f"{value:.1f}"
