"""Groupings: "by store", "per month", "for each department and brand", "across regions", "broken down by"."""

from __future__ import annotations

from assistant.minds.embedded.grammar.draft import ARTICLES, Draft
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.wordlists import word_set
from tools.core.query.metric_query import DimensionRef, Grain

_TRIGGERS = (
    ("broken", "down", "by"),
    ("break", "down", "by"),
    ("broken", "out", "by"),
    ("breakdown", "by"),
    ("breakdown", "per"),
    ("split", "out", "by"),
    ("split", "by"),
    ("split", "per"),
    ("split", "into"),
    ("split", "between"),
    ("split", "across"),
    ("divided", "after"),
    ("split", "after"),
    ("separated", "by"),
    ("separated", "after"),
    ("grouped", "after"),
    ("according", "to"),
    ("when", "you", "look", "at"),
    ("when", "we", "look", "at"),
    ("if", "you", "look", "at"),
    ("looking", "at"),
    ("in", "terms", "of"),
    ("as", "a", "function", "of"),
    ("segmented", "by"),
    ("divided", "by"),
    ("grouped", "by"),
    ("group", "by"),
    ("sliced", "by"),
    ("compare", "across"),
    ("for", "each", "of"),
    ("for", "each"),
    ("for", "every"),
    ("for", "different"),
    ("for", "the", "different"),
    ("for", "all"),
    ("in", "each"),
    ("in", "every"),
    ("at", "each"),
    ("at", "every"),
    ("on", "each"),
    ("of", "each"),
    ("from", "each"),
    ("within", "each"),
    ("within", "every"),
    ("across", "all"),
    ("across", "the"),
    ("across",),
    ("by", "each"),
    ("by",),
    ("per",),
    ("each",),
    ("every",),
    ("between",),
    ("compare",),
    ("over",),
    ("over", "the"),
    ("depending", "on"),
    ("vary", "by"),
    ("differ", "by"),
    ("varies", "by"),
    ("differs", "by"),
    ("vs",),
)
_DESCRIBING = word_set("earning making with without who that aged living having owning whose over under between in from of")
_PER_GROUP = frozenset({"each", "every", "per", "within"})
_JOINTS = frozenset({"and", ",", "by", "plus", "&", "per", "then"})


def read_grouping(draft: Draft) -> None:
    """Claims every grouping phrase and adds its dimensions."""
    at = 0
    while at < len(draft.items):
        after = draft.match(at, _TRIGGERS)
        end = _nouns(draft, at, after) if after > at else at
        at = max(end, at + 1)
    _month_by_noun(draft)
    _each_of_them(draft)
    _compared_kinds(draft)
    _topic_nouns(draft)


def _nouns(draft: Draft, begin: int, at: int) -> int:
    """The nouns after a trigger, joined by "and"; returns the index after them (`begin` when there are none)."""
    per_group = bool({draft.word(i) for i in range(begin, at)} & _PER_GROUP)
    end = begin
    while True:
        noun = draft.skip(at, ARTICLES)
        dimension = _noun(draft, noun)
        judged_by = draft.word(begin) == "between" or draft.phrase(begin, ("in", "terms", "of"))
        if judged_by and draft.free(noun) and draft.items[noun].has(Kind.METRIC):
            break
        if dimension is None and per_group and end == begin and (named := _named_values(draft, noun)) is not None:
            draft.claim_free(begin, noun, "grouping")
            _add(draft, named, per_group=True)
            return noun
        if dimension is None:
            break
        dimension, end = _dated(draft, dimension, noun + 1)
        said = {draft.word(i) for i in range(begin, end)}
        if "every" in said and isinstance(dimension, Grain) and (draft.entity_conditions or draft.counted):
            draft.doubts.append("'every' may mean without a gap; this counts each period by itself")
        draft.claim_free(begin, end, "grouping")
        _add(draft, dimension, per_group=per_group)
        begin = end
        at = draft.skip(end, _JOINTS)
        if at == end:
            break
    return end


def _dated(draft: Draft, dimension: DimensionRef | Grain, at: int) -> tuple[DimensionRef | Grain, int]:
    """ "by month (joining date)": the date that the period is of, when it is said."""
    item = draft.item(at + 1)
    mention = item.mention if item is not None else None
    if not isinstance(dimension, Grain) or draft.word(at) != "(" or draft.word(at + 2) != ")" or mention is None:
        return dimension, at
    dates = [s.target for s in mention.of(Kind.FIELD) if draft.model.field(s.target).is_time]
    return (DimensionRef(field=dates[0], grain=dimension), at + 3) if dates else (dimension, at)


def _named_values(draft: Draft, at: int) -> DimensionRef | None:
    """ "in each of the stores 367 and 406": split by the noun, and its values stay for the filter."""
    if not draft.free(at) or not _value_follows(draft, at):
        return None
    dimension = draft.dimension_at(at)
    return dimension if isinstance(dimension, DimensionRef) else None


