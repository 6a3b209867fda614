"""An answer on the page: its parts one below the other, and the line that says what is being done meanwhile."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import chainlit as cl

from assistant.edits import Chip
from assistant.render import markdown, words
from assistant.render.csv import file_name, to_csv
from assistant.render.markdown import neutral, plain
from assistant.render.page_table import table_props
from assistant.render.plotly_chart import figure
from assistant.turn import Answer, FollowUp, Option, Status
from tools.core.contract import Table

NAME = "Candor"
AVATAR = {"avatarName": NAME}
"""Otherwise the page looks for a picture named like the step."""
RAN_FROM_PLAN = (Status.ANSWERED, Status.OFFERED)


@dataclass(frozen=True, kw_only=True)
class Showing:
    """How one person sees answers."""

    verbosity: str = "normal"
    """short, normal, full."""
    analyst: bool = False
    """May see the SQL: whoever may write some."""
    keep_plans: Callable[[dict[str, Option]], None] = lambda _: None
    """Given the plans behind the buttons, by the keys that the page gets."""
    loaded: str = ""
    """When the data was loaded, in words; empty when that is not known."""


async def show(answer: Answer, chips: tuple[Chip, ...], how: Showing) -> None:
    """The parts of an answer. What takes time with many rows is made off the event loop."""
    charts = await asyncio.to_thread(_charts, answer)
    await send(markdown.opening(answer), elements=charts)
    if words.worth_a_table(answer) and not (how.verbosity == "short" and charts):
        await send("", elements=await asyncio.to_thread(table_elements, answer.tables[0], _table_name(answer)))
    if answer.quotes:
        await send(markdown.quotes(answer))
    await _reading(answer, chips, how, with_picture=bool(charts))
    if answer.status is Status.ANSWERED and how.verbosity != "short":
        details = await asyncio.to_thread(markdown.details, answer, with_sql=how.analyst)
        await _fold("How I got this", details, is_open=how.verbosity == "full")
    if answer.options:
        await send("Other readings:" if answer.status is Status.ANSWERED else "Choose one:", actions=_options(answer, how))
    if answer.follow_ups:
        await send(f"{words.next_title(answer)}:", actions=_next_questions(answer.follow_ups))


async def _reading(answer: Answer, chips: tuple[Chip, ...], how: Showing, *, with_picture: bool) -> None:
    """How the question was read, as words and as parts to click; why it can be trusted, and how fresh the data is."""
    about = markdown.reading(answer)
    if answer.status in RAN_FROM_PLAN and how.loaded:
        about = f"{about}\n- It was loaded on {neutral(how.loaded)}."
    bar = [_bar(answer, chips, how, with_picture)] if answer.status in RAN_FROM_PLAN and answer.plan else []
    if about or bar:
        await send(about, elements=bar)


def _bar(answer: Answer, chips: tuple[Chip, ...], how: Showing, with_picture: bool) -> Any:
    """Chips and tools of an answer, as a component of our own; the page knows keys, the plans stay here."""
    kept: dict[str, Option] = {}

    def key_of(option: Option) -> str:
        key = uuid.uuid4().hex[:12]
        kept[key] = option
        return key

    shown = []
    for chip in chips:
        choices = [{"id": key_of(Option(label=_spoken(chip, c), plan=c.plan)), "label": plain(c.label)} for c in chip.choices]
        shown.append({"kind": chip.kind, "name": chip.name, "label": plain(chip.label), "choices": choices})
    sentence = answer.reading.sentence if answer.reading else answer.question
    own = key_of(Option(label=sentence[:1].upper() + sentence[1:], plan=answer.plan))
    how.keep_plans(kept)
    tools = {"own": own, "why": bool(chips) and answer.status is Status.ANSWERED, "png": with_picture, "name": _table_name(answer)[:-4]}
    return cl.CustomElement(name="AnswerBar", props={"chips": shown, **tools}, display="inline")


def _spoken(chip: Chip, choice: Option) -> str:
    """A choice as the person's own words: "Time window: Last quarter"."""
    return choice.label if chip.kind in ("grouping", "filter") else f"{chip.name}: {choice.label}"


def _charts(answer: Answer) -> list[Any]:
    return [_chart(answer, n) for n in range(len(answer.charts))] if answer.status is Status.ANSWERED else []


def _chart(answer: Answer, index: int) -> Any:
    # Chainlit's Plotly element takes only a figure object of the plotly package: a second to import, and without a config
    # the chart would carry that maker's logo and link. The page itself wants a file of JSON that calls itself a chart.
    drawn = json.dumps(figure(answer.charts[index], answer.tables))
    element = cl.File(name=f"chart-{index + 1}", content=drawn, mime="application/json", display="inline")
    element.type = "plotly"
    return element


def _table_name(answer: Answer) -> str:
    return file_name(answer.reading.sentence if answer.reading else answer.question)


