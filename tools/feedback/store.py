"""The vectors and the word index of a generation, in a folder beside the database that checks itself.

    stores/feedback/chroma/       one collection, an entry per distinct sentence: a vector and nothing else
    stores/feedback/vectors.npy   the same vectors as one array, for exact search within narrow cohorts
    stores/feedback/index.npz     records, their sentences, the topics' centroids
    stores/feedback/words/        BM25 index over the records
    stores/feedback/store.json    counts and a sentence whose nearest neighbour is known; written last

Texts stay in the warehouse, so that rights and erasure have one place. The folder is made anew by each refresh and never changed:
one writer, and a reader that opens another generation opens another folder.
"""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.core.errors import NeedsPerson
from tools.core.warehouse.generations import STORES
from tools.feedback.embedding import DIMENSIONS, MODEL_NAME, Vectors
from tools.feedback.labels import stop_words
from tools.feedback.topics import Topic

NAME = "feedback"
_COLLECTION = "feedback_sentences"
_FORMAT = 1
_ADD_AT_ONCE = 5000
_EXACT_UP_TO = 250_000
"""Distinct sentences that are searched exhaustively (200,000 take 30 ms of processor time); beyond, Chroma's index is asked."""
_MOST_OF_ALL = 8
"""A cohort that holds more than this part of all sentences is searched by searching all: gathering single rows costs more."""
_CROWD, _NEIGHBOURS, _AT_ONCE = 3000, 10, 4096
_CROWDING_WEIGHT = 0.7
"""How much a sentence that is near to many others is put back; chosen on planted texts (`benchmarks/feedback_needles.py`)."""
_REACH = 10
"""Times as many candidates are taken from the index, which does not know of crowding, as are wanted."""
_MOST_ASKED = 10_000
_lock = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class StoreContent:
    """What is written."""

    record_ids: Sequence[str]
    texts: Sequence[str]
    """Per record."""
    sentence_owner: NDArray[np.int64]
    """Record per sentence."""
    sentence_row: NDArray[np.int64]
    """Row of vectors per sentence."""
    vectors: Vectors
    topics: Sequence[Topic]
    examples: Vectors
    """Sentences that a topic is known by."""
    example_topics: Sequence[int]
    """Topic id per example."""


def _embedding_function() -> Any:
    """Ours, registered under a name, so that no collection ever falls back on one that wants the network."""
    from chromadb.api.types import EmbeddingFunction
    from chromadb.utils.embedding_functions import known_embedding_functions, register_embedding_function

    name = "candor-minilm"
    if name in known_embedding_functions:
        return known_embedding_functions[name]()

    class MiniLM(EmbeddingFunction[list[str]]):  # type: ignore[misc, unused-ignore]
        def __init__(self) -> None:
            """Nothing is kept: the model is the packaged one."""

        def __call__(self, input: list[str]) -> Any:  # noqa: A002 - the name that Chroma checks for
            from tools.feedback.embedding import encode

            return list(encode(list(input)))

        @staticmethod
        def name() -> str:
            return "candor-minilm"

        def get_config(self) -> dict[str, Any]:
            return {"model": MODEL_NAME}

        @staticmethod
        def build_from_config(config: dict[str, Any]) -> Any:  # noqa: ARG004 - the stored configuration is not trusted
            return MiniLM()

    register_embedding_function(MiniLM)  # type: ignore[no-untyped-call]
    return MiniLM()


def _client(folder: Path) -> Any:
    import chromadb
    from chromadb.config import Settings

    return chromadb.PersistentClient(path=str(folder / "chroma"), settings=Settings(anonymized_telemetry=False))


def write_store(folder: Path, content: StoreContent) -> None:
    """Make the store of a generation in an empty folder."""
    folder.mkdir(parents=True)
    configuration = {"hnsw": {"space": "cosine", "ef_search": 100}}
    collection = _client(folder).create_collection(_COLLECTION, embedding_function=_embedding_function(), configuration=configuration)
    for start in range(0, len(content.vectors), _ADD_AT_ONCE):
        chunk = content.vectors[start : start + _ADD_AT_ONCE]
        collection.add(ids=[f"s{start + i}" for i in range(len(chunk))], embeddings=chunk)
    _forget_clients()
    np.save(folder / "vectors.npy", content.vectors)
    np.savez(
        folder / "index.npz",
        record_ids=np.asarray(content.record_ids, dtype=np.str_),
        owner=content.sentence_owner.astype(np.int32),
        row=content.sentence_row.astype(np.int32),
        centroids=np.stack([t.centroid for t in content.topics]) if content.topics else np.zeros((0, DIMENSIONS), dtype=np.float32),
        topic_ids=np.array([t.topic_id for t in content.topics], dtype=np.int32),
        crowding=_crowding(content.vectors),
        examples=content.examples,
        example_topics=np.asarray(content.example_topics, dtype=np.int32),
    )
    _write_words(folder / "words", content.texts)
    told = {
        "format": _FORMAT,
        "model": MODEL_NAME,
        "sentences": len(content.vectors),
        "records": len(content.record_ids),
        "known": _known_row(content.vectors),
        "topics": [{"id": t.topic_id, "label": t.label, "words": list(t.words)} for t in content.topics],
    }
    (folder / "store.json").write_text(json.dumps(told, indent=1), encoding="utf-8")


