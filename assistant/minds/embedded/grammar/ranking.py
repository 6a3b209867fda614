"""Rankings: "top 5 products by revenue", "which store sold the most", "the five biggest customers", "worst churn"."""

from __future__ import annotations

from assistant.minds.embedded.grammar.draft import Draft, Rank
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.temporal_words import PLACES
from assistant.minds.embedded.wordlists import word_set, words_by_role
from tools.core.query.metric_query import Comparator, EntityCondition, Measure

_HIGH = frozenset(
    ["top", "highest", "most", "biggest", "largest", "greatest", "leading", "strongest", "maximum", "max", "peak", "heaviest"]
)
_LOW = frozenset(["bottom", "tail", "lowest", "least", "fewest", "smallest", "weakest", "minimum", "min", "poorest"])
_GOOD = frozenset({"best"})
_BAD = frozenset({"worst"})
SUPERLATIVES = _HIGH | _LOW | _GOOD | _BAD
_ATTRIBUTES = word_set(
    "performing selling popular important frequent frequently common commonly often active valuable sold bought heavily single individual"
)
"""Participles and adjectives between a superlative and its noun that name no metric of their own."""
_SORTING = (
    ("sorted", "by"),
    ("ranked", "by"),
    ("ordered", "by"),
    ("sort", "by"),
    ("order", "by"),
    ("rank", "by"),
    ("in", "terms", "of"),
    ("based", "on"),
    ("according", "to"),
    ("measured", "by"),
    ("with", "the"),
    ("by",),
    ("in",),
    ("on",),
    ("for",),
    ("of",),
)
_DIRECTIONS = (
    (("highest", "to", "lowest"), "desc"),
    (("from", "highest", "to", "lowest"), "desc"),
    (("high", "to", "low"), "desc"),
    (("lowest", "to", "highest"), "asc"),
    (("from", "lowest", "to", "highest"), "asc"),
    (("low", "to", "high"), "asc"),
    (("highest", "first"), "desc"),
    (("biggest", "first"), "desc"),
    (("largest", "first"), "desc"),
    (("lowest", "first"), "asc"),
    (("smallest", "first"), "asc"),
    (("descending", "order"), "desc"),
    (("ascending", "order"), "asc"),
    (("descending",), "desc"),
    (("ascending",), "asc"),
    (("desc",), "desc"),
    (("asc",), "asc"),
)
_RANK_VERBS = frozenset({"rank", "ranked", "ranking", "sort", "sorted", "order", "ordered"})


def read_ranking(draft: Draft) -> None:
    """At most one ranking per question: the first superlative found, an explicit sort order, or "rank X by Y"."""
    _sort_words(draft)
    for at in range(len(draft.items)):
        if draft.rank is not None and draft.rank.noun is not None:
            break
        if draft.free(at) and _superlative(draft, at):
            break
    _rank_verb(draft)
    _rank_by(draft)
    _late_number(draft)


def _late_number(draft: Draft) -> None:
    """ "... ranked by income, first 5", "which sold the most? The top three will do": how many rows, said apart."""
    rank = draft.rank
    if rank is None or rank.n is not None or rank.percent is not None:
        return
    for at in range(len(draft.items) - 1):
        number = draft.item(at + 1)
        if draft.word(at) == "place" and number is not None and number.number is not None and number.number.value >= 1:
            rank.n, rank.skip = 1, int(number.number.value) - 1
            draft.claim(at, at + 2, "ranking")
            return
        if draft.word(at) not in ("first", "top", "bottom") or number is None or number.number is None or number.number.unit is not None:
            continue
        end = draft.skip(at + 2, ("will", "do", "only", "please", "is", "enough", "suffice"))
        if end >= len(draft.items) or draft.items[end].text in (",", ";", ":") or draft.tokens[draft.items[end].start].opens:
            rank.n = int(number.number.value)
            draft.claim(at, end, "ranking")
            return


