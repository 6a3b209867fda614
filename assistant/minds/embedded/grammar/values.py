"""Stored values, named filters and entity numbers: which rows count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.lexicon import Kind, Sense
from assistant.minds.embedded.tokens import atoms
from assistant.minds.embedded.values import Stored, key_field
from assistant.minds.embedded.wordlists import word_set
from tools.core.query.metric_query import DimensionRef, Filter
from tools.core.semantics.model import Datatype

_EXCLUDING = frozenset(
    {"not", "excluding", "except", "without", "exclude", "excluded", "excludes", "ignoring", "non", "minus", "bar", "omitting", "outside"}
)
_EXCLUDING_PAIRS = (
    ("other", "than"),
    ("but", "not"),
    ("apart", "from"),
    ("aside", "from"),
    ("leaving", "out"),
    ("rather", "than"),
    ("not", "including"),
    ("not", "counting"),
)
_LEAVING = frozenset({"leaving", "leave", "setting", "set", "putting", "put"})
_JOINTS = frozenset({"and", "or", ",", "/", "plus", "nor", "vs", "versus", "against", "than", "with", "to"})
_VERSUS = frozenset({"vs", "versus", "against", "than"})
_ONLY = frozenset({"only", "just", "exclusively", "solely", "specifically"})
COMPARATIVES = word_set("more less fewer higher lower bigger smaller larger greater better worse stronger weaker longer shorter")
_ABOUT = word_set("about regarding concerning via through from")
_STATES = word_set("is are was were been still currently being remain remained stay")
_DEGREES = word_set("high low medium normal large small big long short good bad new old early late fast slow strong weak rare common")
_ARTICLES = frozenset({"the", "a", "our", "all", "both", "either", "for", "in", "of", "from", "any"})
_LABELLED = frozenset({"number", "no", "#", "id", "=", "is", "of", "was", "named", "called", ":", "are", "equals"})
_NOUN_AFTER = word_set(
    "crowd folks bunch lot demographic household households "
    "year years old olds yo aged one ones brand brands category segment group groups band bracket range type level"
)


@dataclass(frozen=True, kw_only=True)
class ValueRun:
    """Values of one phrase, as filters, and the index of the first item after them."""

    filters: tuple[Filter, ...]
    end: int
    joint: str = ""
    """What joins them: "and", "or", "versus"; empty for a single value."""

    @property
    def side_by_side(self) -> bool:
        """Joined by "and" or "versus": people want to see each."""
        return self.joint in ("and", "versus")


@dataclass(frozen=True, kw_only=True)
class _Value:
    field: str
    value: Stored
    end: int
    begin: int
    negated: bool = False
    """ "tariff is not Premium" """


def read_values(draft: Draft) -> None:
    """Turns every value phrase that is left into a filter."""
    at = 0
    while at < len(draft.items):
        value = draft.skip(at, ("the", "a", "our"))
        if draft.free(value) and (_names_the_measure(draft, value) or _names_the_place(draft, value)):
            draft.claim(at, value + 1, "support")
        run = (filters_of(draft, at, None) or _flag(draft, at)) if draft.free(at) else None
        if run is None:
            at += 1
            continue
        begin, negated = _negation_before(draft, at)
        begin, negated = _continues_exclusion(draft, begin, negated, run)
        while begin > 0 and draft.word(begin - 1) in _ONLY | {"against"}:
            begin -= 1
        end = run.end + (draft.word(run.end) in _ONLY)
        if draft.word(run.end) == "aside":  # "leaving Premium aside", "Lyon aside"
            begin, end, negated = begin - (draft.word(begin - 1) in _LEAVING), run.end + 1, True
        draft.claim_free(begin, end, "filter")
        for test in run.filters:
            add_filter(draft, negate(test) if negated else test, begin)
        comparing = run.joint == "or" and negated is False and _compares(draft)
        together = any(draft.word(i) in ("together", "combined", "altogether", "jointly") for i in range(len(draft.items)))
        if (run.side_by_side or comparing) and not negated and len(run.filters) == 1 and not together:
            draft.side_by_side = True
            draft.add_dimension(DimensionRef(field=run.filters[0].field))
            _check_both(draft, begin, run.filters[0].field)
        at = end


def _check_both(draft: Draft, at: int, field: str) -> None:
    """ "customers who bought both in a shop and online" did the one and the other, which two rows side by side do not say."""
    said = "both" in {item.text for item in draft.items[max(0, at - 2) : at + 1]}
    if said and draft.counted is not None and draft.entity_of(field) != draft.counted:
        draft.doubts.append("'both' may ask for those with the one and the other; this shows each by itself")


def _flag(draft: Draft, at: int) -> ValueRun | None:
    """ "tickets that were reopened", "calls transferred": the name of a yes-or-no field of the figure's own rows means yes."""
    item = draft.items[at]
    if not item.has(Kind.FIELD) or item.has(Kind.METRIC, Kind.DATASET, Kind.FILTER) or not item.text.endswith("ed"):
        return None
    facts = draft.measured_facts()
    fields = [draft.model.field(s.target) for s in (item.mention.of(Kind.FIELD) if item.mention else ())]
    own = [f for f in fields if f.datatype is Datatype.BOOLEAN and f.dataset in facts]
    if not own or {draft.word(at + 1), draft.word(at - 1)} & {"or", *_VERSUS}:
        return None
    return ValueRun(filters=(Filter(field=own[0].id, op="in", values=(True,)),), end=at + 1)


