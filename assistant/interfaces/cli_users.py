"""`assistant users ...`: who may log in, and with which role."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.interfaces.cli_common import Warehouse, guarded, settings

if TYPE_CHECKING:
    from assistant.passwords import PasswordFile
    from assistant.settings import Settings
    from tools.core.sql_guard import Policy

users_app = typer.Typer(no_args_is_help=True, help="Who may log in to the chat, and with which role.")

Name = Annotated[str, typer.Argument(help="User name: what is typed at login, or the name or e-mail that the login service gives.")]
FromInput = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input instead of asking.")]


@users_app.command("add")
@guarded
def add(
    name: Name,
    role: Annotated[str, typer.Option(help="A role of the warehouse's policy.")],
    attribute: Annotated[list[str] | None, typer.Option(help="What the role's row rules need, as name=value; may be repeated.")] = None,
    password: Annotated[bool, typer.Option("--password/--no-password", help="Also set a password, for ASSISTANT_LOGIN=password.")] = True,
    password_stdin: FromInput = False,
    warehouse: Warehouse = None,
) -> None:
    """Give somebody a role, and a password to log in with."""
    from assistant.users_file import put_user
    from tools.core.sql_guard import User

    configured = settings()
    attributes = dict(_pair(text) for text in attribute or ())
    chosen = _ask_password(password_stdin) if password else None
    put_user(configured.home / "users.yaml", User(name=name, role=role, attributes=attributes), _policy(configured, warehouse))
    if chosen is not None:
        _passwords(configured).set(name, chosen)
    typer.echo(f"{name} has the role {role}{' and a password' if chosen is not None else ''}.")


@users_app.command("password")
@guarded
def password(name: Name, password_stdin: FromInput = False) -> None:
    """Set or change a password; sessions with the old one end."""
    configured = settings()
    _passwords(configured).set(name, _ask_password(password_stdin))
    typer.echo(f"{name} has a new password.")


@users_app.command("remove")
@guarded
def remove(name: Name, warehouse: Warehouse = None) -> None:
    """Take role and password away; open sessions end."""
    from assistant.users_file import drop_user

    configured = settings()
    listed = drop_user(configured.home / "users.yaml", name, _policy(configured, warehouse))
    if not (_passwords(configured).remove(name) or listed):
        raise typer.BadParameter(f"there is no user {name!r}")
    typer.echo(f"{name} is removed.")


@users_app.command("list")
@guarded
def list_users(warehouse: Warehouse = None) -> None:
    """Everybody with a role, and whether they have a password."""
    from tools.core.sql_guard import read_users

    configured = settings()
    path = configured.home / "users.yaml"
    with_password = set(_passwords(configured).names)
    users = read_users(path, _policy(configured, warehouse)) if path.exists() else {}
    for name, user in users.items():
        attributes = "".join(f" {key}={value}" for key, value in user.attributes.items())
        typer.echo(f"{name}\t{user.role}{attributes}\t{'password' if name in with_password else 'no password'}")
    for name in sorted(with_password - set(users)):
        typer.echo(f"{name}\tno role: may not ask\tpassword")


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (sign and name and value):
        raise typer.BadParameter(f"{text!r} is not name=value")
    return name, value


def _ask_password(from_input: bool) -> str:
    if from_input:
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def _passwords(configured: Settings) -> PasswordFile:
    from assistant.passwords import PasswordFile

    return PasswordFile(configured.home / "passwords.json")


def _policy(configured: Settings, warehouse: str | None) -> Policy | None:
    from assistant.wiring import open_configured

    with open_configured(configured, warehouse) as opened:
        return opened.policy
