"""Who "they" are: a complete question that speaks of what the plan before found.

"Which five shops sold most?" - "How many visitors did they have?" asks of those five, "What did gold members spend?" - "How many orders
did they place?" of gold members in the same period. The question is read with the noun in place of the pronoun, and then either put
beside the rows of the plan before, or restricted to the same rows, entities and days. Where that cannot be done exactly, the reading is
offered and says why.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assistant.minds.embedded.arbiter import judge
from assistant.minds.embedded.assemble import Reading
from assistant.minds.embedded.edit_window import window_of
from assistant.minds.embedded.grammar.draft import Rank
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.tokens import Token, atoms, tokenize
from assistant.minds.embedded.values import key_field, said
from assistant.minds.embedded.wordlists import word_set
from assistant.turn import MindContext
from tools.core.query.metric_query import DimensionRef, EntityCondition, Filter, Measure, MetricQuery, Order, ShareOfTotal, TimeWindow

if TYPE_CHECKING:
    from assistant.minds.embedded.mind import QuestionReader

_NOUNS_FOR = word_set("they them he him she")
_POSSESSIVES = word_set("their theirs its his her hers")
_POINTERS = word_set("these those")
_THINGS = word_set("it that")
_BEING = word_set("is are was were")
_DOING = word_set("do does did has have had")
_BEFORE_A_THING = _BEING | _DOING | word_set("of from by for with in about")
_ASKING_FOR_GROUPS = word_set("which what where in by from")
_ASKING = word_set("which what many much")
_OPENINGS = word_set("and but so ok okay then also now")
_LONGEST_ELLIPSIS = 12
_DONE_TO = word_set("on for in")
_COMPARING = word_set("compare compares compared comparison versus vs against than")
_PARTS = word_set("share percentage percent proportion part fraction")
_AFTER_IDLE_IT = word_set("take takes took cost costs rain rains look looks seem seems mean means possible true")
"""The "it" before these stands for nothing: "how long does it take"."""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A question that leans on the one before, read as far as it goes by itself."""

    reading: Reading
    """Of the question with nouns in place of its pronouns."""
    entity: str | None
    """Dataset that "they" are rows of; None = they are groups of another kind, or a figure."""


@dataclass(frozen=True, kw_only=True)
class Referred:
    """The question, complete."""

    query: MetricQuery
    carried_over: tuple[str, ...]
    notes: tuple[str, ...] = ()
    doubt: str | None = None


def refers_back(tokens: Sequence[Token], reader: QuestionReader) -> bool:
    """Whether a pronoun stands for something that this question does not name itself."""
    return any(_is_reference(tokens, at, reader) for at in range(len(tokens)))


def unresolved(tokens: Sequence[Token], reader: QuestionReader, *, in_thread: bool = False) -> str:
    """The first word for people or things that neither this question nor one before it names; empty when there is none.

    `in_thread`: after another question "it" and "that" stand for something of that one.
    """
    words = _NOUNS_FOR | _POSSESSIVES - {"its"} | ({"its"} | _THINGS | _POINTERS if in_thread else frozenset())
    return next((t.text for at, t in enumerate(tokens) if t.text in words and _is_reference(tokens, at, reader)), "")


