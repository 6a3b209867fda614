"""Shapes with a result form of their own: new and returning, cohorts, distributions, what goes together."""

from __future__ import annotations

from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.values import Stored
from assistant.minds.embedded.wordlists import word_set
from tools.core.query.metric_query import CohortSpec, DimensionRef, DistributionSpec, Grain, Lifecycle, Measure, PairsSpec

_RETURNING = frozenset({"returning", "existing", "repeat", "old", "recurring", "established"})
_JOINTS = frozenset({"and", "vs", "versus", "or", "against", "compared", "to", "with", ","})
_COHORT = frozenset({"cohort", "cohorts", "retention"})
_COHORT_WORDS = frozenset(
    {"cohort", "cohorts", "retention", "rate", "analysis", "by", "of", "per", "first", "their", "the", "curve", "table", "matrix"}
)
_DISTRIBUTION = frozenset({"distribution", "histogram", "distributed", "spread"})
_TOGETHER = (
    ("bought", "together"),
    ("purchased", "together"),
    ("together", "in", "the", "same"),
    ("together", "in", "one"),
    ("together", "with"),
    ("in", "the", "same"),
    ("alongside",),
    ("along", "with"),
    ("combined", "with"),
)
_WITH = frozenset({"with", "as", "alongside", "to"})
_CONTAINER_WORDS = word_set(
    "top best frequent what combination combinations pairs pair basket in the same a one single most often frequently "
    "commonly are go goes going get sold usually well which do does did who people is typically normally mostly tend to always else also"
)
_OFTEN = frozenset({"most", "often", "frequently", "commonly", "usually", "typically", "mostly", "very"})
_STEPS = word_set("steps bins bands buckets brackets intervals classes groups ranges")
_COHORT_GRAINS = {Grain.WEEK: "week", Grain.MONTH: "month", Grain.QUARTER: "quarter", Grain.YEAR: "year"}


def read_special(draft: Draft) -> None:
    """At most one of these shapes."""
    if _lifecycle(draft) or _cohort(draft) or _distribution(draft):
        return
    _pairs(draft)


def main_fact(draft: Draft, entity: str) -> str | None:
    """The fact whose rows make an entity active: the one through which its count is counted first."""
    counting = draft.count_metric(entity)
    through = draft.metric(counting).counted_through if counting else ()
    return next((f for f in through if draft.world.reaches(f, entity)), None)


def _entity(draft: Draft) -> tuple[str | None, int]:
    """The entity that the question names (its item claimed by the caller), else the customer."""
    for at in draft.find(Kind.DATASET):
        for sense in draft.items[at].mention.of(Kind.DATASET):  # type: ignore[union-attr]
            if draft.model.datasets[sense.target].is_entity and main_fact(draft, sense.target):
                return sense.target, at
    return draft.customer, -1


def _lifecycle(draft: Draft) -> bool:
    """new versus returning customers"""
    for at in range(len(draft.items)):
        if draft.word(at) != "new":
            continue
        other = draft.skip(at + 1, _JOINTS)
        if draft.word(other) not in _RETURNING:
            other = next((i for i in range(at + 1, min(at + 5, len(draft.items))) if draft.word(i) in _RETURNING), -1)
        if other < 0:
            if _newcomers(draft, at):
                return True
            continue
        entity, noun = _entity(draft)
        fact = main_fact(draft, entity) if entity else None
        counting = draft.count_metric(entity) if entity else None
        if entity is None or fact is None or counting is None:
            return False
        draft.claim_free(at, other + 1, "new and returning")
        if noun >= 0:
            draft.claim_free(noun, noun + 1, "new and returning")
        draft.lifecycle = Lifecycle(entity=entity, fact=fact)
        if not draft.find(Kind.METRIC):
            draft.add_measure(Measure(metric=counting))
        return True
    return False


def _newcomers(draft: Draft, at: int) -> bool:
    """ "new customers each month": the sizes of the cohorts."""
    noun = draft.item(at + 1)
    if noun is None or not noun.has(Kind.DATASET):
        return False
    entity = draft.dataset_at(at + 1)
    fact = main_fact(draft, entity) if entity else None
    if entity is None or fact is None:
        return False
    grain = "month"
    for place, item in enumerate(draft.items):
        if draft.free(place) and item.time is not None and item.time.grain in _COHORT_GRAINS:
            grain = _COHORT_GRAINS[item.time.grain]
            begin = place - (draft.word(place - 1) in ("per", "by", "each", "every"))
            draft.claim(begin, place + 1, "cohort")
            break
    else:
        return False
    begin = at
    while draft.word(begin - 1) in ("how", "many", "number", "of", "the"):
        begin -= 1
    draft.claim(begin, at + 2, "cohort")
    draft.cohort = CohortSpec(entity=entity, fact=fact, grain=grain, periods=0)
    return True


