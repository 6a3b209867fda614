"""How long the embedded mind takes to plan, and the assistant to answer: warm, one question at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant import Assistant, Question
from assistant.turn import MindContext


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Percentiles of durations, in milliseconds."""

    n: int
    p50: float
    p95: float
    max: float


def spread(milliseconds: Sequence[float]) -> Spread:
    """Percentiles by rank; raises ValueError on an empty sequence."""
    if not milliseconds:
        raise ValueError("nothing was measured")
    ranked = sorted(milliseconds)
    return Spread(n=len(ranked), p50=_at(ranked, 0.5), p95=_at(ranked, 0.95), max=ranked[-1])


def _at(ranked: Sequence[float], share: float) -> float:
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def planning(assistant: Assistant, questions: Sequence[str]) -> Spread:
    """Time from the text to the first tool call, or to the outcome that needs none."""
    rights = assistant.rights_book.rights_for(None)
    context = MindContext(warehouse=assistant.warehouse, rights=rights, as_of=assistant.warehouse.as_of)
    return spread(list(_plan_times(assistant, questions, context)))


def _plan_times(assistant: Assistant, questions: Sequence[str], context: MindContext) -> Iterator[float]:
    for text in (*questions[:5], *questions):
        thinking = assistant.mind.think(Question(text=text), context)
        started = time.perf_counter()
        next(thinking, None)
        yield (time.perf_counter() - started) * 1000
        thinking.close()


def answering(assistant: Assistant, questions: Sequence[str]) -> Spread:
    """Time from the text to the whole answer, checks and next questions included."""
    for text in questions[:5]:
        assistant.ask(Question(text=text))
    return spread([assistant.ask(Question(text=text)).elapsed_ms for text in questions])
