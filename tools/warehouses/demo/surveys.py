"""Surveys: NPS after orders, CSAT after deliveries and purchases, CES after tickets."""

from __future__ import annotations

import numpy as np

from tools.warehouses.demo.arrays import NONE, Bools, Coded, Floats, Ints, Texts, chance, joined, pick, where_none
from tools.warehouses.demo.feedback import Request, Writer, no_products, tone_of
from tools.warehouses.demo.people import People
from tools.warehouses.demo.purchasing import Basket, World, response_rate
from tools.warehouses.demo.sales import Sold
from tools.warehouses.demo.service import Tickets
from tools.warehouses.demo.stories import PRODUCT_STORIES, STORY_TOPIC, SURVEY_RATES, subject_of, told
from tools.warehouses.demo.text.grammar import TOPICS
from tools.warehouses.demo.truths import SIMPSON_RISE
from tools.warehouses.demo.writing import Sink

SURVEYS, TOUCHPOINTS = ("NPS", "CSAT", "CES"), ("purchase", "delivery", "support")
CSAT_SHARE, CES_SHARE = 0.30, 0.35
REGION_CSAT = np.array([3.1, 4.25, 3.3, 4.1, 3.7])
"""Mean satisfaction by region before the split, with the Simpson case."""
EARLY_MIX, LATE_MIX = np.array([0.25, 1.0, 0.25, 1.0, 0.6]), np.array([1.0, 0.25, 1.0, 0.25, 0.6])
"""Share of invitations by region before and after the split."""
FLAT_CSAT, COMMENT_SHARE = 3.8, 0.45
SURVEY_TOPICS = np.array([TOPICS.index(t) for t in ("quality", "service", "price", "delivery", "stock", "loyalty", "staff")])


def write_surveys(
    sink: Sink, world: World, people: People, basket: Basket, sold: Sold, tickets: Tickets, reasons: Ints, writer: Writer
) -> None:
    """service.survey_invite and survey_response; `reasons` as `stories.happenings` gives them."""
    rng = world.streams.rng("service.survey_invite", people.chunk)
    orders = basket.orders
    nps = np.flatnonzero(orders.invited & (orders.customer >= 0))
    csat, csat_score = _csat(rng, world, people, basket)
    ces = np.flatnonzero(chance(rng, CES_SHARE, len(tickets.ids)) & (tickets.resolved + 1.5 < world.timeline.days))
    ces_mood = 0.6 * people.mood[tickets.customer[ces]] - 0.9 * tickets.unresolved[ces] + 0.8 * rng.standard_normal(len(ces))
    mood = joined([orders.satisfaction[nps], (csat_score - FLAT_CSAT), ces_mood])
    answered = chance(rng, response_rate(world.options, mood), len(mood))
    answered[: len(nps)] = orders.answered[nps]
    ces_score = np.clip(np.round(5.3 + 1.1 * ces_mood), 1, 7).astype(np.int64)
    score = joined([orders.nps[nps], np.clip(np.round(csat_score), 1, 5).astype(np.int64), ces_score])
    kind = joined([np.full(len(nps), 0), np.full(len(csat), 1), np.full(len(ces), 2)])
    order = joined([nps, csat, np.full(len(ces), -1)])
    ticket = joined([np.full(len(nps) + len(csat), -1), ces])
    customer = joined([orders.customer[nps], orders.customer[csat], tickets.customer[ces]])
    sent = joined([orders.moment[nps] + 1, orders.moment[csat] + 1, tickets.resolved[ces] + 0.5])
    sent = np.floor(sent) + (8 + 3 * rng.random(len(sent))) / 24
    inside = np.flatnonzero(sent < world.timeline.days)
    rows = inside[np.argsort(sent[inside], kind="stable")]
    touch = np.where(kind == 2, 2, np.where((orders.channel[np.maximum(order, 0)] > 0) & (kind == 1), 1, 0)) if orders.count else kind
    ids = sink.new_ids("service.survey_invite", len(rows))
    sink.write(
        "service.survey_invite",
        invite_id=ids,
        customer_id=people.first_id + customer[rows],
        survey_type=Coded(kind[rows], SURVEYS),
        sent_at=world.timeline.utc_second(sent[rows]),
        sent_on=world.timeline.epoch_day(sent[rows]),
        touchpoint=Coded(touch[rows], TOUCHPOINTS),
        order_id=np.where(order[rows] >= 0, sold.order_ids[np.maximum(order[rows], 0)], NONE) if orders.count else order[rows],
        ticket_id=np.where(ticket[rows] >= 0, tickets.ids[np.maximum(ticket[rows], 0)], NONE)
        if len(tickets.ids)
        else where_none(ticket[rows] >= 0, ticket[rows]),
    )
    about = np.where(order >= 0, reasons[:, order], -1) if orders.count else np.full((len(reasons), len(order)), -1)
    _write_responses(sink, world, people, ids, rows, answered, sent, kind, score, touch, customer, about, writer)


