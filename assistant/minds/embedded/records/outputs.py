"""What is asked for: fields, rows, counts, aggregates, and what figures are split by."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.minds.embedded.grammar.comparators import read_bound
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.records.asked import Aggregated, Bounded, Counted, Function, Named, Rows
from assistant.minds.embedded.records.ordering import picks
from assistant.minds.embedded.records.scan import EMPTY, FUNCTIONS, HIGH, LOW, NUMBER, Scan, known_aggregate, whose, year_of
from assistant.minds.embedded.wordlists import word_set, words_by_role

_DIFFERENT = word_set("different distinct unique")


_COUNTING = (
    ("how", "many"),
    ("the", "total", "number", "of"),
    ("the", "number", "of"),
    ("total", "number", "of"),
    ("number", "of"),
    ("the", "count", "of"),
    ("count", "of"),
    ("count", "the", "number", "of"),
    ("the", "numbers", "of"),
    ("numbers", "of"),
    ("count",),
)


def counting(scan: Scan, at: int) -> int:
    """ "how many captains", "number of different ranks", "how many degrees" """
    if _count_again(scan, at):
        return at + 1
    after = scan.draft.match(at, _COUNTING)
    if after == at and not picks(scan, at):
        return _counted_phrase(scan, at)
    if after == at or picks(scan, at):
        return at
    noun = scan.skip(after, word_set("the of all total"))
    different = scan.word(noun) in _DIFFERENT
    noun = scan.skip(noun, _DIFFERENT | word_set("the"))
    metric = next((s.target for s in scan.senses(noun, Kind.METRIC)), None)
    dataset = scan.dataset(noun)
    if scan.fields(noun) and (different or dataset is None) and not (metric and not different):
        scan.asked.outputs.append(Aggregated(function="DISTINCT", named=Named(fields=scan.fields(noun), of=whose(scan, noun + 1)[0])))
        return noun + 1
    if dataset is not None and scan.draft.count_metric(dataset):
        scan.asked.outputs.append(Counted(dataset=dataset))
        scan.speak(dataset)
        return noun + 1
    if metric is not None and not different:
        scan.asked.outputs.append(Counted(metric=metric))
        return noun + 1
    return at


def _count_again(scan: Scan, at: int) -> bool:
    """ "List the number and the contract id": what was counted in the sentence before."""
    counted = any(isinstance(o, Counted) for o in scan.asked.outputs)
    return counted and scan.word(at) in ("number", "count", "amount") and scan.word(at + 1) in ("and", ",", "") and not scan.fields(at)


def _counted_phrase(scan: Scan, at: int) -> int:
    """ "total number of degrees" where the model has "number of degrees" as a figure."""
    begin = scan.skip(at, word_set("the total"))
    if begin >= len(scan.draft.items) or not scan.word(begin).startswith(("number of", "count of")):
        return at
    metric = next((s.target for s in scan.senses(begin, Kind.METRIC)), None)
    if metric is None:
        return at
    dataset = scan.draft.world.lexicon.counted_by(metric)
    scan.asked.outputs.append(Counted(dataset=dataset) if dataset else Counted(metric=metric))
    if dataset:
        scan.speak(dataset)
    return begin + 1


def aggregated(scan: Scan, at: int) -> int:
    """ "average, minimum and maximum age", "average age" where the model has that figure"""
    functions: list[Function] = []
    here = at
    while scan.word(here) in FUNCTIONS or (functions and scan.word(here) in ("and", ",", "the", "of", "value")):
        if scan.word(here) in FUNCTIONS:
            functions.append(FUNCTIONS[scan.word(here)])
        here += 1
    if functions and scan.word(here) in ("number", "amount", "numbers"):
        here = scan.skip(here + 1, word_set("of the"))
    known = known_aggregate(scan, here)
    if known is not None:
        functions.append(known[0])
        named = Named(fields=(known[1],), of=whose(scan, here + 1)[0])
    elif functions and _numbers_among(scan, here):
        named = Named(fields=_numbers_among(scan, here), of=whose(scan, here + 1)[0])
    else:
        return at
    figures = [Aggregated(function=f, named=named) for f in dict.fromkeys(functions)]
    bounded = _bounded(scan, here + 1, figures)
    if bounded > here + 1 or not scan.head:
        return bounded if bounded > here + 1 else at
    scan.asked.outputs += figures
    return _same_figure(scan, here + 1, functions)


def _numbers_among(scan: Scan, at: int) -> tuple[str, ...]:
    return tuple(f for f in scan.fields(at) if scan.draft.model.field(f).datatype in NUMBER)


def _same_figure(scan: Scan, at: int, functions: Sequence[Function]) -> int:
    """ "average latitude and longitude": the figure is meant of both."""
    here = scan.skip(at, word_set("and , the"))
    fields = _numbers_among(scan, here)
    last = here + 1 >= len(scan.draft.items) or scan.word(here + 1) in ("of", "for", "in", "among", "across", "at", "by", "and", ",")
    if here == at or not fields or scan.dataset(here) or not last or not all(scan.draft.model.field(f).datatype in NUMBER for f in fields):
        return at
    if any(scan.draft.model.field(f).is_dimension for f in fields):
        return at  # "average age and year": a year is no amount
    named = Named(fields=fields, of=whose(scan, here + 1)[0])
    scan.asked.outputs += [Aggregated(function=f, named=named) for f in dict.fromkeys(functions)]
    return _same_figure(scan, here + 1, functions)


def _bounded(scan: Scan, at: int, figures: Sequence[Aggregated]) -> int:
    """ "[average age] over 30", "[average points] of its players is below 10": the index after the limit of a figure; `at` without one."""
    here = at
    while here < len(scan.draft.items) and (
        scan.word(here) in word_set("is are was were of that for its their the by has have scored in been all this each")
        or scan.dataset(here)
        or (scan.fields(here) and here > at and scan.word(here - 1) in ("that", "each", "the", "this"))
    ):
        here += 1
    bound = read_bound(scan.draft, here)
    if bound is None or bound.relative_to or bound.percentile or bound.upper is not None or len(figures) != 1:
        return at
    if scan.dataset(bound.end) or scan.fields(bound.end):
        return at  # "average age of stables with more than 3 horses"
    scan.asked.bounds.append(Bounded(output=figures[0], op=bound.op, value=bound.value))
    for passed in range(at, here):
        if (dataset := scan.dataset(passed)) is not None:
            scan.speak(dataset)
    scan.head = False
    return bound.end


def named_fields(scan: Scan, at: int) -> int:
    """ "the names, ages and ranks of the captains", "each ship's name", "first and last names" """
    if not scan.head:
        return at
    fields = scan.fields(at)
    if not fields or (scan.dataset(at) is not None and not _dimension_first(scan, at)):
        return _shared_last_word(scan, at)
    inner = scan.skip(at + 2, word_set("the all every each of")) if scan.word(at + 1) == "of" else at
    if inner > at and scan.word(at) in ("name", "names") and scan.fields(inner) and scan.dataset(inner) is None:
        return inner  # "the names of the colleges": where a college is a field, it is its own name
    before = scan.dataset(at - 1)
    _add_named(scan, fields, at, before)
    return at + 1


def _dimension_first(scan: Scan, at: int) -> bool:
    """A noun that is both a field and a dataset is the field where something's field is asked for: "the campus of ..." """
    return scan.word(at + 1) in ("of", "for") and scan.dataset(scan.skip(at + 2, EMPTY)) not in (None, scan.dataset(at))


