"""Which cells moved by themselves: over every dimension, and over two crossed where that says much more than either alone.

    read the cells of each dimension -> z-scores -> widen by real noise -> drop what another cell explains -> judge all together

Candidates are ranked by |z|: the cell whose own movement explains the data best, as in Kulldorff's scan statistic (1997). A
large group that holds the real cell has the same excess and more noise; a cell that holds only a bit of it has less excess.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tools.core.semantics.model import Field
from tools.explain_change.cells import NOTHING, CellReader, Contrast, Key, Split
from tools.explain_change.decomposition import Contribution, Decomposition, decompose
from tools.explain_change.significance import Deviation, Noise, chance_of_change, deviation, discoveries, mix_deviation, noise_of, p_value

_LOOKED_AT_CLOSER = 10
"""Dimensions whose noise is measured over time; none of the others can hold a finding."""
_CROSSED = 3
"""The strongest dimensions are crossed with one another."""
_COMPARED = 10
"""So many findings are compared with one another, the surest ones; each pair of dimensions is a statement of its own."""
_WORTH_A_LOOK = 2.5
_WORTH_CROSSING = 3.0
_PEELED = 5
_EXPLAINED = 0.35
"""A cell keeping less than this of its z-score without the rows of another one is explained by that one."""
_MUCH_MORE = 1.3
_MOST_OF_IT = 0.6
_TURNOVER = 0.2
_MIX_MATTERS = 0.5
"""Standard errors of the whole change that a shift between groups must move it by; surely moved weights alone are no story."""
_MOSTLY_MISSING = 0.8
_TRIFLE = 0.1
"""Findings adding less than this of the largest one are not told."""


@dataclass(frozen=True, kw_only=True)
class Driver:
    """A cell that moved by itself, or a shift between the cells of a dimension."""

    kind: str
    """cell, mix."""
    split: Split
    key: Key
    """Empty for a mix."""
    part: Contribution | None
    contribution: float
    found: Deviation
    noise: float = 1.0
    """How many times larger than that of independent rows the variance is taken to be."""
    drift: float = 0.0
    """What the cell added in the same way one step earlier."""
    family: int = 1
    """How many tests its dimension (or pair) holds."""
    p: float = 1.0
    significant: bool = False
    also: tuple[str, ...] = ()
    """The same rows seen through other dimensions: "product Hose 20 m"."""

    @property
    def z(self) -> float:
        if not self.found.z:
            return 0.0
        error = self.found.beyond / self.found.z
        return self.found.beyond / math.sqrt(error**2 * self.noise + self.drift**2)

    @property
    def weight(self) -> float:
        return max(self.part.weight_before, self.part.weight_now) if self.part else 1.0


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """What a search found."""

    total: Contrast
    decompositions: Mapping[str, Decomposition]
    """Field id -> its exact contributions."""
    drivers: tuple[Driver, ...]
    """Findings first, then the strongest that are none; at most `keep`."""
    tested: int
    """Cells and mixes looked at."""
    best: Decomposition | None
    """The dimension that tells most."""

    @property
    def findings(self) -> tuple[Driver, ...]:
        return tuple(driver for driver in self.drivers if driver.significant)


@dataclass(kw_only=True)
class _Looked:
    """One dimension (or two) as looked at."""

    split: Split
    decomposition: Decomposition
    is_ratio: bool
    candidates: list[Driver] = field(default_factory=list)
    tested: int = 0
    noise: Noise = field(default_factory=Noise)

    @property
    def strongest(self) -> float:
        return max((abs(c.z) for c in self.candidates), default=0.0)


def search(reader: CellReader, fields: Sequence[Field], *, keep: int = 6, crossed: bool = True) -> Explanation:
    """Look through the dimensions for what moved by itself.

    Args:
        crossed: Also look at cells of two dimensions.
    """
    reader.prepare(fields)
    looked = {each.id: found for each in fields if (found := _look(reader, each)) is not None}
    _merge_equal(looked.values())
    for place, one in enumerate(_by_strength(looked.values())):
        if one.strongest >= _WORTH_A_LOOK:
            if place < _LOOKED_AT_CLOSER:
                _allow_for_noise(reader, one)
            else:
                one.candidates.clear()
    candidates = [c for one in looked.values() for c in one.candidates]
    families = [one.tested for one in looked.values()]
    if crossed:
        cells, more = _crossed(reader, _by_strength(looked.values()))
        candidates, families = candidates + cells, families + more
    judged = _judge(candidates, families)
    ordered = sorted(judged, key=lambda c: (not c.significant, -abs(c.z)))
    kept = _without_repetition(reader, _worth_comparing(ordered))
    told = _told(kept, keep)
    return Explanation(
        total=reader.total(),
        decompositions={name: one.decomposition for name, one in looked.items()},
        drivers=told,
        tested=sum(families),
        best=_best(looked, told),
    )


def _by_strength(looked: Iterable[_Looked]) -> list[_Looked]:
    return sorted(looked, key=lambda one: -one.strongest)


def _merge_equal(looked: Iterable[_Looked]) -> None:
    """The very same rows under several names (no customer known: no region, no age band) are one candidate."""
    seen: dict[tuple[float, float, float, float], tuple[_Looked, int]] = {}
    for one in looked:
        for candidate in [c for c in one.candidates if c.kind == "cell"]:
            cell = one.split.cells[candidate.key]
            same = (cell.before.top, cell.now.top, cell.before.bottom, cell.now.bottom)
            if same not in seen:
                seen[same] = (one, one.candidates.index(candidate))
                continue
            home, index = seen[same]
            if home is not one:
                known = home.candidates[index]
                home.candidates[index] = replace(known, also=(*known.also, name_of(candidate)))
                one.candidates.remove(candidate)


def _look(reader: CellReader, *fields: Field) -> _Looked | None:
    split = reader.split(*fields)
    if split is None:
        return None
    is_ratio = reader.parts.is_ratio and split.adds_up
    one = _Looked(split=split, decomposition=decompose(split, is_ratio=reader.parts.is_ratio), is_ratio=is_ratio, tested=len(split.cells))
    contributions = {part.key: part for part in one.decomposition.parts}
    for key, found in _peeled(one, reader.total()) if is_ratio or not _comes_and_goes(one) else ():
        scaled = found if is_ratio or not reader.parts.is_ratio else _per_bottom(found, reader.total())
        one.candidates.append(
            Driver(kind="cell", split=split, key=key, part=contributions[key], contribution=contributions[key].contribution, found=scaled)
        )
    if is_ratio and len(fields) == 1 and not _comes_and_goes(one):
        mixed = mix_deviation(one.decomposition)
        one.tested += 1
        if abs(mixed.beyond) >= _MIX_MATTERS * chance_of_change(reader.total()):
            one.candidates.append(Driver(kind="mix", split=split, key=(), part=None, contribution=one.decomposition.mix, found=mixed))
    one.candidates = [replace(c, family=one.tested) for c in one.candidates]
    return one


def _comes_and_goes(one: _Looked) -> bool:
    """Values that start and end by nature, or that most rows lack: batches, campaigns. That they came or went explains no amount."""
    turned = math.fsum(p.weight_before + p.weight_now for p in one.decomposition.parts if p.key and not (p.weight_before and p.weight_now))
    missing = math.fsum(p.weight_before + p.weight_now for p in one.decomposition.parts if p.key and None in p.key)
    return turned > 2 * _TURNOVER or missing > 2 * _MOSTLY_MISSING


def _per_bottom(found: Deviation, total: Contrast) -> Deviation:
    return replace(found, beyond=found.beyond / total.now.bottom) if total.now.bottom else found


def _peeled(one: _Looked, total: Contrast) -> Iterator[tuple[Key, Deviation]]:
    """The cell that stands out most, then the one that stands out most from all that is left, and so on."""
    parts = {part.key: part for part in one.decomposition.parts}
    # Where one cell is most of an amount, it is the few others that moved against it.
    left = {k: cell for k, cell in one.split.cells.items() if one.is_ratio or parts[k].weight_before + parts[k].weight_now <= 1.0}
    whole = one.split.total()
    for _ in range(_PEELED):
        if not left or len(one.split.cells) < 2:
            return
        scored = {key: deviation(cell, whole - cell, total, is_ratio=one.is_ratio) for key, cell in left.items()}
        # Of two cells either stands out from the other: told is the one that moved.
        key = max(scored, key=lambda k: (round(abs(scored[k].z), 6), abs(parts[k].contribution), str(k)))
        yield key, scored[key]
        if abs(scored[key].z) < _WORTH_A_LOOK:
            return
        whole = whole - left.pop(key)


def _allow_for_noise(reader: CellReader, one: _Looked) -> None:
    """Widen the z-scores by what the cells of this dimension do anyway, from week to week and from window to window."""
    one.noise = noise_of(one.split, reader.history(one.split), (reader.baseline, reader.window), is_ratio=one.is_ratio)
    one.candidates = [replace(c, noise=one.noise.factor, drift=one.noise.drift.get(c.key, 0.0)) for c in one.candidates]


def _crossed(reader: CellReader, looked: Sequence[_Looked]) -> tuple[list[Driver], list[int]]:
    """Cells of two dimensions that stand out much more than either alone."""
    found: list[Driver] = []
    families: list[int] = []
    strong = [one for one in looked if one.strongest >= _WORTH_CROSSING][:_CROSSED]
    for left, right in itertools.combinations(strong, 2):
        both = _look(reader, left.split.fields[0], right.split.fields[0])
        if both is None:
            continue
        families.append(both.tested)
        single = {(0, c.key): c for c in left.candidates} | {(1, c.key): c for c in right.candidates}
        noise = max(left.noise.factor, right.noise.factor)
        for cell in (replace(c, noise=noise) for c in both.candidates[:1]):
            parents = [p for p in (single.get((0, cell.key[:1])), single.get((1, cell.key[1:]))) if p is not None and p.kind == "cell"]
            if parents and _says_much_more(cell, parents):
                found.append(cell)
    return found, families


def _says_much_more(cell: Driver, parents: Sequence[Driver]) -> bool:
    weight = min(p.weight for p in parents)
    stronger = cell.z**2 >= _MUCH_MORE * max(p.z**2 for p in parents)
    most = abs(cell.found.beyond) >= _MOST_OF_IT * max(abs(p.found.beyond) for p in parents)
    return stronger and most and cell.weight < 0.95 * weight


def _judge(candidates: Sequence[Driver], families: Sequence[int]) -> list[Driver]:
    """Judge all together; every test counts, also those of cells that were never candidates (taken as p = 1).

    Each dimension has the same weight, so that one with a thousand articles does not drown one with five regions: weighted p-values,
    Genovese, Roeder & Wasserman (2006).
    """
    tested = sum(families)
    p = [p_value(c.z) for c in candidates]
    weighted = [min(value * len(families) * c.family / tested, 1.0) for value, c in zip(p, candidates, strict=True)]
    verdicts = discoveries([*weighted, *([1.0] * max(tested - len(p), 0))])
    return [replace(c, p=value, significant=verdict) for c, value, verdict in zip(candidates, p, verdicts, strict=False)]


def _worth_comparing(ordered: Sequence[Driver]) -> list[Driver]:
    """The surest findings that are no trifle beside the largest of them, and all that is none."""
    sure = [c for c in ordered if c.significant]
    largest = max((abs(c.found.beyond) for c in sure), default=0.0)
    return [*[c for c in sure if abs(c.found.beyond) >= _TRIFLE * largest][:_COMPARED], *(c for c in ordered if not c.significant)]


def _without_repetition(reader: CellReader, ordered: Sequence[Driver]) -> list[Driver]:
    """Of cells that hold the same movement the most telling one; the others are named with it."""
    kept: list[Driver] = []
    for candidate in ordered:
        if not candidate.significant:
            kept.append(candidate)
            continue
        if candidate.kind == "mix" and any(k.kind == "mix" for k in kept):
            continue
        for index, known in enumerate(kept):
            if not _comparable(candidate, known):
                continue
            without_known = _without(reader, candidate, known)
            if without_known is None or abs(without_known.z) > max(2.0, _EXPLAINED * abs(candidate.found.z)):
                continue
            without_candidate = _without(reader, known, candidate)
            narrower = candidate.weight < 0.7 * known.weight and abs(candidate.found.beyond) >= 0.7 * abs(known.found.beyond)
            if narrower and without_candidate is not None and abs(without_candidate.z) <= max(2.0, _EXPLAINED * abs(known.found.z)):
                kept[index] = replace(candidate, also=(*known.also, name_of(known)))
            elif not _same_fields(candidate, known):
                kept[index] = replace(known, also=(*known.also, name_of(candidate)))
            break
        else:
            kept.append(candidate)
    return kept


def _comparable(one: Driver, other: Driver) -> bool:
    names = {each.id for driver in (one, other) for each in driver.split.fields}
    return one.significant and other.significant and one.kind == other.kind == "cell" and len(names) == 2


def _same_fields(one: Driver, other: Driver) -> bool:
    return {e.id for e in one.split.fields} == {e.id for e in other.split.fields}


def _without(reader: CellReader, cell: Driver, excluded: Driver) -> Deviation | None:
    """How the cell moved against the others, both without the rows of another cell; None where that cannot be told."""
    fields = list({e.id: e for driver in (cell, excluded) for e in driver.split.fields}.values())
    crossed = reader.split(*fields)
    if crossed is None:
        return None
    place = {each.id: i for i, each in enumerate(fields)}

    def holds(driver: Driver, key: Key) -> bool:
        return all(key[place[each.id]] == value for each, value in zip(driver.split.fields, driver.key, strict=True))

    here, there = NOTHING, NOTHING
    for key, amounts in crossed.cells.items():
        if holds(excluded, key):
            continue
        if holds(cell, key):
            here = here + amounts
        else:
            there = there + amounts
    is_ratio = reader.parts.is_ratio and crossed.adds_up
    found = deviation(here, there, reader.total(), is_ratio=is_ratio)
    return replace(found, z=found.z)


def name_of(driver: Driver) -> str:
    """A cell in words: "category Garden, region North"."""
    from tools.explain_change.words import value_of

    return ", ".join(f"{column.label} {value_of(value, column)}" for column, value in zip(driver.split.columns, driver.key, strict=True))


def _told(kept: Sequence[Driver], keep: int) -> tuple[Driver, ...]:
    largest = max((abs(d.found.beyond) for d in kept if d.significant), default=0.0)
    told = [d for d in kept if not d.significant or abs(d.found.beyond) >= _TRIFLE * largest]
    findings = [d for d in told if d.significant]
    return tuple((findings or [d for d in told if d.kind == "cell"])[:keep])


def _best(looked: Mapping[str, _Looked], kept: Sequence[Driver]) -> Decomposition | None:
    """The dimension of the strongest finding; without one, the dimension with the strongest cell."""
    for driver in kept:
        known = looked.get(driver.split.fields[0].id)
        if known is not None:
            return known.decomposition
    return next(iter(one.decomposition for one in looked.values()), None)
