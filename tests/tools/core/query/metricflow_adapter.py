"""Turns the MetricFlow benchmark's manifest and cases into our semantic model and queries.

What our plan language does not say is refused with a reason (`Unsupported`), never approximated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlglot import exp, parse_one

from tools.core.query import METRIC_TIME, MetricQuery
from tools.core.semantics.model import (
    CumulativeSpec,
    Dataset,
    Datatype,
    Field,
    Metric,
    MetricInput,
    ModelSettings,
    NonAdditive,
    Relationship,
    SemanticModel,
)

_TYPES = {
    "TIMESTAMP": Datatype.DATETIME,
    "BOOLEAN": Datatype.BOOLEAN,
    "BIGINT": Datatype.INTEGER,
    "DOUBLE": Datatype.FLOAT,
    "VARCHAR": Datatype.STRING,
}
_GRAINS = ("hour", "day", "week", "month", "quarter", "year")
_FINER = ("minute", "second", "millisecond", "microsecond", "nanosecond")
_TEMPLATE = re.compile(r"\{\{\s*(\w+)\(\s*(.*?)\s*\)\s*\}\}")
_DATE_PARTS = {"dow": "day_of_week", "month": "month_of_year", "quarter": "quarter_of_year", "day": "day_of_month", "year": "year"}
_WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]


class Unsupported(Exception):
    """The case asks for something that our plan language does not offer; the text says what."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One benchmark case as our query, over a model that may hold a metric of its own filter."""

    query: MetricQuery
    model: SemanticModel
    readers: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    """Result column -> how the benchmark writes its values (weekdays as numbers)."""


