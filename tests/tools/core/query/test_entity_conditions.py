"""Conditions on entities that count different values, hold in every period, or set an entity against itself; each against plain SQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pytest
from pydantic import ValidationError

from tools.core.errors import QueryUnsupported
from tools.core.query import CompiledQuery, MetricQuery

Ask = Callable[..., list[tuple[Any, ...]]]
Compile = Callable[..., CompiledQuery]

DELI = {"field": "products.department", "op": "in", "values": ["Deli"]}
Q1 = {"start": "2017-01-01", "end": "2017-03-31"}
FEBRUARY = {"start": "2017-02-01", "end": "2017-02-28"}
MARCH = {"start": "2017-03-01", "end": "2017-03-31"}
LINES = "lines JOIN orders USING (order_id) JOIN products USING (product_id) WHERE sold_on <= DATE '2017-03-31'"

CASES = [
    (
        {"fact": "lines", "distinct": "products.department", "value": 2},
        f"SELECT customer_id FROM {LINES} GROUP BY 1 HAVING COUNT(DISTINCT department) >= 2",
    ),
    (
        {"fact": "lines", "distinct": "products.product_id", "value": 2, "filters": [DELI]},
        f"SELECT customer_id FROM {LINES} AND department = 'Deli' GROUP BY 1 HAVING COUNT(DISTINCT product_id) >= 2",
    ),
    (
        {"fact": "lines", "distinct": "products.department", "op": "lt", "value": 2},
        f"SELECT customer_id FROM customers WHERE customer_id NOT IN "
        f"(SELECT customer_id FROM {LINES} GROUP BY 1 HAVING COUNT(DISTINCT department) >= 2)",
    ),
    (
        {"fact": "orders", "every": "month", "window": Q1},
        "SELECT customer_id FROM orders WHERE ordered_at < '2017-04-01' GROUP BY 1 HAVING COUNT(DISTINCT month(ordered_at)) = 3",
    ),
    (
        {"fact": "orders", "every": "month", "window": {"start": "2017-02-01", "end": "2017-03-31"}},
        "SELECT customer_id FROM orders WHERE ordered_at >= '2017-02-01' AND ordered_at < '2017-04-01' GROUP BY 1 "
        "HAVING COUNT(DISTINCT month(ordered_at)) = 2",
    ),
    (
        {"fact": "lines", "distinct": "products.department", "every": "month", "value": 2, "window": FEBRUARY},
        f"SELECT customer_id FROM {LINES} AND month(sold_on) = 2 GROUP BY 1 HAVING COUNT(DISTINCT department) >= 2",
    ),
    (
        {"metric": "revenue", "every": "month", "op": "ge", "value": 18},
        f"SELECT customer_id FROM (SELECT customer_id, month(sold_on), SUM(amount) AS s FROM {LINES} GROUP BY 1, 2) WHERE s >= 18 "
        "GROUP BY 1 HAVING COUNT(*) = 3",
    ),
    (
        {"metric": "revenue", "op": "gt", "window": MARCH, "baseline": FEBRUARY},
        f"SELECT customer_id FROM {LINES} GROUP BY 1 HAVING SUM(amount) FILTER (month(sold_on) = 3) > "
        "COALESCE(SUM(amount) FILTER (month(sold_on) = 2), 0)",
    ),
    (
        {"metric": "revenue", "op": "lt", "value": 0.5, "window": MARCH, "baseline": FEBRUARY},
        f"SELECT customer_id FROM {LINES} GROUP BY 1 HAVING COALESCE(SUM(amount) FILTER (month(sold_on) = 3), 0) < "
        "0.5 * SUM(amount) FILTER (month(sold_on) = 2)",
    ),
]


@pytest.mark.parametrize(("condition", "by_hand"), CASES)
def test_a_condition_keeps_the_entities_that_plain_sql_finds(
    ask: Ask, database: duckdb.DuckDBPyConnection, condition: dict[str, Any], by_hand: str
) -> None:
    kept = ask(listing={"entity": "customers"}, entity_conditions=[{"entity": "customers", **condition}])
    expected = sorted(database.execute(by_hand).fetchall())
    assert sorted(kept) == expected
    assert expected


def test_rows_are_measured_against_the_average_of_all_that_have_a_name(ask: Ask) -> None:
    """North 103, South 80, customers without a region 40: the average of the two named ones is 91.5."""
    rows = ask(
        metrics=["revenue"],
        dimensions=[{"field": "customers.region"}],
        having=[{"metric": "revenue", "op": "gt", "value": 1, "relative_to": "average"}],
    )
    assert rows == [("North", 103.0)]


def test_rows_are_measured_against_a_multiple_of_the_median(ask: Ask) -> None:
    """Customers have 95, 80, 40 and 8: the median is 60."""
    rows = ask(
        metrics=["revenue"],
        dimensions=[{"field": "customers.customer_id"}],
        having=[{"metric": "revenue", "op": "gt", "value": 1.5, "relative_to": "median"}],
    )
    assert rows == [(1, 95.0)]


@pytest.mark.parametrize(
    "condition",
    [
        {"metric": "revenue", "distinct": "products.brand"},
        {"metric": "revenue", "every": "month", "relative_to": "average"},
        {"metric": "revenue", "baseline": FEBRUARY, "best": 3},
        {"fact": "orders", "baseline": FEBRUARY},
    ],
)
def test_parts_of_a_condition_that_do_not_go_together_are_rejected(condition: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MetricQuery.model_validate({"metrics": ["revenue"], "entity_conditions": [{"entity": "customers", **condition}]})


def test_what_nothing_at_all_passes_cannot_hold_in_every_period(compiled: Compile) -> None:
    never = {"entity": "customers", "fact": "orders", "op": "eq", "value": 0, "every": "month"}
    with pytest.raises(QueryUnsupported, match="every month"):
        compiled(metrics=["customer_count"], entity_conditions=[never])


def test_an_average_of_nothing_is_set_against_no_other_period(compiled: Compile) -> None:
    rising = {"entity": "customers", "metric": "average_order_value", "op": "gt", "window": MARCH, "baseline": FEBRUARY}
    with pytest.raises(QueryUnsupported, match="of nothing is unknown"):
        compiled(metrics=["customer_count"], entity_conditions=[rising])
