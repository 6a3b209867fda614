"""Dimensions without figures: which combinations of values exist."""

from __future__ import annotations

from sqlglot import exp

from tools.core.errors import QueryUnsupported
from tools.core.query import sql
from tools.core.query.build import PEOPLE, Build, Relation
from tools.core.query.decorate import without_small_groups
from tools.core.query.facts import Ask, Source, people_count
from tools.core.query.predicates import until, window_condition
from tools.core.query.sql import METRIC_TIME


def distinct_values(build: Build, ask: Ask) -> Relation:
    """One row per combination of values that occurs.

    The combinations are those of the dataset that reaches all fields asked for.
    """
    used = {s for e in (*ask.filters, *(d.expression for d in ask.dimensions)) for s in sql.symbols(e) if not s.startswith(".")}
    if used == {METRIC_TIME} and build.scope.model.settings.time_spine is not None:
        return _calendar_periods(build, ask, build.scope.model.settings.time_spine)
    base = _base(build, {s.split(".")[0] for s in used if s != METRIC_TIME}, dated=ask.window is not None or METRIC_TIME in used)
    dated = ask.time_field or build.scope.time_of(base)
    source = Source(build=build, fact=base, time=sql.symbol(dated) if dated else None)
    columns = [exp.alias_(source.bind(d.expression), d.column) for d in ask.dimensions]
    tests = [source.bind(f) for f in ask.filters]
    if ask.window is not None and dated is not None:
        within = window_condition(source.bind(sql.symbol(dated)), ask.window, has_time_of_day=build.scope.is_moment(dated))
        tests += [within] if within is not None else []
    people = people_count(source)
    if people is None:
        select = source.select(tests).select(*columns).distinct()
        return Relation(select=select, dimensions=ask.dimensions, figures=())
    select = source.select(tests).select(*columns, exp.alias_(people, PEOPLE))
    select = select.group_by(*(sql.number(i) for i in range(1, len(columns) + 1)))
    return without_small_groups(build, Relation(select=select, dimensions=ask.dimensions, figures=(), has_people=True))


def _calendar_periods(build: Build, ask: Ask, spine: str) -> Relation:
    """Dates of no fact in particular: those of the model's calendar table."""
    table, _, column = spine.rpartition(".")
    day = sql.column(column)

    def bind(expression: exp.Expression) -> exp.Expression:
        return sql.replace_columns(expression, lambda _: day.copy())

    tests = [bind(f) for f in ask.filters]
    if ask.window is not None:
        within = window_condition(day, ask.window, has_time_of_day=True)
        tests += [within] if within is not None else []
    elif build.scope.as_of is not None:
        tests.append(until(day.copy(), build.scope.as_of, has_time_of_day=True))
    columns = [exp.alias_(bind(d.expression), d.column) for d in ask.dimensions]
    select = exp.select(*columns).distinct().from_(exp.to_table(table, dialect="duckdb"))
    return Relation(select=select.where(*tests) if tests else select, dimensions=ask.dimensions, figures=())


def _base(build: Build, datasets: set[str], *, dated: bool) -> str:
    scope = build.scope
    reaching = [d for d in scope.graph.facts_reaching(datasets) if scope.time_of(d) is not None or not dated]
    own = [d for d in reaching if d in datasets]
    if own or len(reaching) == 1:
        return (own or reaching)[0]
    chosen = next((f for f in _counted_through(build, datasets) if f in reaching), None)
    if chosen is not None:
        return chosen
    raise QueryUnsupported(
        f"values of {' and '.join(sorted(datasets)) or 'no field'} meet in {', '.join(reaching) or 'no dataset'}",
        try_instead="add a metric, which says which facts are meant",
    )


def _counted_through(build: Build, datasets: set[str]) -> tuple[str, ...]:
    """The facts through which the model counts one of these entities: its choice of what makes them occur."""
    found: dict[str, None] = {}
    for metric in build.scope.model.metrics.values():
        used = {c.table for c in sql.parse(metric.expression).find_all(exp.Column)}
        if metric.counted_through and used <= datasets:
            found.update(dict.fromkeys(metric.counted_through))
    return tuple(found)
