"""Measures: metrics by noun, by verb, counts, and per-entity aggregates."""

from __future__ import annotations

from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.grammar.values import COMPARATIVES
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.tokens import atoms
from assistant.minds.embedded.wordlists import word_set
from tools.core.query.metric_query import DimensionRef, Filter, Grain, Measure, PeriodUnit
from tools.core.semantics.model import MetricFormat

_AGGREGATES = {
    "average": "avg",
    "avg": "avg",
    "mean": "avg",
    "typical": "median",
    "median": "median",
    "maximum": "max",
    "max": "max",
    "minimum": "min",
    "min": "min",
    "on average": "avg",
}
_UNIT_OF: dict[Grain, PeriodUnit] = {
    Grain.DAY: "day",
    Grain.WEEK: "week",
    Grain.MONTH: "month",
    Grain.QUARTER: "quarter",
    Grain.YEAR: "year",
}
_PER = (
    ("per",),
    ("for", "each"),
    ("for", "every"),
    ("by", "each"),
    ("of", "each"),
    ("each",),
    ("of", "a"),
    ("for", "a"),
    ("in", "a"),
    ("on", "a"),
    ("by", "a"),
    ("by", "one"),
    ("by", "any"),
    ("from", "one"),
    ("of", "one"),
    ("for", "one"),
    ("in", "one"),
    ("by", "a", "single"),
    ("in", "a", "single"),
    ("on", "a", "single"),
    ("on", "one"),
    ("on", "one", "single"),
    ("in", "one", "single"),
    ("from", "a", "single"),
    ("does", "each"),
    ("does", "a"),
    ("do", "a"),
    ("a",),
)
_CURRENCIES = {
    "USD": frozenset({"dollars", "dollar", "usd", "bucks", "money"}),
    "EUR": frozenset({"euros", "euro", "eur", "money"}),
    "GBP": frozenset({"pounds", "gbp", "quid", "money"}),
}
"""Other currencies than the model's are left over: nothing is converted."""
_SINGLE = frozenset({"one", "single", "any"})


_WORDS = {"avg": "average", "min": "lowest", "max": "highest"}


def read_per_entity(draft: Draft) -> None:
    """ "median spend per customer": the metric is computed per entity and aggregated over them."""
    for at, item in enumerate(draft.items):
        if draft.free(at) and item.text in _AGGREGATES and not item.has(Kind.METRIC) and draft.word(at - 1) not in ("i", "you", "we"):
            draft.aggregate = _AGGREGATES[item.text]
            draft.claim(at - 1 if draft.word(at - 1) in ("on", "in") else at, at + 1, "aggregate")
            break
    for at in range(len(draft.items)):
        after = draft.match(at, _PER)
        if after == at:
            continue
        noun = draft.skip(after, ("single", "individual", "unique", "active", "average", "typical", "trading", "given", "ordinary"))
        dataset = draft.dataset_at(noun) if draft.free(noun) else None
        single = bool({draft.word(i) for i in range(at, after)} & _SINGLE)
        if dataset is None or not (_averages_over(draft, at, dataset) or single):
            continue
        draft.claim_free(at, noun + 1, "per entity")
        draft.per = dataset
        draft.aggregate = draft.aggregate or (None if single else "avg")
        return
    _average_entity(draft)


def _averages_over(draft: Draft, at: int, dataset: str) -> bool:
    """Whether "per X" asks for an average over X rather than for one row each."""
    if draft.items[draft.skip(at, ("per", "each", "every", "by", "a"))].time is not None:
        return False  # "per day" is a period, even where the model has a table of days
    if draft.word(at) in ("each", "for", "by", "of", "does", "a") and draft.aggregate is None:
        return False
    if draft.rank is not None and draft.rank.noun is not None and draft.aggregate is None:
        return False
    return draft.aggregate is not None or (
        draft.word(at) == "per" and (dataset == draft.customer or draft.model.datasets[dataset].default_time is not None)
    )