def _cohort(draft: Draft) -> bool:
    """monthly retention by cohort"""
    words = [at for at in range(len(draft.items)) if draft.word(at) in _COHORT and not draft.items[at].has(Kind.METRIC)]
    if not words:
        return False
    entity, noun = _entity(draft)
    if draft.customer is not None and entity != draft.customer:
        entity, noun = draft.customer, -1
    fact = main_fact(draft, entity) if entity else None
    if entity is None or fact is None:
        return False
    grain = "month"
    for at, item in enumerate(draft.items):
        if draft.free(at) and item.time is not None and item.time.grain in _COHORT_GRAINS:
            grain = _COHORT_GRAINS[item.time.grain]
            draft.claim(at, at + 1, "cohort")
    for at, item in enumerate(draft.items):
        if draft.free(at) and ((item.text in _COHORT_WORDS and item.mention is None) or item.has(Kind.FACT)):
            draft.claim(at, at + 1, "cohort")
    if noun >= 0:
        draft.claim_free(noun, noun + 1, "cohort")
    draft.cohort = CohortSpec(entity=entity, fact=fact, grain=grain)
    return True


def _distribution(draft: Draft) -> bool:
    """distribution of visits per customer"""
    words = [at for at in range(len(draft.items)) if draft.word(at) in _DISTRIBUTION]
    if not words:
        return _by_their_number(draft)
    named = [i for i in draft.find(Kind.METRIC) if i > words[0]] or draft.find(Kind.METRIC)
    for at in sorted(named, key=lambda i: draft.items[i].has(Kind.DATASET) and draft.word(i - 1) == "of" and len(named) > 1):
        metric = draft.sense(at, Kind.METRIC)
        if metric is None:
            continue
        parts = draft.world.ratio(metric.target)
        name, entity = parts or (metric.target, draft.customer or "")
        per = next((i for i in draft.find(Kind.DATASET) if i != at), -1)
        if per >= 0:
            sense = draft.sense(per, Kind.DATASET)
            entity = sense.target if sense is not None else entity
            draft.claim_free(per - (draft.word(per - 1) in ("per", "by", "each", "across")), per + 1, "distribution")
        if not entity:
            return False
        draft.claim_free(min(words[0], at), max(words[0], at) + 1, "distribution")
        draft.distribution = DistributionSpec(entity=entity, metric=name, bin_width=_bin_width(draft))
        return True
    return False


def _by_their_number(draft: Draft) -> bool:
    """ "members by number of bookings", "how many stores by number of visits": how many have how many."""
    begin = draft.skip(0, ("how", "many", "number", "count", "of", "our", "the", "all"))
    at = draft.skip(begin + 2, ("the", "number", "count", "of"))
    if draft.word(begin + 1) != "by" or draft.item(at) is None:
        return False
    entity, counted = next(iter(sorted(draft.nouns_within(begin))), None), draft.sense(at, Kind.METRIC)
    number = at > begin + 2 or draft.items[at].text.startswith(("number of", "count of"))
    if entity is None or counted is None or not number or draft.dimension_at(at + 1) is not None:
        return False
    if not draft.world.reaches(draft.world.fact(counted.target), entity):
        return False
    draft.claim(begin, at + 1, "distribution")
    draft.distribution = DistributionSpec(entity=entity, metric=counted.target, bin_width=_bin_width(draft))
    return True


def _bin_width(draft: Draft) -> float | None:
    """ "in steps of 500" """
    for at in range(len(draft.items)):
        number = draft.item(at + 2)
        if draft.word(at) in _STEPS and draft.word(at + 1) == "of" and number is not None and number.number is not None:
            draft.claim(at - (draft.word(at - 1) in ("in", "by", "with")), at + 3, "distribution")
            return number.number.value or None
    return None


