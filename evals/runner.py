"""Ask every case and score it: one after the other, so that latencies mean something."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from evals.cases import Case, Suite
from evals.results import CaseResult, Run, WholeDialogues
from evals.scorers import Outcome, Rows, Score, score

Progress = Callable[[int, int], None]
"""Told how many of how many cases are done."""


class Respondent(Protocol):
    """Whoever answers the questions."""

    def ask(self, text: str, *, question_id: str, thread: str | None) -> Mapping[str, Any]:
        """The Answer JSON. Questions of one thread are a conversation."""
        ...


class GoldRows(Protocol):
    """Whoever knows the right rows."""

    def rows(self, sql: str) -> Rows: ...


@dataclass(kw_only=True)
class Threads:
    """Asks follow-ups where they belong: right after the turn that they follow, repeating the turns before when needed."""

    suite: Suite
    respondent: Respondent
    run_id: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    _last_turn: dict[str, str] = field(default_factory=dict)
    """Thread -> the case asked last in it."""

    def ask(self, case: Case) -> Mapping[str, Any]:
        ancestors = self.suite.ancestors(case)
        if not ancestors:
            return self._turn(case, thread=self._thread(case))
        thread = self._thread(ancestors[0])
        if self._last_turn.get(thread) != case.follows:
            # Its turns were not selected for this run, or another branch of the dialogue went on from them.
            thread = f"{thread}-{case.id}"
            for turn in ancestors:
                self._turn(turn, thread=thread)
        return self._turn(case, thread=thread)

    def _thread(self, case: Case) -> str:
        return f"evals-{self.run_id}-{case.id}"

    def _turn(self, case: Case, *, thread: str) -> Mapping[str, Any]:
        self._last_turn[thread] = case.id
        return self.respondent.ask(case.question, question_id=case.id, thread=thread if self._is_dialogue(case) else None)

    def _is_dialogue(self, case: Case) -> bool:
        return case.follows is not None or any(other.follows == case.id for other in self.suite.cases)


def run_suite(
    suite: Suite,
    respondent: Respondent,
    gold: GoldRows,
    *,
    mind: str,
    only: Collection[str] | None = None,
    progress: Progress = lambda _done, _all: None,
) -> Run:
    """Ask the cases of a suite and score each.

    Args:
        mind: Name under which the run is filed.
        only: Ids to ask; default all.
    Returns:
        One result per case, whatever broke: a crash is a failed row, not a dead run.
    """
    started_at = dt.datetime.now(tz=dt.UTC).replace(microsecond=0)
    cases = [case for case in suite.cases if not case.candidate and (only is None or case.id in only)]
    threads = Threads(suite=suite, respondent=respondent)
    results: list[CaseResult] = []
    data_version = ""
    for done, case in enumerate(cases, start=1):
        result, answer = run_case(case, threads.ask, gold)
        results.append(result)
        data_version = answer.get("data_version") or data_version
        progress(done, len(cases))
    dialogues = whole_dialogues(suite, results)
    return Run(suite=suite.name, mind=mind, started_at=started_at, data_version=data_version, results=tuple(results), dialogues=dialogues)


def whole_dialogues(suite: Suite, results: Sequence[CaseResult]) -> WholeDialogues:
    """How many dialogues were asked to the end, and in how many every turn was right: over both splits, since one may lie in both."""
    outcomes = {result.id: result.outcome for result in results}
    turns: dict[str, list[str]] = {}
    for case in suite.cases:
        first, *_ = (*suite.ancestors(case), case)
        turns.setdefault(first.id, []).append(case.id)
    asked = [ids for ids in turns.values() if len(ids) > 1 and all(turn in outcomes for turn in ids)]
    return WholeDialogues(asked=len(asked), right=sum(all(outcomes[turn] is Outcome.RIGHT for turn in ids) for ids in asked))


def run_case(case: Case, ask: Callable[[Case], Mapping[str, Any]], gold: GoldRows) -> tuple[CaseResult, Mapping[str, Any]]:
    """One case: its result, and the answer it got (empty when asking crashed)."""
    answer: Mapping[str, Any] = {}
    gold_ms: float | None = None
    started = time.perf_counter()
    elapsed_ms = 0.0
    try:
        answer = ask(case)
        elapsed_ms = (time.perf_counter() - started) * 1000
        expected, gold_ms = _gold_rows(case, gold)
        scored = score(case, answer, expected)
    except Exception as error:
        # Boundary: whatever breaks inside one case must cost that case only.
        elapsed_ms = elapsed_ms or (time.perf_counter() - started) * 1000
        scored = Score(outcome=Outcome.FAILED, reason=f"{type(error).__name__}: {error}")
    result = CaseResult(
        id=case.id,
        level=case.level,
        split=case.split,
        tags=case.tags,
        outcome=scored.outcome,
        reason=scored.reason,
        question=case.question,
        status=str(answer.get("status") or ""),
        elapsed_ms=round(_reported_ms(answer, elapsed_ms), 2),
        sql_ms=_sql_ms(answer),
        gold_ms=round(gold_ms, 2) if gold_ms is not None else None,
    )
    return result, answer


def _gold_rows(case: Case, gold: GoldRows) -> tuple[Sequence[Rows], float | None]:
    """The rows of every gold query, and the milliseconds of the first."""
    rows: list[Rows] = []
    first_ms: float | None = None
    for statement in case.gold:
        started = time.perf_counter()
        rows.append(gold.rows(statement))
        first_ms = first_ms if first_ms is not None else (time.perf_counter() - started) * 1000
    return rows, first_ms


def _reported_ms(answer: Mapping[str, Any], measured_ms: float) -> float:
    """The answer's own time: a follow-up's measured one would hold the turns repeated before it."""
    reported = answer.get("elapsed_ms")
    return float(reported) if isinstance(reported, int | float) and reported > 0 else measured_ms


def _sql_ms(answer: Mapping[str, Any]) -> float | None:
    """What the SQL of a single-step answer took; None for several steps, which have no one gold query to compare with."""
    steps = answer.get("steps") or []
    if len(steps) != 1 or not isinstance(steps[0].get("elapsed_ms"), int | float):
        return None
    return float(steps[0]["elapsed_ms"])
