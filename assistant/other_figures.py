"""Why a figure is not the one on somebody's dashboard: the same question with other windows, filters and definitions, side by side.

Every line is a plan of its own that ran under the asker's rights; the first is the answer that is doubted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from assistant.edits import editable, step_of
from assistant.turn import Answer, Question, Status, Step
from tools.core.contract import Cell, Column, Table
from tools.core.query import Measure, MetricQuery, TimeWindow
from tools.core.semantics import SemanticModel

MAX_LINES = 8
_NEAR_WINDOWS = {
    "short": (
        TimeWindow(period="this", unit="month"),
        TimeWindow(period="last", unit="month"),
        TimeWindow(last_n=30, unit="day"),
        TimeWindow(last_n=4, unit="week"),
        TimeWindow(last_n=28, unit="day"),
    ),
    "long": (
        TimeWindow(period="this", unit="quarter"),
        TimeWindow(period="last", unit="quarter"),
        TimeWindow(last_n=90, unit="day"),
        TimeWindow(period="this", unit="year"),
        TimeWindow(period="last", unit="year"),
        TimeWindow(last_n=12, unit="month"),
    ),
}
"""By length: nobody takes a quarter for a month."""
_DERIVED = frozenset({"average", "mean", "median", "per", "rate", "share", "ratio", "percent"})
"""Words of figures that are made of others: never taken for a plain sum."""
_PLAIN = {"dimensions": (), "order": (), "limit": None, "skip": 0, "top_per_group": None, "share": None, "having": (), "comparison": None}
_SERIES = {"growth": None, "running_total": False, "moving_average": None, "fill_gaps": False}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One way to count."""

    what: str
    definition: str
    filters: str
    window: str
    value: Cell
    column: Column


def side_by_side(plan: tuple[Step, ...], model: SemanticModel, ask: Callable[[Question], Answer]) -> tuple[Line, ...]:
    """The answer's figure, then those of neighbouring definitions, windows and filters; empty for an answer without one figure.

    Args:
        ask: Runs a plan for the asker.
    """
    query = editable(plan)
    if query is None or not query.metrics or query.own_result or query.listing:
        return ()
    total = query.model_copy(update={**_PLAIN, **_SERIES, "metrics": query.metrics[:1]})
    lines: list[Line] = []
    for candidate in (total, *_neighbours(total, model)):
        line = _line(candidate, ask)
        if line is None and not lines:
            return ()
        if line is not None and len(lines) < MAX_LINES and _key(line) not in map(_key, lines):
            lines.append(line)
    return tuple(lines)


def as_table(lines: tuple[Line, ...]) -> Table:
    """What is counted, its filters, its window, the value, and how far it is from the answer."""
    first = lines[0]
    texts = tuple(
        Column(name=name, type="string", label=label, format="text", own_words=True)
        for name, label in (("what", "what is counted"), ("filters", "filters"), ("window", "window"))
    )
    value = replace(first.column, name="value", label="value", role="metric")
    difference = replace(first.column, name="difference", label="against this answer", role="change")
    rows = tuple((line.what, line.filters, line.window, line.value, _difference(line.value, first.value)) for line in lines)
    return Table(title="The same question, counted in other ways", columns=(*texts, value, difference), rows=rows)


def _difference(value: Cell, first: Cell) -> Cell:
    return value - first if isinstance(value, (int, float)) and isinstance(first, (int, float)) else None


def _key(line: Line) -> tuple[str, str, str]:
    return (line.what, line.filters, line.window)


def _line(query: MetricQuery, ask: Callable[[Question], Answer]) -> Line | None:
    answer = ask(Question(text="(a comparison of definitions)", plan=(step_of(query),)))
    if answer.status is not Status.ANSWERED or not answer.tables or len(answer.tables[0].rows) != 1 or answer.reading is None:
        return None
    table = answer.tables[0]
    index = next((i for i, c in enumerate(table.columns) if c.role in ("metric", "count", "share")), None)
    if index is None:
        return None
    definition = answer.definitions[0][1] if answer.definitions else ""
    filters = ", ".join((*answer.reading.filters, *answer.reading.conditions)) or "none"
    window = answer.reading.window.label if answer.reading.window else "all of the data"
    column = table.columns[index]
    what = column.label or column.name
    return Line(what=what, definition=definition, filters=filters, window=window, value=table.rows[0][index], column=column)


def _neighbours(query: MetricQuery, model: SemanticModel) -> Iterator[MetricQuery]:
    """What a dashboard may have meant instead, the likeliest first."""
    for name in _siblings(query.metrics[0].metric, model)[:3]:
        yield query.model_copy(update={"metrics": (Measure(metric=name),)})
    for index in range(len(query.filters)):
        yield query.model_copy(update={"filters": tuple(f for i, f in enumerate(query.filters) if i != index)})
    for index in range(len(query.entity_conditions)):
        kept = tuple(c for i, c in enumerate(query.entity_conditions) if i != index)
        yield query.model_copy(update={"entity_conditions": kept})
    window = query.window
    if window is not None and window.start is None and window.end is None:
        length = "short" if window.unit in ("day", "week", "month") and (window.last_n or 1) <= 60 else "long"
        for other in _NEAR_WINDOWS[length]:
            yield query.model_copy(update={"window": other})


def _siblings(name: str, model: SemanticModel) -> list[str]:
    """Metrics of the same unit that share a word with this one, the most words first: net and gross revenue."""
    metric = model.metrics[name]
    words = _words(metric.label, metric.name)
    scored = []
    for other in model.metrics.values():
        own = _words(other.label, other.name)
        is_alike = (other.unit, other.format) == (metric.unit, metric.format) and own & _DERIVED == words & _DERIVED
        shared = len((words - _DERIVED) & (own | _words(*other.language.synonyms)))
        if other.name != name and is_alike and shared:
            scored.append((-shared, other.name))
    return [other for _, other in sorted(scored)]


def _words(*texts: str) -> set[str]:
    return {w for text in texts for w in re.findall(r"[a-z]{3,}", text.lower().replace("_", " "))} - {"the", "and", "per", "all", "number"}
