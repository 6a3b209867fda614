"""Sharing the credit for conversions among channels: rules, exact Markov removal effects, and Shapley values.

Markov: Anderl, Becker, von Wangenheim & Schumann (2016), order 1. The chance to convert with a channel removed is the solution of a
linear system, not a simulation. Shapley with v(S) = conversions on paths inside S: each path is shared equally among its distinct channels.
All of them are shares of credit. None of them says what a channel caused.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tools.attribution.paths import Journeys

RULES = ("first", "last", "linear", "time_decay", "position")
MODELS = (*RULES, "markov", "shapley")
Credits = Mapping[str, float]


def credit(journeys: Journeys, model: str, *, of: str = "conversions") -> Credits:
    """Channel -> credited conversions (or value); sums to all conversions (all value) of paths with a contact.

    Args:
        model: One of MODELS.
        of: "conversions" or "value". Markov shares value in proportion to its conversions per channel.
    """
    if model == "markov":
        return _markov_credit(journeys, journeys.conversions if of == "conversions" else journeys.value)
    which = 0 if of == "conversions" else 1
    if model == "shapley":
        return _shapley(journeys, which)
    rule = journeys.rules.get(model, {})
    return {channel: rule.get(channel, (0.0, 0.0))[which] for channel in journeys.channels}


def _shapley(journeys: Journeys, which: int) -> Credits:
    """Shapley values of v(S) = conversions on paths inside S, in closed form."""
    found = dict.fromkeys(journeys.channels, 0.0)
    for channels, amounts in journeys.sets.items():
        for channel in channels:
            found[channel] += amounts[which] / len(channels)
    return found


def conversion_rate(journeys: Journeys, *, without: str | None = None) -> float:
    """Chance that a path converts in the order-1 chain; with a channel removed, whoever would go there is lost.

    Without removal it equals the observed rate, since every path ends once.
    """
    channels = journeys.channels
    place = {channel: i for i, channel in enumerate(channels)}
    n = len(channels)
    moves, converts = np.zeros((n, n)), np.zeros(n)
    start = np.zeros(n)
    for (source, target), times in journeys.steps.items():
        if target is None:
            continue
        if source is None:
            start[place[target]] += times
        else:
            moves[place[source], place[target]] += times
    for channel, times in journeys.converted_from.items():
        converts[place[channel]] = times
    leaving = moves.sum(axis=1) + converts + np.array([journeys.steps.get((channel, None), 0.0) for channel in channels])
    total = start.sum()
    if not total:
        return 0.0
    safe = np.where(leaving > 0, leaving, 1.0)
    kept = np.array([channel != without for channel in channels])
    return float(start / total @ (kept * _absorbed(moves / safe[:, None] * kept, converts / safe, kept)))


def _absorbed(moves: NDArray[np.float64], converts: NDArray[np.float64], kept: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Chance to convert from each channel: p = converts + moves p."""
    found = np.linalg.solve(np.eye(len(converts)) - moves * kept[:, None], converts * kept)
    return np.asarray(found, dtype=np.float64)


def removal_effects(journeys: Journeys) -> Credits:
    """Channel -> share of conversions lost without it, 0 to 1."""
    base = conversion_rate(journeys)
    if base <= 0:
        return dict.fromkeys(journeys.channels, 0.0)
    return {channel: 1 - conversion_rate(journeys, without=channel) / base for channel in journeys.channels}


def _markov_credit(journeys: Journeys, amount: float) -> Credits:
    effects = removal_effects(journeys)
    total = math.fsum(effects.values())
    return {channel: amount * effect / total if total else 0.0 for channel, effect in effects.items()}
