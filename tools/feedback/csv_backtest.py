"""`assistant backtest sentiment|topics`: judge the models on any labelled texts, with and without learning from them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.core.errors import NeedsPerson, SetupProblem
from tools.feedback.embedding import Vectors, encode
from tools.feedback.language import language_of
from tools.feedback.sentiment import calibration_error, probability, shipped_model, word_polarities
from tools.feedback.statistics import share_of

FOLDS = 5
MIN_TEXTS = 50
MAX_CLASSES = 500
_BOOTSTRAPS = 5
_SEED = 0
_POSITIVE = frozenset({"1", "positive", "pos", "good", "true", "yes", "4", "5", "4.0", "5.0", "1.0"})
_NEGATIVE = frozenset({"0", "negative", "neg", "bad", "false", "no", "-1", "2", "0.0", "2.0", "-1.0"})


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """Texts and their labels, in the order of the file."""

    texts: list[str]
    labels: list[str]


@dataclass(frozen=True, kw_only=True)
class BacktestReport:
    """Figures of one run."""

    kind: str
    file: str
    n: int
    left_out: int
    """Rows without a text, or with a label that says nothing."""
    figures: dict[str, Any]
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "file": self.file, "n": self.n, "left_out": self.left_out, **self.figures, "notes": list(self.notes)}

    def as_text(self) -> str:
        lines = [f"{self.kind} on {self.file}: {self.n:,} texts ({self.left_out:,} left out)"]
        for name, value in self.figures.items():
            if isinstance(value, dict):
                lines += [f"  {name.replace('_', ' ')}: " + ", ".join(f"{k.replace('_', ' ')} {_shown(v)}" for k, v in value.items())]
            else:
                lines.append(f"  {name.replace('_', ' ')}: {_shown(value)}")
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])


def _shown(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def read_labelled(path: Path, text: str, label: str | None) -> Labelled:
    """Texts of a CSV file (any delimiter).

    Args:
        text, label: Names of columns; where the file has no header line, their positions: "1", "2".
    Raises:
        SetupProblem: No such file (`file_missing`), or no such column (`column_missing`).
    """
    if not path.is_file():
        raise SetupProblem(f"There is no file {path.name}.", try_instead="Check the path.", code="file_missing")
    positions = text.isdigit() and (label is None or label.isdigit())
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        first = file.readline()
        file.seek(0)
        # A sentence is full of commas, so a file with tabs is taken at its word, quotation marks and all.
        tabs = "\t" in first
        rows = list(csv.reader(file, delimiter="\t" if tabs else ",", quoting=csv.QUOTE_NONE if tabs else csv.QUOTE_MINIMAL))
    header = [] if positions or not rows else rows.pop(0)
    places = [_place(name, header, rows, path.name) for name in (text, *([label] if label else []))]
    cells = [[row[place].strip() if place < len(row) else "" for place in places] for row in rows]
    return Labelled(texts=[c[0] for c in cells], labels=[c[1] if label else "" for c in cells])


def _place(name: str, header: Sequence[str], rows: Sequence[Sequence[str]], file: str) -> int:
    """Position of a column from 0."""
    if not header and rows and 1 <= int(name) <= len(rows[0]):
        return int(name) - 1
    if name in header:
        return header.index(name)
    raise SetupProblem(f"{file} has no column '{name}'.", try_instead=f"It has: {', '.join(header[:20])}.", code="column_missing")


def backtest_sentiment(path: Path, *, text: str, label: str, train: bool = True) -> BacktestReport:
    """How often the shipped model is right, and a model that learns from these texts (cross-validated).

    Labels are 1/0, positive/negative or stars (1, 2 against 4, 5); others are left out.
    Raises:
        SetupProblem: As `read_labelled`.
        NeedsPerson: Too few texts, or labels of one side only (`too_few_texts`).
    """
    read = read_labelled(path, text, label)
    stars = any(value in ("3", "4", "5") for value in read.labels)
    sides = [_side(value, stars=stars) if body else None for body, value in zip(read.texts, read.labels, strict=True)]
    kept = [i for i, side in enumerate(sides) if side is not None]
    positive = np.array([sides[i] for i in kept], dtype=np.int64)
    _require_enough(len(kept), int(min(positive.sum(), len(kept) - positive.sum())) if kept else 0)
    texts = [read.texts[i] for i in kept]
    vectors, polarities = encode(texts), word_polarities(texts, [language_of(t) for t in texts])
    told = probability(shipped_model().log_odds(vectors, polarities))
    figures: dict[str, Any] = {"shipped": _sentiment_figures(told, positive), "words_alone": _words_alone(polarities, positive)}
    if train:
        figures["trained_on_these_cross_validated"] = _sentiment_figures(_cross_validated(vectors, polarities, positive), positive)
    notes = (f"The shipped model was trained on {shipped_model().source}.",)
    return BacktestReport(kind="sentiment", file=path.name, n=len(kept), left_out=len(read.texts) - len(kept), figures=figures, notes=notes)


def _side(label: str, *, stars: bool) -> int | None:
    """1 good, 0 bad, None neither; among stars, 1 is the worst."""
    value = label.lower()
    if stars and value in ("1", "1.0"):
        return 0
    return 1 if value in _POSITIVE else 0 if value in _NEGATIVE else None


def _require_enough(n: int, smaller: int) -> None:
    if n < MIN_TEXTS or smaller < FOLDS:
        raise NeedsPerson(
            f"Only {n} usable texts, and {smaller} of the rarer label; {MIN_TEXTS} and {FOLDS} are needed.",
            try_instead="Check the columns, or take a larger file.",
            code="too_few_texts",
        )


def _sentiment_figures(told: NDArray[np.float64], positive: NDArray[np.int64]) -> dict[str, Any]:
    from sklearn.metrics import roc_auc_score

    right = share_of(int(((told > 0.5) == positive).sum()), len(positive))
    return {
        "accuracy": right.share,
        "low": right.low,
        "high": right.high,
        "auc": float(roc_auc_score(positive, told)),
        "calibration_error": calibration_error(told, positive),
    }


def _words_alone(polarities: NDArray[np.float64], positive: NDArray[np.int64]) -> dict[str, Any]:
    right = share_of(int(((polarities > 0) == positive).sum()), len(positive))
    return {"accuracy": right.share, "low": right.low, "high": right.high, "silent": float((polarities == 0).mean())}


def _cross_validated(vectors: Vectors, polarities: NDArray[np.float64], positive: NDArray[np.int64]) -> NDArray[np.float64]:
    from tools.feedback.sentiment import train

    fold = np.random.default_rng(_SEED).permutation(len(positive)) % FOLDS
    told = np.zeros(len(positive))
    matrix = np.hstack([vectors.astype(np.float64), polarities[:, None]])
    for one in range(FOLDS):
        weights, intercept = train(vectors[fold != one], polarities[fold != one], positive[fold != one])
        told[fold == one] = probability(matrix[fold == one] @ weights + intercept)
    return told


def backtest_topics(path: Path, *, text: str, label: str | None = None, train: bool = True, test: Path | None = None) -> BacktestReport:
    """How well topics found without labels agree with the labels, how stable they are, and how well labels can be learned.

    Args:
        test: A second file of the same form: learn from the first, judge on this one. Without it: cross-validation.
    Raises:
        SetupProblem: As `read_labelled`.
        NeedsPerson: Too few texts (`too_few_texts`).
    """
    read = read_labelled(path, text, label)
    kept = [i for i, body in enumerate(read.texts) if body]
    texts, labels = [read.texts[i] for i in kept], [read.labels[i] for i in kept]
    _require_enough(len(texts), FOLDS)
    vectors = encode(texts)
    figures: dict[str, Any] = {"stability": _stability(vectors)}
    if label is not None:
        classes = sorted(set(labels))
        if len(classes) > MAX_CLASSES:
            raise NeedsPerson(f"{len(classes):,} different labels are no topics.", try_instead="Check --label.", code="column_unfit")
        wanted = np.array([classes.index(value) for value in labels])
        figures["found_without_labels"] = _agreement(_clusters(vectors, len(classes)), wanted) | {"topics": len(classes)}
        if train:
            figures["learned"] = _learned(vectors, labels, read_labelled(test, text, label) if test else None)
    return BacktestReport(kind="topics", file=path.name, n=len(texts), left_out=len(read.texts) - len(texts), figures=figures)


def _clusters(vectors: Vectors, k: int, seed: int = _SEED) -> NDArray[np.int64]:
    """Ward on micro-clusters, as topics are found: KMeans to at most 600 centroids, which Ward joins into k."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from sklearn.cluster import KMeans

    fine = min(max(8 * k, 40), 600, len(vectors))
    micro = KMeans(n_clusters=fine, n_init=1, max_iter=60, random_state=seed).fit(vectors)
    groups = fcluster(linkage(micro.cluster_centers_.astype(np.float64), "ward"), min(k, fine), "maxclust")
    return np.asarray(groups[micro.labels_], dtype=np.int64)


