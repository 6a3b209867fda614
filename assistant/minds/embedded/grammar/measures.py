"""Measures: metrics by noun, by verb, counts, and per-entity aggregates."""

from __future__ import annotations

from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.lexicon import Kind
from tools.core.query.metric_query import Measure
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
}
_PER = (("per",), ("for", "each"), ("for", "every"), ("by", "each"), ("of", "each"), ("each",), ("of", "a"), ("for", "a"), ("does", "each"), ("a",))


def read_per_entity(draft: Draft) -> None:
    """ "median spend per customer": the metric is computed per entity and aggregated over them."""
    for at, item in enumerate(draft.items):
        if draft.free(at) and item.text in _AGGREGATES and not item.has(Kind.METRIC):
            draft.aggregate = _AGGREGATES[item.text]
            draft.claim(at, at + 1, "aggregate")
            break
    for at in range(len(draft.items)):
        after = draft.match(at, _PER)
        if after == at:
            continue
        noun = draft.skip(after, ("single", "individual", "unique", "active", "average", "typical"))
        dataset = draft.sense(noun, Kind.DATASET) if draft.free(noun) else None
        if dataset is None or not _averages_over(draft, at, dataset.target):
            continue
        draft.claim_free(at, noun + 1, "per entity")
        draft.per = dataset.target
        draft.aggregate = draft.aggregate or "avg"
        return
    _average_entity(draft)


def _averages_over(draft: Draft, at: int, dataset: str) -> bool:
    """Whether "per X" asks for an average over X rather than for one row each."""
    if draft.word(at) in ("each", "for", "by", "of", "does", "a") and draft.aggregate is None:
        return False
    if draft.rank is not None and draft.rank.noun is not None and draft.aggregate is None:
        return False
    return draft.aggregate is not None or draft.word(at) == "per" and (dataset == draft.customer or draft.model.datasets[dataset].default_time is not None)


def _average_entity(draft: Draft) -> None:
    """ "how much does the average customer spend": average before the entity instead of the metric."""
    if draft.aggregate is None or draft.per is not None:
        return
    for at, item in enumerate(draft.items):
        if draft.free(at) and item.has(Kind.DATASET) and at and draft.claims[at - 1] == "aggregate":
            sense = draft.sense(at, Kind.DATASET)
            if sense is not None and not item.has(Kind.METRIC):
                draft.per = sense.target
                draft.claim(at, at + 1, "per entity")
                return


def read_measures(draft: Draft) -> None:
    """Every metric named, in the order of the question; else the metric of a verb; else the count of a fact."""
    named = draft.find(Kind.METRIC)
    counts = [at for at in named if draft.items[at].has(Kind.DATASET)]
    for at in [at for at in named if at not in counts] + counts:
        if at in counts and draft.measures and not _listed(draft, at):
            continue
        sense = draft.sense(at, Kind.METRIC)
        if sense is not None and not draft.items[at].has(Kind.ABSENT) and not (at in counts and draft.find(Kind.DOES)):
            draft.add_measure(_measure(draft, sense.target))
            draft.claim(at, at + 1, "metric")
    if not draft.measures:
        _verb(draft)
    _rank_adjective(draft)
    if not draft.measures:
        _fact_count(draft)
    if not draft.measures:
        _default(draft)


def _listed(draft: Draft, at: int) -> bool:
    """An entity's noun beside another metric is counted only when the two are listed: "revenue and customers by store"."""
    if draft.word(at - 1) in ("and", ",", "plus"):
        before = at - 2
    elif draft.word(at + 1) in ("and", ",", "plus"):
        before = at + 2
    else:
        return False
    return 0 <= before < len(draft.items) and draft.claims[before] == "metric"


def _measure(draft: Draft, metric: str) -> Measure:
    if draft.per is None or draft.aggregate is None:
        return Measure(metric=metric)
    return Measure(metric=metric, per=draft.per, aggregate=draft.aggregate)  # type: ignore[arg-type]


def _verb(draft: Draft) -> None:
    """ "how much did we sell", "who spent the most": the metric that the verb means; money for "how much"."""
    verbs = draft.find(Kind.DOES)
    if not verbs:
        return
    at = verbs[0]
    mention = draft.items[at].mention
    assert mention is not None
    senses = mention.of(Kind.DOES)
    much = any(draft.phrase(i, ("how", "much")) for i in range(len(draft.items)))
    money = [s for s in senses if draft.metric(s.target).format is MetricFormat.MONEY]
    chosen = money[0] if much and money else senses[0]
    draft.add_measure(_measure(draft, chosen.target))
    draft.claim(at, at + 1, "metric")


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
    """ "top 5 stores" without a measure: the model's default metric, and said."""
    default = draft.model.settings.default_metric
    if default is not None and draft.rank is not None and draft.rank.noun is not None:
        draft.add_measure(Measure(metric=default))
        draft.notes.append(f"ranked by {draft.metric(default).label}")


def read_support(draft: Draft) -> None:
    """Words that repeat what the measure says already: its verb ("revenue we made"), its fact's noun, the customer."""
    facts = {draft.world.fact(m.metric) for m in draft.measures} | {c.fact for c in draft.entity_conditions}
    for at in draft.find(Kind.DOES, Kind.FACT, Kind.DATASET):
        item = draft.items[at]
        assert item.mention is not None
        for sense in item.mention.of(Kind.DOES, Kind.FACT, Kind.DATASET):
            if _repeats(draft, sense.kind, sense.target, facts):
                draft.claim(at, at + 1, "support")
                break


def _repeats(draft: Draft, kind: Kind, target: str, facts: set[str | None]) -> bool:
    if kind is Kind.DOES:
        fact = draft.world.fact(target)
        return bool(draft.measures) and any(f == fact or f is not None and fact is not None and _related(draft, f, fact) for f in facts)
    if kind is Kind.FACT:
        return any(f is not None and _related(draft, f, target) for f in facts)
    return bool(draft.measures) and (target == draft.customer or any(f is not None and draft.world.reaches(f, target) for f in facts))


def _related(draft: Draft, one: str, other: str) -> bool:
    return draft.world.reaches(one, other) or draft.world.reaches(other, one)
