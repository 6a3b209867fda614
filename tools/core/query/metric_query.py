"""MetricQuery: the one plan language that both minds speak and the compiler understands.

Every field is described because a language model reads the JSON schema. Names are those of the semantic model:
a metric by its name, a field always as `dataset.field`. Nothing here is SQL.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Scalar = str | int | float | bool | dt.date
FieldId = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*$", examples=["stores.region"])]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Grain(StrEnum):
    """Calendar periods, and the parts of a date that come round again."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    HOUR_OF_DAY = "hour_of_day"
    DAY_OF_WEEK = "day_of_week"
    DAY_OF_MONTH = "day_of_month"
    WEEK_OF_YEAR = "week_of_year"
    MONTH_OF_YEAR = "month_of_year"
    QUARTER_OF_YEAR = "quarter_of_year"

    @property
    def is_cyclic(self) -> bool:
        """True for parts that recur ("Mondays"), false for periods in a row ("each Monday's week")."""
        return "_of_" in self.value


PeriodUnit = Literal["day", "week", "month", "quarter", "year"]


class TimeWindow(_Strict):
    """The days that count, both ends included. Give one of: start and/or end; `period`; `last_n` with `unit`."""

    start: dt.date | None = None
    """First day that counts; without it the window is open towards the past."""
    end: dt.date | None = None
    """Last day that counts; without it the window runs to the last day of the data."""
    period: Literal["this", "last"] | None = None
    """With `unit`: "last" month is the complete calendar month before today's, "this" month is today's so far."""
    last_n: int | None = Field(default=None, ge=1, le=4000)
    """With `unit`: days end on the as-of day; weeks, months, quarters and years are complete calendar periods before today."""
    unit: PeriodUnit | None = None
    """Unit of `period` or `last_n`."""
    to_date: bool = False
    """With `period`="last": only as much of it as has passed of the current one, for a fair comparison."""
    fiscal: bool = False
    """Quarters and years are those of the fiscal year in the model's settings."""

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        forms = [self.start is not None or self.end is not None, self.period is not None, self.last_n is not None]
        if sum(forms) != 1:
            raise ValueError("give exactly one of start/end, period, last_n")
        if (self.period or self.last_n) and self.unit is None:
            raise ValueError("period and last_n need a unit")
        if self.start and self.end and self.start > self.end:
            raise ValueError("the window ends before it starts")
        return self


class DimensionRef(_Strict):
    """What the result is split by."""

    field: FieldId
    """The field to group by. `metric.time` is the date of each metric itself: for trends of metrics of different facts."""
    grain: Grain | None = None
    """For dates only: the period, or the recurring part."""
    bin_width: float | None = Field(default=None, gt=0)
    """For numeric fields only: group into bands of this width."""


Operator = Literal["in", "not_in", "gt", "ge", "ge_or_null", "lt", "le", "between", "contains", "starts_with", "is_null", "not_null"]


class Filter(_Strict):
    """A condition on a field; rows that fail it do not count."""

    field: FieldId
    """The field tested."""
    op: Operator
    """in/not_in take any number of values; gt/ge/lt/le/contains/starts_with one; between two, both included; is_null/not_null none.
    not_in and ge_or_null keep rows whose field is empty: what was open on a day began by then, and its end date passes ge_or_null."""
    values: tuple[Scalar, ...] = ()
    """Values as stored in the warehouse."""
    grain: Grain | None = None
    """For dates only: test this part or period of it ("Saturday" of day_of_week, 14 of hour_of_day)."""

    @model_validator(mode="after")
    def _arity(self) -> Self:
        wanted = {"between": 2, "is_null": 0, "not_null": 0, "in": None, "not_in": None}.get(self.op, 1)
        if wanted is None and not self.values:
            raise ValueError(f"{self.op} needs at least one value")
        if wanted is not None and len(self.values) != wanted:
            raise ValueError(f"{self.op} takes {wanted} values, got {len(self.values)}")
        return self


Comparator = Literal["gt", "ge", "lt", "le", "eq", "ne"]


class MetricCondition(_Strict):
    """A condition on a result row (HAVING): "stores that sold over 10,000"."""

    metric: str
    """Name of a metric, or `column` name of one of the query's measures (such as its share or change)."""
    op: Comparator
    value: float
    relative_to: Literal["average", "median"] | None = None
    """`value` is a multiple of the average (median) of the result's rows: "categories that sell above average" = op gt, value 1."""


