"""The chat as the page's own socket sees it: no browser, every part of an answer."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

Events = list[tuple[str, dict[str, Any]]]


def messages(events: Events) -> list[str]:
    return [data["output"] for name, data in events if name == "new_message" and data["type"] == "assistant_message"]


def elements(events: Events, kind: str) -> list[dict[str, Any]]:
    return [data for name, data in events if name == "element" and data["type"] == kind]


def actions(events: Events) -> dict[str, dict[str, Any]]:
    return {data["label"]: data for name, data in events if name == "action"}


def steps(events: Events) -> list[dict[str, Any]]:
    return [data for name, data in events if name in ("new_message", "update_message") and data["type"] == "tool"]


async def get(url: str, cookie: dict[str, str]) -> httpx.Response:
    async with httpx.AsyncClient(headers=cookie) as client:
        return await client.get(url)


async def test_the_empty_page_has_a_welcome_and_questions_to_start_with(server, cookie):
    settings = (await get(f"{server.url}/project/settings?language=en-US", cookie)).json()
    (profile,) = settings["chatProfiles"]
    assert "Ask about 2,469 households and their shopping in 2017." in profile["markdown_description"]
    assert [s["message"] for s in profile["starters"]] == ["Revenue by department in 2017", "Revenue by month in 2017"]
    assert settings["markdown"].startswith("# Candor")


async def test_html_latex_sharing_and_outside_servers_are_off_and_only_lists_may_be_uploaded(server, cookie):
    features = (await get(f"{server.url}/project/settings?language=en-US", cookie)).json()["features"]
    assert features["unsafe_allow_html"] is False
    assert features["latex"] is False
    assert features["spontaneous_file_upload"]["max_files"] == 1
    assert {end for ends in features["spontaneous_file_upload"]["accept"].values() for end in ends} == {".csv", ".txt"}
    assert features["allow_thread_sharing"] is False
    assert features["mcp"]["enabled"] is False


async def test_an_answer_comes_in_its_parts(page):
    events = await page.ask("Revenue by department in 2017")
    headline, _table, reading, next_questions = messages(events)
    assert headline.startswith("### GROCERY has the highest revenue: $2,316,393.90")
    assert "**Read as** Revenue by department, 2017, highest first · 1 Jan 2017 to 31 Dec 2017" in reading
    assert "`✓ Governed` Compiled from the semantic model. *1 check ran, all passed.*" in reading
    assert "- The data ends on 31 December 2017." in reading
    assert next_questions == "Next questions:"
    assert list(actions(events)) == ["Revenue by month in 2017", "How many visits?"]


async def test_the_page_says_what_is_being_done_and_then_how_long_it_took(page):
    events = await page.ask("Revenue by department in 2017")
    names = [step["name"] for step in steps(events)]
    places = [names.index(name) for name in ("Thinking", "Reading the question", "Running the query", "Checking the result")]
    assert places == sorted(places)
    done = next(step for step in reversed(steps(events)) if step["name"].startswith("Answered in"))
    assert done["name"].endswith(" s · 1 query")
    assert [line.split(":")[0] for line in done["output"].splitlines()] == [
        "- Reading the question",
        "- Running the query",
        "- Checking the result",
    ]


async def test_how_it_was_made_is_folded_and_holds_definitions_checks_and_sql(page):
    events = await page.ask("Revenue by department in 2017")
    how = next(step for step in reversed(steps(events)) if step["name"] == "How I got this")
    assert not how["defaultOpen"]
    assert "- **revenue**: What customers paid, after discounts, all lines." in how["output"]
    assert "- ✓ Parts sum to the total: 7 groups add up to the total." in how["output"]
    assert "```sql\nSELECT\n  department,\n  SUM(sales_value) AS revenue\nFROM basket_lines\nGROUP BY\n  1\n```" in how["output"]


async def test_chart_table_and_csv_show_the_same_numbers(page):
    events = await page.ask("Revenue by department in 2017")
    (chart,), (table, _bar), (file,) = (elements(events, kind) for kind in ("plotly", "custom", "file"))
    drawn = (await get(page.file_url(chart), page.cookie)).json()
    assert drawn["data"][0]["customdata"][0] == "<b>GROCERY</b><br>Revenue: $2,316,393.90"
    assert drawn["config"]["displaylogo"] is False
    props = table["props"]
    assert props["columns"] == [{"title": "Department", "numeric": False}, {"title": "Revenue", "numeric": True}]
    assert props["rows"][0] == [{"text": "GROCERY", "key": "GROCERY"}, {"text": "$2,316,393.90", "key": 2316393.9}]
    assert props["rows"][-1][0] == {"text": "Unknown", "key": None}
    download = await get(page.file_url(file), page.cookie)
    rows = list(csv.reader(io.StringIO(download.content.decode("utf-8-sig"))))
    assert file["name"] == "revenue-by-department-2017-highest-first.csv"
    assert download.headers["content-type"].startswith("text/csv")
    assert rows[:2] == [["Department", "Revenue"], ["GROCERY", "2316393.9"]]


async def test_values_from_the_data_are_not_markup(page):
    events = await page.ask("Revenue by department in 2017")
    assert "\\<img src=http\u2060://outside.example" in messages(events)[0]
    assert not [text for text in messages(events) if re.search(r"(?<!\\)[\[<]", text)]


async def test_a_follow_up_runs_in_the_same_thread(page):
    await page.ask("Revenue by department in 2017")
    events = await page.ask("and before?")
    assert messages(events)[0] == "### Before this you asked: Revenue by department in 2017."


async def test_two_tabs_are_two_threads(server, open_page):
    async with open_page(server.url) as first, open_page(server.url) as second:
        await first.ask("Revenue by department in 2017")
        events = await second.ask("and before?")
        assert messages(events)[0] == "### Before this you asked: None."


async def test_tabs_are_answered_side_by_side(server, open_page):
    """A slow question in one tab does not hold up another."""
    async with open_page(server.url) as first, open_page(server.url) as second:
        slow = asyncio.create_task(first.ask("slow"))
        await asyncio.sleep(0.3)
        await second.ask("Revenue by month in 2017", within_s=1.1)
        assert not slow.done()
        await slow


async def test_an_offer_is_accepted_by_its_button_without_reading_the_question_again(page):
    events = await page.ask("splendid revenue")
    assert messages(events)[0] == "### Did you mean: Revenue by department, 2017?\n\nI could not place “splendid”. If so: the table below."
    assert not elements(events, "plotly")
    button = actions(events)["Yes, that is what I meant"]
    assert set(button["payload"]) == {"option"}
    events = await page.click(button)
    said = [data["output"] for name, data in events if name == "new_message" and data["type"] == "user_message"]
    assert said == ["Yes, that is what I meant"]
    assert messages(events)[0] == "### The chosen plan ran: GROCERY has the highest revenue."


async def test_an_offer_shows_its_one_number_since_the_headline_only_asks(page):
    events = await page.ask("splendid total")
    table, _bar = elements(events, "custom")
    assert table["props"]["rows"] == [[{"text": "$4,594,621.27", "key": 4594621.27}]]
    assert "4,594" not in messages(events)[0]
    assert messages(events)[-2:] == ["Choose one:", "Or ask:"]


async def test_a_question_back_has_a_button_for_each_reading(page):
    events = await page.ask("who are the best")
    assert messages(events) == ["### What should “best” mean?", "Choose one:"]
    assert list(actions(events)) == ["By revenue", "By visits"]
    events = await page.click(actions(events)["By visits"])
    assert messages(events)[0].startswith("### The chosen plan ran")


async def test_a_choice_of_another_session_is_not_run(page):
    forged = {"id": "x", "name": "choose", "label": "x", "payload": {"option": "nothing"}, "forId": "x"}
    async with httpx.AsyncClient(headers=page.cookie) as client:
        await client.post(f"{page.url}/project/action", json={"action": forged, "sessionId": page.session_id})
    await asyncio.sleep(0.2)
    assert "That choice is no longer open" in messages(page.events)[-1]


async def test_a_decline_says_why_and_offers_what_can_be_answered(page):
    events = await page.ask("what is our margin")
    headline, title = messages(events)
    assert headline == "### The data holds no costs, so margin cannot be computed.\n\nI could not place “margin”."
    assert title == "I can answer:"
    events = await page.click(actions(events)["Revenue by month in 2017"])
    assert messages(events)[0].startswith("### Revenue went from $320,000.00")


async def test_a_failure_is_said_plainly_with_its_code(page):
    events = await page.ask("slow")
    assert messages(events) == ["### That took longer than 5 seconds and was stopped.\n\nAsk for a shorter time.\n\n`query_too_heavy`"]


async def test_an_unforeseen_fault_shows_a_trace_number_and_nothing_of_the_exception(server, page):
    events = await page.ask("crash")
    (text,) = messages(events)
    assert text.startswith("### This answer could not be shown.")
    assert "4711" not in json.dumps(page.events)
    assert "4711" not in server.log.read_text(errors="replace")
    again = await page.ask("Revenue by month in 2017")
    assert messages(again)[0].startswith("### Revenue went from")


async def test_the_stop_button_ends_the_wait(page):
    asking = asyncio.create_task(page.ask("slow"))
    await asyncio.sleep(0.4)
    await page.socket.emit("stop")
    events = await asyncio.wait_for(asking, 1)
    assert steps(events)[-1]["name"] == "Stopped"


async def test_a_dropped_socket_leaves_the_server_answering(server, open_page):
    async with open_page(server.url) as tab:
        asking = asyncio.create_task(tab.ask("slow"))
        await asyncio.sleep(0.3)
    asking.cancel()
    async with open_page(server.url) as tab:
        assert messages(await tab.ask("Revenue by month in 2017"))


async def test_a_foreign_page_cannot_open_the_socket(server, open_page):
    import socketio

    with pytest.raises(socketio.exceptions.ConnectionError):
        async with open_page(server.url, headers={"Origin": "http://evil.example"}):
            pass
    async with open_page(server.url, headers={"Origin": server.url}):
        pass


def test_nothing_is_written_outside_the_home_folder(server):
    assert {p.name.split("-")[0] for p in server.home.iterdir()} <= {"chat", "server.log", "chat.sqlite", "thumbs.sqlite", "candidates"}
    checkout = Path(__file__).parents[3]
    assert not (checkout / ".files").exists()
    assert not (checkout / ".chainlit").exists()


def test_a_signal_ends_the_server_cleanly(tmp_path, unused_port, start_server):
    command = [sys.executable, str(Path(__file__).parent / "stand_in_server.py"), str(tmp_path), str(unused_port)]
    running = start_server(command, tmp_path, unused_port)
    running.stop()
    assert "Traceback" not in running.log.read_text()


async def test_sentences_come_before_the_answer_is_complete(page):
    events = await page.ask("spoken")
    streamed = [i for i, (name, _) in enumerate(events) if name in ("stream_start", "stream_token")]
    said = "".join(str(data.get("token") or data.get("output") or "") for name, data in events if name.startswith("stream_"))
    answered = next(i for i, (name, data) in enumerate(events) if name == "new_message" and "### GROCERY leads" in data["output"])
    assert "GROCERY leads with $2,316,393.90." in said
    assert streamed[-1] < answered


async def test_the_stop_button_ends_the_question_itself(page):
    asking = asyncio.create_task(page.ask("endless"))
    await asyncio.sleep(0.4)
    await page.socket.emit("stop")
    events = await asyncio.wait_for(asking, 3)
    assert "### Stopped." in "".join(messages(events))
    assert messages(await page.ask("which were stopped?"))[0].startswith("### Stopped: endless")


async def test_an_edited_question_takes_back_what_followed_it(page):
    await page.ask("Revenue by department in 2017")
    question = next(data for name, data in page.events if name == "new_message" and data["name"] == "on_message")["parentId"]
    thread = next(data["threadId"] for name, data in page.events if name == "new_message")
    await page.ask("and before?")
    edited = {"id": question, "threadId": thread, "name": "local", "type": "user_message", "output": "before the edit?"}
    page.ended.clear()
    first = len(page.events)
    await page.socket.emit("edit_message", {"message": edited})
    await asyncio.wait_for(page.ended.wait(), 10)
    assert messages(page.events[first:])[0] == "### Before this you asked: None."
    await asyncio.sleep(0.3)
    kept = (await get(f"{page.url}/project/thread/{thread}", page.cookie)).json()
    assert [step["output"] for step in kept["steps"] if step["type"] == "user_message"] == ["before the edit?"]
    assert "GROCERY has the highest" not in json.dumps(kept)


async def test_a_conversation_is_resumed_with_its_charts_tables_and_buttons(server, page, open_page):
    await page.ask("Revenue by department in 2017")
    thread = next(data["threadId"] for name, data in page.events if name == "new_message")
    await asyncio.sleep(0.3)
    async with open_page(server.url, cookie=page.cookie, thread=thread, until="resume_thread") as again:
        resumed = next(data for name, data in again.events if name == "resume_thread")
        assert any("GROCERY has the highest revenue" in step["output"] for step in resumed["steps"])
        chart = next(element for element in resumed["elements"] if element["type"] == "plotly")
        reply = await get(server.url + chart["url"], page.cookie)
        assert reply.headers["content-type"] == "application/json"
        assert reply.json()["data"][0]["customdata"][0] == "<b>GROCERY</b><br>Revenue: $2,316,393.90"
        table = next(element for element in resumed["elements"] if element["name"] == "AnswerTable")
        assert table["props"]["rows"][0][1]["text"] == "$2,316,393.90"
        buttons = actions(again.events)
        assert list(buttons) == ["Revenue by month in 2017", "How many visits?"]
        assert messages(await again.click(buttons["Revenue by month in 2017"]))[0].startswith("### Revenue went from")


async def test_a_thumb_down_with_its_reason_becomes_a_candidate_that_the_evals_can_read(server, page):
    from evals.cases import read_suite

    await page.ask("Revenue by month in 2017")
    run = next(data for name, data in page.events if name == "new_message" and data["name"] == "on_message")
    await asyncio.sleep(0.2)
    judged = {"forId": run["id"], "threadId": run["threadId"], "value": 0, "comment": "refunds should not count"}
    async with httpx.AsyncClient(headers=page.cookie) as client:
        reply = await client.put(f"{page.url}/feedback", json={"feedback": judged, "sessionId": page.session_id})
        assert reply.status_code == 200, reply.text
    suite = read_suite("stand-in", folder=server.home / "candidates")
    case = next(case for case in suite.cases if "refunds should not count" in case.note)
    assert (case.question, case.candidate, case.gold) == ("Revenue by month in 2017", True, ())
    assert '"metrics": ["revenue"]' in case.note
    async with httpx.AsyncClient(headers=page.cookie) as client:
        gone = await client.request("DELETE", f"{page.url}/feedback", json={"feedbackId": reply.json()["feedbackId"]})
        assert gone.status_code == 200, gone.text
    assert "refunds should not count" not in (server.home / "candidates" / "stand-in" / "judged.yaml").read_text()


async def test_settings_are_kept_and_followed(server, page, open_page):
    await page.socket.emit("chat_settings_change", {"verbosity": "short", "numbers": "de", "mind": "nobody"})
    await asyncio.sleep(0.2)
    events = await page.ask("Revenue by department in 2017")
    try:
        assert [data["name"] for data in elements(events, "custom")] == ["AnswerBar"]
        async with open_page(server.url, cookie=page.cookie) as again:
            await asyncio.sleep(0.2)
            panel = next(data for name, data in again.events if name == "chat_settings")
            assert {widget["id"]: widget["initial"] for widget in panel} == {"verbosity": "short", "numbers": "de"}
        await page.socket.emit("chat_settings_change", {"verbosity": "normal"})
        await asyncio.sleep(0.2)
        table = elements(await page.ask("Revenue by department in 2017"), "custom")[0]
        assert table["props"]["rows"][0][1]["text"] == "$2.316.393,90"
    finally:
        await page.socket.emit("chat_settings_change", {"verbosity": "normal", "numbers": "en"})
        await asyncio.sleep(0.2)


async def test_a_saved_question_is_asked_again_shared_and_dropped(page):
    events = await page.ask("Revenue by month in 2017")
    bar = next(data for data in elements(events, "custom") if data["name"] == "AnswerBar")
    async with httpx.AsyncClient(headers=page.cookie, base_url=page.url) as client:
        save = {"id": "x", "name": "save", "label": "", "payload": {"option": bar["props"]["own"]}, "forId": "x"}
        reply = await client.post("/project/action", json={"action": save, "sessionId": page.session_id})
        assert reply.json()["response"]["said"].startswith("Saved.")
        (saved,) = (await client.get("/chat-home")).json()["saved"]
        assert (saved["question"], saved["shared"], saved["mine"]) == ("Revenue by month, 2017, highest first", False, True)
        assert (await client.post("/chat-home/saved", json={"id": saved["id"], "do": "share"})).json()["saved"][0]["shared"]
        page.ended.clear()
        await page.socket.emit("window_message", {"candor": {"saved": saved["id"]}})
        await asyncio.wait_for(page.ended.wait(), 10)
        assert any("The chosen plan ran" in text for text in messages(page.events))
        assert (await client.post("/chat-home/saved", json={"id": saved["id"], "do": "drop"})).json()["saved"] == []
        assert (await client.post("/chat-home/saved", json={"id": saved["id"], "do": "drop"})).status_code == 404


@pytest.mark.parametrize(
    "sent", ["nothing", {"candor": "x"}, {"candor": {"ask": 5}}, {"candor": {"saved": 999}}, None, {"candor": {"ask": " "}}]
)
async def test_other_window_messages_ask_nothing(page, sent):
    await page.socket.emit("window_message", sent)
    await asyncio.sleep(0.1)
    assert [name for name, _ in page.events if name == "new_message"] == []


async def test_a_file_that_is_no_list_of_customers_is_said_and_nothing_asked(page):
    files = await page.upload("customers.csv", b"customer_id\n1\n2\n")
    events = await page.ask("Revenue by month in 2017", files=files)
    assert messages(events) == ["### This warehouse has no customers to list.\n\nAsk without a file."]


async def test_only_text_files_may_be_attached(page):
    async with httpx.AsyncClient(headers=page.cookie) as client:
        address = f"{page.url}/project/file?session_id={page.session_id}"
        for name, mime in (("page.html", "text/html"), ("run.sh", "application/x-sh"), ("data.parquet", "application/octet-stream")):
            assert (await client.post(address, files={"file": (name, b"x", mime)})).status_code == 400
        large = await client.post(address, files={"file": ("a.csv", b"1\n" * 700_000, "text/csv")})
        assert large.status_code == 400
