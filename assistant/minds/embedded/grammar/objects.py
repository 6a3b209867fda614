"""What one clause says: its verb's objects, the values, the window and the bound after it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from assistant.minds.embedded.grammar.comparators import Bound, read_bound
from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.grammar.values import ValueRun, filters_of, value_at
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.wordlists import word_set
from tools.core.query.metric_query import DimensionRef, Filter, Grain, PeriodUnit, TimeWindow

NEGATIONS = frozenset({"not", "never", "without", "no", "none", "neither", "nor", "nothing"})
_AFTER_VERB = word_set(
    "again the a an any some our from in on at of for with to something anything anyone product products item items both either "
    "ever also goods each all it us there again stuff through via using"
)
_NOT_BOTH = (("but", "not", "both"), (",", "but", "not", "both"), (",", "not", "both"), ("not", "both"), ("but", "never", "both"))
_FIRST_TIME = (("for", "the", "first", "time"), ("their", "first", "time"), ("the", "first", "time"))
_THROUGH = frozenset({"by", "through", "via", "across", "over", "using"})
_ANYTHING = frozenset({"something", "anything", "stuff", "things"})
SOLELY = frozenset({"only", "exclusively", "solely", "purely", "just", "nowhere"})
_BUT = (("but",), ("except",), ("other", "than"), ("else", "than"), ("apart", "from"), ("besides",))
_NOTHING_ELSE = (
    ("and", "nothing", "else"),
    ("nothing", "else"),
    ("and", "nowhere", "else"),
    ("nowhere", "else"),
    ("and", "no", "other"),
    ("and", "never", "anything", "else"),
    ("with", "nothing", "else"),
    ("alone",),
)
_DIFFERENT = frozenset({"different", "distinct", "separate", "unique", "various"})
_OF_THEM = frozenset({"of", "our", "the", "product"})
_UNITS: dict[Grain, PeriodUnit] = {
    Grain.DAY: "day",
    Grain.WEEK: "week",
    Grain.MONTH: "month",
    Grain.QUARTER: "quarter",
    Grain.YEAR: "year",
}
_BACKWARD = frozenset({"any", "it", "them", "some", "either"})


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
    distinct: str | None = None
    """The field whose different values the bound counts: "from at least 3 departments"."""
    every: PeriodUnit | None = None
    """ "in every month": in each of them."""
    rate: PeriodUnit | None = None
    """ "more than twice a week on average": the bound is for each of them on average."""
    stopped: bool = False
    """ "stopped coming in June": did before, and has not since."""
    by_noun: bool = False
    """Said with a noun of the fact ("with bookings over 5") instead of a verb."""
    inherited: tuple[Filter, ...] = ()
    """What "any" and "it" mean: the objects of the clause before."""
    main: bool = False
    """The sentence's own verb after a relative clause: the "opened a ticket" of "which part of those who called opened a ticket"."""


@dataclass(kw_only=True)
class _Objects:
    """What stands after the verb, collected from left to right."""

    filters: list[Filter] = field(default_factory=list)
    alternatives: tuple[tuple[Filter, ...], ...] = ()
    windows: list[TimeWindow] = field(default_factory=list)
    bound: Bound | None = None
    negated: bool = False
    only: bool = False
    first: bool = False
    distinct: str | None = None
    every: PeriodUnit | None = None
    rate: PeriodUnit | None = None
    end: int = 0


def with_objects(draft: Draft, clause: Clause, at: int) -> Clause | None:
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
    found.end = draft.skip(found.end, _ANYTHING)
    return replace(
        clause,
        negated=found.negated,
        filters=tuple(found.filters),
        alternatives=found.alternatives,
        windows=tuple(found.windows),
        bound=found.bound,
        only=found.only or clause.only,
        first=found.first or clause.first,
        distinct=found.distinct,
        every=found.every,
        rate=found.rate,
        end=found.end,
    )


