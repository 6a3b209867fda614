"""The way a question travels: conversation -> mind -> toolbox (guard, execute) -> explain -> Answer."""

from __future__ import annotations

import logging
import time
import traceback
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.conversation import Conversations, choose, command
from assistant.explain import compose
from assistant.explain.follow_ups import FollowUpWriter
from assistant.render.numbers import number_style
from assistant.rights import RightsBook
from assistant.stopping import Stop, StoppableEngine
from assistant.toolbox import Toolbox
from assistant.turn import Answer, Done, FollowUp, Mind, MindContext, Outcome, PastTurn, Question, Status, Step, Suggestion, Told
from tools.core.contract import Finding, Tool, ToolContext
from tools.core.errors import AnswerError, InternalError, NotComputed, RepairableByModel
from tools.core.warehouse import Warehouse

if TYPE_CHECKING:
    import datetime as dt

    from assistant.edits import Chip
    from assistant.minds.embedded import EmbeddedMind
    from assistant.news import News
    from assistant.preparing import Waiting
    from assistant.teaching import Lessons

log = logging.getLogger(__name__)

Progress = Callable[[str], None]
MAX_STARTERS = 8
_REMEMBERED = (Status.ANSWERED, Status.OFFERED, Status.NEEDS_CLARIFICATION, Status.DECLINED)
"""A turn that was declined is kept as well: a fragment after it may mean that one, and not the figure before."""
_SMALL_TALK = ("not_a_question", "empty", "write_request", "too_long", "language")
"""Declines of what was no question."""


def _silent(_: str) -> None:
    """Nobody is watching the progress."""


