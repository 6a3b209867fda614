"""`assistant teach ...`: look at what could be taught, see what it would change, apply or reject it. Only a person's command teaches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.interfaces.cli_common import AsJson, Warehouse, guarded, opened, settings

if TYPE_CHECKING:
    from assistant.lessons import Effect
    from assistant.minds.embedded import EmbeddedMind
    from assistant.pipeline import Assistant
    from assistant.teaching import Proposal, Proposals
    from tools.core.semantics.additions import ModelAddition

teach_app = typer.Typer(no_args_is_help=True, help="Teach words that could not be placed, and readings that were confirmed.")

Number = Annotated[int, typer.Argument(help="Number of the proposal, from `assistant teach list`.")]
Target = Annotated[str | None, typer.Option("--as", help="What the word means: METRIC, DATASET, DATASET.FIELD or DATASET.FIELD=VALUE.")]
Verb = Annotated[bool, typer.Option("--verb", help="The word is a verb of the metric or dataset.")]
Cases = Annotated[Path, typer.Option("--cases", help="Folder of eval suites whose questions are read before and after.")]
_SUITES = Path("evals/suites")
_SHOWN = 20


@teach_app.command("list")
@guarded
def teach_list(
    status: Annotated[str, typer.Option(help="open, applied or rejected.")] = "open", warehouse: Warehouse = None, as_json: AsJson = False
) -> None:
    """List the proposals, the most frequent first."""
    found = _proposals().all(warehouse or settings().warehouse, status=status)
    if as_json:
        typer.echo(json.dumps([proposal.to_json() for proposal in found], indent=1))
        return
    for proposal in found:
        typer.echo(f"{proposal.id:>4}  {proposal.kind:<9} seen {proposal.seen}x  {proposal.text}")
    if not found:
        typer.echo(f"No {status} proposals.")


@teach_app.command("show")
@guarded
def teach_show(
    number: Number, target: Target = None, verb: Verb = False, cases: Cases = _SUITES, warehouse: Warehouse = None, as_json: AsJson = False
) -> None:
    """Show a proposal with the eval questions and past questions that it would change."""
    with opened(warehouse, mind="embedded") as assistant:
        proposal = _proposals().find(assistant.warehouse.name, number)
        shown: dict[str, Any] = {"proposal": proposal.to_json(), "candidates": list(_candidates(proposal, assistant))}
        if target or proposal.kind != "word":
            effect = _effect(_addition(proposal, target, assistant, verb=verb), assistant, cases)
            shown["changes"] = [{"question": c.question, "before": c.before, "after": c.after} for c in effect.changes]
            shown |= {"questions_read": effect.asked, "changed_in_test_split": effect.hidden}
        typer.echo(json.dumps(shown, indent=1) if as_json else _told(shown))


@teach_app.command("apply")
@guarded
def teach_apply(number: Number, target: Target = None, verb: Verb = False, warehouse: Warehouse = None) -> None:
    """Teach a proposal: from the next question on, for everybody who asks this warehouse."""
    from assistant.lessons import effect_of, keep

    with opened(warehouse, mind="embedded") as assistant:
        proposal = _proposals().find(assistant.warehouse.name, number)
        addition = _addition(proposal, target, assistant, verb=verb)
        effect_of(addition, _mind(assistant), assistant.context(), ())  # A model that does not take it says so before anything is kept.
        keep(assistant.warehouse, addition)
        _proposals().decide(proposal, "applied")
        typer.echo(f"Taught: '{proposal.text}'" + (f" as {target}." if target else "."))


@teach_app.command("reject")
@guarded
def teach_reject(number: Number, warehouse: Warehouse = None) -> None:
    """Put a proposal aside; it does not come back."""
    proposals = _proposals()
    proposal = proposals.find(warehouse or settings().warehouse, number)
    proposals.decide(proposal, "rejected")
    typer.echo(f"Rejected: '{proposal.text}'.")


def _mind(assistant: Assistant) -> EmbeddedMind:
    """The embedded mind, which every built assistant has."""
    if assistant.embedded is None:
        raise RuntimeError("the assistant was not made by the composition root")
    return assistant.embedded


def _proposals() -> Proposals:
    from assistant.teaching import Proposals

    return Proposals(settings().home / "teaching.sqlite")


def _addition(proposal: Proposal, target: str | None, assistant: Assistant, *, verb: bool) -> ModelAddition:
    from assistant.lessons import addition_for

    return addition_for(proposal, target, assistant.warehouse.model, verb=verb)


def _candidates(proposal: Proposal, assistant: Assistant) -> tuple[str, ...]:
    return _mind(assistant).meanings_of(proposal.text) if proposal.kind == "word" else ()


def _effect(addition: ModelAddition, assistant: Assistant, cases: Path) -> Effect:
    from assistant.lessons import effect_of, eval_questions

    name = assistant.warehouse.name
    found = list(eval_questions(cases, name)) if cases.is_dir() else []
    asked = [*assistant.conversations.questions(name), *(question for question, named in found if named)]
    return effect_of(addition, _mind(assistant), assistant.context(), asked, hidden=[question for question, named in found if not named])


def _told(shown: dict[str, Any]) -> str:
    proposal = shown["proposal"]
    lines = [f"{proposal['kind']} '{proposal['text']}', seen {proposal['seen']}x, {proposal['status']}"]
    lines += [f"  for example: {proposal['example']}"] if proposal["example"] else []
    lines += ["  it may mean: " + ", ".join(shown["candidates"])] if shown["candidates"] else []
    if "changes" in shown:
        lines.append(
            f"  changes {len(shown['changes'])} of {shown['questions_read']} questions, {shown['changed_in_test_split']} more unseen"
        )
        for change in shown["changes"][:_SHOWN]:
            lines += [f"  - {change['question']}", f"      before: {change['before']}", f"      after:  {change['after']}"]
    return "\n".join(lines)
