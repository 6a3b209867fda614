"""The start page of the chat: how fresh the data is, what changed since the last visit, saved questions; and completing what is typed.

Plain JSON routes of our own beside Chainlit's, for `candor.js`. Each answers for the asker of the request alone.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from assistant.interfaces.chat_login import ASKER
from assistant.interfaces.chat_store import ChatStore
from assistant.render.numbers import format_day, number_style
from tools.core.errors import AnswerError
from tools.core.warehouse.generations import read_generation

if TYPE_CHECKING:
    from assistant.current import CurrentAssistant
    from assistant.interfaces.chat_history import ChatHistory
    from assistant.pipeline import Assistant
    from assistant.settings import Settings

SHARED_WITH = ", and can share it there with everybody who may ask here."
MAX_TYPED = 400
_NEWS_KEPT_S = 600.0


@dataclass(frozen=True, kw_only=True)
class _News:
    at: float
    lines: list[dict[str, Any]]
    title: str


class Home:
    """What the start page shows."""

    def __init__(self, assistant: Assistant | CurrentAssistant, store: ChatStore, settings: Settings) -> None:
        self._assistant = assistant
        self._store = store
        self._settings = settings
        self._loaded: tuple[str, dt.datetime | None] = ("", None)
        self._news: dict[tuple[str, ...], _News] = {}

    def loaded(self) -> str:
        """When the data was loaded: "1 July 2026 at 04:10"; empty when that is not known."""
        version = self._assistant.warehouse.data_version
        if self._loaded[0] != version:
            self._loaded = (version, self._built_at())
        when = self._loaded[1]
        return f"{format_day(when.date(), long=True)} at {when:%H:%M}" if when else ""

    def freshness(self) -> str:
        """How fresh the data is: "Data up to 30 June 2026, loaded on 1 July 2026 at 04:10."."""
        loaded = f", loaded on {self.loaded()}" if self.loaded() else ""
        return f"Data up to {format_day(self._assistant.warehouse.as_of, long=True)}{loaded}."

    def preparing(self) -> str:
        """What cannot be asked yet, and how far it is; empty when everything can."""
        waiting = self._assistant.waiting()
        return waiting.line if waiting is not None else ""

    def _built_at(self) -> dt.datetime | None:
        warehouse = self._assistant.warehouse
        try:
            return read_generation(self._settings.home, warehouse.name, warehouse.generation).manifest.built_at.astimezone()
        except AnswerError:
            return None

    def page(self, user: str) -> dict[str, Any]:
        """Freshness and saved questions, and which days are new since the last visit."""
        warehouse = self._assistant.warehouse
        saved = self._store.saved_questions(user=user, warehouse=warehouse.name)
        return {
            "user": user,
            "freshness": self.freshness(),
            "preparing": self.preparing(),
            "saved": [{"id": q.id, "question": q.question, "shared": q.shared, "mine": q.mine} for q in saved],
        }

    def news(self, user: str) -> dict[str, Any]:
        """What changed since the last visit, each with a question that explains it; without new data, what changed last month."""
        warehouse = self._assistant.warehouse
        visit = self._store.visit(user=user, warehouse=warehouse.name, as_of=warehouse.as_of.isoformat())
        since = dt.date.fromisoformat(visit.as_of) if visit else None
        # Shared by all who see the same: the figures take a second or two to work out.
        style = str(self._store.settings_of(user).get("numbers", "en"))
        rights = self._store.note_rights(self._assistant.rights_book.rights_for(user))
        key = (rights, warehouse.data_version, visit.as_of if visit else "", style)
        kept = self._news.get(key)
        if kept is None or time.monotonic() - kept.at > _NEWS_KEPT_S:
            with number_style(style):
                news = self._assistant.news(user, since=since)
            lines = [{"text": item.text, "question": item.question, "rose": item.rose, "good": item.is_good} for item in news.items]
            kept = _News(at=time.monotonic(), lines=lines, title=news.title)
            self._news = {**dict(list(self._news.items())[-500:]), key: kept}
        return {"title": kept.title, "lines": kept.lines}


def home_routes(home: Home, history: ChatHistory) -> list[Route]:
    """The routes; the guard in front lets only signed-in people here."""
    assistant, store = home._assistant, home._store

    async def page(_: Request) -> Response:
        return JSONResponse(await asyncio.to_thread(home.page, _asker()))

    async def starters(_: Request) -> Response:
        found = await asyncio.to_thread(assistant.starters, _asker())
        return JSONResponse([s.question for s in found])

    async def news(_: Request) -> Response:
        return JSONResponse(await asyncio.to_thread(home.news, _asker()))

    async def complete(request: Request) -> Response:
        typed = request.query_params.get("typed", "")[:MAX_TYPED]
        found = await asyncio.to_thread(assistant.complete, typed, _asker())
        return JSONResponse([{"text": s.text, "label": s.label, "kind": s.kind} for s in found])

    async def saved(request: Request) -> Response:
        try:
            wish = await request.json()
            key, does = int(wish["id"]), str(wish["do"])
        except (ValueError, KeyError, TypeError):
            return JSONResponse({"detail": "id and do are needed"}, status_code=400)
        acts: dict[str, Callable[[], bool]] = {
            "share": lambda: store.share_question(key, user=_asker(), shared=True),
            "unshare": lambda: store.share_question(key, user=_asker(), shared=False),
            "drop": lambda: store.drop_question(key, user=_asker()),
        }
        done = does in acts and acts[does]()
        return JSONResponse(home.page(_asker()) if done else {"detail": "Not found"}, status_code=200 if done else 404)

    async def kept(request: Request) -> Response:
        found = history.content(request.path_params["thread"], request.path_params["element"])
        if found is None:
            return JSONResponse({"detail": "Not found"}, status_code=404)
        content, mime, name = found
        headers = {"cache-control": "private, no-store", "x-content-type-options": "nosniff"}
        if mime != "application/json":
            headers["content-disposition"] = f'attachment; filename="{_safe_name(name)}"'
        return Response(content, media_type=mime, headers=headers)

    return [
        Route("/chat-home", _guarded(page)),
        Route("/chat-home/news", _guarded(news)),
        Route("/chat-home/starters", _guarded(starters)),
        Route("/chat-home/complete", _guarded(complete)),
        Route("/chat-home/saved", _guarded(saved), methods=["POST"]),
        Route("/project/kept/{thread}/{element}", _guarded(kept)),
    ]


def _asker() -> str:
    asker = ASKER.get()
    if asker is None:
        raise _SignedOut
    return asker


class _SignedOut(Exception):
    """The request came past the guard without a user."""


def _guarded(answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """An AnswerError as JSON, and nothing for nobody."""

    async def run(request: Request) -> Response:
        try:
            return await answer(request)
        except _SignedOut:
            return JSONResponse({"detail": "Unauthorized"}, status_code=401)
        except AnswerError as error:
            return JSONResponse({"detail": error.message, "code": error.public_code}, status_code=403)

    return run


def _safe_name(name: str) -> str:
    return "".join(c for c in name if c.isascii() and (c.isalnum() or c in "-_. ")) or "file"
