"""Shops, their visitors, and those who left without buying."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.warehouses.demo.arrays import NONE, Coded, Floats, Ints, Texts, pick, where_none
from tools.warehouses.demo.catalogue import Catalogue, read_data
from tools.warehouses.demo.options import DemoOptions
from tools.warehouses.demo.streams import Streams
from tools.warehouses.demo.timeline import Plan, Timeline
from tools.warehouses.demo.truths import BAD_WALKOUT_RATE, WALKOUT_RATE
from tools.warehouses.demo.writing import Sink

REGION_WEIGHTS = (0.22, 0.24, 0.18, 0.20, 0.16)
OPENING_HOUR, OPEN_HOURS = 9, 10
HOUR_FACTORS = np.array([0.6, 0.8, 1.0, 1.2, 1.0, 0.9, 1.0, 1.3, 1.3, 0.9])
WALKOUT_REASONS = ("queue too long", "nobody to ask", "article missing", "too expensive", "only looking", "other")
WALKOUT_WEIGHTS = (0.16, 0.12, 0.24, 0.18, 0.22, 0.08)
UNDERSTAFFED_WEIGHTS = (0.42, 0.30, 0.10, 0.06, 0.08, 0.04)
WALKOUT_SAMPLE = 0.012
"""Share of the walk-outs that staff manage to ask."""


@dataclass(frozen=True, kw_only=True)
class Stores:
    """Shops by index (`store_id` = index + 1)."""

    names: Texts
    cities: Texts
    region: Ints
    format: Ints
    opened: Ints
    area: Ints

    @property
    def count(self) -> int:
        return len(self.region)

    def near(self, rng: np.random.Generator, region: Ints) -> Ints:
        """A random shop of the region, per row."""
        order = np.argsort(self.region, kind="stable")
        starts = np.searchsorted(self.region[order], np.arange(6))
        low, high = starts[region], starts[region + 1]
        return order[low + np.floor(rng.random(len(region)) * (high - low)).astype(np.int64)]


def region_names() -> tuple[str, ...]:
    return tuple(read_data("names")["regions"])


def make_stores(options: DemoOptions, streams: Streams) -> Stores:
    rng = streams.rng("core.store")
    regions = read_data("names")["regions"]
    count = options.size.stores
    region = np.arange(count) % len(regions)
    city_lists = [rng.permutation(cities) for cities in regions.values()]
    cities = np.array([str(city_lists[r][(i // 5) % len(city_lists[r])]) for i, r in enumerate(region)], dtype=object)
    turn = np.arange(count) // (5 * len(city_lists[0]))
    suffixes = np.array(["", " Riverside", " Old Town", " Gate", " Park", " Square"], dtype=object)
    return Stores(
        names=cities + suffixes[turn % len(suffixes)],
        cities=cities,
        region=region,
        format=pick(rng, (0.15, 0.4, 0.3, 0.15), count),
        opened=-rng.integers(200, 4000, count),
        area=rng.integers(30, 220, count) * 10,
    )


def write_stores(sink: Sink, stores: Stores, timeline: Timeline) -> None:
    sink.write(
        "core.store",
        store_id=np.arange(1, stores.count + 1),
        store_name=stores.names,
        city=stores.cities,
        region=Coded(stores.region, region_names()),
        format=Coded(stores.format, read_data("catalogue")["store_formats"]),
        opened_on=timeline.epoch_day(stores.opened),
        closed_on=np.full(stores.count, NONE),
        floor_area_m2=stores.area,
    )


def walkout_rates(options: DemoOptions, plan: Plan, stores: Ints, days: Ints) -> Floats:
    """Chance that a visitor leaves without buying."""
    bad = np.isin(stores, plan.walkout_stores) & (days >= plan.walkout_start) & options.has("walkouts")
    return np.where(bad, BAD_WALKOUT_RATE, WALKOUT_RATE)


def write_traffic(
    sink: Sink, options: DemoOptions, stores: Stores, catalogue: Catalogue, timeline: Timeline, plan: Plan, streams: Streams
) -> None:
    """core.store_traffic hour by hour, and the sampled core.store_walkout."""
    rng = streams.rng("core.store_traffic")
    walkout_rng = streams.rng("core.store_walkout")
    base = rng.uniform(5.0, 9.0, stores.count)
    for store in range(stores.count):
        day = np.repeat(np.arange(timeline.days), OPEN_HOURS)
        hour = np.tile(np.arange(OPEN_HOURS), timeline.days)
        visitors = rng.poisson(base[store] * HOUR_FACTORS[hour] * timeline.intensity[day])
        rate = walkout_rates(options, plan, np.full(len(day), store), day)
        walkouts = rng.binomial(visitors, rate)
        bad = rate > WALKOUT_RATE
        sink.write(
            "core.store_traffic",
            store_id=np.full(len(day), store + 1),
            hour_at=timeline.utc_second(day + (OPENING_HOUR + hour) / 24),
            traffic_on=timeline.epoch_day(day),
            visitors=visitors,
            transactions=visitors - walkouts,
            staff=np.where(bad, rng.integers(1, 3, len(day)), rng.integers(3, 7, len(day))),
            stock_outs=rng.poisson(0.4, len(day)),
        )
        _write_walkouts(sink, walkout_rng, catalogue, timeline, store, day, hour, walkouts, bad.astype(np.int64))


def _write_walkouts(
    sink: Sink,
    rng: np.random.Generator,
    catalogue: Catalogue,
    timeline: Timeline,
    store: int,
    day: Ints,
    hour: Ints,
    walkouts: Ints,
    bad: Ints,
) -> None:
    asked = np.repeat(np.arange(len(day)), rng.binomial(walkouts, WALKOUT_SAMPLE))
    reason = np.where(bad[asked] > 0, pick(rng, UNDERSTAFFED_WEIGHTS, len(asked)), pick(rng, WALKOUT_WEIGHTS, len(asked)))
    notes = read_data("walkout_notes")
    choice = rng.integers(0, 10**6, len(asked))
    labels = [note for reasons in WALKOUT_REASONS for note in notes[reasons]]
    first = np.cumsum([0, *(len(notes[r]) for r in WALKOUT_REASONS)])
    note = first[reason] + choice % np.diff(first)[reason]
    moment = day[asked] + (OPENING_HOUR + hour[asked] + rng.random(len(asked))) / 24
    category = np.where(rng.random(len(asked)) < 0.7, rng.integers(0, len(catalogue.category_names), len(asked)), -1)
    sink.write(
        "core.store_walkout",
        walkout_id=sink.new_ids("core.store_walkout", len(asked)),
        store_id=np.full(len(asked), store + 1),
        left_at=timeline.utc_second(moment),
        left_on=timeline.epoch_day(day[asked]),
        reason=Coded(reason, WALKOUT_REASONS),
        category=Coded(category, catalogue.category_names),
        note=Coded(np.where(rng.random(len(asked)) < 0.5, note, -1), labels),
    )


MYSTERY_CRITERIA = ("greeting", "waiting time", "advice", "tidiness", "stock", "checkout")
STAFFING_CRITERIA = np.array([1.0, 2.6, 2.0, 0.8, 0.0, 2.2])
"""Points lost on each criterion in an understaffed shop."""


def write_mystery_visits(sink: Sink, options: DemoOptions, stores: Stores, timeline: Timeline, plan: Plan, streams: Streams) -> None:
    """One visit per own shop and month, and one per rival and two months."""
    rng = streams.rng("voice.mystery_visit")
    rivals = len(read_data("catalogue")["competitors"])
    months = timeline.days // 30
    own, rival = np.repeat(np.arange(stores.count), months), np.repeat(np.arange(rivals), months // 2)
    day = np.concatenate([np.tile(np.arange(months) * 30, stores.count), np.tile(np.arange(months // 2) * 60, rivals)])
    day = (day + rng.integers(0, 28, len(day))).clip(0, timeline.days - 1)
    store = np.concatenate([own, np.full(len(rival), NONE)])
    competitor = np.concatenate([np.full(len(own), NONE), rival + 1])
    ids = sink.new_ids("voice.mystery_visit", len(day))
    sink.write(
        "voice.mystery_visit",
        visit_id=ids,
        store_id=where_none(store != NONE, store + 1),
        competitor_id=competitor,
        visited_on=timeline.epoch_day(day),
        agency=Coded(rng.integers(0, 2, len(day)), ("Clearview Audits", "Second Glance")),
    )
    bad = np.isin(store, plan.walkout_stores) & (day >= plan.walkout_start) & options.has("walkouts")
    criteria = len(MYSTERY_CRITERIA)
    mean = 7.6 + 0.3 * rng.standard_normal(len(day))[:, None] - bad[:, None] * STAFFING_CRITERIA
    score = np.clip(np.round(mean + rng.standard_normal((len(day), criteria))), 0, 10).astype(np.int64).ravel()
    notes = read_data("mystery_notes")
    band = np.where(score <= 5, 0, np.where(score <= 7, 1, 2))
    per_band = len(notes["low"])
    labels = [*notes["low"], *notes["middle"], *notes["high"]]
    sink.write(
        "voice.mystery_score",
        visit_id=np.repeat(ids, criteria),
        criterion=Coded(np.tile(np.arange(criteria), len(day)), MYSTERY_CRITERIA),
        score=score,
        note=Coded(np.where(rng.random(len(score)) < 0.3, band * per_band + rng.integers(0, per_band, len(score)), -1), labels),
    )
