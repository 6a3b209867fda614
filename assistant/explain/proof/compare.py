"""Comparisons: which two cells a movement or a "more than" sets against each other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from assistant.explain.proof.clauses import Sentence
from assistant.explain.proof.derive import Pair, groups_about, metric_columns, narrows, period_fits, rows_of, scope_of
from assistant.explain.proof.mentions import Mention
from assistant.explain.proof.vocabulary import COMPARATIVE, Cue
from assistant.explain.proof.worlds import World

_SINCE = re.compile(r"\b(?:since|from|after)\s+(?:the\s+)?$", re.I)
_UNTIL = re.compile(r"\b(?:to|by|until|till|through)\s+(?:the\s+)?$", re.I)


def movement(sentence: Sentence, cue: Mention, world: World) -> Pair | None:
    """The cells before and after that a movement word speaks of; None when the world does not say."""
    index = sentence.clause_of(cue)
    for column in metric_columns(sentence, index, world):
        pair = _against_previous(sentence, index, cue, world, column) or _over_time(sentence, index, cue, world, column)
        if pair is not None:
            return pair
    return None


def _against_previous(sentence: Sentence, index: int, cue: Mention, world: World, column: int) -> Pair | None:
    """A row's own value and its previous one, when the finding holds both."""
    metric = world.table.columns[column].metric
    previous = next((i for i, c in enumerate(world.table.columns) if c.role == "previous" and c.metric == metric), None)
    scope = scope_of(sentence, index, world, at=cue.start)
    if previous is None or scope is None or len(scope.rows) != 1:
        return None
    base, value = world.number(scope.rows[0], previous), world.number(scope.rows[0], column)
    return None if base is None or value is None else Pair(world=world, base=base, value=value, column=column)


def _over_time(sentence: Sentence, index: int, cue: Mention, world: World, column: int) -> Pair | None:
    """Two rows of a time series."""
    if world.time is None:
        return None
    own, inherited = groups_about(sentence, index, cue.start)
    entities = [g for g in (*own, *inherited) if g[0].kind == "entity"]
    if any(not narrows(m, world) and m.key not in world.scope_text for g in entities for m in g):
        return None
    kept = set(rows_of(world, entities, ""))
    order = [row for row in world.by_time if row in kept and world.number(row, column) is not None]
    starts = [world.table.rows[row][world.time] for row in order]
    if len(order) < 2 or len(set(starts)) != len(starts):
        return None
    ends = _end_rows(sentence, index, world, order)
    if ends is None:
        return None
    base, value = world.number(ends[0], column), world.number(ends[1], column)
    return None if base is None or value is None else Pair(world=world, base=base, value=value, column=column)


def _end_rows(sentence: Sentence, index: int, world: World, order: Sequence[int]) -> tuple[int, int] | None:
    named = _named_rows(sentence, world, order)
    rows = sorted({row for _, row in named}, key=order.index)
    if not rows:
        unplaced = any(m.kind == "period" and not m.in_world(world) for m in sentence.mentions)
        return None if unplaced else (order[0], order[-1])
    several = sum(m.cue is Cue.MOVE for m in sentence.mentions) > 1
    if len(rows) == 2 and not several:
        return rows[0], rows[1]
    if len(rows) == 1:
        return _around(sentence, named[0][0], rows[0], order)
    local = [(m, row) for m, row in named if m in sentence.clauses[index].mentions] or [
        (m, row) for m, row in named if index + 1 < len(sentence.clauses) and m in sentence.clauses[index + 1].mentions
    ]
    if len(local) != 1:
        return (rows[0], rows[1]) if len(rows) == 2 else None
    mention, row = local[0]
    before = [other for m, other in named if m.end <= mention.start]
    return (before[-1], row) if before and order.index(before[-1]) < order.index(row) else _around(sentence, mention, row, order)


def _named_rows(sentence: Sentence, world: World, order: Sequence[int]) -> list[tuple[Mention, int]]:
    """Rows of the series that the sentence names, in its own order; both ends of a range."""
    named = []
    periods = [m for m in (*sentence.carried, *sentence.mentions) if m.kind == "period" and narrows(m, world)]
    own = [m for m in periods if m not in sentence.carried]
    for mention in own or periods:
        is_range = mention.period is not None and mention.period.is_range
        for side in ("from", "to") if is_range else ("",):
            named += [(mention, row) for row in order if period_fits(world, row, mention, side)][:1]
    return named


def _around(sentence: Sentence, mention: Mention, row: int, order: Sequence[int]) -> tuple[int, int] | None:
    """With one period named: since it, up to it, or against the period before it."""
    before = sentence.text[: mention.start]
    at = order.index(row)
    if sentence.has(Cue.NEXT):
        return (row, order[at + 1]) if at + 1 < len(order) else None
    if _SINCE.search(before) and at < len(order) - 1:
        return row, order[-1]
    if _UNTIL.search(before) and at > 0:
        return order[0], row
    return (order[at - 1], row) if at > 0 else None


