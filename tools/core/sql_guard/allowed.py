"""The lists of the guard: what is known to be harmless.

Listed functions are pure: they read their arguments and nothing else (no files, settings, catalogue, session, sequences, macros,
texts run as SQL). Node names are classes of sqlglot; a name that a later release drops is simply not allowed any more.
"""

from __future__ import annotations

from sqlglot import exp


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _nodes(text: str) -> frozenset[type[exp.Expression]]:
    return frozenset(getattr(exp, name) for name in text.split() if hasattr(exp, name))


STRUCTURE = _nodes("""
    Select Union Intersect Except Subquery With CTE TableAlias From Join Table Lateral Values Where Group GroupingSets Cube Rollup
    Having Qualify Order Ordered Limit Offset Fetch LimitOptions Distinct Window WindowSpec Filter WithinGroup IgnoreNulls
    RespectNulls Alias Column Identifier Star Literal Boolean Null Paren Tuple Interval DataType DataTypeParam Var Lambda Kwarg
    PropertyEQ
""")

OPERATORS = _nodes("""
    And Or Xor Not EQ NEQ GT GTE LT LTE NullSafeEQ NullSafeNEQ Is In Between Like ILike SimilarTo Glob Escape Add Sub Mul Div IntDiv
    Mod Neg DPipe BitwiseAnd BitwiseOr BitwiseXor BitwiseNot BitwiseLeftShift BitwiseRightShift Case If Cast TryCast Try Exists Any
    All Bracket Slice Array Coalesce Nullif AtTimeZone Overlaps JSONPath JSONPathRoot JSONPathKey JSONPathSubscript
""")

AGGREGATES = _nodes("""
    Count CountIf Sum Avg Min Max Median Mode Stddev StddevPop StddevSamp Variance VariancePop Corr CovarPop CovarSamp Skewness
    Kurtosis Quantile PercentileCont PercentileDisc ApproxQuantile ApproxDistinct AnyValue First Last ArgMax ArgMin LogicalAnd
    LogicalOr GroupConcat ArrayAgg BitwiseAndAgg BitwiseOrAgg BitwiseXorAgg RegrSlope RegrIntercept RegrR2 RegrCount RegrAvgx
    RegrAvgy RegrSxx RegrSyy RegrSxy Grouping GroupingId
""")

WINDOWS = _nodes("""
    RowNumber Rank DenseRank PercentRank CumeDist Ntile Lag Lead FirstValue LastValue NthValue
""")

NUMBERS = _nodes("""
    Abs Sign Round Ceil Floor Trunc Sqrt Cbrt Pow Exp Ln Log Greatest Least IsNan IsInf Sin Cos Tan Asin Acos Atan Atan2 Cot Degrees
    Radians Pi WidthBucket SafeDivide Rand
""")

TEXTS = _nodes("""
    Lower Upper Trim Length Substring Left Right Concat ConcatWs Replace Reverse StrPosition StartsWith EndsWith Contains
    Split SplitPart Pad Repeat Ascii Unicode Chr Translate Levenshtein JarowinklerSimilarity RegexpLike RegexpFullMatch
    RegexpExtract RegexpExtractAll RegexpReplace RegexpSplit RegexpILike MD5 StringToArray Overlay BitLength ByteLength
""")

DATES = _nodes("""
    CurrentDate CurrentTimestamp CurrentTime CurrentDatetime Date DateAdd DateSub DateDiff DateTrunc TimestampTrunc DateFromParts
    TimestampFromParts TimeFromParts DateBin Extract Year Quarter Month Week WeekOfYear YearOfWeek YearOfWeekIso Day DayOfMonth
    DayOfWeek DayOfWeekIso DayOfYear Dayname Monthname Hour Minute Second LastDay StrToTime StrToDate TimeToStr TsOrDsToDate
    TsOrDsToTimestamp TsOrDsToDatetime UnixToTime UnixSeconds UnixMillis UnixMicros TimeToUnix Timestamp TimestampDiff TimestampAdd
    TimestampSub DatetimeAdd DatetimeSub DatetimeDiff TsOrDsAdd TsOrDsDiff MakeInterval ToDays AddMonths MonthsBetween JustifyDays
    JustifyHours JustifyInterval Time
""")

LISTS = _nodes("""
    ArraySize ArrayContains ArrayContainsAll ArrayOverlaps ArrayConcat ArrayDistinct ArrayFirst ArrayLast ArrayMax ArrayMin ArraySum
    ArraySort ArrayToString ArrayPosition ArraySlice ArrayAppend ArrayPrepend ArrayReverse ArrayFilter Transform Explode Unnest
    GenerateSeries GenerateDateArray JSONExtract JSONExtractScalar JSONArrayContains JSONKeys JSONType Hex BitwiseCount EqualNull
    ArrayIntersect ArrayExcept ArrayUniqueAgg ParseJSON
""")

