"""churn: who is likely not to come back, why, how sure that is, and what would change it."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tools.churn.words import LEAST_PUSH
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
from tools.core.errors import QueryUnsupported
from tools.core.query import Filter, ListingSpec, MetricQuery, Order
from tools.core.semantics.model import Datatype, Metric, MetricFormat, SemanticModel

_TABLES = {"orders": "churn", "subscriptions": "subscription_churn"}
_SURE = 1.96


class WhatIf(BaseModel):
    """A change to one driver, for every customer of the group."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    driver: str = Field(min_length=1, max_length=100)
    """recency (days since the last order), frequency (orders in the most recent window), or a signal named under `drivers`."""
    set_to: float | None = None
    """The value that everybody would have; not for frequency."""
    change_by: float | None = None
    """How much more or less everybody would have; not for recency."""

    @model_validator(mode="after")
    def _one_change(self) -> Self:
        if (self.set_to is None) == (self.change_by is None):
            raise ValueError("give set_to or change_by")
        return self


class ChurnInput(ChosenCustomers):
    """A question about customers who may leave. Average risk by region or any other dimension is a query_metrics question."""

    show: Literal["drivers", "customers", "what_if", "reliability"] = "drivers"
    """drivers: how many of a group are expected to leave, and what moves their risk against everybody's. customers: those at the highest
    risk one by one, with reasons (for askers who may see individuals). what_if: the risk if one driver changed. reliability: how well
    the model did on a later window, by tenth of risk, and when not to use it."""
    of: Literal["orders", "subscriptions"] = "orders"
    """What leaving means: orders = no order within the horizon; subscriptions = the running subscription ends."""
    limit: int = Field(default=20, ge=1, le=1000)
    """How many customers to list."""
    what_if: WhatIf | None = None
    """Goes with show="what_if"."""

    @model_validator(mode="after")
    def _what_if_goes_with_show(self) -> Self:
        if (self.show == "what_if") != (self.what_if is not None):
            raise ValueError('what_if goes with show="what_if"')
        return self


class Churn:
    """Explains the churn scores of the intelligence layer."""

    name: ClassVar[str] = "churn"
    summary: ClassVar[str] = "Who is likely not to order again, why, how reliable that is, and what would change it."
    input_model: ClassVar[type[BaseModel]] = ChurnInput

    def run(self, arguments: ChurnInput, context: ToolContext) -> Finding:
        """Answer from the scores of the last refresh.

        Raises:
            NeedsPerson: The scores have not been, or could not be, computed.
            NotAllowed: Listing individuals without the right to it.
            UnknownName, QueryUnsupported: Filters or a driver that do not exist.
        """
        card = require_card(context.warehouse, _TABLES[arguments.of]) | {"table": _TABLES[arguments.of]}
        show = {"drivers": _drivers, "customers": _customers, "what_if": _what_if, "reliability": _reliability}[arguments.show]
        return show(arguments, context, card)


def _drivers(arguments: ChurnInput, context: ToolContext, card: dict[str, Any]) -> Finding:
    """The group's expected leavers, and per driver how much it moves their risk against everybody's."""
    drivers = card["drivers"]
    model = with_columns(context.warehouse.model, card["table"], {f"push_{d['name']}": Datatype.FLOAT for d in drivers})
    group = _ask_group(model, arguments, context, card)
    found = group.one()
    pushes = [(d, as_number(found.get(f"push_{d['name']}")), as_number(found.get(f"size_{d['name']}"))) for d in drivers]
    # Over everybody effects cancel out, so there the size of the effect orders the drivers.
    pushes.sort(key=lambda row: (-(row[2] if arguments.everybody else abs(row[1])), row[0]["name"]))
    rows = tuple((d["label"], push, size, _direction(push)) for d, push, size in pushes) if found else ()
    columns = (
        plain_column("driver", "string", "driver", role="dimension", form="text", own_words=True),
        plain_column("push", "number", "effect on log-odds against everybody", decimals=3),
        plain_column("size", "number", "mean size of the effect on log-odds", decimals=3),
        plain_column("direction", "string", "direction", role="dimension", form="text", own_words=True),
    )
    tables = [Table(title="What moves their risk, strongest first", columns=columns, rows=rows)]
    if found:
        tables.insert(0, _summary_table(found, card))
    caveats = ["Drivers say what goes with leaving, not what causes it."]
    if not found:
        caveats.append("The group is too small to be shown with your rights, or no customer of it is scored.")
    facts = {"group": found, "top_driver": rows[0][0] if rows else None}
    reading = _reading("Expected leavers and what moves their risk", arguments, context, card)
    return _finding(context, card, tuple(tables), reading, group, caveats, facts)


