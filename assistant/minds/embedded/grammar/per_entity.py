"""Figures per entity: "median spend per customer", "average orders of a customer", "average monthly revenue"."""

from __future__ import annotations

from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.grammar.ranking import top_part
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.tokens import atoms
from tools.core.query.metric_query import DimensionRef, Grain, Measure, PeriodUnit
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
    ("by", "a", "single"),
    ("by", "a"),
    ("by", "one"),
    ("by", "any"),
    ("from", "one"),
    ("of", "one"),
    ("for", "one"),
    ("in", "one"),
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
_SINGLE = frozenset({"one", "single", "any"})
_QUARTILES = {"upper": 75.0, "top": 75.0, "lower": 25.0, "bottom": 25.0, "lowest": 25.0, "highest": 75.0, "first": 25.0, "third": 75.0}
_MOST_AVERAGES = 3
_WORDS = {"avg": "average", "min": "lowest", "max": "highest"}


def read_per_entity(draft: Draft) -> None:
    """ "median spend per customer": the metric is computed per entity and aggregated over them."""
    _percentile(draft)
    if _asked_of_one(draft):
        return
    for at, item in enumerate(draft.items):
        if (
            draft.aggregate is None
            and draft.free(at)
            and item.text in _AGGREGATES
            and not item.has(Kind.METRIC)
            and draft.word(at - 1) not in ("i", "you", "we")
        ):
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


def _within_a_figure(draft: Draft, at: int) -> str | None:
    """The customer of "customer spend", where the two words are one phrase for a figure."""
    item = draft.items[at]
    first, *rest = item.text.split()
    senses = draft.world.lexicon.lookup((first,)) if rest and item.has(Kind.METRIC) else ()
    return next((s.target for s in senses if s.kind is Kind.DATASET), None)


_DOES = frozenset({"does", "do", "did", "would"})
_ONE = frozenset({"a", "an", "one"})


def _asked_of_one(draft: Draft) -> bool:
    """ "How much does a customer spend", "how many visitors does a shop have": the average one, and not what all of them do."""
    said = any(item.text in _AGGREGATES for item in draft.items)
    if not draft.items or draft.items[0].text not in ("how", "what") or said or draft.aggregate is not None or draft.per is not None:
        return False
    for at in range(1, len(draft.items) - 2):
        item = draft.items[at + 2]
        if draft.word(at) not in _DOES or draft.word(at + 1) not in _ONE or not draft.free(at + 2) or item.is_plural:
            continue
        following = draft.item(at + 3)
        if any(other.text == "per" for other in draft.items[at + 3 :]):
            return False  # "what does a customer spend per order": of each order
        described = item.mention.of(Kind.VALUE, Kind.FILTER) if item.mention is not None else ()
        of_customers = any(draft.entity_of(draft.field_of(s)) == draft.customer for s in described)
        noun = draft.dataset_at(at + 2) if item.has(Kind.DATASET) else draft.customer if of_customers else _within_a_figure(draft, at + 2)
        if noun is None or (following is not None and following.number is not None):
            continue
        draft.per, draft.aggregate = noun, "avg"
        draft.claim(at, at + 2, "per entity")
        if item.has(Kind.DATASET):
            draft.claim(at + 2, at + 3, "per entity")
        if draft.word(at + 3) in ("contain", "hold", "include", "comprise"):
            draft.claim(at + 3, at + 4, "per entity")
        return True
    return False


def _percentile(draft: Draft) -> None:
    """ "the 90th percentile of ...", "p90", "upper quartile" """
    for at in range(len(draft.items)):
        number = draft.item(at)
        value: float | None = None
        end = at + 1
        if draft.word(at + 1) in ("percentile", "percentiles") and number is not None and number.number is not None:
            value, end = number.number.value * (100 if number.number.unit == "percent" else 1), at + 2
        elif draft.word(at)[:1] == "p" and draft.word(at)[1:].isdigit():
            value = float(draft.word(at)[1:])
        elif draft.word(at) in _QUARTILES and draft.word(at + 1) == "quartile":
            value, end = _QUARTILES[draft.word(at)], at + 2
        elif draft.item(at + 1) is not None and number is not None and number.number is not None and draft.word(at + 1) == "quartile":
            value, end = 25 * number.number.value, at + 2
        if value is not None and 0 < value < 100:
            draft.aggregate, draft.percentile = "percentile", value
            draft.claim(at, end, "aggregate")
            return


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
        beside = at > 0 and draft.claims[at - 1] == "aggregate" and draft.free(at)
        if beside and item.time is not None and item.time.grain in _UNIT_OF and not item.time.adverb and not draft.dimensions:
            draft.add_dimension(item.time.grain)  # "in an average month": settled with the measure
            draft.claim(at, at + 1, "per entity")
            return
        following = draft.item(at + 2)
        periods = draft.word(at + 1) in ("per", "a", "each") and following is not None and following.time is not None
        if draft.free(at) and item.has(Kind.DATASET) and at and draft.claims[at - 1] == "aggregate" and not periods:
            draft.per = draft.dataset_at(at)
            draft.claim(at, at + 1, "per entity")
            return


