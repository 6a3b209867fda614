"""Price indexes and elasticities from made-up shelves whose answer is known."""

from __future__ import annotations

import pytest

from tools.explain_change.prices import Sold, fisher_index, response


def sold(pieces: float, pieces_before: float, price: float, price_before: float) -> Sold:
    return Sold(
        pieces=pieces,
        pieces_before=pieces_before,
        value=pieces * price,
        value_before=pieces_before * price_before,
        squares=pieces,
        squares_before=pieces_before,
    )


def test_the_index_is_the_price_change_when_all_prices_move_alike() -> None:
    assert fisher_index([sold(10, 20, 5.4, 5.0), sold(100, 3, 2.16, 2.0)]) == pytest.approx(1.08)


def test_the_index_ignores_what_was_sold_in_one_window_only_and_what_people_moved_to() -> None:
    """A shift towards cheap articles at unchanged prices is no price change."""
    assert fisher_index([sold(90, 10, 1.0, 1.0), sold(10, 90, 50.0, 50.0), sold(5, 0, 99.0, 0.0)]) == pytest.approx(1.0)
    assert fisher_index([sold(5, 0, 9.0, 0.0)]) is None


def test_the_elasticity_is_demand_against_all_others_over_the_price_change() -> None:
    dearer = [sold(10_000 * 2 * 1.1**-1.5, 10_000, 1.1, 1.0)]
    others = [sold(40_000, 20_000, 3.0, 3.0)]
    found = response(dearer, others)
    assert found is not None
    assert found.price_change == pytest.approx(0.1)
    assert found.elsewhere == pytest.approx(0.0)
    assert found.elasticity == pytest.approx(-1.5)
    assert found.low < -1.5 < found.high
    noisier = response(dearer, others, noise=4.0)
    assert noisier is not None
    assert noisier.high - noisier.low == pytest.approx(2 * (found.high - found.low))


def test_nothing_is_said_where_prices_hardly_moved_or_moved_everywhere() -> None:
    assert response([sold(90, 100, 1.01, 1.0)], [sold(100, 100, 1.0, 1.0)]) is None
    assert response([sold(90, 100, 1.1, 1.0)], [sold(100, 100, 1.1, 1.0)]) is None
    assert response([], [sold(100, 100, 1.0, 1.0)]) is None
