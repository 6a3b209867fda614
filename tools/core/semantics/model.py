"""The semantic model in memory: what the business calls things, and what they are in the warehouse.

Read from an Apache Ossie document by `read.py`; everything here is immutable and free of I/O.
`docs/semantic_model.md` describes the document and our keys in `ai_context` and `custom_extensions`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class Datatype(StrEnum):
    """Datatypes of the Ossie specification."""

    STRING = "String"
    INTEGER = "Integer"
    DECIMAL = "Decimal"
    FLOAT = "Float"
    BOOLEAN = "Boolean"
    DATE = "Date"
    TIME = "Time"
    DATETIME = "DateTime"
    DATETIME_TZ = "DateTimeTz"
    OPAQUE = "Opaque"


@dataclass(frozen=True, kw_only=True)
class Language:
    """How people say a thing. All phrases are lower case, as the author wrote them."""

    synonyms: tuple[str, ...] = ()
    """Other nouns or noun phrases: "sales", "turnover"."""
    verbs: tuple[str, ...] = ()
    """Verbs that mean it, base form: on a dataset "buy", "redeem" (its facts); on a metric "spend", "sell"."""
    more: tuple[str, ...] = ()
    """Adjectives that ask for high values: "big", "frequent"."""
    less: tuple[str, ...] = ()
    """Adjectives that ask for low values: "small", "rare"."""
    instructions: str = ""
    """Free text for a language model; never read by the embedded mind."""
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Field:
    """A scalar column expression of one dataset; a dimension when people group or filter by it."""

    dataset: str
    name: str
    expression: str
    """Scalar SQL in DuckDB's dialect over the dataset's own columns, unqualified."""
    datatype: Datatype
    is_time: bool = False
    is_dimension: bool = True
    """False for keys and raw measures: not offered for grouping, still usable in filters."""
    label: str
    """Singular, lower case, as in a sentence: "department"."""
    plural: str
    description: str = ""
    language: Language = Language()
    unit: str | None = None
    value_synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Stored value -> what people call it."""
    order: tuple[str, ...] = ()
    """Stored values from low to high, for ordinal bands; empty when the values have no order of their own."""
    index_values: bool = True
    """Whether the value index may hold its distinct values (never for personal columns)."""
    from_texts: bool = False
    """Its values are words out of people's own texts, such as topics found in them: never named to a language model."""
    null_label: str = "Unknown"

    @property
    def id(self) -> str:
        """`dataset.field`, the only form used in plans."""
        return f"{self.dataset}.{self.name}"


@dataclass(frozen=True, kw_only=True)
class Modelled:
    """Says that a dataset holds predictions, not records; whatever rests on it is `modelled`, for this reason."""

    what: str
    """In a sentence: "churn probabilities"."""
    model: str
    """Name and version of what predicted: "logistic regression"."""
    trained_from: dt.date
    trained_to: dt.date
    scored_on: dt.date
    """Day whose knowledge the predictions rest on."""
    reliability: str = ""
    """How good they were on a later window, in words."""
    good_for_days: int = 91
    """After so many days the predictions are stale."""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A table (or query) and what one row of it is."""

    name: str
    source: str
    """Table name, schema-qualified when not in `main`."""
    primary_key: tuple[str, ...] = ()
    unique_keys: tuple[tuple[str, ...], ...] = ()
    fields: Mapping[str, Field]
    label: str
    """What one row is, singular, lower case: "household", "visit"."""
    plural: str
    description: str = ""
    default_time: str | None = None
    """Field that dates a row, for facts."""
    is_entity: bool = False
    """People count, list and rank these: customers, products, stores, campaigns."""
    named_by: tuple[str, ...] = ()
    """Fields of its own that are shown beside the key wherever its rows are named one by one: first name and last name."""
    language: Language = Language()
    modelled: Modelled | None = None


@dataclass(frozen=True, kw_only=True)
class Relationship:
    """Many rows of `from_dataset` belong to at most one row of `to_dataset`."""

    name: str
    from_dataset: str
    to_dataset: str
    from_columns: tuple[str, ...]
    to_columns: tuple[str, ...]
    meaning: str = ""
    """The route in words: "the store where the visit took place"."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """The author's choice between several join paths from one dataset to another."""

    from_dataset: str
    to_dataset: str
    via: tuple[str, ...]
    """Names of relationships, in order."""
    meaning: str = ""


