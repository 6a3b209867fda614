"""One customer in a few sentences."""

from __future__ import annotations

import datetime as dt
from typing import Any

from assistant.render.numbers import format_count, format_day, format_money, format_rate
from tools.core.contract import Finding


def tell(finding: Finding) -> tuple[str, ...]:
    facts: dict[str, Any] = dict(finding.facts)
    if "found" in facts:
        how = "are called so" if facts["asked"] else "meet these conditions"
        return (f"{facts['found']}{facts['more']} {how}: ask for one of them by number.",)
    who = f"{facts['label'][:1].upper()}{facts['label'][1:]} {facts['key']}"
    return (_history(who, facts, _currency(finding)), *_scores(facts["scores"], _currency(finding)), *_quotes(facts))


def _currency(finding: Finding) -> str:
    units = {c.unit for table in finding.tables for c in table.columns if c.format == "money"}
    return next((unit for unit in units if unit), "USD")


def _history(who: str, facts: dict[str, Any], currency: str) -> str:
    placed = facts["history"].get("placed")
    if not placed:
        return f"{who} has no order that you may see."
    spent = format_money(float(facts["history"]["spent"] or 0), currency)
    last = facts["history"].get("last_order")
    since = f", the last on {format_day(last, long=True)}" if isinstance(last, dt.date) else ""
    return f"{who} placed {format_count(int(placed), 'order')} for {spent}{since}."


def _scores(scores: dict[str, Any], currency: str) -> tuple[str, ...]:
    said = []
    risk, value, action = (scores.get(n) for n in ("churn.churn_probability", "lifetime_value.clv", "next_action.best_action"))
    if value is not None:
        said.append(f"Expected value {format_money(float(value), currency)} ({scores.get('lifetime_value.value_tier')})")
    if risk is not None:
        said.append(f"chance of leaving {format_rate(float(risk), decimals=0)}")
    first = f"{', '.join(said)}." if said else ""
    second = ""
    if scores.get("next_action.block"):
        second = f"Must not be approached: {scores['next_action.block']}."
    elif action:
        second = f"Next best action: {action}."
    return tuple(text[:1].upper() + text[1:] for text in (first, second) if text)


def _quotes(facts: dict[str, Any]) -> tuple[str, ...]:
    n = facts["quoted"]
    return (f"{format_count(n, 'quote')} of their own words below.",) if n else ()
