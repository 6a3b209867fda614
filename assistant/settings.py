"""Every setting, typed, with its default and a line of help.

Each is read from an environment variable `ASSISTANT_<NAME>` (or from a `.env` file in the working directory).
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings of one running assistant."""

    model_config = SettingsConfigDict(
        env_prefix="ASSISTANT_",
        env_file=".env",
        env_file_encoding="utf-8",
        extra="ignore",
        frozen=True,
        use_attribute_docstrings=True,
        env_parse_none_str="",
    )

    home: Path = Path(".assistant")
    """Folder for everything made at run time: built warehouses, conversations, chat files."""
    warehouse: str = "demo"
    """Warehouse that questions go to: a name from `assistant warehouse list`, or a folder of your own."""
    mind: Literal["auto", "embedded", "model", "both"] = "auto"
    """Who reads the questions. Without a model endpoint, auto is the embedded mind."""
    prepare: bool = True
    """Whether chat and serve compute predictions and read texts behind, when the warehouse has none of them yet."""
    user: str = "local"
    """User name that questions run as when none is given; `local` has the rights of the role `local`."""

    deadline_s: float = Field(default=5.0, gt=0, le=600)
    """Seconds that one query may run."""
    row_cap: int = Field(default=10_000, ge=1, le=1_000_000)
    """Rows fetched at most; beyond it the answer says that it was cut."""
    workers: int = Field(default=2, ge=1, le=32)
    """Query processes, one thread each."""
    worker_memory_mb: int = Field(default=2048, ge=128)
    """Memory that one query process may use."""

    model: str = ""
    """Name of the language model at the endpoint; empty = no language model (docs/language_model.md)."""
    model_url: str | None = None
    """Address of an OpenAI-compatible endpoint, up to and including `/v1`; default OpenAI's own."""
    model_key: SecretStr | None = None
    """Key of the endpoint; local servers need none."""
    model_headers: dict[str, str] = {}
    """Sent with every request to the endpoint, as JSON: a gateway's tenant, Azure's api-key."""
    model_query: dict[str, str] = {}
    """Added to every address of the endpoint, as JSON: Azure's api-version."""
    model_temperature: float | None = Field(default=0.0, ge=0, le=2)
    """Temperature; empty = do not send one, for models that accept only their own."""
    model_timeout_s: float = Field(default=30.0, gt=0, le=600)
    """Seconds that one call of the language model may take."""
    model_turn_deadline_s: float = Field(default=60.0, gt=0, le=600)
    """Seconds that all calls for one question may take together."""
    model_retries: int = Field(default=2, ge=0, le=10)
    """Further tries of a call that failed for a passing reason."""
    model_steps: int = Field(default=8, ge=1, le=50)
    """Tool calls that a language model may make for one question."""
    model_output_tokens: int = Field(default=1200, ge=64, le=32_000)
    """Tokens that one call may write."""
    model_free_sql: bool = False
    """Whether the language model may write SQL where the semantic model does not reach; such answers say so."""
    model_tokens_per_turn: int = Field(default=60_000, ge=1000)
    """Tokens for one question; beyond it the embedded mind answers."""
    model_tokens_per_thread: int = Field(default=600_000, ge=1000)
    """Tokens for one conversation."""
    model_tokens_per_day: int = Field(default=5_000_000, ge=1000)
    """Tokens for one day and process."""
    model_price_in: float = Field(default=0.0, ge=0)
    """Price of a million tokens read, for the cost shown with an answer."""
    model_price_out: float = Field(default=0.0, ge=0)
    """Price of a million tokens written."""

    chat_host: str = "127.0.0.1"
    """Address that the chat listens on; the default is reachable from this machine alone."""
    chat_port: int = Field(default=8000, ge=1, le=65535)
    """Port that the chat listens on."""
    auth_secret: SecretStr | None = None
    """Secret that signs chat sessions; without it one is made on the first start and kept in ASSISTANT_HOME."""
    chat_url: str | None = None
    """Address that people see, when a proxy stands before the chat: `https://ask.example.com`; OAuth returns there."""
    chat_keep_days: int = Field(default=365, ge=1, le=3650)
    """Days after its last question that a conversation of the chat is kept."""
    login: Literal["none", "password", "header", "oauth"] = "none"
    """How people log in to the chat (docs/chat.md); none = everybody is the local user, on this machine alone."""
    login_header: str = "X-Forwarded-User"
    """With `login=header`: the header in which the proxy names the user."""
    login_proxy_secret: SecretStr | None = None
    """With `login=header`: what the proxy must send as `X-Candor-Proxy`, so that nobody else can name a user."""

    api_per_minute: int = Field(default=60, ge=1)
    """Requests a minute that one API key may make of one process."""
    api_max_body: int = Field(default=65_536, ge=1024)
    """Bytes that the body of a REST or MCP request may have."""
    questions_at_once: int = Field(default=8, ge=1, le=256)
    """Questions that one process works on at a time, over all surfaces."""
    questions_waiting: int = Field(default=64, ge=0)
    """Further questions that may wait; beyond them people are asked to come again."""
    questions_per_person: int = Field(default=4, ge=1)
    """Questions that one person may have open at a time."""
    stop_grace_s: float = Field(default=20.0, ge=0, le=600)
    """Seconds that answers in flight get when the service is stopped; the others are said to be cut."""
    metrics_host: str = "127.0.0.1"
    """Address of the Prometheus metrics of `assistant serve`."""
    metrics_port: int = Field(default=0, ge=0, le=65535)
    """Port of the Prometheus metrics; 0 = none."""

    slack_bot_token: SecretStr | None = None
    """Bot token of the Slack app (xoxb-...); with the signing secret, `assistant serve` answers in Slack (docs/slack.md)."""
    slack_signing_secret: SecretStr | None = None
    """Signing secret of the Slack app: proves that a request comes from Slack."""
    slack_api_url: str = "https://slack.com/api/"
    """Where Slack's Web API is; another address only for tests."""
