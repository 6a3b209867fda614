"""Values that occur together in the same basket (or other container)."""

from __future__ import annotations

from sqlglot import exp

from tools.core.contract import Column
from tools.core.errors import QueryUnsupported
from tools.core.query import sql
from tools.core.query.build import PEOPLE, Build
from tools.core.query.facts import Source
from tools.core.query.metric_query import Order, PairsSpec
from tools.core.query.plan import Plan
from tools.core.query.predicates import typed, until, window_condition
from tools.core.query.shapes.result import Shaped, finished


def pairs(build: Build, plan: Plan) -> Shaped:
    """One row per pair: left, right, together, support, confidence (right given left), lift."""
    spec = plan.query.pairs
    assert spec is not None
    field = build.scope.field(spec.field)
    items = build.cte("items", _items(build, plan, spec))
    counts = build.cte("item_counts", _counted(items))
    total = build.cte("containers", exp.select(exp.alias_(_distinct_containers(), "containers")).from_(sql.block(items)))
    together = build.cte("together", _together(build, spec, items, typed(spec.containing, field) if spec.containing is not None else None))
    select = exp.Select().from_(sql.block(together)).join(sql.block(total), join_type="cross", copy=False)
    for side in ("left", "right"):
        item = exp.EQ(this=exp.column(f"{side}_item", table=together), expression=exp.column("item", table=f"{side}_count"))
        select = select.join(exp.alias_(sql.block(counts), f"{side}_count", table=True), on=item, join_type="inner", copy=False)
    both, containers = exp.column("together", table=together), exp.column("containers", table=total)
    left, right = exp.column("containers", table="left_count"), exp.column("containers", table="right_count")
    confidence = sql.ratio(both.copy(), left)
    outputs = [
        exp.alias_(exp.column("left_item", table=together), "left"),
        exp.alias_(exp.column("right_item", table=together), "right"),
        exp.alias_(both, "together"),
        exp.alias_(sql.ratio(both.copy(), containers), "support"),
        exp.alias_(confidence, "confidence"),
        exp.alias_(
            exp.Div(this=confidence.copy(), expression=exp.paren(sql.ratio(right, containers.copy())), typed=False, safe=False), "lift"
        ),
    ]
    has_people = build.scope.min_people > 0 and build.scope.graph.path(spec.within, build.scope.model.settings.customer or "") is not None
    if has_people:
        outputs.append(exp.alias_(exp.column(PEOPLE, table=together), PEOPLE))
    usual = (Order(by=spec.order_by, direction="desc"),)
    return finished(build, plan.query, select.select(*outputs), _columns(build, spec), usual, keys=("left", "right"), has_people=has_people)


def _items(build: Build, plan: Plan, spec: PairsSpec) -> exp.Select:
    """Each container with each value in it, once."""
    scope = build.scope
    fact = _fact(build, spec)
    dated = plan.query.time_field or scope.time_of(fact)
    source = Source(build=build, fact=fact, time=sql.symbol(dated) if dated else None)
    container, item = source.bind(sql.symbol(scope.key(spec.within))), source.bind(sql.symbol(spec.field))
    outputs = [exp.alias_(container, "container"), exp.alias_(item, "item")]
    customer = scope.model.settings.customer
    if scope.min_people and customer is not None and scope.graph.path(spec.within, customer) is not None:
        outputs.append(exp.alias_(source.bind(sql.symbol(scope.key(customer))), PEOPLE))
    tests = [source.bind(f) for f in plan.filters]
    tests.append(exp.Not(this=exp.Is(this=item.copy(), expression=exp.Null())))
    if dated is not None:
        moment, has_time = source.bind(sql.symbol(dated)), scope.is_moment(dated)
        span = plan.windows.span
        when = window_condition(moment, span, has_time_of_day=has_time) if span is not None else None
        if span is None and scope.as_of is not None:
            when = until(moment, scope.as_of, has_time_of_day=has_time)
        tests += [when] if when is not None else []
    elif plan.windows.span is not None:
        raise QueryUnsupported(f"{fact} has no date, so no window applies to it", try_instead="leave the window out")
    return source.select(tests).select(*outputs).distinct()


def _fact(build: Build, spec: PairsSpec) -> str:
    """The fact whose rows put a value into a container."""
    scope = build.scope
    facts = [f for f in scope.graph.facts_reaching({spec.field.split(".")[0], scope.dataset(spec.within).name}) if f != spec.within]
    if spec.fact in facts:
        return spec.fact
    if len(facts) != 1:
        found = ", ".join(facts) or "no dataset"
        raise QueryUnsupported(
            f"{spec.field} and {spec.within} meet in {found}",
            try_instead="name one of them as `fact`" if facts else "pair a field of what the container holds",
        )
    return facts[0]


def _distinct_containers() -> exp.Expression:
    return exp.Count(this=exp.Distinct(expressions=[sql.column("container")]), big_int=True)


def _counted(items: str) -> exp.Select:
    rows = exp.Count(this=exp.Star(), big_int=True)
    return exp.select(sql.column("item"), exp.alias_(rows, "containers")).from_(sql.block(items)).group_by(sql.number(1))


def _together(build: Build, spec: PairsSpec, items: str, containing: object) -> exp.Select:
    """Containers with both values; each pair once, or in both directions when the direction matters."""
    left, right = exp.column("item", table="a"), exp.column("item", table="b")
    directed = containing is not None or spec.order_by == "confidence"
    differ = exp.NEQ(this=left, expression=right) if directed else exp.LT(this=left, expression=right)
    on = exp.and_(exp.EQ(this=exp.column("container", table="a"), expression=exp.column("container", table="b")), differ)
    count = exp.Count(this=exp.Star(), big_int=True)
    select = exp.select(exp.alias_(left.copy(), "left_item"), exp.alias_(right.copy(), "right_item"), exp.alias_(count, "together"))
    select = select.from_(exp.alias_(sql.block(items), "a", table=True)).join(exp.alias_(sql.block(items), "b", table=True), on=on)
    if PEOPLE in build.ctes[items].named_selects:
        people = exp.Count(this=exp.Distinct(expressions=[exp.column(PEOPLE, table="a")]), big_int=True)
        select = select.select(exp.alias_(people, PEOPLE))
    if containing is not None:
        select = select.where(exp.EQ(this=left.copy(), expression=sql.literal(containing)))  # type: ignore[arg-type]
    return select.group_by(sql.number(1), sql.number(2)).having(exp.GTE(this=count.copy(), expression=sql.number(spec.min_together)))


def _columns(build: Build, spec: PairsSpec) -> tuple[Column, ...]:
    label = build.scope.field(spec.field).label
    containers = build.scope.dataset(spec.within).plural
    return (
        Column(name="left", type="string", label=label, format="text"),
        Column(name="right", type="string", label=f"{label} together with it", format="text"),
        Column(name="together", type="integer", unit=containers, role="count", label=f"{containers} with both"),
        Column(name="support", type="number", unit="share", role="share", label=f"share of {containers} with both", format="rate"),
        Column(name="confidence", type="number", unit="share", role="share", label="share of the left's with the right", format="rate"),
        Column(name="lift", type="number", role="metric", label="times as often as by chance", decimals=2),
    )
