"""One question to the embedded mind over a model without data, and what it would run."""

from __future__ import annotations

from typing import Any

from assistant.minds.embedded.mind import EmbeddedMind, QuestionReader
from assistant.turn import MindContext, PastTurn, Question, Step
from tools.core.query.metric_query import MetricQuery


def think(reader: QuestionReader, context: MindContext, text: str) -> tuple[Step | None, Any]:
    thinking = EmbeddedMind.from_reader(reader).think(Question(text=text), context)
    step = None
    try:
        step = next(thinking)
        while True:
            step = thinking.send(None)  # type: ignore[arg-type]
    except StopIteration as stop:
        return step, stop.value


def plans_of(reader: QuestionReader, context: MindContext, text: str) -> list[MetricQuery]:
    """Every query that the question would run, in their order."""
    thinking = EmbeddedMind.from_reader(reader).think(Question(text=text), context)
    plans = []
    try:
        step = next(thinking)
        while True:
            plans.append(query_of(step))
            step = thinking.send(None)  # type: ignore[arg-type]
    except StopIteration:
        return plans


def query_of(step: Step | None) -> MetricQuery:
    assert step is not None
    return MetricQuery.model_validate(dict(step.arguments))


def after(context: MindContext, step: Step | None, question: str = "before") -> MindContext:
    assert step is not None
    previous = PastTurn(question=question, steps=(step,), sentence="")
    return MindContext(warehouse=context.warehouse, rights=context.rights, as_of=context.as_of, previous=previous)
