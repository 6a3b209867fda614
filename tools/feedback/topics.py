"""What texts are about, found in the data: micro-clusters of sentences, joined into topics, named by a subject or by a phrase they share.

KMeans over distinct sentences gives many small clusters; Ward's method joins their centroids. Clusters of greetings and bare praise or
anger are set aside. A topic keeps its id over refreshes when its centroid hardly moved, so that a trend of it is one of the same thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tools.feedback import company
from tools.feedback.embedding import DIMENSIONS, Vectors
from tools.feedback.labels import distinctive_words, shared_phrase
from tools.feedback.subjects import GENERIC, Examples

Ints = NDArray[np.int64]

NO_TOPIC = 0
NO_TOPIC_LABEL = "no particular topic"
_SEED = 0
MAX_FITTED = 20_000
MIN_SENTENCES = 60
_CUT = 1.0
"""Ward's distance between groups that are no longer one topic; two single sentences are this far apart at a cosine of one half."""
_NAMED_FROM = 0.42
"""Cosine with an example of a known subject from which on a sentence belongs to it."""
_FOLLOWS_FROM = 0.3
"""The same for sentences whose micro-cluster agrees on the subject."""
_COMPANY = 0.05
"""What company as usual as e is worth in cosine, against company at random."""
_UNDECIDED = -1
_SMALLEST, _SMALLEST_SHARE = 12, 0.002
"""Fewest sentences of a topic without a known subject, and their least part of all."""
_FEWEST_KNOWN, _FEWEST_KNOWN_SHARE = 5, 0.001
"""The same for a known subject: two texts that happen to be near one are no topic, and would lead every ranking of shares."""
_SAME_FROM = 0.75
"""Cosine with a topic of the last refresh from which on it is the same."""


@dataclass(frozen=True, kw_only=True)
class Topic:
    """Something that people write about."""

    topic_id: int
    label: str
    words: tuple[str, ...]
    """What sets its sentences apart, strongest first."""
    centroid: Vectors
    is_new: bool = False
    """No topic of the last refresh was like it."""


@dataclass(frozen=True, kw_only=True)
class Topics:
    """Topics of a corpus, and the topic of each sentence."""

    topics: tuple[Topic, ...]
    """By id; "no particular topic" is not among them."""
    assigned: Ints
    """Topic id per sentence, 0 for none."""
    closeness: NDArray[np.float32]
    """Cosine of each sentence with the centroid of its topic."""
    weight: NDArray[np.float32]
    """How much each sentence tells of what its text is about; 1 is usual."""


def find_topics(
    distinct: Sequence[str],
    vectors: Vectors,
    row: Ints,
    owner: Ints,
    subjects: Examples,
    *,
    previous: Sequence[Topic] = (),
    masked: frozenset[str] = frozenset(),
    foreign: NDArray[np.bool_] | None = None,
) -> Topics:
    """Topics of sentences.

    Args:
        distinct: Every sentence once.
        vectors: One row per distinct sentence.
        row: Per sentence as it was written, its position in `distinct`.
        owner: Text of each sentence as it was written.
        previous: Topics of the last refresh, whose ids are kept where they recur.
        masked: Lower-case words that name products, shops or competitors; no topic is called after them.
        foreign: Per sentence, whether it is in a language that the vectors were not made for: such sentences lie together because of it,
            so they may belong to a known subject, but found no topic of their own.
    """
    counts = np.bincount(row, minlength=len(distinct))
    away = np.zeros(len(distinct), dtype=bool)
    if foreign is not None:
        away[row[::-1]] = foreign[::-1]
    micro = _micro_clusters(vectors) if len(vectors) >= MIN_SENTENCES else None
    known = _known_subjects(vectors, counts, row, owner, subjects, micro)
    labels = _labels(vectors, counts, known, subjects, away)
    found = _as_topics(distinct, row, vectors, counts, labels, previous, masked)
    if micro is None:
        return found
    clear = np.where(known == subjects.names.index(GENERIC), _UNDECIDED, known)
    return replace(found, weight=company.weight(clear, company.lift(clear, len(subjects.names), row, owner, micro))[row])


