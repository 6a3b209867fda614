"""Minimum group size for SQL that the asker wrote.

For someone who may not see individuals, each SELECT that reads tables about people directly must be an aggregate over them, and gets
a HAVING that keeps only groups of enough different people. What is computed from such results is free: it sees published figures only.

So that the HAVING cannot be argued with, such a SELECT is held to a small language:
- aggregates that blend a group (counts, sums, averages, spread) over columns or short arithmetic; a condition inside an aggregate would
  pick out one person within a large group, and a smallest or largest value is one person's;
- keys of people may be joined to each other and counted, nothing else: a filter on a key is a filter on a person;
- nothing at row level that can raise an error, since "error or not" would answer a question about one row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from sqlglot import exp

from tools.core.errors import NotAllowed
from tools.core.semantics.catalog import Catalog
from tools.core.sql_guard.families import Families, Family
from tools.core.sql_guard.rewrite import ALL_ROWS
from tools.core.sql_guard.rights import People, Rights
from tools.core.sql_guard.scope import Block, Resolution, Source

PERSON = "__person"
"""Name of the hidden column that carries the person of each row."""
MAX_INTERVAL_DIGITS = 4
MAX_NUMBER_DIGITS = 12
MAX_ARITHMETIC = 4
"""Operators in one aggregate's argument; longer ones could be polynomials that are zero for all but one value."""

_BLENDING = (exp.Count, exp.Sum, exp.Avg, exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance, exp.VariancePop)
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg)
_CONDITIONS = (exp.And, exp.Or, exp.Not, exp.Paren, exp.Boolean, exp.Null, exp.Is, exp.Distinct)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In, exp.NullSafeEQ, exp.NullSafeNEQ)
_DATE_PARTS = (
    exp.Year, exp.Quarter, exp.Month, exp.Week, exp.WeekOfYear, exp.Day, exp.DayOfMonth, exp.DayOfWeek, exp.DayOfWeekIso,
    exp.DayOfYear, exp.Hour, exp.Extract, exp.DateTrunc, exp.TimestampTrunc, exp.Dayname, exp.Monthname, exp.DateDiff,
    exp.TimeToStr, exp.LastDay, exp.CurrentDate,
)  # fmt: skip
_TEXTS = (
    exp.Lower, exp.Upper, exp.Trim, exp.Left, exp.Right, exp.Length, exp.Like, exp.ILike, exp.DPipe, exp.Concat, exp.StartsWith,
    exp.Contains,
)  # fmt: skip
_ROW_LEVEL = (
    *_ARITHMETIC, *_CONDITIONS, *_COMPARISONS, *_DATE_PARTS, *_TEXTS, exp.Column, exp.Literal, exp.Identifier, exp.Case, exp.If,
    exp.Coalesce, exp.Nullif, exp.Cast, exp.TryCast, exp.DataType, exp.DataTypeParam, exp.Interval, exp.Var, exp.Round, exp.Floor,
    exp.Ceil, exp.Select, exp.Subquery, exp.SetOperation,
)  # fmt: skip
_ARGUMENT = (
    exp.Column, exp.Literal, exp.Identifier, exp.Paren, exp.Distinct, exp.Star, exp.Coalesce, exp.Cast, exp.TryCast, exp.DataType,
    exp.DataTypeParam, exp.DateDiff, exp.Var,
)  # fmt: skip
_TYPED = (
    *_COMPARISONS, *_DATE_PARTS, *_ARITHMETIC, exp.Case, exp.Coalesce, exp.Nullif, exp.Round, exp.Floor, exp.Ceil, exp.And, exp.Or,
    exp.Not, exp.Is,
)  # fmt: skip
_CLAUSES = ("where", "group", "having", "qualify", "order", "distinct", "limit", "offset")


