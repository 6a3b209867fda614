"""query_metrics: compiles a MetricQuery, runs it as the asker, tests the result, and reports it as a Finding."""

from __future__ import annotations

import datetime as dt
import math
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from pydantic import BaseModel
from sqlglot import exp

from tools.core.contract import Cell, Check, Column, ExecutedSql, Finding, Grade, Table, ToolContext
from tools.core.errors import AnswerError
from tools.core.query import CheckKind, CompiledQuery, MetricQuery, PlannedCheck, compile_query
from tools.core.query.calendar import long_date
from tools.core.semantics.trust import modelled_reason
from tools.core.sql_guard import CheckedSql, check_sql

_SMALLEST_BUDGET_MS = 40.0
"""Checks of a query that took next to nothing may still take this long."""
_UNKNOWN_SHARE = 0.05
_UNKNOWN = "Unknown"
"""What a group without a value is called where the model gives it no name of its own."""


class QueryMetrics:
    """Answers any MetricQuery over the warehouse of the context."""

    name: ClassVar[str] = "query_metrics"
    summary: ClassVar[str] = "Business figures by any dimension, window, filter or comparison, from the semantic model."
    input_model: ClassVar[type[BaseModel]] = MetricQuery

    def run(self, arguments: MetricQuery, context: ToolContext) -> Finding:
        """Compute the query.

        Raises:
            UnknownName, QueryUnsupported: The plan does not fit the model.
            NotAllowed: The asker's rights do not cover it.
            QueryTooHeavy, WorkerLost: The engine could not finish.
        """
        warehouse = context.warehouse
        as_of = context.as_of or warehouse.as_of
        compiled = compile_query(arguments, warehouse.model, rights=context.rights, as_of=as_of)
        context.progress(f"Computing {compiled.reading.sentence}")
        checked = _checked(compiled.tree, context)
        result = warehouse.engine.execute(checked, deadline_s=context.deadline_s)
        rows = tuple(tuple(_cell(v, c) for v, c in zip(row, compiled.columns, strict=True)) for row in result.rows)
        table = Table(title=compiled.reading.sentence, columns=compiled.columns, rows=rows, truncated=result.truncated)
        rests_on = modelled_reason(warehouse.model, checked.tables, as_of)
        checks, ran, suppressed = _run_checks(compiled, table, context, budget_ms=max(result.elapsed_ms, _SMALLEST_BUDGET_MS))
        return Finding(
            tool=self.name,
            tables=(table,),
            reading=compiled.reading,
            grade=Grade.MODELLED if rests_on else Grade.GOVERNED,
            grade_reason=rests_on.reason if rests_on else "compiled from the reviewed definitions of the semantic model",
            sql=(ExecutedSql(sql=checked.text, row_count=len(rows), elapsed_ms=result.elapsed_ms), *ran),
            definitions=compiled.definitions,
            checks=checks,
            caveats=(*_caveats(compiled, arguments, context, table, suppressed), *(rests_on.caveats if rests_on else ())),
            narrowed=tuple(checked.narrowed),
            as_of=compiled.reading.as_of or as_of,
            data_version=warehouse.data_version,
            facts={"suppressed_groups": suppressed, "people": _people_behind(compiled, table, context)} if suppressed is not None else {},
        )


def _checked(tree: exp.Select, context: ToolContext) -> CheckedSql:
    return check_sql(tree, catalog=context.warehouse.catalog, rights=context.rights, governed=True)