class Adapter:
    """One manifest with the columns of its database."""

    def __init__(self, manifest: Mapping[str, list[dict[str, Any]]], columns: Mapping[str, Mapping[str, str]]) -> None:
        self._columns = columns
        self._sources = {
            d["semantic_model"]["name"]: d["semantic_model"] for docs in manifest.values() for d in docs if "semantic_model" in d
        }
        self._documents = {d["metric"]["name"]: d["metric"] for docs in manifest.values() for d in docs if "metric" in d}
        self._measures = {m["name"]: (name, m) for name, s in self._sources.items() for m in s.get("measures", [])}
        self._refused: dict[str, str] = {}
        self._conditions: dict[str, list[dict[str, Any]]] = {}
        self.model = self._model()

    # The model

    def _model(self) -> SemanticModel:
        datasets = {name: self._dataset(name, source) for name, source in self._sources.items()}
        metrics: dict[str, Metric] = {}
        for name, (_, measure) in self._measures.items():
            if measure.get("create_metric"):
                metrics[name] = self._measured(name, {"name": name}, {})
        for name, document in self._documents.items():
            try:
                metrics[name] = self._metric(document)
            except Unsupported as reason:
                self._refused[name] = str(reason)
        return SemanticModel(
            name="simple",
            datasets=datasets,
            relationships=tuple(self._relationships()),
            metrics=metrics,
            settings=ModelSettings(time_spine="mf_time_spine.ds"),
        )

    def _dataset(self, name: str, source: dict[str, Any]) -> Dataset:
        table = source["node_relation"]["alias"]
        types = self._columns[table]
        expressions = {d["name"]: str(d.get("expr") or d["name"]) for d in source.get("dimensions", [])}
        expressions |= {e["name"]: str(e.get("expr") or e["name"]) for e in source.get("entities", [])}
        for measure in source.get("measures", []):
            expression = str(measure.get("expr") or measure["name"])
            boolean = measure["agg"].lower() == "sum_boolean"
            expressions[f"{measure['name']}_value"] = f"CAST({expression} AS INTEGER)" if boolean else expression
        fields = {
            f: Field(
                dataset=name,
                name=f,
                expression=e,
                datatype=_TYPES[types[e]] if e in types else Datatype.OPAQUE,
                label=f"{name} {f}",
                plural=f"{f}s",
            )
            for f, e in expressions.items()
        }
        keys = [str(e.get("expr") or e["name"]) for e in source.get("entities", []) if e["type"] in ("primary", "unique")]
        time = source.get("defaults", {}).get("agg_time_dimension")
        return Dataset(
            name=name,
            source=table,
            primary_key=tuple(keys[:1]),
            unique_keys=tuple((k,) for k in keys[1:]),
            fields=fields,
            label=name,
            plural=name,
            default_time=time,
        )

    def _relationships(self) -> Iterable[Relationship]:
        for origin, source in self._sources.items():
            for entity in source.get("entities", []):
                for target, other in self._sources.items():
                    held = next(
                        (e for e in other.get("entities", []) if e["name"] == entity["name"] and e["type"] in ("primary", "unique")), None
                    )
                    if held is None or origin == target or entity["type"] != "foreign":
                        continue
                    mine, theirs = _partition(source), _partition(other)
                    if theirs and not mine:
                        continue
                    both = bool(mine and theirs)
                    yield Relationship(
                        name=f"{origin}_{entity['name']}_{target}",
                        from_dataset=origin,
                        to_dataset=target,
                        from_columns=(str(entity.get("expr") or entity["name"]), *((mine,) if both else ())),
                        to_columns=(str(held.get("expr") or held["name"]), *((theirs,) if both else ())),
                    )

    def _metric(self, document: dict[str, Any]) -> Metric:
        kind, parameters = document["type"], document["type_params"]
        if kind == "conversion":
            raise Unsupported("conversion metric")
        if kind in ("simple", "cumulative"):
            measure = parameters["measure"]
            return self._measured(document["name"], {"name": measure} if isinstance(measure, str) else measure, document)
        inputs = parameters["metrics"] if kind == "derived" else [parameters["numerator"], parameters["denominator"]]
        named = [{"name": i} if isinstance(i, str) else i for i in inputs]
        made = tuple(self._input(i, n if kind == "ratio" else None) for n, i in enumerate(named))
        expression = parameters["expr"] if kind == "derived" else f"CAST({made[0].alias} AS DOUBLE) / {made[1].alias}"
        return Metric(
            name=document["name"],
            expression=expression,
            label=document["name"],
            inputs=made,
            filter=self._metric_filter(document["name"], document.get("filter")),
        )

    def _input(self, given: dict[str, Any], position: int | None) -> MetricInput:
        if given["name"] in self._refused:
            raise Unsupported(self._refused[given["name"]])
        count, grain = _offset(given.get("offset_window"))
        if grain in ("month", "quarter", "year"):
            raise Unsupported("an offset by months, for which the benchmark repeats some ends of months and drops others")
        where = self._sql(given["filter"]) if given.get("filter") else None
        alias = given.get("alias") or given["name"]
        return MetricInput(
            metric=given["name"],
            alias=alias if position is None else f"part_{position}",
            filter=where,
            offset_count=count,
            offset_grain=grain,
            offset_to_grain=given.get("offset_to_grain"),
        )

    def _measured(self, name: str, reference: dict[str, Any], document: dict[str, Any]) -> Metric:
        dataset, measure = self._measures[reference["name"]]
        filters = [reference.get("filter"), document.get("filter")]
        where = [w for f in filters if f and (w := self._metric_filter(name, f))]
        time = measure.get("agg_time_dimension")
        return Metric(
            name=name,
            expression=_aggregate(measure, f"{dataset}.{measure['name']}_value"),
            label=name,
            time_field=f"{dataset}.{time}" if time else None,
            filter=" AND ".join(f"({w})" for w in where) or None,
            cumulative=_cumulative(document) if document.get("type") == "cumulative" else None,
            non_additive=self._non_additive(dataset, measure),
            fill_nulls_with=reference.get("fill_nulls_with"),
        )

    def _non_additive(self, dataset: str, measure: dict[str, Any]) -> NonAdditive | None:
        spec = measure.get("non_additive_dimension")
        if spec is None:
            return None
        return NonAdditive(
            field=f"{dataset}.{spec['name']}",
            choice=spec["window_choice"],
            per=tuple(f"{dataset}.{g}" for g in spec.get("window_groupings", [])),
        )

    # Filters

    def _metric_filter(self, metric: str, text: str | None) -> str | None:
        if text is None:
            return None
        if "Metric(" in text:
            self._conditions[metric] = self._entity_conditions(text)
            return None
        return self._sql(text)

    def _sql(self, text: str) -> str:
        """A filter template as SQL over our field ids."""

        def put(match: re.Match[str]) -> str:
            arguments = [a.strip().strip("'\"") for a in match.group(2).split(",")]
            name, grain = arguments[0], arguments[1] if len(arguments) > 1 and match.group(1) == "TimeDimension" else None
            return self._at(f"{name}__{grain}" if grain else name)

        filled = _TEMPLATE.sub(put, text)
        return re.sub(r"\b(metric_time|[a-z_]+__ds)__(\w+)", lambda m: self._at(m.group(0)), filled)

    def _at(self, name: str) -> str:
        field_id, grain = self.field(name)
        if grain is None:
            return field_id
        return f"CAST({field_id} AS DATE)" if grain == "day" else f"DATE_TRUNC('{grain}', {field_id})"

    def _entity_conditions(self, text: str) -> list[dict[str, Any]]:
        found = []
        for part in re.split(r"\bAND\b", text):
            match = re.fullmatch(r"\s*\{\{\s*Metric\('(\w+)', (?:group_by=)?\['(\w+)'\]\)\s*\}\}\s*(>|>=|<|<=|=)\s*([\d.]+)\s*", part)
            if match is None:
                raise Unsupported("a condition on a metric beside other conditions")
            entity = self._entity_dataset(match.group(2).split("__")[-1])
            ops = {">": "gt", ">=": "ge", "<": "lt", "<=": "le", "=": "eq"}
            found.append({"entity": entity, "metric": match.group(1), "op": ops[match.group(3)], "value": float(match.group(4))})
        return found

    # Names

    def field(self, name: str) -> tuple[str, str | None]:
        """`listing__user__ds__month` as our field id and grain."""
        parts = name.split("__")
        grain = parts.pop() if len(parts) > 1 and parts[-1] in (*_GRAINS, *_FINER, "alien_day") else None
        if grain == "alien_day":
            raise Unsupported("custom granularity")
        if grain in _FINER:
            raise Unsupported("granularity finer than an hour")
        if parts == ["metric_time"]:
            return METRIC_TIME, grain
        if len(parts) == 1:
            entity = parts[0]
            return f"{self._entity_dataset(entity)}.{entity}", None
        link, wanted = parts[-2], parts[-1]
        for dataset, source in self._sources.items():
            names = {d["name"] for d in source.get("dimensions", [])} | {e["name"] for e in source.get("entities", [])}
            owns = source.get("primary_entity") == link or any(
                e["name"] == link and e["type"] in ("primary", "unique") for e in source.get("entities", [])
            )
            if owns and wanted in names:
                if grain is None and self._time_grain(source, wanted) in _FINER:
                    raise Unsupported("granularity finer than an hour")
                return f"{dataset}.{wanted}", grain
        raise Unsupported(f"no dataset for {name}")

    @staticmethod
    def _time_grain(source: dict[str, Any], dimension: str) -> str | None:
        for d in source.get("dimensions", []):
            if d["name"] == dimension and d["type"] == "time":
                return str(d["type_params"]["time_granularity"])
        return None

    def _entity_dataset(self, entity: str) -> str:
        owners = [
            (e["type"] != "primary", bool(_partition(s)), name)
            for name, s in self._sources.items()
            for e in s.get("entities", [])
            if e["name"] == entity
        ]
        if not owners:
            raise Unsupported(f"no dataset for {entity}")
        return min(owners)[2]

    # Cases

    def case(self, given: dict[str, Any]) -> Case:
        """One case as a query; raises Unsupported with the reason."""
        if given.get("apply_group_by") is False or given.get("saved_query_name"):
            raise Unsupported("rows without grouping")
        if given.get("min_max_only"):
            return self._extremes(given)
        metrics = given["metrics"]
        for metric in metrics:
            if metric in self._refused:
                raise Unsupported(self._refused[metric])
        readers: dict[str, Callable[[Any], Any]] = {}
        dimensions = self._dimensions(given, readers)
        query: dict[str, Any] = {"metrics": metrics, "dimensions": dimensions}
        query["entity_conditions"] = [c for m in metrics for c in self._lifted(m, metrics)]
        if given.get("time_constraint"):
            if any(self._offset_of_running_figure(m) for m in metrics):
                raise Unsupported("an offset of a running figure in a window, which the benchmark applies to both dates")
            start, end = given["time_constraint"]
            if ":" in start + end:
                raise Unsupported("window within a day")
            query["window"] = {"start": start, "end": end}
        query["fill_gaps"] = self._fill_gaps(given, dimensions)
        query["order"] = self._order(given, dimensions)
        query["limit"] = given.get("limit")
        model = self._filtered(given.get("where_filter"), query)
        if query["fill_gaps"]:
            model = self._empty_stays_empty(model)
        self._check_values_only(query, dimensions)
        return Case(query=MetricQuery.model_validate(query), model=model, readers=readers)

    def _extremes(self, given: dict[str, Any]) -> Case:
        """Smallest and largest value of a field, as two metrics."""
        field_id, grain = self.field(given["group_bys"][0])
        if field_id == METRIC_TIME:
            raise Unsupported("dates of no metric")
        value = f"DATE_TRUNC('{grain}', {field_id})" if grain else field_id
        made = {n: Metric(name=n, expression=f"{n.upper()}({value})", label=n) for n in ("min", "max")}
        model = replace(self.model, metrics={**self.model.metrics, **made})
        return Case(query=MetricQuery.model_validate({"metrics": list(made)}), model=model)

    def _dimensions(self, given: dict[str, Any], readers: dict[str, Callable[[Any], Any]]) -> list[dict[str, Any]]:
        wanted = [{"name": g} for g in given["group_bys"]] + list(given.get("group_by_objs", []))
        made = []
        for item in wanted:
            field_id, grain = self.field(f"{item['name']}__{item['grain']}" if item.get("grain") else item["name"])
            part = item.get("date_part")
            if part is not None:
                if part not in _DATE_PARTS:
                    raise Unsupported(f"date part {part}")
                grain = _DATE_PARTS[part]
                readers[f"{len(made)}"] = _reader(part)
            elif field_id == METRIC_TIME and grain is None:
                grain = max((self._default_grain(m) for m in given["metrics"]), key=_GRAINS.index, default="day")
            made.append({"field": field_id, "grain": grain})
        return made

    def _default_grain(self, metric: str) -> str:
        return str(self._documents.get(metric, {}).get("time_granularity") or "day")

    def _lifted(self, metric: str, metrics: list[str]) -> list[dict[str, Any]]:
        """Conditions on entities that a metric, or an input of it, carries itself."""
        held = self._conditions.get(metric, [])
        inputs = self._documents.get(metric, {}).get("type_params", {})
        parts = [i for i in [*inputs.get("metrics", []), inputs.get("numerator"), inputs.get("denominator")] if i]
        nested = [c for i in parts for c in self._conditions.get(i if isinstance(i, str) else i["name"], [])]
        if (held or nested) and len(metrics) > 1:
            raise Unsupported("a metric's own condition on entities beside other metrics")
        if nested:
            raise Unsupported("a condition on entities in one input of a metric")
        return held

    def _offset_of_running_figure(self, metric: str) -> bool:
        given = self.model.metrics[metric]
        return any(i.offset_count and self.model.metrics[i.metric].cumulative for i in given.inputs)

    def _spine_references(self, metric: str) -> list[dict[str, Any]]:
        document = self._documents.get(metric, {})
        parameters = document.get("type_params", {})
        inputs = [*parameters.get("metrics", []), parameters.get("numerator"), parameters.get("denominator")]
        own = [parameters["measure"]] if isinstance(parameters.get("measure"), dict) else []
        below = [r for i in inputs if i for r in self._spine_references(i if isinstance(i, str) else i["name"])]
        return [r for r in [*own, *below] if r.get("join_to_timespine")]

    def _fill_gaps(self, given: dict[str, Any], dimensions: list[dict[str, Any]]) -> bool:
        """Rows for every day of the calendar table: only where each figure says that nothing is 0."""
        references = {m: self._spine_references(m) for m in given["metrics"]}
        timed = [d for d in dimensions if d["field"] == METRIC_TIME or self._is_own_time(d["field"], given["metrics"])]
        if not any(references.values()) or not timed:
            return False
        if len(dimensions) != 1:
            raise Unsupported("calendar rows beside other dimensions")
        if dimensions[0]["grain"] == "hour":
            raise Unsupported("calendar of hours")
        return True

    def _empty_stays_empty(self, model: SemanticModel) -> SemanticModel:
        """Where calendar rows are added, a sum without facts is NULL here unless the metric says 0."""
        changed = {}
        for name, metric in model.metrics.items():
            summed = re.fullmatch(r"(?:SUM|COUNT)\(([\w.]+)\)", metric.expression)
            if summed and metric.fill_nulls_with is None:
                changed[name] = replace(metric, expression=f"CASE WHEN COUNT({summed.group(1)}) > 0 THEN {metric.expression} END")
        return replace(model, metrics={**model.metrics, **changed})

    def _is_own_time(self, field_id: str, metrics: list[str]) -> bool:
        owners = {self.model.metrics[m].expression.split("(")[-1].split(".")[0] for m in metrics if m in self.model.metrics}
        dataset = field_id.split(".")[0]
        return dataset in owners and self.model.datasets[dataset].default_time == field_id.split(".")[1]

    def _order(self, given: dict[str, Any], dimensions: list[dict[str, Any]]) -> list[dict[str, str]]:
        made = []
        for key in given.get("order_bys", []):
            name = key.removeprefix("-")
            by = name if name in given["metrics"] else self.field(name)[0]
            made.append({"by": by, "direction": "desc" if key.startswith("-") else "asc"})
        return made

    def _check_values_only(self, query: dict[str, Any], dimensions: list[dict[str, Any]]) -> None:
        """Values without a metric: the benchmark joins unrelated tables in full, we take what occurs together in one."""
        if query["metrics"]:
            return
        if query["entity_conditions"]:
            raise Unsupported("values that pass a condition on a metric")
        datasets = {d["field"].split(".")[0] for d in dimensions}
        if "metric" in datasets and (len(datasets) > 1 or dimensions[0]["grain"] == "hour"):
            raise Unsupported("dates of no metric beside other values, or by hour")
        targets = {r.to_dataset for r in self.model.relationships}
        if len(datasets) > 1 and datasets <= targets:
            raise Unsupported("values of several datasets, matched or not")

    def _filtered(self, where: str | None, query: dict[str, Any]) -> SemanticModel:
        """Put the query's filter into the query; what is no plain condition becomes a filter of the metrics."""
        if not where:
            return self.model
        if "Metric(" in where:
            query["entity_conditions"] += self._entity_conditions(where)
            return self.model
        parsed = parse_one(self._sql(where), read="duckdb")
        rest = []
        filters = []
        for part in parsed.flatten() if isinstance(parsed, exp.And) else [parsed]:
            made = _as_filter(part, self.model)
            (filters if made else rest).append(made or part.sql("duckdb"))
        query["filters"] = filters
        if not rest:
            return self.model
        if not query["metrics"] or any("metric.time" in r for r in rest):
            raise Unsupported("a filter that is no list of plain conditions")
        extra = " AND ".join(f"({r})" for r in rest)
        changed = {
            m: replace(
                self.model.metrics[m], filter=f"({self.model.metrics[m].filter}) AND {extra}" if self.model.metrics[m].filter else extra
            )
            for m in query["metrics"]
        }
        return replace(self.model, metrics={**self.model.metrics, **changed})


