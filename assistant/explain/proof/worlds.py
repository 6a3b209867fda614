"""What a sentence may speak about: each table of each finding, with its cells by name, period and metric."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from assistant.explain.proof.vocabulary import BUSINESS_NOUNS, word_set
from assistant.render.numbers import LONG_MONTHS, WEEKDAYS, format_part_of_date, missing
from tools.core.contract import Cell, Column, DateSpan, Finding, Table
from tools.core.query.calendar import add_months

_MEASURE_ROLES = frozenset({"metric", "count", "previous", "change", "change_rate", "share", "running", "average"})
_PARTIAL = re.compile(
    r"\b(?:top|bottom|first|last|highest|lowest|best|worst|limit(?:ed to)?)\s+\d+\b"
    r"(?!\s*(?:full\s+|complete\s+)?(?:day|week|month|quarter|year))",
    re.I,
)
_NOT_ADDITIVE = re.compile(
    r"\b(?:average|mean|median|per|rate|ratio|share|percent\w*|distinct|unique|lift|support|confidence|probability|index|score)\b", re.I
)
_PEOPLE = word_set("household customer user shopper buyer client visitor subscriber member account people person")
"""A person counted in two groups is one person: such counts do not add up."""


@dataclass(frozen=True)
class Place:
    """Where an entity or period lives: a column of a table."""

    world: int
    column: int


@dataclass(frozen=True, kw_only=True)
class World:
    """One table of one finding."""

    index: int
    finding: Finding
    table: Table
    synonyms: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @cached_property
    def dimensions(self) -> tuple[int, ...]:
        return tuple(i for i, c in enumerate(self.table.columns) if c.role in ("dimension", "rank") and c.role != "rank")

    @cached_property
    def measures(self) -> tuple[int, ...]:
        return tuple(i for i, c in enumerate(self.table.columns) if c.role in _MEASURE_ROLES)

    @cached_property
    def time(self) -> int | None:
        """The column of dates that the rows follow, when there is one."""
        return next((i for i in self.dimensions if self.table.columns[i].type in ("date", "datetime")), None)

    @cached_property
    def is_pairs(self) -> bool:
        return {"left", "right"} <= {c.name for c in self.table.columns}

    @cached_property
    def is_complete(self) -> bool:
        """Whether the rows are all there are: only then do they add up to a total, or show the lowest."""
        said = f"{self.finding.reading.sentence} {self.table.title}"
        return not self.table.truncated and not _PARTIAL.search(said)

    @property
    def n_rows(self) -> int:
        return len(self.table.rows)

    def number(self, row: int, column: int) -> float | None:
        value = self.table.rows[row][column]
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

    def key(self, row: int, column: int) -> str:
        """The name of a row in one dimension, as it is compared."""
        return entity_key(self.table.rows[row][column], self.table.columns[column])

    def span(self, row: int) -> DateSpan | None:
        """The days that a row of a time series covers."""
        if self.time is None:
            return None
        value = self.table.rows[row][self.time]
        return span_of(value, self.table.columns[self.time].grain) if isinstance(value, dt.date) else None

    @cached_property
    def by_time(self) -> tuple[int, ...]:
        """Rows in order of time, those without a date left out."""
        if self.time is None:
            return ()
        dated = [(span.start, row) for row in range(self.n_rows) if (span := self.span(row)) is not None]
        return tuple(row for _, row in sorted(dated))

    def is_additive(self, column: int) -> bool:
        """Whether the values of this column may be added over the rows."""
        c = self.table.columns[column]
        if c.role not in ("metric", "count", "previous") or c.format in ("rate", "duration"):
            return False
        if any(other.role == "share" and other.metric == c.metric for other in self.table.columns):
            return True
        said = f"{c.label} {c.name.replace('_', ' ')}"
        return not _NOT_ADDITIVE.search(said) and not ({stem(w) for w in words(f"{said} {c.unit or ''}")} & _PEOPLE)

    def nouns(self, column: int) -> frozenset[str]:
        """Stems of the words that this column may be called by."""
        c = self.table.columns[column]
        said = f"{c.label} {c.name} {c.metric or ''} {c.unit or ''} {' '.join(self.synonyms.get(c.metric or c.name, ()))}"
        return frozenset(stem(w) for w in words(said))

    @cached_property
    def scope_text(self) -> str:
        """Everything the reading says in words, lower case: names and numbers in it are given, not claimed."""
        reading = self.finding.reading
        spans = [s.label for s in (reading.window, reading.comparison) if s]
        definitions = [f"{d.label} {d.text}" for d in self.finding.definitions]
        parts = [reading.sentence, *reading.filters, *spans, *self.finding.narrowed, *self.finding.caveats, *definitions, self.table.title]
        return " ".join(parts).lower()


def worlds_of(findings: Sequence[Finding], synonyms: Mapping[str, Sequence[str]] | None = None) -> tuple[World, ...]:
    """Every table of every finding, the newest finding first."""
    tables = [(finding, table) for finding in reversed(findings) for table in finding.tables]
    return tuple(World(index=i, finding=f, table=t, synonyms=synonyms or {}) for i, (f, t) in enumerate(tables))


def entity_key(value: Cell, column: Column) -> str:
    """Lower-case name of a dimension's value, as sentences are matched against."""
    if value is None:
        return missing(column).lower()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, (int, float)):
        if column.grain is not None and "_of_" in column.grain:
            return format_part_of_date(int(value), column.grain).lower()
        return str(int(value)) if float(value).is_integer() else repr(value)
    return " ".join(value.lower().split())


def surfaces(key: str, column: Column) -> Iterable[str]:
    """Ways to write an entity, lower case."""
    yield key
    if column.grain == "hour_of_day" and re.fullmatch(r"\d\d:00", key):
        hour = int(key[:2])
        yield f"{hour % 12 or 12} {'am' if hour < 12 else 'pm'}"
    if key.capitalize() in WEEKDAYS:
        yield f"{key}s"
    if column.grain == "month_of_year" and key.capitalize() in LONG_MONTHS:
        yield key[:3]


def span_of(value: dt.date, grain: str | None) -> DateSpan:
    """The days of the period that starts on `value`."""
    day = value.date() if isinstance(value, dt.datetime) else value
    months = {"month": 1, "quarter": 3, "year": 12}.get(grain or "")
    if months:
        return DateSpan(start=day, end=add_months(day, months) - dt.timedelta(days=1))
    return DateSpan(start=day, end=day + dt.timedelta(days=6 if grain == "week" else 0))


def same_days(one: DateSpan, other: DateSpan) -> bool:
    return one.start == other.start and one.end == other.end


_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


def words(text: str) -> list[str]:
    """Lower-case words without digits; underscores part words."""
    return [w.lower() for w in _WORD.findall(text.replace("_", " "))]


def stem(word: str) -> str:
    """Singular of a regular plural: "visits" -> "visit", "categories" -> "category"."""
    word = word.lower().removesuffix("'s").removesuffix("’s")
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def years_of(worlds: Sequence[World]) -> set[int]:
    """Every year that a finding speaks of, to complete "in March"."""
    years: set[int] = set()
    for world in worlds:
        reading = world.finding.reading
        for span in (reading.window, reading.comparison):
            if span is not None and span.start.year > 1900:
                years |= set(range(span.start.year, min(span.end.year, span.start.year + 50) + 1))
        years |= {span.start.year for row in world.by_time if (span := world.span(row))}
        years |= {day.year for day in (reading.as_of, world.finding.as_of) if day}
    return years


def is_business_noun(word: str) -> bool:
    return stem(word) in BUSINESS_NOUNS
