"""Which family of types an expression has: enough to know that no row can fail to convert."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import Enum

from sqlglot import exp

from tools.core.semantics.catalog import Catalog
from tools.core.sql_guard.scope import Source


class Family(Enum):
    NUMBER = "number"
    TEXT = "text"
    DATE = "date"
    BOOLEAN = "boolean"
    INTERVAL = "interval"
    CONSTANT = "constant"
    """A string literal or NULL: converted once, to whatever it meets."""
    UNKNOWN = "unknown"
    """Computed from published figures: whatever it is, converting it tells nothing new."""


LARGEST = 1e9
"""A number in quotes is read as the column's type; beyond this it might not fit."""
_NUMBER_TYPES = (
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT",
    "DOUBLE", "DECIMAL",
)  # fmt: skip
_TO_NUMBER = (
    exp.Count, exp.Sum, exp.Avg, exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance, exp.VariancePop,
    exp.Length, exp.Year, exp.Quarter, exp.Month, exp.Week, exp.WeekOfYear, exp.Day, exp.DayOfMonth, exp.DayOfWeek,
    exp.DayOfWeekIso, exp.DayOfYear, exp.Hour, exp.Extract, exp.DateDiff, exp.Round, exp.Floor, exp.Ceil, exp.Mul, exp.Div,
    exp.Neg,
)  # fmt: skip
_TO_TEXT = (
    exp.Lower, exp.Upper, exp.Trim, exp.Left, exp.Right, exp.DPipe, exp.Concat, exp.TimeToStr, exp.Dayname, exp.Monthname,
)  # fmt: skip
_TO_DATE = (exp.DateTrunc, exp.TimestampTrunc, exp.LastDay, exp.CurrentDate)
_TO_BOOLEAN = (
    exp.And, exp.Or, exp.Not, exp.Is, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In, exp.Like, exp.ILike,
    exp.Boolean, exp.StartsWith, exp.Contains, exp.Exists, exp.NullSafeEQ, exp.NullSafeNEQ,
)  # fmt: skip


def family_of_type(type_name: str) -> Family:
    """Family of a DuckDB type name, parameters ignored."""
    base = type_name.upper().partition("(")[0].strip()
    if type_name.endswith("[]"):
        return Family.UNKNOWN
    if base in _NUMBER_TYPES:
        return Family.NUMBER
    if base in ("VARCHAR", "TEXT", "CHAR"):
        return Family.TEXT
    if base == "DATE" or base.startswith("TIMESTAMP"):
        return Family.DATE
    return Family.BOOLEAN if base == "BOOLEAN" else Family.UNKNOWN


