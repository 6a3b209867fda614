"""Behavioural clusters: KMeans on how customers buy, as many as are stable, named by what sets them apart."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.segments.rfm import Rfm

Floats = NDArray[np.float64]

MIN_CUSTOMERS = 200
_SIZES = (3, 4, 5, 6)
_RESAMPLES = 8
_SAMPLE = 2_000
STABLE = 0.8
"""Mean adjusted Rand index over resamples from which on clusters are more than an accident."""
_WORDS = (
    ("recent", "long absent"),
    ("frequent", "rare"),
    ("high spend", "low spend"),
    ("large baskets", "small baskets"),
    ("long-standing", "new"),
)
_NOTABLE = 0.5
"""Standard deviations from the mean that earn a word in a cluster's name."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """How well one number of clusters does."""

    k: int
    silhouette: float
    """-1 to 1: how much nearer customers are to their own cluster than to the next."""
    stability: float
    """Mean adjusted Rand index between clusters of all and of resampled customers: 1 = the same."""


@dataclass(frozen=True, kw_only=True)
class Clusters:
    """The chosen clusters."""

    label: NDArray[np.object_]
    """Name of the cluster, per customer of the RFM table."""
    choices: tuple[Choice, ...]
    chosen: Choice
    sizes: dict[str, int]

    @property
    def stable(self) -> bool:
        return self.chosen.stability >= STABLE

    def report(self) -> dict[str, Any]:
        return {
            "chosen": asdict(self.chosen),
            "choices": [asdict(choice) for choice in self.choices],
            "stable": self.stable,
            "sizes": self.sizes,
        }


def cluster(rfm: Rfm, *, seed: int = 0) -> Clusters | None:
    """Clusters of the customers, the same for the same data and seed; None under `MIN_CUSTOMERS`."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    if len(rfm) < MIN_CUSTOMERS:
        return None
    matrix = _standardised(rfm)
    # Small fits gain nothing from threads, and lose much where other processes use the cores.
    with threadpool_limits(1):
        models = {k: KMeans(n_clusters=k, n_init=3, random_state=seed).fit(matrix) for k in _SIZES}
        choices = tuple(_judge(matrix, models[k].labels_, k, seed) for k in _SIZES)
    stable = [choice for choice in choices if choice.stability >= STABLE]
    chosen = max(stable, key=lambda c: c.silhouette) if stable else max(choices, key=lambda c: c.stability)
    names = _names(models[chosen.k].cluster_centers_)
    label = np.array([names[i] for i in models[chosen.k].labels_], dtype=object)
    sizes = {name: int((label == name).sum()) for name in names}
    return Clusters(label=label, choices=choices, chosen=chosen, sizes=sizes)


def _standardised(rfm: Rfm) -> Floats:
    spend = np.maximum(rfm.spend, 0.0)
    columns = (
        -np.log1p(rfm.days_since_last_order),
        np.log1p(rfm.n_orders),
        np.log1p(spend),
        np.log1p(spend / np.maximum(rfm.n_orders, 1)),
        np.log1p(rfm.days_since_first_order),
    )
    matrix = np.column_stack([np.asarray(column, dtype=np.float64) for column in columns])
    spread = matrix.std(axis=0)
    return np.asarray((matrix - matrix.mean(axis=0)) / np.where(spread > 1e-9, spread, 1.0))


def _judge(matrix: Floats, labels: NDArray[np.int32], k: int, seed: int) -> Choice:
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score, silhouette_score

    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(matrix), min(len(matrix), _SAMPLE), replace=False)
    again = []
    for i in range(_RESAMPLES):
        rows = rng.integers(0, len(matrix), min(len(matrix), _SAMPLE))
        model = KMeans(n_clusters=k, n_init=1, random_state=seed + i).fit(matrix[rows])
        again.append(adjusted_rand_score(labels[chosen], model.predict(matrix[chosen])))
    return Choice(k=k, silhouette=float(silhouette_score(matrix[chosen], labels[chosen])), stability=float(np.mean(again)))


def _names(centers: Floats) -> list[str]:
    """A name per cluster from its most unusual traits, each name once."""
    names: list[str] = []
    for center in centers:
        order = np.argsort(-np.abs(center), kind="stable")
        words = [_WORDS[i][0 if center[i] > 0 else 1] for i in order if abs(center[i]) >= _NOTABLE] or ["average"]
        shown = 2
        name = ", ".join(words[:shown])
        while name in names and shown < len(words):
            shown += 1
            name = ", ".join(words[:shown])
        names.append(name if name not in names else f"{name} ({names.count(name) + len(names)})")
    return [name[:1].upper() + name[1:] for name in names]
