"""Dates that things have of their own: "subscriptions running on 31 December", "customers who joined in May", "products launched in 2024".

What was open on a day began by then and had not ended; a period stands for all that was open at some time in it.
"""

from __future__ import annotations

import re

from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.inflection import bases
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.temporal import is_everything
from assistant.minds.embedded.tokens import atoms
from assistant.minds.embedded.wordlists import word_set
from tools.core.query.metric_query import Filter, Measure, TimeWindow
from tools.core.semantics.model import Datatype, Field

_OPEN = word_set("running active open live ongoing current valid pending outstanding unresolved underway")
_ENDS = word_set("end ends ended ending finish close closed expiry expires done until")
_BEGINS = word_set("start starts started begin beginning open opening from received")
_AT = word_set("at the as of on by in end close start beginning back during still already")
_PLAIN = word_set("day days date dates time first last of the on at in is was what which when")
_POINT = frozenset({"at", "end", "start", "beginning", "on", "close"})
_WERE = word_set("was were are is had have has been being still")
_DATES = (Datatype.DATE, Datatype.DATETIME, Datatype.DATETIME_TZ)
_AMONG = word_set("of from by among for to with between the those our all these")
_VERBLESS = word_set("did do does we were was have has had got been newly new")


def read_dated(draft: Draft) -> None:
    """What was open on a day, and what happened to the things themselves in a period."""
    _open_on(draft)
    _happened(draft)
    _joiners(draft)


# -- open on a day --------------------------------------------------------------------------------------


def _open_on(draft: Draft) -> None:
    for at, item in enumerate(draft.items):
        dataset, metric = _may_be_open(draft, at)
        word = at if metric else next((i for i in range(max(0, at - 1), len(draft.items)) if draft.word(i) in _OPEN), -1)
        when = next((i for i in range(max(at, word) + 1, len(draft.items)) if _window_at(draft, i) is not None), -1)
        span = draft.world.calendar.resolve(_window_at(draft, when) or TimeWindow()) if when > 0 and word >= 0 else None
        before = draft.back(when, _AT)
        point = bool({draft.word(i) for i in range(before + 1, when)} & _POINT)
        near = before in (at, word) or draft.word(before) in _OPEN or (bool(metric) and point)
        if dataset is None or span is None or not near:
            continue
        begin, end = _span_fields(draft, dataset, metric)
        counting = draft.count_metric(dataset)
        if begin is None or end is None or counting is None or span.end >= draft.world.calendar.as_of:
            continue
        said = {draft.word(i) for i in range(before + 1, when)}
        first = span.end if said & {"end", "close"} else span.start
        last = span.start if said & {"start", "beginning"} else span.end
        draft.filters += [
            Filter(field=begin.id, op="le", values=(last,)),
            Filter(field=end.id, op="ge_or_null", values=(first,)),
        ]
        if first != last:
            draft.notes.append("counted is what was open at some time in the period")
        draft.claim_free(word, word + 1, "filter")
        draft.claim_free(before + 1, when + 1, "filter")
        while draft.word(max(at, word) - 1) in _WERE and max(at, word) - 1 > at:
            draft.claim(max(at, word) - 1, max(at, word), "filter")
        if metric or not item.has(Kind.DATASET) or draft.word(at - 1) == "many":
            draft.add_measure(Measure(metric=counting))
            draft.claim_free(at, at + 1, "metric")
            for words in (("how", "many"), ("number", "of"), ("the", "number", "of")):
                if draft.phrase(at - len(words), words):
                    draft.claim(at - len(words), at, "metric")
        return


def _may_be_open(draft: Draft, at: int) -> tuple[str | None, str]:
    """The dataset of the noun at `at`, and the figure of its open rows if the phrase names that."""
    mention = draft.items[at].mention if draft.free(at) else None
    for sense in mention.of(Kind.METRIC) if mention else ():
        ended = _ended_by(draft, sense.target)
        if ended is not None:
            return ended.dataset, sense.target
    for sense in mention.of(Kind.DATASET) if mention else ():
        if sense.target != draft.customer and _span_fields(draft, sense.target, "")[1] is not None:
            return sense.target, ""
    return None, ""


def _ended_by(draft: Draft, metric: str) -> Field | None:
    """The end date whose absence makes a row of this figure: active subscriptions have not ended."""
    found = re.fullmatch(r"(\w+\.\w+) IS NULL", (draft.metric(metric).filter or "").strip(), re.IGNORECASE)
    field = draft.model.field(found[1]) if found is not None else None
    return field if field is not None and field.datatype in _DATES else None


