"""What is said around a question: asides, background clauses before it, remarks after it, and restatements.

"We are reviewing the sites this week, so could you tell me ..." asks only what follows the "so". A clause goes only when what follows
opens a question of its own and the clause cannot narrow it: it holds no number ("store 12 was packed") and no date. A past date of the
background is carried over where the question has none of its own, and said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from assistant.minds.embedded.patterns import Names, patterns
from assistant.minds.embedded.tokens import Token
from assistant.minds.embedded.wordlists import word_set

OPENERS = word_set(
    "how what which who whom whether show list give tell name find get please could can would i "
    "do did is are was were has have state report compare rank plot"
)
_ASKING = word_set("how what which who whom when where why")
_PREPOSITIONS = word_set("in on at for of by from to with")
_SUBORDINATORS = word_set("because since as before after when while given although though now whereas if once ahead just for")
_SUBJECTS = word_set("we i our my they the us me management head someone somebody everyone nobody people it you he she")
_TELLERS = _SUBJECTS | word_set("there here this that not")
_FINITE = word_set("is are was were has have had do does did can could will would must should might may keeps keep says say wants want")
_QUESTIONS = word_set("how what which who whom only just consider take")
"""A sentence with one of these is a question itself, or restricts the one that follows."""
_RESTRICTING = word_set("only just consider take for among of looking")
"""A statement that begins so restricts the question after it."""
_CAUSES = word_set("so therefore hence but anyway and")
_ASKERS = word_set("i we my thanks thank")
_WISHES = (("do", "not", "want"), ("do", "not", "need"), ("do", "not", "care"), ("lose", "track"), ("get", "lost"), ("really", "ought"))
"""What follows "I" in a remark that only says what the asker does not want, whatever else it names."""
_TAGS = (("can", "you"), ("could", "you"), ("do", "you", "know"), ("would", "you"), ("please",), ("yes",), ("ok",), ("right",))
"""What a question ends with after its last comma, without adding to it."""
_LEAD_INS = word_set("me us know wonder wondering asks ask asked asking")
"""After these an indirect question begins: "nobody could tell me what the sales were"."""
_GREETINGS = word_set("morning afternoon evening day hello hi hey")
_GREETED = 2
"""Words for those who are greeted: "all", "dear team"."""
_SHORTEST = 3
_REQUESTS = tuple(tuple(r.split()) for r in ("can you", "could you", "would you", "will you", "please", "tell me", "show me", "give me"))
"""With these a request begins, whatever was said before the comma."""
_THINKING = word_set(
    "reckon reckons reckoned claim claims claimed think thinks thought say says said believe believes tell tells told mention mentions "
    "complain complains complained insist insists insisted suspect suspects suspected swear swears argue argues argued heard hearing "
    "keeps wonders worry worries feel feels guess guesses bet bets assume assumes"
)
"""Verbs of a clause that reports what somebody holds: the question comes after it."""
_TOPICS = word_set("looking working talking focusing focused interested concentrating zooming dealing responsible")
""" "I am looking at the North": the statement says what the question is about, so it stays."""
_RELATIVES = word_set("who that which whose whom with")
_NEEDS = word_set("need want require")
_TELLS_MORE = word_set("with that which who whose where named called and or")
_RESTATED = 6
"""Words that a closing "I mean visits" has at most."""


@dataclass(frozen=True, kw_only=True)
class Proper:
    """The question proper, and what was said around it."""

    tokens: tuple[Token, ...]
    background: tuple[Token, ...] = ()
    """Cut off before the question."""

    @property
    def said(self) -> str:
        return " ".join(t.raw for t in self.background)


def without_asides(tokens: Sequence[Token], names: Names) -> tuple[Token, ...]:
    """The tokens without what people say while they think ("you know", "let me see"); a phrase of the model stays."""
    kept: list[Token] = []
    at = _after_greeting(tokens)
    while at < len(tokens):
        length = _aside_at(tokens, at, names)
        if not length:
            kept.append(tokens[at])
            at += 1
            continue
        if tokens[at].opens and at + length < len(tokens) and not tokens[at + length].opens:
            kept += [replace(tokens[at + length], opens=True, asked=tokens[at].asked)]
            length += 1
        at += length
        if kept and kept[-1].text == "," and at < len(tokens) and tokens[at].text == ",":
            at += 1  # ", you know, ...": one of the two commas goes with it
    return tuple(kept)


def _after_greeting(tokens: Sequence[Token]) -> int:
    """Where the question begins after "Morning!" or "Good evening all,": no time of the day is asked for."""
    at = int(bool(tokens) and tokens[0].text == "good")
    if len(tokens) <= at or tokens[at].text not in _GREETINGS:
        return 0
    for end in range(at + 1, min(len(tokens), at + 2 + _GREETED)):
        if tokens[end].opens or tokens[end].kind == "mark" or tokens[end].text in OPENERS:
            return end + (tokens[end].kind == "mark")
    return 0


def _aside_at(tokens: Sequence[Token], at: int, names: Names) -> int:
    """How many tokens are an aside at `at`; 0 for none."""
    found = patterns("asides")
    ends = found[""].ends(tokens, at, names)
    ends |= {e for e in found["unless known"].ends(tokens, at, names) if not any(names.any([t]) for t in tokens[at:e])}
    return max((end - at for end in ends if end - at > 1 and _stands_apart(tokens, at, end, names)), default=0)


def _stands_apart(tokens: Sequence[Token], at: int, end: int, names: Names) -> bool:
    """No phrase of the model, nor the beginning of one; and nothing follows that says more of its noun: "the company with ..." """
    if any(t.quoted or t.opens for t in tokens[at + 1 : end]) or names.is_phrase(tuple(t.text for t in tokens[at:end])):
        return False
    if end == len(tokens) or tokens[end].opens:
        return True
    longer = names.is_phrase(tuple(t.text for t in tokens[end - 1 : end + 1]))
    return not longer and not tokens[end].joined and tokens[end].text not in _TELLS_MORE


def restated(tokens: Sequence[Token], says_something: Callable[[Sequence[Token]], bool]) -> tuple[tuple[Token, ...], str]:
    """The question after "I mean", when it is asked anew there, and what it replaces; else the tokens without an idle "I mean"."""
    for at in range(len(tokens) - 1):
        if (tokens[at].text, tokens[at + 1].text) != ("i", "mean"):
            continue
        start = at + 2 + (at + 2 < len(tokens) and tokens[at + 2].text == ",")
        if at and start < len(tokens) and tokens[start].text in _ASKING and says_something(tokens[start:]):
            return tuple(tokens[start:]), " ".join(t.raw for t in tokens[:at])
        closing = len(tokens) - at <= _RESTATED
        if not closing or start >= len(tokens) or tokens[at + 2].text == ",":
            return (*tokens[:at], *tokens[at + 2 :]), ""
    return tuple(tokens), ""


def without_background(tokens: Sequence[Token], dates: Callable[[Sequence[Token]], Sequence[tuple[int, int]]]) -> Proper:
    """The tokens of the question proper, and those that were cut off before it (none when nothing was).

    Args:
        dates: (start, end) of the periods that tokens name.
    """
    for at in range(len(tokens) - _SHORTEST, 0, -1):
        start = _start(tokens, at)
        if start is None or _leans_on(tokens[start:]) or _holds_numbers(tokens, at, start, dates):
            continue
        dated = bool(dates(tokens[:at]))
        if not dated or not (dates(tokens[start:]) or tokens[0].text in _SUBORDINATORS):
            return Proper(tokens=tuple(tokens[start:]), background=tuple(tokens[:at]))
    return Proper(tokens=tuple(tokens))


def _leans_on(question: Sequence[Token]) -> bool:
    """ "How many customers is that?": what was said before is the question's own condition."""
    words = [t.text for t in question]
    return words[-1:] in (["that"], ["those"]) or words[-2:] in (["are", "they"], ["was", "it"], ["is", "it"])


