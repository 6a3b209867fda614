"""SQL expressions that do not parse, or speak of fields that do not exist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from tools.core.semantics.checks.subject import Subject
from tools.core.semantics.model import Field, Metric
from tools.core.semantics.problems import Where, did_you_mean

_AGGREGATES = (exp.AggFunc, exp.Filter, exp.WithinGroup)
_NEVER_SCALAR = (exp.Query, exp.Window)


def parsed(subject: Subject, sql: str, where: Where, what: str) -> exp.Expression | None:
    """The expression as a tree; reported when it is not one SQL expression."""
    try:
        # Wrapped, so that a statement or a list of columns is no expression.
        select = sqlglot.parse_one(f"SELECT ({sql}\n)", dialect="duckdb")
    except (SqlglotError, RecursionError) as fault:
        subject.issues.error(where, f"{what}: `{_short(sql)}` is not an SQL expression", _reason(fault))
        return None
    only = select.expressions[0] if isinstance(select, exp.Select) and len(select.expressions) == 1 else None
    if not isinstance(only, exp.Paren):
        subject.issues.error(where, f"{what}: `{_short(sql)}` is not one SQL expression", "write a single expression, without SELECT")
        return None
    return cast(exp.Expression, only.this)


def check_field_expressions(subject: Subject) -> None:
    """A field is a scalar over its own row: no aggregate, window, subquery or other dataset; its columns exist."""
    for field in subject.model.fields():
        where = subject.expression(subject.field(field.id))
        what = f"field '{field.id}'"
        tree = parsed(subject, field.expression, where, what)
        if tree is None:
            continue
        if any(True for _ in tree.find_all(*_AGGREGATES, *_NEVER_SCALAR)):
            subject.issues.error(
                where, f"{what} is not a scalar of one row", "put aggregates into a metric, windows and subqueries into the source"
            )
        _check_columns(subject, field, tree, where, what)


def _check_columns(subject: Subject, field: Field, tree: exp.Expression, where: Where, what: str) -> None:
    dataset = subject.model.datasets[field.dataset]
    columns = _source_columns(subject, dataset.source)
    for column in tree.find_all(exp.Column):
        if column.table and column.table not in {dataset.name, dataset.source.rpartition(".")[2]}:
            subject.issues.error(
                where, f"{what} uses '{column.table}.{column.name}' of another dataset", "declare the field there; metrics may join it"
            )
        elif columns is not None and column.name.lower() not in columns:
            subject.issues.error(
                where, f"{what}: table '{dataset.source}' has no column '{column.name}'", did_you_mean(column.name, columns.values())
            )


def _source_columns(subject: Subject, source: str) -> dict[str, str] | None:
    """Lower-case name -> name of the columns; None when they are not known."""
    table = subject.catalog.resolve(source) if subject.catalog and " " not in source else None
    return {name.lower(): name for name in subject.catalog.tables[table]} if subject.catalog and table else None


def check_metric_expressions(subject: Subject) -> None:
    """A metric aggregates fields that exist and can be brought together; a derived one computes with its inputs only."""
    for metric in subject.model.metrics.values():
        where = subject.expression(subject.metric(metric.name))
        what = f"metric '{metric.name}'"
        tree = parsed(subject, metric.expression, where, what)
        if tree is not None:
            if metric.is_derived:
                _check_derived(subject, metric, tree, where, what)
            else:
                _check_aggregate(subject, tree, where, what)
        extension = subject.metric(metric.name)
        _check_condition(subject, metric.filter, subject.extension(extension, "filter"), f"{what}, filter")
        for each in metric.inputs:
            _check_condition(
                subject, each.filter, subject.extension(extension, "inputs", "filter"), f"{what}, filter of input '{each.alias}'"
            )


def _check_derived(subject: Subject, metric: Metric, tree: exp.Expression, where: Where, what: str) -> None:
    aliases = [each.alias for each in metric.inputs]
    for column in tree.find_all(exp.Column):
        if column.table or column.name not in aliases:
            subject.issues.error(where, f"{what}: '{column.sql('duckdb')}' is none of its inputs", did_you_mean(column.name, aliases))
    if any(True for _ in tree.find_all(*_AGGREGATES)):
        subject.issues.error(where, f"{what} aggregates, yet has inputs", "compute with the aliases only, or remove inputs")


def _check_aggregate(subject: Subject, tree: exp.Expression, where: Where, what: str) -> None:
    if any(True for _ in tree.find_all(*_NEVER_SCALAR)):
        subject.issues.error(where, f"{what} holds a window or a subquery", "use cumulative, a named filter or a field instead")
        return
    aggregates = list(_outermost_aggregates(tree))
    if not aggregates:
        subject.issues.error(where, f"{what} adds nothing up", "use an aggregate such as SUM(dataset.field)")
        return
    inside = {id(column) for aggregate in aggregates for column in aggregate.find_all(exp.Column)}
    for column in tree.find_all(exp.Column):
        _check_reference(subject, column, where, what)
        if id(column) not in inside:
            subject.issues.error(
                where, f"{what}: '{column.sql('duckdb')}' stands outside an aggregate", "wrap it, as in SUM(...) or MAX(...)"
            )
    for aggregate in aggregates:
        _check_one_fact(subject, aggregate, where, what)


def _outermost_aggregates(node: exp.Expression) -> Iterator[exp.Expression]:
    if isinstance(node, _AGGREGATES):
        yield node
        return
    for child in node.iter_expressions():
        yield from _outermost_aggregates(child)


def _check_reference(subject: Subject, column: exp.Column, where: Where, what: str) -> bool:
    if isinstance(column.this, exp.Star):
        return subject.knows_dataset(column.table, where, what)
    if not column.table:
        same_name = [each.id for each in subject.model.fields() if each.name == column.name]
        hint = f"did you mean '{same_name[0]}'?" if same_name else "write dataset.field"
        subject.issues.error(where, f"{what}: '{column.name}' names no dataset", hint)
        return False
    return subject.knows_field(f"{column.table}.{column.name}", where, what)


def _check_one_fact(subject: Subject, aggregate: exp.Expression, where: Where, what: str) -> None:
    datasets = {column.table for column in aggregate.find_all(exp.Column)}
    if not datasets:
        subject.issues.error(where, f"{what}: `{aggregate.sql('duckdb')}` does not say what it counts", "write COUNT(dataset.field)")
    elif datasets <= set(subject.model.datasets) and not any(subject.graph.reaches_all(name, datasets) for name in datasets):
        names = " and ".join(sorted(datasets))
        hint = "aggregate each on its own, or add the relationship between them"
        subject.issues.error(
            where, f"{what}: `{_short(aggregate.sql('duckdb'))}` needs {names} in one row, and neither leads to the other", hint
        )


def _check_condition(subject: Subject, sql: str | None, where: Where, what: str) -> None:
    """A boolean expression over `dataset.field`s."""
    if sql is None:
        return
    tree = parsed(subject, sql, where, what)
    if tree is None:
        return
    if any(True for _ in tree.find_all(*_AGGREGATES, *_NEVER_SCALAR)):
        subject.issues.error(where, f"{what}: conditions are tested row by row", "leave out aggregates, windows and subqueries")
    for column in tree.find_all(exp.Column):
        _check_reference(subject, column, where, what)


def _short(sql: str) -> str:
    flat = " ".join(sql.split())
    return flat if len(flat) <= 60 else flat[:57] + "..."


def _reason(fault: Exception) -> str:
    errors = getattr(fault, "errors", None) or [{}]
    described = str(errors[0].get("description") or "").rstrip(".")
    return described[:1].lower() + described[1:] if described else "check brackets, quotes and operators"
