"""Digests: questions that are answered in a channel at a time of day, as everybody in the channel may see them."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Callable, Sequence

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError, SlackClientError

from assistant.interfaces.serve_desk import DeskAssistant
from assistant.interfaces.slack_config import Digest
from assistant.interfaces.slack_delivery import Delivery, Place, code_of
from assistant.interfaces.slack_people import SlackPeople
from assistant.interfaces.slack_store import SlackStore
from assistant.render.numbers import format_day
from assistant.render.slack import notice
from assistant.turn import Question
from tools.core.errors import AnswerError

log = logging.getLogger("assistant.slack")

LOOK_EVERY_S = 20.0


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Digests:
    """Posts each digest once a day, whichever process is first."""

    def __init__(
        self,
        digests: Sequence[Digest],
        assistant: DeskAssistant,
        people: SlackPeople,
        delivery: Delivery,
        store: SlackStore,
        clock: Callable[[], dt.datetime] = _now,
    ) -> None:
        self._digests, self._assistant = digests, assistant
        self._people, self._delivery, self._store, self._clock = people, delivery, store, clock
        self._started = clock()

    async def run(self) -> None:
        """Look at the clock until cancelled."""
        while self._digests:
            await self.post_due()
            await asyncio.sleep(LOOK_EVERY_S)

    async def post_due(self) -> int:
        """Post what is due and not out yet; how many digests that were."""
        posted = 0
        for number, digest in enumerate(self._digests):
            day = digest.due(self._clock())
            # A digest whose time had passed when the process started was missed, or is already out: it is not made up for.
            if day is None or day == digest.due(self._started):
                continue
            if await asyncio.to_thread(self._store.take, f"digest {number} {digest.channel} {day}"):
                await self._post(digest)
                posted += 1
        return posted

    async def _post(self, digest: Digest) -> None:
        place = Place(channel=digest.channel)
        try:
            as_of = format_day(self._assistant.warehouse.as_of)
            opening = await self._delivery.post(place, notice(f"{digest.title}: data up to {as_of}"))
            thread = Place(channel=digest.channel, thread_ts=opening.ts)
            for text in digest.questions:
                await self._answer(thread, text)
        except SlackApiError as error:
            log.error("a digest was not posted", extra={"kind": "digest", "code": code_of(error)})
        except (SlackClientError, ClientError, OSError) as error:
            log.error("a digest was not posted", extra={"kind": "digest", "code": type(error).__name__})

    async def _answer(self, place: Place, text: str) -> None:
        placeholder = await self._delivery.begin(place)
        try:
            answer = await asyncio.wrap_future(self._assistant.begin(Question(text=text, user=self._people.of_channel(place.channel))))
        except AnswerError as error:
            await self._delivery.replace(placeholder, notice(f"{text}: {error.message}"))
            return
        await self._delivery.answer(placeholder, place, answer)
