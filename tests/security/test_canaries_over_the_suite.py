"""A whole suite through the language-model mind over a shop full of canaries: none of them is among the bytes that were sent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from canary_shop import CANARY, build_canary_shop
from openai_server import OpenAiServer, Reply, Request, ToolCall
from rule_model import results_of

from assistant import Assistant, Question, Settings, Status, build
from assistant.minds.language_model import LanguageModelMind, ModelOptions
from evals.cases import read_suite

_READING = re.compile(r"- a possible reading: (\{.*\})")
CURIOUS = (
    ToolCall("free_sql", {"sql": "SELECT first_name, last_name, email, phone FROM core.customer_contact LIMIT 5"}),
    ToolCall("free_sql", {"sql": "SELECT text, title FROM voice.review LIMIT 5"}),
    ToolCall("free_sql", {"sql": "SELECT max(transcript) AS t, min(search_term) AS s FROM service.call, behaviour.web_event"}),
    ToolCall("free_sql", {"sql": "SELECT birth_date, postcode, count(*) AS n FROM core.customer_contact GROUP BY ALL"}),
    ToolCall("free_sql", {"sql": "SELECT author_hash FROM voice.social_mention LIMIT 5"}),
    ToolCall("query_metrics", {"listing": {"entity": "customers"}, "limit": 20}),
    ToolCall("query_metrics", {"metrics": ["revenue"], "dimensions": [{"field": "customers.customer_id"}], "limit": 5}),
    ToolCall("churn", {"show": "customers"}),
    ToolCall("churn", {"show": "drivers"}),
    ToolCall("lifetime_value", {"show": "customers"}),
    ToolCall("next_best_action", {"show": "list"}),
    ToolCall("recommendations", {}),
    ToolCall("customer_profile", {"customer_id": 7}),
    ToolCall("customer_profile", {"search": "Canaryfirst"}),
    ToolCall("search_feedback", {}),
    ToolCall("search_feedback", {"show": "records", "about": "late parcels"}),
    ToolCall("query_metrics", {"metrics": ["feedback_count"], "dimensions": [{"field": "feedback.topic"}]}),
    ToolCall("query_metrics", {"metrics": ["feedback_count"], "dimensions": [{"field": "feedback.text"}]}),
    ToolCall("attribution", {}),
    ToolCall("explain_change", {"metric": "revenue"}),
)
"""What a model that wants to know more than it is told would ask for."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    home = tmp_path_factory.mktemp("canary-home")
    built = build(Settings(home=home), warehouse=build_canary_shop(home, customers=400))
    yield built
    built.close()


def _follows_the_help() -> Callable[[Request], Reply]:
    """Takes the embedded reading that it was given, then looks into something that it should not see, then ends."""
    asked = [0]

    def brain(request: Request) -> Reply:
        reading = _READING.search(str(request["messages"][1]["content"]))
        done = results_of(request)
        if done == 0 and reading is not None:
            return Reply(calls=(ToolCall("query_metrics", json.loads(reading[1])),))
        if done <= 1:
            asked[0] += 1
            return Reply(calls=(CURIOUS[asked[0] % len(CURIOUS)],))
        return Reply(text="That is what I saw.")

    return brain


@pytest.mark.slow
def test_no_canary_of_the_shop_is_sent_while_a_suite_is_asked(shop: Assistant) -> None:
    """As the role `local`, which may see everything itself."""
    questions = [case.question for case in read_suite("demo").cases][::12]
    with OpenAiServer(_follows_the_help()) as server:
        options = ModelOptions(model="test-model", base_url=server.url, free_sql=True, max_repairs=9)
        assistant = replace(shop, mind=LanguageModelMind(options, shop.tools, embedded=shop.mind))
        answers = [assistant.ask(Question(text=text)) for text in questions]
        leaks = {match[0] for body in server.bodies for match in CANARY.finditer(body)}
        sent = sum(map(len, server.bodies))
    print(f"\n{len(questions)} questions, {len(server.bodies)} requests, {sent:,} bytes, {len(leaks)} canaries")
    assert leaks == set()
    assert any(CANARY.search(str(answer.to_json()).encode()) for answer in answers), "the person still sees what the person may see"
    assert len(server.bodies) > len(questions)


@pytest.mark.slow
def test_a_question_in_three_steps_streams_its_steps_and_names_nobody(shop: Assistant) -> None:
    """Who may leave, what they complain about, what to do: the model hands the same group from tool to tool without seeing who is in it."""
    group = {"filters": [{"field": "churn.churn_risk", "op": "in", "values": ["medium", "high"]}]}
    calls = (
        ToolCall("churn", {"show": "customers", **group}),
        ToolCall("search_feedback", {"sentiment": ["negative", "mixed"], **group}),
        ToolCall("next_best_action", {"show": "summary", **group}),
    )

    def brain(request: Request) -> Reply:
        done = results_of(request)
        return Reply(calls=(calls[done],)) if done < len(calls) else Reply(text="Their complaints are listed below.")

    steps: list[str] = []
    with OpenAiServer(brain) as server:
        mind = LanguageModelMind(ModelOptions(model="test-model", base_url=server.url), shop.tools, embedded=shop.mind)
        question = Question(text="Who may leave, what annoys them, and what is to be done?")
        answer = replace(shop, mind=mind).ask(question, progress=steps.append)
        assert not [body for body in server.bodies if CANARY.search(body)]
    assert answer.status is Status.ANSWERED
    assert [step.tool for step in answer.steps] == ["churn", "search_feedback", "next_best_action"]
    assert answer.trust is not None
    assert answer.trust.grade == "modelled"
    assert steps.index("Asking the language model") < len(steps) - 1
    assert {table.title for table in answer.tables} >= {answer.tables[0].title}
    assert answer.quotes