def _average_entity(draft: Draft) -> None:
    """ "how much does the average customer spend": average before the entity instead of the metric."""
    if draft.aggregate is None or draft.per is not None:
        return
    for at, item in enumerate(draft.items):
        if draft.free(at) and item.has(Kind.DATASET) and at and draft.claims[at - 1] == "aggregate":
            draft.per = draft.dataset_at(at)
            draft.claim(at, at + 1, "per entity")
            return


def read_measures(draft: Draft) -> None:
    """Every metric named, in the order of the question; else the metric of a verb; else the count of a fact."""
    if draft.aggregate is not None:
        draft.measures = [_measure(draft, m.metric) for m in draft.measures]
    _how_often(draft)
    _average_of_field(draft)
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
        sense = draft.sense(at, Kind.METRIC)
        if sense is not None and not draft.items[at].has(Kind.ABSENT):
            draft.bare_count = at in counts and not draft.dimensions
            draft.add_measure(_measure(draft, sense.target))
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


def _counts_left(draft: Draft, counts: list[int]) -> None:
    """ "which stores gained the most bookings": the count that is not of what is asked for."""
    asked = draft.subject.dataset if draft.subject is not None else None
    for at in counts:
        sense = draft.sense(at, Kind.METRIC) if draft.free(at) else None
        if sense is not None and draft.dataset_at(at) not in (asked, draft.customer):
            draft.add_measure(_measure(draft, sense.target))
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
            draft.add_measure(_measure(draft, name))
            draft.claim(verb, verb + 1, "metric")
            draft.claim_free(at, at + (2 if draft.word(at + 1) == "often" else 3), "metric")
            return


def _one_of_them(draft: Draft) -> bool:
    """ "a homeowner": a value that describes one customer."""
    for at in draft.find(Kind.VALUE, Kind.FILTER):
        senses = draft.items[at].mention.of(Kind.VALUE, Kind.FILTER)  # type: ignore[union-attr]
        if draft.items[at - 1].text in ("a", "an") and any(draft.entity_of(draft.field_of(s)) == draft.customer for s in senses):
            return True
    return any(draft.entity_of(f.field) == draft.customer for f in draft.filters) and draft.aggregate == "avg"


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


def _check_number(draft: Draft, at: int, name: str) -> None:
    """ "how many callers hang up" asks for people, and not for the share of them that the words name."""
    if draft.metric(name).format is MetricFormat.RATE and draft.phrase(at - 2, ("how", "many")):
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


def _measure(draft: Draft, name: str) -> Measure:
    """The metric with the aggregate that the question asks for; a metric of its own for it is preferred."""
    if draft.aggregate is None:
        return Measure(metric=name)
    if draft.per is not None and draft.world.lexicon.counted_by(name) == draft.per:
        draft.doubts.append(f"{draft.metric(name).label} per {draft.model.datasets[draft.per].label} is always one")
    daily = _per_period(draft, name) if draft.aggregate == "avg" else None
    if daily is not None:
        return Measure(metric=daily)
    if daily is None and (period := _averaged_period(draft, name)) is not None:
        return Measure(metric=name, per_grain=period, aggregate=draft.aggregate)
    ratio = draft.world.ratio(name)
    per = draft.per or (ratio[1] if ratio else None) or _customers_spoken_of(draft)
    if draft.aggregate == "avg":
        if (ratio is not None and (draft.per is None or ratio[1] == draft.per)) or (draft.per is None and _is_average(draft, name)):
            return Measure(metric=name)
        whole = draft.world.ratio_of(name, per) if per else None
        if whole is not None:
            return Measure(metric=whole)
    if per is None:
        draft.doubts.append(f"the {_WORDS.get(draft.aggregate, draft.aggregate)} per what is not said; this is the plain figure")
        return Measure(metric=name)
    top = ratio[0] if ratio is not None and ratio[1] == per else name
    if top == name and _is_average(draft, name):
        draft.doubts.append(f"{draft.metric(name).label} is an average or a rate already")
    return Measure(metric=top, per=per, aggregate=draft.aggregate)


