from __future__ import annotations

import datetime as dt
import json

import pytest

from assistant.render.plotly_chart import MAX_BARS, figure, safe
from assistant.turn import Chart
from tools.core.contract import Column, Table

NAME = Column(name="name", type="string", label="department")
MONTH = Column(name="month", type="date", label="month", grain="month", format="date")
REVENUE = Column(name="revenue", type="number", unit="USD", role="metric", label="revenue", format="money")
RATE = Column(name="rate", type="number", role="metric", label="redemption rate", format="rate")


def table(columns, rows) -> Table:
    return Table(title="t", columns=columns, rows=tuple(rows))


def drawn(kind, columns, rows, *, x, y, series=None):
    figure_json = figure(Chart(kind=kind, title="t", table=0, x=x, y=y, series=series), [table(columns, rows)])
    json.dumps(figure_json, allow_nan=False)
    return figure_json


def test_few_bars_stand_upright_with_their_names_and_formatted_values():
    fig = drawn("bar", (NAME, REVENUE), [("DELI", 1500.0), ("2017", 500.0)], x="name", y=("revenue",))
    trace, layout = fig["data"][0], fig["layout"]
    assert (trace["x"], trace["y"]) == ([0, 1], [1500.0, 500.0])
    assert layout["xaxis"]["ticktext"] == ["DELI", "2017"]
    assert layout["yaxis"]["ticktext"] == ["$0", "$500", "$1,000", "$1,500"]
    assert trace["customdata"][0] == "<b>DELI</b><br>Revenue: $1,500.00"
    assert "title" not in layout


def test_many_bars_lie_flat_in_table_order_and_the_rest_is_said():
    rows = [(f"DEPARTMENT NUMBER {i:03d} WITH A LONG NAME", float(200 - i)) for i in range(107)]
    fig = drawn("bar", (NAME, REVENUE), rows, x="name", y=("revenue",))
    assert fig["data"][0]["orientation"] == "h"
    assert len(fig["data"][0]["x"]) == MAX_BARS
    assert fig["layout"]["yaxis"]["autorange"] == "reversed"
    assert fig["layout"]["yaxis"]["ticktext"][0] == "DEPARTMENT NUMBER 000 WIT…"
    assert fig["layout"]["title"]["text"] == "First 30 of 107 shown; the table has them all."


def test_bars_always_start_at_zero():
    fig = drawn("bar", (NAME, REVENUE), [("A", 1000.0), ("B", 1001.0)], x="name", y=("revenue",))
    assert fig["layout"]["yaxis"]["range"][0] == 0


def test_negative_bars_show_the_zero_line():
    fig = drawn("bar", (NAME, REVENUE), [("A", -100.0), ("B", 300.0)], x="name", y=("revenue",))
    low, high = fig["layout"]["yaxis"]["range"]
    assert low < -100 < 0 < 300 <= high
    assert fig["layout"]["yaxis"]["zeroline"]


def test_a_time_line_is_in_time_order_with_period_labels_and_gaps():
    rows = [(dt.date(2017, m, 1), None if m == 2 else m * 100.0) for m in (3, 1, 2)]
    fig = drawn("line", (MONTH, REVENUE), rows, x="month", y=("revenue",))
    trace = fig["data"][0]
    assert trace["x"] == ["2017-01-01", "2017-02-01", "2017-03-01"]
    assert trace["y"] == [100.0, None, 300.0]
    assert fig["layout"]["xaxis"]["ticktext"] == ["Jan<br>2017", "Feb", "Mar"]
    assert trace["customdata"][1] == "<b>Feb 2017</b><br>Revenue: n/a"


@pytest.mark.parametrize(
    ("values", "starts_at_zero"),
    [([100.0, 300.0], True), ([320.0, 540.0], True), ([950.0, 1000.0], False), ([-5.0, 10.0], False)],
)
def test_a_line_starts_at_zero_unless_it_would_be_flat_and_then_says_so(values, starts_at_zero):
    rows = [(dt.date(2017, m, 1), value) for m, value in enumerate(values, start=1)]
    layout = drawn("line", (MONTH, REVENUE), rows, x="month", y=("revenue",))["layout"]
    assert (layout["yaxis"]["range"][0] == 0) == starts_at_zero
    assert ("title" in layout) == (layout["yaxis"]["range"][0] > 0)