def _names_the_measure(draft: Draft, at: int) -> bool:
    """ "how many visits did the website have": a value of a field that the figure does not have, but whose word is in the figure's name."""
    item = draft.items[at]
    facts = draft.measured_facts()
    if not facts or not item.has(Kind.VALUE) or item.has(Kind.METRIC, Kind.DATASET, Kind.FIELD, Kind.FILTER):
        return False
    values = item.mention.of(Kind.VALUE) if item.mention else ()
    if any(draft.world.reaches(fact, s.target.split(".")[0]) for fact in facts for s in values):
        return False
    names = {s.target for i in draft.items if i.mention is not None for s in i.mention.of(Kind.METRIC, Kind.DOES)} | {
        m.metric for m in draft.measures
    }
    words = {a for n in names for phrase in (draft.metric(n).label, *draft.metric(n).language.synonyms) for a in atoms(phrase)}
    return set(atoms(item.text)) <= words


def _names_the_place(draft: Draft, at: int) -> bool:
    """The "in our shops" of "which day is the busiest in our shops": the figure lacks the filter, but all its rows are of the noun."""
    item, facts = draft.items[at], draft.measured_facts()
    if not facts or not item.has(Kind.FILTER) or item.has(Kind.METRIC, Kind.DATASET, Kind.FIELD):
        return False
    fields = [draft.field_of(s).split(".")[0] for s in (item.mention.of(Kind.FILTER) if item.mention else ())]
    if any(draft.world.reaches(fact, d) for fact in facts for d in fields):
        return False
    return any(draft.world.reaches(fact, noun) for fact in facts for noun in draft.nouns_within(at))


def _compares(draft: Draft) -> bool:
    """ "who spends more, A or B": the alternatives are compared, not pooled."""
    for at in range(len(draft.items)):
        following = draft.item(at + 2)
        if draft.word(at) in COMPARATIVES and not (draft.word(at + 1) == "than" and following is not None and following.number is not None):
            return True
    return False


def add_filter(draft: Draft, test: Filter, at: int) -> None:
    """Adds a filter. Two values of one field cannot both hold for a row: said apart, they are shown side by side."""
    same = next(
        (f for f in draft.filters if f.field == test.field and f.op == test.op and f.grain == test.grain and f.op in ("in", "not_in")), None
    )
    if same is None:
        draft.filters.append(test)
        draft.filter_at[test] = at
        return
    if set(test.values) <= set(same.values):
        return
    joined = same.model_copy(update={"values": tuple(dict.fromkeys((*same.values, *test.values)))})
    draft.filters[draft.filters.index(same)] = joined
    draft.filter_at[joined] = draft.filter_at.get(same, at)
    if joined.op == "in":
        draft.side_by_side = True
        draft.add_dimension(DimensionRef(field=joined.field))


def _continues_exclusion(draft: Draft, begin: int, negated: bool, run: ValueRun) -> tuple[int, bool]:
    """ "excluding fuel and miscellaneous": the second value goes with the first, wherever the phrase for the first ended."""
    if negated or draft.word(begin - 1) not in ("and", "or", ",") or not draft.filters:
        return begin, negated
    last = draft.filters[-1]
    if last.op == "not_in" and begin >= 2 and draft.claims[begin - 2] == "filter" and all(f.field == last.field for f in run.filters):
        return begin - 1, True
    return begin, negated


