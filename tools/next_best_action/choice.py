"""Who may be approached how, what it would bring, and what is best: nothing, more often than one thinks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.core.semantics.model import ActionKind
from tools.next_best_action.evidence import Feature
from tools.next_best_action.uplift import Effect

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Texts = NDArray[np.object_]

NOTHING = "do nothing"
MAX_REASONS = 3
_LEAST_SHARE = 0.05
"""What moves a score by less than this share of it is no reason."""


@dataclass(frozen=True, kw_only=True)
class Eligibility:
    """Per action and customer, why it must not be done: "" when it may."""

    why_not: Mapping[str, Texts]

    def allowed(self, action: str) -> Bools:
        return np.asarray(self.why_not[action] == "", dtype=bool)


@dataclass(frozen=True, kw_only=True)
class Scored:
    """One action for every customer."""

    kind: ActionKind
    effect: Effect | None
    """None: not measured well enough, so there is no uplift and no score."""
    uplift: Floats
    low: Floats
    """Uplift at the lower end of its 90 % interval."""
    gain: Floats
    """Uplift x value - cost, in the currency of the model."""
    reasons: Texts


def eligibility(
    kinds: Sequence[ActionKind],
    consent: Mapping[str, Bools],
    blocks: Mapping[str, Bools],
    contacts: NDArray[np.int64],
    most_contacts: int,
    possible: Mapping[str, Bools] | None = None,
) -> Eligibility:
    """The first reason that forbids each action, for every customer.

    Args:
        consent: Channel -> who agreed to be contacted through it.
        blocks: Label -> for whom it holds.
        contacts: Contacts in the window of the cap.
        possible: Action -> for whom it can be done at all; what is not listed can be done for everybody.
    """
    n = len(contacts)
    shared = np.full(n, "", dtype=object)
    for label, holds in blocks.items():
        shared = np.where((shared == "") & holds, label, shared)
    shared = np.where((shared == "") & (contacts >= most_contacts), "contacted too recently", shared)
    why_not: dict[str, Texts] = {}
    for kind in kinds:
        agreed = np.ones(n, dtype=bool) if not kind.channels else np.logical_or.reduce([consent[c] for c in kind.channels])
        told = np.where(agreed, shared, "no consent").astype(object)
        can = (possible or {}).get(kind.name, np.ones(n, dtype=bool))
        why_not[kind.name] = np.where((told == "") & ~can, "not possible for them", told).astype(object)
    return Eligibility(why_not=why_not)


def score(kind: ActionKind, effect: Effect | None, scaled: Floats, facts: Floats, value: Floats, features: Sequence[Feature]) -> Scored:
    """What one action would bring for every customer, and what moves that most.

    Args:
        scaled: Features as the effect was learned on; `facts` the same in plain units.
        value: What one more outcome is worth for each customer.
    """
    n = len(value)
    if effect is None:
        nothing = np.full(n, np.nan)
        return Scored(kind=kind, effect=None, uplift=nothing, low=nothing, gain=nothing, reasons=np.full(n, "", dtype=object))
    uplift = effect.uplift(scaled)
    gain = uplift * value - kind.cost
    return Scored(
        kind=kind,
        effect=effect,
        uplift=uplift,
        low=uplift - 1.645 * effect.error,
        gain=gain,
        reasons=_reasons(effect, scaled, facts, value, uplift, gain, features),
    )


def _reasons(
    effect: Effect, scaled: Floats, facts: Floats, value: Floats, uplift: Floats, gain: Floats, features: Sequence[Feature]
) -> Texts:
    """Up to three things that move each score: how much it would change, were this customer average in them."""
    moves = [uplift * (value - value.mean())]
    for j in range(scaled.shape[1]):
        average = scaled.copy()
        average[:, j] = effect.centre[j]
        moves.append((uplift - effect.uplift(average)) * value)
    pushes = np.column_stack(moves)
    order = np.argsort(-np.abs(pushes), axis=1, kind="stable")[:, :MAX_REASONS]
    least = _LEAST_SHARE * np.maximum(np.abs(gain), 0.01)
    said = np.empty(len(gain), dtype=object)
    for i in range(len(gain)):
        parts = [_reason(d, pushes[i, d], value[i], facts[i], features) for d in order[i] if abs(pushes[i, d]) >= least[i]]
        said[i] = "; ".join(parts) if parts else "as for everybody"
    return said


def _reason(which: int, push: float, value: float, facts: Floats, features: Sequence[Feature]) -> str:
    way = "raises" if push > 0 else "lowers"
    if which == 0:
        return f"an order is worth {value:,.2f} here ({way} the gain)"
    feature, fact = features[which - 1], facts[which - 1]
    shown = ("yes" if fact else "no") if not feature.is_count and fact in (0.0, 1.0) else f"{fact:,.0f}"
    return f"{feature.label}: {shown} ({way} the gain)"


def best_actions(scored: Sequence[Scored], allowed: Eligibility) -> tuple[Texts, Floats]:
    """(action, gain) per customer: the allowed one with the highest gain above 0, else nothing. Ties go to the cheaper, then by name."""
    n = len(scored[0].gain) if scored else 0
    best, gain = np.full(n, NOTHING, dtype=object), np.zeros(n)
    for one in sorted(scored, key=lambda s: (s.kind.cost, s.kind.name)):
        better = allowed.allowed(one.kind.name) & (np.nan_to_num(one.gain, nan=-np.inf) > gain)
        best, gain = np.where(better, one.kind.name, best), np.where(better, one.gain, gain)
    return best.astype(object), gain
