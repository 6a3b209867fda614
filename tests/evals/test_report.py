"""Arithmetic of the report, and what it keeps to itself."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.cases import Level, Split
from evals.report import compare, percentile, render, wilson_interval
from evals.results import CaseResult, ResultsInvalid, Run, load, save
from evals.scorers import Outcome


def result(case_id: str, outcome: Outcome, *, level: Level = "easy", split: Split = "dev", elapsed_ms: float = 10.0) -> CaseResult:
    return CaseResult(
        id=case_id,
        level=level,
        split=split,
        tags=("total",),
        outcome=outcome,
        reason=f"reason of {case_id}",
        question=f"question of {case_id}",
        elapsed_ms=elapsed_ms,
        sql_ms=3.0,
        gold_ms=2.0,
    )


def run_of(*results: CaseResult) -> Run:
    return Run(suite="shop", mind="embedded", started_at=dt.datetime(2018, 1, 1, tzinfo=dt.UTC), results=results)


MIXED = run_of(
    result("one", Outcome.RIGHT, elapsed_ms=10),
    result("two", Outcome.WRONG, elapsed_ms=20),
    result("three", Outcome.DECLINED, level="hard", elapsed_ms=30),
    result("secret-right", Outcome.RIGHT, split="test", elapsed_ms=40),
    result("secret-wrong", Outcome.WRONG, split="test", elapsed_ms=1000),
)


@pytest.mark.parametrize(("hits", "n", "low", "high"), [(8, 10, 0.4902, 0.9433), (0, 20, 0, 0.1611), (20, 20, 0.8389, 1), (0, 0, 0, 1)])
def test_wilson_interval_matches_published_values(hits: int, n: int, low: float, high: float) -> None:
    assert wilson_interval(hits, n) == pytest.approx((low, high), abs=1e-4)


@given(n=st.integers(1, 500), data=st.data())
def test_the_interval_holds_the_share(n: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, n))
    low, high = wilson_interval(hits, n)
    assert 0 <= low <= hits / n <= high <= 1


def test_percentiles_are_values_that_occurred() -> None:
    assert percentile([30, 10, 20], 0.5) == 20
    assert percentile([30, 10, 20], 0.95) == 30
    assert math.isnan(percentile([], 0.5))


def test_counts_by_level_and_split() -> None:
    lines = render(MIXED).splitlines()
    assert [line.split()[:9] for line in lines if line.startswith("  easy")] == [
        ["easy", "2", "1", "1", "0", "0", "0", "0", "0"],
        ["easy", "2", "1", "1", "0", "0", "0", "0", "0"],
    ]
    assert [line.split()[:9] for line in lines if line.startswith("  hard")] == [["hard", "1", "0", "0", "0", "0", "0", "1", "0"]]
    assert "latency: p50 30 ms, p95 1000 ms, 5 questions" in lines
    assert any(line.startswith("step time / gold SQL time: 1.50 over 2 right answers") for line in lines)


def test_names_failures_of_the_dev_split_only() -> None:
    text = render(MIXED)
    assert "two: question of two" in text
    assert "reason of three" in text
    assert "secret" not in text


def test_a_saved_run_does_not_say_which_test_case_failed(tmp_path: Path) -> None:
    path = tmp_path / "new" / "run.json"
    save(MIXED, path)
    assert "secret" not in path.read_text(encoding="utf-8")
    assert render(load(path)) == render(MIXED)


def test_compares_counts_and_names_changed_dev_cases() -> None:
    after = run_of(
        result("one", Outcome.WRONG),
        result("two", Outcome.RIGHT),
        result("three", Outcome.DECLINED, level="hard"),
        result("secret-right", Outcome.RIGHT, split="test"),
        result("secret-wrong", Outcome.RIGHT, split="test"),
    )
    text = compare(MIXED, after)
    assert "right -> wrong: one: question of one" in text
    assert "wrong -> right: two: question of two" in text
    assert "outcome changed: 2" in text
    assert "1 -> 2 (+1)" in text
    assert "secret" not in text


@pytest.mark.parametrize("text", ["", "{}", '{"suite": "x"}', "not json"])
def test_a_file_that_is_no_run_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "run.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ResultsInvalid, match=r"run\.json holds no run"):
        load(path)
    with pytest.raises(ResultsInvalid, match="cannot be read"):
        load(tmp_path / "absent.json")
