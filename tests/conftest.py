"""Shared by all tests: warehouses, each built once a run, an assistant over a real one, and the order in which workers take files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from shared_builds import made_once

from assistant import Assistant, Settings, build
from assistant.building import build_generation
from assistant.refreshing import refresh

BAKERY = Path(__file__).parent / "tools" / "feedback" / "bakery"
RIDING_SCHOOL = Path(__file__).parent / "support" / "riding_school.sql"
CLUB = Path(__file__).parent / "security" / "club"
MOST_WORKERS = 4


def pytest_xdist_auto_num_workers() -> int:
    """One more than processors: a third of the time tests wait for browsers, servers and time limits."""
    return min(len(os.sched_getaffinity(0)) + 1, MOST_WORKERS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first, so that no worker is left alone with one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow") is not None}
    items.sort(key=lambda item: item.path not in slow)


def _quiet(_step: str, _fraction: float | None = None, /) -> None:
    """Nobody watches a build for tests."""


@pytest.fixture(scope="module")
def school() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database that knows nothing of the assistant: riders, horses, stables and lessons, in memory."""
    with duckdb.connect() as connection:
        connection.execute(RIDING_SCHOOL.read_text(encoding="utf-8"))
        yield connection


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with The Complete Journey built in it (a few seconds, once a run)."""
    return made_once(tmp_path_factory, "home", lambda folder: build_generation(Settings(home=folder), "completejourney", progress=_quiet))


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
    """A copy of the home with churn, lifetime value and segments in it (half a minute, once a run)."""

    def make(folder: Path) -> None:
        shutil.copytree(home / "warehouses", folder / "warehouses")
        refresh(Settings(home=folder), "completejourney", progress=_quiet)

    return made_once(tmp_path_factory, "refreshed", make)


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with the small demo and its intelligence layer, but for the texts (a quarter of a minute, once a run)."""

    def make(folder: Path) -> None:
        build_generation(Settings(home=folder), "demo", progress=_quiet)
        refresh(Settings(home=folder), "demo", progress=_quiet, texts=False)

    return made_once(tmp_path_factory, "demo_home", make)


@pytest.fixture(scope="session")
def bakery_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with a bakery of 68 feedback texts, read and indexed (some 500 sentences to embed, once a run)."""

    def make(folder: Path) -> None:
        build_generation(Settings(home=folder), str(BAKERY), progress=_quiet)
        refresh(Settings(home=folder), str(BAKERY), progress=_quiet)

    return made_once(tmp_path_factory, "bakery_home", make)


@pytest.fixture(scope="session")
def club_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with a club whose every personal value can be recognised; nobody asks in it, copies are for that."""
    return made_once(tmp_path_factory, "club_home", lambda folder: build_generation(Settings(home=folder), str(CLUB), progress=_quiet))
