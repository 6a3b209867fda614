"""Columns computed from the figures: comparison, share, change, running total, moving average; and periods without facts.

Every step reads the figures as a named block and adds to it. Shares and changes are computed before any row is dropped.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlglot import exp

from tools.core.contract import DateSpan
from tools.core.errors import QueryUnsupported
from tools.core.query import sql
from tools.core.query.build import ALL_GROUPS, PEOPLE, Build, Relation, least_people, reading, wrap
from tools.core.query.calendar import BEGINNING
from tools.core.query.metric_query import MetricCondition, MetricQuery, PeriodUnit
from tools.core.query.resolve import Dimension
from tools.core.query.small_groups import keep_large_groups

Compute = Callable[[DateSpan | None, tuple[Dimension, ...]], Relation]
"""Figures of a window by dimensions."""


@dataclass(frozen=True, kw_only=True)
class Windows:
    """The window asked for, and the one that it is compared with."""

    span: DateSpan | None = None
    baseline: DateSpan | None = None


def compared(build: Build, windows: Windows, dimensions: tuple[Dimension, ...], compute: Compute) -> Relation:
    """Each figure beside that of the baseline; periods of a trend are aligned by their position in the window."""
    span, baseline = windows.span, windows.baseline
    assert span is not None
    assert baseline is not None
    now, before = compute(span, dimensions), compute(baseline, dimensions)
    dimensions = now.dimensions
    here = build.cte("asked_window", _positioned(build, now, span))
    there = build.cte("baseline_window", _positioned(build, before, baseline))
    on = sql.all_of(sql.same(exp.column(_join_column(d), table=here), exp.column(_join_column(d), table=there)) for d in dimensions)
    select = exp.Select().from_(sql.block(here))
    select = select.join(sql.block(there), on=on, join_type="full" if dimensions else "cross", copy=False)
    for d in dimensions:
        select = select.select(exp.alias_(_shared_value(build, d, here, there, span), d.column), copy=False)
    figures: list[str] = []
    for figure in now.figures:
        current, previous = (
            _or_else(exp.column(figure, table=t), now.when_empty.get(figure) if dimensions else None) for t in (here, there)
        )
        change = exp.Sub(this=current.copy(), expression=previous.copy())
        rate = sql.ratio(exp.paren(change.copy()), previous.copy())
        for name, value in _beside(figure, current, previous, change, rate):
            select = select.select(exp.alias_(value, name), copy=False)
            figures.append(name)
    people = now.has_people
    if people:
        least = least_people([exp.column(PEOPLE, table=here), exp.column(PEOPLE, table=there)])
        select = select.select(exp.alias_(least, PEOPLE), copy=False)
    additive = now.additive | {f"{f}_{s}" for f in now.additive for s in ("previous", "change")}
    empty = {f"{f}{s}": value for f, value in now.when_empty.items() for s in ("", "_previous", "_change")}
    return Relation(select=select, dimensions=dimensions, figures=tuple(figures), additive=additive, when_empty=empty, has_people=people)


def _beside(
    figure: str, current: exp.Expression, previous: exp.Expression, change: exp.Expression, rate: exp.Expression
) -> list[tuple[str, exp.Expression]]:
    return [(figure, current), (f"{figure}_previous", previous), (f"{figure}_change", change), (f"{figure}_change_rate", rate)]


def _position_column(dimension: Dimension) -> str:
    return f"{dimension.column}_position"


def _join_column(dimension: Dimension) -> str:
    return _position_column(dimension) if dimension.is_series else dimension.column


def _positioned(build: Build, relation: Relation, span: DateSpan) -> exp.Select:
    """The figures with each period's number, counted from the window's first."""
    axes = [d for d in relation.dimensions if d.is_series]
    if not axes:
        return relation.select
    inner = wrap(build, relation, "window_figures")
    for axis in axes:
        start = sql.literal(_first_period(build, axis, span))
        assert axis.grain is not None
        number = sql.function("DATE_DIFF", exp.Literal.string(axis.grain.value), start, sql.column(axis.column))
        inner = replace(inner, select=inner.select.select(exp.alias_(number, _position_column(axis))))
    return inner.select


def _first_period(build: Build, axis: Dimension, span: DateSpan) -> dt.date:
    if axis.grain is None or axis.grain.value == "hour":
        return span.start
    unit: PeriodUnit = axis.grain.value  # type: ignore[assignment]
    return build.scope.calendar.period_start(span.start, unit)


def _shared_value(build: Build, dimension: Dimension, here: str, there: str, span: DateSpan) -> exp.Expression:
    own = exp.column(dimension.column, table=here)
    if not dimension.is_series:
        return sql.coalesce(own, exp.column(dimension.column, table=there))
    assert dimension.grain is not None
    start = sql.literal(_first_period(build, dimension, span))
    step = exp.Mul(this=exp.column(_position_column(dimension), table=there), expression=sql.interval(1, dimension.grain.value))
    later: exp.Expression = exp.Add(this=start, expression=step)
    return sql.coalesce(own, later if dimension.grain.value == "hour" else sql.cast_to(later, "date"))


def _or_else(value: exp.Expression, when_empty: float | None) -> exp.Expression:
    """Nothing sold is 0 once the group exists at all; an average of nothing stays unknown."""
    return sql.coalesce(value, sql.literal(when_empty)) if when_empty is not None else value


def gaps_filled(build: Build, relation: Relation, span: DateSpan | None) -> Relation:
    """Also rows for periods without facts: sums and counts 0, other figures NULL unless the model says else."""
    axis = relation.series
    if axis is None:
        raise QueryUnsupported(
            "only a trend over time has gaps to fill", try_instead="split by one date with a grain, or leave fill_gaps out"
        )
    name = build.cte("figures", relation.select)
    periods = build.cte("periods", _periods(build, axis, span, name))
    others = [d for d in relation.dimensions if d is not axis]
    spine = exp.Select().from_(sql.block(periods))
    if others:
        groups = build.cte("groups", exp.select(*(sql.column(d.column) for d in others)).distinct().from_(sql.block(name)))
        spine = spine.join(sql.block(groups), join_type="cross", copy=False)
    home = {d.column: (periods if d is axis else groups) for d in relation.dimensions}
    on = sql.all_of(sql.same(exp.column(c, table=t), exp.column(c, table=name)) for c, t in home.items())
    select = spine.join(sql.block(name), on=on, join_type="left", copy=False)
    select = select.select(*(exp.column(c, table=t) for c, t in home.items()), copy=False)
    for figure in relation.figures:
        value = _or_else(exp.column(figure, table=name), relation.when_empty.get(figure))
        select = select.select(exp.alias_(value, figure), copy=False)
    if relation.has_people:
        select = select.select(exp.column(PEOPLE, table=name), copy=False)
    return replace(relation, select=select)


def _periods(build: Build, axis: Dimension, span: DateSpan | None, figures: str) -> exp.Select:
    """One row per period: of the window, or from the first to the last fact; of the model's own calendar table if it has one."""
    assert axis.grain is not None
    spine = build.scope.model.settings.time_spine
    bounds: tuple[exp.Expression, exp.Expression] | None = None
    if span is not None and span.start > BEGINNING:
        first = _first_period(build, axis, span)
        bounds = (sql.literal(first), sql.literal(span.end))
    if spine is not None and axis.grain.value != "hour":
        return _spine_periods(build, axis, spine, bounds)
    low, high = bounds or (sql.function("MIN", sql.column(axis.column)), sql.function("MAX", sql.column(axis.column)))
    steps = sql.function("UNNEST", sql.function("GENERATE_SERIES", low, high, sql.interval(1, axis.grain.value)))
    value = steps if axis.grain.value == "hour" else sql.cast_to(steps, "date")
    select = exp.select(exp.alias_(value, axis.column))
    return select if bounds else select.from_(sql.block(figures))