class MetricFormat(StrEnum):
    NUMBER = "number"
    MONEY = "money"
    RATE = "rate"
    """A share or rate stored 0..1, shown in percent."""
    DURATION = "duration"


@dataclass(frozen=True, kw_only=True)
class CumulativeSpec:
    """A metric that accumulates over time: a trailing window, or from the start of a grain; neither = all time."""

    window_count: int | None = None
    window_grain: str | None = None
    grain_to_date: str | None = None
    period_value: Literal["last", "first", "average"] = "last"
    """Which of a longer period's daily values stands for the period."""


@dataclass(frozen=True, kw_only=True)
class MetricInput:
    """One input of a derived metric, under the name that the expression uses."""

    metric: str
    alias: str
    filter: str | None = None
    """Boolean SQL over `dataset.field`s."""
    offset_count: int | None = None
    offset_grain: str | None = None
    """With `offset_count`: value of the metric that many grains earlier."""
    offset_to_grain: str | None = None
    """Value at the first period of this grain: "month" for growth since the start of the month."""


@dataclass(frozen=True, kw_only=True)
class NonAdditive:
    """A balance that must not be summed over time: take the first or last `field` row set per period."""

    field: str
    choice: Literal["min", "max"]
    per: tuple[str, ...] = ()
    """Fields within which the first or last is taken ("per account")."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A named business number.

    Either an aggregate `expression` over `dataset.field`s, or (when `inputs` is set) a scalar expression over other metrics.
    """

    name: str
    expression: str
    label: str
    """As in a sentence, lower case: "revenue", "average basket value"."""
    description: str = ""
    language: Language = Language()
    unit: str | None = None
    """"USD", "visits", "households", ..."""
    format: MetricFormat = MetricFormat.NUMBER
    decimals: int | None = None
    polarity: Literal["higher_is_better", "lower_is_better", "neutral"] = "neutral"
    time_field: str | None = None
    """`dataset.field` that dates it, when not the default time of its fact."""
    filter: str | None = None
    """Boolean SQL over `dataset.field`s that always applies."""
    inputs: tuple[MetricInput, ...] = ()
    cumulative: CumulativeSpec | None = None
    non_additive: NonAdditive | None = None
    counted_through: tuple[str, ...] = ()
    """For counts of an entity: facts through which it may be counted, preferred first, when a window or dimension
    belongs to the fact ("customers in March" = households with a basket in March)."""
    fill_nulls_with: float | None = None
    caveat: str | None = None
    """Said whenever the metric is shown."""

    @property
    def is_derived(self) -> bool:
        return bool(self.inputs)


@dataclass(frozen=True, kw_only=True)
class NamedFilter:
    """A condition with a name of its own: "weekend", "private label", "families"."""

    name: str
    phrases: tuple[str, ...]
    filters: tuple[Mapping[str, object], ...]
    """Filters of a MetricQuery, as JSON objects."""
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What an ambiguous phrase means in this warehouse, so that nobody is asked."""

    phrase: str
    means: str | Mapping[str, object]
    """The metric or `dataset.field` meant, or the part of a MetricQuery that tells the reading meant from the others, as a JSON object."""


@dataclass(frozen=True, kw_only=True)
class AbsentConcept:
    """Something people ask for that this warehouse does not hold; asking for it is declined by name."""

    name: str
    phrases: tuple[str, ...]
    message: str
    """Why not, and what comes nearest."""


@dataclass(frozen=True, kw_only=True)
class VerifiedQuestion:
    """A reviewed pair of question and query."""

    id: str
    question: str
    paraphrases: tuple[str, ...] = ()
    query: Mapping[str, object]
    """A MetricQuery as a JSON object."""
    verified_by: str = ""
    verified_at: dt.date | None = None


@dataclass(frozen=True, kw_only=True)
class Signal:
    """Something known of a customer besides orders that a prediction may use: late deliveries, open tickets, loyalty tier."""

    name: str
    label: str
    """As in a sentence: "late deliveries in the last 90 days"."""
    expression: str
    """Aggregate SQL over `dataset.field`s of one fact (counted per customer), or over the customers themselves."""
    window_days: int | None = None
    """Rows of the fact this many days back count; None: all up to the day in question."""
    since_last_order: bool = False
    """Only rows on or after the day of the customer's last order count: what happened since they last came."""
    time_field: str | None = None
    """`dataset.field` that dates the fact; default the default time of its dataset. Without any, the value of today is used."""


