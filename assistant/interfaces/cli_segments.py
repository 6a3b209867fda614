"""`assistant segments ...`: save a group of customers under a name, list and delete. Only a person's command does it, never a mind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.interfaces.cli_common import User, Warehouse, guarded, opened

if TYPE_CHECKING:
    from assistant.pipeline import Assistant
    from tools.core.contract import Finding, ToolContext
    from tools.core.query import Filter

segments_app = typer.Typer(no_args_is_help=True, help="Segments of your own: conditions saved under a name, to be used in questions.")


@segments_app.command("save")
@guarded
def segments_save(
    name: Annotated[str, typer.Argument(help="3 to 60 letters, digits and spaces; the same name again replaces it.")],
    of: Annotated[
        str | None, typer.Option("--of", help='A question about the group: "how many customers in the North are at risk".')
    ] = None,
    where: Annotated[list[str] | None, typer.Option("--where", help='A condition as JSON: {"field", "op", "values"}. Repeatable.')] = None,
    description: Annotated[str, typer.Option("--description", help="Who they are, in a sentence.")] = "",
    user: User = None,
    warehouse: Warehouse = None,
) -> None:
    """Save the customers of a question, or of some conditions, under a name."""
    from tools.segments.tool import keep_segment

    if (of is None) == (not where):
        raise typer.BadParameter("give --of, or --where")
    with opened(warehouse) as assistant:
        filters = _of_question(assistant, of, user) if of is not None else _of_json(where or [])
        _print(keep_segment(name, filters, _context(assistant, user), description=description))


@segments_app.command("delete")
@guarded
def segments_delete(name: Annotated[str, typer.Argument()], user: User = None, warehouse: Warehouse = None) -> None:
    """Delete a saved segment."""
    from tools.segments.tool import drop_segment

    with opened(warehouse) as assistant:
        _print(drop_segment(name, _context(assistant, user)))


@segments_app.command("list")
@guarded
def segments_list(user: User = None, warehouse: Warehouse = None) -> None:
    """List the saved segments with their conditions."""
    from tools.segments.tool import Segments, SegmentsInput

    with opened(warehouse) as assistant:
        _print(Segments().run(SegmentsInput(show="saved"), _context(assistant, user)))


def _context(assistant: Assistant, user: str | None) -> ToolContext:
    from tools.core.contract import ToolContext

    return ToolContext(warehouse=assistant.warehouse, rights=assistant.rights_book.rights_for(user), deadline_s=assistant.deadline_s)


def _of_question(assistant: Assistant, text: str, user: str | None) -> tuple[Filter, ...]:
    """The conditions of the plan that the question reads to."""
    from assistant.minds.embedded import EmbeddedMind
    from assistant.minds.look_ahead import look_ahead
    from assistant.turn import MindContext, Question
    from tools.core.errors import QuestionUnclear
    from tools.core.query import Filter

    rights = assistant.rights_book.rights_for(user)
    context = MindContext(warehouse=assistant.warehouse, rights=rights, as_of=assistant.warehouse.as_of)
    ahead = look_ahead(EmbeddedMind(assistant.warehouse), Question(text=text, user=user), context)
    found = dict(ahead.plans[0][0].arguments) if ahead.is_sure and ahead.plans[0] else {}
    if not found.get("filters") or found.get("entity_conditions"):
        raise QuestionUnclear(
            "I cannot take a group from this question: it has no condition that I am sure of, or one that a segment cannot keep.",
            try_instead="Ask it as a count first, such as 'how many customers in the North are at risk', or give --where.",
        )
    return tuple(Filter.model_validate(f) for f in found["filters"])


def _of_json(texts: list[str]) -> tuple[Filter, ...]:
    from pydantic import ValidationError

    from tools.core.query import Filter

    try:
        return tuple(Filter.model_validate(json.loads(text)) for text in texts)
    except (json.JSONDecodeError, ValidationError):
        raise typer.BadParameter('a condition is JSON such as {"field": "customers.region", "op": "in", "values": ["North"]}') from None


def _print(finding: Finding) -> None:
    from assistant.render.markdown import table

    typer.echo(f"{finding.reading.sentence}\n\n{table(finding.tables[0], max_rows=200)}")


def add_to(app: typer.Typer) -> None:
    app.add_typer(segments_app, name="segments")
