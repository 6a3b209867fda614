"""The actions' part in the intelligence layer: what may be done about each customer, what it would bring, and why."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tools.core.customers import Orders, day_number
from tools.core.customers.warehouse_data import CustomerData, require_roles
from tools.core.errors import NeedsPerson
from tools.core.semantics.additions import PolicyAddition
from tools.core.semantics.model import ActionKind, ActionRoles, SemanticModel, Signal
from tools.core.semantics.templates import as_json_text, model_addition
from tools.core.warehouse.refresh import Contributed, NewTable, RefreshWork
from tools.next_best_action.choice import NOTHING, Eligibility, Scored, best_actions, eligibility, score
from tools.next_best_action.evidence import YEAR, Features, fixed_signals, read_decisions, read_trials
from tools.next_best_action.uplift import Effect, inverse_propensity_value, measure

Floats = NDArray[np.float64]

HORIZON_DAYS = 91
"""Orders of a customer who comes back count over so many days."""
_PRIOR_ORDERS = 3
"""A customer's mean margin is drawn towards the mean of all as if by so many orders."""
_TEMPLATE = Path(__file__).with_name("semantic_addition.yaml")
_TABLE = "next_action"


class NextBestActionContribution:
    """Scores every action for every customer with an order, as of the last complete day."""

    name: ClassVar[str] = "next_best_action"
    reads: ClassVar[tuple[str, ...]] = ("lifetime_value", "churn")

    def __init__(self, horizon_days: int = HORIZON_DAYS) -> None:
        self._horizon_days = horizon_days

    @property
    def version(self) -> str:
        return f"1-h{self._horizon_days}"

    def compute(self, work: RefreshWork) -> Contributed:
        """Raises NeedsPerson: a role is missing, above all `roles.actions` and its `consent`: nobody is contacted without."""
        roles = require_actions(work.model)
        data = CustomerData(work.connection, work.model, work.as_of)
        basis = "margin" if work.model.settings.roles.margin else "revenue"
        orders = data.orders(amount="margin" if basis == "margin" else "amount")
        day = day_number(work.as_of)
        work.progress("Measuring what actions change")
        fixed, labels = fixed_signals(work.model, data, orders, day)
        features = Features(orders, fixed, labels)
        effects = measured_effects(data, orders, roles, features, day)
        work.progress("Scoring actions and checking who may be approached")
        facts = features.facts(day)
        value = order_value(orders, day, self._horizon_days)
        scaled = features.scaled(facts)
        chosen = {kind.name: _strongest(effects, kind.name) for kind in roles.kinds}
        scored = [score(kind, chosen[kind.name], scaled, facts, value, features.features) for kind in roles.kinds]
        allowed = who_may_be_approached(data, orders, roles, day)
        at_stake = _at_stake(work, data.key_column, orders)
        table = action_table(scored, allowed, orders.customers, data.key_column, data.key_type, at_stake)
        card = _card(work.as_of, work.model, scored, allowed, effects, basis=basis, horizon_days=self._horizon_days)
        card["policy"] = _policy_value(data, orders, roles, features, scored, day)
        words = {"horizon_days": self._horizon_days, "scored_on": work.as_of, "currency": work.model.settings.currency, "basis": basis,
                 "modelled": as_json_text(_modelled(work.as_of, effects, basis))}  # fmt: skip
        columns = {"key": (data.key_column,), "plain": tuple(c for c in table.columns if c != data.key_column)}
        return Contributed(
            tables=(table,),
            model=model_addition(_TEMPLATE, work.model, words),
            policy=PolicyAddition(tables={table.full_name: columns}, paths={table.full_name: data.key_column}),
            card=card,
        )


def require_actions(model: SemanticModel) -> ActionRoles:
    """Raises NeedsPerson (`roles_missing`) naming what the semantic model does not say."""
    require_roles(model, ["customer", "order", "order_time", "amount"])
    roles = model.settings.roles.actions
    missing = "what can be done about customers (`roles.actions`)" if roles is None else ""
    if roles is not None and roles.consent is None and any(kind.channels for kind in roles.kinds):
        missing = "where customers' consent is (`roles.actions.consent`), and nobody is contacted without it"
    if missing or roles is None:
        raise NeedsPerson(
            f"The semantic model does not say {missing}.",
            try_instead="Name it in the model's custom_extensions; docs/semantic_model.md describes `roles`.",
            code="roles_missing",
        )
    return roles


