"""One fact at its own grain: which tables it needs, its conditions, its groups and its aggregates.

Joins run along many-to-one routes only and are LEFT joins, so every row of the fact counts exactly once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from sqlglot import exp

from tools.core.contract import DateSpan
from tools.core.errors import QueryUnsupported
from tools.core.query import sql
from tools.core.query.build import Build
from tools.core.query.formula import Leaf
from tools.core.query.predicates import until, window_condition
from tools.core.query.resolve import Dimension, Scope
from tools.core.query.sql import METRIC_TIME
from tools.core.semantics.model import Relationship


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What all figures of one block share."""

    dimensions: tuple[Dimension, ...] = ()
    filters: tuple[exp.Expression, ...] = ()
    """Symbolic conditions, those on entities included."""
    window: DateSpan | None = None
    time_field: str | None = None
    """Which date the window applies to, when not the metric's own."""
    reaching: tuple[exp.Expression, ...] = ()
    """What the facts must reach although the result is not split by it: a total of the same facts as its parts."""


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A leaf that its fact can answer, with the dates replaced that are the fact's own."""

    leaf: Leaf
    dimensions: tuple[Dimension, ...]
    filters: tuple[exp.Expression, ...]


@dataclass(kw_only=True)
class Source:
    """FROM and JOINs of one fact; tables are joined when a column of theirs is first bound."""

    build: Build
    fact: str
    time: exp.Expression | None = None
    """Symbolic expression behind `metric.time`."""
    joins: dict[str, exp.Expression] = field(default_factory=dict)
    """Dataset or lookup -> ON condition, in the order needed."""

    def bind(self, expression: exp.Expression) -> exp.Expression:
        """The expression over real columns; joins what it needs."""
        return sql.replace_columns(expression, self._column)

    def select(self, conditions: Iterable[exp.Expression]) -> exp.Select:
        """SELECT nothing yet, FROM the fact with its joins, WHERE the (bound) conditions."""
        built = exp.Select().from_(self._table(self.fact))
        for name, condition in self.joins.items():
            sql.left_join(built, self._table(name), condition.copy())
        where = sql.all_of(conditions)
        return built.where(where, copy=False) if where is not None else built

    def _column(self, column: exp.Column) -> exp.Expression:
        if not column.table:
            return column
        if f"{column.table}.{column.name}" == METRIC_TIME:
            if self.time is None:
                raise _no_date(self.build.scope, self.fact)
            return self.bind(self.time)
        if column.table in self.build.lookups:
            return self._looked_up(column)
        if isinstance(column.this, exp.Star):
            return exp.Star()
        return self._field(column.table, column.name)

    def _field(self, dataset: str, name: str) -> exp.Expression:
        path = self.build.scope.graph.path(self.fact, dataset)
        if path is None:
            raise _unreachable(self.build.scope, self.fact, f"{dataset}.{name}")
        declared = self.build.scope.model.datasets[dataset].fields.get(name)
        expression = sql.parse(declared.expression) if declared else exp.column(name)
        if path and isinstance(expression, exp.Column) and expression.name in path[-1].to_columns:
            last = path[-1]
            return self._field(last.from_dataset, last.from_columns[last.to_columns.index(expression.name)])
        if path:
            self._join(path[-1])
        located = sql.replace_columns(expression, lambda c: c if c.table else exp.column(c.this.copy(), table=dataset))
        return exp.paren(located) if isinstance(located, (exp.Binary, exp.Not)) else located

    def _join(self, step: Relationship) -> None:
        """Join a dataset; what lies between it and the fact is joined only if the key must be read from there."""
        if step.to_dataset in self.joins:
            return
        pairs = [
            exp.EQ(this=self._field(step.from_dataset, a), expression=exp.column(b, table=step.to_dataset))
            for a, b in zip(step.from_columns, step.to_columns, strict=True)
        ]
        condition = sql.all_of(pairs)
        assert condition is not None
        self.joins[step.to_dataset] = condition

    def _looked_up(self, column: exp.Column) -> exp.Expression:
        lookup = self.build.lookups[column.table]
        if column.table not in self.joins:
            key = self.bind(sql.symbol(lookup.entity_key))
            self.joins[column.table] = exp.EQ(this=key, expression=exp.column("entity_key", table=column.table))
        return exp.column(column.name, table=column.table)

    def _table(self, name: str) -> exp.Expression:
        if name in self.build.lookups:
            return sql.block(name)
        source = self.build.scope.model.datasets[name].source
        if " " in source.strip():
            return exp.Subquery(this=sql.parse(source), alias=exp.TableAlias(this=exp.to_identifier(name)))
        table = exp.to_table(source, dialect="duckdb")
        return table if table.name == name else exp.alias_(table, name, table=True)


