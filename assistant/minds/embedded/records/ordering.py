"""Order and superlatives: "sorted by age", "the oldest", "the most captains", "top 3"."""

from __future__ import annotations

from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.records.asked import Named, Ordered, Test
from assistant.minds.embedded.records.scan import HIGH, LOW, NUMBER, Scan, known_aggregate, whose, year_of
from assistant.minds.embedded.wordlists import word_set, words_by_role

_SORTING = words_by_role("rows")["sorting"]


_ORDER_WORDS = words_by_role("rows")["order"]


def picks(scan: Scan, at: int) -> bool:
    """ "the largest number of": a count that ranks, not one that is asked for."""
    return scan.word(at - 1) in HIGH | LOW


def starting_with(scan: Scan, at: int) -> int:
    """ "starting with the oldest": an order, of all."""
    if scan.word(at) not in ("starting", "beginning", "start", "begin", "from") or scan.word(at + 1) not in ("with", "from", "the"):
        return at
    here = scan.skip(at + 1, word_set("with from the"))
    found = _adjective(scan, here)
    if found is None or scan.dataset(found[1]) or (scan.word(at) == "from" and scan.word(found[1]) != "to"):
        return at
    order, end = found
    scan.asked.order.append(order)
    return end if scan.word(end) != "to" else scan.skip(end + 1, word_set("the")) + 1


def superlative(scan: Scan, at: int) -> int:
    """ "the most captains", "the highest age", "the largest number of authors", "oldest", "top 3", "most common" """
    here = scan.skip(at, word_set("with has have had having the"))
    number = scan.draft.items[here].number if here < len(scan.draft.items) else None
    n = int(number.value) if number is not None and number.unit is None else None
    if n is not None and (scan.word(here + 1) in HIGH | LOW or scan.senses(here + 1, Kind.MORE, Kind.LESS)):
        here += 1
    else:
        n = None
    adjective = _adjective(scan, here)
    if adjective is not None:
        order, end = adjective
        return _take_order(scan, order, n, end)
    known = known_aggregate(scan, here)
    if known is not None and known[0] in ("MAX", "MIN") and scan.asked.outputs and not scan.head:
        # "with the highest age", where the model has the highest age as a figure.
        return _take_order(scan, Ordered(named=Named(fields=(known[1],)), descending=known[0] == "MAX"), n, here + 1)
    word = scan.word(here)
    if word not in HIGH | LOW:
        return at
    if word == "top" and here + 1 < len(scan.draft.items) and scan.draft.items[here + 1].number is not None:
        n = int(scan.draft.items[here + 1].number.value)  # type: ignore[union-attr]
        here = here + 1 + (scan.word(here + 2) in HIGH)
    descending = word in HIGH
    noun = scan.skip(here + 1, word_set("number count of the total amount value corresponding different"))
    noun = _past_values(scan, noun)
    if scan.word(noun) in ("common", "popular", "frequent", "frequently", "commonly", "used", "widely"):
        field_at = scan.skip(noun + 1, word_set("used occurring"))
        scan.asked.order.append(Ordered(dataset="", descending=descending))
        scan.asked.limit, scan.asked.best = n or 1, True
        return field_at
    fields = tuple(f for f in scan.fields(noun) if scan.draft.model.field(f).datatype in NUMBER)
    if fields and scan.dataset(noun) is None and (scan.asked.outputs or not scan.head):
        return _take_order(scan, Ordered(named=Named(fields=fields), descending=descending), n, noun + 1)
    metric = next((s.target for s in scan.senses(noun, Kind.METRIC)), None)
    if metric is not None and scan.dataset(noun) is None:
        return _take_order(scan, Ordered(metric=metric, descending=descending), n, noun + 1)
    dataset = scan.dataset(noun)
    if dataset is not None and (word not in ("maximum", "max", "minimum", "min") or scan.word(noun - 1) == "of"):
        scan.speak(dataset)
        return _take_order(scan, Ordered(dataset=dataset, descending=descending), n, noun + 1)
    return at


