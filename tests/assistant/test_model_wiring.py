"""From settings to an answer by a language model: proof, usage, who read it, and what is configured wrongly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from language_model_bench import ODD, always, query
from openai_server import Fault, OpenAiServer

from assistant import Assistant, Question, Settings, Status, build
from tools.core.errors import SetupProblem

PROSE = "GROCERY leads with $196,429.58 in March 2017. DRUG GM made $99.00."


@pytest.fixture
def server() -> Iterator[OpenAiServer]:
    with OpenAiServer(always(query(), PROSE)) as started:
        yield started


@pytest.fixture
def with_model(settings: Settings, server: OpenAiServer) -> Iterator[Assistant]:
    values: dict[str, Any] = {"model": "test-model", "model_url": server.url, "model_price_in": 2.0}
    with_it = build(settings.model_copy(update=values))
    yield with_it
    with_it.close()


def test_unproven_sentences_give_way_and_are_counted(with_model: Assistant) -> None:
    said: list[str] = []
    answer = with_model.ask(Question(text=ODD), say=said.append)
    assert answer.text.startswith("GROCERY leads with $196,429.58 in March 2017.")
    assert "$99" not in answer.text + "".join(said)
    assert (answer.proof.proven, answer.proof.replaced) == (2, 1)
    assert answer.mind == "test-model"
    assert answer.usage.tokens_in > 1000
    assert answer.usage.cost > 0


def test_the_headline_stays_our_own(with_model: Assistant) -> None:
    assert with_model.ask(Question(text=ODD)).headline.startswith("GROCERY has the highest revenue")


def test_a_sure_question_costs_nothing(with_model: Assistant) -> None:
    answer = with_model.ask(Question(text="Revenue by department in March 2017"))
    assert (answer.mind, answer.usage.tokens_in) == ("embedded", 0)


def test_steps_that_were_given_up_are_no_part_of_the_answer(with_model: Assistant, server: OpenAiServer) -> None:
    server.fault_of = lambda number, _request: Fault("status", status=400) if number else None
    answer = with_model.ask(Question(text=ODD))
    assert answer.mind == "embedded"
    assert answer.status in (Status.ANSWERED, Status.OFFERED)
    assert len(answer.steps) == len(answer.tables) == 1


def test_a_mind_without_an_endpoint_is_a_setting_to_correct(settings: Settings) -> None:
    with pytest.raises(SetupProblem, match="needs a language model"):
        build(settings.model_copy(update={"mind": "model", "model": ""}))
