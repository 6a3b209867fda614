"""Small builders of sqlglot trees, so that no value is ever pasted into text.

Symbolic columns: until a fact is bound to tables, a column `dataset.field` stands for a field of the model,
and `metric.time` for the date of whichever metric is being computed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Literal, cast

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from tools.core.errors import ModelInvalid, QueryUnsupported
from tools.core.query.metric_query import Comparator, Grain, Scalar

METRIC_TIME = "metric.time"
"""The date of each metric, whichever fact it counts: a field id that every model has."""

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

COMPARATORS: dict[Comparator, type[exp.Binary]] = {
    "gt": exp.GT, "ge": exp.GTE, "lt": exp.LT, "le": exp.LTE, "eq": exp.EQ, "ne": exp.NEQ,
}  # fmt: skip


@lru_cache(maxsize=4096)
def _parsed(text: str) -> exp.Expression:
    try:
        return cast(exp.Expression, parse_one(text, read="duckdb"))
    except SqlglotError as problem:
        raise ModelInvalid(
            f"the semantic model holds an expression that is not SQL: {text}", try_instead="run `assistant semantics validate`"
        ) from problem


def parse(text: str) -> exp.Expression:
    """A fresh tree of the author's SQL."""
    return _parsed(text).copy()


def symbol(field_id: str) -> exp.Column:
    """The symbolic column of `dataset.field`."""
    dataset, _, name = field_id.partition(".")
    return exp.column(name, table=dataset)


def symbols(expression: exp.Expression) -> tuple[str, ...]:
    """The field ids that a symbolic expression uses, in order of appearance."""
    return tuple(dict.fromkeys(f"{c.table}.{c.name}" for c in expression.find_all(exp.Column)))


def replace_columns(expression: exp.Expression, change: Callable[[exp.Column], exp.Expression]) -> exp.Expression:
    """A copy in which every column has been put through `change`."""

    def visit(node: exp.Expression) -> exp.Expression:
        return change(node) if isinstance(node, exp.Column) else node

    return cast(exp.Expression, expression.transform(visit, copy=True))


def column(name: str, table: str | None = None) -> exp.Column:
    return exp.column(name, table=table)


def block(name: str) -> exp.Table:
    """A table or named block by its plain name."""
    return exp.Table(this=exp.to_identifier(name))


def cast_to(expression: exp.Expression, kind: Literal["date", "timestamp", "double", "varchar"]) -> exp.Expression:
    """CAST(expression AS kind)."""
    return exp.Cast(this=expression, to=exp.DataType(this=exp.DType(kind.upper()), nested=False))


def left_join(select: exp.Select, table: exp.Expression, condition: exp.Expression) -> None:
    """Add LEFT JOIN table ON condition, in place."""
    select.append("joins", exp.Join(this=table, side="LEFT", on=condition))


def literal(value: Scalar) -> exp.Expression:
    """A value as a literal; dates as CAST('...' AS DATE)."""
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, dt.datetime):
        return cast_to(exp.Literal.string(value.isoformat(sep=" ")), "timestamp")
    if isinstance(value, dt.date):
        return cast_to(exp.Literal.string(value.isoformat()), "date")
    if isinstance(value, (int, float)):
        text = repr(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value)
        return exp.Neg(this=exp.Literal.number(text[1:])) if text.startswith("-") else exp.Literal.number(text)
    return exp.Literal.string(value)


def number(value: int) -> exp.Expression:
    return literal(value)


def function(name: str, *arguments: exp.Expression) -> exp.Expression:
    """A DuckDB function call as sqlglot knows it."""
    return exp.func(name, *arguments, dialect="duckdb")


def all_of(conditions: Iterable[exp.Expression]) -> exp.Expression | None:
    """The conditions joined by AND, None when there are none."""
    parts = [c.copy() for c in conditions]
    return exp.and_(*parts) if parts else None


def compare(left: exp.Expression, op: Comparator, right: exp.Expression) -> exp.Expression:
    return COMPARATORS[op](this=left, expression=right)


def same(left: exp.Expression, right: exp.Expression) -> exp.Expression:
    """Equality under which two NULLs are equal, as grouping treats them."""
    return exp.NullSafeEQ(this=left, expression=right)


