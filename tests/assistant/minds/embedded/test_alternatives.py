"""Two readings with one result are one answer."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

from assistant.minds.embedded.alternatives import same_results
from assistant.turn import MindContext, Step
from tools.core.contract import Column, Finding, Grade, Reading, Table

STEPS = (Step(tool="query_metrics", arguments={"metrics": ["a"]}), Step(tool="query_metrics", arguments={"metrics": ["b"]}))


def finding(*rows: tuple[Any, ...]) -> Finding:
    table = Table(title="", columns=(Column(name="a", type="number"),), rows=rows)
    return Finding(tool="query_metrics", tables=(table,), reading=Reading(sentence=""), grade=Grade.GOVERNED, grade_reason="")


def compared(*findings: Finding | None, min_group_size: int = 0) -> int:
    rights: Any = SimpleNamespace(min_group_size=min_group_size)
    context = MindContext(warehouse=None, rights=rights, as_of=dt.date(2024, 9, 18))  # type: ignore[arg-type]
    running = same_results(STEPS, context)
    try:
        next(running)
        for found in findings:
            running.send(found)
    except StopIteration as stop:
        return int(stop.value)
    raise AssertionError("more steps than findings")


def test_the_same_rows_in_any_order_need_no_question() -> None:
    assert compared(finding((1.0,), (2.0,)), finding((2.0,), (1.0 + 1e-15,))) == 2


def test_other_rows_or_none_do() -> None:
    assert compared(finding((1.0,)), finding((2.0,))) == 0
    assert compared(finding()) == 0
    assert compared(None) == 0


def test_roles_that_see_groups_are_asked_at_once() -> None:
    assert compared(min_group_size=5) == 0
