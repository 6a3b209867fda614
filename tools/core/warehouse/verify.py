"""Whether a built warehouse is whole, and whether its data is what the semantic model says it is."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tools.core.errors import ModelInvalid, WarehouseUnavailable
from tools.core.semantics.model import Dataset, Relationship, SemanticModel
from tools.core.semantics.problems import Problem, load_yaml
from tools.core.semantics.read import read_model
from tools.core.semantics.validate import validate_model
from tools.core.warehouse.definition import Definition, find_definition
from tools.core.warehouse.generations import Generation
from tools.core.warehouse.warehouse import built_generation, data_version

if TYPE_CHECKING:
    import duckdb

Status = Literal["ok", "warning", "error"]
_WAIT_FOR_LOCK_S = 3.0
_THIN_DAY = 0.5
"""A last day with fewer rows than this part of the median day is likely incomplete."""


@dataclass(frozen=True, kw_only=True)
class VerifyCheck:
    """One thing looked at."""

    kind: str
    """files, model, rows, keys, nulls, dates, last day, orphans, values, expectation."""
    subject: str
    status: Status
    detail: str


@dataclass(frozen=True, kw_only=True)
class VerifyReport:
    """All checks of one generation."""

    name: str
    data_version: str
    checks: tuple[VerifyCheck, ...]

    @property
    def ok(self) -> bool:
        """No error; warnings are facts to know, not faults."""
        return all(check.status != "error" for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "data_version": self.data_version, "ok": self.ok, "checks": [asdict(check) for check in self.checks]}

    def as_text(self) -> str:
        """A readable report: a section per kind, a line per check, a verdict at the end."""
        marks = {"ok": "ok     ", "warning": "warning", "error": "ERROR  "}
        lines = [f"{self.name} ({self.data_version})"]
        for kind in dict.fromkeys(check.kind for check in self.checks):
            lines += ["", kind.capitalize()]
            lines += [f"  {marks[c.status]}  {c.subject}: {c.detail}" for c in self.checks if c.kind == kind]
        counts = {status: sum(check.status == status for check in self.checks) for status in ("ok", "warning", "error")}
        verdict = "Sound" if self.ok else "Not sound"
        return "\n".join(
            [*lines, "", f"{verdict}: {counts['ok']} ok, {_many(counts['warning'], 'warning')}, {_many(counts['error'], 'error')}.", ""]
        )


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Expectation(_Strict):
    """A figure that the data must give: `equals`, or at least one of `at_least` and `at_most`."""

    name: str
    sql: str
    equals: float | str | None = None
    at_least: float | None = None
    at_most: float | None = None
    tolerance: float = Field(default=1e-9, ge=0)
    """Relative, for `equals` with a number."""

    @model_validator(mode="after")
    def _something_expected(self) -> Expectation:
        if self.equals is None and self.at_least is None and self.at_most is None:
            raise ValueError("give equals, at_least or at_most")
        return self

    def fault(self, value: object) -> str | None:
        """What is wrong with the value, in words."""
        if self.equals is not None:
            return None if self._equal(value, self.equals) else f"expected {_shown(self.equals)}, found {_shown(value)}"
        low = -math.inf if self.at_least is None else self.at_least
        high = math.inf if self.at_most is None else self.at_most
        if _is_number(value) and low <= float(value) <= high:  # type: ignore[arg-type]
            return None
        bounds = [
            f"{word} {_shown(bound)}" for word, bound in (("at least", self.at_least), ("at most", self.at_most)) if bound is not None
        ]
        return f"expected {' and '.join(bounds)}, found {_shown(value)}"

    def _equal(self, value: object, wanted: float | str) -> bool:
        if isinstance(wanted, str) or not _is_number(value):
            return str(value) == str(wanted)
        return abs(float(value) - wanted) <= self.tolerance * abs(wanted)  # type: ignore[arg-type]


class Expectations(_Strict):
    """What the author of a warehouse folder knows about its data."""

    orphans: dict[str, int] = {}
    """Relationship -> how many rows without a partner are known and accepted."""
    expectations: tuple[Expectation, ...] = ()


def verify_warehouse(name_or_folder: str, *, home: Path) -> VerifyReport:
    """Every check on the current generation, with the full checksums.

    Raises:
        WarehouseUnavailable: Unknown, not built, or so damaged that nothing can be checked.
    """
    definition = find_definition(name_or_folder)
    generation = built_generation(definition, home)
    checks = list(_files(generation))
    problems = validate_model(definition.model_path, generation.catalog)
    checks += _model_checks(definition, problems)
    version = ""
    if all(check.status != "error" for check in checks):
        model = read_model(definition.model_path, catalog=generation.catalog, validated=True)
        version = model.version
        checks += check_data(definition, generation, model)
    return VerifyReport(name=definition.name, data_version=data_version(generation, version), checks=tuple(checks))


def check_data(definition: Definition, generation: Generation, model: SemanticModel) -> list[VerifyCheck]:
    """The checks that read the data itself."""
    import duckdb

    expected = read_expectations(definition)
    checks: list[VerifyCheck] = []
    try:
        with _read_only(generation) as connection:
            checks += _rows(connection, generation)
            joined = {relationship.to_dataset for relationship in model.relationships}
            for dataset in model.datasets.values():
                checks += [
                    *_keys(connection, dataset, is_joined=dataset.name in joined),
                    *_nulls(connection, dataset),
                    *_dates(connection, dataset),
                ]
            checks += _last_day(connection, model, generation)
            checks += [_orphans(connection, model, relationship, expected) for relationship in model.relationships]
            checks += _values(connection, model)
            checks += [_expectation(connection, expectation) for expectation in expected.expectations]
    except duckdb.Error as fault:
        kind = type(fault).__name__.removesuffix("Exception")
        checks.append(
            VerifyCheck(kind="files", subject="warehouse.duckdb", status="error", detail=f"cannot be read to the end ({kind} error)")
        )
    return checks


def _read_only(generation: Generation) -> duckdb.DuckDBPyConnection:
    """A connection to the database; waits a little while another process has it open for writing."""
    import duckdb

    give_up = time.monotonic() + _WAIT_FOR_LOCK_S
    while True:
        try:
            return duckdb.connect(str(generation.database), read_only=True)
        except duckdb.IOException as fault:
            if "lock" not in str(fault).lower():
                raise
            if time.monotonic() > give_up:
                raise WarehouseUnavailable(
                    f"The database of '{generation.manifest.warehouse}' is open for writing in another process.",
                    try_instead="Close it there; published files are not meant to be written. Then verify again.",
                    code="warehouse_locked",
                ) from None
            time.sleep(0.2)


def read_expectations(definition: Definition) -> Expectations:
    """Of the folder's expectations file; empty without one. Raises ModelInvalid."""
    path = definition.expectations_path
    if path is None:
        return Expectations()
    try:
        return Expectations.model_validate(load_yaml(path.read_text(encoding="utf-8")) or {})
    except (yaml.YAMLError, ValidationError, UnicodeDecodeError) as fault:
        first = fault.errors()[0] if isinstance(fault, ValidationError) else None
        what = f"{'.'.join(map(str, first['loc']))}: {first['msg']}" if first else "not valid YAML"
        raise ModelInvalid(f"{path.name} cannot be used: {what}", try_instead="docs/warehouses.md shows its keys.") from None


