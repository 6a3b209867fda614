"""Array types of the generator, and the few operations that its modules share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]

NONE = -(2**62)
"""An empty value in an integer array (also for days and times); the writer turns it into NULL."""


@dataclass(frozen=True)
class Coded:
    """Text by number: `labels[code]`, and NULL for a code of -1."""

    codes: Ints
    labels: Sequence[str]

    def texts(self) -> Texts:
        """The texts themselves; code -1 becomes None."""
        return np.array([*self.labels, None], dtype=object)[self.codes]


def pick(rng: np.random.Generator, weights: Sequence[float] | Floats, size: int) -> Ints:
    """`size` draws of 0..len(weights)-1 with these relative weights."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    found = np.searchsorted(edges, rng.random(size) * edges[-1], side="right")
    return np.asarray(np.minimum(found, len(edges) - 1), dtype=np.int64)


def where_none(mask: Bools, values: Ints) -> Ints:
    """`values` where `mask` holds, else empty."""
    return np.where(mask, values, NONE)


def spread(counts: Ints) -> tuple[Ints, Ints]:
    """For row i repeated counts[i] times: (index of the row, position within it from 0)."""
    owner = np.repeat(np.arange(len(counts)), counts)
    starts = np.cumsum(counts) - counts
    return owner, np.arange(len(owner)) - starts[owner]


def chance(rng: np.random.Generator, probability: float | Floats, size: int) -> Bools:
    """One coin per row."""
    return np.asarray(rng.random(size) < probability)


def logistic(x: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-x)), dtype=np.float64)


def logit(p: Floats) -> Floats:
    return np.asarray(np.log(p / (1.0 - p)), dtype=np.float64)


def joined(parts: Sequence[Any]) -> Any:
    """np.concatenate that keeps the type of the first array."""
    return np.concatenate(list(parts))
