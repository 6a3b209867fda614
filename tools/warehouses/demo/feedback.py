"""What customers say, wherever they say it: texts, what they were made to say, and the competitors they name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.warehouses.demo.arrays import NONE, Bools, Coded, Ints, Texts, chance, where_none
from tools.warehouses.demo.catalogue import read_data
from tools.warehouses.demo.identity import Identities
from tools.warehouses.demo.people import LANGUAGES, People
from tools.warehouses.demo.purchasing import World
from tools.warehouses.demo.stores import Stores
from tools.warehouses.demo.stories import STORIES, TRUTH_OF
from tools.warehouses.demo.text.grammar import TONES, TOPICS, Brief, compose, sign, text_language
from tools.warehouses.demo.truths import PRICE_MENTION_DAYS, PRICE_RISE_MENTIONS
from tools.warehouses.demo.writing import Sink

BUDGET_SHARES = {
    "voice.review": 0.34,
    "service.ticket_message": 0.26,
    "service.survey_response": 0.14,
    "voice.social_mention": 0.10,
    "service.call": 0.08,
    "service.chat": 0.08,
}
"""How the upper bound of stored texts is divided."""
MENTION_RATE = 0.06
MOVED_SHARE = 0.5
"""Share of the people with a planted truth to tell of whose text is kept, however small the budget."""
SIGNED_SHARE = 0.06
"""Share of the texts to customer service that hold the writer's own contact data."""
ASPECTS = ("price", "range", "service", "delivery")
NO_ROW = -1


@dataclass(frozen=True, kw_only=True)
class Request:
    """Texts wanted for some rows of one table; indexes are -1 where they do not apply."""

    table: str
    ids: Ints
    customer: Ints
    """Position in People, -1 when unknown."""
    day: Ints
    topic: Ints
    tone: Ints
    severity: Ints
    product: Ints
    store: Ints
    story: Ints
    """Index into STORIES: the planted truth that the text tells of."""


