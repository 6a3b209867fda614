"""next_best_action: whom to approach and how, what it would bring, what forbids it, and how sure that is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, Field

from tools.core.contract import Cell, Column, Finding, Reading, Table, ToolContext
from tools.core.customers.scored import (
    Answered,
    Chosen,
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

_CARD, _TABLE = "next_best_action", "next_action"
_MOST = 10_000
_STAKES = ("churn.churn_probability", "churn.main_driver", "lifetime_value.clv")
"""Why a customer is high on a list by value at stake, where it is known."""
NOTHING = "do nothing"


class NextBestActionInput(ChosenCustomers):
    """A question about what to do about customers. How many would get which action, by any dimension, is a query_metrics question."""

    show: Literal["list", "summary", "blocked", "reliability"] = "list"
    """list: the customers worth approaching, with action, expected gain and reasons (for askers who may see individuals). summary: how many
    would get which action, what it would bring and cost, and why the others are left alone. blocked: how many must not be approached at
    all, by reason. reliability: the evidence for each action."""
    action: str | None = Field(default=None, max_length=60)
    """Only this action, by its name; default each customer's best."""
    customer_ids: tuple[str | int, ...] = Field(default=(), max_length=50)
    """These customers only, by their key: also those for whom nothing is worth doing, with the reason."""
    limit: int = Field(default=20, ge=1, le=_MOST)
    """How many customers to list."""
    budget: float | None = Field(default=None, gt=0)
    """Most that the actions of the list may cost together, in the currency of the model."""


class NextBestAction:
    """Explains the action scores of the intelligence layer."""

    name: ClassVar[str] = "next_best_action"
    summary: ClassVar[str] = "Whom to approach how, by measured uplift, within consent and budget; doing nothing is an answer."
    input_model: ClassVar[type[BaseModel]] = NextBestActionInput

    def run(self, arguments: NextBestActionInput, context: ToolContext) -> Finding:
        """Answer from the scores of the last refresh.

        Raises:
            NeedsPerson: The scores have not been, or could not be, computed.
            NotAllowed: Listing individuals without the right to it.
            UnknownName, QueryUnsupported: Filters or an action that do not exist.
        """
        card = require_card(context.warehouse, _CARD)
        if arguments.action is not None:
            _known_action(arguments.action, card)
        if arguments.show == "reliability":
            return _reliability(context, card)
        return _summary(arguments, context, card) if arguments.show in ("summary", "blocked") else _list(arguments, context, card)


def _known_action(name: str, card: dict[str, Any]) -> dict[str, Any]:
    found = next((a for a in card["actions"] if a["name"] == name), None)
    if found is None:
        raise QueryUnsupported(
            f"there is no action named {name}", try_instead=f"the actions are: {', '.join(a['name'] for a in card['actions'])}"
        )
    return dict(found)


# -- the list ---------------------------------------------------------------------------------------


def _list(arguments: NextBestActionInput, context: ToolContext, card: dict[str, Any]) -> Finding:
    model = _fuller(context.warehouse.model, card)
    action = _known_action(arguments.action, card) if arguments.action else None
    measured = action is None or action["average"] is not None
    names = _columns_of(action)
    answered = ask(context, model, _list_query(arguments, model, names, action, measured=measured))
    rows = _within(answered, names, action, arguments) if measured else answered.rows[: arguments.limit]
    columns = _list_columns(answered.columns, names, card)
    people = model.datasets[str(model.settings.customer)].plural
    what = action["label"] if action is not None else "their best action"
    sentence = (
        f"{people} {'worth' if measured else 'to consider for'} {what}" if not arguments.customer_ids else f"{what} for {people} by number"
    )
    sentence = sentence[:1].upper() + sentence[1:]
    tables = [Table(title=sentence, columns=columns, rows=rows, truncated=answered.truncated)]
    worth = _how_many(arguments, context, model, names, action, measured=measured)
    facts: dict[str, Any] = {
        "listed": len(rows),
        "asked": arguments.limit,
        "people": people,
        "measured": measured,
        "budget": arguments.budget,
        "worth_it": worth,
    }
    if action is not None:
        facts |= {"action": action["label"], "action_name": action["name"]}
    if measured:
        tables.append(_sensitivity(rows, answered.columns, names, action, card))
        facts |= _totals(rows, answered.columns, names, action)
    caveats = _list_caveats(action, card, measured=measured)
    return _finding(context, card, tuple(tables), _said(sentence, arguments, context, card), answered, caveats, facts)


