"""What can be wrong with a semantic model beyond the shape of its document, one module per kind.

Each check is a function of a `Subject`; the order in which they run is kept in `CHECKS`.
"""

from collections.abc import Callable

from tools.core.semantics.checks.expressions import check_field_expressions, check_metric_expressions
from tools.core.semantics.checks.fit import check_fit
from tools.core.semantics.checks.joins import check_ambiguous_routes, check_cycles, check_relationships, check_routes
from tools.core.semantics.checks.language import check_named_filters, check_phrases, check_verified_questions
from tools.core.semantics.checks.names import check_datasets, check_metrics, check_settings
from tools.core.semantics.checks.subject import Subject

CHECKS: tuple[Callable[[Subject], None], ...] = (
    check_datasets,
    check_relationships,
    check_cycles,
    check_routes,
    check_ambiguous_routes,
    check_metrics,
    check_settings,
    check_field_expressions,
    check_metric_expressions,
    check_named_filters,
    check_verified_questions,
    check_phrases,
    check_fit,
)

__all__ = ["CHECKS", "Subject"]
