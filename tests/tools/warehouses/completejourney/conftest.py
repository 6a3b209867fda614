from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tools.core.semantics import Catalog, SemanticModel, read_model
from tools.core.warehouse import Generation, build_warehouse
from tools.core.warehouse.definition import find_definition


@pytest.fixture(scope="session")
def journey_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("journey")


@pytest.fixture(scope="session")
def journey(journey_home: Path) -> Generation:
    """The real data, built once for all tests of this folder (some seconds)."""
    return build_warehouse("completejourney", home=journey_home)


@pytest.fixture(scope="session")
def data(journey: Generation) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(journey.database), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def catalog(journey: Generation) -> Catalog:
    return journey.catalog


@pytest.fixture(scope="session")
def model(catalog: Catalog) -> SemanticModel:
    return read_model(find_definition("completejourney").model_path, catalog=catalog)
