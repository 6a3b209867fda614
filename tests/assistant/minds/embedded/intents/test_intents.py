"""Questions that belong to a tool of their own, over the refreshed demo: their steps, what stays a figure, and follow-ups."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from assistant import Assistant, Question, Settings, Status, build
from assistant.minds.embedded.mind import EmbeddedMind
from assistant.minds.look_ahead import look_ahead
from assistant.turn import Decline, MindContext, PastTurn, Step
from tools.core.query import EntityCondition

CASES = yaml.safe_load((Path(__file__).parent / "questions.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def shop(demo_home: Path) -> Iterator[Assistant]:
    built = build(Settings(home=demo_home, warehouse="demo"))
    yield built
    built.close()


def context_of(shop: Assistant, *, after: Step | None = None, user: str | None = None) -> MindContext:
    previous = PastTurn(question="?", steps=(after,), sentence="") if after is not None else None
    return MindContext(warehouse=shop.warehouse, rights=shop.rights_book.rights_for(user), as_of=shop.warehouse.as_of, previous=previous)


def steps_of(shop: Assistant, text: str, *, after: Step | None = None) -> tuple[Step, ...]:
    ahead = look_ahead(shop.mind, Question(text=text), context_of(shop, after=after))
    return ahead.plans[0] if ahead.plans else ()


def filters_of(step: Step) -> dict[str, list[Any]]:
    return {f["field"]: f["values"] for f in step.arguments.get("filters", ())}


def deeds_of(step: Step) -> list[str]:
    conditions = [EntityCondition.model_validate(c) for c in step.arguments.get("entity_conditions", ())]
    return [f"{c.fact or c.metric} {c.op} {c.value:g}" for c in conditions]


@pytest.mark.parametrize("case", [c for c in CASES if "tool" in c], ids=lambda c: c["q"])
def test_an_intent_reads_to_the_step_of_its_tool(case: dict[str, Any], shop: Assistant) -> None:
    (step,) = steps_of(shop, case["q"])
    assert (step.tool, step.arguments["show"]) == (case["tool"], case["show"])
    assert filters_of(step) == case.get("filters", {})
    assert deeds_of(step) == case.get("conditions", [])
    for name in ("limit", "customer_ids", "what_if"):
        assert step.arguments.get(name) == case.get(name)


@pytest.mark.parametrize("case", [c for c in CASES if "figure" in c], ids=lambda c: c["q"])
def test_a_question_about_figures_stays_one(case: dict[str, Any], shop: Assistant) -> None:
    steps = steps_of(shop, case["q"])
    assert [step.tool for step in steps] == ["query_metrics"]


@pytest.mark.parametrize("case", [c for c in CASES if c.get("tool", "search_feedback") != "search_feedback"], ids=lambda c: c["q"])
def test_what_an_intent_answers_can_be_suggested(case: dict[str, Any], shop: Assistant) -> None:
    assert isinstance(shop.mind, EmbeddedMind)
    assert shop.mind.is_answerable(case["q"], context_of(shop))


def test_a_fragment_changes_the_step_before(shop: Assistant) -> None:
    (first,) = steps_of(shop, "who is likely to leave in the North")
    (elsewhere,) = steps_of(shop, "and in the South?", after=first)
    assert (elsewhere.tool, elsewhere.arguments["show"], filters_of(elsewhere)) == ("churn", "customers", {"customers.region": ["South"]})
    (why,) = steps_of(shop, "why?", after=elsewhere)
    assert (why.arguments["show"], filters_of(why)) == ("drivers", {"customers.region": ["South"]})
    (listed,) = steps_of(shop, "show me the customers", after=why)
    assert (listed.arguments["show"], filters_of(listed)) == ("customers", {"customers.region": ["South"]})


def test_a_new_question_after_a_step_of_a_tool_is_read_on_its_own(shop: Assistant) -> None:
    (first,) = steps_of(shop, "who is likely to leave in the North")
    (second,) = steps_of(shop, "revenue by region", after=first)
    assert second.tool == "query_metrics"
    assert "filters" not in second.arguments


def test_one_customer_gets_the_page_and_the_next_one_after_it(shop: Assistant) -> None:
    (page,) = steps_of(shop, "tell me about customer 17")
    assert (page.tool, page.arguments) == ("customer_profile", {"customer_id": 17})
    (other,) = steps_of(shop, "and customer 12?", after=page)
    assert other.arguments == {"customer_id": 12}


def test_them_are_those_whom_the_list_before_was_about(shop: Assistant) -> None:
    (leavers,) = steps_of(shop, "who is likely to leave in the North")
    (action,) = steps_of(shop, "what should we do about them", after=leavers)
    assert (action.tool, action.arguments["show"]) == ("next_best_action", "summary")
    assert filters_of(action) == {"customers.region": ["North"], "churn.churn_risk": ["medium", "high"]}


@pytest.mark.parametrize(
    ("before", "filters", "deeds"),
    [
        ("who is about to leave", {"churn.churn_risk": ["medium", "high"]}, []),
        ("which customers in the South are at risk", {"churn.churn_risk": ["high", "medium"], "customers.region": ["South"]}, []),
        ("who returned something in May 2026", {}, ["returns ge 1"]),
        ("top 10 customers by revenue", {}, ["revenue ge 1"]),
        ("tell me about customer 17", {"customers.customer_id": [17]}, []),
    ],
)
@pytest.mark.parametrize(
    "question", ["what do they complain about", "what are these customers unhappy about", "what should we do about it"]
)
def test_whoever_the_step_before_was_about_goes_along(
    before: str, filters: dict[str, Any], deeds: list[str], question: str, shop: Assistant
) -> None:
    (step,) = steps_of(shop, question, after=steps_of(shop, before)[-1])
    assert step.tool in ("search_feedback", "next_best_action")
    assert {name: sorted(values, key=str) for name, values in filters_of(step).items()} == {
        k: sorted(v, key=str) for k, v in filters.items()
    }
    assert deeds_of(step) == deeds


def test_figures_of_them_are_of_those_whom_a_step_of_another_tool_was_about(shop: Assistant) -> None:
    (leavers,) = steps_of(shop, "who is likely to leave in the North")
    (step,) = steps_of(shop, "how much revenue do they bring", after=leavers)
    assert (step.tool, step.arguments["metrics"]) == ("query_metrics", [{"metric": "revenue"}])
    assert filters_of(step) == {"customers.region": ["North"], "churn.churn_risk": ["medium", "high"]}
    (page,) = steps_of(shop, "tell me about customer 17")
    (step,) = steps_of(shop, "how much did she spend last year", after=page)
    assert filters_of(step) == {"customers.customer_id": [17]}


def test_how_many_they_are_is_a_figure_after_any_step(shop: Assistant) -> None:
    (leavers,) = steps_of(shop, "who is likely to leave in the North")
    (step,) = steps_of(shop, "how many are they", after=leavers)
    assert (step.tool, step.arguments["metrics"]) == ("query_metrics", [{"metric": "customers"}])
    assert filters_of(step) == {"customers.region": ["North"], "churn.churn_risk": ["medium", "high"]}


def test_they_of_a_question_that_was_only_offered_are_offered_too(shop: Assistant) -> None:
    assert shop.ask(Question(text="who are our best customers", thread="not confirmed")).status is Status.OFFERED
    answer = shop.ask(Question(text="what should we do about them", thread="not confirmed"))
    assert answer.status is Status.OFFERED
    assert "was offered and not confirmed" in answer.text


def test_what_says_nothing_of_the_people_is_named_when_it_is_left_behind(shop: Assistant) -> None:
    sold = shop.ask(Question(text="revenue of gold members in the app", thread="left behind"))
    assert sold.status is Status.ANSWERED
    answer = shop.ask(Question(text="what should we do about them", thread="left behind"))
    assert answer.status is Status.OFFERED
    assert "I did not keep sales channel app of the question before" in answer.text


def test_a_budget_bounds_the_list_and_changes_by_a_fragment(shop: Assistant) -> None:
    (first,) = steps_of(shop, "who should we email with a budget of 50 euros")
    assert (first.arguments["action"], first.arguments["budget"]) == ("email offer", 50)
    (less,) = steps_of(shop, "with a budget of 20 euros", after=first)
    assert (less.arguments["action"], less.arguments["budget"]) == ("email offer", 20)


def test_two_clauses_are_two_steps_about_the_same_people(shop: Assistant) -> None:
    one, two = steps_of(shop, "who is likely to leave in the North and which segments do we have")
    assert (one.tool, two.tool) == ("churn", "segments")
    assert filters_of(two)["customers.region"] == ["North"]


@pytest.mark.parametrize(
    ("question", "tools"),
    [
        ("Which high-value customers in the North are likely to leave, and what are they unhappy about?", ["churn", "search_feedback"]),
        ("who should we call in the North, and what do they complain about", ["next_best_action", "search_feedback"]),
    ],
)
def test_whom_and_what_they_say_are_two_steps_about_the_same_people(question: str, tools: list[str], shop: Assistant) -> None:
    whom, said = steps_of(shop, question)
    assert [whom.tool, said.tool] == tools
    assert filters_of(whom).items() <= filters_of(said).items()
    assert filters_of(said)["customers.region"] == ["North"]


def test_a_question_of_two_steps_is_told_in_two_parts(shop: Assistant) -> None:
    answer = shop.ask(Question(text="who is likely to leave in the North, and which segments do we have?"))
    assert answer.status is Status.ANSWERED
    assert [step.tool for step in answer.steps] == ["churn", "segments"]
    assert "of leaving" in answer.text
    assert answer.headline in answer.text


def test_a_split_by_a_field_that_is_called_reason_asks_for_no_cause(shop: Assistant) -> None:
    (calls,) = steps_of(shop, "calls last month")
    (split,) = steps_of(shop, "by reason", after=calls)
    assert split.tool == "query_metrics"
    assert split.arguments["dimensions"] == [{"field": "calls.reason"}]


def test_what_is_most_common_is_counted_in_customers(shop: Assistant) -> None:
    (step,) = steps_of(shop, "what is the most frequent main churn driver")
    assert step.arguments["metrics"] == [{"metric": "customers"}]
    assert step.arguments["filters"] == [{"field": "churn.main_driver", "op": "not_null"}]


def test_a_horizon_that_the_scores_do_not_have_is_a_doubt(shop: Assistant) -> None:
    answer = shop.ask(Question(text="who will leave next year"))
    assert answer.status is Status.OFFERED
    assert "91 days" in answer.text


def test_words_that_nobody_can_place_are_named(shop: Assistant) -> None:
    answer = shop.ask(Question(text="who is likely to leave with a purple hat"))
    assert answer.status is Status.DECLINED
    assert "purple" in answer.headline


def test_without_the_tables_the_tool_says_what_to_run(home: Path) -> None:
    built = build(Settings(home=home, warehouse="completejourney"))
    try:
        context = context_of(built)
        assert not built.mind.is_answerable("which segments do we have", context)  # type: ignore[attr-defined]
        answer = built.ask(Question(text="which customer segments do we have"))
        assert answer.error is not None
        assert answer.error.code == "not_computed"
        assert "warehouse refresh" in answer.text
    finally:
        built.close()


def test_what_the_author_declared_absent_is_declined_in_the_authors_words(home: Path) -> None:
    built = build(Settings(home=home, warehouse="completejourney"))
    try:
        outcome = look_ahead(built.mind, Question(text="who is likely to leave and why"), context_of(built)).outcome
        assert isinstance(outcome, Decline)
        assert outcome.code == "absent_concept"
    finally:
        built.close()


def test_lists_of_people_are_not_suggested_to_roles_that_see_groups(shop: Assistant) -> None:
    rights = shop.warehouse.policy.rights_for("someone", "business_user") if shop.warehouse.policy else None
    assert rights is not None
    context = MindContext(warehouse=shop.warehouse, rights=rights, as_of=shop.warehouse.as_of)
    assert rights.min_group_size
    assert not shop.mind.is_answerable("who is likely to leave in the North", context)  # type: ignore[attr-defined]
    assert shop.mind.is_answerable("what drives churn", context)  # type: ignore[attr-defined]
