"""Spelling repair: a word nobody knows becomes the one word of the lexicon that it most likely was meant to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assistant.minds.embedded.frames import frame_words
from assistant.minds.embedded.inflection import bases, stem
from assistant.minds.embedded.intents.words import known_words
from assistant.minds.embedded.lexicon import Lexicon
from assistant.minds.embedded.temporal_words import GRAIN_ADVERBS, MONTHS, UNITS, WEEKDAY_OF
from assistant.minds.embedded.tokens import Token
from assistant.minds.embedded.values import ValueIndex
from assistant.minds.embedded.wordlists import everyday_words, filler_words, grammar_words, ordinary_words, shape_words, words_by_role

_SHORTEST = 4
_LIKELIER = 8
_GRAMMAR_TARGETS = frozenset(w for w in grammar_words() | shape_words() if len(w) > 4) | frozenset(
    w for w in (*MONTHS, *UNITS, *GRAIN_ADVERBS, *WEEKDAY_OF) if len(w) > 4
)


def repair(tokens: Sequence[Token], lexicon: Lexicon, values: ValueIndex) -> tuple[tuple[Token, ...], tuple[str, ...]]:
    """The tokens with unknown words repaired where exactly one lexicon word is near, and a note for each."""
    repaired: list[Token] = []
    notes: list[str] = []
    for token in tokens:
        word = None if _is_known(token, lexicon, values) else nearest_word(token.text, lexicon)
        if word is None:
            repaired.append(token)
            continue
        repaired.append(replace(token, text=word))
        notes.append(f"read '{token.raw}' as {word}")
    return tuple(repaired), tuple(notes)


def _is_known(token: Token, lexicon: Lexicon, values: ValueIndex) -> bool:
    text = token.text
    if token.kind != "word" or token.quoted or len(text) < _SHORTEST or not text.isalpha():
        return True
    if text in _ENGLISH or any(base in _ENGLISH for base in bases(text)):
        return True
    return lexicon.knows_word(text) or values.knows_word(text)


_ENGLISH = (
    filler_words()
    | grammar_words()
    | shape_words()
    | ordinary_words()
    | everyday_words()
    | known_words()
    | frame_words()
    | frozenset().union(*words_by_role("vague").values())
    | frozenset((*MONTHS, *UNITS, *GRAIN_ADVERBS, *WEEKDAY_OF))
)
"""Words that are spelt right, whether or not they mean anything here."""


def nearest_word(word: str, lexicon: Lexicon) -> str | None:
    """The only word within edit distance 1 (2 for words of nine letters and more) with the same first letter."""
    best: dict[int, set[str]] = {1: set(), 2: set()}
    allowed = 2 if len(word) >= 9 else 1
    for candidate in lexicon.words | _GRAMMAR_TARGETS:
        if candidate[0] != word[0] or abs(len(candidate) - len(word)) > 1 or len(candidate) < _SHORTEST:
            continue
        distance = edit_distance(word, candidate, allowed)
        if distance <= allowed and distance in best:
            best[distance].add(candidate)
    for distance in (1, 2):
        stems = {stem(c) for c in best[distance]}
        if len(stems) == 1:
            return min(best[distance], key=lambda c: (abs(len(c) - len(word)), c))
        if stems:
            return _far_likelier(best[distance], lexicon)
    return None


def _far_likelier(candidates: set[str], lexicon: Lexicon) -> str | None:
    """ "oders" is rather "orders" than "overs": the one that the model uses many times as often as all others."""
    if len(candidates) < 2:
        return None
    first, *others = sorted(candidates, key=lambda c: (-lexicon.weight(c), c))
    rest = max(lexicon.weight(c) for c in others if stem(c) != stem(first))
    return first if lexicon.weight(first) >= _LIKELIER * max(rest, 1) else None


def edit_distance(one: str, other: str, limit: int) -> int:
    """Insertions, deletions, substitutions and swaps of neighbours; `limit` + 1 when it is more than `limit`."""
    before: list[int] = []
    current = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        before, last, current = current, before, [i] + [0] * len(other)
        for j, b in enumerate(other, start=1):
            current[j] = min(before[j] + 1, current[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                current[j] = min(current[j], last[j - 2] + 1)
        if min(current) > limit:
            return limit + 1
    return current[-1]
