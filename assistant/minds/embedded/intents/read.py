"""Reading a question as intents: which of them it is, whom it is about, what is left over, and the edit of the step before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from assistant.minds.embedded.anaphora import refers_back
from assistant.minds.embedded.assemble import Reading
from assistant.minds.embedded.intents.cohort import Rest, edited, opens_a_clause, read_rest
from assistant.minds.embedded.intents.contract import Asked, Cue, Cues, Intent, IntentReading, Plan
from assistant.minds.embedded.intents.people import NOBODY, People, people_before
from assistant.minds.embedded.intents.words import word_file
from assistant.minds.embedded.tokens import Token
from assistant.minds.embedded.values import said
from assistant.minds.embedded.wordlists import filler_words, grammar_words, word_set
from assistant.turn import MindContext, Step
from tools.core.query.metric_query import EntityCondition, Filter
from tools.core.warehouse.intelligence import read_contributions

if TYPE_CHECKING:
    from assistant.minds.embedded.mind import QuestionReader

MAX_LEFTOVER = 2
"""More unknown words than this, and the reading is a guess rather than an offer."""
FRAGMENT_WORDS = 8
"""A question that merely goes on from the one before is no longer than this."""
_OPENINGS = frozenset({*((w,) for w in ("and", "but", "only", "just", "for", "in", "same")), ("what", "about"), ("how", "about")})
_BOUNDARIES = word_set("and , ; but also then")
_HARMLESS = word_set("instead only just now same did again rather though but not then also too please more no yes i meant mean why")
"""Words that mean nothing by themselves in a fragment; a "why" that an intent could use is a cue of its own."""


def read_intents(
    tokens: tuple[Token, ...], readings: Sequence[Reading], reader: QuestionReader, context: MindContext, intents: Sequence[Intent]
) -> IntentReading | None:
    """The question as one or several intents; None when it is a question about figures, or about nothing that they know.

    Args:
        readings: How the question reads as one about figures. A whole one stands where an intent would leave words over.
        intents: In the order in which they are preferred for the same words.
    """
    asked = Asked(tokens=tokens, reader=reader, context=context)
    found, reading = _first_that_fits(asked, intents)
    if reading is None:
        return _follow_up(asked, readings, intents)
    if readings and not _is_computed(reading, context) and readings[0].absent:
        return None  # The author of the model has said what there is instead.
    whole_figure = bool(readings) and _runs(readings[0], reader, context) and not _overlooks(readings[0], found)
    return None if whole_figure and (reading.yields or not reading.is_whole) else reading


def _first_that_fits(asked: Asked, intents: Sequence[Intent]) -> tuple[list[tuple[Intent, Cues]], IntentReading | None]:
    """The intents that know their words and can make something of the rest; one that cannot leaves its words to the others.

    One that leaves words over stands only where no other can do with all of them.
    """
    open_to: list[Intent] = list(intents)
    partly: tuple[list[tuple[Intent, Cues]], IntentReading] | None = None
    while True:
        found = _recognised(asked, open_to)
        reading = _new_question(asked, found) if found else None
        if isinstance(reading, _Unfit):
            open_to = [intent for intent in open_to if intent is not reading.intent]
        elif reading is not None and reading.unplaced:
            partly = partly or (found, reading)
            open_to = [intent for intent in open_to if intent not in reading.intents]
        else:
            return partly if partly is not None and reading is None else (found, reading)


@dataclass(frozen=True)
class _Unfit:
    """An intent whose words are there, and whose question it is not after all."""

    intent: Intent


def _recognised(asked: Asked, intents: Sequence[Intent]) -> list[tuple[Intent, Cues]]:
    """The intents that know their words in the question; two only where a clause of its own speaks of each."""
    found: list[tuple[Intent, Cues]] = []
    for intent in intents:
        cues = intent.cues(asked)
        if cues is not None and all(_apart(asked.tokens, cues, other) for _, other in found):
            found.append((intent, cues))
    return sorted(found, key=lambda pair: pair[1].span)


def _apart(tokens: Sequence[Token], one: Cues, other: Cues) -> bool:
    (_, end), (start, _) = sorted((one.span, other.span))
    return end <= start and any(t.text in _BOUNDARIES or t.opens for t in tokens[end : start + 1])


def _new_question(asked: Asked, found: list[tuple[Intent, Cues]]) -> IntentReading | _Unfit | None:
    taken = [cue for _, cues in found for cue in cues.found if cue.role != "people" or not opens_a_clause(cue, asked)]
    pronouns = _pronouns(asked, taken)
    before = people_before(asked.reader, asked.context) if pronouns and refers_back(asked.tokens, asked.reader) else NOBODY
    rest = read_rest(asked, [*taken, *(pronouns if len(found) > 1 or before.known else ())])
    if rest.absent:
        return None
    rest = rest.among(before)
    plans: list[tuple[Intent, Plan]] = []
    for intent, cues in found:
        plan = intent.plan(cues, rest)
        if plan is None:
            return _Unfit(intent)
        plans.append((intent, plan))
        rest = replace(rest, filters=edited(rest.filters, plan.cohort))
    reading = replace(_judged(plans, rest), carried_over=before.carried)
    return replace(reading, doubt="; ".join(part for part in (reading.doubt, before.doubt) if part) or None)


def _pronouns(asked: Asked, taken: Sequence[Cue]) -> tuple[Cue, ...]:
    """The pronouns that no intent needs for itself; the "they" of "what do they say" is needed, and points back all the same."""
    found = word_file("pronouns").find(asked.tokens).found
    return tuple(p for p in found if not any(cue.start <= p.start < cue.end and cue.role != "people" for cue in taken))


def _judged(plans: Sequence[tuple[Intent, Plan]], rest: Rest) -> IntentReading:
    """The steps, and what speaks against running them."""
    uses = frozenset().union(*(plan.uses for _, plan in plans))
    own = next((plan.account for _, plan in plans if plan.account is not None), None)
    account = own or rest.account
    unplaced = tuple(dict.fromkeys((*account.leftover, *(() if own else rest.unused(uses)))))
    named = ", ".join(f"'{word}'" for word in unplaced)
    doubts = [doubt for _, plan in plans for doubt in plan.doubts]
    declined = ""
    if account.blockers or len(unplaced) > MAX_LEFTOVER or (own is None and rest.misplaced):
        # Without a condition that was named it would be about other people: no answer to offer.
        declined = f"I do not know what to make of {named} in this question."
    elif unplaced:
        doubts.insert(0, f"I could not place {named}; this is the answer without {'it' if len(unplaced) == 1 else 'them'}")
    return IntentReading(
        steps=tuple(Step(tool=intent.tool, arguments=plan.arguments) for intent, plan in plans),
        intents=tuple(intent for intent, _ in plans),
        notes=tuple(dict.fromkeys((*(() if own else rest.draft.notes), *(note for _, plan in plans for note in plan.notes)))),
        doubt="; ".join(doubts) or None,
        ignored=account.ignored,
        yields=all(plan.yields for _, plan in plans),
        individuals=any(plan.individuals for _, plan in plans),
        declined=declined,
        unplaced=unplaced,
        understood=", ".join(words for words, _ in account.consumed),
        mentions=rest.mentions,
    )


def _runs(figure: Reading, reader: QuestionReader, context: MindContext) -> bool:
    return figure.is_whole and figure.query is not None and reader.can_run(figure.query, context)


def _overlooks(figure: Reading, found: list[tuple[Intent, Cues]]) -> bool:
    """Whether the reading as a figure leaves out one of the intents' own words: the "worth" of "what are they worth"."""
    words = {word for _, cues in found for cue in cues.found for word in cue.text.lower().split()} - filler_words() - grammar_words()
    consumed = {word for phrase, part in figure.account.consumed for word in phrase.split() if part != "support"}
    return bool(words & set(figure.account.ignored)) or not words & consumed


