"""CDNOW as published: 2,357 customers who first bought in early 1997, from the files of a package that only tests need."""

from __future__ import annotations

import datetime as dt
import importlib.util
from pathlib import Path

import pytest

from tools.core.customers import CsvColumns, Orders, day_number, read_orders_csv
from tools.lifetime_value.summary import CustomerSummary, summarise

CALIBRATION_END = dt.date(1997, 9, 30)
HOLDOUT_END = dt.date(1998, 6, 30)
COLUMNS = CsvColumns(customer="customer", time="date", amount="amount")


@pytest.fixture(scope="session")
def cdnow_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The transactions of the 1/10 sample as CSV. The package is located, not imported: its import takes seconds."""
    spec = importlib.util.find_spec("lifetimes")
    source = Path(spec.origin).parent / "datasets" / "CDNOW_sample.txt" if spec and spec.origin else None
    if source is None or not source.is_file():
        pytest.skip("the package lifetimes (requirements-dev.txt) is not installed: it holds the CDNOW transactions")
    rows = [line.split() for line in source.read_text(encoding="utf-8").splitlines() if line.strip()]
    lines = ["customer,date,amount", *(f"{row[1]},{row[2]},{row[4]}" for row in rows)]
    path = tmp_path_factory.mktemp("cdnow") / "cdnow.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def cdnow(cdnow_file: Path) -> Orders:
    return read_orders_csv(cdnow_file, COLUMNS).orders


@pytest.fixture(scope="session")
def cdnow_customers(cdnow: Orders) -> CustomerSummary:
    return summarise(cdnow, day_number(CALIBRATION_END))