def twice(draft: Draft, at: int) -> Bound | None:
    """Who "came back" has come twice, where no period or other condition says since when."""
    dated = any(i.time is not None and i.time.window is not None for i in draft.items)
    return Bound(op="ge", value=2, end=at + 1) if not dated and not draft.entity_conditions else None


def _object(draft: Draft, clause: Clause, found: _Objects, at: int) -> int | None:
    """Reads one object at `at` into `found`; the index after it, negative when the words belong to it only if more follows."""
    item = draft.items[at]
    apart = _nothing_else(draft, found, at) or _every(draft, clause, found, at) or _rate(draft, found, at)
    apart = apart or _different(draft, clause, found, at)
    if apart is not None:
        return apart
    bound = read_bound(draft, at)
    if bound is not None and (bound.relative_to or bound.percentile):
        return None
    if bound is not None and found.bound is None and (bound.unit == "times" or _counts_fact(draft, bound.end, clause.fact)):
        found.bound = bound
        return bound.end + (0 if bound.unit == "times" else 1)
    if bound is not None and found.bound is None and at == clause.end and clause.by_noun and bound.unit is None:
        found.bound = bound
        return bound.end
    if bound is not None and found.bound is None and (described := _described(draft, bound, clause)) is not None:
        found.bound = bound
        found.filters.extend(described.filters)
        return described.end + 1
    run = filters_of(draft, at, clause.fact) or _joined_run(draft, clause, found, at)
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
    if item.text in ("nothing", "none", "no", "neither"):
        found.negated = True
        return at + 1
    if item.text in _BACKWARD and clause.inherited and not found.filters:
        found.filters.extend(clause.inherited)
        return at + 1
    if item.text in SOLELY:
        found.only = True
        return at + 1 if found.filters and not _value_follows(draft, at + 1, clause) else -(at + 1)
    if item.text in ("that", "this", "same") and draft.free(at + 1) and _said_of(draft, at + 1):
        return -(at + 1)
    also = draft.match(at, (("as", "well"), ("too",)))
    if also > at:
        return also if _is_last(draft, also) else -also
    if item.text == "back" and at == clause.end:
        found.bound = found.bound or (twice(draft, at) if not clause.negated else None)
        return at + 1
    neither = draft.match(at, _NOT_BOTH)
    if neither > at and _one_of_two(found):
        return neither
    first = draft.match(at, _FIRST_TIME)
    if first > at:
        found.first = True
        return first
    agent = draft.skip(at + 1, ("a", "an", "any", "some", "the", "our", "one", "of"))
    if item.text == "by" and draft.free(agent) and agent < len(draft.items) and _belongs(draft, agent, clause):
        return agent + 1
    if item.text in _THROUGH and read_bound(draft, at + 1) is not None:
        return -(at + 1)
    if item.text == "by" and filters_of(draft, draft.skip(at + 1, ("the", "our", "both", "a")), clause.fact) is not None:
        return -(at + 1)
    if item.text in _AFTER_VERB and not draft.phrase(at, ("in", "each")):
        return at + 1 if item.text in ("each", "both", "ever") else -(at + 1)
    return None


def _is_last(draft: Draft, at: int) -> bool:
    return at >= len(draft.items) or draft.items[at].text in (",", ";", "?")


def _one_of_two(found: _Objects) -> bool:
    """ "deli or produce, but not both": one of the two values, and only one; of groups of values that cannot be said."""
    last = found.filters[-1] if found.filters else None
    if last is None or last.op != "in" or len(last.values) != 2 or found.bound is not None:
        return False
    found.bound, found.distinct = Bound(op="eq", value=1, end=found.end), last.field
    return True


def _described(draft: Draft, bound: Bound, clause: Clause) -> ValueRun | None:
    """The open of "more than three open tickets": so many rows of the fact, each of this kind."""
    run = filters_of(draft, bound.end, clause.fact) if bound.unit is None else None
    return run if run is not None and run.joint == "" and _counts_fact(draft, run.end, clause.fact) else None


