"""What computed tables add to a semantic model (datasets, metrics, words, phrases no longer absent) and to a policy.

An addition is kept as JSON beside the data that it describes, and merged into the document as written before the model is built from it.
So the document stays the author's, and a warehouse without the tables says what it cannot answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

_LISTS = ("datasets", "relationships", "metrics")
_WORDS = ("named_filters", "choices", "verified_questions")


class TaughtWord(BaseModel):
    """A word that people use for something of the model, approved by whoever runs the assistant."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    phrase: str
    kind: Literal["synonym", "verb", "value"]
    target: str
    """Name of a metric or dataset, or `dataset.field`; a word for something that is gone does nothing."""
    value: str | None = None
    """With kind="value": the stored value that it means."""


class ModelAddition(BaseModel):
    """One contributor's part of a semantic model, as objects of the document."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    datasets: tuple[dict[str, Any], ...] = ()
    relationships: tuple[dict[str, Any], ...] = ()
    metrics: tuple[dict[str, Any], ...] = ()
    named_filters: tuple[dict[str, Any], ...] = ()
    choices: tuple[dict[str, Any], ...] = ()
    """`{phrase, means}`: what an ambiguous phrase means, as approved."""
    verified_questions: tuple[dict[str, Any], ...] = ()
    routes: tuple[dict[str, Any], ...] = ()
    """`{from, to, via}` where several paths lead from a dataset to one that is added."""
    answers: tuple[str, ...] = ()
    """Phrases that the tables answer, so that they are absent no longer."""
    words: tuple[TaughtWord, ...] = ()


class PolicyAddition(BaseModel):
    """How computed tables are to be treated; what the policy says itself, holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tables: dict[str, dict[str, tuple[str, ...]]] = {}
    """Table -> class -> columns."""
    paths: dict[str, str] = {}
    """Table -> column that holds the person's key."""
    unrelated: tuple[str, ...] = ()
    """Tables that hold nothing about a person."""


def with_additions(document: object, additions: Sequence[ModelAddition]) -> object:
    """The document with the additions merged into its one model; a document of another shape is returned as it is."""
    if not isinstance(document, Mapping) or not isinstance(document.get("semantic_model"), list) or not document["semantic_model"]:
        return document
    model = document["semantic_model"][0]
    if not isinstance(model, Mapping):
        return document
    merged = dict(model)
    for name in _LISTS:
        merged[name] = [*(model.get(name) or ()), *(part for addition in additions for part in getattr(addition, name))]
    for word in (word for addition in additions for word in addition.words):
        merged = _with_word(merged, word)
    merged["ai_context"] = _words(model.get("ai_context") or {}, additions)
    return {**document, "semantic_model": [merged, *document["semantic_model"][1:]]}


def _with_word(model: dict[str, Any], word: TaughtWord) -> dict[str, Any]:
    """The model with one more word for the metric, dataset or field that is meant."""
    dataset, _, field = word.target.partition(".")
    if field:
        inside = [
            {**d, "fields": _taught(d.get("fields") or (), field, word)} if isinstance(d, Mapping) and d.get("name") == dataset else d
            for d in model["datasets"]
        ]
        return {**model, "datasets": inside}
    return {**model, **{name: _taught(model[name], dataset, word) for name in ("metrics", "datasets")}}


def _taught(parts: Sequence[Any], name: str, word: TaughtWord) -> list[Any]:
    meant = (isinstance(part, Mapping) and part.get("name") == name for part in parts)
    return [{**p, "ai_context": _with_phrase(p.get("ai_context"), word)} if m else p for p, m in zip(parts, meant, strict=True)]


def _with_phrase(context: object, word: TaughtWord) -> dict[str, Any]:
    words: dict[str, Any] = {"instructions": context} if isinstance(context, str) else {}
    if isinstance(context, Mapping):
        words = dict(context)
    if word.kind == "value":
        known = dict(words.get("value_synonyms") or {})
        known[str(word.value)] = [*(known.get(str(word.value)) or ()), word.phrase]
        return {**words, "value_synonyms": known}
    key = "verbs" if word.kind == "verb" else "synonyms"
    return {**words, key: [*(words.get(key) or ()), word.phrase]}


def _words(context: object, additions: Sequence[ModelAddition]) -> object:
    if isinstance(context, str):
        context = {"instructions": context}
    if not isinstance(context, Mapping):
        return context
    words = dict(context)
    for name in _WORDS:
        words[name] = [*(context.get(name) or ()), *(part for addition in additions for part in getattr(addition, name))]
    answered = {phrase.lower() for addition in additions for phrase in addition.answers}
    words["absent_concepts"] = list(_still_absent(context.get("absent_concepts") or (), answered))
    return words


def _still_absent(concepts: Iterable[Any], answered: set[str]) -> Iterable[Any]:
    for concept in concepts:
        if not isinstance(concept, Mapping) or not isinstance(concept.get("phrases"), list):
            yield concept
            continue
        left = [phrase for phrase in concept["phrases"] if str(phrase).lower() not in answered]
        if left:
            yield {**concept, "phrases": left}
