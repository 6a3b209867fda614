"""Every figure computed anew: from a cell, or by a declared formula over the cells that its clause is about.

Formulas: cell, sum, average, count of rows, share of the sum, difference, growth, ratio. Each needs its word in the sentence.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.explain.proof.clauses import Sentence
from assistant.explain.proof.figures import Figure
from assistant.explain.proof.mentions import Mention, words_after, words_before
from assistant.explain.proof.vocabulary import ADJECTIVES_BEFORE_NOUNS, FUNCTION_WORDS, PREVIOUS_WORDS, Cue
from assistant.explain.proof.worlds import World, is_business_noun, same_days, stem, words
from tools.core.contract import Column

_CHANGE_CUES = (Cue.MOVE, Cue.CHANGE, Cue.LEVEL, Cue.PREVIOUS)


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The rows of one world that a clause is about."""

    world: World
    rows: tuple[int, ...]
    named: bool
    """Whether a mention narrowed them down."""
    groups: tuple[tuple[Mention, ...], ...] = ()
    own_only: tuple[int, ...] = ()
    """Rows by the clause's own mentions alone, for totals and averages."""
    time: str = ""
    """"window" or "comparison" when a period mention names one of these."""


@dataclass(frozen=True, kw_only=True)
class Derivation:
    """One value that a figure may stand for, and how it comes about."""

    value: float
    formula: str
    column: int
    rows: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two cells that are compared: before and after, or object and subject."""

    world: World
    base: float
    value: float
    column: int
    """A column that says the unit."""

    @property
    def sign(self) -> int:
        return (self.value > self.base) - (self.value < self.base)


def scope_of(sentence: Sentence, index: int, world: World, *, at: int | None = None) -> Scope | None:
    """The rows that clause `index` is about in this world; None when it speaks of something that is not in it."""
    own, inherited = groups_about(sentence, index, at)
    if any(not _placed(m, world) for group in own for m in group):
        return None
    strangers = [g for g in inherited if any(not _placed(m, world) for m in g)]
    anchored = any(m.kind == "entity" for group in own for m in group) or _starts_anew(sentence, index)
    if strangers and not anchored:
        return None
    groups = (*own, *(g for g in inherited if g not in strangers))
    intro = sentence.clauses[index].intro
    rows = _shifted(sentence, index, world, rows_of(world, groups, intro))
    times = {name for group in groups for m in group for w, name in m.scopes if w == world.index and m.kind == "period"}
    narrowed = any(narrows(m, world) for group in groups for m in group)
    return Scope(
        world=world,
        rows=rows,
        named=narrowed,
        groups=groups,
        own_only=rows_of(world, own, intro),
        time="comparison" if times == {"comparison"} else "window" if "window" in times else "",
    )


_ANEW = re.compile(r"\bthere\s+(?:is|are|was|were)\b|\b(?:in total|overall)\b", re.I)


def _starts_anew(sentence: Sentence, index: int) -> bool:
    """ "GROCERY made $5, and there were 7 visits": the second part no longer speaks of GROCERY."""
    clause = sentence.clauses[index]
    return _ANEW.search(sentence.text[clause.start : clause.end]) is not None


def _shifted(sentence: Sentence, index: int, world: World, rows: tuple[int, ...]) -> tuple[int, ...]:
    """The period before or after, where the clause says so and names no period of its own: "the month after"."""
    step = sum({Cue.NEXT: 1, Cue.PREVIOUS: -1}.get(c.cue, 0) for c in sentence.clauses[index].cues if c.cue is not None)
    if world.time is None or not step or len(rows) != 1 or _own_period(sentence, index):
        return rows
    same = [row for row in world.by_time if all(world.key(row, c) == world.key(rows[0], c) for c in world.dimensions if c != world.time)]
    at = same.index(rows[0]) + step if rows[0] in same else -1
    return (same[at],) if 0 <= at < len(same) else ()


def groups_about(sentence: Sentence, index: int, at: int | None) -> tuple[list[tuple[Mention, ...]], list[tuple[Mention, ...]]]:
    """The clause's own groups, one per slot, and those it inherits for slots that it leaves open."""
    own: list[tuple[Mention, ...]] = []
    inherited: list[tuple[Mention, ...]] = []
    everything = [*sentence.carried, *(m for m in sentence.mentions if m.kind in ("entity", "period"))]
    for mention in everything:
        if any(mention.shares_slot(m) or mention is m for group in (*own, *inherited) for m in group):
            continue

        def same_slot(other: Mention, slot: Mention = mention) -> bool:
            return other.kind in ("entity", "period") and (other is slot or other.shares_slot(slot))

        mine = sentence.own(index, same_slot, at=at)
        if mine:
            own.append(mine)
        elif theirs := sentence.bound(index, same_slot, at=at):
            inherited.append(theirs)
    return own, inherited


