"""A "model" that follows rules: it maps test questions to tool calls, so that whole conversations can run without one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from openai_server import Reply, Request, ToolCall

Next = ToolCall | str | Callable[[Request], ToolCall | str]
"""A tool call, or the text that ends the turn; or a choice made from the conversation so far."""


@dataclass(frozen=True)
class Rule:
    """What to do, call by call, for questions that match."""

    pattern: str
    steps: tuple[Next, ...]


class RuleModel:
    """Plays the steps of the first rule that matches the question; after the last it repeats the last."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = [(re.compile(rule.pattern, re.I | re.S), rule) for rule in rules]

    def __call__(self, request: Request) -> Reply:
        question = question_of(request)
        rule = next((rule for pattern, rule in self._rules if pattern.search(question)), None)
        if rule is None:
            return Reply(calls=(ToolCall("decline", {"reason": "No rule of the test model covers this."}),))
        step = rule.steps[min(results_of(request), len(rule.steps) - 1)]
        chosen = step(request) if callable(step) else step
        return Reply(text=chosen) if isinstance(chosen, str) else Reply(calls=(chosen,))


def question_of(request: Request) -> str:
    """The question line of the first user message."""
    message = next(m for m in request["messages"] if m["role"] == "user")
    return str(message["content"]).removeprefix("Question: ").split("\n")[0]


def results_of(request: Request) -> int:
    """How many tool results the conversation holds, those of the server's own mischief left out."""
    return sum(m["role"] == "tool" and "summon_oracle" not in str(m["content"]) for m in request["messages"])


def last_result(request: Request) -> str:
    """The newest tool result."""
    return str([m for m in request["messages"] if m["role"] == "tool"][-1]["content"])
