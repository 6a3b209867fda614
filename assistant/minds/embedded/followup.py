"""Follow-ups: a fragment ("and by store?", "what about March?", "only private label") edits the plan before it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import ValidationError

from assistant.minds.embedded.account import account_for
from assistant.minds.embedded.anaphora import refer_back, refers_back
from assistant.minds.embedded.assemble import Reading
from assistant.minds.embedded.edit import Edit
from assistant.minds.embedded.edit_bounds import rebounded
from assistant.minds.embedded.edit_window import a_year_back, in_the_year_of, moved_along, whole_period, window_of
from assistant.minds.embedded.fragment import PEOPLE, Fragment, fragment_of
from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.intents.people import NOBODY, as_counted, people_before
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.numbers import read_number
from assistant.minds.embedded.temporal import read_times
from assistant.minds.embedded.temporal_words import UNITS
from assistant.minds.embedded.tokens import Token, tokenize
from assistant.minds.embedded.wordlists import word_set
from assistant.turn import MindContext
from tools.core.query.metric_query import DimensionRef, Measure, MetricQuery, Order

if TYPE_CHECKING:
    from assistant.minds.embedded.mind import QuestionReader

_PLAIN_WISHES = word_set("drop restore compare share lump unsplit sort change average by reverse absolute")
_FRAGMENT_WORDS = 8
"""A complete question that merely begins with "and" is longer than this."""
_LONG_FRAGMENT_WORDS = 12
"""One that both opens like a fragment and names what came before."""
_BARE_WORDS = 2
"""So few words name a part of a question: "units", "per store"."""
_REPLACING = frozenset({("instead", "of"), ("rather", "than")})
_HARMLESS = word_set(
    "instead only just now same period month there was were did again rather though compare that those this but not then also too "
    "please more no yes i meant mean total overall altogether well could see would you may get have sorry actually ah oh one ones "
    "versus vs against about with to them these it filter filters all every any up down good bad better worse thing things "
    "enough suffice fine each whole entire full"
)


@dataclass(frozen=True, kw_only=True)
class FollowUpReading:
    query: MetricQuery
    carried_over: tuple[str, ...]
    notes: tuple[str, ...] = ()
    doubt: str | None = None
    instead: MetricQuery | None = None
    """The plan to take when the first finds no data."""
    previous: MetricQuery | None = None
    """The plan that was edited."""
    named: str | None = None
    """The words that name something, without those that only say what to do; None = all of them."""
    others: tuple[MetricQuery, ...] = ()
    """The same edit of the other readings that were offered: they are offered again."""
    refused: str = ""
    """Why what is asked for cannot be had; empty when `query` is the answer."""
    row: int | None = None
    """Of the plan before, the row (0 = first) that the fragment speaks of: its value is the condition of `query`."""
    is_plain: bool = False
    """There is one way to read it, so that nobody needs to look twice."""


def read_follow_up(
    tokens: Sequence[Token], readings: Sequence[Reading], reader: QuestionReader, context: MindContext
) -> FollowUpReading | None:
    """The previous plan, edited; None when the question stands on its own (it names what to measure) or nothing precedes it."""
    if readings[0].absent:
        return None
    bases = previous_queries(context)
    if not bases:
        return _of_the_people(tokens, reader, context)
    found = _read(bases, _without_replaced(tokens, bases[0], reader, context), readings, reader, context)
    missed = context.previous.missed if context.previous is not None else ""
    if found is not None and missed:
        return replace(found, doubt=found.doubt or f"'{missed}' got no answer, so this goes on from the question before it")
    lost = _lost_before(bases, reader, context) if found is not None and not found.doubt else ()
    if found is None or not lost:
        return found
    return replace(found, doubt=f"This goes on from an answer without {' and '.join(repr(word) for word in lost)}, which I could not place")


def _lost_before(bases: Sequence[MetricQuery], reader: QuestionReader, context: MindContext) -> tuple[str, ...]:
    """The words that the offer before went without, when it was not confirmed: what is built on it lacks them too."""
    past = context.previous
    if past is None or past.steps or len(bases) != 1:
        return ()
    offered = reader.readings(reader.prepared(past.question, context.as_of)[0], context)[0]
    return offered.account.leftover if offered.query == bases[0] else ()


def _of_the_people(tokens: Sequence[Token], reader: QuestionReader, context: MindContext) -> FollowUpReading | None:
    """ "How much revenue do they bring?" after a step of another tool: of the customers whom it was about."""
    people = people_before(reader, context) if refers_back(tokens, reader) else NOBODY
    counted = as_counted(people, reader)
    referred = refer_back(tokens, counted, reader, context) if counted is not None else None
    if referred is None:
        return None
    doubt = "; ".join(part for part in (referred.doubt, people.doubt) if part) or None
    return FollowUpReading(query=referred.query, carried_over=people.carried, notes=referred.notes, doubt=doubt)


def _without_replaced(tokens: Sequence[Token], previous: MetricQuery, reader: QuestionReader, context: MindContext) -> tuple[Token, ...]:
    """ "Orders instead of revenue": without the revenue, which the plan before shows and this one is not to."""
    shown = {m.metric for m in previous.metrics} | {d.field for d in previous.dimensions}
    calendar = reader.world(context.as_of).calendar
    window = window_of(previous)
    for at in range(len(tokens) - 2):
        if (tokens[at].text, tokens[at + 1].text) not in _REPLACING:
            continue
        named = next(
            (m for m in reader.mentions(tokens) if m.start == at + 2 or (m.start == at + 3 and tokens[at + 2].text in ("the", "by"))), None
        )
        if named is not None and shown & {s.target for s in named.senses}:
            return (*tokens[: at + 1], *tokens[named.end :])
        dated = next((t for t in read_times(tokens, calendar) if t.window is not None and at < t.start <= at + 3), None)
        if dated is not None and dated.window is not None and window is not None:
            asked, old = calendar.resolve(dated.window), calendar.resolve(window)
            if (asked.start, asked.end) == (old.start, old.end):
                return (*tokens[:at], *tokens[dated.end :])
    return tuple(tokens)


def _read(
    bases: Sequence[MetricQuery], tokens: Sequence[Token], readings: Sequence[Reading], reader: QuestionReader, context: MindContext
) -> FollowUpReading | None:
    fragment = fragment_of(tokens)
    most = _LONG_FRAGMENT_WORDS if fragment.opens and fragment.refers else _FRAGMENT_WORDS
    short = ((fragment.opens or fragment.refers) and len(fragment.words) <= most) or _is_bare(fragment, reader)
    stands_alone = readings[0].query is not None and not short
    if len(bases) > 1:
        return None if stands_alone else _of_the_offered(bases, tokens, fragment, reader, context)
    moved = _moved_window(tokens, bases[0], reader, context) or _with_limit(tokens, bases[0], reader, context)
    if moved is not None:
        return moved
    plainly = not stands_alone and bool(fragment.wishes & _PLAIN_WISHES)
    edited = _one_edit(bases[0], tokens, fragment, reader, context) if plainly else None
    of_one = _of_the_row_named(tokens, bases[0], reader, context) if edited is None else None
    if of_one is not None:
        return of_one
    referred = refer_back(tokens, bases[0], reader, context) if edited is None else None
    if edited is None and (referred is None or referred.doubt):
        of_one = _of_the_only_row(tokens, bases[0], reader, context)
        if of_one is not None and (referred is None or not of_one.doubt):
            return of_one
    if referred is not None:
        return FollowUpReading(query=referred.query, carried_over=referred.carried_over, notes=referred.notes, doubt=referred.doubt)
    return edited if stands_alone or plainly else _one_edit(bases[0], tokens, fragment, reader, context)


def _is_bare(fragment: Fragment, reader: QuestionReader) -> bool:
    """ "units", "per store", "average order value?": no more than the name of a part of a question."""
    if len(fragment.words) <= _BARE_WORDS:
        return True
    mentions = reader.mentions(fragment.tokens)
    return len(mentions) == 1 and bool(mentions[0].of(Kind.METRIC)) and mentions[0].end - mentions[0].start == len(fragment.words)


def _one_edit(
    previous: MetricQuery, tokens: Sequence[Token], fragment: Fragment, reader: QuestionReader, context: MindContext
) -> FollowUpReading | None:
    return (
        _as_rate(fragment.words, previous, reader)
        or _resized(tokens, previous)
        or _whole_period(previous, fragment, reader, context)
        or _of_a_row(previous, fragment, reader, context)
        or _edited(previous, fragment, reader, context)
    )


def edits_the_plan(tokens: Sequence[Token], context: MindContext) -> bool:
    """Whether the words plainly speak of the figures before ("how does that compare with ...", "drop the split")."""
    if len(previous_queries(context)) != 1:
        return False
    fragment = fragment_of(tokens)
    plainly = bool(fragment.wishes & _PLAIN_WISHES) and len(fragment.words) <= _LONG_FRAGMENT_WORDS
    return plainly and (fragment.opens or fragment.refers) and "why" not in fragment.words


def _moved_window(tokens: Sequence[Token], previous: MetricQuery, reader: QuestionReader, context: MindContext) -> FollowUpReading | None:
    calendar = reader.world(context.as_of).calendar
    back = a_year_back(tokens, previous, calendar)
    found = (back, None) if back is not None else moved_along(tokens, previous, calendar)
    if found is None:
        return None
    return FollowUpReading(query=found[0], carried_over=("everything but the period",), doubt=found[1])


def _of_the_row_named(
    tokens: Sequence[Token], previous: MetricQuery, reader: QuestionReader, context: MindContext
) -> FollowUpReading | None:
    """ "The best month? ... and visits in that month", "revenue of that store in July": of the one row, or the one value, before."""
    for test in previous.filters:
        held = _pointed_at(tokens, DimensionRef(field=test.field), reader) if test.op == "in" else None
        if held is not None and not previous.dimensions:
            return _edited(previous, fragment_of(tuple(t for at, t in enumerate(tokens) if at not in held)), reader, context)
    whole = _without_its_row(previous, context)
    pointed = _pointed_at(tokens, previous.dimensions[0], reader) if whole is not None else None
    if whole is None or pointed is None:
        return None
    edited = _edited(whole, fragment_of(tuple(t for at, t in enumerate(tokens) if at not in pointed)), reader, context)
    if edited is None or edited.refused:
        return edited
    return _for_its_row(edited.query, edited.carried_over, edited.doubt, previous)


def _of_the_only_row(
    tokens: Sequence[Token], previous: MetricQuery, reader: QuestionReader, context: MindContext
) -> FollowUpReading | None:
    """ "The best category in June? ... who bought it?": "it" is the one row that was named."""
    whole = _without_its_row(previous, context)
    if whole is None or previous.dimensions[0].grain is not None or not refers_back(tokens, reader):
        return None
    if not {t.text for t in tokens} & _OF_A_ROW:
        return None
    found = refer_back(tokens, whole, reader, context)
    return _for_its_row(found.query, found.carried_over, found.doubt, previous) if found is not None else None


def _without_its_row(previous: MetricQuery, context: MindContext) -> MetricQuery | None:
    """The plan before without the split of which it named one row; None when it named several, or none may be looked up."""
    grouped = context.rights is not None and context.rights.min_group_size
    if previous.limit != 1 or len(previous.dimensions) != 1 or grouped or not previous.metrics:
        return None
    bare = {"dimensions": (), "order": (), "limit": None, "skip": 0, "share": None, "having": (), "comparison": None, "growth": None}
    return previous.model_copy(update=bare)


def _for_its_row(query: MetricQuery, carried: tuple[str, ...], doubt: str | None, previous: MetricQuery) -> FollowUpReading | None:
    if any(d == previous.dimensions[0] for d in query.dimensions):
        return None
    return FollowUpReading(query=query, carried_over=carried or ("that one",), doubt=doubt, previous=previous, row=0)


def _pointed_at(tokens: Sequence[Token], split: DimensionRef, reader: QuestionReader) -> range | None:
    """Where "in that month" or "of this store" stands, when it names what the rows before are."""
    for at in range(len(tokens) - 1):
        if tokens[at].text not in ("that", "this") or not _names(tokens[at + 1], split, reader):
            continue
        return range(at - 1 if at and tokens[at - 1].text in _LEADING_TO else at, at + 2)
    return None


_LEADING_TO = word_set("in of for on at from by with")
_OF_A_ROW = word_set("it its there they them their")
"""Unlike these, the "that" of "what share is that" is the figure."""


def _names(token: Token, split: DimensionRef, reader: QuestionReader) -> bool:
    if split.grain is not None:
        return UNITS.get(token.text) == split.grain.value
    field = reader.model.field(split.field)
    senses = [s for m in reader.mentions((token,)) for s in m.of(Kind.FIELD, Kind.DATASET)]
    return any(s.target in (field.id, field.dataset) for s in senses)


def _with_limit(tokens: Sequence[Token], previous: MetricQuery, reader: QuestionReader, context: MindContext) -> FollowUpReading | None:
    query = rebounded(tokens, previous, reader, context) if len(tokens) <= _FRAGMENT_WORDS else None
    if query is None:
        return None
    return FollowUpReading(query=query, carried_over=("all but the limit",), previous=previous, is_plain=True)


def _as_rate(words: Sequence[str], previous: MetricQuery, reader: QuestionReader) -> FollowUpReading | None:
    """ "as a rate please": the model's rate whose part the count before is."""
    said = bool(set(words) & {"rate", "percentage", "percent", "share"}) and ("as" in words or "in" in words)
    if not said or len(previous.metrics) != 1:
        return None
    metrics = reader.model.metrics
    shown = "".join(metrics[previous.metrics[0].metric].expression.split()).lower()
    rates = [m.name for m in metrics.values() if "".join(m.expression.split()).lower().startswith(f"{shown}/")]
    if len(rates) != 1 or ("rate" not in words and previous.dimensions and any(d.grain is None for d in previous.dimensions)):
        return None
    query = previous.model_copy(update={"metrics": (Measure(metric=rates[0]),), "order": (), "having": ()})
    return FollowUpReading(query=query, carried_over=("all but the figure",))


