"""What campaigns caused: the difference between who was treated and who was held out, where chance decided which.

Interval: Newcombe (1998), method 10: the Wilson intervals of both rates, combined. It keeps its coverage for small arms and rates near 0.
Where nobody was held out, or chance did not decide, there is no lift to tell; what is told is how different the targeted already were.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from tools.core.contract import Cell, DateSpan, ExecutedSql, ToolContext
from tools.core.customers.scored import as_number, ask, customer_key, with_metrics
from tools.core.errors import NeedsPerson
from tools.core.query import DimensionRef, EntityCondition, Filter, Measure, MetricQuery, TimeWindow
from tools.core.semantics.model import CampaignRoles, Metric, SemanticModel

_SURE = 1.959964
DAYS_BEFORE = 91
"""How far back the spending of targeted and other customers is compared."""
_COMPARED = 3
"""Campaigns without a control group whose customers are looked at more closely."""


@dataclass(frozen=True, kw_only=True)
class Lift:
    """The effect of one campaign on the chance to convert."""

    treated: int
    treated_rate: float
    held_out: int
    held_out_rate: float
    lift: float
    low: float
    high: float

    @property
    def is_sure(self) -> bool:
        """The interval does not hold 0."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, kw_only=True)
class CampaignResult:
    """One campaign."""

    name: str
    channel: str | None
    start: dt.date | None
    end: dt.date | None
    randomised: bool
    reached: int
    """Customers treated, or targeted."""
    lift: Lift | None
    """None: not randomised, or an arm is empty."""
    spent_before: tuple[float, float] | None = None
    """Spending per customer in the days before, of the targeted and of all others; told where there is no lift."""


@dataclass(frozen=True, kw_only=True)
class Campaigns:
    """Campaigns with what was run to find out about them."""

    results: tuple[CampaignResult, ...]
    ran: tuple[ExecutedSql, ...]
    narrowed: tuple[str, ...]


def wilson(converted: float, n: float) -> tuple[float, float]:
    """95 % interval of a rate."""
    rate, z2 = converted / n, _SURE**2
    middle = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = _SURE / (1 + z2 / n) * math.sqrt(rate * (1 - rate) / n + z2 / (4 * n * n))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def lift_of(treated: int, treated_converted: int, held_out: int, held_out_converted: int) -> Lift:
    """The difference of two rates with its 95 % interval; both arms must hold somebody."""
    one, two = treated_converted / treated, held_out_converted / held_out
    (low1, high1), (low2, high2) = wilson(treated_converted, treated), wilson(held_out_converted, held_out)
    return Lift(
        treated=treated,
        treated_rate=one,
        held_out=held_out,
        held_out_rate=two,
        lift=one - two,
        low=one - two - math.sqrt((one - low1) ** 2 + (high2 - two) ** 2),
        high=one - two + math.sqrt((high1 - one) ** 2 + (two - low2) ** 2),
    )


def require_campaigns(model: SemanticModel) -> CampaignRoles:
    """The roles of campaigns.

    Raises:
        NeedsPerson: The semantic model names none (`roles_missing`).
    """
    roles = model.settings.roles.campaigns
    if roles is None:
        raise NeedsPerson(
            "This warehouse names no campaigns, so there is no lift to tell.",
            try_instead="Name them under `roles.campaigns` in the semantic model (docs/semantic_model.md).",
            code="roles_missing",
        )
    return roles


def campaign_results(context: ToolContext, *, names: Sequence[str], span: DateSpan | None, filters: tuple[Filter, ...]) -> Campaigns:
    """What became of campaigns, latest first.

    Args:
        names: These campaigns only, as stored.
        span: Only campaigns that began in these days.
        filters: Only these customers.
    Raises:
        NeedsPerson: No roles, or no such campaign (`no_data`).
    """
    model = context.warehouse.model
    roles = require_campaigns(model)
    metrics = _metrics(model, roles)
    shown = [roles.campaign, *(f for f in (roles.channel, roles.randomised) if f is not None)]
    dates = [f for f in (roles.start, roles.end) if f is not None]
    tests = list(filters)
    if names:
        tests.append(Filter(field=roles.campaign, op="in", values=tuple(_typed(model, roles.campaign, name) for name in names)))
    if span is not None:
        tests.append(Filter(field=roles.start, op="between", values=(span.start, span.end)))
    query = MetricQuery(
        metrics=tuple(Measure(metric=m.name) for m in metrics),
        dimensions=tuple(DimensionRef(field=f) for f in (*shown, *dates)),
        filters=tuple(tests),
    )
    answered = ask(context, with_metrics(model, metrics), query)
    if not answered.rows:
        raise NeedsPerson(
            "There is no campaign of these names and days, or too few customers were in it to be told about.",
            try_instead="Ask without a name or with other days.",
            code="no_data",
        )
    keys = [*shown, *dates]
    figures = [m.name for m in metrics]
    results = []
    for row in answered.rows:
        named = dict(zip(keys, row[: len(keys)], strict=True))
        counted = dict(zip(figures, row[len(keys) :], strict=True))
        results.append(_result(roles, named, {k: int(as_number(v)) for k, v in counted.items()}))
    results.sort(key=lambda r: (r.start or dt.date.min, r.name), reverse=True)
    ran = [answered.sql]
    return Campaigns(results=_with_background(context, roles, results, filters, ran), ran=tuple(ran), narrowed=answered.narrowed)


