"""Cells of a finding by name, as the tools' tellers want them."""

from __future__ import annotations

from typing import Any

from assistant.render.numbers import format_cell
from tools.core.contract import Cell, Column, Reading, Table

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


def whose(reading: Reading, *, noun: str = "", hidden: tuple[str, ...] = ()) -> str:
    """Conditions as the end of a sentence: " among customers without any return where region is North"; empty without any.

    Args:
        noun: The word that the sentence ends with so far, when it says who they are: "customers" is not said again.
        hidden: How conditions begin that the tool set by itself.
    """
    said = [f for f in reading.filters if f not in reading.conditions and not f.endswith(" is known") and not f.startswith(hidden)]
    people = f" among {' and '.join(reading.conditions)}" if reading.conditions else ""
    if noun and people.startswith(f" among {noun} "):
        people = people.removeprefix(f" among {noun}").replace(f" and {noun} with", " and with")
    return people + (f" where {' and '.join(said)}" if said else "")


def words(value: Any) -> str:
    return "" if value is None else str(value)
