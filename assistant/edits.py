"""Edits of a plan without words: another window, filter, grouping or comparison, each a plan of its own that runs as it is.

    chips(plan, context, values) -> Chip(kind, label, choices)      what an interpretation line can offer to click
    restricted(plan, field, values) -> plan                         the same question for a list of customers

Any surface may show them; a choice is asked as `Question(plan=choice.plan)` and so passes the same toolbox and rights as a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from assistant.explain.follow_ups import popular_dimensions
from assistant.turn import MindContext, Option, Step
from tools.core.errors import AnswerError, QueryUnsupported
from tools.core.query import METRIC_TIME, Comparison, DimensionRef, Filter, Grain, MetricQuery, Order, TimeWindow, compile_query
from tools.core.query.resolve import Scope
from tools.core.query.wording import Wording

TOOL = "query_metrics"
MAX_GROUPINGS = 6
MAX_VALUES = 8
_BARE = {"order": (), "limit": None, "skip": 0, "top_per_group": None, "share": None, "having": (), "fill_gaps": False}
_OVER_TIME = {"growth": None, "running_total": False, "moving_average": None}

ValuesOf = Callable[[str], Sequence[Any]]
"""The values of a field that the asker may see, the frequent ones first."""

_WINDOWS: tuple[tuple[str, TimeWindow | None], ...] = (
    ("This month", TimeWindow(period="this", unit="month")),
    ("Last month", TimeWindow(period="last", unit="month")),
    ("This quarter", TimeWindow(period="this", unit="quarter")),
    ("Last quarter", TimeWindow(period="last", unit="quarter")),
    ("This year", TimeWindow(period="this", unit="year")),
    ("Last year", TimeWindow(period="last", unit="year")),
    ("Last 30 days", TimeWindow(last_n=30, unit="day")),
    ("Last 12 months", TimeWindow(last_n=12, unit="month")),
    ("All of the data", None),
)
_COMPARISONS: tuple[tuple[str, Comparison | None], ...] = (
    ("With nothing", None),
    ("With the period before", Comparison(kind="previous_period")),
    ("With the same period last year", Comparison(kind="same_period_last_year")),
)


@dataclass(frozen=True, kw_only=True)
class Chip:
    """One part of a reading that can be changed by a click."""

    kind: str
    """window, grouping, filter, comparison."""
    name: str
    """What it is, for a screen reader: "Time window"."""
    label: str
    """What it is now: "June 2026"."""
    choices: tuple[Option, ...]
    """What it can become, each a label and a plan that this asker may run."""


def chips(plan: tuple[Step, ...], context: MindContext, values_of: ValuesOf = lambda _: ()) -> tuple[Chip, ...]:
    """What can be changed about a plan of one metric query; empty for any other plan."""
    query = editable(plan)
    if query is None or len(plan) != 1:
        return ()
    maker = _Maker(query, context)
    made = [maker.window(), maker.grouping(), maker.comparison(), *maker.filters(values_of)]
    return tuple(chip for chip in made if chip is not None and chip.choices)


def editable(plan: tuple[Step, ...]) -> MetricQuery | None:
    """The metric query that answers, if the plan's last step is one."""
    if not plan or plan[-1].tool != TOOL:
        return None
    try:
        return MetricQuery.model_validate(plan[-1].arguments)
    except ValidationError:
        return None


def restricted(plan: tuple[Step, ...], field: str, values: Sequence[str | int]) -> tuple[Step, ...]:
    """The same plan for these entities alone.

    Raises:
        QueryUnsupported: A step is no metric query, so that the restriction would be lost without a word.
    """
    condition = Filter(field=field, op="in", values=tuple(values))
    steps = []
    for step in plan:
        query = editable((step,))
        if query is None:
            raise QueryUnsupported(
                "This kind of question cannot be restricted to a list of customers.",
                try_instead="Ask for a figure, such as revenue by month.",
                code="list_not_supported",
            )
        steps.append(step_of(query.model_copy(update={"filters": (*query.filters, condition)})))
    return tuple(steps)


def step_of(query: MetricQuery) -> Step:
    """The plan step of a query."""
    return Step(tool=TOOL, arguments=query.model_dump(mode="json", exclude_defaults=True))


