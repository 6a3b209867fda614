"""One customer on one page, over the refreshed demo."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.core.contract import Finding, Grade, ToolContext
from tools.core.errors import NotAllowed, QueryUnsupported, UnknownName
from tools.core.warehouse import Warehouse, open_warehouse
from tools.customer_profile.tool import CustomerProfile, CustomerProfileInput


@pytest.fixture(scope="module")
def warehouse(demo_home: Path) -> Iterator[Warehouse]:
    with open_warehouse("demo", home=demo_home, engine_options={"deadline_s": 60.0}) as opened:
        yield opened


def run(warehouse: Warehouse, role: str = "local", **arguments: Any) -> Finding:
    assert warehouse.policy is not None
    context = ToolContext(warehouse=warehouse, rights=warehouse.policy.rights_for("someone", role), deadline_s=60.0)
    return CustomerProfile().run(CustomerProfileInput.model_validate(arguments), context)


def test_the_page_holds_who_value_risk_segment_action_and_history(warehouse: Warehouse) -> None:
    found = run(warehouse, customer_id=1974)
    titles = {table.title for table in found.tables}
    assert titles >= {
        "Who",
        "Value",
        "Churn",
        "Segment",
        "What to do",
        "Orders by year",
        "Orders by channel",
        "Last days with an order",
        "Consent",
    }
    assert found.facts["history"]["placed"] == 41
    by_year = next(table for table in found.tables if table.title == "Orders by year")
    assert sum(row[1] for row in by_year.rows) == 41  # type: ignore[misc]
    assert found.grade is Grade.MODELLED


def test_names_are_shown_to_those_entitled_only(warehouse: Warehouse) -> None:
    def properties(role: str) -> set[str]:
        return {str(row[0]) for row in run(warehouse, role, customer_id=17).tables[0].rows}

    assert {"first name", "last name", "email"} <= properties("service_agent")
    assert not {"first name", "last name", "email"} & properties("local")
    assert "age band" not in properties("service_agent")


def test_somebody_is_found_by_name_by_those_who_may_see_names(warehouse: Warehouse) -> None:
    page = {str(row[0]): row[1] for row in run(warehouse, "service_agent", customer_id=17).tables[0].rows}
    found = run(warehouse, "service_agent", search=f"{page['first name']} {page['last name']}".upper())
    assert found.facts.get("key") == 17 or 17 in [row[0] for row in found.tables[0].rows]
    with pytest.raises(UnknownName):
        run(warehouse, search=str(page["last name"]))


def test_quotes_in_a_search_find_nobody_and_break_nothing(warehouse: Warehouse) -> None:
    with pytest.raises(UnknownName):
        run(warehouse, "service_agent", search="x' OR '1'='1")


def test_roles_that_see_groups_get_no_page(warehouse: Warehouse) -> None:
    for role in ("business_user", "marketer"):
        with pytest.raises(NotAllowed, match="groups"):
            run(warehouse, role, customer_id=17)


def test_conditions_that_many_meet_give_a_list_to_choose_from(warehouse: Warehouse) -> None:
    found = run(warehouse, filters=[{"field": "customers.region", "op": "in", "values": ["North"]}])
    assert found.facts["found"] == 20
    assert len(found.tables[0].rows) == 20


def test_an_unknown_number_and_an_empty_question_say_what_to_do(warehouse: Warehouse) -> None:
    with pytest.raises(UnknownName, match="no customer with that number"):
        run(warehouse, customer_id=999_999)
    with pytest.raises(QueryUnsupported, match="whose profile"):
        run(warehouse)


def test_a_warehouse_without_the_intelligence_layer_still_has_a_page(home: Path) -> None:
    with open_warehouse("completejourney", home=home, engine_options={"deadline_s": 60.0}) as opened:
        found = run(opened, customer_id=1)
    assert found.facts["history"]["placed"] > 0
    assert "value" in found.caveats[0]
    assert found.grade is Grade.GOVERNED
