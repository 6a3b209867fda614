"""The back-test on CDNOW, on The Complete Journey, and where it must refuse."""

from __future__ import annotations

import datetime as dt

import duckdb
import numpy as np
import pytest

from assistant import Settings
from tools.core.customers import Orders, day_number
from tools.core.errors import NeedsPerson
from tools.core.warehouse import open_warehouse
from tools.lifetime_value.backtest import backtest, top_share
from tools.lifetime_value.model import Terms, fit_value_model

CALIBRATION_END, HOLDOUT_END = dt.date(1997, 9, 30), dt.date(1998, 6, 30)


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


def test_cdnow_holdout_figures_stand_beside_naive_rules(cdnow: Orders) -> None:
    found = backtest(cdnow, end=day_number(HOLDOUT_END), horizon_days=273, cut_off=day_number(CALIBRATION_END))
    window = found.windows[0]
    model, rate, nothing = (window.score(name) for name in ("bg_nbd", "past_rate", "nothing"))
    assert model.purchases_actual == 1882
    assert model.purchases_predicted == pytest.approx(1653.4, abs=0.05)
    assert (round(model.purchases_mae, 4), round(model.purchases_rmse, 3), round(model.purchases_correlation, 3)) == (0.7855, 1.608, 0.626)
    assert (round(model.spend_mae, 2), round(model.top_decile_share, 3)) == (30.41, 0.502)
    assert rate.purchases_predicted == pytest.approx(2930.1, abs=0.05)
    # Predicting nothing nearly wins on the mean error: why one figure never decides.
    assert round(nothing.purchases_mae, 4) == 0.7985
    assert found.winner in {"bg_nbd", "mbg_nbd"}


def test_cdnow_actual_purchases_by_repeats_are_the_published_ones(cdnow: Orders) -> None:
    found = backtest(cdnow, end=day_number(HOLDOUT_END), horizon_days=273, cut_off=day_number(CALIBRATION_END))
    assert [round(row.actual, 3) for row in found.by_repeats] == [0.237, 0.697, 1.393, 1.560, 2.532, 2.947, 3.862, 6.359]
    assert [round(row.expected["bg_nbd"], 3) for row in found.by_repeats] == [0.225, 0.523, 1.044, 1.520, 2.164, 2.654, 3.504, 6.157]


def test_the_winner_on_the_complete_journey_is_at_least_as_good_as_the_best_naive_rule(journey: Orders) -> None:
    found = backtest(journey, end=day_number(dt.date(2017, 12, 31)), horizon_days=91)
    latest = found.windows[0]
    assert (latest.cut_off, latest.until) == (dt.date(2017, 10, 1), dt.date(2017, 12, 31))
    winner = latest.score(found.winner)
    best_naive = min(latest.score(name).spend_mae for name in ("last_window", "past_rate"))
    assert winner.spend_mae <= 1.03 * best_naive
    assert winner.spend_mae <= 179
    assert winner.top_decile_share >= 0.33


def test_eight_of_ten_customers_end_inside_their_interval(journey: Orders) -> None:
    """Intervals learnt on windows before the last must hold on the last."""
    end = day_number(dt.date(2017, 10, 1))
    model = fit_value_model(
        journey.until(end),
        as_of=dt.date(2017, 10, 1),
        terms=Terms(horizon_days=91, currency="USD", basis="revenue"),
    )
    values = model.values()
    actual = journey.between(end, end + 91).sums()[values.customer]
    inside = (values.clv_low - 1e-9 <= actual) & (actual <= values.clv_high + 1e-9)
    assert 0.72 <= inside.mean() <= 0.88


def test_warns_that_a_season_cannot_be_seen(journey: Orders) -> None:
    model = fit_value_model(journey, as_of=dt.date(2017, 12, 31), terms=Terms(horizon_days=365, currency="USD", basis="revenue"))
    assert "less than two years of history" in model.season.sentence
    assert any("longer than the 91 days" in caveat for caveat in model.caveats())


def test_a_discount_lowers_every_value(journey: Orders) -> None:
    plain, discounted = (
        fit_value_model(
            journey, as_of=dt.date(2017, 12, 31), terms=Terms(horizon_days=365, currency="USD", basis="revenue", yearly_discount=rate)
        ).values()
        for rate in (0.0, 0.2)
    )
    bought = plain.clv > 0
    ratio = discounted.clv[bought] / plain.clv[bought]
    # Half a year on average at 20 %: about 0.91.
    assert ratio.max() < 1
    assert ratio.mean() == pytest.approx(0.913, abs=0.01)


def test_refuses_a_history_shorter_than_two_horizons() -> None:
    orders = Orders.of(np.arange(200) % 100, np.arange(200) % 20, np.ones(200))
    with pytest.raises(NeedsPerson, match="too short to test a horizon of 91 days") as caught:
        backtest(orders, end=19, horizon_days=91)
    assert caught.value.public_code == "history_too_short"


def test_the_top_tenth_holds_its_share() -> None:
    assert top_share(np.arange(10.0), np.array([0, 0, 0, 0, 0, 0, 0, 0, 1.0, 3.0])) == 0.75


@pytest.mark.slow
def test_a_million_customers_are_fitted_in_seconds() -> None:
    import time

    from tools.lifetime_value.purchasing import Dropout, expected_purchases, fit_purchases
    from tools.lifetime_value.spending import expected_spend, fit_spend
    from tools.lifetime_value.summary import CustomerSummary, weigh

    rng, n = np.random.default_rng(1), 1_000_000
    big_t = rng.integers(1, 3 * 365, n)
    x = np.minimum(rng.poisson(rng.gamma(0.25, 1 / 4.4, n) * big_t / 7), big_t).astype(float)
    t_x = np.where(x > 0, np.floor(big_t * rng.beta(2, 1, n)), 0.0)
    m = np.where(x > 0, rng.gamma(5, 8, n), 0.0)
    customers = CustomerSummary(customer=np.arange(n), x=x, t_x=t_x / 7, T=big_t / 7, m=m)
    started = time.process_time()
    model, spend = fit_purchases(weigh(customers), Dropout.AT_ANY_PURCHASE), fit_spend(customers)
    fitted = time.process_time()
    values = expected_purchases(model, customers, 52.0) * expected_spend(spend, customers)
    scored = time.process_time()
    assert np.isfinite(values).all()
    # Processor time, so that a busy machine does not decide.
    assert fitted - started < 5
    assert scored - fitted < 2