def _crowding(vectors: Vectors) -> Vectors:
    """Per sentence, its mean cosine with the nearest of a sample of all.

    In many dimensions some vectors are near to everything, and crowd out of each ranking what is meant. What a sentence has in common with
    its surroundings is taken from what it has in common with the question.

    Returns:
        One value per row; higher for rows in a crowd.
    Source:
        Conneau et al. (2018), cross-domain similarity local scaling; one-sided, since the question is the same for all.
    """
    sampled: NDArray[np.int64] = np.unique(np.linspace(0, max(len(vectors) - 1, 0), num=min(_CROWD, len(vectors))).astype(np.int64))
    k = min(_NEIGHBOURS, len(sampled) - 1)
    found = np.zeros(len(vectors), dtype=np.float32)
    if k < 1:
        return found
    crowd = vectors[sampled]
    for start in range(0, len(vectors), _AT_ONCE):
        alike = vectors[start : start + _AT_ONCE] @ crowd.T
        own = np.flatnonzero((sampled >= start) & (sampled < start + _AT_ONCE))
        alike[sampled[own] - start, own] = -1.0
        found[start : start + _AT_ONCE] = np.partition(alike, -k, axis=1)[:, -k:].mean(axis=1)
    return found


def _forget_clients() -> None:
    """Chroma keeps one system per path and process; the folder is about to be copied, so its files are closed."""
    from chromadb.api.shared_system_client import SharedSystemClient

    SharedSystemClient.clear_system_cache()


def _known_row(vectors: Vectors) -> int:
    return len(vectors) // 2


def tokens(text: str) -> list[str]:
    """Words as the index knows them: lower case, without the commonest ones, plurals as singulars."""
    import re

    stop = stop_words()
    return [_singular(word) for word in re.findall(r"[^\W\d_]{2,}", text.lower()) if word not in stop]


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


