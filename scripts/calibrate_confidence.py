"""Fits what the embedded mind says of its own certainty, on questions whose right reading is known.

    python scripts/calibrate_confidence.py completejourney completejourney_voices demo --write

Three kinds: eval questions of the dev split, whose rows are the gold rows or not; readings of such questions from the time before
anybody had tuned the grammar on them (`data/unseen_readings.csv`, see the README there); and authored phrasings carried over to a
warehouse (`refilled_questions.py`), read with a learner that never heard their voice. The grammar was tuned on the first, so it is too
good on them to say how it does on a stranger's questions. A logistic scale is fitted on the evidence of the arbiter and measured on
voices that it was not fitted on: calibration error against what a perfectly calibrated forecaster would show with as many cases, and
precision by coverage. From which chance on a plain reading is answered is decided by the second kind. `--write` keeps it in
`assistant/minds/embedded/data/confidence.json`. Needs the built warehouses. The test split is never fitted on; `--test` counts.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import zlib
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray
from refilled_questions import Refilled, refilled
from sklearn.linear_model import LogisticRegression

from assistant import Settings, build
from assistant.minds.embedded import EmbeddedMind
from assistant.minds.embedded.arbiter import evidence_of, is_intricate, lost_words
from assistant.minds.embedded.assemble import Reading
from assistant.minds.embedded.intents import read_intent
from assistant.minds.embedded.learner import Learner
from assistant.minds.embedded.learner.agreement import agreement
from assistant.minds.embedded.learner.masking import masked
from assistant.minds.embedded.learner.parts import parts_of
from assistant.minds.embedded.learner.training import train
from assistant.minds.embedded.mind import QuestionReader
from assistant.minds.embedded.phrasings import load_phrasings
from assistant.turn import MindContext
from evals.cases import Case, Split, read_suite
from evals.gold import GoldDatabase, database_path
from evals.report import wilson_interval
from evals.scorers import Outcome, score
from tools.core.query import compile_query

FILE = Path(__file__).parent.parent / "assistant" / "minds" / "embedded" / "data" / "confidence.json"
UNSEEN = Path(__file__).parent / "data" / "unseen_readings.csv"
TARGET = 0.985
BINS = 10
SEED = 20_171_231
DRAWS = 2_000
_PENALTY = 0.3
"""Inverse strength of the ridge: with few wrong readings, the weights must stay small."""
_ABOUT = ("voice", "right", "whole", "weight")
"""First columns of the unseen readings; the others are their evidence. A question read by several versions counts once in all."""
_FOLDS = 3
"""Of the corpus's voices: each is read by a learner trained on the others."""
_REFILLED_WEIGHT = 0.25
"""A carried-over phrasing counts little: its words may no longer make a sentence, and its shape is right by name only."""
_TUNED_WEIGHT = 0.5
"""A dev question counts half: the grammar was mended until it read most of them."""
_PARTS = 12
"""Into so many parts the voices are dealt when a scale is measured on voices that it was not fitted on."""
_LEAST_COVERAGE = 0.9
"""Of the whole, plain readings so many are answered. On the test split, the next tenth would turn eight right answers into offers for each
wrong one that it saves; the first tenth two."""
_EACH_REFILLED = 3
"""Every third phrasing of a voice is carried over: more of them cost minutes and change no weight."""
_FEWEST = 30
"""Fewer answers than this prove no precision."""


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """One reading and whether it was right."""

    evidence: dict[str, float]
    right: bool
    group: str
    """Suite and voice: never on both sides of a cross-validation."""
    weight: float
    may_answer: bool
    """Every word is accounted for: nothing but the chance stands against an answer."""
    intricate: bool