def _spine_periods(build: Build, axis: Dimension, spine: str, bounds: tuple[exp.Expression, exp.Expression] | None) -> exp.Select:
    assert axis.grain is not None
    table, _, column = spine.rpartition(".")
    period = sql.truncate(sql.column(column), axis.grain, sunday_weeks=build.scope.sunday_weeks)
    select = exp.select(exp.alias_(period, axis.column)).distinct().from_(sql.block(table))
    if bounds is None:
        return select
    return select.where(exp.Between(this=sql.column(column), low=bounds[0], high=bounds[1]))


def with_shares(build: Build, query: MetricQuery, relation: Relation, totals: Callable[[tuple[Dimension, ...]], Relation]) -> Relation:
    """Adds `<column>_share`: of the sum over the rows for figures that add up, of the true total for others."""
    assert query.share is not None
    within = tuple(d for d in relation.dimensions if d.id in query.share.within or d.column in query.share.within)
    unknown = set(query.share.within) - {x for d in within for x in (d.id, d.column)}
    if unknown:
        raise QueryUnsupported(f"shares within {', '.join(sorted(unknown))} need it as a dimension", try_instead="add it to dimensions")
    wanted = _shared_figures(query.share.metric, relation)
    inner = wrap(build, relation, "figures")
    apart = [f for f in wanted if f not in relation.additive]
    if apart:
        return _shares_of_true_totals(build, inner, wanted, within, totals)
    for figure in wanted:
        total = sql.window(sql.function("SUM", sql.column(figure)), partition=[sql.column(d.column) for d in within])
        inner = replace(inner, select=inner.select.select(exp.alias_(sql.ratio(sql.column(figure), total), f"{figure}_share")))
    return _with_figures(inner, tuple(f"{f}_share" for f in wanted))


