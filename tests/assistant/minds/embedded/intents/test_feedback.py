"""Questions to what customers wrote, over a bakery: the steps that they become, and what stays a figure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant, Question, Settings, Status, build
from assistant.minds.look_ahead import look_ahead
from assistant.turn import MindContext, PastTurn, Step

BAKERY = Path(__file__).parents[4] / "tools" / "feedback" / "bakery"
UNHAPPY = ["negative", "mixed"]
SOUTH = [{"field": "guests.region", "op": "in", "values": ["South"]}]
QUESTIONS: dict[str, dict[str, Any]] = {
    "What do guests complain about?": {"show": "themes", "sentiment": UNHAPPY},
    "What are people saying?": {"show": "themes"},
    "Why are guests in the South unhappy?": {"show": "themes", "sentiment": UNHAPPY, "filters": SOUTH},
    "What do guests in the South praise?": {"show": "themes", "sentiment": ["positive"], "filters": SOUTH},
    "the three biggest complaints": {"show": "themes", "sentiment": UNHAPPY, "limit": 3},
    "Any remarks on packaging?": {"show": "themes", "about": "packaging"},
    "What do people think of our opening hours?": {"show": "themes", "about": "opening hours"},
    "Do people complain about queues at the till?": {"show": "themes", "sentiment": UNHAPPY, "about": "queues at the till"},
    "What do guests in the South say that others don't?": {"show": "distinctive", "filters": SOUTH},
    "Which products get most complaints about quality?": {"show": "products", "sentiment": UNHAPPY, "about": "quality"},
    "How do we compare with Crustico in what people say?": {"show": "competitors", "competitor": "Crustico"},
    "mill & more versus us": {"show": "competitors", "competitor": "Mill & More"},
    "Did complaints about late parcels fall after 1 June 2025?": {
        "show": "before_after",
        "about": "late parcels",
        "changed_on": "2025-06-01",
    },
    "Let me read five quotes about parcels": {"show": "records", "about": "parcels", "limit": 5},
    "Show me reviews about torn boxes": {"show": "records", "sources": ["review"], "about": "torn boxes"},
    "What do people think of parcels compared with last year?": {"show": "themes", "about": "parcels"},
    "What bothers people most about the packaging?": {"show": "themes", "sentiment": UNHAPPY, "about": "packaging"},
    "Do people mention the queues?": {"show": "themes", "about": "queues"},
    "What are the top three gripes of people in the South?": {"show": "themes", "sentiment": UNHAPPY, "limit": 3, "filters": SOUTH},
    "Are complaints about parcels getting worse?": {"show": "before_after", "about": "parcels", "sentiment": UNHAPPY},
    "Is the praise for parcels growing?": {"show": "before_after", "about": "parcels", "sentiment": ["positive"]},
    "What are the complaints since May 2025?": {"show": "themes", "window": {"start": "2025-05-01"}},
}
FIGURES = ("number of feedback texts", "negative share of feedback by month", "average sentiment by feedback topic", "letters by month")


@pytest.fixture(scope="module")
def bakery(bakery_home: Path) -> Iterator[Assistant]:
    built = build(Settings(home=bakery_home, warehouse=str(BAKERY)))
    yield built
    built.close()


def steps_of(bakery: Assistant, text: str, after: Step | None = None) -> tuple[Step, ...]:
    previous = PastTurn(question="?", steps=(after,), sentence="") if after is not None else None
    rights = bakery.rights_book.rights_for(None)
    context = MindContext(warehouse=bakery.warehouse, rights=rights, as_of=bakery.warehouse.as_of, previous=previous)
    ahead = look_ahead(bakery.mind, Question(text=text), context)
    return ahead.plans[0] if ahead.plans else ()


@pytest.mark.parametrize(("question", "arguments"), QUESTIONS.items())
def test_a_question_to_the_texts_is_a_search(question: str, arguments: dict[str, Any], bakery: Assistant) -> None:
    (step,) = steps_of(bakery, question)
    assert step.tool == "search_feedback"
    assert {name: step.arguments.get(name) for name in arguments} == arguments


@pytest.mark.parametrize(
    ("question", "unexplained"),
    {
        "What do our best customers praise?": "best",
        "What do the top customers complain about?": "top",
        "What do our youngest customers complain about?": "youngest",
        "What do people think of parcels compared with last year?": "compared",
    }.items(),
)
def test_words_that_could_change_whose_words_are_meant_are_asked_about(question: str, unexplained: str, bakery: Assistant) -> None:
    answer = bakery.ask(Question(text=question))
    assert answer.status == "offered"
    assert f"'{unexplained}'" in answer.text


def test_texts_of_two_groups_are_not_shown_as_a_comparison_without_saying_so(bakery: Assistant) -> None:
    answer = bakery.ask(Question(text="Do guests in the South write more complaints than in the North?"))
    assert answer.status != "answered"


@pytest.mark.parametrize("question", ["posts about us on Facebook", "What are people saying on Chirper?"])
def test_where_something_was_written_is_not_what_it_is_about(question: str, bakery: Assistant) -> None:
    assert bakery.ask(Question(text=question)).status == "declined"


@pytest.mark.parametrize("question", FIGURES)
def test_a_figure_over_texts_stays_a_figure(question: str, bakery: Assistant) -> None:
    assert [step.tool for step in steps_of(bakery, question)] == ["query_metrics"]


def test_a_fragment_changes_whom_or_what_the_search_is_about(bakery: Assistant) -> None:
    (first,) = steps_of(bakery, "What do guests complain about?")
    (south,) = steps_of(bakery, "and in the South?", after=first)
    assert (south.arguments["filters"], south.arguments["sentiment"]) == (SOUTH, UNHAPPY)


def test_the_answer_says_n_of_all_with_quotes_and_neutral_markdown(bakery: Assistant) -> None:
    answer = bakery.ask(Question(text="What do guests complain about?"))
    assert answer.status is Status.ANSWERED
    assert answer.headline.startswith("Late delivery leads: ")
    assert len(answer.quotes) >= 2


def test_orders_and_links_inside_a_quote_are_shown_as_plain_words(bakery: Assistant) -> None:
    from assistant.render import markdown

    answer = bakery.ask(Question(text="Let me read five quotes about parcels"))
    page = markdown.quotes(answer) + markdown.quotes(bakery.ask(Question(text="Show me quotes about recalled bread")))
    assert "evil" in page, "the text is quoted"
    assert not re.search(r"(?<!\\)[<\[]", page)
