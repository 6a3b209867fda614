"""Patterns of what people say, kept as data: words in a row with choices and optional parts.

    wish: {me} (really|just) want|need (to [see | look at])

Outside brackets `a|b` is either word; `( ... )` may be missing, `[ ... ]` must stand, and there `|` parts longer choices. `{name}` is a
class of words, from a line "@name: ...". `*` is any content word but a stored name, `...` the rest of a clause, as long as it names
nothing of the model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from assistant.minds.embedded.tokens import Token
from assistant.minds.embedded.wordlists import grammar_words, phrase_lines

_PARTS = re.compile(r"[()\[\]|]|[^\s()\[\]|]+")


@dataclass(frozen=True, slots=True)
class _Word:
    options: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Choice:
    """One of several sequences; `optional` when none of them is needed either."""

    sequences: tuple[_Sequence, ...]
    optional: bool


_Sequence = tuple[_Word | _Choice, ...]
_ANY = _Word(frozenset("*"))
_REST = _Word(frozenset({"..."}))


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """What the patterns ask of a model's words."""

    any: Callable[[Sequence[Token]], bool]
    """Whether tokens hold a phrase of the model or a stored value."""
    is_dated: Callable[[Sequence[Token]], bool]
    """Whether tokens name a period."""
    is_stored: Callable[[Token], bool]
    """Whether a word is a stored value by itself."""
    is_phrase: Callable[[tuple[str, ...]], bool]
    """Whether the words are exactly a phrase of the model."""


@dataclass(frozen=True, slots=True)
class Patterns:
    """The patterns of one role, by the words that they can begin with."""

    by_first: dict[str, tuple[_Sequence, ...]]
    open: tuple[_Sequence, ...]
    """Those that can begin with any word."""

    @classmethod
    def of(cls, sequences: Iterable[_Sequence]) -> Patterns:
        by_first: dict[str, list[_Sequence]] = {}
        open_: list[_Sequence] = []
        for sequence in sequences:
            first = _first_words(sequence)
            if first & {"*", "..."}:
                open_.append(sequence)
            else:
                for word in first:
                    by_first.setdefault(word, []).append(sequence)
        return cls({word: tuple(found) for word, found in by_first.items()}, tuple(open_))

    def ends(self, tokens: Sequence[Token], at: int, names: Names) -> set[int]:
        """Where the patterns that begin at `at` may end."""
        if at >= len(tokens) or tokens[at].quoted:
            return set()
        sequences = (*self.by_first.get(tokens[at].text, ()), *self.open)
        return {end for s in sequences for end in _match(s, tokens, {at}, names)}


NONE = Patterns({}, ())


@cache
def patterns(name: str) -> dict[str, Patterns]:
    """The patterns of the file `data/<name>.txt` by role, in its order; a line without a role has the role ""."""
    return {role: Patterns.of(sequences) for role, sequences in _sequences(name).items()}


@cache
def pattern_words(name: str) -> frozenset[str]:
    """Every word of the patterns of a file: English, spelt right."""
    return frozenset(w for sequences in _sequences(name).values() for s in sequences for w in _all_words(s) if w.isalpha())


@cache
def _sequences(name: str) -> dict[str, tuple[_Sequence, ...]]:
    lines = [line.rpartition(":") for line in phrase_lines(name)]
    classes = {role[1:]: frozenset(rest.split()) for role, _, rest in lines if role.startswith("@")}
    found: dict[str, list[_Sequence]] = {}
    for role, _, rest in lines:
        if not role.startswith("@"):
            found.setdefault(role, []).append(_parsed(rest, classes))
    return {role: tuple(sequences) for role, sequences in found.items()}


def _first_words(sequence: _Sequence) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    for part in sequence:
        if isinstance(part, _Word):
            return found | part.options
        found |= frozenset().union(*(_first_words(s) for s in part.sequences))
        if not part.optional:
            return found
    return found


def _match(sequence: _Sequence, tokens: Sequence[Token], starts: set[int], names: Names) -> set[int]:
    for part in sequence:
        if isinstance(part, _Choice):
            ends = {end for s in part.sequences for end in _match(s, tokens, starts, names)}
            starts = ends | starts if part.optional else ends
        elif part == _REST:
            starts = {len(tokens)} if any(not names.any(tokens[start:]) for start in starts) else set()
        elif part == _ANY:
            starts = {start + 1 for start in starts if start < len(tokens) and _is_plain(tokens[start], names)}
        else:
            starts = {start + 1 for start in starts if start < len(tokens) and tokens[start].text in part.options}
        if not starts:
            return starts
    return starts


def _is_plain(token: Token, names: Names) -> bool:
    """Any content word but a name: a stored value that is written as one."""
    named = token.quoted or (token.raw[:1].isupper() and names.is_stored(token))
    return token.kind == "word" and not named and token.text not in grammar_words()


def _parsed(text: str, classes: dict[str, frozenset[str]]) -> _Sequence:
    sequences, left = _read(_PARTS.findall(text), classes, nested=False)
    if left or len(sequences) != 1:
        raise ValueError(f"brackets do not match: {text}")
    return sequences[0]


def _read(parts: Sequence[str], classes: dict[str, frozenset[str]], *, nested: bool) -> tuple[tuple[_Sequence, ...], Sequence[str]]:
    """The choices up to the closing bracket, and what comes after it."""
    choices: list[list[_Word | _Choice]] = [[]]
    joins = False
    while parts:
        part, parts = parts[0], parts[1:]
        if part in ")]":
            return tuple(tuple(c) for c in choices), parts
        if part in "([":
            inner, parts = _read(parts, classes, nested=True)
            choices[-1].append(_Choice(inner, optional=part == "("))
        elif part == "|" and nested:
            choices.append([])
        elif part == "|":
            joins = True
        else:
            word = _Word(classes[part[1:-1]] if part.startswith("{") else frozenset((part,)))
            last = choices[-1][-1] if choices[-1] else None
            if joins and isinstance(last, _Word):
                choices[-1][-1] = _Word(last.options | word.options)
            else:
                choices[-1].append(word)
            joins = False
    return tuple(tuple(c) for c in choices), parts


def _all_words(sequence: _Sequence) -> Iterator[str]:
    for part in sequence:
        if isinstance(part, _Choice):
            for inner in part.sequences:
                yield from _all_words(inner)
        else:
            yield from part.options