_RESIZING = word_set(
    "make it the top first only just show instead please rather them me that and ones of rows lines entries to at limit cap enough is are "
    "suffice fine will do would max maximum give"
)
_YEARS = (1900, 2100)
"""A number like this is rather a year than a number of rows."""
_CUTTING = word_set("only just first top limit cap enough suffice max maximum will")


def _resized(tokens: Sequence[Token], previous: MetricQuery) -> FollowUpReading | None:
    """ "make it ten": so many rows of the ranking before."""
    numbers = [n for at in range(len(tokens)) if (n := read_number(tokens, at)) is not None]
    rest = [t.text for at, t in enumerate(tokens) if t.kind == "word" and read_number(tokens, at) is None]
    listed = bool(previous.metrics) and any(d.grain is None for d in previous.dimensions)
    ranked = previous.limit is not None or (listed and _CUTTING & set(rest))
    if not ranked or len(numbers) != 1 or numbers[0].unit is not None or not rest or not set(rest) <= _RESIZING:
        return None
    if _YEARS[0] <= numbers[0].value <= _YEARS[1]:
        return None
    order = previous.order or (Order(by=previous.metrics[0].column, direction="desc"),)
    query = previous.model_copy(update={"limit": max(1, int(numbers[0].value)), "skip": 0, "order": order})
    return FollowUpReading(query=query, carried_over=("all but the number of rows",))


