"""The tools as a language model sees them: a description from `prompts/tools/`, and a JSON schema without ballast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from assistant.minds.language_model.endings import AskBack, DeclineInput
from assistant.prompts import has_prompt, load_prompt
from tools.core.contract import Tool

FIRST = "query_metrics"
FREE_SQL = "free_sql"
ASK_BACK = "ask_back"
DECLINE = "decline"


@dataclass(frozen=True, kw_only=True)
class ToolCard:
    """A tool as the model sees it."""

    name: str
    description: str
    schema: Mapping[str, Any]


def cards(tools: Mapping[str, Tool], *, free_sql: bool) -> tuple[ToolCard, ...]:
    """query_metrics first, the other tools, free SQL last and only if allowed, then the two endings."""
    names = [FIRST, *(n for n in tools if n not in (FIRST, FREE_SQL)), *([FREE_SQL] if free_sql else [])]
    listed = [_card(name, tools[name].summary, tools[name].input_model) for name in names if name in tools]
    asking = _card(ASK_BACK, "", AskBack)
    return (*listed, _with_plain_query(asking), _card(DECLINE, "", DeclineInput))


def _card(name: str, summary: str, model: type[BaseModel]) -> ToolCard:
    prompt = f"tools/{name}"
    description = load_prompt(prompt).text if has_prompt(prompt) else summary
    return ToolCard(name=name, description=description, schema=compact_schema(model))


def _with_plain_query(card: ToolCard) -> ToolCard:
    """The query of an option without its schema, which the model already has under query_metrics."""
    schema = {key: value for key, value in card.schema.items() if key != "$defs"}
    option = {
        "type": "object",
        "properties": {
            "label": {"type": "string", "description": "The reading in a few words."},
            "query": {"type": "object", "description": "A complete query_metrics query of this reading."},
        },
        "required": ["label", "query"],
    }
    properties = {**schema["properties"], "options": {"type": "array", "items": option, "minItems": 2, "maxItems": 5}}
    return ToolCard(name=card.name, description=card.description, schema={**schema, "properties": properties})


def compact_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The model's JSON schema without titles, null alternatives and null defaults: a third fewer tokens, the same meaning."""
    schema = _compact(model.model_json_schema())
    assert isinstance(schema, dict)
    return {"title": model.__name__, "description": model.__doc__ or model.__name__, **schema}


def _compact(node: Any) -> Any:
    if isinstance(node, list):
        return [_compact(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {
        key: value
        for key, value in node.items()
        if not (key == "title" and isinstance(value, str)) and not (key == "default" and value in (None, [], ""))
    }
    choices = kept.get("anyOf")
    if isinstance(choices, list):
        real = [choice for choice in choices if choice != {"type": "null"}]
        if len(real) == 1 and len(choices) > 1:
            kept = {**{k: v for k, v in kept.items() if k != "anyOf"}, **real[0]}
    return {key: _compact(value) for key, value in kept.items()}
