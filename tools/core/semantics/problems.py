"""Problems in a YAML document: collected by path, shown by file and line.

Reading must be quick and needs no lines; only when something is wrong is the text composed a second time, with marks.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import yaml

Where = tuple[str | int, ...]
"""Keys and list positions from the root of a document; after `JSON`, keys within a JSON string, or a line of it."""

JSON = "#json"
Severity = Literal["error", "warning"]
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing to mend in a semantic model or policy."""

    path: Path
    line: int
    """Counted from 1."""
    message: str
    suggestion: str = ""
    severity: Severity = "error"

    def __str__(self) -> str:
        tail = f" ({self.suggestion})" if self.suggestion else ""
        lead = "warning: " if self.severity == "warning" else ""
        return f"{self.path.name}:{self.line}: {lead}{self.message}{tail}"


@dataclass(frozen=True, kw_only=True)
class Issue:
    """A problem whose line is not known yet."""

    where: Where
    message: str
    suggestion: str = ""
    severity: Severity = "error"


@dataclass
class Issues:
    """Collects what is wrong while a document is read."""

    found: list[Issue] = field(default_factory=list)

    def error(self, where: Where, message: str, suggestion: str = "") -> None:
        self.found.append(Issue(where=where, message=message, suggestion=suggestion))

    def warning(self, where: Where, message: str, suggestion: str = "") -> None:
        self.found.append(Issue(where=where, message=message, suggestion=suggestion, severity="warning"))

    @property
    def has_errors(self) -> bool:
        return any(issue.severity == "error" for issue in self.found)


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """A hint for a misspelt name: "did you mean 'revenue'?", else the names there are, else nothing."""
    known = list(dict.fromkeys(candidates))
    by_lower = {candidate.lower(): candidate for candidate in known}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    if near:
        return f"did you mean '{by_lower[near[0]]}'?"
    # A right field name under a wrong dataset is a common slip that edit distance misses.
    same_end = [candidate for candidate in known if "." in name and candidate.rpartition(".")[2] == name.rpartition(".")[2]]
    if same_end:
        return f"did you mean '{same_end[0]}'?"
    return f"known: {', '.join(sorted(known)[:12])}{' ...' if len(known) > 12 else ''}" if known else ""


def load_yaml(text: str) -> object:
    """The document as plain Python values; raises yaml.YAMLError."""
    return yaml.load(text, Loader=_Loader)


def locate(text: str, path: Path, issues: Iterable[Issue]) -> list[Problem]:
    """The issues with their lines, in the order of the document, each once."""
    root = yaml.compose(text, Loader=_Loader)
    problems = {
        Problem(path=path, line=_line(root, issue.where, text), message=issue.message, suggestion=issue.suggestion, severity=issue.severity)
        for issue in issues
    }
    return sorted(problems, key=lambda problem: (problem.line, problem.message))


def repeated_keys(text: str) -> list[Issue]:
    """Keys that stand twice in one mapping: YAML would silently keep the last."""
    root = yaml.compose(text, Loader=_Loader)
    issues: list[Issue] = []

    def visit(node: yaml.Node | None, where: Where) -> None:
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in node.value:
                name = str(key.value)
                if name in seen:
                    again = f"key '{name}' stands again on line {key.start_mark.line + 1}"
                    issues.append(Issue(where=(*where, name), message=again, suggestion="keep one"))
                seen.add(name)
                visit(value, (*where, name))
        elif isinstance(node, yaml.SequenceNode):
            for position, item in enumerate(node.value):
                visit(item, (*where, position))

    visit(root, ())
    return issues


def _line(root: yaml.Node | None, where: Where, text: str) -> int:
    """Line of the deepest part of `where` that exists."""
    node, line = root, 1
    for depth, step in enumerate(where):
        if step == JSON and isinstance(node, yaml.ScalarNode):
            return _line_in_json(node, where[depth + 1 :], text)
        if isinstance(node, yaml.MappingNode):
            entry = next(((key, value) for key, value in node.value if str(key.value) == str(step)), None)
            if entry is None:
                return line
            line, node = entry[0].start_mark.line + 1, entry[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            return line
    return line


def _line_in_json(node: yaml.ScalarNode, keys: Where, text: str) -> int:
    """Line of the innermost key within a JSON string, found by its quoted text; positions in lists are skipped."""
    if keys and isinstance(keys[0], int):
        # A line of the text itself, counted from 1; the text of a block starts below its indicator.
        return node.start_mark.line + keys[0] + (1 if node.style in {"|", ">"} else 0)
    lines = text.splitlines()
    line, last = node.start_mark.line, min(node.end_mark.line + 1, len(lines))
    for key in keys:
        if isinstance(key, str):
            line = next((number for number in range(line, last) if f'"{key}"' in lines[number]), line)
    return line + 1
