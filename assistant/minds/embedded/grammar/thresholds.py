"""Thresholds: "revenue over 10k", "with at least 3 visits", "spent more than $500", "household size over 3".

A threshold on what the result is split by becomes a condition on result rows; one on somebody the question only mentions
becomes a condition on those entities; one on a numeric field becomes a filter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from assistant.minds.embedded.bands import bands_of, within
from assistant.minds.embedded.grammar.comparators import Bound, bound_after, comparator_behind, negate, read_bound, read_comparator
from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.grammar.existence import subject_before
from assistant.minds.embedded.grammar.values import filters_of
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.tokens import atoms
from assistant.minds.embedded.wordlists import word_set
from tools.core.query.metric_query import (
    Comparator,
    DimensionRef,
    EntityCondition,
    Filter,
    Measure,
    MetricCondition,
    ShareOfTotal,
    TimeWindow,
)
from tools.core.semantics.model import Datatype, MetricFormat

_NUMERIC = (Datatype.INTEGER, Datatype.DECIMAL, Datatype.FLOAT)
_LINKS = word_set(
    "of is was were are be that which who with a an the by has have had in having whose total their for at to being made make spending "
    "come comes came amount amounts amounted add adds added up "
    "hold holds held contain contains contained include includes included"
)
_OLDEST = 110
_MEASURED_BY = frozenset({"by", "for", "terms", "customers", "spenders", "measured"})
_REACH = 5
"""How many words may stand between a verb and its bound."""
_AFTER_NUMBER = frozenset({"of", "in", "different", "distinct", "total", "on", "worth", "separate"})


_MORE: dict[str, Comparator] = {
    "more": "gt",
    "higher": "gt",
    "greater": "gt",
    "bigger": "gt",
    "larger": "gt",
    "less": "lt",
    "fewer": "lt",
    "lower": "lt",
}
_ON = word_set("on in at for from of to with the our any a")
_EARN = word_set("earn earns earning earned making income incomes")


@dataclass(frozen=True, kw_only=True)
class _Limit:
    """A metric threshold as said."""

    metric: str
    entity: str | None
    """Whose metric is compared; None = the result rows."""
    bound: Bound
    negated: bool = False
    filters: tuple[Filter, ...] = ()
    """Only these facts count for it: "over 300 on meat"."""
    window: TimeWindow | None = None

    @property
    def limits(self) -> list[tuple[Comparator, float]]:
        """(comparator, value) of the one or two ends."""
        bound = negate(self.bound) if self.negated else self.bound
        return [(bound.op, bound.value)] if bound.upper is None else [("ge", bound.value), ("le", bound.upper)]


@dataclass(frozen=True, kw_only=True)
class _Target:
    """What is compared: a metric, or a numeric field."""

    metric: str | None = None
    field: str | None = None
    begin: int
    end: int
    """Items that the whole phrase spans, the bound included."""


def read_bands(draft: Draft) -> None:
    """Bands of ages and incomes, before any clause: they describe whom it is about."""
    for at in range(len(draft.items)):
        bound = read_bound(draft, at) if draft.free(at) else None
        if bound is not None:
            _band_filter(draft, at, bound)


def read_thresholds(draft: Draft) -> None:
    limits: list[_Limit] = []
    for at in range(len(draft.items)):
        if not draft.free(at) or _ordered_value(draft, at):
            continue
        bound, target = _around_noun(draft, at)
        if bound is None:
            bound = read_bound(draft, at)
            if bound is None or _band_filter(draft, at, bound):
                continue
            target = _after(draft, at, bound) or _before(draft, at, bound) or _money(draft, at, bound)
            target = target or _default_target(draft, at, bound)
        if target is not None:
            limits += _read_limit(draft, bound, target)
    _keep(draft, limits)


def _around_noun(draft: Draft, at: int) -> tuple[Bound | None, _Target | None]:
    """ "[have] more visits than the average store": the comparator stands around the figure."""
    op = _MORE.get(draft.word(at))
    noun = draft.skip(at + 1, ("total", "overall"))
    if op is None or not draft.free(noun) or noun >= len(draft.items) or draft.word(noun + 1) != "than":
        return None, None
    metric = _metric_or_count(draft, noun)
    bound = bound_after(draft, op, noun + 2) if metric is not None else None
    if metric is None or bound is None:
        return None, None
    return bound, _Target(metric=metric, begin=at, end=bound.end)


def _metric_or_count(draft: Draft, at: int) -> str | None:
    metric = draft.sense(at, Kind.METRIC)
    if metric is not None:
        return metric.target
    dataset = draft.sense(at, Kind.DATASET)
    return draft.count_metric(dataset.target) if dataset is not None else None


def _ordered_value(draft: Draft, at: int) -> bool:
    """ "more than two kids", "under 3 stars", "2 stars or less": the values beyond one of an ordered or a numeric field."""
    op, value_at = read_comparator(draft, at)
    begin, end = at, value_at + 1
    if op is None and draft.items[at].has(Kind.VALUE):
        op, end = comparator_behind(draft, at + 1)
        value_at = at
    item = draft.item(value_at) if op is not None else None
    mention = item.mention if item is not None else None
    for sense in mention.of(Kind.VALUE) if mention else ():
        field = draft.model.field(sense.target)
        number = str(sense.value)
        if draft.word(at) in ("more", "less", "fewer") and not any(c.isdigit() for c in number):
            continue  # "who spend more than silver members": they are held against, and no limit
        test: Filter | None = None
        if field.datatype in _NUMERIC and number.lstrip("-").isdigit() and op in ("gt", "ge", "lt", "le"):
            test = Filter(field=field.id, op=op, values=(int(number),))
        elif number in field.order:
            place = field.order.index(number)
            order = field.order
            passing = {"gt": order[place + 1 :], "ge": order[place:], "lt": order[:place], "le": order[: place + 1]}.get(op or "", ())
            test = Filter(field=field.id, op="in", values=passing) if passing else None
        if test is not None:
            begin -= draft.word(begin - 1) in ("with", "of", "rated")
            draft.claim_free(begin, end, "filter")
            draft.filters.append(test)
            return True
    return False


def _band_filter(draft: Draft, at: int, bound: Bound) -> bool:
    """ "age under 45", "income over 100k", "members older than 44": the bands of an ordinal field that pass."""
    noun = at - 1
    while noun >= 0 and draft.word(noun) in _LINKS | {"aged", "age"}:
        noun -= 1
    field_id = _ordinal_at(draft, noun)
    begin = noun
    if field_id is None and draft.word(noun) in _EARN:
        field_id = _income_field(draft, noun)
    if field_id is None:
        field_id, begin = _age_field(draft, at, noun, bound) or _carried_field(draft, at, bound), at
    if field_id is None or bound.relative_to or bound.percentile:
        return False
    bands = bands_of(draft.model.field(field_id).order)
    passing, cut = within(bands, bound.op, bound.value, bound.upper)
    if not passing or (begin == at and len(passing) == len(bands)):
        return False  # "in more than ten stores" is no age: it would let everybody pass.
    draft.claim_free(begin, draft.skip(bound.end, ("years", "year", "old", "of", "age")) if begin == at else bound.end, "filter")
    draft.filters.append(Filter(field=field_id, op="in", values=passing))
    if cut:
        draft.notes.append(f"{', '.join(cut)} lies on both sides of {bound.value:g} and is left out")
    torn = [b.value for b in bands if b.value in cut and any(b.low < v < b.high for v in (bound.value, bound.upper) if v is not None)]
    if torn:
        draft.doubts.append(f"the data knows {' and '.join(torn)} only as a whole, which is left out")
    return True


def _carried_field(draft: Draft, at: int, bound: Bound) -> str | None:
    """The "under 35" of a fragment that names nothing else is of the one field with bands that the plan before is split by."""
    banded = [name for name in draft.carried_fields if bands_of(draft.model.field(name).order)]
    named = [i for i in range(len(draft.items)) if not at <= i < bound.end and draft.items[i].mention is not None]
    return banded[0] if len(banded) == 1 and not named else None


def _income_field(draft: Draft, verb: int) -> str | None:
    """What customers earn is their income, where the model has bands of it; what anybody else earns is a figure."""
    if subject_before(draft, _clause_begin(draft, verb)) != draft.customer:
        return None
    for field in draft.model.fields():
        names = {a for phrase in (field.label, *field.language.synonyms) for a in atoms(phrase)}
        if names & {"income", "salary", "earnings"} and bands_of(field.order):
            return field.id
    return None


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
    against_others = bound.relative_to is not None or bound.percentile
    noun = draft.skip(bound.end, _AFTER_NUMBER | (_MEASURED_BY if against_others else set()))
    following = draft.item(noun + 1)
    if draft.free(noun) and noun < len(draft.items) and draft.items[noun].has(Kind.FACT) and not draft.items[noun].has(Kind.METRIC):
        noun += following is not None and following.has(Kind.DATASET)  # "more than 1,000 buying households"
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
    """ "revenue over 10k", "spent more than $500", "spent on meat more than 300" """
    counted = draft.item(draft.skip(bound.end, _AFTER_NUMBER))
    if bound.unit is None and counted is not None and counted.is_plural and counted.has(Kind.FIELD, Kind.DATASET, Kind.METRIC):
        return None  # "tickets in at least two categories" bounds the categories
    noun = at - 1
    while noun >= 0 and (draft.word(noun) in _LINKS or (_is_object(draft, noun) and noun > at - _REACH)):
        noun -= 1
    item = draft.item(noun)
    if item is None:
        return None
    for kind in (Kind.METRIC, Kind.DOES):
        sense = draft.sense(noun, kind)
        if sense is not None and bound.unit == "money" and draft.metric(sense.target).format is not MetricFormat.MONEY:
            # "transactions exceeding USD 150": not their number, what each is worth; "whose orders came to over 500": all of theirs
            return _money(draft, at, bound, begin=noun) if draft.word(noun - 1) in ("whose", "their") else None
        if sense is not None:
            return _Target(metric=sense.target, begin=noun, end=bound.end)
    field = draft.sense(noun, Kind.FIELD)
    if field is not None and draft.model.field(field.target).datatype in _NUMERIC and not _is_key(draft, field.target):
        return _Target(field=field.target, begin=noun, end=bound.end)
    fact = draft.sense(noun, Kind.FACT)
    counting = draft.count_metric(fact.target) if fact and bound.unit == "times" else None
    return _Target(metric=counting, begin=noun, end=bound.end) if counting else None


def _is_key(draft: Draft, field_id: str) -> bool:
    """The number of a payment is no amount."""
    dataset, _, name = field_id.partition(".")
    return name in draft.model.datasets[dataset].primary_key


def _is_object(draft: Draft, at: int) -> bool:
    """The "on meat" between a verb and its bound."""
    item = draft.item(at)
    if item is not None and item.time is not None and item.time.window is not None:
        return True
    value = item is not None and item.has(Kind.VALUE, Kind.FILTER) and not item.has(Kind.METRIC, Kind.DATASET, Kind.DOES)
    return value or (item is not None and item.text in _ON and draft.free(at + 1))


def _money(draft: Draft, at: int, bound: Bound, *, begin: int | None = None) -> _Target | None:
    """ "baskets over $100": money without a noun is the model's default metric."""
    default = draft.model.settings.default_metric
    if bound.unit != "money" or default is None or draft.metric(default).format is not MetricFormat.MONEY:
        return None
    return _Target(metric=default, begin=at if begin is None else begin, end=bound.end)


