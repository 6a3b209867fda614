"""How far the learner's expectation and a plan agree, part by part."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.minds.embedded.learner.heads import Expectation
from assistant.minds.embedded.learner.parts import PlanParts
from assistant.minds.embedded.phrasings import INTENT_SHAPES, TALK_SHAPES

_SURE = 0.5


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Chances, 0 to 1, that the learner gives to the parts of a plan."""

    shape: float
    """That the question asks for one of the shapes that the plan has."""
    likeliest: bool
    """Whether the likeliest shape of all is one of them."""
    elsewhere: float
    """That the question is one for another tool, about the assistant, or not to be answered at all."""
    role: float
    """Of the role least agreed on."""
    role_name: str
    metric: float
    """Of the plan's figure least agreed on; 1 without any."""
    field: float
    """Of the plan's grouping least agreed on; 1 without any."""
    unused: float
    """Of the likeliest metric or grouping that the plan does not have."""


def agreement(expected: Expectation, plan: PlanParts) -> Agreement:
    """The expectation of a question, held against a plan for it."""
    chances = {role: p if role in plan.roles else 1.0 - p for role, p in expected.roles.items()}
    worst = min(chances, key=lambda role: chances[role])
    used = {*plan.metrics, *plan.fields}
    return Agreement(
        shape=sum(p for shape, p in expected.shapes.items() if shape in plan.shapes),
        likeliest=expected.shape in plan.shapes,
        elsewhere=sum(expected.shapes.get(shape, 0.0) for shape in (*INTENT_SHAPES, *TALK_SHAPES)),
        role=chances[worst],
        role_name=worst,
        metric=min((expected.items.get(name, _SURE) for name in plan.metrics), default=1.0),
        field=min((expected.items.get(name, _SURE) for name in plan.fields), default=1.0),
        unused=max((p for name, p in expected.items.items() if name not in used), default=0.0),
    )