def measured_effects(data: CustomerData, orders: Orders, roles: ActionRoles, features: Features, day: int) -> list[Effect]:
    """The effect of every action in every source that holds enough of it."""
    trials = read_trials(data, orders, roles.trials, [kind.name for kind in roles.kinds], day)
    found = (measure(trial, features.of_rows(trial.customer, trial.day)) for trial in trials)
    return [effect for effect in found if effect is not None]


def _strongest(effects: Sequence[Effect], action: str) -> Effect | None:
    """Randomised evidence first, then the most exact. What chance did not decide is an association: never scored by."""
    known = [e for e in effects if e.action == action and e.randomised]
    return min(known, key=lambda e: e.error, default=None)


def order_value(orders: Orders, day: int, horizon_days: int) -> Floats:
    """What winning one order is worth per customer: their mean order, times the orders that they place over the horizon (at least one)."""
    known = orders.until(day)
    n = orders.n_customers
    count = np.bincount(known.customer, minlength=n).astype(np.float64)
    total = np.bincount(known.customer, weights=known.amount, minlength=n)
    overall = float(known.amount.mean()) if len(known) else 0.0
    mean = (total + _PRIOR_ORDERS * overall) / (count + _PRIOR_ORDERS)
    last_year = np.bincount(known.customer[known.day > day - YEAR], minlength=n)
    return np.asarray(np.maximum(mean, 0.0) * np.maximum(1.0, last_year * horizon_days / YEAR), dtype=np.float64)


def who_may_be_approached(data: CustomerData, orders: Orders, roles: ActionRoles, day: int) -> Eligibility:
    """Consent, objections, open complaints and the cap on contacts, as of a day."""
    channels = sorted({channel for kind in roles.kinds for channel in kind.channels})
    blocks = {block.label: data.signal_values([block], orders, day)[block.name] != 0 for block in roles.blocks}
    contacts = np.zeros(orders.n_customers)
    if roles.contacts is not None:
        contacts = data.signal_values([roles.contacts], orders, day)[roles.contacts.name]
    needs = {k.name: Signal(name=slug(k.name), label=k.label, expression=k.needs) for k in roles.kinds if k.needs is not None}
    possible = {name: data.signal_values([need], orders, day)[need.name] != 0 for name, need in needs.items()}
    consent = _consent(data, orders, roles, channels)
    return eligibility(roles.kinds, consent, blocks, contacts.astype(np.int64), roles.most_contacts, possible)


def _consent(data: CustomerData, orders: Orders, roles: ActionRoles, channels: Sequence[str]) -> dict[str, NDArray[np.bool_]]:
    """Channel -> who agreed for every purpose. A refusal on the channel, or on any channel, wins over a consent."""
    n = orders.n_customers
    if roles.consent is None:
        return {channel: np.ones(n, dtype=bool) for channel in channels}
    c = roles.consent
    rows = data.rows({"purpose": c.purpose, "channel": c.channel, "granted": c.granted}, customers=orders.customers)
    purpose, channel = (np.ma.filled(rows[name].astype(object), None) for name in ("purpose", "channel"))
    granted = np.ma.filled(rows["granted"], False).astype(bool)
    agreed = {}
    for one in channels:
        all_purposes = np.ones(n, dtype=bool)
        for wanted in c.purposes:
            about = (purpose == wanted) & ((channel == one) | (channel == c.any_channel))
            yes, no = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
            yes[rows["customer"][about & granted]] = True
            no[rows["customer"][about & ~granted]] = True
            all_purposes &= yes & ~no
        agreed[one] = all_purposes
    return agreed


