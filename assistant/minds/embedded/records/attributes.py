"""What one named thing is like: "when did Arnvale open", "what category is product 12", "where is Skelby", "how big is it".

Asked is a field of the thing's own rows, and nothing is measured. Read strictly: the thing, the field, and words that only ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.grammar.values import value_at
from assistant.minds.embedded.inflection import bases
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.tokens import atoms
from assistant.minds.embedded.values import Stored, key_field
from assistant.minds.embedded.wordlists import word_set
from tools.core.query.metric_query import DimensionRef, Filter, Grain, MetricQuery
from tools.core.semantics.model import Datatype, Field

_ASKING = word_set(
    "what which who whom when where how is was are were did do does has have had the a an of in to from on our its us by me show tell give "
    "exactly actually please ? and belong belongs come comes came kind type s ' for at located situated based with"
)
_PLAIN = word_set(
    "open opened start started begin began end ended launch launched close closed run last big large old long join joined day date"
)
_PLACES = word_set("city town place location address region country state street district")
_SIZES = word_set("size area capacity space")
_LENGTHS = word_set("length duration")
_BEGINS = word_set("start starts started begin begins began launch launched open opened opening begun")
_ENDS = word_set("end ends ended finish finished close closed stop stopped over expire expired")
_JOINS = word_set("join joined register registered appear appeared arrive arrived come came")
_BIRTH = word_set("old age aged")
_DATES = (Datatype.DATE, Datatype.DATETIME, Datatype.DATETIME_TZ)
_STEM = 5
"""So many letters in common make "supplies" a word of "supplier"."""
_LONGEST = 12
"""Questions about one thing are short; longer ones say more than this reads."""


@dataclass(frozen=True, kw_only=True)
class _Thing:
    dataset: str
    field: str
    value: Stored
    begin: int
    end: int


def attributes_of(draft: Draft) -> MetricQuery | None:
    """The fields asked for of the one thing that is named; None when it is another question."""
    if not 0 < len(draft.items) <= _LONGEST:
        return None
    things = [thing for at in range(len(draft.items)) if (thing := _thing(draft, at)) is not None]
    outer = [t for t in things if not any(o is not t and o.begin <= t.begin and t.end <= o.end for o in things)]
    if len(outer) != 1:
        return None
    thing = outer[0]
    rest = [at for at in range(len(draft.items)) if not thing.begin <= at < thing.end]
    fields = _asked_for(draft, thing, rest)
    if not fields:
        return None
    test = Filter(field=thing.field, op="in", values=(thing.value,))
    shown = tuple(DimensionRef(field=f.id, grain=Grain.DAY if f.datatype in _DATES else None) for f in fields)
    return MetricQuery(dimensions=shown, filters=(test,))


def _thing(draft: Draft, at: int) -> _Thing | None:
    """ "product 12", "Arnvale", "the Terrace Season campaign": one row of an entity."""
    labelled = value_at(draft, at) if draft.items[at].has(Kind.DATASET, Kind.FIELD) else None
    if labelled is not None and labelled.end > at + 1:
        dataset = labelled.field.split(".")[0]
        key = key_field(draft.model, dataset)
        one = (key is not None and key.id == labelled.field) or draft.world.values.rows(labelled.field, str(labelled.value)) == 1
        if draft.model.datasets[dataset].is_entity and one:
            return _Thing(dataset=dataset, field=labelled.field, value=labelled.value, begin=at, end=labelled.end)
    numbered = _numbered(draft, at)
    if numbered is not None:
        return numbered
    mention = draft.items[at].mention
    for sense in mention.of(Kind.VALUE) if mention is not None else ():
        dataset = sense.target.split(".")[0]
        single = draft.model.datasets[dataset].is_entity and draft.world.values.rows(sense.target, sense.value or "") == 1
        if single and sense.value is not None and not draft.items[at].has(Kind.METRIC, Kind.DATASET, Kind.FIELD):
            end = at + 1 + (at + 1 < len(draft.items) and draft.items[at + 1].has(Kind.DATASET) and draft.dataset_at(at + 1) == dataset)
            begin = at - (at > 0 and draft.items[at - 1].has(Kind.DATASET) and draft.dataset_at(at - 1) == dataset)
            return _Thing(dataset=dataset, field=sense.target, value=sense.value, begin=begin, end=end)
    return None


def _numbered(draft: Draft, at: int) -> _Thing | None:
    """The 12 of "what brand is product 12", whose noun went with the field."""
    item, before = draft.items[at], draft.items[at - 1] if at else None
    if before is None or item.number is None or not before.has(Kind.FIELD):
        return None
    senses = draft.world.lexicon.lookup((before.text.split()[-1],))
    for sense in senses:
        key = key_field(draft.model, sense.target) if sense.kind is Kind.DATASET else None
        value = draft.world.values.key(key.id, item.text) if key is not None and draft.world.values.has_keys(key.id) else None
        if value is not None and key is not None and draft.model.datasets[sense.target].is_entity:
            return _Thing(dataset=sense.target, field=key.id, value=value, begin=at, end=at + 1)
    return None


def _asked_for(draft: Draft, thing: _Thing, rest: Sequence[int]) -> list[Field]:
    own = [f for f in draft.model.fields() if draft.entity_of(f.id) == thing.dataset and f.id != thing.field]
    named: list[Field] = []
    other: list[str] = []
    for at in rest:
        item = draft.items[at]
        of = {s.target for s in item.mention.of(Kind.FIELD)} if item.mention is not None else set()
        if of and item.has(Kind.METRIC) and not item.has(Kind.DATASET):
            return []  # A figure by that name knows more than the field.
        if item.has(Kind.DATASET) and draft.dataset_at(at) == thing.dataset and not of & {f.id for f in own}:
            continue  # "the store in Skelby"
        named_so = bool(of) or (item.mention is None and item.text not in _ASKING | _PLAIN)
        alike = [f for f in own if set(atoms(item.text)) <= _words(f)] if named_so else []
        found = [f for f in own if f.id in of] or (alike if len(alike) == 1 else [])
        if found:
            named += [f for f in found[:1] if f not in named]
        elif item.number is not None or item.time is not None or (item.mention is not None and not _only_a_verb(draft, at)):
            return []
        elif item.text not in _ASKING:
            other.append(item.text)
    texts = [draft.items[at].text for at in rest]
    if named:
        dated = texts[0] == "when" and all(f.datatype in _DATES for f in named)
        return named if not other and (dated or texts[0] not in ("when", "how")) else []
    other = [word for word in other if texts[0] != "how" or word != texts[1]]
    return _by_question_word(texts, other, own) if len(other) <= 1 else []


def _only_a_verb(draft: Draft, at: int) -> bool:
    """The "open" of "when did it open" is none of the things that open elsewhere in the data."""
    return not draft.items[at].has(Kind.DATASET, Kind.FIELD, Kind.FILTER) and " " not in draft.items[at].text


def _by_question_word(texts: Sequence[str], other: Sequence[str], own: Sequence[Field]) -> list[Field]:
    word = next(iter(other), "")
    if texts[0] == "when":
        return _dates(word, [f for f in own if f.datatype in _DATES])
    if texts[0] == "where" and (not word or word in ("stand", "lie", "live", "lives")):
        return [f for f in own if _words(f) & _PLACES]
    if texts[:2] == ["how", "big"] or texts[:2] == ["how", "large"]:
        return [f for f in own if _words(f) & _SIZES]
    if texts[:2] == ["how", "old"]:
        ages = [f for f in own if _words(f) & _BIRTH]
        return ages or _dates("open", [f for f in own if f.datatype in _DATES])
    if texts[:2] == ["how", "long"] and word in ("run", "last", "long", ""):
        lengths = [f for f in own if _words(f) & _LENGTHS]
        dates = [f for f in own if f.datatype in _DATES]
        return lengths[:1] or (dates if len(dates) == 2 else [])
    if word and texts[0] in ("what", "who", "which", "how"):
        alike = [f for f in own if any(_alike(word, w) for w in _words(f))]
        return alike if len(alike) == 1 else []
    return []


def _dates(verb: str, dates: Sequence[Field]) -> list[Field]:
    """The date that the verb speaks of; the only one for a verb of beginning."""
    alike = [f for f in dates if any(_alike(verb, w) for w in (*_words(f), *f.name.split("_")))]
    if len(alike) == 1:
        return alike
    if len(dates) == 1 and verb in _BEGINS | _JOINS:
        return list(dates)
    for verbs in (_BEGINS, _ENDS):
        if verb in verbs:
            found = [f for f in dates if (_words(f) | set(f.name.split("_"))) & verbs]
            return found if len(found) == 1 else []
    return []


def _words(field: Field) -> set[str]:
    return {a for phrase in (field.label, *field.language.synonyms) for a in atoms(phrase)}


def _alike(one: str, other: str) -> bool:
    if not one or len(one) < 3:
        return False
    same = one == other or other in bases(one) or bool(set(bases(one)) & set(bases(other)))
    return same or (min(len(one), len(other)) > _STEM and one[:_STEM] == other[:_STEM])
