"""Days of the data: the calendar, the season, and the dates on which something was planted."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tools.warehouses.demo.arrays import Floats, Ints
from tools.warehouses.demo.options import DemoOptions
from tools.warehouses.demo.streams import Streams
from tools.warehouses.demo.truths import DECEMBER, SATURDAY

DAY_S = 86_400
BATCH_DAYS = 45
"""A new batch of each article arrives this often, and is sold over two such spans."""
UTC_OFFSET_S = 3_600
"""Shops keep one hour ahead of UTC all year, so a local day is a fixed shift."""

HOLIDAYS = {(1, 1): "New Year", (5, 1): "Labour Day", (12, 24): "Christmas Eve", (12, 25): "Christmas Day", (12, 26): "Boxing Day"}
MONTH_FACTORS = (0.86, 0.88, 0.97, 1.0, 1.04, 1.0, 0.94, 0.92, 0.98, 1.0, 1.08, DECEMBER)
WEEKDAY_FACTORS = (0.92, 0.92, 0.94, 0.97, 1.08, SATURDAY, 0.87)
BLACK_FRIDAY, BLACK_WEEKEND, EASTER_WEEK = 2.2, 1.5, 1.35


def easter_sunday(year: int) -> dt.date:
    """Gregorian Easter (the anonymous algorithm of 1876)."""
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return dt.date(year, f // 31, f % 31 + 1)


def black_friday(year: int) -> dt.date:
    """The day after the fourth Thursday of November."""
    first = dt.date(year, 11, 1)
    return first + dt.timedelta(days=(3 - first.weekday()) % 7 + 21 + 1)


def months_before(day: dt.date, months: int) -> dt.date:
    """The same day of the month, `months` earlier; the last one where a month is shorter."""
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    last = (dt.date(year + month // 11, (month + 1) % 12 + 1, 1) - dt.timedelta(days=1)).day
    return dt.date(year, month + 1, min(day.day, last))


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """The days of the data, numbered from 0; day numbers since 1970 are `first_epoch_day` + number."""

    start: dt.date
    end: dt.date
    seasonal: bool

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1

    @property
    def first_epoch_day(self) -> int:
        return (self.start - dt.date(1970, 1, 1)).days

    def date(self, day: int) -> dt.date:
        return self.start + dt.timedelta(days=int(day))

    def epoch_day(self, day: Ints | Floats) -> Ints:
        """Days since 1970 of days (or moments) counted from the first day of the data."""
        return np.floor(day).astype(np.int64) + self.first_epoch_day

    def utc_second(self, moment: Floats) -> Ints:
        """Seconds since 1970, UTC, of local moments counted in days from the start of the data."""
        return np.floor(moment * DAY_S).astype(np.int64) + self.first_epoch_day * DAY_S - UTC_OFFSET_S

    @cached_property
    def dates(self) -> tuple[dt.date, ...]:
        return tuple(self.date(i) for i in range(self.days))

    @cached_property
    def weekday(self) -> Ints:
        """0 = Monday."""
        return (np.arange(self.days) + self.start.weekday()) % 7

    @cached_property
    def intensity(self) -> Floats:
        """How busy each day is, mean 1; flat without the season."""
        if not self.seasonal:
            return np.ones(self.days)
        factors = np.array([MONTH_FACTORS[d.month - 1] for d in self.dates]) * np.array(WEEKDAY_FACTORS)[self.weekday]
        for year in range(self.start.year, self.end.year + 1):
            friday = (black_friday(year) - self.start).days
            easter = (easter_sunday(year) - self.start).days
            for day, factor in ((friday, BLACK_FRIDAY), (friday + 1, BLACK_WEEKEND), (friday + 2, BLACK_WEEKEND)):
                if 0 <= day < self.days:
                    factors[day] *= factor
            factors[max(easter - 7, 0) : max(easter, 0)] *= EASTER_WEEK
        return np.asarray(factors / factors.mean(), dtype=np.float64)

    def in_season(self, operational: Floats) -> Floats:
        """Moments in a world without season, moved to where a season puts them (monotone, same first and last day)."""
        if not self.seasonal:
            return operational
        passed = np.concatenate([[0.0], np.cumsum(self.intensity)])
        return np.interp(operational, passed * (self.days / passed[-1]), np.arange(self.days + 1))


OPENING_SHARE = {"store": (9.0, 20.0), "online": (6.5, 23.8)}


def at_opening_hours(moment: Floats, online: Floats) -> Floats:
    """Times of day squeezed into opening hours (`online` > 0.5: waking hours), the order within a day kept."""
    day = np.floor(moment)
    low = np.where(online > 0.5, OPENING_SHARE["online"][0], OPENING_SHARE["store"][0]) / 24
    high = np.where(online > 0.5, OPENING_SHARE["online"][1], OPENING_SHARE["store"][1]) / 24
    # A gentle S-curve: busier around the middle of the day, and still one-to-one.
    part = moment - day
    curved = part + 0.1 * np.sin(2 * np.pi * part) / np.pi
    return np.asarray(day + low + (high - low) * curved, dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """When and where something was planted; day numbers of the timeline."""

    price_rise_day: int
    price_rise_category: int
    """Index into the categories of the catalogue."""
    bad_batch_day: int
    """First day on which pieces of the bad batch were sold."""
    bad_batch_days: int
    leak_regions: tuple[int, int]
    bug_start: int
    bug_end: int
    """Last day of the checkout failure."""
    walkout_start: int
    walkout_stores: tuple[int, int]
    """Store indexes."""
    simpson_split: int
    """First day of the later period."""
    simpson_days: int
    """Length of each of the two periods."""


def make_timeline(options: DemoOptions) -> Timeline:
    return Timeline(
        start=months_before(options.end_date + dt.timedelta(days=1), options.size.months),
        end=options.end_date,
        seasonal=options.has("season"),
    )


def make_plan(timeline: Timeline, streams: Streams, *, stores: int, categories: int) -> Plan:
    """Planted dates: relative to the end of the data, shifted a little by the seed."""
    rng = streams.rng("plan")
    end = timeline.days - 1
    shift = rng.integers(-8, 9, 4)
    regions = rng.permutation(5)[:2]
    shops = rng.permutation(stores)[:2]
    return Plan(
        price_rise_day=int(end - 250 + shift[0]),
        # Not the first category: the bad batch is there, and each story should stand alone.
        price_rise_category=int(rng.integers(1, categories)),
        bad_batch_day=int((end - 200 + shift[1]) // BATCH_DAYS * BATCH_DAYS),
        bad_batch_days=2 * BATCH_DAYS,
        leak_regions=(int(regions[0]), int(regions[1])),
        bug_start=int(end - 150 + shift[2]),
        bug_end=int(end - 130 + shift[2]),
        walkout_start=int(end - 175 + shift[3]),
        walkout_stores=(int(shops[0]), int(shops[1])),
        simpson_split=int(end - 179),
        simpson_days=180,
    )
