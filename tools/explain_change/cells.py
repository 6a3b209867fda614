"""The figures that an explanation rests on, read as the asker may see them: totals, cells of one or two dimensions, cells over time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tools.core.contract import Cell, Column, DateSpan, ExecutedSql, ToolContext
from tools.core.customers.scored import Answered, ask, with_metrics
from tools.core.errors import NotAllowed, QueryUnsupported, UnknownName
from tools.core.query import METRIC_TIME, Calendar, Comparison, DimensionRef, EntityCondition, Filter, Grain, MetricQuery, TimeWindow
from tools.core.query.resolve import Scope
from tools.core.semantics.model import Dataset, Datatype, Field, Metric, SemanticModel
from tools.core.warehouse.intelligence import SCHEMA
from tools.explain_change.parts import Amounts, Parts, Piece, any_key, total_of

MAX_CELLS = 3000
"""A dimension with more values than this explains nothing to a person."""
MAX_DIMENSIONS = 40
MAX_ONE_BY_ONE = 24
"""Where dimensions have to be read one at a time."""
_SPLIT_BY = {Datatype.STRING, Datatype.BOOLEAN, Datatype.INTEGER}
_WHOLE = 1e-6
_PACKED = 2000
"""Combinations of values that dimensions read together may have."""
_PACK_ROWS = 9000


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """The same cell in both windows."""

    now: Amounts
    before: Amounts

    def __add__(self, other: Contrast) -> Contrast:
        return Contrast(now=self.now + other.now, before=self.before + other.before)

    def __sub__(self, other: Contrast) -> Contrast:
        return Contrast(now=self.now - other.now, before=self.before - other.before)


NOTHING = Contrast(now=Amounts(), before=Amounts())
Key = tuple[Cell, ...]
History = Mapping[Key, Mapping[dt.date, Amounts]]
"""Cell -> first day of a period -> its amounts, without second moments."""


@dataclass(frozen=True, kw_only=True)
class Split:
    """Every cell of one dimension (or of two crossed) in both windows."""

    fields: tuple[Field, ...]
    columns: tuple[Column, ...]
    cells: Mapping[Key, Contrast]
    rest: Contrast
    """What the cells do not hold: groups too small to be shown, or what is counted in several cells (then negative)."""
    adds_up: bool
    """The bottoms of the cells add up to the whole, so a ratio has a mix and a rate effect."""

    @property
    def label(self) -> str:
        return " and ".join(column.label or column.name for column in self.columns)

    def total(self) -> Contrast:
        found = self.rest
        for cell in self.cells.values():
            found = found + cell
        return found


@dataclass(frozen=True, kw_only=True)
class _Pack:
    """Several dimensions read at once; each alone is a sum over the others."""

    fields: tuple[str, ...]
    columns: tuple[Column, ...]
    cells: Mapping[Key, Contrast]

    def of(self, wanted: Sequence[str]) -> tuple[tuple[Column, ...], dict[Key, Contrast]]:
        places = [self.fields.index(name) for name in wanted]
        found: dict[Key, Contrast] = {}
        for key, amounts in self.cells.items():
            own = tuple(key[place] for place in places)
            found[own] = found[own] + amounts if own in found else amounts
        return tuple(self.columns[place] for place in places), found


@dataclass(kw_only=True)
class CellReader:
    """Asks for the parts of one metric in two windows, with the rights of the asker; keeps what ran."""

    context: ToolContext
    parts: Parts
    window: DateSpan
    baseline: DateSpan
    filters: tuple[Filter, ...] = ()
    entity_conditions: tuple[EntityCondition, ...] = ()
    ran: list[ExecutedSql] = field(default_factory=list)
    narrowed: dict[str, None] = field(default_factory=dict)
    _model: SemanticModel | None = None
    _total: Contrast | None = None
    _splits: dict[tuple[str, ...], Split | None] = field(default_factory=dict)
    _packs: list[_Pack] = field(default_factory=list)

    @property
    def model(self) -> SemanticModel:
        if self._model is None:
            self._model = with_metrics(self.context.warehouse.model, [piece.metric for piece in self.parts.pieces])
        return self._model

    def total(self) -> Contrast:
        """The whole in both windows; zeros where nothing may be shown."""
        if self._total is None:
            record = self._ask(self._query(self.parts.pieces, ())).one()
            self._total = self._contrast(record) if record else NOTHING
        return self._total

    def split(self, *fields: Field) -> Split | None:
        """The cells of these dimensions, None when the facts do not reach them, they are closed to the asker, or have too many values."""
        key = tuple(each.id for each in fields)
        if key not in self._splits:
            try:
                self._splits[key] = self._split(fields)
            except (QueryUnsupported, UnknownName, NotAllowed):
                self._splits[key] = None
        return self._splits[key]

    def prepare(self, fields: Sequence[Field]) -> None:
        """Read dimensions of few values several at a time: each statement has its price, and sums are free.

        Not where small groups are left out, since cells of many dimensions are small.
        """
        if self.context.rights.min_group_size > 0 or not self.parts.rows_add_up or len(fields) < 3:
            return
        pack: list[Field] = []
        expected = 1
        for values, each in sorted(self._sizes(fields), key=lambda pair: pair[0]):
            if values > _PACKED:
                break
            if pack and expected * values > _PACKED:
                self._read_pack(pack)
                pack, expected = [], 1
            pack.append(each)
            expected *= max(values, 1)
        self._read_pack(pack)

    def _sizes(self, fields: Sequence[Field]) -> list[tuple[int, Field]]:
        """How many values each field has among the rows of the last fact."""
        fact = self.parts.facts[-1]
        key = any_key(Scope(self.context.warehouse.model, rights=None, as_of=None), fact)
        counts = [
            Metric(name=f"values_{i}", expression=f"COUNT(DISTINCT CASE WHEN {key} IS NOT NULL THEN {each.id} END)", label="values")
            for i, each in enumerate(fields)
        ]
        query = MetricQuery(metrics=tuple(m.name for m in counts), filters=self.filters, window=days(self.window))
        try:
            answered = ask(self.context, with_metrics(self.context.warehouse.model, counts), query)
        except (QueryUnsupported, UnknownName, NotAllowed):
            return []
        self.ran.append(answered.sql)
        record = answered.one()
        return [(int(record[m.name] or 0) + 1, each) for m, each in zip(counts, fields, strict=True)]

    def _read_pack(self, fields: Sequence[Field]) -> None:
        if len(fields) < 2:
            return
        try:
            answered = self._ask(self._query(self.parts.pieces, tuple(DimensionRef(field=each.id) for each in fields), limit=_PACK_ROWS))
        except (QueryUnsupported, UnknownName, NotAllowed):
            return
        if len(answered.rows) < _PACK_ROWS:
            columns = answered.columns[: len(fields)]
            self._packs.append(_Pack(fields=tuple(f.id for f in fields), columns=columns, cells=self._cells(answered, len(fields))))

    def _split(self, fields: Sequence[Field]) -> Split | None:
        names = [each.id for each in fields]
        pack = next((p for p in self._packs if set(names) <= set(p.fields)), None)
        if pack is not None:
            columns, cells = pack.of(names)
        else:
            answered = self._ask(self._query(self.parts.pieces, tuple(DimensionRef(field=name) for name in names), limit=MAX_CELLS + 1))
            columns, cells = answered.columns[: len(fields)], self._cells(answered, len(fields))
        if not 2 <= len(cells) <= MAX_CELLS:
            return None
        total = self.total()
        held = Contrast(now=total_of(c.now for c in cells.values()), before=total_of(c.before for c in cells.values()))
        rest = total - held
        hidden = self.context.rights.min_group_size > 0 and not _nearly(rest, total)
        if len(fields) > 1 and hidden:
            return None  # Beside the cells of one dimension, those of two could tell what was left out.
        adds_up = hidden or all(_is_part(r.bottom, t.bottom) for r, t in ((rest.now, total.now), (rest.before, total.before)))
        return Split(fields=tuple(fields), columns=columns, cells=cells, rest=NOTHING if _nearly(rest, total) else rest, adds_up=adds_up)

    def _cells(self, answered: Answered, width: int) -> dict[Key, Contrast]:
        return {row[:width]: self._contrast(record) for row, record in zip(answered.rows, answered.records(), strict=True)}

    def history(self, split: Split) -> History:
        """Each cell day by day (or week by week, where that would be too many rows), from one window before the baseline on."""
        start = Calendar(self.context.warehouse.model.settings, self.window.end).previous(self.baseline).start
        span = DateSpan(start=start, end=self.window.end)
        rows = ((span.end - span.start).days + 1) * len(split.cells)
        if rows > 7 * 3 * _PACK_ROWS:
            return {}
        grain = Grain.DAY if rows <= _PACK_ROWS else Grain.WEEK
        dimensions = (*(DimensionRef(field=each.id) for each in split.fields), DimensionRef(field=METRIC_TIME, grain=grain))
        query = self._query(self.parts.plain, dimensions).model_copy(update={"window": days(span), "comparison": None})
        answered = self._ask(query)
        width = len(split.fields)
        found: dict[Key, dict[dt.date, Amounts]] = {}
        for row, record in zip(answered.rows, answered.records(), strict=True):
            period = row[width]
            if isinstance(period, dt.date):
                found.setdefault(row[:width], {})[period] = self.parts.amounts(record)
        return {} if answered.truncated else found

    def _query(self, pieces: Iterable[Piece], dimensions: tuple[DimensionRef, ...], *, limit: int | None = None) -> MetricQuery:
        return MetricQuery(
            metrics=tuple(piece.metric.name for piece in pieces),
            dimensions=dimensions,
            filters=self.filters,
            entity_conditions=self.entity_conditions,
            window=days(self.window),
            comparison=Comparison(kind="window", baseline=days(self.baseline)),
            limit=limit,
        )

    def _ask(self, query: MetricQuery) -> Answered:
        answered = ask(self.context, self.model, query)
        self.ran.append(answered.sql)
        self.narrowed.update(dict.fromkeys(answered.narrowed))
        return answered

    def _contrast(self, record: Mapping[str, object]) -> Contrast:
        return Contrast(now=self.parts.amounts(record), before=self.parts.amounts(record, "_previous"))


def days(span: DateSpan) -> TimeWindow:
    """The window of these very days."""
    return TimeWindow(start=span.start, end=span.end)


def _is_part(rest: float, total: float) -> bool:
    """Nothing is left over."""
    return abs(rest) <= _WHOLE * max(abs(total), 1.0)


def _nearly(rest: Contrast, total: Contrast) -> bool:
    pairs = ((rest.now, total.now), (rest.before, total.before))
    return all(_is_part(r.top, t.top) and _is_part(r.bottom, t.bottom) for r, t in pairs)


def candidate_fields(scope: Scope, parts: Parts, given: Sequence[str], filters: Sequence[Filter]) -> tuple[Field, ...]:
    """The dimensions to look through: those given, or all that every fact of the metric reaches.

    Left out are fields that the metric is defined by, that a filter fixes to one value, that name single people, and predictions: they
    were made later and know what happened.

    Raises:
        UnknownName, NotAllowed: A given field does not exist, or is closed to the asker.
    """
    if given:
        return tuple(scope.field(name) for name in given)
    reachable = set.intersection(*(scope.graph.reachable(fact) for fact in parts.facts))
    fixed = {f.field for f in filters if f.op == "in" and len(f.values) == 1}
    near = sorted(
        (n for n in scope.model.datasets if n in reachable and _has_one_way(scope, parts.facts, n)),
        key=lambda name: name not in parts.facts,
    )
    found = [
        each
        for name in near
        if name in parts.facts or (_holds_records(scope.model.datasets[name]) and not _is_calendar(scope.model.datasets[name]))
        for each in scope.model.datasets[name].fields.values()
        if _splits(each, scope.model.datasets[name]) and each.id not in parts.fields | fixed and _may_use(scope, each)
    ]
    one_by_one = not parts.rows_add_up or (scope.rights is not None and scope.rights.min_group_size > 0)
    return tuple(found[: MAX_ONE_BY_ONE if one_by_one else MAX_DIMENSIONS])


def _holds_records(dataset: Dataset) -> bool:
    return dataset.modelled is None and not dataset.source.startswith(f"{SCHEMA}.")


def _is_calendar(dataset: Dataset) -> bool:
    """Two windows differ in their days anyway."""
    return any(f.is_time and (f.expression,) == dataset.primary_key for f in dataset.fields.values())


def _splits(each: Field, dataset: Dataset) -> bool:
    """Words and flags; a number only stands for the thing where the thing has no name (stores known by number)."""
    if not each.is_dimension or each.is_time or each.datatype not in _SPLIT_BY:
        return False
    named = any(f.is_dimension and f.datatype is Datatype.STRING for f in dataset.fields.values())
    return not (each.name.endswith("_id") and named)


def _may_use(scope: Scope, each: Field) -> bool:
    try:
        scope.check_readable(each)
    except NotAllowed:
        return False
    return not (scope.key_reads(each.id) and each.dataset == scope.model.settings.customer)


def _has_one_way(scope: Scope, facts: Sequence[str], dataset: str) -> bool:
    try:
        return all(scope.graph.path(fact, dataset) is not None for fact in facts)
    except QueryUnsupported:
        return False
