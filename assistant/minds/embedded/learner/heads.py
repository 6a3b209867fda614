"""The trained learner: plain arrays, read without scikit-learn, and what they expect of a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.minds.embedded.learner.features import structure_features
from assistant.minds.embedded.learner.items import ItemTable
from assistant.minds.embedded.learner.masking import Part, words_of
from assistant.minds.embedded.learner.parts import ROLES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FILE_NAME = "learner.npz"
_TABLE_ARRAYS = ("item_of_phrase", "starts", "phrases", "mass", "weight")
SHARPNESS = 18.0
"""From the least-squares scores of shapes (0 to 1) to a softmax: fits the chances on voices that were held out."""
ROLE_SHARPNESS = 12.0


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """What the learner expects of the plan of one question: chances, 0 to 1."""

    shapes: Mapping[str, float]
    """They add up to 1."""
    roles: Mapping[str, float]
    """For each of `ROLES`, whether the plan has a part that plays it."""
    items: Mapping[str, float]
    """For each metric and grouping of the model, whether the question names it."""

    @property
    def shape(self) -> str:
        """The likeliest."""
        return max(self.shapes, key=lambda name: self.shapes[name])


@dataclass(frozen=True, kw_only=True)
class Learner:
    """Interpreter B. Immutable; calls from several threads are safe."""

    key: str
    """Hash of what it was trained on."""
    shapes: tuple[str, ...]
    weights: NDArray[np.float16]
    """(BUCKETS, shapes + roles)."""
    offsets: NDArray[np.float32]
    """(shapes + roles,)."""
    table: ItemTable
    item_weights: NDArray[np.float32]
    """(N_EVIDENCE + 1,): of the evidence, and the intercept."""

    def expect(self, parts: Sequence[Part]) -> Expectation:
        """What a masked question asks for."""
        import numpy as np

        buckets = structure_features(parts)
        scores = self.weights[buckets].astype(np.float32).sum(axis=0) / np.sqrt(max(1, len(buckets))) + self.offsets
        n = len(self.shapes)
        shape = np.exp(SHARPNESS * (scores[:n] - scores[:n].max()))
        shape /= shape.sum()
        role = 1.0 / (1.0 + np.exp(-ROLE_SHARPNESS * (scores[n:] - 0.5)))
        logits = self.table.evidence(words_of(parts)) @ self.item_weights[:-1] + self.item_weights[-1]
        item = 1.0 / (1.0 + np.exp(-logits))
        return Expectation(
            shapes=dict(zip(self.shapes, map(float, shape), strict=True)),
            roles=dict(zip(ROLES, map(float, role), strict=True)),
            items=dict(zip(self.table.names, map(float, item), strict=True)),
        )

    def save(self, path: Path) -> None:
        import numpy as np

        table = self.table
        arrays = {name: getattr(table, name) for name in _TABLE_ARRAYS}
        arrays |= {name: getattr(self, name) for name in ("weights", "offsets", "item_weights")}
        words = {"key": np.array(self.key), "shapes": np.array(self.shapes), "names": np.array(table.names)}
        np.savez(path, allow_pickle=False, **arrays, **words)

    @classmethod
    def load(cls, path: Path) -> Learner:
        """Reads what `save` wrote; only arrays, never pickled objects."""
        import numpy as np

        with np.load(path, allow_pickle=False) as file:
            table = ItemTable(
                names=tuple(file["names"].tolist()),
                **{name: file[name] for name in _TABLE_ARRAYS},
            )
            return cls(
                key=str(file["key"]),
                shapes=tuple(file["shapes"].tolist()),
                weights=file["weights"],
                offsets=file["offsets"],
                table=table,
                item_weights=file["item_weights"],
            )


class LearnerFile:
    """A learner that is read when the first question needs it: commands that read no question do not wait for it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def learner(self) -> Learner | None:
        """None when the warehouse was built without one."""
        return Learner.load(self._path) if self._path.exists() else None
