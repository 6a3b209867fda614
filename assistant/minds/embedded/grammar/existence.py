"""Who did what: "bought deli", "never redeemed a coupon", "came at least 3 times", "bought milk but not bread".

A clause is a verb of a fact with its subject before it and its objects after it. It keeps those entities whose own rows pass.
What follows "and", "but" or "or" may leave out the verb: it is the one before.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace

from assistant.minds.embedded.grammar.comparators import Bound, read_bound
from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.grammar.special import main_fact
from assistant.minds.embedded.grammar.subject import PERSONS
from assistant.minds.embedded.grammar.values import ValueRun, filters_of, value_at
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.wordlists import ordinary_words, word_set
from tools.core.query.metric_query import EntityCondition, Filter, TimeWindow

NEGATIONS = frozenset({"not", "never", "without", "no", "none", "neither", "nor", "nothing"})
_BEFORE_VERB = word_set(
    "who that which have has had did do does also ever only been were was are is just already still actually then and but "
    "or made make being to yet later together they them at least first initially"
)
_AFTER_VERB = word_set(
    "again the a an any some our from in on at of for with to something anything anyone product products item items both either "
    "ever also goods each all it us there again stuff"
)
_TRAILING = frozenset({"from", "with", "us", "at", "all", "here", "then"})
"""Words after an object that add nothing: "booked yoga with us but never boxing"."""
_WITH = frozenset({"with", "having", "without", "has", "have", "had", "made", "make"})
_GETTING = frozenset({"see", "have", "get", "make", "record", "receive", "had", "made", "seen", "got", "recorded", "received"})
_AGAIN = frozenset({"again", "since", "afterwards", "more", "anymore", "back", "after", "that", "then"})
_BACKWARD = frozenset({"any", "it", "them", "some", "either"})
_CONTAINING = word_set("contain contains contained containing include includes included including with having have has had without")


@dataclass(frozen=True, kw_only=True)
class Clause:
    """What one clause says, before it is a condition."""

    entity: str
    fact: str
    negated: bool
    begin: int
    """First item of the clause, after its subject."""
    end: int
    """First item after it."""
    filters: tuple[Filter, ...] = ()
    alternatives: tuple[tuple[Filter, ...], ...] = ()
    """Objects joined by "and": each must have happened, in a row of its own."""
    windows: tuple[TimeWindow, ...] = ()
    bound: Bound | None = None
    first: bool = False
    """ "first shopped in May": in May, and never before."""
    only: bool = False
    """ "bought only deli": and nothing else."""
    by_noun: bool = False
    """Said with a noun of the fact ("with bookings over 5") instead of a verb."""
    inherited: tuple[Filter, ...] = ()
    """What "any" and "it" mean: the objects of the clause before."""


@dataclass(kw_only=True)
class _Objects:
    """What stands after the verb, collected from left to right."""

    filters: list[Filter] = field(default_factory=list)
    alternatives: tuple[tuple[Filter, ...], ...] = ()
    windows: list[TimeWindow] = field(default_factory=list)
    bound: Bound | None = None
    negated: bool = False
    only: bool = False
    end: int = 0


def read_existence(draft: Draft) -> None:
    """Turns clauses about what entities did into conditions on them."""
    last: Clause | None = None
    _first_noun(draft)
    for at in range(len(draft.items)):
        if not draft.free(at):
            continue
        if last is not None and at == draft.skip(last.end, _TRAILING):
            last = _elliptic(draft, replace(last, end=at)) or last
        if draft.free(at) and (draft.items[at].has(Kind.FACT, Kind.DOES) or _is_active(draft, at)):
            clause = _clause_at(draft, at, last)
            if clause is not None:
                _add(draft, clause)
                last = clause
    _with_noun(draft)
    _containing(draft)


# -- a clause with a verb ---------------------------------------------------------------------------


def _clause_at(draft: Draft, verb: int, last: Clause | None) -> Clause | None:
    begin, negated = _before(draft, verb)
    subject = subject_before(draft, begin)
    if subject is None and last is not None and (begin == last.end or draft.items[begin].text in ("and", "but", "or", "who", "that")):
        subject = last.entity
    counted_before = begin > 0 and draft.claims[begin - 1] == "count"
    if subject is None and last is not None and begin > 0 and draft.claims[begin - 1] == "share":
        subject = last.entity  # "of the members who came in May, what share came again"
    if subject is None and (_begins_a_clause(draft, begin) or counted_before) and _asked_entity(draft) is not None:
        subject = _asked_entity(draft)
    fact = _fact(draft, verb, subject, negated=negated or _denied_after(draft, verb))
    if subject is None or fact is None or not _is_condition(draft, subject, verb, negated=negated):
        return None
    inherited = last.filters if last is not None and last.fact == fact else ()
    first = any(draft.word(i) in ("first", "initially") for i in range(begin, verb))
    only = any(draft.word(i) == "only" for i in range(begin, verb))
    clause = Clause(entity=subject, fact=fact, negated=negated, begin=begin, end=verb + 1, inherited=inherited, first=first, only=only)
    return _with_objects(draft, clause, verb + 1)


def _before(draft: Draft, verb: int) -> tuple[int, bool]:
    """First item of the verb phrase, and whether it denies: "that no campaign has ever [targeted]"."""
    begin, negated = verb, False
    while begin > 0 and not draft.claims[begin - 1]:
        item = draft.items[begin - 1]
        if item.text in _BEFORE_VERB | NEGATIONS:
            negated = negated or item.text in NEGATIONS
        elif not (item.has(Kind.DATASET) and draft.word(begin - 2) in ("no", "any")):
            break
        begin -= 1
    return begin, negated


def _denied_after(draft: Draft, verb: int) -> bool:
    return draft.word(verb + 1) in ("nothing", "no", "none")


def _fact(draft: Draft, verb: int, subject: str | None, *, negated: bool) -> str | None:
    """The fact that the verb means for this subject; a metric's verb only when it denies ("never sold", "spent nothing")."""
    mention = draft.items[verb].mention
    if subject is None:
        return None
    if mention is None:
        return main_fact(draft, subject) if _is_active(draft, verb) else None
    facts = [s.target for s in mention.of(Kind.FACT)]
    if negated:
        facts += [f for s in mention.of(Kind.DOES) if (f := draft.world.fact(s.target)) is not None]
    return next((f for f in facts if f != subject and draft.world.reaches(f, subject)), None)


