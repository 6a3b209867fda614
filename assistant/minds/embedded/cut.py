"""A question cut into items: time expressions, money, phrases of the model, stored values, numbers; each word is part of one at most."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from assistant.minds.embedded.grammar.draft import Item, World, make_items
from assistant.minds.embedded.grammar.ranking import SUPERLATIVES
from assistant.minds.embedded.inflection import is_plural
from assistant.minds.embedded.lexicon import Kind, Sense
from assistant.minds.embedded.numbers import Number, read_number
from assistant.minds.embedded.segment import Mention, segment
from assistant.minds.embedded.temporal import TimePhrase, read_times
from assistant.minds.embedded.temporal_words import UNITS
from assistant.minds.embedded.tokens import Token
from assistant.minds.embedded.wordlists import filler_words, word_set
from tools.core.semantics.model import MetricFormat


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A question cut into items: the same for all of its readings."""

    tokens: Sequence[Token]
    items: Sequence[Item]
    mentions: tuple[Mention, ...]
    notes: tuple[str, ...] = field(default=())


def cut_into_items(tokens: Sequence[Token], world: World, may_read: Callable[[str], bool], *, apart: bool = False) -> Cut:
    """Time expressions first, then money and percentages, then phrases of the model, then what is left of the numbers.

    A bare calendar noun ("day") waits: it may be part of a phrase of the model, or one itself.
    """
    times = _without_names(tokens, read_times(tokens, world.calendar, lambda word: bool(world.values.lookup((word,)))), world)
    loose = [t for t in times if t.grain is not None and not t.adverb and t.end == t.start + 1]
    taken = [False] * len(tokens)
    _take(taken, ((t.start, t.end) for t in times if t not in loose))
    numbers = _numbers(tokens, taken, with_unit=True)
    _take(taken, ((start, number.end) for start, number in numbers))
    for at in _averages_of_periods(tokens):
        taken[at] = True
    mentions = _within(segment(tokens, taken, world.lexicon, world.values, may_read, apart=apart), world)
    mentions = _with_qualifiers(tokens, mentions, world, may_read)
    mentions = tuple(_without_rank(tokens, m, mentions, world) for m in mentions)
    mentions = tuple(m for m in mentions if not _is_imperative(tokens, m))
    mentions = tuple(m for m in mentions if not _is_a_bound(tokens, m, mentions, world))
    mentions = tuple(m for m in mentions if not _is_light_verb(tokens, m, mentions, world))
    mentions = tuple(m for m in mentions if not _is_measuring_noun(tokens, m, mentions))
    _take(taken, ((m.start, m.end) for m in mentions))
    same = {(m.start, m.end) for m in mentions}
    kept = [t for t in times if t not in loose or not taken[t.start] or (t.start, t.end) in same]
    _take(taken, ((t.start, t.end) for t in kept))
    items = make_items(tokens, kept, mentions, [*numbers, *_numbers(tokens, taken)])
    return Cut(tokens=tokens, items=items, mentions=mentions)


def _with_qualifiers(
    tokens: Sequence[Token], mentions: tuple[Mention, ...], world: World, may_read: Callable[[str], bool]
) -> tuple[Mention, ...]:
    """ "What did display advertising cost": a word of asking names a stored value where it stands right before a figure that has it."""
    found = list(mentions)
    for mention in mentions:
        at = mention.start - 1
        facts = {world.fact(s.target) for s in mention.of(Kind.METRIC)}
        inside = at > 0 and tokens[at - 1].kind != "mark" and tokens[at - 1].text not in _ASKS and not tokens[at].opens
        if not inside or tokens[at].text not in filler_words() or any(m.start <= at < m.end for m in mentions):
            continue
        hits = [h for h in world.values.lookup((tokens[at].text,)) if h.field.split(".")[0] in facts and may_read(h.field)]
        senses = tuple(Sense(kind=Kind.VALUE, target=h.field, value=h.value, weight=1.0 / h.field_values) for h in hits)
        found += [Mention(start=at, end=mention.start, senses=senses)] if senses else []
    return tuple(sorted(found, key=lambda m: m.start))


