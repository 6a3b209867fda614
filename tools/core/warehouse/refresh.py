"""Refreshing a warehouse: tools compute predictions and segments as tables of its next generation, its intelligence layer.

    HOME/warehouses/<name>/refreshing/<id>/           work in progress; whoever asks meanwhile is served the present generation
    generations/000002/warehouse.duckdb               the data as it was, plus schema `intelligence`
    generations/000002/intelligence/<tool>.json       what the tool adds to the semantic model and the policy, or why it could not
    generations/000002/intelligence/<tool>.card.json  its model card
    generations/000002/stores/<tool>/                 what the tool keeps beside the tables, such as vectors; it checks that itself
    cache/<tool>/                                     what the tool may use again in the next refresh

Each tool's part is finished on disk before the next one starts. A refresh that dies is taken up again where it stopped; one whose inputs
have not changed does nothing. Which tools take part is the caller's choice, so that nothing here imports a tool.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tools.core.errors import AnswerError
from tools.core.semantics.additions import ModelAddition, PolicyAddition
from tools.core.semantics.catalog import Catalog
from tools.core.semantics.model import SemanticModel
from tools.core.semantics.read import model_version, read_model
from tools.core.warehouse.build import MIND_FOLDER, AfterBuild
from tools.core.warehouse.definition import Definition, find_definition
from tools.core.warehouse.generations import DATABASE_FILE, STORES, Draft, Generation, Manifest, TableRecord, drafting, record_files
from tools.core.warehouse.intelligence import (
    FOLDER,
    SCHEMA,
    ContributionRecord,
    RefreshRecord,
    read_contributions,
    read_refresh,
    write_json,
)
from tools.core.warehouse.load import Progress, silent, within
from tools.core.warehouse.warehouse import assemble, built_generation

if TYPE_CHECKING:
    import duckdb

_WORK_FOLDER = "refreshing"
_CACHE_FOLDER = "cache"
_COPIED = "copied"
_COMPUTING = 0.8
"""Part of the progress that is computing; the rest is checking, preparing and publishing."""
_PREPARE_DEADLINE_S = 120.0


@dataclass(frozen=True, kw_only=True)
class NewTable:
    """A table of schema `intelligence`: either arrays with their DuckDB types, or a SELECT over the warehouse."""

    name: str
    columns: Mapping[str, tuple[str, Any]] = field(default_factory=dict)
    """Column -> (DuckDB type, numpy array)."""
    select: str = ""

    @property
    def full_name(self) -> str:
        return f"{SCHEMA}.{self.name}"


@dataclass(frozen=True, kw_only=True)
class Contributed:
    """What one tool adds to a warehouse."""

    tables: tuple[NewTable, ...]
    model: ModelAddition
    policy: PolicyAddition
    card: Mapping[str, Any]
    """Plain values: how the model was made and how good it is."""


@dataclass(frozen=True, kw_only=True)
class RefreshWork:
    """What a tool is given: the warehouse as data, with the tables of the tools before it."""

    connection: duckdb.DuckDBPyConnection
    model: SemanticModel
    as_of: dt.date
    progress: Progress = silent
    """`fraction` is that of this contribution."""
    store: Path | None = None
    """An empty folder whose content goes with the tables."""
    cache: Path | None = None
    """A folder that outlives refreshes and builds, for what is dear to compute again."""


class Contribution(Protocol):
    """A tool's part in the intelligence layer."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str:
        """Changes whenever the same data would give another result."""
        ...

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of contributions whose tables it reads; they come first."""
        ...

    def compute(self, work: RefreshWork) -> Contributed:
        """Raises AnswerError when this warehouse does not allow it; the rest is computed all the same."""
        ...


@dataclass(frozen=True, kw_only=True)
class RefreshReport:
    """What became of a refresh."""

    name: str
    generation: int
    unchanged: bool
    """Everything was up to date already."""
    as_of: dt.date
    contributions: tuple[ContributionRecord, ...]
    seconds: float

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "generation": self.generation,
            "unchanged": self.unchanged,
            "as_of": self.as_of.isoformat(),
            "contributions": [_in_json(record) for record in self.contributions],
            "seconds": self.seconds,
        }


def _in_json(record: ContributionRecord) -> dict[str, Any]:
    shown = record.model_dump(include={"name", "version", "reason", "rows", "seconds"})
    return {**shown, "status": "done" if record.done else "skipped"}


def refresh_warehouse(
    name_or_folder: str,
    *,
    home: Path,
    contributions: Sequence[Contribution],
    progress: Progress = silent,
    after_build: Sequence[AfterBuild] = (),
    force: bool = False,
    keep: Collection[str] = (),
) -> RefreshReport:
    """Compute the intelligence layer and serve it as the next generation.

    Args:
        contributions: In the order in which they run; each after those that it reads.
        after_build: As for `build_warehouse`: what minds prepare for the new tables.
        force: Compute again what is up to date.
        keep: Names of contributions that are left as they are, though they do not take part this time.
    Raises:
        WarehouseUnavailable: Unknown, not built, or damaged.
        ModelInvalid: The semantic model or policy does not fit, or clashes with what a tool adds.
        SetupProblem: Disk full, home not writable, or the same warehouse is being built or refreshed elsewhere.
    """
    definition = find_definition(name_or_folder)
    started = time.monotonic()
    with drafting(home, definition.name) as draft:
        current = built_generation(definition, home)
        plan = _Plan.of(definition, current, contributions, frozenset(keep))
        if not force and plan.up_to_date:
            return _report(definition, current, plan, unchanged=True, started=started)
        work = _open_work(draft, current, plan, force=force)
        _compute(work, definition, current, plan, progress)
        generation = _publish(draft, work, definition, current, plan, after_build, progress)
        shutil.rmtree(work.parent, ignore_errors=True)
    progress("Done", 1.0)
    return _report(definition, generation, plan, unchanged=False, started=started)


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """Who computes what, and from which inputs."""

    base: str
    """Identity of the data before any intelligence was added."""
    keys: Mapping[str, str]
    """Contribution -> hash of everything its result depends on."""
    contributions: tuple[Contribution, ...]
    present: Mapping[str, ContributionRecord]
    """What the current generation holds."""
    keep: frozenset[str]

    @classmethod
    def of(cls, definition: Definition, current: Generation, contributions: Sequence[Contribution], keep: frozenset[str]) -> _Plan:
        record = read_refresh(current.folder)
        base = record.base if record else current.checksum(DATABASE_FILE)
        shared = f"{base} {model_version(definition.model_path)} {current.manifest.as_of}"
        keys: dict[str, str] = {}
        for one in contributions:
            own = f"{shared} {one.name} {one.version} {' '.join(keys.get(name, '') for name in one.reads)}"
            keys[one.name] = hashlib.sha256(own.encode()).hexdigest()[:16]
        present = {c.name: c for c in read_contributions(current.folder)}
        return cls(base=base, keys=keys, contributions=tuple(contributions), present=present, keep=keep - set(keys))

    @property
    def up_to_date(self) -> bool:
        return {name: c.key for name, c in self.present.items() if name not in self.keep} == dict(self.keys)


def _open_work(draft: Draft, current: Generation, plan: _Plan, *, force: bool) -> Path:
    """The folder to work in: the one that a dead refresh of the same data left, else a fresh copy of the current generation."""
    root = draft.folder.parent.parent / _WORK_FOLDER
    identity = hashlib.sha256(f"{plan.base} {current.number} {force}".encode()).hexdigest()[:12]
    work = root / identity
    for other in root.glob("*") if root.is_dir() else ():
        if other != work or not (other / _COPIED).exists():
            shutil.rmtree(other, ignore_errors=True)
    if not work.exists():
        work.mkdir(parents=True)
        shutil.copyfile(current.database, work / DATABASE_FILE)
        for folder in (FOLDER, STORES):
            if (current.folder / folder).is_dir():
                shutil.copytree(current.folder / folder, work / folder, ignore=_all_but(plan.keep) if force else None)
        (work / _COPIED).touch()
    (work / FOLDER).mkdir(exist_ok=True)
    return work


def _all_but(names: frozenset[str]) -> Callable[[str, list[str]], list[str]]:
    """For a copy of the folders of contributions: leaves out whatever belongs to others than these."""

    def left_out(folder: str, entries: list[str]) -> list[str]:
        return [entry for entry in entries if entry.split(".")[0] not in names] if Path(folder).name in (FOLDER, STORES) else []

    return left_out


def _compute(work: Path, definition: Definition, current: Generation, plan: _Plan, progress: Progress) -> None:
    """Run every contribution that is not there yet; each is whole on disk before the next starts."""
    import duckdb

    model = read_model(definition.model_path, catalog=current.catalog)
    as_of = model.settings.as_of or current.manifest.as_of
    with duckdb.connect(str(work / DATABASE_FILE), config={"threads": 2}) as connection:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        done = {c.name: c for c in read_contributions(work)}
        missing = [one for one in plan.contributions if one.name not in done or done[one.name].key != plan.keys[one.name]]
        for position, one in enumerate(missing):
            start, end = (_COMPUTING * at / len(missing) for at in (position, position + 1))
            progress(f"Computing {one.name.replace('_', ' ')}", start)
            store, cache = work / STORES / one.name, work.parent.parent / _CACHE_FOLDER / one.name
            shutil.rmtree(store, ignore_errors=True)
            steps = within(progress, start, end)
            task = RefreshWork(connection=connection, model=model, as_of=as_of, progress=steps, store=store, cache=cache)
            _contribute(one, plan.keys[one.name], task, work / FOLDER)
        _drop_strangers(connection, work, set(plan.keys) | plan.keep)
        connection.execute("CHECKPOINT")


def _contribute(one: Contribution, key: str, task: RefreshWork, folder: Path) -> None:
    started = time.monotonic()
    try:
        result = one.compute(task)
    except AnswerError as fault:
        reason = f"{fault.message} {fault.try_instead}".strip()
        write_json(folder / f"{one.name}.json", ContributionRecord(name=one.name, version=one.version, key=key, reason=reason))
        return
    rows = _write_tables(task.connection, result.tables)
    record = ContributionRecord(
        name=one.name,
        version=one.version,
        key=key,
        tables=tuple(table.full_name for table in result.tables),
        rows=rows,
        seconds=round(time.monotonic() - started, 1),
        model=result.model,
        policy=result.policy,
    )
    write_json(folder / f"{one.name}.card.json", {**result.card, "version": one.version})
    # Last, since this file says that the part is whole.
    write_json(folder / f"{one.name}.json", record)


def _write_tables(connection: duckdb.DuckDBPyConnection, tables: Sequence[NewTable]) -> int:
    rows = 0
    connection.execute("BEGIN")
    for table in tables:
        select = table.select
        if not select:
            arrays = {name: values for name, (_, values) in table.columns.items()}
            connection.register("new_rows", arrays)
            typed = (f'CAST("{name}" AS {kind}) AS "{name}"' for name, (kind, _) in table.columns.items())
            select = f"SELECT {', '.join(typed)} FROM new_rows"
        connection.execute(f'CREATE OR REPLACE TABLE {SCHEMA}."{table.name}" AS {select}')
        rows += _count(connection, f'{SCHEMA}."{table.name}"')
        if table.columns:
            connection.unregister("new_rows")
    connection.execute("COMMIT")
    return rows


def _count(connection: duckdb.DuckDBPyConnection, quoted: str) -> int:
    # fetchall and not fetchone: a result that is not read to its end blocks the connection.
    return int(connection.execute(f"SELECT count(*) FROM {quoted}").fetchall()[0][0])


def _drop_strangers(connection: duckdb.DuckDBPyConnection, work: Path, wanted: set[str]) -> None:
    """Tables and records of contributions that no longer take part, or could not be computed this time."""
    records = read_contributions(work)
    for record in records:
        if record.name not in wanted:
            (work / FOLDER / f"{record.name}.json").unlink(missing_ok=True)
            (work / FOLDER / f"{record.name}.card.json").unlink(missing_ok=True)
            shutil.rmtree(work / STORES / record.name, ignore_errors=True)
    kept = {table for record in records if record.name in wanted for table in record.tables}
    found = connection.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = ?", [SCHEMA]).fetchall()
    for (table,) in found:
        if f"{SCHEMA}.{table}" not in kept:
            connection.execute(f'DROP TABLE {SCHEMA}."{table}"')


def _publish(
    draft: Draft,
    work: Path,
    definition: Definition,
    current: Generation,
    plan: _Plan,
    after_build: Sequence[AfterBuild],
    progress: Progress,
) -> Generation:
    """The finished work as the next generation; the work itself stays until it is served."""
    progress("Checking what was computed", 0.82)
    _link(work / DATABASE_FILE, draft.folder / DATABASE_FILE)
    shutil.copytree(work / FOLDER, draft.folder / FOLDER)
    if (work / STORES).is_dir():
        shutil.copytree(work / STORES, draft.folder / STORES)
    (draft.folder / FOLDER / "refresh.json").unlink(missing_ok=True)
    write_json(draft.folder / FOLDER / "refresh.json", RefreshRecord(base=plan.base, refreshed_at=dt.datetime.now(dt.UTC)))
    manifest = _manifest(draft, current, plan)
    provisional = Generation(folder=draft.folder, manifest=manifest)
    _require_fitting(definition, provisional)
    with assemble(definition, provisional, engine_options={"deadline_s": _PREPARE_DEADLINE_S}) as warehouse:
        for prepare in after_build:
            prepare(warehouse, draft.folder / MIND_FOLDER, lambda step, _=None, /: progress(step, 0.9))
    progress("Publishing", 0.97)
    return draft.publish(manifest.model_copy(update={"files": record_files(draft.folder), "built_at": dt.datetime.now(dt.UTC)}))


def _manifest(draft: Draft, current: Generation, plan: _Plan) -> Manifest:
    import duckdb

    with duckdb.connect(str(draft.folder / DATABASE_FILE), read_only=True) as connection:
        catalog = Catalog.from_duckdb(connection)
        tables = {}
        for name, columns in catalog.tables.items():
            quoted = ".".join(f'"{part}"' for part in name.split("."))
            tables[name] = TableRecord(rows=_count(connection, quoted), columns=dict(columns))
    versions = {f"{SCHEMA}.{one.name}": one.version for one in plan.contributions}
    stay = {f"{SCHEMA}.{name}" for name in plan.keep}
    kept = {name: version for name, version in current.manifest.made_with.items() if name in stay or not name.startswith(f"{SCHEMA}.")}
    changes = {
        "generation": draft.number,
        "files": record_files(draft.folder),
        "tables": tables,
        "made_with": kept | versions,
    }
    return current.manifest.model_copy(update=changes)


def _require_fitting(definition: Definition, generation: Generation) -> None:
    """The document with all additions must be as valid as the document alone. Raises ModelInvalid."""
    from tools.core.semantics.validate import require_valid_with

    additions = [c.model for c in read_contributions(generation.folder)]
    require_valid_with(definition.model_path, generation.catalog, additions)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _report(definition: Definition, generation: Generation, plan: _Plan, *, unchanged: bool, started: float) -> RefreshReport:
    records = {c.name: c for c in read_contributions(generation.folder)}
    return RefreshReport(
        name=definition.name,
        generation=generation.number,
        unchanged=unchanged,
        as_of=generation.manifest.as_of,
        contributions=tuple(records[one.name] for one in plan.contributions if one.name in records),
        seconds=round(time.monotonic() - started, 1),
    )
