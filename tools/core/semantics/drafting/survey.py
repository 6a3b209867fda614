"""What a database tells about itself: tables, keys, how columns point at each other, and what their values look like.

Everything is read with plain aggregates over a connection that need not be able to write; no value leaves this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tools.core.semantics.defaults import NUMERIC, TEMPORAL, datatype_of, singular, words
from tools.core.semantics.drafting.wordbook import KEY_ENDINGS
from tools.core.semantics.model import Datatype

if TYPE_CHECKING:
    import duckdb

DATE_FORMATS = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d %b %Y", "%b %d, %Y", "%d-%b-%y", "%Y%m%d")
"""Spellings of days that texts are tried for, in this order."""
TIME_FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%d.%m.%Y %H:%M")
"""The same with the time of day."""
_COLUMNS = """
    SELECT c.schema_name, c.table_name, c.column_name, c.data_type
    FROM duckdb_columns() c
    WHERE c.database_name = current_database() AND NOT c.internal
    ORDER BY c.schema_name, c.table_name, c.column_index
"""
_KEYS = """
    SELECT schema_name, table_name, constraint_type, constraint_column_names, referenced_table, referenced_column_names
    FROM duckdb_constraints()
    WHERE database_name = current_database() AND constraint_type IN ('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY')
    ORDER BY schema_name, table_name, constraint_index
"""
_YEARS = (1500, 2200)
_BLANKS = r"'', '-', '?', 'n/a', 'na', 'nan', 'nil', 'none', 'null', '\N', '\n'"
"""What stands in texts instead of nothing."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column, and what its values have in common."""

    name: str
    type: str
    """As the database writes it."""
    rows: int
    """Rows that have a value."""
    distinct: int
    """Different values, counted or (in large tables) estimated."""
    unique: bool = False
    """Every row has a value, and no two the same."""
    longest: int = 0
    """Characters of the longest text."""
    holds: Datatype = Datatype.STRING
    """What the values are, whatever they are stored as: a text that is a number everywhere is a number."""
    date_format: str | None = None
    """How the days of a text column are written."""
    latest: str | None = None
    """The last day, of a column of days."""
    blanks: bool = False
    """Some rows hold an empty text, or a word for it, instead of nothing."""
    low: float | None = None
    high: float | None = None
    """Smallest and largest number."""

    @property
    def is_text_of(self) -> bool:
        """Stored as text, but something else in truth."""
        return datatype_of(self.type) is Datatype.STRING and self.holds is not Datatype.STRING

    @property
    def looks_like_years(self) -> bool:
        return self.low is not None and self.high is not None and _YEARS[0] <= self.low and self.high <= _YEARS[1]


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Columns of one table that name a row of another."""

    table: str
    columns: tuple[str, ...]
    to_table: str
    to_columns: tuple[str, ...]
    declared: bool
    """In the database; else guessed from names, and held against the values."""


@dataclass(kw_only=True)
class Table:
    """A table or view."""

    name: str
    """`schema.table` outside `main`."""
    rows: int
    columns: dict[str, Column]
    key: tuple[str, ...] = ()
    key_declared: bool = False
    unique_keys: list[tuple[str, ...]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Survey:
    tables: Mapping[str, Table]
    references: tuple[Reference, ...]


def survey(connection: duckdb.DuckDBPyConnection) -> Survey:
    """Reads the tables of the connection's current database."""
    stored: dict[str, dict[str, str]] = {}
    for schema, table, column, kind in connection.execute(_COLUMNS).fetchall():
        stored.setdefault(_full(schema, table), {})[column] = kind
    tables = {name: _table(connection, name, columns) for name, columns in stored.items()}
    references = _declared(connection, tables)
    for table in tables.values():
        if not table.key:
            table.key = _likely_key(table)
    return Survey(tables=tables, references=(*references, *_guessed(connection, tables, references)))


