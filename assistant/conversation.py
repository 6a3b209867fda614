"""Threads: what was asked before, kept in SQLite so that a follow-up can edit the last plan.

Only plans and sentences are kept here, never result rows: an answer is computed anew under the asker's rights of the day.
"""

from __future__ import annotations

import json
import re
import sqlite3
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from assistant.differencing import REMEMBERED, Shown
from assistant.sqlite_file import open_sqlite, plan_from_text, plan_to_text
from assistant.turn import Option, PastTurn, Step
from tools.core.errors import SetupProblem

_YES = frozenset(
    {"yes", "y", "yep", "yeah", "yes please", "ok", "okay", "sure", "correct", "right", "exactly", "that one", "go ahead", "do it"}
)
_ORDINALS = ("first", "second", "third", "fourth", "fifth")

KEPT_TURNS = 200
"""Turns kept per thread; older ones are dropped."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS turn (
    id INTEGER PRIMARY KEY,
    thread TEXT NOT NULL,
    user TEXT NOT NULL,
    warehouse TEXT NOT NULL,
    asked_at REAL NOT NULL,
    question TEXT NOT NULL,
    sentence TEXT NOT NULL,
    steps TEXT NOT NULL,
    pending TEXT NOT NULL DEFAULT '[]'
);
CREATE TABLE IF NOT EXISTS disclosed (
    id INTEGER PRIMARY KEY,
    user TEXT NOT NULL,
    warehouse TEXT NOT NULL,
    shown TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS disclosed_to ON disclosed (user, warehouse, id);
CREATE INDEX IF NOT EXISTS turn_by_thread ON turn (thread, user, warehouse, id);
"""


@dataclass(frozen=True, kw_only=True)
class ThreadSummary:
    """One conversation of a user, for a list."""

    thread: str
    turns: int
    first_at: float
    """Seconds since 1970."""
    last_at: float
    opening: str
    """The first question."""


