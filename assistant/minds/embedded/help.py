"""Help from the model's own words: what can be asked, what a figure or a field means, which values a field has.

Everything shown is what this asker may ask for: figures whose plan compiles under the asker's rights, fields whose columns may be read,
values from the asker's own index.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.explain.phrases import capitalised
from assistant.minds.embedded.lexicon import Kind, Sense
from assistant.minds.embedded.tokens import normalise, tokenize
from assistant.turn import FollowUp, MindContext, Told
from tools.core.query.metric_query import Measure, MetricQuery
from tools.core.semantics.model import Dataset, Field, Metric, MetricFormat

if TYPE_CHECKING:
    from assistant.minds.embedded.mind import QuestionReader

MAX_VALUES = 40
MAX_PER_AREA = 8
MAX_QUESTIONS = 3
_THINGS = (Kind.DATASET, Kind.FIELD, Kind.FILTER)

_CAN_ASK = re.compile(
    r"^(?:please )?(?:help|what (?:all )?can (?:i|we|you|one) (?:ask|do(?! about| for)|answer|tell me|show me)(?: you)?(?: here)?"
    r"|what (?:kind|kinds|sort|sorts) of questions? can (?:i|we) ask(?: you)?|which questions can (?:i|we) ask(?: you)?"
    r"|what do you know|what data (?:do you have|is there|is in here)|what is in (?:this|the) data"
    r"|(?:which|what) (?:metrics|figures|kpis|measures) (?:do you have|are there|can i ask for|exist))"
    r"(?: (?:about|on|regarding|for) (?P<about>.+))?$"
)
_MEANS = re.compile(
    r"^(?:please )?(?:"
    r"what (?:does|do) (?P<a>.+?) (?:mean|stand for)"
    r"|what is meant by (?P<b>.+)"
    r"|how (?:is|are) (?P<c>.+?) (?:defined|calculated|computed|measured|worked out)"
    r"|how do (?:you|we) (?:define|calculate|compute|measure) (?P<d>.+)"
    r"|(?:what is )?(?:the )?definition of (?P<e>.+)"
    r"|define (?P<f>.+)"
    r"|explain (?:the )?(?:metric|figure|term|field) (?P<g>.+)"
    r")$"
)
_WHAT_IS_A = re.compile(r"^(?:so |and )?what(?: is|'s) an? (?P<thing>.+)$")
"""Of a thing or a kind of thing; "what is an average basket" asks for a figure."""
_VALUES = re.compile(
    r"^(?:please )?(?:"
    r"(?:which|what) values (?:does|do|can|has|have) (?P<a>.+?)(?: have| take| hold)?"
    r"|(?:list|show|give me|what are)(?: me)?(?: all)?(?: of)?(?: the)?(?: possible)? (?:values|options|choices) (?:of|for|in) (?P<b>.+)"
    r"|what options are there for (?P<c>.+)"
    r")$"
)


def help_with(text: str, reader: QuestionReader, context: MindContext) -> Told | None:
    """The help that is asked for; None when the text is a question about the business."""
    plain = re.sub(r"[?!.\"]+\s*$", "", normalise(text).lower()).replace('"', "").strip()
    if (match := _CAN_ASK.match(plain)) is not None:
        return _can_ask(match["about"] or "", reader, context)
    if (match := _MEANS.match(plain)) is not None:
        return _meaning(_first(match), reader, context)
    if (match := _WHAT_IS_A.match(plain)) is not None and any(s.kind in _THINGS for s in _senses(match["thing"], reader)):
        return _meaning(match["thing"], reader, context)
    if (match := _VALUES.match(plain)) is not None:
        return _values(_first(match), reader, context)
    return None


def _first(match: re.Match[str]) -> str:
    return next(group for group in match.groups() if group)


def _senses(phrase: str, reader: QuestionReader) -> Sequence[Sense]:
    """What the phrase means as a whole; nothing when only a part of it is known."""
    words = re.sub(r"^(?:the|a|an|our|your|field|metric|dimension) ", "", phrase)
    tokens = tokenize(words)
    whole = [m for m in reader.mentions(tokens) if m.end - m.start == len(tokens)]
    return whole[0].senses if whole else ()


# -- what can be asked ------------------------------------------------------------------------------


def _can_ask(about: str, reader: QuestionReader, context: MindContext) -> Told:
    areas = areas_of(reader, context)
    if about:
        wanted = _areas_about(about, reader)
        areas = {area: metrics for area, metrics in areas.items() if area in wanted} or areas
    lines = [f"- **{area}**: {_listed([m.label for m in metrics])}" for area, metrics in areas.items()]
    count = sum(len(metrics) for metrics in areas.values())
    subject = f" about {about}" if about and len(areas) <= len(_areas_about(about, reader)) else ""
    headline = f"You can ask for {count} figures{subject}, split, filtered, ranked and compared over time."
    return Told(headline=headline, text="\n".join([headline, "", *lines]), nearest=_questions(reader, context))


def areas_of(reader: QuestionReader, context: MindContext) -> dict[str, list[Metric]]:
    """Figures by what they are about, as far as the asker may see them: the largest area first."""
    world = reader.world(context.as_of)
    found: dict[str, list[Metric]] = {}
    for metric in reader.model.metrics.values():
        if reader.can_run(MetricQuery(metrics=(Measure(metric=metric.name),)), context):
            fact = world.fact(metric.name)
            found.setdefault(reader.model.datasets[fact].plural if fact is not None else "figures of several areas", []).append(metric)
    return dict(sorted(found.items(), key=lambda pair: -len(pair[1])))


def _areas_about(about: str, reader: QuestionReader) -> set[str]:
    world = reader.world(None)
    names = [m for m in reader.mentions(tokenize(about)) if m.of(Kind.METRIC, Kind.DATASET, Kind.FIELD)]
    facts = {s.target for m in names for s in m.of(Kind.DATASET)} | {s.target.split(".")[0] for m in names for s in m.of(Kind.FIELD)}
    facts |= {f for m in names for s in m.of(Kind.METRIC) if (f := world.fact(s.target)) is not None}
    return {reader.model.datasets[f].plural for f in facts}


def _listed(labels: Sequence[str]) -> str:
    more = len(labels) - MAX_PER_AREA
    return ", ".join(labels[:MAX_PER_AREA]) + (f" and {more} more" if more > 0 else "")


def _questions(reader: QuestionReader, context: MindContext, first: Sequence[str] = ()) -> tuple[FollowUp, ...]:
    """Questions to go on with, each of which this asker gets an answer to."""
    shown: list[FollowUp] = []
    for question in (*first, *reader.model.settings.starters):
        if len(shown) < MAX_QUESTIONS and reader.is_answerable(question, context):
            shown.append(FollowUp(label=question, question=question))
    return tuple(shown)


# -- what a word means ------------------------------------------------------------------------------


def _meaning(phrase: str, reader: QuestionReader, context: MindContext) -> Told | None:
    for sense in sorted(_senses(phrase, reader), key=lambda s: s.kind is not Kind.METRIC):
        if sense.kind is Kind.METRIC and reader.can_run(MetricQuery(metrics=(Measure(metric=sense.target),)), context):
            return _metric(reader.model.metrics[sense.target], reader, context)
        if sense.kind is Kind.FIELD and _may_read(sense.target, reader, context):
            return _field(reader.model.field(sense.target), reader, context)
        if sense.kind is Kind.DATASET and (told := _thing(reader.model.datasets[sense.target], reader, context)) is not None:
            return told
        if sense.kind is Kind.FILTER:
            named = next(f for f in reader.model.named_filters if f.name == sense.target)
            return Told(headline=f"“{named.name}” means: {named.description or ', '.join(named.phrases)}.")
    return None


def _thing(dataset: Dataset, reader: QuestionReader, context: MindContext) -> Told | None:
    if not dataset.description or not any(_may_read(field.id, reader, context) for field in dataset.fields.values()):
        return None
    return Told(headline=f"{capitalised(dataset.label)}: {dataset.description.rstrip('.')}.", nearest=_questions(reader, context))


def _metric(metric: Metric, reader: QuestionReader, context: MindContext) -> Told:
    headline = f"{capitalised(metric.label)}: {metric.description.rstrip('.') or 'the author of the model has given no description'}."
    lines = [headline]
    rate = metric.format is MetricFormat.RATE
    lines += [f"- Unit: {'percent' if rate else metric.unit}"] if metric.unit or rate else []
    lines += [f"- Computed as: `{' '.join(metric.expression.split())}`"]
    lines += [f"- Only where: `{metric.filter}`"] if metric.filter else []
    lines += [f"- Also called: {', '.join(metric.language.synonyms[:6])}"] if metric.language.synonyms else []
    lines += [f"- Note: {metric.caveat}"] if metric.caveat else []
    label = capitalised(metric.label)
    return Told(headline=headline, text="\n".join(lines), nearest=_questions(reader, context, (f"{label} by month", f"{label} last month")))


def _field(field: Field, reader: QuestionReader, context: MindContext) -> Told:
    headline = (
        f"{capitalised(field.label)}: {field.description.rstrip('.') or 'a field of ' + reader.model.datasets[field.dataset].plural}."
    )
    values = reader.values.values_of(field.id)
    text = f"{headline}\n- Values: {', '.join(str(v) for v in values[:MAX_PER_AREA])}" if values else headline
    return Told(headline=headline, text=text, nearest=_questions(reader, context))


def _values(phrase: str, reader: QuestionReader, context: MindContext) -> Told | None:
    fields = [s.target for s in _senses(phrase, reader) if s.kind is Kind.FIELD and _may_read(s.target, reader, context)]
    field = next((reader.model.field(f) for f in fields if reader.values.values_of(f)), None)
    if field is None:
        return Told(headline=f"The values of {reader.model.field(fields[0]).label} are not kept as a list.") if fields else None
    values = reader.values.values_of(field.id)
    ordered = [v for v in field.order if v in values] or [str(v) for v in values]
    more = f" and {len(ordered) - MAX_VALUES} more" if len(ordered) > MAX_VALUES else ""
    headline = f"{capitalised(field.label)} has {len(values)} values."
    return Told(headline=headline, text=f"{headline}\n{', '.join(str(v) for v in ordered[:MAX_VALUES])}{more}", nearest=())


def _may_read(field: str, reader: QuestionReader, context: MindContext) -> bool:
    from assistant.minds.embedded.mind import may_read

    return may_read(reader.model, context.rights)(field)
