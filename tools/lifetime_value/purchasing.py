"""How often customers buy until they stop: BG/NBD and MBG/NBD, fitted by maximum likelihood.

Both say: while active, a customer buys as a Poisson process with a rate of their own, rates being gamma(r, alpha) among customers;
after a purchase they drop out with a probability of their own, beta(a, b) among customers. In MBG/NBD they may also drop out before
the first repeat purchase, so P(alive) of those who never came back is below 1.

Sources: Fader, Hardie & Lee (2005), "Counting your customers" the easy way, Marketing Science 24(2): the likelihood, eq. (10) and P(alive);
Batislam, Denizel & Filiztekin (2007), International Journal of Research in Marketing 24(3): the modified model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import betaincinv, gammaln, hyp2f1, psi
from threadpoolctl import threadpool_limits

from tools.core.errors import NeedsPerson
from tools.lifetime_value.summary import CustomerSummary, WeightedRows

Floats = NDArray[np.float64]

MIN_REPEATERS = 30
"""Fewer customers with a repeat purchase cannot tell a rate from chance."""
_STARTS = ((1.0, 1.0, 1.0, 1.0), (0.5, 4.0, 0.5, 2.0), (0.3, 10.0, 0.05, 5.0), (2.0, 20.0, 2.0, 10.0))
_NO_DROPOUT = 1e-3
"""A mean dropout probability per purchase below this is no dropout that the data could show."""
_LOG_BOUND = 14.0


class Dropout(StrEnum):
    """When a customer may leave."""

    AFTER_REPEAT = "bg_nbd"
    """After any repeat purchase."""
    AT_ANY_PURCHASE = "mbg_nbd"
    """Also right after the first purchase."""


@dataclass(frozen=True, kw_only=True)
class PurchaseModel:
    """A fitted purchasing process. Rates are per unit of time of the summary it was fitted on (weeks)."""

    dropout: Dropout
    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float
    n_customers: int
    standard_errors: tuple[float, float, float, float] | None
    """Of r, alpha, a, b by the delta method; None where the likelihood is flat, so that they do not exist."""
    converged: bool

    @property
    def dropout_identified(self) -> bool:
        """False: the data shows no dropout at all, and the model is a plain NBD in which everybody stays."""
        return self.a / (self.a + self.b) > _NO_DROPOUT

    def parameters(self) -> dict[str, float]:
        return {"r": self.r, "alpha": self.alpha, "a": self.a, "b": self.b}


def fit_purchases(rows: WeightedRows, dropout: Dropout) -> PurchaseModel:
    """Maximum likelihood over unique weighted rows, from several starts.

    Args:
        rows: Unique (repeat purchases, time of the last, time observed) with how many customers have them.
    Raises:
        NeedsPerson: Fewer than `MIN_REPEATERS` customers bought again (`too_few_customers`).
    """
    repeaters = int(rows.weight[rows.x > 0].sum())
    if repeaters < MIN_REPEATERS:
        raise NeedsPerson(
            f"Only {repeaters} customers bought again, and a purchasing rate needs {MIN_REPEATERS}.",
            try_instead="Take a longer history or a larger group of customers.",
            code="too_few_customers",
        )
    # Vectors of this size gain nothing from threads, and lose much where other processes use the cores.
    with threadpool_limits(1):
        return _maximise(rows, dropout)


def _maximise(rows: WeightedRows, dropout: Dropout) -> PurchaseModel:
    objective = _objective(rows, dropout)
    # Different starts, since a ridge between b and a leads some of them to a local optimum at the edge.
    best: Any = None
    for start in _STARTS:
        found = minimize(
            objective,
            np.log(start),
            jac=True,
            method="L-BFGS-B",
            bounds=[(-_LOG_BOUND, _LOG_BOUND)] * 4,
            options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-9},
        )
        if np.isfinite(found.fun) and (best is None or found.fun < best.fun):
            best = found
    if best is None:
        raise NeedsPerson(
            "The purchasing model could not be fitted: its likelihood is not finite on this data.",
            try_instead="Check the dates and that no customer has thousands of purchases a week.",
            code="model_unfit",
        )
    r, alpha, a, b = (float(v) for v in np.exp(best.x))
    total = float(rows.weight.sum())
    return PurchaseModel(
        dropout=dropout,
        r=r,
        alpha=alpha,
        a=a,
        b=b,
        log_likelihood=-float(best.fun) * total,
        n_customers=int(total),
        standard_errors=_standard_errors(objective, best.x, total),
        converged=bool(best.success) or bool(np.max(np.abs(best.jac)) < 1e-5),
    )


def log_likelihood(rows: WeightedRows, model: PurchaseModel) -> float:
    """Sum over customers, natural logarithm."""
    at = np.log([model.r, model.alpha, model.a, model.b])
    return -float(_objective(rows, model.dropout)(at)[0]) * float(rows.weight.sum())


_BESIDE_ONE = 1e-6
"""How far beside a removable singularity the formula is taken."""
_QUANTILES = 64


def expected_purchases(model: PurchaseModel, customers: CustomerSummary, horizon: float) -> Floats:
    """Expected number of purchases per customer over the next `horizon` units of time.

    Returns:
        One float >= 0 per customer, in their order. Not rounded.
    Source:
        Fader, Hardie & Lee (2005), eq. (10), and its counterpart with a dropout chance at the first purchase.
    """
    x, t_x, big_t = customers.x, customers.t_x, customers.T
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    if not model.dropout_identified:
        return np.asarray((r + x) / (alpha + big_t) * horizon, dtype=np.float64)
    if abs(a - 1.0) < _BESIDE_ONE:
        a = 1.0 + _BESIDE_ONE  # The formula has a removable singularity at a = 1: both of its factors are taken beside it.
    at_start = model.dropout is Dropout.AT_ANY_PURCHASE
    flips = b + x + (1.0 if at_start else 0.0)
    # Another one where a + flips = 1: nobody's in data, but a fit may land there for customers without a second purchase.
    flips = np.where(np.abs(a + flips - 1.0) < _BESIDE_ONE, 1.0 - a + _BESIDE_ONE, flips)
    top = a + flips - 1.0
    z = horizon / (alpha + big_t + horizon)
    # Euler's transformation of eq. (10): its own factors overflow for customers with many purchases, these only for a in the hundreds.
    with np.errstate(over="ignore", invalid="ignore"):
        kept = np.power(1.0 - z, a - 1.0) * hyp2f1(top - r - x, a - 1.0, top, z)
    lost = np.flatnonzero(~np.isfinite(kept))
    if len(lost):
        kept[lost] = _kept_by_quadrature(r + x[lost], a - 1.0, flips[lost], horizon / (alpha + big_t[lost]))
    value = top / (a - 1.0) * (1.0 - kept) / (1.0 + _odds_left(model, x, t_x, big_t))
    return np.asarray(np.maximum(value, 0.0), dtype=np.float64)


def _kept_by_quadrature(power: Floats, first: float, second: Floats, ratio: Floats) -> Floats:
    """The same factor for `first` > 0, as Euler's integral: the mean of (1 + ratio * u) ** -power over u of Beta(first, second)."""
    levels = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    kinds, position = np.unique(second, return_inverse=True)
    u = betaincinv(first, kinds[:, None], levels)
    total = np.zeros_like(power)
    for level in range(_QUANTILES):
        total += np.exp(-power * np.log1p(ratio * u[position, level]))
    return total / _QUANTILES


