"""Unknown words that carry a question: its figure without them is an answer to something else.

"How many members have a dog" is not the number of members, "vegan soup sales" are not those of soup, and "revenue against the target" is
not revenue. A word that only colours what is asked ("the appetite for our own label") makes an offer; these make a decline.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from assistant.minds.embedded.grammar.draft import ARTICLES, Draft
from assistant.minds.embedded.inflection import bases, verb_forms
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.wordlists import filler_words, grammar_words, ordinary_words, shape_words, word_set, words_by_role

_AGAINST = word_set("vs versus against")
_HAVING = word_set("have has had having are is was were be been being do does did got with without that which whose who whom")
"""What stands between a noun and what is said about it."""
_LOOSE = word_set("a an the any their its his her our we they still already ever now then also yet just")
_OF = word_set("of the our all these those us")
_NOUN_CLAIMS = frozenset({"metric", "count", "support", "subject", "per entity"})
_JOINS_GROUPS = word_set("and &")
_ENDS = word_set("in by for of from to with at on per over during since until , and or ? do does did is are was were have has had")


def decisive_words(draft: Draft, left: Collection[int]) -> list[str]:
    """The unknown words among those left over that no reading may do without."""
    signs = (_is_head, _is_said_of_a_noun, _describes, _is_described, _is_a_group)
    found = [draft.items[at].text for at in sorted(left) if _is_unknown(draft, at) and any(sign(draft, at) for sign in signs)]
    return found + _who_did(draft, left) + _lost_halves(draft)


def _is_unknown(draft: Draft, at: int) -> bool:
    item = draft.items[at]
    named = item.mention is not None or item.number is not None or item.time is not None
    return not named and item.text.isalpha() and item.text not in filler_words() | grammar_words() | shape_words() | _harmless()


@cache
def _harmless() -> frozenset[str]:
    roles = words_by_role("plain")
    return roles["pronouns"] | roles["units"] | _light() | frozenset(form for verb in roles["acts"] for form in verb_forms(verb))


@cache
def _light() -> frozenset[str]:
    return frozenset(form for verb in words_by_role("plain")["light"] for form in verb_forms(verb))


def _text(draft: Draft, at: int) -> str:
    return draft.items[at].text if 0 <= at < len(draft.items) else ""


def _adjoin(draft: Draft, at: int) -> bool:
    """Whether nothing, not even a comma, stands between the item at `at` and the one after it."""
    return (
        at + 1 < len(draft.items) and draft.items[at].end == draft.items[at + 1].start and not draft.tokens[draft.items[at + 1].start].opens
    )


def _is_head(draft: Draft, at: int) -> bool:
    """ "How many pallets did we ship", "litres of milk sold": the thing to count is unknown, whatever the verb counts."""
    if any(base in shape_words() for base in (draft.items[at].text, *bases(draft.items[at].text))):
        return False
    before = at - 1
    while before > 0 and (_text(draft, before) in _OF or _text(draft, before).endswith("ing")):
        before -= 1
    counted = (_text(draft, before - 1), _text(draft, before)) in (("how", "many"), ("how", "much")) or _text(draft, before) == "number"
    opens = _text(draft, at + 1) == "of" and not any(draft.claims[:at])
    return counted or opens


def _is_said_of_a_noun(draft: Draft, at: int) -> bool:
    """ "Stores that were refurbished", "how many members died": what is said of a thing is a condition on it."""
    before = at - 1
    while before >= 0 and not draft.claims[before] and _text(draft, before) in _LOOSE | ordinary_words() - _HAVING:
        before -= 1
    said = False
    while before >= 0 and _text(draft, before) in _HAVING | _LOOSE and draft.claims[before] in ("", "subject", "listing"):
        said = said or _text(draft, before) in _HAVING
        before -= 1
    if before < 0 or draft.claims[before] not in _NOUN_CLAIMS or not draft.items[before].has(Kind.DATASET, Kind.METRIC):
        return False
    counted = "many" in (_text(draft, before - 1), _text(draft, before - 2))
    done_to = draft.items[before].has(Kind.DATASET) and draft.items[at].text.endswith("ed")
    return said or ((counted or done_to) and before == at - 1)


def _describes(draft: Draft, at: int) -> bool:
    """ "Halal meat", "lottery tickets": the value or the thing is not what was said, but another word with it is."""
    if not _adjoin(draft, at):
        return False
    following = draft.items[at + 1]
    named = draft.claims[at + 1] == "filter" and following.has(Kind.VALUE, Kind.FILTER)
    return named or (draft.claims[at + 1] in ("support", "subject") and following.has(Kind.DATASET))


def _is_described(draft: Draft, at: int) -> bool:
    """ "Retired teachers", "the top shelf", "sales tax": what was said only describes the unknown noun."""
    ends = at + 1 == len(draft.items) or _text(draft, at + 1) in _ENDS or draft.items[at + 1].time is not None
    if not ends or at == 0 or not _adjoin(draft, at - 1) or draft.items[at].text.endswith("ed"):
        return False
    before, claim = draft.items[at - 1], draft.claims[at - 1]
    value = claim == "filter" and before.has(Kind.VALUE, Kind.FILTER)
    return value or claim == "ranking" or (claim == "metric" and before.has(Kind.METRIC, Kind.FACT, Kind.DOES))


def _is_a_group(draft: Draft, at: int) -> bool:
    """ "By store and postcode", "by product manager"."""
    if draft.claims[at - 1] == "grouping" and at and _adjoin(draft, at - 1):
        return True
    before = at - 1
    while before > 0 and _text(draft, before) in ARTICLES:
        before -= 1
    return before > 0 and _text(draft, before) in _JOINS_GROUPS and draft.claims[before - 1] == "grouping"


def _who_did(draft: Draft, left: Collection[int]) -> list[str]:
    """ "Who designed the campaign", "members who smoke": what they did is whom it is about."""
    for at, item in enumerate(draft.items):
        if item.text not in ("who", "whom"):
            continue
        does = at + 1
        while does < len(draft.items) and not draft.claims[does] and _text(draft, does) in _HAVING | _LOOSE | ordinary_words() | {"to"}:
            does += 1
        known = does >= len(draft.items) or draft.items[does].mention is not None or draft.items[does].number is not None
        word = _text(draft, does)
        if does in left and not known and word.isalpha() and word not in filler_words() | grammar_words() | _light():
            return [word]
    return []


def _lost_halves(draft: Draft) -> list[str]:
    """ "Revenue against target", "prices versus visits": what the figure is held against is no part of the plan."""
    found: list[str] = []
    for at in range(1, len(draft.items) - 1):
        if _text(draft, at) not in _AGAINST or draft.claims[at]:
            continue
        other = draft.skip(at + 1, ARTICLES)
        if other >= len(draft.items) or draft.items[other].time is not None or draft.items[other].number is not None:
            continue
        if draft.claims[other] in ("", "support") and _text(draft, other) not in filler_words() | grammar_words():
            found.append(f"{_text(draft, at)} {_text(draft, other)}")
    return found
