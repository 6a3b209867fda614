"""Follow-ups: a fragment ("and by store?", "what about March?", "only private label") edits the plan before it."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from assistant.minds.embedded.account import Account, account_for
from assistant.minds.embedded.anaphora import refer_back
from assistant.minds.embedded.assemble import Reading, dimension_ref, named_only, order_of, part_filter, time_field_of
from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.numbers import read_number
from assistant.minds.embedded.temporal_words import UNITS
from assistant.minds.embedded.tokens import Token, tokenize
from assistant.minds.embedded.wordlists import word_set
from assistant.turn import MindContext
from tools.core.query.calendar import Calendar
from tools.core.query.metric_query import Comparison, Filter, Measure, MetricQuery, Order, PeriodUnit, TimeWindow

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
    ("no",),
    ("i", "meant"),
    ("sorry",),
    ("actually",),
    ("could", "i"),
    ("can", "i"),
    ("make",),
    ("put",),
    ("compared",),
    ("as", "a"),
    ("for", "which"),
    ("for", "what"),
    ("other",),
    ("ah",),
    ("oh",),
)
_FRAGMENT_WORDS = 8
"""A complete question that merely begins with "and" is longer than this."""
_LONG_FRAGMENT_WORDS = 12
"""One that both opens like a fragment and names what came before."""
_BARE_WORDS = 2
"""So few words name a part of a question: "units", "per store"."""
_PEOPLE = frozenset({("of", "them"), ("of", "those")})
_PERIODS = frozenset({("the", "same"), ("that", "month"), ("that", "period"), ("same", "period")})
_HARMLESS = word_set(
    "instead only just now same period month there was were did again rather though compare that those this but not then also too "
    "please more no yes i meant mean total overall altogether well could see would you may get have sorry actually ah oh one ones"
)
_COMPARING = word_set("compared compare versus vs against than")
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
    moved = _moved_window(tokens, previous, reader, context) or _about_them(tokens, previous, reader, context)
    if moved is not None:
        return moved
    referred = refer_back(tokens, previous, reader, context)
    if referred is not None:
        return FollowUpReading(query=referred.query, carried_over=referred.carried_over, notes=referred.notes, doubt=referred.doubt)
    words = [t.text for t in tokens if t.kind != "mark"]
    opens = any(tuple(words[: len(o)]) == o for o in _OPENINGS)
    refers = _refers_back(words)
    most = _LONG_FRAGMENT_WORDS if opens and refers else _FRAGMENT_WORDS
    fragment = ((opens or refers) and len(words) <= most) or len(words) <= _BARE_WORDS
    if readings[0].query is not None and not fragment:
        return None
    draft = reader.draft(tokens, context, tuple(m.metric for m in previous.metrics))
    account = account_for(draft, ignoring=_HARMLESS)
    if len(account.leftover) > 1:
        return None
    rate = _as_rate(words, previous, draft) or _resized(tokens, previous)
    if rate is not None:
        return rate
    return _edited(previous, draft, account, replaces=bool(set(words) & _INSTEAD))


_NEXT = word_set("after following next later")
_BEFORE = word_set("before previous preceding earlier")
_PERIOD_UNITS: tuple[PeriodUnit, ...] = ("day", "week", "month", "quarter", "year")
_AROUND = word_set("and what about how the same for in that it one ones then ah oh ok now of a please was were is to")


def _moved_window(tokens: Sequence[Token], previous: MetricQuery, reader: QuestionReader, context: MindContext) -> FollowUpReading | None:
    """ "and the month after that?", "the year before?": the plan before, over the neighbouring period."""
    words = [t.text for t in tokens if t.kind != "mark"]
    rest = [w for w in words if w not in _AROUND]
    units = [UNITS[w] for w in rest if w in UNITS]
    steps = [1 if w in _NEXT else -1 for w in rest if w in _NEXT | _BEFORE]
    window = previous.window or next((c.window for c in previous.entity_conditions if c.window is not None), None)
    if (
        window is None
        or len(steps) != 1
        or len(rest) - len(steps) - len(units)
        or len(units) > 1
        or not set(words) & {"after", "before", "following", "one", "that"}
    ):
        return None
    calendar = reader.world(context.as_of).calendar
    span = calendar.resolve(window)
    shifted = _neighbour(span.start, span.end, units[0] if units else span.unit, steps[0], calendar)
    if shifted is None:
        return None
    if previous.window is not None:
        query = previous.model_copy(update={"window": shifted})
    else:
        conditions = tuple(c.model_copy(update={"window": shifted}) if c.window == window else c for c in previous.entity_conditions)
        query = previous.model_copy(update={"entity_conditions": conditions})
    return FollowUpReading(query=query, carried_over=("everything but the period",))


def _neighbour(start: dt.date, end: dt.date, unit: str | None, step: int, calendar: Calendar) -> TimeWindow | None:
    """The period of that unit just after (before) the days `start` to `end`; of equal length in days without a unit."""
    day = dt.timedelta(days=1)
    period = next((u for u in _PERIOD_UNITS if u == unit), None)
    if period is None:
        length = end - start + day
        return TimeWindow(start=start + step * length, end=end + step * length)
    begin = calendar.period_start(end + day if step > 0 else start - day, period)
    following = begin
    while calendar.period_start(following, period) == begin:
        following += day
    return TimeWindow(start=begin, end=following - day)


def _about_them(tokens: Sequence[Token], previous: MetricQuery, reader: QuestionReader, context: MindContext) -> FollowUpReading | None:
    """ "how many of them bought yoga?": the entities that the plan before counted or listed, and a further condition on them."""
    pairs = list(itertools.pairwise(t.text for t in tokens))
    at = next((i for i, pair in enumerate(pairs) if pair in _PEOPLE), None)
    entity = _counted_entity(previous, reader)
    if at is None or entity is None or previous.limit or previous.having or previous.comparison or previous.dimensions:
        return None
    noun = tokenize(reader.model.datasets[entity].plural)
    same_period = bool(set(pairs) & {("that", "month"), ("that", "period"), ("that", "quarter"), ("that", "year"), ("same", "period")})
    spoken = [t for i, t in enumerate(tokens) if i not in (at, at + 1)]
    spoken[at:at] = list(noun)
    spoken = (
        _without_pairs(spoken, {("that", "month"), ("that", "period"), ("that", "quarter"), ("that", "year")}) if same_period else spoken
    )
    reading = reader.readings(tuple(spoken), context)[0]
    if reading.query is None or reading.account.leftover or _counted_entity(reading.query, reader) != entity:
        return None
    window = next((c.window for c in previous.entity_conditions if c.window is not None), previous.window)
    new = tuple(c.model_copy(update={"window": window}) if same_period and c.window is None else c for c in reading.query.entity_conditions)
    if not new and not reading.query.filters:
        return None
    old = previous.entity_conditions
    if previous.window is not None:
        return None  # A count in a window of its own says of whom it is only by its route.
    query = reading.query.model_copy(
        update={
            "entity_conditions": (*old, *(c for c in new if c not in old)),
            "filters": tuple(dict.fromkeys((*previous.filters, *reading.query.filters))),
        }
    )
    return FollowUpReading(
        query=query, carried_over=(f"the {reader.model.datasets[entity].plural} of the question before",), notes=reading.notes
    )


def _without_pairs(tokens: Sequence[Token], pairs: set[tuple[str, str]]) -> list[Token]:
    found = list(tokens)
    for at in range(len(found) - 1):
        if (found[at].text, found[at + 1].text) in pairs:
            begin = at - (at > 0 and found[at - 1].text in ("in", "during", "over"))
            return found[:begin] + found[at + 2 :]
    return found


def _counted_entity(query: MetricQuery, reader: QuestionReader) -> str | None:
    """The entity that the plan counts or lists."""
    if query.listing is not None:
        return query.listing.entity
    return reader.lexicon.counted_by(query.metrics[0].metric) if len(query.metrics) == 1 and query.metrics[0].per is None else None


def _as_rate(words: Sequence[str], previous: MetricQuery, draft: Draft) -> FollowUpReading | None:
    """ "as a rate please": the model's rate whose part the count before is."""
    said = bool(set(words) & {"rate", "percentage", "percent", "share"}) and ("as" in words or "in" in words)
    if not said or len(previous.metrics) != 1:
        return None
    shown = "".join(draft.metric(previous.metrics[0].metric).expression.split()).lower()
    rates = [m.name for m in draft.model.metrics.values() if "".join(m.expression.split()).lower().startswith(f"{shown}/")]
    if len(rates) != 1:
        return None
    query = previous.model_copy(update={"metrics": (Measure(metric=rates[0]),), "order": (), "having": ()})
    return FollowUpReading(query=query, carried_over=("all but the figure",))


