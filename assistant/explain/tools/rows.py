"""Cells of a finding by name, as the tools' tellers want them."""

from __future__ import annotations

from typing import Any

from assistant.render.numbers import format_cell
from tools.core.contract import Cell, Column, Table

Row = dict[str, Cell]


def records(table: Table) -> list[Row]:
    """The rows by column name."""
    names = [column.name for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in table.rows]


def column(table: Table, name: str) -> Column:
    return next(c for c in table.columns if c.name == name)


def cell(table: Table, row: Row, name: str) -> str:
    """A cell as people read it."""
    return format_cell(row[name], column(table, name))


def where(filters: tuple[str, ...]) -> str:
    """Conditions as the end of a sentence: " where region is North"; empty without any."""
    said = [f for f in filters if not f.endswith(" is known")]
    return f" where {' and '.join(said)}" if said else ""


def words(value: Any) -> str:
    return "" if value is None else str(value)
