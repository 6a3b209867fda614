"""Which mention belongs to which: a sentence cut into clauses, and what each figure or claim in a clause is about."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from assistant.explain.proof.mentions import Mention
from assistant.explain.proof.vocabulary import BOUNDARY, COMPARATIVE, OBJECT_WORDS, Cue

_LINKS = re.compile(r"[\s,]*(?:and|or|&)?[\s,]*(?:the\s+)?", re.I)
_PREPOSITIONS = re.compile(r"\s*(?:(?:in|for|of|by|at|on|among|across|during|within|came|each|the|from|going|went|to|per)\s*)*", re.I)
Wanted = Callable[[Mention], bool]


@dataclass(kw_only=True)
class Clause:
    """A stretch of a sentence with one statement, and the word that opened it."""

    start: int
    end: int
    intro: str
    """ "" for the first, else the boundary in lower case: ",", "from", "than", "(" ..."""
    mentions: list[Mention] = field(default_factory=list)
    """Entities, periods, metrics and figures."""
    cues: list[Mention] = field(default_factory=list)

    @property
    def is_object(self) -> bool:
        """Whether it names what something is compared with."""
        return self.intro in OBJECT_WORDS or self.intro == "level"

    @property
    def figures(self) -> list[Mention]:
        return [m for m in self.mentions if m.kind == "figure"]

    @property
    def subjects(self) -> list[Mention]:
        return [m for m in self.mentions if m.kind in ("entity", "period")]


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """A sentence, its mentions and clauses."""

    text: str
    mentions: tuple[Mention, ...]
    clauses: tuple[Clause, ...]
    carried: tuple[Mention, ...] = ()
    """What the sentence before was about, when this one starts with "it" or "that"."""

    def has(self, *cues: Cue) -> bool:
        return any(m.cue in cues for m in self.mentions)

    def clause_of(self, mention: Mention) -> int:
        return next(i for i, c in enumerate(self.clauses) if mention in c.mentions or mention in c.cues)

    def bound(self, index: int, wanted: Wanted, *, at: int | None = None) -> tuple[Mention, ...]:
        """What the clause `index` is about, among the wanted: its own, else an earlier clause's, else a later one's.

        Args:
            at: Position of the figure or claim, to choose between several in one clause.
        """
        partner = self._respective(wanted, at)
        if partner is not None:
            return (partner,)
        own = self._groups(index, wanted)
        if own:
            return own[0] if len(own) == 1 else self._nearest(own, at if at is not None else self.clauses[index].start)
        clause = self.clauses[index]
        if clause.intro == "(" and index > 0:
            before = self._groups(index - 1, wanted)
            if before:
                return before[-1]
        for earlier in range(index - 1, -1, -1):
            groups = self._groups(earlier, wanted)
            if groups and not self.clauses[earlier].is_object:
                return groups[0]
        carried = tuple(m for m in self.carried if wanted(m))
        if carried:
            return carried
        for later in range(index + 1, len(self.clauses)):
            groups = self._groups(later, wanted)
            if groups and not self.clauses[later].is_object:
                return groups[0]
        return ()

    def own(self, index: int, wanted: Wanted, *, at: int | None = None) -> tuple[Mention, ...]:
        """What the clause itself names among the wanted."""
        partner = self._respective(wanted, at)
        if partner is not None:
            return (partner,)
        groups = self._groups(index, wanted)
        return () if not groups else groups[0] if len(groups) == 1 else self._nearest(groups, at if at is not None else 0)

    def _respective(self, wanted: Wanted, at: int | None) -> Mention | None:
        """ "A and B had 5 and 7 respectively": the name at the same place in its list as the figure at `at` in its own."""
        if at is None or not self.has(Cue.RESPECTIVELY):
            return None
        figures = [m for m in self.mentions if m.kind == "figure"]
        names = [m for m in self.mentions if wanted(m)]
        place = next((i for i, m in enumerate(figures) if m.start == at), None)
        return names[place] if place is not None and len(names) == len(figures) > 1 else None

    def _groups(self, index: int, wanted: Wanted) -> list[tuple[Mention, ...]]:
        """Mentions of one clause, those joined by "and" or a comma together."""
        groups: list[list[Mention]] = []
        for mention in (m for m in self.clauses[index].mentions if wanted(m)):
            if groups and _LINKS.fullmatch(self.text[groups[-1][-1].end : mention.start]) and mention.shares_slot(groups[-1][-1]):
                groups[-1].append(mention)
            else:
                groups.append([mention])
        return [tuple(group) for group in groups]

    def _nearest(self, groups: list[tuple[Mention, ...]], at: int) -> tuple[Mention, ...]:
        after = [g for g in groups if g[0].start >= at]
        before = [g for g in groups if g[0].start < at]
        if after and before:
            figure_end = next((m.end for m in self.mentions if m.start == at), at)
            return after[0] if _PREPOSITIONS.fullmatch(self.text[figure_end : after[0][0].start]) else before[-1]
        return before[-1] if before else after[0]


def read_clauses(text: str, mentions: Sequence[Mention], carried: tuple[Mention, ...] = ()) -> Sentence:
    """Cut a sentence at its boundaries, and hand each mention to its clause."""
    cuts = _cuts(text, mentions)
    clauses = [
        Clause(start=start, end=end, intro=intro)
        for (start, intro), end in zip([(0, ""), *cuts], [*(position for position, _ in cuts), len(text)], strict=True)
    ]
    for mention in mentions:
        clause = next(c for c in reversed(clauses) if c.start <= mention.start)
        (clause.cues if mention.kind == "cue" else clause.mentions).append(mention)
    return Sentence(text=text, mentions=tuple(mentions), clauses=tuple(_merge(clauses)), carried=carried)


def _cuts(text: str, mentions: Sequence[Mention]) -> list[tuple[int, str]]:
    things = [m for m in mentions if m.kind != "cue"]
    masked = _masked(text, things)
    cuts = []
    for match in BOUNDARY.finditer(masked):
        said = " ".join(match[0].lower().split())
        if said in (",", "and") and _joins(text, match.start(), match.end(), things):
            continue
        if said in ("than", "from", "over") and _belongs_to_figure(text, match.end(), things):
            continue
        cuts.append((match.start(), said))
    levels = (m for m in mentions if m.cue is Cue.LEVEL and not COMPARATIVE.fullmatch(text[m.start : m.end]))
    return sorted([*cuts, *((m.end - 1, "level") for m in levels)])


def _masked(text: str, things: Sequence[Mention]) -> str:
    letters = list(text)
    for mention in things:
        letters[mention.start : mention.end] = "\x00" * (mention.end - mention.start)
    return "".join(letters)


def _joins(text: str, start: int, end: int, things: Sequence[Mention]) -> bool:
    """Whether a comma or "and" only lists names of one kind: "GROCERY, DRUG and MEAT"."""
    before = max((m for m in things if m.end <= start), key=lambda m: m.end, default=None)
    after = min((m for m in things if m.start >= end), key=lambda m: m.start, default=None)
    if before is None or after is None or before.kind != after.kind or before.kind not in ("entity", "period", "metric"):
        return False
    if before.kind == "entity" and not before.shares_slot(after):
        return False
    return bool(_LINKS.fullmatch(text[before.end : after.start]))


def _belongs_to_figure(text: str, position: int, things: Sequence[Mention]) -> bool:
    """ "more than 1,200": the word is part of the figure."""
    for mention in things:
        if mention.figure is not None and mention.figure.hedge in ("over", "under") and mention.start >= position:
            return not text[position : mention.start].strip()
    return False


def _merge(clauses: list[Clause]) -> list[Clause]:
    """Joins a name set behind its figure to the figure's clause: "$12 (March)", "$10 came from GROCERY"."""
    merged: list[Clause] = []
    for clause in clauses:
        last = merged[-1] if merged else None
        behind = clause.intro in ("(", "from", "to") and clause.subjects and not clause.figures
        if last is not None and behind and last.figures and not _same_slot(last, clause):
            last.mentions += clause.mentions
            last.cues += clause.cues
            last.end = clause.end
        else:
            merged.append(clause)
    return merged


def _same_slot(one: Clause, other: Clause) -> bool:
    return any(a.shares_slot(b) for a in one.subjects for b in other.subjects)
