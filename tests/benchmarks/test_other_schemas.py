"""Scoring answers about other people's databases: without the data it says what is missing, and each outcome is counted apart."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest

from benchmarks.other_schemas import NotAvailable, Scored, benchmark, main, models_in, outcome_of, table

CASE = {"gold_sql": ["SELECT 1 AS a UNION ALL SELECT 2"], "ordered": False}


@pytest.fixture
def data() -> ModuleType:
    """Stands for a benchmark's `load.py`: compares bags of rows, further columns allowed."""
    module = ModuleType("load")
    module.same_result = lambda gold, rows, **_: sorted(gold) == sorted(tuple(r[: len(gold[0])]) for r in rows)  # type: ignore[attr-defined]
    return module


def answer(status: str, rows: list[list[Any]], *, truncated: bool = False) -> dict[str, Any]:
    return {"status": status, "interpretation": None, "headline": "", "text": "", "tables": [{"rows": rows, "truncated": truncated}]}


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        (answer("answered", [[2, "x"], [1, "y"]]), "right"),
        (answer("answered", [[2], [3]]), "wrong"),
        (answer("answered", [[1], [2]], truncated=True), "wrong"),
        (answer("offered", [[1], [2]]), "offered right"),
        (answer("offered", []), "offered wrong"),
        (answer("needs_clarification", []), "clarified"),
        (answer("declined", []), "declined"),
        (answer("failed", []), "failed"),
    ],
)
def test_an_answer_is_judged_by_its_rows_and_its_status(data, given, outcome: str):
    with duckdb.connect() as gold:
        assert outcome_of(given, CASE, gold, data)[0] == outcome


def test_without_the_data_the_reason_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.delenv("CANDOR_BENCHMARKS", raising=False)
    assert main([str(tmp_path)]) == 2
    assert "CANDOR_BENCHMARKS is not set" in capsys.readouterr().err
    with pytest.raises(NotAvailable, match="no spider_train"):
        benchmark(str(tmp_path))
    with pytest.raises(NotAvailable, match="No semantic model for shop"):
        models_in(tmp_path, ["shop"])


def test_counts_stand_per_database_and_in_all():
    scored = [Scored(database=d, case="c", question="q", outcome=o, said="") for d, o in (("a", "right"), ("a", "wrong"), ("b", "right"))]
    lines = table(scored).splitlines()
    assert lines[2].startswith("| a | 2 | 1 | 0 | 0 | 1 |")
    assert lines[4].startswith("| all | 3 | 2 |")
    assert lines[-1].startswith("right 66.7%")
