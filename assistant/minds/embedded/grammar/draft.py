"""The plan in the making: the question's items, who has claimed them, and the slots filled so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from assistant.minds.embedded.inflection import is_plural
from assistant.minds.embedded.lexicon import Kind, Lexicon, Sense, datasets_of
from assistant.minds.embedded.numbers import Number
from assistant.minds.embedded.segment import Mention
from assistant.minds.embedded.temporal import PartOfDate, TimePhrase
from assistant.minds.embedded.tokens import Token
from assistant.minds.embedded.values import ValueIndex, key_field
from tools.core.query.calendar import Calendar
from tools.core.query.metric_query import (
    OWN_RESULTS,
    CohortSpec,
    Comparison,
    ConcentrationSpec,
    DimensionRef,
    DistributionSpec,
    EntityCondition,
    Filter,
    Grain,
    Lifecycle,
    ListingSpec,
    Measure,
    MetricCondition,
    PairsSpec,
    ShareOfTotal,
    TimeWindow,
)
from tools.core.semantics.graph import JoinGraph
from tools.core.semantics.model import Metric, MetricFormat, SemanticModel

ARTICLES = frozenset({"the", "a", "an", "our", "all", "my", "their", "its", "each", "every", "different", "individual", "of", "single"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One or more tokens that act as one: a phrase of the model, a number, a time expression, or a plain word."""

    start: int
    end: int
    text: str
    """The tokens' texts, joined by spaces."""
    mention: Mention | None = None
    number: Number | None = None
    time: TimePhrase | None = None

    def has(self, *kinds: Kind) -> bool:
        return self.mention is not None and any(s.kind in kinds for s in self.mention.senses)

    @property
    def is_plural(self) -> bool:
        return is_plural(self.text.rsplit(" ", 1)[-1])


@dataclass(kw_only=True, slots=True)
class Rank:
    """What the question ranks by, before it is known which measure that is."""

    direction: str
    """desc, asc; best and worst wait for the metric's polarity."""
    n: int | None = None
    measure: str | None = None
    """Result column to rank by; None = the first measure."""
    noun: DimensionRef | Grain | None = None
    """What is ranked: the "products" of "top 5 products"."""
    percent: float | None = None
    """Share of the ranked entities: the "top 10 %"."""
    skip: int = 0
    """So many before it are not asked for: 1 for "the second best"."""
    sorts: bool = False
    """Only an order is asked for ("highest first"), and no row by itself."""

    def sorted_by(self, metric: Metric | None) -> str:
        """desc or asc, once the metric is known."""
        if self.direction not in ("best", "worst"):
            return self.direction
        lower_is_better = metric is not None and metric.polarity == "lower_is_better"
        return "desc" if (self.direction == "best") != lower_is_better else "asc"


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """The noun asked for: "which stores", "list the customers", "who"."""

    at: int
    dimension: DimensionRef | Grain
    dataset: str | None
    plural: bool
    n: int | None = None
    """How many are asked for: "which three campaigns"."""


