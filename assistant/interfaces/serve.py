"""`assistant serve`: chat, REST, MCP and Slack over one assistant in one process, with health checks and an orderly end."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Any, cast

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from assistant.current import kept_current
from assistant.interfaces.catalogue import Catalogue
from assistant.interfaces.http_api import Api, create_api, on_http_error
from assistant.interfaces.http_api_gate import KeyGate
from assistant.interfaces.http_api_guard import HttpGuard
from assistant.interfaces.http_api_keys import ApiKeys
from assistant.interfaces.http_api_limits import RateLimit
from assistant.interfaces.serve_desk import Desk, DeskAssistant
from assistant.interfaces.serve_logs import LoggedAnswers, set_up_logs
from assistant.interfaces.serve_metrics import Metrics
from assistant.interfaces.server import claim_port, open_or_build, prepared_behind, warm_up_behind
from assistant.settings import Settings
from assistant.thumbs import Thumbs
from tools.core.errors import AnswerError, SetupProblem

if TYPE_CHECKING:
    from assistant.current import CurrentAssistant
    from assistant.pipeline import Assistant

log = logging.getLogger("assistant.serve")

MAX_SLACK_BODY = 1_000_000
"""A click sends its whole message along."""
SHOW_S = 0.5
"""Time to show the last answers before connections are closed."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Which surfaces this process serves."""

    chat: bool = True
    rest: bool = True
    mcp: bool = True
    slack: bool = True


class Service:
    """The surfaces of one process, and what they share: the assistant, its desk, keys, thumbs and metrics."""

    def __init__(self, assistant: Assistant | CurrentAssistant, settings: Settings, parts: Parts) -> None:
        """Raises SetupProblem when a part lacks what it needs."""
        self._settings = settings
        self.metrics = Metrics()
        self.desk = Desk(
            at_once=settings.questions_at_once,
            waiting=settings.questions_waiting,
            per_person=settings.questions_per_person,
            observer=LoggedAnswers(self.metrics),
        )
        self.metrics.watch(self.desk, assistant)
        self._assistant = assistant
        limit = RateLimit(settings.api_per_minute)
        self._gate = KeyGate(keys=ApiKeys(settings.home), limit=limit, assistant=assistant)
        self._thumbs = Thumbs(settings.home / "thumbs.sqlite")
        self._lifespans: list[Callable[[], Any]] = []
        self.app = self._build(parts)

    def _build(self, parts: Parts) -> Starlette:
        routes: list[Any] = [Route("/healthz", self._healthz), Route("/readyz", self._readyz)]
        if parts.rest:
            routes.append(Mount("/v1", self._guarded(self._rest())))
        if parts.mcp:
            routes.append(Route("/mcp", self._guarded(self._mcp())))
        if parts.slack:
            routes.append(Route("/slack/events", self._guarded(self._slack(), MAX_SLACK_BODY)))
        if parts.chat:
            routes.append(Mount("/", self._chat()))
        else:
            self._lifespans.append(self._warming)
        return Starlette(routes=routes, lifespan=self._lifespan, exception_handlers={HTTPException: on_http_error})

    def _rest(self) -> Any:
        assistant = DeskAssistant(self._assistant, self.desk, "rest")
        return create_api(Api(assistant=assistant, gate=self._gate, thumbs=self._thumbs, catalogue=Catalogue(assistant)))

    def _mcp(self) -> Any:
        from assistant.interfaces.mcp_server import create_mcp_app

        app, lifespan = create_mcp_app(DeskAssistant(self._assistant, self.desk, "mcp"), self._gate)
        self._lifespans.append(lifespan)
        return app

    def _chat(self) -> Any:
        from assistant.interfaces.server import create_app

        chat = create_app(cast("Assistant", DeskAssistant(self._assistant, self.desk, "chat")), self._settings)
        self._lifespans.append(lambda: chat.router.lifespan_context(chat))
        return chat

    def _slack(self) -> Any:
        from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
        from starlette.routing import request_response

        from assistant.interfaces.slack_app import SlackApp, slack_client
        from assistant.interfaces.slack_config import read_slack_config
        from assistant.interfaces.slack_store import SlackStore

        settings = self._settings
        if settings.slack_bot_token is None or settings.slack_signing_secret is None:
            raise SetupProblem(
                "Slack needs a bot token and a signing secret.",
                try_instead="Set ASSISTANT_SLACK_BOT_TOKEN and ASSISTANT_SLACK_SIGNING_SECRET (docs/slack.md), or use --no-slack.",
                code="slack_not_configured",
            )
        slack = SlackApp(
            DeskAssistant(self._assistant, self.desk, "slack"),
            read_slack_config(settings.home),
            SlackStore(settings.home / "slack.sqlite"),
            self._thumbs,
            client=slack_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url),
            signing_secret=settings.slack_signing_secret.get_secret_value(),
            owner=f"{settings.chat_host}:{settings.chat_port}",
            counted=self.metrics.slack,
        )
        self._lifespans.append(slack.running)
        handler = AsyncSlackRequestHandler(slack.bolt)

        async def events(request: Request) -> Response:
            try:
                return await handler.handle(request)
            except (ValueError, AttributeError, TypeError):
                # Bolt reads the body before it checks who sent it.
                return JSONResponse({"error": "bad_body"}, status_code=400)

        return request_response(events)

    def _guarded(self, app: Any, max_body: int | None = None) -> HttpGuard:
        return HttpGuard(app, max_body=max_body or self._settings.api_max_body, counted=self.metrics.request)

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as running:
            for lifespan in self._lifespans:
                await running.enter_async_context(lifespan())
            yield
        self._thumbs.close()

    @asynccontextmanager
    async def _warming(self) -> AsyncIterator[None]:
        """What the chat does at its start; for a process without one."""
        warm_up_behind(self._assistant)
        yield

    async def _healthz(self, _: Request) -> JSONResponse:
        """Alive, and over which data."""
        warehouse = self._assistant.warehouse
        data = {"warehouse": warehouse.name, "data_version": warehouse.data_version, "as_of": warehouse.as_of.isoformat()}
        return JSONResponse({"status": "ok", **data})

    async def _readyz(self, _: Request) -> JSONResponse:
        """200 when questions are taken and the warehouse answers; 503 while stopping, or when its data cannot be read."""
        problem = "stopping" if self.desk.is_stopping else await asyncio.to_thread(self._data_problem)
        if problem:
            return JSONResponse({"status": problem}, status_code=503, headers={"Retry-After": "30"})
        return JSONResponse({"status": "ready", "in_flight": self.desk.in_flight})

    def _data_problem(self) -> str:
        from tools.core.sql_guard import check_sql, open_rights

        warehouse = self._assistant.warehouse
        try:
            warehouse.engine.execute(check_sql("SELECT 1 AS one", catalog=warehouse.catalog, rights=open_rights(warehouse.catalog)))
        except AnswerError as error:
            return error.public_code
        return ""


