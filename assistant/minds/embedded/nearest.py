"""Nearest questions: made from the model for what was understood, each read back and compiled before it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from assistant.minds.embedded.inflection import is_plural
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.segment import Mention
from assistant.turn import FollowUp
from tools.core.semantics.model import SemanticModel

MAX_SHOWN = 3


def nearest_questions(
    model: SemanticModel, mentions: Sequence[Mention], suggestions: Iterable[str], is_answerable: Callable[[str], bool]
) -> tuple[FollowUp, ...]:
    """Up to three questions that can be answered, those about the same things first.

    Args:
        suggestions: Near verified questions, tried before the generated ones.
        is_answerable: Reads the question back to a plan without doubt, and compiles it.
    """
    shown: list[FollowUp] = []
    for question in (*suggestions, *_about(model, mentions), *model.settings.starters):
        if len(shown) == MAX_SHOWN:
            break
        if all(question != s.question for s in shown) and is_answerable(question):
            shown.append(FollowUp(label=question, question=question))
    return tuple(shown)


def _about(model: SemanticModel, mentions: Sequence[Mention]) -> Iterator[str]:
    """Questions in plain form over the metrics and dimensions that were mentioned."""
    metrics = list(dict.fromkeys(s.target for m in mentions for s in m.of(Kind.METRIC, Kind.DOES)))
    fields = list(dict.fromkeys(s.target for m in mentions for s in m.of(Kind.FIELD, Kind.VALUE)))
    if not metrics and model.settings.default_metric:
        metrics = [model.settings.default_metric]
    for metric in metrics[:2]:
        label = model.metrics[metric].label
        for field_id in fields[:2]:
            yield f"{label[:1].upper()}{label[1:]} by {model.field(field_id).label}"
        yield f"How many {label}?" if is_plural(label.rsplit(" ", 1)[-1]) else f"What was the {label}?"
        yield f"{label[:1].upper()}{label[1:]} by month"
