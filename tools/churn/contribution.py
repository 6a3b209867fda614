"""Churn's part in the intelligence layer: the tables of scores, what they mean, and their cards."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tools.churn.features import Driver, NoOrder, Outcome, Signals
from tools.churn.prediction import DEFAULT_HORIZON_DAYS, ChurnPrediction, predict_churn
from tools.churn.subscriptions import STILL_RUNNING, SubscriptionEnds, Subscriptions
from tools.core.customers import Orders
from tools.core.customers.warehouse_data import CustomerData, require_roles
from tools.core.semantics.additions import PolicyAddition
from tools.core.semantics.templates import as_json_text, model_addition
from tools.core.warehouse.refresh import Contributed, NewTable, RefreshWork

_TEMPLATE = Path(__file__).with_name("semantic_addition.yaml")
_SUBSCRIPTION_TEMPLATE = Path(__file__).with_name("subscription_addition.yaml")


class ChurnContribution:
    """Scores every customer who may stay away, as of the last complete day."""

    name: ClassVar[str] = "churn"
    reads: ClassVar[tuple[str, ...]] = ()

    def __init__(self, horizon_days: int = DEFAULT_HORIZON_DAYS) -> None:
        self._horizon_days = horizon_days

    @property
    def version(self) -> str:
        return f"1-h{self._horizon_days}"

    def compute(self, work: RefreshWork) -> Contributed:
        """Raises NeedsPerson: roles missing, too few customers, one class only, too short a history."""
        require_roles(work.model, ["customer", "order", "order_time", "amount"])
        data = CustomerData(work.connection, work.model, work.as_of)
        orders = data.orders()
        outcome = NoOrder(
            orders=orders, horizon_days=self._horizon_days, signals=_signals(data, work, orders), signal_drivers=_signal_drivers(work)
        )
        return _contributed(self.name, _TEMPLATE, outcome, work, data, orders)


class SubscriptionChurnContribution:
    """Scores every customer with a running subscription, where there are subscriptions."""

    name: ClassVar[str] = "subscription_churn"
    reads: ClassVar[tuple[str, ...]] = ()

    def __init__(self, horizon_days: int = DEFAULT_HORIZON_DAYS) -> None:
        self._horizon_days = horizon_days

    @property
    def version(self) -> str:
        return f"1-h{self._horizon_days}"

    def compute(self, work: RefreshWork) -> Contributed:
        """Raises NeedsPerson: no subscriptions in the model, too few customers, one class only, too short a history."""
        roles = ["customer", "order", "order_time", "amount", "subscription", "subscription_start", "subscription_end"]
        require_roles(work.model, roles)
        data = CustomerData(work.connection, work.model, work.as_of)
        orders = data.orders()
        customer, start, end = data.subscriptions(orders.customers)
        outcome = SubscriptionEnds(
            orders=orders,
            subscriptions=Subscriptions(customer=customer, start=start, end=np.where(end < 0, STILL_RUNNING, end)),
            horizon_days=self._horizon_days,
            signals=_signals(data, work, orders),
            signal_drivers=_signal_drivers(work),
        )
        return _contributed(self.name, _SUBSCRIPTION_TEMPLATE, outcome, work, data, orders)


def _signals(data: CustomerData, work: RefreshWork, orders: Orders) -> Signals:
    declared = work.model.settings.roles.signals
    return lambda day: data.signal_values(declared, orders, day)


def _signal_drivers(work: RefreshWork) -> tuple[Driver, ...]:
    return tuple(Driver(name=s.name, label=s.label, signal=True) for s in work.model.settings.roles.signals)


def _contributed(name: str, template: Path, outcome: Outcome, work: RefreshWork, data: CustomerData, orders: Orders) -> Contributed:
    work.progress("Learning who left, and judging it on a later window")
    prediction = predict_churn(outcome, as_of=work.as_of)
    key = data.key_column
    table = score_table(name, prediction, orders.customers, key, data.key_type)
    words = {"horizon_days": outcome.horizon_days, "scored_on": work.as_of, "modelled": as_json_text(modelled(prediction))}
    classes = {"key": (key,), "plain": tuple(column for column in table.columns if column != key)}
    return Contributed(
        tables=(table,),
        model=model_addition(template, work.model, words),
        policy=PolicyAddition(tables={table.full_name: classes}, paths={table.full_name: key}),
        card=prediction.card(),
    )


def score_table(name: str, prediction: ChurnPrediction, customers: NDArray[Any], key: str, key_type: str) -> NewTable:
    """One row per customer scored: the probability, its reasons, and what segment drivers and what-if questions need."""
    snapshot = prediction.snapshot
    columns: dict[str, tuple[str, Any]] = {
        key: (key_type, customers[snapshot.customer]),
        "churn_probability": ("DOUBLE", prediction.probability),
        "churn_risk": ("VARCHAR", prediction.risk()),
        "main_driver": ("VARCHAR", prediction.main_driver),
        "reasons": ("VARCHAR", prediction.reasons),
        "log_odds": ("DOUBLE", prediction.log_odds),
    }
    for position, driver in enumerate(snapshot.drivers):
        columns[f"push_{driver.name}"] = ("DOUBLE", np.ascontiguousarray(prediction.pushes[:, position]))
    for fact, values in snapshot.facts.items():
        columns[f"fact_{fact}"] = ("DOUBLE", np.ascontiguousarray(values))
    return NewTable(name=name, columns=columns)


def modelled(prediction: ChurnPrediction) -> Mapping[str, Any]:
    """For the trust grade of every answer that rests on the scores."""
    best = prediction.backtest.best
    return {
        "what": "churn probabilities",
        "model": prediction.model_label,
        "trained_from": prediction.trained_from.isoformat(),
        "trained_to": prediction.as_of.isoformat(),
        "scored_on": prediction.as_of.isoformat(),
        "reliability": f"on a later window AUC {best.auc:.2f}, calibration error {best.ece:.3f}",
        "good_for_days": max(prediction.horizon_days // 2, 1),
    }
