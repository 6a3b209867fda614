"""What a refresh left beside the data of a generation: who contributed what, and what that adds to the model and the policy.

On the path of every start, so it reads small files and imports nothing heavy.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from tools.core.semantics.additions import ModelAddition, PolicyAddition

SCHEMA = "intelligence"
FOLDER = "intelligence"
SAVED_SEGMENTS = "segments.json"
"""Beside the pointer of a warehouse: groups of customers that people named."""
TAUGHT = "taught.json"
"""Beside the pointer as well: words and reviewed questions that were approved."""
_CARD = ".card.json"
_REFRESH = "refresh.json"


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ContributionRecord(_Record):
    """One tool's part of a generation, or why there is none."""

    name: str
    version: str
    key: str
    """Hash of everything that the result depends on."""
    reason: str = ""
    """Why it could not be computed; empty when it was."""
    tables: tuple[str, ...] = ()
    rows: int = 0
    seconds: float = 0.0
    model: ModelAddition = ModelAddition()
    policy: PolicyAddition = PolicyAddition()

    @property
    def done(self) -> bool:
        return not self.reason


class RefreshRecord(_Record):
    """What a refreshed generation was made from."""

    base: str
    """Checksum of the database as built, before any refresh."""
    refreshed_at: dt.datetime


def read_contributions(folder: Path) -> tuple[ContributionRecord, ...]:
    """All records below a generation's (or a working) folder, by name; unreadable ones are as good as absent."""
    found = []
    for path in sorted((folder / FOLDER).glob("*.json")):
        if path.name.endswith(_CARD) or path.name == _REFRESH:
            continue
        try:
            found.append(ContributionRecord.model_validate_json(path.read_bytes()))
        except ValidationError:
            continue
    return tuple(found)


def saved_conditions(warehouse_folder: Path) -> ModelAddition:
    """The segments that people saved, as conditions with a name of their own."""
    path = warehouse_folder / SAVED_SEGMENTS
    if not path.is_file():
        return ModelAddition()
    try:
        segments = json.loads(path.read_text(encoding="utf-8"))["segments"]
        found = tuple(
            {"name": s["name"], "phrases": [s["name"], f"{s['name']} segment"], "filters": s["filters"], "description": s["description"]}
            for s in segments
        )
    except (ValueError, KeyError, TypeError):
        # A damaged file must not keep the warehouse from opening; the tool that owns it says what is wrong.
        return ModelAddition()
    return ModelAddition(named_filters=found)


def taught(warehouse_folder: Path) -> ModelAddition:
    """What was taught and approved; nothing when the file is damaged, since the warehouse must still open."""
    path = warehouse_folder / TAUGHT
    try:
        return ModelAddition.model_validate_json(path.read_bytes()) if path.is_file() else ModelAddition()
    except ValidationError:
        return ModelAddition()


def read_refresh(folder: Path) -> RefreshRecord | None:
    path = folder / FOLDER / _REFRESH
    if not path.is_file():
        return None
    return RefreshRecord.model_validate_json(path.read_bytes())


def read_card(folder: Path, name: str) -> dict[str, Any] | None:
    """The model card that a contribution left in a generation's folder; None when there is none."""
    path = folder / FOLDER / f"{name}{_CARD}"
    if not path.is_file():
        return None
    found = json.loads(path.read_text(encoding="utf-8"))
    return found if isinstance(found, dict) else None


def write_json(path: Path, value: BaseModel | Mapping[str, Any]) -> None:
    """Whole or not at all: a file that exists can be relied on."""
    text = value.model_dump_json(indent=1) if isinstance(value, BaseModel) else json.dumps(value, indent=1, default=str)
    fresh = path.with_name(path.name + ".new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)
