"""The token account: every token is consumed by exactly one part of the plan, or is known filler, or is left over and named."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from assistant.minds.embedded.decisive import decisive_words
from assistant.minds.embedded.grammar.draft import ARTICLES, Draft
from assistant.minds.embedded.grammar.values import is_value_noun
from assistant.minds.embedded.inflection import irregular_participles, verb_forms
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.wordlists import filler_words, grammar_words, ordinary_words, word_set, words_by_role

_MARKS = frozenset({",", ";", "(", ")", "%", ":", "+", "=", "/", "-"})
_DENYING = word_set(
    "not never no without nor neither none nothing but both than more less fewer except only "
    "stopped stop quit ceased started began begun lost again single"
)
"""Words that change the answer by themselves: with one of them left over, the plan is another question's."""
_OTHER_QUESTIONS = frozenset({"when", "where", "why", "whose"})
"""They ask for a date, a place, a reason: not for a figure."""
_ACTS = word_set("work works worked working use uses used using try tries tried move moves moved plan plans planned")
"""Ordinary words that are also what somebody does."""
_OWNERS = frozenset({"our", "my", "your", "their", "its"})
_OURS = frozenset({"we", "us", "was", "were", "been", "being", "be", "is", "are", "get", "gets", "got", "to"})
"""After these a verb says what happened to the figure: "did we receive", "were received"."""
_ADVERBIAL = frozenset({"all", "also", "ever", "so", "far", "just", "only", "really", "actually", "have", "had", "has"})
_SUBJECTS = frozenset({"they", "we", "you", "people", "it", "i"})
_PREPOSITIONS = frozenset(
    {"in", "by", "for", "of", "from", "to", "with", "at", "on", "per", "using", "via", "about", "own", "owning", "live", "living"}
)


@cache
def plain_acts() -> frozenset[str]:
    """Verbs that say no more than that something was there, in all forms."""
    return frozenset(form for verb in words_by_role("plain")["acts"] for form in verb_forms(verb))


def colouring_words(place: str) -> frozenset[str]:
    """Words that describe a figure without changing it, by where they stand: before it, or beside it."""
    return words_by_role("plain")[place]


@dataclass(frozen=True, kw_only=True)
class Account:
    """What became of every word."""

    consumed: tuple[tuple[str, str], ...]
    """(words, part of the plan)."""
    ignored: tuple[str, ...]
    """Ordinary words judged harmless, said to the reader."""
    leftover: tuple[str, ...]
    """Content words that nothing accounts for."""
    blockers: tuple[str, ...] = ()
    """Left-over phrases that certainly change the question: "checkout conversion rate", "in Berlin", "never"."""

    decisive: tuple[str, ...] = ()
    """Those of them that are unknown and no reading may do without (`decisive.py`)."""
    business_talk: bool = False
    """The question speaks of "us" or "the business" and little else: "how are we doing?" """

    @property
    def coverage(self) -> float:
        """Consumed phrases as a share of consumed and left-over ones."""
        counted = len(self.consumed) + len(self.leftover)
        return len(self.consumed) / counted if counted else 0.0


def account_for(draft: Draft, *, ignoring: frozenset[str] = frozenset()) -> Account:
    """What became of every word. `ignoring`: words that are harmless where the caller found them."""
    consumed: list[tuple[str, str]] = []
    ignored: list[str] = []
    leftover: list[str] = []
    blockers: list[str] = []
    left: list[int] = []
    opening = _opening(draft)
    for at, item in enumerate(draft.items):
        if draft.claims[at]:
            consumed.append((item.text, draft.claims[at]))
        elif item.text in _MARKS or item.text in ignoring or _is_filler(draft, at):
            continue
        elif item.mention is None and ((at < opening and _is_lead_in(draft, at)) or _is_ordinary(draft, at)):
            ignored.append(item.text)
        else:
            left.append(at)
            leftover.append(item.text)
            blockers += _blocker(draft, at)
    decisive = decisive_words(draft, left)
    blockers += decisive
    leftover += _open_clauses(draft)
    if leftover and (draft.bare_count or leftover[-1] in _LEAVING):
        blockers.append(leftover[0])
    talk = any(item.text in ("we", "us", "business", "company") for item in draft.items)
    return Account(
        business_talk=talk,
        consumed=tuple(consumed),
        ignored=tuple(dict.fromkeys(ignored)),
        leftover=tuple(dict.fromkeys(leftover)),
        blockers=tuple(dict.fromkeys(blockers)),
        decisive=tuple(decisive),
    )


