"""What must hold on any data: nothing is counted twice, nothing is lost, and the same question gives the same rows."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.core.query import MetricQuery, compile_query
from tools.core.semantics.catalog import Catalog
from tools.core.semantics.model import SemanticModel
from tools.core.sql_guard import Rights

_DAYS = st.dates(dt.date(2017, 1, 1), dt.date(2017, 3, 31))
_KEYS = st.integers(1, 5)
"""Facts may point to customers, products and orders that do not exist."""

DIMENSIONS: list[dict[str, Any]] = [
    {"field": "customers.region"},
    {"field": "products.department"},
    {"field": "products.brand"},
    {"field": "lines.sold_on", "grain": "month"},
    {"field": "lines.sold_on", "grain": "day_of_week"},
    {"field": "orders.ordered_at", "grain": "week"},
    {"field": "customers.age", "bin_width": 10},
]


@dataclass(frozen=True, kw_only=True)
class Shop:
    """Rows of the shop's tables."""

    customers: list[tuple[Any, ...]]
    products: list[tuple[Any, ...]]
    orders: list[tuple[Any, ...]]
    lines: list[tuple[Any, ...]]
    tickets: list[tuple[Any, ...]]


@st.composite
def shops(draw: st.DrawFn) -> Shop:
    names = st.sampled_from([None, "a", "b"])
    customers = [(i, draw(names), draw(st.integers(18, 60))) for i in range(1, draw(st.integers(1, 4)))]
    products = [(i, draw(names), draw(names)) for i in range(1, draw(st.integers(1, 4)))]
    orders = [
        (i, draw(_KEYS), dt.datetime.combine(draw(_DAYS), dt.time(draw(st.integers(0, 23))))) for i in range(1, draw(st.integers(1, 5)))
    ]
    lines = draw(st.lists(st.tuples(_KEYS, _KEYS, _DAYS, st.integers(1, 3), st.integers(1, 100)), max_size=12))
    tickets = [(i, draw(_KEYS), draw(_DAYS), draw(st.integers(1, 60))) for i in range(draw(st.integers(0, 6)))]
    return Shop(customers=customers, products=products, orders=orders, lines=lines, tickets=tickets)


@pytest.fixture(scope="module")
def empty(database: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """The shop's tables, to be filled by each example."""
    connection = duckdb.connect()
    for (statement,) in database.execute("SELECT sql FROM duckdb_tables()").fetchall():
        connection.execute(statement)
    yield connection
    connection.close()


def fill(connection: duckdb.DuckDBPyConnection, shop: Shop) -> None:
    for table in ("customers", "products", "orders", "lines", "tickets"):
        connection.execute(f"DELETE FROM {table}")
        rows = getattr(shop, table)
        if rows:
            marks = ", ".join("?" for _ in rows[0])
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)


def rows_of(
    connection: duckdb.DuckDBPyConnection, model: SemanticModel, rights: Rights | None = None, **query: Any
) -> list[tuple[Any, ...]]:
    return connection.execute(compile_query(MetricQuery.model_validate(query), model, rights=rights).sql).fetchall()


def total(rows: list[tuple[Any, ...]], column: int) -> float:
    return float(sum(r[column] for r in rows if r[column] is not None))


_examples = settings(max_examples=30, deadline=None)


@_examples
@given(shop=shops(), dimensions=st.lists(st.sampled_from(DIMENSIONS), min_size=1, max_size=3, unique_by=str))
def test_parts_add_up_to_the_total(empty: Any, model: SemanticModel, shop: Shop, dimensions: list[dict[str, Any]]) -> None:
    fill(empty, shop)
    ((revenue, units),) = rows_of(empty, model, metrics=["revenue", "units"])
    parts = rows_of(empty, model, metrics=["revenue", "units"], dimensions=dimensions)
    assert total(parts, -2) == float(revenue or 0)
    assert total(parts, -1) == float(units or 0)


@_examples
@given(shop=shops(), dimensions=st.lists(st.sampled_from(DIMENSIONS), max_size=2, unique_by=str))
def test_joins_keep_every_row_of_the_fact(empty: Any, model: SemanticModel, shop: Shop, dimensions: list[dict[str, Any]]) -> None:
    fill(empty, shop)
    split = rows_of(empty, model, metrics=["units"], dimensions=dimensions)
    assert total(split, -1) == sum(line[3] for line in shop.lines)


