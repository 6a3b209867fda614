"""The rest of an intent's question read as a question about a figure: metric, conditions, days and comparison, by the same readers."""

from __future__ import annotations

from assistant.minds.embedded.assemble import Reading
from assistant.minds.embedded.intents.cohort import without_cues
from assistant.minds.embedded.intents.contract import Asked, Cues


def read_figure(asked: Asked, cues: Cues) -> Reading | None:
    """The best reading of the question without the intent's own words; None when nothing can be read."""
    readings = asked.reader.readings(without_cues(asked.tokens, cues.found), asked.context)
    return readings[0] if readings else None
