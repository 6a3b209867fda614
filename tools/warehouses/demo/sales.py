"""Orders, lines, returns, payments, parcels and subscriptions, written from what was simulated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.warehouses.demo.arrays import NONE, Bools, Coded, Floats, Ints, chance, pick, where_none
from tools.warehouses.demo.campaigns import Audience, coupon_rates
from tools.warehouses.demo.people import People
from tools.warehouses.demo.purchasing import CHANNELS, DEVICES, Basket, World
from tools.warehouses.demo.stores import Stores
from tools.warehouses.demo.timeline import Timeline
from tools.warehouses.demo.writing import Sink

RETURN_REASONS = ("did not fit", "not as described", "damaged", "changed mind", "leaks", "wrong article")
RETURN_WEIGHTS = (0.26, 0.20, 0.18, 0.26, 0.0, 0.10)
BAD_RETURN_WEIGHTS = (0.04, 0.06, 0.20, 0.05, 0.63, 0.02)
METHODS = ("card", "wallet", "invoice", "cash", "gift card")
CARRIERS = ("Swiftpost", "Parcelo", "Bluevan")
PLANS, FEES = ("basic", "plus", "business"), np.array([490, 990, 2900])
MONTHLY_CANCEL = 0.035
CANCEL_REASONS = ("too expensive", "not used enough", "service problems", "moved to a competitor", "other")
PROMO_DISCOUNT_SHARE, DISCOUNT_SHARE, COUPON_USE = 0.35, 0.08, 0.5


@dataclass(frozen=True, kw_only=True)
class Sold:
    """What was written, for the tables that refer to it; positions as in the basket."""

    order_ids: Ints
    customer_ids: Ints
    """NONE when anonymous."""
    line_no: Ints
    returned_day: Ints
    """Per line; NONE when kept."""


def is_promo_day(timeline: Timeline) -> Bools:
    """Company-wide promotions: the second Thursday to Sunday of every other month."""
    dates = timeline.dates
    return np.array([d.month % 2 == 0 and 8 <= d.day <= 14 and d.weekday() >= 3 for d in dates], dtype=bool)


def write_sales(sink: Sink, world: World, people: People, stores: Stores, basket: Basket, audiences: list[Audience]) -> Sold:
    """sales.orders, order_line, return_line, payment, shipment, marketing.redemption."""
    timeline, orders, lines = world.timeline, basket.orders, basket.lines
    order_ids = sink.new_ids("sales.orders", orders.count)
    shopper = np.where(orders.customer >= 0, orders.customer, -1 - orders.customer)
    customer_ids = where_none(orders.customer >= 0, people.first_id + orders.customer)
    rates = coupon_rates(tuple(a.campaign for a in audiences))
    coupon = _coupons(world, people, basket, audiences, rates)
    starts = np.searchsorted(lines.order, np.arange(orders.count))
    line_no = np.arange(len(lines.order)) - starts[lines.order] + 1
    list_price, discount, net, margin = _prices(world, people, basket, coupon, rates)
    returned_day = _returns(sink, world, people, basket, order_ids, customer_ids, line_no, net)
    sums = [np.bincount(lines.order, weights=v, minlength=orders.count) for v in (net, margin, lines.quantity)]
    store = _stores(world, people, stores, basket, shopper)
    delivered = _shipments(sink, world, people, basket, order_ids, customer_ids)
    sink.write(
        "sales.orders",
        order_id=order_ids,
        customer_id=customer_ids,
        ordered_at=timeline.utc_second(orders.moment),
        ordered_on=timeline.epoch_day(orders.day),
        channel=Coded(orders.channel, CHANNELS),
        device=Coded(orders.device, DEVICES),
        store_id=where_none(orders.channel == 0, store + 1),
        status=Coded(_status(basket, returned_day, delivered), ("completed", "in delivery", "partly returned", "returned")),
        coupon_id=where_none(coupon > 0, coupon),
        items=np.round(sums[2]).astype(np.int64),
        net_amount=np.round(sums[0]).astype(np.int64),
        margin_amount=np.round(sums[1]).astype(np.int64),
    )
    sink.write(
        "sales.order_line",
        order_id=order_ids[lines.order],
        line_no=line_no,
        customer_id=customer_ids[lines.order],
        sold_on=timeline.epoch_day(orders.day[lines.order]),
        product_id=lines.product + 1,
        batch_id=lines.batch,
        quantity=lines.quantity,
        list_price=list_price,
        discount_amount=discount,
        net_amount=net,
        margin_amount=margin,
    )
    _payments(sink, world, people, basket, order_ids, customer_ids, np.round(sums[0]).astype(np.int64))
    used = coupon > 0
    given = np.bincount(lines.order, weights=discount, minlength=orders.count)
    sink.write(
        "marketing.redemption",
        redemption_id=sink.new_ids("marketing.redemption", int(used.sum())),
        coupon_id=coupon[used],
        order_id=order_ids[used],
        customer_id=customer_ids[used],
        redeemed_on=timeline.epoch_day(orders.day[used]),
        discount_amount=np.round(given[used]).astype(np.int64),
    )
    return Sold(order_ids=order_ids, customer_ids=customer_ids, line_no=line_no, returned_day=returned_day)


def _coupons(world: World, people: People, basket: Basket, audiences: list[Audience], rates: Floats) -> Ints:
    """Coupon id per order, 0 without: half of the orders of those who were sent one use it."""
    orders = basket.orders
    rng = world.streams.rng("marketing.redemption", people.chunk)
    coupon = np.zeros(orders.count, dtype=np.int64)
    u = rng.random(orders.count)
    for audience in audiences:
        c = audience.campaign
        if not rates[c.number]:
            continue
        sent = np.zeros(people.count + 1, dtype=bool)
        sent[audience.customer[audience.treated]] = True
        known = np.where(orders.customer >= 0, orders.customer, people.count)
        hit = sent[known] & (orders.day >= c.start) & (orders.day < c.start + c.outcome_days) & (u < COUPON_USE)
        coupon[hit & (coupon == 0)] = c.number
    return coupon


def _prices(world: World, people: People, basket: Basket, coupon: Ints, rates: Floats) -> tuple[Ints, Ints, Ints, Ints]:
    """In cents per line: list price of one piece, discount, net, margin."""
    orders, lines, catalogue = basket.orders, basket.lines, world.catalogue
    rng = world.streams.rng("sales.order_line/price", people.chunk)
    day = orders.day[lines.order]
    price = np.round(catalogue.price_at(lines.product, day)[0] * 100).astype(np.int64)
    promo = is_promo_day(world.timeline)[day]
    rate = np.where(
        rng.random(len(day)) < np.where(promo, PROMO_DISCOUNT_SHARE, DISCOUNT_SHARE), rng.choice([0.1, 0.15, 0.2], len(day)), 0.0
    )
    rate = np.maximum(rate, rates[coupon[lines.order]])
    gross = price * lines.quantity
    discount = np.round(gross * rate).astype(np.int64)
    net = gross - discount
    cost = np.round(catalogue.cost[lines.product] * 100).astype(np.int64) * lines.quantity
    return price, discount, net, net - cost


def _returns(
    sink: Sink, world: World, people: People, basket: Basket, order_ids: Ints, customer_ids: Ints, line_no: Ints, net: Ints
) -> Ints:
    """Writes sales.return_line; the day each line came back, NONE when it was kept (or is still at home)."""
    timeline, orders, lines = world.timeline, basket.orders, basket.lines
    rng = world.streams.rng("sales.return_line/write", people.chunk)
    count = len(lines.order)
    day = orders.day[lines.order] + rng.integers(3, 26, count)
    back = lines.returned & (day < timeline.days)
    bad = lines.batch == world.catalogue.bad_batch
    reason = np.where(bad, pick(rng, BAD_RETURN_WEIGHTS, count), pick(rng, RETURN_WEIGHTS, count))
    rows = np.flatnonzero(back)
    rows = rows[np.argsort(day[rows], kind="stable")]
    sink.write(
        "sales.return_line",
        return_id=sink.new_ids("sales.return_line", len(rows)),
        order_id=order_ids[lines.order[rows]],
        line_no=line_no[rows],
        customer_id=customer_ids[lines.order[rows]],
        product_id=lines.product[rows] + 1,
        batch_id=lines.batch[rows],
        returned_on=timeline.epoch_day(day[rows]),
        quantity=lines.quantity[rows],
        reason=Coded(reason[rows], RETURN_REASONS),
        refund_amount=net[rows],
    )
    return np.where(back, day, NONE)


def _stores(world: World, people: People, stores: Stores, basket: Basket, shopper: Ints) -> Ints:
    """Shop of each order: the customer's own, or another one of the region."""
    rng = world.streams.rng("sales.orders/store", people.chunk)
    other = stores.near(rng, people.region[shopper])
    return np.where(basket.orders.home, people.home_store[shopper], other)


