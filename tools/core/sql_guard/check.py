"""The gate: statement in, `CheckedSql` or a refusal out.

Bounds, parse, allow-lists, resolution, rewriting, and the same again on the text that will run. Denied columns are not
merely looked for: each base table is replaced by a bracketed SELECT of the granted columns under the asker's row rule, so
that in the text that runs there is nothing else to refer to.
"""

from __future__ import annotations

import logging
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from tools.core.errors import NotAllowed, SqlRefused
from tools.core.semantics.catalog import Catalog
from tools.core.sql_guard.bounds import check_text
from tools.core.sql_guard.grammar import check_tree
from tools.core.sql_guard.groups import protect_groups
from tools.core.sql_guard.rewrite import name_outputs, restrict_tables
from tools.core.sql_guard.rights import CheckedSql, Rights
from tools.core.sql_guard.scope import Resolver

DIALECT = "duckdb"
# The parser logs statements that it does not know, and with them whatever a person typed.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL + 1)
MAX_REGENERATED = 400_000
_ONE_SELECT = "Write one SELECT (WITH ... SELECT is fine), nothing else."


def check_sql(statement: str | exp.Expression, *, catalog: Catalog, rights: Rights, governed: bool = False) -> CheckedSql:
    """Turn a statement into one that may run for this asker.

    Args:
        statement: Text, or a tree from our own compiler.
        governed: The tree came from our compiler, which applies the minimum group size itself; row rules and column grants hold
            all the same.
    Raises:
        SqlRefused: Not a single harmless SELECT, or names that do not exist.
        NotAllowed: The policy does not grant a table, a column, free SQL, or groups this small.
    """
    if not governed and not rights.free_sql:
        raise NotAllowed("Your role may not run SQL of its own.", try_instead=f"Ask the question in words. {rights.request_access}".strip())
    tree = _parsed(statement) if isinstance(statement, str) else statement.copy()
    _check_root(tree)
    check_tree(tree, trusted=governed)
    resolution = Resolver(catalog, rights, trusted=governed).resolve(tree)
    name_outputs(tree)
    narrowed = [f"columns of {table} that your role may not see are left out" for table in resolution.stars_narrowed]
    if rights.min_group_size > 0 and not governed:
        narrowed += protect_groups(resolution, catalog, rights)
    restricted = restrict_tables(resolution, catalog, rights, hide_errors=not governed)
    if restricted:
        narrowed += rights.narrowed or ("only the rows that your role may see",)
    text = tree.sql(DIALECT, comments=False, copy=False)
    _revalidate(text)
    return CheckedSql(
        text=text, tables=resolution.tables, verdict="rewritten" if narrowed else "allowed", narrowed=tuple(dict.fromkeys(narrowed))
    )


def _parsed(text: str) -> exp.Expression:
    check_text(text)
    return _parse(text)


def _parse(text: str) -> exp.Expression:
    try:
        statements = sqlglot.parse(text, dialect=DIALECT)
    except (SqlglotError, RecursionError, ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
        # The parser's message quotes the statement, and with it values; it stays here.
        raise SqlRefused("The statement could not be read as SQL.", try_instead="Check brackets, commas and quotation marks.") from error
    whole = [s for s in statements if s is not None and not isinstance(s, exp.Semicolon)]
    if len(whole) != 1:
        raise SqlRefused("Exactly one statement may run.", try_instead=_ONE_SELECT)
    tree: exp.Expression = whole[0]
    return tree


def _check_root(tree: exp.Expression) -> None:
    inner = tree
    while isinstance(inner, exp.Subquery):
        inner = inner.this
    if not isinstance(inner, exp.Select | exp.SetOperation):
        raise SqlRefused("Only SELECT statements may run.", try_instead=_ONE_SELECT)


@lru_cache(maxsize=512)
def _revalidate(text: str) -> None:
    """What runs is text, so the text is held to the same rules as what was given."""
    if len(text) > MAX_REGENERATED:
        raise SqlRefused("The statement is too complex.", try_instead="Ask in two steps.")
    tree = _parse(text)
    _check_root(tree)
    check_tree(tree, trusted=True)
    if tree.sql(DIALECT, comments=False, copy=False) != text:
        raise SqlRefused("The statement cannot be read in only one way.", try_instead="Write it in plainer SQL.")