def protect_groups(resolution: Resolution, catalog: Catalog, rights: Rights) -> list[str]:
    """Add the minimum group size to every SELECT over people; returns what was narrowed, in words.

    Raises:
        NotAllowed: A SELECT that could show or single out fewer people than the minimum.
    """
    people = rights.people
    if people is None and resolution.tables:
        raise _refusal("this warehouse's policy does not say which rows belong to whom")
    meaning = {id(column): source for block in resolution.blocks for column, source, _ in block.references}
    protected = False
    for block in resolution.blocks:
        personal = [s for s in block.own_tables() if people is not None and s.table not in people.unrelated]
        if personal:
            assert people is not None
            _BlockGuard(block, personal, people, meaning, catalog).apply(rights.min_group_size)
            protected = True
        elif _correlated(block) and any(_is_personal(b, people) for b in _ancestors(block)):
            raise _refusal("a subquery looks at single rows about people")
    return [f"groups of fewer than {rights.min_group_size} people are left out"] if protected else []


def _refusal(reason: str) -> NotAllowed:
    return NotAllowed(
        f"Your role sees groups of people only: {reason}.",
        try_instead="Ask for counts, sums or averages by group, or ask in words: governed answers apply the minimum by themselves.",
        code="small_groups",
    )


def _mixed() -> NotAllowed:
    return _refusal("values of different types are mixed; cast them first, so that no row can fail to convert")


def _is_personal(block: Block, people: People | None) -> bool:
    return people is not None and any(s.table not in people.unrelated for s in block.own_tables())


def _ancestors(block: Block) -> Iterator[Block]:
    parent = block.parent
    while parent is not None:
        yield parent
        parent = parent.parent


def _correlated(block: Block) -> bool:
    return any(not own for _, _, own in block.references)