def _past_values(scan: Scan, at: int) -> int:
    """ "the most friendly competitions": values before the noun say which of its rows count."""
    here = at
    while scan.senses(here, Kind.VALUE) and not scan.dataset(here):
        here += 1
    if here == at or not scan.dataset(here):
        return at
    for value_at in range(at, here):
        senses = scan.senses(value_at, Kind.VALUE)
        fields = tuple(dict.fromkeys(s.target for s in senses))
        scan.add_test(Test(named=Named(fields=fields, of=scan.dataset(here)), op="in", values=(str(senses[0].value),)))
    return here


def _adjective(scan: Scan, at: int) -> tuple[Ordered, int] | None:
    """ "oldest", "most recent", "most recently": a field, by the model's own adjectives."""
    if scan.word(at) in ("most", "least"):
        word = scan.word(at + 1).removesuffix("ly")
        senses = [s for s in scan.draft.world.lexicon.lookup((word,)) if s.kind in (Kind.MORE, Kind.LESS) and s.degree == ""]
        targets = tuple(s.target for s in senses if s.target not in scan.draft.model.metrics)
        high = bool(targets) and senses[0].kind is Kind.MORE
        if targets and scan.word(at + 2) not in ("and", ","):
            return Ordered(named=Named(fields=targets, of=scan.dataset(at + 2)), descending=high == (scan.word(at) == "most")), at + 2
    for kind, descending in ((Kind.MORE, True), (Kind.LESS, False)):
        targets = tuple(s.target for s in scan.senses(at, kind) if s.degree == "superlative" and s.target not in scan.draft.model.metrics)
        if not targets:
            continue
        measured = tuple(f for f in scan.fields(at + 1) if scan.draft.model.field(f).datatype in NUMBER)
        if measured and scan.dataset(at + 1) is None:
            # "the shortest duration", "the oldest id": the noun says which field.
            named = Named(fields=tuple(f for f in measured if f in targets) or measured)
            return Ordered(named=named, descending=descending), at + 2
        return Ordered(named=Named(fields=targets, of=scan.dataset(at + 1)), descending=descending), at + 1
    return None


def _take_order(scan: Scan, order: Ordered, n: int | None, end: int) -> int:
    scan.asked.order.append(order)
    scan.asked.limit, scan.asked.best = n or 1, True
    scan.head = scan.head and order.named is not None
    return end


def sorting(scan: Scan, at: int) -> int:
    """ "sorted by age in descending order", "in alphabetical order of last name", "by age from old to young" """
    end = at
    keys: list[tuple[str, ...]] = []
    seen: set[str] = {"sorted"} if scan.word(0) in ("sort", "order", "rank", "arrange") and scan.word(at) == "by" else set()
    while end < len(scan.draft.items):
        word = scan.word(end)
        if word in ("year", "years") and not scan.fields(end) and seen & _SORTING:
            found = year_of(scan, end)
            if found is None:
                return at
            keys.append(found[0])
            end = found[1]
        elif scan.fields(end) and seen & _SORTING:
            keys.append(scan.fields(end))
            end = whose(scan, end + 1)[1]
        elif word in _ORDER_WORDS and not scan.content(end) and not scan.open_sentence(end):
            seen.add(word)
            end += 1
        elif word == "," and seen & _SORTING and scan.word(end + 1) in _ORDER_WORDS:
            end += 1
        else:
            break
    alone = seen & word_set("reversed chronological alphabetical alphabetically lexicographical lexicographic ascending descending")
    if end == at or not seen & _SORTING or not (keys or alone) or (scan.word(at) in ("and", "order", "a") and not keys):
        return at
    ends = _from_to(scan, end)
    descending = bool(seen & word_set("descending descendingly desc reverse reversed decreasing")) or (ends is not None and ends[0])
    end = ends[1] if ends is not None else end
    named = [Ordered(named=Named(fields=k), descending=descending) for k in keys]
    scan.asked.order += named or [Ordered(descending=descending)]
    return end


def _from_to(scan: Scan, at: int) -> tuple[bool, int] | None:
    """ "from old to young", "highest to lowest" """
    begin = at
    first = scan.skip(begin, word_set("from"))
    high = scan.word(first) in HIGH or bool(scan.senses(first, Kind.MORE))
    low = scan.word(first) in LOW or bool(scan.senses(first, Kind.LESS))
    if not (high or low) or scan.word(first + 1) != "to":
        return None
    return high, first + 3
