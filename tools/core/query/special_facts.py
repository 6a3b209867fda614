"""Facts whose figure is not a plain aggregate of a period's rows: balances, running windows, looks at the start of a period.

All begin with the fact's rows as a block: the dimensions, the day of the row, and the columns that the aggregates need.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from tools.core.contract import DateSpan
from tools.core.errors import QueryUnsupported
from tools.core.query import sql
from tools.core.query.build import PEOPLE, Build
from tools.core.query.calendar import BEGINNING, add_months
from tools.core.query.facts import Ask, FactBlock, Fitted, Source, block_of, people_count, source_of
from tools.core.query.formula import Leaf
from tools.core.query.metric_query import Grain
from tools.core.query.predicates import until, window_condition
from tools.core.query.resolve import Dimension
from tools.core.query.sql import METRIC_TIME
from tools.core.semantics.model import CumulativeSpec, NonAdditive

_DAY = "row_day"
_KEPT = "kept_day"
_PERSON = "person"


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A block with one row per row of the fact."""

    name: str
    aggregates: dict[int, exp.Expression]
    """The leaves over the block's columns."""
    has_people: bool


def is_special(leaf: Leaf) -> bool:
    return leaf.cumulative is not None or leaf.non_additive is not None or leaf.to_grain is not None


def special_block(build: Build, leaves: Mapping[int, Fitted], ask: Ask) -> FactBlock:
    """Leaves of one fact that share the same special treatment and the same filters."""
    first = next(iter(leaves.values()))
    if first.leaf.non_additive is not None:
        return _balance(build, leaves, ask, first.leaf.non_additive)
    axes = [d for d in first.dimensions if METRIC_TIME in sql.symbols(d.expression)]
    if not axes:
        return _at_the_end(build, leaves, ask)
    if any(d.grain is Grain.HOUR for d in axes) or _grains(first.leaf) & {"hour", "minute", "second"}:
        raise QueryUnsupported(f"{first.leaf.metric} accumulates by days, not by hours", try_instead="use a grain of day or longer")
    return _along_days(build, leaves, ask, axes)


def _grains(leaf: Leaf) -> set[str | None]:
    spec = leaf.cumulative
    return {leaf.to_grain, spec.window_grain if spec else None, spec.grain_to_date if spec else None}


def _balance(build: Build, leaves: Mapping[int, Fitted], ask: Ask, spec: NonAdditive) -> FactBlock:
    """Only rows of the first or last day: of all, of each period of the split, and of each of the author's groups."""
    first = next(iter(leaves.values()))
    source = source_of(build, first.leaf, ask)
    day = source.bind(sql.symbol(spec.field))
    dates = {METRIC_TIME, spec.field, first.leaf.time}
    periods = [source.bind(d.expression) for d in first.dimensions if dates & set(sql.symbols(d.expression))]
    groups = [source.bind(sql.symbol(f)) for f in spec.per]
    kept = sql.window(sql.function(spec.choice.upper(), day.copy()), partition=[*periods, *groups])
    extra = [exp.alias_(day, _DAY), exp.alias_(kept, _KEPT)]
    rows = _rows(build, leaves, source, extra, conditions=[*_window(build, source, ask, first.leaf)])
    base = exp.Select().from_(sql.block(rows.name)).where(exp.EQ(this=sql.column(_DAY), expression=sql.column(_KEPT)))
    dimensions = tuple((d.column, sql.column(d.column)) for d in first.dimensions)
    return FactBlock(base=base, dimensions=dimensions, leaves=rows.aggregates, people=_people(rows), fact=first.leaf.fact)


