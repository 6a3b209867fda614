"""From a reading as intents to an outcome: the steps run, or a decline that names what could not be placed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.minds.embedded.intents.contract import IntentReading
from assistant.minds.embedded.nearest import nearest_questions
from assistant.turn import Decline, Done, MindContext, Thinking

if TYPE_CHECKING:
    from assistant.minds.embedded.mind import QuestionReader


def run_intent(reading: IntentReading, notes: tuple[str, ...], reader: QuestionReader, context: MindContext) -> Thinking:
    """Runs every step; a step that fails ends the question with the tool's own words."""
    if reading.declined:
        return Decline(
            code="not_understood",
            message=reading.declined,
            understood=reading.understood,
            unplaced=reading.unplaced,
            nearest=nearest_questions(reader.model, reading.mentions, (), lambda q: reader.is_answerable(q, context)),
        )
    for step in reading.steps:  # noqa: UP028  a tuple cannot be sent what the step found
        yield step
    return Done(carried_over=reading.carried_over, left_out=reading.ignored, notes=(*notes, *reading.notes), doubt=reading.doubt)
