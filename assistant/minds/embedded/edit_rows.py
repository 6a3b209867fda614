"""What an edited plan's rows are: groupings, shares of a total, order and limit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assistant.minds.embedded.edit_parts import fields_named, is_plain, is_series
from assistant.minds.embedded.finish import dimension_ref, named_only, order_of, time_field_of
from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.grammar.times import grain_of_trend
from tools.core.query.metric_query import (
    DimensionRef,
    EntityCondition,
    Filter,
    Grain,
    Measure,
    MetricCondition,
    MetricQuery,
    Order,
    ShareOfTotal,
)

BARE: dict[str, Any] = {
    "dimensions": (),
    "order": (),
    "limit": None,
    "skip": 0,
    "top_per_group": None,
    "share": None,
    "having": (),
    "fill_gaps": False,
    "growth": None,
    "running_total": False,
    "moving_average": None,
}
"""What goes with a split and means nothing without one."""


class Rows:
    """The slots of an edited plan that shape its rows, and what all of its slots share."""

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
        self.refused = ""
        """Why what is asked for cannot be had, in words; empty when nothing says so."""
        self.instead: dict[str, Any] = {}
        """Slots to try when the edited plan finds nothing at all."""
        metrics = [m.metric for m in draft.measures] or [m.metric for m in previous.metrics]
        self._time_field = time_field_of(draft, metrics)
        self._removed = False

    # -- groupings ------------------------------------------------------------------------------

    def dimensions(self) -> None:
        model = self.draft.model
        new = [d for grouping in self.draft.dimensions if (d := dimension_ref(self.draft, grouping, self._time_field)) is not None]
        per = self.draft.key_of(self.draft.per) if self.draft.per not in (None, self.draft.customer) and not self.draft.measures else None
        new += [per] if per is not None and per not in new else []
        old = list(self.previous.dimensions)
        subject = self.draft.subject.dimension if self.draft.subject is not None and self._asks_which() else None
        if subject is not None and not new and (asked := dimension_ref(self.draft, subject, self._time_field)) is not None:
            new = [asked]
        if "drop" in self.wishes or "restore" in self.wishes:
            named = {d.field for d in new} | set(fields_named(self.draft))
            kept = [d for d in old if d.field not in named]
            if not self._removed and len(kept) < len(old):
                self.split_by(kept)
            self.carried += [f"by {model.field(d.field).label}" for d in kept]
            return
        if self.wishes & {"lump", "unsplit"}:
            named = {d.field for d in new}
            self.split_by([d for d in old if named and (d.field in named) == ("unsplit" not in self.wishes)])
            return
        if "compare" in self.wishes:
            new += [DimensionRef(field=f.field) for f in self.changes.get("filters", ()) if self._is_side(f, new, old)]
        if self._runs_over_time() and not any(is_series(d) for d in (*old, *new)):
            grain = dimension_ref(self.draft, self._grain(), self._time_field)
            new += [grain] if grain is not None else []
        if new:
            self._counts_by_window()
            kept = self._kept_beside(new, old)
            self.changes["dimensions"] = (*kept, *(d for d in new if d not in kept))
            if not any(is_series(d) for d in (*kept, *new)):
                self.changes |= {"growth": None, "running_total": False, "moving_average": None}
            elif len(kept) < len(old) and self.draft.rank is None and "limit" not in self.changes:
                self.changes |= {"order": (), "limit": None, "skip": 0}  # A course over time is no ranking.
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
        fields, series = {d.field for d in new}, any(is_series(d) for d in new)
        kept = [d for d in old if d.field not in fields and not (series and is_series(d))]
        if all(is_series(d) for d in new) or self.wishes & {"add", "split", "compare"} or "also" in self.words:
            return kept
        limited = self.draft.rank is not None and self.draft.rank.n is not None
        stays = [d for d in kept if is_series(d) and not limited]
        if len(stays) < len(kept):
            labels = [self.draft.model.field(d.field).label for d in kept if d not in stays]
            self.notes.append(f"split in place of {' and '.join(labels)}")
        return stays

    def split_by(self, kept: Sequence[DimensionRef]) -> None:
        if not kept:
            self.changes |= BARE
            return
        self.changes["dimensions"] = tuple(kept)
        if not any(is_series(d) for d in kept):
            self.changes |= {"growth": None, "running_total": False, "moving_average": None}

    # -- shares and ranking ---------------------------------------------------------------------

    def share(self) -> None:
        """ "as percentages": of what is shown side by side; without a split, the part that the last condition describes."""
        if "share" not in self.wishes or self.draft.measures:
            return
        dimensions = self.changes.get("dimensions", self.previous.dimensions)
        if dimensions:
            series = [d.field for d in dimensions if is_series(d)]
            within = tuple(series) if len(series) < len(dimensions) else ()
            self.changes["share"] = ShareOfTotal(within=within)
            return
        filters = self.changes.get("filters", self.previous.filters)
        if filters and len(self.previous.metrics) == 1 and is_plain(self.previous.metrics[0]):
            part = Measure(metric=self.previous.metrics[0].metric, filters=(filters[-1],), as_share=True)
            self.changes |= {"metrics": (part,), "filters": tuple(filters[:-1]), "order": ()}

    def ranking(self) -> None:
        limit = order_of(self.draft)[1]
        rank = self.draft.rank
        metrics = self.changes.get("metrics", self.previous.metrics)
        columns = [m.column for m in metrics]
        compared = self.changes.get("comparison", self.previous.comparison) or self.changes.get("growth", self.previous.growth)
        if columns and compared and self.draft.change is not None and ("sort" in self.wishes or rank is not None):
            by, low = f"{columns[0]}_{self.draft.change}", self.draft.moved == "down"
            self.changes["order"] = (Order(by=by, direction="asc" if low else "desc"),)
            self.changes["limit"] = (rank.n if rank is not None else None) or self._rows_named() or limit or self.previous.limit
            return
        of_rows = "singular" in self.wishes or {"ones", "those", "which"} & set(self.words)
        if columns and compared and of_rows and self.draft.moved:
            op = "lt" if self.draft.moved == "down" else "gt"
            self.changes["having"] = (MetricCondition(metric=f"{columns[0]}_change", op=op, value=0),)
            return
        if rank is None:
            return
        if columns:
            sorted_by = self.draft.measures[0].column if "sort" in self.wishes and self.draft.measures else None
            by = rank.measure or sorted_by or self._ranked_by(columns)
            self.changes["order"] = (Order(by=by, direction=rank.sorted_by(self.draft.model.metrics.get(by))),)
            subject = self.draft.subject
            single = 1 if ("singular" in self.wishes and subject is None) or (subject is not None and not subject.plural) else None
            self.changes["limit"] = rank.n or single or limit or self.previous.limit
            self.changes["skip"] = rank.skip if self.changes["limit"] is not None else 0
        if self.changes.get("limit"):
            kept = self.changes.get("filters", self.previous.filters)
            named = named_only(self.draft, self.changes.get("dimensions", self.previous.dimensions))
            self.changes["filters"] = tuple(dict.fromkeys((*kept, *named)))

    def _rows_named(self) -> int | None:
        """The three of "the three that fell most": a number that says how many, and nothing else in the fragment."""
        numbers = [i.number for i, claim in zip(self.draft.items, self.draft.claims, strict=True) if i.number is not None and not claim]
        plain = [n for n in numbers if n.unit is None and n.value >= 1 and n.value == int(n.value)]
        return int(plain[0].value) if len(plain) == 1 == len(numbers) else None

    def absolute(self) -> None:
        """ "In absolute numbers again": the figure itself, and no longer its share."""
        if "absolute" not in self.wishes:
            return
        self.changes["share"] = None
        part = self.previous.metrics[0] if len(self.previous.metrics) == 1 else None
        if part is not None and part.as_share:
            plain = part.model_copy(update={"as_share": False, "filters": (), "entity_conditions": ()})
            conditions = (*self.previous.entity_conditions, *part.entity_conditions)
            self.changes |= {"metrics": (plain,), "filters": (*self.previous.filters, *part.filters), "entity_conditions": conditions}

    def turned(self) -> None:
        """ "the other way round": the same rows, the last ones first."""
        metrics = self.changes.get("metrics", self.previous.metrics)
        if "reverse" not in self.wishes or not metrics or not self.changes.get("dimensions", self.previous.dimensions):
            return
        order = self.changes.get("order", self.previous.order) or (Order(by=metrics[0].column, direction="desc"),)
        turned = order[0].model_copy(update={"direction": "asc" if order[0].direction == "desc" else "desc"})
        self.changes["order"] = (turned, *order[1:])

    def _ranked_by(self, columns: Sequence[str]) -> str:
        """What the plan before was ranked by, as long as it still shows it."""
        by = self.previous.order[0].by if self.previous.order else columns[0]
        return by if by.startswith(tuple(columns)) else columns[0]
