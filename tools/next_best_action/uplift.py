"""Uplift: how much an action changes the chance of the outcome, per customer, and whether that holds on people not learned from.

T-learner of logistic regressions (Künzel et al. 2019), checked by cross-fitted doubly robust scores (Robins, Rotnitzky & Zhao 1994): their
mean is the average effect, and how they go with the predicted uplift says how much of the differences between customers may be believed
(the best linear predictor of Chernozhukov et al. 2018).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.next_best_action.evidence import Trial

Floats = NDArray[np.float64]

MIN_ARM = 100
"""Fewer treated or untreated than this, or fewer than `MIN_OUTCOMES` outcomes in an arm, and nothing is learned."""
MIN_OUTCOMES = 10
_PENALTY = 0.1
"""Inverse strength of the ridge on standardised features: effects are small, so differences between customers must earn their place."""
_DECILES = 10


@dataclass(frozen=True, kw_only=True)
class Arm:
    """Logistic regression of the outcome in one arm."""

    intercept: float
    weights: Floats

    def chance(self, x: Floats) -> Floats:
        return np.asarray(1 / (1 + np.exp(-(self.intercept + x @ self.weights))), dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What is known of one action from one source."""

    action: str
    source: str
    treated: int
    control: int
    randomised: bool
    days: float
    average: float
    """Doubly robust average effect on the chance of the outcome."""
    error: float
    """Its standard error."""
    learner_average: float
    """The T-learner's own average, on people it was not fitted on: should be close."""
    belief: float
    """How much of the predicted differences between customers the check bears out, 0 to 1."""
    qini: float
    """Area between the Qini curve and that of a random order, per customer; over 0 = the order is better than chance."""
    deciles: tuple[tuple[int, float], ...]
    """(customers, mean doubly robust effect) by tenth of predicted uplift, highest first."""
    centre: Floats
    scale: Floats
    arms: tuple[Arm, Arm]
    """(treated, untreated)."""

    def uplift(self, features: Floats) -> Floats:
        """Change of the chance per customer: the average, and as much of each one's difference as is borne out."""
        x = (features - self.centre) / self.scale
        raw = self.arms[0].chance(x) - self.arms[1].chance(x)
        return np.asarray(self.average + self.belief * (raw - self.learner_average), dtype=np.float64)

    @property
    def is_sure(self) -> bool:
        """The average effect is above 0 with 95 % certainty, one-sided."""
        return self.average - 1.645 * self.error > 0


