"""The web server: the chat at "/", a health check, and what starting them takes. Heavy imports wait until they are needed."""

from __future__ import annotations

import logging
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from assistant.current import kept_current, warm_tools
from assistant.interfaces import chat_login, chat_page
from assistant.interfaces.chat_login import LOCAL_HOSTS
from assistant.preparing import WHAT, Preparation
from tools.core.errors import AnswerError, SetupProblem

if TYPE_CHECKING:
    from fastapi import FastAPI

    from assistant.current import CurrentAssistant
    from assistant.pipeline import Assistant
    from assistant.settings import Settings


def serve_chat(settings: Settings, *, open_browser: bool = True) -> None:
    """Serve the chat until it is interrupted; builds the warehouse first if it was never built.

    Raises:
        SetupProblem: The port is taken, or the chat's files cannot be written.
        WarehouseUnavailable: The warehouse is damaged or unknown.
    """
    chat_login.check(settings)
    # Before the build, which takes a while: a taken port is to be known at once.
    listener = claim_port(settings.chat_host, settings.chat_port)
    with listener:
        assistant = kept_current(open_or_build(settings), settings)
        with prepared_behind(assistant, settings), closing(assistant):
            run(assistant, settings, listener, on_ready=lambda: _say_ready(settings, open_browser))


@contextmanager
def prepared_behind(assistant: CurrentAssistant, settings: Settings) -> Iterator[None]:
    """While served: what the warehouse lacks of predictions and texts is computed, by one process of this home."""
    # The server passes SIGTERM on when it has ended; by default that would end this process before its child.
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    preparation = Preparation(settings, assistant)
    if preparation.start():
        print(f"{WHAT} are being computed behind (ASSISTANT_PREPARE=false: not); figures are answered already.", file=sys.stderr)
    try:
        yield
    finally:
        preparation.stop()
        signal.signal(signal.SIGTERM, before)


def run(assistant: Assistant | CurrentAssistant, settings: Settings, listener: socket.socket, *, on_ready: Callable[[], None]) -> None:
    """Serve this assistant on a claimed port until a signal ends it."""
    import uvicorn

    app = create_app(assistant, settings, on_ready=on_ready)
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=3, server_header=False)
    uvicorn.Server(config).run(sockets=[listener])


def create_app(assistant: Assistant | CurrentAssistant, settings: Settings, *, on_ready: Callable[[], None] = lambda: None) -> FastAPI:
    """The application: /healthz and the chat.

    Raises:
        SetupProblem: The settings would let strangers in, or the chat's files cannot be written.
    """
    from fastapi import FastAPI

    chat_login.check(settings)
    chat_login.prepare_environment(settings)
    chat_page.prepare(settings.home, settings.chat_port)
    logging.getLogger("chainlit").setLevel(logging.ERROR)
    from assistant.interfaces.chat import chat_app

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        warm_up_behind(assistant)
        on_ready()
        yield

    app = FastAPI(title="Candor", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)

    def healthz() -> dict[str, Any]:
        """Alive, and over which data."""
        warehouse = assistant.warehouse
        return {
            "status": "ok",
            "warehouse": warehouse.name,
            "data_version": warehouse.data_version,
            "as_of": warehouse.as_of.isoformat() if warehouse.as_of else None,
        }

    app.add_api_route("/healthz", healthz, methods=["GET"])
    # Chainlit's own mount function would load the chat a second time, by its file name, under a middleware that breaks
    # aborted requests. At "/" the mount needs no path handling, and routes added before it win.
    app.mount("/", chat_app(assistant, settings))
    app.add_middleware(chat_page.PageGuard, local_only=settings.chat_host in LOCAL_HOSTS)
    return app


def warm_up_behind(assistant: Assistant | CurrentAssistant) -> None:
    """Load, while the server serves already, what would make the first questions wait."""
    threading.Thread(target=_warm_up, args=(assistant,), name="warm-up", daemon=True).start()


def _warm_up(assistant: Assistant | CurrentAssistant) -> None:
    """The language model's libraries, the texts of the warehouse and what searches them, and the words for the start page."""
    for mind in (assistant.mind, *assistant.minds.values()):
        warm = getattr(mind, "warm_up", None)
        if warm is not None:
            warm()
    warm_tools(assistant)
    with suppress(AnswerError):
        assistant.starters(None)


def claim_port(host: str, port: int) -> socket.socket:
    """A socket bound to the address, not yet listening.

    Raises:
        SetupProblem: Somebody else has it, or this machine has no such address.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    # A port that was just closed may be bound again at once; one that is in use may not.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        return listener
    except OSError as error:
        listener.close()
        raise SetupProblem(
            f"The chat cannot listen on {host}, port {port}: {(error.strerror or str(error)).lower()}.",
            try_instead=f"Stop the program that has the port, or choose another: assistant chat --port {port % 65535 + 1}",
            code="port_taken",
        ) from None


def open_or_build(settings: Settings) -> Assistant:
    """The assistant over its warehouse, which is built on the first start."""
    from assistant.building import build_generation, is_built
    from assistant.interfaces.cli_data import progress_bar
    from assistant.wiring import build

    if not is_built(settings, settings.warehouse):
        print(f"First start: building the warehouse {settings.warehouse}.", file=sys.stderr)
        build_generation(settings, settings.warehouse, progress=progress_bar())
        print(file=sys.stderr)
    return build(settings)


def _say_ready(settings: Settings, open_browser: bool) -> None:
    host = "localhost" if settings.chat_host in (*LOCAL_HOSTS, "0.0.0.0", "::") else settings.chat_host
    url = f"http://{host}:{settings.chat_port}"
    print(f"Candor is ready: {url}  (stop with Ctrl+C)", file=sys.stderr, flush=True)
    if open_browser:
        threading.Timer(0.5, webbrowser.open, [url]).start()
