"""Results of another shape than figures by dimensions: cohorts, distributions, concentration, pairs.

A listing is no shape of its own: it is figures by the entity's key (see `plan.py`).
"""

from __future__ import annotations

from tools.core.errors import QueryUnsupported
from tools.core.query.build import Build
from tools.core.query.plan import Plan
from tools.core.query.shapes.cohort import cohorts
from tools.core.query.shapes.concentration import concentration
from tools.core.query.shapes.distribution import distribution
from tools.core.query.shapes.pairs import pairs
from tools.core.query.shapes.result import Shaped

_ORDINARY = ("comparison", "share", "growth", "running_total", "moving_average", "lifecycle", "top_per_group", "fill_gaps", "having")
_SHAPES = {"cohort": cohorts, "distribution": distribution, "concentration": concentration, "pairs": pairs}


def shaped(build: Build, plan: Plan) -> Shaped | None:
    """The result of the query's special shape, None for ordinary figures.

    Raises:
        QueryUnsupported: The query also asks for what only ordinary figures have.
    """
    query = plan.query
    name = query.own_result
    if name is None:
        return None
    extra = [part for part in _ORDINARY if getattr(query, part)] + (["dimensions"] if query.dimensions else [])
    if name != "cohort" and query.metrics:
        extra.append("metrics")
    if extra:
        raise QueryUnsupported(
            f"{name} does not go with {', '.join(extra)}", try_instead=f"leave {', '.join(extra)} out, or leave {name} out"
        )
    return _SHAPES[name](build, plan)


__all__ = ["Shaped", "shaped"]
