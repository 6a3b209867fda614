"""What went wrong at an endpoint, and who can do something about it."""

from __future__ import annotations

import email.utils
import time
from dataclasses import dataclass
from typing import Any

from assistant.minds.language_model.limits import unavailable
from tools.core.errors import AnswerError, SetupProblem

MOST_RETRY_AFTER_S = 60.0
_SETUP_STATUSES = {
    401: ("The language-model endpoint refused the key.", "model_key_refused"),
    403: ("The language-model endpoint does not allow this key to use the model.", "model_key_refused"),
    404: ("The language-model endpoint does not know the model or the address.", "model_not_found"),
}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One failed call."""

    error: AnswerError
    is_transient: bool
    """Worth another try."""
    is_setup: bool = False
    """The operator must act: no reason to fall back silently."""


def classify(error: Exception) -> Fault:
    """The fault behind an exception of the client; never quotes its text, which may hold the request."""
    status = status_of(error)
    if status in _SETUP_STATUSES:
        message, code = _SETUP_STATUSES[status]
        hint = "Whoever runs this assistant: check ASSISTANT_MODEL_KEY, ASSISTANT_MODEL and ASSISTANT_MODEL_URL (docs/language_model.md)."
        return Fault(error=SetupProblem(message, try_instead=hint, code=code), is_transient=False, is_setup=True)
    if status == 429:
        return Fault(error=unavailable("The language model is busy (too many requests)."), is_transient=True)
    if status is not None and status >= 500:
        return Fault(error=unavailable(f"The language-model endpoint failed (status {status})."), is_transient=True)
    if status is not None:
        return Fault(error=unavailable(f"The language-model endpoint did not accept the request (status {status})."), is_transient=False)
    name = type(error).__name__
    if "Timeout" in name:
        return Fault(error=unavailable("The language model did not answer in time."), is_transient=True)
    if "Connect" in name or "Protocol" in name or "Read" in name or "Network" in name or name == "APIError":
        return Fault(error=unavailable("The connection to the language model failed."), is_transient=True)
    return Fault(error=unavailable("The language model's answer could not be read."), is_transient=True)


def status_of(error: Exception) -> int | None:
    """The HTTP status, when the endpoint gave one."""
    status: Any = getattr(error, "status_code", None)
    return status if isinstance(status, int) else None


def retry_after_s(error: Exception, *, default: float) -> float:
    """Seconds to wait before another try: as the endpoint asks (seconds or a date), else `default`."""
    response: Any = getattr(error, "response", None)
    asked = response.headers.get("retry-after") if response is not None else None
    if not asked:
        return default
    try:
        seconds = float(asked)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(asked).timestamp() - time.time()
        except ValueError:
            return default
    return min(max(seconds, 0.0), MOST_RETRY_AFTER_S)
