"""The guard in front of the page, and what starting the server takes."""

from __future__ import annotations

import re
import socket

import httpx
import pytest

from assistant.interfaces import chat_page
from assistant.interfaces.server import claim_port
from tools.core.errors import SetupProblem


def test_a_taken_port_is_said_with_what_to_do():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SetupProblem) as caught:
            claim_port("127.0.0.1", port)
    assert caught.value.public_code == "port_taken"
    assert caught.value.message == f"The chat cannot listen on 127.0.0.1, port {port}: address already in use."
    assert f"assistant chat --port {port % 65535 + 1}" in caught.value.try_instead


def test_a_port_is_free_again_right_after_its_server_ended():
    with claim_port("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
    claim_port("127.0.0.1", port).close()


def test_a_home_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "chat").write_text("a file where a folder should be")
    with pytest.raises(SetupProblem) as caught:
        chat_page.prepare(tmp_path, 8000)
    assert caught.value.public_code == "home_unwritable"


def test_links_to_other_hosts_are_taken_out_and_scripts_marked():
    page = (
        '<link rel="preconnect" href="https://fonts.example" crossorigin />'
        '<link rel="stylesheet"\n href="//cdn.example/x.css">'
        '<link rel="stylesheet" href="/public/style.css">'
        "<script>a</script>"
        '<script type="module" src="/a.js"></script>'
    )
    assert chat_page.without_outside_links(page, "n") == (
        '<link rel="stylesheet" href="/public/style.css"><script nonce="n">a</script><script nonce="n" type="module" src="/a.js"></script>'
    )


@pytest.mark.parametrize("path", ["/", "/thread/1", "/anything"])
def test_the_page_names_no_other_host_and_may_reach_none(server, path):
    reply = httpx.get(f"{server.url}{path}", headers={"Accept-Encoding": "gzip"})
    assert reply.status_code == 200
    assert not re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]+", reply.text)
    policy = reply.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_health_says_which_data_is_served(server):
    reply = httpx.get(f"{server.url}/healthz").json()
    assert reply == {"status": "ok", "warehouse": "stand-in", "data_version": "000001", "as_of": "2017-12-31"}


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "localhost.evil.example", ""])
def test_a_local_page_answers_to_no_foreign_name(server, host):
    assert httpx.get(f"{server.url}/healthz", headers={"Host": host}).status_code in (400, 403)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:1"])
def test_requests_of_other_pages_are_turned_away(server, origin):
    assert httpx.get(f"{server.url}/project/settings", headers={"Origin": origin}).status_code == 403
    assert httpx.post(f"{server.url}/project/action", json={}, headers={"Origin": origin}).status_code == 403


@pytest.mark.parametrize("path", ["/mcp", "/copilot/index.js", "/project/element", "/slack/events", "/project/share/1"])
def test_routes_of_unused_features_are_shut(server, path):
    assert httpx.get(f"{server.url}{path}").status_code == 404
    assert httpx.post(f"{server.url}{path}").status_code == 404
    assert httpx.put(f"{server.url}{path}").status_code == 404


def test_files_outside_the_public_folder_are_not_served(server):
    for path in ("/public/../.chainlit/config.toml", "/public/%2e%2e/.chainlit/config.toml", "/assets/..%2f..%2fserver.py"):
        reply = httpx.get(f"{server.url}{path}")
        assert "[project]" not in reply.text
        assert "import" not in reply.text


def test_an_upload_without_a_session_is_refused(server):
    reply = httpx.post(f"{server.url}/project/file?session_id=x", files={"file": ("a.txt", b"x")})
    assert reply.status_code == 401


def test_the_page_s_own_files_may_be_kept_by_the_browser(server):
    script = re.search(r'src="(/assets/[^"]+)"', httpx.get(server.url).text)
    assert script is not None
    reply = httpx.get(server.url + script[1])
    assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "cache-control" not in httpx.get(f"{server.url}/assets/none.js").headers
