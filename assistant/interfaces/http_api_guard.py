"""In front of every HTTP route of ours: a request id, a limit on the body, safe headers, one line of log and one count per request."""

from __future__ import annotations

import json
import logging
import re
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("assistant.http")

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
_GIVEN_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)

Counted = Callable[[str, str, int, float], None]
"""Told method, route, status and seconds of every request."""


class _TooLarge(HTTPException):
    """The body is over the limit. An HTTPException, since FastAPI takes any other error while reading a body for a bad request."""

    def __init__(self, most: int) -> None:
        super().__init__(413, f"The body is larger than {most:,} bytes.")


class HttpGuard:
    """ASGI middleware. Never logs a body, a query string, a header or a path's variable part."""

    def __init__(self, app: ASGIApp, *, max_body: int, counted: Counted) -> None:
        self._app = app
        self._max_body = max_body
        self._counted = counted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"").decode("latin-1")
        request_id = given if _GIVEN_ID.fullmatch(given) else uuid.uuid4().hex[:16]
        token = REQUEST_ID.set(request_id)
        started = time.perf_counter()
        exchange = _Exchange(send, request_id)
        try:
            if _declared(headers) > self._max_body:
                raise _TooLarge(self._max_body)
            await self._app(scope, self._limited(receive), exchange.send)
        except _TooLarge as error:
            await exchange.fail(413, "body_too_large", error.detail, "Send less.")
        except Exception as error:
            # The frames are logged, the exception's own text is not: it may quote a value.
            log.error("unforeseen %s", type(error).__name__, extra={"trace": _frames(error)})
            message = f"Something went wrong on our side (request {request_id})."
            await exchange.fail(500, "internal_error", message, "Ask again; if it happens twice, give the number to the operator.")
        finally:
            seconds = time.perf_counter() - started
            route = scope.get("root_path", "") + (getattr(scope.get("route"), "path", None) or "/other")
            self._counted(scope["method"], route, exchange.status, seconds)
            extra = {
                "method": scope["method"],
                "route": route,
                "status": exchange.status,
                "ms": round(seconds * 1000, 1),
                "key": scope.get("key_id", ""),
            }
            log.info("request", extra=extra)
            REQUEST_ID.reset(token)

    def _limited(self, receive: Receive) -> Receive:
        read = 0

        async def receive_limited() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._max_body:
                raise _TooLarge(self._max_body)
            return message

        return receive_limited


class _Exchange:
    """The response as it goes out."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            extra = [*_HEADERS, (b"x-request-id", self._request_id.encode())]
            message = {**message, "headers": [*message["headers"], *extra]}
        await self._send(message)

    async def fail(self, status: int, code: str, message: str, try_instead: str) -> None:
        """Say so, unless the response has begun."""
        if self.status:
            return
        body = json.dumps(
            {"error": {"code": code, "message": message, "try_instead": try_instead}, "request_id": self._request_id}
        ).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), (b"connection", b"close")]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


def _declared(headers: dict[bytes, bytes]) -> int:
    text = headers.get(b"content-length", b"0")
    return int(text) if text.isdigit() else 0


def _frames(error: BaseException) -> str:
    import traceback

    return "".join(traceback.format_tb(error.__traceback__))