def _shared_figures(metric: str | None, relation: Relation) -> list[str]:
    if metric is not None:
        if metric not in relation.figures:
            raise QueryUnsupported(f"there is no figure {metric} to take shares of", try_instead=f"figures: {', '.join(relation.figures)}")
        return [metric]
    wanted = [f for f in relation.figures if f in relation.additive and not f.endswith(("_previous", "_change"))]
    if not wanted:
        raise QueryUnsupported(
            "none of these figures adds up to a total", try_instead="name the measure whose share is meant in share.metric"
        )
    return wanted


def _shares_of_true_totals(
    build: Build, inner: Relation, wanted: list[str], within: tuple[Dimension, ...], totals: Callable[[tuple[Dimension, ...]], Relation]
) -> Relation:
    rows = build.cte("figures", inner.select)
    total = build.cte("totals", totals(within).select)
    on = sql.all_of(sql.same(exp.column(d.column, table=rows), exp.column(d.column, table=total)) for d in within)
    hidden = (PEOPLE,) if inner.has_people else ()
    select = reading_of(rows, (*inner.columns, *hidden))
    select = select.join(sql.block(total), on=on, join_type="left" if within else "cross", copy=False)
    for figure in wanted:
        share = sql.ratio(exp.column(figure, table=rows), exp.column(figure, table=total))
        select = select.select(exp.alias_(share, f"{figure}_share"), copy=False)
    return _with_figures(replace(inner, select=select), tuple(f"{f}_share" for f in wanted))


def reading_of(name: str, columns: tuple[str, ...]) -> exp.Select:
    """SELECT the columns, qualified, FROM a block."""
    return exp.select(*(exp.column(c, table=name) for c in columns)).from_(sql.block(name))


