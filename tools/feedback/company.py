"""What stands beside a sentence: people who write several sentences mostly stay with one subject, and that tells about each of them.

A sentence near two subjects belongs to the one that the rest of its texts speak of; one that is said beside everything (a closing,
a side glance at a rival) tells little of what its text is about. Texts of a single sentence tell nothing either way.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]

_OF_ALL, _OF_CLUSTER = 10.0, 5.0
"""Companions for which all texts stand in the estimate of a micro-cluster, and its micro-cluster in that of a sentence."""
LEAST, MOST = -1.0, 3.0
"""Bounds of the lift: a sentence's own words weigh more than its company."""
_TOLD = 0.3
_LIGHTEST, _HEAVIEST = 0.4, 1.5


def lift(subject: Ints, n_subjects: int, row: Ints, owner: Ints, cluster: Ints) -> Floats:
    """Per distinct sentence and subject: log of how much more often the rest of its texts speaks of it than texts do at large.

    Args:
        subject: Subject of each distinct sentence, -1 for none.
        row: Per sentence as it was written, its position among the distinct ones.
        owner: Text of each sentence as it was written.
        cluster: Micro-cluster of each distinct sentence: what is said once shares the company of what is like it.
    Returns:
        Between LEAST and MOST; 0 where nothing stands beside a sentence.
    """
    said = subject[row]
    known = np.flatnonzero(said >= 0)
    beside = np.zeros((int(owner.max()) + 1 if len(owner) else 0, n_subjects), dtype=np.int32)
    np.add.at(beside, (owner[known], said[known]), 1)
    base = (beside > 0).sum(axis=0) + 1.0
    base /= base.sum()
    each = np.zeros((len(subject), n_subjects))
    for one in range(n_subjects):
        # Its own subject is not its company, unless another sentence of the text has it too.
        others = beside[owner, one] - (said == one)
        each[:, one] = np.bincount(row, weights=others > 0, minlength=len(subject))
    together = np.zeros((int(cluster.max()) + 1 if len(cluster) else 0, n_subjects))
    np.add.at(together, cluster, each)
    expected = (together + _OF_ALL * base) / (together.sum(axis=1, keepdims=True) + _OF_ALL)
    found = (each + _OF_CLUSTER * expected[cluster]) / (each.sum(axis=1, keepdims=True) + _OF_CLUSTER)
    return np.asarray(np.clip(np.log(found / base), LEAST, MOST), dtype=np.float32)


def weight(subject: Ints, lifts: Floats) -> Floats:
    """Per distinct sentence: how much it tells of what its text is about, by how well its subject fits its company; 1 where unknown."""
    chosen = np.take_along_axis(lifts, np.maximum(subject, 0)[:, None], axis=1)[:, 0]
    return np.asarray(np.where(subject >= 0, np.clip(1 + _TOLD * chosen, _LIGHTEST, _HEAVIEST), 1.0), dtype=np.float32)
