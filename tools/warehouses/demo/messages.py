"""E-mails sent and what became of them, and the app."""

from __future__ import annotations

import numpy as np

from tools.warehouses.demo.arrays import NONE, Coded, Floats, Ints, chance, joined, pick, spread, where_none
from tools.warehouses.demo.campaigns import Audience
from tools.warehouses.demo.people import People
from tools.warehouses.demo.privacy import Consent
from tools.warehouses.demo.purchasing import Basket, World
from tools.warehouses.demo.timeline import UTC_OFFSET_S
from tools.warehouses.demo.truths import MACHINE_OPEN_SHARE
from tools.warehouses.demo.writing import Sink

EMAIL_EVENTS = ("sent", "delivered", "open", "click", "bounce", "unsubscribe", "complaint")
APP_EVENTS = ("open", "push_received", "push_opened", "product_view", "scan", "wishlist_add")
NEWSLETTER_DAYS = 91
BOUNCE, OPEN_BASE, CLICK_SHARE, UNSUBSCRIBE, COMPLAINT = 0.02, 0.16, 0.16, 0.003, 0.0005
OPEN_WHEN_ACTIVE = 0.30
"""Added to the chance of an open when the customer ordered within the last 90 days: opens follow activity, and drive nothing."""


def write_emails(sink: Sink, world: World, people: People, consent: Consent, basket: Basket, audiences: list[Audience]) -> None:
    """behaviour.email_event: a newsletter per quarter, and every e-mail campaign."""
    timeline = world.timeline
    rng = world.streams.rng("behaviour.email_event", people.chunk)
    who, day, campaign = [], [], []
    for start in range((timeline.days - 1) % NEWSLETTER_DAYS, timeline.days, NEWSLETTER_DAYS):
        allowed = np.flatnonzero(consent.allows(start))
        who.append(allowed)
        day.append(np.full(len(allowed), start))
        campaign.append(np.full(len(allowed), NONE))
    for audience in audiences:
        if audience.campaign.channel == "email":
            sent_to = audience.customer[audience.treated]
            who.append(sent_to)
            day.append(np.full(len(sent_to), audience.campaign.start))
            campaign.append(np.full(len(sent_to), audience.campaign.number))
    customer, sent_day, number = joined(who), joined(day), joined(campaign)
    recent = _active(basket, customer, sent_day)
    _write_email_events(sink, rng, world, people, customer, sent_day, number, recent)


def _active(basket: Basket, customer: Ints, day: Ints) -> Floats:
    """1 where the customer ordered within the 90 days before the day, else 0."""
    known = basket.orders.customer >= 0
    span = 10**5
    keys = np.sort(basket.orders.customer[known] * span + basket.orders.day[known])
    low, high = np.searchsorted(keys, customer * span + np.maximum(day - 90, 0)), np.searchsorted(keys, customer * span + day)
    return np.asarray(high > low, dtype=np.float64)


def _write_email_events(
    sink: Sink, rng: np.random.Generator, world: World, people: People, customer: Ints, day: Ints, campaign: Ints, active: Floats
) -> None:
    count = len(customer)
    sends = sink.new_ids("behaviour.email_event/send", count)
    at = day + (7 + 3 * rng.random(count)) / 24
    bounced = chance(rng, BOUNCE, count)
    delivered = ~bounced
    opened = delivered & chance(rng, OPEN_BASE + OPEN_WHEN_ACTIVE * active, count)
    machine = delivered & chance(rng, MACHINE_OPEN_SHARE if world.options.has("data_faults") else 0.0, count)
    clicked = opened & chance(rng, CLICK_SHARE, count)
    left = delivered & chance(rng, UNSUBSCRIBE, count)
    complained = delivered & chance(rng, COMPLAINT, count)
    everyone = np.arange(count)
    later = rng.exponential(0.4, count)
    parts = [
        (everyone, 0, at, False),
        (everyone[delivered], 1, at[delivered] + 0.001, False),
        (everyone[machine], 2, at[machine] + 0.002, True),
        (everyone[opened], 2, (at + 0.01 + later)[opened], False),
        (everyone[clicked], 3, (at + 0.012 + later)[clicked], False),
        (everyone[bounced], 4, at[bounced] + 0.001, False),
        (everyone[left], 5, (at + 0.02 + later)[left], False),
        (everyone[complained], 6, (at + 0.03 + later)[complained], False),
    ]
    send = joined([p[0] for p in parts])
    moment = joined([p[2] for p in parts])
    kind = joined([np.full(len(p[0]), p[1]) for p in parts])
    by_machine = joined([np.full(len(p[0]), p[3]) for p in parts])
    kept = np.flatnonzero(moment < world.timeline.days)
    order = kept[np.lexsort((kind[kept], send[kept], moment[kept]))]
    sink.write(
        "behaviour.email_event",
        event_id=sink.new_ids("behaviour.email_event", len(order)),
        send_id=sends[send[order]],
        customer_id=people.first_id + customer[send[order]],
        campaign_id=campaign[send[order]],
        happened_at=world.timeline.utc_second(moment[order]),
        happened_on=world.timeline.epoch_day(moment[order]),
        event_type=Coded(kind[order], EMAIL_EVENTS),
        machine_open=by_machine[order],
    )


def time_shift_days(world: World) -> tuple[int, int]:
    """First and last day on which the app's clock was written as local time instead of UTC (with the data faults)."""
    return world.timeline.days - 41, world.timeline.days - 35


def write_app(sink: Sink, world: World, people: People) -> None:
    """behaviour.app_event of those who have the app."""
    timeline = world.timeline
    rng = world.streams.rng("behaviour.app_event", people.chunk)
    users = np.flatnonzero(people.decoys[:, 0] & people.buys)
    begin = timeline.in_season(people.start[users])
    uses, _ = spread(rng.poisson((timeline.days - begin) / 60.0))
    moment = begin[uses] + rng.random(len(uses)) * (timeline.days - begin[uses])
    moment = np.floor(moment) + (7 + 15 * rng.random(len(uses))) / 24
    order = np.argsort(moment, kind="stable")
    uses, moment = uses[order], moment[order]
    kind = pick(rng, (0.34, 0.22, 0.08, 0.22, 0.09, 0.05), len(uses))
    stamp = timeline.utc_second(moment)
    if world.options.has("data_faults"):
        first, last = time_shift_days(world)
        stamp = stamp + np.where((moment >= first) & (moment < last + 1), UTC_OFFSET_S, 0)
    product = world.catalogue.draw(rng, people.favourite[users[uses]])
    sink.write(
        "behaviour.app_event",
        event_id=sink.new_ids("behaviour.app_event", len(uses)),
        customer_id=people.first_id + users[uses],
        happened_at=stamp,
        happened_on=timeline.epoch_day(moment),
        event_type=Coded(kind, APP_EVENTS),
        os=Coded((users[uses] % 5 < 2).astype(np.int64), ("android", "ios")),
        product_id=where_none(np.isin(kind, (3, 4, 5)), product + 1),
    )
