"""Conditions on entities: "households that bought deli", "customers who never redeemed a coupon", "the top 10 % of spenders"."""

from __future__ import annotations

from sqlglot import exp

from tools.core.contract import DateSpan
from tools.core.errors import QueryUnsupported
from tools.core.query import sql
from tools.core.query.build import Build, Relation
from tools.core.query.calendar import BEGINNING
from tools.core.query.facts import Ask, Source
from tools.core.query.metric_query import Comparator, EntityCondition, Grain, Measure
from tools.core.query.per_entity import ENTITY, VALUE, Figures, entity_values
from tools.core.query.predicates import filter_condition, until, window_condition
from tools.core.query.resolve import Dimension

_DISTINCT = "counted_value"
_PERIOD = "counted_period"
_OPPOSITE: dict[Comparator, Comparator] = {"gt": "le", "ge": "lt", "lt": "ge", "le": "gt", "eq": "ne", "ne": "eq"}


def measure_conditions(build: Build, measure: Measure, figures: Figures) -> tuple[exp.Expression, ...]:
    """What a measure alone must pass: its filters and its conditions on entities, symbolic."""
    filters = [filter_condition(build.scope, f) for f in measure.filters]
    return (*filters, *(entity_condition(build, c, figures) for c in measure.entity_conditions))


def entity_condition(build: Build, condition: EntityCondition, figures: Figures) -> exp.Expression:
    """A symbolic condition on the entity's key: in, or not in, a block of entities.

    A test that zero passes ("never", "fewer than 3") also keeps entities without any such fact.
    """
    build.scope.dataset(condition.entity)
    if condition.every is not None and _holds(0, condition.op, condition.value):
        raise QueryUnsupported(
            f"a test that nothing passes cannot hold in every {condition.every}", try_instead="ask for at least so many in every period"
        )
    if condition.fact is not None:
        return _counted(build, condition)
    return _measured(build, condition, figures)


def _counted(build: Build, condition: EntityCondition) -> exp.Expression:
    rows = _fact_rows(build, condition)
    count: exp.Expression = exp.Count(this=exp.Star(), big_int=True)
    if condition.distinct is not None:
        count = exp.Count(this=exp.Distinct(expressions=[sql.column(_DISTINCT)]), big_int=True)
    if condition.every is not None:
        return _member(build, condition, _every_period(build, condition, rows, count))
    if condition.distinct is not None:
        rows = exp.select(sql.column(ENTITY)).from_(sql.block(build.cte(f"{condition.fact}_rows", rows)))
    if _holds(0, condition.op, condition.value):
        failing = _OPPOSITE[condition.op]
        block = _having(rows, count, failing, condition.value)
        return exp.Not(this=_member(build, condition, block))
    return _member(build, condition, _having(rows, count, condition.op, condition.value))


def _measured(build: Build, condition: EntityCondition, figures: Figures) -> exp.Expression:
    assert condition.metric is not None
    span = _span(build, condition)
    measure = Measure(metric=condition.metric, filters=condition.filters, per=condition.entity, aggregate="avg")
    if condition.every is not None:
        return _member(build, condition, _metric_every_period(build, condition, measure, span, figures))
    values = entity_values(build, measure, Ask(window=span), figures)
    name = build.cte(f"{condition.metric}_per_{condition.entity}", values.select)
    value = sql.column(VALUE)
    if condition.baseline is not None:
        return _member(build, condition, _against_baseline(build, condition, measure, name, values, figures))
    if condition.best is not None:
        return _member(build, condition, _best(name, condition.op, condition.best))
    threshold = _threshold(name, condition)
    # Who has no facts has spent nothing: a test for exactly nothing keeps them, a mere upper bound does not.
    if condition.op == "eq" and condition.value == 0 and isinstance(threshold, exp.Literal):
        block = exp.select(sql.column(ENTITY)).from_(sql.block(name)).where(sql.compare(value, "ne", threshold), _known(ENTITY))
        return exp.Not(this=_member(build, condition, block))
    block = exp.select(sql.column(ENTITY)).from_(sql.block(name)).where(sql.compare(value, condition.op, threshold), _known(ENTITY))
    return _member(build, condition, block)


def _every_period(build: Build, condition: EntityCondition, rows: exp.Select, count: exp.Expression) -> exp.Select:
    """The entities that pass in as many periods as there are."""
    assert condition.fact is not None
    name = build.cte(f"{condition.fact}_by_{condition.every}", rows)
    passing = exp.select(sql.column(ENTITY), sql.column(_PERIOD)).from_(sql.block(name)).group_by(sql.number(1), sql.number(2))
    passing = passing.having(sql.compare(count, condition.op, sql.literal(condition.value)))
    anybody = exp.select(sql.column(_PERIOD)).from_(sql.block(name))
    return _in_all(build, condition, passing, anybody)


