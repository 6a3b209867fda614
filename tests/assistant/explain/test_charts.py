"""The picture follows the shape of the result."""

from __future__ import annotations

import datetime as dt

from assistant.explain.charts import choose_charts
from tools.core.contract import Cell, Column, Table

MONTH = Column(name="month", type="date", grain="month")
DEPARTMENT = Column(name="department", type="string")
REVENUE = Column(name="revenue", type="number", role="metric", unit="USD", format="money")
VISITS = Column(name="visits", type="integer", role="metric", unit="visits")


def table(columns: list[Column], rows: list[tuple[Cell, ...]]) -> Table:
    return Table(title="", columns=tuple(columns), rows=tuple(rows))


def test_one_number_needs_no_picture():
    assert choose_charts(table([REVENUE], [(1.0,)]), title="t") == ()


def test_periods_are_a_line():
    chart = choose_charts(table([MONTH, REVENUE], [(dt.date(2017, 1, 1), 1.0), (dt.date(2017, 2, 1), 2.0)]), title="t")[0]
    assert (chart.kind, chart.x, chart.y, chart.series) == ("line", "month", ("revenue",), None)


def test_categories_are_bars():
    chart = choose_charts(table([DEPARTMENT, REVENUE], [("A", 1.0), ("B", 2.0)]), title="t")[0]
    assert (chart.kind, chart.x, chart.y) == ("bar", "department", ("revenue",))


def test_measures_of_different_units_do_not_share_an_axis():
    chart = choose_charts(table([DEPARTMENT, REVENUE, VISITS], [("A", 1.0, 1), ("B", 2.0, 2)]), title="t")[0]
    assert chart.y == ("revenue",)


def test_a_few_categories_over_time_are_lines_and_many_a_heatmap():
    few = [(dt.date(2017, 1, 1), "A", 1.0), (dt.date(2017, 1, 1), "B", 2.0)]
    many = [(dt.date(2017, 1, 1), str(i), 1.0) for i in range(20)]
    assert choose_charts(table([MONTH, DEPARTMENT, REVENUE], few), title="t")[0].kind == "line"
    assert choose_charts(table([MONTH, DEPARTMENT, REVENUE], many), title="t")[0].kind == "heatmap"