def _default_target(draft: Draft, at: int, bound: Bound) -> _Target | None:
    """ "customers in the top 10 %", "above average shops": measured by the model's default metric, and said."""
    default = draft.model.settings.default_metric
    if default is None or not (bound.relative_to or bound.percentile) or draft.find(Kind.METRIC, Kind.DOES, Kind.MORE, Kind.LESS):
        return None
    draft.notes.append(f"measured by {draft.metric(default).label}")
    return _Target(metric=default, begin=at, end=bound.end)


def _read_limit(draft: Draft, bound: Bound, target: _Target) -> list[_Limit]:
    """Claims the words of one threshold; a numeric field becomes a filter at once."""
    if target.field is not None and (bound.relative_to or bound.percentile):
        return []  # The average of a field is another question, which is read elsewhere or not at all.
    if target.field is not None:
        draft.claim_free(target.begin, target.end, "filter")
        draft.filters.extend(_field_filters(target.field, bound))
        return []
    assert target.metric is not None
    entity = _entity(draft, target)
    begin = target.begin
    while draft.word(begin - 1) in _LINKS and draft.free(begin - 1):
        begin -= 1
    negated = draft.word(begin - 1) in ("not", "never")
    filters, end, window = _objects(draft, target, entity)
    if entity is None:  # What the result lists: its filters and its window are those of the whole question.
        for at in range(begin - negated, target.end):
            if not draft.items[at].has(Kind.VALUE, Kind.FILTER) or at == target.begin:
                draft.claim_free(at, at + 1, "threshold")
        if bound.unit == "percent" and draft.metric(target.metric).format is not MetricFormat.RATE and not bound.relative_to:
            _claim_accounting(draft, begin)
        return [_Limit(metric=target.metric, entity=None, bound=bound, negated=negated, filters=filters)]
    draft.claim_free(begin - negated, target.end, "threshold")
    draft.claim_free(target.end, end, "threshold")
    if window is None:
        window = _window_at(draft, end)
    return [_Limit(metric=target.metric, entity=entity, bound=bound, negated=negated, filters=filters, window=window)]


