"""What entities have and hold: "customers with no visits", "had neither a ticket nor a return", "baskets with fuel but no grocery".

Clauses without a verb of their own: a noun of the fact, or what an event contains.
"""

from __future__ import annotations

from dataclasses import replace

from assistant.minds.embedded.grammar.comparators import read_bound
from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.grammar.existence import add_clause, elliptic, share_window, subject_before
from assistant.minds.embedded.grammar.objects import NEGATIONS, Clause, with_objects
from assistant.minds.embedded.grammar.values import ValueRun, filters_of, named_filter
from assistant.minds.embedded.grammar.verbs import verb_phrase
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.wordlists import word_set
from tools.core.query.metric_query import DimensionRef, EntityCondition
from tools.core.semantics.model import MetricFormat

_WITH = frozenset({"with", "having", "without", "has", "have", "had", "made", "make"})
_GETTING = frozenset({"see", "have", "get", "make", "record", "receive", "had", "made", "seen", "got", "recorded", "received"})
_HAPPENED = word_set("got get gets received receive receives suffered experienced saw left gave given filed made placed reported faced")
_ONE = frozenset({"a", "an", "any", "no", "some"})
_CONTAINING = word_set(
    "hold holds held contain contains contained containing include includes included including with having have has had without"
)
_NO = frozenset({"no", "a", "an", "any", "not", "zero", "0", "neither", "either"})


def read_holding(draft: Draft) -> None:
    """Turns what entities have into conditions on them."""
    _with_noun(draft)
    _containing(draft)


def _with_noun(draft: Draft) -> None:
    """ "customers with no visits", "members without a booking": a noun of the fact instead of a verb."""
    for at in range(1, len(draft.items)):
        denied = draft.word(at) in _GETTING and draft.word(at - 1) in NEGATIONS
        if draft.word(at) not in _WITH and not denied:
            continue
        begin = verb_phrase(draft, at)[0] if denied else at
        subject = subject_before(draft, begin)
        bound = read_bound(draft, at + 1) if subject is not None else None
        noun = bound.end if bound is not None else draft.skip(at + 1, _NO if subject else ())
        described = _described(draft, noun) if subject is not None else None
        noun = described.end if described is not None else noun
        mention = draft.items[noun].mention if draft.free(noun) else None
        senses = mention.of(Kind.DATASET) if mention else ()
        words = {draft.word(i) for i in range(at + 1, noun)}
        facts = [s.target for s in senses if subject is not None and s.target != subject and draft.world.reaches(s.target, subject)]
        shown = bound is not None and draft.subject is not None and draft.subject.dataset == subject
        if subject is None or not facts or shown or (bound is not None and bound.unit is not None):
            continue  # A figure of what the result lists is shown and compared in the result itself.
        negated = denied or draft.word(at) == "without" or (bound is None and bool(words & {"no", "zero", "0", "neither"}))
        said = Clause(entity=subject, fact=facts[0], negated=negated, begin=begin, end=noun + 1, bound=bound, by_noun=True)
        clause = with_objects(draft, said, noun + 1)
        if clause is not None and described is not None:
            clause = replace(clause, filters=(*described.filters, *clause.filters))
        if clause is not None:
            add_clause(draft, clause)
            _nor(draft, clause)


def read_held_figures(draft: Draft) -> None:
    """ "customers who received a late parcel", "with an abandoned call": a figure that counts some rows of a fact, said of one of them."""
    for at in range(2, len(draft.items)):
        article = draft.word(at - 1)
        item = draft.item(at)
        if item is None or not item.has(Kind.METRIC) or item.has(Kind.DATASET) or article not in _ONE:
            continue
        verb = at - 2
        light = draft.word(verb) in _HAPPENED or draft.word(verb) in _WITH | {"without", "with"}
        begin, denied = verb_phrase(draft, verb) if light else (verb, False)
        subject = (subject_before(draft, begin) or (draft.customer if draft.counted == draft.customer else None)) if light else None
        sense = draft.sense(at, Kind.METRIC)
        if (
            subject is None
            or sense is None
            or draft.metric(sense.target).format is not MetricFormat.NUMBER
            or "/" in draft.metric(sense.target).expression
        ):
            continue
        fact = draft.world.fact(sense.target)
        if fact is None or fact == subject or not draft.world.reaches(fact, subject):
            continue
        denied = denied or draft.word(verb) == "without" or article == "no"
        after = draft.item(at + 1)
        window = after.time.window if after is not None and after.time is not None else None
        draft.claim_free(begin, at + 1 + (window is not None), "condition")
        draft.entity_conditions.append(
            EntityCondition(entity=subject, metric=sense.target, op="eq" if denied else "ge", value=0 if denied else 1, window=window)
        )


