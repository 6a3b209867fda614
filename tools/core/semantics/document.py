"""The Apache Ossie document as it is written: objects of the specification, and our keys in the places it leaves open.

Objects of the specification allow no further keys. `ai_context` does by the specification, so a key unknown to us is at most a
warning there. Our `custom_extensions` are ours alone and strict.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

VERSION = "0.2.0.dev0"
VENDOR = "CUSTOMER_INTELLIGENCE"

DatatypeName = Literal["String", "Integer", "Decimal", "Float", "Boolean", "Date", "Time", "DateTime", "DateTimeTz", "Opaque"]
PeriodName = Literal["day", "week", "month", "quarter", "year"]
Period = Annotated[str, Field(pattern=r"^\d+ (day|week|month|quarter|year)s?$", examples=["1 month", "7 days"])]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Words(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, coerce_numbers_to_str=True)

    instructions: str = ""
    synonyms: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


class RelationshipWords(_Words):
    pass


class DatasetWords(_Words):
    verbs: tuple[str, ...] = ()


class FieldWords(_Words):
    more: tuple[str, ...] = ()
    less: tuple[str, ...] = ()
    value_synonyms: dict[str, tuple[str, ...]] = {}


class MetricWords(_Words):
    verbs: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    less: tuple[str, ...] = ()


class AbsentConceptPart(_Strict):
    name: str
    phrases: tuple[str, ...] = Field(min_length=1)
    message: str


class NamedFilterPart(_Strict):
    name: str
    phrases: tuple[str, ...] = Field(min_length=1)
    filters: tuple[dict[str, Any], ...] = Field(min_length=1)
    description: str = ""


class ChoicePart(_Strict):
    phrase: str = Field(min_length=1)
    means: str | dict[str, Any] = Field(min_length=1)


class VerifiedQuestionPart(_Strict):
    id: str
    question: str
    paraphrases: tuple[str, ...] = ()
    query: dict[str, Any]
    verified_by: str = ""
    verified_at: dt.date | None = None


class ModelWords(_Words):
    absent_concepts: tuple[AbsentConceptPart, ...] = ()
    named_filters: tuple[NamedFilterPart, ...] = ()
    choices: tuple[ChoicePart, ...] = ()
    verified_questions: tuple[VerifiedQuestionPart, ...] = ()


class RoutePart(_Strict):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    from_dataset: str = Field(alias="from")
    to_dataset: str = Field(alias="to")
    via: tuple[str, ...] = Field(min_length=1)
    meaning: str = ""


class SignalPart(_Strict):
    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: str
    expression: str
    window_days: int | None = Field(default=None, ge=1)
    since_last_order: bool = False
    time_field: str | None = None


class FeedbackSourcePart(_Strict):
    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    dataset: str
    record_id: str
    text: str
    time: str
    label: str | None = None
    title: str | None = None
    customer: str | None = None
    product: str | None = None
    store: str | None = None
    competitor: str | None = None
    rating: str | None = None
    language: str | None = None
    rating_scale: tuple[float, float] = (1, 5)
    where: str | None = None
    spoken: bool = False


class FeedbackPeoplePart(_Strict):
    table: str
    key: str
    columns: tuple[str, ...] = Field(min_length=1)


class FeedbackPart(_Strict):
    sources: tuple[FeedbackSourcePart, ...] = Field(min_length=1)
    product: str | None = None
    store: str | None = None
    competitor: str | None = None
    people: FeedbackPeoplePart | None = None


class ActionTrialPart(_Strict):
    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    action: str
    outcome: str
    time: str
    treated: str | None = None
    none: str = "nothing"
    randomised: str | None = None
    propensity: str | None = None
    days: str | None = None


class ActionKindPart(_Strict):
    name: str = Field(min_length=1)
    label: str
    channels: tuple[str, ...] = ()
    cost: float = Field(default=0.0, ge=0)
    needs: str | None = None


class ConsentPart(_Strict):
    purpose: str
    channel: str
    granted: str
    purposes: tuple[str, ...] = Field(default=("marketing",), min_length=1)
    any_channel: str = "any"


class ActionsPart(_Strict):
    kinds: tuple[ActionKindPart, ...] = Field(min_length=1)
    trials: tuple[ActionTrialPart, ...] = ()
    consent: ConsentPart | None = None
    contacts: SignalPart | None = None
    most_contacts: int = Field(default=1, ge=1)
    blocks: tuple[SignalPart, ...] = ()


class TouchpointsPart(_Strict):
    touchpoint: str
    time: str
    channel: str
    lookback_days: int = Field(default=30, ge=1, le=730)


class CampaignsPart(_Strict):
    campaign: str
    audience: str
    start: str
    end: str | None = None
    channel: str | None = None
    arm: str | None = None
    treated: str = "treat"
    control: str = "control"
    converted: str | None = None
    randomised: str | None = None


class RolesPart(_Strict):
    order: str | None = None
    order_time: str | None = None
    amount: str | None = None
    margin: str | None = None
    order_filter: str | None = None
    subscription: str | None = None
    subscription_start: str | None = None
    subscription_end: str | None = None
    signals: tuple[SignalPart, ...] = ()
    feedback: FeedbackPart | None = None
    line_amount: str | None = None
    item: str | None = None
    category: str | None = None
    contact_time: str | None = None
    contact_response: str | None = None
    actions: ActionsPart | None = None
    touchpoints: TouchpointsPart | None = None
    campaigns: CampaignsPart | None = None
    quantity: str | None = None
    list_price: str | None = None


class ModelExtension(_Strict):
    as_of: dt.date | None = None
    as_of_field: str | None = None
    data_start: dt.date | None = None
    currency: str = "USD"
    time_zone: str = "UTC"
    week_starts_on: Literal["monday", "sunday"] = "monday"
    fiscal_year_start_month: int = Field(default=1, ge=1, le=12)
    customer: str | None = None
    default_metric: str | None = None
    starters: tuple[str, ...] = ()
    welcome: str = ""
    time_spine: str | None = None
    routes: tuple[RoutePart, ...] = ()
    roles: RolesPart = RolesPart()


class ModelledPart(_Strict):
    what: str
    model: str
    trained_from: dt.date
    trained_to: dt.date
    scored_on: dt.date
    reliability: str = ""
    good_for_days: int = Field(default=91, ge=1)


class DatasetExtension(_Strict):
    label: str | None = None
    plural: str | None = None
    default_time: str | None = None
    entity: bool | None = None
    named_by: tuple[str, ...] = ()
    modelled: ModelledPart | None = None


class RelationshipExtension(_Strict):
    meaning: str = ""


class FieldExtension(_Strict):
    plural: str | None = None
    unit: str | None = None
    order: tuple[str, ...] = ()
    index_values: bool | None = None
    from_texts: bool = False
    null_label: str = "Unknown"
    is_dimension: bool | None = None


class InputPart(_Strict):
    metric: str
    alias: str
    filter: str | None = None
    offset: Period | None = None
    offset_to_grain: PeriodName | None = None


class CumulativePart(_Strict):
    window: Period | None = None
    grain_to_date: PeriodName | None = None


class NonAdditivePart(_Strict):
    field: str
    choice: Literal["min", "max"]
    per: tuple[str, ...] = ()


class MetricExtension(_Strict):
    label: str | None = None
    unit: str | None = None
    format: Literal["number", "money", "rate", "duration"] | None = None
    decimals: int | None = Field(default=None, ge=0, le=12)
    polarity: Literal["higher_is_better", "lower_is_better", "neutral"] = "neutral"
    time_field: str | None = None
    filter: str | None = None
    caveat: str | None = None
    fill_nulls_with: float | None = None
    counted_through: tuple[str, ...] = ()
    inputs: tuple[InputPart, ...] = ()
    cumulative: CumulativePart | None = None
    non_additive: NonAdditivePart | None = None


def _as_object(value: object) -> object:
    return {"instructions": value} if isinstance(value, str) else value


AiContext = Annotated[dict[str, Any], BeforeValidator(_as_object)]
"""Read later, by the kind of object it stands on."""


class DialectPart(_Strict):
    dialect: str
    expression: str


class ExpressionPart(_Strict):
    dialects: tuple[DialectPart, ...] = Field(min_length=1)


class ExtensionPart(_Strict):
    vendor_name: str
    data: str


class DimensionPart(_Strict):
    is_time: bool | None = None


class FieldPart(_Strict):
    name: str
    expression: ExpressionPart
    dimension: DimensionPart | None = None
    label: str | None = None
    description: str = ""
    datatype: DatatypeName | None = None
    ai_context: AiContext = {}
    custom_extensions: tuple[ExtensionPart, ...] = ()


class DatasetPart(_Strict):
    name: str
    source: str
    primary_key: tuple[str, ...] = ()
    unique_keys: tuple[tuple[str, ...], ...] = ()
    description: str = ""
    ai_context: AiContext = {}
    fields: tuple[FieldPart, ...] = ()
    custom_extensions: tuple[ExtensionPart, ...] = ()


class RelationshipPart(_Strict):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    name: str
    from_dataset: str = Field(alias="from")
    to_dataset: str = Field(alias="to")
    from_columns: tuple[str, ...] = Field(min_length=1)
    to_columns: tuple[str, ...] = Field(min_length=1)
    ai_context: AiContext = {}
    custom_extensions: tuple[ExtensionPart, ...] = ()


class MetricPart(_Strict):
    name: str
    expression: ExpressionPart
    description: str = ""
    datatype: DatatypeName | None = None
    ai_context: AiContext = {}
    custom_extensions: tuple[ExtensionPart, ...] = ()


class ModelPart(_Strict):
    name: str
    description: str = ""
    ai_context: AiContext = {}
    datasets: tuple[DatasetPart, ...] = Field(min_length=1)
    relationships: tuple[RelationshipPart, ...] = ()
    metrics: tuple[MetricPart, ...] = ()
    custom_extensions: tuple[ExtensionPart, ...] = ()


class Document(_Strict):
    version: str
    semantic_model: tuple[ModelPart, ...] = Field(min_length=1)


PARTS: dict[str, type[BaseModel]] = {
    "": Document,
    "semantic_model": ModelPart,
    "datasets": DatasetPart,
    "fields": FieldPart,
    "relationships": RelationshipPart,
    "metrics": MetricPart,
    "expression": ExpressionPart,
    "dialects": DialectPart,
    "dimension": DimensionPart,
    "custom_extensions": ExtensionPart,
    "absent_concepts": AbsentConceptPart,
    "named_filters": NamedFilterPart,
    "choices": ChoicePart,
    "verified_questions": VerifiedQuestionPart,
    "routes": RoutePart,
    "roles": RolesPart,
    "signals": SignalPart,
    "actions": ActionsPart,
    "trials": ActionTrialPart,
    "kinds": ActionKindPart,
    "consent": ConsentPart,
    "contacts": SignalPart,
    "blocks": SignalPart,
    "touchpoints": TouchpointsPart,
    "campaigns": CampaignsPart,
    "modelled": ModelledPart,
    "inputs": InputPart,
    "cumulative": CumulativePart,
    "non_additive": NonAdditivePart,
}
"""The object that stands under a key of the document."""