def aggregated(draft: Draft, name: str) -> Measure:
    """The metric with the aggregate that the question asks for; a metric of its own for it is preferred."""
    if draft.aggregate is None:
        return Measure(metric=name)
    if draft.per is not None and draft.world.lexicon.counted_by(name) == draft.per:
        draft.doubts.append(f"{draft.metric(name).label} per {draft.model.datasets[draft.per].label} is always one")
    daily = _per_period(draft, name) if draft.aggregate == "avg" else None
    if daily is not None:
        return Measure(metric=daily)
    if daily is None and (period := _averaged_period(draft, name)) is not None:
        return Measure(metric=name, per_grain=period, aggregate=draft.aggregate, percentile=draft.percentile)
    ratio = draft.world.ratio(name)
    per = draft.per or (ratio[1] if ratio else None) or _customers_spoken_of(draft) or _top_part_of(draft)
    if draft.aggregate == "avg":
        if (ratio is not None and (draft.per is None or ratio[1] == draft.per)) or (draft.per is None and _is_average(draft, name)):
            return Measure(metric=name)
        whole = draft.world.ratio_of(name, per) if per else None
        if whole is not None:
            return Measure(metric=whole)
    if per is None and (average := _one_of_the_averages(draft, name)) is not None:
        return average
    if per is None:
        draft.doubts.append(f"the {_WORDS.get(draft.aggregate, draft.aggregate)} per what is not said; this is the plain figure")
        return Measure(metric=name)
    top = ratio[0] if ratio is not None and ratio[1] == per else name
    if top == name and _is_average(draft, name) and (ratio is None or ratio[1] != per):
        draft.doubts.append(f"{draft.metric(name).label} is an average or a rate already")
    return Measure(metric=top, per=per, aggregate=draft.aggregate, percentile=draft.percentile)


def _one_of_the_averages(draft: Draft, name: str) -> Measure | None:
    """ "Average revenue": per order, per customer or per day, and which one nothing says; each is a reading of its own."""
    at = next((i for i, claim in enumerate(draft.claims) if claim == "aggregate"), None)
    fact = draft.world.fact(name)
    entities = [draft.customer, *(d.name for d in draft.model.datasets.values() if not d.is_entity and draft.world.holds_rows(d.name))]
    named = {s.target for i in draft.items if i.mention is not None for s in i.mention.of(Kind.DATASET)}
    named |= {noun for i in range(len(draft.items)) for noun in draft.nouns_within(i)}  # the customer of "customer spend"
    plain = not (draft.is_fragment or draft.trend or draft.rank is not None or len(draft.measures) > 1 or _is_average(draft, name))
    if (
        at is None
        or draft.aggregate != "avg"
        or not plain
        or named & set(entities)
        or (draft.measures and draft.measures[0].metric != name)
    ):
        return None
    ratios = {entity: Measure(metric=ratio) for ratio, (above, entity) in draft.world.ratios.items() if above == name}
    for entity in entities:
        if (
            entity is not None
            and entity not in ratios
            and draft.count_metric(entity)
            and draft.world.reaches(fact, entity)
            and entity != fact
        ):
            ratios[entity] = Measure(metric=name, per=entity, aggregate="avg")
    averages = [*list(ratios.values())[:_MOST_AVERAGES], Measure(metric=name, per_grain="day", aggregate="avg")]
    start = draft.items[at].start
    if len(averages) < 2:
        return None
    draft.open_choices[start] = len(averages)
    return averages[min(draft.choices.get(start, 0), len(averages) - 1)]


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
            if adverb or said & {"per", "a"} or draft.claims[at] == "per entity":
                draft.dimensions.remove(series[0])
                return unit
    return None


