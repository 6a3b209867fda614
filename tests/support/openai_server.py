"""A scripted OpenAI-compatible server on loopback, for tests over a real socket.

    with OpenAiServer(brain) as server:
        ...  ChatOpenAI(base_url=server.url) ...
    server.bodies     every byte that was sent to it

`brain(request) -> Reply` decides what the "model" says; `server.faults` holds what goes wrong instead, in order. No accuracy
figure may come from it: it only speaks the protocol.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, Self

Request = dict[str, Any]


@dataclass(frozen=True)
class ToolCall:
    """One call that the model makes; `raw` arguments are sent as they are, valid JSON or not."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)
    raw: str | None = None

    @property
    def text(self) -> str:
        return json.dumps(self.arguments) if self.raw is None else self.raw


@dataclass(frozen=True)
class Reply:
    """What the model says: text, tool calls, or both."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()


FaultKind = Literal[
    "status",
    "hang",
    "cut",
    "malformed",
    "unknown_tool",
    "loop",
    "empty",
    "slow",
    "not_json",
    "bad_arguments",
    "close",
    "no_usage",
    "trickle",
]


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request."""

    kind: FaultKind
    status: int = 503
    retry_after: str | None = None
    seconds: float = 0.0
    """hang, slow, trickle: for how long, or between pieces."""


Brain = Callable[[Request], Reply]


class OpenAiServer:
    """Serves /v1/chat/completions and /v1/models on a free port of the loopback address."""

    def __init__(self, brain: Brain, *, key: str | None = None) -> None:
        self.brain = brain
        self.key = key
        """When set, any other key gets a 401."""
        self.faults: deque[Fault | None] = deque()
        """One per request, None = no fault; when used up, all goes well."""
        self.fault_of: Callable[[int, Request], Fault | None] | None = None
        """Instead of `faults`: by the number of the request."""
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.released = threading.Event()
        """Ends all hanging requests."""
        self._server = _QuietServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    @property
    def requests(self) -> list[Request]:
        return [json.loads(body) for body in self.bodies]

    def next_fault(self, number: int, request: Request) -> Fault | None:
        if self.fault_of is not None:
            return self.fault_of(number, request)
        with self._lock:
            return self.faults.popleft() if self.faults else None

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()


class _QuietServer(ThreadingHTTPServer):
    """Clients that give up are part of the tests."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        del request, client_address


def _handler(server: OpenAiServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Quiet."""

        def do_GET(self) -> None:
            if self.path.endswith("/models"):
                self._json(200, {"object": "list", "data": [{"id": "test-model", "object": "model", "created": 0, "owned_by": "tests"}]})
            else:
                self._json(404, {"error": {"message": "no such path"}})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            server.bodies.append(body)
            server.headers.append({name.lower(): value for name, value in self.headers.items()})
            if server.key is not None and self.headers.get("authorization") != f"Bearer {server.key}":
                self._json(
                    401, {"error": {"message": "Incorrect API key provided", "type": "invalid_request_error", "code": "invalid_api_key"}}
                )
                return
            request = json.loads(body)
            fault = server.next_fault(len(server.bodies) - 1, request)
            if not self._failed(fault, request):
                reply = _disturbed(fault, server.brain(request), request)
                self._answer(request, reply, fault)

        def _failed(self, fault: Fault | None, request: Request) -> bool:
            del request
            if fault is None:
                return False
            if fault.kind == "status":
                headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
                self._json(fault.status, {"error": {"message": "scripted failure", "type": "server_error"}}, headers)
                return True
            if fault.kind == "hang":
                server.released.wait(fault.seconds)
                self.close_connection = True
                return True
            if fault.kind == "close":
                self.close_connection = True
                return True
            if fault.kind == "not_json":
                self._send(200, b"<html>not a model</html>", "text/html")
                return True
            return False

        def _answer(self, request: Request, reply: Reply, fault: Fault | None) -> None:
            if not request.get("stream"):
                self._json(200, _whole(request, reply))
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            self._stream(request, reply, fault)

        def _stream(self, request: Request, reply: Reply, fault: Fault | None) -> None:
            kind = fault.kind if fault else None
            pieces = list(_chunks(request, reply, usage=kind != "no_usage"))
            if kind == "cut":
                pieces = pieces[: max(1, len(pieces) // 2)]
            for piece in pieces:
                if kind in ("slow", "trickle") and fault is not None:
                    server.released.wait(fault.seconds)
                data = json.dumps(piece)
                if kind == "malformed":
                    data = data[: len(data) // 2]
                self.wfile.write(f"data: {data}\n\n".encode())
                self.wfile.flush()
            if kind != "cut":
                self.wfile.write(b"data: [DONE]\n\n")

        def _json(self, status: int, value: object, headers: dict[str, str] | None = None) -> None:
            self._send(status, json.dumps(value).encode(), "application/json", headers)

        def _send(self, status: int, data: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

    return Handler


def _disturbed(fault: Fault | None, reply: Reply, request: Request) -> Reply:
    """The reply with what a confused model would make of it."""
    if fault is None:
        return reply
    if fault.kind == "unknown_tool":
        return Reply(calls=(ToolCall("summon_oracle", {"question": "everything"}),))
    if fault.kind == "bad_arguments":
        return Reply(calls=(ToolCall("query_metrics", raw='{"metrics": ["revenue"'),))
    if fault.kind == "loop":
        return Reply(calls=(ToolCall("query_metrics", {"metrics": ["revenue"]}),))
    if fault.kind == "empty":
        return Reply()
    del request
    return reply


def _usage(request: Request, reply: Reply) -> dict[str, int]:
    prompt = len(json.dumps(request.get("messages", []))) // 4
    completion = (len(reply.text) + sum(len(c.text) for c in reply.calls)) // 4 + 1
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _whole(request: Request, reply: Reply) -> dict[str, Any]:
    calls = [{"id": _id("call"), "type": "function", "function": {"name": c.name, "arguments": c.text}} for c in reply.calls]
    message: dict[str, Any] = {"role": "assistant", "content": reply.text or None}
    if calls:
        message["tool_calls"] = calls
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if calls else "stop"}
    return {
        "id": _id("cmpl"),
        "object": "chat.completion",
        "created": 0,
        "model": request.get("model"),
        "choices": [choice],
        "usage": _usage(request, reply),
    }


def _chunks(request: Request, reply: Reply, *, usage: bool) -> Iterator[dict[str, Any]]:
    """The reply as stream chunks: text in small pieces, arguments of tool calls cut anywhere."""
    frame = {"id": _id("cmpl"), "object": "chat.completion.chunk", "created": int(time.time()), "model": request.get("model")}

    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {**frame, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    yield chunk({"role": "assistant", "content": ""})
    for start in range(0, len(reply.text), 11):
        yield chunk({"content": reply.text[start : start + 11]})
    for index, call in enumerate(reply.calls):
        head = {"index": index, "id": _id("call"), "type": "function", "function": {"name": call.name, "arguments": ""}}
        yield chunk({"tool_calls": [head]})
        for start in range(0, len(call.text), 17):
            yield chunk({"tool_calls": [{"index": index, "function": {"arguments": call.text[start : start + 17]}}]})
    yield chunk({}, "tool_calls" if reply.calls else "stop")
    if usage and (request.get("stream_options") or {}).get("include_usage"):
        yield {**frame, "choices": [], "usage": _usage(request, reply)}


def _id(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:12]}"
