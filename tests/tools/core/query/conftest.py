"""A small shop, made by hand: two facts at different grains, shared customers, a chasm and a fan to fall into."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import duckdb
import pytest

from tools.core.query import CompiledQuery, MetricQuery, compile_query
from tools.core.semantics.catalog import Catalog
from tools.core.semantics.model import (
    CumulativeSpec,
    Dataset,
    Datatype,
    Field,
    Metric,
    MetricFormat,
    MetricInput,
    ModelSettings,
    NonAdditive,
    Relationship,
    SemanticModel,
)
from tools.core.sql_guard import Rights, check_sql, open_rights

TABLES = """
CREATE TABLE customers (customer_id INTEGER PRIMARY KEY, region VARCHAR, age INTEGER);
CREATE TABLE products (product_id INTEGER PRIMARY KEY, department VARCHAR, brand VARCHAR);
CREATE TABLE orders (order_id INTEGER PRIMARY KEY, customer_id INTEGER, ordered_at TIMESTAMP);
CREATE TABLE lines (order_id INTEGER, product_id INTEGER, sold_on DATE, quantity INTEGER, amount DECIMAL(10, 2));
CREATE TABLE tickets (ticket_id INTEGER PRIMARY KEY, customer_id INTEGER, opened_on DATE, minutes INTEGER);
CREATE TABLE balances (customer_id INTEGER, day DATE, points INTEGER);
INSERT INTO customers VALUES (1, 'North', 25), (2, 'North', 41), (3, 'South', 38), (4, NULL, 52), (5, 'South', 19);
INSERT INTO products VALUES (10, 'Deli', 'Private'), (11, 'Deli', 'National'), (12, 'Garden', 'National'), (13, 'Garden', 'Private');
INSERT INTO orders VALUES
  (100, 1, '2017-01-05 09:00'), (101, 1, '2017-02-10 18:30'), (102, 2, '2017-02-11 12:00'), (103, 3, '2017-02-28 23:30'),
  (104, 3, '2017-03-04 10:15'), (105, 4, '2017-03-05 08:00'), (106, 1, '2017-03-31 23:59'), (107, 2, '2017-04-01 00:30');
INSERT INTO lines VALUES
  (100, 10, '2017-01-05', 1, 10.00), (100, 11, '2017-01-05', 2, 20.00), (100, 12, '2017-01-05', 1, 5.00),
  (101, 10, '2017-02-10', 1, 12.00), (101, 12, '2017-02-10', 3, 30.00),
  (102, 11, '2017-02-11', 1, 8.00),
  (103, 12, '2017-02-28', 2, 50.00), (103, 10, '2017-02-28', 1, 10.00),
  (104, 11, '2017-03-04', 1, 9.00), (104, 12, '2017-03-04', 1, 11.00),
  (105, 10, '2017-03-05', 4, 40.00),
  (106, 11, '2017-03-31', 2, 18.00),
  (107, 10, '2017-04-01', 1, 10.00);
INSERT INTO tickets VALUES
  (1, 1, '2017-02-01', 10), (2, 1, '2017-02-03', 20), (3, 3, '2017-03-01', 5), (4, 5, '2017-03-09', 60), (5, 5, '2017-01-15', 30);