def _is_active(draft: Draft, at: int) -> bool:
    """ "was still active in December": the entity's main fact took place; "active customers" is a noun with its adjective."""
    said = {draft.items[i].text for i in range(max(0, at - 3), at)}
    following = draft.item(at + 1)
    noun = following is not None and following.has(Kind.DATASET, Kind.METRIC, Kind.FIELD)
    return draft.word(at) == "active" and bool(said & {"was", "were", "is", "are", "who", "still", "not", "been"}) and not noun


def _is_condition(draft: Draft, subject: str, verb: int, *, negated: bool) -> bool:
    """ "which products were bought most", "how many products were bought": there the verb says what is measured, not who is kept."""
    if negated or _denied_after(draft, verb):
        return True
    if subject != draft.customer or _amount_asked(draft, verb):
        return False
    if draft.counted is None and _in_main_clause(draft, verb):
        return False
    following = {draft.word(i) for i in range(verb + 1, len(draft.items)) if draft.word(i - 1) != "at"}
    ranked = bool(following & {"most", "least", "best"}) and draft.subject is not None and draft.subject.dataset == subject
    often = any(draft.phrase(i, ("how", "often")) or draft.phrase(i, ("how", "many", "times")) for i in range(verb))
    return not ranked and not often


def _in_main_clause(draft: Draft, verb: int) -> bool:
    """ "in which month did members book most": the auxiliary before the subject makes it the question's own verb."""
    noun = next((i for i in range(verb - 1, -1, -1) if draft.items[i].has(Kind.DATASET)), -1)
    return noun > 0 and draft.word(draft.back(noun, ("the", "our", "all", "most"))) in ("did", "do", "does")