def _noun(draft: Draft, at: int) -> DimensionRef | Grain | None:
    item = draft.item(at)
    if item is None or (item.time is not None and item.time.adverb):
        return None
    if (draft.word(at - 1) == "over" and item.time is None) or (draft.word(at - 2) == "over" and item.time is None):
        return None
    if item.has(Kind.FIELD, Kind.DATASET) and _value_follows(draft, at):
        return None
    if draft.word(at - 1) in ("vs", "versus") and _is_the_other(draft, at):
        return None
    follows = at + 1 < len(draft.items) and item.has(Kind.DATASET)
    described = follows and (draft.claims[at + 1] in ("condition", "threshold") or _acts(draft, at))
    if described and draft.word(at - 1) == "by":
        return None  # "bookings made by members who ...": they did it, nothing is split
    return draft.dimension_at(at)


def _is_the_other(draft: Draft, at: int) -> bool:
    """ "web revenue vs store revenue", "weekends vs weekdays", "members with a car vs members without": what was named before, again."""
    noun = draft.dataset_at(at)
    if noun is not None and any(noun in (draft.dataset_at(before), *draft.nouns_within(before)) for before in range(at - 1)):
        return True
    return bool(_tested_by(draft, at) & {field for before in range(at) for field in _tested_by(draft, before)})


def _tested_by(draft: Draft, at: int) -> set[str]:
    mention = draft.items[at].mention
    return {draft.field_of(s) for s in mention.of(Kind.VALUE, Kind.FILTER)} if mention is not None else set()


def _acts(draft: Draft, at: int) -> bool:
    """ "orders by customers in the North": customers in the plural who are described did it; "by customer" is a split."""
    described = draft.word(at + 1) in _DESCRIBING and at + 2 < len(draft.items)
    return described and draft.items[at].is_plural and draft.dataset_at(at) == draft.customer


def _value_follows(draft: Draft, at: int) -> bool:
    from assistant.minds.embedded.grammar.values import value_at

    value = value_at(draft, at)
    return value is not None and value.end > at + 1


def _add(draft: Draft, dimension: DimensionRef | Grain, *, per_group: bool) -> None:
    if draft.counted is not None and dimension == draft.key_of(draft.counted):
        return  # Counting members per member says nothing: the noun only repeats who is counted.
    rank = draft.rank
    split = draft.dimensions[-1] if draft.dimensions else None
    ranked = rank.noun or (draft.subject.dimension if draft.subject is not None else split) if rank is not None else None
    n = rank.n or _asked_for(draft) if rank is not None else None
    ranked_noun = n is not None and ranked is not None and (ranked != dimension or len(draft.dimensions) > 1)
    if ranked_noun and per_group:
        draft.group_of_rank = dimension
        if dimension not in draft.dimensions:
            draft.dimensions.insert(0, dimension)
        return
    draft.add_dimension(dimension)


def _asked_for(draft: Draft) -> int | None:
    """How many rows "which three stores" and "which store" ask for."""
    subject = draft.subject
    return None if subject is None else subject.n or (None if subject.plural else 1)


def _each_of_them(draft: Draft) -> None:
    """ "Age groups of members who ...: how many in each?": the noun stands elsewhere in the question."""
    for at in range(len(draft.items)):
        if draft.word(at) not in ("each", "apiece") or draft.dimensions:
            continue
        fields = [i for i in draft.find(Kind.FIELD) if not draft.items[i].has(Kind.METRIC, Kind.DATASET)]
        dimension = draft.dimension_at(fields[0]) if fields else None
        if dimension is not None:
            draft.claim(at - 1 if draft.word(at - 1) in ("in", "for", "of") else at, at + 1, "grouping")
            draft.claim(fields[0], fields[0] + 1, "grouping")
            draft.add_dimension(dimension)


def _compared_kinds(draft: Draft) -> None:
    """ "weekends vs weekdays", "private or business": a field's name that lists its kinds asks to see each."""
    for at in draft.find(Kind.FIELD):
        words = set(draft.items[at].text.split())
        dimension = draft.dimension_at(at) if words & {"vs", "versus", "or"} and "not" not in words else None
        if isinstance(dimension, DimensionRef):
            draft.add_dimension(dimension)
            draft.claim(at, at + 1, "grouping")


def _month_by_noun(draft: Draft) -> None:
    """ "store-wise", "store level": a suffix instead of a preposition."""
    for at in range(len(draft.items) - 1):
        if draft.word(at + 1) in ("wise", "level") and draft.dimension_at(at) is not None:
            dimension = draft.dimension_at(at)
            if dimension is not None:
                draft.add_dimension(dimension)
                draft.claim(at, at + 2, "grouping")


def _topic_nouns(draft: Draft) -> None:
    """Keyword style ("revenue department month"): a bare field noun beside a metric is what to split by."""
    compares = any(item.text in ("compare", "comparison", "versus") for item in draft.items)
    if (len(draft.items) > 6 and not compares) or draft.dimensions or draft.subject is not None:
        return
    for at, item in enumerate(draft.items):
        before = draft.items[at - 1] if at else None
        linked = before is not None and compares and before.text in ("on", "between", "for", "in", "across")
        after_metric = before is not None and (before.has(Kind.METRIC) or draft.claims[at - 1] == "grouping" or linked)
        if (
            draft.free(at)
            and item.has(Kind.FIELD)
            and not item.has(Kind.METRIC, Kind.FILTER, Kind.VALUE, Kind.FACT)
            and after_metric
            and not _value_follows(draft, at)
        ):
            dimension = draft.dimension_at(at)
            if dimension is not None:
                draft.add_dimension(dimension)
                draft.claim(at, at + 1, "grouping")
