"""Names and contact data: found and shown only in columns that the policy calls identifiers and the asker may read."""

from __future__ import annotations

from typing import Any

import sqlglot
from sqlglot import exp

from tools.core.contract import Cell, ToolContext
from tools.core.errors import NotAllowed, SqlRefused
from tools.core.sql_guard import check_sql
from tools.core.sql_guard.policy import ColumnClass


def customers_called(search: str, context: ToolContext, limit: int) -> list[Cell]:
    """Keys of customers in whose names or addresses every word of the search stands."""
    found: dict[Cell, None] = {}
    for table, key, columns in _identifiers(context):
        whole = " || ' ' || ".join(f"coalesce(CAST({_quoted(c)} AS VARCHAR), '')" for c in columns)
        tests = [_contains(whole, word) for word in search.lower().split()]
        text = f"SELECT DISTINCT {_quoted(key)} AS customer FROM {table} WHERE {' AND '.join(tests)} ORDER BY 1 LIMIT {limit}"
        for row in _run(text, context):
            found.setdefault(row[0])
    return list(found)[:limit]


def contact_data(key: Any, context: ToolContext) -> list[tuple[str, Cell]]:
    """(property, value) of the identifiers that the asker may see."""
    facts: list[tuple[str, Cell]] = []
    for table, column, columns in _identifiers(context):
        literal = exp.convert(key).sql("duckdb")
        text = f"SELECT {', '.join(_quoted(c) for c in columns)} FROM {table} WHERE {_quoted(column)} = {literal} LIMIT 1"
        for row in _run(text, context):
            facts += [(name.replace("_", " "), value) for name, value in zip(columns, row, strict=True)]
    return facts


def _identifiers(context: ToolContext) -> list[tuple[str, str, tuple[str, ...]]]:
    """(table, column of the customer's key, identifier columns that the asker may read), of tables with the key in a row."""
    policy = context.warehouse.policy
    if policy is None or policy.people is None:
        return []
    tables = {policy.people.table: policy.people.key}
    tables |= {name: link.column for name, link in policy.people.paths.items() if link.next_table is None}
    found = []
    for table, key in tables.items():
        classes = policy.classes.get(table, {})
        columns = tuple(c for c, kind in classes.items() if kind is ColumnClass.DIRECT_IDENTIFIER and context.rights.may_read(table, c))
        if columns and context.rights.may_read(table, key):
            found.append((table, key, columns))
    return found


def _contains(whole: str, word: str) -> str:
    return f"contains(lower({whole}), {exp.Literal.string(word).sql('duckdb')})"


def _run(text: str, context: ToolContext) -> list[tuple[Cell, ...]]:
    """Rows as the asker may see them; none where the guard does not let the statement through."""
    tree = sqlglot.parse_one(text, dialect="duckdb")
    try:
        checked = check_sql(tree, catalog=context.warehouse.catalog, rights=context.rights, governed=True)
    except (NotAllowed, SqlRefused):
        return []
    return [tuple(row) for row in context.warehouse.engine.execute(checked, deadline_s=context.deadline_s).rows]


def _quoted(name: str) -> str:
    return str(exp.to_identifier(name, quoted=True).sql("duckdb"))
