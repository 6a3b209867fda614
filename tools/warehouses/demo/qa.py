"""truth.qa: questions whose answers are known, from the templates in `qa.yaml`."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import numpy as np
import yaml

from tools.warehouses.demo import truths as t
from tools.warehouses.demo.campaigns import Campaign
from tools.warehouses.demo.catalogue import read_data
from tools.warehouses.demo.purchasing import World
from tools.warehouses.demo.stores import MYSTERY_CRITERIA, STAFFING_CRITERIA
from tools.warehouses.demo.timeline import Timeline, months_before
from tools.warehouses.demo.writing import Sink

EXACT = 1e-6
"""Relative tolerance of answers that were computed from the data."""
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
NULLS = {"null_delivery": "delivery", "null_packaging": "packaging", "null_uniforms": "stores", "null_greeting": "service"}


@dataclass(frozen=True, kw_only=True)
class Question:
    """One row of truth.qa before its SQL has run."""

    id: str
    intelligence: str
    text: str
    sql: str
    kind: str
    value: float | None
    """The planted answer; None for answers computed from the data."""
    tolerance: float
    truth: str | None
    min_customers: int


@cache
def _document() -> Mapping[str, Any]:
    return dict(yaml.safe_load((Path(__file__).parent / "qa.yaml").read_text(encoding="utf-8")))


def write_questions(connection: duckdb.DuckDBPyConnection, truth: Sink, world: World, campaigns: tuple[Campaign, ...]) -> None:
    """Fills truth.qa, running the gold SQL for answers that come from the data; needs a warehouse with all its parts."""
    if world.options.parts != _all_parts():
        return
    questions = list(make_questions(world, campaigns))
    answers = [_answer(connection, q) for q in questions]
    truth.write(
        "truth.qa",
        qa_id=np.array([q.id for q in questions], dtype=object),
        intelligence=np.array([q.intelligence for q in questions], dtype=object),
        question=np.array([q.text for q in questions], dtype=object),
        sql=np.array([q.sql for q in questions], dtype=object),
        answer=np.array(answers, dtype=object),
        answer_kind=np.array([q.kind for q in questions], dtype=object),
        tolerance=np.array([q.tolerance for q in questions], dtype=np.float64),
        truth=np.array([q.truth for q in questions], dtype=object),
        min_customers=np.array([q.min_customers for q in questions]),
    )


def _all_parts() -> frozenset[str]:
    from tools.warehouses.demo.options import PARTS

    return PARTS


def _answer(connection: duckdb.DuckDBPyConnection, question: Question) -> str:
    if question.value is not None:
        return json.dumps(question.value)
    return json.dumps([[_plain(cell) for cell in row] for row in connection.execute(question.sql).fetchall()])


def _plain(cell: Any) -> str | float | int | None:
    """A cell as JSON knows it; numbers to 12 significant digits."""
    if cell is None or isinstance(cell, (str, bool, int)):
        return cell
    if isinstance(cell, dt.date):
        return cell.isoformat()
    return float(f"{float(cell):.12g}")


def make_questions(world: World, campaigns: tuple[Campaign, ...]) -> Iterator[Question]:
    """Every question of this build, in a stable order."""
    document, lists = _document(), _lists(world)
    scalars = _scalars(world)
    values = _values(world, campaigns)
    for template in document["templates"]:
        names = template.get("for", [])
        for number, chosen in enumerate(itertools.product(*(lists[n] for n in names)), start=1):
            slots = {**scalars, **dict(zip(names, chosen, strict=True))}
            kind = template.get("kind", "rows")
            planted = template.get("truth") is None or world.options.has(template["truth"])
            value = None if kind == "rows" else values[template["answer"]] if planted else template.get("off")
            if kind != "rows" and value is None:
                continue
            yield Question(
                id=template["id"] if not names else f"{template['id']}-{number:02d}",
                intelligence=template["intelligence"],
                text=template["question"].format(**slots),
                sql=template["sql"].format(**slots),
                kind="no_effect" if kind == "planted" and not planted else kind,
                value=value,
                tolerance=float(template.get("tolerance", EXACT)),
                truth=template.get("truth"),
                min_customers=int(template.get("min_customers", 0)),
            )


def _lists(world: World) -> dict[str, list[SimpleNamespace]]:
    lists = {name: [SimpleNamespace(**entry) for entry in entries] for name, entries in _document()["lists"].items()}
    lists["window"] = list(windows(world.timeline))
    lists["purpose"] = [SimpleNamespace(name=n) for n in ("marketing", "profiling", "sharing")]
    return lists


def windows(timeline: Timeline) -> Iterator[SimpleNamespace]:
    """The last complete month, quarter and year of the data."""
    tomorrow = timeline.end + dt.timedelta(days=1)
    month_end = tomorrow.replace(day=1) - dt.timedelta(days=1)
    month = month_end.replace(day=1)
    yield SimpleNamespace(label=f"{MONTHS[month.month - 1]} {month.year}", start=month, end=month_end)
    quarter_next = dt.date(tomorrow.year, (tomorrow.month - 1) // 3 * 3 + 1, 1)
    quarter = months_before(quarter_next, 3)
    label = f"the {('first', 'second', 'third', 'fourth')[(quarter.month - 1) // 3]} quarter of {quarter.year}"
    yield SimpleNamespace(label=label, start=quarter, end=quarter_next - dt.timedelta(days=1))
    year = tomorrow.year - 1
    yield SimpleNamespace(label=str(year), start=dt.date(year, 1, 1), end=dt.date(year, 12, 31))


def _scalars(world: World) -> dict[str, Any]:
    """What questions and SQL name: dates and places of the planted events."""
    plan, day = world.plan, world.timeline.date
    changes = {c["area"]: day(world.timeline.days - c["days"]) for c in read_data("changes")}
    catalogue = world.catalogue
    return {
        "end": world.timeline.end,
        "price_category": catalogue.category_names[plan.price_rise_category],
        "price_day": day(plan.price_rise_day),
        # Without the truth the same batch exists, and is an ordinary one.
        "bad_batch": int(catalogue.first_batch[catalogue.star]) + plan.bad_batch_day // catalogue.batch_days,
        "bug_start": day(plan.bug_start),
        "bug_end": day(plan.bug_end),
        "walkout_stores": ", ".join(str(s + 1) for s in sorted(plan.walkout_stores)),
        "walkout_start": day(plan.walkout_start),
        **{name: changes[area] for name, area in NULLS.items()},
    }


def _values(world: World, campaigns: tuple[Campaign, ...]) -> dict[str, float]:
    lifts = {c.name: c.lift for c in campaigns}
    return {
        "zero": 0.0,
        "one": 1.0,
        "regions": 5.0,
        "customers": float(world.options.customers),
        "campaigns": float(len(campaigns)),
        "return_rate": t.RETURN_RATE,
        "saturday": t.SATURDAY,
        "completion": t.CHECKOUT_COMPLETION,
        "bug_completion": t.BUG_COMPLETION,
        "bot_share": t.BOT_SHARE,
        "machine_share": t.MACHINE_OPEN_SHARE,
        "price_rise": t.PRICE_RISE_RATE,
        "price_units": t.PRICE_RISE_RATE * t.PRICE_ELASTICITY,
        "bad_returns": t.BAD_RETURN_RATE,
        "bad_rating": -t.BAD_RATING_DROP,
        "walkout_bad": t.BAD_WALKOUT_RATE,
        "walkout_rate": t.WALKOUT_RATE,
        "mystery_drop": -float(STAFFING_CRITERIA[MYSTERY_CRITERIA.index("waiting time")]),
        "no_consent": t.NO_MARKETING_CONSENT,
        "withdrawn": t.WITHDRAWN + t.ERASED,
        "lift": lifts["Spring Refresh"],
        "display_lift": lifts["Always-on Display"],
        "email_lift": lifts["Always-on E-mail"],
    }
