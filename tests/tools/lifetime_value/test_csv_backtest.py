"""`assistant backtest lifetime_value`: a file in, a report out."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from tools.core.customers import CsvColumns
from tools.core.errors import SetupProblem
from tools.lifetime_value.csv_backtest import backtest_csv

COLUMNS = CsvColumns(customer="customer", time="date", amount="amount")


def test_reports_parameters_holdout_and_calibration_of_cdnow(cdnow_file: Path) -> None:
    report = backtest_csv(cdnow_file, COLUMNS, calibration_end=dt.date(1997, 9, 30), holdout_end=dt.date(1998, 6, 30))
    text = report.as_text()
    assert "r 0.2426  alpha 4.4136  a 0.7929  b 2.4259  log-likelihood -9582.43" in text
    assert "p 6.2496  q 3.7442  gamma 15.4435  log-likelihood -4055.92" in text
    assert "1,653.4    1,882  0.7855  1.6080  0.626" in text
    assert "naive" in text
    found = json.loads(json.dumps(report.as_json()))
    assert found["windows"][0]["scores"]["bg_nbd"]["spend_mae"] == pytest.approx(30.41, abs=0.005)
    assert found["windows"][0]["n_customers"] == 2357


def test_names_the_columns_that_there_are(cdnow_file: Path) -> None:
    with pytest.raises(SetupProblem, match="no column 'client'") as caught:
        backtest_csv(cdnow_file, CsvColumns(customer="client", time="date", amount="amount"))
    assert caught.value.try_instead == "Its columns are: customer, date, amount."


def test_refuses_a_calibration_end_outside_the_file(cdnow_file: Path) -> None:
    with pytest.raises(SetupProblem, match="between the first day 1997-01-01 and the last day 1998-06-30"):
        backtest_csv(cdnow_file, COLUMNS, calibration_end=dt.date(2001, 1, 1))
