"""The desk that every served question passes: so many at once, so many waiting, so many for one person; and an orderly end.

The chat, REST, MCP and Slack of one process share one desk, so that none of them starves the others, and so that a restart knows what is
in flight: `drain` lets it finish, `cut` ends the waiting for what did not.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from assistant.explain import compose
from assistant.stopping import Stop
from assistant.turn import Answer, Question
from tools.core.errors import AnswerError, Stopping, TooManyQuestions

if TYPE_CHECKING:
    from assistant.current import CurrentAssistant
    from assistant.pipeline import Assistant

Work = Callable[[], Answer]


class Observer(Protocol):
    """Told about every question of a desk: metrics and logs."""

    def answered(self, surface: str, answer: Answer, seconds: float) -> None: ...

    def turned_away(self, surface: str, error: AnswerError) -> None: ...


class Unobserved:
    """Nobody watches."""

    def answered(self, surface: str, answer: Answer, seconds: float) -> None:
        """Ignored."""

    def turned_away(self, surface: str, error: AnswerError) -> None:
        """Ignored."""


class Desk:
    """Answers questions on a bounded number of threads. Safe to use from any thread."""

    def __init__(self, *, at_once: int = 8, waiting: int = 64, per_person: int = 4, observer: Observer | None = None) -> None:
        self._pool = ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="question")
        self._most, self._per_person = at_once + waiting, per_person
        self._lock = threading.Condition()
        self._open: dict[Future[Answer], tuple[str, Callable[[], None]]] = {}
        """What is promised -> for whom, and the button that stops it."""
        self._persons: Counter[str] = Counter()
        self._stopping = False
        self.has_cut = False
        """Whether something was cut that may still be at work."""
        self.observer: Observer = observer or Unobserved()

    @property
    def in_flight(self) -> int:
        """Questions that are worked on or wait."""
        return len(self._open)

    @property
    def is_stopping(self) -> bool:
        return self._stopping

    def take(self, work: Work, *, person: str, surface: str, stop: Callable[[], None] = lambda: None) -> Future[Answer]:
        """Begin, or queue; the future gives the answer, or `Stopping` when it was cut.

        Args:
            stop: Called when it is cut, so that the query ends as well.
        Raises:
            Stopping: The service ends.
            TooManyQuestions: No room, or this person has as many open as one may have.
        """
        promised: Future[Answer] = Future()
        # Who waits may go away, but not take the promise back: it is kept all the same.
        promised.set_running_or_notify_cancel()
        with self._lock:
            problem = self._problem(person)
            if problem is None:
                self._open[promised] = (person, stop)
                self._persons[person] += 1
        if problem is not None:
            self.observer.turned_away(surface, problem)
            raise problem
        started = time.perf_counter()
        self._pool.submit(work).add_done_callback(lambda done: self._finish(promised, done, surface, time.perf_counter() - started))
        return promised

    def _problem(self, person: str) -> AnswerError | None:
        if self._stopping:
            return _stopping("was not begun")
        if self._persons[person] >= self._per_person:
            message = f"You already have {self._per_person} questions open."
            return TooManyQuestions(message, try_instead="Wait for one of them to be answered.", code="too_many_open", retry_after_s=2)
        if len(self._open) >= self._most:
            return TooManyQuestions(
                "Too many people are asking just now.", try_instead="Ask again in a few seconds.", code="busy", retry_after_s=5
            )
        return None

    def _finish(self, promised: Future[Answer], done: Future[Answer], surface: str, seconds: float) -> None:
        with self._lock:
            taken = self._open.pop(promised, None)
            if taken is None:
                # Cut before; nobody waits any more.
                return
            self._leave(taken[0])
            self._lock.notify_all()
        error = done.exception()
        if error is not None:
            promised.set_exception(error)
            return
        self.observer.answered(surface, done.result(), seconds)
        promised.set_result(done.result())

    def _leave(self, person: str) -> None:
        self._persons[person] -= 1
        if not self._persons[person]:
            del self._persons[person]

    def drain(self, grace_s: float) -> bool:
        """Take no more questions, and wait until those in flight are answered; False when time ran out first."""
        with self._lock:
            self._stopping = True
            return self._lock.wait_for(lambda: not self._open, timeout=grace_s)

    def cut(self) -> int:
        """Tell whoever still waits that the answer was cut; how many they were."""
        with self._lock:
            self._stopping = True
            left = dict(self._open)
            self.has_cut = self.has_cut or bool(left)
            self._open.clear()
            self._persons.clear()
        for promised, (_, stop) in left.items():
            promised.set_exception(_stopping("was cut"))
            stop()
        self._pool.shutdown(wait=False, cancel_futures=True)
        return len(left)


def _stopping(what: str) -> Stopping:
    return Stopping(f"The service is being restarted, and this answer {what}.", try_instead="Ask again in a minute.")


class DeskAssistant:
    """An assistant whose questions pass the desk, with everything else as it is."""

    def __init__(self, assistant: Assistant | CurrentAssistant, desk: Desk, surface: str) -> None:
        """
        Args:
            surface: chat, rest, mcp or slack: for metrics.
        """
        self._assistant = assistant
        self._desk = desk
        self._surface = surface

    def __getattr__(self, name: str) -> Any:
        return getattr(self._assistant, name)

    def ask(self, question: Question, **how: Any) -> Answer:
        """As `Assistant.ask`; never raises, also when the desk turns the question away."""
        try:
            return self.begin(question, **how).result()
        except AnswerError as error:
            return compose.from_error(question, error)

    def begin(self, question: Question, **how: Any) -> Future[Answer]:
        """The answer to come; raises as `Desk.take`."""
        stop = how.setdefault("stop", Stop())
        person = question.user or question.thread or ""
        work = partial(self._assistant.ask, question, **how)
        return self._desk.take(work, person=person, surface=self._surface, stop=stop.press)
