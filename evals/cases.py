"""What a case is, and how a suite of them is read: `evals/suites/<suite>/*.yaml`.

Each file is `{warehouse, cases: [...]}`. Everything that does not fit is reported at once, as "file:line: message".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

SUITES_FOLDER = Path(__file__).parent / "suites"

Level = Literal["easy", "medium", "hard", "unanswerable", "ambiguous", "dialogue", "probe"]
Split = Literal["dev", "test"]
Expect = Literal["declined", "needs_clarification", "offered"]
LEVELS: tuple[Level, ...] = get_args(Level)

DEFAULT_TOLERANCE = 1e-6


class SuiteInvalid(Exception):
    """A suite that cannot be read or does not fit its schema; the message lists every problem with file and line."""


class PlannedStep(BaseModel):
    """A tool call that a right plan holds: what is not named here is free."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tool: str = Field(min_length=1)
    arguments: dict[str, Any] = {}
    """A part of the call's arguments. A list must be matched as a whole, item by item in any order; an empty one is as good as none."""


class Case(BaseModel):
    """One question and what counts as right."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    """Stable for ever: it decides the split."""
    level: Level
    question: str = Field(min_length=1)
    """As a person says it."""
    gold: tuple[str, ...] = ()
    """SELECT statements; the rows of any one of them are right."""
    plan: tuple[PlannedStep, ...] = ()
    """For questions to tools whose figures are tested elsewhere: the calls that must have run. Beside `gold`, both must hold."""
    expect: Expect | None = None
    """The behaviour that is right. Without it, an answer with the gold rows."""
    follows: str | None = None
    """Id of an earlier case of the same file: asked in its thread, right after it."""
    ordered: bool = False
    """The rows must also come in the gold's order."""
    tolerance: float = Field(default=DEFAULT_TOLERANCE, ge=0, lt=0.1)
    """Relative difference between two numbers that still counts as equal."""
    tags: tuple[str, ...] = ()
    """The question's shape: filter, window, share, cohort ..."""
    voice: str = ""
    """Who speaks."""
    note: str = ""
    """Why the gold is what it is, where that can be doubted."""
    candidate: bool = False
    """Reported by a person and not yet judged: it may lack gold, and is never scored."""

    @property
    def split(self) -> Split:
        return split_of(self.id)

    @model_validator(mode="after")
    def _can_be_scored(self) -> Case:
        if not self.gold and not self.plan and self.expect is None and not self.candidate:
            raise ValueError("needs `gold` (SQL), `plan` (tool calls) or `expect` (a behaviour)")
        if (self.gold or self.plan) and self.expect == "declined":
            raise ValueError("expects a decline, so it can have no `gold` and no `plan`")
        for statement in self.gold:
            if not statement.lstrip().upper().startswith(("SELECT ", "WITH ")) or ";" in statement:
                raise ValueError(f"gold must be one SELECT without a semicolon: {statement[:60]!r}")
        return self


class SuiteFile(BaseModel):
    """One YAML file of a suite."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    warehouse: str = Field(min_length=1)
    """Name of the warehouse that the questions go to."""
    cases: tuple[Case, ...]


@dataclass(frozen=True, kw_only=True)
class Suite:
    """All cases of one suite, in the order of its files."""

    name: str
    warehouse: str
    cases: tuple[Case, ...]

    def case(self, case_id: str) -> Case:
        """The case of that id; KeyError when there is none."""
        for case in self.cases:
            if case.id == case_id:
                return case
        raise KeyError(case_id)

    def ancestors(self, case: Case) -> tuple[Case, ...]:
        """The turns before a follow-up, first turn first."""
        turns: list[Case] = []
        while case.follows is not None:
            case = self.case(case.follows)
            turns.append(case)
        return tuple(reversed(turns))


def split_of(case_id: str) -> Split:
    """The one rule of every suite: three tenths are scored and never read one by one."""
    digest = hashlib.sha256(case_id.encode("utf-8")).hexdigest()
    return "test" if int(digest, 16) % 10 < 3 else "dev"


def read_suite(name: str, *, folder: Path = SUITES_FOLDER) -> Suite:
    """The cases of `folder/name/*.yaml`.

    Raises:
        SuiteInvalid: No such suite, or files that do not fit; lists every problem.
    """
    paths = sorted((folder / name).glob("*.yaml"))
    if not paths:
        known = ", ".join(sorted(path.name for path in folder.glob("*") if path.is_dir())) or "none"
        raise SuiteInvalid(f"No suite {name!r}. Suites: {known}.")
    problems: list[str] = []
    files: list[SuiteFile] = []
    for path in paths:
        try:
            files.append(_read_file(path))
        except SuiteInvalid as error:
            problems.append(str(error))
    warehouses = sorted({file.warehouse for file in files})
    if len(warehouses) > 1:
        problems.append(f"{name}: its files name different warehouses: {', '.join(warehouses)}")
    problems.extend(_repeated_ids(files, name))
    if problems:
        raise SuiteInvalid("\n".join(problems))
    return Suite(name=name, warehouse=warehouses[0], cases=tuple(case for file in files for case in file.cases))


def _read_file(path: Path) -> SuiteFile:
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteInvalid(f"{path.name}: cannot be read: {error}") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SuiteInvalid(f"{path.name}:{line}: not YAML: {error.problem}") from None
    problems = [f"{path.name}:{line}: {key!r} is given twice" for line, key in _repeated_keys(root)]
    if problems:
        # YAML would silently keep the last one: a gold query lost.
        raise SuiteInvalid("\n".join(problems))
    try:
        file = SuiteFile.model_validate(yaml.safe_load(text))
    except ValidationError as error:
        found = [f"{path.name}:{_line_of(root, e['loc'])}: {_dotted(e['loc'])}{e['msg']}" for e in error.errors(include_url=False)]
        raise SuiteInvalid("\n".join(found)) from None
    dangling = list(_dangling_follows(file))
    if dangling:
        lines = [f"{path.name}:{_line_of(root, ('cases', index, 'follows'))}: {message}" for index, message in dangling]
        raise SuiteInvalid("\n".join(lines))
    return file


def _dangling_follows(file: SuiteFile) -> Iterator[tuple[int, str]]:
    seen: set[str] = set()
    for index, case in enumerate(file.cases):
        if case.follows is not None and case.follows not in seen:
            yield index, f"follows {case.follows!r}, which is no earlier case of this file"
        seen.add(case.id)


def _repeated_ids(files: Sequence[SuiteFile], name: str) -> Iterator[str]:
    seen: set[str] = set()
    for case in (case for file in files for case in file.cases):
        if case.id in seen:
            yield f"{name}: the id {case.id!r} is used twice"
        seen.add(case.id)


def _repeated_keys(node: Any) -> Iterator[tuple[int, str]]:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.start_mark.line + 1, key.value
            seen.add(key.value)
            yield from _repeated_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated_keys(item)


def _line_of(node: Any, location: Sequence[int | str]) -> int:
    """The line, from 1, of the innermost node on the way to `location`."""
    if node is None:
        return 1
    line = int(node.start_mark.line) + 1
    for part in location:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        elif isinstance(node, yaml.MappingNode):
            match = next(((key, value) for key, value in node.value if key.value == part), None)
            if match is None:
                return line
            line, node = match[0].start_mark.line + 1, match[1]
        else:
            return line
    return line


def _dotted(location: Sequence[int | str]) -> str:
    return ".".join(str(part) for part in location) + ": " if location else ""
