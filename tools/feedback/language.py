"""Which language a text is written in, by its commonest words; and how it sounds in languages that have no lexicon of their own."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

UNKNOWN = "und"
_FILE = Path(__file__).parent / "data" / "languages.yaml"
_WORDS = re.compile(r"[^\W\d_]+")
_SAMPLE = 200
_OTHER_SCRIPTS = (
    (0x0400, 0x052F, "ru"),
    (0x0370, 0x03FF, "el"),
    (0x0600, 0x06FF, "ar"),
    (0x3040, 0x30FF, "ja"),
    (0xAC00, 0xD7AF, "ko"),
    (0x4E00, 0x9FFF, "zh"),
)


@dataclass(frozen=True, kw_only=True)
class _Language:
    common: frozenset[str]
    good: frozenset[str]
    bad: frozenset[str]


@functools.cache
def _languages() -> Mapping[str, _Language]:
    import yaml

    read = yaml.load(_FILE.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    return {code: _Language(**{kind: frozenset(words) for kind, words in lists.items()}) for code, lists in read.items()}


def language_of(text: str) -> str:
    """Two-letter code; "und" when nothing tells.

    >>> language_of("Leider ist das Paket nicht angekommen")
    'de'
    """
    words = _WORDS.findall(text.lower())[:_SAMPLE]
    for first, last, code in _OTHER_SCRIPTS:
        if sum(first <= ord(c) <= last for c in text[:_SAMPLE]) > len(text[:_SAMPLE]) / 4:
            return code
    scores = {code: sum(word in one.common for word in words) for code, one in _languages().items()}
    best = max(scores, key=lambda code: scores[code])
    if scores[best] == 0:
        return "en" if text.isascii() and len(words) >= 2 else UNKNOWN
    return best


def polarity(text: str, language: str) -> float:
    """-1 to 1 by words of praise and blame; 0 for languages without a list."""
    known = _languages().get(language)
    if known is None:
        return 0.0
    words = _WORDS.findall(text.lower())
    good, bad = (sum(word in kind for word in words) for kind in (known.good, known.bad))
    return (good - bad) / (good + bad + 1)