def _metric_every_period(build: Build, condition: EntityCondition, measure: Measure, span: DateSpan | None, figures: Figures) -> exp.Select:
    """The same for a metric, computed per entity and period."""
    assert condition.every is not None
    period = sql.truncate(sql.symbol(sql.METRIC_TIME), Grain(condition.every), sunday_weeks=build.scope.sunday_weeks)
    axis = Dimension(column=_PERIOD, expression=period, field=None, label=condition.every)
    values = entity_values(build, measure, Ask(window=span, dimensions=(axis,)), figures)
    name = build.cte(f"{condition.metric}_by_{condition.every}", values.select)
    passing = exp.select(sql.column(ENTITY), sql.column(_PERIOD)).from_(sql.block(name))
    passing = passing.where(sql.compare(sql.column(VALUE), condition.op, sql.literal(condition.value)), _known(ENTITY))
    return _in_all(build, condition, passing, exp.select(sql.column(_PERIOD)).from_(sql.block(name)))


def _in_all(build: Build, condition: EntityCondition, passing: exp.Select, anybody: exp.Select) -> exp.Select:
    """Entities with one passing row per period; without a window, of the periods in which anybody has one."""
    name = build.cte(f"{condition.entity}_periods", passing)
    select = exp.select(sql.column(ENTITY)).from_(sql.block(name)).group_by(sql.number(1))
    span = _span(build, condition)
    wanted: exp.Expression
    if span is not None and span.start > BEGINNING:
        assert condition.every is not None
        calendar, start, wanted_count = build.scope.calendar, build.scope.calendar.period_start(span.start, condition.every), 0
        while start <= span.end:
            start, wanted_count = calendar.period_after(start, condition.every), wanted_count + 1
        wanted = sql.number(wanted_count)
    else:
        periods = build.cte("all_periods", anybody.distinct())
        wanted = exp.Subquery(this=exp.select(exp.Count(this=exp.Star(), big_int=True)).from_(sql.block(periods)))
    return select.having(exp.EQ(this=exp.Count(this=exp.Star(), big_int=True), expression=wanted))


def _against_baseline(
    build: Build, condition: EntityCondition, measure: Measure, name: str, values: Relation, figures: Figures
) -> exp.Select:
    """The entities whose figure passes against their own of the other window."""
    assert condition.baseline is not None
    span = build.scope.calendar.resolve(condition.baseline)
    for note in span.notes:
        build.note(note)
    before = build.cte(f"{condition.metric}_before", entity_values(build, measure, Ask(window=span), figures).select)
    if VALUE not in values.when_empty:
        raise QueryUnsupported(
            f"{condition.metric} of nothing is unknown, so it cannot be set against another period", try_instead="use a sum or a count"
        )
    empty = sql.literal(values.when_empty[VALUE])
    now, then = (sql.coalesce(sql.column(VALUE, block), empty.copy()) for block in (name, before))
    wanted = then if condition.value == 1 else exp.Mul(this=sql.literal(condition.value), expression=then)
    key = sql.coalesce(sql.column(ENTITY, name), sql.column(ENTITY, before))
    select = exp.select(exp.alias_(key, ENTITY)).from_(sql.block(name))
    on = exp.EQ(this=sql.column(ENTITY, name), expression=sql.column(ENTITY, before))
    select = select.join(sql.block(before), on=on, join_type="full")
    return select.where(sql.compare(now, condition.op, wanted), exp.Not(this=exp.Is(this=key.copy(), expression=exp.Null())))


def _member(build: Build, condition: EntityCondition, block: exp.Select) -> exp.Expression:
    """The entity's key is in the block."""
    name = build.cte(f"{condition.entity}_chosen", block)
    chosen = exp.select(sql.column(ENTITY)).from_(sql.block(name))
    return exp.In(this=sql.symbol(build.scope.key(condition.entity)), query=exp.Subquery(this=chosen))