def _value_follows(draft: Draft, at: int, clause: Clause) -> bool:
    return filters_of(draft, draft.skip(at, _AFTER_VERB), clause.fact) is not None


def _nothing_else(draft: Draft, found: _Objects, at: int) -> int | None:
    """ "nothing but fuel", "deli and nothing else": only that."""
    if draft.word(at) in ("nothing", "anything"):
        after = draft.match(at + 1, _BUT)
        if after > at + 1:
            found.only, found.negated = True, False
            return -after
    after = draft.match(at, _NOTHING_ELSE) if found.filters else at
    if after == at:
        return None
    found.only = True
    following = draft.item(after)
    repeats = following is not None and following.has(Kind.DATASET) and draft.word(after - 1) == "other"  # "and no other store"
    return after + (repeats or draft.word(after) in ("bought", "purchased", "ordered"))


def _every(draft: Draft, clause: Clause, found: _Objects, at: int) -> int | None:
    """ "every month", "in each single month of 2017": each of them. "How many came each month" asks for a split instead."""
    begin = draft.skip(at, ("in", "during", "on", "of", "for", "once"))
    word = draft.word(begin)
    if word not in ("every", "each", "all") or found.every is not None:
        return None
    place = draft.skip(begin + 1, ("and", "every", "single", "one", "the", "of", "these", "those"))
    counted = draft.item(place)
    if counted is not None and counted.number is not None and counted.number.unit is None:
        place = draft.skip(place + 1, ("the",))
    item = draft.item(place)
    unit = _UNITS.get(item.time.grain) if item is not None and item.time is not None and item.time.grain is not None else None
    if unit is None or item is None or item.time is None or item.time.adverb:
        return None
    led = begin > at and word != "each"  # "how many came in each month" asks for a split
    sure = place > begin + 1 or led or found.bound is not None or _is_relative(draft, clause)
    if not sure and word == "each":
        return None
    if not sure:
        draft.doubts.append(f"'every {unit}' may ask for the figure of each {unit}")
    found.every = unit
    return draft.skip(place + 1, ("of", "in")) if _window_follows(draft, place + 1) else place + 1


def _rate(draft: Draft, found: _Objects, at: int) -> int | None:
    """ "[more than twice] a week on average": so many for each week of the window, taken together."""
    item = draft.item(at + 1)
    unit = _UNITS.get(item.time.grain) if item is not None and item.time is not None and item.time.grain is not None else None
    if found.bound is None or found.bound.unit != "times" or unit is None or draft.word(at) not in ("a", "per", "each"):
        return None
    found.rate = unit
    if draft.phrase(at + 2, ("on", "average")):
        return at + 4
    draft.doubts.append(f"'{draft.word(at)} {unit}' is taken on average, not in each {unit}")
    return at + 2


def _is_relative(draft: Draft, clause: Clause) -> bool:
    return any(draft.items[i].text in ("who", "that", "which") for i in range(max(clause.begin - 1, 0), clause.end))


def _window_follows(draft: Draft, at: int) -> bool:
    item = draft.item(draft.skip(at, ("of", "in")))
    return item is not None and item.time is not None and item.time.window is not None


def _different(draft: Draft, clause: Clause, found: _Objects, at: int) -> int | None:
    """ "at least 3 different departments", "in more than ten stores", "a single store": how many different values of a field."""
    if found.bound is not None:
        return None
    bound = read_bound(draft, at) or _single(draft, clause, at)
    if bound is None or bound.unit is not None or bound.relative_to is not None or bound.percentile:
        return None
    noun = draft.skip(bound.end, _DIFFERENT | _OF_THEM)
    told_apart = any(draft.word(i) in _DIFFERENT for i in range(bound.end, noun))
    if not told_apart and _counts_rows(draft, noun, clause.fact):
        return None
    field_id = _countable(draft, clause, noun)
    if field_id is None:
        return None
    found.bound, found.distinct = bound, field_id if (bound.op, bound.value) != ("ge", 1.0) else None
    return noun + 1