_LEAVING = word_set("go goes going went gone away")
"""Of all there are, these say which: "how many customers went away"."""


def _opening(draft: Draft) -> int:
    """Index of the question word with which the question proper begins; 0 when it begins at once."""
    return next((at for at, item in enumerate(draft.items) if item.text in ("how", "what", "which", "who")), 0)


def _open_clauses(draft: Draft) -> list[str]:
    """Signs of a clause that nobody read: a relative pronoun left alone, a second question, verbs that only repeat."""
    found: list[str] = []
    for at, item in enumerate(draft.items):
        described = item.text == "who" and at + 1 < len(draft.items) and draft.claims[at + 1] == "filter"
        open_ = item.text in ("who", "whom", "those", "them") and not draft.claims[at] and not described
        if open_ and at > 0 and draft.claims[at - 1] != "subject":
            found.append(item.text)
    questions = sum(1 for at, item in enumerate(draft.items[:-1]) if item.text == "how" and draft.items[at + 1].text in ("many", "much"))
    if questions > 1 and len(draft.measures) < 2 and not draft.dimensions and not draft.entity_conditions:
        found.append("how many")
    acts = {i.text for i in draft.items} & {"do", "did", "does"}
    if draft.bare_count and draft.items[0].text == "what" and acts and draft.share is None and not _is_part(draft):
        found.append(min(acts))  # "what did members do": their number is no answer
    repeating = (i for at, i in enumerate(draft.items) if draft.claims[at] == "support" and not i.has(Kind.DATASET))
    verbs = [i.text for i in repeating if i.has(Kind.FACT, Kind.DOES)]
    if draft.bare_count and draft.items[0].text == "list":
        found.append("list")  # "list our outlets": their number is no list
    if draft.counted is not None and not (draft.filters or draft.entity_conditions or draft.dimensions):
        found += [i.text for at, i in enumerate(draft.items) if i.text in _LEAVING and not draft.claims[at] and _people_before(draft, at)][
            :1
        ]
    if _asks_a_way(draft):
        found.append("how")
    if not draft.contrast and any(_sets_both_apart(draft, at) for at in range(len(draft.items) - 2)):
        found.append("with")
    return found + (verbs[1:] if len(verbs) > 1 else [])


def _people_before(draft: Draft, at: int) -> bool:
    return any(s.target == draft.customer for i in draft.items[:at] if i.mention is not None for s in i.mention.of(Kind.DATASET))


def _sets_both_apart(draft: Draft, at: int) -> bool:
    """ "with and without a coupon", of which only the one half was read."""
    joined = draft.word(at + 1) in ("and", "or", "vs", "versus")
    return draft.word(at) == "with" and joined and not draft.claims[at] and draft.items[at + 2].text.split()[0] == "without"


def _is_part(draft: Draft) -> bool:
    """ "what percentage of tickets do we solve within a day": their share is asked for, not what they do."""
    return any(m.as_share for m in draft.measures)


def _asks_a_way(draft: Draft) -> bool:
    """ "how do members pay": a manner is asked for, and the plan is only the figure of the verb."""
    first = draft.items[0].text if draft.items else ""
    second = draft.items[1].text if len(draft.items) > 1 else ""
    by_verb = any(c == "metric" and not i.has(Kind.METRIC) and i.has(Kind.DOES) for c, i in zip(draft.claims, draft.items, strict=True))
    moves = draft.dimensions or draft.trend or draft.comparison is not None or draft.change is not None
    return (first, second) in (("how", "do"), ("how", "does"), ("how", "did")) and by_verb and not moves


