"""From tokens to readings: items, and the readers in their order; `finish.py` makes the MetricQuery of what they filled in."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from assistant.minds.embedded.account import Account, account_for
from assistant.minds.embedded.choices import chosen_of
from assistant.minds.embedded.cut import Cut, cut_into_items
from assistant.minds.embedded.finish import NO_METRIC, finished
from assistant.minds.embedded.grammar import (
    asked,
    changes,
    concentration,
    contrast,
    dated,
    durations,
    existence,
    grouping,
    holding,
    measures,
    moved,
    names,
    per_entity,
    quotients,
    ranking,
    rivals,
    shares,
    special,
    subject,
    support,
    thresholds,
    times,
    vague,
    values,
)
from assistant.minds.embedded.grammar.draft import Draft, Item, World
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.records import attributes_of, query_of, read_scan
from assistant.minds.embedded.segment import Mention, is_clause
from assistant.minds.embedded.tokens import Token
from tools.core.query.metric_query import DimensionRef, MetricQuery

READERS: tuple[Callable[[Draft], None], ...] = (
    moved.read_moved,
    changes.read_accumulation,
    changes.read_change,
    times.read_comparison,
    times.read_trend,
    concentration.read_concentration,
    dated.read_dated,
    rivals.read_rivals,
    contrast.read_contrast,
    quotients.read_quotient,
    shares.read_share,
    special.read_special,
    asked.read_asked,
    subject.read_subject,
    durations.read_durations,
    thresholds.read_bands,
    holding.read_held_figures,
    existence.read_existence,
    holding.read_holding,
    thresholds.read_thresholds,
    per_entity.read_per_entity,
    ranking.read_ranking,
    times.read_windows,
    grouping.read_grouping,
    values.read_values,
    names.read_names_in_part,
    vague.read_judgement,
    vague.read_unsaid_figure,
    vague.read_described_groups,
    measures.read_measures,
    vague.read_vague,
    measures.settle_extreme,
    per_entity.settle_ranked_period,
    per_entity.settle_top_part,
    contrast.settle_contrast,
    shares.settle_share,
    changes.settle_change,
    support.read_support,
)
"""The order matters: what binds tightest reads first, and a reader only sees what is left."""

_RELATIVE = frozenset({"who", "that", "which"})
_CLAUSAL = frozenset({"both", "neither", "only", "exclusively", "solely", "never", "nothing"})
"""Words that say how something was done by each one: a clause tells that, a figure's name does not."""
_BETWEEN_VALUES = frozenset({"and", "also", "in", "at", "on", "a", "the", "our", "via", "through", "from"})
MAX_READINGS = 5
MAX_MEASURES = 4
MAX_LEFTOVER = 2
"""More unknown words than this, and the reading is a guess rather than an offer."""
MIN_COVERAGE = 0.6
MAX_TRIED = 12
"""Metrics tried for a question that names none."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One way to understand the question."""

    query: MetricQuery | None
    """None when the core is missing."""
    score: float
    """Share of the content words that a part of the plan consumed."""
    account: Account
    notes: tuple[str, ...] = ()
    """What was filled in or repaired, in words."""
    doubts: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    """Names of absent concepts that the question asks for."""
    mentions: tuple[Mention, ...] = ()
    items: tuple[Item, ...] = ()
    """The question as it was cut, for a second reader."""
    claims: tuple[str, ...] = ()
    """Per item: the part of the plan that consumed it; empty for none."""
    why_not: str = ""
    """Why there is no query, in words."""
    ambiguous: str = ""
    """The phrase that has several readings, of which this is one."""
    by_fields: Literal["", "fields", "figures", "ranking"] = ""
    """Read as a question about rows and their fields, or about figures of theirs, which the second reader has never heard of."""

    @property
    def is_whole(self) -> bool:
        """Every word is accounted for, and nothing is doubtful."""
        return self.query is not None and not (self.account.leftover or self.doubts or self.absent)

    @property
    def is_guess(self) -> bool:
        """Too much is unknown for an offer."""
        return bool(self.account.blockers) or len(self.account.leftover) > MAX_LEFTOVER or self.account.coverage < MIN_COVERAGE

    @property
    def lacks_measure(self) -> bool:
        """All is understood but what to measure."""
        understood = self.account.consumed or self.account.business_talk
        return self.query is None and self.why_not == NO_METRIC and bool(understood) and not (self.account.leftover or self.absent)


