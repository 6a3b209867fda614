"""The rest of an intent's question: whom it is about, by the same readers and the same account as any question about a figure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from assistant.minds.embedded.account import Account, account_for
from assistant.minds.embedded.assemble import READERS
from assistant.minds.embedded.finish import move_window
from assistant.minds.embedded.grammar.draft import Draft, Item, Subject
from assistant.minds.embedded.intents.contract import Asked, Cue
from assistant.minds.embedded.intents.people import People
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.segment import Mention
from assistant.minds.embedded.tokens import Token
from assistant.minds.embedded.values import key_field
from assistant.minds.embedded.wordlists import word_set
from tools.core.query.metric_query import DimensionRef, EntityCondition, Filter, Grain, Measure, TimeWindow
from tools.core.semantics.model import Datatype

_CUT = Token(text=";", raw=";", kind="mark")
_LABELS = word_set("number no id")
_COHORT = frozenset({"filter", "subject", "people", "support"})
"""Claims that say whom the question is about: every intent takes them."""
_PEOPLE = "people"
_RELATIVE = word_set("who whom that which")
_BEING = word_set("is are was were be we will")
_CLAUSES = word_set("and or but also then about of with for to from tell know say show list me us")
_ASKING = word_set("which who list show name find identify give get display pull tell")
_BETWEEN = word_set("me us the a of our my out up all those these are is top")


@dataclass(frozen=True, kw_only=True)
class Rest:
    """What the question says besides the intent's own words."""

    asked: Asked
    draft: Draft
    account: Account
    filters: tuple[Filter, ...]
    """Conditions on customers."""
    entity_conditions: tuple[EntityCondition, ...]
    """Conditions on what customers did."""
    customer_ids: tuple[str | int, ...]
    mentions: tuple[Mention, ...]
    misplaced: tuple[str, ...] = ()
    """Words of conditions that are none on customers."""

    @property
    def is_empty(self) -> bool:
        """Nothing but filler, and the customers themselves."""
        people = self.filters or self.entity_conditions or self.customer_ids
        return not (people or self.account.leftover or self.unused(frozenset({"ranking"})))

    @property
    def n(self) -> int | None:
        """How many are asked for: "the 20 customers", "which 200 customers"."""
        rank, subject = self.draft.rank, self.draft.subject
        return (rank.n if rank is not None else None) or (subject.n if subject is not None else None)

    @property
    def asks_for_people(self) -> bool:
        """ "which customers", "who", "list the customers", "top 5 customers": they are wanted one by one."""
        subject, rank, customer = self.draft.subject, self.draft.rank, self.draft.customer
        ranked = rank.noun if rank is not None else None
        listed = customer is not None and ranked is not None and ranked == self.draft.key_of(customer)
        return listed or (subject is not None and subject.dataset == customer)

    @property
    def names_people(self) -> bool:
        """Customers are spoken of: by their noun, by what they are called ("champions"), or as "who"."""
        draft = self.draft
        named = any(_is_people(draft, at) or (i.is_plural and i.has(Kind.VALUE, Kind.FILTER)) for at, i in enumerate(draft.items))
        return named or self.asks_for_people

    @property
    def metrics(self) -> tuple[str, ...]:
        """Metrics that are named, besides the number of customers."""
        return tuple(m.metric for m in self.draft.measures if self.draft.world.lexicon.counted_by(m.metric) != self.draft.customer)

    @property
    def dimensions(self) -> tuple[DimensionRef | Grain, ...]:
        """What the question wants it split by; not the field of two values that are named, nor the customers who are listed."""
        key = self.draft.key_of(self.draft.customer) if self.draft.customer is not None and self.asks_for_people else None
        own = {f.field for f in self.filters} | ({key.field} if key is not None else set())
        return tuple(d for d in self.draft.dimensions if not (isinstance(d, DimensionRef) and d.field in own))

    @property
    def window(self) -> TimeWindow | None:
        return self.draft.window

    def unused(self, uses: frozenset[str]) -> tuple[str, ...]:
        """Phrases that became a part of a plan which the intent does not take."""
        taken = _COHORT | uses
        found = [i.text for i, claim in zip(self.draft.items, self.draft.claims, strict=True) if claim and claim not in taken]
        subject = self.draft.subject
        if subject is not None and subject.dataset != self.draft.customer:
            found.append(self.draft.items[subject.at].text)
        return tuple(dict.fromkeys((*found, *self.misplaced)))

    def among(self, people: People) -> Rest:
        """The same of these people: a condition on the same field is replaced."""
        conditions = dict.fromkeys((*people.entity_conditions, *self.entity_conditions))
        return replace(self, filters=edited(people.filters, self.filters), entity_conditions=tuple(conditions))

    @property
    def counts(self) -> bool:
        """ "How many": their number is wanted."""
        return self.draft.counted is not None

    @property
    def absent(self) -> bool:
        """Names something that this data does not have."""
        return any(m.of(Kind.ABSENT) for m in self.mentions)


