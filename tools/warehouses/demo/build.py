"""Builds the demo warehouse: `build(target, progress=..., size="small", ...)`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from tools.core.errors import SetupProblem
from tools.warehouses.demo.behaviour import write_web
from tools.warehouses.demo.calendar_tables import write_calendar, write_changes
from tools.warehouses.demo.campaigns import (
    Campaign,
    add_anonymous,
    break_checkout,
    make_campaigns,
    run_campaigns,
    write_audiences,
    write_campaigns,
)
from tools.warehouses.demo.catalogue import make_catalogue, read_data, write_catalogue
from tools.warehouses.demo.faults import plant_faults
from tools.warehouses.demo.feedback import Writer
from tools.warehouses.demo.identity import make_identities, write_identity
from tools.warehouses.demo.marketing import write_actions, write_ad_spend, write_touchpoints
from tools.warehouses.demo.messages import write_app, write_emails
from tools.warehouses.demo.options import DemoOptions, read_options
from tools.warehouses.demo.people import CHUNK, make_people, write_people
from tools.warehouses.demo.privacy import make_consent, write_privacy
from tools.warehouses.demo.purchasing import World, simulate
from tools.warehouses.demo.qa import write_questions
from tools.warehouses.demo.sales import write_sales, write_subscriptions
from tools.warehouses.demo.schema import CONSENT_CURRENT, read_schema
from tools.warehouses.demo.service import write_service
from tools.warehouses.demo.stores import Stores, make_stores, write_mystery_visits, write_stores, write_traffic
from tools.warehouses.demo.stories import happenings
from tools.warehouses.demo.streams import Streams
from tools.warehouses.demo.surveys import write_surveys
from tools.warehouses.demo.timeline import make_plan, make_timeline
from tools.warehouses.demo.truth_tables import write_truth_customers, write_truth_events, write_truth_parameters
from tools.warehouses.demo.voice import write_competitors, write_reviews, write_social
from tools.warehouses.demo.writing import Sink

Progress = Callable[[str, float | None], None]


def truth_path(target: Path) -> Path:
    """Where the truth of a warehouse lies: beside it, in a file that the assistant never opens."""
    return target.with_name(f"{target.stem}_truth{target.suffix}")


def build(target: Path, *, progress: Progress = lambda _step, _part: None, **options: Any) -> None:
    """Write the warehouse at `target`, and its truth beside it.

    Args:
        target: DuckDB file to be made; must not exist.
        progress: Told the step in words and the part done, 0 to 1.
        options: size, customers, seed, end_date, without, only, truth, parts: see `options.read_options`.
    Raises:
        SetupProblem: an option that cannot be, a target that exists, or no room on the disk. Half-written files are removed.
    """
    chosen = _read(options)
    paths = [target, truth_path(target)] if chosen.with_truth else [target]
    for path in paths:
        if path.exists():
            raise SetupProblem(f"{path.name} exists already.", try_instead="Build under a new name, or remove the file first.")
    try:
        _build(target, chosen, progress)
    except (duckdb.Error, OSError) as error:
        _remove(paths)
        if not isinstance(error, (duckdb.IOException, OSError)) and "write" not in str(error):
            raise
        raise SetupProblem(
            "The warehouse could not be written: the disk is full, or the folder is not writable.",
            try_instead=f"Make room ({chosen.size_name} needs up to {ROOM[chosen.size_name]}) or choose a smaller size, and build again.",
        ) from error
    except BaseException:
        _remove(paths)
        raise


ROOM = {"small": "50 MB", "medium": "500 MB", "large": "4 GB"}


def _read(options: dict[str, Any]) -> DemoOptions:
    try:
        return read_options(**options)
    except TypeError:
        raise SetupProblem(
            f"The demo does not know all of these options: {', '.join(sorted(options))}.",
            try_instead="It takes size, customers, seed, end_date, without, only, truth and parts.",
        ) from None


def _remove(paths: list[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
        path.with_name(path.name + ".wal").unlink(missing_ok=True)


def _build(target: Path, options: DemoOptions, progress: Progress) -> None:
    """Common tables first, then the customers chunk by chunk, then faults and the questions."""
    truth_target = str(truth_path(target)) if options.with_truth else ":memory:"
    with duckdb.connect(str(target)) as connection, duckdb.connect(truth_target) as truth_connection:
        for each in (connection, truth_connection):
            each.execute("SET threads = 2")
            each.execute("SET preserve_insertion_order = true")
        sink, truth = Sink(connection, read_schema()), Sink(truth_connection, read_schema("schema_truth.yaml"))
        connection.execute(CONSENT_CURRENT)
        progress("Shops, products and prices", 0.0)
        world, stores, campaigns = _common(sink, options)
        chunks = -(-options.customers // CHUNK)
        for chunk in range(chunks):
            _chunk(sink, truth, world, stores, campaigns, chunk, _part_of(progress, chunk, chunks))
        progress("Faults and truths", 0.92)
        write_truth_parameters(truth, world)
        write_truth_events(truth, world, campaigns)
        plant_faults(connection, truth, world)
        progress("Questions with known answers", 0.95)
        write_questions(connection, truth, world, campaigns)
        for each in (connection, truth_connection):
            each.execute("CHECKPOINT")
        progress("All tables written", 1.0)


def _part_of(progress: Progress, chunk: int, chunks: int) -> Callable[[str, float], None]:
    """Progress of one chunk as a part of the whole build."""
    which = f" (part {chunk + 1} of {chunks})" if chunks > 1 else ""
    return lambda step, part: progress(f"{step}{which}", 0.1 + 0.8 * (chunk + part) / chunks)


def _common(sink: Sink, options: DemoOptions) -> tuple[World, Stores, tuple[Campaign, ...]]:
    streams, timeline = Streams(options.seed), make_timeline(options)
    plan = make_plan(timeline, streams, stores=options.size.stores, categories=len(read_data("catalogue")["categories"]))
    catalogue = make_catalogue(options, timeline, plan, streams)
    world = World(options=options, timeline=timeline, plan=plan, catalogue=catalogue, streams=streams)
    stores, campaigns = make_stores(options, streams), make_campaigns(world)
    write_calendar(sink, timeline, streams)
    if options.has("nulls"):
        write_changes(sink, timeline)
    write_stores(sink, stores, timeline)
    write_catalogue(sink, catalogue, timeline, streams)
    write_campaigns(sink, campaigns, timeline)
    if options.wants("stores"):
        write_traffic(sink, options, stores, catalogue, timeline, plan, streams)
        write_mystery_visits(sink, options, stores, timeline, plan, streams)
    if options.wants("voice"):
        write_competitors(sink, catalogue, timeline, streams)
    if options.wants("marketing"):
        write_ad_spend(sink, options.customers, campaigns, timeline, streams)
    return world, stores, campaigns


def _chunk(
    sink: Sink,
    truth: Sink,
    world: World,
    stores: Stores,
    campaigns: tuple[Campaign, ...],
    chunk: int,
    progress: Callable[[str, float], None],
) -> None:
    """Everything about one chunk of customers: first what is true, then the tables that follow from it."""
    options = world.options
    progress("Customers and their orders", 0.0)
    people = make_people(options, world.timeline, stores, world.catalogue, world.streams, sink, chunk)
    consent = make_consent(options, people, world.timeline, world.streams)
    basket, left = simulate(world, people)
    basket, audiences = run_campaigns(world, people, consent, basket, campaigns)
    basket = add_anonymous(world, people, basket)
    failed = break_checkout(world, people, basket)
    write_people(sink, people, world.timeline, len(campaigns), world.streams)
    write_truth_customers(truth, world, people, left)
    identities = make_identities(options, people, world.timeline, world.streams)
    if options.wants("identity"):
        write_identity(sink, truth, options, people, identities, consent, world.timeline, world.streams)
    if options.wants("privacy"):
        write_privacy(sink, people, consent, world.timeline, world.streams)
    progress("Sales", 0.25)
    sold = write_sales(sink, world, people, stores, basket, audiences)
    write_subscriptions(sink, world, people)
    reasons = happenings(world, people, basket, failed)
    writer = Writer(sink, truth, world, people, stores, identities, consent.erased_day < world.timeline.days)
    progress("Service and surveys", 0.45)
    if options.wants("service"):
        tickets = write_service(sink, world, people, basket, sold, failed, reasons, writer)
        write_surveys(sink, world, people, basket, sold, tickets, reasons, writer)
    progress("Reviews and posts", 0.6)
    if options.wants("voice"):
        write_reviews(sink, world, people, basket, sold, reasons, writer)
        write_social(sink, world, people, stores, writer)
    progress("Marketing", 0.7)
    if options.wants("marketing"):
        write_audiences(sink, people, basket, audiences, world.timeline)
        write_touchpoints(sink, world, people, basket, audiences)
        write_actions(sink, world, people, consent)
    progress("Web, e-mail and app", 0.8)
    if options.wants("behaviour"):
        write_web(sink, world, people, basket, sold, failed, campaigns)
        write_emails(sink, world, people, consent, basket, audiences)
        write_app(sink, world, people)
