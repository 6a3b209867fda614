"""Many questions in one go: JSON lines in, JSON lines out, in order, one process."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from assistant.pipeline import Assistant, past_turn
from assistant.turn import PastTurn, Question, Status
from tools.core.errors import SetupProblem


class BatchLine(BaseModel):
    """One line of the input."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    question: str
    follows: str | None = None
    """Id of an earlier line that this one is a follow-up to."""
    user: str | None = None


def read_batch(path: Path) -> Iterator[BatchLine]:
    """The lines of a batch file; SetupProblem naming the line that does not fit."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise SetupProblem(
            f"{path.name} cannot be read.", try_instead="Give a UTF-8 file of JSON lines.", code="batch_unreadable"
        ) from None
    seen: set[str] = set()
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            parsed = BatchLine.model_validate_json(line)
        except ValidationError as error:
            problem = error.errors(include_input=False)[0]
            raise _bad_line(path, number, f"{'.'.join(map(str, problem['loc'])) or 'line'}: {problem['msg']}") from None
        if parsed.follows is not None and parsed.follows not in seen:
            raise _bad_line(path, number, f"follows {parsed.follows!r}, which is no earlier id")
        seen.add(parsed.id)
        yield parsed


def _bad_line(path: Path, number: int, problem: str) -> SetupProblem:
    return SetupProblem(
        f"{path.name}:{number}: {problem}.",
        try_instead='Write each line as {"id": ..., "question": ..., "follows": optional id, "user": optional name}.',
        code="batch_invalid",
    )


def run_batch(
    assistant: Assistant, source: Path, target: Path, *, as_of: dt.date | None = None, progress: Callable[[str], None] = lambda _: None
) -> int:
    """Answer every line of `source` into `target`; the number answered.

    Each line stands alone unless it `follows` another; then it continues from that one's plan.
    """
    lines = list(read_batch(source))
    turns: dict[str, PastTurn] = {}
    with target.open("w", encoding="utf-8") as out:
        for done, line in enumerate(lines, start=1):
            previous = turns.get(line.follows) if line.follows else None
            answer = assistant.ask(Question(text=line.question, id=line.id, user=line.user, as_of=as_of), previous=previous)
            if answer.status in (Status.ANSWERED, Status.OFFERED, Status.NEEDS_CLARIFICATION):
                turns[line.id] = past_turn(answer)
            elif previous is not None:
                # A declined follow-up leaves the thread where it was.
                turns[line.id] = previous
            out.write(json.dumps({"id": line.id, "answer": answer.to_json()}, ensure_ascii=False) + "\n")
            out.flush()
            progress(f"{done} of {len(lines)}")
    return len(lines)
