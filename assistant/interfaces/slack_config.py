"""`HOME/slack.yaml`: who is who, what strangers may see, and which digests are posted. docs/slack.md describes it."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from tools.core.errors import SetupProblem

FILE_NAME = "slack.yaml"
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone; write it like Europe/Berlin") from None
    return name


def _time_of_day(text: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text, re.ASCII):
        raise ValueError("write the time as HH:MM")
    return text


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Digest(_Part):
    """Questions that are answered in a channel at a time of day."""

    channel: str = Field(pattern=r"^[CG][A-Z0-9]+$")
    """Id of the channel, not its name."""
    title: str = "Digest"
    at: Annotated[str, AfterValidator(_time_of_day)] = "08:00"
    days: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
    timezone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    questions: tuple[str, ...] = Field(min_length=1, max_length=10)

    def due(self, now: dt.datetime) -> dt.date | None:
        """The day whose digest should be out by now; None before its time, or on another weekday."""
        local = now.astimezone(ZoneInfo(self.timezone))
        return local.date() if WEEKDAYS[local.weekday()] in self.days and f"{local:%H:%M}" >= self.at else None


class SlackConfig(_Part):
    """The whole file; all of it may be left out."""

    users: dict[str, str] = {}
    """Slack user id -> user name of users.yaml."""
    guest_role: str | None = None
    """Role of everybody else, and what a whole channel may see; default: the role of the policy that shows least."""
    digests: tuple[Digest, ...] = ()


def read_slack_config(home: Path) -> SlackConfig:
    """The file, or all defaults without one; raises SetupProblem naming each mistake."""
    path = home / FILE_NAME
    if not path.exists():
        return SlackConfig()
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        return SlackConfig.model_validate(document)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)[:5])
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        problems = "it is not readable YAML"
    raise SetupProblem(
        f"{FILE_NAME} does not fit: {problems}.", try_instead="Correct it; docs/slack.md lists every key.", code="slack_config"
    )
