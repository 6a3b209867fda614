"""What people wrap around a question: how they ask for it, what it is for, what they add. Patterns are data (`data/frames.txt`).

"Could you pull together the returns by region for me? Board meets Thursday." asks "show me the returns by region". A wish or a request
becomes "show me", or nothing before a question word; a clause about the asker or an occasion is taken away and said, since it may hold a
date ("meets Thursday") that is none of the question's. Whatever names something of the model stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from assistant.minds.embedded.patterns import Names, pattern_words, patterns
from assistant.minds.embedded.tokens import Token
from assistant.minds.embedded.wordlists import filler_words, word_set

_BREAKS = word_set(", ;")
_QUESTION_WORDS = word_set("how what which who whom whose when where why whether if")
_JOINING = word_set("but and so also then")
_LEADING = word_set("the a an our my your this that these those all any each every both its their some me us total number numbers")
"""What may follow a verb that is spelt like a noun: "check the payments", not "check payments"."""
_CLAUSES = ("label", "close", "occasion", "sign", "thanks")
"""Roles of patterns for a whole clause."""
_NAME = 3
"""Words of who signs, at most."""
_PLAIN = 3
"""Words of a plain request, at most."""
_FRAMED = 12
"""So many frames at most stand before one question; a guard against running forever."""


@dataclass(frozen=True, kw_only=True)
class Unwrapped:
    """The question without its frames."""

    tokens: tuple[Token, ...]
    said: tuple[str, ...] = ()
    """Clauses that were taken away, as typed."""


def unwrapped(tokens: Sequence[Token], names: Names) -> Unwrapped:
    """The tokens without frames; unchanged when nothing of the model would be left."""
    kept, said = _without_clauses(tokens, names)
    opened = _without_openings(kept, names)
    if tuple(opened) == tuple(tokens) or not names.any(opened):
        return Unwrapped(tokens=tuple(tokens))
    return Unwrapped(tokens=tuple(opened), said=tuple(said))


def frame_words() -> frozenset[str]:
    """Words of frames and asides: English, spelt right."""
    return pattern_words("frames") | pattern_words("asides")


# -- clauses ----------------------------------------------------------------------------------------


def _without_clauses(tokens: Sequence[Token], names: Names) -> tuple[list[Token], list[str]]:
    """The tokens without the clauses that are no part of the question, and those clauses."""
    kept: list[Token] = []
    said: list[str] = []
    signed = False
    for start, end in _clauses(tokens):
        clause = tokens[start : _signed_from(tokens, start, end, names)]
        following = _break_at(tokens, end)
        named = signed and end == len(tokens) and _is_name(clause, names)
        signed = any(len(clause) in patterns("frames")[role].ends(clause, 0, names) for role in ("sign", "thanks"))
        if signed or named or _is_beside(clause, following, first=start == 0, names=names):
            said.append(" ".join(t.raw for t in clause))
            continue
        begins_sentence = bool(kept) and any(t.opens for t in tokens[start - 1 : start + 1])
        kept += [replace(clause[0], opens=True)] if begins_sentence else [clause[0]]
        kept += clause[1:]
        kept += tokens[end : end + 1] if following in _BREAKS else []
    while kept and kept[-1].text in _BREAKS:
        kept.pop()
    return kept, said


def _signed_from(tokens: Sequence[Token], start: int, end: int, names: Names) -> int:
    """Where the thanks begin that end a clause without a mark before them: "... by region thanks in advance"; `end` for none."""
    found = patterns("frames")["thanks"]
    return next((at for at in range(start + 2, end) if end - start in found.ends(tokens[start:end], at - start, names)), end)


def _clauses(tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """(start, end) of the runs between sentence ends and commas, semicolons and colons; empty ones are left out."""
    start = 0
    for at in range(len(tokens) + 1):
        ended = at == len(tokens)
        if ended or tokens[at].opens or tokens[at].labelled or tokens[at].text in _BREAKS:
            if at > start:
                yield start, at
            start = at + 1 if not ended and tokens[at].text in _BREAKS else at


def _break_at(tokens: Sequence[Token], at: int) -> str:
    """The mark with which a clause ends at `at`: "" at the end of a sentence."""
    if at < len(tokens) and tokens[at].labelled:
        return ":"
    return tokens[at].text if at < len(tokens) and tokens[at].text in _BREAKS else ""


def _is_beside(clause: Sequence[Token], following: str, *, first: bool, names: Names) -> bool:
    if any(t.quoted for t in clause):
        return False
    whole = len(clause)
    opens = first or clause[0].opens
    if opens and following and whole in patterns("frames")["label"].ends(clause, 0, names):
        return True
    if first and following == ":":
        return False
    if whole in patterns("frames")["occasion"].ends(clause, 0, names):
        return True
    # Dates are looked for last: reading them costs more than all patterns together.
    closes = whole in patterns("frames")["close"].ends(clause, 0, names)
    return closes and not any(t.kind in ("number", "clock") for t in clause) and not names.is_dated(clause)


def _is_name(clause: Sequence[Token], names: Names) -> bool:
    """Who signs."""
    written = all(t.kind == "word" and t.raw[:1].isupper() for t in clause)
    return written and len(clause) <= _NAME and not names.any(clause) and not names.is_dated(clause)


# -- openings ---------------------------------------------------------------------------------------


def _without_openings(tokens: Sequence[Token], names: Names) -> list[Token]:
    """Each clause without what it opens with; "show me" where a noun follows."""
    kept: list[Token] = []
    for start, end in _clauses(tokens):
        stop = end + (end < len(tokens) and tokens[end].text in _BREAKS)
        first, asks = _opening(tokens[start:end], names)
        indirect = start + first < end and tokens[start + first].text in _QUESTION_WORDS
        if first <= _PLAIN and not indirect and all(t.text in filler_words() for t in tokens[start : start + first]):
            first = 0  # "tell me about", "please show me": read as they stand
        if first == end - start and stop < len(tokens):
            continue  # "Sorry to bother you, ..."
        clause = list(tokens[start + first : stop])
        if first and kept and tokens[start].text in _JOINING:
            kept.append(tokens[start])  # "..., but can you tell me": it parts the question from what was said before
        if first and names.any(clause):
            clause[0] = replace(clause[0], opens=tokens[start].opens and bool(kept), asked=tokens[start].asked)
            if asks and clause[0].text not in _QUESTION_WORDS:
                clause = [*_show_me(clause[0]), replace(clause[0], opens=False, asked=False), *clause[1:]]
            kept += clause
        else:
            kept += tokens[start:stop]
    return kept


def _show_me(first: Token) -> Iterable[Token]:
    yield replace(first, text="show", raw="show", kind="word", joined=False)
    yield Token(text="me", raw="me", kind="word")


def _opening(clause: Sequence[Token], names: Names) -> tuple[int, bool]:
    """How many tokens open the clause without being part of the question, and whether they ask to see something."""
    at, asks = (1 if len(clause) > 1 and clause[0].text in _JOINING else 0), False
    joined = at
    for _ in range(_FRAMED):
        after = at
        for role, found in patterns("frames").items():
            if role in _CLAUSES:
                continue
            ends = [e for e in found.ends(clause, at, names) if _may_follow(role, clause, e)]
            if ends and max(ends) > after:
                after, wanted = max(ends), role != "drop"
        if after == at:
            break
        at, asks = after, asks or wanted
    return (at, asks) if at > joined else (0, False)


def _may_follow(role: str, clause: Sequence[Token], end: int) -> bool:
    if end >= len(clause):
        return role == "drop"
    following = clause[end].text
    if role == "verb":
        return following in _LEADING | _QUESTION_WORDS
    return following not in ("to", "of", "is", "are", "was", "were", "more", "less", "than", "and", "or")
