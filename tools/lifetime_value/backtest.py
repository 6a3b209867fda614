"""Judging predictions of value on what happened next: rolling windows, naive rules beside every model, one winner."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.core.customers import Orders, to_date
from tools.core.errors import NeedsPerson
from tools.lifetime_value.candidates import LABELS, Fit, fit_all, predict

Floats = NDArray[np.float64]

MAX_WINDOWS = 3
MIN_CUSTOMERS = 100
_SHOWN_REPEATS = 7
_INTERVAL = (0.1, 0.9)
_BANDS = 10


@dataclass(frozen=True, kw_only=True)
class Score:
    """How one candidate did in one window. Never judge by one figure: predicting zero often has a low mean error."""

    candidate: str
    purchases_predicted: float
    purchases_actual: float
    purchases_mae: float
    purchases_rmse: float
    purchases_correlation: float
    spend_predicted: float
    spend_actual: float
    spend_total_error: float
    """Predicted over actual, minus 1."""
    spend_mae: float
    spend_rmse: float
    spend_spearman: float
    top_decile_share: float
    """Share of the actual spend held by the tenth of customers ranked highest."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """One cut-off day, its fit and every candidate's score on the days after it."""

    cut_off: dt.date
    until: dt.date
    n_customers: int
    scores: tuple[Score, ...]
    parameters: Mapping[str, Mapping[str, Any]]

    def score(self, candidate: str) -> Score:
        return next(s for s in self.scores if s.candidate == candidate)


@dataclass(frozen=True, kw_only=True)
class Band:
    """A tenth of the customers by predicted spend: what was predicted and what came."""

    predicted_from: float
    n: int
    mean_predicted: float
    mean_actual: float
    low_ratio: float
    """Tenth percentile of actual over predicted spend among these customers."""
    high_ratio: float
    """Ninetieth percentile."""


@dataclass(frozen=True, kw_only=True)
class RepeatRow:
    """Customers with equally many repeat purchases so far: what they then bought, on average, and what was expected of them."""

    repeats: int
    """The last row stands for this many and more."""
    n: int
    actual: float
    expected: Mapping[str, float]
    """Purchasing model -> mean expected purchases."""


@dataclass(frozen=True, kw_only=True)
class Backtest:
    """The result over all windows, the most recent first."""

    horizon_days: int
    windows: tuple[Window, ...]
    winner: str
    mean_rank: Mapping[str, float]
    """Candidate -> its rank, averaged over five measures and all windows; lowest wins."""
    bands: tuple[Band, ...]
    """Of the winner, all windows together, lowest predictions first."""
    by_repeats: tuple[RepeatRow, ...]
    """Conditional expectation in the most recent window."""

    @property
    def best_naive_mae(self) -> float:
        return min(self.mean(name).spend_mae for name in ("last_window", "past_rate"))

    def mean(self, candidate: str) -> Score:
        """Scores averaged over the windows; predicted and actual totals summed."""
        scores = [asdict(window.score(candidate)) for window in self.windows]
        summed = {"purchases_predicted", "purchases_actual", "spend_predicted", "spend_actual"}
        merged = {key: float((np.sum if key in summed else np.mean)([s[key] for s in scores])) for key in scores[0] if key != "candidate"}
        return Score(candidate=candidate, **merged)

    def interval(self, spend: Floats) -> tuple[Floats, Floats]:
        """Where 8 of 10 customers with such a prediction ended, in the same unit."""
        edges = np.array([band.predicted_from for band in self.bands[1:]])
        position = np.searchsorted(edges, spend, side="right")
        low = np.array([band.low_ratio for band in self.bands])
        high = np.array([band.high_ratio for band in self.bands])
        return spend * low[position], spend * high[position]


def backtest(orders: Orders, *, end: int, horizon_days: int, cut_off: int | None = None) -> Backtest:
    """Predict from `MAX_WINDOWS` earlier days (or from the one given), and compare with what came.

    Args:
        end: Last day of what is known (days since 1970).
        cut_off: Judge one window only, from the day after this one to `end`.
    Raises:
        NeedsPerson: Too few customers (`too_few_customers`), or a history shorter than twice the horizon (`history_too_short`).
    """
    first = orders.first_day
    cuts = [cut_off] if cut_off is not None else [end - k * horizon_days for k in range(1, MAX_WINDOWS + 1)]
    usable = [cut for cut in cuts if cut is not None and cut - first >= (1 if cut_off is not None else horizon_days)]
    if not usable:
        raise NeedsPerson(
            f"The history of {end - first + 1} days is too short to test a horizon of {horizon_days} days.",
            try_instead=f"Take a horizon of at most {max((end - first + 1) // 2, 1)} days, or a longer history.",
            code="history_too_short",
        )
    days = end - usable[0] if cut_off is not None else horizon_days
    fits = [fit_all(orders, cut, days) for cut in usable]
    n_customers = len(fits[0].customers)
    if n_customers < MIN_CUSTOMERS:
        raise NeedsPerson(
            f"Only {n_customers} customers have an order before the test window, and the method needs {MIN_CUSTOMERS}.",
            try_instead="Take a longer history or a larger group of customers.",
            code="too_few_customers",
        )
    actuals = [_actual(orders, fit, days) for fit in fits]
    windows = tuple(_window(fit, actual, days) for fit, actual in zip(fits, actuals, strict=True))
    ranks = _mean_ranks(windows)
    winner = min((name for name in LABELS if name != "nothing"), key=lambda name: (round(ranks[name], 6), -list(LABELS).index(name)))
    return Backtest(
        horizon_days=days,
        windows=windows,
        winner=winner,
        mean_rank=ranks,
        bands=_bands(winner, fits, actuals, days),
        by_repeats=_by_repeats(fits[0], actuals[0][0], days),
    )


