"""Where the reading of a question about rows stands, and what all of its rules ask."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.inflection import singular
from assistant.minds.embedded.lexicon import Kind, Sense
from assistant.minds.embedded.records.asked import Asked, Function, Test
from assistant.minds.embedded.wordlists import word_set, words_by_role
from tools.core.semantics.model import Datatype

_OPENING = word_set(
    "show list find give return tell get retrieve report display name identify provide what which who please me us the is are was were do "
    "does did select output print enumerate state you can could sort order"
)


EMPTY = words_by_role("rows")["empty"]


NUMBER = (Datatype.INTEGER, Datatype.DECIMAL, Datatype.FLOAT)


HIGH = word_set("highest largest greatest biggest most maximum max top")


LOW = word_set("lowest smallest least fewest minimum min")


FUNCTIONS: dict[str, Function] = {
    **dict.fromkeys(("average", "mean", "avg"), "AVG"),
    **dict.fromkeys(("maximum", "max", "highest", "largest", "greatest"), "MAX"),
    **dict.fromkeys(("minimum", "min", "lowest", "smallest"), "MIN"),
    **dict.fromkeys(("total", "sum"), "SUM"),
}


_SIMPLE = re.compile(r"\s*(AVG|MIN|MAX|SUM)\s*\(\s*(\w+\.\w+)\s*\)\s*$", re.I)


@dataclass(kw_only=True)
class Scan:
    """Where the reading stands."""

    draft: Draft
    asked: Asked = field(default_factory=Asked)
    head: bool = True
    """What is asked for is still being named; conditions have not begun."""
    context: list[str] = field(default_factory=list)
    """Datasets spoken of, the nearest last."""
    nouns_as_fields: bool = False
    further: bool = False
    """In a sentence after the first: "... List the id and the number." """

    def word(self, at: int) -> str:
        return self.draft.items[at].text if 0 <= at < len(self.draft.items) else ""

    def skip(self, at: int, words: frozenset[str]) -> int:
        while at < len(self.draft.items) and self.word(at) in words and not self.content(at):
            at += 1
        return at

    def opening(self, at: int) -> int:
        """Index after the words of asking; "name" asks only where it comes first, and is a field elsewhere."""
        first = at
        while at < len(self.draft.items) and self.word(at) in _OPENING:
            item = self.draft.items[at]
            if item.has(Kind.FIELD, Kind.VALUE, Kind.DATASET, Kind.METRIC) and (at > first or self.word(at + 1) in ("of", "and", ",")):
                break
            at += 1
        return at

    def content(self, at: int) -> bool:
        """Whether the item is a field or a stored value, whatever its word."""
        return 0 <= at < len(self.draft.items) and self.draft.items[at].has(Kind.VALUE)

    def senses(self, at: int, *kinds: Kind) -> tuple[Sense, ...]:
        item = self.draft.items[at] if 0 <= at < len(self.draft.items) else None
        return item.mention.of(*kinds) if item is not None and item.mention is not None else ()

    def fields(self, at: int) -> tuple[str, ...]:
        """Fields that the item may name, those that need their dataset beside them included."""
        return tuple(dict.fromkeys(s.target for s in self.senses(at, Kind.FIELD))) or self._by_last_word(at)

    def _by_last_word(self, at: int) -> tuple[str, ...]:
        """ "ids", "duration": the end of the names of fields, as people say it when the thing is named elsewhere."""
        item = self.draft.items[at] if 0 <= at < len(self.draft.items) else None
        if item is None or item.mention is not None or item.number is not None or item.time is not None:
            return ()
        ends = self.draft.world.lexicon.ends
        return ends.get(singular(item.text)) or ends.get(item.text.removesuffix("s"), ())

    def dataset(self, at: int) -> str | None:
        if self.nouns_as_fields and self.fields(at):
            return None
        return self.draft.dataset_at(at) if 0 <= at < len(self.draft.items) else None

    def speak(self, dataset: str) -> None:
        self.context.append(dataset)
        if dataset not in self.asked.spoken_of:
            self.asked.spoken_of.append(dataset)

    def add_test(self, test: Test) -> None:
        open_related = [r for r in self.asked.related if not r.closed]
        (open_related[-1].tests if open_related else self.asked.tests).append(test)

    def open_sentence(self, at: int) -> bool:
        return self.draft.tokens[self.draft.items[at].start].opens


Rule = Callable[[Scan, int], int]
"""Index after what the rule understood at an index; the same index when it is nothing of its own."""


def known_aggregate(scan: Scan, at: int) -> tuple[Function, str] | None:
    """The function and field of a figure of the model that aggregates one field."""
    for sense in scan.senses(at, Kind.METRIC):
        simple = _SIMPLE.match(scan.draft.metric(sense.target).expression)
        if simple and scan.word(at).split()[0] in FUNCTIONS and not (scan.fields(at) or scan.dataset(at)):
            return simple[1].upper(), simple[2]  # type: ignore[return-value]
    return None


def whose(scan: Scan, at: int) -> tuple[str | None, int]:
    """The dataset of "of all captains" right after a noun, and the index after it."""
    if scan.word(at) not in ("of", "for", "from", "in", "that"):
        return None, at
    noun = scan.skip(at + 1, word_set("the all a an each every different distinct any our those these of"))
    return (scan.dataset(noun), noun + 1) if scan.dataset(noun) else (None, at)


def year_fields(draft: Draft) -> tuple[str, ...]:
    """Numbers that are years."""
    return tuple(f.id for f in draft.model.fields() if f.is_dimension and f.datatype in NUMBER and "year" in f.label.split())


def names_verb(draft: Draft, field_id: str, verb: str) -> bool:
    """Whether a participle is part of a field's name: "built" of "built year", "opened" of "opening year"."""
    field = draft.model.field(field_id)
    words = {w for phrase in (field.label, *field.language.synonyms) for w in phrase.split()}
    return len(verb) >= 4 and any(len(w) >= 4 and w[:4] == verb[:4] for w in words)


def year_of(scan: Scan, at: int) -> tuple[tuple[str, ...], int] | None:
    """Fields that the word "year" may mean, and the index after what says which."""
    years = year_fields(scan.draft)
    end = scan.skip(at + 1, word_set("in which that when they it he she the a was were is are has have been"))
    plain = end < len(scan.draft.items) and scan.draft.items[end].mention is None
    told = tuple(f for f in years if plain and names_verb(scan.draft, f, scan.word(end)))
    return (told or years, end + 1 if told else at + 1) if years else None