def _placed(mention: Mention, world: World) -> bool:
    return mention.in_world(world) or (mention.kind == "entity" and mention.key in world.scope_text)


def narrows(mention: Mention, world: World) -> bool:
    return any(place.world == world.index for place in mention.places)


def rows_of(world: World, groups: Sequence[tuple[Mention, ...]], intro: str) -> tuple[int, ...]:
    rows: Sequence[int] = range(world.n_rows)
    for group in groups:
        if any(narrows(m, world) for m in group):
            rows = [row for row in rows if _row_fits(world, row, group, intro)]
    return tuple(rows)


def _row_fits(world: World, row: int, group: tuple[Mention, ...], intro: str) -> bool:
    if world.is_pairs:
        names = {m.key for m in group}
        ends = [i for i, c in enumerate(world.table.columns) if c.name in ("left", "right")]
        hits = [world.key(row, i) in names for i in ends]
        return all(hits) if len(names) > 1 else any(hits)
    return any(_mention_fits(world, row, mention, intro) for mention in group)


def _mention_fits(world: World, row: int, mention: Mention, intro: str) -> bool:
    if mention.period is not None:
        return period_fits(world, row, mention, intro)
    columns = [place.column for place in mention.places if place.world == world.index]
    return any(world.key(row, column) == mention.key for column in columns)


def period_fits(world: World, row: int, mention: Mention, intro: str) -> bool:
    """Whether a period mention names this row; of a range, "from" names the first and "to" the last."""
    span = world.span(row)
    if span is None or mention.period is None:
        return False
    if not mention.period.is_range:
        return any(same_days(span, s) for s in mention.period.spans)
    for first, last in mention.period.ends:
        if intro in ("from", "up from", "down from"):
            fits = same_days(span, first)
        elif intro == "to":
            fits = same_days(span, last)
        else:
            fits = first.start <= span.start and span.end <= last.end
        if fits:
            return True
    return False


def _metrics_about(sentence: Sentence, index: int, world: World, at: int | None) -> tuple[Mention, ...]:
    """The metrics that clause `index` speaks of; one of another finding that only comes later in the sentence is not meant."""
    ours = {c.metric or c.name for c in world.table.columns}
    end = sentence.clauses[index].end
    return sentence.bound(index, lambda m: m.kind == "metric" and (m.start < end or bool(m.metrics & ours)), at=at)


def columns_for(sentence: Sentence, index: int, world: World, figure: Figure | None, *, at: int | None = None) -> tuple[int, ...]:
    """The measure columns that a claim may speak of, by the metrics named, the noun behind the figure, and its unit."""
    columns = list(world.measures)
    named = _metrics_about(sentence, index, world, at)
    if figure is not None:
        columns = [c for c in columns if _fits_unit(world.table.columns[c], figure)]
        noun = unit_noun(sentence.text, figure)
        if noun is not None and figure.kind == "plain":
            return tuple(c for c in columns if noun in world.nouns(c))
    if named:
        metrics = frozenset().union(*(m.metrics for m in named))
        return tuple(c for c in columns if (world.table.columns[c].metric or world.table.columns[c].name) in metrics)
    if figure is not None or not columns:
        return tuple(_of_first_metric(world, columns))
    return (columns[0],)


