"""Conditions on fields: values, numbers, texts, years, averages."""

from __future__ import annotations

import re

from assistant.minds.embedded.grammar.comparators import Bound, read_bound, read_comparator
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.records.asked import AgainstAverage, Named, Test
from assistant.minds.embedded.records.scan import NUMBER, Scan, known_aggregate, names_verb, whose, year_fields
from assistant.minds.embedded.wordlists import word_set
from tools.core.query.metric_query import Comparator

_EQUALS = word_set("is are was were equals = named called titled as has being the a an of to equal either both with : in on at")


_MORE = word_set("more greater higher larger bigger older longer over above exceeding")


_LESS = word_set("less fewer lower smaller younger shorter under below")


_TEXT_TESTS = (
    (("contains",), "contains"),
    (("contain",), "contains"),
    (("containing",), "contains"),
    (("that", "contain"), "contains"),
    (("including",), "contains"),
    (("includes",), "contains"),
    (("include",), "contains"),
    (("starting", "with"), "starts_with"),
    (("starts", "with"), "starts_with"),
    (("start", "with"), "starts_with"),
    (("begins", "with"), "starts_with"),
    (("beginning", "with"), "starts_with"),
    (("begin", "with"), "starts_with"),
)


_TEXT_NOUNS = word_set("the a word words substring string text letter letters phrase character characters prefix")


_YEAR = re.compile(r"(1[5-9]|20)\d\d")


def field_test(scan: Scan, at: int) -> int:
    """ "rank is either Midshipman or Lieutenant", "age over 50", "title contains the word ML", "fee above average" """
    fields = scan.fields(at)
    if not fields:
        return at
    named = Named(fields=fields, of=scan.dataset(at - 1) or whose(scan, at + 1)[0])
    here = whose(scan, at + 1)[1]
    for tried in (_text_test, _number_test, _value_test):
        end = tried(scan, here, named)
        if end > here:
            if scan.head and not scan.asked.outputs and not scan.dataset(at):
                scan.asked.outputs.append(named)  # "which languages contain ...": what is tested is also what is asked for
            scan.head = False
            return end
    return at


def _text_test(scan: Scan, at: int, named: Named) -> int:
    here = scan.skip(at, word_set("that which"))
    for words, op in _TEXT_TESTS:
        if (
            scan.draft.phrase(here, words)
            and not scan.dataset(here + len(words))
            and not _is_superlative(scan, scan.skip(here + len(words), word_set("the")))
        ):
            return _text(scan, here + len(words), named, op)
    if scan.word(here) not in ("has", "have"):
        return at
    end = _text(scan, here + 1, named, "contains", worded=True)
    return end if end > here + 1 else at


def _is_superlative(scan: Scan, at: int) -> bool:
    return any(s.degree == "superlative" for s in scan.senses(at, Kind.MORE, Kind.LESS))


def _text(scan: Scan, at: int, named: Named, op: str, *, worded: bool = False) -> int:
    """The text to look for: what is quoted, else one word."""
    begin = scan.skip(at, _TEXT_NOUNS)
    nouns = {scan.word(i) for i in range(at, begin)} - {"the", "a"}
    if begin >= len(scan.draft.items) or (worded and not nouns):
        return at
    first = scan.draft.items[begin]
    stop = first.start + 1
    while scan.draft.tokens[first.start].quoted and stop < len(scan.draft.tokens) and scan.draft.tokens[stop].quoted:
        stop += 1
    end = begin + 1
    while end < len(scan.draft.items) and scan.draft.items[end].start < stop:
        end += 1
    text = " ".join(t.raw for t in scan.draft.tokens[first.start : scan.draft.items[end - 1].end])
    scan.add_test(Test(named=named, op=op, values=(text,)))
    return end


