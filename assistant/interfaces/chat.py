"""The browser chat: turns a message or a click into a Question, and an Answer into a page. The only module that imports Chainlit.

Import it after `chat_page.prepare`: Chainlit reads its folder and settings when it is imported.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import chainlit as cl
from chainlit.config import config
from chainlit.server import app as chainlit_app

from assistant.render import markdown, words
from assistant.render.csv import file_name, to_csv
from assistant.render.markdown import neutral, plain
from assistant.render.page_table import table_props
from assistant.render.plotly_chart import figure
from assistant.turn import Answer, FollowUp, Option, Question, Status

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from assistant.pipeline import Assistant

log = logging.getLogger(__name__)

NAME = "Candor"
OPTIONS = "options"
"""Key of the session under which the plans behind the buttons are kept: the page only knows their ids."""
MAX_KEPT_OPTIONS = 200
AVATAR = {"avatarName": NAME}
"""Otherwise the page looks for a picture named like the step."""


def chat_app(assistant: Assistant) -> ASGIApp:
    """The chat page over this assistant, to be mounted at "/". One per process: Chainlit keeps its callbacks globally."""
    chat = Chat(assistant)
    cl.set_chat_profiles(chat.profiles)
    cl.on_message(chat.on_message)
    cl.action_callback("ask")(chat.on_ask)
    cl.action_callback("choose")(chat.on_choose)
    # Chainlit's own default is dark; its file takes light and dark only, the page also knows this.
    config.ui.default_theme = "system"
    # Chainlit would store conversations wherever a DATABASE_URL of some other program points.
    cl.data_layer(lambda: None)
    return chainlit_app  # type: ignore[no-any-return]


class Chat:
    """The callbacks of the page."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._welcome = assistant.welcome()
        self._starters = assistant.starters(None)

    async def profiles(self, current_user: Any = None, language: str | None = None) -> list[Any]:  # noqa: ARG002 (Chainlit passes by name)
        """The empty page: what the data is, and questions to start with."""
        starters = [cl.Starter(label=plain(s.label), message=s.question) for s in self._starters]
        description = f"## {NAME}\n\n{neutral(self._welcome)}"
        return [cl.ChatProfile(name=NAME, markdown_description=description, icon="/public/icon.svg", default=True, starters=starters)]

    async def on_message(self, message: cl.Message) -> None:
        await self._answer(Question(text=message.content, thread=cl.context.session.thread_id))

    async def on_ask(self, action: cl.Action) -> None:
        """A next question was clicked: it is asked as if it had been typed."""
        text = str(action.payload.get("question", ""))
        await self._as_turn(text, Question(text=text, thread=cl.context.session.thread_id))

    async def on_choose(self, action: cl.Action) -> None:
        """An option or an offer was clicked: its plan runs, nothing is read again."""
        option = cl.user_session.get(OPTIONS, {}).get(str(action.payload.get("option")))
        if option is None:
            await _send(f"### That choice is no longer open.\n\n{neutral('Ask the question again to get its choices back.')}")
            return
        question = Question(text=option.label, thread=cl.context.session.thread_id, plan=option.plan)
        await self._as_turn(option.label, question)

    async def _as_turn(self, said: str, question: Question) -> None:
        """Show the click as the person's own message, and answer it, with the stop button working."""
        session = cl.context.session
        session.current_task = asyncio.current_task()
        await cl.context.emitter.task_start()
        try:
            await cl.Message(content=said, author="You", type="user_message").send()
            await self._answer(question)
        finally:
            await cl.context.emitter.task_end()

    async def _answer(self, question: Question) -> None:
        try:
            answer = await _ask(self._assistant.ask, question)
            await _show(answer)
        except Exception as error:
            # Chainlit would print the exception's text on the page.
            trace_id = uuid.uuid4().hex[:8]
            log.error("the chat could not show an answer (%s), trace %s", type(error).__name__, trace_id, exc_info=error)
            await _send(
                f"### This answer could not be shown.\n\nAsk again, or give the trace number {trace_id} to whoever runs this assistant."
            )


async def _ask(ask: Callable[..., Answer], question: Question) -> Answer:
    """Ask on a thread of its own, so that other chats go on, and say on the page what is being done."""
    loop = asyncio.get_running_loop()
    said: asyncio.Queue[str] = asyncio.Queue()
    started = time.perf_counter()
    async with Working() as working:
        watcher = asyncio.create_task(_watch(said, working))
        try:
            answer = await asyncio.to_thread(ask, question, progress=lambda text: loop.call_soon_threadsafe(said.put_nowait, text))
            # What was put before the answer came has been scheduled, but perhaps not shown.
            await asyncio.sleep(0)
            while not said.empty():
                await asyncio.sleep(0.001)
        finally:
            watcher.cancel()
        await working.done(answer, time.perf_counter() - started)
    return answer


