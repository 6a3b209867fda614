"""Chart + Table -> a Plotly figure as JSON, readable on a light and on a dark page.

Plotly formats nothing itself: ticks and hover texts come from `numbers.py`, so a figure reads the same in chart, table and
sentence. Categories are drawn at positions, since Plotly takes "2017" or "3-4" on a category axis for numbers and dates.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assistant.render.markdown import plain
from assistant.render.numbers import axis_period, format_cell, heading
from assistant.turn import Chart
from tools.core.contract import Cell, Column, Table

MAX_BARS = 30
MAX_BINS = 60
MAX_HEAT = 40
MAX_PERIOD_LABELS = 12
LABEL_CHARS = 26
ROW_HEIGHT = 23
FLAT_LINE = 0.85
"""A line that stays above this part of its height would be flat on an axis from zero; only then the axis starts higher, and says so."""

COLORS = ("#4c78f0", "#e8853d", "#2ba58c", "#c8569b", "#8e6be0", "#d9a514", "#4fa3d9", "#a5735a")
TEXT = "#7b8494"
"""Grey with contrast on white and on black; the page's own style sheet sharpens it."""
GRID = "rgba(128,136,150,0.22)"
CONFIG = {
    "displaylogo": False,
    # The bar itself is hidden: its one button is pressed by the page's own "Chart as PNG".
    "displayModeBar": True,
    "modeBarButtons": [["toImage"]],
    "toImageButtonOptions": {"format": "png", "scale": 2, "filename": "chart"},
    "responsive": True,
}

Json = dict[str, Any]
Row = Sequence[Cell]


@dataclass(frozen=True, kw_only=True)
class _Data:
    """The columns of a chart, found in its table."""

    table: Table
    x: int
    y: tuple[int, ...]
    series: int | None

    def column(self, index: int) -> Column:
        return self.table.columns[index]

    def text(self, row: Row, index: int) -> str:
        return safe(format_cell(row[index], self.column(index)))

    def with_rows(self, rows: Sequence[tuple[Cell, ...]]) -> _Data:
        table = Table(title=self.table.title, columns=self.table.columns, rows=tuple(rows))
        return _Data(table=table, x=self.x, y=self.y, series=self.series)


def figure(chart: Chart, tables: Sequence[Table]) -> Json:
    """The figure {data, layout, config} of one chart.

    Raises:
        KeyError: The chart names a column that its table does not have.
    """
    data = _find(chart, tables[chart.table])
    if chart.kind == "line":
        return _lines(data)
    if chart.kind == "heatmap":
        return _heatmap(data)
    if chart.kind == "scatter":
        return _scatter(data)
    return _bars(data, stacked=chart.kind == "stacked_bar", histogram=chart.kind == "histogram")


def safe(text: str) -> str:
    """`text` as Plotly shows it: its labels read a few HTML tags, links among them."""
    return plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _find(chart: Chart, table: Table) -> _Data:
    at = {column.name: index for index, column in enumerate(table.columns)}
    return _Data(table=table, x=at[chart.x], y=tuple(at[name] for name in chart.y), series=at[chart.series] if chart.series else None)


# --- bars ---------------------------------------------------------------------------------------------------------------------


