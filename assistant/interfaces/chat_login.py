"""Who is at the page: passwords, an OAuth service, a proxy's header, or the local user; and the guard that holds every request to it.

Roles do not come from here but from the rights book: a login says only who somebody is.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
import secrets
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.passwords import Brake, PasswordFile
from tools.core.errors import AnswerError, SetupProblem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from assistant.settings import Settings

log = logging.getLogger(__name__)

ASKER: ContextVar[str | None] = ContextVar("asker", default=None)
"""The user of the request, or of the socket, that is being served."""

LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")
PROXY_HEADER = "X-Candor-Proxy"
SESSION_S = 1_296_000
"""15 days, as `user_session_timeout` of the page's own settings."""
_OPEN = ("/login", "/logout", "/auth/", "/assets/", "/public/", "/logo", "/favicon", "/avatars/", "/health", "/project/translations")
"""What the page needs before somebody has logged in; none of it is anybody's data."""
_GUARDED = ("/project/", "/user", "/feedback", "/ws/", "/chat-home", "/set-session-cookie")


def check(settings: Settings) -> None:
    """Raises SetupProblem where the settings would let strangers in, or nobody."""
    if settings.login == "none" and settings.chat_host not in LOCAL_HOSTS:
        raise SetupProblem(
            f"The chat would listen on {settings.chat_host}, and nobody would have to log in.",
            try_instead="Set ASSISTANT_LOGIN to password, header or oauth (docs/chat.md), or listen on 127.0.0.1.",
            code="login_required",
        )
    if settings.login == "header" and settings.login_proxy_secret is None:
        raise SetupProblem(
            "With ASSISTANT_LOGIN=header, anybody who reaches this port could name a user.",
            try_instead=f"Set ASSISTANT_LOGIN_PROXY_SECRET, and let the proxy send it as {PROXY_HEADER} (docs/chat.md).",
            code="login_proxy_secret_missing",
        )
    if settings.login == "oauth" and not any(name.startswith("OAUTH_") and name.endswith("_CLIENT_ID") for name in os.environ):
        raise SetupProblem(
            "ASSISTANT_LOGIN=oauth, and no login service is configured.",
            try_instead="Set OAUTH_GENERIC_CLIENT_ID and its sisters (docs/chat.md).",
            code="oauth_not_configured",
        )
    if settings.login == "password" and not PasswordFile(settings.home / "passwords.json").names:
        log.warning("nobody has a password yet: assistant users add NAME --role ROLE")


def prepare_environment(settings: Settings) -> None:
    """What Chainlit reads when it is imported: the secret of its sessions, and the address that people see."""
    secret = settings.auth_secret.get_secret_value() if settings.auth_secret else _kept_secret(settings.home / "chat" / "secret")
    if len(secret) < 32:
        raise SetupProblem(
            "ASSISTANT_AUTH_SECRET is too short to sign sessions with.",
            try_instead="Use 32 random characters or more, or leave it out: one is made and kept.",
            code="auth_secret_short",
        )
    os.environ["CHAINLIT_AUTH_SECRET"] = secret
    if settings.chat_url:
        os.environ["CHAINLIT_URL"] = settings.chat_url


