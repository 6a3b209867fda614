"""What must never happen, on three demos of different seeds, against their planted truth."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest

from tools.core.semantics import read_model
from tools.core.warehouse.refresh import RefreshWork
from tools.next_best_action.contribution import NextBestActionContribution
from tools.warehouses.demo.build import build, truth_path

MODEL = Path(__file__).parents[3] / "tools" / "warehouses" / "demo" / "semantic_model.yaml"
CHANNELS = {"call": ("phone",), "email offer": ("email",), "coupon": ("email", "app"), "app offer": ("app",), "mailing": ("post",)}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nobody_is_approached_without_consent_or_who_is_put_off_by_it(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    build(path, seed=seed)
    with duckdb.connect(str(path)) as data:
        data.execute(f"ATTACH '{truth_path(path)}' AS planted (READ_ONLY)")
        work = RefreshWork(connection=data, model=read_model(MODEL), as_of=dt.date(2026, 6, 30))
        (table,) = NextBestActionContribution().compute(work).tables
        chosen = dict(zip(table.columns["customer_id"][1].tolist(), table.columns["best_action"][1].tolist(), strict=True))
        approached = {customer: action for customer, action in chosen.items() if action != "do nothing"}
        agreed = data.execute(
            "SELECT customer_id, list(channel) FILTER (is_granted), list(channel) FILTER (NOT is_granted) FROM privacy.consent_current "
            "WHERE purpose = 'marketing' GROUP BY 1"
        ).fetchall()
        put_off = data.execute("SELECT customer_id FROM planted.truth.customer WHERE segment = 'do not disturb'").fetchall()
    granted = {customer: (set(yes or ()), set(no or ())) for customer, yes, no in agreed}
    assert len(approached) > 300
    assert not {customer for (customer,) in put_off} & set(approached)
    for customer, action in approached.items():
        yes, no = granted.get(customer, (set(), set()))
        wanted = {*CHANNELS[action], "any"}
        assert any(channel in yes for channel in wanted)
        assert "any" not in no