def _objects(draft: Draft, target: _Target, entity: str | None) -> tuple[tuple[Filter, ...], int, TimeWindow | None]:
    """Values inside or right after the threshold that say what counts for it ("over 300 on meat"), the index after them, a window."""
    found: list[Filter] = []
    window: TimeWindow | None = None
    fact = draft.world.fact(target.metric or "")
    for at in range(target.begin + 1, target.end):
        inside = draft.item(at)
        run = filters_of(draft, at, fact) if draft.free(at) else None
        found += run.filters if run is not None else ()
        if entity is not None and inside is not None and inside.time is not None and inside.time.window is not None:
            window = inside.time.window
    end = at = target.end
    while at < len(draft.items) and draft.free(at):
        place = draft.skip(at, _ON)
        item = draft.item(place)
        run = filters_of(draft, place, fact) if item is not None and place > at else None
        if run is not None and all(not _describes(draft, entity, f) for f in run.filters) and run.joint != "and":
            found += run.filters
            at = end = draft.skip(run.end, ("products", "product", "items", "articles", "goods", "things"))
            continue
        if item is not None and item.time is not None and item.time.window is not None and window is None and found and entity is not None:
            window = item.time.window
            at = end = place + 1
            continue
        break
    return tuple(dict.fromkeys(found)), end, window


