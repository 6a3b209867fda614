"""Lengths of time as conditions: "tickets answered within 24 hours", "calls longer than 10 minutes", "open for more than a week".

A length is held against a field whose values are lengths (the model gives its unit); which of several is meant is said by the words around
it, as the author's phrases for the field and for its average have them. The age of a thing ("older than 14 days") is held against the day
on which it began.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.inflection import bases, singular
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.tokens import atoms
from assistant.minds.embedded.wordlists import filler_words, word_set
from tools.core.query.metric_query import Comparator, EntityCondition, Filter, Measure
from tools.core.semantics.model import Datatype, Field

_SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0, "week": 604800.0, "month": 2629800.0, "year": 31557600.0}
_SPELT = {"s": "second", "sec": "second", "min": "minute", "mins": "minute", "h": "hour", "hr": "hour", "hrs": "hour", "d": "day"}
_BOUNDS: tuple[tuple[tuple[str, ...], Comparator], ...] = (
    (("no", "more", "than"), "le"),
    (("not", "more", "than"), "le"),
    (("no", "longer", "than"), "le"),
    (("in", "less", "than"), "lt"),
    (("within", "less", "than"), "lt"),
    (("in", "under"), "lt"),
    (("more", "than"), "gt"),
    (("longer", "than"), "gt"),
    (("older", "than"), "gt"),
    (("over",), "gt"),
    (("above",), "gt"),
    (("exceeding",), "gt"),
    (("at", "least"), "ge"),
    (("less", "than"), "lt"),
    (("fewer", "than"), "lt"),
    (("shorter", "than"), "lt"),
    (("faster", "than"), "lt"),
    (("quicker", "than"), "lt"),
    (("younger", "than"), "lt"),
    (("newer", "than"), "lt"),
    (("under",), "lt"),
    (("below",), "lt"),
    (("at", "most"), "le"),
    (("up", "to"), "le"),
    (("within",), "le"),
)
_AGES = word_set("older younger newer")
_SINCE = {"gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}
"""What has lasted longer began earlier."""
_UNSAYING = word_set(
    "time times average mean long short take takes taking took hour hours day days minute minutes second seconds number until"
)
_LASTING = word_set(
    "took take takes taking last lasts lasted lasting that which who where with a an the of in to for were was is are been have has had "
    "us our do did does we"
)
_LONG = word_set("last lasts lasted lasting long longer short shorter")
_STAYED = (("been", "with", "us", "for"), ("with", "us", "for"), ("been", "customers", "for"), ("been", "members", "for"))
_OPEN = word_set("open pending unresolved unsolved outstanding active running waiting")
_SHORT = 4
"""Longer words that add nothing elsewhere ("answer") may say what took so long."""
_REACH = 6
"""So many items around the length may say what it is the length of."""


@dataclass(frozen=True, kw_only=True)
class _Length:
    op: Comparator
    value: float
    unit: str
    begin: int
    """Item where the comparator begins."""
    end: int

    @property
    def seconds(self) -> float:
        return self.value * _SECONDS[self.unit]


def read_durations(draft: Draft) -> None:
    """Every length of time that is a condition; claims it and the words that say of what."""
    for at in range(len(draft.items)):
        length = _length_at(draft, at)
        if length is not None and not _age(draft, length):
            _lasting(draft, length)


def _length_at(draft: Draft, at: int) -> _Length | None:
    found = next(((op, at + len(words)) for words, op in _BOUNDS if draft.phrase(at, words)), None)
    if found is None:
        return None
    op, after = found
    item = draft.item(after)
    if item is None or not draft.free(after):
        return None
    value = item.number.value if item.number is not None else 1.0 if item.text in ("a", "an", "one") else None
    unit = _unit(draft.word(after + 1))
    if value is None or unit is None or (item.number is not None and item.number.unit is not None):
        return None
    return _Length(op=op, value=value, unit=unit, begin=at, end=after + 2)


def _unit(word: str) -> str | None:
    name = _SPELT.get(word, singular(word)) if word else ""
    return name if name in _SECONDS else None


# -- how long something took ------------------------------------------------------------------------------


def _lasting(draft: Draft, length: _Length) -> None:
    fields = _lengths(draft)
    around = range(max(0, length.begin - _REACH), min(len(draft.items), length.end + _REACH))
    named = _named(draft, length)
    own = [f for f in fields if f.dataset in named]
    scores = {f.id: _score(draft, f, own or fields, around) for f in own or fields}
    best = max(scores.values(), default=0.0)
    chosen = [f for f in own or fields if scores[f.id] == best and (best > 0 or len(own) == 1)]
    if len(chosen) != 1:
        return
    field = chosen[0]
    value = round(length.seconds / _SECONDS[_unit(field.unit or "") or "second"], 6)
    test = Filter(field=field.id, op=length.op, values=(int(value) if value == int(value) else value,))
    if not _keep(draft, field.dataset, test, named):
        return
    draft.claim(length.begin, length.end, "filter")
    counting = draft.count_metric(field.dataset)
    for at in around:
        if draft.free(at) and _says_of_what(draft, at, field):
            draft.claim(at, at + 1, "filter")
            if draft.items[at].has(Kind.METRIC) and counting is not None:
                draft.add_measure(Measure(metric=counting))  # "how many tickets were solved within ...": the phrase held the noun


def _says_of_what(draft: Draft, at: int, field: Field) -> bool:
    item = draft.items[at]
    figures = {s.target for s in item.mention.of(Kind.METRIC)} if item.mention is not None else set()
    other = item.has(Kind.DATASET) or any(not _averages(draft, name, field) for name in figures)
    words = item.text.split()
    return not other and (item.text in _LASTING | _LONG or any(_is_in(w, _vocabulary(draft, field)) for w in words))


def _lengths(draft: Draft) -> list[Field]:
    return [f for f in draft.model.fields() if f.unit is not None and _unit(f.unit) is not None]


def _named(draft: Draft, length: _Length) -> list[str]:
    """The rows that the question is about: those of the nouns, then those of the verbs before the length."""
    before = [i for i in range(length.begin) if draft.items[i].mention is not None]
    nouns = [d for i in before if draft.items[i].has(Kind.DATASET) and (d := draft.dataset_at(i)) is not None]
    counted = [f for i in before for s in draft.items[i].mention.of(Kind.METRIC) if (f := draft.world.fact(s.target))]  # type: ignore[union-attr]
    verbs = [s.target for i in before for s in draft.items[i].mention.of(Kind.FACT)]  # type: ignore[union-attr]
    return [d for d in dict.fromkeys((*nouns, *counted, *verbs)) if d != draft.customer]


def _score(draft: Draft, field: Field, fields: list[Field], around: range) -> float:
    """How much the words around the length speak of this field, and of no other."""
    others = [_vocabulary(draft, f) for f in fields]
    said = [draft.items[at] for at in around]
    senses = {s.target for item in said if item.mention is not None for s in item.mention.of(Kind.MORE, Kind.LESS)}
    longer = 0.5 * len(senses & {m for m in draft.model.metrics if _averages(draft, m, field)})
    texts = {word for item in said for word in item.text.split() if not item.has(Kind.DATASET)}
    texts |= {"length", "duration"} if texts & _LONG else set()
    own, label = _vocabulary(draft, field), frozenset(atoms(field.label))
    spoken = sum(1 / sum(_is_in(word, o) for o in others) for word in texts if _is_in(word, own))
    return longer + spoken + sum(_is_in(word, label) for word in texts if _is_in(word, own))


def _vocabulary(draft: Draft, field: Field) -> frozenset[str]:
    """Content words of the field's names and of those of its average."""
    phrases = [field.label, *field.language.synonyms]
    for name, metric in draft.model.metrics.items():
        if _averages(draft, name, field):
            phrases += [metric.label, *metric.language.synonyms, *metric.language.verbs]
    nouns = {a for d in draft.model.datasets.values() if d.name == field.dataset for a in (*atoms(d.label), *atoms(d.plural))}
    words = frozenset(a for p in phrases for a in atoms(p)) - _UNSAYING - _LASTING - nouns
    return frozenset(w for w in words if len(w) > _SHORT or w not in filler_words())


