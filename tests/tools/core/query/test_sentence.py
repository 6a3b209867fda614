"""The canonical sentence: natural, exact, and different for plans that mean different things."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.core.query import MetricQuery, sentence
from tools.core.query.calendar import Calendar
from tools.core.query.resolve import Scope
from tools.core.query.sentence import effective_order
from tools.core.semantics.model import SemanticModel

MARCH = {"start": "2017-03-01", "end": "2017-03-31"}
BY_MONTH = [{"field": "lines.sold_on", "grain": "month"}]
BY_DEPARTMENT = [{"field": "products.department"}]
DELI = {"field": "products.department", "op": "in", "values": ["Deli"]}

SENTENCES: list[tuple[dict[str, Any], str]] = [
    ({"metrics": ["revenue"]}, "Revenue, all data up to 31 March 2017"),
    (
        {"metrics": ["revenue"], "dimensions": BY_DEPARTMENT, "window": MARCH, "order": [{"by": "revenue"}], "limit": 5},
        "Revenue by department, March 2017, highest first, top 5",
    ),
    (
        {"metrics": ["revenue"], "dimensions": BY_MONTH, "window": {"last_n": 2, "unit": "month"}},
        "Revenue by month, February to March 2017",
    ),
    (
        {"metrics": ["revenue", "units"], "filters": [DELI], "window": {"period": "last", "unit": "quarter"}},
        "Revenue and units, department is Deli, Q1 2017",
    ),
    (
        {"metrics": ["revenue"], "window": MARCH, "comparison": {"kind": "previous_period"}},
        "Revenue, March 2017, compared with February 2017",
    ),
    (
        {"metrics": ["revenue"], "dimensions": BY_DEPARTMENT, "share": {}, "having": [{"metric": "revenue", "op": "gt", "value": 10000}]},
        "Revenue by department, all data up to 31 March 2017, with share of the total, only where revenue over 10,000, highest first",
    ),
    (
        {"metrics": ["customer_count"], "entity_conditions": [{"entity": "customers", "fact": "tickets", "op": "eq", "value": 0}]},
        "Customers, customers without any ticket, all data up to 31 March 2017",
    ),
    (
        {
            "metrics": ["customer_count"],
            "entity_conditions": [{"entity": "customers", "fact": "orders", "op": "gt", "value": 3, "window": MARCH}],
        },
        "Customers, customers with over 3 orders in March 2017, all data up to 31 March 2017",
    ),
    (
        {"metrics": [{"metric": "revenue", "per": "customers", "aggregate": "median"}]},
        "Median revenue per customer, all data up to 31 March 2017",
    ),
    (
        {"metrics": [{"metric": "revenue", "filters": [DELI], "as_share": True}]},
        "Share of revenue (department is Deli), all data up to 31 March 2017",
    ),
    (
        {"cohort": {"entity": "customers", "fact": "orders", "periods": 6}, "metrics": ["revenue"]},
        "Retention of customers by month of their first order with revenue, up to 6 months later, all data up to 31 March 2017",
    ),
    (
        {"distribution": {"entity": "customers", "metric": "order_count"}},
        "Distribution of customers by orders, all data up to 31 March 2017",
    ),
    (
        {"pairs": {"field": "products.department", "within": "orders", "containing": "Deli"}},
        "Pairs of department with Deli in the same order, at least 10 together, by together, all data up to 31 March 2017",
    ),
    (
        {"listing": {"entity": "customers", "fields": ["customers.region"]}, "metrics": ["revenue"]},
        "List of customers with region and revenue, all data up to 31 March 2017",
    ),
    ({"metrics": [{"metric": "ticket_count", "over": "order_count"}], "window": MARCH}, "Tickets per order, March 2017"),
    (
        {"metrics": [{"metric": "ticket_count", "over": "order_count", "as_share": True}]},
        "Tickets as share of orders, all data up to 31 March 2017",
    ),
    (
        {"metrics": [{"metric": "revenue", "per_grain": "month", "aggregate": "avg"}], "window": MARCH},
        "Average revenue per month, March 2017",
    ),
    (
        {
            "metrics": [
                {
                    "metric": "revenue",
                    "entity_conditions": [{"entity": "customers", "metric": "revenue", "best": 10}],
                    "as_share": True,
                }
            ]
        },
        "Share of revenue (the 10 customers with the highest revenue), all data up to 31 March 2017",
    ),
    (
        {
            "metrics": ["customer_count"],
            "entity_conditions": [{"entity": "customers", "metric": "revenue", "op": "gt", "value": 2, "relative_to": "average"}],
        },
        "Customers, customers with revenue over 2 times the average, all data up to 31 March 2017",
    ),
    (
        {
            "metrics": ["customer_count"],
            "entity_conditions": [{"entity": "customers", "fact": "lines", "distinct": "products.department", "value": 2, "window": MARCH}],
        },
        "Customers, customers with at least 2 different departments among their lines in March 2017, all data up to 31 March 2017",
    ),
    (
        {
            "metrics": ["customer_count"],
            "entity_conditions": [{"entity": "customers", "fact": "lines", "distinct": "products.department", "op": "eq", "value": 1}],
        },
        "Customers, customers with exactly 1 department among their lines, all data up to 31 March 2017",
    ),
    (
        {
            "metrics": ["customer_count"],
            "entity_conditions": [{"entity": "customers", "fact": "orders", "every": "week", "window": MARCH}],
        },
        "Customers, customers with at least 1 order in every week of March 2017, all data up to 31 March 2017",
    ),
    (
        {
            "metrics": ["customer_count"],
            "entity_conditions": [
                {
                    "entity": "customers",
                    "metric": "revenue",
                    "op": "gt",
                    "window": MARCH,
                    "baseline": {"start": "2017-02-01", "end": "2017-02-28"},
                }
            ],
        },
        "Customers, customers with revenue in March 2017 over that in February 2017, all data up to 31 March 2017",
    ),
    (
        {
            "metrics": ["revenue"],
            "dimensions": BY_DEPARTMENT,
            "having": [{"metric": "revenue", "op": "lt", "value": 0.5, "relative_to": "median"}],
        },
        "Revenue by department, all data up to 31 March 2017, only where revenue under 0.5 times the median, highest first",
    ),
    ({"dimensions": BY_DEPARTMENT}, "Values of department, all data up to 31 March 2017"),
    (
        {
            "metrics": ["revenue"],
            "dimensions": [*BY_DEPARTMENT, {"field": "products.brand"}],
            "top_per_group": {"n": 3, "group": "products.department", "by": "revenue"},
        },
        "Revenue by department and brand, all data up to 31 March 2017, top 3 by revenue in each department",
    ),
]


@pytest.mark.parametrize(("query", "expected"), SENTENCES)
def test_a_plan_reads_as_one_sentence(model: SemanticModel, query: dict[str, Any], expected: str) -> None:
    assert sentence(MetricQuery.model_validate(query), model) == expected


def test_the_same_days_read_the_same_however_they_were_given(model: SemanticModel) -> None:
    windows: list[dict[str, Any]] = [
        MARCH,
        {"period": "last", "unit": "month"},
        {"last_n": 1, "unit": "month"},
        {"last_n": 31, "unit": "day"},
    ]
    assert len({sentence(MetricQuery.model_validate({"metrics": ["revenue"], "window": w}), model) for w in windows}) == 1


def test_values_that_look_like_words_of_the_sentence_are_quoted(model: SemanticModel) -> None:
    def said(*values: str) -> str:
        condition = {"field": "products.department", "op": "in", "values": values}
        return sentence(MetricQuery.model_validate({"metrics": ["revenue"], "filters": [condition]}), model)

    assert '"Deli or Garden"' in said("Deli or Garden")
    assert said("Deli or Garden") != said("Deli", "Garden")


_DAYS = st.dates(dt.date(2017, 1, 1), dt.date(2017, 3, 31))
_FIELDS = ("products.department", "products.brand", "customers.region")
_VALUES = st.lists(st.sampled_from(["Deli", "Garden", "North", "a or b", "x, y"]), min_size=1, max_size=2)


@st.composite
def windows(draw: st.DrawFn) -> dict[str, Any]:
    start = draw(_DAYS)
    return {"start": start, "end": draw(st.dates(start, dt.date(2017, 3, 31)))}


@st.composite
def plans(draw: st.DrawFn) -> dict[str, Any]:
    metrics = draw(st.lists(st.sampled_from(["revenue", "units", "average_order_value"]), min_size=1, max_size=2, unique=True))
    grains = st.sampled_from(["month", "week", "day_of_week"])
    dimensions = [{"field": f} for f in draw(st.lists(st.sampled_from(_FIELDS), max_size=2, unique=True))]
    if draw(st.booleans()):
        dimensions.append({"field": "lines.sold_on", "grain": draw(grains)})
    operators = st.sampled_from(["in", "not_in"])
    filters = [
        {"field": draw(st.sampled_from(_FIELDS)), "op": draw(operators), "values": draw(_VALUES)} for _ in range(draw(st.integers(0, 2)))
    ]
    query: dict[str, Any] = {"metrics": metrics, "dimensions": dimensions, "filters": filters}
    if draw(st.booleans()):
        query["window"] = draw(windows())
        if draw(st.booleans()):
            query["comparison"] = {"kind": draw(st.sampled_from(["previous_period", "same_period_last_year"]))}
    if draw(st.booleans()):
        fact = draw(st.sampled_from(["orders", "tickets"]))
        op, value = draw(st.sampled_from(["ge", "eq", "lt"])), draw(st.integers(0, 3))
        query["entity_conditions"] = [{"entity": "customers", "fact": fact, "op": op, "value": value}]
    if draw(st.booleans()):
        query["having"] = [{"metric": metrics[0], "op": draw(st.sampled_from(["gt", "le"])), "value": draw(st.sampled_from([5, 50.5]))}]
    if dimensions and draw(st.booleans()):
        columns = [*metrics, *(d["field"] for d in dimensions)]
        query["order"] = [{"by": draw(st.sampled_from(columns)), "direction": draw(st.sampled_from(["asc", "desc"]))}]
    if draw(st.booleans()):
        query["limit"] = draw(st.integers(1, 3))
        query["ties"] = draw(st.sampled_from(["cut", "include"]))
    return query


def meaning(query: MetricQuery, model: SemanticModel) -> tuple[object, ...]:
    """The plan without what does not matter: the order of conditions and values, and how its days were given."""
    scope = Scope(model, rights=None, as_of=model.settings.as_of)
    calendar = Calendar(model.settings, model.settings.as_of)
    span = calendar.resolve(query.window) if query.window else None
    baseline = None
    if query.comparison is not None and span is not None:
        before = calendar.previous if query.comparison.kind == "previous_period" else calendar.same_period_last_year
        baseline = before(span)
    keys = effective_order(scope, query)
    rest = [(d.field, "asc") for d in query.dimensions if d.field not in {k.by for k in keys}]
    return (
        tuple(m.column for m in query.metrics),
        tuple((d.field, d.grain) for d in query.dimensions),
        frozenset((f.field, f.op, frozenset(f.values)) for f in query.filters),
        query.entity_conditions,
        query.having,
        (span.start, span.end) if span else None,
        (baseline.start, baseline.end) if baseline else None,
        (*((k.by, k.direction) for k in keys), *rest),
        query.limit,
        query.ties if query.limit else None,
    )


@settings(max_examples=150, deadline=None)
@given(
    first=plans(), second=plans(), kept=st.sets(st.sampled_from(["metrics", "dimensions", "filters", "window", "order", "limit", "having"]))
)
def test_two_plans_read_the_same_exactly_when_they_mean_the_same(
    model: SemanticModel, first: dict[str, Any], second: dict[str, Any], kept: set[str]
) -> None:
    mixed = {**second, **{k: v for k, v in first.items() if k in kept}}
    a = MetricQuery.model_validate(first)
    try:
        b = MetricQuery.model_validate(mixed)
        same = meaning(a, model) == meaning(b, model)
    except ValueError:
        return
    assert (sentence(a, model) == sentence(b, model)) is same
