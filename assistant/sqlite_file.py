"""The SQLite files of ASSISTANT_HOME: opened in one way, with plans written in one form."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from assistant.turn import Step
from tools.core.errors import SetupProblem


def open_sqlite(path: Path, schema: str, *, unavailable: SetupProblem) -> sqlite3.Connection:
    """A connection for several threads behind a lock, to a file that several processes may share.

    Args:
        schema: Statements that make what is missing; they run at each opening.
        unavailable: Raised when the folder or the file cannot be made or read.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, check_same_thread=False, timeout=5.0)
        connection.executescript("PRAGMA journal_mode=WAL;" + schema)
    except (OSError, sqlite3.Error):
        raise unavailable from None
    return connection


def plan_to_text(plan: Iterable[Step]) -> str:
    """A plan as JSON text."""
    return json.dumps([step.to_json() for step in plan])


def plan_from_text(text: str) -> tuple[Step, ...]:
    """The plan that `plan_to_text` wrote."""
    return tuple(Step.from_json(row) for row in json.loads(text))