def table_elements(result: Table, name: str) -> list[Any]:
    """A sortable table, and its values as CSV."""
    return [
        cl.CustomElement(name="AnswerTable", props=table_props(result), display="inline"),
        cl.File(name=name, content=to_csv(result), mime="text/csv", display="inline"),
    ]


def _options(answer: Answer, how: Showing) -> list[Any]:
    """Buttons for the readings to choose from; their plans stay on the server."""
    kept = {uuid.uuid4().hex[:12]: option for option in answer.options}
    how.keep_plans(kept)
    return [cl.Action(name="choose", label=plain(option.label), payload={"option": key}) for key, option in kept.items()]


def _next_questions(follow_ups: tuple[FollowUp, ...]) -> list[Any]:
    return [cl.Action(name="ask", label=plain(f.question), payload={"question": f.question}) for f in follow_ups]


async def send(content: str, *, elements: list[Any] | None = None, actions: list[Any] | None = None) -> None:
    """A message of the assistant; its buttons are kept with it, so that they are there again when the conversation is resumed."""
    metadata = {"buttons": [{"name": a.name, "label": a.label, "payload": a.payload} for a in actions]} if actions else None
    await cl.Message(content=content, author=NAME, elements=elements or [], actions=actions or [], metadata=metadata).send()


async def buttons_again(steps: list[dict[str, Any]]) -> None:
    """Put the buttons of a resumed conversation back under their messages."""
    for step in steps:
        metadata = step.get("metadata") or {}
        for button in metadata.get("buttons") or ():
            await cl.Action(name=button["name"], label=button["label"], payload=button["payload"]).send(for_id=step["id"])


async def _fold(title: str, content: str, *, is_open: bool = False) -> None:
    async with cl.Step(name=title, type="tool", metadata=AVATAR, default_open=is_open) as step:
        step.output = content


class Working:
    """The line that says what is being done, and afterwards, folded, what was done and how long it took."""

    def __init__(self) -> None:
        self._step = cl.Step(name="Thinking", type="tool", metadata=AVATAR)
        self._did: list[tuple[str, float]] = []
        self._told: Any = None

    async def __aenter__(self) -> Working:
        await self._step.__aenter__()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is not None:
            self._step.name = "Stopped"
        # Without the error: its text would be shown.
        await self._step.__aexit__(None, None, None)

    async def now(self, text: str) -> None:
        """A step has begun."""
        self._did.append((text, time.perf_counter()))
        self._step.name = plain(text)
        await self._step.update()

    async def say(self, sentence: str) -> None:
        """A sentence that is proven, before the answer is complete."""
        if self._told is None:
            self._told = cl.Message(content="", author=NAME)
        await self._told.stream_token(f"{neutral(sentence)} ")

    async def done(self, answer: Answer, seconds: float) -> None:
        queries = len(answer.steps)
        ran = f" · {queries} {'query' if queries == 1 else 'queries'}" if queries else ""
        self._step.name = f"{_ENDED[answer.status]} in {max(seconds, 0.1):.1f} s{ran}"
        ends = [when for _, when in self._did[1:]] + [time.perf_counter()]
        self._step.output = "\n".join(
            f"- {neutral(text)}: {(end - start) * 1000:,.0f} ms" for (text, start), end in zip(self._did, ends, strict=True)
        )
        if self._told is not None:
            # The answer repeats the sentences in their place, beside its figures.
            await self._told.remove()


_ENDED = {
    Status.ANSWERED: "Answered",
    Status.OFFERED: "Understood in part",
    Status.NEEDS_CLARIFICATION: "Question back",
    Status.DECLINED: "Looked for an answer",
    Status.REFUSED: "Checked your rights",
    Status.FAILED: "Stopped",
}


async def watched(ask: Callable[[Callable[[str], None], Callable[[str], None]], Answer]) -> Answer:
    """Run `ask(progress, say)` on a thread of its own, so that other chats go on, and say on the page what is being done."""
    loop = asyncio.get_running_loop()
    said: asyncio.Queue[tuple[bool, str]] = asyncio.Queue()

    def tell(is_sentence: bool, text: str) -> None:
        loop.call_soon_threadsafe(said.put_nowait, (is_sentence, text))

    started = time.perf_counter()
    async with Working() as working:
        watcher = asyncio.create_task(_watch(said, working))
        try:
            answer = await asyncio.to_thread(ask, partial(tell, False), partial(tell, True))
            # What was put before the answer came has been scheduled, but perhaps not shown.
            await asyncio.sleep(0)
            while not said.empty():
                await asyncio.sleep(0.001)
        finally:
            watcher.cancel()
        await working.done(answer, time.perf_counter() - started)
    return answer


async def _watch(said: asyncio.Queue[tuple[bool, str]], working: Working) -> None:
    while True:
        is_sentence, text = said.get_nowait() if not said.empty() else await said.get()
        await (working.say(text) if is_sentence else working.now(text))