def _bars(data: _Data, *, stacked: bool, histogram: bool) -> Json:
    every = _distinct(data, data.x)
    kept = every[: MAX_BINS if histogram else MAX_BARS]
    place = {value: position for position, value in enumerate(kept)}
    data = data.with_rows([row for row in data.table.rows if row[data.x] in place])
    names = _bin_names(data) if histogram else [_short(format_cell(value, data.column(data.x))) for value in kept]
    flat = not histogram and data.column(data.x).grain is None and (len(kept) > 8 or max(map(len, names), default=0) > 12)
    traces = [_bar_trace(data, name, rows, y, place, flat) for name, rows, y in _groups(data)]
    measure = _value_axis(data, [v for t in traces for v in t["x" if flat else "y"]], stacked=stacked, from_zero=True)
    along = _label_axis([safe(name) for name in names], flat)
    beside = 1 if stacked else max(1, len(traces) // 2)
    layout = _layout(len(traces), height=max(320, ROW_HEIGHT * len(kept) * beside + 100) if flat else 380)
    layout |= {"xaxis": measure if flat else along, "yaxis": along if flat else measure}
    layout |= {"barmode": "stack" if stacked else "group", "bargap": 0.04 if histogram else 0.25}
    if len(kept) < len(every):
        _say(layout, f"First {len(kept)} of {len(every):,} shown; the table has them all.")
    return {"data": traces, "layout": layout, "config": CONFIG}


def _bin_names(data: _Data) -> list[str]:
    """Both ends of each bin: "100–200"."""
    ends = [i for i, column in enumerate(data.table.columns) if column.name == "bin_end"]
    rows = {row[data.x]: row for row in data.table.rows}.values()
    return ["–".join(format_cell(row[i], data.column(i)) for i in (data.x, *ends)) for row in rows]


def _bar_trace(data: _Data, name: str, rows: Sequence[Row], y: int, place: dict[Cell, int], flat: bool) -> Json:
    positions, values = [place[row[data.x]] for row in rows], [_number(row[y]) for row in rows]
    hover = [_hover(data, row, y, name) for row in rows]
    return {
        "type": "bar",
        "name": name,
        "orientation": "h" if flat else "v",
        "x": values if flat else positions,
        "y": positions if flat else values,
        "customdata": hover,
        "hovertemplate": "%{customdata}<extra></extra>",
    }


def _label_axis(labels: Sequence[str], flat: bool) -> Json:
    # A label for each flat bar; upright ones would overlap from about a dozen on.
    step = 1 if flat or len(labels) <= 16 else math.ceil(len(labels) / 12)
    shown = list(range(0, len(labels), step))
    axis: Json = {"tickmode": "array", "tickvals": shown, "ticktext": [labels[i] for i in shown]}
    axis |= {"showgrid": False, "zeroline": False}
    return axis | ({"autorange": "reversed", "automargin": True} if flat else {"automargin": True})


# --- lines --------------------------------------------------------------------------------------------------------------------


def _lines(data: _Data) -> Json:
    column = data.column(data.x)
    data = data.with_rows([row for row in data.table.rows if row[data.x] is not None])
    periods = sorted(_distinct(data, data.x), key=_order)
    dated = column.type in ("date", "datetime")
    place: dict[Cell, Any] = {value: _iso(value) if dated else position for position, value in enumerate(periods)}
    traces: list[Json] = []
    for name, rows, y in _groups(data):
        rows = sorted(rows, key=lambda row: _order(row[data.x]))
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers" if len(rows) <= 60 else "lines",
                "name": name,
                "x": [place[row[data.x]] for row in rows],
                "y": [_number(row[y]) for row in rows],
                "customdata": [_hover(data, row, y, name) for row in rows],
                "hovertemplate": "%{customdata}<extra></extra>",
                "line": {"width": 2.5},
                "marker": {"size": 6},
            }
        )
    step = math.ceil(len(periods) / MAX_PERIOD_LABELS) if periods else 1
    shown = periods[::step]
    axis = {
        "type": "date" if dated else "linear",
        "tickmode": "array",
        "tickvals": [place[value] for value in shown],
        "ticktext": _period_labels(shown, column),
        "showgrid": False,
        "automargin": True,
    }
    values = [value for trace in traces for value in trace["y"]]
    layout = _layout(len(traces), height=380) | {"xaxis": axis, "yaxis": _value_axis(data, values, stacked=False, from_zero=False)}
    if layout["yaxis"]["range"][0] > 0:
        _say(layout, "The axis does not start at zero.")
    return {"data": traces, "layout": layout, "config": CONFIG}


def _period_labels(shown: Sequence[Cell], column: Column) -> list[str]:
    """Short, with the year below the first label of each year."""
    labels, before = [], None
    for value in shown:
        if not isinstance(value, dt.date):
            labels.append(safe(_short(format_cell(value, column))))
            continue
        label, year = axis_period(value, column.grain, before)
        labels.append(f"{label}<br>{year}" if year else label)
        before = value
    return labels


# --- heatmap and scatter ------------------------------------------------------------------------------------------------------