def _columns_of(action: dict[str, Any] | None) -> dict[str, str]:
    """What the list shows -> column of the table."""
    if action is None:
        return {
            "gain": "expected_gain",
            "uplift": "uplift",
            "low": "uplift_low",
            "reasons": "reasons",
            "action": "best_action",
            "cost": "cost",
        }
    name = action["slug"]
    return {
        "gain": f"gain_{name}",
        "uplift": f"uplift_{name}",
        "low": f"low_{name}",
        "reasons": f"reasons_{name}",
        "why_not": f"why_not_{name}",
    }


def _fuller(model: SemanticModel, card: dict[str, Any]) -> SemanticModel:
    """The model with the columns of every action, for the length of one query."""
    numbers = ["uplift", "uplift_low", "cost", "at_stake"]
    texts = ["reasons"]
    for action in card["actions"]:
        numbers += [f"{part}_{action['slug']}" for part in ("gain", "uplift", "low")]
        texts += [f"{part}_{action['slug']}" for part in ("why_not", "reasons")]
    return with_columns(model, _TABLE, dict.fromkeys(numbers, Datatype.FLOAT) | dict.fromkeys(texts, Datatype.STRING))


def _list_query(
    arguments: NextBestActionInput, model: SemanticModel, names: dict[str, str], action: dict[str, Any] | None, *, measured: bool
) -> MetricQuery:
    shown = [names[name] for name in ("action", "gain", "uplift", "low", "cost", "why_not", "reasons") if name in names]
    if arguments.customer_ids:
        shown += ["block"] if action is None else []
    elif action is not None:
        shown.remove(names["why_not"])
    fields = [f"{_TABLE}.{name}" for name in shown]
    if not measured:
        known = [f for f in _STAKES if f.split(".")[0] in model.datasets]
        fields = [f"{_TABLE}.at_stake", *known, *(f for f in fields if f.endswith(names["why_not"]))]
    # With a budget the best ones per unit of money are chosen among all.
    limit = _MOST if arguments.budget is not None else arguments.limit
    return MetricQuery(
        listing=ListingSpec(entity=str(model.settings.customer), fields=tuple(fields)),
        **_conditions(arguments, model, names, action, measured=measured),
        order=(Order(by=names["gain"] if measured else "at_stake", direction="desc"),),
        limit=limit,
    )


def _conditions(
    arguments: NextBestActionInput, model: SemanticModel, names: dict[str, str], action: dict[str, Any] | None, *, measured: bool
) -> Chosen:
    """Who is on the list: those for whom it may be done and pays; anybody with a score when they are asked for by number."""
    if arguments.customer_ids:
        return arguments.within(model, Filter(field=f"{_TABLE}.best_action", op="not_null"))
    gains = Filter(field=f"{_TABLE}.{names['gain']}", op="gt", values=(0,))
    filters = [gains if measured else Filter(field=f"{_TABLE}.at_stake", op="not_null")]
    if action is not None:
        filters.append(Filter(field=f"{_TABLE}.{names['why_not']}", op="is_null"))
    return arguments.within(model, *filters)


def _how_many(
    arguments: NextBestActionInput,
    context: ToolContext,
    model: SemanticModel,
    names: dict[str, str],
    action: dict[str, Any] | None,
    *,
    measured: bool,
) -> int:
    """How many could be on the list, were it as long as can be."""
    count = Metric(name="listed_customers", expression=f"COUNT({customer_key(model)})", label="customers", decimals=0)
    query = MetricQuery(metrics=("listed_customers",), **_conditions(arguments, model, names, action, measured=measured))
    found = ask(context, with_metrics(model, [count]), query).one()
    return int(as_number(found.get("listed_customers")))


Rows = Sequence[tuple[Cell, ...]]