def _amount_asked(draft: Draft, verb: int) -> bool:
    """ "how much did members pay": the verb of the main clause says the amount."""
    much = next((i for i in range(verb) if draft.phrase(i, ("how", "much"))), None)
    relative = any(draft.word(i) in ("who", "that", "which") for i in range(much or 0, verb))
    return much is not None and draft.items[verb].has(Kind.DOES) and not relative


def _begins_a_clause(draft: Draft, begin: int) -> bool:
    return draft.items[begin].text in ("and", "but", "or", "who", "that", "yet") or draft.items[begin].text in NEGATIONS


def _asked_entity(draft: Draft) -> str | None:
    if draft.counted is not None:
        return draft.counted
    return draft.subject.dataset if draft.subject is not None else None


def subject_before(draft: Draft, begin: int) -> str | None:
    """The entity whose noun (or "who") stands just before `begin`, time expressions and descriptions aside."""
    at, compares = begin - 1, False
    while at >= 0:
        item = draft.items[at]
        if item.has(Kind.DATASET) and (draft.claims[at] == "condition" or _is_compared(draft, at)):
            at, compares = at - 1, True
            continue
        if item.has(Kind.DATASET):
            return _entity_at(draft, at)
        if item.text in PERSONS and draft.items[at + 1].text in ("who", "that"):
            return draft.customer
        if at == draft.counted_at:
            return draft.counted
        if draft.subject is not None and at == draft.subject.at:
            return draft.subject.dataset
        described = (
            item.text in ordinary_words() or item.time is not None or item.has(Kind.VALUE, Kind.FILTER) or draft.claims[at] == "condition"
        )
        compared = compares and (item.number is not None or item.text in _BOUNDS)
        if not (described or compared) and item.text not in _BETWEEN:
            return None
        at -= 1
    return None


_BOUNDS = word_set("more less fewer than at least most over under")
_BETWEEN = word_set("in with aged , : our the whose year olds different")
"""Words that may stand between an entity and its clause."""


def _is_compared(draft: Draft, at: int) -> bool:
    """The trips of "members with more than 250 trips": part of their description."""
    number = draft.items[at - 1].number if at else None
    return (
        number is not None
        and at > 1
        and draft.items[at - 2].text in ("than", "least", "most", "over", "under", "exactly", ">", "<", "with")
    )


def _entity_at(draft: Draft, at: int) -> str | None:
    mention = draft.items[at].mention
    senses = mention.of(Kind.DATASET) if mention else ()
    return next((s.target for s in senses if draft.model.datasets[s.target].is_entity), None)


# -- objects ----------------------------------------------------------------------------------------


def _with_objects(draft: Draft, clause: Clause, at: int) -> Clause | None:
    """The clause with what stands after its verb: values, a window, "at least 3 times"."""
    found = _Objects(end=at, negated=clause.negated, bound=clause.bound)
    while at < len(draft.items) and draft.free(at):
        after = _object(draft, clause, found, at)
        if after is None:
            break
        if after < 0:
            at = -after
            continue
        at = found.end = after
    return replace(
        clause,
        negated=found.negated,
        filters=tuple(found.filters),
        alternatives=found.alternatives,
        windows=tuple(found.windows),
        bound=found.bound,
        only=found.only or clause.only,
        end=found.end,
    )