def _span_fields(draft: Draft, dataset: str, metric: str) -> tuple[Field | None, Field | None]:
    """The dates on which a row begins and ends."""
    dates = [f for f in draft.model.datasets[dataset].fields.values() if f.datatype in _DATES]
    closing = [m.name for m in draft.model.metrics.values() if draft.world.fact(m.name) == dataset]
    ended = _ended_by(draft, metric) if metric else next((f for m in closing if (f := _ended_by(draft, m)) is not None), None)
    end = ended or next((f for f in dates if set(atoms(f.label)) & _ENDS), None)
    default = draft.model.datasets[dataset].default_time
    begin = next((f for f in dates if f.name == (default or "").rpartition(".")[2]), None)
    begin = begin or next((f for f in dates if set(atoms(f.label)) & _BEGINS), None)
    return (begin, end) if begin is not None and end is not None and begin != end else (None, None)


def _window_at(draft: Draft, at: int) -> TimeWindow | None:
    item = draft.item(at)
    window = item.time.window if item is not None and item.time is not None else None
    return window if window is not None and not is_everything(window) else None


# -- dates of things ------------------------------------------------------------------------------------


def _happened(draft: Draft) -> None:
    """ "products launched in 2024", "how many articles did we launch this year": the date of the thing that the verb names."""
    for at in range(len(draft.items)):
        window = _window_at(draft, at + 1)
        mention = draft.items[at].mention
        if window is None or not draft.free(at) or (mention is not None and mention.of(Kind.METRIC, Kind.DATASET)):
            continue
        for dataset in _things(draft, at):
            for field in draft.model.datasets[dataset].fields.values():
                words = {w for phrase in (field.label, *field.language.synonyms) for w in atoms(phrase)} - _PLAIN
                same = {b for w in words for b in bases(w)} & set(bases(draft.items[at].text))  # "launched" and "launch day"
                if field.datatype in _DATES and same:
                    begin = draft.back(at, _VERBLESS) + 1
                    draft.claim_free(begin, at + 2, "filter")
                    draft.filters += _within(draft, field, window)
                    return


def _things(draft: Draft, verb: int) -> list[str]:
    """Datasets whose nouns stand before the verb; facts have dates of their own, which windows are of anyway."""
    nouns = [s.target for i in range(verb) if draft.items[i].mention for s in draft.items[i].mention.of(Kind.DATASET)]  # type: ignore[union-attr]
    return [n for n in dict.fromkeys(nouns) if draft.model.datasets[n].is_entity or draft.model.datasets[n].default_time is None]


def _joiners(draft: Draft) -> None:
    """ "revenue from customers who joined in 2026", "of those who joined in May, how many ordered": the figure of the newly joined, said
    of whom something else is asked."""
    for at in draft.find(Kind.METRIC, Kind.DOES):
        clause = draft.word(at - 1) in ("who", "that")
        sense = draft.sense(at, Kind.DOES if clause else Kind.METRIC)
        window = _window_at(draft, at + 1)
        metric = draft.metric(sense.target) if sense is not None else None
        customer = draft.customer
        if metric is None or window is None or customer is None or metric.time_field is None:
            continue
        field = draft.model.field(metric.time_field)
        if draft.world.fact(metric.name) != customer or field.dataset != customer or draft.items[at].has(Kind.DATASET):
            continue
        acts = any(draft.items[i].has(Kind.FACT, Kind.DOES) or draft.word(i) == "how" for i in range(at + 2, len(draft.items)))
        figure = any(i < at and draft.items[i].has(Kind.METRIC, Kind.DOES) for i in range(at))
        counting = draft.count_metric(customer)
        noun = draft.back(at, ("who", "that")) if clause else at
        if not (acts or (figure and (clause or draft.word(noun - 1) in _AMONG))) or counting is None:
            continue
        draft.filters += _within(draft, field, window)
        draft.claim_free(at - clause, at + 2, "filter")
        if draft.word(noun) in ("those", "people", "ones", "everyone"):
            draft.claim(noun, noun + 1, "filter")
        _count_them(draft, at, counting)
        return


def _count_them(draft: Draft, at: int, counting: str) -> None:
    """Those who joined are counted where "how many" stands before them, or alone after them."""
    many = next((i for i in range(len(draft.items)) if draft.phrase(i, ("how", "many"))), -1)
    following = draft.item(many + 2)
    pronoun = following is None or not following.has(Kind.DATASET, Kind.METRIC)
    if many >= 0 and ((many > at and pronoun) or draft.skip(many + 2, _AMONG) == at or many + 2 == at):
        draft.counted, draft.counted_at = draft.customer, at
        draft.add_measure(Measure(metric=counting))
        draft.claim_free(many, many + 2, "count")
        if many < at:
            draft.claim_free(many + 2, at, "count")


def _within(draft: Draft, field: Field, window: TimeWindow) -> list[Filter]:
    span = draft.world.calendar.resolve(window)
    if window.end is None and window.start is not None:
        return [Filter(field=field.id, op="ge", values=(span.start,))]
    if window.start is None and window.end is not None:
        return [Filter(field=field.id, op="le", values=(span.end,))]
    return [Filter(field=field.id, op="between", values=(span.start, span.end))]
