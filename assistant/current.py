"""An assistant that keeps up with its warehouse: after a refresh, or a corrected definition, the next questions go to the new state.

A question in flight finishes on the data it began with; what nobody uses any more is closed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.turn import Answer, FollowUp, Mind, Question, Step, Suggestion
from tools.core.errors import AnswerError
from tools.core.warehouse.definition import find_definition
from tools.core.warehouse.generations import POINTER_FILE, warehouse_home

if TYPE_CHECKING:
    import datetime as dt

    from assistant.conversation import Conversations
    from assistant.edits import Chip
    from assistant.news import News
    from assistant.pipeline import Assistant
    from assistant.preparing import Waiting
    from assistant.rights import RightsBook
    from assistant.settings import Settings
    from tools.core.contract import Tool
    from tools.core.warehouse import Warehouse

log = logging.getLogger(__name__)

LOOK_EVERY_S = 2.0


class CurrentAssistant:
    """Behaves as an `Assistant`. Safe to use from several threads."""

    def __init__(self, opened: Assistant, *, reopen: Callable[[], Assistant], state: Callable[[], Hashable]) -> None:
        """
        Args:
            reopen: Opens the warehouse as it is now; raises AnswerError when it cannot be served.
            state: Changes whenever the warehouse should be opened anew; cheap.
        """
        self._current = opened
        self._reopen = reopen
        self._state = state
        self._seen = state()
        self._looked_at = time.monotonic()
        self._lock = threading.Lock()
        self._users: Counter[int] = Counter()
        self._old: dict[int, Assistant] = {}
        self._reopening: threading.Thread | None = None
        self._closed = False

    @contextmanager
    def lease(self) -> Iterator[Assistant]:
        """The assistant of the moment, which stays open until it is given back."""
        self.look()
        with self._lock:
            taken = self._current
            self._users[id(taken)] += 1
        try:
            yield taken
        finally:
            with self._lock:
                self._users[id(taken)] -= 1
                idle = [self._old.pop(key) for key in list(self._old) if not self._users[key]]
            for one in idle:
                one.close()

    def look(self) -> None:
        """Notice a new state, at most every few seconds; it is opened behind, while the old one goes on answering."""
        with self._lock:
            if self._closed or self._reopening is not None or time.monotonic() - self._looked_at < LOOK_EVERY_S:
                return
            self._looked_at = time.monotonic()
        state = self._state()
        with self._lock:
            if state == self._seen or self._reopening is not None:
                return
            self._seen = state
            self._reopening = threading.Thread(target=self._take_up, name="reopen", daemon=True)
        self._reopening.start()

    def _take_up(self) -> None:
        try:
            opened = self._reopen()
            log.info("now serving %s", opened.warehouse.data_version)
        except AnswerError as error:
            log.error("the new state of the warehouse cannot be served, the old one goes on: %s", error.public_code)
            opened = None
        with self._lock:
            self._reopening = None
            if opened is None:
                return
            unused = opened if self._closed else self._current
            if not self._closed:
                self._current = opened
            if self._users[id(unused)]:
                self._old[id(unused)] = unused
                return
        unused.close()

    def ask(self, question: Question, **how: Any) -> Answer:
        """As `Assistant.ask`."""
        with self.lease() as assistant:
            return assistant.ask(question, **how)

    def starters(self, user: str | None = None) -> tuple[FollowUp, ...]:
        with self.lease() as assistant:
            return assistant.starters(user)

    def complete(self, prefix: str, user: str | None = None) -> tuple[Suggestion, ...]:
        with self.lease() as assistant:
            return assistant.complete(prefix, user)

    def chips(self, plan: tuple[Step, ...], user: str | None = None) -> tuple[Chip, ...]:
        with self.lease() as assistant:
            return assistant.chips(plan, user)

    def news(self, user: str | None = None, *, since: dt.date | None = None) -> News:
        with self.lease() as assistant:
            return assistant.news(user, since=since)

    def welcome(self) -> str:
        with self.lease() as assistant:
            return assistant.welcome()

    def waiting(self) -> Waiting | None:
        with self.lease() as assistant:
            return assistant.waiting()

    @property
    def warehouse(self) -> Warehouse:
        return self._current.warehouse

    @property
    def tools(self) -> Mapping[str, Tool]:
        return self._current.tools

    @property
    def rights_book(self) -> RightsBook:
        return self._current.rights_book

    @property
    def conversations(self) -> Conversations:
        return self._current.conversations

    @property
    def mind(self) -> Mind:
        return self._current.mind

    @property
    def minds(self) -> Mapping[str, Mind]:
        return self._current.minds

    def close(self) -> None:
        with self._lock:
            self._closed = True
            left = [self._current, *self._old.values()]
            self._old.clear()
        for one in left:
            one.close()


def kept_current(opened: Assistant, settings: Settings) -> CurrentAssistant:
    """This assistant, followed by those over later generations, models and policies of its warehouse."""
    from assistant.wiring import build

    definition = find_definition(settings.warehouse)
    watched = [warehouse_home(settings.home, definition.name) / POINTER_FILE, definition.model_path]
    watched += [definition.policy_path] if definition.policy_path else []

    def reopen() -> Assistant:
        later = build(settings)
        later.rights_book.take_over(current.rights_book)
        warm_tools(later)
        return later

    current = CurrentAssistant(opened, reopen=reopen, state=lambda: tuple(map(_changed_at, watched)))
    return current


def warm_tools(assistant: Assistant | CurrentAssistant) -> None:
    """Let each tool load over this warehouse what takes it seconds: for servers, before the questions come."""
    for tool in assistant.tools.values():
        warm = getattr(tool, "warm_up", None)
        if warm is not None:
            warm(assistant.warehouse)


def _changed_at(path: Path) -> tuple[int, int]:
    try:
        state = path.stat()
    except OSError:
        return (0, 0)
    return (state.st_mtime_ns, state.st_ino)
