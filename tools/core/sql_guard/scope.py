"""Which column of which table every name in a statement means.

Walks the query blocks as DuckDB binds them: sources of the block, then names given in its SELECT, then the blocks around it.
A name that cannot be placed is refused, so nothing reaches the engine that this module has not understood. What an asker may not
reference is left out of a source's columns; asking for it is told apart from a name that does not exist.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from tools.core.errors import NotAllowed, SqlRefused, UnknownName
from tools.core.semantics.catalog import Catalog
from tools.core.sql_guard.rights import Rights

Names = tuple[str, ...]
_RESERVED_NAMES = frozenset({"main", "temp", "system", "memory", "information_schema", "pg_catalog", "sqlite_master", "sqlite_schema"})


@dataclass(frozen=True, kw_only=True)
class Source:
    """Something in FROM, under the name by which the block refers to it."""

    name: str
    columns: Names
    """Lower case, in order; those that the asker may reference."""
    table: str | None = None
    """The base table, as the catalogue spells it; None for everything computed."""
    denied: frozenset[str] = frozenset()
    node: exp.Expression | None = None
    is_open: bool = False
    """Column names not known beforehand: any name resolves to it (a function in FROM without column names)."""


@dataclass(kw_only=True)
class Block:
    """One SELECT with its sources; also what stands around one: VALUES rows, and ORDER BY behind a set operation."""

    select: exp.Select
    parent: Block | None
    sources: list[Source] = field(default_factory=list)
    aliases: set[str] = field(default_factory=set)
    references: list[tuple[exp.Column, Source, bool]] = field(default_factory=list)
    """Column node, the source that it means, and whether that source belongs to this block (False = correlated)."""

    def own_tables(self) -> list[Source]:
        return [source for source in self.sources if source.table is not None]


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """Everything the rewriting needs to know."""

    blocks: tuple[Block, ...]
    tables: Names
    """Base tables read, catalogue spelling, sorted."""
    stars_narrowed: Names
    """Tables of which a star left out columns."""
    outputs: Names


class Resolver:
    """Resolves one statement against one asker's rights."""

    def __init__(self, catalog: Catalog, rights: Rights, *, trusted: bool) -> None:
        self._tables = {name.lower(): name for name in catalog.tables}
        self._catalog = catalog
        self._rights = rights
        self._trusted = trusted
        self.blocks: list[Block] = []
        self._stars_narrowed: set[str] = set()

    def resolve(self, tree: exp.Expression) -> Resolution:
        """Raises SqlRefused, UnknownName or NotAllowed."""
        outputs = self._query(tree, {}, None)
        tables = {source.table for block in self.blocks for source in block.sources if source.table is not None}
        return Resolution(
            blocks=tuple(self.blocks), tables=tuple(sorted(tables)), stars_narrowed=tuple(sorted(self._stars_narrowed)), outputs=outputs
        )

    # -- queries ---------------------------------------------------------------------------------------------------

    def _query(self, node: exp.Expression, ctes: Mapping[str, Names], parent: Block | None) -> Names:
        """Names of the columns that a query gives, in order."""
        if isinstance(node, exp.Select):
            return self._select(node, ctes, parent)
        if isinstance(node, exp.SetOperation):
            return self._set_operation(node, ctes, parent)
        if isinstance(node, exp.Subquery):
            return self._bracketed(node, ctes, parent)
        if isinstance(node, exp.Values):
            return self._values(node, ctes, parent)
        raise SqlRefused("Only SELECT statements may run.", try_instead="Write one SELECT.")

    def _bracketed(self, node: exp.Subquery, ctes: Mapping[str, Names], parent: Block | None) -> Names:
        ctes = self._with(node, ctes, parent)
        odd = [
            name for name in node.args if node.args[name] and name not in ("this", "alias", "with_", "order", "limit", "offset", "joins")
        ]
        if odd or node.args.get("joins"):
            raise SqlRefused(
                "A bracketed query may only be ordered and limited.", try_instead="Write SELECT * FROM (...) and go on from there."
            )
        outputs = self._query(node.this, ctes, parent)
        self._tail(node, outputs, ctes, parent)
        return outputs

    def _set_operation(self, node: exp.SetOperation, ctes: Mapping[str, Names], parent: Block | None) -> Names:
        ctes = self._with(node, ctes, parent)
        # Long chains lean left; follow them in a loop so that depth does not become recursion.
        arms = [node.expression]
        left = node.this
        while isinstance(left, exp.SetOperation) and not left.args.get("with_") and not left.args.get("order"):
            arms.append(left.expression)
            left = left.this
        outputs = self._query(left, ctes, parent)
        for arm in reversed(arms):
            if len(self._query(arm, ctes, parent)) != len(outputs):
                raise SqlRefused(
                    "Both sides of a set operation need the same number of columns.", try_instead="List the columns on both sides."
                )
        self._tail(node, outputs, ctes, parent)
        return outputs

    def _tail(self, node: exp.Expression, outputs: Names, ctes: Mapping[str, Names], parent: Block | None) -> None:
        """ORDER BY, LIMIT and OFFSET behind a set operation or a bracket: they see its output columns only."""
        source = Source(name="", columns=outputs)
        block = Block(select=exp.Select(), parent=parent, sources=[source])
        self.blocks.append(block)
        for part in ("order", "limit", "offset"):
            if (clause := node.args.get(part)) is not None:
                self._expressions(clause, block, ctes)

    def _values(self, node: exp.Values, ctes: Mapping[str, Names], parent: Block | None) -> Names:
        block = Block(select=exp.Select(), parent=parent)
        self.blocks.append(block)
        for row in node.expressions:
            self._expressions(row, block, ctes)
        width = len(node.expressions[0].expressions) if node.expressions else 0
        return tuple(f"col{index}" for index in range(width))

    def _with(self, node: exp.Expression, ctes: Mapping[str, Names], parent: Block | None) -> Mapping[str, Names]:
        clause = node.args.get("with_")
        if clause is None:
            return ctes
        known = dict(ctes)
        for cte in clause.expressions:
            name = cte.alias.lower()
            self._check_new_name(name)
            renamed = _alias_columns(cte)
            if clause.args.get("recursive"):
                known[name] = renamed or self._anchor_outputs(cte.this, known, parent)
            known[name] = _renamed(self._query(cte.this, known, parent), renamed)
        return known

    def _anchor_outputs(self, query: exp.Expression, known: Mapping[str, Names], parent: Block | None) -> Names:
        while isinstance(query, exp.SetOperation | exp.Subquery) and not query.args.get("with_"):
            query = query.this
        kept = len(self.blocks)
        outputs = self._query(query, known, parent)
        del self.blocks[kept:]
        return outputs

    # -- one SELECT ------------------------------------------------------------------------------------------------

    def _select(self, select: exp.Select, ctes: Mapping[str, Names], parent: Block | None) -> Names:
        ctes = self._with(select, ctes, parent)
        block = Block(select=select, parent=parent)
        self.blocks.append(block)
        self._sources(select, block, ctes)
        block.aliases = {e.alias.lower() for e in select.expressions if isinstance(e, exp.Alias)}
        outputs = self._projection(select, block, ctes)
        for part in ("where", "group", "having", "qualify", "order", "limit", "offset", "distinct"):
            if (clause := select.args.get(part)) is not None:
                self._expressions(clause, block, ctes)
        for window in select.args.get("windows") or ():
            for clause in window.iter_expressions():
                if not isinstance(clause, exp.Identifier):
                    self._expressions(clause, block, ctes)
        return outputs

    def _sources(self, select: exp.Select, block: Block, ctes: Mapping[str, Names]) -> None:
        origin = select.args.get("from_")
        joins = list(select.args.get("joins") or ())
        if origin is not None:
            self._source(origin.this, block, ctes)
        for join in joins:
            self._joined(join, block, ctes)

    def _joined(self, join: exp.Join, block: Block, ctes: Mapping[str, Names]) -> None:
        self._source(join.this, block, ctes)
        if (condition := join.args.get("on")) is not None:
            self._expressions(condition, block, ctes)
        for name in join.args.get("using") or ():
            identifier = name.this if isinstance(name, exp.Column) else name
            column = str(identifier.this).lower() if isinstance(identifier, exp.Identifier) else ""
            holders = [s for s in block.sources if column in s.columns or s.is_open]
            if len(holders) < 2 or holders[-1] is not block.sources[-1]:
                self._refuse_unknown(column, [block.sources[-1], *block.sources], block)

    def _source(self, node: exp.Expression, block: Block, ctes: Mapping[str, Names]) -> None:
        if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
            source = self._named_source(node, ctes)
        elif isinstance(node, exp.Table | exp.Unnest):
            source = self._function_source(node, block, ctes)
        elif isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table):
            # FROM (a JOIN b ON ...): the brackets group the join only.
            if node.alias:
                raise SqlRefused("A bracketed join takes no alias.", try_instead="Write the joins without brackets.")
            self._source(node.this, block, ctes)
            for join in node.args.get("joins") or ():
                self._joined(join, block, ctes)
            return
        elif isinstance(node, exp.Subquery | exp.Lateral | exp.Values):
            source = self._derived_source(node, block, ctes)
        else:
            raise SqlRefused("Only tables and bracketed SELECTs may stand in FROM.", try_instead="Name a table of the warehouse.")
        if any(source.name and other.name == source.name for other in block.sources):
            raise SqlRefused("Two tables in one FROM have the same name.", try_instead="Give each its own alias.")
        block.sources.append(source)
        for join in node.args.get("joins") or ():
            self._joined(join, block, ctes)

    def _derived_source(self, node: exp.Expression, block: Block, ctes: Mapping[str, Names]) -> Source:
        inner = node.this if isinstance(node, exp.Lateral) else node
        # A bracketed query in FROM may refer to the sources before it, whether or not it says LATERAL.
        outputs = self._query(inner, ctes, block)
        name = node.alias.lower()
        self._check_new_name(name)
        return Source(name=name, columns=_renamed(outputs, _alias_columns(node)), node=node)

    def _function_source(self, node: exp.Expression, block: Block, ctes: Mapping[str, Names]) -> Source:
        for argument in [node.this] if isinstance(node, exp.Table) else node.expressions:
            self._expressions(argument, block, ctes)
        name = node.alias.lower()
        self._check_new_name(name)
        columns = _alias_columns(node)
        default = ("range", "generate_series", "unnest")
        return Source(name=name, columns=columns or ((name, *default) if name else default), node=node)

    def _named_source(self, node: exp.Table, ctes: Mapping[str, Names]) -> Source:
        schema = node.db.lower()
        name = node.name.lower()
        alias = (node.alias or node.name).lower()
        if not schema and name in ctes:
            if node.alias:
                self._check_new_name(alias)
            return Source(name=alias, columns=_renamed(ctes[name], _alias_columns(node)), node=node)
        table = self._tables.get(name if schema in ("", "main") else f"{schema}.{name}")
        if table is None:
            raise self._unknown_table(name)
        if alias != name:
            self._check_new_name(alias)
        if _alias_columns(node):
            raise SqlRefused("Renaming the columns of a table by position is not available.", try_instead="Use SELECT column AS name.")
        granted = self._rights.columns.get(table, frozenset())
        if not granted:
            raise NotAllowed(f"Your role may not read the table {table}.", try_instead=self._rights.request_access)
        columns = tuple(c.lower() for c in self._catalog.tables[table] if c in granted)
        denied = frozenset(c.lower() for c in self._catalog.tables[table] if c not in granted)
        return Source(name=alias, columns=columns, table=table, denied=denied, node=node)

    def _check_new_name(self, name: str) -> None:
        """A name that stands for something else than the table of that name could capture a rule or deceive a reader."""
        if name in _RESERVED_NAMES or name.startswith("__"):
            raise SqlRefused("This alias is reserved.", try_instead="Choose another name.")
        if name in self._tables and not self._trusted:
            raise SqlRefused("An alias or WITH name may not be the name of a table.", try_instead="Choose another name.")

    def _unknown_table(self, name: str) -> SqlRefused | UnknownName:
        near = difflib.get_close_matches(name, [t.lower() for t in self._rights.columns if self._rights.columns[t]], n=2)
        instead = f"Did you mean {' or '.join(near)}?" if near else "List the tables with `assistant semantics describe`."
        return SqlRefused("There is no such table in this warehouse.", try_instead=instead, code="unknown_table")

    # -- expressions -----------------------------------------------------------------------------------------------

    def _projection(self, select: exp.Select, block: Block, ctes: Mapping[str, Names]) -> Names:
        outputs: list[str] = []
        for expression in select.expressions:
            star = _star(expression)
            if star is None:
                self._expressions(expression, block, ctes)
                outputs.append(expression.alias_or_name.lower() if isinstance(expression, exp.Alias | exp.Column) else "")
            else:
                outputs += self._star_outputs(expression, star, block, ctes)
        return tuple(outputs)

    def _star_outputs(self, expression: exp.Expression, star: exp.Star, block: Block, ctes: Mapping[str, Names]) -> list[str]:
        sources = block.sources
        if isinstance(expression, exp.Column):
            sources = [s for s in sources if s.name == expression.table.lower()]
        if not sources or (isinstance(expression, exp.Column) and expression.args.get("db")):
            raise SqlRefused("A star needs a table in FROM.", try_instead="Name the columns.")
        if any(source.is_open for source in sources):
            raise SqlRefused("A star over a function is not available.", try_instead="Name its column with AS t(column).")
        columns = [column for source in sources for column in source.columns]
        self._stars_narrowed |= {s.table for s in sources if s.table is not None and s.denied}
        excluded = {_plain_name(c) for c in star.args.get("except_") or ()}
        replaced = star.args.get("replace") or ()
        renamed = {_plain_name(a.this): a.alias.lower() for a in star.args.get("rename") or ()}
        for name in (*excluded, *(a.alias.lower() for a in replaced), *renamed):
            if name not in columns:
                self._refuse_unknown(name, sources, block)
        for alias in replaced:
            self._expressions(alias.this, block, ctes)
        if not isinstance(expression, exp.Column):
            columns = self._merged(columns, block)
        return [renamed.get(column, column) for column in columns if column not in excluded]

    def _merged(self, columns: list[str], block: Block) -> list[str]:
        """Columns of a bare star: those joined by USING or NATURAL appear once."""
        joins = [
            j for j in block.select.args.get("joins") or () if j.args.get("using") or str(j.args.get("method") or "").upper() == "NATURAL"
        ]
        if not joins:
            return columns
        shared = {_plain_name(name) for join in joins for name in join.args.get("using") or ()}
        if any(str(j.args.get("method") or "").upper() == "NATURAL" for j in joins):
            shared |= {c for c in columns if columns.count(c) > 1}
        return [c for index, c in enumerate(columns) if c not in shared or c not in columns[:index]]

    def _expressions(self, node: exp.Expression, block: Block, ctes: Mapping[str, Names], bound: frozenset[str] = frozenset()) -> None:
        """Resolve every column under `node`; queries inside become blocks of their own."""
        stack: list[tuple[exp.Expression, frozenset[str]]] = [(node, bound)]
        while stack:
            current, local = stack.pop()
            if isinstance(current, exp.Column):
                self._column(current, block, local)
            elif isinstance(current, exp.Select | exp.SetOperation | exp.Subquery):
                self._query(current, ctes, block)
            elif isinstance(current, exp.Lambda):
                inner = local | {str(p.this).lower() for p in current.expressions if isinstance(p, exp.Identifier)}
                stack.append((current.this, inner))
            else:
                stack += [(child, local) for child in current.iter_expressions()]

    def _column(self, column: exp.Column, block: Block, local: frozenset[str]) -> None:
        if isinstance(column.this, exp.Star):
            if isinstance(column.parent, exp.Count):
                raise SqlRefused("COUNT takes * or a column.", try_instead="Write COUNT(*).")
            raise SqlRefused("A star may not stand here.", try_instead="Name the columns.")
        name, table, schema = column.name.lower(), column.table.lower(), column.db.lower()
        if column.catalog or (schema and not _is_named(schema, table, block)):
            raise SqlRefused("Columns are named as column, table.column or schema.table.column.", try_instead="Use the table's alias.")
        if not table and name in local:
            return
        if schema:
            column.set("db", None)
        found = self._find(name, table, block)
        if found is None:
            self._refuse_unknown(name, _visible(block, table), block)
            return
        source, own = found
        if source is not None:
            block.references.append((column, source, own))

    def _find(self, name: str, table: str, block: Block) -> tuple[Source | None, bool] | None:
        """The source that a name means and whether it is the block's own; (None, True) for a name given in SELECT; None if unknown."""
        current: Block | None = block
        while current is not None:
            if table:
                named = [s for s in current.sources if s.name == table]
                if named:
                    return (named[0], current is block) if name in named[0].columns or named[0].is_open else None
            else:
                holders = [s for s in current.sources if name in s.columns]
                if holders:
                    return holders[0], current is block
                if name in current.aliases:
                    return None, True
                # The name of a source is a whole row; a denied column never falls through to a block farther out.
                if any(s.name == name or name in s.denied for s in current.sources):
                    return None
            current = current.parent
        return None

    def _refuse_unknown(self, name: str, sources: list[Source], block: Block) -> None:
        for source in sources:
            if name in source.denied:
                raise NotAllowed(
                    f"Your role may not use the column {name} of {source.table}: not to show it, filter, group or sort by it.",
                    try_instead=self._rights.request_access,
                )
        if any(s.name == name for b in _chain(block) for s in b.sources):
            raise SqlRefused("A whole row may not be used as a value.", try_instead="Name the columns.")
        known = sorted({c for s in sources for c in s.columns if c})
        near = difflib.get_close_matches(name, known, n=3)
        instead = f"Did you mean {' or '.join(near)}?" if near else "List the columns with `assistant semantics describe`."
        raise SqlRefused("A column is not known where it is used.", try_instead=instead, code="unknown_column")


