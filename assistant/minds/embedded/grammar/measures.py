"""Measures: metrics by noun, by verb, and counts."""

from __future__ import annotations

from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.grammar.per_entity import aggregated
from assistant.minds.embedded.grammar.support import in_money
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.wordlists import word_set
from tools.core.query.metric_query import DimensionRef, Filter, Measure
from tools.core.semantics.model import MetricFormat

_COMMON = frozenset({"common", "commonest", "frequent"})


def read_measures(draft: Draft) -> None:
    """Every metric named, in the order of the question; else the metric of a verb; else the count of a fact."""
    if draft.aggregate is not None:
        draft.measures = [m if m.over is not None else aggregated(draft, m.metric) for m in draft.measures]
    _how_often(draft)
    _average_of_field(draft)
    _part_of_a_rate(draft)
    named = draft.find(Kind.METRIC)
    counts = [at for at in named if draft.items[at].has(Kind.DATASET, Kind.FIELD)]
    for at in [at for at in named if at not in counts] + counts:
        taken = bool(draft.measures or draft.has_own_result or draft.subject or draft.judged)
        if (at in counts and (taken or draft.find(Kind.DOES)) and not _listed(draft, at)) or _of_a_rate(draft, at):
            continue
        if draft.items[at].has(Kind.FACT) and draft.word(at - 1) in ("we", "they", "i", "you"):
            continue  # "how many did we reach": here it is the verb
        if draft.measures and _depends(draft, at):
            continue
        if draft.measures and _is_described(draft, at):
            draft.claim(at, at + 1, "support")
            continue
        sense = draft.sense(at, Kind.METRIC)
        if sense is not None and not draft.items[at].has(Kind.ABSENT):
            draft.bare_count = at in counts and not draft.dimensions
            draft.add_measure(aggregated(draft, sense.target))
            _check_number(draft, at, sense.target)
            _check_outlay(draft, at, sense.target)
            draft.claim(at, at + 1, "metric")
    if not (draft.measures or draft.has_own_result):
        _verb(draft)
    _most_common(draft)
    _rank_by_default(draft)
    _rank_adjective(draft)
    if not draft.measures and (draft.rank is not None or draft.change is not None):
        _counts_left(draft, counts)
    if not draft.measures:
        _fact_count(draft)
    if not draft.measures:
        _default(draft)


def _average_of_field(draft: Draft) -> None:
    """ "how many stars do products get on average": the model's own average of the field that is named."""
    figures = [at for at in draft.find(Kind.METRIC) if not draft.items[at].has(Kind.DATASET, Kind.FIELD)]
    if draft.aggregate != "avg" or draft.measures or figures:
        return
    for at in draft.find(Kind.FIELD):
        if draft.items[at].has(Kind.METRIC, Kind.DATASET):
            continue
        for sense in draft.items[at].mention.of(Kind.FIELD):  # type: ignore[union-attr]
            plain = f"avg({sense.target})"
            name = next((m.name for m in draft.model.metrics.values() if "".join(m.expression.split()).lower() == plain), None)
            if name is not None:
                draft.add_measure(Measure(metric=name))
                before = at - 2 if draft.phrase(at - 2, ("how", "many")) else at
                draft.claim(before, at + 1, "metric")
                return


def _part_of_a_rate(draft: Draft) -> None:
    """ "how many parcels were late": of the rate that the adjective speaks of, the rows that it counts."""
    for at in draft.find(Kind.MORE):
        sense = draft.items[at].mention.one(Kind.MORE)  # type: ignore[union-attr]
        rate = draft.model.metrics.get(sense.target) if sense is not None and not sense.degree else None
        part = draft.world.part_of(rate.name) if rate is not None and rate.format is MetricFormat.RATE else None
        fact = draft.world.fact(part) if part is not None else None
        if part is None or fact is None or draft.counted != fact or [m.metric for m in draft.measures] != [draft.count_metric(fact)]:
            continue
        draft.measures = [Measure(metric=part)]
        draft.claim(at, at + 1, "metric")
        return


def _counts_left(draft: Draft, counts: list[int]) -> None:
    """ "which stores gained the most bookings": the count that is not of what is asked for."""
    asked = draft.subject.dataset if draft.subject is not None else None
    for at in counts:
        sense = draft.sense(at, Kind.METRIC) if draft.free(at) else None
        if sense is not None and draft.dataset_at(at) not in (asked, draft.customer if draft.share is None else None):
            draft.add_measure(aggregated(draft, sense.target))
            draft.claim(at, at + 1, "metric")
            return


