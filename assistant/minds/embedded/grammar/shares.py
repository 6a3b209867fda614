"""Shares: "share of revenue by department", "what percentage of sales comes from private label", "revenue mix"."""

from __future__ import annotations

from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.grammar.ranking import top_part
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.wordlists import word_set
from tools.core.query.metric_query import DimensionRef, Filter, Measure, ShareOfTotal
from tools.core.semantics.model import MetricFormat

_SHARE = frozenset({"share", "percentage", "percent", "proportion", "fraction", "contribution", "portion", "pct", "%", "shares", "mix"})
_PERCENT = frozenset({"percentage", "percent", "pct", "%"})
_AS_SHARE = (
    ("as", "a", "share", "of", "total"),
    ("as", "a", "percentage", "of", "total"),
    ("as", "percentage", "of", "total"),
    ("as", "a", "percent", "of", "total"),
    ("of", "the", "total"),
    ("what", "part", "of"),
    ("which", "part", "of"),
    ("how", "big", "a", "part", "of"),
    ("how", "big", "a", "share", "of"),
)
_SETTING = frozenset({"in", "at", "for", "within", "among", "during", "on"})
_RELATIVE = word_set("who that which")
_DIVIDES = word_set("is are was were be been have has had come comes came coming that who which whose go goes went do does did")
"""Between the whole and the part: "what share of web orders | are paid by invoice", "share of members in Lyon | who have the app"."""
_ARE = frozenset({"are", "is", "were", "was", "live", "have", "belong", "come", "hold"})
_FALL = frozenset({"make", "makes", "fall", "falls", "come", "comes", "are", "belong", "sit", "live"})
"""After a condition and before what it is split by: the parts of those who pass are asked for, not who passes of each part."""
_BEFORE_PART = frozenset({"the", "our", "in", "also", "from", "a", "an"})
_BEFORE_NAME = frozenset({"the", "our", "store", "a"})
_CONTRIBUTE = (("contribute",), ("contributes",), ("contributed",), ("contributing",))


def read_share(draft: Draft) -> None:
    """Notes that shares of a total are asked for; whose, is settled once the dimensions are known."""
    for at in range(len(draft.items)):
        after = draft.match(at, _AS_SHARE)
        item = draft.item(at)
        if _is_quotient(draft, at, after) or _is_rate(draft, at):
            return
        if after == at and item is not None and item.text in _SHARE and not item.has(Kind.METRIC):
            after = at + 1 + (draft.word(at + 1) == "of")
            if draft.word(after) == "the" and draft.word(after + 1) == "total":
                after += 2
        if after > at:
            draft.claim(at, after, "share")
            draft.share = ShareOfTotal()
            return


def _is_quotient(draft: Draft, at: int, after: int) -> bool:
    """ "discount as a percentage of list value": the model's own metric for it; without one, the words stay and are named."""
    begin = at
    for words in (("as", "a"), ("as",)):
        if draft.phrase(at, words) and draft.word(at + len(words)) in _SHARE and draft.word(at + len(words) + 1) == "of":
            begin = draft.skip(at + len(words) + 2, ("the", "our", "its", "total"))
            break
    below, above = draft.item(begin), draft.item(at - 1)
    if begin == at or after > at or below is None or above is None or not (below.has(Kind.METRIC) and above.has(Kind.METRIC)):
        return False
    one, other = draft.sense(at - 1, Kind.METRIC), draft.sense(begin, Kind.METRIC)
    name = draft.world.quotient(one.target, other.target) if one is not None and other is not None else None
    if name is None:
        draft.doubts.append("the ratio of these two figures is no figure of its own")
        return True
    draft.claim(at - 1, begin + 1, "metric")
    draft.add_measure(Measure(metric=name))
    return True


def _is_rate(draft: Draft, at: int) -> bool:
    """ "Margin percentage", "discount percent": the model's own rate of the figure, where it has just one."""
    figure = draft.sense(at - 1, Kind.METRIC) if at and draft.word(at) in _PERCENT and draft.word(at + 1) not in ("of", "from") else None
    rates = draft.world.rates_of(figure.target) if figure is not None else []
    if len(rates) != 1:
        return False
    draft.claim(at - 1, at + 1, "metric")
    draft.add_measure(Measure(metric=rates[0]))
    return True


