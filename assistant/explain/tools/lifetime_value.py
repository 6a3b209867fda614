"""What customers will be worth: a group with its range, the most valuable one by one, or how far the figures can be trusted."""

from __future__ import annotations

from assistant.explain.phrases import capitalised
from assistant.explain.tools.rows import Row, cell, records, whose
from assistant.render.numbers import format_money, format_number, format_rate
from tools.core.contract import Finding


def tell(finding: Finding) -> tuple[str, ...]:
    if "winner" in finding.facts:
        return _reliability(finding)
    if "listed" in finding.facts:
        return _customers(finding)
    return _summary(finding)


def _terms(finding: Finding) -> str:
    terms = finding.facts["terms"]
    return f"{terms['basis']} over the next {terms['horizon_days']} days"


def _summary(finding: Finding) -> tuple[str, ...]:
    table = finding.tables[0]
    if not table.rows or not finding.facts["group"]:
        return ("The group is too small to be shown, or nobody in it has a value.",)
    row = records(table)[0]
    said = (
        f"Each is worth {cell(table, row, 'average_value')} of {_terms(finding)} on average{whose(finding.reading)}, "
        f"{cell(table, row, 'total_value')} together for {cell(table, row, 'valued_customers')}."
    )
    ranges = finding.tables[1]
    span = records(ranges)[0]
    return (
        said,
        f"Had the back-tests' errors come true, the total would lie between {cell(ranges, span, 'low')} and {cell(ranges, span, 'high')}.",
    )


def _customers(finding: Finding) -> tuple[str, ...]:
    table = finding.tables[0]
    rows = records(table)
    if not rows:
        return (f"Nobody{whose(finding.reading)} has a value: they have no order.",)
    currency, key, first = finding.facts["terms"]["currency"], table.columns[0], rows[0]

    def money(name: str) -> str:
        value = first[name]
        return format_money(float(value), currency) if isinstance(value, (int, float)) else "an unknown amount"

    who = f"{capitalised(key.label)} {first[key.name]}"
    span = f"between {money('clv_low')} and {money('clv_high')} for 8 of 10 such customers"
    if len(rows) > 1:
        return (
            f"{who} is worth most: {money('clv')} of {_terms(finding)}, {span}.",
            f"The {len(rows)} listed are worth {_total(rows, currency)} together.",
        )
    orders = format_number(_figure(first["expected_orders"]), decimals=1)
    alive = format_rate(_figure(first["probability_alive"]), decimals=0)
    return (
        f"{who} is worth {money('clv')} of {_terms(finding)}, {span}.",
        f"That comes from {orders} expected orders; the chance that they are still a customer at all is {alive}.",
    )


def _total(rows: list[Row], currency: str) -> str:
    return format_money(sum(_figure(row["clv"]) for row in rows), currency)


def _reliability(finding: Finding) -> tuple[str, ...]:
    table = finding.tables[0]
    rows = [row for row in records(table) if row["candidate"] == finding.facts["winner"]]
    errors = [_figure(row["spend_total_error"]) for row in rows]
    said = " and ".join(format_rate(error, decimals=1, signed=True) for error in errors[:4])
    shares = [_figure(row["top_decile_share"]) for row in rows]
    return (
        f"In {len(errors)} back-tests the total was {said} off with the model in use ({finding.facts['label']}), "
        f"the best of {_candidates(finding)} tried.",
        f"The tenth that it ranked highest brought {format_rate(sum(shares) / len(shares), decimals=0)} of the spend on average.",
    )


def _candidates(finding: Finding) -> int:
    return len({row["candidate"] for row in records(finding.tables[0])})


def _figure(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
