"""`assistant keys ...`: API keys for REST and MCP."""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated

import typer

from assistant.interfaces.cli_common import AsJson, Warehouse, attributes_of, guarded, settings

keys_app = typer.Typer(no_args_is_help=True, help="API keys for REST and MCP.")


@keys_app.command("add")
@guarded
def keys_add(
    name: Annotated[str, typer.Argument(help="What the key is for: reporting-job.")],
    user: Annotated[str | None, typer.Option(help="Run as this user of users.yaml.")] = None,
    role: Annotated[str | None, typer.Option(help="Or with this role of the warehouse's policy.")] = None,
    attribute: Annotated[list[str] | None, typer.Option(help="With --role: NAME=VALUE that its row rules need (repeatable).")] = None,
    days: Annotated[int, typer.Option(min=0, help="Days until it expires; 0 = never.")] = 90,
    warehouse: Warehouse = None,
) -> None:
    """Make a key. It is printed once and kept nowhere: only its hash is."""
    from assistant.interfaces.http_api_keys import ApiKeys

    if (user is None) == (role is None):
        raise typer.BadParameter("give --user or --role")
    attributes = attributes_of(attribute or [])
    _check_rights(user, role, attributes, warehouse)
    expires = dt.datetime.now(dt.UTC) + dt.timedelta(days=days) if days else None
    text, key = ApiKeys(settings().home).add(name, user=user, role=role, attributes=attributes, expires_at=expires)
    until = f"until {key.expires_at:%Y-%m-%d}" if key.expires_at else "for good"
    typer.echo(f"{key.name} runs as {key.user or f'role {key.role}'}, {until}. This is shown once:", err=True)
    typer.echo(text)


@keys_app.command("list")
@guarded
def keys_list(as_json: AsJson = False) -> None:
    """Show the keys that were made, without their secrets."""
    from assistant.interfaces.http_api_keys import ApiKeys

    now = dt.datetime.now(dt.UTC)
    keys = ApiKeys(settings().home).all()
    if as_json:
        rows = [key.model_dump(mode="json", exclude={"secret_hash"}) | {"state": key.state(now)} for key in keys]
        typer.echo(json.dumps(rows, indent=2))
        return
    for key in keys:
        until = f"until {key.expires_at:%Y-%m-%d}" if key.expires_at else "without end"
        typer.echo(f"{key.id}  {key.name:<24} {key.user or f'role {key.role}':<28} {key.state(now):<8} {until}")


@keys_app.command("revoke")
@guarded
def keys_revoke(name: Annotated[str, typer.Argument(help="Name or id, as in `assistant keys list`.")]) -> None:
    """Shut a key at once, for every running process."""
    from assistant.interfaces.http_api_keys import ApiKeys

    key = ApiKeys(settings().home).revoke(name)
    typer.echo(f"{key.name} ({key.id}) is revoked.", err=True)


def _check_rights(user: str | None, role: str | None, attributes: dict[str, str], warehouse: str | None) -> None:
    """A key that nobody could use is not made, nor one with the rights of this machine's own command line."""
    from assistant.rights import LOCAL, RightsBook
    from assistant.wiring import open_configured
    from tools.core.errors import NotAllowed
    from tools.core.sql_guard import User

    if LOCAL in (user, role):
        raise NotAllowed("The rights of the local command line are not given to a key.", try_instead="Choose another user or role.")
    chosen = settings()
    with open_configured(chosen, warehouse) as opened:
        book = RightsBook(policy=opened.policy, catalog=opened.catalog, users_file=chosen.home / "users.yaml")
        if role is not None:
            book.admit(User(name="key", role=role, attributes=attributes))
        else:
            book.rights_for(user)
