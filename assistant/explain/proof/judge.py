"""Whether a sentence may be shown: every claim in it must be borne out by the findings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.explain.proof import orders
from assistant.explain.proof.clauses import Sentence, read_clauses
from assistant.explain.proof.compare import level, movement, pairs_for
from assistant.explain.proof.derive import derivations, from_pair, metric_columns, scope_of
from assistant.explain.proof.figures import Figure
from assistant.explain.proof.mentions import Lexicon, Mention, read_mentions
from assistant.explain.proof.vocabulary import (
    BUSINESS_NOUNS,
    FUNCTION_WORDS,
    JUDGING,
    ORDINARY_STARTS,
    PRONOUN,
    Cue,
)
from assistant.explain.proof.worlds import World, stem, words

FLAT_WITHIN = 0.01
"""Relative change up to which "unchanged" and "flat" hold."""
_UNSAFE = re.compile(r"https?:|www\.|\]\(|!\[|<\s*/?\s*[a-z!]|javascript:|data:", re.I)
_CLAIMING = frozenset({Cue.MOVE, Cue.LEVEL, Cue.EXTREME, Cue.RANK, Cue.GROUP, Cue.FOLLOWED, Cue.MOST_OF, Cue.UNPROVABLE})
_TIME_NOUNS = frozenset({"day", "week", "month", "hour", "minute", "second", "year", "line", "item", "unit", "percent"})
_PEOPLE_NOUNS = frozenset({"customer", "household", "user", "shopper", "buyer", "client", "member", "account"})
_SAME = ({"sale", "revenue", "turnover"}, {"spend", "spending"}, {"order", "basket", "transaction"}, {"discount", "saving"})


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of one sentence."""

    supported: bool
    reason: str = ""
    """Why not, for traces: the words that could not be borne out."""
    claims: int = 0
    """Figures, ranks and directions that were re-derived."""
    subjects: tuple[Mention, ...] = ()
    """What the sentence was about, for an "it" in the next one."""


class _Unsupported(Exception):
    """Carries the words that no finding bears out; never leaves this module."""


def judge(text: str, lexicon: Lexicon, carried: tuple[Mention, ...] = ()) -> Verdict:
    """Re-derive every claim of one sentence.

    Args:
        lexicon: The findings' names, made once per answer.
        carried: Subjects of the sentence before.
    """
    plain = re.sub(r"[*`#_~>|]", " ", text)
    mentions = read_mentions(plain, lexicon)
    named = any(m.kind == "entity" for m in mentions)
    sentence = read_clauses(plain, mentions, carried if PRONOUN.match(plain) and not named else ())
    try:
        if _UNSAFE.search(text):
            raise _Unsupported("a link or markup")
        claims = _check(sentence, lexicon)
    except _Unsupported as problem:
        return Verdict(supported=False, reason=str(problem))
    subjects = sentence.bound(0, lambda m: m.kind in ("entity", "period") and bool(m.places)) or sentence.carried
    return Verdict(supported=True, claims=claims, subjects=subjects)


def _check(sentence: Sentence, lexicon: Lexicon) -> int:
    figures = [m for m in sentence.mentions if m.kind == "figure"]
    cues = [m for m in sentence.mentions if m.kind == "cue" and m.cue in _CLAIMING]
    periods = [m for m in sentence.mentions if m.kind == "period"]
    if not figures and not cues and not periods:
        return 0
    for period in periods:
        if not period.places and not period.scopes:
            raise _Unsupported(_words(sentence, period))
    _check_words(sentence, lexicon, figures)
    worlds = lexicon.worlds
    for figure in figures:
        if not any(_figure_holds(sentence, figure, world) for world in worlds):
            raise _Unsupported(_words(sentence, figure))
    for cue in cues:
        if not any(_cue_holds(sentence, cue, world) for world in worlds):
            raise _Unsupported(_words(sentence, cue))
    _check_dates_alone(sentence)
    return len(figures) + len(cues)


def _words(sentence: Sentence, mention: Mention) -> str:
    return sentence.text[mention.start : mention.end].strip()


_AS_OF_WORDS = re.compile(r"\b(?:as of|as at|on|ends?|until|up to|to)\b", re.I)


def _check_dates_alone(sentence: Sentence) -> None:
    """The as-of day may be told as such, but is not the period of a figure."""
    has_figure = any(m.kind == "figure" for m in sentence.mentions)
    for mention in sentence.mentions:
        only_as_of = {name for _, name in mention.scopes} == {"as_of"} and not mention.places
        if mention.kind == "period" and only_as_of and has_figure and not _AS_OF_WORDS.search(sentence.text):
            raise _Unsupported(_words(sentence, mention))


def _check_words(sentence: Sentence, lexicon: Lexicon, figures: Sequence[Mention]) -> None:
    """No name and no business noun that the findings do not know."""
    rest = list(sentence.text)
    for mention in sentence.mentions:
        rest[mention.start : mention.end] = " " * (mention.end - mention.start)
    left = "".join(rest)
    known = _known_words(lexicon)
    for match in re.finditer(r"[^\W\d_][\w&’'-]*", left):
        word = match[0]
        plain = stem(word)
        if word[0].isupper() and not _is_known(word, known, first=not sentence.text[: match.start()].strip(" \"'“(-•")):
            raise _Unsupported(word)
        if plain in BUSINESS_NOUNS and plain not in _TIME_NOUNS and not _noun_is_known(plain, known, sentence, figures):
            raise _Unsupported(word)
    if any(
        m.cue is not None and _words(sentence, m).lower().split()[0] in JUDGING and _is_rate(sentence, m, lexicon)
        for m in sentence.mentions
    ):
        raise _Unsupported("a judgement of a rate")


