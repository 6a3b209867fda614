"""Whether a probability of 0.3 comes true three times in ten."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

_BINS = 10
_SIMULATIONS = 200
_SIMULATED_ROWS = 20_000


@dataclass(frozen=True, kw_only=True)
class Decile:
    """A tenth of the customers, by predicted probability."""

    n: int
    predicted: float
    observed: float


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Predicted against observed, on customers that the model had not seen."""

    n: int
    base_rate: float
    auc: float
    average_precision: float
    brier: float
    log_loss: float
    slope: float
    """Of observed log-odds on predicted ones: 1 is right, below 1 the predictions are too extreme."""
    intercept: float
    """How much higher observed log-odds are at the same slope: 0 is right."""
    ece: float
    """Expected calibration error: mean |observed - predicted| over ten equally wide bins, weighted by size."""
    ece_by_chance: float
    """95th percentile of what a perfect model of this size would show."""
    lift_at_10: float
    """Observed rate among the tenth at highest risk, over the base rate."""
    deciles: tuple[Decile, ...]

    @property
    def within_chance(self) -> bool:
        return self.ece <= self.ece_by_chance


def calibration_of(observed: Labels, predicted: Floats) -> Calibration:
    """All measures of one set of predictions; both classes must occur."""
    from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

    slope, intercept = calibration_line(observed, predicted)
    order = np.argsort(predicted, kind="stable")
    parts = np.array_split(order, _BINS)
    tenths = [Decile(n=len(i), predicted=float(predicted[i].mean()), observed=float(observed[i].mean())) for i in parts]
    base = float(observed.mean())
    top = order[::-1][: max(1, round(len(observed) / _BINS))]
    return Calibration(
        n=len(observed),
        base_rate=base,
        auc=float(roc_auc_score(observed, predicted)),
        average_precision=float(average_precision_score(observed, predicted)),
        brier=float(np.mean((predicted - observed) ** 2)),
        log_loss=float(log_loss(observed, predicted)),
        slope=slope,
        intercept=intercept,
        ece=expected_calibration_error(observed, predicted),
        ece_by_chance=_ece_by_chance(predicted),
        lift_at_10=float(observed[top].mean()) / base,
        deciles=tuple(tenths),
    )


def expected_calibration_error(observed: Labels, predicted: Floats) -> float:
    position = np.minimum((predicted * _BINS).astype(np.int64), _BINS - 1)
    gaps = np.bincount(position, weights=observed - predicted, minlength=_BINS)
    return float(np.abs(gaps).sum() / len(observed))


def calibration_line(observed: Labels, predicted: Floats) -> tuple[float, float]:
    """Slope, and intercept at slope 1 ("in the large"), by maximum likelihood."""
    logits = log_odds(predicted)
    slope, offset = 1.0, 0.0
    for _ in range(50):
        p = _sigmoid(slope * logits + offset)
        w = p * (1 - p) + 1e-12
        gradient = np.array([((observed - p) * logits).sum(), (observed - p).sum()])
        hessian = np.array([[(w * logits**2).sum(), (w * logits).sum()], [(w * logits).sum(), w.sum()]])
        step = np.linalg.solve(hessian + 1e-9 * np.eye(2), gradient)
        slope, offset = slope + step[0], offset + step[1]
        if np.max(np.abs(step)) < 1e-9:
            break
    intercept = 0.0
    for _ in range(50):
        p = _sigmoid(logits + intercept)
        change = float((observed - p).sum() / ((p * (1 - p)).sum() + 1e-12))
        intercept += change
        if abs(change) < 1e-9:
            break
    return float(slope), float(intercept)


def log_odds(probability: Floats) -> Floats:
    safe = np.clip(probability, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(safe / (1 - safe)))


def _sigmoid(value: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(value, -35, 35))))


def _ece_by_chance(predicted: Floats) -> float:
    rng = np.random.default_rng(0)
    n = len(predicted)
    sample = predicted if n <= _SIMULATED_ROWS else rng.choice(predicted, _SIMULATED_ROWS, replace=False)
    simulated = [expected_calibration_error((rng.random(len(sample)) < sample).astype(np.int64), sample) for _ in range(_SIMULATIONS)]
    # Chance shrinks with the root of the size.
    return float(np.quantile(simulated, 0.95)) * float(np.sqrt(len(sample) / n))
