from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.render.csv import file_name, to_csv
from tools.core.contract import Column, Table


def read_back(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def one_cell(value: object) -> str:
    table = Table(title="t", columns=(Column(name="a", type="string"),), rows=((value,),))  # type: ignore[arg-type]
    return read_back(to_csv(table))[1][0] if value not in (None, "") else ""


def test_values_are_written_not_formatted_text(departments):
    rows = read_back(to_csv(departments))
    assert rows[0] == ["Department", "Revenue", "Share of total"]
    assert rows[1] == ["GROCERY", "2316393.9", "0.5042"]
    assert rows[3] == ["", "12.5", "2.7e-06"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (dt.date(2017, 3, 1), "2017-03-01"),
        (dt.datetime(2017, 3, 1, 14, 5), "2017-03-01T14:05:00"),
        (True, "true"),
        (-12, "-12"),
        (-0.5, "-0.5"),
        ('say "hi", twice', 'say "hi", twice'),
        ("two\nlines", "two\nlines"),
        ("Käse €", "Käse €"),
    ],
)
def test_a_value_comes_back_as(value, text):
    assert one_cell(value) == text


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "  =HYPERLINK(1)", "|cmd", "%0A", "=cmd|' /C calc'!A0"])
def test_a_text_that_looks_like_a_formula_is_disarmed(text):
    assert one_cell(text) == f"'{text}"


@given(st.text(min_size=1))
def test_no_text_starts_a_formula(text):
    assert one_cell(text).lstrip(" ")[:1] not in {"=", "+", "-", "@", "\t", "\r", "\n", "|", "%"}


def test_headings_are_disarmed_as_well():
    table = Table(title="t", columns=(Column(name="x", type="string", label="=A1"),), rows=())
    assert read_back(to_csv(table))[0] == ["'=A1"]


def test_a_file_name_has_no_path_in_it():
    assert file_name("Revenue by department, March 2017") == "revenue-by-department-march-2017.csv"
    assert file_name("../../etc/passwd") == "etc-passwd.csv"
    assert file_name("…") == "result.csv"
    assert file_name("revenue by age band and income band, all data up to 31 December") == (
        "revenue-by-age-band-and-income-band-all-data-up-to-31.csv"
    )
    assert file_name("x" * 100) == "x" * 60 + ".csv"
