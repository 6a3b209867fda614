"""Verified questions: an exact match after normalising decides, a near one only suggests."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.minds.embedded.inflection import stem
from assistant.minds.embedded.temporal_words import MONTHS
from assistant.minds.embedded.tokens import tokenize
from assistant.minds.embedded.wordlists import filler_words, word_set
from tools.core.query.metric_query import MetricQuery
from tools.core.semantics.model import SemanticModel

_KEPT = frozenset({"how", "many", "much", "who", "which", "what", "when", "not", "number", "total", "count", *MONTHS})
"""Words that make another question of it, though elsewhere some of them add nothing: "in May"."""

_CARRYING = word_set("account accounts away business came come coming display go going gone live lives living return through walk went")
"""Fillers elsewhere, but here they may be all that sets a question apart from a reviewed one: "how many customers went away?"."""

_SHORT = 2
"""Longer phrases are told from others by their other words."""
_ARTICLES = frozenset({"the", "a", "an", "to", "in", "on", "at", "of", "with", "have", "has", "our", "is", "are"})


@dataclass(frozen=True, kw_only=True)
class Verified:
    """A reviewed question and its query."""

    id: str
    question: str
    query: MetricQuery


class VerifiedQuestions:
    """The reviewed pairs of a model by their normalised text."""

    def __init__(self, model: SemanticModel) -> None:
        self._kept = _KEPT | _CARRYING | _telling_words(model)
        self._by_text: dict[tuple[str, ...], Verified] = {}
        for pair in model.verified_questions:
            verified = Verified(id=pair.id, question=pair.question, query=MetricQuery.model_validate(dict(pair.query)))
            for text in (pair.question, *pair.paraphrases):
                self._by_text.setdefault(self._key(text), verified)

    def exact(self, question: str) -> Verified | None:
        """The pair whose question this is, but for case, punctuation, number and politeness."""
        return self._by_text.get(self._key(question))

    def near(self, question: str, limit: int = 3) -> tuple[Verified, ...]:
        """Pairs that share most of their words with the question, best first."""
        words = set(self._key(question))
        scored = [(len(words & set(key)) / len(words | set(key)), v) for key, v in self._by_text.items() if words]
        best: dict[str, tuple[float, Verified]] = {}
        for score, pair in scored:
            if score >= 0.3 and score > best.get(pair.id, (0.0, pair))[0]:
                best[pair.id] = (score, pair)
        return tuple(v for _, v in sorted(best.values(), key=lambda sv: -sv[0])[:limit])

    def _key(self, text: str) -> tuple[str, ...]:
        words = [t.text for t in tokenize(text) if t.kind != "mark"]
        # "Which store ..." asks for one row, "which stores ..." for all: the noun asked for keeps its number.
        asked = {words[i + 1] for i in range(len(words) - 1) if words[i] in ("which", "what")}
        return tuple(w if w in asked else stem(w) for w in words if w not in filler_words() or w in self._kept)


def _telling_words(model: SemanticModel) -> frozenset[str]:
    """Words that narrow a question in this model, though elsewhere they add nothing: the "business" of "business customers"."""
    phrases = [phrase for named in model.named_filters for phrase in named.phrases]
    phrases += [phrase for field in model.fields() for said in field.value_synonyms.values() for phrase in said]
    return frozenset(phrase.split()[0].lower() for phrase in phrases if len(phrase.split()) <= _SHORT) - _ARTICLES
