"""Intents: questions that belong to a tool other than query_metrics ("who is likely to leave in the North, and why").

An intent knows its words (`words/<name>.txt`); whom the question is about is read by the readers and accounts of every question.
README.md of the embedded mind tells how to add one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.minds.embedded.assemble import Reading
from assistant.minds.embedded.intents.attribution import AttributionIntent
from assistant.minds.embedded.intents.churn import ChurnIntent
from assistant.minds.embedded.intents.contract import Intent, IntentReading
from assistant.minds.embedded.intents.customer_profile import CustomerProfileIntent
from assistant.minds.embedded.intents.explain_change import ExplainChangeIntent
from assistant.minds.embedded.intents.feedback import FeedbackIntent
from assistant.minds.embedded.intents.lifetime_value import LifetimeValueIntent
from assistant.minds.embedded.intents.next_best_action import NextBestActionIntent
from assistant.minds.embedded.intents.read import can_answer, read_intents
from assistant.minds.embedded.intents.recommendations import RecommendationsIntent
from assistant.minds.embedded.intents.segments import SegmentsIntent
from assistant.minds.embedded.tokens import Token
from assistant.turn import MindContext

if TYPE_CHECKING:
    from assistant.minds.embedded.mind import QuestionReader

__all__ = ["INTENTS", "Intent", "IntentReading", "can_answer", "read_intent"]

INTENTS: tuple[Intent, ...] = (
    CustomerProfileIntent(),
    RecommendationsIntent(),
    NextBestActionIntent(),
    FeedbackIntent(),
    ChurnIntent(),
    LifetimeValueIntent(),
    SegmentsIntent(),
    AttributionIntent(),
    ExplainChangeIntent(),
)
"""Where two know the same words of a question, the earlier one takes it."""


def read_intent(
    tokens: tuple[Token, ...], readings: Sequence[Reading], reader: QuestionReader, context: MindContext
) -> IntentReading | None:
    """The question as intents, or as an edit of the step before; None when it is a question about figures."""
    return read_intents(tokens, readings, reader, context, INTENTS)