class _Maker:
    """The chips of one query for one asker; a choice that would not compile is not offered."""

    def __init__(self, query: MetricQuery, context: MindContext) -> None:
        self._query = query
        self._context = context
        self._model = context.warehouse.model
        scope = Scope(self._model, rights=context.rights, as_of=query.as_of or context.as_of)
        self._calendar, self._wording = scope.calendar, Wording(scope)
        self._shaped = bool(query.own_result or query.listing or query.lifecycle)

    def _options(self, candidates: Iterator[tuple[str, MetricQuery]], most: int = 12) -> tuple[Option, ...]:
        found: list[Option] = []
        for label, query in candidates:
            if len(found) < most and query != self._query and self._runs(query):
                found.append(Option(label=label, plan=(step_of(query),)))
        return tuple(found)

    def _runs(self, query: MetricQuery) -> bool:
        try:
            compile_query(query, self._model, rights=self._context.rights, as_of=self._context.as_of)
        except AnswerError:
            return False
        return True

    def window(self) -> Chip | None:
        label = self._wording.window(self._query.window) if self._query.window else "All of the data"
        return Chip(kind="window", name="Time window", label=label, choices=self._options(self._other_windows()))

    def _other_windows(self) -> Iterator[tuple[str, MetricQuery]]:
        now = self._calendar.resolve(self._query.window) if self._query.window else None
        for label, window in _WINDOWS:
            span = self._calendar.resolve(window) if window else None
            if (span and (span.start, span.end)) == (now and (now.start, now.end)):
                continue
            # What is compared with the period before has none without a window.
            comparison = self._query.comparison if window is not None else None
            yield label, self._query.model_copy(update={"window": window, "comparison": comparison})

    def grouping(self) -> Chip | None:
        if self._shaped or not self._query.metrics:
            return None
        own = self._wording.own_dates(self._query)
        label = ", ".join(f"by {self._wording.dimension(d, own)}" for d in self._query.dimensions) or "not split"
        return Chip(kind="grouping", name="Split", label=label, choices=self._options(self._other_groupings()))

    def _other_groupings(self) -> Iterator[tuple[str, MetricQuery]]:
        used = {d.field for d in self._query.dimensions}
        if self._query.dimensions:
            yield "Not split", self._query.model_copy(update={"dimensions": (), **_BARE, **_OVER_TIME})
        for grain in (Grain.DAY, Grain.WEEK, Grain.MONTH, Grain.QUARTER):
            if self._query.comparison is None:
                dimension = DimensionRef(field=METRIC_TIME, grain=grain)
                yield f"By {grain.value}", self._query.model_copy(update={"dimensions": (dimension,), **_BARE})
        order = (Order(by=self._query.metrics[0].column, direction="desc"),)
        metrics = [m.metric for m in self._query.metrics]
        for field in [f for f in popular_dimensions(self._model, metrics) if f not in used][:MAX_GROUPINGS]:
            edited = {"dimensions": (DimensionRef(field=field),), **_BARE, **_OVER_TIME, "order": order}
            yield f"By {self._wording.field(field)}", self._query.model_copy(update=edited)

    def comparison(self) -> Chip | None:
        if self._shaped or self._query.window is None or any(d.grain for d in self._query.dimensions):
            return None
        kind = self._query.comparison.kind if self._query.comparison else None
        known = {None: "with nothing", "previous_period": "with the period before", "same_period_last_year": "with last year"}
        candidates = ((label, self._query.model_copy(update={"comparison": c})) for label, c in _COMPARISONS)
        return Chip(kind="comparison", name="Compared", label=known.get(kind, "with another window"), choices=self._options(candidates))

    def filters(self, values_of: ValuesOf) -> Iterator[Chip]:
        for index, condition in enumerate(self._query.filters):
            label = self._wording.filter(condition) if len(condition.values) <= MAX_VALUES else f"{len(condition.values):,} listed"
            yield Chip(kind="filter", name="Filter", label=label, choices=self._options(self._other_filters(index, condition, values_of)))
        for index, entity in enumerate(self._query.entity_conditions):
            kept = tuple(c for i, c in enumerate(self._query.entity_conditions) if i != index)
            without = ("Without this condition", self._query.model_copy(update={"entity_conditions": kept}))
            choices = self._options(iter([without]))
            yield Chip(kind="filter", name="Filter", label=self._wording.entity_condition(entity), choices=choices)

    def _other_filters(self, index: int, condition: Filter, values_of: ValuesOf) -> Iterator[tuple[str, MetricQuery]]:
        yield "Without this filter", self._with_filter(index, None)
        if condition.op not in ("in", "not_in") or condition.grain is not None or len(condition.values) > MAX_VALUES:
            return
        for value in [v for v in values_of(condition.field) if v not in condition.values][:MAX_VALUES]:
            other = condition.model_copy(update={"values": (value,)})
            yield self._wording.filter(other), self._with_filter(index, other)

    def _with_filter(self, index: int, condition: Filter | None) -> MetricQuery:
        others = [c if i != index else condition for i, c in enumerate(self._query.filters)]
        return self._query.model_copy(update={"filters": tuple(c for c in others if c is not None)})
