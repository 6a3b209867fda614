"""The mind that asks a language model to choose tools. LangChain loads with the first question, not with this package."""

from assistant.minds.language_model.mind import LanguageModelMind
from assistant.minds.language_model.options import ModelOptions

__all__ = ["LanguageModelMind", "ModelOptions"]
