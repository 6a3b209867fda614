"""What a model may see of a result: aggregates and a few rows; never a personal value, nor anybody's own words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from assistant.render.numbers import format_cell, heading
from assistant.turn import MindContext, Step
from tools.core.contract import Finding, Grade, Table
from tools.core.query.metric_query import MetricQuery
from tools.core.semantics.model import Field, SemanticModel

_OPEN_CLASSES = frozenset({"plain", "quasi", "protected"})
"""Classes of columns whose values may name a group; keys, identifiers, free text and secrets never leave."""
_MOST_QUASI = 2
"""More descriptive traits at once single people out."""
_MASKS = (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), re.compile(r"(?<![\w.,-])\+?\d[\d ()/-]{7,}\d(?![\w-]|[.,]\d)"))
_TOKEN = re.compile(r"[^\W_][\w'’-]*")
_WORDS = re.compile(r"[^\W\d_]+")
_CODE = re.compile(r"[^\W\d_]{3,}[\w-]*\d|\d[\w-]*[^\W\d_]{3,}")
"""Letters and digits in one word, more than "Q3" or "25k"."""
_CALENDAR = frozenset(
    _WORDS.findall(
        "january february march april may june july august september october november december jan feb mar apr jun jul aug sep sept oct "
        "nov dec monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun christmas easter usd eur gbp sql"
    )
)
_PLACEHOLDER = re.compile(r"\[value (\d{1,3})\]")
_DATE = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}[ /-]\d{1,2}[ /-]\d{4}|\d{4} ?(?:-|to) ?\d{4}")


class Vault:
    """Personal values of one turn, exchanged for "[value 1]" on the way to the model and back on the way from it.

    >>> vault = Vault(["Jane Doe"])
    >>> vault.hide("Orders of Jane Doe")
    'Orders of [value 1]'
    >>> vault.reveal({"values": ["[value 1]"]})
    {'values': ['Jane Doe']}
    """

    def __init__(self, values: Iterable[str]) -> None:
        self._values: list[str] = []
        for value in sorted({v for v in values if v.strip()}, key=lambda v: (-len(v), v)):
            self._values.append(value)

    def hide(self, text: str) -> str:
        """The text without the known values, e-mail addresses, telephone and account numbers; dates and years stay."""
        for number, value in enumerate(self._values, 1):
            text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", f"[value {number}]", text, flags=re.I)
        for pattern in _MASKS:
            text = pattern.sub(lambda match: match[0] if _DATE.search(match[0]) else self._placeholder(match[0]), text)
        return text

    def reveal(self, node: Any) -> Any:
        """Text, or JSON, with the values back in their places."""
        if isinstance(node, str):
            return _PLACEHOLDER.sub(self._value, node)
        if isinstance(node, Mapping):
            return {key: self.reveal(value) for key, value in node.items()}
        return [self.reveal(value) for value in node] if isinstance(node, (list, tuple)) else node

    def _placeholder(self, value: str) -> str:
        if value not in self._values:
            self._values.append(value)
        return f"[value {self._values.index(value) + 1}]"

    def _value(self, match: re.Match[str]) -> str:
        number = int(match[1])
        return self._values[number - 1] if 1 <= number <= len(self._values) else match[0]


def vault_for(text: str, plans: Iterable[Step], context: MindContext) -> Vault:
    """A vault with every value that a plan compares a personal field with, and every word of `text` that looks like somebody's name.

    Args:
        plans: The embedded readings and the plan before.
    """
    personal: list[str] = []
    known = set(_model_words(context.warehouse.model))
    for step in plans:
        for field_id, value in _compared_values(dict(step.arguments)):
            field = _field(field_id, context.warehouse.model)
            if field is None or not _is_open(field, context):
                personal.append(value)
            else:
                known |= set(_WORDS.findall(value.lower()))
    addresses = [match[0] for match in _MASKS[0].finditer(text)]
    # A reader that takes an address apart may quote its parts.
    pieces = [piece for address in addresses for piece in (*address.split("@"), *re.split(r"[^\w]+", address)) if len(piece) > 2]
    return Vault([*personal, *addresses, *pieces, *_names(text, known)])


def _names(text: str, known: set[str]) -> Iterator[str]:
    """Words that nothing in the model explains and that are written as names or account codes are: "Doe", "cust4711x"."""
    for match in _TOKEN.finditer(text):
        word = match[0]
        if any(part in known or part in _CALENDAR for part in _WORDS.findall(word.lower())):
            continue
        starts_sentence = not text[: match.start()].strip() or text[: match.start()].rstrip()[-1] in '.!?:"“'
        is_name = word[0].isupper() and not starts_sentence and len(word) > 2
        if is_name or _CODE.search(word):
            yield word


@lru_cache(maxsize=8)
def _words_of_version(version: str, text: str) -> frozenset[str]:
    del version
    return frozenset(_WORDS.findall(text.lower()))


def _model_words(model: SemanticModel) -> frozenset[str]:
    """Every word that the author of the model uses anywhere."""
    parts = [model.name, model.description, model.instructions]
    for metric in model.metrics.values():
        parts += [metric.name.replace("_", " "), metric.label, metric.description, *metric.language.synonyms, *metric.language.verbs]
    for field in model.fields():
        parts += [field.name.replace("_", " "), field.label, field.plural, *field.language.synonyms, *field.order, *field.value_synonyms]
        parts += [word for words in field.value_synonyms.values() for word in words]
    for question in model.verified_questions:
        parts += [question.question, *question.paraphrases]
    for concept in model.absent_concepts:
        parts += concept.phrases
    for named in model.named_filters:
        parts += named.phrases
    return _words_of_version(model.version, " ".join(parts))


def _compared_values(node: Any) -> Iterator[tuple[str, str]]:
    """(field, value) of every filter anywhere in a plan's arguments."""
    if isinstance(node, Mapping):
        if "field" in node and "values" in node:
            yield from ((str(node["field"]), str(value)) for value in node["values"])
        for value in node.values():
            yield from _compared_values(value)
    elif isinstance(node, (list, tuple)):
        for item in node:
            yield from _compared_values(item)