def _known_subjects(rows: Vectors, counts: Ints, row: Ints, owner: Ints, subjects: Examples, micro: Ints | None) -> Ints:
    """Per distinct sentence the position of the known subject that it is near, or _UNDECIDED.

    What lies near a known subject belongs to it, so that what people call one thing is one topic; what stands beside it in its texts
    counts as well. Sentences that lie a little further off follow the micro-cluster around them, if that agrees on a subject.
    """
    if not len(rows):
        return np.zeros(0, dtype=np.int64)
    scores = subjects.scores(rows)
    if micro is not None:
        generic = subjects.names.index(GENERIC)
        first = np.where((scores.max(axis=1) >= _NAMED_FROM) & (scores.argmax(axis=1) != generic), scores.argmax(axis=1), _UNDECIDED)
        beside = company.lift(first, len(subjects.names), row, owner, micro)
        beside[:, generic] = 0.0
        scores = scores + _COMPANY * beside
    best, alike = np.argmax(scores, axis=1), scores.max(axis=1)
    near = alike >= _NAMED_FROM
    labels = np.where(near, best, _UNDECIDED)
    if micro is not None:
        for one in np.unique(micro):
            inside = micro == one
            votes = np.bincount(best[inside & near], weights=counts[inside & near], minlength=len(subjects.names))
            if votes.sum() >= 0.5 * counts[inside].sum() and votes.max() >= 0.6 * votes.sum():
                agreed = int(votes.argmax())
                labels[inside & ~near & (scores[:, agreed] >= _FOLLOWS_FROM)] = agreed
    return labels.astype(np.int64)


def _labels(rows: Vectors, counts: Ints, labels: Ints, subjects: Examples, foreign: NDArray[np.bool_]) -> list[str]:
    """Per distinct sentence the name of its known subject, "#n" for a group found in the data, "" for no topic."""
    names = ["" if name == GENERIC else name for name in subjects.names]
    sizes = np.bincount(labels[labels != _UNDECIDED], weights=counts[labels != _UNDECIDED], minlength=len(names))
    least = min(_FEWEST_KNOWN, _FEWEST_KNOWN_SHARE * float(counts.sum()))
    told = [names[label] if label != _UNDECIDED and sizes[label] >= least else "" for label in labels.tolist()]
    left = np.flatnonzero((labels == _UNDECIDED) & ~foreign)
    for row, group in zip(left.tolist(), _grouped(rows[left], counts[left], int(counts.sum())), strict=True):
        told[row] = group
    return told


def _grouped(rows: Vectors, counts: Ints, everything: int) -> list[str]:
    """Groups of sentences near no known subject; small ones are no topic."""
    if len(rows) < MIN_SENTENCES:
        return [""] * len(rows)
    micro = _micro_clusters(rows)
    centroids = np.stack([_unit(rows[micro == one].mean(axis=0)) for one in range(int(micro.max()) + 1)])
    groups = _joined(centroids)[micro]
    sizes = np.bincount(groups, weights=counts)
    least = max(_SMALLEST, _SMALLEST_SHARE * everything)
    return [f"#{group}" if sizes[group] >= least else "" for group in groups.tolist()]


def _micro_clusters(rows: Vectors) -> Ints:
    """Micro-cluster per sentence, numbered without gaps."""
    from sklearn.cluster import KMeans

    rng = np.random.default_rng(_SEED)
    fitted = rows if len(rows) <= MAX_FITTED else rows[np.sort(rng.permutation(len(rows))[:MAX_FITTED])]
    k = int(np.clip(round(1.4 * len(fitted) ** 0.5), min(12, len(fitted)), 220))
    found = KMeans(n_clusters=k, n_init=1, max_iter=60, random_state=_SEED).fit(fitted)
    nearest = np.argmax(rows @ np.stack([_unit(c) for c in found.cluster_centers_]).T, axis=1)
    return np.unique(nearest, return_inverse=True)[1].astype(np.int64)


