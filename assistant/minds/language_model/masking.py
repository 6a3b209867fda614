"""What a model may see of a result: aggregates and a few rows; never a personal value, nor anybody's own words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from assistant.render.numbers import format_cell, heading
from assistant.turn import MindContext, Step
from tools.core.contract import Finding, Grade, Table
from tools.core.query.metric_query import MetricQuery
from tools.core.semantics.model import Field, SemanticModel

_OPEN_CLASSES = frozenset({"plain", "quasi", "protected"})
"""Classes of columns whose values may name a group; keys, identifiers, free text and secrets never leave."""
_MOST_QUASI = 2
"""More descriptive traits at once single people out."""
_MASKS = (
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[e-mail address]"),
    (re.compile(r"(?<![\w.,-])\+?\d[\d ()/-]{7,}\d(?![\w-]|[.,]\d)"), "[number]"),
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}[ /-]\d{1,2}[ /-]\d{4}|\d{4} ?(?:-|to) ?\d{4}")


def redact(text: str) -> str:
    """A person's text without e-mail addresses, telephone and account numbers; dates and years stay."""
    for pattern, mask in _MASKS:
        text = pattern.sub(lambda m, mask=mask: m[0] if _DATE.search(m[0]) else mask, text)  # type: ignore[misc]
    return text


def describe_finding(finding: Finding, step: Step, context: MindContext, *, shown_rows: int) -> str:
    """The result as the model sees it: the reading, the figures, caveats; withheld rows are only counted."""
    table = finding.tables[0]
    lines = [f"Result: {finding.reading.sentence}."]
    if finding.reading.window:
        lines.append(f"Period: {finding.reading.window.start} to {finding.reading.window.end}.")
    lines.append(f"{len(table.rows)} rows{' (cut off, there are more)' if table.truncated else ''}.")
    why = _withheld(finding, table, step, context)
    if why:
        lines.append(f"Rows withheld: {why}. The person sees them in full.")
    else:
        lines += _rows(table, shown_rows)
        lines += [f"Note: {caveat}" for caveat in finding.caveats]
    if finding.quotes:
        lines.append(f"{len(finding.quotes)} quotes, withheld from you; the person sees them.")
    return "\n".join(lines)


def _rows(table: Table, shown_rows: int) -> list[str]:
    lines = [" | ".join(heading(c) for c in table.columns)]
    lines += [" | ".join(format_cell(v, c) for v, c in zip(row, table.columns, strict=True)) for row in table.rows[:shown_rows]]
    if len(table.rows) > shown_rows:
        lines.append(f"({len(table.rows) - shown_rows} more rows, not shown to you)")
    return lines


def _withheld(finding: Finding, table: Table, step: Step, context: MindContext) -> str:
    """Why the rows stay here; empty when they may be shown."""
    if finding.grade is Grade.FREE_SQL or step.tool != "query_metrics":
        columns = [c for c in table.columns if c.type == "string" or c.role == "dimension"]
        return "they may hold personal values" if finding.grade is Grade.FREE_SQL or columns else ""
    query = MetricQuery.model_validate(dict(step.arguments))
    if query.listing is not None:
        return "they are about individuals"
    fields = _fields(query, context.warehouse.model)
    dimensions = [c for c in table.columns if c.role == "dimension" and c.type == "string"]
    if fields is None or len([f for f in fields if not f.is_time]) < len(dimensions):
        return "it is not known what their names are" if dimensions else ""
    classes = [_class_of(field, context) for field in fields]
    if not all(name in _OPEN_CLASSES for name in classes):
        return "they are about individuals"
    if sum(name in ("quasi", "protected") for name in classes) > _MOST_QUASI:
        return "so many traits at once may single people out"
    return ""


def _fields(query: MetricQuery, model: SemanticModel) -> list[Field] | None:
    """The fields whose values are in the result; None when one is unknown."""
    names = [d.field for d in query.dimensions] + ([query.pairs.field, query.pairs.field] if query.pairs else [])
    try:
        return [model.field(name) for name in names]
    except KeyError:
        return None


def _class_of(field: Field, context: MindContext) -> str:
    """The policy's class of the columns behind a field, the most personal one; without a policy, whether it may be indexed."""
    policy = context.warehouse.policy
    if policy is None:
        return "plain" if field.index_values or field.is_time else "key"
    dataset = context.warehouse.model.datasets[field.dataset]
    columns: Mapping[str, object] = policy.classes.get(dataset.source, {})
    mentioned = set(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", field.expression))
    found = [str(getattr(kind, "value", kind)) for name, kind in columns.items() if name in mentioned]
    personal = [kind for kind in found if kind not in _OPEN_CLASSES]
    if personal:
        return personal[0]
    return "quasi" if any(kind in ("quasi", "protected") for kind in found) else ("plain" if found else "key")


def is_shown(field: Field, context: MindContext) -> bool:
    """Whether stored values of this field may be named to the model."""
    return _class_of(field, context) in _OPEN_CLASSES and (field.index_values or field.is_time)
