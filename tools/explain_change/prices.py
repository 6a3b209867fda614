"""Prices and demand in the group that stands out: how much dearer it became than the rest, and the elasticity if that is the cause.

Price change: Fisher's index over items sold in both windows, at list prices. Elasticity: the logarithm of how the pieces sold moved
against everything else, over the logarithm of the price change. Prices that drift everywhere are taken to move demand nowhere in
particular. It is a comparison and no trial: it holds if nothing else happened to the group.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tools.core.contract import Cell
from tools.core.customers.scored import as_number, ask, with_metrics
from tools.core.errors import NotAllowed, RepairableByModel
from tools.core.query import Comparison, DimensionRef, Filter, Measure, MetricQuery
from tools.core.semantics.model import Metric
from tools.explain_change.cells import CellReader, days
from tools.explain_change.search import Driver

_SURE = 1.959964
_WORTH_TELLING = 0.02
"""Relative price change below which nothing is said."""


@dataclass(frozen=True, kw_only=True)
class Sold:
    """One item in both windows."""

    pieces: float
    pieces_before: float
    value: float
    """At list prices."""
    value_before: float
    squares: float
    """Sum over lines of their squared pieces, both windows: the noise of the pieces."""
    squares_before: float


@dataclass(frozen=True, kw_only=True)
class PriceResponse:
    """How demand went with prices in one group."""

    price_change: float
    """Relative."""
    elsewhere: float
    """Relative change of all other prices."""
    demand_change: float
    """Relative, of the pieces sold against everything else."""
    elasticity: float
    low: float
    high: float


def price_response(reader: CellReader, driver: Driver) -> PriceResponse | None:
    """Of the group of a finding; None where prices hardly moved, or the model names no prices or no items."""
    roles = reader.context.warehouse.model.settings.roles
    if roles.quantity is None or roles.list_price is None or roles.item is None or any(v is None for v in driver.key):
        return None
    within = tuple(Filter(field=f.id, op="in", values=(v,)) for f, v in zip(driver.split.fields, driver.key, strict=True) if v is not None)
    try:
        inside = _sold(reader, roles.quantity, roles.list_price, roles.item, within)
        whole = _sold(reader, roles.quantity, roles.list_price, roles.item, ())
    except (RepairableByModel, NotAllowed):
        return None
    others = [sold for item, sold in whole.items() if item not in inside]
    return response(list(inside.values()), others, noise=driver.noise)


def response(inside: list[Sold], others: list[Sold], *, noise: float = 1.0) -> PriceResponse | None:
    """Elasticity of a group of items against all others; None where it cannot be told."""
    own, rest = fisher_index(inside), fisher_index(others)
    if own is None or rest is None:
        return None
    price = math.log(own)
    moved = [(math.fsum(s.pieces for s in group), math.fsum(s.pieces_before for s in group)) for group in (inside, others)]
    if abs(math.log(own / rest)) < _WORTH_TELLING or abs(price) < _WORTH_TELLING or min(min(pair) for pair in moved) <= 0:
        return None
    demand = math.log(moved[0][0] / moved[0][1]) - math.log(moved[1][0] / moved[1][1])
    variance = 0.0
    for group, (now, before) in zip((inside, others), moved, strict=True):
        variance += math.fsum(s.squares for s in group) / now**2 + math.fsum(s.squares_before for s in group) / before**2
    half = _SURE * math.sqrt(variance * noise) / abs(price)
    elasticity = demand / price
    return PriceResponse(
        price_change=own - 1,
        elsewhere=rest - 1,
        demand_change=math.exp(demand) - 1,
        elasticity=elasticity,
        low=elasticity - half,
        high=elasticity + half,
    )


def fisher_index(items: Iterable[Sold]) -> float | None:
    """Prices now over prices before: the geometric mean of what the old basket and the new basket cost (Laspeyres and Paasche)."""
    both = [s for s in items if s.pieces > 0 and s.pieces_before > 0]
    prices = [(s.value / s.pieces, s.value_before / s.pieces_before) for s in both]
    old = math.fsum(p0 * s.pieces_before for s, (_, p0) in zip(both, prices, strict=True))
    new = math.fsum(p0 * s.pieces for s, (_, p0) in zip(both, prices, strict=True))
    if old <= 0 or new <= 0:
        return None
    laspeyres = math.fsum(p1 * s.pieces_before for s, (p1, _) in zip(both, prices, strict=True)) / old
    paasche = math.fsum(p1 * s.pieces for s, (p1, _) in zip(both, prices, strict=True)) / new
    return math.sqrt(laspeyres * paasche)


def _sold(reader: CellReader, quantity: str, price: str, item: str, within: tuple[Filter, ...]) -> Mapping[Cell, Sold]:
    sums = {"pieces": quantity, "value": f"{quantity} * {price}", "squares": f"{quantity} * {quantity}"}
    metrics = [Metric(name=f"price_{name}", expression=f"SUM({value})", label=name) for name, value in sums.items()]
    query = MetricQuery(
        metrics=tuple(Measure(metric=m.name) for m in metrics),
        dimensions=(DimensionRef(field=item),),
        filters=(*reader.filters, *within),
        entity_conditions=reader.entity_conditions,
        window=days(reader.window),
        comparison=Comparison(kind="window", baseline=days(reader.baseline)),
    )
    answered = ask(reader.context, with_metrics(reader.context.warehouse.model, metrics), query)
    reader.ran.append(answered.sql)
    found: dict[Cell, Sold] = {}
    for row, record in zip(answered.rows, answered.records(), strict=True):
        numbers = {
            f"{name}{side}": as_number(record.get(f"price_{name}{told}"))
            for name in sums
            for side, told in (("", ""), ("_before", "_previous"))
        }
        found[row[0]] = Sold(**numbers)
    return found
