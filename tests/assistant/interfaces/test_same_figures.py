"""The same questions on the command line, over REST, MCP and Slack: the same figures, character for character where they are formatted."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from forty_questions import QUESTIONS
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from service_bench import Bench, bearer, slack_bench
from slack_server import SlackServer
from typer.testing import CliRunner

from assistant import Answer, Assistant, Question
from assistant.interfaces.cli import app
from assistant.interfaces.mcp_server import MOST_ROWS
from assistant.interfaces.serve import Parts
from assistant.render import words
from assistant.render.markdown import neutral, plain
from assistant.render.numbers import format_cell
from assistant.render.slack import CELL_WIDTH, TABLE_ROWS
from assistant.render.terminal import print_answer

pytestmark = pytest.mark.slow

# The users cli, rest, mcp and slack have one role: what one person was shown of groups may hide rows of what they ask next.
SAME = (
    "status",
    "headline",
    "text",
    "interpretation",
    "plan",
    "trust",
    "tables",
    "charts",
    "quotes",
    "caveats",
    "follow_ups",
    "options",
    "error",
)

Json = dict[str, Any]


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackServer]:
    with SlackServer() as server:
        yield server


@pytest.fixture(scope="module")
def bench(home: Path, tmp_path_factory: pytest.TempPathFactory, slack: SlackServer) -> Iterator[Bench]:
    parts = Parts(chat=False, rest=True, mcp=True, slack=True)
    with slack_bench(home, tmp_path_factory.mktemp("same") / "home", slack, "users: {USLACK: slack}", parts) as running:
        yield running


@pytest.fixture(scope="module")
def on_the_command_line(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> list[Json]:
    folder = tmp_path_factory.mktemp("batch")
    asked, answered = folder / "in.jsonl", folder / "out.jsonl"
    asked.write_text("".join(json.dumps({"id": str(n), "question": q, "user": "cli"}) + "\n" for n, q in enumerate(QUESTIONS)))
    env = {"ASSISTANT_HOME": str(bench.settings.home), "ASSISTANT_WAREHOUSE": "completejourney"}
    done = CliRunner().invoke(app, ["ask", "--batch", str(asked), "--out", str(answered)], env=env)
    assert done.exit_code == 0, done.output
    return [json.loads(line)["answer"] for line in answered.read_text(encoding="utf-8").splitlines()]


def same(answer: Json) -> Json:
    """What must not depend on the surface; ids and times do."""
    return {part: answer[part] for part in SAME}


def test_there_are_forty_and_most_have_figures(on_the_command_line: list[Json]):
    assert len(on_the_command_line) == 40
    assert sum(answer["status"] == "answered" for answer in on_the_command_line) >= 30


def test_rest_says_what_the_command_line_says(bench: Bench, on_the_command_line: list[Json]):
    key = bench.key("rest", user="rest")
    for question, expected in zip(QUESTIONS, on_the_command_line, strict=True):
        assert same(bench.ask(question, key=key).json()) == same(expected), question


async def test_mcp_says_what_the_command_line_says(bench: Bench, on_the_command_line: list[Json]):
    async with (
        httpx.AsyncClient(headers=bearer(bench.key("mcp", user="mcp"))) as http,
        streamable_http_client(f"{bench.url}/mcp", http_client=http) as (read, write, _),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        for question, expected in zip(QUESTIONS, on_the_command_line, strict=True):
            result = await session.call_tool("ask", {"question": question})
            tables = [
                {**t, "rows": t["rows"][:MOST_ROWS], "truncated": t["truncated"] or len(t["rows"]) > MOST_ROWS} for t in expected["tables"]
            ]
            assert same(result.structuredContent) == same({**expected, "tables": tables}), question
            assert neutral(expected["headline"]) in result.content[0].text


def test_slack_shows_what_the_terminal_shows(bench: Bench, slack: SlackServer, assistant: Assistant, on_the_command_line: list[Json]):
    for question, expected in zip(QUESTIONS, on_the_command_line, strict=True):
        start = len(slack.messages)
        slack.direct("USLACK", question, thread_ts=f"{start}.1")
        message = slack.answer(start)
        assert message.headline == plain(expected["headline"]), question
        answer = assistant.ask(Question(text=question))
        if same(answer.to_json())["tables"] == expected["tables"]:
            assert_same_cells(answer, message.words, question)


def assert_same_cells(answer: Answer, in_slack: str, question: str) -> None:
    """Every cell of the first rows stands in Slack as it stands in the terminal."""
    page = io.StringIO()
    print_answer(answer, page)
    terminal = page.getvalue()
    if not words.worth_a_table(answer):
        return
    table = answer.tables[0]
    for row in table.rows[:TABLE_ROWS]:
        for value, column in zip(row, table.columns, strict=True):
            text = plain(format_cell(value, column))
            assert text in terminal or len(text) > CELL_WIDTH, question
            assert text in in_slack or len(text) > CELL_WIDTH, question
