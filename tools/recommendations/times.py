"""When customers react to messages: the weekday and hour with most of their past reactions, drawn towards everybody's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.core.customers.warehouse_data import CustomerData
from tools.core.semantics.model import SemanticModel

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_PRIOR = 5.0
"""Everybody's habits count like so many reactions of the customer's own."""
_LEAST = 50


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Per customer the best weekday (0 = Monday) and hour, and how many reactions they had; and everybody's shares."""

    weekday: NDArray[np.int64]
    hour: NDArray[np.int64]
    reactions: NDArray[np.int64]
    weekdays: tuple[float, ...]
    hours: tuple[float, ...]
    total: int


def best_times(data: CustomerData, model: SemanticModel, customers: NDArray[Any], as_of: int) -> Reach | None:
    """None where the model names no reactions (`roles.contact_time`, `roles.contact_response`), or there are too few."""
    roles = model.settings.roles
    if roles.contact_time is None or roles.contact_response is None:
        return None
    rows = data.rows({"moment": roles.contact_time}, customers=customers, where=roles.contact_response)
    known = ~np.ma.getmaskarray(rows["moment"])
    moment = np.ma.getdata(rows["moment"])[known].astype("datetime64[h]").astype(np.int64)
    customer = rows["customer"][known]
    past = moment // 24 <= as_of
    moment, customer = moment[past], customer[past]
    if len(moment) < _LEAST:
        return None
    # 1970-01-01 was a Thursday.
    weekday, hour, n = (moment // 24 + 3) % 7, moment % 24, len(customers)
    days, hours = (np.bincount(part, minlength=size) / len(moment) for part, size in ((weekday, 7), (hour, 24)))
    return Reach(
        weekday=_favourite(customer, weekday, n, days),
        hour=_favourite(customer, hour, n, hours),
        reactions=np.bincount(customer, minlength=n).astype(np.int64),
        weekdays=tuple(float(v) for v in days),
        hours=tuple(float(v) for v in hours),
        total=len(moment),
    )


def _favourite(customer: NDArray[np.int64], slot: NDArray[np.int64], n: int, everybody: NDArray[np.float64]) -> NDArray[np.int64]:
    size = len(everybody)
    own = np.bincount(customer * size + slot, minlength=n * size).reshape(n, size)
    return np.asarray(np.argmax(own + _PRIOR * everybody[None, :], axis=1), dtype=np.int64)
