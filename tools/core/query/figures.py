"""Figures: each fact aggregated on its own, the results joined on the dimensions, the formulas evaluated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from tools.core.errors import QueryUnsupported
from tools.core.query import sql
from tools.core.query.build import PEOPLE, Build, Relation, least_people
from tools.core.query.entities import measure_conditions
from tools.core.query.facts import Ask, FactBlock, Fitted, block_of, fit, natural_dates
from tools.core.query.formula import Formulas, Leaf, is_single_leaf, leaf_indexes, put_leaves
from tools.core.query.metric_query import Measure
from tools.core.query.per_entity import per_entity
from tools.core.query.special_facts import is_special, special_block


@dataclass(frozen=True, kw_only=True)
class Part:
    """One grouped select among several, to be joined on the dimensions."""

    name: str
    values: Mapping[int, exp.Expression]
    """Leaf -> column of this part, 0 instead of NULL where it counts."""
    has_people: bool


def figures(build: Build, measures: Iterable[Measure], ask: Ask) -> Relation:
    """The measures by the dimensions: one row per group that any of the facts has."""
    asked = tuple(measures)
    plain = [m for m in asked if not m.is_aggregated_again]
    formulas = Formulas(scope=build.scope)
    of_measure = {m.column: _formula(build, formulas, m) for m in plain}
    _check_columns(asked, ask)
    fitted = _fitted(build, formulas.leaves, ask)
    blocks = _blocks(build, fitted, ask)
    additive = frozenset(name for name, formula in of_measure.items() if _adds_up(formula, fitted))
    counts = frozenset(n for n, f in of_measure.items() if is_single_leaf(f) and fitted[leaf_indexes(f)[0]].leaf.is_count)
    empty = {name: value for name, formula in of_measure.items() if (value := _when_empty(formula, fitted)) is not None}
    outer = [(m.column, per_entity(build, m, ask, figures)) for m in asked if m.is_aggregated_again]
    if len(blocks) == 1 and not outer:
        return replace(_direct(blocks[0], of_measure, ask), additive=additive, counts=counts, when_empty=empty)
    parts = [_part(build, block, fitted, of_measure) for block in blocks]
    return replace(_joined(build, parts, of_measure, outer, asked, ask), additive=additive, counts=counts, when_empty=empty)


def _formula(build: Build, formulas: Formulas, measure: Measure) -> exp.Expression:
    filters = measure_conditions(build, measure, figures)
    metric = build.scope.metric(measure.metric)
    part = formulas.of(metric, filters=filters)
    if measure.over is not None:
        return sql.ratio(part, formulas.of(build.scope.metric(measure.over), filters=filters))
    return sql.ratio(sql.coalesce(part, sql.number(0)), formulas.of(metric)) if measure.as_share else part


def _check_columns(measures: tuple[Measure, ...], ask: Ask) -> None:
    names = [*(d.column for d in ask.dimensions), *(m.column for m in measures)]
    twice = next((n for n in names if names.count(n) > 1), None)
    if twice is not None:
        raise QueryUnsupported(f"two columns of the result would be named {twice}", try_instead="give one of the measures an alias")


def _fitted(build: Build, leaves: list[Leaf], ask: Ask) -> dict[int, Fitted]:
    dates = natural_dates(build, leaves, ask)
    return {i: fit(build, leaf, ask, dates) for i, leaf in enumerate(leaves)}


def _adds_up(formula: exp.Expression, fitted: Mapping[int, Fitted]) -> bool:
    """Whether the figures of all rows add up to the total: sums and counts of rows, their sums, differences and multiples."""
    if isinstance(formula, exp.Column):
        return fitted[int(formula.name)].leaf.is_additive
    if isinstance(formula, (exp.Paren, exp.Neg)):
        return _adds_up(formula.this, fitted)
    if isinstance(formula, (exp.Add, exp.Sub)):
        return _adds_up(formula.this, fitted) and _adds_up(formula.expression, fitted)
    if isinstance(formula, (exp.Mul, exp.Div)) and isinstance(formula.expression, exp.Literal):
        return _adds_up(formula.this, fitted)
    return False


def _when_empty(formula: exp.Expression, fitted: Mapping[int, Fitted]) -> float | None:
    """The figure of a group without facts, None when it has none."""
    if isinstance(formula, exp.Coalesce) and len(formula.expressions) == 1 and isinstance(formula.expressions[0], exp.Literal):
        return float(formula.expressions[0].name)
    counts = is_single_leaf(formula) and fitted[leaf_indexes(formula)[0]].leaf.is_count
    return 0.0 if counts or _adds_up(formula, fitted) else None


def _blocks(build: Build, fitted: Mapping[int, Fitted], ask: Ask) -> list[FactBlock]:
    """Leaves that can share a pass over their fact, together; the rest each on their own."""
    grouped: dict[tuple[object, ...], dict[int, Fitted]] = {}
    for index, one in fitted.items():
        own_dates = tuple(d.expression.sql() for d in one.dimensions)
        grouped.setdefault((*one.leaf.source_key, own_dates), {})[index] = one
    blocks: list[FactBlock] = []
    for together in grouped.values():
        special = is_special(next(iter(together.values())).leaf)
        make = special_block if special else block_of
        blocks += [make(build, share, ask) for share in _shares(together, apart=special)]
    return blocks


def _shares(together: dict[int, Fitted], *, apart: bool) -> Iterable[dict[int, Fitted]]:
    """One block when some leaf has only the filters that all have, so that it sees every group; else one block per filter."""
    by_filter: dict[tuple[str, ...], dict[int, Fitted]] = {}
    for index, one in together.items():
        by_filter.setdefault(tuple(f.sql("duckdb") for f in one.leaf.filters), {})[index] = one
    common = set.intersection(*(set(key) for key in by_filter))
    if not apart and any(set(key) == common for key in by_filter):
        return [together]
    return by_filter.values()


def _direct(block: FactBlock, of_measure: Mapping[str, exp.Expression], ask: Ask) -> Relation:
    """One fact only: no need for a block of its own."""
    outputs = [(put_leaves(formula, block.leaves), name) for name, formula in of_measure.items()]
    people = least_people([sql.function("NULLIF", p, sql.number(0)) for p in block.people])
    if people is not None:
        outputs.append((people, PEOPLE))
    return Relation(select=block.grouped(outputs), dimensions=ask.dimensions, figures=tuple(of_measure), has_people=people is not None)


def _part(build: Build, block: FactBlock, fitted: Mapping[int, Fitted], of_measure: Mapping[str, exp.Expression]) -> Part:
    names = {i: _leaf_name(i, of_measure) for i in block.leaves}
    outputs = [(e, names[i]) for i, e in block.leaves.items()]
    people = least_people([sql.function("NULLIF", p, sql.number(0)) for p in block.people])
    if people is not None:
        outputs.append((people, PEOPLE))
    name = build.cte(f"{block.fact}_figures", block.grouped(outputs))
    values: dict[int, exp.Expression] = {}
    for i in block.leaves:
        held: exp.Expression = exp.column(names[i], table=name)
        values[i] = sql.coalesce(held, sql.number(0)) if fitted[i].leaf.is_count else held
    return Part(name=name, values=values, has_people=people is not None)


def _leaf_name(index: int, of_measure: Mapping[str, exp.Expression]) -> str:
    """The measure's own name when the leaf is all of it, else the measure's name with a number."""
    for name, formula in of_measure.items():
        if is_single_leaf(formula) and leaf_indexes(formula) == (index,):
            return name
    for name, formula in of_measure.items():
        if index in leaf_indexes(formula):
            return f"{name}_{leaf_indexes(formula).index(index) + 1}"
    return f"figure_{index + 1}"


def _joined(
    build: Build,
    parts: list[Part],
    of_measure: Mapping[str, exp.Expression],
    outer: list[tuple[str, Relation]],
    asked: tuple[Measure, ...],
    ask: Ask,
) -> Relation:
    values = {i: value for part in parts for i, value in part.values.items()}
    outputs = {name: put_leaves(formula, values) for name, formula in of_measure.items()}
    names, people = [p.name for p in parts], [p.name for p in parts if p.has_people]
    for column, relation in outer:
        name = build.cte(f"{column}_figures", relation.select)
        outputs[column] = exp.column(column, table=name)
        names.append(name)
        people += [name] if relation.has_people else []
    select = exp.Select().from_(sql.block(names[0]))
    for i, name in enumerate(names[1:], start=1):
        keys = [sql.same(_key(names[:i], d.column), exp.column(d.column, table=name)) for d in ask.dimensions]
        on = sql.all_of(keys)
        select = select.join(sql.block(name), on=on, join_type="full" if on is not None else "cross", copy=False)
    select = select.select(*(exp.alias_(_key(names, d.column), d.column) for d in ask.dimensions), copy=False)
    select = select.select(*(exp.alias_(outputs[m.column], m.column) for m in asked), copy=False)
    least = least_people([exp.column(PEOPLE, table=name) for name in people])
    if least is not None:
        select = select.select(exp.alias_(least, PEOPLE), copy=False)
    return Relation(select=select, dimensions=ask.dimensions, figures=tuple(m.column for m in asked), has_people=least is not None)


def _key(names: list[str], column: str) -> exp.Expression:
    """The dimension's value from whichever part has it."""
    held = [exp.column(column, table=name) for name in names]
    return sql.coalesce(held[0], *held[1:]) if len(held) > 1 else held[0]
