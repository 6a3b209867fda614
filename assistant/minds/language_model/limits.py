"""Limits that hold over turns: the circuit breaker, and the count of tokens per turn, thread and day."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from assistant.turn import Usage
from tools.core.errors import OurFault

_KEPT_THREADS = 10_000


class Breaker:
    """Leaves an endpoint alone after several failures in a row, then lets one call try it. Safe for several threads."""

    def __init__(self, *, failures: int, cool_down_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._allowed = failures
        self._cool_down_s = cool_down_s
        self._clock = clock
        self._failures = 0
        self._open_until = 0.0
        self._lock = threading.Lock()

    def check(self) -> None:
        """Raises OurFault (code model_unavailable) while the endpoint is left alone."""
        with self._lock:
            wait = self._open_until - self._clock()
        if wait > 0:
            raise unavailable(f"The language model failed several times in a row and is left alone for another {wait:.0f} s.")

    def succeeded(self) -> None:
        with self._lock:
            self._failures = 0
            self._open_until = 0.0

    def failed(self) -> None:
        """One failure more; at the limit, and after each failed trial, the cool-down starts."""
        with self._lock:
            self._failures += 1
            if self._failures >= self._allowed:
                self._open_until = self._clock() + self._cool_down_s


def unavailable(message: str) -> OurFault:
    """The endpoint cannot be used just now."""
    return OurFault(message, try_instead="Ask again in a minute, or choose the embedded mind.", code="model_unavailable")


@dataclass(kw_only=True)
class TurnTokens:
    """What one turn has used so far."""

    tokens_in: int = 0
    tokens_out: int = 0
    calls: int = 0

    @property
    def total(self) -> int:
        return self.tokens_in + self.tokens_out


@dataclass(kw_only=True)
class Ledger:
    """Tokens per thread and day, in memory: a restart starts the count anew. Safe for several threads."""

    tokens_per_turn: int
    tokens_per_thread: int
    tokens_per_day: int
    price_in: float = 0.0
    price_out: float = 0.0
    today: Callable[[], dt.date] = dt.date.today
    _day: dt.date | None = None
    _today_total: int = 0
    _threads: OrderedDict[str, int] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def check(self, turn: TurnTokens, thread: str | None) -> None:
        """Raises OurFault (code model_budget) when a limit is reached."""
        with self._lock:
            self._roll()
            over = (
                ("this question", turn.total, self.tokens_per_turn),
                ("this conversation", self._threads.get(thread or "", 0) if thread else 0, self.tokens_per_thread),
                ("today", self._today_total, self.tokens_per_day),
            )
        for what, used, limit in over:
            if used >= limit:
                raise OurFault(
                    f"The limit of {limit:,} language-model tokens for {what} is reached.",
                    try_instead="Whoever runs this assistant can raise the limit.",
                    code="model_budget",
                )

    def add(self, turn: TurnTokens, thread: str | None, *, tokens_in: int, tokens_out: int) -> None:
        """Count one call."""
        turn.tokens_in += tokens_in
        turn.tokens_out += tokens_out
        turn.calls += 1
        with self._lock:
            self._roll()
            self._today_total += tokens_in + tokens_out
            if thread:
                self._threads[thread] = self._threads.pop(thread, 0) + tokens_in + tokens_out
                while len(self._threads) > _KEPT_THREADS:
                    self._threads.popitem(last=False)

    def usage(self, turn: TurnTokens) -> Usage:
        cost = (turn.tokens_in * self.price_in + turn.tokens_out * self.price_out) / 1_000_000
        return Usage(tokens_in=turn.tokens_in, tokens_out=turn.tokens_out, cost=round(cost, 6))

    def _roll(self) -> None:
        today = self.today()
        if today != self._day:
            self._day, self._today_total = today, 0
