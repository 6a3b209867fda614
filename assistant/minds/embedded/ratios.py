"""Metrics that are a ratio of another metric to a count of entities: "basket value" = revenue / visits.

"Median basket value" or "basket value over 100" ask for the figure of each entity, not for the ratio of the totals.
"""

from __future__ import annotations

import re

from tools.core.semantics.model import Metric, MetricFormat, SemanticModel

_RATIO = re.compile(r"^(?P<top>.+?)\s*/\s*(?:NULLIF\()?\s*COUNT\(\s*(?:DISTINCT\s+)?(?P<key>\w+\.\w+)\s*\)\s*(?:,\s*0\s*\))?$", re.I | re.S)
_SOMEBODY = re.compile(r"\w+\.\w+\s+IS\s+NOT\s+NULL", re.I)
_DISTINCT = re.compile(r"count\(distinct(\w+\.\w+)\)")


def ratios(model: SemanticModel) -> dict[str, tuple[str, str]]:
    """Metric -> (the metric above the line, the entity that is counted below it)."""
    by_expression = {(_plain(m.expression, model), _filter(m)): m.name for m in reversed(tuple(model.metrics.values())) if not m.is_derived}
    entities = {d.primary_key[0]: d.name for d in model.datasets.values() if len(d.primary_key) == 1 and d.is_entity}
    found: dict[str, tuple[str, str]] = {}
    for metric in model.metrics.values():
        match = _RATIO.match(metric.expression.strip())
        if match is None:
            continue
        table, _, key = match["key"].partition(".")
        own_key = table in model.datasets and tuple(model.datasets[table].primary_key) == (key,)
        entity = entities.get(key) or (table if own_key else None)
        top = by_expression.get((_plain(match["top"], model), _filter(metric)))
        if top is None and metric.format is not MetricFormat.RATE:
            top = metric.name  # Of one entity alone the ratio is what is above the line: the value of one order.
        if top is not None and entity is not None:
            found[metric.name] = (top, entity)
    return found


def _filter(metric: Metric) -> str | None:
    """The metric's own filter, but for one that only leaves out facts of nobody."""
    return None if metric.filter and _SOMEBODY.fullmatch(metric.filter.strip()) else metric.filter


def _plain(expression: str, model: SemanticModel) -> str:
    """Without spaces, and with rows counted in one way: no row has the key of another."""
    keys = {f"{d.name}.{d.primary_key[0]}".lower() for d in model.datasets.values() if len(d.primary_key) == 1}
    plain = re.sub(r"\s+", "", expression).lower()
    counted = _DISTINCT.fullmatch(plain)
    return f"count({counted[1]})" if counted and counted[1] in keys else plain
