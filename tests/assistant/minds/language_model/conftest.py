"""A real warehouse, a scripted server on a socket, and an assistant whose mind asks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import pytest
from language_model_bench import ODD
from openai_server import Brain, OpenAiServer

from assistant import Answer, Assistant, Question
from assistant.minds.language_model import LanguageModelMind, ModelOptions
from assistant.minds.two_minds import TwoMinds


@dataclass(frozen=True)
class Bench:
    """An assistant and the server that its mind talks to."""

    server: OpenAiServer
    assistant: Assistant
    mind: LanguageModelMind

    def ask(self, text: str = ODD, **question: Any) -> Answer:
        return self.assistant.ask(Question(text=text, **question))


@pytest.fixture
def bench(assistant: Assistant) -> Iterator[Callable[..., Bench]]:
    """Makes a bench: `bench(brain, mode="model", max_steps=4)`."""
    with ExitStack() as stack:

        def make(brain: Brain, *, mode: str = "model", fallback: bool = True, key: str | None = None, **options: Any) -> Bench:
            server = stack.enter_context(OpenAiServer(brain, key=key))
            settings = ModelOptions(
                model="test-model", **{"base_url": server.url, "timeout_s": 2.0, "turn_deadline_s": 10.0, "max_retries": 1, **options}
            )
            mind = LanguageModelMind(settings, assistant.tools, embedded=assistant.mind if fallback else None)
            two: Any = TwoMinds(assistant.mind, mind, mode) if mode in ("auto", "both") else mind  # type: ignore[arg-type]
            return Bench(server=server, assistant=replace(assistant, mind=two), mind=mind)

        yield make
