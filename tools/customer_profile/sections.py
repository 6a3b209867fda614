"""Parts of the page that are computed: value, churn, segment, next best action, what to offer and when; each only where it is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tools.core.contract import Cell, Column, Table, ToolContext
from tools.core.customers.scored import ask, plain_column, with_columns
from tools.core.errors import AnswerError
from tools.core.query import Filter, ListingSpec, MetricQuery
from tools.core.semantics.model import Datatype

Facts = list[tuple[str, Cell]]

_SCORES: tuple[tuple[str, dict[str, tuple[str, Datatype, str]]], ...] = (
    ("lifetime_value", {
        "clv": ("lifetime value", Datatype.FLOAT, "money"), "clv_low": ("at least (8 of 10)", Datatype.FLOAT, "money"),
        "clv_high": ("at most (8 of 10)", Datatype.FLOAT, "money"), "value_tier": ("value tier", Datatype.STRING, "text"),
        "expected_orders": ("expected orders", Datatype.FLOAT, "number"),
    }),
    ("churn", {
        "churn_probability": ("chance of leaving", Datatype.FLOAT, "rate"), "churn_risk": ("churn risk", Datatype.STRING, "text"),
        "main_driver": ("what raises it most", Datatype.STRING, "text"), "reasons": ("why", Datatype.STRING, "text"),
    }),
    ("segments", {
        "rfm_segment": ("RFM segment", Datatype.STRING, "text"), "behaviour_cluster": ("behavioural cluster", Datatype.STRING, "text"),
    }),
    ("next_action", {
        "best_action": ("next best action", Datatype.STRING, "text"), "expected_gain": ("its expected gain", Datatype.FLOAT, "money"),
        "reasons": ("why", Datatype.STRING, "text"), "block": ("must not be approached because of", Datatype.STRING, "text"),
    }),
)  # fmt: skip
"""Computed dataset -> its columns on the page: (label, type, how it is written)."""
_TITLES = {
    "lifetime_value": "Value",
    "churn": "Churn",
    "segments": "Segment",
    "next_action": "What to do",
}


def fact_table(title: str, facts: Sequence[tuple[str, Cell]]) -> Table:
    """Properties as a table of two columns; values as text, since they are of all kinds."""
    columns = (
        plain_column("property", "string", "property", role="dimension", form="text", own_words=True),
        plain_column("value", "string", "value", role="dimension", form="text"),
    )
    return Table(title=title, columns=columns, rows=tuple((name, _text(value)) for name, value in facts if value is not None))


def _text(value: Cell) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.2f}" if isinstance(value, float) else str(value)


def scores(this: Filter, context: ToolContext) -> tuple[list[Table], dict[str, Any], list[str]]:
    """(tables, values by `dataset.column`, names of what is missing)."""
    tables: list[Table] = []
    found: dict[str, Any] = {}
    missing: list[str] = []
    for dataset, columns in _SCORES:
        row = _row(dataset, columns, this, context)
        if row is None:
            missing.append(_TITLES[dataset].lower())
            continue
        shown, values = row
        found |= {f"{dataset}.{name}": value for name, value in zip(columns, values, strict=True)}
        if any(value is not None for value in values):
            tables.append(Table(title=_TITLES[dataset], columns=shown, rows=(values,)))
    return tables, found, missing


def _row(
    dataset: str, columns: dict[str, tuple[str, Datatype, str]], this: Filter, context: ToolContext
) -> tuple[tuple[Column, ...], tuple[Cell, ...]] | None:
    model = context.warehouse.model
    if dataset not in model.datasets:
        return None
    fuller = with_columns(model, dataset, {name: kind for name, (_, kind, _) in columns.items()})
    query = MetricQuery(
        listing=ListingSpec(entity=str(model.settings.customer), fields=tuple(f"{dataset}.{name}" for name in columns)), filters=(this,)
    )
    try:
        answered = ask(context, fuller, query)
    except AnswerError:
        return None
    if not answered.rows:
        return None
    shown = tuple(
        plain_column(
            name,
            "string" if form == "text" else "number",
            label,
            unit=model.settings.currency if form == "money" else "share" if form == "rate" else None,
            role="dimension" if form == "text" else "metric",
            form=form,
            decimals=None if form == "text" else 1 if form != "money" else 2,
        )
        for name, (label, _, form) in columns.items()
    )
    # The first column of a listing is the customer's key.
    return shown, answered.rows[0][-len(columns) :]
