"""Slack (Bolt): turns mentions, direct messages, commands and clicks into Questions, and Answers into messages.

Each request is acknowledged at once and worked on behind; an event that Slack repeats is taken once, also over restarts and processes.
"""

from __future__ import annotations

import asyncio
import logging
import re
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientError
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from assistant.interfaces.serve_desk import DeskAssistant
from assistant.interfaces.slack_config import SlackConfig
from assistant.interfaces.slack_delivery import LOOKING, Delivery, Place, code_of, explain
from assistant.interfaces.slack_digest import Digests
from assistant.interfaces.slack_people import SlackPeople
from assistant.interfaces.slack_store import SlackStore
from assistant.render.slack import ASK, CHOOSE, JUDGE, SlackMessage, home_page, notice, render_slack
from assistant.thumbs import Thumbs
from assistant.turn import Answer, PastTurn, Question
from tools.core.errors import AnswerError, SetupProblem

log = logging.getLogger("assistant.slack")

PRIVATE = "I answered this in your direct messages, since not everybody in this channel may see it."
HELLO = "Ask me about your customers, for instance: revenue by month this year."
_MENTION = re.compile(r"<@[A-Z0-9]+(\|[^>]*)?>")
_LINK = re.compile(r"<(?:[^|>]+\|)?([^>]+)>")
_FATAL = ("invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive")
FINISH_S = 5.0
"""Time for the last messages when the process ends."""

Counted = Callable[[str, str], None]