def _partition(source: dict[str, Any]) -> str | None:
    return next((str(d.get("expr") or d["name"]) for d in source.get("dimensions", []) if d.get("is_partition")), None)


def _offset(text: str | None) -> tuple[int | None, str | None]:
    if not text:
        return None, None
    count, unit = text.split()
    unit = unit.rstrip("s")
    if unit not in _GRAINS:
        raise Unsupported("custom granularity")
    return int(count), unit


def _cumulative(document: dict[str, Any]) -> CumulativeSpec:
    parameters = document["type_params"]
    inner = parameters.get("cumulative_type_params") or {}
    count, grain = _offset(inner.get("window") or parameters.get("window"))
    to_date = inner.get("grain_to_date") or parameters.get("grain_to_date")
    value = inner.get("period_agg") or "first"
    return CumulativeSpec(window_count=count, window_grain=grain, grain_to_date=to_date, period_value=value)


def _aggregate(measure: dict[str, Any], value: str) -> str:
    agg = measure["agg"].lower()
    if agg == "percentile":
        parameters = measure["agg_params"]
        # An exact percentile is a good approximate one.
        name = "QUANTILE_DISC" if parameters.get("use_discrete_percentile") else "QUANTILE_CONT"
        return f"{name}({value}, {parameters['percentile']})"
    if agg == "count_distinct":
        return f"COUNT(DISTINCT {value})"
    names = {"sum": "SUM", "sum_boolean": "SUM", "max": "MAX", "min": "MIN", "average": "AVG", "median": "MEDIAN", "count": "COUNT"}
    return f"{names[agg]}({value})"


