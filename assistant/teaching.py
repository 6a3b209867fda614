"""The learning loop: words that nobody could place and readings that people confirmed, kept as proposals until somebody decides.

Nothing is learnt by itself. A proposal is applied by `assistant teach apply`, beside the pointer of the warehouse, so that refreshes and
rebuilds keep it. Personal data is kept out: values, numbers, dates and all unknown words of an example are masked, and a word is written
down only when two different questions had it; before that, there is a salted hash of it and no more.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import secrets
import sqlite3
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.sqlite_file import plan_from_text, plan_to_text
from assistant.turn import Decline, Done, MindContext, Outcome, PastTurn, Question, Step
from tools.core.errors import UnknownName

if TYPE_CHECKING:
    from assistant.minds.embedded import EmbeddedMind

log = logging.getLogger(__name__)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS proposal (
    id INTEGER PRIMARY KEY,
    warehouse TEXT NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    example TEXT NOT NULL DEFAULT '',
    plan TEXT NOT NULL DEFAULT '[]',
    seen INTEGER NOT NULL DEFAULT 1,
    last_seen REAL NOT NULL,
    status TEXT NOT NULL DEFAULT 'open',
    UNIQUE (warehouse, kind, text)
);
CREATE TABLE IF NOT EXISTS sighting (word TEXT NOT NULL, question TEXT NOT NULL, UNIQUE (word, question));
CREATE TABLE IF NOT EXISTS salt (value TEXT NOT NULL);
"""
_WORD = re.compile(r"[a-z][a-z-]{2,28}")
_LONG_NUMBER = re.compile(r"\d{5,}|@")
_CHOSEN = 3
"""Times that an option must have been chosen before it is proposed."""
_SIGHTINGS = 2
"""Different questions that must have had a word before it is written down."""
MEANS = " = "
"""Between the phrase and its meaning in the text of a choice."""
MAX_OPEN = 500
"""Proposals kept per warehouse; those seen least make room."""


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """Something that could be taught."""

    id: int
    kind: str
    """word: could not be placed; question: a reading of it was confirmed; choice: what people make of an ambiguous phrase."""
    text: str
    example: str
    """For a word: a question that had it, masked."""
    plan: tuple[Step, ...]
    """For a question: the plan that was confirmed."""
    seen: int
    status: str
    """open, applied or rejected."""

    def to_json(self) -> dict[str, Any]:
        plan = [step.to_json() for step in self.plan]
        return {
            "id": self.id,
            "kind": self.kind,
            "text": self.text,
            "example": self.example,
            "plan": plan,
            "seen": self.seen,
            "status": self.status,
        }


