"""Words without a limit of their own: "big baskets", "young members", "inactive customers".

Nothing in the model says where big begins, so each sensible limit is a reading of its own, and the person chooses.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.minds.embedded.grammar.draft import Draft, Rank
from assistant.minds.embedded.grammar.special import main_fact
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.wordlists import filler_words, grammar_words, ordinary_words, shape_words, words_by_role
from tools.core.query.metric_query import DimensionRef, EntityCondition, Filter, Grain, Measure, TimeWindow
from tools.core.semantics.model import MetricFormat

_PERCENTILES = (90.0, 75.0)
_MUCH = frozenset({"big", "large", "heavy", "major", "high-value"})
_LITTLE = frozenset({"small", "light", "minor", "little"})
_IDLE = frozenset({"inactive", "lapsed", "dormant", "idle", "sleeping"})
_IDLE_DAYS = (30, 90, 180)
_MOST_BANDS = 3
_COMPARING = frozenset({"how", "more", "less", "as", "so", "most", "least"})
_NEAR = 4
"""So many items at most stand between what is done and how often: "buy coffee in Lyon often"."""
_MOST_CALLED = 10
"""With more figures of the same name, the word says nothing about any of them."""
_SHORT_DAYS = 62
_KINDS = frozenset({"rate", "time", "share", "score"})
"""What the figures called so may all be: the "abandonment rate" of carts and of calls."""
_WHEN = (Grain.MONTH, Grain.DAY_OF_WEEK, Grain.DAY)
_WHEN_SHORT = (Grain.DAY, Grain.DAY_OF_WEEK)
"""What a "when" may ask for, over a long and over a short time."""
_LATELY_WINDOWS = (
    TimeWindow(period="last", unit="month"),
    TimeWindow(last_n=3, unit="month"),
    TimeWindow(last_n=7, unit="day"),
)
_ROLES = words_by_role("vague")
_LATELY, _TAKING = _ROLES["lately"], _ROLES["taking"]
_PRAISE, _BLAME, _STATE = _ROLES["praise"], _ROLES["blame"], _ROLES["state"]
"""Judgements and states: which figure they go by, nothing in the question says."""


def read_vague(draft: Draft) -> None:
    """The first vague word of the question; its limit is that of `draft.choices`."""
    for at in range(len(draft.items)):
        if draft.free(at) and any(read(draft, at) for read in (_idle, _adjective, _adverb, _lately, _when)):
            return


def read_judgement(draft: Draft) -> None:
    """ "good stores", "which members matter most", "performance of Lyon": by which figure is for the person to say."""
    if draft.measures or draft.find(Kind.DOES, Kind.FACT) or draft.counted is not None:
        return
    figures = [i for i in draft.find(Kind.METRIC) if not draft.items[i].has(Kind.DATASET, Kind.FIELD)]
    words = _PRAISE | _BLAME | _STATE
    found = [i for i in range(len(draft.items)) if draft.word(i) in words and not draft.items[i].has(Kind.METRIC, Kind.VALUE, Kind.FILTER)]
    ranked = draft.rank is not None and _ranks_by_nothing(draft)
    if figures or not (found or ranked):
        return
    if found:
        _rank_judged(draft, found)
    draft.judged = True
    for at in found:
        draft.claim(at, at + 1, "judgement")
        if draft.word(at + 1) == "most":
            draft.claim(at + 1, at + 2, "judgement")


def read_unsaid_figure(draft: Draft) -> None:
    """ "the costs", "how long did it take": several figures are called so, and which one is for the person to say."""
    figures = draft.find(Kind.METRIC, Kind.DOES, Kind.ABSENT)
    named = [i for i in figures if not draft.items[i].has(Kind.DATASET, Kind.FIELD) and draft.word(i) not in _TAKING]
    if draft.measures or named or draft.judged or draft.has_own_result or draft.is_fragment:
        return
    for at in range(len(draft.items)):
        if any(draft.phrase(at, ("how", word)) for word in ("long", "quickly", "fast")):
            found = [m.name for m in draft.model.metrics.values() if m.format is MetricFormat.DURATION]
            end = at + 2
        else:
            found = _called(draft, at)
            end = at + 1 + (draft.word(at + 1) in _KINDS)
        if 1 < len(found) <= _MOST_CALLED:
            draft.candidates, draft.judged = tuple(found), True
            draft.claim(at, end, "judgement")
            for i in range(end, len(draft.items) if end > at + 1 else end):
                if draft.word(i) in _TAKING:
                    draft.claim(i, i + 1, "judgement")
            return


def _called(draft: Draft, at: int) -> list[str]:
    """Figures in whose names the unknown word at `at` stands: the "cost per click" and the "action cost" of "costs"."""
    item = draft.item(at)
    if item is None or item.mention is not None or item.number is not None or item.time is not None or not item.text.isalpha():
        return []
    if item.text in grammar_words() | filler_words() | ordinary_words() | shape_words():
        return []
    forms = {item.text, f"{item.text}s", item.text.removesuffix("s")}
    rated = draft.word(at + 1) if draft.word(at + 1) in _KINDS else ""
    return [m.name for m in draft.model.metrics.values() if forms & set(words := m.label.lower().split()) and (not rated or rated in words)]


def _rank_judged(draft: Draft, found: Sequence[int]) -> None:
    """What is called good or bad is listed by the figure, best (worst) first."""
    judging = [i for i in found if draft.word(i) in _PRAISE | _BLAME]
    if not judging:
        _split_by_noun(draft)
        return
    noun = next((i + 1 for i in judging if draft.dimension_at(i + 1) is not None), None)
    dimension = draft.dimension_at(noun) if noun is not None else None
    if noun is not None and dimension is not None and draft.subject is None and not draft.dimensions:
        draft.add_dimension(dimension)
        draft.claim(noun, noun + 1, "grouping")
    if draft.dimensions or draft.subject is not None:
        low = any(draft.word(i) in _BLAME for i in judging)
        draft.rank = draft.rank or Rank(direction="worst" if low else "best")


def _split_by_noun(draft: Draft) -> None:
    """ "How did the studios perform": each of them."""
    if draft.dimensions or draft.subject is not None:
        return
    at = next((i for i in draft.find(Kind.DATASET) if draft.items[i].is_plural and draft.word(i - 1) in ("the", "our")), None)
    dimension = draft.dimension_at(at) if at is not None else None
    if at is not None and dimension is not None:
        draft.add_dimension(dimension)
        draft.claim(at, at + 1, "grouping")


def _ranks_by_nothing(draft: Draft) -> bool:
    """ "top products", "our best store": neither a figure nor a number of rows; a best month is that of the default figure."""
    rank = draft.rank
    if rank is None or rank.measure is not None or rank.percent is not None or draft.is_fragment or draft.change is not None:
        return False
    judges = any(c == "ranking" and i.text in _ROLES["superlative"] for c, i in zip(draft.claims, draft.items, strict=True))
    numbered = rank.n is not None and rank.n > 1
    noun = rank.noun or (draft.subject.dimension if draft.subject is not None else None)
    return judges and isinstance(noun, DimensionRef) and not numbered and not draft.dimensions[1:]


def _lately(draft: Draft, at: int) -> bool:
    """ "lately": no period of its own."""
    if draft.items[at].text not in _LATELY or draft.window is not None:
        return False
    draft.window = _LATELY_WINDOWS[_chosen(draft, at, len(_LATELY_WINDOWS))]
    draft.claim(at, at + 1, "window")
    return True


def _when(draft: Draft, at: int) -> bool:
    """ "When are we busiest?": the day, the weekday or the hour."""
    rank = draft.rank
    if draft.items[at].text != "when" or rank is None or rank.noun is not None or draft.dimensions or draft.subject is not None:
        return False
    if not draft.measures:
        return False
    span = draft.world.calendar.resolve(draft.window) if draft.window is not None else None
    grains = _WHEN_SHORT if span is not None and span.days <= _SHORT_DAYS else _WHEN
    grain = grains[_chosen(draft, at, len(grains))]
    draft.add_dimension(grain)
    rank.noun, rank.n = grain, rank.n or 1
    draft.claim(at, at + 1, "grouping")
    return True


def _chosen(draft: Draft, at: int, count: int) -> int:
    start = draft.items[at].start
    draft.open_choices[start] = count
    return min(draft.choices.get(start, 0), count - 1)


def _idle(draft: Draft, at: int) -> bool:
    entity = draft.customer
    fact = main_fact(draft, entity) if entity else None
    if draft.items[at].text not in _IDLE or entity is None or fact is None:
        return False
    days = _IDLE_DAYS[_chosen(draft, at, len(_IDLE_DAYS))]
    draft.entity_conditions.append(EntityCondition(entity=entity, fact=fact, op="eq", value=0, window=TimeWindow(last_n=days, unit="day")))
    draft.claim(at, at + 1, "condition")
    return True


def _adjective(draft: Draft, at: int) -> bool:
    entity = _noun_after(draft, at)
    if entity is None:
        return False
    metric, field, low = _target(draft, at, entity)
    if field is not None:
        bands = _ends(draft.model.field(field).order, low=low)
        if not bands:
            return False
        values = bands[_chosen(draft, at, len(bands))]
        draft.filters.append(Filter(field=field, op="in", values=values))
    elif metric is not None:
        value = _PERCENTILES[_chosen(draft, at, len(_PERCENTILES))]
        condition = EntityCondition(
            entity=entity,
            metric=metric,
            op="le" if low else "ge",
            value=100 - value if low else value,
            percentile=True,
            window=draft.window,
        )
        draft.entity_conditions.append(condition)
    else:
        return False
    draft.claim(at, at + 1, "condition")
    counting = draft.count_metric(entity)
    asked = any(draft.items[i].text in ("many", "number", "count") for i in range(at))
    if not draft.measures and counting is not None and asked:
        draft.add_measure(Measure(metric=counting))  # "How many regulars": the noun is the adjective's
    return True


def read_described_groups(draft: Draft) -> None:
    """ "Expensive departments", "busy regions": groups that are no rows of their own are ranked by the figure of the adjective."""
    for at in range(len(draft.items) - 1):
        if draft.free(at) and _of_groups(draft, at):
            return


def _of_groups(draft: Draft, at: int) -> bool:
    dimension = draft.dimension_at(at + 1) if draft.free(at + 1) else None
    mention = draft.items[at].mention
    senses = [s for s in mention.of(Kind.MORE, Kind.LESS) if s.target in draft.model.metrics and not s.degree] if mention else []
    free = not (draft.measures or draft.dimensions or draft.rank is not None or draft.subject is not None)
    if dimension is None or not senses or not free or draft.items[at + 1].has(Kind.DATASET) or draft.is_fragment:
        return False
    draft.add_dimension(dimension)
    draft.add_measure(Measure(metric=senses[0].target))
    draft.rank = Rank(direction="asc" if senses[0].kind is Kind.LESS else "desc", sorts=True)
    draft.claim(at, at + 1, "metric")
    draft.claim(at + 1, at + 2, "grouping")
    return True


def _adverb(draft: Draft, at: int) -> bool:
    """ "Members who book often", "people who buy a lot": where often begins, nobody said."""
    much = draft.word(at) in _ROLES["much_done"] or draft.phrase(at, ("a", "lot"))
    low = draft.word(at) in _ROLES["little_done"]
    if not (much or low) or draft.word(at - 1) in _COMPARING:
        return False
    done = [c for c in draft.entity_conditions if c.fact is not None and (c.op, c.value) == ("ge", 1) and not (c.distinct or c.every)]
    near = any(claim == "condition" for claim in draft.claims[max(0, at - _NEAR) : at + 2])
    fact = main_fact(draft, done[0].entity) if len(done) == 1 and near else None
    metric = draft.count_metric(fact) if fact is not None else None
    if metric is None:
        return False
    value = _PERCENTILES[_chosen(draft, at, len(_PERCENTILES))]
    often = done[0].model_copy(
        update={"fact": None, "metric": metric, "percentile": True, "op": "le" if low else "ge", "value": 100 - value if low else value}
    )
    draft.entity_conditions = [often if c is done[0] else c for c in draft.entity_conditions]
    draft.claim(at, at + (2 if draft.word(at) == "a" else 1), "condition")
    return True


def _noun_after(draft: Draft, at: int) -> str | None:
    """What the adjective describes, as far as it holds rows of something: the next noun, claimed or not; "regulars" are customers."""
    item = draft.items[at]
    if item.text in _ROLES["often"] and item.is_plural and not item.has(Kind.DATASET, Kind.FIELD, Kind.METRIC, Kind.VALUE):
        return draft.customer
    if at + 1 >= len(draft.items) or not draft.items[at + 1].has(Kind.DATASET):
        return None
    name = draft.dataset_at(at + 1)
    return name if name is not None and draft.world.holds_rows(name) else None


def _target(draft: Draft, at: int, entity: str) -> tuple[str | None, str | None, bool]:
    """(metric, ordinal field, whether low values are meant) of the adjective at `at`, as far as the entity has them."""
    mention = draft.items[at].mention
    for sense in mention.of(Kind.MORE, Kind.LESS) if mention else ():
        low = sense.kind is Kind.LESS
        if sense.degree:
            continue
        if sense.target in draft.model.metrics:
            if _per_entity(draft, sense.target, entity):
                return sense.target, None, low
        elif draft.model.field(sense.target).order:
            return None, sense.target, low
    text, default = draft.items[at].text, draft.model.settings.default_metric
    fact = main_fact(draft, entity) if text in _ROLES["often"] | _ROLES["seldom"] and mention is None else None
    counting = draft.count_metric(fact) if fact is not None else None
    if counting is not None:
        return counting, None, text in _ROLES["seldom"]
    if mention is None and text in _MUCH | _LITTLE and default is not None and _per_entity(draft, default, entity):
        return default, None, text in _LITTLE
    return None, None, False


def _per_entity(draft: Draft, metric: str, entity: str) -> bool:
    return draft.world.reaches(draft.world.fact(metric), entity)


def _ends(order: Sequence[str], *, low: bool) -> list[tuple[str, ...]]:
    """The outermost band, the outermost two, three: at most half of all."""
    ordered = order if low else tuple(reversed(order))
    return [tuple(ordered[:n]) for n in range(1, min(_MOST_BANDS, len(order) // 2) + 1)]