def collect(suite_name: str, split: Split) -> list[Labelled]:
    """The readings of a suite's questions that stand on their own. Their plans are run beside the assistant, which is quicker."""
    suite = read_suite(suite_name)
    found: list[Labelled] = []
    assistant = build(Settings.model_validate({**Settings().model_dump(), "mind": "embedded"}), warehouse=suite.warehouse)
    with closing(assistant), closing(GoldDatabase(str(database_path(suite.warehouse)))) as gold:
        context = _context(assistant)
        reader = _mind(assistant).reader_for(context)
        for case in suite.cases:
            if case.split == split and case.follows is None and not case.plan and not case.candidate:
                labelled = _labelled(case, suite_name, reader, context, gold)
                found += [labelled] if labelled is not None else []
    return found


def _labelled(case: Case, suite: str, reader: QuestionReader, context: MindContext, gold: GoldDatabase) -> Labelled | None:
    tokens, _, asked = reader.prepared(case.question, context.as_of)
    readings = reader.readings(tokens, context)
    if reader.verified.exact(case.question) or read_intent(tokens, readings, reader, context) is not None:
        return None  # A reviewed question, or one for another tool.
    reading = readings[0]
    if not _runs(readings, reader, context) or reading.query is None or reader.learner is None:
        return None
    try:
        rows = gold.rows(compile_query(reading.query, reader.model, rights=None, as_of=context.as_of).sql)
    except duckdb.Error:
        return None  # It would have failed, and answered nothing.
    answer = {"status": "answered", "plan": [], "tables": [{"columns": [], "rows": [list(row) for row in rows], "truncated": False}]}
    outcome = score(case, answer, [gold.rows(statement) for statement in case.gold]).outcome
    return Labelled(
        right=outcome in (Outcome.RIGHT, Outcome.OFFERED_RIGHT),
        group=f"{suite}/{case.voice}",
        weight=_TUNED_WEIGHT,
        **_judged(reading, asked, reader, reader.learner),
    )


def _runs(readings: Sequence[Reading], reader: QuestionReader, context: MindContext) -> bool:
    """Whether the question has one reading that would be answered or offered."""
    query = readings[0].query
    if query is None or readings[0].absent or readings[0].is_guess or len(readings) > 1:
        return False
    return not (reader.compile_error(query, context) or reader.outside_data(query, context))


def _judged(reading: Reading, asked: str, reader: QuestionReader, learner: Learner) -> dict[str, Any]:
    """What the arbiter knows of a reading, as fields of a case."""
    if reading.query is None:
        raise ValueError("a reading without a query has no evidence")
    lost = lost_words(asked, reading, reader.model)
    found = agreement(learner.expect(masked(reading.items)), parts_of(reading.query, reader.model))
    return {
        "evidence": evidence_of(reading, found, lost),
        "may_answer": not (lost or reading.account.leftover or reading.doubts),
        "intricate": is_intricate(reading.query),
    }


def unseen() -> list[Labelled]:
    """Readings of dev questions from before they were tuned on: their evidence, without their words."""
    with UNSEEN.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        Labelled(
            evidence={name: float(value) for name, value in list(row.items())[len(_ABOUT) :]},
            right=row["right"] == "1",
            group=row["voice"],
            weight=float(row["weight"]),
            may_answer=row["whole"] == "1",
            intricate=row["intricate"] == "1",
        )
        for row in rows
    ]


def collect_refilled(warehouse: str) -> list[Labelled]:
    """The readings of authored phrasings carried over to a warehouse."""
    found: list[Labelled] = []
    with closing(build(Settings.model_validate({**Settings().model_dump(), "mind": "embedded"}), warehouse=warehouse)) as assistant:
        context = _context(assistant)
        reader = _mind(assistant).reader_for(context)
        voices = sorted({p.voice for p in load_phrasings()})
        for fold in range(_FOLDS):
            held = voices[fold::_FOLDS]
            learner = train(reader.model, held_out=held)
            phrasings = [p for p in load_phrasings() if p.voice in held][::_EACH_REFILLED]
            for question in refilled(phrasings, reader.model, reader.values, seed=SEED):
                labelled = _labelled_refilled(question, reader, learner, context)
                found += [labelled] if labelled is not None else []
    return found


