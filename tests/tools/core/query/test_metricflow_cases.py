"""Someone else's definitions: metric + group-by + filter on 102 metrics must give the rows of the benchmark's own SQL."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections import Counter, defaultdict
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tools.core.errors import AnswerError
from tools.core.query import compile_query

sys.path.insert(0, str(Path(__file__).parent))
from metricflow_adapter import Adapter, Unsupported

LEAST_EQUAL = 180


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    root = os.environ.get("CANDOR_BENCHMARKS")
    folder = Path(root or "missing") / "metricflow_cases"
    if not folder.exists():
        pytest.skip("set CANDOR_BENCHMARKS to the folder that holds metricflow_cases")
    spec = importlib.util.spec_from_file_location("metricflow_load", folder / "load.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_supported_case_gives_the_rows_of_the_benchmark(benchmark: ModuleType) -> None:
    connection = benchmark.open_db("metricflow")
    columns: dict[str, dict[str, str]] = defaultdict(dict)
    for table, column, kind in connection.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal"
    ).fetchall():
        columns[table][column] = kind
    adapter = Adapter(json.loads((Path(benchmark.__file__).parent / "simple_manifest.json").read_text()), columns)
    outcomes = {c["id"]: _outcome(adapter, c, connection, benchmark) for c in benchmark.questions() if c["model"] == "SIMPLE_MODEL"}
    counts = Counter(outcome.split(":")[0] for outcome in outcomes.values())
    print(f"\n{len(outcomes)} cases: {dict(counts)}")
    for reason, n in Counter(o for o in outcomes.values() if o.startswith("refused")).most_common():
        print(f"  {n:3} {reason}")
    assert [case for case, outcome in outcomes.items() if outcome == "unequal"] == []
    assert set(counts) == {"equal", "refused"}
    assert counts["equal"] >= LEAST_EQUAL


def _outcome(adapter: Adapter, given: dict[str, Any], connection: Any, benchmark: ModuleType) -> str:
    try:
        case = adapter.case(given)
        compiled = compile_query(case.query, case.model, rights=None)
    except Unsupported as reason:
        return f"refused: {reason}"
    except AnswerError as reason:
        return f"refused: compiler: {reason}"
    rows = connection.execute(compiled.sql).fetchall()
    for position, read in case.readers.items():
        at = int(position)
        rows = [tuple(read(v) if i == at and v is not None else v for i, v in enumerate(row)) for row in rows]
    gold = connection.execute(given["gold_sql"][0]).fetchall()
    return "equal" if benchmark.same_result(gold, rows) else "unequal"