def ratio(numerator: exp.Expression, denominator: exp.Expression) -> exp.Expression:
    """Numerator / denominator as DOUBLE, NULL when the denominator is zero."""
    safe = function("NULLIF", denominator, number(0))
    return exp.Div(this=cast_to(numerator, "double"), expression=safe, typed=False, safe=False)


def coalesce(first: exp.Expression, *others: exp.Expression) -> exp.Expression:
    return exp.Coalesce(this=first, expressions=list(others))


def case(branches: Iterable[tuple[exp.Expression, exp.Expression]], otherwise: exp.Expression | None = None) -> exp.Expression:
    built = exp.Case()
    for condition, value in branches:
        built = built.when(condition, value)
    return built.else_(otherwise) if otherwise is not None else built


def position_of(value: exp.Expression, ordered: Iterable[str]) -> exp.Expression:
    """Rank of a value in a declared order; unlisted values and NULL get NULL, which sorts last."""
    return exp.Case(
        this=value,
        ifs=[exp.If(this=exp.Literal.string(v), true=number(i)) for i, v in enumerate(ordered, start=1)],
    )


def sort_key(expression: exp.Expression, *, descending: bool) -> exp.Ordered:
    """NULL always sorts last."""
    return exp.Ordered(this=expression, desc=descending, nulls_first=False)


def window(
    aggregate: exp.Expression,
    *,
    partition: Iterable[exp.Expression] = (),
    order: Iterable[exp.Ordered] = (),
    frame: exp.WindowSpec | None = None,
) -> exp.Expression:
    keys = list(order)
    return exp.Window(
        this=aggregate,
        partition_by=list(partition),
        order=exp.Order(expressions=keys) if keys else None,
        spec=frame,
    )


def interval(count: int, unit: str) -> exp.Interval:
    if unit == "quarter":
        count, unit = 3 * count, "month"
    return exp.Interval(this=exp.Literal.string(str(count)), unit=exp.Var(this=unit.upper()))


def shift(day: exp.Expression, count: int, unit: str) -> exp.Expression:
    """The date `count` units later, earlier when negative."""
    if count < 0:
        return exp.Sub(this=day, expression=interval(-count, unit))
    return exp.Add(this=day, expression=interval(count, unit))


def truncate(moment: exp.Expression, grain: Grain, *, sunday_weeks: bool = False) -> exp.Expression:
    """First day of the period that holds the moment (its hour, for hours)."""
    if grain is Grain.HOUR:
        return function("DATE_TRUNC", exp.Literal.string("hour"), moment)
    if grain is Grain.DAY:
        return cast_to(moment, "date")
    if grain is Grain.WEEK and sunday_weeks:
        start = function("DATE_TRUNC", exp.Literal.string("week"), shift(moment, 1, "day"))
        return cast_to(shift(start, -1, "day"), "date")
    return cast_to(function("DATE_TRUNC", exp.Literal.string(grain.value), moment), "date")


def recurring_part(moment: exp.Expression, grain: Grain) -> exp.Expression:
    """The part of a date that comes round again: a name for days of the week and months, a number otherwise."""
    functions = {
        Grain.HOUR_OF_DAY: "HOUR",
        Grain.DAY_OF_WEEK: "DAYNAME",
        Grain.DAY_OF_MONTH: "DAY",
        Grain.WEEK_OF_YEAR: "WEEK",
        Grain.MONTH_OF_YEAR: "MONTHNAME",
        Grain.QUARTER_OF_YEAR: "QUARTER",
    }
    if grain not in functions:
        raise QueryUnsupported(f"{grain.value} is not a recurring part of a date", try_instead="use a grain such as day_of_week")
    return function(functions[grain], moment)


def at_grain(moment: exp.Expression, grain: Grain, *, sunday_weeks: bool = False) -> exp.Expression:
    """A date at a grain, whether a period or a recurring part."""
    return recurring_part(moment, grain) if grain.is_cyclic else truncate(moment, grain, sunday_weeks=sunday_weeks)


def names_in_order(grain: Grain | None, *, sunday_weeks: bool = False) -> tuple[str, ...]:
    """The values of a grain that are names, in the order people expect."""
    if grain is Grain.DAY_OF_WEEK:
        return (WEEKDAYS[-1], *WEEKDAYS[:-1]) if sunday_weeks else WEEKDAYS
    return MONTHS if grain is Grain.MONTH_OF_YEAR else ()
