"""Contacts with advertising, what it cost, and the log of actions for single customers."""

from __future__ import annotations

import numpy as np

from tools.warehouses.demo.arrays import NONE, Bools, Coded, Floats, Ints, chance, joined, pick
from tools.warehouses.demo.campaigns import Audience, Campaign
from tools.warehouses.demo.people import ACTIONS, BASE_RESPONSE, TAU, People
from tools.warehouses.demo.privacy import Consent
from tools.warehouses.demo.purchasing import Basket, World
from tools.warehouses.demo.streams import Streams
from tools.warehouses.demo.timeline import Timeline
from tools.warehouses.demo.writing import Sink

TOUCH_CHANNELS = ("display", "email", "brand search", "generic search", "social", "affiliate")
TOUCH_COST = np.array([0.012, 0.004, 0.35, 0.55, 0.08, 0.25])
BRAND_BEFORE_ORDER, BLIND_SEARCHES = 0.55, 0.6
"""Share of orders that a search for our name precedes; such searches per customer without an order."""
MIRRORED_DAYS = 20
AD_CHANNELS = ("display", "paid search", "social", "affiliate", "direct mail")
DAILY_SPEND = np.array([0.020, 0.045, 0.022, 0.010, 0.006])
"""EUR per customer and day."""
COST_PER_CLICK = np.array([0.45, 0.60, 0.35, 0.50, 1.50])
CLICK_RATE = np.array([0.004, 0.035, 0.012, 0.02, 0.01])
ACTION_COST = np.array([0.0, 4.0, 0.05, 3.0])
EXPLORATION = 0.10
DECISION_DAYS, DECISION_SHARE = (330, 240, 150, 75, 1), 0.12


def write_touchpoints(sink: Sink, world: World, people: People, basket: Basket, audiences: list[Audience]) -> None:
    """marketing.touchpoint: what precedes orders by itself, the always-on campaigns, and brand search by intent."""
    rng = world.streams.rng("marketing.touchpoint", people.chunk)
    customers, moments = _orders_to_come(world, basket)
    parts: list[tuple[Ints, Floats, int, int]] = []
    for channel, share in ((3, 0.16), (4, 0.12), (5, 0.05)):
        rows = np.flatnonzero(chance(rng, share, len(customers)))
        parts.append((customers[rows], moments[rows] - rng.exponential(4, len(rows)), channel, NONE))
        strangers = rng.integers(0, people.count, len(rows) * 2)
        parts.append((strangers, rng.random(len(strangers)) * world.timeline.days, channel, NONE))
    parts.extend(_brand_search(rng, world, people, customers, moments))
    for audience in audiences:
        if audience.campaign.truth == "attribution":
            parts.extend(_always_on(rng, audience))
    customer, moment = joined([p[0] for p in parts]), joined([p[1] for p in parts])
    channel_of, campaign = joined([np.full(len(p[0]), p[2]) for p in parts]), joined([np.full(len(p[0]), p[3]) for p in parts])
    kept = np.flatnonzero((moment >= 0) & (moment < world.timeline.days) & people.buys[customer])
    order = kept[np.lexsort((channel_of[kept], customer[kept], moment[kept]))]
    sink.write(
        "marketing.touchpoint",
        touchpoint_id=sink.new_ids("marketing.touchpoint", len(order)),
        customer_id=people.first_id + customer[order],
        campaign_id=campaign[order],
        touched_at=world.timeline.utc_second(moment[order]),
        touched_on=world.timeline.epoch_day(moment[order]),
        channel=Coded(channel_of[order], TOUCH_CHANNELS),
        cost=TOUCH_COST[channel_of[order]],
    )


def _orders_to_come(world: World, basket: Basket) -> tuple[Ints, Floats]:
    """Customer and moment of the orders that contacts precede: those of the data, and, mirrored from the last days, those just after."""
    orders = basket.orders
    known = np.flatnonzero(orders.customer >= 0)
    last = known[orders.moment[known] > world.timeline.days - MIRRORED_DAYS]
    moments = joined([orders.moment[known], 2 * world.timeline.days - orders.moment[last]])
    return orders.customer[joined([known, last])], moments


