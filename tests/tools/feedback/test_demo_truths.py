"""What the demo's generator planted in the words of customers is found by asking: themes with the right product, region and days."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tools.core.contract import Finding, ToolContext
from tools.core.warehouse import Warehouse, build_warehouse, open_warehouse, refresh_warehouse
from tools.feedback.contribution import FeedbackContribution
from tools.feedback.tool import SearchFeedback, SearchFeedbackInput
from tools.warehouses.demo.build import truth_path

pytestmark = pytest.mark.long
UNHAPPY = ["negative", "mixed"]
Search = Callable[..., Finding]


@pytest.fixture(scope="module")
def medium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """50,000 customers and the 22,000 texts of a medium demo, read and indexed (five minutes), or a home that has them already."""
    kept = os.environ.get("CANDOR_MEDIUM_DEMO")
    home = Path(kept) if kept else tmp_path_factory.mktemp("medium")
    if not kept:
        build_warehouse("demo", home=home, progress=lambda _step, _part=None, /: None, size="medium")
        refresh_warehouse("demo", home=home, contributions=[FeedbackContribution()], progress=lambda _step, _part=None, /: None)
    with open_warehouse("demo", home=home, engine_options={"deadline_s": 60.0}) as opened:
        yield opened


@pytest.fixture(scope="module")
def search(medium: Warehouse) -> Search:
    assert medium.policy is not None
    context = ToolContext(warehouse=medium, rights=medium.policy.rights_for("local", "local"), deadline_s=60.0)
    return lambda **arguments: SearchFeedback().run(SearchFeedbackInput.model_validate(arguments), context)


@pytest.fixture(scope="module")
def events(medium: Warehouse) -> dict[tuple[str, str], tuple[Any, ...]]:
    """First day, last day and scope by truth and name, from the file that the assistant never opens."""
    built = sorted(medium.data_folder.parent.glob(f"*/{truth_path(medium.data_folder / 'warehouse.duckdb').name}"))[-1]
    with duckdb.connect(str(built), read_only=True) as truth:
        rows = truth.execute("SELECT truth, name, starts_on, ends_on, scope_sql FROM truth.event").fetchall()
    return {(row[0], row[1]): row[2:] for row in rows}


@pytest.fixture(scope="module")
def facts(medium: Warehouse) -> Iterator[Callable[[str], list[tuple[Any, ...]]]]:
    with duckdb.connect(str(medium.data_folder / "warehouse.duckdb"), read_only=True) as data:
        yield lambda sql: data.execute(sql).fetchall()


def shares(found: Finding) -> dict[str, float]:
    """Theme -> share of the chosen texts."""
    return {row[0]: row[2] for row in found.tables[0].rows}


def test_the_bad_batch_is_found_with_its_product_its_regions_and_its_days(search: Search, events: Any, facts: Any) -> None:
    first, last, scope = events["bad_batch", "leak tickets"]
    moved = search(show="before_after", about="leaks", sentiment=UNHAPPY, changed_on=first)
    assert moved.facts["verdict"] == "more"
    window = {"start": first, "end": last + dt.timedelta(days=40)}
    batch = re.findall(r"batch_id = (\d+)", scope)[0]
    (product,) = facts(f"SELECT product_name FROM core.product JOIN core.product_batch USING (product_id) WHERE batch_id = {batch}")[0]
    products = search(show="products", about="leaks", sentiment=UNHAPPY, window=window).tables[0].rows
    assert products[0][0] == product
    assert products[0][1] > 3 * products[1][1]
    regions = {"field": "customers.region", "op": "in", "values": re.findall(r"'(\w+)'", scope)}
    assert "leaks" in search(show="distinctive", filters=[regions], sentiment=UNHAPPY, window=window).facts["sure"]


def test_the_checkout_failure_is_found_with_its_days(search: Search, events: Any) -> None:
    first, last, _ = events["web_bug", "mobile checkout"]
    arguments = {"show": "before_after", "about": "checkout", "sentiment": UNHAPPY, "span_days": (last - first).days + 1}
    assert search(**arguments, changed_on=first).facts["verdict"] == "more"
    assert search(**arguments, changed_on=last + dt.timedelta(days=1)).facts["verdict"] == "less"
    window = {"start": first, "end": last}
    assert "website and app" in search(window=window, sentiment=UNHAPPY, limit=20).facts["rising"]
    assert len(search(about="checkout", sentiment=UNHAPPY, window=window).quotes) > 1


def test_the_price_rise_is_found_with_its_category_and_its_days(search: Search, events: Any, facts: Any) -> None:
    first, last, _ = events["price_rise", "competitor mentions"]
    category = events["price_rise", "units"][2].split("'")[1]
    assert search(show="before_after", about="prices", sentiment=UNHAPPY, changed_on=first).facts["verdict"] == "more"
    window = {"start": first, "end": last}
    dearer = {"field": "products.category", "op": "in", "values": [category]}
    assert "prices" in search(show="distinctive", filters=[dearer], sentiment=UNHAPPY, window=window).facts["sure"]
    inside, at_large = (search(filters=f, sentiment=UNHAPPY, window=window, limit=20) for f in ([dearer], []))
    assert shares(inside)["prices"] > 1.5 * shares(at_large)["prices"]
    known = {name for (name,) in facts(f"SELECT product_name FROM core.product WHERE category = '{category}'")}
    top = [row[0] for row in search(show="products", about="prices", sentiment=UNHAPPY, window=window).tables[0].rows]
    assert len(known & set(top)) >= len(top) / 2


def test_the_understaffed_shops_are_found_with_their_days(search: Search, events: Any, facts: Any) -> None:
    first, last, scope = events["walkouts", "walk-outs"]
    names = [name for (name,) in facts(f"SELECT store_name FROM core.store WHERE {scope}")]
    shops = {"field": "stores.store_name", "op": "in", "values": names}
    window = {"start": first, "end": last}
    assert "shop staff" in search(show="distinctive", filters=[shops], sentiment=UNHAPPY, window=window).facts["sure"]
    moved = search(show="before_after", about="shop staff", filters=[shops], sentiment=UNHAPPY, changed_on=first, span_days=180)
    assert moved.facts["verdict"] == "more"


def test_doubled_mentions_of_competitors_are_found_with_their_days(search: Search, events: Any) -> None:
    first, last, _ = events["price_rise", "competitor mentions"]
    named = {"field": "feedback.competitor", "op": "not_null"}
    own = {"field": "feedback.source", "op": "in", "values": ["review", "ticket", "call", "chat", "survey"]}
    arguments = {"show": "before_after", "filters": [named, own], "span_days": (last - first).days + 1}
    assert search(**arguments, changed_on=first).facts["verdict"] == "more"
    assert search(**arguments, changed_on=last + dt.timedelta(days=1)).facts["verdict"] == "less"
    assert search(show="competitors", window={"start": first, "end": last}).facts["losses"] > 20