def settle_share(draft: Draft) -> None:
    """Of the parts that the question splits by; or the part that a filter describes, against all of it."""
    if draft.share is None:
        return
    _measure_the_noun(draft)
    if draft.measures and all(draft.metric(m.metric).format is MetricFormat.RATE for m in draft.measures):
        draft.share = None  # "percentage of promoters in Lyon": the figure is a share already
        return
    if _of_entities(draft):
        return
    part = _part(draft)
    if part is not None and draft.measures:
        draft.share = None
        draft.filters.remove(part)
        draft.measures = [Measure(metric=m.metric, filters=(part,), as_share=True) if m.per is None else m for m in draft.measures]
        if draft.rank is not None and draft.rank.measure is not None:
            draft.rank.measure = draft.measures[0].column
        _claim_repeated(draft)
        return
    if len(draft.parts) == 1 and len(draft.measures) == 1 and not draft.dimensions:
        return  # "percent of visits after 6 pm": the date that the hours are of is settled with the whole plan
    if not draft.dimensions:
        draft.doubts.append("a share of what is not said")
        return
    if len(draft.dimensions) == 2 and isinstance(draft.group_of_rank, DimensionRef):
        draft.share = ShareOfTotal(within=(draft.group_of_rank.field,))
    if draft.rank is not None and (draft.rank.n or 0) > 1:
        draft.doubts.append("the shares are shown one by one, not added up")


def _share_at(draft: Draft) -> int:
    return draft.claims.index("share") if "share" in draft.claims else 0


def _measure_the_noun(draft: Draft) -> None:
    """ "share of our gold members who ...": whose noun is part of a value's phrase, they are counted."""
    if draft.measures or draft.dimensions or draft.rank is not None or draft.per is not None:
        return
    described = (at for at, claim in enumerate(draft.claims) if claim in ("filter", "condition"))
    counting = (draft.count_metric(entity) for at in described for entity in _described(draft, at))
    name = next((metric for metric in counting if metric is not None), None)
    if name is not None:
        draft.add_measure(Measure(metric=name))


def _described(draft: Draft, at: int) -> list[str]:
    """Whom the phrase names by itself: "business customers", and "gold members" or "women", which only customers can be."""
    named = sorted(draft.nouns_within(at))
    item = draft.items[at]
    senses = item.mention.of(Kind.VALUE, Kind.FILTER) if item.is_plural and item.mention is not None else ()
    return named or [entity for sense in senses if (entity := draft.entity_of(draft.field_of(sense))) is not None]


def _claim_repeated(draft: Draft) -> None:
    """ "what share of orders paid by invoice are web orders": the noun after the verb is the one before it; and the relatives between."""
    facts = {draft.world.fact(m.metric) for m in draft.measures}
    for at in draft.find(Kind.DATASET, Kind.METRIC):
        if draft.free(at) and at > 0 and draft.claims[at - 1] == "filter" and draft.dataset_at(at) in facts:
            draft.claim(at, at + 1, "support")
    share = _share_at(draft)
    for at in range(share, len(draft.items) - 1):
        if draft.free(at) and draft.items[at].text in _RELATIVE and draft.claims[at + 1] in ("", "filter"):
            draft.claim(at, at + 1, "support")


def _of_entities(draft: Draft) -> bool:
    """ "percent of members who booked", "share of income of the top ten members": the part that certain entities make."""
    if len(draft.measures) != 1 or draft.measures[0].per is not None or draft.having or draft.listing is not None:
        return False
    rank, metric = draft.rank, draft.measures[0].metric
    many = rank is not None and ((rank.n or 0) > 1 or rank.percent is not None)
    if rank is not None and many and isinstance(rank.noun, DimensionRef) and draft.dimensions == [rank.noun]:
        entity = rank.noun.field.split(".")[0]
        by = rank.measure or metric
        if rank.noun != draft.key_of(entity) or by not in draft.model.metrics or draft.entity_conditions:
            return False
        best = top_part(draft, rank, entity, by)
        draft.measures = [Measure(metric=metric, entity_conditions=(best,), as_share=True)]
        draft.dimensions, draft.rank, draft.share = [], None, None
        return True
    return rank is None and (_who_are(draft, metric) or _of_conditions(draft, metric))


