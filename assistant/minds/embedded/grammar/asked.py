"""Question words that ask for a property or a length of time: "why do people call", "where do visits come from", "how do members pay",
"how long do callers wait".

The property is a field of the fact that is spoken of, named by what the question word asks for: a reason, a source, a method. The model
says it in its own words ("reason for the call", "means of payment"), or names it as a clause ("why people call").
"""

from __future__ import annotations

from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.tokens import atoms
from assistant.minds.embedded.wordlists import word_set
from tools.core.query.metric_query import DimensionRef, Measure
from tools.core.semantics.model import Field, Metric, MetricFormat

_REASONS = word_set("reason reasons cause causes motive motives")
_SOURCES = word_set("source sources origin origins")
_PLACES = word_set("place location basis source channel")
_TOPICS = word_set("topic topics subject subjects theme themes")
_MEANS = word_set("method means way medium")
_AUXILIARIES = word_set("do does did are is was were have has")
_QUESTION_WORDS = word_set("why how what where")
_TIME_UNITS = word_set("second seconds s minute minutes min hour hours h day days week weeks")
_LASTING = word_set("take takes took last lasts lasted spend spends spent stay stays it us")
_MOVED = word_set(
    "increase increased rise rose risen grow grew grown drop dropped fall fell fallen decline declined change changed changing "
    "decreasing decrease decreased declining falling dropping rising growing higher lower more less so up down"
)
"""Beside "why" these ask for what moved a figure, which no field holds."""


def read_asked(draft: Draft) -> None:
    """At most one question word, when the question names neither what to measure nor what to split by."""
    _how_long(draft)
    clause = next((at for at in draft.find(Kind.FIELD) if draft.items[at].text.split()[0] in _QUESTION_WORDS), None)
    if clause is not None:
        _property(draft, draft.model.field(draft.items[clause].mention.of(Kind.FIELD)[0].target), clause, clause + 1)  # type: ignore[union-attr]
        return
    for at in range(len(draft.items)):
        heads, end = _heads(draft, at)
        if heads is None:
            continue
        field = _field_named(draft, heads)
        if field is not None:
            _property(draft, field, at, end)
        return


def _heads(draft: Draft, at: int) -> tuple[frozenset[str] | None, int]:
    """What the question word at `at` asks for, and where the question's own words begin."""
    word, following = draft.word(at), draft.word(at + 1)
    words = {item.text for item in draft.items[at:]}
    if word == "why" and not words & _MOVED:
        return _REASONS, at + 1
    if draft.phrase(at, ("for", "what", "reason")) or draft.phrase(at, ("for", "which", "reason")):
        return _REASONS, at + 3
    if word == "where" and following in _AUXILIARIES and not words & {"by", "per"}:
        return (_SOURCES if "from" in words else _PLACES), at + 1
    if word == "what" and following in _AUXILIARIES and draft.items[-1].text == "about":
        return _TOPICS, at + 1
    if word == "what" and following in _AUXILIARIES and "about" in words and _second_sentence(draft):
        return _TOPICS, at + 1
    if word == "how" and following in ("do", "does", "did") and draft.find(Kind.FACT):
        return _MEANS, at + 1
    return None, at


def _second_sentence(draft: Draft) -> bool:
    """ "What do people write about? Tickets per topic": the sentence after repeats it as keywords."""
    return any(draft.items[i].text == "about" and draft.tokens[draft.items[i + 1].start].opens for i in range(len(draft.items) - 1))


def _spoken_of(draft: Draft) -> list[str]:
    """Facts of the verbs and nouns of the question, verbs first."""
    facts: list[str] = []
    for kinds in ((Kind.FACT,), (Kind.DOES, Kind.METRIC), (Kind.DATASET,)):
        for at in draft.find(*kinds):
            for sense in draft.items[at].mention.of(*kinds):  # type: ignore[union-attr]
                fact = sense.target if sense.kind in (Kind.FACT, Kind.DATASET) else draft.world.fact(sense.target)
                facts.extend([fact] if fact is not None and fact != draft.customer else [])
    return list(dict.fromkeys(facts))


def _field_named(draft: Draft, heads: frozenset[str]) -> Field | None:
    for fact in _spoken_of(draft):
        for field in draft.model.datasets[fact].fields.values():
            phrases = [p.split() for p in (field.label, *field.language.synonyms)]
            if field.is_dimension and not field.is_time and any(p[0] in heads or p[-1] in heads for p in phrases):
                return field
    return None


