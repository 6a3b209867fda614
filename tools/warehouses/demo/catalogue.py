"""Products, their batches and their prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from tools.warehouses.demo.arrays import NONE, Bools, Coded, Floats, Ints, Texts, pick
from tools.warehouses.demo.options import DemoOptions
from tools.warehouses.demo.streams import Streams
from tools.warehouses.demo.timeline import BATCH_DAYS, Plan, Timeline
from tools.warehouses.demo.truths import PRICE_RISE_RATE, PRICE_RISE_SEEN_DAYS
from tools.warehouses.demo.writing import Sink

DATA = Path(__file__).parent / "data"
FAR_DAY = 10**6
STAR_SHARE = 0.035
"""Share of all lines of the product that the bad batch belongs to."""
COMPANION_SHARE = 0.15
CATEGORY_WEIGHTS = (1.3, 1.1, 1.0, 0.8, 0.9, 1.4, 0.6, 1.0)


@cache
def read_data(name: str) -> Any:
    """One of the generator's own data files."""
    return yaml.safe_load((DATA / f"{name}.yaml").read_text(encoding="utf-8"))


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """All articles as arrays by product index (0-based; `product_id` = index + 1), sorted by category."""

    names: Texts
    category_names: tuple[str, ...]
    category: Ints
    subcategory: Coded
    brand: Coded
    own_brand: Bools
    supplier: Coded
    launched: Ints
    """Day number; may lie before the data."""
    cost: Floats
    popularity: Floats
    companion: Ints
    """Product often bought together with this one."""
    star: int
    """Product of the bad batch."""
    change_day: Ints
    """products x changes: day from which `price` of that change holds; column 0 = 0 for the first price."""
    price: Floats
    rise: Bools
    """products x changes: that change was a rise of at least 5 %."""
    first_batch: Ints
    """First batch id of each product."""
    batch_days: int
    bad_batch: int
    """Batch id, or 0 without one."""

    @property
    def count(self) -> int:
        return len(self.category)

    def price_at(self, product: Ints, day: Ints) -> tuple[Floats, Bools]:
        """List price on a day, and whether it rose by at least 5 % shortly before."""
        k = (self.change_day[product] <= day[:, None]).sum(axis=1) - 1
        since = day - self.change_day[product, k]
        return self.price[product, k], self.rise[product, k] & (since <= PRICE_RISE_SEEN_DAYS)

    def draw(self, rng: np.random.Generator, favourite: Ints, loyalty: float = 0.4) -> Ints:
        """One product per row: by popularity, with chance `loyalty` within the favourite category."""
        edges = np.concatenate([[0.0], np.cumsum(self.popularity)])
        starts = np.searchsorted(self.category, np.arange(len(self.category_names) + 1))
        u = rng.random(len(favourite))
        low, high = edges[starts[favourite]], edges[starts[favourite + 1]]
        loyal = rng.random(len(favourite)) < loyalty
        position = np.where(loyal, low + u * (high - low), u * edges[-1])
        return np.asarray(np.minimum(np.searchsorted(edges[1:], position, side="right"), self.count - 1), dtype=np.int64)

    def batch_at(self, rng: np.random.Generator, product: Ints, day: Ints) -> Ints:
        """Batch id of pieces sold on a day: the newest, or as often the one before."""
        number = np.maximum(day // self.batch_days - (rng.random(len(product)) < 0.5), 0)
        return self.first_batch[product] + number


def make_catalogue(options: DemoOptions, timeline: Timeline, plan: Plan, streams: Streams) -> Catalogue:
    """Articles, prices and batches; the same for every chunk of customers."""
    data = read_data("catalogue")
    rng = streams.rng("core.product")
    kinds = [(c, s, noun) for c, cat in enumerate(data["categories"]) for s, nouns in cat["subcategories"].items() for noun in nouns]
    weights = np.array([CATEGORY_WEIGHTS[c] for c, _, _ in kinds])
    kind = np.sort(np.concatenate([np.arange(len(kinds)), pick(rng, weights, options.size.products - len(kinds))]))
    count = len(kind)
    subcategories = list(dict.fromkeys(s for _, s, _ in kinds))
    own = rng.random(count) < 0.25
    brands = (*data["own_brands"], *data["brands"])
    brand = np.where(own, rng.integers(0, 2, count), rng.integers(2, len(brands), count))
    category = np.array([c for c, _, _ in kinds])[kind]
    base = np.array([c["price"] for c in data["categories"]], dtype=float)[category] * rng.lognormal(0, 0.45, count)
    base = np.maximum(np.round(base * np.where(own, 0.85, 1.0)), 2) - 0.05
    popularity = rng.lognormal(0, 0.7, count) * np.array(CATEGORY_WEIGHTS)[category]
    star = int(np.flatnonzero(kind == next(i for i, k in enumerate(kinds) if k[2] == "thermos flask"))[0])
    popularity[star] = STAR_SHARE / (1 - STAR_SHARE) * (popularity.sum() - popularity[star])
    change_day, price, rise = _prices(rng, options, timeline, plan, category, base)
    batches = -(-timeline.days // BATCH_DAYS)
    first_batch = np.arange(count) * batches + 1
    return Catalogue(
        names=_product_names(rng, brands, brand, [n for _, _, n in kinds], kind, data["series"]),
        category_names=tuple(c["name"] for c in data["categories"]),
        category=category,
        subcategory=Coded(np.array([subcategories.index(s) for _, s, _ in kinds])[kind], subcategories),
        brand=Coded(brand, brands),
        own_brand=own,
        supplier=Coded(rng.integers(0, len(data["suppliers"]), count), data["suppliers"]),
        launched=np.where(rng.random(count) < 0.75, -rng.integers(30, 2000, count), 0),
        cost=np.round(base * rng.uniform(0.45, 0.62, count), 2),
        popularity=popularity,
        companion=_companions(rng, count),
        star=star,
        change_day=change_day,
        price=price,
        rise=rise,
        first_batch=first_batch,
        batch_days=BATCH_DAYS,
        bad_batch=int(first_batch[star] + plan.bad_batch_day // BATCH_DAYS) if options.has("bad_batch") else 0,
    )


def _companions(rng: np.random.Generator, count: int) -> Ints:
    order = rng.permutation(count)
    companion = np.empty(count, dtype=np.int64)
    companion[order] = np.roll(order, 1)
    return companion


def _product_names(
    rng: np.random.Generator, brands: tuple[str, ...], brand: Ints, nouns: list[str], kind: Ints, series: list[str]
) -> Texts:
    """Names that do not repeat: a number is added to the second and later of the same name."""
    names: list[str] = []
    seen: dict[str, int] = {}
    for b, k, s in zip(brand, kind, rng.integers(0, len(series), len(kind)), strict=True):
        name = f"{brands[b]} {nouns[k]} {series[s]}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return np.array(names, dtype=object)


def _prices(
    rng: np.random.Generator, options: DemoOptions, timeline: Timeline, plan: Plan, category: Ints, base: Floats
) -> tuple[Ints, Floats, Bools]:
    """Price steps of each product: ordinary changes at days of its own, and the planted rise of one category."""
    count, ordinary = len(base), max(1, timeline.days // 240)
    # At least a month apart, whatever the draw.
    day = np.sort(rng.integers(30, timeline.days + 60, (count, ordinary)), axis=1) + 30 * np.arange(ordinary)
    step = rng.choice([1.06, 1.05, 1.03, 0.97], size=(count, ordinary), p=[0.35, 0.25, 0.2, 0.2])
    if options.has("price_rise"):
        planted = category == plan.price_rise_category
        # Ordinary changes of these articles would blur the planted one.
        day[planted] = np.where(np.abs(day[planted] - plan.price_rise_day) < 150, FAR_DAY, day[planted])
        extra = np.where(planted, plan.price_rise_day, FAR_DAY)
        day = np.column_stack([day, extra])
        step = np.column_stack([step, np.full(count, 1 + PRICE_RISE_RATE)])
        order = np.argsort(day, axis=1, kind="stable")
        day, step = np.take_along_axis(day, order, 1), np.take_along_axis(step, order, 1)
    day = np.column_stack([np.zeros(count, dtype=np.int64), day])
    price = np.round(base[:, None] * np.cumprod(np.column_stack([np.ones(count), step]), axis=1), 2)
    rise = np.column_stack([np.zeros(count, dtype=bool), step >= 1.049])
    return day, price, rise


def write_catalogue(sink: Sink, catalogue: Catalogue, timeline: Timeline, streams: Streams) -> None:
    """core.product, core.product_batch, core.price_history."""
    count = catalogue.count
    sink.write(
        "core.product",
        product_id=np.arange(1, count + 1),
        product_name=catalogue.names,
        brand=catalogue.brand,
        is_own_brand=catalogue.own_brand,
        category=Coded(catalogue.category, catalogue.category_names),
        subcategory=catalogue.subcategory,
        launched_on=timeline.epoch_day(catalogue.launched),
        unit_cost=catalogue.cost,
        supplier=catalogue.supplier,
    )
    _write_batches(sink, catalogue, timeline, streams.rng("core.product_batch"))
    product, k = np.nonzero(catalogue.change_day < timeline.days)
    last = np.column_stack([catalogue.change_day[:, 1:], np.full(count, FAR_DAY)])[product, k] - 1
    columns: Mapping[str, Any] = {
        "product_id": np.repeat(product + 1, 2),
        "channel": Coded(np.tile([0, 1], len(product)), ("store", "online")),
        "valid_from": np.repeat(timeline.epoch_day(catalogue.change_day[product, k]), 2),
        "valid_to": np.repeat(np.where(last < timeline.days, timeline.epoch_day(last), NONE), 2),
        "list_price": np.repeat(catalogue.price[product, k], 2),
        "previous_price": np.repeat(np.where(k > 0, catalogue.price[product, k - 1], np.nan), 2),
    }
    sink.write("core.price_history", **columns)


def _write_batches(sink: Sink, catalogue: Catalogue, timeline: Timeline, rng: np.random.Generator) -> None:
    count = catalogue.count
    batches = -(-timeline.days // catalogue.batch_days)
    product = np.repeat(np.arange(count), batches)
    number = np.tile(np.arange(batches), count)
    produced = number * catalogue.batch_days - rng.integers(10, 30, len(product))
    codes = np.array([f"{p + 1:04d}-{n + 1:02d}" for p, n in zip(product, number, strict=True)], dtype=object)
    sink.write(
        "core.product_batch",
        batch_id=catalogue.first_batch[product] + number,
        product_id=product + 1,
        batch_code=codes,
        produced_on=timeline.epoch_day(produced),
        supplier=Coded(catalogue.supplier.codes[product], catalogue.supplier.labels),
        pieces=rng.integers(2, 40, len(product)) * 100,
    )
