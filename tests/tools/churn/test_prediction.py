"""Churn from orders: what is known when, how good it is, and when it refuses."""

from __future__ import annotations

import datetime as dt

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant import Settings
from tools.churn.backtest import backtest
from tools.churn.features import Driver, NoOrder, take_snapshot
from tools.churn.prediction import predict_churn
from tools.churn.subscriptions import STILL_RUNNING, SubscriptionEnds, Subscriptions
from tools.churn.words import reasons
from tools.core.customers import Orders, day_number, to_date
from tools.core.errors import NeedsPerson
from tools.core.warehouse import open_warehouse

LAST_DAY = 729


@pytest.fixture(scope="module")
def journey(settings: Settings) -> Orders:
    with open_warehouse("completejourney", home=settings.home) as warehouse:
        path = warehouse.data_folder / "warehouse.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        rows = connection.execute(
            "SELECT household_id, date_diff('day', DATE '1970-01-01', visit_date) AS day, CAST(sum(sales_value) AS DOUBLE) AS amount "
            "FROM baskets JOIN basket_lines USING (basket_id) WHERE visit_date <= DATE '2017-12-31' GROUP BY 1, 2"
        ).fetchnumpy()
    return Orders.of(rows["household_id"], rows["day"], rows["amount"])


def test_households_of_the_complete_journey_are_predicted_as_well_as_published(journey: Orders) -> None:
    found = backtest(NoOrder(orders=journey, horizon_days=91), end=day_number(dt.date(2017, 12, 31)))
    assert found.tested_on == dt.date(2017, 10, 1)
    assert all(day <= dt.date(2017, 7, 2) for day in found.trained_on)
    assert found.best.auc >= 0.895
    assert found.best.ece <= 0.015
    assert found.best.auc > found.recency_auc