def _property(draft: Draft, field: Field, begin: int, end: int) -> None:
    """Splits by the field what the verb measures, else the rows of the field's own fact."""
    counting = _measured(draft, field)
    if counting is None:
        return
    draft.add_dimension(DimensionRef(field=field.id))
    draft.add_measure(Measure(metric=counting))
    draft.claim_free(begin, end, "grouping")
    for at, item in enumerate(draft.items):
        idle = item.text in _AUXILIARIES | {"come", "from", "about"} and item.mention is None
        repeats = item.has(Kind.FACT, Kind.DOES) or (item.has(Kind.METRIC) and item.mention.one(Kind.METRIC).target == counting)  # type: ignore[union-attr]
        people = item.has(Kind.DATASET) and draft.dataset_at(at) == draft.customer
        if draft.free(at) and (idle or repeats or people):
            draft.claim(at, at + 1, "support")


def _measured(draft: Draft, field: Field) -> str | None:
    done = [s.target for kind in (Kind.DOES, Kind.METRIC) for at in draft.find(kind) for s in draft.items[at].mention.of(kind)]  # type: ignore[union-attr]
    counts = [m for m in done if draft.world.fact(m) == field.dataset and draft.metric(m).format is MetricFormat.NUMBER]
    plain = [m for m in counts if not _is_time(draft.metric(m))]
    own = [m for m in (*done, *_verbs_of(draft)) if draft.world.fact(m) == field.dataset]
    return next(iter(plain), None) or draft.count_metric(field.dataset) or next(iter(own), None)


def _verbs_of(draft: Draft) -> list[str]:
    """Metrics whose verbs stand inside a longer phrase: the "consent" of "where people give their consent"."""
    words = (w for item in draft.items if item.has(Kind.FIELD) for w in item.text.split())
    return [s.target for w in words for s in draft.world.lexicon.lookup((w,)) if s.kind is Kind.DOES]


# -- lengths of time --------------------------------------------------------------------------------


def _how_long(draft: Draft) -> None:
    """ "how long do callers wait": the metric in units of time whose words the question uses, over the fact that it speaks of."""
    for at in range(len(draft.items)):
        if not (draft.phrase(at, ("how", "long")) or draft.phrase(at, ("how", "quickly")) or draft.phrase(at, ("how", "fast"))):
            continue
        name = _lasting(draft)
        if name is None:
            return
        draft.add_measure(Measure(metric=name))
        draft.claim(at, at + 2, "metric")
        fact = draft.world.fact(name)
        for place, item in enumerate(draft.items):
            nouns = {s.target for s in item.mention.of(Kind.DATASET)} if item.mention else set()
            same = item.has(Kind.METRIC) and any(draft.world.fact(s.target) == fact for s in item.mention.of(Kind.METRIC))  # type: ignore[union-attr]
            average = draft.phrase(place, ("on", "average"))
            if draft.free(place) and (item.text in _LASTING or same or fact in nouns or item.has(Kind.DOES)):
                draft.claim(place, place + 1, "support")
            elif average:
                draft.claim(place, place + 2, "support")
        return


def _lasting(draft: Draft) -> str | None:
    """The one metric in units of time that shares the most words with the question; None when two do, or none is spoken of."""
    words = {w for item in draft.items for w in item.text.split()} - {"how", "long", "time", "a", "the", "to", "of"}
    facts = set(_spoken_of(draft))
    scored: list[tuple[int, str]] = []
    for metric in draft.model.metrics.values():
        if not _is_time(metric):
            continue
        named = any(s.target == metric.name for i in draft.find(Kind.METRIC, Kind.DOES) for s in draft.items[i].mention.senses)  # type: ignore[union-attr]
        shared = max(len(words & set(atoms(phrase))) for phrase in (metric.label, *metric.language.synonyms))
        if named or draft.world.fact(metric.name) in facts:
            scored.append((100 * named + shared, metric.name))
    scored.sort(reverse=True)
    return scored[0][1] if scored and (len(scored) == 1 or scored[0][0] > scored[1][0]) else None


def _is_time(metric: Metric) -> bool:
    return metric.format is MetricFormat.DURATION or (metric.unit or "") in _TIME_UNITS
