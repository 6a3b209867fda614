"""Who orders what and when: candidate orders from each customer's own rate, ended by what happens to them.

Every candidate order is drawn with all that could drive its customer away; the first order after which a customer
leaves ends the series. Nothing is drawn order by order, so the whole chunk is a handful of array operations.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from tools.warehouses.demo.arrays import Bools, Floats, Ints, chance, logistic, logit, pick, spread
from tools.warehouses.demo.catalogue import COMPANION_SHARE, Catalogue
from tools.warehouses.demo.options import DemoOptions
from tools.warehouses.demo.people import LINES_BEYOND_FIRST, People
from tools.warehouses.demo.streams import Streams
from tools.warehouses.demo.timeline import Plan, Timeline, at_opening_hours
from tools.warehouses.demo.truths import (
    BAD_RETURN_RATE,
    DRIVER_LOG_ODDS,
    LEAK_AFTER_DAYS,
    LEAK_FACTOR,
    LEAK_RATE,
    PRICE_ELASTICITY,
    PRICE_RISE_DROPOUT,
    PRICE_RISE_RATE,
    RETURN_RATE,
)

CHANNELS = ("store", "web", "app")
DEVICES = ("desktop", "mobile", "tablet")
TICKET_KINDS = ("delivery", "damaged article", "leak", "billing", "how to use", "return or refund", "account", "website", "stock question")
ORDER_TICKET_WEIGHTS = (0.0, 0.22, 0.0, 0.16, 0.22, 0.26, 0.0, 0.0, 0.14)
TICKET_RATE, LATE_TICKET_RATE, UNRESOLVED_SHARE = 0.10, 0.18, 0.2
LATE_SHARE = 0.14
NPS_INVITE_SHARE, RESPONSE_RATE = 0.28, 0.36


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Articles in orders; `order` is the position of the order."""

    order: Ints
    product: Ints
    batch: Ints
    quantity: Ints
    returned: Bools