def _without_rank(tokens: Sequence[Token], mention: Mention, mentions: Sequence[Mention], world: World) -> Mention:
    """ "Our ten best customers", "best customers by revenue": they are ranked, though the author calls some of them the best ones."""
    named = all(s.kind in (Kind.FILTER, Kind.VALUE) for s in mention.senses) and mention.end > mention.start + 1
    if not named or tokens[mention.start].text not in SUPERLATIVES:
        return mention
    counted = mention.start > 0 and read_number(tokens, mention.start - 1) is not None
    by = mention.end < len(tokens) and tokens[mention.end].text == "by"
    figure = by and any(m.start == mention.end + 1 and m.of(Kind.METRIC) for m in mentions)
    noun = tuple(world.lexicon.lookup(tuple(t.text for t in tokens[mention.start + 1 : mention.end])))
    return Mention(start=mention.start + 1, end=mention.end, senses=noun) if (counted or figure) and noun else mention


_ASKS = word_set("please kindly you i we to and just now then us me let could can will would")
"""After these the word asks: "can you display ad spend"."""


def _averages_of_periods(tokens: Sequence[Token]) -> list[int]:
    """The "average" of "average orders per day", which asks for the average day and is no part of "average order"."""
    found: list[int] = []
    for at in range(len(tokens) - 3):
        noun, per, unit = (tokens[at + k].text for k in (1, 2, 3))
        if tokens[at].text in _AVERAGES and is_plural(noun) and per in ("per", "a", "each", "every") and unit in UNITS:
            found.append(at)
    return found


_AVERAGES = word_set("average avg mean typical")


def _is_imperative(tokens: Sequence[Token], mention: Mention) -> bool:
    """ "State the revenue": a verb of asking where a clause begins is no noun, even if a noun is spelt so."""
    opens = mention.start == 0 or tokens[mention.start - 1].text in (",", ":", ";")
    more = mention.end < len(tokens)
    absent = all(s.kind is Kind.ABSENT for s in mention.senses)
    return opens and more and absent and mention.end == mention.start + 1 and tokens[mention.start].text in filler_words()


_LIGHT = word_set("place places placed placing make makes making made take takes taking took taken do does doing did done")
_ACTING = word_set("do does did")
_REACH = 3
"""So many words at most stand between an auxiliary and its verb: "did gold members make"."""
_FIXED = word_set("place part sure sense use advantage account care up note")


def _is_light_verb(tokens: Sequence[Token], mention: Mention, mentions: Sequence[Mention], world: World) -> bool:
    """ "made 5 visits", "took place": a verb without a meaning of its own, unless it alone says what is measured ("what we made")."""
    if mention.end != mention.start + 1 or tokens[mention.start].text not in _LIGHT:
        return False
    acted = bool({t.text for t in tokens[max(0, mention.start - _REACH) : mention.start]} & _ACTING)  # "what margin did they make"
    if mention.of(Kind.METRIC, Kind.DATASET, Kind.FIELD) and not acted:
        return False
    following = tokens[mention.end].text if mention.end < len(tokens) else ""
    return following in _FIXED or any(_says_what(m, world) for m in mentions if m is not mention)


_HOW_MUCH = word_set("volume volumes quantity quantities size")


def _is_measuring_noun(tokens: Sequence[Token], mention: Mention, mentions: Sequence[Mention]) -> bool:
    """The "volume" of "the volume of our orders", "revenue volumes": "how much" beside the figure, though it can be one itself."""
    if mention.end != mention.start + 1 or tokens[mention.start].text not in _HOW_MUCH:
        return False
    of = mention.end
    while of < len(tokens) and tokens[of].text in ("of", "the", "our", "all", "your"):
        of += 1
    counted = next((m for m in mentions if m.start == of > mention.end), None)
    figure = any(m.end == mention.start and m.of(Kind.METRIC) for m in mentions)
    return figure or (counted is not None and bool(counted.of(Kind.METRIC, Kind.DATASET)) and not counted.of(Kind.VALUE))


_OPENS_BOUND = word_set("over under above below more less up")
_BEFORE_BOUND = word_set("for of is was at than only just")
_AFTER_BOUND = word_set("in of worth total annual yearly monthly")


