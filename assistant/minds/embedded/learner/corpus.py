"""The corpus of authored phrasings as the learner sees it: cut and masked like any question, with its shape and roles as labels."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.minds.embedded.learner import masking
from assistant.minds.embedded.learner.masking import Part
from assistant.minds.embedded.learner.parts import roles_of_slots
from assistant.minds.embedded.numbers import read_number
from assistant.minds.embedded.phrasings import Phrasing, Slot
from assistant.minds.embedded.temporal import TimePhrase, read_times
from assistant.minds.embedded.tokens import Token, tokenize
from tools.core.query.calendar import Calendar
from tools.core.semantics.model import ModelSettings

_CALENDAR = Calendar(ModelSettings(), dt.date(2024, 12, 31))
"""Only where a date stands matters here, not which."""
_MASKS = {
    "metric": masking.METRIC,
    "dimension": masking.FIELD,
    "entity": masking.ROWS,
    "fact": masking.VERB,
    "value": masking.VALUE,
    "window": masking.WHEN,
}


@dataclass(frozen=True, kw_only=True)
class Example:
    """One labelled question."""

    parts: tuple[Part, ...]
    slots: tuple[Slot | None, ...]
    """Per part: the slot that it came from."""
    shape: str
    roles: frozenset[str]
    voice: str


def example_of(phrasing: Phrasing) -> Example:
    """A phrasing, cut: slots and time expressions masked, the other words kept."""
    tokens, owners = _tokens(phrasing)
    parts: list[Part] = []
    slots: list[Slot | None] = []
    starts = {t.start: t for t in read_times(tokens, _CALENDAR)}
    at = 0
    while at < len(tokens):
        part, slot, at = _next(tokens, owners, starts, at)
        parts.append(part)
        slots.append(slot)
    roles = roles_of_slots((f"{slot.type}.{slot.role}" for slot in phrasing.slots), phrasing.shape)
    return Example(parts=tuple(parts), slots=tuple(slots), shape=phrasing.shape, roles=roles, voice=phrasing.voice)


def _tokens(phrasing: Phrasing) -> tuple[list[Token], list[Slot | None]]:
    """The tokens with the slot that each belongs to. Cut piece by piece, as cutting changes the length of the text."""
    tokens: list[Token] = []
    owners: list[Slot | None] = []
    at = 0
    for slot in (*phrasing.slots, None):
        end = slot.start if slot is not None else len(phrasing.text)
        for text, owner in ((phrasing.text[at:end], None), (phrasing.text[slot.start : slot.end] if slot else "", slot)):
            cut = tokenize(text)
            tokens += cut
            owners += [owner] * len(cut)
        at = slot.end if slot is not None else end
    return tokens, owners


def _next(
    tokens: Sequence[Token], owners: Sequence[Slot | None], times: Mapping[int, TimePhrase], at: int
) -> tuple[Part, Slot | None, int]:
    """The part that begins at a token, its slot, and where the next one begins."""
    owner = owners[at]
    time = times.get(at)
    if time is not None and (owner is None or owner.type == "window" or owner.role == "grain"):
        words = tuple(t.text for t in tokens[at : time.end])
        inner = next((o for o in owners[at : time.end] if o is not None), None)
        part = Part(words=words, kind=masking.GRAIN) if time.grain is not None else Part(words=(masking.WHEN,))
        return part, inner, time.end
    if owner is not None and owner.type in _MASKS and owner.role != "grain":
        end = at
        while end < len(tokens) and owners[end] is owner:
            end += 1
        mask = _MASKS[owner.type]
        words = tuple(t.text for t in tokens[at:end])
        return (Part(words=(mask,)) if mask in (masking.VALUE, masking.WHEN) else Part(words=words, kind=mask)), owner, end
    number = read_number(tokens, at)
    if number is not None:
        mask = {"money": masking.MONEY, "percent": masking.PERCENT}.get(number.unit or "", masking.NUMBER)
        return Part(words=(mask,)), owner, number.end
    return Part(words=(tokens[at].text,)), owner, at + 1
