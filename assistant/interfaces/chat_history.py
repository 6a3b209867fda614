"""Chainlit's storage on our store: a conversation is read and changed by its own user alone, whatever route asks."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import sqlite3
import uuid
from collections.abc import Callable
from typing import Any

from chainlit.data.base import BaseDataLayer
from chainlit.data.utils import queue_until_user_message
from chainlit.types import PageInfo, PaginatedResponse, Pagination, ThreadFilter
from chainlit.user import PersistedUser, User
from fastapi import HTTPException

from assistant.interfaces.chat_login import ASKER
from assistant.interfaces.chat_store import ChatStore
from tools.core.errors import AnswerError
from tools.core.sql_guard import Rights

log = logging.getLogger(__name__)

HIDDEN = "*This was shown under rights that you no longer have. Ask again to see what you may see now.*"
BUTTON_NAMES = frozenset({"ask", "choose", "save", "why", "home"})
"""Names of actions: Chainlit would name a conversation after the button that began it."""
MAX_PAGE = 100


class ChatHistory(BaseDataLayer):  # type: ignore[misc, unused-ignore]
    """What Chainlit reads and writes. Foreign conversations look as if they were not there, or belong to "somebody else"."""

    def __init__(
        self, store: ChatStore, rights_for: Callable[[str], Rights], on_thumb: Callable[[str, str, bool | None, str], None]
    ) -> None:
        """
        Args:
            on_thumb: Told (answer id, user, up, reason) when somebody judges an answer; `up` is None when the thumb is taken back.
        """
        self._store = store
        self._rights_for = rights_for
        self._on_thumb = on_thumb

    # Users

    async def get_user(self, identifier: str) -> PersistedUser | None:
        known = self._store.user(identifier)
        if known is None:
            return None
        return PersistedUser(id=identifier, identifier=identifier, createdAt=known[0], metadata=known[1])

    async def create_user(self, user: User) -> PersistedUser | None:
        self._store.put_user(user.identifier, _now(), user.metadata)
        return await self.get_user(user.identifier)

    # Threads

    def _is_mine(self, thread: str) -> bool:
        """Whether the asker owns it; a thread that nobody owns yet may be begun."""
        asker = ASKER.get()
        return asker is not None and self._store.owner(thread) in (None, asker)

    def _require(self, thread: str | None) -> str:
        """The asker, who must own the thread."""
        asker = ASKER.get()
        if asker is None or thread is None or not self._is_mine(thread):
            raise HTTPException(status_code=404, detail="Thread not found")
        return asker

    async def get_thread_author(self, thread_id: str) -> str:
        return self._store.owner(thread_id) or ""

    async def get_thread(self, thread_id: str) -> dict[str, Any] | None:
        kept = self._store.thread(thread_id)
        if kept is None:
            return None
        if not self._is_mine(thread_id):
            # Enough for Chainlit to refuse, and nothing more.
            return {"id": thread_id, "createdAt": "", "name": None, "userId": "", "userIdentifier": "", "steps": [], "elements": []}
        covered = self._covered(kept["user"])
        elements = [self._with_url(body) for body, rights in self._store.elements(thread_id) if covered(rights)]
        steps = [body if covered(rights) else _hidden(body) for body, rights in self._store.steps(thread_id)]
        return {**_thread(kept), "steps": steps, "elements": elements}

    def _covered(self, user: str) -> Callable[[str], bool]:
        """Whether something kept with a fingerprint of rights may still be seen; each fingerprint is looked up once."""
        try:
            rights = self._rights_for(user)
        except AnswerError:
            return lambda fingerprint: not fingerprint
        known: dict[str, bool] = {}

        def covered(fingerprint: str) -> bool:
            if fingerprint not in known:
                known[fingerprint] = self._store.still_covered(fingerprint, rights)
            return known[fingerprint]

        return covered

    @staticmethod
    def _with_url(body: dict[str, Any]) -> dict[str, Any]:
        url = f"/project/kept/{body['threadId']}/{body['id']}" if body.get("type") != "custom" else None
        return {**body, "url": url, "chainlitKey": None}

    def content(self, thread: str, element: str) -> tuple[bytes, str, str] | None:
        """(bytes, mime, name) of a chart or file, for its own user under today's rights; else None."""
        asker = ASKER.get()
        if asker is None or self._store.owner(thread) != asker:
            return None
        kept = self._store.content(thread, element)
        return kept[:3] if kept is not None and self._covered(asker)(kept[3]) else None

    async def list_threads(self, pagination: Pagination, filters: ThreadFilter) -> PaginatedResponse[Any]:
        asker = ASKER.get()
        if asker is None or filters.userId != asker:
            raise HTTPException(status_code=401, detail="Unauthorized")
        found = await asyncio.to_thread(self._store.threads, asker, search=filters.search or None, liked=filters.feedback)
        ids = [thread["id"] for thread in found]
        start = ids.index(pagination.cursor) + 1 if pagination.cursor in ids else 0
        page = found[start : start + min(pagination.first, MAX_PAGE)]
        info = PageInfo(
            hasNextPage=start + len(page) < len(found),
            startCursor=page[0]["id"] if page else None,
            endCursor=page[-1]["id"] if page else None,
        )
        return PaginatedResponse(pageInfo=info, data=[{**_thread(t), "steps": [], "elements": []} for t in page])

    async def update_thread(
        self,
        thread_id: str,
        name: str | None = None,
        user_id: str | None = None,  # noqa: ARG002 (Chainlit's own idea of the owner; ours is the asker)
        metadata: dict[str, Any] | None = None,
        tags: list[str] | None = None,  # noqa: ARG002 (not used)
    ) -> None:
        asker = self._require(thread_id)
        name = None if name in BUTTON_NAMES else name
        self._save(lambda: self._store.put_thread(thread_id, user=asker, created_at=_now(), name=name, metadata=_plain(metadata)))

    async def delete_thread(self, thread_id: str) -> None:
        self._require(thread_id)
        await asyncio.to_thread(self._store.delete_thread, thread_id)

    # Steps

    @queue_until_user_message()  # type: ignore[untyped-decorator, unused-ignore]
    async def create_step(self, step_dict: dict[str, Any]) -> None:
        thread = str(step_dict["threadId"])
        asker = self._require(thread)
        # A person's own words need no rights; what the assistant shows is kept with those it was shown under.
        shown = "" if step_dict.get("type") == "user_message" else self._fingerprint(asker)

        def save() -> None:
            self._store.put_thread(thread, user=asker, created_at=_now())
            self._store.put_step(step_dict, thread=thread, rights=shown)

        self._save(save)

    def _fingerprint(self, user: str) -> str:
        try:
            return self._store.note_rights(self._rights_for(user))
        except AnswerError:
            return ""

    @queue_until_user_message()  # type: ignore[untyped-decorator, unused-ignore]
    async def update_step(self, step_dict: dict[str, Any]) -> None:
        await self.create_step(step_dict)

    @queue_until_user_message()  # type: ignore[untyped-decorator, unused-ignore]
    async def delete_step(self, step_id: str) -> None:
        thread = self._store.thread_of_step(step_id)
        if thread is not None:
            self._require(thread)
            self._save(lambda: self._store.delete_step(step_id))

    # Charts, tables, files

    @queue_until_user_message()  # type: ignore[untyped-decorator, unused-ignore]
    async def create_element(self, element: Any) -> None:
        asker = self._require(element.thread_id)
        if not element.for_id:
            return
        # Only what the assistant itself made: neither a path nor an address is ever followed.
        content = element.content.encode() if isinstance(element.content, str) else element.content
        body = _plain(dict(element.to_dict())) or {}
        rights = self._fingerprint(asker)
        self._save(lambda: self._store.put_element(body, thread=element.thread_id, content=content, rights=rights))

    async def get_element(self, thread_id: str, element_id: str) -> dict[str, Any] | None:
        covered = self._covered(self._require(thread_id))
        for body, rights in self._store.elements(thread_id):
            if body["id"] == element_id:
                return self._with_url(body) if covered(rights) else None
        return None

    @queue_until_user_message()  # type: ignore[untyped-decorator, unused-ignore]
    async def delete_element(self, element_id: str, thread_id: str | None = None) -> None:
        if thread_id is not None:
            self._require(thread_id)
            self._store.delete_element(thread_id, element_id)

    # Thumbs

    async def upsert_feedback(self, feedback: Any) -> str:
        asker = self._require(self._store.thread_of_step(feedback.forId))
        key = str(uuid.uuid4())
        self._store.put_feedback(key, step=feedback.forId, value=feedback.value, comment=feedback.comment)
        answer = self._store.answer_of(feedback.forId)
        if answer is not None:
            await asyncio.to_thread(self._on_thumb, answer, asker, feedback.value == 1, feedback.comment or "")
        return key

    async def delete_feedback(self, feedback_id: str) -> bool:
        step = self._store.step_of_feedback(feedback_id)
        asker = self._require(self._store.thread_of_step(step) if step else None)
        self._store.delete_feedback(feedback_id)
        answer = self._store.answer_of(step) if step else None
        if answer is not None:
            await asyncio.to_thread(self._on_thumb, answer, asker, None, "")
        return True

    async def get_favorite_steps(self, user_id: str) -> list[dict[str, Any]]:  # noqa: ARG002 (saved questions are our own)
        return []

    async def build_debug_url(self) -> str:
        return ""

    async def close(self) -> None:
        self._store.close()

    @staticmethod
    def _save(write: Callable[[], None]) -> None:
        """A full disk costs the record of a conversation, not the conversation."""
        try:
            write()
        except sqlite3.Error as error:
            log.error("the conversation could not be kept (%s)", type(error).__name__)


def _thread(kept: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": kept["id"],
        "createdAt": kept["created_at"],
        "name": kept["name"],
        "userId": kept["user"],
        "userIdentifier": kept["user"],
        "tags": [],
        "metadata": kept["metadata"],
    }


def _hidden(body: dict[str, Any]) -> dict[str, Any]:
    """The step with its place, without what it said."""
    kept = {key: body.get(key) for key in ("id", "threadId", "parentId", "type", "createdAt", "start", "end", "feedback")}
    is_message = body.get("type") == "assistant_message"
    name = body.get("name") if body.get("type") in ("run", "assistant_message") else "Not shown"
    return {**kept, "name": name, "input": "", "output": HIDDEN if is_message else "", "metadata": {}}


def _plain(value: dict[str, Any] | None) -> dict[str, Any] | None:
    """A copy that JSON can hold."""
    import json

    return None if value is None else dict(json.loads(json.dumps(value, default=lambda _: None)))


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat().replace("+00:00", "Z")
