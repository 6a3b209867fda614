"""Questions of `questions.yaml` read to their plans; what must not be answered is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from thinking import query_of, think

from assistant.minds.embedded.mind import QuestionReader
from assistant.minds.embedded.outcomes import is_intricate
from assistant.turn import Decline, Done, MindContext
from tools.core.query.metric_query import MetricQuery

CASES = [c for c in yaml.safe_load((Path(__file__).parent / "questions.yaml").read_text(encoding="utf-8")) if not c.get("skip")]


@pytest.mark.parametrize("case", [c for c in CASES if "plan" in c], ids=lambda c: c["q"])
def test_question_reads_to_its_plan(case: dict[str, Any], reader: QuestionReader, context: MindContext) -> None:
    step, outcome = think(reader, context, case["q"])
    assert step is not None, outcome
    assert query_of(step) == MetricQuery.model_validate(case["plan"])
    assert isinstance(outcome, Done)
    # Plain readings are answered, intricate ones offered, unless the reader of rows and fields has read the same.
    assert (outcome.doubt is not None) == case.get("offered", is_intricate(MetricQuery.model_validate(case["plan"])))


@pytest.mark.parametrize("case", [c for c in CASES if "outcome" in c], ids=lambda c: c["q"])
def test_question_without_an_answer_gets_none(case: dict[str, Any], reader: QuestionReader, context: MindContext) -> None:
    _, outcome = think(reader, context, case["q"])
    if case["outcome"] == "offered":
        assert isinstance(outcome, Done)
        assert outcome.doubt
    else:
        assert isinstance(outcome, Decline)
        assert outcome.code == case["outcome"]


@pytest.mark.parametrize(
    ("question", "note"),
    [
        ("income in the March", "took 2024 as the year of 'March'"),
        ("bookings in the evening in 2023", "read 'evening' as 18:00 to 22:59"),
        ("income during spring", "read 'spring' as "),
    ],
)
def test_what_was_taken_for_granted_is_said_in_the_words_as_typed(
    question: str, note: str, reader: QuestionReader, context: MindContext
) -> None:
    """Without the prepositions before them."""
    _, outcome = think(reader, context, question)
    assert isinstance(outcome, Done)
    assert any(said.startswith(note) for said in outcome.notes), outcome.notes
