"""Log lines of a server: JSON, and nothing of anybody in them."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from assistant.interfaces.http_api_guard import REQUEST_ID
from assistant.interfaces.serve_logs import JsonLines


def line(name: str, message: str, *args: object, **fields: object) -> dict[str, object]:
    record = logging.LogRecord(name, logging.WARNING, "file", 1, message, args, fields.pop("exc_info", None))  # type: ignore[arg-type]
    vars(record).update(fields)
    return dict(json.loads(JsonLines().format(record)))


def test_a_line_names_what_happened_and_its_request():
    token = REQUEST_ID.set("r-1")
    try:
        found = line("assistant.http", "request", status=200, ms=1.5, route="/v1/ask")
    finally:
        REQUEST_ID.reset(token)
    assert {k: found[k] for k in ("level", "event", "request", "status", "ms", "route")} == {
        "level": "warning",
        "event": "request",
        "request": "r-1",
        "status": 200,
        "ms": 1.5,
        "route": "/v1/ask",
    }


def test_only_known_fields_get_out():
    assert "question" not in line("assistant.http", "request", question="who is ana@example.org?")


@pytest.mark.parametrize("args", [("ana@example.org",), ()])
def test_what_a_library_fills_in_stays_inside(args: tuple[str, ...]):
    message = "cannot send %s" if args else "cannot send ana@example.org"
    found = line("some.library", message, *args)
    assert "ana@example.org" not in json.dumps(found)
    assert found["logger"] == "some.library"


def test_an_exception_is_named_by_its_kind_alone():
    try:
        raise ValueError("ana@example.org")
    except ValueError:
        found = line("assistant.slack", "failed", exc_info=sys.exc_info())
    assert found["error"] == "ValueError"
    assert "ana@example.org" not in json.dumps(found)
