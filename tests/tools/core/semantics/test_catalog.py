from __future__ import annotations

import duckdb
import pytest

from tools.core.semantics import Catalog


@pytest.fixture
def catalog() -> Catalog:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE orders (id INTEGER, total DECIMAL(8, 2))")
        connection.execute("CREATE SCHEMA crm")
        connection.execute("CREATE TABLE crm.people (id INTEGER)")
        connection.execute("CREATE VIEW big_orders AS SELECT * FROM orders WHERE total > 100")
        return Catalog.from_duckdb(connection)


def test_lists_tables_and_views_with_column_types_in_order(catalog: Catalog) -> None:
    assert dict(catalog.tables["orders"]) == {"id": "INTEGER", "total": "DECIMAL(8,2)"}
    assert set(catalog.tables) == {"orders", "big_orders", "crm.people"}


@pytest.mark.parametrize(
    ("source", "table"),
    [
        ("orders", "orders"),
        ("ORDERS", "orders"),
        ("main.orders", "orders"),
        ("warehouse.public.orders", "orders"),
        ("crm.people", "crm.people"),
        ("db.crm.people", "crm.people"),
        ('"orders"', "orders"),
        ("people", None),
        ("missing", None),
    ],
)
def test_finds_the_table_that_a_source_means(catalog: Catalog, source: str, table: str | None) -> None:
    assert catalog.resolve(source) == table
