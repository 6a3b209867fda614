"""One figure over another where the model has no such ratio: "revenue per visitor", "tickets per 100 orders", "returns as share of orders".

Only where the second figure cannot split the first: "revenue per store" shows each store, "orders per customer" is read with the averages.
"""

from __future__ import annotations

from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.inflection import plural
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.wordlists import word_set
from tools.core.query.metric_query import Measure
from tools.core.semantics.model import MetricFormat

_ARTICLES = ("the", "our", "all", "a", "an", "each", "every", "total", "overall")
_SHARE = word_set("share percentage percent % proportion fraction pct ratio")
_AS_SHARE = (("as", "a"), ("as", "an"), ("as",), ("in",), ("expressed", "as", "a"), ("relative", "to"))
_AVERAGE = word_set("average avg mean")
_HUNDRED = (100, 1000)


def read_quotient(draft: Draft) -> None:
    for at in range(1, len(draft.items)):
        if _per(draft, at) or _as_share(draft, at) or _ratio_of(draft, at):
            return


def _per(draft: Draft, at: int) -> bool:
    """ "revenue per visitor", "tickets per 100 orders"."""
    each = draft.word(at) in ("per", "for each", "for every") or draft.phrase(at, ("for", "every")) or draft.phrase(at, ("for", "each"))
    if not each:
        return False
    noun = draft.skip(at + (1 if draft.word(at) == "per" else 2), _ARTICLES)
    number = draft.item(noun)
    hundred = number is not None and number.number is not None and number.number.value in _HUNDRED
    noun += hundred
    top, below = _figure_before(draft, at), _one_of_many(draft, noun)
    if top is None or below is None or top[1] == below[1] or (not hundred and _splits(draft, top[1], noun)):
        return False
    if hundred and number is not None and number.number is not None:
        if number.number.value != _HUNDRED[0]:
            return False
        draft.notes.append("so many per 100 are shown as a percentage")
    _keep(draft, top, below, (at, below[0] + 1), as_share=hundred)
    return True


def _as_share(draft: Draft, at: int) -> bool:
    """ "returns as a share of orders", "refunds in percent of revenue"."""
    begin = next((at - len(words) for words in _AS_SHARE if draft.phrase(at - len(words), words)), at)
    if begin == at or draft.word(at) not in _SHARE:
        return False
    of = draft.skip(at + 1, ("of", "to"))
    noun = draft.skip(of, _ARTICLES)
    top, below = _figure_before(draft, begin), _figure(draft, noun)
    if of == at + 1 or top is None or below is None or top[1] == below[1] or not _same_kind(draft, top[1], below[1]):
        return False
    _keep(draft, top, below, (begin, noun + 1), as_share=True)
    return True


def _ratio_of(draft: Draft, at: int) -> bool:
    """ "the ratio of returns to orders"."""
    if draft.word(at - 1) != "ratio" or draft.word(at) not in ("of", "between"):
        return False
    first = draft.skip(at + 1, _ARTICLES)
    top = _figure(draft, first)
    if top is None or draft.word(first + 1) not in ("to", "and", "over"):
        return False
    noun = draft.skip(first + 2, _ARTICLES)
    below = _figure(draft, noun)
    if below is None or top[1] == below[1]:
        return False
    draft.claim_free(at - 1, first, "metric")
    _keep(draft, top, below, (first + 1, noun + 1), as_share=_same_kind(draft, top[1], below[1]))
    return True


def _figure_before(draft: Draft, at: int) -> tuple[int, str] | None:
    """(item, metric) of the last figure before `at`; None when it is a rate or something else stands between."""
    found = [i for i in range(at) if draft.free(i) and draft.items[i].has(Kind.METRIC)]
    if not found or (draft.dataset_at(found[-1]) == draft.customer is not None and found[-1] < at - 1):
        return None  # "how long did people stay per visit": not their number
    return _figure(draft, found[-1])


def _figure(draft: Draft, at: int) -> tuple[int, str] | None:
    item = draft.item(at)
    sense = draft.sense(at, Kind.METRIC) if item is not None and draft.free(at) and not item.has(Kind.ABSENT) else None
    if sense is None or draft.metric(sense.target).format is MetricFormat.RATE or draft.world.ratio(sense.target) is not None:
        return None
    return at, sense.target


def _one_of_many(draft: Draft, at: int) -> tuple[int, str] | None:
    """(last item, metric) of the noun after "per", which is said of one: "order", "new customer", "e-mail sent"."""
    for end in range(min(len(draft.items), at + 3), at, -1):
        words = [w for item in draft.items[at:end] for w in item.text.split()]
        if not all(draft.free(i) for i in range(at, end)):
            continue
        for many in [words, *([*words[:i], plural(w), *words[i + 1 :]] for i, w in enumerate(words))]:
            senses = draft.world.lexicon.lookup(tuple(many))
            name = next((s.target for s in senses if s.kind is Kind.METRIC), None)
            if name is not None and draft.metric(name).format is not MetricFormat.RATE:
                return end - 1, name
    dataset = draft.dataset_at(at) if draft.free(at) and at < len(draft.items) else None
    counting = draft.count_metric(dataset) if dataset is not None else None
    return (at, counting) if counting is not None else None


def _splits(draft: Draft, metric: str, noun: int) -> bool:
    """Whether the noun names rows that the figure can be split by."""
    fact, dataset, mention = draft.world.fact(metric), draft.dataset_at(noun), draft.items[noun].mention
    fields = [s.target.split(".")[0] for s in mention.of(Kind.FIELD)] if mention is not None else []
    by_field = any(draft.world.reaches(fact, name) for name in fields)
    return by_field or (dataset is not None and (dataset == fact or draft.world.reaches(fact, dataset)))


def _same_kind(draft: Draft, one: str, other: str) -> bool:
    return draft.metric(one).format is draft.metric(other).format


def _keep(draft: Draft, top: tuple[int, str], below: tuple[int, str], rest: tuple[int, int], *, as_share: bool) -> None:
    draft.add_measure(Measure(metric=top[1], over=below[1], as_share=as_share))
    draft.doubts.append(f"all of the {draft.metric(top[1]).label} is divided by all {draft.metric(below[1]).label}")
    begin = top[0] - (draft.word(top[0] - 1) in _AVERAGE)
    draft.claim_free(begin, top[0] + 1, "metric")
    draft.claim_free(*rest, "metric")
