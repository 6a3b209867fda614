"""What was tried on whom and what came of it, and what was known of them on that day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.core.customers import Orders
from tools.core.customers.warehouse_data import CustomerData
from tools.core.semantics.model import ActionTrial, SemanticModel, Signal

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

YEAR, QUARTER = 365, 91
_PRIOR_ROWS = 20
DEFAULT_DAYS = 30.0
"""Over which an outcome counts where the model does not say."""
_ORDER_FEATURES = (
    ("days_since_last_order", "days since the last order"),
    ("orders_quarter", "orders in the last 91 days"),
    ("orders_year", "orders in the last year"),
    ("spend_year", "spend in the last year"),
    ("tenure_days", "days as a customer"),
)


@dataclass(frozen=True, kw_only=True)
class Feature:
    """Something known of every customer on any day."""

    name: str
    label: str
    is_count: bool = True
    """Counted or added up, so that its logarithm is used."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One action against nothing, in one source: what was drawn, and what came of it. One entry per customer and decision."""

    action: str
    source: str
    customer: Ints
    """Numbers of the customers."""
    day: Ints
    treated: NDArray[np.bool_]
    outcome: Floats
    chance_of_treatment: Floats
    """With which a row like this one would be treated rather than left alone, given that it is one of the two."""
    randomised: bool
    days: float
    """Over which the outcome was watched; the mean where it differs."""


class Features:
    """Customers as of a day, from their orders up to it and from what holds for them at any time."""

    def __init__(self, orders: Orders, fixed: Mapping[str, Floats], labels: Mapping[str, str]) -> None:
        """
        Args:
            fixed: Per name one value per customer, independent of the day.
        """
        self._orders, self._fixed = orders, fixed
        order_features = tuple(Feature(name=name, label=label) for name, label in _ORDER_FEATURES)
        self.features = (*order_features, *(Feature(name=name, label=labels[name], is_count=False) for name in fixed))

    def facts(self, day: int) -> Floats:
        """Customers by features, in plain units: days, orders, money."""
        orders, n = self._orders.until(day), self._orders.n_customers
        last = np.full(n, -1, dtype=np.int64)
        np.maximum.at(last, orders.customer, orders.day)
        first = np.full(n, day, dtype=np.int64)
        np.minimum.at(first, orders.customer, orders.day)
        quarter, year = orders.day > day - QUARTER, orders.day > day - YEAR
        columns = (
            np.where(last >= 0, day - last, 3 * YEAR),
            np.bincount(orders.customer[quarter], minlength=n),
            np.bincount(orders.customer[year], minlength=n),
            np.bincount(orders.customer[year], weights=np.maximum(orders.amount[year], 0.0), minlength=n),
            day - first,
        )
        return np.column_stack([np.asarray(c, dtype=np.float64) for c in (*columns, *self._fixed.values())])

    def scaled(self, facts: Floats) -> Floats:
        """The same with logarithms of what is counted."""
        counts = np.array([feature.is_count for feature in self.features])
        return np.where(counts, np.log1p(np.maximum(facts, 0.0)), facts)

    def of_rows(self, customer: Ints, day: Ints) -> Floats:
        """Features of each row's customer on the day before its decision."""
        found = np.empty((len(customer), len(self.features)))
        for one in np.unique(day):
            rows = day == one
            found[rows] = self.scaled(self.facts(int(one) - 1))[customer[rows]]
        return found


def fixed_signals(model: SemanticModel, data: CustomerData, orders: Orders, day: int) -> tuple[dict[str, Floats], dict[str, str]]:
    """(values, labels) of the declared signals that are properties of the customer and have no date."""
    customer = str(model.settings.customer)
    known = [signal for signal in model.settings.roles.signals if _is_fixed(signal, customer)]
    values = data.signal_values(known, orders, day)
    return {s.name: values[s.name] for s in known if np.ptp(values[s.name]) > 0}, {s.name: s.label for s in known}


def _is_fixed(signal: Signal, customer: str) -> bool:
    from tools.core.query import sql

    datasets = {symbol.split(".")[0] for symbol in sql.symbols(sql.parse(signal.expression))}
    return datasets == {customer} and signal.time_field is None and not signal.since_last_order