def _known_words(lexicon: Lexicon) -> frozenset[str]:
    known: set[str] = set()
    for world in lexicon.worlds:
        known |= {stem(w) for w in words(world.scope_text)}
        for index, column in enumerate(world.table.columns):
            known |= world.nouns(index) | {stem(w) for w in words(f"{column.label} {column.name.replace('.', ' ')}")}
    for group in _SAME:
        if group & known:
            known |= group
    return frozenset(known)


def _is_known(word: str, known: frozenset[str], *, first: bool) -> bool:
    lower = word.lower().removesuffix("'s").removesuffix("’s")
    if stem(lower) in known or lower in known:
        return True
    ordinary = lower in ORDINARY_STARTS or lower in FUNCTION_WORDS or stem(lower) in BUSINESS_NOUNS
    return ordinary if not first else ordinary or lower.endswith(("ly", "ing"))


def _noun_is_known(noun: str, known: frozenset[str], sentence: Sentence, figures: Sequence[Mention]) -> bool:
    if noun in known:
        return True
    bare = any(f.figure is not None and f.figure.kind == "plain" for f in figures) and not any(
        m.kind == "metric" for m in sentence.mentions
    )
    return noun in _PEOPLE_NOUNS and not bare


def _is_rate(sentence: Sentence, cue: Mention, lexicon: Lexicon) -> bool:
    index = sentence.clause_of(cue)
    return any(w.table.columns[c].format == "rate" for w in lexicon.worlds for c in metric_columns(sentence, index, w))


def _figure_holds(sentence: Sentence, mention: Mention, world: World) -> bool:
    figure = mention.figure
    if figure is None:
        return False
    index = sentence.clause_of(mention)
    direction = _direction_about(sentence, index, mention)
    for derived in derivations(sentence, index, mention, world):
        role = world.table.columns[derived.column].role
        if role in ("change", "change_rate"):
            if _signed_match(figure, derived.value, direction):
                return True
        elif figure.matches(derived.value):
            return True
    return any(
        _signed_match(figure, value, direction if cue is not None else None) for value, cue in _pair_values(sentence, mention, world)
    )


def _pair_values(sentence: Sentence, mention: Mention, world: World) -> Iterator[tuple[float, Mention | None]]:
    for pair, cue in pairs_for(sentence, mention, world):
        if mention.figure is not None and scope_of(sentence, sentence.clause_of(mention), world, at=mention.start) is not None:
            for value in from_pair(pair, mention.figure, sentence.text):
                yield value, cue


def _direction_about(sentence: Sentence, index: int, mention: Mention) -> int | None:
    """The direction that the words give a change: that of the clause, else the nearest before."""
    moves = [c for c in sentence.mentions if c.cue in (Cue.MOVE, Cue.LEVEL)]
    own = [c for c in moves if c in sentence.clauses[index].cues]
    before = [c for c in moves if c.end <= mention.start]
    chosen = own[-1:] or before[-1:]
    return chosen[0].value if chosen else None


def _signed_match(figure: Figure, actual: float, direction: int | None) -> bool:
    """Whether a change of `actual` may be written so: with a sign it must agree; without, the words must give the direction."""
    if figure.signed:
        return figure.matches(actual)
    if direction is None:
        return figure.matches(abs(actual))
    return (actual > 0) - (actual < 0) in (direction, 0) and figure.matches(abs(actual))


def _cue_holds(sentence: Sentence, cue: Mention, world: World) -> bool:
    if cue.cue is Cue.MOVE:
        return _movement_holds(sentence, cue, world)
    if cue.cue is Cue.LEVEL:
        pair = level(sentence, cue, world) or (movement(sentence, cue, world) if sentence.has(Cue.PREVIOUS) else None)
        return pair is not None and pair.sign == cue.value
    if cue.cue is Cue.EXTREME:
        return orders.extreme_holds(sentence, cue, world)
    if cue.cue is Cue.RANK:
        return orders.rank_holds(sentence, cue, world)
    if cue.cue is Cue.GROUP:
        return orders.group_holds(sentence, cue, world)
    if cue.cue is Cue.FOLLOWED:
        return orders.followed_holds(sentence, cue, world)
    return cue.cue is Cue.MOST_OF and orders.most_of_holds(sentence, cue, world)


def _movement_holds(sentence: Sentence, cue: Mention, world: World) -> bool:
    pair = movement(sentence, cue, world)
    if pair is None and not any(m.kind == "period" for m in sentence.mentions):
        pair = level(sentence, cue, world)
    if pair is None:
        return False
    if cue.value == 0:
        return abs(pair.value - pair.base) <= FLAT_WITHIN * max(abs(pair.base), abs(pair.value))
    return pair.sign == cue.value