def _pairs(draft: Draft) -> None:
    """which departments are bought together; what goes with milk"""
    mark, end = _together(draft)
    if mark < 0:
        return
    field_at = next((i for i in draft.find(Kind.FIELD, Kind.DATASET) if _pairable(draft, i) is not None), -1)
    containing = _containing(draft, end) or (_containing(draft, 0) if draft.word(mark) in ("also", "else") else None)
    if containing is not None and field_at == containing[2]:
        draft.claim(field_at, field_at + 1, "pairs")  # the "items" of "garden items"
        field_at = -1
    field = _pairable(draft, field_at) if field_at >= 0 else None
    if field is None and containing is not None:
        field = containing[0]
    within = _container(draft, field) if field is not None else None
    if field is None or within is None:
        return
    for at, item in enumerate(draft.items):
        if draft.free(at) and item.number is not None and item.number.unit is None and item.number.value >= 1:
            number = int(item.number.value)
            draft.pairs_limit = None if number == 1 else 1 if number == 2 and at + 1 == field_at else number  # "which two": one pair
            draft.claim(at, at + 1, "pairs")
    draft.claim_free(mark, end, "pairs")
    if field_at >= 0:
        draft.claim_free(field_at, field_at + 1, "pairs")
    if containing is not None:
        draft.claim_free(end if containing[2] > end else containing[2] - 1, containing[2], "pairs")
    for at, item in enumerate(draft.items):
        container = item.has(Kind.DATASET) and within in {s.target for s in item.mention.of(Kind.DATASET)}  # type: ignore[union-attr]
        people = item.has(Kind.DATASET) and draft.dataset_at(at) == draft.customer
        if draft.free(at) and (item.text in _CONTAINER_WORDS or container or people or item.has(Kind.FACT)):
            draft.claim(at, at + 1, "pairs")
    meeting = [
        d for d in draft.model.datasets if d != within and draft.world.reaches(d, within) and draft.world.reaches(d, field.split(".")[0])
    ]
    fact = _bought(draft) if len(meeting) > 1 else None
    value = containing[1] if containing is not None else None
    draft.pairs = PairsSpec(field=field, within=within, fact=fact if fact in meeting else None, containing=value)


def _bought(draft: Draft) -> str | None:
    """The fact of the question's verb, else that of the model's default metric."""
    for item in draft.items:
        for sense in item.mention.of(Kind.FACT) if item.mention is not None else ():
            if sense.target != draft.customer and not draft.world.holds_rows(sense.target):
                return sense.target
    default = draft.model.settings.default_metric
    return draft.world.fact(default) if default is not None else None


def _together(draft: Draft) -> tuple[int, int]:
    for at in range(len(draft.items)):
        before = draft.items[draft.back(at, _OFTEN)] if at else None
        if (
            draft.word(at) == "together"
            and before is not None
            and (before.has(Kind.FACT) or before.text in ("go", "goes", "sold", "appear", "occur"))
        ):
            return at, at + 1
        after = draft.match(at, _TOGETHER)
        place = draft.item(after)
        if draft.word(at) == "in" and place is not None and (place.time is not None or not place.has(Kind.DATASET)):
            continue  # "in the same period": when, not what in
        if after > at:
            return at, after
        if draft.word(at) in ("go", "goes", "going") and draft.word(at + 1) in ("with", "well"):
            return at, at + 1
    return _also(draft)


def _also(draft: Draft) -> tuple[int, int]:
    """ "what do people who buy milk also buy", "what else is bought with beer": what the other purchases are is asked for."""
    asks = next((i for i in range(len(draft.items)) if draft.word(i) in ("what", "which")), -1)
    if draft.share is not None:
        return -1, -1  # "what share of members who paid also booked boxing"
    for at in range(asks + 1, len(draft.items)):
        verbs = [i for i in draft.find(Kind.FACT) if i > asks]
        if draft.word(at) in ("also", "else") and 0 <= asks <= 2 and verbs and draft.find(Kind.VALUE):
            return (at, at + 1) if draft.word(at) == "else" or (draft.free(at + 1) and draft.items[at + 1].has(Kind.FACT)) else (-1, -1)
    return -1, -1


def _pairable(draft: Draft, at: int) -> str | None:
    dimension = draft.dimension_at(at)
    if not isinstance(dimension, DimensionRef) or dimension.grain is not None:
        return None
    return dimension.field if _container(draft, dimension.field) else None


def _container(draft: Draft, field: str | None) -> str | None:
    """The dataset within which the field's values meet: an event between the fact and the field, else the customer."""
    if field is None:
        return None
    target = field.split(".")[0]
    for fact in draft.model.datasets:
        if fact == target or not draft.world.reaches(fact, target):
            continue
        for name, dataset in draft.model.datasets.items():
            of_customers = draft.customer is None or draft.world.reaches(name, draft.customer)  # orders, not the days of a calendar
            is_event = dataset.default_time is not None and name not in (fact, target) and draft.world.holds_rows(name) and of_customers
            if is_event and draft.world.reaches(fact, name) and not draft.world.reaches(name, target):
                return name
    facts = [
        d
        for d in draft.model.datasets
        if d != target and draft.world.reaches(d, target) and draft.customer and draft.world.reaches(d, draft.customer)
    ]
    return draft.customer if facts and target != draft.customer else None


def _containing(draft: Draft, end: int) -> tuple[str, Stored, int] | None:
    """(field, value, end) of the "with milk" after the mark."""
    from assistant.minds.embedded.grammar.values import value_at

    for at in range(end, len(draft.items)):
        if draft.free(at) and draft.items[at].has(Kind.VALUE):
            value = value_at(draft, at, _bought(draft)) or value_at(draft, at)
            if value is not None:
                return value.field, value.value, value.end
    return None


__all__ = ["read_special"]
