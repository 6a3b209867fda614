"""Churn from a ready table: one row per customer, one column that says who left, the rest what was known before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools.churn.backtest import choose
from tools.churn.calibration import Calibration, calibration_of
from tools.churn.model import Kind, fit, require_enough
from tools.core.customers.orders_csv import open_csv
from tools.core.errors import NeedsPerson

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

_YES = frozenset({"yes", "true", "1", "y", "t", "churn", "churned", "left", "1.0"})
_NO = frozenset({"no", "false", "0", "n", "f", "stayed", "active", "0.0"})
_FOLDS, _SEEDS = 5, 2
_MAX_LEVELS = 30
_STRENGTH = 1.0
_TOO_GOOD = 0.97


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """A table as numbers."""

    matrix: Floats
    columns: tuple[str, ...]
    source: tuple[str, ...]
    """Per column of the matrix: the column of the table that it comes from."""
    labels: Labels
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class TableResult:
    """How the models did on customers left out of the fit, and what moves the winner."""

    winner: Kind
    results: Mapping[Kind, Calibration]
    n: int
    drivers: tuple[tuple[str, float], ...]
    """Column of the table -> mean absolute contribution to the log-odds, strongest first."""
    notes: tuple[str, ...]

    @property
    def best(self) -> Calibration:
        return self.results[self.winner]


def read_label_table(path: Path, *, label: str, leave_out: Sequence[str] = ()) -> Encoded:
    """The table of a CSV file with its label column.

    Raises:
        SetupProblem: The file or a column is missing or unreadable.
        NeedsPerson: The label has more than two values (`label_unfit`), or nothing is left to learn from (`no_features`).
    """
    import duckdb

    with duckdb.connect() as connection:
        names = open_csv(connection, path, (label, *leave_out))
        table = connection.execute("SELECT * FROM file").fetchnumpy()
    by_name = {name.lower(): name for name in names}
    columns = {name: _strings(table[name]) for name in names}
    labels, kept, notes = _labels(columns.pop(by_name[label.lower()]), label)
    for name in leave_out:
        columns.pop(by_name[name.lower()], None)
    return encode({name: values[kept] for name, values in columns.items()}, labels, notes)


def encode(columns: Mapping[str, NDArray[np.object_]], labels: Labels, notes: Sequence[str] = ()) -> Encoded:
    """Numbers as they are (an empty one is the median, and flagged), words as one column each; identifiers and constants left out."""
    said = list(notes)
    parts: list[tuple[str, str, Floats]] = []
    for name, values in columns.items():
        numbers = _as_numbers(values)
        if numbers is not None:
            parts += _numeric(name, numbers, said)
        else:
            parts += _words(name, values, said)
    if not parts:
        raise NeedsPerson(
            "No column is left to learn from: all are constant or identifiers.",
            try_instead="Add columns that describe the customers before they left.",
            code="no_features",
        )
    return Encoded(
        matrix=np.column_stack([values for _, _, values in parts]),
        columns=tuple(column for column, _, _ in parts),
        source=tuple(source for _, source, _ in parts),
        labels=labels,
        notes=tuple(said),
    )


def cross_validate(table: Encoded) -> TableResult:
    """Both models by repeated cross-validation: a ready table has no time to split by.

    Raises:
        NeedsPerson: Too few rows (`too_few_customers`) or one class only (`one_class`).
    """
    require_enough(table.labels, "the table")
    kinds: tuple[Kind, ...] = ("logistic", "trees")
    predicted = {kind: np.zeros((_SEEDS, len(table.labels))) for kind in kinds}
    for seed in range(_SEEDS):
        for train, test in _folds(table.labels, seed):
            for kind in kinds:
                model = fit(kind, table.matrix[train], table.labels[train], strength=_STRENGTH)
                predicted[kind][seed, test] = model.probability(table.matrix[test])
    results = {kind: _mean_of([calibration_of(table.labels, p) for p in predicted[kind]]) for kind in kinds}
    winner = choose(results)
    final = fit(winner, table.matrix, table.labels, strength=_STRENGTH)
    notes = [*table.notes, "The table has no time, so the models were judged by 5-fold cross-validation, twice, not on a later window."]
    if results[winner].auc > _TOO_GOOD:
        notes.append("The result is too good to be true: a column probably holds what happened after the customer left.")
    return TableResult(
        winner=winner,
        results=results,
        n=len(table.labels),
        drivers=_importance(table, final.contributions(table.matrix)),
        notes=tuple(notes),
    )


def _folds(labels: Labels, seed: int) -> list[tuple[Labels, Labels]]:
    from sklearn.model_selection import StratifiedKFold

    return list(StratifiedKFold(_FOLDS, shuffle=True, random_state=seed).split(labels[:, None], labels))


def _mean_of(found: Sequence[Calibration]) -> Calibration:
    """Figures averaged over seeds; the table of tenths is that of the first."""
    figures = ("auc", "average_precision", "brier", "log_loss", "slope", "intercept", "ece", "ece_by_chance", "lift_at_10")
    means = {name: float(np.mean([getattr(c, name) for c in found])) for name in figures}
    return Calibration(n=found[0].n, base_rate=found[0].base_rate, deciles=found[0].deciles, **means)


def _importance(table: Encoded, contributions: Floats) -> tuple[tuple[str, float], ...]:
    summed: dict[str, Floats] = {}
    for position, source in enumerate(table.source):
        summed[source] = summed.get(source, np.zeros(len(contributions))) + contributions[:, position]
    strength = {source: float(np.abs(values - values.mean()).mean()) for source, values in summed.items()}
    return tuple(sorted(strength.items(), key=lambda item: (-item[1], item[0])))


def _labels(values: NDArray[np.object_], label: str) -> tuple[Labels, NDArray[np.bool_], list[str]]:
    words = np.array(["" if v is None else str(v).strip().lower() for v in values], dtype=object)
    kept = words != ""
    unknown = sorted(set(words[kept]) - _YES - _NO)
    if unknown:
        raise NeedsPerson(
            f"The label column '{label}' must say yes or no; it has {len(unknown)} other value(s).",
            try_instead="Write 1 or yes for customers who left, 0 or no for the others.",
            code="label_unfit",
        )
    left = np.array([word in _YES for word in words[kept]], dtype=np.int64)
    missing = int((~kept).sum())
    return left, kept, [f"{missing:,} rows without a label were left out."] if missing else []


def _strings(values: NDArray[np.object_]) -> NDArray[np.object_]:
    mask = np.ma.getmaskarray(values)
    return np.array([None if m or v is None else str(v) for v, m in zip(np.ma.getdata(values), mask, strict=True)], dtype=object)


def _as_numbers(values: NDArray[np.object_]) -> Floats | None:
    """The column as floats with NaN for what is empty; None when it holds words."""
    out = np.full(len(values), np.nan)
    for i, value in enumerate(values):
        text = "" if value is None else value.strip()
        if text.lower() in ("", "na", "nan", "null"):
            continue
        try:
            out[i] = float(text)
        except ValueError:
            return None
    return out if np.isfinite(out).any() else None


def _numeric(name: str, numbers: Floats, notes: list[str]) -> list[tuple[str, str, Floats]]:
    empty = ~np.isfinite(numbers)
    filled = np.where(empty, np.nanmedian(np.where(empty, np.nan, numbers)), numbers)
    if np.ptp(filled) == 0 and not empty.any():
        notes.append(f"'{name}' has one value only and was left out.")
        return []
    if _counts_rows(filled):
        notes.append(f"'{name}' numbers the rows and was left out.")
        return []
    parts = [(name, name, filled)] if np.ptp(filled) > 0 else []
    return [*parts, (f"{name} is empty", name, empty.astype(np.float64))] if empty.any() else parts


def _counts_rows(values: Floats) -> bool:
    return len(values) > 20 and bool(np.all(np.diff(values) == 1.0))


def _words(name: str, values: NDArray[np.object_], notes: list[str]) -> list[tuple[str, str, Floats]]:
    words = np.array(["(empty)" if v is None or not v.strip() else v.strip() for v in values], dtype=object)
    levels, counts = np.unique(words.astype(str), return_counts=True)
    if len(levels) == 1:
        notes.append(f"'{name}' has one value only and was left out.")
        return []
    if len(levels) > len(words) / 2:
        notes.append(f"'{name}' differs for almost every customer, as an identifier does, and was left out.")
        return []
    if len(levels) > _MAX_LEVELS:
        notes.append(f"Of the {len(levels)} values of '{name}', the {_MAX_LEVELS} most frequent are told apart.")
    common = levels[np.argsort(-counts, kind="stable")][:_MAX_LEVELS]
    # Two values need one column: the other is its mirror image.
    shown = common[1:] if len(levels) == 2 else common
    return [(f"{name} = {level}", name, (words == level).astype(np.float64)) for level in shown]
