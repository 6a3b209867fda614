"""Who is likely not to come back: a group's expected leavers and what moves their risk, the riskiest, a what-if, or how sure it is."""

from __future__ import annotations

from assistant.explain.phrases import capitalised, join_words
from assistant.explain.tools.rows import cell, records, whose, words
from assistant.render.numbers import format_count, format_number, format_rate
from tools.core.contract import Finding

_NAMED = 3


def tell(finding: Finding) -> tuple[str, ...]:
    names = {c.name for c in finding.tables[0].columns}
    if "what_if" in finding.facts:
        return _what_if(finding)
    if "listed" in finding.facts:
        return _customers(finding)
    if "calibration" in finding.facts:
        return _reliability(finding)
    return _drivers(finding) if "expected_leavers" in names else ("The group is too small to be shown, or nobody in it is scored.",)


def _drivers(finding: Finding) -> tuple[str, ...]:
    table, drivers = finding.tables[0], finding.tables[1]
    row = records(table)[0]
    expected, low, high = (format_number(_figure(row[n]), decimals=0) for n in ("expected_leavers", "expected_low", "expected_high"))
    said = (
        f"Of {cell(table, row, 'customers')} scored customers{whose(finding.reading, noun='customers')}, {expected} are expected to leave "
        f"({finding.facts['outcome']}): {format_rate(_figure(row['churn_probability']), decimals=1)} on average, between {low} and {high} "
        f"with 95 % certainty."
    )
    # Over everybody no driver can raise the risk against everybody's: then the size of the effect is told.
    moving = [f"{r['driver']} ({r['direction']})" for r in records(drivers) if r["direction"] != "as for everybody"][:_NAMED]
    if moving:
        return said, f"What moves their risk most against everybody's: {join_words(moving)}."
    by_size = sorted(records(drivers), key=lambda r: -_figure(r["size"]))
    strongest = [words(r["driver"]) for r in by_size[:_NAMED]]
    told = f"What differs most between those who leave and those who stay: {join_words(strongest)}."
    return said, f"Nothing moves their risk much more than everybody's. {told}" if finding.reading.filters else told


def _customers(finding: Finding) -> tuple[str, ...]:
    table = finding.tables[0]
    rows = records(table)
    if not rows:
        return (f"Nobody{whose(finding.reading)} has a score: they ordered last too long ago, or never.",)
    key = table.columns[0]
    first = rows[0]
    risk = format_rate(_figure(first["churn_probability"]), decimals=0)
    who = f"{capitalised(key.label)} {first[key.name]}"
    if len(rows) == 1:
        return f"{who} has a chance of {risk} to leave ({finding.facts['outcome']}).", f"Why: {words(first['reasons'])}."
    lowest = format_rate(_figure(rows[-1]["churn_probability"]), decimals=0)
    return (
        f"The {len(rows)} at the highest risk{whose(finding.reading)} have chances from {risk} down to {lowest} of leaving "
        f"({finding.facts['outcome']}); {who[:1].lower() + who[1:]} leads.",
        f"Why {who[:1].lower() + who[1:]}: {words(first['reasons'])}.",
    )


def _what_if(finding: Finding) -> tuple[str, ...]:
    table = finding.tables[0]
    if not table.rows:
        return ("The group is too small to be shown.",)
    row = records(table)[0]
    now, then = _figure(row["probability_now"]), _figure(row["probability_then"])
    leavers = _figure(row["leavers_now"]) - _figure(row["leavers_then"])
    moved = "fall" if then < now else "rise" if then > now else "stay as it is"
    counted = format_count(abs(round(leavers)), "customer")
    figures = f"from {cell(table, row, 'probability_now')} to {cell(table, row, 'probability_then')}" if then != now else ""
    fewer = f": {counted} {'fewer' if leavers > 0 else 'more'} would leave ({finding.facts['outcome']})" if round(leavers) else ""
    condition, group = table.title.split(" if ", 1)[-1], whose(finding.reading)
    said = f"If {condition}, the average churn probability{group} would {moved} {figures}".rstrip()
    return (f"{said}{fewer}.", "That reads an association as if it were a cause; only a trial can tell.")


def _reliability(finding: Finding) -> tuple[str, ...]:
    tested = finding.facts["tested"]
    deciles = records(finding.tables[0])
    top = deciles[-1]
    predicted, observed = (format_rate(_figure(top[name]), decimals=0) for name in ("predicted", "observed"))
    return (
        f"On a later window of {format_count(tested['n'], 'customer')}, one who left was ranked above one who stayed in "
        f"{format_rate(tested['auc'], decimals=0)} of pairs (AUC {format_number(tested['auc'], decimals=2)}), and chances were off by "
        f"{format_rate(tested['ece'], decimals=1)} on average.",
        f"In the tenth at the highest risk {predicted} were predicted to leave and {observed} did.",
    )


def _figure(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