@dataclass(frozen=True, kw_only=True)
class Orders:
    """Orders of one chunk with what happened to each; `customer` is a position in People, -1 when anonymous."""

    customer: Ints
    moment: Floats
    """Local time in days since the start of the data."""
    channel: Ints
    device: Ints
    """-1 in a shop."""
    home: Bools
    """In the customer's own shop, or in another one of the region."""
    late: Bools
    ticket: Ints
    """Kind of the ticket that it caused, or -1."""
    unresolved: Bools
    satisfaction: Floats
    invited: Bools
    """To an NPS survey."""
    answered: Bools
    nps: Ints
    price_rise_seen: Bools
    dearer: Bools
    """Holds an article of the category whose price rose, after the rise."""

    @property
    def count(self) -> int:
        return len(self.customer)

    @property
    def day(self) -> Ints:
        return np.floor(self.moment).astype(np.int64)

    def take(self, rows: Ints | Bools) -> Orders:
        return Orders(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


@dataclass(frozen=True, kw_only=True)
class Basket:
    """Orders with their lines."""

    orders: Orders
    lines: Lines

    def take(self, rows: Ints) -> Basket:
        """These orders, in this order, with their lines."""
        place = np.full(self.orders.count, -1)
        place[rows] = np.arange(len(rows))
        kept = place[self.lines.order] >= 0
        lines = Lines(**{f.name: getattr(self.lines, f.name)[kept] for f in fields(Lines)})
        lines = replace(lines, order=place[lines.order])
        in_order = np.argsort(lines.order, kind="stable")
        return Basket(
            orders=self.orders.take(rows),
            lines=Lines(**{f.name: getattr(lines, f.name)[in_order] for f in fields(Lines)}),
        )

    @staticmethod
    def merge(parts: list[Basket]) -> Basket:
        """All orders by time."""
        offsets = np.cumsum([0, *(p.orders.count for p in parts[:-1])])
        orders = Orders(**{f.name: np.concatenate([getattr(p.orders, f.name) for p in parts]) for f in fields(Orders)})
        shifted = [replace(p.lines, order=p.lines.order + o) for p, o in zip(parts, offsets, strict=True)]
        lines = Lines(**{f.name: np.concatenate([getattr(p, f.name) for p in shifted]) for f in fields(Lines)})
        return Basket(orders=orders, lines=lines).take(np.argsort(orders.moment, kind="stable"))


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything that does not depend on the chunk."""

    options: DemoOptions
    timeline: Timeline
    plan: Plan
    catalogue: Catalogue
    streams: Streams


def simulate(world: World, people: People) -> tuple[Basket, Floats]:
    """The orders that take place, and per customer the moment after which they were gone (NaN = still there)."""
    rng = world.streams.rng("sales.orders", people.chunk)
    counts = np.where(people.buys, 1 + rng.poisson(people.orders_per_day * (world.timeline.days - people.start)), 0)
    customer, position = spread(counts)
    operational = people.start[customer] + (world.timeline.days - people.start[customer]) * np.where(
        position == 0, 0.0, rng.random(len(customer))
    )
    in_order = np.lexsort((operational, customer))
    moment = np.minimum(world.timeline.in_season(operational[in_order]), world.timeline.days - 1e-6)
    basket = draw_orders(world, people, customer, moment, name="")
    # As in BG/NBD, nobody leaves after the first order of all: the chance comes with every order after it.
    gone = _leaves(world, people, basket.orders) & (position > 0)
    stays = _until_first(gone, customer, counts)
    left = np.full(people.count, np.nan)
    left[customer[stays & gone]] = basket.orders.moment[stays & gone]
    return basket.take(np.flatnonzero(stays)), left


def _until_first(gone: Bools, customer: Ints, counts: Ints) -> Bools:
    """Rows up to and including the first marked one of each customer; rows are grouped by customer, `counts` each."""
    if not len(gone):
        return gone
    earlier: Ints = np.cumsum(gone) - gone
    first = np.minimum(np.cumsum(counts) - counts, len(gone) - 1)
    return np.asarray(earlier == earlier[first][customer])


def _leaves(world: World, people: People, orders: Orders) -> Bools:
    """Whether the customer would leave after each order."""
    p = people.dropout[orders.customer]
    if world.options.has("churn_drivers"):
        effect = DRIVER_LOG_ODDS
        odds = (
            effect["late_delivery"] * orders.late
            + effect["unresolved_ticket"] * orders.unresolved
            + effect["detractor"] * (orders.answered & (orders.nps <= 6))
            + effect["price_rise_seen"] * orders.price_rise_seen
            + effect["loyalty_tier"] * (people.tier[orders.customer] > 0)
        )
        p = logistic(logit(np.clip(p, 1e-9, 1 - 1e-9)) + odds)
    p = p + PRICE_RISE_DROPOUT * (orders.dearer & people.price_sensitive[orders.customer])
    return chance(world.streams.rng("truth.customer", people.chunk), p, len(p))


def draw_orders(world: World, people: People, customer: Ints, moment: Floats, *, name: str) -> Basket:
    """Orders of these customers at these moments, with lines and everything that happens around them."""

    def rng(table: str) -> np.random.Generator:
        return world.streams.rng(f"{table}{name}", people.chunk)

    count = len(customer)
    draw = rng("sales.orders/kind")
    online = chance(draw, people.online[customer], count)
    app = online & chance(draw, 0.45, count) & people.decoys[customer, 0]
    channel = np.where(online, np.where(app, 2, 1), 0)
    device = np.where(app, 1, pick(draw, (0.40, 0.52, 0.08), count))
    device = np.where(online, device, -1)
    home = chance(draw, 0.85, count)
    moment = at_opening_hours(moment, online.astype(np.float64))
    day = np.floor(moment).astype(np.int64)
    lines = _lines(world, people, customer, day, rng("sales.order_line"))
    lines, bad = _fates(world, lines, rng("sales.return_line"))
    late = online & chance(rng("sales.shipment"), LATE_SHARE, count)
    draw = rng("service.ticket")
    ticket = np.where(chance(draw, TICKET_RATE, count), pick(draw, ORDER_TICKET_WEIGHTS, count), -1)
    ticket = np.where(late & chance(draw, LATE_TICKET_RATE, count), 0, ticket)
    leaking = np.zeros(count, dtype=bool)
    leaking[lines.order[_leaks(world, people, lines, customer, day, draw)]] = True
    ticket = np.where(leaking, 2, ticket)
    unresolved = (ticket >= 0) & chance(draw, UNRESOLVED_SHARE, count)
    hurt = np.zeros(count)
    np.maximum.at(hurt, lines.order, bad.astype(np.float64))
    draw = rng("service.survey_response")
    satisfaction = (
        people.mood[customer] + 0.8 * draw.standard_normal(count) - 0.7 * late - 0.4 * (ticket >= 0) - 0.6 * unresolved - 0.8 * hurt
    )
    nps = np.clip(np.round(8.1 + 1.6 * satisfaction + 0.5 * draw.standard_normal(count)), 0, 10).astype(np.int64)
    invited = chance(draw, NPS_INVITE_SHARE, count)
    answered = invited & chance(draw, response_rate(world.options, satisfaction), count)
    _, recent = world.catalogue.price_at(lines.product, day[lines.order])
    seen, dearer = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    seen[lines.order[recent]] = True
    if world.options.has("price_rise"):
        planted = (world.catalogue.category[lines.product] == world.plan.price_rise_category) & (
            day[lines.order] >= world.plan.price_rise_day
        )
        dearer[lines.order[planted]] = True
    orders = Orders(
        customer=customer,
        moment=moment,
        channel=channel,
        device=device,
        home=home,
        late=late,
        ticket=ticket,
        unresolved=unresolved,
        satisfaction=satisfaction,
        invited=invited,
        answered=answered,
        nps=nps,
        price_rise_seen=seen,
        dearer=dearer,
    )
    return Basket(orders=orders, lines=lines)


def response_rate(options: DemoOptions, satisfaction: Floats) -> Floats:
    """Chance to answer a survey; with the data faults, unhappy people answer less."""
    if not options.has("data_faults"):
        return np.full(len(satisfaction), RESPONSE_RATE)
    return np.clip(RESPONSE_RATE + 0.12 * satisfaction, 0.08, 0.75)


def _lines(world: World, people: People, customer: Ints, day: Ints, rng: np.random.Generator) -> Lines:
    catalogue = world.catalogue
    order, position = spread(1 + rng.poisson(LINES_BEYOND_FIRST * people.spend[customer]))
    favourite = people.favourite[customer[order]]
    product = catalogue.draw(rng, favourite)
    follows = (position > 0) & chance(rng, COMPANION_SHARE, len(order))
    product[follows] = catalogue.companion[product[np.flatnonzero(follows) - 1]]
    if world.options.has("price_rise"):
        # What a dearer category loses: the line falls away, or goes to another category when it is the first of its order.
        hit = (catalogue.category[product] == world.plan.price_rise_category) & (day[order] >= world.plan.price_rise_day)
        lost = hit & chance(rng, -PRICE_ELASTICITY * PRICE_RISE_RATE, len(order))
        others = np.flatnonzero(catalogue.category != world.plan.price_rise_category)
        product[lost] = others[rng.integers(0, len(others), int(lost.sum()))]
        kept = ~lost | (position == 0)
        order, product = order[kept], product[kept]
    return Lines(
        order=order,
        product=product,
        batch=catalogue.batch_at(rng, product, day[order]),
        quantity=rng.geometric(0.75, len(order)),
        returned=np.zeros(len(order), dtype=bool),
    )


def _fates(world: World, lines: Lines, rng: np.random.Generator) -> tuple[Lines, Bools]:
    """Which lines come back, and which hold pieces of the bad batch."""
    bad = lines.batch == world.catalogue.bad_batch
    rate = np.where(bad, BAD_RETURN_RATE, RETURN_RATE)
    return replace(lines, returned=chance(rng, rate, len(bad))), bad


def _leaks(world: World, people: People, lines: Lines, customer: Ints, day: Ints, rng: np.random.Generator) -> Ints:
    """Lines whose customer reports a leak: the flasks leak now and then, the bad batch often in two regions."""
    plan = world.plan
    flask = lines.product == world.catalogue.star
    worse = (
        (lines.batch == world.catalogue.bad_batch)
        & np.isin(people.region[customer[lines.order]], plan.leak_regions)
        & (day[lines.order] >= plan.bad_batch_day + LEAK_AFTER_DAYS)
    )
    return np.flatnonzero(flask & chance(rng, LEAK_RATE * np.where(worse, LEAK_FACTOR, 1.0), len(flask)))
