"""Feedback texts out of a warehouse, by the roles that its semantic model names. Build-time work: no asker, so no rights."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tools.core.errors import NeedsPerson
from tools.core.semantics.model import Dataset, FeedbackRoles, FeedbackSource, SemanticModel
from tools.feedback.language import language_of
from tools.feedback.names import NameFinder, only
from tools.feedback.redaction import Redactor, own_values
from tools.feedback.segments import tidy

if TYPE_CHECKING:
    import duckdb

_COLUMNS = ("record_id", "time", "text", "title", "customer", "product", "store", "competitor", "rating", "language")


@dataclass(frozen=True, kw_only=True)
class Record:
    """One text of one customer, without personal data."""

    record_id: str
    """Source and key: "review:17"."""
    source: str
    day: dt.date
    text: str
    customer: Any = None
    product: Any = None
    store: Any = None
    competitor: str | None = None
    """Where the row itself says whom it is about."""
    rating: float | None = None
    """0 (worst) to 1 (best)."""
    language: str = "en"
    spoken: bool = False
    redacted: int = 0
    """How many personal values were taken out."""


@dataclass(frozen=True, kw_only=True)
class Names:
    """What texts may name."""

    product: Mapping[str, Any]
    store: Mapping[str, Any]
    competitor: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """Every feedback text of a warehouse."""

    records: tuple[Record, ...]
    names: Names
    empty: int
    """Rows without a text."""


def require_sources(model: SemanticModel) -> FeedbackRoles:
    """Raises NeedsPerson (`roles_missing`) when the semantic model names no texts."""
    roles = model.settings.roles.feedback
    if roles is None:
        raise NeedsPerson(
            "The semantic model does not say which texts are feedback (`roles.feedback`).",
            try_instead="Name them in the model's custom_extensions; docs/feedback.md shows how.",
            code="roles_missing",
        )
    return roles


def read_corpus(
    connection: duckdb.DuckDBPyConnection, model: SemanticModel, as_of: dt.date, progress: Callable[[str], None] = lambda _: None
) -> Corpus:
    """All texts up to the as-of day, redacted, in order of their id.

    Raises:
        NeedsPerson: No sources are named (`roles_missing`), or one cannot be read (`roles_unfit`).
    """
    roles = require_sources(model)
    names = Names(**{kind: _names(connection, model, getattr(roles, kind)) for kind in ("product", "store", "competitor")})
    people = _people(connection, roles)
    redactor = Redactor(_full_names(people, roles))
    finders = {kind: NameFinder(getattr(names, kind)) for kind in ("product", "store")}
    records: list[Record] = []
    empty = 0
    for source in roles.sources:
        progress(f"Reading texts: {source.title_of}")
        for row in _rows(connection, model.datasets[source.dataset], source, as_of):
            if row["text"] is None or not tidy(str(row["text"])):
                empty += 1
                continue
            records.append(_record(row, source, redactor, people, finders))
    records.sort(key=lambda record: record.record_id)
    return Corpus(records=tuple(records), names=names, empty=empty)


def _record(
    row: Mapping[str, Any],
    source: FeedbackSource,
    redactor: Redactor,
    people: Mapping[str, Mapping[str, str]],
    finders: Mapping[str, NameFinder],
) -> Record:
    text = tidy(str(row["text"]))
    title = tidy(str(row["title"])) if row["title"] else ""
    if title:
        text = f"{title}{'' if title[-1] in '.!?' else '.'} {text}"
    redacted = redactor.redact(text, people.get(str(row["customer"])))
    worst, best = source.rating_scale
    rating = row["rating"]
    return Record(
        record_id=f"{source.name}:{row['record_id']}",
        source=source.name,
        day=row["time"],
        text=redacted.text,
        customer=row["customer"],
        # Before redaction: many people live in the town that a shop is named after, and so it is taken out of what they write.
        product=row["product"] if row["product"] is not None else only(finders["product"].keys_in(text)),
        store=row["store"] if row["store"] is not None else only(finders["store"].keys_in(text)),
        competitor=row["competitor"],
        rating=(float(rating) - worst) / (best - worst) if rating is not None else None,
        language=str(row["language"]).lower()[:2] if row["language"] else language_of(redacted.text),
        spoken=source.spoken,
        redacted=len(redacted.found),
    )


def _rows(connection: duckdb.DuckDBPyConnection, dataset: Dataset, source: FeedbackSource, as_of: dt.date) -> list[dict[str, Any]]:
    import duckdb

    table = f"({dataset.source}) AS {dataset.name}" if " " in dataset.source else dataset.source
    chosen = ", ".join(f"{_typed(name, getattr(source, name))} AS f_{name}" for name in _COLUMNS)
    statement = (
        f"SELECT * FROM (SELECT {chosen} FROM {table} WHERE {source.where or 'true'}) "
        "WHERE f_record_id IS NOT NULL AND f_time IS NOT NULL AND f_time <= ? ORDER BY f_record_id"
    )
    try:
        found = connection.execute(statement, [as_of]).fetchall()
    except duckdb.Error as fault:
        raise NeedsPerson(
            f"The texts named '{source.name}' cannot be read: the database does not accept what the semantic model says of them.",
            try_instead=f"Check the columns of '{source.name}' under roles.feedback ({type(fault).__name__}).",
            code="roles_unfit",
        ) from None
    return [dict(zip(_COLUMNS, row, strict=True)) for row in found]


def _typed(name: str, expression: str | None) -> str:
    kinds = {"record_id": "VARCHAR", "text": "VARCHAR", "title": "VARCHAR", "time": "DATE", "rating": "DOUBLE", "competitor": "VARCHAR"}
    if expression is None:
        return "NULL"
    return f"CAST(({expression}) AS {kinds[name]})" if name in kinds else f"({expression})"


def _names(connection: duckdb.DuckDBPyConnection, model: SemanticModel, field_id: str | None) -> dict[str, Any]:
    """Name -> key; a name that two rows share tells nothing and is left out."""
    if field_id is None:
        return {}
    field = model.field(field_id)
    dataset = model.datasets[field.dataset]
    table = f"({dataset.source}) AS {dataset.name}" if " " in dataset.source else dataset.source
    statement = (
        f"SELECT name, any_value(key) FROM (SELECT CAST(({field.expression}) AS VARCHAR) AS name, {_quoted(dataset.primary_key[0])} AS key "
        f"FROM {table}) WHERE length(name) >= 3 GROUP BY name HAVING count(DISTINCT key) = 1 ORDER BY name"
    )
    return dict(connection.execute(statement).fetchall())


def _people(connection: duckdb.DuckDBPyConnection, roles: FeedbackRoles) -> dict[str, dict[str, str]]:
    if roles.people is None:
        return {}
    import duckdb

    table = ".".join(_quoted(part) for part in roles.people.table.split("."))
    columns = ", ".join(_quoted(column) for column in (roles.people.key, *roles.people.columns))
    try:
        rows = connection.execute(f"SELECT {columns} FROM {table}").fetchall()
    except duckdb.Error:
        raise NeedsPerson(
            "The names that are to be taken out of texts cannot be read.",
            try_instead="Check table, key and columns of roles.feedback.people in the semantic model.",
            code="roles_unfit",
        ) from None
    return {str(row[0]): own_values(roles.people.columns, row[1:]) for row in rows}


def _full_names(people: Mapping[str, Mapping[str, str]], roles: FeedbackRoles) -> list[tuple[str, str]]:
    columns = roles.people.columns if roles.people else ()
    first = next((c for c in columns if "first" in c.lower() or "given" in c.lower()), None)
    last = next((c for c in columns if "last" in c.lower() or "family" in c.lower() or "surname" in c.lower()), None)
    if first is None or last is None:
        return []
    return [(values[first], values[last]) for values in people.values() if first in values and last in values]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
