"""The words of one semantic model: every phrase that means something in it, in all its inflections.

The code knows English; everything about a warehouse comes from here and from the value index.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from assistant.minds.embedded.inflection import degrees, is_plural, noun_forms, plural, singular, stem, verb_forms
from assistant.minds.embedded.tokens import atoms
from assistant.minds.embedded.wordlists import word_set
from tools.core.semantics.model import Dataset, Datatype, Field, Metric, MetricFormat, SemanticModel

Phrase = tuple[str, ...]
GAP_WORDS = word_set("was were is are been being be the a an of our have has had got get gets getting that who which us")
"""Words that may stand inside a phrase without breaking it: "coupons [were] redeemed"."""


class Kind(StrEnum):
    """What a phrase can mean."""

    METRIC = "metric"
    FIELD = "field"
    DATASET = "dataset"
    """A noun for the rows of a dataset: "customers", "visits"."""
    FACT = "fact"
    """A verb for them: "bought"."""
    DOES = "does"
    """A verb that means a metric: "spend"."""
    MORE = "more"
    LESS = "less"
    """Adjectives for high and low values of a metric or field."""
    VALUE = "value"
    FILTER = "filter"
    ABSENT = "absent"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sense:
    """One meaning of a phrase."""

    kind: Kind
    target: str
    """Name of the metric, dataset, named filter or absent concept; `dataset.field` for fields and values."""
    value: str | int | float | bool | None = None
    degree: str = ""
    """For adjectives: "" (big), "comparative" (bigger), "superlative" (biggest)."""
    exact: bool = True
    """False when only the stem agrees."""
    within: str = ""
    """Holds only when this dataset is mentioned as well: "type" is the campaign type when campaigns are spoken of."""
    weight: float = 0.0
    """For values: rows that hold it, as a share of its field's rows; breaks ties."""


class Lexicon:
    """Phrases -> senses of one model. Immutable once built."""

    def __init__(self, model: SemanticModel) -> None:
        self.model = model
        self._exact: dict[Phrase, dict[Sense, None]] = defaultdict(dict)
        self._stems: dict[Phrase, dict[Sense, None]] = defaultdict(dict)
        self._loose: dict[Phrase, dict[Sense, None]] = defaultdict(dict)
        for phrase, sense in _entries(model):
            self._add(phrase, sense)
        self._add_variants(model)
        self.count_metrics = _count_metrics(model)
        for dataset, metric in self.count_metrics.items():
            for phrase in _counted_nouns(model.metrics[metric]):
                for form in noun_forms(phrase):
                    self._add(form, Sense(kind=Kind.DATASET, target=dataset))
        default = model.metrics.get(model.settings.default_metric or "")
        if default is not None and default.format is MetricFormat.MONEY:
            self._add("$", Sense(kind=Kind.METRIC, target=default.name))
            self._add("worth", Sense(kind=Kind.DOES, target=default.name))
        self.longest = max((len(p) for p in self._exact), default=1)
        verbs = [v for d in model.datasets.values() for v in d.language.verbs] + [
            v for m in model.metrics.values() for v in m.language.verbs
        ]
        self._participles = {form: verb_forms(verb)[-1] for verb in verbs for form in verb_forms(verb)}
        self.ends = _ends(model)
        self._plain_counts = frozenset(m.name for m in model.metrics.values() if _COUNT.match(m.expression))
        self._counted = {metric: dataset for dataset, metric in self.count_metrics.items()}

    def _add(self, phrase: str, sense: Sense) -> None:
        key = atoms(phrase)
        if key:
            self._exact[key].setdefault(sense)
            self._stems[tuple(stem(a) for a in key)].setdefault(sense)
            core = tuple(a for a in key if a not in GAP_WORDS)
            if len(core) > 1:
                self._loose[core].setdefault(sense)

    def _add_variants(self, model: SemanticModel) -> None:
        """ "active households", said as "active customers": each phrase of a figure with the other nouns of the entity that it names."""
        for dataset in (d for d in model.datasets.values() if d.is_entity):
            nouns = {
                form: number for phrase in (dataset.label, *dataset.language.synonyms) for number, form in enumerate(_numbers_of(phrase))
            }
            for metric in model.metrics.values():
                for phrase in (metric.label, *metric.language.synonyms):
                    for variant in _variants(phrase.lower(), nouns):
                        if atoms(variant) not in self._exact:
                            self._add(variant, Sense(kind=Kind.METRIC, target=metric.name))

    def lookup(self, key: Phrase) -> tuple[Sense, ...]:
        """Senses of exactly this phrase, else those of the same phrase in another number."""
        found = self._exact.get(key)
        if found:
            return tuple(found)
        stemmed = self._stems.get(tuple(stem(a) for a in key), ())
        return tuple(_inexact(sense) for sense in stemmed if not (sense.kind is Kind.METRIC and sense.target in self._plain_counts))

    def lookup_loose(self, key: Phrase) -> tuple[Sense, ...]:
        """Senses of the phrases that are these words but for articles and forms of "be", "have", "get": "customers [have] agreed"."""
        return tuple(self._loose.get(key, ()))

    def phrases(self) -> Iterator[tuple[Phrase, tuple[Sense, ...]]]:
        """Every phrase in every form, with what it means."""
        return ((phrase, tuple(senses)) for phrase, senses in self._exact.items())

    def names_its_dataset(self, sense: Sense) -> bool:
        """Whether a field's own name speaks of its dataset: "store name" speaks of stores."""
        field, label = self.model.field(sense.target), self.model.datasets[sense.target.split(".")[0]].label
        return not sense.within and field.label.startswith(f"{label} ")

    def has_exact(self, key: Phrase) -> bool:
        return key in self._exact

    def counted_by(self, metric: str) -> str | None:
        """The dataset whose rows the metric counts, when it is the plain count of them."""
        return self._counted.get(metric)

    def participle(self, form: str) -> str | None:
        """The participle of one of the model's verbs, from any of its forms: "redeem" -> "redeemed"."""
        return self._participles.get(form)

    def knows_word(self, word: str) -> bool:
        return word in self.words or stem(word) in self._stem_words

    @property
    def words(self) -> frozenset[str]:
        """Every word of every phrase, for spelling repair."""
        if not hasattr(self, "_words"):
            self._words = frozenset(a for phrase in self._exact for a in phrase if a.isalpha())
        return self._words

    def weight(self, word: str) -> int:
        """In how many phrases a word stands: the everyday ones in many."""
        if not hasattr(self, "_weights"):
            self._weights = Counter(a for phrase in self._exact for a in phrase)
        return self._weights[word]

    @property
    def _stem_words(self) -> frozenset[str]:
        if not hasattr(self, "_stemmed_words"):
            self._stemmed_words = frozenset(stem(w) for w in self.words)
        return self._stemmed_words


