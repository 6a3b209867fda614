"""Word files of intents: phrases by the role that they play, matched against the tokens of a question.

    # a comment
    role: phrase; another phrase
    topic: likely|going to leave|churn; at (high?) risk of leaving; in the next <n> days|weeks

A phrase is words in a row: `a|b` is either word, `(a)` may be missing, `<n>` is a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from assistant.minds.embedded.intents.contract import Cue, Cues
from assistant.minds.embedded.numbers import read_number
from assistant.minds.embedded.tokens import Token

_NUMBER = "<n>"


@dataclass(frozen=True, slots=True)
class _Word:
    options: frozenset[str]
    optional: bool

    @classmethod
    def of(cls, text: str) -> _Word:
        optional = text.startswith("(") and text.endswith(")")
        return cls(frozenset((text[1:-1] if optional else text).split("|")), optional)


Phrase = tuple[_Word, ...]


@dataclass(frozen=True, slots=True)
class WordFile:
    """The phrases of one intent by their role."""

    phrases: tuple[tuple[str, Phrase], ...]
    """(role, phrase), in the order of the file."""

    def find(self, tokens: Sequence[Token]) -> Cues:
        """The phrases among the tokens: from each token the longest one, each token once."""
        found: list[Cue] = []
        at = 0
        while at < len(tokens):
            cue = self._longest(tokens, at)
            if cue is None:
                at += 1
            else:
                found.append(cue)
                at = cue.end
        return Cues(found=tuple(found))

    def _longest(self, tokens: Sequence[Token], at: int) -> Cue | None:
        best: Cue | None = None
        for role, phrase in self.phrases:
            match = _match(tokens, at, phrase)
            if match is not None and match[0] > at and (best is None or match[0] > best.end):
                end, numbers = match
                best = Cue(start=at, end=end, role=role, text=" ".join(t.raw for t in tokens[at:end]), numbers=numbers)
        return best


def phrase_of(text: str) -> Phrase:
    return tuple(_Word.of(part) for part in text.split())


def words_of(phrases: Iterable[tuple[str, str]]) -> WordFile:
    """A word file made in code, for words that only the warehouse knows: (role, phrase)."""
    return WordFile(tuple((role, phrase_of(text)) for role, text in phrases))


@cache
def word_file(name: str) -> WordFile:
    """The word file `words/<name>.txt`, read once."""
    lines = (files(__package__) / "words" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    parts = [line.partition(":") for line in lines if line.strip() and not line.startswith("#")]
    return words_of((role.strip(), phrase) for role, _, rest in parts for phrase in re.split(r"\s*;\s*", rest.strip()) if phrase)


@cache
def known_words() -> frozenset[str]:
    """Every word of every word file: spelt right, whether or not the model knows it."""
    names = (file.name.removesuffix(".txt") for file in (files(__package__) / "words").iterdir() if file.name.endswith(".txt"))
    options = (option for name in names for _, phrase in word_file(name).phrases for word in phrase for option in word.options)
    return frozenset(option for option in options if option.isalpha())


def _match(tokens: Sequence[Token], at: int, phrase: Phrase) -> tuple[int, tuple[float, ...]] | None:
    """(end, numbers) when the phrase begins at `at`."""
    if not phrase:
        return at, ()
    word, rest = phrase[0], phrase[1:]
    if at < len(tokens) and not tokens[at].quoted:
        number = read_number(tokens, at) if _NUMBER in word.options else None
        if number is not None or tokens[at].text in word.options:
            tail = _match(tokens, number.end if number is not None else at + 1, rest)
            if tail is not None:
                return tail[0], ((number.value,) if number is not None else ()) + tail[1]
    return _match(tokens, at, rest) if word.optional else None
