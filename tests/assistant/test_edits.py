"""Chips of an interpretation line: every choice is a plan that runs, and gives the figures of the question in words."""

from __future__ import annotations

import pytest

from assistant import Assistant, Question, Status, Step
from assistant.edits import restricted
from tools.core.errors import QueryUnsupported

PLAN = (
    Step(
        tool="query_metrics",
        arguments={
            "metrics": ["revenue"],
            "window": {"period": "last", "unit": "month"},
            "filters": [{"field": "products.department", "op": "in", "values": ["DELI"]}],
        },
    ),
)


def by_kind(assistant: Assistant, plan: tuple[Step, ...] = PLAN) -> dict[str, dict[str, tuple[Step, ...]]]:
    return {chip.kind: {choice.label: choice.plan for choice in chip.choices} for chip in assistant.chips(plan)}


def figures(assistant: Assistant, plan: tuple[Step, ...]) -> tuple[tuple[object, ...], ...]:
    answer = assistant.ask(Question(text="(a choice)", plan=plan))
    assert answer.status is Status.ANSWERED, answer.text
    return answer.tables[0].rows


def test_chips_say_what_is_and_offer_what_it_can_become(assistant: Assistant):
    labels = {chip.kind: chip.label for chip in assistant.chips(PLAN)}
    assert labels == {"window": "December 2017", "grouping": "not split", "comparison": "with nothing", "filter": "department is DELI"}
    choices = by_kind(assistant)
    assert "Last quarter" in choices["window"]
    assert "Last month" not in choices["window"]
    assert {"By month", "By department"} & set(choices["grouping"])
    assert "Without this filter" in choices["filter"]
    assert "department is GROCERY" in choices["filter"]


@pytest.mark.parametrize(
    ("kind", "choice", "question"),
    [
        ("window", "Last quarter", "Revenue of the deli department last quarter"),
        ("filter", "Without this filter", "Revenue last month"),
        ("filter", "department is GROCERY", "Revenue of the grocery department last month"),
        ("grouping", "By week", "Revenue of the deli department last month by week"),
    ],
)
def test_a_choice_gives_the_figures_of_the_same_question_in_words(assistant: Assistant, kind: str, choice: str, question: str):
    asked = assistant.ask(Question(text=question))
    assert asked.status is Status.ANSWERED, asked.text
    assert figures(assistant, by_kind(assistant)[kind][choice]) == asked.tables[0].rows


def test_every_choice_runs(assistant: Assistant):
    for chip in assistant.chips(PLAN):
        for choice in chip.choices:
            assert figures(assistant, choice.plan) is not None, choice.label


def test_a_plan_of_another_tool_or_of_several_steps_has_no_chips(assistant: Assistant):
    assert assistant.chips((Step(tool="free_sql", arguments={"sql": "SELECT 1 AS one"}),)) == ()
    assert assistant.chips((*PLAN, *PLAN)) == ()
    assert assistant.chips(()) == ()


def test_a_list_of_customers_restricts_each_step(assistant: Assistant):
    plan = (Step(tool="query_metrics", arguments={"metrics": ["households"]}),)
    some = list(range(1, 2001))
    answer = assistant.ask(Question(text="(a list)", plan=restricted(plan, "households.household_id", some)))
    assert answer.tables[0].rows == ((1980,),)
    assert "is one of 2,000 listed" in answer.headline
    with pytest.raises(QueryUnsupported, match="restricted to a list"):
        restricted((Step(tool="free_sql", arguments={"sql": "SELECT 1 AS one"}),), "households.household_id", some)