def _files(generation: Generation) -> Iterator[VerifyCheck]:
    faults = generation.damaged_files(read_all=True)
    for fault in faults:
        yield VerifyCheck(kind="files", subject=f"generation {generation.number}", status="error", detail=fault)
    if not faults:
        detail = f"{len(generation.manifest.files)} files, {generation.size_bytes:,} bytes, checksums as built"
        yield VerifyCheck(kind="files", subject=f"generation {generation.number}", status="ok", detail=detail)


def _model_checks(definition: Definition, problems: list[Problem]) -> list[VerifyCheck]:
    if not problems:
        return [VerifyCheck(kind="model", subject=definition.model_path.name, status="ok", detail="fits the database")]
    subject = definition.model_path.name
    return [VerifyCheck(kind="model", subject=subject, status=problem.severity, detail=str(problem)) for problem in problems]


def _rows(connection: duckdb.DuckDBPyConnection, generation: Generation) -> Iterator[VerifyCheck]:
    for table, record in generation.manifest.tables.items():
        found = _number(connection, f"SELECT count(*) FROM {_name(table)}")
        status: Status = "ok" if found == record.rows else "error"
        detail = _many(found, "row") + ("" if found == record.rows else f" instead of {record.rows:,}")
        if found == 0:
            status, detail = "warning", "no rows"
        yield VerifyCheck(kind="rows", subject=table, status=status, detail=detail)


