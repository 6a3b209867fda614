"""Reviews, public posts, and what competitors charge."""

from __future__ import annotations

import numpy as np

from tools.warehouses.demo.arrays import NONE, Bools, Coded, Ints, Texts, chance, joined, pick, where_none
from tools.warehouses.demo.catalogue import Catalogue, read_data
from tools.warehouses.demo.feedback import Request, Writer, no_products, tone_of
from tools.warehouses.demo.people import People
from tools.warehouses.demo.purchasing import Basket, World
from tools.warehouses.demo.sales import Sold
from tools.warehouses.demo.stores import Stores
from tools.warehouses.demo.stories import (
    LEAK,
    POST_RATES,
    PRODUCT_STORIES,
    REVIEW_RATES,
    SHOP_STORIES,
    STORY_TOPIC,
    reasons_to_post,
    subject_of,
    told,
)
from tools.warehouses.demo.streams import Streams
from tools.warehouses.demo.text.grammar import TOPICS
from tools.warehouses.demo.timeline import Timeline
from tools.warehouses.demo.truths import BAD_RATING_DROP
from tools.warehouses.demo.writing import Sink

UNVERIFIED_SHARE = 0.10
LEAK_REVIEWS = 0.7
"""Share of the poor reviews of the leaking batch that tell of it."""
RATING_MEAN, RATING_SPREAD = 4.05, 0.95
CLIPPED_SHIFT = 1.06
"""Stars end at 5 and 1, so a hidden shift shows weakened; this undoes it on average."""
NETWORKS = ("Chirper", "Photobox", "Clipstream", "Forumia")
MENTIONS_PER_CUSTOMER = 0.15
OWN_BRAND_NAME = "Larkfield"
PRICED_PRODUCTS, PRICE_EVERY_DAYS = 40, 14
TITLES = {
    1: ("Never again", "Money down the drain", "Very poor", "Avoid"),
    2: ("Disappointing", "Expected more", "Not for me", "Meh"),
    3: ("It is all right", "Mixed feelings", "Average", "Does the job"),
    4: ("Good", "Happy with it", "Nearly perfect", "Nice"),
    5: ("Wonderful", "Love it", "Perfect", "Best buy this year"),
}