def _at_stake(work: RefreshWork, key: str, orders: Orders) -> Floats:
    """Chance of leaving x value over the horizon: what may be lost; not a number where either is not computed."""
    known = {
        row[0] for row in work.connection.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'intelligence'").fetchall()
    }
    found = np.full(orders.n_customers, np.nan)
    if not {"churn", "lifetime_value"} <= known:
        return found
    statement = (
        f'SELECT "{key}" AS customer, churn_probability * clv AS at_stake FROM intelligence.churn JOIN intelligence.lifetime_value '
        f'USING ("{key}") ORDER BY 1'
    )
    rows = work.connection.execute(statement).fetchnumpy()
    position = np.searchsorted(orders.customers, np.ma.getdata(rows["customer"]))
    inside = position < orders.n_customers
    found[position[inside]] = np.ma.filled(rows["at_stake"], np.nan)[inside]
    return found


@dataclass(frozen=True, kw_only=True)
class _Best:
    """Of each customer's best action."""

    action: NDArray[np.object_]
    gain: Floats
    uplift: Floats
    low: Floats
    cost: Floats
    reasons: NDArray[np.object_]


def slug(action: str) -> str:
    """The action's name as part of a column's."""
    return re.sub(r"\W+", "_", action.lower()).strip("_")


def action_table(
    scored: Sequence[Scored], allowed: Eligibility, customers: NDArray[Any], key: str, key_type: str, at_stake: Floats
) -> NewTable:
    """One row per customer with an order: the best action, and every action with what it would bring or why it must not be done."""
    best = _best(scored, allowed)
    columns: dict[str, tuple[str, Any]] = {
        key: (key_type, customers),
        "best_action": ("VARCHAR", best.action),
        "expected_gain": ("DOUBLE", best.gain),
        "uplift": ("DOUBLE", best.uplift),
        "uplift_low": ("DOUBLE", best.low),
        "cost": ("DOUBLE", best.cost),
        "reasons": ("VARCHAR", best.reasons),
        "block": ("VARCHAR", _block(scored, allowed)),
        "at_stake": ("DOUBLE", _gaps(at_stake)),
    }
    for one in scored:
        name = slug(one.kind.name)
        why_not = allowed.why_not[one.kind.name]
        columns |= {
            f"gain_{name}": ("DOUBLE", _gaps(one.gain)),
            f"uplift_{name}": ("DOUBLE", _gaps(one.uplift)),
            f"low_{name}": ("DOUBLE", _gaps(one.low)),
            f"why_not_{name}": ("VARCHAR", np.array([text or None for text in why_not], dtype=object)),
            f"reasons_{name}": ("VARCHAR", one.reasons),
        }
    return NewTable(name=_TABLE, columns=columns)


def _best(scored: Sequence[Scored], allowed: Eligibility) -> _Best:
    action, gain = best_actions(scored, allowed)
    n = len(action)
    uplift, low, cost, reasons = np.zeros(n), np.zeros(n), np.zeros(n), np.full(n, "nothing that may be done pays", dtype=object)
    for one in scored:
        mine = action == one.kind.name
        uplift, low = np.where(mine, one.uplift, uplift), np.where(mine, one.low, low)
        cost, reasons = np.where(mine, one.kind.cost, cost), np.where(mine, one.reasons, reasons)
    return _Best(action=action, gain=gain, uplift=uplift, low=low, cost=cost, reasons=reasons.astype(object))


def _block(scored: Sequence[Scored], allowed: Eligibility) -> NDArray[np.object_]:
    """Why no action at all may be done; None when one may."""
    reasons = np.column_stack([allowed.why_not[one.kind.name] for one in scored])
    anything = (reasons == "").any(axis=1)
    # What holds for every action says more than a missing consent for the first of them.
    told = reasons[:, 0]
    for column in range(reasons.shape[1]):
        told = np.where(told == "no consent", reasons[:, column], told)
    found: NDArray[np.object_] = told.astype(object)
    found[anything] = None
    return found


def _gaps(values: Floats) -> NDArray[np.object_]:
    """None for what is not a number."""
    found = values.astype(object)
    found[np.isnan(values)] = None
    return found


