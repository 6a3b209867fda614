"""Which SQL is known to be harmless: node types, functions and types, all by allow-list.

What is not listed is refused, so a new function of the database or a new node of the parser is closed until somebody has
looked at it. Listed functions are pure: they read their arguments and nothing else (no files, settings, catalogue, session,
sequences, macros, texts run as SQL).
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from tools.core.errors import SqlRefused

MAX_NODES = 6_000
MAX_TREE_DEPTH = 120
MAX_SERIES = 100_000
"""Steps of one generated series."""
MAX_PADDING = 1_000
"""Characters that lpad, rpad, repeat and space may be asked for."""

_STRUCTURE: tuple[type[exp.Expression], ...] = (
    exp.Select, exp.Union, exp.Intersect, exp.Except, exp.Subquery, exp.With, exp.CTE, exp.TableAlias, exp.From, exp.Join, exp.Table,
    exp.Lateral, exp.Values, exp.Where, exp.Group, exp.GroupingSets, exp.Cube, exp.Rollup, exp.Having, exp.Qualify, exp.Order, exp.Ordered,
    exp.Limit, exp.Offset, exp.Fetch, exp.LimitOptions, exp.Distinct, exp.Window, exp.WindowSpec, exp.Filter, exp.WithinGroup, exp.IgnoreNulls,
    exp.RespectNulls, exp.Alias, exp.Column, exp.Identifier, exp.Star, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Tuple, exp.Interval,
    exp.DataType, exp.DataTypeParam, exp.Var, exp.Lambda, exp.Kwarg, exp.PropertyEQ,
)  # fmt: skip
_OPERATORS: tuple[type[exp.Expression], ...] = (
    exp.And, exp.Or, exp.Xor, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Is, exp.In,
    exp.Between, exp.Like, exp.ILike, exp.SimilarTo, exp.Glob, exp.Escape, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg,
    exp.DPipe, exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor, exp.BitwiseNot, exp.BitwiseLeftShift, exp.BitwiseRightShift, exp.Case, exp.If,
    exp.Cast, exp.TryCast, exp.Try, exp.Exists, exp.Any, exp.All, exp.Bracket, exp.Slice, exp.Array, exp.Coalesce, exp.Nullif, exp.Collate,
    exp.AtTimeZone, exp.Overlaps, exp.JSONPath, exp.JSONPathRoot, exp.JSONPathKey, exp.JSONPathSubscript,
)  # fmt: skip
_AGGREGATES: tuple[type[exp.Expression], ...] = (
    exp.Count, exp.CountIf, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.Median, exp.Mode, exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance,
    exp.VariancePop, exp.Corr, exp.CovarPop, exp.CovarSamp, exp.Skewness, exp.Kurtosis, exp.Quantile, exp.PercentileCont, exp.PercentileDisc,
    exp.ApproxQuantile, exp.ApproxDistinct, exp.AnyValue, exp.First, exp.Last, exp.ArgMax, exp.ArgMin, exp.LogicalAnd, exp.LogicalOr,
    exp.GroupConcat, exp.ArrayAgg, exp.BitwiseAndAgg, exp.BitwiseOrAgg, exp.BitwiseXorAgg, exp.RegrSlope, exp.RegrIntercept, exp.RegrR2,
    exp.RegrCount, exp.RegrAvgx, exp.RegrAvgy, exp.RegrSxx, exp.RegrSyy, exp.RegrSxy, exp.Grouping, exp.GroupingId,
)  # fmt: skip
_WINDOWS: tuple[type[exp.Expression], ...] = (
    exp.RowNumber, exp.Rank, exp.DenseRank, exp.PercentRank, exp.CumeDist, exp.Ntile, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue,
)  # fmt: skip
_SCALARS: tuple[type[exp.Expression], ...] = (
    # numbers
    exp.Abs, exp.Sign, exp.Round, exp.Ceil, exp.Floor, exp.Trunc, exp.Sqrt, exp.Cbrt, exp.Pow, exp.Exp, exp.Ln, exp.Log, exp.Greatest, exp.Least,
    exp.IsNan, exp.IsInf, exp.Sin, exp.Cos, exp.Tan, exp.Asin, exp.Acos, exp.Atan, exp.Atan2, exp.Cot, exp.Degrees, exp.Radians, exp.Pi, exp.WidthBucket,
    exp.SafeDivide, exp.Rand,
    # texts
    exp.Lower, exp.Upper, exp.Initcap, exp.Trim, exp.Length, exp.Substring, exp.Left, exp.Right, exp.Concat, exp.ConcatWs, exp.Replace, exp.Reverse,
    exp.StrPosition, exp.StartsWith, exp.EndsWith, exp.Contains, exp.Split, exp.SplitPart, exp.Pad, exp.Repeat, exp.Ascii, exp.Unicode, exp.Chr,
    exp.Translate, exp.Levenshtein, exp.JarowinklerSimilarity, exp.RegexpLike, exp.RegexpFullMatch, exp.RegexpExtract, exp.RegexpExtractAll,
    exp.RegexpReplace, exp.RegexpSplit, exp.RegexpILike, exp.MD5, exp.StringToArray, exp.Overlay, exp.BitLength, exp.ByteLength,
    # dates and times
    exp.CurrentDate, exp.CurrentTimestamp, exp.CurrentTime, exp.CurrentDatetime, exp.Date, exp.DateAdd, exp.DateSub, exp.DateDiff, exp.DateTrunc,
    exp.TimestampTrunc, exp.DateFromParts, exp.TimestampFromParts, exp.TimeFromParts, exp.DateBin, exp.Extract, exp.Year, exp.Quarter, exp.Month,
    exp.Week, exp.WeekOfYear, exp.YearOfWeek, exp.YearOfWeekIso, exp.Day, exp.DayOfMonth, exp.DayOfWeek, exp.DayOfWeekIso, exp.DayOfYear,
    exp.Dayname, exp.Monthname, exp.Hour, exp.Minute, exp.Second, exp.LastDay, exp.StrToTime, exp.StrToDate, exp.TimeToStr, exp.TsOrDsToDate,
    exp.TsOrDsToTimestamp, exp.TsOrDsToDatetime, exp.UnixToTime, exp.UnixSeconds, exp.UnixMillis, exp.UnixMicros, exp.TimeToUnix, exp.Timestamp,
    exp.TimestampDiff, exp.TimestampAdd, exp.TimestampSub, exp.DatetimeAdd, exp.DatetimeSub, exp.DatetimeDiff, exp.TsOrDsAdd, exp.TsOrDsDiff,
    exp.MakeInterval, exp.ToDays, exp.AddMonths, exp.MonthsBetween, exp.JustifyDays, exp.JustifyHours, exp.JustifyInterval, exp.Time,
    # lists and JSON already in a column
    exp.ArraySize, exp.ArrayContains, exp.ArrayContainsAll, exp.ArrayOverlaps, exp.ArrayConcat, exp.ArrayDistinct, exp.ArrayFirst, exp.ArrayLast,
    exp.ArrayMax, exp.ArrayMin, exp.ArraySum, exp.ArraySort, exp.SortArray if hasattr(exp, "SortArray") else exp.ArraySort, exp.ArrayToString,
    exp.ArrayPosition, exp.ArraySlice, exp.ArrayAppend, exp.ArrayPrepend, exp.ArrayReverse, exp.ArrayFilter, exp.Transform, exp.Explode, exp.Unnest,
    exp.GenerateSeries, exp.GenerateDateArray, exp.JSONExtract, exp.JSONExtractScalar, exp.JSONArrayContains, exp.JSONKeys, exp.JSONType,
    exp.Hex, exp.BitwiseCount, exp.EqualNull, exp.ArrayIntersect, exp.ArrayExcept, exp.ArrayUniqueAgg, exp.ParseJSON,
)  # fmt: skip
ALLOWED_NODES: frozenset[type[exp.Expression]] = frozenset(_STRUCTURE + _OPERATORS + _AGGREGATES + _WINDOWS + _SCALARS)

ALLOWED_NAMES: frozenset[str] = frozenset(
    # Functions that the parser keeps as a bare name.
    """
    now today get_current_timestamp date_part datepart date_sub datesub date_diff datediff date_add make_date make_time make_timestamp age
    century decade millennium era isodow isoyear yearweek week dayofyear dayofweek dayofmonth weekday weekofyear monthname dayname
    epoch epoch_ms epoch_us epoch_ns microsecond millisecond last_day time_bucket strptime try_strptime strftime to_timestamp
    to_years to_months to_weeks to_days to_hours to_minutes to_seconds to_milliseconds to_quarters to_decades
    timezone isfinite isinf isnan greatest least even gcd lcm factorial gamma lgamma nextafter signbit fdiv fmod divide mod add subtract
    multiply power pow sqrt cbrt log10 log2 ln exp round_even roundbankers trunc ceiling random
    lcase ucase len length_grapheme strlen char_length character_length bit_length prefix suffix contains starts_with ends_with instr strpos
    position substr substring substring_grapheme left_grapheme right_grapheme left right ltrim rtrim trim lpad rpad repeat replace reverse
    strip_accents nfc_normalize concat concat_ws string_split str_split split split_part string_split_regex str_split_regex array_to_string
    regexp_matches regexp_full_match regexp_extract regexp_extract_all regexp_replace regexp_split_to_array regexp_count like_escape
    ilike_escape not_like_escape not_ilike_escape levenshtein editdist3 damerau_levenshtein hamming mismatches jaccard jaro_similarity
    jaro_winkler_similarity ascii unicode ord chr translate hash md5 sha256 bar
    array_length list_length list_count list_sum list_avg list_min list_max list_median list_unique list_contains list_has array_contains
    array_has list_has_any list_has_all list_position list_indexof list_sort list_reverse_sort list_distinct list_slice array_slice
    list_concat list_append list_prepend list_extract list_element list_filter list_transform list_reverse list_first list_last list_value
    list_any_value list_aggregate list_zip flatten list_intersect array_agg list string_agg listagg group_concat cardinality list_reduce
    json_extract json_extract_string json_extract_path json_extract_path_text json_array_length json_keys json_type json_valid json_value json_exists
    product favg fsum kahan_sum geomean geometric_mean entropy mad mode quantile quantile_cont quantile_disc approx_quantile approx_count_distinct
    median count_if countif count_star bool_and bool_or bit_and bit_or bit_xor any_value arbitrary first last arg_min arg_max argmin argmax min_by
    max_by arg_min_null arg_max_null stddev stddev_pop stddev_samp var_pop var_samp variance sem skewness kurtosis kurtosis_pop corr covar_pop
    covar_samp regr_slope regr_intercept regr_r2 regr_count regr_avgx regr_avgy regr_sxx regr_sxy regr_syy
    row_number rank dense_rank rank_dense percent_rank cume_dist ntile lag lead first_value last_value nth_value fill
    ifnull nvl if iff coalesce nullif grouping grouping_id
    range generate_series unnest
    """.split()
)

_TYPES: frozenset[exp.DataType.Type] = frozenset(
    getattr(exp.DataType.Type, name)
    for name in (
        "BOOLEAN TINYINT SMALLINT INT BIGINT INT128 UTINYINT USMALLINT UINT UBIGINT UINT128 FLOAT DOUBLE DECIMAL VARCHAR TEXT CHAR NCHAR NVARCHAR DATE "
        "TIME TIMETZ TIMESTAMP TIMESTAMPTZ TIMESTAMPNTZ TIMESTAMPLTZ TIMESTAMP_S TIMESTAMP_MS TIMESTAMP_NS DATETIME INTERVAL UUID JSON ARRAY LIST"
    ).split()
    if hasattr(exp.DataType.Type, name)
)
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
    count = 0
    for node, depth in _walk(tree):
        count += 1
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
    for option in ("kind", "hint", "into", "operation_modifiers", "exclude", "match", "laterals", "connect", "pivots", "prewhere", "distribute", "sort",
                   "cluster", "locks", "sample", "settings", "format", "options", "for_"):  # fmt: skip
        if node.args.get(option):
            raise SqlRefused(f"SELECT with {option.strip('_')} is not available.", try_instead="Use plain SELECT, JOIN, WHERE, GROUP BY, ORDER BY, LIMIT.")


def _check_set_operation(node: exp.Expression) -> None:
    _check_select(node)
    for option in ("by_name", "side", "kind", "on"):
        if node.args.get(option):
            raise SqlRefused("Set operations by column name are not available.", try_instead="List the columns in the same order on both sides.")


def _check_join(node: exp.Expression) -> None:
    method, side, kind = (str(node.args.get(name) or "").upper() for name in ("method", "side", "kind"))
    odd = any(node.args.get(name) for name in ("global_", "hint", "match_condition", "nearest", "directed", "expressions", "pivots"))
    if odd or ("", method) not in _JOINS or kind not in _JOIN_KINDS or side not in _JOIN_SIDES:
        raise SqlRefused("This kind of join is not available.", try_instead="Use INNER, LEFT, RIGHT, FULL, CROSS, SEMI, ANTI or ASOF JOIN.")


def _check_table(node: exp.Expression) -> None:
    odd = [name for name, value in node.args.items() if value and name not in ("this", "alias", "db", "joins")]
    if odd:
        raise SqlRefused("A table may only be named, joined and given an alias.", try_instead="Leave out samples, pivots, versions and catalogues.")
    if not isinstance(node.this, exp.Identifier | exp.GenerateSeries | exp.Anonymous):
        raise SqlRefused("Only tables of the warehouse may be read.", try_instead="Name a table; list them with `assistant semantics describe`.")
    if isinstance(node.this, exp.Anonymous) and str(node.this.this).lower() not in ("range", "generate_series", "unnest"):
        raise SqlRefused("Table functions are not available.", try_instead="Name a table of the warehouse.")


def _check_lateral(node: exp.Expression) -> None:
    if not isinstance(node.this, exp.Subquery) or any(node.args.get(name) for name in ("view", "outer", "cross_apply", "ordinality")):
        raise SqlRefused("LATERAL takes a SELECT in brackets.", try_instead="Write LATERAL (SELECT ...).")


def _check_type(node: exp.Expression) -> None:
    if node.this not in _TYPES:
        raise SqlRefused("This data type is not available.", try_instead="Cast to a number, text, date, timestamp, boolean or interval.")


def _check_with(node: exp.Expression) -> None:
    if any(node.args.get(name) for name in ("search", "cycle", "udfs")):
        raise SqlRefused("This form of WITH is not available.", try_instead="Use WITH name AS (SELECT ...).")


def _check_cte(node: exp.Expression) -> None:
    if not isinstance(node.this, exp.Select | exp.SetOperation | exp.Subquery | exp.Values) or node.args.get("scalar") or node.args.get("key_expressions"):
        raise SqlRefused("WITH takes a SELECT in brackets.", try_instead="Use WITH name AS (SELECT ...).")


def _check_star(node: exp.Expression) -> None:
    if node.args.get("ilike"):
        raise SqlRefused("Choosing columns by pattern is not available.", try_instead="Name the columns.")
    parent = node.parent
    column = parent if isinstance(parent, exp.Column) else node
    holder = column.parent
    if not isinstance(holder, exp.Select | exp.Count):
        raise SqlRefused("A star may stand alone in SELECT or in COUNT(*).", try_instead="Name the columns.")


_EXTRA_CHECKS = {
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
    elif isinstance(node, exp.Pad | exp.Repeat) or name in ("lpad", "rpad", "repeat", "bar"):
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
