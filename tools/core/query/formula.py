"""A metric taken apart: a scalar formula over leaves, each leaf one aggregate of one fact.

Leaves are what gets computed in the database, each at the grain of its own fact, so no join can multiply a fact's rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import cast

from sqlglot import exp

from tools.core.errors import QueryUnsupported
from tools.core.query import sql
from tools.core.query.resolve import Scope
from tools.core.semantics.model import CumulativeSpec, Metric, MetricInput, NonAdditive

LEAF = "leaf"
"""Pseudo table of the columns that stand for leaves in a formula."""


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """One aggregate over the rows of one fact."""

    aggregate: exp.Expression
    """Symbolic: `SUM(basket_lines.sales_value)`."""
    fact: str
    time: str | None
    """Field id of the date that windows and trends use."""
    filters: tuple[exp.Expression, ...] = ()
    """Symbolic conditions of this leaf alone."""
    shifts: tuple[tuple[int, str], ...] = ()
    """Look this many grains back, one after the other."""
    to_grain: str | None = None
    """Value at the first period of this grain."""
    cumulative: CumulativeSpec | None = None
    non_additive: NonAdditive | None = None
    fill: float | None = None
    metric: str = ""
    """Metric that it was taken from, for messages."""

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for leaves that compute the same."""
        return (*self.source_key, self.aggregate.sql("duckdb"), tuple(f.sql("duckdb") for f in self.filters), self.fill)

    @property
    def source_key(self) -> tuple[object, ...]:
        """Equal for leaves that may share one pass over the fact."""
        return (self.fact, self.time, self.shifts, self.to_grain, self.cumulative, self.non_additive)

    @property
    def is_count(self) -> bool:
        return isinstance(self.aggregate, exp.Count)

    @property
    def is_additive(self) -> bool:
        """Whether figures of parts add up to the figure of the whole."""
        plain = isinstance(self.aggregate, exp.Sum) or (self.is_count and not isinstance(self.aggregate.this, exp.Distinct))
        special = self.cumulative is not None or self.non_additive is not None or self.to_grain is not None
        return plain and not special and not isinstance(self.aggregate.this, exp.Distinct)

    def counted_key(self, scope: Scope) -> str | None:
        """What a count of rows or of distinct values counts, so that it can be counted through another fact: a field id."""
        if not self.is_count or self.cumulative is not None or self.non_additive is not None:
            return None
        counted, distinct = self.aggregate.this, isinstance(self.aggregate.this, exp.Distinct)
        if distinct:
            counted = counted.expressions[0] if len(counted.expressions) == 1 else None
        if isinstance(counted, exp.Star) or (isinstance(counted, exp.Column) and isinstance(counted.this, exp.Star)):
            return scope.key(self.fact)
        if not isinstance(counted, exp.Column):
            return None
        field_id = f"{counted.table}.{counted.name}"
        return field_id if distinct or scope.key_reads(field_id) else None


@dataclass(kw_only=True)
class Formulas:
    """The metrics of one query, taken apart; equal leaves are computed once."""

    scope: Scope
    leaves: list[Leaf] = field(default_factory=list)

    def of(self, metric: Metric, *, filters: tuple[exp.Expression, ...] = (), shifts: tuple[tuple[int, str], ...] = ()) -> exp.Expression:
        """Formula of a metric over columns `leaf.<index>`."""
        return self._expand(metric, Leaf(aggregate=exp.Null(), fact="", time=None, filters=filters, shifts=shifts, metric=metric.name), ())

    def _expand(self, metric: Metric, context: Leaf, above: tuple[str, ...]) -> exp.Expression:
        if metric.name in above:
            raise QueryUnsupported(f"the metric {metric.name} is defined by itself", try_instead="correct its inputs in the semantic model")
        own = (_author_condition(metric.filter),) if metric.filter else ()
        context = replace(context, filters=(*context.filters, *own))
        formula = self._derived(metric, context, (*above, metric.name)) if metric.inputs else self._simple(metric, context)
        if metric.fill_nulls_with is not None:
            formula = sql.coalesce(formula, sql.literal(metric.fill_nulls_with))
        return formula

    def _derived(self, metric: Metric, context: Leaf, above: tuple[str, ...]) -> exp.Expression:
        if metric.cumulative is not None:
            raise QueryUnsupported(
                f"the metric {metric.name} accumulates other metrics", try_instead="declare it cumulative on an aggregate expression"
            )
        parts = {i.alias: self._expand(self.scope.metric(i.metric), _inherit(context, i), above) for i in metric.inputs}

        def put(column: exp.Column) -> exp.Expression:
            if column.name not in parts:
                raise QueryUnsupported(
                    f"the metric {metric.name} uses {column.name}, which is none of its inputs",
                    try_instead=f"inputs are: {', '.join(parts)}",
                )
            return exp.paren(parts[column.name].copy()) if isinstance(parts[column.name], exp.Binary) else parts[column.name].copy()

        return _safe_division(sql.replace_columns(sql.parse(metric.expression), put))

    def _simple(self, metric: Metric, context: Leaf) -> exp.Expression:
        found = False

        def visit(node: exp.Expression) -> exp.Expression:
            nonlocal found
            if _is_aggregate(node):
                found = True
                return self._leaf(metric, node, context)
            return node

        formula = _safe_division(cast(exp.Expression, _transform_outermost(sql.parse(metric.expression), visit)))
        if not found:
            raise QueryUnsupported(
                f"the metric {metric.name} adds nothing up", try_instead="its expression needs an aggregate such as SUM or COUNT"
            )
        return formula

    def _leaf(self, metric: Metric, aggregate: exp.Expression, context: Leaf) -> exp.Expression:
        fact = self._fact(metric, aggregate)
        for symbol in sql.symbols(aggregate):
            self.scope.check_symbol(symbol)
        leaf = replace(
            context,
            aggregate=_simplest(self.scope, fact, aggregate),
            fact=fact,
            time=metric.time_field or self.scope.time_of(fact),
            cumulative=metric.cumulative,
            non_additive=metric.non_additive,
            metric=metric.name,
        )
        for index, known in enumerate(self.leaves):
            if known.key == leaf.key:
                return exp.column(str(index), table=LEAF)
        self.leaves.append(leaf)
        return exp.column(str(len(self.leaves) - 1), table=LEAF)

    def _fact(self, metric: Metric, aggregate: exp.Expression) -> str:
        """The dataset at whose grain the aggregate counts: the one that reaches all the others it uses."""
        used: list[str] = list(dict.fromkeys(c.table for c in aggregate.find_all(exp.Column)))
        for name in used:
            self.scope.dataset(name)
        finest = [d for d in used if self.scope.graph.reaches_all(d, used)]
        if not finest:
            raise QueryUnsupported(
                f"the metric {metric.name} mixes {' and '.join(used) or 'no dataset'} in one aggregate, and neither has the other's rows",
                try_instead="write it over dataset.field, one aggregate per fact",
            )
        return finest[0]


