"""core.calendar and core.business_change."""

from __future__ import annotations

import numpy as np

from tools.warehouses.demo.arrays import Texts
from tools.warehouses.demo.catalogue import read_data
from tools.warehouses.demo.sales import is_promo_day
from tools.warehouses.demo.streams import Streams
from tools.warehouses.demo.timeline import HOLIDAYS, Timeline, black_friday, easter_sunday
from tools.warehouses.demo.writing import Sink

FISCAL_YEAR_START_MONTH = 2


def write_calendar(sink: Sink, timeline: Timeline, streams: Streams) -> None:
    dates = timeline.dates
    iso = [d.isocalendar() for d in dates]
    names: Texts = np.array([HOLIDAYS.get((d.month, d.day)) for d in dates], dtype=object)
    for year in range(timeline.start.year, timeline.end.year + 1):
        for day, name in ((easter_sunday(year), "Easter Sunday"), (black_friday(year), "Black Friday")):
            number = (day - timeline.start).days
            if 0 <= number < timeline.days:
                names[number] = name
    weather = 55 + 30 * np.sin(2 * np.pi * (np.array([d.timetuple().tm_yday for d in dates]) - 105) / 365)
    weather = np.clip(weather + 9 * streams.rng("core.calendar").standard_normal(timeline.days), 0, 100)
    fiscal = [(d.year if d.month >= FISCAL_YEAR_START_MONTH else d.year - 1, (d.month - FISCAL_YEAR_START_MONTH) % 12 + 1) for d in dates]
    sink.write(
        "core.calendar",
        day=timeline.epoch_day(np.arange(timeline.days)),
        iso_year=np.array([i.year for i in iso]),
        iso_week=np.array([i.week for i in iso]),
        fiscal_year=np.array([f[0] for f in fiscal]),
        fiscal_period=np.array([f[1] for f in fiscal]),
        is_weekend=timeline.weekday >= 5,
        holiday=names,
        is_promo_day=is_promo_day(timeline),
        weather_index=np.round(weather, 1),
    )


def write_changes(sink: Sink, timeline: Timeline) -> None:
    """Announced changes without effect (the planted nulls)."""
    changes = read_data("changes")
    sink.write(
        "core.business_change",
        change_id=np.arange(1, len(changes) + 1),
        changed_on=timeline.epoch_day(np.array([timeline.days - c["days"] for c in changes])),
        area=np.array([c["area"] for c in changes], dtype=object),
        title=np.array([c["title"] for c in changes], dtype=object),
        scope=np.array([c["scope"] for c in changes], dtype=object),
    )
