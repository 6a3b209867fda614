"""From texts to what they say: sentences, vectors, sentiment, topic, intent, urgency, competitors; one result per record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.feedback.corpus import Corpus, Names, Record
from tools.feedback.embedding import Vectors
from tools.feedback.language import UNKNOWN
from tools.feedback.names import NameFinder, words_of
from tools.feedback.segments import segments
from tools.feedback.sentiment import SentimentModel, fit_own, of_text, probability, shipped_model, word_polarities
from tools.feedback.signals import CompetitorFinder, Mention, intents_of, main_intent, urgency_of
from tools.feedback.subjects import Embed, examples, subject_names
from tools.feedback.subjects import sentences as example_sentences
from tools.feedback.topics import NO_TOPIC, Topic, Topics, find_topics

GENERIC_WEIGHT = 0.35
"""How much a sentence without a subject counts for the sentiment of its text."""
QUESTION_WEIGHT = 0.3
"""What is left of the sentiment of a question."""
_GOOD_STARS, _BAD_STARS = 0.75, 0.25


@dataclass(frozen=True, kw_only=True)
class Sentences:
    """The sentences of a corpus, names of products, shops and competitors blanked; equal ones share a row of vectors."""

    owner: NDArray[np.int64]
    """Record per sentence."""
    texts: list[str]
    named: list[str]
    """The same with the names of competitors left in."""
    distinct: list[str]
    row: NDArray[np.int64]
    """Position in `distinct`, per sentence."""


@dataclass(frozen=True, kw_only=True)
class Understood:
    """What one record says."""

    sentiment: float
    """-1 to 1."""
    sentiment_label: str
    topic_id: int
    centrality: float
    """Cosine with the centroid of the topic."""
    praised: int
    criticised: int
    """Topics of sentences that are clearly positive and negative; 0 for none."""
    intent: str
    urgency: str
    mentions: tuple[Mention, ...]


@dataclass(frozen=True, kw_only=True)
class Understanding:
    """A whole corpus understood."""

    sentences: Sentences
    vectors: Vectors
    """One row per distinct sentence."""
    topics: Topics
    records: tuple[Understood, ...]
    model: SentimentModel


def split(records: Sequence[Record], names: Names) -> Sentences:
    """Sentences of the records. Names are blanked: which product it was, or which rival, is a column, and must not make topics."""
    product, store, rival = NameFinder(names.product), NameFinder(names.store), NameFinder(names.competitor)
    owner: list[int] = []
    named: list[str] = []
    for i, record in enumerate(records):
        for sentence in segments(store.replaced(product.replaced(record.text, "article"), "shop")) or [record.text[:200]]:
            owner.append(i)
            named.append(sentence)
    texts = [rival.replaced(sentence, "competitor") for sentence in named]
    distinct = sorted(set(texts))
    place = {text: i for i, text in enumerate(distinct)}
    row = np.array([place[text] for text in texts], dtype=np.int64)
    return Sentences(owner=np.asarray(owner, dtype=np.int64), texts=texts, named=named, distinct=distinct, row=row)


def understand(
    corpus: Corpus, embed: Embed, *, previous: Sequence[Topic] = (), progress: Callable[[str], None] = lambda _: None
) -> Understanding:
    """Everything that is told of a corpus; `embed` may remember."""
    sentences = split(corpus.records, corpus.names)
    # The examples in the same go: for them alone this process would load the model.
    vectors = embed([*sentences.distinct, *example_sentences()])[: len(sentences.distinct)]
    progress("Judging how the texts sound")
    languages = [corpus.records[i].language for i in sentences.owner]
    polarities = word_polarities(sentences.texts, languages)
    model = _model(corpus.records, sentences, vectors, polarities)
    # Who asks when the parcel comes neither praises nor blames, whatever the words remind of.
    asks = np.array([text.rstrip().endswith("?") for text in sentences.texts])
    log_odds = model.log_odds(vectors, polarities, sentences.row) * np.where(asks, QUESTION_WEIGHT, 1.0)
    progress("Finding what they are about")
    foreign = np.array([language not in ("en", UNKNOWN) for language in languages], dtype=bool)
    masked = words_of([*corpus.names.product, *corpus.names.store, *corpus.names.competitor]) | {"article", "shop", "competitor"}
    topics = find_topics(
        sentences.distinct,
        vectors,
        sentences.row,
        sentences.owner,
        examples("subjects", embed),
        previous=previous,
        masked=masked - words_of(subject_names()),
        foreign=foreign,
    )
    intents = examples("intents", embed)
    wants = intents_of(sentences.texts, intents.scores(vectors)[sentences.row], intents.names, 2 * probability(log_odds) - 1)
    finder = CompetitorFinder(list(corpus.names.competitor), examples("compared", embed), examples("better", embed))
    starts = np.searchsorted(sentences.owner, np.arange(len(corpus.records) + 1))
    told = tuple(
        _one(record, slice(int(starts[i]), int(starts[i + 1])), sentences, vectors, log_odds, topics, wants, finder)
        for i, record in enumerate(corpus.records)
    )
    return Understanding(sentences=sentences, vectors=vectors, topics=topics, records=told, model=model)


def _model(records: Sequence[Record], sentences: Sentences, vectors: Vectors, polarities: NDArray[np.float64]) -> SentimentModel:
    rated = np.array([r.rating if r.rating is not None else np.nan for r in records])[sentences.owner]
    chosen = np.flatnonzero((rated >= _GOOD_STARS) | (rated <= _BAD_STARS))
    if not len(chosen):
        return shipped_model()
    positive = (rated[chosen] >= _GOOD_STARS).astype(np.int64)
    return fit_own(vectors, polarities[chosen], positive, sentences.row[chosen], source="the warehouse's own texts with stars")


def _one(
    record: Record,
    span: slice,
    sentences: Sentences,
    vectors: Vectors,
    log_odds: NDArray[np.float64],
    topics: Topics,
    wants: Sequence[str],
    finder: CompetitorFinder,
) -> Understood:
    own, about, close = log_odds[span], topics.assigned[span], topics.closeness[span]
    tells = close * topics.weight[span]
    weights = np.where(about == NO_TOPIC, GENERIC_WEIGHT, 1.0)
    score, label = of_text(own, weights)
    topic = _main_topic(about, tells, own)
    centrality = float(close[about == topic].max()) if topic != NO_TOPIC else 0.0
    each = probability(own)
    praised, criticised = (_topic_of_extreme(about, values) for values in (each, 1 - each))
    return Understood(
        sentiment=score,
        sentiment_label=label,
        topic_id=topic,
        centrality=centrality,
        praised=praised,
        criticised=criticised,
        intent=main_intent(wants[span]),
        urgency=urgency_of(record.text, score),
        mentions=tuple(finder.mentions(sentences.named[span], vectors[sentences.row[span]])) if finder.named(record.text) else (),
    )


def _main_topic(about: NDArray[np.int64], tells: NDArray[np.float32], log_odds: NDArray[np.float64]) -> int:
    """The topic with most said of it; between equals that of the angrier sentence, which is why the text was written."""
    best, most = NO_TOPIC, 0.0
    for topic in dict.fromkeys(about[about != NO_TOPIC].tolist()):
        inside = about == topic
        weight = float((tells[inside] * (1 + 0.5 * np.clip(-np.tanh(log_odds[inside] / 2), 0, 1))).sum())
        if weight > most:
            best, most = int(topic), weight
    return best


def _topic_of_extreme(about: NDArray[np.int64], values: NDArray[np.float64]) -> int:
    candidates = np.where(about != NO_TOPIC, values, 0.0)
    place = int(np.argmax(candidates))
    return int(about[place]) if candidates[place] > 0.6 else NO_TOPIC


def first_mention(record: Record, told: Understood) -> tuple[str | None, str | None, str | None]:
    """Competitor, what was compared and who comes out better; the row's own competitor where the text names none."""
    if told.mentions:
        first = told.mentions[0]
        return first.competitor, first.compared, first.better
    return record.competitor, None, None


def call_driver(record: Record, told: Understood, labels: dict[int, str]) -> Any:
    """Why somebody called or chatted: what they want, and about what; None for written texts."""
    if not record.spoken:
        return None
    about = labels.get(told.topic_id)
    return f"{told.intent}: {about}" if about else told.intent
