"""Two models of a yes-or-no outcome: logistic regression, and a small ensemble of trees; both say what moves each prediction.

Neither weights classes nor resamples: both destroy calibration.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from tools.core.errors import NeedsPerson

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

MIN_ROWS = 200
MIN_PER_CLASS = 20
Kind = Literal["logistic", "trees"]
LABELS: dict[str, str] = {"logistic": "logistic regression", "trees": "gradient-boosted trees (120 of 8 leaves)"}
_TREES = {"n_estimators": 120, "num_leaves": 8, "learning_rate": 0.05, "min_child_samples": 40}


class Fitted(Protocol):
    """A fitted model of either kind."""

    @property
    def kind(self) -> Kind: ...

    def probability(self, matrix: Floats) -> Floats:
        """Chance of the outcome, per row."""
        ...

    def contributions(self, matrix: Floats) -> Floats:
        """What each column adds to the log-odds of each row, against an average row; same shape as the matrix."""
        ...


@dataclass(frozen=True, kw_only=True)
class Logistic:
    """Logistic regression on standardised columns."""

    mean: Floats
    scale: Floats
    coefficients: Floats
    """Per standardised column."""
    intercept: float
    errors: Floats
    """Standard errors of the coefficients, from the inverse of the penalised information."""
    kind: Kind = "logistic"

    def log_odds(self, matrix: Floats) -> Floats:
        return np.asarray(((matrix - self.mean) / self.scale) @ self.coefficients + self.intercept)

    def probability(self, matrix: Floats) -> Floats:
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(self.log_odds(matrix), -35, 35))))

    def contributions(self, matrix: Floats) -> Floats:
        return np.asarray((matrix - self.mean) / self.scale * self.coefficients)

    def effect(self, column: int) -> tuple[float, float, float]:
        """Log-odds per unit of a column, with its 95 % interval."""
        per_unit, error = self.coefficients[column] / self.scale[column], self.errors[column] / self.scale[column]
        return float(per_unit), float(per_unit - 1.96 * error), float(per_unit + 1.96 * error)


@dataclass(frozen=True, kw_only=True)
class Trees:
    """LightGBM; its contributions are exact Shapley values of the log-odds."""

    booster: Any
    kind: Kind = "trees"

    def probability(self, matrix: Floats) -> Floats:
        return np.asarray(self.booster.predict(matrix, num_threads=1), dtype=np.float64)

    def contributions(self, matrix: Floats) -> Floats:
        # The last column is the expected value.
        return np.asarray(self.booster.predict(matrix, pred_contrib=True, num_threads=1), dtype=np.float64)[:, :-1]


def require_enough(labels: Labels, what: str) -> None:
    """Raises NeedsPerson: too few rows (`too_few_customers`), or one class (almost) only (`one_class`)."""
    n, positive = len(labels), int(labels.sum())
    if n < MIN_ROWS:
        raise NeedsPerson(
            f"Only {n} customers in {what}, and the method needs {MIN_ROWS}.",
            try_instead="Take a longer history or a larger group of customers.",
            code="too_few_customers",
        )
    if min(positive, n - positive) < MIN_PER_CLASS:
        raise NeedsPerson(
            f"In {what}, {positive:,} of {n:,} customers left: there must be at least {MIN_PER_CLASS} of each kind to learn from.",
            try_instead="Choose a horizon over which some customers stay and some leave.",
            code="one_class",
        )


def fit(kind: Kind, matrix: Floats, labels: Labels, *, strength: float) -> Fitted:
    """Fit one kind.

    Args:
        strength: Inverse penalty of the logistic regression (scikit-learn's C) on standardised columns.
    """
    return fit_logistic(matrix, labels, strength=strength) if kind == "logistic" else _fit_trees(matrix, labels)


def fit_logistic(matrix: Floats, labels: Labels, *, strength: float) -> Logistic:
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    mean, scale = matrix.mean(axis=0), matrix.std(axis=0)
    # A column without spread says nothing; it gets a coefficient of zero by itself.
    scale = np.where(scale > 1e-12, scale, 1.0)
    standard = (matrix - mean) / scale
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        found = LogisticRegression(C=strength, max_iter=2000, tol=1e-8).fit(standard, labels)
    coefficients, intercept = found.coef_[0].astype(np.float64), float(found.intercept_[0])
    p = 1.0 / (1.0 + np.exp(-np.clip(standard @ coefficients + intercept, -35, 35)))
    design = np.column_stack([np.ones(len(standard)), standard])
    information = (design * (p * (1 - p))[:, None]).T @ design + np.diag([0.0, *np.full(len(coefficients), 1.0 / strength)])
    errors = np.sqrt(np.diag(np.linalg.pinv(information)))[1:]
    return Logistic(mean=mean, scale=scale, coefficients=coefficients, intercept=intercept, errors=errors)


def _fit_trees(matrix: Floats, labels: Labels) -> Trees:
    import lightgbm

    data = lightgbm.Dataset(matrix, label=labels, params={"verbose": -1, "num_threads": 1})
    parameters = {
        "objective": "binary",
        "num_leaves": _TREES["num_leaves"],
        "learning_rate": _TREES["learning_rate"],
        "min_data_in_leaf": _TREES["min_child_samples"],
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "seed": 0,
        "verbose": -1,
    }
    return Trees(booster=lightgbm.train(parameters, data, num_boost_round=int(_TREES["n_estimators"])))


def by_driver(contributions: Floats, driver_of: Sequence[int], n_drivers: int) -> Floats:
    """Contributions of columns added up to their drivers: one row per customer, one column per driver."""
    grouped = np.zeros((len(contributions), n_drivers))
    for column, driver in enumerate(driver_of):
        grouped[:, driver] += contributions[:, column]
    return grouped
