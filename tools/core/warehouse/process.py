"""One engine process seen from the parent: start, ask, stop."""

from __future__ import annotations

import contextlib
import json
import os
import select
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

GRACE_S = 0.5
"""Between the request to stop and the kill; together with a poll slice well under one second."""
START_TIMEOUT_S = 20.0
POLL_SLICE_S = 0.1
_SCRIPT = Path(__file__).with_name("worker.py")
_PASSED_ON = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "TZ", "SYSTEMROOT")


class ProcessDied(Exception):
    """The process ended without an answer."""


class ProcessStopped(Exception):
    """The statement was stopped: its deadline passed, or somebody cancelled it."""

    def __init__(self, *, cancelled: bool) -> None:
        super().__init__("cancelled" if cancelled else "deadline")
        self.cancelled = cancelled


class StartFailed(Exception):
    """The file cannot be opened; `reason` is missing, locked, version or damaged."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class WorkerProcess:
    """A killable engine process; used by one thread at a time, except `cancel` and `kill`."""

    def __init__(self, path: str, *, memory_mb: int, threads: int) -> None:
        # No secrets of ours in its environment, and no folder of ours ahead of the standard library (-P).
        environment = {key: os.environ[key] for key in _PASSED_ON if key in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(_SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        self._write_lock = threading.Lock()
        self._received = bytearray()
        self._ready = False
        self._job_id = 0
        self._cancelled = False
        self.killed = False
        self._poll = select.poll()
        assert self._process.stdout is not None
        self._poll.register(self._process.stdout.fileno(), select.POLLIN | select.POLLHUP)
        self._send({"path": path, "memory_mb": memory_mb, "threads": threads})

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return not self.killed and self._process.poll() is None

    def wait_ready(self) -> None:
        """Raises StartFailed or ProcessDied."""
        if self._ready:
            return
        message = self._receive(time.monotonic() + START_TIMEOUT_S)
        if message is None:
            raise ProcessDied
        if "failed" in message:
            raise StartFailed(str(message["failed"]))
        self._ready = True

    def run(self, sql: str, *, deadline_s: float, row_cap: int) -> dict[str, Any]:
        """The reply frame of one statement.

        Raises:
            ProcessStopped: Past its deadline or cancelled; the process may have been killed.
            ProcessDied: It ended by itself; a new one is needed.
        """
        if self._cancelled:
            raise ProcessStopped(cancelled=True)
        self._job_id += 1
        self._send({"id": self._job_id, "sql": sql, "row_cap": row_cap})
        reply = self._await_reply(time.monotonic() + deadline_s)
        if reply.get("error", {}).get("kind") == "interrupted":
            raise ProcessStopped(cancelled=self._cancelled)
        return reply

    def _await_reply(self, deadline: float) -> dict[str, Any]:
        stop_at: float | None = None
        while True:
            now = time.monotonic()
            if stop_at is None and (self._cancelled or now >= deadline):
                self._send({"interrupt": self._job_id})
                stop_at = now + GRACE_S
            if stop_at is not None and now >= stop_at:
                self.kill()
                raise ProcessStopped(cancelled=self._cancelled)
            reply = self._receive(min(now + POLL_SLICE_S, stop_at if stop_at is not None else deadline))
            if reply is not None and reply.get("id") == self._job_id:
                return reply

    def cancel(self) -> None:
        """Ask the statement that holds this process to stop; from any thread. The waiting thread kills what does not obey."""
        self._cancelled = True

    def begin(self) -> None:
        """Forget the cancelling of an earlier statement."""
        self._cancelled = False

    def kill(self) -> None:
        """End the process now and collect it."""
        self.killed = True
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps(message).encode()
        assert self._process.stdin is not None
        try:
            with self._write_lock:
                self._process.stdin.write(struct.pack(">I", len(body)) + body)
                self._process.stdin.flush()
        except (OSError, ValueError) as error:
            raise ProcessDied from error

    def _receive(self, until: float) -> dict[str, Any] | None:
        """The next frame, or None when `until` passes first. Raises ProcessDied at the end of the pipe."""
        while True:
            frame = self._complete_frame()
            if frame is not None:
                message: dict[str, Any] = json.loads(frame)
                return message
            timeout_ms = max(0.0, until - time.monotonic()) * 1000
            try:
                assert self._process.stdout is not None
                if not self._poll.poll(timeout_ms):
                    return None
                chunk = os.read(self._process.stdout.fileno(), 1 << 20)
            except (OSError, ValueError) as error:
                raise ProcessDied from error
            if not chunk:
                raise ProcessDied
            self._received += chunk

    def _complete_frame(self) -> bytes | None:
        if len(self._received) < 4:
            return None
        size = int(struct.unpack(">I", self._received[:4])[0])
        if len(self._received) < 4 + size:
            return None
        frame = bytes(self._received[4 : 4 + size])
        del self._received[: 4 + size]
        return frame
