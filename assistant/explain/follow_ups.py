"""Next questions: edits of the plan that just ran, in words, each read back before it is shown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Protocol

from assistant.explain.tools.next_questions import next_questions
from assistant.turn import FollowUp, MindContext, RanStep, Suggestion
from tools.core.errors import AnswerError
from tools.core.query import METRIC_TIME, Comparison, DimensionRef, Grain, Measure, MetricQuery, Order, compile_query, sentence
from tools.core.query.wording import MAX_NAMED
from tools.core.semantics import Metric, SemanticModel

MAX_SHOWN = 3
MAX_TRIED = 8
"""Reading a candidate back costs milliseconds; more than this would be felt."""
SHORT_WINDOW_DAYS = 70
"""Up to here a trend is weekly, beyond it monthly."""
DAILY_WINDOW_DAYS = 14
"""Up to here a trend is daily."""
MAX_JOINS = 2
"""A split farther away than this says little about the figure: parcels by the campaign of the coupon of their order."""

_FIELD = re.compile(r"\b([a-z_]\w*)\.[a-z_]\w*")


class Reads(Protocol):
    """Somebody who can say whether a question would be answered without doubt, and how one may go on."""

    def is_answerable(self, text: str, context: MindContext) -> bool: ...

    def complete(self, prefix: str, context: MindContext) -> tuple[Suggestion, ...]: ...

    def values_of(self, field: str, context: MindContext) -> tuple[str | int | float | bool, ...]: ...


class FollowUpWriter:
    """Writes the next questions under an answer."""

    def __init__(self, reader: Reads) -> None:
        self._reader = reader

    def is_answerable(self, text: str, context: MindContext) -> bool:
        return self._reader.is_answerable(text, context)

    def complete(self, prefix: str, context: MindContext) -> tuple[Suggestion, ...]:
        """What the typed text may go on to."""
        return self._reader.complete(prefix, context)

    def values_of(self, field: str, context: MindContext) -> tuple[str | int | float | bool, ...]:
        """Values of a field that the asker may see, the frequent ones first; empty for a field that is not indexed."""
        return self._reader.values_of(field, context)

    def write(self, ran: RanStep, context: MindContext, *, is_empty: bool = False) -> tuple[FollowUp, ...]:
        """Up to three questions that go on from this step and that this asker gets an answer to; wider ones where it had no figure."""
        shown: list[FollowUp] = []
        for tried, (label, question) in enumerate(_candidates(ran, context, is_empty=is_empty)):
            if len(shown) == MAX_SHOWN or tried == MAX_TRIED:
                break
            if question not in (f.question for f in shown) and self.is_answerable(question, context):
                shown.append(FollowUp(label=label, question=question))
        return tuple(shown)


def _candidates(ran: RanStep, context: MindContext, *, is_empty: bool) -> Iterator[tuple[str, str]]:
    """(label, question): edits of a query's plan, or what a tool's answer leads to."""
    if ran.tool != "query_metrics":
        yield from next_questions(ran, context)
        return
    query = MetricQuery.model_validate(ran.arguments)
    if any(len(condition.values) > MAX_NAMED for condition in query.filters):
        return  # A question cannot name them all, so none would be the same.
    for label, candidate in wider(query) if is_empty else edits(query, context.warehouse.model):
        question = _question(candidate, context)
        if question is not None:
            yield label, question


def edits(query: MetricQuery, model: SemanticModel) -> Iterator[tuple[str, MetricQuery]]:
    """Plans one step away, the most telling first, with a short label each."""
    if not query.metrics or query.own_result or query.listing or query.lifecycle:
        return
    plain = query.model_copy(
        update={"order": (), "limit": None, "skip": 0, "top_per_group": None, "share": None, "having": (), "comparison": None}
    )
    over_time = any(d.field == METRIC_TIME or d.grain is not None for d in query.dimensions)
    used = {d.field for d in query.dimensions} | {f.field for f in query.filters if f.op == "in" and len(f.values) == 1}
    splits = [f for f in popular_dimensions(model, (m.metric for m in query.metrics), within=MAX_JOINS) if f not in used]
    is_one_day = query.window is not None and query.window.start is not None and query.window.start == query.window.end
    if not query.dimensions:
        yield from (_split(plain, model, field) for field in splits[:2])
    if not over_time and not is_one_day:
        yield _trend(plain)
    if query.window is not None and query.comparison is None and not over_time:
        yield "Compare with the period before", plain.model_copy(update={"comparison": Comparison(kind="previous_period")})
    yield from (_split(plain.model_copy(update={"dimensions": ()}), model, field) for field in splits[:3])
    yield from _other_metrics(plain, model)


def wider(query: MetricQuery) -> Iterator[tuple[str, MetricQuery]]:
    """The same question with one limit less each, for one that found nothing."""
    for index, condition in enumerate(query.filters):
        others = tuple(c for i, c in enumerate(query.filters) if i != index)
        yield f"Any {condition.field.partition('.')[2].replace('_', ' ')}", query.model_copy(update={"filters": others})
    if query.window is not None:
        yield "At any time", query.model_copy(update={"window": None, "comparison": None})


def _split(query: MetricQuery, model: SemanticModel, field: str) -> tuple[str, MetricQuery]:
    order = Order(by=query.metrics[0].column, direction="desc")
    edited = query.model_copy(update={"dimensions": (DimensionRef(field=field),), "order": (order,), "limit": 10})
    return f"By {model.field(field).label}", edited


def _trend(query: MetricQuery) -> tuple[str, MetricQuery]:
    window = query.window
    days = (window.end - window.start).days + 1 if window is not None and window.start and window.end else None
    short = days is not None and days <= SHORT_WINDOW_DAYS
    short = short or (window is not None and window.unit in ("day", "week", "month") and (window.last_n or 1) <= SHORT_WINDOW_DAYS // 30)
    grain = Grain.DAY if days is not None and days <= DAILY_WINDOW_DAYS else Grain.WEEK if short else Grain.MONTH
    return f"By {grain.value}", query.model_copy(update={"dimensions": (DimensionRef(field=METRIC_TIME, grain=grain),)})


def _other_metrics(query: MetricQuery, model: SemanticModel) -> Iterator[tuple[str, MetricQuery]]:
    """The same question for metrics that people ask for most."""
    used = {m.metric for m in query.metrics}
    asked = Counter(m for v in model.verified_questions for m in _metrics_of(dict(v.query)) if m not in used)
    for name, _ in asked.most_common(2):
        yield f"{model.metrics[name].label.capitalize()} instead", query.model_copy(update={"metrics": (Measure(metric=name),)})


def popular_dimensions(model: SemanticModel, metrics: Iterable[str], *, within: int | None = None) -> list[str]:
    """Fields that reviewed questions split by and that these metrics reach: their own first, then the nearest, then the most frequent.

    Args:
        within: Joins at most between what is counted and the field; None = any.
    """
    wanted = set(metrics)
    counted: Counter[str] = Counter()
    own: set[str] = set()
    for verified in model.verified_questions:
        for dimension in verified.query.get("dimensions", ()):  # type: ignore[attr-defined]
            if not dimension.get("grain") and dimension["field"] != METRIC_TIME:
                counted[dimension["field"]] += 1
                if wanted.intersection(_metrics_of(dict(verified.query))):
                    own.add(dimension["field"])
    joins = _joins_from({home for name in wanted for home in _homes(model.metrics[name], model)}, model)
    near = {f: joins[f.partition(".")[0]] for f in counted if f.partition(".")[0] in joins}
    fitting = [f for f in near if f in own or within is None or near[f] <= within]
    return sorted(fitting, key=lambda f: (f not in own, near[f], -counted[f]))


def _homes(metric: Metric, model: SemanticModel) -> set[str]:
    """Datasets whose rows the metric counts or sums."""
    if metric.inputs:
        return {home for part in metric.inputs for home in _homes(model.metrics[part.metric], model)}
    return {*_FIELD.findall(metric.expression), *metric.counted_through}.intersection(model.datasets)


def _joins_from(homes: set[str], model: SemanticModel) -> dict[str, int]:
    """Dataset -> many-to-one joins from the nearest home to it."""
    joins = dict.fromkeys(homes, 0)
    waiting = list(homes)
    for here in waiting:
        for relationship in model.relationships:
            if relationship.from_dataset == here and relationship.to_dataset not in joins:
                joins[relationship.to_dataset] = joins[here] + 1
                waiting.append(relationship.to_dataset)
    return joins


def _metrics_of(query: dict[str, object]) -> list[str]:
    metrics = query.get("metrics")
    return [m if isinstance(m, str) else m["metric"] for m in metrics] if isinstance(metrics, list | tuple) else []


def _question(query: MetricQuery, context: MindContext) -> str | None:
    """The plan in words, if this asker may run it."""
    model = context.warehouse.model
    try:
        compile_query(query, model, rights=context.rights, as_of=context.as_of)
        return sentence(query, model, as_of=context.as_of)
    except AnswerError:
        return None