def _labelled_refilled(question: Refilled, reader: QuestionReader, learner: Learner, context: MindContext) -> Labelled | None:
    tokens, _, asked = reader.prepared(question.text, context.as_of)
    readings = reader.readings(tokens, context)
    query = readings[0].query
    if query is None or not _runs(readings, reader, context):
        return None
    return Labelled(
        right=question.is_right(query, reader.model),
        group=f"phrasings/{question.phrasing.voice}",
        weight=_REFILLED_WEIGHT,
        **_judged(readings[0], asked, reader, learner),
    )


def _mind(assistant: Any) -> EmbeddedMind:
    if not isinstance(assistant.mind, EmbeddedMind):
        raise SystemExit("Only the embedded mind is calibrated.")
    return assistant.mind


def _context(assistant: Any) -> MindContext:
    rights = assistant.rights_book.rights_for(None)
    return MindContext(warehouse=assistant.warehouse, rights=rights, as_of=assistant.warehouse.as_of)


def fit(cases: Sequence[Labelled]) -> tuple[dict[str, float], float]:
    """Weights by evidence, and the intercept."""
    names = list(cases[0].evidence)
    model = LogisticRegression(C=_PENALTY, max_iter=2_000).fit(_matrix(cases), [c.right for c in cases], [c.weight for c in cases])
    return dict(zip(names, (float(w) for w in model.coef_[0]), strict=True)), float(model.intercept_[0])


def chances(cases: Sequence[Labelled], weights: dict[str, float], intercept: float) -> NDArray[np.float64]:
    logits = _matrix(cases) @ np.array(list(weights.values())) + intercept
    return np.asarray(1.0 / (1.0 + np.exp(-logits)))


def _matrix(cases: Sequence[Labelled]) -> NDArray[np.float64]:
    return np.array([list(c.evidence.values()) for c in cases])


def by_unheard_voice(cases: Sequence[Labelled]) -> NDArray[np.float64]:
    """Each case's chance by a scale fitted without its voice."""
    found = np.zeros(len(cases))
    parts = np.array([zlib.crc32(c.group.encode()) % _PARTS for c in cases])
    for held in (parts == part for part in sorted(set(parts))):
        weights, intercept = fit([c for c, out in zip(cases, held, strict=True) if not out])
        found[held] = chances([c for c, out in zip(cases, held, strict=True) if out], weights, intercept)
    return found


def calibration_error(chance: NDArray[np.float64], right: NDArray[np.float64]) -> float:
    """Expected calibration error over bins of equal size."""
    order = np.argsort(chance, kind="stable")
    bins = [part for part in np.array_split(order, BINS) if len(part)]
    return float(sum(abs(chance[part].mean() - right[part].mean()) * len(part) for part in bins) / len(chance))


def error_by_luck(chance: NDArray[np.float64]) -> float:
    """The 95th percentile of the calibration error of a forecaster whose chances are exactly right, at this number of cases."""
    rng = np.random.default_rng(SEED)
    draws = [calibration_error(chance, (rng.random(len(chance)) < chance).astype(float)) for _ in range(DRAWS)]
    return float(np.quantile(draws, 0.95))


def thresholds(chance: NDArray[np.float64], cases: Sequence[Labelled], first: int, last: int) -> dict[str, float]:
    """From which chance on a reading is answered: a plain one, and one of an intricate shape.

    Args:
        first: Where the unseen readings begin, which alone decide about plain ones. Intricate ones must be right on all kinds together.
        last: One past their end.
    """
    plain = [i for i in range(first, last) if cases[i].may_answer and not cases[i].intricate]
    intricate = [i for i, case in enumerate(cases) if case.may_answer and case.intricate]
    return {
        "answer_at": _lowest(chance[plain], [cases[i].right for i in plain], _LEAST_COVERAGE),
        "answer_intricate_at": _lowest(chance[intricate], [cases[i].right for i in intricate], 0.0),
    }