def _direction(draft: Draft, at: int) -> str | None:
    """desc, asc, best or worst, from a closed-class superlative or one of the model's adjectives."""
    word = draft.word(at)
    if word in _HIGH:
        return "desc"
    if word in _LOW:
        return "asc"
    if word in ("less", "fewer") and at and draft.items[at - 1].text == "the" and draft.subject is not None:
        return "asc"  # "which shop has the less visitors"
    if word in _GOOD | _BAD:
        return "best" if word in _GOOD else "worst"
    mention = draft.items[at].mention
    for kind, direction in ((Kind.MORE, "desc"), (Kind.LESS, "asc")):
        sense = mention.one(kind) if mention else None
        if sense is not None and sense.degree == "superlative":
            return direction
    return None


def _superlative(draft: Draft, at: int) -> bool:
    direction = _direction(draft, at)
    if direction is None or (draft.word(at) == "most" and draft.word(at + 1) == "of"):
        return False
    following = draft.item(at + 1)
    if draft.word(at) in ("least", "most") and draft.word(at - 1) == "at" and following is not None and following.number is not None:
        return False  # "at least three": a bound that nobody could use, and no ranking
    rank = Rank(direction=direction, n=None)
    begin, end = at, at + 1
    before = draft.item(at - 1)
    if before is not None and before.number is not None and before.number.unit is None:
        rank.n, begin = int(before.number.value), at - 1
    if rank.n is None and (place := _place(draft, at - 1)) > 1:
        rank.n, rank.skip, begin = 1, place - 1, at - 1
    after = draft.item(at + 1)
    if after is not None and after.number is not None and rank.n is None and draft.word(at) in SUPERLATIVES:
        if after.number.unit == "percent":
            rank.percent, end = after.number.value, at + 2
        elif after.number.unit is None and after.number.value >= 1:
            rank.n, end = int(after.number.value), at + 2
    rank.measure = _adjective_metric(draft, at)
    begin = _noun_before(draft, rank, begin)
    if draft.word(end) == "of":
        end = draft.skip(end, ("of", "the", "our"))
    while draft.free(end) and _is_attribute(draft, end):
        rank.measure = rank.measure or _adjective_metric(draft, end)
        end += 1
    late = draft.item(end)
    if rank.n is None and late is not None and late.number is not None and late.number.unit is None:
        rank.n, end = int(late.number.value), end + 1
    end = _noun(draft, rank, end)
    trailing = draft.skip(end, ("in",))
    trailing += rank.measure is not None and draft.free(trailing) and draft.items[trailing].has(Kind.METRIC)
    if draft.word(end) == "first" or draft.word(trailing) == "first":
        end = trailing + 1
    judges = draft.word(at) in ("strongest", "weakest")
    draft.claim_free(begin, end, "ranking")
    draft.rank = rank
    figures = [i for i in draft.find(Kind.METRIC, Kind.DOES, Kind.FACT) if not draft.items[i].has(Kind.DATASET, Kind.FIELD)]
    draft.judged = judges and rank.measure is None and not figures
    return True


def _place(draft: Draft, at: int) -> int:
    """The 2 of "second best", "2nd highest"; 0 when no such word stands at `at`."""
    item = draft.item(at)
    if item is None or item.time is not None or item.mention is not None:
        return 0
    if item.number is not None:
        return int(item.number.value) if item.number.unit == "ordinal" else 0
    return PLACES.get(item.text, 0)


def _noun_before(draft: Draft, rank: Rank, begin: int) -> int:
    """ "the ten stores with the most visits": the ranked noun stands before the superlative."""
    at = begin - 1
    while draft.word(at) in ("with", "having", "the", "had", "has", "have", "by"):
        at -= 1
    noun = draft.item(at)
    if (
        at == begin - 1
        or draft.subject is not None
        or noun is None
        or not noun.has(Kind.DATASET, Kind.FIELD)
        or "by" in {draft.word(i) for i in range(at, begin)}
    ):
        return begin
    number = draft.item(at - 1)
    if number is not None and number.number is not None and number.number.unit is None:
        rank.n = int(number.number.value)
        draft.claim(at - 1, at, "ranking")
    _take_noun(draft, rank, at)
    return at + 1


