"""Help: what can be asked, what a word means, which values a field has."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from assistant.minds.embedded.help import help_with
from assistant.minds.embedded.mind import EmbeddedMind, QuestionReader
from assistant.minds.embedded.values import ValueIndex
from assistant.turn import MindContext, Question, Told


def told(text: str, reader: QuestionReader, context: MindContext) -> Told:
    found = help_with(text, reader, context)
    assert found is not None, text
    return found


@pytest.mark.parametrize(
    "text", ["What can I ask?", "help", "what can you do", "Which metrics do you have?", "What kind of questions can I ask?"]
)
def test_lists_the_figures_by_area(text: str, reader: QuestionReader, context: MindContext) -> None:
    answer = told(text, reader, context)
    assert answer.headline == "You can ask for 6 figures, split, filtered, ranked and compared over time."
    assert "- **payments**: income, income per member" in answer.text
    assert "- **bookings**: bookings, cancellation rate" in answer.text
    assert [q.question for q in answer.nearest] == ["Income by month", "Which studios earned the most?"]


def test_lists_only_the_area_that_is_named(reader: QuestionReader, context: MindContext) -> None:
    text = told("What can I ask about bookings?", reader, context).text
    assert "**bookings**" in text
    assert "**payments**" not in text


def test_shows_no_figure_that_the_asker_cannot_ask_for(reader: QuestionReader, context: MindContext, monkeypatch: Any) -> None:
    monkeypatch.setattr(reader, "can_run", lambda query, asked: query.metrics[0].metric != "income")
    assert "income," not in told("What can I ask?", reader, context).text
    assert help_with("What does income mean?", reader, context) is None


@pytest.mark.parametrize("text", ["What does income mean?", "How is income calculated?", "define income", "What is meant by 'earnings'?"])
def test_says_how_a_figure_is_computed(text: str, reader: QuestionReader, context: MindContext) -> None:
    assert "Computed as: `SUM(payments.amount)`" in told(text, reader, context).text


@pytest.mark.parametrize("text", ["What is a tariff?", "what's a tariff"])
def test_says_what_a_thing_is(text: str, reader: QuestionReader, context: MindContext) -> None:
    assert told(text, reader, context).headline == "Tariff: a field of members."


def test_a_figure_after_an_article_is_still_asked_for(reader: QuestionReader, context: MindContext) -> None:
    assert help_with("What is an average income per member?", reader, context) is None


def test_lists_the_values_of_a_field_in_their_order(reader: QuestionReader, context: MindContext) -> None:
    answer = told("Which values does age group have?", reader, context)
    assert answer.headline == "Age group has 4 values."
    assert "18-29, 30-44, 45-59, 60+" in answer.text


def test_lists_only_values_that_the_asker_may_see(reader: QuestionReader, context: MindContext) -> None:
    scoped = reader.with_values(ValueIndex({"studios.city": [("Nice", 8)]}, {}))
    assert "Lyon" in told("What are the values of city?", reader, context).text
    assert "Lyon" not in told("What are the values of city?", scoped, context).text


def test_a_field_that_may_not_be_read_has_no_help(reader: QuestionReader, context: MindContext) -> None:
    rights: Any = SimpleNamespace(may_read=lambda source, column: column != "city")
    limited = MindContext(warehouse=context.warehouse, rights=rights, as_of=context.as_of)
    assert help_with("Which values does city have?", reader, limited) is None


@pytest.mark.parametrize(
    "text", ["How many members do we have?", "what does a member spend", "income by month", "What does yoga mean for Lyon?"]
)
def test_questions_about_the_business_are_no_help(text: str, reader: QuestionReader, context: MindContext) -> None:
    assert help_with(text, reader, context) is None


def test_the_mind_answers_help_without_a_tool(reader: QuestionReader, context: MindContext) -> None:
    thinking = EmbeddedMind.from_reader(reader).think(Question(text="What can I ask?"), context)
    with pytest.raises(StopIteration) as stop:
        next(thinking)
    assert isinstance(stop.value.value, Told)
