"""What the author of a model is told before people ask."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.minds.embedded.lint import Remark, lint
from assistant.minds.embedded.values import ValueIndex
from tools.core.semantics import SemanticModel
from tools.core.semantics.model import Route


def of_kind(remarks: tuple[Remark, ...], kind: str) -> list[str]:
    return [r.message for r in remarks if r.kind == kind]


def with_words(model: SemanticModel, metric: str, **words: tuple[str, ...]) -> SemanticModel:
    changed = replace(model.metrics[metric], language=replace(model.metrics[metric].language, **words))
    return replace(model, metrics={**model.metrics, metric: changed})


def test_names_words_that_two_figures_share(model: SemanticModel) -> None:
    clashing = with_words(model, "bookings", synonyms=("earnings",))
    assert "'earnings' names bookings and income: people are asked which one they mean." in of_kind(lint(clashing), "collision")


def test_names_words_that_are_declared_absent(model: SemanticModel) -> None:
    clashing = with_words(model, "income", synonyms=("profit",))
    assert any(m.startswith("'profit' is declared absent (profit) and names income") for m in of_kind(lint(clashing), "collision"))


def test_shows_questions_that_do_not_come_back_as_meant(model: SemanticModel) -> None:
    assert of_kind(lint(model), "misreading") == []
    trap = with_words(model, "cancellation_rate", synonyms=("income by payment method",))
    assert any("“income by payment method” reads as “Cancellation rate" in m for m in of_kind(lint(trap), "misreading"))


def test_shows_at_most_ten_misreadings(model: SemanticModel) -> None:
    trap = with_words(model, "income", synonyms=tuple(f"zorp{n} blarg" for n in "abcdefghijklm"), verbs=())
    hidden = with_words(trap, "bookings", synonyms=tuple(f"zorp{n} blarg" for n in "abcdefghijklm"))
    assert len(of_kind(lint(hidden), "misreading")) == 10


def test_names_fields_that_nothing_can_be_split_by(model: SemanticModel) -> None:
    lonely = replace(model, relationships=tuple(r for r in model.relationships if r.to_dataset != "courses"))
    assert any("fields of courses" in m for m in of_kind(lint(lonely), "unreachable"))


def test_names_routes_without_a_meaning(model: SemanticModel) -> None:
    routes = (Route(from_dataset="bookings", to_dataset="members", via=("booking_member",)),)
    assert of_kind(lint(replace(model, routes=routes)), "route") == [
        "The route from bookings to members says no meaning: nobody can tell it from the other ways."
    ]


def test_names_values_that_look_like_numbers(model: SemanticModel) -> None:
    values = ValueIndex({"members.level": [("1", 5), ("2", 3)]}, {})
    assert of_kind(lint(model, values), "number") == [
        "Values of members.level look like numbers (1, 2): they are read beside “fitness level” only."
    ]


def test_counts_figures_without_a_verb(model: SemanticModel) -> None:
    assert of_kind(lint(model), "no verb") == ["3 figures have no verb: members, studios and cancellation rate."]


@pytest.mark.parametrize("kind", ["collision", "unreachable", "route"])
def test_the_gym_is_free_of_the_grave_kinds(kind: str, model: SemanticModel) -> None:
    assert of_kind(lint(model), kind) == []