@dataclass(kw_only=True)
class Assistant:
    """Answers questions about one warehouse. Safe to call from several threads."""

    warehouse: Warehouse
    tools: Mapping[str, Tool]
    mind: Mind
    conversations: Conversations
    rights_book: RightsBook
    follow_ups: FollowUpWriter
    home: Path
    """Where the state of all processes is."""
    deadline_s: float
    minds: Mapping[str, Mind] = field(default_factory=dict)
    """Those that a question may ask for: embedded, model, auto, both, as far as they are configured."""
    embedded: EmbeddedMind | None = None
    """The mind that needs no model, also where another one reads the questions: for lessons."""
    lessons: Lessons | None = None
    """Notes what could be taught."""

    def ask(
        self,
        question: Question,
        *,
        progress: Progress = _silent,
        say: Progress = _silent,
        previous: PastTurn | None = None,
        stop: Stop | None = None,
    ) -> Answer:
        """Answer a question; never raises: what goes wrong is told in the answer's `error`.

        Args:
            say: Given each proven sentence of a language model as soon as it is complete.
            previous: The turn that this one follows; default the last one of `question.thread`.
            stop: Its button ends the question, also the query that runs for it; the answer then says so.
        """
        started = time.perf_counter()
        stop = stop or Stop()
        question = question if question.id else replace(question, id=uuid.uuid4().hex[:12])
        try:
            answer = self._answer(question, progress, say, previous, stop)
        except NotComputed as error:
            answer = self._until_computed(compose.from_error(question, error), error)
        except AnswerError as error:
            answer = compose.from_error(question, error)
        except Exception as error:
            trace_id = uuid.uuid4().hex[:8]
            # The frames are logged, the exception's own text is not: it may quote a value.
            log.error("unforeseen %s, trace %s\n%s", type(error).__name__, trace_id, "".join(traceback.format_tb(error.__traceback__)))
            answer = compose.from_error(question, _internal(trace_id))
        finally:
            stop.end()
        return replace(
            answer,
            mind=answer.mind or self.mind_of(question).name,
            data_version=self.warehouse.data_version,
            policy_version=self.rights_book.policy_version,
            elapsed_ms=(time.perf_counter() - started) * 1000,
        )

    def _answer(self, question: Question, progress: Progress, say: Progress, previous: PastTurn | None, stop: Stop) -> Answer:
        rights = self.rights_book.rights_for(question.user)
        as_of = question.as_of or self.warehouse.as_of
        if previous is None:
            previous = self._previous(question)
        if previous is not None and question.thread is not None and not question.plan and (said := command(question.text)) is not None:
            question, previous, told = self._obeyed(said, question)
            if told is not None:
                return compose.told(question, told, as_of)
        question = _with_chosen_plan(question, previous)
        warehouse = replace(self.warehouse, engine=StoppableEngine(engine=self.warehouse.engine, stop=stop))
        toolbox = Toolbox(
            tools=self.tools,
            warehouse=warehouse,
            rights=rights,
            deadline_s=self.deadline_s,
            as_of=as_of,
            progress=progress,
            disclosed=partial(self.conversations.disclosed, user=rights.user, warehouse=self.warehouse.name),
            remember_disclosed=partial(self.conversations.remember_disclosed, user=rights.user, warehouse=self.warehouse.name),
        )
        context = MindContext(
            warehouse=warehouse,
            rights=rights,
            as_of=as_of,
            previous=previous,
            progress=progress,
            say=say,
            thread=question.thread,
            stop=stop,
        )
        progress("Reading the question")
        outcome = self._think(question, context, toolbox)
        if self.lessons is not None:
            self.lessons.observe(question, previous, outcome, context)
        stop.check()
        progress("Explaining the answer")
        with number_style(question.numbers):
            answer = compose.answer(question, outcome, toolbox, as_of=as_of)
        is_absent = answer.error is not None and answer.error.code == "absent_concept"
        if answer.status is Status.DECLINED and answer.unplaced and not is_absent:
            from assistant.preparing import with_hint

            answer = with_hint(answer, self.warehouse, self.waiting())
        if answer.status in (Status.ANSWERED, Status.OFFERED) and toolbox.ran:
            answer = replace(answer, follow_ups=self.follow_ups.write(toolbox.ran[-1], context, is_empty=_is_empty(answer)))
        return self._remember(question, answer)

    def _until_computed(self, answer: Answer, error: NotComputed) -> Answer:
        """Says how far it is where it is being computed, else what to run."""
        waiting = self.waiting()
        if waiting is None:
            return answer
        from assistant.preparing import told_to_wait

        return told_to_wait(answer, error, waiting)

    def waiting(self) -> Waiting | None:
        """How far predictions and texts are, while they are prepared for this warehouse; None when they are not."""
        from assistant.preparing import waiting_for

        return waiting_for(self.home, self.warehouse)

    def _obeyed(self, said: str, question: Question) -> tuple[Question, PastTurn | None, Told | None]:
        """The question after "undo" or "start over": the one before the last with its plan, or what to tell instead of an answer."""
        thread, user = question.thread or "", self.rights_book.name_of(question.user)
        if said == "start over":
            self.conversations.forget(thread=thread, user=user)
            return question, None, Told(headline="Started over: the next question stands on its own.")
        turns = self.conversations.turns(thread=thread, user=user, warehouse=self.warehouse.name)
        answered = [turn for turn in turns if turn[1].is_answered]
        kept = answered[-2:-1] if turns and turns[-1][1].is_answered else answered[-1:]
        # The turn before is answered anew and so remembered anew.
        since = [asked_at for asked_at, _ in kept or turns[-1:]]
        if since:
            self.conversations.forget_since(since[0], thread=thread, user=user)
        if not kept:
            return question, None, Told(headline="That is undone: there is no question before it.")
        _, turn = kept[0]
        plan = turn.steps or (turn.pending[0].plan if turn.pending else ())
        return replace(question, text=turn.question, plan=plan), None, None

    def _think(self, question: Question, context: MindContext, toolbox: Toolbox) -> Outcome:
        """Drive the mind: run each step that it yields and send back the finding, or throw in what went wrong."""
        if question.plan:
            for step in question.plan:
                toolbox.run(step)
            return Done(confidence=1.0)
        thinking = self.mind_of(question).think(question, context)
        try:
            step = next(thinking)
            while True:
                step = self._advance(thinking, step, toolbox)
        except StopIteration as stop:
            outcome: Outcome = stop.value
            return outcome

    def mind_of(self, question: Question) -> Mind:
        """Who reads this question: the mind that it asks for, if there is one of that name."""
        return self.minds.get(question.mind, self.mind)

    @staticmethod
    def _advance(thinking: object, step: Step, toolbox: Toolbox) -> Step:
        try:
            finding: Finding = toolbox.run(step)
        except RepairableByModel as error:
            # The mind may plan again; one that does not lets the error through.
            return thinking.throw(error)  # type: ignore[attr-defined, no-any-return]
        return thinking.send(finding)  # type: ignore[attr-defined, no-any-return]

    def _previous(self, question: Question) -> PastTurn | None:
        if question.thread is None:
            return None
        user = self.rights_book.name_of(question.user)
        last = self.conversations.last(thread=question.thread, user=user, warehouse=self.warehouse.name)
        if last is None or last.is_answered:
            return last
        turns = self.conversations.turns(thread=question.thread, user=user, warehouse=self.warehouse.name)
        answered = next((turn for _, turn in reversed(turns) if turn.is_answered), None)
        return replace(answered, missed=last.question) if answered is not None else None

    def _remember(self, question: Question, answer: Answer) -> Answer:
        """Keep the turn for follow-ups; an answer is still given when the disk refuses it."""
        unread = answer.status is Status.DECLINED and answer.error is not None and answer.error.code in _SMALL_TALK
        if question.thread is None or answer.status not in _REMEMBERED or unread:
            return answer
        turn = past_turn(answer)
        kept = self.conversations.remember(
            turn, thread=question.thread, user=self.rights_book.name_of(question.user), warehouse=self.warehouse.name
        )
        if kept:
            return answer
        caveat = "This turn could not be saved (no space, or no right to write), so a follow-up will not know of it."
        return replace(answer, caveats=(*answer.caveats, caveat))

    def context(self, user: str | None = None) -> MindContext:
        """What a mind would know besides a question of this user."""
        return MindContext(warehouse=self.warehouse, rights=self.rights_book.rights_for(user), as_of=self.warehouse.as_of)

    def starters(self, user: str | None = None) -> tuple[FollowUp, ...]:
        """Questions for an empty page, those of the user's role first, each of which this user gets an answer to."""
        rights = self.rights_book.rights_for(user)
        context = MindContext(warehouse=self.warehouse, rights=rights, as_of=self.warehouse.as_of)
        questions = dict.fromkeys((*self.rights_book.starters_of(rights), *self.warehouse.model.settings.starters))
        answerable = (q for q in questions if self.follow_ups.is_answerable(q, context))
        return tuple(FollowUp(label=q, question=q) for q in islice(answerable, MAX_STARTERS))

    def complete(self, prefix: str, user: str | None = None) -> tuple[Suggestion, ...]:
        """What the text that this user is typing may go on to: figures, groupings, values, periods, whole questions."""
        context = MindContext(warehouse=self.warehouse, rights=self.rights_book.rights_for(user), as_of=self.warehouse.as_of)
        return self.follow_ups.complete(prefix, context)

    def chips(self, plan: tuple[Step, ...], user: str | None = None) -> tuple[Chip, ...]:
        """What this user may change about a plan by a click: its window, grouping, comparison, filters."""
        from assistant.edits import chips

        context = MindContext(warehouse=self.warehouse, rights=self.rights_book.rights_for(user), as_of=self.warehouse.as_of)
        return chips(plan, context, lambda field: self.follow_ups.values_of(field, context))

    def news(self, user: str | None = None, *, since: dt.date | None = None) -> News:
        """What changed in the data after `since`, in figures that this user may see; raises AnswerError as a tool does."""
        from assistant.news import news_since

        rights = self.rights_book.rights_for(user)
        context = ToolContext(warehouse=self.warehouse, rights=rights, deadline_s=self.deadline_s, as_of=self.warehouse.as_of)
        return news_since(context, since)

    def welcome(self) -> str:
        """What the data is, in a few sentences."""
        return self.warehouse.model.settings.welcome or self.warehouse.model.description

    def close(self) -> None:
        self.conversations.close()
        self.warehouse.close()


def _is_empty(answer: Answer) -> bool:
    """Whether no row of the first table holds a figure."""
    if not answer.tables:
        return False
    table = answer.tables[0]
    figures = [i for i, column in enumerate(table.columns) if column.role != "dimension"]
    return bool(figures) and all(row[i] is None for row in table.rows for i in figures)


def past_turn(answer: Answer) -> PastTurn:
    """What a follow-up may build on; nothing, when the question got no answer."""
    return PastTurn(
        question=answer.question,
        steps=answer.plan if answer.status is Status.ANSWERED else (),
        sentence=answer.reading.sentence if answer.reading else "",
        pending=answer.options if answer.status is not Status.ANSWERED else (),
    )


def _with_chosen_plan(question: Question, previous: PastTurn | None) -> Question:
    if question.plan or previous is None:
        return question
    chosen = choose(question.text, previous.pending)
    return replace(question, plan=chosen.plan) if chosen else question


def _internal(trace_id: str) -> InternalError:
    return InternalError(
        f"Something went wrong on our side (trace {trace_id}).",
        try_instead="Ask again; if it happens twice, give the trace number to whoever runs this assistant.",
    )