@dataclass(frozen=True, kw_only=True)
class ActionTrial:
    """A record of what was tried on whom and what came of it. Everything but names is scalar SQL over `dataset.field`s of one fact."""

    name: str
    action: str
    """Name of the action, as in `ActionRoles.kinds`; anything else is no action of ours and left out."""
    outcome: str
    """1 when the customer did what was hoped for within `days`, else 0."""
    time: str
    """Field with the day of the decision."""
    treated: str | None = None
    """Boolean: got the action, as against being held out. None: every row did, and rows with the action `none` are those held out."""
    none: str = "nothing"
    randomised: str | None = None
    """Boolean: who was treated was drawn by chance; other rows are left out. None: nothing says so, and the effect is an association."""
    propensity: str | None = None
    """Chance with which this row's choice was made, 0 to 1: what another rule would have brought can be told from it."""
    days: str | None = None
    """Days over which the outcome was watched."""


@dataclass(frozen=True, kw_only=True)
class ActionKind:
    """Something that can be done about one customer."""

    name: str
    label: str
    """As in a sentence: "a call", "an e-mail offer"."""
    channels: tuple[str, ...] = ()
    """Consent for any of them is consent for the action; none = no channel is needed."""
    cost: float = 0.0
    """Of doing it once, in the currency of the model."""
    needs: str | None = None
    """Aggregate SQL per customer that is not 0 where it can be done at all: they have the app, it is in stock."""


@dataclass(frozen=True, kw_only=True)
class ConsentRoles:
    """Where the last word of each customer on each purpose and channel stands: `dataset.field`s, but for `purposes` and `any_channel`."""

    purpose: str
    channel: str
    granted: str
    """Boolean field."""
    purposes: tuple[str, ...] = ("marketing",)
    """All of them must be granted."""
    any_channel: str = "any"


@dataclass(frozen=True, kw_only=True)
class ActionRoles:
    """What can be done about customers, what was tried, and when nothing may be done."""

    kinds: tuple[ActionKind, ...]
    trials: tuple[ActionTrial, ...] = ()
    consent: ConsentRoles | None = None
    contacts: Signal | None = None
    """Number of contacts in the days of its window."""
    most_contacts: int = 1
    """With so many contacts in the window, no further one."""
    blocks: tuple[Signal, ...] = ()
    """Not 0: nothing may be done (an open complaint, an objection, nothing in stock)."""


@dataclass(frozen=True, kw_only=True)
class FeedbackSource:
    """Texts of one kind. Everything but names is scalar SQL over the columns of the dataset's own table."""

    name: str
    """Value of the dimension `source`: "review"."""
    dataset: str
    record_id: str
    text: str
    time: str
    label: str | None = None
    """As in a sentence: "call transcript"; default the name."""
    title: str | None = None
    """Put before the text."""
    customer: str | None = None
    product: str | None = None
    store: str | None = None
    competitor: str | None = None
    """Name of the competitor that the text is about, where the row says so."""
    rating: str | None = None
    """Stars given together with the text; what sentiment is learned from."""
    language: str | None = None
    rating_scale: tuple[float, float] = (1, 5)
    """Worst and best rating."""
    where: str | None = None
    """Rows that count: "author = 'customer'"."""
    spoken: bool = False
    """A transcript of a call or chat."""

    @property
    def title_of(self) -> str:
        return self.label or self.name.replace("_", " ")


@dataclass(frozen=True, kw_only=True)
class FeedbackPeople:
    """Where names and contact data of customers are, so that they can be taken out of texts."""

    table: str
    key: str
    columns: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class FeedbackRoles:
    """Which texts are feedback, and what they may name."""

    sources: tuple[FeedbackSource, ...]
    product: str | None = None
    """Field with the name of a product; its dataset is what `FeedbackSource.product` is the key of."""
    store: str | None = None
    competitor: str | None = None
    people: FeedbackPeople | None = None


@dataclass(frozen=True, kw_only=True)
class TouchpointRoles:
    """Contacts with advertising that orders may follow. All are `dataset.field`s of one dataset."""

    touchpoint: str
    """Key of a contact."""
    time: str
    channel: str
    lookback_days: int = 30
    """A contact longer ago than this has no part in an order."""