def _kept_secret(path: Path) -> str:
    """The secret of this home, made on the first start: sessions outlive a restart."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as out:
                out.write(secrets.token_urlsafe(48))
        except FileExistsError:
            pass
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise SetupProblem(
            f"The secret that signs sessions cannot be kept ({error.strerror}).",
            try_instead="Check that ASSISTANT_HOME is a folder that can be written to.",
            code="home_unwritable",
        ) from None


class Doorman:
    """Decides who somebody is, and whether an old session still holds. Knows the rights book only as `may_ask`."""

    def __init__(self, settings: Settings, may_ask: Callable[[str], Any]) -> None:
        """
        Args:
            may_ask: Raises AnswerError for somebody without rights.
        """
        self._settings = settings
        self._may_ask = may_ask
        self._passwords = PasswordFile(settings.home / "passwords.json")
        self._brake = Brake()

    async def by_password(self, name: str, password: str) -> Mapping[str, str] | None:
        """What the session of this user carries; None when name or password is wrong, or when it was tried too often."""
        if self._brake.wait_s(name) > 0:
            return None
        right = await asyncio.to_thread(self._passwords.check, name, password)
        self._brake.note(name, right=right)
        return self._session(name) if right else None

    def by_header(self, headers: Mapping[str, str]) -> tuple[str, Mapping[str, str]] | None:
        """The user whom the proxy names; without a login, the local user. Names of headers in small letters."""
        if self._settings.login == "none":
            return self._settings.user, {}
        wanted = self._settings.login_proxy_secret if self._settings.login == "header" else None
        given = headers.get(PROXY_HEADER.lower()) or ""
        name = (headers.get(self._settings.login_header.lower()) or "").strip()
        if wanted is None or not name or not hmac.compare_digest(given.encode(), wanted.get_secret_value().encode()):
            return None
        session = self._session(name)
        return (name, session) if session is not None else None

    def by_oauth(self, name: str | None, profile: Mapping[str, Any]) -> Mapping[str, str] | None:
        """A user of the login service; one whose e-mail it has not verified is nobody."""
        if not name or (name == profile.get("email") and profile.get("email_verified") is False):
            return None
        return self._session(name)

    def _session(self, name: str) -> Mapping[str, str] | None:
        if not self._is_served(name):
            return None
        stamp = self._passwords.stamp(name) if self._settings.login == "password" else None
        return {"stamp": stamp} if stamp else {}

    def still_holds(self, name: str, session: Mapping[str, Any]) -> bool:
        """Whether a session begun earlier may go on: the user still has a role, and still that password."""
        if self._settings.login == "none":
            return name == self._settings.user
        if self._settings.login == "password" and session.get("stamp") != self._passwords.stamp(name):
            return False
        return self._is_served(name)

    def _is_served(self, name: str) -> bool:
        try:
            self._may_ask(name)
        except AnswerError:
            return False
        return True


class SignedIn:
    """In front of the chat: every request that could touch somebody's data carries a session that still holds, or is turned away."""

    def __init__(self, app: ASGIApp, doorman: Doorman) -> None:
        self._app = app
        self._doorman = doorman

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        name = self._name(scope)
        if name is None and scope["type"] == "http" and scope["method"] == "GET" and _wants_page(scope):
            send = self._let_in(scope, send)
        if name is None and scope["path"].startswith(_GUARDED) and not scope["path"].startswith(_OPEN):
            await _refuse(scope, send)
            return
        token = ASKER.set(name)
        try:
            # Chainlit looks its own routes up by name, which the router that it is mounted in does not know.
            await self._app({key: value for key, value in scope.items() if key != "router"}, receive, send)
        finally:
            ASKER.reset(token)

    def _let_in(self, scope: Scope, send: Send) -> Send:
        """Where nobody types a password, the page comes with its session; otherwise it would load twice."""
        from chainlit.auth import create_jwt
        from chainlit.user import User

        found = self._doorman.by_header({name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]})
        if found is None:
            return send
        session = create_jwt(User(identifier=found[0], metadata=dict(found[1])))
        cookie = f"access_token={session}; HttpOnly; Path=/; SameSite=lax; Max-Age={SESSION_S}".encode("ascii")

        async def with_session(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"set-cookie", cookie)]}
            await send(message)

        return with_session

    def _name(self, scope: Scope) -> str | None:
        from chainlit.auth import decode_jwt, get_token_from_cookies
        from jwt import InvalidTokenError

        header = b"; ".join(value for key, value in scope["headers"] if key == b"cookie").decode("latin-1")
        try:
            cookies = {key: morsel.value for key, morsel in SimpleCookie(header).items()}
            session = get_token_from_cookies(cookies)
            user = decode_jwt(session) if session else None
        except (CookieError, InvalidTokenError, TypeError):
            return None
        if user is None or not self._doorman.still_holds(user.identifier, user.metadata):
            return None
        return str(user.identifier)


def _wants_page(scope: Scope) -> bool:
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


async def _refuse(scope: Scope, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 4401})
        return
    await send({"type": "http.response.start", "status": 401, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": b'{"detail":"Unauthorized"}'})
