"""Churn scores for every customer of one warehouse, with reasons, limits and a card."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.churn.backtest import STRENGTH, Backtest, Chosen, backtest, fit_chosen
from tools.churn.calibration import Calibration
from tools.churn.features import Outcome, Remembered, Snapshot
from tools.churn.model import LABELS, Logistic, by_driver, fit_logistic
from tools.churn.words import reasons
from tools.core.customers import day_number, to_date

Floats = NDArray[np.float64]

DEFAULT_HORIZON_DAYS = 91
HIGH_RISK, MEDIUM_RISK = 0.5, 0.2
_WEAK_AUC = 0.6
_SLOPE_LIMITS = (0.8, 1.25)
_INTERCEPT_LIMIT = 0.5
_DRIFT_LIMIT = 0.25
"""Population stability index from which on a distribution is taken to have changed (a common rule of credit scoring)."""


@dataclass(frozen=True, kw_only=True)
class ChurnPrediction:
    """Scores as of one day, and everything needed to judge them."""

    as_of: dt.date
    outcome: str
    """What leaving means, in words."""
    horizon_days: int
    snapshot: Snapshot
    probability: Floats
    """Chance of leaving within `horizon_days`, 0 to 1, per customer of the snapshot."""
    pushes: Floats
    """Customers by drivers: what each adds to the log-odds against an average customer of today."""
    main_driver: NDArray[np.object_]
    reasons: NDArray[np.object_]
    what_if: Logistic
    """Answers what-if questions, also when trees score."""
    chosen: Chosen
    drift: Mapping[str, float]
    """Driver -> population stability index between the training days and today."""
    trained_from: dt.date

    @property
    def backtest(self) -> Backtest:
        return self.chosen.backtest

    @property
    def model_label(self) -> str:
        return LABELS[self.backtest.winner]

    @property
    def log_odds(self) -> Floats:
        return self.what_if.log_odds(self.snapshot.matrix)

    def risk(self) -> NDArray[np.object_]:
        bands = np.where(self.probability >= HIGH_RISK, "high", np.where(self.probability >= MEDIUM_RISK, "medium", "low"))
        return bands.astype(object)

    def do_not_use(self) -> tuple[str, ...]:
        """When these scores must not be acted on, in words; empty when nothing speaks against it."""
        found = list(limits_of(self.backtest.best))
        drifted = [driver.label for driver in self.snapshot.drivers if self.drift[driver.name] > _DRIFT_LIMIT]
        if drifted:
            found.append(f"Customers have changed since the training days in {' and '.join(drifted)}; run the refresh on newer data.")
        return tuple(found)

    def effects(self) -> list[dict[str, Any]]:
        """Of every signal: log-odds per unit with its 95 % interval, other things equal."""
        found = []
        for column, driver_index in enumerate(self.snapshot.driver_of):
            driver = self.snapshot.drivers[driver_index]
            if driver.signal:
                value, low, high = self.what_if.effect(column)
                found.append({"driver": driver.name, "label": driver.label, "log_odds_per_unit": value, "low": low, "high": high})
        return sorted(found, key=lambda row: (-abs(row["log_odds_per_unit"]), row["driver"]))

    def card(self) -> dict[str, Any]:
        """The model card: plain values, as kept with the scores."""
        logistic, snapshot = self.what_if, self.snapshot
        coefficients = {name: float(logistic.coefficients[i] / logistic.scale[i]) for i, name in enumerate(snapshot.columns)}
        strength = np.abs(self.pushes).mean(axis=0)
        return {
            "model": self.backtest.winner,
            "label": self.model_label,
            "outcome": self.outcome,
            "horizon_days": self.horizon_days,
            "as_of": self.as_of.isoformat(),
            "trained_from": self.trained_from.isoformat(),
            "trained_on": [day.isoformat() for day in self.chosen.trained_on],
            "training_rows": self.chosen.n_rows,
            "n_customers": len(snapshot),
            "average_probability": float(self.probability.mean()),
            "expected_leavers": float(self.probability.sum()),
            "risk_bands": {"high": f"at least {HIGH_RISK:.0%}", "medium": f"at least {MEDIUM_RISK:.0%}", "low": "less"},
            "backtest": backtest_json(self.backtest),
            "drivers": [
                {"name": d.name, "label": d.label, "mean_push": float(strength[i]), "signal": d.signal, "drift": self.drift[d.name]}
                for i, d in enumerate(snapshot.drivers)
            ],
            "effects": self.effects(),
            "what_if_coefficients": coefficients,
            "do_not_use": list(self.do_not_use()),
        }


def limits_of(best: Calibration) -> tuple[str, ...]:
    """What a test window says against using the probabilities, in words."""
    found = []
    if best.auc < _WEAK_AUC:
        found.append(f"They hardly tell leavers from stayers (AUC {best.auc:.2f}; 0.5 is chance).")
    if not _SLOPE_LIMITS[0] <= best.slope <= _SLOPE_LIMITS[1] or abs(best.intercept) > _INTERCEPT_LIMIT:
        line = f"slope {best.slope:.2f}, intercept {best.intercept:+.2f}"
        found.append(f"They rank customers, but are no probabilities: on a later window they were off ({line}).")
    return tuple(found)


def predict_churn(outcome: Outcome, *, as_of: dt.date) -> ChurnPrediction:
    """Back-test, choose, refit, score.

    Raises:
        NeedsPerson: Too few customers, one class only, or too short a history.
    """
    end = day_number(as_of)
    outcome = Remembered(outcome=outcome)
    chosen = fit_chosen(outcome, backtest(outcome, end=end), end=end)
    snapshot = outcome.take(end)
    training = np.vstack([taken.matrix for taken in chosen.training])
    what_if = chosen.model if isinstance(chosen.model, Logistic) else fit_logistic(training, chosen.labels, strength=STRENGTH)
    pushes = by_driver(chosen.model.contributions(snapshot.matrix), snapshot.driver_of, len(snapshot.drivers))
    pushes = pushes - pushes.mean(axis=0)
    main, said = reasons(pushes, snapshot.drivers, snapshot.facts, horizon_days=outcome.horizon_days)
    return ChurnPrediction(
        as_of=as_of,
        outcome=outcome.in_words,
        horizon_days=outcome.horizon_days,
        snapshot=snapshot,
        probability=chosen.model.probability(snapshot.matrix),
        pushes=pushes,
        main_driver=main,
        reasons=said,
        what_if=what_if,
        chosen=chosen,
        drift=_drift(training, snapshot),
        trained_from=to_date(outcome.first_day),
    )


def _drift(training: Floats, snapshot: Snapshot) -> dict[str, float]:
    """Per driver the largest stability index of its columns; time as a customer grows by itself and is left at 0."""
    found = dict.fromkeys((driver.name for driver in snapshot.drivers), 0.0)
    for column, driver_index in enumerate(snapshot.driver_of):
        name = snapshot.drivers[driver_index].name
        if name != "tenure":
            found[name] = max(found[name], _stability_index(training[:, column], snapshot.matrix[:, column]))
    return found


def _stability_index(before: Floats, now: Floats) -> float:
    edges = np.unique(np.quantile(before, np.linspace(0, 1, 11)[1:-1]))
    shares = []
    for values in (before, now):
        counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
        shares.append((counts + 0.5) / (counts.sum() + 0.5 * len(counts)))
    return float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())


def backtest_json(result: Backtest) -> dict[str, Any]:
    """The back-test as plain values."""
    return {
        "horizon_days": result.horizon_days,
        "trained_on": [day.isoformat() for day in result.trained_on],
        "tested_on": result.tested_on.isoformat(),
        "until": result.until.isoformat(),
        "winner": result.winner,
        "results": {kind: calibration_json(found) for kind, found in result.results.items()},
        "naive_recency_auc": result.recency_auc,
    }


def calibration_json(found: Calibration) -> dict[str, Any]:
    return {**asdict(found), "within_chance": found.within_chance}
