"""The tables as declared in `schema.yaml`: read, turned into DDL and into documentation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent

CONSENT_CURRENT = """
CREATE VIEW privacy.consent_current AS
SELECT customer_id, purpose, channel, action = 'granted' AS is_granted, basis, happened_on AS since
FROM (
    SELECT *, row_number() OVER (PARTITION BY customer_id, purpose, channel ORDER BY happened_at DESC, consent_id DESC) AS latest
    FROM privacy.consent_event
)
WHERE latest = 1
"""
CONSENT_CURRENT_COLUMNS = {
    "customer_id": ("INTEGER", "key", "The customer"),
    "purpose": ("VARCHAR", "plain", "marketing, profiling or sharing"),
    "channel": ("VARCHAR", "plain", "email, phone, app or any"),
    "is_granted": ("BOOLEAN", "plain", "The last word was yes"),
    "basis": ("VARCHAR", "plain", "Where it was given or withdrawn"),
    "since": ("DATE", "plain", "Day of the last word"),
}


@dataclass(frozen=True, kw_only=True)
class ColumnSpec:
    name: str
    type: str
    """DuckDB type."""
    required: bool
    privacy: str
    """Class as in docs/policy.md: plain, key, quasi, protected, free_text, direct_identifier or secret."""
    description: str


@dataclass(frozen=True, kw_only=True)
class TableSpec:
    name: str
    """schema.table"""
    row: str
    """What one row is."""
    key: tuple[str, ...]
    enforced: bool
    columns: Mapping[str, ColumnSpec]


@cache
def read_schema(file: str = "schema.yaml") -> Mapping[str, TableSpec]:
    """All tables of one file, in the order written."""
    document = yaml.safe_load((HERE / file).read_text(encoding="utf-8"))
    return {name: _table(name, body) for name, body in document.items()}


def _table(name: str, body: Mapping[str, Any]) -> TableSpec:
    columns = {
        column: ColumnSpec(name=column, type=kind.rstrip("!"), required=kind.endswith("!"), privacy=privacy, description=description)
        for column, (kind, privacy, description) in body["columns"].items()
    }
    return TableSpec(name=name, row=body["row"], key=tuple(body["key"]), enforced=body.get("enforced", False), columns=columns)


def ddl(tables: Mapping[str, TableSpec]) -> tuple[str, ...]:
    """The statements that make these tables, schemas first."""
    schemas = dict.fromkeys(name.split(".")[0] for name in tables)
    return (*(f"CREATE SCHEMA IF NOT EXISTS {schema}" for schema in schemas), *(_create(table) for table in tables.values()))


def _create(table: TableSpec) -> str:
    lines = [f"    {c.name} {c.type}{' NOT NULL' if c.required else ''}" for c in table.columns.values()]
    if table.enforced:
        lines.append(f"    PRIMARY KEY ({', '.join(table.key)})")
    return f"CREATE TABLE {table.name} (\n" + ",\n".join(lines) + "\n)"


def document_tables(tables: Mapping[str, TableSpec]) -> str:
    """The column tables of README.md, as Markdown."""
    return "\n\n".join(_document(table) for table in tables.values())


def _document(table: TableSpec) -> str:
    rows = [
        f"| `{c.name}` | {c.type} | {'' if c.required else 'yes'} | {c.privacy.replace('_', ' ')} | {c.description} |"
        for c in table.columns.values()
    ]
    head = [
        f"#### `{table.name}`",
        "",
        f"One row is {table.row}. Key: {', '.join(f'`{k}`' for k in table.key)}.",
        "",
        "| column | type | may be empty | class | meaning |",
        "| --- | --- | --- | --- | --- |",
    ]
    return "\n".join([*head, *rows])


if __name__ == "__main__":
    # The two generated parts of README.md.
    print(document_tables(read_schema()), document_tables(read_schema("schema_truth.yaml")), sep="\n\n---\n\n")
