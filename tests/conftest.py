"""Shared by all tests: one real warehouse, built once a session, and an assistant over it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant import Assistant, Settings, build
from assistant.building import build_generation
from assistant.refreshing import refresh

BAKERY = Path(__file__).parent / "tools" / "feedback" / "bakery"


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with The Complete Journey built in it (a few seconds, once a session)."""
    folder = tmp_path_factory.mktemp("home")
    build_generation(Settings(home=folder), "completejourney", progress=lambda _step, _fraction=None, /: None)
    return folder


@pytest.fixture(scope="session")
def settings(home: Path) -> Settings:
    return Settings(home=home, warehouse="completejourney")


@pytest.fixture(scope="session")
def assistant(settings: Settings) -> Iterator[Assistant]:
    built = build(settings)
    yield built
    built.close()


@pytest.fixture(scope="session")
def refreshed_home(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the home with churn, lifetime value and segments in it (half a minute, once a session)."""
    folder = tmp_path_factory.mktemp("refreshed") / "home"
    shutil.copytree(home, folder)
    refresh(Settings(home=folder), "completejourney", progress=lambda _step, _fraction=None, /: None)
    return folder


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with the small demo and its intelligence layer, but for the texts (a quarter of a minute, once a session)."""
    folder = tmp_path_factory.mktemp("demo_home")
    settings = Settings(home=folder)
    build_generation(settings, "demo", progress=lambda _step, _fraction=None, /: None)
    refresh(settings, "demo", progress=lambda _step, _fraction=None, /: None, texts=False)
    return folder


@pytest.fixture(scope="session")
def bakery_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with a bakery of 68 feedback texts, read and indexed (some 500 sentences to embed, once a session)."""
    folder = tmp_path_factory.mktemp("bakery_home")
    settings = Settings(home=folder)
    build_generation(settings, str(BAKERY), progress=lambda _step, _fraction=None, /: None)
    refresh(settings, str(BAKERY), progress=lambda _step, _fraction=None, /: None)
    return folder
