"""A first semantic model from what a database tells about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.core.errors import ModelInvalid, QueryUnsupported
from tools.core.semantics.drafting.decide import decide, snake
from tools.core.semantics.drafting.parts import Draft
from tools.core.semantics.drafting.survey import survey
from tools.core.semantics.drafting.write import written
from tools.core.semantics.graph import JoinGraph
from tools.core.semantics.problems import Issues
from tools.core.semantics.read import build_model

if TYPE_CHECKING:
    import duckdb

__all__ = ["draft_model", "snake"]


def draft_model(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    """Text of a semantic model for the connection's current database: the same database gives the same text.

    Raises:
        ModelInvalid: The database holds no tables.
    """
    found = survey(connection)
    if not found.tables:
        raise ModelInvalid("The database holds no tables.", try_instead="Name a database with data, or a folder of CSV files.")
    draft = decide(found, name)
    _choose_routes(draft)
    return written(draft)


def _choose_routes(draft: Draft) -> None:
    """Where several ways lead from one dataset to another, the shortest; a route inside another one decides that one too."""
    for _ in draft.datasets:
        model = build_model(written(draft), Issues())
        if model is None:
            return
        graph = JoinGraph(model)
        unclear = [(a, b) for a in model.datasets for b in model.datasets if a != b and _is_unclear(graph, a, b)]
        inner = [pair for pair in unclear if not any(other != pair and _inside(graph, other, pair) for other in unclear)]
        if not inner:
            return
        for start, end in inner:
            draft.routes.append({"from": start, "to": end, "via": [step.name for step in graph.paths(start, end)[0]]})


def _inside(graph: JoinGraph, inner: tuple[str, str], outer: tuple[str, str]) -> bool:
    return inner[0] in graph.reachable(outer[0]) and outer[1] in graph.reachable(inner[1])


def _is_unclear(graph: JoinGraph, start: str, end: str) -> bool:
    try:
        graph.path(start, end)
    except QueryUnsupported:
        return True
    return False