def previous_queries(context: MindContext) -> tuple[MetricQuery, ...]:
    """The plan that a fragment goes on from, or those that were offered to choose from."""
    past = context.previous
    if past is None:
        return ()
    plans = [past.steps] if past.steps else [option.plan for option in past.pending]
    found: list[MetricQuery] = []
    for steps in plans:
        if not steps or steps[-1].tool != "query_metrics":
            return ()
        try:
            found.append(MetricQuery.model_validate(dict(steps[-1].arguments)))
        except ValidationError:
            return ()
    return tuple(found)


def _of_the_offered(
    bases: Sequence[MetricQuery], tokens: Sequence[Token], fragment: Fragment, reader: QuestionReader, context: MindContext
) -> FollowUpReading | None:
    """After a question back: "the revenue" takes one of the readings offered; any other fragment edits all, and the question stays."""
    draft = reader.draft(fragment.tokens, context)
    named = {m.metric for m in draft.measures}
    fitting = [b for b in bases if named and named == {m.metric for m in b.metrics}]
    if len(fitting) == 1:
        edited = _edited(fitting[0], fragment, reader, context)
        if edited is None or edited.query == fitting[0]:
            return FollowUpReading(query=fitting[0], carried_over=("the question before",), previous=fitting[0])
        return edited
    every = [_moved_window(tokens, b, reader, context) or _one_edit(b, tokens, fragment, reader, context) for b in bases]
    made = [replace(e, query=_as_judged(b, e.query, reader)) for b, e in zip(bases, every, strict=True) if e is not None]
    if len(made) < len(bases):
        return None
    queries = tuple(dict.fromkeys(e.query for e in made))
    return replace(made[0], others=queries[1:]) if len(queries) > 1 else made[0]


