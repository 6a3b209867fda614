"""The values that flow from a question to an answer.

    Question -> Mind: Step -> Toolbox: Finding -> Mind: Done | Clarification | Decline -> Answer

`Answer.to_json` is the public contract: the same for `--json`, REST, MCP and evals.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from assistant.stopping import Stop
from tools.core.contract import Cell, Check, DateSpan, ExecutedSql, Finding, Quote, Reading, Table

if TYPE_CHECKING:
    from tools.core.sql_guard import Rights
    from tools.core.warehouse import Warehouse


class Status(StrEnum):
    ANSWERED = "answered"
    OFFERED = "offered"
    """One reading with a doubt, to be confirmed."""
    NEEDS_CLARIFICATION = "needs_clarification"
    DECLINED = "declined"
    REFUSED = "refused"
    """The policy does not allow it."""
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One tool call."""

    tool: str
    arguments: Mapping[str, Any]
    """As JSON, valid for the tool's input model."""

    def to_json(self) -> dict[str, Any]:
        return {"tool": self.tool, "arguments": dict(self.arguments)}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Step:
        """The step that `to_json` wrote."""
        return cls(tool=row["tool"], arguments=row["arguments"])


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a person asks."""

    text: str
    id: str = ""
    thread: str | None = None
    """Questions of one thread are a conversation; None = on its own."""
    user: str | None = None
    """None = the local command line."""
    plan: tuple[Step, ...] = ()
    """Set when the person clicked an option or an offer: run this, no reading needed."""
    as_of: dt.date | None = None
    mind: str = ""
    """Who is to read it: embedded, model, auto or both; empty, or one that is not configured = the assistant's own choice."""
    numbers: str = "en"
    """How the sentences of the answer write figures and short dates: en, iso, de, fr."""


@dataclass(frozen=True, kw_only=True)
class Option:
    """One reading to choose."""

    label: str
    plan: tuple[Step, ...]


@dataclass(frozen=True, kw_only=True)
class FollowUp:
    """A next question that the assistant can really answer."""

    label: str
    question: str


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """A way to go on with what is being typed."""

    text: str
    """The whole input once it is taken."""
    label: str
    """What is added or named: the phrase, or the question."""
    kind: str
    """question, figure, grouping, value, period."""


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a language model used for one question."""

    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0
    """In the currency of the configured prices; 0 when none are."""


@dataclass(frozen=True, kw_only=True)
class Done:
    """The mind has what it needs; its findings answer the question."""

    confidence: float | None = None
    """Chance that the reading is the one meant, 0 to 1; None = not calibrated."""
    carried_over: tuple[str, ...] = ()
    """Parts taken from the question before, in words."""
    left_out: tuple[str, ...] = ()
    """Words of the question that no part of the plan accounts for, and that were judged harmless."""
    unplaced: tuple[str, ...] = ()
    """Words that could not be placed: the reason of an offer."""
    notes: tuple[str, ...] = ()
    """How something unsaid or misspelt was taken, each a sentence: "'March' was taken as March 2017"."""
    doubt: str | None = None
    """Why this is an offer and not an answer: names the doubtful word."""
    verified_question: str | None = None
    """Id of the verified question whose query ran."""
    alternatives: tuple[Option, ...] = ()
    """Other readings, with a different result."""
    prose: str | None = None
    """Sentences by a language model; kept only as far as they can be proven."""
    steps_given_up: int = 0
    """How many of the steps that ran first belong to a plan that was given up, and not to the answer."""
    mind: str = ""
    """Who read the question, when several minds may have; empty = the mind that was asked."""
    usage: Usage = Usage()


@dataclass(frozen=True, kw_only=True)
class Clarification:
    """Two to five readings that give different answers: one question back."""

    prompt: str
    options: tuple[Option, ...]
    understood: str = ""
    mind: str = ""
    usage: Usage = Usage()


@dataclass(frozen=True, kw_only=True)
class Decline:
    """It cannot be answered; says what was understood and what comes nearest."""

    code: str
    """absent_concept, not_understood, unsupported, not_a_question, write_request, empty, too_long, language."""
    message: str
    understood: str = ""
    unplaced: tuple[str, ...] = ()
    """Words that could not be placed."""
    nearest: tuple[FollowUp, ...] = ()
    mind: str = ""
    usage: Usage = Usage()


@dataclass(frozen=True, kw_only=True)
class Told:
    """Something about the data itself, answered from its definitions without a figure: what can be asked, what a figure means."""

    headline: str
    text: str = ""
    """Markdown, one line for each thing listed."""
    nearest: tuple[FollowUp, ...] = ()
    """Questions to go on with."""
    mind: str = ""
    usage: Usage = Usage()


Outcome = Done | Clarification | Decline | Told
Thinking = Generator[Step, Finding, Outcome]
"""Yields tool calls, is sent what they found, returns the outcome."""


@dataclass(frozen=True, kw_only=True)
class PastTurn:
    """The turn before, for a follow-up."""

    question: str
    steps: tuple[Step, ...]
    """The plan that ran; empty when the turn ended in a question back."""
    sentence: str
    pending: tuple[Option, ...] = ()
    """Readings that were offered and not yet chosen from: "yes" or "2" takes one."""
    missed: str = ""
    """A question asked since that got no answer: what follows may go on from that one."""

    @property
    def is_answered(self) -> bool:
        return bool(self.steps or self.pending)


@dataclass(frozen=True, kw_only=True)
class MindContext:
    """What a mind may know besides the question."""

    warehouse: Warehouse
    rights: Rights
    as_of: dt.date
    previous: PastTurn | None = None
    progress: Callable[[str], None] = lambda _: None
    say: Callable[[str], None] = lambda _: None
    """Given each proven sentence of a model's prose as soon as it is complete."""
    thread: str | None = None
    """The conversation, for limits per thread."""
    stop: Stop = field(default_factory=Stop)
    """Pressed when nobody waits for the answer any more."""


