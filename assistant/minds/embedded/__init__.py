"""The mind that needs no model: it reads a question against the semantic model, deterministically."""

from assistant.minds.embedded.mind import EmbeddedMind
from assistant.minds.embedded.prepare import prepare

__all__ = ["EmbeddedMind", "prepare"]
