"""What changed since a day, over several metrics: for a page that greets people with news."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tools.core.contract import DateSpan, ToolContext
from tools.core.customers.scored import ask
from tools.core.errors import NeedsPerson, NotAllowed, RepairableByModel
from tools.core.query import Calendar, Comparison, MetricQuery
from tools.core.query.resolve import Scope
from tools.core.semantics.model import Metric
from tools.explain_change.cells import CellReader, candidate_fields, days
from tools.explain_change.parts import take_apart
from tools.explain_change.search import Explanation, name_of, search

EARLIER_STEPS = 6
"""Earlier steps of the same length that tell what is usual."""
_LOOKED_INTO = 12
"""Dimensions looked through per metric: the nearest ones, for speed."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One metric's news."""

    metric: Metric
    before: float
    now: float
    window: DateSpan
    baseline: DateSpan
    unusual: float
    """How many times larger the step is than earlier ones of the same length typically are; 1 = as usual. 0 when unknown."""
    driver: str | None = None
    """The group that stands out most, in words; None when none does."""
    driver_contribution: float | None = None
    question: str = ""
    """The question whose answer explains it."""

    @property
    def change(self) -> float:
        return self.now - self.before

    @property
    def change_rate(self) -> float | None:
        return self.change / abs(self.before) if self.before else None

    @property
    def is_good(self) -> bool | None:
        """Whether the metric moved in the direction that its author calls better; None when he calls none."""
        if self.metric.polarity == "neutral" or not self.change:
            return None
        return (self.change > 0) == (self.metric.polarity == "higher_is_better")


def what_changed(
    context: ToolContext, metrics: Sequence[str], window: DateSpan, baseline: DateSpan | None = None, *, explained: int = 3
) -> tuple[Change, ...]:
    """How these metrics moved, the most unusual step first.

    Args:
        window: The days in question.
        baseline: Default the period of equal length just before.
        explained: For this many of them the group that stands out most is looked for (a second or so each).
    Metrics that cannot be computed for the asker, or have no figure in one of the windows, are left out.
    """
    scope = Scope(context.warehouse.model, rights=context.rights, as_of=context.as_of or context.warehouse.as_of)
    baseline = baseline or scope.calendar.previous(window)
    found = [change for name in dict.fromkeys(metrics) if (change := _change(context, scope, name, window, baseline)) is not None]
    found.sort(key=lambda c: (-c.unusual, c.metric.name))
    return tuple(_explained(context, scope, c) if i < explained else c for i, c in enumerate(found))


def _change(context: ToolContext, scope: Scope, name: str, window: DateSpan, baseline: DateSpan) -> Change | None:
    now, before = _figures(context, name, window, baseline)
    if now is None or before is None:
        return None
    metric = scope.metric(name)
    falls = "fall" if now < before else "rise"
    return Change(
        metric=metric,
        before=before,
        now=now,
        window=window,
        baseline=baseline,
        unusual=_unusual(context, scope.calendar, name, baseline, now - before),
        question=f"Why did {metric.label} {falls} from {window.start} to {window.end}?",
    )


def _figures(context: ToolContext, name: str, window: DateSpan, baseline: DateSpan) -> tuple[float | None, float | None]:
    query = MetricQuery.model_validate(
        {"metrics": [name], "window": days(window), "comparison": Comparison(kind="window", baseline=days(baseline))}
    )
    try:
        record = ask(context, context.warehouse.model, query).one()
    except (RepairableByModel, NotAllowed):
        return None, None
    now, before = record.get(name), record.get(f"{name}_previous")
    return (float(v) if isinstance(v, (int, float)) else None for v in (now, before))  # type: ignore[return-value]


def _unusual(context: ToolContext, calendar: Calendar, name: str, baseline: DateSpan, step: float) -> float:
    """The step against the typical size of the steps before it (their median)."""
    start = context.warehouse.model.settings.data_start
    sizes: list[float] = []
    later = baseline
    for _ in range(EARLIER_STEPS):
        earlier = calendar.previous(later)
        if start is not None and earlier.start < start:
            break
        now, before = _figures(context, name, later, earlier)
        if now is not None and before is not None:
            sizes.append(abs(now - before))
        later = earlier
    if not sizes:
        return 0.0
    typical = sorted(sizes)[len(sizes) // 2]
    return abs(step) / typical if typical else 0.0


def _explained(context: ToolContext, scope: Scope, change: Change) -> Change:
    explanation = _search(context, scope, change)
    driver = next((d for d in explanation.findings if d.kind == "cell"), None) if explanation is not None else None
    return change if driver is None else replace(change, driver=name_of(driver), driver_contribution=driver.contribution)


def _search(context: ToolContext, scope: Scope, change: Change) -> Explanation | None:
    try:
        reader = CellReader(context=context, parts=take_apart(scope, change.metric), window=change.window, baseline=change.baseline)
        return search(reader, candidate_fields(scope, reader.parts, (), ())[:_LOOKED_INTO], keep=1, crossed=False)
    except (RepairableByModel, NotAllowed, NeedsPerson):
        return None
