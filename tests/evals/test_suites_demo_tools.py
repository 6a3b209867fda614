"""The suites of questions to the demo's tools: big enough in both splits, readable, and every gold query runs on a refreshed demo."""

from __future__ import annotations

from collections import Counter

import pytest

from evals.cases import Suite, read_suite

SUITES = [read_suite("demo_predictions"), read_suite("demo_feedback")]
TOOLS = {"churn", "lifetime_value", "segments", "explain_change", "attribution", "next_best_action", "recommendations", "customer_profile"}


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_a_suite_has_a_hundred_questions_and_a_test_split(suite: Suite) -> None:
    assert len(suite.cases) >= 100
    assert sum(case.split == "test" for case in suite.cases) >= 25
    assert max(Counter(case.question.casefold() for case in suite.cases).values()) == 1


def test_every_tool_of_the_intelligence_layer_is_asked() -> None:
    asked = {step.tool for case in SUITES[0].cases for step in case.plan}
    assert asked >= TOOLS