def _direction(push: float) -> str:
    if abs(push) < LEAST_PUSH:
        return "as for everybody"
    return "raises the risk" if push > 0 else "lowers the risk"


def _ask_group(model: SemanticModel, arguments: ChurnInput, context: ToolContext, card: dict[str, Any]) -> Answered:
    people = context.warehouse.model.datasets[str(model.settings.customer)].plural
    table, drivers = card["table"], card["drivers"]
    probability = f"{table}.churn_probability"
    counted = Metric(
        name="scored_customers",
        expression=f"COUNT({customer_key(model)})",
        label=f"{people} scored",
        unit=people,
        filter=f"{probability} IS NOT NULL",
        decimals=0,
    )
    rate = MetricFormat.RATE
    metrics = [
        counted,
        customer_metric(model, "average_probability", "AVG", probability, label="average churn probability", unit="share", kind=rate),
        customer_metric(model, "expected", "SUM", probability, label="expected leavers", unit=people, decimals=0),
        customer_metric(model, "spread", "SUM", f"{probability} * (1 - {probability})", label="variance"),
        *(customer_metric(model, f"push_{d['name']}", "AVG", f"{table}.push_{d['name']}", label=d["label"]) for d in drivers),
        *(customer_metric(model, f"size_{d['name']}", "AVG", f"ABS({table}.push_{d['name']})", label=d["label"]) for d in drivers),
    ]
    query = MetricQuery.model_validate({"metrics": [m.name for m in metrics], **arguments.within(model)})
    return ask(context, with_metrics(model, metrics), query)


def _summary_table(found: dict[str, Any], card: dict[str, Any]) -> Table:
    expected, spread = as_number(found["expected"]), math.sqrt(max(as_number(found["spread"]), 0.0))
    n = int(as_number(found["scored_customers"]))
    # Chance, and how far the whole was off on the test window.
    missed = _observed_over_predicted(card)
    low = max(expected * min(missed, 1.0) - _SURE * spread, 0.0)
    high = min(expected * max(missed, 1.0) + _SURE * spread, float(n))
    columns = (
        plain_column("customers", "integer", "customers scored", unit="customers", decimals=0),
        plain_column("churn_probability", "number", "average churn probability", unit="share", form="rate"),
        plain_column("expected_leavers", "number", "expected leavers", unit="customers", decimals=0),
        plain_column("expected_low", "number", "at least (95 %)", unit="customers", decimals=0),
        plain_column("expected_high", "number", "at most (95 %)", unit="customers", decimals=0),
    )
    title = f"Expected to leave: {card['outcome']}"
    return Table(title=title, columns=columns, rows=((n, as_number(found["average_probability"]), expected, low, high),))


def _observed_over_predicted(card: dict[str, Any]) -> float:
    deciles = card["backtest"]["results"][card["backtest"]["winner"]]["deciles"]
    predicted = sum(d["n"] * d["predicted"] for d in deciles)
    return float(sum(d["n"] * d["observed"] for d in deciles) / predicted) if predicted else 1.0