def _single(draft: Draft, clause: Clause, at: int) -> Bound | None:
    """ "only ever used a single store", "only one store": exactly one."""
    number = draft.item(draft.skip(at, ("a", "the", "one")))
    one = draft.word(at) in ("one", "single", "a") and (draft.word(at + 1) in ("single", "one") or draft.word(at) != "a")
    if not one or not clause.only or (number is not None and number.number is not None and number.number.value != 1):
        return None
    return Bound(op="eq", value=1, end=draft.skip(at, ("a", "one", "single", "and", "the", "same")))


def _countable(draft: Draft, clause: Clause, at: int) -> str | None:
    """The field whose values the noun at `at` names, when each fact of the clause has one of them."""
    dimension = draft.dimension_at(at)
    if not isinstance(dimension, DimensionRef) or dimension.grain is not None:
        return None
    dataset = dimension.field.split(".")[0]
    own = dataset == clause.fact and dimension != draft.key_of(dataset)  # "ordered through more than one channel"
    if own:
        return dimension.field
    if (
        dataset in (clause.entity, clause.fact)
        or not draft.world.reaches(clause.fact, dataset)
        or draft.world.reaches(clause.entity, dataset)
    ):
        return None
    return dimension.field


def _counts_rows(draft: Draft, at: int, fact: str) -> bool:
    """Whether so many of the noun are so many rows of the fact: "redeemed 5 coupons" are 5 redemptions, "visited 5 stores" no 5 visits."""
    item = draft.item(at)
    mention = item.mention if item is not None else None
    if mention is None:
        return False
    counting = draft.count_metric(fact)
    done = draft.done_to(at)
    own = any(s.target == fact for s in mention.of(Kind.DATASET))
    return own or (done is not None and done == counting)


def _said_of(draft: Draft, at: int) -> list[Filter]:
    """ "that campaign": the one that an earlier condition named."""
    mention = draft.items[at].mention
    names = {s.target for s in mention.of(Kind.DATASET)} if mention else set()
    return [f for c in draft.entity_conditions for f in c.filters if f.field.split(".")[0] in names]


def _take_values(found: _Objects, run: ValueRun) -> None:
    """Values joined by "and" must each have happened; so must two conditions that no row can meet at once ("online and in a shop")."""
    if found.alternatives and any(set(run.filters) <= set(known) for known in found.alternatives):
        return  # "fuel and groceries, the grocery department": said twice
    clash = len(run.filters) == 1 and len(found.filters) == 1 and _exclude_each_other(found.filters[0], run.filters[0])
    if clash:
        found.alternatives = ((found.filters.pop(),), run.filters)
        return
    if run.joint == "and" and len(run.filters) == 1:
        test = run.filters[0]
        found.alternatives = tuple((test.model_copy(update={"values": (v,)}),) for v in test.values)
    else:
        found.filters.extend(run.filters)


def _joined_run(draft: Draft, clause: Clause, found: _Objects, at: int) -> ValueRun | None:
    """ "in the shop and online": a further value of the same field, where each is a phrase of the model by itself."""
    after = draft.match(at, (("and", "also"), ("as", "well", "as"), ("and",), ("plus",)))
    if after == at or len(found.filters) != 1 or found.alternatives:
        return None
    run = filters_of(draft, draft.skip(after, ("in", "at", "from", "on", "via", "by", "the", "our")), clause.fact)
    return run if run is not None and len(run.filters) == 1 and _exclude_each_other(found.filters[0], run.filters[0]) else None


def _exclude_each_other(one: Filter, other: Filter) -> bool:
    return (one.field, one.op, other.op) == (other.field, "in", "in") and not set(one.values) & set(other.values)


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