def negate(test: Filter) -> Filter:
    """The rows that the filter leaves out."""
    opposite = {
        "in": "not_in",
        "not_in": "in",
        "gt": "le",
        "ge": "lt",
        "lt": "ge",
        "le": "gt",
        "is_null": "not_null",
        "not_null": "is_null",
    }
    return test.model_copy(update={"op": opposite.get(test.op, test.op)})


def _negation_before(draft: Draft, at: int) -> tuple[int, bool]:
    begin = at
    while draft.word(begin - 1) in _ARTICLES and draft.free(begin - 1):
        begin -= 1
    for words in _EXCLUDING_PAIRS:
        if draft.phrase(begin - 2, words):
            return begin - 2, True
    if draft.word(begin - 1) in _EXCLUDING:
        return begin - 1, True
    return at, False


def filters_of(draft: Draft, at: int, fact: str | None) -> ValueRun | None:
    """The values that begin at item `at`, several of one field joined: "deli and produce", "store 367 or 400"."""
    begin = draft.skip(at, ("the", "a", "both", "either")) if fact is None else at
    named = named_filter(draft, begin)
    if named is not None:
        return named
    first = value_at(draft, begin, fact)
    if first is None:
        return None
    values = [first]
    joints: list[str] = []
    while True:
        joint, following = _next_value(draft, values[-1], fact)
        if following is None:
            break
        joints.append(joint)
        values.append(following)
    joint = "" if len(values) == 1 else "or" if "or" in joints else "versus" if set(joints) & _VERSUS else "and"
    test = Filter(field=first.field, op="not_in" if first.negated else "in", values=tuple(dict.fromkeys(v.value for v in values)))
    return ValueRun(filters=(test,), end=values[-1].end, joint=joint)


def _next_value(draft: Draft, last: _Value, fact: str | None) -> tuple[str, _Value | None]:
    at = _after_said_again(draft, last.end)
    joint = draft.word(at)
    item = draft.item(at)
    if item is not None and item.number is not None and item.number.unit is None and isinstance(last.value, int):
        joint = "and"  # "stores 367 381": numbers in a row
    elif joint not in _JOINTS:
        return "", None
    else:
        at += 1
    if draft.word(at) in ("and", "or"):
        joint = draft.word(at)
        at += 1
    at = draft.skip(_after_said_again(draft, at), ("the", "a", "on", "for", "in", "from", "of"))
    following = value_at(draft, at, fact, expected=last.field)
    return joint, following if following is not None and following.field == last.field else None


def _after_said_again(draft: Draft, at: int) -> int:
    """Index after the "revenue" of "web revenue vs app revenue" at `at`: the figure is said with each value."""
    item = draft.item(at)
    if item is None or not item.has(Kind.METRIC) or item.has(Kind.VALUE) or not draft.free(at):
        return at
    same = [i for i, other in enumerate(draft.items) if other.text == item.text]
    said_to_compare = any(draft.word(i) in _VERSUS for i in range(same[0], same[-1]))
    return at + 1 if len(same) > 1 and said_to_compare and draft.word(at + 1) not in ("by", "per") else at


def named_filter(draft: Draft, at: int) -> ValueRun | None:
    item = draft.item(at)
    sense = draft.sense(at, Kind.FILTER) if item is not None else None
    if sense is None:
        return _without_it(draft, at) or _of_that_kind(draft, at)
    named = next(f for f in draft.model.named_filters if f.name == sense.target)
    return ValueRun(filters=tuple(Filter.model_validate(dict(f)) for f in named.filters), end=at + 1)


def _without_it(draft: Draft, at: int) -> ValueRun | None:
    """ "without the app", where the model names those "with the app"."""
    if draft.word(at) != "without":
        return None
    for end in range(min(len(draft.items), at + 4), at + 1, -1):
        words = tuple(w for item in draft.items[at + 1 : end] for w in item.text.split())
        senses = draft.world.lexicon.lookup(("with", *words)) if all(draft.free(i) for i in range(at + 1, end)) else ()
        named = next((f for s in senses if s.kind is Kind.FILTER for f in draft.model.named_filters if f.name == s.target), None)
        if named is not None and len(named.filters) == 1:
            return ValueRun(filters=(negate(Filter.model_validate(dict(named.filters[0]))),), end=end)
    return None