def _object(draft: Draft, clause: Clause, found: _Objects, at: int) -> int | None:
    """Reads one object at `at` into `found`; the index after it, negative when the words belong to it only if more follows."""
    item = draft.items[at]
    bound = read_bound(draft, at)
    if bound is not None and found.bound is None and (bound.unit == "times" or _counts_fact(draft, bound.end, clause.fact)):
        found.bound = bound
        return bound.end + (0 if bound.unit == "times" else 1)
    if bound is not None and found.bound is None and at == clause.end and clause.by_noun and bound.unit is None:
        found.bound = bound
        return bound.end
    run = filters_of(draft, at, clause.fact)
    if run is not None:
        _take_values(found, run)
        return run.end
    if item.time is not None and item.time.window is not None and not found.windows:
        found.windows.append(item.time.window)
        return at + 1
    if item.has(Kind.DATASET) and _belongs(draft, at, clause):
        if draft.items[at - 1].text in ("that", "this", "same"):
            found.filters.extend(_said_of(draft, at))
        return at + 1
    following = draft.item(at + 1)
    once = following is not None and following.number is not None and (following.number.value, following.number.unit) == (1, "times")
    if item.text == "not" and once:
        found.negated = True
        return at + 2
    if item.text in ("nothing", "none", "no"):
        found.negated = True
        return at + 1
    if item.text in _BACKWARD and clause.inherited and not found.filters:
        found.filters.extend(clause.inherited)
        return at + 1
    if item.text == "only":
        found.only = True
        return -(at + 1)
    if item.text in ("that", "this", "same") and draft.free(at + 1) and _said_of(draft, at + 1):
        return -(at + 1)
    if item.text in _AFTER_VERB and not draft.phrase(at, ("in", "each")):
        return at + 1 if item.text in ("each", "both", "ever") else -(at + 1)
    return None


def _said_of(draft: Draft, at: int) -> list[Filter]:
    """ "that campaign": the one that an earlier condition named."""
    mention = draft.items[at].mention
    names = {s.target for s in mention.of(Kind.DATASET)} if mention else set()
    return [f for c in draft.entity_conditions for f in c.filters if f.field.split(".")[0] in names]


def _take_values(found: _Objects, run: ValueRun) -> None:
    if run.joint == "and" and len(run.filters) == 1:
        test = run.filters[0]
        found.alternatives = tuple((test.model_copy(update={"values": (v,)}),) for v in test.values)
    else:
        found.filters.extend(run.filters)


def _counts_fact(draft: Draft, at: int, fact: str) -> bool:
    """ "at least 3 visits", "redeemed 5 coupons": the noun after the number is the fact itself, or what each of its rows has one of."""
    item = draft.item(at)
    mention = item.mention if item is not None else None
    if mention is None:
        return False
    return any(s.target == fact or draft.world.relates_directly(fact, s.target) for s in mention.of(Kind.DATASET))


def _belongs(draft: Draft, at: int, clause: Clause) -> bool:
    """ "redeemed a coupon": the object noun is the fact itself or one of the things that each of its rows has."""
    mention = draft.items[at].mention
    if mention is None or value_at(draft, at) is not None:
        return False
    related = (s.target for s in mention.of(Kind.DATASET))
    return any(t != clause.entity and draft.world.relates(clause.fact, t) for t in related)


# -- clauses without a verb of their own ------------------------------------------------------------


def _elliptic(draft: Draft, last: Clause) -> Clause | None:
    """ "... but not bread", "and in December": the verb is the one before."""
    at = last.end
    if draft.word(at) not in ("and", "but", "or", ",", "yet") and draft.word(at) not in NEGATIONS:
        return None
    begin, negated = at, False
    while draft.free(at) and draft.word(at) in _BEFORE_VERB | NEGATIONS | {","}:
        negated = negated or draft.word(at) in NEGATIONS
        at += 1
    at = draft.skip(at, ("any", "some", "a", "the", "in", "from", "at", "of"))
    if not draft.free(at) or draft.items[at].has(Kind.FACT, Kind.DOES):
        return None
    item = draft.items[at]
    if negated and last.windows and (clause := _never_again(draft, last, begin, at)) is not None:
        _add(draft, clause)
        return clause
    starts = (item.time is not None and item.time.window is not None) or filters_of(draft, at, last.fact) is not None
    if not starts:
        return None
    clause = _with_objects(draft, Clause(entity=last.entity, fact=last.fact, negated=negated, begin=begin, end=at), at)
    if clause is not None and not clause.negated and item.time is None:
        return None
    if clause is None or not (clause.filters or clause.windows or clause.alternatives):
        return None
    if not clause.filters and not clause.alternatives and clause.windows:
        clause = replace(clause, filters=last.filters)
    if not clause.windows and last.windows:
        clause = replace(clause, windows=last.windows)
    _add(draft, clause)
    return clause