def _card(
    as_of: dt.date,
    model: SemanticModel,
    scored: Sequence[Scored],
    allowed: Eligibility,
    effects: Sequence[Effect],
    *,
    basis: str,
    horizon_days: int,
) -> dict[str, Any]:
    """How the scores were made and how good they are."""
    actions = [
        {
            "name": one.kind.name,
            "slug": slug(one.kind.name),
            "label": one.kind.label,
            "cost": one.kind.cost,
            "channels": list(one.kind.channels),
            "source": one.effect.source if one.effect else None,
            "average": one.effect.average if one.effect else None,
            "error": one.effect.error if one.effect else None,
            "days": one.effect.days if one.effect else None,
            "is_sure": bool(one.effect and one.effect.is_sure),
            "allowed": int(allowed.allowed(one.kind.name).sum()),
        }
        for one in scored
    ]
    return {
        "as_of": as_of.isoformat(),
        "currency": model.settings.currency,
        "basis": basis,
        "horizon_days": horizon_days,
        "actions": actions,
        "effects": [_effect_in_card(e) for e in effects],
        "do_not_use": _warnings(scored),
    }


def _effect_in_card(e: Effect) -> dict[str, Any]:
    return {
        "action": e.action,
        "source": e.source,
        "treated": e.treated,
        "control": e.control,
        "randomised": e.randomised,
        "days": e.days,
        "average": e.average,
        "low": e.average - 1.96 * e.error,
        "high": e.average + 1.96 * e.error,
        "learner_average": e.learner_average,
        "belief": e.belief,
        "qini": e.qini,
        "deciles": [{"n": n, "effect": effect} for n, effect in e.deciles],
    }


def _warnings(scored: Sequence[Scored]) -> list[str]:
    unmeasured = [one.kind.label for one in scored if one.effect is None]
    unsure = [one.kind.label for one in scored if one.effect is not None and not one.effect.is_sure]
    said = []
    if unmeasured:
        said.append(f"as a ranking by effect for {', '.join(unmeasured)}: too few were treated or left alone by chance to measure one")
    if unsure:
        said.append(f"as proof that {', '.join(unsure)} works: its average effect may be nothing")
    return said


def _modelled(as_of: dt.date, effects: Sequence[Effect], basis: str) -> Mapping[str, Any]:
    sources = sorted({e.source for e in effects if e.randomised})
    return {
        "what": f"expected gains of actions in {basis}",
        "model": "two logistic regressions per action (T-learner), checked by doubly robust scores",
        "trained_from": as_of.isoformat(),
        "trained_to": as_of.isoformat(),
        "scored_on": as_of.isoformat(),
        "reliability": f"effects measured on {' and '.join(sources)}, where chance decided" if sources else "no effect is measured yet",
        "good_for_days": 14,
    }


def _policy_value(
    data: CustomerData, orders: Orders, roles: ActionRoles, features: Features, scored: Sequence[Scored], day: int
) -> dict[str, Any] | None:
    """What choosing by gain would have brought in the logged decisions, against what was done; None without logged propensities."""
    for source in roles.trials:
        log = read_decisions(data, orders, source, day)
        if log is None:
            continue
        named = np.isin(log.action, [one.kind.name for one in scored] + [source.none])
        x = features.of_rows(log.customer, log.day)
        offered = set(log.action[named])
        gains = [(s.kind, s.effect.uplift(x)) for s in scored if s.effect is not None and s.kind.name in offered]
        choice, best = np.full(len(x), source.none, dtype=object), np.zeros(len(x))
        for kind, uplift in gains:
            choice, best = np.where(uplift > best, kind.name, choice).astype(object), np.maximum(best, uplift)
        rate, error = inverse_propensity_value(choice[named], log.action[named], log.propensity[named], log.outcome[named])
        if np.isnan(rate):
            return None
        observed = float(log.outcome[named].mean())
        return {"source": source.name, "decisions": int(named.sum()), "observed": observed, "by_effect": rate, "error": error}
    return None


__all__ = ["NOTHING", "ActionKind", "NextBestActionContribution", "action_table", "measured_effects", "order_value", "slug"]
