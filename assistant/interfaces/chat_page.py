"""The folder that Chainlit runs from, and the guard in front of its page.

Chainlit takes its settings, logo and style from a folder named by CHAINLIT_APP_ROOT when it is imported, and writes its
translations and session files there. We give it one under ASSISTANT_HOME, made anew on each start.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from tools.core.errors import SetupProblem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

ASSETS = Path(__file__).parent / "chat_assets"
README = Path(__file__).parents[2] / "chainlit.md"

_WORDS = {
    "chat.input.placeholder": "Ask about your customers …",
    "chat.messages.status.using": "",
    "chat.messages.status.used": "",
    "chat.watermark": "Every answer shows how it was made. Look at it before you act on it.",
    "chat.input.actions.attachFiles": "Attach a CSV of customer ids",
    "chat.messages.feedback.dialog.title": "What was right or wrong?",
    "chat.messages.feedback.dialog.yourFeedback": "For instance: the wrong month; refunds should not count …",
    "auth.login.title": "Log in to Candor",
    "auth.login.form.actions.signin": "Log in",
    "auth.login.form.email.label": "User name",
    "auth.login.form.email.placeholder": "name",
    "auth.login.form.email.required": "The user name is missing",
    "auth.login.errors.credentialsSignin": "User name or password is wrong, or it was tried too often. Wait a little, then try again.",
    "navigation.header.readme": "About",
}
"""Chainlit's own words that we replace; "Used" stands before the name of every step."""

_CLOSED = ("/mcp", "/copilot", "/project/element", "/project/share", "/project/thread/share", "/slack", "/teams", "/auth/jwt")
"""Routes of features that the chat does not use."""

_OTHER_FILES = re.compile(r"^/(public|project|ws)/")
_OUTSIDE_LINK = re.compile(r"<link\b[^>]*\bhref=\"(?:https?:)?//[^>]*>", re.IGNORECASE)
_SCRIPT = re.compile(r"<script(?=[\s>])")


def prepare(home: Path, port: int) -> Path:
    """Lay out the folder and point Chainlit to it. Must run before Chainlit is imported.

    Raises:
        SetupProblem: The folder cannot be written.
    """
    root = (home / "chat" / str(port)).resolve()
    try:
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(ASSETS / "public", root / "public")
        translations = root / ".chainlit" / "translations"
        translations.mkdir(parents=True)
        shutil.copy(ASSETS / "config.toml", root / ".chainlit" / "config.toml")
        (translations / "en-US.json").write_text(json.dumps(_translation(), indent=1), encoding="utf-8")
        if README.is_file():
            shutil.copy(README, root / "chainlit_en-US.md")
    except OSError as error:
        raise SetupProblem(
            f"The chat's files cannot be written ({error.strerror}).",
            try_instead="Check that ASSISTANT_HOME is a folder that can be written to, with free space.",
            code="home_unwritable",
        ) from None
    os.environ["CHAINLIT_APP_ROOT"] = str(root)
    os.environ["CHAINLIT_ROOT_PATH"] = "/"
    # Chainlit brings tracing packages; none may look for a server to report to.
    os.environ["OTEL_SDK_DISABLED"] = "true"
    os.environ["TRACELOOP_TELEMETRY"] = "false"
    return root


def _translation() -> dict[str, object]:
    """Chainlit's English with our words."""
    spec = find_spec("chainlit")
    if spec is None or not spec.submodule_search_locations:
        raise SetupProblem("The chat is not installed.", try_instead="Run: pip install -r requirements.txt", code="chat_not_installed")
    package = Path(next(iter(spec.submodule_search_locations)))
    text: dict[str, object] = json.loads((package / "translations" / "en-US.json").read_text(encoding="utf-8"))
    for path, words in _WORDS.items():
        *folders, name = path.split(".")
        place: dict[str, object] = text
        for folder in folders:
            place = place[folder]  # type: ignore[assignment]
        place[name] = words
    return text


