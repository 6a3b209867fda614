"""A word that shapes a question must leave a trace in the plan; where it does not, it is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.minds.reflection import unreflected
from tools.core.query import MetricQuery
from tools.core.semantics import SemanticModel, read_model

MODEL = Path(__file__).parents[3] / "tools/warehouses/completejourney/semantic_model.yaml"
REVENUE = {"metrics": ["revenue"]}
BY_STORE = {"metrics": ["revenue"], "dimensions": [{"field": "stores.store_id"}]}
FEW = {"concentration": {"entity": "households", "metric": "revenue", "share": 0.8, "of_entities": 0.2}}
DELI = {"field": "products.department", "op": "in", "values": ["DELI"]}
BOUGHT = {"entity": "households", "fact": "basket_lines", "filters": [DELI]}


@pytest.fixture(scope="module")
def model() -> SemanticModel:
    return read_model(MODEL)


@pytest.mark.parametrize(
    ("question", "plan", "words"),
    [
        ("revenue", REVENUE, ()),
        ("median revenue", REVENUE, ("median",)),
        ("average revenue of a household", REVENUE, ("average",)),
        ("average basket value", {"metrics": ["average_basket_value"]}, ()),
        ("percentage of revenue", REVENUE, ("percentage",)),
        ("customers who never bought deli", {"metrics": ["households"], "entity_conditions": [BOUGHT]}, ("never",)),
        ("customers who never bought deli", {"metrics": ["households"], "entity_conditions": [BOUGHT | {"op": "eq", "value": 0}]}, ()),
        ("stores with more than 5000 in revenue", BY_STORE, ("more than 5000", "5000")),
        ("stores with more than 5k in revenue", BY_STORE | {"having": [{"metric": "revenue", "op": "gt", "value": 5000}]}, ()),
        ("top 5 stores", BY_STORE | {"order": [{"by": "revenue"}], "limit": 5}, ()),
        ("top 5 stores", BY_STORE | {"order": [{"by": "revenue"}], "limit": 3}, ("5",)),
        ("how did revenue grow", REVENUE, ("grow",)),
        ("how did revenue grow", REVENUE | {"comparison": {"kind": "previous_period"}, "window": {"period": "last", "unit": "month"}}, ()),
        ("stores above average", BY_STORE | {"having": [{"metric": "revenue", "op": "gt", "value": 1, "relative_to": "average"}]}, ()),
        ("households that bought deli every month", {"metrics": ["households"], "entity_conditions": [BOUGHT | {"every": "month"}]}, ()),
        ("households that bought deli every month", {"metrics": ["households"], "entity_conditions": [BOUGHT]}, ("every month",)),
        ("revenue in May compared with April", REVENUE, ("compared",)),
        ("revenue after 15 May 2017", REVENUE | {"window": {"start": "2017-05-16"}}, ()),
        ("do 20 % of households make more than 80 % of revenue", FEW, ()),
        ("do 30 % of households make 80 % of revenue", FEW, ("30",)),
        ("how concentrated is revenue", FEW, ()),
        ("how concentrated is revenue", BY_STORE, ("concentrated",)),
        ("revenue before 3 May 2017", REVENUE | {"window": {"end": "2017-05-21"}}, ("3",)),
    ],
)
def test_words_without_a_trace_are_named(model: SemanticModel, question: str, plan: dict[str, object], words: tuple[str, ...]):
    assert unreflected(question, MetricQuery.model_validate(plan), model) == words


def test_a_function_word_inside_a_name_is_no_function_word(model: SemanticModel):
    """ "without children" is a value of the household composition, not a negation of the plan."""
    plan = {"metrics": ["revenue"], "filters": [{"field": "demographics.kids", "op": "in", "values": ["0"]}]}
    assert unreflected("revenue from households without children", MetricQuery.model_validate(plan), model) == ()
