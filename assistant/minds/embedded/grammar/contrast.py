"""Those who pass a condition set beside those who do not: "do people with the app spend more than those without?".

The first half names the condition, the second only denies it ("than those who don't", "versus the rest"), or is not said at all
("do members who booked spend more?"). A yes-or-no field of customers becomes a split; every other condition two figures side by side.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.grammar.existence import opposite
from assistant.minds.embedded.grammar.subject import counts_customers
from assistant.minds.embedded.grammar.values import negate
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.wordlists import word_set
from tools.core.query.metric_query import DimensionRef, EntityCondition, Filter, Measure
from tools.core.semantics.model import Datatype, MetricFormat

_AGAINST = (
    ("compared", "with"),
    ("compared", "to"),
    ("compare", "with"),
    ("compare", "to"),
    ("as", "opposed", "to"),
    ("in", "contrast", "to"),
    ("than",),
    ("versus",),
    ("vs", "."),
    ("vs",),
    ("against",),
    ("relative", "to"),
)
_VERSUS = word_set("vs versus against compared")
_BESIDE = (("and",), ("or",), ("with",), ("to",), ("from",), ("between",))
_OTHERS = (
    ("everyone", "else"),
    ("everybody", "else"),
    ("anyone", "else"),
    ("all", "others"),
    ("all", "the", "others"),
    ("the", "rest"),
    ("rest",),
    ("the", "others"),
    ("others",),
    ("the", "other", "ones"),
)
_THAT_OF = (("that", "of"), ("the", "one", "of"), ("among",), ("for",), ("of",), ("in", "case", "of"))
_THOSE = word_set("those ones people they")
_DENYING = (
    ("without",),
    ("with", "none"),
    ("do", "not"),
    ("does", "not"),
    ("did", "not"),
    ("have", "not"),
    ("has", "not"),
    ("had", "not"),
    ("are", "not"),
    ("is", "not"),
    ("were", "not"),
    ("not",),
    ("never",),
    ("have", "no"),
    ("had", "no"),
    ("have", "none"),
    ("lack",),
    ("with", "no"),
)
_REPEATED = word_set("it one any them so the a an our have has had done did do ever that this such at all anything something")
_SETTING = frozenset({"by", "in", "per", "for", ",", "on", "during", "since"})
_MORE = word_set("more less fewer higher lower bigger smaller larger greater better worse longer shorter")
_ASKING = word_set("do does did are is have has")


def read_contrast(draft: Draft) -> None:
    """Claims the half that only denies, and the verb and comparative of the whole; which condition it denies is settled at the end."""
    verb = _compared_verb(draft)
    tail = _with_and_without(draft) or _tail(draft)
    if tail is None and not (verb is not None and _implied(draft, verb)):
        return
    draft.contrast = True
    if tail is not None:
        draft.contrast_at = tail[0]
        draft.claim_free(*tail, "contrast")
    if verb is not None:
        _measure_of(draft, verb)
    for at in range(len(draft.items)):
        if draft.word(at) in _MORE:
            much = 2 if draft.phrase(at - 2, ("how", "much")) else 0
            draft.claim(at - much, at + 1, "contrast")
    _doers(draft)


def settle_contrast(draft: Draft) -> None:
    """The split, or the two figures."""
    if not draft.contrast:
        return
    test, condition = _what_is_denied(draft)
    if (test is None) == (condition is None) or not draft.measures:
        draft.doubts.append("who is set beside whom is not clear")
        return
    if test is not None and any(isinstance(d, DimensionRef) and d.field == test.field for d in draft.dimensions):
        return
    draft.subject = None
    if draft.customer in (condition.entity if condition is not None else None, draft.entity_of(test.field) if test is not None else None):
        draft.measures = [_for_each(draft, m) for m in draft.measures]
    if test is not None:
        _by_filter(draft, test)
    elif condition is not None:
        draft.entity_conditions.remove(condition)
        sides = ((condition,), (opposite(condition),))
        draft.measures = [
            m.model_copy(update={"entity_conditions": side, "alias": f"{m.column}_{name}"})
            for m in draft.measures
            for side, name in zip(sides, ("with", "without"), strict=True)
        ]


def _what_is_denied(draft: Draft) -> tuple[Filter | None, EntityCondition | None]:
    """The one condition of customers, else the one condition there is, else the one said nearest to its denial."""
    tests = [f for f in draft.filters if draft.entity_of(f.field) == draft.customer and f.op in ("in", "not_in")]
    conditions = [c for c in draft.entity_conditions if c.entity == draft.customer]
    if len(tests) + len(conditions) == 1:
        return next(iter(tests), None), next(iter(conditions), None)
    if len(draft.entity_conditions) == 1 and not draft.filters:
        return None, draft.entity_conditions[0]
    said = [f for f in draft.filters if f in draft.filter_at]
    if draft.entity_conditions or not said or draft.contrast_at < 0:
        return None, None
    return min(said, key=lambda f: abs(draft.filter_at[f] - draft.contrast_at)), None


def _for_each(draft: Draft, measure: Measure) -> Measure:
    """The "spend" of people is what each of them spends: two groups of different size are compared."""
    said = any(
        item.has(Kind.DOES) and measure.metric in {s.target for s in item.mention.of(Kind.DOES)} for item in draft.items if item.mention
    )
    whole = draft.world.ratio_of(measure.metric, draft.customer or "") if said and measure.per is None else None
    return Measure(metric=whole) if whole is not None else measure


def _by_filter(draft: Draft, test: Filter) -> None:
    draft.filters.remove(test)
    if draft.model.field(test.field).datatype is Datatype.BOOLEAN:
        draft.add_dimension(DimensionRef(field=test.field))
        return
    denied = _rest_of_the_scale(draft, test) or negate(test)
    if draft.rank is not None:
        draft.doubts.append("which of the two is ranked is not said")
    draft.measures = [
        m.model_copy(update={"filters": (*m.filters, side), "alias": f"{m.column}_{name}"})
        for m in draft.measures
        for side, name in (((denied, "with"), (test, "without")) if _denies(test) else ((test, "with"), (denied, "without")))
    ]


def _denies(test: Filter) -> bool:
    return test.op in ("not_in", "is_null", "le") or (test.op == "in" and test.values == (0,))


def _rest_of_the_scale(draft: Draft, test: Filter) -> Filter | None:
    """ "Without kids" for "with kids", where the model lists the values in order: who is none of them belongs to neither side."""
    scale = draft.model.field(test.field).order
    rest = tuple(v for v in scale if v not in test.values)
    listed = test.op == "in" and rest and set(test.values) <= set(scale)
    return test.model_copy(update={"values": rest}) if listed else None


def set_apart(draft: Draft, filters: Sequence[Filter]) -> list[Filter]:
    """ "Discounted vs not discounted sales", "mornings vs evenings": conditions that no row passes together are two figures.

    Returns:
        The conditions that all figures share.
    """
    pairs = ((one, other) for at, one in enumerate(filters) for other in filters[at + 1 :] if _exclude_each_other(one, other))
    sides = next(pairs, None)
    if sides is None or not draft.measures or draft.rank is not None or any(m.filters for m in draft.measures):
        return list(filters)
    rest = [f for f in filters if f not in sides]
    for at, item in enumerate(draft.items):
        if draft.free(at) and item.text in _VERSUS:
            draft.claim(at, at + 1, "contrast")
    if draft.model.field(sides[0].field).datatype is Datatype.BOOLEAN:
        draft.add_dimension(DimensionRef(field=sides[0].field))
        return rest
    draft.measures = [
        m.model_copy(update={"filters": (side,), "alias": f"{m.column}_{name}"})
        for m in draft.measures
        for side, name in zip(sides, ("first", "second"), strict=True)
    ]
    return rest


def _exclude_each_other(one: Filter, other: Filter) -> bool:
    if (one.field, one.grain) != (other.field, other.grain):
        return False
    if negate(one) == other or negate(other) == one:
        return True
    zero = {one.op, other.op} == {"in", "gt"} and one.values == other.values and len(one.values) == 1
    spans = [f.values for f in (one, other) if f.op == "between"]
    return zero or (len(spans) == 2 and (spans[0][1] < spans[1][0] or spans[1][1] < spans[0][0]))  # type: ignore[operator]


# -- the second half ------------------------------------------------------------------------------------


def _with_and_without(draft: Draft) -> tuple[int, int] | None:
    """The "with and" of "orders with and without a coupon": what is left names the one half, and it is also denied."""
    for at in range(len(draft.items) - 2):
        joint = draft.word(at + 1) in ("and", "or", "vs", "versus", "/")
        if not joint or not draft.free(at):
            continue
        opening, second = draft.word(at), draft.items[at + 2].text.split()[0]
        if (opening, second) in (("with", "without"), ("without", "with")):
            return at, at + 2
    return None


def _tail(draft: Draft) -> tuple[int, int] | None:
    """(begin, end) of "than those who don't", "versus the rest", "and those without"."""
    for at in range(1, len(draft.items)):
        after = draft.match(at, _AGAINST)
        strong = after > at
        after = after if strong else draft.match(at, _BESIDE)
        if after == at:
            continue
        others = draft.match(after, _OTHERS)
        if others > after and (strong or draft.word(others - 1) in ("else", "rest") or draft.word(after) == "all"):
            return at, others
        after = draft.match(after, _THAT_OF)
        noun = draft.skip(after, ("the", "our", "all"))
        if strong and draft.word(noun) == "other" and _is_people(draft, noun + 1):
            return at, noun + 2
        whole = draft.item(noun)
        if whole is not None and whole.has(Kind.VALUE, Kind.FILTER) and strong and _denies_what_was_said(draft, at, noun):
            return at, noun + 1
        people = noun + 1 if draft.word(noun) in _THOSE or _is_people(draft, noun) or (strong and _said_before(draft, noun, at)) else noun
        relative = draft.skip(people, ("who", "that", "which"))
        denied = draft.match(relative, _DENYING)
        if denied == relative or (people == noun and draft.phrase(relative, ("not",))):
            continue
        end = _repeated(draft, at, denied)
        if end is not None and (strong or people > noun or draft.word(relative) == "without"):
            return at, end
    return None


def _denies_what_was_said(draft: Draft, before: int, at: int) -> bool:
    """The "households without kids" after "households with kids": one phrase of the model each."""
    words = draft.items[at].text.split()
    denied = {"without", "no"} & set(words)
    rest = {w for w in words if w not in denied}
    return bool(denied) and any(
        rest <= set(item.text.split()) and not denied & set(item.text.split()) for item in draft.items[:before] if item.mention is not None
    )


def _said_before(draft: Draft, at: int, before: int) -> bool:
    """The second "orders" of "coupon orders vs orders without a coupon"."""
    item = draft.item(at)
    return item is not None and item.mention is not None and any(i.text == item.text for i in draft.items[:before])


def _is_people(draft: Draft, at: int) -> bool:
    item = draft.item(at)
    return item is not None and item.has(Kind.DATASET) and draft.dataset_at(at) == draft.customer


def _repeated(draft: Draft, before: int, at: int) -> int | None:
    """Index after the words that only say again what was said; None when something else is denied."""
    said = {w for item in draft.items[:before] for w in item.text.split()}
    senses = {s.target for item in draft.items[:before] if item.mention is not None for s in item.mention.senses}
    while draft.free(at):
        item = draft.items[at]
        if item.mention is None and (item.text in _SETTING or item.text not in _REPEATED | said):
            break
        meant = {s.target for s in item.mention.senses} if item.mention is not None else set()
        if not (set(item.text.split()) <= said | _REPEATED or meant & senses):
            ended = item.has(Kind.METRIC) and draft.items[at - 1].text in ("by", "in", "on")
            return at if ended else None
        at += 1
    return at


# -- the whole ----------------------------------------------------------------------------------------------


def _compared_verb(draft: Draft) -> int | None:
    """The "spend" of "spend more", "come more often"."""
    for at in range(1, len(draft.items)):
        if draft.word(at) in _MORE:
            verb = draft.back(at, ("much", "any", "even", "really", "on", "average", "us"))
            item = draft.item(verb)
            if verb >= 0 and item is not None and item.has(Kind.DOES, Kind.FACT):
                return verb
            if draft.phrase(at - 2, ("how", "much")):  # "how much more do members spend than the rest"
                return next((i for i in range(at, len(draft.items)) if draft.word(i + 1) == "than" and draft.items[i].has(Kind.DOES)), None)
    return None


def _implied(draft: Draft, verb: int) -> bool:
    """ "do people who have the app spend more?": than the others, where nobody else is named."""
    opens = draft.word(0) in _ASKING and any(_is_people(draft, i) or draft.items[i].has(Kind.FILTER) for i in range(1, verb))
    more = next((i for i in range(verb + 1, len(draft.items)) if draft.word(i) in _MORE), -1)
    if more < 0:
        return False
    rest = draft.skip(more + 1, ("often", "frequently", "money", "on", "average", "with", "us", "per", "order", "visit"))
    following = draft.item(rest)
    ends = rest >= len(draft.items) or (following is not None and following.time is not None)
    return opens and ends and not any(item.text in ("than", "before", "now", "again") for item in draft.items)


def _measure_of(draft: Draft, verb: int) -> None:
    """What each of them does on average: "spend more" is not the sum of what the larger group spends."""
    mention = draft.items[verb].mention
    assert mention is not None
    more = next((i for i in range(verb + 1, len(draft.items)) if draft.word(i) in _MORE), verb)
    often = draft.word(more + 1) in ("often", "frequently")
    done = [s.target for s in mention.of(Kind.DOES) if draft.metric(s.target).format is not MetricFormat.RATE]
    counts = [c for s in mention.of(Kind.FACT) if (c := draft.count_metric(s.target)) is not None]
    named = draft.item(more + 1) if more > verb else None
    if named is not None and named.has(Kind.METRIC) and not often:
        draft.claim(verb, verb + 1, "metric")
        draft.claim(more, more + 1, "contrast")
        draft.per = draft.per or draft.customer
        draft.aggregate = draft.aggregate or "avg"
        return
    names = [*counts, *done] if often else [*done, *counts]
    if not names or draft.customer is None:
        return
    draft.claim(verb, verb + 1, "metric")
    draft.claim_free(more, more + 1 + often, "contrast")
    if named is not None and named.text == "money":
        draft.claim(more + 1, more + 2, "contrast")
    whole = draft.world.ratio_of(names[0], draft.customer)
    draft.add_measure(Measure(metric=whole) if whole is not None else Measure(metric=names[0], per=draft.customer, aggregate="avg"))


def _doers(draft: Draft) -> None:
    """ "app users", "buyers": customers named by what they did."""
    for at in draft.find(Kind.METRIC):
        sense = draft.sense(at, Kind.METRIC)
        fact = draft.world.fact(sense.target) if sense is not None else None
        if sense is None or fact is None or draft.customer in (None, fact) or draft.items[at].has(Kind.DATASET):
            continue
        if counts_customers(draft, sense.target) and draft.measures:
            draft.claim(at, at + 1, "condition")
            draft.entity_conditions.append(EntityCondition(entity=draft.customer or "", fact=fact))
            return
