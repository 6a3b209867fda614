"""What a tool found in sentences, for tools whose result is no plain table of metrics.

One module per tool, `tell(finding) -> sentences`: the first is the headline with the number that answers the question, the others go on.
Every figure is a cell of the finding, a declared fact, or a difference, ratio or count of cells, written by `render.numbers`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from assistant.explain.tools import (
    attribution,
    churn,
    customer_profile,
    explain_change,
    lifetime_value,
    next_best_action,
    recommendations,
    search_feedback,
    segments,
)
from tools.core.contract import Finding

Teller = Callable[[Finding], tuple[str, ...]]

TELLERS: Mapping[str, Teller] = {
    "attribution": attribution.tell,
    "churn": churn.tell,
    "customer_profile": customer_profile.tell,
    "explain_change": explain_change.tell,
    "lifetime_value": lifetime_value.tell,
    "next_best_action": next_best_action.tell,
    "recommendations": recommendations.tell,
    "search_feedback": search_feedback.tell,
    "segments": segments.tell,
}
"""By tool name. A tool without one gets the headline of its first table."""


def told(finding: Finding) -> tuple[str, ...]:
    """The tool's own sentences; empty when the general headline serves, as for a table of metrics or one without rows."""
    teller = TELLERS.get(finding.tool)
    return teller(finding) if teller is not None else ()
