"""explain_change: why a metric moved between two windows, as contributions that sum to the change and cells that moved by themselves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tools.core.contract import Cell, Check, Column, DateSpan, Finding, Grade, Reading, Table, ToolContext
from tools.core.customers.scored import ask, plain_column
from tools.core.errors import NeedsPerson
from tools.core.query import Calendar, Comparison, CompiledQuery, EntityCondition, Filter, Measure, MetricQuery, TimeWindow, compile_query
from tools.core.query.metric_query import FieldId
from tools.core.query.resolve import Scope
from tools.core.semantics.model import Metric
from tools.core.semantics.trust import modelled_reason
from tools.explain_change.cells import CellReader, candidate_fields
from tools.explain_change.correlates import Correlate, correlates_of, nearly_all
from tools.explain_change.decomposition import Contribution, Decomposition
from tools.explain_change.parts import take_apart
from tools.explain_change.prices import price_response
from tools.explain_change.search import Driver, Explanation, name_of, search
from tools.explain_change.significance import FALSE_DISCOVERY_RATE, chance_of_change, p_value
from tools.explain_change.words import value_of

SHOWN_PARTS = 12
"""Contributions told one by one; the others are added up in a last row, so that the sum holds."""
SHOWN_DRIVERS = 6
ALL_OTHERS = "All others"


class ExplainChangeInput(BaseModel):
    """Why one figure moved between two windows. How much it moved, without a why, is a query_metrics question with a comparison."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    metric: str
    """Name of the metric that moved."""
    window: TimeWindow = TimeWindow(period="last", unit="month")
    """The days in question; default the last complete month."""
    comparison: Comparison = Comparison(kind="previous_period")
    """What they are compared with; default the period of equal length just before."""
    filters: tuple[Filter, ...] = ()
    """Only these rows, in both windows."""
    entity_conditions: tuple[EntityCondition, ...] = ()
    """Only facts of entities that pass these, in both windows."""
    dimensions: tuple[FieldId, ...] = Field(default=(), max_length=20)
    """Dimensions to look through; empty = all that the metric reaches, which is usually right."""
    assumed: Literal["rise", "fall"] | None = None
    """What the question takes for granted ("why did it fall"): when the figure moved the other way, the answer says so first."""

    @model_validator(mode="after")
    def _window_has_a_start(self) -> ExplainChangeInput:
        if self.window.last_n is None and self.window.period is None and self.window.start is None:
            raise ValueError("the window needs a first day")
        return self


class ExplainChange:
    """Explains the change of any metric by any dimension that it reaches."""

    name: ClassVar[str] = "explain_change"
    summary: ClassVar[str] = "Why a figure moved between two windows: contributions that sum to the change, and what moved by itself."
    input_model: ClassVar[type[BaseModel]] = ExplainChangeInput

    def run(self, arguments: ExplainChangeInput, context: ToolContext) -> Finding:
        """Take the change apart.

        Raises:
            UnknownName, QueryUnsupported: The metric or a field does not exist, or cannot be taken apart exactly.
            NotAllowed: The asker's rights do not cover them.
            NeedsPerson: There is nothing in one of the windows (`no_data`).
        """
        warehouse = context.warehouse
        scope = Scope(warehouse.model, rights=context.rights, as_of=context.as_of or warehouse.as_of)
        metric = scope.metric(arguments.metric)
        query, compiled = _compiled(arguments, metric, context, scope)
        window, baseline = compiled.reading.window, compiled.reading.comparison
        assert window is not None
        assert baseline is not None
        context.progress(f"Taking {metric.label} apart")
        reader = CellReader(
            context=context,
            parts=take_apart(scope, metric),
            window=window,
            baseline=baseline,
            filters=arguments.filters,
            entity_conditions=arguments.entity_conditions,
        )
        _require_data(reader, metric)
        fields = candidate_fields(scope, reader.parts, arguments.dimensions, arguments.filters)
        explanation = search(reader, fields, keep=SHOWN_DRIVERS)
        found = _Found(metric=metric, reader=reader, explanation=explanation, compiled=compiled, window=window, baseline=baseline)
        beside = correlates_of(reader, explanation) if explanation.findings else ()
        return _finding(found, arguments, query, context, beside)