def _never_again(draft: Draft, last: Clause, begin: int, at: int) -> Clause | None:
    """ "... in January and then never again", "... and not since": no further one after the window before, to the end of what is said."""
    words = {draft.items[i].text for i in range(begin, min(at + 2, len(draft.items)))}
    end = draft.skip(at, _AGAIN)
    if not words & {"again", "since", "afterwards", "anymore", "more", "back"} or any(i.has(Kind.FACT) for i in draft.items[begin:end]):
        return None
    after = draft.world.calendar.resolve(last.windows[-1]).end + dt.timedelta(days=1)
    rest = _rest_of(draft, end)
    until = after.replace(month=12, day=31) if rest > end else None
    window = TimeWindow(start=after, end=until)
    return replace(last, negated=True, begin=begin, end=rest, windows=(window,), bound=None, first=False, only=False)


def _rest_of(draft: Draft, at: int) -> int:
    """Index after "for the rest of the year", "until the end of the year"."""
    rest = draft.skip(at, ("for", "in", "during", "until", "till", "the", "rest", "end", "of", "remainder"))
    item = draft.item(rest)
    said = {draft.items[i].text for i in range(at, rest)} & {"rest", "end", "remainder"}
    return rest + 1 if said and item is not None and item.text == "year" else at


def _first_noun(draft: Draft) -> None:
    """ "customers whose first visit was in March" """
    for at in range(1, len(draft.items)):
        if not draft.phrase(at, ("first",)) or draft.word(at - 1) not in ("whose", "their", "a", "the", "had"):
            continue
        begin = at - 1
        subject = subject_before(draft, begin) or _asked_entity(draft)
        item = draft.item(at + 1)
        mention = item.mention if item is not None else None
        senses = mention.of(Kind.DATASET, Kind.FACT) if mention else ()
        facts = [s.target for s in senses if subject is not None and s.target != subject and draft.world.reaches(s.target, subject)]
        if subject is None or not facts:
            continue
        rest = draft.skip(at + 2, ("was", "is", "happened", "took", "place", "fell", "with", "us", "made"))
        clause = _with_objects(draft, Clause(entity=subject, fact=facts[0], negated=False, begin=begin, end=rest, first=True), rest)
        if clause is not None and clause.windows:
            _add(draft, clause)


def _with_noun(draft: Draft) -> None:
    """ "customers with no visits", "members without a booking": a noun of the fact instead of a verb."""
    for at in range(1, len(draft.items)):
        denied = draft.word(at) in _GETTING and draft.word(at - 1) in NEGATIONS
        if draft.word(at) not in _WITH and not denied:
            continue
        begin = _before(draft, at)[0] if denied else at
        subject = subject_before(draft, begin)
        bound = read_bound(draft, at + 1) if subject is not None else None
        noun = bound.end if bound is not None else draft.skip(at + 1, {"no", "a", "an", "any", "not", "zero", "0"} if subject else ())
        mention = draft.items[noun].mention if draft.free(noun) else None
        senses = mention.of(Kind.DATASET) if mention else ()
        words = {draft.word(i) for i in range(at + 1, noun)}
        facts = [s.target for s in senses if subject is not None and s.target != subject and draft.world.reaches(s.target, subject)]
        shown = bound is not None and draft.subject is not None and draft.subject.dataset == subject
        if subject is None or not facts or shown or (bound is not None and bound.unit is not None):
            continue  # A figure of what the result lists is shown and compared in the result itself.
        negated = denied or draft.word(at) == "without" or (bound is None and bool(words & {"no", "zero", "0"}))
        said = Clause(entity=subject, fact=facts[0], negated=negated, begin=begin, end=noun + 1, bound=bound, by_noun=True)
        clause = _with_objects(draft, said, noun + 1)
        if clause is not None:
            _add(draft, clause)