def _within(
    answered: Answered, names: dict[str, str], action: dict[str, Any] | None, arguments: NextBestActionInput
) -> tuple[tuple[Cell, ...], ...]:
    """The rows that the budget pays for, those with the highest gain for their cost first; in the order of their gain."""
    if arguments.budget is None:
        return answered.rows[: arguments.limit]
    found = _Figures(answered.columns, names, action)
    order = sorted(range(len(answered.rows)), key=lambda i: (-found.gain(answered.rows[i]) / max(found.cost(answered.rows[i]), 1e-9), i))
    kept: list[int] = []
    spent = 0.0
    for i in order:
        cost = found.cost(answered.rows[i])
        if len(kept) < arguments.limit and spent + cost <= arguments.budget + 1e-9:
            kept.append(i)
            spent += cost
    return tuple(answered.rows[i] for i in sorted(kept))


class _Figures:
    """Gain, uplift and cost of a row of the list."""

    def __init__(self, columns: Sequence[Column], names: dict[str, str], action: dict[str, Any] | None) -> None:
        self._at = {column.name: i for i, column in enumerate(columns)}
        self._names = names
        self._cost = float(action["cost"]) if action is not None else None

    def gain(self, row: tuple[Cell, ...]) -> float:
        return as_number(row[self._at[self._names["gain"]]])

    def cost(self, row: tuple[Cell, ...]) -> float:
        return self._cost if self._cost is not None else as_number(row[self._at[self._names["cost"]]])

    def value(self, row: tuple[Cell, ...]) -> float:
        """What one more order of this customer is worth."""
        uplift = as_number(row[self._at[self._names["uplift"]]])
        return (self.gain(row) + self.cost(row)) / uplift if uplift else 0.0

    def low(self, row: tuple[Cell, ...]) -> float:
        return as_number(row[self._at[self._names["low"]]])


def _totals(rows: Rows, columns: Sequence[Column], names: dict[str, str], action: dict[str, Any] | None) -> dict[str, Any]:
    found = _Figures(columns, names, action)
    return {"total_gain": sum(found.gain(row) for row in rows), "total_cost": round(sum(found.cost(row) for row in rows), 6)}


def _sensitivity(
    rows: Rows, columns: Sequence[Column], names: dict[str, str], action: dict[str, Any] | None, card: dict[str, Any]
) -> Table:
    """What becomes of the list when an assumption is off: the gain of all of it, and how many would still be worth it."""
    found = _Figures(columns, names, action)
    cases = (
        ("as estimated", [found.gain(r) for r in rows]),
        ("an order is worth half", [(found.gain(r) + found.cost(r)) / 2 - found.cost(r) for r in rows]),
        ("the action costs twice as much", [found.gain(r) - found.cost(r) for r in rows]),
        ("the effect is at the low end of its range", [found.low(r) * found.value(r) - found.cost(r) for r in rows]),
    )
    currency = card["currency"]
    return Table(
        title="If an assumption is off",
        columns=(
            plain_column("case", "string", "if", role="dimension", form="text", own_words=True),
            plain_column("worth_it", "integer", "still worth it", unit="customers", decimals=0),
            plain_column("gain", "number", "gain of the whole list", unit=currency, form="money", decimals=0),
        ),
        rows=tuple((name, sum(1 for g in gains if g > 0), round(sum(gains), 2)) for name, gains in cases),
    )


def _list_columns(columns: Sequence[Column], names: dict[str, str], card: dict[str, Any]) -> tuple[Column, ...]:
    """Headings and units for people."""
    from dataclasses import replace

    currency = card["currency"]
    known = {
        names["gain"]: {"label": "expected gain", "unit": currency, "format": "money", "role": "metric", "decimals": 2},
        names["uplift"]: {"label": "uplift", "unit": "share", "format": "rate", "role": "metric", "decimals": 1},
        names["low"]: {"label": "uplift at least (95 %)", "unit": "share", "format": "rate", "role": "metric", "decimals": 1},
        names["reasons"]: {"label": "why"},
        names.get("cost", "cost"): {"label": "cost", "unit": currency, "format": "money", "role": "metric", "decimals": 2},
        "at_stake": {"label": "value at stake", "unit": currency, "format": "money", "role": "metric", "decimals": 2},
        names.get("why_not", "why_not"): {"label": "must not be done because"},
    }
    return tuple(replace(column, **known[column.name]) if column.name in known else column for column in columns)