class PageGuard:
    """In front of the chat: no request leaves the page, none comes from a foreign page.

    - Links to other hosts are taken out of the page, and a content security policy keeps the browser from following any.
    - A web socket or request with the Origin of another site is turned away: without a login, any page open in the same
      browser could otherwise ask questions here.
    - A page served to this machine alone answers only to this machine's names, against DNS rebinding.
    - Behind a proxy that speaks https, cookies are sent over https alone.
    """

    def __init__(self, app: ASGIApp, *, local_only: bool) -> None:
        self._app = app
        self._local_only = local_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        if scope.get("scheme") == "https":
            send = _secure(send)
        if not self._is_ours(scope):
            await _turn_away(scope, send, 403)
        elif scope["path"].startswith(_CLOSED):
            await _turn_away(scope, send, 404)
        elif scope["type"] == "websocket":
            await self._app(scope, receive, send)
        elif scope["path"].startswith("/assets/"):
            # Chainlit packs 8 MB anew for each page load; within one machine that only costs time.
            await self._app(_unpacked(scope) if self._local_only else scope, receive, _cached(send))
        elif _OTHER_FILES.match(scope["path"]):
            await self._app(scope, receive, send)
        else:
            await self._app(_unpacked(scope), receive, _PageRewriter(send))

    def _is_ours(self, scope: Scope) -> bool:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"] if name in (b"host", b"origin")}
        host = headers.get(b"host", "")
        origin = headers.get(b"origin")
        if self._local_only and host.rsplit(":", 1)[0].strip("[]") not in ("localhost", "127.0.0.1", "::1"):
            return False
        return origin is None or origin.split("://", 1)[-1] == host


def _unpacked(scope: Scope) -> Scope:
    """The request without its wish for compression."""
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]}


def _cached(send: Send) -> Send:
    """The names of these files hold a hash of their content, so a browser may keep them."""

    async def send_cached(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            message = {**message, "headers": [*message["headers"], (b"cache-control", b"public, max-age=31536000, immutable")]}
        await send(message)

    return send_cached


def _secure(send: Send) -> Send:
    """Cookies are marked for https alone."""

    async def send_secure(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [(n, _secured(v) if n.lower() == b"set-cookie" else v) for n, v in message["headers"]]}
        await send(message)

    return send_secure


def _secured(cookie: bytes) -> bytes:
    return cookie if b"secure" in cookie.lower() else cookie + b"; Secure"


async def _turn_away(scope: Scope, send: Send, status: int) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 4403})
        return
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain; charset=utf-8")]})
    await send({"type": "http.response.body", "body": b"Not available here."})


class _PageRewriter:
    """Passes a response on; HTML is collected, stripped of outside links, and given its policy."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_html(message):
            self._start = message
        elif message["type"] == "http.response.body" and self._start is not None:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._finish(self._start)
        else:
            await self._send(message)

    async def _finish(self, start: Message) -> None:
        nonce = secrets.token_urlsafe(16)
        body = without_outside_links(self._body.decode("utf-8"), nonce).encode("utf-8")
        kept = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
        headers = [*kept, (b"content-length", str(len(body)).encode()), *_security_headers(nonce)]
        await self._send({**start, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


def without_outside_links(page: str, nonce: str) -> str:
    """The page without <link>s to other hosts, its own scripts marked with the nonce."""
    return _SCRIPT.sub(f'<script nonce="{nonce}"', _OUTSIDE_LINK.sub("", page))


def _is_html(start: Message) -> bool:
    return any(name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in start["headers"])


def _security_headers(nonce: str) -> list[tuple[bytes, bytes]]:
    # The table component is compiled in the browser from our own file, which needs unsafe-eval; data is never compiled.
    policy = (
        f"default-src 'self'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; "
        "base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
    )
    return [
        (b"content-security-policy", policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        # A page that opened this one in a window cannot send it messages.
        (b"cross-origin-opener-policy", b"same-origin"),
    ]
