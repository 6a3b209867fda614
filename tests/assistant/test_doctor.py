"""What `assistant doctor` says of a language-model endpoint: one question is really asked."""

from __future__ import annotations

from language_model_bench import TOTAL, always, query
from openai_server import OpenAiServer

from assistant import Settings
from assistant.doctor import Examined, examine


def _model_line(settings: Settings, **changes: object) -> Examined:
    found = examine(settings.model_copy(update={"model": "test-model", **changes}))
    return next(one for one in found if one.what == "Language model")


def test_an_endpoint_that_calls_tools_is_reported_with_its_time_and_tokens(settings: Settings) -> None:
    with OpenAiServer(always(query(TOTAL), "That is the figure.")) as server:
        line = _model_line(settings, model_url=server.url)
    assert line.ok
    assert line.detail.startswith("test-model answered a first question in ")
    assert line.detail.endswith(" tokens")


def test_a_refused_key_is_named_with_the_settings_to_check(settings: Settings) -> None:
    with OpenAiServer(always(query(TOTAL), "Fine."), key="right") as server:
        line = _model_line(settings, model_url=server.url)
    assert not line.ok
    assert "refused the key" in line.detail
    assert "ASSISTANT_MODEL_KEY" in line.detail


def test_an_endpoint_that_only_talks_is_no_planner(settings: Settings) -> None:
    with OpenAiServer(always("Revenue was five.")) as server:
        line = _model_line(settings, model_url=server.url)
    assert not line.ok
    assert line.detail.startswith("The language model made no plan for this question.")


def test_without_a_model_there_is_nothing_to_examine(settings: Settings) -> None:
    assert all(one.what != "Language model" for one in examine(settings))
