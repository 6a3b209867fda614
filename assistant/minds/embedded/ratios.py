"""Metrics that are a ratio of another metric to a count of entities: "basket value" = revenue / visits.

"Median basket value" or "basket value over 100" ask for the figure of each entity, not for the ratio of the totals.
"""

from __future__ import annotations

import re

from tools.core.semantics.model import SemanticModel

_RATIO = re.compile(r"^(?P<top>.+?)\s*/\s*(?:NULLIF\()?\s*COUNT\(\s*DISTINCT\s+(?P<key>\w+\.\w+)\s*\)\s*(?:,\s*0\s*\))?$", re.I | re.S)


def ratios(model: SemanticModel) -> dict[str, tuple[str, str]]:
    """Metric -> (the metric above the line, the entity that is counted below it)."""
    by_expression = {(_plain(m.expression), m.filter): m.name for m in model.metrics.values() if not m.is_derived}
    entities = {d.primary_key[0]: d.name for d in model.datasets.values() if len(d.primary_key) == 1 and d.is_entity}
    found: dict[str, tuple[str, str]] = {}
    for metric in model.metrics.values():
        match = _RATIO.match(metric.expression.strip())
        if match is None:
            continue
        top = by_expression.get((_plain(match["top"]), metric.filter))
        entity = entities.get(match["key"].split(".")[1])
        if top is not None and entity is not None:
            found[metric.name] = (top, entity)
    return found


def _plain(expression: str) -> str:
    return re.sub(r"\s+", "", expression).lower()
