"""Figures by dimensions: values, windows, filters, and the traps that joins set."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from tools.core.errors import QueryUnsupported, UnknownName
from tools.core.query import METRIC_TIME, CompiledQuery
from tools.core.query.metric_query import Measure
from tools.core.semantics.model import Metric, Relationship, Route, SemanticModel

Ask = Callable[..., list[tuple[Any, ...]]]
Compile = Callable[..., CompiledQuery]

MARCH = {"start": "2017-03-01", "end": "2017-03-31"}
BY_MONTH = [{"field": "lines.sold_on", "grain": "month"}]
BY_REGION = [{"field": "customers.region"}]
BY_DEPARTMENT = [{"field": "products.department"}]


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def test_counts_nothing_after_the_as_of_day(ask: Ask) -> None:
    assert ask(metrics=["revenue"]) == [(223.0,)]
    assert ask(metrics=["revenue"], as_of="2017-02-28") == [(145.0,)]
    assert ask(metrics=["revenue"], window={"start": "2017-03-01", "end": "2017-04-30"}) == [(78.0,)]


def test_an_as_of_day_after_the_data_changes_nothing(ask: Ask) -> None:
    assert ask(metrics=["revenue"], as_of="2018-01-01") == [(223.0,)]


def test_a_window_of_moments_includes_its_last_day_to_midnight(ask: Ask) -> None:
    assert ask(metrics=["order_count"], window=MARCH) == [(3,)]
    assert ask(metrics=["order_count"], window={"start": "2017-02-28", "end": "2017-02-28"}) == [(1,)]


def test_splits_by_a_dimension_two_joins_away_with_the_largest_first(ask: Ask) -> None:
    assert ask(metrics=["revenue"], dimensions=BY_REGION) == [("North", 103.0), ("South", 80.0), (None, 40.0)]


def test_joins_only_what_is_needed(compiled: Compile) -> None:
    assert "JOIN" not in compiled(metrics=["revenue"], dimensions=[{"field": "products.product_id"}]).sql
    assert compiled(metrics=["revenue"], dimensions=[{"field": "customers.customer_id"}]).sql.count("JOIN") == 1


def test_trends_run_forwards(ask: Ask) -> None:
    assert ask(metrics=["revenue"], dimensions=BY_MONTH) == [
        (day("2017-01-01"), 35.0),
        (day("2017-02-01"), 110.0),
        (day("2017-03-01"), 78.0),
    ]


def test_days_of_the_week_are_names_in_their_own_order(ask: Ask) -> None:
    rows = ask(metrics=["revenue"], dimensions=[{"field": "lines.sold_on", "grain": "day_of_week"}])
    assert [r[0] for r in rows] == ["Tuesday", "Thursday", "Friday", "Saturday", "Sunday"]


def test_hours_and_months_come_round_again(ask: Ask) -> None:
    assert ask(metrics=["order_count"], dimensions=[{"field": "orders.ordered_at", "grain": "hour_of_day"}], limit=2) == [(8, 1), (9, 1)]
    rows = ask(metrics=["revenue"], dimensions=[{"field": "lines.sold_on", "grain": "month_of_year"}])
    assert [r[0] for r in rows] == ["January", "February", "March"]


def test_numbers_fall_into_bands(ask: Ask) -> None:
    assert ask(metrics=["customer_count"], dimensions=[{"field": "customers.age", "bin_width": 20}]) == [(0.0, 1), (20.0, 2), (40.0, 2)]


def test_two_facts_at_different_grains_keep_their_own_totals(ask: Ask) -> None:
    """A chasm trap: lines and tickets both belong to customers; joining them first would repeat both."""
    together = ask(metrics=["revenue", "ticket_count", "minutes"], dimensions=BY_REGION)
    assert together == [("North", 103.0, 2, 30.0), ("South", 80.0, 3, 95.0), (None, 40.0, 0, None)]
    assert ask(metrics=["revenue", "minutes"]) == [(223.0, 125.0)]


def test_a_count_at_the_coarse_end_of_a_join_is_not_repeated_by_its_lines(ask: Ask) -> None:
    """A fan trap: one order has many lines; the orders must not count once per line."""
    assert ask(metrics=["order_count", "revenue"], window=MARCH) == [(3, 78.0)]
    assert ask(metrics=["average_order_value"], window=MARCH) == [(26.0,)]


def test_a_metric_over_two_facts_divides_what_each_counts(ask: Ask) -> None:
    assert ask(metrics=["tickets_per_order"], dimensions=BY_REGION) == [("South", 1.5), ("North", 0.5), (None, 0.0)]


def test_a_division_by_nothing_is_unknown(ask: Ask) -> None:
    assert ask(metrics=["tickets_per_order"], window={"start": "2017-01-10", "end": "2017-01-20"}) == [(None,)]


def test_dates_of_several_facts_meet_on_each_ones_own_date(ask: Ask, compiled: Compile) -> None:
    expected = [(day("2017-01-01"), 35.0, 1), (day("2017-02-01"), 110.0, 2), (day("2017-03-01"), 78.0, 2)]
    assert ask(metrics=["revenue", "ticket_count"], dimensions=BY_MONTH) == expected
    assert ask(metrics=["revenue", "ticket_count"], dimensions=[{"field": METRIC_TIME, "grain": "month"}]) == expected
    assert "tickets follow their own date, opened on" in compiled(metrics=["revenue", "ticket_count"], dimensions=BY_MONTH).notes[0]


def test_what_a_fact_does_not_reach_is_refused_with_what_would_work(compiled: Compile) -> None:
    with pytest.raises(QueryUnsupported) as refused:
        compiled(metrics=["minutes"], dimensions=BY_DEPARTMENT)
    assert "minutes cannot be split or filtered by department of products, because tickets and products" in refused.value.message
    assert "products.department is out of reach of tickets" in refused.value.try_instead
    assert "revenue" in refused.value.try_instead


def test_people_are_counted_through_what_they_did(ask: Ask, compiled: Compile) -> None:
    assert ask(metrics=["customer_count"], window=MARCH) == [(3,)]
    assert compiled(metrics=["customer_count"], window=MARCH).notes == ("customers counted through their orders",)
    assert ask(metrics=["customer_count"], dimensions=BY_DEPARTMENT) == [("Deli", 4), ("Garden", 2)]


def test_several_facts_to_count_through_are_listed_unless_the_model_chooses(compiled: Compile, model: SemanticModel) -> None:
    undecided = replace(model.metrics["customer_count"], counted_through=())
    with pytest.raises(QueryUnsupported) as refused:
        compiled(using=replace(model, metrics={**model.metrics, "customer_count": undecided}), metrics=["customer_count"], window=MARCH)
    assert "orders or lines or tickets or balances" in refused.value.message
    assert "counted_through" in refused.value.try_instead


def test_an_average_of_undated_rows_has_no_window(compiled: Compile) -> None:
    with pytest.raises(QueryUnsupported, match="has no date"):
        compiled(metrics=["average_age"], window=MARCH)


@pytest.mark.parametrize(
    ("condition", "revenue"),
    [
        ({"field": "customers.region", "op": "in", "values": ["North"]}, 103.0),
        ({"field": "customers.region", "op": "not_in", "values": ["North"]}, 120.0),
        ({"field": "customers.region", "op": "not_in", "values": ["North", "South"]}, 40.0),
        ({"field": "customers.region", "op": "is_null"}, 40.0),
        ({"field": "customers.region", "op": "not_null"}, 183.0),
        ({"field": "customers.region", "op": "ge_or_null", "values": ["South"]}, 120.0),
        ({"field": "lines.sold_on", "op": "ge_or_null", "values": ["2017-03"]}, 78.0),
        ({"field": "orders.ordered_at", "op": "ge_or_null", "values": ["2017-03-01"]}, 78.0),
        ({"field": "customers.age", "op": "between", "values": [25, 40]}, 175.0),
        ({"field": "customers.age", "op": "gt", "values": ["41"]}, 40.0),
        ({"field": "products.department", "op": "contains", "values": ["EL"]}, 127.0),
        ({"field": "products.department", "op": "starts_with", "values": ["gar"]}, 96.0),
        ({"field": "lines.sold_on", "op": "in", "values": ["2017-03-04"]}, 20.0),
        ({"field": "lines.sold_on", "op": "ge", "values": ["2017-03"]}, 78.0),
        ({"field": "lines.sold_on", "op": "in", "values": ["Saturday"], "grain": "day_of_week"}, 28.0),
        ({"field": "lines.sold_on", "op": "in", "values": ["2017-02-17"], "grain": "month"}, 110.0),
        ({"field": "lines.sold_on", "op": "in", "values": ["Q1"], "grain": "quarter_of_year"}, 223.0),
        ({"field": "orders.ordered_at", "op": "le", "values": ["2017-02-28"]}, 145.0),
        ({"field": "orders.ordered_at", "op": "between", "values": ["2017-02-10", "2017-02-11"]}, 50.0),
        ({"field": "orders.ordered_at", "op": "ge", "values": [18], "grain": "hour_of_day"}, 120.0),
        ({"field": METRIC_TIME, "op": "lt", "values": ["2017-02-01"]}, 35.0),
    ],
)
def test_a_filter_keeps_the_rows_that_pass(ask: Ask, condition: dict[str, Any], revenue: float) -> None:
    assert ask(metrics=["revenue"], filters=[condition]) == [(revenue,)]


def test_a_measure_may_have_filters_of_its_own(ask: Ask, compiled: Compile) -> None:
    private = {"metric": "revenue", "filters": [{"field": "products.brand", "op": "in", "values": ["Private"]}], "alias": "private"}
    assert ask(metrics=["revenue", private]) == [(223.0, 72.0)]
    assert compiled(metrics=["revenue", private]).sql.count("FROM lines") == 1
    share = {**private, "as_share": True, "alias": "share"}
    assert ask(metrics=[share], dimensions=BY_DEPARTMENT) == [("Deli", pytest.approx(72 / 127)), ("Garden", 0.0)]


def test_the_same_figure_twice_is_told_apart_by_its_conditions(compiled: Compile) -> None:
    sides = [
        {"metric": "revenue", "filters": [{"field": "customers.region", "op": op, "values": ["North"]}], "alias": op}
        for op in ("in", "not_in")
    ]
    labels = [column.label for column in compiled(metrics=sides).columns]
    assert labels == ["revenue (region is North)", "revenue (region is not North)"]


def test_a_measure_over_another_divides_the_totals_of_each_row(ask: Ask, compiled: Compile) -> None:
    """Also where the two are of facts recorded apart; nothing at all below the line leaves the ratio unknown."""
    tickets, orders = ask(metrics=["ticket_count", "order_count"])[0]
    assert ask(metrics=[{"metric": "ticket_count", "over": "order_count"}]) == [(pytest.approx(tickets / orders),)]
    by_region = {region: (t, o) for region, t, o in ask(metrics=["ticket_count", "order_count"], dimensions=BY_REGION)}
    rates = ask(metrics=[{"metric": "ticket_count", "over": "order_count"}], dimensions=BY_REGION)
    assert dict(rates) == {r: pytest.approx(t / o) if o else None for r, (t, o) in by_region.items()}
    (per_order,) = compiled(metrics=[{"metric": "revenue", "over": "order_count"}]).columns
    assert (per_order.label, per_order.unit, per_order.format) == ("revenue per order", "USD", "money")
    (share,) = compiled(metrics=[{"metric": "ticket_count", "over": "order_count", "as_share": True}]).columns
    assert (share.label, share.unit, share.format) == ("tickets as share of orders", "share", "rate")


@pytest.mark.parametrize("more", [{"per": "customers", "aggregate": "avg"}, {"over": "revenue"}])
def test_a_figure_is_divided_by_another_one_as_it_is(more: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Measure.model_validate({"metric": "revenue", "over": "order_count", **more})


def test_a_figure_whose_name_begins_like_a_hidden_one_stays(ask: Ask) -> None:
    shown = {"metric": "order_count", "alias": "revenue_orders"}
    assert ask(metrics=[shown], having=[{"metric": "revenue", "op": "gt", "value": 5}]) == ask(metrics=["order_count"])


def test_a_metric_filter_and_derived_metrics_use_one_pass(ask: Ask) -> None:
    rows = ask(metrics=["private_share", "revenue"], dimensions=BY_DEPARTMENT)
    assert rows == [("Deli", pytest.approx(72 / 127), 127.0), ("Garden", None, 96.0)]


def test_an_earlier_value_of_a_metric_stands_beside_the_present_one(ask: Ask) -> None:
    rows = ask(metrics=["revenue_growth_month"], dimensions=BY_MONTH)
    assert rows == [(day("2017-01-01"), None), (day("2017-02-01"), 75.0), (day("2017-03-01"), -32.0)]


def test_running_metrics_accumulate_to_the_end_of_each_period(ask: Ask) -> None:
    assert [r[1] for r in ask(metrics=["revenue_to_date"], dimensions=BY_MONTH)] == [35.0, 145.0, 223.0]
    assert [r[1] for r in ask(metrics=["revenue_trailing_2_months"], dimensions=BY_MONTH)] == [35.0, 145.0, 188.0]
    assert ask(metrics=["revenue_to_date", "revenue_trailing_2_months", "revenue_month_to_date"]) == [(223.0, 188.0, 78.0)]
    assert ask(metrics=["revenue_to_date"], window={"start": "2017-02-01", "end": "2017-02-28"}) == [(145.0,)]


def test_balances_are_taken_on_the_last_day_not_summed_over_time(ask: Ask) -> None:
    assert ask(metrics=["points"]) == [(17.0,)]
    assert ask(metrics=["points"], dimensions=[{"field": "balances.day", "grain": "month"}]) == [
        (day("2017-01-01"), 8.0),
        (day("2017-02-01"), 17.0),
    ]
    assert ask(metrics=["latest_points"], dimensions=BY_REGION) == [("North", 10.0), ("South", 7.0)]


def test_a_declared_value_for_nothing_replaces_unknown(ask: Ask) -> None:
    rows = ask(metrics=["revenue", "ticket_minutes_or_zero"], dimensions=BY_REGION)
    assert [r[2] for r in rows] == [30.0, 95.0, 0.0]


def test_dimensions_alone_list_their_values(ask: Ask) -> None:
    assert ask(dimensions=BY_DEPARTMENT) == [("Deli",), ("Garden",)]
    assert ask(dimensions=[{"field": "products.brand"}], filters=[{"field": "products.department", "op": "in", "values": ["Deli"]}]) == [
        ("National",),
        ("Private",),
    ]


def test_unknown_names_come_with_the_nearest_known_ones(compiled: Compile) -> None:
    with pytest.raises(UnknownName) as unknown:
        compiled(metrics=["revenu"])
    assert "revenue" in unknown.value.try_instead
    with pytest.raises(UnknownName):
        compiled(metrics=["revenue"], dimensions=[{"field": "customers.county"}])
    with pytest.raises(UnknownName, match="no result column"):
        compiled(metrics=["revenue"], dimensions=BY_REGION, order=[{"by": "tickets"}])


def test_several_routes_are_refused_until_the_model_names_one(compiled: Compile, model: SemanticModel) -> None:
    ways = tuple(
        Relationship(
            name=f"lines_{i}", from_dataset="lines", to_dataset="customers", from_columns=("order_id",), to_columns=("customer_id",)
        )
        for i in (1, 2)
    )
    ambiguous = replace(model, relationships=(*model.relationships, *ways))
    with pytest.raises(QueryUnsupported, match="several ways"):
        compiled(using=ambiguous, metrics=["revenue"], dimensions=BY_REGION)
    route = Route(from_dataset="lines", to_dataset="customers", via=("lines_orders", "orders_customers"))
    chosen = compiled(using=replace(ambiguous, routes=(route,)), metrics=["revenue"], dimensions=BY_REGION)
    assert "orders.customer_id = customers.customer_id" in chosen.sql


def test_a_metric_without_an_aggregate_is_refused(compiled: Compile, model: SemanticModel) -> None:
    bare = Metric(name="bare", expression="lines.amount", label="bare")
    with pytest.raises(QueryUnsupported, match="adds nothing up"):
        compiled(using=replace(model, metrics={"bare": bare}), metrics=["bare"])


def test_columns_say_what_they_hold(compiled: Compile) -> None:
    month, revenue = compiled(metrics=["revenue"], dimensions=BY_MONTH).columns
    assert (month.name, month.type, month.grain, month.role) == ("sold_on_month", "date", "month", "dimension")
    assert (revenue.unit, revenue.format, revenue.metric, revenue.role) == ("USD", "money", "revenue", "metric")


def test_the_last_period_is_named_when_the_window_ends_inside_it(compiled: Compile) -> None:
    cut = compiled(metrics=["revenue"], dimensions=BY_MONTH, window={"start": "2017-01-01", "end": "2017-03-15"})
    assert [(p.start, p.end) for p in cut.incomplete_periods] == [(day("2017-03-01"), day("2017-03-15"))]
    assert compiled(metrics=["revenue"], dimensions=BY_MONTH).incomplete_periods == ()
    measure = {"metric": "revenue", "per_grain": "week", "aggregate": "avg"}
    weekly = compiled(metrics=[measure], window={"start": "2017-03-01", "end": "2017-03-12"})
    assert [(p.start, p.end) for p in weekly.incomplete_periods] == [(day("2017-03-01"), day("2017-03-05"))]
