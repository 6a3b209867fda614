"""Who did what: "bought deli", "never redeemed a coupon", "came at least 3 times", "bought milk but not bread".

A clause is a verb of a fact with its subject before it and its objects after it. It keeps those entities whose own rows pass.
What follows "and", "but" or "or" may leave out the verb: it is the one before.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from assistant.minds.embedded.grammar.comparators import Bound, negate, opposite_of, read_bound
from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.grammar.objects import NEGATIONS, SOLELY, Clause, twice, with_objects
from assistant.minds.embedded.grammar.special import main_fact
from assistant.minds.embedded.grammar.subject import PERSONS
from assistant.minds.embedded.grammar.values import filters_of
from assistant.minds.embedded.grammar.verbs import BEFORE_VERB, STARTED, STATES, STOPPED, denied_after, is_deed, verb_phrase
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.wordlists import ordinary_words, word_set
from tools.core.query.metric_query import Comparator, EntityCondition, Filter, TimeWindow
from tools.core.semantics.model import MetricFormat

_TRAILING = frozenset({"from", "with", "us", "at", "all", "here", "then"})
"""Words after an object that add nothing: "booked yoga with us but never boxing"."""
_AGAIN = frozenset({"again", "since", "afterwards", "more", "anymore", "back", "after", "that", "then"})
_BOUNDS = word_set("more less fewer than at least most over under")
_BETWEEN = word_set("in with aged , : our the whose year olds different")
"""Words that may stand between an entity and its clause."""


def read_existence(draft: Draft) -> None:
    """Turns clauses about what entities did into conditions on them."""
    last: Clause | None = None
    _first_noun(draft)
    for at in range(len(draft.items)):
        if not draft.free(at):
            continue
        if last is not None and at == draft.skip(last.end, _TRAILING):
            last = elliptic(draft, replace(last, end=at)) or last
        if draft.free(at) and (draft.items[at].has(Kind.FACT, Kind.DOES) or any(said(draft, at) for said in STATES) or is_deed(draft, at)):
            clause = _clause_at(draft, at, last)
            if clause is not None:
                if last is not None and clause.windows and not last.windows and _joined(draft, last, clause):
                    share_window(draft, last, clause.windows[0])
                add_clause(draft, clause)
                last = clause
            elif draft.free(at):
                last = _figure_at(draft, at, last) or last


def _joined(draft: Draft, last: Clause, clause: Clause) -> bool:
    """ "called and opened a ticket last quarter", "neither called nor wrote in May": two deeds told in one breath, with one period."""
    said = {draft.items[i].text for i in range(last.begin, last.end)}
    joint = draft.items[clause.begin].text in ("and", "nor", "or", "but", "then")
    return clause.entity == last.entity and clause.begin == last.end and joint and "ever" not in said


# -- a clause with a verb ------------------------------------------------------------------------------


def _clause_at(draft: Draft, verb: int, last: Clause | None) -> Clause | None:
    if draft.word(verb - 1) in ("whose", "their") and draft.items[verb].has(Kind.DATASET, Kind.METRIC):
        return None  # "whose orders came to ...": a noun
    begin, negated = verb_phrase(draft, verb)
    subject = subject_before(draft, begin)
    if subject is None and last is not None and (begin == last.end or draft.items[begin].text in ("and", "but", "or", "who", "that")):
        subject = last.entity
    counted_before = begin > 0 and draft.claims[begin - 1] == "count"
    if subject is None and last is not None and begin > 0 and draft.claims[begin - 1] == "share":
        subject = last.entity  # "of the members who came in May, what share came again"
    if subject is None and (_begins_a_clause(draft, begin) or counted_before) and _asked_entity(draft) is not None:
        subject = _asked_entity(draft)
    subject = _event_counted(draft, subject, verb) or subject
    fact = _fact(draft, verb, subject, negated=negated or denied_after(draft, verb))
    if subject is None or fact is None or not _is_condition(draft, subject, verb, negated=negated):
        return None
    inherited = last.filters if last is not None and last.fact == fact else ()
    first = any(draft.word(i) in STARTED for i in range(begin, verb))
    only = any(draft.word(i) in SOLELY for i in range(begin, verb))
    stopped = any(draft.word(i) in STOPPED for i in range(begin, verb))
    clause = Clause(
        entity=subject,
        fact=fact,
        negated=negated or stopped,
        begin=begin,
        end=verb + 1,
        inherited=inherited,
        first=first,
        only=only,
        stopped=stopped,
        bound=twice(draft, verb) if draft.items[verb].text == "back" and last is None and not (negated or stopped) else None,
        main=last is not None and _opens_relative(draft, last) and not _begins_a_clause(draft, begin, denials=False),
    )
    return with_objects(draft, clause, verb + 1)


def _opens_relative(draft: Draft, clause: Clause) -> bool:
    return any(draft.items[i].text in ("who", "that", "which") for i in (clause.begin - 1, clause.begin) if i >= 0)


def _figure_at(draft: Draft, verb: int, last: Clause | None) -> Clause | None:
    """ "customers who clicked an e-mail in June": a verb that counts some rows of a fact, in a clause of its own about customers."""
    mention = draft.items[verb].mention
    begin, negated = verb_phrase(draft, verb)
    said = {draft.items[i].text for i in range(max(begin - 1, 0), verb)}
    joined = last is not None and begin == last.end and bool(said & {"and", "but", "or"})
    subject = last.entity if joined and last is not None else subject_before(draft, begin)
    counts = [s.target for s in (mention.of(Kind.DOES) if mention else ()) if is_plain_number(draft, s.target)]
    name = next((m for m in counts if subject is not None and draft.world.reaches(draft.world.fact(m), subject)), None)
    fact = draft.world.fact(name) if name is not None else None
    told = draft.customer == subject and bool(said & {"who", "that", "which"} or joined)
    if name is None or fact is None or fact == subject or subject is None or not told:
        return None
    noun = draft.skip(verb + 1, ("a", "an", "any", "the", "our", "one", "some", "something", "on", "in", "from"))
    item = draft.item(noun)
    known = {draft.world.fact(s.target) for s in item.mention.of(Kind.METRIC)} if item is not None and item.mention is not None else set()
    named = {s.target for s in item.mention.of(Kind.DATASET)} if item is not None and item.mention is not None else set()
    end = noun + 1 if any(k is not None and draft.world.relates(fact, k) for k in known | named) else verb + 1
    when = draft.item(end)
    window = when.time.window if when is not None and when.time is not None else None
    end += window is not None
    draft.claim_free(begin, end, "condition")
    draft.entity_conditions.append(
        EntityCondition(entity=subject, metric=name, op="eq" if negated else "ge", value=0 if negated else 1, window=window)
    )
    return Clause(entity=subject, fact=fact, negated=negated, begin=begin, end=end, windows=(window,) if window is not None else ())


def is_plain_number(draft: Draft, name: str) -> bool:
    """Whether the metric counts rows: no money, no rate, no quotient."""
    metric = draft.metric(name)
    return metric.format is MetricFormat.NUMBER and "/" not in metric.expression and "COUNT" in metric.expression.upper()


def _event_counted(draft: Draft, subject: str | None, verb: int) -> str | None:
    """ "in how many visits did people buy nothing but fuel": the visits are counted, so each of them must pass."""
    counted = draft.counted
    if counted is None or subject in (None, counted) or not draft.world.holds_rows(counted):
        return None
    noun = next((i for i in range(verb - 1, draft.counted_at, -1) if draft.items[i].has(Kind.DATASET)), -1)
    main_clause = noun > 0 and draft.word(noun - 1) in ("did", "do", "does", "have", "has") and draft.word(noun + 1) not in ("who", "that")
    return counted if main_clause and draft.world.reaches(counted, subject or "") else None


def _fact(draft: Draft, verb: int, subject: str | None, *, negated: bool) -> str | None:
    """The fact that the verb means for this subject; a metric's verb only when it denies ("never sold", "spent nothing")."""
    mention = draft.items[verb].mention
    if subject is None:
        return None
    if mention is None:
        return main_fact(draft, subject) if any(said(draft, verb) for said in STATES) else None
    facts = [s.target for s in mention.of(Kind.FACT)] or ([s.target for s in mention.of(Kind.DATASET)] if is_deed(draft, verb) else [])
    if negated:
        facts += [f for s in mention.of(Kind.DOES) if (f := draft.world.fact(s.target)) is not None]
    fact = next((f for f in facts if f != subject and draft.world.reaches(f, subject)), None)
    return _fact_of_object(draft, verb, subject, fact) if fact is not None else None


