"""Churn's part in the intelligence layer: the table intelligence.churn, what it means, and its card."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tools.churn.features import Driver
from tools.churn.prediction import DEFAULT_HORIZON_DAYS, ChurnPrediction, predict_churn
from tools.core.customers.warehouse_data import CustomerData, require_roles
from tools.core.semantics.additions import PolicyAddition
from tools.core.semantics.templates import as_json_text, model_addition
from tools.core.warehouse.refresh import Contributed, NewTable, RefreshWork

_TEMPLATE = Path(__file__).with_name("semantic_addition.yaml")


class ChurnContribution:
    """Scores every customer who may leave, as of the last complete day."""

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
        declared = work.model.settings.roles.signals
        work.progress("Learning who left, and judging it on a later window")
        prediction = predict_churn(
            orders,
            as_of=work.as_of,
            horizon_days=self._horizon_days,
            signals=lambda day: data.signal_values(declared, orders.customers, day),
            signal_drivers=[Driver(name=s.name, label=s.label, signal=True) for s in declared],
        )
        table = score_table(prediction, orders.customers, data.key_column, data.key_type)
        key = data.key_column
        return Contributed(
            tables=(table,),
            model=model_addition(
                _TEMPLATE,
                work.model,
                {"horizon_days": self._horizon_days, "scored_on": work.as_of, "modelled": as_json_text(modelled(prediction))},
            ),
            policy=PolicyAddition(
                tables={table.full_name: {"key": (key,), "plain": tuple(c for c in table.columns if c != key)}},
                paths={table.full_name: key},
            ),
            card=prediction.card(),
        )


def score_table(prediction: ChurnPrediction, customers: NDArray[Any], key: str, key_type: str) -> NewTable:
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
    for name, values in snapshot.facts.items():
        columns[f"fact_{name}"] = ("DOUBLE", values)
    return NewTable(name="churn", columns=columns)


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
