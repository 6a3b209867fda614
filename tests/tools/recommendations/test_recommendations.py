"""Recommendations on lines made by hand, and over the refreshed demo and The Complete Journey."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tools.core.contract import Finding, ToolContext
from tools.core.errors import NotAllowed, UnknownName
from tools.core.warehouse import Warehouse, open_warehouse
from tools.recommendations.interest import auc
from tools.recommendations.lines import Lines
from tools.recommendations.products import basket_pairs, suggest
from tools.recommendations.tool import Recommendations, RecommendationsInput


def lines_of(baskets: list[tuple[int, list[int]]], items: int) -> Lines:
    """Lines of (customer, items of one basket), all on one day; every item is a category of its own."""
    rows = [(customer, order, item) for order, (customer, bought) in enumerate(baskets) for item in bought]
    customer, order, item = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    names = tuple(f"item {i}" for i in range(items))
    return Lines(
        customers=np.arange(customer.max() + 1), items=names, categories=names, customer=customer, day=np.full(len(rows), 1000),
        order=order, item=item, category=item,
    )  # fmt: skip


def test_the_next_product_is_what_similar_customers_bought() -> None:
    """Buyers of 0 buy 1 as well, buyers of 2 buy 3: who has only 0 is offered 1, because of 0."""
    baskets = [(c, [0, 1]) for c in range(20)] + [(c, [2, 3]) for c in range(20, 40)] + [(40, [0]), (41, [2])]
    found = suggest(lines_of(baskets, 4), 1000)
    assert (found.item[40, 0], found.because[40, 0]) == (1, 0)
    assert (found.item[41, 0], found.because[41, 0]) == (3, 2)
    assert found.popularity[1] == pytest.approx(20 / 42)


def test_nothing_that_somebody_has_is_offered_to_them() -> None:
    found = suggest(lines_of([(c, [c % 3, (c + 1) % 3]) for c in range(30)], 3), 1000)
    for customer in range(30):
        own = {customer % 3, (customer + 1) % 3}
        assert not own & set(found.item[customer].tolist())


def test_lift_is_how_often_two_items_meet_against_chance() -> None:
    """40 of 100 baskets hold 0, 50 hold 1, 30 both: 30 x 100 / (40 x 50)."""
    baskets = [(0, [0, 1])] * 30 + [(0, [0, 2])] * 10 + [(0, [1, 2])] * 20 + [(0, [2])] * 40
    pairs = {(p.first, p.second): p for p in basket_pairs(lines_of(baskets, 3), 1000)}
    pair = pairs["item 0", "item 1"]
    assert (pair.baskets, pair.share, pair.lift) == (30, pytest.approx(0.75), pytest.approx(1.5))
    assert ("item 0", "item 2") not in pairs  # under 20 baskets


def test_auc_counts_ties_half() -> None:
    assert auc(np.array([0.1, 0.4, 0.4, 0.8]), np.array([0.0, 0.0, 1.0, 1.0])) == pytest.approx(0.875)


@pytest.fixture(scope="module")
def warehouse(demo_home: Path) -> Iterator[Warehouse]:
    with open_warehouse("demo", home=demo_home, engine_options={"deadline_s": 60.0}) as opened:
        yield opened


def run(warehouse: Warehouse, role: str = "local", **arguments: Any) -> Finding:
    assert warehouse.policy is not None
    context = ToolContext(warehouse=warehouse, rights=warehouse.policy.rights_for("someone", role), deadline_s=60.0)
    return Recommendations().run(RecommendationsInput.model_validate(arguments), context)


def test_chances_by_category_beat_the_categories_popularity(warehouse: Warehouse) -> None:
    found = run(warehouse, show="reliability")
    ours, baseline = found.tables[0].rows[0][2:]
    assert ours > baseline + 0.05  # type: ignore[operator]


def test_expected_buyers_are_the_sum_of_chances(warehouse: Warehouse) -> None:
    rows = run(warehouse, show="categories").tables[0].rows
    assert len(rows) == 8
    for _, chance, buyers in rows:
        assert buyers == pytest.approx(1924 * chance, rel=1e-6)  # type: ignore[operator]


def test_the_likeliest_buyers_of_a_category_are_listed_for_those_entitled(warehouse: Warehouse) -> None:
    rows = run(warehouse, show="categories", category="garden", limit=10).tables[0].rows
    chances = [row[1] for row in rows]
    assert len(rows) == 10
    assert chances == sorted(chances, reverse=True)  # type: ignore[type-var]
    with pytest.raises(NotAllowed):
        run(warehouse, "marketer", show="categories", category="Garden")
    assert run(warehouse, "marketer", show="categories").tables[0].rows


def test_an_unknown_category_gets_a_hint(warehouse: Warehouse) -> None:
    with pytest.raises(UnknownName) as caught:
        run(warehouse, show="categories", category="Gardn")
    assert "Garden" in caught.value.try_instead


def test_products_for_one_customer_come_with_popularity_and_reason(warehouse: Warehouse) -> None:
    found = run(warehouse, show="products", customer_ids=[17])
    assert [c.name for c in found.tables[0].columns] == ["customer_id", "item", "because_of", "similarity", "popularity"]
    assert 1 <= len(found.tables[0].rows) <= 5


def test_best_times_name_a_weekday_and_an_hour(warehouse: Warehouse) -> None:
    (row,) = run(warehouse, show="time", customer_ids=[17]).tables[0].rows
    assert row[1] in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    assert 0 <= row[2] <= 23  # type: ignore[operator]


def test_the_complete_journey_has_products_and_pairs_and_says_what_it_lacks(refreshed_home: Path) -> None:
    with open_warehouse("completejourney", home=refreshed_home, engine_options={"deadline_s": 60.0}) as opened:
        judged = run(opened, show="reliability").tables[0].rows
        assert judged[0][2] > 0.85  # type: ignore[operator]
        assert judged[1][2] > 0.1  # type: ignore[operator]
        assert run(opened, show="pairs").tables[0].rows
        with pytest.raises(Exception, match="names no reactions"):
            run(opened, show="time")
