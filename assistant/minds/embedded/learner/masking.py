"""What the learner sees of a question: values, numbers and dates masked, so that none has to be learnt.

Two views: the words as they stand, and the same with the model's own phrases replaced by their kind. The second carries over to any
warehouse; the first still knows how things are said where the model has no word for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from assistant.minds.embedded.grammar.draft import Item
from assistant.minds.embedded.inflection import is_plural
from assistant.minds.embedded.lexicon import Kind

VALUE, NUMBER, MONEY, PERCENT, WHEN, GRAIN = "<value>", "<number>", "<money>", "<percent>", "<when>", "<grain>"
METRIC, ROWS, FIELD, VERB, MORE, LESS, ABSENT = "<metric>", "<rows>", "<field>", "<verb>", "<more>", "<less>", "<absent>"

_KINDS = (
    (Kind.DATASET, ROWS),
    (Kind.METRIC, METRIC),
    (Kind.FIELD, FIELD),
    (Kind.FACT, VERB),
    (Kind.DOES, VERB),
    (Kind.MORE, MORE),
    (Kind.LESS, LESS),
    (Kind.ABSENT, ABSENT),
)
"""The first kind that a phrase can have is its mask: a counted noun ("customers") is one before it is the metric that counts them."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A run of words of the question, as both views show it."""

    words: tuple[str, ...]
    """As typed, lower case; a mask for a value, a number or a date."""
    kind: str = ""
    """The mask of the typed view; empty: the words themselves."""

    @property
    def typed(self) -> tuple[str, ...]:
        return (self.kind,) if self.kind else self.words


def masked(items: Sequence[Item]) -> tuple[Part, ...]:
    """The parts of a question that was cut into items. A noun and its number ("store 367") are one value."""
    parts: list[Part] = []
    for item in items:
        part = _part(item)
        if part.words == (NUMBER,) and parts and parts[-1].kind == ROWS and not is_plural(parts[-1].words[-1]):
            parts[-1] = Part(words=(VALUE,))
        else:
            parts.append(part)
    return tuple(parts)


def words_of(parts: Iterable[Part]) -> tuple[str, ...]:
    """The view in words."""
    return tuple(word for part in parts for word in part.words)


def typed_of(parts: Iterable[Part]) -> tuple[str, ...]:
    """The view in which the model's phrases are masked as well."""
    return tuple(word for part in parts for word in part.typed)


def _part(item: Item) -> Part:
    words = tuple(item.text.split())
    if item.number is not None:
        mask = {"money": MONEY, "percent": PERCENT}.get(item.number.unit or "", NUMBER)
        return Part(words=(mask,))
    if item.time is not None and item.mention is None:
        return Part(words=words, kind=GRAIN) if item.time.grain is not None else Part(words=(WHEN,))
    if item.mention is None:
        return Part(words=words)
    kinds = {sense.kind for sense in item.mention.senses}
    kind = next((mask for known, mask in _KINDS if known in kinds), "")
    return Part(words=words, kind=kind) if kind else Part(words=(VALUE,))


def ngrams(words: Sequence[str], longest: int) -> Iterator[str]:
    """Runs of one to `longest` words, the ends marked."""
    marked = ("^", *words, "$")
    for n in range(1, longest + 1):
        for at in range(len(marked) - n + 1):
            yield " ".join(marked[at : at + n])


def spans_apart(words: Sequence[str], reach: int) -> Iterator[str]:
    """Ordered pairs of words with others between them: "more ... than", "<value> ... never"."""
    for at, word in enumerate(words):
        for other in words[at + 2 : at + 1 + reach]:
            yield f"{word} .. {other}"


def characters(words: Sequence[str]) -> Iterator[str]:
    """Runs of three to five letters inside words, so that inflected and misspelt forms meet."""
    for word in words:
        if word.startswith("<"):
            continue
        edged = f" {word} "
        for n in (3, 4, 5):
            for at in range(len(edged) - n + 1):
                yield edged[at : at + n]
