"""Segmentation: which runs of tokens are phrases of the lexicon or stored values; the longest win, each token once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.minds.embedded.lexicon import GAP_WORDS, Kind, Lexicon, Phrase, Sense
from assistant.minds.embedded.tokens import Token
from assistant.minds.embedded.values import ValueIndex
from assistant.minds.embedded.wordlists import filler_words, grammar_words, ordinary_words

_VALUE_GAP_WORDS = frozenset({"and"})
_GAPS = 5
_OBJECTS = frozenset({"something", "anything", "things", "stuff", "us"})
"""They add nothing to a verb; "it" and "them" mean something that was said before."""
_PARTICLES = frozenset({"back", "up", "off", "out", "in", "over", "away"})
_AUXILIARIES = frozenset({"do", "does", "did"})
_ASKING = frozenset({"what", "why", "how", "where", "who"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Mention:
    """Tokens `start` to `end` (exclusive) and everything that they can mean."""

    start: int
    end: int
    senses: tuple[Sense, ...]

    def of(self, *kinds: Kind) -> tuple[Sense, ...]:
        return tuple(s for s in self.senses if s.kind in kinds)

    def one(self, kind: Kind) -> Sense | None:
        return next((s for s in self.senses if s.kind is kind), None)


def segment(
    tokens: Sequence[Token],
    taken: Sequence[bool],
    lexicon: Lexicon,
    values: ValueIndex,
    may_read: Callable[[str], bool],
    *,
    apart: bool = False,
) -> tuple[Mention, ...]:
    """The best cover of the untaken tokens by mentions: most tokens first, then the fewest and most exact mentions.

    Args:
        may_read: Whether the asker may know of a field.
        apart: Do not read a clause as one metric: "households targeted" is a noun and its verb.
    """
    best: list[tuple[float, tuple[Mention, ...]]] = [(0.0, ())] * (len(tokens) + 1)
    for at in range(len(tokens) - 1, -1, -1):
        choice = best[at + 1]
        if not taken[at]:
            for mention, score in _matches(tokens, taken, at, lexicon, values, may_read):
                if apart and is_clause(mention, tokens, lexicon):
                    continue
                rest_score, rest = best[mention.end]
                if score + rest_score > choice[0]:
                    choice = (score + rest_score, (mention, *rest))
        best[at] = choice
    return best[0][1]


def is_clause(mention: Mention, tokens: Sequence[Token], lexicon: Lexicon) -> bool:
    """Whether a phrase for a metric holds a verb of a fact, so that it can be read as a clause as well."""
    if mention.end - mention.start < 2 or not all(s.kind in (Kind.METRIC, Kind.DATASET, Kind.FIELD) for s in mention.senses):
        return False
    words = [t.text for t in tokens[mention.start : mention.end]]
    return any(s.kind in (Kind.FACT, Kind.DOES) for w in words for s in lexicon.lookup((w,)))


def _matches(
    tokens: Sequence[Token], taken: Sequence[bool], at: int, lexicon: Lexicon, values: ValueIndex, may_read: Callable[[str], bool]
) -> list[tuple[Mention, float]]:
    found: list[tuple[Mention, float]] = []
    for end, key, gaps in _runs(tokens, taken, at, max(lexicon.longest, values.longest)):
        senses = _senses(tokens[at:end], key, gaps, lexicon, values, may_read)
        if senses and not _cuts_a_phrase(tokens, end, key, lexicon):
            exact = any(s.exact for s in senses)
            found.append((Mention(start=at, end=end, senses=senses), len(key) * 2.0 - 1.0 + (0.2 if exact else 0.0) - 0.3 * gaps))
    return found


def _cuts_a_phrase(tokens: Sequence[Token], end: int, key: Phrase, lexicon: Lexicon) -> bool:
    """ "visits per household" before "composition": the last word begins a longer phrase, so the ratio is not meant."""
    if "per" not in key or end >= len(tokens):
        return False
    return any(lexicon.has_exact(tuple(t.text for t in tokens[end - 1 : stop])) for stop in range(end + 1, min(len(tokens), end + 2) + 1))


def _runs(tokens: Sequence[Token], taken: Sequence[bool], at: int, longest: int) -> list[tuple[int, Phrase, int]]:
    """(end, phrase, gaps) of every run from `at`: as typed, and with up to two gap words left out."""
    runs: list[tuple[int, Phrase, int]] = []
    if at + 2 < len(tokens) and tokens[at + 1].text in _OBJECTS and tokens[at + 2].text in _PARTICLES and not any(taken[at : at + 3]):
        runs.append((at + 3, (tokens[at].text, tokens[at + 2].text), 0))  # "sent something back"
    plain: list[str] = []
    loose: list[str] = []
    gaps = 0
    for end in range(at, min(len(tokens), at + longest + _GAPS)):
        token = tokens[end]
        if taken[end] or (end > at and token.opens) or (token.kind == "mark" and token.text != "+"):
            break
        plain.append(token.text)
        if len(plain) <= longest:
            runs.append((end + 1, tuple(plain), 0))
        asks = token.text in _AUXILIARIES and tokens[end - 1].text in _ASKING
        if end > at and (asks or token.text in GAP_WORDS | _VALUE_GAP_WORDS) and gaps < _GAPS:
            gaps += 1
        else:
            loose.append(token.text)
            if gaps and len(loose) > 1:
                runs.append((end + 1, tuple(loose), gaps))
    return runs


def _senses(
    run: Sequence[Token], key: Phrase, gaps: int, lexicon: Lexicon, values: ValueIndex, may_read: Callable[[str], bool]
) -> tuple[Sense, ...]:
    quoted = run[0].quoted
    grammar = len(key) == 1 and key[0] in grammar_words() and not quoted
    senses = (
        ()
        if quoted or (gaps and {t.text for t in run} - set(key) & _VALUE_GAP_WORDS and "and" in {t.text for t in run})
        else tuple(s for s in lexicon.lookup(key) if not grammar or s.kind in (Kind.METRIC, Kind.FILTER, Kind.DATASET, Kind.FIELD))
    )
    senses = tuple(s for s in senses if s.kind not in (Kind.VALUE, Kind.FIELD) or may_read(s.target))
    if run[0].raw == "a" and len(run) > 1:
        senses = tuple(s for s in senses if s.exact)  # "a campaign" is one of them, not the "A campaigns"
    if gaps:
        verb_first = any(s.kind in (Kind.FACT, Kind.DOES) for s in lexicon.lookup(key[:1]))
        senses = (
            () if verb_first else tuple(dict.fromkeys(s for s in (*senses, *lexicon.lookup_loose(key)) if s.exact))
        )  # "redeemed a coupon" is a clause, "coupons were redeemed" a count
        senses = tuple(s for s in senses if s.kind not in (Kind.VALUE, Kind.FIELD) or may_read(s.target))
    joined_by_and = gaps and {t.text for t in run} - set(key) <= {"and"}
    ordinary = len(key) == 1 and not quoted and (key[0] in filler_words() or key[0] in ordinary_words())
    if (gaps and not joined_by_and) or grammar or ordinary or (not _may_be_value(run, key) and not joined_by_and):
        return senses
    known = {(s.target, s.value) for s in senses if s.kind is Kind.VALUE}
    hits = tuple(
        Sense(kind=Kind.VALUE, target=h.field, value=h.value, weight=1.0 / h.field_values)
        for h in values.lookup(key)
        if may_read(h.field) and (h.field, h.value) not in known
    )
    found = senses + hits
    if found and key[0] == "about" and len(key) > 1 and all(s.kind is Kind.VALUE for s in found):
        # A topic of texts is named with its preposition; tickets and calls have reasons of the same name.
        plain = _senses(run[1:], key[1:], gaps, lexicon, values, may_read)
        found += tuple(s for s in plain if s.kind is Kind.VALUE and s not in found)
    return found


def _may_be_value(run: Sequence[Token], key: Phrase) -> bool:
    """A lone number never names a value by itself (only beside its field's name); "25-34" does, when written as one."""
    if any(c.isalpha() for atom in key for c in atom):
        return True
    return len(run) > 1 and all(t.joined for t in run[1:])
