"""MCP as another agent meets it: over HTTP with a key, and over standard input and output."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from service_bench import Bench, bearer, home_over, service_bench

from assistant.interfaces.serve import Parts

CHECKOUT = Path(__file__).parents[3]
MARCH = {"metrics": [{"metric": "revenue"}], "window": {"start": "2017-03-01", "end": "2017-03-31"}}


@pytest.fixture(scope="module")
def bench(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with service_bench(home, tmp_path_factory.mktemp("mcp") / "home", Parts(chat=False, rest=True, mcp=True, slack=False)) as running:
        yield running


@asynccontextmanager
async def connected(bench: Bench, key: str) -> AsyncIterator[ClientSession]:
    async with (
        httpx.AsyncClient(headers=bearer(key)) as http,
        streamable_http_client(f"{bench.url}/mcp", http_client=http) as (read, write, _),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        yield session


def data(result: Any) -> dict[str, Any]:
    assert not result.isError, result.content
    found: dict[str, Any] = result.structuredContent
    return found


async def test_every_tool_is_described_and_read_only(bench: Bench):
    async with connected(bench, bench.key("agent")) as session:
        tools = {tool.name: tool for tool in (await session.list_tools()).tools}
    assert {"ask", "describe_metrics", "query_metrics"} <= tools.keys()
    assert all(tool.annotations.readOnlyHint and tool.description for tool in tools.values())
    assert set(tools) == {"ask", "describe_metrics"} | ({"query_metrics", "search_feedback"} & set(bench.service._assistant.tools))
    assert "metrics" in json.dumps(tools["query_metrics"].inputSchema)


async def test_the_same_figure_by_question_by_query_and_by_rest(bench: Bench):
    key = bench.key("figures")
    rest = bench.ask("revenue in March 2017", key=key).json()
    async with connected(bench, key) as session:
        asked = await session.call_tool("ask", {"question": "revenue in March 2017"})
        queried = await session.call_tool("query_metrics", {"query": MARCH})
    assert data(asked)["headline"] == data(queried)["headline"] == rest["headline"] == "Revenue was $380,300.74 in March 2017."
    assert data(asked)["tables"] == rest["tables"]
    assert asked.content[0].text.startswith("### Revenue was $380,300.74 in March 2017.")


async def test_a_thread_goes_on(bench: Bench):
    async with connected(bench, bench.key("threads")) as session:
        await session.call_tool("ask", {"question": "revenue in March 2017", "thread": "t"})
        after = await session.call_tool("ask", {"question": "and in April?", "thread": "t"})
    assert data(after)["tables"][0]["rows"] == [[373646.21]]


async def test_the_catalogue_can_be_searched(bench: Bench):
    async with connected(bench, bench.key("catalogue")) as session:
        found = data(await session.call_tool("describe_metrics", {"search": "revenue"}))
        nothing = await session.call_tool("describe_metrics", {"search": "zzzz"})
    assert "revenue" in [metric["name"] for metric in found["metrics"]]
    assert nothing.content[0].text == "Nothing by these words."


async def test_rights_hold_as_everywhere(bench: Bench):
    listing = {"question": "list the households with the highest revenue in 2017"}
    async with connected(bench, bench.key("groups-only")) as session:
        assert data(await session.call_tool("ask", listing))["tables"] == []
    async with connected(bench, bench.key("steward", user="stella")) as session:
        assert data(await session.call_tool("ask", listing))["status"] == "answered"


async def test_bad_arguments_are_an_error_of_the_call(bench: Bench):
    async with connected(bench, bench.key("clumsy")) as session:
        result = await session.call_tool("query_metrics", {"query": {"metrics": []}})
        declined = data(await session.call_tool("query_metrics", {"query": {"metrics": [{"metric": "reveneu"}]}}))
    assert result.isError
    assert declined["status"] == "declined"
    assert "revenue" in declined["error"]["try_instead"]


@pytest.mark.parametrize(("headers", "expected"), [({}, "key_missing"), (bearer("nonsense"), "key_invalid")])
def test_without_a_good_key_nothing_is_served(bench: Bench, headers: dict[str, str], expected: str):
    reply = bench.client.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, headers=headers)
    assert (reply.status_code, reply.json()["error"]["code"]) == (401, expected)


def test_an_oversized_call_is_refused(bench: Bench):
    reply = bench.client.post("/mcp", content=b"x" * 70_000, headers=bearer(bench.key("huge")))
    assert (reply.status_code, reply.json()["error"]["code"]) == (413, "body_too_large")


@pytest.mark.slow
async def test_over_standard_input_and_output_as_a_role(home: Path, tmp_path: Path):
    env = os.environ | {"ASSISTANT_HOME": str(home_over(home, tmp_path / "home")), "PYTHONPATH": str(CHECKOUT)}
    command = ["-m", "assistant.interfaces.cli", "mcp", "--role", "business_user", "--warehouse", "completejourney"]
    server = StdioServerParameters(command=sys.executable, args=command, env=env, cwd=str(tmp_path))
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        asked = await session.call_tool("ask", {"question": "revenue in March 2017"})
        listed = await session.call_tool("ask", {"question": "list the households with the highest revenue in 2017"})
    assert data(asked)["headline"] == "Revenue was $380,300.74 in March 2017."
    assert data(listed)["tables"] == []
