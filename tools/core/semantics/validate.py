"""Everything that can be wrong with a semantic model, each with file, line and a suggestion."""

from __future__ import annotations

from pathlib import Path

from tools.core.errors import ModelInvalid
from tools.core.semantics.catalog import Catalog
from tools.core.semantics.problems import Issues, Problem, locate
from tools.core.semantics.read import build_model, read_text


def validate_model(path: Path, catalog: Catalog | None = None) -> list[Problem]:
    """All problems of the document, in its order; with a catalog also whether the model fits that database."""
    return validate_text(path, read_text(path), catalog)


def validate_text(path: Path, text: str, catalog: Catalog | None) -> list[Problem]:
    issues = Issues()
    build_model(text, issues, catalog)
    return locate(text, path, issues.found) if issues.found else []


def require_valid(path: Path, text: str, catalog: Catalog | None) -> None:
    """Raises ModelInvalid with every error; warnings pass."""
    errors = [problem for problem in validate_text(path, text, catalog) if problem.severity == "error"]
    if errors:
        listing = "\n".join(str(problem) for problem in errors)
        raise ModelInvalid(f"The semantic model has {len(errors)} problem(s):\n{listing}", try_instead="Mend them and validate again.")