class EntityCondition(_Strict):
    """Keeps the entities (customers, products, stores, ...) whose own facts pass a test.

    "bought deli" = fact lines, at least 1, filter department in (DELI); "never redeemed a coupon" = fact redemptions, op eq, value 0;
    "spent over 500 in March" = metric revenue, op gt, value 500, window March; "more than 3 orders" = fact orders, op gt, value 3;
    "bought from 5 departments or more" = fact lines, distinct department, op ge, value 5; "came every month of 2017" = fact visits, every
    month, window 2017; "spent more this year than last" = metric revenue, op gt, window this year, baseline last year.
    """

    entity: str
    """Dataset whose rows are kept: usually the customers."""
    fact: str | None = None
    """Dataset whose rows are counted per entity; leave out when `metric` is given."""
    metric: str | None = None
    """Metric computed per entity; leave out when `fact` is given."""
    filters: tuple[Filter, ...] = ()
    """Only facts that pass these count."""
    window: TimeWindow | None = None
    """Only facts in this window count; without it, all of time."""
    op: Comparator = "ge"
    value: float = 1
    distinct: FieldId | None = None
    """With `fact`: the different values of this field among the facts are counted, not the facts."""
    every: PeriodUnit | None = None
    """The test must hold in every such period of the window (of the data, without one); only for tests that nothing at all fails."""
    baseline: TimeWindow | None = None
    """With `metric`: `value` is a multiple of the entity's own metric in this other window; who has none there has 0."""
    percentile: bool = False
    """`value` is a percentile 0..100 of the metric over all entities: "the top 10 % of spenders" = op ge, value 90."""
    relative_to: Literal["average", "median"] | None = None
    """`value` is a multiple of the metric's average (median) over all entities: "stores above average" = op gt, value 1."""
    best: int | None = Field(default=None, ge=1, le=10_000)
    """With `metric`: only the n entities with the highest (op ge) or lowest (op le) value, whatever `value`: "our ten best customers"."""

    @model_validator(mode="after")
    def _fact_or_metric(self) -> Self:
        if (self.fact is None) == (self.metric is None):
            raise ValueError("give exactly one of fact and metric")
        ways = [self.percentile, self.relative_to is not None, self.best is not None, self.baseline is not None]
        if sum(ways) > 1 or (any(ways) and self.metric is None):
            raise ValueError("percentile, relative_to, best and baseline need a metric, and exclude each other")
        if self.every is not None and any(ways):
            raise ValueError("every goes with a fact or a metric and a value of its own")
        if self.distinct is not None and self.fact is None:
            raise ValueError("distinct goes with fact")
        if self.best is not None and self.op not in ("ge", "le"):
            raise ValueError("best goes with op ge (highest) or le (lowest)")
        return self


Aggregate = Literal["avg", "median", "min", "max", "sum", "stddev", "percentile", "count", "share"]


class Measure(_Strict):
    """A metric to compute; a bare metric name is enough when nothing else is asked."""

    metric: str
    """Name of a metric of the semantic model."""
    filters: tuple[Filter, ...] = ()
    """Conditions for this measure alone: "share of revenue from private label" sets one measure against another."""
    entity_conditions: tuple[EntityCondition, ...] = ()
    """Conditions on entities for this measure alone: the customers who ever redeemed, the ten best customers."""
    over: str | None = None
    """Name of a second metric that this one is divided by, row by row of the result, where the model has no such ratio of its own:
    "revenue per visitor", "tickets per order". `filters` and `entity_conditions` hold for both."""
    as_share: bool = False
    """With `over`: shown as a percentage ("returns as a share of orders").
    With `filters` or `entity_conditions`: the part of the metric that passes them, 0..1 of the metric without them
    ("share of revenue from private label", "percent of customers who redeemed", "share of revenue of the top ten customers")."""
    per: str | None = None
    """Entity dataset: compute the metric for each of its rows that has facts, then `aggregate` over them ("median spend per customer")."""
    per_grain: PeriodUnit | None = None
    """Instead of `per`: compute the metric for each period that has facts, then `aggregate` over them ("average monthly revenue")."""
    aggregate: Aggregate | None = None
    """With `per` or `per_grain`. count = how many of them, share = which share, for which `condition_op` `condition_value` holds."""
    percentile: float | None = Field(default=None, gt=0, lt=100)
    """With aggregate="percentile"."""
    condition_op: Comparator | None = None
    condition_value: float | None = None
    alias: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]{0,62}$")
    """Column name in the result; default the metric's name (with its aggregate)."""

    @property
    def column(self) -> str:
        """Name of the result column."""
        if self.alias:
            return self.alias
        if self.over is not None:
            return f"{self.metric}_per_{self.over}"
        if not self.is_aggregated_again:
            return f"{self.metric}_part" if self.as_share else self.metric
        how = f"p{self.percentile:g}" if self.aggregate == "percentile" else self.aggregate
        return f"{how}_{self.metric}_per_{self.per or self.per_grain}".replace(".", "_")

    @property
    def is_aggregated_again(self) -> bool:
        """Computed per entity or period first."""
        return self.per is not None or self.per_grain is not None

    @model_validator(mode="after")
    def _aggregate_goes_with_per(self) -> Self:
        if self.per is not None and self.per_grain is not None:
            raise ValueError("give per or per_grain, not both")
        if self.is_aggregated_again != (self.aggregate is not None):
            raise ValueError("per (or per_grain) and aggregate go together")
        if (self.aggregate == "percentile") != (self.percentile is not None):
            raise ValueError('percentile goes with aggregate="percentile"')
        if (self.aggregate in ("count", "share")) != (self.condition_op is not None and self.condition_value is not None):
            raise ValueError("condition_op and condition_value go with aggregate count or share")
        if self.as_share and (not (self.over or self.filters or self.entity_conditions) or self.is_aggregated_again):
            raise ValueError("as_share needs over, filters or entity_conditions, and does not go with per")
        if self.over is not None and (self.is_aggregated_again or self.over == self.metric):
            raise ValueError("over names another metric, and does not go with per")
        return self


