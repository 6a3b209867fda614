"""What a database really holds: tables, columns and their types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

_COLUMNS = """
    SELECT schema_name, table_name, column_name, data_type
    FROM duckdb_columns()
    WHERE database_name = current_database() AND NOT internal
    ORDER BY schema_name, table_name, column_index
"""


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """Tables with their columns, in the order of the database."""

    tables: Mapping[str, Mapping[str, str]]
    """Table -> column -> DuckDB type. A table outside schema `main` is named `schema.table`."""

    @classmethod
    def from_duckdb(cls, connection: duckdb.DuckDBPyConnection) -> Catalog:
        """Tables and views of the connection's current database."""
        tables: dict[str, dict[str, str]] = {}
        for schema, table, column, datatype in connection.execute(_COLUMNS).fetchall():
            name = table if schema == "main" else f"{schema}.{table}"
            tables.setdefault(name, {})[column] = datatype
        return cls(tables=MappingProxyType({name: MappingProxyType(columns) for name, columns in tables.items()}))

    def resolve(self, source: str) -> str | None:
        """Our name of the table that `source` means, whatever its case or leading database and schema; None if there is none."""
        by_lower = {name.lower(): name for name in self.tables}
        parts = source.lower().replace('"', "").split(".")
        for first in range(len(parts)):
            found = by_lower.get(".".join(parts[first:])) or by_lower.get(".".join(parts[first:]).removeprefix("main."))
            if found:
                return found
        return None