def measure(trial: Trial, features: Floats, *, seed: int = 0) -> Effect | None:
    """The effect in one trial; None with too few people or outcomes in an arm.

    Args:
        features: One row per row of the trial: what was known on the day before.
    """
    if not _is_enough(trial):
        return None
    centre, scale = features.mean(axis=0), features.std(axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    x = (features - centre) / scale
    fold = _folds(trial.customer, seed)
    raw, score = np.empty(len(x)), np.empty(len(x))
    for part in (0, 1):
        inside, outside = fold == part, fold != part
        arms = _fit_arms(x[outside], trial.treated[outside], trial.outcome[outside])
        one, none = arms[0].chance(x[inside]), arms[1].chance(x[inside])
        raw[inside] = one - none
        score[inside] = _doubly_robust(trial, inside, one, none)
    average = float(score.mean())
    return Effect(
        action=trial.action,
        source=trial.source,
        treated=int(trial.treated.sum()),
        control=int((~trial.treated).sum()),
        randomised=trial.randomised,
        days=trial.days,
        average=average,
        error=_clustered_error(score - average, trial.customer),
        learner_average=float(raw.mean()),
        belief=_belief(raw, score),
        qini=qini(raw, trial.treated, trial.outcome),
        deciles=_by_decile(raw, score),
        centre=centre,
        scale=scale,
        arms=_fit_arms(x, trial.treated, trial.outcome),
    )


def _is_enough(trial: Trial) -> bool:
    for arm in (trial.treated, ~trial.treated):
        outcomes = trial.outcome[arm].sum()
        if arm.sum() < MIN_ARM or not MIN_OUTCOMES <= outcomes <= arm.sum() - MIN_OUTCOMES:
            return False
    return True


def _folds(customer: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Half of the customers each; all rows of one customer in the same."""
    drawn = np.random.default_rng(seed).integers(0, 2, int(customer.max()) + 1)
    return np.asarray(drawn[customer], dtype=np.int64)


def _fit_arms(x: Floats, treated: NDArray[np.bool_], outcome: Floats) -> tuple[Arm, Arm]:
    return _fit(x[treated], outcome[treated]), _fit(x[~treated], outcome[~treated])


def _fit(x: Floats, y: Floats) -> Arm:
    from sklearn.linear_model import LogisticRegression

    if y.min() == y.max():
        rate = float(np.clip(y.mean(), 0.01, 0.99))
        return Arm(intercept=float(np.log(rate / (1 - rate))), weights=np.zeros(x.shape[1]))
    model = LogisticRegression(C=_PENALTY, max_iter=500).fit(x, y)
    return Arm(intercept=float(model.intercept_[0]), weights=np.asarray(model.coef_[0], dtype=np.float64))


def _doubly_robust(trial: Trial, rows: NDArray[np.bool_], one: Floats, none: Floats) -> Floats:
    t, y, e = trial.treated[rows], trial.outcome[rows], trial.chance_of_treatment[rows]
    return np.asarray(one - none + t * (y - one) / e - (~t) * (y - none) / (1 - e), dtype=np.float64)


def _clustered_error(residual: Floats, customer: NDArray[np.int64]) -> float:
    """Standard error of a mean when one customer stands in several rows."""
    sums = np.bincount(customer, weights=residual)
    return float(np.sqrt((sums**2).sum()) / len(residual))


def _belief(raw: Floats, score: Floats) -> float:
    """Slope of the doubly robust scores on the predicted differences, shrunk by how well it is known."""
    x = raw - raw.mean()
    if (x**2).sum() < 1e-12:
        return 0.0
    slope = float((x * score).sum() / (x**2).sum())
    rest = score - score.mean() - slope * x
    error = float(np.sqrt((rest**2 * x**2).sum()) / (x**2).sum())
    if slope <= 0:
        return 0.0
    return float(min(slope, 1.0) * slope**2 / (slope**2 + error**2))


def _by_decile(raw: Floats, score: Floats) -> tuple[tuple[int, float], ...]:
    order = np.argsort(-raw, kind="stable")
    return tuple((len(part), float(score[part].mean())) for part in np.array_split(order, _DECILES))


def qini(predicted: Floats, treated: NDArray[np.bool_], outcome: Floats) -> float:
    """Area between the Qini curve of an order by `predicted` and the straight line, divided by the customers squared.

    Source: Radcliffe (2007): incremental outcomes g(k) = R_t(k) - R_c(k) n_t(k) / n_c(k) over the k first.
    """
    order = np.argsort(-predicted, kind="stable")
    t, y = treated[order].astype(np.float64), outcome[order]
    n_t, n_c = np.cumsum(t), np.cumsum(1 - t)
    gained = np.cumsum(y * t) - np.cumsum(y * (1 - t)) * np.divide(n_t, n_c, out=np.zeros_like(n_t), where=n_c > 0)
    n = len(order)
    line = gained[-1] * np.arange(1, n + 1) / n
    return float((gained - line).sum() / n**2)


def inverse_propensity_value(
    choice: NDArray[np.object_], action: NDArray[np.object_], propensity: Floats, outcome: Floats
) -> tuple[float, float]:
    """(mean outcome, standard error) that a rule would have brought, from choices logged with their propensities.

    Args:
        choice: What the rule would have done in each logged decision.
    Source: Horvitz & Thompson (1952), self-normalised (Hájek).
    """
    weight = np.where(choice == action, 1 / propensity, 0.0)
    total = weight.sum()
    if total == 0:
        return float("nan"), float("nan")
    mean = float((weight * outcome).sum() / total)
    error = float(np.sqrt(((weight * (outcome - mean)) ** 2).sum()) / total)
    return mean, error
