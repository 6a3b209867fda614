"""A query resolved: its windows in days, its dimensions as objects, its conditions as symbolic SQL."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from tools.core.contract import DateSpan
from tools.core.errors import QueryUnsupported
from tools.core.query import sql
from tools.core.query.build import Build
from tools.core.query.calendar import Span
from tools.core.query.decorate import Windows
from tools.core.query.entities import entity_condition
from tools.core.query.facts import Ask
from tools.core.query.figures import figures
from tools.core.query.first_facts import lifecycle_dimension
from tools.core.query.metric_query import DimensionRef, Measure, MetricQuery
from tools.core.query.predicates import filter_condition
from tools.core.query.resolve import Dimension


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What every shape of result starts from."""

    query: MetricQuery
    dimensions: tuple[Dimension, ...]
    windows: Windows
    filters: tuple[exp.Expression, ...]

    @property
    def ask(self) -> Ask:
        return Ask(dimensions=self.dimensions, filters=self.filters, window=self.windows.span, time_field=self.query.time_field)

    def split(self, build: Build, window: DateSpan | None, dimensions: tuple[Dimension, ...]) -> tuple[Dimension, ...]:
        """The dimensions for one window, new or returning among them."""
        if self.query.lifecycle is None:
            return dimensions
        return (*dimensions, lifecycle_dimension(build, self.query.lifecycle, dimensions, window))

    @property
    def hidden_measures(self) -> tuple[Measure, ...]:
        """Metrics that only a condition on rows names; computed, not shown."""
        shown = {m.column for m in self.query.metrics}
        suffixes = ("_previous", "_change", "_change_rate", "_share", "_running", "_average")
        derived = {f"{c}{s}" for c in shown for s in suffixes}
        names = dict.fromkeys(h.metric for h in self.query.having if h.metric not in shown | derived)
        return tuple(Measure(metric=name) for name in names)


def plan_of(build: Build, query: MetricQuery) -> Plan:
    """Resolve everything that a query names."""
    scope = build.scope
    windows = windows_of(build, query)
    if query.time_field is not None:
        scope.field(query.time_field)
    filters = [filter_condition(scope, f) for f in query.filters]
    filters += [entity_condition(build, c, figures) for c in query.entity_conditions]
    if query.listing is not None:
        key = sql.symbol(scope.key(query.listing.entity))
        filters.append(exp.Not(this=exp.Is(this=key, expression=exp.Null())))
    return Plan(query=query, dimensions=scope.dimensions(_split_by(build, query)), windows=windows, filters=tuple(filters))


def _split_by(build: Build, query: MetricQuery) -> tuple[DimensionRef, ...]:
    """The dimensions; a listing is split by its entity's key and the fields to show."""
    if query.listing is None:
        return query.dimensions
    entity = query.listing.entity
    build.scope.check_may_list(build.scope.dataset(entity).name)
    shown = dict.fromkeys((build.scope.key(entity), *query.listing.fields))
    return (*(DimensionRef(field=f) for f in shown), *query.dimensions)


def windows_of(build: Build, query: MetricQuery) -> Windows:
    """The days asked for and those compared with; what the reader must know about them is noted."""
    calendar = build.scope.calendar
    span = calendar.resolve(query.window) if query.window is not None else None
    baseline: Span | None = None
    if query.comparison is not None:
        if query.growth is not None:
            raise QueryUnsupported("comparison and growth both add changes", try_instead="ask for one of them")
        if span is None:
            raise QueryUnsupported(
                "a comparison needs a time to compare, such as this year with last year",
                try_instead="give a window, or use growth on a trend",
            )
        kind = query.comparison.kind
        if kind == "window" and query.comparison.baseline is not None:
            baseline = calendar.resolve(query.comparison.baseline)
        else:
            baseline = calendar.previous(span) if kind == "previous_period" else calendar.same_period_last_year(span)
    for found in (span, baseline):
        for note in found.notes if found is not None else ():
            build.note(note)
    return Windows(span=span, baseline=baseline)
