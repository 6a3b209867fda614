"""Which words to quote: typical ones of different sources and days, none twice, and one that disagrees."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tools.core.contract import Quote
from tools.feedback.cohort import Text

MAX_QUOTE = 280
_SAME_FROM = 0.7
"""Jaccard likeness of words from which on two texts say the same."""
_WORD = re.compile(r"\w+")
_END = re.compile(r"(?<=[.!?…])\s+")


def choose(candidates: Sequence[Text], count: int, taken: Sequence[Text] = ()) -> list[Text]:
    """Texts to quote, best first in `candidates`: near-duplicates are folded, and sources, months and sentiments take turns."""
    chosen: list[Text] = []
    left = distinct(candidates, taken)
    while left and len(chosen) < count:
        seen = [*taken, *chosen]
        best = min(range(len(left)), key=lambda i: (_repeats(left[i], seen), i))
        chosen.append(left.pop(best))
    return chosen


def _repeats(text: Text, seen: Sequence[Text]) -> int:
    """How much of what sets texts apart was there already."""
    return sum(
        2 * (text.source == other.source)
        + ((text.date.year, text.date.month) == (other.date.year, other.date.month))
        + (text.label == other.label)
        for other in seen
    )


def distinct(candidates: Sequence[Text], taken: Sequence[Text] = ()) -> list[Text]:
    """The candidates without those that say what an earlier one, or one that was taken, says already."""
    kept: list[Text] = []
    bags = [_bag(t.text) for t in taken]
    for text in candidates:
        bag = _bag(text.text)
        if all(_likeness(bag, other) < _SAME_FROM for other in bags):
            kept.append(text)
            bags.append(bag)
    return kept


def _bag(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower()))


def _likeness(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a | b) if a or b else 1.0


def excerpt(text: str) -> str:
    """The text, or its first sentences: always a piece of what is stored, character by character."""
    if len(text) <= MAX_QUOTE:
        return text
    end = 0
    for match in _END.finditer(text):
        if match.start() > MAX_QUOTE:
            break
        end = match.start()
    if end == 0:
        end = text.rfind(" ", 0, MAX_QUOTE)
    return text[: end if end > 0 else MAX_QUOTE]


def as_quote(text: Text, *, about: str = "") -> Quote:
    return Quote(
        text=excerpt(text.text),
        source=text.source,
        record_id=text.record_id,
        date=text.date,
        sentiment=round(text.sentiment, 2),
        about=about,
    )
