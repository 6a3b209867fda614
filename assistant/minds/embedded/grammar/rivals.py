"""Two groups of people held against each other: "do gold members order more often than silver ones?", "who returns more, North or South?".

The groups are values of one field. What people do is counted per head, since two groups of different size are compared; a figure that
is named is shown as it is.
"""

from __future__ import annotations

import itertools

from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.grammar.special import main_fact
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.wordlists import word_set
from tools.core.query.metric_query import DimensionRef, Filter, Measure, Scalar
from tools.core.semantics.model import MetricFormat

_OPENS = word_set("do does did are is have has was were")
_MORE = word_set("more less fewer higher lower bigger smaller larger greater better worse")
_OFTEN = word_set("often frequently regularly")
_MONEY = word_set("money")


def read_rivals(draft: Draft) -> None:
    """Claims the groups, the verb and the comparative, and fills in what is compared."""
    sides = _sides(draft)
    if sides is None or draft.customer is None:
        return
    one, other, field = sides
    doing = _verb(draft)
    figure = _figure(draft)
    if figure is None and doing is None:
        return
    sense = draft.sense(figure, Kind.METRIC) if figure is not None else None
    measure = Measure(metric=sense.target) if sense is not None else None
    measure = measure if doing is None else _per_head(draft, doing, measure)
    if measure is None:
        return
    draft.add_measure(measure)
    values = (one[1], other[1])
    draft.filters.append(Filter(field=field, op="in", values=values))
    draft.add_dimension(DimensionRef(field=field))
    draft.side_by_side = True
    draft.claim(one[0], one[0] + 1, "filter")
    draft.claim(other[0], other[0] + 1, "filter")
    for at in (at for at in (doing, figure) if at is not None):
        draft.claim_free(at, at + 1, "metric")
    _claim_the_rest(draft, other[0], doing)


def _sides(draft: Draft) -> tuple[tuple[int, Scalar], tuple[int, Scalar], str] | None:
    """The two values of one field of customers, with "than" between them, or "or" after a comma."""
    valued = [(at, *v) for at in range(len(draft.items)) if draft.free(at) for v in _values(draft, at)]
    places = sorted({at for at, _, _ in valued})
    texts = [item.text for item in draft.items]
    for first, second in itertools.combinations(places, 2):
        between = texts[first + 1 : second]
        asked = texts[0] in _OPENS and "than" in between and bool(set(between) & _MORE)
        apart = first == 0 or texts[first - 1] in (",", ":", "-", "?")
        if not (asked or ("who" in texts and between == ["or"] and apart)):
            continue
        for _, field, value in (v for v in valued if v[0] == first):
            rival = next((o[2] for o in valued if o[0] == second and o[1] == field and o[2] != value), None)
            if rival is not None and draft.entity_of(field) == draft.customer:
                return (first, value), (second, rival), field
    return None


def _values(draft: Draft, at: int) -> list[tuple[str, Scalar]]:
    """(field, value) of the senses of a stored value, or of a named filter with one value."""
    mention = draft.items[at].mention
    found: list[tuple[str, Scalar]] = []
    for sense in mention.of(Kind.VALUE, Kind.FILTER) if mention is not None else ():
        if sense.kind is Kind.VALUE and sense.value is not None:
            found.append((sense.target, sense.value))
            continue
        named = next((f.filters for f in draft.model.named_filters if f.name == sense.target), ())
        tests = [Filter.model_validate(dict(f)) for f in named]
        if len(tests) == 1 and tests[0].op == "in" and len(tests[0].values) == 1:
            found.append((tests[0].field, tests[0].values[0]))
    return found


def _verb(draft: Draft) -> int | None:
    """What they do: the one verb, which is not the noun of a figure."""
    verbs = [at for at in draft.find(Kind.FACT, Kind.DOES) if not draft.items[at].has(Kind.METRIC) or draft.word(at + 1) in _MORE]
    verbs = [at for at in verbs if not draft.items[at].is_plural or draft.items[0].text == "who"]
    return verbs[0] if verbs else None


def _figure(draft: Draft) -> int | None:
    """The figure that is named: not the customers themselves, nor the verb."""
    for at in draft.find(Kind.METRIC):
        item = draft.items[at]
        if draft.dataset_at(at) == draft.customer or draft.word(at + 1) in _MORE or item.has(Kind.VALUE):
            continue
        return at
    return None


def _per_head(draft: Draft, verb: int, named: Measure | None) -> Measure | None:
    """What the verb counts or adds up, for each customer of the group."""
    mention = draft.items[verb].mention
    assert mention is not None
    often = any(item.text in _OFTEN for item in draft.items)
    done = [s.target for s in mention.of(Kind.DOES) if draft.metric(s.target).format is not MetricFormat.RATE]
    counts = [c for s in mention.of(Kind.FACT) if (c := draft.count_metric(s.target)) is not None]
    default = draft.model.settings.default_metric
    reached = default is not None and any(draft.world.fact(default) == s.target for s in mention.of(Kind.FACT))
    names = [*counts, *done] if often else [*([default] if reached and default is not None else []), *done, *counts]
    if named is not None:
        names = [named.metric]
    heads = draft.count_metric(draft.customer or "")
    if not names or heads is None:
        return None
    if draft.metric(names[0]).format is MetricFormat.RATE or draft.world.ratio(names[0]) is not None:
        return Measure(metric=names[0])
    usual = names[0] == default or draft.world.fact(names[0]) == main_fact(draft, draft.customer or "")
    whole = draft.world.ratio_of(names[0], draft.customer or "") if usual else None  # Else it may be per those who did it at all.
    return Measure(metric=whole) if whole is not None else Measure(metric=names[0], over=heads)


def _claim_the_rest(draft: Draft, second: int, verb: int | None) -> None:
    """The comparative, who they are, and what the verb is done to."""
    for at, item in enumerate(draft.items):
        if not draft.free(at):
            continue
        noun = item.has(Kind.DATASET) and (draft.dataset_at(at) == draft.customer or (verb is not None and verb < at < second))
        if item.text in _MORE | _OFTEN | _MONEY | {"than", "who", "or"} or noun:
            draft.claim(at, at + 1, "contrast")
