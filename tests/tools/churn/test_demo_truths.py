"""Churn drivers that the demo's generator planted must be found, and its decoys must not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from tools.churn.features import Driver, NoOrder
from tools.churn.prediction import predict_churn
from tools.core.customers.warehouse_data import CustomerData
from tools.core.semantics import Catalog, read_model
from tools.warehouses.demo.build import build

MODEL = Path(__file__).parents[3] / "tools" / "warehouses" / "demo" / "semantic_model.yaml"
DECOYS = ("has_app", "paperless_receipts", "gift_card_holder", "catalogue_recipient", "birthday_club")


def effects(folder: Path, *, customers: int, seed: int) -> dict[str, dict[str, Any]]:
    """Signal -> its effect on leaving, from a demo of its own."""
    path = folder / f"demo-{seed}.duckdb"
    build(path, customers=customers, seed=seed)
    with duckdb.connect(str(path), read_only=True) as connection:
        model = read_model(MODEL, catalog=Catalog.from_duckdb(connection))
        as_of = connection.execute("SELECT max(day) FROM core.calendar").fetchall()[0][0]
        data = CustomerData(connection, model, as_of)
        orders, declared = data.orders(), model.settings.roles.signals
        outcome = NoOrder(
            orders=orders,
            horizon_days=91,
            signals=lambda day: data.signal_values(declared, orders, day),
            signal_drivers=tuple(Driver(name=s.name, label=s.label, signal=True) for s in declared),
        )
        return {effect["driver"]: effect for effect in predict_churn(outcome, as_of=as_of).effects()}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [11, 12, 13])
def test_planted_drivers_are_found_with_their_sign_and_in_their_order(tmp_path: Path, seed: int) -> None:
    found = effects(tmp_path, customers=20_000, seed=seed)
    planted = ("unresolved_ticket", "detractor", "late_delivery", "loyalty_tier")
    assert [found[name]["low"] > 0 for name in planted] == [True, True, True, False]
    assert found["loyalty_tier"]["high"] < 0
    # Planted at 0.9, 0.7, 0.6 and -0.5 on leaving for good; "no order within 91 days" is a weaker sign of it, so all shrink together.
    sizes = [abs(found[name]["log_odds_per_unit"]) for name in planted]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [4, pytest.param(20, marks=pytest.mark.long)])
def test_intervals_of_decoys_cover_nothing_nine_times_in_ten(tmp_path: Path, seeds: int) -> None:
    covered = []
    for seed in range(seeds):
        found = effects(tmp_path, customers=2_000, seed=seed)
        covered += [found[name]["low"] < 0 < found[name]["high"] for name in DECOYS]
    assert len(covered) == seeds * len(DECOYS)
    assert sum(covered) >= 0.9 * len(covered)