def _add_named(scan: Scan, fields: tuple[str, ...], at: int, before: str | None) -> None:
    own = [f for f in fields if f.split(".")[0] == before]
    owner = before if own else _owner_ahead(scan, at + 1)
    each = scan.word(at - 1) in ("each", "every", "per", "by") and scan.word(at - 2) != "sorted"
    each = each or (scan.further and any(isinstance(o, (Counted, Aggregated)) for o in scan.asked.outputs))
    scan.asked.outputs.append(Named(fields=fields, of=owner, each=each))


def _owner_ahead(scan: Scan, at: int) -> str | None:
    """Whose the fields of an enumeration are: the dataset after the last of them."""
    here = at
    while here < len(scan.draft.items):
        counted = scan.draft.match(here, _COUNTING)
        if counted > here and scan.dataset(counted):
            here = counted + 1  # "names and number of races of all drivers"
        elif scan.word(here).startswith("number of ") and scan.senses(here, Kind.METRIC):
            here += 1
        elif scan.dataset(here) and scan.word(here - 1) in ("the", "and", ",") and scan.word(here + 1) == "of":
            here += 1  # "names and the players of clubs"
        elif (scan.fields(here) and not scan.dataset(here)) or scan.word(here) in (",", "and", "the", "or", "as", "well"):
            here += 1
        else:
            break
    return whose(scan, here)[0]


def _shared_last_word(scan: Scan, at: int) -> int:
    """ "first and last names": the last word of the second noun belongs to the first one too."""
    if scan.word(at + 1) not in ("and", ",") or not scan.fields(at + 2) or scan.draft.items[at].mention is not None:
        return at
    last = scan.word(at + 2).rsplit(" ", 1)
    found = scan.draft.world.lexicon.lookup((scan.word(at), last[-1])) if len(last) == 2 else ()
    fields = tuple(s.target for s in found if s.kind is Kind.FIELD)
    if not fields:
        return at
    _add_named(scan, fields, at + 2, None)
    return at + 2


