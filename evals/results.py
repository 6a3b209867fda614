"""What a run leaves behind, as JSON: one row per case, without saying which one in the test split."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from evals.cases import Level, Split
from evals.scorers import Outcome


class ResultsInvalid(Exception):
    """A results file that cannot be read; the message says why."""


class CaseResult(BaseModel):
    """What became of one case."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str | None
    """None in a saved test split: it is scored and never read one by one."""
    level: Level
    split: Split
    tags: tuple[str, ...]
    outcome: Outcome
    reason: str = ""
    question: str = ""
    status: str = ""
    """The answer's own status."""
    elapsed_ms: float
    """From question to answer, as the asker waits for it."""
    sql_ms: float | None = None
    """What the assistant's own SQL took."""
    gold_ms: float | None = None
    """What the first gold query took."""


class WholeDialogues(BaseModel):
    """Dialogues of several turns, counted as one each."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    asked: int = 0
    right: int = 0
    """Those whose turns were all right."""


class Run(BaseModel):
    """All results of one run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    suite: str
    mind: str
    started_at: dt.datetime
    data_version: str = ""
    results: tuple[CaseResult, ...]
    dialogues: WholeDialogues = WholeDialogues()

    def of(self, *, split: Split | None = None, level: Level | None = None) -> tuple[CaseResult, ...]:
        """The results of one split, one level, or both."""
        return tuple(r for r in self.results if split in (None, r.split) and level in (None, r.level))


def anonymous(results: Sequence[CaseResult]) -> tuple[CaseResult, ...]:
    """The same results, those of the test split without what tells which case they are, and not in the order asked."""
    dev = [result for result in results if result.split == "dev"]
    test = [r.model_copy(update={"id": None, "reason": "", "question": "", "status": ""}) for r in results if r.split == "test"]
    return (*dev, *sorted(test, key=lambda r: (r.level, r.outcome, r.tags, r.elapsed_ms)))


def save(run: Run, path: Path) -> None:
    """Write a run, its test split anonymous."""
    kept = run.model_copy(update={"results": anonymous(run.results)})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(kept.model_dump_json(indent=1, exclude_defaults=True) + "\n", encoding="utf-8")


def load(path: Path) -> Run:
    """Read a run that was saved; ResultsInvalid when the file is missing or does not fit."""
    try:
        return Run.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ResultsInvalid(f"{path} cannot be read: {error}") from None
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, problem["loc"])) or "file"
        raise ResultsInvalid(f"{path} holds no run of the evals: {where}: {problem['msg']}") from None
