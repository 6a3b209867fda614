"""What becomes of a reading once its rows are known."""

from __future__ import annotations

import pytest

from assistant.minds.embedded.outcomes import without_the_nameless
from tools.core.contract import Cell, Column, Finding, Grade, Reading, Table
from tools.core.query.metric_query import MetricQuery

TOP = {"metrics": ["income"], "dimensions": [{"field": "studios.city"}], "order": [{"by": "income"}], "limit": 2}
COLUMNS = (Column(name="city", type="string"), Column(name="income", type="number", role="metric"))


def found(*rows: tuple[Cell, ...]) -> Finding:
    table = Table(title="Income by city", columns=COLUMNS, rows=rows)
    return Finding(tool="query_metrics", tables=(table,), reading=Reading(sentence=""), grade=Grade.GOVERNED, grade_reason="")


def test_first_ones_without_a_name_are_left_out() -> None:
    named = without_the_nameless(MetricQuery.model_validate(TOP), found((None, 9.0), ("Lyon", 5.0)))
    assert named == MetricQuery.model_validate(TOP | {"filters": [{"field": "studios.city", "op": "not_null"}]})


@pytest.mark.parametrize("plan", [TOP, TOP | {"limit": None}])
def test_what_is_named_or_not_picked_stays_as_it_is(plan: dict[str, object]) -> None:
    rows = [("Lyon", 5.0), ("Nice", 4.0)] if plan["limit"] else [(None, 9.0), ("Lyon", 5.0)]
    assert without_the_nameless(MetricQuery.model_validate(plan), found(*rows)) is None
