"""Prompt files with strict variables: an unknown or a missing one is an error, and every text has a hash for traces."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tools.core.errors import SetupProblem

FOLDER = Path(__file__).resolve().parents[1] / "prompts"
_VARIABLE = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """One prompt, filled in."""

    name: str
    text: str
    hash: str
    """Of the file as it is, without the variables: names the version in a trace."""


def load_prompt(name: str, **variables: str) -> Prompt:
    """The prompt `prompts/<name>.md` with its variables.

    >>> load_prompt("tools/decline").name
    'tools/decline'

    Raises:
        SetupProblem: No such file, or the variables given are not exactly those that the file asks for.
    """
    source = _source(name)
    wanted = set(_VARIABLE.findall(source))
    if wanted != set(variables):
        missing, unknown = sorted(wanted - set(variables)), sorted(set(variables) - wanted)
        raise SetupProblem(
            f"The prompt {name} does not fit: missing {missing or 'nothing'}, unknown {unknown or 'nothing'}.",
            try_instead=f"Correct prompts/{name}.md.",
            code="prompt_invalid",
        )
    # One pass, so that a variable's text is never read as another variable.
    text = _VARIABLE.sub(lambda match: variables[match[1]], source)
    return Prompt(name=name, text=text, hash=hashlib.sha256(source.encode()).hexdigest()[:12])


def has_prompt(name: str) -> bool:
    """Whether there is such a file."""
    return (FOLDER / f"{name}.md").is_file()


@lru_cache(maxsize=64)
def _source(name: str) -> str:
    try:
        return (FOLDER / f"{name}.md").read_text(encoding="utf-8").strip()
    except OSError:
        raise SetupProblem(f"The prompt {name} is missing.", try_instead=f"Restore prompts/{name}.md.", code="prompt_missing") from None