class Families:
    """Families of the expressions of one SELECT."""

    def __init__(self, meaning: Mapping[int, Source], catalog: Catalog) -> None:
        self._meaning = meaning
        self._catalog = catalog

    def of(self, node: exp.Expression | None) -> Family:
        if isinstance(node, exp.Paren | exp.Distinct):
            return self.of(node.this if isinstance(node, exp.Paren) else node.expressions[0])
        if isinstance(node, exp.Column):
            return self._of_column(node)
        if isinstance(node, exp.Literal):
            return Family.CONSTANT if node.is_string else Family.NUMBER
        if isinstance(node, exp.Null):
            return Family.CONSTANT
        if isinstance(node, exp.Cast | exp.TryCast):
            return family_of_type(node.to.sql("duckdb"))
        if isinstance(node, exp.Interval):
            return Family.INTERVAL
        if isinstance(node, exp.Subquery):
            return self._of_query(node)
        if isinstance(node, exp.Case | exp.Coalesce | exp.Nullif):
            return self._common(_values(node))
        if isinstance(node, exp.Add | exp.Sub):
            return Family.DATE if Family.DATE in (self.of(node.this), self.of(node.expression)) else Family.NUMBER
        for kinds, family in ((_TO_NUMBER, Family.NUMBER), (_TO_TEXT, Family.TEXT), (_TO_DATE, Family.DATE), (_TO_BOOLEAN, Family.BOOLEAN)):
            if isinstance(node, kinds):
                return family
        return Family.UNKNOWN

    def fits(self, node: exp.Expression) -> bool:
        """Whether the operands of `node` can be combined without converting a row's text."""
        if isinstance(node, exp.Case):
            tests = [node.this, *(branch.this for branch in node.args["ifs"])] if node.this is not None else []
            conditions = [] if tests else [self.of(branch.this) for branch in node.args["ifs"]]
            return (
                self._together(tests) and self._together(_values(node)) and all(f in (Family.BOOLEAN, Family.CONSTANT) for f in conditions)
            )
        if isinstance(node, exp.Coalesce | exp.Nullif):
            return self._together(_values(node))
        if isinstance(node, exp.In):
            return self._in_query(node) if node.args.get("query") else self._together([node.this, *node.expressions])
        if isinstance(node, exp.Between):
            return self._together([node.this, node.args["low"], node.args["high"]])
        if isinstance(node, exp.And | exp.Or | exp.Not):
            return all(self._is_condition(operand) for operand in (node.this, node.args.get("expression")) if operand is not None)
        if isinstance(node, exp.Is):
            return isinstance(node.expression, exp.Null) or self._is_condition(node.this)
        if isinstance(node, exp.Add | exp.Sub | exp.Mul | exp.Div | exp.Neg | exp.Round | exp.Floor | exp.Ceil):
            return self._arithmetic(node)
        if isinstance(node, exp.Binary):
            return self._together([node.this, node.expression])
        if isinstance(node, exp.CurrentDate):
            return True
        # Functions of dates: the value must be one already.
        operands = (
            [node.this, node.expression]
            if isinstance(node, exp.DateDiff)
            else [node.expression if isinstance(node, exp.Extract) else node.this]
        )
        return all(self.of(operand) is Family.DATE for operand in operands if operand is not None)

    def _is_condition(self, node: exp.Expression) -> bool:
        return self.of(node) in (Family.BOOLEAN, Family.CONSTANT)

    def _of_column(self, node: exp.Column) -> Family:
        source = self._meaning.get(id(node))
        return Family.UNKNOWN if source is None else self.of_column(node.name.lower(), source)

    def of_column(self, name: str, source: Source) -> Family:
        """Family of a source's column, by its lower-case name."""
        if source.table is None:
            return Family.UNKNOWN
        types = {column.lower(): kind for column, kind in self._catalog.tables[source.table].items()}
        # A type not known here is held to be as fickle as text.
        family = family_of_type(types.get(name, ""))
        return Family.TEXT if family is Family.UNKNOWN else family

    def _common(self, nodes: list[exp.Expression]) -> Family:
        families = {self.of(node) for node in nodes} - {Family.CONSTANT}
        if not families:
            return Family.TEXT
        return families.pop() if len(families) == 1 else Family.TEXT if Family.UNKNOWN not in families else Family.UNKNOWN

    def _together(self, nodes: list[exp.Expression]) -> bool:
        """Whether values may meet: of one family, and string literals that surely convert to it."""
        families = {self.of(node) for node in nodes} - {Family.CONSTANT}
        others = sum(1 for node in nodes if not isinstance(_bare(node), exp.Null))
        if Family.UNKNOWN in families and others > 1:
            return False
        if len(families) > 1:
            return Family.TEXT not in families
        family = families.pop() if families else Family.TEXT
        return all(_converts(str(_bare(node).this), family) for node in nodes if self.of(node) is Family.CONSTANT and _is_text(_bare(node)))

    def _in_query(self, node: exp.In) -> bool:
        return self.of(node.this) is self.of(node.args["query"]) is not Family.UNKNOWN

    def _of_query(self, node: exp.Expression) -> Family:
        """Family of the first column of a query in brackets; UNKNOWN unless it is plain to see."""
        while isinstance(node, exp.Subquery):
            node = node.this
        return self.of(node.expressions[0].unalias()) if isinstance(node, exp.Select) else Family.UNKNOWN

    def _arithmetic(self, node: exp.Expression) -> bool:
        families = {self.of(operand) for operand in (node.this, node.args.get("expression")) if isinstance(operand, exp.Expression)}
        return families <= {Family.NUMBER} or families <= {Family.DATE, Family.INTERVAL}


def _values(node: exp.Expression) -> list[exp.Expression]:
    if isinstance(node, exp.Case):
        return [branch.args["true"] for branch in node.args["ifs"]] + ([node.args["default"]] if node.args.get("default") else [])
    if isinstance(node, exp.Nullif):
        return [node.this, node.expression]
    return [node.this, *node.expressions]


def _bare(node: exp.Expression) -> exp.Expression:
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def _is_text(node: exp.Expression) -> bool:
    return isinstance(node, exp.Literal) and bool(node.is_string)


def _converts(text: str, family: Family) -> bool:
    """Whether a string literal can be read as a value of the family: else the statement would fail only if there are rows."""
    try:
        if family is Family.NUMBER:
            return abs(float(text)) < LARGEST
        if family is Family.DATE:
            dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return family in (Family.NUMBER, Family.DATE, Family.TEXT) or text.lower() in ("true", "false")