def quoted(name: str) -> str:
    """A name as SQL takes it whatever its letters; `schema.table` stays two names."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))


def _full(schema: str, table: str) -> str:
    return table if schema == "main" else f"{schema}.{table}"


def _table(connection: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, str]) -> Table:
    (rows,) = connection.execute(f"SELECT count(*) FROM {quoted(name)}").fetchone() or (0,)
    return Table(name=name, rows=rows, columns={c: _column(connection, name, rows, c, kind) for c, kind in columns.items()})


def _column(connection: duckdb.DuckDBPyConnection, table: str, rows: int, name: str, kind: str) -> Column:
    value = _one(name)
    datatype = datatype_of(kind)
    counted = "COUNT(DISTINCT {0})" if rows <= 1_000_000 else "APPROX_COUNT_DISTINCT({0})"
    wanted = [f"COUNT({value})", counted.format(value)]
    if datatype is Datatype.STRING:
        wanted += [f"MAX(LENGTH({value}))", f"COUNT(*) FILTER (WHERE LOWER(TRIM({value})) NOT IN ({_BLANKS}))"]
        # A cast alone would round 30.07 to a whole number.
        wanted += [f"COUNT(TRY_CAST({value} AS BIGINT)) FILTER (WHERE {value} NOT LIKE '%.%')", f"COUNT(TRY_CAST({value} AS DOUBLE))"]
        # A code such as 00123 would lose its zeros, and a phone number is no amount.
        wanted += [f"COUNT(*) FILTER (WHERE {value} LIKE '0_%' AND {value} NOT LIKE '0.%' OR LENGTH({value}) > 9)"]
        wanted += [f"COUNT(TRY_STRPTIME({value}, '{form}'))" for form in (*DATE_FORMATS, *TIME_FORMATS)]
    elif datatype in NUMERIC:
        wanted += [f"MIN({value})", f"MAX({value})"]
    found = connection.execute(f"SELECT {', '.join(wanted)} FROM {quoted(table)}").fetchone() or ()
    filled, distinct = int(found[0]), int(found[1])
    column = Column(name=name, type=kind, rows=filled, distinct=distinct, unique=0 < rows == filled == distinct, holds=datatype)
    if datatype in NUMERIC:
        low, high = (float(v) if v is not None else None for v in found[2:4])
        return replace(column, low=low, high=high)
    if datatype in TEMPORAL:
        return replace(column, latest=_latest(connection, table, f"CAST({value} AS DATE)")) if datatype is not Datatype.TIME else column
    if datatype is not Datatype.STRING:
        return column
    written = int(found[3])
    holds, form = _text_holds(written, *(int(v) for v in found[4:]))
    column = replace(column, longest=int(found[2] or 0), holds=holds, date_format=form, blanks=written < filled)
    if holds in NUMERIC:
        number = f"TRY_CAST({value} AS DOUBLE)"
        ends = connection.execute(f"SELECT MIN({number}), MAX({number}) FROM {quoted(table)}").fetchone() or (None, None)
        return replace(column, low=ends[0], high=ends[1])
    return replace(column, latest=_latest(connection, table, f"CAST(TRY_STRPTIME({value}, '{form}') AS DATE)")) if form else column


def _latest(connection: duckdb.DuckDBPyConnection, table: str, day: str) -> str | None:
    (latest,) = connection.execute(f"SELECT CAST(MAX({day}) AS VARCHAR) FROM {quoted(table)}").fetchone() or (None,)
    return str(latest) if latest is not None else None


def _text_holds(written: int, whole: int, decimal: int, coded: int, *dated: int) -> tuple[Datatype, str | None]:
    """What all texts are that are not empty."""
    if not written:
        return Datatype.STRING, None
    form = next((f for f, count in zip((*DATE_FORMATS, *TIME_FORMATS), dated, strict=True) if count == written), None)
    if form is not None and (form != "%Y%m%d" or whole == written):
        return (Datatype.DATE if form in DATE_FORMATS else Datatype.DATETIME), form
    if coded:
        return Datatype.STRING, None
    return (Datatype.INTEGER if whole == written else Datatype.FLOAT if decimal == written else Datatype.STRING), None


def _one(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


# -- keys ---------------------------------------------------------------------------------------------


def _declared(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Table]) -> list[Reference]:
    """Keys go to their tables, references are returned."""
    found: list[Reference] = []
    for schema, name, kind, columns, to_table, to_columns in connection.execute(_KEYS).fetchall():
        table = tables.get(_full(schema, name))
        if table is None:
            continue
        if kind == "PRIMARY KEY":
            table.key, table.key_declared = tuple(columns), True
        elif kind == "UNIQUE":
            table.unique_keys.append(tuple(columns))
        elif _full(schema, to_table) in tables:
            to = tuple(to_columns)
            found.append(
                Reference(table=table.name, columns=tuple(columns), to_table=_full(schema, to_table), to_columns=to, declared=True)
            )
    return found


def _likely_key(table: Table) -> tuple[str, ...]:
    """The first column without repeats that is named like a key: `id`, or the table's own name with such an ending."""
    own = singular(words(table.name.rpartition(".")[2])).split()
    for column in table.columns.values():
        parts = words(column.name).split()
        if column.unique and parts[-1] in KEY_ENDINGS and (len(parts) == 1 or set(parts[:-1]) <= set(own) or set(own) <= set(parts)):
            return (column.name,)
    return ()


