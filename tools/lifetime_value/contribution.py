"""Lifetime value's part in the intelligence layer: the table intelligence.lifetime_value, what it means, and its card."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tools.core.customers.warehouse_data import CustomerData, require_roles
from tools.core.semantics.additions import PolicyAddition
from tools.core.semantics.templates import as_json_text, model_addition
from tools.core.warehouse.refresh import Contributed, NewTable, RefreshWork
from tools.lifetime_value.candidates import LABELS
from tools.lifetime_value.model import DEFAULT_HORIZON_DAYS, Terms, ValueModel, Values, fit_value_model

_TEMPLATE = Path(__file__).with_name("semantic_addition.yaml")
_HIGH, _MEDIUM = 0.2, 0.5
"""The top fifth, and the next three tenths."""


class LifetimeValueContribution:
    """Values every customer with an order, as of the last complete day."""

    name: ClassVar[str] = "lifetime_value"
    reads: ClassVar[tuple[str, ...]] = ()

    def __init__(self, horizon_days: int = DEFAULT_HORIZON_DAYS, yearly_discount: float = 0.0) -> None:
        self._horizon_days = horizon_days
        self._yearly_discount = yearly_discount

    @property
    def version(self) -> str:
        return f"1-h{self._horizon_days}-d{self._yearly_discount:g}"

    def compute(self, work: RefreshWork) -> Contributed:
        """Raises NeedsPerson: roles missing, too few customers, too short a history."""
        require_roles(work.model, ["customer", "order", "order_time", "amount"])
        data = CustomerData(work.connection, work.model, work.as_of)
        basis = "margin" if work.model.settings.roles.margin else "revenue"
        orders = data.orders(amount="margin" if basis == "margin" else "amount")
        currency = work.model.settings.currency
        terms = Terms(horizon_days=self._horizon_days, currency=currency, basis=basis, yearly_discount=self._yearly_discount)
        work.progress("Fitting purchases and spend, and judging them on later windows")
        model = fit_value_model(orders, as_of=work.as_of, terms=terms)
        values = model.values()
        key = data.key_column
        table = value_table(values, orders.customers, key, data.key_type)
        words = {
            "horizon_days": terms.horizon_days,
            "scored_on": work.as_of,
            "currency": currency,
            "basis": basis,
            "discounting": discounting(terms),
            "modelled": as_json_text(modelled(model)),
        }
        return Contributed(
            tables=(table,),
            model=model_addition(_TEMPLATE, work.model, words),
            policy=PolicyAddition(
                tables={table.full_name: {"key": (key,), "plain": tuple(c for c in table.columns if c != key)}},
                paths={table.full_name: key},
            ),
            card=model.card(),
        )


def discounting(terms: Terms) -> str:
    return f"discounted by {terms.yearly_discount:.0%} a year" if terms.yearly_discount else "not discounted"


def value_table(values: Values, customers: NDArray[Any], key: str, key_type: str) -> NewTable:
    """One row per customer with an order."""
    columns: dict[str, tuple[str, Any]] = {
        key: (key_type, customers[values.customer]),
        "clv": ("DOUBLE", values.clv),
        "clv_low": ("DOUBLE", values.clv_low),
        "clv_high": ("DOUBLE", values.clv_high),
        "value_tier": ("VARCHAR", value_tiers(values)),
        "expected_orders": ("DOUBLE", values.expected_orders),
        "probability_alive": ("DOUBLE", values.probability_alive),
        "repeat_orders": ("INTEGER", values.repeat_orders),
        "days_first_to_last_order": ("INTEGER", values.days_first_to_last_order),
        "days_observed": ("INTEGER", values.days_observed),
        "average_spend": ("DOUBLE", values.average_spend),
    }
    return NewTable(name="lifetime_value", columns=columns)


def value_tiers(values: Values) -> NDArray[np.object_]:
    """high, medium or low by rank of the value; ties in the order of the customers, so that tiers do not move between runs."""
    n = len(values.clv)
    rank = np.empty(n, dtype=np.int64)
    rank[np.argsort(-values.clv, kind="stable")] = np.arange(n)
    tiers = np.where(rank < _HIGH * n, "high", np.where(rank < _MEDIUM * n, "medium", "low"))
    return tiers.astype(object)


def modelled(model: ValueModel) -> Mapping[str, Any]:
    """For the trust grade of every answer that rests on the values."""
    mean = model.backtest.mean(model.winner)
    return {
        "what": "lifetime values",
        "model": LABELS[model.winner],
        "trained_from": model.trained_from.isoformat(),
        "trained_to": model.as_of.isoformat(),
        "scored_on": model.as_of.isoformat(),
        "reliability": f"in {len(model.backtest.windows)} back-tests the total was {mean.spend_total_error:+.1%} off",
        "good_for_days": max(model.backtest.horizon_days, 1),
    }
