"""The next best action tool over the refreshed demo: lists, budget, sensitivity, groups, and what must never happen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tools.core.contract import Finding, Grade, ToolContext
from tools.core.errors import NeedsPerson, NotAllowed, QueryUnsupported
from tools.core.warehouse import Warehouse, open_warehouse
from tools.next_best_action.tool import NextBestAction, NextBestActionInput


@pytest.fixture(scope="module")
def warehouse(demo_home: Path) -> Iterator[Warehouse]:
    with open_warehouse("demo", home=demo_home, engine_options={"deadline_s": 60.0}) as opened:
        yield opened


def run(warehouse: Warehouse, role: str = "local", **arguments: Any) -> Finding:
    assert warehouse.policy is not None
    context = ToolContext(warehouse=warehouse, rights=warehouse.policy.rights_for("someone", role), deadline_s=60.0)
    return NextBestAction().run(NextBestActionInput.model_validate(arguments), context)


def column(finding: Finding, name: str) -> list[Any]:
    at = [c.name for c in finding.tables[0].columns].index(name)
    return [row[at] for row in finding.tables[0].rows]


def test_a_list_is_ordered_by_gain_and_every_gain_is_above_nothing(warehouse: Warehouse) -> None:
    found = run(warehouse, limit=200)
    gains = column(found, "expected_gain")
    assert len(gains) == 200
    assert gains == sorted(gains, reverse=True)
    assert gains[-1] > 0
    assert found.grade is Grade.MODELLED
    assert all(column(found, "reasons"))


def test_a_budget_is_kept_and_buys_the_best(warehouse: Warehouse) -> None:
    found = run(warehouse, action="email offer", limit=10_000, budget=2.0)
    assert found.facts["total_cost"] == pytest.approx(2.0)
    assert found.facts["listed"] == 40
    everybody = run(warehouse, action="email offer", limit=40)
    assert column(found, "gain_email_offer") == column(everybody, "gain_email_offer")


def test_the_list_says_what_becomes_of_it_when_an_assumption_is_off(warehouse: Warehouse) -> None:
    found = run(warehouse, limit=50)
    cases = {row[0]: row[1:] for row in found.tables[1].rows}
    assert cases["as estimated"][0] == 50
    assert cases["as estimated"][1] == pytest.approx(found.facts["total_gain"], abs=0.01)
    assert cases["the effect is at the low end of its range"][1] < cases["as estimated"][1]  # type: ignore[operator]


def test_an_action_without_evidence_is_ordered_by_value_at_stake_and_says_so(warehouse: Warehouse) -> None:
    found = run(warehouse, action="call", limit=200)
    stakes = column(found, "at_stake")
    assert stakes == sorted(stakes, reverse=True)
    assert found.facts["measured"] is False
    assert any("has not been measured" in caveat for caveat in found.caveats)


def test_roles_that_see_groups_get_no_list_but_the_figures(warehouse: Warehouse) -> None:
    with pytest.raises(NotAllowed):
        run(warehouse, "marketer")
    found = run(warehouse, "marketer", show="summary")
    assert found.facts["worth"] > 0
    assert "customer_id" not in [c.name for table in found.tables for c in table.columns]


def test_a_regional_manager_sees_only_the_region(warehouse: Warehouse) -> None:
    assert warehouse.policy is not None
    rights = warehouse.policy.rights_for("someone", "regional_manager", {"region": "North"})
    context = ToolContext(warehouse=warehouse, rights=rights, deadline_s=60.0)
    found = NextBestAction().run(NextBestActionInput(show="summary"), context)
    assert 0 < found.facts["worth"] < run(warehouse, show="summary").facts["worth"] / 2


def test_an_unknown_action_is_answered_with_those_there_are(warehouse: Warehouse) -> None:
    with pytest.raises(QueryUnsupported, match="no action named fax") as caught:
        run(warehouse, action="fax")
    assert "email offer" in caught.value.try_instead


def test_reliability_shows_the_evidence_of_each_action(warehouse: Warehouse) -> None:
    found = run(warehouse, show="reliability")
    rows = {row[0]: row for row in found.tables[0].rows}
    assert rows["app offer"][4] == pytest.approx(0.04, abs=0.05)
    assert found.facts["policy"]["decisions"] > 500


def test_nobody_is_approached_without_consent_or_against_their_wish(warehouse: Warehouse) -> None:
    """Recomputed from the source tables, action by action."""
    with duckdb.connect(str(Path(warehouse.data_folder) / "warehouse.duckdb"), read_only=True) as data:
        violations = data.execute(VIOLATIONS).fetchall()
    assert violations == []


def test_a_warehouse_without_the_roles_says_which_is_missing(refreshed_home: Path) -> None:
    with open_warehouse("completejourney", home=refreshed_home) as opened, pytest.raises(NeedsPerson) as caught:
        run(opened)
    assert caught.value.public_code == "not_computable"
    assert "roles.actions" in caught.value.message


VIOLATIONS = """
WITH wanted AS (
    SELECT customer_id, best_action, unnest(CASE best_action WHEN 'call' THEN ['phone'] WHEN 'email offer' THEN ['email']
        WHEN 'app offer' THEN ['app'] WHEN 'mailing' THEN ['post'] WHEN 'coupon' THEN ['email', 'app'] END) AS channel
    FROM intelligence.next_action WHERE best_action <> 'do nothing'),
agreed AS (
    SELECT DISTINCT w.customer_id FROM wanted w JOIN privacy.consent_current c USING (customer_id)
    WHERE c.purpose = 'marketing' AND c.is_granted AND c.channel IN (w.channel, 'any')),
refused AS (
    SELECT customer_id FROM privacy.consent_current WHERE purpose = 'marketing' AND NOT is_granted AND channel = 'any')
SELECT customer_id, best_action FROM wanted WHERE customer_id NOT IN (SELECT customer_id FROM agreed)
UNION ALL SELECT customer_id, best_action FROM wanted WHERE customer_id IN (SELECT customer_id FROM refused)
UNION ALL SELECT w.customer_id, best_action FROM wanted w JOIN core.customer USING (customer_id)
    WHERE contact_wish = 'rarely' OR is_test_account
UNION ALL SELECT w.customer_id, best_action FROM wanted w JOIN privacy.request r USING (customer_id) WHERE r.kind IN ('erase', 'restrict')
"""
