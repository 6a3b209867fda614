"""An outcome and its findings, put together as an Answer."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

from assistant.explain.charts import choose_charts
from assistant.explain.headline import headline
from assistant.explain.phrases import asked, capitalised, join_words
from assistant.explain.tools import told as told_by_tool
from assistant.render.numbers import format_day, number_style
from assistant.toolbox import Toolbox
from assistant.turn import Answer, Clarification, Decline, Done, Fault, Option, Outcome, Proof, Question, Status, Step, Told, Trust
from tools.core.contract import Definition, Finding, Grade
from tools.core.errors import AnswerError, NotAllowed, QueryUnsupported, QuestionUnclear, SqlRefused, UnknownName

if TYPE_CHECKING:
    from assistant.explain.proof import ProvenText

_WEAKEST_LAST = (Grade.VERIFIED, Grade.GOVERNED, Grade.MODELLED, Grade.FREE_SQL)
_DECLINED = (QuestionUnclear, QueryUnsupported, UnknownName)
_REFUSED = (NotAllowed, SqlRefused)


def answer(question: Question, outcome: Outcome, toolbox: Toolbox, *, as_of: dt.date) -> Answer:
    """The answer to a question, without its next questions (they need the mind)."""
    if isinstance(outcome, Decline):
        made = _declined(question, outcome, as_of)
    elif isinstance(outcome, Clarification):
        made = _clarification(question, outcome, as_of)
    elif isinstance(outcome, Told):
        made = told(question, outcome, as_of)
    else:
        made = _done(question, outcome, toolbox, as_of)
    return replace(made, mind=outcome.mind, usage=outcome.usage)


def _declined(question: Question, outcome: Decline, as_of: dt.date) -> Answer:
    message = _as_sentence(outcome.message)
    parts = [message]
    understood = [part for part in outcome.understood.split(", ") if f"'{part}'" not in message] if outcome.understood else []
    if understood:
        parts.append(f"What I did understand: {', '.join(understood)}.")
    if not all(word in message for word in outcome.unplaced):
        parts.append(f"I could not place {join_words([f'“{word}”' for word in outcome.unplaced])}.")
    return Answer(
        id=question.id,
        question=question.text,
        status=Status.DECLINED,
        headline=message,
        text=" ".join(parts),
        follow_ups=outcome.nearest,
        as_of=as_of,
        unplaced=outcome.unplaced,
        error=Fault(code=outcome.code, message=message, try_instead=_try(outcome)),
    )


def _try(outcome: Decline) -> str:
    if outcome.nearest:
        return f"For instance: {outcome.nearest[0].question}"
    return "Ask for a number about your customers, such as revenue by month."


def _clarification(question: Question, outcome: Clarification, as_of: dt.date) -> Answer:
    return Answer(
        id=question.id,
        question=question.text,
        status=Status.NEEDS_CLARIFICATION,
        headline=outcome.prompt,
        text=f"So far I understood: {outcome.understood}." if outcome.understood else "",
        options=tuple(replace(option, label=asked(option.label)) for option in outcome.options),
        as_of=as_of,
    )


def told(question: Question, outcome: Told, as_of: dt.date) -> Answer:
    """An answer without a figure."""
    return Answer(
        id=question.id,
        question=question.text,
        status=Status.ANSWERED,
        headline=outcome.headline,
        text=outcome.text or outcome.headline,
        follow_ups=outcome.nearest,
        as_of=as_of,
    )


def _done(question: Question, outcome: Done, toolbox: Toolbox, as_of: dt.date) -> Answer:
    findings, ran = toolbox.findings[outcome.steps_given_up :], toolbox.ran[outcome.steps_given_up :]
    main = findings[-1]
    plan = tuple(Step(tool=step.tool, arguments=step.arguments) for step in ran)
    offered = outcome.doubt is not None
    # Each clause of "who is likely to leave, and what should we do" has its own step; their sentences stand in the order of the clauses.
    by_tool = [told_by_tool(finding) for finding in findings]
    clauses = [sentences or (headline(finding),) for sentences, finding in zip(by_tool, findings, strict=True)]
    sentences = tuple(itertools.chain.from_iterable(clauses))
    figures = not any(by_tool)
    said = " ".join(sentences) if figures else clauses[-1][0]
    read = " And: ".join(_asked(finding) for finding in findings) if figures else main.reading.sentence
    told = _told(outcome, findings, said, toolbox) if not offered else None
    options = (Option(label="Yes, that is what I meant", plan=plan), *outcome.alternatives) if offered else outcome.alternatives
    return Answer(
        id=question.id,
        question=question.text,
        status=Status.OFFERED if offered else Status.ANSWERED,
        headline=f"Did you mean: {read}?" if offered else said,
        text=_offer(outcome.doubt) if outcome.doubt is not None else told.text if told else " ".join(sentences),
        reading=main.reading,
        carried_over=outcome.carried_over,
        left_out=outcome.left_out,
        plan=plan,
        confidence=outcome.confidence,
        trust=_trust(outcome, findings),
        steps=tuple(ran),
        tables=tuple(table for finding in reversed(findings) for table in finding.tables),
        charts=choose_charts(main.tables[0], title=capitalised(main.reading.sentence)),
        quotes=tuple(quote for finding in findings for quote in finding.quotes),
        checks=tuple(check for finding in findings for check in finding.checks),
        definitions=tuple((d.label, d.text) for d in _unique(findings)),
        caveats=_caveats(outcome.notes, findings, as_of),
        options=options,
        proof=told.proof if told else Proof(),
        as_of=main.as_of or as_of,
    )


def _asked(finding: Finding) -> str:
    return asked(finding.reading.sentence, finding.reading.conditions)


def _offer(doubt: str) -> str:
    return f"{_as_sentence(doubt)} The table below shows the result of this reading."


def _told(outcome: Done, findings: list[Finding], said: str, toolbox: Toolbox) -> ProvenText | None:
    """A language model's sentences, as far as the findings bear them out; None when it wrote none."""
    if not outcome.prose:
        return None
    from assistant.explain.proof import metric_synonyms, prove

    # A language model writes figures the English way, and is proven so.
    with number_style("en"):
        told = prove(outcome.prose, findings, fallback=said, synonyms=metric_synonyms(toolbox.warehouse.model))
    return told if told.text else None


