"""What the question is about: "how many customers", "which stores", "list the members who", "who"."""

from __future__ import annotations

import re

from assistant.minds.embedded.grammar.draft import Draft, Subject
from assistant.minds.embedded.grammar.ranking import SUPERLATIVES
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.wordlists import word_set
from tools.core.query.metric_query import DimensionRef, EntityCondition, Grain, Measure

_COUNTING = (
    ("how", "many"),
    ("the", "number", "of"),
    ("number", "of"),
    ("total", "number", "of"),
    ("the", "count", "of"),
    ("count", "of"),
    ("count",),
    ("total", "count", "of"),
    ("how", "big", "is"),
)
_DISTINCT = frozenset(
    {"different", "distinct", "unique", "separate", "individual", "the", "our", "of", "total", "all", "these", "those", "in"}
)
_ASKING = frozenset({"which", "what"})
_LISTING = frozenset({"list", "show", "name", "find", "identify", "give", "get", "display", "pull", "return"})
_BETWEEN = word_set(
    "me us the all a of our out up for list those every are is were was please kind type sort types kinds single one exact particular"
)
_AGGREGATED = word_set("average mean median typical maximum minimum max min highest lowest largest smallest most biggest distribution")
"""Before "number of visits", these ask for a figure per customer, not for a count."""
_SUPERLATIVES = _AGGREGATED | word_set("top best worst least")
_DESCRIBING = word_set("from in of the aged living at on and or our with")
_ADVERBS = word_set("not never only ever")
_WHO = frozenset({"who", "whom"})
PERSONS = word_set("everyone everybody anyone anybody someone somebody those")
"""They stand for a customer where a clause about customers follows."""
_BEFORE_NAMED = word_set("are were is the our my your")
RELATIVE = frozenset({"who", "that", "which", "with", "without", "having", "whose", "where"})


def read_subject(draft: Draft) -> None:
    """Finds the counted noun or the noun asked for. At most one of the two."""
    _counted(draft)
    if draft.counted is None:
        _asked(draft)
    if draft.counted is None and draft.subject is None:
        _who(draft)
    if draft.counted is None and draft.subject is None:
        _leading_noun(draft)


# -- counting ---------------------------------------------------------------------------------------


def _counted(draft: Draft) -> None:
    """ "how many X", and the X of "which share of X": X is counted."""
    for at, item in enumerate(draft.items):
        if draft.claims[at] == "share" and (_doers(draft, at + 1) or _people_described(draft, at + 1) or _noun_shared(draft, at + 1)):
            return
        if draft.word(draft.back(at, ("the", "total"))) in _AGGREGATED:
            continue
        if draft.free(at) and item.has(Kind.METRIC) and item.text.startswith(("number of", "count of")) and _count_phrase(draft, at):
            return
        after = draft.match(at, _COUNTING)
        if after > at and _doers(draft, after):
            draft.claim_free(at, after, "count")
            return
        if after > at and _count_after(draft, at, draft.skip(after, _DISTINCT)):
            return


def _count_phrase(draft: Draft, at: int) -> bool:
    """ "number of customers" as one phrase of the model"""
    metric = draft.sense(at, Kind.METRIC)
    dataset = draft.world.lexicon.counted_by(metric.target) if metric else None
    if metric is None or dataset is None:
        return False
    draft.counted, draft.counted_at = dataset, at
    draft.add_measure(Measure(metric=metric.target))
    draft.claim(at, at + 1, "count")
    return True


def _count_after(draft: Draft, at: int, noun: int) -> bool:
    head = _head(draft, noun)
    if head is None:
        return _count_values(draft, at, noun) or _count_pronoun(draft, at, noun)
    mention = draft.items[head].mention
    assert mention is not None
    dataset = next((s.target for s in mention.of(Kind.DATASET) if draft.count_metric(s.target)), None)
    metric = draft.sense(head, Kind.METRIC)
    draft.claim_free(at, draft.skip(draft.match(at, _COUNTING), _DISTINCT), "count")
    if dataset is None:
        return metric is not None
    counting = metric.target if metric is not None else draft.count_metric(dataset)
    assert counting is not None
    done_to = _counted_by_verb(draft, dataset, head)
    if done_to is not None:
        verb, counting = done_to
        draft.claim(verb, verb + 1, "count")
    draft.counted, draft.counted_at = dataset, head
    draft.add_measure(Measure(metric=counting))
    draft.claim(head, head + 1, "count")
    return True


