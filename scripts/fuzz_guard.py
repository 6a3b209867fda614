"""Random SQL against the three oracles of the guard: `python scripts/fuzz_guard.py [--statements N] [--seed N]`.

Prints the seed, what passed, what ran, and every leak; ends with 1 if there is one.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "tools" / "core" / "sql_guard")]

from guard_oracles import Oracles, Tally  # noqa: E402
from guard_random_sql import RandomSql  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--statements", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=None, help="default: a new one, printed")
    options = parser.parse_args()
    seed = secrets.randbelow(1_000_000) if options.seed is None else options.seed
    print(f"seed {seed}, {options.statements:,} statements", flush=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        oracles, source, tally = Oracles(Path(folder), seed=seed), RandomSql(seed), Tally()
        for number in range(1, options.statements + 1):
            oracles.check(source.statement() if number % 4 else source.group_statement(), tally)
            if number % 2_000 == 0:
                print(f"{number:,}: {tally} ({time.monotonic() - started:.0f} s)", flush=True)
    for leak in tally.leaks[:20]:
        print(leak)
    print(f"seed {seed}: {tally}")
    return 1 if tally.leaks else 0


if __name__ == "__main__":
    raise SystemExit(main())
