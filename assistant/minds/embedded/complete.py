"""Completing what somebody is typing: metrics, groupings, stored values, periods and whole questions, under the asker's rights.

The words before the last phrase decide what may stand next: a grouping after "by", a value or a period after "in", else a figure.
Nothing is suggested that the asker could not ask for: values come from the index of the asker, fields from the columns that may be read,
and figures only when a plan with them compiles for the asker.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.minds.embedded.inflection import is_plural
from assistant.minds.embedded.wordlists import word_set
from assistant.turn import MindContext, Suggestion
from tools.core.query.metric_query import DimensionRef, Measure, MetricQuery

if TYPE_CHECKING:
    from assistant.minds.embedded.mind import QuestionReader

MAX_SHOWN = 8
_MAX_PREFIX = 400
"""Longer than this is not typed but pasted: nothing is completed."""
_LONGEST = 5
"""Words that one phrase may have."""
_MOST_TRIED = 40
"""Candidates looked at for one prefix, so that a single letter stays quick."""

_GROUPS = word_set("by per each every across which split")
_VALUES = word_set("in for from of only at with without excluding except")
_COUNTS = word_set("many number count")
_PERIODS = (
    "last month", "last quarter", "last year", "last week", "last 7 days", "last 30 days", "last 12 months",
    "this month", "this quarter", "this year", "today", "yesterday", "year to date", "since January",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    """One phrase that can be suggested."""

    kind: str
    phrase: str
    target: str
    """Metric, field id, or empty."""
    weight: int = 0
    """Rows that hold a value, reviewed questions that use a grouping: the frequent ones come first."""


class Completer:
    """The phrases of one reader, sorted for looking up by prefix. Built once; several threads may use it."""

    def __init__(self, reader: QuestionReader) -> None:
        self._reader = reader
        keyed = sorted(((key, at, entry) for at, entry in enumerate(_entries(reader)) for key in _keys(entry.phrase)), key=lambda k: k[:2])
        self._keys = [key for key, _, _ in keyed]
        self._entries = [entry for _, _, entry in keyed]
        self._by_use = sorted(dict.fromkeys(e for e in self._entries if e.kind == "grouping"), key=lambda e: (-e.weight, e.phrase))

    def suggest(self, prefix: str, context: MindContext, limit: int = MAX_SHOWN) -> tuple[Suggestion, ...]:
        """What the typed text may go on to; empty where nothing fits."""
        typed = " ".join(prefix.split())
        if len(typed) > _MAX_PREFIX:
            return ()
        found: dict[str, Suggestion] = {}
        for suggestion in (*self._questions(typed, context), *self._phrases(typed, prefix[-1:].isspace(), context)):
            found.setdefault(suggestion.text.lower(), suggestion)
            if len(found) == limit:
                break
        return tuple(found.values())

    def _questions(self, typed: str, context: MindContext) -> Iterator[Suggestion]:
        """Whole questions of the model that begin like this; the starters before anything is typed."""
        model = self._reader.model
        known = model.settings.starters if not typed else (*model.settings.starters, *(v.question for v in model.verified_questions))
        for question in known:
            if question.lower().startswith(typed.lower()) and len(question) > len(typed) and self._reader.is_answerable(question, context):
                yield Suggestion(text=question, label=question, kind="question")

    def _phrases(self, typed: str, ended: bool, context: MindContext) -> Iterator[Suggestion]:
        """The last words, as the beginning of a phrase: the longest beginning that has any first."""
        words = typed.split()
        starts = range(max(0, len(words) - _LONGEST), len(words)) if not ended else range(0)
        for start in starts:
            begun = " ".join(words[start:]).lower()
            before = words[:start]
            shown: dict[tuple[str, str], Suggestion] = {}
            for entry in self._matches(begun, before):
                key = (entry.kind, entry.phrase if entry.kind == "value" else entry.target or entry.phrase)
                suggestion = self._suggestion(entry, before, context) if key not in shown else None
                if suggestion is not None:
                    shown[key] = suggestion
            if shown:
                yield from shown.values()
                return
        if words and ended:
            yield from self._next(words, context)

    def _matches(self, begun: str, before: Sequence[str]) -> Iterator[_Entry]:
        at = bisect_left(self._keys, begun)
        matching: list[_Entry] = []
        while at < len(self._keys) and self._keys[at].startswith(begun) and len(matching) < 10 * _MOST_TRIED:
            matching.append(self._entries[at])
            at += 1
        counted = before[-1:] and before[-1].lower() in _COUNTS
        ranks = {kind: rank for rank, kind in enumerate(_expected(before))}
        fitting = sorted(
            (e for e in matching if e.kind in ranks and (not counted or is_plural(e.phrase.rsplit(" ", 1)[-1]))),
            key=lambda e: (ranks[e.kind], not e.phrase.lower().startswith(begun), -e.weight, len(e.phrase)),
        )
        return iter(fitting[:_MOST_TRIED])

    def _next(self, words: Sequence[str], context: MindContext) -> Iterator[Suggestion]:
        """What can follow a finished word: groupings of the figure after "by", else what the figure can be narrowed to."""
        metrics = self._metrics_in(words)
        last = words[-1].lower()
        if metrics and last in _GROUPS:
            yield from self._groupings(words, metrics[0], context)
        elif last in _VALUES:
            yield from (Suggestion(text=" ".join((*words, p)), label=p, kind="period") for p in _PERIODS)
        elif metrics:
            yield from self._groupings((*words, "by"), metrics[0], context, most=4)
            yield from (Suggestion(text=" ".join((*words, p)), label=p, kind="period") for p in _PERIODS[:3])

    def _groupings(self, words: Sequence[str], metric: str, context: MindContext, most: int = MAX_SHOWN) -> Iterator[Suggestion]:
        shown = 0
        for entry in self._by_use:
            if shown == most:
                return
            if self._runs(MetricQuery(metrics=(Measure(metric=metric),), dimensions=(DimensionRef(field=entry.target),)), context):
                shown += 1
                yield Suggestion(text=" ".join((*words, entry.phrase)), label=entry.phrase, kind="grouping")

    def _metrics_in(self, words: Sequence[str]) -> list[str]:
        from assistant.minds.embedded.lexicon import Kind

        tokens, _ = self._reader.tokens(" ".join(words))
        return [s.target for m in self._reader.mentions(tokens) for s in m.of(Kind.METRIC)[:1]]

    def _suggestion(self, entry: _Entry, before: Sequence[str], context: MindContext) -> Suggestion | None:
        metrics = self._metrics_in(before) if entry.kind in ("grouping", "value") and before else []
        if not self._may_ask(entry, metrics[0] if metrics else None, context):
            return None
        return Suggestion(text=" ".join((*before, entry.phrase)), label=entry.phrase, kind=entry.kind)

    def _may_ask(self, entry: _Entry, metric: str | None, context: MindContext) -> bool:
        """Whether this asker's plan with the phrase compiles: rights, and whether the figure has that property at all."""
        from assistant.minds.embedded.mind import may_read

        if entry.kind == "figure":
            return self._runs(MetricQuery(metrics=(Measure(metric=entry.target),)), context)
        if entry.kind in ("grouping", "value"):
            if not may_read(self._reader.model, context.rights)(entry.target):
                return False
            if metric is not None:
                return self._runs(MetricQuery(metrics=(Measure(metric=metric),), dimensions=(DimensionRef(field=entry.target),)), context)
        return True

    def _runs(self, query: MetricQuery, context: MindContext) -> bool:
        return self._reader.can_run(query, context)