def interpret(tokens: Sequence[Token], world: World, may_read: Callable[[str], bool], runs: Callable[[MetricQuery], bool]) -> list[Reading]:
    """Readings of the question, best first: one, or one per sense of an ambiguous phrase.

    Args:
        runs: Whether a query can be compiled.
    """
    cut = cut_into_items(tokens, world, may_read)
    first, open_choices = _read(cut, world, {})
    clauses = [m for m in cut.mentions if is_clause(m, tokens, world.lexicon)]
    told_apart = any(t.text in _RELATIVE for m in clauses for t in tokens[m.start : m.end]) or any(t.text in _CLAUSAL for t in tokens)
    told_apart = told_apart or _has_joined_values(cut.mentions, tokens)
    if clauses and (told_apart or not (first.is_whole and first.query is not None and runs(first.query))):
        apart = cut_into_items(tokens, world, may_read, apart=True)
        second, second_choices = _read(apart, world, {})
        if second.is_whole:
            cut, first, open_choices = apart, second, second_choices
    rows = _rows_of(cut, world, runs)
    if rows is not None and not _keeps_figures(first, rows, runs):
        return [rows]
    if rows is not None and first.query is not None and first.is_whole and not first.doubts and _says_the_same(first.query, rows.query):
        first = replace(first, by_fields=rows.by_fields)  # Two readers that share no rule agree.
    readings = _alternatives(cut, world, first, open_choices, runs)
    if readings[0].lacks_measure:
        readings += _with_measures(cut, world, runs)
        phrase = next((item.text for item, claim in zip(first.items, first.claims, strict=True) if claim == "judgement"), "")
        return _settled(phrase, readings, world) or [replace(r, ambiguous=phrase) for r in readings]
    return readings


def _has_joined_values(mentions: Sequence[Mention], tokens: Sequence[Token]) -> bool:
    """ "how many customers ordered online and in a shop": who did the one and the other."""
    counted = any(a.text == "how" and b.text == "many" for a, b in itertools.pairwise(tokens))
    values = [m for m in mentions if m.of(Kind.VALUE, Kind.FILTER) and not m.of(Kind.METRIC, Kind.DATASET)]
    gaps = ({t.text for t in tokens[a.end : b.start]} for a, b in itertools.pairwise(values))
    return counted and any("and" in gap and gap <= _BETWEEN_VALUES for gap in gaps)


def _alternatives(
    cut: Cut, world: World, first: Reading, open_choices: dict[int, int], runs: Callable[[MetricQuery], bool]
) -> list[Reading]:
    """The readings by the senses of the first phrase that has several, and whose meaning the model does not settle."""
    fixed: dict[int, int] = {}
    for start, count in open_choices.items():
        phrase = next(item.text for item in cut.items if item.start <= start < item.end)
        others = [_read(cut, world, {**fixed, start: choice})[0] for choice in range(1, min(count, MAX_READINGS))]
        each = [first, *others]
        chosen = chosen_of(phrase, [r.query for r in each], world.model.choices)
        if chosen is None:
            readings = [r for at, r in enumerate(each) if at == 0 or (r.query is not None and _is_new(r, each[:at]))]
            several = len(readings) > 1 and not first.lacks_measure
            running = [r for r in readings if r.query is not None and runs(r.query)] if several else readings
            return [replace(r, ambiguous=phrase) for r in running or readings]
        fixed[start], first = chosen, _as_chosen(phrase, each[chosen])
    return [first]


def _is_new(reading: Reading, earlier: Sequence[Reading]) -> bool:
    return all(reading.query != other.query for other in earlier)


def _settled(phrase: str, readings: Sequence[Reading], world: World) -> list[Reading]:
    """The one reading that the model's author chose for the phrase; empty when nothing is declared."""
    chosen = chosen_of(phrase, [r.query for r in readings], world.model.choices) if phrase else None
    return [_as_chosen(phrase, readings[chosen])] if chosen is not None else []


def _as_chosen(phrase: str, reading: Reading) -> Reading:
    return replace(reading, notes=(*reading.notes, f"'{phrase}' is read as was decided for this data"))


def _keeps_figures(first: Reading, rows: Reading, runs: Callable[[MetricQuery], bool]) -> bool:
    """Whether the readers of figures have understood enough that the reading by rows and fields is not needed."""
    if rows.query is not None and first.query is not None and len(rows.query.metrics) > len(first.query.metrics) > 0:
        return False  # "total and longest duration", of which one was dropped
    if rows.by_fields == "fields" or first.query is None or first.account.leftover or first.absent or not runs(first.query):
        return False
    return rows.by_fields == "ranking" or first.is_whole


def _says_the_same(one: MetricQuery, other: MetricQuery | None) -> bool:
    """Whether two plans differ at most in the order of their rows, where none is cut off."""
    if other is None:
        return False
    cut = one.limit is not None or other.limit is not None
    same_cut = [(q.limit, q.order[0].by if q.order else "", q.order[0].direction if q.order else "") for q in (one, other)]
    if cut and same_cut[0] != same_cut[1]:
        return False
    plain = {"order": (), "ties": "cut", "limit": None}
    first, second = one.model_copy(update=plain), other.model_copy(update=plain)
    as_sets = [
        (frozenset(q.metrics), frozenset(q.dimensions), frozenset(q.filters), frozenset(q.entity_conditions)) for q in (first, second)
    ]
    rest = {"metrics": (), "dimensions": (), "filters": (), "entity_conditions": ()}
    return as_sets[0] == as_sets[1] and first.model_copy(update=rest) == second.model_copy(update=rest)