async def _watch(said: asyncio.Queue[str], working: Working) -> None:
    while True:
        await working.now(said.get_nowait() if not said.empty() else await said.get())


class Working:
    """The line that says what is being done, and afterwards, folded, what was done and how long it took."""

    def __init__(self) -> None:
        self._step = cl.Step(name="Thinking", type="tool", metadata=AVATAR)
        self._did: list[tuple[str, float]] = []

    async def __aenter__(self) -> Working:
        await self._step.__aenter__()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is not None:
            self._step.name = "Stopped"
        # Without the error: its text would be shown.
        await self._step.__aexit__(None, None, None)

    async def now(self, text: str) -> None:
        self._did.append((text, time.perf_counter()))
        self._step.name = plain(text)
        await self._step.update()

    async def done(self, answer: Answer, seconds: float) -> None:
        queries = len(answer.steps)
        ran = f" · {queries} {'query' if queries == 1 else 'queries'}" if queries else ""
        self._step.name = f"{_ENDED[answer.status]} in {max(seconds, 0.1):.1f} s{ran}"
        ends = [when for _, when in self._did[1:]] + [time.perf_counter()]
        self._step.output = "\n".join(
            f"- {neutral(text)}: {(end - start) * 1000:,.0f} ms" for (text, start), end in zip(self._did, ends, strict=True)
        )


_ENDED = {
    Status.ANSWERED: "Answered",
    Status.OFFERED: "Understood in part",
    Status.NEEDS_CLARIFICATION: "Question back",
    Status.DECLINED: "Looked for an answer",
    Status.REFUSED: "Checked your rights",
    Status.FAILED: "Stopped",
}


async def _show(answer: Answer) -> None:
    """The parts of an answer, one below the other. What takes time with many rows is made off the event loop."""
    charts = await asyncio.to_thread(_charts, answer)
    await _send(markdown.opening(answer), elements=charts)
    if answer.quotes:
        await _send(markdown.quotes(answer))
    if words.worth_a_table(answer):
        await _send("", elements=await asyncio.to_thread(_table, answer))
    if about := markdown.reading(answer):
        await _send(about)
    if answer.status is Status.ANSWERED:
        await _fold("How I got this", await asyncio.to_thread(markdown.details, answer))
    if options := _options(answer):
        await _send("Other readings:" if answer.status is Status.ANSWERED else "Choose one:", actions=options)
    if answer.follow_ups:
        await _send(f"{words.next_title(answer)}:", actions=_next_questions(answer.follow_ups))


def _charts(answer: Answer) -> list[Any]:
    return [_chart(answer, n) for n in range(len(answer.charts))] if answer.status is Status.ANSWERED else []


def _chart(answer: Answer, index: int) -> Any:
    # Chainlit's Plotly element takes only a figure object of the plotly package: a second to import, and without a config
    # the chart would carry that maker's logo and link. The page itself wants a file of JSON that calls itself a chart.
    drawn = json.dumps(figure(answer.charts[index], answer.tables))
    element = cl.File(name=f"chart-{index + 1}", content=drawn, mime="application/json", display="inline")
    element.type = "plotly"
    return element


def _table(answer: Answer) -> list[Any]:
    result = answer.tables[0]
    name = file_name(answer.reading.sentence if answer.reading else result.title)
    return [
        cl.CustomElement(name="AnswerTable", props=table_props(result), display="inline"),
        cl.File(name=name, content=to_csv(result), mime="text/csv", display="inline"),
    ]


def _options(answer: Answer) -> list[Any]:
    """Buttons for the readings to choose from; their plans stay on the server."""
    kept: dict[str, Option] = cl.user_session.get(OPTIONS, {})
    actions = []
    for option in answer.options:
        key = uuid.uuid4().hex[:12]
        kept[key] = option
        actions.append(cl.Action(name="choose", label=plain(option.label), payload={"option": key}))
    cl.user_session.set(OPTIONS, dict(list(kept.items())[-MAX_KEPT_OPTIONS:]))
    return actions


def _next_questions(follow_ups: tuple[FollowUp, ...]) -> list[Any]:
    return [cl.Action(name="ask", label=plain(f.question), payload={"question": f.question}) for f in follow_ups]


async def _send(content: str, *, elements: list[Any] | None = None, actions: list[Any] | None = None) -> None:
    await cl.Message(content=content, author=NAME, elements=elements or [], actions=actions or []).send()


async def _fold(title: str, content: str) -> None:
    async with cl.Step(name=title, type="tool", metadata=AVATAR) as step:
        step.output = content