def text_within(scan: Scan, at: int) -> int:
    """ "have the substring ML in their titles": the text stands before the field."""
    begin = scan.skip(at, word_set("has have having with that contain contains containing including the a"))
    if begin == at or scan.word(begin) not in _TEXT_NOUNS - {"the", "a"}:
        return at
    token = scan.draft.items[begin + 1].start if begin + 1 < len(scan.draft.items) else 0
    end = begin + 2
    while (
        token and end < len(scan.draft.items) and scan.draft.tokens[token].quoted and scan.draft.tokens[scan.draft.items[end].start].quoted
    ):
        end += 1
    field_at = scan.skip(end, word_set("in of as part its their the his her"))
    if field_at == end or not scan.fields(field_at):
        return at
    text = " ".join(t.raw for t in scan.draft.tokens[token : scan.draft.items[end - 1].end])
    scan.add_test(
        Test(named=Named(fields=scan.fields(field_at), of=scan.context[-1] if scan.context else None), op="contains", values=(text,))
    )
    scan.head = False
    return field_at + 1


def number_bound(scan: Scan, at: int) -> Bound | None:
    """A bound that is a number; "above the average" and "top 10 %" are set against the other rows."""
    bound = read_bound(scan.draft, at)
    return None if bound is None or bound.relative_to or bound.percentile else bound


def _counts_things(scan: Scan, at: int) -> bool:
    """Whether the noun at `at` is of things in the plural: a number before it says how many they are, and is nobody's own number."""
    item = scan.draft.items[at] if 0 <= at < len(scan.draft.items) else None
    return item is not None and item.has(Kind.DATASET) and item.is_plural


def _number_test(scan: Scan, at: int, named: Named) -> int:
    numeric = tuple(f for f in named.fields if scan.draft.model.field(f).datatype in NUMBER)
    if not numeric:
        return at
    chosen = Named(fields=numeric, of=named.of)
    here = scan.skip(at, word_set("is are was were of that which has have with"))
    bound = number_bound(scan, here)
    if bound is not None and _counts_things(scan, bound.end):
        return at  # "suppliers with more than 20 products": so many products
    if bound is not None:
        _add_bound(scan, chosen, bound.op, bound.value, bound.upper)
        return bound.end
    op, after = read_comparator(scan.draft, here)
    average = scan.skip(after, word_set("the than their overall"))
    if op is not None and scan.word(average) in ("average", "mean"):
        scan.asked.averages.append(AgainstAverage(named=chosen, op=op))
        end = scan.skip(average + 1, word_set("of the all"))
        return end + bool(set(scan.fields(end)) & set(numeric))
    known = known_aggregate(scan, average) if op is not None else None
    if known is not None and known[0] == "AVG" and known[1] in numeric and op is not None:
        scan.asked.averages.append(AgainstAverage(named=chosen, op=op))
        return average + 1
    end = _plain_numbers(scan, here, chosen)
    return end if end > here else at


def exact(scan: Scan, at: int) -> Bound | None:
    """ "have 7 bikes", "with two parts": so many and no more."""
    number = scan.draft.items[at].number if at < len(scan.draft.items) else None
    if number is None or number.unit is not None or scan.word(at - 1) not in ("has", "have", "had", "having", "with"):
        return None
    return Bound(op="eq", value=number.value, end=at + 1)


