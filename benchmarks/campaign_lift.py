"""How often the 95 % intervals of campaign lifts hold the lift that the demo planted.

    python -m benchmarks.campaign_lift [--seeds 50] [--customers 2000]

Each seed is a demo of its own with a dozen campaigns; only those that were randomised and have one effect for all are counted.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import duckdb

from tools.attribution.lift import lift_of
from tools.warehouses.demo.build import build

_ARMS = """
    SELECT campaign_id, count(*) FILTER (arm = 'treat'), count(*) FILTER (arm = 'treat' AND converted),
        count(*) FILTER (arm = 'control'), count(*) FILTER (arm = 'control' AND converted)
    FROM marketing.campaign_audience JOIN marketing.campaign USING (campaign_id) WHERE is_randomised GROUP BY 1"""
_PLANTED = "SELECT scope_sql, effect, name FROM truth.event WHERE metric = 'conversion lift'"


def intervals(folder: Path, *, seed: int, customers: int) -> list[tuple[float, float, float, float]]:
    """(planted lift, estimate, low, high) of each campaign of one demo that is randomised and has one effect for all."""
    path = folder / f"demo-{seed}.duckdb"
    build(path, customers=customers, seed=seed, parts=("sales", "marketing", "privacy"))
    with duckdb.connect(str(path), read_only=True) as data:
        arms = {row[0]: row[1:] for row in data.execute(_ARMS).fetchall()}
    with duckdb.connect(str(folder / f"demo-{seed}_truth.duckdb"), read_only=True) as truth:
        rows = truth.execute(_PLANTED).fetchall()
    effects = [(int(str(scope).split("=")[1]), effect) for scope, effect, _ in rows]
    planted = {campaign: effect for campaign, effect in effects if sum(c == campaign for c, _ in effects) == 1}
    found = []
    for campaign, counts in arms.items():
        if campaign in planted and min(counts[0], counts[2]) > 0:
            lift = lift_of(*counts)
            found.append((planted[campaign], lift.lift, lift.low, lift.high))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--customers", type=int, default=2_000)
    arguments = parser.parse_args()
    held = total = 0
    errors: list[float] = []
    for seed in range(1, arguments.seeds + 1):
        with tempfile.TemporaryDirectory() as folder:
            for planted, estimate, low, high in intervals(Path(folder), seed=seed, customers=arguments.customers):
                held, total = held + (low <= planted <= high), total + 1
                errors.append(estimate - planted)
        if seed % 10 == 0 or seed == arguments.seeds:
            mean = sum(errors) / len(errors)
            print(
                f"{seed} seeds: {held} of {total} intervals hold the planted lift ({held / total:.1%}); mean error {mean:+.4f}", flush=True
            )


if __name__ == "__main__":
    main()
