"""A plan in the learner's terms."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.minds.embedded.learner.parts import PLAIN, parts_of
from tools.core.query.metric_query import MetricQuery
from tools.core.semantics import SemanticModel

BY_CITY = [{"field": "studios.city"}]
LAST_YEAR = {"period": "last", "unit": "year"}
NEVER = {"entity": "members", "fact": "bookings", "op": "eq", "value": 0}


@pytest.mark.parametrize(
    ("plan", "shape", "roles"),
    [
        ({"metrics": ["income"]}, "single", set()),
        ({"metrics": ["income"], "dimensions": BY_CITY, "order": [{"by": "income"}], "limit": 3}, "top", {"limit", "split"}),
        ({"metrics": ["members"], "entity_conditions": [NEVER]}, "absence", {"negation"}),
        ({"metrics": ["members"], "entity_conditions": [NEVER | {"op": "gt", "value": 2}]}, "at_least_times", {"condition"}),
        ({"metrics": ["income"], "filters": [{"field": "studios.city", "op": "not_in", "values": ["Lyon"]}]}, "exclusion", {"negation"}),
        ({"metrics": ["income"], "comparison": {"kind": "window", "baseline": LAST_YEAR}}, "compare_windows", {"baseline"}),
        ({"metrics": [{"metric": "income", "per": "members", "aggregate": "median"}]}, "percentile", set()),
        ({"concentration": {"entity": "members", "metric": "income"}}, "concentration", set()),
    ],
)  # fmt: skip
def test_a_plan_has_the_shape_that_people_would_name(plan: dict[str, Any], shape: str, roles: set[str], model: SemanticModel) -> None:
    parts = parts_of(MetricQuery.model_validate(plan), model)
    assert shape in parts.shapes
    assert parts.roles == roles


@pytest.mark.parametrize(
    ("plan", "shape"),
    [
        ({"metrics": ["income"], "dimensions": [{"field": "members.tariff"}]}, "per_entity"),
        ({"metrics": ["members"], "filters": [{"field": "members.weight", "op": "gt", "values": [60]}]}, "at_least_times"),
    ],
)
def test_a_plain_plan_may_be_asked_for_in_the_words_of_another_shape(plan: dict[str, Any], shape: str, model: SemanticModel) -> None:
    assert shape in parts_of(MetricQuery.model_validate(plan), model).shapes
    assert shape not in parts_of(MetricQuery.model_validate({"metrics": ["income"]}), model).shapes


def test_a_hard_shape_is_never_taken_for_a_plain_one(model: SemanticModel) -> None:
    parts = parts_of(MetricQuery.model_validate({"metrics": ["income"], "entity_conditions": [NEVER]}), model)
    assert not parts.shapes & PLAIN
