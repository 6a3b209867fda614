"""Visits to the website with their events, e-mails and the app."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from tools.warehouses.demo.arrays import NONE, Bools, Coded, Floats, Ints, chance, pick, spread, where_none
from tools.warehouses.demo.campaigns import Campaign
from tools.warehouses.demo.catalogue import read_data
from tools.warehouses.demo.people import People
from tools.warehouses.demo.purchasing import DEVICES, Basket, World
from tools.warehouses.demo.sales import Sold
from tools.warehouses.demo.timeline import at_opening_hours
from tools.warehouses.demo.truths import BOT_SHARE, CHECKOUT_COMPLETION
from tools.warehouses.demo.writing import Sink

STEPS = ("browse", "product", "cart", "checkout", "payment", "purchase")
EVENT_TYPES = ("page_view", "search", "product_view", "add_to_cart", "checkout", "payment", "purchase", "error")
PAGES = ("home", "category", "product", "search results", "cart", "checkout", "payment", "confirmation")
SOURCES = ("direct", "search engine", "paid search", "newsletter", "social network", "partner site")
MEDIA = ("none", "organic", "cpc", "email", "social", "referral")
SOURCE_WEIGHTS = (0.30, 0.28, 0.17, 0.10, 0.09, 0.06)
BROWSE_WEIGHTS = (0.42, 0.36, 0.14, 0.08)
"""How far visits without payment get: browse, product, cart, checkout."""
VISITS_PER_ORDER, ANONYMOUS_VISITS = 1.4, 0.30
ERRORS = ("PAY-502", "STOCK-409", "FORM-422")
"""The first is that of the planted checkout failure."""
OTHER_ERRORS = 0.12
"""Share of the given-up payments in which an ordinary error was shown."""


@dataclass(frozen=True, kw_only=True)
class Visits:
    """Web sessions as arrays."""

    moment: Floats
    customer: Ints
    """Position, -1 when not logged in."""
    device: Ints
    step: Ints
    """Furthest step."""
    order: Ints
    """Position of the order, -1 without."""
    error: Ints
    """Error shown at the payment: index into ERRORS, -1 for none."""
    bot: Bools

    def take(self, rows: Ints) -> Visits:
        return Visits(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def write_web(sink: Sink, world: World, people: People, basket: Basket, sold: Sold, failed: Bools, campaigns: tuple[Campaign, ...]) -> None:
    """behaviour.web_session and web_event."""
    rng = world.streams.rng("behaviour.web_session", people.chunk)
    visits = _visits(rng, world, basket, failed)
    visits = visits.take(np.argsort(visits.moment, kind="stable"))
    if world.options.has("data_faults"):
        # The tracker was down for one day: see faults.py.
        visits = visits.take(np.flatnonzero(np.floor(visits.moment) != missing_day(world)))
    _write_visits(sink, rng, world, people, visits, sold, campaigns)


def missing_day(world: World) -> int:
    """Day number on which web tracking recorded nothing (with the data faults)."""
    return world.timeline.days - 62


def _visits(rng: np.random.Generator, world: World, basket: Basket, failed: Bools) -> Visits:
    orders = basket.orders
    web = np.flatnonzero(orders.channel == 1)
    parts = [_part(orders.moment[web], orders.customer[web], orders.device[web], 5, order=web)]
    tried = np.flatnonzero(failed)
    parts.append(
        _part(orders.moment[tried] - 0.01, orders.customer[tried], np.full(len(tried), 1), 4, error=np.zeros(len(tried), dtype=np.int64))
    )
    # Visits that reach the payment page and give up, so that the usual share completes.
    given_up = web[chance(rng, 1 / CHECKOUT_COMPLETION - 1, len(web))]
    device = np.where(failed[given_up], 1, orders.device[given_up])
    parts.append(
        _part(
            orders.moment[given_up] - rng.random(len(given_up)) * 3,
            orders.customer[given_up],
            device,
            4,
            error=np.where(chance(rng, OTHER_ERRORS, len(given_up)), 1 + given_up % 2, -1),
        )
    )
    bought_online = np.flatnonzero((orders.customer >= 0) & (orders.channel > 0))
    owner, _ = spread(rng.poisson(VISITS_PER_ORDER, len(bought_online)))
    source = bought_online[owner]
    around = orders.moment[source] + rng.laplace(0, 20, len(source))
    # Orders after the last day are not known, so visits around them are mirrored from those inside.
    around = np.where(around >= world.timeline.days, 2 * world.timeline.days - around - 1e-6, around)
    parts.append(_browse(rng, around, orders.customer[source]))
    known = sum(len(p.moment) for p in parts)
    anonymous = int(known * ANONYMOUS_VISITS)
    moment = world.timeline.in_season(np.sort(rng.random(anonymous)) * world.timeline.days)
    parts.append(_browse(rng, moment, np.full(anonymous, -1)))
    if world.options.has("data_faults"):
        robots = int((known + anonymous) * BOT_SHARE / (1 - BOT_SHARE))
        bots = _browse(rng, rng.random(robots) * world.timeline.days, np.full(robots, -1))
        bots.step[:], bots.device[:], bots.bot[:] = 1, 0, True
        parts.append(bots)
    merged = Visits(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Visits)})
    return merged.take(np.flatnonzero((merged.moment >= 0) & (merged.moment < world.timeline.days)))


def _part(moment: Floats, customer: Ints, device: Ints, step: int, *, order: Ints | None = None, error: Ints | None = None) -> Visits:
    count = len(moment)
    return Visits(
        moment=moment,
        customer=customer,
        device=device,
        step=np.full(count, step),
        order=np.full(count, -1) if order is None else order,
        error=np.full(count, -1) if error is None else error,
        bot=np.zeros(count, dtype=bool),
    )


def _browse(rng: np.random.Generator, moment: Floats, customer: Ints) -> Visits:
    count = len(moment)
    visits = _part(at_opening_hours(moment, np.ones(count)), customer, pick(rng, (0.40, 0.52, 0.08), count), 0)
    visits.step[:] = pick(rng, BROWSE_WEIGHTS, count)
    return visits


def _write_visits(
    sink: Sink, rng: np.random.Generator, world: World, people: People, visits: Visits, sold: Sold, campaigns: tuple[Campaign, ...]
) -> None:
    timeline, count = world.timeline, len(visits.moment)
    ids = sink.new_ids("behaviour.web_session", count)
    source = pick(rng, SOURCE_WEIGHTS, count)
    browsing = np.where(visits.bot, rng.integers(8, 30, count), rng.geometric(0.55, count))
    sizes = browsing + np.array([0, 1, 2, 3, 4, 5])[visits.step] + (visits.error >= 0)
    gap = np.where(visits.bot, 1, rng.integers(8, 60, count))
    cookie = np.where(visits.customer >= 0, people.first_id + visits.customer, 10**8 + ids)
    customer_ids = where_none(visits.customer >= 0, people.first_id + visits.customer)
    landing = pick(rng, (0.45, 0.3, 0.25), count)
    order_ids = (
        np.where(visits.order >= 0, sold.order_ids[np.maximum(visits.order, 0)], NONE) if len(sold.order_ids) else np.full(count, NONE)
    )
    started = timeline.utc_second(visits.moment)
    sink.write(
        "behaviour.web_session",
        session_id=ids,
        visitor_id=cookie * 10 + visits.device,
        customer_id=customer_ids,
        started_at=started,
        visited_on=timeline.epoch_day(visits.moment),
        device=Coded(visits.device, DEVICES),
        utm_source=Coded(source, SOURCES),
        utm_medium=Coded(source, MEDIA),
        campaign_id=_campaign_links(visits, source, campaigns),
        landing_page=Coded(landing, PAGES),
        furthest_step=Coded(visits.step, STEPS),
        page_views=sizes,
        duration_s=(sizes - 1) * gap,
        order_id=order_ids,
        suspected_bot=visits.bot,
    )
    _write_events(
        sink,
        world.streams.rng("behaviour.web_event", people.chunk),
        world,
        visits,
        ids,
        customer_ids,
        browsing,
        sizes,
        gap,
        started,
        landing,
    )


def _campaign_links(visits: Visits, source: Ints, campaigns: tuple[Campaign, ...]) -> Ints:
    """Campaign of each visit that came from an e-mail while an e-mail campaign ran."""
    links = np.full(len(source), NONE)
    for c in campaigns:
        if c.channel == "email":
            links[(source == SOURCES.index("newsletter")) & (visits.moment >= c.start) & (visits.moment < c.start + c.days)] = c.number
    return links


def _write_events(
    sink: Sink,
    rng: np.random.Generator,
    world: World,
    visits: Visits,
    ids: Ints,
    customer_ids: Ints,
    browsing: Ints,
    sizes: Ints,
    gap: Ints,
    started: Ints,
    landing: Ints,
) -> None:
    """Browsing first, then one event per further step, then the error of a failed payment."""
    visit, seq = spread(sizes)
    beyond = seq - browsing[visit]
    kind = np.where(beyond < 0, np.where((seq > 0) & chance(rng, 0.12, len(seq)), 1, 0), np.minimum(beyond + 2, 6))
    kind = np.where((visits.error[visit] >= 0) & (seq == sizes[visit] - 1), 7, kind)
    page = np.array([0, 3, 2, 4, 5, 6, 7, 6])[kind]
    page = np.where((kind == 0) & (seq == 0), landing[visit], np.where(kind == 0, pick(rng, (0.2, 0.8), len(seq)), page))
    with_product = np.isin(kind, (2, 3))
    product = world.catalogue.draw(rng, rng.integers(0, len(world.catalogue.category_names), len(seq)))
    terms = read_data("catalogue")["search_terms"]
    sink.write(
        "behaviour.web_event",
        session_id=ids[visit],
        seq=seq + 1,
        customer_id=customer_ids[visit],
        happened_at=started[visit] + seq * gap[visit],
        happened_on=world.timeline.epoch_day(visits.moment)[visit],
        event_type=Coded(kind, EVENT_TYPES),
        page=Coded(page, PAGES),
        product_id=where_none(with_product, product + 1),
        search_term=Coded(np.where(kind == 1, rng.integers(0, len(terms), len(seq)), -1), terms),
        error_code=Coded(np.where(kind == 7, visits.error[visit], -1), ERRORS),
    )