def read_rest(asked: Asked, cues: Iterable[Cue], *, ignoring: frozenset[str] = frozenset()) -> Rest:
    """Who the question is about, once the intents' own words are cut out."""
    tokens, ids = _without_ids(without_cues(asked.tokens, cues), asked)
    world = asked.reader.world(asked.context.as_of)
    cut = asked.reader.cut(_people_apart(tokens, asked), asked.context)
    draft = Draft(world=world, tokens=cut.tokens, items=cut.items, is_fragment=True)
    counted = draft.count_metric(draft.customer) if draft.customer is not None else None
    # With customers as what is counted, "in the North" is taken as theirs and not as a store's.
    draft.measures = [Measure(metric=counted)] if counted is not None else []
    for reader in READERS:
        reader(draft)
    _limits_as_conditions(draft)
    move_window(draft)
    _find_asked_people(draft)
    _claim_people(draft)
    filters, more_ids, misplaced = _on_customers(draft)
    return Rest(
        asked=asked,
        draft=draft,
        account=account_for(draft, ignoring=ignoring),
        filters=filters,
        entity_conditions=tuple(draft.entity_conditions),
        customer_ids=(*ids, *more_ids),
        mentions=cut.mentions,
        misplaced=misplaced,
    )


def opens_a_clause(cue: Cue, asked: Asked) -> bool:
    """The "who" of "customers who have not ordered": it ties a condition to them, and asks for nobody."""
    return asked.tokens[cue.start].text in _RELATIVE and cue.start > 0 and _names_customers(asked.tokens[cue.start - 1], asked)


def edited(old: Sequence[Filter], new: Sequence[Filter]) -> tuple[Filter, ...]:
    """The old conditions, those on the same field replaced."""
    fields = {f.field for f in new}
    return (*(f for f in old if f.field not in fields), *new)


def without_cues(tokens: Sequence[Token], cues: Iterable[Cue]) -> tuple[Token, ...]:
    """The tokens with each cue replaced by a mark, so that no phrase is read across the gap."""
    cut = {at: cue for cue in cues for at in range(_clause_start(tokens, cue), cue.end)}
    kept: list[Token] = []
    for at, token in enumerate(tokens):
        if at not in cut:
            kept.append(replace(token, opens=False))
        elif not at or cut.get(at - 1) is not cut[at]:
            kept.append(_CUT)
    return tuple(kept)


def _clause_start(tokens: Sequence[Token], cue: Cue) -> int:
    """The cue, with the pronoun that ties it to the noun before: "customers who are likely to leave"."""
    begin = cue.start
    while begin > 0 and tokens[begin - 1].text in _BEING:
        begin -= 1
    tied = begin > 1 and tokens[begin - 1].text in _RELATIVE and tokens[begin - 2].text not in _CLAUSES and tokens[begin - 2].kind != "mark"
    return begin - 1 if tied else cue.start


def _without_ids(tokens: tuple[Token, ...], asked: Asked) -> tuple[tuple[Token, ...], tuple[str | int, ...]]:
    """ "customer 123", "customers 5, 8 and 13": the keys, and the tokens without them."""
    model = asked.reader.model
    key = key_field(model, model.settings.customer) if model.settings.customer else None
    if key is None:
        return tokens, ()
    for at, token in enumerate(tokens):
        if not _names_customers(token, asked):
            continue
        end, ids = _ids_after(tokens, at + 1, is_number=key.datatype is Datatype.INTEGER)
        singular = token.text == model.datasets[str(model.settings.customer)].label or not token.text.endswith("s")
        if ids and (singular or len(ids) > 1):
            return (*tokens[:at], _CUT, *tokens[end:]), ids
    return tokens, ()


def _ids_after(tokens: Sequence[Token], at: int, *, is_number: bool) -> tuple[int, tuple[str | int, ...]]:
    while at < len(tokens) and tokens[at].text in _LABELS:
        at += 1
    ids: list[str | int] = []
    end = at
    while at < len(tokens):
        text = tokens[at].text
        if text.isdigit() if is_number else any(c.isdigit() for c in text):
            ids.append(int(text) if is_number else tokens[at].raw)
            end = at + 1
        elif not (ids and text in (",", "and", "or", "&")):
            break
        at += 1
    return end, tuple(ids)


