"""What to offer next, to whom, when, and what goes together."""

from __future__ import annotations

from assistant.explain.phrases import capitalised, join_words
from assistant.explain.tools.rows import Row, cell, records, whose
from assistant.render.numbers import format_count, format_number, format_rate
from tools.core.contract import Finding, Table

_NAMED = 3


def tell(finding: Finding) -> tuple[str, ...]:
    table = finding.tables[0]
    rows = records(table)
    if not rows:
        return (f"There is nothing to tell{whose(finding.reading)}.",)
    view = {"categories": _categories, "products": _products, "time": _times, "pairs": _pairs, "reliability": _reliability}
    return view[finding.facts["view"]](finding, table, rows)


def _categories(finding: Finding, table: Table, rows: list[Row]) -> tuple[str, ...]:
    days, group = finding.facts["horizon_days"], whose(finding.reading)
    if finding.facts["category"] is not None:
        key = table.columns[0]
        first, last = cell(table, rows[0], "chance"), cell(table, rows[-1], "chance")
        who = f"{key.label} {rows[0][key.name]}"
        said = f"Most likely to buy {finding.facts['category']} within {days} days{group} is {who} with {first}"
        return (f"{said}; the last of the {len(rows)} listed has {last}." if len(rows) > 1 else f"{said}.",)
    named = [f"{r['category']} ({cell(table, r, 'chance')})" for r in rows[:_NAMED]]
    return (f"Within {days} days a purchase is most likely from {join_words(named)}{group}.",)


def _products(finding: Finding, table: Table, rows: list[Row]) -> tuple[str, ...]:
    judged = finding.facts["judged"]
    share, popular = (format_rate(judged[name], decimals=1) for name in ("similarity", "popularity"))
    how_good = f"Of ten suggestions of this kind {share} were bought in the last window; of the ten most popular products {popular}."
    first = rows[0]
    if finding.facts["single"]:
        why = f"because they bought {first['because_of']}; {cell(table, first, 'popularity')} of all customers have it"
        return f"Offer {first['item']} next, {why}.", how_good
    named = [f"{r['item']} ({cell(table, r, 'people')})" for r in rows[:_NAMED]]
    return f"The best next offer is most often {join_words(named)}{whose(finding.reading)}.", how_good


def _times(finding: Finding, table: Table, rows: list[Row]) -> tuple[str, ...]:
    first = rows[0]
    when = f"{first['best_weekday']} at {first['best_hour']}:00"
    if finding.facts["single"]:
        n = int(first["past_reactions"]) if isinstance(first["past_reactions"], (int, float)) else 0
        return (f"Best reached on {when}, from {format_count(n, 'past reaction')} of their own and everybody's habits.",)
    group = whose(finding.reading)
    said = f"Most customers{group} are best reached on {when} ({cell(table, first, 'people')})"
    return (f"{said}, from {finding.facts['reactions']:,} past reactions.",)


def _pairs(_: Finding, table: Table, rows: list[Row]) -> tuple[str, ...]:
    first = rows[0]
    strongest = max(rows, key=lambda r: float(r["lift"]) if isinstance(r["lift"], (int, float)) else 0.0)
    pair, lift = f"{capitalised(str(first['first']))} and {first['second']}", cell(table, first, "lift")
    said = f"{pair} are bought together most often: in {cell(table, first, 'baskets')}, {lift} times as often as by chance."
    if strongest is first:
        return (said,)
    return (
        said,
        f"The strongest tie is between {strongest['first']} and {strongest['second']}, with a lift of {cell(table, strongest, 'lift')}.",
    )


def _reliability(finding: Finding, table: Table, rows: list[Row]) -> tuple[str, ...]:
    category, product = rows
    days, off = finding.facts["horizon_days"], format_rate(finding.facts["ece"], decimals=1)
    return (
        f"On the last {days} days the chances by category ranked purchases with an AUC of {cell(table, category, 'ours')} "
        f"(the category's popularity alone: {cell(table, category, 'baseline')}) and were {off} off on average.",
        f"Of ten products suggested {_share(product['ours'])} were bought, of the ten most popular {_share(product['baseline'])}.",
    )


def _share(value: object) -> str:
    return format_rate(float(value), decimals=1) if isinstance(value, (int, float)) else format_number(0)
