"""Counts, intervals and latencies of a run, as text. Cases of the test split are counted, never named."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from evals.cases import LEVELS, Level, Split
from evals.results import CaseResult, Run
from evals.scorers import Outcome

Z_95 = 1.959963984540054
"""Half width of a 95 % interval in standard deviations."""
MIN_TAG_CASES = 5
"""Tags with fewer cases in a split are left out: in the test split they would give single cases away."""

COLUMNS: tuple[tuple[str, Outcome], ...] = (
    ("right", Outcome.RIGHT),
    ("wrong", Outcome.WRONG),
    ("off.right", Outcome.OFFERED_RIGHT),
    ("off.wrong", Outcome.OFFERED_WRONG),
    ("clarified", Outcome.CLARIFIED),
    ("declined", Outcome.DECLINED),
    ("failed", Outcome.FAILED),
)
SPLITS: tuple[Split, ...] = ("dev", "test")


def wilson_interval(hits: int, n: int) -> tuple[float, float]:
    """95 % interval of a share, 0 to 1; (0, 1) without any case.

    Source:
        Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    if n == 0:
        return 0.0, 1.0
    share = hits / n
    centre = share + Z_95**2 / (2 * n)
    spread = Z_95 * math.sqrt(share * (1 - share) / n + Z_95**2 / (4 * n**2))
    scale = 1 + Z_95**2 / n
    # At the ends the formula gives 0 and 1 but for rounding.
    low = 0.0 if hits == 0 else (centre - spread) / scale
    high = 1.0 if hits == n else (centre + spread) / scale
    return low, high


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of `values` do not exceed, by nearest rank; nan without values."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def render(run: Run) -> str:
    """The whole report of one run."""
    lines = [f"{run.suite}, mind {run.mind}, {run.started_at:%Y-%m-%d %H:%M} UTC, {len(run.results)} cases"]
    for split in SPLITS:
        if run.of(split=split):
            lines += ["", f"{split} split", *_level_table(run, split)]
    lines += ["", *_whole_dialogues(run), *_tag_tables(run)]
    lines += [_latency(run.results), *_sql_times(run.results)]
    lines += ["", *_failures(run)]
    return "\n".join(line.rstrip() for line in lines).rstrip() + "\n"


def counts(results: Iterable[CaseResult]) -> Counter[Outcome]:
    """How often each outcome occurred."""
    return Counter(result.outcome for result in results)


def _level_table(run: Run, split: Split) -> Iterator[str]:
    yield _header("level")
    for level in LEVELS:
        results = run.of(split=split, level=level)
        if results:
            yield _row(level, results)
    yield _row("all", run.of(split=split))


def _header(label: str) -> str:
    return f"  {label:<18}{'n':>5}" + "".join(f"{title:>10}" for title, _ in COLUMNS) + "   right % (95 %)         wrong % (95 %)"


def _row(label: str, results: Sequence[CaseResult]) -> str:
    found = counts(results)
    cells = "".join(f"{found[outcome]:>10}" for _, outcome in COLUMNS)
    n = len(results)
    return f"  {label:<18}{n:>5}{cells}   {_share(found[Outcome.RIGHT], n)}   {_share(found[Outcome.WRONG], n)}"


def _share(hits: int, n: int) -> str:
    low, high = wilson_interval(hits, n)
    return f"{100 * hits / n:5.1f} ({100 * low:5.1f}-{100 * high:5.1f})".ljust(20)


def _tag_tables(run: Run) -> Iterator[str]:
    for split in SPLITS:
        results = run.of(split=split)
        frequent = [tag for tag, n in Counter(t for r in results for t in r.tags).most_common() if n >= MIN_TAG_CASES]
        if not frequent:
            continue
        yield f"{split} split by shape (shapes with at least {MIN_TAG_CASES} cases)"
        yield _header("shape")
        for tag in frequent:
            yield _row(tag, [result for result in results if tag in result.tags])
        yield ""


