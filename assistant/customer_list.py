"""A file of customer ids that a question is to be restricted to: one column of a CSV, as people export it."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass

from tools.core.errors import QueryUnsupported
from tools.core.semantics.model import Datatype, SemanticModel

MAX_IDS = 5000
MAX_BYTES = 1_000_000


@dataclass(frozen=True, kw_only=True)
class CustomerList:
    """Ids as the warehouse stores them."""

    field: str
    """`dataset.field` of the key."""
    ids: tuple[str | int, ...]
    noun: str
    """What they are, in the plural."""
    unusable: int
    """Lines that hold no id of the right kind."""


def read_list(raw: bytes, model: SemanticModel) -> CustomerList:
    """The ids of a CSV: of the column named like the key or "id", else of the first.

    Raises:
        QueryUnsupported: The model has no customers, the file is no text, too large, or holds no id.
    """
    dataset = model.datasets.get(str(model.settings.customer))
    names = dataset.primary_key if dataset is not None else ()
    key = next((f for f in dataset.fields.values() if names in ((f.name,), (f.expression,))), None) if dataset is not None else None
    if dataset is None or key is None:
        raise _refused("This warehouse has no customers to list.", "Ask without a file.")
    if len(raw) > MAX_BYTES:
        raise _refused(f"The file is larger than {MAX_BYTES // 1_000_000} MB.", "Send the ids alone.")
    rows = _rows(raw)
    column, rows = _column(rows, key.name)
    texts = dict.fromkeys(row[column].strip() for row in rows if len(row) > column and row[column].strip())
    ids = [_typed(text, key.datatype) for text in texts]
    usable = tuple(value for value in ids if value is not None)
    if not usable:
        raise _refused("The file holds no id of a customer.", f"Send a CSV with a column named {key.name}.")
    if len(usable) > MAX_IDS:
        raise _refused(
            f"The file holds {len(usable):,} ids; {MAX_IDS:,} is the most.", "Send a part of them, or describe the group in words."
        )
    return CustomerList(field=key.id, ids=usable, noun=dataset.plural, unusable=len(ids) - len(usable))


def _rows(raw: bytes) -> list[list[str]]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refused("The file is not text in UTF-8.", "Save it as CSV (UTF-8).") from None
    if "\x00" in text:
        raise _refused("The file is not text.", "Save it as CSV (UTF-8).")
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t|", key=first.count)
    try:
        return [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row]
    except csv.Error:
        raise _refused("The file is not CSV.", "Save it as CSV, one id per line.") from None


def _column(rows: list[list[str]], key: str) -> tuple[int, list[list[str]]]:
    """Which column holds the ids, and the rows without their heading."""
    if not rows:
        return 0, rows
    heads = [re.sub(r"[^a-z0-9]+", "_", cell.strip().lower()).strip("_") for cell in rows[0]]
    for wanted in (key.lower(), "customer_id", "household_id", "id", "customer", "customers"):
        if wanted in heads:
            return heads.index(wanted), rows[1:]
    return 0, rows


def _typed(text: str, datatype: Datatype) -> str | int | None:
    if datatype is not Datatype.INTEGER:
        return text
    return int(text) if re.fullmatch(r"[+-]?\d{1,18}", text) else None


def _refused(message: str, instead: str) -> QueryUnsupported:
    return QueryUnsupported(message, try_instead=instead, code="list_unusable")
