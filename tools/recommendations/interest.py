"""How likely each customer is to buy from each category within a horizon: one logistic regression, judged on a later window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.core.errors import NeedsPerson
from tools.recommendations.lines import Lines

Floats = NDArray[np.float64]

_MOST_CATEGORIES = 60
_LEAST_BUYERS = 30
_DECILES = 10


@dataclass(frozen=True, kw_only=True)
class Interest:
    """Chances per customer and category, and how good they were a horizon earlier."""

    categories: tuple[int, ...]
    """Numbers of the categories, as columns of `chance`."""
    chance: Floats
    """Customers by categories."""
    auc: float
    baseline_auc: float
    """Of the category's own share of buyers: the same for everybody."""
    ece: float
    deciles: tuple[tuple[int, float, float], ...]
    """(pairs, predicted, observed) by tenth of chance on the test window, lowest first."""


def fit_interest(lines: Lines, day: int, horizon_days: int) -> Interest:
    """Learn on the window before the last, judge on the last, learn anew on both, and look ahead.

    Raises:
        NeedsPerson: The history is shorter than four horizons (`history_too_short`).
    """
    from sklearn.linear_model import LogisticRegression

    if day - int(lines.day.min()) < 4 * horizon_days:
        raise NeedsPerson(
            f"The orders go back fewer than {4 * horizon_days} days, too short to learn purchases within {horizon_days} days.",
            try_instead="Take a longer history.",
            code="history_too_short",
        )
    categories = _categories(lines, day)
    windows = [_window(lines, day - back * horizon_days, horizon_days, categories) for back in (2, 1)]
    first = LogisticRegression(C=1.0, max_iter=500).fit(*windows[0])
    predicted, observed = first.predict_proba(windows[1][0])[:, 1], windows[1][1]
    both = tuple(np.concatenate(parts) for parts in zip(*windows, strict=True))
    last = LogisticRegression(C=1.0, max_iter=500).fit(both[0], both[1])
    x = _features(lines, day, horizon_days, categories)
    share = np.exp(windows[1][0][:, _SHARE])
    deciles = _by_decile(predicted, observed)
    return Interest(
        categories=categories,
        chance=last.predict_proba(x)[:, 1].reshape(-1, len(categories)),
        auc=auc(predicted, observed),
        baseline_auc=auc(share, observed),
        ece=sum(n * abs(p - o) for n, p, o in deciles) / len(predicted),
        deciles=deciles,
    )


def _categories(lines: Lines, day: int) -> tuple[int, ...]:
    """Categories with enough buyers in the past year, most of them first."""
    year = lines.between(day - 365, day)
    pairs = np.unique(np.stack([year.category, year.customer]), axis=1)
    buyers = np.bincount(pairs[0], minlength=len(lines.categories))
    order = np.argsort(-buyers, kind="stable")[:_MOST_CATEGORIES]
    return tuple(int(c) for c in order if buyers[c] >= _LEAST_BUYERS)


def _window(lines: Lines, day: int, horizon_days: int, categories: tuple[int, ...]) -> tuple[Floats, Floats]:
    bought = _counts(lines.between(day, day + horizon_days), categories) > 0
    x = _features(lines, day, horizon_days, categories)
    active = np.repeat(_active(lines, day), len(categories))
    return x[active], bought.ravel()[active].astype(np.float64)


def _active(lines: Lines, day: int) -> NDArray[np.bool_]:
    """Customers with an order in the year before: of the others nothing can be learned."""
    found = np.zeros(len(lines.customers), dtype=bool)
    found[lines.between(day - 365, day).customer] = True
    return found


_SHARE = 6


def _features(lines: Lines, day: int, horizon_days: int, categories: tuple[int, ...]) -> Floats:
    """Pairs of customer and category by features, customer by customer: lines in the category and in all, and its popularity."""
    n, m = len(lines.customers), len(categories)
    recent, year = lines.between(day - horizon_days, day), lines.between(day - 365, day)
    own_recent, own_year = _counts(recent, categories), _counts(year, categories)
    all_recent, all_year = (np.bincount(part.customer, minlength=n)[:, None].repeat(m, axis=1) for part in (recent, year))
    last = np.full((n, len(lines.categories)), day - 365, dtype=np.int64)
    np.maximum.at(last, (year.customer, year.category), year.day)
    away = (day - last[:, list(categories)]) / 30.0
    share = np.maximum((own_recent > 0).sum(axis=0) / max(len(np.unique(recent.customer)), 1), 1e-4)
    columns = (
        np.log1p(own_recent), np.log1p(own_year), np.log1p(all_recent), np.log1p(all_year), np.log1p(away),
        own_year / np.maximum(all_year, 1), np.log(share)[None, :].repeat(n, axis=0),
    )  # fmt: skip
    return np.column_stack([np.asarray(c, dtype=np.float64).ravel() for c in columns])


def _counts(lines: Lines, categories: tuple[int, ...]) -> NDArray[np.int64]:
    width = len(lines.categories)
    flat = np.bincount(lines.customer * width + lines.category, minlength=len(lines.customers) * width)
    return np.asarray(flat.reshape(-1, width)[:, list(categories)], dtype=np.int64)


def _by_decile(predicted: Floats, observed: Floats) -> tuple[tuple[int, float, float], ...]:
    order = np.argsort(predicted, kind="stable")
    parts = [part for part in np.array_split(order, _DECILES) if len(part)]
    return tuple((len(p), float(predicted[p].mean()), float(observed[p].mean())) for p in parts)


def auc(score: Floats, label: Floats) -> float:
    """Chance that a pair that was bought is ranked above one that was not; ties count half."""
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    positive = label > 0
    n, p = len(label), int(positive.sum())
    return float((ranks[positive].sum() - p * (p + 1) / 2) / (p * (n - p))) if 0 < p < n else 0.5