def _agreement(found: NDArray[np.int64], wanted: NDArray[np.int64]) -> dict[str, Any]:
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    return {
        "adjusted_rand": float(adjusted_rand_score(wanted, found)),
        "mutual_information": float(normalized_mutual_info_score(wanted, found)),
    }


def _stability(vectors: Vectors) -> dict[str, Any]:
    """Adjusted Rand of a second run on the same texts, and of runs on bootstrap samples, judged on the texts they share."""
    from sklearn.metrics import adjusted_rand_score

    sample = vectors if len(vectors) <= 4000 else vectors[np.random.default_rng(_SEED).permutation(len(vectors))[:4000]]
    k = int(np.clip(len(sample) ** 0.5 / 2, 4, 40))
    first = _clusters(sample, k)
    rng = np.random.default_rng(_SEED + 1)
    scores = []
    for _ in range(_BOOTSTRAPS):
        rows = np.unique(rng.integers(0, len(sample), len(sample)))
        scores.append(float(adjusted_rand_score(first[rows], _clusters(sample[rows], k))))
    return {
        "rerun_adjusted_rand": float(adjusted_rand_score(first, _clusters(sample, k))),
        "bootstrap_adjusted_rand": float(np.mean(scores)),
    }


def _learned(vectors: Vectors, labels: Sequence[str], test: Labelled | None) -> dict[str, Any]:
    from sklearn.linear_model import LogisticRegression

    y = np.array(labels)
    if test is not None:
        kept = [i for i, body in enumerate(test.texts) if body]
        told = LogisticRegression(C=10, max_iter=1000).fit(vectors, y).predict(encode([test.texts[i] for i in kept]))
        right = share_of(int((told == np.array([test.labels[i] for i in kept])).sum()), len(kept))
        return {"accuracy": right.share, "low": right.low, "high": right.high, "judged_on": "the test file", "n": right.of}
    enough = np.array([Counter(labels)[value] >= FOLDS for value in labels])
    fold = np.random.default_rng(_SEED).permutation(len(y)) % FOLDS
    hits = 0
    for one in range(FOLDS):
        learner = LogisticRegression(C=10, max_iter=1000).fit(vectors[fold != one], y[fold != one])
        judged = (fold == one) & enough
        hits += int((learner.predict(vectors[judged]) == y[judged]).sum())
    right = share_of(hits, int(enough.sum()))
    return {"accuracy": right.share, "low": right.low, "high": right.high, "judged_on": f"{FOLDS}-fold cross-validation", "n": right.of}