def _keys(connection: duckdb.DuckDBPyConnection, dataset: Dataset, *, is_joined: bool) -> Iterator[VerifyCheck]:
    """A key that repeats multiplies the figures of whatever is joined to it; where nothing is joined, it is only untidy."""
    bad: Status = "error" if is_joined else "warning"
    for key in dict.fromkeys((dataset.primary_key, *dataset.unique_keys)):
        if not key:
            continue
        columns = ", ".join(_name(column) for column in key)
        empty = " OR ".join(f"{_name(column)} IS NULL" for column in key)
        source = source_sql(dataset)
        repeated = _number(connection, f"SELECT count(*) FROM (SELECT 1 FROM {source} GROUP BY {columns} HAVING count(*) > 1)")
        nulls = _number(connection, f"SELECT count(*) FROM {source} WHERE {empty}")
        faults = [text for count, text in ((repeated, f"{repeated:,} repeated"), (nulls, f"{nulls:,} empty")) if count]
        subject = f"{dataset.name} ({', '.join(key)})"
        yield VerifyCheck(kind="keys", subject=subject, status=bad if faults else "ok", detail=", ".join(faults) or "unique and filled")


def _nulls(connection: duckdb.DuckDBPyConnection, dataset: Dataset) -> Iterator[VerifyCheck]:
    """Fields that are empty in some rows: worth knowing; in all rows: likely a mistake."""
    fields = list(dataset.fields.values())
    if not fields:
        return
    counts = ", ".join(f"count({field.expression})" for field in fields)
    found = connection.execute(f"SELECT count(*), {counts} FROM {source_sql(dataset)}").fetchone()
    total, filled = (found[0], found[1:]) if found else (0, ())
    for field, count in zip(fields, filled, strict=False):
        if total and count < total:
            status: Status = "warning" if count == 0 else "ok"
            detail = f"{total - count:,} of {total:,} empty ({1 - count / total:.1%})"
            yield VerifyCheck(kind="nulls", subject=field.id, status=status, detail=detail)


def _dates(connection: duckdb.DuckDBPyConnection, dataset: Dataset) -> Iterator[VerifyCheck]:
    if dataset.default_time is None:
        return
    expression = dataset.fields[dataset.default_time].expression
    sql = f"SELECT min(d), max(d), count(DISTINCT d) FROM (SELECT CAST({expression} AS DATE) AS d FROM {source_sql(dataset)})"
    first, last, days = connection.execute(sql).fetchone() or (None, None, 0)
    status: Status = "ok" if first else "warning"
    detail = f"{first} to {last}, {days:,} different days" if first else "no dates"
    yield VerifyCheck(kind="dates", subject=f"{dataset.name}.{dataset.default_time}", status=status, detail=detail)


def _last_day(connection: duckdb.DuckDBPyConnection, model: SemanticModel, generation: Generation) -> Iterator[VerifyCheck]:
    """Whether the as-of day of each fact has as many rows as days usually have, and what lies after it."""
    as_of = model.settings.as_of or generation.manifest.as_of
    facts = {relationship.from_dataset for relationship in model.relationships} or set(model.datasets)
    for dataset in model.datasets.values():
        if dataset.default_time is None or dataset.name not in facts:
            continue
        day = f"CAST({dataset.fields[dataset.default_time].expression} AS DATE)"
        days = f"SELECT {day} AS d, count(*) AS n FROM {source_sql(dataset)} GROUP BY 1"
        sql = f"SELECT max(n) FILTER (d = ?), median(n), coalesce(sum(n) FILTER (d > ?), 0) FROM ({days})"
        on_day, usual, after = connection.execute(sql, [as_of, as_of]).fetchone() or (None, None, 0)
        if not usual:
            continue
        thin = usual >= 10 and (on_day or 0) < _THIN_DAY * usual
        detail = f"{_many(on_day or 0, 'row')} on {as_of}, {usual:,.0f} on the median day"
        detail += f"; questions leave out {_many(after, 'later row')}" if after else ""
        yield VerifyCheck(kind="last day", subject=dataset.name, status="warning" if thin else "ok", detail=detail)


