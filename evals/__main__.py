"""python -m evals run|compare|report"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from evals import report
from evals.cases import Suite, SuiteInvalid, read_suite
from evals.results import ResultsInvalid, load, save

USAGE = 2
FAILED = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit codes: 0 done, 1 the assistant or its data is not there, 2 usage."""
    parsed = _parser().parse_args(arguments)
    try:
        if parsed.command == "run":
            return run(parsed)
        if parsed.command == "compare":
            print(report.compare(load(parsed.before), load(parsed.after)), end="")
        else:
            print(report.render(load(parsed.file)), end="")
    except (SuiteInvalid, ResultsInvalid) as error:
        print(error, file=sys.stderr)
        return USAGE
    return 0


def run(parsed: argparse.Namespace) -> int:
    """Ask a suite, print its report, save its results."""
    suite = read_suite(parsed.suite)
    only = _selected(suite, split=parsed.split, case_id=parsed.case)
    # Here and not above: reports and comparisons need no assistant.
    from evals.gold import EvalsUnavailable, GoldDatabase, database_path
    from evals.respondent import AssistantRespondent
    from evals.runner import run_suite

    try:
        path = str(database_path(suite.warehouse))
        with AssistantRespondent(warehouse=suite.warehouse, mind=parsed.mind) as respondent, closing(GoldDatabase(path)) as gold:
            done = run_suite(suite, respondent, gold, mind=parsed.mind, only=only, progress=_show_progress)
    except EvalsUnavailable as error:
        print(error, file=sys.stderr)
        return FAILED
    print(report.render(done), end="")
    if parsed.json is not None:
        save(done, parsed.json)
    return 0


def _selected(suite: Suite, *, split: str, case_id: str | None) -> set[str]:
    if case_id is None:
        return {case.id for case in suite.cases if split in ("all", case.split)}
    try:
        case = suite.case(case_id)
    except KeyError:
        raise SuiteInvalid(f"No case {case_id!r} in the suite {suite.name!r}.") from None
    if case.split == "test":
        raise SuiteInvalid(f"{case_id!r} is in the test split, which is scored and never read one by one. Choose a dev case.")
    return {case_id}


def _show_progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} of {total}", end="\n" if done == total else "", file=sys.stderr, flush=True)
    elif done % 50 == 0 or done == total:
        print(f"{done} of {total}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m evals", description="Questions with known answers, asked and scored.")
    commands = parser.add_subparsers(dest="command", required=True)
    asking = commands.add_parser("run", help="ask a suite and report")
    asking.add_argument("--suite", default="completejourney", help="folder under evals/suites (default: %(default)s)")
    asking.add_argument("--split", choices=["dev", "test", "all"], default="all", help="which cases (default: %(default)s)")
    asking.add_argument(
        "--mind", choices=["auto", "embedded", "model", "both"], default="embedded", help="who reads the questions (default: %(default)s)"
    )
    asking.add_argument("--json", type=Path, metavar="FILE", help="save the results here")
    asking.add_argument("--case", metavar="ID", help="one dev case only")
    comparing = commands.add_parser("compare", help="two saved runs side by side")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    reporting = commands.add_parser("report", help="the report of a saved run")
    reporting.add_argument("file", type=Path)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
