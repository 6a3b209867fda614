"""The purchasing models against published values, against simulated customers, and at their edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import trapezoid
from scipy.special import betaincinv

from tools.core.customers import Orders
from tools.core.errors import NeedsPerson
from tools.lifetime_value.purchasing import (
    Dropout,
    PurchaseModel,
    expected_purchases,
    fit_purchases,
    log_likelihood,
    probability_alive,
)
from tools.lifetime_value.summary import CustomerSummary, summarise, weigh

HOLDOUT_WEEKS = 39.0


def summary(x: list[float], t_x: list[float], big_t: list[float]) -> CustomerSummary:
    arrays = [np.array(v, dtype=np.float64) for v in (x, t_x, big_t)]
    return CustomerSummary(customer=np.arange(len(x)), x=arrays[0], t_x=arrays[1], T=arrays[2], m=np.zeros(len(x)))


def model(dropout: Dropout, r: float = 0.5, alpha: float = 5.0, a: float = 0.8, b: float = 2.0) -> PurchaseModel:
    return PurchaseModel(
        dropout=dropout, r=r, alpha=alpha, a=a, b=b, log_likelihood=0.0, n_customers=1, standard_errors=None, converged=True
    )


def simulated(n: int, *, seed: int, r: float = 0.8, alpha: float = 6.0, a: float = 0.9, b: float = 2.5) -> CustomerSummary:
    """Customers who buy at gamma rates and drop out after repeat purchases with beta probabilities."""
    rng = np.random.default_rng(seed)
    big_t = rng.uniform(30.0, 80.0, n)
    rate, leave = rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n)
    x, t_x = np.zeros(n), np.zeros(n)
    now, active = rng.exponential(1 / rate), np.ones(n, dtype=bool)
    while True:
        buys = active & (now <= big_t)
        if not buys.any():
            return CustomerSummary(customer=np.arange(n), x=x, t_x=t_x, T=big_t, m=np.zeros(n))
        x[buys] += 1
        t_x[buys] = now[buys]
        active &= buys & (rng.random(n) > leave)
        now = now + rng.exponential(1 / rate)


def test_bgnbd_parameters_match_fader_hardie_lee_2005_on_cdnow(cdnow_customers: CustomerSummary) -> None:
    fitted = fit_purchases(weigh(cdnow_customers), Dropout.AFTER_REPEAT)
    assert [round(v, 3) for v in fitted.parameters().values()] == [0.243, 4.414, 0.793, 2.426]
    assert fitted.log_likelihood == pytest.approx(-9582.43, abs=0.005)
    assert fitted.n_customers == 2357
    assert fitted.converged
    assert fitted.dropout_identified


def test_bgnbd_expects_the_published_holdout_on_cdnow(cdnow_customers: CustomerSummary) -> None:
    fitted = fit_purchases(weigh(cdnow_customers), Dropout.AFTER_REPEAT)
    expected = expected_purchases(fitted, cdnow_customers, HOLDOUT_WEEKS)
    assert expected.sum() == pytest.approx(1653.4, abs=0.05)
    groups = np.minimum(cdnow_customers.x, 7)
    table = [(int((groups == k).sum()), round(float(expected[groups == k].mean()), 3)) for k in range(8)]
    assert table == [
        (1411, 0.225), (439, 0.523), (214, 1.044), (100, 1.520), (62, 2.164), (38, 2.654), (29, 3.504), (64, 6.157),
    ]  # fmt: skip


def test_mbgnbd_parameters_on_cdnow(cdnow_customers: CustomerSummary) -> None:
    fitted = fit_purchases(weigh(cdnow_customers), Dropout.AT_ANY_PURCHASE)
    assert [round(fitted.r, 4), round(fitted.alpha, 3), round(fitted.a, 4), round(fitted.b, 3)] == [0.5248, 6.183, 0.8914, 1.614]
    assert fitted.log_likelihood == pytest.approx(-9582.13, abs=0.01)
    assert expected_purchases(fitted, cdnow_customers, HOLDOUT_WEEKS).sum() == pytest.approx(1576.7, abs=0.05)


def test_recovers_the_parameters_that_simulated_customers_were_made_with() -> None:
    fitted = fit_purchases(weigh(simulated(20_000, seed=3)), Dropout.AFTER_REPEAT)
    assert fitted.standard_errors is not None
    for found, planted, error in zip(fitted.parameters().values(), (0.8, 6.0, 0.9, 2.5), fitted.standard_errors, strict=True):
        assert abs(found - planted) < 3 * error


def test_says_that_no_dropout_is_identified_when_nobody_leaves() -> None:
    rng = np.random.default_rng(5)
    n, big_t = 3000, 50.0
    x = rng.poisson(rng.gamma(1.5, 1 / 4.0, n) * big_t).astype(float)
    t_x = np.where(x > 0, big_t * rng.beta(np.maximum(x, 1), 1.0, n), 0.0)
    fitted = fit_purchases(weigh(summary(x.tolist(), t_x.tolist(), [big_t] * n)), Dropout.AFTER_REPEAT)
    assert not fitted.dropout_identified
    customers = summary([3.0], [10.0], [50.0])
    assert probability_alive(fitted, customers).tolist() == [1.0]
    assert expected_purchases(fitted, customers, 10.0)[0] == pytest.approx((fitted.r + 3) / (fitted.alpha + 50) * 10, rel=1e-9)


def test_bgnbd_takes_everybody_without_a_repeat_for_alive_and_mbgnbd_does_not() -> None:
    never_back = summary([0.0], [0.0], [50.0])
    assert probability_alive(model(Dropout.AFTER_REPEAT), never_back)[0] == 1.0
    assert probability_alive(model(Dropout.AT_ANY_PURCHASE), never_back)[0] < 0.8


@pytest.mark.parametrize("dropout", list(Dropout))
def test_expected_purchases_match_a_simulation_of_the_fitted_process(dropout: Dropout) -> None:
    """Independent of the closed form: draw rate, dropout and state from their posterior, and run the process."""
    rng, fitted, draws, horizon = np.random.default_rng(11), model(dropout), 200_000, 20.0
    x, t_x, big_t = 4.0, 20.0, 24.0
    customers = summary([x], [t_x], [big_t])
    flips = x + (1.0 if dropout is Dropout.AT_ANY_PURCHASE else 0.0)
    alive = rng.random(draws) < probability_alive(fitted, customers)[0]
    rate = rng.gamma(fitted.r + x, 1 / (fitted.alpha + big_t), draws)
    leave = rng.beta(fitted.a, fitted.b + flips, draws)
    bought, now = np.zeros(draws), rng.exponential(1 / rate)
    while True:
        buys = alive & (now <= horizon)
        if not buys.any():
            break
        bought[buys] += 1
        alive = buys & (rng.random(draws) > leave)
        now = now + rng.exponential(1 / rate)
    assert expected_purchases(fitted, customers, horizon)[0] == pytest.approx(bought.mean(), rel=0.02)


def test_expectations_pass_through_the_holes_of_the_formula() -> None:
    customers = summary([0.0], [0.0], [20.0])
    for a, b in ((0.5, 0.5), (1.0, 2.0)):
        near, at = (expected_purchases(model(Dropout.AFTER_REPEAT, 0.8, 5.0, a + step, b), customers, 10.0)[0] for step in (1e-4, 0.0))
        assert at == pytest.approx(near, rel=1e-3)


@settings(max_examples=60, deadline=None)
@given(
    x=st.integers(0, 300),
    part=st.floats(0, 1),
    big_t=st.floats(0.5, 300),
    r=st.floats(0.05, 10),
    alpha=st.floats(0.1, 100),
    a=st.floats(0.01, 5),
    b=st.floats(0.05, 20),
    horizon=st.floats(0.1, 200),
    dropout=st.sampled_from(list(Dropout)),
)
def test_expectations_are_finite_and_grow_with_the_horizon(
    x: int, part: float, big_t: float, r: float, alpha: float, a: float, b: float, horizon: float, dropout: Dropout
) -> None:
    fitted = model(dropout, r, alpha, a, b)
    customers = summary([float(x)], [part * big_t if x else 0.0], [big_t])
    short, long = (expected_purchases(fitted, customers, h)[0] for h in (horizon, 2 * horizon))
    assert np.isfinite(short)
    assert 0 <= short <= long * (1 + 1e-9) + 1e-9
    assert 0 <= probability_alive(fitted, customers)[0] <= 1


@pytest.mark.parametrize("dropout", list(Dropout))
def test_expectations_run_through_the_gap_of_their_formula(dropout: Dropout) -> None:
    customers = summary([0.0, 3.0], [0.0, 20.0], [0.5, 30.0])
    below, at, above = (expected_purchases(model(dropout, 1.0, 1.0, a, 1.0), customers, 2.0) for a in (0.999, 1.0, 1.001))
    assert at == pytest.approx((below + above) / 2, rel=1e-5)
    assert at.max() > 0.01


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("x", "t_x", "big_t"), [(1.0, 1.0, 2.202), (9.0, 7.0, 9.957), (17.0, 12.0, 12.682)])
def test_expectations_hold_where_the_factors_of_their_formula_overflow(x: float, t_x: float, big_t: float) -> None:
    """For a in the hundreds the expectation is the integral of eq. (8) of the same paper over the posterior."""
    fitted, horizon = model(Dropout.AT_ANY_PURCHASE, 0.5, 5.0, 700.0, 0.02), 80.0
    customers = summary([x], [t_x], [big_t])
    u = betaincinv(699.0, 0.02 + x + 1.0, np.linspace(0.0, 1.0, 200_001))
    kept = trapezoid((1 + horizon / (5.0 + big_t) * u) ** -(0.5 + x), dx=1 / 200_000)
    expected = (700.0 + 0.02 + x) / 699.0 * (1 - kept) * probability_alive(fitted, customers)[0]
    assert expected_purchases(fitted, customers, horizon)[0] == pytest.approx(expected, rel=1e-4)
    assert expected > 0


def test_the_likelihood_counts_equal_customers_by_their_weight() -> None:
    once = summary([0, 2, 5], [0, 10, 20], [30, 30, 30])
    twice = summary([0, 2, 5] * 2, [0, 10, 20] * 2, [30, 30, 30] * 2)
    fitted = model(Dropout.AT_ANY_PURCHASE)
    assert log_likelihood(weigh(twice), fitted) == pytest.approx(2 * log_likelihood(weigh(once), fitted), rel=1e-12)
    assert len(weigh(twice).x) == 3


def test_refuses_to_fit_when_almost_nobody_came_back() -> None:
    with pytest.raises(NeedsPerson, match="Only 10 customers bought again") as caught:
        fit_purchases(weigh(summary([1.0] * 10 + [0.0] * 90, [2.0] * 10 + [0.0] * 90, [10.0] * 100)), Dropout.AFTER_REPEAT)
    assert caught.value.public_code == "too_few_customers"


def test_counts_purchase_days_and_not_purchases() -> None:
    orders = Orders.of(["ann"] * 4, np.array([100, 100, 114, 121]), np.array([5.0, 5.0, 20.0, 30.0]))
    found = summarise(orders, 135)
    assert (found.x[0], found.t_x[0], found.T[0], found.m[0]) == (2.0, 3.0, 5.0, 25.0)


def test_a_summary_knows_nothing_of_later_orders() -> None:
    orders = Orders.of(["ann", "ann", "bob"], np.array([100, 200, 150]), np.array([5.0, 7.0, 9.0]))
    found = summarise(orders, 120)
    assert orders.customers[found.customer].tolist() == ["ann"]
    assert found.x.tolist() == [0.0]
