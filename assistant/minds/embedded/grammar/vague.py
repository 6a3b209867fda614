"""Words without a limit of their own: "big baskets", "young members", "inactive customers".

Nothing in the model says where big begins, so each sensible limit is a reading of its own, and the person chooses.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.minds.embedded.grammar.draft import Draft, Rank
from assistant.minds.embedded.grammar.special import main_fact
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.wordlists import word_set
from tools.core.query.metric_query import EntityCondition, Filter, TimeWindow

_PERCENTILES = (90.0, 75.0)
_MUCH = frozenset({"big", "large", "heavy", "major", "high-value"})
_LITTLE = frozenset({"small", "light", "minor", "little"})
_IDLE = frozenset({"inactive", "lapsed", "dormant", "idle", "sleeping"})
_IDLE_DAYS = (30, 90, 180)
_MOST_BANDS = 3
_LATELY = frozenset({"lately", "recently"})
_LATELY_WINDOWS = (
    TimeWindow(period="last", unit="month"),
    TimeWindow(last_n=3, unit="month"),
    TimeWindow(last_n=7, unit="day"),
)
_PRAISE = word_set(
    "good great important importance engaged engagement strong strongest healthy winning well valuable matter matters proud success"
)
_BLAME = word_set("bad weak weakest poor struggling slow sick disappointing")
"""Judgements: which figure they go by, nothing in the question says."""


def read_vague(draft: Draft) -> None:
    """The first vague word of the question; its limit is that of `draft.choices`."""
    for at in range(len(draft.items)):
        if draft.free(at) and (_idle(draft, at) or _adjective(draft, at) or _lately(draft, at)):
            return


def read_judgement(draft: Draft) -> None:
    """ "good stores", "which members matter most": by which figure is for the person to say; what is judged is ranked by it."""
    if draft.measures or draft.find(Kind.DOES, Kind.FACT) or draft.counted is not None:
        return
    at = next((i for i in range(len(draft.items)) if draft.word(i) in _PRAISE | _BLAME and not draft.items[i].has(Kind.METRIC)), None)
    figures = [i for i in draft.find(Kind.METRIC) if not draft.items[i].has(Kind.DATASET, Kind.FIELD)]
    if at is None or figures:
        return
    low = draft.word(at) in _BLAME
    noun = at + 1 if draft.dimension_at(at + 1) is not None else None
    if noun is not None and draft.subject is None and not draft.dimensions:
        dimension = draft.dimension_at(noun)
        if dimension is not None:
            draft.add_dimension(dimension)
            draft.claim(noun, noun + 1, "grouping")
    if draft.dimensions or draft.subject is not None:
        draft.rank = draft.rank or Rank(direction="worst" if low else "best")
    draft.judged = True
    draft.claim(at, at + 1, "judgement")
    if draft.word(at + 1) == "most":
        draft.claim(at + 1, at + 2, "judgement")


def _lately(draft: Draft, at: int) -> bool:
    """ "lately": no period of its own."""
    if draft.items[at].text not in _LATELY or draft.window is not None:
        return False
    draft.window = _LATELY_WINDOWS[_chosen(draft, at, len(_LATELY_WINDOWS))]
    draft.claim(at, at + 1, "window")
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
    return True


def _noun_after(draft: Draft, at: int) -> str | None:
    """The entity that the adjective describes: the next noun, claimed or not."""
    if at + 1 >= len(draft.items) or not draft.items[at + 1].has(Kind.DATASET):
        return None
    name = draft.dataset_at(at + 1)
    return name if name is not None and draft.model.datasets[name].is_entity else None


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
    if mention is None and text in _MUCH | _LITTLE and default is not None and _per_entity(draft, default, entity):
        return default, None, text in _LITTLE
    return None, None, False


def _per_entity(draft: Draft, metric: str, entity: str) -> bool:
    return draft.world.reaches(draft.world.fact(metric), entity)


def _ends(order: Sequence[str], *, low: bool) -> list[tuple[str, ...]]:
    """The outermost band, the outermost two, three: at most half of all."""
    ordered = order if low else tuple(reversed(order))
    return [tuple(ordered[:n]) for n in range(1, min(_MOST_BANDS, len(order) // 2) + 1)]
