"""What the embedded mind would do with a question, without doing it: the help of the language model, and the check on its plan."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from assistant.turn import Clarification, Decline, Done, Mind, MindContext, Outcome, Question, Step
from tools.core.contract import Finding, Grade, Reading, Table
from tools.core.errors import AnswerError

_MOST_STEPS = 4


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """The embedded mind's decision before anything has run."""

    plans: tuple[tuple[Step, ...], ...]
    """Its readings: one for an answer or an offer, several for a question back, none for a decline."""
    outcome: Outcome | None
    """None: it could not decide without a result."""

    @property
    def is_sure(self) -> bool:
        """One reading, every word accounted for."""
        return isinstance(self.outcome, Done) and self.outcome.doubt is None and len(self.plans) == 1

    @property
    def doubt(self) -> str:
        return (self.outcome.doubt or "") if isinstance(self.outcome, Done) else ""

    @property
    def understood(self) -> str:
        return self.outcome.understood if isinstance(self.outcome, (Clarification, Decline)) else ""

    @property
    def unplaced(self) -> tuple[str, ...]:
        return self.outcome.unplaced if isinstance(self.outcome, Decline) else ()


def look_ahead(mind: Mind, question: Question, context: MindContext) -> Ahead:
    """Drive a mind that decides before it runs up to its outcome; each step gets an empty finding in place of a result."""
    quiet = MindContext(
        warehouse=context.warehouse, rights=context.rights, as_of=context.as_of, previous=context.previous, thread=context.thread
    )
    thinking = mind.think(question, quiet)
    steps: list[Step] = []
    try:
        steps.append(next(thinking))
        while len(steps) <= _MOST_STEPS:
            steps.append(thinking.send(_nothing(context.as_of)))
    except StopIteration as stop:
        return _decision(tuple(steps), stop.value)
    except AnswerError:
        return Ahead(plans=(tuple(steps),) if steps else (), outcome=None)
    finally:
        thinking.close()
    return Ahead(plans=(tuple(steps),), outcome=None)


def _decision(steps: tuple[Step, ...], outcome: Outcome) -> Ahead:
    if isinstance(outcome, Clarification):
        return Ahead(plans=tuple(option.plan for option in outcome.options), outcome=outcome)
    return Ahead(plans=(steps,) if steps else (), outcome=outcome)


def _nothing(as_of: dt.date) -> Finding:
    """A finding without rows."""
    return Finding(
        tool="",
        tables=(Table(title="", columns=(), rows=()),),
        reading=Reading(sentence=""),
        grade=Grade.GOVERNED,
        grade_reason="",
        as_of=as_of,
    )
