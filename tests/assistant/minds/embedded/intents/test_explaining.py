"""Questions for a reason, for credit and for what campaigns did: their steps over the demo, and what stays a figure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant, Question, Settings, Status, build
from assistant.minds.look_ahead import look_ahead
from assistant.turn import MindContext, PastTurn, Step

ONLINE = [{"field": "orders.channel", "op": "in", "values": ["web", "app"]}]
NORTH = [{"field": "customers.region", "op": "in", "values": ["North"]}]
MARCH = {"start": "2026-03-01", "end": "2026-03-31"}
LAST_WEEK = {"period": "last", "unit": "week"}
LAST_QUARTER = {"period": "last", "unit": "quarter"}


@pytest.fixture(scope="module")
def shop(demo_home: Path) -> Iterator[Assistant]:
    built = build(Settings(home=demo_home, warehouse="demo"))
    yield built
    built.close()


def step_of(shop: Assistant, text: str, *, after: Step | None = None) -> Step:
    previous = PastTurn(question="?", steps=(after,), sentence="") if after is not None else None
    context = MindContext(warehouse=shop.warehouse, rights=shop.rights_book.rights_for(None), as_of=shop.warehouse.as_of, previous=previous)
    (step,) = look_ahead(shop.mind, Question(text=text), context).plans[0]
    return step


@pytest.mark.parametrize(
    ("question", "arguments"),
    [
        ("why did revenue fall in March", {"metric": "revenue", "window": MARCH, "assumed": "fall"}),
        ("what drove the drop in conversion last week", {"metric": "web_conversion_rate", "window": LAST_WEEK, "assumed": "fall"}),
        ("what happened to orders last week", {"metric": "orders", "window": LAST_WEEK}),
        (
            "Why did NPS get worse in the North last quarter?",
            {"metric": "nps", "window": LAST_QUARTER, "filters": NORTH, "assumed": "fall"},
        ),
        ("what is behind the rise in tickets last quarter", {"metric": "tickets", "window": LAST_QUARTER, "assumed": "rise"}),
        (
            "why so many more tickets in May 2026 than in April",
            {
                "metric": "tickets",
                "window": {"start": "2026-05-01", "end": "2026-05-31"},
                "comparison": {"kind": "window", "baseline": {"start": "2026-04-01", "end": "2026-04-30"}},
                "assumed": "rise",
            },
        ),
        (
            "why are sales in the North down on last year",
            {
                "metric": "revenue",
                "window": {"period": "this", "unit": "year"},
                "comparison": {"kind": "same_period_last_year"},
                "filters": NORTH,
                "assumed": "fall",
            },
        ),
        ("why did revenue fall over the last year", {"metric": "revenue", "window": {"period": "last", "unit": "year"}, "assumed": "fall"}),
        (
            "what drove the change in NPS between the first and second quarter",
            {
                "metric": "nps",
                "window": {"start": "2026-04-01", "end": "2026-06-30"},
                "comparison": {"kind": "window", "baseline": {"start": "2026-01-01", "end": "2026-03-31"}},
            },
        ),
        ("why did customers fall in March", {"metric": "customers", "window": MARCH, "assumed": "fall"}),
        ("why are returns up", {"metric": "returned_lines", "window": {"period": "last", "unit": "month"}, "assumed": "rise"}),
    ],
)
def test_a_question_for_a_reason_is_read_to_metric_days_and_direction(shop: Assistant, question: str, arguments: dict[str, Any]) -> None:
    step = step_of(shop, question)
    assert (step.tool, dict(step.arguments)) == ("explain_change", arguments)


@pytest.mark.parametrize(
    ("question", "arguments"),
    [
        ("which channel deserves the credit for online orders", {"show": "credit", "filters": ONLINE}),
        ("attribution by channel last quarter", {"show": "credit", "window": LAST_QUARTER}),
        ("did the spring campaign work", {"show": "lift", "campaigns": ["Spring Cleaning", "Spring Refresh"]}),
        ("was the VIP Preview successful", {"show": "lift", "campaigns": ["VIP Preview"]}),
        ("did our campaigns work in the North", {"show": "lift", "filters": NORTH}),
        ("was the VIP Preview worth it", {"show": "lift", "campaigns": ["VIP Preview"]}),
        ("what lift did the Autumn Postcard bring", {"show": "lift", "campaigns": ["Autumn Postcard"]}),
        ("how many extra orders did we get from the VIP Preview", {"show": "lift", "campaigns": ["VIP Preview"]}),
        ("which campaigns worked", {"show": "lift"}),
        ("who deserves the credit, email or display", {"show": "credit"}),
        ("what was the effect of the Autumn Postcard", {"show": "lift", "campaigns": ["Autumn Postcard"]}),
    ],
)
def test_credit_and_lift_are_questions_of_their_own(shop: Assistant, question: str, arguments: dict[str, Any]) -> None:
    step = step_of(shop, question)
    assert (step.tool, dict(step.arguments)) == ("attribution", arguments)


@pytest.mark.parametrize(
    "question", ["campaign lift by campaign", "orders by sales channel", "revenue last month compared with May", "returns by month"]
)
def test_a_figure_stays_a_figure(shop: Assistant, question: str) -> None:
    assert step_of(shop, question).tool == "query_metrics"


def test_why_after_a_figure_explains_it(shop: Assistant) -> None:
    figure = step_of(shop, "revenue last week compared with the week before")
    why = step_of(shop, "why?", after=figure)
    assert (why.tool, why.arguments["metric"], why.arguments["window"]) == ("explain_change", "revenue", LAST_WEEK)
    north = step_of(shop, "and in the North?", after=why)
    assert (north.tool, north.arguments["filters"]) == ("explain_change", NORTH)


def test_channels_that_are_named_are_said_to_share_with_all(shop: Assistant) -> None:
    answer = shop.ask(Question(text="who deserves the credit, email or display"))
    assert any("email and display" in caveat for caveat in answer.caveats)


def test_why_after_a_trend_is_about_its_last_period(shop: Assistant) -> None:
    why = step_of(shop, "why?", after=step_of(shop, "revenue by month in 2026"))
    assert why.arguments["metric"] == "revenue"
    assert why.tool == "explain_change"


def test_lower_in_a_place_may_be_lower_than_elsewhere_and_is_offered_as_a_change(shop: Assistant) -> None:
    answer = shop.ask(Question(text="Why is the return rate lower in the West?"))
    assert answer.status is Status.OFFERED
    assert "It may be meant against the other groups" in answer.text
