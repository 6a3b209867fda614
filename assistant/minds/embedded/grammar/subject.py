"""What the question is about: "how many customers", "which stores", "list the members who", "who"."""

from __future__ import annotations

from assistant.minds.embedded.grammar.draft import Draft, Subject
from assistant.minds.embedded.lexicon import Kind

_COUNTING = (
    ("how", "many"),
    ("the", "number", "of"),
    ("number", "of"),
    ("total", "number", "of"),
    ("the", "count", "of"),
    ("count", "of"),
    ("count",),
    ("total", "count", "of"),
)
_DISTINCT = frozenset({"different", "distinct", "unique", "separate", "individual", "the", "our", "of", "total", "all", "these", "those", "in"})
_ASKING = frozenset({"which", "what"})
_LISTING = frozenset({"list", "show", "name", "find", "identify", "give", "get", "display", "pull", "return"})
_BETWEEN = frozenset({"me", "us", "the", "all", "a", "of", "our", "out", "up", "for", "list", "those", "every", "are", "is", "were", "was", "please", "kind", "type", "sort", "types", "kinds"})
_WHO = frozenset({"who", "whom"})
_RELATIVE = frozenset({"who", "that", "which", "with", "without", "having", "whose", "where"})


def read_subject(draft: Draft) -> None:
    """Finds the counted noun or the noun asked for. At most one of the two."""
    _counted(draft)
    if draft.counted is None:
        _asked(draft)
    if draft.counted is None and draft.subject is None:
        _who(draft)


def _counted(draft: Draft) -> None:
    """"how many X": X is counted, unless X is a metric of its own ("how many visits")."""
    for at in range(len(draft.items)):
        after = draft.match(at, _COUNTING)
        if after == at:
            continue
        noun = draft.skip(after, _DISTINCT)
        item = draft.item(noun)
        if item is not None and item.time is not None and item.time.grain is not None:
            continue
        if item is not None and not item.has(Kind.METRIC, Kind.DATASET, Kind.FIELD) and _noun_follows(draft, noun):
            noun += 1
            item = draft.item(noun)
        if item is None or not item.has(Kind.METRIC, Kind.DATASET):
            continue
        _count(draft, at, noun)
        return


def _noun_follows(draft: Draft, at: int) -> bool:
    """ "how many female customers": a value or adjective stands before the noun."""
    item, following = draft.item(at), draft.item(at + 1)
    return item is not None and item.has(Kind.VALUE, Kind.FILTER) and following is not None and following.has(Kind.DATASET, Kind.METRIC)


def _count(draft: Draft, at: int, noun: int) -> None:
    dataset = draft.sense(noun, Kind.DATASET)
    own_metric = draft.items[noun].mention
    metric = own_metric.one(Kind.METRIC) if own_metric else None
    counting = draft.count_metric(dataset.target) if dataset else None
    begin = at
    after = draft.skip(draft.match(at, _COUNTING), _DISTINCT)
    draft.claim_free(begin, after, "count")
    if metric is not None and (counting is None or metric.exact):
        if dataset is not None:
            draft.counted = dataset.target
            draft.counted_at = noun
        if dataset is None or counting is None:
            return
    if dataset is not None:
        draft.counted = dataset.target
        draft.counted_at = noun
        if counting is not None:
            draft.claim(noun, noun + 1, "count")
            draft.add_count(dataset.target, counting)


def _asked(draft: Draft) -> None:
    for at in range(len(draft.items)):
        word = draft.word(at)
        if word not in _ASKING | _LISTING:
            continue
        noun = draft.skip(at + 1, _BETWEEN)
        if draft.item(noun) is not None and not draft.items[noun].has(Kind.DATASET, Kind.FIELD) and _noun_follows(draft, noun):
            noun += 1
        dimension = draft.dimension_at(noun)
        if dimension is None:
            continue
        item = draft.items[noun]
        if word in _LISTING and not _lists(draft, noun):
            continue
        if item.has(Kind.METRIC) and word in _ASKING and item.mention is not None and not item.has(Kind.FIELD) and not _ranks_or_restricts(draft, noun):
            continue
        dataset = draft.sense(noun, Kind.DATASET)
        draft.claim_free(at, noun + 1 if not _noun_follows(draft, noun - 1) else noun - 1, "subject")
        draft.claim_free(noun, noun + 1, "subject")
        draft.subject = Subject(at=noun, dimension=dimension, dataset=dataset.target if dataset else None, plural=item.is_plural)
        return


def _lists(draft: Draft, noun: int) -> bool:
    """ "list the customers who ..." and a bare "list all stores" ask for rows; "show revenue by store" does not get here."""
    if not draft.items[noun].has(Kind.DATASET):
        return False
    following = draft.word(noun + 1)
    return following in _RELATIVE or noun + 1 >= len(draft.items) or draft.items[noun + 1].has(Kind.FACT, Kind.DOES) or following in ("in", "from", "by")


def _ranks_or_restricts(draft: Draft, noun: int) -> bool:
    """ "which visits ..." asks for rows only when the question ranks or restricts them."""
    return any(draft.word(i) in ("most", "least", "highest", "lowest") or draft.word(i) in _RELATIVE for i in range(noun + 1, len(draft.items)))


def _who(draft: Draft) -> None:
    """ "who" that no noun precedes is the customer."""
    customer = draft.customer
    if customer is None:
        return
    for at in range(len(draft.items)):
        before = draft.items[at - 1] if at else None
        if draft.word(at) in _WHO and (before is None or not before.has(Kind.DATASET)):
            dimension = draft.key_of(customer)
            if dimension is not None:
                draft.claim(at, at + 1, "subject")
                draft.subject = Subject(at=at, dimension=dimension, dataset=customer, plural=draft.word(at + 1) in ("are", "were", "have"))
            return
