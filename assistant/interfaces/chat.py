"""The browser chat: turns a message, a click or a file into a Question, and an Answer into a page.

Import it after `chat_page.prepare`: Chainlit reads its folder and settings when it is imported. With `chat_show` and `chat_history` it is
all that imports Chainlit.
"""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import chainlit as cl
from chainlit.chat_settings import ChatSettings
from chainlit.config import config
from chainlit.context import init_ws_context
from chainlit.input_widget import Select
from chainlit.oauth_providers import get_configured_oauth_providers
from chainlit.server import app as chainlit_app
from chainlit.server import sio
from chainlit.session import WebsocketSession

from assistant import other_figures
from assistant.customer_list import CustomerList, read_list
from assistant.edits import restricted
from assistant.interfaces.chat_history import ChatHistory
from assistant.interfaces.chat_home import SHARED_WITH, Home, home_routes
from assistant.interfaces.chat_login import Doorman, SignedIn
from assistant.interfaces.chat_show import NAME, Showing, buttons_again, send, show, table_elements, watched
from assistant.interfaces.chat_store import ChatStore
from assistant.render.markdown import neutral, plain
from assistant.render.numbers import STYLES, number_style
from assistant.stopping import Stop
from assistant.thumbs import Thumbs
from assistant.turn import Answer, Option, Question, Status
from tools.core.errors import AnswerError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from assistant.current import CurrentAssistant
    from assistant.pipeline import Assistant
    from assistant.settings import Settings
    from tools.core.sql_guard import Rights

log = logging.getLogger(__name__)

_VERBOSITY = {"The answer and its picture": "short", "With table and reading": "normal", "With everything unfolded": "full"}
_MINDS = {
    "auto": "Both, the language model where needed",
    "embedded": "Without a language model",
    "model": "The language model",
    "both": "Both, compared",
}


def chat_app(assistant: Assistant | CurrentAssistant, settings: Settings) -> ASGIApp:
    """The chat page over this assistant, to be mounted at "/". One per process: Chainlit keeps its callbacks globally."""
    store = ChatStore(settings.home / "chat.sqlite")
    store.purge(settings.chat_keep_days)
    thumbs = Thumbs(settings.home / "thumbs.sqlite")

    def rights_for(user: str) -> Rights:
        # The rights book is another one after a refresh.
        return assistant.rights_book.rights_for(user)

    doorman = Doorman(settings, rights_for)
    chat = Chat(assistant, store, thumbs, settings)
    _register(chat, doorman, settings)
    history = ChatHistory(store, rights_for, chat.on_thumb)
    cl.data_layer(lambda: history)
    chainlit_app.router.routes[:0] = home_routes(chat.home, history)
    return SignedIn(chainlit_app, doorman)


def _register(chat: Chat, doorman: Doorman, settings: Settings) -> None:
    cl.set_chat_profiles(chat.profiles)
    # Chainlit's decorators would show a task and keep a step for what only fills the settings panel.
    config.code.on_chat_start = chat.on_start
    config.code.on_chat_resume = chat.on_resume
    cl.on_settings_update(chat.on_settings)
    cl.on_message(chat.on_message)
    cl.on_window_message(chat.on_home)
    for name, callback in (("ask", chat.on_ask), ("choose", chat.on_choose), ("why", chat.on_why), ("save", chat.on_save)):
        cl.action_callback(name)(callback)
    # Chainlit's own handler writes "Task manually stopped." into the conversation.
    sio.on("stop", chat.on_stop)
    # Chainlit's own default is dark; its file takes light and dark only, the page also knows this.
    config.ui.default_theme = "system"
    _register_login(doorman, settings)


def _register_login(doorman: Doorman, settings: Settings) -> None:
    """One way in, by the settings; the others stay shut."""

    async def by_password(username: str, password: str) -> Any:
        session = await doorman.by_password(username, password)
        return cl.User(identifier=username, metadata=dict(session)) if session is not None else None

    async def by_header(headers: Any) -> Any:
        found = doorman.by_header(headers)
        return cl.User(identifier=found[0], metadata=dict(found[1])) if found is not None else None

    async def by_oauth(provider_id: str, token: str, raw_user_data: dict[str, Any], default_app_user: Any, id_token: Any = None) -> Any:  # noqa: ARG001
        session = doorman.by_oauth(default_app_user.identifier, raw_user_data)
        return cl.User(identifier=default_app_user.identifier, metadata=dict(session)) if session is not None else None

    if settings.login == "password":
        cl.password_auth_callback(by_password)
    elif settings.login == "oauth" and get_configured_oauth_providers():
        cl.oauth_callback(by_oauth)
    else:
        cl.header_auth_callback(by_header)


