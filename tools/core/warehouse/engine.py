"""Where checked statements run.

`Engine` is the seam for other databases: plans reach it as a `CheckedSql`, rows leave it as plain values.
`DuckDbEngine` runs them in locked, killable processes of its own.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tools.core.contract import Cell
from tools.core.errors import AnswerError, InternalError, QueryTooHeavy, SqlRefused, WarehouseUnavailable, WorkerLost
from tools.core.warehouse.process import ProcessDied, ProcessStopped, StartFailed, WorkerProcess

if TYPE_CHECKING:
    from tools.core.sql_guard import CheckedSql

DEFAULT_DEADLINE_S = 5.0
DEFAULT_ROW_CAP = 10_000
DEFAULT_QUEUE = 64
DEFAULT_ADMISSION_S = 15.0


@dataclass(frozen=True, kw_only=True)
class ResultRows:
    """Rows of one statement, in order."""

    names: tuple[str, ...]
    types: tuple[str, ...]
    """DuckDB type names; DECIMAL cells are floats of 12 significant digits, nested values JSON text."""
    rows: tuple[tuple[Cell, ...], ...]
    truncated: bool
    """More rows existed than the cap lets through."""
    elapsed_ms: float


class Engine(Protocol):
    """Runs checked statements, and nothing else."""

    @property
    def dialect(self) -> str: ...

    def execute(
        self, checked: CheckedSql, *, deadline_s: float | None = None, row_cap: int | None = None, ticket: str | None = None
    ) -> ResultRows: ...

    def cancel(self, ticket: str | None = None) -> None: ...

    def close(self) -> None: ...


_START_FAULTS = {
    "missing": ("The warehouse file is missing.", "Build it again with `assistant warehouse build`."),
    "locked": (
        "The warehouse is being written by another process.",
        "Try again in a minute; `assistant warehouse status` shows its state.",
    ),
    "version": ("The warehouse file was written by another version of DuckDB.", "Build it again with `assistant warehouse build`."),
    "damaged": ("The warehouse file is damaged.", "Run `assistant warehouse verify`, then build it again."),
}
_STATEMENT_HINTS = {
    "group_by": "Every column that is shown must be grouped by or aggregated.",
    "unknown_column": "A column is not known where it is used.",
    "ambiguous": "A column name fits two tables; write table.column.",
    "function_types": "A function is called with arguments of a type that it does not take.",
    "types": "Values of different types are compared or combined; cast one of them.",
    "aggregate": "An aggregate is used where none may stand.",
}


def _statement_fault(fault: dict[str, Any]) -> AnswerError:
    kind = fault.get("kind")
    if kind == "statement":
        hint = _STATEMENT_HINTS.get(str(fault.get("hint")), "")
        return SqlRefused(
            f"The database cannot run this statement. {hint}".strip(), try_instead="Correct the statement.", code="sql_invalid"
        )
    if kind == "data":
        return SqlRefused(
            "A value does not fit the operation asked for (a conversion, a date, or a number out of range).",
            try_instead="Use TRY_CAST, or leave such rows out.",
            code="sql_data",
        )
    if kind == "memory":
        return QueryTooHeavy("The question needs more memory than one question may use.", try_instead=_SMALLER, code="query_memory")
    if kind == "too_large":
        return QueryTooHeavy("The result is too large to hand over.", try_instead=_SMALLER, code="result_too_large")
    if kind == "file":
        message, instead = _START_FAULTS["damaged"]
        return WarehouseUnavailable(message, try_instead=instead)
    return InternalError("The database failed on this question.", try_instead="Ask again; tell the operator if it happens twice.")


_SMALLER = "Narrow the question: a shorter period, fewer groups, or a limit."
_BREAKS_THE_INSTANCE = frozenset({"internal", "file", "memory"})


class DuckDbEngine:
    """Runs statements on one DuckDB file in `workers` processes, started when first needed.

    Each process holds the file read-only behind the engine's own lock, with `memory_mb` for DuckDB's buffers and an
    address-space limit above it; a statement past its deadline is interrupted, then killed, within a second.

    Raises (from `execute`):
        QueryTooHeavy: Deadline, memory or queue exceeded, or cancelled.
        SqlRefused: DuckDB cannot run it; fixed texts, never a value.
        WorkerLost: The process died in mid-query; the next question gets a new one.
        WarehouseUnavailable: The file is missing, locked, damaged or of another version.
    """

    dialect = "duckdb"

    def __init__(
        self,
        path: Path | str,
        *,
        workers: int = 2,
        memory_mb: int = 2048,
        threads: int = 1,
        deadline_s: float = DEFAULT_DEADLINE_S,
        row_cap: int = DEFAULT_ROW_CAP,
        queue: int = DEFAULT_QUEUE,
        admission_s: float = DEFAULT_ADMISSION_S,
    ) -> None:
        self._deadline_s = deadline_s
        self._row_cap = row_cap
        self._pool = _Pool(
            lambda: WorkerProcess(str(path), memory_mb=memory_mb, threads=threads), size=workers, queue=queue, admission_s=admission_s
        )
        self._finalizer = weakref.finalize(self, self._pool.close)

    def warm(self) -> None:
        """Start the first process without waiting for it, while the caller still plans."""
        self._pool.warm()

    def execute(
        self, checked: CheckedSql, *, deadline_s: float | None = None, row_cap: int | None = None, ticket: str | None = None
    ) -> ResultRows:
        """Run one checked statement.

        Args:
            deadline_s: Seconds from the start of the run (waiting for a free process not included).
            row_cap: Most rows to fetch.
            ticket: A name under which another thread can `cancel` it.
        """
        with self._pool.worker(ticket) as worker:
            started = time.monotonic()
            reply = worker.run(checked.text, deadline_s=deadline_s or self._deadline_s, row_cap=row_cap or self._row_cap)
            elapsed_ms = (time.monotonic() - started) * 1000
            fault = reply.get("error")
            if fault is not None and fault.get("kind") in _BREAKS_THE_INSTANCE:
                worker.kill()
        if fault is not None:
            raise _statement_fault(fault)
        return _result(reply, elapsed_ms)

    def cancel(self, ticket: str | None = None) -> None:
        """Stop the statement running under `ticket`; without one, every running statement."""
        self._pool.cancel(ticket)

    def worker_ids(self) -> tuple[int, ...]:
        """Process ids of the living workers, for `doctor`, health checks and tests."""
        return self._pool.process_ids()

    def close(self) -> None:
        """End all processes; later questions are refused."""
        self._finalizer()


class _Pool:
    """At most `size` processes, a bounded queue before them."""

    def __init__(self, start: Callable[[], WorkerProcess], *, size: int, queue: int, admission_s: float) -> None:
        self._start = start
        self._size = size
        self._queue = queue
        self._admission_s = admission_s
        self._changed = threading.Condition()
        self._idle: list[WorkerProcess] = []
        self._busy: dict[WorkerProcess, str | None] = {}
        self._waiting = 0
        self._closed = False

    def warm(self) -> None:
        with self._changed:
            if not self._closed and not self._idle and not self._busy:
                self._idle.append(self._start())

    @contextmanager
    def worker(self, ticket: str | None) -> Iterator[WorkerProcess]:
        """A ready process for one statement; faults of the process arrive as our own errors."""
        worker = self._take(ticket)
        try:
            worker.wait_ready()
            yield worker
        except StartFailed as error:
            worker.kill()
            message, instead = _START_FAULTS.get(error.reason, _START_FAULTS["damaged"])
            raise WarehouseUnavailable(message, try_instead=instead) from None
        except ProcessStopped as error:
            raise _stopped(error) from None
        except ProcessDied:
            worker.kill()
            raise WorkerLost("The database process ended in the middle of the question.", try_instead="Ask again.") from None
        finally:
            self._give_back(worker)

    def _take(self, ticket: str | None) -> WorkerProcess:
        give_up = time.monotonic() + self._admission_s
        with self._changed:
            if self._waiting >= self._queue:
                raise _busy()
            self._waiting += 1
            try:
                while True:
                    if self._closed:
                        raise WarehouseUnavailable("The warehouse has been closed.", try_instead="Open it again.")
                    worker = self._free_worker()
                    if worker is not None:
                        worker.begin()
                        self._busy[worker] = ticket
                        return worker
                    if not self._changed.wait(give_up - time.monotonic()):
                        raise _busy()
            finally:
                self._waiting -= 1

    def _free_worker(self) -> WorkerProcess | None:
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                return worker
            worker.kill()
        return self._start() if len(self._busy) < self._size else None

    def _give_back(self, worker: WorkerProcess) -> None:
        with self._changed:
            self._busy.pop(worker, None)
            if worker.alive and not self._closed:
                self._idle.append(worker)
            elif not worker.killed:
                worker.kill()
            self._changed.notify()

    def cancel(self, ticket: str | None) -> None:
        with self._changed:
            for worker, name in self._busy.items():
                if ticket is None or name == ticket:
                    worker.cancel()

    def process_ids(self) -> tuple[int, ...]:
        with self._changed:
            return tuple(worker.pid for worker in (*self._idle, *self._busy) if worker.alive)

    def close(self) -> None:
        with self._changed:
            self._closed = True
            workers = [*self._idle, *self._busy]
            self._idle.clear()
            self._changed.notify_all()
        for worker in workers:
            worker.kill()


def _busy() -> QueryTooHeavy:
    return QueryTooHeavy("Too many questions are running at the moment.", try_instead="Try again in a few seconds.", code="busy")


def _stopped(error: ProcessStopped) -> QueryTooHeavy:
    if error.cancelled:
        return QueryTooHeavy("The question was cancelled.", try_instead="Ask again when you want the answer.", code="cancelled")
    return QueryTooHeavy("The question took longer than one question may take.", try_instead=_SMALLER, code="query_deadline")


_Decoder = Callable[[Any], Cell]


def _decoder(type_name: str) -> _Decoder | None:
    """How a column's ISO texts become dates again; None when the cells are final as they come."""
    if type_name == "DATE":
        return lambda text: _or_text(dt.date.fromisoformat, text)
    if type_name.startswith("TIMESTAMP"):
        return lambda text: _or_text(dt.datetime.fromisoformat, text)
    return None


def _or_text(parse: Callable[[str], Cell], text: Any) -> Cell:
    # Infinity and years beyond 9999 have no Python date; their text is still right.
    try:
        return parse(text) if text is not None else None
    except ValueError:
        return str(text)


def _result(reply: dict[str, Any], elapsed_ms: float) -> ResultRows:
    decoders = [(index, decode) for index, name in enumerate(reply["types"]) if (decode := _decoder(name)) is not None]
    rows: list[list[Cell]] = reply["rows"]
    for index, decode in decoders:
        for row in rows:
            row[index] = decode(row[index])
    return ResultRows(
        names=tuple(reply["names"]),
        types=tuple(reply["types"]),
        rows=tuple(tuple(row) for row in rows),
        truncated=reply["truncated"],
        elapsed_ms=elapsed_ms,
    )
