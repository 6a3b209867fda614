"""What to do about whom: the list with its gain, or why nothing is worth doing; how many would get what; how sure the effects are."""

from __future__ import annotations

from typing import Any

from assistant.explain.phrases import capitalised, join_words
from assistant.explain.tools.rows import cell, records, whose, words
from assistant.render.numbers import format_count, format_money, format_number, format_rate
from tools.core.contract import Finding

_NAMED = 3


def tell(finding: Finding) -> tuple[str, ...]:
    if "measured" in finding.facts and "listed" in finding.facts:
        return _list(finding)
    if "one_action" in finding.facts:
        return _one_action(finding)
    if "blocked" in finding.facts:
        return _blocked(finding)
    if "worth" in finding.facts:
        return _summary(finding)
    return _reliability(finding)


def _list(finding: Finding) -> tuple[str, ...]:
    facts, table = finding.facts, finding.tables[0]
    rows = records(table)
    if not rows:
        return _nobody(finding)
    key = table.columns[0]
    first = f"{capitalised(key.label)} {rows[0][key.name]}"
    if not facts["measured"]:
        group = f"{len(rows)} {facts['people']}{_own(finding)}"
        said = f"What {facts['action']} changes is not measured yet, so these {group} are ordered by the value at stake"
        return (f"{said}: {first[:1].lower()}{first[1:]} comes first with {cell(table, rows[0], 'at_stake')}.", *_stake(finding))
    if len(rows) == 1:
        return _one(finding, first)
    currency = facts["currency"]
    gain, cost = format_money(facts["total_gain"], currency, decimals=0), format_money(facts["total_cost"], currency, decimals=0)
    what = facts.get("action", "their best action")
    budget = f" within {format_money(facts['budget'], currency, decimals=0)}" if facts["budget"] else ""
    group = f"{facts['worth_it']:,} {facts['people']}{_own(finding)} are worth {what} and may be approached"
    if len(rows) == facts["worth_it"]:
        said = f"{group}{budget}: an expected gain of {gain} for {cost}."
    else:
        said = f"{group}; the {len(rows):,} with the highest gain{budget} would bring {gain} for {cost}."
    why = f"{first} comes first: {words(rows[0][_reasons(finding)])}."
    return said, why, *_sensitivity(finding)


def _stake(finding: Finding) -> tuple[str, ...]:
    """Why the first of a list by value at stake is the first."""
    table = finding.tables[0]
    row = records(table)[0]
    if "churn_probability" not in row or "clv" not in row:
        return ()
    risk, value = format_rate(_figure(row["churn_probability"]), decimals=0), format_money(_figure(row["clv"]), finding.facts["currency"])
    return (
        f"A chance of {risk} to leave, times a lifetime value of {value}; what raises the risk most is {words(row.get('main_driver'))}.",
    )


def _own(finding: Finding) -> str:
    """The asker's own conditions, to end a sentence with."""
    return whose(finding.reading, noun=finding.facts["people"])


def _reasons(finding: Finding) -> str:
    return next(c.name for c in finding.tables[0].columns if c.name.startswith("reasons"))


def _nobody(finding: Finding) -> tuple[str, ...]:
    facts = finding.facts
    what = facts.get("action", facts.get("one_action", "any action"))
    if not facts["measured"]:
        return (f"Nobody{_own(finding)} may be approached with {what}, or nothing is at stake.",)
    return (f"Nobody{_own(finding)} is worth {what}: where it may be done, it would bring less than it costs. Doing nothing is best.",)


def _one(finding: Finding, who: str) -> tuple[str, ...]:
    table = finding.tables[0]
    row = records(table)[0]
    blocked = next((row[c.name] for c in table.columns if c.name == "block" or c.name.startswith("why_not")), None)
    if blocked is not None:
        return (f"{who} must not be approached: {blocked}.",)
    gain = next(c.name for c in table.columns if c.name.startswith(("expected_gain", "gain")))
    if row.get("best_action") == "do nothing" or _figure(row[gain]) <= 0:
        return (f"Do nothing about {who[:1].lower()}{who[1:]}: no action that may be done would bring more than it costs.",)
    what = row.get("best_action") or finding.facts.get("action_name")
    said = f"The best thing to do about {who[:1].lower()}{who[1:]} is: {what}, with an expected gain of {cell(table, row, gain)}."
    return said, f"Why: {words(row[_reasons(finding)])}."


