"""Orders out of a CSV file: the three columns named by the user, whatever form their days take."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tools.core.customers.orders import Orders, day_number, to_date
from tools.core.errors import SetupProblem

if TYPE_CHECKING:
    import duckdb

_DAY_FORMATS = ("%Y-%m-%d", "%Y%m%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%Y/%m/%d", "%m/%d/%y", "%d-%m-%Y", "%d-%b-%Y")
_SHOWN_COLUMNS = 20


@dataclass(frozen=True, kw_only=True)
class CsvColumns:
    """Names of the columns in the file's header."""

    customer: str
    time: str
    amount: str


@dataclass(frozen=True, kw_only=True)
class CsvOrders:
    """The orders of a file, and what was noticed while reading it."""

    orders: Orders
    notes: tuple[str, ...]

    def span(self, *, calibration_end: dt.date | None, holdout_end: dt.date | None) -> tuple[int, int | None]:
        """The last day to judge by and, when one is given, the last day that the models may see, as day numbers.

        Raises:
            SetupProblem: The cut-off does not lie inside the file's days (`days_unfit`).
        """
        first = self.orders.first_day
        end = day_number(holdout_end) if holdout_end else self.orders.last_day
        cut_off = day_number(calibration_end) if calibration_end else None
        if cut_off is not None and not first < cut_off < end:
            raise SetupProblem(
                f"The calibration must end between the first day {to_date(first)} and the last day {to_date(end)} of the file.",
                try_instead="Correct --calibration-end or --holdout-end.",
                code="days_unfit",
            )
        return end, cut_off


def read_orders_csv(path: Path, columns: CsvColumns, *, until: dt.date | None = None) -> CsvOrders:
    """The orders of a CSV file with a header.

    Args:
        until: Later orders are left out, and counted in the notes.
    Raises:
        SetupProblem: No such file (`file_missing`), a column is missing (`column_missing`), a column is not what it should be
            (`column_unfit`), or nothing is left (`file_empty`).
    """
    import duckdb

    with duckdb.connect() as connection:
        open_csv(connection, path, (columns.customer, columns.time, columns.amount))
        day_sql, note = _day_expression(connection, columns.time)
        _require_numbers(connection, columns.amount)
        chosen = (
            f"SELECT {_name(columns.customer)} AS customer, {day_sql} AS day, CAST({_name(columns.amount)} AS DOUBLE) AS amount FROM file"
        )
        rows = connection.execute(
            f"SELECT customer, date_diff('day', DATE '1970-01-01', day) AS day, amount FROM ({chosen}) "
            "WHERE customer IS NOT NULL AND day IS NOT NULL AND amount IS NOT NULL"
        ).fetchnumpy()
        counted = connection.execute(
            f"SELECT count(*), count(*) FILTER (customer IS NULL OR day IS NULL OR amount IS NULL), count(*) FILTER (amount < 0), "
            f"count(*) - (SELECT count(*) FROM (SELECT DISTINCT * FROM ({chosen}))) FROM ({chosen})"
        ).fetchone()
    days = np.asarray(rows["day"], dtype=np.int64)
    keep = days <= day_number(until) if until is not None else np.ones(len(days), dtype=bool)
    if not keep.any():
        raise SetupProblem(f"{path.name} holds no usable order.", try_instead="Check the columns and the dates.", code="file_empty")
    notes = [note] if note else []
    total, incomplete, negative, repeated = counted or (0, 0, 0, 0)
    notes += _notes(int(incomplete), int(negative), int(repeated), int((~keep).sum()), until, int(total))
    orders = Orders.of(_text(rows["customer"])[keep], days[keep], np.asarray(rows["amount"], dtype=np.float64)[keep])
    return CsvOrders(orders=orders, notes=tuple(notes))


def open_csv(connection: duckdb.DuckDBPyConnection, path: Path, needed: tuple[str, ...]) -> tuple[str, ...]:
    """The file as a table `file` of text columns; its columns. Raises SetupProblem when it cannot be read or lacks a column."""
    import duckdb

    if not path.is_file():
        raise SetupProblem(f"There is no file {path.name}.", try_instead="Correct the path.", code="file_missing")
    try:
        connection.execute("CREATE TEMP TABLE file AS SELECT * FROM read_csv(?, header = true, all_varchar = true)", [str(path)])
    except duckdb.Error:
        raise SetupProblem(
            f"{path.name} cannot be read as CSV.", try_instead="Save it as UTF-8 with a header line.", code="file_unreadable"
        ) from None
    found = tuple(row[0] for row in connection.execute("DESCRIBE file").fetchall())
    missing = [name for name in needed if name.lower() not in {column.lower() for column in found}]
    if missing:
        shown = ", ".join(found[:_SHOWN_COLUMNS]) + (" ..." if len(found) > _SHOWN_COLUMNS else "")
        raise SetupProblem(
            f"{path.name} has no column {', '.join(repr(name) for name in missing)}.",
            try_instead=f"Its columns are: {shown}.",
            code="column_missing",
        )
    return found


def _day_expression(connection: duckdb.DuckDBPyConnection, column: str) -> tuple[str, str]:
    """SQL that reads the day in the first form that fits every row, and a note where more than one would."""
    name = _name(column)
    candidates = {"ISO": f"TRY_CAST({name} AS TIMESTAMP)"}
    # A time of day after the day is cut off; the day is all that the models need.
    candidates |= {f: f"try_strptime(split_part(trim({name}), ' ', 1), '{f}')" for f in _DAY_FORMATS}
    unread = {
        form: connection.execute(f"SELECT count(*) FROM file WHERE {name} IS NOT NULL AND {sql} IS NULL").fetchone()
        for form, sql in candidates.items()
    }
    fitting = [form for form, found in unread.items() if found is not None and found[0] == 0]
    if not fitting:
        fewest = min(int(found[0]) for found in unread.values() if found is not None)
        raise SetupProblem(
            f"The column '{column}' does not hold days: {fewest:,} values cannot be read in any one form.",
            try_instead="Write days as YYYY-MM-DD.",
            code="column_unfit",
        )
    note = ""
    if fitting[0] == "%m/%d/%Y" and "%d/%m/%Y" in fitting:
        note = f"The days of '{column}' could be month/day or day/month; they were read as month/day."
    return f"CAST({candidates[fitting[0]]} AS DATE)", note


def _require_numbers(connection: duckdb.DuckDBPyConnection, column: str) -> None:
    found = connection.execute(
        f"SELECT count(*) FROM file WHERE {_name(column)} IS NOT NULL AND TRY_CAST({_name(column)} AS DOUBLE) IS NULL"
    ).fetchone()
    if found and found[0]:
        raise SetupProblem(
            f"The column '{column}' does not hold numbers: {found[0]:,} values cannot be read.",
            try_instead="Write amounts with a decimal point and without currency signs.",
            code="column_unfit",
        )


def _notes(incomplete: int, negative: int, repeated: int, later: int, until: dt.date | None, total: int) -> list[str]:
    notes = []
    if incomplete:
        notes.append(f"{incomplete:,} of {total:,} rows lack a customer, a day or an amount and were left out.")
    if negative:
        notes.append(f"{negative:,} rows have a negative amount; they reduce the value of their day.")
    if repeated:
        notes.append(f"{repeated:,} rows repeat another in customer, day and amount; without an order number they are kept.")
    if later and until is not None:
        notes.append(f"{later:,} orders after {until.isoformat()} were left out.")
    return notes


def _text(values: NDArray[Any]) -> NDArray[np.str_]:
    return np.asarray(values, dtype=str)


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