def _containing(draft: Draft) -> None:
    """ "baskets with fuel but no grocery": what an event contains, where that is not a property of the event itself."""
    for at in range(1, len(draft.items)):
        if draft.word(at) not in _CONTAINING:
            continue
        subject = subject_before(draft, at)
        begin = draft.skip(at + 1, ("both", "no", "any", "some"))
        run = filters_of(draft, begin, None) if subject is not None else None
        fact = _holder(draft, subject, run.filters[0].field.split(".")[0]) if subject is not None and run is not None else None
        if subject is None or fact is None:
            continue
        negated = draft.word(at) == "without" or draft.word(at + 1) == "no"
        clause = _with_objects(draft, Clause(entity=subject, fact=fact, negated=negated, begin=at, end=begin), begin)
        if clause is not None:
            _add(draft, clause)
        while clause is not None:
            clause = _elliptic(draft, clause)


def _holder(draft: Draft, entity: str, dataset: str) -> str | None:
    """The fact that ties the entity to what it contains; None when the entity has that property itself."""
    if draft.world.reaches(entity, dataset):
        return None
    return next((d for d in draft.model.datasets if draft.world.reaches(d, entity) and draft.world.reaches(d, dataset)), None)


def _add(draft: Draft, clause: Clause) -> None:
    """Claims the clause's words and adds its condition, or one per object joined by "and" (which may then not be denied together)."""
    draft.claim_free(clause.begin, clause.end, "condition")
    bound = clause.bound or Bound(op="ge", value=1, end=clause.end)
    if clause.negated:
        bound = Bound(op="eq", value=0, end=clause.end) if clause.bound is None else negate(clause.bound)
    window = clause.windows[0] if clause.windows else None
    clause = _by_occasion(draft, clause)
    objects = clause.alternatives or ((),)
    if clause.negated and clause.alternatives:
        joined = clause.alternatives[0][0].model_copy(update={"values": tuple(t[0].values[0] for t in clause.alternatives)})
        objects = ((joined,),)
    for tests in objects:
        draft.entity_conditions.append(
            EntityCondition(
                entity=clause.entity, fact=clause.fact, filters=(*clause.filters, *tests), window=window, op=bound.op, value=bound.value
            )
        )
        if clause.first:
            _never_before(draft)
        if clause.only and clause.bound is None:
            _nothing_else(draft, (*clause.filters, *tests))
        if bound.upper is not None:
            draft.entity_conditions.append(draft.entity_conditions[-1].model_copy(update={"op": "le", "value": bound.upper}))


def _by_occasion(draft: Draft, clause: Clause) -> Clause:
    """ "bought at least 3 times": occasions, not lines, where each row belongs to one that makes the entity active."""
    occasion = main_fact(draft, clause.entity)
    times = clause.bound is not None and clause.bound.unit == "times"
    if not times or occasion is None or occasion == clause.fact or not draft.world.reaches(clause.fact, occasion):
        return clause
    tested = {f.field.split(".")[0] for f in clause.filters}
    return replace(clause, fact=occasion) if all(draft.world.reaches(occasion, t) for t in tested) and not clause.alternatives else clause


def _nothing_else(draft: Draft, tests: tuple[Filter, ...]) -> None:
    """Adds to the last condition that no row of the fact is of another kind."""
    last = draft.entity_conditions[-1]
    if len(tests) != 1 or tests[0].op != "in":
        draft.doubts.append("'only' may mean more than this")
        return
    other = tests[0].model_copy(update={"op": "not_in"})
    draft.entity_conditions.append(last.model_copy(update={"filters": (other,), "op": "eq", "value": 0.0}))


def _never_before(draft: Draft) -> None:
    """Adds to the last condition that nothing of the kind happened before its window."""
    last = draft.entity_conditions[-1]
    if last.window is None:
        draft.doubts.append("when the first time was is not said")
        return
    start = draft.world.calendar.resolve(last.window).start
    before = TimeWindow(end=start - dt.timedelta(days=1))
    draft.entity_conditions.append(last.model_copy(update={"op": "eq", "value": 0.0, "window": before}))


def negate(bound: Bound) -> Bound:
    """ "did not come more than 3 times" = at most 3 times."""
    opposite = {"gt": "le", "ge": "lt", "lt": "ge", "le": "gt", "eq": "ne", "ne": "eq"}
    return replace(bound, op=opposite[bound.op])  # type: ignore[arg-type]
