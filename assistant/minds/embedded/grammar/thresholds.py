"""Thresholds: "revenue over 10k", "with at least 3 visits", "spent more than $500", "household size over 3".

A threshold on what the result is split by becomes a condition on result rows; one on somebody the question only mentions
becomes a condition on those entities; one on a numeric field becomes a filter.
"""

from __future__ import annotations

from dataclasses import dataclass

from assistant.minds.embedded.bands import bands_of, within
from assistant.minds.embedded.grammar.comparators import Bound, read_bound, read_comparator
from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.grammar.existence import subject_before
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.tokens import atoms
from assistant.minds.embedded.wordlists import word_set
from tools.core.query.metric_query import EntityCondition, Filter, Measure, MetricCondition, ShareOfTotal, TimeWindow
from tools.core.semantics.model import Datatype, MetricFormat

_NUMERIC = (Datatype.INTEGER, Datatype.DECIMAL, Datatype.FLOAT)
_LINKS = word_set(
    "of is was were are be that which who with a an the by has have had in having whose total their for at to being made make spending"
)
_OLDEST = 110
_AFTER_NUMBER = frozenset({"of", "in", "different", "distinct", "total", "on", "worth", "separate"})


@dataclass(frozen=True, kw_only=True)
class _Target:
    """What is compared: a metric, or a numeric field."""

    metric: str | None = None
    field: str | None = None
    begin: int
    end: int
    """Items that the whole phrase spans, the bound included."""


def read_thresholds(draft: Draft) -> None:
    for at in range(len(draft.items)):
        if not draft.free(at) or _ordered_value(draft, at):
            continue
        bound = read_bound(draft, at)
        if bound is None:
            continue
        if _band_filter(draft, at, bound):
            continue
        target = _after(draft, at, bound) or _before(draft, at, bound) or _money(draft, at, bound)
        if target is not None:
            _apply(draft, bound, target)


def _ordered_value(draft: Draft, at: int) -> bool:
    """ "more than two kids", where "two kids" is a value of an ordered field: the values beyond it."""
    op, value_at = read_comparator(draft, at)
    item = draft.item(value_at) if op is not None else None
    mention = item.mention if item is not None else None
    for sense in mention.of(Kind.VALUE) if mention else ():
        order = draft.model.field(sense.target).order
        if sense.value not in order:
            continue
        place = order.index(str(sense.value))
        passing = {"gt": order[place + 1 :], "ge": order[place:], "lt": order[:place], "le": order[: place + 1]}.get(op or "", ())
        if passing:
            draft.claim(at, value_at + 1, "filter")
            draft.filters.append(Filter(field=sense.target, op="in", values=passing))
            return True
    return False


def _band_filter(draft: Draft, at: int, bound: Bound) -> bool:
    """ "age under 45", "income over 100k", "members older than 44": the bands of an ordinal field that pass."""
    noun = at - 1
    while noun >= 0 and draft.word(noun) in _LINKS | {"aged"}:
        noun -= 1
    field_id = _ordinal_at(draft, noun)
    begin = noun
    if field_id is None:
        field_id, begin = _age_field(draft, at, noun, bound), at
    if field_id is None:
        return False
    bands = bands_of(draft.model.field(field_id).order)
    passing, cut = within(bands, bound.op, bound.value, bound.upper)
    if not passing or (begin == at and len(passing) == len(bands)):
        return False  # "in more than ten stores" is no age: it would let everybody pass.
    draft.claim_free(begin, draft.skip(bound.end, ("years", "year", "old", "of", "age")) if begin == at else bound.end, "filter")
    draft.filters.append(Filter(field=field_id, op="in", values=passing))
    if cut:
        draft.notes.append(f"{', '.join(cut)} lies on both sides of {bound.value:g} and is left out")
    return True


def _ordinal_at(draft: Draft, at: int) -> str | None:
    item = draft.item(at)
    mention = item.mention if item is not None else None
    for sense in mention.of(Kind.FIELD) if mention else ():
        if bands_of(draft.model.field(sense.target).order):
            return sense.target
    return None


def _age_field(draft: Draft, at: int, noun: int, bound: Bound) -> str | None:
    """People "under 45" are so by age, when the model has ages and the number has no unit of its own."""
    before, after = draft.item(noun), draft.item(bound.end)
    older = draft.word(at) in ("older", "younger") or draft.word(bound.end) in ("years", "year")
    people = (before is not None and before.has(Kind.DATASET) and draft.dataset_at(noun) == draft.customer) or noun == draft.counted_at >= 0
    people = people or (before is not None and before.has(Kind.METRIC) and draft.customer in draft.nouns_within(noun))
    bare = after is None or not after.has(Kind.METRIC, Kind.DATASET, Kind.FIELD)
    if bound.unit is not None or not (older or (people and bare)) or bound.value > _OLDEST:
        return None
    for field in draft.model.fields():
        names = {a for phrase in (field.label, *field.language.synonyms) for a in atoms(phrase)}
        if "age" in names and bands_of(field.order):
            return field.id
    return None


def _after(draft: Draft, at: int, bound: Bound) -> _Target | None:
    """ "more than 3 visits", "over 10k in revenue" """
    noun = draft.skip(bound.end, _AFTER_NUMBER)
    item = draft.item(noun)
    if item is None:
        return None
    metric = draft.sense(noun, Kind.METRIC)
    if metric is not None:
        return _Target(metric=metric.target, begin=at, end=noun + 1)
    dataset = draft.sense(noun, Kind.DATASET)
    counting = draft.count_metric(dataset.target) if dataset else None
    return _Target(metric=counting, begin=at, end=noun + 1) if counting else None


