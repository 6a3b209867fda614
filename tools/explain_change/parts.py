"""A metric taken apart into sums that can be compared cell by cell: `top`, or `top / bottom`, with their second moments.

Every metric that is a sum, a count, an average, or one such figure over another becomes `top` and `bottom`, both linear in
aggregates of rows. Their squares and products per row give the noise of each cell from the same pass over the data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from tools.core.errors import QueryUnsupported
from tools.core.query import sql
from tools.core.query.formula import LEAF, Formulas, Leaf
from tools.core.query.resolve import Scope
from tools.core.semantics.model import Metric

_CONSTANT = (-1, "constant")
Term = tuple[int, str]
"""A leaf and what is taken of it: "value" (its aggregate), or "rows" (how many values an average is taken of)."""
Linear = Mapping[Term, float]
TOP, BOTTOM, TOP2, CROSS, BOTTOM2 = "top", "bottom", "top2", "cross", "bottom2"


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """What one cell holds in one window."""

    top: float = 0.0
    bottom: float = 0.0
    """0 for metrics that are no ratio."""
    top2: float = 0.0
    """Sum over rows of their squared share of `top`: the variance of `top` if rows come independently."""
    cross: float = 0.0
    bottom2: float = 0.0

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(
            top=self.top + other.top,
            bottom=self.bottom + other.bottom,
            top2=self.top2 + other.top2,
            cross=self.cross + other.cross,
            bottom2=self.bottom2 + other.bottom2,
        )

    def __sub__(self, other: Amounts) -> Amounts:
        return self + other.times(-1.0)

    def times(self, factor: float) -> Amounts:
        return Amounts(
            top=self.top * factor,
            bottom=self.bottom * factor,
            top2=self.top2 * factor,
            cross=self.cross * factor,
            bottom2=self.bottom2 * factor,
        )

    @property
    def rate(self) -> float | None:
        return self.top / self.bottom if self.bottom else None

    @property
    def residual2(self) -> float:
        """Sum of squared deviations of the rows from the cell's own rate."""
        rate = self.rate or 0.0
        return max(self.top2 - 2 * rate * self.cross + rate * rate * self.bottom2, 0.0)


def total_of(parts: Iterable[Amounts]) -> Amounts:
    found = Amounts()
    for part in parts:
        found = found + part
    return found


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One helper metric, and what it adds to."""

    metric: Metric
    adds_to: Mapping[str, float]
    """Name of an amount -> factor."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What has to be computed per cell and window to take a metric apart."""

    metric: Metric
    pieces: tuple[Piece, ...]
    is_ratio: bool
    facts: tuple[str, ...]
    """Datasets whose rows are counted; every dimension must be reachable from each."""
    fields: frozenset[str]
    """Fields that the metric itself is defined by: they cannot explain it."""
    rows_add_up: bool
    """Cells of a finer split add up to those of a coarser one: no distinct counts, no balances."""

    def amounts(self, record: Mapping[str, object], suffix: str = "") -> Amounts:
        """The amounts of one row of a result with the columns `<piece><suffix>`."""
        found = dict.fromkeys((TOP, BOTTOM, TOP2, CROSS, BOTTOM2), 0.0)
        for piece in self.pieces:
            value = record.get(f"{piece.metric.name}{suffix}")
            for name, factor in piece.adds_to.items():
                found[name] += factor * (float(value) if isinstance(value, (int, float)) else 0.0)
        return Amounts(**found)

    @property
    def plain(self) -> tuple[Piece, ...]:
        """The pieces without the second moments."""
        return tuple(piece for piece in self.pieces if {TOP, BOTTOM} & set(piece.adds_to))


def take_apart(scope: Scope, metric: Metric) -> Parts:
    """What a metric is made of.

    Raises:
        QueryUnsupported: Its parts do not add up in any way that could be told apart: medians, differences of two ratios.
        NotAllowed: The asker may not use one of its fields.
    """
    formulas = Formulas(scope=scope)
    found = _read(formulas.of(metric), formulas.leaves, metric)
    used = {index for index, _ in (*found.top, *(found.bottom or {})) if index >= 0}
    leaves = {index: formulas.leaves[index] for index in sorted(used)}
    if not leaves:
        raise _unsupported(metric)
    rows = {term: _row_value(scope, leaves[term[0]], term) for term in {*found.top, *(found.bottom or {})} if term[0] >= 0}
    pieces: list[Piece] = []
    for key in dict.fromkeys(leaf.source_key for leaf in leaves.values()):
        pieces += _of_fact(scope, key, leaves, rows, found, len(pieces))
    symbols = {s for leaf in leaves.values() for e in (leaf.aggregate, *leaf.filters) for s in sql.symbols(e)}
    return Parts(
        metric=metric,
        pieces=tuple(pieces),
        is_ratio=found.bottom is not None,
        facts=tuple(dict.fromkeys(leaf.fact for leaf in leaves.values())),
        fields=frozenset(symbols),
        rows_add_up=all(row is not None for row in rows.values()),
    )


