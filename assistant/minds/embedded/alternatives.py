"""Readings that differ in their plans, compared by what they give: no question is asked where the answer would be the same."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from assistant.minds.embedded.assemble import Reading
from assistant.turn import MindContext, Step
from tools.core.contract import Finding
from tools.core.errors import AnswerError

MAX_COMPARED = 3
"""Each costs a query; more readings than this are asked about at once."""
_DIGITS = 12


def same_results(steps: Sequence[Step], context: MindContext) -> Generator[Step, Finding | None, int]:
    """How many steps ran, when all of them gave the same rows; 0 when they differ, gave nothing, or may not be compared.

    Roles that see groups only are asked right away: what is shown to them is counted, and this would count twice.
    """
    grouped = context.rights is not None and context.rights.min_group_size
    if grouped or not 1 < len(steps) <= MAX_COMPARED:
        return 0
    seen: set[tuple[Any, ...]] = set()
    for step in steps:
        try:
            finding = yield step
        except AnswerError:
            return 0
        rows = _rows(finding) if finding is not None else ()  # Who only looks ahead has nothing to send.
        if not rows:
            return 0
        seen.add(rows)
        if len(seen) > 1:
            return 0
    return len(steps)


def plans_of(readings: Sequence[Reading]) -> list[Reading]:
    """The readings that have a plan, each plan once."""
    found: list[Reading] = []
    for reading in readings:
        if reading.query is not None and all(reading.query != other.query for other in found):
            found.append(reading)
    return found


def _rows(finding: Finding) -> tuple[Any, ...]:
    """The finding's rows without their order, figures to 12 digits; empty when it has none."""
    if not finding.tables:
        return ()
    rounded = (tuple(round(float(c), _DIGITS) if isinstance(c, float) else c for c in row) for row in finding.tables[0].rows)
    return tuple(sorted(rounded, key=repr))