def _brand_search(
    rng: np.random.Generator, world: World, people: People, customers: Ints, moments: Floats
) -> list[tuple[Ints, Floats, int, int]]:
    """People who are about to order search for our name; the search adds no order. Without the truth it is blind."""
    moment = rng.random(int(people.count * BLIND_SEARCHES)) * world.timeline.days
    blind = (rng.integers(0, people.count, len(moment)), moment, 2, NONE)
    if not world.options.has("attribution"):
        return [blind]
    rows = np.flatnonzero(chance(rng, BRAND_BEFORE_ORDER, len(customers)))
    return [blind, (customers[rows], moments[rows] - rng.random(len(rows)) * 1.5, 2, NONE)]


def _always_on(rng: np.random.Generator, audience: Audience) -> list[tuple[Ints, Floats, int, int]]:
    campaign = audience.campaign
    customer = np.repeat(audience.customer[audience.treated], 2)
    return [
        (
            customer,
            campaign.start + rng.random(len(customer)) * campaign.days,
            TOUCH_CHANNELS.index(campaign.channel),
            campaign.number,
        )
    ]


def write_ad_spend(sink: Sink, options_customers: int, campaigns: tuple[Campaign, ...], timeline: Timeline, streams: Streams) -> None:
    """marketing.ad_spend: every channel every day, the budget of a paid campaign on top of its days."""
    rng = streams.rng("marketing.ad_spend")
    day, channel = np.repeat(np.arange(timeline.days), len(AD_CHANNELS)), np.tile(np.arange(len(AD_CHANNELS)), timeline.days)
    spend = DAILY_SPEND[channel] * options_customers * timeline.intensity[day] * rng.normal(1, 0.08, len(day)).clip(0.6, 1.4)
    campaign_id = np.full(len(day), NONE)
    for c in campaigns:
        if c.channel in AD_CHANNELS:
            inside = (channel == AD_CHANNELS.index(c.channel)) & (day >= c.start) & (day < c.start + c.days)
            spend[inside] += c.budget / c.days * options_customers / 50_000
            campaign_id[inside] = c.number
    clicks = rng.poisson(spend / COST_PER_CLICK[channel])
    sink.write(
        "marketing.ad_spend",
        spend_on=timeline.epoch_day(day),
        channel=Coded(channel, AD_CHANNELS),
        campaign_id=campaign_id,
        spend=np.round(spend, 2),
        impressions=np.round(clicks / CLICK_RATE[channel]).astype(np.int64),
        clicks=clicks,
    )


def write_actions(sink: Sink, world: World, people: People, consent: Consent) -> None:
    """marketing.action_log: mostly an old rule of thumb, a tenth at random with its probability logged."""
    rng = world.streams.rng("marketing.action_log", people.chunk)
    for days_before_end in DECISION_DAYS:
        day = world.timeline.days - days_before_end
        allowed = consent.allows(day) & people.buys
        who = np.flatnonzero(allowed & chance(rng, DECISION_SHARE, people.count))
        _write_decisions(sink, rng, world, people, who, day)


def _write_decisions(sink: Sink, rng: np.random.Generator, world: World, people: People, who: Ints, day: int) -> None:
    count = len(who)
    b2b: Bools = people.b2b[who]
    eligible = np.ones((count, len(ACTIONS)), dtype=bool)
    eligible[:, 3] = ~b2b
    options = eligible.sum(axis=1)
    # The rule of thumb: call the business customers, coupons for tiers, e-mail for the rest.
    rule = np.where(b2b, 1, np.where(people.tier[who] > 0, 3, 2))
    explores = chance(rng, EXPLORATION, count)
    random_choice = pick(rng, (1, 1, 1, 1), count)
    random_choice = np.where(b2b & (random_choice == 3), rng.integers(0, 3, count), random_choice)
    chosen = np.where(explores, random_choice, rule)
    propensity = np.where(chosen == rule, 1 - EXPLORATION, 0.0) + EXPLORATION / options
    segment = people.segment[who]
    responded = chance(rng, BASE_RESPONSE[segment] + TAU[segment, chosen], count)
    moment = day + (9 + 8 * np.sort(rng.random(count))) / 24
    sink.write(
        "marketing.action_log",
        action_id=sink.new_ids("marketing.action_log", count),
        customer_id=people.first_id + who,
        decided_at=world.timeline.utc_second(moment),
        decided_on=world.timeline.epoch_day(moment),
        eligible=Coded(b2b.astype(np.int64), ("nothing,call,email offer,coupon", "nothing,call,email offer")),
        chosen=Coded(chosen, ACTIONS),
        propensity=propensity,
        is_exploration=explores,
        responded=responded,
        cost=ACTION_COST[chosen],
    )
