"""Puts an asker's rights into the statement itself."""

from __future__ import annotations

from functools import lru_cache

import sqlglot
from sqlglot import exp

from tools.core.semantics.catalog import Catalog
from tools.core.sql_guard.rights import Rights
from tools.core.sql_guard.scope import Resolution, Source

ALL_ROWS = 9_223_372_036_854_775_807
"""LIMIT that keeps every row. DuckDB moves no filter below a LIMIT, so an asker's expression is never evaluated on rows that the
rule removes, and cannot raise an error because of one."""
MAX_NAME = 60


def restrict_tables(resolution: Resolution, catalog: Catalog, rights: Rights, *, hide_errors: bool) -> bool:
    """Replace each base table by what the asker may see of it; True when a row rule took part."""
    ruled = False
    for block in resolution.blocks:
        for source in block.own_tables():
            assert source.table is not None
            assert isinstance(source.node, exp.Table)
            rule = rights.row_rules.get(source.table)
            ruled = ruled or rule is not None
            person = source.node.meta.get("person_path")
            if rule is None and person is None and not source.denied:
                _name_fully(source.node, source)
            else:
                source.node.replace(_view(source, catalog, rights, rule, person, hide_errors=hide_errors))
    return ruled


def table_node(table: str) -> exp.Table:
    """A base table by its full name, so that no WITH name can stand in for it."""
    schema, _, name = table.rpartition(".")
    return exp.Table(this=exp.to_identifier(name, quoted=_odd(name)), db=exp.to_identifier(schema or "main", quoted=_odd(schema)))


def _odd(name: str) -> bool:
    return bool(name) and not (name.isascii() and name.isidentifier() and name == name.lower())


def _name_fully(node: exp.Table, source: Source) -> None:
    assert source.table is not None
    full = table_node(source.table)
    alias = node.args.get("alias") or exp.TableAlias(this=node.this.copy())
    node.set("this", full.this)
    node.set("db", full.args["db"])
    node.set("alias", alias)


def _view(
    source: Source, catalog: Catalog, rights: Rights, rule: str | None, person: tuple[str, str] | None, *, hide_errors: bool
) -> exp.Subquery:
    assert source.table is not None
    assert source.node is not None
    base = source.table.rpartition(".")[2]
    qualifier = exp.to_identifier(base, quoted=_odd(base))
    columns: list[exp.Expression] = [
        exp.Column(this=exp.to_identifier(name, quoted=_odd(name)), table=qualifier.copy())
        for name in catalog.tables[source.table]
        if name in rights.columns[source.table]
    ]
    if person is not None:
        columns.append(exp.alias_(_condition(person[1], source.table).copy(), person[0]))
    select = exp.Select(expressions=columns).from_(table_node(source.table))
    if rule is not None:
        select.set("where", exp.Where(this=exp.Paren(this=_condition(rule, source.table).copy())))
        if hide_errors:
            select.set("limit", exp.Limit(expression=exp.Literal.number(ALL_ROWS)))
    alias = source.node.args.get("alias") or exp.TableAlias(this=source.node.this.copy())
    view = exp.Subquery(this=select, alias=alias.copy())
    # Moved, not copied: sources within these joins are still to be replaced.
    if joins := source.node.args.get("joins"):
        source.node.set("joins", None)
        view.set("joins", joins)
    return view


@lru_cache(maxsize=512)
def _condition(text: str, table: str) -> exp.Expression:
    """A policy's expression over `table`: its own names belong to that table, its other tables are named fully."""
    tree = sqlglot.parse_one(text, dialect="duckdb")
    holder = exp.Paren(this=tree)
    for node in holder.find_all(exp.Table):
        if not node.db:
            node.set("db", exp.to_identifier("main"))
    base = table.rpartition(".")[2]
    for column in holder.find_all(exp.Column):
        if not column.table and column.find_ancestor(exp.Select) is None:
            column.set("table", exp.to_identifier(base, quoted=_odd(base)))
        if column.db:
            column.set("db", None)
    result: exp.Expression = holder.this
    return result


def name_outputs(tree: exp.Expression) -> None:
    """Give unnamed result columns the text that the asker wrote, since regeneration may change DuckDB's default names."""
    select = tree
    while not isinstance(select, exp.Select):
        select = select.this
    for expression in list(select.expressions):
        if isinstance(expression, exp.Alias | exp.Column | exp.Star | exp.Explode | exp.Unnest):
            continue
        alias = exp.Alias(alias=exp.to_identifier(expression.sql("duckdb", comments=False)[:MAX_NAME], quoted=True))
        expression.replace(alias)
        alias.set("this", expression)