def slack_client(token: str, base_url: str) -> AsyncWebClient:
    """A client that waits when Slack says so, and tries again after a passing fault."""
    client = AsyncWebClient(token=token, base_url=base_url if base_url.endswith("/") else f"{base_url}/", timeout=20)
    client.retry_handlers.extend(
        [
            AsyncRateLimitErrorRetryHandler(max_retry_count=3),
            AsyncServerErrorRetryHandler(max_retry_count=2),
            AsyncConnectionErrorRetryHandler(max_retry_count=2),
        ]
    )
    return client


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One question in Slack."""

    slack_id: str
    text: str
    place: Place
    thread: str
    """Name of the conversation."""
    is_open: bool
    """Whether others read along."""
    plan: tuple[Any, ...] = ()


class SlackApp:
    """The callbacks, and what must run beside them."""

    def __init__(
        self,
        assistant: DeskAssistant,
        config: SlackConfig,
        store: SlackStore,
        thumbs: Thumbs,
        *,
        client: AsyncWebClient,
        signing_secret: str,
        owner: str,
        counted: Counted = lambda _kind, _outcome: None,
    ) -> None:
        """Raises SetupProblem when slack.yaml does not fit the policy."""
        self._assistant, self._store, self._thumbs = assistant, store, thumbs
        self._client, self._counted = client, counted
        self._people = SlackPeople(assistant, config)
        self._delivery = Delivery(client, store, owner)
        self._digests = Digests(config.digests, assistant, self._people, self._delivery, store)
        self._working: set[asyncio.Task[Any]] = set()
        self.bolt = AsyncApp(client=client, signing_secret=signing_secret, logger=logging.getLogger("slack_bolt"))
        self._listen()

    def _listen(self) -> None:
        app = self.bolt
        app.event("app_mention")(self._once("mention", self._on_mention))
        app.event("message")(self._once("message", self._on_message))
        app.event("app_home_opened")(self._once("home", self._on_home))
        app.event("app_uninstalled")(self._once("uninstalled", self._on_uninstalled))
        app.event("tokens_revoked")(self._once("uninstalled", self._on_uninstalled))
        app.command(re.compile(".*"))(self._on_command)
        app.action(re.compile(rf"^{ASK}:"))(self._on_click(self._on_ask))
        app.action(re.compile(rf"^{CHOOSE}:"))(self._on_click(self._on_choose))
        app.action(re.compile(rf"^{JUDGE}:"))(self._on_click(self._on_judge))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While Slack is served: digests go out, and what an earlier process left unfinished is said to be cut."""
        await self._check_token()
        digests = asyncio.create_task(self._digests.run())
        try:
            yield
        finally:
            digests.cancel()
            if self._working:
                await asyncio.wait(set(self._working), timeout=FINISH_S)

    async def _check_token(self) -> None:
        try:
            await self._client.auth_test()
            await self._delivery.say_cut()
        except SlackApiError as error:
            if code_of(error) in _FATAL:
                raise SetupProblem(explain(error), try_instead="See docs/slack.md.", code=f"slack_{code_of(error)}") from None
            log.warning("Slack did not confirm the token", extra={"code": code_of(error)})
        except (SlackClientError, ClientError, OSError) as error:
            # The other surfaces start all the same; each request tries Slack again.
            log.warning("Slack cannot be reached", extra={"code": type(error).__name__})

    # --- what comes in --------------------------------------------------------------------------------------------------------

    def _once(self, kind: str, act: Callable[[dict[str, Any], Any], Awaitable[str]]) -> Callable[..., Awaitable[None]]:
        """A listener that does this with an event, unless it was taken before."""

        # Bolt passes arguments by these names.
        async def listen(body: dict[str, Any], context: Any) -> None:
            if await asyncio.to_thread(self._store.take, str(body.get("event_id", ""))):
                await self._work(kind, act(body["event"], context))
            else:
                self._counted(kind, "repeated")

        return listen

    async def _work(self, kind: str, doing: Awaitable[str]) -> None:
        """Do it, so that a stop waits for it and no fault is lost."""
        task = asyncio.current_task()
        if task is not None:
            self._working.add(task)
        try:
            self._counted(kind, await doing)
        except SlackApiError as error:
            self._counted(kind, "refused by Slack")
            log.error("Slack refused", extra={"kind": kind, "code": code_of(error), "outcome": explain(error)})
        except (SlackClientError, ClientError, OSError) as error:
            self._counted(kind, "Slack not reached")
            log.error("Slack cannot be reached", extra={"kind": kind, "code": type(error).__name__})
        except Exception as error:
            # The frames are logged, the exception's own text is not: it may quote a value.
            self._counted(kind, "failed")
            log.error(
                "unforeseen %s", type(error).__name__, extra={"kind": kind, "trace": "".join(traceback.format_tb(error.__traceback__))}
            )
        finally:
            if task is not None:
                self._working.discard(task)

    async def _on_mention(self, event: dict[str, Any], _context: Any) -> str:
        if not _is_person(event):
            return "ignored"
        channel, ts = event["channel"], event.get("thread_ts") or event["ts"]
        return await self._ask(self._asked(event, Place(channel=channel, thread_ts=ts), is_open=True))

    async def _on_message(self, event: dict[str, Any], context: Any) -> str:
        """A direct message, or a reply in a thread that we take part in."""
        if not _is_person(event):
            return "ignored"
        if event.get("channel_type") == "im":
            return await self._ask(self._asked(event, Place(channel=event["channel"], thread_ts=event.get("thread_ts")), is_open=False))
        thread = event.get("thread_ts")
        # A mention arrives as an event of its own.
        if thread is None or f"<@{context.get('bot_user_id')}" in event.get("text", ""):
            return "ignored"
        if await asyncio.to_thread(self._store.last_asker, event["channel"], thread) is None:
            return "ignored"
        return await self._ask(self._asked(event, Place(channel=event["channel"], thread_ts=thread), is_open=True))

    def _asked(self, event: dict[str, Any], place: Place, *, is_open: bool) -> Asked:
        thread = f"slack:{place.channel}:{place.thread_ts or 'direct'}"
        return Asked(slack_id=event["user"], text=_words(event.get("text", "")), place=place, thread=thread, is_open=is_open)

    async def _on_command(self, ack: Any, body: dict[str, Any], respond: Any) -> None:
        """A slash command: answered to the asker alone."""
        await ack(LOOKING if body.get("text", "").strip() else HELLO)
        if body.get("text", "").strip() and await asyncio.to_thread(self._store.take, f"command {body.get('trigger_id')}"):
            await self._work("command", self._answer_command(body, respond))

    async def _answer_command(self, body: dict[str, Any], respond: Any) -> str:
        thread = f"slack:{body['channel_id']}:command"
        question = Question(text=_words(body["text"]), thread=thread, user=self._people.of(body["user_id"]))
        answer, message = await self._answered(question, None)
        if answer is not None:
            await asyncio.to_thread(self._store.offer, answer)
        await respond(text=message.text, blocks=message.blocks, response_type="ephemeral", replace_original=True)
        return "answered"

    def _on_click(self, act: Callable[[dict[str, Any], dict[str, Any]], Awaitable[str]]) -> Callable[..., Awaitable[None]]:
        """A listener that does this with a click, once however often it is clicked in a moment."""

        async def listen(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
            await ack()
            click = f"click {body['user']['id']} {action.get('block_id')} {action.get('action_id')} {action.get('action_ts')}"
            if await asyncio.to_thread(self._store.take, click):
                await self._work("click", act(body, action))

        return listen

    async def _on_ask(self, body: dict[str, Any], action: dict[str, Any]) -> str:
        """A next question was clicked."""
        return await self._ask(await self._clicked(body, str(action["value"]), ()))

    async def _on_choose(self, body: dict[str, Any], action: dict[str, Any]) -> str:
        """An option or an offer was clicked: its plan runs, under the rights of whoever clicked."""
        answer, _, number = str(action["value"]).partition(":")
        option = await asyncio.to_thread(self._store.option, answer, int(number)) if number.isdigit() else None
        if option is None:
            asked = await self._clicked(body, "", ())
            await self._delivery.post(asked.place, notice("That choice is no longer open. Ask the question again to get its choices back."))
            return "too old"
        return await self._ask(await self._clicked(body, option.label, option.plan))

    async def _on_judge(self, body: dict[str, Any], action: dict[str, Any]) -> str:
        answer, _, way = str(action["value"]).partition(":")
        slack_id = body["user"]["id"]
        try:
            await asyncio.to_thread(self._thumbs.give, answer, user=self._people.of(slack_id), up=way == "up")
            said = "Thank you. It is noted with the question." if way == "up" else "Thank you. It is noted, and will be looked at."
        except AnswerError:
            said = "Only whoever asked can judge an answer."
        await self._client.chat_postEphemeral(channel=body["channel"]["id"], user=slack_id, text=said)
        return "noted"

    async def _clicked(self, body: dict[str, Any], text: str, plan: tuple[Any, ...]) -> Asked:
        """The question behind a button: it goes on in the thread of its message, or in the direct messages from the home tab."""
        slack_id = body["user"]["id"]
        channel, message = body.get("channel", {}).get("id"), body.get("message", {})
        if channel is None:
            opened = await self._client.conversations_open(users=slack_id)
            channel = str(opened["channel"]["id"])
        is_direct = channel.startswith("D")
        ts = message.get("thread_ts") or (None if is_direct else message.get("ts"))
        place = Place(channel=channel, thread_ts=ts)
        return Asked(
            slack_id=slack_id, text=text, place=place, thread=f"slack:{channel}:{ts or 'direct'}", is_open=not is_direct, plan=plan
        )

    async def _on_home(self, event: dict[str, Any], _context: Any) -> str:
        slack_id = event["user"]
        user = self._people.of(slack_id)
        view = await asyncio.to_thread(self._home_page, user, slack_id)
        await self._client.views_publish(user_id=slack_id, view=view)
        return "shown"

    def _home_page(self, user: str, slack_id: str) -> dict[str, Any]:
        warehouse = self._assistant.warehouse
        about = [f"Data up to {warehouse.as_of.isoformat()} ({warehouse.data_version})."]
        try:
            about.append(f"You have the role {self._assistant.rights_book.rights_for(user).role}.")
            starters = self._assistant.starters(user)
        except AnswerError as error:
            about, starters = [f"{error.message} {error.try_instead}"], ()
        waiting = self._assistant.waiting()
        about += [waiting.line] if waiting is not None else []
        if not self._people.is_mapped(slack_id):
            about.append(
                f"Nobody has told me who you are ({slack_id}), so you see what everybody may. The operator maps you in slack.yaml."
            )
        return home_page(self._assistant.welcome(), about, starters)

    async def _on_uninstalled(self, _event: dict[str, Any], _context: Any) -> str:
        log.error("the app was uninstalled or its token revoked: install it again and set ASSISTANT_SLACK_BOT_TOKEN")
        return "uninstalled"

    # --- answering ------------------------------------------------------------------------------------------------------------

    async def _ask(self, asked: Asked) -> str:
        if not asked.text and not asked.plan:
            await self._delivery.post(asked.place, notice(HELLO))
            return "greeted"
        placeholder = await self._delivery.begin(asked.place)
        user = self._people.of(asked.slack_id)
        question = Question(text=asked.text, thread=asked.thread, user=user, plan=asked.plan)
        previous = await asyncio.to_thread(self._previous, asked, user)
        answer, message = await self._answered(question, previous)
        if answer is None:
            await self._delivery.replace(placeholder, message)
            return "turned away"
        if asked.is_open and not await self._may_stand(asked.place.channel, question, answer, previous):
            await self._delivery.replace(placeholder, notice(PRIVATE))
            await self._delivery.directly(asked.slack_id, answer)
            return "answered privately"
        if asked.is_open:
            # Before it is shown: somebody may go on at once.
            await asyncio.to_thread(self._store.answered_in, asked.place.channel, asked.place.thread_ts or "", user)
        await self._delivery.answer(placeholder, asked.place, answer)
        return "answered"

    async def _may_stand(self, channel: str, question: Question, answer: Answer, previous: PastTurn | None) -> bool:
        return await asyncio.to_thread(self._people.may_stand_in, channel, question, answer, previous)

    def _previous(self, asked: Asked, user: str) -> PastTurn | None:
        """What a follow-up builds on: one's own last question in the thread, else the one that was answered openly last."""
        conversations, warehouse = self._assistant.conversations, self._assistant.warehouse.name
        own: PastTurn | None = conversations.last(thread=asked.thread, user=user, warehouse=warehouse)
        if own is not None or not asked.is_open:
            return own
        other = self._store.last_asker(asked.place.channel, asked.place.thread_ts or "")
        shared: PastTurn | None = conversations.last(thread=asked.thread, user=other, warehouse=warehouse) if other else None
        return shared

    async def _answered(self, question: Question, previous: PastTurn | None) -> tuple[Answer | None, SlackMessage]:
        """The answer and its message; no answer, but a message, when it was not taken or was cut."""
        try:
            answer = await asyncio.wrap_future(self._assistant.begin(question, previous=previous))
        except AnswerError as error:
            return None, notice(f"{error.message} {error.try_instead}")
        await asyncio.to_thread(self._thumbs.note, answer, user=question.user or "", surface="slack")
        return answer, render_slack(answer)


def _is_person(event: dict[str, Any]) -> bool:
    """Whether somebody wrote it, just now: no bot, no edit, no notice that somebody joined."""
    return bool(event.get("user")) and not event.get("bot_id") and event.get("subtype") in (None, "thread_broadcast")


def _words(text: str) -> str:
    """What the person typed, without Slack's markup of mentions, links and entities."""
    bare = _LINK.sub(r"\1", _MENTION.sub(" ", text))
    for entity, sign in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        bare = bare.replace(entity, sign)
    return " ".join(bare.split())
