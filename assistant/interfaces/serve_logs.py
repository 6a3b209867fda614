"""Logs of a server as JSON lines on stderr. Only the fields named here get out: no question, value, user name or address of a client."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

from assistant.interfaces.http_api_guard import REQUEST_ID
from assistant.turn import Answer
from tools.core.errors import AnswerError

_FIELDS = ("surface", "status", "ms", "method", "route", "key", "code", "answer", "kind", "outcome", "trace", "count")
_OURS = ("assistant", "tools", "uvicorn")
"""Loggers whose messages are known to hold nothing of anybody."""
log = logging.getLogger("assistant.answers")


class JsonLines(logging.Formatter):
    """{"at", "level", "logger", "event", "request"?, ...}, one line each."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}",
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage() if record.name.startswith(_OURS) else _outline(record),
        }
        if request := REQUEST_ID.get():
            line["request"] = request
        line |= {name: value for name in _FIELDS if (value := getattr(record, name, None)) not in (None, "")}
        if record.exc_info and record.exc_info[0] is not None:
            # The kind only: an exception's own text may quote a value.
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line, ensure_ascii=False)


def _outline(record: logging.LogRecord) -> str:
    """What a library logged, without what it filled in: that may be a question, a row or an exception's text."""
    return str(record.msg) if record.args else f"(a message of {record.name})"


def set_up_logs() -> None:
    """Everything that this process logs, as JSON lines; libraries from warnings on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("assistant").setLevel(logging.INFO)


class LoggedAnswers:
    """Writes a line per answer: which one, how it ended, how long it took; and passes on to the metrics."""

    def __init__(self, *observers: Any) -> None:
        self._observers = observers

    def answered(self, surface: str, answer: Answer, seconds: float) -> None:
        code = answer.error.code if answer.error is not None else ""
        fields = {"surface": surface, "status": answer.status.value, "ms": round(seconds * 1000, 1), "answer": answer.id, "code": code}
        log.info("answer", extra=fields)
        for observer in self._observers:
            observer.answered(surface, answer, seconds)

    def turned_away(self, surface: str, error: AnswerError) -> None:
        log.warning("turned away", extra={"surface": surface, "code": error.public_code})
        for observer in self._observers:
            observer.turned_away(surface, error)
