"""The assistant as the evals know it: its public entry, and where its warehouse lies."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from assistant import Assistant, Question, Settings, build


class EvalsUnavailable(Exception):
    """The assistant or its data is not there; the message says what to do."""


class AssistantRespondent:
    """Asks the assistant in this process."""

    def __init__(self, *, warehouse: str, mind: str) -> None:
        settings = Settings.model_validate({**Settings().model_dump(), "mind": mind})
        try:
            self._assistant: Assistant = build(settings, warehouse=warehouse)
        except Exception as error:
            # Boundary: the tree of errors is not part of the public entry, and any of them means that nothing can be asked.
            raise EvalsUnavailable(f"The assistant cannot start: {error} {getattr(error, 'try_instead', '')}".rstrip()) from error

    def ask(self, text: str, *, question_id: str, thread: str | None) -> Mapping[str, Any]:
        return self._assistant.ask(Question(text=text, id=question_id, thread=thread)).to_json()

    def __enter__(self) -> AssistantRespondent:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._assistant.close()


def database_path(warehouse: str) -> Path:
    """The DuckDB file behind a warehouse: `CANDOR_<WAREHOUSE>_DB` if set, else as `assistant warehouse status` says.

    Raises:
        EvalsUnavailable: Not built, or the file is missing.
    """
    variable = f"CANDOR_{warehouse.upper()}_DB"
    named = os.environ.get(variable)
    path = Path(named) if named else Path(_status(warehouse)["path"])
    if not path.is_file():
        raise EvalsUnavailable(f"{path} is no file. Build it with `assistant warehouse build {warehouse}`, or correct {variable}.")
    return path


def _status(warehouse: str) -> dict[str, Any]:
    command = shutil.which("assistant", path=str(Path(sys.executable).parent)) or shutil.which("assistant")
    if command is None:
        raise EvalsUnavailable("The command `assistant` is not installed: `pip install -e .` in the checkout.")
    ran = subprocess.run([command, "warehouse", "status", warehouse, "--json"], capture_output=True, text=True, check=False)
    try:
        status: dict[str, Any] = json.loads(ran.stdout)
        status["path"]
    except (json.JSONDecodeError, KeyError, TypeError):
        raise EvalsUnavailable(
            f"`assistant warehouse status {warehouse} --json` names no database. Build it with `assistant warehouse build {warehouse}`."
        ) from None
    return status
