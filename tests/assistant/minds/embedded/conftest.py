"""A small model about gyms and its stored values: nothing in the mind is fitted to it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from assistant.minds.embedded.mind import QuestionReader
from assistant.minds.embedded.values import ValueIndex
from assistant.turn import MindContext
from tools.core.semantics import SemanticModel, read_model

HERE = Path(__file__).parent
AS_OF = dt.date(2024, 9, 18)

VALUES = {
    "members.tariff": [("Basic", 60), ("Premium", 30), ("Student", 10), ("Family Plus", 5)],
    "members.age_group": [("18-29", 40), ("30-44", 30), ("45-59", 20), ("60+", 10)],
    "members.level": [("1", 50), ("2", 30), ("3", 20)],
    "studios.city": [("Lyon", 10), ("Nice", 8), ("Aix-en-Provence", 2)],
    "courses.kind": [("YOGA", 10), ("SPIN-CYCLE", 8), ("AQUA FITNESS", 3), ("Boxing", 2)],
    "courses.trainer": [("Ada Brook", 4), ("Lyon", 1)],
    "payments.method": [("card", 50), ("cash", 20), ("direct debit", 10)],
}
KEYS = {"members.member_id": None, "studios.studio_id": [1, 2, 3, 12], "courses.course_id": [100, 101]}


@pytest.fixture(scope="session")
def model() -> SemanticModel:
    return read_model(HERE / "gym_model.yaml")


@pytest.fixture(scope="session")
def reader(model: SemanticModel) -> QuestionReader:
    return QuestionReader(model, ValueIndex(VALUES, KEYS))


@pytest.fixture(scope="session")
def context() -> MindContext:
    return MindContext(warehouse=None, rights=None, as_of=AS_OF)  # type: ignore[arg-type]