class Conversations:
    """The turns of all threads of one home folder. Safe to use from several threads of one process."""

    def __init__(self, path: Path) -> None:
        """Opens or creates the file at `path`; raises SetupProblem when that is not possible."""
        self._lock = threading.Lock()
        self._db = open_sqlite(
            path,
            _SCHEMA,
            unavailable=SetupProblem(
                "The conversations cannot be stored.",
                try_instead="Check that ASSISTANT_HOME is a folder that can be written to, with free space.",
                code="conversations_unavailable",
            ),
        )

    def last(self, *, thread: str, user: str, warehouse: str) -> PastTurn | None:
        """The newest answered turn of this user's thread on this warehouse; None when there is none."""
        with self._lock:
            row = self._db.execute(
                "SELECT question, sentence, steps, pending FROM turn "
                "WHERE thread = ? AND user = ? AND warehouse = ? ORDER BY id DESC LIMIT 1",
                (thread, user, warehouse),
            ).fetchone()
        if row is None:
            return None
        return _turn(*row)

    def remember(self, turn: PastTurn, *, thread: str, user: str, warehouse: str) -> bool:
        """Append a turn; False when the disk refused it, so that the answer can say so and still be given."""
        steps = plan_to_text(turn.steps)
        pending = json.dumps([{"label": o.label, "plan": [s.to_json() for s in o.plan]} for o in turn.pending])
        try:
            with self._lock, self._db:
                self._db.execute(
                    "INSERT INTO turn (thread, user, warehouse, asked_at, question, sentence, steps, pending) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (thread, user, warehouse, time.time(), turn.question, turn.sentence, steps, pending),
                )
                self._db.execute(
                    "DELETE FROM turn WHERE thread = ? AND id NOT IN (SELECT id FROM turn WHERE thread = ? ORDER BY id DESC LIMIT ?)",
                    (thread, thread, KEPT_TURNS),
                )
        except sqlite3.Error:
            return False
        return True

    def forget(self, *, thread: str, user: str) -> bool:
        """Start the thread over; False when this user had none of that name."""
        with self._lock, self._db:
            return self._db.execute("DELETE FROM turn WHERE thread = ? AND user = ?", (thread, user)).rowcount > 0

    def threads(self, *, user: str, warehouse: str, limit: int = 100) -> list[ThreadSummary]:
        """This user's threads on this warehouse, the one asked in last first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT thread, turns, first_at, last_at, (SELECT question FROM turn WHERE id = first) FROM ("
                "SELECT thread, count(*) AS turns, min(asked_at) AS first_at, max(asked_at) AS last_at, min(id) AS first, max(id) AS last "
                "FROM turn WHERE user = ? AND warehouse = ? GROUP BY thread) ORDER BY last DESC LIMIT ?",
                (user, warehouse, limit),
            ).fetchall()
        return [ThreadSummary(thread=t, turns=n, first_at=a, last_at=b, opening=question) for t, n, a, b, question in rows]

    def questions(self, warehouse: str, limit: int = 500) -> tuple[str, ...]:
        """The last questions of all users, each once: to see what a change of the model would do to them."""
        with self._lock:
            rows = self._db.execute(
                "SELECT question FROM turn WHERE warehouse = ? GROUP BY question ORDER BY max(id) DESC LIMIT ?", (warehouse, limit)
            ).fetchall()
        return tuple(str(row[0]) for row in rows)

    def turns(self, *, thread: str, user: str, warehouse: str) -> list[tuple[float, PastTurn]]:
        """When each turn of this user's thread was asked, and the turn; oldest first, empty when there is no such thread."""
        with self._lock:
            rows = self._db.execute(
                "SELECT asked_at, question, sentence, steps, pending FROM turn WHERE thread = ? AND user = ? AND warehouse = ? ORDER BY id",
                (thread, user, warehouse),
            ).fetchall()
        return [(asked_at, _turn(*rest)) for asked_at, *rest in rows]

    def forget_since(self, asked_at: float, *, thread: str, user: str) -> None:
        """Take back the turns of a thread from a moment on (seconds since 1970): a question of it was edited, and is asked anew."""
        with self._lock, self._db:
            self._db.execute("DELETE FROM turn WHERE thread = ? AND user = ? AND asked_at >= ?", (thread, user, asked_at))

    def disclosed(self, *, user: str, warehouse: str) -> list[Shown]:
        """What this user was shown of groups, newest first: over all threads, since a new one would otherwise start from nothing."""
        with self._lock:
            rows = self._db.execute(
                "SELECT shown FROM disclosed WHERE user = ? AND warehouse = ? ORDER BY id DESC LIMIT ?", (user, warehouse, REMEMBERED)
            ).fetchall()
        return [Shown.from_json(text) for (text,) in rows]

    def remember_disclosed(self, shown: Shown, *, user: str, warehouse: str) -> None:
        """Keep what a group figure was about; raises SetupProblem when it cannot be kept, since the next one could not be checked."""
        try:
            with self._lock, self._db:
                self._db.execute("INSERT INTO disclosed (user, warehouse, shown) VALUES (?, ?, ?)", (user, warehouse, shown.to_json()))
        except sqlite3.Error:
            raise SetupProblem(
                "What you are shown cannot be recorded, so figures about groups cannot be protected.",
                try_instead="The operator frees space in ASSISTANT_HOME.",
                code="conversations_unavailable",
            ) from None

    def close(self) -> None:
        with self._lock:
            self._db.close()


def choose(text: str, pending: tuple[Option, ...]) -> Option | None:
    """The option that a reply takes: "yes" to a single offer, "2", "the second one", or the option's own label; else None."""
    reply = " ".join(re.sub(r"[^\w\s]", " ", text.lower()).split())
    if not pending or not reply:
        return None
    if reply in _YES:
        return pending[0] if len(pending) == 1 else None
    for option in pending:
        if reply == " ".join(re.sub(r"[^\w\s]", " ", option.label.lower()).split()):
            return option
    match = re.fullmatch(rf"(?:the |option |number )?(?:(\d)|({'|'.join(_ORDINALS)}))(?: one| option)?", reply)
    if match is None:
        return None
    index = int(match[1]) - 1 if match[1] else _ORDINALS.index(match[2])
    return pending[index] if 0 <= index < len(pending) else None


_COMMANDS = {
    "undo": frozenset({"undo", "undo that", "take that back", "go back", "back", "back to the previous one", "previous answer", "revert"}),
    "start over": frozenset(
        {"start over", "start again", "start afresh", "reset", "new topic", "new conversation", "forget that", "forget it", "clear",
         "never mind", "nevermind", "from scratch"}
    ),
}  # fmt: skip


def command(text: str) -> str | None:
    """ "undo" or "start over", when the whole text says so; else None."""
    said = " ".join(re.sub(r"[^\w\s]", " ", text.lower()).split()).removeprefix("please ").removesuffix(" please")
    return next((name for name, ways in _COMMANDS.items() if said in ways), None)


def _turn(question: str, sentence: str, steps: str, pending: str) -> PastTurn:
    return PastTurn(
        question=question,
        sentence=sentence,
        steps=plan_from_text(steps),
        pending=tuple(Option(label=o["label"], plan=tuple(Step.from_json(step) for step in o["plan"])) for o in json.loads(pending)),
    )
