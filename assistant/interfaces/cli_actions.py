"""`assistant actions list`: whom to approach, within a budget, on screen or as CSV; only what the asker may see."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assistant.interfaces.cli_common import User, Warehouse, guarded, opened

actions_app = typer.Typer(no_args_is_help=True, help="Next best actions: whom to approach, and as a file for those who do it.")


@actions_app.command("list")
@guarded
def actions_list(
    action: Annotated[str | None, typer.Option("--action", help="Only this action, by its name; default each customer's best.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many customers.")] = 200,
    budget: Annotated[float | None, typer.Option("--budget", min=0.01, help="Most that the actions may cost together.")] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write the list to this file; it holds customers' numbers and no names.")
    ] = None,
    user: User = None,
    warehouse: Warehouse = None,
) -> None:
    """List the customers worth approaching, with the expected gain and the reasons; roles that see groups are refused."""
    from assistant.explain.tools import told
    from assistant.render.csv import to_csv
    from assistant.render.markdown import table
    from tools.core.contract import ToolContext
    from tools.next_best_action.tool import NextBestAction, NextBestActionInput

    with opened(warehouse) as assistant:
        rights = assistant.rights_book.rights_for(user)
        context = ToolContext(warehouse=assistant.warehouse, rights=rights, deadline_s=assistant.deadline_s)
        found = NextBestAction().run(NextBestActionInput(action=action, limit=limit, budget=budget), context)
    typer.echo(" ".join(told(found)), err=True)
    for caveat in found.caveats:
        typer.echo(f"- {caveat}", err=True)
    if csv is None:
        typer.echo(table(found.tables[0], max_rows=limit))
        return
    csv.write_bytes(to_csv(found.tables[0]))
    typer.echo(f"{len(found.tables[0].rows):,} rows in {csv}", err=True)


def add_to(app: typer.Typer) -> None:
    app.add_typer(actions_app, name="actions")
