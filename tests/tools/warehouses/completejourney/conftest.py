from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tools.core.semantics import Catalog, SemanticModel, read_model
from tools.core.warehouse import Generation
from tools.core.warehouse.definition import find_definition
from tools.core.warehouse.generations import current_generation


@pytest.fixture(scope="session")
def journey(home: Path) -> Generation:
    """The real data."""
    return current_generation(home, "completejourney")


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
