"""Right or wrong: result rows against gold rows, and behaviour against what a case expects.

Rows are compared as values. Column names and column order are free and extra columns are allowed; the number of rows is not.
A rate is 0 to 1 in a table: 0.28 and 28 are different numbers.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from evals.cases import Case, PlannedStep

Value = str | float | bool | None
"""A cell, ready to compare."""
Rows = Sequence[Sequence[Any]]

NOT_KNOWN = {"", "unknown", "(unknown)"}
"""Names that a table may give to the group without a value; compared as null."""
MAX_GREEDY_ROWS = 600
"""Beyond this, rows that tie within the tolerance are not tried in other orders: quadratic."""

_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\d)[t ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)")
_MIDNIGHT = re.compile(r"00:00(:00(\.0+)?)?")


class Outcome(StrEnum):
    """What became of one case."""

    RIGHT = "right"
    WRONG = "wrong"
    """Answered, and the rows are not right; or any answer where none can be given."""
    OFFERED_RIGHT = "offered_right"
    """Asked for a confirmation, and the table offered is right."""
    OFFERED_WRONG = "offered_wrong"
    CLARIFIED = "clarified"
    """Asked back where an answer was due."""
    DECLINED = "declined"
    """Declined where an answer was due."""
    FAILED = "failed"
    """The assistant, the gold query or the check itself broke."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether rows are right, and why not."""

    right: bool
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Score:
    """The outcome of a case, and why."""

    outcome: Outcome
    reason: str = ""


def normalise(cell: Any) -> Value:
    """A cell as compared: dates as ISO text, numbers (also those stored as text) as float, names without case."""
    if cell is None or isinstance(cell, bool):
        return cell
    if isinstance(cell, int | float | Decimal):
        number = float(cell)
        return None if math.isnan(number) else number
    if isinstance(cell, dt.date):
        cell = cell.isoformat()
    text = " ".join(str(cell).split()).casefold()
    if text in NOT_KNOWN:
        return None
    if _NUMBER.fullmatch(text):
        return float(text)
    timestamp = _TIMESTAMP.fullmatch(text)
    if timestamp is None:
        return text
    return timestamp[1] if _MIDNIGHT.fullmatch(timestamp[2]) else f"{timestamp[1]} {timestamp[2]}"


def same(left: Value, right: Value, tolerance: float) -> bool:
    """Whether two normalised cells are equal; `tolerance` is relative, for numbers only."""
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=tolerance, abs_tol=1e-9)
    return type(left) is type(right) and left == right


def compare_rows(answer: Rows, gold: Rows, *, ordered: bool = False, tolerance: float = 1e-6) -> Verdict:
    """Whether `answer` holds the gold rows: some choice of its columns, in any order, gives exactly them.

    Args:
        ordered: The rows must also come in the gold's order; else they are a bag.
    """
    if len(answer) != len(gold):
        return Verdict(right=False, reason=f"{len(answer)} rows, expected {len(gold)}")
    if not gold:
        return Verdict(right=True)
    mine = [[normalise(cell) for cell in row] for row in answer]
    theirs = [[normalise(cell) for cell in row] for row in gold]
    if len(mine[0]) < len(theirs[0]):
        return Verdict(right=False, reason=f"{len(mine[0])} columns, expected at least {len(theirs[0])}")
    for choice in _column_choices(mine, theirs, tolerance):
        chosen = [[row[column] for column in choice] for row in mine]
        equal = _same_in_order(chosen, theirs, tolerance) if ordered else _same_bag(chosen, theirs, tolerance)
        if equal:
            return Verdict(right=True)
    return Verdict(right=False, reason=_difference(mine, theirs, tolerance))


def _column_choices(mine: list[list[Value]], theirs: list[list[Value]], tolerance: float) -> Iterator[tuple[int, ...]]:
    """Every way to pick one distinct answer column for each gold column that holds the same values."""
    candidates = [_columns_like(mine, [row[column] for row in theirs], tolerance) for column in range(len(theirs[0]))]
    for choice in itertools.product(*candidates):
        if len(set(choice)) == len(choice):
            yield choice


def _columns_like(mine: list[list[Value]], wanted: list[Value], tolerance: float) -> list[int]:
    goal = [[value] for value in wanted]
    return [column for column in range(len(mine[0])) if _same_bag([[row[column]] for row in mine], goal, tolerance)]


def _same_in_order(left: list[list[Value]], right: list[list[Value]], tolerance: float) -> bool:
    return all(_same_row(a, b, tolerance) for a, b in zip(left, right, strict=True))


def _same_row(left: list[Value], right: list[Value], tolerance: float) -> bool:
    return all(same(a, b, tolerance) for a, b in zip(left, right, strict=True))


def _same_bag(left: list[list[Value]], right: list[list[Value]], tolerance: float) -> bool:
    ordered_left, ordered_right = sorted(left, key=_sort_key), sorted(right, key=_sort_key)
    if _same_in_order(ordered_left, ordered_right, tolerance):
        return True
    if len(left) > MAX_GREEDY_ROWS or tolerance == 0:
        return False
    # Two rows whose first number differs by less than the tolerance may sort the other way round: look further.
    unused = ordered_left
    for wanted in ordered_right:
        found = next((index for index, row in enumerate(unused) if _same_row(row, wanted, tolerance)), None)
        if found is None:
            return False
        unused = unused[:found] + unused[found + 1 :]
    return True


