"""The fifteen kinds of planted truth, by name, and the numbers that are planted."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from tools.core.errors import SetupProblem

TRUTHS = {
    "purchasing": "customers buy at their own gamma-distributed rate and leave after an order with their own beta-distributed chance",
    "churn_drivers": "late parcels, unresolved tickets, bad scores and price rises drive people away, tiers keep them; decoys do nothing",
    "season": "weekdays, December, Easter and Black Friday",
    "price_rise": "one category became 8 % dearer on one day",
    "bad_batch": "one batch of one product comes back, rates badly and leaks",
    "campaign_lift": "randomised campaigns with a known lift, one without, one harmful to some, one that was not randomised",
    "attribution": "display and e-mail cause orders, brand search only follows intent",
    "web_bug": "mobile checkout failed for three weeks",
    "walkouts": "two understaffed shops lose visitors",
    "identity": "some people have several differing records; namesakes are different people",
    "consent": "many never agreed to marketing, some withdrew, some were erased",
    "data_faults": "a doubled load, a missing day, a currency mix-up, shifted times, robots, machine opens, test accounts, biased answers",
    "simpson": "satisfaction rose in every region and fell overall",
    "nulls": "announced changes that changed nothing",
    "injection": "feedback that tries to give orders to a language model",
}

NO_TRUTHS = "all"
"""As a name to leave out: a warehouse without any effect."""


def choose_truths(*, without: Sequence[str] = (), only: Sequence[str] | None = None) -> frozenset[str]:
    """The truths that are planted: all, or `only` these, less those in `without`.

    Raises:
        SetupProblem: a name that is none of the fifteen.
    """
    for name in (*without, *(only or ())):
        if name not in TRUTHS and name != NO_TRUTHS:
            near = difflib.get_close_matches(name, TRUTHS, n=1)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise SetupProblem(f"There is no planted truth {name[:40]!r}.", try_instead=f"{hint}They are: {', '.join(TRUTHS)}.")
    kept = set(TRUTHS) if only is None or NO_TRUTHS in only else set(only)
    return frozenset() if NO_TRUTHS in without else frozenset(kept - set(without))


PURCHASE_R, PURCHASE_ALPHA_WEEKS = 1.3, 10.0
"""Orders per week ~ gamma(shape r, rate alpha)."""
DROPOUT_A, DROPOUT_B = 0.8, 8.0
"""Chance to leave after an order ~ beta(a, b)."""

DRIVER_LOG_ODDS = {"late_delivery": 0.6, "unresolved_ticket": 0.9, "detractor": 0.7, "price_rise_seen": 0.4, "loyalty_tier": -0.5}
DECOYS = ("has_app", "paperless_receipts", "gift_card_holder", "catalogue_recipient", "birthday_club")
PRICE_RISE_SEEN_DAYS = 60
"""A rise of at least 5 % counts as seen when the order holds the article within this many days."""

PRICE_RISE_RATE, PRICE_ELASTICITY, PRICE_RISE_DROPOUT, PRICE_RISE_MENTIONS = 0.08, -1.5, 0.03, 2.0
PRICE_MENTION_DAYS = 90

RETURN_RATE, BAD_RETURN_RATE = 0.04, 0.18
BAD_RATING_DROP = 1.4
LEAK_RATE, LEAK_FACTOR, LEAK_AFTER_DAYS = 0.02, 6.0, 5

CHECKOUT_COMPLETION, BUG_COMPLETION = 0.84, 0.354
WALKOUT_RATE, BAD_WALKOUT_RATE = 0.24, 0.38
SIMPSON_RISE = 0.25

SATURDAY, DECEMBER = 1.3, 1.6
BOT_SHARE, MACHINE_OPEN_SHARE = 0.08, 0.35
IDENTITY_SHARE = 0.12
NO_MARKETING_CONSENT, WITHDRAWN, ERASED = 0.30, 0.06, 0.01
