"""What else moved in the same days in the group that stands out: offered as going together, never as the cause."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from tools.core.customers.scored import ask
from tools.core.errors import NotAllowed, RepairableByModel
from tools.core.query import Comparison, Filter, MetricQuery
from tools.core.query.formula import Formulas
from tools.core.query.resolve import Scope
from tools.core.semantics.model import Metric
from tools.explain_change.cells import CellReader, days
from tools.explain_change.search import Driver, Explanation
from tools.explain_change.significance import discoveries, p_value

MOST = 3
_FACTS = 8
"""Each is a statement or two of its own."""
_MIN_ROWS = 20
_MOST_OF_ALL = 0.5
_WORTH_TELLING = 0.05
"""Relative change beyond that of everything else."""


@dataclass(frozen=True, kw_only=True)
class Correlate:
    """Another figure of the group that moved more than it did elsewhere."""

    metric: Metric
    label: str
    before: float
    now: float
    change_rate: float
    elsewhere: float
    """Relative change of the same figure over everything."""


def correlates_of(reader: CellReader, explanation: Explanation) -> tuple[Correlate, ...]:
    """Figures of other facts that moved in the group of the first finding and less so over everything."""
    driver = next((d for d in explanation.findings if d.kind == "cell"), None)
    if driver is None or any(value is None for value in driver.key) or nearly_all(reader, driver):
        return ()
    within = tuple(Filter(field=f.id, op="in", values=(v,)) for f, v in zip(driver.split.fields, driver.key, strict=True) if v is not None)
    found: list[tuple[float, Correlate]] = []
    for metrics in _by_fact(reader, driver):
        found += _moved(reader, metrics, within)
    verdicts = discoveries([p for p, _ in found])
    telling = [(p, c) for (p, c), sure in zip(found, verdicts, strict=True) if sure]
    return tuple(c for _, c in sorted(telling, key=lambda pair: pair[0])[:MOST])


def nearly_all(reader: CellReader, driver: Driver) -> bool:
    """Whether "elsewhere" could be a few people, whom the asker may not be told about."""
    return reader.context.rights.min_group_size > 0 and driver.weight > _MOST_OF_ALL


def _by_fact(reader: CellReader, driver: Driver) -> Iterable[list[Metric]]:
    """Sums and counts of rows of other facts that the group can be looked for in: the nearest facts, at most two figures of each."""
    warehouse = reader.context.warehouse
    scope = Scope(warehouse.model, rights=reader.context.rights, as_of=warehouse.as_of)
    targets = {f.dataset for f in driver.split.fields}
    grouped: dict[str, list[Metric]] = {}
    for metric in warehouse.model.metrics.values():
        fact = _counted_fact(scope, metric)
        if fact is not None and fact not in reader.parts.facts and scope.graph.reaches_all(fact, targets):
            grouped.setdefault(fact, []).append(metric)

    def distance(fact: str) -> int:
        return sum(min((len(path) for path in scope.graph.paths(fact, target)), default=0) for target in targets)

    return [grouped[fact][:2] for fact in sorted(grouped, key=distance)[:_FACTS]]


def _counted_fact(scope: Scope, metric: Metric) -> str | None:
    """The fact of a plain count of rows, whose noise is known from the count itself."""
    try:
        formulas = Formulas(scope=scope)
        formulas.of(metric)
    except (RepairableByModel, NotAllowed):
        return None
    leaf = formulas.leaves[0]
    plain = len(formulas.leaves) == 1 and leaf.is_count and leaf.is_additive and not leaf.shifts and leaf.time is not None
    return leaf.fact if plain else None


def _moved(reader: CellReader, metrics: list[Metric], within: tuple[Filter, ...]) -> list[tuple[float, Correlate]]:
    query = MetricQuery(
        metrics=tuple(m.name for m in metrics),
        window=days(reader.window),
        comparison=Comparison(kind="window", baseline=days(reader.baseline)),
    )
    try:
        inside = ask(reader.context, reader.context.warehouse.model, query.model_copy(update={"filters": within}))
        reader.ran.append(inside.sql)
        if not any(_moves(m, inside.one()) for m in metrics):
            return []
        overall = ask(reader.context, reader.context.warehouse.model, query)
    except (RepairableByModel, NotAllowed):
        return []
    reader.ran.append(overall.sql)
    here, all_of = inside.one(), overall.one()
    return [judged for m in metrics if (judged := _judged(m, here, all_of)) is not None]


def _moves(metric: Metric, here: dict[str, object]) -> bool:
    """Whether the figure changed in the group at all by more than its own chance, before it is compared with the rest."""
    now, before = (_number(here.get(name)) for name in (metric.name, f"{metric.name}_previous"))
    return now + before >= _MIN_ROWS and abs(now - before) > 2 * math.sqrt(now + before)


def _judged(metric: Metric, here: dict[str, object], whole: dict[str, object]) -> tuple[float, Correlate] | None:
    """(p, correlate): counts of the group against those of everything else."""
    names = (metric.name, f"{metric.name}_previous")
    own = [_number(here.get(name)) for name in names]
    rest = [_number(whole.get(name)) - value for name, value in zip(names, own, strict=True)]
    if min(own) + max(own) < _MIN_ROWS or min(own) <= 0 or min(rest) <= 0:
        return None
    moved = math.log(own[0] / own[1]) - math.log(rest[0] / rest[1])
    z = moved / math.sqrt(math.fsum(1 / value for value in (*own, *rest)))
    change, elsewhere = own[0] / own[1] - 1, rest[0] / rest[1] - 1
    if abs(change - elsewhere) < _WORTH_TELLING:
        return None
    return p_value(z), Correlate(metric=metric, label=metric.label, before=own[1], now=own[0], change_rate=change, elsewhere=elsewhere)


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
