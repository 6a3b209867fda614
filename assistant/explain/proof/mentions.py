"""What a sentence mentions, in order: entities, periods, metrics, figures, and the words that claim something."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from assistant.explain.proof.figures import Figure, read_figures
from assistant.explain.proof.periods import Period, read_periods
from assistant.explain.proof.vocabulary import FUNCTION_WORDS, ORDINARY_STARTS, PATTERNS, Cue, cue_value
from assistant.explain.proof.worlds import Place, World, entity_key, same_days, stem, surfaces, words, years_of

Kind = Literal["entity", "period", "metric", "figure", "cue"]
_PERIOD_UNIT = re.compile(r"\s*(?:full\s+|complete\s+)?(?:days?|weeks?|months?|quarters?|years?)\b", re.I)
_GIVEN_BEFORE = frozenset({"than", "top", "first", "last", "least", "most", "over", "under", "between", "and", "above", "below", "bottom"})


@dataclass(frozen=True, kw_only=True)
class Mention:
    """One thing that a sentence mentions, and where in the findings it lives."""

    start: int
    end: int
    kind: Kind
    key: str = ""
    """Entities: the lower-case name."""
    places: frozenset[Place] = frozenset()
    scopes: frozenset[tuple[int, str]] = frozenset()
    """Periods: (world, "window" | "comparison") whose days it names."""
    metrics: frozenset[str] = frozenset()
    figure: Figure | None = None
    period: Period | None = None
    cue: Cue | None = None
    value: int = 0

    def in_world(self, world: World) -> bool:
        return any(place.world == world.index for place in self.places) or any(w == world.index for w, _ in self.scopes)

    def shares_slot(self, other: Mention) -> bool:
        """Whether both could stand for the same part of a row."""
        if self.kind == "period" and other.kind == "period":
            # The window of a whole series leaves room for one of its rows.
            return bool(self.places) == bool(other.places)
        return bool(self.places & other.places)


@dataclass
class Lexicon:
    """Names of entities and metrics of a set of worlds, for one pass of longest match. Built once per answer."""

    worlds: Sequence[World]
    entities: dict[str, set[Place]] = field(default_factory=lambda: defaultdict(set))
    written: dict[str, str] = field(default_factory=dict)
    """Surface -> as stored, for names that are also ordinary words."""
    numeric: dict[str, set[Place]] = field(default_factory=lambda: defaultdict(set))
    metrics: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    longest: int = 0

    def __post_init__(self) -> None:
        for world in self.worlds:
            self._add_entities(world)
            self._add_metrics(world)
        self.longest = max((len(s) for s in (*self.entities, *self.metrics)), default=0)
        self.years = years_of(self.worlds)

    def _add_entities(self, world: World) -> None:
        for index in world.dimensions:
            column = world.table.columns[index]
            if index == world.time:
                continue
            for row in world.table.rows:
                key = entity_key(row[index], column)
                target = self.numeric if re.fullmatch(r"\d+(\.\d+)?", key) else self.entities
                for surface in surfaces(key, column):
                    target[surface].add(Place(world.index, index))
                    self.written[surface] = str(row[index])

    def _add_metrics(self, world: World) -> None:
        for index in world.measures:
            column = world.table.columns[index]
            if column.role not in ("metric", "count"):
                continue
            name = column.metric or column.name
            phrases = {column.label, column.name.replace("_", " "), *world.synonyms.get(name, ())}
            for phrase in phrases:
                for form in _numbers_of(phrase.lower().strip()):
                    self.metrics[form].add(name)

    @property
    def as_of(self) -> dt.date | None:
        days = [w.finding.as_of or w.finding.reading.as_of for w in self.worlds]
        return next((day for day in days if day), None)


def _numbers_of(phrase: str) -> set[str]:
    """The phrase with its last word in both numbers."""
    if not phrase:
        return set()
    head, _, last = phrase.rpartition(" ")
    forms = {last, stem(last), f"{stem(last)}s"}
    return {f"{head} {form}".strip() for form in forms}


def read_mentions(text: str, lexicon: Lexicon) -> list[Mention]:
    """Every mention in `text`, in order, none overlapping."""
    found: list[Mention] = list(_names(text, lexicon))
    rest = _blank(text, found)
    found += _cues(rest, text, only={Cue.RANK, Cue.GROUP})
    rest = _blank(text, found)
    found += _periods(rest, lexicon)
    rest = _blank(text, found)
    found += _figures(rest, text, lexicon)
    rest = _blank(text, found)
    cues = _cues(rest, text, only=set(Cue) - {Cue.RANK, Cue.GROUP})
    found += [_as_level(cue, found, text) for cue in cues if not _is_hedge(cue, found, text)]
    return sorted(found, key=lambda m: m.start)


def _blank(text: str, found: Sequence[Mention]) -> str:
    """The text with every mention overwritten, so that nothing is read twice; same length."""
    letters = list(text)
    for mention in found:
        letters[mention.start : mention.end] = "\x00" * (mention.end - mention.start)
    return "".join(letters)


def _names(text: str, lexicon: Lexicon) -> list[Mention]:
    lower = text.lower()
    starts = [m.start() for m in re.finditer(r"(?<!\w)\S", lower)]
    ends = [m.end() for m in re.finditer(r"\S(?!\w)", lower)]
    found: list[Mention] = []
    position = 0
    for start in starts:
        if start < position:
            continue
        reachable = [e for e in ends if start < e <= start + lexicon.longest]
        for end in reversed(reachable):
            mention = _name_at(text, lower[start:end], start, end, lexicon)
            if mention is not None:
                found.append(mention)
                position = end
                break
    return found


def _name_at(text: str, surface: str, start: int, end: int, lexicon: Lexicon) -> Mention | None:
    if surface in lexicon.entities and _is_really_the_name(text, surface, start, end, lexicon):
        places = frozenset(lexicon.entities[surface])
        return Mention(start=start, end=end, kind="entity", key=_key(surface, places, lexicon), places=places)
    if surface in lexicon.metrics:
        return Mention(start=start, end=end, kind="metric", metrics=frozenset(lexicon.metrics[surface]))
    return None


def _key(surface: str, places: frozenset[Place], lexicon: Lexicon) -> str:
    """The stored name behind a way of writing it ("2 pm" -> "14:00")."""
    place = next(iter(places))
    column = lexicon.worlds[place.world].table.columns[place.column]
    for row in lexicon.worlds[place.world].table.rows:
        key = entity_key(row[place.column], column)
        if surface in surfaces(key, column):
            return key
    return surface


def _is_really_the_name(text: str, surface: str, start: int, end: int, lexicon: Lexicon) -> bool:
    """Names that are also ordinary words ("Other", "All") count only as they are stored, and not as the first word."""
    if re.match(r"\s+(?:19|20)\d\d\b", text[end:]) and surface.isalpha() and len(surface) >= 3 and _is_month(surface):
        return False
    if surface not in ORDINARY_STARTS and surface not in FUNCTION_WORDS and len(surface) > 1:
        return True
    written = lexicon.written.get(surface, "")
    return text[start:end] == written and (start > 0 or (written.isupper() and len(written) > 1))


def _is_month(surface: str) -> bool:
    return bool(read_periods(surface.capitalize(), years=[2000], as_of=None))


def _periods(rest: str, lexicon: Lexicon) -> list[Mention]:
    found = []
    for period in read_periods(rest, years=lexicon.years, as_of=lexicon.as_of):
        places, scopes = set(), set()
        written = rest[period.start : period.end].lower().removeprefix("the ")
        for world in lexicon.worlds:
            here = _scopes(world, period, written)
            is_whole_series = "window" in here and len(world.by_time) > 1
            if world.time is not None and not is_whole_series and _rows_touch(world, period):
                places.add(Place(world.index, world.time))
            scopes |= {(world.index, name) for name in here}
        mention = Mention(
            start=period.start, end=period.end, kind="period", period=period, places=frozenset(places), scopes=frozenset(scopes)
        )
        if period.is_relative and not places and not scopes and _may_be_the_one_before(written, lexicon):
            mention = replace(mention, kind="cue", cue=Cue.PREVIOUS, period=None)
        found.append(mention)
    return found


def _may_be_the_one_before(written: str, lexicon: Lexicon) -> bool:
    """ "the previous month" beside a period that is named; "last month" only where there is something to compare with."""
    if written.startswith(("previous", "prior", "preceding")):
        return True
    has_before = any(w.finding.reading.comparison is not None for w in lexicon.worlds)
    return written.startswith("last") and has_before


def _rows_touch(world: World, period: Period) -> bool:
    if period.is_range:
        return any(_has_row(world, first) and _has_row(world, last) for first, last in period.ends)
    return any(_has_row(world, span) for span in period.spans)


def _has_row(world: World, span: object) -> bool:
    return any(row_span is not None and same_days(row_span, span) for row_span in map(world.span, world.by_time))  # type: ignore[arg-type]


def _scopes(world: World, period: Period, written: str) -> set[str]:
    reading = world.finding.reading
    scopes = set()
    for name, span in (("window", reading.window), ("comparison", reading.comparison)):
        if span is not None and any(same_days(span, candidate) for candidate in period.spans):
            scopes.add(name)
    days = {day for day in (reading.as_of, world.finding.as_of) if day}
    if any(span.start == span.end and span.start in days for span in period.spans):
        scopes.add("as_of")
    if not scopes and period.is_relative and re.search(rf"\b{re.escape(written)}\b", world.scope_text):
        scopes.add("window")
    return scopes


def _figures(rest: str, text: str, lexicon: Lexicon) -> list[Mention]:
    found: list[Mention] = []
    for figure in read_figures(rest):
        if _is_given(figure, text, lexicon):
            continue
        places = _numeric_places(figure, text, found, lexicon)
        if places:
            found.append(Mention(start=figure.start, end=figure.end, kind="entity", key=figure.text.replace(",", ""), places=places))
        else:
            found.append(Mention(start=figure.start, end=figure.end, kind="figure", figure=figure))
    return found


def _is_given(figure: Figure, text: str, lexicon: Lexicon) -> bool:
    """Whether the figure only repeats the reading: "customers with more than 3 visits"."""
    before, after = words_before(text, figure.start), words_after(text, figure.end)
    phrases = []
    if before and before[-1] in _GIVEN_BEFORE:
        phrases.append(rf"{before[-1]}\s+{re.escape(figure.text.lower())}")
    if after and after[0] not in FUNCTION_WORDS:
        phrases.append(rf"{re.escape(figure.text.lower())}\s+{re.escape(after[0])}")
    return any(re.search(rf"(?<![\w.,]){phrase}(?![\w%])", world.scope_text) for phrase in phrases for world in lexicon.worlds)


def words_before(text: str, position: int) -> list[str]:
    return [w.lower() for w in re.findall(r"[^\W\d_]+", text[max(0, position - 40) : position])]


def words_after(text: str, position: int) -> list[str]:
    """The words that follow directly, up to the next mark or digit."""
    match = re.match(r"[\s-]*((?:[^\W\d_]+(?:['’-][^\W\d_]+)*\s*){0,5})", text[position:])
    return [w.lower() for w in match[1].split()] if match else []


def _numeric_places(figure: Figure, text: str, found: Sequence[Mention], lexicon: Lexicon) -> frozenset[Place]:
    """Places of a number that names something: "store 367", "campaigns 18 and 13"."""
    if figure.kind != "plain" or figure.hedge or figure.text not in lexicon.numeric:
        return frozenset()
    before = words_before(text, figure.start)
    label = {
        place
        for place in lexicon.numeric[figure.text]
        if before
        and stem(before[-1]) in {stem(w) for w in words(_label(place, lexicon))}
        and not re.search(r"\d\s*\w*\s*$", text[: figure.start])
    }
    if label:
        return frozenset(label)
    last = found[-1] if found else None
    if last is not None and last.kind == "entity" and re.fullmatch(r"\s*(?:,|and|or|&|,\s*and)\s*#?", text[last.end : figure.start]):
        return frozenset(lexicon.numeric[figure.text] & last.places)
    return frozenset()


def _label(place: Place, lexicon: Lexicon) -> str:
    column = lexicon.worlds[place.world].table.columns[place.column]
    return f"{column.label} {column.name.replace('.', ' ')}"


def _cues(rest: str, text: str, *, only: set[Cue]) -> list[Mention]:
    found: list[Mention] = []
    for cue, sign, pattern in PATTERNS:
        if cue not in only:
            continue
        for match in pattern.finditer(rest):
            if any(m.start < match.end() and match.start() < m.end for m in found):
                continue
            if cue is Cue.GROUP and _PERIOD_UNIT.match(text[match.end() :]):
                continue
            found.append(Mention(start=match.start(), end=match.end(), kind="cue", cue=cue, value=cue_value(cue, sign, match)))
    return found


def _is_hedge(cue: Mention, found: Sequence[Mention], text: str) -> bool:
    """Whether a "more than" belongs to the figure after it."""
    if cue.cue not in (Cue.LEVEL, Cue.EXTREME, Cue.MOVE, Cue.MOST_OF):
        return False
    hedged = (m for m in found if m.figure is not None and m.figure.hedge and cue.end <= m.start)
    return any(re.fullmatch(r"\s*(?:than)?\s*(?:a|an|the)?\s*", text[cue.end : m.start], re.I) for m in hedged)


def _as_level(cue: Mention, found: Sequence[Mention], text: str) -> Mention:
    """ "leads DRUG" sets one against another; "leads" alone claims the first place."""
    if cue.cue is not Cue.EXTREME or cue.value < 0 or not re.fullmatch(r"leads?|led|tops?|topped", text[cue.start : cue.end], re.I):
        return cue
    behind = (m for m in found if m.kind == "entity" and m.start >= cue.end)
    if any(re.fullmatch(r"\s+(?:the\s+)?", text[cue.end : m.start]) for m in behind):
        return replace(cue, cue=Cue.LEVEL)
    return cue