class Writer:
    """Composes texts for one chunk and records what they say."""

    def __init__(
        self, sink: Sink, truth: Sink, world: World, people: People, stores: Stores, identities: Identities, erased: Bools
    ) -> None:
        self._sink, self._truth, self._world, self._people, self._stores = sink, truth, world, people, stores
        self._identities, self._erased = identities, erased

    def sample(self, table: str, rows: Ints, moved: Bools | None = None) -> Ints:
        """The rows of a table that get a text: all of them, or as many as the budget of this chunk allows.

        Args:
            moved: Which rows are of people whom a planted truth gives reason to write: half of those get a text for sure, each in the
                place of another row, so that what the others write stays the same. Hence the rows are in no order.
        """
        world = self._world
        if not world.options.wants("texts"):
            return rows[:0]
        share = self._people.count / world.options.customers
        quota = int(world.options.size.texts * BUDGET_SHARES[table] * share)
        if len(rows) <= quota:
            return rows
        rng = world.streams.rng(f"{table}/sample", self._people.chunk)
        chosen = np.sort(rng.permutation(rows)[:quota])
        if moved is None:
            return chosen
        rng = world.streams.rng(f"{table}/moved", self._people.chunk)
        extra = np.setdiff1d(rows[moved & chance(rng, MOVED_SHARE, len(rows))], chosen)
        places = rng.permutation(np.flatnonzero(~np.isin(chosen, rows[moved])))[: len(extra)]
        chosen[places] = extra[: len(places)]
        return chosen

    def compose(self, request: Request) -> tuple[Texts, Coded]:
        """The texts and their languages."""
        world, people = self._world, self._people
        rng = world.streams.rng(f"{request.table}/text", people.chunk)
        count = len(request.ids)
        rivals = [c["name"] for c in read_data("catalogue")["competitors"]]
        rate = self._mention_rate(request.day)
        # Texts that tell of a truth stand in for others: whom else they name is drawn apart, by their own days.
        apart = world.streams.rng(f"{request.table}/stories/rivals", people.chunk)
        named = np.where(request.story >= 0, chance(apart, rate, count), chance(rng, rate, count))
        rival = rng.integers(0, len(rivals), count)
        stance = np.where(named, (rng.random(count) < 0.35).astype(np.int64), -1)
        brief = Brief(
            topic=request.topic,
            tone=request.tone,
            severity=request.severity,
            language=np.where(request.customer >= 0, people.language[np.maximum(request.customer, 0)], 0),
            product=self._product_words(request.product),
            store=np.where(request.store >= 0, self._stores.names[np.maximum(request.store, 0)], "your shop"),
            competitor=np.array(rivals, dtype=object)[rival],
            stance=stance,
            story=request.story >= 0,
            injections=world.options.has("injection"),
        )
        composed = compose(rng, brief)
        signed = self._signed(rng, request)
        composed.texts[signed] = sign(rng, composed.texts[signed], self._contact(request.customer[signed]))
        language = Coded(text_language(brief), LANGUAGES)
        self._truth.write(
            "truth.text",
            source_table=np.full(count, request.table, dtype=object),
            source_id=request.ids,
            topic=Coded(request.topic, TOPICS),
            sentiment=Coded(request.tone, TONES),
            severity=request.severity,
            language=language,
            is_sarcastic=composed.sarcastic,
            is_injection=composed.injected,
            has_personal_data=signed,
            story=Coded(request.story, [TRUTH_OF[story] for story in STORIES]),
        )
        self._write_mentions(request, named, rival, stance, composed.competitor_sentence, rng)
        return composed.texts, language

    def _signed(self, rng: np.random.Generator, request: Request) -> Bools:
        """Which texts name their writer: some of those sent to customer service, none of erased customers."""
        to_service = request.table in ("service.ticket_message", "service.call", "service.chat")
        known = np.maximum(request.customer, 0)
        signed: Bools = chance(rng, SIGNED_SHARE, len(known)) & to_service & (request.customer >= 0) & ~self._erased[known]
        return signed

    def _contact(self, customer: Ints) -> dict[str, Texts]:
        person = self._identities.take(customer)
        return {slot: getattr(person, slot) for slot in ("first", "last", "email", "phone", "street", "city")}

    def _mention_rate(self, day: Ints) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        world = self._world
        since = day - world.plan.price_rise_day
        doubled = world.options.has("price_rise") & (since >= 0) & (since < PRICE_MENTION_DAYS)
        return np.where(doubled, PRICE_RISE_MENTIONS, 1.0) * MENTION_RATE

    def _product_words(self, product: Ints) -> Texts:
        """The article as a customer would call it: its subcategory's noun is part of the name."""
        names = self._world.catalogue.names
        return np.where(product >= 0, names[np.maximum(product, 0)], "article")

    def _write_mentions(
        self, request: Request, named: Bools, rival: Ints, stance: Ints, sentences: Texts, rng: np.random.Generator
    ) -> None:
        rows = np.flatnonzero(named)
        aspect = np.where(request.topic[rows] == TOPICS.index("price"), 0, rng.integers(0, len(ASPECTS), len(rows)))
        customer = request.customer[rows]
        self._sink.write(
            "voice.competitor_mention",
            mention_id=self._sink.new_ids("voice.competitor_mention", len(rows)),
            competitor_id=rival[rows] + 1,
            customer_id=where_none(customer >= 0, self._people.first_id + customer),
            source_table=np.full(len(rows), request.table, dtype=object),
            source_id=request.ids[rows],
            mentioned_on=self._world.timeline.epoch_day(request.day[rows]),
            aspect=Coded(aspect, ASPECTS),
            stance=Coded(stance[rows], ("them", "us")),
            snippet=sentences[rows],
        )


def tone_of(rng: np.random.Generator, mood: Ints) -> Ints:
    """Tone from a mood of -1, 0 or 1; some of each mix good and bad."""
    mixed = chance(rng, 0.15, len(mood))
    return np.where(mixed, TONES.index("mixed"), np.where(mood > 0, 0, np.where(mood < 0, 1, 3)))


def no_products(count: int) -> Ints:
    return np.full(count, NO_ROW)


__all__ = ["NONE", "Request", "Writer", "no_products", "tone_of"]
