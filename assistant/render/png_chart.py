"""Chart + Table -> a PNG for places that cannot draw: Slack, mail, reports. Offline, without a display.

It draws the very figure that the page gets (`plotly_chart.figure`), so positions, ticks, labels and remarks are the same in both.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assistant.render.markdown import plain
from assistant.render.plotly_chart import COLORS, figure
from assistant.turn import Chart
from tools.core.contract import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH_IN, DPI = 9.0, 120
INK, GRID = "#3d4452", "#dfe2e8"
_TITLE_CHARS = 90
_LEGEND_COLUMNS = 4
_PLOTLY_PX_PER_IN = 85

Json = Mapping[str, Any]


def png(chart: Chart, tables: Sequence[Table]) -> bytes:
    """The picture of one chart; raises KeyError when it names a column that its table does not have."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # Otherwise the text between two dollar signs is set as a formula.
    mpl.rcParams["text.parse_math"] = False
    drawn = figure(chart, tables)
    layout = drawn["layout"]
    canvas = Figure(figsize=(WIDTH_IN, layout["height"] / _PLOTLY_PX_PER_IN), dpi=DPI, layout="constrained", facecolor="white")
    axes = canvas.add_subplot()
    _DRAWING[_kind(drawn["data"])](axes, drawn["data"], layout)
    _label(axes, layout, plain(chart.title))
    out = io.BytesIO()
    FigureCanvasAgg(canvas).print_figure(out, format="png")
    return out.getvalue()


def _kind(traces: Sequence[Json]) -> str:
    return str(traces[0]["type"]) if traces else "scatter"


def _text(label: str) -> str:
    """A label of the page, with its few tags, as plain text."""
    return html.unescape(re.sub(r"<br>", "\n", re.sub(r"</?b>", "", label)))


# --- the kinds ----------------------------------------------------------------------------------------------------------------


def _bars(axes: Axes, traces: Sequence[Json], layout: Json) -> None:
    stacked, room = layout["barmode"] == "stack", 1 - layout["bargap"]
    width = room if stacked else room / len(traces)
    heights: dict[float, float] = {}
    for number, trace in enumerate(traces):
        flat = trace["orientation"] == "h"
        positions, values = (trace["y"], trace["x"]) if flat else (trace["x"], trace["y"])
        lengths = [value or 0.0 for value in values]
        starts = [heights.get(position, 0.0) if stacked else 0.0 for position in positions]
        shift = 0.0 if stacked else (number - (len(traces) - 1) / 2) * width
        places = [position + shift for position in positions]
        color = COLORS[number % len(COLORS)]
        if flat:
            axes.barh(places, lengths, height=width, left=starts, color=color, label=_text(trace["name"]))
        else:
            axes.bar(places, lengths, width=width, bottom=starts, color=color, label=_text(trace["name"]))
        for position, length in zip(positions, lengths, strict=True):
            heights[position] = heights.get(position, 0.0) + length


def _points(axes: Axes, traces: Sequence[Json], layout: Json) -> None:
    """Lines and scatter plots. Periods are placed by their day."""
    for number, trace in enumerate(traces):
        color, x = COLORS[number % len(COLORS)], [_place(value, layout) for value in trace["x"]]
        y = [float("nan") if value is None else value for value in trace["y"]]
        line = "-" if "lines" in trace["mode"] else ""
        marker = "o" if "markers" in trace["mode"] else ""
        axes.plot(x, y, linestyle=line, marker=marker, markersize=4, linewidth=2, color=color, label=_text(trace["name"]))


def _heatmap(axes: Axes, traces: Sequence[Json], _layout: Json) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    trace = traces[0]
    shades = LinearSegmentedColormap.from_list("candor", ["#f1f4fe", COLORS[0]])
    shades.set_bad("white")
    z = [[float("nan") if value is None else value for value in line] for line in trace["z"]]
    picture = axes.imshow(z, aspect="auto", cmap=shades)
    bar = axes.figure.colorbar(picture, ax=axes, ticks=trace["colorbar"]["tickvals"], pad=0.01, fraction=0.03)
    bar.ax.set_yticklabels([_text(text) for text in trace["colorbar"]["ticktext"]], fontsize=8, color=INK)
    bar.outline.set_visible(False)


_DRAWING = {"bar": _bars, "scatter": _points, "heatmap": _heatmap}


def _place(value: Any, layout: Json) -> Any:
    """Where a value of x stands: a period by its number of days, everything else as it is."""
    if layout["xaxis"].get("type") != "date":
        return float("nan") if value is None else value
    from datetime import datetime

    moment = datetime.fromisoformat(str(value))
    return moment.toordinal() + (moment.hour * 3600 + moment.minute * 60 + moment.second) / 86_400


# --- what they share ----------------------------------------------------------------------------------------------------------


def _label(axes: Axes, layout: Json, title: str) -> None:
    x, y = layout["xaxis"], layout["yaxis"]
    axes.set_xticks([_place(value, layout) for value in x["tickvals"]], [_text(text) for text in x["ticktext"]])
    axes.set_yticks(y["tickvals"], [_text(text) for text in y["ticktext"]])
    if "range" in y:
        axes.set_ylim(*y["range"])
    if "range" in x and x.get("type") != "date":
        axes.set_xlim(*x["range"])
    if y.get("autorange") == "reversed" and axes.get_ylim()[0] < axes.get_ylim()[1]:
        axes.invert_yaxis()
    for axis, settings in ((axes.xaxis, x), (axes.yaxis, y)):
        axis.label.set_text(_text(settings.get("title", {}).get("text", "")))
        if "gridcolor" in settings and settings.get("showgrid", True):
            axis.grid(visible=True, color=GRID, linewidth=0.8)
    _dress(axes, layout, title)


def _dress(axes: Axes, layout: Json, title: str) -> None:
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=9, labelcolor=INK)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_color(INK)
    for side in axes.spines.values():
        side.set_visible(False)
    labels = [text for text in axes.get_xticklabels() if len(text.get_text()) > 12]
    if labels:
        axes.tick_params(axis="x", rotation=30)
    said = _text(layout.get("title", {}).get("text", ""))
    shown = title if len(title) <= _TITLE_CHARS else f"{title[: _TITLE_CHARS - 1]}…"
    axes.set_title("\n".join(filter(None, (shown, said))), loc="left", fontsize=11, color=INK)
    if layout["showlegend"]:
        axes.figure.legend(loc="outside lower left", ncols=_LEGEND_COLUMNS, frameon=False, fontsize=9, labelcolor=INK)