def _is_attribute(draft: Draft, at: int) -> bool:
    item = draft.items[at]
    if item.text in words_by_role("vague")["praise"] | words_by_role("vague")["blame"] and not item.has(Kind.METRIC, Kind.MORE, Kind.LESS):
        return False  # A judgement: by which figure is asked back.
    if item.text in _ATTRIBUTES and not item.has(Kind.METRIC):
        return not item.has(Kind.FACT) or (draft.item(at + 1) is not None and draft.items[at + 1].has(Kind.DATASET, Kind.FIELD))
    return item.has(Kind.MORE, Kind.LESS) and not item.has(Kind.METRIC, Kind.DATASET)


def _adjective_metric(draft: Draft, at: int) -> str | None:
    """The metric that an adjective of the model speaks of ("biggest" -> revenue), as a measure column."""
    mention = draft.items[at].mention
    senses = mention.of(Kind.MORE, Kind.LESS) if mention else ()
    return next((s.target for s in senses if s.target in draft.model.metrics), None)


def _noun(draft: Draft, rank: Rank, at: int) -> int:
    """The ranked noun after the superlative, if one is there; a metric there is what is ranked by, not what is ranked."""
    at = draft.skip(at, ("the", "our", "different"))
    item = draft.item(at)
    if item is None:
        return at
    following = draft.item(at + 1)
    if item.has(Kind.VALUE, Kind.FILTER) and not item.has(Kind.DATASET, Kind.FIELD, Kind.METRIC) and following is not None:
        if following.has(Kind.DATASET, Kind.FIELD):
            _take_noun(draft, rank, at + 1)
        return at
    ranked = rank.noun is not None or draft.subject is not None
    counts = draft.sense(at, Kind.METRIC)
    counted = draft.world.lexicon.counted_by(counts.target) if counts is not None else None
    if counted is not None and draft.subject is not None and counted == draft.subject.dataset:
        draft.claim(at, at + 1, "ranking")  # "who are the five biggest members": they are ranked, their number is no figure
        return at + 1
    counted_by_most = rank.direction in ("desc", "asc") and ranked and item.has(Kind.METRIC)
    if item.has(Kind.METRIC) and (counted_by_most or not item.has(Kind.DATASET, Kind.FIELD)):
        sense = draft.sense(at, Kind.METRIC)
        if sense is not None:
            rank.measure = draft.add_measure(Measure(metric=draft.done_to(at) or sense.target))
            draft.claim(at, at + 1, "ranking")
        return at + 1
    if ranked and item.has(Kind.DATASET) and (rank.n is None or rank.noun is not None):
        sense = draft.sense(at, Kind.DATASET)
        counting = draft.count_metric(sense.target) if sense else None
        if counting is not None and sense is not None and (draft.subject is None or sense.target != draft.subject.dataset):
            rank.measure = draft.add_measure(Measure(metric=draft.done_to(at) or counting))
            draft.claim(at, at + 1, "ranking")
            return at + 1
    if rank.noun is None and draft.dimension_at(at) is not None and not (item.time is not None and item.time.adverb):
        _take_noun(draft, rank, at)
        return at + 1
    return at


def _take_noun(draft: Draft, rank: Rank, at: int) -> None:
    rank.noun = draft.dimension_at(at)
    if rank.noun is not None:
        draft.add_dimension(rank.noun)
        if rank.n is None and rank.percent is None and not draft.items[at].is_plural:
            rank.n = 1
        draft.claim(at, at + 1, "ranking")


def _sort_words(draft: Draft) -> None:
    for at in range(len(draft.items)):
        for words, direction in _DIRECTIONS:
            if draft.phrase(at, words):
                begin = at
                while draft.word(begin - 1) in ("in", "from", "order", "the", "sorted", "ranked", ","):
                    begin -= 1
                draft.claim(begin, at + len(words), "ranking")
                draft.rank = Rank(direction=direction, sorts=True)
                return


