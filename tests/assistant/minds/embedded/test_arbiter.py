"""Answer or offer, and the chance that goes with it."""

from __future__ import annotations

import pytest

from assistant.minds.embedded.arbiter import Judgement, calibration, judge
from assistant.minds.embedded.learner import Learner
from assistant.minds.embedded.learner.training import train
from assistant.minds.embedded.mind import QuestionReader
from assistant.turn import MindContext
from tools.core.semantics import SemanticModel


@pytest.fixture(scope="session")
def heard(model: SemanticModel) -> Learner:
    return train(model)


def judged(text: str, learner: Learner | None, reader: QuestionReader, context: MindContext) -> Judgement:
    return judge(text, reader.readings(reader.tokens(text)[0], context)[0], reader.model, learner)


def test_a_plain_reading_that_both_expect_is_answered(heard: Learner, reader: QuestionReader, context: MindContext) -> None:
    found = judged("income by city in May 2024", heard, reader, context)
    assert found.doubt is None
    assert found.confidence is not None
    assert found.confidence > 0.8


def test_no_agreement_outvotes_an_unknown_word(heard: Learner, reader: QuestionReader, context: MindContext) -> None:
    found = judged("income by city, frobnicated", heard, reader, context)
    assert found.doubt == "I could not place 'frobnicated'; this is the answer without it"
    assert found.confidence is not None
    assert found.confidence < judged("income by city", heard, reader, context).confidence  # type: ignore[operator]


def test_without_a_learner_there_is_no_chance_and_intricate_readings_are_offered(reader: QuestionReader, context: MindContext) -> None:
    found = judged("How many members booked at least 3 classes and spent more than 100?", None, reader, context)
    assert found.confidence is None
    assert found.doubt is not None
    assert judged("income by city", None, reader, context) == Judgement(doubt=None, confidence=None)


def test_an_intricate_reading_that_the_reader_of_rows_shares_is_answered(reader: QuestionReader, context: MindContext) -> None:
    assert judged("How many members never booked?", None, reader, context).doubt is None


def test_an_intricate_reading_needs_more_than_a_plain_one() -> None:
    assert calibration().answer_intricate_at > calibration().answer_at