def _who_are(draft: Draft, metric: str) -> bool:
    """ "what share of those who returned something are gold members": the conditions say whose, the value after "are" is the part."""
    counts = draft.world.lexicon.counted_by(metric)
    at = [i for i, claim in enumerate(draft.claims) if claim in ("condition", "threshold")]
    said = [f for f in draft.filters if at and draft.filter_at.get(f, 0) > at[-1] and _word_before(draft, f, _BEFORE_PART) in _ARE]
    if counts is None or draft.dimensions or len(said) != 1 or not draft.entity_conditions:
        return False
    draft.filters.remove(said[0])
    draft.measures, draft.share = [Measure(metric=metric, filters=(said[0],), as_share=True)], None
    return True


def _of_conditions(draft: Draft, metric: str) -> bool:
    """The conditions after "percent" make the part, in each group of what it is split by; those before it, or in the relative clause of
    what it is a share of, make the whole ("Of those who came in May, what share ...", "share of those who called that opened a ticket")."""
    conditions = draft.entity_conditions
    share_at = _share_at(draft)
    at = [i for i, claim in enumerate(draft.claims) if claim in ("condition", "threshold")]
    earlier = any(i < share_at for i in at)
    whole_until = draft.main_from or int(earlier)
    if not conditions or not any(i > share_at for i in at) or (earlier and len(conditions) != 2) or whole_until >= len(conditions):
        return False
    counts = draft.world.lexicon.counted_by(metric)
    if (draft.filters and counts is None) or (draft.dimensions and _parts_of_all(draft, at[-1])):
        return False
    if any(c.entity != counts for c in conditions) and draft.dimensions:
        draft.doubts.append("the share is taken within each group")
    whole, part = conditions[:whole_until], tuple(conditions[whole_until:])
    if draft.window is not None and all(c.window is None for c in part):
        # Events have a day of their own: orders of May that came back, whenever they did. People have none.
        dated = [c for c in part if draft.has_date(c) and draft.model.datasets[c.entity].default_time is None]
        part = tuple(c.model_copy(update={"window": draft.window}) if c in dated else c for c in part)
    draft.measures = [Measure(metric=metric, entity_conditions=part, as_share=True)]
    draft.entity_conditions, draft.share = whole, None
    return True


def _parts_of_all(draft: Draft, last: int) -> bool:
    """ "what share of the members who booked come from each region": how those who pass are made up."""
    split = [i for i, claim in enumerate(draft.claims) if claim == "grouping" and i > last]
    return bool(split) and any(item.text in _FALL for item in draft.items[last + 1 : split[0] + 1])


def _part(draft: Draft) -> Filter | None:
    """The filter whose part of the total is asked for: the one after "from" or "of"; one after "in" is the setting when parts are split."""
    split = {d.field for d in draft.dimensions if isinstance(d, DimensionRef)}
    candidates = [f for f in draft.filters if f.field not in split]
    if not draft.dimensions:
        after = [f for f in candidates if draft.filter_at.get(f, 0) >= _divide(draft)]
        return next(iter(after or candidates), None)
    return next((f for f in candidates if _word_before(draft, f, _BEFORE_NAME) not in _SETTING), None)


def _divide(draft: Draft) -> int:
    """Where the part begins: at the last verb or relative after the share that a filter follows; at the share, if the whole came before."""
    share = _share_at(draft)
    filters = [at for at, claim in enumerate(draft.claims) if claim == "filter"]
    verbs = (at for at in range(share + 1, len(draft.items)) if _divides(draft, at) and any(f >= at for f in filters))
    return max(verbs, default=share)


def _divides(draft: Draft, at: int) -> bool:
    return draft.items[at].text.split()[0] in _DIVIDES or draft.items[at].has(Kind.FACT, Kind.DOES)


def _word_before(draft: Draft, test: Filter, passed_over: frozenset[str]) -> str:
    at = draft.filter_at.get(test, 0) - 1
    while at >= 0 and draft.items[at].text in passed_over:
        at -= 1
    return draft.items[at].text if at >= 0 else ""