def write_reviews(sink: Sink, world: World, people: People, basket: Basket, sold: Sold, reasons: Ints, writer: Writer) -> None:
    """voice.review: most by buyers about what they bought, some by visitors without login; `reasons` as `stories.happenings` gives them."""
    rng = world.streams.rng("voice.review", people.chunk)
    orders, lines, timeline = basket.orders, basket.lines, world.timeline
    wrote = np.flatnonzero((orders.customer[lines.order] >= 0) & chance(rng, world.options.size.reviews_per_line, len(lines.order)))
    extra = int(len(wrote) * UNVERIFIED_SHARE / (1 - UNVERIFIED_SHARE))
    bad = lines.batch[wrote] == world.catalogue.bad_batch
    latent = RATING_MEAN + RATING_SPREAD * rng.standard_normal(len(wrote) + extra)
    latent[: len(wrote)] += 0.35 * people.mood[orders.customer[lines.order[wrote]]] - CLIPPED_SHIFT * BAD_RATING_DROP * bad
    rating = np.clip(np.round(latent), 1, 5).astype(np.int64)
    day = joined([orders.day[lines.order[wrote]] + rng.integers(4, 40, len(wrote)), rng.integers(0, timeline.days, extra)])
    product = joined([lines.product[wrote], world.catalogue.draw(rng, rng.integers(0, len(world.catalogue.category_names), extra))])
    line = joined([wrote, np.full(extra, -1)])
    inside = np.flatnonzero(day < timeline.days)
    rows = inside[np.argsort(day[inside], kind="stable")]
    line, rating, day, product = line[rows], rating[rows], day[rows], product[rows]
    count, verified = len(rows), line >= 0
    customer = np.where(verified, orders.customer[lines.order[np.maximum(line, 0)]], -1) if len(lines.order) else line
    ids = sink.new_ids("voice.review", count)
    reasons = _reasons(reasons, lines.order, line, product)
    with_text = writer.sample("voice.review", np.arange(count), (reasons >= 0).any(axis=0) & (rating <= 3))
    reasons = reasons[:, with_text]
    topic, leaks = _review_topics(rng, rating[with_text], reasons[LEAK] >= 0)
    tone = tone_of(rng, np.where(rating >= 4, 1, np.where(rating <= 2, -1, 0))[with_text])
    draw = world.streams.rng("voice.review/stories", people.chunk)
    story = np.where(leaks, LEAK, told(draw, reasons, REVIEW_RATES, rating[with_text] <= 3))
    request = Request(
        table="voice.review",
        ids=ids[with_text],
        customer=customer[with_text],
        day=day[with_text],
        topic=np.where(story >= 0, STORY_TOPIC[story], topic),
        tone=np.where(story >= 0, tone_of(draw, np.full(len(story), -1)), tone),
        severity=np.where(rating == 1, 2, np.where(rating == 2, 1, 0))[with_text],
        product=product[with_text],
        store=subject_of(story, reasons, SHOP_STORIES, no_products(len(with_text))),
        story=story,
    )
    texts: Texts = np.full(count, None, dtype=object)
    language = np.zeros(count, dtype=np.int64)
    texts[with_text], spoken = writer.compose(request)
    language[with_text] = spoken.codes
    titles = [t for several in TITLES.values() for t in several]
    title = (rating - 1) * 4 + rng.integers(0, 4, count)
    title = np.where((texts != None) & (language == 0) & chance(rng, 0.7, count), title, -1)  # noqa: E711 - elementwise
    sink.write(
        "voice.review",
        review_id=ids,
        customer_id=where_none(verified, people.first_id + customer),
        product_id=product + 1,
        order_id=np.where(verified, sold.order_ids[lines.order[np.maximum(line, 0)]], NONE) if len(lines.order) else np.full(count, NONE),
        line_no=np.where(verified, sold.line_no[np.maximum(line, 0)], NONE) if len(lines.order) else np.full(count, NONE),
        reviewed_on=timeline.epoch_day(day),
        rating=rating,
        title=Coded(title, titles),
        text=texts,
        verified=verified,
        helpful_votes=rng.poisson(0.8, count),
        language=Coded(language, spoken.labels),
    )


def _reasons(by_order: Ints, order_of_line: Ints, line: Ints, product: Ints) -> Ints:
    """Stories by reviews: a review is of one article, so what happened to another one of the same order is no reason."""
    if not len(order_of_line):
        return np.full((len(by_order), len(line)), -1)
    found = np.where(line >= 0, by_order[:, order_of_line[np.maximum(line, 0)]], -1)
    for story in PRODUCT_STORIES:
        found[story, found[story] != product] = -1
    return found


def _review_topics(rng: np.random.Generator, rating: Ints, leaky: Bools) -> tuple[Ints, Bools]:
    """Topic by review, and which of them tell of the leaking batch."""
    low = np.array([TOPICS.index(t) for t in ("quality", "damaged", "price", "delivery", "howto", "leak")])
    high = np.array([TOPICS.index(t) for t in ("quality", "price", "delivery", "service", "howto")])
    count = len(rating)
    topic = np.where(
        rating <= 3, low[pick(rng, (0.42, 0.16, 0.18, 0.12, 0.1, 0.02), count)], high[pick(rng, (0.58, 0.15, 0.15, 0.07, 0.05), count)]
    )
    return topic, leaky & (rating <= 3) & chance(rng, LEAK_REVIEWS, count)