@dataclass(kw_only=True)
class FactBlock:
    """Aggregates of one fact, ready to be written as one SELECT."""

    base: exp.Select
    dimensions: tuple[tuple[str, exp.Expression], ...]
    leaves: dict[int, exp.Expression]
    people: tuple[exp.Expression, ...] = ()
    """Counts of distinct customers behind the leaves."""
    fact: str = ""

    def grouped(self, outputs: Iterable[tuple[exp.Expression, str]]) -> exp.Select:
        """The block as a SELECT of its dimensions and the given outputs, one row per group."""
        columns = [exp.alias_(e.copy(), name) for name, e in self.dimensions]
        figures = [exp.alias_(e, name) for e, name in outputs]
        built = self.base.select(*columns, *figures)
        if self.dimensions:
            built = built.group_by(*(sql.number(i) for i in range(1, len(self.dimensions) + 1)), copy=False)
        return built


def fit(build: Build, leaf: Leaf, ask: Ask, natural_dates: frozenset[str]) -> Fitted:
    """Check that the leaf's fact reaches all that is asked, or count its entity through a fact that does.

    Args:
        natural_dates: Date fields that another leaf of the query reaches, so that this one may use its own date in their place.
    """
    if leaf.time is not None and (leaf.shifts or leaf.to_grain or leaf.cumulative):
        ask = _on_metric_time(ask, (leaf.time,))
    wanted = _fields_asked(build, leaf, ask)
    needs_time = ask.window is not None or METRIC_TIME in wanted or any(f in natural_dates for f in wanted)
    if _answers(build.scope, leaf.fact, wanted) and (leaf.time is not None or not needs_time):
        return Fitted(leaf=leaf, dimensions=ask.dimensions, filters=ask.filters)
    counted = leaf.counted_key(build.scope)
    if counted is not None:
        through = _counted_through(build, leaf, counted, wanted, needs_time=needs_time)
        if through is not None:
            return Fitted(leaf=through, dimensions=ask.dimensions, filters=ask.filters)
    missing = [f for f in wanted if not _answers(build.scope, leaf.fact, (f,))]
    if leaf.time is not None and missing and all(f in natural_dates for f in missing):
        return _by_own_date(build, leaf, ask, missing)
    if missing:
        raise _unreachable(build.scope, leaf.fact, missing[0], leaf.metric)
    raise _no_date(build.scope, leaf.fact, leaf.metric)


def source_of(build: Build, leaf: Leaf, ask: Ask) -> Source:
    """The fact of a leaf, dated by the query's time field or the leaf's own, shifted as the leaf asks."""
    dated = ask.time_field if ask.time_field and _answers(build.scope, leaf.fact, (ask.time_field,)) else leaf.time
    time: exp.Expression | None = sql.symbol(dated) if dated else None
    for count, grain in leaf.shifts if time is not None else ():
        time = sql.shift(time, count, grain)
    return Source(build=build, fact=leaf.fact, time=time)


def block_of(build: Build, leaves: Mapping[int, Fitted], ask: Ask) -> FactBlock:
    """One pass over one fact for leaves that share it.

    Conditions that all leaves share go to WHERE; those of single leaves become FILTER clauses.
    """
    first = next(iter(leaves.values()))
    source = source_of(build, first.leaf, ask)
    shared = [f for f in first.leaf.filters if all(f in other.leaf.filters for other in leaves.values())]
    aggregates: dict[int, exp.Expression] = {}
    people: dict[str, exp.Expression] = {}
    for index, fitted in leaves.items():
        own = sql.all_of([source.bind(f) for f in fitted.leaf.filters if f not in shared])
        aggregates[index] = _only(source.bind(fitted.leaf.aggregate), own)
        counted = people_count(source)
        if counted is not None:
            limited = _only(counted, own)
            people[limited.sql("duckdb")] = limited
    dimensions = tuple((d.column, source.bind(d.expression)) for d in first.dimensions)
    conditions = [source.bind(f) for f in (*first.filters, *shared)]
    dated = _dated(source, ask, build.scope, first.leaf)
    base = source.select([*([dated] if dated is not None else []), *conditions])
    if source.joins and not any(name in build.lookups for name in source.joins):
        build.joined[first.leaf.fact] = source.select(())
    return FactBlock(base=base, dimensions=dimensions, leaves=aggregates, people=tuple(people.values()), fact=first.leaf.fact)


