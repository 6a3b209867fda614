"""The rows in a fixed order: what was asked for, then the dimensions, so that ties never move. Limits and the best of each group."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlglot import exp

from tools.core.errors import UnknownName
from tools.core.query import sql
from tools.core.query.build import Build, Relation, reads_columns_only, wrap
from tools.core.query.metric_query import MetricQuery
from tools.core.query.resolve import Dimension

_RANK = "place_in_order"


@dataclass(frozen=True, kw_only=True)
class SortKey:
    """A result column and its direction; `ordered` gives named values their own order."""

    column: str
    descending: bool
    ordered: tuple[str, ...] = ()

    def expression(self) -> exp.Ordered:
        value = sql.column(self.column)
        return sql.sort_key(sql.position_of(value, self.ordered) if self.ordered else value, descending=self.descending)


def sort_keys(query: MetricQuery, relation: Relation) -> tuple[SortKey, ...]:
    """What to sort by, tie-breaks included."""
    asked = [_asked(o.by, o.direction == "desc", relation) for o in query.order]
    if not asked and query.top_per_group is not None:
        top = query.top_per_group
        asked = [_asked(top.group, False, relation), _asked(top.by, top.direction == "desc", relation)]
    if not asked:
        asked = _usual(relation)
    used = {k.column for k in asked}
    return (*asked, *(_by_dimension(d, False) for d in relation.dimensions if d.column not in used))


def arrange(build: Build, query: MetricQuery, relation: Relation) -> Relation:
    """Top n per group, limit and order, in this sequence."""
    keys = sort_keys(query, relation)
    if query.top_per_group is not None:
        relation = _best_of_each(build, query, relation)
    if query.limit is not None and query.ties == "include":
        relation = _ranked(build, relation, (), keys[: len(query.order) or 1], query.limit, ties=True)
    if any(k.ordered for k in keys) and not reads_columns_only(relation.select):
        relation = wrap(build, relation, "figures")
    select = relation.select.order_by(*(k.expression() for k in keys)) if keys else relation.select
    if query.limit is not None and query.ties == "cut":
        select = select.limit(query.limit)
        select = select.offset(query.skip) if query.skip else select
    return replace(relation, select=select)


def _asked(by: str, descending: bool, relation: Relation) -> SortKey:
    for dimension in relation.dimensions:
        if by in (dimension.id, dimension.column):
            return _by_dimension(dimension, descending)
    if by in relation.figures:
        return SortKey(column=by, descending=descending)
    columns = ", ".join(relation.columns)
    raise UnknownName(f"there is no result column {by} to sort by", try_instead=f"columns of this result: {columns}")


def _by_dimension(dimension: Dimension, descending: bool) -> SortKey:
    return SortKey(column=dimension.column, descending=descending, ordered=dimension.ordered_values)


def _usual(relation: Relation) -> list[SortKey]:
    """Time and ordered values run forwards; otherwise the largest figure comes first."""
    natural = [d for d in relation.dimensions if d.grain is not None or d.ordered_values or d.bin_width is not None]
    if natural:
        return [_by_dimension(d, False) for d in natural]
    if relation.dimensions and relation.figures:
        return [SortKey(column=relation.figures[0], descending=True)]
    return []


def _best_of_each(build: Build, query: MetricQuery, relation: Relation) -> Relation:
    top = query.top_per_group
    assert top is not None
    group = _asked(top.group, False, relation).column
    by = _asked(top.by, top.direction == "desc", relation)
    ties = query.ties == "include"
    rest = tuple(_by_dimension(d, False) for d in relation.dimensions if d.column != group)
    return _ranked(build, relation, (group,), (by,) if ties else (by, *rest), top.n, ties=ties)


def _ranked(build: Build, relation: Relation, partition: tuple[str, ...], keys: tuple[SortKey, ...], limit: int, *, ties: bool) -> Relation:
    """Only rows placed `limit` or better, within each value of the partition."""
    inner = wrap(build, relation, "figures")
    place = sql.window(
        exp.Rank() if ties else exp.RowNumber(),
        partition=[sql.column(p) for p in partition],
        order=[k.expression() for k in keys],
    )
    outer = wrap(build, replace(inner, select=inner.select.select(exp.alias_(place, _RANK))), "ranked")
    return replace(outer, select=outer.select.where(exp.LTE(this=sql.column(_RANK), expression=sql.number(limit))))
