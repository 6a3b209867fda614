"""Training: seconds, when a warehouse is built or refreshed, and not again for the same model and corpus. The one user of scikit-learn."""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.minds.embedded.inflection import is_plural
from assistant.minds.embedded.learner import masking
from assistant.minds.embedded.learner.corpus import Example, example_of
from assistant.minds.embedded.learner.features import BUCKETS, structure_features
from assistant.minds.embedded.learner.generated import Naming, from_frames, from_sentences
from assistant.minds.embedded.learner.heads import FILE_NAME, Learner
from assistant.minds.embedded.learner.items import ItemTable, item_table, phrases_by_item
from assistant.minds.embedded.learner.masking import Part
from assistant.minds.embedded.learner.parts import ROLES
from assistant.minds.embedded.lexicon import Lexicon
from assistant.minds.embedded.phrasings import load_phrasings
from assistant.minds.embedded.tokens import tokenize
from tools.core.semantics.model import SemanticModel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VERSION = "1"
"""To be raised when the training changes, so that no older result is taken from the cache."""
_SEED = 20_170_401
_RIDGE = 0.3
_UNMASKED = 0.2
"""Share of the model's phrases shown as plain words in training: no warehouse knows all the words that people use."""
_OTHERWISE = 0.3
"""Share of the nouns masked as another kind of noun: "orders" counts, lists and splits, and what it is in a model depends on its author."""
_NOUNS = {masking.METRIC: (masking.ROWS,), masking.FIELD: (masking.ROWS,), masking.ROWS: (masking.METRIC, masking.FIELD)}
_FRAMES, _SENTENCES = 1200, 150
_CONTENDERS = 12
"""Items looked at per generated question: those that it names, and the strongest of the others."""


@dataclass(frozen=True, kw_only=True)
class Structure:
    """The heads that know no warehouse: shapes and roles."""

    shapes: tuple[str, ...]
    weights: NDArray[np.float16]
    offsets: NDArray[np.float32]


def learner_key(model: SemanticModel) -> str:
    """Hash of everything that a learner of this model is made from."""
    digest = hashlib.sha256(f"{VERSION} {model.version}".encode())
    for phrasing in load_phrasings():
        digest.update(f"{phrasing.id} {phrasing.shape} {phrasing.text} {phrasing.slots}".encode())
    for phrase, senses in Lexicon(model).phrases():
        digest.update(f"{phrase} {[(s.kind, s.target) for s in senses]}".encode())
    return digest.hexdigest()[:24]


def prepare_learner(model: SemanticModel, folder: Path) -> Path:
    """The learner of a model in `folder`: copied from an earlier generation when nothing changed, else trained.

    Args:
        folder: `generations/<n>/mind` of the generation being built.
    """
    key, path = learner_key(model), folder / FILE_NAME
    for earlier in sorted(folder.parent.parent.glob(f"*/{folder.name}/{FILE_NAME}"), reverse=True):
        if earlier != path and _key_of(earlier) == key:
            shutil.copyfile(earlier, path)
            return path
    train(model, key=key).save(path)
    return path


def _key_of(path: Path) -> str:
    import numpy as np

    with np.load(path, allow_pickle=False) as file:
        return str(file["key"])


def train(model: SemanticModel, *, key: str = "", held_out: Collection[str] = ()) -> Learner:
    """A learner for one model.

    Args:
        held_out: Voices of the corpus to leave out, to measure how well it does on them.
    """
    structure = train_structure(frozenset(held_out))
    rng = random.Random(_SEED)
    phrases = phrases_by_item(Lexicon(model))
    table = item_table(phrases)
    examples = [e for e in _examples() if e.voice not in held_out]
    namings = list(from_frames(examples, phrases, model, rng, _FRAMES))
    metrics = [name for name in phrases if name in model.metrics]
    namings += from_sentences(model, lambda text: [t.text for t in tokenize(text)], rng, _SENTENCES, metrics)
    return Learner(
        key=key,
        shapes=structure.shapes,
        weights=structure.weights,
        offsets=structure.offsets,
        table=table,
        item_weights=_item_weights(table, namings),
    )


@cache
def _examples() -> tuple[Example, ...]:
    return tuple(example_of(phrasing) for phrasing in load_phrasings())


@cache
def train_structure(held_out: frozenset[str] = frozenset()) -> Structure:
    """Least squares on hashed n-grams: as good as logistic regression on voices that were held out, and ten times as fast.

    The targets are 0 and 1; what the scores are worth as chances is settled by the heads' sharpness.
    """
    import numpy as np
    from sklearn.linear_model import Ridge

    rng = random.Random(_SEED)
    examples = [e for e in _examples() if e.voice not in held_out]
    shapes = tuple(sorted({e.shape for e in examples}))
    features = _matrix([structure_features(_as_in_a_warehouse(e.parts, rng)) for e in examples])
    targets = np.array([[e.shape == s for s in shapes] + [r in e.roles for r in ROLES] for e in examples], np.float32)
    offsets = targets.mean(axis=0)
    # More columns than rows: solved in the rows, one factorisation for all heads.
    ridge = Ridge(alpha=_RIDGE, solver="cholesky", fit_intercept=False).fit(features, targets - offsets)
    return Structure(shapes=shapes, weights=ridge.coef_.T.astype(np.float16), offsets=offsets)


def _as_in_a_warehouse(parts: Sequence[Part], rng: random.Random) -> tuple[Part, ...]:
    """The same question where the model lacks some of its words and takes some nouns for another kind."""
    return tuple(_varied(part, rng) for part in parts)


def _varied(part: Part, rng: random.Random) -> Part:
    if part.kind and rng.random() < _UNMASKED:
        return Part(words=part.words)
    if part.kind in _NOUNS and is_plural(part.words[-1]) and rng.random() < _OTHERWISE:
        return Part(words=part.words, kind=rng.choice(_NOUNS[part.kind]))
    return part


def _matrix(rows: Sequence[Sequence[int]]) -> Any:
    """Rows of buckets as a sparse matrix whose rows have length 1."""
    import numpy as np
    from scipy.sparse import csr_matrix

    counts = np.array([len(row) for row in rows])
    values = np.repeat(1.0 / np.sqrt(np.maximum(counts, 1)), counts).astype(np.float32)
    columns = np.array([bucket for row in rows for bucket in row], np.int32)
    return csr_matrix((values, columns, np.concatenate([[0], np.cumsum(counts)])), shape=(len(rows), BUCKETS))


def _item_weights(table: ItemTable, namings: Sequence[Naming]) -> NDArray[np.float32]:
    """One logistic scale for all items: from the evidence to the chance that the question names the item."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    rows, labels = [], []
    for naming in namings:
        evidence = table.evidence(naming.words)
        named = np.array([name in naming.names for name in table.names])
        contenders = np.argsort(-evidence[:, 1])[:_CONTENDERS]
        chosen = np.unique(np.concatenate([np.flatnonzero(named), contenders]))
        rows.append(evidence[chosen])
        labels.append(named[chosen])
    found = np.concatenate(labels) if labels else np.zeros(0, bool)
    if found.all() or not found.any():
        return np.array([4.0, 0.0, 4.0, 0.0, -6.0], np.float32)  # A model with next to no words: names count, nothing else.
    fitted = LogisticRegression(C=1.0, max_iter=200).fit(np.concatenate(rows), found)
    return np.concatenate([fitted.coef_[0], fitted.intercept_]).astype(np.float32)