def _shipments(sink: Sink, world: World, people: People, basket: Basket, order_ids: Ints, customer_ids: Ints) -> Ints:
    """Writes sales.shipment; the day of delivery per order (the order's own day in a shop)."""
    timeline, orders = world.timeline, basket.orders
    rng = world.streams.rng("sales.shipment/write", people.chunk)
    shipped = orders.day + rng.integers(0, 2, orders.count)
    promised = shipped + rng.integers(2, 5, orders.count)
    early, behind = rng.integers(0, 2, orders.count), 1 + rng.geometric(0.4, orders.count)
    delivered = np.where(orders.late, promised + behind, np.maximum(promised - early, shipped + 1))
    online = np.flatnonzero(orders.channel > 0)
    last = timeline.days - 1
    sink.write(
        "sales.shipment",
        shipment_id=sink.new_ids("sales.shipment", len(online)),
        order_id=order_ids[online],
        customer_id=customer_ids[online],
        carrier=Coded(pick(rng, (0.5, 0.3, 0.2), len(online)), CARRIERS),
        shipped_on=timeline.epoch_day(np.minimum(shipped[online], last)),
        promised_on=timeline.epoch_day(promised[online]),
        delivered_on=where_none(delivered[online] <= last, timeline.epoch_day(delivered[online])),
    )
    return np.where(orders.channel > 0, delivered, orders.day)


