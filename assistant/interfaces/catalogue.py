"""What can be asked: the metrics and dimensions that this asker may use, as plain JSON for REST and MCP."""

from __future__ import annotations

import threading
from typing import Any

from assistant.interfaces.serve_desk import DeskAssistant
from assistant.minds.embedded.mind import may_read
from tools.core.errors import AnswerError
from tools.core.query import Measure, MetricQuery, compile_query
from tools.core.semantics.model import Field, Metric
from tools.core.sql_guard import Rights

MOST_KEPT = 50


class Catalogue:
    """The catalogue of one assistant; each role's is worked out once."""

    def __init__(self, assistant: DeskAssistant) -> None:
        self._assistant = assistant
        self._lock = threading.Lock()
        self._known: dict[tuple[object, ...], dict[str, Any]] = {}

    def of(self, user: str | None) -> dict[str, Any]:
        """{"metrics": [...], "dimensions": [...], "as_of", "data_version"}; raises NotAllowed for somebody without rights."""
        rights = self._assistant.rights_book.rights_for(user)
        key = (self._assistant.warehouse.data_version, rights.policy_version, rights.role, *sorted(rights.row_rules.items()))
        with self._lock:
            if key not in self._known:
                if len(self._known) == MOST_KEPT:
                    self._known.clear()
                self._known[key] = self._made(rights)
            return self._known[key]

    def _made(self, rights: Rights) -> dict[str, Any]:
        warehouse = self._assistant.warehouse
        readable = may_read(warehouse.model, rights)
        return {
            "metrics": [_metric(m) for m in warehouse.model.metrics.values() if self._computes(m, rights)],
            "dimensions": [_dimension(f) for f in warehouse.model.fields() if f.is_dimension and readable(f.id)],
            "as_of": warehouse.as_of.isoformat(),
            "data_version": warehouse.data_version,
        }

    def _computes(self, metric: Metric, rights: Rights) -> bool:
        warehouse = self._assistant.warehouse
        query = MetricQuery(metrics=(Measure(metric=metric.name),))
        try:
            compile_query(query, warehouse.model, rights=rights, as_of=warehouse.as_of)
        except AnswerError:
            return False
        return True


def _metric(metric: Metric) -> dict[str, Any]:
    return {
        "name": metric.name,
        "label": metric.label,
        "description": metric.description,
        "unit": metric.unit,
        "format": metric.format.value,
        "synonyms": list(metric.language.synonyms),
        "caveat": metric.caveat,
    }


def _dimension(field: Field) -> dict[str, Any]:
    return {
        "id": field.id,
        "label": field.label,
        "description": field.description,
        "type": field.datatype.value,
        "is_time": field.is_time,
        "synonyms": list(field.language.synonyms),
    }
