"""Claims about order: highest and lowest, ranks, "the top three", "followed by", "most of"."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from assistant.explain.proof.clauses import Sentence
from assistant.explain.proof.derive import Scope, derivations, metric_columns, narrows, ranked, rows_of, scope_of
from assistant.explain.proof.mentions import Mention
from assistant.explain.proof.vocabulary import Cue
from assistant.explain.proof.worlds import World


def extreme_holds(sentence: Sentence, cue: Mention, world: World) -> bool:
    """Whether what the clause is about has the highest (or lowest) value of all, or of those that share the rest of its name."""
    index = sentence.clause_of(cue)
    scope = scope_of(sentence, index, world, at=cue.start)
    if scope is None or not world.n_rows:
        return False
    return any(_is_extreme(sentence, index, scope, column, cue.value) for column in _ordered_by(sentence, index, world))


_CHANGE = re.compile(
    r"\b(?:change[ds]?|growth|grow\w*|grew|increases?d?|decreases?d?|gain\w*|decline[ds]?|drop\w*|rise|rose|fall|fell)\b", re.I
)


def _ordered_by(sentence: Sentence, index: int, world: World, *, whole_sentence: bool = False) -> list[int]:
    """The columns that an order may go by: the metrics, or their changes where the clause speaks of change."""
    columns = metric_columns(sentence, index, world)
    clauses = sentence.clauses if whole_sentence else (sentence.clauses[index],)
    if not any(_CHANGE.search(sentence.text[clause.start : clause.end]) for clause in clauses):
        return columns
    metrics = {world.table.columns[c].metric for c in columns}
    return [i for i, c in enumerate(world.table.columns) if c.role in ("change", "change_rate") and c.metric in metrics] or columns


def _is_extreme(sentence: Sentence, index: int, scope: Scope, column: int, sign: int) -> bool:
    world = scope.world
    if not _order_is_known(world, column, sign):
        return False
    if not scope.named:
        return _figure_is_extreme(sentence, index, world)
    if world.n_rows == 1:
        return True
    for rows in _comparable(sentence, index, scope):
        top = ranked(world, column, rows, ascending=sign < 0)
        if len(top) > len(scope.rows) and _same_values(world, column, top[: len(scope.rows)], scope.rows):
            return True
    best = ranked(world, column, range(world.n_rows), ascending=sign < 0)[:1]
    return len(scope.rows) < world.n_rows and len(world.dimensions) > 1 and len(scope.groups) == 1 and set(best) <= set(scope.rows)


def _figure_is_extreme(sentence: Sentence, index: int, world: World) -> bool:
    """ "the highest was $12": no name, but a figure that is that extreme."""
    for clause in (index, index + 1):
        if clause < len(sentence.clauses):
            for mention in sentence.clauses[clause].figures:
                found = derivations(sentence, clause, mention, world)
                if any(d.formula == "extreme" and mention.figure is not None and mention.figure.matches(d.value) for d in found):
                    return True
    return False


def _comparable(sentence: Sentence, index: int, scope: Scope) -> Iterator[tuple[int, ...]]:
    """All rows; those with a name (nobody means "not surveyed" by an age band); and the rows that share the other parts of the name."""
    world = scope.world
    yield tuple(range(world.n_rows))
    yield tuple(row for row in range(world.n_rows) if all(world.table.rows[row][c] is not None for c in world.dimensions))
    for leave_out in range(len(scope.groups)):
        others = [g for i, g in enumerate(scope.groups) if i != leave_out]
        yield rows_of(world, others, sentence.clauses[index].intro)


def _same_values(world: World, column: int, one: Sequence[int], other: Sequence[int]) -> bool:
    """Equal as lists of values, so that ties do not matter."""
    left = sorted(world.number(row, column) or 0.0 for row in one)
    right = sorted(world.number(row, column) or 0.0 for row in other)
    return bool(left) and left == right


def _order_is_known(world: World, column: int, sign: int) -> bool:
    """A cut-off result shows its highest only if it is sorted from the highest on, and likewise its lowest."""
    if world.is_complete:
        return True
    values = [v for row in range(world.n_rows) if (v := world.number(row, column)) is not None]
    if len(values) == 1:
        return world.finding.reading.first == ("highest" if sign > 0 else "lowest")
    return values == sorted(values, reverse=sign > 0)


def rank_holds(sentence: Sentence, cue: Mention, world: World) -> bool:
    """Whether the row that the clause is about has this place; ties share theirs."""
    index = sentence.clause_of(cue)
    scope = scope_of(sentence, index, world, at=cue.start)
    place, ascending = abs(cue.value), cue.value < 0
    if scope is None or not scope.named or len(scope.rows) != 1:
        return False
    for column in _ordered_by(sentence, index, world):
        value = world.number(scope.rows[0], column)
        if value is None or not _order_is_known(world, column, -1 if ascending else 1):
            continue
        for rows in _comparable(sentence, index, scope):
            values = [v for row in rows if (v := world.number(row, column)) is not None]
            better = sum(v < value if ascending else v > value for v in values)
            if len(values) > 1 and better < place <= better + values.count(value):
                return True
    return False


def group_holds(sentence: Sentence, cue: Mention, world: World) -> bool:
    """Whether everything named with "the top three" is among them; without names, whether there are that many rows."""
    index = sentence.clause_of(cue)
    size, ascending = abs(cue.value), cue.value < 0
    entities = [m for m in sentence.mentions if m.kind == "entity" and narrows(m, world)]
    if any(m.kind == "entity" and not narrows(m, world) for m in sentence.mentions):
        return False
    after = [m for m in entities if m.start >= cue.end] or entities
    if size > world.n_rows:
        return False
    for column in _ordered_by(sentence, index, world):
        if not _order_is_known(world, column, -1 if ascending else 1):
            continue
        top = ranked(world, column, range(world.n_rows), ascending=ascending)
        worst = world.number(top[size - 1], column) if len(top) >= size else None
        values = [world.number(row, column) for m in after for row in rows_of(world, [(m,)], "")]
        if worst is not None and all(v is not None and (v <= worst if ascending else v >= worst) for v in values):
            return True
    return False


def followed_holds(sentence: Sentence, cue: Mention, world: World) -> bool:
    """Whether each name after "followed by" comes next in the order after the one before."""
    index = sentence.clause_of(cue)
    entities = [m for m in sentence.mentions if m.kind == "entity" and narrows(m, world)]
    after = [m for m in entities if m.start >= cue.end]
    before = [m for m in (*sentence.carried, *entities) if m.kind == "entity" and (m in sentence.carried or m.end <= cue.start)]
    named_behind = sentence.text[cue.end :].lstrip()
    if not after:
        # "then fell": a sequence in time, whose movement is checked on its own.
        return not any(m.kind == "entity" and m.start >= cue.end for m in sentence.mentions) and bool(named_behind)
    if not before:
        return False
    chain = [before[-1], *_run(sentence, after)]
    low = any(m.cue in (Cue.EXTREME, Cue.GROUP, Cue.RANK) and m.value < 0 and m.start < cue.start for m in sentence.mentions)
    columns = _ordered_by(sentence, index, world, whole_sentence=True)
    return any(_is_chain(world, column, chain, ascending=low) for column in columns)


def _run(sentence: Sentence, after: Sequence[Mention]) -> list[Mention]:
    """The names of one list, until another claim begins."""
    stop = next(
        (m.start for m in sentence.mentions if m.start > after[0].end and m.cue in (Cue.EXTREME, Cue.LEVEL, Cue.RANK, Cue.FOLLOWED)), None
    )
    return [m for m in after if stop is None or m.start < stop]


def _is_chain(world: World, column: int, chain: Sequence[Mention], *, ascending: bool) -> bool:
    order = ranked(world, column, range(world.n_rows), ascending=ascending)
    values = [world.number(row, column) for row in order]
    places = []
    for mention in chain:
        rows = rows_of(world, [(mention,)], "")
        if len(rows) != 1 or rows[0] not in order:
            return False
        places.append(order.index(rows[0]))
    return all(
        b == a + 1 or values[b] == values[a] or values[b] == values[min(a + 1, len(values) - 1)] for a, b in itertools.pairwise(places)
    )


def most_of_holds(sentence: Sentence, cue: Mention, world: World) -> bool:
    """Whether what the clause is about makes up more than half of the sum."""
    index = sentence.clause_of(cue)
    scope = scope_of(sentence, index, world, at=cue.start)
    if scope is None or not scope.named or not world.is_complete:
        return False
    for column in metric_columns(sentence, index, world):
        if world.is_additive(column):
            total = sum(world.number(row, column) or 0.0 for row in range(world.n_rows))
            part = sum(world.number(row, column) or 0.0 for row in scope.rows)
            if total > 0 and part > total / 2:
                return True
    return False
