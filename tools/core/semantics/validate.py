"""Everything that can be wrong with a semantic model, each with file, line and a suggestion."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from tools.core.errors import ModelInvalid
from tools.core.semantics.additions import ModelAddition
from tools.core.semantics.catalog import Catalog
from tools.core.semantics.problems import Issues, Problem, load_yaml, locate, repeated_keys
from tools.core.semantics.read import build_model, read_text


def validate_model(path: Path, catalog: Catalog | None = None) -> list[Problem]:
    """All problems of the document, in its order; with a catalog also whether the model fits that database.

    Raises:
        ModelInvalid: There is no such text file.
    """
    return validate_text(path, read_text(path), catalog)


def validate_text(path: Path, text: str, catalog: Catalog | None) -> list[Problem]:
    """As `validate_model`, for text at hand; `path` is shown in the messages."""
    # The checks need an SQL parser; reading a model that was validated before does not.
    from tools.core.semantics.checks import CHECKS, Subject

    issues = Issues()
    model = build_model(text, issues, catalog)
    try:
        issues.found.extend(repeated_keys(text))
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        issue = issues.found[0]
        return [Problem(path=path, line=mark.line + 1 if mark else 1, message=issue.message, suggestion=issue.suggestion)]
    if model is not None:
        subject = Subject(model=model, document=load_yaml(text), issues=issues, catalog=catalog)
        for check in CHECKS:
            check(subject)
    return locate(text, path, issues.found)


def require_valid(path: Path, text: str, catalog: Catalog | None) -> None:
    """Raises ModelInvalid with every error; warnings pass."""
    errors = [problem for problem in validate_text(path, text, catalog) if problem.severity == "error"]
    if errors:
        listing = "\n".join(str(problem) for problem in errors)
        count = "one problem" if len(errors) == 1 else f"{len(errors)} problems"
        raise ModelInvalid(f"The semantic model has {count}:\n{listing}", try_instead="Mend them and validate again.")


def require_valid_with(path: Path, catalog: Catalog, additions: Sequence[ModelAddition]) -> None:
    """Raises ModelInvalid when the document and what computed tables add to it do not fit together."""
    issues = Issues()
    build_model(read_text(path), issues, catalog, additions)
    errors = [issue for issue in issues.found if issue.severity == "error"]
    if errors:
        listing = "\n".join(f"- {issue.message}" + (f" ({issue.suggestion})" if issue.suggestion else "") for issue in errors)
        raise ModelInvalid(
            f"What was computed clashes with {path.name}:\n{listing}", try_instead="Rename the objects of the semantic model named here."
        )