ALLOWED_NODES = STRUCTURE | OPERATORS | AGGREGATES | WINDOWS | NUMBERS | TEXTS | DATES | LISTS

# Functions that the parser keeps as a bare name.
ALLOWED_NAMES = _words("""
    now today get_current_timestamp date_part datepart date_sub datesub date_diff datediff date_add make_date make_time make_timestamp
    age
    century decade millennium era isodow isoyear yearweek week dayofyear dayofweek dayofmonth weekday weekofyear monthname dayname
    epoch epoch_ms epoch_us epoch_ns microsecond millisecond last_day time_bucket strptime try_strptime strftime to_timestamp
    to_years to_months to_weeks to_days to_hours to_minutes to_seconds to_milliseconds to_quarters to_decades
    timezone isfinite isinf isnan greatest least even gcd lcm factorial gamma lgamma nextafter signbit fdiv fmod divide mod add subtract
    multiply power pow sqrt cbrt log10 log2 ln exp round_even roundbankers trunc ceiling random
    lcase ucase len length_grapheme strlen char_length character_length bit_length prefix suffix contains starts_with ends_with instr
    strpos
    position substr substring substring_grapheme left_grapheme right_grapheme left right ltrim rtrim trim lpad rpad repeat replace
    reverse
    strip_accents nfc_normalize concat concat_ws string_split str_split split split_part string_split_regex str_split_regex
    array_to_string
    regexp_matches regexp_full_match regexp_extract regexp_extract_all regexp_replace regexp_split_to_array regexp_count like_escape
    ilike_escape not_like_escape not_ilike_escape levenshtein editdist3 damerau_levenshtein hamming mismatches jaccard jaro_similarity
    jaro_winkler_similarity ascii unicode ord chr translate hash md5 sha256
    array_length list_length list_count list_sum list_avg list_min list_max list_median list_unique list_contains list_has
    array_contains
    array_has list_has_any list_has_all list_position list_indexof list_sort list_reverse_sort list_distinct list_slice array_slice
    list_concat list_append list_prepend list_extract list_element list_filter list_transform list_reverse list_first list_last
    list_value
    list_any_value list_zip flatten list_intersect array_agg list string_agg listagg group_concat cardinality list_reduce
    json_extract json_extract_string json_extract_path json_extract_path_text json_array_length json_keys json_type json_valid
    json_value json_exists
    product favg fsum kahan_sum geomean geometric_mean entropy mad mode quantile quantile_cont quantile_disc approx_quantile
    approx_count_distinct
    median count_if countif count_star bool_and bool_or bit_and bit_or bit_xor any_value arbitrary first last arg_min arg_max argmin
    argmax min_by
    max_by arg_min_null arg_max_null stddev stddev_pop stddev_samp var_pop var_samp variance sem skewness kurtosis kurtosis_pop corr
    covar_pop
    covar_samp regr_slope regr_intercept regr_r2 regr_count regr_avgx regr_avgy regr_sxx regr_sxy regr_syy
    row_number rank dense_rank rank_dense percent_rank cume_dist ntile lag lead first_value last_value nth_value fill
    ifnull nvl if iff coalesce nullif grouping grouping_id
    range generate_series unnest
""")

_TYPE_NAMES = _words("""
    BOOLEAN TINYINT SMALLINT INT BIGINT INT128 UTINYINT USMALLINT UINT UBIGINT UINT128 FLOAT DOUBLE DECIMAL VARCHAR TEXT CHAR NCHAR
    NVARCHAR DATE  TIME TIMETZ TIMESTAMP TIMESTAMPTZ TIMESTAMPNTZ TIMESTAMPLTZ TIMESTAMP_S TIMESTAMP_MS TIMESTAMP_NS DATETIME
    INTERVAL UUID JSON ARRAY LIST
""")

DATE_PARTS = _words("""
    MILLENNIUM CENTURY DECADE YEAR QUARTER MONTH WEEK DAY HOUR MINUTE SECOND MILLISECOND MICROSECOND EPOCH DOW ISODOW DOY ISOYEAR
    DAYOFWEEK DAYOFYEAR DAYOFMONTH WEEKDAY YEARWEEK ERA YEARS QUARTERS MONTHS WEEKS DAYS HOURS MINUTES SECONDS MILLISECONDS
    MICROSECONDS DECADES CENTURIES Y M D H MON MONS MIN MINS SEC SECS W WEEKOFYEAR WEEKISO
""")
"""Words that may stand unquoted as a unit; a unit given as a text is held to the same list."""
BARE_WORDS = DATE_PARTS | {"ALL"}

ALLOWED_TYPES = frozenset(getattr(exp.DataType.Type, name) for name in _TYPE_NAMES if hasattr(exp.DataType.Type, name))