def _reader(part: str) -> Callable[[Any], Any]:
    if part == "dow":
        return lambda v: _WEEKDAYS.index(v) + 1
    if part == "month":
        return lambda v: _MONTHS.index(v) + 1
    return (lambda v: v.year) if part == "year" else (lambda v: v)


_COMPARED = {exp.EQ: "in", exp.GT: "gt", exp.GTE: "ge", exp.LT: "lt", exp.LTE: "le"}


def _as_filter(condition: exp.Expression, model: SemanticModel) -> dict[str, Any] | None:
    """A plain condition on one field as a Filter; None for anything else."""
    if isinstance(condition, exp.Paren):
        return _as_filter(condition.this, model)
    if isinstance(condition, exp.Column):
        return {"field": f"{condition.table}.{condition.name}", "op": "in", "values": [True]}
    if isinstance(condition, exp.Not) and isinstance(condition.this, exp.Column):
        return {"field": f"{condition.this.table}.{condition.this.name}", "op": "in", "values": [False]}
    if isinstance(condition, exp.Or):
        return _either(list(condition.flatten()), model)
    if type(condition) in _COMPARED:
        field_id = _plain_field(condition.this)
        value = _plain_value(condition.expression)
        if field_id is not None and value is not None:
            return {"field": field_id, "op": _COMPARED[type(condition)], "values": [value]}
    return None


def _either(parts: list[exp.Expression], model: SemanticModel) -> dict[str, Any] | None:
    made = [_as_filter(p, model) for p in parts]
    if all(m is not None and m["op"] == "in" for m in made) and len({m["field"] for m in made if m}) == 1:
        return {"field": made[0]["field"], "op": "in", "values": [v for m in made if m for v in m["values"]]}  # type: ignore[index]
    missing = next((p for p in parts if isinstance(p, exp.Is) and isinstance(p.expression, exp.Null)), None)
    other = next((m for m in made if m is not None), None)
    if len(parts) == 2 and missing is not None and other is not None and other["values"] == [False]:
        return {"field": other["field"], "op": "not_in", "values": [True]}
    return None


def _plain_field(expression: exp.Expression) -> str | None:
    while isinstance(expression, exp.Cast):
        expression = expression.this
    return f"{expression.table}.{expression.name}" if isinstance(expression, exp.Column) else None


def _plain_value(expression: exp.Expression) -> Any:
    while isinstance(expression, exp.Cast):
        expression = expression.this
    if not isinstance(expression, exp.Literal):
        return None
    return expression.name if expression.is_string else float(expression.name)
