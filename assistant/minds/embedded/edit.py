"""One edit of a plan: what a fragment's slots and its wishes ("too", "without", "versus") make of the plan before it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from assistant.minds.embedded.finish import dimension_ref, named_only, order_of, part_filter, time_field_of
from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.grammar.times import grain_of_trend
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.temporal_words import UNITS
from assistant.minds.embedded.values import said
from tools.core.query.calendar import add_months
from tools.core.query.metric_query import (
    Comparison,
    DimensionRef,
    EntityCondition,
    Filter,
    Grain,
    Measure,
    MetricCondition,
    MetricQuery,
    Order,
    ShareOfTotal,
    TimeWindow,
)

_BARE: dict[str, Any] = {
    "dimensions": (),
    "order": (),
    "limit": None,
    "top_per_group": None,
    "share": None,
    "having": (),
    "fill_gaps": False,
    "growth": None,
    "running_total": False,
    "moving_average": None,
}
"""What goes with a split and means nothing without one."""
_YEAR_DAYS = 365
_WHOLE = frozenset({"only", "whole", "full", "entire", "far", "date", "ytd"})
"""With one of these a year is the year itself, not the same part of it."""
_BEFORE = frozenset({"previous", "prior", "preceding", "before", "earlier"})
_WHOLE_PARTS: dict[str, tuple[str, Any]] = {
    "filter": ("filters", ()),
    "filters": ("filters", ()),
    "comparison": ("comparison", None),
    "limit": ("limit", None),
}
"""Words for a slot as a whole, and its empty value."""


class Edit:
    """Collects the changed slots and the words for what stays."""

    def __init__(self, previous: MetricQuery, draft: Draft, wishes: frozenset[str], words: Sequence[str]) -> None:
        """
        Args:
            draft: What the naming words of the fragment fill.
            wishes: Roles of its other words, as in the word file.
            words: All of its words.
        """
        self.previous = previous
        self.draft = draft
        self.wishes = wishes
        self.words = tuple(words)
        self.changes: dict[str, Any] = {}
        self.carried: list[str] = []
        self.notes: list[str] = []
        self.doubts: list[str] = []
        self.instead: dict[str, Any] = {}
        """Slots to try when the edited plan finds nothing at all."""
        metrics = [m.metric for m in draft.measures] or [m.metric for m in previous.metrics]
        self._time_field = time_field_of(draft, metrics)
        self._removed = False

    def query(self) -> MetricQuery | None:
        """The plan with every changed slot; None when nothing changed or the parts do not go together."""
        for part in (
            self._average,
            self._metrics,
            self._window,
            self._filters,
            self._dimensions,
            self._share,
            self._ranking,
            self._whole_parts,
        ):
            part()
        return self._made(self.changes) if self.changes else None

    def other(self) -> MetricQuery | None:
        """The plan to fall back on when the first finds no data."""
        return self._made(self.changes | self.instead) if self.instead else None

    def _made(self, changes: dict[str, Any]) -> MetricQuery | None:
        try:
            query = MetricQuery.model_validate(self.previous.model_dump() | {k: _dumped(v) for k, v in changes.items()})
        except ValidationError:
            return None
        return _consistent(query)

    def _average(self) -> None:
        """ "the average of these months": over the rows shown, where they are periods or entities."""
        if "average" not in self.wishes or self.draft.measures or len(self.previous.metrics) != 1 or len(self.previous.dimensions) != 1:
            return
        measure, dimension = self.previous.metrics[0], self.previous.dimensions[0]
        if not _is_plain(measure):
            return
        entity = dimension.field.split(".")[0]
        if _is_series(dimension) and dimension.grain is not None and dimension.grain is not Grain.HOUR:
            made = Measure(metric=measure.metric, per_grain=dimension.grain.value, aggregate="avg")
        elif self.draft.key_of(entity) == dimension:
            made = Measure(metric=measure.metric, per=entity, aggregate="avg")
        else:
            return
        self.changes |= _BARE | {"metrics": (made,)}

    # -- figures --------------------------------------------------------------------------------

    def _metrics(self) -> None:
        labels = [self.draft.model.metrics[m.metric].label for m in self.previous.metrics]
        new = tuple(self.draft.measures)
        if self.draft.bare_count and (self.draft.filters or self.draft.entity_conditions) and not {"number", "many"} & set(self.words):
            new = ()  # "only married people" are whom the figure is of
        if not new or "drop" in self.wishes:
            self.carried += labels
            kept = tuple(m for m in self.previous.metrics if m.metric not in {n.metric for n in new})
            if new and kept and len(kept) < len(self.previous.metrics):
                self.changes["metrics"] = kept
            return
        if self._adds_metric() or "sort" in self.wishes:
            self.changes["metrics"] = tuple(dict.fromkeys((*self.previous.metrics, *new)))
            self.carried += labels
            if "sort" in self.wishes:
                self.changes["order"] = (Order(by=new[0].column, direction=self._direction()),)
            return
        if len(new) == 1 and len(self.previous.metrics) == 1 and _is_plain(new[0]):
            new = (self.previous.metrics[0].model_copy(update={"metric": new[0].metric, "alias": None}),)
        self.changes |= {"metrics": new, "having": tuple(self.draft.having)}
        renamed = {self.previous.metrics[0].column: new[0].column} if self.previous.metrics else {}
        self.changes["order"] = tuple(o.model_copy(update={"by": _renamed(o.by, renamed)}) for o in self.previous.order)
        if self.previous.top_per_group is not None:
            top = self.previous.top_per_group
            self.changes["top_per_group"] = top.model_copy(update={"by": _renamed(top.by, renamed)})

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
        if self.draft.comparison is not None and old is not None:
            self.changes["comparison"] = self.draft.comparison
            self._doubt_unit(old)
            self.carried.append("the same period")
        elif new is not None and old is not None and ("compare" in self.wishes or ("change" in self.wishes and "than" in self.words)):
            self.changes["comparison"] = self._against(new, old)
            self.carried.append("the same period")
        elif new is not None:
            self._move(new, old)
        elif old is not None:
            self.carried.append("the same period")
        if "change" in self.wishes and "comparison" not in self.changes and self.previous.comparison is None:
            self._compare_with_before()

    def _doubt_unit(self, old: TimeWindow) -> None:
        """ "vs the previous week" beside a day: the period before is of the length of the one shown."""
        span = self.draft.world.calendar.resolve(old)
        said = {UNITS[w] for w in self.words if w in UNITS} - {"year"}
        days = (span.end - span.start).days + 1
        if self.draft.comparison == Comparison(kind="previous_period") and said and not any(_is_about(days, unit) for unit in said):
            self.doubts.append("The period before is as long as the one shown")

    def _move(self, new: TimeWindow, old: TimeWindow | None) -> None:
        """Another window; what was compared with the window before moves along."""
        part = self._same_part_of(new, old)
        if part is not None:
            self.notes.append("took the same part of that year as before")
        self.changes["window"] = part or new
        comparison = self.previous.comparison
        if old is None or comparison is None or comparison.baseline is None:
            return
        resolve = self.draft.world.calendar.resolve
        span, base = resolve(old), resolve(comparison.baseline)
        calendar = self.draft.world.calendar
        if (base.start, base.end) == _days(calendar.previous(span)):
            self.changes["comparison"] = Comparison(kind="previous_period")
        elif (base.start, base.end) == _days(calendar.same_period_last_year(span)):
            self.changes["comparison"] = Comparison(kind="same_period_last_year")
        else:
            self.changes["comparison"] = None
            self.notes.append("the comparison with the earlier period is left out")

    def _same_part_of(self, new: TimeWindow, old: TimeWindow | None) -> TimeWindow | None:
        """ "March 2025 ... and in 2024?": the March of that year, where the window before was a part of one year."""
        if old is None or old.start is None or old.end is None or not _is_one_year(new):
            return None
        if old.start.year != old.end.year or (old.end - old.start).days >= _YEAR_DAYS - 1 or _WHOLE & set(self.words):
            return None
        year = self.draft.world.calendar.resolve(new).start.year
        last = old.end + dt.timedelta(days=1)
        shift = (year - old.start.year) * 12
        moved = TimeWindow(start=add_months(old.start, shift), end=add_months(last, shift) - dt.timedelta(days=1))
        return moved if moved.start is not None and moved.start <= self.draft.world.calendar.as_of else None

    def _against(self, new: TimeWindow, old: TimeWindow) -> Comparison:
        """The window to compare with: beside a month, "last year" is that month of the year before, "the previous month" the one before."""
        calendar = self.draft.world.calendar
        span, base = calendar.resolve(old), calendar.resolve(new)
        before = new.period == "last" and bool(_BEFORE & set(self.words))
        if _is_one_year(new) and (span.end - span.start).days < _YEAR_DAYS - 1:
            if before or base.start.year in (span.start.year, span.start.year - 1):
                return Comparison(kind="same_period_last_year")
            return Comparison(kind="window", baseline=self._same_part_of(new, old) or new)
        if before or (base.start, base.end) == (span.start, span.end):
            return Comparison(kind="previous_period")
        return Comparison(kind="window", baseline=new)

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
        if "drop" in self.wishes or "restore" in self.wishes:
            kept = self._without(old, found) if "drop" in self.wishes else _restored(old, found)
            if kept != old:
                self.changes["filters"] = tuple(kept)
            self._removed = kept != old
            self.carried += [said(f, self.draft.model) for f in kept if f in old]
            return
        freed = set(_fields_named(self.draft)) if {"all", "every", "any"} & set(self.words) and not found else set()
        if freed & {f.field for f in old}:
            old = [f for f in old if f.field not in freed]
            self.changes["filters"] = tuple(old)
        new: list[Filter] = []
        for test in found:
            same = [f for f in old if _tests_the_same(f, test)]
            joins = "compare" in self.wishes or "add" in self.wishes
            both = [f for f in same if f.op == test.op and (joins or test.op == "not_in")]
            if both:
                values = tuple(dict.fromkeys((*both[0].values, *test.values)))
                new.append(both[0].model_copy(update={"values": values}))
            else:
                new.append(test)
            old = [f for f in old if f not in same]
        if new:
            self.changes["filters"] = (*old, *new)
            self._loosen(old, new)
        if self.draft.entity_conditions:
            self.changes["entity_conditions"] = (*self.previous.entity_conditions, *self.draft.entity_conditions)
        self.carried += [said(f, self.draft.model) for f in old]

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
            same = [f for f in kept if _tests_the_same(f, test) and f.op == "in"]
            if same and set(same[0].values) & set(test.values):
                rest = tuple(v for v in same[0].values if v not in test.values)
                kept = [f for f in kept if f is not same[0]] + ([same[0].model_copy(update={"values": rest})] if rest else [])
            elif test.op in ("in", "not_in"):
                kept = [f for f in kept if not (_tests_the_same(f, test) and f.op == "in")]
                kept = _joined(kept, test.model_copy(update={"op": "not_in"}))
        split = {d.field for d in self.previous.dimensions}
        for name in _fields_named(self.draft):
            if not found and name not in split:
                kept = [f for f in kept if f.field != name]
        return kept

    # -- groupings ------------------------------------------------------------------------------

    def _dimensions(self) -> None:
        model = self.draft.model
        new = [d for grouping in self.draft.dimensions if (d := dimension_ref(self.draft, grouping, self._time_field)) is not None]
        old = list(self.previous.dimensions)
        subject = self.draft.subject.dimension if self.draft.subject is not None and self._asks_which() else None
        if subject is not None and not new and (asked := dimension_ref(self.draft, subject, self._time_field)) is not None:
            new = [asked]
        if "drop" in self.wishes or "restore" in self.wishes:
            named = {d.field for d in new} | set(_fields_named(self.draft))
            kept = [d for d in old if d.field not in named]
            if not self._removed and len(kept) < len(old):
                self._split_by(kept)
            self.carried += [f"by {model.field(d.field).label}" for d in kept]
            return
        if self.wishes & {"lump", "unsplit"}:
            named = {d.field for d in new}
            self._split_by([d for d in old if named and (d.field in named) == ("unsplit" not in self.wishes)])
            return
        if "compare" in self.wishes:
            new += [DimensionRef(field=f.field) for f in self.changes.get("filters", ()) if self._is_side(f, new, old)]
        if self._runs_over_time() and not any(_is_series(d) for d in (*old, *new)):
            grain = dimension_ref(self.draft, self._grain(), self._time_field)
            new += [grain] if grain is not None else []
        if new:
            self._counts_by_window()
            kept = self._kept_beside(new, old)
            self.changes["dimensions"] = (*kept, *(d for d in new if d not in kept))
            if not any(_is_series(d) for d in (*kept, *new)):
                self.changes |= {"growth": None, "running_total": False, "moving_average": None}
            old = kept
        self.carried += [f"by {model.field(d.field).label}" for d in old]

    def _counts_by_window(self) -> None:
        """ "How many came in May? ... By store": each store's are those who came there in May, so the condition becomes the window."""
        conditions, counted = self.previous.entity_conditions, [m.metric for m in self.previous.metrics]
        if len(conditions) != 1 or self.previous.window is not None or "entity_conditions" in self.changes:
            return
        plain = conditions[0].model_copy(update={"window": None}) == EntityCondition(entity=conditions[0].entity, fact=conditions[0].fact)
        if conditions[0].fact is not None and plain and counted == [self.draft.count_metric(conditions[0].entity)]:
            self.changes |= {"entity_conditions": (), "window": self.changes.get("window", conditions[0].window)}

    def _runs_over_time(self) -> bool:
        """ "the trend of that", "cumulative": a course, by periods that are not named; sets what is shown along it."""
        draft = self.draft
        if draft.running_total or draft.moving_average is not None:
            self.changes |= {"running_total": draft.running_total, "moving_average": draft.moving_average}
        return (draft.trend and draft.change is None) or draft.running_total or draft.moving_average is not None

    def _grain(self) -> Grain:
        window = self.changes.get("window", self.previous.window)
        span = self.draft.world.calendar.resolve(window) if window is not None else None
        return grain_of_trend(span)

    def _asks_which(self) -> bool:
        """ "Which categories?": only the groups are asked for."""
        return self.draft.rank is None and not self.draft.moved and not self.draft.measures and not self.draft.filters

    def _is_side(self, test: Filter, new: Sequence[DimensionRef], old: Sequence[DimensionRef]) -> bool:
        """Whether the values of a condition stand against each other."""
        shown = any(d.field == test.field for d in (*new, *old))
        return test.op == "in" and len(test.values) > 1 and test not in self.previous.filters and test.grain is None and not shown

    def _kept_beside(self, new: Sequence[DimensionRef], old: Sequence[DimensionRef]) -> list[DimensionRef]:
        """The groupings that stay: none when swapped or ranked, none of the same field, one series at a time."""
        if "swap" in self.wishes:
            return []
        fields, series = {d.field for d in new}, any(_is_series(d) for d in new)
        kept = [d for d in old if d.field not in fields and not (series and _is_series(d))]
        if all(_is_series(d) for d in new) or self.wishes & {"add", "split", "compare"} or "also" in self.words:
            return kept
        limited = self.draft.rank is not None and self.draft.rank.n is not None
        stays = [d for d in kept if _is_series(d) and not limited]
        if len(stays) < len(kept):
            labels = [self.draft.model.field(d.field).label for d in kept if d not in stays]
            self.notes.append(f"split in place of {' and '.join(labels)}")
        return stays

    def _split_by(self, kept: Sequence[DimensionRef]) -> None:
        if not kept:
            self.changes |= _BARE
            return
        self.changes["dimensions"] = tuple(kept)
        if not any(_is_series(d) for d in kept):
            self.changes |= {"growth": None, "running_total": False, "moving_average": None}

    # -- shares and ranking ---------------------------------------------------------------------

    def _share(self) -> None:
        """ "as percentages": of what is shown side by side; without a split, the part that the last condition describes."""
        if "share" not in self.wishes or self.draft.measures:
            return
        dimensions = self.changes.get("dimensions", self.previous.dimensions)
        if dimensions:
            series = [d.field for d in dimensions if _is_series(d)]
            within = tuple(series) if len(series) < len(dimensions) else ()
            self.changes["share"] = ShareOfTotal(within=within)
            return
        filters = self.changes.get("filters", self.previous.filters)
        if filters and len(self.previous.metrics) == 1 and _is_plain(self.previous.metrics[0]):
            part = Measure(metric=self.previous.metrics[0].metric, filters=(filters[-1],), as_share=True)
            self.changes |= {"metrics": (part,), "filters": tuple(filters[:-1]), "order": ()}

    def _ranking(self) -> None:
        limit = order_of(self.draft)[1]
        rank = self.draft.rank
        metrics = self.changes.get("metrics", self.previous.metrics)
        columns = [m.column for m in metrics]
        compared = self.changes.get("comparison", self.previous.comparison) or self.changes.get("growth", self.previous.growth)
        if columns and compared and self.draft.change is not None and ("sort" in self.wishes or rank is not None):
            self.changes["order"] = (
                Order(by=f"{columns[0]}_{self.draft.change}", direction="asc" if self.draft.moved == "down" else "desc"),
            )
            return
        of_rows = "singular" in self.wishes or {"ones", "those", "which"} & set(self.words)
        if columns and compared and of_rows and self.draft.moved:
            op = "lt" if self.draft.moved == "down" else "gt"
            self.changes["having"] = (MetricCondition(metric=f"{columns[0]}_change", op=op, value=0),)
            return
        if rank is None:
            return
        if columns:
            by = rank.measure or self._ranked_by(columns[0])
            self.changes["order"] = (Order(by=by, direction=rank.sorted_by(self.draft.model.metrics.get(by))),)
            subject = self.draft.subject
            single = 1 if ("singular" in self.wishes and subject is None) or (subject is not None and not subject.plural) else None
            self.changes["limit"] = rank.n or single or limit or self.previous.limit
        if self.changes.get("limit"):
            kept = self.changes.get("filters", self.previous.filters)
            named = named_only(self.draft, self.changes.get("dimensions", self.previous.dimensions))
            self.changes["filters"] = tuple(dict.fromkeys((*kept, *named)))

    def _whole_parts(self) -> None:
        """ "drop the filters", "all of them": a slot as a whole."""
        for word, (slot, empty) in _WHOLE_PARTS.items():
            if word in self.words and "drop" in self.wishes and not self.draft.filters and getattr(self.previous, slot) != empty:
                self.changes[slot] = empty
        if "everything" in self.wishes and self.previous.limit is not None:
            self.changes["limit"] = None

    @property
    def narrows_rows(self) -> bool:
        """Whether "those" are rows of the table before, of which some stay."""
        return bool(self.changes.get("having")) or "limit" in self.changes

    def _ranked_by(self, column: str) -> str:
        """What the plan before was ranked by, as long as it still shows it."""
        by = self.previous.order[0].by if self.previous.order else column
        return by if by.startswith(column) else column


