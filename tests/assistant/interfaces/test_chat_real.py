"""The chat as `assistant chat` starts it, over The Complete Journey: the same figures as the command line."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant import Settings, build
from assistant.render.markdown import neutral

pytestmark = pytest.mark.slow

CLI = [sys.executable, "-m", "assistant.interfaces.cli"]
CHECKOUT = Path(__file__).parents[3]


def answers_of_the_command_line(questions: list[str], folder: Path) -> list[dict[str, Any]]:
    """What `assistant ask --batch` answers to the same questions."""
    asked, answered = folder / "questions.jsonl", folder / "answers.jsonl"
    asked.write_text("".join(json.dumps({"id": str(n), "question": q}) + "\n" for n, q in enumerate(questions)))
    env = os.environ | {"PYTHONPATH": str(CHECKOUT)}
    subprocess.run([*CLI, "ask", "--batch", str(asked), "--out", str(answered)], env=env, cwd=folder, check=True, timeout=60)
    return [json.loads(line)["answer"] for line in answered.read_text().splitlines()]


def reviewed_questions(home: Path, most: int) -> list[str]:
    """Questions of the demo's own model."""
    with build(Settings(home=home)).warehouse as warehouse:
        return [verified.question for verified in warehouse.model.verified_questions][:most]


async def figures_of_the_chat(open_page: Any, url: str, cookie: dict[str, str], question: str) -> tuple[str, list[list[Any]]]:
    """The headline as shown, and the values under the table's cells; each question in a conversation of its own."""
    async with open_page(url, cookie=cookie) as page:
        events = await page.ask(question)
    tables = [data["props"]["rows"] for name, data in events if name == "element" and data["name"] == "AnswerTable"]
    return said(events)[0].split("\n")[0], [[cell["key"] for cell in row] for row in tables[0]] if tables else []


def rows_of(answer: dict[str, Any]) -> list[list[Any]]:
    """The rows that a page shows: all of a table with more than one figure."""
    if not answer["tables"] or answer["status"] not in ("answered", "offered"):
        return []
    table = answer["tables"][0]
    worth = answer["status"] == "offered" or len(table["rows"]) > 1 or len(table["columns"]) > 1
    return table["rows"][:500] if worth else []


def said(events: list[tuple[str, dict[str, Any]]]) -> list[str]:
    return [data["output"] for name, data in events if name == "new_message" and data["type"] == "assistant_message"]


async def test_the_first_start_builds_the_warehouse_and_answers_like_the_command_line(
    tmp_path, start_server, open_page, log_in, unused_port
):
    command = [*CLI, "chat", "--no-open", "--port", str(unused_port)]
    server = start_server(command, tmp_path, unused_port, within_s=120)
    log = server.log.read_text()
    assert "First start: building the warehouse demo." in log
    assert f"Candor is ready: http://localhost:{unused_port}" in log
    health = httpx.get(f"{server.url}/healthz").json()
    assert (health["warehouse"], health["as_of"]) == ("demo", "2026-06-30")

    cookie = await log_in(server.url)
    questions = await asyncio.to_thread(reviewed_questions, tmp_path / ".assistant", 40)
    assert len(questions) == 40
    wanted = await asyncio.to_thread(answers_of_the_command_line, questions, tmp_path)
    for question, answer in zip(questions, wanted, strict=True):
        headline, rows = await figures_of_the_chat(open_page, server.url, cookie, question)
        assert headline == f"### {neutral(answer['headline'])}", question
        assert rows == rows_of(answer), question

    async with open_page(server.url, cookie=cookie) as page:
        profile = httpx.get(f"{server.url}/project/settings?language=en-US", headers=cookie).json()["chatProfiles"][0]
        assert len(profile["starters"]) >= 3
        events = await page.ask("What was the revenue in March 2026?")
        follow_ups = [data for name, data in events if name == "action" and data["name"] == "ask"]
        assert follow_ups
        for action in follow_ups:
            answered = await page.click(action)
            assert any(data["name"].startswith("Answered") for name, data in answered if name == "update_message"), action["label"]

    async with open_page(server.url, cookie=cookie) as page:
        files = await page.upload("customers.csv", b"Customer ID;name\n1;a\n2;b\n3;c\nx;d\n")
        events = await page.ask("How many orders were there?", files=files)
        assert "is one of" not in said(events)[0]
        assert "Only the 3 customers of your file count. 1 lines held no id." in "".join(said(events))

    second = subprocess.run(
        [*CLI, "chat", "--no-open", "--port", str(unused_port)], capture_output=True, text=True, cwd=tmp_path, check=False, timeout=60
    )
    assert second.returncode == 1
    assert f"The chat cannot listen on 127.0.0.1, port {unused_port}: address already in use." in second.stderr
    assert "port_taken" in second.stderr
    assert "Traceback" not in second.stderr

    server.process.send_signal(signal.SIGTERM)
    server.process.wait(timeout=20)
    assert "Traceback" not in server.log.read_text()
