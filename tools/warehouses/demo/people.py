"""Customers: who they are, and the hidden traits that everything they do follows from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.warehouses.demo.arrays import NONE, Bools, Coded, Floats, Ints, chance, joined, pick, where_none
from tools.warehouses.demo.catalogue import Catalogue, read_data
from tools.warehouses.demo.options import DemoOptions
from tools.warehouses.demo.stores import REGION_WEIGHTS, Stores, region_names
from tools.warehouses.demo.streams import Streams
from tools.warehouses.demo.timeline import Timeline
from tools.warehouses.demo.truths import DECOYS, DROPOUT_A, DROPOUT_B, PURCHASE_ALPHA_WEEKS, PURCHASE_R
from tools.warehouses.demo.writing import Sink

CHUNK = 50_000
"""Customers simulated at a time; part of the definition of the data, so never derived from the machine."""

ACQUISITION = ("organic search", "paid search", "social", "referral", "store", "affiliate")
ACQUISITION_WEIGHTS = (0.24, 0.18, 0.15, 0.12, 0.25, 0.06)
AGE_EDGES = (18, 25, 35, 45, 55, 65, 90)
AGE_BANDS = ("18-24", "25-34", "35-44", "45-54", "55-64", "65+")
AGE_WEIGHTS = (0.10, 0.21, 0.22, 0.19, 0.15, 0.13)
HOUSEHOLD_SIZES = ("1", "2", "3-4", "5+")
INCOME_BANDS = ("under 25k", "25k-50k", "50k-75k", "75k-100k", "over 100k")
TIERS = ("none", "silver", "gold")
LANGUAGES = ("en", "de", "fr", "es", "it")
SEGMENTS = ("persuadable", "sure thing", "lost cause", "do not disturb")
SEGMENT_WEIGHTS = (0.30, 0.30, 0.25, 0.15)
ACTIONS = ("nothing", "call", "email offer", "coupon")
TAU = np.array([[0.0, 0.12, 0.06, 0.08], [0.0, 0.01, 0.01, 0.02], [0.0, 0.0, 0.0, 0.0], [0.0, -0.08, -0.04, 0.0]])
"""Effect of each action on the chance to order within 30 days, by segment."""
CONTACT_WISHES = ("welcome", "rarely")
WELCOMES, RARELY_BY_MOOD = 0.35, 0.05
"""Of those whom contacts do not put off: who said that they welcome them, and who said that they do not all the same."""
BASE_RESPONSE = np.array([0.12, 0.45, 0.03, 0.25])
"""Chance to order within 30 days when nothing is done, by segment."""
LINES_BEYOND_FIRST = 1.9


@dataclass(frozen=True, kw_only=True)
class People:
    """One chunk of customers as arrays; `customer_id` = `first_id` + position."""

    chunk: int
    first_id: int
    b2b: Bools
    account: Ints
    """Account id or NONE."""
    household: Ints
    """Household id or NONE."""
    head: Ints
    """Position of the household's first member: its address is shared."""
    region: Ints
    home_store: Ints
    start: Floats
    """Moment of the first order or registration, in days of the operational clock."""
    buys: Bools
    """False for people who registered and never ordered."""
    test: Bools
    age: Ints
    tier: Ints
    language: Ints
    decoys: Bools
    """customers x the five decoys."""
    orders_per_day: Floats
    dropout: Floats
    spend: Floats
    """Multiplies the number of lines beyond the first; mean 1."""
    favourite: Ints
    """Favourite category."""
    online: Floats
    """Chance that an order is placed online."""
    mood: Floats
    """How easily pleased; mean 0."""
    price_sensitive: Bools
    segment: Ints

    @property
    def count(self) -> int:
        return len(self.region)

    @property
    def ids(self) -> Ints:
        return np.arange(self.first_id, self.first_id + self.count)


