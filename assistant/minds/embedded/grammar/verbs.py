"""The verb of a clause: where its phrase begins, whether it denies, and phrases that say without a verb of the model what was done."""

from __future__ import annotations

from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.grammar.objects import NEGATIONS
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.wordlists import word_set

BEFORE_VERB = word_set(
    "who that which have has had did do does also ever only exclusively solely been were was are is just already still actually "
    "then and but "
    "or both made make being to yet later together they them at least first initially"
)
STOPPED = frozenset({"stopped", "stop", "quit", "ceased"})
STARTED = frozenset({"first", "initially", "started", "began", "begun"})
_STAYED = frozenset({"stay", "stays", "stayed", "staying", "kept", "keep"})
_CAME = frozenset({"come", "comes", "came", "coming"})
_WERE = frozenset({"was", "were", "been", "is", "are", "be"})
_NOBODY = frozenset({"nobody", "noone", "none"})


def verb_phrase(draft: Draft, verb: int) -> tuple[int, bool]:
    """First item of the verb phrase, and whether it denies: "that no campaign has ever [targeted]"."""
    begin, negated = verb, _is_away(draft, verb)
    while begin > 0 and not draft.claims[begin - 1]:
        item = draft.items[begin - 1]
        if item.text in BEFORE_VERB | NEGATIONS | STOPPED | STARTED:
            negated = negated or item.text in NEGATIONS
        elif (
            (item.text in _STAYED and _is_away(draft, verb))
            or item.text in _NOBODY
            or (item.text == "one" and draft.word(begin - 2) == "no")
        ):
            negated = True
        elif begin == verb and _is_back(draft, verb):
            pass
        elif not (item.has(Kind.DATASET) and draft.word(begin - 2) in ("no", "any")):
            break
        begin -= 1
    return begin, negated


def denied_after(draft: Draft, verb: int) -> bool:
    return draft.word(verb + 1) in ("nothing", "no", "none")


def _is_active(draft: Draft, at: int) -> bool:
    """ "was still active in December": the entity's main fact took place; "active customers" is a noun with its adjective."""
    said = {draft.items[i].text for i in range(max(0, at - 3), at)}
    following = draft.item(at + 1)
    noun = following is not None and following.has(Kind.DATASET, Kind.METRIC, Kind.FIELD)
    return draft.word(at) == "active" and bool(said & {"was", "were", "is", "are", "who", "still", "not", "been"}) and not noun


def _is_back(draft: Draft, at: int) -> bool:
    """ "came back in May", where the model has no word for coming: the entity's main fact took place again."""
    return draft.word(at) == "back" and at > 0 and draft.items[at - 1].text in _CAME and not draft.items[at - 1].has(Kind.FACT)


def _is_away(draft: Draft, at: int) -> bool:
    """ "stayed away", "were absent": the entity's main fact did not take place."""
    before = draft.items[at - 1].text if at else ""
    return (draft.word(at) == "away" and before in _STAYED) or (draft.word(at) == "absent" and before in _WERE)


def is_deed(draft: Draft, at: int) -> bool:
    """ "never used a coupon", where the model names its redemptions so: a phrase of several words that says what was done."""
    item = draft.items[at]
    told = item.has(Kind.DATASET) and not item.has(Kind.METRIC, Kind.FIELD) and " " in item.text
    return told and at > 0 and draft.items[at - 1].text in NEGATIONS | {"ever", "who", "that", "have", "has", "had", "did"}


STATES = (_is_active, _is_away, _is_back)
"""Phrases without a verb of the model that say whether the entity's main fact took place."""
