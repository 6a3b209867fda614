"""Words that repeat what the plan says already: a measure's verb, its fact's noun, the unit, "compare"."""

from __future__ import annotations

from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.grammar.special import main_fact
from assistant.minds.embedded.grammar.values import COMPARATIVES
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.wordlists import word_set
from tools.core.semantics.model import MetricFormat

_CURRENCIES = {
    "USD": frozenset({"dollars", "dollar", "usd", "bucks", "money"}),
    "EUR": frozenset({"euros", "euro", "eur", "money"}),
    "GBP": frozenset({"pounds", "gbp", "quid", "money"}),
}
"""Other currencies than the model's are left over: nothing is converted."""
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
    facts |= {draft.world.fact(c.metric) for c in draft.entity_conditions if c.metric is not None}
    for at in draft.find(Kind.DOES, Kind.FACT, Kind.DATASET):
        item = draft.items[at]
        assert item.mention is not None
        for sense in item.mention.of(Kind.DOES, Kind.FACT, Kind.DATASET):
            if _is_asked_for(draft, at):
                break
            if _repeats(draft, sense.kind, sense.target, facts):
                draft.claim(at, at + 1, "support")
                break


def _is_asked_for(draft: Draft, at: int) -> bool:
    """A noun listed beside figures ("income, visits and class"), or split by one ("members by number of bookings"), repeats none."""
    if not draft.items[at].has(Kind.DATASET):
        return False
    listed = draft.word(at - 1) in ("and", "&", "plus") and at > 1 and draft.claims[at - 2] == "metric"
    split = draft.word(at + 1) == "by" and at + 2 < len(draft.items) and draft.claims[at + 2] in ("count", "metric") and draft.rank is None
    return listed or split


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


def in_money(draft: Draft) -> bool:
    """ "the appetite for yoga, in euros": the unit says that money is asked for."""
    currency = _CURRENCIES.get(draft.model.settings.currency or "", frozenset()) - {"money"}
    return any(draft.word(at) in currency and draft.word(at - 1) == "in" for at in range(1, len(draft.items)))


def _ends_clause(draft: Draft, at: int) -> bool:
    return at >= len(draft.items) or draft.items[at].text in (",", ";", ":", "please", "separately", "individually")


def _repeats(draft: Draft, kind: Kind, target: str, facts: set[str | None]) -> bool:
    done = draft.world.fact(target) if kind is Kind.DOES else target
    facts = {f for f in facts if f is None or kind is Kind.DATASET or not _is_deed_of(draft, f, done)}
    if kind is Kind.DOES:
        fact = draft.world.fact(target)
        return bool(draft.measures) and any(f == fact or (f is not None and fact is not None and _related(draft, f, fact)) for f in facts)
    if kind is Kind.FACT:
        return any(f is not None and _related(draft, f, target) for f in facts)
    conditioned = {c.entity for c in draft.entity_conditions} | {draft.counted}
    return bool(draft.measures or draft.judged) and (
        target == draft.customer or target in conditioned or any(f is not None and draft.world.reaches(f, target) for f in facts)
    )


def _is_deed_of(draft: Draft, entity: str, fact: str | None) -> bool:
    """Whether a verb says something of counted people that their number does not: "called us", where those are counted who order."""
    main = main_fact(draft, entity) if draft.model.datasets[entity].is_entity else None
    if main is None or fact is None or fact == entity:
        return False
    return not (draft.world.reaches(fact, main) or draft.world.reaches(main, fact))


def _related(draft: Draft, one: str, other: str) -> bool:
    return draft.world.reaches(one, other) or draft.world.reaches(other, one)
