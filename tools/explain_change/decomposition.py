"""The change of a figure as contributions of cells: exact, whatever the cells are.

    sum       contribution = now - before
    ratio     R = sum of weight x rate. Per cell, with mid-point weights and rates:
              rate effect = mean weight x change of rate
              mix effect  = change of weight x (mean rate - mean R)
              Both together sum to the change of R exactly; where a cell has no denominator in a window its rate of the other one is taken.
    ratio whose denominators do not add up (baskets with an article): contribution = top now / whole bottom now - the same before.

Source for the mid-point form: the symmetric (Marshall-Edgeworth type) decomposition of rates, Kitagawa (1955).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from tools.explain_change.cells import Contrast, Key, Split

_HEAVY = 0.02
"""Cells of less weight do not decide whether "every" cell moved the other way."""
_NEARLY_ALL = 0.75
"""Chance may hold back one of a few."""


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """One cell's part in the change."""

    key: Key
    """Empty for what the cells do not hold."""
    before: float | None
    """The cell's own figure; None without a denominator."""
    now: float | None
    weight_before: float
    """Its part of the whole (of the denominator, for a ratio), 0..1."""
    weight_now: float
    contribution: float
    mix: float | None = None
    """For ratios: what comes of the cell weighing more or less than before."""
    rate: float | None = None
    """For ratios: what comes of its own rate."""


@dataclass(frozen=True, kw_only=True)
class Decomposition:
    """All cells of a split; the contributions sum to `change`."""

    split: Split
    before: float
    now: float
    parts: tuple[Contribution, ...]
    """Largest contribution first; what the cells do not hold last."""

    @property
    def change(self) -> float:
        return self.now - self.before

    @property
    def mix(self) -> float:
        return math.fsum(part.mix or 0.0 for part in self.parts)

    @property
    def rate(self) -> float:
        return math.fsum(part.rate or 0.0 for part in self.parts)

    @property
    def moved_against(self) -> tuple[int, int]:
        """(cells whose own figure moved against the whole, cells looked at), among those of some weight."""
        moved = [
            p.now - p.before
            for p in self.parts
            if p.mix is not None and p.now is not None and p.before is not None and min(p.weight_before, p.weight_now) >= _HEAVY
        ]
        return sum(m * self.change < 0 for m in moved), len(moved)

    @property
    def is_simpson(self) -> bool:
        """All cells together, and nearly every one, moved one way, and the whole the other: the mix of cells did it."""
        against, cells = self.moved_against
        return self.change * self.rate < 0 and cells >= 2 and against >= _NEARLY_ALL * cells


def decompose(split: Split, *, is_ratio: bool) -> Decomposition:
    """The contributions of all cells of a split."""
    total = split.total()
    if not is_ratio:
        parts = [_of_sum(key, cell, total) for key, cell in _with_rest(split)]
        before, now = total.before.top, total.now.top
    else:
        before, now = total.before.rate or 0.0, total.now.rate or 0.0
        of = _of_rate if split.adds_up else _of_top
        parts = [of(key, cell, total) for key, cell in _with_rest(split)]
    ordered = sorted(parts, key=lambda p: (not p.key, -abs(p.contribution), str(p.key)))
    return Decomposition(split=split, before=before, now=now, parts=tuple(ordered))


def _with_rest(split: Split) -> Iterable[tuple[Key, Contrast]]:
    yield from split.cells.items()
    rest = split.rest
    if any((rest.now.top, rest.before.top, rest.now.bottom, rest.before.bottom)):
        yield (), rest


def _of_sum(key: Key, cell: Contrast, total: Contrast) -> Contribution:
    return Contribution(
        key=key,
        before=cell.before.top,
        now=cell.now.top,
        weight_before=_share(cell.before.top, total.before.top),
        weight_now=_share(cell.now.top, total.now.top),
        contribution=cell.now.top - cell.before.top,
    )


def _of_top(key: Key, cell: Contrast, total: Contrast) -> Contribution:
    before, now = _share(cell.before.top, total.before.bottom), _share(cell.now.top, total.now.bottom)
    return Contribution(
        key=key,
        before=before,
        now=now,
        weight_before=_share(cell.before.top, total.before.top),
        weight_now=_share(cell.now.top, total.now.top),
        contribution=now - before,
    )


def _of_rate(key: Key, cell: Contrast, total: Contrast) -> Contribution:
    before, now = cell.before.rate, cell.now.rate
    weight_before, weight_now = _share(cell.before.bottom, total.before.bottom), _share(cell.now.bottom, total.now.bottom)
    overall = ((total.before.rate or 0.0) + (total.now.rate or 0.0)) / 2
    moved = weight_now - weight_before
    # Written over tops, so that a numerator without a denominator (a return of something not sold in the window) is not lost.
    whole = _share(cell.now.top, total.now.bottom) - _share(cell.before.top, total.before.bottom) - moved * overall
    known = [r for r in (before, now) if r is not None]
    mix = moved * (math.fsum(known) / len(known) - overall) if known else 0.0
    return Contribution(
        key=key,
        before=before,
        now=now,
        weight_before=weight_before,
        weight_now=weight_now,
        contribution=whole,
        mix=mix,
        rate=whole - mix,
    )


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
