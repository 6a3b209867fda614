"""Charts as pictures: each kind is drawn, offline, with the labels of the page."""

from __future__ import annotations

import datetime as dt
import struct

import pytest

from assistant.render.png_chart import png
from assistant.turn import Chart
from tools.core.contract import Column, Table

NAME = Column(name="name", type="string", label="department")
SIDE = Column(name="side", type="string", label="region")
MONTH = Column(name="month", type="date", label="month", grain="month", format="date")
REVENUE = Column(name="revenue", type="number", unit="USD", role="metric", label="revenue", format="money")
COUNT = Column(name="visits", type="integer", unit="visits", role="metric", label="visits")
MONTHS = [dt.date(2025 + n // 12, n % 12 + 1, 1) for n in range(20)]


def drawn(kind, columns, rows, *, x, y, series=None, title="A $1 to $2 title") -> bytes:
    table = Table(title="t", columns=columns, rows=tuple(rows))
    return png(Chart(kind=kind, title=title, table=0, x=x, y=y, series=series), [table])


def size(picture: bytes) -> tuple[int, int]:
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", picture[16:24])


@pytest.mark.parametrize(
    ("kind", "columns", "rows", "options"),
    [
        ("bar", (NAME, REVENUE), [("DELI", 1500.0), (None, -500.0), ("$a$", None)], {"x": "name", "y": ("revenue",)}),
        ("bar", (NAME, REVENUE, COUNT), [(f"A LONG NAME {n}", 1.0 * n, n) for n in range(40)], {"x": "name", "y": ("revenue", "visits")}),
        ("line", (MONTH, REVENUE), [(m, 1e6 + n) for n, m in enumerate(MONTHS)], {"x": "month", "y": ("revenue",)}),
        (
            "line",
            (MONTH, SIDE, REVENUE),
            [(m, s, 5.0) for m in MONTHS for s in ("N", None)],
            {"x": "month", "y": ("revenue",), "series": "side"},
        ),
        (
            "stacked_bar",
            (NAME, SIDE, REVENUE),
            [(n, s, 5.0) for n in "abc" for s in "NSEW"],
            {"x": "name", "y": ("revenue",), "series": "side"},
        ),
        (
            "heatmap",
            (NAME, SIDE, REVENUE),
            [(n, s, 5.0) for n in "abc" for s in "NSEW"],
            {"x": "name", "y": ("revenue",), "series": "side"},
        ),
        ("scatter", (NAME, REVENUE, COUNT), [(str(n), n * 1.5, n) for n in range(30)], {"x": "visits", "y": ("revenue",)}),
    ],
)
def test_every_kind_is_drawn(kind, columns, rows, options):
    width, height = size(drawn(kind, columns, rows, **options))
    assert width == 1080
    assert 300 <= height <= 4000


def test_the_same_chart_is_the_same_picture():
    rows = [("DELI", 1500.0), ("MEAT", 500.0)]
    assert drawn("bar", (NAME, REVENUE), rows, x="name", y=("revenue",)) == drawn("bar", (NAME, REVENUE), rows, x="name", y=("revenue",))


def test_more_bars_make_a_taller_picture():
    few = size(drawn("bar", (NAME, REVENUE), [(f"A LONG LONG NAME {n}", 1.0) for n in range(5)], x="name", y=("revenue",)))
    many = size(drawn("bar", (NAME, REVENUE), [(f"A LONG LONG NAME {n}", 1.0) for n in range(30)], x="name", y=("revenue",)))
    assert many[1] > few[1] * 1.5
