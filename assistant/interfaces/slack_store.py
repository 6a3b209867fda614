"""What Slack needs to be remembered over restarts and between processes: events that were taken, threads, options, unfinished answers.

Kept in SQLite under ASSISTANT_HOME. No result is kept: an option holds its plan, which runs under the rights of whoever clicks it.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path

from assistant.sqlite_file import open_sqlite, plan_from_text, plan_to_text
from assistant.turn import Answer, Option
from tools.core.errors import SetupProblem

KEPT_S = 24 * 3600
"""Slack repeats an event for minutes at most."""
KEPT_OPTIONS_S = 30 * 24 * 3600

_SCHEMA = """
CREATE TABLE IF NOT EXISTS taken (id TEXT PRIMARY KEY, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS unfinished (channel TEXT, ts TEXT, owner TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (channel, ts));
CREATE TABLE IF NOT EXISTS thread (channel TEXT, ts TEXT, user TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (channel, ts));
CREATE TABLE IF NOT EXISTS option (
    answer TEXT, n INTEGER, label TEXT NOT NULL, plan TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (answer, n)
);
"""


@dataclass(frozen=True, kw_only=True)
class Placeholder:
    """The message that says that an answer is on its way, and becomes it."""

    channel: str
    ts: str


class SlackStore:
    """Safe to use from several threads and processes."""

    def __init__(self, path: Path) -> None:
        """Opens or creates the file; raises SetupProblem when that is not possible."""
        self._lock = threading.Lock()
        self._db = open_sqlite(
            path,
            _SCHEMA,
            unavailable=SetupProblem(
                "What Slack needs cannot be stored.",
                try_instead="Check that ASSISTANT_HOME can be written to, with free space.",
                code="home_unwritable",
            ),
        )

    def take(self, event: str) -> bool:
        """Whether this event is new; it is then taken, for this and every other process."""
        now = time.time()
        with self._lock, self._db:
            self._db.execute("DELETE FROM taken WHERE at < ?", (now - KEPT_S,))
            return self._db.execute("INSERT OR IGNORE INTO taken VALUES (?, ?)", (event, now)).rowcount == 1

    def begin(self, placeholder: Placeholder, owner: str) -> None:
        """An answer is on its way."""
        with self._lock, self._db:
            row = (placeholder.channel, placeholder.ts, owner, time.time())
            self._db.execute("DELETE FROM unfinished WHERE at < ?", (time.time() - KEPT_S,))
            self._db.execute("INSERT OR REPLACE INTO unfinished VALUES (?, ?, ?, ?)", row)

    def finish(self, placeholder: Placeholder) -> None:
        """It has been given, or was said to be cut."""
        with self._lock, self._db:
            self._db.execute("DELETE FROM unfinished WHERE channel = ? AND ts = ?", (placeholder.channel, placeholder.ts))

    def left_unfinished(self, owner: str) -> list[Placeholder]:
        """What an earlier process of this owner left when it died."""
        with self._lock:
            rows = self._db.execute("SELECT channel, ts FROM unfinished WHERE owner = ?", (owner,)).fetchall()
        return [Placeholder(channel=channel, ts=ts) for channel, ts in rows]

    def answered_in(self, channel: str, ts: str, user: str) -> None:
        """An answer to this user stands open in this thread."""
        with self._lock, self._db:
            self._db.execute("INSERT OR REPLACE INTO thread VALUES (?, ?, ?, ?)", (channel, ts, user, time.time()))

    def last_asker(self, channel: str, ts: str) -> str | None:
        """The user whose answer last stood open in this thread; None for a thread that we take no part in."""
        with self._lock:
            row = self._db.execute("SELECT user FROM thread WHERE channel = ? AND ts = ?", (channel, ts)).fetchone()
        return row[0] if row else None

    def offer(self, answer: Answer) -> None:
        """Keep the plans behind the buttons of an answer."""
        now = time.time()
        rows = [(answer.id, n, o.label, plan_to_text(o.plan), now) for n, o in enumerate(answer.options)]
        with self._lock, self._db:
            self._db.execute("DELETE FROM option WHERE at < ?", (now - KEPT_OPTIONS_S,))
            self._db.executemany("INSERT OR REPLACE INTO option VALUES (?, ?, ?, ?, ?)", rows)

    def option(self, answer: str, n: int) -> Option | None:
        """The option behind a button; None when it is too old."""
        with self._lock:
            row = self._db.execute("SELECT label, plan FROM option WHERE answer = ? AND n = ?", (answer, n)).fetchone()
        if row is None:
            return None
        return Option(label=row[0], plan=plan_from_text(row[1]))

    def close(self) -> None:
        with self._lock:
            self._db.close()
