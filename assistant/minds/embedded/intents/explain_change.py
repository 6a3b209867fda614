"""explain_change: why a figure moved from one period to another."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from assistant.minds.embedded.assemble import Reading
from assistant.minds.embedded.intents.cohort import Rest
from assistant.minds.embedded.intents.contract import Asked, Cues, Plan
from assistant.minds.embedded.intents.figure import read_figure
from assistant.minds.embedded.intents.words import word_file
from assistant.minds.embedded.wordlists import word_set
from assistant.turn import Step
from tools.core.errors import AnswerError
from tools.core.query.metric_query import Comparison, Filter, MetricQuery, TimeWindow
from tools.core.query.resolve import Scope
from tools.explain_change.parts import take_apart

_BEING = word_set("is are")
_THAN = word_set("lower higher worse better weaker stronger smaller larger bigger less more")
_MOVES = ("fall", "rise", "better", "worse", "move")
_LAST_MONTH = TimeWindow(period="last", unit="month")
_SPLITTING = frozenset({"by", "per", "each", "with"})
_AGAINST = frozenset({"on", "against", "versus", "vs", "than", "from", "below", "above", "behind"})
"""Before "last year": what the figure is held against, and not the days that it is of."""
_LAST = frozenset({"last", "previous", "prior"})
_BARE = {"metrics", "filters", "entity_conditions", "window", "comparison", "dimensions", "order", "as_of", "growth", "fill_gaps", "limit"}
"""What a figure may hold that is to be explained; anything else is a question of another kind."""


class ExplainChangeIntent:
    name = "explain_change"
    tool = "explain_change"
    needs: tuple[str, ...] = ()
    follows = frozenset({"query_metrics", "explain_change"})

    def cues(self, asked: Asked) -> Cues | None:
        """A reason is asked for, and something moved: "why did revenue fall", "what is behind the drop", "what happened to revenue"."""
        found = _without_splits(word_file(self.name).find(asked.tokens), asked)
        why = found.first("why") or found.first("happened")
        if why is None or not (found.has(*_MOVES) or found.has("happened")):
            return None
        return Cues(found=tuple(c for c in found.found if c.start >= why.start or c.role in _MOVES))

    def plan(self, cues: Cues, rest: Rest) -> Plan | None:
        figure = read_figure(rest.asked, cues)
        query = _explainable(figure, rest.asked)
        if figure is None or query is None:
            return None
        query = _against(query, rest.asked)
        notes = list(figure.notes)
        if query.window is None:
            notes.append("No period was named: the last complete month was taken, against the month before")
        return Plan(
            arguments=_arguments(query, assumed=_assumed(cues, rest.asked, query.metrics[0].metric)),
            notes=tuple(notes),
            doubts=(*figure.doubts, *_between_groups(query, rest.asked)),
            account=figure.account,
        )

    def edit(self, previous: Step, cues: Cues, rest: Rest) -> Plan | None:
        """ "Why?" after a figure; "and in the South?", "and in April?" after an explanation."""
        if rest.metrics or rest.dimensions or rest.customer_ids:
            return None
        if previous.tool == self.tool:
            return _edited(previous, rest)
        cues = _without_splits(cues, rest.asked)
        if not cues.has("why", "happened") or not (rest.is_empty or rest.filters or rest.window):
            return None
        query = MetricQuery.model_validate(previous.arguments)
        if len(query.metrics) != 1 or not _is_plain(query):
            return None
        query = query.model_copy(
            update={"window": rest.window or query.window or _period_of(query), "filters": _merged(query.filters, rest)}
        )
        arguments = _arguments(query.model_copy(update={"dimensions": ()}), assumed=_assumed(cues, rest.asked, query.metrics[0].metric))
        return Plan(arguments=arguments, uses=frozenset({"window"})) if _can_be_taken_apart(query, rest.asked) else None


def _between_groups(query: MetricQuery, asked: Asked) -> tuple[str, ...]:
    """ "Why is the rating lower in the West": lower than elsewhere, as far as the words go, and not than before."""
    words = [t.text for t in asked.tokens]
    compared = any(one in _BEING and other in _THAN for at, one in enumerate(words) for other in words[at + 1 :])
    if not compared or query.window is not None or not query.filters:
        return ()
    return ("It may be meant against the other groups; this is the change over time",)


def _without_splits(cues: Cues, asked: Asked) -> Cues:
    """ "By reason", "with the reason ...": a field of the data, and no question for a cause."""
    tokens = asked.tokens
    split = [c for c in cues.found if c.role == "why" and any(t.text in _SPLITTING for t in tokens[max(0, c.start - 2) : c.start])]
    return Cues(found=tuple(c for c in cues.found if not (c in split and c.text.lower().split()[-1].startswith("reason"))))


def _edited(previous: Step, rest: Rest) -> Plan | None:
    if rest.is_empty and rest.window is None:
        return None
    arguments = dict(previous.arguments)
    arguments.pop("assumed", None)
    old = tuple(Filter.model_validate(f) for f in arguments.get("filters", ()))
    if rest.window is not None:
        arguments["window"] = rest.window.model_dump(mode="json", exclude_defaults=True)
        arguments.pop("comparison", None)
    filters = rest.filters or old
    if filters:
        arguments["filters"] = [f.model_dump(mode="json", exclude_defaults=True) for f in filters]
    return Plan(arguments=arguments, uses=frozenset({"window"}))


def _explainable(figure: Reading | None, asked: Asked) -> MetricQuery | None:
    """The query, when it is one plain figure that can be taken apart exactly."""
    if figure is None or figure.query is None or figure.absent or len(figure.query.metrics) != 1 or not _is_plain(figure.query):
        return None
    if figure.query.entity_conditions and asked.reader.model.metrics[figure.query.metrics[0].metric].counted_through:
        return None  # "Fewer people buy in shops": when they did is not the window in which they are counted.
    if figure.query.window is None and any(condition.window is not None for condition in figure.query.entity_conditions):
        return None  # "Why did so few people order in April": whom it counts is dated, and not the figure.
    return figure.query if _can_be_taken_apart(figure.query, asked) else None


def _against(query: MetricQuery, asked: Asked) -> MetricQuery:
    """The query with the baseline that is merely hinted at: "down on last year", "between the first and the second quarter"."""
    window = query.window
    if window is None or query.comparison is not None:
        return query
    texts = [t.text for t in asked.tokens]
    if window.period == "last" and window.unit is not None and _stands_after(texts, window.unit, _AGAINST):
        kind: Literal["same_period_last_year", "previous_period"] = "same_period_last_year" if window.unit == "year" else "previous_period"
        now = TimeWindow(period="this", unit=window.unit)
        return query.model_copy(update={"window": now, "comparison": Comparison(kind=kind)})
    halves = _halves(window) if "between" in texts else None
    if halves is None:
        return query
    before, now = halves
    return query.model_copy(update={"window": now, "comparison": Comparison(kind="window", baseline=before)})


def _stands_after(texts: list[str], unit: str, words: frozenset[str]) -> bool:
    """ "... on last year": the period right after one of these words."""
    at = next((at for at, text in enumerate(texts) if text == unit and at and texts[at - 1] in _LAST), None)
    return at is not None and any(text in words for text in texts[max(0, at - 3) : at - 1])


def _halves(window: TimeWindow) -> tuple[TimeWindow, TimeWindow] | None:
    """Two months, quarters, half-years or years in a row, each as a window of its own."""
    if window.start is None or window.end is None or window.start.day != 1 or (window.end + dt.timedelta(days=1)).day != 1:
        return None
    after = window.end + dt.timedelta(days=1)
    months = (after.year - window.start.year) * 12 + after.month - window.start.month
    if months not in (2, 6, 12, 24):
        return None
    middle_month = window.start.year * 12 + window.start.month - 1 + months // 2
    middle = dt.date(middle_month // 12, middle_month % 12 + 1, 1)
    return TimeWindow(start=window.start, end=middle - dt.timedelta(days=1)), TimeWindow(start=middle, end=window.end)


def _is_plain(query: MetricQuery) -> bool:
    measure = query.metrics[0]
    if measure.is_aggregated_again or measure.as_share or measure.filters or measure.entity_conditions:
        return False
    return set(query.model_dump(exclude_defaults=True)) <= _BARE


def _can_be_taken_apart(query: MetricQuery, asked: Asked) -> bool:
    scope = Scope(asked.reader.model, rights=asked.context.rights, as_of=asked.context.as_of)
    try:
        take_apart(scope, scope.metric(query.metrics[0].metric))
    except AnswerError:
        return False
    return True


def _arguments(query: MetricQuery, *, assumed: str | None) -> dict[str, Any]:
    plain = query.model_dump(mode="json", exclude_defaults=True)
    window = query.window or _period_of(query) or _LAST_MONTH
    found: dict[str, Any] = {"metric": query.metrics[0].metric, "window": window.model_dump(mode="json", exclude_defaults=True)}
    found |= {name: plain[name] for name in ("comparison", "filters", "entity_conditions") if name in plain}
    fields = [d.field for d in query.dimensions if d.grain is None and d.bin_width is None]
    if fields:
        found["dimensions"] = fields
    if assumed is not None:
        found["assumed"] = assumed
    return found


def _period_of(query: MetricQuery) -> TimeWindow | None:
    """After a trend by month, "why" is about its last month."""
    grain = next((d.grain for d in query.dimensions if d.grain is not None and not d.grain.is_cyclic), None)
    units = ("day", "week", "month", "quarter", "year")
    return TimeWindow.model_validate({"period": "last", "unit": grain.value}) if grain is not None and grain.value in units else None


def _merged(old: tuple[Filter, ...], rest: Rest) -> tuple[Filter, ...]:
    fields = {f.field for f in rest.filters}
    return (*(f for f in old if f.field not in fields), *rest.filters)


def _assumed(cues: Cues, asked: Asked, metric: str) -> str | None:
    """The direction that the question takes for granted."""
    polarity = asked.reader.model.metrics[metric].polarity
    for role, goes_up in (("fall", False), ("rise", True)):
        if cues.has(role):
            return "rise" if goes_up else "fall"
    if polarity == "neutral" or not cues.has("better", "worse"):
        return None
    return "rise" if cues.has("better") == (polarity == "higher_is_better") else "fall"