@dataclass(frozen=True, kw_only=True)
class World:
    """What stays the same while one question is read."""

    model: SemanticModel
    lexicon: Lexicon
    values: ValueIndex
    calendar: Calendar
    graph: JoinGraph
    ratios: Mapping[str, tuple[str, str]]
    """See `ratios.py`."""

    def ratio(self, metric: str) -> tuple[str, str] | None:
        """(numerator, entity) of a metric that is a ratio per entity."""
        return self.ratios.get(metric)

    def ratio_of(self, numerator: str, entity: str) -> str | None:
        """The metric that is this ratio."""
        return next((name for name, parts in self.ratios.items() if parts == (numerator, entity)), None)

    def quotient(self, above: str, below: str) -> str | None:
        """The metric that is the first divided by the second."""
        parts = ["".join(self.model.metrics[name].expression.split()).lower() for name in (above, below)]
        wanted = {f"{parts[0]}/nullif({parts[1]},0)", f"{parts[0]}/{parts[1]}"}
        return next((m.name for m in self.model.metrics.values() if "".join(m.expression.split()).lower() in wanted), None)

    def rates_of(self, part: str) -> list[str]:
        """Metrics that are rates with this one above the line: the margin rate of the margin."""
        starts = "".join(self.model.metrics[part].expression.split()).lower() + "/"
        rates = (m for m in self.model.metrics.values() if m.format is MetricFormat.RATE)
        return [m.name for m in rates if "".join(m.expression.split()).lower().startswith(starts)]

    def part_of(self, rate: str) -> str | None:
        """The metric above the line of a rate: the late parcels of the share of parcels that are late."""
        plain = {m.name: "".join(m.expression.split()).lower() for m in self.model.metrics.values()}
        return next((name for name in plain if name != rate and plain[rate].startswith(f"{plain[name]}/")), None)

    def relates(self, one: str, other: str) -> bool:
        """Whether one of the two belongs to the other, directly or by a dataset that both have."""
        return any(self.reaches(x, one) and self.reaches(x, other) for x in self.model.datasets)

    def relates_directly(self, fact: str, other: str) -> bool:
        """Whether the fact shares a key column with the other: a redemption has one coupon, even where its campaign counts too."""
        if any(r.from_dataset == fact and r.to_dataset == other for r in self.model.relationships):
            return True
        key = self.model.datasets[other].primary_key[:1]
        return (
            bool(key)
            and key[0] in {f.expression for f in self.model.datasets[fact].fields.values()}
            and not self.model.datasets[other].default_time
        )

    def reaches(self, from_dataset: str | None, to_dataset: str) -> bool:
        """Whether each row of the first belongs to at most one row of the second."""
        return from_dataset is not None and (from_dataset == to_dataset or to_dataset in self.graph.reachable(from_dataset))

    def holds_rows(self, name: str) -> bool:
        """Whether rows of another dataset belong to each of its rows: what can be kept or left out by what it holds, as orders can."""
        dataset = self.model.datasets[name]
        return dataset.is_entity or (
            len(dataset.primary_key) == 1 and any(r.to_dataset == name for r in self.model.relationships if r.from_dataset != name)
        )

    def fact(self, metric: str) -> str | None:
        """The dataset whose rows the metric aggregates: of those it names, the one that has all the others."""
        names = datasets_of(self.model.metrics[metric], self.model)
        return next((n for n in names if all(self.reaches(n, other) for other in names)), names[0] if names else None)


