"""What one customer did: orders by year and channel, the last ones, and what they agreed to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tools.core.contract import ExecutedSql, Table, ToolContext
from tools.core.customers.scored import Answered, ask, with_metrics
from tools.core.errors import AnswerError
from tools.core.query import Filter, MetricQuery
from tools.core.semantics.model import Datatype, Metric, MetricFormat, SemanticModel

_LAST = 5


@dataclass(frozen=True, kw_only=True)
class History:
    tables: tuple[Table, ...]
    facts: Mapping[str, Any]
    sql: tuple[ExecutedSql, ...]


def history(this: Filter, context: ToolContext) -> History:
    """Empty parts are left out: no roles for orders, no consent in the model, or no right to see them."""
    model = context.warehouse.model
    roles = model.settings.roles
    tables: list[Table] = []
    facts: dict[str, Any] = {}
    sql: list[ExecutedSql] = []

    def take(title: str, answered: Answered | None) -> None:
        if answered is not None and answered.rows:
            tables.append(Table(title=title, columns=answered.columns, rows=answered.rows))
            sql.append(answered.sql)

    if roles.order and roles.order_time and roles.amount:
        fuller, names = _with_orders(model)
        day = roles.order_time.split(".")[1]
        order = [{"field": roles.order_time, "grain": "year"}]
        years = _ask(
            context,
            fuller,
            {"metrics": names, "dimensions": order, "filters": [this], "order": [{"by": f"{day}_year", "direction": "asc"}]},
        )
        take("Orders by year", years)
        total = _ask(context, fuller, {"metrics": [*names, "last_order"], "filters": [this]})
        if total is not None and total.rows:
            facts |= {name: total.one().get(name) for name in (*names, "last_order")}
        channel = _channel(model, roles.order)
        if channel is not None:
            take("Orders by channel", _ask(context, fuller, {"metrics": names, "dimensions": [{"field": channel}], "filters": [this]}))
        last = {"metrics": ["spent"], "dimensions": [{"field": roles.order_time, "grain": "day"}], "filters": [this], "limit": _LAST,
                "order": [{"by": f"{day}_day", "direction": "desc"}]}  # fmt: skip
        take("Last days with an order", _ask(context, fuller, last))
    if roles.actions is not None and roles.actions.consent is not None:
        consent = roles.actions.consent
        split = [{"field": name} for name in (consent.purpose, consent.channel, consent.granted)]
        entry = Metric(name="entries", expression=f"COUNT({consent.purpose})", label="entries", decimals=0)
        query = {"metrics": ["entries"], "dimensions": split, "filters": [this]}
        take("Consent", _ask(context, with_metrics(model, [entry]), query))
    return History(tables=tuple(tables), facts=facts, sql=tuple(sql))


def _with_orders(model: SemanticModel) -> tuple[SemanticModel, list[str]]:
    roles, currency = model.settings.roles, model.settings.currency
    orders = Metric(name="placed", expression=f"COUNT(DISTINCT {roles.order})", label="orders", unit="orders", decimals=0)
    spent = Metric(name="spent", expression=f"SUM({roles.amount})", label="spent", unit=currency, format=MetricFormat.MONEY, decimals=2)
    last = Metric(name="last_order", expression=f"MAX({roles.order_time})", label="last order")
    return with_metrics(model, [orders, spent, last]), ["placed", "spent"]


def _channel(model: SemanticModel, order: str) -> str | None:
    """The property of an order by which one tells where it was placed, when it has one."""
    fields = model.datasets[order.split(".")[0]].fields.values()
    return next((f.id for f in fields if "channel" in f.name and f.is_dimension and f.datatype is Datatype.STRING), None)


def _ask(context: ToolContext, model: SemanticModel, query: dict[str, Any]) -> Answered | None:
    try:
        return ask(context, model, MetricQuery.model_validate(query | {"filters": [f.model_dump() for f in query["filters"]]}))
    except AnswerError:
        return None
