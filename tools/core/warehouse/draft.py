"""A first semantic model for data that have none yet: a DuckDB file, CSV files, or a folder as `load.py` knows it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tools.core.errors import WarehouseUnavailable
from tools.core.semantics.drafting import draft_model, snake
from tools.core.warehouse.definition import Definition
from tools.core.warehouse.load import load, read_tables, silent


def draft_semantic_model(source: Path, name: str | None = None) -> str:
    """Text of a semantic model for the data, which are read and left as they are.

    Args:
        source: A DuckDB file, a CSV file, or a folder with the data of a warehouse.
        name: Of the model; default that of the file or folder.
    Raises:
        WarehouseUnavailable: There are no data, or they cannot be read.
        ModelInvalid: The database holds no tables.
    """
    import duckdb

    chosen = snake(name or source.name.partition(".")[0])
    if not source.exists():
        raise WarehouseUnavailable(
            f"There is no file or folder {source.name}.",
            try_instead="Name a DuckDB file, a CSV file, or a folder.",
            code="warehouse_unknown",
        )
    with tempfile.TemporaryDirectory(prefix="draft_") as scratch:
        database = _database(source, chosen, Path(scratch) / "draft.duckdb")
        try:
            with duckdb.connect(str(database), read_only=True) as connection:
                return draft_model(connection, chosen)
        except duckdb.IOException as fault:
            reason = " ".join(str(fault).split())[:200]
            raise WarehouseUnavailable(
                f"{source.name} cannot be read: {reason}",
                try_instead="Name a DuckDB file that no other program has open.",
                code="build_failed",
            ) from fault


def _database(source: Path, name: str, target: Path) -> Path:
    """The database itself, or one made of the files."""
    if source.is_dir():
        load(Definition(name=name, folder=source, shipped=False), target, progress=silent, options={})
        return target
    if source.name.endswith((".csv", ".csv.gz")):
        read_tables([source], target, silent)
        return target
    return source
