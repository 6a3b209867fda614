"""What the chat keeps in SQLite: conversations as they were shown, the plans behind their buttons, saved questions, visits.

Everything belongs to a user. What was shown is kept with the rights it was shown under: to somebody who has lost them it stays hidden.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.sqlite_file import open_sqlite, plan_from_text, plan_to_text
from assistant.turn import Option, Step
from tools.core.errors import SetupProblem
from tools.core.sql_guard import Rights

MAX_SAVED = 200
"""Saved questions per user."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS user (
    name TEXT PRIMARY KEY, created_at TEXT NOT NULL, metadata TEXT NOT NULL DEFAULT '{}', settings TEXT NOT NULL DEFAULT '{}');
CREATE TABLE IF NOT EXISTS thread (
    id TEXT PRIMARY KEY, user TEXT NOT NULL, name TEXT, created_at TEXT NOT NULL, touched_at REAL NOT NULL,
    metadata TEXT NOT NULL DEFAULT '{}');
CREATE INDEX IF NOT EXISTS thread_of ON thread (user, touched_at);
CREATE TABLE IF NOT EXISTS step (
    id TEXT PRIMARY KEY, thread TEXT NOT NULL, type TEXT NOT NULL, text TEXT NOT NULL, body TEXT NOT NULL, rights TEXT NOT NULL,
    kept_at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS step_of ON step (thread);
CREATE TABLE IF NOT EXISTS element (
    id TEXT PRIMARY KEY, thread TEXT NOT NULL, step TEXT NOT NULL, mime TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL, content BLOB,
    rights TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS element_of ON element (thread);
CREATE TABLE IF NOT EXISTS feedback (id TEXT PRIMARY KEY, step TEXT NOT NULL UNIQUE, value INTEGER NOT NULL, comment TEXT);
CREATE TABLE IF NOT EXISTS answer (
    step TEXT NOT NULL, message TEXT NOT NULL, answer TEXT NOT NULL, thread TEXT NOT NULL, asked_at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS answer_of ON answer (thread, step);
CREATE TABLE IF NOT EXISTS plan (id TEXT PRIMARY KEY, user TEXT NOT NULL, thread TEXT NOT NULL, label TEXT NOT NULL, steps TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS plan_of ON plan (thread);
CREATE TABLE IF NOT EXISTS rights (fingerprint TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS saved (
    id INTEGER PRIMARY KEY, user TEXT NOT NULL, warehouse TEXT NOT NULL, question TEXT NOT NULL, steps TEXT NOT NULL,
    shared INTEGER NOT NULL, UNIQUE (user, warehouse, question));
CREATE TABLE IF NOT EXISTS visit (
    user TEXT NOT NULL, warehouse TEXT NOT NULL, began_at REAL NOT NULL, seen_at REAL NOT NULL, as_of TEXT NOT NULL, before TEXT,
    PRIMARY KEY (user, warehouse));
"""


@dataclass(frozen=True, kw_only=True)
class SavedQuestion:
    """A question kept by name, to be asked again: the words and the plan, never a result."""

    id: int
    question: str
    plan: tuple[Step, ...]
    shared: bool
    mine: bool


@dataclass(frozen=True, kw_only=True)
class Visit:
    """When somebody was here before this visit, and how far the data went then."""

    seen_at: float
    as_of: str


class ChatStore:
    """One file. Safe to use from several threads; every method that takes a user touches only what is theirs."""

    def __init__(self, path: Path) -> None:
        """Opens or creates the file at `path`; raises SetupProblem when that is not possible."""
        self._lock = threading.RLock()
        # What is deleted is to be gone from the file, too.
        self._db = open_sqlite(
            path,
            "PRAGMA secure_delete=ON;" + _SCHEMA,
            unavailable=SetupProblem(
                "The conversations of the chat cannot be stored.",
                try_instead="Check that ASSISTANT_HOME is a folder that can be written to, with free space.",
                code="conversations_unavailable",
            ),
        )

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._db:
            yield self._db

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._lock:
            return self._db.execute(query, values).fetchall()

    def _one(self, query: str, values: Sequence[Any] = ()) -> Any:
        with self._lock:
            return self._db.execute(query, values).fetchone()

    # Users

    def put_user(self, name: str, created_at: str, metadata: Mapping[str, Any]) -> None:
        with self._writing() as db:
            db.execute(
                "INSERT INTO user (name, created_at, metadata) VALUES (?, ?, ?) "
                "ON CONFLICT (name) DO UPDATE SET metadata = excluded.metadata",
                (name, created_at, json.dumps(dict(metadata))),
            )

    def user(self, name: str) -> tuple[str, dict[str, Any]] | None:
        """(created_at, metadata)."""
        row = self._one("SELECT created_at, metadata FROM user WHERE name = ?", (name,))
        return (row[0], json.loads(row[1])) if row else None

    def settings_of(self, name: str) -> dict[str, Any]:
        row = self._one("SELECT settings FROM user WHERE name = ?", (name,))
        return dict(json.loads(row[0])) if row else {}

    def put_settings(self, name: str, settings: Mapping[str, Any]) -> None:
        with self._writing() as db:
            db.execute("UPDATE user SET settings = ? WHERE name = ?", (json.dumps(dict(settings)), name))

    # Threads

    def owner(self, thread: str) -> str | None:
        row = self._one("SELECT user FROM thread WHERE id = ?", (thread,))
        return row[0] if row else None

    def put_thread(
        self, thread: str, *, user: str, created_at: str, name: str | None = None, metadata: Mapping[str, Any] | None = None
    ) -> None:
        """Make the thread, or change its name or metadata; a name once given is only changed by another."""
        with self._writing() as db:
            db.execute(
                "INSERT INTO thread (id, user, name, created_at, touched_at) VALUES (?, ?, NULL, ?, ?) ON CONFLICT (id) DO NOTHING",
                (thread, user, created_at, time.time()),
            )
            if name is not None:
                db.execute("UPDATE thread SET name = ? WHERE id = ? AND user = ?", (name, thread, user))
            if metadata is not None:
                db.execute("UPDATE thread SET metadata = ? WHERE id = ? AND user = ?", (json.dumps(dict(metadata)), thread, user))

    def thread(self, thread: str) -> dict[str, Any] | None:
        """{"id", "user", "name", "created_at", "metadata"}."""
        row = self._one("SELECT id, user, name, created_at, metadata FROM thread WHERE id = ?", (thread,))
        if row is None:
            return None
        return {"id": row[0], "user": row[1], "name": row[2], "created_at": row[3], "metadata": json.loads(row[4])}

    def threads(self, user: str, *, search: str | None = None, liked: int | None = None) -> list[dict[str, Any]]:
        """The user's conversations, the newest first; `search` looks at names and at everything that was said."""
        pattern = None
        if search:
            escaped = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            pattern = f"%{escaped}%"
        rows = self._rows(
            """SELECT id, name, created_at, metadata FROM thread t WHERE user = ?1
            AND (?2 IS NULL OR name LIKE ?2 ESCAPE '\\'
                OR EXISTS (SELECT 1 FROM step s WHERE s.thread = t.id AND s.text LIKE ?2 ESCAPE '\\'))
            AND (?3 IS NULL OR EXISTS (SELECT 1 FROM feedback f JOIN step s ON s.id = f.step WHERE s.thread = t.id AND f.value = ?3))
            ORDER BY touched_at DESC""",
            (user, pattern, liked),
        )
        return [{"id": i, "user": user, "name": n, "created_at": c, "metadata": json.loads(m)} for i, n, c, m in rows]

    def delete_thread(self, thread: str) -> None:
        with self._writing() as db:
            db.execute("DELETE FROM feedback WHERE step IN (SELECT id FROM step WHERE thread = ?)", (thread,))
            for table in ("step", "element", "answer", "plan"):
                db.execute(f"DELETE FROM {table} WHERE thread = ?", (thread,))
            db.execute("DELETE FROM thread WHERE id = ?", (thread,))

    def purge(self, keep_days: int) -> int:
        """Delete conversations whose last question is older; how many they were."""
        before = time.time() - keep_days * 86_400
        old = [row[0] for row in self._rows("SELECT id FROM thread WHERE touched_at < ?", (before,))]
        for thread in old:
            self.delete_thread(thread)
        return len(old)

    # Steps and elements

    def put_step(self, body: Mapping[str, Any], *, thread: str, rights: str) -> None:
        text = str(body.get("output") or "") if body.get("type") in ("user_message", "assistant_message") else ""
        with self._writing() as db:
            db.execute(
                "INSERT INTO step (id, thread, type, text, body, rights, kept_at) VALUES (?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET text = excluded.text, body = excluded.body, rights = excluded.rights "
                "WHERE thread = excluded.thread",
                (body["id"], thread, body.get("type", ""), text, json.dumps(dict(body), default=str), rights, time.time()),
            )
            db.execute("UPDATE thread SET touched_at = ? WHERE id = ?", (time.time(), thread))

    def steps(self, thread: str) -> list[tuple[dict[str, Any], str]]:
        """(body with its feedback, fingerprint of rights), in the order in which they were made."""
        rows = self._rows(
            "SELECT s.body, s.rights, f.id, f.value, f.comment FROM step s LEFT JOIN feedback f ON f.step = s.id WHERE thread = ?",
            (thread,),
        )
        found = []
        for body, rights, feedback, value, comment in rows:
            step = json.loads(body)
            if feedback:
                step["feedback"] = {"id": feedback, "forId": step["id"], "value": value, "comment": comment}
            found.append((step, rights))
        return sorted(found, key=lambda pair: str(pair[0].get("createdAt") or ""))

    def thread_of_step(self, step: str) -> str | None:
        row = self._one("SELECT thread FROM step WHERE id = ?", (step,))
        return row[0] if row else None

    def delete_step(self, step: str) -> None:
        with self._writing() as db:
            db.execute("DELETE FROM feedback WHERE step = ?", (step,))
            db.execute("DELETE FROM element WHERE step = ?", (step,))
            db.execute("DELETE FROM step WHERE id = ?", (step,))

    def forget_answers_from(self, message: str, *, thread: str, keep: str) -> float | None:
        """Take back what followed a message that is asked anew; when it was asked first, None when it never was.

        Args:
            keep: The run of the new answer, which has already begun.
        """
        first = self._one("SELECT min(asked_at) FROM answer WHERE thread = ? AND message = ?", (thread, message))[0]
        if first is None:
            return None
        with self._writing() as db:
            later = {s for (s,) in db.execute("SELECT id FROM step WHERE thread = ? AND kept_at >= ?", (thread, first))}
            later |= {s for (s,) in db.execute("SELECT step FROM answer WHERE thread = ? AND asked_at >= ?", (thread, first))}
            db.execute("DELETE FROM answer WHERE thread = ? AND asked_at >= ?", (thread, first))
            for step in later - {keep, message}:
                self.delete_step(step)
        return float(first)

    def put_element(self, body: Mapping[str, Any], *, thread: str, content: bytes | None, rights: str) -> None:
        packed = zlib.compress(content, 6) if content is not None else None
        with self._writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO element (id, thread, step, mime, name, body, content, rights) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    body["id"],
                    thread,
                    body.get("forId") or "",
                    body.get("mime") or "",
                    body.get("name") or "",
                    json.dumps(dict(body)),
                    packed,
                    rights,
                ),
            )

    def elements(self, thread: str) -> list[tuple[dict[str, Any], str]]:
        rows = self._rows("SELECT body, rights FROM element WHERE thread = ? ORDER BY rowid", (thread,))
        return [(json.loads(body), rights) for body, rights in rows]

    def content(self, thread: str, element: str) -> tuple[bytes, str, str, str] | None:
        """(bytes, mime, name, fingerprint of rights)."""
        row = self._one("SELECT content, mime, name, rights FROM element WHERE thread = ? AND id = ?", (thread, element))
        return (zlib.decompress(row[0]), row[1], row[2], row[3]) if row and row[0] is not None else None

    def delete_element(self, thread: str, element: str) -> None:
        with self._writing() as db:
            db.execute("DELETE FROM element WHERE thread = ? AND id = ?", (thread, element))

    # Thumbs

    def put_feedback(self, feedback: str, *, step: str, value: int, comment: str | None) -> None:
        with self._writing() as db:
            db.execute("DELETE FROM feedback WHERE step = ?", (step,))
            db.execute("INSERT INTO feedback (id, step, value, comment) VALUES (?, ?, ?, ?)", (feedback, step, value, comment))

    def step_of_feedback(self, feedback: str) -> str | None:
        row = self._one("SELECT step FROM feedback WHERE id = ?", (feedback,))
        return row[0] if row else None

    def delete_feedback(self, feedback: str) -> None:
        with self._writing() as db:
            db.execute("DELETE FROM feedback WHERE id = ?", (feedback,))

    def note_answer(self, answer: str, *, step: str, message: str, thread: str, asked_at: float) -> None:
        """Which answer a run on the page showed, and to which message."""
        with self._writing() as db:
            db.execute(
                "INSERT INTO answer (step, message, answer, thread, asked_at) VALUES (?, ?, ?, ?, ?)",
                (step, message, answer, thread, asked_at),
            )

    def answer_of(self, step: str) -> str | None:
        row = self._one("SELECT answer FROM answer WHERE step = ? ORDER BY rowid DESC LIMIT 1", (step,))
        return row[0] if row else None

    # Plans behind buttons

    def put_plans(self, options: Mapping[str, Option], *, user: str, thread: str) -> None:
        """Keep the plans behind buttons, by the keys that the page knows."""
        rows = [(key, user, thread, option.label, plan_to_text(option.plan)) for key, option in options.items()]
        with self._writing() as db:
            db.executemany("INSERT INTO plan (id, user, thread, label, steps) VALUES (?, ?, ?, ?, ?)", rows)

    def plan(self, key: str, *, user: str) -> Option | None:
        row = self._one("SELECT label, steps FROM plan WHERE id = ? AND user = ?", (key, user))
        return Option(label=row[0], plan=plan_from_text(row[1])) if row else None

    # Saved questions

    def save_question(self, question: str, plan: tuple[Step, ...], *, user: str, warehouse: str) -> bool:
        """Keep a question; False when the user has as many as one may have."""
        count = self._one("SELECT count(*) FROM saved WHERE user = ? AND warehouse = ? AND question != ?", (user, warehouse, question))[0]
        if count >= MAX_SAVED:
            return False
        with self._writing() as db:
            db.execute(
                "INSERT INTO saved (user, warehouse, question, steps, shared) VALUES (?, ?, ?, ?, 0) "
                "ON CONFLICT (user, warehouse, question) DO UPDATE SET steps = excluded.steps",
                (user, warehouse, question, plan_to_text(plan)),
            )
        return True

    def saved_question(self, key: int, *, user: str, warehouse: str) -> SavedQuestion | None:
        """One that this user may ask: their own, or a shared one."""
        return next((q for q in self.saved_questions(user=user, warehouse=warehouse) if q.id == key), None)

    def share_question(self, key: int, *, user: str, shared: bool) -> bool:
        """Show a question of one's own to everybody, or no longer."""
        with self._writing() as db:
            return db.execute("UPDATE saved SET shared = ? WHERE id = ? AND user = ?", (int(shared), key, user)).rowcount > 0

    def drop_question(self, key: int, *, user: str) -> bool:
        with self._writing() as db:
            return db.execute("DELETE FROM saved WHERE id = ? AND user = ?", (key, user)).rowcount > 0

    def saved_questions(self, *, user: str, warehouse: str) -> list[SavedQuestion]:
        """One's own, then those that others share."""
        rows = self._rows(
            "SELECT id, question, steps, shared, user = ?1 FROM saved WHERE warehouse = ?2 AND (user = ?1 OR shared) "
            "ORDER BY user != ?1, id DESC",
            (user, warehouse),
        )
        return [SavedQuestion(id=i, question=q, plan=plan_from_text(s), shared=bool(h), mine=bool(m)) for i, q, s, h, m in rows]

    # Visits

    def visit(self, *, user: str, warehouse: str, as_of: str, pause_s: float = 4 * 3600) -> Visit | None:
        """Note that the user is here; the visit before this one, None on the first. A pause of some hours begins a new visit."""
        now = time.time()
        with self._writing() as db:
            row = db.execute("SELECT seen_at, as_of, before FROM visit WHERE user = ? AND warehouse = ?", (user, warehouse)).fetchone()
            before = row[2] if row else None
            if row and now - row[0] > pause_s:
                before = json.dumps([row[0], row[1]])
            db.execute("INSERT OR REPLACE INTO visit VALUES (?, ?, ?, ?, ?, ?)", (user, warehouse, now, now, as_of, before))
        seen = json.loads(before) if before else None
        return Visit(seen_at=seen[0], as_of=seen[1]) if seen else None

    # Rights that things were shown under

    def note_rights(self, rights: Rights) -> str:
        """A fingerprint to keep with what is shown under these rights."""
        body = json.dumps(_as_json(rights), sort_keys=True)
        fingerprint = hashlib.sha256(body.encode()).hexdigest()[:16]
        if self._one("SELECT 1 FROM rights WHERE fingerprint = ?", (fingerprint,)) is None:
            with self._writing() as db:
                db.execute("INSERT OR IGNORE INTO rights VALUES (?, ?)", (fingerprint, body))
        return fingerprint

    def still_covered(self, fingerprint: str, rights: Rights) -> bool:
        """Whether whoever has these rights now may see what was shown under those."""
        if not fingerprint:
            return True
        row = self._one("SELECT body FROM rights WHERE fingerprint = ?", (fingerprint,))
        return row is not None and covers(_as_json(rights), json.loads(row[0]))

    def close(self) -> None:
        with self._lock:
            self._db.close()


def covers(now: Mapping[str, Any], then: Mapping[str, Any]) -> bool:
    """Whether rights, as JSON, allow at least what earlier ones did."""
    columns = all(set(names) <= set(now["columns"].get(table, ())) for table, names in then["columns"].items())
    rows = all(table in then["row_rules"] and then["row_rules"][table] == rule for table, rule in now["row_rules"].items())
    groups = now["min_group_size"] == 0 or 0 < now["min_group_size"] <= then["min_group_size"]
    return bool(columns and rows and groups and (now["individuals"] or not then["individuals"]))


def _as_json(rights: Rights) -> dict[str, Any]:
    return {
        "columns": {table: sorted(columns) for table, columns in rights.columns.items()},
        "row_rules": dict(rights.row_rules),
        "min_group_size": rights.min_group_size,
        "individuals": rights.may_list_individuals,
    }
