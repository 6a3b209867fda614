"""Which SQL is known to be harmless: node types, functions and types, all by allow-list.

What is not listed in `allowed.py` is refused, so a new function of the database or a new node of the parser is closed until
somebody has looked at it.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from tools.core.errors import SqlRefused
from tools.core.sql_guard.allowed import ALLOWED_NAMES, ALLOWED_NODES, ALLOWED_TYPES, BARE_WORDS, DATE_PARTS

MAX_NODES = 6_000
MAX_TREE_DEPTH = 120
MAX_SERIES = 100_000
"""Steps of one generated series."""
MAX_PADDING = 1_000
"""Characters that lpad, rpad, repeat and space may be asked for."""

_UNUSED_CLAUSES = (
    "kind", "hint", "into", "operation_modifiers", "exclude", "match", "laterals", "connect", "pivots", "prewhere", "distribute", "sort",
    "cluster", "locks", "sample", "settings", "format", "options", "for_",
)  # fmt: skip
_JOINS = frozenset({("", ""), ("", "ASOF"), ("", "NATURAL")})
_JOIN_KINDS = frozenset({"", "INNER", "CROSS", "OUTER", "SEMI", "ANTI"})
_JOIN_SIDES = frozenset({"", "LEFT", "RIGHT", "FULL"})

_READS_ELSEWHERE = "Only the listed functions may be called: ordinary aggregates, window, date, text and number functions."


def check_tree(tree: exp.Expression, *, trusted: bool = False) -> None:
    """Refuse whatever is not known to be harmless.

    Args:
        trusted: The tree came from our own compiler: sizes and series are not bounded, everything else is.
    Raises:
        SqlRefused: A node, function, type or option that is not on the lists, or too many nodes.
    """
    for count, (node, depth) in enumerate(_walk(tree)):
        if not trusted and (count > MAX_NODES or depth > MAX_TREE_DEPTH):
            raise SqlRefused("The statement is too complex.", try_instead="Split it with WITH, or ask in two steps.")
        _check_node(node)
        if not trusted:
            _check_size(node)


def _walk(tree: exp.Expression) -> Iterator[tuple[exp.Expression, int]]:
    """All nodes with their depth, without recursion."""
    stack = [(tree, 0)]
    while stack:
        node, depth = stack.pop()
        yield node, depth
        stack.extend((child, depth + 1) for child in node.iter_expressions())


def _check_node(node: exp.Expression) -> None:
    kind = type(node)
    if kind is exp.Anonymous:
        name = node.this if isinstance(node.this, str) else ""
        if name.lower() not in ALLOWED_NAMES:
            raise SqlRefused(f"The function {_shown(name)} is not available.", try_instead=_READS_ELSEWHERE)
        return
    if kind not in ALLOWED_NODES:
        raise SqlRefused(f"{_described(node)} is not available.", try_instead=_READS_ELSEWHERE)
    extra = _EXTRA_CHECKS.get(kind)
    if extra is not None:
        extra(node)


def _shown(name: str) -> str:
    return name.lower() if name.isascii() and name.isidentifier() and len(name) <= 40 else "called here"


def _described(node: exp.Expression) -> str:
    if isinstance(node, exp.Columns | exp.PositionalColumn):
        return "Choosing columns by pattern or position"
    if isinstance(node, exp.Dot):
        return "Reading a part of a value with a dot"
    if isinstance(node, exp.Func):
        return f"The function {_shown(node.sql_name())}"
    return f"The SQL form {type(node).__name__}"


def _check_select(node: exp.Expression) -> None:
    if isinstance(node, exp.Select) and not node.expressions:
        raise SqlRefused("SELECT names no columns.", try_instead="Say what to show.")
    for option in _UNUSED_CLAUSES:
        if node.args.get(option):
            raise SqlRefused(
                f"SELECT with {option.strip('_')} is not available.",
                try_instead="Use plain SELECT, JOIN, WHERE, GROUP BY, ORDER BY, LIMIT.",
            )


def _check_set_operation(node: exp.Expression) -> None:
    _check_select(node)
    for option in ("by_name", "side", "kind", "on"):
        if node.args.get(option):
            raise SqlRefused(
                "Set operations by column name are not available.", try_instead="List the columns in the same order on both sides."
            )


def _check_join(node: exp.Expression) -> None:
    method, side, kind = (str(node.args.get(name) or "").upper() for name in ("method", "side", "kind"))
    odd = any(node.args.get(name) for name in ("global_", "hint", "match_condition", "nearest", "directed", "expressions", "pivots"))
    if odd or ("", method) not in _JOINS or kind not in _JOIN_KINDS or side not in _JOIN_SIDES:
        raise SqlRefused("This kind of join is not available.", try_instead="Use INNER, LEFT, RIGHT, FULL, CROSS, SEMI, ANTI or ASOF JOIN.")


def _check_table(node: exp.Expression) -> None:
    odd = [name for name, value in node.args.items() if value and name not in ("this", "alias", "db", "joins")]
    if odd:
        raise SqlRefused(
            "A table may only be named, joined and given an alias.", try_instead="Leave out samples, pivots, versions and catalogues."
        )
    if not isinstance(node.this, exp.Identifier | exp.GenerateSeries | exp.Anonymous):
        raise SqlRefused(
            "Only tables of the warehouse may be read.", try_instead="Name a table; list them with `assistant semantics describe`."
        )
    if isinstance(node.this, exp.Anonymous) and str(node.this.this).lower() not in ("range", "generate_series", "unnest"):
        raise SqlRefused("Table functions are not available.", try_instead="Name a table of the warehouse.")


def _check_lateral(node: exp.Expression) -> None:
    if not isinstance(node.this, exp.Subquery) or any(node.args.get(name) for name in ("view", "outer", "cross_apply", "ordinality")):
        raise SqlRefused("LATERAL takes a SELECT in brackets.", try_instead="Write LATERAL (SELECT ...).")


def _check_type(node: exp.Expression) -> None:
    if node.this not in ALLOWED_TYPES:
        raise SqlRefused("This data type is not available.", try_instead="Cast to a number, text, date, timestamp, boolean or interval.")


def _check_with(node: exp.Expression) -> None:
    if any(node.args.get(name) for name in ("search", "cycle", "udfs")):
        raise SqlRefused("This form of WITH is not available.", try_instead="Use WITH name AS (SELECT ...).")


def _check_cte(node: exp.Expression) -> None:
    if (
        not isinstance(node.this, exp.Select | exp.SetOperation | exp.Subquery | exp.Values)
        or node.args.get("scalar")
        or node.args.get("key_expressions")
    ):
        raise SqlRefused("WITH takes a SELECT in brackets.", try_instead="Use WITH name AS (SELECT ...).")


def _check_star(node: exp.Expression) -> None:
    if node.args.get("ilike"):
        raise SqlRefused("Choosing columns by pattern is not available.", try_instead="Name the columns.")
    parent = node.parent
    column = parent if isinstance(parent, exp.Column) else node
    holder = column.parent
    if not isinstance(holder, exp.Select | exp.Count):
        raise SqlRefused("A star may stand alone in SELECT or in COUNT(*).", try_instead="Name the columns.")


def _check_word(node: exp.Expression) -> None:
    # The parser takes a name in place of a unit for a bare word, and bare words are written out as they are.
    if str(node.this).upper() not in BARE_WORDS:
        raise SqlRefused("A unit of time is not known.", try_instead="Use year, quarter, month, week, day, hour, minute or second.")


def _check_unit(node: exp.Expression) -> None:
    unit = node.args.get("unit")
    if isinstance(unit, exp.Literal) and str(unit.this).upper() not in DATE_PARTS:
        raise SqlRefused("A unit of time is not known.", try_instead="Use year, quarter, month, week, day, hour, minute or second.")


_EXTRA_CHECKS = {
    exp.Var: _check_word,
    exp.DateTrunc: _check_unit,
    exp.TimestampTrunc: _check_unit,
    exp.DateDiff: _check_unit,
    exp.DateAdd: _check_unit,
    exp.DateSub: _check_unit,
    exp.Select: _check_select,
    exp.Union: _check_set_operation,
    exp.Intersect: _check_set_operation,
    exp.Except: _check_set_operation,
    exp.Join: _check_join,
    exp.Table: _check_table,
    exp.Lateral: _check_lateral,
    exp.DataType: _check_type,
    exp.With: _check_with,
    exp.CTE: _check_cte,
    exp.Star: _check_star,
}


def _check_size(node: exp.Expression) -> None:
    """Bounds on what a single call may produce; the worker's limits stand behind them."""
    name = str(node.this).lower() if isinstance(node, exp.Anonymous) else ""
    if isinstance(node, exp.GenerateSeries | exp.GenerateDateArray) or name in ("range", "generate_series"):
        _check_series(node)
    elif isinstance(node, exp.Pad | exp.Repeat) or name in ("lpad", "rpad", "repeat"):
        size = node.expression if isinstance(node, exp.Pad) else node.args.get("times")
        if name:
            size = node.expressions[1] if len(node.expressions) > 1 else None
        if (value := _number(size)) is None or value > MAX_PADDING:
            raise SqlRefused(f"Padding and repetition take a plain number up to {MAX_PADDING:,}.", try_instead="Write the number itself.")


