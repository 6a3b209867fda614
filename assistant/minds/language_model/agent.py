"""The LangChain agent. The only module that imports LangChain; it runs in a thread of its own and reaches tools over the bridge."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
import httpx2
import openai
from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse, ToolCallRequest
from langchain.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain.tools import BaseTool
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.tools import StructuredTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_openai import ChatOpenAI
from langsmith import tracing_context
from pydantic import SecretStr

from assistant.minds.language_model.bridge import Abandoned, Bridge
from assistant.minds.language_model.cards import ToolCard
from assistant.minds.language_model.faults import classify, retry_after_s
from assistant.minds.language_model.limits import Breaker, Ledger, TurnTokens, unavailable
from assistant.minds.language_model.options import ModelOptions

_SHORTEST_CALL_S = 0.05
_FIRST_WAIT_S = 0.5
# What the client raises for a status, a lost connection, or bytes that are no answer.
_CLIENT_ERRORS = (openai.APIError, httpx.HTTPError, httpx2.HTTPError, ValueError, TypeError, KeyError, AttributeError, IndexError)


@dataclass(kw_only=True)
class Turn:
    """Everything that one question's agent needs; never seen by the model."""

    bridge: Bridge
    call_tool: Callable[[str, Mapping[str, Any]], str]
    """Runs a tool by name and gives the text that the model sees; raises AnswerError when the turn cannot go on."""
    is_over: Callable[[], bool]
    """Whether a tool has ended the turn."""
    on_text: Callable[[str | None], None]
    """Given text as it comes; None when an answer of the model begins (anew)."""
    thread: str | None
    tokens: TurnTokens = field(default_factory=TurnTokens)
    prose: str = ""
    """What the model wrote after its last tool call."""


class Agent:
    """One model endpoint with its tools; safe for several turns at once."""

    def __init__(self, options: ModelOptions, tools: Sequence[ToolCard], *, breaker: Breaker, ledger: Ledger) -> None:
        self._options = options
        named = [_as_tool(card) for card in tools]
        guard = _Guard(options, breaker, ledger, [convert_to_openai_tool(tool) for tool in named])
        self._agent = create_agent(_chat_model(options), named, middleware=[guard], context_schema=Turn)

    def run(self, system: str, question: str, turn: Turn) -> None:
        """Plan, call tools and write; the prose is left in `turn.prose`.

        Raises:
            OurFault, SetupProblem: The endpoint failed; see `faults.classify`.
            Abandoned: Nobody waits any more.
        """
        messages = [SystemMessage(system), HumanMessage(question)]
        # Each step is a model call and a tool call; the guard ends the loop before LangGraph's own limit does.
        config: Any = {"recursion_limit": 4 * self._options.max_steps + 10, "callbacks": [_Stream(turn)]}
        # Whatever tracing the environment asks for would send the conversation to somebody else's server.
        with tracing_context(enabled=False):
            result = self._agent.invoke({"messages": messages}, config, context=turn)  # type: ignore[call-overload]
        last = result["messages"][-1]
        turn.prose = _text(last) if isinstance(last, AIMessage) and not last.tool_calls else ""


def _chat_model(options: ModelOptions) -> ChatOpenAI:
    extra: dict[str, Any] = {} if options.temperature is None else {"temperature": options.temperature}
    return ChatOpenAI(
        model=options.model,
        base_url=options.base_url,
        # Local servers ask for no key, but the client insists on one.
        api_key=options.api_key or SecretStr("not-needed"),
        default_headers=dict(options.headers) or None,
        default_query=dict(options.query) or None,
        max_completion_tokens=options.max_output_tokens,
        timeout=httpx.Timeout(options.timeout_s, connect=min(3.0, options.timeout_s)),
        max_retries=0,
        use_responses_api=False,
        streaming=True,
        stream_usage=True,
        **extra,
    )


def _as_tool(card: ToolCard) -> BaseTool:
    def never(**_: Any) -> str:
        raise AssertionError("tools run over the bridge")

    return StructuredTool(name=card.name, description=card.description, args_schema=dict(card.schema), func=never)


def _text(message: AIMessage) -> str:
    return str(message.text).strip()


class _Stream(BaseCallbackHandler):
    """Hands on text as it comes, and stops a stream that outlasts the turn."""

    raise_error = True

    def __init__(self, turn: Turn) -> None:
        self._turn = turn

    def on_llm_new_token(self, token: str | list[str | dict[str, Any]], **_: Any) -> None:
        if self._turn.bridge.is_abandoned or self._turn.bridge.remaining_s <= 0:
            raise Abandoned
        if isinstance(token, str) and token:
            self._turn.on_text(token)