def _is_ordinary(draft: Draft, at: int) -> bool:
    if _colours_a_figure(draft, at) or _is_plain_act(draft, at) or _is_auxiliary(draft, at) or _is_up_to_now(draft, at):
        return True
    if draft.items[at].text == "back" and at and draft.items[at - 1].text in ("come", "comes", "came", "coming"):
        return False  # "came back" is said of people who did not stay away
    if draft.items[at].text in words_by_role("plain")["people"] and _is_split_by(draft, at):
        return False
    return draft.items[at].text in ordinary_words() and not _is_name(draft, at) and not _is_what_they_do(draft, at)


def _is_split_by(draft: Draft, at: int) -> bool:
    """ "By product manager", "sent by hand", "per team": not who asks, but what it is asked by."""
    before = at - 1
    while before > 0 and draft.claims[before] == "grouping":
        before -= 1
    return before >= 0 and (draft.items[before].text in ("by", "per") or draft.items[before + 1].text in ("by", "per"))


def _colours_a_figure(draft: Draft, at: int) -> bool:
    """ "Our *huge* revenue", "the revenue *performance*", "the *progress* of revenue": what is added up stays the same.

    Of things that are counted ("big orders"), the same word may say which.
    """
    word = draft.items[at].text
    if word in colouring_words("before"):
        return _is_summed(draft, at + 1) or (word == "own" and draft.word(at - 1) in _OWNERS)
    if word not in colouring_words("beside"):
        return False
    of = draft.skip(at + 1, ("of", "in", "for", "the", "our", "a"))
    return _is_figure(draft, at - 1) or (draft.word(at + 1) in ("of", "in", "for") and _is_figure(draft, of))


def _is_figure(draft: Draft, at: int) -> bool:
    return 0 <= at < len(draft.items) and draft.claims[at] in ("metric", "count", "ranking")


def _is_summed(draft: Draft, at: int) -> bool:
    """Whether a figure that is no count of things stands there."""
    if not _is_figure(draft, at):
        return False
    mention = draft.items[at].mention
    names = [s.target for s in mention.of(Kind.METRIC)] if mention is not None else []
    return bool(names) and all(draft.world.lexicon.counted_by(name) is None for name in names)


def _is_plain_act(draft: Draft, at: int) -> bool:
    """ "How many tickets did we *receive*", "the revenue *achieved* in May": the figure was there, and no more than that is said.

    Not of somebody who acts on something: in "customers who received a coupon" the verb is the condition.
    """
    if draft.items[at].text not in plain_acts():
        return False
    before = at - 1
    while before >= 0 and draft.items[before].text in ordinary_words() | _ADVERBIAL:
        before -= 1
    if draft.items[at].text.endswith("ing") and _is_figure(draft, at + 1):
        return False  # "Operating expenditure" is another figure than expenditure.
    ours = before >= 0 and draft.items[before].text in _OURS
    if not ours and draft.items[at].text.endswith("ing"):
        return False  # "returns handling" is another thing than returns
    if ours or at + 1 == len(draft.items):
        return ours or _is_figure(draft, before)
    ends = draft.items[at + 1].text in _PREPOSITIONS | _MARKS or draft.claims[at + 1] in ("filter", "window")
    return ends and _is_figure(draft, before)


def _is_auxiliary(draft: Draft, at: int) -> bool:
    """The "gets" of "gets placed through the app", the "got" of "how many shops have we got"."""
    if draft.items[at].text not in ("gets", "got", "getting", "gotten"):
        return False
    following = draft.items[at + 1].text if at + 1 < len(draft.items) else ""
    passive = following.endswith("ed") or following in irregular_participles()
    return passive or (at > 0 and draft.items[at - 1].text in ("we", "us", "you", "have", "has", "had"))


def _is_up_to_now(draft: Draft, at: int) -> bool:
    """The "to date" of "orders to date": everything so far."""
    return (draft.word(at - 1), draft.items[at].text) == ("to", "date")


def _is_what_they_do(draft: Draft, at: int) -> bool:
    """ "How many people work at Lyon": what the counted do is a condition on them, however ordinary the word."""
    return draft.items[at].text in _ACTS and at > 0 and draft.items[at - 1].has(Kind.DATASET)