# -- follow-ups -------------------------------------------------------------------------------------


def _follow_up(asked: Asked, readings: Sequence[Reading], intents: Sequence[Intent]) -> IntentReading | None:
    """The last step, changed by a fragment that says no more than what changes."""
    previous = asked.context.previous
    if previous is None or not previous.steps or len([t for t in asked.tokens if t.kind != "mark"]) > FRAGMENT_WORDS:
        return None
    step = previous.steps[-1]
    if readings and readings[0].absent:
        return None
    stands_alone = bool(readings) and readings[0].is_whole and not _leans_on(asked.tokens)
    for intent in intents:
        if step.tool in intent.follows:
            reading = _edit(asked, step, intent, stands_alone=stands_alone)
            if reading is not None:
                return reading
    return None


def _edit(asked: Asked, step: Step, intent: Intent, *, stands_alone: bool) -> IntentReading | None:
    if ("how", "many") in pairwise(t.text for t in asked.tokens):
        return None  # Their number is a figure, whatever the step before showed of them.
    cues = word_file(intent.name).find(asked.tokens)
    pronouns = word_file("pronouns").find(asked.tokens).found
    pronouns = tuple(p for p in pronouns if not any(cue.start <= p.start < cue.end for cue in cues.found))
    rest = read_rest(asked, [*cues.found, *pronouns], ignoring=_HARMLESS)
    if len(rest.account.leftover) > 1 or not (cues.found or pronouns or rest.asks_for_people or not rest.is_empty):
        return None
    if stands_alone and not (rest.is_empty and rest.asks_for_people):
        return None  # "Show me the customers" goes on from the step before; "revenue by region" does not.
    old = tuple(Filter.model_validate(f) for f in step.arguments.get("filters", ()))
    did = tuple(EntityCondition.model_validate(c) for c in step.arguments.get("entity_conditions", ()))
    plan = intent.edit(step, cues, rest.among(People(filters=old, entity_conditions=did)))
    if plan is None:
        return None
    new = {f.field for f in rest.filters}
    carried = [said(f, asked.reader.model) for f in old if f.field not in new] + (["what they did"] if did else [])
    return replace(_judged([(intent, plan)], rest), carried_over=tuple(carried))


def _leans_on(tokens: Sequence[Token]) -> bool:
    """ "and in the South?", "what about ...", "only ...": a fragment by its opening."""
    words = [t.text for t in tokens if t.kind != "mark"]
    return tuple(words[:1]) in _OPENINGS or tuple(words[:2]) in _OPENINGS


def _is_computed(reading: IntentReading, context: MindContext) -> bool:
    """Whether the last refresh left what the tools read."""
    needed = {part for intent in reading.intents for part in intent.needs}
    if not needed:
        return True
    folder = context.warehouse.data_folder if context.warehouse is not None else None
    return folder is not None and needed <= {c.name for c in read_contributions(folder) if c.done}


def can_answer(reading: IntentReading, context: MindContext) -> bool:
    """Whether the tools would answer this asker without doubt: for suggestions, before they are shown."""
    groups_only = context.rights is not None and bool(context.rights.min_group_size)
    return reading.is_whole and _is_computed(reading, context) and not (reading.individuals and groups_only)