_RESIZING = word_set("make it the top first only just show instead please rather them me that and")


def _resized(tokens: Sequence[Token], previous: MetricQuery) -> FollowUpReading | None:
    """ "make it ten": so many rows of the ranking before."""
    numbers = [n for at in range(len(tokens)) if (n := read_number(tokens, at)) is not None]
    rest = [t.text for at, t in enumerate(tokens) if t.kind == "word" and read_number(tokens, at) is None]
    if previous.limit is None or len(numbers) != 1 or numbers[0].unit is not None or not rest or not set(rest) <= _RESIZING:
        return None
    query = previous.model_copy(update={"limit": max(1, int(numbers[0].value))})
    return FollowUpReading(query=query, carried_over=("all but the number of rows",))


def _refers_back(words: Sequence[str]) -> bool:
    """ "how many visits was that?", "in the same period": the question leans on the one before."""
    pronoun = words[-1:] in (["that"], ["those"], ["them"], ["there"])
    pairs = set(itertools.pairwise(words))
    return pronoun or bool(pairs & (_PEOPLE | _PERIODS))


def _previous_query(context: MindContext) -> MetricQuery | None:
    past = context.previous
    steps = past.steps if past is not None else ()
    if past is not None and not steps and len(past.pending) == 1:
        steps = past.pending[0].plan  # Offered and not refused: the next question goes on from it.
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
        if self.draft.measures and self._adds():
            self.changes["metrics"] = tuple(dict.fromkeys((*self.previous.metrics, *self.draft.measures)))
            self.carried += [model.metrics[m.metric].label for m in self.previous.metrics]
        elif self.draft.measures:
            self.changes |= {"metrics": tuple(self.draft.measures), "having": tuple(self.draft.having)}
            renamed = {self.previous.metrics[0].column: self.draft.measures[0].column} if self.previous.metrics else {}
            self.changes["order"] = tuple(o.model_copy(update={"by": renamed.get(o.by, o.by)}) for o in self.previous.order)
        else:
            self.carried += [model.metrics[m.metric].label for m in self.previous.metrics]

    def _adds(self) -> bool:
        """ "clicks too", "and the number of visits": beside what is shown, not in its place."""
        words = [t.text for t in self.draft.tokens]
        return bool({"too", "also", "well", "additionally"} & set(words)) or tuple(words[:2]) == ("and", "the")

    def window(self) -> None:
        words = {t.text for t in self.draft.tokens}
        if self.draft.comparison is not None:
            self.changes["comparison"] = self.draft.comparison
        if self.draft.window is not None and self.previous.window is not None and words & _COMPARING:
            self.changes["comparison"] = Comparison(kind="window", baseline=self.draft.window)
            self.carried.append("the same period")
        elif self.draft.window is not None:
            self.changes["window"] = self.draft.window
        elif self.previous.window is not None:
            self.carried.append("the same period")

    def dimensions(self, *, replaces: bool) -> None:
        model = self.draft.model
        new = [d for grouping in self.draft.dimensions if (d := dimension_ref(self.draft, grouping, self._time_field)) is not None]
        old = list(self.previous.dimensions)
        denied = bool(set(itertools.pairwise(t.text for t in self.draft.tokens)) & {("not", "by"), ("not", "per")})
        if self._lumps() and (denied or not new):
            self.changes |= {"dimensions": (), "order": (), "limit": None}
            return
        if new:
            kept = [] if replaces else [d for d in old if all(d.field != n.field for n in new)]
            self.changes["dimensions"] = (*kept, *new)
            old = kept
        self.carried += [f"by {model.field(d.field).label}" for d in old]

    def _lumps(self) -> bool:
        """ "in total", "not by month": without the split."""
        words = [t.text for t in self.draft.tokens]
        pairs = set(itertools.pairwise(words))
        return bool({"overall", "altogether"} & set(words)) or bool(pairs & {("in", "total"), ("not", "by"), ("not", "per")})

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
        if self.changes.get("limit"):
            kept = self.changes.get("filters", self.previous.filters)
            named = named_only(self.draft, self.changes.get("dimensions", self.previous.dimensions))
            self.changes["filters"] = tuple(dict.fromkeys((*kept, *named)))


def new_topic(query: MetricQuery | None, context: MindContext) -> tuple[str, ...]:
    """What to say when a question stands on its own although the one before was narrowed in ways that this one is not."""
    previous = _previous_query(context)
    if previous is None or query is None:
        return ()
    narrowed = bool(previous.window or previous.filters or previous.entity_conditions)
    repeats = (
        query.window == previous.window and query.filters == previous.filters and query.entity_conditions == previous.entity_conditions
    )
    return ("read as a new question: nothing is carried over from the one before",) if narrowed and not repeats else ()


def _dumped(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_dumped(v) for v in value)
    return value.model_dump() if hasattr(value, "model_dump") else value


def _filter_words(test: Filter, draft: Draft) -> str:
    return f"{draft.model.field(test.field).label} {', '.join(str(v) for v in test.values)}"
