"""The corpus of authored phrasings: how people really ask, one file per voice in `data/phrasings/` (see the README there).

A line is `number<TAB>shape<TAB>trade<TAB>marked text`; marks such as `[metric:takings]` or `[number.limit:five]` name the parts that a
learner masks and swaps to carry a phrasing over to another warehouse.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

PLAN_SHAPES = (
    "single", "by_dimension", "cross_tab", "trend", "average_per_period", "moving_average", "top", "bottom", "superlative", "top_per_group",
    "share_of_total", "share_within", "share_part", "compare_values", "compare_windows", "previous_period", "year_on_year", "growth",
    "growth_ranking", "running_total", "existence", "absence", "only", "but_not", "at_least_times", "metric_threshold", "entity_threshold",
    "per_entity", "percentile", "distribution", "concentration", "cohort", "repeat_rate", "new_returning", "pairs", "listing",
    "several_metrics", "band", "exclusion", "either",
)  # fmt: skip
"""Shapes of a MetricQuery, the feature that is hardest to miss naming the shape: "top five stores by growth" is growth_ranking."""
INTENT_SHAPES = (
    "churn", "lifetime_value", "explain_change", "feedback", "next_best_action", "attribution", "recommendations", "profile",
)  # fmt: skip
"""Questions for a tool other than the metric query."""
TALK_SHAPES = ("help", "follow_up", "unanswerable", "not_a_question")
"""Questions about the assistant and its words, fragments that edit the question before, and what no warehouse answers."""
SHAPES = PLAN_SHAPES + INTENT_SHAPES + TALK_SHAPES

ROLES: dict[str, tuple[str, ...]] = {
    "metric": ("measure", "condition"),
    "dimension": ("group", "within", "grain"),
    "value": ("filter", "other", "excluded"),
    "number": ("threshold", "limit", "times", "percentile", "width"),
    "window": ("within", "baseline"),
    "entity": ("subject", "container"),
    "fact": ("event", "absent"),
    "comparator": ("threshold", "direction"),
}
"""Roles by slot type; the first one is meant by a mark without a role."""

_FOLDER = ("data", "phrasings")
_MARK = re.compile(r"\[([a-z]+)(?:\.([a-z]+))?:([^\[\]]+)\]")


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A part of a phrasing that changes from warehouse to warehouse."""

    type: str
    """A key of `ROLES`."""
    role: str
    """One of `ROLES[type]`."""
    start: int
    """First character in the text."""
    end: int
    """One past the last character."""


@dataclass(frozen=True, kw_only=True)
class Phrasing:
    """One question as somebody would say it."""

    id: str
    """`<voice>-0001`, stable for ever."""
    voice: str
    """Name of its file: hold out whole voices to measure how a learner does on an unheard one."""
    shape: str
    """One of `SHAPES`."""
    trade: str
    """`retail`, or another line of business."""
    text: str
    """Without marks."""
    slots: tuple[Slot, ...]
    """In order, never overlapping."""


class PhrasingsInvalid(ValueError):
    """A line of the corpus that does not fit its format: file, line, problem."""


def parse_marked(marked: str) -> tuple[str, tuple[Slot, ...]]:
    """The plain text and the slots of a text such as "[metric:sales] in [window:May]".

    Raises:
        PhrasingsInvalid: A mark of an unknown type or role, or brackets that do not close.
    """
    text, slots, read_to = "", [], 0
    for mark in _MARK.finditer(marked):
        slot_type, role, words = mark.groups()
        roles = ROLES.get(slot_type, ())
        if not roles or (role is not None and role not in roles):
            raise PhrasingsInvalid(f"unknown slot {mark[0]!r}; types and roles are {ROLES}")
        text += marked[read_to : mark.start()]
        slots.append(Slot(type=slot_type, role=role or roles[0], start=len(text), end=len(text) + len(words)))
        text += words
        read_to = mark.end()
    text += marked[read_to:]
    if "[" in text or "]" in text:
        raise PhrasingsInvalid(f"a bracket outside a well-formed mark in {marked!r}")
    return text, tuple(slots)


def parse_line(line: str, *, voice: str) -> Phrasing:
    """One line of the file of `voice`.

    Raises:
        PhrasingsInvalid: Not four fields, an unknown shape, or a mark that does not parse.
    """
    fields = line.split("\t")
    if len(fields) != 4:
        raise PhrasingsInvalid(f"expected number, shape, trade and text between tabs, got {len(fields)} fields")
    number, shape, trade, marked = fields
    if shape not in SHAPES:
        raise PhrasingsInvalid(f"unknown shape {shape!r}")
    text, slots = parse_marked(marked)
    return Phrasing(id=f"{voice}-{number}", voice=voice, shape=shape, trade=trade, text=text, slots=slots)


@cache
def load_phrasings() -> tuple[Phrasing, ...]:
    """The whole corpus, by voice and number.

    Raises:
        PhrasingsInvalid: The first line that does not fit, as "file:line: problem".
    """
    folder = files(__package__).joinpath(*_FOLDER)
    phrasings = []
    for file in sorted((f for f in folder.iterdir() if f.name.endswith(".tsv")), key=lambda f: f.name):
        for line_number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                phrasings.append(parse_line(line, voice=file.name.removesuffix(".tsv")))
            except PhrasingsInvalid as problem:
                raise PhrasingsInvalid(f"{file.name}:{line_number}: {problem}") from problem
    return tuple(phrasings)
