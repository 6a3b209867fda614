"""Small questions about parts of plans, and lists of conditions with one more or one less."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.lexicon import Kind
from tools.core.query.metric_query import DimensionRef, Filter, Grain, Measure, MetricQuery, TimeWindow

_OF_THE_WEEK = frozenset({"is_weekend", "weekend", "weekday", "day_of_week"})
_LENGTHS = {"day": (1, 1), "week": (5, 7), "month": (28, 31), "quarter": (90, 92)}


def is_about(days: int, unit: str) -> bool:
    low, high = _LENGTHS[unit]
    return low <= days <= high


def is_series(dimension: DimensionRef) -> bool:
    return dimension.grain is not None and not dimension.grain.is_cyclic


def is_plain(measure: Measure) -> bool:
    return not (measure.is_aggregated_again or measure.over or measure.filters or measure.entity_conditions)


def is_one_year(window: TimeWindow) -> bool:
    """Whether the window is a whole calendar year, or as much of one as the data has."""
    if window.unit == "year" and window.last_n is None:
        return True
    start, end = window.start, window.end
    return (
        start is not None and end is not None and (start.month, start.day, end.month, end.day) == (1, 1, 12, 31) and start.year == end.year
    )


def days(span: Any) -> tuple[dt.date, dt.date]:
    return span.start, span.end


def renamed(by: str, names: dict[str, str]) -> str:
    """A sort key after its measure was swapped: "income_change" as well as "income"."""
    for old, new in names.items():
        if by == old or by.startswith((f"{old}_change", f"{old}_share", f"{old}_previous")):
            return new + by[len(old) :]
    return by


def tests_the_same(one: Filter, other: Filter) -> bool:
    return (one.field == other.field and one.grain == other.grain) or (says_which_days(one) and says_which_days(other))


def says_which_days(test: Filter) -> bool:
    """Whether a condition picks days of the week: "on Saturdays", "on weekdays"."""
    return test.grain is Grain.DAY_OF_WEEK or test.field.rsplit(".", 1)[-1] in _OF_THE_WEEK


def joined(kept: Sequence[Filter], test: Filter) -> list[Filter]:
    """The conditions with one more, its values beside those of an equal one."""
    for at, old in enumerate(kept):
        if tests_the_same(old, test) and old.op == test.op:
            values = tuple(dict.fromkeys((*old.values, *test.values)))
            return [*kept[:at], old.model_copy(update={"values": values}), *kept[at + 1 :]]
    return [*kept, test]


def restored(old: Sequence[Filter], found: Sequence[Filter]) -> list[Filter]:
    """ "put garden back in": no longer excluded, or among those asked for."""
    kept = list(old)
    for test in found:
        for at, condition in enumerate(kept):
            if not tests_the_same(condition, test):
                continue
            if condition.op == "not_in":
                rest = tuple(v for v in condition.values if v not in test.values)
                kept[at : at + 1] = [condition.model_copy(update={"values": rest})] if rest else []
            elif condition.op == "in":
                kept[at] = condition.model_copy(update={"values": tuple(dict.fromkeys((*condition.values, *test.values)))})
            break
    return kept


def fields_named(draft: Draft) -> list[str]:
    """Fields whose names the fragment holds: the "category" of "drop the category"."""
    found: list[str] = []
    for item in draft.items:
        found += [s.target for s in item.mention.of(Kind.FIELD)] if item.mention is not None else []
    return found


def consistent(query: MetricQuery) -> MetricQuery | None:
    """The plan without sort keys and conditions on columns that it no longer has."""
    columns = {m.column for m in query.metrics}
    known = {f"{c}{suffix}" for c in columns for suffix in ("", "_share")}
    if query.comparison is not None or query.growth is not None:
        known |= {f"{c}{suffix}" for c in columns for suffix in ("_change", "_change_rate", "_previous")}
    known |= {d.field for d in query.dimensions}
    order = tuple(o for o in query.order if o.by in known)
    having = tuple(h for h in query.having if h.metric in known)
    top = query.top_per_group if query.top_per_group is not None and query.top_per_group.by in known else None
    try:
        return MetricQuery.model_validate(query.model_dump() | {"order": order, "having": having, "top_per_group": top})
    except ValidationError:
        return None


def dumped(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(dumped(v) for v in value)
    return value.model_dump() if hasattr(value, "model_dump") else value