def _described(draft: Draft, at: int) -> ValueRun | None:
    """The open of "more than three open tickets", the web of "no web orders": values of the rows that the noun after them means."""
    item = draft.item(at)
    if item is None or not item.has(Kind.VALUE, Kind.FILTER) or item.has(Kind.DATASET):
        return None
    for noun in range(at + 1, min(at + 3, len(draft.items))):
        mention = draft.items[noun].mention if draft.free(noun) else None
        for sense in mention.of(Kind.DATASET) if mention else ():
            run = filters_of(draft, at, sense.target)
            if run is not None and run.end == noun and all(draft.world.reaches(sense.target, f.field.split(".")[0]) for f in run.filters):
                return run
    return None


def _nor(draft: Draft, last: Clause) -> None:
    """The "nor a return" of "had neither a ticket nor a return"."""
    noun = draft.skip(last.end, _NO | {"nor", "or"})
    item = draft.item(noun)
    if not last.negated or draft.word(last.end) not in ("nor", "or") or item is None or item.mention is None:
        return
    facts = [s.target for s in item.mention.of(Kind.DATASET) if s.target != last.entity and draft.world.reaches(s.target, last.entity)]
    if not facts:
        return
    clause = with_objects(draft, Clause(entity=last.entity, fact=facts[0], negated=True, begin=last.end, end=noun + 1), noun + 1)
    if clause is not None:
        if clause.windows and not last.windows:
            share_window(draft, last, clause.windows[0])
        add_clause(draft, clause)


def _containing(draft: Draft) -> None:
    """ "baskets with fuel but no grocery": what an event contains, where that is not a property of the event itself."""
    for at in range(1, len(draft.items)):
        if draft.word(at) not in _CONTAINING or named_filter(draft, at) is not None:
            continue
        subject = subject_before(draft, at)
        if subject == draft.customer and draft.word(at) in ("hold", "holds", "held"):
            continue  # What people hold they need not have bought.
        if subject is not None and (several := _holding_several(draft, subject, at)) is not None:
            add_clause(draft, several)
            continue
        begin = draft.skip(at + 1, ("both", "no", "any", "some", "a", "an", "only", "nothing", "but"))
        fact = _holder(draft, subject, begin) if subject is not None else None
        if subject is None or fact is None:
            continue
        negated = draft.word(at) == "without" or draft.word(at + 1) == "no"
        only = bool({draft.word(i) for i in range(at, begin)} & {"only", "but"})
        clause = with_objects(draft, Clause(entity=subject, fact=fact, negated=negated, begin=at, end=begin, only=only), begin)
        if clause is not None:
            add_clause(draft, clause)
        while clause is not None:
            clause = elliptic(draft, clause)


def _holding_several(draft: Draft, entity: str, at: int) -> Clause | None:
    """ "orders that contain more than one category": how many different ones; of what is listed, the figure is shown and compared."""
    if draft.subject is not None and draft.subject.dataset == entity:
        return None
    bound = read_bound(draft, at + 1)
    noun = draft.skip(bound.end, ("different", "distinct", "separate", "of", "our", "product")) if bound is not None else at
    dimension = draft.dimension_at(noun) if bound is not None and bound.unit is None and not bound.relative_to else None
    if not isinstance(dimension, DimensionRef) or not draft.items[noun].has(Kind.FIELD):
        return None
    target = dimension.field.split(".")[0]
    reaching = (d for d in draft.model.datasets if d != entity and draft.world.reaches(d, entity) and draft.world.reaches(d, target))
    fact = None if draft.world.reaches(entity, target) else next(reaching, None)
    if fact is None:
        return None
    clause = Clause(entity=entity, fact=fact, negated=False, begin=at, end=noun + 1, bound=bound)
    found = with_objects(draft, clause, noun + 1)
    return replace(found, distinct=dimension.field) if found is not None else None


def _holder(draft: Draft, entity: str, at: int) -> str | None:
    """The fact that ties the entity to the value at `at`; None when the entity has that property itself."""
    plain = filters_of(draft, at, entity)
    if plain is not None and all(draft.world.reaches(entity, f.field.split(".")[0]) for f in plain.filters):
        return None
    for fact in draft.model.datasets:
        run = filters_of(draft, at, fact) if fact != entity and draft.world.reaches(fact, entity) else None
        if run is not None and all(draft.world.reaches(fact, f.field.split(".")[0]) for f in run.filters):
            return fact
    return None
