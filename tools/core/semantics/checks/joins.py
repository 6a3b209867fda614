"""Relationships that cannot be joined, circles, and pairs of datasets with several ways between them."""

from __future__ import annotations

import json

from tools.core.errors import QueryUnsupported
from tools.core.semantics.checks.subject import ROOT, Subject
from tools.core.semantics.model import Relationship, Route


def check_relationships(subject: Subject) -> None:
    """Both ends exist, and the one side is identified by the columns that are joined."""
    for relationship in subject.model.relationships:
        where = subject.relationship(relationship.name)
        what = f"relationship '{relationship.name}'"
        from_known = subject.knows_dataset(relationship.from_dataset, (*where, "from"), what)
        to_known = subject.knows_dataset(relationship.to_dataset, (*where, "to"), what)
        if len(relationship.from_columns) != len(relationship.to_columns):
            counts = f"{len(relationship.from_columns)} columns to {len(relationship.to_columns)}"
            subject.issues.error((*where, "to_columns"), f"{what} joins {counts}", "list them in pairs, in the same order")
        if from_known and to_known:
            _check_one_side(subject, relationship, what)


def _check_one_side(subject: Subject, relationship: Relationship, what: str) -> None:
    one = subject.model.datasets[relationship.to_dataset]
    keys = [key for key in (one.primary_key, *one.unique_keys) if key]
    if any(set(key) == set(relationship.to_columns) for key in keys):
        return
    where = (*subject.relationship(relationship.name), "to_columns")
    joined = ", ".join(relationship.to_columns)
    if keys:
        named = " or ".join(f"({', '.join(key)})" for key in keys)
        subject.issues.error(
            where, f"{what}: ({joined}) does not identify a row of '{one.name}'", f"join its key {named}, or swap from and to"
        )
    else:
        subject.issues.warning(where, f"{what}: '{one.name}' declares no key", f"add primary_key: [{joined}] to it")


def check_cycles(subject: Subject) -> None:
    """Following relationships must never lead back to where it began."""
    for relationship in subject.model.relationships:
        back = subject.graph.paths(relationship.to_dataset, relationship.from_dataset)
        if relationship.from_dataset == relationship.to_dataset:
            circle = [relationship.from_dataset, relationship.to_dataset]
        elif back:
            circle = [relationship.from_dataset, relationship.to_dataset, *(step.to_dataset for step in back[0])]
        else:
            continue
        hint = "remove one of these relationships, or give one end a dataset of its own over the same source"
        where = subject.relationship(relationship.name)
        subject.issues.error(where, f"relationship '{relationship.name}' closes a circle: {' -> '.join(circle)}", hint)


def check_routes(subject: Subject) -> None:
    """Each declared route is a chain of relationships from its first dataset to its last."""
    for position, route in enumerate(subject.model.routes):
        where = subject.extension(ROOT, "routes", position)
        what = f"route from '{route.from_dataset}' to '{route.to_dataset}'"
        known = subject.knows_dataset(route.from_dataset, where, what) and subject.knows_dataset(route.to_dataset, where, what)
        names = [relationship.name for relationship in subject.model.relationships]
        for name in route.via:
            # Each unknown name is worth a message, so no short circuit.
            known &= subject.knows("relationship", name, names, subject.extension(ROOT, "routes", "via"), what)
        if known and not _is_chain(subject, route):
            ways = subject.graph.paths(route.from_dataset, route.to_dataset)
            hint = " or ".join(f"[{', '.join(step.name for step in way)}]" for way in ways)
            there_is = f"write via: {hint}" if ways else "no relationships lead there"
            subject.issues.error(where, f"{what}: its relationships do not lead from one to the other", there_is)


def _is_chain(subject: Subject, route: Route) -> bool:
    by_name = {relationship.name: relationship for relationship in subject.model.relationships}
    here = route.from_dataset
    for name in route.via:
        if by_name[name].from_dataset != here:
            return False
        here = by_name[name].to_dataset
    return here == route.to_dataset


def check_ambiguous_routes(subject: Subject) -> None:
    """Pairs of datasets with several ways between them, of which neither a direct relationship nor a route picks one."""
    names = list(subject.model.datasets)
    unclear = [(start, end) for start in names for end in names if start != end and _is_unclear(subject, start, end)]
    for start, end in unclear:
        # A pair inside another unclear pair explains it; mending the inner one mends the outer one.
        before, after = subject.graph.reachable(start), {name for name in names if end in subject.graph.reachable(name)}
        if any((a, b) != (start, end) and a in before and b in after for a, b in unclear):
            continue
        ways = subject.graph.paths(start, end)
        shown = "; ".join(" -> ".join([start, *(step.to_dataset for step in way)]) + f" ({subject.graph.describe(way)})" for way in ways)
        choice = {"from": start, "to": end, "via": [step.name for step in ways[0]]}
        hint = f"choose one in routes, as in {json.dumps(choice)}"
        subject.issues.error(subject.dataset(start), f"several ways lead from '{start}' to '{end}': {shown}", hint)


def _is_unclear(subject: Subject, start: str, end: str) -> bool:
    try:
        subject.graph.path(start, end)
    except QueryUnsupported:
        return True
    return False
