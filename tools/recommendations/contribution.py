"""The recommendations' part in the intelligence layer: interest in categories, next products, and when somebody can be reached."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar

import numpy as np

from tools.core.customers import day_number
from tools.core.customers.warehouse_data import CustomerData, require_roles
from tools.core.semantics.additions import ModelAddition, PolicyAddition
from tools.core.warehouse.refresh import Contributed, NewTable, RefreshWork
from tools.recommendations.interest import Interest, fit_interest
from tools.recommendations.lines import Lines, read_lines
from tools.recommendations.products import TOP, Suggestions, basket_pairs, judge, suggest
from tools.recommendations.times import WEEKDAYS, Reach, best_times

HORIZON_DAYS = 91


class RecommendationsContribution:
    """What every customer with an order may want next, as of the last complete day."""

    name: ClassVar[str] = "recommendations"
    reads: ClassVar[tuple[str, ...]] = ()

    def __init__(self, horizon_days: int = HORIZON_DAYS) -> None:
        self._horizon_days = horizon_days

    @property
    def version(self) -> str:
        return f"1-h{self._horizon_days}"

    def compute(self, work: RefreshWork) -> Contributed:
        """Raises NeedsPerson: roles missing, too few customers, too short a history."""
        require_roles(work.model, ["customer", "order", "order_time", "amount"])
        data = CustomerData(work.connection, work.model, work.as_of)
        customers, day = data.orders().customers, day_number(work.as_of)
        lines = read_lines(data, work.model, customers, day)
        work.progress("Learning who buys from which category")
        interest = fit_interest(lines, day, self._horizon_days)
        work.progress("Finding what goes with what")
        suggestions, judged = suggest(lines, day), judge(lines, day, self._horizon_days)
        reach = best_times(data, work.model, customers, day)
        tables = [_interest_table(interest, lines, data), _product_table(suggestions, lines, data)]
        if reach is not None:
            tables.append(_reach_table(reach, customers, data))
        card = {
            "as_of": work.as_of.isoformat(),
            "horizon_days": self._horizon_days,
            "customers": len(customers),
            "categories": [lines.categories[c] for c in interest.categories],
            "interest": {
                "auc": interest.auc,
                "baseline_auc": interest.baseline_auc,
                "ece": interest.ece,
                "deciles": [{"n": n, "predicted": p, "observed": o} for n, p, o in interest.deciles],
            },
            "next_product": judged,
            "pairs": [asdict(pair) for pair in basket_pairs(lines, day)],
            "reach": {"weekdays": list(reach.weekdays), "hours": list(reach.hours), "reactions": reach.total} if reach else None,
        }
        key = data.key_column
        classes = {t.full_name: {"key": (key,), "plain": tuple(c for c in t.columns if c != key)} for t in tables}
        policy = PolicyAddition(tables=classes, paths={t.full_name: key for t in tables})
        return Contributed(tables=tuple(tables), model=ModelAddition(), policy=policy, card=card)


def _interest_table(interest: Interest, lines: Lines, data: CustomerData) -> NewTable:
    """One row per customer and category."""
    n, m = interest.chance.shape
    names = np.array([lines.categories[c] for c in interest.categories], dtype=object)
    columns: dict[str, tuple[str, Any]] = {
        data.key_column: (data.key_type, np.repeat(lines.customers, m)),
        "category": ("VARCHAR", np.tile(names, n)),
        "purchase_chance": ("DOUBLE", np.ascontiguousarray(interest.chance.ravel())),
    }
    return NewTable(name="category_interest", columns=columns)


def _product_table(found: Suggestions, lines: Lines, data: CustomerData) -> NewTable:
    """Up to five rows per customer."""
    items = np.array(lines.items, dtype=object)
    real = found.item.ravel() >= 0
    item, because = found.item.ravel()[real], found.because.ravel()[real]
    columns: dict[str, tuple[str, Any]] = {
        data.key_column: (data.key_type, np.repeat(lines.customers, TOP)[real]),
        "rank": ("INTEGER", np.tile(np.arange(1, TOP + 1), len(lines.customers))[real]),
        "item": ("VARCHAR", items[item]),
        "similarity": ("DOUBLE", found.score.ravel()[real].astype(np.float64)),
        "because_of": ("VARCHAR", items[because]),
        "popularity": ("DOUBLE", found.popularity[item]),
    }
    return NewTable(name="next_product", columns=columns)


def _reach_table(reach: Reach, customers: Any, data: CustomerData) -> NewTable:
    columns: dict[str, tuple[str, Any]] = {
        data.key_column: (data.key_type, customers),
        "best_weekday": ("VARCHAR", np.array(WEEKDAYS, dtype=object)[reach.weekday]),
        "best_hour": ("INTEGER", reach.hour),
        "reactions": ("INTEGER", reach.reactions),
    }
    return NewTable(name="reach_time", columns=columns)
