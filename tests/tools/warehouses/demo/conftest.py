"""Built demo warehouses, each made once per session, and the independent estimators."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest

from tools.warehouses.demo.build import build, truth_path


@dataclass(frozen=True, kw_only=True)
class Built:
    """A finished warehouse with its truth."""

    path: Path
    data: duckdb.DuckDBPyConnection
    truth: duckdb.DuckDBPyConnection

    def event(self, name: str) -> tuple[Any, ...]:
        """starts_on, ends_on, scope_sql, effect of a planted event."""
        (row,) = self.truth.execute("SELECT starts_on, ends_on, scope_sql, effect FROM truth.event WHERE name = ?", [name]).fetchall()
        return row


Make = Callable[..., Built]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Make]:
    """`demo(**options)` gives a warehouse with these options; the same options give the same file again."""
    made: dict[str, Built] = {}

    def make(**options: Any) -> Built:
        key = repr(sorted(options.items()))
        if key not in made:
            path = tmp_path_factory.mktemp("demo") / "warehouse.duckdb"
            build(path, **options)
            made[key] = Built(
                path=path,
                data=duckdb.connect(str(path), read_only=True),
                truth=duckdb.connect(str(truth_path(path)), read_only=True),
            )
        return made[key]

    yield make
    for built in made.values():
        built.data.close()
        built.truth.close()


@pytest.fixture(scope="session")
def estimators() -> ModuleType:
    """The module `estimators.py` beside this file (tests are not a package)."""
    spec = importlib.util.spec_from_file_location("demo_estimators", Path(__file__).with_name("estimators.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["demo_estimators"] = module
    spec.loader.exec_module(module)
    return module
