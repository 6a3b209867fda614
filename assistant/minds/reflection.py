"""Grades the pair, not the plan: does each word that shapes a question show in the plan that is to answer it?

An independent check, for both minds. It knows English function words only ("average", "never", "more than 5", "compared with") and looks
for their trace in the MetricQuery: an aggregate, a negation, a threshold, a comparison. It never mends a plan; a word without a trace
turns an answer into an offer that names the word.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from tools.core.query.metric_query import EntityCondition, Filter, MetricQuery
from tools.core.semantics.model import Metric, MetricFormat, SemanticModel

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Trace:
    """What a plan holds, in the terms that words ask for."""

    query: MetricQuery
    model: SemanticModel

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        names = [*self.query.shown_metrics]
        names += [c.metric for c in self.query.entity_conditions if c.metric]
        return tuple(self.model.metrics[name] for name in names if name in self.model.metrics)

    @cached_property
    def filters(self) -> tuple[Filter, ...]:
        found = list(self.query.filters)
        found += [f for m in self.query.metrics for f in m.filters]
        found += [f for c in self.query.entity_conditions for f in c.filters]
        return tuple(found)

    @cached_property
    def words(self) -> str:
        """The names of everything the plan uses, with the words of its values: what may hold a function word by itself."""
        parts: list[str] = []
        for metric in self.metrics:
            parts += [metric.label, metric.description, *metric.language.synonyms, *metric.language.verbs]
            parts += [*metric.language.more, *metric.language.less]
        fields = [f.field for f in self.filters] + [d.field for d in self.query.dimensions]
        fields += [o.by for o in self.query.order if "." in o.by]
        fields += self.query.listing.fields if self.query.listing is not None else ()
        for dataset, _, name in (field.partition(".") for field in fields):
            field = self.model.datasets[dataset].fields.get(name) if dataset in self.model.datasets else None
            if field is not None:
                parts += [field.label, field.plural, *field.language.synonyms, *field.language.more, *field.language.less]
                parts += [word for phrases in field.value_synonyms.values() for word in phrases]
        parts += [str(value) for f in self.filters for value in f.values]
        parts += [phrase for named in self.model.named_filters if self._uses(named.filters) for phrase in named.phrases]
        return " ".join(parts).lower()

    def _uses(self, filters: Iterable[object]) -> bool:
        fields = {f.field for f in self.filters}
        return any(isinstance(f, dict) and f.get("field") in fields for f in filters)

    @cached_property
    def aggregates(self) -> frozenset[str]:
        return frozenset(m.aggregate for m in self.query.metrics if m.aggregate)

    @property
    def divides(self) -> bool:
        """Some figure is a quotient, or an average by itself."""
        return any("/" in m.expression or "AVG(" in m.expression.upper() for m in self.metrics)

    @property
    def averages(self) -> bool:
        relative = any(c.relative_to for c in self.conditions) or any(h.relative_to for h in self.query.having)
        return bool(self.aggregates & {"avg", "median", "percentile"}) or self.divides or relative or self.query.moving_average is not None

    @cached_property
    def conditions(self) -> tuple[EntityCondition, ...]:
        """All conditions on entities, those of single measures included."""
        return (*self.query.entity_conditions, *(c for m in self.query.metrics for c in m.entity_conditions))

    @property
    def has_median(self) -> bool:
        against = [c.relative_to for c in self.conditions] + [h.relative_to for h in self.query.having]
        return bool(self.aggregates & {"median", "percentile"}) or "median" in against

    @property
    def in_every_period(self) -> bool:
        """A condition holds in each period, or was counted per period."""
        return any(c.every for c in self.conditions)

    @property
    def is_share(self) -> bool:
        rates = any(m.format is MetricFormat.RATE for m in self.metrics)
        asked = self.query.share is not None or "share" in self.aggregates or any(m.as_share for m in self.query.metrics)
        return asked or rates or self.query.cohort is not None or self._has_percent

    @property
    def _has_percent(self) -> bool:
        shapes = self.query.pairs or self.query.distribution or self.query.concentration
        changes = self.query.growth is not None or self.query.comparison is not None
        return shapes is not None or changes or any(c.percentile for c in self.query.entity_conditions)

    @property
    def negates(self) -> bool:
        conditions = self.query.entity_conditions
        never = any((c.op == "eq" and c.value == 0) or c.op in ("lt", "le", "ne") for c in conditions)
        low = any(h.op in ("lt", "le", "ne") or h.value == 0 for h in self.query.having)
        aggregated = any(m.condition_op in ("lt", "le", "ne") or m.condition_value == 0 for m in self.query.metrics)
        return never or low or aggregated or any(f.op in ("not_in", "is_null", "lt") for f in self.filters)

    @property
    def compares(self) -> bool:
        query = self.query
        sides = len(query.metrics) > 1 or bool(query.dimensions) or any(f.op == "in" and len(f.values) > 1 for f in self.filters)
        return bool(query.comparison or query.growth or query.lifecycle or query.cohort or query.having or sides or query.entity_conditions)

    @property
    def moves(self) -> bool:
        """Shows a change: against another window, or along time."""
        query = self.query
        over_time = any(d.grain is not None for d in query.dimensions) or any(c.baseline for c in self.conditions)
        return bool(query.comparison or query.growth or query.running_total or over_time or query.cohort)

    @property
    def ranks(self) -> bool:
        query = self.query
        conditions = (*query.entity_conditions, *(c for m in query.metrics for c in m.entity_conditions))
        by_percentile = any(c.percentile or c.best for c in conditions)
        extreme = bool(self.aggregates & {"min", "max", "percentile"}) or query.pairs is not None or query.concentration is not None
        return bool(query.order or query.limit or query.top_per_group or by_percentile or extreme)

    @property
    def splits(self) -> bool:
        query = self.query
        return bool(query.dimensions or query.own_result or query.listing or query.lifecycle or any(m.per for m in query.metrics))

    @property
    def has_threshold(self) -> bool:
        query = self.query
        inside = any(m.condition_op for m in query.metrics) or bool(query.having) or bool(query.entity_conditions)
        return (
            inside
            or query.concentration is not None
            or any(f.op in ("gt", "ge", "lt", "le", "between") for f in self.filters)
            or self._bands
        )

    @property
    def _bands(self) -> bool:
        """Ordinal fields: "over 65" is a set of bands."""
        return any(self.model.field(f.field).order for f in self.filters if self._known(f))

    def _known(self, condition: Filter) -> bool:
        dataset, _, name = condition.field.partition(".")
        return dataset in self.model.datasets and name in self.model.datasets[dataset].fields

    @property
    def follows_customers(self) -> bool:
        """Tells new from returning, or follows people over time."""
        query = self.query
        return bool(query.lifecycle or query.cohort or query.entity_conditions or any(m.per for m in query.metrics) or query.distribution)

    @cached_property
    def numbers(self) -> frozenset[float]:
        """Every number of the plan; of its dates also the days beside them ("after the 15th"), and the years that the data covers."""
        plan = self.query.model_dump_json(exclude_defaults=True)
        found = {float(n) for n in re.findall(r"\d+(?:\.\d+)?", plan)}
        found |= {self.query.concentration.share} if self.query.concentration else set()  # said or not, it may be the default
        for text in re.findall(r"\d{4}-\d{2}-\d{2}", plan):
            day = dt.date.fromisoformat(text)
            found |= {float(near.day) for near in (day - _DAY, day + _DAY)}
        settings = self.model.settings
        return frozenset(found | {float(day.year) for day in (settings.as_of, settings.data_start) if day})


@dataclass(frozen=True, kw_only=True)
class Signal:
    """Words that shape a question, and the trace that they must leave."""

    words: str
    """Regular expression over the lower-case question."""
    shows: Callable[[Trace], bool]
    unless: str = ""
    """Where this also matches the question, the words mean something else."""


_AMOUNT = r"\$?\d[\d,.]*\s*(?:k|m|%|percent|dollars?|bucks|euros?|usd|thousand|hundred|million)?"
_COUNTED = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|fifty|once|twice|a hundred|a thousand)"

SIGNALS = (
    Signal(words=r"\b(?:average|averages|avg|mean|typical|typically|on average)\b", shows=lambda t: t.averages),
    Signal(words=r"\bmedian\b", shows=lambda t: t.has_median),
    Signal(words=r"\b(?:share|shares|percent|percentage|proportion|fraction|what part)\b|%", shows=lambda t: t.is_share),
    Signal(
        words=r"\b(?:never|without|none of|except|excluding|other than|apart from|didn'?t|did not|haven'?t|have not|has not|hasn'?t|not)\b",
        shows=lambda t: t.negates,
        unless=r"\bnot (?:sure|only|just)\b|\bif (?:not|you)\b|\bwhether or not\b",
    ),
    Signal(
        words=r"\b(?:compare|compared|comparison|versus|vs|relative to|as opposed to|difference between|gap between|side by side)\b",
        shows=lambda t: t.compares,
    ),
    Signal(
        words=r"\b(?:grow|grew|grown|growth|increase[ds]?|decrease[ds]?|declin\w+|dropp?e?d?|fell|fallen|rose|risen|shrank|shrunk|gain(?:ed)?|lost)\b",
        shows=lambda t: t.moves,
    ),
    Signal(
        words=r"\b(?:top|bottom|best|worst|most|least|highest|lowest|largest|biggest|smallest|fewest|rank\w*)\b",
        shows=lambda t: t.ranks,
        unless=r"\bat (?:the )?(?:most|least)\b|\bmost of\b|\btop of\b",
    ),
    Signal(
        words=r"\b(?:more than|over|above|at least|exceed\w*|fewer than|less than|under|below|at most|no more than)\s+"
        rf"(?:{_AMOUNT}|{_COUNTED})",
        shows=lambda t: t.has_threshold,
    ),
    Signal(words=rf"\b(?:{_AMOUNT}|{_COUNTED})\s*(?:or (?:more|fewer|less)|\+)(?:\s|$)", shows=lambda t: t.has_threshold),
    Signal(words=r"\b(?:break ?down|split|distribution|histogram|respectively|for each|for every|in each)\b", shows=lambda t: t.splits),
    Signal(words=r"\b(?:concentrat\w+|pareto)\b", shows=lambda t: t.query.concentration is not None),
    Signal(words=r"\b(?:cumulative|cumulatively|running total|accumulated)\b", shows=lambda t: t.query.running_total),
    Signal(
        words=r"\b(?:new (?:customers?|households?|shoppers?|members?|clients?|buyers?|people)|returning|came back|come back|first[- ]time"
        r"|retention|retained|lapsed|for the first time|first ever|second time|again)\b",
        shows=lambda t: t.follows_customers,
    ),
    Signal(
        words=r"\b(?:together|same (?:basket|visit|trip|order|cart)|alongside|combination)\b",
        shows=lambda t: t.query.pairs is not None or len(t.query.entity_conditions) > 1 or any(len(f.values) > 1 for f in t.filters),
    ),
    Signal(words=r"\b(?:each|every|per) (?:day|week|month|quarter|year|hour)\b|\b(?:daily|weekly|monthly|quarterly|hourly)\b",
           shows=lambda t: t.splits or t.averages or t.in_every_period),
)  # fmt: skip

_NUMBER = re.compile(r"(?<![\w.-])\$?(\d[\d,]*(?:\.\d+)?)\s*(k|m|thousand|million)?\b(?!-)", re.IGNORECASE)
_SCALE = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6}


def unreflected(text: str, query: MetricQuery, model: SemanticModel) -> tuple[str, ...]:
    """The words of the question, as typed, that leave no trace in the plan; empty when all do."""
    lowered = text.lower()
    trace = Trace(query, model)
    return tuple(dict.fromkeys((*_unshown(lowered, trace), *_lost_numbers(lowered, trace))))


def _unshown(text: str, trace: Trace) -> Iterator[str]:
    for signal in SIGNALS:
        found = re.search(signal.words, text)
        if found is None or (signal.unless and re.search(signal.unless, text)) or signal.shows(trace):
            continue
        word = found[0].strip()
        # "no kids", "total share of wallet": the word belongs to a name that the plan uses.
        if not re.search(rf"\b{re.escape(word)}\b", trace.words):
            yield word


def _lost_numbers(text: str, trace: Trace) -> Iterator[str]:
    """Numbers of the question that the plan does not hold, as a value, a limit, a threshold or a date."""
    for found in _NUMBER.finditer(text):
        number = float(found[1].replace(",", "")) * _SCALE.get((found[2] or "").lower(), 1.0)
        shown = trace.numbers | {n for n in (number / 100, 100 - number) if n in trace.numbers}
        if number not in shown and number / 100 not in shown and 100 - number not in shown and found[1] not in trace.words:
            yield found[0].strip()
