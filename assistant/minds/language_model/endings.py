"""Tools that end a turn without an answer: a question back, or a decline. Their arguments become the pipeline's own values."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import BaseModel, ConfigDict, Field

from assistant.turn import Clarification, Decline, FollowUp, Option, Step
from tools.core.errors import QueryUnsupported
from tools.core.query.metric_query import MetricQuery


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class ReadingOption(_Strict):
    """One reading of the question."""

    label: str = Field(min_length=1, max_length=160)
    """The reading in a few words, as a button: "Revenue by campaign type"."""
    query: MetricQuery
    """The complete plan of this reading."""


class AskBack(_Strict):
    """A question back to the person."""

    prompt: str = Field(min_length=1, max_length=300)
    """The question, in one sentence."""
    options: tuple[ReadingOption, ...] = Field(min_length=2, max_length=5)
    understood: str = Field(default="", max_length=300)
    """What is clear already."""


class DeclineInput(_Strict):
    """Why the question cannot be answered."""

    reason: str = Field(min_length=1, max_length=400)
    """One or two sentences: what is missing. No figures."""
    understood: str = Field(default="", max_length=300)
    """What was understood."""
    unplaced_words: tuple[str, ...] = Field(default=(), max_length=8)
    """Words of the question that fit nothing here."""
    nearest_questions: tuple[str, ...] = Field(default=(), max_length=3)
    """Questions that this data answers."""


def clarification(asked: AskBack, sentence_of: Callable[[MetricQuery], str | None]) -> Clarification:
    """The question back, with options that really run and differ.

    Args:
        sentence_of: A query in canonical words; None when it cannot run.
    Raises:
        QueryUnsupported: Fewer than two options that can run and differ; the model may mend them.
    """
    options: dict[str, Option] = {}
    broken: list[str] = []
    for option in asked.options:
        sentence = sentence_of(option.query)
        if sentence is None:
            broken.append(option.label)
            continue
        step = Step(tool="query_metrics", arguments=option.query.model_dump(mode="json", exclude_defaults=True))
        # The canonical sentence is the label: what the model wrote may promise what its plan does not do.
        options.setdefault(sentence, Option(label=sentence, plan=(step,)))
    if len(options) < 2:
        cause = f"these options cannot run: {', '.join(broken)}" if broken else "the options mean the same"
        raise QueryUnsupported(f"A question back needs two readings that differ; {cause}.", try_instead="Correct the options, or answer.")
    return Clarification(prompt=asked.prompt, options=tuple(options.values()), understood=asked.understood)


def decline(declined: DeclineInput, is_answerable: Callable[[str], bool]) -> Decline:
    """The decline, with only such next questions as the assistant can really answer."""
    nearest = tuple(FollowUp(label=q, question=q) for q in declined.nearest_questions if is_answerable(q))
    return Decline(
        code="unsupported",
        message=_without_figures(declined.reason),
        understood=declined.understood.rstrip("."),
        unplaced=declined.unplaced_words,
        nearest=nearest,
    )


def _without_figures(reason: str) -> str:
    """A refusal states no number: nothing was computed that could prove it."""
    if any(character.isdigit() for character in reason):
        return "This cannot be answered from the data at hand."
    return reason if reason.endswith((".", "!", "?")) else f"{reason}."
