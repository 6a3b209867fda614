"""Which rows rest on enough customers to be shown, and how many stand behind each."""

from __future__ import annotations

from sqlglot import exp

from tools.core.query import sql
from tools.core.query.build import ALL_GROUPS, PEOPLE, Build


def enough_people(build: Build, block: str = ALL_GROUPS) -> exp.Expression:
    """Holds for the rows of `block` that may be shown.

    A row needs the minimum of customers (rows about no customers have no count and pass). Where the rows left out hold fewer than the
    minimum all together, the total less the rest would tell about them: then the smallest row that could be shown is left out as well.
    """
    minimum = sql.number(build.scope.min_people)
    people = sql.column(PEOPLE)
    large = exp.GTE(this=sql.coalesce(people, minimum), expression=minimum.copy())
    hidden = _over_rows(block, exp.Sum(this=people.copy()), exp.LT(this=people.copy(), expression=minimum.copy()))
    smallest = _over_rows(block, exp.Min(this=people.copy()), exp.GTE(this=people.copy(), expression=minimum.copy()))
    covered = exp.not_(exp.Between(this=hidden, low=sql.number(1), high=sql.number(build.scope.min_people - 1)))
    above = exp.GT(this=sql.coalesce(people.copy(), sql.number(2**31)), expression=smallest)
    return exp.and_(large, exp.or_(covered, above))


def _over_rows(block: str, aggregate: exp.Expression, condition: exp.Expression) -> exp.Expression:
    return sql.coalesce(exp.select(aggregate).from_(sql.block(block)).where(condition).subquery(), sql.number(0))


def rows_left_out(build: Build) -> exp.Select:
    """One row: how many rows of the result are not shown."""
    count = exp.alias_(exp.Count(this=exp.Star(), big_int=True), "groups")
    return build.attach(exp.select(count).from_(sql.block(ALL_GROUPS)).where(exp.not_(exp.paren(enough_people(build)))))


def people_behind(build: Build, columns: tuple[str, ...]) -> exp.Select:
    """The dimension columns and the number of customers of each row that is shown."""
    shown = exp.select(*(sql.column(c) for c in columns), sql.column(PEOPLE)).from_(sql.block(ALL_GROUPS))
    return build.attach(shown.where(enough_people(build)))