def _metrics(model: SemanticModel, roles: CampaignRoles) -> list[Metric]:
    def counted(name: str, test: str) -> Metric:
        return Metric(name=name, expression=f"COUNT(CASE WHEN {test} THEN 1 END)", label=name.replace("_", " "), time_field=roles.start)

    if roles.arm is None or roles.converted is None:
        anything = next(iter(model.datasets[roles.audience].fields.values()))
        return [counted("reached", f"{anything.id} IS NOT NULL")]
    arms = {
        name: f"{roles.arm} = {exp.Literal.string(arm).sql('duckdb')}"
        for name, arm in (("treated", roles.treated), ("held_out", roles.control))
    }
    return [m for name, test in arms.items() for m in (counted(name, test), counted(f"{name}_converted", f"{test} AND {roles.converted}"))]


def _result(roles: CampaignRoles, named: dict[str, Cell], counted: dict[str, int]) -> CampaignResult:
    randomised = roles.randomised is not None and bool(named.get(roles.randomised)) and roles.arm is not None
    arms = counted.get("treated", 0), counted.get("held_out", 0)
    lift = None
    if randomised and min(arms) > 0:
        lift = lift_of(arms[0], counted["treated_converted"], arms[1], counted["held_out_converted"])
    channel = named.get(roles.channel) if roles.channel else None
    return CampaignResult(
        name=str(named[roles.campaign]),
        channel=None if channel is None else str(channel),
        start=_day(named.get(roles.start)),
        end=_day(named.get(roles.end)) if roles.end else None,
        randomised=randomised,
        reached=counted.get("reached", arms[0]),
        lift=lift,
    )


def _day(value: Cell) -> dt.date | None:
    if isinstance(value, dt.datetime):
        return value.date()
    return value if isinstance(value, dt.date) else None


# -- campaigns without a control group --------------------------------------------------------------


def _with_background(
    context: ToolContext, roles: CampaignRoles, results: list[CampaignResult], filters: tuple[Filter, ...], ran: list[ExecutedSql]
) -> tuple[CampaignResult, ...]:
    """For the first few without a lift, what the targeted and all others spent before."""
    done: list[CampaignResult] = []
    looked = 0
    for result in results:
        if result.lift is None and not result.randomised and result.start is not None and looked < _COMPARED:
            looked += 1
            done.append(replace(result, spent_before=_spent_before(context, roles, result, filters, ran)))
        else:
            done.append(result)
    return tuple(done)


def _spent_before(
    context: ToolContext, roles: CampaignRoles, result: CampaignResult, filters: tuple[Filter, ...], ran: list[ExecutedSql]
) -> tuple[float, float] | None:
    own, model = context.warehouse.model.settings.roles, context.warehouse.model
    if own.amount is None or result.start is None:
        return None
    metrics = [
        Metric(name="spent", expression=f"SUM({own.amount})", label="spending", time_field=own.order_time, filter=own.order_filter),
        Metric(name="people", expression=f"COUNT({customer_key(model)})", label="customers"),
    ]
    fuller = with_metrics(model, metrics)
    before = TimeWindow(start=result.start - dt.timedelta(days=DAYS_BEFORE), end=result.start - dt.timedelta(days=1))
    found = []
    for targeted in (True, False):
        condition = EntityCondition(
            entity=str(model.settings.customer),
            fact=roles.audience,
            filters=(Filter(field=roles.campaign, op="in", values=(_typed(model, roles.campaign, result.name),)),),
            op="ge" if targeted else "lt",
            value=1.0,
        )
        people = ask(context, fuller, MetricQuery(metrics=(Measure(metric="people"),), filters=filters, entity_conditions=(condition,)))
        spent = ask(
            context,
            fuller,
            MetricQuery(metrics=(Measure(metric="spent"),), filters=filters, entity_conditions=(condition,), window=before),
        )
        ran += [people.sql, spent.sql]
        n = as_number(people.one().get("people"))
        if not n:
            return None
        found.append(as_number(spent.one().get("spent")) / n)
    return found[0], found[1]


def _typed(model: SemanticModel, field_id: str, value: str) -> str | int:
    """The value as its field stores it: campaigns that have only a number."""
    return int(value) if model.field(field_id).datatype.value == "Integer" and value.lstrip("-").isdigit() else value