def _before(draft: Draft, at: int, bound: Bound) -> _Target | None:
    """ "revenue over 10k", "spent more than $500" """
    noun = at - 1
    while noun >= 0 and draft.word(noun) in _LINKS:
        noun -= 1
    item = draft.item(noun)
    if item is None:
        return None
    for kind in (Kind.METRIC, Kind.DOES):
        sense = draft.sense(noun, kind)
        if sense is not None and bound.unit == "money" and draft.metric(sense.target).format is not MetricFormat.MONEY:
            return None  # "transactions exceeding USD 150": not their number, what each is worth
        if sense is not None:
            return _Target(metric=sense.target, begin=noun, end=bound.end)
    field = draft.sense(noun, Kind.FIELD)
    if field is not None and draft.model.field(field.target).datatype in _NUMERIC:
        return _Target(field=field.target, begin=noun, end=bound.end)
    fact = draft.sense(noun, Kind.FACT)
    counting = draft.count_metric(fact.target) if fact and bound.unit == "times" else None
    return _Target(metric=counting, begin=noun, end=bound.end) if counting else None


def _money(draft: Draft, at: int, bound: Bound) -> _Target | None:
    """ "baskets over $100": money without a noun is the model's default metric."""
    default = draft.model.settings.default_metric
    if bound.unit != "money" or default is None or draft.metric(default).format is not MetricFormat.MONEY:
        return None
    return _Target(metric=default, begin=at, end=bound.end)


def _apply(draft: Draft, bound: Bound, target: _Target) -> None:
    if target.field is not None:
        draft.claim_free(target.begin, target.end, "filter")
        draft.filters.extend(_field_filters(target.field, bound))
        return
    assert target.metric is not None
    entity, window_at = _entity(draft, target)
    begin = target.begin
    while draft.word(begin - 1) in _LINKS and draft.free(begin - 1):
        begin -= 1
    negated = draft.word(begin - 1) in ("not", "never")
    draft.claim_free(begin - 1 if negated else begin, target.end, "threshold")
    limits = [(bound.op, bound.value)] if bound.upper is None else [("ge", bound.value), ("le", bound.upper)]
    if negated:
        opposite = {"gt": "le", "ge": "lt", "lt": "ge", "le": "gt", "eq": "ne", "ne": "eq"}
        limits = [(opposite[op], value) for op, value in limits]
    if entity is None and bound.unit == "percent" and draft.metric(target.metric).format is not MetricFormat.RATE:
        column = draft.add_measure(Measure(metric=target.metric))
        draft.share = ShareOfTotal()
        draft.having.extend(MetricCondition(metric=f"{column}_share", op=op, value=value) for op, value in limits)
        _claim_accounting(draft, begin)
        return
    if entity is None:
        column = draft.add_measure(Measure(metric=target.metric))
        draft.having.extend(MetricCondition(metric=column, op=op, value=value) for op, value in limits)
        return
    window = _window_at(draft, window_at)
    draft.entity_conditions.extend(
        EntityCondition(entity=entity, metric=target.metric, op=op, value=value, window=window) for op, value in limits
    )


def _claim_accounting(draft: Draft, begin: int) -> None:
    """ "account for", "make up", "contribute" before "5 % of revenue"."""
    at = begin - 1
    while draft.word(at) in (
        "account",
        "accounts",
        "accounted",
        "for",
        "make",
        "makes",
        "up",
        "contribute",
        "contributes",
        "contributed",
        "represent",
        "have",
    ):
        draft.claim(at, at + 1, "threshold")
        at -= 1


def _field_filters(field: str, bound: Bound) -> list[Filter]:
    whole = [int(v) if v is not None and v == int(v) else v for v in (bound.value, bound.upper)]
    if whole[1] is not None:
        return [Filter(field=field, op="between", values=(whole[0] or 0, whole[1]))]
    if bound.op == "eq":
        return [Filter(field=field, op="in", values=(whole[0] or 0,))]
    return [Filter(field=field, op=bound.op, values=(whole[0] or 0,))]


def _entity(draft: Draft, target: _Target) -> tuple[str | None, int]:
    """The entity whose metric is compared, or None when the result rows themselves are."""
    subject = subject_before(draft, _clause_begin(draft, target.begin))
    if subject is None and draft.counted is not None and draft.counted_at < target.begin:
        subject = draft.counted
    if subject is None:
        return None, target.end
    is_asked = draft.subject is not None and draft.subject.dataset == subject
    return (None if is_asked else subject), target.end


def _clause_begin(draft: Draft, begin: int) -> int:
    while begin > 0 and draft.free(begin - 1) and draft.items[begin - 1].text in _LINKS | {"who", "that", "not", "never", "did", "do"}:
        begin -= 1
    return begin


def _window_at(draft: Draft, at: int) -> TimeWindow | None:
    """A window that stands right after the threshold belongs to it: "spent over 500 in March"."""
    item = draft.item(at)
    if item is None or item.time is None or item.time.window is None:
        return None
    draft.claim(at, at + 1, "window")
    return item.time.window