class _BlockGuard:
    """Checks and rewrites one SELECT that reads tables about people."""

    def __init__(self, block: Block, personal: list[Source], people: People, meaning: Mapping[int, Source], catalog: Catalog) -> None:
        self._block = block
        self._select = block.select
        self._personal = personal
        self._people = people
        self._meaning = meaning
        self._families = Families(meaning, catalog)

    def apply(self, minimum: int) -> None:
        self._check_form()
        self._check_sources()
        self._check_keys()
        for condition in self._conditions():
            if self._families.of(condition) not in (Family.BOOLEAN, Family.CONSTANT):
                raise _refusal("a condition must be a comparison, so that no row can fail to convert")
        for expression in self._row_level():
            self._check_row_level(expression)
        self._add_minimum(minimum)
        self._close_off()

    # -- what the SELECT may look like -----------------------------------------------------------------------------

    def _check_form(self) -> None:
        for source in self._personal:
            if source.table not in self._people.paths:
                raise _refusal(f"the policy does not say whom the rows of {source.table} belong to")
        if _correlated(self._block):
            raise _refusal("a subquery looks at single rows about people")
        group = self._select.args.get("group")
        if group is not None and any(group.args.get(part) for part in ("grouping_sets", "cube", "rollup", "totals")):
            raise _refusal("subtotals would show what small groups hide")
        aggregates = list(self._aggregates())
        if group is None and not aggregates:
            raise _refusal("this would list single rows")
        if any(e.is_star for e in self._select.expressions):
            raise _refusal("a star would list single rows")
        for aggregate in aggregates:
            if not isinstance(aggregate, _BLENDING):
                raise _refusal(f"{aggregate.sql_name().lower()} can show a single person's value; use count, sum, avg or stddev")
            if isinstance(aggregate.parent, exp.Filter | exp.WithinGroup) or aggregate.find(exp.Order) or aggregate.expressions:
                raise _refusal("an aggregate with a condition of its own can pick out one person; put the condition into WHERE or GROUP BY")
        if any(True for node in self._own_nodes() if isinstance(node, exp.Anonymous | exp.Lambda)):
            raise _refusal("this function is not available over people")

    def _own_nodes(self, root: exp.Expression | None = None) -> Iterator[exp.Expression]:
        """Nodes of this SELECT, not of queries inside it."""
        parts: list[exp.Expression] = list(self._select.expressions) if root is None else [root]
        if root is None:
            parts += [self._select.args[c] for c in _CLAUSES if self._select.args.get(c)]
            parts += [join.args["on"] for join in self._joins() if join.args.get("on")]
            parts += self._select.args.get("windows") or []
        while parts:
            node = parts.pop()
            yield node
            if not isinstance(node, exp.Select | exp.SetOperation | exp.Subquery):
                parts += list(node.iter_expressions())

    def _aggregates(self, root: exp.Expression | None = None) -> Iterator[exp.AggFunc]:
        """Aggregates that make groups; one directly under OVER works on finished rows instead."""
        for node in self._own_nodes(root):
            if isinstance(node, exp.AggFunc) and not isinstance(node, _WINDOW_ONLY) and not _is_windowed(node):
                yield node

    def _joins(self) -> list[exp.Join]:
        """Joins of this SELECT, those in brackets included."""
        return [join for join in self._select.find_all(exp.Join) if join.find_ancestor(exp.Select) is self._select]

    def _check_sources(self) -> None:
        for source in self._block.sources:
            if isinstance(source.node, exp.Unnest | exp.Table) and source.table is None and source.node.find(exp.Column):
                raise _refusal("a function in FROM looks at single rows about people")
        for join in self._joins():
            if str(join.args.get("method") or "") or str(join.args.get("kind") or "").upper() in ("SEMI", "ANTI"):
                raise _refusal("natural, as-of, semi and anti joins over people are closed; use JOIN ... ON")
            for name in join.args.get("using") or ():
                holders = [s for s in self._block.sources if name.name.lower() in s.columns]
                keys = [self._is_key(name.name.lower(), s) for s in holders]
                if any(keys) and not all(keys):
                    raise _refusal("a person's key may only be joined to a person's key")
                families = {self._families.of_column(name.name.lower(), s) for s in holders}
                if len(families) > 1 or Family.UNKNOWN in families:
                    raise _mixed()

    # -- keys of people --------------------------------------------------------------------------------------------

    def _is_key(self, column: str, source: Source) -> bool:
        if source.table is None or source.table in self._people.unrelated:
            return False
        return column in {name.lower() for name in self._people.keys.get(source.table, frozenset())}

    def _is_key_column(self, node: exp.Expression | None) -> bool:
        source = self._meaning.get(id(node))
        return isinstance(node, exp.Column) and source is not None and self._is_key(node.name.lower(), source)

    def _check_keys(self) -> None:
        for column, source, own in self._block.references:
            if own and self._is_key(column.name.lower(), source) and not self._is_joined_or_counted(column):
                raise _refusal(f"{column.name.lower()} singles people out; it may be joined to another key and counted, nothing else")

    def _is_joined_or_counted(self, column: exp.Column) -> bool:
        parent = column.parent
        if isinstance(parent, exp.EQ):
            return self._is_key_column(parent.this) and self._is_key_column(parent.expression) and _is_conjunct(parent)
        if isinstance(parent, exp.Distinct):
            return isinstance(parent.parent, exp.Count) and len(parent.expressions) == 1
        return isinstance(parent, exp.Count)

    # -- expressions over single rows ------------------------------------------------------------------------------

    def _conditions(self) -> list[exp.Expression]:
        where = self._select.args.get("where")
        return [*([where.this] if where is not None else []), *(join.args["on"] for join in self._joins() if join.args.get("on"))]

    def _row_level(self) -> Iterator[exp.Expression]:
        """Expressions that are evaluated on single rows: conditions, group keys, arguments of aggregates."""
        select = self._select
        yield from self._conditions()
        for expression in (select.args.get("group") or exp.Group()).expressions:
            yield expression
        for expression in select.expressions:
            if not any(True for _ in self._aggregates(expression)) and not expression.find(exp.Window):
                yield expression.this if isinstance(expression, exp.Alias) else expression
        for aggregate in self._aggregates():
            if isinstance(aggregate.this, exp.Expression):
                self._check_argument(aggregate.this)
                yield aggregate.this

    def _check_argument(self, argument: exp.Expression) -> None:
        operators = 0
        for node in self._own_nodes(argument):
            if isinstance(node, _ARITHMETIC):
                operators += 1
            elif not isinstance(node, _ARGUMENT):
                raise _refusal("an aggregate takes a column or short arithmetic; put conditions into WHERE or GROUP BY")
        if operators > MAX_ARITHMETIC:
            raise _refusal("this arithmetic inside an aggregate is too long")

    def _check_row_level(self, root: exp.Expression) -> None:
        for node in list(self._own_nodes(root)):
            if isinstance(node, exp.Star) and isinstance(node.parent, exp.Count):
                continue
            if not isinstance(node, _ROW_LEVEL):
                raise _refusal("this function may not be used on single rows about people")
            if isinstance(node, exp.Interval):
                self._check_interval(node)
            elif isinstance(node, exp.Literal):
                self._check_literal(node)
            elif isinstance(node, _TYPED) and not self._families.fits(node):
                raise _mixed()
            elif isinstance(node, exp.If) and not isinstance(node.parent, exp.Case):
                raise _refusal("write CASE WHEN instead of IF")
            elif isinstance(node, exp.TimeToStr) and not isinstance(node.args.get("format"), exp.Literal):
                raise _refusal("the format of a date is a plain text")
        # From the leaves up, so that each cast wraps what is already safe.
        for node in reversed(list(self._own_nodes(root))):
            self._make_total(node)

    def _check_interval(self, node: exp.Interval) -> None:
        if not isinstance(node.this, exp.Literal) or not re.fullmatch(rf"-?\d{{1,{MAX_INTERVAL_DIGITS}}}", str(node.this.this)):
            raise _refusal("an interval over people takes a plain number of up to four digits")

    def _check_literal(self, node: exp.Literal) -> None:
        # A long number would widen the other side's type until some row no longer fits.
        if not node.is_string and len(str(node.this)) > MAX_NUMBER_DIGITS:
            raise _refusal(f"a number over people has at most {MAX_NUMBER_DIGITS} digits")

    def _make_total(self, node: exp.Expression) -> None:
        """Casts give NULL instead of an error; arithmetic runs on doubles, which do not overflow into an error."""
        if type(node) is exp.Cast:
            node.replace(exp.TryCast(**dict(node.args)))
        elif isinstance(node, exp.Column) and isinstance(node.parent, _ARITHMETIC) and self._families.of(node) is Family.NUMBER:
            cast = exp.TryCast(to=exp.DataType.build("DOUBLE"))
            node.replace(cast)
            cast.set("this", node)

    # -- rewriting -------------------------------------------------------------------------------------------------

    def _add_minimum(self, minimum: int) -> None:
        conditions: list[exp.Expression] = []
        for source in self._personal:
            assert source.node is not None
            assert source.table is not None
            source.node.meta["person_path"] = (PERSON, self._people.paths[source.table])
            person = exp.Column(this=exp.to_identifier(PERSON), table=exp.to_identifier(source.name, quoted=True))
            count = exp.Count(this=exp.Distinct(expressions=[person]), big_int=True)
            conditions.append(exp.GTE(this=count, expression=exp.Literal.number(minimum)))
        enough: exp.Expression = exp.and_(*conditions, copy=False)
        having = self._select.args.get("having")
        if having is not None:
            # CASE decides in order: the asker's condition never runs on a group that is too small.
            asked = having.this
            enough = exp.Case(ifs=[exp.If(this=enough, true=asked)], default=exp.false())
        self._select.set("having", exp.Having(this=enough))

    def _close_off(self) -> None:
        """Keep outer conditions out: DuckDB would move one on a group key below the HAVING, onto groups that are too small."""
        select = self._select
        if select.parent is None or select.args.get("limit") is not None:
            return
        if isinstance(select.parent, exp.SetOperation):
            bracket = exp.Subquery()
            select.replace(bracket)
            bracket.set("this", select)
        select.set("limit", exp.Limit(expression=exp.Literal.number(ALL_ROWS)))


_WINDOW_ONLY = (
    exp.RowNumber, exp.Rank, exp.DenseRank, exp.PercentRank, exp.CumeDist, exp.Ntile, exp.Lag, exp.Lead, exp.FirstValue,
    exp.LastValue, exp.NthValue,
)  # fmt: skip


def _is_windowed(node: exp.Expression) -> bool:
    inner, parent = node, node.parent
    while isinstance(parent, exp.Filter | exp.IgnoreNulls | exp.RespectNulls | exp.WithinGroup):
        inner, parent = parent, parent.parent
    return isinstance(parent, exp.Window) and parent.this is inner


def _is_conjunct(node: exp.Expression) -> bool:
    """True when the condition holds for every row kept: nothing but AND between it and ON or WHERE."""
    parent = node.parent
    while isinstance(parent, exp.And | exp.Paren):
        parent = parent.parent
    return isinstance(parent, exp.Where | exp.Join)
