"""Orders out of files, whatever form their days take."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tools.core.customers import CsvColumns, Orders, read_orders_csv, to_date
from tools.core.errors import SetupProblem

COLUMNS = CsvColumns(customer="who", time="day", amount="value")


def file(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text("who,day,value\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_orders_are_sorted_by_customer_and_day(tmp_path: Path) -> None:
    found = read_orders_csv(file(tmp_path, "b,2024-03-01,5", "a,2024-02-01,7", "a,2024-01-01,3"), COLUMNS).orders
    assert [found.customers[i] for i in found.customer] == ["a", "a", "b"]
    assert [to_date(d).isoformat() for d in found.day] == ["2024-01-01", "2024-02-01", "2024-03-01"]
    assert found.amount.tolist() == [3.0, 7.0, 5.0]


@pytest.mark.parametrize("day", ["2024-03-31", "20240331", "03/31/2024", "31.03.2024", "2024-03-31 18:45:00", "31/03/2024", "2024/03/31"])
def test_reads_a_day_in_any_usual_form(tmp_path: Path, day: str) -> None:
    found = read_orders_csv(file(tmp_path, f"a,{day},5"), COLUMNS).orders
    assert to_date(found.first_day) == dt.date(2024, 3, 31)


def test_says_so_when_month_and_day_could_be_either(tmp_path: Path) -> None:
    notes = read_orders_csv(file(tmp_path, "a,03/04/2024,5"), COLUMNS).notes
    assert notes == ("The days of 'day' could be month/day or day/month; they were read as month/day.",)


def test_leaves_out_later_orders_and_counts_what_is_odd(tmp_path: Path) -> None:
    path = file(tmp_path, "a,2024-01-01,5", "a,2024-01-01,5", "a,2024-01-02,-5", "b,,3", "b,2030-01-01,4")
    read = read_orders_csv(path, COLUMNS, until=dt.date(2024, 12, 31))
    assert len(read.orders) == 3
    assert read.notes == (
        "1 of 5 rows lack a customer, a day or an amount and were left out.",
        "1 rows have a negative amount; they reduce the value of their day.",
        "1 rows repeat another in customer, day and amount; without an order number they are kept.",
        "1 orders after 2024-12-31 were left out.",
    )


@pytest.mark.parametrize(
    ("row", "message"),
    [("a,yesterday,5", "does not hold days: 1 values"), ("a,2024-01-01,five", "does not hold numbers: 1 values")],
)
def test_names_the_column_that_cannot_be_read(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(SetupProblem, match=message) as caught:
        read_orders_csv(file(tmp_path, row), COLUMNS)
    assert caught.value.public_code == "column_unfit"


def test_an_empty_file_and_a_missing_one_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(SetupProblem) as empty:
        read_orders_csv(file(tmp_path), COLUMNS)
    with pytest.raises(SetupProblem) as missing:
        read_orders_csv(tmp_path / "none.csv", COLUMNS)
    assert (empty.value.public_code, missing.value.public_code) == ("file_empty", "file_missing")


def test_one_entry_per_customer_and_day_keeps_the_sums(tmp_path: Path) -> None:
    orders: Orders = read_orders_csv(file(tmp_path, "a,2024-01-01,5", "a,2024-01-01,6", "b,2024-01-01,1"), COLUMNS).orders
    assert orders.by_day().amount.tolist() == [11.0, 1.0]
    assert orders.by_day().sums().tolist() == orders.sums().tolist() == [11.0, 1.0]
