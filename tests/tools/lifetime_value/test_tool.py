"""The lifetime_value tool over the refreshed Complete Journey."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.core.contract import Finding, Grade, ToolContext
from tools.core.errors import NotAllowed
from tools.core.warehouse import Warehouse, open_warehouse
from tools.lifetime_value.tool import LifetimeValue, LifetimeValueInput


@pytest.fixture(scope="module")
def warehouse(refreshed_home: Path) -> Iterator[Warehouse]:
    with open_warehouse("completejourney", home=refreshed_home, engine_options={"deadline_s": 60.0}) as opened:
        yield opened


def run(warehouse: Warehouse, role: str = "local", **arguments: Any) -> Finding:
    assert warehouse.policy is not None
    context = ToolContext(warehouse=warehouse, rights=warehouse.policy.rights_for("someone", role), deadline_s=60.0)
    return LifetimeValue().run(LifetimeValueInput.model_validate(arguments), context)


def test_a_value_comes_with_horizon_currency_basis_and_discount(warehouse: Warehouse) -> None:
    found = run(warehouse)
    assert found.reading.sentence == "Lifetime value over 365 days after 31 December 2017 in USD of revenue, not discounted"
    assert found.facts["terms"] == {"horizon_days": 365, "currency": "USD", "basis": "revenue", "yearly_discount": 0.0}
    assert found.grade is Grade.MODELLED
    total, low, high = found.tables[1].rows[0]
    assert low <= total <= high  # type: ignore[operator]
    # Next year is taken to be like the past one, which held 4.6 million.
    assert total == pytest.approx(4.6e6, rel=0.05)


def test_naive_rules_stand_beside_the_model_in_its_own_caveat(warehouse: Warehouse) -> None:
    caveat = run(warehouse).caveats[0]
    assert caveat.startswith("Chosen by back-test over 3 windows of 91 days")
    assert "best naive rule" in caveat


def test_customers_are_listed_with_their_interval_and_p_alive_is_not_called_churn(warehouse: Warehouse) -> None:
    found = run(warehouse, show="customers", limit=3)
    names = [column.name for column in found.tables[0].columns]
    assert names == ["household_id", "clv", "clv_low", "clv_high", "expected_orders", "average_spend", "probability_alive", "value_tier"]
    for row in found.tables[0].rows:
        assert row[2] < row[1] < row[3]  # type: ignore[operator]
    assert any("not one minus the churn probability" in caveat for caveat in found.caveats)
    with pytest.raises(NotAllowed):
        run(warehouse, role="business_user", show="customers")


def test_the_back_test_shows_every_candidate_in_every_window(warehouse: Warehouse) -> None:
    found = run(warehouse, show="reliability")
    assert len(found.tables[0].rows) == 3 * 6
    assert found.facts["winner"] in {row[1] for row in found.tables[0].rows}


def test_the_top_fifth_holds_most_of_the_value(warehouse: Warehouse) -> None:
    tier = [{"field": "lifetime_value.value_tier", "op": "in", "values": ["high"]}]
    top, everybody = run(warehouse, filters=tier).facts["group"], run(warehouse).facts["group"]
    assert top["valued_customers"] == 494
    assert top["total_value"] > 0.5 * everybody["total_value"]
