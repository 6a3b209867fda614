"""From a few words to the texts that are about it: by topic where a topic is meant, else text by text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tools.feedback.embedding import Vectors
from tools.feedback.store import FeedbackStore, Hit, tokens

_TOPIC_FROM = 0.5
"""Cosine of the words with a topic's centroid, or with an example of it, from which on the topic is meant."""
_TEXT_FROM = 0.42
"""Cosine of the words with a sentence from which on its text counts as being about it."""
MAX_MATCHES = 2000
_ALL = 1_000_000
_FUSION = 60
"""Constant of reciprocal rank fusion (Cormack, Clarke & Büttcher 2009)."""
_BY_MEANING, _BY_WORDS = 1.0, 0.5
"""Weights of the two rankings: people rarely ask in the words of the text that they look for."""


@dataclass(frozen=True, kw_only=True)
class About:
    """What some words were taken to mean."""

    words: str
    topics: tuple[str, ...] = ()
    record_ids: tuple[str, ...] = ()
    """Without a topic: the texts that match."""
    by_name: bool = False
    """The words are the topic's name; nothing more can be told from them."""

    @property
    def in_words(self) -> str:
        if self.topics:
            return f"“{self.words}” was taken as the topic{'s' if len(self.topics) > 1 else ''} {' and '.join(self.topics)}"
        return f"no topic is called “{self.words}”, so texts with a sentence like it count"


def resolve_about(words: str, store: FeedbackStore) -> About:
    """The topics that the words name; else those whose centroid is near; else single texts."""
    named = _named_topics(words, store)
    if named:
        return About(words=words, topics=named, by_name=True)
    from tools.feedback.embedding import encode_query

    query = encode_query(words)
    near = _near_topic(query, store)
    if near is not None:
        return About(words=words, topics=(near,))
    by_meaning = [hit for hit in store.nearest(query, MAX_MATCHES) if hit.similarity >= _TEXT_FROM]
    by_words = _with_all_words(words, store)
    found = dict.fromkeys(hit.record for hit in (*by_meaning, *by_words))
    return About(words=words, record_ids=tuple(store.record_ids[i] for i in list(found)[:MAX_MATCHES]))


def _named_topics(words: str, store: FeedbackStore) -> tuple[str, ...]:
    wanted = set(tokens(words))
    if not wanted:
        return ()
    exact = tuple(t["label"] for t in store.topics if t["label"].lower() == words.strip().lower())
    return exact or tuple(t["label"] for t in store.topics if wanted <= set(tokens(t["label"])))


def _near_topic(query: Vectors, store: FeedbackStore) -> str | None:
    """The topic with the centroid, or with a sentence that it is known by, most like the words; None when none is near."""
    known = np.concatenate([store.centroids, store.examples])
    if not len(known):
        return None
    alike = known @ query
    best = int(alike.argmax())
    if alike[best] < _TOPIC_FROM:
        return None
    topic_id = [*store.topic_ids, *store.example_topics][best]
    return next((str(t["label"]) for t in store.topics if t["id"] == topic_id), None)


def _with_all_words(words: str, store: FeedbackStore) -> list[Hit]:
    """Texts that hold every one of the words; BM25 alone would also bring those with one of them."""
    each = [{hit.record: hit for hit in store.by_words(word, _ALL)} for word in dict.fromkeys(tokens(words))]
    if not each:
        return []
    return [hit for record, hit in each[0].items() if all(record in other for other in each[1:])]


def search(words: str, store: FeedbackStore, k: int, within: Sequence[int] | None = None) -> list[Hit]:
    """The texts that fit the words best, by meaning and by word, the two rankings fused.

    Args:
        within: Positions of the texts that may be found; they are then searched one by one. None: all.
    """
    from tools.feedback.embedding import encode_query

    rankings = (
        (_BY_MEANING, store.nearest(encode_query(words), 3 * k, within)),
        (_BY_WORDS, store.by_words(words, 3 * k, within)),
    )
    scores: dict[int, float] = {}
    similarity: dict[int, float] = {}
    for weight, ranking in rankings:
        for place, hit in enumerate(ranking):
            scores[hit.record] = scores.get(hit.record, 0.0) + weight / (_FUSION + place + 1)
    for hit in rankings[0][1]:
        similarity[hit.record] = hit.similarity
    best = sorted(scores, key=lambda record: (-scores[record], record))[:k]
    return [Hit(record=record, similarity=similarity.get(record, 0.0)) for record in best]
