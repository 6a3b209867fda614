"""Questions with known answers: enough of them, over every kind of intelligence, and right at three seeds."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

KINDS = {"descriptive", "behavioural", "predictive", "prescriptive", "sentiment", "competitive"}


def questions(built: Any, *, customers: int) -> list[tuple[Any, ...]]:
    return built.truth.execute(
        "SELECT qa_id, intelligence, sql, answer, answer_kind, tolerance FROM truth.qa WHERE min_customers <= ?", [customers]
    ).fetchall()


def wrong(built: Any, *, customers: int) -> list[str]:
    """Planted answers that the gold SQL does not give within the tolerance."""
    bad = []
    for qa_id, _, sql, answer, kind, tolerance in questions(built, customers=customers):
        if kind == "rows":
            continue
        ((found,),) = built.data.execute(sql).fetchall()
        if found is None or abs(float(found) - json.loads(answer)) > tolerance:
            bad.append(f"{qa_id}: {found} instead of {answer} +/- {tolerance}")
    return bad


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_at_least_250_answers_hold_at_the_small_size(seed: int, demo: Any) -> None:
    built = demo(seed=seed)
    asked = questions(built, customers=2_000)
    assert len(asked) >= 250
    counts = Counter(q[1] for q in asked)
    assert set(counts) == KINDS
    assert min(counts.values()) >= 10
    assert any(q[4] == "no_effect" for q in asked)
    assert len({q[0] for q in asked}) == len(asked)
    assert all(json.loads(q[3]) not in ([], None) for q in asked)
    assert wrong(built, customers=2_000) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_planted_answers_hold_where_the_size_gives_the_power(seed: int, demo: Any) -> None:
    assert wrong(demo(seed=seed, size="medium", customers=30_000), customers=30_000) == []


def test_without_effects_the_answers_are_no_effect(demo: Any) -> None:
    built = demo(without="all")
    kinds = Counter(q[4] for q in questions(built, customers=2_000))
    assert kinds["no_effect"] >= 12
    assert wrong(built, customers=2_000) == []
