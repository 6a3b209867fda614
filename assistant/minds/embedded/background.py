"""Background clauses: "We are reviewing the sites this week, so could you tell me ..." asks only what follows the "so".

A clause goes only when it cannot narrow the question: it holds no date and no number ("store 12 was packed"), and what
follows opens a question of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from assistant.minds.embedded.tokens import Token
from assistant.minds.embedded.wordlists import word_set

OPENERS = word_set(
    "how what which who whom show list give tell name find get please could can would i "
    "do did is are was were has have state report compare rank plot"
)
_SUBORDINATORS = word_set("because since as before after when while given although though now whereas if once ahead")
_SUBJECTS = word_set("we i our my they the us management head someone somebody everyone people it you")
_TELLERS = _SUBJECTS | word_set("there here this that")
_QUESTIONS = word_set("how what which who whom only just consider take")
"""A sentence with one of these is a question itself, or restricts the one that follows."""
_CAUSES = word_set("so therefore hence but anyway")
_ASKERS = word_set("i we my thanks thank")
_SHORTEST = 3


def without_background(tokens: Sequence[Token], has_date: Callable[[Sequence[Token]], bool]) -> tuple[tuple[Token, ...], str]:
    """The tokens of the question proper, and the words that were cut off before it (empty when none were)."""
    for at in range(len(tokens) - _SHORTEST, 0, -1):
        start = _start(tokens, at)
        if start is not None and not has_date(tokens[:at]) and not any(t.kind == "number" for t in tokens[:at]):
            return tuple(tokens[start:]), " ".join(t.raw for t in tokens[:at])
    return tuple(tokens), ""


def without_remark(tokens: Sequence[Token], says_something: Callable[[Sequence[Token]], bool]) -> tuple[tuple[Token, ...], str]:
    """The tokens without a closing remark about the asker ("... I have a bet running"), and the remark."""
    for at in range(_SHORTEST, len(tokens) - 1):
        begins = tokens[at].opens or tokens[at - 1].text in (",", ";")
        if begins and tokens[at].text in _ASKERS and not says_something(tokens[at:]):
            return tuple(tokens[: at - (tokens[at - 1].text in (",", ";"))]), " ".join(t.raw for t in tokens[at:])
    return tuple(tokens), ""


def _start(tokens: Sequence[Token], at: int) -> int | None:
    """First token of the question proper, when a background clause ends just before the mark or the "so" at `at`."""
    word = tokens[at].text
    before = {t.text for t in tokens[:at]}
    if word in _CAUSES - {"but"} and at + 1 < len(tokens) and tokens[at + 1].text in OPENERS and before & _SUBJECTS:
        return at + 1
    if tokens[at].opens and not before & _QUESTIONS:
        start = at + (word in _CAUSES)
        return start if tokens[start].text in OPENERS and tokens[0].text not in OPENERS - {"i"} and before & _TELLERS else None
    if word not in (",", ";", ":") or at + 1 >= len(tokens):
        return None
    start = at + 1 + (tokens[at + 1].text in _CAUSES)
    opens = tokens[start].text in OPENERS if start < len(tokens) else False
    caused = start > at + 1 and bool(before & _SUBJECTS)
    subordinate = tokens[0].text in _SUBORDINATORS and bool({t.text for t in tokens[1:at]} & _SUBJECTS)
    return start if opens and (caused or subordinate) else None