def _averages(draft: Draft, metric: str, field: Field) -> bool:
    return "".join(draft.model.metrics[metric].expression.split()).lower() == f"avg({field.id})".lower()


def _is_in(word: str, words: frozenset[str]) -> bool:
    return bool({word, singular(word), *bases(word)} & words)


def _keep(draft: Draft, dataset: str, test: Filter, named: list[str]) -> bool:
    """A condition on the rows themselves, on those they belong to, or on customers who have such a row; False when it fits none."""
    if not named or dataset == named[0] or draft.world.reaches(named[0], dataset):
        if not named and draft.customer is not None:
            draft.entity_conditions.append(EntityCondition(entity=draft.customer, fact=dataset, filters=(test,)))
        else:
            draft.filters.append(test)
        return True
    if not draft.world.reaches(dataset, named[0]):
        return False
    draft.entity_conditions.append(EntityCondition(entity=named[0], fact=dataset, filters=(test,)))
    return True


# -- how old something is ---------------------------------------------------------------------------------


def _age(draft: Draft, length: _Length) -> bool:
    """ "older than 14 days", "open for more than a week", "with us for over two years": when it began."""
    stayed = next((words for words in _STAYED if draft.phrase(length.begin - len(words), words)), ())
    pending = draft.word(length.begin - 1) == "for" and bool({i.text for i in draft.items[: length.begin]} & _OPEN)
    aged = draft.items[length.begin].text in _AGES
    if not (stayed or pending or aged):
        return False
    nouns = [d for i in range(length.begin) if draft.items[i].has(Kind.DATASET) and (d := draft.dataset_at(i)) is not None]
    dataset = nouns[-1] if nouns else None
    if dataset is None or (aged and dataset == draft.customer) or (stayed and dataset != draft.customer):
        return aged and dataset == draft.customer  # People have an age of their own.
    field = _beginning(draft, dataset)
    if field is None:
        return True
    day = _before(draft.world.calendar.as_of, length)
    draft.filters.append(Filter(field=field, op=_SINCE[length.op], values=(day,)))
    begin = length.begin - (len(stayed) if stayed else int(pending))
    while draft.word(begin - 1) in ("have", "has", "had", "been", "who", "that", "are", "were"):
        begin -= 1
    draft.claim_free(begin, length.end, "filter")
    draft.notes.append(f"{length.value:g} {length.unit}s are counted back from {draft.world.calendar.as_of:%d %B %Y}")
    return True


def _beginning(draft: Draft, dataset: str) -> str | None:
    """The date of the rows, or the only one that they have."""
    rows = draft.model.datasets[dataset]
    if rows.default_time is not None:
        return rows.default_time if "." in rows.default_time else f"{dataset}.{rows.default_time}"
    dates = [f.id for f in rows.fields.values() if f.datatype in (Datatype.DATE, Datatype.DATETIME, Datatype.DATETIME_TZ)]
    return dates[0] if len(dates) == 1 else None


def _before(day: dt.date, length: _Length) -> dt.date:
    months = {"month": 1, "year": 12}.get(length.unit)
    if months is None or length.value != int(length.value):
        return day - dt.timedelta(seconds=length.seconds)
    year, month = divmod(day.year * 12 + day.month - 1 - months * int(length.value), 12)
    last = (dt.date(year + (month == 11), (month + 1) % 12 + 1, 1) - dt.timedelta(days=1)).day
    return dt.date(year, month + 1, min(day.day, last))
