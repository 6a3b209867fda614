"""Credit and lift over the demo: paths counted in SQL are those counted by hand, small groups stay hidden, and no lift without chance."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assistant.explain.tools import attribution as sentences
from benchmarks.campaign_lift import intervals
from tools.attribution.journeys import count_journeys
from tools.attribution.lift import lift_of, wilson
from tools.attribution.model import MODELS, conversion_rate, credit
from tools.attribution.paths import Path as ContactPath
from tools.attribution.paths import count
from tools.attribution.tool import Attribution, AttributionInput, _merged, _too_few
from tools.core.contract import DateSpan, Finding, ToolContext
from tools.core.errors import NeedsPerson, QueryUnsupported
from tools.core.query import Filter
from tools.core.warehouse import Warehouse, open_warehouse, warehouse_status

SPAN = DateSpan(start=dt.date(2026, 1, 1), end=dt.date(2026, 3, 31))
ONLINE = Filter(field="orders.channel", op="in", values=("web", "app"))
LOOKBACK = 30


@pytest.fixture(scope="module")
def warehouse(demo_home: Path) -> Iterator[Warehouse]:
    with open_warehouse("demo", home=demo_home, engine_options={"deadline_s": 60.0}) as opened:
        yield opened


def context_of(warehouse: Warehouse, role: str = "local") -> ToolContext:
    assert warehouse.policy is not None
    return ToolContext(warehouse=warehouse, rights=warehouse.policy.rights_for("someone", role), deadline_s=60.0)


def run(warehouse: Warehouse, role: str = "local", **arguments: Any) -> Finding:
    return Attribution().run(AttributionInput.model_validate(arguments), context_of(warehouse, role))


def paths_by_hand(database: Path) -> list[ContactPath]:
    """The journeys of the definition, contact by contact, without SQL."""
    with duckdb.connect(str(database), read_only=True) as data:
        orders = data.execute(
            "SELECT o.customer_id, ordered_on, CAST(net_amount AS DOUBLE) FROM sales.orders o JOIN core.customer c USING (customer_id) "
            "WHERE o.channel IN ('web', 'app') AND NOT c.is_test_account ORDER BY 1, 2"
        ).fetchall()
        touches = data.execute("SELECT customer_id, touched_on, channel FROM marketing.touchpoint ORDER BY 1, 2, touchpoint_id").fetchall()
    conversions: dict[int, list[tuple[dt.date, float]]] = {}
    for customer, day, value in orders:
        conversions.setdefault(customer, []).append((day, value))
    found: list[ContactPath] = []
    met: dict[int, list[tuple[dt.date, str]]] = {}
    for customer, day, channel in touches:
        if customer is not None:
            met.setdefault(customer, []).append((day, channel))
    for customer, contacts in met.items():
        groups: dict[int | None, list[tuple[dt.date, str]]] = {}
        lost: dict[int, list[tuple[dt.date, str]]] = {}
        own = conversions.get(customer, [])
        for day, channel in contacts:
            number = next((i for i, (on, _) in enumerate(own) if on >= day), None)
            if number is not None and (own[number][0] - day).days <= LOOKBACK:
                groups.setdefault(number, []).append((day, channel))
            elif SPAN.start <= day <= SPAN.end:
                lost.setdefault(-1 if number is None else number, []).append((day, channel))
        for number, group in groups.items():
            assert number is not None
            on, value = own[number]
            if SPAN.start <= on <= SPAN.end:
                days = tuple(float((on - day).days) for day, _ in group)
                found.append(ContactPath(channels=tuple(c for _, c in group), conversions=1, value=value, days_before=days))
        for group in lost.values():
            chunk = [group[0]]
            for before, after in pairwise(group):
                if (after[0] - before[0]).days > LOOKBACK:
                    found.append(ContactPath(channels=tuple(c for _, c in chunk), nulls=1))
                    chunk = []
                chunk.append(after)
            found.append(ContactPath(channels=tuple(c for _, c in chunk), nulls=1))
    return found


def test_paths_counted_in_sql_are_those_counted_by_hand(warehouse: Warehouse, demo_home: Path) -> None:
    counted = count_journeys(context_of(warehouse), SPAN, (ONLINE,), lookback_days=LOOKBACK).journeys
    by_hand = count(paths_by_hand(warehouse_status("demo", home=demo_home).path))
    assert (counted.conversions, counted.ended) == (by_hand.conversions, by_hand.ended)
    assert counted.value == pytest.approx(by_hand.value)
    assert counted.steps == {step: times for step, times in by_hand.steps.items() if times}
    for model in MODELS:
        assert credit(counted, model) == pytest.approx(credit(by_hand, model)), model
    assert conversion_rate(counted) == pytest.approx(counted.conversions / counted.ended)


def test_credit_is_called_credit_and_trials_stand_beside_it(warehouse: Warehouse) -> None:
    found = run(warehouse, filters=[ONLINE.model_dump()])
    assert found.tables[0].rows[0][0] == "brand search"
    assert all(check.passed for check in found.checks)
    said = " ".join(sentences.tell(found))
    assert "gets the most credit" in said
    assert "Never tested with a held-out group: brand search" in said
    assert any("Credit says who was on the way, not who caused it" in caveat for caveat in found.caveats)
    assert {row[8] for row in found.tables[2].rows} == {"display", "email"}


def test_channels_that_few_people_met_are_told_together(warehouse: Warehouse) -> None:
    counted = count_journeys(context_of(warehouse), SPAN, (), lookback_days=None)
    smallest = sorted(counted.people, key=lambda c: counted.people[c])
    hidden = _too_few(counted, counted.people[smallest[0]] + 1)
    assert hidden >= {smallest[0]}
    merged = _merged(credit(counted.journeys, "last"), hidden)
    assert merged["other channels"] == pytest.approx(sum(credit(counted.journeys, "last")[c] for c in hidden))
    assert math.fsum(merged.values()) == pytest.approx(counted.journeys.conversions)
    with pytest.raises(NeedsPerson, match="too few people"):
        run(warehouse, role="business_user", filters=[{"field": "customers.customer_id", "op": "in", "values": [1, 2]}])


def test_a_filter_that_neither_orders_nor_contacts_know_is_refused(warehouse: Warehouse) -> None:
    with pytest.raises(QueryUnsupported, match="neither orders nor contacts know"):
        run(warehouse, filters=[{"field": "tickets.category", "op": "in", "values": ["delivery"]}])


def test_lift_is_the_difference_of_the_arms_with_an_interval() -> None:
    """Newcombe (1998), table II, example (a): 56 of 70 against 48 of 80 gives 0.2, 0.0524 to 0.3339."""
    found = lift_of(70, 56, 80, 48)
    assert (found.lift, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert wilson(0, 10)[0] == 0.0
    assert not lift_of(10, 5, 10, 5).is_sure


def test_a_campaign_without_chance_has_no_lift_and_says_why(warehouse: Warehouse) -> None:
    found = run(warehouse, show="lift", campaigns=["VIP Preview"])
    ((name, _, targeted, others, _),) = found.tables[0].rows
    assert name == "VIP Preview"
    assert targeted > 2 * others  # type: ignore[operator]
    said = " ".join(sentences.tell(found))
    assert "targeting was not random" in said
    assert "lift is" not in said
    randomised = run(warehouse, show="lift", campaigns=["Summer Picnic"])
    assert "worked: it raised conversion by +" in sentences.tell(randomised)[0]


def test_a_warehouse_without_contacts_says_what_is_missing(home: Path) -> None:
    with open_warehouse("completejourney", home=home) as journey:
        with pytest.raises(NeedsPerson, match="names no contacts"):
            run(journey)
        untold = run(journey, show="lift", campaigns=["18"])
        assert len(untold.tables[0].rows) == 1
        assert "cannot be told: targeting was not random" in sentences.tell(untold)[0]


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [3, pytest.param(50, marks=pytest.mark.long)])
def test_intervals_hold_the_planted_lift_nine_times_in_ten(tmp_path: Path, seeds: int) -> None:
    found = [interval for seed in range(1, seeds + 1) for interval in intervals(tmp_path, seed=seed, customers=2_000)]
    assert len(found) == 10 * seeds
    assert sum(low <= planted <= high for planted, _, low, high in found) >= 0.9 * len(found)