def _joined(centroids: Vectors) -> Ints:
    """Group per micro-cluster: Ward's tree, cut where joining would put different things together."""
    from scipy.cluster.hierarchy import fcluster, linkage

    if len(centroids) < 2:
        return np.zeros(len(centroids), dtype=np.int64)
    tree = linkage(centroids.astype(np.float64), "ward")
    return np.asarray(fcluster(tree, _CUT, "distance"), dtype=np.int64) - 1


def _as_topics(
    distinct: Sequence[str],
    inverse: Ints,
    rows: Vectors,
    counts: NDArray[np.int64],
    labels: Sequence[str],
    previous: Sequence[Topic],
    masked: frozenset[str],
) -> Topics:
    order = sorted(set(labels) - {""})
    position = {label: i for i, label in enumerate(order)}
    group = np.array([position.get(label, -1) for label in labels], dtype=np.int64)
    centroids = (
        np.stack([_unit((rows[group == i] * counts[group == i, None]).sum(axis=0)) for i in range(len(order))])
        if order
        else np.zeros((0, DIMENSIONS))
    )
    words = distinctive_words(distinct, counts, group, len(order), masked)
    ids, fresh = _stable_ids(centroids.astype(np.float32), order, previous)
    topics = []
    taken: set[str] = set()
    for i, label in enumerate(order):
        known = next((t for t in previous if t.topic_id == ids[i]), None)
        inside = np.flatnonzero(group == i).tolist() if known is None and label.startswith("#") else []
        phrase = shared_phrase([distinct[j] for j in inside], [int(counts[j]) for j in inside], words[i], masked)
        name = known.label if known is not None else _named(label, words[i], phrase, taken)
        taken.add(name)
        topics.append(
            Topic(topic_id=ids[i], label=name, words=words[i], centroid=centroids[i].astype(np.float32), is_new=fresh[i] and bool(previous))
        )
    lookup = np.array([*ids, NO_TOPIC], dtype=np.int64)
    close = np.array([float(rows[j] @ centroids[g]) if g >= 0 else 0.0 for j, g in enumerate(group)], dtype=np.float32)
    return Topics(
        topics=tuple(sorted(topics, key=lambda t: t.topic_id)),
        assigned=lookup[group[inverse]],
        closeness=close[inverse],
        weight=np.ones(len(inverse), dtype=np.float32),
    )


def _named(label: str, words: Sequence[str], phrase: str | None, taken: set[str]) -> str:
    name = label if not label.startswith("#") else phrase or ", ".join(words[:2]) or "other"
    return name if name not in taken else f"{name} ({', '.join(words[:2])})"


def _stable_ids(centroids: Vectors, order: Sequence[str], previous: Sequence[Topic]) -> tuple[list[int], list[bool]]:
    """Ids of the last refresh for topics like its own, each used once; new numbers for the others."""
    from scipy.optimize import linear_sum_assignment

    ids, fresh = [0] * len(centroids), [True] * len(centroids)
    if previous and len(centroids):
        alike = centroids @ np.stack([t.centroid for t in previous]).T
        # A known subject is the same topic under the same name, however its sentences changed.
        alike = alike + np.array([[1.0 if name == t.label else 0.0 for t in previous] for name in order])
        for mine, theirs in zip(*linear_sum_assignment(-alike), strict=True):
            if alike[mine, theirs] >= _SAME_FROM:
                ids[mine], fresh[mine] = previous[theirs].topic_id, False
    following = max([t.topic_id for t in previous], default=0) + 1
    for i in range(len(ids)):
        if fresh[i]:
            ids[i] = following
            following += 1
    return ids, fresh


def _unit(vector: NDArray[np.floating]) -> NDArray[np.float32]:
    length = float(np.linalg.norm(vector))
    return np.asarray(vector / length if length > 0 else vector, dtype=np.float32)
