"""`assistant sql ...`, `assistant policy ...` and `assistant doctor`: what operators and evaluators need."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.interfaces.cli_common import EXIT_CODES, AsJson, User, Warehouse, guarded, opened, settings

if TYPE_CHECKING:
    from assistant.pipeline import Assistant
    from tools.core.sql_guard import CheckedSql

sql_app = typer.Typer(no_args_is_help=True, help="The guard on its own: check or run one statement, or a file of them.")
policy_app = typer.Typer(no_args_is_help=True, help="Who may see what.")

Batch = Annotated[Path | None, typer.Option(help='JSON lines {"id", "sql"}.')]
Out = Annotated[Path | None, typer.Option(help="Where the verdicts of --batch go, as JSON lines.")]


@sql_app.command("check")
@guarded
def sql_check(
    statement: Annotated[str | None, typer.Argument(help="One SELECT.")] = None,
    user: User = None,
    warehouse: Warehouse = None,
    batch: Batch = None,
    out: Out = None,
) -> None:
    """Say whether a statement would run for this user, and print the text that would run."""
    _sql(statement, user=user, warehouse=warehouse, batch=batch, out=out, run=False, as_json=True)


@sql_app.command("run")
@guarded
def sql_run(
    statement: Annotated[str | None, typer.Argument(help="One SELECT.")] = None,
    user: User = None,
    warehouse: Warehouse = None,
    batch: Batch = None,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Check a statement and run it with this user's rights."""
    _sql(statement, user=user, warehouse=warehouse, batch=batch, out=out, run=True, as_json=as_json)


def _sql(
    statement: str | None, *, user: str | None, warehouse: str | None, batch: Path | None, out: Path | None, run: bool, as_json: bool
) -> None:
    if (statement is None) == (batch is None) or (batch is None) != (out is None):
        raise typer.BadParameter("give a statement, or --batch and --out")
    with opened(warehouse) as assistant:
        if batch is not None and out is not None:
            _sql_batch(assistant, user, batch, out, run=run)
            return
        verdict = sql_verdict(assistant, user, statement or "", run=run)
    if as_json:
        typer.echo(json.dumps(verdict, ensure_ascii=False, indent=2))
    else:
        _print_rows(verdict)
    raise typer.Exit(EXIT_CODES["refused"] if verdict["verdict"] == "refused" else EXIT_CODES["failed"] if "error" in verdict else 0)


def _sql_batch(assistant: Assistant, user: str | None, source: Path, target: Path, *, run: bool) -> None:
    from tools.core.errors import SetupProblem

    with target.open("w", encoding="utf-8") as out:
        for number, line in enumerate(source.read_text(encoding="utf-8").splitlines(), start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                case, statement = row["id"], row["sql"]
            except (ValueError, KeyError, TypeError):
                hint = 'Write each line as {"id": ..., "sql": ...}.'
                raise SetupProblem(f"{source.name}:{number}: not a statement.", try_instead=hint, code="batch_invalid") from None
            verdict = sql_verdict(assistant, user, str(statement), run=run)
            out.write(json.dumps({"id": case, **verdict}, ensure_ascii=False) + "\n")


def sql_verdict(assistant: Assistant, user: str | None, statement: str, *, run: bool) -> dict[str, Any]:
    """`{"verdict", "sql", "reason"}` and, when it ran, `{"columns", "rows", "truncated"}` or `{"error"}`."""
    from tools.core.errors import AnswerError, NotAllowed, SqlRefused
    from tools.core.sql_guard import check_sql

    rights = assistant.rights_book.rights_for(user)
    try:
        checked = check_sql(statement, catalog=assistant.warehouse.catalog, rights=rights)
    except (SqlRefused, NotAllowed) as refusal:
        return {"verdict": "refused", "sql": None, "reason": f"{refusal.message} {refusal.try_instead}".strip()}
    verdict: dict[str, Any] = {"verdict": checked.verdict, "sql": checked.text, "reason": "; ".join(checked.narrowed)}
    if not run:
        return verdict
    try:
        return verdict | _rows(assistant, checked)
    except AnswerError as error:
        return verdict | {"error": {"code": error.public_code, "message": error.message, "try_instead": error.try_instead}}


def _rows(assistant: Assistant, checked: CheckedSql) -> dict[str, Any]:
    result = assistant.warehouse.engine.execute(checked)
    rows = [[value.isoformat() if isinstance(value, dt.date) else value for value in row] for row in result.rows]
    return {"columns": list(result.names), "rows": rows, "truncated": result.truncated}


def _print_rows(verdict: dict[str, Any]) -> None:
    if "error" in verdict:
        typer.echo(f"{verdict['error']['message']} {verdict['error']['try_instead']}", err=True)
        return
    if "rows" not in verdict:
        typer.echo(verdict["reason"], err=True)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for name in verdict["columns"]:
        table.add_column(Text(name))
    for row in verdict["rows"]:
        table.add_row(*[Text("" if value is None else str(value)) for value in row])
    Console().print(table)
    if verdict["reason"]:
        typer.echo(verdict["reason"], err=True)


@policy_app.command("explain")
@guarded
def policy_explain(
    user: Annotated[str, typer.Argument(help="User name, as in users.yaml.")] = "local", warehouse: Warehouse = None
) -> None:
    """Say in words what a user may see."""
    with opened(warehouse) as assistant:
        typer.echo(assistant.rights_book.explain(user))


@policy_app.command("validate")
@guarded
def policy_validate(path: Annotated[Path, typer.Argument(help="policy.yaml or users.yaml")]) -> None:
    """Name each mistake of a policy (or of users.yaml) with its line."""
    from tools.core.sql_guard import validate_policy, validate_users

    problems = (validate_users if path.name.startswith("users") else validate_policy)(path)
    for problem in problems:
        typer.echo(str(problem))
    typer.echo(f"{len(problems)} problems" if problems else "No problems.")
    raise typer.Exit(EXIT_CODES["failed"] if problems else 0)


@guarded
def doctor() -> None:
    """Say what is configured, what is missing, and what works."""
    from assistant.doctor import examine

    findings = examine(settings())
    for finding in findings:
        typer.echo(f"{'ok ' if finding.ok else 'NO '} {finding.what}: {finding.detail}")
    raise typer.Exit(0 if all(f.ok or f.optional for f in findings) else EXIT_CODES["failed"])
