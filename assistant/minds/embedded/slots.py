"""How the parts of a plan were come by: signs that a word was put into the wrong slot, though every word is accounted for.

Each holds for a class of sentences, whatever the warehouse, and none decides alone: the arbiter weighs them with what the learner expects.
On readings of questions that nobody had tuned for, a word of the model that only supports another one, or that could have been a
stored value, went with two to four times as many wrong readings as there were without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from assistant.minds.embedded.assemble import Reading
from assistant.minds.embedded.grammar.draft import ARTICLES, Item
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.wordlists import word_set
from tools.core.query.metric_query import MetricQuery

_FILTERING = frozenset({"filter", "condition"})
_MEASURING = frozenset({"metric", "count", "ranking"})
_SAYS_FIGURE = (Kind.METRIC, Kind.DOES, Kind.DATASET, Kind.MORE, Kind.LESS)
_JOINING = word_set(", & + / and plus vs versus against with or compared next beside alongside along both also then to")
_ASKS_FOR_A_LIST = word_set("list show which who name give what get see display find pull")
_MOST_IDLE = 3


def slot_evidence(reading: Reading) -> dict[str, float]:
    """The signs, 0 to 1.5 each; 0 is none. Of a reading with a query."""
    items, claims = reading.items, reading.claims
    pairs = tuple(zip(items, claims, strict=True))
    filters = [item for item, claim in pairs if claim in _FILTERING and item.has(Kind.VALUE)]
    figures = [item for item, claim in pairs if claim in _MEASURING]
    idle = sum(claim == "support" and item.mention is not None for item, claim in pairs)
    return {
        "idle_words": min(_MOST_IDLE, idle) / 2,
        "other_value": float(any(claim and claim not in _FILTERING and item.has(Kind.VALUE) for item, claim in pairs)),
        "value_or_noun": float(any(_kinds(item) > {Kind.VALUE} for item in filters)),
        "several_fields": float(any(len(_value_fields(item)) > 1 for item in filters)),
        "far_value": float(any(_is_far(item) for item in filters)),
        "by_verb": float("count" not in claims and not any(item.has(Kind.METRIC) for item in figures)),
        "uncoordinated": float(_is_uncoordinated(reading)),
        "number_before_noun": float(_has_number_before_noun(items, claims)),
        "unasked_list": float(_is_unasked_list(reading)),
    }


def _kinds(item: Item) -> set[Kind]:
    return {sense.kind for sense in item.mention.senses} if item.mention is not None else set()


def _value_fields(item: Item) -> set[str]:
    return {sense.target for sense in item.mention.of(Kind.VALUE)} if item.mention is not None else set()


def _is_far(item: Item) -> bool:
    """None of the words stands in a value that it may be: an abbreviation, another word for it, or an accident ("a campaign": Type A)."""
    values = " ".join(str(sense.value).lower() for sense in item.mention.of(Kind.VALUE)) if item.mention is not None else ""
    words = [word for word in item.text.split() if word not in ARTICLES]
    return bool(words) and all(word not in values for word in words)


def _is_uncoordinated(reading: Reading) -> bool:
    """Two figures, and nothing between their words that joins them: "web visits from the newsletter"."""
    query = reading.query
    if query is None or len({measure.metric for measure in query.metrics}) < 2:
        return False
    said = [at for at, claim in enumerate(reading.claims) if claim in _MEASURING and reading.items[at].has(*_SAYS_FIGURE)]
    return any(not _JOINING & set(_words(reading.items[one + 1 : other])) for one, other in pairwise(said))


def _words(items: tuple[Item, ...]) -> Iterator[str]:
    return (word for item in items for word in item.text.split())


def _has_number_before_noun(items: tuple[Item, ...], claims: tuple[str, ...]) -> bool:
    """A number read as a value ("over 50": an age) although what it counts follows: "over 50 visits"."""
    for at, item in enumerate(items):
        if claims[at] == "filter" and item.number is not None:
            after = next((i for i in range(at + 1, len(items)) if claims[i] != "filter"), None)
            if after is not None and claims[after] != "window" and items[after].has(Kind.METRIC, Kind.DATASET, Kind.FACT, Kind.DOES):
                return True
    return False


def _is_unasked_list(reading: Reading) -> bool:
    """Rows are listed though nothing asks for a list: "calls about billing" may be their number."""
    query: MetricQuery | None = reading.query
    listed = query is not None and query.listing is not None and "subject" in reading.claims
    return listed and not any(item.text in _ASKS_FOR_A_LIST for item in reading.items)
