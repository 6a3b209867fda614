"""A plan's canonical sentence reads back to a plan that compiles to the same SQL."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from assistant.minds.embedded.mind import QuestionReader
from assistant.turn import MindContext
from tools.core.query import compile_query
from tools.core.query.metric_query import MetricQuery

METRICS = ("income", "bookings", "cancellation_rate")
DIMENSIONS: tuple[list[dict[str, Any]], ...] = (
    [],
    [{"field": "studios.city"}],
    [{"field": "members.tariff"}],
    [{"field": "studios.city"}, {"field": "members.age_group"}],
)
FILTERS: tuple[list[dict[str, Any]], ...] = (
    [],
    [{"field": "studios.city", "op": "in", "values": ["Nice"]}],
    [{"field": "members.tariff", "op": "in", "values": ["Basic", "Premium"]}],
    [{"field": "studios.city", "op": "not_in", "values": ["Aix-en-Provence"]}],
)
WINDOWS: tuple[dict[str, Any] | None, ...] = (
    None,
    {"start": "2024-05-01", "end": "2024-05-31"},
    {"start": "2023-01-01", "end": "2023-12-31"},
    {"start": "2024-02-05", "end": "2024-06-03"},
)


def plans() -> Iterator[dict[str, Any]]:
    for metric, dimensions, filters, window in itertools.product(METRICS, DIMENSIONS, FILTERS, WINDOWS):
        yield {"metrics": [metric], "dimensions": dimensions, "filters": filters, "window": window}


def same(one: MetricQuery, other: MetricQuery, reader: QuestionReader, context: MindContext) -> bool:
    return all(
        compile_query(q, reader.model, rights=None, as_of=context.as_of).sql
        == compile_query(one, reader.model, rights=None, as_of=context.as_of).sql
        for q in (one, other)
    )


@pytest.mark.parametrize("plan", list(plans())[::3], ids=str)
def test_the_sentence_of_a_plan_reads_back_to_the_plan(plan: dict[str, Any], reader: QuestionReader, context: MindContext) -> None:
    query = MetricQuery.model_validate(plan)
    sentence = compile_query(query, reader.model, rights=None, as_of=context.as_of).reading.sentence
    reading = reader.readings(reader.tokens(sentence)[0], context)[0]
    assert reading.account.leftover == (), sentence
    assert reading.query is not None
    assert same(query, reading.query.model_copy(update={"order": query.order}), reader, context), sentence