def _rows_of(cut: Cut, world: World, runs: Callable[[MetricQuery], bool]) -> Reading | None:
    """The question read as one about rows and their fields; None unless every word of it is."""
    of_one = attributes_of(Draft(world=world, tokens=cut.tokens, items=cut.items))
    if of_one is not None and runs(of_one):
        return _as_rows(cut, of_one, (), "fields")
    for nouns_as_fields in (False, True):
        asked = read_scan(Draft(world=world, tokens=cut.tokens, items=cut.items), nouns_as_fields=nouns_as_fields)
        planned = query_of(asked, world) if asked is not None else None
        if asked is not None and planned is not None and runs(planned[0]):
            return _as_rows(cut, *planned, asked.form)
    return None


def _as_rows(cut: Cut, query: MetricQuery, doubts: tuple[str, ...], form: Literal["", "fields", "figures", "ranking"]) -> Reading:
    return Reading(
        query=query,
        score=1.0,
        account=Account(consumed=tuple((item.text, "rows") for item in cut.items), ignored=(), leftover=()),
        notes=cut.notes,
        doubts=doubts,
        mentions=cut.mentions,
        items=tuple(cut.items),
        claims=("rows",) * len(cut.items),
        by_fields=form,
    )


def _with_measures(cut: Cut, world: World, runs: Callable[[MetricQuery], bool]) -> list[Reading]:
    """All but the measure is clear: a reading for each of the model's leading metrics that can be asked so."""
    found: list[Reading] = []
    for name in _leading(draft_of(cut, world), world)[:MAX_TRIED]:
        reading = read_assuming(cut, world, name)
        if reading.is_whole and reading.query is not None and runs(reading.query):
            found.append(reading)
        if len(found) == MAX_MEASURES:
            break
    return found


def _leading(draft: Draft, world: World) -> list[str]:
    """Metrics that can be split and restricted as the question is, the likely ones first: averages where an average is asked for."""
    model, default = world.model, world.model.settings.default_metric
    split = [*draft.dimensions, *([draft.subject.dimension] if draft.subject is not None else [])]
    fields = [d.field for d in split if isinstance(d, DimensionRef)]
    needed = {f.split(".")[0] for f in (*fields, *(f.field for f in draft.filters))}
    counted = {c for c in model.metrics if (e := world.lexicon.counted_by(c)) and (k := draft.key_of(e)) and k.field in fields}
    judged = [m.name for m in model.metrics.values() if m.polarity != "neutral"]
    usual = [*([default] if default else []), *judged][:MAX_MEASURES]  # A value may be of another field than it seems without a figure.
    fitting = [m for m in model.metrics.values() if all(world.reaches(world.fact(m.name), dataset) for dataset in needed)]
    averages = [m.name for m in model.metrics.values() if draft.aggregate == "avg" and "average" in m.label.lower()]
    if draft.candidates:
        return [m.name for m in fitting if m.name in draft.candidates]
    rest = [m.name for m in fitting if m.polarity != "neutral"] + [m.name for m in fitting]
    return [n for n in dict.fromkeys([*averages[:MAX_MEASURES], *usual, *rest]) if n not in counted]


def draft_of(
    cut: Cut,
    world: World,
    choices: dict[int, int] | None = None,
    measure: str | None = None,
    *,
    is_fragment: bool = False,
    previous: MetricQuery | None = None,
) -> Draft:
    """The slots that the readers filled, before they are one query."""
    draft = Draft(
        world=world,
        tokens=cut.tokens,
        items=cut.items,
        choices=choices or {},
        assumed_measure=measure,
        is_fragment=is_fragment,
        carried_metrics=tuple(m.metric for m in previous.metrics) if previous is not None else (),
        carried_fields=tuple(d.field for d in previous.dimensions) if previous is not None else (),
    )
    for reader in READERS:
        reader(draft)
    return draft


def _read(cut: Cut, world: World, choices: dict[int, int], measure: str | None = None) -> tuple[Reading, dict[int, int]]:
    draft = draft_of(cut, world, choices, measure)
    query, why_not = finished(draft)
    account = account_for(draft)
    reading = Reading(
        query=query,
        score=account.coverage,
        account=account,
        notes=(*cut.notes, *draft.notes),
        doubts=tuple(draft.doubts),
        absent=_absent(draft),
        mentions=cut.mentions,
        items=tuple(cut.items),
        claims=tuple(draft.claims),
        why_not=why_not,
    )
    return reading, draft.open_choices


def read_assuming(cut: Cut, world: World, measure: str) -> Reading:
    """The reading of a question that names no figure, with this one."""
    return _read(cut, world, {}, measure=measure)[0]


def _absent(draft: Draft) -> tuple[str, ...]:
    found = [s.target for i in draft.items if i.mention is not None for s in i.mention.of(Kind.ABSENT)]
    return tuple(dict.fromkeys(found))