def _write_words(folder: Path, texts: Sequence[str]) -> None:
    import bm25s  # type: ignore[import-untyped]

    index = bm25s.BM25()
    index.index([tokens(text) or ["-"] for text in texts] or [["-"]], show_progress=False)
    index.save(str(folder))


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A record that a search found."""

    record: int
    """Its position in the store."""
    similarity: float
    """Cosine of its best sentence with the question."""


class FeedbackStore:
    """Opened once per generation and process; safe to read from several threads."""

    def __init__(self, folder: Path) -> None:
        """Raises NeedsPerson (`feedback_unavailable`): missing, incomplete, or not what it says it is."""
        try:
            told = json.loads((folder / "store.json").read_text(encoding="utf-8"))
            index = np.load(folder / "index.npz", allow_pickle=False)
            self.vectors: Vectors = np.load(folder / "vectors.npy", mmap_mode="r")
            self.record_ids: list[str] = index["record_ids"].tolist()
            self._owner, self._row = index["owner"], index["row"]
            # A store of an earlier release has none.
            self._crowding = index["crowding"] if "crowding" in index else np.zeros(len(self.vectors), dtype=np.float32)
            self.centroids: Vectors = index["centroids"]
            self.topic_ids: list[int] = index["topic_ids"].tolist()
            self.examples: Vectors = index["examples"]
            self.example_topics: list[int] = index["example_topics"].tolist()
            self.topics: list[dict[str, Any]] = told["topics"]
            self._words = _read_words(folder / "words")
            self._collection = _open_collection(folder, told, self.vectors)
            whole = told["format"] == _FORMAT and len(self.vectors) == told["sentences"] and len(self.record_ids) == told["records"]
        except NeedsPerson:
            raise
        except Exception as fault:
            # Whatever a damaged file makes a library raise (its text may hold a path), the feedback is not available, and the rest works.
            raise _unavailable(type(fault).__name__) from None
        if not whole:
            raise _unavailable("its parts do not fit together")
        self.position = {record_id: i for i, record_id in enumerate(self.record_ids)}
        self._sentences_of = np.searchsorted(self._owner, np.arange(len(self.record_ids) + 1))
        by_row = np.argsort(self._row, kind="stable")
        self._owners_sorted, self._owner_starts = self._owner[by_row], np.searchsorted(self._row[by_row], np.arange(len(self.vectors) + 1))

    def nearest(self, query: Vectors, k: int, within: Sequence[int] | None = None) -> list[Hit]:
        """The records whose best sentence fits the question best, best first: likeness, less what the sentence has in common with many.

        Args:
            within: Positions of the records that count; None: all.
        """
        if within is not None:
            return self._nearest_within(query, k, within)
        if len(self.vectors) <= _EXACT_UP_TO:
            alike = self.vectors @ query
            score = alike - _CROWDING_WEIGHT * self._crowding
            # Equal sentences have many owners, so more rows than k are never needed.
            rows = np.argpartition(-score, min(k, len(score) - 1))[: k + 1] if len(score) else np.zeros(0, dtype=np.int64)
            alike, score = alike[rows], score[rows]
        else:
            found = self._collection.query(
                query_embeddings=[query], n_results=min(_REACH * k, len(self.vectors), _MOST_ASKED), include=["distances"]
            )
            rows = np.array([int(name[1:]) for name in found["ids"][0]], dtype=np.int64)
            alike = 1 - np.asarray(found["distances"][0])
            score = alike - _CROWDING_WEIGHT * self._crowding[rows]
        best: dict[int, float] = {}
        for place in np.lexsort((rows, -score)).tolist():
            row = rows[place]
            for owner in self._owners_sorted[self._owner_starts[row] : self._owner_starts[row + 1]].tolist():
                best.setdefault(owner, float(alike[place]))
            if len(best) >= k:
                break
        return [Hit(record=record, similarity=alike_record) for record, alike_record in list(best.items())[:k]]

    def _nearest_within(self, query: Vectors, k: int, within: Sequence[int]) -> list[Hit]:
        chosen = np.asarray(within, dtype=np.int64)
        if not len(chosen):
            return []
        spans = [np.arange(self._sentences_of[i], self._sentences_of[i + 1]) for i in chosen]
        places = np.concatenate(spans)
        rows, back = np.unique(self._row[places], return_inverse=True)
        alike = (self.vectors @ query)[rows] if _MOST_OF_ALL * len(rows) > len(self.vectors) else self.vectors[rows] @ query
        score = (alike - _CROWDING_WEIGHT * self._crowding[rows])[back]
        starts = np.cumsum([0, *(len(s) for s in spans[:-1])])
        best = np.maximum.reduceat(score, starts)
        order = np.lexsort((chosen, -best))[:k]
        likeness = np.maximum.reduceat(alike[back], starts)
        return [Hit(record=int(chosen[i]), similarity=float(likeness[i])) for i in order]

    def by_words(self, text: str, k: int, within: Sequence[int] | None = None) -> list[Hit]:
        """The records that BM25 puts first for the words of the question; each holds half of them at least: one word alone is noise."""
        asked = list(dict.fromkeys(tokens(text)))
        words = [word for word in asked if word in self._words.vocab_dict]
        if 2 * len(words) < len(asked) or not words:
            return []
        each = [self._words.get_scores([word]) for word in words]
        scores = np.where(2 * sum((one > 0).astype(np.int64) for one in each) >= len(asked), sum(each), 0.0)
        if within is not None:
            mask = np.zeros(len(scores), dtype=bool)
            mask[np.asarray(within, dtype=np.int64)] = True
            scores = np.where(mask, scores, 0.0)
        order = np.argsort(-scores, kind="stable")[:k]
        return [Hit(record=int(i), similarity=float(scores[i])) for i in order if scores[i] > 0]


def _read_words(folder: Path) -> Any:
    import bm25s

    return bm25s.BM25.load(str(folder), mmap=True)


def _open_collection(folder: Path, told: dict[str, Any], vectors: Vectors) -> Any:
    """The collection, after its count and one known neighbour were seen to be right: a lost index answers with fewer rows and no error."""
    if not (folder / "chroma" / "chroma.sqlite3").is_file():
        # Chroma would make a new, empty one without a word.
        raise _unavailable("its vectors are missing")
    collection = _client(folder).get_collection(_COLLECTION, embedding_function=_embedding_function())
    if collection.count() != told["sentences"]:
        raise _unavailable("vectors are missing")
    known, k = told["known"], min(10, told["sentences"])
    if k:
        found = collection.query(query_embeddings=[vectors[known]], n_results=k, include=["distances"])
        if len(found["ids"][0]) < k or not any(
            name == f"s{known}" or d < 1e-3 for name, d in zip(found["ids"][0], found["distances"][0], strict=True)
        ):
            raise _unavailable("a known sentence was not found again")
    return collection


def _unavailable(what: str) -> NeedsPerson:
    return NeedsPerson(
        f"Feedback is not available: what was prepared for searching it is damaged ({what}).",
        try_instead="Its operator runs `assistant warehouse refresh --force`; all other questions work.",
        code="feedback_unavailable",
    )


def open_store(data_folder: Path) -> FeedbackStore:
    """The store of a generation, opened once per process and checked.

    Raises:
        NeedsPerson: Never made, or damaged (`feedback_unavailable`).
    """
    with _lock:
        return _opened(data_folder / STORES / NAME)


@functools.lru_cache(maxsize=4)
def _opened(folder: Path) -> FeedbackStore:
    if not folder.is_dir():
        raise NeedsPerson(
            "Feedback is not available: it has not been prepared for searching.",
            try_instead="Its operator runs `assistant warehouse refresh`; all other questions work.",
            code="feedback_unavailable",
        )
    return FeedbackStore(folder)
