"""The back-test of churn on any CSV file: of orders (who came back?), or a ready table with a label. Path in, report out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.churn.backtest import Backtest, backtest
from tools.churn.calibration import Calibration
from tools.churn.features import NoOrder
from tools.churn.label_table import TableResult, cross_validate, read_label_table
from tools.churn.model import LABELS, Kind
from tools.churn.prediction import DEFAULT_HORIZON_DAYS, backtest_json, calibration_json, limits_of
from tools.core.customers import CsvColumns, read_orders_csv


@dataclass(frozen=True, kw_only=True)
class OrdersReport:
    """Churn judged on a later window of a file of orders."""

    file: str
    n_customers: int
    n_orders: int
    result: Backtest
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        head = {"kind": "churn", "file": self.file, "n_customers": self.n_customers, "n_orders": self.n_orders}
        return {**head, **backtest_json(self.result), "notes": list(self.notes)}

    def as_text(self) -> str:
        result = self.result
        lines = [
            f"Churn back-test of {self.file}: no order within {result.horizon_days} days",
            f"{self.n_customers:,} customers, {self.n_orders:,} orders",
            f"Fitted on what was known on {', '.join(map(str, result.trained_on))}; judged from {result.tested_on} to {result.until}",
            *_results(result.results, result.winner),
            f"  naive: longest without an order first, AUC {result.recency_auc:.4f}",
            *_deciles(result.best),
        ]
        return "\n".join([*lines, *_notes(self.notes)]) + "\n"


@dataclass(frozen=True, kw_only=True)
class TableReport:
    """Churn judged on a ready table by cross-validation."""

    file: str
    result: TableResult

    def as_json(self) -> dict[str, Any]:
        result = self.result
        return {
            "kind": "churn",
            "file": self.file,
            "n_customers": result.n,
            "winner": result.winner,
            "results": {kind: calibration_json(found) for kind, found in result.results.items()},
            "drivers": [{"name": name, "mean_push": push} for name, push in result.drivers],
            "notes": list(result.notes),
        }

    def as_text(self) -> str:
        result = self.result
        lines = [
            f"Churn back-test of {self.file}: {result.n:,} customers",
            *_results(result.results, result.winner),
            *_deciles(result.best),
        ]
        lines += ["", "What moves the prediction most (mean size of the effect on log-odds)"]
        lines += [f"  {push:>7.3f}  {name}" for name, push in result.drivers[:10]]
        return "\n".join([*lines, *_notes(result.notes)]) + "\n"


def backtest_orders_csv(
    path: Path,
    columns: CsvColumns,
    *,
    calibration_end: dt.date | None = None,
    holdout_end: dt.date | None = None,
    horizon_days: int | None = None,
) -> OrdersReport:
    """Judge the churn models on a file of orders.

    Args:
        calibration_end: Last day that the models may see; customers without an order from then to `holdout_end` count as gone.
        horizon_days: Without `calibration_end`: length of the outcome window before the last day (default 91).
    Raises:
        SetupProblem: The file or its columns cannot be used, or the days given do not fit it (`days_unfit`).
        NeedsPerson: Too few customers, one class only, or too short a history.
    """
    read = read_orders_csv(path, columns, until=holdout_end)
    orders = read.orders
    end, cut_off = read.span(calibration_end=calibration_end, holdout_end=holdout_end)
    days = end - cut_off if cut_off is not None else horizon_days or DEFAULT_HORIZON_DAYS
    result = backtest(NoOrder(orders=orders, horizon_days=days), end=end, cut_off=cut_off)
    notes = (*read.notes, *(f"Do not use these probabilities: {text}" for text in limits_of(result.best)))
    return OrdersReport(file=path.name, n_customers=orders.n_customers, n_orders=len(orders), result=result, notes=notes)


def backtest_table_csv(path: Path, *, label: str, leave_out: Sequence[str] = ()) -> TableReport:
    """Judge the churn models on a ready table.

    Raises:
        SetupProblem: The file or a column cannot be used.
        NeedsPerson: Too few rows, one class only, an unusable label, or no column to learn from.
    """
    return TableReport(file=path.name, result=cross_validate(read_label_table(path, label=label, leave_out=leave_out)))


def _results(results: Mapping[Kind, Calibration], winner: Kind) -> list[str]:
    head = (
        f"  {'':<10} {'AUC':>7} {'AP':>7} {'Brier':>7} {'logloss':>8} {'slope':>6} {'interc.':>7} {'ECE':>6} {'chance':>6} {'lift@10%':>8}"
    )
    lines = ["", head]
    for kind, c in results.items():
        figures = f"{c.auc:>7.4f} {c.average_precision:>7.4f} {c.brier:>7.4f} {c.log_loss:>8.4f} {c.slope:>6.2f} {c.intercept:>+7.2f}"
        lines.append(f"  {kind:<10} {figures} {c.ece:>6.4f} {c.ece_by_chance:>6.4f} {c.lift_at_10:>8.2f}")
    best = results[winner]
    return [*lines, f"  base rate {best.base_rate:.2%} of {best.n:,}; winner: {LABELS[winner]}"]


def _deciles(found: Calibration) -> list[str]:
    lines = ["", "Predicted and observed by tenth of customers, lowest risk first", f"  {'n':>7} {'predicted':>10} {'observed':>10}"]
    return [*lines, *(f"  {d.n:>7,} {d.predicted:>10.2%} {d.observed:>10.2%}" for d in found.deciles)]


def _notes(notes: Sequence[str]) -> list[str]:
    return ["", "Notes", *(f"  - {note}" for note in notes)] if notes else []
