"""Results of another shape than figures by dimensions: cohorts, distributions, pairs, listings."""

from __future__ import annotations

from dataclasses import dataclass

from tools.core.contract import Column
from tools.core.errors import QueryUnsupported
from tools.core.query.build import Build, Relation
from tools.core.query.plan import Plan


@dataclass(frozen=True, kw_only=True)
class Shaped:
    """A finished relation and what its columns are."""

    relation: Relation
    columns: tuple[Column, ...]


def shaped(build: Build, plan: Plan) -> Shaped | None:
    """The result of the query's shape, None for ordinary figures."""
    query = plan.query
    for shape in ("cohort", "distribution", "pairs", "listing"):
        if getattr(query, shape) is not None:
            raise QueryUnsupported(f"{shape} is not supported yet", try_instead="ask for figures by dimensions")
    return None
