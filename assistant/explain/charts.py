"""Which picture says more than the table, by the shape of the result; none when a sentence is enough."""

from __future__ import annotations

from assistant.turn import Chart
from tools.core.contract import Column, Table

MIN_ROWS = 2
MAX_SERIES = 8
"""More lines than this in one chart are unreadable; a heatmap takes over."""
MAX_MEASURES = 3


def choose_charts(table: Table, *, title: str) -> tuple[Chart, ...]:
    """At most one chart for the first table of an answer."""
    if len(table.rows) < MIN_ROWS:
        return ()
    names = {c.name for c in table.columns}
    if {"bin_start", "entities"} <= names:
        return (Chart(kind="histogram", title=title, table=0, x="bin_start", y=("entities",)),)
    if {"cohort", "periods_since", "retention_rate"} <= names:
        return (Chart(kind="heatmap", title=title, table=0, x="periods_since", y=("retention_rate",), series="cohort"),)
    dimensions = [c for c in table.columns if c.role == "dimension"]
    if "contribution" in names and dimensions:
        return (Chart(kind="bar", title=title, table=0, x=dimensions[0].name, y=("contribution",)),)
    measures = _same_unit([c for c in table.columns if c.role == "metric"])
    if not measures or not 1 <= len(dimensions) <= 2:
        return ()
    y = tuple(c.name for c in measures[:MAX_MEASURES])
    if len(dimensions) == 1:
        kind = "line" if _is_period(dimensions[0]) else "bar"
        return (Chart(kind=kind, title=title, table=0, x=dimensions[0].name, y=y),)
    return (_two_dimensions(table, dimensions, measures[0], title),)


def _two_dimensions(table: Table, dimensions: list[Column], measure: Column, title: str) -> Chart:
    x, series = sorted(dimensions, key=lambda c: not _is_period(c))
    position = [c.name for c in table.columns].index(series.name)
    n_series = len({row[position] for row in table.rows})
    if n_series > MAX_SERIES:
        kind = "heatmap"
    elif _is_period(x):
        kind = "line"
    else:
        kind = "stacked_bar" if measure.format != "rate" else "bar"
    return Chart(kind=kind, title=title, table=0, x=x.name, y=(measure.name,), series=series.name)


def _same_unit(measures: list[Column]) -> list[Column]:
    """The measures that can share an axis with the first."""
    return [c for c in measures if (c.unit, c.format) == (measures[0].unit, measures[0].format)] if measures else []


def _is_period(column: Column) -> bool:
    return column.type in ("date", "datetime") and column.grain is not None