def _heatmap(data: _Data) -> Json:
    side = data.series if data.series is not None else data.x
    cells = {(row[data.x], row[side]): row for row in data.table.rows}
    kept_x, n_x = _side(data, data.x, MAX_HEAT)
    kept_y, n_y = _side(data, side, MAX_BARS)
    z = [[_number(cells[x, y][data.y[0]]) if (x, y) in cells else None for x in kept_x] for y in kept_y]
    hover = [[_hover(data, cells[x, y], data.y[0], "") if (x, y) in cells else "" for x in kept_x] for y in kept_y]
    ticks = _ticks(*_bounds([value for line in z for value in line]))
    trace = {
        "type": "heatmap",
        "z": z,
        "customdata": hover,
        "hovertemplate": "%{customdata}<extra></extra>",
        "colorscale": [[0, "rgba(76,120,240,0.06)"], [1, "rgba(76,120,240,1)"]],
        "xgap": 2,
        "ygap": 2,
        "hoverongaps": False,
        "colorbar": {"tickmode": "array", "tickvals": ticks, "ticktext": _tick_texts(data, ticks), "outlinewidth": 0, "thickness": 12},
    }
    layout = _layout(1, height=max(320, ROW_HEIGHT * len(kept_y) + 120))
    layout["xaxis"] = _label_axis(_period_labels(kept_x, data.column(data.x)), False)
    if data.column(data.x).type not in ("date", "datetime"):
        layout["xaxis"]["title"] = {"text": safe(heading(data.column(data.x)))}
    layout["yaxis"] = _label_axis([safe(_short(format_cell(v, data.column(side)))) for v in kept_y], True)
    sides = ((kept_y, n_y, "rows"), (kept_x, n_x, "columns"))
    left_out = [f"{len(kept)} of {count:,} {what}" for kept, count, what in sides if len(kept) < count]
    if left_out:
        _say(layout, f"{' and '.join(left_out)} shown; the table has them all.")
    return {"data": [trace], "layout": layout, "config": CONFIG}


def _side(data: _Data, index: int, most: int) -> tuple[list[Cell], int]:
    """The values to draw along one side, and how many there are.

    Periods and numbers run up; names keep the table's order, which knows that 19-24 comes before 65+. Of too many names
    the largest stay.
    """
    values = _distinct(data, index)
    if data.column(index).type in ("integer", "number", "date", "datetime") and None not in values:
        return sorted(values, key=_order)[:most], len(values)
    totals: dict[Cell, float] = dict.fromkeys(values, 0.0)
    for row in data.table.rows:
        totals[row[index]] += _number(row[data.y[0]]) or 0.0
    largest = set(sorted(values, key=lambda value: -totals[value])[:most])
    return [value for value in values if value in largest], len(values)


def _scatter(data: _Data) -> Json:
    y = data.y[0]
    traces: list[Json] = []
    for name, rows, _ in _groups(data):
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": name,
                "x": [_number(row[data.x]) for row in rows],
                "y": [_number(row[y]) for row in rows],
                "customdata": [_point_hover(data, row, y) for row in rows],
                "hovertemplate": "%{customdata}<extra></extra>",
                "marker": {"size": 8, "opacity": 0.75},
            }
        )
    across = _bounds([v for t in traces for v in t["x"]])
    ticks = _ticks(*across)
    layout = _layout(len(traces), height=420)
    layout["xaxis"] = {
        "tickmode": "array",
        "tickvals": ticks,
        "ticktext": [safe(format_cell(t, data.column(data.x), compact=True)) for t in ticks],
        "title": {"text": safe(heading(data.column(data.x)))},
        "gridcolor": GRID,
        "zeroline": False,
    }
    layout["yaxis"] = _value_axis(data, [v for t in traces for v in t["y"]], stacked=False, from_zero=False)
    layout["yaxis"]["title"] = {"text": safe(heading(data.column(y)))}
    return {"data": traces, "layout": layout, "config": CONFIG}


# --- what they share ----------------------------------------------------------------------------------------------------------


def _groups(data: _Data) -> list[tuple[str, list[Row], int]]:
    """(name, rows, index of the value) of each trace: one per series value, or one per measure."""
    if data.series is None:
        return [(safe(heading(data.column(y))), list(data.table.rows), y) for y in data.y]
    groups: dict[Cell, list[Row]] = {}
    for row in data.table.rows:
        groups.setdefault(row[data.series], []).append(row)
    column = data.column(data.series)
    return [(safe(format_cell(value, column)), rows, data.y[0]) for value, rows in groups.items()]