def _as_judged(offered: MetricQuery, chosen: MetricQuery, reader: QuestionReader) -> MetricQuery:
    """ "The worst" by a figure that is better when it is low is the highest."""
    if not (offered.metrics and chosen.metrics and chosen.order and chosen.metrics[0].metric != offered.metrics[0].metric):
        return chosen
    sides = {reader.model.metrics[q.metrics[0].metric].polarity for q in (offered, chosen)}
    if sides != {"higher_is_better", "lower_is_better"}:
        return chosen
    turned = tuple(o.model_copy(update={"direction": "asc" if o.direction == "desc" else "desc"}) for o in chosen.order)
    return chosen.model_copy(update={"order": turned})


def _whole_period(previous: MetricQuery, fragment: Fragment, reader: QuestionReader, context: MindContext) -> FollowUpReading | None:
    """ "the whole week": the period that holds the days of the plan before."""
    units = [UNITS[t.text] for t in fragment.tokens if t.text in UNITS]
    if "whole" not in fragment.wishes or previous.window is None or len(fragment.tokens) != 1 or len(units) != 1:
        return None
    query = whole_period(previous, units[0], reader.world(context.as_of).calendar)
    return FollowUpReading(query=query, carried_over=("everything but the period",)) if query is not None else None


def _of_a_row(previous: MetricQuery, fragment: Fragment, reader: QuestionReader, context: MindContext) -> FollowUpReading | None:
    """ "what about that one in 2025?", "and the second?": of the table before, one row."""
    split = [d for d in previous.dimensions if d.grain is None and d.bin_width is None]
    grouped = context.rights is not None and context.rights.min_group_size
    if fragment.row is None or len(split) != 1 or not previous.metrics or previous.top_per_group is not None or grouped:
        return None  # What is shown to a role that sees groups only is counted, and looking the row up would count twice.
    base = previous.model_copy(
        update={"dimensions": previous.dimensions, "order": (), "limit": None, "skip": 0, "share": None, "having": ()}
    )
    edited = _edited(base, fragment, reader, context)
    query = edited.query if edited is not None else base
    kept = tuple(d for d in query.dimensions if d != split[0])
    return FollowUpReading(
        query=query.model_copy(update={"dimensions": kept}),
        carried_over=edited.carried_over if edited is not None else ("all but the other rows",),
        notes=edited.notes if edited is not None else (),
        doubt=edited.doubt if edited is not None else None,
        previous=previous,
        row=fragment.row,
    )


