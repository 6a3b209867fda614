"""Every planted truth, recovered from the finished tables by a check that knows nothing of the generator.

Alone: only that truth is planted, three seeds, a size that gives the power. In the full build: sign and order.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tools.warehouses.demo.truths import DECOYS, DRIVER_LOG_ODDS

pytestmark = pytest.mark.slow
seeds = pytest.mark.parametrize("seed", [1, 2, 3])


def near(estimate: tuple[float, float], wanted: float, *, errors: float = 2.6, slack: float = 0.0) -> bool:
    """Within `errors` standard errors, plus a slack for what a formula leaves out."""
    return abs(estimate[0] - wanted) <= errors * estimate[1] + slack


@seeds
def test_purchase_and_dropout_parameters_are_recovered_by_maximum_likelihood(seed: int, demo: Any, estimators: ModuleType) -> None:
    built = demo(size="medium", customers=20_000, seed=seed, only="purchasing", parts=("sales",))
    wanted = [
        built.truth.execute("SELECT value FROM truth.parameter WHERE name = ?", [n]).fetchall()[0][0]
        for n in ("purchase_r", "purchase_alpha_weeks", "dropout_a", "dropout_b")
    ]
    found, errors = estimators.bgnbd(built.data)
    assert np.all(np.abs(found - np.log(wanted)) <= 2 * errors), (np.exp(found), wanted)


@seeds
def test_true_customer_value_ranks_like_what_it_was_made_of(seed: int, demo: Any) -> None:
    built = demo(size="medium", customers=20_000, seed=seed, only="purchasing", parts=("sales",))
    rows = np.array(
        built.truth.execute(
            "SELECT orders_per_week, mean_order_margin, expected_margin_12m FROM truth.customer WHERE dropout_on IS NULL"
        ).fetchall(),
        dtype=float,
    )
    margins = dict(
        built.data.execute(
            """SELECT customer_id, avg(margin_amount) FROM sales.orders WHERE ordered_on > DATE '2026-06-30' - 365
               AND customer_id IS NOT NULL GROUP BY 1 HAVING count(*) >= 5"""
        ).fetchall()
    )
    truth = dict(built.truth.execute("SELECT customer_id, mean_order_margin FROM truth.customer").fetchall())
    pairs = np.array([(float(margins[c]), float(truth[c])) for c in margins])
    assert np.corrcoef(pairs.T)[0, 1] > 0.6
    assert pairs[:, 0].mean() == pytest.approx(pairs[:, 1].mean(), rel=0.05)
    assert np.all(rows[:, 2] >= 0)
    assert np.corrcoef(rows[:, 0] * rows[:, 1], rows[:, 2])[0, 1] > 0.5


@seeds
def test_churn_drivers_are_recovered_in_sign_and_order(seed: int, demo: Any, estimators: ModuleType) -> None:
    built = demo(size="medium", seed=seed, only="churn_drivers", parts=("sales", "service"))
    found = estimators.churn_drivers(built.data)
    for name, planted in DRIVER_LOG_ODDS.items():
        assert np.sign(planted) * found[name][0] > 4 * found[name][1], (name, found[name])
    ranked = sorted(DRIVER_LOG_ODDS, key=lambda n: DRIVER_LOG_ODDS[n])
    for lower, higher in itertools.pairwise(ranked):
        gap = estimators.difference(found[higher], found[lower])
        assert gap[0] > -gap[1], (lower, higher, found)


def test_intervals_of_decoys_cover_nothing_as_often_as_they_should(demo: Any, estimators: ModuleType) -> None:
    covered = []
    for seed in range(1, 21):
        built = demo(seed=seed, only="churn_drivers", parts=("sales", "service"), truth=True)
        covered += [abs(value) <= 1.96 * error for value, error in estimators.decoys(built.data, DECOYS).values()]
    assert len(covered) == 100
    assert np.mean(covered) >= 0.90, np.mean(covered)


@seeds
def test_email_opens_follow_activity(seed: int, demo: Any) -> None:
    """The confounded decoy: openers leave less, yet nothing was planted that makes opening keep them."""
    built = demo(size="medium", customers=5_000, seed=seed, only="churn_drivers", parts=("sales", "service", "behaviour"))
    sql = """WITH e AS (SELECT customer_id, avg(CAST(event_type = 'open' AS INT)) AS rate FROM behaviour.email_event
                        WHERE event_type IN ('open', 'delivered') AND happened_on > (SELECT max(day) FROM core.calendar) - 400
                        GROUP BY 1 HAVING count(*) >= 3),
                  o AS (SELECT customer_id, CAST(max(ordered_on) <= (SELECT max(day) FROM core.calendar) - 120 AS INT) AS silent
                  FROM sales.orders GROUP BY 1)
             SELECT corr(rate, silent) FROM e JOIN o USING (customer_id)"""
    assert built.data.execute(sql).fetchall()[0][0] < -0.1
    assert built.truth.execute("SELECT effect FROM truth.event WHERE name = 'email opens follow activity'").fetchall() == [(0.0,)]


@seeds
def test_the_season_shows_on_saturdays_in_december_at_easter_and_on_black_friday(seed: int, demo: Any, estimators: ModuleType) -> None:
    data = demo(size="medium", customers=20_000, seed=seed, only="season", parts=("sales",)).data
    assert near(estimators.day_ratio(data, "isodow(day) = 6 AND month(day) < 11", "month(day) < 11"), 1.3, errors=3)
    december = estimators.day_ratio(data, "month(day) = 12", "month(day) = 1 OR (month(day) = 11 AND day(day) < 20)")
    assert near(december, 1.6 / 0.97, errors=3, slack=0.05)
    friday = estimators.rows(data, "SELECT day FROM core.calendar WHERE holiday = 'Black Friday'")
    busiest = estimators.rows(
        data, "SELECT ordered_on FROM sales.orders WHERE year(ordered_on) = 2025 GROUP BY 1 ORDER BY count(*) DESC LIMIT 5"
    )
    assert set(friday) & set(busiest)


@seeds
def test_the_price_rise_is_found_with_category_day_size_and_consequences(seed: int, demo: Any, estimators: ModuleType) -> None:
    built = demo(size="medium", seed=seed, only="price_rise", parts=("sales", "service", "voice", "texts"))
    day, _, scope, effect = built.event("units")
    category, found_day, size = estimators.price_break(built.data)
    assert f"category = '{category}'" == scope
    assert abs((found_day - day).days) <= 3
    assert size == pytest.approx(0.08, rel=0.2)
    change = estimators.units_change(built.data, category, found_day)
    assert near(change, effect, errors=2, slack=0.02 * 0.6)
    assert change[0] < -3 * change[1]
    inside = f"day BETWEEN DATE '{day}' AND DATE '{day + dt.timedelta(days=89)}'"
    mentions = estimators.ratio(estimators.mention_rate(built.data, inside), estimators.mention_rate(built.data, f"NOT ({inside})"))
    assert near(mentions, 2.0)


@seeds
def test_price_sensitive_customers_leave_three_points_more_often_after_the_rise(seed: int, demo: Any, estimators: ModuleType) -> None:
    built = demo(size="medium", seed=seed, only="price_rise", parts=("sales", "service", "voice", "texts"))
    day, _, scope, effect = built.event("churn of price-sensitive customers")
    built.data.execute(f"ATTACH IF NOT EXISTS '{built.path.with_name('warehouse_truth.duckdb')}' AS planted (READ_ONLY)")
    sql = f"""WITH exposed AS (SELECT DISTINCT order_id FROM sales.order_line JOIN core.product USING (product_id) WHERE {scope}
        AND sold_on >= DATE '{day}'),
                   o AS (SELECT o.*, row_number() OVER (PARTITION BY customer_id ORDER BY ordered_at) AS n FROM sales.orders AS o
                   WHERE customer_id IS NOT NULL)
              SELECT e.order_id IS NOT NULL, count(*) FILTER (t.dropout_on = o.ordered_on), count(*)
              FROM o JOIN planted.truth.customer AS t USING (customer_id) LEFT JOIN exposed AS e USING (order_id)
              WHERE t.price_sensitive AND o.n > 1 AND o.ordered_on >= DATE '{day}' GROUP BY 1"""
    rates = {bool(exposed): estimators.proportion(hits, of) for exposed, hits, of in estimators.rows(built.data, sql)}
    gap = estimators.difference(rates[True], rates[False])
    assert near(gap, effect), gap
    assert gap[0] > 3 * gap[1], gap


@seeds
def test_the_bad_batch_is_found_by_batch_with_returns_ratings_and_leaks(seed: int, demo: Any, estimators: ModuleType) -> None:
    built = demo(size="medium", seed=seed, only="bad_batch", parts=("sales", "service", "voice"))
    day, _, scope, factor = built.event("leak tickets")
    batch, rate, others = estimators.worst_batch(built.data)
    assert scope.startswith(f"batch_id = {batch} AND")
    assert near(rate, 0.18, slack=0.005)
    assert near(others, 0.04)
    assert near(estimators.rating_gap(built.data, batch), -1.4, slack=0.1)
    assert near(estimators.leak_ratio(built.data, batch, re.findall(r"'(\w+)'", scope), day), factor)


@seeds
def test_randomised_campaigns_show_their_lift_and_the_other_one_three_times_too_much(seed: int, demo: Any, estimators: ModuleType) -> None:
    built = demo(size="medium", seed=seed, only="campaign_lift", parts=("sales", "privacy", "marketing"))
    for name in (
        "Welcome Autumn",
        "Winter Warmers",
        "New Year Reset",
        "Spring Refresh",
        "Summer Picnic",
        "Spring Cleaning",
        "Terrace Season",
    ):
        assert near(estimators.lift(built.data, name), 0.04, errors=3.5), name
    assert near(estimators.lift(built.data, "Autumn Postcard"), 0.0, errors=3)
    naive = estimators.naive_lift(built.data, "VIP Preview")
    assert near(naive, 0.09, slack=0.006)
    assert naive[0] > 2 * 0.03
    built.data.execute(f"ATTACH IF NOT EXISTS '{built.path.with_name('warehouse_truth.duckdb')}' AS planted (READ_ONLY)")
    harmed = estimators.rows(
        built.data,
        """SELECT arm, count(*) FILTER (converted), count(*) FROM marketing.campaign_audience AS a
            JOIN marketing.campaign USING (campaign_id)
           JOIN planted.truth.customer USING (customer_id) WHERE campaign_name = 'We Miss You' AND segment = 'do not disturb' GROUP BY 1""",
    )
    arms = {arm: estimators.proportion(hits, of) for arm, hits, of in harmed}
    assert near(estimators.difference(arms["treat"], arms["control"]), -0.06)


@seeds
def test_credit_goes_to_brand_search_and_effect_to_display_and_email(seed: int, demo: Any, estimators: ModuleType) -> None:
    data = demo(size="medium", seed=seed, only="attribution", parts=("sales", "privacy", "marketing")).data
    display, email = estimators.lift(data, "Always-on Display"), estimators.lift(data, "Always-on E-mail")
    assert near(display, 0.02)
    assert near(email, 0.05)
    assert email[0] > display[0] > 0
    shares = estimators.touch_shares(data, "Always-on Display")
    assert max(shares, key=lambda channel: shares[channel]) == "brand search"
    assert shares["brand search"] > 0.4


@seeds
def test_the_checkout_failure_shows_on_phones_in_its_weeks_only(seed: int, demo: Any, estimators: ModuleType) -> None:
    built = demo(size="medium", customers=20_000, seed=seed, only="web_bug", parts=("sales", "behaviour"))
    first, last, _, effect = built.event("mobile checkout")
    assert (last - first).days == 20
    inside = f"visited_on BETWEEN DATE '{first}' AND DATE '{last}'"
    assert near(estimators.completion(built.data, "mobile", inside), effect)
    assert near(estimators.completion(built.data, "mobile", f"NOT ({inside})"), 0.84)
    assert estimators.completion(built.data, "desktop", inside)[0] > 0.8
    weeks = estimators.rows(
        built.data,
        """SELECT CAST(date_trunc('week', visited_on) AS DATE), avg(CAST(furthest_step = 'purchase' AS INT)) AS rate
           FROM behaviour.web_session WHERE furthest_step IN ('payment', 'purchase') AND device = 'mobile'
           GROUP BY 1 HAVING count(*) > 30 ORDER BY rate LIMIT 2""",
    )
    assert all(first - dt.timedelta(days=7) <= week <= last for week, _ in weeks)


@seeds
def test_two_shops_lose_visitors_and_score_lower(seed: int, demo: Any, estimators: ModuleType) -> None:
    built = demo(seed=seed, only="walkouts", parts=("stores",))
    day, _, scope, effect = built.event("walk-outs")
    bad = f"{scope} AND traffic_on >= DATE '{day}'"
    assert near(estimators.walkout_rate(built.data, bad), effect)
    assert near(estimators.walkout_rate(built.data, f"NOT ({bad})"), 0.24)
    worst = estimators.rows(
        built.data,
        f"""SELECT store_id FROM core.store_traffic WHERE traffic_on >= DATE '{day}' GROUP BY 1
            ORDER BY sum(transactions) / sum(visitors) LIMIT 2""",
    )
    assert {s for (s,) in worst} == {int(s) for s in re.findall(r"\d+", scope)}
    scores = estimators.rows(
        built.data,
        f"""SELECT {scope}, avg(score), stddev(score) / sqrt(count(*)) FROM voice.mystery_score JOIN voice.mystery_visit USING (visit_id)
            WHERE store_id IS NOT NULL AND visited_on >= DATE '{day}' GROUP BY 1 ORDER BY 1""",
    )
    gap = estimators.difference((scores[1][1], scores[1][2]), (scores[0][1], scores[0][2]))
    assert gap[0] < -0.8
    assert gap[0] < -4 * gap[1]


@seeds
def test_satisfaction_rises_in_every_region_and_falls_overall(seed: int, demo: Any, estimators: ModuleType) -> None:
    spans = estimators.csat(demo(size="medium", seed=seed, only="simpson", parts=("sales", "service")).data)
    overall = estimators.difference(spans[""][1], spans[""][0])
    assert overall[0] < -4 * overall[1]
    rises = [estimators.difference(later, earlier) for region, (earlier, later) in spans.items() if region]
    assert len(rises) == 5
    assert all(rise[0] > 0 for rise in rises)
    assert near((float(np.mean([r[0] for r in rises])), float(np.hypot.reduce([r[1] for r in rises]) / 5)), 0.25, slack=0.05)


@seeds
def test_people_with_several_differing_records_are_as_many_as_planted(seed: int, demo: Any, estimators: ModuleType) -> None:
    built = demo(size="medium", customers=20_000, seed=seed, only="identity", parts=("identity",))
    several = built.truth.execute(
        """SELECT count(*) FROM (SELECT person_id FROM truth.person WHERE variation IN ('typo', 'nickname', 'moved', 'shared contact')
                                GROUP BY 1 HAVING count(*) BETWEEN 2 AND 4)"""
    ).fetchall()[0][0]
    assert near(estimators.proportion(several, 20_000), 0.12)
    built.data.execute(f"ATTACH IF NOT EXISTS '{built.path.with_name('warehouse_truth.duckdb')}' AS planted (READ_ONLY)")
    namesakes = """SELECT count(*), count(DISTINCT p.person_id), count(DISTINCT r.birth_date) FROM source.person_record AS r
        JOIN planted.truth.person AS p USING (source_system, source_id)
                   WHERE variation = 'namesake' AND r.birth_date IS NOT NULL"""
    records, people, births = built.data.execute(namesakes).fetchall()[0]
    assert records >= people > 30
    assert births > 0.9 * people


@seeds
def test_a_simple_matching_finds_most_people_and_merging_namesakes_would_be_wrong(seed: int, demo: Any) -> None:
    """Pairs with one e-mail are nearly always one person; pairs with one name and address are not when birth dates differ."""
    built = demo(size="medium", customers=20_000, seed=seed, only="identity", parts=("identity",))
    built.data.execute(f"ATTACH IF NOT EXISTS '{built.path.with_name('warehouse_truth.duckdb')}' AS planted (READ_ONLY)")
    pairs = """WITH r AS (SELECT * FROM source.person_record JOIN planted.truth.person USING (source_system, source_id))
               SELECT count(*), count(*) FILTER (a.person_id = b.person_id) FROM r AS a JOIN r AS b ON {} WHERE a.source_id < b.source_id"""
    total, right = built.data.execute(pairs.format("a.email = b.email")).fetchall()[0]
    assert 0.9 < right / total < 1.0  # households that share an e-mail keep it from being perfect
    alike = " AND ".join(f"a.{c} = b.{c}" for c in ("first_name", "last_name", "street", "postcode"))
    same_name = f"{alike} AND abs(a.birth_date - b.birth_date) > 3650"
    total, right = built.data.execute(pairs.format(same_name)).fetchall()[0]
    assert total > 20
    assert right == 0


@seeds
def test_consent_shares_are_as_planted_and_nobody_is_contacted_against_their_will(seed: int, demo: Any, estimators: ModuleType) -> None:
    built = demo(size="medium", customers=20_000, seed=seed, only="consent", parts=("privacy", "marketing", "sales", "identity"))
    agreed, withdrew = estimators.one(
        built.data,
        """SELECT count(DISTINCT customer_id), count(DISTINCT customer_id) FILTER (action = 'withdrawn') FROM privacy.consent_event
           WHERE purpose = 'marketing'""",
    )
    erased = estimators.one(built.data, "SELECT count(*) FROM privacy.request WHERE kind = 'erase' AND done_on IS NOT NULL")[0]
    assert near(estimators.proportion(20_000 - agreed, 20_000), 0.30)
    assert near(estimators.proportion(withdrew, 20_000), 0.067, slack=0.003)
    assert near(estimators.proportion(erased, 20_000), 0.01)
    for table, day in (("marketing.campaign_audience", "assigned_on"), ("marketing.action_log", "decided_on")):
        sql = f"""SELECT count(*) FROM {table} AS a WHERE coalesce((SELECT arg_max(action, happened_at) FROM privacy.consent_event AS e
                  WHERE e.customer_id = a.customer_id AND purpose = 'marketing' AND happened_on <= a.{day}), 'never') <> 'granted'"""
        assert estimators.one(built.data, sql) == (0,)


def test_the_full_build_shows_every_truth_in_sign_and_order(demo: Any, estimators: ModuleType) -> None:
    built = demo(size="medium", seed=1)
    data = built.data
    drivers = estimators.churn_drivers(data)
    assert all(drivers[n][0] * planted > 0 for n, planted in DRIVER_LOG_ODDS.items())
    assert drivers["unresolved_ticket"][0] > drivers["price_rise_seen"][0] > 0 > drivers["loyalty_tier"][0]
    day, _, scope, _ = built.event("units")
    assert estimators.price_break(data)[:2] == (re.findall(r"'(.+)'", scope)[0], day)
    assert estimators.units_change(data, re.findall(r"'(.+)'", scope)[0], day)[0] < 0
    batch, rate, others = estimators.worst_batch(data)
    assert built.event("returns")[2] == f"batch_id = {batch}"
    assert rate[0] > 3 * others[0]
    assert estimators.rating_gap(data, batch)[0] < -0.7
    first, last, _, _ = built.event("mobile checkout")
    assert estimators.completion(data, "mobile", f"visited_on BETWEEN DATE '{first}' AND DATE '{last}'")[0] < 0.5
    assert estimators.lift(data, "Always-on E-mail")[0] > estimators.lift(data, "Always-on Display")[0] - 0.01
    spans = estimators.csat(data)
    assert spans[""][1][0] < spans[""][0][0]
    assert sum(later[0] > earlier[0] for region, (earlier, later) in spans.items() if region) == 5
    assert estimators.day_ratio(data, "isodow(day) = 6", "isodow(day) IN (2, 3)")[0] > 1.2
    assert built.truth.execute("SELECT count(*) FILTER (is_injection) FROM truth.text").fetchall()[0][0] > 50
    assert built.truth.execute("SELECT count(*) FROM truth.fault WHERE rows_affected > 0 OR name = 'missing day'").fetchall() == [(8,)]
