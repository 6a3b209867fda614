"""A customer's own words, from the feedback that the last refresh read, where there is any and the asker may read it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlglot
from sqlglot import exp

from tools.core.contract import Quote, Table, ToolContext
from tools.core.customers.scored import plain_column
from tools.core.errors import NotAllowed, SqlRefused
from tools.core.sql_guard import check_sql
from tools.core.warehouse.intelligence import SCHEMA

_TABLE = f"{SCHEMA}.feedback"
_SHOWN = 5


def own_words(key: Any, context: ToolContext) -> tuple[tuple[Quote, ...], list[Table]]:
    """(the latest quotes, a table of what they are about); empty without feedback."""
    columns = context.warehouse.catalog.tables.get(_TABLE)
    customer = context.warehouse.model.settings.customer
    column = context.warehouse.model.datasets[str(customer)].primary_key[0]
    if columns is None or column not in columns:
        return (), []
    literal = exp.convert(key).sql("duckdb")
    text = (
        f'SELECT record_id, source, created_at, text, sentiment, topic, urgency FROM {_TABLE} WHERE "{column}" = {literal} '
        f"ORDER BY created_at DESC, record_id LIMIT {_SHOWN}"
    )
    try:
        tree = sqlglot.parse_one(text, dialect="duckdb")
        checked = check_sql(tree, catalog=context.warehouse.catalog, rights=context.rights, governed=True)
    except (NotAllowed, SqlRefused):
        return (), []
    rows = context.warehouse.engine.execute(checked, deadline_s=context.deadline_s).rows
    quotes = tuple(
        Quote(
            text=str(said),
            source=str(source),
            record_id=str(record),
            date=day if isinstance(day, dt.date) else None,
            sentiment=float(mood) if isinstance(mood, (int, float)) else None,
        )
        for record, source, day, said, mood, _, _ in rows
    )
    if not rows:
        return (), []
    shown = (
        plain_column("created_at", "date", "day", role="dimension", form="date"),
        plain_column("source", "string", "source", role="dimension", form="text"),
        plain_column("topic", "string", "about", role="dimension", form="text"),
        plain_column("sentiment", "number", "sentiment", decimals=2),
        plain_column("urgency", "string", "urgency", role="dimension", form="text"),
    )
    table = Table(
        title="What they said last", columns=shown, rows=tuple((day, s, topic, mood, urgent) for _, s, day, _, mood, topic, urgent in rows)
    )
    return quotes, [table]
