"""Thumbs: what people thought of an answer, kept with the question and the plan, so that a thumb down can become an eval case.

Only an answer's own asker may judge it. Kept in SQLite under ASSISTANT_HOME, for the newest answers only; several processes may share it.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.sqlite_file import open_sqlite, plan_to_text
from assistant.turn import Answer
from tools.core.errors import NeedsPerson, SetupProblem

KEPT_ANSWERS = 20_000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS answered (
    answer TEXT PRIMARY KEY,
    user TEXT NOT NULL,
    surface TEXT NOT NULL,
    at REAL NOT NULL,
    question TEXT NOT NULL,
    status TEXT NOT NULL,
    plan TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS thumb (
    answer TEXT PRIMARY KEY,
    up INTEGER NOT NULL,
    reason TEXT NOT NULL,
    at REAL NOT NULL
);
"""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """An answer that somebody judged."""

    answer: str
    question: str
    status: str
    plan: list[dict[str, Any]]
    up: bool
    reason: str
    surface: str


class Thumbs:
    """The thumbs of one home folder. Safe to use from several threads and processes."""

    def __init__(self, path: Path) -> None:
        """Opens or creates the file; raises SetupProblem when that is not possible."""
        self._lock = threading.Lock()
        self._db = open_sqlite(
            path,
            _SCHEMA,
            unavailable=SetupProblem(
                "Thumbs cannot be stored.",
                try_instead="Check that ASSISTANT_HOME can be written to, with free space.",
                code="home_unwritable",
            ),
        )

    def note(self, answer: Answer, *, user: str, surface: str) -> None:
        """Remember whose answer it was. A full disk costs the thumb, not the answer."""
        plan = plan_to_text(answer.plan)
        row = (answer.id, user, surface, time.time(), answer.question, answer.status.value, plan)
        try:
            with self._lock, self._db:
                self._db.execute("INSERT OR REPLACE INTO answered VALUES (?, ?, ?, ?, ?, ?, ?)", row)
                self._db.execute("DELETE FROM answered WHERE rowid <= (SELECT max(rowid) FROM answered) - ?", (KEPT_ANSWERS,))
        except sqlite3.Error:
            return

    def give(self, answer_id: str, *, user: str, up: bool, reason: str = "") -> None:
        """Judge an answer; a second thumb replaces the first.

        Raises:
            NeedsPerson: `answer_unknown`: no such answer, or somebody else's.
        """
        with self._lock, self._db:
            if self._db.execute("SELECT 1 FROM answered WHERE answer = ? AND user = ?", (answer_id, user)).fetchone() is None:
                raise NeedsPerson(
                    "You have no answer with this id.", try_instead="Give the `id` of an answer that you got.", code="answer_unknown"
                )
            self._db.execute("INSERT OR REPLACE INTO thumb VALUES (?, ?, ?, ?)", (answer_id, int(up), reason, time.time()))

    def take_back(self, answer_id: str, *, user: str) -> None:
        """Forget the thumb of an answer; nothing happens where there is none, or the answer is somebody else's."""
        with self._lock, self._db:
            self._db.execute(
                "DELETE FROM thumb WHERE answer = ? AND answer IN (SELECT answer FROM answered WHERE user = ?)", (answer_id, user)
            )

    def judged(self) -> list[Judged]:
        """Everything that was judged, the newest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT a.answer, question, status, plan, up, reason, surface "
                "FROM thumb t JOIN answered a ON a.answer = t.answer ORDER BY t.at DESC"
            ).fetchall()
        return [
            Judged(answer=answer, question=question, status=status, plan=json.loads(plan), up=bool(up), reason=reason, surface=surface)
            for answer, question, status, plan, up, reason, surface in rows
        ]

    def close(self) -> None:
        with self._lock:
            self._db.close()
