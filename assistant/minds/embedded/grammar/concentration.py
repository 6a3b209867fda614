"""How few make most: "what share of customers makes 80 % of revenue", "how concentrated is revenue among products"."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.wordlists import word_set
from tools.core.query.metric_query import ConcentrationSpec

_PART = word_set("share percentage percent proportion fraction portion part pct %")
_COUNT = word_set("many few number")
_BEFORE = word_set("how the smallest minimum minimal lowest least a what which only large big small")
_ARTICLES = word_set("the our all of my a total best top biggest largest")
_WHOLE = word_set("the our all of total overall my")
"""Between an amount and its figure. No "their": half of their orders is a matter of each customer alone."""
_MAKING = word_set(
    "make makes made making bring brings brought account accounts accounted generate generates generated contribute contributes "
    "contributed "
    "produce produces produced drive drives drove deliver delivers delivered earn earns earned give gives gave represent represents "
    "stand stands responsible behind provide provides provided reach cover covers yield yields"
)
_COMING = word_set("come comes came coming from made earned generated brought produced by driven due")
_AROUND = word_set(
    "up in for together us about around roughly nearly almost some at least more than over to the it take takes that who "
    "which are is do does did a by"
)
_FRACTIONS = {
    "half": 1 / 2, "a half": 1 / 2, "one half": 1 / 2, "a third": 1 / 3, "one third": 1 / 3, "two thirds": 2 / 3, "a quarter": 1 / 4,
    "one quarter": 1 / 4, "three quarters": 3 / 4, "three fourths": 3 / 4, "nine tenths": 9 / 10,
}  # fmt: skip
_CONCENTRATED = word_set("concentrated concentration pareto")
_BESIDE = word_set("is are how analysis curve of the our rule principle")
_FEW = word_set("the our a few handful only just different single individual")
_AMONG = word_set("among amongst across over on in by per between")


@dataclass(frozen=True, kw_only=True)
class _Span:
    """Items from start to before end, and what they say."""

    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class _Amount(_Span):
    """ "80 % of revenue"."""

    share: float
    metric: str


@dataclass(frozen=True, kw_only=True)
class _Asked(_Span):
    """ "what share of customers", "how many products", "20 % of customers"."""

    entity: str
    supposed: float | None


def read_concentration(draft: Draft) -> None:
    """Who makes an amount of a figure, asked in either order; else how concentrated a figure is."""
    if not (_of_an_amount(draft) or _how_concentrated(draft)):
        return
    assert draft.concentration is not None
    if not draft.world.reaches(draft.world.fact(draft.concentration.metric), draft.concentration.entity):
        draft.doubts.append("the figure is not known for each of them")


def _of_an_amount(draft: Draft) -> bool:
    amounts = [found for at in range(len(draft.items)) if (found := _amount(draft, at)) is not None]
    if not amounts:
        return False
    asked = [group for at in draft.find(Kind.DATASET, Kind.METRIC) if (group := _asked(draft, at)) is not None]
    for amount in amounts:
        for who in asked:
            making = _making(draft, who, amount)
            if making is None or draft.world.lexicon.counted_by(amount.metric) == who.entity:
                continue
            beside = _beside_the_best(draft, amount.end)
            draft.claim_free(amount.end - 1, amount.end, "metric")
            for span in (who, making, amount, *([beside] if beside is not None else [])):
                draft.claim_free(span.start, span.end, "concentration")
            supposed = beside.share if beside is not None else who.supposed
            draft.concentration = ConcentrationSpec(entity=who.entity, metric=amount.metric, share=amount.share, of_entities=supposed)
            return True
    return False


def _amount(draft: Draft, at: int) -> _Amount | None:
    item = draft.item(at)
    if item is None:
        return None
    share, end = None, at + 1
    if item.number is not None and item.number.unit == "percent":
        share = item.number.value
    else:
        for width in (2, 1):
            text = " ".join(i.text for i in draft.items[at : at + width])
            if text in _FRACTIONS:
                share, end = _FRACTIONS[text], at + width
                break
    if share is None or not 0 < share <= 1:
        return None
    figure = draft.skip(end, _WHOLE)
    named = draft.item(figure)
    if named is None or not named.has(Kind.METRIC):
        return None
    sense = draft.sense(figure, Kind.METRIC)
    return _Amount(start=at, end=figure + 1, share=share, metric=sense.target) if sense is not None else None


def _asked(draft: Draft, at: int) -> _Asked | None:
    """The entity at `at`, when the words before it ask how many, which part, or suppose a part of them."""
    entity = draft.dataset_at(at) or _counted(draft, at)
    if entity is None or not draft.model.datasets[entity].is_entity:
        return None
    if draft.word(at).startswith("number of "):
        return _Asked(start=draft.back(at, _BEFORE) + 1, end=at + 1, entity=entity, supposed=None)
    before = draft.back(at, _ARTICLES)
    item = draft.item(before)
    if item is None:
        return None
    supposed = item.number.value if item.number is not None and item.number.unit == "percent" else None
    if supposed is None and item.text not in _PART and item.text not in _COUNT:
        return None
    start = draft.back(before, _BEFORE) + 1
    if item.text in ("many", "few") and draft.word(before - 1) != "how":
        return None
    return _Asked(start=start, end=at + 1, entity=entity, supposed=supposed if supposed and supposed <= 1 else None)


def _counted(draft: Draft, at: int) -> str | None:
    """The entity of a phrase that counts it: "number of members"."""
    sense = draft.sense(at, Kind.METRIC)
    return draft.world.lexicon.counted_by(sense.target) if sense is not None else None


def _making(draft: Draft, who: _Asked, amount: _Amount) -> _Span | None:
    """The verb between the two: from it to the amount, or from the amount to who is asked for, nothing else is said."""
    if who.end <= amount.start:
        verbs = [at for at in range(who.end, amount.start) if _is(draft, at, _MAKING, some=True)]
        if not verbs or not all(_is(draft, at, _MAKING | _AROUND) for at in range(verbs[0], amount.start)):
            return None
        return _Span(start=draft.back(verbs[0], _AROUND) + 1, end=amount.start)
    if amount.end <= who.start:
        between = range(amount.end, who.start)
        coming = any(_is(draft, at, _COMING, some=True) for at in between)
        if coming and all(_is(draft, at, _COMING | _AROUND) for at in between):
            return _Span(start=amount.end, end=who.start)
    return None


def _is(draft: Draft, at: int, words: frozenset[str], *, some: bool = False) -> bool:
    """Whether an unclaimed item has these words alone: an item may be a phrase of the model, such as "bring in"."""
    said = draft.word(at).split()
    return any(w in words for w in said) if some else bool(said) and all(w in words for w in said)


def _beside_the_best(draft: Draft, at: int) -> _Amount | None:
    """ ", beside the best 20 %", as the sentence of a plan says it."""
    begin = draft.skip(at, (",",))
    after = draft.match(begin, [("beside", "the", "best")])
    item = draft.item(after)
    if after == begin or item is None or item.number is None or item.number.unit != "percent":
        return None
    return _Amount(start=begin, end=after + 1, share=item.number.value, metric="")


def _how_concentrated(draft: Draft) -> bool:
    """ "concentration of revenue by product"; without an entity the customers are meant."""
    at = next((i for i in range(len(draft.items)) if draft.word(i) in _CONCENTRATED), -1)
    noun = next((i for i in draft.find(Kind.DATASET) if _among(draft, i)), -1) if at >= 0 else -1
    if at < 0 or (noun < 0 and any(_among(draft, i) for i in draft.find(Kind.FIELD))):
        return False  # "how concentrated is revenue by region": parts that are no entities, a matter of shares
    entity = draft.dataset_at(noun) if noun >= 0 else draft.customer
    figures = [i for i in draft.find(Kind.METRIC) if i != noun and _counted(draft, i) != entity]
    figure = next((i for i in figures if _close(draft, at, i)), -1)
    sense = draft.sense(figure, Kind.METRIC) if figure >= 0 else None
    if sense is None or entity is None or not draft.model.datasets[entity].is_entity:
        return False
    draft.concentration = ConcentrationSpec(entity=entity, metric=sense.target)
    draft.notes.append(f"Concentrated: how few {draft.model.datasets[entity].plural} make {100 * draft.concentration.share:g} %.")
    draft.claim(figure, figure + 1, "metric")
    first, last = min(at, figure), max(at, figure)
    beside = [i for i in range(first - 2, last + 2) if draft.word(i) in _BESIDE]
    before = range(draft.back(noun, _FEW), noun + 1) if noun >= 0 else range(0)
    for place in (*range(first, last + 1), *beside, *before):
        draft.claim_free(place, place + 1, "concentration")
    return True


def _close(draft: Draft, one: int, other: int) -> bool:
    """Only small words, or an entity, stand between the two."""
    low, high = sorted((one, other))
    return all(_is(draft, i, _BESIDE | _AMONG) or draft.items[i].has(Kind.DATASET) for i in range(low + 1, high))


def _among(draft: Draft, at: int) -> bool:
    return draft.word(draft.back(at, _FEW)) in _AMONG
