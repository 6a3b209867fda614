"""Questions that the semantic model writes itself: authored frames in its own words, and the canonical sentences of small plans."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.minds.embedded.learner import masking
from assistant.minds.embedded.learner.corpus import Example
from tools.core.errors import AnswerError
from tools.core.query import compile_query
from tools.core.query.metric_query import MetricQuery
from tools.core.semantics.model import SemanticModel

_MASKS = frozenset({masking.VALUE, masking.WHEN, masking.NUMBER, masking.MONEY, masking.PERCENT})


@dataclass(frozen=True, kw_only=True)
class Naming:
    """The words of a question, and the metrics and groupings that they name."""

    words: tuple[str, ...]
    names: frozenset[str]


def from_frames(
    examples: Sequence[Example], phrases: Mapping[str, Sequence[str]], model: SemanticModel, rng: random.Random, limit: int
) -> Iterator[Naming]:
    """Frames of the corpus: each metric and grouping said in the model's own words, taken at random."""
    metrics = [name for name in phrases if name in model.metrics]
    fields = [name for name in phrases if name not in model.metrics and model.field(name).is_dimension]
    framed = [e for e in examples if any(s and s.type in ("metric", "dimension") and s.role != "grain" for s in e.slots)]
    for example in rng.sample(framed, min(limit, len(framed))):
        if metrics and fields:
            yield _filled(example, phrases, metrics, fields, rng)


def _filled(
    example: Example, phrases: Mapping[str, Sequence[str]], metrics: Sequence[str], fields: Sequence[str], rng: random.Random
) -> Naming:
    words: list[str] = []
    names: set[str] = set()
    for part, slot in zip(example.parts, example.slots, strict=True):
        named = {"metric": metrics, "dimension": fields}.get(slot.type) if slot and slot.role != "grain" else None
        if named is None or not part.kind:
            words += part.words
            continue
        name = rng.choice(named)
        names.add(name)
        words += rng.choice(phrases[name]).split()
    return Naming(words=tuple(words), names=frozenset(names))


def from_sentences(
    model: SemanticModel, cut: Callable[[str], Sequence[str]], rng: random.Random, limit: int, metrics: Sequence[str]
) -> Iterator[Naming]:
    """The canonical sentences of plans of one metric by one or two groupings.

    Args:
        cut: A sentence to its words, masked.
    """
    fields = [f.id for f in model.fields() if f.is_dimension and not f.is_time]
    for _ in range(limit if fields and metrics else 0):
        split = rng.sample(fields, min(rng.randint(0, 2), len(fields)))
        plan: dict[str, Any] = {"metrics": [rng.choice(metrics)], "dimensions": [{"field": f} for f in split]}
        query = MetricQuery.model_validate(plan)
        try:
            sentence = compile_query(query, model, rights=None, as_of=model.settings.as_of).reading.sentence
        except AnswerError:
            continue  # No route joins the two.
        named = {query.metrics[0].metric, *(d.field for d in query.dimensions)}
        yield Naming(words=tuple(w for w in cut(sentence) if w not in _MASKS), names=frozenset(named))