def write_social(sink: Sink, world: World, people: People, stores: Stores, writer: Writer) -> None:
    """voice.social_mention: every post has its text, so the budget bounds their number."""
    rng = world.streams.rng("voice.social_mention", people.chunk)
    rows = writer.sample("voice.social_mention", np.arange(int(people.count * MENTIONS_PER_CUSTOMER)))
    count = len(rows)
    moment = np.sort(rng.random(count)) * world.timeline.days
    rivals = [c["name"] for c in read_data("catalogue")["competitors"]]
    brand = np.where(chance(rng, 0.75, count), 0, rng.integers(1, len(rivals) + 1, count))
    linked = np.where(chance(rng, 0.2, count), rng.integers(0, people.count, count), -1)
    ids = sink.new_ids("voice.social_mention", count)
    topics = np.array([TOPICS.index(t) for t in ("quality", "delivery", "price", "staff", "service", "website", "loyalty")])
    day = np.floor(moment).astype(np.int64)
    topic = topics[pick(rng, (0.28, 0.16, 0.18, 0.12, 0.14, 0.06, 0.06), count)]
    tone = tone_of(rng, pick(rng, (0.42, 0.13, 0.45), count) - 1)
    severity = (rng.random(count) < 0.2).astype(np.int64)
    store = rng.integers(0, world.options.size.stores, count)
    draw = world.streams.rng("voice.social_mention/stories", people.chunk)
    reasons = reasons_to_post(world, stores, day, store, draw)
    story = told(draw, reasons, POST_RATES, brand == 0)
    request = Request(
        table="voice.social_mention",
        ids=ids,
        customer=linked,
        day=day,
        topic=np.where(story >= 0, STORY_TOPIC[story], topic),
        tone=np.where(story >= 0, tone_of(draw, np.full(count, -1)), tone),
        severity=np.where(story >= 0, 1, severity),
        product=subject_of(story, reasons, PRODUCT_STORIES, no_products(count)),
        store=store,
        story=story,
    )
    texts, language = writer.compose(request)
    authors = np.array([f"{a:016x}" for a in rng.integers(0, 2**62, count)], dtype=object)
    sink.write(
        "voice.social_mention",
        mention_id=ids,
        customer_id=where_none(linked >= 0, people.first_id + linked),
        mentioned_at=world.timeline.utc_second(moment),
        mentioned_on=world.timeline.epoch_day(moment),
        network=Coded(pick(rng, (0.4, 0.3, 0.15, 0.15), count), NETWORKS),
        author_hash=authors,
        brand=Coded(brand, (OWN_BRAND_NAME, *rivals)),
        reach=np.floor(rng.lognormal(5.5, 1.4, count)).astype(np.int64),
        text=texts,
        language=language,
    )


def write_competitors(sink: Sink, catalogue: Catalogue, timeline: Timeline, streams: Streams) -> None:
    """voice.competitor and voice.competitor_price."""
    rng = streams.rng("voice.competitor_price")
    rivals = read_data("catalogue")["competitors"]
    sink.write(
        "voice.competitor",
        competitor_id=np.arange(1, len(rivals) + 1),
        competitor_name=np.array([r["name"] for r in rivals], dtype=object),
        positioning=np.array([r["positioning"] for r in rivals], dtype=object),
    )
    popular = np.sort(np.argsort(-catalogue.popularity, kind="stable")[:PRICED_PRODUCTS])
    days = np.arange((timeline.days - 1) % PRICE_EVERY_DAYS, timeline.days, PRICE_EVERY_DAYS)
    day, rival, product = (a.ravel() for a in np.meshgrid(days, np.arange(len(rivals)), popular, indexing="ij"))
    own, _ = catalogue.price_at(product, day)
    level = np.array([r["level"] for r in rivals])[rival]
    # Rivals follow their own path: they start from our first price, and are not moved by our changes.
    base = catalogue.price[product, 0] * (1 + 0.04 * day / 365)
    sink.write(
        "voice.competitor_price",
        competitor_id=rival + 1,
        product_id=product + 1,
        observed_on=timeline.epoch_day(day),
        price=np.round(base * level * rng.normal(1.0, 0.03, len(day)), 2),
        our_price=own,
        in_stock=chance(rng, 0.93, len(day)),
    )
