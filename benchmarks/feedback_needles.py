"""Are planted texts found by a paraphrase? Recall among the first 20 hits, in the feedback of a warehouse that was refreshed.

    python -m benchmarks.feedback_needles [--warehouse demo]

Writes a store of its own in a temporary folder: the sentences of the warehouse's texts, and the needles of feedback_needles.txt among them.
The weights of the search were chosen on the first forty needles; the others are held out.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from assistant import Settings
from tools.core.warehouse import open_warehouse
from tools.feedback.embedding import encode
from tools.feedback.search import search
from tools.feedback.statistics import share_of
from tools.feedback.store import FeedbackStore, StoreContent, open_store, write_store

NEEDLES = Path(__file__).with_suffix(".txt")
FIRST = 20


def read_needles() -> dict[str, list[tuple[str, str]]]:
    """Per half, texts and what is asked for them."""
    found: dict[str, list[tuple[str, str]]] = {}
    for line in NEEDLES.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            half = found.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            text, question = line.split("|")
            half.append((text, question))
    return found


def planted(haystack: FeedbackStore, needles: list[str], folder: Path) -> FeedbackStore:
    """The haystack's sentences, each a record, with the needles behind them. Only needles are found by word: a store keeps no texts."""
    vectors = np.concatenate([np.asarray(haystack.vectors), encode(needles)])
    count = len(vectors)
    content = StoreContent(
        record_ids=[str(i) for i in range(count)],
        texts=[""] * len(haystack.vectors) + needles,
        sentence_owner=np.arange(count),
        sentence_row=np.arange(count),
        vectors=vectors,
        topics=(),
        examples=np.zeros((0, vectors.shape[1]), dtype=np.float32),
        example_topics=(),
    )
    write_store(folder, content)
    return FeedbackStore(folder)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warehouse", default="demo")
    halves = read_needles()
    needles = [text for half in halves.values() for text, _ in half]
    with (
        open_warehouse(parser.parse_args().warehouse, home=Settings().home) as opened,
        tempfile.TemporaryDirectory() as folder,
    ):
        store = planted(open_store(opened.data_folder), needles, Path(folder) / "store")
        print(f"{len(store.vectors)} distinct sentences")
        for name, half in halves.items():
            found = 0
            for text, question in half:
                wanted = len(store.vectors) - len(needles) + needles.index(text)
                found += any(hit.record == wanted for hit in search(question, store, FIRST))
            share = share_of(found, len(half))
            print(f"{name}: {found} of {len(half)} among the first {FIRST}, {share.share:.3f} ({share.low:.3f} to {share.high:.3f})")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
