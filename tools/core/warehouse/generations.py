"""Numbered generations of a warehouse, of which a pointer names the one that is served.

    HOME/warehouses/<name>/current.json                     the pointer
    HOME/warehouses/<name>/generations/000001/manifest.json   sizes, checksums, row counts, versions of everything beside it
    HOME/warehouses/<name>/generations/000001/warehouse.duckdb
    HOME/warehouses/<name>/generations/000001/mind/           what a mind prepared for this data
    HOME/warehouses/<name>/generations/000001/stores/         what tools keep beside the database and check themselves

A generation is built in a folder of another name, renamed when whole, and only then pointed to. So a build that dies at any moment
leaves what was served before; readers that opened an older generation finish on it. The newest three are kept.
"""

from __future__ import annotations

import datetime as dt
import errno
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from tools.core.errors import SetupProblem, WarehouseUnavailable
from tools.core.semantics.catalog import Catalog

DATABASE_FILE = "warehouse.duckdb"
MANIFEST_FILE = "manifest.json"
POINTER_FILE = "current.json"
STORES = "stores"
"""Not in the manifest: a vector store changes its own files when it is opened, and a damaged one must not take the data with it."""
KEPT = 3
_DRAFT_PREFIX = "building-"


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FileRecord(_Record):
    """A file of a generation as it was when published."""

    path: str
    """Relative to the generation's folder, with forward slashes."""
    size: int
    sha256: str


class TableRecord(_Record):
    rows: int
    columns: dict[str, str]
    """Column -> DuckDB type."""


class Manifest(_Record):
    """What a generation holds, and what it was made from."""

    format: int = 1
    warehouse: str
    generation: int
    built_at: dt.datetime
    seconds: float
    definition: str
    """The folder that it was built from."""
    files: tuple[FileRecord, ...]
    tables: dict[str, TableRecord]
    as_of: dt.date
    model_version: str
    policy_version: str | None
    options: dict[str, Any]
    made_with: dict[str, str]
    """Name -> version of what wrote it."""


@dataclass(frozen=True, kw_only=True)
class Generation:
    """One published state of a warehouse."""

    folder: Path
    manifest: Manifest

    @property
    def number(self) -> int:
        return self.manifest.generation

    @property
    def database(self) -> Path:
        return self.folder / DATABASE_FILE

    @property
    def catalog(self) -> Catalog:
        return Catalog(tables={name: table.columns for name, table in self.manifest.tables.items()})

    @property
    def size_bytes(self) -> int:
        return sum(record.size for record in self.manifest.files)

    def checksum(self, path: str) -> str:
        """Of a file of the manifest, as published."""
        return next((record.sha256 for record in self.manifest.files if record.path == path), "")

    def damaged_files(self, *, read_all: bool) -> list[str]:
        """What is wrong with the files, in words: existence and size always, the checksum when `read_all`."""
        faults = []
        for record in self.manifest.files:
            path = self.folder / record.path
            if not path.is_file():
                faults.append(f"{record.path} is missing")
            elif path.stat().st_size != record.size:
                faults.append(f"{record.path} has {path.stat().st_size:,} bytes instead of {record.size:,}")
            elif read_all and sha256_of(path) != record.sha256:
                faults.append(f"{record.path} has changed since it was built")
        return faults


def warehouse_home(home: Path, name: str) -> Path:
    return home / "warehouses" / name


def current_generation(home: Path, name: str) -> Generation:
    """The generation that the pointer names, its files complete by name and size.

    Raises:
        WarehouseUnavailable: Not built yet (`warehouse_not_built`), or damaged (`warehouse_damaged`).
    """
    pointer = warehouse_home(home, name) / POINTER_FILE
    if not pointer.exists():
        raise WarehouseUnavailable(
            f"The warehouse '{name}' has not been built yet.",
            try_instead=f"Run `assistant warehouse build {name}`.",
            code="warehouse_not_built",
        )
    try:
        number = int(json.loads(pointer.read_text(encoding="utf-8"))["generation"])
    except (OSError, ValueError, KeyError, TypeError):
        raise damaged(name, "its pointer cannot be read") from None
    generation = read_generation(home, name, number)
    faults = generation.damaged_files(read_all=False)
    if faults:
        raise damaged(name, "; ".join(faults))
    return generation


def read_generation(home: Path, name: str, number: int) -> Generation:
    folder = _generation_folder(home, name, number)
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    except OSError:
        raise damaged(name, f"generation {number} is missing or has no manifest") from None
    except (ValidationError, UnicodeDecodeError):
        raise damaged(name, f"the manifest of generation {number} cannot be read") from None
    if manifest.generation != number or manifest.warehouse != name:
        raise damaged(name, f"the manifest of generation {number} belongs to another")
    return Generation(folder=folder, manifest=manifest)