@settings(max_examples=25, deadline=None)
@given(day=st.integers(200, 500), seed=st.integers(0, 1000))
def test_a_snapshot_does_not_change_when_the_future_does(day: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    who, days, amounts = rng.integers(0, 40, 600), rng.integers(0, 700, 600), rng.gamma(2, 10, 600)
    known = days <= day
    whole = take_snapshot(Orders.of(who, days, amounts), day, horizon_days=91)
    shuffled = np.where(known, amounts, amounts * 100)
    other = take_snapshot(Orders.of(who, np.where(known, days, days + 3), shuffled), day, horizon_days=91)
    assert np.array_equal(whole.customer, other.customer)
    assert np.array_equal(whole.matrix, other.matrix)


def test_pushes_of_a_logistic_prediction_add_up_to_its_log_odds(shop: Orders) -> None:
    found = predict_churn(NoOrder(orders=shop, horizon_days=60), as_of=to_date(LAST_DAY))
    centred = found.log_odds - found.log_odds.mean()
    if found.backtest.winner == "logistic":
        assert np.allclose(found.pushes.sum(axis=1), centred, atol=1e-9)
    assert np.allclose(found.pushes.mean(axis=0), 0, atol=1e-9)
    assert np.all((found.probability > 0) & (found.probability < 1))


def test_a_planted_signal_is_found_and_a_decoy_is_not(shop: Orders) -> None:
    """Customers with a bad last experience mostly do not come back; a coin says nothing."""
    rng = np.random.default_rng(9)
    last = np.full(shop.n_customers, -1)
    np.maximum.at(last, shop.customer, shop.day)
    bad = rng.random((shop.n_customers, 3)) < 0.3
    days = [LAST_DAY - 60 * k for k in range(5)]
    keep = np.ones(len(shop), dtype=bool)
    for position, day in enumerate(sorted(days)[:3]):
        hit = bad[shop.customer, position] & (shop.day > day) & (rng.random(len(shop)) < 0.7)
        keep &= ~hit
    thinned = Orders.of(shop.customers[shop.customer[keep]], shop.day[keep], shop.amount[keep])
    coin = rng.random(thinned.n_customers)
    position_of = {day: position for position, day in enumerate(sorted(days)[:3])}

    def signals(day: int) -> dict[str, np.ndarray]:  # type: ignore[type-arg]
        column = bad[:, position_of.get(day, 2)].astype(float)
        return {"bad": column[thinned.customers], "coin": coin}

    drivers = (Driver(name="bad", label="a bad experience", signal=True), Driver(name="coin", label="a coin", signal=True))
    outcome = NoOrder(orders=thinned, horizon_days=60, signals=signals, signal_drivers=drivers)
    effects = {e["driver"]: e for e in predict_churn(outcome, as_of=to_date(LAST_DAY)).effects()}
    assert effects["bad"]["low"] > 0
    assert effects["coin"]["low"] < 0 < effects["coin"]["high"]


def test_reasons_are_in_words_of_the_business(shop: Orders) -> None:
    found = predict_churn(NoOrder(orders=shop, horizon_days=60), as_of=to_date(LAST_DAY))
    riskiest = int(np.argmax(found.probability))
    assert "last order" in found.reasons[riskiest]
    assert "raises the risk" in found.reasons[riskiest]
    assert found.main_driver[riskiest] in {d.label for d in found.snapshot.drivers}


def test_the_same_data_gives_the_same_scores(shop: Orders) -> None:
    first, second = (predict_churn(NoOrder(orders=shop, horizon_days=60), as_of=to_date(LAST_DAY)) for _ in range(2))
    assert np.array_equal(first.probability, second.probability)


def test_refuses_a_history_that_leaves_nothing_to_test_on(shop: Orders) -> None:
    with pytest.raises(NeedsPerson, match="300 days ahead need 900") as caught:
        predict_churn(NoOrder(orders=shop, horizon_days=300), as_of=to_date(LAST_DAY))
    assert caught.value.public_code == "history_too_short"


def test_refuses_when_everybody_comes_back() -> None:
    days = np.tile(np.arange(0, 400, 5), 300)
    orders = Orders.of(np.repeat(np.arange(300), 80), days, np.ones(len(days)))
    with pytest.raises(NeedsPerson, match="at least 20 of each kind") as caught:
        predict_churn(NoOrder(orders=orders, horizon_days=60), as_of=to_date(399))
    assert caught.value.public_code == "one_class"


def test_ends_of_subscriptions_are_predicted_for_running_ones_only(shop: Orders) -> None:
    rng = np.random.default_rng(3)
    n = shop.n_customers
    start = rng.integers(0, 200, n)
    ended = start + rng.integers(60, 900, n)
    subscriptions = Subscriptions(customer=np.arange(n), start=start, end=np.where(ended > LAST_DAY, STILL_RUNNING, ended))
    outcome = SubscriptionEnds(orders=shop, subscriptions=subscriptions, horizon_days=91)
    snapshot = outcome.take(500)
    assert set(snapshot.customer) == set(np.flatnonzero((start <= 500) & (ended > 500)))
    assert np.array_equal(outcome.left(snapshot), (ended[snapshot.customer] <= 591).astype(int))
    found = predict_churn(outcome, as_of=to_date(LAST_DAY))
    assert found.outcome == "subscription ended within 91 days"
    assert "time as a subscriber" in {driver.label for driver in found.snapshot.drivers}


@pytest.mark.parametrize(
    ("label", "value", "said"),
    [
        ("a gift card", 1.0, "a gift card"),
        ("the app", 0.0, "no app"),
        ("an open ticket", 3.0, "an open ticket: 3"),
        ("age of 5", 1.0, "age of 5: 1"),
    ],
)
def test_a_reason_says_in_words_whether_a_thing_is_there(label: str, value: float, said: str) -> None:
    facts = {"flag": np.array([value])}
    _, told = reasons(np.array([[0.5]]), [Driver(name="flag", label=label)], facts, horizon_days=91)
    assert told[0] == f"{said} (raises the risk)"