@dataclass(frozen=True, kw_only=True)
class CampaignRoles:
    """Campaigns, who was in them, and whether that was left to chance."""

    campaign: str
    """Field that names a campaign."""
    audience: str
    """Dataset with one row per customer and campaign."""
    start: str
    """First day of a campaign."""
    end: str | None = None
    channel: str | None = None
    """Channel of a campaign, in the words of the touchpoints'."""
    arm: str | None = None
    """Field of the audience that tells treated from held out; None: nobody was held out."""
    treated: str = "treat"
    control: str = "control"
    converted: str | None = None
    """Boolean field of the audience: whether they did what the campaign is for."""
    randomised: str | None = None
    """Boolean field: whether chance decided the arm."""


@dataclass(frozen=True, kw_only=True)
class Roles:
    """What the fields of a warehouse are for a prediction, whatever they are called. All are `dataset.field`s."""

    order: str | None = None
    """Key of an order."""
    order_time: str | None = None
    """Day or moment of the order."""
    amount: str | None = None
    """Value of an order or of its lines; added up per order."""
    margin: str | None = None
    """What the business earns on it, on the same rows; lifetime value is then also told in margin."""
    order_filter: str | None = None
    """Boolean SQL over `dataset.field`s that orders must meet, such as not being cancelled."""
    subscription: str | None = None
    """Key of a subscription or contract."""
    subscription_start: str | None = None
    subscription_end: str | None = None
    """Empty while it runs."""
    signals: tuple[Signal, ...] = ()
    feedback: FeedbackRoles | None = None
    """None: this warehouse names no texts."""
    line_amount: str | None = None
    """Value of an order line: says which rows tell what was bought."""
    item: str | None = None
    """What is bought, as people call it: a field that order lines reach."""
    category: str | None = None
    """Coarser: the category or department of the item."""
    contact_time: str | None = None
    """Moment of a message to a customer, or of what they did about it."""
    contact_response: str | None = None
    """Boolean SQL over the same rows: the customer reacted then (opened, clicked, called back)."""
    actions: ActionRoles | None = None
    """None: nothing that could be done is named."""
    touchpoints: TouchpointRoles | None = None
    """None: this warehouse knows no contacts."""
    campaigns: CampaignRoles | None = None
    quantity: str | None = None
    """Pieces of an item on an order line."""
    list_price: str | None = None
    """Price of one piece on the same row, before discounts."""


@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """What the calendar, the formats and the rights need to know about the whole model."""

    as_of: dt.date | None = None
    """The data's last complete day; None = the latest day of `as_of_field`."""
    as_of_field: str | None = None
    data_start: dt.date | None = None
    currency: str = "USD"
    time_zone: str = "UTC"
    week_starts_on: Literal["monday", "sunday"] = "monday"
    fiscal_year_start_month: int = 1
    customer: str | None = None
    """Dataset of the people whose privacy the minimum group size protects."""
    default_metric: str | None = None
    starters: tuple[str, ...] = ()
    """Questions shown on an empty page."""
    welcome: str = ""
    time_spine: str | None = None
    """`table.column` with one row per day, when the model brings its own."""
    roles: Roles = Roles()


@dataclass(frozen=True, kw_only=True)
class SemanticModel:
    """One reviewed description of one warehouse."""

    name: str
    description: str = ""
    datasets: Mapping[str, Dataset]
    relationships: tuple[Relationship, ...] = ()
    metrics: Mapping[str, Metric]
    routes: tuple[Route, ...] = ()
    named_filters: tuple[NamedFilter, ...] = ()
    absent_concepts: tuple[AbsentConcept, ...] = ()
    choices: tuple[Choice, ...] = ()
    verified_questions: tuple[VerifiedQuestion, ...] = ()
    settings: ModelSettings = ModelSettings()
    instructions: str = ""
    version: str = ""
    """Hash of the document: part of every answer's data version."""

    def field(self, field_id: str) -> Field:
        """The field `dataset.field`; KeyError when either part is unknown."""
        dataset, _, name = field_id.partition(".")
        return self.datasets[dataset].fields[name]

    def fields(self) -> tuple[Field, ...]:
        return tuple(f for dataset in self.datasets.values() for f in dataset.fields.values())
