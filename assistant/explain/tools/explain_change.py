"""Why a metric moved: how much, where, what stands out, and what went together with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assistant.explain.phrases import capitalised, is_plural, join_words
from assistant.render.numbers import format_cell, format_number, format_rate
from tools.core.contract import Column, Finding

_NAMED = 3
_UNSURE = 0.05
_LONGEST_LIST = 2


def tell(finding: Finding) -> tuple[str, ...]:
    """The movement with the group that tells most, then the other findings, the season, and what went along."""
    facts = finding.facts
    told = [_movement(finding)]
    told += _findings(finding)
    if facts["simpson"] is not None:
        told.append(_simpson(finding))
    if facts["prices"] is not None:
        told.append(_prices(facts["prices"]))
    if facts["a_year_before"] is not None and facts["change_rate"] is not None:  # Of points or a rate it would be a percentage of them.
        told.append(f"A year earlier the same step was {format_rate(facts['a_year_before'], signed=True)}.")
    told += _correlates(facts)
    return tuple(told)


def _movement(finding: Finding) -> str:
    """ "Revenue fell from €12,300 in February to €11,000 in March 2026 (-10.6%)." """
    facts = finding.facts
    now, change = _column(finding, "now"), _column(finding, "contribution")
    label = capitalised(facts["label"])
    was, days_before, days_now = format_cell(facts["before"], now), facts["baseline"].label, facts["window"].label
    figures = f"from {was} ({days_before}) to {format_cell(facts['now'], now)} ({days_now})"
    if not facts["change"]:
        return f"{label} did not change: {was} in {days_before} and in {days_now}."
    moved = "fell" if facts["change"] < 0 else "rose"
    contradicted = facts["assumed"] is not None and (facts["assumed"] == "rise") != (facts["change"] > 0)
    if contradicted:
        word = facts["assumed"]
        said = f"{label} did not {word}: {'they' if is_plural(facts['label']) else 'it'} {moved} {figures}"
    else:
        said = f"{label} {moved} {figures}"
    by = format_cell(facts["change"], change)
    if now.format != "rate" and facts["change_rate"] is not None:
        by = f"{by} or {format_rate(facts['change_rate'], signed=True)}"
    return f"{said}, {by}{_mostly(finding)}."


def _mostly(finding: Finding) -> str:
    """The first finding that goes the way of the whole."""
    first = next((f for f in finding.facts["findings"][:_NAMED] if f["contribution"] * finding.facts["change"] > 0), None)
    if first is None:
        return ""
    change = _column(finding, "contribution")
    return f"; what stands out is {first['label']} with {format_cell(first['contribution'], change)}"


def _findings(finding: Finding) -> list[str]:
    facts = finding.facts
    if not facts["findings"]:
        if facts["p_value"] > _UNSURE:
            return ["That is no more than chance would do, and no group stands out."]
        return ["No group stands out: it moved about alike everywhere, so look for something that concerns all, such as the season."]
    found = facts["findings"][:_NAMED]
    along = [_one(finding, f) for f in found if f["contribution"] * facts["change"] > 0]
    against = [_one(finding, f) for f in found if f["contribution"] * facts["change"] <= 0]
    told = [*along, *([f"Against that: {against[0]}", *against[1:]] if along and against else against)]
    if facts["p_value"] > _UNSURE:
        told.append("The total itself moved no more than chance would do.")
    return told


def _one(finding: Finding, found: Mapping[str, Any]) -> str:
    """ "Device mobile went from 83.3% to 35.5%, which is -24.2 pp beyond what everything else did." """
    now, change = _column(finding, "now"), _column(finding, "contribution")
    beyond = format_cell(found["beyond"], change)
    also = f" (the same rows as {join_words(found['also'][:_LONGEST_LIST])})" if found["also"] else ""
    name = capitalised(found["label"])
    if found["kind"] == "mix":
        moved = format_cell(found["contribution"], change)
        return f"{name} moved it by {moved}: which groups the figure is made of changed, not how each of them did."
    if found["is_new"]:
        return f"{name} is new, at {format_cell(found['now'], now)}, and moved it by {format_cell(found['contribution'], change)}{also}."
    if found["before"] is None or found["now"] is None:
        return f"{name} moved it by {format_cell(found['contribution'], change)}{also}."
    own = f"{name} went from {format_cell(found['before'], now)} to {format_cell(found['now'], now)}"
    return f"{own}, {beyond} against what it would have been had it moved like everything else{also}."


def _simpson(finding: Finding) -> str:
    facts = finding.facts
    change, simpson = _column(finding, "contribution"), facts["simpson"]
    each, whole = ("rose", "fell") if facts["change"] < 0 else ("fell", "rose")
    every = simpson["against"] == simpson["cells"]
    within = f"every {simpson['dimension']}" if every else f"{simpson['against']} of {simpson['cells']} groups by {simpson['dimension']}"
    return (
        f"This is Simpson's paradox: within {within} it {each} ({format_cell(simpson['rate'], change)} together), "
        f"and the whole {whole} because the mix of {simpson['dimension']} shifted ({format_cell(simpson['mix'], change)})."
    )


def _prices(prices: Mapping[str, Any]) -> str:
    """ "List prices there rose by 8.0% (+1.3% elsewhere), ... the price elasticity is -1.50 (95% interval ...)." """
    moved = "rose" if prices["price_change"] > 0 else "fell"
    price, elsewhere = format_rate(abs(prices["price_change"])), format_rate(prices["elsewhere"], signed=True)
    demand, elasticity = format_rate(prices["demand_change"], signed=True), format_number(prices["elasticity"])
    interval = f"95% interval {format_number(prices['low'])} to {format_number(prices['high'])}"
    return (
        f"List prices there {moved} by {price} ({elsewhere} elsewhere), and pieces sold changed by {demand} against everything else; "
        f"if nothing else happened there, the price elasticity is {elasticity} ({interval})."
    )


def _correlates(facts: Mapping[str, Any]) -> list[str]:
    told = [
        f"{c['label']}: {format_number(c['before'])}, then {format_number(c['now'])} ({format_rate(c['elsewhere'], signed=True)} elsewhere)"
        for c in facts["correlates"]
    ]
    return [f"In the same group and days also moved: {join_words(told)}. That goes together; it need not be the cause."] if told else []


def _column(finding: Finding, name: str) -> Column:
    return next(column for table in finding.tables for column in table.columns if column.name == name)