def settle_ranked_period(draft: Draft) -> None:
    """ "Which shop has the fewest visitors per day": the average of its days is ranked, and not the single days."""
    rank, periods = draft.rank, [d for d in draft.dimensions if isinstance(d, Grain)]
    named = draft.subject is not None or (rank is not None and isinstance(rank.noun, DimensionRef))
    unit = _UNIT_OF.get(periods[0]) if len(periods) == 1 else None
    if rank is None or not named or unit is None or len(draft.measures) != 1 or draft.change is not None:
        return
    if draft.group_of_rank is not None and (draft.subject is None or rank.n is not None or draft.group_of_rank is not periods[0]):
        return  # "top 3 stores per month": the best of each month
    metric = draft.measures[0].metric
    per = any(
        item.time is not None and item.time.grain is periods[0] and not item.time.adverb and draft.items[at - 1].text in ("per", "a")
        for at, item in enumerate(draft.items)
        if at
    )
    if not per or draft.measures != [Measure(metric=metric)] or _is_average(draft, metric) or draft.world.ratio(metric) is not None:
        return
    own = _per_period(draft, metric)
    draft.group_of_rank = None
    draft.dimensions = [d for d in draft.dimensions if d is not periods[0]]
    draft.measures = [Measure(metric=own) if own is not None else Measure(metric=metric, per_grain=unit, aggregate="avg")]
    rank.measure = draft.measures[0].column


def _is_average(draft: Draft, name: str) -> bool:
    """Whether the metric is an average or a rate already."""
    metric = draft.metric(name)
    return (
        metric.format is MetricFormat.RATE or "/" in metric.expression or metric.expression.lower().lstrip().startswith(("avg", "median"))
    )


def _customers_spoken_of(draft: Draft) -> str | None:
    """The customer, when the question names customers (or values of theirs) without counting them."""
    if draft.counted == draft.customer:
        return None
    for at in draft.find(Kind.DATASET):
        if draft.dataset_at(at) == draft.customer:
            return draft.customer
    if any(item.has(Kind.VALUE, Kind.FILTER) and draft.customer in draft.nouns_within(at) for at, item in enumerate(draft.items)):
        return draft.customer  # "median spend of households with kids"
    return draft.customer if any(c.entity == draft.customer for c in draft.entity_conditions) else None


def _top_part_of(draft: Draft) -> str | None:
    """The customers of "what do the top 10 % of customers spend on average"."""
    rank = draft.rank
    many = rank is not None and (rank.percent is not None or (rank.n or 0) > 1)
    return rank.noun.field.split(".")[0] if rank is not None and many and isinstance(rank.noun, DimensionRef) else None


def settle_top_part(draft: Draft) -> None:
    """ "how much revenue comes from the top 10 % of customers": one figure of them all, not a row for each."""
    rank, entity = draft.rank, _top_part_of(draft)
    if rank is None or entity is None or draft.dimensions != [rank.noun] or len(draft.measures) != 1 or draft.share is not None:
        return
    key = draft.key_of(entity)
    named = [i for i, claim in enumerate(draft.claims) if claim in ("metric", "aggregate")]
    ranked = draft.claims.index("ranking") if "ranking" in draft.claims else 0
    summed = any(item.text in _SUMMED for item in draft.items)
    measure = draft.measures[0]
    amount = any(item.text == "how" and draft.word(i + 1) == "much" for i, item in enumerate(draft.items))
    before = (amount or any(i < ranked for i in named)) and (rank.percent is not None or _is_average(draft, measure.metric))
    figure = draft.aggregate is not None or summed or before
    asked = draft.subject is not None or any(item.text in ("which", "who", "list", "show") for item in draft.items)
    if key != rank.noun or not figure or (asked and draft.aggregate is None):
        return
    by = rank.measure if rank.measure in draft.model.metrics else None
    by = by or (draft.world.ratio(measure.metric) or (measure.metric,))[0]
    if _is_average(draft, by):
        by = draft.model.settings.default_metric or by
        draft.notes.append(f"ranked by {draft.metric(by).label}")
    draft.entity_conditions.append(top_part(draft, rank, entity, by))
    draft.dimensions, draft.rank = [], None


_SUMMED = frozenset({"together", "combined", "altogether", "jointly"})
