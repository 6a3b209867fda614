"""Additions to a semantic model written as YAML with strict variables, so that a tool's words are data and not code."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.core.semantics.additions import ModelAddition
from tools.core.semantics.model import SemanticModel
from tools.core.semantics.problems import load_yaml

_VARIABLE = re.compile(r"\{\{(\w+)\}\}")


def model_addition(path: Path, model: SemanticModel, values: Mapping[str, object]) -> ModelAddition:
    """The template filled in with the values and with what the model calls its customers.

    Raises:
        KeyError: The template uses a variable that is not given.
        ValueError: A value is given that the template does not use.
    """
    text = path.read_text(encoding="utf-8")
    used = set(_VARIABLE.findall(text))
    unused = sorted(set(values) - used)
    if unused:
        raise ValueError(f"{path.name} does not use {', '.join(unused)}")
    known = {**_customer_words(model), **values}
    filled = _VARIABLE.sub(lambda match: str(known[match.group(1)]), text)
    return ModelAddition.model_validate(load_yaml(filled))


def _customer_words(model: SemanticModel) -> dict[str, str]:
    """Dataset, key field and key column of the customers, and what people call them."""
    assert model.settings.customer is not None
    dataset = model.datasets[model.settings.customer]
    column = dataset.primary_key[0]
    field = next((f.name for f in dataset.fields.values() if f.expression == column), column)
    return {"customers": dataset.name, "key_field": field, "key": column, "customer": dataset.label, "plural": dataset.plural}


def as_json_text(value: Mapping[str, Any]) -> str:
    """For a variable inside a JSON text."""
    return json.dumps(value, default=str)
