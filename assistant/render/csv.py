"""Table -> CSV bytes that a spreadsheet opens right, and cannot be made to run."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re

from assistant.render.numbers import heading
from tools.core.contract import Cell, Table

_FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
MAX_NAME = 60
_BOM = "\ufeff"
"""Without it Excel reads UTF-8 as the machine's own code page."""


def to_csv(table: Table) -> bytes:
    """The values, not the formatted text: numbers with a point, rates 0 to 1, dates ISO, nothing for missing.

    A text that a spreadsheet would take for a formula gets an apostrophe in front, as OWASP advises.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_safe(heading(column)) for column in table.columns])
    writer.writerows([_cell(value) for value in row] for row in table.rows)
    return (_BOM + out.getvalue()).encode("utf-8")


def file_name(title: str) -> str:
    """A name for the download: "revenue-by-department.csv"."""
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    if len(slug) > MAX_NAME:
        slug = slug[: MAX_NAME + 1].rpartition("-")[0] or slug[:MAX_NAME]
    return f"{slug or 'result'}.csv"


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()
    return _safe(value) if isinstance(value, str) else repr(value)


def _safe(text: str) -> str:
    clean = text.replace("\x00", "")
    return f"'{clean}" if clean.lstrip(" ").startswith(_FORMULA_START) else clean