_PRONOUNS = word_set("it they them there those their its")


def _holds_numbers(tokens: Sequence[Token], at: int, start: int, dates: Callable[[Sequence[Token]], Sequence[tuple[int, int]]]) -> bool:
    """Whether the words before `at` hold a number that the question may need: one of a date is carried over, so is one of a
    named thing when a pronoun of the question stands for it."""
    dated = {i for begin, end in dates(tokens[:at]) for i in range(begin, end)}
    loose = [i for i in range(at) if tokens[i].kind == "number" and i not in dated]
    return bool(loose) and not (len(loose) == 1 and {t.text for t in tokens[start:]} & _PRONOUNS)


def without_remark(tokens: Sequence[Token], says_something: Callable[[Sequence[Token]], bool]) -> tuple[tuple[Token, ...], str]:
    """The tokens without a closing remark about the asker ("... I have a bet running", "..., can you?"), and the remark."""
    for at in range(_SHORTEST, len(tokens)):
        begins = tokens[at].opens or tokens[at - 1].text in (",", ";")
        idle = tuple(t.text for t in tokens[at:]) in _TAGS
        asker = tokens[at].text in _ASKERS and at < len(tokens) - 1 and (_is_wish(tokens, at) or not says_something(tokens[at:]))
        if begins and (idle or asker):
            return tuple(tokens[: at - (tokens[at - 1].text in (",", ";"))]), " ".join(t.raw for t in tokens[at:]) if asker else ""
    return tuple(tokens), ""


