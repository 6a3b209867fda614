"""What can be told of conditions on fields without the data: opposites, years as days, conditions that no row passes."""

from __future__ import annotations

from collections.abc import Iterable

from assistant.minds.embedded.records.asked import Test
from tools.core.query.metric_query import Filter


def in_days(test: Test, field_id: str) -> Filter:
    """A condition on a year, of a field of days."""
    low, high = f"{test.values[0]}-01-01", f"{test.values[-1]}-12-31"
    if test.op in ("in", "between"):
        return Filter(field=field_id, op="between", values=(low, high))
    return Filter(field=field_id, op=test.op, values=(high if test.op in ("gt", "le") else low,))


OPPOSITE = {"gt": "le", "ge": "lt", "lt": "ge", "le": "gt"}


def excludes(one: Filter, others: Iterable[Filter]) -> bool:
    """Whether no row can pass both: two values of one field, or a low and a high one."""
    same = [o for o in others if o.field == one.field]
    return any((o.op == one.op == "in" and not set(o.values) & set(one.values)) or leaves_nothing(one, o) for o in same)


def leaves_nothing(one: Filter, other: Filter) -> bool:
    """Whether one field would have to be above a number and below a lower one."""
    ends = {f.op[0]: f.values[0] for f in (one, other) if f.op in ("gt", "ge", "lt", "le")}
    low, high = ends.get("g"), ends.get("l")
    return one.field == other.field and isinstance(low, (int, float)) and isinstance(high, (int, float)) and low >= high
