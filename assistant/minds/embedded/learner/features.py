"""Words to numbers: hashed n-grams, so that no vocabulary has to be kept."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from itertools import pairwise

from assistant.minds.embedded.learner.masking import Part, characters, ngrams, spans_apart, typed_of, words_of

BUCKETS = 1 << 15
_LONGEST_TYPED, _LONGEST_WORDS, _REACH = 3, 2, 4


def hashed(features: Iterable[str]) -> list[int]:
    """The buckets of some features, each once, in order. Stable over processes and machines."""
    return sorted({zlib.crc32(feature.encode()) % BUCKETS for feature in features})


def structure_features(parts: Sequence[Part]) -> list[int]:
    """What tells the shape of a question: how masks and words follow each other."""
    typed, words = typed_of(parts), words_of(parts)
    found = [f"t {gram}" for gram in ngrams(typed, _LONGEST_TYPED)]
    found += [f"s {pair}" for pair in spans_apart(typed, _REACH)]
    found += [f"b {word}" for word in typed]
    found += [f"w {gram}" for gram in ngrams(words, _LONGEST_WORDS)]
    found += [f"c {run}" for run in characters(words)]
    return hashed(found)


def phrase_features(words: Sequence[str]) -> list[int]:
    """What tells which thing of the model is meant: the words, their neighbours and the letters inside them."""
    plain = [word for word in words if not word.startswith("<")]
    found = [f"w {word}" for word in plain]
    found += [f"p {one} {other}" for one, other in pairwise(plain)]
    found += [f"c {run}" for run in characters(plain)]
    return hashed(found)