def _lowest(chance: NDArray[np.float64], right: Sequence[bool], least: float) -> float:
    """The lowest chance with the precision asked; else the most precise one that still answers the least share."""
    best, best_precision = 1.0, 0.0
    for at in sorted({round(float(c), 2) for c in chance}):
        answered = [r for r, p in zip(right, chance, strict=True) if p >= at]
        if len(answered) < max(_FEWEST, least * len(right)):
            break
        precision = sum(answered) / len(answered)
        if precision >= TARGET:
            return at
        if precision > best_precision and least > 0:
            best, best_precision = at, precision
    return best


def _answered(chance: NDArray[np.float64], cases: Sequence[Labelled], limits: dict[str, float]) -> list[Labelled]:
    answered = zip(cases, chance, strict=True)
    return [c for c, p in answered if c.may_answer and p >= limits["answer_intricate_at" if c.intricate else "answer_at"]]


def report(title: str, chance: NDArray[np.float64], cases: Sequence[Labelled], limits: dict[str, float]) -> dict[str, Any]:
    """Prints and returns the figures of a set of chances."""
    right = np.array([c.right for c in cases], float)
    answered = _answered(chance, cases, limits)
    hits = sum(c.right for c in answered)
    low, high = wilson_interval(hits, len(answered))
    figures = {
        "cases": len(cases),
        "right": int(right.sum()),
        "calibration_error": round(calibration_error(chance, right), 4),
        "calibration_error_by_luck": round(error_by_luck(chance), 4),
        "answered": len(answered),
        "answered_right": hits,
        "precision": [round(hits / max(1, len(answered)), 4), round(low, 4), round(high, 4)],
        "coverage": round(len(answered) / len(cases), 4),
        "intricate_answered": sum(c.intricate for c in answered),
        "intricate_answered_right": sum(c.intricate and c.right for c in answered),
    }
    print(f"\n{title}")
    for name, value in figures.items():
        print(f"  {name:<28}{value}")
    print("  from chance  coverage  precision")
    for at in (0.0, 0.5, 0.7, 0.8, 0.9, 0.93, 0.95, 0.97, 0.98):
        kept = [c.right for c, p in zip(cases, chance, strict=True) if p >= at and c.may_answer]
        if kept:
            print(f"  {at:>11.2f}{len(kept) / len(cases):>10.2f}{sum(kept) / len(kept):>11.3f}   ({sum(kept)} of {len(kept)})")
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suites", nargs="+")
    parser.add_argument("--write", action="store_true", help="keep the fitted scale")
    parser.add_argument("--test", action="store_true", help="count on the test split as well")
    arguments = parser.parse_args()
    random.seed(SEED)
    evals = [case for suite in arguments.suites for case in collect(suite, "dev")]
    strange = unseen()
    warehouses = sorted({read_suite(suite).warehouse for suite in arguments.suites})
    cases = evals + strange + [case for warehouse in warehouses for case in collect_refilled(warehouse)]
    unheard = by_unheard_voice(cases)
    first, last = len(evals), len(evals) + len(strange)
    limits = thresholds(unheard, cases, first, last)
    weights, intercept = fit(cases)
    figures = {
        "dev": report("eval questions of the dev split, each voice by a scale fitted without it", unheard[:first], evals, limits),
        "unseen": report("questions before they were tuned on, likewise", unheard[first:last], strange, limits),
        "phrasings": report("authored phrasings, likewise", unheard[last:], cases[last:], limits),
    }
    print(f"\n{limits}; weights", ", ".join(f"{name} {weight:+.2f}" for name, weight in weights.items()), f"{intercept:+.2f}")
    if arguments.test:
        test = [case for suite in arguments.suites for case in collect(suite, "test")]
        report("test split, counted", chances(test, weights, intercept), test, limits)
    if arguments.write:
        document = {
            "about": "Fitted by scripts/calibrate_confidence.py; figures on voices that the scale was not fitted on.",
            "suites": arguments.suites,
            **figures,
            "weights": {name: round(weight, 4) for name, weight in weights.items()},
            "intercept": round(intercept, 4),
            **limits,
        }
        FILE.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
