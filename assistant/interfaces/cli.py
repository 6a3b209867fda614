"""The command line: `assistant ...`. Parses arguments and prints; everything else is imported when a command needs it.

Exit codes: 0 answered, 3 offered, declined or needs clarification, 4 refused by policy, 1 failed, 2 usage.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    from assistant.pipeline import Assistant
    from assistant.settings import Settings
    from assistant.turn import Answer

app = typer.Typer(
    name="assistant",
    help="Candor answers business questions about customers, and shows why the answer can be trusted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

EXIT_CODES = {"answered": 0, "offered": 3, "needs_clarification": 3, "declined": 3, "refused": 4, "failed": 1}

Warehouse = Annotated[str | None, typer.Option("--warehouse", "-w", help="A name from `assistant warehouse list`, or a folder.")]
User = Annotated[str | None, typer.Option("--user", help="Run with this user's rights (users.yaml); default: the local role.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
AsOf = Annotated[str | None, typer.Option("--as-of", help="Look at the data as on this day (YYYY-MM-DD).")]

Command = TypeVar("Command", bound=Callable[..., Any])


def guarded(command: Command) -> Command:
    """Turn an AnswerError into its message and the right exit code; nothing else is caught here."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        from tools.core.errors import AnswerError

        try:
            return command(*args, **kwargs)
        except AnswerError as error:
            fail(error)

    return run  # type: ignore[return-value]


def fail(error: Any) -> NoReturn:
    """Print an AnswerError on stderr and leave with its exit code."""
    from tools.core.errors import NotAllowed, RepairableByModel, SqlRefused

    typer.echo(f"{error.message}\n{error.try_instead}".rstrip() + f"  [{error.public_code}]", err=True)
    if isinstance(error, (NotAllowed, SqlRefused)):
        raise typer.Exit(EXIT_CODES["refused"])
    raise typer.Exit(EXIT_CODES["declined"] if isinstance(error, RepairableByModel) else EXIT_CODES["failed"])


def settings(**overrides: Any) -> Settings:
    """Settings of the environment, with what the command line says over them."""
    from pydantic import ValidationError

    from assistant.settings import Settings
    from tools.core.errors import SetupProblem

    try:
        return Settings(**{key: value for key, value in overrides.items() if value is not None})
    except ValidationError as error:
        problems = "; ".join(f"ASSISTANT_{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors(include_input=False))
        raise SetupProblem(f"A setting is wrong: {problems}.", try_instead="Correct it in the environment or in .env.") from None


@contextmanager
def opened(warehouse: str | None) -> Iterator[Assistant]:
    """An assistant for the length of one command."""
    from assistant.wiring import build

    assistant = build(settings(), warehouse=warehouse)
    try:
        yield assistant
    finally:
        assistant.close()


def parse_day(text: str | None) -> Any:
    """The day of `--as-of`; a usage error when it is not one."""
    import datetime as dt

    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a day; write it as YYYY-MM-DD") from None


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
    settings(mind=mind)
    if (batch is None) != (out is None):
        raise typer.BadParameter("--batch and --out go together")
    if (question is None) == (batch is None):
        raise typer.BadParameter("give a question, or --batch and --out")
    with opened(warehouse) as assistant:
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
) -> None:
    """Open the chat in the browser; builds the default warehouse on the first start."""
    from assistant.interfaces.server import serve_chat

    serve_chat(settings(chat_port=port, warehouse=warehouse), open_browser=open_browser)


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


def _add_groups() -> None:
    from assistant.interfaces import cli_data, cli_operate

    app.add_typer(cli_data.warehouse_app, name="warehouse")
    app.add_typer(cli_data.semantics_app, name="semantics")
    app.add_typer(cli_operate.sql_app, name="sql")
    app.add_typer(cli_operate.policy_app, name="policy")
    app.command()(cli_operate.doctor)


def main() -> None:
    """Entry point of the `assistant` command."""
    _add_groups()
    app()


if __name__ == "__main__":
    main()