def _sensitivity(finding: Finding) -> tuple[str, ...]:
    table = finding.tables[1]
    cases = records(table)[1:]
    if not cases:
        return ()
    said = [
        f"{c['case']}, {cell(table, c, 'gain')} and {format_count(int(_figure(c['worth_it'])), 'customer')} still worth it" for c in cases
    ]
    return (f"If {'; if '.join(said)}.",)


def _summary(finding: Finding) -> tuple[str, ...]:
    facts = finding.facts
    currency = facts["currency"]
    gain, cost = format_money(facts["total_gain"], currency, decimals=0), format_money(facts["total_cost"], currency, decimals=0)
    actions = finding.tables[0]
    named = [f"{r['best_action']} for {cell(actions, r, 'scored_customers')}" for r in records(actions) if r["best_action"] != "do nothing"]
    said = f"{facts['worth']:,.0f} {facts['people']}{_own(finding)} are worth an action, with an expected gain of {gain} for {cost}"
    told = f"{said}: {join_words(named)}." if named else f"{said}."
    blocked = records(finding.tables[1])[:_NAMED]
    if not blocked:
        return (told,)
    why = [f"{r['block']} ({cell(finding.tables[1], r, 'scored_customers')})" for r in blocked]
    return told, f"The others are left alone; of those who must not be approached the reasons are {join_words(why)}."


def _blocked(finding: Finding) -> tuple[str, ...]:
    facts, table = finding.facts, finding.tables[0]
    why = [f"{r['block']} ({cell(table, r, 'scored_customers')})" for r in records(table)]
    if not why:
        return (f"Nobody{_own(finding)} is closed to every approach.",)
    return (f"{facts['blocked']:,.0f} {facts['people']}{_own(finding)} must not be approached at all: {join_words(why)}.",)


def _one_action(finding: Finding) -> tuple[str, ...]:
    facts = finding.facts
    if not facts["count"]:
        return _nobody(finding)
    total, group = (
        format_money(facts["total"], facts["currency"], decimals=0),
        f"{facts['count']:,.0f} {facts['people']}{_own(finding)}",
    )
    if facts["measured"]:
        return (f"{group} are worth {facts['one_action']} and may be approached: an expected gain of {total}.",)
    return (f"{group} may be approached with {facts['one_action']}, with {total} at stake; what it changes is not measured yet.",)


def _reliability(finding: Finding) -> tuple[str, ...]:
    facts: dict[str, Any] = dict(finding.facts)
    table = finding.tables[0]
    effects = [f"{r['action']} {_points(r['average'])} ({_points(r['low'])} to {_points(r['high'])})" for r in records(table)]
    if not effects:
        return ("No action's effect has been measured: too few were treated or left alone by chance.",)
    said = [f"Measured where chance decided, the actions change the chance of an order by: {'; '.join(effects)}."]
    said.append(f"Surely above nothing: {join_words(facts['sure'])}." if facts["sure"] else "None of them is surely above nothing.")
    if facts["unmeasured"]:
        said.append(f"Not measured: {join_words(facts['unmeasured'])}.")
    policy = facts["policy"]
    if policy is not None:
        observed, rate = format_rate(policy["observed"], decimals=1), format_rate(policy["by_effect"], decimals=1)
        error = format_number(100 * 1.96 * policy["error"], decimals=1)
        said.append(
            f"In the {policy['decisions']:,} logged decisions {observed} responded; choosing by measured effect would have brought {rate} "
            f"(give or take {error} points)."
        )
    return tuple(said)


def _points(value: object) -> str:
    return format_rate(_figure(value), decimals=1, signed=True)


def _figure(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
