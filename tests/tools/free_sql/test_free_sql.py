"""The free_sql tool: what it reports, and that it adds nothing to the asker's rights."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pydantic import ValidationError

from tools.core.contract import Finding, Grade, ToolContext
from tools.core.errors import NotAllowed, SqlRefused
from tools.core.semantics.catalog import Catalog
from tools.core.sql_guard import Rights, open_rights
from tools.core.warehouse.engine import DuckDbEngine
from tools.free_sql.tool import FreeSql, FreeSqlInput


@dataclass(frozen=True)
class SmallWarehouse:
    """As much of a warehouse as this tool looks at."""

    catalog: Catalog
    engine: DuckDbEngine
    as_of: dt.date = dt.date(2024, 12, 31)
    data_version: str = "v1"


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallWarehouse]:
    path = tmp_path_factory.mktemp("free_sql") / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE sales AS SELECT range AS id, range % 3 AS shop, DATE '2024-01-01' + range::INTEGER AS sold_on, "
            "'n' || range AS buyer FROM range(20)"
        )
        catalog = Catalog.from_duckdb(connection)
    engine = DuckDbEngine(path, workers=1)
    yield SmallWarehouse(catalog, engine)
    engine.close()


@pytest.fixture
def ask(warehouse: SmallWarehouse) -> Callable[..., Finding]:
    def run(sql: str, rights: Rights | None = None, **more: Any) -> Finding:
        context = ToolContext(warehouse=warehouse, rights=rights or open_rights(warehouse.catalog), deadline_s=5)  # type: ignore[arg-type]
        return FreeSql().run(FreeSqlInput(sql=sql, **more), context)

    return run


def test_reports_rows_types_the_sql_that_ran_and_its_grade(ask: Callable[..., Finding]) -> None:
    finding = ask(
        "SELECT shop, count(*) AS n, avg(id) AS mean, max(sold_on) AS latest FROM sales GROUP BY 1 ORDER BY 1", title="Sales by shop"
    )
    table = finding.tables[0]
    assert [(c.name, c.type) for c in table.columns] == [("shop", "integer"), ("n", "integer"), ("mean", "number"), ("latest", "date")]
    assert table.rows[0] == (0, 7, 9.0, dt.date(2024, 1, 19))
    assert (finding.grade, finding.reading.sentence) == (Grade.FREE_SQL, "Sales by shop")
    assert "not for meaning" in finding.grade_reason
    assert finding.sql[0].sql.startswith("SELECT shop, COUNT(*) AS n")
    assert finding.sql[0].row_count == 3
    assert finding.data_version == "v1"


def test_repeated_column_names_are_numbered(ask: Callable[..., Finding]) -> None:
    assert [c.name for c in ask("SELECT a.id, b.id FROM sales a JOIN sales b USING (id) LIMIT 1").tables[0].columns] == ["id", "id_2"]


def test_what_rights_left_out_is_said(ask: Callable[..., Finding], warehouse: SmallWarehouse) -> None:
    held = replace(open_rights(warehouse.catalog), row_rules={"sales": "shop = 1"}, narrowed=("your view: shop 1",))
    finding = ask("SELECT count(*) AS n FROM sales", held)
    assert finding.tables[0].rows == ((7,),)
    assert finding.narrowed == ("your view: shop 1",)
    assert "Your view: shop 1." in finding.caveats


def test_refusals_come_through(ask: Callable[..., Finding], warehouse: SmallWarehouse) -> None:
    closed = replace(open_rights(warehouse.catalog), columns={"sales": frozenset({"id"})})
    with pytest.raises(NotAllowed):
        ask("SELECT buyer FROM sales", closed)
    with pytest.raises(SqlRefused):
        ask("DROP TABLE sales")


def test_an_empty_result_says_so(ask: Callable[..., Finding]) -> None:
    assert ask("SELECT id FROM sales WHERE id < 0").caveats == ("No rows: check names and values in the conditions.",)


@pytest.mark.parametrize("arguments", [{}, {"sql": ""}, {"sql": "x" * 8001}, {"sql": "SELECT 1", "limit": 5}])
def test_arguments_that_do_not_fit_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        FreeSqlInput.model_validate(arguments)


def test_every_argument_is_described_for_a_language_model() -> None:
    assert all(field.get("description") for field in FreeSqlInput.model_json_schema()["properties"].values())


def test_readme_stands_beside_the_tool() -> None:
    assert "free_sql" in (Path(__file__).parents[3] / "tools" / "free_sql" / "README.md").read_text(encoding="utf-8")