def _fact_of_object(draft: Draft, verb: int, subject: str, fact: str) -> str:
    """ "used a single store": a verb of many uses means the entity's main fact, where its object belongs to that and not to the verb's."""
    noun = draft.skip(verb + 1, ("a", "an", "the", "one", "single", "only", "just", "our", "any", "same", "and"))
    item = draft.item(noun)
    named = {s.target for s in item.mention.of(Kind.DATASET)} if item is not None and item.mention is not None else set()
    main = main_fact(draft, subject)
    if not named or main is None or any(draft.world.relates(fact, n) for n in named):
        return fact
    return main if any(draft.world.reaches(main, n) for n in named) else fact


def _is_condition(draft: Draft, subject: str, verb: int, *, negated: bool) -> bool:
    """ "which products were bought most", "how many products were bought": there the verb says what is measured, not who is kept."""
    if negated or denied_after(draft, verb):
        return True
    if draft.word(verb + 1) == "by" and read_bound(draft, verb + 2) is not None and not _amount_asked(draft, verb):
        return True  # "which products were bought by more than 500 customers"
    if _amount_asked(draft, verb) or subject not in (draft.customer, draft.counted):
        return False
    if draft.counted is None and _in_main_clause(draft, verb):
        return False
    following = {draft.word(i) for i in range(verb + 1, len(draft.items)) if draft.word(i - 1) != "at"}
    ranked = bool(following & {"most", "least", "best"}) and draft.subject is not None and draft.subject.dataset == subject
    often = any(draft.phrase(i, ("how", "often")) or draft.phrase(i, ("how", "many", "times")) for i in range(verb))
    return not ranked and not often


