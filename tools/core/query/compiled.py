"""What the compiler hands over: one statement, what its columns are, how it reads in words, and how to check it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlglot import exp

from tools.core.contract import Column, DateSpan, Definition, Reading


class CheckKind(StrEnum):
    """How the rows of a planned check (one, but for PEOPLE_BEHIND) are compared with the result."""

    PARTS_SUM_TO_TOTAL = "parts_sum_to_total"
    """Columns are the totals of the measures named in `columns`; each equals the sum over the result's rows."""
    AT_MOST = "at_most"
    """Columns bound the measures named in `columns` from above: the same count without the filters."""
    JOINED_ROWS = "joined_rows"
    """Columns `joined` and `alone` are equal: the rows of the fact with and without its joins."""
    SUPPRESSED_GROUPS = "suppressed_groups"
    """Column `groups` says how many groups were left out because they rest on too few customers."""
    PEOPLE_BEHIND = "people_behind"
    """The dimension columns, and the number of customers behind each row that is shown."""


@dataclass(frozen=True, kw_only=True)
class PlannedCheck:
    """An extra query for a self-test; governed like the main one."""

    name: str
    kind: CheckKind
    tree: exp.Select
    columns: tuple[str, ...] = ()
    """Columns of the main result that it is about."""


@dataclass(frozen=True, kw_only=True)
class CompiledQuery:
    """A MetricQuery as SQL."""

    tree: exp.Select
    sql: str
    """Pretty-printed DuckDB SQL of `tree`."""
    columns: tuple[Column, ...]
    """In output order."""
    reading: Reading
    notes: tuple[str, ...] = ()
    """Caveats that compiling found: a window narrowed, an entity counted through a fact."""
    suppressed_below: int | None = None
    """Rows resting on fewer customers than this were left out."""
    people_column: str | None = None
    """Column inside the statement that counts the customers behind a row; not part of the output."""
    definitions: tuple[Definition, ...] = ()
    checks: tuple[PlannedCheck, ...] = ()
    incomplete_periods: tuple[DateSpan, ...] = ()
    """The first and last period of a trend, as far as the window covers them, where that is only a part."""
