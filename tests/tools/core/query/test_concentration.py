"""How few entities make most of a metric, held against hand-written SQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pytest
from pydantic import ValidationError

from tools.core.errors import QueryUnsupported
from tools.core.query import CheckKind, CompiledQuery, MetricQuery, sentence
from tools.core.semantics.model import SemanticModel
from tools.core.sql_guard import Rights

Ask = Callable[..., list[tuple[Any, ...]]]
Compile = Callable[..., CompiledQuery]

BY_HAND = """
WITH spend AS (
  SELECT {key} AS who, SUM(l.amount) AS amount
  FROM lines AS l JOIN orders AS o USING (order_id) JOIN products AS p USING (product_id)
  WHERE l.sold_on <= DATE '2017-03-31' AND ({where}) GROUP BY 1
), ranked AS (
  SELECT ROW_NUMBER() OVER w AS place, SUM(amount) OVER (w ROWS UNBOUNDED PRECEDING) AS running, SUM(amount) OVER () AS total
  FROM spend WINDOW w AS (ORDER BY amount DESC, who)
)
SELECT MIN(place), (SELECT COUNT(*) FROM spend), MIN(place) / (SELECT COUNT(*) FROM spend), MIN(running), ANY_VALUE(total),
  MIN(running) / ANY_VALUE(total)
