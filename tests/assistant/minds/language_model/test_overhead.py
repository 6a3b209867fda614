"""What our own part of a turn costs when the model answers at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from language_model_bench import ODD, always, query

from assistant import Question

Make = Callable[..., Any]
TURNS = 40


def test_own_overhead_per_turn_stays_under_300_ms(bench: Make, record_property: Callable[[str, object], None]) -> None:
    """Processor time of this process, the scripted server's own included: the clock on the wall also counts who else is busy."""
    made = bench(always(query(), "GROCERY leads with $196,429.58 in March 2017."))
    made.mind.warm_up()
    for _ in range(3):
        made.ask()
    used, wall = [], []
    for _ in range(TURNS):
        cpu, clock = time.process_time(), time.perf_counter()
        made.ask()
        used.append((time.process_time() - cpu) * 1000)
        wall.append((time.perf_counter() - clock) * 1000)
    used.sort()
    wall.sort()
    p50, p95 = used[TURNS // 2], used[int(TURNS * 0.95)]
    w50, w95 = wall[TURNS // 2], wall[int(TURNS * 0.95)]
    figures = f"{TURNS} turns: processor p50 {p50:.0f} ms, p95 {p95:.0f} ms; wall p50 {w50:.0f} ms, p95 {w95:.0f} ms"
    record_property("figures", figures)
    print(f"\n{figures}")
    assert p95 < 300


def test_the_first_step_is_visible_at_once(bench: Make) -> None:
    made = bench(always(query(), "Fine."))
    made.mind.warm_up()
    made.ask()
    started = time.perf_counter()
    seen: list[tuple[str, float]] = []
    made.assistant.ask(Question(text=ODD), progress=lambda step: seen.append((step, (time.perf_counter() - started) * 1000)))
    assert seen[1][0] == "Asking the language model"
    assert seen[0][1] < 300


def test_langchain_stays_away_until_a_model_is_asked() -> None:
    import subprocess
    import sys

    code = "import sys, assistant.minds.two_minds; print(any(m.startswith(('langchain', 'openai', 'langgraph')) for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"
