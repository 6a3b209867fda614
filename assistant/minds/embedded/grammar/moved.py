"""Entities set against themselves: "customers who spent more in 2026 than in 2025", "whose spend fell from Q1 to Q2".

Read before comparisons of windows: here two periods are compared for each entity, not for the figure that the question shows.
"""

from __future__ import annotations

from dataclasses import dataclass

from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.grammar.values import filters_of
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.wordlists import word_set
from tools.core.query.metric_query import Comparator, EntityCondition, TimeWindow

_MORE: dict[str, Comparator] = {"more": "gt", "less": "lt", "fewer": "lt"}
_UP = word_set("grew grow grown increased increase rose risen raised went-up")
_DOWN = word_set("fell fallen dropped drop declined decline decreased decrease reduced reduce cut shrank sank")
_FACTORS: dict[str, tuple[Comparator, float]] = {"doubled": ("ge", 2.0), "tripled": ("ge", 3.0), "halved": ("le", 0.5)}
_AGAINST = word_set("than vs versus against over compared with to")
_OF_WINDOW = word_set("in during the for over it they did")
_COUNTING = word_set("many number count share percentage percent proportion list which what")


@dataclass(frozen=True, kw_only=True)
class _Move:
    """What moved, and between which windows."""

    metric: str
    op: Comparator
    value: float
    begin: int
    end: int
    now: TimeWindow
    before: TimeWindow


def read_moved(draft: Draft) -> None:
    for at in range(1, len(draft.items)):
        move = _more_than(draft, at) or _verb_of_change(draft, at)
        entity = _whose(draft, move.begin) if move is not None else None
        if move is None or entity is None or not draft.world.reaches(draft.world.fact(move.metric), entity):
            continue
        fact = draft.world.fact(move.metric)
        runs = [run for i in range(at, move.end) if draft.items[i].has(Kind.VALUE, Kind.FILTER) and (run := filters_of(draft, i, fact))]
        filters = tuple(dict.fromkeys(f for run in runs for f in run.filters))
        relative = draft.word(move.begin - 1) in ("who", "that", "which", "have", "has")
        draft.claim_free(move.begin - relative, move.end, "condition")
        draft.entity_conditions.append(
            EntityCondition(
                entity=entity, metric=move.metric, op=move.op, value=move.value, filters=filters, window=move.now, baseline=move.before
            )
        )


def _more_than(draft: Draft, at: int) -> _Move | None:
    """ "spent more [on deli] in 2026 than in 2025", "made fewer orders this year than last year" """
    op = _MORE.get(draft.word(at))
    than = next((i for i in range(at + 1, len(draft.items)) if draft.word(i) == "than"), -1)
    if op is None or than < 0:
        return None
    now_at = next((i for i in range(at - 2, than) if i > 0 and _window(draft, i) is not None), -1)
    before_at = draft.skip(than + 1, _OF_WINDOW)
    now, before = _window(draft, now_at), _window(draft, before_at)
    if now is None or before is None:
        return None
    measured = next((i for i in range(at + 1, than) if _metric_at(draft, i) is not None), -1)
    begin = verb = next((i for i in range(at - 1, max(at - 4, -1), -1) if draft.items[i].has(Kind.DOES, Kind.FACT, Kind.METRIC)), -1)
    metric = _metric_at(draft, measured if measured >= 0 else verb)
    if metric is None:
        return None
    begin = verb if verb >= 0 else at
    return _Move(metric=metric, op=op, value=1.0, begin=begin, end=before_at + 1, now=now, before=before)


def _verb_of_change(draft: Draft, at: int) -> _Move | None:
    """ "whose spend fell from Q1 to Q2", "who doubled their orders in 2026 compared with 2025" """
    word = draft.word(at)
    op, value = _FACTORS.get(word) or (("gt", 1.0) if word in _UP else ("lt", 1.0) if word in _DOWN else (None, 1.0))
    if op is None:
        return None
    said = at - 1 if _metric_at(draft, at - 1) is not None else next((i for i in (at + 2, at + 3) if _metric_at(draft, i) is not None), -1)
    owned = draft.word(min(said, at) - 1) == "whose" if said < at else draft.word(at + 1) in ("their", "its")
    metric = _metric_at(draft, said)
    if metric is None or not owned:
        return None
    windows = [i for i in range(at + 1, len(draft.items)) if draft.free(i) and _window(draft, i) is not None]
    if not windows:
        return None
    first = draft.items[windows[0]].time
    begin = min(said, at) - (said < at)
    if first is not None and first.ends is not None:
        return _Move(metric=metric, op=op, value=value, begin=begin, end=windows[0] + 1, now=first.ends[1], before=first.ends[0])
    if len(windows) < 2 or not {draft.word(i) for i in range(windows[0] + 1, windows[1])} & _AGAINST:
        return None
    now, before = _window(draft, windows[0]), _window(draft, windows[1])
    if now is None or before is None:
        return None
    if draft.word(windows[0] - 1) == "from" or draft.word(windows[1] - 1) == "to":
        now, before = before, now
    return _Move(metric=metric, op=op, value=value, begin=begin, end=windows[1] + 1, now=now, before=before)


def _window(draft: Draft, at: int) -> TimeWindow | None:
    item = draft.item(at)
    return item.time.window if item is not None and item.time is not None else None


def _metric_at(draft: Draft, at: int) -> str | None:
    """The metric that a noun or a verb at `at` means; for a verb of a fact the count of it."""
    item = draft.item(at)
    if item is None or item.mention is None:
        return None
    for kind in (Kind.METRIC, Kind.DOES):
        sense = draft.sense(at, kind)
        if sense is not None:
            return sense.target
    for sense in item.mention.of(Kind.FACT, Kind.DATASET):
        if draft.count_metric(sense.target) is not None:
            return draft.count_metric(sense.target)
    return None


def _whose(draft: Draft, begin: int) -> str | None:
    """The entity before the clause, where it is counted, listed or described: "which stores sold more ..." ranks them instead."""
    for at in range(begin - 1, -1, -1):
        mention = draft.items[at].mention
        senses = mention.of(Kind.DATASET) if mention is not None else ()
        entity = next((s.target for s in senses if draft.model.datasets[s.target].is_entity), None)
        if entity is None:
            continue
        relative = draft.word(at + 1) in ("who", "that", "which", "whose")
        counted = {item.text for item in draft.items[:at]} & _COUNTING
        return entity if entity == draft.customer or relative or counted - {"which", "what", "list"} else None
    return None
