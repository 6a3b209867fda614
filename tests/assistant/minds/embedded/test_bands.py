"""Which bands of an ordered field pass a limit."""

from __future__ import annotations

import pytest

from assistant.minds.embedded.bands import bands_of, within
from tools.core.query.metric_query import Comparator

INCOME = bands_of(["Under 50K", "50-99K", "100-149K", "150K+"])
CHILDREN = bands_of(["0", "1", "2", "3+"])


@pytest.mark.parametrize(
    ("op", "value", "passing", "cut"),
    [
        ("gt", 100_000, ("100-149K", "150K+"), ()),
        ("ge", 100_000, ("100-149K", "150K+"), ()),
        ("gt", 120_000, ("150K+",), ("100-149K",)),
        ("lt", 100_000, ("Under 50K", "50-99K"), ()),
        ("le", 49_999, ("Under 50K",), ()),
    ],
)
def test_a_limit_takes_the_range_that_begins_at_it(op: Comparator, value: float, passing: tuple[str, ...], cut: tuple[str, ...]) -> None:
    assert within(INCOME, op, value, None) == (passing, cut)


@pytest.mark.parametrize(("op", "value", "passing", "cut"), [("gt", 1, ("2", "3+"), ()), ("gt", 3, (), ("3+",)), ("ge", 3, ("3+",), ())])
def test_of_counts_more_than_leaves_out_the_number_itself(
    op: Comparator, value: float, passing: tuple[str, ...], cut: tuple[str, ...]
) -> None:
    assert within(CHILDREN, op, value, None) == (passing, cut)


def test_both_limits_of_a_range_are_taken() -> None:
    assert within(INCOME, "ge", 50_000, 149_000) == (("50-99K", "100-149K"), ())