def _customers(arguments: ChurnInput, context: ToolContext, card: dict[str, Any]) -> Finding:
    model = with_columns(context.warehouse.model, card["table"], {"reasons": Datatype.STRING})
    customer, scores = str(model.settings.customer), card["table"]
    query = MetricQuery(
        listing=ListingSpec(
            entity=customer, fields=tuple(f"{scores}.{name}" for name in ("churn_probability", "churn_risk", "main_driver", "reasons"))
        ),
        **arguments.within(model, Filter(field=f"{scores}.churn_probability", op="not_null")),
        order=(Order(by="churn_probability", direction="desc"),),
        limit=arguments.limit,
    )
    answered = ask(context, model, query)
    sentence = f"{model.datasets[customer].plural} at the highest risk ({card['outcome']})"
    table = Table(title=sentence[:1].upper() + sentence[1:], columns=answered.columns, rows=answered.rows, truncated=answered.truncated)
    caveats = ["Reasons say what moves the prediction against an average customer, not what causes leaving."]
    facts = {"listed": len(answered.rows)}
    return _finding(context, card, (table,), _reading(sentence, arguments, context, card), answered, caveats, facts)


def _what_if(arguments: ChurnInput, context: ToolContext, card: dict[str, Any]) -> Finding:
    """The mean probability of the group as it is, and if the driver were changed; both by the logistic model."""
    assert arguments.what_if is not None
    change = _log_odds_change(arguments.what_if, card)
    facts_used = ("fact_days_since_last_order", "fact_usual_gap_days", *_order_facts(card), *(f"fact_{d['name']}" for d in _signals(card)))
    model = with_columns(context.warehouse.model, card["table"], dict.fromkeys(("log_odds", *facts_used), Datatype.FLOAT))
    now, then = (f"1 / (1 + EXP(-({card['table']}.log_odds + {added})))" for added in ("0", change))
    metrics = [
        customer_metric(model, "probability_now", "AVG", now, label="average churn probability now", unit="share", kind=MetricFormat.RATE),
        customer_metric(model, "probability_then", "AVG", then, label="with the change", unit="share", kind=MetricFormat.RATE),
        customer_metric(model, "leavers_now", "SUM", now, label="expected leavers now", decimals=0),
        customer_metric(model, "leavers_then", "SUM", then, label="expected leavers with the change", decimals=0),
    ]
    query = MetricQuery.model_validate({"metrics": [m.name for m in metrics], **arguments.within(model)})
    answered = ask(context, with_metrics(model, metrics), query)
    sentence = f"Churn risk if {_change_in_words(arguments.what_if, card)}"
    table = Table(title=sentence, columns=answered.columns, rows=answered.rows)
    caveats = [
        "An association read as if it were a cause: customers who differ in this driver differ in other things too. Only a trial can tell.",
    ]
    return _finding(context, card, (table,), _reading(sentence, arguments, context, card), answered, caveats, {"what_if": answered.one()})


def _log_odds_change(change: WhatIf, card: dict[str, Any]) -> str:
    """SQL for how much the change adds to each customer's log-odds."""
    b, table = card["what_if_coefficients"], card["table"]
    signals = {d["name"] for d in _signals(card)}
    if change.driver == "recency" and change.set_to is not None and change.set_to >= 0:
        old, gap = f"{table}.fact_days_since_last_order", f"GREATEST({table}.fact_usual_gap_days, 1)"
        return (
            f"({b['log_days_since_last_order']!r}) * (LN({1 + change.set_to!r}) - LN(1 + {old})) + "
            f"({b['log_gaps_missed']!r}) * (LN(1 + {change.set_to!r} / {gap}) - LN(1 + {old} / {gap}))"
        )
    if change.driver == "frequency" and change.change_by is not None:
        more = repr(change.change_by)
        return " + ".join(
            f"({b[name.replace('fact_', 'log_')]!r}) * (LN(1 + GREATEST({table}.{name} + {more}, 0)) - LN(1 + {table}.{name}))"
            for name in _order_facts(card)
        )
    if change.driver in signals:
        column = f"{table}.fact_{change.driver}"
        moved = f"{change.set_to!r} - {column}" if change.set_to is not None else repr(change.change_by)
        return f"({b[change.driver]!r}) * ({moved})"
    known = ["recency (set_to)", "frequency (change_by)", *sorted(signals)]
    raise QueryUnsupported(f"there is no such change of {change.driver}", try_instead=f"drivers that can be changed: {', '.join(known)}")


