"""How a text sounds: logistic regression on sentence vectors with the VADER score as one more feature.

Where a warehouse has stars beside texts, it learns from them, with the shipped model's opinion as a feature; else the shipped
coefficients serve. Scores are told per sentence, so that a text which praises one thing and blames another is `mixed` and not `neutral`.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.feedback.embedding import DIMENSIONS, Vectors
from tools.feedback.language import polarity

Floats = NDArray[np.float64]

SHIPPED = Path(__file__).parent / "data" / "sentiment_base.json"
MIN_RATED = 300
"""Rated sentences needed of either side before a warehouse's own model is worth trying."""
MAX_TRAINED = 20_000
NEGATIVE_BELOW, POSITIVE_ABOVE = 0.4, 0.6
"""Probability of being positive; between them a text is neutral."""
_SURELY = 0.25
"""A mixed text has a sentence surely negative and one surely positive: this close to 0 and to 1."""
_FOLDS = 5
_AT_ONCE = 8192
"""Sentences that are judged in one step, so that memory does not grow with their number."""


@dataclass(frozen=True, kw_only=True)
class SentimentModel:
    """Coefficients over (384 vector columns, word polarity[, log-odds of the shipped model])."""

    weights: Floats
    intercept: float
    source: str
    """What it was trained on."""
    licence: str = ""
    n_trained: int = 0
    accuracy: float | None = None
    """Cross-validated, on what it was trained on."""
    calibration_error: float | None = None
    base: SentimentModel | None = None
    notes: tuple[str, ...] = field(default=())

    def log_odds(self, vectors: Vectors, polarities: Floats, row: NDArray[np.int64] | None = None) -> Floats:
        """Log-odds of being positive, one per sentence.

        Args:
            row: Where the vector of each sentence stands; None: in order.
        """
        row = np.arange(len(polarities)) if row is None else row
        parts = [slice(start, start + _AT_ONCE) for start in range(0, len(row), _AT_ONCE)]
        told = [_matrix(vectors[row[part]], polarities[part], self.base) @ self.weights + self.intercept for part in parts]
        return np.concatenate([np.zeros(0), *told])


@functools.cache
def shipped_model() -> SentimentModel:
    read = json.loads(SHIPPED.read_text(encoding="utf-8"))
    return SentimentModel(
        weights=np.asarray(read["weights"], dtype=np.float64),
        intercept=read["intercept"],
        source=read["source"],
        licence=read["licence"],
        n_trained=read["n_trained"],
        accuracy=read["accuracy"],
    )


@functools.cache
def _vader() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # type: ignore[import-untyped]

    return SentimentIntensityAnalyzer()


def word_polarity(text: str, language: str = "en") -> float:
    """-1 to 1: VADER's compound score for English, word lists for the others."""
    return float(_vader().polarity_scores(text)["compound"]) if language in ("en", "und") else polarity(text, language)


def word_polarities(texts: Sequence[str], languages: Sequence[str]) -> Floats:
    seen: dict[tuple[str, str], float] = {}
    for pair in zip(texts, languages, strict=True):
        if pair not in seen:
            seen[pair] = word_polarity(*pair)
    return np.array([seen[pair] for pair in zip(texts, languages, strict=True)], dtype=np.float64)


def train(
    vectors: Vectors, polarities: Floats, positive: NDArray[np.int64], *, weights: Floats | None = None, c: float = 1.0
) -> tuple[Floats, float]:
    """Weights and intercept of a logistic regression on vectors and polarity."""
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=c, max_iter=2000).fit(_matrix(vectors, polarities, None), positive, sample_weight=weights)
    return np.asarray(fitted.coef_[0], dtype=np.float64), float(fitted.intercept_[0])