def _compiled(arguments: ExplainChangeInput, metric: Metric, context: ToolContext, scope: Scope) -> tuple[MetricQuery, CompiledQuery]:
    """The figure in both windows. "This month" of data that ends with a month is the last one: then the one before it is the baseline."""
    query = MetricQuery(
        metrics=(Measure(metric=metric.name),),
        filters=arguments.filters,
        entity_conditions=arguments.entity_conditions,
        window=arguments.window,
        comparison=arguments.comparison,
    )
    compiled = compile_query(query, context.warehouse.model, rights=context.rights, as_of=scope.as_of)
    window, baseline = compiled.reading.window, compiled.reading.comparison
    if window is not None and baseline is not None and (window.start, window.end) == (baseline.start, baseline.end):
        query = query.model_copy(update={"comparison": Comparison(kind="previous_period")})
        compiled = compile_query(query, context.warehouse.model, rights=context.rights, as_of=scope.as_of)
    return query, compiled


@dataclass(frozen=True, kw_only=True)
class _Found:
    """Everything that a finding is made of."""

    metric: Metric
    reader: CellReader
    explanation: Explanation
    compiled: CompiledQuery
    window: DateSpan
    baseline: DateSpan

    @property
    def figures(self) -> tuple[float, float]:
        """Before and now."""
        total = self.explanation.total
        if self.reader.parts.is_ratio:
            return total.before.rate or 0.0, total.now.rate or 0.0
        return total.before.top, total.now.top

    def column(self, name: str, label: str, role: str) -> Column:
        metric, is_rate = self.metric, self.metric.format.value == "rate"
        return Column(
            name=name,
            type="number",
            unit=metric.unit or ("share" if is_rate else None),
            role=role,
            label=label,
            format=metric.format.value,
            decimals=metric.decimals if role != "change" else None if is_rate else metric.decimals,
            metric=metric.name,
        )


def _require_data(reader: CellReader, metric: Metric) -> None:
    total = reader.total()
    for amounts, span in ((total.now, reader.window), (total.before, reader.baseline)):
        if not amounts.bottom and (reader.parts.is_ratio or not amounts.top2):
            raise NeedsPerson(
                f"There is nothing to explain: {metric.label} has no data {_between(span)}, or too few customers to be shown.",
                try_instead="Choose windows in which there is data, or a larger group.",
                code="no_data",
            )


def _between(span: DateSpan) -> str:
    return f"in {span.label}" if span.label else f"from {span.start} to {span.end}"


def _finding(
    found: _Found, arguments: ExplainChangeInput, query: MetricQuery, context: ToolContext, beside: Sequence[Correlate]
) -> Finding:
    explanation, reading = found.explanation, found.compiled.reading
    tables = [_drivers_table(found)]
    if explanation.best is not None:
        tables.insert(0, _contributions_table(found, explanation.best))
    if beside:
        tables.append(_correlates_table(beside))
    rests_on = modelled_reason(context.warehouse.model, _tables_of(found), reading.as_of or context.warehouse.as_of)
    facts = _facts(found, arguments, beside)
    facts["prices"] = _prices(found)
    facts["a_year_before"] = _a_year_before(found, query, context)
    return Finding(
        tool=ExplainChange.name,
        tables=tuple(tables),
        reading=_reading(found),
        grade=Grade.MODELLED if rests_on else Grade.GOVERNED,
        grade_reason=rests_on.reason if rests_on else "exact sums of the reviewed definitions; what stands out is tested against chance",
        sql=tuple(found.reader.ran),
        definitions=found.compiled.definitions,
        checks=_checks(found, query, context),
        caveats=_caveats(found, beside),
        narrowed=tuple(found.reader.narrowed),
        as_of=reading.as_of or context.warehouse.as_of,
        data_version=context.warehouse.data_version,
        facts=facts,
    )


def _tables_of(found: _Found) -> list[str]:
    datasets = found.reader.model.datasets
    fields = [f.dataset for f in found.explanation.best.split.fields] if found.explanation.best else []
    return [datasets[name].source for name in (*found.reader.parts.facts, *fields)]


def _reading(found: _Found) -> Reading:
    reading = found.compiled.reading
    said = f"Why {found.metric.label} changed from {found.baseline.label} to {found.window.label}"
    where = "".join(f", {clause}" for clause in (*reading.filters, *reading.conditions))
    return Reading(
        sentence=f"{said}{where}",
        metrics=reading.metrics,
        filters=reading.filters,
        conditions=reading.conditions,
        window=found.window,
        comparison=found.baseline,
        as_of=reading.as_of,
    )


# -- tables -----------------------------------------------------------------------------------------


