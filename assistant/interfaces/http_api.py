"""The REST interface: `/v1/...` for other programs, with API keys. Documented in docs/rest.md and, while it runs, at /v1/openapi.json."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException
from starlette.routing import Match

from assistant.interfaces import http_api_models as m
from assistant.interfaces.catalogue import Catalogue
from assistant.interfaces.http_api_gate import KeyGate
from assistant.interfaces.http_api_guard import REQUEST_ID
from assistant.interfaces.serve_desk import DeskAssistant
from assistant.stopping import Stop
from assistant.thumbs import Thumbs
from assistant.turn import Question, Step
from tools.core.errors import (
    AnswerError,
    NeedsPerson,
    NotAllowed,
    OurFault,
    RepairableByModel,
    SetupProblem,
    Stopping,
    TooManyQuestions,
    WarehouseUnavailable,
)

HEARTBEAT_S = 10.0
"""A comment in the stream this often keeps proxies from closing it."""

_ThreadName = Annotated[str, Path(pattern=m.THREAD_PATTERN, description="Name of one of your conversations.")]
_bearer = HTTPBearer(auto_error=False, description="An API key: `assistant keys add NAME --role ROLE`.")


def _say(codes: tuple[int, ...]) -> dict[int | str, dict[str, Any]]:
    return {code: {"model": m.ErrorOut} for code in (400, 401, 403, 413, 422, 429, 503, *codes)}


_STREAM = {
    "description": "An answer; with `Accept: text/event-stream` its events: `step`, `sentence`, then `answer` or `error`.",
    "content": {"text/event-stream": {"schema": {"type": "string"}}},
}


@dataclass(frozen=True, kw_only=True)
class Api:
    """What the routes work with."""

    assistant: DeskAssistant
    gate: KeyGate
    thumbs: Thumbs
    catalogue: Catalogue

    def caller(self, request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> str:
        """The user name that this request runs as; raises as `KeyGate.let_in`."""
        key = self.gate.let_in(given.credentials if given is not None else None)
        request.scope["key_id"] = key.id
        return key.runs_as


def create_api(api: Api, *, version: str = "1") -> FastAPI:
    """The application, to be mounted at /v1."""
    app = FastAPI(
        title="Candor",
        version=version,
        description="Business questions about customers, answered with their evidence. See an answer's `status`.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    _add_error_handlers(app)
    _add_asking(app, api)
    _add_threads(app, api)
    _add_catalogue(app, api)
    return app


def _add_asking(app: FastAPI, api: Api) -> None:
    caller = Depends(api.caller)

    @app.post("/ask", response_model=m.AnswerOut, responses={200: _STREAM, **_say(())}, tags=["questions"])
    async def ask(request: Request, body: m.AskIn, user: str = caller) -> Response:
        """Ask a question."""
        plan = tuple(Step(tool=step.tool, arguments=step.arguments) for step in body.plan)
        question = Question(text=body.question, thread=body.thread, user=user, as_of=body.as_of, plan=plan)
        if "text/event-stream" in request.headers.get("accept", ""):
            stream = AnswerStream(api, question)
            return StreamingResponse(stream.events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
        answer = await asyncio.wrap_future(api.assistant.begin(question))
        await asyncio.to_thread(api.thumbs.note, answer, user=user, surface="rest")
        return JSONResponse(answer.to_json())

    @app.post("/feedback", response_model=m.Plain, responses=_say((404,)), tags=["questions"])
    def feedback(body: m.FeedbackIn, user: str = caller) -> m.Plain:
        """Judge an answer that you got."""
        api.thumbs.give(body.answer_id, user=user, up=body.thumb == "up", reason=body.reason)
        return m.Plain()


class AnswerStream:
    """What happens while one question is answered, as server-sent events."""

    def __init__(self, api: Api, question: Question) -> None:
        """Begins; raises as `Desk.take`, so that a full house is a status and not an event."""
        self._api = api
        self._question = question
        self._loop = asyncio.get_running_loop()
        self._said: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self._stop = Stop()
        coming = api.assistant.begin(question, progress=partial(self._tell, "step"), say=partial(self._tell, "sentence"), stop=self._stop)
        self._coming = asyncio.wrap_future(coming)

    def _tell(self, event: str, text: str) -> None:
        """Called from the thread that works on the question."""
        self._loop.call_soon_threadsafe(self._said.put_nowait, (event, text))

    async def events(self) -> AsyncIterator[str]:
        """The stream. Whoever hangs up ends it, and the query with it."""
        try:
            while not self._coming.done() or not self._said.empty():
                if event := await self._next():
                    yield event
            answer = await self._coming
            await asyncio.to_thread(self._api.thumbs.note, answer, user=self._question.user or "", surface="rest")
            yield _event("answer", answer.to_json())
        except AnswerError as error:
            yield _event("error", _error_body(error))
        finally:
            self._stop.press()

    async def _next(self) -> str:
        """The next thing said, a heartbeat while nothing is, or nothing when the answer has come."""
        hearing = asyncio.ensure_future(self._said.get())
        waiting: set[asyncio.Future[Any]] = {hearing, self._coming}
        await asyncio.wait(waiting, timeout=HEARTBEAT_S, return_when=asyncio.FIRST_COMPLETED)
        # What was said just before the answer came has been scheduled, but is perhaps not heard yet.
        await asyncio.sleep(0)
        if hearing.done():
            event, text = hearing.result()
            return _event(event, {"text": text})
        hearing.cancel()
        return "" if self._coming.done() else ": working\n\n"


def _event(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def _add_threads(app: FastAPI, api: Api) -> None:
    caller = Depends(api.caller)
    conversations, warehouse = api.assistant.conversations, api.assistant.warehouse.name

    @app.get("/threads", response_model=m.ThreadsOut, responses=_say(()), tags=["conversations"])
    def threads(user: str = caller, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> m.ThreadsOut:
        """Your conversations, the latest first."""
        found = conversations.threads(user=user, warehouse=warehouse, limit=limit)
        listed = [
            m.ThreadOut(id=t.thread, turns=t.turns, first_at=_moment(t.first_at), last_at=_moment(t.last_at), opening=t.opening)
            for t in found
        ]
        return m.ThreadsOut(threads=listed)

    @app.get("/threads/{thread}", response_model=m.ThreadTurnsOut, responses=_say((404,)), tags=["conversations"])
    def thread_turns(thread: _ThreadName, user: str = caller) -> m.ThreadTurnsOut:
        """The questions of one conversation of yours, and how they were read."""
        found = conversations.turns(thread=thread, user=user, warehouse=warehouse)
        if not found:
            raise _no_thread()
        turns = [
            m.TurnOut(
                asked_at=_moment(at),
                question=turn.question,
                sentence=turn.sentence,
                plan=[m.PlanStepOut(tool=step.tool, arguments=dict(step.arguments)) for step in turn.steps],
            )
            for at, turn in found
        ]
        return m.ThreadTurnsOut(id=thread, turns=turns)

    @app.delete("/threads/{thread}", response_model=m.Plain, responses=_say((404,)), tags=["conversations"])
    def delete_thread(thread: _ThreadName, user: str = caller) -> m.Plain:
        """Forget one conversation of yours."""
        if not conversations.forget(thread=thread, user=user):
            raise _no_thread()
        return m.Plain()


def _no_thread() -> NeedsPerson:
    # The same for a thread of somebody else: its existence is nobody else's business.
    return NeedsPerson("You have no conversation of this name.", try_instead="List yours: GET /v1/threads", code="thread_unknown")


def _add_catalogue(app: FastAPI, api: Api) -> None:
    caller = Depends(api.caller)

    @app.get("/metrics", response_model=m.CatalogueOut, responses=_say(()), tags=["catalogue"])
    def metrics(user: str = caller) -> dict[str, Any]:
        """The figures that you may ask for, and what they can be split by."""
        return api.catalogue.of(user)

    @app.get("/complete", response_model=m.CompletionOut, responses=_say(()), tags=["catalogue"])
    def complete(prefix: Annotated[str, Query(max_length=300)], user: str = caller) -> m.CompletionOut:
        """What a question that begins like this may go on to: figures, groupings, values, periods."""
        found = api.assistant.complete(prefix, user)
        return m.CompletionOut(suggestions=[m.SuggestionOut(text=s.text, label=s.label, kind=s.kind) for s in found])


def _moment(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


# --- errors -------------------------------------------------------------------------------------------------------------------


def _add_error_handlers(app: FastAPI) -> None:
    app.add_exception_handler(AnswerError, on_answer_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(Exception, _on_unforeseen)


def on_answer_error(_: Request | None, error: Exception) -> Response:
    """What went wrong, with the status and headers that fit."""
    assert isinstance(error, AnswerError)
    status = _status(error)
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    if isinstance(error, TooManyQuestions):
        headers["Retry-After"] = str(error.retry_after_s)
    elif status == 503:
        headers["Retry-After"] = "30"
    return JSONResponse(_error_body(error), status_code=status, headers=headers)


def _status(error: AnswerError) -> int:
    code = error.public_code
    if code.startswith("key_"):
        return 401
    if code in ("thread_unknown", "answer_unknown"):
        return 404
    statuses: tuple[tuple[type[AnswerError], int], ...] = (
        (NotAllowed, 403),
        (TooManyQuestions, 429),
        (Stopping, 503),
        (WarehouseUnavailable, 503),
        (SetupProblem, 503),
        (RepairableByModel, 422),
        (OurFault, 500),
    )
    return next((status for kind, status in statuses if isinstance(error, kind)), 400)


def _on_invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # Without the input: it may hold anything.
    problems = [(e["type"], ".".join(map(str, e["loc"][1:])) or str(e["loc"][0]), e["msg"]) for e in error.errors()]
    if any(kind == "json_invalid" for kind, _, _ in problems):
        return _refuse(400, "bad_json", "The body is not JSON.", "Send a JSON object with Content-Type: application/json.")
    said = "; ".join(f"{where}: {message}" for _, where, message in problems[:5])
    return _refuse(422, "invalid", f"The request does not fit: {said}.", "See /v1/openapi.json.")


def on_http_error(request: Request, error: Exception) -> Response:
    """What the framework refuses, in the form of every other error."""
    assert isinstance(error, HTTPException)
    codes = {400: "bad_json", 404: "no_such_route", 405: "method_not_allowed", 413: "body_too_large"}
    reply = _refuse(
        error.status_code, codes.get(error.status_code, "http_error"), f"{error.detail}".rstrip(".") + ".", "See /v1/openapi.json."
    )
    if error.status_code == 405:
        # The framework names the methods of the first route of a path only.
        routes = [route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE]
        reply.headers["Allow"] = ", ".join(sorted({method for route in routes for method in getattr(route, "methods", None) or ()}))
    return reply


def _on_unforeseen(_: Request, error: Exception) -> Response:  # noqa: ARG001 (the guard logs it)
    message = f"Something went wrong on our side (request {REQUEST_ID.get()})."
    return _refuse(500, "internal_error", message, "Ask again; if it happens twice, give the number to the operator.")


def _refuse(status: int, code: str, message: str, try_instead: str) -> Response:
    body = {"error": {"code": code, "message": message, "try_instead": try_instead}, "request_id": REQUEST_ID.get()}
    return JSONResponse(body, status_code=status)


def _error_body(error: AnswerError) -> dict[str, Any]:
    part = {"code": error.public_code, "message": error.message, "try_instead": error.try_instead}
    return {"error": part, "request_id": REQUEST_ID.get()}