def _sort_key(row: list[Value]) -> list[tuple[str, float, str]]:
    """Text cells before numbers, so that rounding in a number rarely moves a row."""
    cells = sorted(enumerate(row), key=lambda pair: (isinstance(pair[1], float), pair[0]))
    return [(type(value).__name__, value if isinstance(value, float) else 0.0, str(value)) for _, value in cells]


def _difference(mine: list[list[Value]], theirs: list[list[Value]], tolerance: float) -> str:
    for column in range(len(theirs[0])):
        wanted = [row[column] for row in theirs]
        if not _columns_like(mine, wanted, tolerance):
            return f"no column holds the values of gold column {column + 1}, e.g. {wanted[0]!r}; first row is {mine[0]!r}"
    return "each column is right, but not their combination or order"


def best_verdict(answer: Mapping[str, Any], golds: Sequence[Rows], case: Case) -> Verdict:
    """The first table of an answer against each accepted alternative; the first gold's reason when none fits."""
    tables = answer.get("tables") or []
    if not tables:
        return Verdict(right=False, reason="no table")
    if tables[0].get("truncated"):
        return Verdict(right=False, reason="the table is truncated")
    verdicts = [compare_rows(tables[0]["rows"], gold, ordered=case.ordered, tolerance=case.tolerance) for gold in golds]
    return next((verdict for verdict in verdicts if verdict.right), verdicts[0])


def plan_verdict(answer: Mapping[str, Any], wanted: Sequence[PlannedStep]) -> Verdict:
    """Whether each wanted call is among the calls that ran."""
    ran = answer.get("plan") or []
    for step in wanted:
        of_tool = [call.get("arguments") or {} for call in ran if call.get("tool") == step.tool]
        if not of_tool:
            return Verdict(right=False, reason=f"{step.tool} was not called, but {', '.join(c.get('tool', '?') for c in ran) or 'nothing'}")
        if not any(_holds(arguments, step.arguments) for arguments in of_tool):
            return Verdict(right=False, reason=f"{step.tool} was called with {of_tool[-1]!r}")
    return Verdict(right=True)


def _holds(got: Any, wanted: Any) -> bool:
    """Whether arguments hold the wanted part: mappings by their keys, lists as a whole in any order, values as tables compare them."""
    if isinstance(wanted, Mapping):
        got = got if isinstance(got, Mapping) else {}
        return all(_holds(got.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        left = list(got or []) if isinstance(got, list | tuple) or got is None else [got]
        for item in wanted:
            found = next((at for at, other in enumerate(left) if _holds(other, item)), None)
            if found is None:
                return False
            del left[found]
        return not left
    return same(normalise(got), normalise(wanted), 1e-6)


def score(case: Case, answer: Mapping[str, Any], golds: Sequence[Rows]) -> Score:
    """What became of a case, given an answer (the Answer JSON) and the rows of its gold queries, in order."""
    status = answer.get("status")
    if status == "failed":
        error = answer.get("error") or {}
        return Score(outcome=Outcome.FAILED, reason=f"{error.get('code')}: {error.get('message')}")
    if status in ("declined", "refused"):
        return _score_decline(case, answer)
    if status == "needs_clarification":
        return Score(outcome=Outcome.RIGHT if case.expect == "needs_clarification" else Outcome.CLARIFIED, reason="asked back")
    if status not in ("answered", "offered"):
        return Score(outcome=Outcome.FAILED, reason=f"unknown status {status!r}")
    if not golds and not case.plan:
        return _score_without_gold(case, offered=status == "offered")
    verdict = plan_verdict(answer, case.plan) if case.plan else Verdict(right=True)
    if verdict.right and golds:
        verdict = best_verdict(answer, golds, case)
    if status == "answered":
        return Score(outcome=Outcome.RIGHT if verdict.right else Outcome.WRONG, reason=verdict.reason)
    if not verdict.right:
        return Score(outcome=Outcome.OFFERED_WRONG, reason=verdict.reason)
    return Score(outcome=Outcome.RIGHT if case.expect == "offered" else Outcome.OFFERED_RIGHT)


def _score_decline(case: Case, answer: Mapping[str, Any]) -> Score:
    if any(table.get("rows") for table in answer.get("tables") or []):
        return Score(outcome=Outcome.WRONG, reason="declined, and yet shows rows")
    return Score(outcome=Outcome.RIGHT if case.expect == "declined" else Outcome.DECLINED, reason="declined")


def _score_without_gold(case: Case, *, offered: bool) -> Score:
    """An answer or an offer in a case that has no right rows: only the behaviour counts."""
    if not offered:
        return Score(outcome=Outcome.WRONG, reason=f"answered where {case.expect} was due")
    if case.expect == "offered":
        return Score(outcome=Outcome.RIGHT)
    right = case.expect == "needs_clarification"
    return Score(outcome=Outcome.OFFERED_RIGHT if right else Outcome.OFFERED_WRONG, reason=f"offered where {case.expect} was due")
