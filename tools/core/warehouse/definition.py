"""Where a warehouse is defined: a folder with a semantic model, a policy and a way to load the data. See docs/warehouses.md."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tools.core.errors import WarehouseUnavailable
from tools.core.semantics.problems import did_you_mean

MODEL_FILE = "semantic_model.yaml"
POLICY_FILE = "policy.yaml"
EXPECTATIONS_FILE = "expectations.yaml"
SHIPPED = Path(__file__).parents[2] / "warehouses"


@dataclass(frozen=True, kw_only=True)
class Definition:
    """A folder that describes one warehouse."""

    name: str
    folder: Path
    shipped: bool
    """Comes with the assistant, as opposed to a folder of the user's own."""

    @property
    def model_path(self) -> Path:
        return self.folder / MODEL_FILE

    @property
    def policy_path(self) -> Path | None:
        """None when the folder holds no policy: then only the local command line is served."""
        path = self.folder / POLICY_FILE
        return path if path.is_file() else None

    @property
    def expectations_path(self) -> Path | None:
        path = self.folder / EXPECTATIONS_FILE
        return path if path.is_file() else None


def shipped_definitions() -> tuple[Definition, ...]:
    """The warehouses that come with the assistant, by name."""
    folders = sorted(path.parent for path in SHIPPED.glob(f"*/{MODEL_FILE}"))
    return tuple(Definition(name=folder.name, folder=folder, shipped=True) for folder in folders)


def find_definition(name_or_folder: str) -> Definition:
    """The shipped warehouse of that name, else the folder of that path.

    Raises:
        WarehouseUnavailable: Neither exists (`warehouse_unknown`), or the folder has no semantic model (`warehouse_undefined`).
    """
    shipped = {definition.name: definition for definition in shipped_definitions()}
    if name_or_folder in shipped:
        return shipped[name_or_folder]
    folder = Path(name_or_folder).expanduser()
    if not folder.is_dir():
        hint = did_you_mean(name_or_folder, shipped)
        start = f"{hint[:1].upper()}{hint[1:]}{'' if hint.endswith('?') else '.'} " if hint else ""
        raise WarehouseUnavailable(
            f"There is no warehouse named '{name_or_folder[:80]}', and no such folder.",
            try_instead=f"{start}`assistant warehouse list` shows what there is.",
            code="warehouse_unknown",
        )
    return _own(folder.resolve(), shipped)


def _own(folder: Path, shipped: dict[str, Definition]) -> Definition:
    if folder.parent == SHIPPED.resolve() and folder.name in shipped:
        return shipped[folder.name]
    if not (folder / MODEL_FILE).is_file():
        raise WarehouseUnavailable(
            f"The folder '{folder.name}' has no {MODEL_FILE}.",
            try_instead="Add one beside the data; docs/warehouses.md shows the smallest that works.",
            code="warehouse_undefined",
        )
    name = re.sub(r"[^a-z0-9]+", "_", folder.name.lower()).strip("_") or "warehouse"
    if name in shipped:
        raise WarehouseUnavailable(
            f"The name '{name}' belongs to a warehouse that comes with the assistant.",
            try_instead="Rename the folder.",
            code="warehouse_unknown",
        )
    return Definition(name=name, folder=folder, shipped=False)