def refer_back(tokens: Sequence[Token], previous: MetricQuery, reader: QuestionReader, context: MindContext) -> Referred | None:
    """The question about what the plan before found; None when it does not lean on it, or cannot be read."""
    tokens, previous = _without_opening(tokens), _whole_again(previous)
    if not tokens:
        return None
    if not refers_back(tokens, reader):
        return _ellipsis(tokens, previous, reader, context)
    entity = _entity_of(previous, reader)
    share = _part_of(tokens, previous, reader)
    if share is not None:
        return share
    aside = _set_against(tokens, previous, reader, context)
    if aside is not None:
        return aside
    period = _same_period(tokens, previous)
    spoken = _with_nouns(tokens, _noun_of(previous, entity, reader), reader)
    part = any(one.text == "of" and thing.text in _THINGS for one, thing in itertools.pairwise(tokens))
    reading, doubt = _read(spoken, previous, reader, context, is_part=part)
    if reading is None or reading.query is None:
        return None
    reading = _counted(reading, previous, entity, reader)
    if reading.query is None:
        return None
    if part and previous.metrics and reading.query.filters:  # "how much of it came from premium members": those are not counted
        reading = replace(reading, query=reading.query.model_copy(update={"metrics": previous.metrics[:1]}))
    elif part and previous.metrics and reading.query is not None:
        reading = replace(reading, query=_of_the_figure(reading.query, previous, reader))
    if period is not None and reading.query is not None and reading.query.window is None:
        conditions = tuple(c if c.window is not None else c.model_copy(update={"window": period}) for c in reading.query.entity_conditions)
        reading = replace(reading, query=reading.query.model_copy(update={"entity_conditions": conditions}))
    reference = Reference(reading=reading, entity=entity)
    pairs = [(one.text, thing.text) for one, thing in itertools.pairwise(tokens)]
    whole = pairs[-1:] and pairs[-1][0] in _BEING and pairs[-1][1] in _THINGS  # "how many units was that?"
    done_to = (any(one in _DONE_TO and thing in _THINGS for one, thing in pairs) or bool(whole)) and not part
    found = _beside(previous, reference, reader) if previous.dimensions else _among(previous, reference, reader, done_to=done_to)
    if found is None:
        return None
    return replace(found, notes=(*reading.notes, *found.notes), doubt=found.doubt or doubt)


def _counted(reading: Reading, previous: MetricQuery, entity: str | None, reader: QuestionReader) -> Reading:
    """ "Show their visits" beside rows of something else: how many each has, and not a list of all of them."""
    listing = reading.query.listing if reading.query is not None else None
    counted = reader.lexicon.count_metrics.get(listing.entity) if listing is not None and listing.entity != entity else None
    if counted is None or reading.query is None or not previous.dimensions:
        return reading
    kept = {"filters": reading.query.filters, "entity_conditions": reading.query.entity_conditions, "window": reading.query.window}
    return replace(reading, query=MetricQuery(metrics=(Measure(metric=counted),)).model_copy(update=kept))


def _of_the_figure(asked: MetricQuery, previous: MetricQuery, reader: QuestionReader) -> MetricQuery:
    """ "Which categories caused most of it?": ranked by the figure of the plan before, where only the default figure was taken."""
    default, shown = reader.model.settings.default_metric, previous.metrics[0]
    if [m.metric for m in asked.metrics] != [default] or shown.metric == default:
        return asked
    order = tuple(o.model_copy(update={"by": shown.column}) if o.by == default else o for o in asked.order)
    return asked.model_copy(update={"metrics": (shown,), "order": order})


def _turned(previous: MetricQuery, rank: Rank, reader: QuestionReader) -> Referred | None:
    """ "Which was the best?": the rows before, in this order."""
    if not previous.dimensions or not previous.metrics:
        return None
    order = Order(by=previous.metrics[0].column, direction=rank.sorted_by(reader.model.metrics[previous.metrics[0].metric]))
    limit = previous.limit if rank.sorts else 1
    turned = previous.model_copy(update={"order": (order,), "limit": limit, "skip": rank.skip if limit is not None else 0})
    return Referred(query=turned, carried_over=("all but the order",))


def _whole_again(previous: MetricQuery) -> MetricQuery:
    """After "what share of all customers is that?" those customers are still spoken of."""
    if len(previous.metrics) != 1 or not previous.metrics[0].as_share:
        return previous
    part = previous.metrics[0]
    return previous.model_copy(
        update={
            "metrics": (Measure(metric=part.metric),),
            "filters": (*previous.filters, *part.filters),
            "entity_conditions": (*previous.entity_conditions, *part.entity_conditions),
        }
    )


_SAME = frozenset(itertools.product(("that", "same"), ("day", "week", "month", "quarter", "year", "period", "time")))


def _same_period(tokens: Sequence[Token], previous: MetricQuery) -> TimeWindow | None:
    """ "How many of them booked boxing that month?": the days that the plan before was about."""
    return window_of(previous) if set(itertools.pairwise(t.text for t in tokens)) & _SAME else None


def _without_opening(tokens: Sequence[Token]) -> Sequence[Token]:
    at = 0
    while at < len(tokens) and tokens[at].text in _OPENINGS:
        at += 1
    return tokens[at:]


