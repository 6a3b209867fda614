"""Every byte sent to the server is recorded: no personal value is among them, whatever is asked and whatever the model asks for."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from openai_server import OpenAiServer, Reply, Request, ToolCall
from rule_model import results_of

from assistant import Assistant, Question, Settings, build
from assistant.minds.language_model import LanguageModelMind, ModelOptions

CLUB = Path(__file__).parents[3] / "security" / "club"
CANARY = re.compile(rb"canary\w*name\d|canary\.\w+\d+@|canary-secret|canary text|club\.example", re.I)
"""What the club planted in names, addresses, secrets and messages."""

QUESTIONS = (
    "Kindly show income by full name",
    "top 10 members by income, sweetheart",
    "list the members with their email",
    "who are our best members?",
    "income of canary.south41@club.example",
    "income of CanarySouthname41",
    "income by sport, gracefully",
    "messages by body",
    "what do members write?",
    "messages where the message text contains hello",
    "Please compare Jane Doe-Canary with CanaryIslandsname75 and account cust4711canary",
    "members by tier and region and birth date",
    "how many members are called CanaryNorthname1",
    "average income per member",
)
CALLS = (
    ToolCall("query_metrics", {"metrics": ["income"], "dimensions": [{"field": "members.full_name"}]}),
    ToolCall("query_metrics", {"metrics": ["income"], "dimensions": [{"field": "members.email"}], "limit": 3}),
    ToolCall("query_metrics", {"metrics": ["income"], "dimensions": [{"field": "members.member_id"}]}),
    ToolCall("query_metrics", {"metrics": ["message_count"], "dimensions": [{"field": "messages.body"}]}),
    ToolCall("query_metrics", {"listing": {"entity": "members", "fields": ["members.full_name", "members.email"]}}),
    ToolCall("query_metrics", {"metrics": ["income"], "filters": [{"field": "members.full_name", "op": "contains", "values": ["name41"]}]}),
    ToolCall("query_metrics", {"metrics": ["income"], "filters": [{"field": "members.full_name", "op": "in", "values": ["nobody"]}]}),
    ToolCall("free_sql", {"sql": "SELECT full_name, email FROM members LIMIT 5"}),
    ToolCall("free_sql", {"sql": "SELECT max(body) AS n, min(full_name) AS m FROM messages JOIN members USING (member_id)"}),
    ToolCall("free_sql", {"sql": "SELECT password_hash FROM members"}),
    ToolCall("query_metrics", {"metrics": ["income"], "dimensions": [{"field": "payments.sport"}]}),
    ToolCall("query_metrics", {"metrics": ["income"], "dimensions": [{"field": "members.region"}, {"field": "members.tier"}]}),
)


@pytest.fixture(scope="module")
def club(club_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    home = shutil.copytree(club_home, tmp_path_factory.mktemp("club") / "home")
    built = build(Settings(home=home, warehouse=str(CLUB)))
    yield built
    built.close()


def curious(number: list[int]) -> Callable[[Request], Reply]:
    """A model that looks into everything: three calls a turn, then a sentence."""

    def brain(request: Request) -> Reply:
        if results_of(request) >= 3:
            return Reply(text="That is what I saw.")
        number[0] += 1
        return Reply(calls=(CALLS[number[0] % len(CALLS)],))

    return brain


def test_no_personal_value_reaches_the_server(club: Assistant, record_property: Callable[[str, object], None]) -> None:
    """As the role `local`, which may see everything itself."""
    with OpenAiServer(curious([0])) as server:
        options = ModelOptions(model="test-model", base_url=server.url, free_sql=True, max_repairs=9)
        assistant = replace(club, mind=LanguageModelMind(options, club.tools, embedded=club.mind))
        answers = [assistant.ask(Question(text=text, thread="one long thread")) for text in QUESTIONS * 2]
        leaks = [match[0] for body in server.bodies for match in CANARY.finditer(body)]
    seen = str([a.to_json() for a in answers])
    size = sum(map(len, server.bodies))
    record_property("figures", f"{len(server.bodies)} requests, {size:,} bytes, {len(leaks)} canaries")
    print(f"\n{len(server.bodies)} requests, {size:,} bytes, {len(leaks)} canaries")
    assert leaks == []
    assert CANARY.search(seen.encode()), "the person still sees what the person may see"
    assert len(server.bodies) > 3 * len(QUESTIONS)


def test_a_named_person_travels_as_a_placeholder_and_comes_back(club: Assistant) -> None:
    def brain(request: Request) -> Reply:
        if results_of(request):
            return Reply(text="That is the income.")
        name = re.search(r"\[value \d+\]", request["messages"][1]["content"])
        assert name is not None
        filters = [{"field": "members.full_name", "op": "in", "values": [name[0]]}]
        return Reply(calls=(ToolCall("query_metrics", {"metrics": ["income"], "filters": filters}),))

    with OpenAiServer(brain) as server:
        mind = LanguageModelMind(ModelOptions(model="test-model", base_url=server.url), club.tools, embedded=club.mind)
        answer = replace(club, mind=mind).ask(Question(text="income of CanarySouthname41"))
        assert not any(CANARY.search(body) for body in server.bodies)
    assert answer.plan[0].arguments["filters"][0]["values"] == ["CanarySouthname41"]


def test_no_trace_goes_to_anybody_even_when_the_environment_asks_for_it(club: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    with OpenAiServer(curious([0])) as server, OpenAiServer(curious([0])) as eavesdropper:
        monkeypatch.setenv("LANGCHAIN_TRACING_V2", "true")
        for name, value in {"TRACING": "true", "TRACING_V2": "true", "ENDPOINT": eavesdropper.url, "API_KEY": "k"}.items():
            monkeypatch.setenv(f"LANGSMITH_{name}", value)
        mind = LanguageModelMind(ModelOptions(model="test-model", base_url=server.url), club.tools, embedded=club.mind)
        replace(club, mind=mind).ask(Question(text="income by region, if it pleases"))
        time.sleep(1.5)
        assert server.bodies
        assert eavesdropper.bodies == []


def test_groups_may_be_named_to_the_model(club: Assistant) -> None:
    def brain(request: Request) -> Reply:
        call: dict[str, Any] = {"metrics": ["income"], "dimensions": [{"field": "members.region"}]}
        return Reply(text="Fine.") if results_of(request) else Reply(calls=(ToolCall("query_metrics", call),))

    with OpenAiServer(brain) as server:
        mind = LanguageModelMind(ModelOptions(model="test-model", base_url=server.url), club.tools, embedded=club.mind)
        replace(club, mind=mind).ask(Question(text="income by region, if it pleases"))
        assert b"Islands" in server.bodies[-1]
