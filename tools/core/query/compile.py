"""From a MetricQuery to one statement. `compile_query` reads like the way a query travels."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from tools.core.contract import Column, DateSpan
from tools.core.errors import QueryUnsupported
from tools.core.query.build import ALL_GROUPS, PEOPLE, Build, Relation
from tools.core.query.calendar import BEGINNING
from tools.core.query.checks import planned_checks
from tools.core.query.compiled import CompiledQuery
from tools.core.query.decorate import along_time, compared, filtered, gaps_filled, with_shares, without_small_groups
from tools.core.query.describe import definitions_of, derived_column, dimension_column, measure_column
from tools.core.query.figures import figures
from tools.core.query.metric_query import MetricQuery
from tools.core.query.order import arrange
from tools.core.query.plan import Plan, plan_of
from tools.core.query.resolve import Dimension, Scope, asked_as_of
from tools.core.query.sentence import reading_of
from tools.core.query.shapes import shaped
from tools.core.query.values import distinct_values
from tools.core.query.wording import Wording
from tools.core.semantics.model import SemanticModel

if TYPE_CHECKING:
    from tools.core.sql_guard import Rights


def compile_query(
    query: MetricQuery, model: SemanticModel, *, rights: Rights | None, as_of: dt.date | None = None, row_cap: int = 10_000
) -> CompiledQuery:
    """The query as one SELECT, with its columns, its reading in words and its checks.

    Args:
        rights: What the asker may see; None restricts nothing (tests, build-time work).
        as_of: The data's last complete day, when the model does not declare it.
        row_cap: Results that could be long stop one row after this many, so that the engine can tell.
    Raises:
        UnknownName: A metric, field or column that does not exist.
        QueryUnsupported: The names exist, but cannot be combined that way; says what would work.
        NotAllowed: The asker's rights do not cover a field, or listing individuals.
    """
    scope = Scope(model, rights=rights, as_of=asked_as_of(query, model, as_of))
    build = Build(scope=scope)
    plan = plan_of(build, query)
    special = shaped(build, plan)
    if special is not None:
        relation, columns = special.relation, special.columns
    else:
        relation = _result(build, plan)
        columns = _columns(scope, plan, relation)
    if query.limit is None and (special is not None or _one_row_per_entity(scope, relation)):
        relation = replace(relation, select=relation.select.limit(row_cap + 1))
    tree = build.attach(relation.select)
    suppressed = ALL_GROUPS in build.ctes
    return CompiledQuery(
        tree=tree,
        sql=tree.sql(dialect="duckdb", pretty=True),
        columns=columns,
        reading=reading_of(scope, query, plan.windows),
        notes=tuple(build.notes),
        suppressed_below=scope.min_people if suppressed else None,
        people_column=PEOPLE if suppressed else None,
        definitions=definitions_of(scope, query.shown_metrics, plan.dimensions),
        checks=planned_checks(build, plan, relation) if special is None else special.checks,
        incomplete_periods=_incomplete(scope, plan),
    )


def _result(build: Build, plan: Plan) -> Relation:
    """Figures, then what is computed from them, then what is kept, then their order."""
    query = plan.query
    measures = (*query.metrics, *plan.hidden_measures)
    if not measures:
        return arrange(build, query, distinct_values(build, plan.ask))

    def compute(window: DateSpan | None, dimensions: tuple[Dimension, ...]) -> Relation:
        return figures(build, measures, replace(plan.ask, window=window, dimensions=plan.split(build, window, dimensions)))

    span, baseline = plan.windows.span, plan.windows.baseline
    relation = compute(span, plan.dimensions) if baseline is None else compared(build, plan.windows, plan.dimensions, compute)
    if query.fill_gaps:  # before small groups are left out: a period left out must not come back as 0
        relation = gaps_filled(build, relation, span)
    relation = without_small_groups(build, relation)
    if query.share is not None:
        relation = with_shares(build, query, relation, lambda within: _totals(build, plan, within))
    if query.growth is not None or query.running_total or query.moving_average is not None:
        relation = along_time(build, query, relation)
    if query.having:
        relation = filtered(build, query.having, relation)
    return arrange(build, query, _shown(plan, relation))


def _totals(build: Build, plan: Plan, within: tuple[Dimension, ...]) -> Relation:
    """What shares are taken of: the same facts as those of the rows, split only by what the shares are within."""
    reaching = tuple(d.expression for d in plan.split(build, plan.windows.span, plan.dimensions))
    ask = replace(plan.ask, dimensions=within, reaching=reaching)
    return without_small_groups(build, figures(build, (*plan.query.metrics, *plan.hidden_measures), ask))


def _shown(plan: Plan, relation: Relation) -> Relation:
    """Without the figures that only a condition needed."""
    hidden = {m.column for m in plan.hidden_measures}
    if not hidden:
        return relation
    columns = hidden | {m.column for m in plan.query.metrics}
    shown = tuple(f for f in relation.figures if _base(f, columns) not in hidden)
    kept = {*(d.column for d in relation.dimensions), *shown}
    outputs = [e for e in relation.select.expressions if e.alias_or_name in kept]
    return replace(relation, select=relation.select.select(*outputs, append=False), figures=shown)


def _base(figure: str, measures: Iterable[str]) -> str:
    """The column that a figure is, or is derived from: `revenue_per_customer_share` of `revenue_per_customer`, never of `revenue`."""
    return next(m for m in sorted(measures, key=len, reverse=True) if figure == m or figure.startswith(f"{m}_"))


def _columns(scope: Scope, plan: Plan, relation: Relation) -> tuple[Column, ...]:
    """What each output column is, in output order."""
    twice = next((c for c in relation.columns if relation.columns.count(c) > 1), None)
    if twice is not None:
        raise QueryUnsupported(f"two columns of the result would be named {twice}", try_instead="give one of the measures an alias")
    bases = {m.column: measure_column(scope, m) for m in plan.query.metrics}
    words, labels = Wording(scope), [column.label for column in bases.values()]
    for measure in plan.query.metrics:
        if labels.count(bases[measure.column].label) > 1:  # Told apart by their conditions: spend of those with and without a return.
            bases[measure.column] = replace(bases[measure.column], label=words.measure(measure))
    found = [dimension_column(d) for d in relation.dimensions]
    for figure in relation.figures:
        if figure in bases:
            found.append(bases[figure])
            continue
        base = _base(figure, bases)
        found.append(derived_column(bases[base], figure.removeprefix(f"{base}_")))
    return tuple(found)


def _one_row_per_entity(scope: Scope, relation: Relation) -> bool:
    """Results as long as a table may exceed any cap; periods, bands and categories do not."""
    return any(d.field is not None and d.grain is None and scope.key_reads(d.field.id) for d in relation.dimensions)


def _incomplete(scope: Scope, plan: Plan) -> tuple[DateSpan, ...]:
    """The first and the last period of a trend, or of an average over periods, where the window or the data covers only a part of it."""
    axes = [d.grain.value for d in plan.dimensions if d.is_series and d.grain is not None]
    units = {*axes, *(m.per_grain for m in plan.query.metrics if m.per_grain is not None)} - {"hour", "day"}
    if len(axes) > 1 or len(units) != 1 or scope.as_of is None:
        return ()
    unit = units.pop()
    span = plan.windows.span
    first_day = span.start if span is not None and span.start != BEGINNING else scope.model.settings.data_start
    last_day = span.end if span is not None else scope.as_of
    found = []
    for day in dict.fromkeys(d for d in (first_day, last_day) if d is not None):
        start = scope.calendar.period_start(day, unit)  # type: ignore[arg-type]
        end = scope.calendar.period_after(start, unit) - dt.timedelta(days=1)  # type: ignore[arg-type]
        covered = DateSpan(start=max(start, first_day or start), end=min(end, last_day), label=unit)
        if (covered.start, covered.end) != (start, end):
            found.append(covered)
    return tuple(found)