def _read(
    spoken: Sequence[Token], previous: MetricQuery, reader: QuestionReader, context: MindContext, *, is_part: bool
) -> tuple[Reading | None, str | None]:
    """The question with its nouns in place, and why it is doubtful; what it leaves unsaid is the figure of the plan before."""
    reading = reader.readings(tuple(spoken), context)[0]
    figure = _figure_of(previous, reader)
    if reading.query is not None and reading.query.listing is not None and figure is not None and spoken[0].text in _ASKING_FOR_GROUPS:
        # "Which sports do they book" after a figure splits one; a list of sports would lose who they are.
        counted = reader.reading_assuming(tuple(spoken), figure, context)
        reading = counted if counted.is_whole and counted.query is not None and not counted.query.listing else reading
    if reading.query is None and not reading.absent:
        # "Which regions do they live in" and "how much of it" may leave their figure unsaid; "how often do they order" asks for one.
        unsaid = spoken[0].text in _ASKING_FOR_GROUPS or is_part
        reading = reader.reading_assuming(tuple(spoken), figure, context) if unsaid and figure is not None else reading
        return (reading, None) if reading.is_whole else (None, None)
    if reading.query is None or reading.absent or reading.is_guess:
        return None, None
    if reading.query.growth is not None and previous.window is not None:
        reading = _in_the_period(spoken, previous.window, reader, context) or reading
    return reading, judge(" ".join(t.raw for t in spoken), reading, reader.model, reader.learner).doubt


def _in_the_period(spoken: Sequence[Token], window: TimeWindow, reader: QuestionReader, context: MindContext) -> Reading | None:
    """ "Which category grew most" of a year is held against the year before: what grew depends on the period."""
    label = reader.world(context.as_of).calendar.resolve(window).label
    named = (*spoken, *tokenize(f"in {label}")) if label else ()
    dated = reader.readings(named, context)[0] if named else None
    return dated if dated is not None and dated.is_whole and dated.query is not None and dated.query.window is not None else None


def _set_against(tokens: Sequence[Token], previous: MetricQuery, reader: QuestionReader, context: MindContext) -> Referred | None:
    """ "How does that compare to the South?": both values of the field that the plan before was restricted to, side by side."""
    if not {t.text for t in tokens} & _COMPARING:
        return None
    draft = reader.draft(tuple(tokens), context, previous)
    old = {f.field: f for f in previous.filters if f.op == "in"}
    new = [f for f in draft.filters if f.op == "in"]
    if len(new) != 1 or new[0].field not in old or draft.measures or draft.window is not None or previous.dimensions:
        return None
    field = new[0].field
    both = Filter(field=field, op="in", values=tuple(dict.fromkeys((*old[field].values, *new[0].values))))
    filters = tuple(both if f.field == field else f for f in previous.filters)
    query = previous.model_copy(update={"filters": filters, "dimensions": (DimensionRef(field=field),)})
    return Referred(query=query, carried_over=("all but what is compared",))


def _figure_of(query: MetricQuery, reader: QuestionReader) -> str | None:
    """What the plan measures; a list of people counts them."""
    if query.metrics:
        return query.metrics[0].metric
    return reader.lexicon.count_metrics.get(query.listing.entity) if query.listing is not None else None


def _ellipsis(tokens: Sequence[Token], previous: MetricQuery, reader: QuestionReader, context: MindContext) -> Referred | None:
    """ "Which category was worst?": ranked by the figure of the plan before, over the same period and conditions."""
    draft = reader.draft(tuple(tokens), context, previous)
    names_figure = draft.measures or draft.listing or draft.has_own_result or draft.comparison
    measure = _figure_of(previous, reader)
    if draft.rank is None or names_figure or measure is None or len(tokens) > _LONGEST_ELLIPSIS or draft.rank.n is not None:
        return None
    reading = reader.reading_assuming(tuple(tokens), measure, context)
    if not reading.is_whole or reading.query is None:
        return None
    if not reading.query.dimensions:
        return _turned(previous, draft.rank, reader)
    found = _among(previous.model_copy(update={"limit": None, "skip": 0}), Reference(reading=reading, entity=None), reader)
    figure = reader.model.metrics[measure].label
    return replace(found, carried_over=(figure, *found.carried_over), doubt=None) if found is not None else None