def _chain(block: Block | None) -> Iterator[Block]:
    while block is not None:
        yield block
        block = block.parent


def _is_named(schema: str, table: str, block: Block) -> bool:
    """Whether `schema.table` is a source under its own name, here or in a block around."""
    full = table if schema == "main" else f"{schema}.{table}"
    return any(s.name == table and (s.table or "").lower() == full for b in _chain(block) for s in b.sources)


def _visible(block: Block, table: str) -> list[Source]:
    sources = [s for b in _chain(block) for s in b.sources]
    named = [s for s in sources if s.name == table or (s.table or "").lower() == table]
    return named if table else sources


def _star(expression: exp.Expression) -> exp.Star | None:
    if isinstance(expression, exp.Column):
        expression = expression.this
    return expression if isinstance(expression, exp.Star) else None


def _plain_name(node: exp.Expression) -> str:
    return str(node.name).lower()


def _alias_columns(node: exp.Expression) -> Names:
    alias = node.args.get("alias")
    if not isinstance(alias, exp.TableAlias):
        return ()
    return tuple(c.name.lower() for c in alias.args.get("columns") or ())


def _renamed(outputs: Names, names: Names) -> Names:
    if len(names) > len(outputs):
        raise SqlRefused("More column names are given than there are columns.", try_instead="Give as many names as columns.")
    return names + outputs[len(names) :]