INSERT INTO balances VALUES (1, '2017-01-31', 5), (1, '2017-02-28', 8), (2, '2017-01-31', 3), (2, '2017-02-28', 2), (3, '2017-02-28', 7);
"""

_TIMES = {Datatype.DATE, Datatype.DATETIME}


def dataset(name: str, fields: Mapping[str, Datatype], **more: Any) -> Dataset:
    """A dataset whose fields are plain columns."""
    made = {
        f: Field(dataset=name, name=f, expression=f, datatype=t, is_time=t in _TIMES, label=f.replace("_", " "), plural=f"{f}s")
        for f, t in fields.items()
    }
    label = name.rstrip("s")
    return Dataset(name=name, source=more.pop("source", name), fields=made, label=label, plural=name, **more)


S, INT, D, T, N = Datatype.STRING, Datatype.INTEGER, Datatype.DATE, Datatype.DATETIME, Datatype.DECIMAL

DATASETS = (
    dataset("customers", {"customer_id": INT, "region": S, "age": INT}, primary_key=("customer_id",), is_entity=True),
    dataset("products", {"product_id": INT, "department": S, "brand": S}, primary_key=("product_id",), is_entity=True),
    dataset("orders", {"order_id": INT, "customer_id": INT, "ordered_at": T}, primary_key=("order_id",), default_time="ordered_at"),
    dataset(
        "lines",
        {"order_id": INT, "product_id": INT, "sold_on": D, "quantity": INT, "amount": N},
        default_time="sold_on",
    ),
    dataset(
        "tickets",
        {"ticket_id": INT, "customer_id": INT, "opened_on": D, "minutes": INT},
        primary_key=("ticket_id",),
        default_time="opened_on",
    ),
    dataset("balances", {"customer_id": INT, "day": D, "points": INT}, default_time="day"),
)


def relationship(origin: str, target: str, column: str) -> Relationship:
    return Relationship(name=f"{origin}_{target}", from_dataset=origin, to_dataset=target, from_columns=(column,), to_columns=(column,))


RELATIONSHIPS = (
    relationship("orders", "customers", "customer_id"),
    relationship("lines", "orders", "order_id"),
    relationship("lines", "products", "product_id"),
    relationship("tickets", "customers", "customer_id"),
    relationship("balances", "customers", "customer_id"),
)


def metric(name: str, expression: str, label: str = "", **more: Any) -> Metric:
    return Metric(name=name, expression=expression, label=label or name.replace("_", " "), **more)


METRICS = (
    metric("revenue", "SUM(lines.amount)", unit="USD", format=MetricFormat.MONEY),
    metric("units", "SUM(lines.quantity)"),
    metric("order_count", "COUNT(DISTINCT orders.order_id)", "orders"),
    metric("customer_count", "COUNT(DISTINCT customers.customer_id)", "customers", counted_through=("orders", "tickets")),
    metric("ticket_count", "COUNT(tickets.ticket_id)", "tickets"),
    metric("minutes", "SUM(tickets.minutes)"),
    metric("average_order_value", "SUM(lines.amount) / COUNT(DISTINCT lines.order_id)", format=MetricFormat.MONEY, unit="USD"),
    metric("average_age", "AVG(customers.age)"),
    metric("private_revenue", "SUM(lines.amount)", filter="products.brand = 'Private'"),
    metric(
        "private_share",
        "private / total",
        format=MetricFormat.RATE,
        inputs=(MetricInput(metric="private_revenue", alias="private"), MetricInput(metric="revenue", alias="total")),
    ),
    metric(
        "tickets_per_order",
        "tickets / orders",
        inputs=(MetricInput(metric="ticket_count", alias="tickets"), MetricInput(metric="order_count", alias="orders")),
    ),
    metric(
        "revenue_growth_month",
        "now - before",
        inputs=(
            MetricInput(metric="revenue", alias="now"),
            MetricInput(metric="revenue", alias="before", offset_count=1, offset_grain="month"),
        ),
    ),
    metric("revenue_to_date", "SUM(lines.amount)", cumulative=CumulativeSpec()),
    metric("revenue_trailing_2_months", "SUM(lines.amount)", cumulative=CumulativeSpec(window_count=2, window_grain="month")),
    metric("revenue_month_to_date", "SUM(lines.amount)", cumulative=CumulativeSpec(grain_to_date="month")),
    metric("points", "SUM(balances.points)", non_additive=NonAdditive(field="balances.day", choice="max")),
    metric(
        "latest_points",
        "SUM(balances.points)",
        non_additive=NonAdditive(field="balances.day", choice="max", per=("balances.customer_id",)),
    ),
    metric("ticket_minutes_or_zero", "SUM(tickets.minutes)", fill_nulls_with=0),
)


def make_model(**changes: Any) -> SemanticModel:
    settings = ModelSettings(as_of=dt.date(2017, 3, 31), data_start=dt.date(2017, 1, 1), customer="customers")
    parts: dict[str, Any] = {
        "name": "shop",
        "datasets": {d.name: d for d in DATASETS},
        "relationships": RELATIONSHIPS,
        "metrics": {m.name: m for m in METRICS},
        "settings": settings,
    }
    return SemanticModel(**{**parts, **changes})


@pytest.fixture(scope="session")
def model() -> SemanticModel:
    return make_model()


@pytest.fixture(scope="session")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    connection.execute(TABLES)
    yield connection
    connection.close()


Rows = list[tuple[Any, ...]]
Ask = Callable[..., Rows]


def plain(value: Any) -> Any:
    """Decimals as floats, moments at midnight as they are."""
    return float(value) if type(value).__name__ == "Decimal" else value


@pytest.fixture
def ask(model: SemanticModel, database: duckdb.DuckDBPyConnection) -> Ask:
    """Compile a MetricQuery given as keywords, pass it through the guard, run it; returns rows."""

    def run(*, using: SemanticModel | None = None, rights: Any = None, **query: Any) -> Rows:
        compiled = compile_query(MetricQuery.model_validate(query), using or model, rights=rights)
        catalog = Catalog.from_duckdb(database)
        checked = check_sql(compiled.tree, catalog=catalog, rights=rights or open_rights(catalog), governed=True)
        rows = database.execute(checked.text).fetchall()
        names = [d[0] for d in database.description or ()]
        assert names == [c.name for c in compiled.columns]
        return [tuple(plain(v) for v in row) for row in rows]

    return run


@pytest.fixture(scope="session")
def limited(database: duckdb.DuckDBPyConnection) -> Rights:
    """Figures about at least two customers, nobody alone."""
    everything = open_rights(Catalog.from_duckdb(database))
    return replace(everything, role="analyst", min_group_size=2, may_list_individuals=False, request_access="ask the data steward")


@pytest.fixture
def compiled(model: SemanticModel) -> Callable[..., CompiledQuery]:
    def build(*, using: SemanticModel | None = None, rights: Any = None, **query: Any) -> CompiledQuery:
        return compile_query(MetricQuery.model_validate(query), using or model, rights=rights)

    return build
