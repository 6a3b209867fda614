"""Which datasets a fact can reach along many-to-one relationships, and by which route.

Only such routes keep the number of a fact's rows, so only such routes may carry a dimension or a filter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tools.core.errors import QueryUnsupported
from tools.core.semantics.model import Relationship, SemanticModel

Path = tuple[Relationship, ...]


class JoinGraph:
    """The relationships of a model, searched once and remembered.

    >>> graph = JoinGraph(model)
    >>> [r.to_dataset for r in graph.path("basket_lines", "households")]
    ['baskets', 'households']
    """

    def __init__(self, model: SemanticModel) -> None:
        self._model = model
        self._outgoing: dict[str, list[Relationship]] = {}
        for relationship in model.relationships:
            self._outgoing.setdefault(relationship.from_dataset, []).append(relationship)
        self._paths: dict[tuple[str, str], tuple[Path, ...]] = {}

    def path(self, from_dataset: str, to_dataset: str) -> Path | None:
        """The many-to-one route, empty for the dataset itself, None when there is none.

        Raises:
            QueryUnsupported: Several routes, and neither a direct relationship nor the model's `routes` decides.
        """
        candidates = self.paths(from_dataset, to_dataset)
        if len(candidates) <= 1:
            return candidates[0] if candidates else None
        chosen = self._declared(from_dataset, to_dataset, candidates) or self._direct(candidates)
        if chosen is None:
            ways = "; ".join(self.describe(path) for path in candidates)
            raise QueryUnsupported(
                f"there are several ways from {from_dataset} to {to_dataset}: {ways}",
                try_instead=f"name one of them under `routes` in the semantic model, from {from_dataset} to {to_dataset}",
            )
        return chosen

    def paths(self, from_dataset: str, to_dataset: str) -> tuple[Path, ...]:
        """Every route without a repeated dataset, shortest first."""
        key = (from_dataset, to_dataset)
        if key not in self._paths:
            self._paths[key] = tuple(sorted(self._search(from_dataset, to_dataset, (from_dataset,)), key=len))
        return self._paths[key]

    def reachable(self, dataset: str) -> set[str]:
        """The dataset itself and everything many-to-one behind it."""
        found, waiting = {dataset}, [dataset]
        while waiting:
            for relationship in self._outgoing.get(waiting.pop(), []):
                if relationship.to_dataset not in found:
                    found.add(relationship.to_dataset)
                    waiting.append(relationship.to_dataset)
        return found

    def reaches_all(self, dataset: str, targets: Iterable[str]) -> bool:
        """Whether one row of `dataset` has at most one row of each target."""
        return self.reachable(dataset).issuperset(targets)

    def facts_reaching(self, targets: Iterable[str]) -> tuple[str, ...]:
        """Datasets from which all targets are reachable, in the model's order."""
        wanted = set(targets)
        return tuple(name for name in self._model.datasets if self.reaches_all(name, wanted))

    @staticmethod
    def describe(path: Path) -> str:
        """The route in words: the author's meaning where given, else the names."""
        return " -> ".join(r.meaning or r.name for r in path)

    def _search(self, here: str, target: str, seen: tuple[str, ...]) -> Iterator[Path]:
        if here == target:
            yield ()
            return
        for relationship in self._outgoing.get(here, []):
            if relationship.to_dataset not in seen:
                for rest in self._search(relationship.to_dataset, target, (*seen, relationship.to_dataset)):
                    yield (relationship, *rest)

    def _declared(self, from_dataset: str, to_dataset: str, candidates: tuple[Path, ...]) -> Path | None:
        """The route that the author chose, also when the choice was made for the head or the tail of this one."""
        for route in self._model.routes:
            if (route.from_dataset, route.to_dataset) == (from_dataset, to_dataset):
                return next((p for p in candidates if tuple(r.name for r in p) == route.via), None)
        if self._direct(candidates) is not None:
            return None
        fitting = [p for p in candidates if self._respects_routes(p)]
        return fitting[0] if len(fitting) == 1 else None

    def _respects_routes(self, path: Path) -> bool:
        names = tuple(r.name for r in path)
        stops = (path[0].from_dataset, *(r.to_dataset for r in path))
        for route in self._model.routes:
            if route.from_dataset in stops and route.to_dataset in stops:
                first, last = stops.index(route.from_dataset), stops.index(route.to_dataset)
                if first < last and names[first:last] != route.via:
                    return False
        return True

    @staticmethod
    def _direct(candidates: tuple[Path, ...]) -> Path | None:
        direct = [p for p in candidates if len(p) == 1]
        return direct[0] if len(direct) == 1 else None
