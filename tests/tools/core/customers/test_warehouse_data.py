"""Orders, subscriptions and signals by the roles of a model, over a shop made by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from tools.core.customers import day_number, to_date
from tools.core.customers.warehouse_data import CustomerData, require_roles
from tools.core.errors import NeedsPerson
from tools.core.semantics import Catalog, Roles, SemanticModel, Signal, read_model

TABLES = """
CREATE SCHEMA crm;
CREATE TABLE crm.client (client_no VARCHAR, test BOOLEAN, tier INTEGER);
INSERT INTO crm.client VALUES ('a', false, 1), ('b', false, 0), ('t', true, 0);
CREATE TABLE sale (sale_no INTEGER, client_no VARCHAR, placed TIMESTAMP);
INSERT INTO sale VALUES (1, 'a', '2024-01-05 23:50'), (2, 'a', '2024-02-05 10:00'), (3, 'b', '2024-02-01 09:00'),
                        (4, 't', '2024-02-02 09:00'), (5, 'b', '2024-06-01 09:00'), (6, NULL, '2024-02-03 09:00');
CREATE TABLE line (sale_no INTEGER, value DECIMAL(8, 2));
INSERT INTO line VALUES (1, 10), (1, 5), (2, 20), (3, 7), (3, -2), (4, 99), (5, 50), (6, 1);
CREATE TABLE ticket (ticket_no INTEGER, client_no VARCHAR, opened DATE);
INSERT INTO ticket VALUES (1, 'a', '2024-01-20'), (2, 'a', '2024-02-20'), (3, 'b', '2023-06-01'), (4, 'b', '2024-05-01');
CREATE TABLE plan (plan_no INTEGER, client_no VARCHAR, since DATE, ended DATE);
INSERT INTO plan VALUES (1, 'a', '2024-01-01', '2024-02-10'), (2, 'b', '2024-01-15', '2024-09-01'),
                        (3, 'a', '2024-02-15', NULL), (4, 'b', '2024-08-01', NULL);
"""


def fields(*names: str) -> str:
    return ", ".join(f"{{name: {n}, expression: {{dialects: [{{dialect: ANSI_SQL, expression: {n}}}]}}}}" for n in names)


MODEL = f"""
version: "0.2.0.dev0"
semantic_model:
  - name: shop
    custom_extensions:
      - {{vendor_name: CUSTOMER_INTELLIGENCE, data: '{{"customer": "clients"}}'}}
    datasets:
      - {{name: clients, source: crm.client, primary_key: [client_no], fields: [{fields("client_no", "test", "tier")}]}}
      - {{name: sales, source: sale, primary_key: [sale_no], fields: [{fields("sale_no", "placed")}]}}
      - {{name: lines, source: line, fields: [{fields("value")}]}}
      - {{name: tickets, source: ticket, primary_key: [ticket_no], fields: [{fields("ticket_no", "opened")}]}}
      - {{name: plans, source: plan, primary_key: [plan_no], fields: [{fields("plan_no", "since", "ended")}],
         custom_extensions: [{{vendor_name: CUSTOMER_INTELLIGENCE, data: '{{"default_time": "since"}}'}}]}}
    relationships:
      - {{name: s, from: sales, to: clients, from_columns: [client_no], to_columns: [client_no]}}
      - {{name: l, from: lines, to: sales, from_columns: [sale_no], to_columns: [sale_no]}}
      - {{name: t, from: tickets, to: clients, from_columns: [client_no], to_columns: [client_no]}}
      - {{name: p, from: plans, to: clients, from_columns: [client_no], to_columns: [client_no]}}
    metrics:
      - {{name: revenue, expression: {{dialects: [{{dialect: ANSI_SQL, expression: SUM(lines.value)}}]}}}}
"""
AS_OF = dt.date(2024, 3, 1)
ROLES = Roles(
    order="sales.sale_no",
    order_time="sales.placed",
    amount="lines.value",
    order_filter="NOT clients.test",
    subscription="plans.plan_no",
    subscription_start="plans.since",
    subscription_end="plans.ended",
)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute(TABLES)
        yield opened


@pytest.fixture
def model(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> SemanticModel:
    path = tmp_path / "semantic_model.yaml"
    path.write_text(MODEL, encoding="utf-8")
    read = read_model(path, catalog=Catalog.from_duckdb(connection))
    return replace(read, settings=replace(read.settings, roles=ROLES))


@pytest.fixture
def data(model: SemanticModel, connection: duckdb.DuckDBPyConnection) -> CustomerData:
    return CustomerData(connection, model, AS_OF)


def test_lines_are_added_up_per_order_of_known_customers_up_to_the_day(data: CustomerData) -> None:
    orders = data.orders()
    found = [(orders.customers[c], to_date(d).isoformat(), a) for c, d, a in zip(orders.customer, orders.day, orders.amount, strict=True)]
    assert found == [("a", "2024-01-05", 15.0), ("a", "2024-02-05", 20.0), ("b", "2024-02-01", 5.0)]
    assert (data.key_column, data.key_type) == ("client_no", "VARCHAR")


@pytest.mark.parametrize(
    ("signal", "expected"),
    [
        (Signal(name="s", label="", expression="COUNT(tickets.ticket_no)"), [2.0, 1.0]),
        (Signal(name="s", label="", expression="COUNT(tickets.ticket_no)", window_days=20), [1.0, 0.0]),
        (Signal(name="s", label="", expression="COUNT(tickets.ticket_no)", since_last_order=True), [1.0, 0.0]),
        (Signal(name="s", label="", expression="MAX(clients.tier)"), [1.0, 0.0]),
        (Signal(name="s", label="", expression="SUM(lines.value)"), [35.0, 5.0]),
    ],
)
def test_a_signal_is_one_value_per_customer_and_knows_nothing_of_later_days(
    data: CustomerData, signal: Signal, expected: list[float]
) -> None:
    orders = data.orders()
    assert data.signal_values([signal], orders, day_number(AS_OF))["s"].tolist() == expected


def test_a_subscription_that_ends_later_still_runs(data: CustomerData) -> None:
    customers = data.orders().customers
    number, start, end = data.subscriptions(customers)
    ends = [int(e) if e < 0 else to_date(e).isoformat() for e in end]
    found = sorted((customers[n], to_date(s).isoformat(), e) for n, s, e in zip(number, start, ends, strict=True))
    assert found == [("a", "2024-01-01", "2024-02-10"), ("a", "2024-02-15", -1), ("b", "2024-01-15", -1)]


def test_every_missing_role_is_named(model: SemanticModel) -> None:
    bare = replace(model, settings=replace(model.settings, roles=Roles(order="sales.sale_no")))
    with pytest.raises(NeedsPerson) as caught:
        require_roles(bare, ["customer", "order", "order_time", "amount"])
    assert caught.value.message == (
        "The semantic model does not say which field is the day of an order (`roles.order_time`); "
        "which field is the value of an order (`roles.amount`)."
    )
    assert caught.value.public_code == "roles_missing"


def test_fields_that_do_not_belong_together_are_refused(model: SemanticModel, connection: duckdb.DuckDBPyConnection) -> None:
    crossed = replace(ROLES, amount="tickets.ticket_no")
    with pytest.raises(NeedsPerson, match="do not belong together"):
        CustomerData(connection, replace(model, settings=replace(model.settings, roles=crossed)), AS_OF).orders()