def fit_own(vectors: Vectors, polarities: Floats, positive: NDArray[np.int64], row: NDArray[np.int64], *, source: str) -> SentimentModel:
    """The warehouse's own model if it beats the shipped one on sentences that it has not seen, else the shipped one.

    Good and bad texts count alike: that most reviews are kind must not make a complaint to customer service sound kind.

    Args:
        positive: 1 for sentences of texts with good stars, 0 for bad ones.
        row: Where the vector of each sentence stands; the same for equal sentences, so that none is learned and tested at once.
    """
    from sklearn.model_selection import GroupKFold

    base = shipped_model()
    if min(int(positive.sum()), int((1 - positive).sum())) < MIN_RATED or len(np.unique(row)) < _FOLDS * 10:
        return base
    if len(positive) > MAX_TRAINED:
        chosen = np.sort(np.random.default_rng(0).permutation(len(positive))[:MAX_TRAINED])
        polarities, positive, row = polarities[chosen], positive[chosen], row[chosen]
    matrix = _matrix(vectors[row], polarities, base)
    predicted = np.zeros(len(positive))
    for train_rows, test_rows in GroupKFold(_FOLDS).split(matrix, positive, row):
        fold = _regression().fit(matrix[train_rows], positive[train_rows])
        predicted[test_rows] = fold.predict_proba(matrix[test_rows])[:, 1]
    own = _balanced_accuracy(predicted > 0.5, positive)
    shipped = _balanced_accuracy(base.log_odds(vectors, polarities, row) > 0, positive)
    if own <= shipped:
        return base
    fitted = _regression().fit(matrix, positive)
    return SentimentModel(
        weights=np.asarray(fitted.coef_[0], dtype=np.float64),
        intercept=float(fitted.intercept_[0]),
        source=source,
        n_trained=len(positive),
        accuracy=own,
        calibration_error=calibration_error(predicted, positive, weights=_even(positive)),
        base=base,
        notes=(f"The shipped model alone reaches {shipped:.3f} on the same sentences.",),
    )


def _matrix(vectors: Vectors, polarities: Floats, base: SentimentModel | None) -> Floats:
    columns = [vectors.astype(np.float64), polarities[:, None]]
    if base is not None:
        columns.append(base.log_odds(vectors, polarities)[:, None])
    return np.hstack(columns)


def _regression() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=0.5, max_iter=2000, class_weight="balanced")


def _even(positive: NDArray[np.int64]) -> Floats:
    """Weights that make both sides count alike."""
    share = float(positive.mean())
    return np.where(positive == 1, 0.5 / share, 0.5 / (1 - share))


def _balanced_accuracy(told: NDArray[np.bool_], positive: NDArray[np.int64]) -> float:
    return float(np.average(told == positive, weights=_even(positive)))


def calibration_error(predicted: Floats, observed: NDArray[np.int64], *, weights: Floats | None = None) -> float:
    """Mean gap between predicted and observed share over tenths of equal size."""
    weights = np.ones(len(observed)) if weights is None else weights
    order = np.argsort(predicted, kind="stable")
    gap = 0.0
    for part in (p for p in np.array_split(order, 10) if len(p)):
        w = weights[part]
        gap += float(w.sum() * abs(np.average(predicted[part], weights=w) - np.average(observed[part], weights=w)))
    return gap / float(weights.sum())


def probability(log_odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -30, 30))), dtype=np.float64)


def of_text(log_odds: Floats, weights: Floats) -> tuple[float, str]:
    """Score (-1 to 1) and label of a text from its sentences.

    Args:
        weights: How much each sentence counts; those without a subject count less.
    """
    each = probability(log_odds)
    whole = float(probability(np.array([np.average(log_odds, weights=weights)]))[0])
    tells = each[weights >= weights.max()]
    if len(tells) > 1 and tells.min() < _SURELY and tells.max() > 1 - _SURELY:
        return 2 * whole - 1, "mixed"
    return 2 * whole - 1, label_of(whole)


def label_of(positive: float) -> str:
    if positive < NEGATIVE_BELOW:
        return "negative"
    return "positive" if positive > POSITIVE_ABOVE else "neutral"


def write_model(path: Path, *, weights: Floats, intercept: float, source: str, licence: str, n_trained: int, accuracy: float) -> None:
    """Keep coefficients as the small file that is shipped."""
    if len(weights) != DIMENSIONS + 1:
        raise ValueError(f"{DIMENSIONS + 1} weights expected, got {len(weights)}")
    told = {
        "source": source,
        "licence": licence,
        "n_trained": n_trained,
        "accuracy": round(accuracy, 4),
        "intercept": round(intercept, 5),
        "weights": [round(float(w), 4) for w in weights],
    }
    path.write_text(json.dumps(told, indent=None, separators=(",", ": ")) + "\n", encoding="utf-8")
