"""Churn from a ready table: public figures, and tables that are not fit for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tools.churn.csv_backtest import backtest_table_csv
from tools.churn.label_table import encode, read_label_table
from tools.core.errors import NeedsPerson, SetupProblem


def write(tmp_path: Path, rows: list[str]) -> Path:
    path = tmp_path / "table.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_telephone_customers_are_told_apart_and_calibrated_as_published(telco_file: Path) -> None:
    report = backtest_table_csv(telco_file, label="churn")
    best = report.result.best
    assert best.auc >= 0.845
    assert best.brier <= 0.136
    assert 0.9 <= best.slope <= 1.1
    assert abs(best.intercept) <= 0.1
    assert best.lift_at_10 >= 2.85
    assert best.ece <= best.ece_by_chance
    # More would be leakage.
    assert best.auc < 0.86
    assert report.result.drivers[0][0] == "contract"
    assert "5-fold cross-validation" in report.as_text()


def test_says_what_was_left_out_and_why(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = ["id,row,plan,always,minutes,left"]
    for i in range(400):
        minutes = rng.integers(0, 100)
        rows.append(f"c-{i},{i},{'ab'[i % 2]},x,{minutes if i % 10 else ''},{'yes' if rng.random() < minutes / 100 else 'no'}")
    table = read_label_table(write(tmp_path, rows), label="left")
    assert table.columns == ("plan = b", "minutes", "minutes is empty")
    assert table.notes == (
        "'id' differs for almost every customer, as an identifier does, and was left out.",
        "'row' numbers the rows and was left out.",
        "'always' has one value only and was left out.",
    )


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (["x,left"] + [f"{i % 7},1" for i in range(300)], "one_class"),
        (["x,left"] + [f"{i % 7},{i % 2}" for i in range(50)], "too_few_customers"),
        (["x,left"] + [f"{i % 7},{i % 3}" for i in range(300)], "label_unfit"),
        (["x,left"] + [f"same,{i % 2}" for i in range(300)], "no_features"),
    ],
)
def test_refuses_a_table_that_cannot_be_learnt_from(tmp_path: Path, rows: list[str], code: str) -> None:
    with pytest.raises(NeedsPerson) as caught:
        backtest_table_csv(write(tmp_path, rows), label="left")
    assert caught.value.public_code == code


def test_names_the_label_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SetupProblem, match="has no column 'gone'"):
        backtest_table_csv(write(tmp_path, ["x,left", "1,0"]), label="gone")


def test_warns_of_a_column_that_knows_the_future(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    rows = ["refund,age,left"]
    for _ in range(600):
        left = int(rng.random() < 0.3)
        rows.append(f"{left * 10 + rng.random():.3f},{rng.integers(20, 80)},{left}")
    assert any("too good to be true" in note for note in backtest_table_csv(write(tmp_path, rows), label="left").result.notes)


def test_words_with_many_values_keep_the_frequent_ones() -> None:
    city = np.array([f"c{i % 60}" for i in range(1200)], dtype=object)
    table = encode({"city": city}, np.arange(1200) % 2)
    assert len(table.columns) == 30
    assert table.notes == ("Of the 60 values of 'city', the 30 most frequent are told apart.",)