def number_first(scan: Scan, at: int) -> int:
    """ "more than 20 points", "less than 10 medals in total", "more than the average points": the number stands before its field."""
    bound = read_bound(scan.draft, at) or exact(scan, at)
    if bound is None:
        op, after = read_comparator(scan.draft, at)
        known = known_aggregate(scan, scan.skip(after, word_set("the their"))) if op is not None else None
        if op is None or known is None or known[0] != "AVG":
            return at
        scan.asked.averages.append(AgainstAverage(named=Named(fields=(known[1],)), op=op))
        scan.head = False
        return scan.skip(after, word_set("the their")) + 1
    if bound.percentile or bound.relative_to == "median":
        return at
    noun = scan.skip(bound.end, word_set("of the number total in for"))
    if bound.relative_to and scan.fields(bound.end - 1):
        noun = bound.end - 1
    fields = tuple(f for f in scan.fields(noun) if scan.draft.model.field(f).datatype in NUMBER)
    if not fields or scan.dataset(noun) or _counts_things(scan, noun):
        return at
    named = Named(fields=fields, of=whose(scan, noun + 1)[0])
    if bound.relative_to:
        if bound.value != 1:
            return at
        scan.asked.averages.append(AgainstAverage(named=named, op=bound.op))
    else:
        _add_bound(scan, named, bound.op, bound.value, bound.upper)
    scan.head = False
    return noun + 1


def _plain_numbers(scan: Scan, at: int, named: Named) -> int:
    """ "is 36", "either 36 or 37" """
    here = scan.skip(at, word_set("either equal to exactly = as"))
    values: list[int | float] = []
    end = here
    while end < len(scan.draft.items):
        number = scan.draft.items[end].number
        year = _YEAR.fullmatch(scan.word(end))
        if number is None and not year:
            break
        if not _known_key(scan, named, scan.word(end)):
            return at
        value = number.value if number is not None else float(scan.word(end))
        values.append(int(value) if value == int(value) else value)
        if scan.word(end + 1) not in ("or", "and") or end + 2 >= len(scan.draft.items) or scan.draft.items[end + 2].number is None:
            end += 1
            break
        end += 2
    if not values:
        return at
    scan.add_test(Test(named=named, op="in", values=tuple(values)))
    return end


def _known_key(scan: Scan, named: Named, text: str) -> bool:
    """Whether a number beside the noun of a key is one that exists."""
    values = scan.draft.world.values
    return not any(values.has_keys(f) and values.key(f, text) is None for f in named.fields)


def _add_bound(scan: Scan, named: Named, op: Comparator, value: float, upper: float | None) -> None:
    low, high = (int(v) if v is not None and v == int(v) else v for v in (value, upper))
    if high is not None:
        scan.add_test(Test(named=named, op="between", values=(low or 0, high)))
    else:
        scan.add_test(Test(named=named, op="in" if op == "eq" else "not_in" if op == "ne" else op, values=(low or 0,)))


def _value_test(scan: Scan, at: int, named: Named) -> int:
    here = at
    negated = False
    while scan.word(here) in _EQUALS | {"not"} and not scan.content(here):
        negated = negated or scan.word(here) == "not"
        here += 1
    values, end, owners = _values(scan, here, within=named.fields)
    if not values:
        return at
    joined = {scan.word(i) for i in range(here, end)}
    each = len(values) > 1 and not negated and "and" in joined and "or" not in joined and not _said_of_each(scan, at)
    scan.add_test(Test(named=Named(fields=owners, of=named.of), op="not_in" if negated else "in", values=values, each=each))
    return scan.skip(end, word_set("side part"))


def _said_of_each(scan: Scan, at: int) -> bool:
    """ "captains whose rank is A and B" """
    return "either" in {scan.word(i) for i in range(at, len(scan.draft.items))}


def _values(scan: Scan, at: int, *, within: tuple[str, ...] = ()) -> tuple[tuple[str, ...], int, tuple[str, ...]]:
    """Stored values joined by "or" and "and", the index after them, and the fields that hold them all."""
    values: list[str] = []
    fields: tuple[str, ...] = within
    here = end = at
    while True:
        senses = [s for s in scan.senses(here, Kind.VALUE) if not fields or s.target in fields]
        if not senses:
            break
        stored = next((s.value for s in senses), None)
        fields = tuple(dict.fromkeys(s.target for s in senses))
        values.append(stored)  # type: ignore[arg-type]
        end = here + 1
        here = scan.skip(end, word_set("or and , either"))
        if here == end:
            break
        here = scan.skip(here, word_set("the a an in from team on with"))
    return tuple(values), end, fields