def _rank_by_default(draft: Draft) -> None:
    """ "the best customers with their number of visits": the visits are shown, the ranking is by the default metric."""
    rank, default = draft.rank, draft.model.settings.default_metric
    if rank is None or rank.noun is None or rank.measure is not None or default is None or len(draft.measures) != 1:
        return
    named = next((i for i, claim in enumerate(draft.claims) if claim == "metric"), -1)
    if named > 0 and draft.word(named - 1) in ("their", "its", "her", "his") and draft.measures[0].metric != default:
        draft.measures.insert(0, Measure(metric=default))
        rank.measure = default
        draft.notes.append(f"ranked by {draft.metric(default).label}")


def _how_often(draft: Draft) -> None:
    """ "how often do members book": the count of the verb's fact, per customer when customers are spoken of."""
    for at in range(len(draft.items)):
        if not (draft.phrase(at, ("how", "often")) or draft.phrase(at, ("how", "many", "times"))):
            continue
        for verb in draft.find(Kind.FACT, Kind.DOES):
            name = _counting_verb(draft, verb)
            if name is None:
                continue
            nouns = [i for i in draft.find(Kind.DATASET) if draft.dataset_at(i) == draft.customer]
            if (nouns or _one_of_them(draft)) and draft.per is None and draft.word(at + 1) == "often" and not draft.dimensions:
                draft.per, draft.aggregate = draft.customer, "avg"
            draft.add_measure(aggregated(draft, name))
            draft.claim(verb, verb + 1, "metric")
            draft.claim_free(at, at + (2 if draft.word(at + 1) == "often" else 3), "metric")
            return


def _one_of_them(draft: Draft) -> bool:
    """ "a homeowner": a value that describes one customer."""
    for at in draft.find(Kind.VALUE, Kind.FILTER):
        senses = draft.items[at].mention.of(Kind.VALUE, Kind.FILTER)  # type: ignore[union-attr]
        if draft.items[at - 1].text in ("a", "an") and any(draft.entity_of(draft.field_of(s)) == draft.customer for s in senses):
            return True
    if any(draft.entity_of(f.field) == draft.customer for f in draft.filters) and draft.aggregate == "avg":
        return True
    return any(_does_it(draft, at) for at in range(len(draft.items)))


def _does_it(draft: Draft, at: int) -> bool:
    """The "families" of "how often do families come"."""
    mention = draft.items[at].mention
    senses = mention.of(Kind.VALUE, Kind.FILTER) if mention is not None else ()
    asked = at > 0 and draft.items[at - 1].text in ("do", "does", "did")
    return asked and any(draft.entity_of(draft.field_of(s)) == draft.customer for s in senses)


def _counting_verb(draft: Draft, at: int) -> str | None:
    mention = draft.items[at].mention
    assert mention is not None
    done = [s.target for s in mention.of(Kind.DOES) if draft.metric(s.target).format is not MetricFormat.MONEY]
    counted = [c for s in mention.of(Kind.FACT) if (c := draft.count_metric(s.target)) is not None]
    return next(iter([*done, *counted]), None)


def _of_a_rate(draft: Draft, at: int) -> bool:
    """The "of revenue" after "private label share": it repeats what the rate is a share of."""
    before = at - 2
    if before < 0 or draft.items[at - 1].text not in ("of", "in"):
        return False
    rate = draft.claims[before] == "metric" and draft.measures and draft.metric(draft.measures[-1].metric).format is MetricFormat.RATE
    if rate:
        draft.claim(at, at + 1, "support")
    return bool(rate)


_DEPENDING = word_set("among amongst from via through after before during in within without despite")
_BEFORE_NOUN = ("the", "our", "a", "an", "all", "any")


def _depends(draft: Draft, at: int) -> bool:
    """ "satisfaction among app users", "money off in coupons": such a figure narrows the first, and is no second one."""
    before = draft.back(at, _BEFORE_NOUN)
    return draft.word(before) in _DEPENDING and draft.word(before - 1) not in ("and", ",", "plus", "or")


def _is_described(draft: Draft, at: int) -> bool:
    """The "items" of "revenue from discounted items": what the value before it describes, and no second figure."""
    before = at - 1
    if before < 1 or draft.claims[before] != "filter" or draft.items[before].has(Kind.METRIC):
        return False
    return draft.items[draft.back(before, _BEFORE_NOUN)].text in ("from", "of", "with", "on", "for")


def _check_number(draft: Draft, at: int, name: str) -> None:
    """ "how many callers hang up" asks for people, not for the share of them that the words name; "how many sales" for no money."""
    counted = [draft.items[i].text for i in range(max(at - 2, 0), at)] == ["how", "many"]
    if counted and draft.metric(name).format in (MetricFormat.RATE, MetricFormat.MONEY):
        draft.doubts.append(f"'how many' asks for a number; this is the {draft.metric(name).label}")


