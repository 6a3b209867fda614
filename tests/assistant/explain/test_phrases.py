"""Small pieces of English."""

from __future__ import annotations

import pytest

from assistant.explain.phrases import asked

WITH = "customers with at least 1 order in 2025 where channel is app, store or web"
WITHOUT = "customers without any order in 2026"


@pytest.mark.parametrize(
    ("sentence", "conditions", "said"),
    [
        ("Revenue by region, all data up to 30 June 2026, highest first", (), "Revenue by region, highest first"),
        ("Revenue by region, March 2017", (), "Revenue by region, March 2017"),
        (f"Customers, {WITH}, all data up to 30 June 2026", (WITH,), f"Customers {WITH.removeprefix('customers ')}"),
        (f"Customers by region, {WITHOUT}", (WITHOUT,), f"Customers by region, {WITHOUT}"),
        (f"Customers, region is North, {WITHOUT}", (WITHOUT,), "Customers without any order in 2026, region is North"),
        (f"Customers, {WITH}, {WITHOUT}", (WITH, WITHOUT), f"Customers {WITH.removeprefix('customers ')} and without any order in 2026"),
        (f"Revenue, {WITHOUT}", (WITHOUT,), f"Revenue, {WITHOUT}"),
        (f"Share of customers ({WITHOUT}), June 2026", (), "Share of customers without any order in 2026, June 2026"),
    ],
)
def test_a_reading_is_asked_back_without_repeating_itself(sentence: str, conditions: tuple[str, ...], said: str):
    assert asked(sentence, conditions) == said
