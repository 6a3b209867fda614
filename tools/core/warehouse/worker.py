"""The engine process: opens one DuckDB file read-only, locks itself in, answers one statement at a time.

Started as a plain script by `process.py`; imports the standard library and duckdb only, so that it is ready in a
fraction of a second. Speaks length-prefixed JSON frames on stdin and stdout; dies when stdin closes, so that no
process outlives its parent. Never sends a message of DuckDB's: those quote values, paths and process ids.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import decimal
import json
import os
import queue
import resource
import signal
import struct
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, BinaryIO

import duckdb

FETCH_ROWS = 500
MAX_RESULT_BYTES = 24_000_000
"""Text in one result; more is nothing that a person reads, and would have to cross the pipe."""
HEADROOM_MB = 384
"""Address space beside the engine's own limit: result conversion, allocator slack."""
LOCK_RETRY_S = 2.0
LOCKED = "Could not set lock"

# The order matters: each statement forbids what the one before it still needs (other orders fail to start).
LOCK = (
    "SET temp_directory=''",
    "SET enable_external_access=false",
    "SET disabled_filesystems='LocalFileSystem'",
    "SET lock_configuration=true",
)

Message = dict[str, Any]


class Channel:
    """Frames over a pair of pipes: four bytes of length, then JSON."""

    def __init__(self, reader: BinaryIO, writer: BinaryIO) -> None:
        self._reader = reader
        self._writer = writer
        self._lock = threading.Lock()

    def receive(self) -> Message | None:
        """The next frame; None when the other side has gone."""
        head = self._reader.read(4)
        if len(head) < 4:
            return None
        body = self._reader.read(struct.unpack(">I", head)[0])
        message: Message = json.loads(body)
        return message

    def send(self, message: Message) -> None:
        body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        with self._lock:
            self._writer.write(struct.pack(">I", len(body)) + body)
            self._writer.flush()


class ResultTooLarge(Exception):
    """The rows hold more text than `MAX_RESULT_BYTES`."""


def open_locked(path: str, *, memory_mb: int, threads: int) -> duckdb.DuckDBPyConnection:
    """The file, read-only and locked; retries for `LOCK_RETRY_S` while a writer holds it."""
    config: dict[str, Any] = {
        "memory_limit": f"{memory_mb}MB",
        "threads": threads,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "python_enable_replacements": False,
    }
    give_up = time.monotonic() + LOCK_RETRY_S
    while True:
        try:
            connection = duckdb.connect(path, read_only=True, config=config)
            break
        except duckdb.IOException as error:
            if LOCKED not in str(error) or time.monotonic() > give_up:
                raise
            time.sleep(0.1)
    for statement in LOCK:
        connection.execute(statement)
    return connection


def limit_address_space(memory_mb: int) -> None:
    """Bound what scalar functions may allocate: `memory_limit` covers the engine's buffers only."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        in_use = int(statm.read().split()[0]) * resource.getpagesize()
    bound = in_use + (memory_mb + HEADROOM_MB) * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (bound, bound))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def opening_fault(error: Exception, path: str) -> str:
    """Why the file cannot be opened: missing, locked, version, damaged."""
    text = str(error)
    if not os.path.isfile(path):
        return "missing"
    if LOCKED in text:
        return "locked"
    if "version number" in text:
        return "version"
    return "damaged"


BINDER_HINTS = (
    ("must appear in the GROUP BY", "group_by"),
    ("Referenced column", "unknown_column"),
    ("Ambiguous", "ambiguous"),
    ("does not have a column", "unknown_column"),
    ("No function matches", "function_types"),
    ("Cannot mix", "types"),
    ("Cannot compare", "types"),
    ("aggregate", "aggregate"),
    ("Could not choose", "function_types"),
)
DATA_FAULTS = (duckdb.ConversionException, duckdb.OutOfRangeException, duckdb.InvalidInputException, duckdb.TypeMismatchException)
STATEMENT_FAULTS = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ParserException,
    duckdb.SyntaxException,
    duckdb.NotImplementedException,
    duckdb.PermissionException,
    duckdb.ConstraintException,
)


def running_fault(error: BaseException) -> Message:
    """What went wrong in words of ours; `kind` and `hint` are all that leaves this process."""
    text = str(error)
    if isinstance(error, ResultTooLarge):
        return {"kind": "too_large"}
    if isinstance(error, MemoryError | duckdb.OutOfMemoryException):
        return {"kind": "memory"}
    if isinstance(error, duckdb.InterruptException):
        return {"kind": "interrupted"}
    if isinstance(error, STATEMENT_FAULTS):
        return {"kind": "statement", "hint": next((hint for mark, hint in BINDER_HINTS if mark in text), "")}
    if isinstance(error, DATA_FAULTS):
        return {"kind": "data"}
    # Only now the wording: the messages of the kinds above quote values, which may say anything.
    if "bad_alloc" in text or "allocat" in text.lower():
        return {"kind": "memory"}
    if isinstance(error, duckdb.IOException | duckdb.SerializationException) or "Corrupt" in text:
        return {"kind": "file"}
    return {"kind": "internal"}


def _json_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def cell(value: Any) -> Any:
    """A value as JSON knows it; dates as ISO text, which the parent turns back by the column's type."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, decimal.Decimal):
        return float(f"{value:.12g}")
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, list | dict | tuple):
        return _json_text(value)
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


