"""What the asker's rights take away: fields, individuals, and figures about too few people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import duckdb
import pytest

from tools.core.errors import NotAllowed
from tools.core.query import CheckKind, CompiledQuery
from tools.core.sql_guard import Rights

Ask = Callable[..., list[tuple[Any, ...]]]
Compile = Callable[..., CompiledQuery]

BY_REGION = [{"field": "customers.region"}]
MARCH = {"start": "2017-03-01", "end": "2017-03-31"}


def test_groups_of_too_few_people_are_left_out(ask: Ask, limited: Rights) -> None:
    """Only one customer of the South bought anything, and one has no region."""
    assert ask(metrics=["revenue"], dimensions=BY_REGION, rights=limited) == [("North", 103.0)]


def test_a_single_small_group_takes_the_smallest_other_with_it(ask: Ask, limited: Rights) -> None:
    """Else the total less the two groups of two would tell about the one customer without a region."""
    assert ask(metrics=["customer_count"], dimensions=BY_REGION, rights=limited) == [("South", 2)]


def test_a_row_is_as_small_as_the_smallest_fact_behind_it(ask: Ask, limited: Rights) -> None:
    """Two customers of the North bought, but only one of them opened tickets."""
    assert ask(metrics=["revenue", "minutes"], dimensions=BY_REGION, rights=limited) == []


def test_a_filter_of_one_measure_is_counted_on_its_own(ask: Ask, limited: Rights) -> None:
    one = {"metric": "revenue", "filters": [{"field": "customers.customer_id", "op": "in", "values": [1]}], "alias": "one"}
    assert ask(metrics=["revenue", one], rights=limited) == []
    assert ask(metrics=["revenue"], rights=limited) == [(223.0,)]


def test_a_total_about_one_person_is_left_out_too(ask: Ask, limited: Rights) -> None:
    one = [{"field": "customers.customer_id", "op": "in", "values": [1]}]
    assert ask(metrics=["revenue"], filters=one, rights=limited) == []


def test_figures_about_no_person_are_never_small(ask: Ask, limited: Rights) -> None:
    assert ask(dimensions=[{"field": "products.department"}], rights=limited) == [("Deli",), ("Garden",)]


def test_comparisons_are_as_small_as_their_smaller_window(ask: Ask, limited: Rights) -> None:
    query = {"metrics": ["revenue"], "window": MARCH, "comparison": {"kind": "previous_period"}}
    assert ask(**query, rights=limited) == [(78.0, 110.0, -32.0, pytest.approx(-32 / 110))]
    assert ask(**query, dimensions=BY_REGION, rights=limited) == []


def test_shares_and_top_lists_are_of_what_may_be_seen(ask: Ask, limited: Rights) -> None:
    assert ask(metrics=["revenue"], dimensions=BY_REGION, share={}, limit=1, rights=limited) == [("North", 103.0, 1.0)]


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ({"distribution": {"entity": "customers", "metric": "order_count"}}, [(1.0, 1.0, 2, 0.5)]),
        ({"distribution": {"entity": "customers", "metric": "revenue", "bin_width": 50}}, [(0.0, 50.0, 2, 0.5), (50.0, 100.0, 2, 0.5)]),
        ({"metrics": [{"metric": "revenue", "per": "customers", "aggregate": "max"}], "dimensions": BY_REGION}, [("North", 95.0)]),
        ({"dimensions": BY_REGION}, [("South",)]),
        ({"dimensions": BY_REGION, "filters": [{"field": "customers.region", "op": "not_null"}]}, [("North",), ("South",)]),
    ],
)
def test_every_shape_keeps_to_the_minimum(ask: Ask, limited: Rights, query: dict[str, Any], rows: list[tuple[Any, ...]]) -> None:
    assert ask(**query, rights=limited) == rows


def test_cohorts_and_pairs_keep_to_the_minimum(ask: Ask, limited: Rights) -> None:
    cohorts = ask(cohort={"entity": "customers", "fact": "orders"}, rights=limited)
    assert [(r[1], r[2]) for r in cohorts] == [(0, 2)]
    pairs = {"field": "products.brand", "within": "orders", "min_together": 1}
    assert [r[:3] for r in ask(pairs=pairs, rights=limited)] == [("National", "Private", 3)]


def test_the_number_of_groups_left_out_can_be_asked_for(compiled: Compile, limited: Rights, database: duckdb.DuckDBPyConnection) -> None:
    found = compiled(metrics=["revenue"], dimensions=BY_REGION, rights=limited)
    assert found.suppressed_below == 2
    check = next(c for c in found.checks if c.kind is CheckKind.SUPPRESSED_GROUPS)
    assert database.execute(check.tree.sql("duckdb")).fetchall() == [(2,)]


def test_without_a_minimum_nothing_is_counted_or_left_out(compiled: Compile) -> None:
    found = compiled(metrics=["revenue"], dimensions=BY_REGION)
    assert (found.suppressed_below, found.people_column) == (None, None)
    assert "DISTINCT" not in found.sql


@pytest.mark.parametrize(
    "query",
    [
        {"listing": {"entity": "customers"}},
        {"metrics": ["revenue"], "dimensions": [{"field": "customers.customer_id"}]},
        {"metrics": ["revenue"], "dimensions": [{"field": "orders.customer_id"}]},
    ],
)
def test_individuals_are_shown_only_with_the_right_to_it(compiled: Compile, limited: Rights, query: dict[str, Any]) -> None:
    with pytest.raises(NotAllowed) as refused:
        compiled(**query, rights=limited)
    assert refused.value.message == "your role may see figures about customers, not customers one by one"
    assert refused.value.try_instead == "ask the data steward"
    assert compiled(**query, rights=replace(limited, may_list_individuals=True, min_group_size=0))


@pytest.mark.parametrize(
    "query",
    [
        {"metrics": ["revenue"], "dimensions": BY_REGION},
        {"metrics": ["revenue"], "filters": [{"field": "customers.region", "op": "in", "values": ["North"]}]},
        {"metrics": ["regions"]},
    ],
)
def test_a_field_without_a_grant_is_refused_by_name(compiled: Compile, limited: Rights, model: Any, query: dict[str, Any]) -> None:
    narrow = replace(limited, columns={**limited.columns, "customers": frozenset({"customer_id", "age"})})
    regions = replace(model.metrics["average_age"], name="regions", expression="COUNT(DISTINCT customers.region)")
    with pytest.raises(NotAllowed, match=r"may not use the field customers\.region"):
        compiled(using=replace(model, metrics={**model.metrics, "regions": regions}), **query, rights=narrow)


def test_a_period_left_out_does_not_come_back_as_zero(ask: Ask, limited: Rights) -> None:
    """In January and on most days only one customer bought anything."""
    rows = ask(metrics=["revenue"], dimensions=[{"field": "lines.sold_on", "grain": "month"}], fill_gaps=True, rights=limited)
    assert "2017-01-01" not in [str(r[0]) for r in rows]
    window = {"start": "2017-03-03", "end": "2017-03-05"}
    days = ask(metrics=["revenue"], dimensions=[{"field": "lines.sold_on", "grain": "day"}], window=window, fill_gaps=True, rights=limited)
    assert [(str(r[0]), r[1]) for r in days] == [("2017-03-03", 0.0)]
