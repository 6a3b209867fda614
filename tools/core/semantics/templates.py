"""Additions to a semantic model written as YAML with strict variables, so that a tool's words are data and not code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tools.core.errors import QueryUnsupported
from tools.core.semantics.additions import ModelAddition
from tools.core.semantics.graph import JoinGraph
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
    addition = ModelAddition.model_validate(load_yaml(filled))
    return addition.model_copy(update={"routes": tuple(_routes(model, addition))})


def _routes(model: SemanticModel, addition: ModelAddition) -> Iterator[dict[str, Any]]:
    """Where the author chose between several paths to the customers, the choice holds for what hangs on the customers."""
    graph, customer = JoinGraph(model), str(model.settings.customer)
    for link in addition.relationships:
        for name in model.datasets:
            if link["from"] == customer and len(graph.paths(name, customer)) > 1:
                try:
                    path = graph.path(name, customer)
                except QueryUnsupported:
                    continue  # The author has not chosen, so questions over this path are refused as before.
                yield {"from": name, "to": link["to"], "via": [*(step.name for step in path or ()), link["name"]]}


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