def _of_that_kind(draft: Draft, at: int) -> ValueRun | None:
    """ "coupon orders", where the model names those "with a coupon"."""
    item, noun = draft.item(at), draft.item(at + 1)
    if item is None or noun is None or item.is_plural or not item.has(Kind.DATASET) or not noun.has(Kind.METRIC, Kind.DATASET):
        return None
    words = tuple(item.text.split())
    senses = (s for before in (("with",), ("with", "a")) for s in draft.world.lexicon.lookup((*before, *words)))
    named = next((f for s in senses if s.kind is Kind.FILTER for f in draft.model.named_filters if f.name == s.target), None)
    if named is None:
        return None
    return ValueRun(filters=tuple(Filter.model_validate(dict(f)) for f in named.filters), end=at + 1)


def value_at(draft: Draft, at: int, fact: str | None = None, *, expected: str | None = None) -> _Value | None:
    """One value at item `at`: a stored value alone, with its field's noun before or after it, or a number beside that noun."""
    item = draft.item(at)
    if item is None:
        return None
    if expected is not None and item.mention is None:
        numbered = _number_of(draft, at, expected)
        if numbered is not None:
            return _Value(field=expected, value=numbered, begin=at, end=at + 1)
    labelled = _after_noun(draft, at)
    if labelled is not None:
        return labelled
    if item.has(Kind.VALUE):
        return _stored(draft, at, fact, expected)
    return _number_before_noun(draft, at)


def _stored(draft: Draft, at: int, fact: str | None, expected: str | None) -> _Value | None:
    item = draft.items[at]
    assert item.mention is not None
    senses = item.mention.of(Kind.VALUE)
    noun_end, noun_fields = _noun_beside(draft, at + 1)
    beside = [s for s in senses if s.target in noun_fields]
    quoted = draft.tokens[item.start].quoted
    other = item.has(Kind.METRIC, Kind.DATASET, Kind.FIELD, Kind.FACT, Kind.DOES)
    if other and not (beside or expected or quoted or _modifies(draft, at, senses)):
        return None
    if item.text in _DEGREES and not (beside or expected or quoted):
        return None  # "how high is ...", "the medium value": a grade of something only beside that thing's name
    shared = _fields_after(draft, at + 1)
    chosen = _coarsest(
        draft, beside or [s for s in senses if s.target == expected] or [s for s in senses if s.target in shared] or list(senses), fact
    )
    if chosen is None or chosen.value is None:
        return None
    if fact is None and expected is None and not (beside or quoted):
        _doubt_the_minor(draft, at, chosen)
    return _Value(field=chosen.target, value=chosen.value, begin=at, end=noun_end if beside else at + 1)


_MUCH_MORE = 10


def _doubt_the_minor(draft: Draft, at: int, chosen: Sense) -> None:
    """ "pizza" is a rare product type of that name, and a large category that is called "frozen pizza": which is meant is asked."""
    field, rows = draft.model.field(chosen.target), draft.world.values.rows(chosen.target, chosen.value or "")
    several = len(draft.world.values.values_of(chosen.target))
    larger = [
        hit
        for hit in draft.world.values.holding(tuple(draft.items[at].text.split()))
        if hit.field.split(".")[0] == field.dataset and hit.field_values < several and hit.rows >= _MUCH_MORE * rows
    ]
    doubt = f"'{draft.items[at].text}' is a {field.label} here; " + ", ".join(
        f"the {draft.model.field(h.field).label} {h.value} is larger" for h in larger[:1]
    )
    if larger and doubt not in draft.doubts:
        draft.doubts.append(doubt)


def _modifies(draft: Draft, at: int, senses: Sequence[Sense]) -> bool:
    """ "store orders", "are still open": before a figure that has the field, or after "be", a word is the value, not the noun."""
    facts = draft.measured_facts()
    within = any(draft.world.reaches(f, s.target.split(".")[0]) for f in facts for s in senses)
    item = draft.items[at]
    following = draft.items[at + 1] if at + 1 < len(draft.items) else None
    noun = following is not None and following.has(Kind.METRIC, Kind.DATASET)
    acts = any(i.has(Kind.FACT, Kind.DOES) and not i.has(Kind.METRIC, Kind.DATASET) for i in draft.items if i is not item)
    acts = acts or (at > 0 and draft.items[at - 1].has(Kind.DATASET))  # "members open accounts"
    state = item.has(Kind.FACT, Kind.DOES) and at and draft.items[at - 1].text in _STATES and not item.text.endswith(("ed", "ing"))
    own = any(s.target.split(".")[0] in facts for s in senses)
    before = at - 1
    while before > 0 and draft.items[before].text in ("the", "our", "a"):
        before -= 1
    if own and at and draft.items[before].text in _ABOUT:
        return True
    return within and bool((noun and not item.is_plural and not acts) or state)