def test_a_time_axis_names_each_year_once():
    rows = [(dt.date(2016 + m // 4, 3 * (m % 4) + 1, 1), 1.0) for m in range(8)]
    quarter = Column(name="q", type="date", grain="quarter")
    fig = drawn("line", (quarter, REVENUE), rows, x="q", y=("revenue",))
    assert fig["layout"]["xaxis"]["ticktext"] == ["Q1<br>2016", "Q2", "Q3", "Q4", "Q1<br>2017", "Q2", "Q3", "Q4"]


def test_a_long_time_line_has_few_labels():
    rows = [(dt.date(2017, 1, 1) + dt.timedelta(days=i), float(i)) for i in range(365)]
    fig = drawn("line", (Column(name="day", type="date", grain="day"), REVENUE), rows, x="day", y=("revenue",))
    assert len(fig["layout"]["xaxis"]["ticktext"]) <= 12
    assert fig["data"][0]["mode"] == "lines"


def test_each_series_is_a_line_of_its_own_name():
    rows = [(dt.date(2017, m, 1), name, float(m)) for name in ("A", None) for m in (1, 2)]
    fig = drawn("line", (MONTH, NAME, REVENUE), rows, x="month", y=("revenue",), series="name")
    assert [trace["name"] for trace in fig["data"]] == ["A", "Unknown"]
    assert fig["layout"]["showlegend"]
    assert fig["data"][0]["customdata"][0] == "<b>A, Jan 2017</b><br>Revenue: $1.00"


def test_a_stack_has_room_for_its_height():
    rows = [("A", "x", 100.0), ("A", "y", 50.0), ("B", "x", 10.0)]
    columns = (NAME, Column(name="s", type="string"), REVENUE)
    fig = drawn("stacked_bar", columns, rows, x="name", y=("revenue",), series="s")
    assert fig["layout"]["barmode"] == "stack"
    assert fig["layout"]["yaxis"]["range"][1] >= 150


def test_rates_have_percent_ticks():
    fig = drawn("bar", (NAME, RATE), [("A", 0.12), ("B", 0.4)], x="name", y=("rate",))
    assert fig["layout"]["yaxis"]["ticktext"] == ["0%", "10.0%", "20.0%", "30.0%", "40.0%"]


def test_a_heatmap_has_a_cell_for_each_pair_and_holes_for_the_missing():
    columns = (Column(name="cohort", type="date", grain="month"), Column(name="n", type="integer"), RATE)
    rows = [(dt.date(2017, 1, 1), 0, 1.0), (dt.date(2017, 1, 1), 1, 0.5), (dt.date(2017, 2, 1), 0, 1.0)]
    fig = drawn("heatmap", columns, rows, x="n", y=("rate",), series="cohort")
    assert fig["data"][0]["z"] == [[1.0, 0.5], [1.0, None]]
    assert fig["layout"]["yaxis"]["ticktext"] == ["Jan 2017", "Feb 2017"]
    assert fig["data"][0]["customdata"][0][1] == "<b>Jan 2017, 1</b><br>Rate: 50.0%".replace("Rate", "Redemption rate")


def test_a_heatmap_of_many_names_keeps_the_largest_in_table_order_and_says_what_it_leaves_out():
    columns = (MONTH, NAME, REVENUE)
    rows = [(dt.date(2017, m, 1), f"N{n:02d}", float(n)) for m in (1, 2) for n in range(35)]
    fig = drawn("heatmap", columns, rows, x="month", y=("revenue",), series="name")
    assert fig["layout"]["yaxis"]["ticktext"][:2] == ["N05", "N06"]
    assert fig["layout"]["xaxis"]["ticktext"] == ["Jan<br>2017", "Feb"]
    assert fig["layout"]["title"]["text"] == "30 of 35 rows shown; the table has them all."


def test_a_histogram_keeps_its_bins_upright():
    columns = (
        Column(name="bin_start", type="number"),
        Column(name="bin_end", type="number"),
        Column(name="entities", type="integer", role="count", label="households"),
    )
    fig = drawn("histogram", columns, [(float(i * 10), i * 10 + 10.0, 40 - i) for i in range(40)], x="bin_start", y=("entities",))
    assert fig["data"][0]["orientation"] == "v"
    assert fig["layout"]["xaxis"]["ticktext"][:2] == ["0–10", "40–50"]


def test_a_scatter_names_its_points():
    columns = (NAME, Column(name="visits", type="integer", role="metric", label="visits"), REVENUE)
    fig = drawn("scatter", columns, [("A", 3, 30.0), ("B", 9, 80.0)], x="visits", y=("revenue",))
    assert fig["data"][0]["customdata"][0] == "<b>A</b><br>Visits: 3<br>Revenue: $30.00"


@pytest.mark.parametrize("rows", [[], [("A", None)], [("A", 0.0)], [("A", float("nan")), ("B", float("inf"))]])
def test_a_chart_without_values_still_draws(rows):
    for kind in ("bar", "stacked_bar", "histogram", "line", "heatmap"):
        drawn(kind, (NAME, REVENUE), rows, x="name", y=("revenue",))


def test_labels_from_data_cannot_become_links():
    assert safe('<a href="http://x.example">x</a> & co') == '&lt;a href="http://x.example"&gt;x&lt;/a&gt; &amp; co'
    fig = drawn("bar", (NAME, REVENUE), [("<a href='x'>", 1.0)], x="name", y=("revenue",))
    assert fig["layout"]["xaxis"]["ticktext"] == ["&lt;a href='x'&gt;"]
    assert "<a" not in json.dumps(fig)


def test_the_figure_is_transparent_and_without_a_maker_s_logo():
    fig = drawn("bar", (NAME, REVENUE), [("A", 1.0)], x="name", y=("revenue",))
    assert fig["layout"]["paper_bgcolor"] == fig["layout"]["plot_bgcolor"] == "rgba(0,0,0,0)"
    assert fig["config"]["displaylogo"] is False


def test_plotly_itself_accepts_every_figure():
    go = pytest.importorskip("plotly.graph_objects")
    rows = [("A", 1.0), ("B", 2.0)]
    for kind in ("bar", "stacked_bar", "histogram", "line", "heatmap", "scatter"):
        fig = drawn(kind, (NAME, REVENUE), rows, x="name", y=("revenue",))
        go.Figure({"data": fig["data"], "layout": fig["layout"]})
