"""Two minds for one question: the embedded mind where it is sure, the language model elsewhere; or both, compared."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from assistant.minds.cross_check import sentence_of
from assistant.minds.language_model import LanguageModelMind
from assistant.minds.language_model.mind import told_why
from assistant.minds.look_ahead import Ahead, look_ahead
from assistant.turn import Clarification, Decline, Done, Mind, MindContext, Option, Outcome, Question, Step, Thinking, Told

FINAL_DECLINES = frozenset({"empty", "too_long", "write_request", "absent_concept"})
"""Declines of the embedded mind that no other reading changes; the model is not asked."""
AGREED = "Two readers, one deterministic and one a language model, came to the same plan."
DIFFER = "Two readers took the question in different ways. Which one do you mean?"


class TwoMinds:
    """Chooses, question by question, who reads it. Safe to call from several threads."""

    def __init__(self, embedded: Mind, model: LanguageModelMind, mode: Literal["auto", "both"]) -> None:
        """
        Args:
            mode: auto = the model is asked only where the embedded mind is not sure; both = always, and the plans are compared.
        """
        self.name = f"{mode} (embedded, {model.name})"
        self._embedded = embedded
        self._model = model
        self._mode = mode

    def warm_up(self) -> None:
        """Load what the language model needs now, which takes seconds: for servers, before the first question."""
        self._model.warm_up()

    def think(self, question: Question, context: MindContext) -> Thinking:
        ahead = look_ahead(self._embedded, question, context)
        if isinstance(ahead.outcome, Told) or (isinstance(ahead.outcome, Decline) and ahead.outcome.code in FINAL_DECLINES):
            return replace(ahead.outcome, mind=self._embedded.name)
        if self._mode == "auto" and ahead.is_sure:
            outcome = yield from self._embedded.think(question, context)
            return replace(outcome, mind=self._embedded.name)
        recorded: list[Step] = []
        outcome = yield from _recording(self._model.plan(question, context, ahead), recorded)
        if self._mode == "auto" or not ahead.is_sure or outcome.mind == self._embedded.name:
            return outcome
        return (yield from self._compared(question, context, ahead, outcome, recorded))

    def _compared(self, question: Question, context: MindContext, ahead: Ahead, outcome: Outcome, ran: list[Step]) -> Thinking:
        """Both have read the question, and the embedded mind is sure of its plan."""
        if not isinstance(outcome, Done):
            sure = yield from self._embedded.think(question, context)
            return told_why(sure, "The language model would not have answered this question.", given_up=len(ran), usage=outcome.usage)
        ours = ahead.plans[0]
        mine, theirs = _sentence(ours, context), _sentence(tuple(ran), context)
        # A plan of another tool has no canonical sentence: there the calls themselves are compared.
        if (mine == theirs) if mine and theirs else (ours == tuple(ran)):
            return replace(outcome, notes=(*outcome.notes, AGREED))
        options = (
            Option(label=mine or "The deterministic reading", plan=ours),
            Option(label=theirs or "The model's plan", plan=tuple(ran)),
        )
        return Clarification(prompt=DIFFER, options=options, mind=outcome.mind, usage=outcome.usage)


def _recording(thinking: Thinking, steps: list[Step]) -> Thinking:
    """The same thinking, with a copy of each step that ran."""
    try:
        step = next(thinking)
        while True:
            try:
                finding = yield step
            except GeneratorExit:
                thinking.close()
                raise
            except Exception as error:
                step = thinking.throw(error)
            else:
                steps.append(step)
                step = thinking.send(finding)
    except StopIteration as stop:
        outcome: Outcome = stop.value
        return outcome


def _sentence(plan: tuple[Step, ...], context: MindContext) -> str | None:
    """The canonical sentence of a plan's last step, which is the one that answers."""
    return sentence_of(plan[-1], context) if plan else None