def complete(prefix: str, reader: QuestionReader, context: MindContext, limit: int = MAX_SHOWN) -> tuple[Suggestion, ...]:
    """What the typed text may go on to, best first.

    Args:
        prefix: What is in the input field, up to the cursor.
        reader: That of the asker (`EmbeddedMind.reader_for`): it knows no values that the asker may not see.
    """
    return reader.completer.suggest(prefix, context, limit)


def _expected(before: Sequence[str]) -> tuple[str, ...]:
    """Which kinds of phrase may follow the words, the likeliest first."""
    last = before[-1].lower() if before else ""
    if last in _GROUPS:
        return ("grouping",)
    if last in _VALUES:
        return ("value", "period", "figure")
    if last in _COUNTS:
        return ("figure", "value")
    return ("figure", "grouping", "value", "period") if before else ("figure", "value")


def _entries(reader: QuestionReader) -> Iterator[_Entry]:
    model = reader.model
    used = Counter(d.field for v in model.verified_questions for d in MetricQuery.model_validate(dict(v.query)).dimensions)
    for metric in model.metrics.values():
        for phrase in (metric.label, *metric.language.synonyms):
            yield _Entry(kind="figure", phrase=phrase, target=metric.name)
    for field in model.fields():
        if field.is_dimension and not field.is_time:
            yield _Entry(kind="grouping", phrase=field.label, target=field.id, weight=used[field.id])
            yield from (
                _Entry(kind="value", phrase=str(v), target=field.id, weight=reader.values.rows(field.id, v))
                for v in reader.values.values_of(field.id)
                if isinstance(v, str)
            )
    for unit in ("month", "week", "quarter", "year", "day"):
        yield _Entry(kind="period", phrase=f"by {unit}", target="")
    yield from (_Entry(kind="period", phrase=p, target="") for p in _PERIODS)


def _keys(phrase: str) -> Iterable[str]:
    """The phrase from its beginning and from each of its words: "milk" finds "FLUID MILK PRODUCTS"."""
    words = phrase.lower().split()
    return (" ".join(words[start:]) for start in range(min(len(words), _LONGEST)))


__all__ = ["Completer", "complete"]
