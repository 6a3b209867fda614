"""What the commands share: exit codes, common options, and how errors leave the process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    from assistant.pipeline import Assistant
    from assistant.settings import Settings

EXIT_CODES = {"answered": 0, "offered": 3, "needs_clarification": 3, "declined": 3, "refused": 4, "failed": 1}

Warehouse = Annotated[str | None, typer.Option("--warehouse", "-w", help="A name from `assistant warehouse list`, or a folder.")]
User = Annotated[str | None, typer.Option("--user", help="Run with this user's rights (users.yaml); default: the local role.")]
Prepare = Annotated[
    bool | None,
    typer.Option("--prepare/--no-prepare", help="Compute predictions and read texts behind when there are none yet (default: yes)."),
]
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
def opened(warehouse: str | None, *, mind: str | None = None) -> Iterator[Assistant]:
    """An assistant for the length of one command."""
    from assistant.wiring import build

    assistant = build(settings(mind=mind), warehouse=warehouse)
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


def attributes_of(given: list[str]) -> dict[str, str]:
    """The NAME=VALUE pairs of a repeated --attribute; a usage error for anything else."""
    pairs = [text.partition("=") for text in given]
    if any(not name or not value for name, _, value in pairs):
        raise typer.BadParameter("write each --attribute as NAME=VALUE")
    return {name: value for name, _, value in pairs}
