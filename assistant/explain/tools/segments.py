"""Groups of customers: how large they are and how they buy, and how many moved between them."""

from __future__ import annotations

from assistant.explain.phrases import join_words
from assistant.explain.tools.rows import cell, records, whose
from assistant.render.numbers import format_count, format_rate
from tools.core.contract import Finding

_NAMED = 3


def tell(finding: Finding) -> tuple[str, ...]:
    names = {c.name for c in finding.tables[0].columns}
    if not finding.tables[0].rows:
        return ()
    if "moved_customers" in names:
        return _moves(finding)
    return _sizes(finding) if "average_spend" in names else ()


def _sizes(finding: Finding) -> tuple[str, ...]:
    table = finding.tables[0]
    rows, group = records(table), table.columns[0].name
    share = next((c.name for c in table.columns if c.role == "share"), None)
    first = rows[0]
    of = f" ({cell(table, first, share)} of them)" if share else ""
    size = f"{cell(table, first, 'segment_customers')} customers{of}"
    said = f"There are {len(rows)} groups{whose(finding.reading)}; the largest is {first[group]} with {size}."
    richest = max(rows, key=lambda row: _figure(row["average_spend"]))
    spent = f"{richest[group]} spend most, {cell(table, richest, 'average_spend')} each over the past year."
    meaning = [f"{r['segment']}: {r['meaning']}" for r in records(finding.tables[1])[:_NAMED]] if len(finding.tables) > 1 else []
    return (said, spent, *(f"{text}." for text in meaning))


def _moves(finding: Finding) -> tuple[str, ...]:
    facts = finding.facts
    rows = [r for r in records(finding.tables[0]) if r["segment_before"] != r["segment"]]
    moved = facts["counted"] - facts["stayed"]
    if not facts["counted"]:
        return ()
    said = (
        f"From {facts['from']} to {facts['to']} {format_count(moved, 'customer')} changed their segment{_only(finding)}, "
        f"{format_rate(moved / facts['counted'], decimals=0)} of {facts['counted']:,}."
    )
    largest = [f"{r['segment_before']} to {r['segment']} ({cell(finding.tables[0], r, 'moved_customers')})" for r in rows[:_NAMED]]
    return (said, f"The largest moves: {join_words(largest)}.") if largest else (said,)


def _only(finding: Finding) -> str:
    return whose(finding.reading, hidden=("day of the move",))


def _figure(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