def _contributions_table(found: _Found, best: Decomposition) -> Table:
    """One row per value of the dimension that tells most; the contributions of all rows sum to the change."""
    column = best.split.columns[0]
    named = [part for part in best.parts if part.key]
    shown, others = named[:SHOWN_PARTS], [*named[SHOWN_PARTS:], *(part for part in best.parts if not part.key)]
    if len(others) == 1 and others[0].key:
        shown, others = named[: SHOWN_PARTS + 1], []
    rows = [(value_of(part.key[0], column), part.contribution, part.before, part.now, *_effects(part, best)) for part in shown]
    if others:
        rows.append((ALL_OTHERS, math.fsum(p.contribution for p in others), None, None, *_effects_of_many(others, best)))
    columns = [
        plain_column(column.name, "string", column.label, role="dimension", form="text"),
        found.column("contribution", "contribution to the change", "change"),
        found.column("before", f"in {found.baseline.label}" if found.baseline.label else "before", "previous"),
        found.column("now", f"in {found.window.label}" if found.window.label else "now", "metric"),
    ]
    if _has_effects(best):
        columns += [
            found.column("rate_effect", "of which by its own figure", "change"),
            found.column("mix_effect", "of which by its weight", "change"),
        ]
    title = f"What each {column.label} contributed to the change of {found.metric.label}"
    return Table(title=title, columns=tuple(columns), rows=tuple(_rounded(row) for row in rows))


def _rounded(row: Sequence[Cell]) -> tuple[Cell, ...]:
    """Figures to 12 significant digits, as everywhere."""
    return tuple(float(f"{value:.12g}") if isinstance(value, float) else value for value in row)


def _has_effects(best: Decomposition) -> bool:
    return any(part.mix is not None for part in best.parts)


def _effects(part: Contribution, best: Decomposition) -> tuple[Cell, ...]:
    return (part.rate, part.mix) if _has_effects(best) else ()


def _effects_of_many(parts: Sequence[Contribution], best: Decomposition) -> tuple[Cell, ...]:
    if not _has_effects(best):
        return ()
    return math.fsum(p.rate or 0.0 for p in parts), math.fsum(p.mix or 0.0 for p in parts)


def driver_label(driver: Driver) -> str:
    """What moved, in words: "category Garden", "the mix by region"."""
    return name_of(driver) if driver.kind == "cell" else f"the mix by {driver.split.label}"


def _drivers_table(found: _Found) -> Table:
    rows = tuple(
        _rounded(
            (
                driver_label(driver),
                driver.contribution,
                driver.found.beyond,
                driver.part.before if driver.part else None,
                driver.part.now if driver.part else None,
                driver.p,
                driver.significant,
            )
        )
        for driver in found.explanation.drivers
    )
    columns = (
        plain_column("driver", "string", "what moved", role="dimension", form="text"),
        found.column("contribution", "contribution to the change", "change"),
        found.column("beyond", "beyond what everything else did", "change"),
        found.column("before", "before", "previous"),
        found.column("now", "now", "metric"),
        plain_column("p_value", "number", "chance of so much by accident", decimals=4),
        plain_column("stands_out", "boolean", "stands out", role="dimension", form="text"),
    )
    title = "What moved by itself, surest first" if found.explanation.findings else "Nothing stands out; these come nearest"
    return Table(title=title, columns=columns, rows=rows)


def _correlates_table(beside: Sequence[Correlate]) -> Table:
    columns = (
        plain_column("figure", "string", "what else moved there", role="dimension", form="text"),
        plain_column("before", "number", "before", role="previous"),
        plain_column("now", "number", "now"),
        plain_column("change_rate", "number", "change", role="change_rate", unit="share", form="rate"),
        plain_column("elsewhere", "number", "change elsewhere", role="change_rate", unit="share", form="rate"),
    )
    rows = tuple((c.label, c.before, c.now, c.change_rate, c.elsewhere) for c in beside)
    return Table(title="What else moved there in the same days (goes together, need not be the cause)", columns=columns, rows=rows)


# -- facts, checks, caveats -------------------------------------------------------------------------


def _facts(found: _Found, arguments: ExplainChangeInput, beside: Sequence[Correlate]) -> dict[str, Any]:
    before, now = found.figures
    is_ratio = found.reader.parts.is_ratio
    error = chance_of_change(found.explanation.total, is_ratio=is_ratio)
    z = (now - before) / error if error else 0.0
    return {
        "label": found.metric.label,
        "before": before,
        "now": now,
        "change": now - before,
        "change_rate": (now - before) / abs(before) if before and (found.metric.format.value == "money" or not is_ratio) else None,
        "p_value": p_value(z),
        "assumed": arguments.assumed,
        "window": found.window,
        "baseline": found.baseline,
        "tested": found.explanation.tested,
        "dimension": found.explanation.best.split.label if found.explanation.best else None,
        "simpson": _simpson(found),
        "findings": [_finding_facts(driver) for driver in found.explanation.findings],
        "correlates": [_correlate_facts(c) for c in beside],
    }


