"""What the demo's generator planted must be among the first three drivers; benchmarks/planted_changes.py counts over more seeds."""

from __future__ import annotations

import pytest

from benchmarks.planted_changes import TOP, run_planted


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "customers"), [(2, 6_000), *(pytest.param(seed, 12_000, marks=pytest.mark.long) for seed in (1, 2, 3))])
def test_planted_changes_are_explained(seed: int, customers: int) -> None:
    found = list(run_planted(seed, customers))
    assert [r.planted.name for r in found] == ["price rise", "bad batch", "checkout bug", "Simpson case"]
    assert all(r.rank is not None and r.rank <= TOP for r in found), [(r.planted.name, r.rank) for r in found]
    assert all(r.sums for r in found)
    assert [r.simpson for r in found] == [False, False, False, True]
