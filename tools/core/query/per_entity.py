"""Figures per entity, aggregated again: "median spend per customer", "how many customers made more than 3 visits"."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlglot import exp

from tools.core.errors import QueryUnsupported
from tools.core.query import sql
from tools.core.query.build import PEOPLE, Build, Relation
from tools.core.query.facts import Ask
from tools.core.query.metric_query import Grain, Measure
from tools.core.query.resolve import Dimension
from tools.core.query.sql import METRIC_TIME

Figures = Callable[[Build, Iterable[Measure], Ask], Relation]

ENTITY = "entity_key"
VALUE = "value"


def per_entity(build: Build, measure: Measure, ask: Ask, figures: Figures) -> Relation:
    """One row per group of the query's dimensions: the aggregate over the entities that have facts there."""
    rows = entity_values(build, measure, ask, figures)
    name = build.cte(f"{measure.metric}_per_{measure.per or measure.per_grain}", rows.select)
    dimensions = ask.dimensions
    select = exp.Select().from_(sql.block(name))
    select = select.select(*(sql.column(d.column) for d in dimensions), copy=False)
    select = select.select(exp.alias_(_aggregate(measure), measure.column), copy=False)
    people = _people(build, measure.per, rows)
    if people is not None:
        select = select.select(exp.alias_(people, PEOPLE), copy=False)
    select = select.where(exp.Not(this=exp.Is(this=sql.column(ENTITY), expression=exp.Null())), copy=False)
    if dimensions:
        select = select.group_by(*(sql.number(i) for i in range(1, len(dimensions) + 1)), copy=False)
    return Relation(select=select, dimensions=dimensions, figures=(measure.column,), has_people=people is not None)


def entity_values(build: Build, measure: Measure, ask: Ask, figures: Figures) -> Relation:
    """One row per entity or period (and group): `entity_key` and `value`."""
    key = entity_dimension(build, measure.per) if measure.per is not None else _period(build, measure)
    inner = Measure(metric=measure.metric, filters=measure.filters, entity_conditions=measure.entity_conditions, alias=VALUE)
    asked = Ask(dimensions=(*ask.dimensions, key), filters=ask.filters, window=ask.window, time_field=ask.time_field)
    return figures(build, (inner,), asked)


def entity_dimension(build: Build, entity: str) -> Dimension:
    """The entity's key as a dimension named `entity_key`."""
    return Dimension(column=ENTITY, expression=sql.symbol(build.scope.key(entity)), field=None, label=build.scope.dataset(entity).label)


def _period(build: Build, measure: Measure) -> Dimension:
    assert measure.per_grain is not None
    period = sql.truncate(sql.symbol(METRIC_TIME), Grain(measure.per_grain), sunday_weeks=build.scope.sunday_weeks)
    return Dimension(column=ENTITY, expression=period, field=None, label=measure.per_grain)


def _aggregate(measure: Measure) -> exp.Expression:
    value = sql.column(VALUE)
    if measure.aggregate in ("count", "share"):
        assert measure.condition_op is not None
        assert measure.condition_value is not None
        test = sql.compare(value, measure.condition_op, sql.literal(measure.condition_value))
        passing = exp.Filter(this=exp.Count(this=exp.Star(), big_int=True), expression=exp.Where(this=test))
        return passing if measure.aggregate == "count" else sql.ratio(passing, exp.Count(this=exp.Star(), big_int=True))
    if measure.aggregate == "percentile":
        assert measure.percentile is not None
        return sql.function("QUANTILE_CONT", value, sql.literal(measure.percentile / 100))
    names = {"avg": "AVG", "median": "MEDIAN", "min": "MIN", "max": "MAX", "sum": "SUM", "stddev": "STDDEV"}
    if measure.aggregate not in names:
        raise QueryUnsupported(
            f"cannot aggregate by {measure.aggregate}", try_instead=f"use one of {', '.join(names)}, percentile, count, share"
        )
    return sql.function(names[measure.aggregate], value)


def _people(build: Build, entity: str | None, rows: Relation) -> exp.Expression | None:
    """Customers behind the group: the entities themselves when they are the customers, else at least those behind the largest one."""
    if not rows.has_people:
        return None
    if entity == build.scope.model.settings.customer:
        return sql.function("NULLIF", exp.Count(this=exp.Star(), big_int=True), sql.number(0))
    return sql.function("MAX", sql.column(PEOPLE))
