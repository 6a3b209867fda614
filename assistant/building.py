"""Building a warehouse for the assistant: the data, and what the embedded mind prepares from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assistant.settings import Settings
from tools.core.errors import WarehouseUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from tools.core.warehouse import Generation, Progress, Warehouse


def build_generation(settings: Settings, name: str, *, progress: Progress, **options: Any) -> Generation:
    """Build and publish the next generation of a warehouse, with the embedded mind's files in it."""
    from tools.core.warehouse import build_warehouse

    return build_warehouse(name, home=settings.home, progress=progress, after_build=(_prepare_mind,), **options)


def _prepare_mind(warehouse: Warehouse, folder: Path, progress: Progress) -> None:
    from assistant.minds.embedded import prepare

    progress("Reading the values that people may name")
    prepare(warehouse, folder)


def is_built(settings: Settings, name: str) -> bool:
    """Whether a generation is there to be served; a damaged one raises."""
    from tools.core.warehouse import warehouse_status

    try:
        warehouse_status(name, home=settings.home)
    except WarehouseUnavailable as error:
        if error.public_code == "warehouse_not_built":
            return False
        raise
    return True
