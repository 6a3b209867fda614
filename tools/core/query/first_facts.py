"""When each entity's first fact took place: the start of cohorts, and what tells new from returning."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from tools.core.contract import DateSpan
from tools.core.errors import QueryUnsupported
from tools.core.query import sql
from tools.core.query.build import Build, Lookup
from tools.core.query.calendar import BEGINNING
from tools.core.query.facts import Source
from tools.core.query.metric_query import Grain, Lifecycle
from tools.core.query.predicates import until
from tools.core.query.resolve import Dimension


def first_facts(build: Build, entity: str, fact: str, *, grain: Grain | None = None, filters: Iterable[exp.Expression] = ()) -> str:
    """Name of a block with one row per entity: `entity_key`, `first_on` (a day) and, with a grain, `first_period`."""
    scope = build.scope
    scope.dataset(entity)
    dated = scope.time_of(scope.dataset(fact).name)
    if dated is None or scope.graph.path(fact, entity) is None:
        facts = [f for f in scope.graph.facts_reaching({entity}) if f != entity and scope.time_of(f)]
        raise QueryUnsupported(f"{fact} does not date {entity}", try_instead=f"dated facts of {entity}: {', '.join(facts) or 'none'}")
    source = Source(build=build, fact=fact, time=sql.symbol(dated))
    moment = source.bind(sql.symbol(dated))
    key = source.bind(sql.symbol(scope.key(entity)))
    tests = [*(source.bind(f) for f in filters), exp.Not(this=exp.Is(this=key.copy(), expression=exp.Null()))]
    if scope.as_of is not None:
        tests.append(until(moment.copy(), scope.as_of, has_time_of_day=scope.is_moment(dated)))
    earliest = sql.function("MIN", moment)
    outputs = [exp.alias_(key, "entity_key"), exp.alias_(sql.cast_to(earliest, "date"), "first_on")]
    if grain is not None:
        period = sql.truncate(earliest.copy(), grain, sunday_weeks=scope.sunday_weeks)
        outputs.append(exp.alias_(period, "first_period"))
    name = build.cte(f"first_{fact}", source.select(tests).select(*outputs).group_by(sql.number(1)))
    build.lookups[name] = Lookup(entity_key=scope.key(entity))
    return name


def lifecycle_dimension(build: Build, lifecycle: Lifecycle, dimensions: Iterable[Dimension], span: DateSpan | None) -> Dimension:
    """ "new" when the entity's first fact lies in the row's own period (else in the window), "returning" when before."""
    axes = [d for d in dimensions if d.is_series]
    name = first_facts(build, lifecycle.entity, lifecycle.fact)
    first = sql.column("first_on", name)
    if axes:
        start: exp.Expression = axes[0].expression
    elif span is not None and span.start > BEGINNING:
        start = sql.literal(span.start)
    else:
        raise QueryUnsupported("new and returning need a period to be new in", try_instead="give a window, or split by a date with a grain")
    words = (
        (exp.GTE(this=first, expression=start), exp.Literal.string("new")),
        (exp.LT(this=first.copy(), expression=start.copy()), exp.Literal.string("returning")),
    )
    entity = build.scope.dataset(lifecycle.entity)
    return Dimension(
        column="lifecycle",
        expression=sql.case(words),
        field=None,
        label=f"new or returning {entity.label}",
        ordered_values=("new", "returning"),
    )