def _fact_rows(build: Build, condition: EntityCondition) -> exp.Select:
    """The entity's key of every fact that counts, ungrouped."""
    assert condition.fact is not None
    scope = build.scope
    scope.dataset(condition.fact)
    if scope.graph.path(condition.fact, condition.entity) is None:
        facts = ", ".join(f for f in scope.graph.facts_reaching({condition.entity}) if f != condition.entity)
        fact, entity = scope.dataset(condition.fact).plural, scope.dataset(condition.entity).plural
        raise QueryUnsupported(
            f"{entity} cannot be chosen by {fact}: this data does not say which {fact} belong to which {entity}",
            try_instead=f"{condition.fact} does not reach {condition.entity}; facts of {condition.entity}: {facts or 'none'}",
        )
    dated = scope.time_of(condition.fact)
    source = Source(build=build, fact=condition.fact, time=sql.symbol(dated) if dated else None)
    key = source.bind(sql.symbol(scope.key(condition.entity)))
    tests = [source.bind(filter_condition(scope, f)) for f in condition.filters]
    when = _when(build, source, _span(build, condition), dated)
    tests = [*([when] if when is not None else []), *tests, exp.Not(this=exp.Is(this=key.copy(), expression=exp.Null()))]
    outputs = [exp.alias_(key, ENTITY)]
    if condition.distinct is not None:
        outputs.append(exp.alias_(source.bind(sql.symbol(scope.field(condition.distinct).id)), _DISTINCT))
    if condition.every is not None:
        if dated is None:
            raise QueryUnsupported(f"{condition.fact} has no date, so it has no periods", try_instead="leave `every` out")
        moment = source.bind(sql.symbol(dated))
        outputs.append(exp.alias_(sql.truncate(moment, Grain(condition.every), sunday_weeks=scope.sunday_weeks), _PERIOD))
    return source.select(tests).select(*outputs)


def _when(build: Build, source: Source, span: DateSpan | None, dated: str | None) -> exp.Expression | None:
    scope = build.scope
    if dated is None:
        if span is not None:
            raise QueryUnsupported(f"{source.fact} has no date, so no window applies to it", try_instead="leave the window out")
        return None
    moment = source.bind(sql.symbol(dated))
    has_time = scope.is_moment(dated)
    if span is not None:
        return window_condition(moment, span, has_time_of_day=has_time)
    return until(moment, scope.as_of, has_time_of_day=has_time) if scope.as_of is not None else None


def _span(build: Build, condition: EntityCondition) -> DateSpan | None:
    if condition.window is None:
        return None
    span = build.scope.calendar.resolve(condition.window)
    for note in span.notes:
        build.note(note)
    return span


def _having(rows: exp.Select, count: exp.Expression, op: Comparator, value: float) -> exp.Select:
    if isinstance(count.this, exp.Star) and ((op == "ge" and value <= 1) or (op == "gt" and value == 0)):
        return rows.distinct()
    return rows.group_by(sql.number(1)).having(sql.compare(count, op, sql.literal(value)))


def _threshold(block: str, condition: EntityCondition) -> exp.Expression:
    """The value to pass: given, or taken from the values of all entities."""
    if condition.percentile:
        if not 0 <= condition.value <= 100:
            raise QueryUnsupported(f"{condition.value:g} is no percentile", try_instead="give a value from 0 to 100")
        return _of_all(block, sql.function("QUANTILE_CONT", sql.column(VALUE), sql.literal(condition.value / 100)))
    if condition.relative_to is not None:
        middle = sql.function("AVG" if condition.relative_to == "average" else "MEDIAN", sql.column(VALUE))
        return _of_all(block, middle if condition.value == 1 else exp.Mul(this=sql.literal(condition.value), expression=middle))
    return sql.literal(condition.value)


def _of_all(block: str, aggregate: exp.Expression) -> exp.Expression:
    known = exp.select(aggregate).from_(sql.block(block)).where(_known(ENTITY))
    return exp.Subquery(this=known)


def _best(block: str, op: Comparator, count: int) -> exp.Select:
    """The entities with the highest or lowest values; equal values are decided by the key, so that the choice never moves."""
    order = [sql.sort_key(sql.column(VALUE), descending=op == "ge"), sql.sort_key(sql.column(ENTITY), descending=False)]
    select = exp.select(sql.column(ENTITY)).from_(sql.block(block)).where(_known(ENTITY), _known(VALUE))
    return select.order_by(*order).limit(count)


def _known(column: str) -> exp.Expression:
    return exp.Not(this=exp.Is(this=sql.column(column), expression=exp.Null()))


def _holds(number: float, op: Comparator, value: float) -> bool:
    return {"gt": number > value, "ge": number >= value, "lt": number < value,
            "le": number <= value, "eq": number == value, "ne": number != value}[op]  # fmt: skip
