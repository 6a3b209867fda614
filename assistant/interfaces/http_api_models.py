"""What goes in and out of the REST interface, for validation and its OpenAPI document. `AnswerOut` is `Answer.to_json`, field by field."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Cell = str | int | float | bool | None

THREAD_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$"
MAX_QUESTION = 4000
MAX_REASON = 1000


def _written_as_a_day(value: object) -> object:
    # Left alone, pydantic also takes numbers and moments for days.
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        return value
    raise ValueError("write the day as YYYY-MM-DD")


_Day = Annotated[dt.date, BeforeValidator(_written_as_a_day)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Out(BaseModel):
    model_config = ConfigDict(frozen=True)


class StepIn(_In):
    """One tool call."""

    tool: str = Field(min_length=1, max_length=60)
    arguments: dict[str, Any] = Field(description="As an answer's `plan` or `options[].plan` gave them.")


class AskIn(_In):
    """A question."""

    question: str = Field(min_length=1, max_length=MAX_QUESTION, description="In plain language.")
    thread: str | None = Field(
        default=None,
        pattern=THREAD_PATTERN,
        description="Name of a conversation, of your choosing: later questions with it are follow-ups. It is yours alone.",
    )
    as_of: _Day | None = Field(default=None, description="Look at the data as on this day.")
    plan: list[StepIn] = Field(
        default_factory=list, max_length=8, description="Run this instead of reading the question: the plan of an option that was chosen."
    )


class FeedbackIn(_In):
    """A thumb."""

    answer_id: str = Field(min_length=1, max_length=60, description="`id` of an answer that you got.")
    thumb: Literal["up", "down"]
    reason: str = Field(default="", max_length=MAX_REASON)


class Plain(_Out):
    """Something done."""

    status: Literal["ok"] = "ok"


class ErrorPart(_Out):
    code: str = Field(description="Stable.")
    message: str
    try_instead: str = Field(description="Who can do what about it.")


class ErrorOut(_Out):
    """Why there is no result."""

    error: ErrorPart
    request_id: str


class SpanOut(_Out):
    start: dt.date
    end: dt.date


class InterpretationOut(_Out):
    sentence: str
    metrics: list[str]
    dimensions: list[str]
    filters: list[str]
    window: SpanOut | None
    comparison: SpanOut | None
    as_of: dt.date | None
    carried_over: list[str]
    left_out: list[str]


class PlanStepOut(_Out):
    tool: str
    arguments: dict[str, Any]


class TrustOut(_Out):
    grade: str
    reason: str


class RanStepOut(PlanStepOut):
    sql: str | None
    row_count: int
    elapsed_ms: float


class ColumnOut(_Out):
    name: str
    type: str
    unit: str | None


class TableOut(_Out):
    title: str
    columns: list[ColumnOut]
    rows: list[list[Cell]]
    truncated: bool


class ChartOut(_Out):
    kind: str
    title: str
    table: int
    x: str
    y: list[str]
    series: str | None


class QuoteOut(_Out):
    text: str
    source: str
    record_id: str
    date: dt.date | None
    sentiment: float | None
    about: str


class CheckOut(_Out):
    name: str
    passed: bool
    detail: str


class FollowUpOut(_Out):
    label: str
    question: str


class OptionOut(_Out):
    label: str
    plan: list[PlanStepOut]


class ProofOut(_Out):
    proven: int
    replaced: int


class UsageOut(_Out):
    tokens_in: int
    tokens_out: int
    cost: float


class AnswerOut(_Out):
    """An answer. `status` says whether it is one; a declined or refused question is a result like any other."""

    id: str
    question: str
    status: Literal["answered", "offered", "needs_clarification", "declined", "refused", "failed"]
    headline: str
    text: str
    interpretation: InterpretationOut | None
    plan: list[PlanStepOut]
    confidence: float | None
    trust: TrustOut | None
    steps: list[RanStepOut]
    tables: list[TableOut]
    charts: list[ChartOut]
    quotes: list[QuoteOut]
    checks: list[CheckOut]
    caveats: list[str]
    follow_ups: list[FollowUpOut]
    options: list[OptionOut]
    proof: ProofOut
    usage: UsageOut
    mind: str
    as_of: dt.date | None
    data_version: str
    policy_version: str
    receipt_id: str | None
    elapsed_ms: float
    error: ErrorPart | None


class ThreadOut(_Out):
    id: str
    turns: int
    first_at: dt.datetime
    last_at: dt.datetime
    opening: str = Field(description="The first question.")


class ThreadsOut(_Out):
    threads: list[ThreadOut]


class TurnOut(_Out):
    asked_at: dt.datetime
    question: str
    sentence: str = Field(description="How it was read.")
    plan: list[PlanStepOut]


class ThreadTurnsOut(_Out):
    """A conversation: questions and plans. Results are not kept; ask with a plan to have it computed anew."""

    id: str
    turns: list[TurnOut]


class MetricOut(_Out):
    name: str
    label: str
    description: str
    unit: str | None
    format: str
    synonyms: list[str]
    caveat: str | None


class DimensionOut(_Out):
    id: str
    label: str
    description: str
    type: str
    is_time: bool
    synonyms: list[str]


class CatalogueOut(_Out):
    metrics: list[MetricOut]
    dimensions: list[DimensionOut]
    as_of: dt.date
    data_version: str


class SuggestionOut(_Out):
    text: str = Field(description="The whole input once it is taken.")
    label: str
    kind: str


class CompletionOut(_Out):
    suggestions: list[SuggestionOut]
