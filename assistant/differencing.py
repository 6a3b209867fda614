"""The check across questions: two large groups that differ by a few people would tell about those few.

For an asker who may see groups only, each figure that is shown is remembered by its conditions and by how many people stand behind it.
A later figure over a group that contains, or is contained in, one shown before is withheld when the two differ by fewer people than the
minimum. What is remembered are conditions and counts, never figures or values of rows.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from tools.core.contract import Finding
from tools.core.errors import NotAllowed
from tools.core.query import Filter, MetricQuery
from tools.core.sql_guard import Rights

REMEMBERED = 200
"""Shown results compared with, per user and thread; older ones are dropped."""

Condition = tuple[str, str, frozenset[str]]
"""(what is tested, how, values)."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One result as far as it must be remembered."""

    split: tuple[str, ...]
    """What its rows are split by; results with another split have other rows."""
    conditions: frozenset[Condition]
    start: dt.date
    end: dt.date
    people: Mapping[str, int]
    """Row key -> people behind the row."""

    def contains(self, other: Shown) -> bool:
        """Whether every person of `other` also stands behind this: each condition here is implied by one there."""
        within = self.start <= other.start and other.end <= self.end
        return within and all(any(_implies(theirs, mine) for theirs in other.conditions) for mine in self.conditions)

    def to_json(self) -> str:
        conditions = [[what, how, sorted(values)] for what, how, values in sorted(self.conditions, key=str)]
        window = [self.start.isoformat(), self.end.isoformat()]
        return json.dumps({"split": self.split, "conditions": conditions, "window": window, "people": dict(self.people)})

    @classmethod
    def from_json(cls, text: str) -> Shown:
        row = json.loads(text)
        return cls(
            split=tuple(row["split"]),
            conditions=frozenset((what, how, frozenset(values)) for what, how, values in row["conditions"]),
            start=dt.date.fromisoformat(row["window"][0]),
            end=dt.date.fromisoformat(row["window"][1]),
            people=row["people"],
        )


def protect(query: MetricQuery, finding: Finding, rights: Rights, before: Iterable[Shown]) -> tuple[Finding, Shown | None]:
    """The finding without the rows that differ from one shown before by too few people, and what to remember of it.

    Raises:
        NotAllowed: No row is left.
    """
    people = finding.facts.get("people")
    if not rights.min_group_size or people is None:
        return finding, None
    shown = _shown(query, finding, people)
    close = {key for earlier in before for key in _too_close(shown, earlier, rights.min_group_size)}
    if not close:
        return finding, shown
    table = finding.tables[0]
    kept = tuple(row for row in table.rows if table.key_of(row) not in close)
    if not kept:
        raise NotAllowed(
            f"This figure differs from one that you have seen by fewer than {rights.min_group_size} people, and would tell about them.",
            try_instead=rights.request_access or "Ask about a group that differs by more people.",
            code="too_few_people_apart",
        )
    withheld = len(table.rows) - len(kept)
    caveat = f"{withheld} rows are withheld: each differs from one seen before by fewer than {rights.min_group_size} people."
    narrowed = replace(finding, tables=(replace(table, rows=kept), *finding.tables[1:]), caveats=(*finding.caveats, caveat))
    return narrowed, replace(shown, people={key: n for key, n in shown.people.items() if key not in close})


def _shown(query: MetricQuery, finding: Finding, people: Mapping[str, int]) -> Shown:
    window = finding.reading.window
    split = tuple(f"{d.field}:{d.grain or ''}:{d.bin_width or ''}" for d in query.dimensions)
    conditions = {_condition(f) for f in query.filters}
    conditions |= {("entity", c.model_dump_json(), frozenset[str]()) for c in query.entity_conditions}
    conditions |= {("metric", m.model_dump_json(), frozenset[str]()) for m in query.metrics if m.filters or m.per}
    return Shown(
        split=split,
        conditions=frozenset(conditions),
        start=window.start if window else dt.date.min,
        end=window.end if window else dt.date.max,
        people=people,
    )


def _condition(item: Filter) -> Condition:
    return (f"{item.field}:{item.grain or ''}", item.op, frozenset(str(value) for value in item.values))


def _implies(theirs: Condition, mine: Condition) -> bool:
    """Whether whoever passes `theirs` passes `mine`."""
    if theirs == mine:
        return True
    if theirs[0] != mine[0] or theirs[1] != mine[1]:
        return False
    if mine[1] == "in":
        return theirs[2] <= mine[2]
    return mine[1] == "not_in" and mine[2] <= theirs[2]


def _too_close(new: Shown, earlier: Shown, minimum: int) -> Iterable[str]:
    nested = new.split == earlier.split and (new.contains(earlier) or earlier.contains(new))
    if not nested:
        return ()
    return [key for key, n in new.people.items() if 0 < abs(n - earlier.people.get(key, n)) < minimum]
