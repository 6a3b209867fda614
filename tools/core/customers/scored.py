"""What tools over computed tables share: is it computed, how is it asked as the asker, how old is it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, TypedDict

from pydantic import BaseModel, ConfigDict, Field

from tools.core.contract import Cell, Column, ExecutedSql, Finding, Grade, Reading, Table, ToolContext
from tools.core.errors import NeedsPerson, NotComputed
from tools.core.query import CompiledQuery, EntityCondition, Filter, MetricQuery, compile_query
from tools.core.query.calendar import long_date
from tools.core.semantics.model import Dataset, Datatype, Metric, MetricFormat, Relationship, SemanticModel
from tools.core.semantics.model import Field as ModelField
from tools.core.semantics.trust import ModelledReason, modelled_reason
from tools.core.sql_guard import check_sql
from tools.core.warehouse import Warehouse
from tools.core.warehouse.intelligence import SCHEMA, read_card, read_contributions


@dataclass(frozen=True, kw_only=True)
class Answered:
    """Rows of one query as the asker may see them."""

    compiled: CompiledQuery
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    sql: ExecutedSql
    truncated: bool
    narrowed: tuple[str, ...]
    tables: tuple[str, ...]
    """Base tables that the statement read."""

    def records(self) -> list[dict[str, Cell]]:
        names = [column.name for column in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows]

    def one(self) -> dict[str, Any]:
        """The only row; empty when the group is too small to be shown."""
        return self.records()[0] if self.rows else {}

    @property
    def notes(self) -> list[str]:
        """What the compiler says of the query, each a sentence."""
        return [f"{note[:1].upper()}{note[1:]}." for note in self.compiled.notes]


def require_card(warehouse: Warehouse, name: str) -> dict[str, Any]:
    """The model card of a computed part.

    Raises:
        NotComputed: No refresh has got to it yet.
        NeedsPerson: Computing it was not possible, with the reason (`not_computable`).
    """
    record = next((c for c in read_contributions(warehouse.data_folder) if c.name == name), None)
    card = read_card(warehouse.data_folder, name)
    if record is None or (record.done and card is None):
        raise NotComputed(name, warehouse=warehouse.name)
    if not record.done or card is None:
        raise NeedsPerson(
            f"The {name.replace('_', ' ')} of this warehouse could not be computed: {record.reason}",
            try_instead="Mend that, and refresh.",
            code="not_computable",
        )
    return card


def ask(context: ToolContext, model: SemanticModel, query: MetricQuery) -> Answered:
    """Compile, check and run a query with the asker's rights. Raises what `query_metrics` raises."""
    warehouse = context.warehouse
    as_of = context.as_of or warehouse.as_of
    compiled = compile_query(query, model, rights=context.rights, as_of=as_of)
    checked = check_sql(compiled.tree, catalog=warehouse.catalog, rights=context.rights, governed=True)
    result = warehouse.engine.execute(checked, deadline_s=context.deadline_s)
    rows = tuple(tuple(float(f"{v:.12g}") if isinstance(v, float) else v for v in row) for row in result.rows)
    return Answered(
        compiled=compiled,
        columns=compiled.columns,
        rows=rows,
        sql=ExecutedSql(sql=checked.text, row_count=len(rows), elapsed_ms=result.elapsed_ms),
        truncated=result.truncated,
        narrowed=tuple(checked.narrowed),
        tables=checked.tables,
    )


def reason_of(context: ToolContext, table: str) -> ModelledReason:
    """Why figures over a table of predictions are `modelled`, with what age says against them."""
    as_of = context.as_of or context.warehouse.as_of
    found = modelled_reason(context.warehouse.model, [f"{SCHEMA}.{table}"], as_of)
    return found or ModelledReason(reason="rests on a prediction", caveats=())


def hindsight(context: ToolContext, scored_on: dt.date) -> tuple[str, ...]:
    """A caveat when the question looks at a day before the scores: they know what came later."""
    if context.as_of is not None and context.as_of < scored_on:
        return (f"The scores are of {scored_on.isoformat()}, after the day asked for: they know what happened in between.",)
    return ()


def modelled_finding(
    tool: str,
    context: ToolContext,
    *,
    tables: tuple[Table, ...],
    reading: Reading,
    reason: str,
    scored_on: dt.date,
    answered: Answered | None,
    caveats: Iterable[str],
    facts: Mapping[str, Any],
) -> Finding:
    """What a tool found in computed scores.

    Args:
        reason: Why it can be trusted as far as it can.
        answered: The query behind the tables; None when they come from the model card alone.
        caveats: In the order in which they are shown; each is told once.
    """
    return Finding(
        tool=tool,
        tables=tables,
        reading=reading,
        grade=Grade.MODELLED,
        grade_reason=reason,
        sql=(answered.sql,) if answered is not None else (),
        caveats=tuple(dict.fromkeys(caveats)),
        narrowed=answered.narrowed if answered is not None else (),
        as_of=scored_on,
        data_version=context.warehouse.data_version,
        facts=facts,
    )