def _edited(previous: MetricQuery, fragment: Fragment, reader: QuestionReader, context: MindContext) -> FollowUpReading | None:
    """Slot by slot: what the fragment fills replaces the same slot; the rest is carried over."""
    spoken = _with_head(fragment.tokens, previous, reader)
    if fragment.wishes & {"drop", "restore"} and spoken:
        spoken = (replace(spoken[0], text="only", raw="only"), *spoken)  # What is left out is named by its value alone.
    draft = reader.draft(spoken, context, previous)
    _take_grain(draft, fragment)
    account = account_for(draft, ignoring=_HARMLESS)
    leftover = [w for w in account.leftover if w not in _HARMLESS]
    if len(leftover) > 1 or set(account.decisive) - _HARMLESS:
        return None
    in_the_year_of(previous, draft)
    edit = Edit(previous, draft, fragment.wishes, fragment.words)
    query = edit.query()
    if edit.refused:
        return FollowUpReading(query=previous, carried_over=(), refused=edit.refused)
    if query is None:
        return None
    doubt = f"I could not place '{leftover[0]}'" if leftover else edit.doubts[0] if edit.doubts else None
    if set(itertools.pairwise(fragment.words)) & PEOPLE and not edit.narrows_rows:
        doubt = "I may have lost who 'them' are"
    return FollowUpReading(
        query=query,
        carried_over=tuple(dict.fromkeys(edit.carried)),
        notes=(*draft.notes, *edit.notes),
        doubt=doubt,
        instead=edit.other(),
        previous=previous,
        named=" ".join(t.raw for t in fragment.tokens),
    )


