"""What the language-model mind is told by the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import SecretStr


@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """One OpenAI-compatible endpoint and how far a turn may go on it."""

    model: str
    """Name of the model as the endpoint knows it."""
    base_url: str | None = None
    """None = OpenAI's own."""
    api_key: SecretStr | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with every request: a gateway's tenant, an Azure api-key."""
    query: Mapping[str, str] = field(default_factory=dict)
    """Added to every URL: Azure's api-version."""
    temperature: float | None = 0.0
    """None = do not send one: some models accept only their default."""
    max_output_tokens: int = 1200
    """Tokens that one call may write."""
    timeout_s: float = 30.0
    """Seconds that one call may take."""
    turn_deadline_s: float = 60.0
    """Seconds that all calls of one question may take together."""
    max_retries: int = 2
    """Repeated tries of one call, after a status 429, 5xx or a lost connection."""
    max_steps: int = 8
    """Tool calls per question."""
    max_repairs: int = 2
    """How often an error of a tool is handed back to be mended."""
    free_sql: bool = False
    """Whether the model may write SQL."""
    breaker_failures: int = 3
    """Failures in a row after which the endpoint is left alone."""
    breaker_cool_down_s: float = 60.0
    """For how long."""
    tokens_per_turn: int = 60_000
    tokens_per_thread: int = 600_000
    tokens_per_day: int = 5_000_000
    price_in: float = 0.0
    """Per million tokens read, for the cost shown."""
    price_out: float = 0.0
    """Per million tokens written."""
    shown_rows: int = 12
    """Rows of a result that the model sees at most."""
