"""Self-tests of a result: extra queries no dearer than the main one, planned here and run by the tool."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlglot import exp

from tools.core.errors import RepairableByModel
from tools.core.query import sql
from tools.core.query.build import ALL_GROUPS, Build, Relation, reading
from tools.core.query.compiled import CheckKind, PlannedCheck
from tools.core.query.facts import Ask
from tools.core.query.figures import figures
from tools.core.query.metric_query import Measure
from tools.core.query.plan import Plan
from tools.core.query.small_groups import people_behind, rows_left_out


def planned_checks(build: Build, plan: Plan, relation: Relation) -> tuple[PlannedCheck, ...]:
    """The tests that mean something for this result, cheapest first."""
    found = [_suppressed(build), _people(build, relation), _total(build, plan, relation), _unfiltered(build, plan, relation), _joins(build)]
    return tuple(check for check in found if check is not None)


def _ungrouped_or_none(build: Build, measures: Iterable[Measure], ask: Ask) -> exp.Select | None:
    """The figures without the split, None where they mean nothing without it."""
    apart = Build(scope=build.scope, ctes=dict(build.ctes), lookups=dict(build.lookups))
    try:
        relation = figures(apart, measures, ask)
    except RepairableByModel:
        return None
    name = apart.cte("total", relation.select)
    return apart.attach(reading(name, relation.figures))


def _suppressed(build: Build) -> PlannedCheck | None:
    if ALL_GROUPS not in build.ctes:
        return None
    return PlannedCheck(name="small groups left out", kind=CheckKind.SUPPRESSED_GROUPS, tree=rows_left_out(build))


def _people(build: Build, relation: Relation) -> PlannedCheck | None:
    """How many customers stand behind each row: for the comparison with what the asker was shown before."""
    if ALL_GROUPS not in build.ctes:
        return None
    columns = tuple(d.column for d in relation.dimensions)
    return PlannedCheck(name="people behind each row", kind=CheckKind.PEOPLE_BEHIND, tree=people_behind(build, columns))


def _total(build: Build, plan: Plan, relation: Relation) -> PlannedCheck | None:
    """The same figures without the split; only where every group is in the result."""
    query = plan.query
    partial = query.limit is not None or query.having or query.top_per_group is not None or ALL_GROUPS in build.ctes
    measures = [m for m in query.metrics if m.column in relation.additive]
    if partial or not measures or not relation.dimensions:
        return None
    tree = _ungrouped_or_none(build, measures, replace(plan.ask, dimensions=()))
    columns = tuple(m.column for m in measures)
    return (
        tree
        if tree is None
        else PlannedCheck(name="the parts add up to the total", kind=CheckKind.PARTS_SUM_TO_TOTAL, tree=tree, columns=columns)
    )


def total_check(build: Build, ask: Ask, measure: Measure) -> PlannedCheck | None:
    """For a shape that shows a total beside its parts: the same figure computed without taking it apart.

    Args:
        measure: Its column is that of the total in the result.
    """
    tree = None if build.scope.min_people else _ungrouped_or_none(build, (measure,), replace(ask, dimensions=()))
    if tree is None:
        return None
    return PlannedCheck(name="the parts add up to the total", kind=CheckKind.PARTS_SUM_TO_TOTAL, tree=tree, columns=(measure.column,))


def _unfiltered(build: Build, plan: Plan, relation: Relation) -> PlannedCheck | None:
    """The same counts without the filters: never smaller than any filtered one."""
    measures = [m for m in plan.query.metrics if m.column in relation.counts]
    filtered = bool(plan.filters) or any(m.filters or m.entity_conditions for m in measures)
    if not measures or not filtered or build.scope.min_people:
        return None
    without = [_without_filters(m) for m in measures]
    tree = _ungrouped_or_none(build, without, replace(plan.ask, dimensions=(), filters=()))
    columns = tuple(m.column for m in measures)
    return (
        tree if tree is None else PlannedCheck(name="no more than without the filters", kind=CheckKind.AT_MOST, tree=tree, columns=columns)
    )


def _without_filters(measure: Measure) -> Measure:
    """The measure without its own filters, under the same column name."""
    return measure.model_copy(update={"filters": (), "entity_conditions": (), "alias": measure.column})


def _joins(build: Build) -> PlannedCheck | None:
    """The rows of the first joined fact, with its joins and without."""
    if not build.joined:
        return None
    joined = next(iter(build.joined.values()))
    count = exp.Count(this=exp.Star(), big_int=True)
    apart = Build(scope=build.scope)
    alone = exp.Select().from_(joined.args["from_"].this.copy()).select(exp.alias_(count.copy(), "alone"))
    names = apart.cte("rows_joined", joined.select(exp.alias_(count, "joined"))), apart.cte("rows_alone", alone)
    tree = exp.select(exp.column("joined", table=names[0]), exp.column("alone", table=names[1])).from_(sql.block(names[0]))
    tree = tree.join(sql.block(names[1]), join_type="cross")
    return PlannedCheck(name="no join multiplied rows", kind=CheckKind.JOINED_ROWS, tree=apart.attach(tree))
