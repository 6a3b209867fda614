"""From what was asked to a MetricQuery: whose each field is, which rows are the base, and what must exist beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError

from assistant.minds.embedded.grammar.draft import World
from assistant.minds.embedded.records.asked import (
    AgainstAverage,
    Aggregated,
    Asked,
    Counted,
    Function,
    Named,
    Ordered,
    Related,
    Rows,
    Test,
)
from assistant.minds.embedded.values import key_field
from tools.core.query.metric_query import DimensionRef, EntityCondition, Filter, ListingSpec, Measure, MetricQuery, Order
from tools.core.semantics.model import Datatype

_NUMBER = (Datatype.INTEGER, Datatype.DECIMAL, Datatype.FLOAT)


class _Unclear(Exception):
    """Something may be one of several, or cannot be joined: there is no reading."""


def query_of(asked: Asked, world: World) -> tuple[MetricQuery, tuple[str, ...]] | None:
    """The plan and what is doubtful about it; None when it is not clear whose a field is, or it cannot be put together."""
    planner = _Planner(asked=asked, world=world)
    try:
        query = planner.query()
    except (_Unclear, ValidationError):
        return None
    return query, (*(f"I do not know '{v}' here, and took it for what ties them together" for v in asked.guessed), *planner.doubts)


@dataclass(kw_only=True)
class _Planner:
    asked: Asked
    world: World
    base: str = ""
    """The dataset whose rows are counted, aggregated or listed."""
    filters: list[Filter] = field(default_factory=list)
    conditions: list[EntityCondition] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    def query(self) -> MetricQuery:
        asked = self.asked
        self._check_split()
        measures = [self._measure(o) for o in asked.outputs if isinstance(o, (Aggregated, Counted))]
        ranked = [o for o in asked.order if o.dataset is not None or o.metric is not None]
        self.base = self._first_base(measures, ranked)
        fields = [self._field(o) for o in asked.outputs if isinstance(o, Named)]
        if measures:
            return self._figures(measures, fields)
        if ranked or self._having(fields):
            return self._ranked(fields, ranked)
        return self._rows(fields)

    def _first_base(self, measures: Sequence[Measure], ranked: Sequence[Ordered]) -> str:
        """What is counted or ranked by, as far as it is plain: fields are looked for there first."""
        metric = measures[0].metric if measures else ranked[0].metric if ranked else None
        fact = self.world.fact(metric) if metric is not None else None
        return fact or (ranked[0].dataset or "" if ranked else "")

    def _check_split(self) -> None:
        """ "how many customers have a loyalty tier": a field after a figure splits it only where that is said."""
        figured = False
        for output in self.asked.outputs:
            if figured and isinstance(output, Named) and not output.each:
                raise _Unclear
            figured = figured or isinstance(output, (Aggregated, Counted))

    # -- three forms ------------------------------------------------------------------------------

    def _figures(self, measures: list[Measure], fields: list[str]) -> MetricQuery:
        """Figures, of all or for each of something."""
        facts = [f for m in measures if (f := self.world.fact(m.metric)) is not None]
        if not facts:
            raise _Unclear
        self.base = facts[0]
        things = [o.dataset for o in self.asked.outputs if isinstance(o, Rows)]
        dimensions = [f for thing in things if thing != self.base for f in self._names(thing)]
        dimensions += [f for name in fields for f in self._with_key(name)]
        having = [r for r in self.asked.related if r.closed and r.dataset == self.base]
        self._conditions([r for r in self.asked.related if r not in having])
        conditions = [{"metric": measures[0].column, "op": r.op, "value": r.value} for r in having]
        order, limit = self._order([measures[0].column] if self.asked.best else [], dimensions)
        return self._query(metrics=measures, dimensions=dimensions, having=conditions, order=order, limit=limit)

    def _ranked(self, fields: list[str], ranked: Sequence[Ordered]) -> MetricQuery:
        """Things by how many rows of something they have: "the ship with the most captains", "teams with at least two technicians"."""
        things = [o.dataset for o in self.asked.outputs if isinstance(o, Rows)]
        having = self._having(fields)
        counted = (ranked[0].dataset if ranked else having[0].dataset) or self._spoken_of(things, fields)
        count = self.world.lexicon.count_metrics.get(counted or "")
        if ranked and ranked[0].metric is not None:
            counted, count = self.world.fact(ranked[0].metric), ranked[0].metric
        if counted is None or count is None or len(ranked) > 1:
            raise _Unclear
        self.base = counted
        if things == [counted] and fields:
            things = []
        if not (things or fields) or counted in things:
            raise _Unclear
        dimensions = [f for thing in things for f in self._names(thing)] + [f for name in fields for f in self._with_key(name)]
        self._conditions([r for r in self.asked.related if r not in having])
        conditions = [{"metric": count, "op": r.op, "value": r.value} for r in having]
        order, limit = self._order([count] if ranked else [], dimensions)
        return self._query(metrics=[Measure(metric=count)], dimensions=dimensions, having=conditions, order=order, limit=limit)

    def _rows(self, fields: list[str]) -> MetricQuery:
        """Fields of the rows of something, one line each; or the different values of a field."""
        things = [o.dataset for o in self.asked.outputs if isinstance(o, Rows)]
        owner = self._owner(fields, things)
        self.base = owner
        split = any(o.each for o in self.asked.outputs if isinstance(o, Named))
        if not self.asked.commanded or split or (things and not self.world.model.datasets[owner].is_entity):
            raise _Unclear  # "visits by store", "what are chats about": figures of facts, not their rows
        order_fields = self._order_fields(fields)
        shown = list(dict.fromkeys((*fields, *(f for f, _ in order_fields))))
        listed = all(self.world.reaches(owner, f.split(".")[0]) for f in shown)
        if not listed:
            self.base = self._bridge({*(f.split(".")[0] for f in shown), owner})
        self._conditions(self.asked.related)
        order = [Order(by=f, direction="desc" if descending else "asc") for f, descending in order_fields]
        limit = self.asked.limit
        single = len(self.world.model.datasets[owner].primary_key) == 1
        if self.asked.distinct or not listed or not single:
            keys = [] if self.asked.distinct else [k for f in shown if (k := self._key(f.split(".")[0])) is not None]
            named = [*dict.fromkeys((*keys, *shown))] if shown else self._names(owner)
            if not listed and not self.asked.distinct:
                self.doubts.append("each combination is listed once, however often it occurs")
            return self._query(dimensions=named, order=order, limit=limit)
        names = list(self.world.model.datasets[owner].named_by) if things or not fields else []
        listing = ListingSpec(entity=owner, fields=tuple(dict.fromkeys((*(f"{owner}.{n}" for n in names), *shown))))
        return self._query(listing=listing, order=order, limit=limit)

    def _query(
        self,
        *,
        metrics: Sequence[Measure] = (),
        dimensions: Sequence[str] = (),
        having: Sequence[dict[str, object]] = (),
        order: Sequence[Order] = (),
        limit: int | None = None,
        listing: ListingSpec | None = None,
    ) -> MetricQuery:
        picks = limit is not None and bool(order)
        return MetricQuery.model_validate(
            {
                "metrics": tuple(metrics),
                "dimensions": tuple(DimensionRef(field=f) for f in dict.fromkeys(dimensions)),
                "filters": tuple(dict.fromkeys(self.filters)),
                "entity_conditions": tuple(dict.fromkeys(self.conditions)),
                "having": tuple(having),
                "order": tuple(order),
                "limit": limit if picks else None,
                # Two that are equally old are both the oldest; who asks for three gets three.
                "ties": "include" if picks and limit == 1 else "cut",
                "listing": listing,
            }
        )

    # -- parts --------------------------------------------------------------------------------------

    def _measure(self, output: Aggregated | Counted) -> Measure:
        if isinstance(output, Counted):
            metric = output.metric or self.world.lexicon.count_metrics.get(output.dataset or "")
        else:
            metric = self._aggregate(output.function, self._field(output.named))
        if metric is None:
            raise _Unclear
        return Measure(metric=metric)

    def _aggregate(self, function: Function, field_id: str) -> str | None:
        """The metric that is this aggregate of this field."""
        wanted = f"count(distinct{field_id})" if function == "DISTINCT" else f"{function.lower()}({field_id})"
        metrics = self.world.model.metrics.values()
        found = (m.name for m in metrics if m.filter is None and re.sub(r"\s+", "", m.expression).lower() == wanted.lower())
        return next(found, None)

    def _having(self, fields: Sequence[str]) -> list[Related]:
        """Limits on how many rows of something the groups have, where the groups are no entity with a key of its own."""
        return [r for r in self.asked.related if r.closed and fields and all(f.split(".")[0] == r.dataset for f in fields)]

    def _spoken_of(self, things: Sequence[str], fields: Sequence[str]) -> str | None:
        """What is counted when only "most common" is said: the rows that have the field."""
        owners = [*things, *(f.split(".")[0] for f in fields)]
        facts = [d for d in self.asked.spoken_of if all(self.world.reaches(d, o) for o in owners)]
        return next(iter((*facts, *owners)), None)

    def _owner(self, fields: Sequence[str], things: Sequence[str]) -> str:
        datasets = list(dict.fromkeys(f.split(".")[0] for f in fields))
        owner = things[0] if things else self.asked.owner
        if owner is None or (datasets and not any(self.world.reaches(owner, d) for d in datasets)):
            owner = datasets[0] if datasets else owner
        if owner is None:
            raise _Unclear
        if len(datasets) == 1 and datasets[0] != owner and not things and owner not in [f.split(".")[0] for f in fields]:
            return owner if self.world.reaches(owner, datasets[0]) else datasets[0]
        return owner

    def _names(self, dataset: str) -> list[str]:
        """What shows the rows of a dataset one by one: the key and what people call them."""
        key = self._key(dataset)
        if key is None:
            raise _Unclear
        return [key, *(f"{dataset}.{name}" for name in self.world.model.datasets[dataset].named_by)]

    def _key(self, dataset: str) -> str | None:
        key = key_field(self.world.model, dataset)
        return key.id if key is not None else None

    def _with_key(self, field_id: str) -> list[str]:
        """A name stands for its row: two of the same name are not one."""
        dataset, _, name = field_id.partition(".")
        key = self._key(dataset)
        if dataset == self.base or key is None or name not in self.world.model.datasets[dataset].named_by:
            return [field_id]
        return [key, field_id]

    def _order(self, columns: Sequence[str], dimensions: Sequence[str]) -> tuple[list[Order], int | None]:
        """By a figure when the best are asked for, else as the question says."""
        asked = self.asked
        if columns and asked.order:
            return [Order(by=columns[0], direction="desc" if asked.order[0].descending else "asc")], asked.limit
        if not asked.order:
            return [], None
        found = []
        for key in asked.order:
            by = self._field(key.named) if key.named is not None else next(iter(dimensions), None)
            if by is None or by not in dimensions:
                raise _Unclear
            found.append(Order(by=by, direction="desc" if key.descending else "asc"))
        return found, asked.limit

    def _order_fields(self, fields: Sequence[str]) -> list[tuple[str, bool]]:
        found = []
        for key in self.asked.order:
            texts = [f for f in fields if self.world.model.field(f).datatype is Datatype.STRING]
            by = self._field(key.named) if key.named is not None else next(iter(texts or fields), None)
            if by is None:
                by = next((f"{self.base}.{n}" for n in self.world.model.datasets[self.base].named_by), None)
            if by is None:
                raise _Unclear
            found.append((by, key.descending))
        return found

    # -- conditions -----------------------------------------------------------------------------------

    def _conditions(self, related: Iterable[Related]) -> None:
        """Filters where the base has the field; else something must exist that has both."""
        apart: dict[str, list[Filter]] = {}
        for test in self.asked.tests:
            condition = test.on(self._field(test.named))
            dataset = condition.field.split(".")[0]
            if self.world.reaches(self.base, dataset):
                if _excludes(condition, self.filters):
                    raise _Unclear  # No row is two things at once: several rows of something are meant.
                self.filters.append(condition)
                continue
            fact = self._bridge({self.base, dataset})
            if _excludes(condition, apart.get(fact, ())):
                # "players who play forward as well as players who play defender": a row for each.
                self.conditions.append(EntityCondition(entity=self._entity(), fact=fact, filters=(condition,)))
            else:
                apart.setdefault(fact, []).append(condition)
        for test in self.asked.years:
            self._year(test, apart)
        for fact, filters in apart.items():
            self.conditions.append(EntityCondition(entity=self._entity(), fact=fact, filters=tuple(filters)))
        for each in related:
            self._related(each)
        for average in self.asked.averages:
            self._average(average)
        self._implied()

    def _implied(self) -> None:
        """ "teams involved in matches": those that have any, where nothing else ties the two."""
        shown = {o.dataset for o in self.asked.outputs if isinstance(o, Rows)}
        used = {c.fact for c in self.conditions} | {c.entity for c in self.conditions} | {f.field.split(".")[0] for f in self.filters}
        told = {self._field(o).split(".")[0] for o in self.asked.outputs if isinstance(o, Named)} | shown
        for dataset in self.asked.spoken_of:
            if dataset in used | told or not self.world.reaches(dataset, self.base) or dataset == self.base:
                continue
            if any(o.dataset == dataset for o in self.asked.order) or any(self.world.reaches(c.fact, dataset) for c in self.conditions):
                continue
            self.conditions.append(EntityCondition(entity=self._entity(), fact=dataset))
            used.add(dataset)

    def _year(self, test: Test, apart: dict[str, list[Filter]]) -> None:
        """The year of the base, of what the conditions are about, or of something spoken of: the one field that is a year."""
        for dataset in dict.fromkeys((self.base, *apart, *self.asked.spoken_of)):
            if self.world.model.datasets[dataset].default_time is not None:
                raise _Unclear  # It has days: that is a window, which the readers of figures know.
            years = [
                f.id
                for f in self.world.model.datasets[dataset].fields.values()
                if f.is_dimension and f.datatype in _NUMBER and "year" in f.label.split()
            ]
            if len(years) > 1:
                raise _Unclear
            if years and self.world.reaches(self.base, dataset):
                self.filters.append(test.on(years[0]))
                return
            if years and dataset in apart:
                apart[dataset].append(test.on(years[0]))
                return
        raise _Unclear

    def _related(self, each: Related) -> None:
        entity = self._entity()
        filters = []
        fact = each.dataset if self.world.reaches(each.dataset, entity) and each.dataset != entity else None
        wanted = {entity, each.dataset}
        for test in each.tests:
            condition = test.on(self._field(test.named, near=each.dataset))
            wanted.add(condition.field.split(".")[0])
            filters.append(condition)
        if fact is None or not all(self.world.reaches(fact, d) for d in wanted):
            fact = self._bridge(wanted)
        if fact == entity:
            raise _Unclear
        self.conditions.append(EntityCondition(entity=entity, fact=fact, filters=tuple(filters), op=each.op, value=each.value))

    def _average(self, average: AgainstAverage) -> None:
        field_id = self._field(average.named)
        metric = self._aggregate("AVG", field_id)
        if metric is None:
            raise _Unclear
        entity = self._entity()
        if not self.world.reaches(field_id.split(".")[0], entity):
            raise _Unclear
        self.conditions.append(EntityCondition(entity=entity, metric=metric, op=average.op, value=1, relative_to="average"))

    def _entity(self) -> str:
        """The base, as something whose rows can be told apart."""
        if self._key(self.base) is None:
            raise _Unclear
        return self.base

    def _bridge(self, datasets: set[str]) -> str:
        """The dataset whose rows belong to one row of each: what ties them together. The closest, when it is the only one."""
        facts = [d for d in self.world.model.datasets if all(self.world.reaches(d, other) for other in datasets)]
        direct = [f for f in facts if f in datasets] or facts
        spoken = [f for f in direct if f in self.asked.spoken_of]
        closest = spoken or direct
        if not closest:
            raise _Unclear
        fewest = min(len(self.world.graph.reachable(f)) for f in closest)
        nearest = [f for f in closest if len(self.world.graph.reachable(f)) == fewest]
        if len(nearest) > 1:
            raise _Unclear
        return nearest[0]

    # -- whose a field is -------------------------------------------------------------------------------

    def _field(self, named: Named, near: str | None = None) -> str:
        """The field meant: of the thing named beside it, else of the thing asked about, else of what belongs to it."""
        candidates = list(named.fields)
        if len(candidates) == 1:
            return candidates[0]
        for wanted in (near, named.of, self.base or None, self.asked.owner):
            own = [c for c in candidates if wanted is not None and c.split(".")[0] == wanted]
            if len(own) == 1:
                return own[0]
        owner = named.of or self.base or self.asked.owner
        reached = [c for c in candidates if owner is not None and self.world.reaches(owner, c.split(".")[0])]
        spoken = [c for c in (reached or candidates) if c.split(".")[0] in self.asked.spoken_of]
        for group in (spoken, reached):
            if len(group) == 1:
                return group[0]
        raise _Unclear


def _excludes(one: Filter, others: Iterable[Filter]) -> bool:
    """Whether no row can pass both: two values of one field."""
    return any(o.field == one.field and o.op == one.op == "in" and not set(o.values) & set(one.values) for o in others)
