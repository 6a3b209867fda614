"""From the names in a plan to the objects of the model, with errors that say what exists instead."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from tools.core.errors import NotAllowed, QueryUnsupported, UnknownName
from tools.core.query import sql
from tools.core.query.calendar import Calendar
from tools.core.query.metric_query import DimensionRef, Grain, MetricQuery
from tools.core.query.sql import METRIC_TIME
from tools.core.semantics.graph import JoinGraph
from tools.core.semantics.model import Dataset, Datatype, Field, Metric, SemanticModel

if TYPE_CHECKING:
    from tools.core.sql_guard import Rights

_MOMENTS = {Datatype.DATETIME, Datatype.DATETIME_TZ}
_NUMBERS = {Datatype.INTEGER, Datatype.DECIMAL, Datatype.FLOAT}


@dataclass(frozen=True, kw_only=True)
class Dimension:
    """What the result is split by, ready to be bound to any fact."""

    column: str
    """Name of the result column."""
    expression: exp.Expression
    """Symbolic: fields as `dataset.field`, the metric's own date as `metric.time`."""
    field: Field | None
    """None for the metric's own date and for what the compiler adds itself."""
    label: str
    grain: Grain | None = None
    bin_width: float | None = None
    ordered_values: tuple[str, ...] = ()
    """Values from first to last, when they have an order of their own."""

    @property
    def is_series(self) -> bool:
        """Periods in a row: the x axis of a trend."""
        return self.grain is not None and not self.grain.is_cyclic

    @property
    def id(self) -> str:
        return self.field.id if self.field else METRIC_TIME if self.grain else self.column


