"""Campaigns: who was drawn into which arm, and the orders that campaigns caused or cost."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from tools.warehouses.demo.arrays import Bools, Coded, Floats, Ints, chance
from tools.warehouses.demo.catalogue import read_data
from tools.warehouses.demo.people import SEGMENTS, TIERS, People
from tools.warehouses.demo.privacy import Consent
from tools.warehouses.demo.purchasing import Basket, World, draw_orders
from tools.warehouses.demo.timeline import Timeline
from tools.warehouses.demo.truths import BUG_COMPLETION, CHECKOUT_COMPLETION
from tools.warehouses.demo.writing import Sink

AUDIENCE_SHARE, TREAT_SHARE = 0.6, 0.6
CHOSEN_SHARE, ACTIVE_SHARE = 0.25, 0.30
NAIVE_FACTOR = 3.0
"""What the campaign without control group seems to achieve, as a multiple of what it does."""
ANONYMOUS_SHARE = 0.05


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """One campaign as planned; `number` is its id."""

    number: int
    name: str
    channel: str
    objective: str
    offer: str
    budget: float
    start: int
    """Day number."""
    days: int
    outcome_days: int
    lift: float
    harm: float | None
    randomised: bool
    truth: str


@dataclass(frozen=True, kw_only=True)
class Audience:
    """Customers selected for one campaign (positions in People)."""

    campaign: Campaign
    customer: Ints
    treated: Bools


def make_campaigns(world: World) -> tuple[Campaign, ...]:
    """All campaigns that began within the data; without their truth they have no effect and are all randomised."""
    campaigns = []
    for number, c in enumerate(read_data("campaigns"), start=1):
        planted = world.options.has(c["truth"])
        campaigns.append(
            Campaign(
                number=number,
                name=c["name"],
                channel=c["channel"],
                objective=c["objective"],
                offer=c["offer"],
                budget=float(c["budget"]),
                start=world.timeline.days - c["start"],
                days=c["days"],
                outcome_days=c["outcome_days"],
                lift=c["lift"] if planted else 0.0,
                harm=c.get("harm") if planted else None,
                randomised=c.get("randomised", True) or not planted,
                truth=c["truth"],
            )
        )
    return tuple(campaigns)


def run_campaigns(
    world: World, people: People, consent: Consent, basket: Basket, campaigns: tuple[Campaign, ...]
) -> tuple[Basket, list[Audience]]:
    """The orders after all campaigns, and who was in them."""
    orders = basket.orders
    first = np.full(people.count, np.inf)
    np.minimum.at(first, orders.customer, orders.moment)
    removed = np.zeros(orders.count, dtype=bool)
    audiences, new_customer, new_moment = [], [], []
    for campaign in campaigns:
        rng = world.streams.rng(f"marketing.campaign_audience/{campaign.number}", people.chunk)
        eligible = (first <= campaign.start - 14) & consent.allows(campaign.start)
        inside = (orders.moment >= campaign.start) & (orders.moment < campaign.start + campaign.outcome_days)
        ordered = np.zeros(people.count, dtype=bool)
        ordered[orders.customer[inside]] = True
        audience = _select(rng, basket, campaign, eligible, ordered)
        audiences.append(audience)
        lift = np.full(people.count, campaign.lift)
        if campaign.harm is not None:
            lift[people.segment == SEGMENTS.index("do not disturb")] = campaign.harm
        treated = np.zeros(people.count, dtype=bool)
        treated[audience.customer[audience.treated]] = True
        added, lost = _effects(rng, people, lift, treated, ordered)
        removed |= inside & lost[orders.customer]
        who = np.flatnonzero(added)
        new_customer.append(who)
        new_moment.append(campaign.start + rng.random(len(who)) * (campaign.outcome_days - 0.01))
    extra = draw_orders(world, people, np.concatenate(new_customer), np.concatenate(new_moment), name="/campaigns")
    return Basket.merge([basket.take(np.flatnonzero(~removed)), extra]), audiences


def _select(rng: np.random.Generator, basket: Basket, campaign: Campaign, eligible: Bools, ordered: Bools) -> Audience:
    count = len(eligible)
    if campaign.randomised:
        chosen = np.flatnonzero(eligible & chance(rng, AUDIENCE_SHARE, count))
        return Audience(campaign=campaign, customer=chosen, treated=chance(rng, TREAT_SHARE, len(chosen)))
    share = _favouring_active(basket, campaign, eligible, ordered)
    chosen = np.flatnonzero(eligible & chance(rng, share, count))
    return Audience(campaign=campaign, customer=chosen, treated=np.ones(len(chosen), dtype=bool))


def _favouring_active(basket: Basket, campaign: Campaign, eligible: Bools, ordered: Bools) -> Floats:
    """Chance of selection that makes the naive difference `NAIVE_FACTOR` times the lift.

    Active customers (most orders in the 120 days before) buy more anyway; how strongly they are preferred is solved for
    from how much more they buy.
    """
    orders = basket.orders
    recent = (orders.moment < campaign.start) & (orders.moment >= campaign.start - 120)
    counts = np.bincount(orders.customer[recent], minlength=len(eligible)) + 1e-9 * np.arange(len(eligible))
    if not eligible.any():
        return np.zeros(len(eligible))
    active = eligible & (counts >= np.quantile(counts[eligible], 1 - ACTIVE_SHARE))
    rest = eligible & ~active
    gap = ordered[active].mean() - ordered[rest].mean() if rest.any() else 0.0
    wanted = (NAIVE_FACTOR - 1) * campaign.lift / gap if gap > 0 else 0.0
    among = (wanted + ACTIVE_SHARE / (1 - CHOSEN_SHARE)) / (1 + CHOSEN_SHARE / (1 - CHOSEN_SHARE))
    among = float(np.clip(among, ACTIVE_SHARE, 1.0))
    return np.where(active, min(1.0, CHOSEN_SHARE * among / ACTIVE_SHARE), CHOSEN_SHARE * (1 - among) / (1 - ACTIVE_SHARE))


def _effects(rng: np.random.Generator, people: People, lift: Floats, treated: Bools, ordered: Bools) -> tuple[Bools, Bools]:
    """Which treated customers order because of the campaign, and which don't although they would have."""
    u = rng.random(people.count)
    gains, loses = np.zeros(people.count, dtype=bool), np.zeros(people.count, dtype=bool)
    for value in np.unique(lift):
        group = lift == value
        base = ordered[group & treated].mean() if (group & treated).any() else 0.0
        if value > 0:
            gains = gains | group & treated & ~ordered & (u < value / max(1 - base, 1e-9))
        elif value < 0 and base > 0:
            loses = loses | group & treated & ordered & (u < min(1.0, -value / base))
    return gains, loses


