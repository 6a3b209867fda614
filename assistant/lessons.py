"""Applying what is taught: where a word goes, what it would change, and the file that keeps it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from assistant.minds.look_ahead import Ahead, look_ahead
from assistant.teaching import MEANS, Proposal
from assistant.turn import MindContext, Question
from tools.core.errors import QueryUnsupported, UnknownName
from tools.core.semantics.additions import ModelAddition, TaughtWord
from tools.core.semantics.problems import did_you_mean
from tools.core.warehouse import Warehouse
from tools.core.warehouse.intelligence import TAUGHT, taught, write_json
from tools.core.warehouse.warehouse import model_with

if TYPE_CHECKING:
    from assistant.minds.embedded import EmbeddedMind
    from tools.core.semantics.model import SemanticModel


@dataclass(frozen=True, kw_only=True)
class Change:
    """A question that would be read in another way."""

    question: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What an addition would change."""

    asked: int
    """Questions that were read before and after."""
    changes: tuple[Change, ...]
    hidden: int
    """Changed eval questions of the test split: counted, never named."""


def addition_for(proposal: Proposal, target: str | None, model: SemanticModel, *, verb: bool) -> ModelAddition:
    """What applying a proposal adds to the model.

    Args:
        target: For a word: a metric, a dataset, `dataset.field`, or `dataset.field=value`.
        verb: The word is a verb of the metric or dataset, to be used in all its forms.
    Raises:
        UnknownName: No such thing in the model.
        QueryUnsupported: A word without a target, or the like.
    """
    if proposal.kind == "question":
        plan = dict(proposal.plan[-1].arguments)
        name = f"taught-{hashlib.sha256(proposal.text.encode()).hexdigest()[:10]}"
        return ModelAddition(verified_questions=({"id": name, "question": proposal.text, "query": plan, "verified_by": "teach"},))
    if proposal.kind == "choice":
        phrase, _, means = proposal.text.partition(MEANS)
        return ModelAddition(choices=({"phrase": phrase, "means": json.loads(means) if means.startswith("{") else means},))
    if not target:
        raise QueryUnsupported(
            f"'{proposal.text}' needs something to mean.",
            try_instead="Say what, with --as METRIC, DATASET, DATASET.FIELD or DATASET.FIELD=VALUE.",
        )
    return ModelAddition(words=(_word(proposal.text, target, model, verb=verb),))


def _word(phrase: str, target: str, model: SemanticModel, *, verb: bool) -> TaughtWord:
    name, _, value = target.partition("=")
    known = {*model.metrics, *model.datasets, *(field.id for field in model.fields())}
    if name not in known:
        raise UnknownName(f"The model has no '{name}'.", try_instead=did_you_mean(name, known) or "See `assistant semantics describe`.")
    is_field = "." in name
    if (value and not is_field) or (verb and (is_field or value)):
        raise QueryUnsupported(
            "Values belong to fields, and verbs to metrics and datasets.", try_instead="Correct --as, or leave --verb out."
        )
    kind: Literal["synonym", "verb", "value"] = "value" if value else "verb" if verb else "synonym"
    return TaughtWord(phrase=phrase, kind=kind, target=name, value=value or None)


def effect_of(
    addition: ModelAddition, mind: EmbeddedMind, context: MindContext, questions: Iterable[str], *, hidden: Sequence[str] = ()
) -> Effect:
    """Every question read before and after; nothing runs.

    Raises:
        ModelInvalid: The model does not take the addition.
    """
    after = mind.over(model_with(context.warehouse, addition))
    asked = tuple(dict.fromkeys(questions))
    changes = tuple(change for text in asked if (change := _change(text, mind, after, context)) is not None)
    unseen = sum(_change(text, mind, after, context) is not None for text in hidden)
    return Effect(asked=len(asked) + len(hidden), changes=changes, hidden=unseen)


def _change(text: str, before: EmbeddedMind, after: EmbeddedMind, context: MindContext) -> Change | None:
    question = Question(text=text)
    then, now = look_ahead(before, question, context), look_ahead(after, question, context)
    if (then.plans, then.is_sure) == (now.plans, now.is_sure):
        return None
    return Change(question=text, before=_in_words(then, before, context), after=_in_words(now, after, context))


def _in_words(ahead: Ahead, mind: EmbeddedMind, context: MindContext) -> str:
    if not ahead.plans:
        return "declined"
    how = "answered" if ahead.is_sure else "offered" if len(ahead.plans) == 1 else "asked back"
    sentence = mind.sentence_of(ahead.plans[0], context)
    return f"{how}: {sentence}" if sentence else how


def keep(warehouse: Warehouse, addition: ModelAddition) -> None:
    """Write an approved addition beside the pointer of the warehouse; it holds from the next start on."""
    folder = warehouse.data_folder.parent.parent
    kept = taught(folder)
    words = tuple(dict.fromkeys((*kept.words, *addition.words)))
    choices = [c for c in kept.choices if c["phrase"] not in {new["phrase"] for new in addition.choices}]
    others = [q for q in kept.verified_questions if q["id"] not in {new["id"] for new in addition.verified_questions}]
    update = {
        "words": words,
        "choices": (*choices, *addition.choices),
        "verified_questions": (*others, *addition.verified_questions),
    }
    write_json(folder / TAUGHT, kept.model_copy(update=update))


def eval_questions(folder: Path, warehouse: str) -> Iterator[tuple[str, bool]]:
    """(question, whether it may be named) of the eval suites below a folder that ask this warehouse; those of the test split may not."""
    import yaml

    for path in sorted(folder.glob("*/*.yaml")):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        if isinstance(document, dict) and document.get("warehouse") == warehouse:
            for case in document.get("cases") or ():
                test = int(hashlib.sha256(str(case["id"]).encode()).hexdigest(), 16) % 10 < 3
                if not case.get("follows"):
                    yield str(case["question"]), not test
