"""What was planted, written down: parameters, customers and events of the truth file."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from tools.warehouses.demo import truths as t
from tools.warehouses.demo.arrays import NONE, Floats, logistic, logit, where_none
from tools.warehouses.demo.campaigns import NAIVE_FACTOR, Campaign
from tools.warehouses.demo.catalogue import Catalogue, read_data
from tools.warehouses.demo.people import ACTIONS, LINES_BEYOND_FIRST, SEGMENTS, TAU, People
from tools.warehouses.demo.purchasing import World
from tools.warehouses.demo.stores import region_names
from tools.warehouses.demo.timeline import Timeline
from tools.warehouses.demo.writing import Sink

MEAN_PIECES = 4 / 3
MEAN_DISCOUNT = 0.02
HORIZON_DAYS = 365


@dataclass(frozen=True, kw_only=True)
class Planted:
    """One row of truth.event; days are day numbers or None."""

    truth: str
    name: str
    metric: str
    effect: float
    unit: str
    scope_sql: str = "TRUE"
    first: int | None = None
    last: int | None = None


def write_truth_parameters(truth: Sink, world: World) -> None:
    """truth.parameter: the numbers of the generator that hold for the whole build."""
    has = world.options.has
    rows = [
        ("purchase_r", t.PURCHASE_R, "shape of the gamma distribution of orders per week"),
        ("purchase_alpha_weeks", t.PURCHASE_ALPHA_WEEKS, "rate of the gamma distribution, in weeks"),
        ("dropout_a", t.DROPOUT_A, "first parameter of the beta distribution of leaving after an order"),
        ("dropout_b", t.DROPOUT_B, "second parameter"),
        *((f"driver_{k}", v if has("churn_drivers") else 0.0, "log-odds of leaving after an order") for k, v in t.DRIVER_LOG_ODDS.items()),
        *((f"decoy_{name}", 0.0, "log-odds of leaving after an order") for name in t.DECOYS),
        ("seed", float(world.options.seed), "seed of the build"),
        ("customers", float(world.options.customers), "customers of the build"),
    ]
    truth.write(
        "truth.parameter",
        name=np.array([r[0] for r in rows], dtype=object),
        value=np.array([r[1] for r in rows], dtype=np.float64),
        meaning=np.array([r[2] for r in rows], dtype=object),
    )


def write_truth_customers(truth: Sink, world: World, people: People, left: Floats) -> None:
    """truth.customer."""
    timeline = world.timeline
    p = np.clip(people.dropout, 1e-9, 1 - 1e-9)
    if world.options.has("churn_drivers"):
        p = logistic(logit(p) + t.DRIVER_LOG_ODDS["loyalty_tier"] * (people.tier > 0))
    margin = mean_margin(world.catalogue, people, timeline)
    gone = ~np.isnan(left)
    orders = np.where(gone | ~people.buys, 0.0, (1 - np.exp(-people.orders_per_day * p * HORIZON_DAYS)) / p)
    tau = TAU[people.segment]
    truth.write(
        "truth.customer",
        customer_id=people.ids,
        orders_per_week=np.round(np.where(people.buys, people.orders_per_day * 7, 0.0), 8),
        dropout_probability=np.round(people.dropout, 8),
        dropout_on=where_none(gone, timeline.epoch_day(np.nan_to_num(left))),
        mean_order_margin=margin,
        expected_margin_12m=orders * margin,
        segment=np.array(SEGMENTS, dtype=object)[people.segment],
        price_sensitive=people.price_sensitive,
        tau_call=tau[:, ACTIONS.index("call")],
        tau_email_offer=tau[:, ACTIONS.index("email offer")],
        tau_coupon=tau[:, ACTIONS.index("coupon")],
    )


def mean_margin(catalogue: Catalogue, people: People, timeline: Timeline) -> Floats:
    """Expected margin of one order, EUR: number of lines x a line's margin, at the last prices."""
    products = np.arange(catalogue.count)
    price, _ = catalogue.price_at(products, np.full(catalogue.count, timeline.days - 1))
    line = MEAN_PIECES * (price * (1 - MEAN_DISCOUNT) - catalogue.cost)
    weight = catalogue.popularity
    overall = float((line * weight).sum() / weight.sum())
    sums = np.bincount(catalogue.category, weights=line * weight) / np.bincount(catalogue.category, weights=weight)
    per_line = 0.4 * sums[people.favourite] + 0.6 * overall
    return np.asarray(np.round(per_line * (1 + LINES_BEYOND_FIRST * people.spend), 2), dtype=np.float64)