def _is_lead_in(draft: Draft, at: int) -> bool:
    """A plain word before the question word, in a lead-in that names nothing of the model: "head office asks which ..." """
    item = draft.items[at]
    plain = item.number is None and item.time is None and item.text not in _DENYING | _OTHER_QUESTIONS
    return plain and not any(i.mention is not None or i.time is not None for i in draft.items[: _opening(draft)])


def _is_filler(draft: Draft, at: int) -> bool:
    item = draft.items[at]
    if is_value_noun(item.text) and at and (draft.claims[at - 1] in ("filter", "condition") or is_value_noun(draft.items[at - 1].text)):
        return True
    beside = {draft.claims[i] for i in (at - 1, at + 1, at + 2) if 0 <= i < len(draft.items)}
    if (
        item.time is not None
        and item.time.grain is not None
        and "window" in {draft.claims[i] for i in (at - 1, at + 1) if 0 <= i < len(draft.items)}
    ):
        return True  # "in the month September 2017"
    if item.text in ("only", "just") and beside & {"window", "filter"}:
        return True
    if item.mention is not None or item.number is not None or item.time is not None or draft.tokens[item.start].quoted:
        return False
    return item.text in filler_words() or (item.text in _PREPOSITIONS and _leads_to_filter(draft, at))


def _leads_to_filter(draft: Draft, at: int) -> bool:
    """The "via" of "orders via the app"."""
    following = at + 1
    while following < len(draft.items) and draft.items[following].text in ARTICLES:
        following += 1
    return following < len(draft.items) and draft.claims[following] == "filter"


def _is_name(draft: Draft, at: int) -> bool:
    """A capital inside a sentence that is not written in capitals makes a name of an ordinary word: "bookings in Nice"."""
    raw = draft.tokens[draft.items[at].start].raw
    capitals = sum(1 for t in draft.tokens if t.raw[:1].isupper())
    return at > 0 and raw[:1].isupper() and 2 * capitals <= len(draft.tokens)


def _blocker(draft: Draft, at: int) -> list[str]:
    """The phrase in which a left-over word changes the question, if it does."""
    item = draft.items[at]
    if (item.text in _OTHER_QUESTIONS and not _begins_clause(draft, at)) or (
        item.text in ("long", "old", "far", "soon", "fast") and at and draft.items[at - 1].text == "how"
    ):
        return [item.text]
    if item.text in _DENYING:
        return [item.text]
    if item.mention is None and item.number is None and _is_name(draft, at) and item.text.isalpha() and at > 1:
        return [item.text]
    if _modifies(draft, at):
        return [f"{item.text} {draft.items[at + 1].text}"]
    before = at - 1
    while before >= 0 and draft.items[before].text in ARTICLES and draft.items[before].text != "of":
        before -= 1
    if before < 0:
        return []
    earlier = draft.items[before]
    if item.number is not None:
        return [f"{earlier.text} {item.text}"] if earlier.has(Kind.DATASET, Kind.FIELD) else []
    if item.mention is None and earlier.text in _PREPOSITIONS and not draft.claims[before]:
        return [f"{earlier.text} {item.text}"]
    if draft.claims[before] == "aggregate" or (item.has(Kind.FIELD) and draft.claims[before] == "ranking"):
        return [f"{earlier.text} {item.text}"]
    return []


def _begins_clause(draft: Draft, at: int) -> bool:
    """The "when" of "what do people compare when they talk about us" asks for no date."""
    return (
        at > 0
        and draft.items[at].text in ("when", "where")
        and at + 1 < len(draft.items)
        and draft.items[at + 1].text in _SUBJECTS
        and any(draft.claims[at + 1 :])
    )


def _modifies(draft: Draft, at: int) -> bool:
    """An unknown word right before a metric or a noun of the plan may make it another thing."""
    if at + 1 >= len(draft.items) or draft.items[at].number is not None or draft.items[at].text in grammar_words():
        return False
    return draft.claims[at + 1] in ("metric", "count", "ranking", "per entity", "threshold") and draft.items[at + 1].mention is not None
