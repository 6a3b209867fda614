"""Which rows rest on enough customers to be shown, and how many stand behind each."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from tools.core.query import sql
from tools.core.query.build import ALL_GROUPS, PEOPLE, Build

SHOWN_GROUPS = "groups_shown"


def keep_large_groups(build: Build, source: str, columns: Sequence[str], keys: Sequence[str]) -> str:
    """Adds a block with the rows of `source` that may be shown; its name.

    A row needs the minimum of customers (rows about no customers have no count and pass). Where the rows left out hold fewer than the
    minimum all together, the total less the rest would tell about them: then the smallest row that could be shown is left out as well.

    Args:
        keys: Columns that tell the rows apart, so that the smallest one is always the same.
    """
    return build.cte(SHOWN_GROUPS, _shown(build, source, (*columns, PEOPLE), keys))


def _shown(build: Build, source: str, columns: Sequence[str], keys: Sequence[str]) -> exp.Select:
    minimum = build.scope.min_people
    people = sql.column(PEOPLE)
    large = exp.GTE(this=sql.coalesce(people, sql.number(minimum)), expression=sql.number(minimum))
    few = sql.case([(exp.LT(this=people.copy(), expression=sql.number(minimum)), people.copy())], sql.number(0))
    hidden = exp.Window(this=exp.Sum(this=few))
    smallest_first = exp.Order(expressions=[sql.sort_key(c, descending=False) for c in (people.copy(), *map(sql.column, keys))])
    place = exp.Window(this=exp.RowNumber(), partition_by=[large.copy()], order=smallest_first)
    covered = exp.not_(exp.Between(this=hidden, low=sql.number(1), high=sql.number(minimum - 1)))
    uncounted = exp.Is(this=people.copy(), expression=exp.null())
    keep = exp.and_(large, exp.or_(covered, exp.GT(this=place, expression=sql.number(1)), uncounted))
    select = exp.select(*(sql.column(c) for c in columns)).from_(sql.block(source))
    select.set("qualify", exp.Qualify(this=keep))
    return select


def rows_left_out(build: Build) -> exp.Select:
    """One row: how many rows of the result are not shown."""
    counts = [exp.select(exp.Count(this=exp.Star(), big_int=True)).from_(sql.block(name)).subquery() for name in (ALL_GROUPS, SHOWN_GROUPS)]
    return build.attach(exp.select(exp.alias_(exp.Sub(this=counts[0], expression=counts[1]), "groups")))


def people_behind(build: Build, columns: Sequence[str]) -> exp.Select:
    """The dimension columns and the number of customers of each row that is shown."""
    return build.attach(exp.select(*(sql.column(c) for c in columns), sql.column(PEOPLE)).from_(sql.block(SHOWN_GROUPS)))
