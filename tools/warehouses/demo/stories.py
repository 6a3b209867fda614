"""What planted truths make customers write about: which of the texts that are written anyway tell of one.

No text is added and no figure moves. Some of those who would have written of something ordinary write of what happened to them
instead; who does is drawn from streams of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from tools.warehouses.demo.arrays import Bools, Ints, chance
from tools.warehouses.demo.text.grammar import TOPICS
from tools.warehouses.demo.truths import LEAK_AFTER_DAYS, PRICE_MENTION_DAYS

if TYPE_CHECKING:
    from tools.warehouses.demo.people import People
    from tools.warehouses.demo.purchasing import Basket, World
    from tools.warehouses.demo.stores import Stores

STORIES = ("leak", "website", "price", "staff")
"""Topics of the texts that tell of a planted truth; where a text could tell of several, the first is told."""
TRUTH_OF = {"leak": "bad_batch", "website": "web_bug", "price": "price_rise", "staff": "walkouts"}
STORY_TOPIC = np.array([TOPICS.index(story) for story in STORIES])
NO_STORY = -1
LEAK, WEBSITE, PRICE, STAFF = range(len(STORIES))

REVIEW_RATES = {"leak": 0.0, "website": 0.0, "price": 0.55, "staff": 0.4}
"""Chance that the writer of a poor review tells of it; leaks are drawn with the review's other topics."""
SURVEY_RATES = {"leak": 0.7, "website": 0.75, "price": 0.5, "staff": 0.7}
"""The same for who answers a survey and is not content."""
POST_RATES = {"leak": 0.15, "website": 0.3, "price": 0.15, "staff": 0.7}
"""The same for public posts about us, in the weeks and (leaks, staff) about the shops that are concerned."""


def happenings(world: World, people: People, basket: Basket, failed: Bools) -> Ints:
    """Stories by orders: the product or shop (0 for the website) that an order gives reason to write about, -1 for none."""
    orders, lines, plan = basket.orders, basket.lines, world.plan
    found = np.full((len(STORIES), orders.count), -1)
    known = np.maximum(orders.customer, 0)
    if world.options.has("bad_batch"):
        leaky = (
            (lines.batch == world.catalogue.bad_batch)
            & np.isin(people.region[known[lines.order]], plan.leak_regions)
            & (orders.day[lines.order] >= plan.bad_batch_day + LEAK_AFTER_DAYS)
        )
        found[LEAK, lines.order[leaky]] = world.catalogue.star
    found[WEBSITE, failed] = 0
    if world.options.has("price_rise"):
        since = orders.day[lines.order] - plan.price_rise_day
        dearer = (world.catalogue.category[lines.product] == plan.price_rise_category) & (since >= 0) & (since < PRICE_MENTION_DAYS)
        found[PRICE, lines.order[dearer]] = lines.product[dearer]
    if world.options.has("walkouts"):
        shop = people.home_store[known]
        served = (orders.channel == 0) & orders.home & np.isin(shop, plan.walkout_stores) & (orders.day >= plan.walkout_start)
        found[STAFF, served] = shop[served]
    found[:, orders.customer < 0] = -1
    return found


def reasons_to_post(world: World, stores: Stores, day: Ints, store: Ints, rng: np.random.Generator) -> Ints:
    """The same by public post: only its day, and the shop that it would name, are known."""
    plan = world.plan
    found = np.full((len(STORIES), len(day)), -1)
    if world.options.has("bad_batch"):
        sold = (day >= plan.bad_batch_day + LEAK_AFTER_DAYS) & (day < plan.bad_batch_day + plan.bad_batch_days)
        found[LEAK, sold & np.isin(stores.region[store], plan.leak_regions)] = world.catalogue.star
    if world.options.has("web_bug"):
        found[WEBSITE, (day >= plan.bug_start) & (day <= plan.bug_end)] = 0
    if world.options.has("price_rise"):
        dearer = (day >= plan.price_rise_day) & (day < plan.price_rise_day + PRICE_MENTION_DAYS)
        found[PRICE, dearer] = world.catalogue.draw(rng, np.full(int(dearer.sum()), plan.price_rise_category))
    if world.options.has("walkouts"):
        short = np.isin(store, plan.walkout_stores) & (day >= plan.walkout_start)
        found[STAFF, short] = store[short]
    return found


def told(rng: np.random.Generator, reasons: Ints, rates: Mapping[str, float], willing: Bools) -> Ints:
    """The story that each text tells, -1 for none.

    Args:
        reasons: Stories by texts, -1 where there is nothing to tell.
        willing: Texts of people who are not content.
    """
    story = np.full(len(willing), NO_STORY)
    for number in reversed(range(len(STORIES))):
        tells = chance(rng, rates[STORIES[number]], len(willing)) & (reasons[number] >= 0) & willing
        story[tells] = number
    return story


def subject_of(story: Ints, reasons: Ints, stories: tuple[int, ...], otherwise: Ints) -> Ints:
    """The product or shop that a text is about: what its story tells of, if it is one of these stories."""
    chosen = np.isin(story, stories)
    return np.where(chosen, reasons[np.maximum(story, 0), np.arange(len(story))], otherwise)


PRODUCT_STORIES, SHOP_STORIES = (LEAK, PRICE), (STAFF,)