class Scope:
    """One model, one asker, one as-of day: everything that names are looked up in."""

    def __init__(self, model: SemanticModel, *, rights: Rights | None, as_of: dt.date | None) -> None:
        self.model = model
        self.rights = rights
        self.as_of = as_of
        self.calendar = Calendar(model.settings, as_of)
        self.graph = graph_of(model)

    @property
    def sunday_weeks(self) -> bool:
        return self.model.settings.week_starts_on == "sunday"

    @property
    def min_people(self) -> int:
        """Smallest number of customers that a row may rest on; 0 = no minimum."""
        return self.rights.min_group_size if self.rights is not None and self.model.settings.customer else 0

    def dataset(self, name: str) -> Dataset:
        if name not in self.model.datasets:
            raise _unknown("dataset", name, self.model.datasets)
        return self.model.datasets[name]

    def metric(self, name: str) -> Metric:
        if name not in self.model.metrics:
            raise _unknown("metric", name, self.model.metrics)
        return self.model.metrics[name]

    def field(self, field_id: str) -> Field:
        """The field, after the asker's right to it has been checked."""
        dataset, _, name = field_id.partition(".")
        fields = self.dataset(dataset).fields
        if name not in fields:
            raise _unknown("field", field_id, (f.id for f in self.model.fields()))
        self.check_readable(fields[name])
        return fields[name]

    def check_symbol(self, field_id: str) -> None:
        """The asker's right to a declared field that a metric uses."""
        dataset, _, name = field_id.partition(".")
        field = self.dataset(dataset).fields.get(name)
        if field is not None:
            self.check_readable(field)

    def check_readable(self, field: Field) -> None:
        if self.rights is None:
            return
        table = self.model.datasets[field.dataset].source
        for column in sql.parse(field.expression).find_all(exp.Column):
            if not self.rights.may_read(table, column.name):
                raise NotAllowed(
                    f"your role may not use the field {field.id}",
                    try_instead=self.rights.request_access or "ask for something that does not need it",
                )

    def key(self, dataset_name: str) -> str:
        """Field id of the single-column key of an entity."""
        dataset = self.dataset(dataset_name)
        if len(dataset.primary_key) != 1:
            raise QueryUnsupported(
                f"{dataset.plural} have no number of their own in this data, so they cannot be counted or listed one by one",
                try_instead=f"declare a primary key of one column for {dataset_name} in the semantic model",
            )
        column = dataset.primary_key[0]
        declared = next((f.name for f in dataset.fields.values() if f.expression == column), column)
        return f"{dataset_name}.{declared}"

    def time_of(self, dataset_name: str) -> str | None:
        """Field id of the date of a dataset's rows."""
        default = self.dataset(dataset_name).default_time
        if default is None:
            return None
        return default if "." in default else f"{dataset_name}.{default}"

    def is_moment(self, field_id: str) -> bool:
        """Whether the field has a time of day."""
        dataset, _, name = field_id.partition(".")
        field = self.model.datasets[dataset].fields.get(name)
        return field is not None and field.datatype in _MOMENTS

    def key_reads(self, field_id: str) -> bool:
        """Whether a field is (or reads exactly) the key of its dataset."""
        dataset, _, name = field_id.partition(".")
        field = self.model.datasets[dataset].fields.get(name)
        return (field.expression if field else name,) == self.model.datasets[dataset].primary_key

    def dimensions(self, refs: Iterable[DimensionRef]) -> tuple[Dimension, ...]:
        """Resolve what to split by, with one distinct column name each."""
        built: list[Dimension] = []
        for ref in refs:
            built.append(self._dimension(ref, {d.column for d in built}))
        return tuple(built)

    def _dimension(self, ref: DimensionRef, taken: set[str]) -> Dimension:
        if ref.field == METRIC_TIME:
            return self._metric_date(ref.grain or Grain.DAY, taken)
        field = self.field(ref.field)
        self._check_listing_by(field)
        grain = ref.grain or (Grain.DAY if is_date(field) else None)
        expression: exp.Expression = sql.symbol(field.id)
        name, label, ordered = field.name, field.label, field.order
        if grain is not None:
            if not is_date(field):
                raise QueryUnsupported(f"{field.id} is not a date, so it has no {grain.value}", try_instead="leave the grain out")
            expression = sql.at_grain(expression, grain, sunday_weeks=self.sunday_weeks)
            name = f"{field.name}_{grain.value}" if ref.grain else field.name
            label = grain.value.replace("_", " ") if ref.grain else field.label
            ordered = sql.names_in_order(grain, sunday_weeks=self.sunday_weeks)
        if ref.bin_width is not None:
            expression = self._bin(field, expression, ref.bin_width)
            name, label = f"{field.name}_from", f"{field.label} from"
        return Dimension(
            column=_free(name, f"{field.dataset}_{name}", taken),
            expression=expression,
            field=field,
            label=label,
            grain=grain,
            bin_width=ref.bin_width,
            ordered_values=ordered,
        )

    def _metric_date(self, grain: Grain, taken: set[str]) -> Dimension:
        return Dimension(
            column=_free(grain.value, "metric_" + grain.value, taken),
            expression=sql.at_grain(sql.symbol(METRIC_TIME), grain, sunday_weeks=self.sunday_weeks),
            field=None,
            label=grain.value.replace("_", " "),
            grain=grain,
            ordered_values=sql.names_in_order(grain, sunday_weeks=self.sunday_weeks),
        )

    @staticmethod
    def _bin(field: Field, expression: exp.Expression, width: float) -> exp.Expression:
        if field.datatype not in _NUMBERS:
            raise QueryUnsupported(f"{field.id} is not a number, so it has no bands", try_instead="leave bin_width out")
        return exp.Mul(
            this=sql.function("FLOOR", exp.Div(this=expression, expression=sql.literal(width), typed=False, safe=False)),
            expression=sql.literal(width),
        )

    def _check_listing_by(self, field: Field) -> None:
        customer = self.model.settings.customer
        if customer is not None and self.rights is not None and self._identifies(field, customer):
            self.check_may_list(customer)

    def _identifies(self, field: Field, customer: str) -> bool:
        """Whether the field holds the customer's key, in the customer's own table or as a join key elsewhere."""
        keys = self.model.datasets[customer].primary_key
        if field.dataset == customer:
            return field.expression in keys
        return any(
            r.from_dataset == field.dataset and r.to_dataset == customer and field.expression in r.from_columns
            for r in self.model.relationships
        )

    def check_may_list(self, entity: str) -> None:
        """Raise NotAllowed when listing this entity would list individual customers without the right to it."""
        if self.rights is None or entity != self.model.settings.customer or self.rights.may_list_individuals:
            return
        plural = self.dataset(entity).plural
        raise NotAllowed(
            f"your role may see figures about {plural}, not {plural} one by one",
            try_instead=self.rights.request_access or f"ask for a count or an average of {plural} instead",
        )


def is_date(field: Field) -> bool:
    return field.datatype is Datatype.DATE or field.datatype in _MOMENTS


def _free(name: str, longer: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    candidate, n = longer, 2
    while candidate in taken:
        candidate, n = f"{longer}_{n}", n + 1
    return candidate


def _unknown(kind: str, name: str, known: Iterable[str]) -> UnknownName:
    names = list(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5) or names[:5]
    return UnknownName(f"there is no {kind} named {name}", try_instead=f"{kind}s that exist: {', '.join(near)}")


_graphs: dict[int, tuple[SemanticModel, JoinGraph]] = {}


def graph_of(model: SemanticModel) -> JoinGraph:
    """The join graph of a model, built once per model object."""
    held = _graphs.get(id(model))
    if held is None or held[0] is not model:
        if len(_graphs) > 64:
            _graphs.clear()
        held = (model, JoinGraph(model))
        _graphs[id(model)] = held
    return held[1]


def asked_as_of(query: MetricQuery, model: SemanticModel, given: dt.date | None) -> dt.date | None:
    """The plan's own as-of day, else the caller's, else the model's; never after the data's end."""
    last = given or model.settings.as_of
    if query.as_of is not None and last is not None:
        return min(query.as_of, last)
    return query.as_of or last