def _trust(outcome: Done, findings: list[Finding]) -> Trust:
    if outcome.verified_question is not None:
        return Trust(grade=Grade.VERIFIED.value, reason=f"A reviewed question and its query ran ({outcome.verified_question}).")
    weakest = max(findings, key=lambda f: _WEAKEST_LAST.index(f.grade))
    return Trust(grade=weakest.grade.value, reason=weakest.grade_reason)


def _unique(findings: list[Finding]) -> list[Definition]:
    return list({d.name: d for finding in findings for d in finding.definitions}.values())


def _caveats(notes: tuple[str, ...], findings: list[Finding], as_of: dt.date) -> tuple[str, ...]:
    """Each once: what the rights left out first, then how words were taken, the tools' own, and how fresh the data is."""
    views = [[words.removeprefix("your view: ") for words in finding.narrowed] for finding in findings]
    said = [f"Your view is limited: {join_words(view)}." for view in views if view]
    said += [_as_sentence(note) for note in notes]
    said += [_as_sentence(caveat) for finding in findings for caveat in finding.caveats]
    said.append(f"The data ends on {format_day(as_of, long=True)}.")
    return tuple(dict.fromkeys(said))


def from_error(question: Question, error: AnswerError) -> Answer:
    """The answer when there is none: what went wrong and who can do what about it."""
    if isinstance(error, _DECLINED):
        status = Status.DECLINED
    elif isinstance(error, _REFUSED):
        status = Status.REFUSED
    else:
        status = Status.FAILED
    message, instead = _as_sentence(error.message), _as_sentence(error.try_instead)
    return Answer(
        id=question.id,
        question=question.text,
        status=status,
        headline=message,
        text=f"{message} {instead}".strip(),
        error=Fault(code=error.public_code, message=message, try_instead=instead),
    )


def _as_sentence(text: str) -> str:
    return capitalised(text) if not text or text.endswith((".", "?", "!")) else f"{capitalised(text)}."
