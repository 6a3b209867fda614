"""The bridge between an agent that calls tools in its own thread and a mind that yields steps in the pipeline's.

    agent thread: finding = bridge.call(step)   ->   pipeline thread: finding = yield step

So the pipeline keeps the only handle on the toolbox, and the agent may be abandoned at any time.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from assistant.stopping import Stop, cancelled
from assistant.turn import Step, Thinking
from tools.core.contract import Finding
from tools.core.errors import AnswerError


class Abandoned(Exception):
    """Nobody waits for this agent any more: the turn is over, or was given up."""


@dataclass(kw_only=True)
class _Call:
    """A tool call on its way to the pipeline."""

    step: Step
    reply: queue.Queue[Finding | AnswerError | Abandoned] = field(default_factory=lambda: queue.Queue(maxsize=1))


@dataclass(kw_only=True)
class _Said:
    """A proven sentence on its way to the person."""

    text: str


@dataclass(kw_only=True)
class _Ended:
    """The agent has finished, or failed."""

    error: BaseException | None


@dataclass(kw_only=True)
class Bridge:
    """One turn's exchange of steps and findings."""

    deadline: float
    """In `time.monotonic` seconds; after it the agent is abandoned."""
    on_said: Callable[[str], None] = lambda _: None
    """Called in the pipeline's thread."""
    stop: Stop = field(default_factory=Stop)
    """Pressed: the agent is abandoned at once."""
    findings: list[Finding] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    """The steps that ran, in order, with `findings`."""
    _outbox: queue.Queue[_Call | _Said | _Ended] = field(default_factory=queue.Queue)
    _abandoned: threading.Event = field(default_factory=threading.Event)
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_abandoned(self) -> bool:
        return self._abandoned.is_set()

    @property
    def remaining_s(self) -> float:
        return self.deadline - time.monotonic()

    def call(self, step: Step) -> Finding:
        """For the agent: have a step run, and wait for what it finds.

        Raises:
            AnswerError: What the tool could not do.
            Abandoned: The turn is over.
        """
        with self._one_at_a_time:
            if self.is_abandoned:
                raise Abandoned
            sent = _Call(step=step)
            self._outbox.put(sent)
            reply = sent.reply.get()
        if isinstance(reply, (AnswerError, Abandoned)):
            raise reply
        return reply

    def say(self, text: str) -> None:
        """For the agent: hand a sentence on."""
        self._outbox.put(_Said(text=text))

    def run(self, work: Callable[[], None]) -> Thinking:
        """For the mind: start the agent's work, yield each step that it calls for, and return when it has ended.

        Raises:
            TimeoutError: The deadline passed first.
            QueryTooHeavy: The question was stopped.
            BaseException: Whatever the agent failed with.
        """
        self.stop.then(lambda: self._outbox.put(_Ended(error=cancelled())))
        thread = threading.Thread(target=self._work, args=(work,), name="language-model", daemon=True)
        thread.start()
        try:
            while True:
                message = self._next()
                if isinstance(message, _Ended):
                    if message.error is not None:
                        raise message.error
                    return None  # type: ignore[return-value]
                if isinstance(message, _Said):
                    self.on_said(message.text)
                else:
                    yield from self._serve(message)
        finally:
            self._abandoned.set()
            self._refuse_waiting()

    def _serve(self, call: _Call) -> Thinking:
        try:
            finding = yield call.step
        except AnswerError as error:
            call.reply.put(error)
        except BaseException:
            call.reply.put(Abandoned())
            raise
        else:
            self.steps.append(call.step)
            self.findings.append(finding)
            call.reply.put(finding)
        return None  # type: ignore[return-value]

    def _next(self) -> _Call | _Said | _Ended:
        try:
            return self._outbox.get(timeout=max(0.0, self.remaining_s))
        except queue.Empty:
            raise TimeoutError from None

    def _refuse_waiting(self) -> None:
        while True:
            try:
                waiting = self._outbox.get_nowait()
            except queue.Empty:
                return
            if isinstance(waiting, _Call):
                waiting.reply.put(Abandoned())

    def _work(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            self._outbox.put(_Ended(error=error))
        else:
            self._outbox.put(_Ended(error=None))
