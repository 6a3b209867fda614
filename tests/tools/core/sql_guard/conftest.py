"""The small shop, its catalogue, its policy, and rights by role."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from tools.core.semantics.catalog import Catalog
from tools.core.sql_guard import Policy, Rights, read_policy

_HERE = Path(__file__).parent


def _load(name: str):  # type: ignore[no-untyped-def]
    # Tests have no packages; a helper beside the tests is loaded by path, once.
    spec = importlib.util.spec_from_file_location(f"sql_guard_tests_{name}", _HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


people = _load("people")


@pytest.fixture(scope="session")
def people_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("people") / "people.duckdb"
    people.build_people(path)
    return path


@pytest.fixture(scope="session")
def catalog(people_file: Path) -> Catalog:
    with duckdb.connect(str(people_file), read_only=True) as connection:
        return Catalog.from_duckdb(connection)


@pytest.fixture(scope="session")
def policy(catalog: Catalog) -> Policy:
    return read_policy(people.POLICY, catalog=catalog)


@pytest.fixture(scope="session")
def rights(policy: Policy) -> Callable[[str], Rights]:
    """Rights of a role; the regional manager is EMEA's."""

    def of(role: str) -> Rights:
        return policy.rights_for(f"a {role}", role, {"region": "EMEA"} if role == "regional_manager" else {})

    return of