def _take_grain(draft: Draft, fragment: Fragment) -> None:
    """ "Quarters are enough", "weeks instead": a calendar unit that is all that the fragment names."""
    grains = [i for i, item in enumerate(draft.items) if draft.free(i) and item.time is not None and item.time.grain is not None]
    named = [i for i, item in enumerate(draft.items) if item.mention is not None or item.number is not None or item.time is not None]
    if len(grains) != 1 or named != grains or not (draft.items[grains[0]].is_plural or "swap" in fragment.wishes):
        return
    time = draft.items[grains[0]].time
    if time is not None and time.grain is not None:
        draft.add_dimension(time.grain)
        draft.claim(grains[0], grains[0] + 1, "grouping")


def _with_head(tokens: tuple[Token, ...], previous: MetricQuery, reader: QuestionReader) -> tuple[Token, ...]:
    """ "indoor lamps ... and outdoor ones?": the noun of the value before, where it makes a value of the same field."""
    for test in previous.filters:
        last = str(test.values[-1]).split() if test.op == "in" else []
        if len(last) < 2:
            continue
        head = tokenize(last[-1])
        for at, token in enumerate(tokens):
            named = reader.values.lookup((token.text, *(t.text for t in head)))
            other = token.text not in str(test.values[-1]).lower().split()
            if token.kind == "word" and other and any(hit.field == test.field for hit in named):
                end = at + 1 + (at + 1 < len(tokens) and tokens[at + 1].text in ("one", "ones"))
                return (*tokens[: at + 1], *head, *tokens[end:])
    return tokens


def new_topic(query: MetricQuery | None, context: MindContext) -> tuple[str, ...]:
    """What to say when a question stands on its own although the one before was narrowed in ways that this one is not."""
    before = previous_queries(context)
    if len(before) != 1 or query is None:
        return ()
    previous = before[0]
    narrowed = bool(previous.window or previous.filters or previous.entity_conditions)
    repeats = (
        query.window == previous.window and query.filters == previous.filters and query.entity_conditions == previous.entity_conditions
    )
    return ("read as a new question: nothing is carried over from the one before",) if narrowed and not repeats else ()