_LENGTHS = {"day": (1, 1), "week": (5, 7), "month": (28, 31), "quarter": (90, 92)}


def _is_about(days: int, unit: str) -> bool:
    low, high = _LENGTHS[unit]
    return low <= days <= high


def _is_series(dimension: DimensionRef) -> bool:
    return dimension.grain is not None and not dimension.grain.is_cyclic


def _is_plain(measure: Measure) -> bool:
    return not (measure.is_aggregated_again or measure.filters or measure.entity_conditions)


def _is_one_year(window: TimeWindow) -> bool:
    """Whether the window is a whole calendar year, or as much of one as the data has."""
    if window.unit == "year" and window.last_n is None:
        return True
    start, end = window.start, window.end
    return (
        start is not None and end is not None and (start.month, start.day, end.month, end.day) == (1, 1, 12, 31) and start.year == end.year
    )


def _days(span: Any) -> tuple[dt.date, dt.date]:
    return span.start, span.end


def _renamed(by: str, names: dict[str, str]) -> str:
    """A sort key after its measure was swapped: "income_change" as well as "income"."""
    for old, new in names.items():
        if by == old or by.startswith((f"{old}_change", f"{old}_share", f"{old}_previous")):
            return new + by[len(old) :]
    return by


def _tests_the_same(one: Filter, other: Filter) -> bool:
    return one.field == other.field and one.grain == other.grain


