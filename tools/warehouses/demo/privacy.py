"""Consent, and people's requests about their own data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.warehouses.demo.arrays import Bools, Coded, Ints, chance, joined, where_none
from tools.warehouses.demo.options import DemoOptions
from tools.warehouses.demo.people import People
from tools.warehouses.demo.streams import Streams
from tools.warehouses.demo.timeline import Timeline
from tools.warehouses.demo.truths import ERASED, NO_MARKETING_CONSENT, WITHDRAWN
from tools.warehouses.demo.writing import Sink

PURPOSES = ("marketing", "profiling", "sharing")
CONSENT_CHANNELS = ("email", "phone", "app", "any")
BASES = ("checkout form", "till form", "app settings", "preference centre", "phone")
NEVER = 10**6


@dataclass(frozen=True, kw_only=True)
class Consent:
    """Per customer, in day numbers."""

    marketing: Bools
    """Ever agreed to marketing."""
    from_day: Ints
    until_day: Ints
    """First day without consent again (withdrawn or erased); far in the future otherwise."""
    withdrawn: Bools
    erased_day: Ints
    """Day of the erasure; far in the future otherwise."""

    def allows(self, day: int) -> Bools:
        """Whether each customer may be contacted for marketing on this day."""
        return self.marketing & (self.from_day <= day) & (day < self.until_day)


def make_consent(options: DemoOptions, people: People, timeline: Timeline, streams: Streams) -> Consent:
    rng = streams.rng("privacy.consent_event/truth", people.chunk)
    count = people.count
    from_day = np.floor(timeline.in_season(people.start)).astype(np.int64)
    u, moment = rng.random(count), rng.random(count)
    erased = chance(rng, ERASED, count)
    if not options.has("consent"):
        never = np.full(count, NEVER)
        nobody = np.zeros(count, dtype=bool)
        return Consent(marketing=np.ones(count, dtype=bool), from_day=from_day, until_day=never, withdrawn=nobody, erased_day=never)
    marketing = u >= NO_MARKETING_CONSENT
    withdrawn = marketing & (u < NO_MARKETING_CONSENT + WITHDRAWN)
    withdrawn_day = np.where(withdrawn, from_day + 1 + np.floor(moment * (timeline.days - 1 - from_day)).astype(np.int64), NEVER)
    # Erasures are recent: requests are worked off within the month, and the data keep nothing older of these people.
    erased_day = np.where(erased, np.maximum(timeline.days - 1 - np.floor(moment * 200).astype(np.int64), from_day), NEVER)
    return Consent(
        marketing=marketing,
        from_day=from_day,
        until_day=np.minimum(withdrawn_day, erased_day),
        withdrawn=withdrawn & (withdrawn_day < timeline.days),
        erased_day=erased_day,
    )


def write_privacy(sink: Sink, people: People, consent: Consent, timeline: Timeline, streams: Streams) -> None:
    """privacy.consent_event and privacy.request."""
    rng = streams.rng("privacy.consent_event", people.chunk)
    count = people.count
    everyone = np.arange(count)
    profiling, sharing = chance(rng, 0.62, count), chance(rng, 0.18, count)
    channel = rng.choice(4, count, p=[0.35, 0.05, 0.1, 0.5])
    last = timeline.days - 1
    parts = [
        (everyone[consent.marketing], 0, channel[consent.marketing], 0, consent.from_day[consent.marketing]),
        (everyone[profiling], 1, np.full(int(profiling.sum()), 3), 0, consent.from_day[profiling]),
        (everyone[sharing], 2, np.full(int(sharing.sum()), 3), 0, consent.from_day[sharing]),
        (everyone[consent.withdrawn], 0, channel[consent.withdrawn], 1, consent.until_day[consent.withdrawn]),
    ]
    erased = (consent.erased_day <= last) & consent.marketing & ~(consent.withdrawn & (consent.until_day < consent.erased_day))
    parts.append((everyone[erased], 0, channel[erased], 1, consent.erased_day[erased]))
    who = joined([p[0] for p in parts])
    day = np.minimum(joined([p[4] for p in parts]), last)
    purpose = joined([np.full(len(p[0]), p[1]) for p in parts])
    action = joined([np.full(len(p[0]), p[3]) for p in parts])
    order = np.lexsort((purpose, action, day))
    who, day = who[order], day[order]
    # Withdrawals come late in the day, so that the last word of one day is never in doubt.
    moment = day + np.where(action[order] == 1, 0.9, 0.3) + 0.05 * rng.random(len(who))
    sink.write(
        "privacy.consent_event",
        consent_id=sink.new_ids("privacy.consent_event", len(who)),
        customer_id=people.first_id + who,
        purpose=Coded(purpose[order], PURPOSES),
        channel=Coded(joined([p[2] for p in parts])[order], CONSENT_CHANNELS),
        action=Coded(action[order], ("granted", "withdrawn")),
        basis=Coded(rng.integers(0, len(BASES), len(who)), BASES),
        happened_at=timeline.utc_second(moment),
        happened_on=timeline.epoch_day(day),
    )
    _write_requests(sink, people, consent, timeline, streams.rng("privacy.request", people.chunk))


def _write_requests(sink: Sink, people: People, consent: Consent, timeline: Timeline, rng: np.random.Generator) -> None:
    last = timeline.days - 1
    erased = np.flatnonzero(consent.erased_day <= last)
    others = np.flatnonzero(chance(rng, 0.006, people.count) & (consent.erased_day > last))
    received = consent.from_day[others] + 1 + np.floor(rng.random(len(others)) * (last - consent.from_day[others])).astype(np.int64)
    received = joined(
        [np.maximum(consent.erased_day[erased] - rng.integers(1, 25, len(erased)), consent.from_day[erased]), np.minimum(received, last)]
    )
    done = joined([consent.erased_day[erased], received[len(erased) :] + rng.integers(1, 35, len(others))])
    who = joined([erased, others])
    kind = joined([np.zeros(len(erased), dtype=np.int64), 1 + (rng.random(len(others)) < 0.2)])
    order = np.lexsort((who, received))
    sink.write(
        "privacy.request",
        request_id=sink.new_ids("privacy.request", len(who)),
        customer_id=people.first_id + who[order],
        kind=Coded(kind[order], ("erase", "access", "restrict")),
        received_on=timeline.epoch_day(received[order]),
        due_on=timeline.epoch_day(received[order] + 30),
        done_on=where_none(done[order] <= last, timeline.epoch_day(done[order])),
    )
