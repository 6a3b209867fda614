"""Plans and scripts that tests of the language-model mind share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openai_server import ToolCall
from rule_model import Rule, RuleModel

MARCH = {"start": "2017-03-01", "end": "2017-03-31"}
DEPARTMENTS: dict[str, Any] = {
    "metrics": ["revenue"],
    "dimensions": [{"field": "products.department"}],
    "window": MARCH,
    "order": [{"by": "revenue"}],
    "limit": 5,
}
TOTAL: dict[str, Any] = {"metrics": ["revenue"], "window": MARCH}
ODD = "Kindly frobnicate some takings per department for March 2017"
"""A question that the embedded mind is not sure of."""


def query(arguments: Mapping[str, Any] = DEPARTMENTS) -> ToolCall:
    return ToolCall("query_metrics", dict(arguments))


def always(*steps: Any) -> RuleModel:
    """A model that plays these steps for every question."""
    return RuleModel([Rule(".", steps)])