def _in_main_clause(draft: Draft, verb: int) -> bool:
    """ "in which month did members book most": the auxiliary before the subject makes it the question's own verb."""
    noun = next((i for i in range(verb - 1, -1, -1) if draft.items[i].has(Kind.DATASET)), -1)
    if any(draft.items[i].text in ("who", "that", "which") for i in range(noun + 1, verb)) or _is_reduced(draft, verb):
        return False
    return noun > 0 and draft.word(draft.back(noun, ("the", "our", "all", "most"))) in ("did", "do", "does")


def _is_reduced(draft: Draft, verb: int) -> bool:
    """ "what did the members invited by a campaign spend": a participle that describes, with the sentence's own verb after it."""
    described = draft.items[verb].text.endswith(("ed", "en", "ught")) and draft.word(verb + 1) in ("by", "in", "with", "from", "at", "on")
    return described and any(draft.items[i].has(Kind.FACT, Kind.DOES) for i in range(verb + 2, len(draft.items)) if draft.free(i))


def _amount_asked(draft: Draft, verb: int) -> bool:
    """ "how much did members pay": the verb of the main clause says the amount."""
    much = next((i for i in range(verb) if draft.phrase(i, ("how", "much"))), None)
    relative = any(draft.word(i) in ("who", "that", "which") for i in range(much or 0, verb))
    return much is not None and draft.items[verb].has(Kind.DOES) and not relative


def _begins_a_clause(draft: Draft, begin: int, *, denials: bool = True) -> bool:
    word = draft.items[begin].text
    return word in ("and", "but", "or", "who", "that", "yet") or (denials and word in NEGATIONS)


def _asked_entity(draft: Draft) -> str | None:
    if draft.counted is not None:
        return draft.counted
    return draft.subject.dataset if draft.subject is not None else None


def subject_before(draft: Draft, begin: int) -> str | None:
    """The entity whose noun (or "who") stands just before `begin`, time expressions and descriptions aside."""
    at, compares = begin - 1, False
    while at >= 0:
        item = draft.items[at]
        if item.has(Kind.DATASET) and (draft.claims[at] == "condition" or _is_compared(draft, at)):
            at, compares = at - 1, True
            continue
        if item.has(Kind.DATASET):
            return _entity_at(draft, at)
        if item.text in PERSONS and draft.items[at + 1].text in ("who", "that"):
            return draft.customer
        if at == draft.counted_at:
            return draft.counted
        if draft.subject is not None and at == draft.subject.at:
            return draft.subject.dataset
        described = (
            item.text in ordinary_words()
            or item.time is not None
            or item.has(Kind.VALUE, Kind.FILTER)
            or draft.claims[at] in ("condition", "filter")
        )
        compared = compares and (item.number is not None or item.text in _BOUNDS)
        if not (described or compared) and item.text not in _BETWEEN:
            return None
        at -= 1
    return None