FROM ranked WHERE running >= {share} * total
"""


@pytest.mark.parametrize("share", [0.05, 0.4, 0.5, 0.8, 0.97, 1])
@pytest.mark.parametrize(("entity", "key"), [("customers", "o.customer_id"), ("products", "l.product_id")])
def test_the_smallest_number_that_reaches_the_share(
    ask: Ask, database: duckdb.DuckDBPyConnection, entity: str, key: str, share: float
) -> None:
    expected = database.execute(BY_HAND.format(key=key, where="TRUE", share=share)).fetchone()
    found = ask(concentration={"entity": entity, "metric": "revenue", "share": share})
    assert found == [pytest.approx(tuple(map(float, expected or ())))]


def test_filters_and_window_say_which_facts_count(ask: Ask, database: duckdb.DuckDBPyConnection) -> None:
    where = "p.department = 'Deli' AND l.sold_on >= DATE '2017-02-01'"
    expected = database.execute(BY_HAND.format(key="o.customer_id", where=where, share=0.8)).fetchone()
    deli = [{"field": "products.department", "op": "in", "values": ["Deli"]}]
    found = ask(
        concentration={"entity": "customers", "metric": "revenue"}, filters=deli, window={"start": "2017-02-01", "end": "2017-03-31"}
    )
    assert found == [pytest.approx(tuple(map(float, expected or ())))]


def test_equal_values_count_one_by_one(ask: Ask) -> None:
    """Orders per customer: 3, 2, 1, 1. Three of four make 6 of 7, whichever of the last two is taken."""
    assert ask(concentration={"entity": "customers", "metric": "order_count"}) == [(3, 4, 0.75, 6, 7, pytest.approx(6 / 7))]
    assert ask(concentration={"entity": "customers", "metric": "order_count", "share": 3 / 7})[0][0] == 1  # reached exactly


def test_what_the_supposed_part_makes(ask: Ask) -> None:
    half = ask(concentration={"entity": "customers", "metric": "revenue", "of_entities": 0.5})
    assert half == [(3, 4, 0.75, 215.0, 223.0, pytest.approx(215 / 223), pytest.approx(175 / 223))]
    rounded_up = ask(concentration={"entity": "customers", "metric": "revenue", "of_entities": 0.2})
    assert rounded_up[0][-1] == pytest.approx(95 / 223)


def test_nothing_to_share_has_no_row(ask: Ask) -> None:
    assert ask(concentration={"entity": "customers", "metric": "revenue"}, window={"start": "2018-01-01", "end": "2018-01-31"}) == []


@pytest.mark.parametrize(
    ("entity", "metric"),
    [("customers", "average_order_value"), ("products", "order_count"), ("customers", "points"), ("customers", "private_share")],
)
def test_figures_that_do_not_add_up_are_refused(compiled: Compile, entity: str, metric: str) -> None:
    with pytest.raises(QueryUnsupported, match="does not add up"):
        compiled(concentration={"entity": entity, "metric": metric})


@pytest.mark.parametrize("change", [{"metrics": ["revenue"]}, {"dimensions": [{"field": "customers.region"}]}, {"share": {}}])
def test_what_only_figures_have_is_refused(compiled: Compile, change: dict[str, Any]) -> None:
    with pytest.raises(QueryUnsupported, match="concentration does not go with"):
        compiled(concentration={"entity": "customers", "metric": "revenue"}, **change)


@pytest.mark.parametrize("change", [{"share": 0}, {"share": 80}, {"of_entities": 20}])
def test_shares_are_parts_of_one(change: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        MetricQuery.model_validate({"concentration": {"entity": "customers", "metric": "revenue", **change}})


def test_the_total_is_computed_a_second_time(compiled: Compile, database: duckdb.DuckDBPyConnection) -> None:
    found = compiled(concentration={"entity": "customers", "metric": "revenue"})
    (check,) = found.checks
    assert (check.kind, check.columns) == (CheckKind.PARTS_SUM_TO_TOTAL, ("total",))
    assert [float(v) for v in database.execute(check.tree.sql("duckdb")).fetchone() or ()] == [223.0]
    assert [d.name for d in found.definitions] == ["revenue"]


def test_customers_are_divided_in_steps_of_the_minimum(ask: Ask, compiled: Compile, limited: Rights) -> None:
    """One customer makes 40 %, three make 80 %: a group of one, or all but one, would tell about a single person."""
    small = {"concentration": {"entity": "customers", "metric": "revenue", "share": 0.4, "of_entities": 0.25}}
    assert ask(**small)[0][0] == 1
    assert ask(**small, rights=limited) == [(2, 4, 0.5, 175.0, 223.0, pytest.approx(175 / 223), None)]
    assert ask(concentration={"entity": "customers", "metric": "revenue"}, rights=limited)[0][:2] == (4, 4)
    assert any("at least 2 customers" in note for note in compiled(**small, rights=limited).notes)


def test_too_few_customers_are_not_told_of(ask: Ask, limited: Rights) -> None:
    one = [{"field": "customers.customer_id", "op": "in", "values": [1]}]
    assert ask(concentration={"entity": "customers", "metric": "revenue"}, filters=one, rights=limited) == []


def test_products_need_enough_buyers_on_both_sides(ask: Ask, limited: Rights) -> None:
    """By revenue: 12 (customers 1 and 3), 10 (1, 3 and 4), 11 (1, 2 and 3)."""
    found = ask(concentration={"entity": "products", "metric": "revenue", "share": 0.4}, rights=limited)
    assert found == ask(concentration={"entity": "products", "metric": "revenue", "share": 0.4})
    february = {"start": "2017-02-01", "end": "2017-02-28"}
    few = {"concentration": {"entity": "products", "metric": "revenue", "share": 0.9}, "window": february}
    assert ask(**few)[0][:2] == (2, 3)
    assert ask(**few, rights=limited)[0][:2] == (3, 3)  # product 11 has one buyer


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({}, "Smallest number of customers that make 80 % of revenue, all data up to 31 March 2017"),
        (
            {"share": 0.5, "of_entities": 0.125},
            "Smallest number of customers that make 50 % of revenue, beside the best 12.5 %, all data up to 31 March 2017",
        ),
    ],
)  # fmt: skip
def test_the_plan_in_words(model: SemanticModel, spec: dict[str, float], said: str) -> None:
    query = MetricQuery.model_validate({"concentration": {"entity": "customers", "metric": "revenue", **spec}})
    assert sentence(query, model) == said
