"""The back-test of lifetime value on any CSV file of orders: path in, report out."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tools.core.customers import CsvColumns, Orders, read_orders_csv, to_date
from tools.lifetime_value.backtest import Backtest, Score, Window, backtest
from tools.lifetime_value.candidates import LABELS, NAIVE
from tools.lifetime_value.model import backtest_json, window_days
from tools.lifetime_value.season import Season, season_of


@dataclass(frozen=True, kw_only=True)
class ValueReport:
    """What the back-test of a file found."""

    file: str
    n_customers: int
    n_orders: int
    first_day: dt.date
    last_day: dt.date
    result: Backtest
    season: Season
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": "lifetime_value",
            "file": self.file,
            "n_customers": self.n_customers,
            "n_orders": self.n_orders,
            "first_day": self.first_day.isoformat(),
            "last_day": self.last_day.isoformat(),
            **backtest_json(self.result),
            "season": asdict(self.season),
            "notes": list(self.notes),
        }

    def as_text(self) -> str:
        """A page for a terminal: parameters, hold-out figures beside naive rules, calibration."""
        lines = [
            f"Lifetime value back-test of {self.file}",
            f"{self.n_customers:,} customers, {self.n_orders:,} orders, {self.first_day} to {self.last_day}; time in weeks of 7 days",
        ]
        for window in self.result.windows:
            lines += ["", *_window_lines(window)]
        lines += ["", f"Winner over {len(self.result.windows)} window(s): {LABELS[self.result.winner]}", *_calibration_lines(self.result)]
        notes = [*self.notes, *([self.season.sentence] if self.season.sentence else [])]
        if notes:
            lines += ["", "Notes", *(f"  - {note}" for note in notes)]
        return "\n".join(lines) + "\n"


def backtest_csv(
    path: Path,
    columns: CsvColumns,
    *,
    calibration_end: dt.date | None = None,
    holdout_end: dt.date | None = None,
    horizon_days: int | None = None,
) -> ValueReport:
    """Judge the value models on a file of orders.

    Args:
        calibration_end: Last day that the models may see; with it one window is judged, up to `holdout_end` (default: the last day).
        horizon_days: Without `calibration_end`: length of the rolling windows (default: a third of the history, at most 91 days).
    Raises:
        SetupProblem: The file or its columns cannot be used, or the days given do not fit it (`days_unfit`).
        NeedsPerson: Too few customers, or too short a history.
    """
    read = read_orders_csv(path, columns, until=holdout_end)
    orders = read.orders
    end, cut_off = read.span(calibration_end=calibration_end, holdout_end=holdout_end)
    days = horizon_days or window_days(orders, end)
    result = backtest(orders, end=end, horizon_days=days, cut_off=cut_off)
    return ValueReport(
        file=path.name,
        n_customers=orders.n_customers,
        n_orders=len(orders),
        first_day=to_date(orders.first_day),
        last_day=to_date(end),
        result=result,
        # The warning must be the one that would have stood beside the forecast: by what was known at the cut-off.
        season=season_of(orders, end=end - result.horizon_days, horizon_days=result.horizon_days),
        notes=(*read.notes, *_model_notes(result, orders)),
    )


def _model_notes(result: Backtest, orders: Orders) -> list[str]:
    latest = result.windows[0]
    notes = []
    for name in ("bg_nbd", "mbg_nbd"):
        found = latest.parameters[name]
        if not found["dropout_identified"]:
            notes.append(f"{name}: no dropout identified (a goes to 0); the model is a plain NBD in which everybody stays.")
        if not found["converged"]:
            notes.append(f"{name}: the fit did not converge; its parameters are not to be relied on.")
    if (orders.amount <= 0).all():
        notes.append("No amount is above zero, so spend cannot be judged.")
    if result.mean(result.winner).purchases_mae > result.mean("nothing").purchases_mae:
        notes.append("Predicting zero for everybody has a lower mean error: judge by totals, ranks and root mean squared error too.")
    return notes


def _window_lines(window: Window) -> list[str]:
    lines = [f"Fitted to {window.cut_off} on {window.n_customers:,} customers, judged on the days after it to {window.until}"]
    for name, found in window.parameters.items():
        values = "  ".join(f"{k} {v:.4f}" for k, v in found.items() if k in {"r", "alpha", "a", "b", "p", "q", "gamma"})
        lines.append(f"  {name:<12} {values}  log-likelihood {found['log_likelihood']:.2f}  (n {found['n_customers']:,})")
    correlation = window.parameters["gamma_gamma"]["frequency_correlation"]
    lines.append(f"  correlation of frequency and average spend {correlation:+.3f} (the spend model assumes about 0)")
    head = f"  {'':<12} {'orders':>10} {'actual':>8} {'MAE':>7} {'RMSE':>7} {'corr':>6} | "
    head += f"{'spend':>12} {'error':>7} {'MAE':>9} {'Spearman':>8} {'top 10%':>8}"
    return [*lines, head, *(_score_line(score) for score in window.scores)]


def _score_line(s: Score) -> str:
    mark = " naive" if s.candidate in NAIVE else ""
    orders = f"{s.purchases_predicted:>10,.1f} {s.purchases_actual:>8,.0f}"
    errors = f"{s.purchases_mae:>7.4f} {s.purchases_rmse:>7.4f} {s.purchases_correlation:>6.3f}"
    spend = f"{s.spend_predicted:>12,.0f} {s.spend_total_error:>+7.1%} {s.spend_mae:>9.2f}"
    return f"  {s.candidate:<12} {orders} {errors} | {spend} {s.spend_spearman:>8.3f} {s.top_decile_share:>8.1%}{mark}"


def _calibration_lines(result: Backtest) -> list[str]:
    head = f"  {'repeats':>7} {'n':>7} {'actual':>8} {'bg_nbd':>8} {'mbg_nbd':>8}"
    lines = ["", "Orders by repeat orders so far (most recent window)", head]
    lines += [
        f"  {row.repeats:>7} {row.n:>7,} {row.actual:>8.3f} {row.expected['bg_nbd']:>8.3f} {row.expected['mbg_nbd']:>8.3f}"
        for row in result.by_repeats
    ]
    lines += ["", "Spend of the winner by tenth of customers, lowest first", f"  {'predicted':>12} {'actual':>12}"]
    return [*lines, *(f"  {band.mean_predicted:>12,.2f} {band.mean_actual:>12,.2f}" for band in result.bands)]
