"""What the mind keeps of a warehouse: its values and its learner, made when a warehouse is built or refreshed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from assistant.minds.embedded.values import prepare_values

if TYPE_CHECKING:
    from tools.core.warehouse import Warehouse


def prepare(warehouse: Warehouse, folder: Path) -> None:
    """Writes the mind's files of one generation into `folder`. The learner takes seconds, unless an earlier generation had the same."""
    from assistant.minds.embedded.learner.training import prepare_learner

    prepare_values(warehouse, folder)
    prepare_learner(warehouse.model, folder)