def with_columns(model: SemanticModel, dataset: str, columns: Mapping[str, Datatype]) -> SemanticModel:
    """The model with further columns of a computed dataset, for the length of one query; people are not offered them."""
    known = model.datasets[dataset]
    extra = {name: _field(dataset, name, kind) for name, kind in columns.items() if name not in known.fields}
    fuller = replace(known, fields=MappingProxyType({**known.fields, **extra}))
    return replace(model, datasets=MappingProxyType({**model.datasets, dataset: fuller}))


def with_metrics(model: SemanticModel, metrics: Iterable[Metric]) -> SemanticModel:
    return replace(model, metrics=MappingProxyType({**model.metrics, **{metric.name: metric for metric in metrics}}))


def with_dataset(model: SemanticModel, dataset: Dataset, key: str) -> SemanticModel:
    """The model with a further fact of the customers, for the length of one query."""
    customer = str(model.settings.customer)
    link = Relationship(
        name=f"{dataset.name}_{customer}",
        from_dataset=dataset.name,
        to_dataset=customer,
        from_columns=(key,),
        to_columns=(model.datasets[customer].primary_key[0],),
    )
    datasets = MappingProxyType({**model.datasets, dataset.name: dataset})
    return replace(model, datasets=datasets, relationships=(*model.relationships, link))


def customer_metric(
    model: SemanticModel,
    name: str,
    aggregate: str,
    value: str,
    *,
    label: str,
    unit: str | None = None,
    kind: MetricFormat = MetricFormat.NUMBER,
    decimals: int = 2,
) -> Metric:
    """A metric over a value per customer, counted at the customers, so that every dimension of theirs can split and filter it."""
    return Metric(
        name=name,
        expression=f"{aggregate}(CASE WHEN {customer_key(model)} IS NOT NULL THEN {value} END)",
        label=label,
        unit=unit,
        format=kind,
        decimals=decimals,
    )


def plain_column(
    name: str,
    kind: str,
    label: str,
    *,
    unit: str | None = None,
    role: str = "metric",
    form: str = "number",
    decimals: int | None = None,
    own_words: bool = False,
) -> Column:
    """A column of a table that a tool makes itself."""
    return Column(name=name, type=kind, label=label, unit=unit, role=role, format=form, decimals=decimals, own_words=own_words)


def as_number(value: Cell) -> float:
    """The figure of a cell, 0 for an empty one."""
    return float(value) if isinstance(value, (int, float)) else 0.0


class ChosenCustomers(BaseModel):
    """Which customers a question is about; without any of these, all of them."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    filters: tuple[Filter, ...] = ()
    """Which customers: conditions on any field that customers have (region, value tier, churn risk, segment ...)."""
    entity_conditions: tuple[EntityCondition, ...] = ()
    """Which customers by what they did: those who bought deli, never returned anything, ordered three times or more, the ten best."""
    customer_ids: tuple[str | int, ...] = Field(default=(), max_length=50)
    """These customers only, by their key (for askers who may see individuals)."""

    @property
    def everybody(self) -> bool:
        return not (self.filters or self.entity_conditions or self.customer_ids)

    def within(self, model: SemanticModel, *others: Filter) -> Chosen:
        """The part of a `MetricQuery` that keeps these customers and what passes the other filters."""
        by_key = (Filter(field=customer_key(model), op="in", values=self.customer_ids),) if self.customer_ids else ()
        return {"filters": (*self.filters, *by_key, *others), "entity_conditions": self.entity_conditions}

    def read(self, sentence: str, context: ToolContext, *, as_of: dt.date, scored_on: str = "", ends: str = "") -> Reading:
        """The step in words: what it shows, of whom, and its terms.

        Args:
            as_of: Day that the question looks from.
            scored_on: Day of the scores, ISO, to be said; empty when the sentence says it.
            ends: Said after whom it is about.
        """
        filters: tuple[str, ...] = ()
        conditions: tuple[str, ...] = ()
        if not self.everybody:
            model = context.warehouse.model
            count = Metric(name="chosen_customers", expression=f"COUNT({customer_key(model)})", label="customers")
            query = MetricQuery(metrics=("chosen_customers",), **self.within(model))
            day = context.as_of or context.warehouse.as_of
            read = compile_query(query, with_metrics(model, [count]), rights=context.rights, as_of=day).reading
            filters, conditions = read.filters, read.conditions
        said = f"{sentence[:1].upper()}{sentence[1:]}{', ' if filters else ''}{' and '.join(filters)}{ends}"
        said += f", as of {long_date(dt.date.fromisoformat(scored_on))}" if scored_on else ""
        return Reading(sentence=said, filters=filters, conditions=conditions, as_of=as_of)


class Chosen(TypedDict):
    """Arguments of a `MetricQuery`."""

    filters: tuple[Filter, ...]
    entity_conditions: tuple[EntityCondition, ...]


def customer_key(model: SemanticModel) -> str:
    """Field id of the customers' key."""
    customer = str(model.settings.customer)
    dataset = model.datasets[customer]
    column = dataset.primary_key[0]
    return f"{customer}.{next((f.name for f in dataset.fields.values() if f.expression == column), column)}"


def _field(dataset: str, name: str, kind: Datatype) -> ModelField:
    label = name.replace("_", " ")
    return ModelField(
        dataset=dataset, name=name, expression=name, datatype=kind, is_dimension=False, label=label, plural=label, index_values=False
    )