def _listed(draft: Draft, at: int) -> bool:
    """An entity's noun beside another metric is counted only when the two are listed: "revenue and customers by store"."""
    if draft.word(at - 1) in ("and", ",", "plus"):
        before = at - 2
    elif draft.word(at + 1) in ("and", ",", "plus"):
        before = at + 2
    else:
        return False
    return 0 <= before < len(draft.items) and draft.claims[before] == "metric"


def _rank_entities(draft: Draft) -> None:
    """ "sales per store, top 5": the ratio's entities are what is ranked."""
    ratio = draft.world.ratio(draft.measures[0].metric)
    key = draft.key_of(ratio[1]) if ratio is not None else None
    if ratio is None or key is None:
        draft.doubts.append("what to rank is not said")
        return
    draft.measures = [Measure(metric=ratio[0])]
    draft.add_dimension(key)


def settle_extreme(draft: Draft) -> None:
    """ "the largest basket value ever", "most visits by one member": nothing is ranked, the highest single figure is asked for."""
    rank = draft.rank
    if rank is not None and rank.n and not draft.dimensions and draft.subject is None and len(draft.measures) == 1:
        _rank_entities(draft)
        return
    if (
        rank is None
        or rank.direction not in ("desc", "asc")
        or rank.noun is not None
        or draft.dimensions
        or draft.subject is not None
        or rank.n
    ):
        return
    if len(draft.measures) != 1 or draft.change is not None or draft.listing is not None:
        return
    name = draft.measures[0].metric
    ratio = draft.world.ratio(name)
    per = draft.per or (ratio[1] if ratio else None)
    if per is None:
        draft.doubts.append(
            "the highest of what is not said; this is the total"
            if rank.direction == "desc"
            else "the lowest of what is not said; this is the total"
        )
        return
    top = ratio[0] if ratio is not None and ratio[1] == per else name
    draft.measures = [Measure(metric=top, per=per, aggregate="max" if rank.direction == "desc" else "min")]
    draft.rank = None


def _verb(draft: Draft) -> None:
    """ "how much did we sell", "how many unsubscribed", "what share get opened": of the verb's metrics, the one of the kind asked for."""
    verbs = draft.find(Kind.DOES)
    if not verbs:
        return
    at = verbs[0]
    mention = draft.items[at].mention
    assert mention is not None
    senses = draft.within_reach(mention.of(Kind.DOES), at)
    wanted = _kind_asked_for(draft)
    fitting = [s for s in senses if draft.metric(s.target).format in wanted] if wanted else []
    plain = [s for s in senses if draft.metric(s.target).format is not MetricFormat.RATE]
    chosen = next(iter([*fitting, *plain, *senses]))
    _check_outlay(draft, at, chosen.target)
    if wanted == (MetricFormat.NUMBER,) and draft.metric(chosen.target).format is MetricFormat.MONEY:
        draft.doubts.append(f"'how many' asks for a number; this is the {draft.metric(chosen.target).label}")
    if draft.share is not None and draft.metric(chosen.target).format is MetricFormat.RATE:
        draft.share = None  # The verb's rate is the share that is asked for.
        _claim_related(draft, chosen.target)
    draft.add_measure(aggregated(draft, chosen.target))
    draft.claim(at, at + 1, "metric")


_OUTLAY = word_set("spend spends spent spending pay paid")


def _check_outlay(draft: Draft, at: int, name: str) -> None:
    """The "we spent" of "what did we spend" is a cost: customers' money comes in, ours goes out."""
    metric = draft.metric(name)
    income = metric.format is MetricFormat.MONEY and metric.polarity == "higher_is_better"
    before = draft.back(at, ("have", "has", "had", "actually", "really", "to"))
    if income and draft.items[at].text in _OUTLAY and draft.word(before) == "we":
        draft.doubts.append(f"what we spend may be a cost; this is the {metric.label}")


def _kind_asked_for(draft: Draft) -> tuple[MetricFormat, ...]:
    """The formats that "how much", "how many", "how often" and "what share" ask for; empty when nothing is said."""
    every = range(len(draft.items))
    if draft.share is not None or any(draft.items[i].text == "how" and draft.word(i + 1) == "often" for i in every[:-1]):
        return (MetricFormat.RATE,)
    if any(draft.phrase(i, ("how", "much")) for i in every):
        return (MetricFormat.MONEY,)
    return (MetricFormat.NUMBER,) if any(draft.phrase(i, ("how", "many")) for i in every) or draft.counted is not None else ()


