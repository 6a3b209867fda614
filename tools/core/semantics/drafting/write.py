"""A draft as an Ossie document, with comments where a person should look."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from tools.core.semantics.defaults import NUMERIC
from tools.core.semantics.document import VENDOR, VERSION
from tools.core.semantics.drafting.parts import Draft, DraftDataset, DraftField, DraftMetric, DraftRelationship

_HEAD = """\
# Drafted from the database by `assistant semantics draft`. Format: docs/semantic_model.md.
# A draft knows names, keys and values, not the business. Look at the lines marked CHECK, then
#   1. say what one row of each dataset is, and delete what nobody will ask for;
#   2. add the words that people use: `synonyms`, `verbs`, adjectives (`more`, `less`), `value_synonyms`;
#   3. define the figures that matter (revenue, active customers, ...) and delete aggregates that mean nothing;
#   4. run `assistant semantics validate FILE`, `assistant semantics lint FILE`, and ask a few questions.
"""


def written(draft: Draft) -> str:
    """The document's text."""
    return "\n".join([_HEAD + f'version: "{VERSION}"', "", "semantic_model:", *_model(draft)]) + "\n"


def _model(draft: Draft) -> Iterator[str]:
    yield f"  - name: {_text(draft.name)}"
    settings: dict[str, object] = {}
    if draft.customer is not None:
        settings["customer"] = draft.customer
        yield f"    # CHECK customer: {draft.customer} are taken for the people whose privacy is protected"
    if draft.as_of_field is not None:
        settings["as_of_field"] = draft.as_of_field
        yield f"    # CHECK as_of_field: the last day of {draft.as_of_field} is the day up to which the data are complete"
    if draft.routes:
        settings["routes"] = draft.routes
        yield "    # CHECK routes: of several ways to join, the shortest was taken"
    yield from _extension("    ", settings)
    yield "    datasets:"
    for dataset in draft.datasets:
        yield from _dataset(dataset)
    if draft.relationships:
        used = any(r.used for r in draft.relationships)
        yield "    relationships:" if used else "    # relationships:"
        for relationship in draft.relationships:
            yield from _relationship(relationship)
    yield "    metrics:"
    for metric in draft.metrics:
        yield from _metric(metric)


def _dataset(dataset: DraftDataset) -> Iterator[str]:
    yield from _remarks("      ", dataset.name, dataset.remarks)
    yield f"      - name: {_text(dataset.name)}"
    yield f"        source: {_text(dataset.source)}"
    if dataset.key:
        yield f"        primary_key: {_list(dataset.key)}"
    if dataset.unique_keys:
        yield f"        unique_keys: [{', '.join(_list(key) for key in dataset.unique_keys)}]"
    yield from _words("        ", verbs=dataset.verbs)
    extension: dict[str, object] = {"label": dataset.label, "plural": dataset.plural, "entity": dataset.entity}
    if dataset.named_by:
        extension["named_by"] = dataset.named_by
    if dataset.default_time is not None:
        extension["default_time"] = dataset.default_time
    yield from _extension("        ", extension)
    if dataset.fields:  # a table of keys alone has none
        yield "        fields:"
    for field in dataset.fields:
        yield from _field(dataset, field)


def _field(dataset: DraftDataset, field: DraftField) -> Iterator[str]:
    yield from _remarks("          ", f"{dataset.name}.{field.name}", field.remarks)
    yield f"          - name: {_text(field.name)}"
    yield f"            expression: {_sql(field.expression)}"
    yield f"            datatype: {field.datatype.value}"
    yield f"            label: {_text(field.label)}"
    if field.datatype in NUMERIC and field.is_dimension and not field.is_key:
        yield "            dimension: {}"
    yield from _words("            ", synonyms=field.synonyms, more=field.more, less=field.less)
    if field.index_values is not None:
        yield from _extension("            ", {"index_values": field.index_values})


def _relationship(relationship: DraftRelationship) -> Iterator[str]:
    yield from _remarks("      ", relationship.name, relationship.remarks)
    off = "" if relationship.used else "# "
    yield f"      {off}- name: {_text(relationship.name)}"
    yield f"      {off}  from: {relationship.from_dataset}"
    yield f"      {off}  to: {relationship.to_dataset}"
    yield f"      {off}  from_columns: {_list(relationship.from_columns)}"
    yield f"      {off}  to_columns: {_list(relationship.to_columns)}"


def _metric(metric: DraftMetric) -> Iterator[str]:
    yield from _remarks("      ", metric.name, metric.remarks)
    yield f"      - name: {_text(metric.name)}"
    yield f"        expression: {_sql(metric.expression)}"
    yield from _words("        ", synonyms=metric.synonyms, verbs=metric.verbs)
    extension: dict[str, object] = {"label": metric.label}
    if metric.time_field is not None:
        extension["time_field"] = metric.time_field
    if metric.counted_through:
        extension["counted_through"] = metric.counted_through
    yield from _extension("        ", extension)


def _remarks(indent: str, what: str, remarks: Iterable[str]) -> Iterator[str]:
    return (f"{indent}# CHECK {what}: {remark}" for remark in remarks)


def _words(indent: str, **lists: list[str]) -> Iterator[str]:
    if any(lists.values()):
        yield f"{indent}ai_context:"
        yield from (f"{indent}  {key}: {_list(phrases)}" for key, phrases in lists.items() if phrases)


def _extension(indent: str, data: dict[str, object]) -> Iterator[str]:
    if data:
        yield f"{indent}custom_extensions:"
        yield f"{indent}  - {{vendor_name: {VENDOR}, data: {_text(json.dumps(data))}}}"


def _sql(expression: str) -> str:
    return f"{{dialects: [{{dialect: ANSI_SQL, expression: {_quoted(expression)}}}]}}"


def _list(items: Iterable[str]) -> str:
    return f"[{', '.join(_text(item) for item in items)}]"


def _text(text: str) -> str:
    """A scalar that YAML reads as this text, quoted where it would read something else."""
    plain = text.replace("_", "").replace(" ", "").replace("-", "")
    harmless = plain.isascii() and plain.isalpha() and text.lower() not in {"yes", "no", "on", "off", "y", "n", "true", "false", "null"}
    return text if harmless and text == text.strip("- ") else _quoted(text)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''").replace("\n", " ") + "'"
