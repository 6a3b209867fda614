"""`assistant warehouse ...` and `assistant semantics ...`: the data and what it is called."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from assistant.interfaces.cli_common import EXIT_CODES, AsJson, guarded, settings

warehouse_app = typer.Typer(no_args_is_help=True, help="Build, look at and check warehouses.")
semantics_app = typer.Typer(no_args_is_help=True, help="Draft, validate, lint and describe semantic models.")

Name = Annotated[str | None, typer.Argument(help="A name from `assistant warehouse list`, or a folder. Default: the configured one.")]
File = Annotated[Path, typer.Argument(help="A semantic_model.yaml.", exists=True, dir_okay=False)]


@warehouse_app.command("list")
@guarded
def warehouse_list(as_json: AsJson = False) -> None:
    """Say what can be built, and what is."""
    from tools.core.warehouse import list_warehouses

    entries = list_warehouses(settings().home)
    if as_json:
        typer.echo(json.dumps([entry.as_json() for entry in entries], indent=2))
        return
    for entry in entries:
        state = f"generation {entry.generation}, {entry.rows:,} rows, built {entry.built_at:%Y-%m-%d %H:%M}" if entry.built else "not built"
        typer.echo(f"{entry.name:<20} {state}{f' ({entry.fault})' if entry.fault else ''}")


@warehouse_app.command("build")
@guarded
def warehouse_build(
    name: Name = None,
    size: Annotated[str | None, typer.Option(help="demo only: small, medium or large.")] = None,
    customers: Annotated[int | None, typer.Option(help="demo only: how many customers.")] = None,
    seed: Annotated[int | None, typer.Option(help="demo only: the same seed gives the same data.")] = None,
    end_date: Annotated[str | None, typer.Option(help="demo only: the last day of the data.")] = None,
    without: Annotated[list[str] | None, typer.Option(help="demo only: leave a planted truth out (repeatable).")] = None,
    only: Annotated[list[str] | None, typer.Option(help="demo only: plant this truth and no other (repeatable).")] = None,
    if_absent: Annotated[bool, typer.Option("--if-absent", help="Do nothing when a generation is already served.")] = False,
) -> None:
    """Build the next generation; whoever reads the present one is not disturbed."""
    from assistant.building import build_generation, is_built

    chosen = settings()
    name = name or chosen.warehouse
    if if_absent and is_built(chosen, name):
        typer.echo(f"{name} is already built.", err=True)
        return
    given = {"size": size, "customers": customers, "seed": seed, "end_date": end_date, "without": without, "only": only}
    options = {key: value for key, value in given.items() if value is not None}
    generation = build_generation(chosen, name, progress=progress_bar(), **options)
    rows = sum(table.rows for table in generation.manifest.tables.values())
    typer.echo(f"\n{name}: generation {generation.number}, {rows:,} rows, {generation.size_bytes / 1e6:.0f} MB", err=True)


def progress_bar() -> Any:
    """Reports steps on stderr: one line that rewrites itself on a terminal, one line a step elsewhere."""
    said: list[str] = []

    def report(step: str, fraction: float | None = None, /) -> None:
        share = "" if fraction is None else f"{fraction:4.0%} "
        if sys.stderr.isatty():
            typer.echo(f"\r\033[K{share}{step}", err=True, nl=False)
        elif step not in said:
            said.append(step)
            typer.echo(f"{share}{step}", err=True)

    return report


@warehouse_app.command("status")
@guarded
def warehouse_state(name: Name = None, as_json: AsJson = False) -> None:
    """Say where a warehouse is, how fresh and how large."""
    from tools.core.warehouse import warehouse_status

    chosen = settings()
    status = warehouse_status(name or chosen.warehouse, home=chosen.home).as_json()
    if as_json:
        typer.echo(json.dumps(status, indent=2))
        return
    for key, value in status.items():
        if isinstance(value, dict):
            typer.echo(f"{key}:")
            for inner, count in value.items():
                typer.echo(f"  {inner:<28} {count:>14,}" if isinstance(count, int) else f"  {inner:<28} {count}")
        else:
            typer.echo(f"{key:<16} {value}")


@warehouse_app.command("verify")
@guarded
def warehouse_verify(name: Name = None, as_json: AsJson = False) -> None:
    """Check keys, orphans, nulls, dates and what the folder expects; read-only."""
    from tools.core.warehouse import verify_warehouse

    chosen = settings()
    report = verify_warehouse(name or chosen.warehouse, home=chosen.home)
    typer.echo(json.dumps(report.as_json(), indent=2) if as_json else report.as_text())
    raise typer.Exit(0 if report.ok else EXIT_CODES["failed"])


@semantics_app.command("draft")
@guarded
def semantics_draft(
    source: Annotated[Path, typer.Argument(help="A DuckDB file, a CSV file, or a folder with the data of a warehouse.")],
    out: Annotated[Path | None, typer.Option(help="Write it to this file, which must not exist yet; default: print it.")] = None,
    name: Annotated[str | None, typer.Option(help="Of the model; default that of the file or folder.")] = None,
) -> None:
    """Write a first semantic model from keys, names, types and values, with a CHECK wherever a person should look."""
    from tools.core.warehouse import draft_semantic_model

    if out is not None and out.exists():
        raise typer.BadParameter(f"{out} exists already", param_hint="--out")
    text = draft_semantic_model(source, name)
    if out is None:
        typer.echo(text, nl=False)
        return
    out.write_text(text, encoding="utf-8")
    typer.echo(f"{out}: {text.count('# CHECK')} lines marked CHECK", err=True)


@semantics_app.command("validate")
@guarded
def semantics_validate(path: File, as_json: AsJson = False) -> None:
    """Name each mistake of a semantic model with its line and a suggestion."""
    from tools.core.semantics import validate_model

    problems = validate_model(path)
    if as_json:
        rows = [{"line": p.line, "severity": p.severity, "message": p.message, "suggestion": p.suggestion} for p in problems]
        typer.echo(json.dumps(rows, indent=2))
    else:
        for problem in problems:
            typer.echo(str(problem))
        typer.echo(f"{len(problems)} problems." if problems else "No problems.")
    raise typer.Exit(EXIT_CODES["failed"] if any(p.severity == "error" for p in problems) else 0)


@semantics_app.command("lint")
@guarded
def semantics_lint(path: File, as_json: AsJson = False) -> None:
    """Say what people will be misunderstood about: colliding words, figures without verbs, and plain questions that read wrongly."""
    from assistant.minds.embedded.lint import lint
    from tools.core.semantics import read_model

    remarks = lint(read_model(path))
    if as_json:
        typer.echo(json.dumps([{"kind": r.kind, "message": r.message} for r in remarks], indent=2))
        return
    for remark in remarks:
        typer.echo(f"{remark.kind}: {remark.message}")
    typer.echo(f"{len(remarks)} remarks." if remarks else "Nothing to remark.")


@semantics_app.command("describe")
@guarded
def semantics_describe(path: File) -> None:
    """Print a semantic model as a readable page (Markdown)."""
    from tools.core.semantics import describe_model, read_model

    typer.echo(describe_model(read_model(path)))
