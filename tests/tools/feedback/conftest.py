"""A bakery whose texts are known by number, refreshed once a session (some 500 short sentences to embed)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tools.core.contract import Finding, ToolContext
from tools.core.warehouse import Warehouse, build_warehouse, open_warehouse, refresh_warehouse
from tools.feedback.contribution import FeedbackContribution
from tools.feedback.tool import SearchFeedback, SearchFeedbackInput

BAKERY = Path(__file__).parent / "bakery"


def refreshed(home: Path) -> Any:
    return refresh_warehouse(str(BAKERY), home=home, contributions=[FeedbackContribution()])


@pytest.fixture(scope="session")
def bakery_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("bakery-home")
    build_warehouse(str(BAKERY), home=home)
    refreshed(home)
    return home


@pytest.fixture
def own_home(bakery_home: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    shutil.copytree(bakery_home, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture(scope="session")
def bakery(bakery_home: Path) -> Iterator[Warehouse]:
    with open_warehouse(str(BAKERY), home=bakery_home) as opened:
        yield opened


Search = Callable[..., Finding]


def context_of(warehouse: Warehouse, role: str = "local") -> ToolContext:
    assert warehouse.policy is not None
    return ToolContext(warehouse=warehouse, rights=warehouse.policy.rights_for(role, role), deadline_s=20)


@pytest.fixture(scope="session")
def search(bakery: Warehouse) -> Search:
    def run(role: str = "local", **arguments: Any) -> Finding:
        return SearchFeedback().run(SearchFeedbackInput.model_validate(arguments), context_of(bakery, role))

    return run


@pytest.fixture(scope="session")
def stored(bakery: Warehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables behind it, without any rights."""
    with duckdb.connect(str(bakery.data_folder / "warehouse.duckdb"), read_only=True) as connection:
        yield connection
