"""One edit of a plan: what a fragment's slots and its wishes ("too", "without", "versus") make of the plan before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from assistant.minds.embedded.edit_figures import as_quotient, per_customer, take_part_of_figure, take_single_rows
from assistant.minds.embedded.edit_parts import (
    consistent,
    days,
    dumped,
    fields_named,
    is_about,
    is_plain,
    is_series,
    joined,
    renamed,
    restored,
    tests_the_same,
)
from assistant.minds.embedded.edit_rows import BARE, Rows
from assistant.minds.embedded.edit_window import against, conditions_in, same_part_of, window_of
from assistant.minds.embedded.finish import part_filter
from assistant.minds.embedded.temporal_words import UNITS
from assistant.minds.embedded.values import said
from tools.core.query.metric_query import (
    Comparison,
    Filter,
    Grain,
    Measure,
    MetricQuery,
    Order,
    TimeWindow,
)

_WHOLE_PARTS: dict[str, tuple[str, Any]] = {
    "filter": ("filters", ()),
    "filters": ("filters", ()),
    "comparison": ("comparison", None),
    "limit": ("limit", None),
}
"""Words for a slot as a whole, and its empty value."""


class Edit(Rows):
    """Collects the changed slots and the words for what stays."""

    def query(self) -> MetricQuery | None:
        """The plan with every changed slot; None when nothing changed or the parts do not go together."""
        if "share" in self.wishes and self.draft.measures:
            if not as_quotient(self.draft, self.previous.metrics):
                self.refused = "These two figures divided by each other are no figure of this data."
                return None
            self.wishes -= {"share"} if self.draft.measures else set()
        take_part_of_figure(self.draft, self.previous.metrics)
        take_single_rows(self.draft, self.previous.metrics, per="per" in self.words, ranked=bool(self.previous.order))
        for part in (
            self._average,
            self._metrics,
            self._per_entity,
            self._window,
            self._filters,
            self.dimensions,
            self.share,
            self.ranking,
            self.absolute,
            self.turned,
            self._whole_parts,
        ):
            part()
        return self._made(self.changes) if self.changes else None

    def other(self) -> MetricQuery | None:
        """The plan to fall back on when the first finds no data."""
        return self._made(self.changes | self.instead) if self.instead else None

    def _made(self, changes: dict[str, Any]) -> MetricQuery | None:
        try:
            query = MetricQuery.model_validate(self.previous.model_dump() | {k: dumped(v) for k, v in changes.items()})
        except ValidationError:
            return None
        return consistent(query)

    def _average(self) -> None:
        """ "the average of these months": over the rows shown, where they are periods or entities."""
        if "average" not in self.wishes or self.draft.measures or len(self.previous.metrics) != 1 or len(self.previous.dimensions) != 1:
            return
        measure, dimension = self.previous.metrics[0], self.previous.dimensions[0]
        if not is_plain(measure):
            return
        entity = dimension.field.split(".")[0]
        if is_series(dimension) and dimension.grain is not None and dimension.grain is not Grain.HOUR:
            made = Measure(metric=measure.metric, per_grain=dimension.grain.value, aggregate="avg")
        elif self.draft.key_of(entity) == dimension:
            made = Measure(metric=measure.metric, per=entity, aggregate="avg")
        else:
            return
        self.changes |= BARE | {"metrics": (made,)}

    # -- figures --------------------------------------------------------------------------------

    def _metrics(self) -> None:
        labels = [self.draft.model.metrics[m.metric].label for m in self.previous.metrics]
        new = tuple(self.draft.measures)
        if self.draft.bare_count and (self.draft.filters or self.draft.entity_conditions) and not {"number", "many"} & set(self.words):
            new = ()  # "only married people" are whom the figure is of
        if self.draft.bare_count and new and self._names_rows(new[0]):
            new = ()  # "for campaigns in 2026", where each row is a campaign
        if not new or "drop" in self.wishes:
            self.carried += labels
            kept = tuple(m for m in self.previous.metrics if m.metric not in {n.metric for n in new})
            if new and kept and len(kept) < len(self.previous.metrics):
                self.changes["metrics"] = kept
            elif new and not kept:
                self.refused = f"{labels[0]} is all that is shown, so there is nothing left without it."
            return
        if self._adds_metric() or "sort" in self.wishes:
            self.changes["metrics"] = tuple(dict.fromkeys((*self.previous.metrics, *new)))
            self.carried += labels
            if "sort" in self.wishes:
                self.changes["order"] = (Order(by=new[0].column, direction=self._direction()),)
            return
        if len(new) == 1 and len(self.previous.metrics) == 1 and is_plain(new[0]):
            new = (self.previous.metrics[0].model_copy(update={"metric": new[0].metric, "alias": None}),)
        self.changes |= {"metrics": new, "having": tuple(self.draft.having)}
        self._rename(new[0].column)

    def _rename(self, column: str) -> None:
        """What was sorted by the figure before is sorted by the one in its place."""
        names = {self.previous.metrics[0].column: column} if self.previous.metrics else {}
        self.changes["order"] = tuple(o.model_copy(update={"by": renamed(o.by, names)}) for o in self.previous.order)
        if self.previous.top_per_group is not None:
            top = self.previous.top_per_group
            self.changes["top_per_group"] = top.model_copy(update={"by": renamed(top.by, names)})

    def _names_rows(self, counting: Measure) -> bool:
        """Whether the count is of what the rows are, and only named by "for" or "of"."""
        entity = self.draft.world.lexicon.counted_by(counting.metric)
        key = self.draft.key_of(entity) if entity is not None else None
        at = next((i for i, claim in enumerate(self.draft.claims) if claim == "metric"), 0)
        led = at > 0 and self.draft.items[at - 1].text in ("for", "of", "in", "among", "with", "only", "just")
        return led and key is not None and any(d.field == key.field for d in self.previous.dimensions)

    def _per_entity(self) -> None:
        made = per_customer(self.draft, self.previous.metrics)
        if made is not None:
            self.changes["metrics"] = (made,)
            self._rename(made.column)

    def _adds_metric(self) -> bool:
        """ "clicks too", "and the number of visits": beside what is shown, not in its place."""
        return "add" in self.wishes or "also" in self.words or self.words[:2] == ("and", "the")

    def _direction(self) -> str:
        rank = self.draft.rank
        return "asc" if rank is not None and rank.direction in ("asc", "worst") else "desc"

    # -- time -----------------------------------------------------------------------------------

    def _window(self) -> None:
        new, old = self.draft.window, self.previous.window
        if "drop" in self.wishes and new is not None:
            if new == old:
                self.changes |= {"window": None, "comparison": None}
            return
        compares = "compare" in self.wishes or ("change" in self.wishes and "than" in self.words)
        if old is None and window_of(self.previous) is None and (self.draft.comparison is not None or (compares and new is not None)):
            self._compare_undated(new)
            return
        if self.draft.comparison is not None and old is not None:
            self.changes["comparison"] = self.draft.comparison
            self._doubt_unit(old)
            self.carried.append("the same period")
        elif new is not None and old is not None and compares:
            self.changes["comparison"] = against(new, old, self.words, self.draft.world.calendar)
            self.carried.append("the same period")
        elif new is not None:
            self._move(new, old)
        elif old is not None:
            self.carried.append("the same period")
        if "change" in self.wishes and "comparison" not in self.changes and self.previous.comparison is None:
            self._compare_with_before()

    def _compare_undated(self, new: TimeWindow | None) -> None:
        """ "compared with last year" beside a figure of all days: this year so far against the same days of the last one."""
        if new is not None and (new.period, new.unit) != ("last", "year"):
            self.doubts.append("which period to compare that one with is not said")
            self.changes |= {"window": new, "comparison": Comparison(kind="previous_period")}
            return
        self.changes |= {"window": TimeWindow(period="this", unit="year"), "comparison": Comparison(kind="same_period_last_year")}
        self.doubts.append("no period was named before, so I took this year so far")

    def _doubt_unit(self, old: TimeWindow) -> None:
        """ "vs the previous week" beside a day: the period before is of the length of the one shown."""
        span = self.draft.world.calendar.resolve(old)
        said = {UNITS[w] for w in self.words if w in UNITS} - {"year"}
        days = (span.end - span.start).days + 1
        if self.draft.comparison == Comparison(kind="previous_period") and said and not any(is_about(days, unit) for unit in said):
            self.doubts.append("The period before is as long as the one shown")

    def _move(self, new: TimeWindow, old: TimeWindow | None) -> None:
        """Another window; what was compared with the window before moves along."""
        part = same_part_of(new, old, self.words, self.draft.world.calendar)
        if part is not None:
            self.notes.append("took the same part of that year as before")
        self.changes["entity_conditions"] = conditions_in(self.previous, part or new)
        if old is None and window_of(self.previous) is not None:
            return
        self.changes["window"] = part or new
        comparison = self.previous.comparison
        if old is None or comparison is None or comparison.baseline is None:
            return
        resolve = self.draft.world.calendar.resolve
        span, base = resolve(old), resolve(comparison.baseline)
        calendar = self.draft.world.calendar
        if (base.start, base.end) == days(calendar.previous(span)):
            self.changes["comparison"] = Comparison(kind="previous_period")
        elif (base.start, base.end) == days(calendar.same_period_last_year(span)):
            self.changes["comparison"] = Comparison(kind="same_period_last_year")
        else:
            self.changes["comparison"] = None
            self.notes.append("the comparison with the earlier period is left out")

    def _compare_with_before(self) -> None:
        series = any(d.grain is not None and not d.grain.is_cyclic for d in self.previous.dimensions)
        if series:
            self.changes["growth"] = "previous_row"
        elif self.previous.window is not None:
            self.changes["comparison"] = Comparison(kind="previous_period")

    # -- conditions -----------------------------------------------------------------------------

    def _filters(self) -> None:
        found = [*self.draft.filters, *(f for p in self.draft.parts if (f := part_filter(self.draft, p, self._time_field)) is not None)]
        old = list(self.previous.filters)
        if "unknown" in self.wishes:
            self._without_unknown(old)
            return
        if "drop" in self.wishes or "restore" in self.wishes:
            kept = self._without(old, found) if "drop" in self.wishes else restored(old, found)
            if kept != old:
                self.changes["filters"] = tuple(kept)
            self._removed = kept != old
            self.carried += [said(f, self.draft.model) for f in kept if f in old]
            return
        freed = set(fields_named(self.draft)) if {"all", "every", "any"} & set(self.words) and not found else set()
        if freed & {f.field for f in old}:
            old = [f for f in old if f.field not in freed]
            self.changes["filters"] = tuple(old)
        new: list[Filter] = []
        if not self.draft.entity_conditions and not {"only", "just"} & set(self.words):
            found = [f for f in found if not self._replaced_in_conditions(f)]
        for test in found:
            same = [f for f in old if tests_the_same(f, test)]
            joins = "compare" in self.wishes or "add" in self.wishes
            both = [f for f in same if f.op == test.op and (joins or test.op == "not_in")]
            wider = [f for f in same if f.op == "in" and test.op == "not_in" and set(f.values) - set(test.values)]
            if wider:
                values = tuple(v for v in wider[0].values if v not in test.values)
                new.append(wider[0].model_copy(update={"values": values}))
            elif both:
                values = tuple(dict.fromkeys((*both[0].values, *test.values)))
                new.append(both[0].model_copy(update={"values": values}))
            else:
                new.append(test)
            old = [f for f in old if f not in same]
            if joins and "compare" in self.wishes and not same and test.op == "in" and len(test.values) == 1:
                self.doubts.append("What these are to be held against was not shown by itself, so this is only them")
        if new:
            self._narrow_split(new)
            self.changes["filters"] = (*old, *new)
            self._loosen(old, new)
        if self.draft.entity_conditions:
            old_ones = self.changes.get("entity_conditions", self.previous.entity_conditions)
            self.changes["entity_conditions"] = (*old_ones, *self.draft.entity_conditions)
        self.carried += [said(f, self.draft.model) for f in old]

    def _narrow_split(self, new: Sequence[Filter]) -> None:
        """ "How many were about damage?" of tickets by category asks for one number: a split with one group is none."""
        single = {f.field for f in new if f.op == "in" and len(f.values) == 1 and f.grain is None}
        kept = [d for d in self.previous.dimensions if d.field not in single]
        if {"many", "much"} & set(self.words) and len(kept) < len(self.previous.dimensions) and not self.draft.dimensions:
            self.split_by(kept)

    def _replaced_in_conditions(self, test: Filter) -> bool:
        """ "who bought coffee? ... and tea?": the same condition on the entities, with another value."""
        joins = "compare" in self.wishes or "add" in self.wishes
        metrics = self.changes.get("metrics", self.previous.metrics)
        if len(metrics) == 1 and test.op == "in" and (own := [f for f in metrics[0].filters if tests_the_same(f, test)]) and not joins:
            filters = tuple(test if f in own else f for f in metrics[0].filters)
            self.changes["metrics"] = (metrics[0].model_copy(update={"filters": filters}),)
            return True
        if self.previous.pairs is not None and test.op == "in" and test.field == self.previous.pairs.field and len(test.values) == 1:
            self.changes["pairs"] = self.previous.pairs.model_copy(update={"containing": test.values[0]})
            return True
        conditions = self.changes.get("entity_conditions", self.previous.entity_conditions)
        for at, condition in enumerate(conditions):
            same = next((f for f in condition.filters if tests_the_same(f, test) and f.op == test.op == "in"), None)
            if same is None:
                continue
            values = tuple(dict.fromkeys((*same.values, *test.values))) if joins else test.values
            filters = tuple(f.model_copy(update={"values": values}) if f is same else f for f in condition.filters)
            changed = condition.model_copy(update={"filters": filters})
            self.changes["entity_conditions"] = (*conditions[:at], changed, *conditions[at + 1 :])
            return True
        return False

    def _without_unknown(self, old: Sequence[Filter]) -> None:
        """ "drop the unknown ones": rows that have a value of what is split by."""
        split = [d.field for d in self.changes.get("dimensions", self.previous.dimensions) if d.grain is None]
        known = tuple(Filter(field=name, op="not_null") for name in split)
        self.changes["filters"] = tuple(dict.fromkeys((*old, *known)))

    def _loosen(self, old: Sequence[Filter], new: Sequence[Filter]) -> None:
        """Values of one dataset may exclude each other ("garden", then "lamps"): if nothing meets both, the new ones stand alone."""
        datasets = {f.field.split(".")[0] for f in new}
        rest = tuple(f for f in old if f.field.split(".")[0] not in datasets)
        if len(rest) < len(old) and not {"only", "just"} & set(self.words):
            self.instead = {"filters": (*rest, *new)}

    def _without(self, old: Sequence[Filter], found: Sequence[Filter]) -> list[Filter]:
        """ "leave out fuel": a condition that asks for it goes; else it is excluded."""
        kept = list(old)
        for test in found:
            same = [f for f in kept if tests_the_same(f, test) and f.op == "in"]
            if same and set(same[0].values) & set(test.values):
                rest = tuple(v for v in same[0].values if v not in test.values)
                kept = [f for f in kept if f is not same[0]] + ([same[0].model_copy(update={"values": rest})] if rest else [])
            elif test.op in ("in", "not_in"):
                kept = [f for f in kept if not (tests_the_same(f, test) and f.op == "in")]
                kept = joined(kept, test.model_copy(update={"op": "not_in"}))
        split = {d.field for d in self.previous.dimensions}
        for name in fields_named(self.draft):
            if not found and name not in split:
                kept = [f for f in kept if f.field != name]
        return kept

    def _whole_parts(self) -> None:
        """ "drop the filters", "all of them": a slot as a whole."""
        for word, (slot, empty) in _WHOLE_PARTS.items():
            if word in self.words and "drop" in self.wishes and not self.draft.filters and getattr(self.previous, slot) != empty:
                self.changes[slot] = empty
                self.changes["skip"] = 0
        if "everything" in self.wishes and self.previous.limit is not None:
            self.changes |= {"limit": None, "skip": 0}

    @property
    def narrows_rows(self) -> bool:
        """Whether "those" are rows of the table before, of which some stay."""
        return bool(self.changes.get("having")) or "limit" in self.changes