def break_checkout(world: World, people: People, basket: Basket) -> Bools:
    """Moves mobile web orders of the bug's weeks to the desktop, in place; returns which ones had failed on the phone first."""
    orders = basket.orders
    if not world.options.has("web_bug"):
        return np.zeros(orders.count, dtype=bool)
    rng = world.streams.rng("behaviour.web_session/bug", people.chunk)
    hit = (
        (orders.customer >= 0)
        & (orders.channel == 1)
        & (orders.device == 1)
        & (orders.day >= world.plan.bug_start)
        & (orders.day <= world.plan.bug_end)
    )
    failed: Bools = hit & chance(rng, 1 - BUG_COMPLETION / CHECKOUT_COMPLETION, orders.count)
    orders.device[failed] = 0
    return failed


def add_anonymous(world: World, people: People, basket: Basket) -> Basket:
    """Some sales at tills have no customer number: drawn like those of random customers, then made anonymous."""
    rng = world.streams.rng("sales.orders/anonymous", people.chunk)
    count = int(basket.orders.count * ANONYMOUS_SHARE)
    shoppers = rng.integers(0, people.count, count)
    moment = np.minimum(world.timeline.in_season(np.sort(rng.random(count)) * world.timeline.days), world.timeline.days - 1e-6)
    extra = draw_orders(world, people, shoppers, moment, name="/anonymous")
    in_store = extra.take(np.flatnonzero(extra.orders.channel == 0))
    in_store.orders.customer[:] = -1 - in_store.orders.customer
    in_store.orders.ticket[:] = -1
    in_store.orders.invited[:] = False
    in_store.orders.answered[:] = False
    return Basket.merge([basket, in_store])


def write_campaigns(sink: Sink, campaigns: tuple[Campaign, ...], timeline: Timeline) -> None:
    """marketing.campaign and marketing.coupon."""

    def day(number: int) -> int:
        return (timeline.date(number) - dt.date(1970, 1, 1)).days

    sink.write(
        "marketing.campaign",
        campaign_id=np.array([c.number for c in campaigns]),
        campaign_name=np.array([c.name for c in campaigns], dtype=object),
        objective=np.array([c.objective for c in campaigns], dtype=object),
        channel=np.array([c.channel for c in campaigns], dtype=object),
        start_on=np.array([day(c.start) for c in campaigns]),
        end_on=np.array([day(c.start + c.days - 1) for c in campaigns]),
        budget=np.array([c.budget for c in campaigns]),
        offer=np.array([c.offer for c in campaigns], dtype=object),
        is_randomised=np.array([c.randomised for c in campaigns]),
        outcome_days=np.array([c.outcome_days for c in campaigns]),
    )
    rates = coupon_rates(campaigns)
    with_coupon = [c for c in campaigns if rates[c.number]]
    sink.write(
        "marketing.coupon",
        coupon_id=np.array([c.number for c in with_coupon]),
        campaign_id=np.array([c.number for c in with_coupon]),
        code=np.array([f"{c.name.split()[0].upper()}{c.number:02d}" for c in with_coupon], dtype=object),
        discount_rate=np.array([rates[c.number] for c in with_coupon]),
        valid_from=np.array([day(c.start) for c in with_coupon]),
        valid_to=np.array([day(c.start + c.outcome_days - 1) for c in with_coupon]),
    )


def coupon_rates(campaigns: tuple[Campaign, ...]) -> Floats:
    """Discount rate of each campaign's coupon by campaign number, 0 without one; coupon ids are campaign ids."""
    rates = np.zeros(len(campaigns) + 1)
    for c in campaigns:
        rates[c.number] = {"10": 0.10, "15": 0.15}.get(c.offer.split(" ")[0], 0.0)
    return rates


def write_audiences(sink: Sink, people: People, basket: Basket, audiences: list[Audience], timeline: Timeline) -> None:
    """marketing.campaign_audience, with what came of it."""
    orders = basket.orders
    known = orders.customer >= 0
    for audience in audiences:
        c = audience.campaign
        inside = known & (orders.day >= c.start) & (orders.day < c.start + c.outcome_days)
        converted = np.zeros(people.count, dtype=bool)
        converted[orders.customer[inside]] = True
        sink.write(
            "marketing.campaign_audience",
            campaign_id=np.full(len(audience.customer), c.number),
            customer_id=people.first_id + audience.customer,
            arm=Coded(np.where(audience.treated, 0, 1), ("treat", "control")),
            stratum=Coded(people.tier[audience.customer], TIERS),
            assigned_on=timeline.epoch_day(np.full(len(audience.customer), c.start)),
            converted=converted[audience.customer],
        )
