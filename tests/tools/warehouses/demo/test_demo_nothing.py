"""A warehouse without any effect: whoever looks for one must hardly ever find it."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from tools.warehouses.demo.truths import DECOYS

LIMIT = 2.576
"""Standard errors beyond which a check calls something a finding: one in a hundred by chance."""


def findings(data: Any, e: ModuleType) -> dict[str, bool]:
    """What the checks of the planted truths would report."""
    category, day, _ = e.price_break(data)
    split = "DATE '2026-02-01'"

    def beyond(estimate: tuple[float, float], nothing: float = 0.0) -> bool:
        return bool(abs(estimate[0] - nothing) > LIMIT * estimate[1])

    (steps,) = e.one(
        data,
        """SELECT max(n) FROM (SELECT count(*) AS n FROM core.price_history JOIN core.product USING (product_id)
                               WHERE channel = 'store' AND previous_price IS NOT NULL GROUP BY category, valid_from)""",
    )
    batches = e.batch_rates(data)
    _, rate, others = e.worst_batch(data)
    later, earlier = (e.walkout_rate(data, f"traffic_on {sign} {split}") for sign in (">=", "<"))
    spans = e.csat(data)
    found = {
        "common price step": steps > 5,
        # The worst of many batches: Bonferroni over all that were looked at.
        "batch": rate[0] - others[0] > (LIMIT + 0.5 + len(batches) ** 0.2) * max(rate[1], 0.03),
        "units": beyond(e.units_change(data, category, day)),
        "checkout": beyond(
            e.difference(e.completion(data, "mobile", f"visited_on >= {split}"), e.completion(data, "mobile", f"visited_on < {split}"))
        ),
        "walk-outs": beyond(e.difference(later, earlier)),
        "overall satisfaction": beyond(e.difference(spans[""][1], spans[""][0])),
        "Saturday": beyond(e.day_ratio(data, "isodow(day) = 6", "isodow(day) IN (2, 3)"), 1.0),
        "December": beyond(
            e.day_ratio(
                data,
                "month(day) = 12 AND year(day) = 2025",
                "month(day) IN (11, 1) AND day BETWEEN DATE '2025-11-01' AND DATE '2026-01-31'",
            ),
            1.0,
        ),
        **{f"driver {name}": beyond(value) for name, value in e.churn_drivers(data).items() if value[1] < 1},
        **{f"decoy {name}": beyond(value) for name, value in e.decoys(data, DECOYS).items()},
    }
    for (name,) in e.rows(data, "SELECT campaign_name FROM marketing.campaign"):
        found[f"lift {name}"] = beyond(e.lift(data, name))
    return found


@pytest.mark.slow
def test_no_effect_means_no_finding_in_95_of_100_checks(demo: Any, estimators: ModuleType) -> None:
    found = {
        f"{name}, seed {seed}": hit
        for seed in range(11, 19)
        for name, hit in findings(demo(seed=seed, without="all").data, estimators).items()
    }
    alarms = [name for name, hit in found.items() if hit]
    assert len(found) > 150
    assert len(alarms) <= 0.05 * len(found), alarms


def test_without_effects_nothing_is_planted(demo: Any) -> None:
    built = demo(without="all")
    assert built.truth.execute("SELECT count(*) FROM truth.event").fetchall() == [(0,)]
    assert built.truth.execute("SELECT count(*) FROM truth.fault").fetchall() == [(0,)]
    assert built.truth.execute("SELECT count(*) FILTER (is_injection) FROM truth.text").fetchall() == [(0,)]
    data = built.data
    assert data.execute("SELECT count(*) FROM core.business_change").fetchall() == [(0,)]
    assert data.execute("SELECT count(*) FILTER (suspected_bot) FROM behaviour.web_session").fetchall() == [(0,)]
    assert data.execute("SELECT count(*) FILTER (is_test_account) FROM core.customer").fetchall() == [(0,)]
    assert (
        data.execute("SELECT count(*) FROM core.store_traffic").fetchall()[0][0]
        == data.execute("SELECT count(*) FROM (SELECT DISTINCT store_id, hour_at FROM core.store_traffic)").fetchall()[0][0]
    )
