"""What may be asked after a tool's answer: about the same customers, and never the question that was just answered."""

from __future__ import annotations

import pytest

from assistant import Assistant
from assistant.explain.tools.next_questions import next_questions
from assistant.turn import MindContext, RanStep

BAND = {"field": "demographics.income_band", "op": "in", "values": ["25-34K"]}


def questions(assistant: Assistant, tool: str, **arguments: object) -> list[str]:
    context = MindContext(warehouse=assistant.warehouse, rights=assistant.rights_book.rights_for(None), as_of=assistant.warehouse.as_of)
    ran = RanStep(tool=tool, arguments=arguments, sql=(), row_count=1, elapsed_ms=1.0)
    return [question for _, question in next_questions(ran, context)]


def test_the_next_questions_are_about_the_same_customers(assistant: Assistant) -> None:
    found = questions(assistant, "churn", show="customers", filters=[BAND])
    assert found[0] == "Why are customers likely to leave, income band is 25-34K?"
    assert all(question.rstrip("?").endswith(", income band is 25-34K") for question in found)


def test_the_question_just_answered_is_not_asked_again(assistant: Assistant) -> None:
    assert "Which customers are likely to leave?" not in questions(assistant, "churn", show="customers")
    assert "Why are customers likely to leave?" not in questions(assistant, "churn", show="drivers")


def test_after_one_customer_the_others_tools_are_asked_about_them(assistant: Assistant) -> None:
    assert questions(assistant, "customer_profile", customer_id=7) == [
        "What should we do about customer 7?",
        "What is customer 7 worth?",
        "What will customer 7 buy next?",
    ]
    assert "Tell me about customer 7" in questions(assistant, "lifetime_value", show="summary", customer_ids=[7])


@pytest.mark.parametrize("arguments", [{"customer_ids": [1, 2]}, {"search": "ann"}, {"filters": [{"field": "households.nothing"}]}])
def test_nothing_is_asked_about_people_who_cannot_be_said_again(assistant: Assistant, arguments: dict[str, object]) -> None:
    assert questions(assistant, "churn", **arguments) == []
