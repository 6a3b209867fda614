"""The ways in which a folder's data becomes a DuckDB file: a build script, SQL, a database that exists, or CSV files."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from tools.core.errors import AnswerError, SetupProblem, WarehouseUnavailable
from tools.core.warehouse.definition import Definition
from tools.core.warehouse.generations import disk_full

LOAD_SQL = "load.sql"
BUILD_SCRIPT = "build.py"


class Progress(Protocol):
    """Told what a build is doing, and how far it is."""

    def __call__(self, step: str, fraction: float | None = None, /) -> None:
        """`step` in words ("Loading basket lines"); `fraction` 0..1 of the whole build, None when unknown."""


def silent(step: str, fraction: float | None = None, /) -> None:
    """Nobody is watching."""


def within(progress: Progress, start: float, end: float) -> Progress:
    """What a part of the work is given, so that its fraction becomes one of the whole; a step without one stands at the start."""
    return lambda step, fraction=None, /: progress(step, start + (fraction or 0.0) * (end - start))


def load(definition: Definition, target: Path, *, progress: Progress, options: dict[str, Any]) -> None:
    """Writes the folder's data to a new DuckDB file, checkpointed and closed.

    Raises:
        WarehouseUnavailable: The folder holds nothing that can be loaded (`warehouse_undefined`), or loading fails (`build_failed`).
        SetupProblem: The disk is full.
    """
    loader = _loader(definition, options)
    try:
        loader(target, progress)
    except AnswerError:
        raise
    except Exception as fault:  # A script of the user's own may raise anything.
        if "No space left" in str(fault):
            raise disk_full(definition.name) from fault
        raise _failed(definition, fault) from fault
    if not target.is_file():
        raise WarehouseUnavailable(
            f"{BUILD_SCRIPT} of '{definition.name}' ended without writing a database.",
            try_instead="It must write a DuckDB file to the path `target` that it is given.",
            code="build_failed",
        )


def _loader(definition: Definition, options: dict[str, Any]) -> Callable[[Path, Progress], None]:
    folder = definition.folder
    if (folder / BUILD_SCRIPT).is_file():
        return partial(_run_script, definition, options)
    if options:
        raise _unknown_options(definition, [], options)
    databases = sorted(folder.glob("*.duckdb"))
    tables = sorted([*folder.glob("*.csv"), *folder.glob("*.csv.gz")])
    if (folder / LOAD_SQL).is_file():
        return partial(_run_sql, folder / LOAD_SQL)
    if len(databases) == 1:
        return partial(_copy_database, databases[0])
    if tables and not databases:
        return partial(read_tables, tables)
    found = f"{len(databases)} DuckDB files" if databases else "no data"
    raise WarehouseUnavailable(
        f"The folder of '{definition.name}' holds {found}.",
        try_instead=f"Put one {BUILD_SCRIPT}, {LOAD_SQL}, *.duckdb file or some *.csv files into it; see docs/warehouses.md.",
        code="warehouse_undefined",
    )


def _failed(definition: Definition, fault: Exception) -> WarehouseUnavailable:
    # The operator's own data and script, at build time, on the command line: the reason may be shown.
    reason = " ".join(str(fault).split())[:300] or type(fault).__name__
    return WarehouseUnavailable(
        f"'{definition.name}' could not be built: {reason}",
        try_instead="Mend it and build again; what was served before is unchanged.",
        code="build_failed",
    )


def _unknown_options(definition: Definition, taken: list[str], given: Iterable[str]) -> SetupProblem:
    there_are = f"takes {', '.join(taken)}" if taken else "takes no build options"
    message = f"'{definition.name}' {there_are}, got {', '.join(sorted(given))}."
    return SetupProblem(message, try_instead="Leave them out.", code="unknown_option")


def _run_script(definition: Definition, options: dict[str, Any], target: Path, progress: Progress) -> None:
    build = getattr(_module(definition), "build", None)
    if not callable(build):
        raise WarehouseUnavailable(
            f"{BUILD_SCRIPT} of '{definition.name}' has no function `build`.",
            try_instead="Define `build(target, *, progress, **options)`; see docs/warehouses.md.",
            code="warehouse_undefined",
        )
    parameters = inspect.signature(build).parameters.values()
    taken = [parameter.name for parameter in parameters if parameter.name not in {"target", "progress"}]
    unknown = set(options) - set(taken)
    if unknown and not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        raise _unknown_options(definition, taken, unknown)
    build(target, progress=progress, **options)


def _module(definition: Definition) -> ModuleType:
    if definition.shipped:
        return importlib.import_module(f"tools.warehouses.{definition.name}.build")
    spec = importlib.util.spec_from_file_location(f"warehouse_{definition.name}_build", definition.folder / BUILD_SCRIPT)
    if spec is None or spec.loader is None:
        raise WarehouseUnavailable(f"{BUILD_SCRIPT} of '{definition.name}' cannot be imported.", code="build_failed")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _run_sql(script: Path, target: Path, progress: Progress) -> None:
    import duckdb

    with duckdb.connect(str(target)) as connection:
        connection.execute("SET file_search_path = ?", [str(script.parent)])
        statements = connection.extract_statements(script.read_text(encoding="utf-8"))
        for position, statement in enumerate(statements):
            progress(f"{LOAD_SQL}, statement {position + 1} of {len(statements)}", position / len(statements))
            connection.execute(statement)


def _copy_database(source: Path, target: Path, progress: Progress) -> None:
    import duckdb

    progress(f"Copying {source.name}", 0.0)
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH {_quoted(source)} AS source (READ_ONLY)")
        connection.execute(f"ATTACH {_quoted(target)} AS target")
        connection.execute("COPY FROM DATABASE source TO target")


def read_tables(files: list[Path], target: Path, progress: Progress) -> None:
    """Each CSV file as a table of its name, types found from all rows."""
    import duckdb

    with duckdb.connect(str(target)) as connection:
        for position, file in enumerate(files):
            progress(f"Reading {file.name}", position / len(files))
            table = file.name.partition(".")[0].replace('"', "")
            connection.execute(f'CREATE TABLE "{table}" AS SELECT * FROM read_csv({_quoted(file)}, sample_size = -1)')


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
