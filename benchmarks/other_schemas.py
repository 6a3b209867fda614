"""Questions about other people's databases: `python -m benchmarks.other_schemas MODELS [--only NAME ...] [--misses] [--json FILE]`.

MODELS is a folder with a folder per database, each with the semantic model that somebody wrote for it. Questions, databases and the
comparison of rows come from the folder `spider_train` under the one that CANDOR_BENCHMARKS names: `load.py` there offers `questions()`,
`build(name, path)`, `open_db(name)` and `same_result(...)`. Neither the data nor the models are part of this project. Cases flagged
`empty` or `limit_tie` are left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from assistant import Question, Settings, Status, build
from assistant.building import build_generation

OUTCOMES = ("right", "offered right", "offered wrong", "wrong", "clarified", "declined", "failed")
_MODEL = "semantic_model.yaml"


@dataclass(frozen=True, kw_only=True)
class Scored:
    """What became of one question."""

    database: str
    case: str
    question: str
    outcome: str
    said: str
    """The reading, or why there is none."""


class NotAvailable(Exception):
    """The questions or the models are not on this machine; the message says what is missing."""


def benchmark(folder: str | None) -> ModuleType:
    """`load.py` of the benchmark.

    Raises:
        NotAvailable: No folder is named, or it holds none.
    """
    if not folder:
        raise NotAvailable("CANDOR_BENCHMARKS is not set: it names the folder that holds spider_train.")
    script = Path(folder) / "spider_train" / "load.py"
    spec = importlib.util.spec_from_file_location("spider_train_load", script)
    if not script.is_file() or spec is None or spec.loader is None:
        raise NotAvailable("The folder that CANDOR_BENCHMARKS names holds no spider_train/load.py.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def models_in(folder: Path, only: Sequence[str] = ()) -> tuple[Path, ...]:
    """The folders with a model, by name.

    Raises:
        NotAvailable: There is none, or one that was asked for is missing.
    """
    found = {path.parent.name: path.parent for path in sorted(folder.glob(f"*/{_MODEL}"))}
    missing = [name for name in only if name not in found]
    if missing or not found:
        raise NotAvailable(f"No semantic model for {', '.join(missing) or 'any database'} in the folder of models.")
    return tuple(path for name, path in found.items() if not only or name in only)


def score(data: ModuleType, model: Path, work: Path) -> Iterator[Scored]:
    """Asks every usable question of one database, in a warehouse of its own under `work`."""
    name = model.name
    folder = work / name
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(model / _MODEL, folder / _MODEL)
    database = folder / f"{name}.duckdb"
    if not database.exists():
        data.build(name, database)
    settings = Settings.model_validate({**Settings().model_dump(), "home": work / "home", "mind": "embedded"})
    build_generation(settings, str(folder), progress=_silent)
    gold = data.open_db(name)
    cases = [q for q in data.questions() if q["db"] == name and not q.get("empty") and not q.get("limit_tie")]
    with closing(build(settings, warehouse=str(folder))) as assistant:
        for case in cases:
            answer = assistant.ask(Question(text=case["question"]))
            outcome, said = outcome_of(answer.to_json(), case, gold, data)
            yield Scored(database=name, case=case["id"], question=case["question"], outcome=outcome, said=said)


def outcome_of(answer: Mapping[str, Any], case: Mapping[str, Any], gold: Any, data: ModuleType) -> tuple[str, str]:
    """How the answer compares with the rows of the gold queries, of which one is enough; further columns are allowed."""
    status = answer["status"]
    said = answer["interpretation"]["sentence"] if answer.get("interpretation") else ""
    said = said or answer.get("headline") or answer.get("text") or ""
    if status in (Status.ANSWERED, Status.OFFERED):
        rows = [tuple(row) for table in answer["tables"][:1] for row in table["rows"]]
        whole = bool(answer["tables"]) and not answer["tables"][0]["truncated"]
        fits = whole and any(
            data.same_result(gold.execute(sql).fetchall(), rows, ordered=case["ordered"], extra_columns=True) for sql in case["gold_sql"]
        )
        return f"{'offered ' if status == Status.OFFERED else ''}{'right' if fits else 'wrong'}", said
    if status == Status.NEEDS_CLARIFICATION:
        return "clarified", said
    return ("failed" if status == Status.FAILED else "declined"), said


def table(scored: Sequence[Scored]) -> str:
    """Counts per database and in all, as Markdown."""
    names = list(dict.fromkeys(s.database for s in scored))
    lines = [f"| database | n | {' | '.join(OUTCOMES)} |", f"| --- | {' | '.join(['---:'] * (len(OUTCOMES) + 1))} |"]
    for name in (*names, "all"):
        own = [s for s in scored if name in (s.database, "all")]
        counts = Counter(s.outcome for s in own)
        lines.append(f"| {name} | {len(own)} | {' | '.join(str(counts[o]) for o in OUTCOMES)} |")
    total, counts = max(len(scored), 1), Counter(s.outcome for s in scored)
    shares = ", ".join(f"{o} {counts[o] / total:.1%}" for o in ("right", "offered right", "wrong"))
    return "\n".join([*lines, "", shares])


def _silent(step: str, fraction: float | None = None, /) -> None:
    """Nobody watches a build here."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path)
    parser.add_argument("--only", nargs="*", default=(), help="names of databases")
    parser.add_argument(
        "--misses", action="store_true", help="print the questions that were not answered right; never for databases that are held out"
    )
    parser.add_argument("--json", type=Path, help="keep the counts and, with --misses, the cases")
    given = parser.parse_args(arguments)
    try:
        data = benchmark(os.environ.get("CANDOR_BENCHMARKS"))
        models = models_in(given.models, given.only)
    except NotAvailable as reason:
        print(reason, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="other_schemas_") as work:
        scored = [one for model in models for one in score(data, model, Path(work))]
    for one in scored if given.misses else ():
        if one.outcome != "right":
            print(f"{one.outcome:<14} {one.case} | {one.question}\n{'':<15}{' '.join(one.said.split())}")
    print(table(scored))
    if given.json is not None:
        cases = [vars(one) for one in scored] if given.misses else []
        counts = {
            name: dict(Counter(s.outcome for s in scored if s.database == name)) for name in dict.fromkeys(s.database for s in scored)
        }
        given.json.write_text(json.dumps({"counts": counts, "cases": cases}, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
