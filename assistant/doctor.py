"""What is configured, what is missing, what works: `assistant doctor`."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from assistant.settings import Settings
from tools.core.errors import AnswerError, OurFault

MIN_FREE_GB = 2.0


@dataclass(frozen=True, kw_only=True)
class Examined:
    """One thing looked at."""

    what: str
    ok: bool
    detail: str
    optional: bool = False
    """Its absence closes a part, not the whole."""


def examine(settings: Settings) -> list[Examined]:
    """Look at everything the assistant needs; never raises."""
    return list(_examine(settings))


def _examine(settings: Settings) -> Iterator[Examined]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Examined(what="Python", ok=sys.version_info >= (3, 11), detail=f"{version} (3.11 or newer is needed)")
    yield _home(settings)
    yield _attempt("Warehouse", lambda: _open_warehouse(settings))
    yield _attempt("A question", lambda: _ask(settings))
    if settings.model:
        yield _attempt("Language model", lambda: _ask_model(settings))
    yield _port(settings)
    for package, part in (("chainlit", "browser chat"), ("langchain", "language-model mind"), ("chromadb", "search in feedback")):
        present = importlib.util.find_spec(package) is not None
        yield Examined(what=part, ok=present, detail=f"{package} {'installed' if present else 'missing'}", optional=True)


def _home(settings: Settings) -> Examined:
    home = settings.home.absolute()
    existing = next(p for p in (home, *home.parents) if p.exists())
    free = shutil.disk_usage(existing).free / 1e9
    writable = os.access(existing, os.W_OK)
    detail = f"{settings.home}, {free:.1f} GB free" + ("" if writable else ", cannot be written to")
    return Examined(what="Home folder", ok=writable and free >= MIN_FREE_GB, detail=detail)


def _attempt(what: str, check: Callable[[], str]) -> Examined:
    try:
        return Examined(what=what, ok=True, detail=check())
    except AnswerError as error:
        return Examined(what=what, ok=False, detail=f"{error.message} {error.try_instead}".strip())


def _open_warehouse(settings: Settings) -> str:
    from assistant.wiring import open_configured

    with open_configured(settings) as warehouse:
        policy = "with a policy" if warehouse.policy else "without a policy: local use only"
        return f"{warehouse.name}, {warehouse.data_version}, data up to {warehouse.as_of}, {policy}"


def _ask(settings: Settings) -> str:
    from assistant.turn import Question
    from assistant.wiring import build

    assistant = build(settings)
    try:
        starters = assistant.starters()
        if not starters:
            return "the semantic model names no starters"
        answer = assistant.ask(Question(text=starters[0].question))
        return f"“{starters[0].question}” {answer.status.value} in {answer.elapsed_ms:.0f} ms"
    finally:
        assistant.close()


def _ask_model(settings: Settings) -> str:
    """One question to the endpoint, without the embedded mind to take over when it fails."""
    from dataclasses import replace

    from assistant.minds.language_model import LanguageModelMind
    from assistant.turn import Question, Status
    from assistant.wiring import build, model_options

    assistant = build(settings)
    try:
        alone = replace(assistant, mind=LanguageModelMind(model_options(settings), assistant.tools))
        answer = alone.ask(Question(text=assistant.warehouse.model.settings.starters[0]))
    finally:
        assistant.close()
    if answer.error is not None and answer.status is not Status.DECLINED:
        raise OurFault(answer.error.message, try_instead=answer.error.try_instead, code=answer.error.code)
    used = answer.usage.tokens_in + answer.usage.tokens_out
    return f"{settings.model} {answer.status.value} a first question in {answer.elapsed_ms / 1000:.1f} s with {used:,} tokens"


def _port(settings: Settings) -> Examined:
    with socket.socket() as probe:
        taken = probe.connect_ex((settings.chat_host, settings.chat_port)) == 0
    state = "in use (a chat may be running)" if taken else "free"
    return Examined(what="Chat port", ok=not taken, detail=f"{settings.chat_port} is {state}", optional=True)