def _is_wish(tokens: Sequence[Token], at: int) -> bool:
    return any(tuple(t.text for t in tokens[at + 1 : at + 1 + len(wish)]) == wish for wish in _WISHES)


def _opens(tokens: Sequence[Token], at: int) -> bool:
    """ "how many", "in how many", "could you": a question or a request begins."""
    if at >= len(tokens):
        return False
    word = tokens[at].text
    return word in OPENERS or (word in _PREPOSITIONS and at + 1 < len(tokens) and tokens[at + 1].text in _ASKING)


def _start(tokens: Sequence[Token], at: int) -> int | None:
    """First token of the question proper, when a background clause ends just before the mark or the "so" at `at`."""
    word = tokens[at].text
    before = {t.text for t in tokens[:at]}
    told = bool(before & _SUBJECTS)
    if word in _CAUSES - {"but", "and"} and _opens(tokens, at + 1) and told:
        return at + 1
    if tokens[at].opens:
        return _after_statement(tokens, at, before)
    if word in _NEEDS and tokens[at - 1].text == "and" and tokens[0].text in ("i", "we") and not before & _TOPICS:
        return at + 1  # "I am putting the weekly pack together and need footfall per shop"
    wishes = word == "would" and at + 1 < len(tokens) and tokens[at + 1].text in ("like", "love")
    if wishes and tokens[at - 1].text == "and" and tokens[0].text in ("i", "we") and not before & _TOPICS:
        return at  # "I am preparing the quarterly review and would like to see ..."
    if word in _ASKING and tokens[at - 1].text in _LEAD_INS and told and {",", "so"} & before and not before & _ASKING:
        return at
    if word not in (",", ";", ":") or at + 1 >= len(tokens) or before & (_ASKING - {"when", "where"}):
        return None
    start = at + 1
    while start < len(tokens) and tokens[start].text in _CAUSES | {","}:
        start += 1
    caused = start > at + 1 and (told or (at >= _SHORTEST and bool(before & _FINITE)))
    subordinate = tokens[0].text in _SUBORDINATORS and bool({t.text for t in tokens[1:at]} & _SUBJECTS)
    return start if _opens(tokens, start) and (caused or subordinate or _told_before(tokens, at, start)) else None


def _told_before(tokens: Sequence[Token], at: int, start: int) -> bool:
    """ "My boss reckons that ..., can you check ...", "the people at Acme claim ..., what is their ...": a statement, then a request."""
    before = {t.text for t in tokens[:at]}
    if before & _TOPICS or tokens[0].text in OPENERS - {"i", "have"} | _PREPOSITIONS | _SUBORDINATORS | _RESTRICTING | _ASKING:
        return False
    requested = any(tuple(t.text for t in tokens[start : start + len(r)]) == r for r in _REQUESTS)
    states = (tokens[0].text in _TELLERS and bool(before & (_FINITE | _THINKING))) or bool(before & _THINKING)
    asks = tokens[start].text in _ASKING and bool(before & _THINKING)
    return states and (requested or asks) and at >= _SHORTEST and (bool(before & _THINKING) or not before & _RELATIVES)


def _after_statement(tokens: Sequence[Token], at: int, before: set[str]) -> int | None:
    """The sentence that begins at `at`, when those before it state something and neither ask nor restrict."""
    start = at
    while start < len(tokens) and tokens[start].text in _CAUSES | {","}:
        start += 1
    stated = not tokens[at].asked and tokens[0].text not in _ASKING | _RESTRICTING
    if before & _TOPICS or tokens[0].text in OPENERS - {"i"}:
        return None
    states = (stated or not before & _QUESTIONS) and bool(before & _TELLERS)
    return start if states and _opens(tokens, start) else None