def _guessed(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Table], declared: Iterable[Reference]) -> list[Reference]:
    """Columns named like the key of another table, whose values all stand there."""
    taken = {(r.table, column) for r in declared for column in r.columns}
    found: list[Reference] = []
    for table in tables.values():
        for column in table.columns.values():
            if (table.name, column.name) in taken or not column.rows or table.key == (column.name,):
                continue
            target = next((t for t in tables.values() if t is not table and _named_after(column, t)), None)
            if target is not None and _contained(connection, table, column, target):
                reference = Reference(table=table.name, columns=(column.name,), to_table=target.name, to_columns=target.key, declared=False)
                found += [] if _leads_back(reference, (*declared, *found)) else [reference]
    return found


def _named_after(column: Column, table: Table) -> bool:
    """`customer_id` for the key `customer_id` or `id` of `customers`; types must agree."""
    if len(table.key) != 1:
        return False
    key = table.columns[table.key[0]]
    # A text that is a number in every row joins a number.
    types = {column.holds if column.is_text_of and not column.blanks else datatype_of(column.type), datatype_of(key.type)}
    if types & TEMPORAL or (len(types) > 1 and not types <= NUMERIC):
        return False
    mine, its = words(column.name).split(), words(key.name).split()
    noun = singular(words(table.name.rpartition(".")[2])).split()
    if mine == its and len(its) > 1:
        return True
    return mine[-1] in KEY_ENDINGS and mine[:-1] == noun and (its == mine or its[-1:] == mine[-1:])


def _contained(connection: duckdb.DuckDBPyConnection, table: Table, column: Column, target: Table) -> bool:
    missing = connection.execute(
        f"SELECT COUNT(*) FROM {quoted(table.name)} t ANTI JOIN {quoted(target.name)} o ON t.{_one(column.name)} = o.{_one(target.key[0])} "
        f"WHERE t.{_one(column.name)} IS NOT NULL"
    ).fetchone()
    return missing is not None and missing[0] <= 0.02 * column.rows  # a few orphans are usual


def _leads_back(reference: Reference, others: Iterable[Reference]) -> bool:
    """Whether following references from its target leads to where it begins: two tables that share one key."""
    return leads_to(reference.to_table, reference.table, [(r.table, r.to_table) for r in others])


def leads_to(start: str, goal: str, steps: Sequence[tuple[str, str]]) -> bool:
    """Whether `goal` is reached from `start` along the (from, to) steps."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        here = waiting.pop()
        if here == goal:
            return True
        if here not in seen:
            seen.add(here)
            waiting += [end for begin, end in steps if begin == here]
    return False


def plain_name(name: str) -> bool:
    """Whether SQL takes the name without quotes."""
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is not None
