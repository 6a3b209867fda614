"""A document of another tool, without any key of ours, over a star schema in CSV files: built, opened and asked."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tools.core.query import MetricQuery, compile_query
from tools.core.sql_guard import check_sql, open_rights
from tools.core.warehouse import Warehouse, build_warehouse, open_warehouse

MODEL = """
version: "0.2.0.dev0"
semantic_model:
  - name: tickets
    datasets:
      - name: fct_sales
        source: prod.public.sales
        fields:
          - {name: s_price, expression: {dialects: [{dialect: ANSI_SQL, expression: price}]}}
          - {name: s_hall, expression: {dialects: [{dialect: ANSI_SQL, expression: hall}]}}
          - {name: s_sale_id, expression: {dialects: [{dialect: ANSI_SQL, expression: sale_id}]}}
      - name: date_dim
        source: prod.public.days
        primary_key: [day_key]
        fields:
          - {name: d_date, expression: {dialects: [{dialect: ANSI_SQL, expression: day}]}}
    relationships:
      - {name: sale_day, from: fct_sales, to: date_dim, from_columns: [day_key], to_columns: [day_key]}
    metrics:
      - {name: total_sales, expression: {dialects: [{dialect: ANSI_SQL, expression: SUM(fct_sales.s_price)}]}}
"""


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    folder = tmp_path / "cinema"
    folder.mkdir()
    (folder / "semantic_model.yaml").write_text(MODEL)
    (folder / "sales.csv").write_text("sale_id,day_key,hall,price\n1,1,red,10\n2,2,red,12\n3,2,blue,9\n")
    (folder / "days.csv").write_text("day_key,day\n1,2024-01-31\n2,2024-02-01\n3,2099-12-31\n")
    build_warehouse(str(folder), home=tmp_path / "home")
    return open_warehouse(str(folder), home=tmp_path / "home")


def ask(warehouse: Warehouse, **query: object) -> list[tuple[object, ...]]:
    compiled = compile_query(MetricQuery.model_validate(query), warehouse.model, rights=None, as_of=warehouse.as_of)
    checked = check_sql(compiled.sql, catalog=warehouse.catalog, rights=open_rights(warehouse.catalog))
    return [tuple(row) for row in warehouse.engine.execute(checked).rows]


def test_the_last_day_is_one_on_which_something_happened(warehouse: Warehouse) -> None:
    with warehouse:
        assert warehouse.as_of == dt.date(2024, 2, 1)


def test_a_fact_without_a_date_is_dated_by_its_calendar(warehouse: Warehouse) -> None:
    with warehouse:
        assert warehouse.model.metrics["total_sales"].time_field == "date_dim.d_date"
        assert ask(warehouse, metrics=["total_sales"], window={"start": "2024-02-01", "end": "2024-02-29"}) == [(21.0,)]


def test_figures_split_by_the_documents_own_fields(warehouse: Warehouse) -> None:
    with warehouse:
        rows = ask(warehouse, metrics=["total_sales"], dimensions=[{"field": "fct_sales.s_hall"}], order=[{"by": "total_sales"}])
        assert rows == [("red", 22.0), ("blue", 9.0)]


def test_labels_drop_the_prefix_of_the_tables_columns(warehouse: Warehouse) -> None:
    with warehouse:
        assert warehouse.model.field("fct_sales.s_hall").label == "hall"