def write_truth_events(truth: Sink, world: World, campaigns: tuple[Campaign, ...]) -> None:
    """truth.event: every planted effect that is switched on, and every planted absence."""
    rows = [row for row in _events(world, campaigns) if world.options.has(row.truth)]
    first_day = (world.timeline.start - dt.date(1970, 1, 1)).days

    def days(values: list[int | None]) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        return np.array([NONE if v is None else v + first_day for v in values], dtype=np.int64)

    truth.write(
        "truth.event",
        event_id=np.arange(1, len(rows) + 1),
        truth=np.array([r.truth for r in rows], dtype=object),
        name=np.array([r.name for r in rows], dtype=object),
        starts_on=days([r.first for r in rows]),
        ends_on=days([r.last for r in rows]),
        scope_sql=np.array([r.scope_sql for r in rows], dtype=object),
        metric=np.array([r.metric for r in rows], dtype=object),
        effect=np.array([r.effect for r in rows], dtype=np.float64),
        unit=np.array([r.unit for r in rows], dtype=object),
    )


def _events(world: World, campaigns: tuple[Campaign, ...]) -> list[Planted]:
    """All that could be planted; the caller keeps what is switched on."""
    days, effects, names = _days(world), _effects(), _names(world)
    rows = [
        Planted(
            truth=e["truth"],
            name=e["name"],
            metric=e["metric"],
            effect=effects[e["effect"]],
            unit=e["unit"],
            scope_sql=e.get("scope", "TRUE").format(**names),
            first=days[e["first"]] if "first" in e else None,
            last=days[e["last"]] if "last" in e else None,
        )
        for e in read_data("events")
    ]
    odds = {**t.DRIVER_LOG_ODDS, **dict.fromkeys(t.DECOYS, 0.0)}
    rows += [Planted(truth="churn_drivers", name=n, metric="log-odds of leaving", effect=v, unit="log-odds") for n, v in odds.items()]
    rows += [
        Planted(truth="nulls", name=c["title"], metric=c["metric"], effect=0.0, unit="difference", first=world.timeline.days - c["days"])
        for c in read_data("changes")
    ]
    return rows + [row for c in campaigns for row in _campaign_events(c)]


def _days(world: World) -> dict[str, int]:
    plan = world.plan
    batch_end = plan.bad_batch_day + plan.bad_batch_days - 1
    return {
        "end": world.timeline.days - 1,
        "price_day": plan.price_rise_day,
        "mentions_end": plan.price_rise_day + t.PRICE_MENTION_DAYS - 1,
        "batch_day": plan.bad_batch_day,
        "batch_end": batch_end,
        "leak_day": plan.bad_batch_day + t.LEAK_AFTER_DAYS,
        "bug_start": plan.bug_start,
        "bug_end": plan.bug_end,
        "walkout_start": plan.walkout_start,
        "simpson_split": plan.simpson_split,
    }


def _effects() -> dict[str | int, float]:
    return {
        "saturday": t.SATURDAY,
        "december": t.DECEMBER,
        "price_rise": t.PRICE_RISE_RATE,
        "price_units": t.PRICE_RISE_RATE * t.PRICE_ELASTICITY,
        "price_dropout": t.PRICE_RISE_DROPOUT,
        "price_mentions": t.PRICE_RISE_MENTIONS,
        "bad_returns": t.BAD_RETURN_RATE,
        "bad_rating": -t.BAD_RATING_DROP,
        "leak_factor": t.LEAK_FACTOR,
        "bug_completion": t.BUG_COMPLETION,
        "walkout_bad": t.BAD_WALKOUT_RATE,
        "simpson_rise": t.SIMPSON_RISE,
        0: 0.0,
    }


def _names(world: World) -> dict[str, str]:
    """What scopes name."""
    plan, regions = world.plan, region_names()
    return {
        "category": world.catalogue.category_names[plan.price_rise_category],
        "batch": str(world.catalogue.bad_batch),
        "leak_regions": ", ".join(f"'{regions[r]}'" for r in plan.leak_regions),
        "shops": ", ".join(str(s + 1) for s in plan.walkout_stores),
    }


def _campaign_events(c: Campaign) -> list[Planted]:
    """The lift of one campaign, its harm, and what a comparison without control group would show."""

    def row(name: str, metric: str, effect: float) -> Planted:
        return Planted(
            truth=c.truth,
            name=name,
            metric=metric,
            effect=effect,
            unit="difference",
            scope_sql=f"campaign_id = {c.number}",
            first=c.start,
            last=c.start + c.outcome_days - 1,
        )

    rows = [row(c.name, "conversion lift", c.lift)]
    if c.harm is not None:
        rows.append(row(f"{c.name}, do not disturb", "conversion lift", c.harm))
    if not c.randomised:
        rows.append(row(f"{c.name}, naive", "naive conversion lift", NAIVE_FACTOR * c.lift))
    return rows