def _is_reference(tokens: Sequence[Token], at: int, reader: QuestionReader) -> bool:
    word = tokens[at].text
    before = tokens[at - 1].text if at else ""
    following = tokens[at + 1].text if at + 1 < len(tokens) else ""
    if word in _THINGS:
        ends = at > 1 and all(t.kind == "mark" for t in tokens[at + 1 :])
        if ends and (word == "it" or before in _BEING):
            return True  # "what share is that?": whatever else the question names, this is not it
        return before in _BEFORE_A_THING and following not in _AFTER_IDLE_IT and not _is_determiner(tokens, at, reader)
    counts_rows = (word == "one" and before == "which") or (word == "each" and before in _BEING | _DOING)
    points = word in _POINTERS and following not in ("who", "that", "which", "with", "without", "whose")
    return (word in _NOUNS_FOR | _POSSESSIVES or counts_rows or points) and not _named_before(tokens, at, reader)


def _is_determiner(tokens: Sequence[Token], at: int, reader: QuestionReader) -> bool:
    """ "that month", "that customers made": the word belongs to the one after it."""
    following = tokens[at + 1] if at + 1 < len(tokens) else None
    return tokens[at].text == "that" and following is not None and following.kind == "word" and bool(reader.mentions([following]))


def _named_before(tokens: Sequence[Token], at: int, reader: QuestionReader) -> bool:
    """Whether the question itself names what the pronoun stands for: "customers and the orders they placed".

    What is asked for is not it: the categories of "which categories are they in", unlike the customers of "how many customers have
    withdrawn their consent".
    """
    model = reader.model
    inverted = tokens[at - 1].text in _BEING | _DOING | {"of"} if at else False
    for mention in reader.mentions(tokens[:at]):
        asked_for = inverted and mention.start and tokens[mention.start - 1].text in _ASKING
        names = bool(mention.of(Kind.VALUE)) or any(model.datasets[s.target].is_entity for s in mention.of(Kind.DATASET))
        if names and not asked_for:
            return True
    return False


def _with_nouns(tokens: Sequence[Token], noun: tuple[str, str], reader: QuestionReader) -> tuple[Token, ...]:
    """The question with `noun` for "they", and "we" for what has no noun: a subject that says nothing."""
    plural, single = (tokenize(form) if form else () for form in noun)
    found: list[Token] = []
    for at, token in enumerate(tokens):
        if not _is_reference(tokens, at, reader):
            found.append(token)
        elif token.text in _POSSESSIVES:
            continue
        elif token.text == "one":
            found += single or plural
        elif token.text in _THINGS and at and tokens[at - 1].text == "of":
            found.pop()
        elif token.text in _THINGS:
            found += tokenize("we") if at + 1 < len(tokens) and tokens[at + 1].kind == "word" else ()
        elif token.text not in _POINTERS or not _before_a_noun(tokens, at, reader):
            found += plural or tokenize("we")
    return tuple(found)


def _before_a_noun(tokens: Sequence[Token], at: int, reader: QuestionReader) -> bool:
    following = reader.mentions(tokens[at + 1 : at + 3]) if at + 1 < len(tokens) else ()
    return any(m.of(Kind.DATASET, Kind.FIELD, Kind.METRIC, Kind.VALUE, Kind.FILTER) for m in following)


def _noun_of(query: MetricQuery, entity: str | None, reader: QuestionReader) -> tuple[str, str]:
    """The noun that "they" and "which one" stand for, of the plan's rows or of what it counts: plural and singular, empty when none."""
    counted = [e for m in query.metrics if (e := reader.lexicon.counted_by(m.metric)) is not None]
    if query.dimensions and entity is None:
        field = reader.model.field(query.dimensions[0].field)
        return (reader.model.datasets[counted[0]].plural if counted else field.plural), field.label
    name = entity if query.dimensions else next(iter(counted), entity)
    return (reader.model.datasets[name].plural, reader.model.datasets[name].label) if name is not None else ("", "")