@_examples
@given(
    shop=shops(),
    values=st.lists(st.sampled_from(["a", "b"]), min_size=1, unique=True),
    field=st.sampled_from(["customers.region", "products.brand"]),
)
def test_a_filter_and_its_opposite_share_the_total_between_them(
    empty: Any, model: SemanticModel, shop: Shop, values: list[str], field: str
) -> None:
    fill(empty, shop)
    everything, kept, rest = (
        total(rows_of(empty, model, metrics=["units"], filters=filters), 0)
        for filters in ([], [{"field": field, "op": "in", "values": values}], [{"field": field, "op": "not_in", "values": values}])
    )
    assert kept <= everything
    assert kept + rest == everything


@_examples
@given(shop=shops(), start=_DAYS, end=_DAYS)
def test_a_longer_window_never_counts_less(empty: Any, model: SemanticModel, shop: Shop, start: dt.date, end: dt.date) -> None:
    fill(empty, shop)
    inner = {"start": min(start, end), "end": max(start, end)}
    outer = {"start": inner["start"] - dt.timedelta(days=3), "end": min(inner["end"] + dt.timedelta(days=3), dt.date(2017, 3, 31))}
    for metric in ("units", "order_count", "customer_count", "ticket_count"):
        counted = [total(rows_of(empty, model, metrics=[metric], window=w), 0) for w in (inner, outer)]
        assert counted[0] <= counted[1]


@_examples
@given(shop=shops(), dimension=st.sampled_from([{"field": "customers.region"}, {"field": "metric.time", "grain": "month"}]))
def test_two_facts_joined_on_a_dimension_have_the_totals_of_each_alone(
    empty: Any, model: SemanticModel, shop: Shop, dimension: dict[str, Any]
) -> None:
    fill(empty, shop)
    together = rows_of(empty, model, metrics=["units", "minutes", "order_count"], dimensions=[dimension])
    alone = [rows_of(empty, model, metrics=[m], dimensions=[dimension]) for m in ("units", "minutes", "order_count")]
    assert [total(together, i) for i in (1, 2, 3)] == [total(rows, 1) for rows in alone]
    assert len({r[0] for r in together}) == len(together)
    assert {r[0] for r in together} == {r[0] for rows in alone for r in rows}


@_examples
@given(shop=shops(), seed=st.integers(0, 9), dimensions=st.lists(st.sampled_from(DIMENSIONS), min_size=1, max_size=2, unique_by=str))
def test_rows_come_in_the_same_order_however_they_are_stored(
    empty: Any, model: SemanticModel, shop: Shop, seed: int, dimensions: list[dict[str, Any]]
) -> None:
    query: dict[str, Any] = {"metrics": ["order_count", "units"], "dimensions": dimensions, "limit": 3}
    query["metrics"] = ["units"]
    fill(empty, shop)
    first = rows_of(empty, model, **query)
    shuffled = {t: random.Random(seed).sample(getattr(shop, t), len(getattr(shop, t))) for t in vars(shop)}
    fill(empty, Shop(**shuffled))
    assert rows_of(empty, model, **query) == first


@_examples
@given(shop=shops(), dimension=st.sampled_from(DIMENSIONS[:4]), minimum=st.integers(2, 3))
def test_a_minimum_group_size_only_ever_leaves_rows_out(
    empty: Any, model: SemanticModel, shop: Shop, dimension: dict[str, Any], minimum: int
) -> None:
    fill(empty, shop)
    catalog = Catalog.from_duckdb(empty)
    rights = Rights(
        user="u", role="r", policy_version="1", columns={t: frozenset(c) for t, c in catalog.tables.items()}, min_group_size=minimum
    )
    everything = rows_of(empty, model, metrics=["units"], dimensions=[dimension])
    visible = rows_of(empty, model, rights, metrics=["units"], dimensions=[dimension])
    counted = {"metric": "units", "per": "customers", "aggregate": "count", "condition_op": "ge", "condition_value": 0}
    people = dict(rows_of(empty, model, metrics=[counted], dimensions=[dimension]))
    assert [row for row in everything if row in visible] == visible
    assert all(people.get(row[0], minimum) >= minimum for row in visible)
