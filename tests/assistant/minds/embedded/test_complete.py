"""Completing a question while it is typed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from assistant.minds.embedded.complete import complete
from assistant.minds.embedded.mind import EmbeddedMind, QuestionReader
from assistant.minds.embedded.values import ValueIndex
from assistant.turn import MindContext


def texts(reader: QuestionReader, context: MindContext, prefix: str) -> list[str]:
    return [s.text for s in complete(prefix, reader, context)]


def test_an_empty_field_shows_the_models_starters(reader: QuestionReader, context: MindContext) -> None:
    assert texts(reader, context, "") == ["Income by month", "Which studios earned the most?"]


def test_a_begun_word_becomes_a_figure_once(reader: QuestionReader, context: MindContext) -> None:
    assert texts(reader, context, "show me inc")[0] == "show me income"
    assert len({s.label for s in complete("inc", reader, context)}) == len(complete("inc", reader, context))


def test_by_is_followed_by_a_grouping_of_that_figure(reader: QuestionReader, context: MindContext) -> None:
    shown = complete("income by ci", reader, context)
    assert [(s.text, s.kind) for s in shown] == [("income by city", "grouping")]
    assert all(s.kind == "grouping" for s in complete("bookings by ", reader, context))


def test_a_grouping_that_the_figure_does_not_have_is_not_shown(reader: QuestionReader, context: MindContext) -> None:
    assert texts(reader, context, "income by course") == []
    assert "bookings by course" in texts(reader, context, "bookings by cour")


def test_a_stored_value_is_found_by_any_of_its_words(reader: QuestionReader, context: MindContext) -> None:
    assert "bookings in AQUA FITNESS" in texts(reader, context, "bookings in fit")


def test_values_that_the_asker_may_not_see_are_not_shown(reader: QuestionReader, context: MindContext) -> None:
    scoped = reader.with_values(ValueIndex({"studios.city": [("Nice", 8)]}, {}))
    assert "income in Lyon" in texts(reader, context, "income in L")
    assert "income in Lyon" not in texts(scoped, context, "income in L")


def test_fields_that_the_asker_may_not_read_are_not_shown(reader: QuestionReader, context: MindContext, monkeypatch: Any) -> None:
    def may_not_read_cities(source: str, column: str) -> bool:
        return column != "city"

    rights: Any = SimpleNamespace(may_read=may_not_read_cities, row_rules={}, min_group_size=0, user="x", role="y", policy_version="1")
    monkeypatch.setattr(reader, "can_run", lambda query, asked: True)
    limited = MindContext(warehouse=context.warehouse, rights=rights, as_of=context.as_of)
    assert texts(reader, limited, "income by ci") == []
    assert texts(reader, limited, "income in Ni") == []


def test_the_mind_completes_for_the_asker(reader: QuestionReader, context: MindContext) -> None:
    assert EmbeddedMind.from_reader(reader).complete("Which stud", context)[0].text == "Which studios earned the most?"


def test_nothing_is_made_up_for_unknown_or_pasted_text(reader: QuestionReader, context: MindContext) -> None:
    assert texts(reader, context, "zzz") == []
    assert texts(reader, context, "income " * 200) == []
