"""What is computed beside, kept of, or sorted among figures; and results of another shape."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import duckdb
import pytest
from pydantic import ValidationError

from tools.core.errors import QueryUnsupported
from tools.core.query import CompiledQuery, MetricQuery

Ask = Callable[..., list[tuple[Any, ...]]]
Compile = Callable[..., CompiledQuery]

MARCH = {"start": "2017-03-01", "end": "2017-03-31"}
BY_MONTH = [{"field": "lines.sold_on", "grain": "month"}]
BY_REGION = [{"field": "customers.region"}]
BY_DEPARTMENT = [{"field": "products.department"}]


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def test_a_comparison_sets_each_figure_beside_the_earlier_one(ask: Ask) -> None:
    rows = ask(metrics=["revenue"], window=MARCH, comparison={"kind": "previous_period"})
    assert rows == [(78.0, 110.0, -32.0, pytest.approx(-32 / 110))]


def test_a_group_without_sales_in_one_window_counts_as_zero_there(ask: Ask) -> None:
    rows = ask(metrics=["revenue"], dimensions=BY_REGION, window=MARCH, comparison={"kind": "previous_period"})
    assert rows == [(None, 40.0, 0.0, 40.0, None), ("South", 20.0, 60.0, -40.0, pytest.approx(-2 / 3)), ("North", 18.0, 50.0, -32.0, -0.64)]


def test_trends_are_compared_period_by_period(ask: Ask) -> None:
    window = {"start": "2017-02-01", "end": "2017-03-31"}
    baseline = {"start": "2017-01-01", "end": "2017-02-28"}
    rows = ask(metrics=["revenue"], dimensions=BY_MONTH, window=window, comparison={"kind": "window", "baseline": baseline})
    assert [(r[0], r[1], r[2]) for r in rows] == [(day("2017-02-01"), 110.0, 35.0), (day("2017-03-01"), 78.0, 110.0)]


def test_a_comparison_may_be_sorted_by_its_change(ask: Ask) -> None:
    rows = ask(
        metrics=["revenue"],
        dimensions=BY_REGION,
        window=MARCH,
        comparison={"kind": "previous_period"},
        order=[{"by": "revenue_change", "direction": "asc"}],
        limit=1,
    )
    assert rows[0][0] == "South"


def test_a_comparison_needs_a_window(compiled: Compile) -> None:
    with pytest.raises(QueryUnsupported, match="needs a time to compare"):
        compiled(metrics=["revenue"], comparison={"kind": "previous_period"})


def test_shares_are_of_the_total_even_when_few_rows_are_kept(ask: Ask) -> None:
    assert ask(metrics=["revenue"], dimensions=BY_DEPARTMENT, share={}, limit=1) == [("Deli", 127.0, pytest.approx(127 / 223))]


def test_shares_within_a_group_add_up_to_one(ask: Ask) -> None:
    dimensions = [*BY_DEPARTMENT, {"field": "products.brand"}]
    rows = ask(metrics=["revenue"], dimensions=dimensions, share={"within": ["products.department"]})
    by_department: dict[str, float] = {}
    for department, _, _, share in rows:
        by_department[department] = by_department.get(department, 0) + share
    assert by_department == {"Deli": pytest.approx(1), "Garden": pytest.approx(1)}


def test_shares_of_people_are_of_all_people_although_groups_overlap(ask: Ask) -> None:
    rows = ask(metrics=["customer_count"], dimensions=BY_DEPARTMENT, share={"metric": "customer_count"})
    assert rows == [("Deli", 4, 1.0), ("Garden", 2, 0.5)]


def test_growth_running_totals_and_moving_averages_follow_time(ask: Ask) -> None:
    rows = ask(metrics=["revenue"], dimensions=BY_MONTH, growth="previous_row", running_total=True, moving_average=2)
    assert rows == [
        (day("2017-01-01"), 35.0, None, None, 35.0, 35.0),
        (day("2017-02-01"), 110.0, 75.0, pytest.approx(75 / 35), 145.0, 72.5),
        (day("2017-03-01"), 78.0, -32.0, pytest.approx(-32 / 110), 223.0, 94.0),
    ]
    assert [r[2] for r in ask(metrics=["revenue"], dimensions=BY_MONTH, growth="first_row")] == [0.0, 75.0, 43.0]


def test_an_average_has_no_running_total(compiled: Compile) -> None:
    with pytest.raises(QueryUnsupported, match="cannot be added up"):
        compiled(metrics=["average_order_value"], dimensions=BY_MONTH, running_total=True)


def test_growth_without_a_time_axis_is_refused(compiled: Compile) -> None:
    with pytest.raises(QueryUnsupported, match="time axis"):
        compiled(metrics=["revenue"], dimensions=BY_REGION, growth="previous_row")


def test_gaps_are_filled_with_zero_for_sums_and_nothing_for_averages(ask: Ask) -> None:
    window = {"start": "2017-03-01", "end": "2017-03-05"}
    rows = ask(
        metrics=["revenue", "average_order_value"], dimensions=[{"field": "lines.sold_on", "grain": "day"}], window=window, fill_gaps=True
    )
    assert [r[1] for r in rows] == [0.0, 0.0, 0.0, 20.0, 40.0]
    assert [r[2] for r in rows] == [None, None, None, 20.0, 40.0]


def test_conditions_on_figures_may_name_a_metric_that_is_not_shown(ask: Ask) -> None:
    assert ask(metrics=["revenue"], dimensions=BY_REGION, having=[{"metric": "units", "op": "gt", "value": 4}]) == [
        ("North", 103.0),
        ("South", 80.0),
    ]
    assert ask(metrics=["revenue"], dimensions=BY_REGION, having=[{"metric": "revenue", "op": "lt", "value": 50}]) == [(None, 40.0)]


def test_a_place_of_a_ranking_is_the_row_after_those_above_it(ask: Ask, compiled: Compile) -> None:
    plan: dict[str, Any] = {"metrics": ["revenue"], "dimensions": BY_DEPARTMENT, "order": [{"by": "revenue"}]}
    everything = ask(**plan)
    assert ask(**plan, limit=1, skip=1) == everything[1:2]
    assert ask(**plan, limit=2, skip=1) == everything[1:3]
    assert "highest first, place 2" in compiled(**plan, limit=1, skip=1).reading.sentence
    with pytest.raises(ValidationError, match="skip needs a limit"):
        ask(**plan, skip=1)


def test_a_reading_says_which_end_comes_first_and_whether_rows_are_left_out(compiled: Compile) -> None:
    plan: dict[str, Any] = {"metrics": ["revenue"], "dimensions": BY_DEPARTMENT}
    plain = compiled(**plan).reading
    assert (plain.first, plain.limit, plain.selects) == ("highest", None, False)
    worst = compiled(**plan, order=[{"by": "revenue", "direction": "asc"}], limit=1).reading
    assert (worst.first, worst.limit, worst.selects) == ("lowest", 1, True)
    second = compiled(**plan, order=[{"by": "revenue"}], limit=1, skip=1).reading
    assert (second.first, second.limit, second.selects) == ("highest", None, True)
    bounded = compiled(**plan, having=[{"metric": "revenue", "op": "gt", "value": 1}]).reading
    assert bounded.selects
    by_name = compiled(**plan, order=[{"by": "products.department", "direction": "asc"}]).reading
    assert by_name.first == ""


def test_a_reading_knows_that_a_window_begins_before_the_data(compiled: Compile) -> None:
    early = compiled(metrics=["revenue"], window={"start": "2016-12-01", "end": "2017-01-31"}).reading
    assert early.data_start == dt.date(2017, 1, 1)
    inside = {"metrics": ["revenue"], "window": {"start": "2017-02-01", "end": "2017-02-28"}}
    assert compiled(**inside).reading.data_start is None
    assert compiled(**inside, comparison={"kind": "same_period_last_year"}).reading.data_start == dt.date(2017, 1, 1)


def test_limits_cut_or_keep_ties(ask: Ask) -> None:
    order = [{"by": "customer_count"}]
    assert len(ask(metrics=["customer_count"], dimensions=BY_REGION, order=order, limit=1)) == 1
    assert ask(metrics=["customer_count"], dimensions=BY_REGION, order=order, limit=1, ties="include") == [("North", 2), ("South", 2)]


def test_the_best_of_each_group(ask: Ask) -> None:
    dimensions = [*BY_DEPARTMENT, {"field": "products.product_id"}]
    top = {"n": 1, "group": "products.department", "by": "revenue"}
    assert ask(metrics=["revenue"], dimensions=dimensions, top_per_group=top) == [("Deli", 10, 72.0), ("Garden", 12, 96.0)]


def test_figures_per_person_are_aggregated_again(ask: Ask) -> None:
    def per(aggregate: str, **more: Any) -> dict[str, Any]:
        return {"metric": "revenue", "per": "customers", "aggregate": aggregate, **more}

    assert ask(metrics=[per("median")]) == [(60.0,)]
    assert ask(metrics=[per("avg"), per("max"), per("percentile", percentile=50)]) == [(55.75, 95.0, 60.0)]
    over = {"condition_op": "gt", "condition_value": 50}
    assert ask(metrics=[per("count", **over), per("share", **over)]) == [(2, 0.5)]
    assert ask(metrics=[per("avg"), "revenue"], dimensions=BY_REGION) == [("South", 80.0, 80.0), ("North", 51.5, 103.0), (None, 40.0, 40.0)]


@pytest.mark.parametrize(
    ("condition", "customers"),
    [
        ({"fact": "tickets"}, 3),
        ({"fact": "tickets", "op": "eq", "value": 0}, 2),
        ({"fact": "tickets", "op": "ge", "value": 2}, 2),
        ({"fact": "tickets", "op": "lt", "value": 2}, 3),
        ({"fact": "tickets", "op": "eq", "value": 0, "window": MARCH}, 3),
        ({"fact": "lines", "filters": [{"field": "products.department", "op": "in", "values": ["Garden"]}]}, 2),
        ({"metric": "revenue", "op": "gt", "value": 50}, 2),
        ({"metric": "revenue", "op": "eq", "value": 0}, 1),
        ({"metric": "revenue", "op": "gt", "value": 15, "window": MARCH}, 3),
        ({"metric": "revenue", "op": "ge", "value": 75, "percentile": True}, 1),
    ],
)
def test_people_are_kept_by_what_they_did(ask: Ask, condition: dict[str, Any], customers: int) -> None:
    assert ask(metrics=["customer_count"], entity_conditions=[{"entity": "customers", **condition}]) == [(customers,)]


def test_conditions_on_people_restrict_facts_of_theirs(ask: Ask) -> None:
    never = {"entity": "customers", "fact": "tickets", "op": "eq", "value": 0}
    assert ask(metrics=["revenue"], entity_conditions=[never]) == [(48.0,)]


def test_new_and_returning_by_period_and_by_window(ask: Ask) -> None:
    lifecycle = {"entity": "customers", "fact": "orders"}
    rows = ask(metrics=["customer_count"], dimensions=[{"field": "orders.ordered_at", "grain": "month"}], lifecycle=lifecycle)
    assert rows == [
        (day("2017-01-01"), "new", 1),
        (day("2017-02-01"), "new", 2),
        (day("2017-02-01"), "returning", 1),
        (day("2017-03-01"), "new", 1),
        (day("2017-03-01"), "returning", 2),
    ]
    assert ask(metrics=["revenue"], window=MARCH, lifecycle=lifecycle) == [("new", 40.0), ("returning", 38.0)]


def test_cohorts_follow_people_from_their_first_order(ask: Ask) -> None:
    rows = ask(cohort={"entity": "customers", "fact": "orders"}, metrics=["revenue"])
    assert rows == [
        (day("2017-01-01"), 0, 1, 35.0, 1.0),
        (day("2017-01-01"), 1, 1, 42.0, 1.0),
        (day("2017-01-01"), 2, 1, 18.0, 1.0),
        (day("2017-02-01"), 0, 2, 68.0, 1.0),
        (day("2017-02-01"), 1, 2, 20.0, 0.5),
        (day("2017-03-01"), 0, 1, 40.0, 1.0),
    ]
    assert len(ask(cohort={"entity": "customers", "fact": "orders", "periods": 0})) == 3
    assert len(ask(cohort={"entity": "customers", "fact": "orders"}, window={"start": "2017-02-01", "end": "2017-02-28"})) == 2


def test_distributions_count_people_by_value_or_by_band(ask: Ask) -> None:
    assert ask(distribution={"entity": "customers", "metric": "order_count"}) == [
        (1.0, 1.0, 2, 0.5),
        (2.0, 2.0, 1, 0.25),
        (3.0, 3.0, 1, 0.25),
    ]
    rows = ask(distribution={"entity": "customers", "metric": "revenue", "bin_width": 50})
    assert rows == [(0.0, 50.0, 2, 0.5), (50.0, 100.0, 2, 0.5)]


def test_pairs_are_found_in_the_same_basket(ask: Ask) -> None:
    spec = {"field": "products.department", "within": "orders", "min_together": 1}
    assert ask(pairs=spec) == [("Deli", "Garden", 4, pytest.approx(4 / 7), pytest.approx(4 / 7), pytest.approx(1.0))]
    rows = ask(pairs={**spec, "containing": "Garden"})
    assert rows == [("Garden", "Deli", 4, pytest.approx(4 / 7), 1.0, pytest.approx(1.0))]


def test_a_listing_shows_one_row_per_entity(ask: Ask) -> None:
    rows = ask(listing={"entity": "customers", "fields": ["customers.region"]}, metrics=["revenue"], order=[{"by": "revenue"}], limit=2)
    assert rows == [(1, "North", 95.0), (3, "South", 80.0)]
    assert ask(listing={"entity": "customers"}, window=MARCH) == [(1,), (3,), (4,)]


def test_shapes_refuse_what_only_figures_have(compiled: Compile) -> None:
    with pytest.raises(QueryUnsupported, match="does not go with"):
        compiled(distribution={"entity": "customers", "metric": "revenue"}, dimensions=BY_REGION)


def test_only_one_shape_at_a_time() -> None:

    with pytest.raises(ValidationError):
        MetricQuery.model_validate({"listing": {"entity": "a"}, "cohort": {"entity": "a", "fact": "b"}})


def test_conditions_on_people_may_hold_for_one_measure_only(ask: Ask) -> None:
    complained = {"entity": "customers", "fact": "tickets"}
    part = {"metric": "customer_count", "entity_conditions": [complained], "as_share": True}
    assert ask(metrics=[part]) == [(0.6,)]
    best = {"entity": "customers", "metric": "revenue", "best": 1}
    assert ask(metrics=[{"metric": "revenue", "entity_conditions": [best], "as_share": True}]) == [(pytest.approx(95 / 223),)]


def test_people_who_came_back_are_a_share_of_those_who_came(ask: Ask) -> None:
    back = {"entity": "customers", "fact": "orders", "window": MARCH}
    part = {"metric": "customer_count", "entity_conditions": [back], "as_share": True}
    assert ask(metrics=[part], window={"start": "2017-02-01", "end": "2017-02-28"}) == [(pytest.approx(2 / 3),)]


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        ({"best": 2}, [(1,), (3,)]),
        ({"best": 1, "op": "le"}, [(2,)]),
        ({"relative_to": "average", "op": "gt"}, [(1,), (3,)]),
        ({"relative_to": "median", "op": "lt", "value": 0.5}, [(2,)]),
    ],
)
def test_people_are_measured_against_each_other(ask: Ask, condition: dict[str, Any], rows: list[tuple[int]]) -> None:
    """Revenue: customer 1 has 95, 3 has 80, 4 has 40, 2 has 8."""
    assert ask(listing={"entity": "customers"}, entity_conditions=[{"entity": "customers", "metric": "revenue", **condition}]) == rows


def test_figures_per_period_are_aggregated_again(ask: Ask) -> None:
    monthly = {"metric": "revenue", "per_grain": "month", "aggregate": "avg"}
    assert ask(metrics=[monthly]) == [(pytest.approx(223 / 3),)]
    assert ask(metrics=[{**monthly, "aggregate": "max"}], dimensions=BY_DEPARTMENT) == [("Garden", 80.0), ("Deli", 67.0)]


@pytest.mark.parametrize(
    "measure",
    [
        {"metric": "revenue", "as_share": True},
        {"metric": "revenue", "per": "customers"},
        {"metric": "revenue", "per": "customers", "per_grain": "month", "aggregate": "avg"},
        {"metric": "revenue", "entity_conditions": [{"entity": "customers", "fact": "orders", "best": 3}]},
    ],
)
def test_parts_of_a_measure_that_do_not_go_together_are_rejected(measure: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MetricQuery.model_validate({"metrics": [measure]})


def test_a_listing_has_no_row_for_facts_of_nobody(ask: Ask, database: duckdb.DuckDBPyConnection) -> None:
    database.execute("INSERT INTO tickets VALUES (99, NULL, DATE '2017-03-10', 7)")
    try:
        rows = ask(listing={"entity": "customers"}, metrics=["minutes"])
    finally:
        database.execute("DELETE FROM tickets WHERE ticket_id = 99")
    assert rows == [(5, 90.0), (1, 30.0), (3, 5.0)]


def test_what_would_be_named_twice_is_refused(compiled: Compile) -> None:
    compared = {"window": MARCH, "comparison": {"kind": "previous_period"}}
    with pytest.raises(QueryUnsupported, match="both add changes"):
        compiled(metrics=["revenue"], dimensions=BY_MONTH, growth="previous_row", **compared)
    with pytest.raises(QueryUnsupported, match="named revenue_change"):
        compiled(metrics=["revenue", {"metric": "units", "alias": "revenue_change"}], **compared)
    with pytest.raises(QueryUnsupported, match="named revenue"):
        compiled(metrics=["revenue", {"metric": "units", "alias": "revenue"}])


def test_averages_follow_the_figures_of_a_comparison_only(compiled: Compile) -> None:
    compared = {"window": MARCH, "comparison": {"kind": "previous_period"}}
    found = compiled(metrics=["revenue"], dimensions=BY_MONTH, moving_average=2, **compared)
    assert [c.name for c in found.columns][-2:] == ["revenue_change_rate", "revenue_average"]
