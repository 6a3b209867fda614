"""The suite's own way to the data: where it lies, and a read-only connection to it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb

from evals.scorers import Rows


class EvalsUnavailable(Exception):
    """The assistant or its data is not there; the message says what to do."""


class GoldDatabase:
    """Read-only, beside the assistant's engine and its guard."""

    def __init__(self, path: str) -> None:
        self._connection = duckdb.connect(path, read_only=True, config={"threads": 1})

    def rows(self, sql: str) -> Rows:
        return self._connection.execute(sql).fetchall()

    def close(self) -> None:
        self._connection.close()


def database_path(warehouse: str) -> Path:
    """The DuckDB file behind a warehouse: `CANDOR_<WAREHOUSE>_DB` if set, else as `assistant warehouse status` says.

    Raises:
        EvalsUnavailable: Not built, or the file is missing.
    """
    variable = f"CANDOR_{warehouse.upper()}_DB"
    named = os.environ.get(variable)
    path = Path(named) if named else Path(_status(warehouse)["path"])
    if not path.is_file():
        raise EvalsUnavailable(f"{path} is no file. Build it with `assistant warehouse build {warehouse}`, or correct {variable}.")
    return path


def _status(warehouse: str) -> dict[str, Any]:
    command = shutil.which("assistant", path=str(Path(sys.executable).parent)) or shutil.which("assistant")
    if command is None:
        raise EvalsUnavailable("The command `assistant` is not installed: `pip install -e .` in the checkout.")
    ran = subprocess.run([command, "warehouse", "status", warehouse, "--json"], capture_output=True, text=True, check=False)
    try:
        status: dict[str, Any] = json.loads(ran.stdout)
        status["path"]
    except (json.JSONDecodeError, KeyError, TypeError):
        raise EvalsUnavailable(
            f"`assistant warehouse status {warehouse} --json` names no database. Build it with `assistant warehouse build {warehouse}`."
        ) from None
    return status
