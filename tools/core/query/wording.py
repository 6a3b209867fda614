"""Words for the parts of a plan: fields, values, conditions, figures. Different parts never share a wording."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Mapping

from sqlglot import exp

from tools.core.query import sql
from tools.core.query.calendar import label_of, long_date
from tools.core.query.describe import over_label, per_label
from tools.core.query.metric_query import Comparator, DimensionRef, EntityCondition, Filter, Measure, MetricQuery, Scalar, TimeWindow
from tools.core.query.predicates import recurring_value, typed
from tools.core.query.resolve import Scope
from tools.core.query.sql import METRIC_TIME
from tools.core.semantics.model import Metric

COMPARED: dict[Comparator, str] = {
    "gt": "over", "ge": "at least", "lt": "under", "le": "at most", "eq": "exactly", "ne": "other than",
}  # fmt: skip
AGGREGATES = {
    "avg": "average", "median": "median", "min": "lowest", "max": "highest", "sum": "sum of", "stddev": "standard deviation of",
}  # fmt: skip
MAX_NAMED = 30
"""A filter with more values is told by their number."""
_SIMPLE_VALUE = re.compile(r"[\w$%&+./<>-]+( [\w$%&+./<>-]+)*")
_JOINING = re.compile(r"\b(or|and|is|not|where|from|to|in|by)\b", re.IGNORECASE)


def listed(parts: Iterable[str], last: str = "and") -> str:
    """a, b and c."""
    held = list(parts)
    return held[0] if len(held) == 1 else f"{', '.join(held[:-1])} {last} {held[-1]}" if held else ""


class Wording:
    """The names of one model in words, made unique where two things share a label."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._field_labels = Counter(f.label for f in scope.model.fields())
        self._metric_labels = Counter(m.label for m in scope.model.metrics.values())

    @property
    def metrics(self) -> Mapping[str, Metric]:
        return self._scope.model.metrics

    def metric(self, name: str) -> str:
        label = self._scope.metric(name).label
        return label if self._metric_labels[label] == 1 else f"{label} ({name})"

    def field(self, field_id: str) -> str:
        if field_id == METRIC_TIME:
            return "date"
        dataset, _, name = field_id.partition(".")
        field = self._scope.model.datasets[dataset].fields[name]
        if self._field_labels[field.label] == 1:
            return field.label
        return f"{field.label} of the {self._scope.model.datasets[dataset].label}"

    def _several(self, field_id: str) -> str:
        """The plural of a field: "departments"."""
        dataset, _, name = field_id.partition(".")
        field = self._scope.model.datasets[dataset].fields[name]
        return field.plural if self._field_labels[field.label] == 1 else f"values of {self.field(field_id)}"

    def dimension(self, ref: DimensionRef, own_dates: frozenset[str] = frozenset()) -> str:
        """ "month", "month (date of birth)" when it is not the figures' own date, "department", "age in steps of 10"."""
        name = self.field(ref.field)
        if ref.bin_width is not None:
            return f"{name} in steps of {ref.bin_width:g}"
        if ref.grain is None:
            return name
        grain = ref.grain.value.replace("_", " ")
        return grain if ref.field == METRIC_TIME or own_dates == {ref.field} else f"{grain} ({name})"

    def own_dates(self, query: MetricQuery) -> frozenset[str]:
        """The dates that the query's metrics follow by themselves; none when a metric is made of others."""
        found: set[str] = set()
        for measure in query.metrics:
            metric = self._scope.metric(measure.metric)
            facts = {c.table for c in sql.parse(metric.expression).find_all(exp.Column)} if not metric.inputs else {""}
            dates = {metric.time_field} if metric.time_field else {self._scope.time_of(f) if f else None for f in facts}
            found |= {d or "" for d in dates}
        return frozenset(found)

    def measure(self, measure: Measure) -> str:
        """A figure with its own filters: "median revenue per household (brand is Private)"."""
        words = self._figure(measure)
        if measure.over is not None:
            words = over_label(words, self.metric(measure.over), as_share=measure.as_share)
        elif measure.as_share:
            words = f"share of {words}"
        conditions = [*(self.filter(f) for f in measure.filters), *(self.entity_condition(c) for c in measure.entity_conditions)]
        return f"{words} ({listed(sorted(set(conditions)))})" if conditions else words

    def _figure(self, measure: Measure) -> str:
        metric = self.metric(measure.metric)
        if not measure.is_aggregated_again:
            return metric
        one, several = per_label(self._scope, measure)
        if measure.aggregate in ("count", "share"):
            assert measure.condition_op is not None
            assert measure.condition_value is not None
            what = "number of" if measure.aggregate == "count" else "share of"
            return f"{what} {several} with {metric} {COMPARED[measure.condition_op]} {number(measure.condition_value)}"
        if measure.aggregate == "percentile":
            return f"{measure.percentile:g}th percentile of {metric} per {one}"
        return f"{AGGREGATES[measure.aggregate or 'avg']} {metric} per {one}"

    def filters(self, filters: Iterable[Filter]) -> str:
        return listed(sorted({self.filter(f) for f in filters}))

    def filter(self, condition: Filter) -> str:
        """One condition: "department is DELI or GROCERY"."""
        name = self.field(condition.field)
        if condition.grain is not None:
            name = f"{condition.grain.value.replace('_', ' ')} of {name}"
        if condition.op in ("is_null", "not_null"):
            return f"{name} is {'unknown' if condition.op == 'is_null' else 'known'}"
        if condition.op in ("in", "not_in") and len(condition.values) > MAX_NAMED:
            # Nobody reads them out; only pasted or attached lists are as long.
            return f"{name} is {'not ' if condition.op == 'not_in' else ''}one of {len(set(condition.values)):,} listed"
        values = [self._value(v, condition) for v in condition.values]
        if condition.op in ("in", "not_in"):
            unique = listed(sorted(set(values)), "or")
            return f"{name} is {unique}" if condition.op == "in" else f"{name} is not {unique}"
        if condition.op == "between":
            return f"{name} from {values[0]} to {values[1]}"
        words = {"gt": "over", "ge": "at least", "lt": "under", "le": "at most", "contains": "contains", "starts_with": "starts with"}
        dated = {"gt": "after", "ge": "from", "lt": "before", "le": "until"}
        is_day = condition.grain is None and self._is_date(condition.field)
        if condition.op == "ge_or_null":
            return f"{name} {'from' if is_day else 'at least'} {values[0]}, or none"
        return f"{name} {(dated if is_day else words).get(condition.op, words[condition.op])} {values[0]}"

    def entity_condition(self, condition: EntityCondition) -> str:
        """ "households with at least 1 visit in March 2017"."""
        entity = self._scope.dataset(condition.entity).plural
        when = self._when(condition)
        which = f" where {self.filters(condition.filters)}" if condition.filters else ""
        if condition.fact is not None:
            fact = self._scope.dataset(condition.fact)
            if condition.distinct is not None:
                several = f"{number(condition.value)} different {self._several(condition.distinct)}"
                if condition.value == 1:
                    several = f"1 {self.field(condition.distinct)}"
                return f"{entity} with {COMPARED[condition.op]} {several} among their {fact.plural}{when}{which}"
            if condition.op == "eq" and condition.value == 0:
                return f"{entity} without any {fact.label}{when}{which}"
            noun = fact.label if condition.value == 1 else fact.plural
            return f"{entity} with {COMPARED[condition.op]} {number(condition.value)} {noun}{when}{which}"
        assert condition.metric is not None
        metric, compared = self.metric(condition.metric), COMPARED[condition.op]
        if condition.best is not None:
            end = "highest" if condition.op == "ge" else "lowest"
            return f"the {condition.best} {entity} with the {end} {metric}{when}{which}"
        if condition.relative_to is not None:
            return f"{entity} with {metric} {compared} {limit(condition.value, condition.relative_to)}{when}{which}"
        if condition.baseline is not None:
            times = "" if condition.value == 1 else f"{number(condition.value)} times "
            return f"{entity} with {metric}{when or ' in all'} {compared} {times}that in {self.window(condition.baseline)}{which}"
        if condition.percentile:
            return f"{entity} with {metric} {compared} its {condition.value:g}th percentile{when}{which}"
        return f"{entity} with {metric} {compared} {number(condition.value)}{when}{which}"

    def _when(self, condition: EntityCondition) -> str:
        """ " in March 2017", " in every month of 2017"."""
        period = f" in every {condition.every}" if condition.every is not None else ""
        if condition.window is None:
            return period
        said = self.window(condition.window)
        return f"{period} of {said}" if period else f" {said}" if said.startswith("up to") else f" in {said}"

    def window(self, window: TimeWindow) -> str:
        return label_of(self._scope.calendar.resolve(window))

    def _is_date(self, field_id: str) -> bool:
        if field_id == METRIC_TIME:
            return True
        dataset, _, name = field_id.partition(".")
        return self._scope.model.datasets[dataset].fields[name].is_time

    def _value(self, value: Scalar, condition: Filter) -> str:
        if condition.grain is not None and condition.grain.is_cyclic:
            return str(recurring_value(value, condition.grain))
        if condition.field != METRIC_TIME:
            dataset, _, name = condition.field.partition(".")
            value = typed(value, self._scope.model.datasets[dataset].fields[name])
            if isinstance(value, int) and not isinstance(value, bool) and condition.op in ("in", "not_in"):
                # A number that is met exactly names something, such as a store: no thousands comma.
                return str(value)
        if condition.op in ("contains", "starts_with"):
            return f'"{str(value).lower()}"'
        return spoken(value)


def spoken(value: Scalar) -> str:
    """A value as in a sentence; quoted where it could be taken for the sentence's own words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, dt.date):
        return long_date(value)
    if isinstance(value, (int, float)):
        return number(value)
    try:
        return long_date(dt.date.fromisoformat(value))
    except ValueError:
        pass
    plain = _SIMPLE_VALUE.fullmatch(value) and not _JOINING.search(value) and value.lower() not in ("yes", "no", "known", "unknown")
    return value if plain else f'"{value}"'


def limit(value: float, relative_to: str | None) -> str:
    """A threshold: "500", "the average", "2 times the median"."""
    if relative_to is None:
        return number(value)
    return f"the {relative_to}" if value == 1 else f"{number(value)} times the {relative_to}"


def number(value: float) -> str:
    """Thousands with commas, no needless decimals."""
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    return repr(float(value))
