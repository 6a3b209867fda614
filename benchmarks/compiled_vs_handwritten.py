"""Compiled SQL against hand-written SQL for the same question: time ratio, paired in one run, and whether the rows agree.

    python -m benchmarks.compiled_vs_handwritten DATABASE.duckdb MODEL.yaml [PAIRS.jsonl] [--repeats 9]

Each line of PAIRS is {"name", "query": a MetricQuery, "sql": hand-written}; default: completejourney_pairs.jsonl beside this file.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from tools.core.query import MetricQuery, compile_query
from tools.core.semantics import SemanticModel, read_model

PAIRS = Path(__file__).with_name("completejourney_pairs.jsonl")


@dataclass(frozen=True, kw_only=True)
class Timing:
    """One pair, measured."""

    name: str
    compiled_ms: float
    handwritten_ms: float
    same_rows: bool

    @property
    def ratio(self) -> float:
        return self.compiled_ms / self.handwritten_ms


def measure(connection: duckdb.DuckDBPyConnection, model: SemanticModel, pairs: Sequence[dict[str, Any]], repeats: int) -> list[Timing]:
    """The fastest of `repeats` runs of both statements of each pair, in turns: what else the machine does only ever adds time."""
    return [_timed(connection, model, pair, repeats) for pair in pairs]


def _timed(connection: duckdb.DuckDBPyConnection, model: SemanticModel, pair: dict[str, Any], repeats: int) -> Timing:
    statements = (compile_query(MetricQuery.model_validate(pair["query"]), model, rights=None).sql, pair["sql"])
    rows = [_comparable(connection.execute(s).fetchall()) for s in statements]
    taken: tuple[list[float], list[float]] = ([], [])
    for turn in range(repeats):
        for which in (0, 1) if turn % 2 else (1, 0):
            started = time.perf_counter()
            connection.execute(statements[which]).fetchall()
            taken[which].append((time.perf_counter() - started) * 1000)
    compiled, handwritten = (min(t) for t in taken)
    return Timing(name=pair["name"], compiled_ms=compiled, handwritten_ms=handwritten, same_rows=rows[0] == rows[1])


def _comparable(rows: list[tuple[Any, ...]]) -> list[tuple[str, ...]]:
    """Rows as text in any order, numbers to nine digits."""

    def text(cell: Any) -> str:
        is_number = isinstance(cell, (int, float, Decimal)) and not isinstance(cell, bool)
        return f"{float(cell):.9g}" if is_number else str(cell).removesuffix(" 00:00:00")

    return sorted(tuple(text(c) for c in row) for row in rows)


def total_ratio(timings: Sequence[Timing]) -> float:
    """Time of all compiled statements over that of all hand-written ones."""
    return sum(t.compiled_ms for t in timings) / sum(t.handwritten_ms for t in timings)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("pairs", type=Path, nargs="?", default=PAIRS)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    pairs = [json.loads(line) for line in given.pairs.read_text(encoding="utf-8").splitlines() if line.strip()]
    with duckdb.connect(str(given.database), read_only=True, config={"threads": given.threads}) as connection:
        timings = measure(connection, read_model(given.model), pairs, given.repeats)
    for t in timings:
        print(f"{t.name:<42} {t.compiled_ms:8.1f} ms {t.handwritten_ms:8.1f} ms {t.ratio:6.2f} {'' if t.same_rows else 'DIFFERENT ROWS'}")
    print(f"{len(timings)} pairs: ratio of all {total_ratio(timings):.3f}, median {statistics.median(t.ratio for t in timings):.3f}")


if __name__ == "__main__":
    main()