def _describes(draft: Draft, entity: str | None, test: Filter) -> bool:
    """A property of the entity itself holds for all of its facts alike."""
    return entity is not None and draft.world.reaches(entity, test.field.split(".")[0])


def _keep(draft: Draft, limits: list[_Limit]) -> None:
    """Conditions on result rows where one set of facts is shown; else conditions on the entities, each with its own facts."""
    rows = [limit for limit in limits if limit.entity is None]
    asked = draft.subject.dataset if draft.subject is not None else None
    is_entity = asked is not None and draft.model.datasets[asked].is_entity
    apart = is_entity and len({limit.filters for limit in rows}) > 1
    for limit in _share_period(draft, limits):
        if limit.entity is None and (apart or limit.bound.percentile) and is_entity:
            limit = replace(limit, entity=asked)
            _claim_values(draft, limit)
        if limit.entity is None:
            _keep_rows(draft, limit)
            continue
        draft.entity_conditions.extend(
            EntityCondition(
                entity=limit.entity or "",
                metric=limit.metric,
                op=op,
                value=value,
                filters=limit.filters,
                window=limit.window,
                relative_to=limit.bound.relative_to,
                percentile=limit.bound.percentile,
            )
            for op, value in limit.limits
        )


def _share_period(draft: Draft, limits: list[_Limit]) -> list[_Limit]:
    """ "made 100 visits in 2017 and spent under 2,000": one period for both, where the others have the same and this has none."""
    windows = [limit.window for limit in limits if limit.entity is not None and limit.window is not None]
    windows += [c.window for c in draft.entity_conditions if c.window is not None]
    said = [item for i, item in enumerate(draft.items) if item.time is not None and item.time.window is not None and draft.free(i)]
    if len(set(windows)) != 1 or said or any(item.text in ("ever", "overall", "altogether") for item in draft.items):
        return limits
    return [replace(limit, window=limit.window or windows[0]) if limit.entity is not None else limit for limit in limits]


def _claim_values(draft: Draft, limit: _Limit) -> None:
    """The values of a limit that has become a condition are no filters of the whole."""
    for at in draft.find(Kind.VALUE, Kind.FILTER):
        run = filters_of(draft, at, draft.world.fact(limit.metric))
        if run is not None and set(run.filters) <= set(limit.filters):
            draft.claim_free(at, run.end, "threshold")


def _keep_rows(draft: Draft, limit: _Limit) -> None:
    bound = limit.bound
    if bound.percentile:
        draft.doubts.append("the top part of what is not said")
        return
    column = draft.add_measure(Measure(metric=limit.metric))
    if bound.unit == "percent" and draft.metric(limit.metric).format is not MetricFormat.RATE and not bound.relative_to:
        draft.share = ShareOfTotal()
        column = f"{column}_share"
    draft.having.extend(MetricCondition(metric=column, op=op, value=value, relative_to=bound.relative_to) for op, value in limit.limits)
    asked = draft.subject.dimension if draft.subject is not None else None
    if bound.relative_to is not None and isinstance(asked, DimensionRef):
        draft.filters.append(Filter(field=asked.field, op="not_null"))  # Nobody is neither above nor below the average of all.


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


def _entity(draft: Draft, target: _Target) -> str | None:
    """The entity whose metric is compared, or None when the result rows themselves are."""
    subject = subject_before(draft, _clause_begin(draft, target.begin))
    if subject is None and draft.counted is not None and draft.counted_at < target.begin:
        subject = draft.counted
    is_asked = draft.subject is not None and draft.subject.dataset == subject
    return None if is_asked else subject


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
