"""The command line: `assistant ...`. Parses arguments and prints; everything else is imported when a command needs it.

Exit codes: 0 answered, 3 offered, declined or needs clarification, 4 refused by policy, 1 failed, 2 usage.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.interfaces import cli_actions, cli_data, cli_keys, cli_models, cli_operate, cli_segments, cli_serve, cli_teach, cli_users
from assistant.interfaces.cli_common import EXIT_CODES, AsJson, AsOf, Prepare, User, Warehouse, guarded, opened, parse_day, settings

if TYPE_CHECKING:
    from assistant.turn import Answer

app = typer.Typer(
    name="assistant",
    help="Candor answers business questions about customers, and shows why the answer can be trusted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command()
@guarded
def ask(
    question: Annotated[str | None, typer.Argument(help="The question, in quotes.")] = None,
    as_json: AsJson = False,
    thread: Annotated[str | None, typer.Option(help="Name of a conversation: later questions with it are follow-ups.")] = None,
    user: User = None,
    warehouse: Warehouse = None,
    as_of: AsOf = None,
    batch: Annotated[Path | None, typer.Option(help="JSON lines {id, question, follows?, user?} to answer in one go.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where the answers of --batch go, as JSON lines {id, answer}.")] = None,
    mind: Annotated[str | None, typer.Option(help="Who reads the question: auto, embedded, model or both.")] = None,
) -> None:
    """Answer a question about the customers in the warehouse."""
    day = parse_day(as_of)
    if (batch is None) != (out is None):
        raise typer.BadParameter("--batch and --out go together")
    if (question is None) == (batch is None):
        raise typer.BadParameter("give a question, or --batch and --out")
    with opened(warehouse, mind=mind) as assistant:
        if batch is not None and out is not None:
            from assistant.batch import run_batch

            answered = run_batch(assistant, batch, out, as_of=day, progress=_progress_line)
            typer.echo(f"{answered} questions answered into {out}", err=True)
            return
        from assistant.turn import Question

        answer = assistant.ask(Question(text=question or "", thread=thread, user=user, as_of=day))
        _show(answer, as_json=as_json)
    raise typer.Exit(EXIT_CODES[answer.status.value])


def _show(answer: Answer, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(answer.to_json(), ensure_ascii=False, indent=2))
        return
    from assistant.render.terminal import print_answer

    print_answer(answer)


def _progress_line(text: str) -> None:
    if sys.stderr.isatty():
        typer.echo(f"\r\033[K{text}", err=True, nl=False)


@app.command()
@guarded
def chat(
    port: Annotated[int | None, typer.Option(help="Port to listen on (default 8000).")] = None,
    warehouse: Warehouse = None,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = True,
    prepare: Prepare = None,
) -> None:
    """Open the chat in the browser; builds the default warehouse on the first start."""
    from assistant.interfaces.server import serve_chat

    serve_chat(settings(chat_port=port, warehouse=warehouse, prepare=prepare), open_browser=open_browser)


@app.command()
@guarded
def metric(
    query: Annotated[str, typer.Argument(help="A MetricQuery as JSON, or - for standard input.")],
    as_json: AsJson = False,
    user: User = None,
    warehouse: Warehouse = None,
    as_of: AsOf = None,
) -> None:
    """Run a MetricQuery: the engine without a mind."""
    from assistant.turn import Question, Step

    day = parse_day(as_of)
    try:
        arguments = json.loads(sys.stdin.read() if query == "-" else query)
    except json.JSONDecodeError as error:
        raise typer.BadParameter(f"not JSON: {error.msg} at character {error.pos}") from None
    if not isinstance(arguments, dict):
        raise typer.BadParameter("a MetricQuery is a JSON object")
    with opened(warehouse) as assistant:
        plan = (Step(tool="query_metrics", arguments=arguments),)
        answer = assistant.ask(Question(text="(a metric query)", user=user, plan=plan, as_of=day))
        _show(answer, as_json=as_json)
    raise typer.Exit(EXIT_CODES[answer.status.value])


app.add_typer(cli_data.warehouse_app, name="warehouse")
app.add_typer(cli_data.semantics_app, name="semantics")
app.add_typer(cli_operate.sql_app, name="sql")
app.add_typer(cli_operate.policy_app, name="policy")
app.add_typer(cli_users.users_app, name="users")
app.command()(cli_operate.doctor)
app.command()(cli_serve.serve)
app.command()(cli_serve.mcp)
app.add_typer(cli_keys.keys_app, name="keys")
app.add_typer(cli_teach.teach_app, name="teach")
cli_models.add_to(app)
cli_segments.add_to(app)
cli_actions.add_to(app)


def main() -> None:
    """Entry point of the `assistant` command."""
    app()


if __name__ == "__main__":
    main()
