"""What a topic that was found in the data is called: the words that set it apart, and the phrase in which most of its sentences say it."""

from __future__ import annotations

import functools
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

_SAID_WORDS = 4
_PHRASE_WORDS = 5
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_TOKEN = re.compile(r"[^\W\d_]{3,}")
_SHARED_FROM = 0.15
"""Least part of a topic's sentences that hold the phrase it is called after."""
_STOP_FILE = Path(__file__).parent / "data" / "stop_words.txt"


@functools.cache
def stop_words() -> frozenset[str]:
    return frozenset(_STOP_FILE.read_text(encoding="utf-8").split())


def distinctive_words(distinct: Sequence[str], counts: Ints, group: Ints, n_groups: int, masked: frozenset[str]) -> list[tuple[str, ...]]:
    """Per group, the words that set it apart, strongest first.

    Class-based TF-IDF (Grootendorst 2022): frequency in the topic times log(1 + mean words per topic / frequency in all).
    """
    per_topic: list[dict[str, float]] = [defaultdict(float) for _ in range(n_groups)]
    spoken: dict[str, float] = defaultdict(float)
    stop = stop_words()
    for text, n, g in zip(distinct, counts.tolist(), group.tolist(), strict=True):
        if g < 0:
            continue
        for word in {w for w in _TOKEN.findall(text.lower()) if w not in stop and w not in masked}:
            weight = _weight(n)
            per_topic[g][word] += weight
            spoken[word] += weight
    mean = sum(spoken.values()) / max(n_groups, 1)
    named = []
    for words in per_topic:
        scored = {word: n * np.log(1 + mean / spoken[word]) for word, n in words.items()}
        named.append(tuple(sorted(scored, key=lambda w: (-scored[w], w))[:_SAID_WORDS]))
    return named


def shared_phrase(sentences: Sequence[str], counts: Sequence[int], words: Sequence[str], masked: frozenset[str]) -> str | None:
    """The words in a row that most of the sentences share and that say most of what sets them apart; None where they share none.

    Two words alone ("ghost, gave") are a riddle; the phrase that they come from ("gave up the ghost") can be read.

    Args:
        counts: How often each sentence was written.
        words: What sets the topic apart.
    """
    strong = frozenset(words)
    held: dict[tuple[str, ...], float] = defaultdict(float)
    holders: Counter[tuple[str, ...]] = Counter()
    for sentence, n in zip(sentences, counts, strict=True):
        said = _WORD.findall(sentence.lower())
        runs = {tuple(said[i : i + size]) for size in range(2, _PHRASE_WORDS + 1) for i in range(len(said) - size + 1)}
        for run in runs:
            if strong & set(run) and _is_name(run, masked):
                held[run] += _weight(n)
                holders[run] += 1
    held = {run: weight for run, weight in held.items() if holders[run] > 1 or len(sentences) == 1}
    if not held:
        return None
    least = _SHARED_FROM * sum(_weight(n) for n in counts)
    best = max(held, key=lambda run: (held[run] * len(strong & set(run)), len(run), run))
    return " ".join(best) if held[best] >= least else None


def _is_name(run: Sequence[str], masked: frozenset[str]) -> bool:
    """It begins and ends with words that say something, and holds no name and no number."""
    stop = stop_words()
    return all(len(end) > 2 and end not in stop for end in (run[0], run[-1])) and all(w.isalpha() and w not in masked for w in run)


def _weight(count: int) -> float:
    """Damped: a template sentence sent a thousand times is no better a name."""
    return float(1 + np.log(count))