def _actual(orders: Orders, fit: Fit, days: int) -> tuple[Floats, Floats]:
    later = orders.between(fit.cut_off, fit.cut_off + days).by_day()
    return later.counts()[fit.customers.customer], later.sums()[fit.customers.customer]


def _window(fit: Fit, actual: tuple[Floats, Floats], days: int) -> Window:
    parameters: dict[str, Mapping[str, Any]] = {name: fit_report(fit, name) for name in fit.purchases}
    parameters["gamma_gamma"] = spend_report(fit)
    return Window(
        cut_off=to_date(fit.cut_off),
        until=to_date(fit.cut_off + days),
        n_customers=len(fit.customers),
        scores=tuple(_score(name, predict(fit, name, days).purchases, predict(fit, name, days).spend, *actual) for name in LABELS),
        parameters=parameters,
    )


def fit_report(fit: Fit, name: str) -> dict[str, Any]:
    """Parameters, log-likelihood and state of one purchasing model, as plain values."""
    model = fit.purchases[name]
    names = ("r", "alpha", "a", "b")
    errors = dict(zip(names, model.standard_errors, strict=True)) if model.standard_errors else None
    return {
        **model.parameters(),
        "log_likelihood": model.log_likelihood,
        "n_customers": model.n_customers,
        "standard_errors": errors,
        "dropout_identified": model.dropout_identified,
        "converged": model.converged,
    }


def spend_report(fit: Fit) -> dict[str, Any]:
    spend = fit.spend
    return {
        **spend.parameters(),
        "log_likelihood": spend.log_likelihood,
        "n_customers": spend.n_customers,
        "frequency_correlation": spend.frequency_correlation,
    }


def _score(candidate: str, purchases: Floats, spend: Floats, actual_purchases: Floats, actual_spend: Floats) -> Score:
    error, money = purchases - actual_purchases, spend - actual_spend
    total = float(actual_spend.sum())
    return Score(
        candidate=candidate,
        purchases_predicted=float(purchases.sum()),
        purchases_actual=float(actual_purchases.sum()),
        purchases_mae=float(np.abs(error).mean()),
        purchases_rmse=float(np.sqrt((error**2).mean())),
        purchases_correlation=_correlation(purchases, actual_purchases),
        spend_predicted=float(spend.sum()),
        spend_actual=total,
        spend_total_error=float(spend.sum()) / total - 1.0 if total else 0.0,
        spend_mae=float(np.abs(money).mean()),
        spend_rmse=float(np.sqrt((money**2).mean())),
        spend_spearman=_correlation(_ranks(spend), _ranks(actual_spend)),
        top_decile_share=top_share(spend, actual_spend),
    )


def top_share(predicted: Floats, actual: Floats, share: float = 0.1) -> float:
    """Part of the actual total held by the `share` of customers predicted highest; ties in the order given."""
    n = max(1, round(len(predicted) * share))
    top = np.argsort(-predicted, kind="stable")[:n]
    total = actual.sum()
    return float(actual[top].sum() / total) if total else 0.0


def _ranks(values: Floats) -> Floats:
    from scipy.stats import rankdata

    return np.asarray(rankdata(values), dtype=np.float64)


def _correlation(one: Floats, other: Floats) -> float:
    if len(one) < 2 or np.std(one) == 0 or np.std(other) == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def _mean_ranks(windows: Sequence[Window]) -> dict[str, float]:
    """Rank 1 is best. Five measures, so that neither a low mean error by predicting little nor a lucky total decides alone."""
    names = [name for name in LABELS if name != "nothing"]
    ranks = []
    for window in windows:
        scores = [window.score(name) for name in names]
        ranks += [
            _ranks(np.array([s.spend_mae for s in scores])),
            _ranks(np.array([s.spend_rmse for s in scores])),
            _ranks(np.array([abs(s.spend_total_error) for s in scores])),
            _ranks(np.array([-s.spend_spearman for s in scores])),
            _ranks(np.array([-s.top_decile_share for s in scores])),
        ]
    return dict(zip(names, (float(v) for v in np.mean(ranks, axis=0)), strict=True))


def _bands(winner: str, fits: Sequence[Fit], actuals: Sequence[tuple[Floats, Floats]], days: int) -> tuple[Band, ...]:
    predicted = np.concatenate([predict(fit, winner, days).spend for fit in fits])
    actual = np.concatenate([spend for _, spend in actuals])
    order = np.argsort(predicted, kind="stable")
    bands = []
    for chosen in np.array_split(order, _BANDS):
        p, a = predicted[chosen], actual[chosen]
        # Where nothing was predicted there is no ratio; the interval of such customers stays at zero and the caveat of the tool holds.
        ratios = np.divide(a, p, out=np.zeros_like(a), where=p > 0)
        low, high = (float(v) for v in np.quantile(ratios, _INTERVAL))
        bands.append(
            Band(
                predicted_from=float(p[0]),
                n=len(chosen),
                mean_predicted=float(p.mean()),
                mean_actual=float(a.mean()),
                low_ratio=max(low, 0.0),
                high_ratio=max(high, 0.0),
            )
        )
    return tuple(bands)


def _by_repeats(fit: Fit, actual: Floats, days: int) -> tuple[RepeatRow, ...]:
    expected = {name: predict(fit, name, days).purchases for name in fit.purchases}
    group = np.minimum(fit.customers.x, _SHOWN_REPEATS)
    return tuple(
        RepeatRow(
            repeats=k,
            n=int((group == k).sum()),
            actual=float(actual[group == k].mean()),
            expected={name: float(values[group == k].mean()) for name, values in expected.items()},
        )
        for k in range(_SHOWN_REPEATS + 1)
        if (group == k).any()
    )