def _fields_after(draft: Draft, at: int) -> frozenset[str]:
    """Fields of the value that is joined to this one: "Lyon and Nice" are two of a kind."""
    following = draft.item(at + 1)
    if draft.word(at) not in _JOINTS or following is None or following.mention is None:
        return frozenset()
    return frozenset(s.target for s in following.mention.of(Kind.VALUE))


def _coarsest(draft: Draft, senses: Sequence[Sense], fact: str | None) -> Sense | None:
    """Fields of the facts that are spoken of first, then those within their reach, then the one that holds it in most rows."""
    facts = [fact] if fact is not None else draft.measured_facts()
    default = draft.model.settings.default_metric
    measured = draft.world.fact(default) if default is not None else None
    if not facts and measured is not None:
        facts = [measured]  # "best month for lighting": it will be measured by the default figure
    reachable = [s for s in senses if any(draft.world.reaches(f, s.target.split(".")[0]) for f in facts)]
    if fact is None and not reachable:
        reachable = list(senses)
    own = [s for s in reachable if s.target.split(".")[0] in facts]
    spine = draft.model.settings.time_spine
    days = [s for s in reachable if spine is not None and s.target.split(".")[0] == spine.split(".")[-2]]
    if days and not own:
        return days[0]  # "sales on Christmas": the day, though some product is called so too
    return max(own or reachable, key=lambda s: draft.world.values.rows(s.target, s.value or ""), default=None)


def _noun_beside(draft: Draft, at: int) -> tuple[int, frozenset[str]]:
    """The field noun after a value ("deli department", "25-34 year olds"): where it ends, which fields it names."""
    item = draft.item(at)
    if item is None or item.mention is None:
        return at, frozenset()
    return at + 1, frozenset(s.target for s in item.mention.of(Kind.FIELD))


def _after_noun(draft: Draft, at: int) -> _Value | None:
    """ "household size 2", "campaign 13", "department DELI", "store number 367"."""
    item = draft.item(at)
    if item is None or item.mention is None or not item.has(Kind.FIELD, Kind.DATASET):
        return None
    value_at_index = draft.skip(at + 1, _LABELLED | {"not"})
    negated = any(draft.word(i) == "not" for i in range(at + 1, value_at_index))
    following = draft.item(value_at_index)
    if following is None:
        return None
    for field in _fields_of(draft, at):
        if following.mention is not None:
            stored = next((s.value for s in following.mention.of(Kind.VALUE) if s.target == field), None)
            if stored is not None:
                return _Value(field=field, value=stored, begin=at, end=value_at_index + 1, negated=negated)
        numbered = _number_of(draft, value_at_index, field)
        if numbered is not None:
            return _Value(field=field, value=numbered, begin=at, end=value_at_index + 1, negated=negated)
    return None


def _fields_of(draft: Draft, at: int) -> list[str]:
    mention = draft.items[at].mention
    if mention is None:
        return []
    fields = [s.target for s in mention.of(Kind.FIELD)]
    for sense in mention.of(Kind.DATASET):
        key = key_field(draft.model, sense.target)
        if key is not None:
            fields.append(key.id)
    return list(dict.fromkeys(fields))


def _number_of(draft: Draft, at: int, field: str) -> Stored | None:
    """The stored value of `field` that the number (or code) at `at` spells."""
    item = draft.item(at)
    if item is None or item.mention is not None or (item.time is not None and item.time.window is None):
        return None
    text = item.text
    for hit in draft.world.values.lookup(tuple(text.split())):
        if hit.field == field:
            return hit.value
    if item.number is None or item.number.unit is not None or not text.isdigit():
        return None
    if draft.world.values.has_keys(field):
        return draft.world.values.key(field, text)
    chosen = draft.model.field(field)
    return int(text) if chosen.datatype is Datatype.INTEGER and chosen.is_dimension else None


def _number_before_noun(draft: Draft, at: int) -> _Value | None:
    """ "2-person households" where the noun names the field: the number is one of its values."""
    item = draft.item(at)
    if item is None or item.number is None:
        return None
    following = draft.item(at + 1)
    if following is None or following.mention is None or not draft.tokens[following.start].joined:
        return None
    for field in _fields_of(draft, at + 1):
        stored = _number_of(draft, at, field)
        if stored is not None:
            return _Value(field=field, value=stored, begin=at, end=at + 2)
    return None


def is_value_noun(word: str) -> bool:
    """Nouns that may follow a value without adding to it: "the deli category"."""
    return word in _NOUN_AFTER
