"""The churn tool over the refreshed Complete Journey, for those who may see households and those who may not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tools.churn.tool import Churn, ChurnInput
from tools.core.contract import Finding, Grade, ToolContext
from tools.core.customers.scored import ask
from tools.core.errors import NeedsPerson, NotAllowed, QueryUnsupported
from tools.core.query import MetricQuery
from tools.core.sql_guard import open_rights
from tools.core.warehouse import Warehouse, open_warehouse


@pytest.fixture(scope="module")
def warehouse(refreshed_home: Path) -> Iterator[Warehouse]:
    with open_warehouse("completejourney", home=refreshed_home, engine_options={"deadline_s": 60.0}) as opened:
        yield opened


def run(warehouse: Warehouse, role: str = "local", as_of: dt.date | None = None, **arguments: Any) -> Finding:
    assert warehouse.policy is not None
    context = ToolContext(warehouse=warehouse, rights=warehouse.policy.rights_for("someone", role), deadline_s=60.0, as_of=as_of)
    return Churn().run(ChurnInput.model_validate(arguments), context)


def test_expected_leavers_come_with_an_interval_and_drivers_by_size(warehouse: Warehouse) -> None:
    found = run(warehouse)
    customers, probability, expected, low, high = found.tables[0].rows[0]
    assert customers == 2469
    assert expected == pytest.approx(customers * probability)  # type: ignore[operator]
    assert low < expected < high  # type: ignore[operator]
    sizes = [row[2] for row in found.tables[1].rows]
    assert sizes == sorted(sizes, reverse=True)  # type: ignore[type-var]
    assert found.grade is Grade.MODELLED
    assert "logistic regression, trained on 1 January 2017 to 31 December 2017" in found.grade_reason
    assert found.facts["tested"]["auc"] >= 0.895
    assert "Drivers say what goes with leaving, not what causes it." in found.caveats


def test_a_group_is_explained_against_everybody(warehouse: Warehouse) -> None:
    slipping = [{"field": "segments.rfm_segment", "op": "in", "values": ["Slipping away"]}]
    found = run(warehouse, filters=slipping)
    assert found.tables[0].rows[0][0] == 189
    driver, push, _, direction = found.tables[1].rows[0]
    assert (driver, direction) == ("time since the last order", "raises the risk")
    assert {row[3] for row in found.tables[1].rows if abs(row[1]) < 0.05} == {"as for everybody"}
    assert push > 0.1  # type: ignore[operator]


def test_a_group_may_be_chosen_by_what_it_did(warehouse: Warehouse) -> None:
    often = [{"entity": "households", "fact": "basket_lines", "op": "ge", "value": 1500}]
    found = run(warehouse, entity_conditions=often)
    assert 0 < found.tables[0].rows[0][0] < run(warehouse).tables[0].rows[0][0]  # type: ignore[operator]
    assert found.reading.conditions == ("households with at least 1,500 purchase lines",)
    listed = run(warehouse, show="customers", entity_conditions=often, limit=1000)
    assert len(listed.tables[0].rows) == found.tables[0].rows[0][0]


def test_customers_at_risk_are_listed_with_reasons_to_those_who_may_see_them(warehouse: Warehouse) -> None:
    found = run(warehouse, show="customers", limit=5)
    assert [column.name for column in found.tables[0].columns][1:3] == ["churn_probability", "churn_risk"]
    risks = [row[1] for row in found.tables[0].rows]
    assert risks == sorted(risks, reverse=True)  # type: ignore[type-var]
    assert "raises the risk" in str(found.tables[0].rows[0][4])
    with pytest.raises(NotAllowed, match="not households one by one"):
        run(warehouse, role="business_user", show="customers")


def test_a_group_that_is_too_small_is_not_shown(warehouse: Warehouse) -> None:
    found = run(warehouse, role="business_user", customer_ids=[1, 2])
    assert [table.rows for table in found.tables] == [()]
    assert any("too small to be shown" in caveat for caveat in found.caveats)


def test_what_if_moves_the_risk_the_right_way_and_warns_of_causes(warehouse: Warehouse) -> None:
    more = run(warehouse, show="what_if", what_if={"driver": "frequency", "change_by": 1}).facts["what_if"]
    away = run(warehouse, show="what_if", what_if={"driver": "recency", "set_to": 80}).facts["what_if"]
    assert more["probability_then"] < more["probability_now"] < away["probability_then"]
    nothing = run(warehouse, show="what_if", what_if={"driver": "frequency", "change_by": 0}).facts["what_if"]
    assert nothing["probability_then"] == pytest.approx(nothing["probability_now"], rel=1e-9)
    assert nothing["probability_now"] == pytest.approx(run(warehouse).tables[0].rows[0][1], rel=1e-6)
    with pytest.raises(QueryUnsupported, match="no such change of weather") as caught:
        run(warehouse, show="what_if", what_if={"driver": "weather", "change_by": 1})
    assert "recency (set_to), frequency (change_by)" in caught.value.try_instead


def test_reliability_shows_predicted_against_observed_by_tenth(warehouse: Warehouse) -> None:
    found = run(warehouse, show="reliability")
    assert len(found.tables[0].rows) == 10
    assert [row[0] for row in found.tables[1].rows] == ["logistic", "trees"]
    assert found.reading.sentence == "How well churn was predicted on a later window"


def test_a_look_at_an_earlier_day_is_told_that_the_scores_know_more(warehouse: Warehouse) -> None:
    found = run(warehouse, as_of=dt.date(2017, 6, 30))
    assert any("they know what happened in between" in caveat for caveat in found.caveats)


def test_subscriptions_are_refused_with_the_roles_that_are_missing(warehouse: Warehouse) -> None:
    with pytest.raises(NeedsPerson, match=r"roles\.subscription_start") as caught:
        run(warehouse, of="subscriptions")
    assert caught.value.public_code == "not_computable"


def test_scores_are_ordinary_fields_and_metrics(warehouse: Warehouse) -> None:
    context = ToolContext(warehouse=warehouse, rights=open_rights(warehouse.catalog), deadline_s=60.0)
    query = MetricQuery.model_validate(
        {
            "metrics": ["average_lifetime_value", "average_churn_probability", "households"],
            "dimensions": [{"field": "demographics.age_band"}],
            "filters": [{"field": "churn.churn_risk", "op": "in", "values": ["low"]}],
        }
    )
    found = ask(context, warehouse.model, query)
    assert len(found.rows) == 7
    assert sum(int(row["households"] or 0) for row in found.records()) == 2268
    assert "intelligence.churn" in found.tables
    revenue = MetricQuery.model_validate({"metrics": ["revenue"], "dimensions": [{"field": "segments.rfm_segment"}]})
    assert len(ask(context, warehouse.model, revenue).rows) == 10


def test_predictions_are_no_longer_absent_but_forecasts_are(warehouse: Warehouse) -> None:
    absent = {phrase for concept in warehouse.model.absent_concepts for phrase in concept.phrases}
    assert not {"churn", "lifetime value", "at risk"} & absent
    assert "forecast" in absent


def test_a_warehouse_without_scores_says_what_to_run(home: Path) -> None:
    with open_warehouse("completejourney", home=home) as bare, pytest.raises(NeedsPerson) as caught:
        run(bare)
    assert caught.value.public_code == "not_computed"
    assert caught.value.try_instead == "Run `assistant warehouse refresh completejourney`."


@pytest.mark.parametrize(
    "arguments",
    [
        {"show": "what_if"},
        {"what_if": {"driver": "recency", "set_to": 1}},
        {"show": "what_if", "what_if": {"driver": "recency"}},
        {"shw": 1},
    ],
)
def test_arguments_that_do_not_fit_together_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ChurnInput.model_validate(arguments)
