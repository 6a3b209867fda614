"""A built warehouse, opened: model, policy, engine and the versions that every answer names."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from tools.core.errors import WarehouseUnavailable
from tools.core.semantics.additions import ModelAddition, PolicyAddition
from tools.core.semantics.catalog import Catalog
from tools.core.semantics.model import SemanticModel
from tools.core.semantics.read import model_version, read_model
from tools.core.warehouse.definition import Definition, find_definition, shipped_definitions
from tools.core.warehouse.engine import DuckDbEngine, Engine
from tools.core.warehouse.generations import DATABASE_FILE, Generation, current_generation, generation_numbers
from tools.core.warehouse.intelligence import ContributionRecord, read_contributions, saved_conditions, taught

if TYPE_CHECKING:
    from tools.core.sql_guard import Policy


@dataclass(frozen=True, kw_only=True)
class Warehouse:
    """Everything about one warehouse that a question needs.

    >>> with open_warehouse("completejourney", home=Path(".assistant")) as warehouse:
    ...     warehouse.as_of
    datetime.date(2017, 12, 31)
    """

    name: str
    folder: Path
    """Its definition: semantic model, policy, build script."""
    generation: int
    model: SemanticModel
    catalog: Catalog
    policy: Policy | None
    """None: no policy file, so only the local command line may be served."""
    engine: Engine
    data_version: str
    """Short and stable: "completejourney-g3-1a2b3c4d"; changes with the data and with the semantic model."""
    as_of: dt.date
    """Last complete day of the data."""
    data_folder: Path
    """Folder of the generation; what minds prepared is in `mind/` below it."""

    def close(self) -> None:
        self.engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def open_warehouse(name_or_folder: str, *, home: Path, engine_options: Mapping[str, Any] | None = None) -> Warehouse:
    """The current generation, ready for questions; the engine starts with the first of them.

    The semantic model and the policy are those of the folder as they are now, so that a corrected definition or a right taken away
    holds at once. A model that has changed since the build is validated against the data first.

    Raises:
        WarehouseUnavailable: Unknown, not built, or damaged; each with its own code.
        ModelInvalid: The model or the policy does not fit the data.
    """
    definition = find_definition(name_or_folder)
    generation = built_generation(definition, home)
    return assemble(definition, generation, engine_options=engine_options or {})


def built_generation(definition: Definition, home: Path) -> Generation:
    """The current generation of this very folder.

    Raises:
        WarehouseUnavailable: As `current_generation`; also when a folder of the same name elsewhere was built under it.
    """
    generation = current_generation(home, definition.name)
    if not definition.shipped and Path(generation.manifest.definition) != definition.folder:
        raise WarehouseUnavailable(
            f"What is built as '{definition.name}' comes from another folder.",
            try_instead="Run `assistant warehouse build` on this folder, which replaces it, or rename this folder.",
            code="warehouse_not_built",
        )
    return generation


def assemble(definition: Definition, generation: Generation, *, engine_options: Mapping[str, Any]) -> Warehouse:
    """The warehouse of a definition over the files of a generation."""
    manifest = generation.manifest
    catalog = generation.catalog
    unchanged = model_version(definition.model_path) == manifest.model_version
    contributions = read_contributions(generation.folder)
    additions = _additions(generation.folder, contributions)
    model = read_model(definition.model_path, catalog=catalog, validated=unchanged, additions=additions)
    return Warehouse(
        name=definition.name,
        folder=definition.folder,
        generation=generation.number,
        model=model,
        catalog=catalog,
        policy=_policy(definition, model, catalog, [c.policy for c in contributions]),
        engine=DuckDbEngine(generation.database, **engine_options),
        data_version=data_version(generation, model.version),
        as_of=model.settings.as_of or manifest.as_of,
        data_folder=generation.folder,
    )


def _additions(folder: Path, contributions: Iterable[ContributionRecord]) -> list[ModelAddition]:
    """What tools, saved segments and lessons add to the model of a generation."""
    kept = folder.parent.parent
    return [*(c.model for c in contributions), saved_conditions(kept), taught(kept)]


def model_with(warehouse: Warehouse, addition: ModelAddition) -> SemanticModel:
    """The warehouse's model as it would be with one more addition; ModelInvalid when the model does not take it."""
    path, folder = find_definition(str(warehouse.folder)).model_path, warehouse.data_folder
    additions = [*_additions(folder, read_contributions(folder)), addition]
    return read_model(path, catalog=warehouse.catalog, validated=True, additions=additions)


