"""Customer service: tickets, calls and chats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.warehouses.demo.arrays import NONE, Bools, Coded, Floats, Ints, Texts, chance, joined, pick, where_none
from tools.warehouses.demo.feedback import Request, Writer, no_products, tone_of
from tools.warehouses.demo.people import People
from tools.warehouses.demo.purchasing import TICKET_KINDS, Basket, World
from tools.warehouses.demo.sales import Sold
from tools.warehouses.demo.stories import LEAK, NO_STORY, WEBSITE
from tools.warehouses.demo.text.grammar import TOPICS
from tools.warehouses.demo.timeline import DAY_S
from tools.warehouses.demo.writing import Sink

TICKET_CHANNELS = ("email", "form", "phone", "chat")
PRIORITIES = ("low", "normal", "high")
KIND_TOPIC = np.array(
    [TOPICS.index(t) for t in ("delivery", "damaged", "leak", "billing", "howto", "refund", "account", "website", "stock")]
)
COMPLAINT = np.array([True, True, True, True, False, True, False, True, False])
"""Which kinds of ticket are complaints, by TICKET_KINDS."""
OTHER_TICKETS, FAILED_CHECKOUT_TICKETS = 0.25, 0.15
OTHER_WEIGHTS = (0.0, 0.0, 0.0, 0.2, 0.15, 0.0, 0.35, 0.12, 0.18)
RESOLVE_DAYS, REPLY_HOURS, OPEN_DAYS = 2.0, 9.0, 14
AGENTS = 24
CALL_REASONS = TICKET_KINDS
ABANDON_RATE, TRANSFER_RATE = 0.09, 0.12


@dataclass(frozen=True, kw_only=True)
class Tickets:
    """Tickets of one chunk by time."""

    ids: Ints
    customer: Ints
    moment: Floats
    kind: Ints
    channel: Ints
    order: Ints
    """Position of the order, -1 without."""
    product: Ints
    unresolved: Bools
    resolved: Floats
    """Moment of the solution."""
    story: Ints
    """Planted truth behind it, index into STORIES."""


def write_service(
    sink: Sink, world: World, people: People, basket: Basket, sold: Sold, failed: Bools, reasons: Ints, writer: Writer
) -> Tickets:
    """service.ticket, ticket_message, call, chat; `reasons` as `stories.happenings` gives them."""
    tickets = _tickets(sink, world, people, basket, failed, reasons)
    _write_tickets(sink, world, people, tickets, sold)
    _write_messages(sink, world, people, tickets, writer)
    _write_calls(sink, world, people, tickets, writer)
    _write_chats(sink, world, people, tickets, writer)
    return tickets


def _tickets(sink: Sink, world: World, people: People, basket: Basket, failed: Bools, reasons: Ints) -> Tickets:
    """Those that orders caused, those after a failed checkout, and others out of the blue."""
    rng = world.streams.rng("service.ticket/write", people.chunk)
    orders, lines = basket.orders, basket.lines
    caused = np.flatnonzero((orders.ticket >= 0) & (orders.customer >= 0))
    tried = np.flatnonzero(failed & chance(rng, FAILED_CHECKOUT_TICKETS, orders.count))
    known = np.flatnonzero(orders.customer >= 0)
    others = rng.choice(known, int(len(caused) * OTHER_TICKETS)) if len(known) else known
    order = joined([caused, tried, others])
    kind = joined([orders.ticket[caused], np.full(len(tried), TICKET_KINDS.index("website")), pick(rng, OTHER_WEIGHTS, len(others))])
    delay = joined([1 + rng.exponential(3.5, len(caused)), 0.1 * rng.random(len(tried)), rng.exponential(40, len(others))])
    moment = np.floor(orders.moment[order] + delay) + (7.5 + 13 * rng.random(len(order))) / 24
    first_line = np.searchsorted(lines.order, order)
    product = np.where(
        kind == TICKET_KINDS.index("leak"), world.catalogue.star, lines.product[np.minimum(first_line, len(lines.order) - 1)]
    )
    about_order = np.arange(len(order)) < len(caused)
    leaks = about_order & (kind == TICKET_KINDS.index("leak")) & (reasons[LEAK][order] >= 0)
    tried_in_vain = ~about_order & (np.arange(len(order)) < len(caused) + len(tried))
    unresolved = np.where(about_order, orders.unresolved[order], chance(rng, 0.12, len(order)))
    resolved = moment + rng.exponential(RESOLVE_DAYS, len(order)) + 0.05
    kept = np.flatnonzero(moment < world.timeline.days)
    kept = kept[np.argsort(moment[kept], kind="stable")]
    return Tickets(
        ids=sink.new_ids("service.ticket", len(kept)),
        customer=orders.customer[order[kept]],
        moment=moment[kept],
        kind=kind[kept],
        channel=pick(rng, (0.42, 0.2, 0.24, 0.14), len(order))[kept],
        order=np.where(about_order, order, -1)[kept],
        product=np.where(about_order, product, -1)[kept],
        unresolved=unresolved[kept],
        resolved=resolved[kept],
        story=np.where(leaks, LEAK, np.where(tried_in_vain, WEBSITE, NO_STORY))[kept],
    )


def _write_tickets(sink: Sink, world: World, people: People, tickets: Tickets, sold: Sold) -> None:
    timeline, count = world.timeline, len(tickets.ids)
    rng = world.streams.rng("service.ticket/details", people.chunk)
    solved = ~tickets.unresolved & (tickets.resolved < timeline.days)
    reply = np.minimum(tickets.moment + rng.exponential(REPLY_HOURS / 24, count), tickets.resolved)
    # Given up: unresolved for so long that nobody works on it any more.
    old = timeline.days - tickets.moment > OPEN_DAYS
    status = np.where(solved, 0, np.where(tickets.unresolved & old, 2, 1))
    sink.write(
        "service.ticket",
        ticket_id=tickets.ids,
        customer_id=people.first_id + tickets.customer,
        opened_at=timeline.utc_second(tickets.moment),
        opened_on=timeline.epoch_day(tickets.moment),
        first_reply_at=where_none((reply < timeline.days) & (solved | chance(rng, 0.6, count)), timeline.utc_second(reply)),
        resolved_at=where_none(solved, timeline.utc_second(tickets.resolved)),
        channel=Coded(tickets.channel, TICKET_CHANNELS),
        category=Coded(tickets.kind, TICKET_KINDS),
        priority=Coded(pick(rng, (0.3, 0.5, 0.2), count), PRIORITIES),
        status=Coded(status, ("resolved", "open", "unresolved")),
        order_id=np.where(tickets.order >= 0, sold.order_ids[np.maximum(tickets.order, 0)], NONE) if count else tickets.order,
        product_id=where_none(tickets.product >= 0, tickets.product + 1),
        reopened=chance(rng, 0.06, count),
    )


def _request(rng: np.random.Generator, table: str, ids: Ints, tickets: Tickets, rows: Ints) -> Request:
    """A text about these tickets."""
    complaint = COMPLAINT[tickets.kind[rows]]
    tone = np.where(complaint, tone_of(rng, np.full(len(rows), -1)), 3)
    return Request(
        table=table,
        ids=ids,
        customer=tickets.customer[rows],
        day=np.floor(tickets.moment[rows]).astype(np.int64),
        topic=KIND_TOPIC[tickets.kind[rows]],
        tone=tone,
        severity=np.where(complaint, 1 + tickets.unresolved[rows], 0),
        product=tickets.product[rows],
        store=no_products(len(rows)),
        story=tickets.story[rows],
    )


def _write_messages(sink: Sink, world: World, people: People, tickets: Tickets, writer: Writer) -> None:
    """The customer's first message of a sample of written tickets, and the agent's reply where the ticket was solved."""
    timeline = world.timeline
    rng = world.streams.rng("service.ticket_message", people.chunk)
    written = np.flatnonzero(tickets.channel != 2)
    rows = writer.sample("service.ticket_message", written, tickets.story[written] >= 0)
    texts, _ = writer.compose(_request(rng, "service.ticket_message", tickets.ids[rows], tickets, rows))
    answered = np.flatnonzero(~tickets.unresolved[rows] & (tickets.resolved[rows] < timeline.days))
    replies = np.array(REPLIES, dtype=object)[rng.integers(0, len(REPLIES), len(answered))]
    row = joined([rows, rows[answered]])
    seq = joined([np.ones(len(rows), dtype=np.int64), np.full(len(answered), 2)])
    moment = joined([tickets.moment[rows], tickets.resolved[rows[answered]]])
    all_texts: Texts = joined([texts, replies])
    order = np.lexsort((seq, tickets.ids[row]))
    sink.write(
        "service.ticket_message",
        ticket_id=tickets.ids[row][order],
        seq=seq[order],
        customer_id=people.first_id + tickets.customer[row][order],
        written_at=timeline.utc_second(moment[order]),
        written_on=timeline.epoch_day(moment[order]),
        author=Coded(seq[order] - 1, ("customer", "agent")),
        text=all_texts[order],
    )


REPLIES = (
    "Thank you for writing. I have looked into it and put it right; please let me know if anything is left.",
    "I am sorry about this. A replacement is on its way, you need not send anything back.",
    "Thanks for your patience. The amount was refunded today and will show within three days.",
    "Good question. You find it in the leaflet on page two; I attach it here as well.",
    "This should not have happened. I have passed it to the team and closed the case as solved with you today.",
    "Done. I wish you a pleasant day.",
)


def _write_calls(sink: Sink, world: World, people: People, tickets: Tickets, writer: Writer) -> None:
    """Phone tickets begin with a call; some callers hang up, some are not recognised."""
    timeline = world.timeline
    rng = world.streams.rng("service.call", people.chunk)
    source = np.flatnonzero(tickets.channel == 2)
    again = source[chance(rng, 0.35, len(source))]
    rows = joined([source, again])
    moment = joined([tickets.moment[source] - 0.002, tickets.moment[again] + rng.integers(1, 6, len(again))])
    kept = np.flatnonzero((moment < timeline.days) & (moment >= 0))
    kept = kept[np.argsort(moment[kept], kind="stable")]
    rows, moment = rows[kept], moment[kept]
    count = len(rows)
    abandoned = chance(rng, ABANDON_RATE, count)
    ids = sink.new_ids("service.call", count)
    answered = np.flatnonzero(~abandoned)
    told = writer.sample("service.call", answered, tickets.story[rows[answered]] >= 0)
    texts: Texts = np.full(count, None, dtype=object)
    texts[told], _ = writer.compose(_request(rng, "service.call", ids[told], tickets, rows[told]))
    wait = np.round(rng.exponential(95, count)).astype(np.int64) + 5
    sink.write(
        "service.call",
        call_id=ids,
        customer_id=where_none(chance(rng, 0.9, count), people.first_id + tickets.customer[rows]),
        called_at=timeline.utc_second(moment),
        called_on=timeline.epoch_day(moment),
        wait_s=np.where(abandoned, wait + 60, wait),
        handle_s=where_none(~abandoned, np.round(rng.gamma(3.0, 110.0, count)).astype(np.int64) + 30),
        agent=Coded(np.where(abandoned, -1, rng.integers(0, AGENTS, count)), AGENT_NAMES),
        reason=Coded(tickets.kind[rows], CALL_REASONS),
        abandoned=abandoned,
        transferred=~abandoned & chance(rng, TRANSFER_RATE, count),
        transcript=texts,
    )


AGENT_NAMES = tuple(f"agent {n:02d}" for n in range(1, AGENTS + 1))


def _write_chats(sink: Sink, world: World, people: People, tickets: Tickets, writer: Writer) -> None:
    timeline = world.timeline
    rng = world.streams.rng("service.chat", people.chunk)
    rows = np.flatnonzero(tickets.channel == 3)
    count = len(rows)
    bot_only = chance(rng, 0.3, count)
    ids = sink.new_ids("service.chat", count)
    told = writer.sample("service.chat", np.arange(count), tickets.story[rows] >= 0)
    texts: Texts = np.full(count, None, dtype=object)
    texts[told], _ = writer.compose(_request(rng, "service.chat", ids[told], tickets, rows[told]))
    sink.write(
        "service.chat",
        chat_id=ids,
        customer_id=where_none(chance(rng, 0.85, count), people.first_id + tickets.customer[rows]),
        started_at=timeline.utc_second(tickets.moment[rows]) - DAY_S // 1440,
        chatted_on=timeline.epoch_day(tickets.moment[rows]),
        wait_s=np.where(bot_only, 0, np.round(rng.exponential(70, count)).astype(np.int64)),
        handle_s=np.round(rng.gamma(2.5, 120.0, count)).astype(np.int64) + 20,
        agent=Coded(np.where(bot_only, -1, rng.integers(0, AGENTS, count)), AGENT_NAMES),
        topic=Coded(tickets.kind[rows], TICKET_KINDS),
        transferred=~bot_only & chance(rng, TRANSFER_RATE, count),
        transcript=texts,
    )