def _hover(data: _Data, row: Row, y: int, name: str) -> str:
    where = data.text(row, data.x)
    if data.series is not None:
        where = f"{data.text(row, data.series)}, {where}"
    label = name if data.series is None and name else safe(heading(data.column(y)))
    return f"<b>{where}</b><br>{label}: {data.text(row, y)}"


def _point_hover(data: _Data, row: Row, y: int) -> str:
    names = [data.text(row, i) for i, c in enumerate(data.table.columns) if c.role == "dimension" and i not in (data.x, y)]
    lines = [f"{safe(heading(data.column(i)))}: {data.text(row, i)}" for i in (data.x, y)]
    return "<br>".join([f"<b>{', '.join(names)}</b>"] * bool(names) + lines)


def _value_axis(data: _Data, values: Sequence[float | None], *, stacked: bool, from_zero: bool) -> Json:
    low, high = _bounds(values)
    if from_zero or low < FLAT_LINE * high:
        low = min(low, 0.0)
        high = max(high, 0.0)
    axis: Json = {"gridcolor": GRID, "zeroline": low < 0 < high, "zerolinecolor": GRID, "automargin": True}
    if stacked:
        # How high a stack gets is Plotly's to add up; it starts at zero, and its ticks are abbreviated alike.
        high = _stack_height(data)
    ticks = _ticks(low, high)
    room = 0.04 * ((high - low) or 1.0)
    axis |= {"tickmode": "array", "tickvals": ticks, "ticktext": _tick_texts(data, ticks)}
    return axis | {"range": [low - room if low else low, max(high + room, ticks[-1])]}


def _tick_texts(data: _Data, ticks: Sequence[float]) -> list[str]:
    return [safe(format_cell(tick, data.column(data.y[0]), compact=True)) for tick in ticks]


def _stack_height(data: _Data) -> float:
    totals: dict[Cell, float] = {}
    for row in data.table.rows:
        totals[row[data.x]] = totals.get(row[data.x], 0.0) + max(0.0, _number(row[data.y[0]]) or 0.0)
    return max(totals.values(), default=1.0)


def _ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round values from `low` to `high`: steps of 1, 2, 2.5 or 5 times a power of ten."""
    if high <= low:
        high = low + (abs(low) or 1.0)
    raw = (high - low) / wanted
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(m * size for m in (1, 2, 2.5, 5, 10) if m * size >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [float(f"{i * step:.12g}") for i in range(first, last + 1)] or [low]


def _bounds(values: Sequence[float | None]) -> tuple[float, float]:
    known = [value for value in values if value is not None]
    return (min(known), max(known)) if known else (0.0, 1.0)


def _layout(n_traces: int, *, height: int) -> Json:
    return {
        "height": height,
        "autosize": True,
        "margin": {"l": 56, "r": 16, "t": 36, "b": 44},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": TEXT, "size": 13, "family": "system-ui, sans-serif"},
        "colorway": list(COLORS),
        "hovermode": "closest",
        "hoverlabel": {"bgcolor": "#1f2937", "bordercolor": "#1f2937", "font": {"color": "#f9fafb", "size": 13}, "align": "left"},
        "showlegend": n_traces > 1,
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "title": {"text": ""}},
    }


def _say(layout: Json, text: str) -> None:
    """A remark above the chart."""
    layout["title"] = {
        "text": text,
        "font": {"size": 12},
        "x": 0,
        "xref": "paper",
        "y": 1,
        "yref": "container",
        "yanchor": "top",
        "pad": {"t": 6},
    }
    layout["margin"] = layout["margin"] | {"t": 60 if layout["showlegend"] else 36}


def _distinct(data: _Data, index: int) -> list[Cell]:
    return list(dict.fromkeys(row[index] for row in data.table.rows))


def _number(value: Cell) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return float(value)


def _iso(value: Cell) -> str:
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _order(value: Cell) -> Any:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else _iso(value)


def _short(label: str) -> str:
    return label if len(label) <= LABEL_CHARS else f"{label[: LABEL_CHARS - 1]}…"