def _rank_verb(draft: Draft) -> None:
    """ "rank departments by sales", "stores ranked by revenue" """
    for at in range(len(draft.items)):
        if draft.word(at) not in _RANK_VERBS or _is_what_they_do(draft, at):
            continue
        noun = draft.skip(at + 1, ("the", "our", "all"))
        draft.claim(at, at + 1, "ranking")
        draft.rank = draft.rank or Rank(direction="desc")
        target = noun if draft.dimension_at(noun) is not None else at - 1
        if draft.free(target) and draft.dimension_at(target) is not None:
            dimension = draft.dimension_at(target)
            if dimension is not None:
                draft.add_dimension(dimension)
                draft.claim(target, target + 1, "ranking")


def _is_what_they_do(draft: Draft, at: int) -> bool:
    """The "order" of "what time do people order online" is their deed: nothing says what to order by."""
    named = draft.items[at].has(Kind.FACT, Kind.DOES, Kind.METRIC, Kind.DATASET)
    acting = at > 0 and (draft.items[at - 1].has(Kind.DATASET) or draft.word(at - 1) in ("we", "they", "you", "people", "to"))
    return named and acting and not any(draft.word(i) == "by" for i in range(at + 1, len(draft.items)))


def _rank_by(draft: Draft) -> None:
    """ "... by revenue", "... in terms of visits": the measure to rank by. "stores by revenue" is a ranking too."""
    for at in range(len(draft.items)):
        after = draft.match(at, _SORTING)
        if after == at:
            continue
        noun = draft.skip(after, ("the", "total", "their", "overall", "highest", "most", "number", "of"))
        item = draft.item(noun)
        if item is None or not item.has(Kind.METRIC, Kind.DATASET) or _is_dimension_noun(draft, noun):
            continue
        if not item.has(Kind.METRIC) and (draft.rank is None or draft.word(noun - 1) != "of"):
            continue
        if draft.rank is None and not (draft.word(at) == "by" and _is_listed_noun(draft, at - 1)):
            continue
        if draft.rank is not None and draft.rank.measure is not None and draft.word(at) != "by":
            continue
        metric = _metric_at(draft, noun)
        if metric is None:
            continue
        if draft.rank is None:
            draft.rank = Rank(direction="desc")
            dimension = draft.dimension_at(at - 1)
            if dimension is not None:
                draft.add_dimension(dimension)
                draft.claim(at - 1, at, "ranking")
        draft.rank.measure = draft.add_measure(Measure(metric=metric))
        draft.claim_free(at, noun + 1, "ranking")
        return


def _is_dimension_noun(draft: Draft, at: int) -> bool:
    """A noun that names something to split by, even though its count is a metric: "products by category"."""
    mention = draft.items[at].mention
    fields = mention.of(Kind.FIELD) if mention else ()
    return any(draft.model.field(s.target).is_dimension for s in fields)


def _metric_at(draft: Draft, at: int) -> str | None:
    metric = draft.sense(at, Kind.METRIC)
    if metric is not None:
        return metric.target
    dataset = draft.sense(at, Kind.DATASET)
    return draft.count_metric(dataset.target) if dataset else None


def _is_listed_noun(draft: Draft, at: int) -> bool:
    """A plural noun before "by METRIC" is listed by it; a metric there is split, unless it counts what can be listed."""
    item = draft.item(at)
    if item is None or not item.is_plural or draft.dimension_at(at) is None:
        return False
    name = draft.dataset_at(at)
    return draft.model.datasets[name].is_entity if name is not None else not item.has(Kind.METRIC)


def top_part(draft: Draft, rank: Rank, entity: str, metric: str) -> EntityCondition:
    """The entities of "the ten best customers", "the bottom 10 % of stores" as a condition."""
    low = rank.direction in ("asc", "worst")
    op: Comparator = "le" if low else "ge"
    if rank.percent is None:
        return EntityCondition(entity=entity, metric=metric, op=op, best=rank.n, window=draft.window)
    value = round(100 * rank.percent if low else 100 * (1 - rank.percent), 6)
    return EntityCondition(entity=entity, metric=metric, op=op, value=value, percentile=True, window=draft.window)