def _csat(rng: np.random.Generator, world: World, people: People, basket: Basket) -> tuple[Ints, Floats]:
    """Orders asked for their satisfaction, and the score each would give (unrounded)."""
    orders, plan = basket.orders, world.plan
    region = people.region[np.maximum(orders.customer, 0)]
    candidate = (orders.customer >= 0) & ~orders.invited
    noise = 0.75 * rng.standard_normal(orders.count)
    if not world.options.has("simpson"):
        asked = np.flatnonzero(candidate & chance(rng, 0.6 * CSAT_SHARE, orders.count))
        return asked, (FLAT_CSAT + noise)[asked]
    later = orders.day >= plan.simpson_split
    earlier = orders.day >= plan.simpson_split - plan.simpson_days
    share = np.where(later, LATE_MIX[region], np.where(earlier, EARLY_MIX[region], 0.6))
    asked = np.flatnonzero(candidate & chance(rng, CSAT_SHARE * share, orders.count))
    return asked, (REGION_CSAT[region] + SIMPSON_RISE * later + noise)[asked]


def _write_responses(
    sink: Sink,
    world: World,
    people: People,
    ids: Ints,
    rows: Ints,
    answered: Bools,
    sent: Floats,
    kind: Ints,
    score: Ints,
    touch: Ints,
    customer: Ints,
    reasons: Ints,
    writer: Writer,
) -> None:
    rng = world.streams.rng("service.survey_response/write", people.chunk)
    when = sent[rows] + rng.exponential(0.8, len(rows)) + 0.01
    back = np.flatnonzero(answered[rows] & (when < world.timeline.days))
    picked = rows[back]
    level = np.where(
        kind[picked] == 0,
        np.digitize(score[picked], (7, 9)),
        np.where(kind[picked] == 1, np.digitize(score[picked], (3, 4)), np.digitize(score[picked], (4, 6))),
    )
    mood = level - 1
    texts: Texts = np.full(len(back), None, dtype=object)
    comments = np.flatnonzero(chance(rng, COMMENT_SHARE, len(back)))
    moved = (reasons[:, picked[comments]] >= 0).any(axis=0) & (mood[comments] <= 0)
    commented = writer.sample("service.survey_response", comments, moved)
    topic = SURVEY_TOPICS[pick(rng, (0.25, 0.2, 0.15, 0.2, 0.1, 0.05, 0.05), len(commented))]
    tone = tone_of(rng, mood[commented])
    draw, reasons = world.streams.rng("service.survey_response/stories", people.chunk), reasons[:, picked[commented]]
    story = told(draw, reasons, SURVEY_RATES, mood[commented] <= 0)
    request = Request(
        table="service.survey_response",
        ids=ids[back[commented]],
        customer=customer[picked[commented]],
        day=np.floor(when[back[commented]]).astype(np.int64),
        topic=np.where(story >= 0, STORY_TOPIC[story], topic),
        tone=np.where(story >= 0, tone_of(draw, np.full(len(story), -1)), tone),
        severity=np.where((mood[commented] < 0) | (story >= 0), 1, 0),
        product=subject_of(story, reasons, PRODUCT_STORIES, no_products(len(commented))),
        store=people.home_store[customer[picked[commented]]],
        story=story,
    )
    texts[commented], _ = writer.compose(request)
    sink.write(
        "service.survey_response",
        invite_id=ids[back],
        customer_id=people.first_id + customer[picked],
        survey_type=Coded(kind[picked], SURVEYS),
        touchpoint=Coded(touch[picked], TOUCHPOINTS),
        answered_at=world.timeline.utc_second(when[back]),
        answered_on=world.timeline.epoch_day(when[back]),
        score=score[picked],
        comment=texts,
    )