def probability_alive(model: PurchaseModel, customers: CustomerSummary) -> Floats:
    """Chance that a customer has not dropped out for good, 0 to 1, at the end of what was observed.

    Not one minus a churn probability: that asks whether a customer buys within a horizon, and somebody alive may well not.
    """
    if not model.dropout_identified:
        return np.ones_like(customers.T)
    return np.asarray(1.0 / (1.0 + _odds_left(model, customers.x, customers.t_x, customers.T)), dtype=np.float64)


def _odds_left(model: PurchaseModel, x: Floats, t_x: Floats, big_t: Floats) -> Floats:
    """Odds of having dropped out at the last purchase against being active still."""
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    growth = (r + x) * (np.log(alpha + big_t) - np.log(alpha + t_x))
    if model.dropout is Dropout.AT_ANY_PURCHASE:
        return np.asarray(np.exp(np.minimum(growth + np.log(a) - np.log(b + x), 700.0)))
    odds = np.exp(np.minimum(growth + np.log(a) - np.log(np.maximum(b + x - 1.0, 1e-12)), 700.0))
    return np.where(x > 0, odds, 0.0)


def _objective(rows: WeightedRows, dropout: Dropout) -> Callable[[Floats], tuple[float, Floats]]:
    """Mean negative log-likelihood and its gradient, both in the logarithms of r, alpha, a, b."""
    counts, position = np.unique(rows.x, return_inverse=True)
    share = rows.weight / rows.weight.sum()
    per_count = np.bincount(position, weights=share)
    at_start = dropout is Dropout.AT_ANY_PURCHASE
    can_leave = np.ones_like(rows.x, dtype=bool) if at_start else rows.x > 0
    extra = 1.0 if at_start else 0.0

    def evaluate(logs: Floats) -> tuple[float, Floats]:
        r, alpha, a, b = np.exp(logs)
        ends = a + b + counts + extra
        common = gammaln(r + counts) - gammaln(r) + gammaln(a + b) + gammaln(b + counts) - gammaln(b) - gammaln(ends)
        log_alive, log_left = np.log(alpha + rows.T), np.log(alpha + rows.t_x)
        # Both branches in logarithms: x of some hundred purchases would overflow otherwise.
        alive = -(r + rows.x) * log_alive + (np.log(b + rows.x) if at_start else 0.0)
        flips = np.maximum(b + rows.x - 1.0, 1e-300)
        left = -(r + rows.x) * log_left + np.log(a) - (0.0 if at_start else np.log(flips))
        left = np.where(can_leave, left, -np.inf)
        both = np.logaddexp(alive, left)
        value = per_count @ common + r * np.log(alpha) + share @ both
        w_left = np.exp(left - both)
        w_alive = 1.0 - w_left
        d_r = per_count @ (psi(r + counts) - psi(r)) + np.log(alpha) - share @ (w_alive * log_alive + w_left * log_left)
        d_alpha = r / alpha - share @ ((r + rows.x) * (w_alive / (alpha + rows.T) + w_left / (alpha + rows.t_x)))
        d_ends = psi(a + b) - psi(ends)
        d_a = per_count @ d_ends + share @ w_left / a
        by_flip = w_alive / (b + rows.x) if at_start else -w_left / flips
        d_b = per_count @ (d_ends + psi(b + counts) - psi(b)) + share @ by_flip
        gradient = np.array([d_r * r, d_alpha * alpha, d_a * a, d_b * b])
        return -float(value), -gradient

    return evaluate


def _standard_errors(
    objective: Callable[[Floats], tuple[float, Floats]], at: Floats, total: float
) -> tuple[float, float, float, float] | None:
    """By the delta method: the inverse Hessian in logarithms, differences of the exact gradient, scaled by the parameter."""
    step = 1e-4
    hessian = np.array([(objective(at + step * e)[1] - objective(at - step * e)[1]) / (2 * step) for e in np.eye(4)])
    hessian = (hessian + hessian.T) / 2 * total
    if not np.all(np.isfinite(hessian)) or np.min(np.linalg.eigvalsh(hessian)) <= 1e-6:
        return None
    errors = np.exp(at) * np.sqrt(np.diag(np.linalg.inv(hessian)))
    return (float(errors[0]), float(errors[1]), float(errors[2]), float(errors[3]))
