"""How few entities make most of a metric: the smallest number, largest first, that together reach a share of its total."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from tools.core.contract import Column
from tools.core.errors import QueryUnsupported
from tools.core.query import sql
from tools.core.query.build import PEOPLE, Build, Relation
from tools.core.query.checks import total_check
from tools.core.query.describe import measure_column
from tools.core.query.figures import figures
from tools.core.query.formula import Formulas, is_single_leaf
from tools.core.query.metric_query import ConcentrationSpec, Measure
from tools.core.query.per_entity import ENTITY, VALUE, entity_values
from tools.core.query.plan import Plan
from tools.core.query.shapes.result import Shaped, finished

_PLACE, _RUNNING, _TOTAL, _ALL = "place", "running", "total", "entities_in_all"
_ROUNDING = 1e-9
"""A share reached but for the rounding of sums counts as reached."""


def concentration(build: Build, plan: Plan) -> Shaped:
    """One row: entities_needed, entities_in_all, entity_share, reached, total, reached_share (and best_share); none when nothing adds up.

    Entities without a value are not ranked. Equal values may change places: neither the number nor what it reaches depends on it.

    Raises:
        QueryUnsupported: The figures of the entities do not add up to a total.
    """
    spec = plan.query.concentration
    assert spec is not None
    measure = Measure(metric=spec.metric, per=spec.entity, aggregate="sum")
    values = entity_values(build, measure, plan.ask, figures)
    if VALUE not in values.additive and not _counts_own_rows(build, spec):
        label, plural = build.scope.metric(spec.metric).label, build.scope.dataset(spec.entity).plural
        raise QueryUnsupported(
            f"{label} of single {plural} does not add up to a total, so there is no share of it to reach",
            try_instead=f"choose a sum or a count, or ask for the {plural} with the highest {label}",
        )
    ranked = build.cte("ranked", _ranked(build, spec, values))
    select = exp.Select().from_(sql.block(ranked)).select(*_outputs(spec), copy=False)
    if values.has_people:
        own = spec.entity == build.scope.model.settings.customer
        select = select.select(exp.alias_(sql.function("MAX", sql.column(_ALL if own else PEOPLE)), PEOPLE), copy=False)
        select = select.where(_may_be_cut(build.scope.min_people, own=own), copy=False)
        build.note(_note(build, spec))
    select.set("having", exp.Having(this=exp.GT(this=sql.function("MAX", sql.column(_TOTAL)), expression=sql.number(0))))
    result = finished(build, plan.query, select, _columns(build, spec), (), keys=(), has_people=values.has_people)
    key = sql.symbol(build.scope.key(spec.entity))
    known = replace(plan.ask, filters=(*plan.ask.filters, exp.Not(this=exp.Is(this=key, expression=exp.Null()))))
    check = total_check(build, known, Measure(metric=spec.metric, alias=_TOTAL))
    return replace(result, checks=(check,) if check is not None else ())


def _counts_own_rows(build: Build, spec: ConcentrationSpec) -> bool:
    """A count of distinct orders adds up over customers: each order has one. Over products it does not."""
    formulas = Formulas(scope=build.scope)
    if not is_single_leaf(formulas.of(build.scope.metric(spec.metric))):
        return False
    counted = formulas.leaves[0].counted_key(build.scope)
    if counted is None or not build.scope.key_reads(counted):
        return False
    dataset = counted.partition(".")[0]
    return dataset != spec.entity and build.scope.graph.path(dataset, spec.entity) is not None


def _ranked(build: Build, spec: ConcentrationSpec, values: Relation) -> exp.Select:
    """One row per entity with a value: its place, what all down to it make, the total and the number of all."""
    name = build.cte(f"{spec.metric}_per_{spec.entity}", values.select)
    value = sql.column(VALUE)
    order = [sql.sort_key(value.copy(), descending=True), sql.sort_key(sql.column(ENTITY), descending=False)]
    down = exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW")
    beyond = exp.WindowSpec(kind="ROWS", start=sql.number(1), start_side="FOLLOWING", end="UNBOUNDED", end_side="FOLLOWING")
    outputs = [
        exp.alias_(sql.window(exp.RowNumber(), order=order), _PLACE),
        exp.alias_(sql.window(sql.function("SUM", value.copy()), order=order, frame=down), _RUNNING),
        exp.alias_(sql.window(sql.function("SUM", value.copy())), _TOTAL),
        exp.alias_(sql.window(exp.Count(this=exp.Star(), big_int=True)), _ALL),
    ]
    if values.has_people:
        people = sql.function("MAX", sql.column(PEOPLE))
        outputs.append(exp.alias_(sql.window(people, order=order, frame=down), PEOPLE))
        outputs.append(exp.alias_(sql.window(people.copy(), order=order, frame=beyond), f"{PEOPLE}_beyond"))
    known = [exp.Not(this=exp.Is(this=sql.column(c), expression=exp.Null())) for c in (ENTITY, VALUE)]
    return exp.select(*outputs).from_(sql.block(name)).where(*known)


def _may_be_cut(minimum: int, *, own: bool) -> exp.Expression:
    """Where the ranking may be cut in two: enough customers before and after, or everybody before.

    Customers are cut in steps of the minimum, so that two questions never differ by fewer of them.
    """
    place, every, least = sql.column(_PLACE), sql.column(_ALL), sql.number(minimum)
    if own:
        steps = exp.EQ(this=exp.Mod(this=place.copy(), expression=least), expression=sql.number(0))
        rest = exp.Sub(this=every.copy(), expression=place.copy())
        enough = exp.and_(steps, exp.GTE(this=rest, expression=least.copy()))
    else:
        sides = (sql.column(PEOPLE), sql.column(f"{PEOPLE}_beyond"))
        enough = exp.and_(*(exp.GTE(this=sql.coalesce(side, least.copy()), expression=least.copy()) for side in sides))
    return exp.or_(exp.EQ(this=place, expression=every), enough)


def _note(build: Build, spec: ConcentrationSpec) -> str:
    plural, least = build.scope.dataset(spec.entity).plural, build.scope.min_people
    return f"Your role sees groups of at least {least} customers: the {plural} are divided only where there are as many on both sides"


def _outputs(spec: ConcentrationSpec) -> list[exp.Expression]:
    place, every = sql.column(_PLACE), sql.function("MAX", sql.column(_ALL))
    reach = sql.ratio(sql.column(_RUNNING), sql.column(_TOTAL))
    enough = exp.GTE(this=reach, expression=sql.literal(spec.share - _ROUNDING))
    total = sql.function("MAX", sql.column(_TOTAL))
    needed = _where(sql.function("MIN", place), enough)
    reached = _where(sql.function("ARG_MIN", sql.column(_RUNNING), place.copy()), enough)
    outputs = [
        exp.alias_(needed, "entities_needed"),
        exp.alias_(every, _ALL),
        exp.alias_(sql.ratio(needed.copy(), every.copy()), "entity_share"),
        exp.alias_(reached, "reached"),
        exp.alias_(total, _TOTAL),
        exp.alias_(sql.ratio(reached.copy(), total.copy()), "reached_share"),
    ]
    if spec.of_entities is not None:
        part = exp.Mul(this=sql.column(_ALL), expression=sql.literal(spec.of_entities))
        last = sql.function("CEIL", exp.Sub(this=part, expression=sql.literal(_ROUNDING)))
        best = _where(sql.function("ARG_MAX", sql.column(_RUNNING), place.copy()), exp.LTE(this=place.copy(), expression=last))
        outputs.append(exp.alias_(sql.ratio(best, total.copy()), "best_share"))
    return outputs


def _where(aggregate: exp.Expression, test: exp.Expression) -> exp.Expression:
    return exp.Filter(this=aggregate, expression=exp.Where(this=test.copy()))


def _columns(build: Build, spec: ConcentrationSpec) -> tuple[Column, ...]:
    entity = build.scope.dataset(spec.entity)
    base = measure_column(build.scope, Measure(metric=spec.metric))
    columns = [
        Column(name="entities_needed", type="integer", unit=entity.plural, role="count", label=f"{entity.plural} needed"),
        Column(name=_ALL, type="integer", unit=entity.plural, role="count", label=f"{entity.plural} in all"),
        Column(name="entity_share", type="number", unit="share", role="share", label=f"share of {entity.plural}", format="rate"),
        replace(base, name="reached", label=f"{base.label} that they make"),
        replace(base, name=_TOTAL, label=f"{base.label} of all {entity.plural}"),
        Column(name="reached_share", type="number", unit="share", role="share", label=f"share of {base.label}", format="rate"),
    ]
    if spec.of_entities is not None:
        label = f"share of {base.label} of the best {100 * spec.of_entities:g} %"
        columns.append(Column(name="best_share", type="number", unit="share", role="share", label=label, format="rate"))
    return tuple(columns)
