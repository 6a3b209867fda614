"""Measures of calibration on predictions whose faults are known."""

from __future__ import annotations

import numpy as np
import pytest

from tools.churn.calibration import calibration_line, calibration_of, expected_calibration_error, log_odds

RNG = np.random.default_rng(4)
TRUTH = RNG.beta(1.2, 4.0, 40_000)
HAPPENED = (RNG.random(40_000) < TRUTH).astype(np.int64)


def test_right_probabilities_lie_on_the_line() -> None:
    found = calibration_of(HAPPENED, TRUTH)
    assert found.slope == pytest.approx(1.0, abs=0.03)
    assert found.intercept == pytest.approx(0.0, abs=0.03)
    assert found.within_chance
    assert found.brier == pytest.approx(float(np.mean(TRUTH * (1 - TRUTH))), abs=0.003)


def test_predictions_twice_too_extreme_have_slope_one_half() -> None:
    extreme = 1 / (1 + np.exp(-2 * log_odds(TRUTH)))
    assert calibration_line(HAPPENED, extreme)[0] == pytest.approx(0.5, abs=0.02)
    assert not calibration_of(HAPPENED, extreme).within_chance


def test_predictions_of_a_balanced_sample_show_in_the_intercept() -> None:
    balanced = 1 / (1 + np.exp(-(log_odds(TRUTH) + 1.0)))
    slope, intercept = calibration_line(HAPPENED, balanced)
    assert slope == pytest.approx(1.0, abs=0.03)
    assert intercept == pytest.approx(-1.0, abs=0.05)


def test_the_expected_error_is_the_mean_gap_over_bins() -> None:
    observed = np.array([0, 0, 1, 1])
    assert expected_calibration_error(observed, np.array([0.05, 0.05, 0.95, 0.95])) == pytest.approx(0.05)
    assert expected_calibration_error(observed, np.array([0.45, 0.45, 0.45, 0.45])) == pytest.approx(0.05)


def test_tenths_cover_everybody_in_order_of_risk() -> None:
    tenths = calibration_of(HAPPENED, TRUTH).deciles
    assert sum(tenth.n for tenth in tenths) == 40_000
    assert [t.predicted for t in tenths] == sorted(t.predicted for t in tenths)
    assert all(abs(t.predicted - t.observed) < 0.03 for t in tenths)
