"""`assistant serve` and `assistant mcp`."""

from __future__ import annotations

from typing import Annotated

import typer

from assistant.interfaces.cli_common import Prepare, User, Warehouse, attributes_of, guarded, opened, settings


@guarded
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (default 127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (default 8000).")] = None,
    warehouse: Warehouse = None,
    chat: Annotated[bool, typer.Option("--chat/--no-chat", help="The browser chat; run it in one process only.")] = True,
    rest: Annotated[bool, typer.Option("--rest/--no-rest", help="REST under /v1.")] = True,
    mcp: Annotated[bool, typer.Option("--mcp/--no-mcp", help="MCP for other agents, at /mcp.")] = True,
    slack: Annotated[
        bool | None, typer.Option("--slack/--no-slack", help="Slack, at /slack/events; default: when its token and secret are set.")
    ] = None,
    prepare: Prepare = None,
) -> None:
    """Serve chat, REST, MCP and Slack in one process, until it is stopped."""
    from assistant.interfaces.serve import Parts
    from assistant.interfaces.serve import serve as run

    chosen = settings(chat_host=host, chat_port=port, warehouse=warehouse, prepare=prepare)
    configured = chosen.slack_bot_token is not None and chosen.slack_signing_secret is not None
    run(chosen, Parts(chat=chat, rest=rest, mcp=mcp, slack=configured if slack is None else slack))


@guarded
def mcp(
    user: User = None,
    role: Annotated[str | None, typer.Option(help="Or with this role of the warehouse's policy.")] = None,
    attribute: Annotated[list[str] | None, typer.Option(help="With --role: NAME=VALUE that its row rules need (repeatable).")] = None,
    key: Annotated[str | None, typer.Option(envvar="ASSISTANT_MCP_KEY", help="Or as this API key.")] = None,
    http: Annotated[
        bool, typer.Option("--http", help="Serve at /mcp on --port with API keys, instead of standard input and output.")
    ] = False,
    port: Annotated[int | None, typer.Option(help="With --http: port to listen on (default 8000).")] = None,
    warehouse: Warehouse = None,
) -> None:
    """Serve other agents by the Model Context Protocol, read-only, with the rights of a user, a role or an API key."""
    if sum(given is not None for given in (user, role, key)) > 1:
        raise typer.BadParameter("give one of --user, --role and --key")
    if http:
        if user or role or key:
            raise typer.BadParameter("with --http the key of each request says who asks")
        from assistant.interfaces.serve import Parts
        from assistant.interfaces.serve import serve as run

        run(settings(chat_port=port, warehouse=warehouse), Parts(chat=False, rest=False, mcp=True, slack=False))
        return
    _mcp_on_stdio(user, role, attributes_of(attribute or []), key, warehouse)


def _mcp_on_stdio(user: str | None, role: str | None, attributes: dict[str, str], key: str | None, warehouse: str | None) -> None:
    from assistant.interfaces.http_api_keys import ApiKeys, user_of
    from assistant.interfaces.mcp_server import serve_stdio
    from assistant.interfaces.serve_desk import Desk, DeskAssistant
    from tools.core.sql_guard import User as Somebody

    with opened(warehouse) as assistant:
        somebody = Somebody(name=f"role:{role}", role=role, attributes=attributes) if role is not None else None
        if key is not None:
            kept = ApiKeys(settings().home).check(key)
            user, somebody = kept.runs_as, user_of(kept)
        if somebody is not None:
            assistant.rights_book.admit(somebody)
            user = somebody.name
        name = assistant.rights_book.name_of(user)
        # Somebody without rights is to be known now, not with the first question.
        assistant.rights_book.rights_for(name)
        serve_stdio(DeskAssistant(assistant, Desk(), "mcp"), name)