def _at_the_end(build: Build, leaves: Mapping[int, Fitted], ask: Ask) -> FactBlock:
    """Without a time axis: the value on the last day of the window, or of the data."""
    leaf = next(iter(leaves.values())).leaf
    end = ask.window.end if ask.window is not None else build.scope.as_of
    bare = {i: replace(f, leaf=replace(f.leaf, cumulative=None, to_grain=None)) for i, f in leaves.items()}
    if leaf.to_grain is None and leaf.cumulative is not None and _is_all_time(leaf.cumulative):
        span = DateSpan(start=BEGINNING, end=end) if end is not None else None
        return block_of(build, bare, replace(ask, window=span))
    if end is None or leaf.shifts:
        raise QueryUnsupported(f"{leaf.metric} needs a last day to look back from", try_instead="give a window, or split by a date")
    if leaf.to_grain is not None:
        start = build.scope.calendar.period_start(end, leaf.to_grain)  # type: ignore[arg-type]
        if leaf.cumulative is not None:
            later = {i: replace(f, leaf=replace(f.leaf, to_grain=None)) for i, f in leaves.items()}
            return _at_the_end(build, later, replace(ask, window=DateSpan(start=BEGINNING, end=start)))
        return block_of(build, bare, replace(ask, window=DateSpan(start=start, end=start)))
    assert leaf.cumulative is not None
    return block_of(build, bare, replace(ask, window=DateSpan(start=_first_day(build, leaf.cumulative, end), end=end)))


def _is_all_time(spec: CumulativeSpec) -> bool:
    return spec.window_count is None and spec.grain_to_date is None


def _first_day(build: Build, spec: CumulativeSpec, end: dt.date) -> dt.date:
    """First day of a running window that ends on `end`."""
    if spec.grain_to_date is not None:
        return build.scope.calendar.period_start(end, spec.grain_to_date)  # type: ignore[arg-type]
    count, grain = spec.window_count or 0, spec.window_grain or "day"
    if grain in ("day", "week"):
        return end - dt.timedelta(days=count * (7 if grain == "week" else 1) - 1)
    return add_months(end, -count * {"month": 1, "quarter": 3, "year": 12}[grain]) + dt.timedelta(days=1)


def _along_days(build: Build, leaves: Mapping[int, Fitted], ask: Ask, axes: list[Dimension]) -> FactBlock:
    """The value of every day, then the one day's value that stands for each period of the split."""
    first = next(iter(leaves.values()))
    leaf, others = first.leaf, tuple(d for d in first.dimensions if d not in axes)
    source = Source(build=build, fact=leaf.fact, time=sql.symbol(leaf.time or ""))
    moment = source.bind(sql.symbol(METRIC_TIME))
    on_days = tuple(f for f in first.filters if METRIC_TIME in sql.symbols(f))
    off_days = replace(first, dimensions=others, filters=tuple(f for f in first.filters if f not in on_days))
    bound = [until(moment.copy(), build.scope.as_of, has_time_of_day=True)] if build.scope.as_of is not None else []
    extra = [exp.alias_(sql.cast_to(moment, "date"), _DAY)]
    kept = {i: replace(f, dimensions=others, filters=off_days.filters) for i, f in leaves.items()}
    rows = _rows(build, kept, source, extra, conditions=bound)
    if leaf.cumulative is not None:
        rows = _summed_by_day(build, rows, others, leaf)
    figures = {i: f"figure_{i}" for i in rows.aggregates}
    if rows.has_people:
        figures[-1] = PEOPLE
    daily = build.cte(f"{leaf.fact}_by_day", _by_day(build, rows, figures, others, leaf, ask))
    if leaf.to_grain is not None:
        daily = build.cte(f"{leaf.fact}_at_start", _at_start(build, daily, figures, others, leaf.to_grain, axes, ask))
    return _per_period(build, daily, figures, first, on_days, ask)


def _by_day(build: Build, rows: Rows, figures: dict[int, str], others: tuple[Dimension, ...], leaf: Leaf, ask: Ask) -> exp.Select:
    """One row per day and group: the figure accumulated up to that day, or of that day alone."""
    held = [exp.column(d.column, table=rows.name) for d in others]
    values = [exp.alias_(e, figures[i]) for i, e in rows.aggregates.items()]
    if rows.has_people:
        values.append(exp.alias_(exp.Count(this=exp.Distinct(expressions=[exp.column(_PERSON, table=rows.name)]), big_int=True), PEOPLE))
    row_day = exp.column(_DAY, table=rows.name)
    if leaf.cumulative is None:
        select = exp.select(exp.alias_(row_day, "day"), *held, *values).from_(sql.block(rows.name))
    else:
        days = build.cte("days", _days(build, rows.name, leaf, ask))
        day = exp.column("day", table=days)
        on = [exp.LTE(this=row_day, expression=day), *_within(leaf.cumulative, row_day, day)]
        select = exp.select(day.copy(), *held, *values).from_(sql.block(days))
        select = select.join(sql.block(rows.name), on=sql.all_of(on), join_type="inner")
    return select.group_by(*(sql.number(i) for i in range(1, len(held) + 2)))


