"""query_metrics on real data, through the guard and the engine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.core.contract import Finding, Grade, ToolContext
from tools.core.errors import NotAllowed, QueryUnsupported
from tools.core.query import MetricQuery
from tools.core.warehouse.warehouse import Warehouse, open_warehouse
from tools.metrics.tool import QueryMetrics

Find = Callable[..., Finding]


@pytest.fixture(scope="module")
def warehouse(home: Path) -> Iterator[Warehouse]:
    with open_warehouse("completejourney", home=home) as opened:
        yield opened


@pytest.fixture
def find(warehouse: Warehouse) -> Find:
    def run(role: str = "local", **query: Any) -> Finding:
        assert warehouse.policy is not None
        context = ToolContext(warehouse=warehouse, rights=warehouse.policy.rights_for("tester", role), deadline_s=20.0)
        return QueryMetrics().run(MetricQuery.model_validate(query), context)

    return run


def test_a_finding_holds_values_words_and_the_statement_that_ran(find: Find) -> None:
    finding = find(metrics=["revenue"], dimensions=[{"field": "products.department"}], limit=2)
    (table,) = finding.tables
    assert table.rows == (("GROCERY", 2315299.04), ("DRUG GM", 596582.78))
    assert [c.name for c in table.columns] == ["department", "revenue"]
    assert finding.reading.sentence == "Revenue by department, all data up to 31 December 2017, highest first, top 2"
    assert finding.grade is Grade.GOVERNED
    assert "SUM(" in finding.sql[0].sql
    assert (finding.sql[0].row_count, finding.as_of) == (2, dt.date(2017, 12, 31))
    assert finding.definitions[0].name == "revenue"


def test_days_after_the_last_complete_one_do_not_count(find: Find) -> None:
    assert find(metrics=["revenue"]).tables[0].rows == ((4594146.32,),)


def test_the_parts_are_checked_against_the_total(find: Find) -> None:
    finding = find(metrics=["revenue"], dimensions=[{"field": "basket_lines.sold_on", "grain": "month"}])
    assert [(c.name, c.passed) for c in finding.checks] == [("the parts add up to the total", True)]
    assert finding.checks[0].detail == "revenue: 4594146.32 in parts, 4594146.32 in all"
    assert len(finding.sql) == 1 + len(finding.checks)


def test_joins_and_filters_are_checked(find: Find) -> None:
    condition = {"field": "products.department", "op": "in", "values": ["DELI"]}
    checks = {c.name: c for c in find(metrics=["purchase_lines"], filters=[condition]).checks}
    assert checks["no more than without the filters"].passed
    assert all(c.passed for c in checks.values())


def test_checks_cost_no_more_than_the_query_allows(find: Find) -> None:
    finding = find(metrics=["revenue", "visits"], dimensions=[{"field": "demographics.age_band"}])
    main, rest = finding.sql[0].elapsed_ms, sum(s.elapsed_ms for s in finding.sql[1:])
    assert rest < 40 + 3 * main


def test_a_dimension_unknown_for_many_is_said(find: Find) -> None:
    finding = find(metrics=["revenue"], dimensions=[{"field": "demographics.age_band"}])
    assert any(c.startswith("No age band: ") and c.endswith(" of revenue, shown as “Not surveyed”.") for c in finding.caveats)


def test_an_incomplete_period_is_named(find: Find) -> None:
    window = {"start": "2017-01-01", "end": "2017-03-15"}
    finding = find(metrics=["revenue"], dimensions=[{"field": "basket_lines.sold_on", "grain": "month"}], window=window)
    assert "The month from 1 March 2017 to 15 March 2017 is only a part of one." in finding.caveats


def test_counting_through_a_fact_is_said(find: Find) -> None:
    finding = find(metrics=["households"], window={"period": "last", "unit": "month"})
    assert "Households counted through their visits." in finding.caveats


def test_a_role_without_individuals_sees_groups_only(find: Find) -> None:
    dimensions = [{"field": "stores.store_id"}]
    seen, everything = (find(role, metrics=["revenue"], dimensions=dimensions) for role in ("business_user", "local"))
    left_out = seen.facts["suppressed_groups"]
    assert left_out > 0
    assert len(seen.tables[0].rows) + left_out == len(everything.tables[0].rows)
    assert f"{left_out} groups left out, so that nothing is told about fewer than 5 customers." in seen.caveats
    with pytest.raises(NotAllowed):
        find("business_user", metrics=["revenue"], dimensions=[{"field": "households.household_id"}])


def test_a_row_rule_narrows_every_figure(warehouse: Warehouse) -> None:
    assert warehouse.policy is not None
    rights = warehouse.policy.rights_for("manager", "regional_manager", {"stores": "367"})
    context = ToolContext(warehouse=warehouse, rights=rights, deadline_s=20.0)
    finding = QueryMetrics().run(
        MetricQuery.model_validate({"metrics": ["revenue"], "dimensions": [{"field": "stores.store_id"}]}), context
    )
    assert [row[0] for row in finding.tables[0].rows if row[0] is not None] == [367]
    assert finding.narrowed


def test_a_plan_that_does_not_fit_is_refused_before_anything_runs(find: Find) -> None:
    with pytest.raises(QueryUnsupported):
        find(metrics=["campaign_length"], dimensions=[{"field": "products.department"}])
