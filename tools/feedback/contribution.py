"""Feedback's part in the intelligence layer: one row per text, the topics, what both mean, and the store for searching them."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tools.core.customers.warehouse_data import CustomerData, require_roles
from tools.core.errors import NeedsPerson
from tools.core.semantics.additions import ModelAddition, PolicyAddition
from tools.core.semantics.model import FeedbackRoles, SemanticModel
from tools.core.semantics.templates import as_json_text, model_addition
from tools.core.warehouse.refresh import Contributed, NewTable, RefreshWork
from tools.feedback.corpus import Corpus, read_corpus, require_sources
from tools.feedback.embedding import MODEL_NAME, EmbeddingCache, Vectors
from tools.feedback.names import words_of
from tools.feedback.store import NAME, StoreContent, write_store
from tools.feedback.subjects import Examples, examples
from tools.feedback.subjects import sentences as example_sentences
from tools.feedback.topics import NO_TOPIC, NO_TOPIC_LABEL, Topic
from tools.feedback.understanding import Understanding, call_driver, first_mention, understand

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TEMPLATE = Path(__file__).with_name("semantic_addition.yaml")
_DATA = Path(__file__).parent / "data"
_RECENT_DAYS = 30
_RISE = 2.0
"""A topic is rising when its part of the last 30 days is this many times that of before."""
_MIN_RECENT = 8


class FeedbackContribution:
    """Reads, understands and indexes every text that the semantic model calls feedback."""

    name: ClassVar[str] = NAME
    reads: ClassVar[tuple[str, ...]] = ()

    @property
    def version(self) -> str:
        words = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(_DATA.iterdir())))
        return f"3-{words.hexdigest()[:8]}"

    def compute(self, work: RefreshWork) -> Contributed:
        """Raises NeedsPerson: no texts are named, none are there, or one of the sources cannot be read."""
        require_roles(work.model, ["customer"])
        roles = require_sources(work.model)
        if work.store is None or work.cache is None:
            raise ValueError("feedback needs folders for its store and its cache")
        corpus = read_corpus(work.connection, work.model, work.as_of, work.progress)
        if not corpus.records:
            raise NeedsPerson("There is no feedback text in this warehouse.", try_instead="Check roles.feedback.", code="no_feedback")
        cache = EmbeddingCache(work.cache)
        previous = _read_topics(work.cache)

        def embed(texts: Sequence[str]) -> Vectors:
            return cache.vectors(list(texts), progress=work.progress)

        told = understand(corpus, embed, previous=previous, progress=work.progress)
        cache.keep_only([*told.sentences.distinct, *example_sentences()])
        work.progress("Storing vectors")
        write_store(work.store, _content(corpus, told, examples("subjects", embed)))
        _write_topics(work.cache, told.topics.topics)
        data = CustomerData(work.connection, work.model, work.as_of)
        keys = _keys(work, roles, data)
        records, topics = _record_table(corpus, told, keys), _topic_table(corpus, told, work.as_of)
        return Contributed(
            tables=(records, topics),
            model=_addition(work, roles, corpus, told, keys),
            policy=_policy(records, topics, keys),
            card=_card(corpus, told, work.as_of),
        )


def _content(corpus: Corpus, told: Understanding, examples: Examples) -> StoreContent:
    """What is stored; of the known subjects' examples those whose topic there is."""
    topic_of = {t.label: t.topic_id for t in told.topics.topics}
    owners = [examples.names[i] for i in examples.owner]
    chosen = np.array([name in topic_of for name in owners], dtype=bool)
    return StoreContent(
        record_ids=[r.record_id for r in corpus.records],
        texts=[r.text for r in corpus.records],
        sentence_owner=told.sentences.owner,
        sentence_row=told.sentences.row,
        vectors=told.vectors,
        topics=told.topics.topics,
        examples=examples.vectors[chosen],
        example_topics=[topic_of[name] for name, use in zip(owners, chosen, strict=True) if use],
    )


def _keys(work: RefreshWork, roles: FeedbackRoles, data: CustomerData) -> dict[str, tuple[str, str]]:
    """Role -> column and DuckDB type of the keys in the feedback table."""
    found = {"customer": (data.key_column, data.key_type)}
    for role in ("product", "store"):
        field_id = getattr(roles, role)
        if field_id is not None:
            dataset = work.model.datasets[field_id.split(".")[0]]
            column = dataset.primary_key[0]
            table = f"({dataset.source})" if " " in dataset.source else dataset.source
            kinds = work.connection.execute(f'SELECT typeof("{column}") FROM {table} LIMIT 1').fetchall()
            found[role] = (column, str(kinds[0][0]) if kinds else "VARCHAR")
    return found


