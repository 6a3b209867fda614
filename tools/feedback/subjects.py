"""Known subjects, intents and comparisons of customer feedback, as example sentences with their vectors."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools.feedback.embedding import Vectors

_FILE = Path(__file__).parent / "data" / "taxonomy.yaml"
GENERIC = "generic"
_AT_ONCE = 8192
"""Vectors that are compared in one step, so that memory does not grow with their number."""
Embed = Callable[[Sequence[str]], Vectors]


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Names with example sentences."""

    names: tuple[str, ...]
    owner: NDArray[np.int64]
    """Position of the name, per sentence."""
    vectors: Vectors

    def nearest(self, vectors: Vectors) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Per vector: position of the name whose nearest sentence is most alike, and how alike."""
        best = self.scores(vectors)
        return np.argmax(best, axis=1).astype(np.int64), best.max(axis=1)

    def scores(self, vectors: Vectors) -> Vectors:
        """Vectors by names: cosine with the nearest sentence of each name."""
        found = np.zeros((len(vectors), len(self.names)), dtype=np.float32)
        for start in range(0, len(vectors), _AT_ONCE):
            alike = vectors[start : start + _AT_ONCE] @ self.vectors.T
            for i in range(len(self.names)):
                found[start : start + _AT_ONCE, i] = alike[:, self.owner == i].max(axis=1)
        return found


@functools.cache
def _read() -> Mapping[str, object]:
    import yaml

    read: Mapping[str, object] = yaml.load(_FILE.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    return read


def sentences() -> list[str]:
    """Every example sentence: what the embedding cache has to keep beside the texts."""
    return [s for name in ("subjects", "intents", "compared", "better") for many in _lists(name).values() for s in many] + _generic()


def subject_names() -> tuple[str, ...]:
    return tuple(_lists("subjects"))


def examples(kind: str, embed: Embed) -> Examples:
    """The examples of subjects, intents, compared or better; subjects come with the generic sentences as their last name."""
    lists = dict(_lists(kind))
    if kind == "subjects":
        lists[GENERIC] = _generic()
    flat = [s for many in lists.values() for s in many]
    owner = np.repeat(np.arange(len(lists)), [len(many) for many in lists.values()])
    return Examples(names=tuple(lists), owner=owner, vectors=embed(flat))


@functools.cache
def urgent_words() -> Mapping[str, re.Pattern[str]]:
    return {
        level: re.compile(rf"\b(?:{'|'.join(re.escape(word) for word in words)})\b", re.IGNORECASE)
        for level, words in _lists("urgent").items()
    }


def _lists(name: str) -> Mapping[str, Sequence[str]]:
    found = _read()[name]
    assert isinstance(found, Mapping)
    return found


def _generic() -> list[str]:
    found = _read()[GENERIC]
    assert isinstance(found, list)
    return found