def _whole_dialogues(run: Run) -> Iterator[str]:
    if run.dialogues.asked:
        share = _share(run.dialogues.right, run.dialogues.asked).strip()
        yield f"whole dialogues right: {run.dialogues.right} of {run.dialogues.asked}, {share}"
        yield ""


def _latency(results: Sequence[CaseResult]) -> str:
    times = [result.elapsed_ms for result in results]
    return f"latency: p50 {percentile(times, 0.5):.0f} ms, p95 {percentile(times, 0.95):.0f} ms, {len(times)} questions"


def _sql_times(results: Sequence[CaseResult]) -> Iterator[str]:
    """The assistant's SQL against the hand-written gold, over the cases where both gave the same rows."""
    pairs = [
        (result.sql_ms, result.gold_ms)
        for result in results
        if result.outcome is Outcome.RIGHT and result.sql_ms is not None and result.gold_ms is not None
    ]
    gold_total = sum(gold for _, gold in pairs)
    if gold_total > 0:
        ratio = sum(mine for mine, _ in pairs) / gold_total
        yield f"step time / gold SQL time: {ratio:.2f} over {len(pairs)} right answers (a step holds its checks as well)"


def _failures(run: Run) -> Iterator[str]:
    bad = [result for result in run.of(split="dev") if result.outcome is not Outcome.RIGHT]
    if not bad:
        return
    yield f"dev cases that are not right ({len(bad)}):"
    order = [Outcome.WRONG, Outcome.FAILED, Outcome.OFFERED_WRONG, Outcome.CLARIFIED, Outcome.DECLINED, Outcome.OFFERED_RIGHT]
    for result in sorted(bad, key=lambda r: (order.index(r.outcome), r.level, r.id or "")):
        yield f"  {result.outcome.value:<14}{result.level:<13}{result.id}: {result.question}"
        if result.reason:
            yield f"  {'':<27}{result.reason}"


def compare(before: Run, after: Run) -> str:
    """Counts of two runs side by side, and the dev cases whose outcome changed."""
    lines = [f"before: {before.suite}, {before.mind}, {before.started_at:%Y-%m-%d %H:%M}"]
    lines += [f"after:  {after.suite}, {after.mind}, {after.started_at:%Y-%m-%d %H:%M}"]
    for split in SPLITS:
        lines += ["", f"{split} split" + " " * 16 + "right" + " " * 15 + "wrong" + " " * 15 + "n"]
        lines += [line for level in LEVELS if (line := _change(before, after, split, level))]
        lines += [_change(before, after, split, None)]
    lines += ["", *_changed_cases(before, after)]
    return "\n".join(line.rstrip() for line in lines).rstrip() + "\n"


def _change(before: Run, after: Run, split: Split, level: Level | None) -> str:
    first, second = before.of(split=split, level=level), after.of(split=split, level=level)
    if level is not None and not first and not second:
        return ""
    cells = [
        f"{counts(first)[outcome]} -> {counts(second)[outcome]} ({counts(second)[outcome] - counts(first)[outcome]:+d})"
        for outcome in (Outcome.RIGHT, Outcome.WRONG)
    ]
    return f"  {level or 'all':<22}" + "".join(f"{cell:<20}" for cell in cells) + f"{len(first)} -> {len(second)}"


def _changed_cases(before: Run, after: Run) -> Iterator[str]:
    known = {result.id: result for result in before.of(split="dev")}
    changed = [
        (known[result.id], result)
        for result in after.of(split="dev")
        if result.id in known and known[result.id].outcome is not result.outcome
    ]
    yield f"dev cases whose outcome changed: {len(changed)}"
    for old, new in sorted(changed, key=lambda pair: (pair[1].outcome is Outcome.RIGHT, pair[1].outcome, pair[1].id or "")):
        yield f"  {old.outcome.value} -> {new.outcome.value}: {new.id}: {new.question}"
