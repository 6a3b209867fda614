"""A chat server as a process of its own, over hand-made answers, and a client that talks to it as the page does."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest

CHECKOUT = Path(__file__).parents[3]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(kw_only=True)
class Server:
    process: subprocess.Popen[bytes]
    port: int
    home: Path
    log: Path

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)


def start(command: list[str], home: Path, port: int, *, within_s: float = 90, extra: dict[str, str] | None = None) -> Server:
    """Start a chat server and wait until it is healthy."""
    home.mkdir(parents=True, exist_ok=True)
    log = home / "server.log"
    env = {key: value for key, value in os.environ.items() if not key.startswith(("CHAINLIT_", "ASSISTANT_"))} | {
        "PYTHONPATH": str(CHECKOUT),
        "ASSISTANT_PREPARE": "false",
        **(extra or {}),
    }
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=env, cwd=home)
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=2).status_code == 200:
                return Server(process=process, port=port, home=home, log=log)
        except httpx.TransportError:
            time.sleep(0.2)
    process.kill()
    pytest.fail(f"the server did not start: {log.read_text(errors='replace')[-2000:]}")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    # Not by importing it: Chainlit writes into the working directory when it is imported.
    if find_spec("chainlit") is None:
        pytest.skip("chainlit is not installed")
    home, port = tmp_path_factory.mktemp("chat"), free_port()
    running = start([sys.executable, str(Path(__file__).parent / "stand_in_server.py"), str(home), str(port)], home, port)
    yield running
    running.process.kill()
    running.process.wait()


@dataclass(kw_only=True)
class Page:
    """What a browser tab does, over the same socket and routes."""

    url: str
    session_id: str
    socket: Any
    cookie: dict[str, str]
    """What a request must carry to be this user's."""
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def upload(self, name: str, content: bytes) -> list[dict[str, str]]:
        """Attach a file; the references to send with a message."""
        async with httpx.AsyncClient(headers=self.cookie) as client:
            files = {"file": (name, content, "text/csv")}
            reply = await client.post(f"{self.url}/project/file?session_id={self.session_id}", files=files)
        assert reply.status_code == 200, reply.text
        return [reply.json()]

    async def ask(self, text: str, *, files: list[dict[str, str]] | None = None, within_s: float = 20) -> list[tuple[str, dict[str, Any]]]:
        """Send a message; the events until the answer is complete."""
        message = {"id": str(uuid.uuid4()), "threadId": "", "name": "User", "type": "user_message", "output": text}
        message["createdAt"] = "2026-01-01T00:00:00.000Z"
        return await self._until_end(
            lambda: self.socket.emit("client_message", {"message": message, "fileReferences": files or []}), within_s
        )

    async def click(self, action: dict[str, Any], *, within_s: float = 20) -> list[tuple[str, dict[str, Any]]]:
        """Press a button; the events until the answer is complete."""

        async def call() -> None:
            async with httpx.AsyncClient(headers=self.cookie) as client:
                reply = await client.post(
                    f"{self.url}/project/action", json={"action": action, "sessionId": self.session_id}, timeout=within_s
                )
                assert reply.status_code == 200, reply.text

        return await self._until_end(call, within_s)

    async def _until_end(self, do: Callable[[], Any], within_s: float) -> list[tuple[str, dict[str, Any]]]:
        self.ended.clear()
        first = len(self.events)
        await do()
        await asyncio.wait_for(self.ended.wait(), within_s)
        await asyncio.sleep(0.05)
        return self.events[first:]

    def file_url(self, element: dict[str, Any]) -> str:
        return f"{self.url}/project/file/{element['chainlitKey']}?session_id={self.session_id}"


async def logged_in(url: str, name: str = "", password: str = "") -> dict[str, str]:
    """The cookie header of a session; without a name, that of the local user."""
    async with httpx.AsyncClient() as client:
        if name:
            reply = await client.post(f"{url}/login", data={"username": name, "password": password})
        else:
            reply = await client.post(f"{url}/auth/header")
    assert reply.status_code == 200, reply.text
    return {"Cookie": "; ".join(f"{key}={value}" for key, value in reply.cookies.items())}


@asynccontextmanager
async def opened(
    url: str,
    headers: dict[str, str] | None = None,
    *,
    cookie: dict[str, str] | None = None,
    thread: str = "",
    session_id: str = "",
    until: str = "task_end",
) -> AsyncIterator[Page]:
    import socketio

    client = socketio.AsyncClient()
    cookie = cookie if cookie is not None else await logged_in(url)
    page = Page(url=url, session_id=session_id or str(uuid.uuid4()), socket=client, cookie=cookie)

    @client.on("*")  # type: ignore[misc, unused-ignore]
    async def remember(event: str, data: Any = None) -> None:
        page.events.append((event, data or {}))
        if event == "task_end":
            page.ended.set()

    auth = {"clientType": "webapp", "sessionId": page.session_id, "threadId": thread, "userEnv": "{}", "chatProfile": "Candor"}
    path, sent = "/ws/socket.io", {**cookie, **(headers or {})}
    await client.connect(url, socketio_path=path, transports=["websocket"], auth=auth, headers=sent)
    await client.emit("connection_successful")
    await asyncio.wait_for(page.ended.wait(), 10)
    while not any(name == until for name, _ in page.events):
        await asyncio.sleep(0.02)
    try:
        yield page
    finally:
        await client.disconnect()


@pytest.fixture
async def page(server: Server) -> AsyncIterator[Page]:
    async with opened(server.url) as tab:
        yield tab


@pytest.fixture
def open_page() -> Any:
    return opened


@pytest.fixture
def log_in() -> Any:
    return logged_in


@pytest.fixture(scope="session")
def cookie(server: Server) -> dict[str, str]:
    """The local user's session on the shared server."""
    return asyncio.run(logged_in(server.url))


@pytest.fixture
def start_server() -> Iterator[Callable[..., Server]]:
    """Starts servers that end with the test."""
    started: list[Server] = []

    def run(command: list[str], home: Path, port: int, **options: Any) -> Server:
        started.append(start(command, home, port, **options))
        return started[-1]

    yield run
    for one in started:
        one.process.kill()
        one.process.wait()


@pytest.fixture(scope="module")
def start_for_module() -> Iterator[Callable[[list[str], Path], Server]]:
    """Starts servers that end with the module; `{port}` in a command is a free one."""
    started: list[Server] = []

    def run(command: list[str], home: Path) -> Server:
        port = free_port()
        started.append(start([part.format(port=port) for part in command], home, port))
        return started[-1]

    yield run
    for one in started:
        one.process.kill()
        one.process.wait()


@pytest.fixture
def unused_port() -> int:
    return free_port()