class _Guard(AgentMiddleware[Any, Any]):
    """Around every model call: breaker, budget, deadline, retries. Around every tool call: the bridge."""

    def __init__(self, options: ModelOptions, breaker: Breaker, ledger: Ledger, wire_tools: list[dict[str, Any]]) -> None:
        super().__init__()
        # Made once: resolving the references of the schemas anew takes longer than the rest of a call.
        self._wire_tools = wire_tools
        self._options = options
        self._breaker = breaker
        self._ledger = ledger

    def wrap_tool_call(self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Any]) -> ToolMessage:
        del handler
        turn = cast("Turn", request.runtime.context)
        call = request.tool_call
        text = turn.call_tool(call["name"], call["args"])
        return ToolMessage(content=text, tool_call_id=str(call["id"]), name=call["name"])

    def wrap_model_call(self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]) -> Any:
        turn = cast("Turn", request.runtime.context)
        if turn.is_over():
            return AIMessage(content="")
        request = request.override(tools=list(self._wire_tools))
        for _ in range(self._options.max_repairs + 1):
            message = self._call(request, handler, turn)
            if message.tool_calls or not message.invalid_tool_calls:
                return message
            request = request.override(messages=[*request.messages, *_repair(message)])
        raise unavailable("The language model keeps calling tools in a form that cannot be read.")

    def _call(self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]], turn: Turn) -> AIMessage:
        """One answer of the model, after as many tries as the options and the deadline allow."""
        tries = 0
        while True:
            self._before(turn)
            turn.on_text(None)
            try:
                response = handler(request.override(model_settings={**request.model_settings, "timeout": self._seconds(turn)}))
                message = _whole(response)
            except _CLIENT_ERRORS as error:
                fault = classify(error)
                if not fault.is_setup:
                    self._breaker.failed()
                wait = retry_after_s(error, default=_FIRST_WAIT_S * 2**tries)
                if not fault.is_transient or tries >= self._options.max_retries or wait >= turn.bridge.remaining_s:
                    raise fault.error from error
                tries += 1
                _wait(wait, turn)
                continue
            self._count(message, request, turn)
            self._breaker.succeeded()
            return message

    def _before(self, turn: Turn) -> None:
        if turn.bridge.is_abandoned or turn.bridge.remaining_s <= _SHORTEST_CALL_S:
            raise Abandoned
        self._breaker.check()
        self._ledger.check(turn.tokens, turn.thread)

    def _seconds(self, turn: Turn) -> float:
        return max(_SHORTEST_CALL_S, min(self._options.timeout_s, turn.bridge.remaining_s))

    def _count(self, message: AIMessage, request: ModelRequest[Any], turn: Turn) -> None:
        usage = message.usage_metadata
        if usage is not None:
            tokens_in, tokens_out = usage["input_tokens"], usage["output_tokens"]
        else:
            # Some servers report none; four characters a token keeps the limits working.
            tokens_in = sum(len(str(m.content)) for m in request.messages) // 4
            tokens_out = len(str(message.content)) // 4 + 1
        self._ledger.add(turn.tokens, turn.thread, tokens_in=tokens_in, tokens_out=tokens_out)


def _whole(response: ModelResponse[Any] | AIMessage) -> AIMessage:
    """The model's message, when it is complete; ValueError for one that is empty or broke off."""
    message = response if isinstance(response, AIMessage) else response.result[-1]
    if not isinstance(message, AIMessage):
        raise TypeError("no message of the model")
    if message.response_metadata.get("finish_reason") is None:
        raise ValueError("the answer broke off")
    if not message.tool_calls and not message.invalid_tool_calls and not _text(message):
        raise ValueError("the answer is empty")
    return message


def _repair(message: AIMessage) -> list[Any]:
    """What went wrong, in the conversation: the arguments were no JSON."""
    names = ", ".join(sorted({str(call.get("name")) for call in message.invalid_tool_calls}))
    return [
        AIMessage(content=_text(message) or "(an unreadable tool call)"),
        HumanMessage(f"Your call of {names} was not valid JSON. Call the tool again with arguments as one JSON object."),
    ]


def _wait(seconds: float, turn: Turn) -> None:
    """Sleep, but not past the moment at which the turn is given up."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if turn.bridge.is_abandoned:
            raise Abandoned
        time.sleep(min(left, 0.05))
