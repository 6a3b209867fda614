"""Planted data faults that are made in the finished tables, and the record of all of them."""

from __future__ import annotations

import datetime as dt

import duckdb
import numpy as np

from tools.warehouses.demo.behaviour import missing_day
from tools.warehouses.demo.messages import time_shift_days
from tools.warehouses.demo.purchasing import World
from tools.warehouses.demo.timeline import Timeline
from tools.warehouses.demo.writing import Sink

DUPLICATED_DAYS_BEFORE_END = 96
FOREIGN_DAYS_BEFORE_END = (77, 75)
FOREIGN_RATE = 11
"""Payments of three days were recorded in another currency's amounts, still labelled EUR."""


def plant_faults(connection: duckdb.DuckDBPyConnection, truth: Sink, world: World) -> None:
    """Doubles one day of store traffic, inflates three days of payments, and writes truth.fault."""
    if not world.options.has("data_faults"):
        return
    timeline = world.timeline
    doubled = timeline.date(timeline.days - DUPLICATED_DAYS_BEFORE_END)
    first, last = (timeline.date(timeline.days - d) for d in FOREIGN_DAYS_BEFORE_END)
    if world.options.wants("stores"):
        connection.execute(
            "INSERT INTO core.store_traffic SELECT * FROM core.store_traffic WHERE traffic_on = ? ORDER BY store_id, hour_at", [doubled]
        )
    connection.execute(
        f"UPDATE sales.payment SET amount = amount * {FOREIGN_RATE} WHERE method = 'wallet' AND paid_on BETWEEN ? AND ?", [first, last]
    )
    _record(connection, truth, timeline, world, doubled, first, last)


def _record(
    connection: duckdb.DuckDBPyConnection,
    truth: Sink,
    timeline: Timeline,
    world: World,
    doubled: dt.date,
    first: dt.date,
    last: dt.date,
) -> None:
    silent = timeline.date(missing_day(world))
    shift_from, shift_to = (timeline.date(d) for d in time_shift_days(world))
    rows = [
        ("duplicated day load", "core.store_traffic", doubled, doubled, f"traffic_on = DATE '{doubled}'"),
        ("missing day", "behaviour.web_session", silent, silent, f"visited_on = DATE '{silent}'"),
        ("currency mix-up", "sales.payment", first, last, f"method = 'wallet' AND paid_on BETWEEN DATE '{first}' AND DATE '{last}'"),
        ("time-zone shift", "behaviour.app_event", shift_from, shift_to, f"happened_on BETWEEN DATE '{shift_from}' AND DATE '{shift_to}'"),
        ("bot sessions", "behaviour.web_session", timeline.start, timeline.end, "suspected_bot"),
        ("machine opens", "behaviour.email_event", timeline.start, timeline.end, "machine_open"),
        ("test accounts", "core.customer", timeline.start, timeline.end, "is_test_account"),
        ("non-response tied to mood", "service.survey_invite", timeline.start, timeline.end, "TRUE"),
    ]
    counts = [connection.execute(f"SELECT count(*) FROM {table} WHERE {scope}").fetchall()[0][0] for _, table, _, _, scope in rows]
    truth.write(
        "truth.fault",
        fault_id=np.arange(1, len(rows) + 1),
        name=np.array([r[0] for r in rows], dtype=object),
        table_name=np.array([r[1] for r in rows], dtype=object),
        starts_on=_days([r[2] for r in rows]),
        ends_on=_days([r[3] for r in rows]),
        scope_sql=np.array([r[4] for r in rows], dtype=object),
        rows_affected=np.array(counts),
    )


def _days(dates: list[dt.date]) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.array([(d - dt.date(1970, 1, 1)).days for d in dates], dtype=np.int64)