def _counted_by_verb(draft: Draft, dataset: str, head: int) -> tuple[int, str] | None:
    """ "how many customers did we contact": the verb whose metric counts these entities, and that metric."""
    key = draft.model.datasets[dataset].primary_key
    for verb in draft.find(Kind.DOES):
        senses = draft.items[verb].mention.of(Kind.DOES) if verb > head else ()  # type: ignore[union-attr]
        for sense in senses:
            expression = draft.metric(sense.target).expression.upper()
            denied = {draft.word(i) for i in range(head, verb)} & {"not", "never", "no"}
            if (
                "COUNT(DISTINCT" in expression
                and "/" not in expression
                and len(key) == 1
                and f".{key[0].upper()}" in expression
                and not denied
            ):
                return verb, sense.target
    return None


def _people_described(draft: Draft, at: int) -> bool:
    """ "what share of our gold members returned something": values that stand for customers are counted."""
    noun = draft.skip(at, _DISTINCT)
    counting = draft.count_metric(draft.customer or "")
    nouns = draft.free(noun) and draft.customer in draft.nouns_within(noun)
    if counting is None or not draft.free(noun) or not (_are_people(draft, noun) or (nouns and draft.items[noun].has(Kind.FILTER))):
        return False
    draft.claim_free(at, noun, "count")
    draft.counted, draft.counted_at = draft.customer, noun
    draft.add_measure(Measure(metric=counting))
    return True


def _noun_shared(draft: Draft, at: int) -> bool:
    """ "what share of companies ordered": the things of a noun that names no figure by itself are counted."""
    noun = draft.skip(at, _DISTINCT)
    mention = draft.items[noun].mention if draft.free(noun) and noun < len(draft.items) else None
    senses = mention.of(Kind.DATASET) if mention is not None and not mention.of(Kind.METRIC) else ()
    dataset = next((s.target for s in senses if draft.count_metric(s.target)), None)
    if dataset is None or not draft.items[noun].is_plural:
        return False
    draft.claim_free(at, noun + 1, "count")
    draft.counted, draft.counted_at = dataset, noun
    draft.add_measure(Measure(metric=draft.count_metric(dataset) or ""))
    return True


def _doers(draft: Draft, at: int) -> bool:
    """ "how many buyers returned something": a figure that counts customers by what they did, where something more is said of them."""
    noun = draft.skip(at, _DISTINCT)
    sense = draft.sense(noun, Kind.METRIC) if draft.free(noun) else None
    counting, customer = draft.count_metric(draft.customer or ""), draft.customer
    if sense is None or counting is None or customer is None or draft.items[noun].has(Kind.DATASET, Kind.FIELD):
        return False
    fact = draft.world.fact(sense.target)
    acts = [i for i in draft.find(Kind.FACT, Kind.DOES) if i > noun and not draft.items[i].has(Kind.METRIC, Kind.DATASET)]
    if fact in (None, customer) or not acts or not draft.items[noun].is_plural or not counts_customers(draft, sense.target):
        return False
    draft.claim_free(at, noun + 1, "count")
    draft.counted, draft.counted_at = customer, noun
    draft.add_measure(Measure(metric=counting))
    draft.main_from = 1
    draft.entity_conditions.append(EntityCondition(entity=customer, fact=fact))
    return True


def counts_customers(draft: Draft, name: str) -> bool:
    """Whether a metric counts the customers who have a row of its fact, all rows alike."""
    metric, key = draft.metric(name), draft.model.datasets[draft.customer or ""].primary_key
    counted = re.fullmatch(r"COUNT\(DISTINCT (\w+)\.(\w+)\)", metric.expression.strip(), re.IGNORECASE)
    return counted is not None and metric.filter is None and (counted[2],) == key and counted[1] == draft.world.fact(name)


