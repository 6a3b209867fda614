"""What every shape returns, and how its rows are ordered and cut."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlglot import exp

from tools.core.contract import Column
from tools.core.errors import UnknownName
from tools.core.query import sql
from tools.core.query.build import ALL_GROUPS, Build, Relation, reading
from tools.core.query.compiled import PlannedCheck
from tools.core.query.metric_query import MetricQuery, Order
from tools.core.query.small_groups import keep_large_groups


@dataclass(frozen=True, kw_only=True)
class Shaped:
    """A finished relation and what its columns are."""

    relation: Relation
    columns: tuple[Column, ...]
    checks: tuple[PlannedCheck, ...] = ()
    """Self-tests, where the figures obey a law."""


def finished(
    build: Build,
    query: MetricQuery,
    select: exp.Select,
    columns: tuple[Column, ...],
    usual: tuple[Order, ...],
    *,
    keys: tuple[str, ...],
    has_people: bool,
) -> Shaped:
    """Small groups dropped, rows in the order asked for (else the usual one), the key columns breaking ties, then the limit."""
    names = tuple(c.name for c in columns)
    name = build.cte(ALL_GROUPS if has_people else "figures", select)
    if has_people:
        name = keep_large_groups(build, name, names, keys)
    result = reading(name, names)
    for key in query.order:
        if key.by not in names:
            raise UnknownName(f"there is no result column {key.by} to sort by", try_instead=f"columns of this result: {', '.join(names)}")
    chosen = query.order or usual
    rest = [Order(by=n, direction="asc") for n in keys if n not in {k.by for k in chosen}]
    ordered = [sql.sort_key(sql.column(k.by), descending=k.direction == "desc") for k in (*chosen, *rest)]
    if ordered:
        result = result.order_by(*ordered)
    if query.limit is not None:
        result = result.limit(query.limit)
    relation = Relation(select=result, dimensions=(), figures=names)
    return Shaped(relation=replace(relation, has_people=False), columns=columns)
