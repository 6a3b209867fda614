"""The token account: every token is consumed by exactly one part of the plan, or is known filler, or is left over and named."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.grammar.values import is_value_noun
from assistant.minds.embedded.wordlists import filler_words, ordinary_words

_MARKS = frozenset({",", ";", "(", ")", "%", ":", "+", "=", "/", "-"})
_NEVER_FILLER_ALONE = frozenset({"total"})


@dataclass(frozen=True, kw_only=True)
class Account:
    """What became of every word."""

    consumed: tuple[tuple[str, str], ...]
    """(words, part of the plan)."""
    ignored: tuple[str, ...]
    """Ordinary words judged harmless, said to the reader."""
    leftover: tuple[str, ...]
    """Content words that nothing accounts for."""
    compounds: tuple[str, ...] = ()
    """Left-over words directly before a metric or noun that they may change: "checkout conversion rate"."""

    @property
    def coverage(self) -> float:
        """Consumed phrases as a share of consumed and left-over ones."""
        counted = len(self.consumed) + len(self.leftover)
        return len(self.consumed) / counted if counted else 0.0


def account_for(draft: Draft) -> Account:
    consumed: list[tuple[str, str]] = []
    ignored: list[str] = []
    leftover: list[str] = []
    compounds: list[str] = []
    for at, item in enumerate(draft.items):
        if draft.claims[at]:
            consumed.append((item.text, draft.claims[at]))
        elif item.text in _MARKS or _is_filler(draft, at):
            continue
        elif item.text in ordinary_words() and item.mention is None:
            ignored.append(item.text)
        else:
            leftover.append(item.text)
            if _modifies(draft, at):
                compounds.append(f"{item.text} {draft.items[at + 1].text}")
    return Account(consumed=tuple(consumed), ignored=tuple(dict.fromkeys(ignored)), leftover=tuple(dict.fromkeys(leftover)), compounds=tuple(compounds))


def _is_filler(draft: Draft, at: int) -> bool:
    item = draft.items[at]
    if item.mention is not None or item.number is not None or item.time is not None or draft.tokens[item.start].quoted:
        return False
    if is_value_noun(item.text) and at and draft.claims[at - 1] == "filter":
        return True
    return item.text in filler_words()


def _modifies(draft: Draft, at: int) -> bool:
    """An unknown word right before a metric or a noun of the plan may make it another thing."""
    if at + 1 >= len(draft.items) or draft.items[at].number is not None:
        return False
    return draft.claims[at + 1] in ("metric", "count", "ranking", "per entity", "threshold") and draft.items[at + 1].mention is not None
