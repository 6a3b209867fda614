"""The timed pairs ask the same: compiled and hand-written SQL give the same rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.compiled_vs_handwritten import PAIRS, Timing, measure, total_ratio
from tools.core.warehouse.generations import DATABASE_FILE
from tools.core.warehouse.warehouse import open_warehouse

duckdb = pytest.importorskip("duckdb")
pytestmark = pytest.mark.slow


def test_every_pair_gives_the_same_rows(home: Path) -> None:
    pairs = [json.loads(line) for line in PAIRS.read_text(encoding="utf-8").splitlines()]
    with open_warehouse("completejourney", home=home) as warehouse:
        path, model = warehouse.data_folder / DATABASE_FILE, warehouse.model
    with duckdb.connect(str(path), read_only=True) as connection:
        timings = measure(connection, model, pairs, repeats=1)
    assert [t.name for t in timings if not t.same_rows] == []
    assert len(timings) >= 25


def test_the_ratio_weighs_each_pair_by_its_time() -> None:
    long, short = (Timing(name="t", compiled_ms=c, handwritten_ms=h, same_rows=True) for c, h in ((90.0, 100.0), (2.0, 1.0)))
    assert total_ratio([long, short]) == pytest.approx(92 / 101)
