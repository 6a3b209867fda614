"""Conditions on other rows: those that must exist, must not, or must be so many."""

from __future__ import annotations

from assistant.minds.embedded.grammar.comparators import bound_after, read_comparator
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.records.asked import Counted, Ordered, Related
from assistant.minds.embedded.records.conditions import after_denial, exact, field_test, number_bound, number_first
from assistant.minds.embedded.records.scan import EMPTY, Scan
from assistant.minds.embedded.wordlists import word_set
from tools.core.query.metric_query import Comparator

_DENYING = word_set("not no without never")


_BESIDE_DENYING = word_set("do does did have has had been is are was were be ever any a an the yet")


_AUXILIARY = word_set("is are was were be been being not get got has have had do does did")


def denied(scan: Scan, at: int) -> int:
    """ "without a captain", "do not have any captain", "that have not been assigned", "not steered by any captain" """
    if after_denial(scan, at) > at:
        return at  # "not located in Berlin": a condition on the thing itself
    here = scan.skip(at, word_set("but and"))
    while scan.word(here) in _DENYING | _BESIDE_DENYING and not scan.content(here):
        here += 1
    if not ({scan.word(i) for i in range(at, here)} & _DENYING):
        return at
    below = _denied_number(scan, here)
    if below > here:
        return below
    verb = next((s.target for s in scan.senses(here, Kind.FACT) if not scan.dataset(here)), None)
    noun = here
    unknown = unknown_verb(scan, here) > here
    if verb is not None or unknown:
        noun = scan.skip(here + 1, word_set("by any a an the to in for of with from on"))
    dataset = scan.dataset(noun)
    if dataset is None and verb is None:
        return at
    target = dataset or verb
    assert target is not None
    scan.asked.related.append(Related(dataset=target, op="eq", value=0))
    if verb is not None and verb != target:
        scan.speak(verb)
    scan.head = False
    end = noun + 1 if dataset is not None else here + 1
    return scan.skip(end, word_set("yet record records at all"))


def _denied_number(scan: Scan, at: int) -> int:
    """ "[never had] fewer than 7 bikes", "[never had] bikes below 7": rows of which there are none."""
    before = len(scan.asked.tests)
    if any(not r.closed for r in scan.asked.related):
        return at
    end = next((end for rule in (number_first, field_test) if (end := rule(scan, at)) > at), at)
    if end == at or len(scan.asked.tests) != before + 1:
        return at
    test = scan.asked.tests.pop()
    owners = {f.split(".")[0] for f in test.named.fields}
    if len(owners) != 1:
        return at
    scan.asked.related.append(Related(dataset=owners.pop(), op="eq", value=0, tests=[test], closed=True))
    return end


def numbered(scan: Scan, at: int) -> int:
    """ "more than one captain", "at least two technicians", "two or more players", "at least [took part in] two races" """
    bound = number_bound(scan, at) or exact(scan, at)
    if bound is None:
        op, after = read_comparator(scan.draft, at)
        past = after
        while op is not None and scan.senses(past, Kind.FACT) and not scan.dataset(past):
            past = scan.skip(past + 1, word_set("in for at on by"))
        bound = bound_after(scan.draft, op, past) if op is not None and past > after else None
        for passed in range(after, past) if bound is not None else ():
            verbs(scan, passed)
    if bound is not None and (bound.relative_to or bound.percentile):
        return at
    if bound is None:
        return at
    noun = scan.skip(bound.end, word_set("of"))
    dataset = scan.dataset(noun)
    if dataset is None:
        return at
    limits: list[tuple[Comparator, float]] = [(bound.op, bound.value)]
    if bound.upper is not None:
        limits = [("ge", bound.value), ("le", bound.upper)]
    scan.asked.related += [Related(dataset=dataset, op=op, value=value, closed=True) for op, value in limits]
    scan.head = False
    return noun + 1


def both(scan: Scan, at: int) -> int:
    """ "both captains with rank A and captains with rank B": two rows must exist, each with its own conditions."""
    if scan.word(at) == "both":
        noun = scan.skip(at + 1, word_set("a an the some"))
        dataset = scan.dataset(noun)
        if dataset is None:
            return at
        if not any(scan.dataset(i) == dataset for i in range(noun + 1, len(scan.draft.items))):
            scan.asked.both = True
            return at + 1
        scan.asked.related.append(Related(dataset=dataset))
        scan.head = False
        return noun + 1
    last = scan.asked.related[-1] if scan.asked.related else None
    if last is None or last.closed or last.denied or scan.word(at) not in ("and", ",", "as"):
        return at
    noun = scan.skip(at, word_set("and , as well a an the also some"))
    if scan.dataset(noun) != last.dataset:
        return at
    scan.asked.related.append(Related(dataset=last.dataset))
    return noun + 1


def verbs(scan: Scan, at: int) -> int:
    """A verb of the model: its rows are spoken of."""
    measured = {o.metric for o in (*scan.asked.outputs, *scan.asked.order) if isinstance(o, (Counted, Ordered))}
    facts = [s.target for s in scan.senses(at, Kind.FACT)] + [s.target for s in scan.senses(at, Kind.DOES) if s.target in measured]
    if not facts or not at or scan.fields(at) or scan.dataset(at):
        return at
    for fact in facts:
        if fact in scan.draft.model.datasets:
            scan.asked.deeds += [fact] if fact not in scan.asked.spoken_of else []
            scan.speak(fact)
            break
    return at + 1


def _denied_deed(scan: Scan, at: int) -> bool:
    """ "[did not] incur any fault": a verb between a denial and the noun of what was not done."""
    noun = scan.skip(at + 1, word_set("any a an the to in for of with from on"))
    return noun > at + 1 and scan.dataset(noun) is not None and bool({scan.word(at - 1), scan.word(at - 2)} & _DENYING)


def unknown_verb(scan: Scan, at: int) -> int:
    """ "that are steered by": a participle that the model does not know, between two things that belong together. Said as a doubt."""
    if at >= len(scan.draft.items):
        return at
    item = scan.draft.items[at]
    plain = item.mention is None and item.number is None and item.time is None and item.text.isalpha()
    if plain and _denied_deed(scan, at):
        scan.asked.guessed.append(item.text)
        return at + 1
    relative = scan.word(at - 1) in ("that", "which", "who")
    if not plain or not (scan.word(at - 1) in _AUXILIARY or relative) or not item.text.endswith(("ed", "en", "wn", "ught", "ld")):
        return at
    if scan.skip(at + 1, EMPTY) >= len(scan.draft.items) or scan.head:
        return at
    scan.asked.guessed.append(item.text)
    return at + 1
