"""How many entities have which value of a metric."""

from __future__ import annotations

from sqlglot import exp

from tools.core.contract import Column
from tools.core.query import sql
from tools.core.query.build import PEOPLE, Build
from tools.core.query.describe import measure_column
from tools.core.query.figures import figures
from tools.core.query.metric_query import DistributionSpec, Measure, Order
from tools.core.query.per_entity import ENTITY, VALUE, entity_values
from tools.core.query.plan import Plan
from tools.core.query.shapes.result import Shaped, finished

_MOST_SINGLE_VALUES = 20
_BINS = 10


def distribution(build: Build, plan: Plan) -> Shaped:
    """One row per bin: bin_start (included), bin_end (excluded; equal to bin_start for single values), entities, share."""
    spec = plan.query.distribution
    assert spec is not None
    measure = Measure(metric=spec.metric, per=spec.entity, aggregate="avg")
    values = entity_values(build, measure, plan.ask, figures)
    name = build.cte(f"{spec.metric}_per_{spec.entity}", values.select)
    select = exp.Select().from_(sql.block(name))
    if spec.bin_width is None:
        bins = build.cte("bins", _round_width(build.cte("spread", _spread(name))))
        select = select.join(sql.block(bins), join_type="cross", copy=False)
        width: exp.Expression = exp.column("width", table=bins)
    else:
        width = sql.literal(spec.bin_width)
    value = exp.column(VALUE, table=name)
    start = _bin_start(value, width, may_be_single=spec.bin_width is None)
    count = exp.Count(this=exp.Star(), big_int=True)
    total = sql.window(sql.function("SUM", count.copy()))
    end = exp.Add(this=start.copy(), expression=sql.coalesce(width.copy(), sql.number(0)) if spec.bin_width is None else width.copy())
    outputs = [
        exp.alias_(start, "bin_start"),
        exp.alias_(end, "bin_end"),
        exp.alias_(count, "entities"),
        exp.alias_(sql.ratio(count.copy(), total), "share"),
    ]
    if values.has_people:
        own = spec.entity == build.scope.model.settings.customer
        outputs.append(exp.alias_(count.copy() if own else sql.function("MAX", exp.column(PEOPLE, table=name)), PEOPLE))
    known = [exp.Not(this=exp.Is(this=exp.column(c, table=name), expression=exp.Null())) for c in (ENTITY, VALUE)]
    select = select.select(*outputs, copy=False).where(*known).group_by(sql.number(1), sql.number(2))
    usual = (Order(by="bin_start", direction="asc"),)
    return finished(build, plan.query, select, _columns(build, spec, measure), usual, keys=("bin_start",), has_people=values.has_people)


def _bin_start(value: exp.Expression, width: exp.Expression, *, may_be_single: bool) -> exp.Expression:
    quotient = exp.Div(this=value.copy(), expression=width.copy(), typed=False, safe=False)
    binned = exp.Mul(this=sql.function("FLOOR", quotient), expression=width.copy())
    if not may_be_single:
        return binned
    return sql.case([(exp.Is(this=width.copy(), expression=exp.Null()), value.copy())], binned)


def _spread(values: str) -> exp.Select:
    """A tenth of the range of the values, and how many different ones there are."""
    spread = exp.Sub(this=sql.function("MAX", sql.column(VALUE)), expression=sql.function("MIN", sql.column(VALUE)))
    tenth = exp.Div(this=exp.paren(spread), expression=sql.number(_BINS), typed=False, safe=False)
    distinct = exp.Count(this=exp.Distinct(expressions=[sql.column(VALUE)]), big_int=True)
    return exp.select(exp.alias_(tenth, "tenth"), exp.alias_(distinct, "different")).from_(sql.block(values))


def _round_width(spread: str) -> exp.Select:
    """Width of about ten bins: 1, 2, 5 or 10 times a power of ten; NULL when few single values make bins of their own."""
    tenth = sql.column("tenth")
    magnitude = sql.function("POWER", sql.number(10), sql.function("FLOOR", sql.function("LOG10", tenth)))
    steps = [
        (exp.LTE(this=tenth.copy(), expression=exp.Mul(this=sql.number(step), expression=magnitude.copy())), sql.number(step))
        for step in (1, 2, 5)
    ]
    width = exp.Mul(this=sql.case(steps, sql.number(10)), expression=magnitude)
    many = exp.GT(this=sql.column("different"), expression=sql.number(_MOST_SINGLE_VALUES))
    return exp.select(exp.alias_(sql.case([(many, width)]), "width")).from_(sql.block(spread))


def _columns(build: Build, spec: DistributionSpec, measure: Measure) -> tuple[Column, ...]:
    base = measure_column(build.scope, Measure(metric=spec.metric))
    entity = build.scope.dataset(measure.per or spec.entity)
    return (
        Column(name="bin_start", type="number", unit=base.unit, label=f"{base.label} from", format=base.format, decimals=base.decimals),
        Column(name="bin_end", type="number", unit=base.unit, label=f"{base.label} to", format=base.format, decimals=base.decimals),
        Column(name="entities", type="integer", unit=entity.plural, role="count", label=entity.plural),
        Column(name="share", type="number", unit="share", role="share", label=f"share of {entity.plural}", format="rate"),
    )
