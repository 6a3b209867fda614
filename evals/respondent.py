"""The assistant as the evals know it: its public entry, and nothing behind it."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any

from assistant import Assistant, Question, Settings, build
from evals.gold import EvalsUnavailable


class AssistantRespondent:
    """Asks the assistant in this process."""

    def __init__(self, *, warehouse: str, mind: str) -> None:
        settings = Settings.model_validate({**Settings().model_dump(), "mind": mind})
        try:
            self._assistant: Assistant = build(settings, warehouse=warehouse)
        except Exception as error:
            # Boundary: the tree of errors is not part of the public entry, and any of them means that nothing can be asked.
            raise EvalsUnavailable(f"The assistant cannot start: {error} {getattr(error, 'try_instead', '')}".rstrip()) from error

    def ask(self, text: str, *, question_id: str, thread: str | None) -> Mapping[str, Any]:
        return self._assistant.ask(Question(text=text, id=question_id, thread=thread)).to_json()

    def __enter__(self) -> AssistantRespondent:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._assistant.close()