def _is_compared(draft: Draft, at: int) -> bool:
    """The trips of "members with more than 250 trips": part of their description."""
    number = draft.items[at - 1].number if at else None
    return (
        number is not None
        and at > 1
        and draft.items[at - 2].text in ("than", "least", "most", "over", "under", "exactly", ">", "<", "with")
    )


def _entity_at(draft: Draft, at: int) -> str | None:
    """The entity of a noun; orders and the like only where no customer is spoken of before."""
    mention = draft.items[at].mention
    senses = mention.of(Kind.DATASET) if mention else ()
    entity = next((s.target for s in senses if draft.model.datasets[s.target].is_entity), None)
    if entity is not None or any(
        item.has(Kind.DATASET) and draft.dataset_at(i) == draft.customer for i, item in enumerate(draft.items[:at])
    ):
        return entity
    return next((s.target for s in senses if draft.world.holds_rows(s.target) and draft.count_metric(s.target)), None)


# -- clauses without a verb of their own ---------------------------------------------------------------


def elliptic(draft: Draft, last: Clause) -> Clause | None:
    """ "... but not bread", "and in December": the verb is the one before."""
    at = last.end
    if draft.word(at) not in ("and", "but", "or", ",", "yet") and draft.word(at) not in NEGATIONS:
        return None
    begin, negated = at, False
    while draft.free(at) and draft.word(at) in BEFORE_VERB | NEGATIONS | {","}:
        negated = negated or draft.word(at) in NEGATIONS
        at += 1
    only = any(draft.items[i].text in SOLELY for i in range(begin, at))
    at = draft.skip(
        at, ("any", "some", "a", "the", "in", "from", "at", "of", "on", "via", "through", "anything", "something", "single", "one")
    )
    if not draft.free(at) or draft.items[at].has(Kind.FACT, Kind.DOES):
        return None
    item = draft.items[at]
    if negated and _only_once(draft, last, at):
        end = draft.skip(at, _AGAIN)
        draft.claim_free(begin, end, "condition")
        return replace(last, end=end)
    if negated and last.windows and (clause := _never_again(draft, last, begin, at)) is not None:
        add_clause(draft, clause)
        return clause
    starts = (item.time is not None and item.time.window is not None) or filters_of(draft, at, last.fact) is not None
    if not starts:
        return None
    clause = with_objects(draft, Clause(entity=last.entity, fact=last.fact, negated=negated, begin=begin, end=at, only=only), at)
    apart = clause is not None and bool(clause.windows) and bool(last.windows) and clause.windows != last.windows
    if clause is not None and not clause.negated and item.time is None and not (only or apart):
        return None
    if clause is None or not (clause.filters or clause.windows or clause.alternatives):
        return None
    if not clause.filters and not clause.alternatives and clause.windows:
        clause = replace(clause, filters=last.filters)
    if not clause.windows and last.windows:
        clause = replace(clause, windows=last.windows)
    elif clause.windows and not last.windows and item.time is None:
        share_window(draft, last, clause.windows[0])
    add_clause(draft, clause)
    return clause


def _only_once(draft: Draft, last: Clause, at: int) -> bool:
    """ "came once and never again": exactly once."""
    once = last.bound is not None and (last.bound.op, last.bound.value, last.bound.unit) == ("ge", 1.0, "times")
    if not once or draft.word(at) not in ("again", "since", "afterwards", "back") or not draft.entity_conditions:
        return False
    draft.entity_conditions[-1] = draft.entity_conditions[-1].model_copy(update={"op": "eq"})
    return True


def share_window(draft: Draft, clause: Clause, window: TimeWindow) -> None:
    """ "bought deli but no produce in May": the period at the end is that of both."""
    draft.entity_conditions = [
        c.model_copy(update={"window": window}) if (c.entity, c.fact, c.window) == (clause.entity, clause.fact, None) else c
        for c in draft.entity_conditions
    ]


