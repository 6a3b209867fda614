"""A typed client of the REST interface, in one file to copy: needs httpx and nothing else.

with Candor("http://localhost:8000", key) as candor:
    answer = candor.ask("Revenue by region last quarter", thread="board-pack")
    print(answer["headline"])
    for name, text in candor.stream("And by month?", thread="board-pack"):
        ...
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Literal, Self, TypedDict

import httpx

Cell = str | int | float | bool | None
Status = Literal["answered", "offered", "needs_clarification", "declined", "refused", "failed"]


class Column(TypedDict):
    name: str
    type: str
    unit: str | None


class Table(TypedDict):
    title: str
    columns: list[Column]
    rows: list[list[Cell]]
    truncated: bool


class Step(TypedDict):
    tool: str
    arguments: dict[str, Any]


class Option(TypedDict):
    label: str
    plan: list[Step]


class Answer(TypedDict):
    """The parts that most programs need; the OpenAPI document at /v1/openapi.json has all."""

    id: str
    status: Status
    headline: str
    text: str
    plan: list[Step]
    tables: list[Table]
    options: list[Option]
    caveats: list[str]
    data_version: str


class CandorError(Exception):
    """The request was not served; `code` is stable, the text is for people."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{message} [{code}]")
        self.status, self.code = status, code


class Candor:
    """One service, with one key."""

    def __init__(self, url: str, key: str, *, tries: int = 3) -> None:
        """
        Args:
            tries: How often a request is made that the service asks to make later (429, 503).
        """
        self._http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=90)
        self._tries = tries

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._http.close()

    def ask(self, question: str, *, thread: str | None = None, plan: list[Step] | None = None) -> Answer:
        """The answer. Look at its `status`: only `answered` is one; with the `plan` of an option it runs that reading."""
        body = {"question": question, "thread": thread, "plan": plan or []}
        reply = self._request("POST", "/v1/ask", json=body)
        answer: Answer = reply.json()
        return answer

    def stream(self, question: str, *, thread: str | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
        """What happens: ("step", {"text"}) and ("sentence", {"text"}), then ("answer", the answer) or ("error", ...)."""
        body, headers = {"question": question, "thread": thread}, {"Accept": "text/event-stream"}
        with self._http.stream("POST", "/v1/ask", json=body, headers=headers) as reply:
            if reply.status_code != 200:
                reply.read()
                raise _error(reply)
            name = ""
            for line in reply.iter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    yield name, json.loads(line.removeprefix("data: "))

    def judge(self, answer: Answer, *, good: bool, reason: str = "") -> None:
        """A thumb up or down, which whoever runs the service reads."""
        body = {"answer_id": answer["id"], "thumb": "up" if good else "down", "reason": reason}
        self._request("POST", "/v1/feedback", json=body)

    def metrics(self) -> list[dict[str, Any]]:
        """The figures that this key may ask for."""
        found: list[dict[str, Any]] = self._request("GET", "/v1/metrics").json()["metrics"]
        return found

    def _request(self, method: str, path: str, **options: Any) -> httpx.Response:
        for left in range(self._tries - 1, -1, -1):
            reply = self._http.request(method, path, **options)
            if reply.status_code not in (429, 503) or not left:
                break
            time.sleep(min(60, int(reply.headers.get("Retry-After", "1"))))
        if reply.status_code != 200:
            raise _error(reply)
        return reply


def _error(reply: httpx.Response) -> CandorError:
    try:
        error = reply.json()["error"]
    except (ValueError, KeyError, TypeError):
        # A proxy in between.
        return CandorError(reply.status_code, "http_error", f"HTTP {reply.status_code}")
    return CandorError(reply.status_code, error["code"], f"{error['message']} {error['try_instead']}")