def _field(name: str, model: SemanticModel) -> Field | None:
    try:
        return model.field(name)
    except KeyError:
        return None


def describe_finding(finding: Finding, step: Step, context: MindContext, *, shown_rows: int) -> str:
    """The result as the model sees it: the reading, the figures, caveats; withheld rows are only counted."""
    lines = [f"Result: {finding.reading.sentence}."]
    if finding.reading.window:
        lines.append(f"Period: {finding.reading.window.start} to {finding.reading.window.end}.")
    whole = True
    for table in finding.tables:
        why = _withheld(finding, table, step, context)
        whole = whole and not why
        lines.append(f"{table.title}: " if len(finding.tables) > 1 else "")
        lines[-1] += f"{len(table.rows)} rows{' (cut off, there are more)' if table.truncated else ''}."
        lines += [f"Rows withheld: {why}. The person sees them in full."] if why else _rows(table, shown_rows)
    if whole:
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
    if finding.grade is Grade.FREE_SQL:
        return "they may hold personal values"
    if step.tool != "query_metrics":
        naming = [c for c in table.columns if c.type in ("string", "date", "datetime") or c.role == "dimension"]
        return "" if all(c.own_words for c in naming) else "they may hold personal values"
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
    if any(field.from_texts for field in fields):
        return "they are named by words out of people's own texts"
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
    return _is_open(field, context) and not field.from_texts


def _is_open(field: Field, context: MindContext) -> bool:
    """Whether a value of this field that somebody typed may travel as it is."""
    return _class_of(field, context) in _OPEN_CLASSES and (field.index_values or field.is_time)