@dataclass(kw_only=True)
class Draft:
    """Slots of a MetricQuery as they fill up. Readers claim items; an item is claimed once."""

    world: World
    tokens: Sequence[Token]
    items: Sequence[Item]
    choices: Mapping[int, int] = field(default_factory=dict)
    """First token of a mention -> which of its senses of one kind to take, when not the first."""
    claims: list[str] = field(default_factory=list)
    """Per item: which part of the plan it became; empty = not yet."""

    measures: list[Measure] = field(default_factory=list)
    dimensions: list[DimensionRef | Grain] = field(default_factory=list)
    filters: list[Filter] = field(default_factory=list)
    entity_conditions: list[EntityCondition] = field(default_factory=list)
    main_from: int | None = None
    """The first of the conditions that the sentence's own verb says, where a relative clause says those before it."""
    having: list[MetricCondition] = field(default_factory=list)
    parts: list[PartOfDate] = field(default_factory=list)
    windows: list[TimePhrase] = field(default_factory=list)
    window: TimeWindow | None = None
    comparison: Comparison | None = None
    share: ShareOfTotal | None = None
    growth: str | None = None
    change: str | None = None
    """change or change_rate: the question asks for it, the readers find out against what."""
    moved: str = ""
    """up or down, when the question says which way."""
    running_total: bool = False
    moving_average: int | None = None
    lifecycle: Lifecycle | None = None
    cohort: CohortSpec | None = None
    distribution: DistributionSpec | None = None
    concentration: ConcentrationSpec | None = None
    pairs: PairsSpec | None = None
    listing: ListingSpec | None = None
    pairs_limit: int | None = None
    rank: Rank | None = None
    trend: bool = False
    """A course over time is asked for without a grain."""
    time_field: str | None = None
    aggregate: str | None = None
    """avg, median, ...: said of a metric before it is known per what."""
    percentile: float | None = None
    """Which one, with the aggregate "percentile"."""
    per: str | None = None
    """Entity of "per customer"."""
    group_of_rank: DimensionRef | Grain | None = None
    """The "department" of "top 3 products per department"."""
    subject: Subject | None = None
    counted: str | None = None
    """Dataset after "how many"."""
    counted_at: int = -1
    filter_at: dict[Filter, int] = field(default_factory=dict)
    """Where in the question a filter stands, for what depends on the words around it."""
    contrast: bool = False
    """Those who pass the question's one condition are set beside those who do not."""
    contrast_at: int = -1
    """Where the condition is denied; -1 when that is not said."""
    side_by_side: bool = False
    """Values are to be compared: their field was added as a dimension."""
    bare_count: bool = False
    """The only measure is a noun's count that no counting word asked for."""
    is_fragment: bool = False
    """An edit of the plan before: what it leaves unsaid is carried over, never filled in."""
    carried_metrics: tuple[str, ...] = ()
    """Figures of the plan that a fragment edits: what it names must fit them."""
    carried_fields: tuple[str, ...] = ()
    """Fields that this plan is split by: "only under 35" is of the ages that it shows."""
    judged: bool = False
    """Something is called good or important without saying by which figure: none is filled in."""
    candidates: tuple[str, ...] = ()
    """Figures of which one is meant, with `judged`; empty = any."""
    assumed_measure: str | None = None
    """Taken when the question names no measure: one of the readings to choose from."""
    notes: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    open_choices: dict[int, int] = field(default_factory=dict)
    """First token of an ambiguous mention -> number of senses to choose from."""

    def __post_init__(self) -> None:
        self.claims = [""] * len(self.items)

    # -- looking --------------------------------------------------------------------------------

    @property
    def has_own_result(self) -> bool:
        """A shape whose result has columns of its own is read already: no figure is to be filled in."""
        return any(getattr(self, name) is not None for name in OWN_RESULTS)

    @property
    def model(self) -> SemanticModel:
        return self.world.model

    def word(self, at: int) -> str:
        """Text of the item at `at`, "" outside or when it is claimed."""
        return self.items[at].text if 0 <= at < len(self.items) and not self.claims[at] else ""

    def free(self, at: int) -> bool:
        return 0 <= at < len(self.items) and not self.claims[at]

    def item(self, at: int) -> Item | None:
        """The unclaimed item at `at`."""
        return self.items[at] if self.free(at) else None

    def phrase(self, at: int, words: Sequence[str]) -> bool:
        """Whether these words stand at `at`, all unclaimed."""
        if not words or self.word(at) != words[0]:
            return False  # Asked at every word for every phrase of the grammar: most differ at once.
        return all(self.word(at + k) == w for k, w in enumerate(words))

    def match(self, at: int, phrases: Iterable[Sequence[str]]) -> int:
        """Index after the first of the phrases that stands at `at`; `at` itself when none does."""
        first = self.word(at)
        for words in phrases:
            if words[0] == first and self.phrase(at, words):
                return at + len(words)
        return at

    def skip(self, at: int, allowed: Iterable[str]) -> int:
        allowed = frozenset(allowed)
        while self.word(at) in allowed and self.free(at):
            at += 1
        return at

    def back(self, at: int, allowed: Iterable[str]) -> int:
        """Index of the nearest item before `at` that is none of the allowed words."""
        allowed = frozenset(allowed)
        at -= 1
        while at >= 0 and self.word(at) in allowed:
            at -= 1
        return at

    def find(self, *kinds: Kind) -> list[int]:
        """Unclaimed items with a sense of one of the kinds."""
        return [i for i, item in enumerate(self.items) if not self.claims[i] and item.has(*kinds)]

    # -- choosing -------------------------------------------------------------------------------

    def sense(self, at: int, kind: Kind) -> Sense | None:
        """The sense of that kind to use for the item, the open choice noted when there are several."""
        item = self.items[at] if 0 <= at < len(self.items) else None
        if item is None or item.mention is None:
            return None
        senses = item.mention.of(kind)
        if len(senses) > 1 and kind in (Kind.METRIC, Kind.FIELD):
            senses = self._preferred(senses) if kind is Kind.FIELD else self.within_reach(senses, at)
        if not senses:
            return None
        if len(senses) > 1 and kind is Kind.METRIC:
            self.open_choices[item.start] = len(senses)
        return senses[min(self.choices.get(item.start, 0), len(senses) - 1)]

    def _preferred(self, senses: tuple[Sense, ...]) -> tuple[Sense, ...]:
        """Fields of the figure's own fact before those that it reaches, then the others; dimensions before raw columns."""
        fields = [(s, self.model.field(s.target)) for s in senses]
        return tuple(
            s for s, f in sorted(fields, key=lambda pair: (self._distance(pair[1].dataset), not pair[1].is_dimension, pair[1].is_time))
        )

    def within_reach(self, senses: tuple[Sense, ...], at: int) -> tuple[Sense, ...]:
        """Of several figures, those that every other field and value of the question can split or restrict; all when none can."""
        if len(senses) < 2:
            return senses
        named = [
            {self.field_of(s).split(".")[0] for s in item.mention.of(Kind.FIELD, Kind.VALUE, Kind.FILTER)}
            for i, item in enumerate(self.items)
            if i != at and item.mention is not None and not item.has(Kind.METRIC, Kind.DOES)
        ]
        fitting = tuple(
            s for s in senses if all(any(self.world.reaches(self.world.fact(s.target), d) for d in found) for found in named if found)
        )
        return self._like_before(fitting or senses)

    def _like_before(self, senses: tuple[Sense, ...]) -> tuple[Sense, ...]:
        """ "Clicks too" after the spending on ads: in a fragment, the figure of the rows or groups before it."""
        if not self.is_fragment or not self.carried_metrics:
            return senses
        facts = {self.world.fact(name) for name in self.carried_metrics}
        same = tuple(s for s in senses if self.world.fact(s.target) in facts)
        groups = [name.split(".")[0] for name in self.carried_fields]
        split = tuple(s for s in senses if groups and all(self.world.reaches(self.world.fact(s.target), d) for d in groups))
        return same or split or senses

    def _distance(self, dataset: str) -> int:
        """0 for the facts of the figures and verbs that the question names, 1 for what they reach, 2 for others; 0 when none is named."""
        verbs = [s.target for item in self.items if item.mention is not None for s in item.mention.of(Kind.FACT)]
        facts = [*self.measured_facts(), *verbs]
        if not facts or dataset in facts:
            return 0
        return 1 if any(self.world.reaches(fact, dataset) for fact in facts) else 2

    def dataset_at(self, at: int) -> str | None:
        """The dataset whose rows the noun at `at` means; entities first."""
        mention = self.items[at].mention
        senses = mention.of(Kind.DATASET) if mention else ()
        found = sorted((s.target for s in senses), key=lambda name: not self.model.datasets[name].is_entity)
        return found[0] if found else None

    def field_of(self, sense: Sense) -> str:
        """The field that a value or a named filter tests."""
        if sense.kind is not Kind.FILTER:
            return sense.target
        named = next(f for f in self.model.named_filters if f.name == sense.target)
        return str(named.filters[0]["field"])

    def nouns_within(self, at: int) -> set[str]:
        """Entities whose nouns are part of the phrase at `at`: "households with kids" is one filter and names households."""
        words = self.items[at].text.split()
        senses = (s for w in words for s in self.world.lexicon.lookup((w,)))
        return {s.target for s in senses if s.kind is Kind.DATASET and self.model.datasets[s.target].is_entity}

    def done_to(self, at: int) -> str | None:
        """The metric of a noun together with the question's verb: "redeem the most coupons" is about "coupons redeemed"."""
        noun = tuple(self.items[at].text.split())
        for item in self.items:
            participle = self.world.lexicon.participle(item.text) if item.has(Kind.FACT, Kind.DOES) else None
            found = self.world.lexicon.lookup((*noun, participle)) if participle else ()
            metric = next((s.target for s in found if s.kind is Kind.METRIC), None)
            if metric is not None:
                return metric
        return None

    def entity_of(self, field_id: str) -> str | None:
        """The entity that a field describes: its dataset, or the one that shares its key (demographics describe customers)."""
        name = field_id.split(".")[0]
        dataset = self.model.datasets[name]
        if dataset.is_entity:
            return name
        same_key = (d.name for d in self.model.datasets.values() if d.is_entity and d.primary_key == dataset.primary_key)
        return next(same_key, None)

    def metric(self, name: str) -> Metric:
        return self.model.metrics[name]

    def dimension_at(self, at: int) -> DimensionRef | Grain | None:
        """What the item at `at` can be split by: a field, an entity's key, or a calendar unit."""
        item = self.item(at)
        if item is None:
            return None
        if item.time is not None and item.time.grain is not None:
            return item.time.grain
        sense = self.sense(at, Kind.FIELD)
        noun = self.dataset_at(at)
        if sense is not None and (self.model.field(sense.target).is_dimension or noun is None):
            chosen = self.model.field(sense.target)
            return DimensionRef(field=chosen.id, grain=Grain.DAY if chosen.is_time else None)
        return self.key_of(noun) if noun is not None else None

    def key_of(self, dataset: str) -> DimensionRef | None:
        """The dimension whose values are the dataset's rows."""
        key = key_field(self.model, dataset)
        return DimensionRef(field=key.id) if key else None

    def count_metric(self, dataset: str) -> str | None:
        return self.world.lexicon.count_metrics.get(dataset)

    def has_date(self, condition: EntityCondition) -> bool:
        """Whether a window can be set for the condition: who was on a list has no day."""
        return condition.fact is None or self.model.datasets[condition.fact].default_time is not None

    def measured_facts(self) -> list[str]:
        """Facts of the metrics that the question names, chosen already or not: what a value must be able to restrict."""
        names = [m.metric for m in self.measures]
        if self.rank is not None and self.rank.measure in self.model.metrics:
            names.append(self.rank.measure or "")
        for item in self.items:
            if item.mention is not None:
                names += [s.target for s in item.mention.of(Kind.METRIC, Kind.DOES)][:1]
        names = names or list(self.carried_metrics) or ([self.assumed_measure] if self.assumed_measure is not None else [])
        return [f for name in dict.fromkeys(names) if (f := self.world.fact(name)) is not None]

    @property
    def customer(self) -> str | None:
        return self.model.settings.customer

    # -- filling --------------------------------------------------------------------------------

    def claim(self, start: int, end: int, part: str) -> None:
        """Marks the items as consumed by a part of the plan.

        Raises:
            ValueError: One is consumed already: a reader's mistake.
        """
        for at in range(start, end):
            if self.claims[at]:
                raise ValueError(f"{self.items[at].text!r} is already part of {self.claims[at]}")
            self.claims[at] = part

    def claim_free(self, start: int, end: int, part: str) -> None:
        """Claims those of the items that nobody has claimed yet."""
        for at in range(max(start, 0), min(end, len(self.items))):
            self.claims[at] = self.claims[at] or part

    def add_measure(self, measure: Measure) -> str:
        """Adds it unless it is there already; returns its column."""
        if measure not in self.measures:
            self.measures.append(measure)
        return measure.column

    def add_dimension(self, dimension: DimensionRef | Grain) -> None:
        if dimension not in self.dimensions:
            self.dimensions.append(dimension)


def make_items(
    tokens: Sequence[Token], times: Sequence[TimePhrase], mentions: Sequence[Mention], numbers: Sequence[tuple[int, Number]]
) -> list[Item]:
    """Items in the order of the question, each token in exactly one; punctuation stays as an item of its own."""
    spans: dict[int, Item] = {}
    for time in times:
        spans[time.start] = Item(start=time.start, end=time.end, text=_text(tokens, time.start, time.end), time=time)
    for mention in mentions:
        same = spans.get(mention.start)
        text = _text(tokens, mention.start, mention.end)
        spans[mention.start] = Item(start=mention.start, end=mention.end, text=text, mention=mention, time=same.time if same else None)
    for start, number in numbers:
        spans[start] = Item(start=start, end=number.end, text=_text(tokens, start, number.end), number=number)
    items: list[Item] = []
    at = 0
    while at < len(tokens):
        item = spans.get(at) or Item(start=at, end=at + 1, text=tokens[at].text)
        items.append(item)
        at = item.end
    return items


def _text(tokens: Sequence[Token], start: int, end: int) -> str:
    return " ".join(t.text for t in tokens[start:end])