def _of_first_metric(world: World, columns: Sequence[int]) -> list[int]:
    """Without a metric named, only the first one that fits the unit, and its derived columns."""
    if not columns:
        return []
    first = world.table.columns[columns[0]]
    return [c for c in columns if world.table.columns[c].metric == first.metric or c == columns[0]]


def _fits_unit(column: Column, figure: Figure) -> bool:
    if column.role in ("share", "change_rate"):
        return figure.kind == "percent"
    if column.format == "rate":
        return figure.kind == ("points" if column.role == "change" else "percent")
    if column.format == "money":
        return figure.kind == "money" and figure.currency == (column.unit or "USD")
    if figure.kind == "times":
        return column.name in ("lift", "together")
    return figure.kind == "plain"


def unit_noun(text: str, figure: Figure) -> str | None:
    """The stem of the noun right behind a figure, when it says what is counted."""
    for word in words_after(text, figure.end):
        if word in ADJECTIVES_BEFORE_NOUNS and word != "of":
            continue
        plain = stem(word)
        if is_business_noun(word):
            return plain
        if word in FUNCTION_WORDS or not word.endswith("s") or plain == word:
            return None
        return plain
    return None


def derivations(sentence: Sentence, index: int, mention: Mention, world: World) -> Iterator[Derivation]:
    """Everything that the figure `mention` of clause `index` may stand for in this world."""
    figure = mention.figure
    scope = scope_of(sentence, index, world, at=mention.start)
    if figure is None or scope is None or not world.n_rows:
        return
    columns = columns_for(sentence, index, world, figure, at=mention.start)
    yield from _cells(sentence, index, scope, columns)
    yield from _aggregates(sentence, index, scope, columns)
    if figure.kind == "plain":
        yield from _counts(sentence, scope, figure)
    if figure.kind == "percent":
        yield from _shares(sentence, index, scope, is_fraction=figure.is_fraction)


def _cells(sentence: Sentence, index: int, scope: Scope, columns: Sequence[int]) -> Iterator[Derivation]:
    world = scope.world
    for column in columns:
        values = [(row, v) for row in scope.rows if (v := world.number(row, column)) is not None]
        if not values or not _role_is_meant(sentence, index, scope, column):
            continue
        if len(scope.rows) == 1:
            yield Derivation(value=values[0][1], formula="cell", column=column, rows=scope.rows)
        elif (end := _end_of_series(sentence, index, scope, column)) is not None:
            yield end
        elif not scope.named or len(scope.groups) < len(world.dimensions):
            yield from _extreme_cells(sentence, index, column, values)


def _end_of_series(sentence: Sentence, index: int, scope: Scope, column: int) -> Derivation | None:
    """ "from $5 to $10" without dates: the first and the last value of the series."""
    world = scope.world
    intro = sentence.clauses[index].intro
    if (
        world.time is None
        or intro not in ("from", "up from", "down from", "to")
        or any(m.kind == "period" and m.places for m in sentence.mentions)
    ):
        return None
    order = [row for row in world.by_time if row in scope.rows]
    if len({world.table.rows[row][world.time] for row in order}) != len(order) or not order:
        return None
    row = order[-1] if intro == "to" else order[0]
    value = world.number(row, column)
    return None if value is None else Derivation(value=value, formula="cell", column=column, rows=(row,))


def _extreme_cells(sentence: Sentence, index: int, column: int, values: list[tuple[int, float]]) -> Iterator[Derivation]:
    """ "the highest was $12": the figure itself says which row."""
    for cue in sentence.clauses[index].cues:
        if cue.cue is Cue.EXTREME:
            row, value = (max if cue.value > 0 else min)(values, key=lambda item: item[1])
            yield Derivation(value=value, formula="extreme", column=column, rows=(row,))