def _people_apart(tokens: tuple[Token, ...], asked: Asked) -> tuple[Token, ...]:
    """A mark between "customers" and "at risk", where the model counts "customers at risk": here they are a cohort and no figure."""
    for mention in asked.reader.cut(tokens, asked.context).mentions:
        metrics = [asked.reader.model.metrics[s.target] for s in mention.of(Kind.METRIC)]
        if mention.end - mention.start < 2 or not any(m.filter is not None for m in metrics):
            continue
        people = [at for at in range(mention.start, mention.end) if _names_customers(tokens[at], asked)]
        if people:
            at = people[0] if people[0] > mention.start else people[0] + 1
            return (*tokens[:at], _CUT, *tokens[at:])
    return tokens


def _names_customers(token: Token, asked: Asked) -> bool:
    customer = asked.reader.model.settings.customer
    return any(s.kind is Kind.DATASET and s.target == customer for s in asked.reader.lexicon.lookup((token.text,)))


def _find_asked_people(draft: Draft) -> None:
    """ "Which 20 customers are ...": the readers wait for a clause after the noun, which is the intent's own and cut out."""
    if draft.subject is not None or draft.customer is None:
        return
    key = draft.key_of(draft.customer)
    for at, item in enumerate(draft.items):
        named = _is_people(draft, at) or (item.is_plural and item.has(Kind.VALUE, Kind.FILTER))  # "which 10 champions"
        if key is None or item.number is not None or not named or draft.claims[at] == "subject":
            continue
        begin, n = at, None
        while begin > 0 and (draft.items[begin - 1].text in _BETWEEN or draft.items[begin - 1].number is not None):
            begin -= 1
            number = draft.items[begin].number
            n = int(number.value) if number is not None and number.unit is None else n
        asked = begin > 0 and draft.items[begin - 1].text in _ASKING
        if asked or n is not None:
            for place in range(begin - asked, at + 1):
                draft.claims[place] = draft.claims[place] if draft.claims[place] == "filter" else "subject"
            draft.subject = Subject(at=at, dimension=key, dataset=draft.customer, plural=item.is_plural, n=n)
            return


def _limits_as_conditions(draft: Draft) -> None:
    """A limit on a figure of each customer says who they are ("customers with more than 5 orders"): the figure itself is not wanted."""
    about_people = (draft.subject is None or draft.subject.dataset == draft.customer) and not draft.dimensions
    if draft.customer is None or not draft.having or not about_people:
        return
    fields = {"metric", "op", "value", "relative_to"}
    limits = [EntityCondition(entity=draft.customer, **h.model_dump(include=fields)) for h in draft.having]
    draft.entity_conditions += limits
    draft.measures = [m for m in draft.measures if m.column not in {h.metric for h in draft.having}]
    draft.having = []


def _is_people(draft: Draft, at: int) -> bool:
    mention = draft.items[at].mention
    return mention is not None and any(s.target == draft.customer for s in mention.of(Kind.DATASET))


def _claim_people(draft: Draft) -> None:
    """The customers themselves are whom an intent is about, not a figure to be shown."""
    for at in range(len(draft.items)):
        if _is_people(draft, at) and draft.claims[at] in ("", "metric", "per entity"):
            draft.claims[at] = _PEOPLE
    for at, item in enumerate(draft.items):
        if item.text in _RELATIVE and not draft.claims[at]:
            before = next((claim for claim, i in _beside(draft, range(at - 1, -1, -1)) if i.text != _CUT.text), "")
            after = next((claim for claim, i in _beside(draft, range(at + 1, len(draft.items))) if i.text not in _BEING), "")
            if before in (_PEOPLE, "filter", "support") and after == "filter":
                draft.claims[at] = _PEOPLE  # "customers who are at risk"


def _beside(draft: Draft, places: range) -> Iterator[tuple[str, Item]]:
    return ((draft.claims[at], draft.items[at]) for at in places)


def _on_customers(draft: Draft) -> tuple[tuple[Filter, ...], tuple[str | int, ...], tuple[str, ...]]:
    """(conditions that customers have, keys of customers, words of the other conditions)."""
    customer = draft.customer
    key = key_field(draft.model, customer) if customer else None
    filters: list[Filter] = []
    ids: list[str | int] = []
    misplaced: list[str] = []
    for test in draft.filters:
        if key is not None and test.field == key.id and test.op == "in":
            ids += [v for v in test.values if isinstance(v, (str, int))]
        elif draft.world.reaches(customer, test.field.split(".")[0]):
            filters.append(test)
        else:
            misplaced.append(draft.items[draft.filter_at.get(test, 0)].text)
    if any(c.entity != customer for c in draft.entity_conditions) or draft.having:
        misplaced += [i.text for i, claim in zip(draft.items, draft.claims, strict=True) if claim in ("condition", "threshold")]
    return tuple(filters), tuple(ids), tuple(misplaced)