def _per_period(draft: Draft, name: str) -> str | None:
    """ "average daily revenue": the model's own "revenue per day", instead of a split by day."""
    series = [d for d in draft.dimensions if isinstance(d, Grain) and not d.is_cyclic]
    if len(series) != 1 or draft.per is not None:
        return None
    metric = draft.metric(name)
    for phrase in (metric.label, *metric.language.synonyms):
        for sense in draft.world.lexicon.lookup(atoms(f"{phrase} per {series[0].value}")):
            if sense.kind is Kind.METRIC:
                draft.dimensions.remove(series[0])
                return sense.target
    return None


def _averaged_period(draft: Draft, name: str) -> PeriodUnit | None:
    """The month of "average monthly revenue" and "mean revenue per month"; "average revenue by month" stays a split."""
    if draft.per is not None or draft.trend or draft.rank is not None or _is_average(draft, name) or draft.world.ratio(name) is not None:
        return None
    series = [d for d in draft.dimensions if isinstance(d, Grain)]
    unit = _UNIT_OF.get(series[0]) if len(series) == 1 else None
    if unit is None or draft.aggregate not in ("avg", "median"):
        return None
    for at, item in enumerate(draft.items):
        if item.time is not None and item.time.grain is series[0] and draft.claims[at]:
            said = {draft.items[i].text for i in range(max(at - 2, 0), at)}
            adverb = item.time.adverb and " " not in item.text and "aggregate" in draft.claims[max(at - 2, 0) : at]
            if adverb or said & {"per", "a"}:
                draft.dimensions.remove(series[0])
                return unit
    return None


def _is_average(draft: Draft, name: str) -> bool:
    """Whether the metric is an average or a rate already."""
    metric = draft.metric(name)
    return (
        metric.format is MetricFormat.RATE or "/" in metric.expression or metric.expression.lower().lstrip().startswith(("avg", "median"))
    )


def _customers_spoken_of(draft: Draft) -> str | None:
    """The customer, when the question names customers (or values of theirs) without counting them."""
    if draft.counted is not None:
        return None
    for at in draft.find(Kind.DATASET):
        if draft.dataset_at(at) == draft.customer:
            return draft.customer
    return draft.customer if any(c.entity == draft.customer for c in draft.entity_conditions) else None


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
    draft.add_measure(_measure(draft, chosen.target))
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
            draft.add_measure(_measure(draft, counting))
            draft.claim(at, at + 1, "metric")
            return


def _default(draft: Draft) -> None:
    """ "top 5 stores", "which cities grew": the model's default metric, and said; "homeowners by age": the entities are counted."""
    if draft.has_own_result or draft.is_fragment:
        return
    if draft.assumed_measure is not None:
        draft.add_measure(_measure(draft, draft.assumed_measure))
        return
    if draft.judged:
        return
    default = draft.model.settings.default_metric
    ranked = draft.rank is not None and (draft.rank.noun is not None or draft.subject is not None)
    if default is not None and (ranked or (draft.change is not None and draft.dimensions)):
        draft.add_measure(_measure(draft, default))
        draft.notes.append(f"{'ranked' if ranked else 'measured'} by {draft.metric(default).label}")
        return
    if default is not None and draft.metric(default).format is MetricFormat.MONEY and _in_money(draft):
        draft.add_measure(_measure(draft, default))
        draft.notes.append(f"measured by {draft.metric(default).label}")
        return
    amount = any(draft.phrase(i, ("how", "much")) for i in range(len(draft.items)))
    if draft.dimensions and draft.filters and draft.subject is None and not amount:
        entity = draft.entity_of(draft.filters[0].field)
        counting = draft.count_metric(entity) if entity is not None and entity == draft.customer else None
        if counting is not None:
            draft.add_measure(Measure(metric=counting))


_COMMON = frozenset({"common", "commonest", "frequent"})
_COMPARING = word_set(
    "compare comparison compared comparing split break versus vs difference differ differs both separately side between down out"
)
_TOGETHER = frozenset({"together", "combined", "altogether", "jointly"})