def make_people(
    options: DemoOptions, timeline: Timeline, stores: Stores, catalogue: Catalogue, streams: Streams, sink: Sink, chunk: int
) -> People:
    """Draws the customers of one chunk."""
    rng = streams.rng("core.customer", chunk)
    count = min(CHUNK, options.customers - chunk * CHUNK)
    b2b = chance(rng, 0.07, count)
    household, head, region = _households(rng, sink, b2b)
    test = np.zeros(count, dtype=bool)
    if options.has("data_faults"):
        test[rng.permutation(count)[: max(3, count // 1000)]] = True
    heterogeneous = options.has("purchasing")
    rate = rng.gamma(PURCHASE_R, 1 / (PURCHASE_ALPHA_WEEKS * 7), count)
    dropout = rng.beta(DROPOUT_A, DROPOUT_B, count)
    return People(
        chunk=chunk,
        first_id=chunk * CHUNK + 1,
        b2b=b2b,
        account=_accounts(streams.rng("core.account", chunk), sink, b2b),
        household=household,
        head=head,
        region=region,
        home_store=stores.near(rng, region),
        start=_starts(rng, count) * timeline.days,
        buys=chance(rng, 0.96, count) & ~test,
        test=test,
        age=_ages(rng, count),
        tier=pick(rng, (0.60, 0.25, 0.15), count),
        language=pick(rng, (0.91, 0.03, 0.025, 0.02, 0.015), count),
        decoys=rng.random((count, len(DECOYS))) < np.array([0.4, 0.35, 0.15, 0.3, 0.25]),
        orders_per_day=rate if heterogeneous else np.full(count, PURCHASE_R / (PURCHASE_ALPHA_WEEKS * 7)),
        dropout=dropout if heterogeneous else np.full(count, DROPOUT_A / (DROPOUT_A + DROPOUT_B)),
        spend=rng.gamma(4.0, 0.25, count),
        favourite=rng.integers(0, len(catalogue.category_names), count),
        online=rng.beta(1.2, 1.5, count),
        mood=0.6 * rng.standard_normal(count),
        price_sensitive=chance(rng, 0.3, count),
        segment=pick(rng, SEGMENT_WEIGHTS, count),
    )


def _starts(rng: np.random.Generator, count: int) -> Floats:
    """Moments of the first order, 0 to 1: the customer programme began with the data, so many came early."""
    early = rng.random(count) < 0.45
    return np.where(early, rng.beta(1.0, 4.0, count) * 0.35, rng.random(count) * 0.995)


def _ages(rng: np.random.Generator, count: int) -> Ints:
    band = pick(rng, AGE_WEIGHTS, count)
    edges = np.array(AGE_EDGES)
    return np.floor(edges[band] + rng.random(count) * np.diff(edges)[band]).astype(np.int64)


def _households(rng: np.random.Generator, sink: Sink, b2b: Bools) -> tuple[Ints, Ints, Ints]:
    """Household id, position of its head and region, per customer: about three in ten private customers share one."""
    count = len(b2b)
    region = pick(rng, REGION_WEIGHTS, count)
    private = rng.permutation(np.flatnonzero(~b2b))[: int(0.3 * count)]
    sizes = rng.integers(2, 5, len(private))
    ends = np.cumsum(sizes)
    sizes = sizes[ends <= len(private)]
    members = private[: int(sizes.sum())]
    number = np.repeat(np.arange(len(sizes)), sizes)
    heads = members[np.cumsum(sizes) - sizes] if len(sizes) else np.zeros(0, dtype=np.int64)
    ids = sink.new_ids("core.household", len(sizes))
    household, head = np.full(count, NONE), np.arange(count)
    household[members], head[members] = ids[number], heads[number]
    region = region[head]
    sink.write("core.household", household_id=ids, members=sizes, region=Coded(region[heads], region_names()))
    return household, head, region


def _accounts(rng: np.random.Generator, sink: Sink, b2b: Bools) -> Ints:
    """Account id per business customer; writes core.account."""
    names = read_data("names")
    contacts = int(b2b.sum())
    count = max(1, int(contacts / 1.6)) if contacts else 0
    ids = sink.new_ids("core.account", count)
    first, second = rng.integers(0, len(names["company_first"]), count), rng.integers(0, len(names["company_second"]), count)
    title = np.array(names["company_first"], dtype=object)[first] + " " + np.array(names["company_second"], dtype=object)[second]
    size = pick(rng, (0.45, 0.3, 0.17, 0.08), count)
    has_parent = (rng.random(count) < 0.12) & (np.arange(count) > 0)
    parent = ids[0] + np.floor(rng.random(count) * np.arange(count)).astype(np.int64) if count else ids
    sink.write(
        "core.account",
        account_id=ids,
        account_name=title + np.where(ids > 600, " " + ids.astype("U").astype(object), ""),
        industry=Coded(rng.integers(0, len(names["industries"]), count), names["industries"]),
        employee_band=Coded(size, ("1-9", "10-49", "50-249", "250+")),
        revenue_band=Coded(np.clip(size + rng.integers(-1, 2, count), 0, 3), ("under 1m", "1m-10m", "10m-50m", "over 50m")),
        parent_account_id=where_none(has_parent, parent),
        account_owner=Coded(rng.integers(0, 4, count), ("Team Alder", "Team Birch", "Team Cedar", "Team Elm")),
    )
    account = np.full(len(b2b), NONE)
    if contacts:
        account[b2b] = ids[joined([np.arange(count), rng.integers(0, count, contacts - count)])]
    return account


def _contact_wish(rng: np.random.Generator, people: People) -> Ints:
    """Position in CONTACT_WISHES, -1 when never asked. Whom contacts put off has said so; the others hardly ever."""
    u = rng.random(people.count)
    rarely = (people.segment == SEGMENTS.index("do not disturb")) | (u < RARELY_BY_MOOD)
    return np.where(rarely, 1, np.where(u < RARELY_BY_MOOD + WELCOMES, 0, -1)).astype(np.int64)


def write_people(sink: Sink, people: People, timeline: Timeline, campaigns: int, streams: Streams) -> None:
    """core.customer."""
    rng = streams.rng("core.customer/write", people.chunk)
    count = people.count
    channel = pick(rng, ACQUISITION_WEIGHTS, count)
    # Only paid channels have a campaign behind them.
    paid = np.isin(channel, (1, 2, 5)) & chance(rng, 0.5, count)
    band = np.searchsorted(np.array(AGE_EDGES), people.age, side="right") - 1
    size = np.where(people.household != NONE, pick(rng, (0.0, 0.5, 0.4, 0.1), count), pick(rng, (0.6, 0.25, 0.12, 0.03), count))
    sink.write(
        "core.customer",
        customer_id=people.ids,
        customer_type=Coded(people.b2b.astype(np.int64), ("b2c", "b2b")),
        account_id=people.account,
        household_id=people.household,
        first_seen_on=timeline.epoch_day(timeline.in_season(people.start)),
        acquisition_channel=Coded(channel, ACQUISITION),
        acquisition_campaign_id=where_none(paid, rng.integers(1, campaigns + 1, count)),
        home_store_id=people.home_store + 1,
        region=Coded(people.region, region_names()),
        age_band=Coded(band, AGE_BANDS),
        household_size=Coded(size, HOUSEHOLD_SIZES),
        income_band=Coded(np.where(chance(rng, 0.7, count), pick(rng, (0.2, 0.35, 0.25, 0.13, 0.07), count), -1), INCOME_BANDS),
        loyalty_tier=Coded(people.tier, TIERS),
        language=Coded(people.language, LANGUAGES),
        **{name: people.decoys[:, i] for i, name in enumerate(DECOYS)},
        is_test_account=people.test,
        contact_wish=Coded(_contact_wish(streams.rng("core.customer/contact_wish", people.chunk), people), CONTACT_WISHES),
    )
