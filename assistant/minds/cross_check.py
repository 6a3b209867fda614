"""An independent check of a language model's plan: the deterministic reading of the same words, part by part."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pydantic import ValidationError

from assistant.minds.look_ahead import Ahead
from assistant.turn import Decline, MindContext, Question, Step
from tools.core.errors import AnswerError
from tools.core.query import compile_query
from tools.core.query.calendar import Calendar
from tools.core.query.metric_query import Filter, MetricQuery
from tools.core.semantics.model import SemanticModel

_NUMBER = re.compile(r"(?<![\w.-])\d[\d,]*(?:\.\d+)?(?![\w-]|\.\d)")
_QUOTED = re.compile(r"[\"“'‘]([^\"”'’]{2,60})[\"”'’](?!\w)")
_NUMBER_NOTE = "The number {0} of the question does not appear in the plan."


def plan_doubts(question: Question, steps: Sequence[Step], ahead: Ahead | None, context: MindContext) -> tuple[str, ...]:
    """Where the plan does not account for the question, each as a sentence for the person; empty when nothing was found.

    Args:
        steps: The plan that ran.
        ahead: The embedded mind's own reading of the same question.
    """
    queries = [query for step in steps if (query := as_query(step)) is not None]
    if not queries:
        return ()
    doubts = [*_missing_numbers(question.text, queries), *_missing_quotes(question.text, queries)]
    if ahead is not None:
        doubts += _against_reading(queries, ahead, context)
    return tuple(dict.fromkeys(doubts))


def as_query(step: Step) -> MetricQuery | None:
    """The step's MetricQuery; None for another tool."""
    if step.tool != "query_metrics":
        return None
    try:
        return MetricQuery.model_validate(dict(step.arguments))
    except ValidationError:
        return None


def sentence_of(step: Step, context: MindContext) -> str | None:
    """The plan in canonical words: two plans with one sentence mean the same. None when it cannot run."""
    query = as_query(step)
    if query is None:
        return None
    try:
        return compile_query(query, context.warehouse.model, rights=context.rights, as_of=context.as_of).reading.sentence
    except AnswerError:
        return None


def _missing_numbers(text: str, queries: Iterable[MetricQuery]) -> list[str]:
    plan = " ".join(q.model_dump_json(exclude_defaults=True) for q in queries)
    said = {n.replace(",", "") for n in re.findall(r"\d[\d,]*(?:\.\d+)?", plan)}
    values = {float(n) for n in said if n}
    # "in March 2017", "Q3": a plan holds them as days, in which the year and the month's number reappear or are resolved.
    asked = [n for n in _NUMBER.findall(text) if not re.fullmatch(r"(?:19|20)\d\d", n)]
    return [_NUMBER_NOTE.format(n) for n in asked if not _number_in(float(n.replace(",", "")), values)]


def _number_in(number: float, values: set[float]) -> bool:
    return any(number * factor in values for factor in (1, 0.01, 1000)) or 100 - number in values


def _missing_quotes(text: str, queries: Iterable[MetricQuery]) -> list[str]:
    plan = " ".join(q.model_dump_json(exclude_defaults=True).lower() for q in queries)
    return [f"“{quoted}” does not appear in the plan." for quoted in _QUOTED.findall(text) if quoted.lower() not in plan]


def _against_reading(queries: Sequence[MetricQuery], ahead: Ahead, context: MindContext) -> list[str]:
    if isinstance(ahead.outcome, Decline) and ahead.outcome.code == "absent_concept":
        return [f"A second reader found: {ahead.outcome.message}"]
    lost = [word for word in ahead.unplaced if not _covers(word, queries, context)]
    doubts = [f"A second reader could not place “{word}”; check how it entered the plan." for word in lost]
    readings = [query for plan in ahead.plans for step in plan if (query := as_query(step)) is not None]
    if readings and not any(_differences(queries, reading, context.warehouse.model, context) == [] for reading in readings):
        doubts += _differences(queries, readings[0], context.warehouse.model, context)
    return doubts


def _covers(word: str, queries: Iterable[MetricQuery], context: MindContext) -> bool:
    """Whether the plan, or a metric or field that it names, goes by this word."""
    model = context.warehouse.model
    for query in queries:
        texts = [query.model_dump_json(exclude_defaults=True)]
        for name in {m.metric for m in query.metrics}:
            if (metric := model.metrics.get(name)) is not None:
                texts += [metric.label, metric.description, *metric.language.synonyms, *metric.language.verbs]
        if word.lower() in " ".join(texts).lower():
            return True
    return False


def _differences(queries: Sequence[MetricQuery], reading: MetricQuery, model: SemanticModel, context: MindContext) -> list[str]:
    """Parts of the deterministic reading that the plan lacks, in words."""
    found: list[str] = []
    metrics = {m.metric for q in queries for m in q.metrics}
    asked = [name for name in dict.fromkeys(m.metric for m in reading.metrics) if name not in metrics]
    found += [f"A second reader took the question to ask for {model.metrics[n].label}, which the plan does not compute." for n in asked]
    fields = {d.field for q in queries for d in q.dimensions}
    split = [d.field for d in reading.dimensions if d.field not in fields]
    found += [f"A second reader would have split the figures by {model.field(name).label}." for name in split]
    conditions = {key for q in queries for key in _conditions(q)}
    kept = [(name, value) for name, value in _conditions(reading) if (name, value) not in conditions]
    found += [f"A second reader would have kept only {model.field(name).label} {value}." for name, value in kept]
    if reading.window is not None and not _same_window(queries, reading, context):
        found.append("A second reader took the question to mean another period.")
    return found


def _conditions(query: MetricQuery) -> Iterable[tuple[str, str]]:
    filters: list[Filter] = list(query.filters)
    filters += [f for condition in query.entity_conditions for f in condition.filters]
    filters += [f for measure in query.metrics for f in measure.filters]
    return [(f.field, str(value)) for f in filters for value in f.values]


def _same_window(queries: Sequence[MetricQuery], reading: MetricQuery, context: MindContext) -> bool:
    """Whether a query of the plan looks at the same days, however they are written."""
    calendar = Calendar(context.warehouse.model.settings, context.as_of)
    if reading.window is None:
        return True
    wanted = calendar.resolve(reading.window)
    windows = [w for q in queries for w in (q.window, *(c.window for c in q.entity_conditions)) if w is not None]
    spans = [calendar.resolve(window) for window in windows]
    return any((span.start, span.end) == (wanted.start, wanted.end) for span in spans)
