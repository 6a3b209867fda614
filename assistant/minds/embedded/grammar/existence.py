"""Who did what: "bought deli", "never redeemed a coupon", "came at least 3 times", "bought milk but not bread".

A clause is a verb of a fact with its subject before it and its objects after it. It keeps those entities whose own rows pass.
"""

from __future__ import annotations

from dataclasses import dataclass

from assistant.minds.embedded.grammar.comparators import Bound, read_bound
from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.grammar.values import filters_of, value_at
from assistant.minds.embedded.lexicon import Kind
from tools.core.query.metric_query import EntityCondition, Filter, TimeWindow

_NEGATIONS = frozenset({"not", "never", "without", "no", "none"})
_BEFORE_VERB = frozenset(
    "who that which have has had did do does also ever only been were was are is just already still not never actually then and but or made make being to".split()
)
_AFTER_VERB = frozenset(
    "the a an any some our from in on at of for with something anything anyone products product items item both either ever also goods more than once".split()
)
_STOP = frozenset({"by", "per", "each", "every", "who", "that", "which", "split", "broken", "grouped", "how", "compared", "vs", "versus", "?", ";"})
_WITH = frozenset({"with", "having", "without", "has", "have", "had", "made", "make"})


@dataclass(frozen=True, kw_only=True)
class _Clause:
    entity: str
    fact: str
    verb: int
    begin: int
    """First item of the clause, after its subject."""
    negated: bool


def read_existence(draft: Draft) -> None:
    """Turns clauses about what entities did into conditions on them."""
    entity: str | None = None
    last_end = -1
    for at in range(len(draft.items)):
        if not draft.free(at) or not draft.items[at].has(Kind.FACT):
            continue
        clause = _clause_at(draft, at, entity, last_end)
        if clause is None or _is_measured(draft, clause):
            continue
        last_end = _consume(draft, clause)
        entity = clause.entity
    _with_noun(draft)


def _clause_at(draft: Draft, verb: int, entity: str | None, last_end: int) -> _Clause | None:
    begin = verb
    negated = False
    while begin > 0 and not draft.claims[begin - 1] and draft.items[begin - 1].text in _BEFORE_VERB | _NEGATIONS:
        begin -= 1
        negated = negated or draft.items[begin].text in _NEGATIONS
    sense = draft.sense(verb, Kind.FACT)
    if sense is None:
        return None
    subject = subject_before(draft, begin)
    if subject is None and entity is not None and (begin == last_end or draft.items[begin].text in ("and", "but", "or")):
        subject = entity
    if subject is None or not draft.world.reaches(sense.target, subject) or subject == sense.target:
        return None
    return _Clause(entity=subject, fact=sense.target, verb=verb, begin=begin, negated=negated)


def subject_before(draft: Draft, begin: int) -> str | None:
    """The entity whose noun (or "who") stands just before the verb, time expressions and descriptions aside."""
    at = begin - 1
    while at >= 0:
        item = draft.items[at]
        if item.has(Kind.DATASET):
            sense = draft.sense(at, Kind.DATASET)
            return sense.target if sense and draft.model.datasets[sense.target].is_entity else None
        if draft.subject is not None and at == draft.subject.at:
            return draft.subject.dataset
        if item.time is None and not item.has(Kind.VALUE, Kind.FILTER) and item.text not in ("in", "with", "aged", ","):
            return None
        at -= 1
    return None


def _is_measured(draft: Draft, clause: _Clause) -> bool:
    """ "which products were bought most", "how many products were bought": the verb says what is measured, not who is kept."""
    if clause.negated or clause.entity == draft.customer:
        following = {draft.word(i) for i in range(clause.verb + 1, len(draft.items))}
        ranked = bool(following & {"most", "least", "best"}) and draft.subject is not None and draft.subject.dataset == clause.entity
        return ranked and not clause.negated
    return True


def _consume(draft: Draft, clause: _Clause) -> int:
    """Claims the clause's words, adds its condition; returns the index after it."""
    at = clause.verb + 1
    bound: Bound | None = None
    filters: list[Filter] = []
    window: TimeWindow | None = None
    end = at
    negated = clause.negated
    while at < len(draft.items) and draft.free(at):
        found = read_bound(draft, at)
        if found is not None and bound is None and (found.unit == "times" or _counts_fact(draft, found.end, clause.fact)):
            bound = found
            at = found.end + (0 if found.unit == "times" else 1)
        elif (run := filters_of(draft, at, clause.fact)) is not None:
            filters.extend(run.filters)
            at = run.end
        elif draft.items[at].time is not None and draft.items[at].time.window is not None and window is None:  # type: ignore[union-attr]
            window = draft.items[at].time.window  # type: ignore[union-attr]
            at += 1
        elif draft.items[at].has(Kind.DATASET) and _belongs(draft, at, clause.fact):
            at += 1
        elif draft.word(at) in _AFTER_VERB and draft.word(at) not in _STOP:
            at += 1
            continue
        elif draft.word(at) in ("no", "nothing", "none"):
            negated, at = True, at + 1
        else:
            break
        end = at
    if bound is None and negated:
        bound = Bound(op="eq", value=0, end=end)
    draft.claim_free(clause.begin, end, "condition")
    op, value = (bound.op, bound.value) if bound else ("ge", 1.0)
    condition = EntityCondition(entity=clause.entity, fact=clause.fact, filters=tuple(filters), window=window, op=op, value=value)
    draft.entity_conditions.append(condition)
    return end


def _counts_fact(draft: Draft, at: int, fact: str) -> bool:
    """ "at least 3 visits": the noun after the number is the fact itself."""
    item = draft.item(at)
    sense = draft.sense(at, Kind.DATASET) if item is not None else None
    return sense is not None and sense.target == fact


def _belongs(draft: Draft, at: int, fact: str) -> bool:
    """ "redeemed a coupon": the object noun is the fact's own kind of thing."""
    sense = draft.sense(at, Kind.DATASET)
    return sense is not None and draft.world.reaches(fact, sense.target) and value_at(draft, at) is None


def _with_noun(draft: Draft) -> None:
    """ "customers with no visits", "members without a booking": a noun of the fact instead of a verb."""
    for at in range(1, len(draft.items)):
        if draft.word(at) not in _WITH:
            continue
        subject = subject_before(draft, at)
        noun = draft.skip(at + 1, {"no", "a", "an", "any", "not", "zero"})
        sense = draft.sense(noun, Kind.DATASET) if draft.free(noun) else None
        negated = draft.word(at) == "without" or any(draft.word(i) in ("no", "zero") for i in range(at + 1, noun))
        if subject is None or sense is None or sense.target == subject or not draft.world.reaches(sense.target, subject):
            continue
        clause = _Clause(entity=subject, fact=sense.target, verb=noun, begin=at, negated=negated)
        _consume(draft, clause)