def _list_caveats(action: dict[str, Any] | None, card: dict[str, Any], *, measured: bool) -> list[str]:
    said = [
        f"A gain is uplift times what an order is worth over {card['horizon_days']} days in {card['basis']}, less the cost of the action."
    ]
    if not measured and action is not None:
        return [
            f"What {action['label']} changes has not been measured: too few were treated or left alone by chance. The order is by the "
            "chance of leaving times lifetime value, which says what is at stake and not what the action would save."
        ]
    unsure = [
        a["label"]
        for a in card["actions"]
        if a["average"] is not None and not a["is_sure"] and (action is None or a["name"] == action["name"])
    ]
    if unsure:
        said.append(f"The average effect of {' and of '.join(unsure)} may be nothing: its range includes 0.")
    return said


# -- groups and evidence ----------------------------------------------------------------------------


def _summary(arguments: NextBestActionInput, context: ToolContext, card: dict[str, Any]) -> Finding:
    """How many would get which action, and why the others are left alone."""
    if arguments.action is not None and arguments.show == "summary":
        return _one_action(arguments, context, card)
    model = _fuller(context.warehouse.model, card)
    people, currency = model.datasets[str(model.settings.customer)].plural, card["currency"]
    metrics = [
        Metric(name="scored_customers", expression=f"COUNT({customer_key(model)})", label=people, unit=people, decimals=0),
        customer_metric(
            model, "total_gain", "SUM", f"{_TABLE}.expected_gain", label="expected gain", unit=currency, kind=MetricFormat.MONEY, decimals=0
        ),
        customer_metric(model, "total_cost", "SUM", f"{_TABLE}.cost", label="cost", unit=currency, kind=MetricFormat.MONEY, decimals=0),
    ]
    fuller = with_metrics(model, metrics)

    def by(field: str, names: list[str]) -> Answered:
        known = Filter(field=f"{_TABLE}.{field}", op="not_null")
        query = {
            "metrics": names,
            "dimensions": [{"field": f"{_TABLE}.{field}"}],
            **arguments.within(model, known),
            "order": [{"by": names[0]}],
        }
        return ask(context, fuller, MetricQuery.model_validate(query))

    actions = by("best_action", [m.name for m in metrics])
    blocked = by("block", ["scored_customers"])
    sentence = f"Next best actions of {people}"
    tables = (
        Table(title=sentence, columns=actions.columns, rows=actions.rows),
        Table(title="Left alone, and why", columns=blocked.columns, rows=blocked.rows),
    )
    if arguments.show == "blocked":
        reasons = {"people": people, "blocked": sum(as_number(r["scored_customers"]) for r in blocked.records())}
        said = f"{people[:1].upper()}{people[1:]} who must not be approached"
        return _finding(context, card, tables[::-1], _said(said, arguments, context, card), blocked, [], reasons)
    records = actions.records()
    facts = {
        "people": people,
        "worth": sum(as_number(r["scored_customers"]) for r in records if r["best_action"] != NOTHING),
        "nothing": sum(as_number(r["scored_customers"]) for r in records if r["best_action"] == NOTHING),
        "total_gain": sum(as_number(r["total_gain"]) for r in records),
        "total_cost": sum(as_number(r["total_cost"]) for r in records),
    }
    return _finding(
        context, card, tables, _said(sentence, arguments, context, card), actions, _list_caveats(None, card, measured=True), facts
    )


def _one_action(arguments: NextBestActionInput, context: ToolContext, card: dict[str, Any]) -> Finding:
    """How many are worth one action and may be approached with it, or how much is at stake where its effect is not measured."""
    action = _known_action(str(arguments.action), card)
    measured, names = action["average"] is not None, _columns_of(action)
    model = _fuller(context.warehouse.model, card)
    people, currency = model.datasets[str(model.settings.customer)].plural, card["currency"]
    value = f"{_TABLE}.{names['gain'] if measured else 'at_stake'}"
    metrics = [
        Metric(name="listed_customers", expression=f"COUNT({customer_key(model)})", label=people, unit=people, decimals=0),
        customer_metric(
            model,
            "total",
            "SUM",
            value,
            label="expected gain" if measured else "value at stake",
            unit=currency,
            kind=MetricFormat.MONEY,
            decimals=0,
        ),
    ]
    query = MetricQuery(metrics=tuple(m.name for m in metrics), **_conditions(arguments, model, names, action, measured=measured))
    answered = ask(context, with_metrics(model, metrics), query)
    sentence = f"{people[:1].upper()}{people[1:]} {'worth' if measured else 'to consider for'} {action['label']}"
    found = answered.one()
    facts = {"one_action": action["label"], "people": people, "measured": measured, "count": as_number(found.get("listed_customers")),
             "total": as_number(found.get("total"))}  # fmt: skip
    table = Table(title=sentence, columns=answered.columns, rows=answered.rows)
    caveats = _list_caveats(action, card, measured=measured)
    return _finding(context, card, (table,), _said(sentence, arguments, context, card), answered, caveats, facts)


