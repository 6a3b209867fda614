"""The spend model against published values and simulated customers."""

from __future__ import annotations

import numpy as np
import pytest

from tools.core.errors import NeedsPerson
from tools.lifetime_value.spending import SpendModel, expected_spend, fit_spend
from tools.lifetime_value.summary import CustomerSummary


def customers(x: np.ndarray, m: np.ndarray) -> CustomerSummary:  # type: ignore[type-arg]
    nothing = np.zeros(len(x))
    return CustomerSummary(customer=np.arange(len(x)), x=x.astype(float), t_x=nothing, T=nothing, m=m.astype(float))


def simulated(n: int, seed: int) -> CustomerSummary:
    rng = np.random.default_rng(seed)
    x = rng.integers(1, 12, n)
    nu = rng.gamma(4.0, 1 / 20.0, n)
    return customers(x, rng.gamma(6.0 * x, 1 / (nu * x)))


def test_gamma_gamma_matches_the_published_values_on_cdnow(cdnow_customers: CustomerSummary) -> None:
    fitted = fit_spend(cdnow_customers)
    assert [round(fitted.p, 2), round(fitted.q, 2), round(fitted.gamma, 2)] == [6.25, 3.74, 15.44]
    assert fitted.log_likelihood == pytest.approx(-4055.92, abs=0.005)
    assert fitted.n_customers == 946
    assert fitted.frequency_correlation == pytest.approx(0.114, abs=0.001)


def test_recovers_simulated_parameters_also_when_amounts_are_put_into_bins() -> None:
    fitted = fit_spend(simulated(60_000, seed=2))
    assert fitted.p == pytest.approx(6.0, rel=0.05)
    assert fitted.q == pytest.approx(4.0, rel=0.05)
    assert fitted.gamma == pytest.approx(20.0, rel=0.08)


def test_draws_a_single_purchase_towards_the_mean_more_than_many() -> None:
    fitted = SpendModel(p=6.0, q=4.0, gamma=15.0, log_likelihood=0.0, n_customers=100, frequency_correlation=0.0)
    found = expected_spend(fitted, customers(np.array([0, 1, 50]), np.array([0.0, 100.0, 100.0])))
    assert found[0] == pytest.approx(fitted.mean)
    assert fitted.mean < found[1] < found[2] < 100.0


def test_needs_customers_with_a_repeat_purchase_of_some_value() -> None:
    with pytest.raises(NeedsPerson, match="Only 0 customers have a repeat purchase"):
        fit_spend(customers(np.full(200, 3), np.full(200, -5.0)))
