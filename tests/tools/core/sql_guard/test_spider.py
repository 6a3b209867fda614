"""Somebody else's SQL: the gold queries of a public benchmark over 101 schemas, with every column open."""

from __future__ import annotations

import importlib.util
import os
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from tools.core.errors import AnswerError
from tools.core.semantics.catalog import Catalog
from tools.core.sql_guard import check_sql, open_rights

ROOT = os.environ.get("CANDOR_BENCHMARKS", "")
FOLDER = Path(ROOT) / "spider_train"

pytestmark = pytest.mark.skipif(not (ROOT and FOLDER.is_dir()), reason="CANDOR_BENCHMARKS does not name a folder with spider_train")


def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("spider_train_load", FOLDER / "load.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_gold_queries_pass_and_keep_their_rows() -> None:
    load = benchmark()
    reasons: Counter[str] = Counter()
    changed: list[str] = []
    connections, catalogs, total = {}, {}, 0
    for question in load.questions():
        database, statement = question["db"], question["gold_sql"][0]
        if database not in connections:
            connections[database] = load.open_db(database)
            connections[database].execute("SET threads = 1")
            catalogs[database] = Catalog.from_duckdb(connections[database])
        total += 1
        try:
            checked = check_sql(statement, catalog=catalogs[database], rights=open_rights(catalogs[database]))
        except AnswerError as refusal:
            reasons[refusal.message] += 1
            continue
        run = connections[database].execute
        if sorted(map(repr, run(checked.text).fetchall())) != sorted(map(repr, run(statement).fetchall())):
            changed.append(question["id"])
    refused = sum(reasons.values())
    print(f"{total} queries, {total - refused} allowed, {total - refused - len(changed)} with the same rows")
    print(f"refused: {dict(reasons)}; changed: {changed}")
    assert total - refused >= 0.995 * total
    assert len(changed) <= 0.005 * total
