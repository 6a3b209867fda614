"""RFM by SQL: fifths with stable ties, names by rule, clusters that say how stable they are."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest

from tools.core.customers import Orders
from tools.core.errors import NeedsPerson
from tools.segments.clusters import cluster
from tools.segments.rfm import RULES, Rfm, rfm_of

AS_OF = 1000


def orders(n: int = 500, seed: int = 0) -> Orders:
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(n), rng.integers(1, 9, n))
    return Orders.of(who, rng.integers(AS_OF - 500, AS_OF + 100, len(who)), rng.integers(1, 6, len(who)).astype(float))


def segmented(data: Orders) -> Rfm:
    with duckdb.connect() as connection:
        return rfm_of(connection, data, AS_OF)


def test_scores_are_fifths_of_equal_size() -> None:
    found = segmented(orders())
    for scores in (found.recency_score, found.frequency_score, found.monetary_score):
        sizes = np.bincount(scores)[1:]
        assert len(sizes) == 5
        assert sizes.max() - sizes.min() <= 1


def test_the_order_of_the_rows_changes_nothing_although_there_are_ties() -> None:
    data = orders()
    shuffled = np.random.default_rng(1).permutation(len(data))
    again = Orders.of(data.customers[data.customer[shuffled]], data.day[shuffled], data.amount[shuffled])
    assert np.array_equal(segmented(data).segment, segmented(again).segment)


def test_later_orders_and_those_older_than_a_year_do_not_count() -> None:
    data = orders()
    known = (data.day <= AS_OF) & (data.day > AS_OF - 365)
    found = segmented(data)
    assert found.n_orders.sum() == known.sum()
    assert found.spend.sum() == pytest.approx(data.amount[known].sum())
    assert (found.days_since_last_order >= 0).all()


def test_everybody_has_a_segment_and_the_best_fifths_are_champions() -> None:
    found = segmented(orders())
    assert set(found.segment) <= {rule.name for rule in RULES}
    best = (found.recency_score == 5) & (found.frequency_score == 5) & (found.monetary_score == 5)
    worst = (found.recency_score == 1) & (found.frequency_score == 1) & (found.monetary_score == 1)
    assert set(found.segment[best]) == {"Champions"}
    assert set(found.segment[worst]) == {"Hibernating"}


def test_needs_enough_customers_for_fifths() -> None:
    with pytest.raises(NeedsPerson, match="fifths need 25"):
        segmented(orders(n=10))


def test_clusters_that_were_planted_are_found_stable_and_named_apart() -> None:
    rng = np.random.default_rng(2)
    who, days, amounts = [], [], []
    for customer in range(600):
        regular = customer % 3 == 0
        for _ in range(40 if regular else 2):
            who.append(customer)
            days.append(AS_OF - int(rng.integers(0, 20 if regular else 300)))
            amounts.append(float(rng.gamma(20, 5) if customer % 3 == 1 else rng.gamma(20, 0.5)))
    rfm = segmented(Orders.of(np.array(who), np.array(days), np.array(amounts)))
    found = cluster(rfm)
    assert found is not None
    assert found.stable
    assert len(found.sizes) == found.chosen.k
    assert any("frequent" in name.lower() for name in found.sizes)
    again = cluster(rfm)
    assert again is not None
    assert np.array_equal(found.label, again.label)


def test_random_customers_make_no_stable_clusters_or_few() -> None:
    found = cluster(segmented(orders(n=400, seed=5)))
    assert found is not None
    assert found.chosen.silhouette < 0.45
