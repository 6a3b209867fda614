"""Table -> what the page's table component needs: formatted texts, and the values to sort them by."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

from assistant.render import words
from assistant.render.markdown import plain
from assistant.render.numbers import format_cell, heading, is_numeric
from tools.core.contract import Cell, Table

MAX_ROWS = 500
"""More rows make the page slow; the CSV has them all."""


def table_props(table: Table) -> dict[str, Any]:
    """{"title", "columns": [{"title", "numeric"}], "rows": [[{"text", "key"}]], "note"}, all plain JSON."""
    rows = [
        [{"text": plain(format_cell(value, column)), "key": _key(value)} for value, column in zip(row, table.columns, strict=True)]
        for row in table.rows[:MAX_ROWS]
    ]
    return {
        "title": plain(table.title),
        "columns": [{"title": plain(heading(column)), "numeric": is_numeric(column)} for column in table.columns],
        "rows": rows,
        "note": words.rows_line(table, len(rows)),
    }


def _key(value: Cell) -> str | int | float | None:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, bool):
        return int(value)
    return value.isoformat() if isinstance(value, dt.date) else value