def people_count(source: Source) -> exp.Expression | None:
    """COUNT(DISTINCT customer) over the fact, when the asker's rights need it and the fact knows its customers."""
    scope = source.build.scope
    customer = scope.model.settings.customer
    if not scope.min_people or customer is None or scope.graph.path(source.fact, customer) is None:
        return None
    key = source.bind(sql.symbol(scope.key(customer)))
    return exp.Count(this=exp.Distinct(expressions=[key]), big_int=True)


def _dated(source: Source, ask: Ask, scope: Scope, leaf: Leaf) -> exp.Expression | None:
    """The window as a condition; without one, everything up to the as-of day."""
    if source.time is None:
        return None
    moment = source.bind(source.time)
    dated = ask.time_field if ask.time_field and source.time == sql.symbol(ask.time_field) else leaf.time
    has_time = dated is not None and (scope.is_moment(dated) or bool(leaf.shifts))
    if ask.window is None:
        return until(moment, scope.as_of, has_time_of_day=has_time) if scope.as_of is not None else None
    condition = window_condition(moment, ask.window, has_time_of_day=has_time)
    if condition is not None and scope.as_of is not None and ask.window.end > scope.as_of:
        condition = exp.and_(condition, until(moment.copy(), scope.as_of, has_time_of_day=has_time))
    return condition


def _only(aggregate: exp.Expression, condition: exp.Expression | None) -> exp.Expression:
    """The aggregate over the rows that pass the condition."""
    if condition is None:
        return aggregate
    if isinstance(aggregate, exp.Filter):
        both = exp.and_(aggregate.expression.this.copy(), condition)
        return exp.Filter(this=aggregate.this.copy(), expression=exp.Where(this=both))
    return exp.Filter(this=aggregate, expression=exp.Where(this=condition))


def _fields_asked(build: Build, leaf: Leaf, ask: Ask) -> tuple[str, ...]:
    """Every field that the leaf's fact must reach; lookups stand for their entity's key."""
    expressions = [*leaf.filters, *ask.filters, *ask.reaching, *(d.expression for d in ask.dimensions)]
    found = [s for e in expressions for s in sql.symbols(e) if not s.startswith(".")]
    if ask.time_field is not None and ask.window is not None:
        found.append(ask.time_field)
    keys = [build.lookups[s.split(".")[0]].entity_key if s.split(".")[0] in build.lookups else s for s in found]
    return tuple(dict.fromkeys(keys))


def _answers(scope: Scope, fact: str, field_ids: Iterable[str]) -> bool:
    return scope.graph.reaches_all(fact, {f.split(".")[0] for f in field_ids if f != METRIC_TIME})


def _counted_through(build: Build, leaf: Leaf, counted: str, wanted: tuple[str, ...], *, needs_time: bool) -> Leaf | None:
    """A count of entities as COUNT(DISTINCT their key) over a fact that knows all that is asked.

    Raises:
        QueryUnsupported: Several facts could be meant and the model does not choose.
    """
    scope = build.scope
    entity = scope.dataset(leaf.fact)
    metric = scope.model.metrics.get(leaf.metric)
    preferred = metric.counted_through if metric else ()
    targets = {leaf.fact, *(f.split(".")[0] for f in wanted if f != METRIC_TIME)}
    facts = [f for f in scope.graph.facts_reaching(targets) if f != leaf.fact and (scope.time_of(f) is not None or not needs_time)]
    chosen = next((f for f in preferred if f in facts), facts[0] if len(facts) == 1 else None)
    if chosen is None:
        if facts and not preferred:
            ways = " or ".join(scope.dataset(f).plural for f in facts)
            raise QueryUnsupported(
                f"it is not clear which {entity.plural} count here: those with {ways}",
                try_instead=f"name the fact under `counted_through` of the metric {leaf.metric}, or ask for one of its own metrics",
            )
        return None
    what = metric.label if metric and not counted.endswith(f".{(entity.primary_key or ('',))[0]}") else entity.plural
    build.note(f"{what} counted through their {scope.dataset(chosen).plural}")
    distinct = exp.Count(this=exp.Distinct(expressions=[sql.symbol(counted)]), big_int=True)
    return replace(leaf, aggregate=distinct, fact=chosen, time=scope.time_of(chosen))


