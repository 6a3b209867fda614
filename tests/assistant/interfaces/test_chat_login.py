"""Who gets in, and that nobody gets at anybody else's conversations: by every route, and by the shapes of Chainlit's known holes."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
import uuid
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.passwords import PasswordFile

PASSWORD = "four random words here"


@pytest.fixture(scope="module")
def guarded(start_for_module: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server of its own with two users, ana and ben, and eve who has a password but no role."""
    if find_spec("chainlit") is None:
        pytest.skip("chainlit is not installed")
    home = tmp_path_factory.mktemp("guarded")
    for name in ("ana", "ben", "eve"):
        PasswordFile(home / "passwords.json").set(name, PASSWORD)
    return start_for_module([sys.executable, str(Path(__file__).parent / "stand_in_server.py"), str(home), "{port}", "password"], home)


async def asked(open_page: Any, url: str, cookie: dict[str, str], text: str) -> tuple[str, list[tuple[str, dict[str, Any]]]]:
    """A question in a conversation of its own: (thread, events)."""
    async with open_page(url, cookie=cookie) as page:
        events = await page.ask(text)
        thread = next(data["threadId"] for name, data in page.events if name == "new_message")
        await asyncio.sleep(0.1)
    return thread, events


async def threads_of(url: str, cookie: dict[str, str], search: str | None = None) -> list[str]:
    async with httpx.AsyncClient(headers=cookie) as client:
        wish = {"pagination": {"first": 20}, "filter": {"search": search} if search else {}}
        reply = await client.post(f"{url}/project/threads", json=wish)
        assert reply.status_code == 200, reply.text
        return [thread["id"] for thread in reply.json()["data"]]


@pytest.mark.parametrize(("name", "password"), [("ana", "wrong password"), ("nobody", PASSWORD), ("eve", PASSWORD), ("", "")])
def test_a_wrong_name_or_password_or_a_person_without_role_does_not_get_in(guarded, name, password):
    reply = httpx.post(f"{guarded.url}/login", data={"username": name, "password": password})
    assert reply.status_code in (401, 422)
    assert "access_token" not in reply.cookies


def test_guessing_is_slowed_down(guarded):
    guess = {"username": "victim", "password": "a wrong guess"}
    replies = [httpx.post(f"{guarded.url}/login", data=guess) for _ in range(10)]
    assert {reply.status_code for reply in replies} == {401}
    took = [reply.elapsed for reply in replies]
    # Without a hash being made: the quickest of the late answers is quicker than scrypt, which the quickest of the first ones waited for.
    assert min(took[6:]) < min(took[:3])


@pytest.mark.parametrize("path", ["/user", "/project/settings", "/chat-home", "/chat-home/news", "/chat-home/complete?typed=rev"])
def test_without_a_session_there_is_nothing_to_see(guarded, path):
    assert httpx.get(guarded.url + path).status_code == 401


async def test_without_a_session_no_socket_opens(guarded, open_page):
    import socketio

    with pytest.raises(socketio.exceptions.ConnectionError):
        async with open_page(guarded.url, cookie={}):
            pass


async def test_the_header_of_another_login_opens_nothing(guarded):
    reply = httpx.post(f"{guarded.url}/auth/header", headers={"X-Forwarded-User": "ana"})
    assert reply.status_code in (400, 401)


async def test_conversations_are_named_kept_searched_and_only_their_owner_s(guarded, log_in, open_page):
    ana, ben = await log_in(guarded.url, "ana", PASSWORD), await log_in(guarded.url, "ben", PASSWORD)
    thread, _ = await asked(open_page, guarded.url, ana, "Revenue by department in 2017")
    assert thread in await threads_of(guarded.url, ana)
    assert thread in await threads_of(guarded.url, ana, "grocery has the high")
    assert await threads_of(guarded.url, ana, "no such words 100%") == []
    assert thread not in await threads_of(guarded.url, ben)
    async with httpx.AsyncClient(headers=ana) as client:
        kept = (await client.get(f"{guarded.url}/project/thread/{thread}")).json()
    assert kept["name"] == "Revenue by department in 2017"
    assert {element["type"] for element in kept["elements"]} == {"plotly", "custom", "file"}


async def test_cve_2025_68492_another_s_thread_cannot_be_read_renamed_deleted_or_resumed(guarded, log_in, open_page):
    import socketio

    ana, ben = await log_in(guarded.url, "ana", PASSWORD), await log_in(guarded.url, "ben", PASSWORD)
    thread, events = await asked(open_page, guarded.url, ana, "Revenue by department in 2017")
    element = next(data for name, data in events if name == "element" and data["type"] == "plotly")
    run = next(data for name, data in events if name == "new_message" and data["name"] == "on_message")
    async with httpx.AsyncClient(headers=ben, base_url=guarded.url) as client:
        for reply in (
            await client.get(f"/project/thread/{thread}"),
            await client.get(f"/project/thread/{thread}/element/{element['id']}"),
            await client.get(f"/project/kept/{thread}/{element['id']}"),
            await client.put("/project/thread", json={"threadId": thread, "name": "mine now"}),
            await client.request("DELETE", "/project/thread", json={"threadId": thread}),
            await client.put("/project/thread/share", json={"threadId": thread, "isShared": True}),
            await client.get(f"/project/share/{thread}"),
            await client.put("/feedback", json={"feedback": {"forId": run["id"], "value": 0, "threadId": thread}, "sessionId": "x"}),
        ):
            assert reply.status_code in (401, 404, 500), reply.request.url
            assert "GROCERY" not in reply.text
    with pytest.raises(socketio.exceptions.ConnectionError):
        async with open_page(guarded.url, cookie=ben, thread=thread):
            pass
    async with httpx.AsyncClient(headers=ana) as client:
        assert (await client.get(f"{guarded.url}/project/thread/{thread}")).json()["name"] == "Revenue by department in 2017"