def _is_a_bound(tokens: Sequence[Token], mention: Mention, mentions: Sequence[Mention], world: World) -> bool:
    """ "stores that sold for over 100k": a limit of the figure before it, though a band of some field is spelt so."""
    if tokens[mention.start].text not in _OPENS_BOUND or not all(s.kind is Kind.VALUE for s in mention.senses):
        return False
    before, after = mention.start - 1, mention.end
    while before >= 0 and tokens[before].text in _BEFORE_BOUND:
        before -= 1
    while after < len(tokens) and tokens[after].text in _AFTER_BOUND:
        after += 1
    beside = (m for m in mentions if m.start <= before < m.end or m.start == after)
    figures = (s.target for m in beside for s in m.of(Kind.METRIC, Kind.DOES))
    return any(world.model.metrics[name].format is MetricFormat.MONEY for name in figures)


def _says_what(mention: Mention, world: World) -> bool:
    """Whether a phrase measures something by itself: a metric or a verb; the count of what can be split by is none."""
    splits = any(world.model.field(s.target).is_dimension for s in mention.of(Kind.FIELD))
    judges = bool(mention.of(Kind.MORE, Kind.LESS)) and mention.end > mention.start + 1
    return judges or bool(mention.of(Kind.FACT, Kind.DOES)) or (bool(mention.of(Kind.METRIC)) and not splits)


def _take(taken: list[bool], spans: Iterable[tuple[int, int]]) -> None:
    for start, end in spans:
        taken[start:end] = [True] * (end - start)


def _within(mentions: Sequence[Mention], world: World) -> tuple[Mention, ...]:
    """Drops senses that hold only together with a dataset that nobody mentions.

    So it is with subjects found in people's texts: the "prices" of "prices rose" is one only where texts are spoken of.
    """
    named = {s.target for m in mentions for s in m.of(Kind.DATASET)}
    named |= {world.lexicon.counted_by(s.target) or "" for m in mentions for s in m.of(Kind.METRIC)}
    named |= {s.target.split(".")[0] for m in mentions for s in m.of(Kind.FIELD) if world.lexicon.names_its_dataset(s)}
    spoken_of = named | {world.fact(s.target) for m in mentions for s in m.of(Kind.METRIC)}
    spoken_of |= {s.target.split(".")[0] for m in mentions for s in m.of(Kind.FIELD)}

    def holds(sense: Sense) -> bool:
        if sense.kind is Kind.VALUE and world.model.field(sense.target).from_texts:
            return sense.target.split(".")[0] in spoken_of
        return not sense.within or sense.within in named

    kept = (replace(m, senses=tuple(s for s in m.senses if holds(s))) for m in mentions)
    return tuple(m for m in kept if m.senses)


def _without_names(tokens: Sequence[Token], times: Sequence[TimePhrase], world: World) -> list[TimePhrase]:
    """An adverb like "monthly" may belong to a phrase of the model ("monthly active users"): the longer phrase wins."""
    kept: list[TimePhrase] = []
    for time in times:
        longer = any(
            world.lexicon.lookup(tuple(t.text for t in tokens[time.start : end]))
            for end in range(time.end + 1, min(len(tokens), time.start + world.lexicon.longest) + 1)
        )
        if not (longer and time.adverb) and not _inside_a_value(tokens, time, world):
            kept.append(time)
    return kept


def _inside_a_value(tokens: Sequence[Token], time: TimePhrase, world: World) -> bool:
    """ "Terrace Season", "Spring Refresh": a calendar word that is part of a longer stored value."""
    if time.end - time.start > 1:
        return False
    for start in range(max(0, time.start - 2), time.start + 1):
        for end in range(max(time.end, start + 2), min(len(tokens), start + 4) + 1):
            if not any(t.kind == "mark" or t.opens for t in tokens[start + 1 : end]) and world.values.lookup(
                tuple(t.text for t in tokens[start:end])
            ):
                return True
    return False


def _numbers(tokens: Sequence[Token], taken: Sequence[bool], *, with_unit: bool = False) -> list[tuple[int, Number]]:
    """(start, number) of the untaken numbers; only money and percentages that say so, when `with_unit`."""
    numbers: list[tuple[int, Number]] = []
    at = 0
    while at < len(tokens):
        number = None if taken[at] else read_number(tokens, at)
        if number is not None and not any(taken[at : number.end]) and (not with_unit or number.unit in ("money", "percent")):
            numbers.append((at, number))
            at = number.end
        else:
            at += 1
    return numbers
