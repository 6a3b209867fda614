"""Lets the bearer of a key in, as the user that the key speaks for: the same for REST and MCP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.interfaces.http_api_keys import ApiKey, ApiKeys, user_of
from assistant.interfaces.http_api_limits import RateLimit
from tools.core.errors import NotAllowed

if TYPE_CHECKING:
    from assistant.current import CurrentAssistant
    from assistant.pipeline import Assistant


@dataclass(frozen=True, kw_only=True)
class KeyGate:
    """The keys, how often each may be used, and whom they speak for."""

    keys: ApiKeys
    limit: RateLimit
    assistant: Assistant | CurrentAssistant

    def let_in(self, credentials: str | None) -> ApiKey:
        """The key, counted.

        Args:
            credentials: What follows "Bearer " in the Authorization header; None without one.
        Raises:
            NotAllowed: No key, or one that does not hold; or a role that the policy no longer has.
            TooManyQuestions: More requests a minute than a key may make.
        """
        if credentials is None:
            raise NotAllowed("An API key is needed.", try_instead="Send the header Authorization: Bearer KEY.", code="key_missing")
        key = self.keys.check(credentials)
        self.limit.take(key.id)
        user = user_of(key)
        if user is not None:
            self.assistant.rights_book.admit(user)
        return key


def bearer_of(headers: list[tuple[bytes, bytes]]) -> str | None:
    """The credentials of a request's raw headers; None when they are of another kind, or missing."""
    for name, value in headers:
        scheme, _, credentials = value.decode("latin-1").partition(" ")
        if name == b"authorization" and scheme.lower() == "bearer":
            return credentials.strip()
    return None