def value_alone(scan: Scan, at: int) -> int:
    """ "Panama flags", "institution Google", "from Indonesia": a value, with the noun of its field or its thing beside it."""
    begin = after_denial(scan, at)
    negated = begin > at
    if not negated and scan.word(at) == "both":
        begin = scan.skip(at + 1, word_set("in the on with from at of"))
    quoted = begin < len(scan.draft.items) and scan.draft.tokens[scan.draft.items[begin].start].quoted
    if not scan.senses(begin, Kind.VALUE) or (scan.fields(begin) and not quoted):
        return at
    led = scan.word(begin - 1) in ("a", "an", "any", "the", "each", "every", "some", "no", "one")
    is_noun = scan.dataset(begin) is not None and scan.dataset(begin + 1) is None and not quoted and not negated
    if is_noun and (scan.draft.items[begin].is_plural or scan.head or led):
        return at  # "all drivers", though somebody is called Driver
    after = begin + 1
    values, end, fields = _values(scan, begin)
    listed = {scan.word(i) for i in range(begin, end)}
    if "," in listed and len(values) > 1 and len({s.target for i in range(begin, end) for s in scan.senses(i, Kind.VALUE)}) > 1:
        return at  # "Northridge, Los Angeles or San Francisco, San Francisco": which go together is not said
    following = scan.fields(end)
    beside = tuple(f for f in fields if f in following)
    if beside:
        fields, after = beside, end + 1
    else:
        after = end
    noun = scan.dataset(after) if not beside else None
    before = scan.context[-1] if scan.context else None
    hint = next((d for d in (noun, before) if d is not None and any(f.startswith(f"{d}.") for f in fields)), None)
    # "in the Alps and in the Andes": of things that can be in both; "or" is one of them.
    each = len(values) > 1 and not negated and "and" in listed and "or" not in listed
    scan.add_test(Test(named=Named(fields=fields, of=hint), op="not_in" if negated else "in", values=values, each=each))
    scan.head = False
    return after


_BESIDE_DENIAL = word_set("located based situated in at on of from the a an be been being any with type kind equal to")


def after_denial(scan: Scan, at: int) -> int:
    """Index of the value in "not located in San Jose", "did not end in Berlin", "excluding Fog"; the same index when nothing is denied."""
    here = scan.skip(at, word_set("but and do does did is are was were has have had been"))
    if scan.word(here) not in ("not", "except", "excluding", "never", "neither", "nor"):
        return at
    here += 1
    verbs = {s.target for s in scan.senses(here, Kind.FACT)} if not (scan.dataset(here) or scan.content(here)) else set()
    value = scan.skip(here + bool(verbs), _BESIDE_DENIAL)
    # "not located in Berlin" is about the town of what is asked; "not assigned to Berlin" about other rows.
    own = not verbs or any(s.target.split(".")[0] in verbs for s in scan.senses(value, Kind.VALUE))
    return value if scan.senses(value, Kind.VALUE) and own else at


def bare_bound(scan: Scan, at: int) -> int:
    """ "older than 50", "aged 36 or 37", "younger than 50": the adjective says which field."""
    aged = scan.word(at) == "aged"
    op, _ = read_comparator(scan.draft, at + aged)
    if not aged and not (op is not None and scan.word(at) in _MORE | _LESS) and not scan.senses(at, Kind.MORE, Kind.LESS):
        return at
    targets = tuple(s.target for s in scan.senses(at, Kind.MORE, Kind.LESS) if s.target not in scan.draft.model.metrics)
    if not targets:
        stems = {"older": "age", "younger": "age", "aged": "age", "longer": "length", "taller": "height", "heavier": "weight"}
        noun = stems.get(scan.word(at), "")
        targets = tuple(f.id for f in scan.draft.model.fields() if f.label.split()[-1] == noun) if noun else ()
    numeric = tuple(t for t in targets if scan.draft.model.field(t).datatype in NUMBER)
    if not numeric:
        return at
    return _adjective_bound(scan, at, Named(fields=numeric), aged=aged)


