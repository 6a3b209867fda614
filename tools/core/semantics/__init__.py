"""The semantic model: read an Apache Ossie document, validate it, describe it."""

from tools.core.semantics.additions import ModelAddition
from tools.core.semantics.catalog import Catalog
from tools.core.semantics.describe import describe_model
from tools.core.semantics.graph import JoinGraph
from tools.core.semantics.model import (
    AbsentConcept,
    ActionKind,
    ActionRoles,
    ActionTrial,
    Choice,
    ConsentRoles,
    CumulativeSpec,
    Dataset,
    Datatype,
    FeedbackRoles,
    FeedbackSource,
    Field,
    Language,
    Metric,
    MetricFormat,
    MetricInput,
    Modelled,
    ModelSettings,
    NamedFilter,
    NonAdditive,
    Relationship,
    Roles,
    Route,
    SemanticModel,
    Signal,
    VerifiedQuestion,
)
from tools.core.semantics.problems import Problem
from tools.core.semantics.read import read_model
from tools.core.semantics.trust import ModelledReason, modelled_reason
from tools.core.semantics.validate import validate_model

__all__ = [
    "AbsentConcept",
    "ActionKind",
    "ActionRoles",
    "ActionTrial",
    "Catalog",
    "Choice",
    "ConsentRoles",
    "CumulativeSpec",
    "Dataset",
    "Datatype",
    "FeedbackRoles",
    "FeedbackSource",
    "Field",
    "JoinGraph",
    "Language",
    "Metric",
    "MetricFormat",
    "MetricInput",
    "ModelAddition",
    "ModelSettings",
    "Modelled",
    "ModelledReason",
    "NamedFilter",
    "NonAdditive",
    "Problem",
    "Relationship",
    "Roles",
    "Route",
    "SemanticModel",
    "Signal",
    "VerifiedQuestion",
    "describe_model",
    "modelled_reason",
    "read_model",
    "validate_model",
]
