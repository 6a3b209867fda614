"""So many requests a minute for each key: a bucket that refills evenly, so that a burst is served and a flood is not."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from tools.core.errors import TooManyQuestions

_MOST_KEYS = 10_000


class RateLimit:
    """`per_minute` for each key, all of them at once if one likes. Safe to use from several threads; each process counts its own."""

    def __init__(self, per_minute: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = float(per_minute)
        self._per_second = per_minute / 60
        self._clock = clock
        self._lock = threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}
        """Key -> (requests left, when that was so)."""

    def take(self, key: str) -> None:
        """Count one request; raises TooManyQuestions with the seconds to wait."""
        now = self._clock()
        with self._lock:
            left, since = self._left.pop(key, (self._most, now))
            left = min(self._most, left + (now - since) * self._per_second)
            self._left[key] = (left - 1 if left >= 1 else left, now)
            while len(self._left) > _MOST_KEYS:
                # The one not seen for longest comes first.
                del self._left[next(iter(self._left))]
        if left < 1:
            wait = max(1, math.ceil((1 - left) / self._per_second))
            raise TooManyQuestions(
                f"More than {self._most:.0f} requests a minute with this key.",
                try_instead=f"Come again in {wait} s; the operator can raise ASSISTANT_API_PER_MINUTE.",
                code="rate_limited",
                retry_after_s=wait,
            )
