"""How much a purchase is worth: the Gamma-Gamma model of average spend.

A customer's purchases scatter around a mean of their own by a gamma(p, .) law, and the means differ by gamma(q, gamma): so an average over
few purchases is drawn towards everybody's mean, one over many is believed.

Source: Fader & Hardie (2013), The Gamma-Gamma Model of Monetary Value. It assumes that the spend of a purchase does not depend on how often
a customer buys; `frequency_correlation` tests that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import gammaln
from threadpoolctl import threadpool_limits

from tools.core.errors import NeedsPerson
from tools.lifetime_value.summary import CustomerSummary

Floats = NDArray[np.float64]

MIN_SPENDERS = 30
LARGE_CORRELATION = 0.3
"""Beyond this, value estimates of frequent buyers are biased, and it is said."""
_BINS = 400
_STARTS = ((5.0, 4.0, 15.0), (1.0, 2.0, 50.0), (10.0, 10.0, 10.0))


@dataclass(frozen=True, kw_only=True)
class SpendModel:
    """A fitted Gamma-Gamma model; amounts in the currency of the summary."""

    p: float
    q: float
    gamma: float
    log_likelihood: float
    n_customers: int
    frequency_correlation: float
    """Between repeat purchases and average spend, over the customers fitted."""

    @property
    def mean(self) -> float:
        """Mean spend per purchase over all customers."""
        return self.p * self.gamma / (self.q - 1.0) if self.q > 1.0 else float("nan")

    def parameters(self) -> dict[str, float]:
        return {"p": self.p, "q": self.q, "gamma": self.gamma}


def fit_spend(customers: CustomerSummary) -> SpendModel:
    """Maximum likelihood over customers with at least one repeat purchase of a positive value.

    Raises:
        NeedsPerson: Fewer than `MIN_SPENDERS` of them (`too_few_customers`).
    """
    chosen = (customers.x > 0) & (customers.m > 0)
    x, m = customers.x[chosen], customers.m[chosen]
    if len(x) < MIN_SPENDERS:
        raise NeedsPerson(
            f"Only {len(x)} customers have a repeat purchase with a positive amount, and a spend model needs {MIN_SPENDERS}.",
            try_instead="Take a longer history, or check the amount column.",
            code="too_few_customers",
        )
    rows = _binned(x, m)
    scale = float(np.median(m))
    best: Any = None
    for p, q, gamma in _STARTS:
        # Vectors of this size gain nothing from threads, and lose much where other processes use the cores.
        with threadpool_limits(1):
            found = minimize(
                _negative_log_likelihood,
                np.log([p, q, gamma * max(scale / 30.0, 1e-6)]),
                args=rows,
                method="Nelder-Mead",
                options={"maxiter": 4000, "xatol": 1e-7, "fatol": 1e-11},
            )
        if np.isfinite(found.fun) and (best is None or found.fun < best.fun):
            best = found
    if best is None:
        raise NeedsPerson(
            "The spend model could not be fitted on these amounts.",
            try_instead="Check that amounts differ between customers.",
            code="model_unfit",
        )
    p, q, gamma = (float(v) for v in np.exp(best.x))
    constant = np.std(x) == 0 or np.std(m) == 0
    return SpendModel(
        p=p,
        q=q,
        gamma=gamma,
        log_likelihood=-float(best.fun) * len(x),
        n_customers=len(x),
        frequency_correlation=0.0 if constant else float(np.corrcoef(x, m)[0, 1]),
    )


def expected_spend(model: SpendModel, customers: CustomerSummary) -> Floats:
    """Expected value of a customer's next purchase: their own average drawn towards everybody's, the less the more they bought.

    Source:
        Fader & Hardie (2013), eq. (5).
    """
    x = np.where(customers.m > 0, customers.x, 0.0)
    return np.asarray(model.p * (model.gamma + x * customers.m) / (model.p * x + model.q - 1.0), dtype=np.float64)


def _binned(x: Floats, m: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Unique (x, band of m) with the mean of m, the mean of its logarithm and the share; exact when there are few customers."""
    logs = np.log(m)
    if len(x) <= 20_000:
        return x, m, logs, np.full(len(x), 1.0 / len(x))
    width = (logs.max() - logs.min()) / _BINS or 1.0
    band = ((logs - logs.min()) / width).astype(np.int64)
    _, position, count = np.unique(x.astype(np.int64) * (_BINS + 1) + band, return_inverse=True, return_counts=True)
    means = [np.bincount(position, weights=values) / count for values in (x, m, logs)]
    return means[0], means[1], means[2], count / len(x)


def _negative_log_likelihood(logs: Floats, x: Floats, m: Floats, log_m: Floats, share: Floats) -> float:
    p, q, gamma = np.exp(logs)
    px = p * x
    value = gammaln(px + q) - gammaln(px) - gammaln(q) + q * np.log(gamma) + (px - 1) * log_m + px * np.log(x)
    return -float(share @ (value - (px + q) * np.log(gamma + x * m)))
