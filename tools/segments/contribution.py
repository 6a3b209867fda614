"""The segments' part in the intelligence layer: today's segments, and those of earlier quarters."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tools.core.customers import day_number, to_date
from tools.core.customers.warehouse_data import CustomerData, require_roles
from tools.core.semantics.additions import PolicyAddition
from tools.core.semantics.templates import model_addition
from tools.core.warehouse.refresh import Contributed, NewTable, RefreshWork
from tools.segments.clusters import Clusters, cluster
from tools.segments.rfm import RULES, WINDOW_DAYS, Rfm, rfm_of

_TEMPLATE = Path(__file__).with_name("semantic_addition.yaml")
STEP_DAYS = 91
_STEPS = 4


class SegmentsContribution:
    """Segments every customer with an order in the past year."""

    name: ClassVar[str] = "segments"
    version: ClassVar[str] = "1"
    reads: ClassVar[tuple[str, ...]] = ()

    def compute(self, work: RefreshWork) -> Contributed:
        """Raises NeedsPerson: roles missing, or too few customers."""
        require_roles(work.model, ["customer", "order", "order_time", "amount"])
        data = CustomerData(work.connection, work.model, work.as_of)
        orders = data.orders()
        end = day_number(work.as_of)
        work.progress("Cutting customers into fifths")
        today = rfm_of(work.connection, orders, end)
        days = [end - k * STEP_DAYS for k in range(_STEPS + 1) if end - k * STEP_DAYS - orders.first_day >= STEP_DAYS - 1]
        past = {day: rfm_of(work.connection, orders, day) for day in days if day != end}
        work.progress("Clustering customers by how they buy")
        clusters = cluster(today)
        key, kind = data.key_column, data.key_type
        tables = (
            _segment_table(today, clusters, orders.customers, key, kind),
            _history_table({**past, end: today}, orders.customers, key, kind),
        )
        words = {
            "scored_on": work.as_of,
            "value_synonyms": json.dumps(
                {rule.name: [rule.name.lower(), *rule.phrases] for rule in RULES if rule.name in set(today.segment)}
            ),
        }
        return Contributed(
            tables=tables,
            model=model_addition(_TEMPLATE, work.model, words),
            policy=PolicyAddition(
                tables={t.full_name: {"key": (key,), "plain": tuple(c for c in t.columns if c != key)} for t in tables},
                paths={t.full_name: key for t in tables},
            ),
            card=_card(work, today, clusters, days),
        )


def _segment_table(rfm: Rfm, clusters: Clusters | None, customers: NDArray[Any], key: str, kind: str) -> NewTable:
    empty = np.full(len(rfm), None, dtype=object)
    return NewTable(
        name="segments",
        columns={
            key: (kind, customers[rfm.customer]),
            "rfm_segment": ("VARCHAR", rfm.segment),
            "recency_score": ("INTEGER", rfm.recency_score),
            "frequency_score": ("INTEGER", rfm.frequency_score),
            "monetary_score": ("INTEGER", rfm.monetary_score),
            "days_since_last_order": ("INTEGER", rfm.days_since_last_order),
            "n_orders": ("INTEGER", rfm.n_orders),
            "spend": ("DOUBLE", rfm.spend),
            "behaviour_cluster": ("VARCHAR", clusters.label if clusters else empty),
        },
    )


def _history_table(by_day: dict[int, Rfm], customers: NDArray[Any], key: str, kind: str) -> NewTable:
    """One row per customer and step: the segment then, and the one a step before. Who had no order in the year before is `Absent`."""
    days = sorted(by_day)
    everybody = np.unique(np.concatenate([by_day[day].customer for day in days]))
    segment = {day: _segments_of(everybody, by_day[day]) for day in days}
    parts = []
    for before, day in pairwise(days):
        here = (segment[day] != "Absent") | (segment[before] != "Absent")
        parts.append((everybody[here], np.full(here.sum(), day), segment[day][here], segment[before][here]))
    number, day_column, now, then = (np.concatenate([part[i] for part in parts]) if parts else np.zeros(0, dtype=object) for i in range(4))
    dates = np.asarray(day_column, dtype=np.int64).astype("datetime64[D]").astype("datetime64[us]")
    return NewTable(
        name="segment_history",
        columns={
            key: (kind, customers[np.asarray(number, dtype=np.int64)]),
            "segmented_on": ("DATE", dates),
            "segment": ("VARCHAR", now),
            "segment_before": ("VARCHAR", then),
        },
    )


def _segments_of(everybody: NDArray[np.int64], rfm: Rfm) -> NDArray[np.object_]:
    found = np.full(len(everybody), "Absent", dtype=object)
    found[np.searchsorted(everybody, rfm.customer)] = rfm.segment
    return found


def _card(work: RefreshWork, rfm: Rfm, clusters: Clusters | None, days: list[int]) -> dict[str, Any]:
    names, counts = np.unique(rfm.segment.astype(str), return_counts=True)
    return {
        "as_of": work.as_of.isoformat(),
        "window_days": WINDOW_DAYS,
        "n_customers": len(rfm),
        "rules": [{"name": rule.name, "rule": rule.rule, "meaning": rule.meaning} for rule in RULES],
        "sizes": {str(name): int(count) for name, count in zip(names, counts, strict=True)},
        "history_days": [to_date(day).isoformat() for day in sorted(days)],
        "clusters": clusters.report() if clusters else None,
    }