@dataclass(frozen=True, kw_only=True)
class _Formula:
    """`top / bottom`, both linear in leaves; `bottom` None stands for 1."""

    top: Linear
    bottom: Linear | None = None

    @property
    def constant(self) -> float | None:
        """Its value when it holds no leaf."""
        return self.top.get(_CONSTANT, 0.0) if self.bottom is None and set(self.top) <= {_CONSTANT} else None

    def times(self, factor: float) -> _Formula:
        return _Formula(top={t: factor * c for t, c in self.top.items()}, bottom=self.bottom)


def _read(node: exp.Expression, leaves: Sequence[Leaf], metric: Metric) -> _Formula:
    def inner(child: exp.Expression) -> _Formula:
        return _read(child, leaves, metric)

    if isinstance(node, exp.Column) and node.table == LEAF:
        index = int(node.name)
        if isinstance(leaves[index].aggregate, exp.Avg):
            return _Formula(top={(index, "value"): 1.0}, bottom={(index, "rows"): 1.0})
        return _Formula(top={(index, "value"): 1.0})
    if isinstance(node, exp.Literal) and not node.is_string:
        return _Formula(top={_CONSTANT: float(node.name)})
    if isinstance(node, (exp.Paren, exp.Cast, exp.Nullif, exp.Coalesce)):
        return inner(node.this)
    if isinstance(node, exp.Neg):
        return inner(node.this).times(-1.0)
    if isinstance(node, (exp.Add, exp.Sub)):
        return _added(inner(node.this), inner(node.expression).times(1.0 if isinstance(node, exp.Add) else -1.0), metric)
    if isinstance(node, exp.Mul):
        left, right = inner(node.this), inner(node.expression)
        for one, other in ((left, right), (right, left)):
            if one.constant is not None:
                return other.times(one.constant)
    if isinstance(node, exp.Div):
        left, right = inner(node.this), inner(node.expression)
        if right.constant:
            return left.times(1.0 / right.constant)
        if left.bottom is None and right.bottom is None:
            return _Formula(top=left.top, bottom=right.top)
    raise _unsupported(metric)


def _added(left: _Formula, right: _Formula, metric: Metric) -> _Formula:
    for one, other in ((left, right), (right, left)):
        if one.constant is not None and other.bottom is not None:
            return _Formula(top=_sum(other.top, {t: one.constant * c for t, c in other.bottom.items()}), bottom=other.bottom)
    if left.bottom != right.bottom:
        raise _unsupported(metric)
    return _Formula(top=_sum(left.top, right.top), bottom=left.bottom)


def _sum(left: Linear, right: Linear) -> Linear:
    return {term: left.get(term, 0.0) + right.get(term, 0.0) for term in dict.fromkeys((*left, *right))}


def _unsupported(metric: Metric) -> QueryUnsupported:
    return QueryUnsupported(
        f"{metric.label} cannot be taken apart exactly: it is no sum, count, average or ratio of such",
        try_instead="ask why one of the figures behind it changed",
    )


def _row_value(scope: Scope, leaf: Leaf, term: Term) -> exp.Expression | None:
    """What one row of the fact adds, as DOUBLE; None where rows do not add up (distinct counts, balances)."""
    aggregate, value = leaf.aggregate, leaf.aggregate.this
    special = leaf.shifts or leaf.to_grain or leaf.cumulative or leaf.non_additive
    if not isinstance(aggregate, (exp.Sum, exp.Count, exp.Avg)) or (special and isinstance(aggregate, exp.Avg)):
        raise _unsupported(scope.metric(leaf.metric))
    if special or (leaf.time is None and _through(scope, leaf)):
        return None
    if isinstance(aggregate, exp.Count) and isinstance(value, exp.Distinct):
        return None
    if isinstance(value, exp.Distinct):
        raise _unsupported(scope.metric(leaf.metric))
    if term[1] == "value" and not isinstance(aggregate, exp.Count):
        row = sql.coalesce(sql.cast_to(value.copy(), "double"), sql.literal(0))
    else:
        counted = value.copy() if isinstance(value, exp.Expression) and not value.find(exp.Star) else sql.symbol(any_key(scope, leaf.fact))
        row = sql.case([(exp.Not(this=exp.Is(this=exp.paren(counted), expression=exp.Null())), sql.literal(1))], sql.literal(0))
    condition = sql.all_of(leaf.filters)
    return sql.case([(condition, row)], sql.literal(0)) if condition is not None else row


def _through(scope: Scope, leaf: Leaf) -> tuple[str, ...]:
    """Facts by which its metric counts people in a window."""
    metric = scope.model.metrics.get(leaf.metric)
    return metric.counted_through if metric is not None else ()


