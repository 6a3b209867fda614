"""The next product by item similarity, with popularity shown beside it, and pairs of one basket.

Item cosine over who bought what; on public data it was as good as anything larger, and plain popularity is hard to beat: both are judged on
the last window by how many of ten suggestions, new to the customer, were bought.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.recommendations.lines import Lines

Floats = NDArray[np.float32]

MOST_ITEMS = 3_000
TOP = 5
_JUDGED = 10
_BLOCK = 4_000
_LEAST_TOGETHER = 20
_MOST_PAIRS = 300


@dataclass(frozen=True, kw_only=True)
class Suggestions:
    """Up to `TOP` items per customer that they have not bought in the past year, best first; -1 where there are fewer."""

    item: NDArray[np.int64]
    score: Floats
    because: NDArray[np.int64]
    """The item that they bought which is most similar."""
    popularity: NDArray[np.float64]
    """Per item: share of the year's customers who bought it."""


def suggest(lines: Lines, day: int) -> Suggestions:
    """What to offer next, from what was bought over the past year."""
    year = lines.between(day - 365, day)
    kept, bought = _matrix(year)
    similar = _cosine(bought)
    n = len(lines.customers)
    item = np.full((n, TOP), -1, dtype=np.int64)
    because = np.full((n, TOP), -1, dtype=np.int64)
    score = np.zeros((n, TOP), dtype=np.float32)
    for start in range(0, n, _BLOCK):
        own = bought[start : start + _BLOCK]
        found, top = _best(own, similar)
        rows, width = np.arange(len(own))[:, None], top.shape[1]
        real = found[rows, top] > 0
        item[start : start + _BLOCK, :width] = np.where(real, kept[top], -1)
        score[start : start + _BLOCK, :width] = np.where(real, found[rows, top], 0)
        for rank in range(width):
            closest = np.argmax(own * similar[top[:, rank]], axis=1)
            because[start : start + _BLOCK, rank] = np.where(real[:, rank], kept[closest], -1)
    popularity = np.zeros(len(lines.items))
    popularity[kept] = bought.mean(axis=0) * n / max(len(np.unique(year.customer)), 1)
    return Suggestions(item=item, score=score, because=because, popularity=popularity)


def judge(lines: Lines, day: int, horizon_days: int) -> Mapping[str, float]:
    """Of ten items new to each customer, the share bought in the last window: by similarity, and by popularity alone."""
    before = lines.between(day - horizon_days - 365, day - horizon_days)
    after = lines.between(day - horizon_days, day)
    kept, bought = _matrix(before)
    position = np.full(len(lines.items), -1, dtype=np.int64)
    position[kept] = np.arange(len(kept))
    then = np.zeros_like(bought)
    inside = position[after.item] >= 0
    then[after.customer[inside], position[after.item[inside]]] = 1
    judged = (then * (1 - bought)).any(axis=1) & bought.any(axis=1)
    similar, popular = _cosine(bought), bought.sum(axis=0)
    hits = {"similarity": 0.0, "popularity": 0.0}
    who = np.flatnonzero(judged)
    for start in range(0, len(who), _BLOCK):
        rows = who[start : start + _BLOCK]
        own = bought[rows]
        for name, scores in (("similarity", own @ similar), ("popularity", np.broadcast_to(popular, own.shape))):
            ranked = np.where(own > 0, -np.inf, scores)
            top = np.argsort(-ranked, axis=1, kind="stable")[:, :_JUDGED]
            hits[name] += float(np.take_along_axis(then[rows], top, axis=1).sum())
    n = max(len(who) * _JUDGED, 1)
    return {"customers": float(len(who)), "similarity": hits["similarity"] / n, "popularity": hits["popularity"] / n}


def _matrix(lines: Lines) -> tuple[NDArray[np.int64], Floats]:
    """(items, customers by items: 1 where bought); the items with most customers when there are very many."""
    pairs = np.unique(np.stack([lines.item, lines.customer]), axis=1)
    buyers = np.bincount(pairs[0], minlength=len(lines.items))
    kept = np.sort(np.argsort(-buyers, kind="stable")[:MOST_ITEMS])
    kept = kept[buyers[kept] > 0]
    position = np.full(len(lines.items), -1, dtype=np.int64)
    position[kept] = np.arange(len(kept))
    bought = np.zeros((len(lines.customers), len(kept)), dtype=np.float32)
    inside = position[pairs[0]] >= 0
    bought[pairs[1][inside], position[pairs[0][inside]]] = 1
    return kept.astype(np.int64), bought


def _cosine(bought: Floats) -> Floats:
    together = bought.T @ bought
    size = np.sqrt(np.diag(together))
    similar = together / np.maximum(size[:, None] * size[None, :], 1e-9)
    np.fill_diagonal(similar, 0)
    return np.asarray(similar, dtype=np.float32)


def _best(own: Floats, similar: Floats) -> tuple[Floats, NDArray[np.int64]]:
    scores = np.where(own > 0, 0, own @ similar)
    return scores, np.argsort(-scores, axis=1, kind="stable")[:, :TOP].astype(np.int64)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two items of one basket."""

    first: str
    second: str
    baskets: int
    """With both."""
    share: float
    """Of the baskets with the first, those with the second as well."""
    lift: float
    """How many times more often together than if they had nothing to do with each other."""


def basket_pairs(lines: Lines, day: int) -> tuple[Pair, ...]:
    """Pairs of the past year in at least `_LEAST_TOGETHER` baskets, most often together first."""
    import duckdb

    year = lines.between(day - 365, day)
    with duckdb.connect(":memory:", config={"threads": 2, "memory_limit": "1GB"}) as connection:
        connection.register("line", {"o": year.order, "i": year.item})
        rows = connection.execute(_PAIRS, [_LEAST_TOGETHER, _MOST_PAIRS]).fetchall()
    return tuple(
        Pair(first=lines.items[a], second=lines.items[b], baskets=both, share=both / one, lift=both * total / (one * other))
        for a, b, both, one, other, total in rows
    )


_PAIRS = """
WITH bought AS (SELECT DISTINCT o, i FROM line),
sizes AS (SELECT i, count(*) AS n FROM bought GROUP BY i),
pairs AS (SELECT x.i AS a, y.i AS b, count(*) AS n FROM bought x JOIN bought y ON x.o = y.o AND x.i < y.i GROUP BY ALL HAVING count(*) >= ?)
SELECT a, b, pairs.n, p.n, q.n, (SELECT count(DISTINCT o) FROM bought)
FROM pairs JOIN sizes p ON p.i = a JOIN sizes q ON q.i = b ORDER BY pairs.n DESC, a, b LIMIT ?
"""
