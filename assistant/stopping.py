"""The stop button of one question: whoever waits may press it, and the query that runs for it ends in the engine."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.core.errors import QueryTooHeavy
from tools.core.warehouse import Engine, ResultRows

if TYPE_CHECKING:
    from tools.core.sql_guard import CheckedSql

_AGAIN_S = 0.05
"""A query may be between two states when the button is pressed, so it is told again until the question has ended."""


class Stop:
    """Pressed at most once, from any thread."""

    def __init__(self) -> None:
        self.ticket = uuid.uuid4().hex
        """Under which the engine knows the queries of this question."""
        self._pressed = threading.Event()
        self._ended = threading.Event()
        self._then: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    @property
    def is_pressed(self) -> bool:
        return self._pressed.is_set()

    def press(self) -> None:
        """End the question. Returns at once."""
        with self._lock:
            if self._pressed.is_set() or self._ended.is_set():
                return
            self._pressed.set()
        threading.Thread(target=self._keep_telling, name="stop", daemon=True).start()

    def _keep_telling(self) -> None:
        while not self._ended.is_set():
            for act in tuple(self._then):
                act()
            self._ended.wait(_AGAIN_S)

    def then(self, act: Callable[[], None]) -> None:
        """Do this when the button is pressed, and again until the question has ended."""
        self._then.append(act)

    def end(self) -> None:
        """The question has been answered, one way or the other."""
        with self._lock:
            self._ended.set()

    def check(self) -> None:
        """Raises QueryTooHeavy (`cancelled`) once the button is pressed."""
        if self.is_pressed:
            raise cancelled()


def cancelled() -> QueryTooHeavy:
    return QueryTooHeavy("The question was cancelled.", try_instead="Ask again when you want the answer.", code="cancelled")


@dataclass(frozen=True, kw_only=True)
class StoppableEngine:
    """An engine whose queries belong to one question."""

    engine: Engine
    stop: Stop

    def __post_init__(self) -> None:
        self.stop.then(lambda: self.engine.cancel(self.stop.ticket))

    @property
    def dialect(self) -> str:
        return self.engine.dialect

    def execute(
        self, checked: CheckedSql, *, deadline_s: float | None = None, row_cap: int | None = None, ticket: str | None = None
    ) -> ResultRows:
        """As the engine's own, under the question's ticket unless another is given; raises QueryTooHeavy once it is stopped."""
        self.stop.check()
        return self.engine.execute(checked, deadline_s=deadline_s, row_cap=row_cap, ticket=ticket or self.stop.ticket)

    def cancel(self, ticket: str | None = None) -> None:
        self.engine.cancel(ticket or self.stop.ticket)

    def close(self) -> None:
        """The engine belongs to all questions: it stays open."""