def data_version(generation: Generation, version_of_model: str) -> str:
    """Name of the data and its meaning: warehouse, generation, and a short hash over the database and the model."""
    identity = f"{generation.checksum(DATABASE_FILE)} {version_of_model}"
    return f"{generation.manifest.warehouse}-g{generation.number}-{hashlib.sha256(identity.encode()).hexdigest()[:8]}"


def _policy(definition: Definition, model: SemanticModel, catalog: Catalog, additions: Sequence[PolicyAddition] = ()) -> Policy | None:
    if definition.policy_path is None:
        return None
    from tools.core.sql_guard import read_policy

    return read_policy(definition.policy_path, model=model, catalog=catalog, additions=additions)


@dataclass(frozen=True, kw_only=True)
class WarehouseEntry:
    """A line of `assistant warehouse list`."""

    name: str
    shipped: bool
    built: bool
    generation: int | None
    built_at: dt.datetime | None
    rows: int
    """Over all tables; 0 when not built."""
    fault: str = ""
    """Why what is built cannot be served."""

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "built_at": self.built_at.isoformat() if self.built_at else None}


def list_warehouses(home: Path) -> tuple[WarehouseEntry, ...]:
    """The shipped warehouses, then those built from folders of the user's own, each by name."""
    shipped = {definition.name for definition in shipped_definitions()}
    built = {path.parent.name for path in (home / "warehouses").glob("*/current.json")}
    return tuple(_entry(name, name in shipped, home) for name in [*sorted(shipped), *sorted(built - shipped)])


def _entry(name: str, shipped: bool, home: Path) -> WarehouseEntry:
    entry = WarehouseEntry(name=name, shipped=shipped, built=False, generation=None, built_at=None, rows=0)
    try:
        manifest = current_generation(home, name).manifest
    except WarehouseUnavailable as fault:
        return entry if fault.public_code == "warehouse_not_built" else replace(entry, fault=fault.message)
    rows = sum(table.rows for table in manifest.tables.values())
    return replace(entry, built=True, generation=manifest.generation, built_at=manifest.built_at, rows=rows)


@dataclass(frozen=True, kw_only=True)
class WarehouseStatus:
    """What is served of one warehouse, for people and for scripts."""

    name: str
    path: Path
    """The DuckDB file of the current generation."""
    definition: Path
    generation: int
    generations: tuple[int, ...]
    built_at: dt.datetime
    build_seconds: float
    size_bytes: int
    rows: Mapping[str, int]
    as_of: dt.date
    data_version: str
    model_version: str
    model_changed: bool
    """The model was edited after the build: it is used as it is now, but what minds prepared rests on the older one."""
    policy: bool
    made_with: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        """Plain values; `path` is where a read-only connection finds the data."""
        plain = {**vars(self), "path": str(self.path), "definition": str(self.definition), "rows": dict(self.rows)}
        return plain | {"built_at": self.built_at.isoformat(), "as_of": self.as_of.isoformat(), "made_with": dict(self.made_with)}


def warehouse_status(name_or_folder: str, *, home: Path) -> WarehouseStatus:
    """State of the current generation, from its manifest; raises WarehouseUnavailable as `open_warehouse` does."""
    definition = find_definition(name_or_folder)
    generation = built_generation(definition, home)
    manifest = generation.manifest
    version = model_version(definition.model_path)
    return WarehouseStatus(
        name=definition.name,
        path=generation.database.resolve(),
        definition=definition.folder,
        generation=generation.number,
        generations=tuple(generation_numbers(home, definition.name)),
        built_at=manifest.built_at,
        build_seconds=manifest.seconds,
        size_bytes=generation.size_bytes,
        rows={name: table.rows for name, table in manifest.tables.items()},
        as_of=manifest.as_of,
        data_version=data_version(generation, version),
        model_version=version,
        model_changed=version != manifest.model_version,
        policy=definition.policy_path is not None,
        made_with=manifest.made_with,
    )
