"""Which metrics and groupings a question means: every item of the model is scored by the words and letters of its own phrases.

The scale is shared by all items (four weights, learnt), so nothing has to be relearnt when the model gets another metric.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.minds.embedded.learner.features import BUCKETS, phrase_features
from assistant.minds.embedded.lexicon import Kind, Lexicon
from assistant.minds.embedded.values import key_field

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

N_EVIDENCE = 4


@dataclass(frozen=True, kw_only=True)
class ItemTable:
    """The phrases of a model's metrics and groupings, as an index from features to phrases."""

    names: tuple[str, ...]
    """Metrics by name, groupings as `dataset.field`."""
    item_of_phrase: NDArray[np.int32]
    """(phrases,): index into `names`."""
    starts: NDArray[np.int32]
    """(BUCKETS + 1,): where the phrases of a bucket begin in `phrases`."""
    phrases: NDArray[np.int32]
    mass: NDArray[np.float32]
    """(phrases,): summed weight of a phrase's features."""
    weight: NDArray[np.float32]
    """(BUCKETS,): how telling a feature is."""

    def evidence(self, words: Sequence[str]) -> NDArray[np.float32]:
        """(items, N_EVIDENCE): how well each item's best phrase is covered, how much of it, against the best of all, and whether fully."""
        import numpy as np

        buckets = phrase_features(words)
        spans = [self.phrases[self.starts[b] : self.starts[b + 1]] for b in buckets]
        found = np.zeros(len(self.item_of_phrase), np.float32)
        for bucket, span in zip(buckets, spans, strict=True):
            found[span] += self.weight[bucket]
        covered = found / self.mass
        score = covered * covered * np.sqrt(found)
        best = np.zeros(len(self.names), np.float32)
        np.maximum.at(best, self.item_of_phrase, score)
        cover = np.zeros(len(self.names), np.float32)
        np.maximum.at(cover, self.item_of_phrase, covered)
        top = max(float(best.max(initial=0.0)), 1e-6)
        return np.stack([cover, np.log1p(best), best / top, (cover > 0.999).astype(np.float32)], axis=1)


def phrases_by_item(lexicon: Lexicon) -> dict[str, list[str]]:
    """What each metric and grouping is called, in all forms. A counted noun calls for the count and for its rows."""
    found: dict[str, list[str]] = defaultdict(list)
    for phrase, senses in lexicon.phrases():
        for sense in senses:
            for name in _items_of(sense.kind, sense.target, lexicon):
                found[name].append(" ".join(phrase))
    return found


def _items_of(kind: Kind, target: str, lexicon: Lexicon) -> Iterator[str]:
    if kind in (Kind.METRIC, Kind.DOES, Kind.FIELD) or (kind in (Kind.MORE, Kind.LESS) and target in lexicon.model.metrics):
        yield target
    elif kind is Kind.DATASET:
        count, key = lexicon.count_metrics.get(target), key_field(lexicon.model, target)
        yield from (name for name in (count, key.id if key else None) if name is not None)


def item_table(phrases: Mapping[str, Sequence[str]]) -> ItemTable:
    """The index of all phrases."""
    import numpy as np

    names = tuple(sorted(phrases))
    rows = [(at, phrase_features(phrase.split())) for at, name in enumerate(names) for phrase in dict.fromkeys(phrases[name])]
    rows = [(at, buckets) for at, buckets in rows if buckets]
    holders: dict[int, set[int]] = defaultdict(set)
    postings: dict[int, list[int]] = defaultdict(list)
    for phrase, (at, buckets) in enumerate(rows):
        for bucket in buckets:
            holders[bucket].add(at)
            postings[bucket].append(phrase)
    weight = np.zeros(BUCKETS, np.float32)
    for bucket, items in holders.items():
        weight[bucket] = np.log((1 + len(names)) / (1 + len(items))) + 0.1
    lengths = np.array([len(postings.get(bucket, ())) for bucket in range(BUCKETS)])
    return ItemTable(
        names=names,
        item_of_phrase=np.array([at for at, _ in rows], np.int32),
        starts=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32),
        phrases=np.array([p for bucket in sorted(postings) for p in postings[bucket]], np.int32),
        mass=np.array([weight[buckets].sum() for _, buckets in rows], np.float32),
        weight=weight,
    )
