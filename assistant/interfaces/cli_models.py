"""`assistant warehouse refresh`, `assistant backtest ...` and `assistant predict ...`: predictions and how far to trust them."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from assistant.interfaces import cli_feedback
from assistant.interfaces.cli_common import AsJson, Warehouse, guarded, parse_day, settings
from assistant.interfaces.cli_data import progress_bar, warehouse_app

backtest_app = typer.Typer(no_args_is_help=True, help="Judge the models on any data, beside naive rules.")
predict_app = typer.Typer(no_args_is_help=True, help="What was predicted, and by which model.")

File = Annotated[Path, typer.Argument(help="A CSV file with a header line.")]
CustomerColumn = Annotated[str | None, typer.Option("--customer", help="Column that identifies the customer.")]
TimeColumn = Annotated[str | None, typer.Option("--time", help="Column with the day of the order.")]
AmountColumn = Annotated[str | None, typer.Option("--amount", help="Column with the value of the order.")]
CalibrationEnd = Annotated[str | None, typer.Option(help="Last day that the models may see (YYYY-MM-DD).")]
HoldoutEnd = Annotated[str | None, typer.Option(help="Last day of the test window (YYYY-MM-DD); default: the last day of the file.")]
Horizon = Annotated[int | None, typer.Option("--horizon-days", min=7, help="Length of the test windows, without --calibration-end.")]


@backtest_app.command("lifetime_value")
@guarded
def backtest_lifetime_value(
    path: File,
    customer: CustomerColumn = None,
    time: TimeColumn = None,
    amount: AmountColumn = None,
    calibration_end: CalibrationEnd = None,
    holdout_end: HoldoutEnd = None,
    horizon_days: Horizon = None,
    as_json: AsJson = False,
) -> None:
    """Fit BG/NBD, MBG/NBD and Gamma-Gamma, and set them beside naive rules on days that they have not seen."""
    from tools.lifetime_value.csv_backtest import backtest_csv

    report = backtest_csv(
        path,
        _columns(customer, time, amount),
        calibration_end=_day(calibration_end),
        holdout_end=_day(holdout_end),
        horizon_days=horizon_days,
    )
    _print(report, as_json=as_json)


@backtest_app.command("churn")
@guarded
def backtest_churn(
    path: File,
    customer: CustomerColumn = None,
    time: TimeColumn = None,
    amount: AmountColumn = None,
    label: Annotated[str | None, typer.Option(help="For a ready table: the column that says who left.")] = None,
    leave_out: Annotated[list[str] | None, typer.Option(help="With --label: a column not to learn from (repeatable).")] = None,
    calibration_end: CalibrationEnd = None,
    holdout_end: HoldoutEnd = None,
    horizon_days: Horizon = None,
    as_json: AsJson = False,
) -> None:
    """Predict who leaves, from orders or from a ready table, and check discrimination and calibration."""
    from tools.churn.csv_backtest import backtest_orders_csv, backtest_table_csv

    if label is not None:
        if time is not None or amount is not None:
            raise typer.BadParameter("--label is for a ready table; --time and --amount are for orders")
        left_out = [*(leave_out or ()), *([customer] if customer else ())]
        _print(backtest_table_csv(path, label=label, leave_out=left_out), as_json=as_json)
        return
    report = backtest_orders_csv(
        path,
        _columns(customer, time, amount),
        calibration_end=_day(calibration_end),
        holdout_end=_day(holdout_end),
        horizon_days=horizon_days,
    )
    _print(report, as_json=as_json)


@predict_app.command("card")
@guarded
def predict_card(
    name: Annotated[str, typer.Argument(help="churn, lifetime_value, segments or feedback.")],
    warehouse: Warehouse = None,
    as_json: AsJson = False,
) -> None:
    """Print the model card that the last refresh left: how the model was made, how good it was, when not to use it."""
    from assistant.refreshing import stored_card
    from assistant.render.model_card import card_page

    card = stored_card(settings(), name, warehouse)
    typer.echo(json.dumps(card, indent=2) if as_json else card_page(name, card))


@warehouse_app.command("refresh")
@guarded
def warehouse_refresh(
    name: Annotated[
        str | None, typer.Argument(help="A name from `assistant warehouse list`, or a folder. Default: the configured one.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Compute again what is up to date.")] = False,
    texts: Annotated[bool, typer.Option("--texts/--no-texts", help="Also read what customers wrote (minutes, not seconds).")] = True,
    as_json: AsJson = False,
) -> None:
    """Compute churn, lifetime value and segments, then read the texts, and serve it all with the data; nobody who reads is disturbed."""
    from assistant.refreshing import refresh

    chosen = settings()
    report = refresh(chosen, name or chosen.warehouse, progress=progress_bar(), force=force, texts=texts)
    if as_json:
        typer.echo(json.dumps(report.as_json(), indent=2))
        return
    state = "is up to date" if report.unchanged else "is new"
    typer.echo(f"\n{report.name}: generation {report.generation} {state}, as of {report.as_of}, {report.seconds:.0f} s", err=True)
    for part in report.contributions:
        done = f"{part.rows:,} rows" if part.done else f"left out: {part.reason}"
        typer.echo(f"  {part.name:<16} {done}", err=True)


def add_to(app: typer.Typer) -> None:
    """Hang the groups into the command line; `warehouse refresh` is in its group already."""
    cli_feedback.add_to(backtest_app)
    app.add_typer(backtest_app, name="backtest")
    app.add_typer(predict_app, name="predict")


def _columns(customer: str | None, time: str | None, amount: str | None) -> Any:
    from tools.core.customers import CsvColumns

    missing = [name for name, given in (("--customer", customer), ("--time", time), ("--amount", amount)) if given is None]
    if missing or customer is None or time is None or amount is None:
        raise typer.BadParameter(f"name the columns: {', '.join(missing)}")
    return CsvColumns(customer=customer, time=time, amount=amount)


def _day(text: str | None) -> dt.date | None:
    found: dt.date | None = parse_day(text)
    return found


def _print(report: Any, *, as_json: bool) -> None:
    typer.echo(json.dumps(report.as_json(), indent=2) if as_json else report.as_text())
