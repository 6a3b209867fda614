"""From what was asked to a MetricQuery: whose each field is, which rows are the base, and what must exist beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from pydantic import ValidationError

from assistant.minds.embedded.grammar.draft import World
from assistant.minds.embedded.records.asked import (
    AgainstAverage,
    Aggregated,
    Asked,
    Counted,
    Named,
    Ordered,
    Related,
    Rows,
    Test,
)
from assistant.minds.embedded.records.filters import OPPOSITE, excludes, in_days, leaves_nothing
from assistant.minds.embedded.records.whose import Unclear, Whose
from tools.core.query.metric_query import DimensionRef, EntityCondition, Filter, ListingSpec, Measure, MetricQuery, Order
from tools.core.semantics.model import Datatype

_NUMBER = (Datatype.INTEGER, Datatype.DECIMAL, Datatype.FLOAT)
_ROWS_PER_KIND = 20
"""From so many rows per value on, a field names kinds of rows, and nobody wants it once per row."""


def query_of(asked: Asked, world: World) -> tuple[MetricQuery, tuple[str, ...]] | None:
    """The plan and what is doubtful about it; None when it is not clear whose a field is, or it cannot be put together."""
    planner = _Planner(asked=asked, world=world)
    try:
        query = planner.query()
    except (Unclear, ValidationError):
        return None
    return query, (*(f"I do not know '{v}' here, and took it for what ties them together" for v in asked.guessed), *planner.doubts)


@dataclass(kw_only=True)
class _Planner(Whose):
    """Puts the plan together; fields and joins are found by `Whose`."""

    filters: list[Filter] = field(default_factory=list)
    conditions: list[EntityCondition] = field(default_factory=list)
    sorted_by: list[str] = field(default_factory=list)

    def query(self) -> MetricQuery:
        asked = self.asked
        self._check_split()
        if asked.shared:
            asked.tests = [replace(t, each=True) if len(t.values) > 1 else t for t in asked.tests]
        if asked.both and not (any(t.each for t in asked.tests) or len(asked.tests) == 2):
            raise Unclear
        measures = [self._measure(o) for o in asked.outputs if isinstance(o, (Aggregated, Counted))]
        ranked = [o for o in asked.order if o.dataset is not None or o.metric is not None]
        self.base = self._first_base(measures, ranked)
        fields = [self.field_of(o) for o in asked.outputs if isinstance(o, Named)]
        if measures:
            return self._figures(measures, fields)
        if apart := self._group_by_group(fields):
            return apart
        if asked.bounds:
            return self._bounded(fields)
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
                raise Unclear
            figured = figured or isinstance(output, (Aggregated, Counted))

    # -- three forms ------------------------------------------------------------------------------

    def _figures(self, measures: list[Measure], fields: list[str]) -> MetricQuery:
        """Figures, of all or for each of something."""
        facts = [f for m in measures if (f := self.world.fact(m.metric)) is not None]
        if not facts:
            raise Unclear
        self.base = facts[0]
        whose = [o.dataset for o in self.asked.outputs if isinstance(o, Rows)] + [
            o.of for o in self.asked.outputs if isinstance(o, Named) and o.of
        ]
        done = self._done(self.base, whose) if len(measures) == 1 and isinstance(self.asked.outputs[-1], Counted) else self.base
        if done is not None and done != self.base:
            for each in (r for r in self.asked.related if r.dataset == self.base):
                each.dataset = done
            measures, self.base = [Measure(metric=self.world.lexicon.count_metrics[done])], done
            fields = [self.field_of(o) for o in self.asked.outputs if isinstance(o, Named)]
        things = [o.dataset for o in self.asked.outputs if isinstance(o, Rows)]
        dimensions = [f for thing in things if thing != self.base for f in self.names_of(thing)]
        dimensions += [f for name in fields for f in self.with_key(name)]
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
        if ranked and ranked[0].metric is not None:
            counted = self.world.lexicon.counted_by(ranked[0].metric) or self.world.fact(ranked[0].metric)
        counted = self._done(counted, [*things, *(f.split(".")[0] for f in fields)])
        count = self.world.lexicon.count_metrics.get(counted or "")
        if ranked and ranked[0].metric is not None and not self.world.lexicon.counted_by(ranked[0].metric):
            count = ranked[0].metric
        if counted is None or count is None or len(ranked) > 1:
            raise Unclear
        self.base = counted
        if things == [counted] and fields:
            things = []
        if not (things or fields) or counted in things:
            raise Unclear
        dimensions = [f for thing in things for f in self.names_of(thing)] + [f for name in fields for f in self.with_key(name)]
        self._conditions([r for r in self.asked.related if r not in having])
        conditions = [{"metric": count, "op": r.op, "value": r.value} for r in having]
        order, limit = self._order([count] if ranked else [], dimensions)
        return self._query(metrics=[Measure(metric=count)], dimensions=dimensions, having=conditions, order=order, limit=limit)

    def _done(self, counted: str | None, owners: Sequence[str]) -> str | None:
        """ "who took part in the most races": where races do not belong to one of them, what is counted is the taking part."""
        if counted is None or all(self.world.reaches(counted, o) for o in owners):
            return counted
        deeds = [d for d in self.asked.spoken_of if all(self.world.reaches(d, o) for o in (*owners, counted)) and d != counted]
        return deeds[0] if deeds and self.world.lexicon.count_metrics.get(deeds[0]) else counted

    def _bounded(self, fields: list[str]) -> MetricQuery:
        """Things or groups by a limit for a figure of theirs: "stables whose horses' average age is over 8"."""
        things = [o.dataset for o in self.asked.outputs if isinstance(o, Rows)]
        if self.asked.order or not (things or fields):
            raise Unclear
        measures = [self._measure(b.output) for b in self.asked.bounds]
        facts = [f for m in measures if (f := self.world.fact(m.metric)) is not None]
        if len(set(facts)) != 1 or len(measures) != len(facts):
            raise Unclear
        self.base = facts[0]
        owners = list(dict.fromkeys((*things, *(f.split(".")[0] for f in fields))))
        dimensions = [f for thing in things if thing != self.base for f in self.names_of(thing)] + fields
        own = {self.key_of(self.base), *(f"{self.base}.{n}" for n in self.world.model.datasets[self.base].named_by)}
        if not dimensions or own & set(dimensions):
            raise Unclear  # One row each: its own value is no average.
        named = [o for o in owners if o != self.base and any(f in dimensions for f in self.labels_of(o))]
        dimensions += [k for o in named if (k := self.key_of(o)) is not None and k not in dimensions]
        self._conditions(self.asked.related)
        having = [{"metric": m.column, "op": b.op, "value": b.value} for m, b in zip(measures, self.asked.bounds, strict=True)]
        return self._query(metrics=measures, dimensions=dimensions, having=having)

    def _group_by_group(self, fields: list[str]) -> MetricQuery | None:
        """Values of a field whose rows are of both kinds, or never of one: "countries with both open and closed races".

        The field is no row of its own that conditions could be set on: its rows are counted, those of each kind apart.
        """
        datasets = {f.split(".")[0] for f in fields}
        if len(datasets) != 1 or self.asked.order or self.asked.averages or any(isinstance(o, Rows) for o in self.asked.outputs):
            return None
        (dataset,) = datasets
        named_by = {f"{dataset}.{n}" for n in self.world.model.datasets[dataset].named_by}
        count = self.world.lexicon.count_metrics.get(dataset)
        if count is None or {self.key_of(dataset), *named_by} & set(fields):
            return None
        kinds: list[tuple[Filter, ...]] = []
        never: list[tuple[Filter, ...]] = []
        tests = [(test, test.on(self.field_of(test.named))) for test in self.asked.tests]
        apart = len(tests) == 2 and leaves_nothing(tests[0][1], tests[1][1])
        for test, condition in tests:
            if not (test.each or apart) or not self.world.reaches(dataset, condition.field.split(".")[0]):
                return None
            kinds += [(condition,)] if apart else [(condition.model_copy(update={"values": (v,)}),) for v in test.values]
        for related in self.asked.related:
            filters = tuple(t.on(self.field_of(t.named, near=dataset)) for t in related.tests)
            own = related.dataset == dataset and all(self.world.reaches(dataset, f.field.split(".")[0]) for f in filters)
            if not own or not filters or related.closed or not (related.denied or (related.op, related.value) == ("ge", 1)):
                return None
            (never if related.denied else kinds).append(filters)
        if len(kinds) < 2 and not never:
            return None
        self.base = dataset
        counted = [Measure(metric=count, filters=f, alias=f"kind_{n}") for n, f in enumerate((*kinds, *never), start=1)]
        limits = [("ge", 1)] * len(kinds) + [("eq", 0)] * len(never)
        having = [{"metric": m.column, "op": op, "value": value} for m, (op, value) in zip(counted, limits, strict=True)]
        metrics = [Measure(metric=count), *counted] if never else counted
        return self._query(metrics=metrics, dimensions=fields, having=having)

    def _rows(self, fields: list[str]) -> MetricQuery:
        """Fields of the rows of something, one line each; or the different values of a field."""
        things = [o.dataset for o in self.asked.outputs if isinstance(o, Rows)]
        owner = self.owner_of(fields, things)
        self.base = owner
        split = any(o.each for o in self.asked.outputs if isinstance(o, Named))
        if not self.asked.commanded or split or (things and not self.world.model.datasets[owner].is_entity):
            raise Unclear  # "visits by store", "what are chats about": figures of facts, not their rows
        order_fields = self._order_fields(fields)
        shown = list(dict.fromkeys((*fields, *(f for f, _ in order_fields))))
        listed = all(self.world.reaches(owner, f.split(".")[0]) for f in shown)
        if not listed:
            self.base = self.bridge({*(f.split(".")[0] for f in shown), owner})
        self._conditions(self.asked.related)
        order = [Order(by=f, direction="desc" if descending else "asc") for f, descending in order_fields]
        limit = self.asked.limit
        single = len(self.world.model.datasets[owner].primary_key) == 1
        distinct = self.asked.distinct or (not things and not order and self._names_kinds(shown))
        if distinct or not listed or not single:
            keys = [] if distinct else [k for f in shown if (k := self.key_of(f.split(".")[0])) is not None]
            named = [*dict.fromkeys((*keys, *shown))] if shown else self.names_of(owner)
            if not listed and not distinct:
                self.doubts.append("each combination is listed once, however often it occurs")
            return self._query(dimensions=named, order=order, limit=limit)
        fields_of_others = [f"{t}.{n}" for t in things[1:] for n in self.world.model.datasets[t].named_by]
        shown = list(dict.fromkeys((*shown, *fields_of_others)))
        names = list(self.world.model.datasets[owner].named_by) if things or not fields else []
        listing = ListingSpec(entity=owner, fields=tuple(dict.fromkeys((*(f"{owner}.{n}" for n in names), *shown))))
        return self._query(listing=listing, order=order, limit=limit)

    def _names_kinds(self, fields: Sequence[str]) -> bool:
        """Whether the fields sort many rows into few kinds ("what departments are there"): each is told once."""
        values = self.world.values
        counts = [(len(found), sum(values.rows(f, v) for v in found)) for f in fields if (found := values.values_of(f))]
        return bool(fields) and len(counts) == len(fields) and all(rows >= _ROWS_PER_KIND * kinds for kinds, rows in counts)

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
        pinned = {f.field for f in self.filters if f.op == "in" and len(f.values) == 1}
        if dimensions and not metrics and {*dimensions} <= pinned:
            raise Unclear  # "what did member 17 book": the number is known
        picks = limit is not None and bool(order)
        return MetricQuery.model_validate(
            {
                "metrics": tuple(metrics),
                "dimensions": tuple(DimensionRef(field=f) for f in dict.fromkeys((*dimensions, *self.sorted_by))),
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
            metric = self.aggregate(output.function, self.field_of(output.named))
        if metric is None:
            raise Unclear
        return Measure(metric=metric)

    def _having(self, fields: Sequence[str]) -> list[Related]:
        """Limits on how many rows of something the groups have, where the groups are no entity with a key of its own."""
        return [r for r in self.asked.related if r.closed and fields and all(f.split(".")[0] == r.dataset for f in fields)]

    def _spoken_of(self, things: Sequence[str], fields: Sequence[str]) -> str | None:
        """What is counted when only "most common" is said: the rows that have the field."""
        owners = [*things, *(f.split(".")[0] for f in fields)]
        facts = [d for d in self.asked.spoken_of if all(self.world.reaches(d, o) for o in owners)]
        return next(iter((*facts, *owners)), None)

    def _order(self, columns: Sequence[str], dimensions: Sequence[str]) -> tuple[list[Order], int | None]:
        """By a figure when the best are asked for, else as the question says."""
        asked = self.asked
        if columns and asked.order:
            return [Order(by=columns[0], direction="desc" if asked.order[0].descending else "asc")], asked.limit
        if not asked.order:
            return [], None
        found = []
        for key in asked.order:
            by = self.field_of(key.named) if key.named is not None else next(iter(dimensions), None)
            if by is not None and by not in dimensions and self.key_of(by.split(".")[0]) in dimensions:
                self.sorted_by.append(by)  # One value for each row of the split: it may stand beside it.
            elif by is None or by not in dimensions:
                raise Unclear
            found.append(Order(by=by, direction="desc" if key.descending else "asc"))
        return found, asked.limit

    def _order_fields(self, fields: Sequence[str]) -> list[tuple[str, bool]]:
        found = []
        for key in self.asked.order:
            texts = [f for f in fields if self.world.model.field(f).datatype is Datatype.STRING]
            by = self.field_of(key.named) if key.named is not None else next(iter(texts or fields), None)
            if by is None:
                by = next((f"{self.base}.{n}" for n in self.world.model.datasets[self.base].named_by), None)
            if by is None:
                raise Unclear
            found.append((by, key.descending))
        return found

    # -- conditions -----------------------------------------------------------------------------------

    def _conditions(self, related: Iterable[Related]) -> None:
        """Filters where the base has the field; else something must exist that has both."""
        apart: dict[str, list[Filter]] = {}
        for test in self.asked.tests:
            condition = test.on(self.field_of(test.named))
            dataset = condition.field.split(".")[0]
            if self.world.reaches(self.base, dataset):
                if excludes(condition, self.filters):
                    raise Unclear  # No row is two things at once: several rows of something are meant.
                self.filters.append(condition)
                continue
            fact = self.bridge({self.base, dataset})
            if condition.op == "not_in":
                # "took part in A but not in B": no row with B, rather than a row without it.
                opposite = condition.model_copy(update={"op": "in"})
                self.conditions.append(EntityCondition(entity=self._entity(), fact=fact, filters=(opposite,), op="eq", value=0))
            elif test.each:
                kinds = [condition.model_copy(update={"values": (v,)}) for v in condition.values]
                self.conditions += [EntityCondition(entity=self._entity(), fact=fact, filters=(f,)) for f in kinds]
            elif excludes(condition, apart.get(fact, ())):
                # "players who play forward as well as players who play defender": a row for each.
                self.conditions.append(EntityCondition(entity=self._entity(), fact=fact, filters=(condition,)))
            else:
                apart.setdefault(fact, []).append(condition)
        for test in self.asked.years:
            self._year(test, apart)
        for fact, wanted in apart.items():
            self.conditions.append(EntityCondition(entity=self._entity(), fact=fact, filters=tuple(wanted)))
        for each in related:
            self._related(each)
        for average in self.asked.averages:
            self._average(average)
        self._implied()

    def _implied(self) -> None:
        """ "teams involved in matches": those that have any, where nothing else ties the two."""
        shown = {o.dataset for o in self.asked.outputs if isinstance(o, Rows)}
        used = {c.fact for c in self.conditions} | {c.entity for c in self.conditions} | {f.field.split(".")[0] for f in self.filters}
        told = {self.field_of(o).split(".")[0] for o in self.asked.outputs if isinstance(o, Named)} | shown
        for dataset in self.asked.spoken_of:
            if dataset in used | told or not self.world.reaches(dataset, self.base) or dataset == self.base:
                continue
            things = [d for d in self.asked.spoken_of if d not in self.asked.deeds and d != self.base]
            if dataset in self.asked.deeds and things and all(self.world.reaches(self.base, d) for d in things):
                continue  # "how many assets does each contract contain": the verb says how the two belong together
            if any(o.dataset == dataset for o in self.asked.order) or any(self.world.reaches(c.fact, dataset) for c in self.conditions):
                continue
            self.conditions.append(EntityCondition(entity=self._entity(), fact=dataset))
            used.add(dataset)

    def _year(self, test: Test, apart: dict[str, list[Filter]]) -> None:
        """The year of the base, of what the conditions are about, or of something spoken of: the one field that is a year."""
        figures = any(isinstance(o, (Aggregated, Counted)) for o in self.asked.outputs)
        filtered = [f.field.split(".")[0] for f in (*self.filters, *(f for fs in apart.values() for f in fs))]
        for dataset in dict.fromkeys((self.base, *apart, *self.asked.spoken_of, *filtered)):
            dated = self.world.model.datasets[dataset].default_time
            if dated is not None and figures and dataset == self.base:
                raise Unclear  # It has days: that is a window, which the readers of figures know.
            if dated is not None and not self.world.reaches(self.base, dataset) and self.asked.related:
                raise Unclear  # The days may be those of the other rows that are spoken of.
            if dated is not None:
                condition = in_days(test, f"{dataset}.{dated}")
                if self.world.reaches(self.base, dataset):
                    self.filters.append(condition)
                    return
                fact = next((f for f in apart if self.world.reaches(f, dataset)), None) or self.bridge({self.base, dataset})
                apart.setdefault(fact, []).append(condition)
                return
            years = [
                f.id
                for f in self.world.model.datasets[dataset].fields.values()
                if f.is_dimension and f.datatype in _NUMBER and "year" in f.label.split()
            ]
            if len(years) > 1:
                raise Unclear
            if years and self.world.reaches(self.base, dataset):
                self.filters.append(test.on(years[0]))
                return
            if years and dataset in apart:
                apart[dataset].append(test.on(years[0]))
                return
        raise Unclear

    def _related(self, each: Related) -> None:
        entity = self._entity()
        filters = []
        fact = each.dataset if self.world.reaches(each.dataset, entity) and each.dataset != entity else None
        wanted = {entity, each.dataset}
        for test in each.tests:
            condition = test.on(self.field_of(test.named, near=each.dataset))
            wanted.add(condition.field.split(".")[0])
            filters.append(condition)
        for test in each.years:
            dated = self.world.model.datasets[each.dataset].default_time
            if dated is None:
                raise Unclear
            filters.append(in_days(test, f"{each.dataset}.{dated}"))
        if each.denied and each.dataset == entity and len(filters) == 1 and filters[0].op in OPPOSITE:
            self.filters.append(filters[0].model_copy(update={"op": OPPOSITE[filters[0].op]}))
            return
        if fact is None or not all(self.world.reaches(fact, d) for d in wanted):
            fact = self.bridge(wanted)
        if fact == entity:
            raise Unclear
        several = each.value > 1 or each.op in ("gt", "lt", "le")
        told_apart = self.key_of(each.dataset) if several and each.dataset not in (fact, entity) else None  # "bought by 500 customers"
        self.conditions.append(
            EntityCondition(entity=entity, fact=fact, filters=tuple(filters), op=each.op, value=each.value, distinct=told_apart)
        )

    def _average(self, average: AgainstAverage) -> None:
        field_id = self.field_of(average.named)
        metric = self.aggregate("AVG", field_id)
        if metric is None:
            raise Unclear
        entity = self._entity()
        if not self.world.reaches(field_id.split(".")[0], entity):
            raise Unclear
        self.conditions.append(EntityCondition(entity=entity, metric=metric, op=average.op, value=1, relative_to="average"))

    def _entity(self) -> str:
        """The base, as something whose rows can be told apart."""
        if self.key_of(self.base) is None:
            raise Unclear
        return self.base