def damaged(name: str, what: str) -> WarehouseUnavailable:
    return WarehouseUnavailable(
        f"The warehouse '{name}' is damaged: {what}.", try_instead=f"Run `assistant warehouse build {name}`.", code="warehouse_damaged"
    )


def generation_numbers(home: Path, name: str) -> list[int]:
    """Numbers of all published generations, oldest first."""
    folder = warehouse_home(home, name) / "generations"
    return sorted(int(path.name) for path in folder.glob("[0-9]*") if path.name.isdigit()) if folder.is_dir() else []


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A generation in the making; nobody else sees its folder."""

    home: Path
    name: str
    number: int
    folder: Path

    def publish(self, manifest: Manifest) -> Generation:
        """Seals the folder under its number, points to it, and removes generations beyond the newest three."""
        (self.folder / MANIFEST_FILE).write_text(manifest.model_dump_json(indent=2), encoding="utf-8")
        for record in manifest.files:
            _flush(self.folder / record.path)
        _flush(self.folder / MANIFEST_FILE)
        final = _generation_folder(self.home, self.name, self.number)
        os.rename(self.folder, final)
        _flush(final.parent)
        _point_to(self.home, self.name, self.number)
        for old in generation_numbers(self.home, self.name)[:-KEPT]:
            shutil.rmtree(_generation_folder(self.home, self.name, old), ignore_errors=True)
        return Generation(folder=final, manifest=manifest)


@contextmanager
def drafting(home: Path, name: str) -> Iterator[Draft]:
    """A folder to build the next generation in; whatever goes wrong before `publish`, it is removed and nothing has changed.

    Raises:
        SetupProblem: The disk is full (`disk_full`), the home folder cannot be written (`home_not_writable`),
            or another process is building this warehouse (`build_running`).
    """
    generations = warehouse_home(home, name) / "generations"
    folder: Path | None = None
    try:
        generations.mkdir(parents=True, exist_ok=True)
        with _only_builder(generations.parent, name):
            # The lock is ours, so drafts that are still here belong to builds that died.
            for left_over in generations.glob(f"{_DRAFT_PREFIX}*"):
                shutil.rmtree(left_over, ignore_errors=True)
            folder = Path(tempfile.mkdtemp(prefix=_DRAFT_PREFIX, dir=generations))
            folder.chmod(0o755)
            number = max([0, *generation_numbers(home, name)]) + 1
            yield Draft(home=home, name=name, number=number, folder=folder)
    except OSError as fault:
        raise _setup_problem(fault, name) from fault
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def record_files(folder: Path) -> tuple[FileRecord, ...]:
    """Every file below the folder but the manifest and the stores, with size and checksum."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST_FILE)
    paths = sorted(path for path in found if path.relative_to(folder).parts[0] != STORES)
    return tuple(FileRecord(path=p.relative_to(folder).as_posix(), size=p.stat().st_size, sha256=sha256_of(p)) for p in paths)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def disk_full(name: str) -> SetupProblem:
    return SetupProblem(
        f"The disk is full; '{name}' was not built, and what was served before is unchanged.",
        try_instead="Free some space, or set ASSISTANT_HOME to a larger disk, and build again.",
        code="disk_full",
    )


def _setup_problem(fault: OSError, name: str) -> SetupProblem:
    if fault.errno in {errno.ENOSPC, errno.EDQUOT}:
        return disk_full(name)
    return SetupProblem(
        f"The folder for warehouses cannot be written ({fault.strerror or 'input/output error'}).",
        try_instead="Check the rights on ASSISTANT_HOME, or set it to another folder.",
        code="home_not_writable",
    )


@contextmanager
def _only_builder(folder: Path, name: str) -> Iterator[None]:
    with (folder / "build.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SetupProblem(
                f"Another process is building '{name}' right now.", try_instead="Wait until it has finished.", code="build_running"
            ) from None
        yield


def _generation_folder(home: Path, name: str, number: int) -> Path:
    return warehouse_home(home, name) / "generations" / f"{number:06d}"


def _point_to(home: Path, name: str, number: int) -> None:
    pointer = warehouse_home(home, name) / POINTER_FILE
    fresh = pointer.with_suffix(".new")
    fresh.write_text(json.dumps({"generation": number}), encoding="utf-8")
    _flush(fresh)
    os.replace(fresh, pointer)
    _flush(pointer.parent)


def _flush(path: Path) -> None:
    """Onto the disk: a power cut must not leave a pointer to files that never arrived."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