def _head(draft: Draft, noun: int) -> int | None:
    """The counted noun, with the values and adjectives before it passed over: "how many female customers"."""
    at = noun
    while draft.free(at):
        item = draft.items[at]
        if item.time is not None and not item.has(Kind.METRIC, Kind.DATASET):
            return None
        if item.has(Kind.METRIC, Kind.DATASET):
            return at
        joined = item.text in ("and", "or", ",", "nor") and at > noun
        if not (item.has(Kind.VALUE, Kind.FILTER) or joined) or at > noun + 4:
            return None
        at += 1
    return None


def _count_values(draft: Draft, at: int, noun: int) -> bool:
    """ "how many homeowners": a value stands for the entities that have it."""
    item = draft.item(noun)
    mention = item.mention if item is not None else None
    described = item is not None and bool(draft.nouns_within(noun))
    if draft.find(Kind.METRIC, Kind.DOES) and not described and not _verb_follows(draft, noun) and not _are_people(draft, noun):
        return False
    for sense in mention.of(Kind.VALUE, Kind.FILTER) if mention else ():
        entity = draft.entity_of(draft.field_of(sense))
        counting = draft.count_metric(entity) if entity else None
        if entity is not None and counting is not None:
            draft.claim_free(at, noun, "count")
            draft.counted, draft.counted_at = entity, noun
            draft.add_measure(Measure(metric=counting))
            return True
    return False


def _are_people(draft: Draft, noun: int) -> bool:
    """ "how many homeowners without kids spent ...": a value that stands for customers, and no figure after it that it could describe."""
    item, following = draft.item(noun), draft.item(noun + 1)
    if item is None or not item.is_plural or (following is not None and following.has(Kind.METRIC, Kind.DATASET)):
        return False
    senses = item.mention.of(Kind.VALUE, Kind.FILTER) if item.mention else ()
    return bool(senses) and all(draft.entity_of(draft.field_of(s)) == draft.customer for s in senses)


def _verb_follows(draft: Draft, at: int) -> bool:
    following = draft.item(at + 1)
    return following is not None and following.has(Kind.FACT)


def _count_pronoun(draft: Draft, at: int, noun: int) -> bool:
    """ "Customers who came in May: how many?", "Of the members who joined, how many never booked?" """
    following = draft.item(noun)
    if (
        following is not None
        and not following.has(Kind.FACT, Kind.DOES)
        and following.text not in ("have", "had", "did", "were", "are", "also", "never", "of", "do")
    ):
        return False
    for place in range(at):
        if draft.word(place) in PERSONS and draft.word(place + 1) in ("who", "that") and draft.customer is not None:
            counting = draft.count_metric(draft.customer)
            if counting is None:
                return False
            draft.claim_free(at, draft.match(at, _COUNTING), "count")
            draft.counted, draft.counted_at = draft.customer, place
            draft.add_measure(Measure(metric=counting))
            draft.claim(place, place + 1, "count")
            return True
    people = next((place for place in range(at) if draft.item(place) is not None and _are_people(draft, place)), None)
    counting = draft.count_metric(draft.customer or "")
    if people is not None and counting is not None:
        draft.claim_free(at, draft.match(at, _COUNTING), "count")
        draft.counted, draft.counted_at = draft.customer, people
        draft.add_measure(Measure(metric=counting))
        return True
    for place in draft.find(Kind.DATASET):
        for sense in draft.items[place].mention.of(Kind.DATASET):  # type: ignore[union-attr]
            counting = draft.count_metric(sense.target)
            if counting is not None and draft.model.datasets[sense.target].is_entity:
                draft.claim_free(at, draft.match(at, _COUNTING), "count")
                draft.counted, draft.counted_at = sense.target, place
                draft.add_measure(Measure(metric=counting))
                draft.claim(place, place + 1, "count")
                return True
    return False


# -- asking -----------------------------------------------------------------------------------------


def _asked(draft: Draft) -> None:
    for at in range(len(draft.items)):
        word = draft.word(at)
        if word not in _ASKING | _LISTING or (word == "what" and draft.word(at + 1) in ("the", "our", "my")):
            continue
        noun, n = _asked_noun(draft, at)
        dimension = draft.dimension_at(noun)
        if dimension is None or (word in _LISTING and n is None and not _lists(draft, noun)) or not _asks_for_rows(draft, word, noun):
            continue
        _take(draft, at, noun, dimension, n)
        return


