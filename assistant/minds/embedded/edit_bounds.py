"""A fragment that is nothing but a limit: "over 50", "at least ten times", "only above 30 %"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.minds.embedded.bands import bands_of
from assistant.minds.embedded.edit_parts import is_plain
from assistant.minds.embedded.grammar.comparators import Bound, read_bound
from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.tokens import Token
from assistant.minds.embedded.wordlists import word_set
from assistant.turn import MindContext
from tools.core.query.metric_query import EntityCondition, MetricCondition, MetricQuery

if TYPE_CHECKING:
    from assistant.minds.embedded.mind import QuestionReader

_AROUND = word_set(
    "and but or what about how only just those that these the ones with who which if now then times make it instead , ? ok okay so"
)


def rebounded(tokens: Sequence[Token], previous: MetricQuery, reader: QuestionReader, context: MindContext) -> MetricQuery | None:
    """The plan with its one limit replaced; rows with the figure within the limit, where it has none. None for any other fragment."""
    bound = _only_bound(tokens, reader, context)
    if bound is None or bound.upper is not None or bound.relative_to is not None or bound.percentile:
        return None
    if len(previous.entity_conditions) == 1 and not previous.having:
        changed = _moved(previous.entity_conditions[0], bound)
        return previous.model_copy(update={"entity_conditions": (changed,)}) if changed is not None else None
    if len(previous.having) == 1:
        limit = previous.having[0].model_copy(update={"op": bound.op, "value": bound.value, "relative_to": None})
        return previous.model_copy(update={"having": (limit,)})
    if any(bands_of(reader.model.field(d.field).order) for d in previous.dimensions):
        return None  # "Under 35" of ages are some of the rows, and no limit of the figure.
    grouped = any(d.grain is None for d in previous.dimensions) and not previous.entity_conditions and not previous.comparison
    if not grouped or len(previous.metrics) != 1 or not is_plain(previous.metrics[0]) or bound.unit == "times":
        return None
    limit = MetricCondition(metric=previous.metrics[0].column, op=bound.op, value=bound.value)
    return previous.model_copy(update={"having": (limit,), "limit": None, "skip": 0})


def _only_bound(tokens: Sequence[Token], reader: QuestionReader, context: MindContext) -> Bound | None:
    cut = reader.cut(tokens, context)
    draft = Draft(world=reader.world(context.as_of), tokens=cut.tokens, items=cut.items)
    for at in range(len(draft.items)):
        bound = read_bound(draft, at)
        if bound is not None:
            rest = [item for i, item in enumerate(draft.items) if not at <= i < bound.end]
            return bound if all(item.text in _AROUND and item.mention is None for item in rest) else None
    return None


def _moved(condition: EntityCondition, bound: Bound) -> EntityCondition | None:
    limits = condition.op in ("gt", "ge", "lt", "le") and not (condition.percentile or condition.relative_to or condition.best)
    if not limits or condition.baseline is not None:
        return None
    return condition.model_copy(update={"op": bound.op, "value": bound.value})