def read_support(draft: Draft) -> None:
    """Words that repeat what the plan says already: the measure's verb ("revenue we made"), its fact's noun, the customer, "compare"."""
    compared = draft.side_by_side or draft.comparison is not None
    comparatives = (COMPARATIVES - {"better", "worse"} if draft.bare_count else COMPARATIVES) | {"than", "which", "each"}
    for at, item in enumerate(draft.items):
        if (
            (draft.free(at) and item.mention is None and item.text in _COMPARING and (draft.dimensions or draft.comparison))
            or (draft.free(at) and compared and item.text in comparatives)
            or (draft.free(at) and item.text in _TOGETHER and not draft.dimensions)
        ):
            draft.claim(at, at + 1, "support")
    _read_unit(draft)
    _read_origin(draft)
    facts = {draft.world.fact(m.metric) for m in draft.measures} | {c.fact for c in draft.entity_conditions}
    for at in draft.find(Kind.DOES, Kind.FACT, Kind.DATASET):
        item = draft.items[at]
        assert item.mention is not None
        for sense in item.mention.of(Kind.DOES, Kind.FACT, Kind.DATASET):
            if _repeats(draft, sense.kind, sense.target, facts):
                draft.claim(at, at + 1, "support")
                break


def _read_origin(draft: Draft) -> None:
    """ "where does the income come from, by city": the split answers it."""
    for at in range(len(draft.items)):
        later = [i for i in range(at, len(draft.items) - 1) if draft.word(i) in ("come", "comes", "came") and draft.word(i + 1) == "from"]
        opens = at == 0 and len(draft.items) > 1 and draft.items[1].text in ("do", "does", "did", "is", "are", "was", "were")
        if draft.word(at) == "where" and (later or opens) and draft.dimensions:
            draft.claim(at, at + 1, "support")
            if later:
                draft.claim(later[0], later[0] + 2, "support")
            return


def _read_unit(draft: Draft) -> None:
    """ "turkey sales in dollars", "the three rates, each separately": what the measures say already."""
    money = bool(draft.measures) and all(draft.metric(m.metric).format is MetricFormat.MONEY for m in draft.measures)
    currency = _CURRENCIES.get(draft.model.settings.currency or "", frozenset())
    shown_apart = len(draft.measures) > 1 or bool(draft.dimensions)
    for at in range(len(draft.items)):
        word, before = draft.word(at), draft.word(at - 1)
        apart = word in ("each", "separately", "individually", "apiece") and shown_apart and _ends_clause(draft, at + 1)
        if (money and word in currency and before in ("in", "of", "the", "")) or apart or (word == "high" and before == "how"):
            draft.claim(at, at + 1, "support")


def _in_money(draft: Draft) -> bool:
    """ "the appetite for yoga, in euros": the unit says that money is asked for."""
    currency = _CURRENCIES.get(draft.model.settings.currency or "", frozenset()) - {"money"}
    return any(draft.word(at) in currency and draft.word(at - 1) == "in" for at in range(1, len(draft.items)))


def _ends_clause(draft: Draft, at: int) -> bool:
    return at >= len(draft.items) or draft.items[at].text in (",", ";", ":", "please", "separately", "individually")


def _repeats(draft: Draft, kind: Kind, target: str, facts: set[str | None]) -> bool:
    if kind is Kind.DOES:
        fact = draft.world.fact(target)
        return bool(draft.measures) and any(f == fact or (f is not None and fact is not None and _related(draft, f, fact)) for f in facts)
    if kind is Kind.FACT:
        return any(f is not None and _related(draft, f, target) for f in facts)
    conditioned = {c.entity for c in draft.entity_conditions} | {draft.counted}
    return bool(draft.measures or draft.judged) and (
        target == draft.customer or target in conditioned or any(f is not None and draft.world.reaches(f, target) for f in facts)
    )


def _related(draft: Draft, one: str, other: str) -> bool:
    return draft.world.reaches(one, other) or draft.world.reaches(other, one)