async def test_cve_2026_22218_and_22219_an_element_names_neither_a_file_nor_an_address(guarded, log_in, open_page):
    """The two requests that read a file of the server, and that made it fetch an address of the attacker's choice."""
    hits: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(1.0)
        port = listener.getsockname()[1]

        def wait() -> None:
            try:
                hits.append(listener.accept())
            except TimeoutError:
                return

        waiting = threading.Thread(target=wait)
        waiting.start()
        ana = await log_in(guarded.url, "ana", PASSWORD)
        async with open_page(guarded.url, cookie=ana) as page:
            await page.ask("Revenue by month in 2017")
            async with httpx.AsyncClient(headers=ana) as client:
                for reach in ({"path": "/etc/passwd"}, {"url": f"http://127.0.0.1:{port}/secret"}):
                    body = {"id": str(uuid.uuid4()), "type": "custom", "name": "x", "display": "inline", "props": {}, "forId": "x", **reach}
                    reply = await client.put(f"{guarded.url}/project/element", json={"element": body, "sessionId": page.session_id})
                    assert reply.status_code == 404
        await asyncio.to_thread(waiting.join)
    assert hits == []


async def test_cve_2026_56104_a_known_session_id_does_not_restore_another_s_session(guarded, log_in, open_page):
    import socketio

    ana, ben = await log_in(guarded.url, "ana", PASSWORD), await log_in(guarded.url, "ben", PASSWORD)
    async with open_page(guarded.url, cookie=ana) as page:
        await page.ask("Revenue by month in 2017")
        with pytest.raises(socketio.exceptions.ConnectionError):
            async with open_page(guarded.url, cookie=ben, session_id=page.session_id):
                pass
        async with httpx.AsyncClient(headers=ben) as client:
            action = {"id": "x", "name": "ask", "label": "x", "payload": {"question": "Revenue by month in 2017"}, "forId": "x"}
            reply = await client.post(f"{guarded.url}/project/action", json={"action": action, "sessionId": page.session_id})
        assert reply.status_code == 401


async def test_a_button_of_somebody_else_s_answer_does_nothing(guarded, log_in, open_page):
    ana, ben = await log_in(guarded.url, "ana", PASSWORD), await log_in(guarded.url, "ben", PASSWORD)
    _, events = await asked(open_page, guarded.url, ana, "splendid revenue")
    button = next(data for name, data in events if name == "action")
    async with open_page(guarded.url, cookie=ben) as page, httpx.AsyncClient(headers=ben) as client:
        await client.post(f"{guarded.url}/project/action", json={"action": button, "sessionId": page.session_id})
        await asyncio.sleep(0.2)
        assert "That choice is no longer open" in str(page.events)


async def test_sql_is_shown_to_those_who_may_write_some(guarded, log_in, open_page):
    for name, sees in (("ana", True), ("ben", False)):
        cookie = await log_in(guarded.url, name, PASSWORD)
        _, events = await asked(open_page, guarded.url, cookie, "Revenue by department in 2017")
        how = next(data["output"] for kind, data in reversed(events) if kind == "update_message" and data["name"] == "How I got this")
        assert "What customers paid" in how
        assert ("```sql" in how) == sees


async def test_what_was_shown_is_hidden_from_somebody_who_lost_the_right_to_it(guarded, log_in, open_page):
    ana = await log_in(guarded.url, "ana", PASSWORD)
    thread, _ = await asked(open_page, guarded.url, ana, "Revenue by department in 2017")
    async with httpx.AsyncClient(headers=ana) as client:
        before = (await client.get(f"{guarded.url}/project/thread/{thread}")).json()
        (guarded.home / "narrowed").touch()
        try:
            after = (await client.get(f"{guarded.url}/project/thread/{thread}")).json()
            chart = next(element["url"] for element in before["elements"] if element["type"] == "plotly")
            assert (await client.get(guarded.url + chart)).status_code == 404
        finally:
            (guarded.home / "narrowed").unlink()
    assert "GROCERY" in str(before)
    assert "GROCERY" not in str(after)
    assert after["elements"] == []
    assert "rights that you no longer have" in str(after)
    assert [step["output"] for step in after["steps"] if step["type"] == "user_message"] == ["Revenue by department in 2017"]


async def test_a_new_password_ends_the_sessions_of_the_old_one(guarded, log_in):
    ben = await log_in(guarded.url, "ben", PASSWORD)
    assert httpx.get(f"{guarded.url}/user", headers=ben).status_code == 200
    passwords = PasswordFile(guarded.home / "passwords.json")
    passwords.set("ben", "another four random words")
    try:
        assert httpx.get(f"{guarded.url}/user", headers=ben).status_code == 401
    finally:
        passwords.set("ben", PASSWORD)