def _numbers_of(noun: str) -> tuple[str, str]:
    """Singular and plural of a noun."""
    return (singular(noun.lower()), plural(singular(noun.lower())))


def _variants(phrase: str, nouns: dict[str, int]) -> Iterator[str]:
    """The phrase with one of its words replaced by the others of its kind and number; nothing for a phrase that is just the noun."""
    words = phrase.split()
    for at, word in enumerate(words):
        if word in nouns and len(words) > 1:
            for other, number in nouns.items():
                if other != word and number == nouns[word]:
                    yield " ".join((*words[:at], other, *words[at + 1 :]))


def _inexact(sense: Sense) -> Sense:
    return Sense(
        kind=sense.kind, target=sense.target, value=sense.value, degree=sense.degree, exact=False, within=sense.within, weight=sense.weight
    )


def _entries(model: SemanticModel) -> Iterator[tuple[str, Sense]]:
    for metric in model.metrics.values():
        yield from _of_metric(metric)
    for dataset in model.datasets.values():
        yield from _of_dataset(dataset)
        for field in dataset.fields.values():
            yield from _of_field(field, dataset)
    for named in model.named_filters:
        for phrase in (*named.phrases, named.name.replace("_", " ")):
            yield from _nouns(phrase, Sense(kind=Kind.FILTER, target=named.name))
    for absent in model.absent_concepts:
        for phrase in absent.phrases:
            yield from _nouns(phrase, Sense(kind=Kind.ABSENT, target=absent.name))


def _of_metric(metric: Metric) -> Iterator[tuple[str, Sense]]:
    sense = Sense(kind=Kind.METRIC, target=metric.name)
    counts = bool(_COUNT.match(metric.expression))
    for phrase in (metric.label, metric.name.replace("_", " "), *metric.language.synonyms):
        if counts and is_plural(phrase.rsplit(" ", 1)[-1]):
            yield phrase, sense  # A count is asked for in the plural; "visit" alone is one of them, not their number.
        else:
            yield from _nouns(phrase, sense)
    for verb in metric.language.verbs:
        for form in verb_forms(verb):
            yield form, Sense(kind=Kind.DOES, target=metric.name)
    yield from _adjectives(metric.name, metric.language.more, metric.language.less)


def _of_dataset(dataset: Dataset) -> Iterator[tuple[str, Sense]]:
    sense = Sense(kind=Kind.DATASET, target=dataset.name)
    for phrase in (dataset.label, dataset.plural, *dataset.language.synonyms):
        yield from _nouns(phrase, sense)
    for verb in dataset.language.verbs:
        for form in verb_forms(verb):
            yield form, Sense(kind=Kind.FACT, target=dataset.name)


