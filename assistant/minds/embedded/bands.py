"""Ordinal bands: the numbers behind "25-34", "Under 15K", "65+", so that "under 45" can be asked of them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from tools.core.query.metric_query import Comparator

_NUMBER = re.compile(r"(\d+(?:[.,]\d+)?)\s*([km])?", re.I)
_SCALE = {"": 1, "k": 1_000, "m": 1_000_000}


@dataclass(frozen=True, kw_only=True)
class Band:
    """A stored value and the numbers that it covers, both included."""

    value: str
    low: float
    high: float


def bands_of(values: Sequence[str]) -> tuple[Band, ...]:
    """The bands in order; empty when a value does not read as one."""
    bands = [band for value in values if (band := _band(value)) is not None]
    return tuple(bands) if len(bands) == len(values) else ()


def _band(value: str) -> Band | None:
    found = [(float(digits.replace(",", "")), suffix.lower()) for digits, suffix in _NUMBER.findall(value)]
    if not found or len(found) > 2:
        return None
    shared = found[-1][1]
    numbers = [n * _SCALE[suffix or shared] for n, suffix in found]
    words = value.lower()
    if len(numbers) == 2:
        return Band(value=value, low=numbers[0], high=numbers[1])
    if "under" in words or "below" in words or "<" in words or "up to" in words:
        return Band(value=value, low=-math.inf, high=numbers[0] - 1)
    if "+" in words or "over" in words or "above" in words or ">" in words:
        return Band(value=value, low=numbers[0], high=math.inf)
    return Band(value=value, low=numbers[0], high=numbers[0])


def within(bands: Sequence[Band], op: Comparator, value: float, upper: float | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(bands that pass entirely, bands that lie on both sides of the limit).

    Where bands are ranges, "over 100k" means the one from 100k on as well: nobody leaves out a whole range for its first number. Of counts
    ("3+ children") it does not.
    """
    if op == "gt" and any(band.low < band.high < math.inf for band in bands) and any(band.low == value for band in bands):
        op = "ge"
    tests = [(op, value)] if upper is None else [("ge", value), ("le", upper)]
    passing, cut = [], []
    for band in bands:
        low = all(_holds(band.low, o, v) for o, v in tests)
        high = all(_holds(band.high, o, v) for o, v in tests)
        if low and high:
            passing.append(band.value)
        elif low or high:
            cut.append(band.value)
    return tuple(passing), tuple(cut)


def _holds(number: float, op: str, value: float) -> bool:
    return {
        "gt": number > value,
        "ge": number >= value,
        "lt": number < value,
        "le": number <= value,
        "eq": number == value,
        "ne": number != value,
    }[op]
