"""Are the demo's planted changes explained? Rank of each truth among the drivers, over seeds; and false alarms where nothing was planted.

    python -m benchmarks.planted_changes [--seeds 3] [--customers 10000] [--nothing 3]

Builds demos of its own in a temporary folder. Price rise, bad batch, checkout failure and the Simpson case must be among the first three
drivers; a demo without any effect should give a finding in at most a twentieth of its questions.
"""

from __future__ import annotations

import argparse
import datetime as dt
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from tools.core.contract import Finding, ToolContext
from tools.core.query import TimeWindow
from tools.core.warehouse import Warehouse, build_warehouse, open_warehouse, warehouse_status
from tools.explain_change.tool import ExplainChange, ExplainChangeInput

TOP = 3
PRICE_DAYS = 120
"""Days on either side of the price rise that are compared."""
QUIET_METRICS = ("units", "revenue", "return_rate", "average_rating", "payment_completion_rate", "csat", "late_delivery_rate", "tickets")


@dataclass(frozen=True, kw_only=True)
class Planted:
    """One planted change, as a question with its answer."""

    name: str
    metric: str
    start: dt.date
    end: dt.date
    driver: str
    """What the first three drivers must hold."""


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """How one planted change was explained."""

    planted: Planted
    rank: int | None
    """Place among the findings, from 1; None = not among them."""
    simpson: bool
    sums: bool
    """All checks passed, the sum of the contributions among them."""


def planted_changes(folder: Path) -> list[Planted]:
    """The four changes of a built demo, from its truth file."""
    with duckdb.connect(str(folder / "warehouse_truth.duckdb"), read_only=True) as truth:
        rows = truth.execute("SELECT truth, name, starts_on, ends_on, scope_sql FROM truth.event").fetchall()
    events = {(row[0], row[1]): row[2:] for row in rows}
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as data:
        price, batch = events["price_rise", "units"], events["bad_batch", "returns"]
        category = str(price[2]).split("'")[1]
        code = data.execute(f"SELECT batch_code FROM core.product_batch WHERE {batch[2]}").fetchall()[0][0]
    bug, simpson = events["web_bug", "mobile checkout"], events["simpson", "within every region"]
    until = price[0] + dt.timedelta(days=PRICE_DAYS - 1)
    return [
        Planted(name="price rise", metric="units", start=price[0], end=until, driver=f"product category {category}"),
        Planted(name="bad batch", metric="return_rate", start=batch[0], end=batch[1], driver=f"batch {code}"),
        Planted(name="checkout bug", metric="payment_completion_rate", start=bug[0], end=bug[1], driver="device mobile"),
        Planted(name="Simpson case", metric="csat", start=simpson[0], end=simpson[1], driver="the mix by region"),
    ]


def explain(warehouse: Warehouse, metric: str, start: dt.date, end: dt.date) -> Finding:
    """The answer that the local role gets."""
    assert warehouse.policy is not None
    context = ToolContext(warehouse=warehouse, rights=warehouse.policy.rights_for("local", "local"), deadline_s=60.0)
    return ExplainChange().run(ExplainChangeInput(metric=metric, window=TimeWindow(start=start, end=end)), context)


def ranked(warehouse: Warehouse, planted: Planted) -> Ranked:
    """Where the planted driver stands; a cell crossed with it, or its own product, does not count as it."""
    finding = explain(warehouse, planted.metric, planted.start, planted.end)
    labels = [[f["label"], *f["also"]] for f in finding.facts["findings"]]
    rank = next((i for i, names in enumerate(labels, start=1) if planted.driver in names), None)
    return Ranked(planted=planted, rank=rank, simpson=finding.facts["simpson"] is not None, sums=all(c.passed for c in finding.checks))


def demo(home: Path, **options: object) -> Warehouse:
    """A demo of its own, built and opened."""
    build_warehouse("demo", home=home, progress=lambda _step, _fraction=None, /: None, **options)  # type: ignore[arg-type]
    return open_warehouse("demo", home=home, engine_options={"deadline_s": 60.0})


def run_planted(seed: int, customers: int) -> Iterator[Ranked]:
    """The four questions over one seed."""
    with tempfile.TemporaryDirectory() as folder, demo(Path(folder), seed=seed, customers=customers) as warehouse:
        for planted in planted_changes(warehouse_status("demo", home=Path(folder)).path.parent):
            yield ranked(warehouse, planted)


def run_quiet(seed: int, customers: int) -> tuple[int, int]:
    """(questions with a finding, questions) over a demo without any effect."""
    asked = alarms = 0
    with tempfile.TemporaryDirectory() as folder, demo(Path(folder), seed=seed, customers=customers, without="all") as warehouse:
        for metric in QUIET_METRICS:
            for back in (30, 90, 180):
                end = warehouse.as_of - dt.timedelta(days=back)
                finding = explain(warehouse, metric, end - dt.timedelta(days=41), end)
                asked += 1
                if finding.facts["findings"]:
                    alarms += 1
                    print(f"  false alarm: {metric} until {end}: {[f['label'] for f in finding.facts['findings']]}", flush=True)
    return alarms, asked


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--customers", type=int, default=10_000)
    parser.add_argument("--nothing", type=int, default=3)
    arguments = parser.parse_args()
    for seed in range(1, arguments.seeds + 1):
        for found in run_planted(seed, arguments.customers):
            place = f"place {found.rank}" if found.rank else "not found"
            said = f"{found.planted.name}: {place}{', named as Simpson' if found.simpson else ''}{'' if found.sums else ', CHECK FAILED'}"
            print(f"seed {seed}  {said}", flush=True)
    alarms = asked = 0
    for seed in range(1, arguments.nothing + 1):
        more = run_quiet(seed, arguments.customers)
        alarms, asked = alarms + more[0], asked + more[1]
    print(f"without any effect: {alarms} of {asked} questions gave a finding")


if __name__ == "__main__":
    main()