def _change_in_words(change: WhatIf, card: dict[str, Any]) -> str:
    if change.driver == "recency":
        return f"everybody's last order were {change.set_to:g} days ago"
    label = next((d["label"] for d in card["drivers"] if d["name"] == change.driver), change.driver)
    if change.set_to is not None:
        return f"{label} were {change.set_to:g} for everybody"
    return f"{label} were {abs(change.change_by or 0):g} {'higher' if (change.change_by or 0) >= 0 else 'lower'} for everybody"


def _order_facts(card: dict[str, Any]) -> tuple[str, ...]:
    return tuple(f"fact_{name.removeprefix('log_')}" for name in card["what_if_coefficients"] if name.startswith("log_orders_"))


def _signals(card: dict[str, Any]) -> list[dict[str, Any]]:
    return [d for d in card["drivers"] if d["signal"]]


def _reliability(_: ChurnInput, context: ToolContext, card: dict[str, Any]) -> Finding:
    test = card["backtest"]
    best = test["results"][test["winner"]]
    deciles = Table(
        title=f"Predicted and observed on {test['tested_on']} to {test['until']}, by tenth of risk",
        columns=(
            plain_column("tenth", "integer", "tenth of customers, lowest risk first", role="dimension", decimals=0, own_words=True),
            plain_column("customers", "integer", "customers", unit="customers", decimals=0),
            plain_column("predicted", "number", "predicted", unit="share", form="rate"),
            plain_column("observed", "number", "observed", unit="share", form="rate"),
        ),
        rows=tuple((i, d["n"], d["predicted"], d["observed"]) for i, d in enumerate(best["deciles"], start=1)),
    )
    measures = ("auc", "brier", "log_loss", "ece", "slope", "intercept", "lift_at_10")
    models = Table(
        title="The models on the test window",
        columns=(
            plain_column("model", "string", "model", role="dimension", form="text", own_words=True),
            *(plain_column(m, "number", m, decimals=3) for m in measures),
        ),
        rows=tuple((kind, *(found[m] for m in measures)) for kind, found in test["results"].items()),
    )
    reading = Reading(sentence="How well churn was predicted on a later window", as_of=dt.date.fromisoformat(card["as_of"]))
    return _finding(context, card, (deciles, models), reading, None, [], {"calibration": {k: v for k, v in best.items() if k != "deciles"}})


def _finding(
    context: ToolContext,
    card: dict[str, Any],
    tables: tuple[Table, ...],
    reading: Reading,
    answered: Answered | None,
    caveats: list[str],
    facts: dict[str, Any],
) -> Finding:
    reason = reason_of(context, card["table"])
    test = card["backtest"]
    best = test["results"][test["winner"]]
    said = [f"Do not use: {text}" for text in card["do_not_use"]] + list(reason.caveats) + caveats
    said += hindsight(context, dt.date.fromisoformat(card["as_of"]))
    if answered is not None:
        said += answered.notes
    return modelled_finding(
        Churn.name,
        context,
        tables=tables,
        reading=reading,
        reason=reason.reason,
        scored_on=dt.date.fromisoformat(card["as_of"]),
        answered=answered,
        caveats=said,
        facts={
            **facts,
            "horizon_days": card["horizon_days"],
            "outcome": card["outcome"],
            "tested": {"auc": best["auc"], "ece": best["ece"], "slope": best["slope"], "intercept": best["intercept"], "n": best["n"]},
        },
    )


def _reading(sentence: str, arguments: ChurnInput, context: ToolContext, card: dict[str, Any]) -> Reading:
    return arguments.read(sentence, context, as_of=context.as_of or context.warehouse.as_of, scored_on=card["as_of"])
