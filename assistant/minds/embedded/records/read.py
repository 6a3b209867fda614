"""Reads the words from left to right; each must belong to something. None as soon as one does not."""

from __future__ import annotations

import itertools

from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.records.asked import Asked, Named
from assistant.minds.embedded.records.conditions import (
    bare_bound,
    dating_verb,
    field_test,
    number_first,
    text_within,
    value_alone,
    year_test,
)
from assistant.minds.embedded.records.ordering import sorting, starting_with, superlative
from assistant.minds.embedded.records.outputs import (
    again,
    aggregated,
    counting,
    different,
    grouping,
    named_fields,
    shared,
    things,
    year_noun,
)
from assistant.minds.embedded.records.relations import both, denied, numbered, unknown_verb, verbs
from assistant.minds.embedded.records.scan import EMPTY, Rule, Scan
from assistant.minds.embedded.wordlists import word_set

_YES_OR_NO = word_set("is are was were do does did has have can could should will would")


def read_scan(draft: Draft, *, nouns_as_fields: bool = False) -> Asked | None:
    """What the question asks for; None when a word belongs to nothing.

    Args:
        nouns_as_fields: A noun that is a dataset and a field elsewhere is the field: the player of a match, not a row of players.
    """
    if not draft.items or draft.items[0].text in _YES_OR_NO:
        return None  # "is store 12 any good?" asks for a judgement, not for rows
    if _asks_of_one(draft):
        return None  # "how many items does an order contain": an average, and no number of items
    if _holds_against(draft):
        return None  # "who books more, students or adults?" compares a figure
    scan = Scan(draft=draft, nouns_as_fields=nouns_as_fields)
    at = scan.opening(0)
    scan.asked.commanded = at > 0
    while at < len(draft.items):
        if scan.open_sentence(at) and at:
            scan.head = scan.further = True
            at = scan.opening(at)
            if at >= len(draft.items):
                break
        end = next((end for rule in RULES if (end := rule(scan, at)) > at), at)
        if end == at:
            return None
        at = end
    if draft.items[-1].text in ("each", "every") and not any(isinstance(o, Named) for o in scan.asked.outputs):
        return None  # Each of what is not said: a follow-up may know.
    return scan.asked if scan.asked.outputs else None


def _asks_of_one(draft: Draft) -> bool:
    texts = [item.text for item in draft.items]
    return texts[0] == "how" and any(a in ("does", "do", "did") and b in ("a", "an", "one") for a, b in itertools.pairwise(texts))


def _holds_against(draft: Draft) -> bool:
    """Two values with "or" between them at the end, set apart by a comma or a colon."""
    *_, mark, one, joint, other = [None] * 4 + list(draft.items)
    if mark is None or one is None or joint is None or other is None:
        return False
    return mark.text in (",", ":", "-") and joint.text in ("or", "vs", "versus") and one.has(Kind.VALUE) and other.has(Kind.VALUE)


def clause(scan: Scan, at: int) -> int:
    """A relative pronoun: conditions begin."""
    if scan.word(at) not in ("whose", "that", "who", "which", "where", "having", "with"):
        return at
    scan.head = scan.head and scan.word(at) == "that" and not scan.asked.outputs
    return at + 1


def empty(scan: Scan, at: int) -> int:
    """Words that say nothing beside the others."""
    item = scan.draft.items[at]
    if scan.draft.phrase(at, ("in", "total")) or scan.draft.phrase(at, ("in", "all")):
        return at + 2
    if scan.draft.phrase(at, ("his", "or", "her")) or scan.draft.phrase(at, ("he", "or", "she")):
        return at + 3
    if item.text in ("each", "every") and at + 1 >= len(scan.draft.items):
        return at  # Each of what?
    return at + 1 if item.text in EMPTY and not item.has(Kind.VALUE, Kind.FIELD) else at


RULES: tuple[Rule, ...] = (
    denied,
    both,
    again,
    shared,
    sorting,
    starting_with,
    superlative,
    grouping,
    counting,
    aggregated,
    numbered,
    number_first,
    text_within,
    field_test,
    bare_bound,
    dating_verb,
    year_test,
    value_alone,
    different,
    named_fields,
    year_noun,
    things,
    verbs,
    clause,
    unknown_verb,
    empty,
)
"""The order matters: what says most reads first."""
