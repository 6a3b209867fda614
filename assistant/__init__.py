"""From a question to an answer a person can act on.

    from contextlib import closing

    from assistant import Question, build

    with closing(build(warehouse="completejourney")) as assistant:
        answer = assistant.ask(Question(text="Revenue by month in 2017"))
        print(answer.headline)

The names load on first use, so that `assistant --help` stays quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant.pipeline import Assistant
    from assistant.settings import Settings
    from assistant.turn import Answer, Question, Status, Step
    from assistant.wiring import build

__all__ = ["Answer", "Assistant", "Question", "Settings", "Status", "Step", "build"]

_HOMES = {
    "Answer": "assistant.turn",
    "Assistant": "assistant.pipeline",
    "Question": "assistant.turn",
    "Settings": "assistant.settings",
    "Status": "assistant.turn",
    "Step": "assistant.turn",
    "build": "assistant.wiring",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'assistant' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(home), name)
