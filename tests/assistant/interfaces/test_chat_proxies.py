"""Logging in through somebody else: a login service that speaks OAuth, played on this machine, and a proxy that names the user."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

STAND_IN = Path(__file__).parent / "stand_in_server.py"
PROFILES = {
    "code-ana": {"login": "ana", "email": "ana@example.com"},
    "code-eve": {"login": "eve", "email": "eve@example.com"},
}

pytestmark = pytest.mark.skipif(find_spec("chainlit") is None, reason="chainlit is not installed")


class Provider(BaseHTTPRequestHandler):
    """A login service: a code becomes a token, a token a profile."""

    def do_POST(self) -> None:
        body = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        right = body["client_secret"] == ["the client's secret"] and body["redirect_uri"][0].endswith("/auth/oauth/sso/callback")
        self._reply({"access_token": body["code"][0]} if right else {}, 200 if right else 401)

    def do_GET(self) -> None:
        self._reply(PROFILES[self.headers["Authorization"].removeprefix("Bearer ")], 200)

    def _reply(self, document: dict[str, Any], status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(document).encode())

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def provider() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Provider) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_login_service_names_the_user_and_the_role_decides(tmp_path, provider, unused_port, start_server):
    settings = {
        "OAUTH_GENERIC_NAME": "sso",
        "OAUTH_GENERIC_CLIENT_ID": "candor",
        "OAUTH_GENERIC_CLIENT_SECRET": "the client's secret",
        "OAUTH_GENERIC_AUTH_URL": f"{provider}/authorize",
        "OAUTH_GENERIC_TOKEN_URL": f"{provider}/token",
        "OAUTH_GENERIC_USER_INFO_URL": f"{provider}/me",
        "OAUTH_GENERIC_SCOPES": "openid email",
        "OAUTH_GENERIC_USER_IDENTIFIER": "login",
    }
    server = start_server([sys.executable, str(STAND_IN), str(tmp_path), str(unused_port), "oauth"], tmp_path, unused_port, extra=settings)
    with httpx.Client(base_url=server.url) as browser:
        assert browser.get("/auth/config").json()["oauthProviders"] == ["sso"]
        sent = browser.get("/auth/oauth/sso")
        asked = parse_qs(urlsplit(sent.headers["location"]).query)
        assert sent.headers["location"].startswith(f"{provider}/authorize?")
        assert asked["client_id"] == ["candor"]
        state = asked["state"][0]
        # A code that somebody else's browser brought back is not taken.
        forged = browser.get("/auth/oauth/sso/callback", params={"code": "code-ana", "state": "another"})
        assert "access_token" not in forged.cookies
        refused = browser.get("/auth/oauth/sso/callback", params={"code": "code-eve", "state": state})
        assert "access_token" not in refused.cookies
        let_in = browser.get("/auth/oauth/sso/callback", params={"code": "code-ana", "state": state})
        assert let_in.headers["location"].startswith("/login/callback")
        assert browser.get("/user").json()["identifier"] == "ana"
        assert browser.post("/login", data={"username": "ana", "password": "x"}).status_code == 400


def test_a_proxy_names_the_user_with_its_secret_and_nobody_without(tmp_path, unused_port, start_server):
    server = start_server([sys.executable, str(STAND_IN), str(tmp_path), str(unused_port), "header"], tmp_path, unused_port)
    page = {"Accept": "text/html"}
    right = {**page, "X-Forwarded-User": "ben", "X-Candor-Proxy": "a secret of the proxy"}
    for wrong in (page, {**right, "X-Candor-Proxy": "a guess"}, {**page, "X-Forwarded-User": "ben"}, {**right, "X-Forwarded-User": "eve"}):
        assert "access_token" not in httpx.get(server.url, headers=wrong).cookies
        assert httpx.post(f"{server.url}/auth/header", headers=wrong).status_code == 401
    with httpx.Client(base_url=server.url) as browser:
        browser.get("/", headers=right)
        assert browser.get("/user").json()["identifier"] == "ben"