class Proposals:
    """One small SQLite file for all warehouses. Opened per call: it is written seldom, by any process."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def note_word(self, warehouse: str, word: str, question: str, example: str) -> None:
        """Count a word that could not be placed; it becomes a proposal with the second question that has it."""
        with self._opened() as db:
            salt = _salt(db)
            hashes = (_hash(salt, f"{warehouse} {word}"), _hash(salt, question))
            db.execute("INSERT OR IGNORE INTO sighting VALUES (?, ?)", hashes)
            (sightings,) = db.execute("SELECT count(*) FROM sighting WHERE word = ?", hashes[:1]).fetchone()
            if sightings >= _SIGHTINGS:
                _upsert(db, warehouse, "word", word, example, (), seen=sightings)

    def note_question(self, warehouse: str, text: str, plan: Sequence[Step]) -> None:
        """Keep a question whose reading was confirmed."""
        with self._opened() as db:
            _upsert(db, warehouse, "question", text, "", plan, seen=None)

    def note_choice(self, warehouse: str, phrase: str, means: str) -> None:
        """Count what was chosen for an ambiguous phrase; it is proposed once people keep choosing it."""
        with self._opened() as db:
            _upsert(db, warehouse, "choice", f"{phrase}{MEANS}{means}", "", (), seen=None)

    def all(self, warehouse: str, *, status: str = "open") -> tuple[Proposal, ...]:
        """Proposals of one status, the most frequent first."""
        with self._opened() as db:
            query = "SELECT * FROM proposal WHERE warehouse = ? AND status = ? AND (kind != 'choice' OR seen >= ?) ORDER BY seen DESC, id"
            return tuple(map(_proposal, db.execute(query, (warehouse, status, _CHOSEN)).fetchall()))

    def find(self, warehouse: str, number: int) -> Proposal:
        """The proposal of that number; UnknownName when there is none."""
        with self._opened() as db:
            row = db.execute("SELECT * FROM proposal WHERE warehouse = ? AND id = ?", (warehouse, number)).fetchone()
        if row is None:
            raise UnknownName(f"There is no proposal {number}.", try_instead="List them with `assistant teach list`.")
        return _proposal(row)

    def decide(self, proposal: Proposal, status: str) -> None:
        """Settle a proposal as applied or rejected; a rejected one does not come back."""
        with self._opened() as db:
            db.execute("UPDATE proposal SET status = ? WHERE id = ?", (status, proposal.id))

    def _opened(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(self._path, timeout=2.0, factory=_ClosedAfterUse)
        db.row_factory = sqlite3.Row
        db.executescript(_SCHEMA)
        return db


class _ClosedAfterUse(sqlite3.Connection):
    """Commits and closes at the end of a `with`."""

    def __exit__(self, *error: Any) -> Any:
        try:
            return super().__exit__(*error)
        finally:
            self.close()


class Lessons:
    """Watches what happens to questions, and notes what could be taught."""

    def __init__(self, proposals: Proposals, embedded: EmbeddedMind) -> None:
        self._proposals = proposals
        self._embedded = embedded

    def observe(self, question: Question, previous: PastTurn | None, outcome: Outcome, context: MindContext) -> None:
        """Note the words that could not be placed, or the offered reading that was taken. Never keeps an answer from being given."""
        try:
            if question.plan and previous is not None and any(option.plan == question.plan for option in previous.pending):
                if len(previous.pending) < 2 or not self._chosen(previous.question, question.plan, context):
                    self._confirmed(previous.question, question.plan, context)
            elif isinstance(outcome, (Done, Decline)) and outcome.unplaced:
                self._not_placed(question.text, outcome.unplaced, context)
        except (sqlite3.Error, OSError) as error:
            log.warning("a proposal could not be kept: %s", type(error).__name__)

    def _chosen(self, text: str, plan: Sequence[Step], context: MindContext) -> bool:
        """Whether the plan says what an ambiguous phrase means; then it is counted."""
        found = self._embedded.choice_in(text, plan, context)
        if found is None:
            return False
        phrase, means = found
        self._proposals.note_choice(context.warehouse.name, phrase, means if isinstance(means, str) else json.dumps(means, sort_keys=True))
        return True

    def _confirmed(self, text: str, plan: Sequence[Step], context: MindContext) -> None:
        unknown = self._embedded.unplaced(text, context)
        if unknown:
            self._not_placed(text, unknown, context)
        elif plan[-1].tool == "query_metrics" and not _LONG_NUMBER.search(text):
            self._proposals.note_question(context.warehouse.name, " ".join(text.split()), plan)

    def _not_placed(self, text: str, words: Iterable[str], context: MindContext) -> None:
        for word in words:
            # A capital inside the question may be somebody's name.
            if _WORD.fullmatch(word) and not re.search(rf"(?<!^)\b{word.capitalize()}\b", text):
                example = self._embedded.masked(text, context, keep=word)
                self._proposals.note_word(context.warehouse.name, word, text.lower(), example)


def _upsert(db: sqlite3.Connection, warehouse: str, kind: str, text: str, example: str, plan: Sequence[Step], *, seen: int | None) -> None:
    steps = plan_to_text(plan)
    db.execute(
        "INSERT INTO proposal (warehouse, kind, text, example, plan, seen, last_seen) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (warehouse, kind, text) DO UPDATE "
        "SET seen = coalesce(?, seen + 1), last_seen = excluded.last_seen, plan = excluded.plan",
        (warehouse, kind, text, example, steps, seen or 1, time.time(), seen),
    )
    db.execute(
        "DELETE FROM proposal WHERE warehouse = ? AND status = 'open' AND id NOT IN "
        "(SELECT id FROM proposal WHERE warehouse = ? AND status = 'open' ORDER BY seen DESC, last_seen DESC LIMIT ?)",
        (warehouse, warehouse, MAX_OPEN),
    )


def _proposal(row: sqlite3.Row) -> Proposal:
    plan = plan_from_text(row["plan"])
    return Proposal(
        id=row["id"], kind=row["kind"], text=row["text"], example=row["example"], plan=plan, seen=row["seen"], status=row["status"]
    )


def _salt(db: sqlite3.Connection) -> str:
    row = db.execute("SELECT value FROM salt").fetchone()
    if row is None:
        db.execute("INSERT INTO salt VALUES (?)", (secrets.token_hex(16),))
        return _salt(db)
    return str(row[0])


def _hash(salt: str, text: str) -> str:
    return hashlib.sha256(f"{salt} {text}".encode()).hexdigest()
