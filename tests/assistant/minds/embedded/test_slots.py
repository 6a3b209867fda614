"""Signs that a word stands in the wrong slot."""

from __future__ import annotations

import pytest

from assistant.minds.embedded.mind import QuestionReader
from assistant.minds.embedded.slots import slot_evidence
from assistant.turn import MindContext


def signs(text: str, reader: QuestionReader, context: MindContext) -> dict[str, float]:
    return {name: value for name, value in slot_evidence(reader.readings(reader.tokens(text)[0], context)[0]).items() if value}


@pytest.mark.parametrize("text", ["income by city in May 2024", "top 3 studios by income in Q2", "income of Lyon and Nice"])
def test_a_plan_whose_words_stand_where_they_belong_shows_none(text: str, reader: QuestionReader, context: MindContext) -> None:
    assert not set(signs(text, reader, context)) & {"idle_words", "by_verb", "uncoordinated", "number_before_noun", "unasked_list"}


def test_names_a_figure_that_only_a_verb_says(reader: QuestionReader, context: MindContext) -> None:
    assert "by_verb" in signs("what did members pay in May 2024", reader, context)


def test_counts_words_of_the_model_that_only_support_others(reader: QuestionReader, context: MindContext) -> None:
    assert signs("how much income did members bring in May 2024", reader, context).get("idle_words", 0) > 0
    assert "idle_words" not in signs("income in May 2024", reader, context)


def test_a_value_that_may_belong_to_several_fields_is_one_sign(reader: QuestionReader, context: MindContext) -> None:
    assert "several_fields" in signs("income of Lyon", reader, context)
    assert "several_fields" not in signs("income of Nice", reader, context)