def _role_is_meant(sentence: Sentence, index: int, scope: Scope, column: int) -> bool:
    """Whether the words around call for a column of this role: a previous value needs "from", a share needs "of" ..."""
    role = scope.world.table.columns[column].role
    clause = sentence.clauses[index]
    said_previous = any(c.cue is Cue.PREVIOUS for c in clause.cues)
    if role == "previous":
        return scope.time == "comparison" or (
            (scope.time != "window" or not _own_period(sentence, index)) and (clause.intro in PREVIOUS_WORDS or said_previous)
        )
    if role in ("change", "change_rate"):
        return any(m.cue in _CHANGE_CUES for m in sentence.mentions)
    if role == "share":
        return sentence.has(Cue.SHARE, Cue.TOTAL)
    if role in ("running", "average"):
        return role == "running" or sentence.has(Cue.AVERAGE)
    said_from = clause.intro in PREVIOUS_WORDS and not any(m.kind == "entity" for m in clause.mentions)
    has_previous = any(c.role == "previous" and c.metric == scope.world.table.columns[column].metric for c in scope.world.table.columns)
    return scope.time != "comparison" and not ((said_from or said_previous) and has_previous)


def _own_period(sentence: Sentence, index: int) -> bool:
    return any(m.kind == "period" for m in sentence.clauses[index].mentions)


def _aggregates(sentence: Sentence, index: int, scope: Scope, columns: Sequence[int]) -> Iterator[Derivation]:
    world = scope.world
    clause = sentence.clauses[index]
    own_narrows = any(narrows(m, world) for m in clause.subjects)
    said_total = any(c.cue in (Cue.TOTAL, Cue.TOGETHER) for c in clause.cues)
    joint = sentence.has(Cue.TOGETHER, Cue.TOTAL) and any(len(group) > 1 for group in scope.groups)
    rows = scope.own_only if said_total and not joint else scope.rows
    for column in columns:
        if world.table.columns[column].role not in ("metric", "count"):
            continue
        values = [v for row in rows if (v := world.number(row, column)) is not None]
        whole = world.is_complete or own_narrows or joint or _is_top(sentence, world, rows)
        additive = world.is_additive(column) and len(values) > 1 and whole
        if additive and (said_total or joint or not scope.named) and not _each(clause.cues):
            yield Derivation(value=sum(values), formula="sum", column=column, rows=tuple(rows))
        if _says_average(sentence, index) and len(values) > 1 and whole:
            yield Derivation(value=sum(values) / len(values), formula="average", column=column, rows=tuple(rows))
        yield from _sum_of_top(sentence, world, column)


def _each(cues: Sequence[Mention]) -> bool:
    return any(c.cue is Cue.AVERAGE for c in cues)


def _says_average(sentence: Sentence, index: int) -> bool:
    """ "average" in the figure's clause, or opening the sentence: "On average, ..."."""
    opening = sentence.clauses[0].cues if not sentence.clauses[0].mentions else []
    return any(c.cue is Cue.AVERAGE for c in (*sentence.clauses[index].cues, *opening))


def _is_top(sentence: Sentence, world: World, rows: Sequence[int]) -> bool:
    """ "the top five together" of a table that holds the top five."""
    return any(m.cue is Cue.GROUP and abs(m.value) == len(rows) == world.n_rows for m in sentence.mentions)


def _sum_of_top(sentence: Sentence, world: World, column: int) -> Iterator[Derivation]:
    for cue in sentence.mentions:
        if cue.cue is Cue.GROUP and world.is_additive(column) and 1 < abs(cue.value) <= world.n_rows:
            rows = ranked(world, column, tuple(range(world.n_rows)), ascending=cue.value < 0)[: abs(cue.value)]
            total = sum(world.number(row, column) or 0.0 for row in rows)
            yield Derivation(value=total, formula="sum", column=column, rows=rows)


