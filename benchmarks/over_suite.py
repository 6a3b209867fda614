"""The SQL that answers ran against the hand-written gold SQL of the same questions: paired, in one run, over a whole eval suite."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from assistant import Assistant, Question, Status
from evals.cases import Case
from evals.scorers import compare_rows


@dataclass(frozen=True, kw_only=True)
class SuiteTiming:
    """Times of all pairs with the same rows."""

    pairs: int
    compiled_ms: float
    """Sum over the pairs of the fastest run."""
    gold_ms: float
    median_ratio: float

    @property
    def ratio(self) -> float:
        """Compiled time over gold time, all pairs together."""
        return self.compiled_ms / self.gold_ms


def compare(assistant: Assistant, database: Path, cases: Sequence[Case], *, repeats: int = 5) -> SuiteTiming:
    """Time both statements of every case that is answered with the gold rows."""
    with duckdb.connect(str(database), read_only=True, config={"threads": 1}) as connection:
        timed = [pair for case in cases if (pair := _timed(assistant, connection, case, repeats))]
    ratios = [compiled / gold for compiled, gold in timed]
    return SuiteTiming(
        pairs=len(timed),
        compiled_ms=sum(compiled for compiled, _ in timed),
        gold_ms=sum(gold for _, gold in timed),
        median_ratio=statistics.median(ratios),
    )


def _timed(assistant: Assistant, connection: duckdb.DuckDBPyConnection, case: Case, repeats: int) -> tuple[float, float] | None:
    """Milliseconds of the compiled and of the gold statement; None when the answer does not hold the gold rows."""
    answer = assistant.ask(Question(text=case.question))
    if answer.status is not Status.ANSWERED or not case.gold or case.follows:
        return None
    gold = case.gold[0]
    if not compare_rows(answer.tables[0].rows, connection.execute(gold).fetchall()).right:
        return None
    statements = (answer.steps[0].sql[0].sql, gold)
    fastest = [float("inf"), float("inf")]
    for turn in range(repeats):
        for which in (0, 1) if turn % 2 else (1, 0):
            started = time.perf_counter()
            connection.execute(statements[which]).fetchall()
            fastest[which] = min(fastest[which], (time.perf_counter() - started) * 1000)
    return fastest[0], fastest[1]
