"""free_sql: runs one SELECT that somebody wrote, as the asker, behind the guard.

Safe by the same gate as everything else; whether it means what was asked, nobody has checked. Its grade says so.
"""

from __future__ import annotations

import math
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from tools.core.contract import Cell, Column, ExecutedSql, Finding, Grade, Reading, Table, ToolContext
from tools.core.sql_guard import check_sql
from tools.core.sql_guard.bounds import MAX_CHARACTERS
from tools.core.warehouse.engine import ResultRows

_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT")
_NUMBERS = ("FLOAT", "DOUBLE", "DECIMAL")


class FreeSqlInput(BaseModel):
    """One SELECT of the asker's or the model's own."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    sql: str = Field(min_length=1, max_length=MAX_CHARACTERS)
    """One SELECT in DuckDB's dialect over the warehouse's tables. Give every computed column a name."""
    title: str = Field(default="", max_length=200)
    """What the result shows, in a few words."""


class FreeSql:
    """Answers whatever the semantic model does not cover."""

    name: ClassVar[str] = "free_sql"
    summary: ClassVar[str] = "One SELECT of your own over the warehouse: checked for safety, not for meaning."
    input_model: ClassVar[type[BaseModel]] = FreeSqlInput

    def run(self, arguments: FreeSqlInput, context: ToolContext) -> Finding:
        """Check the statement and run it.

        Raises:
            SqlRefused: Not a single harmless SELECT over known names, or one that the database cannot run.
            NotAllowed: The asker's rights do not cover it.
            QueryTooHeavy, WorkerLost: The engine could not finish.
        """
        warehouse = context.warehouse
        checked = check_sql(arguments.sql, catalog=warehouse.catalog, rights=context.rights)
        tables = " and ".join(checked.tables) or "constants"
        context.progress(f"Running SQL over {tables}")
        result = warehouse.engine.execute(checked, deadline_s=context.deadline_s)
        sentence = arguments.title or f"Result of the SQL over {tables}"
        table = Table(title=sentence, columns=_columns(result), rows=_rows(result), truncated=result.truncated)
        return Finding(
            tool=self.name,
            tables=(table,),
            reading=Reading(sentence=sentence, as_of=context.as_of or warehouse.as_of),
            grade=Grade.FREE_SQL,
            grade_reason="this SQL was checked for safety and rights, not for meaning",
            sql=(ExecutedSql(sql=checked.text, row_count=len(result.rows), elapsed_ms=result.elapsed_ms),),
            caveats=_caveats(result, checked.narrowed),
            narrowed=checked.narrowed,
            as_of=context.as_of or warehouse.as_of,
            data_version=warehouse.data_version,
        )


def _columns(result: ResultRows) -> tuple[Column, ...]:
    return tuple(
        Column(name=name, type=kind, label=name, role="metric" if kind in ("integer", "number") else "dimension", format=_format(kind))
        for name, kind in zip(_distinct(result.names), map(_kind, result.types), strict=True)
    )


def _distinct(names: tuple[str, ...]) -> list[str]:
    """Column names with repeated ones numbered, since tables and charts refer to columns by name."""
    given: list[str] = []
    for name in names:
        candidate, number = name, 2
        while candidate in given:
            candidate, number = f"{name}_{number}", number + 1
        given.append(candidate)
    return given


def _kind(type_name: str) -> str:
    base = type_name.partition("(")[0]
    if base in _INTEGERS:
        return "integer"
    if base in _NUMBERS:
        return "number"
    if base.startswith("TIMESTAMP"):
        return "datetime"
    return {"DATE": "date", "BOOLEAN": "boolean"}.get(base, "string")


def _format(kind: str) -> str:
    return {"integer": "number", "number": "number", "date": "date", "datetime": "date"}.get(kind, "text")


def _rows(result: ResultRows) -> tuple[tuple[Cell, ...], ...]:
    return tuple(tuple(_finite(value) for value in row) for row in result.rows)


def _finite(value: Cell) -> Cell:
    if isinstance(value, float):
        return float(f"{value:.12g}") if math.isfinite(value) else None
    return value


def _caveats(result: ResultRows, narrowed: tuple[str, ...]) -> tuple[str, ...]:
    caveats = [f"{words[:1].upper()}{words[1:]}." for words in narrowed]
    if result.truncated:
        caveats.append(f"Only the first {len(result.rows):,} rows are shown.")
    if not result.rows:
        caveats.append("No rows: check names and values in the conditions.")
    return tuple(caveats)
