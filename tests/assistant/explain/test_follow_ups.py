"""What is suggested after a figure: a question that this asker may run, near to what is counted."""

from __future__ import annotations

import pytest

from assistant import Assistant, Question
from assistant.explain.follow_ups import MAX_JOINS, edits, popular_dimensions, wider
from tools.core.query import DimensionRef, MetricQuery


def query(**more: object) -> MetricQuery:
    return MetricQuery.model_validate({"metrics": ["revenue"], **more})


def suggested(assistant: Assistant, text: str) -> list[str]:
    return [f.question for f in assistant.ask(Question(text=text)).follow_ups]


def test_a_metric_is_split_first_by_what_reviewed_questions_split_it_by(assistant: Assistant) -> None:
    model = assistant.warehouse.model
    assert popular_dimensions(model, ["average_basket_value"])[0] == "demographics.age_band"
    assert popular_dimensions(model, ["redemptions"])[0].startswith("campaigns.")


def test_a_split_that_is_many_joins_away_is_not_suggested(assistant: Assistant) -> None:
    model = assistant.warehouse.model
    assert "demographics.age_band" in popular_dimensions(model, ["revenue"])
    assert "demographics.age_band" not in popular_dimensions(model, ["revenue"], within=MAX_JOINS)
    assert not any(field.startswith("campaigns.") for field in popular_dimensions(model, ["revenue"]))


@pytest.mark.parametrize(("end", "grain"), [("2017-07-09", "day"), ("2017-08-06", "week"), ("2017-12-31", "month")])
def test_a_trend_is_cut_finer_in_a_shorter_window(assistant: Assistant, end: str, grain: str) -> None:
    plans = [plan for _, plan in edits(query(window={"start": "2017-07-03", "end": end}), assistant.warehouse.model)]
    assert [d.grain for plan in plans for d in plan.dimensions if d.grain] == [grain]


def test_one_day_is_not_cut_into_weeks(assistant: Assistant) -> None:
    day = query(window={"start": "2017-07-04", "end": "2017-07-04"})
    plans = [plan for _, plan in edits(day, assistant.warehouse.model)]
    assert plans
    assert not any(DimensionRef.model_validate(d).grain for plan in plans for d in plan.dimensions)


@pytest.mark.parametrize("limits", [{}, {"window": {"start": "2017-01-01", "end": "2017-01-31"}}])
def test_an_empty_answer_is_asked_again_with_one_limit_less(limits: dict[str, object]) -> None:
    narrow = query(filters=[{"field": "products.department", "op": "in", "values": ["TOYS"]}], **limits)
    found = [plan for _, plan in wider(narrow)]
    assert found[0].filters == ()
    assert found[0].window == narrow.window
    assert len(found) == 1 + len(limits)


def test_nothing_found_leads_to_a_wider_question(assistant: Assistant) -> None:
    assert suggested(assistant, "revenue of the department toys on 3 January 2017") == ["Revenue, 3 January 2017"]
