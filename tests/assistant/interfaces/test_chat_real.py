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

from assistant.render.markdown import neutral

pytestmark = pytest.mark.slow

CLI = [sys.executable, "-m", "assistant.interfaces.cli"]
CHECKOUT = Path(__file__).parents[3]


def headlines_of_the_command_line(questions: list[str], folder: Path) -> list[str]:
    """What `assistant ask --batch` answers to the same questions."""
    asked, answered = folder / "questions.jsonl", folder / "answers.jsonl"
    asked.write_text("".join(json.dumps({"id": str(n), "question": q}) + "\n" for n, q in enumerate(questions)))
    env = os.environ | {"PYTHONPATH": str(CHECKOUT)}
    subprocess.run([*CLI, "ask", "--batch", str(asked), "--out", str(answered)], env=env, cwd=folder, check=True, timeout=60)
    answers = [json.loads(line)["answer"] for line in answered.read_text().splitlines()]
    assert {answer["status"] for answer in answers} == {"answered"}
    return [answer["headline"] for answer in answers]


def said(events: list[tuple[str, dict[str, Any]]]) -> list[str]:
    return [data["output"] for name, data in events if name == "new_message" and data["type"] == "assistant_message"]


async def test_the_first_start_builds_the_warehouse_and_answers_like_the_command_line(tmp_path, start_server, open_page, unused_port):
    command = [*CLI, "chat", "--no-open", "--port", str(unused_port)]
    server = start_server(command, tmp_path, unused_port, within_s=120)
    log = server.log.read_text()
    assert "First start: building the warehouse demo." in log
    assert f"Candor is ready: http://localhost:{unused_port}" in log
    health = httpx.get(f"{server.url}/healthz").json()
    assert (health["warehouse"], health["as_of"]) == ("demo", "2026-06-30")

    async with open_page(server.url) as page:
        profile = httpx.get(f"{server.url}/project/settings?language=en-US").json()["chatProfiles"][0]
        questions = [starter["message"] for starter in profile["starters"]]
        assert len(questions) >= 3
        shown = [said(await page.ask(question))[0].split("\n")[0] for question in questions]
        assert shown == [
            f"### {neutral(headline)}" for headline in await asyncio.to_thread(headlines_of_the_command_line, questions, tmp_path)
        ]
        events = await page.ask("What was the revenue in March 2026?")
        follow_ups = [data for name, data in events if name == "action" and data["name"] == "ask"]
        assert follow_ups
        for action in follow_ups:
            answered = await page.click(action)
            assert any(data["name"].startswith("Answered") for name, data in answered if name == "update_message"), action["label"]

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