def _reliability(context: ToolContext, card: dict[str, Any]) -> Finding:
    columns = (
        plain_column("action", "string", "action", role="dimension", form="text", own_words=True),
        plain_column("source", "string", "measured on", role="dimension", form="text", own_words=True),
        plain_column("treated", "integer", "treated", unit="customers", decimals=0),
        plain_column("control", "integer", "left alone", unit="customers", decimals=0),
        plain_column("average", "number", "average effect", unit="share", form="rate"),
        plain_column("low", "number", "at least (95 %)", unit="share", form="rate"),
        plain_column("high", "number", "at most (95 %)", unit="share", form="rate"),
        plain_column("learner_average", "number", "the learner's own average", unit="share", form="rate"),
        plain_column("belief", "number", "differences borne out", unit="share", form="rate", decimals=2),
        plain_column("qini", "number", "Qini", decimals=4),
    )
    rows = tuple(tuple(e[c.name] for c in columns) for e in card["effects"])
    tenths = tuple((e["action"], i, d["n"], d["effect"]) for e in card["effects"] for i, d in enumerate(e["deciles"], start=1))
    deciles = Table(
        title="Effect by tenth of predicted uplift, on people not learned from",
        columns=(
            plain_column("action", "string", "action", role="dimension", form="text", own_words=True),
            plain_column("tenth", "integer", "tenth of customers, highest uplift first", role="dimension", decimals=0, own_words=True),
            plain_column("customers", "integer", "customers", unit="customers", decimals=0),
            plain_column("effect", "number", "effect", unit="share", form="rate"),
        ),
        rows=tenths,
    )
    sentence = "What each action changes, measured where chance decided who got it"
    facts = {
        "measured": [a["label"] for a in card["actions"] if a["average"] is not None],
        "sure": [a["label"] for a in card["actions"] if a["is_sure"]],
        "unmeasured": [a["label"] for a in card["actions"] if a["average"] is None],
        "policy": card["policy"],
    }
    reading = Reading(sentence=sentence, as_of=dt.date.fromisoformat(card["as_of"]))
    return _finding(context, card, (Table(title=sentence, columns=columns, rows=rows), deciles), reading, None, [], facts)


# -- shared -----------------------------------------------------------------------------------------


def _said(sentence: str, arguments: NextBestActionInput, context: ToolContext, card: dict[str, Any]) -> Reading:
    budget = f", for at most {arguments.budget:g} {card['currency']}" if arguments.budget is not None else ""
    as_of = dt.date.fromisoformat(card["as_of"])
    return arguments.read(sentence, context, as_of=as_of, scored_on=card["as_of"], ends=budget)


def _finding(
    context: ToolContext,
    card: dict[str, Any],
    tables: tuple[Table, ...],
    reading: Reading,
    answered: Answered | None,
    caveats: list[str],
    facts: dict[str, Any],
) -> Finding:
    reason = reason_of(context, _TABLE)
    said = [
        *reason.caveats,
        *(f"Do not use: {text}" for text in card["do_not_use"]),
        *caveats,
        *hindsight(context, dt.date.fromisoformat(card["as_of"])),
    ]
    if answered is not None:
        said += answered.notes
    return modelled_finding(
        NextBestAction.name,
        context,
        tables=tables,
        reading=reading,
        reason=reason.reason,
        scored_on=dt.date.fromisoformat(card["as_of"]),
        answered=answered,
        caveats=said,
        facts={**facts, "currency": card["currency"], "horizon_days": card["horizon_days"]},
    )
