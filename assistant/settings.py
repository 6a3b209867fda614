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
        env_prefix="ASSISTANT_", env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True, use_attribute_docstrings=True
    )

    home: Path = Path(".assistant")
    """Folder for everything made at run time: built warehouses, conversations, chat files."""
    warehouse: str = "completejourney"
    """Warehouse that questions go to: a name from `assistant warehouse list`, or a folder of your own."""
    mind: Literal["auto", "embedded", "model", "both"] = "auto"
    """Who reads the questions. Without a model endpoint, auto is the embedded mind."""
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

    chat_host: str = "127.0.0.1"
    """Address that the chat listens on; the default is reachable from this machine alone."""
    chat_port: int = Field(default=8000, ge=1, le=65535)
    """Port that the chat listens on."""
    auth_secret: SecretStr | None = None
    """Secret that signs chat sessions; without it a new one is made on each start."""
