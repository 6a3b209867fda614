"""Entities grouped by the period of their first fact and followed over the periods after it.

Filters say which facts count, for the start as for the activity; a window says which starts are shown. Activity runs to the as-of day.
"""

from __future__ import annotations

from sqlglot import exp

from tools.core.contract import Column
from tools.core.errors import QueryUnsupported
from tools.core.query import sql
from tools.core.query.build import PEOPLE, Build
from tools.core.query.describe import measure_column
from tools.core.query.facts import Ask, Source, people_count
from tools.core.query.figures import figures
from tools.core.query.first_facts import first_facts
from tools.core.query.metric_query import CohortSpec, Grain, Order
from tools.core.query.plan import Plan
from tools.core.query.predicates import until
from tools.core.query.resolve import Dimension
from tools.core.query.shapes.result import Shaped, finished
from tools.core.query.sql import METRIC_TIME

_COHORT, _PERIOD, _ACTIVE = "cohort", "period", "active"


def cohorts(build: Build, plan: Plan) -> Shaped:
    """One row per cohort and period after its start: cohort, periods_since, cohort_size, the metrics, retention_rate."""
    spec = plan.query.cohort
    assert spec is not None
    grain = Grain(spec.grain)
    starts = first_facts(build, spec.entity, spec.fact, grain=grain, filters=plan.filters)
    dimensions = (_dimension(_COHORT, sql.column("first_period", starts), grain), _activity_period(build, grain))
    active = build.cte("activity", _activity(build, spec, dimensions, plan))
    sizes = build.cte("cohort_sizes", _sizes(plan, starts))
    select = exp.Select().from_(sql.block(sizes))
    same_cohort = exp.EQ(this=exp.column(_COHORT, table=active), expression=exp.column(_COHORT, table=sizes))
    select = select.join(sql.block(active), on=same_cohort, join_type="inner", copy=False)
    since = sql.function("DATE_DIFF", exp.Literal.string(spec.grain), exp.column(_COHORT, table=sizes), exp.column(_PERIOD, table=active))
    outputs = [
        exp.alias_(exp.column(_COHORT, table=sizes), _COHORT),
        exp.alias_(since, "periods_since"),
        exp.alias_(exp.column("cohort_size", table=sizes), "cohort_size"),
    ]
    if plan.query.metrics:
        select, shown = _with_metrics(build, plan, select, dimensions, active)
        outputs += shown
    retention = sql.ratio(exp.column(_ACTIVE, table=active), exp.column("cohort_size", table=sizes))
    outputs.append(exp.alias_(retention, "retention_rate"))
    has_people = PEOPLE in build.ctes[active].named_selects
    if has_people:
        outputs.append(exp.column(PEOPLE, table=active))
    select = select.select(*outputs, copy=False)
    if spec.periods is not None:
        select = select.where(exp.LTE(this=since.copy(), expression=sql.number(spec.periods)))
    usual = (Order(by=_COHORT, direction="asc"), Order(by="periods_since", direction="asc"))
    return finished(build, plan.query, select, _columns(build, plan, spec), usual, keys=(_COHORT, "periods_since"), has_people=has_people)


def _dimension(name: str, expression: exp.Expression, grain: Grain) -> Dimension:
    return Dimension(column=name, expression=expression, field=None, label=name, grain=grain)


def _activity_period(build: Build, grain: Grain) -> Dimension:
    period = sql.at_grain(sql.symbol(METRIC_TIME), grain, sunday_weeks=build.scope.sunday_weeks)
    return _dimension(_PERIOD, period, grain)


def _activity(build: Build, spec: CohortSpec, dimensions: tuple[Dimension, ...], plan: Plan) -> exp.Select:
    """Entities with a fact, by cohort and period."""
    scope = build.scope
    dated = scope.time_of(spec.fact)
    if dated is None:
        raise QueryUnsupported(f"{spec.fact} has no date, so it has no cohorts", try_instead="choose a dated fact")
    source = Source(build=build, fact=spec.fact, time=sql.symbol(dated))
    columns = [exp.alias_(source.bind(d.expression), d.column) for d in dimensions]
    key = source.bind(sql.symbol(scope.key(spec.entity)))
    count = exp.alias_(exp.Count(this=exp.Distinct(expressions=[key]), big_int=True), _ACTIVE)
    people = people_count(source)
    outputs = [*columns, count, *([exp.alias_(people, PEOPLE)] if people is not None else [])]
    tests = [source.bind(f) for f in plan.filters]
    if scope.as_of is not None:
        tests.append(until(source.bind(sql.symbol(dated)), scope.as_of, has_time_of_day=scope.is_moment(dated)))
    return source.select(tests).select(*outputs).group_by(sql.number(1), sql.number(2))


def _sizes(plan: Plan, starts: str) -> exp.Select:
    count = exp.alias_(exp.Count(this=exp.Star(), big_int=True), "cohort_size")
    select = exp.select(exp.alias_(sql.column("first_period"), _COHORT), count).from_(sql.block(starts)).group_by(sql.number(1))
    span = plan.windows.span
    if span is None:
        return select
    return select.where(exp.Between(this=sql.column("first_on"), low=sql.literal(span.start), high=sql.literal(span.end)))


def _with_metrics(
    build: Build, plan: Plan, select: exp.Select, dimensions: tuple[Dimension, ...], active: str
) -> tuple[exp.Select, list[exp.Expression]]:
    metrics = figures(build, plan.query.metrics, Ask(dimensions=dimensions, filters=plan.filters))
    name = build.cte("cohort_figures", metrics.select)
    on = sql.all_of(sql.same(exp.column(d.column, table=active), exp.column(d.column, table=name)) for d in dimensions)
    joined = select.join(sql.block(name), on=on, join_type="left")
    return joined, [exp.alias_(exp.column(f, table=name), f) for f in metrics.figures]


def _columns(build: Build, plan: Plan, spec: CohortSpec) -> tuple[Column, ...]:
    entity, fact = build.scope.dataset(spec.entity), build.scope.dataset(spec.fact)
    return (
        Column(name=_COHORT, type="date", label=f"{spec.grain} of first {fact.label}", format="date", grain=spec.grain),
        Column(name="periods_since", type="integer", unit=f"{spec.grain}s", label=f"{spec.grain}s since the first {fact.label}"),
        Column(name="cohort_size", type="integer", unit=entity.plural, role="count", label=f"{entity.plural} in the cohort"),
        *(measure_column(build.scope, m) for m in plan.query.metrics),
        Column(name="retention_rate", type="number", unit="share", role="metric", label="retention rate", format="rate"),
    )
