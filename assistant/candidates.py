"""Answers that people judged wrong, as candidate eval cases: a file that the evals can read, and a person must judge.

A candidate has the question, the reason given and the plan that ran, but no gold: whoever takes it up writes the SQL, moves it into a suite
and drops the mark. The evals read candidates and never score them.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml

from assistant.thumbs import Judged, Thumbs
from tools.core.errors import SetupProblem

FILE_NAME = "judged.yaml"


def write_candidates(thumbs: Thumbs, folder: Path, warehouse: str) -> Path:
    """Write every answer with a thumb down to `folder/WAREHOUSE/judged.yaml`, the newest first.

    Raises:
        SetupProblem: The file cannot be written.
    """
    path = folder / warehouse / FILE_NAME
    document = {"warehouse": warehouse, "cases": [_case(judged) for judged in thumbs.judged() if not judged.up]}
    draft = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120), encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise SetupProblem(
            f"Candidates for the evals cannot be written ({error.strerror}).",
            try_instead="Check that ASSISTANT_HOME can be written to, with free space.",
            code="home_unwritable",
        ) from None
    return path


def _case(judged: Judged) -> dict[str, object]:
    words = re.findall(r"[a-z0-9]+", judged.question.lower())[:6]
    return {
        "id": "-".join((*words, re.sub(r"[^a-z0-9]", "", judged.answer.lower()))),
        "level": "medium",
        "question": judged.question,
        "candidate": True,
        "voice": judged.surface,
        "note": f"Judged wrong ({judged.status}). Reason given: {judged.reason or 'none'}. Plan: {json.dumps(judged.plan)}",
    }