def _status(basket: Basket, returned_day: Ints, delivered: Ints) -> Ints:
    count = basket.orders.count
    all_lines = np.bincount(basket.lines.order, minlength=count)
    back = np.bincount(basket.lines.order[returned_day != NONE], minlength=count)
    under_way = delivered > int(basket.orders.day.max(initial=0))
    return np.where(under_way, 1, np.where(back == 0, 0, np.where(back < all_lines, 2, 3)))


def _payments(sink: Sink, world: World, people: People, basket: Basket, order_ids: Ints, customer_ids: Ints, amount: Ints) -> None:
    timeline, orders = world.timeline, basket.orders
    rng = world.streams.rng("sales.payment", people.chunk)
    in_store = pick(rng, (0.62, 0.12, 0.0, 0.22, 0.04), orders.count)
    online = pick(rng, (0.48, 0.32, 0.16, 0.0, 0.04), orders.count)
    sink.write(
        "sales.payment",
        payment_id=sink.new_ids("sales.payment", orders.count),
        order_id=order_ids,
        customer_id=customer_ids,
        paid_at=timeline.utc_second(orders.moment) + 30,
        paid_on=timeline.epoch_day(orders.day),
        method=Coded(np.where(orders.channel == 0, in_store, online), METHODS),
        amount=amount,
        currency=Coded(np.zeros(orders.count, dtype=np.int64), ("EUR",)),
    )


def write_subscriptions(sink: Sink, world: World, people: People) -> None:
    """sales.subscription: a plan ends in any month with the same chance."""
    timeline = world.timeline
    rng = world.streams.rng("sales.subscription", people.chunk)
    holders = np.flatnonzero(chance(rng, np.where(people.b2b, 0.3, 0.13), people.count) & people.buys)
    begin = timeline.in_season(people.start[holders]) + rng.exponential(60, len(holders))
    holders, begin = holders[begin < timeline.days - 1], begin[begin < timeline.days - 1]
    months = rng.geometric(MONTHLY_CANCEL, len(holders))
    end = np.floor(begin).astype(np.int64) + months * 30
    ended = end < timeline.days
    plan = np.where(people.b2b[holders], 2, (rng.random(len(holders)) < 0.4).astype(np.int64))
    reason = pick(rng, (0.3, 0.28, 0.16, 0.14, 0.12), len(holders))
    sink.write(
        "sales.subscription",
        subscription_id=sink.new_ids("sales.subscription", len(holders)),
        customer_id=people.first_id + holders,
        plan=Coded(plan, PLANS),
        started_on=timeline.epoch_day(begin),
        ended_on=where_none(ended, timeline.epoch_day(end)),
        cancel_reason=Coded(np.where(ended, reason, -1), CANCEL_REASONS),
        monthly_fee=FEES[plan],
    )