def _cell(value: Cell, column: Column) -> Cell:
    """Floats to 12 significant digits; whole numbers of count columns as integers; midnights of date columns as dates."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if column.type == "integer" and value.is_integer() else float(f"{value:.12g}")
    if column.type == "date" and isinstance(value, dt.datetime):
        return value.date()
    return value


def _run_checks(
    compiled: CompiledQuery, table: Table, context: ToolContext, *, budget_ms: float
) -> tuple[tuple[Check, ...], tuple[ExecutedSql, ...], int | None]:
    """Run the planned checks while they cost no more than the query itself; what was not run is not mentioned.

    Returns:
        The checks, their statements, and how many groups were left out as too small (None: no such rule, or not counted).
    """
    checks: list[Check] = []
    ran: list[ExecutedSql] = []
    suppressed: int | None = None
    deadline = time.monotonic() + budget_ms / 1000
    for planned in compiled.checks:
        if planned.kind is CheckKind.PEOPLE_BEHIND:
            continue
        if time.monotonic() >= deadline and planned.kind is not CheckKind.SUPPRESSED_GROUPS:
            continue
        if table.truncated and planned.kind is CheckKind.PARTS_SUM_TO_TOTAL:
            continue
        # What was left out is a part of the answer, and not to be missing where the machine is busy.
        duty = planned.kind is CheckKind.SUPPRESSED_GROUPS
        within = context.deadline_s if duty else max(0.1, min(context.deadline_s, 4 * budget_ms / 1000))
        try:
            checked = _checked(planned.tree, context)
            result = context.warehouse.engine.execute(checked, deadline_s=within)
        except AnswerError:
            continue  # A self-test that cannot run takes nothing away from the answer.
        ran.append(ExecutedSql(sql=checked.text, row_count=len(result.rows), elapsed_ms=result.elapsed_ms))
        row = result.rows[0] if result.rows else ()
        if planned.kind is CheckKind.SUPPRESSED_GROUPS:
            suppressed = int(_number(row[0]) or 0) if row else 0
            checks.append(_suppression(planned, compiled, suppressed))
        elif row:
            checks.append(_judged(planned, table, row))
    return tuple(checks), tuple(ran), suppressed


def _people_behind(compiled: CompiledQuery, table: Table, context: ToolContext) -> dict[str, int]:
    """Row key -> customers behind the row, for rows about customers. Not a check but a duty: an error goes up."""
    keys = tuple(c for c in compiled.columns if c.role == "dimension")
    found: dict[str, int] = {}
    for planned in compiled.checks:
        if planned.kind is CheckKind.PEOPLE_BEHIND:
            for row in context.warehouse.engine.execute(_checked(planned.tree, context), deadline_s=context.deadline_s).rows:
                values = tuple(_cell(v, c) for v, c in zip(row, keys, strict=False))
                if isinstance(row[-1], int):
                    found[replace(table, columns=keys).key_of(values)] = row[-1]
    return found


def _suppression(planned: PlannedCheck, compiled: CompiledQuery, groups: int) -> Check:
    rule = f"so that none with under {compiled.suppressed_below} customers can be worked out"
    return Check(name=planned.name, passed=True, detail=f"{groups} groups, {rule}" if groups else "none")


def _judged(planned: PlannedCheck, table: Table, row: tuple[Cell, ...]) -> Check:
    if planned.kind is CheckKind.JOINED_ROWS:
        joined, alone = row[0], row[1]
        return Check(name=planned.name, passed=joined == alone, detail=f"{joined} rows with the joins, {alone} without")
    passed, words = True, []
    for column, value in zip(planned.columns, row, strict=True):
        figures = _figures(table, column)
        bound = _number(value) or 0.0
        if planned.kind is CheckKind.PARTS_SUM_TO_TOTAL:
            found = math.fsum(figures)
            passed &= math.isclose(found, bound, rel_tol=1e-9, abs_tol=1e-6)
            words.append(f"{_label(table, column)}: {found:.12g} in parts, {bound:.12g} in all")
        else:
            found = max(figures, default=0.0)
            passed &= found <= bound
            words.append(f"{_label(table, column)}: {found:.12g} of {bound:.12g}")
    return Check(name=planned.name, passed=passed, detail="; ".join(words))


def _figures(table: Table, column: str) -> list[float]:
    index = [c.name for c in table.columns].index(column)
    return [n for row in table.rows if (n := _number(row[index])) is not None]


def _number(value: Cell) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def _label(table: Table, column: str) -> str:
    return next(c.label or c.name for c in table.columns if c.name == column)


def _caveats(compiled: CompiledQuery, query: MetricQuery, context: ToolContext, table: Table, suppressed: int | None) -> tuple[str, ...]:
    """What the reader must know, most general first."""
    metrics = context.warehouse.model.metrics
    said = [metrics[name].caveat for name in dict.fromkeys(query.shown_metrics) if name in metrics]
    found: list[str] = [text for text in said if text]
    found += [_sentence(note) for note in compiled.notes]
    found += [f"The {p.label} from {long_date(p.start)} to {long_date(p.end)} is only a part of one." for p in compiled.incomplete_periods]
    found += _unknown_values(table)
    if compiled.suppressed_below is not None and suppressed:
        groups = "1 group" if suppressed == 1 else f"{suppressed} groups"
        found.append(f"{groups} left out, so that nothing is told about fewer than {compiled.suppressed_below} customers.")
    if table.truncated:
        found.append(f"Only the first {len(table.rows)} rows are shown.")
    return tuple(dict.fromkeys(found))


def _sentence(note: str) -> str:
    return f"{note[:1].upper()}{note[1:]}" + ("" if note.endswith(".") else ".")


def _unknown_values(table: Table) -> Iterable[str]:
    """Dimensions without a value for more than 5 % of a figure that adds up, read off the result itself."""
    figures = [i for i, c in enumerate(table.columns) if c.role == "metric" and c.format in ("number", "money")]
    if not figures or len(table.rows) < 2:
        return
    index = figures[0]
    total = math.fsum(_number(r[index]) or 0.0 for r in table.rows)
    for position, column in enumerate(table.columns):
        if column.role != "dimension" or total <= 0:
            continue
        unknown = math.fsum(_number(r[index]) or 0.0 for r in table.rows if r[position] is None)
        if unknown / total > _UNKNOWN_SHARE:
            part = f"{unknown / total:.0%} of {table.columns[index].label}"
            is_unknown = column.null_label in (None, _UNKNOWN)  # Sales without a shop are no gap in the data: they were made online.
            yield (
                f"The {column.label} is unknown for {part}."
                if is_unknown
                else f"No {column.label}: {part}, shown as “{column.null_label}”."
            )
