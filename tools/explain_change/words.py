"""Values of cells as people read them."""

from __future__ import annotations

import datetime as dt

from tools.core.contract import Cell, Column


def value_of(value: Cell, column: Column) -> str:
    """A value of a dimension in a sentence or a table of values."""
    if value is None:
        return column.null_label or "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value)