def _asked_noun(draft: Draft, at: int) -> tuple[int, int | None]:
    """The noun after "which", a number and a description passed over: "which three female members"."""
    noun = draft.skip(at + 1, _BETWEEN)
    n: int | None = None
    item = draft.item(noun)
    if item is not None and item.number is not None and item.number.unit is None:
        n = int(item.number.value)
        noun = draft.skip(noun + 1, _BETWEEN)
    if draft.free(noun) and not draft.items[noun].has(Kind.DATASET, Kind.FIELD) and draft.items[noun].has(Kind.VALUE, Kind.FILTER):
        following = draft.item(noun + 1)
        noun += following is not None and following.has(Kind.DATASET, Kind.FIELD)
    return noun, n


def _take(draft: Draft, at: int, noun: int, dimension: DimensionRef | Grain, n: int | None) -> None:
    for place in range(at, noun + 1):
        if draft.free(place) and (place == noun or not draft.items[place].has(Kind.VALUE, Kind.FILTER)):
            draft.claim(place, place + 1, "subject")
    plural = draft.items[noun].is_plural if n is None else n > 1
    draft.subject = Subject(at=noun, dimension=dimension, dataset=draft.dataset_at(noun), plural=plural, n=n)


def _asks_for_rows(draft: Draft, word: str, noun: int) -> bool:
    """ "what visits ..." asks for a figure unless the question ranks or restricts the visits."""
    item = draft.items[noun]
    if word in _LISTING or not item.has(Kind.METRIC) or item.has(Kind.FIELD):
        return True
    following = {draft.word(i) for i in range(noun + 1, len(draft.items))}
    return bool(
        following
        & ({"most", "least", "highest", "lowest", "best", "worst", "never", "not", "more", "over", "no", "had", "have"} | RELATIVE)
    )


def _lists(draft: Draft, noun: int) -> bool:
    """ "list the customers who ..." and a bare "list all stores" ask for rows; "show revenue by store" does not get here."""
    if not draft.items[noun].has(Kind.DATASET):
        return False
    following = draft.word(noun + 1)
    of_a_kind = following == "of" and noun + 2 < len(draft.items) and draft.items[noun + 2].has(Kind.VALUE, Kind.FIELD)
    list_of = draft.phrase(noun - 2, ("list", "of")) or draft.phrase(noun - 3, ("list", "of", "the"))
    return (
        of_a_kind
        or list_of
        or following in RELATIVE
        or noun + 1 >= len(draft.items)
        or draft.items[noun + 1].has(Kind.FACT, Kind.DOES)
        or (following in ("in", "from", "by") and (not draft.items[noun].has(Kind.METRIC) or draft.items[0].text == "list"))
    )


def _who(draft: Draft) -> None:
    """ "who" that no noun precedes is the customer."""
    customer = draft.customer
    if customer is None:
        return
    for at in range(len(draft.items)):
        before = draft.items[at - 1] if at else None
        if draft.word(at) in _WHO and (before is None or not before.has(Kind.DATASET, Kind.FIELD, Kind.VALUE)):
            dimension = draft.key_of(customer)
            if _names_things(draft, at):
                draft.claim(at, at + 1, "support")
            elif dimension is not None:
                noun, n = _named_after_who(draft, at)
                draft.claim(at, noun + 1, "subject")
                plural = draft.word(at + 1) in ("are", "were", "have") or n is not None
                draft.subject = Subject(at=noun, dimension=dimension, dataset=customer, plural=plural, n=n)
            return


def _names_things(draft: Draft, at: int) -> bool:
    """ "Who are our five weakest shops": the noun says what they are, and that they are no customers."""
    noun = draft.skip(at + 1, _BEFORE_NAMED)
    item = draft.item(noun)
    while item is not None and (item.number is not None or draft.word(noun) in SUPERLATIVES):
        noun += 1
        item = draft.item(noun)
    dataset = draft.dataset_at(noun) if item is not None else None
    return noun > at + 1 and dataset is not None and dataset != draft.customer and draft.model.datasets[dataset].is_entity


