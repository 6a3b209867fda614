"""Authored phrasings carried over to a warehouse: questions with known parts that nobody tuned the grammar on.

Each slot is said in the words of the semantic model (a metric for a metric, a stored value for a value), the rest stays as it was
written. A reading of such a question is right when its figures, groupings and values are those that were put in, and its shape and
roles are the author's. Only phrasings whose slots can be exchanged word for word are used: a noun for a noun, a verb for a verb in the
same form.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.minds.embedded.inflection import is_plural, verb_forms
from assistant.minds.embedded.learner.parts import PLAIN, parts_of, roles_of_slots
from assistant.minds.embedded.lexicon import Lexicon
from assistant.minds.embedded.phrasings import PLAN_SHAPES, Phrasing, Slot
from assistant.minds.embedded.tokens import tokenize
from assistant.minds.embedded.values import ValueIndex
from tools.core.query.metric_query import Filter, MetricQuery
from tools.core.semantics.model import Metric, MetricFormat, SemanticModel

_PRONOUNS = frozenset({"we", "they", "i", "you", "us", "people", "it", "everybody", "somebody"})
_AUXILIARIES = frozenset({"did", "do", "does", "have", "has", "had", "was", "were", "is", "are", "how", "what"})
_MAX_VALUES = 40


@dataclass(frozen=True, kw_only=True)
class Refilled:
    """A question and the parts that its plan must have."""

    phrasing: Phrasing
    text: str
    metrics: frozenset[str]
    fields: frozenset[str]
    values: frozenset[object]

    def is_right(self, query: MetricQuery, model: SemanticModel) -> bool:
        """Whether the plan has the parts that were put in, put together as the author's shape says."""
        parts = parts_of(query, model)
        shape = self.phrasing.shape
        fitting = shape in parts.shapes or (shape in PLAIN and bool(parts.shapes & PLAIN))
        figures = not self.metrics or self.metrics <= set(parts.metrics)
        authored = roles_of_slots((f"{slot.type}.{slot.role}" for slot in self.phrasing.slots), shape)
        fitting = fitting and authored - {"split"} == parts.roles - {"split"}
        return fitting and figures and self.fields <= set(parts.fields) and self.values <= {v for f in _filters(query) for v in f.values}


def _filters(query: MetricQuery) -> Iterator[Filter]:
    yield from query.filters
    for measure in query.metrics:
        yield from measure.filters
        yield from (f for c in measure.entity_conditions for f in c.filters)
    yield from (f for c in query.entity_conditions for f in c.filters)
    if query.pairs is not None and query.pairs.containing is not None:
        yield Filter(field=query.pairs.field, op="in", values=(query.pairs.containing,))


class Refiller:
    """Carries phrasings over to one warehouse."""

    def __init__(self, model: SemanticModel, values: ValueIndex, seed: int) -> None:
        self._model = model
        self._rng = random.Random(seed)
        self._counts = sorted(set(Lexicon(model).count_metrics.values()))
        self._metrics = [m for m in model.metrics.values() if m.name not in self._counts and not m.filter]
        self._fields = [f for f in model.fields() if f.is_dimension and not f.is_time and 1 < len(values.values_of(f.id)) <= _MAX_VALUES]
        self._values = values

    def refill(self, phrasing: Phrasing) -> Refilled | None:
        """The phrasing in the words of this warehouse; None when a slot cannot be exchanged."""
        if phrasing.shape not in PLAN_SHAPES or not self._fields:
            return None
        text, at = "", 0
        put: dict[str, set[object]] = {"metric": set(), "dimension": set(), "value": set()}
        field = self._rng.choice(self._fields)
        for slot in phrasing.slots:
            words = phrasing.text[slot.start : slot.end]
            before = phrasing.text[at : slot.start]
            said = self._said(slot, words, (text + before).split(), put, field.id)
            if said is None:
                return None
            text, at = text + before + said, slot.end
        if not put["metric"] and not any(s.type in ("entity", "fact") for s in phrasing.slots):
            return None  # What to measure stands in words that are nobody's slot.
        return Refilled(
            phrasing=phrasing,
            text=text + phrasing.text[at:],
            metrics=frozenset(map(str, put["metric"])),
            fields=frozenset(map(str, put["dimension"])),
            values=frozenset(put["value"]),
        )

    def _said(self, slot: Slot, words: str, before: Sequence[str], put: dict[str, set[object]], value_field: str) -> str | None:
        if slot.type in ("number", "comparator", "window") or slot.role == "grain":
            return words
        if slot.type == "metric":
            return self._metric(words, before, put["metric"])
        if slot.type == "dimension":
            field = self._rng.choice([f for f in self._fields if f.id != value_field] or self._fields)
            put["dimension"].add(field.id)
            return field.plural if is_plural(words.split()[-1].lower()) else field.label
        if slot.type == "value":
            known = [v for v in self._values.values_of(value_field) if isinstance(v, str) and any(c.isalpha() for c in v)]
            left = [v for v in known if v not in put["value"]]
            if not left:
                return None
            value = self._rng.choice(left)
            put["value"].add(value)
            return value.lower()
        return self._noun(words) if slot.type == "entity" else self._verb(words)

    def _metric(self, words: str, before: Sequence[str], put: set[object]) -> str | None:
        typed = [t.text for t in tokenize(words)]
        last = before[-1].lower() if before else ""
        if not typed or set(typed) & (_PRONOUNS | _AUXILIARIES) or last in _PRONOUNS:
            return None  # A clause: no noun can stand for it.
        counted = [w.lower() for w in before[-2:]] in (["how", "many"], ["number", "of"])
        chosen = self._model.metrics[self._rng.choice(self._counts)] if counted and self._counts else self._rng.choice(self._metrics)
        if last == "much" and chosen.format is not MetricFormat.MONEY:
            return None
        put.add(chosen.name)
        return self._plural_name(chosen) if counted else chosen.label

    @staticmethod
    def _plural_name(metric: Metric) -> str:
        names = [n for n in (metric.label, *metric.language.synonyms) if is_plural(n.split()[-1]) and not n.startswith("number")]
        return names[0] if names else metric.label

    def _noun(self, words: str) -> str | None:
        customer = self._model.settings.customer
        if customer is None:
            return None
        dataset = self._model.datasets[customer]
        return dataset.plural if is_plural(words.split()[-1].lower()) or words.lower().endswith("people") else dataset.label

    def _verb(self, words: str) -> str | None:
        """A verb of the customers' main fact, in the same form."""
        verbs = [v for d in self._model.datasets.values() if d.default_time for v in d.language.verbs if " " not in v]
        if not verbs or len(words.split()) > 1:
            return None
        base = self._rng.choice(sorted(set(verbs)))
        forms = verb_forms(base)
        if words.endswith("ing"):
            return forms[2] if len(forms) > 2 else None
        if words.endswith("ed") or words in ("bought", "spent", "came", "made", "got", "took", "sent"):
            return forms[-1]
        return base


def refilled(phrasings: Sequence[Phrasing], model: SemanticModel, values: ValueIndex, *, seed: int) -> Iterator[Refilled]:
    """Every phrasing that can be carried over."""
    refiller = Refiller(model, values, seed)
    yield from (found for p in phrasings if (found := refiller.refill(p)) is not None)