def things(scan: Scan, at: int) -> int:
    """A noun for rows: asked for when it comes first, else what the fields before or the conditions are about."""
    dataset = scan.dataset(at)
    if dataset is None or (scan.content(at) and scan.dataset(at + 1)):
        return at  # "outlet shops": the first noun is a value, and says which
    if (scan.asked.spoken_of or scan.asked.outputs) and not scan.draft.items[at].is_plural and not _led(scan, at):
        return at  # "were good": an adjective that is also a noun
    described = at - 1
    while described > 0 and (scan.senses(described, Kind.VALUE) or scan.fields(described)):
        described -= 1  # "each Orange county campus"
    each = scan.word(described) in ("each", "every", "per") and (scan.head or not scan.asked.outputs)
    figures = any(isinstance(o, (Aggregated, Counted)) for o in scan.asked.outputs)
    whose = scan.word(_before_articles(scan, at)) in ("of", "for", "from", "in", "by", "that")
    possessive = bool(scan.fields(at + 1)) and any(f.startswith(f"{dataset}.") for f in scan.fields(at + 1))
    if (
        (scan.head or (each and not scan.asked.outputs))
        and not possessive
        and ((each and (figures or not scan.asked.outputs)) or not (scan.asked.outputs or whose))
    ):
        scan.asked.outputs.append(Rows(dataset=dataset, each=each))
    elif scan.head and _enumerated(scan, at):
        scan.asked.outputs.append(Rows(dataset=dataset))
    scan.speak(dataset)
    return at + 1


def _enumerated(scan: Scan, at: int) -> bool:
    """ "the names and the players of clubs": the rows of one thing beside the fields of another."""
    named = [o for o in scan.asked.outputs if isinstance(o, Named)]
    joined = scan.word(_before_articles(scan, at)) in ("and", ",")
    other = whose(scan, at + 1)[0]
    return bool(named) and joined and other not in (None, scan.dataset(at)) and named[-1].of == other


_LEADING = words_by_role("rows")["leading"]


def _led(scan: Scan, at: int) -> bool:
    """Whether something before a singular noun says that it is one."""
    before = scan.draft.items[at - 1] if at else None
    if before is None or before.text in _LEADING | HIGH | LOW or before.number is not None:
        return True
    return before.has(Kind.VALUE, Kind.FIELD, Kind.FACT, Kind.DATASET, Kind.MORE, Kind.LESS)


def _before_articles(scan: Scan, at: int) -> int:
    """Index of the word before the noun, articles passed over."""
    at -= 1
    while at >= 0 and scan.word(at) in ("the", "all", "a", "an", "each", "every", "different", "distinct", "any", "these", "those", "our"):
        at -= 1
    return at


def shared(scan: Scan, at: int) -> int:
    """ "the years shared by teams A and B": those that each of them has."""
    if scan.word(at) not in ("shared", "common") or scan.word(at + 1) not in ("by", "to", "among", "between"):
        return at
    scan.asked.shared = True
    return at + 2


def different(scan: Scan, at: int) -> int:
    if scan.word(at) not in _DIFFERENT or not scan.head:
        return at
    scan.asked.distinct = not any(isinstance(o, (Counted, Aggregated)) for o in scan.asked.outputs)
    return at + 1


def year_noun(scan: Scan, at: int) -> int:
    """ "the year they were built", "in which year": the field of the thing that is a year, told by the verb when there are several."""
    found = year_of(scan, at) if scan.word(at) in ("year", "years") and not scan.fields(at) and scan.head else None
    if found is None:
        return at
    scan.asked.outputs.append(Named(fields=found[0]))
    return found[1]


def grouping(scan: Scan, at: int) -> int:
    """ "for each rank", "in each class", "of each", "by country" beside a figure."""
    figures = any(isinstance(o, (Counted, Aggregated)) for o in scan.asked.outputs)
    here = scan.skip(at, word_set("for in of by from per , with have on at"))
    if scan.word(here) in ("each", "every", "different"):
        here += 1
    elif scan.word(here - 1) not in ("by", "per") or here == at or _done_by(scan, at):
        return at
    fields = scan.fields(here)
    if fields and (figures or scan.word(at) in ("for", "in", ",")) and not _tests_here(scan, here):
        scan.asked.outputs.append(Named(fields=fields, of=whose(scan, here + 1)[0], each=True))
        return here + 1
    dataset = scan.dataset(here)
    if dataset is not None and figures:
        scan.asked.outputs.append(Rows(dataset=dataset, each=True))
        scan.speak(dataset)
        return here + 1
    back = any(isinstance(o, Named) for o in scan.asked.outputs)  # "the flags, and how many ships have each"
    return here if back and scan.word(here - 1) in ("each", "every") and here >= len(scan.draft.items) else at


def again(scan: Scan, at: int) -> int:
    """ "[types and the number of races] for that type": what was named already."""
    here = scan.skip(at, word_set("for in of with at by from on"))
    if scan.word(here) not in ("that", "this", "each", "those", "these") or here == at:
        return at
    named = [o for o in scan.asked.outputs if isinstance(o, Named)]
    fields = set(scan.fields(here + 1))
    same = any(fields & set(o.fields) for o in named) or scan.dataset(here + 1) in scan.asked.spoken_of
    return here + 2 if named and same and (fields or scan.dataset(here + 1)) and not scan.senses(here + 2, Kind.VALUE) else at


def _done_by(scan: Scan, at: int) -> bool:
    """ "written by authors" names who did it."""
    return bool(at and scan.word(at) == "by" and (scan.senses(at - 1, Kind.FACT, Kind.DOES) or scan.word(at - 1) in scan.asked.guessed))


def _tests_here(scan: Scan, at: int) -> bool:
    return bool(scan.senses(at + 1, Kind.VALUE))
