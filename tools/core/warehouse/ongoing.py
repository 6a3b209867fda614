"""A refresh under way, told to every process of this home: `HOME/warehouses/<name>/refreshing.json`.

The file goes when the refresh is done. One that is left belongs to a refresh that failed, with the reason, or to one that died.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from tools.core.errors import AnswerError
from tools.core.warehouse.generations import warehouse_home
from tools.core.warehouse.intelligence import write_json

if TYPE_CHECKING:
    from tools.core.warehouse.load import Progress

FILE = "refreshing.json"
_EVERY_S = 0.5


class Ongoing(BaseModel):
    """How far a refresh is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    step: str
    """What is being done, in words."""
    fraction: float
    """0 to 1 of the whole refresh."""
    started_at: float
    """Seconds since the epoch."""
    process: int
    """Its process id."""
    fault: str = ""
    """Why it ended without a result."""

    @property
    def is_running(self) -> bool:
        """Whether somebody is at it; false for one that failed or died."""
        if self.fault:
            return False
        try:
            os.kill(self.process, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True

    @property
    def seconds_left(self) -> float | None:
        """By its pace so far; None before there is one."""
        gone = time.time() - self.started_at
        return gone * (1 - self.fraction) / self.fraction if self.fraction > 0.05 and gone > 2 else None


def read_ongoing(home: Path, name: str) -> Ongoing | None:
    """The refresh of a warehouse that is under way, failed or died; None when there is none, or its file cannot be read."""
    try:
        return Ongoing.model_validate_json((warehouse_home(home, name) / FILE).read_bytes())
    except (OSError, ValidationError):
        return None


def write_ongoing(home: Path, name: str, ongoing: Ongoing) -> None:
    write_json(warehouse_home(home, name) / FILE, ongoing)


@contextmanager
def announced(home: Path, name: str, progress: Progress) -> Iterator[Progress]:
    """Passes progress on, and tells it to the other processes.

    Nothing is written before the first step: until then another process may turn out to be at it.
    """
    started, told, furthest = time.time(), 0.0, 0.0
    last: Ongoing | None = None

    def tell(step: str, fraction: float | None = None, /) -> None:
        nonlocal told, furthest, last
        progress(step, fraction)
        furthest = max(furthest, fraction or 0.0)
        now = time.monotonic()
        if last is None or now - told > _EVERY_S:
            told, last = now, Ongoing(step=step, fraction=furthest, started_at=started, process=os.getpid())
            write_ongoing(home, name, last)

    try:
        yield tell
    except AnswerError as error:
        if last is not None:
            write_ongoing(home, name, last.model_copy(update={"fault": f"{error.message} {error.try_instead}".strip()}))
        raise
    (warehouse_home(home, name) / FILE).unlink(missing_ok=True)
