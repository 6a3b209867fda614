"""What an ambiguous phrase means here, once somebody has decided: declared in the semantic model, or taught from what people keep choosing.

A choice is the one part by which the chosen plan differs from the other readings: a metric or field by name ("channel" is the one of
the order), or a part of the plan as JSON ("lately" is the last three months). It holds for that phrase in any question.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from assistant.minds.embedded.tokens import atoms
from tools.core.query.metric_query import MetricQuery
from tools.core.semantics.model import Choice

Means = str | Mapping[str, Any]


def chosen_of(phrase: str, readings: Sequence[MetricQuery | None], choices: Iterable[Choice]) -> int | None:
    """Which of the readings the author chose for the phrase; None when nothing is declared for it, or not just one of them fits."""
    for choice in choices:
        if atoms(choice.phrase) == atoms(phrase):
            fitting = [at for at, query in enumerate(readings) if query is not None and _fits(query, choice.means)]
            return fitting[0] if len(fitting) == 1 else None
    return None


def meaning_of(chosen: MetricQuery, others: Sequence[MetricQuery]) -> Means | None:
    """The one part that tells a plan from the others: a name that only it uses, else a part of it; None when they differ in more."""
    names = _names(chosen).difference(*map(_names, others))
    if len(names) == 1:
        return names.pop()
    if names:
        return None
    plan, rest = _plan(chosen), [_plan(other) for other in others]
    differing = [key for key in plan if any(plan[key] != other.get(key) for other in rest)]
    if len(differing) != 1 or any(plan[differing[0]] == other.get(differing[0]) for other in rest):
        return None
    key = differing[0]
    if not isinstance(plan[key], list):
        return {key: plan[key]}
    own = [_timeless(part) for part in plan[key] if all(part not in (other.get(key) or ()) for other in rest)]
    return {key: own} if len(own) == 1 else None


def _fits(query: MetricQuery, means: Means) -> bool:
    if isinstance(means, str):
        return means in _names(query)
    return _holds(_plan(query), means)


def _holds(got: Any, wanted: Any) -> bool:
    """Whether the wanted part is in a plan: keys that it does not name are free, and so is what stands beside it in a list."""
    if isinstance(wanted, Mapping):
        return isinstance(got, Mapping) and all(key in got and _holds(got[key], value) for key, value in wanted.items())
    if isinstance(wanted, (list, tuple)) and all(isinstance(part, Mapping) for part in wanted):
        return isinstance(got, (list, tuple)) and all(any(_holds(part, each) for part in got) for each in wanted)
    return bool(got == wanted)


def _names(query: MetricQuery) -> set[str]:
    """Every metric, field and fact that a plan names."""
    tests = [*query.filters, *(f for m in query.metrics for f in m.filters), *(f for c in query.entity_conditions for f in c.filters)]
    named = [m.metric for m in query.metrics] + [c.metric or c.fact for c in query.entity_conditions]
    return {name for name in (*named, *(d.field for d in query.dimensions), *(t.field for t in tests)) if name}


def _plan(query: MetricQuery) -> dict[str, Any]:
    return query.model_dump(mode="json", exclude_defaults=True)


def _timeless(part: Any) -> Any:
    """A condition without its period: that is the question's, not the phrase's."""
    fixed = part.get("window") if isinstance(part, dict) else None
    return {k: v for k, v in part.items() if k != "window"} if fixed and "value" in part and part["value"] else part
