"""Whether the model fits a database: tables, key columns and types that it takes for granted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tools.core.semantics.checks.subject import ROOT, Subject
from tools.core.semantics.defaults import NUMERIC, TEMPORAL, datatype_of
from tools.core.semantics.model import Dataset, Datatype, Field
from tools.core.semantics.problems import Where, did_you_mean


def check_fit(subject: Subject) -> None:
    """Does nothing without a catalog."""
    if subject.catalog is None:
        return
    for dataset in subject.model.datasets.values():
        if " " in dataset.source:
            continue
        where = subject.dataset(dataset.name)
        table = subject.catalog.resolve(dataset.source)
        if table is None:
            message = f"dataset '{dataset.name}': the database has no table '{dataset.source}'"
            subject.issues.error((*where, "source"), message, did_you_mean(dataset.source, subject.catalog.tables))
            continue
        columns = {name.lower(): kind for name, kind in subject.catalog.tables[table].items()}
        _check_keys(subject, dataset, columns, where)
        _check_join_columns(subject, dataset, columns)
        for field in dataset.fields.values():
            _check_type(subject, field, columns)
    _check_time_spine(subject)


def _check_keys(subject: Subject, dataset: Dataset, columns: Mapping[str, str], where: Where) -> None:
    _check_present(subject, dataset, dataset.primary_key, columns, (*where, "primary_key"), "primary_key")
    for position, key in enumerate(dataset.unique_keys):
        _check_present(subject, dataset, key, columns, (*where, "unique_keys", position), "unique_keys")


def _check_join_columns(subject: Subject, dataset: Dataset, columns: Mapping[str, str]) -> None:
    for relationship in subject.model.relationships:
        where = subject.relationship(relationship.name)
        what = f"relationship '{relationship.name}'"
        if relationship.from_dataset == dataset.name:
            _check_present(subject, dataset, relationship.from_columns, columns, (*where, "from_columns"), what)
        if relationship.to_dataset == dataset.name:
            _check_present(subject, dataset, relationship.to_columns, columns, (*where, "to_columns"), what)


def _check_present(subject: Subject, dataset: Dataset, names: Iterable[str], columns: Mapping[str, str], where: Where, what: str) -> None:
    for name in names:
        if name.lower() not in columns:
            subject.issues.error(where, f"{what}: table '{dataset.source}' has no column '{name}'", did_you_mean(name, columns))


def _check_type(subject: Subject, field: Field, columns: Mapping[str, str]) -> None:
    stored = columns.get(field.expression.strip('"').lower())
    if stored is None:
        return
    actual = datatype_of(stored)
    if _family(actual) != _family(field.datatype) and Datatype.OPAQUE not in {actual, field.datatype}:
        where = (*subject.field(field.id), "datatype")
        message = f"field '{field.id}' is declared {field.datatype}, but its column is {stored}"
        subject.issues.error(where, message, f"write datatype: {actual}, or convert it in the expression")


def _family(datatype: Datatype) -> str:
    if datatype in NUMERIC:
        return "number"
    if datatype is Datatype.TIME:
        return "time"
    return "date" if datatype in TEMPORAL else datatype.value


def _check_time_spine(subject: Subject) -> None:
    spine = subject.model.settings.time_spine
    if spine is None or subject.catalog is None:
        return
    where = subject.extension(ROOT, "time_spine")
    table, _, column = spine.rpartition(".")
    found = subject.catalog.resolve(table) if table else None
    if found is None:
        subject.issues.error(where, f"time_spine: the database has no table '{table}'", did_you_mean(table, subject.catalog.tables))
    elif column not in subject.catalog.tables[found]:
        subject.issues.error(
            where, f"time_spine: table '{table}' has no column '{column}'", did_you_mean(column, subject.catalog.tables[found])
        )
