"""Memory and processor time of reading feedback, by phase: everything that the refresh starts, added up.

    python -m benchmarks.feedback_memory WAREHOUSE HOME [--force]

Anonymous memory of all processes is added; what they map from files (the libraries) is counted once, as they share it. Linux only. To embed
everything anew, delete `cache/feedback` of the warehouse in that home first.
"""

from __future__ import annotations

import argparse
import multiprocessing
import re
import resource
import time
from pathlib import Path

from tools.core.warehouse import refresh_warehouse
from tools.feedback.contribution import FeedbackContribution

_EVERY_S = 0.3


def refresh(warehouse: str, home: Path, force: bool, phase: multiprocessing.managers.ValueProxy[str]) -> None:
    """The refresh of feedback alone; says what it is doing."""

    def progress(step: str, _part: float | None = None, /) -> None:
        phase.value = step.split(":")[0]

    refresh_warehouse(warehouse, home=home, contributions=[FeedbackContribution()], progress=progress, force=force)
    own, embedding = (sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(f"processor time: {own + embedding:.0f} s, {embedding:.0f} s of it embedding")


def family(pid: int) -> list[int]:
    """The process and all that it started."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split() if int(child) not in found]
    return found


def megabytes(pids: list[int]) -> float:
    """Anonymous memory of all, and the most that one maps from files."""
    anonymous, files = 0, [0]
    for pid in pids:
        try:
            told = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue  # Gone meanwhile.
        resident, own = (int(re.search(rf"^{name}:\s+(\d+)", told, re.MULTILINE)[1]) for name in ("Rss", "Anonymous"))  # type: ignore[index]
        anonymous += own
        files.append(resident - own)
    return (anonymous + max(files)) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("warehouse")
    parser.add_argument("home", type=Path)
    parser.add_argument("--force", action="store_true")
    arguments = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager:
        phase = manager.Value(str, "Starting")
        started = time.monotonic()
        run = context.Process(target=refresh, args=(arguments.warehouse, arguments.home, arguments.force, phase))
        run.start()
        peaks: dict[str, float] = {}
        while run.is_alive() and run.pid is not None:
            peaks[phase.value] = max(peaks.get(phase.value, 0.0), megabytes(family(run.pid)))
            time.sleep(_EVERY_S)
        for name, peak in peaks.items():
            print(f"{name:40} {peak:6.0f} MB")
        print(f"{'peak':40} {max(peaks.values()):6.0f} MB after {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