def fetch(cursor: Any, row_cap: int) -> tuple[list[list[Any]], bool]:
    """Up to `row_cap` rows, and whether there were more.

    Raises:
        ResultTooLarge: The texts alone exceed what may cross the pipe.
    """
    rows: list[list[Any]] = []
    size = 0
    while len(rows) <= row_cap:
        batch = cursor.fetchmany(min(FETCH_ROWS, row_cap + 1 - len(rows)))
        if not batch:
            break
        for row in batch:
            cells = [cell(value) for value in row]
            size += sum(len(c) for c in cells if isinstance(c, str))
            if size > MAX_RESULT_BYTES:
                raise ResultTooLarge
            rows.append(cells)
    return rows[:row_cap], len(rows) > row_cap


class Runner:
    """Runs statements one after the other, each on a connection of its own, and lets another thread stop them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, send: Callable[[Message], None]) -> None:
        self._connection = connection
        self._send = send
        self._jobs: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._current: Any = None
        self._current_id: int | None = None
        self._stopped: set[int] = set()
        self._lock = threading.Lock()

    def submit(self, job: Message) -> None:
        self._jobs.put(job)

    def interrupt(self, job_id: int) -> None:
        with self._lock:
            self._stopped.add(job_id)
            if self._current_id == job_id and self._current is not None:
                self._current.interrupt()

    def work(self) -> None:
        while True:
            job = self._jobs.get()
            try:
                reply = self._answer(job)
            except BaseException as error:
                reply = {"error": running_fault(error)}
            with self._lock:
                self._current = self._current_id = None
                self._stopped.discard(job["id"])
            try:
                self._send({"id": job["id"], **reply})
            except MemoryError:
                self._send({"id": job["id"], "error": {"kind": "memory"}})

    def _answer(self, job: Message) -> Message:
        # A connection per question: nothing that one statement leaves behind can be seen by the next.
        cursor = self._connection.cursor()
        try:
            with self._lock:
                if job["id"] in self._stopped:
                    return {"error": {"kind": "interrupted"}}
                self._current, self._current_id = cursor, job["id"]
            cursor.execute(job["sql"])
            columns = cursor.description or []
            rows, truncated = fetch(cursor, job["row_cap"])
            return {"names": [c[0] for c in columns], "types": [str(c[1]) for c in columns], "rows": rows, "truncated": truncated}
        finally:
            with contextlib.suppress(Exception):
                cursor.close()


def _private_stdout() -> BinaryIO:
    """The reply pipe under a descriptor of its own, so that a stray print cannot corrupt a frame."""
    private = os.fdopen(os.dup(1), "wb")
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 1)
    os.dup2(devnull, 2)
    return private


def main() -> None:
    # Ctrl+C goes to the whole foreground: a server lets the answers in flight finish, and this process ends when its stdin closes.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    channel = Channel(sys.stdin.buffer, _private_stdout())
    setup = channel.receive()
    if setup is None:
        return
    try:
        connection = open_locked(setup["path"], memory_mb=setup["memory_mb"], threads=setup["threads"])
        limit_address_space(setup["memory_mb"])
    except Exception as error:
        channel.send({"failed": opening_fault(error, setup["path"])})
        return
    channel.send({"ready": True})
    runner = Runner(connection, channel.send)
    threading.Thread(target=runner.work, daemon=True).start()
    while (message := channel.receive()) is not None:
        if "interrupt" in message:
            runner.interrupt(message["interrupt"])
        else:
            runner.submit(message)
    # The parent has gone or closed us; a running statement is nobody's any more.
    os._exit(0)


if __name__ == "__main__":
    main()
