"""Follow-ups: a fragment ("and by store?", "what about March?", "only private label") edits the plan before it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from assistant.minds.embedded.account import Account, account_for
from assistant.minds.embedded.assemble import Reading, dimension_ref, order_of, part_filter, time_field_of
from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.tokens import Token
from assistant.minds.embedded.wordlists import word_set
from assistant.turn import MindContext
from tools.core.query.metric_query import Filter, MetricQuery, Order

if TYPE_CHECKING:
    from assistant.minds.embedded.mind import QuestionReader

_OPENINGS = (
    ("and",),
    ("what", "about"),
    ("how", "about"),
    ("same",),
    ("now",),
    ("only",),
    ("just",),
    ("but",),
    ("also",),
    ("instead",),
    ("split",),
    ("break",),
    ("sort",),
    ("without",),
    ("excluding",),
    ("then",),
    ("ok",),
    ("by",),
    ("per",),
    ("for",),
    ("in",),
)
_FRAGMENT_WORDS = 8
"""A complete question that merely begins with "and" is longer than this."""
_BARE_WORDS = 2
"""So few words name a part of a question: "units", "per store"."""
_PEOPLE = frozenset({("of", "them"), ("of", "those")})
_PERIODS = frozenset({("the", "same"), ("that", "month"), ("that", "period"), ("same", "period")})
_HARMLESS = word_set(
    "instead only just now same period month there was were did again rather though compare that those this but not then also too "
    "please more no yes i meant mean"
)
_INSTEAD = frozenset({"instead", "rather"})


@dataclass(frozen=True, kw_only=True)
class FollowUpReading:
    query: MetricQuery
    carried_over: tuple[str, ...]
    notes: tuple[str, ...] = ()
    doubt: str | None = None


def read_follow_up(
    tokens: Sequence[Token], readings: Sequence[Reading], reader: QuestionReader, context: MindContext
) -> FollowUpReading | None:
    """The previous plan, edited; None when the question stands on its own (it names what to measure) or nothing precedes it."""
    previous = _previous_query(context)
    if previous is None or readings[0].absent:
        return None
    words = [t.text for t in tokens if t.kind != "mark"]
    opens = any(tuple(words[: len(o)]) == o for o in _OPENINGS)
    refers = _refers_back(words)
    fragment = ((opens or refers) and len(words) <= _FRAGMENT_WORDS) or len(words) <= _BARE_WORDS
    if readings[0].query is not None and not fragment:
        return None
    draft = reader.draft(tokens, context)
    account = account_for(draft, ignoring=_HARMLESS)
    if len(account.leftover) > 1:
        return None
    return _edited(previous, draft, account, replaces=bool(set(words) & _INSTEAD))


def _refers_back(words: Sequence[str]) -> bool:
    """ "how many visits was that?", "in the same period": the question leans on the one before."""
    pronoun = words[-1:] in (["that"], ["those"], ["them"], ["there"])
    pairs = set(itertools.pairwise(words))
    return pronoun or bool(pairs & (_PEOPLE | _PERIODS))


def _previous_query(context: MindContext) -> MetricQuery | None:
    steps = context.previous.steps if context.previous is not None else ()
    if not steps or steps[-1].tool != "query_metrics":
        return None
    try:
        return MetricQuery.model_validate(dict(steps[-1].arguments))
    except ValidationError:
        return None


def _edited(previous: MetricQuery, draft: Draft, account: Account, *, replaces: bool) -> FollowUpReading | None:
    """Slot by slot: what the fragment fills replaces the same slot; the rest is carried over."""
    edit = _Edit(previous, draft)
    edit.metrics()
    edit.window()
    edit.dimensions(replaces=replaces)
    edit.filters()
    edit.ranking()
    if not edit.changes:
        return None
    try:
        query = MetricQuery.model_validate(previous.model_dump() | {k: _dumped(v) for k, v in edit.changes.items()})
    except ValidationError:
        return None
    doubt = f"I could not place '{account.leftover[0]}'" if account.leftover else None
    if set(itertools.pairwise(t.text for t in draft.tokens)) & _PEOPLE:
        doubt = "I may have lost who 'them' are"
    return FollowUpReading(query=query, carried_over=tuple(dict.fromkeys(edit.carried)), notes=tuple(draft.notes), doubt=doubt)


class _Edit:
    """Collects the changed slots and the words for what stays."""

    def __init__(self, previous: MetricQuery, draft: Draft) -> None:
        self.previous = previous
        self.draft = draft
        self.changes: dict[str, Any] = {}
        self.carried: list[str] = []
        metrics = [m.metric for m in draft.measures] or [m.metric for m in previous.metrics]
        self._time_field = time_field_of(draft, metrics)

    def metrics(self) -> None:
        model = self.draft.model
        if self.draft.measures:
            self.changes |= {"metrics": tuple(self.draft.measures), "having": tuple(self.draft.having)}
            renamed = {self.previous.metrics[0].column: self.draft.measures[0].column} if self.previous.metrics else {}
            self.changes["order"] = tuple(o.model_copy(update={"by": renamed.get(o.by, o.by)}) for o in self.previous.order)
        else:
            self.carried += [model.metrics[m.metric].label for m in self.previous.metrics]

    def window(self) -> None:
        if self.draft.comparison is not None:
            self.changes["comparison"] = self.draft.comparison
        if self.draft.window is not None:
            self.changes["window"] = self.draft.window
        elif self.previous.window is not None:
            self.carried.append("the same period")

    def dimensions(self, *, replaces: bool) -> None:
        model = self.draft.model
        new = [d for grouping in self.draft.dimensions if (d := dimension_ref(self.draft, grouping, self._time_field)) is not None]
        old = list(self.previous.dimensions)
        if new:
            kept = [] if replaces else [d for d in old if all(d.field != n.field for n in new)]
            self.changes["dimensions"] = (*kept, *new)
            old = kept
        self.carried += [f"by {model.field(d.field).label}" for d in old]

    def filters(self) -> None:
        new = [*self.draft.filters, *(f for p in self.draft.parts if (f := part_filter(self.draft, p, self._time_field)) is not None)]
        old = [f for f in self.previous.filters if all(f.field != n.field for n in new)]
        if new:
            self.changes["filters"] = (*old, *new)
        if self.draft.entity_conditions:
            self.changes["entity_conditions"] = (*self.previous.entity_conditions, *self.draft.entity_conditions)
        self.carried += [_filter_words(f, self.draft) for f in old]

    def ranking(self) -> None:
        order, limit, _ = order_of(self.draft)
        if self.draft.rank is None:
            return
        columns = [m.column for m in self.changes.get("metrics", self.previous.metrics)]
        direction = order[0].direction if order else "asc" if self.draft.rank.direction in ("asc", "worst") else "desc"
        if columns:
            self.changes["order"] = (Order(by=self.draft.rank.measure or columns[0], direction=direction),)
            self.changes["limit"] = self.draft.rank.n or limit or self.previous.limit


def _dumped(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_dumped(v) for v in value)
    return value.model_dump() if hasattr(value, "model_dump") else value


def _filter_words(test: Filter, draft: Draft) -> str:
    return f"{draft.model.field(test.field).label} {', '.join(str(v) for v in test.values)}"
