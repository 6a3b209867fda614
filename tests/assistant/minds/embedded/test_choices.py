"""Ambiguous phrases whose meaning somebody decided: nobody is asked again, and the answer says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from assistant.minds.embedded import EmbeddedMind
from assistant.minds.embedded.choices import chosen_of, meaning_of
from assistant.minds.embedded.mind import QuestionReader
from assistant.minds.embedded.outcomes import step_of
from assistant.turn import Clarification, MindContext, Question
from tools.core.query.metric_query import MetricQuery
from tools.core.semantics.model import Choice


def decided(reader: QuestionReader, *choices: Choice) -> QuestionReader:
    return QuestionReader(replace(reader.model, choices=choices), reader.values)


def read(reader: QuestionReader, text: str, context: MindContext) -> list[Any]:
    return reader.readings(reader.tokens(text)[0], context)


@pytest.mark.parametrize(
    ("text", "phrase", "option", "means"),
    [
        ("How is income lately?", "lately", 1, {"window": {"last_n": 3, "unit": "month"}}),
        ("good studios", "good", 0, "income"),
    ],
)
def test_a_chosen_option_decides_the_phrase_in_other_questions(
    text: str, phrase: str, option: int, means: object, reader: QuestionReader, context: MindContext
) -> None:
    options = [r.query for r in read(reader, text, context) if r.query is not None]
    found = EmbeddedMind.from_reader(reader).choice_in(text, (step_of(options[option]),), context)
    assert found == (phrase, means)
    (settled,) = read(decided(reader, Choice(phrase=phrase, means=means)), text, context)  # type: ignore[arg-type]
    assert settled.query == options[option]
    assert settled.notes[-1] == f"'{phrase}' is read as was decided for this data"


def test_what_is_decided_for_one_phrase_leaves_others_open(reader: QuestionReader, context: MindContext) -> None:
    settled = decided(reader, Choice(phrase="lately", means={"window": {"last_n": 7, "unit": "day"}}))
    assert [r.query.window.last_n for r in read(settled, "income by city lately", context)] == [7]
    outcome = next(iter(_outcomes(settled, "good studios", context)))
    assert isinstance(outcome, Clarification)


def _outcomes(reader: QuestionReader, text: str, context: MindContext) -> list[Any]:
    thinking = EmbeddedMind.from_reader(reader).think(Question(text=text), context)
    try:
        while True:
            next(thinking)
    except StopIteration as stop:
        return [stop.value]


def test_a_choice_that_fits_no_reading_or_several_decides_nothing() -> None:
    one, other = (MetricQuery.model_validate({"metrics": ["income"], "limit": n}) for n in (3, 5))
    assert chosen_of("many", [one, other], [Choice(phrase="many", means="income")]) is None
    assert chosen_of("many", [one, other], [Choice(phrase="many", means="gone")]) is None
    assert chosen_of("Many", [None, one, other], [Choice(phrase="many", means={"limit": 5})]) == 2
    assert chosen_of("few", [one, other], [Choice(phrase="many", means={"limit": 5})]) is None


def test_a_condition_is_kept_without_the_period_of_its_question() -> None:
    plans = [
        {
            "metrics": ["members"],
            "entity_conditions": [{"entity": "members", "metric": "income", "op": "ge", "value": value, "window": MAY}],
        }
        for value in (90.0, 75.0)
    ]
    big, bigger = map(MetricQuery.model_validate, plans)
    means = meaning_of(big, [bigger])
    assert means == {"entity_conditions": [{"entity": "members", "metric": "income", "value": 90.0}]}
    assert chosen_of("big", [bigger, big], [Choice(phrase="big", means=means)]) == 1


MAY = {"start": "2024-05-01", "end": "2024-05-31"}


def test_plans_that_differ_in_more_than_one_thing_decide_nothing() -> None:
    one = MetricQuery.model_validate({"metrics": ["income"], "limit": 3})
    other = MetricQuery.model_validate({"metrics": ["income"], "limit": 5, "window": MAY})
    assert meaning_of(other, [one]) is None
