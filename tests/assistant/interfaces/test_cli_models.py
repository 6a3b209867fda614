"""The commands around predictions, as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from assistant.interfaces import cli_models
from assistant.interfaces.cli_data import warehouse_app

app = typer.Typer()
cli_models.add_to(app)
app.add_typer(warehouse_app, name="warehouse")
runner = CliRunner()


@pytest.fixture(scope="module")
def orders_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """600 customers of two years, half of whom stop coming."""
    rng = np.random.default_rng(4)
    lines = ["client,bought,paid"]
    for client in range(600):
        until = 730 if client % 2 else int(rng.integers(100, 730))
        day = int(rng.integers(0, 90))
        while day < until:
            lines.append(f"c{client},{np.datetime64('2022-01-01') + day},{rng.gamma(4, 10):.2f}")
            day += int(rng.exponential(40)) + 1
    path = tmp_path_factory.mktemp("orders") / "orders.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


COLUMNS = ["--customer", "client", "--time", "bought", "--amount", "paid"]


def test_backtest_lifetime_value_prints_a_page_and_json(orders_file: Path) -> None:
    page = runner.invoke(app, ["backtest", "lifetime_value", str(orders_file), *COLUMNS])
    assert page.exit_code == 0
    assert "600 customers" in page.output
    assert page.output.count("naive") >= 9
    found = json.loads(runner.invoke(app, ["backtest", "lifetime_value", str(orders_file), *COLUMNS, "--json"]).output)
    assert found["kind"] == "lifetime_value"
    assert len(found["windows"]) == 3
    assert {"bg_nbd", "mbg_nbd", "gamma_gamma"} == set(found["windows"][0]["parameters"])


def test_backtest_churn_takes_the_windows_that_it_is_given(orders_file: Path) -> None:
    days = ["--calibration-end", "2023-06-30", "--holdout-end", "2023-12-31"]
    found = json.loads(runner.invoke(app, ["backtest", "churn", str(orders_file), *COLUMNS, *days, "--json"]).output)
    assert (found["tested_on"], found["until"], found["horizon_days"]) == ("2023-06-30", "2023-12-31", 184)
    assert found["results"]["logistic"]["auc"] > 0.7


def test_columns_that_are_not_named_are_a_usage_error(orders_file: Path) -> None:
    found = runner.invoke(app, ["backtest", "lifetime_value", str(orders_file), "--customer", "client"])
    assert found.exit_code == 2


def test_a_wrong_column_fails_with_those_that_there_are(orders_file: Path) -> None:
    found = runner.invoke(app, ["backtest", "churn", str(orders_file), "--customer", "x", "--time", "bought", "--amount", "paid"])
    assert found.exit_code == 1
    assert "Its columns are: client, bought, paid." in found.output


def test_the_card_of_a_refreshed_warehouse_says_when_not_to_use_it(refreshed_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_HOME", str(refreshed_home))
    monkeypatch.setenv("ASSISTANT_WAREHOUSE", "completejourney")
    page = runner.invoke(app, ["predict", "card", "churn", "-w", "completejourney"])
    assert page.exit_code == 0
    assert "## Do not use when" in page.output
    assert "AUC 0.8" in page.output
    for name in ("lifetime_value", "segments"):
        assert runner.invoke(app, ["predict", "card", name, "-w", "completejourney"]).exit_code == 0
    assert runner.invoke(app, ["predict", "card", "weather", "-w", "completejourney"]).exit_code == 3


def test_a_refresh_of_an_unchanged_warehouse_says_that_it_is_up_to_date(refreshed_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_HOME", str(refreshed_home))
    monkeypatch.setenv("ASSISTANT_WAREHOUSE", "completejourney")
    found = json.loads(runner.invoke(app, ["warehouse", "refresh", "completejourney", "--json"]).stdout)
    assert found["unchanged"]
    assert {c["name"]: c["status"] for c in found["contributions"]} == {
        "lifetime_value": "done",
        "churn": "done",
        "subscription_churn": "skipped",
        "segments": "done",
        "next_best_action": "skipped",
        "recommendations": "done",
    }