def _summed_by_day(build: Build, rows: Rows, others: tuple[Dimension, ...], leaf: Leaf) -> Rows:
    """Sums and counts need one row per day only, which keeps joining days to rows small."""
    additive = all(_adds_up(e) for e in rows.aggregates.values())
    if not additive or rows.has_people:
        return rows
    keys = [sql.column(c) for c in (_DAY, *(d.column for d in others))]
    sums = [exp.alias_(e, f"sum_{i}") for i, e in rows.aggregates.items()]
    select = exp.select(*keys, *sums).from_(sql.block(rows.name)).group_by(*(sql.number(i + 1) for i in range(len(keys))))
    name = build.cte(f"{leaf.fact}_daily", select)
    return Rows(name=name, aggregates={i: sql.function("SUM", sql.column(f"sum_{i}")) for i in rows.aggregates}, has_people=False)


def _adds_up(aggregate: exp.Expression) -> bool:
    return isinstance(aggregate, (exp.Sum, exp.Count)) and not isinstance(aggregate.this, exp.Distinct)


def _within(spec: CumulativeSpec, row_day: exp.Expression, day: exp.Expression) -> list[exp.Expression]:
    if spec.grain_to_date is not None:
        start = sql.truncate(day.copy(), Grain(spec.grain_to_date))
        return [exp.GTE(this=row_day.copy(), expression=start)]
    if spec.window_count is not None:
        return [exp.GT(this=row_day.copy(), expression=sql.shift(day.copy(), -spec.window_count, spec.window_grain or "day"))]
    return []


def _at_start(
    build: Build, daily: str, figures: dict[int, str], others: tuple[Dimension, ...], grain: str, axes: list[Dimension], ask: Ask
) -> exp.Select:
    """Every day with the figure of the first day of its grain; for longer periods only their first days."""
    days = build.cte("days", _days(build, daily, None, ask))
    day = exp.column("day", table=days)
    columns = [exp.column(c, table=daily) for c in (*(d.column for d in others), *figures.values())]
    select = exp.select(day, *columns).from_(sql.block(days))
    start = sql.truncate(day.copy(), Grain(grain), sunday_weeks=build.scope.sunday_weeks)
    on = exp.EQ(this=exp.column("day", table=daily), expression=start)
    select = select.join(sql.block(daily), on=on, join_type="inner")
    grains = [d.grain for d in axes if d.grain is not None]
    if Grain.DAY in grains or any(g.is_cyclic for g in grains):
        return select
    starts = [exp.EQ(this=sql.truncate(day.copy(), g, sunday_weeks=build.scope.sunday_weeks), expression=day.copy()) for g in grains]
    return select.where(exp.or_(*starts))


def _per_period(
    build: Build, daily: str, figures: dict[int, str], fitted: Fitted, on_days: tuple[exp.Expression, ...], ask: Ask
) -> FactBlock:
    leaf = fitted.leaf
    shifted: exp.Expression = exp.column("day", table=daily)
    for count, grain in leaf.shifts:
        shifted = sql.shift(shifted, count, grain)

    def bind(expression: exp.Expression) -> exp.Expression:
        return sql.replace_columns(expression, lambda c: shifted.copy() if f"{c.table}.{c.name}" == METRIC_TIME else c)

    tests = [bind(f) for f in on_days]
    if ask.window is not None:
        within = window_condition(shifted, ask.window, has_time_of_day=bool(leaf.shifts))
        tests += [within] if within is not None else []
    elif build.scope.as_of is not None:
        tests.append(until(shifted.copy(), build.scope.as_of, has_time_of_day=bool(leaf.shifts)))
    base = exp.Select().from_(sql.block(daily))
    where = sql.all_of(tests)
    base = base.where(where) if where is not None else base
    dimensions = tuple(
        (d.column, bind(d.expression) if METRIC_TIME in sql.symbols(d.expression) else exp.column(d.column, table=daily))
        for d in fitted.dimensions
    )
    pick = {i: _pick(leaf, exp.column(name, table=daily), exp.column("day", table=daily)) for i, name in figures.items() if i >= 0}
    people = (sql.function("MAX", exp.column(PEOPLE, table=daily)),) if -1 in figures else ()
    return FactBlock(base=base, dimensions=dimensions, leaves=pick, people=people, fact=leaf.fact)


