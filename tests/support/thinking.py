"""One question to the embedded mind over a model without data, and what it would run."""

from __future__ import annotations

from typing import Any

from assistant.minds.embedded.mind import EmbeddedMind, QuestionReader
from assistant.turn import MindContext, PastTurn, Question, Step
from tools.core.query.metric_query import MetricQuery


def think(reader: QuestionReader, context: MindContext, text: str) -> tuple[Step | None, Any]:
    """The last step that the question would run, and the outcome."""
    steps, outcome = _run(reader, context, text)
    return (steps[-1] if steps else None), outcome


def plans_of(reader: QuestionReader, context: MindContext, text: str) -> list[MetricQuery]:
    """Every query that the question would run, in their order."""
    return [query_of(step) for step in _run(reader, context, text)[0]]


def _run(reader: QuestionReader, context: MindContext, text: str) -> tuple[list[Step], Any]:
    thinking = EmbeddedMind.from_reader(reader).think(Question(text=text), context)
    steps: list[Step] = []
    try:
        steps.append(next(thinking))
        while True:
            steps.append(thinking.send(None))  # type: ignore[arg-type]
    except StopIteration as stop:
        return steps, stop.value


def query_of(step: Step | None) -> MetricQuery:
    assert step is not None
    return MetricQuery.model_validate(dict(step.arguments))


def after(context: MindContext, step: Step | None, question: str = "before") -> MindContext:
    assert step is not None
    previous = PastTurn(question=question, steps=(step,), sentence="")
    return MindContext(warehouse=context.warehouse, rights=context.rights, as_of=context.as_of, previous=previous)