def _measure(value: object) -> object:
    return {"metric": value} if isinstance(value, str) else value


class Comparison(_Strict):
    """Sets each figure beside that of another window. Adds `<metric>_previous`, `<metric>_change` and `<metric>_change_rate`."""

    kind: Literal["previous_period", "same_period_last_year", "window"]
    """previous_period: the period of equal length just before; window: the one given in `baseline`."""
    baseline: TimeWindow | None = None

    @model_validator(mode="after")
    def _baseline_goes_with_window(self) -> Self:
        if (self.kind == "window") != (self.baseline is not None):
            raise ValueError('baseline goes with kind="window"')
        return self


class Order(_Strict):
    """One sort key."""

    by: str
    """A result column: a measure's column (also `<metric>_change`, `<metric>_change_rate`, `<metric>_share`) or a dimension's field."""
    direction: Literal["asc", "desc"] = "desc"


class TopPerGroup(_Strict):
    """Keeps the best n rows within each value of a dimension: "top 3 products per department"."""

    n: int = Field(ge=1, le=1000)
    group: FieldId
    """One of the query's dimensions."""
    by: str
    """Measure column that ranks."""
    direction: Literal["asc", "desc"] = "desc"


class ShareOfTotal(_Strict):
    """Adds `<metric>_share`: each row's part of the total, 0..1."""

    metric: str | None = None
    """Measure column; default every measure that may be added up."""
    within: tuple[FieldId, ...] = ()
    """Shares add up to 1 within each value of these dimensions; empty = within the whole result."""


class Lifecycle(_Strict):
    """Splits by whether an entity's first ever fact lies in the row's period ("new") or before it ("returning")."""

    entity: str
    fact: str


class CohortSpec(_Strict):
    """Entities grouped by the period of their first fact, followed over the periods after it.

    Result: cohort, periods_since, cohort_size, and the metrics of those periods; `retention_rate` = active entities / cohort_size.
    """

    entity: str
    fact: str
    """Dataset whose first row starts an entity's cohort, and whose later rows keep it active."""
    grain: Literal["week", "month", "quarter", "year"] = "month"
    periods: int | None = Field(default=None, ge=0, le=120)
    """Only up to this many periods after the start."""


class DistributionSpec(_Strict):
    """How many entities have which value of a metric: "how many customers made 1, 2, 3 ... visits?"

    Result: bin_start, bin_end, entities, share.
    """

    entity: str
    metric: str
    bin_width: float | None = Field(default=None, gt=0)
    """Default: one bin per value up to 20 values, else ten bins of a round width."""


class ConcentrationSpec(_Strict):
    """How few entities make most of a metric: "how many customers bring in half of our margin?", "do 20 % of customers make 80 % of sales?"

    The entities are ranked by the metric, the largest first. Result, one row: entities_needed (the smallest number that together
    reach `share`), entities_in_all (those that have the metric), entity_share, reached and reached_share (what those make), total;
    with `of_entities` also best_share (what the best of that part make).
    """

    entity: str
    """Dataset whose rows are ranked: customers, products."""
    metric: str
    """What they are ranked by; the figures of the entities must add up to its total."""
    share: float = Field(default=0.8, gt=0, le=1)
    """The part of the metric to be reached, 0..1."""
    of_entities: float | None = Field(default=None, gt=0, le=1)
    """The part of the entities that the question supposes, 0..1, rounded up to whole ones: the 20 % of "do 20 % make 80 %?"."""


