"""Which routes a fact may take."""

from __future__ import annotations

import pytest

from tools.core.errors import QueryUnsupported
from tools.core.semantics.graph import JoinGraph
from tools.core.semantics.model import Dataset, Relationship, Route, SemanticModel


def model(*links: str, routes: tuple[Route, ...] = ()) -> SemanticModel:
    """A model of links written "lines>orders"; the datasets are those named."""
    pairs = [tuple(link.split(">")) for link in links]
    names = dict.fromkeys(name for pair in pairs for name in pair)
    datasets = {n: Dataset(name=n, source=n, fields={}, label=n, plural=n) for n in names}
    relationships = tuple(
        Relationship(name=f"{a}_{b}", from_dataset=a, to_dataset=b, from_columns=("k",), to_columns=("k",)) for a, b in pairs
    )
    return SemanticModel(name="m", datasets=datasets, relationships=relationships, metrics={}, routes=routes)


def names(graph: JoinGraph, origin: str, target: str) -> list[str] | None:
    path = graph.path(origin, target)
    return None if path is None else [r.name for r in path]


def test_routes_run_from_many_to_one_only() -> None:
    graph = JoinGraph(model("lines>orders", "orders>customers", "tickets>customers"))
    assert names(graph, "lines", "customers") == ["lines_orders", "orders_customers"]
    assert names(graph, "customers", "lines") is None
    assert names(graph, "tickets", "orders") is None
    assert names(graph, "lines", "lines") == []


def test_what_is_reachable_includes_the_dataset_itself() -> None:
    graph = JoinGraph(model("lines>orders", "orders>customers", "lines>products"))
    assert graph.reachable("lines") == {"lines", "orders", "customers", "products"}
    assert graph.facts_reaching({"customers", "products"}) == ("lines",)


def test_a_direct_relationship_wins_over_a_detour() -> None:
    graph = JoinGraph(model("lines>orders", "orders>days", "lines>days"))
    assert names(graph, "lines", "days") == ["lines_days"]


def test_two_detours_are_refused_with_both_in_words() -> None:
    graph = JoinGraph(model("lines>orders", "lines>shipments", "orders>stores", "shipments>stores"))
    with pytest.raises(QueryUnsupported) as refused:
        graph.path("lines", "stores")
    assert "lines_orders -> orders_stores; lines_shipments -> shipments_stores" in refused.value.message


def test_a_route_of_the_model_decides_also_within_longer_ways() -> None:
    route = Route(from_dataset="lines", to_dataset="stores", via=("lines_shipments", "shipments_stores"))
    graph = JoinGraph(
        model("lines>orders", "lines>shipments", "orders>stores", "shipments>stores", "stores>regions", "claims>lines", routes=(route,))
    )
    assert names(graph, "lines", "stores") == ["lines_shipments", "shipments_stores"]
    assert names(graph, "lines", "regions") == ["lines_shipments", "shipments_stores", "stores_regions"]
    assert names(graph, "claims", "stores") == ["claims_lines", "lines_shipments", "shipments_stores"]


def test_a_cycle_is_walked_once() -> None:
    graph = JoinGraph(model("a>b", "b>a", "b>c"))
    assert names(graph, "a", "c") == ["a_b", "b_c"]