def _never_again(draft: Draft, last: Clause, begin: int, at: int) -> Clause | None:
    """ "... in January and then never again", "... and not since": no further one after the window before, to the end of what is said."""
    words = {draft.items[i].text for i in range(begin, min(at + 2, len(draft.items)))}
    end = draft.skip(at, _AGAIN)
    if not words & {"again", "since", "afterwards", "anymore", "more", "back"} or any(i.has(Kind.FACT) for i in draft.items[begin:end]):
        return None
    after = draft.world.calendar.resolve(last.windows[-1]).end + dt.timedelta(days=1)
    rest = _rest_of(draft, end)
    until = after.replace(month=12, day=31) if rest > end else None
    window = TimeWindow(start=after, end=until)
    return replace(last, negated=True, begin=begin, end=rest, windows=(window,), bound=None, first=False, only=False)


def _rest_of(draft: Draft, at: int) -> int:
    """Index after "for the rest of the year", "until the end of the year"."""
    rest = draft.skip(at, ("for", "in", "during", "until", "till", "the", "rest", "end", "of", "remainder"))
    item = draft.item(rest)
    said = {draft.items[i].text for i in range(at, rest)} & {"rest", "end", "remainder"}
    return rest + 1 if said and item is not None and item.text == "year" else at


def _first_noun(draft: Draft) -> None:
    """ "customers whose first visit was in March" """
    for at in range(1, len(draft.items)):
        if not draft.phrase(at, ("first",)) or draft.word(at - 1) not in ("whose", "their", "a", "the", "had"):
            continue
        begin = at - 1
        subject = subject_before(draft, begin) or _asked_entity(draft)
        item = draft.item(at + 1)
        mention = item.mention if item is not None else None
        senses = mention.of(Kind.DATASET, Kind.FACT) if mention else ()
        facts = [s.target for s in senses if subject is not None and s.target != subject and draft.world.reaches(s.target, subject)]
        if subject is None or not facts:
            continue
        rest = draft.skip(at + 2, ("was", "is", "happened", "took", "place", "fell", "with", "us", "made"))
        clause = with_objects(draft, Clause(entity=subject, fact=facts[0], negated=False, begin=begin, end=rest, first=True), rest)
        if clause is not None and clause.windows:
            add_clause(draft, clause)


# -- the conditions ------------------------------------------------------------------------------------


def add_clause(draft: Draft, clause: Clause) -> None:
    """Claims the clause's words and adds its condition, or one per object joined by "and" (which may then not be denied together)."""
    draft.claim_free(clause.begin, clause.end, "condition")
    if clause.main and draft.main_from is None:
        draft.main_from = len(draft.entity_conditions)
    bound = clause.bound or Bound(op="ge", value=1, end=clause.end)
    if clause.only and (bound.op, bound.value, bound.unit) == ("ge", 1.0, "times"):
        bound = replace(bound, op="eq")  # "only ever bought once"
    if clause.negated:
        bound = Bound(op="eq", value=0, end=clause.end) if clause.bound is None else negate(clause.bound)
    window = clause.windows[0] if clause.windows else None
    bound = _per_window(draft, clause, bound, window)
    clause = _by_occasion(draft, clause)
    objects = clause.alternatives or ((),)
    if clause.negated and clause.alternatives and len({t[0].field for t in clause.alternatives}) == 1:
        joined = clause.alternatives[0][0].model_copy(update={"values": tuple(v for t in clause.alternatives for v in t[0].values)})
        objects = ((joined,),)
    for tests in objects:
        draft.entity_conditions.append(
            EntityCondition(
                entity=clause.entity,
                fact=clause.fact,
                filters=(*clause.filters, *tests),
                window=window,
                op=bound.op,
                value=bound.value,
                distinct=clause.distinct,
                every=clause.every,
            )
        )
        if clause.first:
            _never_before(draft)
        if clause.stopped:
            _but_before(draft)
        if clause.every is not None and clause.negated:
            draft.doubts.append(f"'not every {clause.every}' may mean less than 'in no {clause.every}'")
        if clause.only and clause.bound is None:
            _nothing_else(draft, (*clause.filters, *tests))
        if bound.upper is not None:
            draft.entity_conditions.append(draft.entity_conditions[-1].model_copy(update={"op": "le", "value": bound.upper}))


