"""From readings to an outcome: an answer, an offer that names its doubt, a question back, or a decline that helps."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from assistant.minds.embedded.alternatives import plans_of, same_results
from assistant.minds.embedded.arbiter import is_intricate, judge
from assistant.minds.embedded.assemble import Reading
from assistant.minds.embedded.clauses import ClausesReading
from assistant.minds.embedded.followup import FollowUpReading
from assistant.minds.embedded.nearest import nearest_questions
from assistant.minds.embedded.refit import narrowed, refitted, row_condition
from assistant.minds.embedded.verified import Verified
from assistant.minds.reflection import unreflected
from assistant.turn import Clarification, Decline, Done, MindContext, Option, Question, Step, Thinking
from tools.core.contract import Finding
from tools.core.errors import AnswerError, RepairableByModel
from tools.core.query.metric_query import Filter, MetricQuery
from tools.core.semantics.model import SemanticModel

if TYPE_CHECKING:
    from assistant.minds.embedded.mind import QuestionReader

TOOL = "query_metrics"
_NAMING = frozenset({"metric", "filter", "grouping", "window", "subject", "condition", "threshold", "count"})
"""Parts of a plan whose words name something; the others are held by words like "of" and "the"."""


def step_of(query: MetricQuery) -> Step:
    return Step(tool=TOOL, arguments=query.model_dump(mode="json", exclude_defaults=True))


def run_verified(verified: Verified, question: Question) -> Thinking:
    query = verified.query if question.as_of is None else verified.query.model_copy(update={"as_of": question.as_of})
    yield step_of(query)
    return Done(verified_question=verified.id)


def run_readings(
    readings: list[Reading], notes: tuple[str, ...], reader: QuestionReader, question: Question, context: MindContext
) -> Thinking:
    """The best reading that holds."""
    best = readings[0]
    if best.lacks_measure and len(readings) > 2:
        return _ask_which(readings[1:], "Which figure do you mean?", reader, question, context)
    if best.absent:
        return _absent(best, reader, question, context)
    if best.query is None or best.is_guess:
        return _not_understood(best, reader, question, context)
    outside = reader.outside_data(best.query, context)
    if outside:
        return _unsupported(best, outside, reader, question, context)
    error = reader.compile_error(best.query, context)
    if error is not None:
        return _unsupported(best, _in_full(error), reader, question, context)
    compared = 0
    if len(readings) > 1:
        compared = yield from same_results([step_of(r.query) for r in plans_of(readings) if r.query is not None], context)
        if not compared:
            return _ask_which(readings, "This can be read in more than one way. Which one do you mean?", reader, question, context)
        notes = (*notes, f"this can be read in {compared} ways, which give the same result")
    finding = yield step_of(best.query)
    shown, finding = yield from _named(best.query, finding)
    judged = judge(question.text, best, reader.model, reader.learner)
    left_out = tuple(best.account.ignored)
    return Done(
        left_out=left_out,
        unplaced=best.account.leftover,
        notes=(*notes, *best.notes),
        doubt=judged.doubt or nothing_meets(best.query, finding),
        confidence=judged.confidence,
        steps_given_up=compared + (shown != best.query),
    )


def _ask_which(
    readings: list[Reading], prompt: str, reader: QuestionReader, question: Question, context: MindContext
) -> Clarification | Decline:
    """One question back; a decline when fewer than two of the readings can run."""
    options = tuple(option for r in readings if (option := _option(r, reader, context)) is not None)
    if len(options) < 2:
        return _not_understood(readings[0], reader, question, context)
    return Clarification(prompt=prompt, options=options[:5], understood=_understood(readings[0], reader, readings))


def run_follow_up(
    follow_up: FollowUpReading, notes: tuple[str, ...], reader: QuestionReader, question: Question, context: MindContext
) -> Thinking:
    """The edited plan; parts that its figure has not got are left out, and named."""
    if follow_up.refused:
        return Decline(code="unsupported", message=follow_up.refused, understood=", ".join(follow_up.carried_over))
    if follow_up.others:
        every = [(reader.sentence(q, context), q) for q in (follow_up.query, *follow_up.others)]
        options = tuple(Option(label=label, plan=(step_of(q),)) for label, q in every if label)
        return Clarification(prompt="Which of these do you mean?", options=options[:5], understood=", ".join(follow_up.carried_over))
    given_up = 0
    query, doubt, more = follow_up.query, follow_up.doubt, follow_up.notes
    if follow_up.row is not None and follow_up.previous is not None:
        shown = yield step_of(follow_up.previous)
        given_up += 1
        world = reader.world(context.as_of)
        named = row_condition(follow_up.previous, follow_up.row, shown, world.calendar)
        if named is None:
            return Decline(code="not_understood", message="The table before has no such row.", understood=", ".join(follow_up.carried_over))
        query = narrowed(query, named, world)
    error = reader.compile_error(query, context)
    if error is not None:
        fitted = refitted(query, reader.world(context.as_of))
        if fitted is None or reader.compile_error(fitted[0], context) is not None:
            return Decline(
                code="unsupported",
                message=_in_full(error),
                understood=", ".join(follow_up.carried_over),
            )
        query, lost = fitted
        if query == follow_up.previous:
            return Decline(code="unsupported", message=f"{error.message}.", understood=", ".join(follow_up.carried_over))
        doubt = doubt or (f"What I show has no {' or '.join(lost)}, so that is left out" if lost else None)
    outside = reader.outside_data(query, context)
    if outside:
        return Decline(code="unsupported", message=outside, understood=", ".join(follow_up.carried_over))
    finding = yield step_of(query)
    if follow_up.instead is not None and nothing_meets(query, finding) and reader.compile_error(follow_up.instead, context) is None:
        given_up += 1
        query = follow_up.instead
        more = (*more, "nothing meets this together with the condition before, which is left out")
        finding = yield step_of(query)
    known, finding = yield from _named(query, finding)
    given_up, query = given_up + (known != query), known
    said = question.text if follow_up.named is None else follow_up.named
    second = second_look(said, query, reader.model, follow_up.previous) if not follow_up.is_plain else None
    doubt = doubt or second or nothing_meets(query, finding)
    return Done(carried_over=follow_up.carried_over, notes=(*notes, *more), doubt=doubt, steps_given_up=given_up)


def run_clauses(clauses: ClausesReading, notes: tuple[str, ...], reader: QuestionReader, question: Question) -> Thinking:
    """Both parts of a question in two parts: one plan, or two."""
    empty = None
    for query in clauses.queries:
        finding = yield step_of(query)
        empty = empty or nothing_meets(query, finding)
    lost = second_look(question.text, clauses.queries[-1], reader.model) if len(clauses.queries) == 1 else None
    left_out = tuple(clauses.first.account.ignored)
    return Done(left_out=left_out, notes=(*notes, *clauses.first.notes, *clauses.second.notes), doubt=clauses.doubt or lost or empty)


def second_look(text: str, query: MetricQuery, model: SemanticModel, previous: MetricQuery | None = None) -> str | None:
    """Why an edited plan should be confirmed. A fragment is too little to read for a second reader: what it makes intricate always is."""
    words = unreflected(text, query, model)
    if words:
        return "I am not sure that this answers " + " and ".join(f"'{word}'" for word in words)
    beside_another_window = query.model_copy(update={"comparison": None})
    carried = previous is not None and _intricate_parts(query) == _intricate_parts(previous)
    if carried or not is_intricate(beside_another_window if previous is not None else query):
        return None
    return "This has several parts, and I may have put them together differently than you meant"


def _intricate_parts(query: MetricQuery) -> tuple[object, ...]:
    of_measures = tuple((m.per, m.entity_conditions, m.filters) for m in query.metrics)
    shapes = (query.cohort, query.distribution, query.pairs, query.lifecycle, query.top_per_group)
    return (query.entity_conditions, of_measures, query.having, *shapes)


def nothing_meets(query: MetricQuery, finding: Finding | None) -> str | None:
    """Why a figure without any data should be confirmed: conditions that nothing meets together were more likely misread than meant."""
    conditions = len(query.filters) + len(query.entity_conditions)
    if finding is None or not finding.tool or conditions < 2 or not finding.tables:
        return None  # Who only looks ahead has nothing to send.
    table = finding.tables[0]
    figures = [at for at, column in enumerate(table.columns) if column.role == "metric"]
    empty = all(row[at] is None for row in table.rows for at in figures)
    return "Nothing in the data meets these conditions together, so I may have read one of them wrongly" if figures and empty else None


def _named(query: MetricQuery, finding: Finding) -> Generator[Step, Finding, tuple[MetricQuery, Finding]]:
    """The plan to show and its rows: asked once more where rows without a name are among the first."""
    named = without_the_nameless(query, finding)
    return (query, finding) if named is None else (named, (yield step_of(named)))


def without_the_nameless(query: MetricQuery, finding: Finding | None) -> MetricQuery | None:
    """The same ranking of what has a name, where rows without one are among the first: "which coupon brought most" asks for a coupon.

    None when all are named, or no first ones are picked.
    """
    if query.limit is None or finding is None or not finding.tool or not finding.tables:
        return None
    table = finding.tables[0]
    splits = [at for at, column in enumerate(table.columns) if column.role == "dimension"]
    if len(splits) != len(query.dimensions):
        return None
    fields = [d.field for at, d in zip(splits, query.dimensions, strict=True) if d.grain is None and any(r[at] is None for r in table.rows)]
    tests = tuple(Filter(field=field, op="not_null") for field in fields)
    return query.model_copy(update={"filters": (*query.filters, *tests)}) if tests else None


def _option(reading: Reading, reader: QuestionReader, context: MindContext) -> Option | None:
    label = reader.sentence(reading.query, context) if reading.query is not None else None
    return Option(label=label, plan=(step_of(reading.query),)) if label and reading.query else None


def _in_full(error: AnswerError) -> str:
    """What a person reads: how to repair a plan is told to whoever plans, not to who asked."""
    if isinstance(error, RepairableByModel):
        return error.message
    return f"{error.message}. {error.try_instead}".rstrip(". ") + "."


# -- declines ---------------------------------------------------------------------------------------


def with_examples(decline: Decline, reader: QuestionReader, context: MindContext) -> Decline:
    nearest = nearest_questions(reader.model, (), (), lambda q: reader.is_answerable(q, context))
    return replace(decline, nearest=nearest)


def _decline(code: str, message: str, reading: Reading, reader: QuestionReader, question: Question, context: MindContext) -> Decline:
    near = (v.question for v in reader.verified.near(question.text))
    return Decline(
        code=code,
        message=message,
        understood=_understood(reading, reader),
        unplaced=reading.account.leftover,
        nearest=nearest_questions(reader.model, reading.mentions, near, lambda q: reader.is_answerable(q, context)),
    )


def _absent(reading: Reading, reader: QuestionReader, question: Question, context: MindContext) -> Decline:
    absent = [c for c in reader.model.absent_concepts if c.name in reading.absent]
    return _decline("absent_concept", " ".join(c.message for c in absent), reading, reader, question, context)


def _not_understood(reading: Reading, reader: QuestionReader, question: Question, context: MindContext) -> Decline:
    account = reading.account
    if account.blockers:
        message = "I do not know what to make of " + " or ".join(f"'{c}'" for c in account.blockers) + " in this data."
    elif account.leftover:
        message = "I could not place " + ", ".join(f"'{w}'" for w in account.leftover) + "."
    else:
        message = f"I could not make a question of this: {reading.why_not}."
    return _decline("not_understood", message, reading, reader, question, context)


def _unsupported(reading: Reading, message: str, reader: QuestionReader, question: Question, context: MindContext) -> Decline:
    return _decline("unsupported", message, reading, reader, question, context)


def _understood(reading: Reading, reader: QuestionReader, among: Sequence[Reading] = ()) -> str:
    """The parts that are clear: figures that all of `among` have, groups; or the words that name something, when there is no plan."""
    if reading.query is not None:
        others = [{m.metric for m in other.query.metrics} for other in among if other.query is not None]
        shared = [m for m in reading.query.metrics if all(m.metric in other for other in others)]
        names = [reader.model.metrics[m.metric].label for m in shared]
        names += [f"by {reader.model.field(d.field).label}" for d in reading.query.dimensions]
        return " ".join(names)
    return ", ".join(words for words, part in reading.account.consumed if part in _NAMING)