def read_trials(data: CustomerData, orders: Orders, sources: Sequence[ActionTrial], actions: Sequence[str], until: int) -> list[Trial]:
    """Every action in every source, against those who were left alone.

    Args:
        until: The last day that is known, in days since 1970.
    """
    return [trial for source in sources for trial in _of_source(data, orders, source, actions, until)]


def _of_source(data: CustomerData, orders: Orders, source: ActionTrial, actions: Sequence[str], until: int) -> Iterator[Trial]:
    wanted = {"action": source.action, "outcome": source.outcome, "time": f"CAST({source.time} AS DATE)"}
    for name in ("treated", "randomised", "days"):
        text = getattr(source, name)
        if text is not None:
            wanted[name] = text
    rows = data.rows(wanted, customers=orders.customers)
    n = len(rows["customer"])
    day = np.ma.getdata(rows["time"]).astype("datetime64[D]").astype(np.int64) if n else np.zeros(0, dtype=np.int64)
    watched = _floats(rows["days"]) if "days" in rows else np.full(n, DEFAULT_DAYS)
    # A decision whose outcome is still open tells nothing yet.
    over = day + watched <= until + 1
    if source.randomised is not None:
        over &= np.ma.filled(rows["randomised"], False).astype(bool)
    named = np.array([str(value) for value in np.ma.filled(rows["action"].astype(object), None)], dtype=object)
    for action in actions:
        if source.treated is not None:
            chosen = over & (named == action)
            treated = np.ma.filled(rows["treated"], False).astype(bool)
        else:
            chosen = over & ((named == action) | (named == source.none))
            treated = named == action
        if not chosen.any():
            continue
        yield Trial(
            action=action,
            source=source.name,
            customer=rows["customer"][chosen],
            day=day[chosen],
            treated=treated[chosen],
            outcome=_floats(rows["outcome"])[chosen],
            chance_of_treatment=_chances(treated[chosen], day[chosen]),
            randomised=source.randomised is not None,
            days=float(np.mean(watched[chosen])),
        )


def _chances(treated: NDArray[np.bool_], day: Ints) -> Floats:
    """Share of the treated in each day's draw, drawn towards the share of all where the day is small."""
    chances = np.empty(len(treated))
    overall = float(treated.mean())
    for one in np.unique(day):
        rows = day == one
        chances[rows] = (treated[rows].sum() + _PRIOR_ROWS * overall) / (rows.sum() + _PRIOR_ROWS)
    return np.clip(chances, 0.02, 0.98)


def _floats(values: NDArray[np.generic]) -> Floats:
    return np.nan_to_num(np.asarray(np.ma.filled(values.astype(np.float64), 0.0), dtype=np.float64))


@dataclass(frozen=True, kw_only=True)
class Decisions:
    """Logged choices with the chance of each: what a policy would have brought can be told from them."""

    customer: Ints
    day: Ints
    action: NDArray[np.object_]
    outcome: Floats
    propensity: Floats


def read_decisions(data: CustomerData, orders: Orders, source: ActionTrial, until: int) -> Decisions | None:
    """Every choice of a source that logs its propensities; None for one that does not."""
    if source.propensity is None:
        return None
    wanted = {"action": source.action, "outcome": source.outcome, "time": f"CAST({source.time} AS DATE)", "propensity": source.propensity}
    rows = data.rows(wanted | ({"days": source.days} if source.days else {}), customers=orders.customers)
    day = np.ma.getdata(rows["time"]).astype("datetime64[D]").astype(np.int64)
    watched = _floats(rows["days"]) if "days" in rows else np.full(len(day), DEFAULT_DAYS)
    known = (day + watched <= until + 1) & (_floats(rows["propensity"]) > 0)
    if not known.any():
        return None
    return Decisions(
        customer=rows["customer"][known],
        day=day[known],
        action=np.array([str(value) for value in np.ma.filled(rows["action"].astype(object), None)], dtype=object)[known],
        outcome=_floats(rows["outcome"])[known],
        propensity=_floats(rows["propensity"])[known],
    )