def level(sentence: Sentence, cue: Mention, world: World) -> Pair | None:
    """What stands before the word (value) and what it is compared with (base): "A leads B", "A made twice as much as B"."""
    index = sentence.clause_of(cue)
    pivot = _pivot(sentence, cue)
    subject = _subject(sentence, cue, pivot, world)
    if subject is None:
        return None
    target = next((m for m in sentence.mentions if m.start >= pivot and m.kind in ("entity", "period") and m.shares_slot(subject[0])), None)
    own, inherited = groups_about(sentence, index, cue.start)
    others = [g for g in (*own, *inherited) if not g[0].shares_slot(subject[0]) and all(narrows(m, world) for m in g)]
    for column in metric_columns(sentence, index, world):
        value = _single(world, column, [subject, *others])
        base = _single(world, column, [(target,), *others]) if target is not None else _mean(sentence, cue, world, column)
        if value is not None and base is not None:
            return Pair(world=world, base=base, value=value, column=column)
    return None


def _pivot(sentence: Sentence, cue: Mention) -> int:
    """Where the object begins: behind the "than" of a comparative, else behind the word itself."""
    if not COMPARATIVE.fullmatch(sentence.text[cue.start : cue.end]):
        return cue.end
    than = re.compile(r"\bthan\b").search(sentence.text, cue.end)
    return than.end() if than else cue.end


def _subject(sentence: Sentence, cue: Mention, pivot: int, world: World) -> tuple[Mention, ...] | None:
    index = sentence.clause_of(cue)
    before = [m for m in sentence.clauses[index].subjects if m.end <= pivot and narrows(m, world)]
    if before:
        return (before[-1],)
    bound = sentence.bound(index, lambda m: m.kind in ("entity", "period") and narrows(m, world) and m.start < pivot)
    return bound[:1] or None


def _single(world: World, column: int, groups: Sequence[tuple[Mention, ...]]) -> float | None:
    rows = rows_of(world, groups, "")
    return world.number(rows[0], column) if len(rows) == 1 else None


def _mean(sentence: Sentence, cue: Mention, world: World, column: int) -> float | None:
    if not any(m.cue is Cue.AVERAGE and m.start >= cue.end for m in sentence.mentions) or not world.is_complete:
        return None
    values = [v for row in range(world.n_rows) if (v := world.number(row, column)) is not None]
    return sum(values) / len(values) if values else None


def pairs_for(sentence: Sentence, figure: Mention, world: World) -> Iterator[tuple[Pair, Mention | None]]:
    """Pairs that a difference, growth or ratio may be taken over, each with the word that calls for it."""
    if figure.figure is not None and figure.figure.kind == "times":
        pair = level(sentence, figure, world)
        if pair is not None:
            yield pair, None
    for cue in _cues_about(sentence, figure):
        if cue.cue is Cue.LEVEL:
            pair = level(sentence, cue, world)
        elif cue.cue is Cue.CHANGE:
            pair = _gap(sentence, world) or movement(sentence, cue, world)
        else:
            pair = movement(sentence, cue, world)
        if pair is not None:
            yield pair, cue


def _cues_about(sentence: Sentence, figure: Mention) -> list[Mention]:
    """Words of change that may govern a figure: those of its clause, else the nearest before it with no figure of its own between."""
    index = sentence.clause_of(figure)
    kinds = (Cue.MOVE, Cue.LEVEL, Cue.CHANGE, Cue.PREVIOUS)
    clause = sentence.clauses[index]
    if clause.intro in ("to", "from", "up from", "down from"):
        return []
    own = [c for c in clause.cues if c.cue in kinds]
    directly_behind = [c for c in sentence.mentions if c.cue is Cue.LEVEL and 0 <= c.start - figure.end <= 2]
    if own or directly_behind:
        return directly_behind or own
    before = [c for c in sentence.mentions if c.cue in kinds and c.end <= figure.start]
    if (figure.figure is not None and figure.figure.kind in ("percent", "points")) or clause.is_object:
        return before[-1:]
    return []


def _gap(sentence: Sentence, world: World) -> Pair | None:
    """Two rows named side by side: "the gap between A and B"."""
    named = [m for m in sentence.mentions if m.kind in ("entity", "period") and narrows(m, world)]
    if len(named) != 2 or not named[0].shares_slot(named[1]):
        return None
    for column in metric_columns(sentence, 0, world):
        base, value = _single(world, column, [(named[1],)]), _single(world, column, [(named[0],)])
        if base is not None and value is not None:
            return Pair(world=world, base=base, value=value, column=column)
    return None
