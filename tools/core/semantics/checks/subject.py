"""What is checked: a model, the document it came from, and where in it each thing stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tools.core.semantics.catalog import Catalog
from tools.core.semantics.document import VENDOR
from tools.core.semantics.graph import JoinGraph
from tools.core.semantics.model import SemanticModel
from tools.core.semantics.problems import JSON, Issues, Where, did_you_mean

ROOT: Where = ("semantic_model", 0)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A readable model under examination. Problems found go to `issues`."""

    model: SemanticModel
    document: Any
    """Plain values of the YAML text."""
    issues: Issues
    catalog: Catalog | None = None
    graph: JoinGraph = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "graph", JoinGraph(self.model))

    def dataset(self, name: str) -> Where:
        return self._entry(ROOT, "datasets", name)

    def field(self, field_id: str) -> Where:
        dataset, _, name = field_id.partition(".")
        return self._entry(self.dataset(dataset), "fields", name)

    def relationship(self, name: str) -> Where:
        return self._entry(ROOT, "relationships", name)

    def metric(self, name: str) -> Where:
        return self._entry(ROOT, "metrics", name)

    def expression(self, where: Where) -> Where:
        """Of a field or metric: the entry of the dialect that is read."""
        entries = self._at((*where, "expression", "dialects")) or [{}]
        position = next((i for i, entry in enumerate(entries) if str(entry.get("dialect")).upper() == "ANSI_SQL"), 0)
        return (*where, "expression", "dialects", position, "expression")

    def extension(self, where: Where, *keys: str | int) -> Where:
        """Of an object: a key within our JSON in its `custom_extensions`."""
        entries = self._at((*where, "custom_extensions")) or []
        position = next((i for i, entry in enumerate(entries) if entry.get("vendor_name") == VENDOR), None)
        return where if position is None else (*where, "custom_extensions", position, "data", JSON, *keys)

    def words(self, key: str, position: int, *keys: str | int) -> Where:
        """Of the model: an entry of a list in its `ai_context`."""
        return (*ROOT, "ai_context", key, position, *keys)

    def knows_field(self, field_id: str, where: Where, what: str) -> bool:
        """Whether `dataset.field` exists; reported with a suggestion when it does not."""
        dataset, _, name = field_id.partition(".")
        known = self.model.datasets.get(dataset)
        if known is not None and name in known.fields:
            return True
        if known is not None:
            hint = did_you_mean(name, known.fields)
            self.issues.error(where, f"{what}: dataset '{dataset}' has no field '{name}'", hint)
        else:
            hint = did_you_mean(field_id, (each.id for each in self.model.fields()))
            self.issues.error(where, f"{what}: unknown field '{field_id}'", hint if hint.startswith("did") else "write it as dataset.field")
        return False

    def knows(self, kind: str, name: str, known: Iterable[str], where: Where, what: str) -> bool:
        """Whether a dataset, metric or relationship of that name exists; reported with a suggestion when it does not."""
        names = list(known)
        if name in names:
            return True
        self.issues.error(where, f"{what}: unknown {kind} '{name}'", did_you_mean(name, names))
        return False

    def knows_dataset(self, name: str, where: Where, what: str) -> bool:
        return self.knows("dataset", name, self.model.datasets, where, what)

    def knows_metric(self, name: str, where: Where, what: str) -> bool:
        return self.knows("metric", name, self.model.metrics, where, what)

    def _entry(self, where: Where, key: str, name: str) -> Where:
        entries = self._at((*where, key)) or []
        position = next((i for i, entry in enumerate(entries) if isinstance(entry, dict) and entry.get("name") == name), None)
        return where if position is None else (*where, key, position)

    def _at(self, where: Where) -> Any:
        value = self.document
        for step in where:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return None
        return value
