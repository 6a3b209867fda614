"""Dates that things have of their own: what was open on a day, who joined and what was opened in a period."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from thinking import query_of, think

from assistant.minds.embedded.mind import QuestionReader
from assistant.minds.embedded.values import ValueIndex
from assistant.turn import MindContext
from tools.core.query.metric_query import MetricQuery
from tools.core.semantics import read_model

HERE = Path(__file__).parent


def _sql(expression: str) -> str:
    return f"expression: {{dialects: [{{dialect: ANSI_SQL, expression: {expression}}}]}}"


def _said(data: str) -> str:
    return f"custom_extensions: [{{vendor_name: CUSTOMER_INTELLIGENCE, data: '{{{data}}}'}}]"


RENTALS = f"""      - name: rentals
        source: rentals
        primary_key: [rental_id]
        fields:
          - {{name: rental_id, {_sql("rental_id")}, datatype: Integer, label: rental}}
          - {{name: member_id, {_sql("member_id")}, datatype: Integer, label: rental member}}
          - {{name: from_day, {_sql("from_day")}, datatype: Date, label: start of the rental}}
          - {{name: to_day, {_sql("to_day")}, datatype: Date, label: end of the rental}}
        {_said('"label": "rental", "plural": "rentals", "default_time": "from_day"')}
    relationships:
      - {{name: rental_member, from: rentals, to: members, from_columns: [member_id], to_columns: [member_id]}}
"""
METRICS = f"""    metrics:
      - name: rentals
        {_sql("COUNT(rentals.rental_id)")}
        {_said('"label": "rentals"')}
      - name: open_rentals
        {_sql("COUNT(rentals.rental_id)")}
        ai_context: {{synonyms: [running rentals]}}
        {_said('"label": "open rentals", "filter": "rentals.to_day IS NULL"')}
      - name: new_members
        {_sql("COUNT(members.member_id)")}
        ai_context: {{synonyms: [members who joined, members joined], verbs: [join]}}
        {_said('"label": "new members", "time_field": "members.joined_on"')}
"""
OPENING = f"""          - {{name: opened_on, {_sql("opened_on")}, datatype: Date, label: opening day}}
"""
CITY = "          - {name: city,"


@pytest.fixture(scope="module")
def dated(tmp_path_factory: pytest.TempPathFactory) -> QuestionReader:
    """The gyms with rentals of lockers, which begin and end, studios that opened, and members counted by when they joined."""
    document = (HERE / "gym_model.yaml").read_text(encoding="utf-8")
    for before, after in (("    relationships:\n", RENTALS), ("    metrics:\n", METRICS), (CITY, OPENING + CITY)):
        assert document.count(before) == 1
        document = document.replace(before, after)
    path = tmp_path_factory.mktemp("dated") / "model.yaml"
    path.write_text(document, encoding="utf-8")
    return QuestionReader(read_model(path), ValueIndex({}, {}))


def _open(first: str, last: str) -> list[dict[str, Any]]:
    return [
        {"field": "rentals.from_day", "op": "le", "values": [last]},
        {"field": "rentals.to_day", "op": "ge_or_null", "values": [first]},
    ]


_JOINED = {"field": "members.joined_on", "op": "between", "values": ["2023-01-01", "2023-12-31"]}
_OPENED = {"field": "studios.opened_on", "op": "between", "values": ["2023-01-01", "2023-12-31"]}


@pytest.mark.parametrize(
    ("question", "plan"),
    [
        ("How many rentals were running on 1 March 2024?", {"metrics": ["rentals"], "filters": _open("2024-03-01", "2024-03-01")}),
        (
            "How many open rentals did we have at the end of May 2024?",
            {"metrics": ["rentals"], "filters": _open("2024-05-31", "2024-05-31")},
        ),
        ("How many rentals were active in May 2024?", {"metrics": ["rentals"], "filters": _open("2024-05-01", "2024-05-31")}),
        ("How many open rentals are there?", {"metrics": ["open_rentals"]}),
        ("How many studios opened in 2023?", {"metrics": ["studios"], "filters": [_OPENED]}),
        ("income from members who joined in 2023", {"metrics": ["income"], "filters": [_JOINED]}),
        (
            "Of the members who joined in 2023, how many booked?",
            {"metrics": ["members"], "filters": [_JOINED], "entity_conditions": [{"entity": "members", "fact": "bookings"}]},
        ),
        (
            "How many members joined in 2023?",
            {"metrics": ["new_members"], "window": {"start": "2023-01-01", "end": "2023-12-31"}},
        ),
    ],
)
def test_a_date_of_the_thing_itself_is_tested(dated: QuestionReader, context: MindContext, question: str, plan: dict[str, Any]) -> None:
    step, outcome = think(dated, context, question)
    assert step is not None, outcome
    assert query_of(step) == MetricQuery.model_validate(plan)
