"""The value index: which stored values people may name, and in which fields they stand.

Built once per generation of a warehouse (`prepare`), kept as one small JSON file, and never holding personal columns.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.minds.embedded.inflection import stem
from assistant.minds.embedded.lexicon import Phrase
from assistant.minds.embedded.tokens import atoms
from tools.core.errors import NotAllowed, SqlRefused
from tools.core.semantics.model import Datatype, Field, SemanticModel

if TYPE_CHECKING:
    from tools.core.query.metric_query import Filter
    from tools.core.sql_guard import Rights
    from tools.core.warehouse import Warehouse

FILE_NAME = "values.json"
MAX_VALUES = 3_000
"""Distinct values per field; a field with more is text to search in, not a list to choose from."""
MAX_KEYS = 5_000
_LIVE_ROWS = MAX_KEYS + 1

Stored = str | int | float | bool
Fetch = Callable[[str], Sequence[tuple[Any, ...]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class ValueHit:
    """A stored value that a phrase may mean."""

    field: str
    value: Stored
    rows: int
    """Rows that hold it."""
    field_values: int
    """Distinct values of the field: the fewer, the coarser the level."""


class ValueIndex:
    """Stored values by what people type for them."""

    def __init__(
        self,
        values: Mapping[str, Sequence[tuple[Stored, int]]],
        keys: Mapping[str, Sequence[Stored] | None],
        phrases: Mapping[str, Sequence[str]] | None = None,
        first_day: dt.date | None = None,
    ) -> None:
        """
        Args:
            values: Field id -> (value, rows).
            keys: Field id of an entity's key -> its values, or None when there are too many to keep.
            phrases: Field id -> the stems of each of its values, joined by spaces; cut from the values when not given.
            first_day: On which the data begin, as far as the model names the field that says where they end.
        """
        self.first_day = first_day
        self._phrases = phrases or {field: [_stems(value) for value, _ in rows] for field, rows in values.items()}
        self._values = values
        self._keys = {name: frozenset(stored) if stored is not None else None for name, stored in keys.items()}
        self._by_phrase: dict[Phrase, list[ValueHit]] = {}
        self._by_word: dict[str, list[Phrase]] | None = None
        for field, rows in values.items():
            for (value, count), words in zip(rows, self._phrases[field], strict=True):
                phrase = tuple(words.split())
                if phrase:
                    hit = ValueHit(field=field, value=value, rows=count, field_values=len(rows))
                    self._by_phrase.setdefault(phrase, []).append(hit)
        self._rows = {(field, value): count for field, rows in values.items() for value, count in rows}
        self.longest = max((len(p) for p in self._by_phrase), default=1)

    def lookup(self, phrase: Phrase) -> tuple[ValueHit, ...]:
        """Values with exactly these words, whatever their case, number and punctuation; the coarser field first."""
        hits = self._by_phrase.get(tuple(stem(a) for a in phrase), ())
        return tuple(sorted(hits, key=lambda h: h.field_values))

    def knows_word(self, word: str) -> bool:
        """Whether any indexed value holds the word."""
        return stem(word) in self._words()

    def _words(self) -> dict[str, list[Phrase]]:
        if self._by_word is None:
            self._by_word = {}
            for phrase in self._by_phrase:
                for part in phrase:
                    self._by_word.setdefault(part, []).append(phrase)
        return self._by_word

    def partial(self, word: str, limit: int = 4) -> tuple[ValueHit, ...]:
        """Values that hold the word among others ("milk" in FLUID MILK PRODUCTS), most frequent first: to suggest, never to decide."""
        hits = [h for phrase in self._words().get(stem(word), ()) if len(phrase) > 1 for h in self._by_phrase[phrase]]
        return tuple(sorted(hits, key=lambda h: -h.rows)[:limit])

    def holding(self, words: Phrase) -> tuple[ValueHit, ...]:
        """Values that hold all of the words in this order, among others: "thermos flask" in each name of a thermos flask."""
        stems = tuple(stem(a) for word in words for a in atoms(word))
        first = self._words().get(stems[0], ()) if stems else ()
        found = [p for p in dict.fromkeys(first) if any(p[i : i + len(stems)] == stems for i in range(len(p) - len(stems) + 1))]
        return tuple(h for phrase in found for h in self._by_phrase[phrase])

    def values_of(self, field: str) -> tuple[Stored, ...]:
        """Stored values of a field, most frequent first; empty when it is not indexed."""
        return tuple(value for value, _ in sorted(self._values.get(field, ()), key=lambda pair: -pair[1]))

    def rows(self, field: str, value: Stored) -> int:
        """Rows that hold the value: many for coarse levels and everyday meanings."""
        return self._rows.get((field, value), 0)

    def key(self, field: str, text: str) -> Stored | None:
        """The key value that `text` names ("13" of campaign 13), or None when there is none."""
        if field not in self._keys:
            return None
        stored = self._keys[field]
        candidates: tuple[Stored, ...] = (int(text), text) if text.isdigit() else (text,)
        if stored is None:
            return candidates[0]
        return next((c for c in candidates if c in stored), None)

    def has_keys(self, field: str) -> bool:
        return field in self._keys

    @classmethod
    def build(cls, model: SemanticModel, fetch: Fetch) -> ValueIndex:
        """Reads the distinct values through `fetch(sql) -> rows`."""
        values = {f.id: rows for f in indexed_fields(model) if (rows := _distinct(model, f, fetch))}
        keys: dict[str, Sequence[Stored] | None] = {}
        for field in key_fields(model):
            found = fetch(_select(model, field, limit=_LIVE_ROWS))
            keys[field.id] = [r[0] for r in found] if len(found) <= MAX_KEYS else None
        return cls(values, keys, first_day=_first_day(model, fetch))

    def save(self, path: Path) -> None:
        document = {
            "values": {f: [list(pair) for pair in rows] for f, rows in self._values.items()},
            "phrases": self._phrases,
            "first_day": self.first_day.isoformat() if self.first_day else None,
            "keys": {f: sorted(stored, key=str) if stored is not None else None for f, stored in self._keys.items()},
        }
        path.write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> ValueIndex:
        document = json.loads(path.read_text(encoding="utf-8"))
        # The phrases are kept cut: cutting thousands of values anew would be felt at every cold start.
        values = {f: [(v, n) for v, n in rows] for f, rows in document["values"].items()}
        first = document.get("first_day")
        return cls(values, document["keys"], document.get("phrases"), dt.date.fromisoformat(first) if first else None)

    @classmethod
    def empty(cls) -> ValueIndex:
        return cls({}, {})


def _first_day(model: SemanticModel, fetch: Fetch) -> dt.date | None:
    if model.settings.as_of_field is None:
        return None
    field = model.field(model.settings.as_of_field)
    rows = fetch(f"SELECT MIN({field.expression}) AS first_day FROM {_source(model, field)}")
    first = rows[0][0] if rows else None
    if isinstance(first, dt.datetime):
        return first.date()  # The field may be a moment; the data begin on its day.
    return first if isinstance(first, dt.date) else None


def _stems(value: Stored) -> str:
    return " ".join(stem(a) for a in atoms(str(value)))


def indexed_fields(model: SemanticModel) -> Iterable[Field]:
    """Text fields that the author lets be indexed."""
    for field in model.fields():
        if field.index_values and field.is_dimension and not field.is_time and field.datatype in (Datatype.STRING, Datatype.OPAQUE):
            yield field


def key_fields(model: SemanticModel) -> Iterable[Field]:
    """Single-column keys of entities, by which people name one of them: "store 367"."""
    for dataset in model.datasets.values():
        if len(dataset.primary_key) == 1 and (dataset.is_entity or dataset.default_time is None):
            field = key_field(model, dataset.name)
            if field is not None:
                yield field


def key_field(model: SemanticModel, dataset_name: str) -> Field | None:
    """The field over a dataset's single-column primary key."""
    dataset = model.datasets[dataset_name]
    if len(dataset.primary_key) != 1:
        return None
    key = dataset.primary_key[0]
    return next((f for f in dataset.fields.values() if key in (f.name, f.expression)), None)


