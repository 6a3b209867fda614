"""Paths of contacts as the models need them: counted, never as one row per person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

HALF_LIFE_DAYS = 7.0
"""Time decay: a contact this many days before the conversion counts half of one on its day."""
POSITION_ENDS = 0.4
"""Position based: the first and the last contact get this much each, those between share the rest."""

_Key = TypeVar("_Key")
State = str | None
"""A channel; None is the start (as a source) or the end without conversion (as a target). Never a name of our own: channels may be
called anything."""


@dataclass(frozen=True, kw_only=True)
class Path:
    """People who met the same channels in the same order."""

    channels: tuple[str, ...]
    """In the order of contact; ties by the key of the contact."""
    conversions: float = 0.0
    nulls: float = 0.0
    """How many times the path ended without a conversion."""
    value: float = 0.0
    """Value of the conversions together."""
    days_before: tuple[float, ...] = ()
    """Days from each contact to the conversion; empty: all on the same day."""


@dataclass(frozen=True, kw_only=True)
class Journeys:
    """Everything that the models need to know of many paths."""

    conversions: float
    """Conversions with at least one contact."""
    value: float
    ended: float
    """Paths in all, with and without conversion."""
    sets: Mapping[frozenset[str], tuple[float, float]]
    """Distinct channels of a path -> (conversions, value)."""
    steps: Mapping[tuple[State, State], float]
    """(from, to) -> times, between channels; from None: paths that start there; to None: paths that end there without conversion."""
    converted_from: Mapping[str, float]
    """Last channel -> paths that convert from it."""
    rules: Mapping[str, Mapping[str, tuple[float, float]]] = field(default_factory=dict)
    """Rule (first, last, linear, time_decay, position) -> channel -> (conversions, value) credited by it."""

    @property
    def channels(self) -> tuple[str, ...]:
        """Every channel met, by name."""
        found = {state for step in self.steps for state in step if state is not None}
        return tuple(sorted(found | set(self.converted_from)))


def position_weights(n: int) -> tuple[float, ...]:
    """40 % to the ends, the rest shared between; with one or two contacts equally."""
    if n <= 2:
        return (1.0 / n,) * n
    return (POSITION_ENDS, *((1 - 2 * POSITION_ENDS) / (n - 2),) * (n - 2), POSITION_ENDS)


def decay_weights(days_before: tuple[float, ...], *, half_life_days: float = HALF_LIFE_DAYS) -> tuple[float, ...]:
    """Halved with every half-life; sum 1."""
    raw = [0.5 ** (days / half_life_days) for days in days_before]
    return tuple(weight / sum(raw) for weight in raw)


def rule_weights(path: Path) -> Mapping[str, tuple[float, ...]]:
    """What each contact of a converting path gets of it under each rule; every row sums to 1."""
    n = len(path.channels)
    return {
        "first": (1.0, *(0.0,) * (n - 1)),
        "last": (*(0.0,) * (n - 1), 1.0),
        "linear": (1.0 / n,) * n,
        "time_decay": decay_weights(path.days_before or (0.0,) * n),
        "position": position_weights(n),
    }


def count(paths: Iterable[Path]) -> Journeys:
    """The journeys of paths given one by one (a warehouse counts them in SQL: `journeys.py`). Paths without a contact do not count."""
    sets: dict[frozenset[str], tuple[float, float]] = {}
    steps: dict[tuple[State, State], float] = {}
    converted: dict[str, float] = {}
    rules: dict[str, dict[str, tuple[float, float]]] = {}
    conversions = value = ended = 0.0
    for path in (p for p in paths if p.channels):
        times = path.conversions + path.nulls
        conversions, value, ended = conversions + path.conversions, value + path.value, ended + times
        _add_pair(sets, frozenset(path.channels), path.conversions, path.value)
        for source, target in zip((None, *path.channels), path.channels, strict=False):
            steps[source, target] = steps.get((source, target), 0.0) + times
        last = path.channels[-1]
        steps[last, None] = steps.get((last, None), 0.0) + path.nulls
        converted[last] = converted.get(last, 0.0) + path.conversions
        for rule, weights in rule_weights(path).items():
            for channel, weight in zip(path.channels, weights, strict=True):
                _add_pair(rules.setdefault(rule, {}), channel, weight * path.conversions, weight * path.value)
    return Journeys(conversions=conversions, value=value, ended=ended, sets=sets, steps=steps, converted_from=converted, rules=rules)


def _add_pair(found: dict[_Key, tuple[float, float]], key: _Key, conversions: float, value: float) -> None:
    known = found.get(key, (0.0, 0.0))
    found[key] = (known[0] + conversions, known[1] + value)
