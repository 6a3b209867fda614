"""What changed: the figures that people ask for most, since they were last here or over the last month, each with its own question."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass

from assistant.render.numbers import format_money, format_number, format_rate, format_span
from tools.core.contract import DateSpan, ToolContext
from tools.core.errors import AnswerError
from tools.core.query import Calendar, Measure, MetricQuery, TimeWindow, compile_query
from tools.core.semantics.model import Metric, MetricFormat
from tools.explain_change.changes import Change, what_changed

MAX_ITEMS = 4
_MOST_METRICS = 4
_LONGEST_DAYS = 92
"""Somebody who was away for longer gets the last month: a step over a year is no news."""


@dataclass(frozen=True, kw_only=True)
class NewsItem:
    """One figure that moved."""

    text: str
    question: str
    """The one whose answer explains it."""
    rose: bool
    is_good: bool | None
    """Whether that is better; None where nobody says so."""


@dataclass(frozen=True, kw_only=True)
class News:
    """The figures, and over which days."""

    title: str
    items: tuple[NewsItem, ...]


def news_since(context: ToolContext, since: dt.date | None) -> News:
    """What changed in the days after `since`, against as many days before them; without new days, last month against the one before.

    Raises:
        AnswerError: The asker has no right to any of the figures, or the warehouse cannot be read.
    """
    as_of = context.as_of or context.warehouse.as_of
    metrics = _asked_most(context, as_of)
    if not metrics:
        return News(title="", items=())
    days = (as_of - since).days if since is not None else 0
    if since is not None and 0 < days <= _LONGEST_DAYS:
        window = DateSpan(start=since + dt.timedelta(days=1), end=as_of)
        title = f"New since your last visit: {format_span(window)}, against the {days} days before"
    else:
        span = Calendar(context.warehouse.model.settings, as_of).resolve(TimeWindow(period="last", unit="month"))
        window = DateSpan(start=span.start, end=span.end, label=span.label)
        title = f"{span.label} against the month before"
    changes = what_changed(context, metrics, window, explained=1)
    return News(title=title, items=tuple(_item(change) for change in changes[:MAX_ITEMS]))


def _asked_most(context: ToolContext, as_of: dt.date) -> list[str]:
    """Metrics of the reviewed questions, the frequent ones first, as far as this asker may see them."""
    model = context.warehouse.model
    asked = Counter(_name(m) for v in model.verified_questions for m in _metrics(dict(v.query)))
    found: list[str] = []
    for name, _ in asked.most_common():
        query = MetricQuery(metrics=(Measure(metric=name),), window=TimeWindow(period="last", unit="month"))
        try:
            compile_query(query, model, rights=context.rights, as_of=as_of)
        except AnswerError:
            continue
        found.append(name)
        if len(found) == _MOST_METRICS:
            break
    return found


def _metrics(query: dict[str, object]) -> list[object]:
    metrics = query.get("metrics")
    return list(metrics) if isinstance(metrics, (list, tuple)) else []


def _name(metric: object) -> str:
    return str(metric["metric"]) if isinstance(metric, dict) else str(metric)


def _item(change: Change) -> NewsItem:
    rate = change.change_rate
    moved = "did not move" if not change.change else f"{'rose' if change.change > 0 else 'fell'}"
    by = f" by {format_rate(abs(rate))}" if rate is not None and change.change else ""
    label = change.metric.label[:1].upper() + change.metric.label[1:]
    text = f"{label} {moved}{by}, from {_figure(change.before, change.metric)} to {_figure(change.now, change.metric)}"
    if change.driver:
        text += f"; what stands out: {change.driver}"
    return NewsItem(text=f"{text}.", question=change.question, rose=change.change > 0, is_good=change.is_good)


def _figure(value: float, metric: Metric) -> str:
    if metric.format is MetricFormat.MONEY:
        return format_money(value, metric.unit or "USD", decimals=metric.decimals)
    if metric.format is MetricFormat.RATE:
        return format_rate(value, decimals=metric.decimals)
    return format_number(value, decimals=metric.decimals)