def any_key(scope: Scope, fact: str) -> str:
    """Field id of a column that every row of the fact has."""
    dataset = scope.dataset(fact)
    columns = dataset.primary_key or tuple(dataset.fields)
    return f"{fact}.{next((f.name for f in dataset.fields.values() if f.expression == columns[0]), columns[0])}"


@dataclass(kw_only=True)
class _Sides:
    """What the rows of one fact add to the top and to the bottom."""

    time: str | None
    top: list[exp.Expression] = field(default_factory=list)
    bottom: list[exp.Expression] = field(default_factory=list)
    top_counts: bool = True
    """Every row adds 0 or 1."""
    bottom_counts: bool = True
    is_average: bool = False
    """The bottom counts the very rows whose values the top adds up."""


def _of_fact(
    scope: Scope,
    key: tuple[object, ...],
    leaves: Mapping[int, Leaf],
    rows: Mapping[Term, exp.Expression | None],
    formula: _Formula,
    taken: int,
) -> list[Piece]:
    """The helper metrics over one fact: sums of rows in one piece each, anything else leaf by leaf."""
    mine = {index: leaf for index, leaf in leaves.items() if leaf.source_key == key}
    sides = _Sides(time=next(iter(mine.values())).time)
    averaged = {(index, "rows") for index, kind in formula.top if kind == "value"}
    sides.is_average = len(formula.top) == 1 and set(formula.bottom or {}) == averaged
    pieces: list[Piece] = []

    def add(metric: Metric, adds_to: Mapping[str, float]) -> None:
        pieces.append(Piece(metric=metric, adds_to=adds_to))

    def name() -> str:
        return f"piece_{taken + len(pieces)}"

    for side, second, terms in ((TOP, TOP2, formula.top), (BOTTOM, BOTTOM2, formula.bottom or {})):
        for term, factor in terms.items():
            if term[0] not in mine:
                continue
            row = rows[term]
            if row is not None:
                whole = factor == 1.0
                getattr(sides, side).append(row.copy() if whole else exp.Mul(this=exp.paren(row.copy()), expression=sql.literal(factor)))
                counts = whole and (term[1] == "rows" or isinstance(mine[term[0]].aggregate, exp.Count))
                setattr(sides, f"{side}_counts", getattr(sides, f"{side}_counts") and counts)
            else:
                add(_whole(scope, name(), mine[term[0]]), {side: factor, second: factor * factor})
    for value, amounts in _moments(sides):
        add(_piece(name(), exp.Sum(this=value), sides.time), dict.fromkeys(amounts, 1.0))
    return pieces


def _moments(sides: _Sides) -> list[tuple[exp.Expression, tuple[str, ...]]]:
    """What to add up, and for which amounts. Rows that are 0 or 1 are their own square, and one statement less to compute."""
    top, bottom = _plus(sides.top), _plus(sides.bottom)
    top_counts, bottom_counts = len(sides.top) == 1 and sides.top_counts, len(sides.bottom) == 1 and sides.bottom_counts
    found: list[tuple[exp.Expression, tuple[str, ...]]] = []
    if top is not None:
        found.append((top, (TOP, *((TOP2,) if top_counts else ()), *((CROSS,) if sides.is_average else ()))))
        if not top_counts:
            found.append((_times(top, top), (TOP2,)))
    if bottom is not None:
        found.append((bottom, (BOTTOM, *((BOTTOM2,) if bottom_counts else ()))))
        if not bottom_counts:
            found.append((_times(bottom, bottom), (BOTTOM2,)))
    if top is not None and bottom is not None and not sides.is_average:
        found.append((_times(top, bottom), (CROSS,)))
    return found


def _plus(values: list[exp.Expression]) -> exp.Expression | None:
    if not values:
        return None
    found = values[0]
    for value in values[1:]:
        found = exp.Add(this=found, expression=value)
    return found


def _times(left: exp.Expression, right: exp.Expression) -> exp.Expression:
    return exp.Mul(this=exp.paren(left.copy()), expression=exp.paren(right.copy()))


def _piece(name: str, aggregate: exp.Expression, time: str | None) -> Metric:
    return Metric(name=name, expression=aggregate.sql("duckdb"), label=name.replace("_", " "), time_field=time)


def _whole(scope: Scope, name: str, leaf: Leaf) -> Metric:
    """A leaf whose rows do not add up, as it is; people without a date of their own are counted by the facts that its metric names."""
    if leaf.shifts or leaf.to_grain:
        raise QueryUnsupported(
            "a figure that looks back in time cannot be taken apart", try_instead="ask about the figure without the offset"
        )
    condition = sql.all_of(leaf.filters)
    return Metric(
        name=name,
        counted_through=_through(scope, leaf),
        expression=leaf.aggregate.sql("duckdb"),
        label=name.replace("_", " "),
        time_field=leaf.time,
        filter=condition.sql("duckdb") if condition is not None else None,
        cumulative=leaf.cumulative,
        non_additive=leaf.non_additive,
    )