def _correlate_facts(correlate: Correlate) -> dict[str, Any]:
    return {"label": correlate.label, "before": correlate.before, "now": correlate.now, "elsewhere": correlate.elsewhere}


def _finding_facts(driver: Driver) -> dict[str, Any]:
    part = driver.part
    return {
        "label": driver_label(driver),
        "kind": driver.kind,
        "contribution": driver.contribution,
        "beyond": driver.found.beyond,
        "before": part.before if part else None,
        "now": part.now if part else None,
        "is_new": part is not None and not part.weight_before,
        "also": list(driver.also),
        "fields": [f.id for f in driver.split.fields],
        "values": list(driver.key),
    }


def _prices(found: _Found) -> dict[str, Any] | None:
    """How demand went with prices in the first group that stands out, of figures about what was sold."""
    quantity = found.reader.context.warehouse.model.settings.roles.quantity
    driver = next((d for d in found.explanation.findings if d.kind == "cell"), None)
    if driver is None or quantity is None or quantity.split(".")[0] not in found.reader.parts.facts or found.reader.parts.is_ratio:
        return None
    response = price_response(found.reader, driver) if not nearly_all(found.reader, driver) else None
    return {"label": driver_label(driver), **vars(response)} if response is not None else None


def _simpson(found: _Found) -> dict[str, Any] | None:
    """The dimension whose every value moved against the whole, when its mix is among the findings."""
    for driver in found.explanation.findings:
        decomposition = found.explanation.decompositions.get(driver.split.fields[0].id)
        if driver.kind == "mix" and decomposition is not None and decomposition.is_simpson:
            against, cells = decomposition.moved_against
            return {
                "dimension": driver.split.label,
                "mix": decomposition.mix,
                "rate": decomposition.rate,
                "against": against,
                "cells": cells,
            }
    return None


def _a_year_before(found: _Found, query: MetricQuery, context: ToolContext) -> float | None:
    """The relative change between the same days a year earlier, where the data goes back so far: a season repeats."""
    settings = context.warehouse.model.settings
    calendar = Calendar(settings, context.as_of or context.warehouse.as_of)
    window, baseline = (calendar.same_period_last_year(span) for span in (found.window, found.baseline))
    if settings.data_start is None or min(window.start, baseline.start) < settings.data_start:
        return None
    earlier = query.model_copy(
        update={
            "window": TimeWindow(start=window.start, end=window.end),
            "comparison": Comparison(kind="window", baseline=TimeWindow(start=baseline.start, end=baseline.end)),
        }
    )
    answered = ask(context, context.warehouse.model, earlier)
    found.reader.ran.append(answered.sql)
    rate = answered.one().get(f"{found.metric.name}_change_rate")
    return float(rate) if isinstance(rate, (int, float)) else None


def _checks(found: _Found, query: MetricQuery, context: ToolContext) -> tuple[Check, ...]:
    """The parts sum to the change, and the figure taken apart is the figure itself."""
    before, now = found.figures
    checks = []
    best = found.explanation.best
    if best is not None:
        added = math.fsum(part.contribution for part in best.parts)
        checks.append(_same("the contributions sum to the change", added, now - before))
    record = ask(context, context.warehouse.model, query).one()
    for name, value, suffix in (("now", now, ""), ("before", before, "_previous")):
        figure = record.get(f"{found.metric.name}{suffix}")
        if isinstance(figure, (int, float)):
            checks.append(_same(f"the parts make up the figure {name}", value, float(figure)))
    return tuple(checks)


def _same(name: str, one: float, other: float) -> Check:
    return Check(name=name, passed=math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-6), detail=f"{one:.12g} and {other:.12g}")


def _caveats(found: _Found, beside: Sequence[Correlate]) -> tuple[str, ...]:
    said = [found.metric.caveat] if found.metric.caveat else []
    said += [f"{note[:1].upper()}{note[1:]}." for note in found.compiled.notes]
    looked = f"{found.explanation.tested:,} groups were looked at"
    said.append(f"{looked}; what is said to stand out holds at a false discovery rate of {FALSE_DISCOVERY_RATE:.0%}.")
    said.append("Contributions say where it happened, not why; only a trial can prove a cause.")
    if beside:
        said.append("What else moved there goes together with the change and need not be its cause.")
    if found.reader.context.rights.min_group_size > 0:
        said.append("Groups too small to be shown are part of the totals only.")
    return tuple(said)
