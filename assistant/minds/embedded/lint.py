"""What an author should know before people ask: words that collide, figures without verbs, and what would be misread.

`validate` says what cannot work; this says what will be misunderstood. The misreadings are found by writing plain questions from the
model's own words and reading them back: one that does not come back as it was meant is a trap in the wording.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.minds.embedded.inflection import stem
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.mind import QuestionReader
from assistant.minds.embedded.values import ValueIndex, indexed_fields, key_field
from assistant.turn import MindContext
from tools.core.query.metric_query import DimensionRef, Measure, MetricQuery
from tools.core.semantics.model import Metric, SemanticModel

MAX_MISREADINGS = 10
_DIMENSIONS_PER_METRIC = 3
_ANY_DAY = dt.date(2024, 12, 31)


@dataclass(frozen=True, kw_only=True)
class Remark:
    """One thing to look at."""

    kind: str
    """collision, no verb, number, unreachable, route, misreading."""
    message: str


def lint(model: SemanticModel, values: ValueIndex | None = None) -> tuple[Remark, ...]:
    """Everything worth a look, the gravest kinds first.

    Args:
        values: The stored values of a built warehouse; without them, only those that the model names are looked at.
    """
    # Which day it is changes no reading; a model may leave it to its data.
    context = MindContext(warehouse=None, rights=None, as_of=model.settings.as_of or _ANY_DAY)  # type: ignore[arg-type]
    reader = QuestionReader(model, values or ValueIndex.empty(), context.as_of)
    return (
        *_collisions(reader),
        *_misreadings(reader, context),
        *_unreachable(reader),
        *_routes(model),
        *_numbers(reader),
        *_without_verbs(model),
    )


def _collisions(reader: QuestionReader) -> Iterator[Remark]:
    """Phrases that name two figures, or a figure and something that the data do not hold."""
    seen: set[tuple[str, ...]] = set()
    for phrase, senses in reader.lexicon.phrases():
        text, stems = " ".join(phrase), tuple(stem(word) for word in phrase)
        if stems in seen:
            continue  # The other number of a phrase that is reported already.
        seen.add(stems)
        metrics = sorted({s.target for s in senses if s.kind is Kind.METRIC})
        absent = sorted({s.target for s in senses if s.kind is Kind.ABSENT})
        if len(metrics) > 1:
            yield Remark(kind="collision", message=f"'{text}' names {_and(metrics)}: people are asked which one they mean.")
        if absent and len(absent) < len(senses):
            others = sorted({s.target for s in senses if s.kind is not Kind.ABSENT})
            yield Remark(kind="collision", message=f"'{text}' is declared absent ({absent[0]}) and names {_and(others)}: it is declined.")


def _misreadings(reader: QuestionReader, context: MindContext) -> Iterator[Remark]:
    """Plain questions in the model's words that do not come back as meant, those about the first figures first."""
    found = 0
    for question, meant in _plain_questions(reader, context):
        tokens, _ = reader.tokens(question, context.as_of)
        readings = reader.readings(tokens, context)
        best = readings[0].query
        if len(readings) == 1 and best is not None and _same(best, meant) and readings[0].is_whole:
            continue
        got = reader.sentence(best, context) if best is not None else None
        why = "is asked about" if len(readings) > 1 else f"reads as “{got}”" if got else "is not understood"
        yield Remark(kind="misreading", message=f"“{question}” {why}.")
        found += 1
        if found == MAX_MISREADINGS:
            return


def _plain_questions(reader: QuestionReader, context: MindContext) -> Iterator[tuple[str, MetricQuery]]:
    """Each figure by each of its names, and by the first few fields that it can be split by."""
    model, graph = reader.model, reader.world(context.as_of)
    for metric in model.metrics.values():
        alone = MetricQuery(metrics=(Measure(metric=metric.name),))
        for phrase in (metric.label, *metric.language.synonyms):
            yield f"{phrase} last month", alone
        fact = graph.fact(metric.name)
        fields = [f for f in model.fields() if f.is_dimension and not f.is_time and graph.reaches(fact, f.dataset)]
        counted = graph.lexicon.counted_by(metric.name)
        key = key_field(model, counted) if counted is not None else None
        fields = [f for f in fields if f != key]  # Each member is one member.
        fields.sort(key=lambda f: f.dataset != fact)
        for field in fields[:_DIMENSIONS_PER_METRIC]:
            query = MetricQuery(metrics=(Measure(metric=metric.name),), dimensions=(DimensionRef(field=field.id),))
            if reader.can_run(query, context):
                yield f"{metric.label} by {field.label}", query


def _same(read: MetricQuery, meant: MetricQuery) -> bool:
    """Figures and splits agree; the window is part of the question's frame."""
    return [m.metric for m in read.metrics] == [m.metric for m in meant.metrics] and [d.field for d in read.dimensions] == [
        d.field for d in meant.dimensions
    ]


def _unreachable(reader: QuestionReader) -> Iterator[Remark]:
    """Fields to split by that no figure can be split by."""
    model, world = reader.model, reader.world(None)
    facts = {f for name in model.metrics if (f := world.fact(name)) is not None}
    facts |= {through for metric in model.metrics.values() for through in metric.counted_through}
    for dataset in model.datasets.values():
        fields = [f.label for f in dataset.fields.values() if f.is_dimension and not f.is_time]
        if fields and not any(world.reaches(fact, dataset.name) for fact in facts):
            yield Remark(kind="unreachable", message=f"No figure can be split by the fields of {dataset.name}: {_and(fields)}.")


def _routes(model: SemanticModel) -> Iterator[Remark]:
    for route in model.routes:
        if not route.meaning:
            message = f"The route from {route.from_dataset} to {route.to_dataset} says no meaning: nobody can tell it from the other ways."
            yield Remark(kind="route", message=message)


def _numbers(reader: QuestionReader) -> Iterator[Remark]:
    """Values that look like numbers are read only beside their field's name."""
    for field in indexed_fields(reader.model):
        named = set(field.value_synonyms) | {str(v) for v in reader.values.values_of(field.id)}
        digits = sorted(v for v in named if v.isdigit())
        if digits:
            shown = ", ".join(digits[:5])
            yield Remark(
                kind="number", message=f"Values of {field.id} look like numbers ({shown}): they are read beside “{field.label}” only."
            )


def _without_verbs(model: SemanticModel) -> Iterator[Remark]:
    """Figures that people would say with a verb, and that have none."""
    lacking = [m.label for m in model.metrics.values() if not m.language.verbs and not _is_quotient(m)]
    if lacking:
        yield Remark(
            kind="no verb", message=f"{len(lacking)} figures have no verb: {_and(lacking[:12])}{' ...' if len(lacking) > 12 else ''}."
        )


def _is_quotient(metric: Metric) -> bool:
    return "/" in metric.expression or metric.is_derived


def _and(names: list[str]) -> str:
    return ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else names[0]