def _pick(leaf: Leaf, figure: exp.Expression, day: exp.Expression) -> exp.Expression:
    """The figure of the day that stands for the period."""
    if leaf.cumulative is None:
        additive = isinstance(leaf.aggregate, (exp.Sum, exp.Count)) and leaf.to_grain is None
        return sql.function("SUM", figure) if additive else sql.function("ARG_MIN", figure, day)
    how = leaf.cumulative.period_value
    if how == "average":
        return sql.function("AVG", figure)
    return sql.function("ARG_MAX" if how == "last" else "ARG_MIN", figure, day)


def _rows(
    build: Build, leaves: Mapping[int, Fitted], source: Source, extra: list[exp.Expression], *, conditions: list[exp.Expression]
) -> Rows:
    """The fact's rows that pass all filters, with the columns that the aggregates need."""
    first = next(iter(leaves.values()))
    columns: dict[str, str] = {}
    aggregates: dict[int, exp.Expression] = {}
    for index, fitted in leaves.items():
        for symbol in sql.symbols(fitted.leaf.aggregate):
            if not symbol.endswith(".*"):
                columns.setdefault(symbol, f"value_{len(columns) + 1}")
        aggregates[index] = sql.replace_columns(fitted.leaf.aggregate, lambda c: _renamed(c, columns))
    outputs = [exp.alias_(source.bind(d.expression), d.column) for d in first.dimensions]
    outputs += [exp.alias_(source.bind(sql.symbol(s)), name) for s, name in columns.items()]
    people = people_count(source)
    if people is not None:
        outputs.append(exp.alias_(people.this.expressions[0].copy(), _PERSON))
    tests = [*conditions, *(source.bind(f) for f in (*first.filters, *first.leaf.filters))]
    name = build.cte(f"{first.leaf.fact}_rows", source.select(tests).select(*outputs, *extra))
    return Rows(name=name, aggregates=aggregates, has_people=people is not None)


def _renamed(column: exp.Column, columns: dict[str, str]) -> exp.Expression:
    return exp.Star() if isinstance(column.this, exp.Star) else exp.column(columns[f"{column.table}.{column.name}"])


def _window(build: Build, source: Source, ask: Ask, leaf: Leaf) -> list[exp.Expression]:
    if source.time is None:
        return []
    moment = source.bind(source.time)
    has_time = leaf.time is not None and build.scope.is_moment(leaf.time)
    if ask.window is not None:
        within = window_condition(moment, ask.window, has_time_of_day=has_time)
        return [within] if within is not None else []
    return [until(moment, build.scope.as_of, has_time_of_day=has_time)] if build.scope.as_of is not None else []


def _people(rows: Rows) -> tuple[exp.Expression, ...]:
    return (exp.Count(this=exp.Distinct(expressions=[sql.column(_PERSON)]), big_int=True),) if rows.has_people else ()


def _days(build: Build, rows: str, leaf: Leaf | None, ask: Ask) -> exp.Select:
    """One row per day on which a value may be asked for: the model's calendar table, or from the first fact to the last day."""
    spine = build.scope.model.settings.time_spine
    end = ask.window.end if ask.window is not None else build.scope.as_of
    if spine is not None:
        table, _, column = spine.rpartition(".")
        select = exp.select(exp.alias_(sql.cast_to(sql.column(column), "date"), "day")).from_(exp.to_table(table, dialect="duckdb"))
        return select.where(until(sql.column(column), end, has_time_of_day=True)) if end is not None else select
    column = _DAY if leaf is not None else "day"
    last = sql.literal(end) if end is not None else sql.function("MAX", sql.column(column))
    series = sql.function("GENERATE_SERIES", sql.function("MIN", sql.column(column)), last, sql.interval(1, "day"))
    return exp.select(exp.alias_(sql.cast_to(sql.function("UNNEST", series), "date"), "day")).from_(sql.block(rows))