def _of_field(field: Field, dataset: Dataset) -> Iterator[tuple[str, Sense]]:
    sense = Sense(kind=Kind.FIELD, target=field.id)
    for phrase in (field.label, field.plural, *field.language.synonyms):
        yield from _nouns(phrase, sense)
    tail = field.label.removeprefix(f"{dataset.label} ")
    if tail != field.label and field.is_dimension:
        yield from _nouns(tail, Sense(kind=Kind.FIELD, target=field.id, within=dataset.name))
    yield from _adjectives(field.id, field.language.more, field.language.less)
    for value, phrases in field.value_synonyms.items():
        for phrase in phrases:
            stored = int(value) if field.datatype is Datatype.INTEGER and value.lstrip("-").isdigit() else value
            for form in _named(phrase.lower()):
                yield form, Sense(kind=Kind.VALUE, target=field.id, value=stored)


def _named(phrase: str) -> Iterable[str]:
    """The forms in which a value is named: no plural of an abbreviation ("pls"); the singular of "a campaigns" would hold an article."""
    short, letter = len(phrase) < _SHORTEST_NOUN, phrase.startswith("a ")
    return (phrase,) if short or letter else noun_forms(phrase)


_SHORTEST_NOUN = 3


def _ends(model: SemanticModel) -> dict[str, tuple[str, ...]]:
    """Last words of fields that no phrase of the model is: "id" of "customer id"; they say something beside their thing only."""
    found: dict[str, list[str]] = defaultdict(list)
    for dataset in model.datasets.values():
        for field in dataset.fields.values():
            tail = field.label.removeprefix(f"{dataset.label} ")
            is_key = field.expression.strip('"') in dataset.primary_key
            last = tail.rsplit(" ", 1)[-1] if is_key else tail
            if last != field.label and " " not in last:
                found[last].append(field.id)
    return {word: tuple(fields) for word, fields in found.items()}


def _nouns(phrase: str, sense: Sense) -> Iterator[tuple[str, Sense]]:
    for form in noun_forms(phrase.lower()):
        yield form, sense


_SUPERLATIVE_STARTS = ("best", "worst", "most ", "least ", "top", "longest ", "slowest ", "fastest ", "quickest ")


def _adjectives(target: str, more: Iterable[str], less: Iterable[str]) -> Iterator[tuple[str, Sense]]:
    for kind, adjectives in ((Kind.MORE, more), (Kind.LESS, less)):
        for adjective in adjectives:
            superlative_already = adjective.startswith(_SUPERLATIVE_STARTS)
            yield adjective, Sense(kind=kind, target=target, degree="superlative" if superlative_already else "")
            if adjective.isalpha() and len(adjective) <= 7:
                comparative, superlative = degrees(adjective)
                yield comparative, Sense(kind=kind, target=target, degree="comparative")
                yield superlative, Sense(kind=kind, target=target, degree="superlative")


_COUNT = re.compile(r"\s*count\s*\(\s*(?:distinct\s+)?(\w+)\.(\w+|\*)\s*\)\s*$", re.I)


def _count_metrics(model: SemanticModel) -> dict[str, str]:
    """Dataset -> the metric that counts its rows: found by what it counts, the plainly named one first."""
    found: dict[str, str] = {}
    for dataset in model.datasets.values():
        names = {dataset.label, dataset.plural, f"number of {dataset.plural}", *dataset.language.synonyms}
        candidates = [m for m in model.metrics.values() if _counts(m, dataset)]
        candidates.sort(key=lambda m: (m.filter is not None, not ({m.label, *m.language.synonyms} & names), len(m.name)))
        if candidates:
            found[dataset.name] = candidates[0].name
    return found


_DESCRIBED = frozenset({"number", "count", "total", "unique", "distinct", "different", "active", "all"})


def _counted_nouns(metric: Metric) -> Iterator[str]:
    """What the counted things are called: the plural nouns among the metric's names ("trips", "receipts")."""
    for phrase in (metric.label, *metric.language.synonyms):
        words = phrase.split()
        if words[0] not in _DESCRIBED and len(words) <= 2 and is_plural(words[-1]):
            yield phrase


def _counts(metric: Metric, dataset: Dataset) -> bool:
    match = _COUNT.match(metric.expression)
    if not match or metric.is_derived or metric.cumulative is not None:
        return False
    name, column = match.groups()
    field = dataset.fields.get(column)
    key = (field.expression if field is not None and field.expression in dataset.primary_key else column,)
    return name == dataset.name and (column == "*" or dataset.primary_key == key)


def datasets_of(metric: Metric, model: SemanticModel) -> tuple[str, ...]:
    """The datasets that the metric's expression names (that of its first input, when derived), in order."""
    if metric.inputs:
        first = model.metrics.get(metric.inputs[0].metric)
        return datasets_of(first, model) if first and first.name != metric.name else ()
    found = (str(name) for name in re.findall(r"\b(\w+)\.\w+", metric.expression))
    return tuple(dict.fromkeys(name for name in found if name in model.datasets))