def _by_own_date(build: Build, leaf: Leaf, ask: Ask, dates: list[str]) -> Fitted:
    """Split or filter this leaf by its own date where the query names another fact's."""
    dataset, _, name = (leaf.time or "").partition(".")
    declared = build.scope.model.datasets[dataset].fields.get(name)
    build.note(f"{build.scope.metric(leaf.metric).label} follow their own date, {declared.label if declared else leaf.time}")

    own = _on_metric_time(ask, dates)
    filters = tuple(_as_metric_time(f, dates) for f in leaf.filters)
    return Fitted(leaf=replace(leaf, filters=filters), dimensions=own.dimensions, filters=own.filters)


def _on_metric_time(ask: Ask, dates: Iterable[str]) -> Ask:
    """The same split and filters, with the given date fields read as each metric's own date."""
    held = tuple(dates)
    return replace(
        ask,
        dimensions=tuple(replace(d, expression=_as_metric_time(d.expression, held)) for d in ask.dimensions),
        filters=tuple(_as_metric_time(f, held) for f in ask.filters),
        reaching=tuple(_as_metric_time(e, held) for e in ask.reaching),
    )


def _as_metric_time(expression: exp.Expression, dates: Iterable[str]) -> exp.Expression:
    held = set(dates)
    return sql.replace_columns(expression, lambda c: sql.symbol(METRIC_TIME) if f"{c.table}.{c.name}" in held else c)


def natural_dates(build: Build, leaves: Iterable[Leaf], ask: Ask) -> frozenset[str]:
    """Date fields asked for that at least one leaf's fact reaches: the others may use their own date instead."""
    held = list(leaves)
    expressions = (*ask.filters, *ask.reaching, *(d.expression for d in ask.dimensions))
    asked = {s for e in expressions for s in sql.symbols(e) if not s.startswith(".")}
    if ask.time_field is not None:
        asked.add(ask.time_field)
    dated = {t for d in build.scope.model.datasets if (t := build.scope.time_of(d))}
    dated |= {m.time_field for m in build.scope.model.metrics.values() if m.time_field}
    return frozenset(f for f in asked & dated if any(_answers(build.scope, leaf.fact, (f,)) for leaf in held))


def _unreachable(scope: Scope, fact: str, field_id: str, metric: str = "") -> QueryUnsupported:
    dataset, _, name = field_id.partition(".")
    what = scope.model.metrics[metric].label if metric in scope.model.metrics else scope.dataset(fact).plural
    works = [m for m in scope.model.metrics.values() if _metric_reaches(scope, m.expression, dataset)][:5]
    reachable = ", ".join(sorted(scope.graph.reachable(fact)))
    instead = f"metrics that can: {', '.join(m.name for m in works)}" if works else f"split or filter by fields of: {reachable}"
    held = scope.dataset(dataset)
    label = held.fields[name].label if name in held.fields else name
    field = label if held.label in label else f"{label} of {held.plural}"
    can = f"; {' and '.join(m.label for m in works[:2])} can" if works else ""
    return QueryUnsupported(
        f"{what} cannot be split or filtered by {field}, because {scope.dataset(fact).plural} and {held.plural} are recorded apart{can}",
        try_instead=f"{field_id} is out of reach of {fact}, which reaches {reachable}; {instead}",
    )


def _metric_reaches(scope: Scope, expression: str, dataset: str) -> bool:
    used = {c.table for c in sql.parse(expression).find_all(exp.Column)}
    return bool(used) and used <= set(scope.model.datasets) and all(scope.graph.reaches_all(u, {dataset}) for u in used)


def _no_date(scope: Scope, fact: str, metric: str = "") -> QueryUnsupported:
    what = scope.model.metrics[metric].label if metric in scope.model.metrics else scope.dataset(fact).plural
    dated = ", ".join(d for d in scope.model.datasets if scope.time_of(d)) or "none"
    return QueryUnsupported(
        f"{what} has no date, so it cannot follow a window or a trend",
        try_instead=f"ask without dates, or for a metric of a dated fact: {dated}",
    )
