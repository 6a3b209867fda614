"""Complete questions whose "they", "it" or "that" is what the question before found."""

from __future__ import annotations

from typing import Any

import pytest
from thinking import after, query_of, think

from assistant.minds.embedded.mind import QuestionReader
from assistant.turn import Decline, Done, MindContext
from tools.core.query.metric_query import MetricQuery

MAY = {"start": "2024-05-01", "end": "2024-05-31"}
CITY = {"field": "studios.city"}
PREMIUM = {"field": "members.tariff", "op": "in", "values": ["Premium"]}


@pytest.mark.parametrize(
    ("first", "then", "plan"),
    [
        # New figures beside the rows that were ranked.
        (
            "top 3 cities by income in May 2024",
            "how many bookings did they have?",
            {"metrics": ["bookings", "income"], "dimensions": [CITY], "window": MAY, "order": [{"by": "income"}], "limit": 3},
        ),
        (
            "which city had the most bookings in May 2024?",
            "how much income did it bring?",
            {"metrics": ["income", "bookings"], "dimensions": [CITY], "window": MAY, "order": [{"by": "bookings"}], "limit": 1},
        ),
        # Rows of a fact are counted or divided by, and not shown one by one.
        (
            "top 3 cities by income in May 2024",
            "show their bookings",
            {"metrics": ["bookings", "income"], "dimensions": [CITY], "window": MAY, "order": [{"by": "income"}], "limit": 3},
        ),
        (
            "top 3 cities by income in May 2024",
            "by bookings",
            {"metrics": ["bookings"], "dimensions": [CITY], "window": MAY, "order": [{"by": "bookings"}], "limit": 3},
        ),
        ("income in May 2024", "per booking", {"metrics": [{"metric": "income", "over": "bookings"}], "window": MAY}),
        # The same people, over the same days.
        (
            "income from premium members in May 2024",
            "how many bookings did they make?",
            {"metrics": ["bookings"], "filters": [PREMIUM], "window": MAY},
        ),
        (
            "income from premium members in May 2024",
            "and what is their spend per member in June 2024?",
            {"metrics": ["income_per_member"], "filters": [PREMIUM], "window": {"start": "2024-06-01", "end": "2024-06-30"}},
        ),
        # Nothing but the ranking is new.
        (
            "income in May 2024",
            "which city was worst?",
            {"metrics": ["income"], "dimensions": [CITY], "window": MAY, "order": [{"by": "income", "direction": "asc"}], "limit": 1},
        ),
        (
            "top 3 cities by cancellation rate",
            "which was the best?",
            {
                "metrics": ["cancellation_rate"],
                "dimensions": [CITY],
                "order": [{"by": "cancellation_rate", "direction": "asc"}],
                "limit": 1,
            },
        ),
        (
            "income by city in May 2024",
            "which one had the most bookings?",
            {"metrics": ["bookings"], "dimensions": [CITY], "window": MAY, "order": [{"by": "bookings"}], "limit": 1},
        ),
        # Parts and comparisons.
        (
            "How many premium members are there?",
            "what share of all members is that?",
            {"metrics": [{"metric": "members", "filters": [PREMIUM], "as_share": True}]},
        ),
        (
            "which city has the highest income?",
            "what share of income is that?",
            {"metrics": ["income"], "dimensions": [CITY], "order": [{"by": "income"}], "limit": 1, "share": {}},
        ),
        (
            "income in Lyon in May 2024",
            "how does that compare with Aix-en-Provence?",
            {
                "metrics": ["income"],
                "dimensions": [CITY],
                "filters": [{"field": "studios.city", "op": "in", "values": ["Lyon", "Aix-en-Provence"]}],
                "window": MAY,
            },
        ),
        # Those that were ranked first, as a condition on another split.
        (
            "top 10 members by income in May 2024",
            "which sports do they book?",
            {
                "metrics": ["bookings"],
                "dimensions": [{"field": "courses.kind"}],
                "window": MAY,
                "entity_conditions": [{"entity": "members", "metric": "income", "op": "ge", "best": 10, "window": MAY}],
            },
        ),
    ],
)
def test_a_pronoun_stands_for_what_the_plan_before_found(
    first: str, then: str, plan: dict[str, Any], reader: QuestionReader, context: MindContext
) -> None:
    before, _ = think(reader, context, first)
    step, outcome = think(reader, after(context, before), then)
    assert query_of(step) == MetricQuery.model_validate(plan)
    assert isinstance(outcome, Done)
    assert outcome.carried_over


@pytest.mark.parametrize(
    "text",
    [
        "How long does it take members to book?",
        "members and how many bookings they made in May 2024",
        "How many members booked yoga?",
    ],
)
def test_a_question_that_names_what_it_speaks_of_leans_on_nothing(text: str, reader: QuestionReader, context: MindContext) -> None:
    before, _ = think(reader, context, "income from premium members in May 2024")
    step, outcome = think(reader, after(context, before), text)
    if isinstance(outcome, Decline):
        return
    assert PREMIUM not in query_of(step).model_dump(mode="json")["filters"]


def test_a_question_about_them_without_a_question_before_is_confirmed(reader: QuestionReader, context: MindContext) -> None:
    _, outcome = think(reader, context, "how many bookings did they make in May 2024?")
    assert isinstance(outcome, Done)
    assert outcome.doubt is not None
    assert "they" in outcome.doubt
