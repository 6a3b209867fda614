"""Two questions in one, the second about what the first finds."""

from __future__ import annotations

from typing import Any

import pytest
from thinking import plans_of

from assistant.minds.embedded.mind import QuestionReader
from assistant.turn import MindContext
from tools.core.query.metric_query import MetricQuery

MAY = {"start": "2024-05-01", "end": "2024-05-31"}
CITY = {"field": "studios.city"}
PREMIUM = {"field": "members.tariff", "op": "in", "values": ["Premium"]}


@pytest.mark.parametrize(
    ("text", "plans"),
    [
        # Only the figures differ: one table.
        (
            "How much did premium members spend in May 2024 and how many bookings did they make?",
            [{"metrics": ["income", "bookings"], "filters": [PREMIUM], "window": MAY}],
        ),
        # The rows of the first, with a figure of the second.
        (
            "Which city had the most bookings in May 2024, and how much income did it bring?",
            [{"metrics": ["income", "bookings"], "dimensions": [CITY], "window": MAY, "order": [{"by": "bookings"}], "limit": 1}],
        ),
        # Neither holds the other: both are asked.
        (
            "What was our income in May 2024 and which city was worst?",
            [
                {"metrics": ["income"], "window": MAY},
                {"metrics": ["income"], "dimensions": [CITY], "window": MAY, "order": [{"by": "income", "direction": "asc"}], "limit": 1},
            ],
        ),
        (
            "How many premium members are there? And what share of all members is that?",
            [
                {"metrics": ["members"], "filters": [PREMIUM]},
                {"metrics": [{"metric": "members", "filters": [PREMIUM], "as_share": True}]},
            ],
        ),
        (
            "What was our income in May 2024, and how much of it came from premium members?",
            [{"metrics": ["income"], "window": MAY}, {"metrics": ["income"], "filters": [PREMIUM], "window": MAY}],
        ),
        # One question: what joins two nouns joins no questions.
        ("Income and bookings in May 2024", [{"metrics": ["income", "bookings"], "window": MAY}]),
    ],
)
def test_the_second_part_is_read_over_what_the_first_finds(
    text: str, plans: list[dict[str, Any]], reader: QuestionReader, context: MindContext
) -> None:
    assert plans_of(reader, context, text) == [MetricQuery.model_validate(plan) for plan in plans]