class Mind(Protocol):
    """Reads a question and chooses tools; never computes."""

    name: str

    def think(self, question: Question, context: MindContext) -> Thinking: ...


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A picture of one of the answer's tables."""

    kind: str
    """line, bar, stacked_bar, scatter, histogram, heatmap."""
    title: str
    table: int
    """Index into the answer's tables."""
    x: str
    y: tuple[str, ...]
    series: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "title": self.title, "table": self.table, "x": self.x, "y": list(self.y), "series": self.series}


@dataclass(frozen=True, kw_only=True)
class Trust:
    grade: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Why there is no answer, and what to do."""

    code: str
    message: str
    try_instead: str


@dataclass(frozen=True, kw_only=True)
class RanStep:
    """A tool call that ran."""

    tool: str
    arguments: Mapping[str, Any]
    sql: tuple[ExecutedSql, ...]
    row_count: int
    elapsed_ms: float


@dataclass(frozen=True, kw_only=True)
class Proof:
    """How many figures of a model's prose were re-derived, and how many sentences were replaced."""

    proven: int = 0
    replaced: int = 0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Everything that any surface shows."""

    id: str
    question: str
    status: Status
    headline: str = ""
    text: str = ""
    reading: Reading | None = None
    carried_over: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    plan: tuple[Step, ...] = ()
    confidence: float | None = None
    trust: Trust | None = None
    steps: tuple[RanStep, ...] = ()
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()
    quotes: tuple[Quote, ...] = ()
    checks: tuple[Check, ...] = ()
    definitions: tuple[tuple[str, str], ...] = ()
    """(label, text) of every metric used; shown under "How I got this"."""
    caveats: tuple[str, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()
    options: tuple[Option, ...] = ()
    proof: Proof = Proof()
    usage: Usage = Usage()
    mind: str = ""
    as_of: dt.date | None = None
    data_version: str = ""
    policy_version: str = ""
    receipt_id: str | None = None
    elapsed_ms: float = 0.0
    error: Fault | None = None
    unplaced: tuple[str, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """The public contract (design section 5): plain JSON values only."""
        return {
            "id": self.id,
            "question": self.question,
            "status": self.status.value,
            "headline": self.headline,
            "text": self.text,
            "interpretation": _interpretation(self),
            "plan": [step.to_json() for step in self.plan],
            "confidence": self.confidence,
            "trust": {"grade": self.trust.grade, "reason": self.trust.reason} if self.trust else None,
            "steps": [_ran_step(step) for step in self.steps],
            "tables": [_table(table) for table in self.tables],
            "charts": [chart.to_json() for chart in self.charts],
            "quotes": [_quote(quote) for quote in self.quotes],
            "checks": [{"name": c.name, "passed": c.passed, "detail": c.detail} for c in self.checks],
            "caveats": list(self.caveats),
            "follow_ups": [{"label": f.label, "question": f.question} for f in self.follow_ups],
            "options": [{"label": o.label, "plan": [s.to_json() for s in o.plan]} for o in self.options],
            "proof": {"proven": self.proof.proven, "replaced": self.proof.replaced},
            "usage": {"tokens_in": self.usage.tokens_in, "tokens_out": self.usage.tokens_out, "cost": self.usage.cost},
            "mind": self.mind,
            "as_of": _iso(self.as_of),
            "data_version": self.data_version,
            "policy_version": self.policy_version,
            "receipt_id": self.receipt_id,
            "elapsed_ms": round(self.elapsed_ms, 1),
            "error": None
            if self.error is None
            else {"code": self.error.code, "message": self.error.message, "try_instead": self.error.try_instead},
        }


def _iso(value: dt.date | None) -> str | None:
    return value.isoformat() if value is not None else None


def _cell(value: Cell) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


def _span(span: DateSpan | None) -> dict[str, str] | None:
    return {"start": span.start.isoformat(), "end": span.end.isoformat()} if span else None


def _interpretation(answer: Answer) -> dict[str, Any] | None:
    reading = answer.reading
    if reading is None:
        return None
    return {
        "sentence": reading.sentence,
        "metrics": list(reading.metrics),
        "dimensions": list(reading.dimensions),
        "filters": list(reading.filters),
        "window": _span(reading.window),
        "comparison": _span(reading.comparison),
        "as_of": _iso(reading.as_of),
        "carried_over": list(answer.carried_over),
        "left_out": list(answer.left_out),
    }


def _ran_step(step: RanStep) -> dict[str, Any]:
    return {
        "tool": step.tool,
        "arguments": dict(step.arguments),
        "sql": step.sql[0].sql if step.sql else None,
        "row_count": step.row_count,
        "elapsed_ms": round(step.elapsed_ms, 1),
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "title": table.title,
        "columns": [{"name": c.name, "type": c.type, "unit": c.unit} for c in table.columns],
        "rows": [[_cell(value) for value in row] for row in table.rows],
        "truncated": table.truncated,
    }


def _quote(quote: Quote) -> dict[str, Any]:
    return {
        "text": quote.text,
        "source": quote.source,
        "record_id": quote.record_id,
        "date": _iso(quote.date),
        "sentiment": quote.sentiment,
        "about": quote.about,
    }
