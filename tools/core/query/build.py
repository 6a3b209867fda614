"""What one compilation carries along: the scope, the CTEs written so far, and what the reader must be told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from sqlglot import exp

from tools.core.query import sql
from tools.core.query.resolve import Dimension, Scope

PEOPLE = "customers_behind"
"""Hidden column: the number of distinct customers behind a row."""

ALL_GROUPS = "all_groups"
"""Block of the result before small groups are left out."""


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """A CTE with one row per entity, which facts may join to read a column of it."""

    entity_key: str
    """Field id of the entity's key; the CTE's own key column is `entity_key`."""


@dataclass(kw_only=True)
class Build:
    """State of one compilation; everything else in this package is a function."""

    scope: Scope
    ctes: dict[str, exp.Select] = field(default_factory=dict)
    lookups: dict[str, Lookup] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    joined: dict[str, exp.Select] = field(default_factory=dict)
    """Fact -> FROM and JOINs as used, without conditions: to check that no join multiplied rows."""

    def cte(self, hint: str, select: exp.Select) -> str:
        """Add a named block, or find the equal one that exists, and return its name."""
        for name, known in self.ctes.items():
            if known == select:
                return name
        taken = {*self.ctes, *self.scope.model.datasets, *(d.source for d in self.scope.model.datasets.values())}
        name, n = hint, 2
        while name in taken:
            name, n = f"{hint}_{n}", n + 1
        self.ctes[name] = select
        return name

    def note(self, text: str) -> None:
        if text and text not in self.notes:
            self.notes.append(text)

    def attach(self, select: exp.Select) -> exp.Select:
        """The final select with the blocks that it rests on, in the order in which they need each other."""
        needed = self._needed_by(select)
        whole = select.copy()
        for name in (n for n in self.ctes if n in needed):
            whole = whole.with_(name, as_=self.ctes[name].copy(), copy=False)
        return whole

    def _needed_by(self, select: exp.Select) -> set[str]:
        needed: set[str] = set()
        waiting: list[exp.Expression] = [select]
        while waiting:
            for table in waiting.pop().find_all(exp.Table):
                if table.name in self.ctes and table.name not in needed:
                    needed.add(table.name)
                    waiting.append(self.ctes[table.name])
        return needed


@dataclass(frozen=True, kw_only=True)
class Relation:
    """A select with its visible columns in order: dimensions first, then figures."""

    select: exp.Select
    dimensions: tuple[Dimension, ...]
    figures: tuple[str, ...]
    additive: frozenset[str] = frozenset()
    """Figures whose parts add up to their total."""
    when_empty: Mapping[str, float] = field(default_factory=dict)
    """Figures whose value is known where there are no facts: sums and counts 0, others only if the model says so."""
    counts: frozenset[str] = frozenset()
    """Figures that count rows or entities: a filter can only lower them."""
    has_people: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        return (*(d.column for d in self.dimensions), *self.figures)

    @property
    def series(self) -> Dimension | None:
        """The time axis, when there is exactly one."""
        axes = [d for d in self.dimensions if d.is_series]
        return axes[0] if len(axes) == 1 else None


def reading(name: str, columns: Iterable[str], *, table: str | None = None) -> exp.Select:
    """SELECT the columns FROM a block."""
    return exp.select(*(sql.column(c, table) for c in columns)).from_(sql.block(name))


def reads_columns_only(select: exp.Select) -> bool:
    """Whether the select does nothing but read columns of one block, perhaps some of its rows."""
    bare = all(isinstance(e, exp.Column) for e in select.expressions)
    return bare and not any(select.args.get(part) for part in ("joins", "group", "distinct", "limit", "order"))


def wrap(build: Build, relation: Relation, hint: str) -> Relation:
    """The relation as a named block, and a select that reads it; as it is when it already is such a select."""
    if reads_columns_only(relation.select) and not relation.select.args.get("where"):
        return relation
    hidden = (PEOPLE,) if relation.has_people else ()
    name = build.cte(hint, relation.select)
    return replace(relation, select=reading(name, (*relation.columns, *hidden)))


def least_people(counts: list[exp.Expression]) -> exp.Expression | None:
    """The smallest number of customers behind any figure of a row; NULL when no figure rests on customers."""
    if len(counts) < 2:
        return counts[0] if counts else None
    # DuckDB takes equal column names among the arguments for named arguments, hence no bare columns.
    return sql.function("LEAST", *(sql.function("NULLIF", c, sql.number(0)) if isinstance(c, exp.Column) else c for c in counts))
