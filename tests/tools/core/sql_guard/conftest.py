"""The small shop, its catalogue, its policy, and rights by role."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from tools.core.semantics.catalog import Catalog
from tools.core.sql_guard import Policy, Rights, read_policy

# Tests have no packages; the helpers beside them (guard_*.py) are shared with scripts/fuzz_guard.py.
sys.path.insert(0, str(Path(__file__).parent))
from guard_people import POLICY, build_people


@pytest.fixture(scope="session")
def people_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("people") / "people.duckdb"
    build_people(path)
    return path


@pytest.fixture(scope="session")
def catalog(people_file: Path) -> Catalog:
    with duckdb.connect(str(people_file), read_only=True) as connection:
        return Catalog.from_duckdb(connection)


@pytest.fixture(scope="session")
def policy(catalog: Catalog) -> Policy:
    return read_policy(POLICY, catalog=catalog)


@pytest.fixture(scope="session")
def rights(policy: Policy) -> Callable[[str], Rights]:
    """Rights of a role; the regional manager is EMEA's."""

    def of(role: str) -> Rights:
        return policy.rights_for(f"a {role}", role, {"region": "EMEA"} if role == "regional_manager" else {})

    return of