def _orphans(
    connection: duckdb.DuckDBPyConnection, model: SemanticModel, relationship: Relationship, expected: Expectations
) -> VerifyCheck:
    many, one = model.datasets[relationship.from_dataset], model.datasets[relationship.to_dataset]
    pairs = list(zip(relationship.from_columns, relationship.to_columns, strict=True))
    join = " AND ".join(f"m.{_name(a)} = o.{_name(b)}" for a, b in pairs)
    filled = " AND ".join(f"m.{_name(a)} IS NOT NULL" for a, _ in pairs)
    lonely = f"NOT EXISTS (SELECT 1 FROM {source_sql(one)} AS o WHERE {join})"
    found = _number(connection, f"SELECT count(*) FROM {source_sql(many)} AS m WHERE {filled} AND {lonely}")
    accepted = expected.orphans.get(relationship.name)
    subject = f"{relationship.name} ({many.name} -> {one.name})"
    if accepted is not None:
        same = found == accepted
        detail = (
            f"{_many(found, 'row')} without a partner, as known"
            if same
            else f"{_many(found, 'row')} without a partner, {accepted:,} are known"
        )
        return VerifyCheck(kind="orphans", subject=subject, status="ok" if same else "error", detail=detail)
    return VerifyCheck(
        kind="orphans",
        subject=subject,
        status="warning" if found else "ok",
        detail=f"{_many(found, 'row')} without a partner" if found else "none",
    )


def _values(connection: duckdb.DuckDBPyConnection, model: SemanticModel) -> Iterator[VerifyCheck]:
    """Values that the model names and the data does not hold: a synonym for nothing."""
    for field in model.fields():
        named = dict.fromkeys((*field.value_synonyms, *field.order))
        if not named:
            continue
        sql = f"SELECT DISTINCT CAST({field.expression} AS VARCHAR) FROM {source_sql(model.datasets[field.dataset])}"
        stored = {value for (value,) in connection.execute(sql).fetchall()}
        missing = [value for value in named if value not in stored]
        detail = f"not in the data: {', '.join(missing)}" if missing else f"all {len(named)} named values are in the data"
        yield VerifyCheck(kind="values", subject=field.id, status="warning" if missing else "ok", detail=detail)


def _expectation(connection: duckdb.DuckDBPyConnection, expectation: Expectation) -> VerifyCheck:
    import duckdb

    try:
        found = connection.execute(expectation.sql).fetchone()
    except duckdb.Error as fault:
        first_line = str(fault).partition("\n")[0]
        return VerifyCheck(kind="expectation", subject=expectation.name, status="error", detail=f"its SQL does not run: {first_line}")
    value = found[0] if found else None
    fault_text = expectation.fault(value)
    return VerifyCheck(
        kind="expectation", subject=expectation.name, status="error" if fault_text else "ok", detail=fault_text or _shown(value)
    )


def _number(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    found = connection.execute(sql).fetchone()
    return int(found[0]) if found else 0


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def source_sql(dataset: Dataset) -> str:
    """What stands in FROM for a dataset: its table, or its query in brackets."""
    return f"({dataset.source})" if " " in dataset.source else _name(dataset.source)


def _name(name: str) -> str:
    return ".".join('"' + part.replace('"', "") + '"' for part in name.split("."))


def _is_number(value: object) -> bool:
    try:
        float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return not isinstance(value, bool)


def _shown(value: object) -> str:
    return f"{float(value):,.10g}" if _is_number(value) and not isinstance(value, str) else str(value)  # type: ignore[arg-type]