def _entity_of(query: MetricQuery, reader: QuestionReader) -> str | None:
    """The entity whose rows the plan shows, counts or restricts, in this order."""
    model = reader.model
    if query.listing is not None:
        return query.listing.entity
    for dimension in query.dimensions:
        dataset = model.datasets[dimension.field.split(".")[0]]
        if dataset.is_entity and _names_a_row(dimension.field, reader):
            return dataset.name
    if query.dimensions:
        return None
    counted = [e for m in query.metrics if (e := reader.lexicon.counted_by(m.metric)) is not None and model.datasets[e].is_entity]
    owners = [*(c.entity for c in query.entity_conditions), *(f.field.split(".")[0] for f in query.filters)]
    named = [name for name in owners if model.datasets[name].is_entity]
    return next(iter((*counted, *named)), None)


def _names_a_row(field_id: str, reader: QuestionReader) -> bool:
    """Whether each row of the entity has a value of its own: its key, or the field that is called like the entity ("store")."""
    dataset = reader.model.datasets[field_id.split(".")[0]]
    key = key_field(reader.model, dataset.name)
    if key is not None and key.id == field_id:
        return True
    senses = reader.lexicon.lookup(atoms(dataset.label))
    return any(s.kind is Kind.FIELD and s.target == field_id for s in senses)


def _part_of(tokens: Sequence[Token], previous: MetricQuery, reader: QuestionReader) -> Referred | None:
    """ "What share of all parcels is that?": the rate whose part was counted, or the counted ones among all; of rows, their shares."""
    if not {t.text for t in tokens} & _PARTS or len(previous.metrics) != 1 or previous.share is not None:
        return None
    shown = previous.metrics[0]
    named = [s.target for m in reader.mentions(tokens) for s in m.of(Kind.METRIC)]
    of_itself = not named or shown.metric in named
    if previous.dimensions:
        shares = previous.model_copy(update={"share": ShareOfTotal()})
        return Referred(query=shares, carried_over=("all but the share",)) if of_itself else None
    if of_itself and (previous.filters or previous.entity_conditions):
        conditions = {"filters": previous.filters, "entity_conditions": previous.entity_conditions}
        measure = shown.model_copy(update={**conditions, "as_share": True})
        query = previous.model_copy(update={"metrics": (measure,), "filters": (), "entity_conditions": ()})
        return Referred(query=query, carried_over=("all but the share",))
    world = reader.world(None)
    same_fact = all(world.fact(name) == world.fact(shown.metric) for name in named)
    rates = world.rates_of(shown.metric) if same_fact else []
    if len(rates) != 1:
        return None
    query = previous.model_copy(update={"metrics": (Measure(metric=rates[0]),), "order": (), "having": ()})
    return Referred(query=query, carried_over=("all but the figure",))


def _beside(previous: MetricQuery, reference: Reference, reader: QuestionReader) -> Referred | None:
    """New figures beside those of the rows before, the rows before in another order, or as a condition."""
    asked = reference.reading.query
    assert asked is not None
    kept = {d.field for d in previous.dimensions}
    own = [d for d in asked.dimensions if d.field not in kept]
    if asked.dimensions and not own and asked.order:
        return _among(previous.model_copy(update={"limit": None, "skip": 0}), reference, reader)
    new = [n for m in asked.metrics if (n := _for_itself(m, asked)) not in previous.metrics and not _counts_rows(n, reference, reader)]
    if own and (new or not all(_belongs(reference.entity, d.field, reader) for d in own)):
        return _among_the_best(previous, reference, reader)
    if not own and not new:
        return None
    query = previous.model_copy(update={"metrics": (*new, *previous.metrics), "dimensions": (*previous.dimensions, *own)})
    moved = asked.window is not None and asked.window != previous.window
    rows = "the same rows" if len(previous.dimensions) > 1 else f"the same {reader.model.field(previous.dimensions[0].field).plural}"
    return Referred(
        query=query,
        carried_over=(rows, *(("the same period",) if previous.window is not None else ())),
        doubt="all figures are of the period before, since the rows were chosen in it" if moved else None,
    )


def _for_itself(measure: Measure, asked: MetricQuery) -> Measure:
    """The figure with the question's own conditions, which are none of the rows'."""
    if not (asked.filters or asked.entity_conditions):
        return measure
    narrowed = {
        "filters": (*measure.filters, *asked.filters),
        "entity_conditions": (*measure.entity_conditions, *asked.entity_conditions),
        "alias": f"{measure.metric}_of_these",
    }
    return measure.model_copy(update=narrowed)


