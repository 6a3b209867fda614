"""What tools share: the shape of a tool, and of what it finds.

A tool is a name, a pydantic input model and a `run`. It gets the asker's rights and a warehouse in its context,
and can reach data only through `Warehouse.engine` with a `CheckedSql`, so rights hold on every path by construction.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from pydantic import BaseModel

if TYPE_CHECKING:
    from tools.core.sql_guard import Rights
    from tools.core.warehouse import Warehouse

Cell = str | int | float | bool | dt.date | dt.datetime | None
"""A value as JSON and Python know it; DECIMAL arrives as float rounded to 12 significant digits."""


class Grade(StrEnum):
    """How far an answer can be trusted, strongest first."""

    VERIFIED = "verified"
    GOVERNED = "governed"
    MODELLED = "modelled"
    FREE_SQL = "free_sql"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a result."""

    name: str
    type: str
    """string, integer, number, boolean, date, datetime."""
    unit: str | None = None
    """"USD", "visits"; "share" for 0..1 rates; None for plain values."""
    role: str = "dimension"
    """dimension, metric, share, previous, change, change_rate, running, average, rank, count, bound (of an interval), note (on the row)."""
    label: str = ""
    """Heading for people."""
    format: str = "number"
    """number, money, rate, duration (metrics), text, date."""
    decimals: int | None = None
    grain: str | None = None
    """For dates: the period that each value starts."""
    metric: str | None = None
    """The metric it holds or derives from."""
    null_label: str | None = None
    """What to call a missing value of a dimension: "Not surveyed"; None = the usual word."""
    own_words: bool = False
    """Its values are the tool's own vocabulary (drivers, models, ranks), never stored text or keys: a language model may see them."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A result: values, not formatted text."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    truncated: bool = False
    """More rows existed than the row cap lets through."""

    def key_of(self, row: tuple[Cell, ...]) -> str:
        """What the row is split by, as text: the same in every result with the same split."""
        values = [value for value, column in zip(row, self.columns, strict=True) if column.role == "dimension"]
        return json.dumps([value.isoformat() if isinstance(value, dt.date) else value for value in values])


@dataclass(frozen=True, kw_only=True)
class Check:
    """A self-test that really ran."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, kw_only=True)
class Definition:
    """A metric or dimension in words, as used."""

    name: str
    label: str
    text: str


@dataclass(frozen=True, kw_only=True)
class DateSpan:
    """Days from `start` to `end`, both included."""

    start: dt.date
    end: dt.date
    label: str = ""
    """As a person says it: "March 2017", "the last 6 weeks"."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The plan in words, part by part: what the interpretation line of an answer shows."""

    sentence: str
    """One canonical English sentence without a full stop."""
    metrics: tuple[str, ...] = ()
    dimensions: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    """Each as a clause: "department is DELI", then `conditions`."""
    conditions: tuple[str, ...] = ()
    """Those filters that keep whole entities, each as a noun phrase: "households with at least 3 visits"."""
    window: DateSpan | None = None
    comparison: DateSpan | None = None
    as_of: dt.date | None = None
    first: Literal["", "highest", "lowest"] = ""
    """Which end of a figure the rows begin with; empty when they follow something else, or nobody said."""
    limit: int | None = None
    """Only the first so many rows in that order were kept; None when all were, or when the first were passed over."""
    selects: bool = False
    """Groups were left out by their figures: the best, the worst, or those past a limit."""
    data_start: dt.date | None = None
    """First day of the data, when the window or the one compared with begins before it."""


@dataclass(frozen=True, kw_only=True)
class ExecutedSql:
    """A statement that really ran."""

    sql: str
    row_count: int
    elapsed_ms: float


@dataclass(frozen=True, kw_only=True)
class Quote:
    """A customer's own words, verbatim from a stored record."""

    text: str
    source: str
    record_id: str
    date: dt.date | None = None
    sentiment: float | None = None
    about: str = ""
    """What it stands for among the others: its theme, and that it disagrees with the rest."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a tool found, before anybody words it."""

    tool: str
    tables: tuple[Table, ...]
    """The first answers the question in full."""
    reading: Reading
    grade: Grade
    grade_reason: str
    sql: tuple[ExecutedSql, ...] = ()
    """The statement of `tables[0]` first, then those of the checks."""
    definitions: tuple[Definition, ...] = ()
    checks: tuple[Check, ...] = ()
    caveats: tuple[str, ...] = ()
    quotes: tuple[Quote, ...] = ()
    narrowed: tuple[str, ...] = ()
    """What the asker's rights left out, in words: "region EMEA"."""
    as_of: dt.date | None = None
    data_version: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Figures beside the tables that sentences may use: totals, counts of suppressed groups."""


@dataclass(frozen=True, kw_only=True)
class ToolContext:
    """What every tool call is given."""

    warehouse: Warehouse
    rights: Rights
    deadline_s: float
    as_of: dt.date | None = None
    progress: Callable[[str], None] = lambda _: None
    """Told a step in words, while the tool works."""


class Tool(Protocol):
    """Something that can be computed about customers."""

    name: ClassVar[str]
    summary: ClassVar[str]
    """One line for help texts; the description for a language model is a file in `prompts/tools/`."""
    input_model: ClassVar[type[BaseModel]]

    def run(self, arguments: Any, context: ToolContext) -> Finding:
        """Compute; raises AnswerError and nothing else."""
        ...
