"""Puts an answer into Slack: a placeholder at once, then the answer in its place, with the chart and the table as files in the thread."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from assistant.interfaces.slack_store import Placeholder, SlackStore
from assistant.render import words
from assistant.render.csv import file_name, to_csv
from assistant.render.png_chart import png
from assistant.render.slack import SlackMessage, needs_file, notice, render_slack
from assistant.turn import Answer, Status

log = logging.getLogger("assistant.slack")

LOOKING = "Looking at the data …"
CUT = "I was interrupted before this was answered. Please ask again."


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an answer goes."""

    channel: str
    thread_ts: str | None = None


class Delivery:
    """Posts and updates messages; knows what is unfinished."""

    def __init__(self, client: AsyncWebClient, store: SlackStore, owner: str) -> None:
        """
        Args:
            owner: Names this process over its restarts: host and port.
        """
        self._client = client
        self._store = store
        self._owner = owner

    async def begin(self, place: Place) -> Placeholder:
        """Say that an answer is on its way."""
        posted = await self._client.chat_postMessage(channel=place.channel, thread_ts=place.thread_ts, text=LOOKING)
        placeholder = Placeholder(channel=str(posted["channel"]), ts=str(posted["ts"]))
        await asyncio.to_thread(self._store.begin, placeholder, self._owner)
        return placeholder

    async def replace(self, placeholder: Placeholder, message: SlackMessage) -> None:
        """Put the message in the placeholder's place."""
        await self._client.chat_update(channel=placeholder.channel, ts=placeholder.ts, text=message.text, blocks=message.blocks)
        await asyncio.to_thread(self._store.finish, placeholder)

    async def answer(self, placeholder: Placeholder, place: Place, answer: Answer) -> None:
        """Put the answer in the placeholder's place, and its chart and table beside it."""
        await asyncio.to_thread(self._store.offer, answer)
        await self.replace(placeholder, render_slack(answer))
        await self.files(place, answer)

    async def directly(self, slack_id: str, answer: Answer) -> None:
        """Give the answer to one person alone, in their direct messages."""
        opened = await self._client.conversations_open(users=slack_id)
        place = Place(channel=str(opened["channel"]["id"]))
        await self.answer(await self.begin(place), place, answer)

    async def post(self, place: Place, message: SlackMessage) -> Placeholder:
        posted = await self._client.chat_postMessage(
            channel=place.channel, thread_ts=place.thread_ts, text=message.text, blocks=message.blocks
        )
        return Placeholder(channel=str(posted["channel"]), ts=str(posted["ts"]))

    async def files(self, place: Place, answer: Answer) -> None:
        """The chart as a picture, and a table that does not fit as CSV."""
        if answer.status is not Status.ANSWERED:
            return
        uploads = await asyncio.to_thread(_files, answer)
        if not uploads:
            return
        try:
            await self._client.files_upload_v2(channel=place.channel, thread_ts=place.thread_ts, file_uploads=uploads)
        except SlackApiError as error:
            # The answer is complete without them.
            log.warning("a file was not taken", extra={"code": code_of(error)})
            await self.post(place, notice(f"The chart could not be attached: {explain(error)}"))

    async def say_cut(self) -> None:
        """Where an earlier process died in the middle of an answer, say so."""
        for placeholder in await asyncio.to_thread(self._store.left_unfinished, self._owner):
            try:
                await self.replace(placeholder, notice(CUT))
            except SlackApiError as error:
                log.warning("an old placeholder stays", extra={"code": code_of(error)})
                await asyncio.to_thread(self._store.finish, placeholder)


def _files(answer: Answer) -> list[dict[str, Any]]:
    name = file_name(answer.reading.sentence if answer.reading else "result").removesuffix(".csv")
    files: list[dict[str, Any]] = []
    for chart in answer.charts[:1]:
        described = f"{chart.kind.replace('_', ' ')} chart: {answer.headline}"[:1000]
        files.append({"filename": f"{name}.png", "title": chart.title[:250], "content": png(chart, answer.tables), "alt_txt": described})
    if words.worth_a_table(answer) and needs_file(answer):
        files.append({"filename": f"{name}.csv", "title": f"{name}.csv", "content": to_csv(answer.tables[0])})
    return files


_SAID = {
    "invalid_auth": "Slack refuses the bot token; the operator sets a new ASSISTANT_SLACK_BOT_TOKEN.",
    "not_authed": "Slack was given no bot token; the operator sets ASSISTANT_SLACK_BOT_TOKEN.",
    "token_revoked": "The bot token was revoked; the operator installs the app again and sets the new token.",
    "token_expired": "The bot token has expired; the operator sets a new one.",
    "account_inactive": "The app was uninstalled from the workspace; the operator installs it again and sets the new token.",
    "missing_scope": "The app lacks a permission; the operator adds the scopes of docs/slack.md and installs it again.",
    "not_in_channel": "I am not in that channel; invite me with /invite.",
    "channel_not_found": "I cannot see that channel; invite me with /invite.",
    "is_archived": "That channel is archived.",
    "ratelimited": "Slack asks me to slow down; try again in a minute.",
}


def code_of(error: SlackApiError) -> str:
    """Slack's own short code, which holds nothing of the message."""
    # Where the reply was not JSON, Slack's library hands on the bare response.
    reply: Any = error.response
    return str(reply.get("error") or "unknown") if isinstance(reply, (dict, AsyncSlackResponse)) else "unknown"


def explain(error: SlackApiError) -> str:
    """What Slack's refusal means, and who can do what about it."""
    return _SAID.get(code_of(error), f"Slack refused with {code_of(error)}.")
