"""Filters as symbolic SQL conditions, values typed as the field is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import cast

from sqlglot import exp

from tools.core.contract import DateSpan
from tools.core.errors import QueryUnsupported
from tools.core.query import sql
from tools.core.query.calendar import BEGINNING
from tools.core.query.metric_query import Filter, Grain, PeriodUnit, Scalar
from tools.core.query.resolve import Scope, is_date
from tools.core.query.sql import METRIC_TIME, MONTHS, WEEKDAYS
from tools.core.semantics.model import Datatype, Field

_DAY = dt.timedelta(days=1)
_COMPARED = {"gt": exp.GT, "ge": exp.GTE, "lt": exp.LT, "le": exp.LTE}


def filter_condition(scope: Scope, condition: Filter) -> exp.Expression:
    """The filter over symbolic columns.

    Raises:
        UnknownName: No such field.
        QueryUnsupported: The operator or a value does not fit the field.
        NotAllowed: The asker may not read the field.
    """
    if condition.field == METRIC_TIME:
        return _date_condition(sql.symbol(METRIC_TIME), condition, scope, moment=True)
    field = scope.field(condition.field)
    target: exp.Expression = sql.symbol(field.id)
    if is_date(field):
        return _date_condition(target, condition, scope, moment=field.datatype is not Datatype.DATE)
    if condition.grain is not None:
        raise QueryUnsupported(f"{field.id} is not a date, so it has no {condition.grain.value}", try_instead="leave the grain out")
    return _condition(target, condition, [typed(v, field) for v in condition.values], is_text=field.datatype is Datatype.STRING)


def window_condition(moment: exp.Expression, span: DateSpan, *, has_time_of_day: bool) -> exp.Expression | None:
    """The days of the span, both ends included; None for a span without bounds."""
    parts: list[exp.Expression] = []
    if span.start > BEGINNING:
        parts.append(exp.GTE(this=moment.copy(), expression=sql.literal(span.start)))
    if has_time_of_day:
        parts.append(exp.LT(this=moment.copy(), expression=sql.literal(span.end + _DAY)))
    else:
        parts.append(exp.LTE(this=moment.copy(), expression=sql.literal(span.end)))
    return sql.all_of(parts)


def until(moment: exp.Expression, day: dt.date, *, has_time_of_day: bool) -> exp.Expression:
    """Everything up to and including the day."""
    if has_time_of_day:
        return exp.LT(this=moment, expression=sql.literal(day + _DAY))
    return exp.LTE(this=moment, expression=sql.literal(day))


def typed(value: Scalar, field: Field) -> Scalar:
    """A value as the field stores it: numbers given as text become numbers, and the reverse."""
    if field.datatype is Datatype.BOOLEAN and isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if field.datatype is Datatype.STRING and not isinstance(value, str):
        return str(value)
    if field.datatype in (Datatype.INTEGER, Datatype.DECIMAL, Datatype.FLOAT) and isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            raise QueryUnsupported(f"{field.id} holds numbers, {value!r} is none", try_instead="give a number") from None
    return value


def _condition(target: exp.Expression, condition: Filter, values: Sequence[Scalar], *, is_text: bool) -> exp.Expression:
    op = condition.op
    if op == "ge_or_null":
        return exp.paren(
            exp.or_(exp.GTE(this=target, expression=sql.literal(values[0])), exp.Is(this=target.copy(), expression=exp.Null()))
        )
    if op in ("is_null", "not_null"):
        empty = exp.Is(this=target, expression=exp.Null())
        return empty if op == "is_null" else exp.Not(this=empty)
    if op in ("contains", "starts_with"):
        text = target if is_text else sql.cast_to(target, "varchar")
        name = "CONTAINS" if op == "contains" else "STARTS_WITH"
        return sql.function(name, sql.function("LOWER", text), exp.Literal.string(str(values[0]).lower()))
    literals = [sql.literal(v) for v in values]
    if op == "between":
        return exp.Between(this=target, low=literals[0], high=literals[1])
    if op in _COMPARED:
        return _COMPARED[op](this=target, expression=literals[0])
    return _membership(target, literals, keep=op == "in")


def _membership(target: exp.Expression, literals: list[exp.Expression], *, keep: bool) -> exp.Expression:
    if len(literals) == 1:
        positive: exp.Expression = exp.EQ(this=target, expression=literals[0])
        negative: exp.Expression = exp.NEQ(this=target.copy(), expression=literals[0])
    else:
        positive = exp.In(this=target, expressions=literals)
        negative = exp.Not(this=exp.In(this=target.copy(), expressions=literals))
    if keep:
        return positive
    return exp.paren(exp.or_(negative, exp.Is(this=target.copy(), expression=exp.Null())))


def _date_condition(target: exp.Expression, condition: Filter, scope: Scope, *, moment: bool) -> exp.Expression:
    if condition.op in ("is_null", "not_null"):
        return _condition(target, condition, (), is_text=False)
    if condition.op in ("contains", "starts_with"):
        raise QueryUnsupported(f"{condition.field} is a date, which contains no text", try_instead="compare it with dates")
    grain = condition.grain
    if grain is not None and grain.is_cyclic:
        values = [recurring_value(v, grain) for v in condition.values]
        if isinstance(values[0], str) and condition.op not in ("in", "not_in"):
            return _ranked_names(target, condition, [str(v) for v in values], grain)
        return _condition(sql.recurring_part(target, grain), condition, values, is_text=False)
    days = [_day(v, condition.field) for v in condition.values]
    if grain is not None and grain is not Grain.DAY:
        days = [_period_of(d, grain, scope) for d in days]
        return _condition(sql.truncate(target, grain, sunday_weeks=scope.sunday_weeks), condition, days, is_text=False)
    return _day_condition(target, condition, days, moment=moment)


def _day_condition(target: exp.Expression, condition: Filter, days: list[Scalar], *, moment: bool) -> exp.Expression:
    """Whole days: "until 31 March" includes all of that day, whatever the time of day."""
    plain = all(isinstance(d, dt.date) and not isinstance(d, dt.datetime) for d in days)
    if not moment or not plain:
        return _condition(target, condition, days, is_text=False)
    if condition.op in ("in", "not_in"):
        return _condition(sql.cast_to(target, "date"), condition, days, is_text=False)
    first, last = days[0], days[-1]
    assert isinstance(first, dt.date)
    assert isinstance(last, dt.date)
    after = {
        "ge": exp.GTE(this=target, expression=sql.literal(first)),
        "gt": exp.GTE(this=target, expression=sql.literal(first + _DAY)),
        "lt": exp.LT(this=target, expression=sql.literal(first)),
        "le": exp.LT(this=target, expression=sql.literal(first + _DAY)),
    }
    if condition.op == "ge_or_null":
        return _condition(target, condition, days, is_text=False)
    if condition.op in after:
        return after[condition.op]
    low = exp.GTE(this=target, expression=sql.literal(first))
    return exp.and_(low, exp.LT(this=target.copy(), expression=sql.literal(last + _DAY)))


def _ranked_names(target: exp.Expression, condition: Filter, names: list[str], grain: Grain) -> exp.Expression:
    ordered = sql.names_in_order(grain)
    rank = sql.function("ISODOW" if grain is Grain.DAY_OF_WEEK else "MONTH", target)
    return _condition(rank, condition, [ordered.index(n) + 1 for n in names], is_text=False)


def recurring_value(value: Scalar, grain: Grain) -> Scalar:
    """Weekdays and months by name, the rest by number; numbers of weekdays are ISO (1 = Monday)."""
    names = {Grain.DAY_OF_WEEK: WEEKDAYS, Grain.MONTH_OF_YEAR: MONTHS}.get(grain)
    text = str(value).strip()
    if names is not None:
        if text.isdigit() and 1 <= int(text) <= len(names):
            return names[int(text) - 1]
        found = [n for n in names if len(text) >= 3 and n.lower().startswith(text.lower())]
        if found:
            return found[0]
        raise QueryUnsupported(f"{value!r} is no {grain.value.replace('_', ' ')}", try_instead=f"use one of {', '.join(names)}")
    digits = text[1:] if grain is Grain.QUARTER_OF_YEAR and text[:1].lower() == "q" else text
    if not digits.isdigit():
        raise QueryUnsupported(f"{value!r} is no {grain.value.replace('_', ' ')}", try_instead="give a whole number")
    return int(digits)


def _period_of(day: Scalar, grain: Grain, scope: Scope) -> Scalar:
    """Start of the period that the given day lies in, so that any of its days names it."""
    if grain is Grain.HOUR or not isinstance(day, dt.date):
        return day
    plain = day.date() if isinstance(day, dt.datetime) else day
    return scope.calendar.period_start(plain, cast("PeriodUnit", grain.value))


def _day(value: Scalar, field: str) -> Scalar:
    """A date from a date, "2017-03-05", "2017-03" or 2017; moments with a time of day stay moments."""
    if isinstance(value, dt.date):
        return value
    text = str(value).strip()
    for pattern, form in ((4, "%Y"), (7, "%Y-%m"), (10, "%Y-%m-%d")):
        if len(text) == pattern:
            try:
                return dt.datetime.strptime(text, form).date()
            except ValueError:
                break
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        raise QueryUnsupported(f"{value!r} is no date for {field}", try_instead="write dates as 2017-03-31") from None
