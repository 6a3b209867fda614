"""Any plan that validates either runs, guard and database included, or is refused with something to do about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tools.core.errors import AnswerError
from tools.core.query import MetricQuery
from tools.core.semantics.model import SemanticModel
from tools.core.sql_guard import Rights

_FIELDS = (
    "customers.region", "customers.customer_id", "customers.age", "products.department", "orders.ordered_at", "orders.order_id",
    "lines.sold_on", "lines.quantity", "tickets.opened_on", "balances.day", "metric.time",
)  # fmt: skip
_METRICS = st.sampled_from(
    [
        "revenue", "order_count", "customer_count", "average_order_value", "average_age", "private_share", "tickets_per_order",
        "revenue_growth_month", "revenue_to_date", "revenue_month_to_date", "points", "latest_points", "ticket_minutes_or_zero",
    ]
)  # fmt: skip
_DATASETS = st.sampled_from(["customers", "orders", "products", "lines", "tickets"])
_GRAINS = st.sampled_from([None, "day", "week", "month", "day_of_week", "hour_of_day"])
_WINDOWS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"period": "last", "unit": "month"},
        {"last_n": 2, "unit": "week"},
        {"start": "2017-02-05", "end": "2017-03-10"},
        {"end": "2017-02-28"},
        {"start": "2018-01-01", "end": "2018-02-01"},
    ]
)


def optional(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=parts)


_FILTERS = st.one_of(
    st.fixed_dictionaries({"field": st.sampled_from(_FIELDS), "op": st.sampled_from(["is_null", "not_null"])}),
    st.fixed_dictionaries(
        {
            "field": st.sampled_from(_FIELDS),
            "op": st.sampled_from(["in", "not_in", "gt", "le", "ge_or_null", "contains", "starts_with"]),
            "values": st.sampled_from([["Deli"], [1], ["2017-03-01"], [True], ["it's"]]),
        }
    ),
)
_CONDITIONS = st.builds(
    lambda entity, what, more: {"entity": entity, **what, **more},
    _DATASETS,
    st.one_of(st.builds(lambda f: {"fact": f}, _DATASETS), st.builds(lambda m: {"metric": m}, _METRICS)),
    optional(
        op=st.sampled_from(["ge", "eq", "lt"]), value=st.sampled_from([0, 1, 90]), filters=st.lists(_FILTERS, max_size=1), window=_WINDOWS,
        percentile=st.just(True), best=st.just(2), relative_to=st.just("average"),
        distinct=st.sampled_from(["products.department", "customers.region"]), every=st.just("month"), baseline=_WINDOWS,
    ),
)  # fmt: skip
_MEASURES = st.builds(
    lambda metric, more: {"metric": metric, **more},
    _METRICS,
    st.one_of(
        st.just({}),
        st.fixed_dictionaries({"over": st.sampled_from(["order_count", "ticket_count"]), "as_share": st.booleans()}),
        st.fixed_dictionaries({"per": _DATASETS, "aggregate": st.sampled_from(["avg", "median"])}),
        st.fixed_dictionaries({"per_grain": st.sampled_from(["month", "week"]), "aggregate": st.just("max")}),
        st.fixed_dictionaries({"filters": st.lists(_FILTERS, min_size=1, max_size=1), "as_share": st.booleans()}),
        st.fixed_dictionaries({"entity_conditions": st.lists(_CONDITIONS, min_size=1, max_size=1), "as_share": st.booleans()}),
    ),
)
_DIMENSIONS = st.builds(lambda f, g: {"field": f, "grain": g}, st.sampled_from(_FIELDS), _GRAINS)
_SHAPES: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {}, {}, {}, {},
        {"listing": {"entity": "customers", "fields": ["customers.region"]}},
        {"cohort": {"entity": "customers", "fact": "orders"}},
        {"distribution": {"entity": "customers", "metric": "revenue"}, "metrics": [], "dimensions": []},
        {"concentration": {"entity": "customers", "metric": "order_count"}, "metrics": [], "dimensions": []},
        {"concentration": {"entity": "products", "metric": "revenue", "of_entities": 0.2}, "metrics": [], "dimensions": []},
        {"pairs": {"field": "products.department", "within": "orders", "min_together": 1}, "metrics": [], "dimensions": []},
    ]
)  # fmt: skip
_PLANS = st.builds(
    lambda base, more, shape: {**base, **more, **shape},
    st.fixed_dictionaries({"metrics": st.lists(_MEASURES, max_size=3), "dimensions": st.lists(_DIMENSIONS, max_size=2)}),
    optional(
        filters=st.lists(_FILTERS, max_size=2),
        entity_conditions=st.lists(_CONDITIONS, max_size=1),
        window=_WINDOWS,
        comparison=st.sampled_from([{"kind": "previous_period"}, {"kind": "same_period_last_year"}]),
        share=st.just({}),
        growth=st.just("previous_row"),
        running_total=st.just(True),
        moving_average=st.just(2),
        fill_gaps=st.just(True),
        lifecycle=st.just({"entity": "customers", "fact": "orders"}),
        having=st.lists(
            st.builds(lambda m, v: {"metric": m, "op": "gt", "value": v}, _METRICS, st.sampled_from([0, 50])), min_size=1, max_size=1
        ),
        order=st.lists(st.builds(lambda m: {"by": m}, _METRICS), min_size=1, max_size=1),
        limit=st.just(3),
        ties=st.just("include"),
    ),
    _SHAPES,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much])
@given(plan=_PLANS, restricted=st.booleans())
def test_a_plan_runs_or_is_refused(
    ask: Callable[..., list[tuple[Any, ...]]], model: SemanticModel, limited: Rights, plan: dict[str, Any], restricted: bool
) -> None:
    try:
        MetricQuery.model_validate(plan)
    except ValidationError:
        return
    rights = limited if restricted else None
    try:
        first = ask(**plan, rights=rights)
    except AnswerError as problem:
        refused = problem
    else:
        assert ask(**plan, rights=rights) == first
        return
    assert refused.message
    assert refused.try_instead
