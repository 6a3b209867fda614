"""The semantic model in words for a language model: a stable part that a server can cache, and details that the question calls for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from assistant.minds.embedded.mind import may_read
from assistant.minds.language_model.masking import Vault, is_shown
from assistant.minds.look_ahead import Ahead
from assistant.prompts import Prompt, load_prompt
from assistant.turn import MindContext, Question
from tools.core.query.calendar import long_date
from tools.core.semantics.model import Field, Metric, SemanticModel

MOST_DETAILS = 12
"""Metrics and fields whose definitions go along with a question."""
MOST_VALUES = 12
MOST_VERIFIED = 3
_WORD = re.compile(r"[a-z]{3,}")


def system_prompt(context: MindContext) -> Prompt:
    """The rules and the names, the same for every question of a role on one day of data."""
    model, settings = context.warehouse.model, context.warehouse.model.settings
    readable = may_read(model, context.rights)
    start = long_date(settings.data_start) if settings.data_start else "an unknown day"
    return load_prompt(
        "planner",
        data_span=f"{start} to {long_date(context.warehouse.as_of)}",
        as_of=context.as_of.isoformat(),
        week_start=settings.week_starts_on.capitalize(),
        currency=settings.currency,
        model_name=model.name,
        model_description="\n".join(filter(None, (model.description, model.instructions))) or "(no description)",
        metrics="\n".join(_metric_line(m) for m in model.metrics.values()),
        fields="\n".join(_field_line(f) for f in model.fields() if readable(f.id) and _is_offered(f)) or "(none)",
        absent="\n".join(f"- {c.name}: {c.message}" for c in model.absent_concepts) or "(nothing listed)",
    )


def question_prompt(question: Question, context: MindContext, ahead: Ahead | None, vault: Vault) -> Prompt:
    """The question with what helps to plan it."""
    parts = [
        _relevant(question.text, context),
        _previous(context),
        _verified(question.text, context.warehouse.model),
        _reading_ahead(ahead),
    ]
    details = "\n\n".join(p for p in parts if p) or "(no further details)"
    return load_prompt("question", question=vault.hide(question.text), details=vault.hide(details))


def _metric_line(metric: Metric) -> str:
    unit = metric.unit or metric.format.value
    return f"- {metric.name}: {metric.label}, {unit}"


def _field_line(field: Field) -> str:
    kind = "date" if field.is_time else field.datatype.value.lower()
    return f"- {field.id}: {field.label}, {kind}"


def _is_offered(field: Field) -> bool:
    return field.is_dimension or field.is_time


def words_of(text: str) -> frozenset[str]:
    """Stems of the words of three letters and more."""
    return frozenset(_stem(w) for w in _WORD.findall(text.lower()))


def _stem(word: str) -> str:
    for ending in ("ies", "es", "s", "ed", "ing"):
        if len(word) - len(ending) >= 3 and word.endswith(ending):
            return word[: -len(ending)] + ("y" if ending == "ies" else "")
    return word


@lru_cache(maxsize=4096)
def _vocabulary(text: str) -> frozenset[str]:
    return words_of(text)


def _overlap(question: frozenset[str], texts: Iterable[str]) -> int:
    return len(question & _vocabulary(" ".join(texts)))


def _relevant(text: str, context: MindContext) -> str:
    """Definitions of the metrics and fields that share most words with the question."""
    model = context.warehouse.model
    asked = words_of(text)
    readable = may_read(model, context.rights)
    scored: list[tuple[int, str]] = []
    for metric in model.metrics.values():
        language = metric.language
        texts = (metric.name.replace("_", " "), metric.label, *language.synonyms, *language.verbs, *language.more, *language.less)
        scored.append((_overlap(asked, texts), _metric_details(metric)))
    for field in model.fields():
        if readable(field.id) and _is_offered(field):
            values = _values(field, context)
            texts = (field.name.replace("_", " "), field.label, field.plural, *field.language.synonyms, *values)
            scored.append((_overlap(asked, texts), _field_details(field, values)))
    best = [line for score, line in sorted(scored, key=lambda item: -item[0])[:MOST_DETAILS] if score > 0]
    return "\n".join(["Definitions that may matter:", *best]) if best else ""


def _metric_details(metric: Metric) -> str:
    parts = [metric.description, metric.language.instructions]
    if metric.language.synonyms:
        parts.append(f"Also called: {', '.join(metric.language.synonyms[:6])}.")
    if metric.caveat:
        parts.append(metric.caveat)
    return f"- {metric.name}: {' '.join(p for p in parts if p) or metric.label}"


def _field_details(field: Field, values: Sequence[str]) -> str:
    parts = [field.description]
    if values:
        parts.append(f"Values: {', '.join(values)}.")
    return f"- {field.id}: {' '.join(p for p in parts if p) or field.label}"


def _values(field: Field, context: MindContext) -> tuple[str, ...]:
    """Stored values that the author of the model wrote down; never read from the data."""
    if not is_shown(field, context):
        return ()
    named = field.order or tuple(field.value_synonyms)
    return named[:MOST_VALUES]


def _previous(context: MindContext) -> str:
    previous = context.previous
    if previous is None:
        return ""
    plan = json.dumps([step.to_json() for step in previous.steps]) if previous.steps else "none"
    return (
        "The turn before (a follow-up edits this plan: keep what the new question does not change):\n"
        f"- question: {previous.question}\n- understood as: {previous.sentence or 'nothing'}\n- plan: {plan}"
    )


def _verified(text: str, model: SemanticModel) -> str:
    """The reviewed questions that share most words with this one, with their queries."""
    asked = words_of(text)
    scored = sorted(((_overlap(asked, (v.question, *v.paraphrases)), v) for v in model.verified_questions), key=lambda item: -item[0])
    lines = [f"- {v.question} -> {json.dumps(v.query, default=str)}" for score, v in scored[:MOST_VERIFIED] if score >= 2]
    return "\n".join(["Reviewed questions like this one, with their queries:", *lines]) if lines else ""


def _reading_ahead(ahead: Ahead | None) -> str:
    """What the embedded mind made of the question: readings, linked values, words that it could not place."""
    if ahead is None:
        return ""
    lines = [f"- a possible reading: {json.dumps(dict(step.arguments))}" for plan in ahead.plans for step in plan][:5]
    if ahead.doubt:
        lines.append(f"- its doubt: {ahead.doubt}")
    if ahead.understood:
        lines.append(f"- understood: {ahead.understood}")
    if ahead.unplaced:
        lines.append(f"- words it could not place: {', '.join(ahead.unplaced)}")
    return "\n".join(["A deterministic reader, which knows every stored value, made this of the question:", *lines]) if lines else ""
