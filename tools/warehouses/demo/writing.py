"""From arrays to tables: types, empty values and money in one place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb
import numpy as np

from tools.core.errors import InternalError
from tools.warehouses.demo.arrays import NONE, Coded
from tools.warehouses.demo.schema import TableSpec, ddl

ArrayLike = Any
"""A Coded, or a numpy array: see `Sink.write`."""


class Sink:
    """Writes tables of one schema into one open database, and numbers their rows."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, tables: Mapping[str, TableSpec]) -> None:
        self._connection = connection
        self._tables = tables
        self._next_id: dict[str, int] = {}
        for statement in ddl(tables):
            connection.execute(statement)

    def new_ids(self, name: str, count: int) -> np.ndarray[Any, np.dtype[np.int64]]:
        """The next `count` numbers of a table's surrogate key, from 1."""
        first = self._next_id.get(name, 1)
        self._next_id[name] = first + count
        return np.arange(first, first + count, dtype=np.int64)

    def write(self, table: str, **columns: ArrayLike) -> None:
        """Append rows, in the order given.

        Integers mean days since 1970-01-01 for DATE, seconds since then for TIMESTAMP, and the smallest unit (cents)
        for DECIMAL; `NONE` is NULL. Floats for DECIMAL are rounded to its scale; NaN is NULL.
        """
        spec = self._tables[table]
        if set(columns) != set(spec.columns):
            raise InternalError(f"{table}: columns {sorted(set(columns) ^ set(spec.columns))} are missing or unknown")
        lengths = {name: len(values.codes if isinstance(values, Coded) else values) for name, values in columns.items()}
        if len(set(lengths.values())) != 1:
            raise InternalError(f"{table}: columns of different lengths: {lengths}")
        if not next(iter(lengths.values())):
            return
        batch: dict[str, Any] = {}
        parameters: dict[str, list[str]] = {}
        selected = []
        for position, (name, column) in enumerate(spec.columns.items()):
            values = columns[name]
            if isinstance(values, Coded):
                parameters[f"labels_{position}"] = list(values.labels)
            batch[name] = _scannable(values)
            selected.append(_expression(f'b."{name}"', column.type, values, f"$labels_{position}"))
        self._connection.register("demo_batch", batch)
        names = ", ".join(f'"{name}"' for name in spec.columns)
        self._connection.execute(f"INSERT INTO {table} ({names}) SELECT {', '.join(selected)} FROM demo_batch AS b", parameters or None)
        self._connection.unregister("demo_batch")


def _scannable(values: ArrayLike) -> Any:
    """A form that DuckDB scans: contiguous, empty integers masked."""
    if isinstance(values, Coded):
        return np.ascontiguousarray(values.codes, dtype=np.int32)
    if values.dtype.kind == "i":
        whole = np.ascontiguousarray(values, dtype=np.int64)
        empty = whole == NONE
        return np.ma.masked_array(whole, mask=empty) if empty.any() else whole
    if values.dtype.kind == "f" and np.isnan(values).any():
        return np.ma.masked_array(values, mask=np.isnan(values))
    return np.ascontiguousarray(values)


def _expression(column: str, kind: str, values: ArrayLike, labels: str) -> str:
    """SQL that turns a scanned column into its declared type."""
    if isinstance(values, Coded):
        return f"({labels}::VARCHAR[])[{column} + 1]"
    whole = values.dtype.kind == "i"
    if kind == "DATE":
        return f"DATE '1970-01-01' + CAST({column} AS INTEGER)"
    if kind == "TIMESTAMP":
        return f"make_timestamp(CAST({column} AS BIGINT) * 1000000)"
    if kind.startswith("DECIMAL"):
        scale = int(kind.rstrip(")").split(",")[1])
        return f"CAST({column} / {10**scale}.0::DOUBLE AS {kind})" if whole else f"CAST({column} AS {kind})"
    return f"CAST({column} AS {kind})"
