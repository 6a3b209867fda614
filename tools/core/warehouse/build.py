"""Building a warehouse: load, check, prepare, publish. Nothing is served before all four are done."""

from __future__ import annotations

import datetime as dt
import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.core.errors import ModelInvalid, WarehouseUnavailable
from tools.core.semantics.catalog import Catalog
from tools.core.semantics.model import Relationship, SemanticModel
from tools.core.semantics.read import read_model
from tools.core.warehouse.definition import Definition, find_definition
from tools.core.warehouse.generations import (
    DATABASE_FILE,
    Draft,
    Generation,
    Manifest,
    TableRecord,
    drafting,
    record_files,
    sha256_of,
)
from tools.core.warehouse.load import Progress, load, silent
from tools.core.warehouse.verify import check_data, source_sql
from tools.core.warehouse.warehouse import Warehouse, assemble

if TYPE_CHECKING:
    import duckdb

AfterBuild = Callable[[Warehouse, Path, Progress], object]
"""Given the new warehouse, a folder of the generation to write to, and the progress: prepares what a mind needs."""

MIND_FOLDER = "mind"
_PREPARE_DEADLINE_S = 120.0


def build_warehouse(
    name_or_folder: str,
    *,
    home: Path,
    progress: Progress = silent,
    after_build: Sequence[AfterBuild] = (),
    **options: Any,
) -> Generation:
    """Builds the next generation of a warehouse and serves it.

    Args:
        progress: Told each step and how far the build is.
        after_build: Called in order before publishing; what they write becomes part of the generation.
        options: Given to the folder's build script, such as size and seed.
    Raises:
        WarehouseUnavailable: Unknown, without data, the loading failed, or the data fails its own expectations.
        ModelInvalid: The semantic model or the policy does not fit the data.
        SetupProblem: Disk full, home not writable, or the same warehouse is being built elsewhere.
    """
    definition = find_definition(name_or_folder)
    if not definition.model_path.is_file():
        raise ModelInvalid(f"'{definition.name}' has no semantic model.", try_instead=f"Add {definition.model_path.name}.")
    started = time.monotonic()
    with drafting(home, definition.name) as draft:
        load(definition, draft.folder / DATABASE_FILE, progress=_scaled(progress, 0.0, 0.7), options=options)
        progress("Checking the data against the semantic model", 0.7)
        provisional = _survey(definition, draft, options)
        warehouse = assemble(definition, provisional, engine_options={"deadline_s": _PREPARE_DEADLINE_S})
        with warehouse:
            _require_sound(definition, provisional, warehouse.model)
            for position, prepare in enumerate(after_build):
                share = 0.2 / len(after_build)
                prepare(warehouse, draft.folder / MIND_FOLDER, _scaled(progress, 0.75 + position * share, share))
        progress("Publishing", 0.97)
        files = record_files(draft.folder)
        changes: dict[str, Any] = {"files": files, "seconds": round(time.monotonic() - started, 1), "built_at": dt.datetime.now(dt.UTC)}
        generation = draft.publish(provisional.manifest.model_copy(update=changes))
    progress("Done", 1.0)
    return generation


def _scaled(progress: Progress, start: float, share: float) -> Progress:
    """Progress of one stage as a part of the whole."""

    def report(step: str, fraction: float | None = None, /) -> None:
        progress(step, None if fraction is None else start + share * fraction)

    return report


def _survey(definition: Definition, draft: Draft, options: dict[str, Any]) -> Generation:
    """What has been loaded, as a generation that is not published yet."""
    import duckdb

    path = draft.folder / DATABASE_FILE
    with duckdb.connect(str(path), read_only=True) as connection:
        catalog = Catalog.from_duckdb(connection)
        model = read_model(definition.model_path, catalog=catalog)
        as_of = model.settings.as_of or _latest_day(connection, model)
        tables = {name: TableRecord(rows=_count(connection, name), columns=dict(columns)) for name, columns in catalog.tables.items()}
    manifest = Manifest(
        warehouse=definition.name,
        generation=draft.number,
        built_at=dt.datetime.now(dt.UTC),
        seconds=0.0,
        definition=str(definition.folder),
        files=record_files(draft.folder),
        tables=tables,
        as_of=as_of,
        model_version=model.version,
        policy_version=_version_of(definition.policy_path),
        options=options,
        made_with={"duckdb": duckdb.__version__, "python": platform.python_version()},
    )
    return Generation(folder=draft.folder, manifest=manifest)


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    quoted = ".".join(f'"{part}"' for part in table.split("."))
    found = connection.execute(f"SELECT count(*) FROM {quoted}").fetchone()
    return int(found[0]) if found else 0


def _latest_day(connection: duckdb.DuckDBPyConnection, model: SemanticModel) -> dt.date:
    """Latest day of the model's `as_of_field`; the last day of the year before, for data without any date."""
    field_id = model.settings.as_of_field
    if field_id is None:
        return dt.date(dt.datetime.now(dt.UTC).year - 1, 12, 31)
    field = model.field(field_id)
    sql = f"SELECT CAST(max({field.expression}) AS DATE) FROM {source_sql(model.datasets[field.dataset])} AS d"
    # A calendar table runs on into the future; only days on which something happened count.
    used = [_is_used(model, each) for each in model.relationships if each.to_dataset == field.dataset]
    found = connection.execute(sql + (f" WHERE {' OR '.join(used)}" if used else "")).fetchone()
    if not found or found[0] is None:
        raise WarehouseUnavailable(
            f"No row has a date in {field_id}, so the data has no last day.",
            try_instead="Load some rows, or declare `as_of` in the semantic model.",
            code="build_failed",
        )
    return dt.date.fromisoformat(str(found[0]))


def _is_used(model: SemanticModel, relationship: Relationship) -> str:
    pairs = zip(relationship.from_columns, relationship.to_columns, strict=True)
    join = " AND ".join(f'f."{many}" = d."{one}"' for many, one in pairs)
    return f"EXISTS (SELECT 1 FROM {source_sql(model.datasets[relationship.from_dataset])} AS f WHERE {join})"


def _require_sound(definition: Definition, generation: Generation, model: SemanticModel) -> None:
    faults = [check for check in check_data(definition, generation, model) if check.status == "error"]
    if faults:
        listing = "\n".join(f"- {check.subject}: {check.detail}" for check in faults)
        raise WarehouseUnavailable(
            f"The data of '{definition.name}' is not what its folder promises:\n{listing}",
            try_instead="Mend the data or the expectations, and build again; what was served before is unchanged.",
            code="data_unfit",
        )


def _version_of(path: Path | None) -> str | None:
    return sha256_of(path)[:16] if path else None