def _joined(kept: Sequence[Filter], test: Filter) -> list[Filter]:
    """The conditions with one more, its values beside those of an equal one."""
    for at, old in enumerate(kept):
        if _tests_the_same(old, test) and old.op == test.op:
            values = tuple(dict.fromkeys((*old.values, *test.values)))
            return [*kept[:at], old.model_copy(update={"values": values}), *kept[at + 1 :]]
    return [*kept, test]


def _restored(old: Sequence[Filter], found: Sequence[Filter]) -> list[Filter]:
    """ "put garden back in": no longer excluded, or among those asked for."""
    kept = list(old)
    for test in found:
        for at, condition in enumerate(kept):
            if not _tests_the_same(condition, test):
                continue
            if condition.op == "not_in":
                rest = tuple(v for v in condition.values if v not in test.values)
                kept[at : at + 1] = [condition.model_copy(update={"values": rest})] if rest else []
            elif condition.op == "in":
                kept[at] = condition.model_copy(update={"values": tuple(dict.fromkeys((*condition.values, *test.values)))})
            break
    return kept


def _fields_named(draft: Draft) -> list[str]:
    """Fields whose names the fragment holds: the "category" of "drop the category"."""
    found: list[str] = []
    for item in draft.items:
        found += [s.target for s in item.mention.of(Kind.FIELD)] if item.mention is not None else []
    return found


def _consistent(query: MetricQuery) -> MetricQuery | None:
    """The plan without sort keys and conditions on columns that it no longer has."""
    columns = {m.column for m in query.metrics}
    known = {f"{c}{suffix}" for c in columns for suffix in ("", "_share")}
    if query.comparison is not None or query.growth is not None:
        known |= {f"{c}{suffix}" for c in columns for suffix in ("_change", "_change_rate", "_previous")}
    known |= {d.field for d in query.dimensions}
    order = tuple(o for o in query.order if o.by in known)
    having = tuple(h for h in query.having if h.metric in known)
    top = query.top_per_group if query.top_per_group is not None and query.top_per_group.by in known else None
    try:
        return MetricQuery.model_validate(query.model_dump() | {"order": order, "having": having, "top_per_group": top})
    except ValidationError:
        return None


def _dumped(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_dumped(v) for v in value)
    return value.model_dump() if hasattr(value, "model_dump") else value