def _record_table(corpus: Corpus, told: Understanding, keys: Mapping[str, tuple[str, str]]) -> NewTable:
    records, results = corpus.records, told.records
    labels: dict[int, str] = {t.topic_id: t.label for t in told.topics.topics}
    mentions = [first_mention(r, u) for r, u in zip(records, results, strict=True)]
    columns: dict[str, tuple[str, Any]] = {
        "record_id": ("VARCHAR", _texts([r.record_id for r in records])),
        "source": ("VARCHAR", _texts([r.source for r in records])),
    }
    for role, (column, kind) in keys.items():
        columns[column] = (kind, _texts([getattr(r, role) for r in records]))
    columns |= {
        "created_at": ("DATE", np.array([r.day for r in records], dtype="datetime64[us]")),
        "language": ("VARCHAR", _texts([r.language for r in records])),
        "text": ("VARCHAR", _texts([r.text for r in records])),
        "sentiment": ("DOUBLE", np.round([u.sentiment for u in results], 4)),
        "sentiment_label": ("VARCHAR", _texts([u.sentiment_label for u in results])),
        "topic_id": ("INTEGER", np.array([u.topic_id for u in results], dtype=np.int64)),
        "topic": ("VARCHAR", _texts([labels.get(u.topic_id, NO_TOPIC_LABEL) for u in results])),
        "praised_topic": ("VARCHAR", _texts([labels.get(u.praised) for u in results])),
        "criticised_topic": ("VARCHAR", _texts([labels.get(u.criticised) for u in results])),
        "centrality": ("DOUBLE", np.round([u.centrality for u in results], 4)),
        "urgency": ("VARCHAR", _texts([u.urgency for u in results])),
        "intent": ("VARCHAR", _texts([u.intent for u in results])),
        "competitor": ("VARCHAR", _texts([m[0] for m in mentions])),
        "compared": ("VARCHAR", _texts([m[1] for m in mentions])),
        "better": ("VARCHAR", _texts([m[2] for m in mentions])),
        "call_driver": ("VARCHAR", _texts([call_driver(r, u, labels) for r, u in zip(records, results, strict=True)])),
    }
    return NewTable(name=NAME, columns=columns)


def _texts(values: Sequence[Any]) -> NDArray[np.object_]:
    found: NDArray[np.object_] = np.empty(len(values), dtype=object)
    found[:] = [None if value is None else str(value) for value in values]
    return found


def _topic_table(corpus: Corpus, told: Understanding, as_of: dt.date) -> NewTable:
    facts = [_topic_facts(topic, corpus, told, as_of) for topic in told.topics.topics]
    columns: dict[str, tuple[str, Any]] = {
        "topic_id": ("INTEGER", np.array([t.topic_id for t in told.topics.topics], dtype=np.int64)),
        "topic": ("VARCHAR", _texts([t.label for t in told.topics.topics])),
        "words": ("VARCHAR", _texts([", ".join(t.words) for t in told.topics.topics])),
        "first_seen_on": ("DATE", np.array([f["first"] for f in facts], dtype="datetime64[us]")),
        "records": ("INTEGER", np.array([f["records"] for f in facts], dtype=np.int64)),
        "recent_records": ("INTEGER", np.array([f["recent"] for f in facts], dtype=np.int64)),
        "state": ("VARCHAR", _texts([f["state"] for f in facts])),
    }
    return NewTable(name="feedback_topic", columns=columns)


def _topic_facts(topic: Topic, corpus: Corpus, told: Understanding, as_of: dt.date) -> dict[str, Any]:
    """First day, records, those of the last 30 days, and whether it is new, rising or steady."""
    days = [r.day for r, u in zip(corpus.records, told.records, strict=True) if u.topic_id == topic.topic_id]
    edge = as_of - dt.timedelta(days=_RECENT_DAYS)
    recent = sum(day > edge for day in days)
    all_recent = sum(r.day > edge for r in corpus.records)
    share = recent / all_recent if all_recent else 0.0
    before = (len(days) - recent) / max(len(corpus.records) - all_recent, 1)
    first = min(days, default=as_of)
    if recent >= _MIN_RECENT and (topic.is_new or first > edge):
        state = "new"
    else:
        state = "rising" if recent >= _MIN_RECENT and share >= _RISE * before else "steady"
    return {"first": first, "records": len(days), "recent": recent, "state": state}


def _addition(
    work: RefreshWork, roles: FeedbackRoles, corpus: Corpus, told: Understanding, keys: Mapping[str, tuple[str, str]]
) -> ModelAddition:
    words = {
        "modelled": as_json_text(_modelled(corpus, told, work.as_of)),
        "source_words": as_json_text({s.name: _source_words(s.title_of) for s in roles.sources}),
        "topic_words": as_json_text({t.label: _topic_words(t) for t in told.topics.topics}),
    }
    addition = model_addition(_TEMPLATE, work.model, words)
    links, routes = [*addition.relationships], [*addition.routes]
    for role, (column, _) in keys.items():
        if role == "customer":
            continue
        dataset = getattr(roles, role).split(".")[0]
        link = {"name": f"feedback_to_{role}", "from": NAME, "to": dataset, "from_columns": [column], "to_columns": [column]}
        links.append(link)
        routes += _direct_routes(work.model, dataset, link["name"], role)
    return addition.model_copy(update={"relationships": tuple(links), "routes": tuple(routes)})