def _session() -> WebsocketSession:
    return cl.context.session


def _user() -> str:
    return str(_session().user.identifier)


class Chat:
    """The callbacks of the page."""

    def __init__(self, assistant: Assistant | CurrentAssistant, store: ChatStore, thumbs: Thumbs, settings: Settings) -> None:
        self._assistant = assistant
        self._store = store
        self._thumbs = thumbs
        self._settings = settings
        self._running: dict[str, Stop] = {}
        """By session: the question that its stop button ends."""
        self.home = Home(assistant, store, settings)

    # The page around the conversation

    async def profiles(self, current_user: Any = None, language: str | None = None) -> list[Any]:  # noqa: ARG002 (Chainlit passes by name)
        """The empty page: what the data is, and questions to start with that this user gets an answer to."""
        user = current_user.identifier if current_user else None
        try:
            starters = await asyncio.to_thread(self._assistant.starters, user)
        except AnswerError:
            starters = ()
        made = [cl.Starter(label=plain(s.label), message=s.question) for s in starters]
        description = f"## {NAME}\n\n{neutral(self._assistant.welcome())}"
        return [cl.ChatProfile(name=NAME, markdown_description=description, icon="/public/icon.svg", default=True, starters=made)]

    async def on_start(self) -> None:
        await self._send_settings()

    async def on_resume(self, thread: dict[str, Any]) -> None:
        await self._send_settings()
        await buttons_again(thread.get("steps", []))

    async def _send_settings(self) -> None:
        """The settings panel, as this user left it."""
        chosen = self._chosen(_user())
        widgets = [
            _select("verbosity", "How much to show", _VERBOSITY, chosen["verbosity"]),
            _select("numbers", "Numbers and dates", {style.label: key for key, style in STYLES.items()}, chosen["numbers"]),
        ]
        minds = self._assistant.minds
        if len(minds) > 1:
            widgets.append(_select("mind", "Who reads the question", {_MINDS[m]: m for m in _MINDS if m in minds}, chosen["mind"]))
        await ChatSettings(widgets).send()

    def _chosen(self, user: str) -> dict[str, str]:
        return {"verbosity": "normal", "numbers": "en", "mind": self._settings.mind, **self._store.settings_of(user)}

    async def on_settings(self, settings: dict[str, Any]) -> None:
        allowed = {"verbosity": set(_VERBOSITY.values()), "numbers": set(STYLES), "mind": set(self._assistant.minds)}
        kept = {key: value for key, value in settings.items() if value in allowed.get(key, ())}
        self._store.put_settings(_user(), {**self._store.settings_of(_user()), **kept})

    # Questions

    async def on_message(self, message: cl.Message) -> None:
        run = cl.context.current_run
        self._take_back(message.id, run.id if run else "")
        try:
            only = await self._listed(message)
        except AnswerError as error:
            await send(f"### {neutral(error.message)}\n\n{neutral(error.try_instead)}")
            return
        await self._answer(Question(text=message.content), message=message.id, only=only)

    def _take_back(self, message: str, run: str) -> None:
        """A message that is asked anew was edited: what followed it goes, also from what follow-ups build on."""
        thread = _session().thread_id
        asked_at = self._store.forget_answers_from(message, thread=thread, keep=run)
        if asked_at is not None:
            self._assistant.conversations.forget_since(asked_at, thread=thread, user=_user())

    async def _listed(self, message: cl.Message) -> CustomerList | None:
        """The customers of an attached file, if there is one; raises QueryUnsupported when it cannot be used."""
        files = [element for element in message.elements or [] if getattr(element, "path", None)]
        if not files:
            return None
        raw = await asyncio.to_thread(Path(str(files[0].path)).read_bytes)
        return await asyncio.to_thread(read_list, raw, self._assistant.warehouse.model)

    async def on_ask(self, action: cl.Action) -> None:
        """A next question was clicked: it is asked as if it had been typed."""
        text = str(action.payload.get("question", ""))
        await self._as_turn(text, Question(text=text))

    async def on_choose(self, action: cl.Action) -> None:
        """An option, an offer or a chip was clicked: its plan runs, nothing is read again."""
        option = self._store.plan(str(action.payload.get("option")), user=_user())
        if option is None:
            await send(f"### That choice is no longer open.\n\n{neutral('Ask the question again to get its choices back.')}")
            return
        await self._as_turn(option.label, Question(text=option.label, plan=option.plan))

    async def on_home(self, data: Any) -> None:
        """A question of the home view was clicked: one's own saved one, or one that somebody shares."""
        asked = data.get("candor") if isinstance(data, dict) else None
        if not isinstance(asked, dict):
            return
        session = _session()
        if isinstance(asked.get("saved"), int):
            saved = self._store.saved_question(asked["saved"], user=_user(), warehouse=self._assistant.warehouse.name)
            question = Question(text=saved.question, plan=saved.plan) if saved else None
        else:
            text = asked.get("ask")
            question = Question(text=text) if isinstance(text, str) and text.strip() else None
        if question is None:
            return
        if not session.has_first_interaction:
            session.has_first_interaction = True
            await cl.context.emitter.init_thread(question.text)
        await self._as_turn(question.text, question)

    async def on_save(self, action: cl.Action) -> dict[str, str]:
        """Keep the question of an answer under its canonical words, with its plan."""
        option = self._store.plan(str(action.payload.get("option")), user=_user())
        name = self._assistant.warehouse.name
        if option is None or not self._store.save_question(option.label, option.plan, user=_user(), warehouse=name):
            return {"said": "This question cannot be saved."}
        return {"said": f"Saved. You find it on the start page{SHARED_WITH}"}

    async def on_why(self, action: cl.Action) -> None:
        """ "Why is this not my dashboard's number?": the same question counted in other ways, side by side."""
        option = self._store.plan(str(action.payload.get("option")), user=_user())
        if option is None:
            return
        async with self._turn("Why is this not my dashboard's number?"):
            user, chosen = _user(), self._chosen(_user())
            with number_style(chosen["numbers"]):
                lines = await asyncio.to_thread(self._other_figures, option, user)
                if len(lines) < 2:
                    await send("### There is no other way to count this in the data.\n\nIts definition stands under “How I got this”.")
                    return
                table = other_figures.as_table(lines)
                elements = await asyncio.to_thread(table_elements, table, "other-ways-to-count.csv")
                await send(_why_text(self._assistant.rights_book.rights_for(user)), elements=elements)
                await send("\n".join(f"- **{neutral(what)}**: {neutral(text)}" for what, text in _definitions(lines)))

    def _other_figures(self, option: Option, user: str) -> tuple[other_figures.Line, ...]:
        def ask(question: Question) -> Answer:
            return self._assistant.ask(replace(question, user=user))

        return other_figures.side_by_side(option.plan, self._assistant.warehouse.model, ask)

    # Answering

    async def _as_turn(self, said: str, question: Question) -> None:
        """Show the click as the person's own message, and answer it, with the stop button working."""
        async with self._turn(said) as message:
            await self._answer(question, message=message)

    @asynccontextmanager
    async def _turn(self, said: str) -> AsyncIterator[str]:
        """A turn that was begun by a click: the id of the person's message. Thumbs hang on its run, as on that of a typed message."""
        session = _session()
        session.current_task = asyncio.current_task()
        await cl.context.emitter.task_start()
        try:
            message = await cl.Message(content=said, author="You", type="user_message").send()
            async with cl.Step(name="on_message", type="run", parent_id=message.id):
                yield message.id
        except asyncio.CancelledError:
            # Stopped; the line that said what was done says so.
            pass
        finally:
            await cl.context.emitter.task_end()

    async def _answer(self, question: Question, *, message: str, only: CustomerList | None = None) -> None:
        session, user = _session(), _user()
        # Also for an edited message, which Chainlit answers outside any task of its own.
        session.current_task = asyncio.current_task()
        chosen = self._chosen(user)
        question = replace(
            question, id=uuid.uuid4().hex[:12], thread=session.thread_id, user=user, mind=chosen["mind"], numbers=chosen["numbers"]
        )
        run = cl.context.current_run
        if run is not None:
            self._store.note_answer(question.id, step=run.id, message=message, thread=session.thread_id, asked_at=time.time())
        try:
            with number_style(chosen["numbers"]):
                answer = await self._asked(question, only)
                self._thumbs.note(answer, user=user, surface="chat")
                chips = await asyncio.to_thread(self._chips, answer, user)
                await show(answer, chips, self._showing(user, chosen["verbosity"]))
        except Exception as error:
            # Chainlit would print the exception's text on the page.
            trace_id = uuid.uuid4().hex[:8]
            # The frames are logged, the exception's own text is not: it may quote a value.
            frames = "".join(traceback.format_tb(error.__traceback__))
            log.error("the chat could not show an answer (%s), trace %s\n%s", type(error).__name__, trace_id, frames)
            await send(
                f"### This answer could not be shown.\n\nAsk again, or give the trace number {trace_id} to whoever runs this assistant."
            )

    async def _asked(self, question: Question, only: CustomerList | None) -> Answer:
        """The answer, with the stop button tied to its query."""
        key, stop = _session().id, Stop()
        self._running[key] = stop

        def work(progress: Any, say: Any) -> Answer:
            answer = self._assistant.ask(question, progress=progress, say=say, stop=stop)
            if only is None or answer.status is not Status.ANSWERED:
                return answer
            progress(f"Counting your {len(only.ids):,} {only.noun} alone")
            return self._for_list(question, answer, only)

        try:
            return await watched(work)
        except asyncio.CancelledError:
            stop.press()
            raise
        finally:
            if self._running.get(key) is stop:
                del self._running[key]

    def _for_list(self, question: Question, answer: Answer, only: CustomerList) -> Answer:
        """The same plan for the customers of a file alone."""
        from assistant.explain import compose

        try:
            plan = restricted(answer.plan, only.field, only.ids)
        except AnswerError as error:
            return compose.from_error(question, error)
        counted = self._assistant.ask(replace(question, plan=plan))
        left_out = f" {only.unusable:,} lines held no id." if only.unusable else ""
        caveat = f"Only the {len(only.ids):,} {only.noun} of your file count.{left_out}"
        return replace(counted, caveats=(caveat, *counted.caveats))

    def _chips(self, answer: Answer, user: str) -> tuple[Any, ...]:
        """What can be changed by a click; an answer without is still an answer."""
        if answer.status not in (Status.ANSWERED, Status.OFFERED):
            return ()
        try:
            return self._assistant.chips(answer.plan, user)
        except AnswerError:
            return ()

    def _showing(self, user: str, verbosity: str) -> Showing:
        thread = _session().thread_id
        return Showing(
            verbosity=verbosity,
            analyst=self._assistant.rights_book.rights_for(user).free_sql,
            keep_plans=lambda options: self._store.put_plans(options, user=user, thread=thread),
            loaded=self.home.loaded(),
        )

    async def on_stop(self, sid: str) -> None:
        """The stop button: the query ends in the engine, and the page says so."""
        session = WebsocketSession.get(sid)
        if session is None:
            return
        init_ws_context(session)
        stop = self._running.get(session.id)
        if stop is not None:
            stop.press()
        if session.current_task is not None and not session.current_task.done():
            session.current_task.cancel()
            await send(f"### Stopped.\n\n{neutral('Ask again when you want the answer.')}")

    def on_thumb(self, answer: str, user: str, up: bool | None, reason: str) -> None:
        """Somebody judged an answer, or took the thumb back; a thumb down becomes a candidate for the evals."""
        from assistant.candidates import write_candidates

        try:
            if up is None:
                self._thumbs.take_back(answer, user=user)
            else:
                self._thumbs.give(answer, user=user, up=up, reason=reason)
            write_candidates(self._thumbs, self._settings.home / "candidates", self._assistant.warehouse.name)
        except AnswerError as error:
            log.error("a thumb could not be kept: %s", error.public_code)


def _select(key: str, label: str, items: dict[str, str], chosen: str) -> Select:
    initial = chosen if chosen in items.values() else next(iter(items.values()))
    return Select(id=key, label=label, items=items, initial_value=initial)


def _why_text(rights: Rights) -> str:
    view = "; ".join(words.removeprefix("your view: ") for words in rights.narrowed)
    limited = f" You see {neutral(view)} only; a dashboard may show more." if view else ""
    return (
        "### The same question, counted in other ways\n\n"
        "The first line is the answer above. Look for your dashboard's number among the others: the line that comes nearest "
        f"says which definition, filter or window it uses.{limited}"
    )


def _definitions(lines: tuple[other_figures.Line, ...]) -> list[tuple[str, str]]:
    return list({line.what: line.definition for line in lines if line.definition}.items())
