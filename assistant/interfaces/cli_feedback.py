"""`assistant backtest sentiment` and `assistant backtest topics`: how far the reading of texts can be trusted, on anybody's texts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from assistant.interfaces.cli_common import AsJson, guarded

File = Annotated[Path, typer.Argument(help="A CSV file.")]
TextColumn = Annotated[str, typer.Option("--text", help="Column with the text; its position (1, 2 ...) where there is no header line.")]
Train = Annotated[bool, typer.Option("--train/--no-train", help="Also learn from the file's own labels.")]


def backtest_sentiment(
    path: File,
    text: TextColumn,
    label: Annotated[str, typer.Option("--label", help="Column with 1/0, positive/negative or stars.")],
    train: Train = True,
    as_json: AsJson = False,
) -> None:
    """Judge how texts sound: the shipped model, words alone, and a model that learns from the file."""
    from tools.feedback import csv_backtest

    _print(csv_backtest.backtest_sentiment(path, text=text, label=label, train=train), as_json=as_json)


def backtest_topics(
    path: File,
    text: TextColumn,
    label: Annotated[str | None, typer.Option("--label", help="Column with the topic that a person gave.")] = None,
    train: Train = True,
    test: Annotated[Path | None, typer.Option(help="A second file: learn from the first, judge on this.")] = None,
    as_json: AsJson = False,
) -> None:
    """Judge topics: how stable they are, whether they agree with labels, and how well labels can be learned."""
    from tools.feedback import csv_backtest

    _print(csv_backtest.backtest_topics(path, text=text, label=label, train=train, test=test), as_json=as_json)


def add_to(backtest_app: typer.Typer) -> None:
    """Hang the commands into `assistant backtest`."""
    backtest_app.command("sentiment")(guarded(backtest_sentiment))
    backtest_app.command("topics")(guarded(backtest_topics))


def _print(report: Any, *, as_json: bool) -> None:
    typer.echo(json.dumps(report.as_json(), indent=2) if as_json else report.as_text())
