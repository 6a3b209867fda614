"""A bakery whose texts are known by number; read, indexed and opened once a session."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tools.core.contract import Finding, ToolContext
from tools.core.warehouse import Warehouse, open_warehouse
from tools.feedback.tool import SearchFeedback, SearchFeedbackInput

BAKERY = Path(__file__).parent / "bakery"


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


ContextOf = Callable[..., ToolContext]


@pytest.fixture(scope="session")
def context_of() -> ContextOf:
    def made(warehouse: Warehouse, role: str = "local") -> ToolContext:
        assert warehouse.policy is not None
        return ToolContext(warehouse=warehouse, rights=warehouse.policy.rights_for(role, role), deadline_s=20)

    return made


@pytest.fixture(scope="session")
def search(bakery: Warehouse, context_of: ContextOf) -> Search:
    def run(role: str = "local", **arguments: Any) -> Finding:
        return SearchFeedback().run(SearchFeedbackInput.model_validate(arguments), context_of(bakery, role))

    return run


@pytest.fixture(scope="session")
def stored(bakery: Warehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables behind it, without any rights."""
    with duckdb.connect(str(bakery.data_folder / "warehouse.duckdb"), read_only=True) as connection:
        yield connection
