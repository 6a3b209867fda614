"""How far a cell moved by itself, in standard errors: its own change against that of everything else.

The noise of a cell comes from the squares of its rows, widened by how much more it really swings from week to week than rows that
come independently would (several lines of one order, waves of demand). z-scores over all cells looked at are then judged together
by the false discovery rate of Benjamini and Hochberg (1995), so that looking at many cells does not make any one of them a finding.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tools.core.contract import DateSpan
from tools.explain_change.cells import Contrast, History, Key, Split
from tools.explain_change.decomposition import Contribution, Decomposition
from tools.explain_change.parts import Amounts, total_of

FALSE_DISCOVERY_RATE = 0.02
"""Stricter than the usual 5 %: amounts of money have heavier tails than the z-scores know."""
_MIN_PERIODS = 3
_LOST_ROWS = 3.0
_YOUNG = 0.2
"""A cell with less than this of its denominator before has no rate of its own to be compared with."""


@dataclass(frozen=True, kw_only=True)
class Deviation:
    """How a cell moved beyond everything else."""

    beyond: float
    """What it added to the change that it would not have added, had it moved like everything else."""
    z: float
    """Standard errors of that; 0 where it cannot be told."""


STILL = Deviation(beyond=0.0, z=0.0)


def deviation(cell: Contrast, others: Contrast, total: Contrast, *, is_ratio: bool) -> Deviation:
    """The cell against the others.

    Args:
        cell, others: Their amounts; disjoint.
        total: The whole, which the deviation is a part of (cell, others and what is set aside).
    """
    found = _of_rates(cell, others, total) if is_ratio else _of_sums(cell, others)
    rows = min(_rows(cell, is_ratio=is_ratio), _rows(others, is_ratio=is_ratio))
    # A few rows have heavier tails than the normal law; their z-scores are drawn in as those of Student's t would be.
    return replace(found, z=found.z * math.sqrt(max(rows - _LOST_ROWS, 0.0) / (rows + _LOST_ROWS)))


def _rows(cell: Contrast, *, is_ratio: bool) -> float:
    """About how many rows of equal size a cell is worth."""
    if not is_ratio:
        squares = cell.now.top2 + cell.before.top2
        return (cell.now.top + cell.before.top) ** 2 / squares if squares else 0.0
    worth = [amounts.bottom**2 / amounts.bottom2 for amounts in (cell.now, cell.before) if amounts.bottom2]
    return min(worth, default=0.0)


def _of_sums(cell: Contrast, others: Contrast) -> Deviation:
    before, now = others.before.top, others.now.top
    if before <= 0 or now <= 0:
        return STILL
    growth = now / before
    beyond = cell.now.top - growth * cell.before.top
    noise_of_growth = others.now.top2 / before**2 + now**2 * others.before.top2 / before**4
    return _scored(beyond, cell.now.top2 + growth**2 * cell.before.top2 + cell.before.top**2 * noise_of_growth)


def _of_rates(cell: Contrast, others: Contrast, total: Contrast) -> Deviation:
    here, there = cell.now.rate, others.now.rate
    if here is None or there is None or not total.now.bottom or not total.before.bottom:
        return STILL
    variance = _of_rate(cell.now, total.now) + _of_rate(others.now, total.now)
    moved = here - there
    weights = [cell.now.bottom / total.now.bottom]
    # Two facts, such as returns per sale, follow each other at a distance: what is new has hardly been returned yet, then or now.
    follows = not total.now.cross
    young = follows and cell.before.bottom < _YOUNG * cell.now.bottom
    if not young and cell.before.rate is not None and others.before.rate is not None:
        moved -= cell.before.rate - others.before.rate
        variance += _of_rate(cell.before, total.before) + _of_rate(others.before, total.before)
        weights.append(cell.before.bottom / total.before.bottom)
    elif moved < 0 and follows:
        return STILL
    found = _scored(moved, variance)
    return Deviation(beyond=found.beyond * math.fsum(weights) / 2, z=found.z)


def _of_rate(part: Amounts, total: Amounts) -> float:
    """Variance of a rate: midway between what its own rows say and what rows like all others would give.

    The first alone says 0 for a few equal rows, the second alone is too sure of a small rate that rose.
    """
    own = part.residual2 / part.bottom**2
    usual = total.residual2 / total.bottom2 if total.bottom2 else 0.0
    return (own + usual * part.bottom2 / part.bottom**2) / 2


def chance_of_change(total: Contrast, *, is_ratio: bool = True) -> float:
    """Standard error of the change of the whole."""
    if not is_ratio:
        return math.sqrt(total.now.top2 + total.before.top2)
    return math.sqrt(math.fsum(a.residual2 / a.bottom**2 for a in (total.now, total.before) if a.bottom))


def mix_deviation(decomposition: Decomposition) -> Deviation:
    """The mix effects of all cells together, against weights that only chance moved."""
    total = decomposition.split.total()
    overall = (decomposition.before + decomposition.now) / 2
    variance = 0.0
    for amounts, weight in ((total.before, "weight_before"), (total.now, "weight_now")):
        if not amounts.bottom:
            return STILL
        worth = [(getattr(part, weight), _usual_rate(part) - overall) for part in decomposition.parts]
        mean = math.fsum(w * a for w, a in worth)
        variance += max(math.fsum(w * a * a for w, a in worth) - mean**2, 0.0) * amounts.bottom2 / amounts.bottom**2
    return _scored(decomposition.mix, variance)


def _usual_rate(part: Contribution) -> float:
    known = [rate for rate in (part.before, part.now) if rate is not None]
    return math.fsum(known) / len(known) if known else 0.0


def _scored(value: float, variance: float) -> Deviation:
    return Deviation(beyond=value, z=value / math.sqrt(variance)) if variance > 0 else STILL


@dataclass(frozen=True, kw_only=True)
class Noise:
    """How much the cells of one dimension move anyway."""

    factor: float = 1.0
    """How many times larger the variance is than independent rows would make it, at least 1."""
    drift: Mapping[Key, float] = field(default_factory=dict)
    """What each cell added beyond all others from the window before the baseline to the baseline: it may do so again."""


def noise_of(split: Split, history: History, windows: tuple[DateSpan, DateSpan], *, is_ratio: bool) -> Noise:
    """The noise of a dimension, from its cells over time.

    Args:
        history: From one window before the baseline on.
        windows: Baseline and window.
    """
    return Noise(
        factor=_overdispersion(split, history, windows, is_ratio=is_ratio),
        drift=_drift(split, history, windows[0], is_ratio=is_ratio),
    )


def _overdispersion(split: Split, history: History, windows: tuple[DateSpan, DateSpan], *, is_ratio: bool) -> float:
    """Swings between neighbouring blocks of days, after those that all cells share, over what their rows predict.

    Differences of neighbours, so that a step or a trend inside a window does not count as noise.
    """
    observed = expected = 0.0
    for index, span in enumerate(windows):
        blocks = _blocks(history, span)
        if len(blocks) < _MIN_PERIODS:
            continue
        whole = [total_of(part[1] for part in _within(history, days)) for days in blocks]
        total = total_of(whole)
        for key, cell in history.items():
            if key not in split.cells:
                continue
            amounts = split.cells[key].now if index else split.cells[key].before
            own = [total_of(cell[day] for day in days if day in cell) for days in blocks]
            residuals = [_residual(part, around, amounts, total, is_ratio=is_ratio) for part, around in zip(own, whole, strict=True)]
            steps = math.fsum((b - a) ** 2 for a, b in itertools.pairwise(residuals))
            observed += steps / 2 * len(blocks) / (len(blocks) - 1)
            expected += amounts.residual2 if is_ratio else amounts.top2
    return max(observed / expected, 1.0) if expected > 0 else 1.0


def _blocks(history: History, span: DateSpan) -> list[list[dt.date]]:
    """The periods of a window in blocks of a week, or of a day where there are few."""
    days = sorted({day for cell in history.values() for day in cell if span.start <= day <= span.end})
    size = 7 if len(days) >= 7 * _MIN_PERIODS + 7 and (days[1] - days[0]).days == 1 else 1
    return [days[i : i + size] for i in range(0, len(days) - size + 1, size)]


def _within(history: History, days: Sequence[dt.date]) -> Iterable[tuple[Key, Amounts]]:
    for key, cell in history.items():
        for day in days:
            if day in cell:
                yield key, cell[day]


def _residual(part: Amounts, whole: Amounts, cell: Amounts, total: Amounts, *, is_ratio: bool) -> float:
    if not is_ratio:
        return part.top - (cell.top / total.top if total.top else 0.0) * whole.top
    shared = (whole.rate or 0.0) - (total.rate or 0.0) if whole.bottom else 0.0
    return part.top - part.bottom * ((cell.rate or 0.0) + shared)


def _drift(split: Split, history: History, baseline: DateSpan, *, is_ratio: bool) -> dict[Key, float]:
    """Deviation of each cell one step earlier, beyond what chance would give there."""
    days = sorted({day for cell in history.values() for day in cell})
    earlier = [day for day in days if day < baseline.start]
    length = (baseline.end - baseline.start).days + 1
    if not earlier or (baseline.start - earlier[0]).days < 0.8 * length:
        return {}
    inside = [day for day in days if baseline.start <= day <= baseline.end]
    then = {
        key: Contrast(
            now=_noisy(total_of(cell[d] for d in inside if d in cell), split, key),
            before=_noisy(total_of(cell[d] for d in earlier if d in cell), split, key),
        )
        for key, cell in history.items()
    }
    whole = Contrast(now=total_of(c.now for c in then.values()), before=total_of(c.before for c in then.values()))
    found = {key: deviation(cell, whole - cell, whole, is_ratio=is_ratio) for key, cell in then.items()}
    return {key: d.beyond * math.sqrt(max(1 - 1 / d.z**2, 0.0)) for key, d in found.items() if abs(d.z) > 1}


def _noisy(amounts: Amounts, split: Split, key: Key) -> Amounts:
    """The amounts with the second moments that the same cell has per unit in the baseline."""
    known = split.cells[key].before if key in split.cells else Amounts()
    if not known.top and not known.bottom:
        return replace(amounts, top2=abs(amounts.top), bottom2=abs(amounts.bottom))
    scale = amounts.bottom / known.bottom if known.bottom else amounts.top / known.top
    return replace(amounts, top2=known.top2 * scale, cross=known.cross * scale, bottom2=known.bottom2 * scale)


def p_value(z: float) -> float:
    """Chance of a deviation at least as large in either direction."""
    return math.erfc(abs(z) / math.sqrt(2))


def discoveries(p_values: Sequence[float], *, rate: float = FALSE_DISCOVERY_RATE) -> tuple[bool, ...]:
    """Which of the tests are findings at the false discovery rate (Benjamini and Hochberg)."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    last = max((rank for rank, i in enumerate(order, start=1) if p_values[i] <= rate * rank / len(p_values)), default=0)
    found = set(order[:last])
    return tuple(i in found for i in range(len(p_values)))