class GracefulServer(uvicorn.Server):
    """On the first signal it goes on serving until the answers in flight are out, or time is up; on the second it stops at once."""

    def __init__(self, config: uvicorn.Config, desk: Desk, grace_s: float) -> None:
        super().__init__(config)
        self._desk = desk
        self._grace_s = grace_s

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 (the signature is the library's)
        """Not passed on to the library, which would end the process by the same signal once more, before anything is closed."""
        if self._desk.is_stopping:
            self._desk.cut()
            self.should_exit = self.force_exit = True
        else:
            # Not in the signal handler itself: this waits.
            threading.Thread(target=self._drain, name="drain", daemon=True).start()

    def _drain(self) -> None:
        had_work = self._desk.in_flight > 0
        log.info("stopping", extra={"count": self._desk.in_flight})
        self._desk.drain(self._grace_s)
        cut = self._desk.cut()
        if cut:
            log.warning("answers cut", extra={"count": cut})
        if had_work:
            time.sleep(SHOW_S)
        self.should_exit = True


def serve(settings: Settings, parts: Parts) -> None:
    """Serve until a signal ends it; builds the warehouse first if it was never built.

    Raises:
        SetupProblem: A port is taken, or a part lacks a setting.
        WarehouseUnavailable: The warehouse is damaged or unknown.
    """
    with claim_port(settings.chat_host, settings.chat_port) as listener:
        assistant = kept_current(open_or_build(settings), settings)
        set_up_logs()
        with prepared_behind(assistant, settings), closing(assistant):
            service = Service(assistant, settings, parts)
            if settings.metrics_port:
                service.metrics.publish(settings.metrics_host, settings.metrics_port)
            run(service, settings, listener)
    if service.desk.has_cut:
        # Python would wait for what was cut, perhaps for a language model that hangs; nobody else does any more.
        logging.shutdown()
        sys.stderr.flush()
        os._exit(0)


def run(service: Service, settings: Settings, listener: socket.socket) -> None:
    """Serve the application on a claimed port until a signal ends it."""
    config = uvicorn.Config(
        service.app,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=3,
        server_header=False,
        lifespan="on",
        ws_max_size=1_000_000,
    )
    print(f"Candor is ready: http://{settings.chat_host}:{settings.chat_port}  (stop with Ctrl+C)", file=sys.stderr, flush=True)
    GracefulServer(config, service.desk, settings.stop_grace_s).run(sockets=[listener])