def said(test: Filter, model: SemanticModel) -> str:
    """A condition as short words, to say that it was carried over: "region North"."""
    return f"{model.field(test.field).label} {', '.join(str(v) for v in test.values)}".strip()


def _distinct(model: SemanticModel, field: Field, fetch: Fetch) -> list[tuple[Stored, int]]:
    rows = fetch(_select(model, field, limit=MAX_VALUES + 1))
    return [] if len(rows) > MAX_VALUES else [(value, int(count)) for value, count in rows]


def _select(model: SemanticModel, field: Field, *, limit: int) -> str:
    source = _source(model, field)
    value = field.expression
    return f"SELECT {value} AS value, count(*) AS n FROM {source} WHERE ({value}) IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {limit}"


def _source(model: SemanticModel, field: Field) -> str:
    """The table of a field; a dataset may also be a query."""
    source = model.datasets[field.dataset].source
    return f"({source})" if " " in source.strip() else source


def visible_values(warehouse: Warehouse, rights: Rights) -> ValueIndex:
    """The values that an asker with row rules or a minimum group size may see, read through the guard as that asker.

    A field whose values the guard does not let through (an identifier, a group too small) has none.
    """
    from tools.core.sql_guard import check_sql

    # What runs is our own statement; the asker need not have the right to write SQL.
    asker = replace(rights, free_sql=True)

    def fetch(sql: str) -> Sequence[tuple[Any, ...]]:
        try:
            checked = check_sql(sql, catalog=warehouse.catalog, rights=asker)
        except (NotAllowed, SqlRefused):
            return ()
        return warehouse.engine.execute(checked, row_cap=_LIVE_ROWS).rows

    return ValueIndex.build(warehouse.model, fetch)


def prepare_values(warehouse: Warehouse, folder: Path) -> Path:
    """Builds the value index of a warehouse and keeps it in `folder`. Called when a warehouse is built or refreshed."""
    from tools.core.sql_guard import check_sql, open_rights

    rights = open_rights(warehouse.catalog)

    def fetch(sql: str) -> Sequence[tuple[Any, ...]]:
        checked = check_sql(sql, catalog=warehouse.catalog, rights=rights)
        return warehouse.engine.execute(checked, deadline_s=60.0, row_cap=_LIVE_ROWS).rows

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE_NAME
    ValueIndex.build(warehouse.model, fetch).save(path)
    return path