def opposite(condition: EntityCondition) -> EntityCondition:
    """The condition of those who do not pass this one."""
    if condition.fact is not None and (condition.op, condition.value) in (("ge", 1.0), ("eq", 0.0)):
        denied: tuple[Comparator, float] = ("eq", 0.0) if condition.op == "ge" else ("ge", 1.0)
        return condition.model_copy(update={"op": denied[0], "value": denied[1]})
    return condition.model_copy(update={"op": opposite_of(condition.op)})


def _per_window(draft: Draft, clause: Clause, bound: Bound, window: TimeWindow | None) -> Bound:
    """ "more than twice a week on average": that many times the weeks of the window."""
    if clause.rate is None:
        return bound
    calendar, first = draft.world.calendar, draft.model.settings.data_start or draft.world.values.first_day
    span = calendar.resolve(window or TimeWindow(start=first, end=calendar.as_of))
    periods = ((span.end - span.start).days + 1) / _DAYS[clause.rate]
    if clause.rate not in ("day", "week") and span.start.day == 1 and (span.end + dt.timedelta(days=1)).day == 1:
        months = 12 * (span.end.year - span.start.year) + span.end.month - span.start.month + 1
        periods = months / {"month": 1, "quarter": 3, "year": 12}[clause.rate]
    draft.notes.append(f"{bound.value:g} a {clause.rate} is taken as {bound.value * periods:g} over {periods:g} {clause.rate}s")
    return replace(bound, value=round(bound.value * periods, 6))


_DAYS = {"day": 1.0, "week": 7.0, "month": 30.4375, "quarter": 91.3125, "year": 365.25}


def _but_before(draft: Draft) -> None:
    """Adds to the last condition that it was otherwise before its window."""
    _add_before(draft, "ge", 1.0, lacking="since when is not said")


def _add_before(draft: Draft, op: Comparator, value: float, *, lacking: str) -> None:
    """Adds the last condition once more, with this test, over all the days before its window; a doubt where it has none."""
    last = draft.entity_conditions[-1]
    if last.window is None:
        draft.doubts.append(lacking)
        return
    start = draft.world.calendar.resolve(last.window).start
    before = TimeWindow(end=start - dt.timedelta(days=1))
    draft.entity_conditions.append(last.model_copy(update={"op": op, "value": value, "window": before}))


def _by_occasion(draft: Draft, clause: Clause) -> Clause:
    """ "bought at least 3 times": occasions, not lines, where each row belongs to one that makes the entity active."""
    occasion = main_fact(draft, clause.entity)
    times = clause.bound is not None and clause.bound.unit == "times"
    if not times or occasion is None or occasion == clause.fact or not draft.world.reaches(clause.fact, occasion):
        return clause
    tested = {f.field.split(".")[0] for f in clause.filters}
    return replace(clause, fact=occasion) if all(draft.world.reaches(occasion, t) for t in tested) and not clause.alternatives else clause


def _nothing_else(draft: Draft, tests: tuple[Filter, ...]) -> None:
    """Adds to the last condition that no row of the fact is of another kind; or, of a bare period, on another day."""
    last = draft.entity_conditions[-1]
    if not tests and last.window is not None:
        span = draft.world.calendar.resolve(last.window)
        begins = draft.model.settings.data_start or draft.world.values.first_day
        if begins is None or span.start > begins:
            _add_before(draft, "eq", 0.0, lacking="")
        if span.end < draft.world.calendar.as_of:
            after = TimeWindow(start=span.end + dt.timedelta(days=1))
            draft.entity_conditions.append(last.model_copy(update={"op": "eq", "value": 0.0, "window": after}))
        return
    if len(tests) != 1 or tests[0].op != "in":
        draft.doubts.append("'only' may mean more than this")
        return
    other = tests[0].model_copy(update={"op": "not_in"})
    draft.entity_conditions.append(last.model_copy(update={"filters": (other,), "op": "eq", "value": 0.0}))


def _never_before(draft: Draft) -> None:
    """Adds to the last condition that nothing of the kind happened before its window."""
    _add_before(draft, "eq", 0.0, lacking="when the first time was is not said")