class PairsSpec(_Strict):
    """Values of a field that occur together in the same basket (or other container).

    Result: left, right, together (containers with both), support, confidence (right given left), lift.
    """

    field: FieldId
    """What is paired: a product category, a department."""
    within: str
    """Dataset that contains: baskets, customers."""
    fact: str | None = None
    """Dataset whose rows put a value into a container; needed where several do (order lines, returns)."""
    containing: Scalar | None = None
    """Only pairs with this value on the left: "what goes with milk"."""
    min_together: int = Field(default=10, ge=1)
    order_by: Literal["together", "lift", "confidence"] = "together"


class ListingSpec(_Strict):
    """Lists entities one per row, with fields and metrics: "list the customers who ..."."""

    entity: str
    fields: tuple[FieldId, ...] = ()
    """Fields to show beside the key."""


OWN_RESULTS = ("cohort", "distribution", "concentration", "pairs")
"""Fields of a MetricQuery whose result has columns of its own, instead of figures by dimensions; at most one is set."""


class MetricQuery(_Strict):
    """A question about customers, complete and unambiguous."""

    metrics: tuple[Annotated[Measure, BeforeValidator(_measure)], ...] = ()
    """What to compute, each a metric name or a measure object."""
    dimensions: tuple[DimensionRef, ...] = ()
    """What to split the figures by; empty for one total row."""
    filters: tuple[Filter, ...] = ()
    """Conditions that all figures share (joined by AND)."""
    entity_conditions: tuple[EntityCondition, ...] = ()
    """Only facts of entities that pass all of these."""
    having: tuple[MetricCondition, ...] = ()
    """Conditions on result rows."""
    window: TimeWindow | None = None
    """The days that count; without it all the data up to the as-of day."""
    as_of: dt.date | None = None
    """Look at the data as on this day; default the model's own."""
    time_field: FieldId | None = None
    """Which date the window applies to, when not the metric's own."""
    comparison: Comparison | None = None
    share: ShareOfTotal | None = None
    growth: Literal["previous_row", "first_row"] | None = None
    """On a time series: adds `<metric>_change` and `<metric>_change_rate` against the period before, or the first one."""
    running_total: bool = False
    """On a time series: adds `<metric>_running`, accumulated from the start of the window."""
    moving_average: int | None = Field(default=None, ge=2, le=366)
    """On a time series: adds `<metric>_average`, over this many periods up to and including each."""
    lifecycle: Lifecycle | None = None
    cohort: CohortSpec | None = None
    distribution: DistributionSpec | None = None
    concentration: ConcentrationSpec | None = None
    pairs: PairsSpec | None = None
    listing: ListingSpec | None = None
    top_per_group: TopPerGroup | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = Field(default=None, ge=1, le=10_000)
    skip: int = Field(default=0, ge=0, le=10_000)
    """With `limit`: so many rows are left out at the top: limit 1 and skip 1 is the second best alone."""
    ties: Literal["cut", "include"] = "cut"
    """With `limit`: "include" also keeps the rows that tie with the last one kept."""
    fill_gaps: bool = False
    """On a time series: also rows for periods without facts."""

    @model_validator(mode="after")
    def _one_shape(self) -> Self:
        shapes = [s for s in (*OWN_RESULTS, "listing") if getattr(self, s) is not None]
        if len(shapes) > 1:
            raise ValueError(f"only one of {', '.join(shapes)} at a time")
        if not (self.metrics or self.dimensions or shapes):
            raise ValueError("ask for at least one metric, dimension or listing")
        if self.skip and (self.limit is None or self.ties == "include"):
            raise ValueError("skip needs a limit, and goes with no ties")
        if self.top_per_group and self.top_per_group.group not in {d.field for d in self.dimensions}:
            raise ValueError("top_per_group.group must be one of the dimensions")
        return self

    @property
    def own_result(self) -> str | None:
        """Which of `OWN_RESULTS` is asked for, None for ordinary figures and listings."""
        return next((name for name in OWN_RESULTS if getattr(self, name) is not None), None)

    @property
    def shown_metrics(self) -> tuple[str, ...]:
        """Names of all metrics in the result: the measures, and the one that a result of its own is about."""
        specs = (self.distribution, self.concentration)
        return (
            *(n for m in self.metrics for n in (m.metric, m.over) if n is not None),
            *(spec.metric for spec in specs if spec is not None),
        )
