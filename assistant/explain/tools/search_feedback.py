"""What people said, in sentences: how many of how many, in which themes, and what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assistant.explain.phrases import capitalised, join_words
from assistant.render.numbers import format_cell, format_day, format_number
from tools.core.contract import Cell, Finding, Table

_NAMED = 3


def tell(finding: Finding) -> tuple[str, ...]:
    """The headline with n of N, then the changes and comparisons that are sure."""
    told = {
        "themes": _themes,
        "distinctive": _distinctive,
        "products": _products,
        "competitors": _competitors,
        "before_after": _before_after,
        "records": _records,
    }[str(finding.facts["show"])]
    return told(finding) if finding.tables and finding.tables[0].rows else (_nothing(finding),)


def _nothing(finding: Finding) -> str:
    return "No text matches." if not finding.facts.get("total") else "There are texts, but no group of them is large enough to be shown."


def _kind(facts: Mapping[str, Any]) -> str:
    sentiments = facts.get("sentiment") or []
    return f"{join_words([str(s) for s in sentiments], last='or')} texts" if sentiments else "texts"


def _themes(finding: Finding) -> tuple[str, ...]:
    table, facts = finding.tables[0], finding.facts
    total, kind = f"{_n(facts['total'])}", _kind(facts)
    if facts["too_few"]:
        return (f"Only {total} {kind} match: too few to tell what is typical.",)
    rows = [_cells(table, row) for row in table.rows]
    first = rows[0]
    if len(rows) == 1 and facts["topics"] == 1:
        # Of texts that were chosen by how they sound it says nothing to say how they sound.
        said = f"{first['texts']} {kind} are about {first['topic']}{'' if facts.get('sentiment') else _sound(table)}."
    else:
        said = f"{capitalised(first['topic'])} leads: {first['texts']} of {total} {kind} ({first['share']})"
        following = [f"{row['topic']} ({row['share']})" for row in rows[1:_NAMED]]
        said += f", then {join_words(following)}." if following else "."
    details = []
    for topics, verb in ((facts["rising"], "more"), (facts["falling"], "less")):
        if topics:
            details.append(f"Clearly {verb} often than before: {join_words([str(t) for t in topics[:_NAMED]])}.")
    if facts["new_topics"]:
        details.append(f"New among the topics: {join_words([str(t) for t in facts['new_topics'][:_NAMED]])}.")
    return (said, *details)


def _sound(table: Table) -> str:
    row = table.rows[0]
    shown = _cells(table, row)
    at = [column.name for column in table.columns].index("negative_share")
    return f"; {shown['negative_share']} of them sound negative" if row[at] is not None else ""


def _distinctive(finding: Finding) -> tuple[str, ...]:
    table, facts = finding.tables[0], finding.facts
    if facts["too_few"]:
        return (f"They wrote only {_n(facts['total'])} texts with a topic: too few to tell what sets them apart.",)
    rows = {row[0]: _cells(table, row) for row in table.rows}
    sure = [rows[name] for name in facts["sure"] if name in rows]
    if not sure:
        return ("Nothing that they write about sets them clearly apart from all others.",)
    said = [f"{row['topic']} ({row['share']} of their texts against {row['share_others']})" for row in sure[:_NAMED]]
    return (f"They write clearly more often about {join_words(said)}.",)


def _products(finding: Finding) -> tuple[str, ...]:
    table, facts = finding.tables[0], finding.facts
    first = _cells(table, table.rows[0])
    if facts["too_few"]:
        counted = f"Only {_n(facts['total'])} {_kind(facts)} name a product: too few to rank them."
        return (f"{counted} Most are about {first['product']} ({first['texts']}).",)
    said = f"{first['product']} gets most: {first['texts']} of {_n(facts['total'])} {_kind(facts)} that belong to a product"
    return (f"{said}, {first['share']} of all texts about it.",)


def _competitors(finding: Finding) -> tuple[str, ...]:
    table, facts = finding.tables[0], finding.facts
    first = _cells(table, table.rows[0])
    verdicts = f"we come out better {_n(facts['wins'])} times and they {_n(facts['losses'])} times"
    if facts["too_few"]:
        return (f"{_n(facts['total'])} texts name {'it' if facts['of_competitor'] else 'a competitor'}; {verdicts}, too few to tell.",)
    if facts["of_competitor"]:
        return (f"{first['texts']} texts name {first['competitor']}: {verdicts}.",)
    return (f"{_n(facts['total'])} texts name a competitor, {first['competitor']} most often ({first['texts']}): {verdicts}.",)


def _before_after(finding: Finding) -> tuple[str, ...]:
    table, facts = finding.tables[0], finding.facts
    before, after = (_cells(table, row) for row in table.rows)
    day = format_day(facts["changed_on"])
    figures = f"{before['share']} of all texts in the {_n(facts['days'])} days before {day}, {after['share']} after"
    if facts["too_few"]:
        return (f"Too few to tell: {_n(facts['n_before'])} such texts before {day} and {_n(facts['n_after'])} after.",)
    return (f"{_direction(str(facts['verdict']))}: {figures}.",)


def _direction(verdict: str) -> str:
    return {"more": "The share rose", "less": "The share fell"}.get(verdict, "No clear change")


def _records(finding: Finding) -> tuple[str, ...]:
    total, listed = finding.facts["total"], _n(finding.facts["listed"])
    if finding.facts["nearest"]:
        counted = f"{_n(total)} {'text is' if total == 1 else 'texts are'}" if total else "No text is"
        return (f"{counted} clearly about this; the {listed} nearest are shown.",)
    return (f"{_n(total)} texts match; {listed} of them are shown.",)


def _cells(table: Table, row: Sequence[Cell]) -> dict[str, str]:
    return {column.name: format_cell(value, column) for column, value in zip(table.columns, row, strict=True)}


def _n(value: int) -> str:
    return format_number(value, decimals=0)