def ranked(world: World, column: int, rows: Sequence[int], *, ascending: bool = False) -> tuple[int, ...]:
    """The rows that have a value, in order of it."""
    valued = [(v, row) for row in rows if (v := world.number(row, column)) is not None]
    return tuple(row for _, row in sorted(valued, key=lambda item: item[0] if ascending else -item[0]))


def _counts(sentence: Sentence, scope: Scope, figure: Figure) -> Iterator[Derivation]:
    """ "12 departments": how many rows, or different values of a dimension, there are."""
    world = scope.world
    noun = unit_noun(sentence.text, figure) or next(iter(words_after(sentence.text, figure.end)), None)
    before = words_before(sentence.text, figure.start)
    if before[-1:] in (["all"], ["these"]) and (noun is None or noun in FUNCTION_WORDS):
        yield Derivation(value=float(world.n_rows), formula="count", column=0, rows=scope.rows)
    if noun is None:
        return
    for column in world.dimensions:
        c = world.table.columns[column]
        called = {stem(w) for w in words(f"{c.label} {c.name}")} | ({c.grain} if c.grain else set()) | {"row"}
        if stem(noun) in called and not scope.named:
            names = {world.key(row, column) for row in range(world.n_rows)}
            yield Derivation(value=float(len(names)), formula="count", column=column, rows=scope.rows)


def _shares(sentence: Sentence, index: int, scope: Scope, *, is_fraction: bool) -> Iterator[Derivation]:
    """Part of the sum of all rows, or of the rows that share the other parts of the row's name."""
    world = scope.world
    called_for = is_fraction or sentence.has(Cue.SHARE, Cue.TOTAL, Cue.MOST_OF)
    of_a_change = any(c.cue in _CHANGE_CUES for c in sentence.clauses[index].cues)
    if not called_for or of_a_change or not world.is_complete:
        return
    wholes = [tuple(range(world.n_rows))]
    for leave_out in range(len(scope.groups)):
        others = [g for i, g in enumerate(scope.groups) if i != leave_out]
        wholes.append(rows_of(world, others, sentence.clauses[index].intro))
    columns = [c for c in metric_columns(sentence, index, world) if world.is_additive(c)]
    for column, whole in itertools.product(columns, dict.fromkeys(wholes)):
        total = sum(world.number(row, column) or 0.0 for row in whole)
        parts = [scope.rows] if scope.named and len(scope.rows) < len(whole) else []
        parts += [d.rows for d in _sum_of_top(sentence, world, column)]
        for rows in parts:
            if total:
                part = sum(world.number(row, column) or 0.0 for row in rows)
                yield Derivation(value=part / total, formula="share", column=column, rows=rows)


def metric_columns(sentence: Sentence, index: int, world: World) -> list[int]:
    """The metric columns that a claim without a figure speaks of: those named, else the first."""
    named = _metrics_about(sentence, index, world, None)
    metrics = frozenset().union(*(m.metrics for m in named)) if named else frozenset()
    columns = [c for c in world.measures if world.table.columns[c].role in ("metric", "count")]
    if metrics:
        return [c for c in columns if (world.table.columns[c].metric or world.table.columns[c].name) in metrics]
    return columns[:1]


def from_pair(pair: Pair, figure: Figure, text: str) -> Iterator[float]:
    """Difference, growth and ratio of two cells, in the unit of the figure."""
    column = pair.world.table.columns[pair.column]
    is_rate = column.format == "rate"
    noun = unit_noun(text, figure)
    if noun is not None and figure.kind == "plain" and noun not in pair.world.nouns(pair.column):
        return
    if figure.kind == "percent" and pair.base:
        yield (pair.value - pair.base) / abs(pair.base)
    elif figure.kind == "points" and is_rate:
        yield pair.value - pair.base
    elif figure.kind == "times" and pair.base:
        yield pair.value / pair.base
    elif (figure.kind == "money" and _fits_unit(column, figure)) or (figure.kind == "plain" and column.format not in ("money", "rate")):
        yield pair.value - pair.base
