"""The Complete Journey with its intelligence layer, computed once a session."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from assistant import Settings
from assistant.refreshing import refresh


@pytest.fixture(scope="session")
def refreshed_home(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the home with churn, lifetime value and segments in it (half a minute, once a session)."""
    folder = tmp_path_factory.mktemp("refreshed") / "home"
    shutil.copytree(home, folder)
    refresh(Settings(home=folder), "completejourney", progress=lambda _step, _fraction=None, /: None)
    return folder