def _counts_rows(measure: Measure, reference: Reference, reader: QuestionReader) -> bool:
    """Where each row is one customer, the number of customers is no figure."""
    return reference.entity is not None and reader.lexicon.counted_by(measure.metric) == reference.entity


def _belongs(entity: str | None, field_id: str, reader: QuestionReader) -> bool:
    """Whether a row of the entity has one value of the field."""
    return entity is not None and reader.world(None).reaches(entity, field_id.split(".")[0])


def _among_the_best(previous: MetricQuery, reference: Reference, reader: QuestionReader) -> Referred | None:
    """The entities that the plan before ranked first, as a condition: "what do these ten buy?"."""
    asked = reference.reading.query
    assert asked is not None
    best = the_best(previous, reference.entity) if reference.entity is not None else None
    if best is None or reference.entity is None:
        return None
    window = asked.window or previous.window
    query = asked.model_copy(update={"entity_conditions": (*asked.entity_conditions, best), "window": window})
    plural = reader.model.datasets[reference.entity].plural
    return Referred(query=query, carried_over=(f"the {plural} of the question before",))


def the_best(ranking: MetricQuery, entity: str) -> EntityCondition | None:
    """The rows of the entity that a ranking kept, as a condition; None when that needs more than their figure."""
    ranked = ranking.order[:1]
    whole = ranking.having or ranking.comparison or ranking.entity_conditions or len(ranking.dimensions) > 1 or ranking.skip
    metric = next((m for m in ranking.metrics if ranked and m.column == ranked[0].by), None)
    if ranking.limit is None or metric is None or whole or metric.per or metric.filters:
        return None
    return EntityCondition(
        entity=entity,
        metric=metric.metric,
        filters=tuple(f for f in ranking.filters if f.op != "not_null"),
        window=ranking.window,
        op="ge" if ranked[0].direction == "desc" else "le",
        best=ranking.limit,
    )


def _what_they_did(previous: MetricQuery, asked: MetricQuery) -> MetricQuery:
    """ "How many bought tea in May?" - "How much did they spend on it?": on tea, in May."""
    done = [c for c in previous.entity_conditions if c.fact is not None and c.filters]
    if len(done) != 1 or len(previous.entity_conditions) != 1 or asked.filters or asked.window is not None:
        return asked
    return asked.model_copy(update={"filters": done[0].filters, "window": done[0].window})


def _among(previous: MetricQuery, reference: Reference, reader: QuestionReader, *, done_to: bool = False) -> Referred | None:
    """The figure over what the plan before was restricted to; `done_to`: only of what those people did there."""
    asked = reference.reading.query
    assert asked is not None
    asked = _what_they_did(previous, asked) if done_to else asked
    if previous.limit is not None or previous.having or previous.own_result:
        return None
    own = {f.field for f in asked.filters}
    filters = (*(f for f in previous.filters if f.field not in own), *asked.filters)
    conditions = tuple(dict.fromkeys((*previous.entity_conditions, *asked.entity_conditions)))
    window = asked.window or previous.window
    query = asked.model_copy(update={"filters": filters, "entity_conditions": conditions, "window": window})
    carried = [*(said(f, reader.model) for f in previous.filters if f.field not in own)]
    carried += [f"the {reader.model.datasets[c.entity].plural} of the question before" for c in previous.entity_conditions]
    carried += ["the same period"] if asked.window is None and previous.window is not None else []
    return Referred(query=query, carried_over=tuple(dict.fromkeys(carried)), doubt=_not_exactly(previous, asked, reader))


def _not_exactly(previous: MetricQuery, asked: MetricQuery, reader: QuestionReader) -> str | None:
    """Why "they" are not told exactly: people who were counted by more than a condition ("new customers")."""
    customer = reader.model.settings.customer
    if customer is None:
        return None
    people = {reader.model.datasets[customer].plural, reader.model.datasets[customer].label}
    for measure in previous.metrics:
        metric = reader.model.metrics[measure.metric]
        if metric.unit in people and reader.lexicon.counted_by(metric.name) is None:
            return f"the figures are not only those of the {metric.label.lower()}"
    counted = any(reader.lexicon.counted_by(m.metric) == customer for m in previous.metrics)
    if counted and previous.window is not None and asked.window is None:
        return "I took the same period, and not only the people who were counted in it"
    return None