def _adjective_bound(scan: Scan, at: int, named: Named, *, aged: bool) -> int:
    if aged:
        bound = number_bound(scan, at + 1)
        if bound is not None:
            _add_bound(scan, named, bound.op, bound.value, bound.upper)
            return bound.end
        end = _plain_numbers(scan, at + 1, named)
        return end if end > at + 1 else at
    more = bool(scan.senses(at, Kind.MORE)) or scan.word(at) in _MORE
    if scan.word(at + 1) != "than":
        return at
    number = scan.draft.items[at + 2].number if at + 2 < len(scan.draft.items) else None
    if number is None:
        return at
    _add_bound(scan, named, "gt" if more else "lt", number.value, None)
    return scan.skip(at + 3, word_set("years year old"))


def year_test(scan: Scan, at: int) -> int:
    """ "in 1958", "between 1935 and 1939", "after 2000": a year as a number, in data that have no day to go by."""
    if at >= len(scan.draft.items):
        return at
    item = scan.draft.items[at]
    if item.time is not None and item.time.window is not None and not scan.senses(at, Kind.FIELD):
        window = item.time.window
        if window.start is None and window.end is None:
            return at
        starts_year = window.start is None or (window.start.month, window.start.day) == (1, 1)
        ends_year = window.end is None or (window.end.month, window.end.day) == (12, 31)
        if not (starts_year and ends_year):
            return at
        low, high = window.start.year if window.start else None, window.end.year if window.end else None
        op = "between" if low and high else "ge" if low else "le"
        _add_years(scan, op, *(y for y in (low, high) if y))
        scan.head = False
        return scan.skip(at + 1, word_set("year years"))
    since = {"after": "gt", "before": "lt", "since": "ge", "from": "ge", "until": "le", "through": "le"}.get(scan.word(at))
    after = scan.skip(at + 1, word_set("the year of"))
    if since is not None and after < len(scan.draft.items) and _YEAR.fullmatch(scan.word(after)):
        _add_years(scan, since, int(scan.word(after)))
        scan.head = False
        return after + 1
    begin = scan.skip(at, word_set("in the year of during"))
    between = scan.word(begin) == "between"
    years = [scan.word(begin + between), scan.word(begin + between + 2)] if between else [scan.word(begin)]
    if not all(_YEAR.fullmatch(y) for y in years) or (begin == at and not between):
        return at
    _add_years(scan, "between" if between else "in", *(int(y) for y in years))
    scan.head = False
    return begin + (4 if between else 1)


def _add_years(scan: Scan, op: str, *years: int) -> None:
    """A condition on the year of what is asked, or of rows that must not exist."""
    test = Test(named=Named(fields=()), op=op, values=years)
    last = scan.asked.related[-1] if scan.asked.related else None
    (last.years if last is not None and last.denied and not last.closed else scan.asked.years).append(test)


def dating_verb(scan: Scan, at: int) -> int:
    """ "built in 1997", "opened between 1935 and 1939": the verb says which year is meant."""
    told = tuple(f for f in year_fields(scan.draft) if names_verb(scan.draft, f, scan.word(at)))
    if not told or scan.fields(at) or scan.dataset(at):
        return at
    if any(set(told) & set(o.fields) for o in scan.asked.outputs if isinstance(o, Named)) and at + 1 >= len(scan.draft.items):
        return at + 1  # "the year in which most ships were built"
    before = len(scan.asked.years)
    end = year_test(scan, at + 1)
    if end == at + 1 or len(scan.asked.years) == before:
        return at
    test = scan.asked.years.pop()
    scan.add_test(Test(named=Named(fields=told), op=test.op, values=test.values))
    return end