def _direct_routes(model: SemanticModel, dataset: str, link: Any, role: str) -> list[dict[str, Any]]:
    """Where customers lead to the same dataset (a home shop), feedback about a shop means the shop itself; so for what lies behind it."""
    from tools.core.semantics.graph import JoinGraph

    graph, customer = JoinGraph(model), str(model.settings.customer)
    routes = []
    for name in model.datasets:
        onward = graph.paths(dataset, name) if name != dataset else [()]
        if onward and (graph.paths(customer, name) or name == customer):
            steps = [step.name for step in onward[0]]
            routes.append({"from": NAME, "to": name, "via": [link, *steps], "meaning": f"the {role} that the feedback is about"})
    return routes


def _source_words(label: str) -> list[str]:
    return [label, f"{label}s"]


def _topic_words(topic: Topic) -> list[str]:
    own = words_of([topic.label]) | {topic.label.lower()}
    return [f"about {topic.label}", *(word for word in topic.words[:2] if word not in own and len(word) > 4)]


def _policy(records: NewTable, topics: NewTable, keys: Mapping[str, tuple[str, str]]) -> PolicyAddition:
    customer = keys["customer"][0]
    key, free = ("record_id", customer), ("text",)
    plain = tuple(column for column in records.columns if column not in (*key, *free))
    tables = {
        records.full_name: {"key": key, "free_text": free, "plain": plain},
        topics.full_name: {"plain": tuple(topics.columns)},
    }
    return PolicyAddition(tables=tables, paths={records.full_name: customer}, unrelated=(topics.full_name,))


def _modelled(corpus: Corpus, told: Understanding, as_of: dt.date) -> dict[str, Any]:
    days = [r.day for r in corpus.records]
    accuracy = f"sentiment right in {told.model.accuracy:.0%} of the sentences it was tested on" if told.model.accuracy else ""
    return {
        "what": "sentiment and topics of feedback",
        "model": "MiniLM sentences, logistic regression and clusters",
        "trained_from": min(days).isoformat(),
        "trained_to": max(days).isoformat(),
        "scored_on": as_of.isoformat(),
        "reliability": accuracy,
        "good_for_days": 31,
    }


def _card(corpus: Corpus, told: Understanding, as_of: dt.date) -> dict[str, Any]:
    model = told.model
    states = {t.topic_id: _topic_facts(t, corpus, told, as_of) for t in told.topics.topics}
    return {
        "as_of": as_of.isoformat(),
        "records": len(corpus.records),
        "sentences": len(told.sentences.texts),
        "distinct_sentences": len(told.sentences.distinct),
        "rows_without_text": corpus.empty,
        "personal_values_removed": sum(r.redacted for r in corpus.records),
        "records_by_source": dict(sorted(Counter(r.source for r in corpus.records).items())),
        "records_by_language": dict(sorted(Counter(r.language for r in corpus.records).items())),
        "competitors": sorted(corpus.names.competitor),
        "embedding": MODEL_NAME,
        "sentiment": {
            "trained_on": model.source,
            "licence": model.licence,
            "sentences": model.n_trained,
            "accuracy": model.accuracy,
            "calibration_error": model.calibration_error,
            "notes": list(model.notes),
        },
        "topics": [
            {
                "id": t.topic_id,
                "label": t.label,
                "words": list(t.words),
                "records": states[t.topic_id]["records"],
                "state": states[t.topic_id]["state"],
            }
            for t in told.topics.topics
        ],
        "without_topic": sum(u.topic_id == NO_TOPIC for u in told.records),
        "do_not_use": [
            "to judge a single person by the score of one text: about one label in ten is wrong",
            "for fine differences between languages: the embedding model was made for English",
        ],
    }


def _read_topics(cache: Path) -> tuple[Topic, ...]:
    """Topics of the last refresh; none when there was no other, or its file is damaged (ids then start anew)."""
    path = cache / "topics.npz"
    try:
        found = np.load(path, allow_pickle=False)
        told = json.loads(str(found["told"]))
        return tuple(
            Topic(topic_id=t["id"], label=t["label"], words=tuple(t["words"]), centroid=found["centroids"][i]) for i, t in enumerate(told)
        )
    except (OSError, ValueError, KeyError):
        return ()


def _write_topics(cache: Path, topics: Sequence[Topic]) -> None:
    told = json.dumps([{"id": t.topic_id, "label": t.label, "words": list(t.words)} for t in topics])
    centroids = np.stack([t.centroid for t in topics]) if topics else np.zeros((0, 1), dtype=np.float32)
    fresh = cache / "topics.new.npz"
    np.savez(fresh, told=np.array(told), centroids=centroids)
    fresh.replace(cache / "topics.npz")