def leaf_indexes(formula: exp.Expression) -> tuple[int, ...]:
    """Which leaves a formula uses, in order."""
    return tuple(dict.fromkeys(int(c.name) for c in formula.find_all(exp.Column) if c.table == LEAF))


def put_leaves(formula: exp.Expression, values: dict[int, exp.Expression]) -> exp.Expression:
    """The formula with each leaf replaced by what computes it."""

    def put(column: exp.Column) -> exp.Expression:
        return values[int(column.name)].copy() if column.table == LEAF else column

    return sql.replace_columns(formula, put)


def is_single_leaf(formula: exp.Expression) -> bool:
    return isinstance(formula, exp.Column) and formula.table == LEAF


def _inherit(context: Leaf, given: MetricInput) -> Leaf:
    filters, shifts = context.filters, context.shifts
    if given.filter:
        filters = (*filters, _author_condition(given.filter))
    if given.offset_count is not None and given.offset_grain is not None:
        shifts = (*shifts, (given.offset_count, given.offset_grain))
    return replace(context, filters=filters, shifts=shifts, to_grain=given.offset_to_grain or context.to_grain)


def _author_condition(text: str) -> exp.Expression:
    parsed = sql.parse(text)
    return exp.paren(parsed) if isinstance(parsed, exp.Or) else parsed


def _simplest(scope: Scope, fact: str, aggregate: exp.Expression) -> exp.Expression:
    """COUNT(DISTINCT key) over the key's own dataset is COUNT(key): quicker, and its parts add up."""
    if isinstance(aggregate, exp.Count) and isinstance(aggregate.this, exp.Distinct) and len(aggregate.this.expressions) == 1:
        counted = aggregate.this.expressions[0]
        if isinstance(counted, exp.Column) and counted.table == fact and scope.key_reads(f"{fact}.{counted.name}"):
            return exp.Count(this=counted.copy(), big_int=True)
    return aggregate.copy()


def _is_aggregate(node: exp.Expression) -> bool:
    return isinstance(node, (exp.AggFunc, exp.Filter, exp.WithinGroup))


def _transform_outermost(node: exp.Expression, visit: Callable[[exp.Expression], exp.Expression]) -> exp.Expression:
    """Like transform, but does not look inside an aggregate."""
    if _is_aggregate(node):
        return visit(node)
    for child in list(_children(node)):
        child.replace(_transform_outermost(child, visit))
    return node


def _children(node: exp.Expression) -> Iterator[exp.Expression]:
    yield from cast("Iterator[exp.Expression]", node.iter_expressions())


def _safe_division(formula: exp.Expression) -> exp.Expression:
    """Every division gives NULL instead of failing or infinity when its divisor is zero."""

    def visit(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Div) and not isinstance(node.expression, (exp.Nullif, exp.Literal)):
            return sql.ratio(node.this, node.expression)
        return node

    return cast(exp.Expression, formula.transform(visit, copy=False))
