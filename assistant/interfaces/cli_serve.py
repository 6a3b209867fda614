"""`assistant serve` and `assistant mcp`."""

from __future__ import annotations

from typing import Annotated

import typer

from assistant.interfaces.cli_common import Warehouse, guarded, settings


@guarded
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (default 127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (default 8000).")] = None,
    warehouse: Warehouse = None,
    chat: Annotated[bool, typer.Option("--chat/--no-chat", help="The browser chat; run it in one process only.")] = True,
    rest: Annotated[bool, typer.Option("--rest/--no-rest", help="REST under /v1.")] = True,
) -> None:
    """Serve chat and REST in one process, until it is stopped."""
    from assistant.interfaces.serve import Parts
    from assistant.interfaces.serve import serve as run

    run(settings(chat_host=host, chat_port=port, warehouse=warehouse), Parts(chat=chat, rest=rest, mcp=False, slack=False))
