"""Measures this machine and writes docs/benchmarks.md: `python -m benchmarks [--suite completejourney]`."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from assistant import Assistant, Settings, build
from benchmarks.over_suite import SuiteTiming, compare
from benchmarks.reading import Spread, answering, planning
from evals.cases import Suite, read_suite
from evals.gold import database_path

REPORT = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"
COLD_RUNS = 5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suite", default="completejourney")
    suite = read_suite(parser.parse_args().suite)
    settings = Settings()
    cases = [case for case in suite.cases if not case.follows]
    questions = [case.question for case in cases]
    cold = {name: cold_start(arguments) for name, arguments in COMMANDS.items()}
    assistant = build(settings, warehouse=suite.warehouse)
    try:
        report = written(assistant, planning(assistant, questions), answering(assistant, questions), compare_suite(assistant, suite), cold)
    finally:
        assistant.close()
    REPORT.write_text(report + _kept(), encoding="utf-8")
    print(report)
    return 0


COMMANDS = {"assistant --help": ["--help"], "assistant ask (cold)": ["ask", "revenue by month in 2017"]}


def _kept() -> str:
    """What other commands measured, and people wrote down: from the first heading after the title on."""
    _, heading, rest = REPORT.read_text(encoding="utf-8").partition("\n## ")
    return heading + rest


def cold_start(arguments: Sequence[str]) -> float:
    """Median seconds of whole processes."""
    taken = []
    for _ in range(COLD_RUNS + 1):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "assistant.interfaces.cli", *arguments], capture_output=True, check=True)
        taken.append(time.perf_counter() - started)
    return statistics.median(taken[1:])


def compare_suite(assistant: Assistant, suite: Suite) -> SuiteTiming:
    """Compiled against gold SQL over the cases of the suite."""
    return compare(assistant, database_path(suite.warehouse), suite.cases)


def written(assistant: Assistant, plan: Spread, answer: Spread, sql: SuiteTiming, cold: dict[str, float]) -> str:
    """The report as Markdown."""
    cores, load = os.cpu_count(), os.getloadavg()[0]
    lines = [
        "# Benchmarks",
        "",
        f"Written by `make bench` on {cores} cores at a load of {load:.1f}, over {assistant.warehouse.data_version}.",
        "Ratios were taken within this one run.",
        "",
        "| what | p50 ms | p95 ms | n |",
        "| --- | ---: | ---: | ---: |",
        f"| planning, embedded mind, warm | {plan.p50:.1f} | {plan.p95:.1f} | {plan.n} |",
        f"| whole answer with checks and next questions, warm | {answer.p50:.0f} | {answer.p95:.0f} | {answer.n} |",
        "",
        "| compiled SQL against hand-written gold SQL, same rows, one thread | |",
        "| --- | ---: |",
        f"| pairs | {sql.pairs} |",
        f"| time ratio over all pairs | {sql.ratio:.2f} |",
        f"| median ratio of a pair | {sql.median_ratio:.2f} |",
        "",
        "| whole process, median | s |",
        "| --- | ---: |",
        *(f"| `{name}` | {seconds:.2f} |" for name, seconds in cold.items()),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