def _named_after_who(draft: Draft, at: int) -> tuple[int, int | None]:
    """ "who are the ten customers with ...": the noun and its number after "who"."""
    number = draft.skip(at + 1, ("are", "were", "the", "our"))
    described = draft.item(at - 2)
    if at > 1 and described is not None and described.number is not None and described.number.unit is None and draft.nouns_within(at - 1):
        draft.claim(at - 2, at - 1, "subject")  # "the ten households with kids who ..."
        return at, int(described.number.value)
    item, noun = draft.item(number), draft.item(number + 1)
    if item is None or item.number is None or noun is None or not noun.has(Kind.DATASET) or draft.dataset_at(number + 1) != draft.customer:
        return at, None
    return number + 1, int(item.number.value)


def _leading_noun(draft: Draft) -> None:
    """ "campaigns with more than 40 redemptions", "members who never paid": a noun that is restricted and not measured is listed."""
    at = draft.skip(0, ("the", "all", "our", "any", "please"))
    item = draft.item(at)
    n: int | None = None
    if item is not None and item.number is not None and item.number.unit is None and item.number.value >= 1:
        n, at = int(item.number.value), at + 1  # "The ten customers who spent most"
        item = draft.item(at)
    if item is not None and not item.has(Kind.METRIC, Kind.DATASET, Kind.FIELD) and n is None:
        _leading_people(draft, at)
        return
    if item is None or not item.has(Kind.DATASET, Kind.FIELD) or not item.is_plural:
        return
    if any(draft.word(i) in ("how", "what", "which") and draft.word(i - 1) in (",", ":", "?") for i in range(at + 1, len(draft.items))):
        return  # "Members with ..., what do they spend?" asks for a figure.
    dataset = draft.dataset_at(at) or next((s.target.split(".")[0] for s in item.mention.of(Kind.FIELD)), None) if item.mention else None
    if dataset is None or not draft.model.datasets[dataset].is_entity:
        return  # "reviews with 5 stars": rows of a fact are counted, things are listed.
    following = draft.item(_past_description(draft, at + 1))
    restricted = following is not None and (following.text in RELATIVE | _ADVERBS or following.has(Kind.FACT, Kind.DOES))
    dimension = draft.dimension_at(at)
    if restricted and dataset == draft.customer and n is None and _is_counted(draft, at):
        counting = draft.count_metric(dataset)
        draft.counted, draft.counted_at = dataset, at
        draft.add_measure(Measure(metric=counting or ""))
        draft.claim(at, at + 1, "count")
    elif restricted and isinstance(dimension, DimensionRef):
        _take(draft, at - (n is not None), at, dimension, n)


def _leading_people(draft: Draft, at: int) -> None:
    """ "homeowners who bought meat in May": values that stand for customers, of whom something is said."""
    restricted = draft.word(_past_description(draft, at + 1)) in ("who", "that", "which")
    if restricted and not any(item.text in _LISTING | _ASKING | {"how"} for item in draft.items) and _is_counted(draft, at):
        _people_described(draft, at)


def _past_description(draft: Draft, at: int) -> int:
    """Index of the "who" of "customers from the West who have called"; `at` itself when no values stand between."""
    place = at
    while draft.word(place) in _DESCRIBING or (
        draft.item(place) is not None and draft.items[place].has(Kind.VALUE, Kind.FILTER) and not draft.items[place].has(Kind.METRIC)
    ):
        place += 1
    return place if draft.word(place) in ("who", "that", "which") else at


def _is_counted(draft: Draft, at: int) -> bool:
    """ "customers who came in May": how many they are, as "customers in the North" is; a list is asked for with "list" or "which"."""
    bounds = {i + 1 for i, item in enumerate(draft.items) if item.text == "at"}  # "at least two" ranks nobody
    words = [item for i, item in enumerate(draft.items) if i >= at and i not in bounds]
    ranks = any(item.text in _SUPERLATIVES or item.has(Kind.MORE, Kind.LESS) for item in words)
    splits = any(item.text in ("their", "with") and i > at + 1 for i, item in enumerate(draft.items)) or any(
        item.text in ("by", "per") and following.has(Kind.METRIC) and not following.has(Kind.FIELD)
        for item, following in zip(draft.items[at:], draft.items[at + 1 :], strict=False)
    )
    lists = any(item.text in ("list", "names", "them", "which") for item in draft.items)
    return draft.count_metric(draft.customer or "") is not None and not (ranks or lists or splits)