def along_time(build: Build, query: MetricQuery, relation: Relation) -> Relation:
    """Adds change, running total and moving average along the one time axis."""
    axis = relation.series
    if axis is None:
        raise QueryUnsupported(
            "change, running totals and moving averages follow a time axis", try_instead="split by one date with a grain such as month"
        )
    others = [sql.column(d.column) for d in relation.dimensions if d is not axis]
    base, added = [f for f in relation.figures if f in {m.column for m in query.metrics}], []
    inner = wrap(build, relation, "figures")
    for figure in base:
        for name, value in _along(query, figure, others, axis, relation.additive):
            inner = replace(inner, select=inner.select.select(exp.alias_(value, name)))
            added.append(name)
    return _with_figures(inner, tuple(added))


def _along(
    query: MetricQuery, figure: str, others: list[exp.Column], axis: Dimension, additive: frozenset[str]
) -> list[tuple[str, exp.Expression]]:
    def over(aggregate: exp.Expression, frame: exp.WindowSpec | None = None) -> exp.Expression:
        keys = [sql.sort_key(sql.column(axis.column), descending=False)]
        return sql.window(aggregate, partition=[o.copy() for o in others], order=keys, frame=frame)

    columns: list[tuple[str, exp.Expression]] = []
    value = sql.column(figure)
    if query.growth is not None:
        earlier = over(sql.function("LAG" if query.growth == "previous_row" else "FIRST_VALUE", value.copy()))
        change = exp.Sub(this=value.copy(), expression=earlier)
        columns += [(f"{figure}_change", change), (f"{figure}_change_rate", sql.ratio(exp.paren(change.copy()), earlier.copy()))]
    if query.running_total:
        if figure not in additive:
            raise QueryUnsupported(f"{figure} cannot be added up over time", try_instead="use a sum or a count of rows")
        columns.append((f"{figure}_running", over(sql.function("SUM", value.copy()), _rows(None))))
    if query.moving_average is not None:
        columns.append((f"{figure}_average", over(sql.function("AVG", value.copy()), _rows(query.moving_average - 1))))
    return columns


def _rows(preceding: int | None) -> exp.WindowSpec:
    start: object = "UNBOUNDED" if preceding is None else sql.number(preceding)
    return exp.WindowSpec(kind="ROWS", start=start, start_side="PRECEDING", end="CURRENT ROW")


def filtered(build: Build, conditions: tuple[MetricCondition, ...], relation: Relation) -> Relation:
    """Only rows whose figures pass the conditions."""
    inner = wrap(build, relation, "figures")
    rows = inner.select.args["from_"].this.name
    tests = []
    for condition in conditions:
        if condition.metric not in relation.figures:
            raise QueryUnsupported(
                f"there is no figure {condition.metric} in this result to test", try_instead=f"figures: {', '.join(relation.figures)}"
            )
        tests.append(sql.compare(sql.column(condition.metric), condition.op, _limit(condition, rows, inner)))
    return replace(inner, select=inner.select.where(*tests))


def _limit(condition: MetricCondition, rows: str, relation: Relation) -> exp.Expression:
    """The value to pass: given, or a multiple of the average over all rows but those of nobody."""
    if condition.relative_to is None:
        return sql.literal(condition.value)
    middle = sql.function("AVG" if condition.relative_to == "average" else "MEDIAN", sql.column(condition.metric))
    if condition.value != 1:
        middle = exp.Mul(this=sql.literal(condition.value), expression=middle)
    named = (exp.Not(this=exp.Is(this=sql.column(d.column), expression=exp.Null())) for d in relation.dimensions)
    return exp.Subquery(this=exp.select(middle).from_(sql.block(rows)).where(*named))


def without_small_groups(build: Build, relation: Relation) -> Relation:
    """Drops rows that rest on fewer customers than the asker's rights allow."""
    if not relation.has_people:
        return relation
    inner = wrap(build, relation, ALL_GROUPS)
    keys = tuple(d.column for d in relation.dimensions)
    name = keep_large_groups(build, inner.select.args["from_"].this.name, relation.columns, keys)
    return replace(relation, select=reading(name, relation.columns), has_people=False)


def _with_figures(relation: Relation, added: tuple[str, ...]) -> Relation:
    return replace(relation, figures=(*relation.figures, *added))
