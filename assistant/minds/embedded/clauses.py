"""Two questions in one breath: "How many parcels came late in May, and what share of all parcels was that?"

The second part leans on the first as a follow-up leans on the question before it, so it is read in the same way. Where one plan can say
both, it is one figure beside the other; else both are asked, one after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.minds.embedded.anaphora import Referred, refer_back
from assistant.minds.embedded.arbiter import judge
from assistant.minds.embedded.assemble import Reading
from assistant.minds.embedded.tokens import Token
from assistant.minds.embedded.wordlists import word_set
from assistant.turn import MindContext
from tools.core.query.metric_query import MetricQuery

if TYPE_CHECKING:
    from assistant.minds.embedded.mind import QuestionReader

_JOINING = word_set("and , ; - then also plus")
_ASKING = word_set("how what which who where is was are were tell show")
_SHORTEST = 3


@dataclass(frozen=True, kw_only=True)
class ClausesReading:
    """A question in two parts, the second about what the first finds."""

    queries: tuple[MetricQuery, ...]
    """One, when a single plan says both."""
    first: Reading
    second: Referred
    doubt: str | None


def read_clauses(tokens: Sequence[Token], reader: QuestionReader, context: MindContext) -> ClausesReading | None:
    """The two parts read, when the first stands alone and the second leans on it; else None."""
    for at in range(_SHORTEST, len(tokens) - _SHORTEST + 1):
        start = _start_of_second(tokens, at)
        if start is None:
            continue
        first = reader.readings(tuple(tokens[:at]), context)[0]
        if not first.is_whole or first.query is None or reader.compile_error(first.query, context) is not None:
            continue
        second = refer_back(tokens[start:], first.query, reader, context)
        outside = reader.outside_data(first.query, context) or (second is not None and reader.outside_data(second.query, context))
        if second is not None and not outside and reader.compile_error(second.query, context) is None:
            said = " ".join(t.raw for t in tokens[:at])
            doubt = judge(said, first, reader.model, reader.learner).doubt or second.doubt
            return ClausesReading(queries=_together(first.query, second.query), first=first, second=second, doubt=doubt)
    return None


def _start_of_second(tokens: Sequence[Token], at: int) -> int | None:
    """Where the second question begins, when the words that join it stand at `at`."""
    if tokens[at - 1].text in _JOINING:
        return None  # The same place as one before.
    start = at
    while start < len(tokens) and tokens[start].text in _JOINING:
        start += 1
    joined = start > at or tokens[at].opens
    return start if joined and start < len(tokens) and tokens[start].text in _ASKING else None


def _together(first: MetricQuery, second: MetricQuery) -> tuple[MetricQuery, ...]:
    """One plan for both where one holds the other, or only the figures differ; else both."""
    plain = {"metrics": (), "order": ()}
    if first.model_copy(update=plain) == second.model_copy(update=plain):
        both = tuple(dict.fromkeys((*first.metrics, *second.metrics)))
        return (second.model_copy(update={"metrics": both}),) if len(both) > len(second.metrics) else (second,)
    added = {"metrics": (), "order": (), "dimensions": (), "comparison": None, "share": None}
    wider = set(first.metrics) <= set(second.metrics) and set(first.dimensions) <= set(second.dimensions)
    same_rest = first.model_copy(update=added) == second.model_copy(update=added)
    return (second,) if wider and same_rest and (first.dimensions or not second.dimensions) else (first, second)
