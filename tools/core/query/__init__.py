"""MetricQuery, the plan language; its compiler to SQL; its sentence; the calendar convention."""

from tools.core.query.calendar import Calendar, Span
from tools.core.query.compile import compile_query
from tools.core.query.compiled import CheckKind, CompiledQuery, PlannedCheck
from tools.core.query.metric_query import (
    CohortSpec,
    Comparison,
    ConcentrationSpec,
    DimensionRef,
    DistributionSpec,
    EntityCondition,
    Filter,
    Grain,
    Lifecycle,
    ListingSpec,
    Measure,
    MetricCondition,
    MetricQuery,
    Order,
    PairsSpec,
    ShareOfTotal,
    TimeWindow,
    TopPerGroup,
)
from tools.core.query.sentence import sentence
from tools.core.query.sql import METRIC_TIME

__all__ = [
    "METRIC_TIME",
    "Calendar",
    "CheckKind",
    "CohortSpec",
    "Comparison",
    "CompiledQuery",
    "ConcentrationSpec",
    "DimensionRef",
    "DistributionSpec",
    "EntityCondition",
    "Filter",
    "Grain",
    "Lifecycle",
    "ListingSpec",
    "Measure",
    "MetricCondition",
    "MetricQuery",
    "Order",
    "PairsSpec",
    "PlannedCheck",
    "ShareOfTotal",
    "Span",
    "TimeWindow",
    "TopPerGroup",
    "compile_query",
    "sentence",
]
