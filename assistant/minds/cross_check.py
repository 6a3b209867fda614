"""An independent check of a language model's plan: the deterministic reading of the same words, part by part."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from assistant.minds.look_ahead import Ahead
from assistant.minds.reflection import unreflected
from assistant.turn import Decline, MindContext, Option, Question, Step
from tools.core.errors import AnswerError
from tools.core.query import compile_query
from tools.core.query.calendar import Calendar
from tools.core.query.metric_query import Filter, MetricQuery
from tools.core.semantics.model import SemanticModel

_QUOTED = re.compile(r"[\"“'‘]([^\"”'’]{2,60})[\"”'’](?!\w)")


@dataclass(frozen=True, kw_only=True)
class PlanCheck:
    """What an independent look at a plan found."""

    doubt: str | None = None
    """Why the plan may not be what was asked: reason to offer it rather than to answer with it."""
    caveats: tuple[str, ...] = ()
    """Differences that are told and no more, each a sentence."""
    alternatives: tuple[Option, ...] = ()
    """The deterministic reading, where it is sure and says something else."""


def check_plan(question: Question, steps: Sequence[Step], ahead: Ahead | None, context: MindContext) -> PlanCheck:
    """Hold the plan that ran against the words of the question, and against the deterministic reading of them.

    Args:
        ahead: The embedded mind's own reading of the same question.
    """
    queries = [query for step in steps if (query := as_query(step)) is not None]
    if not queries:
        return _check_tools(steps, ahead, context)
    if ahead is not None and _is_the_sure_reading(steps[-1], ahead, context):
        return PlanCheck()
    lost = [f"'{word}'" for word in _without_trace(question.text, queries, context.warehouse.model)]
    lost += [f"“{quoted}”" for quoted in _missing_quotes(question.text, queries)]
    doubts = [f"I am not sure that this answers {' and '.join(dict.fromkeys(lost))}"] if lost else []
    # The last result is shown as the answer: where the reading is sure, that one must match it, and no step on the way there.
    shown = queries[-1:] if ahead is not None and ahead.is_sure else queries
    differences = _against_reading(shown, ahead, context) if ahead is not None else []
    if ahead is None or not differences or not (ahead.is_sure or _is_absent(ahead)):
        return PlanCheck(doubt="; ".join(doubts) or None, caveats=tuple(dict.fromkeys(differences)))
    doubts += [difference.rstrip(".") for difference in differences[:2]]
    return PlanCheck(doubt="; ".join(dict.fromkeys(doubts)), alternatives=_reading_as_option(ahead, context))


def _check_tools(steps: Sequence[Step], ahead: Ahead | None, context: MindContext) -> PlanCheck:
    """A plan without a metric query, against a sure reading of the same words: the tools it asks, and whom it is about."""
    if ahead is None or not ahead.is_sure:
        return PlanCheck()
    reading = ahead.plans[0]
    tools = {step.tool for step in steps}
    differences = [f"A second reader would have asked {step.tool.replace('_', ' ')}" for step in reading if step.tool not in tools]
    conditions = {key for step in steps for key in _tool_conditions(step)}
    kept = [key for step in reading for key in _tool_conditions(step) if key not in conditions]
    model = context.warehouse.model
    differences += [f"A second reader would have kept only {model.field(name).label} {value}" for name, value in dict.fromkeys(kept)]
    if not differences:
        return PlanCheck()
    return PlanCheck(doubt="; ".join(differences[:3]), alternatives=(Option(label="The deterministic reading", plan=reading),))


def _tool_conditions(step: Step) -> list[tuple[str, str]]:
    """(field, value) of the conditions that a tool was given."""
    filters = step.arguments.get("filters") or ()
    return [(str(one["field"]), str(value)) for one in filters for value in one.get("values") or ()]


def _is_the_sure_reading(step: Step, ahead: Ahead, context: MindContext) -> bool:
    """Whether the plan is what the deterministic reader came to as well, every word accounted for."""
    if not ahead.is_sure:
        return False
    sentence = sentence_of(step, context)
    return sentence is not None and sentence == sentence_of(ahead.plans[0][-1], context)


def _without_trace(text: str, queries: Sequence[MetricQuery], model: SemanticModel) -> list[str]:
    """Words that shape the question and show in none of the plan's queries."""
    missing = [unreflected(text, query, model) for query in queries]
    return [word for word in missing[0] if all(word in others for others in missing[1:])]


def _is_absent(ahead: Ahead) -> bool:
    return isinstance(ahead.outcome, Decline) and ahead.outcome.code == "absent_concept"


def _reading_as_option(ahead: Ahead, context: MindContext) -> tuple[Option, ...]:
    options = [(sentence_of(plan[-1], context), plan) for plan in ahead.plans[:1] if plan]
    return tuple(Option(label=sentence, plan=plan) for sentence, plan in options if sentence)


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


def _missing_quotes(text: str, queries: Iterable[MetricQuery]) -> list[str]:
    plan = " ".join(q.model_dump_json(exclude_defaults=True).lower() for q in queries)
    return [quoted for quoted in _QUOTED.findall(text) if quoted.lower() not in plan]


def _against_reading(queries: Sequence[MetricQuery], ahead: Ahead, context: MindContext) -> list[str]:
    if isinstance(ahead.outcome, Decline) and _is_absent(ahead):
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
