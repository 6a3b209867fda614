"""lifetime_value: what customers will be worth over a horizon, how sure that is, and which of them matter most."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, Field

from tools.core.contract import Finding, Reading, Table, ToolContext
from tools.core.customers.scored import (
    Answered,
    ChosenCustomers,
    as_number,
    ask,
    customer_key,
    customer_metric,
    hindsight,
    modelled_finding,
    plain_column,
    reason_of,
    require_card,
    with_columns,
    with_metrics,
)
from tools.core.query import Filter, ListingSpec, MetricQuery, Order
from tools.core.query.calendar import long_date
from tools.core.semantics.model import Datatype, Metric, MetricFormat

_TABLE = "lifetime_value"


class LifetimeValueInput(ChosenCustomers):
    """A question about future value. Average value by region or any other dimension is a query_metrics question."""

    show: Literal["summary", "customers", "reliability"] = "summary"
    """summary: total and average value of a group, with its range. customers: the most valuable one by one, with intervals (for askers
    who may see individuals). reliability: the back-test, every model and naive rule side by side."""
    limit: int = Field(default=20, ge=1, le=1000)
    """How many customers to list."""


class LifetimeValue:
    """Explains the values of the intelligence layer."""

    name: ClassVar[str] = "lifetime_value"
    summary: ClassVar[str] = "What customers will be worth over a stated horizon, with intervals and the back-test behind it."
    input_model: ClassVar[type[BaseModel]] = LifetimeValueInput

    def run(self, arguments: LifetimeValueInput, context: ToolContext) -> Finding:
        """Answer from the values of the last refresh.

        Raises:
            NeedsPerson: The values have not been, or could not be, computed.
            NotAllowed: Listing individuals without the right to it.
            UnknownName, QueryUnsupported: Filters that do not exist.
        """
        card = require_card(context.warehouse, _TABLE)
        show = {"summary": _summary, "customers": _customers, "reliability": _reliability}[arguments.show]
        return show(arguments, context, card)


def _summary(arguments: LifetimeValueInput, context: ToolContext, card: dict[str, Any]) -> Finding:
    names = {"expected_orders": Datatype.FLOAT, "probability_alive": Datatype.FLOAT}
    model = with_columns(context.warehouse.model, _TABLE, names)
    people, currency = model.datasets[str(model.settings.customer)].plural, card["terms"]["currency"]
    money = {"unit": currency, "kind": MetricFormat.MONEY}
    metrics = [
        Metric(name="valued_customers", expression=f"COUNT({customer_key(model)})", label=f"{people} valued", unit=people,
               filter="lifetime_value.clv IS NOT NULL", decimals=0),
        customer_metric(model, "average_value", "AVG", "lifetime_value.clv", label="average lifetime value", **money),
        customer_metric(model, "median_value", "MEDIAN", "lifetime_value.clv", label="median lifetime value", **money),
        customer_metric(model, "total_value", "SUM", "lifetime_value.clv", label="total lifetime value", decimals=0, **money),
        customer_metric(model, "average_orders", "AVG", "lifetime_value.expected_orders", label="average expected orders", decimals=1),
        customer_metric(model, "average_p_alive", "AVG", "lifetime_value.probability_alive", label="average P(alive)", unit="share",
                        kind=MetricFormat.RATE),
    ]  # fmt: skip
    query = MetricQuery.model_validate({"metrics": [m.name for m in metrics], **arguments.within(model)})
    answered = ask(context, with_metrics(model, metrics), query)
    sentence = f"Lifetime value over {_terms(card)}"
    tables = [Table(title=sentence, columns=answered.columns, rows=answered.rows)]
    found = answered.one()
    if found:
        tables.append(_range_table(as_number(found["total_value"]), card))
    return _finding(context, card, tuple(tables), arguments.read(sentence, context, as_of=_scored_on(card)), answered, {"group": found})


def _range_table(total: float, card: dict[str, Any]) -> Table:
    """The total as it would be, had each back-test been off as it was."""
    errors = [w["scores"][card["model"]]["spend_total_error"] for w in card["backtest"]["windows"]]
    would = [total / (1 + error) for error in errors if error > -1]
    low, high = min([total, *would]), max([total, *would])
    currency = card["terms"]["currency"]
    columns = tuple(
        plain_column(name, "number", label, unit=currency, form="money", decimals=0)
        for name, label in (("total", "total lifetime value"), ("low", "at the lowest of the back-tests"), ("high", "at the highest"))
    )
    return Table(title="Range of the total by the errors of the back-tests", columns=columns, rows=((total, low, high),))


def _customers(arguments: LifetimeValueInput, context: ToolContext, card: dict[str, Any]) -> Finding:
    extra = {"clv_low": Datatype.FLOAT, "clv_high": Datatype.FLOAT, "probability_alive": Datatype.FLOAT, "average_spend": Datatype.FLOAT}
    model = with_columns(context.warehouse.model, _TABLE, extra)
    customer = str(model.settings.customer)
    fields = ("clv", "clv_low", "clv_high", "expected_orders", "average_spend", "probability_alive", "value_tier")
    query = MetricQuery(
        listing=ListingSpec(entity=customer, fields=tuple(f"{_TABLE}.{name}" for name in fields)),
        **arguments.within(model, Filter(field=f"{_TABLE}.clv", op="not_null")),
        order=(Order(by="clv", direction="desc"),),
        limit=arguments.limit,
    )
    answered = ask(context, model, query)
    sentence = f"{model.datasets[customer].plural} by lifetime value over {_terms(card)}"
    sentence = sentence[:1].upper() + sentence[1:]
    table = Table(title=sentence, columns=answered.columns, rows=answered.rows, truncated=answered.truncated)
    reading = arguments.read(sentence, context, as_of=_scored_on(card))
    return _finding(context, card, (table,), reading, answered, {"listed": len(answered.rows)})


def _reliability(_: LifetimeValueInput, context: ToolContext, card: dict[str, Any]) -> Finding:
    test, currency = card["backtest"], card["terms"]["currency"]
    columns = (
        plain_column("cut_off", "date", "predicted on", role="dimension", form="date"),
        plain_column("candidate", "string", "model", role="dimension", form="text", own_words=True),
        plain_column("spend_total_error", "number", "total error", unit="share", form="rate"),
        plain_column("spend_mae", "number", "mean error per customer", unit=currency, form="money"),
        plain_column("spend_rmse", "number", "root mean squared error", unit=currency, form="money"),
        plain_column("spend_spearman", "number", "rank correlation", decimals=3),
        plain_column("top_decile_share", "number", "share of spend in the top tenth", unit="share", form="rate"),
    )
    rows = tuple(
        (dt.date.fromisoformat(w["cut_off"]), name, *(scores[c.name] for c in columns[2:]))
        for w in test["windows"]
        for name, scores in w["scores"].items()
    )
    bands = Table(
        title="Predicted and actual spend by tenth of customers, all windows",
        columns=(
            plain_column("tenth", "integer", "tenth of customers, lowest value first", role="dimension", decimals=0),
            plain_column("predicted", "number", "mean predicted", unit=currency, form="money"),
            plain_column("actual", "number", "mean actual", unit=currency, form="money"),
        ),
        rows=tuple((i, b["mean_predicted"], b["mean_actual"]) for i, b in enumerate(test["deciles"], start=1)),
    )
    sentence = f"Back-test of lifetime value over {len(test['windows'])} windows of {test['horizon_days']} days"
    tables = (Table(title=sentence, columns=columns, rows=rows), bands)
    reading = Reading(sentence=sentence, as_of=_scored_on(card))
    return _finding(context, card, tables, reading, None, {"winner": test["winner"], "mean_rank": test["mean_rank"]})


def _scored_on(card: dict[str, Any]) -> dt.date:
    return dt.date.fromisoformat(card["trained_to"])


def _terms(card: dict[str, Any]) -> str:
    terms = card["terms"]
    rate = terms["yearly_discount"]
    discount = f"discounted by {rate:.0%} a year" if rate else "not discounted"
    return f"{terms['horizon_days']} days after {long_date(_scored_on(card))} in {terms['currency']} of {terms['basis']}, {discount}"


def _finding(
    context: ToolContext,
    card: dict[str, Any],
    tables: tuple[Table, ...],
    reading: Reading,
    answered: Answered | None,
    facts: dict[str, Any],
) -> Finding:
    reason, scored_on = reason_of(context, _TABLE), _scored_on(card)
    said = [*reason.caveats, *card["caveats"], *hindsight(context, scored_on)]
    if answered is not None:
        said += answered.notes
    if "listed" in facts:
        said.append("Between the low and the high value ended 8 of 10 customers with such a prediction in the back-test.")
        said.append("P(alive) asks whether a customer has left for good; it is not one minus the churn probability.")
    if facts.get("group") == {}:
        said.append("The group is too small to be shown with your rights, or no customer of it is valued.")
    return modelled_finding(
        LifetimeValue.name,
        context,
        tables=tables,
        reading=reading,
        reason=reason.reason,
        scored_on=scored_on,
        answered=answered,
        caveats=said,
        facts={**facts, "terms": card["terms"], "model": card["model"], "label": card["label"]},
    )