def _claim_related(draft: Draft, name: str) -> None:
    """The nouns of a rate's own fact say what it is a rate of: the e-mails of "what share of e-mails get opened"."""
    fact = draft.world.fact(name)
    for at in draft.find(Kind.METRIC, Kind.DATASET):
        mention = draft.items[at].mention
        assert mention is not None
        if any(draft.world.fact(s.target) == fact for s in mention.of(Kind.METRIC)) or fact in {s.target for s in mention.of(Kind.DATASET)}:
            draft.claim(at, at + 1, "support")


def _most_common(draft: Draft) -> None:
    """ "the most common loyalty tier": that of the most customers, and not the one that sells most."""
    rank = draft.rank
    if rank is None or draft.measures or not isinstance(rank.noun, DimensionRef) or draft.customer is None:
        return
    counting = draft.count_metric(draft.customer)
    describes = draft.entity_of(rank.noun.field) == draft.customer and rank.noun != draft.key_of(draft.customer)
    if counting is not None and describes and any(item.text in _COMMON for item in draft.items):
        rank.measure = draft.add_measure(Measure(metric=counting))
        draft.filters.append(Filter(field=rank.noun.field, op="not_null"))  # "Unknown" is no answer, however common it is
        draft.notes.append(f"ranked by {draft.metric(counting).label}")


def _rank_adjective(draft: Draft) -> None:
    rank = draft.rank
    if rank is not None and rank.measure in draft.model.metrics and not any(m.column == rank.measure for m in draft.measures):
        assert rank.measure is not None
        draft.add_measure(Measure(metric=rank.measure))


def _fact_count(draft: Draft) -> None:
    """ "which products were bought most often", "how often": rows of the verb's fact."""
    for at in draft.find(Kind.FACT):
        sense = draft.sense(at, Kind.FACT)
        counting = draft.count_metric(sense.target) if sense else None
        if counting is not None and (draft.rank is not None or draft.counted is None):
            draft.add_measure(aggregated(draft, counting))
            draft.claim(at, at + 1, "metric")
            return


def _default(draft: Draft) -> None:
    """ "top 5 stores", "which cities grew": the model's default metric, and said; "homeowners by age": the entities are counted."""
    if draft.has_own_result or draft.is_fragment:
        return
    if draft.assumed_measure is not None:
        draft.add_measure(aggregated(draft, draft.assumed_measure))
        return
    if draft.judged:
        return
    default = _default_within_reach(draft)
    ranked = draft.rank is not None and (draft.rank.noun is not None or draft.subject is not None)
    if default is not None and (ranked or (draft.change is not None and draft.dimensions)):
        draft.add_measure(aggregated(draft, default))
        draft.notes.append(f"{'ranked' if ranked else 'measured'} by {draft.metric(default).label}")
        return
    if default is not None and draft.metric(default).format is MetricFormat.MONEY and in_money(draft):
        draft.add_measure(aggregated(draft, default))
        draft.notes.append(f"measured by {draft.metric(default).label}")
        return
    amount = any(draft.phrase(i, ("how", "much")) for i in range(len(draft.items)))
    if draft.dimensions and draft.filters and draft.subject is None and not amount:
        entity = draft.entity_of(draft.filters[0].field)
        counting = draft.count_metric(entity) if entity is not None and entity == draft.customer else None
        if entity is not None and draft.filters[0].field == _key_of(draft, entity):
            counting = default  # "member 17 by month": there is nothing to count
        if counting is not None:
            draft.add_measure(Measure(metric=counting))


def _key_of(draft: Draft, entity: str) -> str | None:
    key = draft.key_of(entity)
    return key.field if isinstance(key, DimensionRef) else None


def _default_within_reach(draft: Draft) -> str | None:
    """The model's default metric; where it cannot be split by what is asked for, the count of the rows that can."""
    default = draft.model.settings.default_metric
    split = (*draft.dimensions, draft.rank.noun if draft.rank else None, draft.subject.dimension if draft.subject else None)
    fields = [d.field for d in split if isinstance(d, DimensionRef)]
    datasets = {f.split(".")[0] for f in (*fields, *(f.field for f in draft.filters))}
    if default is None or all(draft.world.reaches(draft.world.fact(default), d) for d in datasets):
        return default
    said = [s.target for i in draft.items if i.mention is not None for s in i.mention.of(Kind.DOES)]
    done = [m for m in said if all(draft.world.reaches(draft.world.fact(m), d) for d in datasets)]
    if done:
        return done[0]
    counts = {m for d in datasets if (m := draft.count_metric(d)) and all(draft.world.reaches(draft.world.fact(m), o) for o in datasets)}
    plain = [m for m in counts if draft.metric(m).filter is None]
    return plain[0] if len(plain) == 1 else default