def _number(node: exp.Expression | None) -> float | None:
    if isinstance(node, exp.Neg) and (inner := _number(node.this)) is not None:
        return -inner
    if isinstance(node, exp.Literal) and not node.is_string:
        return float(str(node.this))
    return None


def _check_series(node: exp.Expression) -> None:
    if isinstance(node, exp.Anonymous):
        arguments = list(node.expressions)
        start, end, step = [None, *arguments, None][:3] if len(arguments) == 1 else [*arguments, None, None][:3]
    else:
        start, end, step = node.args.get("start"), node.args.get("end"), node.args.get("step") or node.args.get("interval")
    if isinstance(step, exp.Interval):
        unit = str(step.args.get("unit") or "").upper().rstrip("S")
        if unit in ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR", "HOUR"):
            return
        raise SqlRefused("A series of times steps by hours, days, weeks, months, quarters or years.", try_instead="Use INTERVAL 1 DAY.")
    low, high, stride = _number(start) if start is not None else 0.0, _number(end), _number(step) if step is not None else 1.0
    if low is None or high is None or not stride or abs((high - low) / stride) > MAX_SERIES:
        raise SqlRefused(f"A series takes plain numbers and has at most {MAX_SERIES:,} steps.", try_instead="Write the bounds as numbers.")
